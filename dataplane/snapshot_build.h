/* SPDX-License-Identifier: Apache-2.0 */
/*
 * snapshot_build.h - a plan and the present state of every slot become the snapshot workers read.
 *
 * Threads  main. Pure: no EAL. A worker only ever sees the result, after it was published and until it was freed.
 */
#ifndef TW_DATAPLANE_SNAPSHOT_BUILD_H
#define TW_DATAPLANE_SNAPSHOT_BUILD_H

#include "dataplane/plan.h"

/* What is so now, whatever the configuration says. Zeroed = nothing is open at this slot. */
struct tw_slot_state {
	uint8_t link;      /* enum tw_link */
	int32_t device;    /* vhost vid or ethdev port id; looked at only while link is UP */
	uint16_t n_queues; /* and the next, as struct tw_slot */
	uint8_t queue[TW_QUEUES_MAX];
	uint32_t polls;                           /* bit per receive queue (pair) to poll */
	bool tx_csum, tx_tso, tx_tso6, tx_ufo;    /* as struct tw_slot */
	uint16_t mtu;                             /* uplinks: the device's */
	bool queued;                              /* it has a shaper (shape.h) */
	bool withheld;                            /* uplinks: up, but no traffic leaves by it */
	bool shut;                                /* uplinks: nor is taken from it */
	bool lacp;                                /* uplinks: it has a part in LACP */
	const struct tw_recorder *drops, *frames; /* as struct tw_slot */
	/* A port (uplink) that is being closed: no longer in the plan, but its last flow records must say whose they are. */
	bool retiring, uplink;
	uint32_t number;
};

/**
 * @param states     [TW_SLOTS_MAX]
 * @param n_workers  queues are spread over workers 0..n_workers-1
 * @param generation not 0
 * @param previous   a snapshot of the same plan or of another, or NULL: what is equal is shared with it
 * @return NULL when out of memory. Release with tw_snapshot_free()
 */
const struct tw_snapshot *tw_snapshot_build(struct tw_plan *plan, const struct tw_slot_state *states,
					    unsigned n_workers, uint32_t generation,
					    const struct tw_snapshot *previous);

/** Only when no worker can see it any more. Accepts NULL. */
void tw_snapshot_free(const struct tw_snapshot *snapshot);

/** Which worker polls a queue. It never depends on what else is polled, so that a flow stays with its worker. */
static inline unsigned tw_poll_worker(uint16_t slot, uint16_t queue, unsigned n_workers)
{
	return ((unsigned)slot + queue) % n_workers;
}

#endif
