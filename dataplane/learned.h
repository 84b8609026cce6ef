/* SPDX-License-Identifier: Apache-2.0 */
/*
 * learned.h - learning in the switch: what workers hear goes into main's table, and its versions out to them.
 *
 * Bound    ten times a second what is in the workers' rings is worked off and at most one version published; a version that
 *          some worker has not left yet makes the next one wait.
 * Threads  main.
 */
#ifndef TW_DATAPLANE_LEARNED_H
#define TW_DATAPLANE_LEARNED_H

#include "dataplane/switch.h"

/** Before the first configuration. @return false: out of memory */
bool tw_learned_create(struct tw_switch *sw);
/** When no worker runs any more. */
void tw_learned_destroy(struct tw_switch *sw);

/** sw->plan is a new one: who may learn what. Before its first snapshot is built. */
void tw_learned_apply(struct tw_switch *sw);
/** Take what workers have heard, and publish. */
void tw_learned_hear(struct tw_switch *sw);
/** A second has passed. */
void tw_learned_age(struct tw_switch *sw);

/** What goes along with a port that moves. @return false: out of memory */
bool tw_learned_take(const struct tw_port *port, Tw__PortState *state);
/** Hostile: from another host; what is no MAC that could be learned here is left out. */
void tw_learned_put(struct tw_port *port, const Tw__PortState *state);

/** ExchangeMacs: take what is behind ports of other hosts, tell what is behind these. learned_exchange.c */
void tw_learned_exchange(struct tw_switch *sw, struct tw_link_request *req, const Tw__Envelope *env);
/** What the switch's status says of that. */
void tw_learned_known(const struct tw_switch *sw, Tw__SwitchStatus *status);
/** Have the workers know what has changed, as soon as they have left the version before the last. */
void tw_learned_publish(struct tw_switch *sw);
/** The clock of ages. */
uint32_t tw_learned_now(const struct tw_switch *sw);

/** For the port's status. @return NULL: it learns nothing, or (*whole false) there is no memory */
Tw__MacStatus *tw_learned_status(const struct tw_port *port, bool *whole);

#endif
