/* SPDX-License-Identifier: Apache-2.0 */
/* captures.c - live captures and their readers; see captures.h. The controller's thread; owns the captures. */
#define TW_LOG_AREA "captures"
#include "controlplane/captures.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "common/clock.h"
#include "common/log.h"
#include "controlplane/capture_queue.h"
#include "controlplane/mem.h"
#include "controlplane/mirror_expression.h"
#include "controlplane/refs.h"

enum { BATCHES_MAX = 256, TROUBLES_MAX = 16, TROUBLE_SIZE = 256 };

struct capture {
	TAILQ_ENTRY(capture) link;
	Tw__Mirror *what;
	char *who;
	bool stopped;
	uint64_t opened_ms, asked_ms;
	struct tw_capture_queue *waiting;
	/* the open ReadCapture */
	bool reading;
	struct tw_call reader;
	uint64_t read_until_ms;
	uint32_t read_octets;
};

struct tw_captures {
	TAILQ_HEAD(, capture) list;
	uint64_t next_id, as_of;
};

struct tw_captures *tw_captures_create(void)
{
	struct tw_captures *c = tw_need(calloc(1, sizeof(*c)));

	TAILQ_INIT(&c->list);
	/* A host, or a reader, of an earlier run must not take our captures for those. */
	if (getrandom(&c->next_id, sizeof(c->next_id), 0) != sizeof(c->next_id))
		c->next_id = tw_clock_real_ns();
	c->next_id = c->next_id >> 2 | 1;
	c->as_of = c->next_id;
	return c;
}

static void forget(struct tw_captures *c, struct capture *capture)
{
	TAILQ_REMOVE(&c->list, capture, link);
	tw_capture_queue_destroy(capture->waiting);
	tw_message_free(&capture->what->base);
	free(capture->who);
	free(capture);
}

void tw_captures_destroy(struct tw_captures *c)
{
	if (!c)
		return;
	while (!TAILQ_EMPTY(&c->list)) {
		struct capture *capture = TAILQ_FIRST(&c->list);

		if (capture->reading)
			tw_call_end(capture->reader);
		forget(c, capture);
	}
	free(c);
}

/* --- what hosts are told --- */

size_t tw_captures_open(const struct tw_captures *c, Tw__Mirror *list[static TW_CAPTURES_MAX])
{
	const struct capture *capture;
	size_t n = 0;

	TAILQ_FOREACH (capture, &c->list, link)
		if (!capture->stopped && n < TW_CAPTURES_MAX)
			list[n++] = capture->what;
	return n;
}

uint64_t tw_captures_as_of(const struct tw_captures *c)
{
	Tw__Mirror *list[TW_CAPTURES_MAX];

	return tw_captures_open(c, list) ? c->as_of : 0;
}

static void tell_hosts(struct tw_controller *ctl)
{
	ctl->captures->as_of++;
	tw_controller_wake_at(ctl, 0);
}

/* --- open --- */

static struct capture *find(const struct tw_captures *c, uint64_t id)
{
	struct capture *capture;

	TAILQ_FOREACH (capture, &c->list, link)
		if (capture->what->stream == id)
			return capture;
	return NULL;
}

static size_t count(const struct tw_captures *c)
{
	const struct capture *capture;
	size_t n = 0;

	TAILQ_FOREACH (capture, &c->list, link)
		n++;
	return n;
}

static bool check(const struct tw_controller *ctl, const Tw__Mirror *what, struct tw_error *err)
{
	if (count(ctl->captures) >= TW_CAPTURES_MAX)
		return tw_error_set(err, TW_E_BUSY, "capture", "%d captures run already; end one of them first",
				    TW_CAPTURES_MAX);
	return tw_refs_mirror(&ctl->model, what, err) && tw_mirror_expression_check(what->filter, err);
}

static void set_name(Tw__Mirror *what, uint64_t id)
{
	char name[48];

	snprintf(name, sizeof(name), "capture-%016" PRIx64, id);
	free(what->name);
	what->name = tw_need(strdup(name));
	what->stream = id;
}

static void add_names(char *out, size_t size, const char *prefix, char *const *names, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		size_t used = strlen(out);

		snprintf(out + used, size - used, "%s%s%s", used ? "," : "", prefix, names[i]);
	}
}

