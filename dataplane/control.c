/* SPDX-License-Identifier: Apache-2.0 */
/* control.c - requests on switch.ipc: one table, one function each. Main; answered at once or when the workers are done. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/flow_state.h"
#include "dataplane/switch.h"

#define TW_LOG_AREA "control"
#include "common/log.h"

enum { FLOWS_DEFAULT = 1000, FLOWS_MAX = 10000 };

typedef void (*handler)(struct tw_switch *sw, struct tw_link_request *req, const Tw__Envelope *env);

static void refuse(struct tw_link_request *req, enum tw_api_error code, const char *field, const char *text)
{
	struct tw_error err = { 0 };

	tw_error_set(&err, code, field, "%s", text);
	tw_link_reply_error(req, &err);
}

static void apply_snapshot(struct tw_switch *sw, struct tw_link_request *req, const Tw__Envelope *env)
{
	Tw__ApplySnapshotReply reply = TW__APPLY_SNAPSHOT_REPLY__INIT;
	Tw__Envelope out = TW__ENVELOPE__INIT;
	struct tw_error err = { 0 };

	if (!env->apply_snapshot->snapshot) {
		refuse(req, TW_E_MISSING, "apply_snapshot.snapshot", "there is none");
		return;
	}
	if (!tw_apply(sw, env->apply_snapshot->snapshot, &err)) {
		tw_link_reply_error(req, &err);
		return;
	}
	reply.revision = sw->plan->revision;
	out.body_case = TW__ENVELOPE__BODY_APPLY_SNAPSHOT_REPLY;
	out.apply_snapshot_reply = &reply;
	tw_link_reply(req, &out);
}

static void get_status(struct tw_switch *sw, struct tw_link_request *req, const Tw__Envelope *env)
{
	Tw__Envelope out = TW__ENVELOPE__INIT;

	out.body_case = TW__ENVELOPE__BODY_SWITCH_STATUS;
	out.switch_status = tw_status(sw);
	if (out.switch_status)
		tw_link_reply(req, &out);
	else
		refuse(req, TW_E_INTERNAL, NULL, "out of memory");
	if (out.switch_status)
		tw__switch_status__free_unpacked(out.switch_status, NULL);
}

/* --- flows --- */

struct flows_asked {
	struct tw_switch *sw;
	struct tw_link_request *req;
	uint32_t limit;
};

static bool add_flow(struct tw_switch *sw, Tw__Flows *out, unsigned worker, const struct tw_flow *f)
{
	const struct tw_flow_clock clock = tw_worker_clock(sw->workers[worker]);
	Tw__Flow *flow = tw_flow_to_message(f, &clock, tw_slot_number(sw, f->key.in), false);

	if (flow)
		out->flows[out->n_flows++] = flow;
	return flow != NULL;
}

/* Some of each worker's, in turn, so that a short list is not one worker's alone. */
static bool fill_flows(const struct flows_asked *a, Tw__Flows *out, struct tw_job *const *jobs, unsigned n)
{
	out->flows = malloc((a->limit + 1) * sizeof(Tw__Flow *));
	if (!out->flows)
		return false;
	for (unsigned w = 0; w < n; w++)
		out->total += jobs[w]->total;
	for (uint32_t i = 0; i < a->limit && out->n_flows < a->limit; i++)
		for (unsigned w = 0; w < n && out->n_flows < a->limit; w++)
			if (i < jobs[w]->n && !add_flow(a->sw, out, w, &jobs[w]->flows[i]))
				return false;
	return true;
}

static void flows_listed(struct tw_job *const *jobs, unsigned n, void *arg)
{
	struct flows_asked *a = arg;
	Tw__Envelope env = TW__ENVELOPE__INIT;
	Tw__Flows *flows = malloc(sizeof(*flows));

	if (flows)
		tw__flows__init(flows);
	if (flows && fill_flows(a, flows, jobs, n)) {
		env.body_case = TW__ENVELOPE__BODY_FLOWS;
		env.flows = flows;
		tw_link_reply(a->req, &env);
	} else {
		refuse(a->req, TW_E_INTERNAL, NULL, "out of memory");
	}
	if (flows)
		tw__flows__free_unpacked(flows, NULL);
	free(a);
}

