/* SPDX-License-Identifier: Apache-2.0 */
/*
 * biflow.h - the two directions of a conversation, each metered for itself, become one record: a stage behind the flow cache.
 *
 *   record ── add ── its other direction waits? ─┬─ yes: both leave as a biflow
 *                                                └─ no: it waits, TW_BIFLOW_WAIT_MS at most, and leaves alone
 *
 * Counts   each record leaves exactly once, whole, with another or alone: nothing is summed, so nothing is lost or counted twice.
 *          Of a conversation that goes on the first record that waits is paired with the first of the other direction, and so on.
 * Refused  a record of what was refused leaves alone and at once (conversation.h): nobody answers what did not arrive, and dropped
 *          counts stay apart from those of packets that went through.
 * Forward  is the direction that began; while the conversation goes on (active timeouts) it stays that, whichever of two later
 *          records has the earlier frame.
 * Bounds   TW_BIFLOW_MAX records wait. For one more the one that has waited longest leaves alone, and is counted: many flows in
 *          one direction (a scan) shorten the wait, and are no reason to pair nothing. As many conversations are remembered.
 *
 * Threads  the owner's. Time is an argument.
 * Spec     RFC 5103 sections 4 and 5.
 */
#ifndef TW_FLOWEXPORT_BIFLOW_H
#define TW_FLOWEXPORT_BIFLOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "flowexport/record.h"

enum {
	TW_BIFLOW_WAIT_MS =
		10000,         /* the two directions' records are seldom further apart; one that is alone is as late */
	TW_BIFLOW_MAX = 65536, /* records that wait: 16 MiB */
};

struct tw_biflow_half {
	struct tw_flow_record record;
	uint64_t tag; /* the owner's */
};

/* What leaves. */
struct tw_biflow_pair {
	struct tw_biflow_half forward; /* one that is alone is this one */
	bool is_paired;
	struct tw_biflow_half reverse;
};

struct tw_biflow_counts {
	uint64_t biflows, uniflows; /* that have left */
	uint64_t crowded;           /* of the uniflows: for lack of room */
	uint64_t waiting;           /* records, now */
};

struct tw_biflow;

/** @return NULL: no memory */
struct tw_biflow *tw_biflow_create(void);
/** Whatever waits is lost: take it out before. Accepts NULL. */
void tw_biflow_destroy(struct tw_biflow *biflow);

/** A record. @return true: *out leaves: this record, or another one */
bool tw_biflow_add(struct tw_biflow *biflow, const struct tw_flow_record *record, uint64_t tag, uint64_t now_ms,
		   struct tw_biflow_pair *out);

/** One that has waited long enough, or any if `all`. @return false: there is none */
bool tw_biflow_take(struct tw_biflow *biflow, bool all, uint64_t now_ms, struct tw_biflow_pair *out);

struct tw_biflow_counts tw_biflow_counts(const struct tw_biflow *biflow);

#endif
