/* SPDX-License-Identifier: Apache-2.0 */
/*
 * migrate.h - has a guest's QEMU send it to another host, and says how that went.
 *
 * Asks over QMP; a migration that QEMU has begun already (this agent was restarted) is joined, not begun again. When QEMU
 * is through, handover.c settles the ports and the figures are complete. When it fails, QEMU goes on with the guest here
 * and the ports get back what was held and taken.
 *
 * Threads  the agent's one thread.
 */
#ifndef TW_AGENT_MIGRATE_H
#define TW_AGENT_MIGRATE_H

#include "proto/envelope.pb-c.h"
#include "proto/link/error.h"

struct tw_agent;
struct tw_migrate;

/** @param figures  NULL on failure, when err->code is set; both borrowed */
typedef void (*tw_migrate_done)(const Tw__MigrateResult *figures, const struct tw_error *err, uint64_t task, void *arg);

struct tw_migrate *tw_migrate_create(struct tw_agent *agent, tw_migrate_done done, void *arg);
void tw_migrate_destroy(struct tw_migrate *migrate); /* QEMUs go on by themselves */

/**
 * Begin. `done` is called once, from the event loop.
 * @return false with err set when the request does not fit this host; then `done` is not called
 */
_Bool tw_migrate_start(struct tw_migrate *migrate, uint64_t task, const Tw__MigrateOut *request, struct tw_error *err);

#endif
