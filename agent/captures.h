/* SPDX-License-Identifier: Apache-2.0 */
/*
 * captures.h - live captures on this host: which there are, and their frames on the way from the switch to the controller.
 *
 *   tw-switch ── RUN_DIR/capture.sock ──▶ here ── PushCaptures ──▶ the controller
 *
 * Captures are no part of the slice and never on disk: they are what the controller said last, and there are none while it
 * does not answer. What it does not take in time stays in the sockets, where the switch sees that it is shed.
 *
 * Threads  the agent's one thread.
 */
#ifndef TW_AGENT_CAPTURES_H
#define TW_AGENT_CAPTURES_H

#include <event2/event.h>
#include <stdbool.h>

#include "proto/link/link.h"

struct tw_captures_config {
	const char *host;
	const char *run_dir;    /* absolute, is there */
	const char *controller; /* URL */
};

struct tw_captures;

/** @return NULL (logged) */
struct tw_captures *tw_captures_create(struct event_base *base, const struct tw_captures_config *config);
void tw_captures_destroy(struct tw_captures *captures); /* accepts NULL */

/** Those of a reply are all there are from now on. @return true: they are others than before */
bool tw_captures_set(struct tw_captures *captures, const Tw__WatchReply *reply);
/** There are none. @return true: there were some */
bool tw_captures_forget(struct tw_captures *captures);

/** A message of which only `captures` is of interest; valid until they are set or forgotten. */
const Tw__WatchReply *tw_captures_list(const struct tw_captures *captures);
/** What the controller calls these; 0 = none. */
uint64_t tw_captures_as_of(const struct tw_captures *captures);

/** Why they are not copied here (code 0: nothing hinders it), one for each of the list: tw_snapshot_add_captures() says it. */
struct tw_error *tw_captures_errors(struct tw_captures *captures);
/** Tell of those that are not copied, as of mirrors with an error. @param status unpacked */
void tw_captures_put_in(const struct tw_captures *captures, Tw__SwitchStatus *status);

#endif
