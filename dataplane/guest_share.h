/* SPDX-License-Identifier: Apache-2.0 */
/*
 * guest_share.h - a guest behind an IOMMU has at most half of a worker's time.
 *
 * rte_vhost looks for each of its descriptors in a list of up to 1,536 entries, so a frame in many pieces takes it a thousand times as
 * long as one in memory that it knows, and meanwhile no other guest of the worker is served. A call that took long is followed by
 * as long a time without this guest: what it sends waits in its ring, what is for it is dropped as for one whose ring is full.
 * Threads  the worker's own.
 */
#ifndef TW_DATAPLANE_GUEST_SHARE_H
#define TW_DATAPLANE_GUEST_SHARE_H

#include <rte_cycles.h>

#include "dataplane/worker.h"

enum { TW_SHARE_FREE = 1 << 15 }; /* cycles that are not counted: 10 us; most calls are shorter */

/** @return when it began; 0: it has had its share and must wait */
static inline uint64_t tw_share_begin(const struct tw_worker *w, uint16_t slot)
{
	uint64_t now = rte_rdtsc();

	return now >= w->rests_until[slot] ? now : 0;
}

static inline void tw_share_end(struct tw_worker *w, uint16_t slot, uint64_t began)
{
	uint64_t now = rte_rdtsc();

	if (now - began > TW_SHARE_FREE)
		w->rests_until[slot] = now + (now - began);
}

#endif
