/* SPDX-License-Identifier: Apache-2.0 */
/* control.c - requests on switch.ipc: one table, one function each. Main; answered at once or when the workers are done. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/learned.h"
#include "dataplane/switch.h"

#define TW_LOG_AREA "control"
#include "common/log.h"

typedef void (*handler)(struct tw_switch *sw, struct tw_link_request *req, const Tw__Envelope *env);

static void apply_snapshot(struct tw_switch *sw, struct tw_link_request *req, const Tw__Envelope *env)
{
	Tw__ApplySnapshotReply reply = TW__APPLY_SNAPSHOT_REPLY__INIT;
	Tw__Envelope out = TW__ENVELOPE__INIT;
	struct tw_error err = { 0 };

	if (!env->apply_snapshot->snapshot) {
		tw_link_refuse(req, TW_E_MISSING, "apply_snapshot.snapshot", "there is none");
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
		tw_link_refuse(req, TW_E_INTERNAL, NULL, "out of memory");
	if (out.switch_status)
		tw__switch_status__free_unpacked(out.switch_status, NULL);
}

/* --- ports that move --- */

static struct tw_port *port_of(struct tw_switch *sw, struct tw_link_request *req, uint32_t number, const char *field)
{
	struct tw_port *p = tw_port_by_number(sw, number);

	if (!p)
		tw_link_refuse(req, TW_E_NOT_FOUND, field, "no such port is here");
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
		tw_link_refuse(req, TW_E_MISSING, "put_port_state.state", "there is none");
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
	{ TW__ENVELOPE__BODY_GET_FLOWS, tw_flows_request },
	{ TW__ENVELOPE__BODY_TAKE_PORT_STATE, take_port_state },
	{ TW__ENVELOPE__BODY_PUT_PORT_STATE, put_port_state },
	{ TW__ENVELOPE__BODY_RELEASE_PORT, release_port },
	{ TW__ENVELOPE__BODY_TRACE_FRAME, tw_trace_request },
	{ TW__ENVELOPE__BODY_GET_RECORDED, tw_why_request },
	{ TW__ENVELOPE__BODY_TRY_EXPORTER, tw_trial_request },
	{ TW__ENVELOPE__BODY_GET_MULTICAST, tw_snooping_request },
	{ TW__ENVELOPE__BODY_REBALANCE, tw_rebalance_request },
	{ TW__ENVELOPE__BODY_GET_MACS, tw_learned_request },
	{ TW__ENVELOPE__BODY_EXCHANGE_MACS, tw_learned_exchange },
};

void tw_control_handle(struct tw_link_request *req, const Tw__Envelope *env, void *arg)
{
	for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++)
		if (requests[i].kind == env->body_case) {
			requests[i].fn(arg, req, env);
			return;
		}
	tw_link_refuse(req, TW_E_UNEXPECTED, NULL, "tw-switch does not take this kind of message");
}
