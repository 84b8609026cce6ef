/* SPDX-License-Identifier: Apache-2.0 */
/*
 * watch.c - the conversation in which the controller speaks; see watch.h.
 *
 * Threads  the agent's one thread.
 * Owns     one link client, renewed after each failure so that no late answer is taken for another question's.
 */
#include "agent/watch.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "agent/calls.h"
#include "common/clock.h"
#include "common/log.h"

#define TW_LOG_AREA "watch"

enum {
	HELLO_TIMEOUT_MS = 3000,
	WAIT_MS = 20000,       /* how long the controller may hold a poll */
	WATCH_SLACK_MS = 5000, /* the answer's way back */
	RETRY_MS = 1000,
	QUICK_MS = 20,  /* an answer faster than this was no long poll */
	MAX_QUICK = 10, /* of them in a row; then the controller is not asked at once again */
	PAUSE_MS = 200,
};

struct tw_watch {
	struct event_base *base;
	char *url;
	Tw__Hello hello;
	struct tw_watch_hooks hooks;
	void *arg;
	struct tw_link_client *client;
	struct event *later; /* the next Hello or Watch */
	bool greeted;        /* Hello was answered on this client */
	bool afresh;         /* ask for everything */
	uint64_t epoch;      /* as the controller said last */
	uint64_t asked_ms;   /* when the open Watch was sent, monotonic */
	unsigned n_quick;    /* quick answers in a row */
	bool connected;
	uint32_t said; /* code of the error last logged, so that an absence is one line */
};

static void schedule(struct tw_watch *watch, unsigned ms)
{
	const struct timeval tv = { .tv_sec = ms / 1000, .tv_usec = (ms % 1000) * 1000 };

	event_add(watch->later, &tv);
}

static void failed(struct tw_watch *watch, const struct tw_error *err)
{
	if (watch->connected || watch->said != err->code)
		tw_log_warning("the controller does not answer url=%s code=%u field=%s error=%s", watch->url, err->code,
			       err->field, err->text);
	watch->said = err->code;
	watch->connected = false;
	watch->greeted = false;
	schedule(watch, RETRY_MS);
}

static void watch_done(const Tw__Envelope *reply, const struct tw_error *err, void *arg)
{
	struct tw_watch *watch = arg;
	const Tw__WatchReply *said;
	struct tw_error why = { 0 };

	if (!tw_calls_reply_is(reply, err, TW__ENVELOPE__BODY_WATCH_REPLY, &why)) {
		failed(watch, &why);
		return;
	}
	said = reply->watch_reply;
	watch->connected = true;
	if (!watch->hooks.reply(watch->arg, said)) {
		watch->afresh = true;
		schedule(watch, RETRY_MS);
		return;
	}
	watch->afresh = false;
	watch->epoch = said->epoch; /* another controller may have heard our poll without a Hello */
	watch->n_quick = tw_clock_mono_ms() - watch->asked_ms < QUICK_MS ? watch->n_quick + 1 : 0;
	schedule(watch, watch->n_quick > MAX_QUICK ? PAUSE_MS : 0);
}

static void send_watch(struct tw_watch *watch)
{
	Tw__Envelope env = TW__ENVELOPE__INIT;
	Tw__Watch msg;

	tw__watch__init(&msg);
	watch->hooks.have(watch->arg, &msg);
	msg.host = watch->hello.host;
	if (watch->afresh || msg.epoch != watch->epoch)
		msg.since = 0;
	msg.epoch = watch->epoch;
	msg.wait_ms = WAIT_MS;
	env.body_case = TW__ENVELOPE__BODY_WATCH;
	env.watch = &msg;
	watch->asked_ms = tw_clock_mono_ms();
	if (tw_link_call_async(watch->client, &env, WAIT_MS + WATCH_SLACK_MS, watch_done, watch))
		schedule(watch, RETRY_MS);
}

static void hello_done(const Tw__Envelope *reply, const struct tw_error *err, void *arg)
{
	struct tw_watch *watch = arg;
	struct tw_error why = { 0 };

	if (!tw_calls_reply_is(reply, err, TW__ENVELOPE__BODY_HELLO_REPLY, &why)) {
		failed(watch, &why);
		return;
	}
	watch->epoch = reply->hello_reply->epoch;
	watch->greeted = true;
	watch->connected = true;
	watch->said = 0;
	tw_log_info("the controller answers url=%s revision=%" PRIu64 " epoch=%" PRIx64, watch->url,
		    reply->hello_reply->revision, watch->epoch);
	schedule(watch, 0);
}

static void send_hello(struct tw_watch *watch)
{
	Tw__Envelope env = TW__ENVELOPE__INIT;

	env.body_case = TW__ENVELOPE__BODY_HELLO;
	env.hello = &watch->hello;
	if (tw_link_call_async(watch->client, &env, HELLO_TIMEOUT_MS, hello_done, watch))
		schedule(watch, RETRY_MS);
}

static void go_on(evutil_socket_t fd, short what, void *arg)
{
	struct tw_watch *watch = arg;

	if (watch->greeted) {
		send_watch(watch);
		return;
	}
	if (watch->client)
		tw_link_client_destroy(watch->client);
	watch->client = tw_link_client_create(watch->base, watch->url);
	if (watch->client)
		send_hello(watch);
	else
		schedule(watch, RETRY_MS);
}

struct tw_watch *tw_watch_create(struct event_base *base, const char *url, const Tw__Hello *hello,
				 const struct tw_watch_hooks *hooks, void *arg)
{
	struct tw_watch *watch = calloc(1, sizeof(*watch));

	if (!watch)
		return NULL;
	watch->base = base;
	watch->hello = *hello;
	watch->hooks = *hooks;
	watch->arg = arg;
	watch->url = strdup(url);
	watch->later = event_new(base, -1, 0, go_on, watch);
	if (!watch->url || !watch->later) {
		tw_watch_destroy(watch);
		return NULL;
	}
	schedule(watch, 0);
	return watch;
}

void tw_watch_destroy(struct tw_watch *watch)
{
	if (!watch)
		return;
	if (watch->client)
		tw_link_client_destroy(watch->client);
	if (watch->later)
		event_free(watch->later);
	free(watch->url);
	free(watch);
}

void tw_watch_restart(struct tw_watch *watch)
{
	watch->greeted = false;
	schedule(watch, 0);
}

bool tw_watch_connected(const struct tw_watch *watch)
{
	return watch->connected;
}
