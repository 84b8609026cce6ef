/* SPDX-License-Identifier: Apache-2.0 */
/*
 * exporter_trial.h - TryHostExporter of an exporter whose records go by the controller: it sends the known records itself.
 *
 * Threads: the controller's one thread.
 */
#ifndef TW_CONTROLPLANE_EXPORTER_TRIAL_H
#define TW_CONTROLPLANE_EXPORTER_TRIAL_H

#include "controlplane/controller.h"

/** Answered when what the network says of it has been heard. One at a time. */
void tw_exporter_trial_begin(struct tw_controller *ctl, const char *exporter, struct tw_call call);
void tw_exporter_trial_tick(struct tw_controller *ctl);
/** At shutdown: who asked is told so. */
void tw_exporter_trial_drop(struct tw_controller *ctl);

#endif
