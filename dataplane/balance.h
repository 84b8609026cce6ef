/* SPDX-License-Identifier: Apache-2.0 */
/*
 * balance.h - which receive queue should go to another worker, so that the busiest one has less to do.
 *
 * A queue moves from the busiest worker to the idlest, and only if all of this holds:
 *   - the busiest is short of time (TW_BALANCE_HOT), or it would not help anybody;
 *   - whoever is the busier of the two afterwards is less busy than the busiest is now, by TW_BALANCE_LEAST at least, and by
 *     TW_BALANCE_GAIN with all that moves at once: so the one queue that fills a worker stays, and what has moved is not better
 *     off where it was;
 *   - it was so the last time, too (not when an operator asks): a burst moves nothing;
 *   - the queue has not moved lately. Each time it goes back to where it came from, that time is twice as long.
 * What a queue costs is measured, in cycles of the worker that had it. A worker without idle time has less of its queues' frames
 * than there are; then a move shows more of them, and the next look sees it.
 * Threads  main. Pure: the clock and the loads are arguments.
 */
#ifndef TW_DATAPLANE_BALANCE_H
#define TW_DATAPLANE_BALANCE_H

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/snapshot.h"

enum {
	TW_BALANCE_HOT = 600,  /* permille of its time that a worker is busy */
	TW_BALANCE_GAIN = 100, /* permille of a worker's time, and the next */
	TW_BALANCE_LEAST = 10,
	TW_BALANCE_REST_MS = 30000,
	TW_BALANCE_REST_DOUBLINGS = 5,
	TW_BALANCE_MOVES = 4, /* at once */
};

struct tw_balance_queue {
	uint16_t slot, queue;
	uint16_t worker;
	uint32_t load; /* permille of a worker's time */
};

struct tw_balance_move {
	uint16_t slot, queue, to;
};

/* What is remembered from one look to the next; zeroed = nothing yet. */
struct tw_balance {
	bool wanted;  /* the last look would have moved something */
	uint16_t hot; /* from this worker */
	struct tw_balance_past {
		uint64_t rest_until_ms;
		uint8_t from; /* where it came from, + 1; 0 = it has never moved */
		uint8_t returns;
	} past[TW_SLOTS_MAX][TW_QUEUES_MAX];
};

/**
 * Look once.
 * @param busy     [n_workers], permille of the time since the last look; changed to what it will be
 * @param queues   [n], `worker` changed likewise
 * @param asked    by an operator: what the last look saw does not matter, nor how long a queue has rested
 * @param moves    out, in their order
 * @return how many, at most TW_BALANCE_MOVES
 */
unsigned tw_balance_look(struct tw_balance *b, uint64_t now_ms, uint32_t *busy, unsigned n_workers,
			 struct tw_balance_queue *queues, unsigned n, bool asked,
			 struct tw_balance_move moves[static TW_BALANCE_MOVES]);

/** A queue has moved, whoever wanted it. */
void tw_balance_moved(struct tw_balance *b, uint64_t now_ms, uint16_t slot, uint16_t queue, unsigned from, unsigned to);

/** The slot becomes another's. */
void tw_balance_forget(struct tw_balance *b, uint16_t slot);

#endif
