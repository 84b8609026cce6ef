/* SPDX-License-Identifier: Apache-2.0 */
/*
 * switch.h - the agent's side of tw-switch on this host.
 *
 * Keeps the switch as the slice wants it: applies a snapshot whenever one is wanted, and again whenever the switch turns
 * out to be another one (its boot id changed) or to have none. Asks for its status five times a second and hears its
 * events in between. A snapshot that is refused stays refused (and is tried again every few seconds): the switch goes on
 * by the one it has.
 *
 * Three conversations, so that none waits for another: snapshots and status; port states and whatever is urgent; lists
 * of flows.
 *
 * Threads  the agent's one thread. Hooks are called from the event loop.
 */
#ifndef TW_AGENT_SWITCH_H
#define TW_AGENT_SWITCH_H

#include "agent/calls.h"
#include "agent/snapshot.h"

struct tw_switch;

struct tw_switch_hooks {
	/** The snapshot to be sent now: destroyed by the callee before the loop goes on. NULL with err set, or with err
	 *  clear when there is none yet. */
	struct tw_snapshot *(*build)(void *arg, struct tw_error *err);
	/** Every frame is decided by the snapshot last built. */
	void (*applied)(void *arg);
	/** The snapshot last asked for could not be built or was refused. */
	void (*refused)(void *arg, const struct tw_error *err);
	/** The switch is another one than before, or forgot: it has no snapshot. One is built next. */
	void (*restarted)(void *arg);
	/** A status came; borrowed. */
	void (*status)(void *arg, const Tw__SwitchStatus *status);
	/** The switch began or ceased to answer. */
	void (*alive)(void *arg, bool alive);
	void (*event)(void *arg, const Tw__SwitchEvent *event);
};

/** @param hooks  all set; copied */
struct tw_switch *tw_switch_create(struct event_base *base, const char *run_dir, const struct tw_switch_hooks *hooks,
				   void *arg);
void tw_switch_destroy(struct tw_switch *sw);

/** The slice is another one: build and apply as soon as the switch answers. */
void tw_switch_want(struct tw_switch *sw);

bool tw_switch_alive(const struct tw_switch *sw);

/** For port states: nothing slow goes this way. */
struct tw_calls *tw_switch_urgent(struct tw_switch *sw);
/** For everything that may take its time. */
struct tw_calls *tw_switch_queries(struct tw_switch *sw);

#endif
