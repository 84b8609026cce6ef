/* SPDX-License-Identifier: Apache-2.0 */
/* question.c - asks one host what an operator asks; see question.h. The controller's thread; owns the open questions. */
#include "controlplane/question.h"

#include <string.h>

#include "controlplane/exporter_trial.h"
#include "controlplane/mem.h"
#include "controlplane/tasks.h"

struct tw_question {
	LIST_ENTRY(tw_question) link;
	struct tw_call call;
	char *host;
};

static void question_free(struct tw_question *q)
{
	LIST_REMOVE(q, link);
	free(q->host);
	free(q);
}

/*
 * Where is it answered?
 * @param port    name; empty: the host is named
 * @param host    where to ask, if not where the port is; may be empty
 * @param number  set to the port's, 0 for a host
 * @return NULL with *err filled: no such port or host, not bound, not connected
 */
static struct tw_host *find_host(struct tw_controller *ctl, const char *port, const char *host, uint32_t *number,
				 struct tw_error *err)
{
	struct tw_host *found;

	*number = 0;
	if (*port) {
		const Tw__Port *p = tw_model_port(&ctl->model, port);

		if (!p) {
			tw_error_set(err, TW_E_NOT_FOUND, "port.name", "there is no port '%s'", port);
			return NULL;
		}
		*number = p->number;
		if (!*host)
			host = tw_port_host(p);
		if (!host) {
			tw_error_set(err, TW_E_NOT_BOUND, "port.name", "port '%s' is bound to no host", port);
			return NULL;
		}
	}
	found = tw_host_find(ctl, host);
	if (!found)
		tw_error_set(err, TW_E_NOT_FOUND, "host.name", "there is no host '%s'", host);
	else if (!tw_host_connected(found))
		tw_error_set(err, TW_E_UNREACHABLE, "host.name", "host '%s' is not connected", host);
	return err->code ? NULL : found;
}

/* Posts the task; its `done` answers and frees the question. */
static void post(struct tw_controller *ctl, struct tw_host *host, Tw__Task *task, struct tw_call call,
		 tw_task_done done)
{
	struct tw_question *q = tw_need(calloc(1, sizeof(*q)));

	q->call = call;
	q->host = tw_need(strdup(host->name));
	LIST_INSERT_HEAD(&ctl->questions, q, link);
	task->id = tw_task_new_id(ctl);
	tw_task_post(ctl, host, task, TW_QUESTION_WAIT_MS, false, done, q);
}

/* Has the host said what was asked? Else the question has been answered with why not, and is gone. */
static bool answered(struct tw_question *q, const Tw__TaskResult *result, const struct tw_error *err,
		     Tw__TaskResult__WhatCase want)
{
	struct tw_error why;

	if (result && result->what_case == want)
		return true;
	if (result)
		tw_error_set(&why, TW_E_UNEXPECTED, "host", "host '%s' answers something else", q->host);
	tw_call_fail(q->call, result ? &why : err);
	question_free(q);
	return false;
}

static void on_traced(struct tw_controller *ctl, void *arg, const Tw__TaskResult *result, const struct tw_error *err)
{
	struct tw_question *q = arg;
	Tw__Envelope reply = TW__ENVELOPE__INIT;
	Tw__TracePortReply body;

	if (!answered(q, result, err, TW__TASK_RESULT__WHAT_TRACED))
		return;
	tw__trace_port_reply__init(&body);
	body.host = q->host;
	body.traced = result->traced;
	reply.body_case = TW__ENVELOPE__BODY_TRACE_PORT_REPLY;
	reply.trace_port_reply = &body;
	tw_call_reply(q->call, &reply);
	question_free(q);
}

void tw_question_trace(struct tw_controller *ctl, const Tw__Envelope *env, struct tw_call call)
{
	const Tw__TracePort *ask = env->trace_port;
	Tw__Task task = TW__TASK__INIT;
	Tw__TraceFrame body = TW__TRACE_FRAME__INIT;
	struct tw_error err = { 0 };
	struct tw_host *host = find_host(ctl, ask->port, ask->host, &body.port, &err);

	if (!host) {
		tw_call_fail(call, &err);
		return;
	}
	body.frame = ask->frame;
	task.what_case = TW__TASK__WHAT_TRACE;
	task.trace = &body;
	post(ctl, host, &task, call, on_traced);
}

