/* SPDX-License-Identifier: Apache-2.0 */
/* flows.c - gathers live flows from hosts; see flows.h. The controller's thread; owns the list of gathers. */
#include "controlplane/flows.h"

#include <string.h>

#include "controlplane/mem.h"
#include "controlplane/tasks.h"

enum { PORTS_MAX = 4096, MACS_MAX = 8192 }; /* of a FlowFilter */
enum { FLOWS_DEFAULT = 1000, ANSWER_MAX = 100000 /* flows of all hosts in one answer: some 20 MB */ };

struct gather_part {
	struct tw_gather *gather;
	char *host;
	Tw__Flows *flows; /* NULL = no answer */
};

struct tw_gather {
	LIST_ENTRY(tw_gather) link;
	struct tw_call call;
	uint32_t limit; /* of each host */
	struct gather_part *parts;
	size_t n_parts, n_open;
};

static void gather_free(struct tw_controller *ctl, struct tw_gather *gather)
{
	LIST_REMOVE(gather, link);
	for (size_t i = 0; i < gather->n_parts; i++) {
		tw_tasks_disown(ctl, &gather->parts[i]);
		free(gather->parts[i].host);
		if (gather->parts[i].flows)
			tw_message_free(&gather->parts[i].flows->base);
	}
	free(gather->parts);
	free(gather);
}

/* A host may send more than it was asked for. */
static void trim(const struct tw_gather *gather, Tw__Flows *flows)
{
	while (flows->n_flows > gather->limit)
		tw_message_free(&flows->flows[--flows->n_flows]->base);
}

static void on_flows(struct tw_controller *ctl, void *arg, const Tw__TaskResult *result, const struct tw_error *err)
{
	struct gather_part *part = arg;

	part->gather->n_open--;
	if (result && result->what_case == TW__TASK_RESULT__WHAT_FLOWS) {
		part->flows = (Tw__Flows *)tw_message_clone(&result->flows->base);
		trim(part->gather, part->flows);
	}
	tw_controller_wake_at(ctl, 0);
}

static void ask(struct tw_controller *ctl, struct gather_part *part, struct tw_host *host, Tw__GetFlows *body)
{
	Tw__Task task = TW__TASK__INIT;

	task.id = tw_task_new_id(ctl);
	task.what_case = TW__TASK__WHAT_FLOWS;
	task.flows = body;
	part->gather->n_open++;
	tw_task_post(ctl, host, &task, TW_FLOWS_WAIT_MS, false, on_flows, part);
}

static void ask_hosts(struct tw_controller *ctl, const Tw__ListFlows *request, Tw__GetFlows *body, struct tw_call call)
{
	const struct tw_table *hosts = &ctl->model.tables[TW__KIND__HOST];
	struct tw_gather *gather = tw_need(calloc(1, sizeof(*gather)));

	if (hosts->n && !*request->host && body->limit > ANSWER_MAX / hosts->n)
		body->limit = (uint32_t)(ANSWER_MAX / hosts->n);
	body->limit += body->limit == 0; /* more than 100,000 hosts: 0 would be the default */
	gather->call = call;
	gather->limit = body->limit;
	gather->parts = tw_need(calloc(hosts->n + 1, sizeof(*gather->parts)));
	LIST_INSERT_HEAD(&ctl->gathers, gather, link);
	for (size_t i = 0; i < hosts->n; i++) {
		struct tw_host *host = tw_host_find(ctl, hosts->items[i].name);
		struct gather_part *part;

		if (!host || (*request->host && strcmp(host->name, request->host) != 0))
			continue;
		part = &gather->parts[gather->n_parts++];
		part->gather = gather;
		part->host = tw_need(strdup(host->name));
		if (tw_host_connected(host))
			ask(ctl, part, host, body);
	}
	tw_controller_wake_at(ctl, 0);
}

/* --- whose flows --- */

static bool is_named(const Tw__ListFlows *request, const Tw__Port *port)
{
	return (!*request->port || strcmp(port->name, request->port) == 0) &&
	       (!*request->vm || tw_port_of_vm(port, request->vm)) &&
	       (!*request->network || strcmp(port->network, request->network) == 0);
}

/* @return false with *err filled when a name leads nowhere, or to more than a host can be asked for */
static bool add_ports(struct tw_controller *ctl, const Tw__ListFlows *request, Tw__FlowFilter *filter,
		      struct tw_error *err)
{
	size_t n = ctl->model.tables[TW__KIND__PORT].n;

