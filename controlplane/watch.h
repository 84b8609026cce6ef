/* SPDX-License-Identifier: Apache-2.0 */
/*
 * watch.h - the long polls by which agents hear of changes.
 *
 * A Watch is answered at once when its host's slice has changed since the revision it names, when it names another
 * store's epoch or nothing, or when there is a task for the host; else it is held until one of these, or until its time
 * is over. Answers carry the whole slice (`full`) or none of it (`unchanged`). A host has one watch: a newer one ends an
 * older one, whose asker is gone.
 *
 * Threads: the controller's one thread.
 */
#ifndef TW_CONTROLPLANE_WATCH_H
#define TW_CONTROLPLANE_WATCH_H

#include "controlplane/hosts.h"

enum { TW_WATCH_MAX_MS = 60000, TW_WATCH_MAX_TASKS = 64 /* in one answer; the next takes the rest */ };

/** Request (api.c). */
void tw_watch_handle(struct tw_controller *ctl, const Tw__Envelope *env, struct tw_call call);
/** Answer the watches that have something to be told, or whose time is over. */
void tw_watch_tick(struct tw_controller *ctl);
/** The host is gone from the model: say so to its watch. */
void tw_watch_end(struct tw_controller *ctl, struct tw_host *host);

#endif
