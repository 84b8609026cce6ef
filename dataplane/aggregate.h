/* SPDX-License-Identifier: Apache-2.0 */
/*
 * aggregate.h - a host's uplinks under LACP: PDUs between the workers' rings, lacp.h's machines, and the slots' states.
 *
 * Threads  main.
 */
#ifndef TW_DATAPLANE_AGGREGATE_H
#define TW_DATAPLANE_AGGREGATE_H

#include "dataplane/lacp.h"
#include "dataplane/snapshot_build.h"
#include "proto/switch.pb-c.h"

struct tw_switch;

struct tw_aggregate {
	bool on;      /* the host's teaming is LACP */
	bool started; /* there is a system id: the MAC of the first uplink that could be opened */
	struct tw_lacp lacp;
};

/** The plan is another one: LACP begins, goes on or ends. Before it is published. */
void tw_aggregate_configure(struct tw_switch *sw);

/** What LACP says of an uplink, into a state that is otherwise filled in. */
void tw_aggregate_judge(const struct tw_switch *sw, unsigned index, struct tw_slot_state *state);

/** Some times a second: PDUs in, machines, PDUs out; publishes when an uplink may be used or not any more. */
void tw_aggregate_tick(struct tw_switch *sw);

/** Status of an uplink's LACP; NULL where there is none, or no memory. */
Tw__LacpStatus *tw_aggregate_status(const struct tw_switch *sw, unsigned index);

#endif
