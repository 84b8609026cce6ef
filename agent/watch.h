/* SPDX-License-Identifier: Apache-2.0 */
/*
 * watch.h - hears from the controller: Hello, then one long poll after the other.
 *
 * After any failure it says Hello again, once a second, for ever; what is known meanwhile stays as it is. Another epoch
 * in HelloReply means another store: everything is asked for anew.
 *
 * Threads  the agent's one thread. Hooks are called from the event loop.
 */
#ifndef TW_AGENT_WATCH_H
#define TW_AGENT_WATCH_H

#include <event2/event.h>
#include <stdbool.h>

#include "proto/link/link.h"

struct tw_watch;

struct tw_watch_hooks {
	/** What the agent has, for the next Watch: since, epoch, captures. */
	void (*have)(void *arg, Tw__Watch *watch);
	/** Take a reply over. @return false when it does not fit: everything is then asked for anew. */
	bool (*reply)(void *arg, const Tw__WatchReply *reply);
};

/** @param hello  host, version, peer_url, migrate_address, boot_id; its texts must outlive the object */
struct tw_watch *tw_watch_create(struct event_base *base, const char *url, const Tw__Hello *hello,
				 const struct tw_watch_hooks *hooks, void *arg);
void tw_watch_destroy(struct tw_watch *watch);

/** The controller was away (another conversation noticed): do not wait for the open poll to end. Not from a hook. */
void tw_watch_restart(struct tw_watch *watch);

/** Has the last exchange succeeded? */
bool tw_watch_connected(const struct tw_watch *watch);

#endif