/* A capture is traffic of others: who has looked at what is in the log. */
static void log_opened(const struct capture *capture)
{
	const Tw__Mirror *m = capture->what;
	char sources[512] = "";

	add_names(sources, sizeof(sources), "", m->ports, m->n_ports);
	add_names(sources, sizeof(sources), "vm:", m->vms, m->n_vms);
	add_names(sources, sizeof(sources), "network:", m->networks, m->n_networks);
	add_names(sources, sizeof(sources), "host:", m->hosts, m->n_hosts);
	add_names(sources, sizeof(sources), "uplink:", m->uplinks, m->n_uplinks);
	tw_log_info("a capture begins capture=%" PRIx64 " who=\"%s\" sources=\"%s\" filter=\"%s\"%s", m->stream,
		    capture->who, sources, m->filter, m->drops ? " drops" : "");
}

static void log_ended(const struct capture *capture, const char *why)
{
	tw_log_info("a capture ends capture=%" PRIx64 " who=\"%s\" why=\"%s\" seconds=%" PRIu64 " frames=%" PRIu64
		    " given_up=%" PRIu64,
		    capture->what->stream, capture->who, why, (tw_clock_mono_ms() - capture->opened_ms) / 1000,
		    tw_capture_queue_frames(capture->waiting), tw_capture_queue_given_up(capture->waiting));
}

void tw_capture_open(struct tw_controller *ctl, const Tw__Envelope *env, struct tw_call call)
{
	const Tw__OpenCapture *ask = env->open_capture;
	struct tw_captures *c = ctl->captures;
	Tw__Envelope reply = TW__ENVELOPE__INIT;
	Tw__CaptureOpened body = TW__CAPTURE_OPENED__INIT;
	struct tw_error err = { 0 };
	Tw__Mirror *what = (Tw__Mirror *)tw_message_clone(&ask->what->base);
	struct capture *capture;

	set_name(what, c->next_id++); /* a mirror is not checked against one of its own name */
	if (!check(ctl, what, &err)) {
		tw_message_free(&what->base);
		tw_call_fail(call, &err);
		return;
	}
	capture = tw_need(calloc(1, sizeof(*capture)));
	capture->what = what;
	capture->who = tw_need(strdup(ask->who));
	capture->opened_ms = capture->asked_ms = tw_clock_mono_ms();
	capture->waiting = tw_capture_queue_create();
	TAILQ_INSERT_TAIL(&c->list, capture, link);
	log_opened(capture);
	body.id = capture->what->stream;
	reply.body_case = TW__ENVELOPE__BODY_CAPTURE_OPENED;
	reply.capture_opened = &body;
	tw_call_reply(call, &reply);
	tell_hosts(ctl);
}

/* --- frames come --- */

static void consider(struct tw_controller *ctl, struct capture *capture);

void tw_captures_push(struct tw_controller *ctl, const Tw__Envelope *env, struct tw_call call)
{
	const Tw__PushCaptures *push = env->push_captures;
	struct capture *capture;

	if (!tw_host_find(ctl, push->host)) {
		tw_hosts_say_unknown(push->host, call);
		return;
	}
	for (size_t i = 0; i < push->n_batches; i++) {
		capture = find(ctl->captures, push->batches[i]->capture);
		if (capture)
			tw_capture_queue_add(capture->waiting, push->host, push->batches[i]);
	}
	tw_call_ack(call);
	TAILQ_FOREACH (capture, &ctl->captures->list, link)
		consider(ctl, capture);
}

/* --- and are read --- */

struct troubles {
	char text[TROUBLES_MAX][TROUBLE_SIZE], *list[TROUBLES_MAX];
	size_t n;
};

static void __attribute__((format(printf, 3, 4)))
add_trouble(struct troubles *t, const char *host, const char *fmt, ...)
{
	va_list args;
	int used;

	if (t->n == TROUBLES_MAX)
		return;
	used = snprintf(t->text[t->n], TROUBLE_SIZE, "host %.64s: ", host);
	va_start(args, fmt);
	vsnprintf(t->text[t->n] + used, TROUBLE_SIZE - (size_t)used, fmt, args);
	va_end(args);
	t->list[t->n] = t->text[t->n];
	t->n++;
}