	filter->ports = tw_need(calloc(PORTS_MAX, sizeof(filter->ports[0])));
	filter->macs = tw_need(calloc(MACS_MAX, sizeof(filter->macs[0])));
	for (size_t i = 0; i < n; i++) {
		const Tw__Port *port = tw_model_port_at(&ctl->model, i);

		if (!is_named(request, port))
			continue;
		if (filter->n_ports == PORTS_MAX || filter->n_macs + 1 + port->n_static_macs > MACS_MAX)
			return tw_error_set(err, TW_E_TOO_LARGE, "list_flows", "these are more than %d ports",
					    (int)filter->n_ports);
		filter->ports[filter->n_ports++] = port->number;
		filter->macs[filter->n_macs++] = port->mac;
		for (size_t k = 0; k < port->n_static_macs; k++)
			filter->macs[filter->n_macs++] = port->static_macs[k];
	}
	if (filter->n_ports)
		return true;
	if (*request->vm)
		return tw_error_set(err, TW_E_NOT_FOUND, "list_flows.vm", "VM '%s' has no such port", request->vm);
	return tw_error_set(err, TW_E_NOT_FOUND, "list_flows.network", "network '%s' has no such port",
			    request->network);
}

static bool check(struct tw_controller *ctl, const Tw__ListFlows *request, struct tw_error *err)
{
	if (*request->host && !tw_model_host(&ctl->model, request->host))
		return tw_error_set(err, TW_E_NOT_FOUND, "list_flows.host", "there is no host '%s'", request->host);
	if (*request->port && !tw_model_port(&ctl->model, request->port))
		return tw_error_set(err, TW_E_NOT_FOUND, "list_flows.port", "there is no port '%s'", request->port);
	if (*request->network && !tw_model_network(&ctl->model, request->network))
		return tw_error_set(err, TW_E_NOT_FOUND, "list_flows.network", "there is no network '%s'",
				    request->network);
	return true;
}

void tw_flows_list(struct tw_controller *ctl, const Tw__Envelope *env, struct tw_call call)
{
	const Tw__ListFlows *request = env->list_flows;
	bool ports = *request->port || *request->vm || *request->network;
	Tw__FlowFilter filter = TW__FLOW_FILTER__INIT;
	Tw__GetFlows body = TW__GET_FLOWS__INIT;
	struct tw_error err;

	if (request->filter)
		filter = *request->filter;
	filter.ports = NULL;
	filter.macs = NULL;
	filter.n_ports = filter.n_macs = 0;
	body.filter = &filter;
	body.limit = request->limit ? request->limit : FLOWS_DEFAULT;
	body.order = request->order;
	if (!check(ctl, request, &err) || (ports && !add_ports(ctl, request, &filter, &err)))
		tw_call_fail(call, &err);
	else
		ask_hosts(ctl, request, &body, call);
	free(filter.ports);
	free(filter.macs);
}

static void answer(struct tw_gather *gather)
{
	Tw__Envelope reply = TW__ENVELOPE__INIT;
	Tw__FlowList body = TW__FLOW_LIST__INIT;
	Tw__HostFlows *parts = tw_need(calloc(gather->n_parts + 1, sizeof(*parts)));

	body.hosts = tw_need(calloc(gather->n_parts + 1, sizeof(*body.hosts)));
	body.missing = tw_need(calloc(gather->n_parts + 1, sizeof(*body.missing)));
	for (size_t i = 0; i < gather->n_parts; i++) {
		if (!gather->parts[i].flows) {
			body.missing[body.n_missing++] = gather->parts[i].host;
			continue;
		}
		tw__host_flows__init(&parts[i]);
		parts[i].host = gather->parts[i].host;
		parts[i].flows = gather->parts[i].flows;
		body.hosts[body.n_hosts++] = &parts[i];
	}
	reply.body_case = TW__ENVELOPE__BODY_FLOW_LIST;
	reply.flow_list = &body;
	tw_call_reply(gather->call, &reply);
	free(body.hosts);
	free(body.missing);
	free(parts);
}

void tw_flows_tick(struct tw_controller *ctl)
{
	struct tw_gather *gather, *next;

	for (gather = LIST_FIRST(&ctl->gathers); gather; gather = next) {
		next = LIST_NEXT(gather, link);
		if (gather->n_open)
			continue; /* its tasks end by themselves: tasks.h */
		answer(gather);
		gather_free(ctl, gather);
	}
}

void tw_flows_drop_all(struct tw_controller *ctl)
{
	while (!LIST_EMPTY(&ctl->gathers)) {
		struct tw_gather *gather = LIST_FIRST(&ctl->gathers);

		tw_call_end(gather->call);
		gather_free(ctl, gather);
	}
}
