/* SPDX-License-Identifier: Apache-2.0 */
/*
 * report.c - tells the controller how this host is; see report.h.
 *
 * Threads  the agent's one thread.
 * Owns     one link client; results and activations that are not acknowledged yet.
 */
#include "agent/report.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "agent/calls.h"
#include "common/clock.h"
#include "common/log.h"

#define TW_LOG_AREA "report"

enum {
	INTERVAL_MS = 1000,
	TIMEOUT_MS = 2000,
	RESULT_LIFE_MS = 120000, /* twice the longest time a controller waits for a task */
	MAX_ACTIVATED = 1024,    /* as many as a host has ports */
};

struct result {
	TAILQ_ENTRY(result) link;
	Tw__TaskResult *msg;
	uint64_t until_ms; /* monotonic */
};

struct tw_report {
	char *host;
	struct tw_report_hooks hooks;
	void *arg;
	struct tw_link_client *client;
	struct event *tick, *kick;
	bool due;
	bool connected;
	TAILQ_HEAD(, result) results; /* the first is the one that is out, if any is */
	Tw__PortActivated *activated;
	size_t n_activated, n_sent; /* how many of them the open Report carries */
};

static void drop_result(struct tw_report *report, struct result *result)
{
	TAILQ_REMOVE(&report->results, result, link);
	tw__task_result__free_unpacked(result->msg, NULL);
	free(result);
}

static void set_connected(struct tw_report *report, bool connected)
{
	if (report->connected == connected)
		return;
	report->connected = connected;
	report->hooks.connected(report->arg, connected);
}

static void report_done(const Tw__Envelope *reply, const struct tw_error *err, void *arg)
{
	struct tw_report *report = arg;
	struct tw_error why = { 0 };

	if (tw_calls_reply_is(reply, err, TW__ENVELOPE__BODY_ACK, &why)) {
		report->n_activated -= report->n_sent;
		if (report->n_sent)
			memmove(report->activated, report->activated + report->n_sent,
				report->n_activated * sizeof(*report->activated));
		set_connected(report, true);
		report->hooks.acknowledged(report->arg, reply->ack);
		event_active(report->kick, 0, 0);
	} else {
		tw_log_debug("no acknowledgement code=%u field=%s error=%s", why.code, why.field, why.text);
		set_connected(report, false);
	}
	report->n_sent = 0;
}

static void result_done(const Tw__Envelope *reply, const struct tw_error *err, void *arg)
{
	struct tw_report *report = arg;
	struct result *result = TAILQ_FIRST(&report->results);
	struct tw_error why = { 0 };

	if (tw_calls_reply_is(reply, err, TW__ENVELOPE__BODY_ACK, &why)) {
		drop_result(report, result);
		event_active(report->kick, 0, 0);
	} else if (why.code != TW_E_TIMEOUT && why.code != TW_E_UNREACHABLE) {
		tw_log_warning("the controller refuses a result task=%" PRIu64 " code=%u error=%s", result->msg->id,
			       why.code, why.text);
		drop_result(report, result);
	} /* else it is sent again after the next Report */
}

static void send_report(struct tw_report *report)
{
	Tw__Envelope env = TW__ENVELOPE__INIT;
	Tw__Report msg;
	Tw__PortActivated **activated = calloc(report->n_activated + 1, sizeof(Tw__PortActivated *));

	tw__report__init(&msg);
	if (!activated)
		return;
	report->due = false;
	report->hooks.fill(report->arg, &msg);
	msg.host = report->host;
	for (size_t i = 0; i < report->n_activated; i++)
		activated[i] = &report->activated[i];
	msg.activated = activated;
	msg.n_activated = report->n_sent = report->n_activated;
	env.body_case = TW__ENVELOPE__BODY_REPORT;
	env.report = &msg;
	if (tw_link_call_async(report->client, &env, TIMEOUT_MS, report_done, report)) {
		tw_log_error("a report cannot be sent");
		report->n_sent = 0;
	}
	free(activated);
}

