/* SPDX-License-Identifier: Apache-2.0 */
/*
 * macs.h - carries learned MACs between this host's switch and the controller (proto/macs.proto).
 *
 *   what the switch has learned: switch -> next Report -> controller       what others have: Ack -> switch
 *
 * Both ends say up to where they know the other's changes: the switch in its status, the controller in its Acks. So nothing is
 * kept here but what is on its way, and what is lost on it is asked for again.
 * Bound    one exchange with the switch at a time; for what it has learned one in a second.
 * Threads  the agent's one thread.
 */
#ifndef TW_AGENT_MACS_H
#define TW_AGENT_MACS_H

#include "proto/agent.pb-c.h"

struct tw_agent;
struct tw_macs;

/** @return NULL: out of memory */
struct tw_macs *tw_macs_create(struct tw_agent *agent);
void tw_macs_destroy(struct tw_macs *macs); /* accepts NULL */

/** The switch has said how it is: agent->status. */
void tw_macs_status(struct tw_macs *macs);

/** What the next Report says. Borrowed until it is acknowledged. */
void tw_macs_fill(const struct tw_macs *macs, Tw__Report *report);
/** It is: borrowed. */
void tw_macs_acknowledged(struct tw_macs *macs, const Tw__Ack *ack);

#endif
