/* SPDX-License-Identifier: Apache-2.0 */
/* flows.c - gathers live flows from hosts; see flows.h. The controller's thread; owns the list of gathers. */
#include "controlplane/flows.h"

#include <string.h>

#include "controlplane/mem.h"
#include "controlplane/tasks.h"

enum { FLOWS_MAX = 10000, FLOWS_DEFAULT = 1000 }; /* of one host: GetFlows.limit */

struct gather_part {
	struct tw_gather *gather;
	char *host;
	Tw__Flows *flows; /* NULL = no answer */
};

struct tw_gather {
	LIST_ENTRY(tw_gather) link;
	struct tw_call call;
	uint32_t limit;
	uint32_t port;  /* number; 0 = all */
	uint8_t mac[6]; /* of that port */
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

static bool is_mac(ProtobufCBinaryData field, const uint8_t mac[static 6])
{
	return field.len == 6 && memcmp(field.data, mac, 6) == 0;
}

static bool is_wanted(const struct tw_gather *gather, const Tw__Flow *flow)
{
	return !gather->port || flow->ingress == gather->port || flow->egress == gather->port ||
	       is_mac(flow->src_mac, gather->mac) || is_mac(flow->dst_mac, gather->mac);
}

/* Keeps the flows that were asked for, at most `limit`. */
static void trim(const struct tw_gather *gather, Tw__Flows *flows)
{
	size_t kept = 0;

	for (size_t i = 0; i < flows->n_flows; i++) {
		if (kept < gather->limit && is_wanted(gather, flows->flows[i]))
			flows->flows[kept++] = flows->flows[i];
		else
			tw_message_free(&flows->flows[i]->base);
	}
	flows->n_flows = kept;
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

static void ask(struct tw_controller *ctl, struct gather_part *part, struct tw_host *host, uint32_t port)
{
	Tw__Task task = TW__TASK__INIT;
	Tw__GetFlows body = TW__GET_FLOWS__INIT;

	body.port = port;
	body.limit = part->gather->port && !port ? FLOWS_MAX : part->gather->limit;
	task.id = tw_task_new_id(ctl);
	task.what_case = TW__TASK__WHAT_FLOWS;
	task.flows = &body;
	part->gather->n_open++;
	tw_task_post(ctl, host, &task, TW_FLOWS_WAIT_MS, false, on_flows, part);
}

/* @return false with *err filled when a name leads nowhere; *home: the port's host, NULL if all ports are meant */
static bool check(struct tw_controller *ctl, const Tw__ListFlows *request, const Tw__Port **port, const char **home,
		  struct tw_error *err)
{
	*port = NULL;
	*home = NULL;
	if (*request->host && !tw_model_host(&ctl->model, request->host))
		return tw_error_set(err, TW_E_NOT_FOUND, "list_flows.host", "there is no host '%s'", request->host);
	if (!*request->port)
		return true;
	*port = tw_model_port(&ctl->model, request->port);
	if (!*port)
		return tw_error_set(err, TW_E_NOT_FOUND, "list_flows.port", "there is no port '%s'", request->port);
	*home = tw_port_host(*port);
	if (!*home)
		return tw_error_set(err, TW_E_NOT_BOUND, "list_flows.port", "port '%s' is bound to no host",
				    request->port);
	return true;
}

static struct tw_gather *gather_add(struct tw_controller *ctl, const Tw__ListFlows *request, const Tw__Port *port,
				    struct tw_call call)
{
	struct tw_gather *gather = tw_need(calloc(1, sizeof(*gather)));

	gather->call = call;
	gather->limit = request->limit ? request->limit : FLOWS_DEFAULT;
	if (gather->limit > FLOWS_MAX)
		gather->limit = FLOWS_MAX;
	if (port) {
		gather->port = port->number;
		memcpy(gather->mac, port->mac.data, sizeof(gather->mac));
	}
	gather->parts = tw_need(calloc(ctl->model.tables[TW__KIND__HOST].n + 1, sizeof(*gather->parts)));
	LIST_INSERT_HEAD(&ctl->gathers, gather, link);
	return gather;
}

void tw_flows_list(struct tw_controller *ctl, const Tw__Envelope *env, struct tw_call call)
{
	const Tw__ListFlows *request = env->list_flows;
	const struct tw_table *hosts = &ctl->model.tables[TW__KIND__HOST];
	struct tw_gather *gather;
	const Tw__Port *port;
	const char *home;
	struct tw_error err;

	if (!check(ctl, request, &port, &home, &err)) {
		tw_call_fail(call, &err);
		return;
	}
	gather = gather_add(ctl, request, port, call);
	for (size_t i = 0; i < hosts->n; i++) {
		struct tw_host *host = tw_host_find(ctl, hosts->items[i].name);
		struct gather_part *part;

		if (!host || (*request->host && strcmp(host->name, request->host) != 0))
			continue;
		part = &gather->parts[gather->n_parts++];
		part->gather = gather;
		part->host = tw_need(strdup(host->name));
		if (tw_host_connected(host))
			ask(ctl, part, host, port && strcmp(home, host->name) == 0 ? port->number : 0);
	}
	tw_controller_wake_at(ctl, 0);
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
	while (!LIST_EMPTY(&ctl->gathers))
		gather_free(ctl, LIST_FIRST(&ctl->gathers));
}