static void send_result(struct tw_report *report, struct result *result)
{
	Tw__Envelope env = TW__ENVELOPE__INIT;

	env.body_case = TW__ENVELOPE__BODY_TASK_RESULT;
	env.task_result = result->msg;
	if (tw_link_call_async(report->client, &env, TIMEOUT_MS, result_done, report) == -EMSGSIZE) {
		tw_log_error("a task's result is too large to be sent task=%" PRIu64, result->msg->id);
		drop_result(report, result);
	} /* any other failure: again after the next Report */
}

/* Reports first: they say whether the controller is there, and they are small. */
static void go_on(evutil_socket_t fd, short what, void *arg)
{
	struct tw_report *report = arg;
	struct result *result = TAILQ_FIRST(&report->results);

	if (tw_link_client_busy(report->client))
		return;
	if (report->due) {
		send_report(report);
	} else if (result && result->until_ms < tw_clock_mono_ms()) {
		tw_log_warning("a result was never acknowledged task=%" PRIu64, result->msg->id);
		drop_result(report, result);
	} else if (result) {
		send_result(report, result);
	}
}

static void on_tick(evutil_socket_t fd, short what, void *arg)
{
	tw_report_now(arg);
}

struct tw_report *tw_report_create(struct event_base *base, const char *url, const char *host,
				   const struct tw_report_hooks *hooks, void *arg)
{
	struct tw_report *report = calloc(1, sizeof(*report));
	const struct timeval interval = { .tv_sec = INTERVAL_MS / 1000 };

	if (!report)
		return NULL;
	TAILQ_INIT(&report->results);
	report->hooks = *hooks;
	report->arg = arg;
	report->host = strdup(host);
	report->tick = event_new(base, -1, EV_PERSIST, on_tick, report);
	report->kick = event_new(base, -1, 0, go_on, report);
	report->client = tw_link_client_create(base, url);
	if (!report->host || !report->tick || !report->kick || !report->client || event_add(report->tick, &interval)) {
		tw_report_destroy(report);
		return NULL;
	}
	tw_report_now(report);
	return report;
}

void tw_report_destroy(struct tw_report *report)
{
	if (!report)
		return;
	if (report->client)
		tw_link_client_destroy(report->client);
	if (report->tick)
		event_free(report->tick);
	if (report->kick)
		event_free(report->kick);
	while (!TAILQ_EMPTY(&report->results))
		drop_result(report, TAILQ_FIRST(&report->results));
	free(report->activated);
	free(report->host);
	free(report);
}

void tw_report_now(struct tw_report *report)
{
	report->due = true;
	event_active(report->kick, 0, 0);
}

int tw_report_activated(struct tw_report *report, uint32_t number, uint64_t migration, uint64_t at_ns)
{
	Tw__PortActivated *grown;

	if (report->n_activated == MAX_ACTIVATED)
		return -ENOMEM;
	grown = reallocarray(report->activated, report->n_activated + 1, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	report->activated = grown;
	grown += report->n_activated++;
	tw__port_activated__init(grown);
	grown->number = number;
	grown->migration = migration;
	grown->at_ns = at_ns;
	tw_report_now(report);
	return 0;
}

static Tw__TaskResult *copy_result(const Tw__TaskResult *from, char *host)
{
	Tw__TaskResult named = *from, *copy = NULL;
	uint8_t *bytes;
	size_t size;

	named.host = host;
	size = tw__task_result__get_packed_size(&named);
	bytes = malloc(size);
	if (bytes) {
		tw__task_result__pack(&named, bytes);
		copy = tw__task_result__unpack(NULL, size, bytes);
	}
	free(bytes);
	return copy;
}

int tw_report_result(struct tw_report *report, const Tw__TaskResult *result)
{
	struct result *item = calloc(1, sizeof(*item));

	if (!item)
		return -ENOMEM;
	item->msg = copy_result(result, report->host);
	if (!item->msg) {
		free(item);
		return -ENOMEM;
	}
	item->until_ms = tw_clock_mono_ms() + RESULT_LIFE_MS;
	TAILQ_INSERT_TAIL(&report->results, item, link);
	event_active(report->kick, 0, 0);
	return 0;
}

bool tw_report_connected(const struct tw_report *report)
{
	return report->connected;
}