/* Why hosts copy nothing, as they say it, and of which ones too much comes. */
static void gather_troubles(const struct tw_controller *ctl, const struct capture *capture, struct troubles *t)
{
	const struct tw_host *host;

	t->n = 0;
	LIST_FOREACH (host, &ctl->hosts, link) {
		for (size_t i = 0; host->status && i < host->status->n_mirrors; i++) {
			const Tw__MirrorStatus *m = host->status->mirrors[i];

			if (strcmp(m->name, capture->what->name) == 0 && *m->error)
				add_trouble(t, host->name, "%s", m->error);
		}
		if (tw_capture_queue_refused(capture->waiting, host->name))
			add_trouble(t, host->name,
				    "its switch has begun to copy more than %d times: what it copies now is given up; "
				    "begin another capture",
				    TW_CAPTURE_SOURCES_MAX);
	}
}

static void answer(struct tw_controller *ctl, struct capture *capture)
{
	Tw__CaptureBatch *batches[BATCHES_MAX];
	Tw__CaptureRead body = TW__CAPTURE_READ__INIT;
	Tw__Envelope reply = TW__ENVELOPE__INIT;
	struct troubles troubles;

	gather_troubles(ctl, capture, &troubles);
	body.n_batches = tw_capture_queue_first(capture->waiting, capture->read_octets, batches, BATCHES_MAX);
	body.batches = batches;
	body.troubles = troubles.list;
	body.n_troubles = troubles.n;
	reply.body_case = TW__ENVELOPE__BODY_CAPTURE_READ;
	reply.capture_read = &body;
	capture->reading = false;
	tw_call_reply(capture->reader, &reply);
	tw_capture_queue_drop(capture->waiting, body.n_batches);
}

static void consider(struct tw_controller *ctl, struct capture *capture)
{
	if (!capture->reading)
		return;
	if ((capture->read_octets && !tw_capture_queue_is_empty(capture->waiting)) ||
	    tw_clock_mono_ms() >= capture->read_until_ms)
		answer(ctl, capture);
	else
		tw_controller_wake_at(ctl, capture->read_until_ms);
}

static void fail_unknown(uint64_t id, struct tw_call call)
{
	struct tw_error err;

	tw_error_set(&err, TW_E_NOT_FOUND, "capture.id",
		     "there is no capture %" PRIx64
		     " any more: it was not read for %d s, or the controller was restarted",
		     id, TW_CAPTURE_LEASE_MS / 1000);
	tw_call_fail(call, &err);
}

void tw_capture_read(struct tw_controller *ctl, const Tw__Envelope *env, struct tw_call call)
{
	const Tw__ReadCapture *ask = env->read_capture;
	struct capture *capture = find(ctl->captures, ask->id);

	if (!capture) {
		fail_unknown(ask->id, call);
		return;
	}
	if (capture->reading) { /* the same reader, on a new connection: nothing of worth goes the old way */
		capture->read_octets = 0;
		answer(ctl, capture);
	}
	capture->asked_ms = tw_clock_mono_ms();
	capture->reading = true;
	capture->reader = call;
	capture->read_until_ms = capture->asked_ms + ask->wait_ms;
	capture->read_octets = ask->max_octets;
	consider(ctl, capture);
}

void tw_capture_stop(struct tw_controller *ctl, const Tw__Envelope *env, struct tw_call call)
{
	struct capture *capture = find(ctl->captures, env->stop_capture->id);

	if (!capture) {
		fail_unknown(env->stop_capture->id, call);
		return;
	}
	tw_call_ack(call);
	if (capture->stopped)
		return;
	capture->stopped = true;
	log_ended(capture, "its reader ended it");
	tell_hosts(ctl);
}

void tw_captures_tick(struct tw_controller *ctl)
{
	struct capture *capture, *next;
	uint64_t now = tw_clock_mono_ms();

	for (capture = TAILQ_FIRST(&ctl->captures->list); capture; capture = next) {
		next = TAILQ_NEXT(capture, link);
		consider(ctl, capture);
		if (capture->reading)
			continue;
		if (now < capture->asked_ms + TW_CAPTURE_LEASE_MS) {
			tw_controller_wake_at(ctl, capture->asked_ms + TW_CAPTURE_LEASE_MS);
			continue;
		}
		if (!capture->stopped) {
			log_ended(capture, "nobody reads it any more");
			tell_hosts(ctl);
		}
		forget(ctl->captures, capture);
	}
}