static void get_flows(struct tw_switch *sw, struct tw_link_request *req, const Tw__Envelope *env)
{
	const Tw__GetFlows *in = env->get_flows;
	uint32_t limit = in->limit ? in->limit : FLOWS_DEFAULT;
	struct tw_port *p = in->port ? tw_port_by_number(sw, in->port) : NULL;
	struct flows_asked *a;
	int rc;

	if (limit > FLOWS_MAX)
		limit = FLOWS_MAX;
	if (in->port && !p) {
		refuse(req, TW_E_NOT_FOUND, "get_flows.port", "no such port is here");
		return;
	}
	a = malloc(sizeof(*a));
	if (!a) {
		refuse(req, TW_E_INTERNAL, NULL, "out of memory");
		return;
	}
	*a = (struct flows_asked){ sw, req, limit };
	rc = tw_jobs_ask_all(sw->jobs, TW_JOB_LIST, p ? p->slot : TW_SLOT_NONE, limit, flows_listed, a);
	if (rc == 0)
		return;
	refuse(req, rc == -EBUSY ? TW_E_BUSY : TW_E_INTERNAL, NULL, strerror(-rc));
	free(a);
}

/* --- ports that move --- */

static struct tw_port *port_of(struct tw_switch *sw, struct tw_link_request *req, uint32_t number, const char *field)
{
	struct tw_port *p = tw_port_by_number(sw, number);

	if (!p)
		refuse(req, TW_E_NOT_FOUND, field, "no such port is here");
	return p;
}

static void take_port_state(struct tw_switch *sw, struct tw_link_request *req, const Tw__Envelope *env)
{
	struct tw_port *p = port_of(sw, req, env->take_port_state->number, "take_port_state.number");

	if (p)
		tw_handover_take(p, req);
}

static void put_port_state(struct tw_switch *sw, struct tw_link_request *req, const Tw__Envelope *env)
{
	const Tw__PortState *state = env->put_port_state->state;
	struct tw_port *p;

	if (!state) {
		refuse(req, TW_E_MISSING, "put_port_state.state", "there is none");
		return;
	}
	p = port_of(sw, req, state->number, "put_port_state.state.number");
	if (p)
		tw_handover_put(p, state, req);
}

static void release_port(struct tw_switch *sw, struct tw_link_request *req, const Tw__Envelope *env)
{
	Tw__ReleasePortReply reply = TW__RELEASE_PORT_REPLY__INIT;
	Tw__Envelope out = TW__ENVELOPE__INIT;
	struct tw_port *p = port_of(sw, req, env->release_port->number, "release_port.number");

	if (!p)
		return;
	tw_handover_release(p, env->release_port->moved);
	reply.frames_held = tw_handover_held(p);
	reply.frames_lost = tw_handover_lost(p);
	out.body_case = TW__ENVELOPE__BODY_RELEASE_PORT_REPLY;
	out.release_port_reply = &reply;
	tw_link_reply(req, &out);
}

static const struct {
	Tw__Envelope__BodyCase kind;
	handler fn;
} requests[] = {
	{ TW__ENVELOPE__BODY_APPLY_SNAPSHOT, apply_snapshot },
	{ TW__ENVELOPE__BODY_GET_SWITCH_STATUS, get_status },
	{ TW__ENVELOPE__BODY_GET_FLOWS, get_flows },
	{ TW__ENVELOPE__BODY_TAKE_PORT_STATE, take_port_state },
	{ TW__ENVELOPE__BODY_PUT_PORT_STATE, put_port_state },
	{ TW__ENVELOPE__BODY_RELEASE_PORT, release_port },
	{ TW__ENVELOPE__BODY_TRACE_FRAME, tw_trace_request },
	{ TW__ENVELOPE__BODY_GET_RECORDED, tw_why_request },
	{ TW__ENVELOPE__BODY_GET_MULTICAST, tw_snooping_request },
};

void tw_control_handle(struct tw_link_request *req, const Tw__Envelope *env, void *arg)
{
	for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++)
		if (requests[i].kind == env->body_case) {
			requests[i].fn(arg, req, env);
			return;
		}
	refuse(req, TW_E_UNEXPECTED, NULL, "tw-switch does not take this kind of message");
}
