/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trial_request.c - the agent's TryExporter: the exporter thread sends known records, and a timer looks for what came of it.
 *
 * Threads  main. One at a time.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/switch.h"

enum { LOOK_MS = 50 };

struct tw_trial_request {
	struct tw_switch *sw;
	struct tw_link_request *req;
	struct event *timer;
};

/* The message's parts are the answer's own memory. */
struct answer {
	struct tw_export_trial trial;
	Tw__ExporterTried tried;
	Tw__CollectorTried collectors[TW_COLLECTORS_MAX], *collector_list[TW_COLLECTORS_MAX];
	Tw__TestFlow flows[TW_TRIAL_FLOWS], *flow_list[TW_TRIAL_FLOWS];
	char protocols[TW_TRIAL_FLOWS][16];
};

static void add_collector(struct answer *a, struct tw_trial_collector *c)
{
	Tw__CollectorTried *out = &a->collectors[a->tried.n_collectors];

	tw__collector_tried__init(out);
	out->collector = c->collector;
	out->state = tw_status_of_collector(c->state);
	out->source = c->source;
	out->messages = c->messages;
	out->octets = c->octets;
	out->records = c->records;
	out->lost_records = c->lost;
	out->unsaid_records = c->unsaid;
	out->error = c->error;
	a->collector_list[a->tried.n_collectors++] = out;
}

static void add_flow(struct answer *a, struct tw_trial_flow *f)
{
	size_t i = a->tried.n_flows++;
	Tw__TestFlow *out = &a->flows[i];

	tw__test_flow__init(out);
	snprintf(a->protocols[i], sizeof(a->protocols[i]), "%s", f->protocol);
	out->source = f->source;
	out->destination = f->destination;
	out->protocol = a->protocols[i];
	out->packets = f->packets;
	out->octets = f->octets;
	a->flow_list[i] = out;
}

static void reply(struct tw_link_request *req, struct answer *a)
{
	Tw__Envelope out = TW__ENVELOPE__INIT;
	struct tw_error err = { 0 };

	if (!a->trial.n_collectors) {
		tw_error_set(&err, TW_E_NOT_FOUND, "try_exporter.exporter", "this host has no exporter '%s'",
			     a->trial.name);
		tw_link_reply_error(req, &err);
		return;
	}
	tw__exporter_tried__init(&a->tried);
	a->tried.exporter = a->trial.name;
	a->tried.observation_domain = a->trial.domain;
	a->tried.collectors = a->collector_list;
	a->tried.flows = a->flow_list;
	for (size_t i = 0; i < a->trial.n_collectors; i++)
		add_collector(a, &a->trial.collectors[i]);
	for (size_t i = 0; i < TW_TRIAL_FLOWS; i++)
		add_flow(a, &a->trial.flows[i]);
	out.body_case = TW__ENVELOPE__BODY_EXPORTER_TRIED;
	out.exporter_tried = &a->tried;
	tw_link_reply(req, &out);
}

static void drop(struct tw_trial_request *r)
{
	if (r->timer)
		event_free(r->timer);
	r->sw->trial = NULL;
	free(r);
}

static void on_look(evutil_socket_t fd, short what, void *arg)
{
	struct tw_trial_request *r = arg;
	struct answer a = { 0 };

	if (!tw_exporter_tried(tw_export_thread_exporter(r->sw->exporter), &a.trial))
		return;
	reply(r->req, &a);
	drop(r);
}

static int begin(struct tw_switch *sw, struct tw_link_request *req, const char *exporter)
{
	const struct timeval often = { .tv_usec = 1000L * LOOK_MS };
	struct tw_trial_request *r;
	int rc;

	if (sw->trial)
		return -EBUSY;
	r = calloc(1, sizeof(*r));
	if (!r)
		return -ENOMEM;
	*r = (struct tw_trial_request){ sw, req, event_new(sw->events, -1, EV_PERSIST, on_look, r) };
	sw->trial = r;
	rc = r->timer ? tw_exporter_try(tw_export_thread_exporter(sw->exporter), exporter) : -ENOMEM;
	if (rc)
		drop(r);
	else
		event_add(r->timer, &often);
	return rc;
}

void tw_trial_request(struct tw_switch *sw, struct tw_link_request *req, const Tw__Envelope *env)
{
	struct tw_error err = { 0 };
	int rc = begin(sw, req, env->try_exporter->exporter);

	if (!rc)
		return;
	if (rc == -EBUSY)
		tw_error_set(&err, TW_E_BUSY, NULL, "another exporter is being tried");
	else
		tw_error_set(&err, TW_E_INTERNAL, NULL, "out of memory");
	tw_link_reply_error(req, &err);
}

void tw_trial_request_drop(struct tw_switch *sw)
{
	struct tw_error err = { 0 };

	if (!sw->trial)
		return;
	tw_error_set(&err, TW_E_BUSY, NULL, "the switch ends");
	tw_link_reply_error(sw->trial->req, &err);
	drop(sw->trial);
}
