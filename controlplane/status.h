/* SPDX-License-Identifier: Apache-2.0 */
/* status.h - the whole switch at a glance: GetStatus. Threads: the controller's one thread. */
#ifndef TW_CONTROLPLANE_STATUS_H
#define TW_CONTROLPLANE_STATUS_H

#include "controlplane/controller.h"

/** Request GetStatus (api.c). */
void tw_status_get(struct tw_controller *ctl, const Tw__Envelope *env, struct tw_call call);

#endif
