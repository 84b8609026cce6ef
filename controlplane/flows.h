/* SPDX-License-Identifier: Apache-2.0 */
/*
 * flows.h - asks hosts for the flows they see now, and puts the answers together.
 *
 * A frame is metered where a guest sends it, or on the host it reaches if its sender is no port: so the flows of a port are
 * on its own host and on those of its peers. All are asked, for the ports that were named by numbers and MACs: the switches
 * pick out and, if there are more than the limit, choose.
 *
 * An answer is bounded, however many hosts there are: each gives its share of 100,000 flows at most.
 *
 * Threads: the controller's one thread.
 */
#ifndef TW_CONTROLPLANE_FLOWS_H
#define TW_CONTROLPLANE_FLOWS_H

#include "controlplane/controller.h"

enum { TW_FLOWS_WAIT_MS = 3000 };

/** Request ListFlows (api.c). Hosts that do not answer within TW_FLOWS_WAIT_MS are named in the answer. */
void tw_flows_list(struct tw_controller *ctl, const Tw__Envelope *env, struct tw_call call);
/** Answer the requests whose hosts have all answered, or been given up. */
void tw_flows_tick(struct tw_controller *ctl);
/** At shutdown: those who asked are told so. */
void tw_flows_drop_all(struct tw_controller *ctl);

#endif
