/* SPDX-License-Identifier: Apache-2.0 */
/*
 * recorders.h - which port has which flight recorder.
 *
 * Every port and uplink has one of dropped frames from when it is first configured until another port is given its slot: a
 * port that has left can still be asked about. One of all frames comes and goes with the configuration, within a bound
 * for the whole switch: what asks for more gets a shorter one.
 * Threads  main. Workers have the recorders of their snapshot: what was replaced waits for the grace period.
 */
#ifndef TW_DATAPLANE_RECORDERS_H
#define TW_DATAPLANE_RECORDERS_H

#include "dataplane/plan.h"
#include "dataplane/recorder.h"
#include "dataplane/snapshot_build.h"

enum { TW_RECORD_MEMORY = 64 << 20 /* octets, for recorders of all frames */ };

struct tw_recorders;

/* What one slot has. */
struct tw_kept {
	uint32_t number; /* of the port; 0 = an uplink, or nobody yet */
	uint32_t asked;  /* frames, as configured */
	struct tw_recorder *drops, *frames;
};

struct tw_recorders *tw_recorders_create(unsigned n_workers); /* NULL: out of memory */
void tw_recorders_destroy(struct tw_recorders *recorders);    /* when workers have stopped; accepts NULL */

/** Have what the plan asks for. What there is no memory for is not recorded, and logged. */
void tw_recorders_follow(struct tw_recorders *recorders, const struct tw_plan *plan);
/** Into the states that the next snapshot is built of: states[TW_SLOTS_MAX]. */
void tw_recorders_fill(const struct tw_recorders *recorders, struct tw_slot_state *states);
/** No worker has an older snapshot than the present one: free what was replaced. */
void tw_recorders_reap(struct tw_recorders *recorders);

/** Of a port, also of one that has left. @param slot out: where it is or was. @return NULL: there is none */
const struct tw_kept *tw_recorders_of_port(const struct tw_recorders *recorders, uint32_t number, uint16_t *slot);
const struct tw_kept *tw_recorders_of_slot(const struct tw_recorders *recorders, uint16_t slot);

#endif
