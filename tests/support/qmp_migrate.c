/* SPDX-License-Identifier: Apache-2.0 */
/*
 * qmp_migrate.c - a support program: moves a guest from one QEMU to another and tells how long it was dark.
 *
 *   qmp_migrate QMP-SOCKET URI       prints "completed downtime MS total MS"; exit status 1 if it failed
 * The same conversation as the agent's, without anything around it. One thread.
 */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "hypervisor-hooks/qmp.h"

enum { PATIENCE_S = 60, ASKS = 50, ASK_AGAIN_US = 10000 };

struct migration {
	struct event_base *base;
	const char *uri;
	int status, asks;
};

static void fail(struct migration *m, const char *what, const char *why)
{
	fprintf(stderr, "qmp_migrate: %s: %s\n", what, why);
	event_base_loopbreak(m->base);
}

static void on_figures(struct tw_qmp *qmp, const json_t *result, const char *error, void *arg)
{
	struct migration *m = arg;
	json_int_t total = json_integer_value(json_object_get(result, "total-time"));

	if (error) {
		fail(m, "query-migrate", error);
		return;
	}
	/* QEMU says "completed" a moment before it has worked out the times: until then they are 0. */
	if (total == 0 && --m->asks > 0) {
		usleep(ASK_AGAIN_US);
		if (tw_qmp_execute(qmp, "query-migrate", NULL, on_figures, m))
			fail(m, "query-migrate", "could not be sent");
		return;
	}
	printf("completed downtime %lld total %lld\n", json_integer_value(json_object_get(result, "downtime")), total);
	m->status = 0;
	event_base_loopbreak(m->base);
}

static void on_begun(struct tw_qmp *qmp, const json_t *result, const char *error, void *arg)
{
	if (error)
		fail(arg, "migrate", error);
}

static void on_capable(struct tw_qmp *qmp, const json_t *result, const char *error, void *arg)
{
	struct migration *m = arg;

	if (error)
		fail(m, "migrate-set-capabilities", error);
	else if (tw_qmp_execute(qmp, "migrate", json_pack("{s:s}", "uri", m->uri), on_begun, m))
		fail(m, "migrate", "could not be sent");
}

static void on_connected(struct tw_qmp *qmp, void *arg)
{
	json_t *events = json_pack("{s:[{s:s, s:b}]}", "capabilities", "capability", "events", "state", true);

	if (tw_qmp_execute(qmp, "migrate-set-capabilities", events, on_capable, arg))
		fail(arg, "migrate-set-capabilities", "could not be sent");
}

static void on_event(struct tw_qmp *qmp, const char *name, const json_t *data, void *arg)
{
	const char *status = json_string_value(json_object_get(data, "status"));

	if (strcmp(name, "MIGRATION") != 0 || !status)
		return;
	fprintf(stderr, "qmp_migrate: %s\n", status);
	if (strcmp(status, "failed") == 0)
		fail(arg, "migration", "failed");
	else if (strcmp(status, "completed") == 0 && tw_qmp_execute(qmp, "query-migrate", NULL, on_figures, arg))
		fail(arg, "query-migrate", "could not be sent");
}

static void on_closed(struct tw_qmp *qmp, const char *why, void *arg)
{
	fail(arg, "QMP", why);
}

int main(int argc, char **argv)
{
	static const struct tw_qmp_callbacks callbacks = { on_connected, on_event, on_closed };
	static const struct timeval patience = { .tv_sec = PATIENCE_S };
	struct migration m = { .base = event_base_new(), .uri = argv[argc - 1], .status = 1, .asks = ASKS };
	struct tw_qmp *qmp = argc == 3 && m.base ? tw_qmp_connect(m.base, argv[1], &callbacks, &m) : NULL;

	if (!qmp) {
		fprintf(stderr, "usage: qmp_migrate QMP-SOCKET URI\n");
		return 2;
	}
	event_base_loopexit(m.base, &patience);
	event_base_dispatch(m.base);
	tw_qmp_destroy(qmp);
	event_base_free(m.base);
	return m.status;
}
