/* SPDX-License-Identifier: Apache-2.0 */
/*
 * handover.h - what a port takes along when its guest moves, and the moment at which it does.
 *
 * At the old place: when the guest's ring stops (LINK_HOLD), the port's counters and open flows are taken out of the
 * switch and sent straight to the other host's agent; nobody asks the controller while the guest is dark. When the new
 * place was heard (PORT_MOVED), what was held is passed on. If the guest stays after all, everything is given back.
 * At the new place: when the guest begins to run (LINK_UP on an INCOMING port), the controller is told.
 *
 * Events may be lost; the status polled from the switch says the same a little later, and both end up here.
 *
 * Threads  the agent's one thread.
 */
#ifndef TW_AGENT_HANDOVER_H
#define TW_AGENT_HANDOVER_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/envelope.pb-c.h"

struct tw_agent;
struct tw_handover;

struct tw_handover_figures {
	uint64_t frames_held, frames_lost;
	uint64_t flows_moved;
	uint64_t stopped_ns; /* last ring stopped, CLOCK_REALTIME; 0 = none was running */
};

typedef void (*tw_handover_done)(const struct tw_handover_figures *figures, void *arg);

struct tw_handover *tw_handover_create(struct tw_agent *agent);
void tw_handover_destroy(struct tw_handover *handover);

/** The slice changed: connect to the other ends of new migrations, forget those that are over. */
void tw_handover_slice(struct tw_handover *handover);
/** The switch says that a port's link is so. at_ns 0 = the moment is not known. */
void tw_handover_link(struct tw_handover *handover, uint32_t number, Tw__LinkState link, uint64_t at_ns);
/** The port's MAC was heard on an uplink while it was held. */
void tw_handover_moved(struct tw_handover *handover, uint32_t number);

/**
 * The guest runs elsewhere: wait until every port's state is over there and its MAC was heard, for a bounded time, then
 * release what is held.
 * @param done  called once, unless the migration leaves the slice or tw_handover_cancel() is called first
 * @return false when this host has no such migration
 */
bool tw_handover_settle(struct tw_handover *handover, uint64_t migration, tw_handover_done done, void *arg);

/** The guest stays: held frames go to it, counters and flows come back. */
void tw_handover_cancel(struct tw_handover *handover, uint64_t migration);

#endif
