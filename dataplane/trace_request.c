/* SPDX-License-Identifier: Apache-2.0 */
/* trace_request.c - the agent's TraceFrame, answered from the snapshot that the workers have. Main. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/switch.h"
#include "dataplane/trace.h"

static const char *name_of(void *arg, uint16_t slot, uint32_t number, char *text, unsigned size)
{
	return tw_slot_name(arg, slot, number, text, size);
}

static const char *const actions[] = {
	[TW_ACT_DROP] = "drop", [TW_ACT_FORWARD] = "forward", [TW_ACT_FLOOD] = "flood",
	[TW_ACT_HOLD] = "hold", [TW_ACT_CONTROL] = "control", [TW_ACT_COPY] = "forward"
};

/* The message's parts are the trace's own memory. */
struct answer {
	struct tw_trace trace;
	Tw__Traced traced;
	Tw__TraceStage stages[TW_STAGES_MAX];
	Tw__TraceStage *stage_list[TW_STAGES_MAX];
	char action[16], reason[64], sentence[TW_TRACE_TEXT], names[TW_STAGES_MAX][32];
	char out_names[TW_SLOTS_MAX][128];
	char *outs[TW_SLOTS_MAX];
};

static void add_stage(struct answer *a, enum tw_stage stage)
{
	Tw__TraceStage *out = &a->stages[stage];
	bool dropped = a->trace.verdict.action == TW_ACT_DROP && stage == a->trace.end;

	if (!a->trace.text[stage][0])
		return;
	tw__trace_stage__init(out);
	snprintf(a->names[stage], sizeof(a->names[0]), "%s", tw_stage_name(stage));
	out->stage = a->names[stage];
	out->text = a->trace.text[stage];
	out->dropped = dropped;
	a->stage_list[a->traced.n_stages++] = out;
}

static void fill(struct answer *a)
{
	const struct tw_verdict *v = &a->trace.verdict;
	Tw__Traced *t = &a->traced;

	tw__traced__init(t);
	t->stages = a->stage_list;
	for (unsigned i = 0; i < TW_STAGES_MAX; i++)
		add_stage(a, (enum tw_stage)i);
	snprintf(a->action, sizeof(a->action), "%s", actions[v->action]);
	t->action = a->action;
	if (v->action == TW_ACT_DROP) {
		snprintf(a->reason, sizeof(a->reason), "%s", tw_drop_name(v->drop));
		snprintf(a->sentence, sizeof(a->sentence), "%s", tw_drop_text(v->drop));
		t->drop_reason = a->reason;
		t->drop_text = a->sentence;
	}
	t->vlan = v->vlan;
	t->egress = v->egress;
	for (unsigned i = 0; i < a->trace.n_outs; i++) {
		name_of(a->trace.names->arg, a->trace.outs[i], 0, a->out_names[i], sizeof(a->out_names[0]));
		a->outs[i] = a->out_names[i];
	}
	t->n_outs = a->trace.n_outs;
	t->outs = a->outs;
	t->uplink_frame.data = a->trace.wire;
	t->uplink_frame.len = a->trace.wire_len;
}

void tw_trace_request(struct tw_switch *sw, struct tw_link_request *req, const Tw__Envelope *env)
{
	const Tw__TraceFrame *ask = env->trace_frame;
	const struct tw_snapshot *s = atomic_load_explicit(&sw->snapshot, memory_order_relaxed); /* main made it */
	const struct tw_trace_names names = { name_of, sw };
	const struct tw_port *p = ask->port ? tw_port_by_number(sw, ask->port) : NULL;
	uint16_t in = p ? p->slot : ask->port ? TW_SLOT_NONE : tw_links_active_uplink(sw);
	Tw__Envelope out = TW__ENVELOPE__INIT;
	struct answer *a;

	if (in == TW_SLOT_NONE || !s || in >= s->n_slots) {
		tw_link_refuse(req, TW_E_NOT_FOUND, "trace_frame.port",
			       ask->port ? "no such port is here" : "no uplink is up");
		return;
	}
	a = calloc(1, sizeof(*a));
	if (!a || ask->frame.len == 0 || ask->frame.len > TW_TRACE_FRAME_MAX) {
		tw_link_refuse(req, a ? TW_E_INVALID : TW_E_INTERNAL, "trace_frame.frame",
			       a ? "it has no length that a frame has" : "out of memory");
		free(a);
		return;
	}
	a->trace.names = &names;
	a->trace.mcast = atomic_load_explicit(&sw->mcast, memory_order_relaxed); /* and this, too */
	tw_trace_frame(s, in, ask->frame.data, (uint32_t)ask->frame.len, &a->trace);
	fill(a);
	out.body_case = TW__ENVELOPE__BODY_TRACED;
	out.traced = &a->traced;
	tw_link_reply(req, &out);
	free(a);
}
