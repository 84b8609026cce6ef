/* SPDX-License-Identifier: Apache-2.0 */
/*
 * snapshot_build.h - a plan and the present state of every slot become the snapshot workers read.
 *
 * Threads  main. Pure: no EAL. A worker only ever sees the result, after it was published and until it was freed.
 */
#ifndef TW_DATAPLANE_SNAPSHOT_BUILD_H
#define TW_DATAPLANE_SNAPSHOT_BUILD_H

#include "dataplane/plan.h"
#include "dataplane/queue_map.h"

/* What is so now, whatever the configuration says. Zeroed = nothing is open at this slot. */
struct tw_slot_state {
	uint8_t link;      /* enum tw_link */
	int32_t device;    /* vhost vid or ethdev port id; looked at only while link is UP */
	uint16_t n_queues; /* and the next, as struct tw_slot */
	uint8_t queue[TW_QUEUES_MAX];
	uint32_t polls;                           /* bit per receive queue (pair) to poll */
	bool tx_csum, tx_tso, tx_tso6, tx_ufo;    /* as struct tw_slot */
	bool translated;                          /* as struct tw_slot */
	uint16_t mtu;                             /* uplinks: the device's */
	bool tx_shared;                           /* as struct tw_slot */
	bool queued;                              /* it has a shaper (shape.h) */
	bool lent;                                /* uplinks: as struct tw_slot */
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
 * @param map        which worker polls which queue; not kept
 * @param generation not 0
 * @param previous   a snapshot of the same plan or of another, or NULL: what is equal is shared with it
 * @return NULL when out of memory. Release with tw_snapshot_free()
 */
const struct tw_snapshot *tw_snapshot_build(struct tw_plan *plan, const struct tw_slot_state *states,
					    const struct tw_queue_map *map, uint32_t generation,
					    const struct tw_snapshot *previous);

/**
 * The same but for who polls what: of the same generation, so that no flow is judged again.
 * @param map of the same workers; a queue that it gives to nobody is polled by none
 * @return NULL when out of memory
 */
const struct tw_snapshot *tw_snapshot_repoll(const struct tw_snapshot *snapshot, const struct tw_queue_map *map);

/** snapshot_polls.c: what is polled by whom, as the slots and their states are. @return false: out of memory */
bool tw_snapshot_fill_polls(struct tw_snapshot *s, const struct tw_slot_state *states, const struct tw_queue_map *map);
/** The same of what another snapshot polls; by all its workers. */
bool tw_snapshot_copy_polls(struct tw_snapshot *s, const struct tw_snapshot *from, const struct tw_queue_map *map);

/** Only when no worker can see it any more. Accepts NULL. */
void tw_snapshot_free(const struct tw_snapshot *snapshot);

#endif
