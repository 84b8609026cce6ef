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
#include "flowexport/tried.h"

enum { LOOK_MS = 50 };

struct tw_trial_request {
	struct tw_switch *sw;
	struct tw_link_request *req;
	struct event *timer;
};

static void reply(struct tw_link_request *req, struct tw_tried *tried)
{
	Tw__Envelope out = TW__ENVELOPE__INIT;
	struct tw_error err = { 0 };

	if (!tried->trial.n_collectors) {
		tw_error_set(&err, TW_E_NOT_FOUND, "try_exporter.exporter", "this host has no exporter '%s'",
			     tried->trial.name);
		tw_link_reply_error(req, &err);
		return;
	}
	out.body_case = TW__ENVELOPE__BODY_EXPORTER_TRIED;
	out.exporter_tried = tw_tried_tell(tried);
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
	struct tw_tried tried = { 0 };

	if (!tw_exporter_tried(tw_export_thread_exporter(r->sw->exporter), &tried.trial))
		return;
	reply(r->req, &tried);
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
