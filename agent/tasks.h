/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tasks.h - does what the controller asks of this host, and reports each result once it is known.
 *
 * A task of one id is done once, however often it is told; its result is repeated until it is acknowledged (report.h).
 *
 * Threads  the agent's one thread.
 */
#ifndef TW_AGENT_TASKS_H
#define TW_AGENT_TASKS_H

#include "proto/envelope.pb-c.h"
#include "proto/link/error.h"

struct tw_agent;
struct tw_tasks;

struct tw_tasks *tw_tasks_create(struct tw_agent *agent);
void tw_tasks_destroy(struct tw_tasks *tasks);

/** Borrowed. */
void tw_tasks_begin(struct tw_tasks *tasks, const Tw__Task *task);

/** A migration that this module started is over; for migrate.c's `done`. */
void tw_tasks_migrated(const Tw__MigrateResult *figures, const struct tw_error *err, uint64_t id, void *tasks);

/**
 * The URI in tw-vm's line "incoming URI".
 * @return false when the text holds no such line or it is too long
 */
_Bool tw_tasks_incoming_uri(const char *text, char *uri, size_t size);

/** Where tw-vm is: beside this program if it is there, else found in PATH. */
void tw_tasks_find_vm(char *path, size_t size);

#endif
