/* SPDX-License-Identifier: Apache-2.0 */
/*
 * migration.h - a live migration as the controller sees it: prepared before, recorded after, never waited for in between.
 *
 *   PREPARE   ports carry the migration, both hosts realise that; A says how the VM was started
 *   LAUNCH    B starts a QEMU that waits; it answers with the URI where
 *   TRANSFER  A's QEMU sends the guest there; ends when every port runs at B (PortActivated), or A's QEMU says it is done
 *             and SETTLE_MS have passed (a vNIC that the guest does not use never runs)
 *   SETTLE    ports are bound to B; SETTLE_MS after A's result the VM's remains at A are stopped
 *   DONE      with the figures;   FAILED: ports are at A as before, the waiting QEMU at B is stopped
 *
 * Every phase is in the store. A controller that starts anew gives up what had not reached TRANSFER (the guest is at A)
 * and goes on with the rest: ids of tasks follow from the migration's, so that an answer finds its question.
 *
 * A guest is never stopped on a guess: after a silence in TRANSFER, what the hosts' switches report says where it runs,
 * and while nothing says so, the wait is longer.
 *
 * Threads: the controller's one thread.
 */
#ifndef TW_CONTROLPLANE_MIGRATION_H
#define TW_CONTROLPLANE_MIGRATION_H

#include "controlplane/controller.h"

enum {
	TW_MIGRATION_PHASE_MS = 60000, /* longest stay in one phase */
	TW_MIGRATION_DOUBT_MS = 60000, /* longer, while nobody knows where the guest is */
	TW_MIGRATION_SETTLE_MS = 2000, /* A passes on late frames for so long */
	TW_MIGRATIONS_KEPT = 1000,     /* finished ones in the store; then the oldest goes */
};

/** Request MigrateVm (api.c). */
void tw_migration_request(struct tw_controller *ctl, const Tw__Envelope *env, struct tw_call call);

/** May the VM move? @return false with *err filled; true with *changes what starts it and *id which it is */
bool tw_migration_plan(struct tw_controller *ctl, const Tw__MigrateVm *request, struct tw_changes *changes,
		       uint64_t *id, struct tw_error *err);

/** At start: take up what was under way. */
void tw_migration_resume(struct tw_controller *ctl);
/** A port's guest began to run at `host`. */
void tw_migration_activated(struct tw_controller *ctl, const struct tw_host *host, const Tw__PortActivated *activated);
/** Take every step whose conditions are met. */
void tw_migration_tick(struct tw_controller *ctl);
void tw_migration_drop_all(struct tw_controller *ctl);

#endif