static void on_multicast(struct tw_controller *ctl, void *arg, const Tw__TaskResult *result, const struct tw_error *err)
{
	struct tw_question *q = arg;
	Tw__Envelope reply = TW__ENVELOPE__INIT;
	Tw__MulticastList body;

	if (!answered(q, result, err, TW__TASK_RESULT__WHAT_MULTICAST))
		return;
	tw__multicast_list__init(&body);
	body.host = q->host;
	body.state = result->multicast;
	reply.body_case = TW__ENVELOPE__BODY_MULTICAST_LIST;
	reply.multicast_list = &body;
	tw_call_reply(q->call, &reply);
	question_free(q);
}

void tw_question_multicast(struct tw_controller *ctl, const Tw__Envelope *env, struct tw_call call)
{
	Tw__Task task = TW__TASK__INIT;
	Tw__GetMulticast body = TW__GET_MULTICAST__INIT;
	struct tw_error err = { 0 };
	uint32_t none;
	struct tw_host *host = find_host(ctl, "", env->list_multicast->host, &none, &err);

	if (!host) {
		tw_call_fail(call, &err);
		return;
	}
	task.what_case = TW__TASK__WHAT_MULTICAST;
	task.multicast = &body;
	post(ctl, host, &task, call, on_multicast);
}

static void on_recorded(struct tw_controller *ctl, void *arg, const Tw__TaskResult *result, const struct tw_error *err)
{
	struct tw_question *q = arg;
	Tw__Envelope reply = TW__ENVELOPE__INIT;
	Tw__WhyPortReply body;

	if (!answered(q, result, err, TW__TASK_RESULT__WHAT_RECORDED))
		return;
	tw__why_port_reply__init(&body);
	body.host = q->host;
	body.recorded = result->recorded;
	reply.body_case = TW__ENVELOPE__BODY_WHY_PORT_REPLY;
	reply.why_port_reply = &body;
	tw_call_reply(q->call, &reply);
	question_free(q);
}

void tw_question_why(struct tw_controller *ctl, const Tw__Envelope *env, struct tw_call call)
{
	const Tw__WhyPort *ask = env->why_port;
	Tw__Task task = TW__TASK__INIT;
	Tw__GetRecorded body = TW__GET_RECORDED__INIT;
	struct tw_error err = { 0 };
	struct tw_host *host = find_host(ctl, ask->port, ask->host, &body.port, &err);

	if (!host) {
		tw_call_fail(call, &err);
		return;
	}
	body.filter = ask->filter;
	body.since_ms = ask->since_ms;
	body.limit = ask->limit;
	task.what_case = TW__TASK__WHAT_RECORDED;
	task.recorded = &body;
	post(ctl, host, &task, call, on_recorded);
}

static void on_macs(struct tw_controller *ctl, void *arg, const Tw__TaskResult *result, const struct tw_error *err)
{
	struct tw_question *q = arg;
	Tw__Envelope reply = TW__ENVELOPE__INIT;
	Tw__MacList body;

	if (!answered(q, result, err, TW__TASK_RESULT__WHAT_MACS))
		return;
	tw__mac_list__init(&body);
	body.host = q->host;
	body.macs = result->macs;
	reply.body_case = TW__ENVELOPE__BODY_MAC_LIST;
	reply.mac_list = &body;
	tw_call_reply(q->call, &reply);
	question_free(q);
}

void tw_question_macs(struct tw_controller *ctl, const Tw__Envelope *env, struct tw_call call)
{
	const Tw__ListMacs *ask = env->list_macs;
	Tw__Task task = TW__TASK__INIT;
	Tw__GetMacs body = TW__GET_MACS__INIT;
	struct tw_error err = { 0 };
	struct tw_host *host = find_host(ctl, ask->port, ask->host, &body.port, &err);

	if (!host) {
		tw_call_fail(call, &err);
		return;
	}
	body.limit = ask->limit;
	body.from = ask->from;
	task.what_case = TW__TASK__WHAT_MACS;
	task.macs = &body;
	post(ctl, host, &task, call, on_macs);
}

static void on_rebalanced(struct tw_controller *ctl, void *arg, const Tw__TaskResult *result,
			  const struct tw_error *err)
{
	struct tw_question *q = arg;
	Tw__Envelope reply = TW__ENVELOPE__INIT;
	Tw__RebalanceHostReply body;

	if (!answered(q, result, err, TW__TASK_RESULT__WHAT_REBALANCED))
		return;
	tw__rebalance_host_reply__init(&body);
	body.host = q->host;
	body.rebalanced = result->rebalanced;
	reply.body_case = TW__ENVELOPE__BODY_REBALANCE_HOST_REPLY;
	reply.rebalance_host_reply = &body;
	tw_call_reply(q->call, &reply);
	question_free(q);
}

