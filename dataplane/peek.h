/* SPDX-License-Identifier: Apache-2.0 */
/*
 * peek.h - is a silent guest still silent? Read off its ring, for a nanosecond, where rte_vhost's answer costs a hundred.
 *
 * Place    worker.c asks before each poll. A ring that was empty a few times is remembered with the index its guest had
 *          written last; as long as the guest has written no other, there is nothing to poll. Every ring is looked at in
 *          every round, so a silent guest's first frame waits no longer than a busy one's. Each is polled in earnest now and
 *          then all the same (PEEK_FORCED_ROUNDS).
 * Memory   the index is in the guest's memory, which rte_vhost unmaps and maps anew whenever the guest asks (memory that is
 *          plugged in, a ring that moves). So every message of a guest first makes its rings unknown and waits until no
 *          worker is looking; a worker looks without waiting for anything, so that takes no longer than a look.
 * Not for  packed rings, rings behind an IOMMU, devices that are no guests: these are polled each round.
 * Threads  tw_peek_due(), tw_peek_found() and tw_peek_empty(): the worker whose poll list it is. The others: rte_vhost's.
 */
#ifndef TW_DATAPLANE_PEEK_H
#define TW_DATAPLANE_PEEK_H

#include "dataplane/snapshot.h"

enum {
	TW_PEEK_MAX = 64,  /* polls asked about at once */
	TW_PEEK_AFTER = 8, /* empty polls in a row before a ring is taken for silent */
};

/** A guest has connected. Before its first message. */
void tw_peek_watch(int vid);
/** Around each of its messages; not after one that failed. */
void tw_peek_before_message(int vid);
void tw_peek_after_message(int vid);

/** Those of `silent` (bit per poll) whose guests have written something, or whose memory is not known. */
uint64_t tw_peek_silent(unsigned worker, const struct tw_poll *polls, uint64_t silent);

/** Is the ring silent? Remember it so. @param ring of guest `vid` that a poll just found empty */
void tw_peek_remember(unsigned worker, struct tw_poll *poll, int vid, uint16_t ring);

/** Which of polls[0..n) are worth a poll: bit per entry. @param n at most TW_PEEK_MAX */
static inline uint64_t tw_peek_due(unsigned worker, const struct tw_poll *polls, unsigned n)
{
	uint64_t silent = 0, all = ~UINT64_C(0) >> (TW_PEEK_MAX - n);

	for (unsigned i = 0; i < n; i++)
		silent |= (uint64_t)(polls[i].avail != NULL) << i;
	return silent ? (all & ~silent) | tw_peek_silent(worker, polls, silent) : all;
}

static inline void tw_peek_found(struct tw_poll *poll)
{
	poll->avail = NULL;
	poll->empty = 0;
}

static inline void tw_peek_empty(unsigned worker, struct tw_poll *poll, int vid, uint16_t ring)
{
	if (poll->avail || ++poll->empty >= TW_PEEK_AFTER)
		tw_peek_remember(worker, poll, vid, ring);
}

/** Is there a buffer in a guest's packed ring that was not taken yet? Worker. @return false also where it cannot be seen now */
bool tw_peek_packed_room(unsigned worker, int vid, uint16_t ring);

#endif
