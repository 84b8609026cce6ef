/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wait.h - requests that are held until hosts have done something: WaitRealised and WaitMigration.
 *
 * WaitRealised(R) waits for each host whose slice R changed, connected or not, and for each connected host that still
 * owes an older revision (hosts.h). Which hosts those are is settled when the request comes in.
 *
 * Threads: the controller's one thread.
 */
#ifndef TW_CONTROLPLANE_WAIT_H
#define TW_CONTROLPLANE_WAIT_H

#include "controlplane/controller.h"

enum { TW_WAIT_REALISED_MAX_MS = 600000, TW_WAIT_MIGRATION_MAX_MS = 60000 };

/** Requests (api.c). */
void tw_wait_realised(struct tw_controller *ctl, const Tw__Envelope *env, struct tw_call call);
void tw_wait_migration(struct tw_controller *ctl, const Tw__Envelope *env, struct tw_call call);

/** Answer the waits that are over. */
void tw_wait_tick(struct tw_controller *ctl);
/** At shutdown: those who wait are told so. */
void tw_wait_drop_all(struct tw_controller *ctl);

#endif