void tw_question_rebalance(struct tw_controller *ctl, const Tw__Envelope *env, struct tw_call call)
{
	const Tw__RebalanceHost *ask = env->rebalance_host;
	Tw__Task task = TW__TASK__INIT;
	Tw__Rebalance by_load;
	struct tw_error err = { 0 };
	uint32_t none;
	struct tw_host *host = find_host(ctl, "", ask->host, &none, &err);

	if (!host) {
		tw_call_fail(call, &err);
		return;
	}
	tw__rebalance__init(&by_load);
	task.what_case = TW__TASK__WHAT_REBALANCE;
	task.rebalance = ask->what ? ask->what : &by_load;
	post(ctl, host, &task, call, on_rebalanced);
}

static void on_tried(struct tw_controller *ctl, void *arg, const Tw__TaskResult *result, const struct tw_error *err)
{
	struct tw_question *q = arg;
	Tw__Envelope reply = TW__ENVELOPE__INIT;
	Tw__TryHostExporterReply body;

	if (!answered(q, result, err, TW__TASK_RESULT__WHAT_EXPORTER_TRIED))
		return;
	tw__try_host_exporter_reply__init(&body);
	body.host = q->host;
	body.tried = result->exporter_tried;
	reply.body_case = TW__ENVELOPE__BODY_TRY_HOST_EXPORTER_REPLY;
	reply.try_host_exporter_reply = &body;
	tw_call_reply(q->call, &reply);
	question_free(q);
}

/* @param host empty: the controller */
static bool check_exporter(const struct tw_model *model, const char *name, const char *host, struct tw_error *err)
{
	const struct tw_entry *found = tw_model_find(model, TW__KIND__EXPORTER, name);
	const Tw__Exporter *e = found ? (const Tw__Exporter *)found->msg : NULL;

	if (!e)
		return tw_error_set(err, TW_E_NOT_FOUND, "exporter.name", "there is no exporter '%s'", name);
	if (e->format == TW__EXPORTER__FORMAT__SFLOW)
		return tw_error_set(err, TW_E_INVALID, "exporter.format",
				    "sFlow has no records to test with; counters of every port come at each interval");
	if (e->disabled)
		return tw_error_set(err, TW_E_INVALID, "exporter.disabled", "exporter '%s' is disabled", name);
	if (e->way == TW__EXPORTER__WAY__CENTRAL && *host)
		return tw_error_set(err, TW_E_INVALID, "try_host_exporter.host",
				    "exporter '%s' sends from the controller, not from host '%.63s'", name, host);
	return e->way == TW__EXPORTER__WAY__CENTRAL || *host ||
	       tw_error_set(err, TW_E_MISSING, "try_host_exporter.host", "exporter '%s' sends from each host: name one",
			    name);
}

void tw_question_exporter(struct tw_controller *ctl, const Tw__Envelope *env, struct tw_call call)
{
	const Tw__TryHostExporter *ask = env->try_host_exporter;
	Tw__Task task = TW__TASK__INIT;
	Tw__TryExporter body;
	struct tw_error err = { 0 };
	uint32_t none;
	struct tw_host *host = NULL;

	if (check_exporter(&ctl->model, ask->exporter, ask->host, &err)) {
		if (!*ask->host) {
			tw_exporter_trial_begin(ctl, ask->exporter, call);
			return;
		}
		host = find_host(ctl, "", ask->host, &none, &err);
	}
	if (!host) {
		tw_call_fail(call, &err);
		return;
	}
	tw__try_exporter__init(&body);
	body.exporter = ask->exporter;
	task.what_case = TW__TASK__WHAT_TRY_EXPORTER;
	task.try_exporter = &body;
	post(ctl, host, &task, call, on_tried);
}

void tw_questions_drop_all(struct tw_controller *ctl)
{
	while (!LIST_EMPTY(&ctl->questions)) {
		struct tw_question *q = LIST_FIRST(&ctl->questions);

		tw_tasks_disown(ctl, q);
		tw_call_end(q->call);
		question_free(q);
	}
}
