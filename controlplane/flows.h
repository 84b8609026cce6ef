/* SPDX-License-Identifier: Apache-2.0 */
/*
 * flows.h - asks hosts for the flows they see now, and puts the answers together.
 *
 * Flows of one port: a frame is metered where a guest sends it, so the port's own host knows what the port sends and the
 * hosts of its peers know what is sent to it. The first is asked for the port by number; the others for everything (up
 * to FLOWS_MAX), of which only what goes to the port's MAC is kept.
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
void tw_flows_drop_all(struct tw_controller *ctl);

#endif
