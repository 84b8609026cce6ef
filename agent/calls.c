/* SPDX-License-Identifier: Apache-2.0 */
/*
 * calls.c - the queue in front of a lock-step conversation; see calls.h.
 *
 * Threads  the agent's one thread.
 * Owns     the link client and the waiting requests.
 */
#include "agent/calls.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/queue.h>

struct call {
	TAILQ_ENTRY(call) link;
	Tw__Envelope *request;
	int timeout_ms;
	tw_link_done done; /* NULL: nobody wants the answer any more */
	void *arg;
};

struct tw_calls {
	struct tw_link_client *client;
	struct event *next; /* sends the queue's head from the loop, never from within a caller */
	struct call *open;
	TAILQ_HEAD(, call) waiting;
};

static Tw__Envelope *copy_envelope(const Tw__Envelope *env)
{
	size_t size = tw__envelope__get_packed_size(env);
	uint8_t *bytes = malloc(size ? size : 1);
	Tw__Envelope *copy = NULL;

	if (bytes) {
		tw__envelope__pack(env, bytes);
		copy = tw__envelope__unpack(NULL, size, bytes);
	}
	free(bytes);
	return copy;
}

static void free_call(struct call *call)
{
	if (!call)
		return;
	tw__envelope__free_unpacked(call->request, NULL);
	free(call);
}

static void finish(const Tw__Envelope *reply, const struct tw_error *err, void *arg)
{
	struct tw_calls *calls = arg;
	struct call *call = calls->open;

	calls->open = NULL;
	if (!TAILQ_EMPTY(&calls->waiting))
		event_active(calls->next, 0, 0);
	if (call->done)
		call->done(reply, err, call->arg);
	free_call(call);
}

static void send_next(evutil_socket_t fd, short what, void *arg)
{
	struct tw_calls *calls = arg;
	struct call *call = TAILQ_FIRST(&calls->waiting);
	struct tw_error err = { 0 };
	int rc;

	if (!call || calls->open)
		return;
	TAILQ_REMOVE(&calls->waiting, call, link);
	calls->open = call;
	rc = tw_link_call_async(calls->client, call->request, call->timeout_ms, finish, calls);
	if (!rc)
		return;
	tw_error_set(&err, rc == -EMSGSIZE ? TW_E_TOO_LARGE : TW_E_INTERNAL, NULL, NULL);
	finish(NULL, &err, calls);
}

struct tw_calls *tw_calls_create(struct event_base *base, const char *url)
{
	struct tw_calls *calls = calloc(1, sizeof(*calls));

	if (!calls)
		return NULL;
	TAILQ_INIT(&calls->waiting);
	calls->next = event_new(base, -1, 0, send_next, calls);
	calls->client = tw_link_client_create(base, url);
	if (!calls->next || !calls->client) {
		tw_calls_destroy(calls);
		return NULL;
	}
	return calls;
}

void tw_calls_destroy(struct tw_calls *calls)
{
	struct call *call;

	if (!calls)
		return;
	if (calls->client)
		tw_link_client_destroy(calls->client);
	if (calls->next)
		event_free(calls->next);
	free_call(calls->open);
	while ((call = TAILQ_FIRST(&calls->waiting))) {
		TAILQ_REMOVE(&calls->waiting, call, link);
		free_call(call);
	}
	free(calls);
}

int tw_calls_ask(struct tw_calls *calls, const Tw__Envelope *request, int timeout_ms, tw_link_done done, void *arg)
{
	struct call *call = calloc(1, sizeof(*call));

	if (!call)
		return -ENOMEM;
	*call = (struct call){ .request = copy_envelope(request), .timeout_ms = timeout_ms, .done = done, .arg = arg };
	if (!call->request) {
		free(call);
		return -ENOMEM;
	}
	TAILQ_INSERT_TAIL(&calls->waiting, call, link);
	event_active(calls->next, 0, 0);
	return 0;
}

void tw_calls_forget(struct tw_calls *calls, const void *arg)
{
	struct call *call = TAILQ_FIRST(&calls->waiting), *next;

	if (calls->open && calls->open->arg == arg)
		calls->open->done = NULL;
	for (; call; call = next) {
		next = TAILQ_NEXT(call, link);
		if (call->arg != arg)
			continue;
		TAILQ_REMOVE(&calls->waiting, call, link);
		free_call(call);
	}
}

bool tw_calls_reply_is(const Tw__Envelope *reply, const struct tw_error *err, Tw__Envelope__BodyCase want,
		       struct tw_error *out)
{
	if (!reply) {
		*out = *err;
		return false;
	}
	if (reply->body_case != want)
		return tw_error_set(out, TW_E_UNEXPECTED, "body", "the reply is of kind %d, not %d",
				    (int)reply->body_case, (int)want);
	return true;
}
