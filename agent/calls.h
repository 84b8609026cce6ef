/* SPDX-License-Identifier: Apache-2.0 */
/*
 * calls.h - a conversation with a queue in front: requests leave in order, one at a time.
 *
 * A link client is lock-step (proto/link/link.h); the agent's rooms each want to ask when they need to. Requests are
 * copied, so the asker's message may live on its stack.
 *
 * Threads  the agent's one thread.
 */
#ifndef TW_AGENT_CALLS_H
#define TW_AGENT_CALLS_H

#include <event2/event.h>
#include <stdbool.h>

#include "proto/link/link.h"

struct tw_calls;

/** @return NULL when out of memory. Connecting goes on in the background for ever. */
struct tw_calls *tw_calls_create(struct event_base *base, const char *url);
/** Open and waiting calls are forgotten: their `done` is not called. Accepts NULL; not from within a `done`. */
void tw_calls_destroy(struct tw_calls *calls);

/**
 * Ask when earlier calls are answered.
 * @param request     borrowed: copied before the return
 * @param timeout_ms  counted from when the request is sent
 * @param done        called once, never before this function has returned; may call tw_calls_ask()
 * @return 0 or -ENOMEM (then `done` is not called)
 */
int tw_calls_ask(struct tw_calls *calls, const Tw__Envelope *request, int timeout_ms, tw_link_done done, void *arg)
	__attribute__((warn_unused_result));

/** The answers of open calls with this `arg` are not wanted any more; calls that were not sent are dropped. */
void tw_calls_forget(struct tw_calls *calls, const void *arg);

/**
 * Is this the reply that was expected?
 * @param out  set when not: the error that came instead, or TW_E_UNEXPECTED. Must not be NULL.
 */
bool tw_calls_reply_is(const Tw__Envelope *reply, const struct tw_error *err, Tw__Envelope__BodyCase want,
		       struct tw_error *out);

#endif
