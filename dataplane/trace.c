/* SPDX-License-Identifier: Apache-2.0 */
/* trace.c - what would happen to a frame, stage by stage; see trace.h. Main; pure but for the names. */
#include "dataplane/trace.h"

#include <arpa/inet.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <rte_mbuf.h>

#include "common/mac.h"
#include "dataplane/acl.h"
#include "dataplane/edit.h"
#include "dataplane/guard.h"
#include "dataplane/parse.h"
#include "dataplane/snoop.h"
#include "dataplane/team.h"
#include "dataplane/tx.h"
#include "dataplane/vlan.h"

static const struct {
	const char *name, *drops;
	bool first_frame;
} stages[TW_STAGES_MAX] = {
#define TW_STAGE_ROW(stage, file, when, text, may_drop) \
	[TW_STAGE_##stage] = { .name = #stage, .drops = (may_drop), .first_frame = #when[0] == 'f' && #when[1] == 'i' },
	TW_STAGES(TW_STAGE_ROW)
#undef TW_STAGE_ROW
};

const char *tw_stage_name(enum tw_stage stage)
{
	return stages[stage].name;
}

enum tw_stage tw_stage_of_drop(enum tw_drop reason)
{
	const char *name = tw_drop_name(reason);
	size_t len = strlen(name);

	for (unsigned i = 0; i < TW_STAGES_MAX; i++)
		for (const char *at = stages[i].drops; (at = strstr(at, name)) != NULL; at += len)
			if ((at == stages[i].drops || at[-1] == ' ') && (at[len] == ' ' || at[len] == '\0'))
				return (enum tw_stage)i;
	return TW_STAGE_transmit;
}

void tw_trace_note(struct tw_trace *t, enum tw_stage stage, const char *fmt, ...)
{
	char *text = t->text[stage];
	size_t used = strlen(text);
	va_list args;

	if (used && used < TW_TRACE_TEXT - 3)
		used += (size_t)snprintf(text + used, TW_TRACE_TEXT - used, "; ");
	va_start(args, fmt);
	vsnprintf(text + used, TW_TRACE_TEXT - used, fmt, args);
	va_end(args);
}

const char *tw_trace_name(const struct tw_trace *t, uint16_t slot, uint32_t number)
{
	static char text[4][128]; /* main's; a sentence has at most so many names */
	static unsigned turn;

	turn = (turn + 1) % 4;
	return t->names->name(t->names->arg, slot, number, text[turn], sizeof(text[0]));
}

/* --- parse --- */

static void note_ip(struct tw_trace *t, const struct tw_key *k)
{
	bool six = k->flags & TW_FLOW_KEY_IPV6;
	char src[INET6_ADDRSTRLEN], dst[INET6_ADDRSTRLEN];

	inet_ntop(six ? AF_INET6 : AF_INET, six ? k->src_ip6 : k->src_ip4, src, sizeof(src));
	inet_ntop(six ? AF_INET6 : AF_INET, six ? k->dst_ip6 : k->dst_ip4, dst, sizeof(dst));
	tw_trace_note(t, TW_STAGE_parse, "IPv%d %s to %s, protocol %u", six ? 6 : 4, src, dst, k->protocol);
	if (k->flags & TW_FLOW_KEY_FRAGMENT)
		tw_trace_note(t, TW_STAGE_parse, "a later fragment, without ports");
	else if (k->flags & TW_FLOW_KEY_ICMP)
		tw_trace_note(t, TW_STAGE_parse, "ICMP type %u code %u", k->dst_port[0], k->dst_port[1]);
	else if (k->protocol == 6 || k->protocol == 17)
		tw_trace_note(t, TW_STAGE_parse, "port %u to %u", k->src_port[0] << 8 | k->src_port[1],
			      k->dst_port[0] << 8 | k->dst_port[1]);
}

static void note_parsed(struct tw_trace *t, const struct tw_key *k)
{
	char src[TW_MAC_TEXT], dst[TW_MAC_TEXT];

	tw_trace_note(t, TW_STAGE_parse, "%s to %s", tw_mac_format(k->src_mac, src), tw_mac_format(k->dst_mac, dst));
	if (k->flags & TW_FLOW_KEY_TAGGED)
		tw_trace_note(t, TW_STAGE_parse, "tag with VLAN %u priority %u", k->tci & 0xfff, k->tci >> 13);
	else
		tw_trace_note(t, TW_STAGE_parse, "no tag");
	if (k->flags & (TW_FLOW_KEY_IPV4 | TW_FLOW_KEY_IPV6))
		note_ip(t, k);
	else
		tw_trace_note(t, TW_STAGE_parse, "ethertype 0x%02x%02x", k->ethertype[0], k->ethertype[1]);
}

/* --- what an action does --- */

/* The frame as it is after an edit, in `wire`. @return its octets; 0: no room for a tag */
static uint32_t edit(struct tw_trace *t, const uint8_t *frame, uint32_t len, enum tw_edit edit, uint16_t tag)
{
	struct rte_mbuf m = { .buf_addr = t->wire,
			      .buf_len = sizeof(t->wire),
			      .data_off = TW_TRACE_HEADROOM,
			      .data_len = (uint16_t)len,
			      .pkt_len = len,
			      .nb_segs = 1 };

	rte_mbuf_refcnt_set(&m, 1);
	memcpy(t->wire + TW_TRACE_HEADROOM, frame, len);
	if (!tw_edit_apply(&m, edit, tag))
		return 0;
	memmove(t->wire, rte_pktmbuf_mtod(&m, const uint8_t *), m.pkt_len);
	return m.pkt_len;
}

const char *tw_trace_edit_text(enum tw_edit edit)
{
	switch (edit) {
	case TW_EDIT_NONE:
		return "as it is";
	case TW_EDIT_PUSH:
		return "a tag is put on";
	case TW_EDIT_PUSH_DOT1AD:
		return "a service tag (0x88a8) is put on";
	case TW_EDIT_POP:
		return "its tag is taken off";
	case TW_EDIT_SET:
		return "its tag gets the VLAN";
	case TW_EDIT_SET_ALL:
		return "its tag gets the VLAN and the port's priority";
	}
	return "it is edited";
}

/* @return false: it is too large for that side */
static bool leave(struct tw_trace *t, const struct tw_snapshot *s, uint16_t slot, const uint8_t *frame, uint32_t len,
		  uint32_t l2_len, enum tw_edit how)
{
	const struct tw_slot *out = &s->slot[slot];
	const struct rte_mbuf m = { .pkt_len = len };

	if (tw_tx_over_mtu(out, l2_len, &m))
		return false;
	t->outs[t->n_outs++] = slot;
	if (out->uplink)
		t->wire_len = edit(t, frame, len, how, t->tag);
	return true;
}

static void end_dropped(struct tw_trace *t, enum tw_drop reason)
{
	t->verdict.action = TW_ACT_DROP;
	t->verdict.drop = (uint8_t)reason;
	t->end = tw_stage_of_drop(reason);
	tw_trace_note(t, t->end, "%s", tw_drop_text(reason));
}

static void forward(struct tw_trace *t, const struct tw_snapshot *s, const uint8_t *frame, uint32_t len,
		    uint32_t l2_len)
{
	const struct tw_verdict *v = &t->verdict;
	const struct tw_slot *out = &s->slot[v->out];

	tw_trace_note(t, TW_STAGE_edit, "for %s: %s", tw_trace_name(t, v->out, 0),
		      tw_trace_edit_text((enum tw_edit)v->edit));
	if (!leave(t, s, v->out, frame, len, l2_len, (enum tw_edit)v->edit)) {
		tw_trace_note(t, TW_STAGE_transmit, "%u octets of layer 3 for an MTU of %u", len - l2_len, out->mtu);
		end_dropped(t, TW_DROP_OVER_MTU);
		return;
	}
	tw_trace_limit(t, s, v->out);
	if (!out->tx_csum || !out->tx_tso || !out->tx_tso6)
		tw_trace_note(t, TW_STAGE_offload,
			      "%s takes no frames with work left to do: what a guest left is done here",
			      tw_trace_name(t, v->out, 0));
	tw_trace_note(t, TW_STAGE_transmit, "to %s, unless its ring is full", tw_trace_name(t, v->out, 0));
	t->end = TW_STAGE_transmit;
}

static void flood_to(struct tw_trace *t, const struct tw_snapshot *s, uint16_t slot, const struct tw_key *key,
		     const uint8_t *frame, uint32_t len, uint32_t l2_len)
{
	enum tw_edit how = tw_edit_for(&s->slot[key->in], &s->slot[slot], key);

	if (s->slot[slot].rate)
		tw_trace_limit(t, s, slot);
	if (leave(t, s, slot, frame, len, l2_len, how))
		tw_trace_note(t, TW_STAGE_flood, "%s (%s)", tw_trace_name(t, slot, 0), tw_trace_edit_text(how));
	else
		tw_trace_note(t, TW_STAGE_flood, "%s not: over its MTU", tw_trace_name(t, slot, 0));
}

static void flood_list(struct tw_trace *t, const struct tw_snapshot *s, uint16_t list, const struct tw_key *key,
		       const uint8_t *frame, uint32_t len, uint32_t l2_len)
{
	const uint16_t *member = s->members + s->flood[list].first;

	for (uint32_t i = 0; i < s->flood[list].n; i++)
		if (tw_flood_takes(s, key, &t->verdict, member[i], list))
			flood_to(t, s, member[i], key, frame, len, l2_len);
}

static bool somebody_listens(struct tw_trace *t, const struct tw_snapshot *s, const struct tw_key *key,
			     struct tw_mcast_list *list, bool *all)
{
	enum tw_drop reason = tw_snoop_listeners(s, t->mcast, key, &t->verdict, list, all);

	if (reason != TW_DROPS)
		end_dropped(t, reason);
	else if (*all)
		tw_trace_note(t, TW_STAGE_flood, "for all: %s",
			      t->mcast && t->mcast->vlan[t->verdict.vlan][!!(key->flags & TW_FLOW_KEY_IPV6)].known
				      ? "nobody has joined the group"
				      : "memberships are not known yet");
	return reason == TW_DROPS;
}

static void copies(struct tw_trace *t, const struct tw_snapshot *s, const struct tw_key *key, const uint8_t *frame,
		   uint32_t len, uint32_t l2_len)
{
	uint16_t vlan = t->verdict.vlan, wire = tw_vlan_tag(&s->slot[key->in], key) & 0x0fff;

	flood_list(t, s, vlan, key, frame, len, l2_len);
	if (wire != vlan)
		flood_list(t, s, wire, key, frame, len, l2_len);
}

static void flood(struct tw_trace *t, const struct tw_snapshot *s, const struct tw_key *key, const uint8_t *frame,
		  uint32_t len, uint32_t l2_len)
{
	uint16_t way = s->slot[key->in].uplink ? TW_SLOT_NONE : tw_team_way(s, key->in, key);
	bool all = t->verdict.scope < TW_TO_LISTENERS;
	struct tw_mcast_list list = { 0 };

	if (!all && !somebody_listens(t, s, key, &list, &all))
		return;
	if (all)
		copies(t, s, key, frame, len, l2_len);
	for (uint32_t i = 0; i < list.n && !all; i++)
		if (tw_snoop_takes(s, key, &t->verdict, t->mcast->slots[list.first + i]))
			flood_to(t, s, t->mcast->slots[list.first + i], key, frame, len, l2_len);
	if (way != TW_SLOT_NONE)
		flood_to(t, s, way, key, frame, len, l2_len);
	tw_trace_note(t, TW_STAGE_transmit, "%u %s", t->n_outs, t->n_outs == 1 ? "copy" : "copies");
	t->end = TW_STAGE_transmit;
}

static bool inspected(struct tw_trace *t, const struct tw_snapshot *s, const struct tw_key *key, const uint8_t *frame,
		      uint32_t len, uint32_t l2_len)
{
	enum tw_drop reason = tw_guard_inspect(&s->slot[key->in], key, frame, len, l2_len);

	if (reason == TW_DROPS)
		tw_trace_note(t, TW_STAGE_inspect, "what it says is the port's own");
	else
		end_dropped(t, reason);
	return reason == TW_DROPS;
}

static void act(struct tw_trace *t, const struct tw_snapshot *s, const struct tw_key *key, const uint8_t *frame,
		uint32_t len, uint32_t l2_len)
{
	const struct tw_verdict *v = &t->verdict;

	if (v->flags & TW_V_INSPECT && !inspected(t, s, key, frame, len, l2_len))
		return;
	if (v->flags & TW_V_STORM)
		tw_trace_storm(t, s, key);
	if (v->flags & TW_V_SNOOP)
		tw_trace_note(t, TW_STAGE_snoop, "the switch learns from it who listens and who asks");
	if (v->flags & TW_V_RECORD)
		tw_trace_note(t, TW_STAGE_record,
			      "all frames of one of its ports are recorded: `twctl why` shows them");
	switch ((enum tw_action)v->action) {
	case TW_ACT_COPY:
		copies(t, s, key, frame, len, l2_len);
		forward(t, s, frame, len, l2_len);
		break;
	case TW_ACT_FORWARD:
		forward(t, s, frame, len, l2_len);
		break;
	case TW_ACT_FLOOD:
		flood(t, s, key, frame, len, l2_len);
		break;
	case TW_ACT_HOLD:
		tw_trace_note(t, TW_STAGE_hold, "%s is between two hosts: the frame waits for it",
			      tw_trace_name(t, v->out, 0));
		t->end = TW_STAGE_hold;
		break;
	case TW_ACT_CONTROL:
		tw_trace_note(t, TW_STAGE_control, "main reads it");
		t->end = TW_STAGE_control;
		break;
	case TW_ACT_DROP:
		break;
	}
}

/* --- the whole --- */

static void decide(struct tw_trace *t, const struct tw_snapshot *s, const struct tw_key *key)
{
	enum tw_stage end;

	t->tag = tw_vlan_tag(&s->slot[key->in], key);
	t->verdict = tw_decide_noting(s, key, t);
	end = t->verdict.action == TW_ACT_DROP ? tw_stage_of_drop((enum tw_drop)t->verdict.drop) : TW_STAGES_MAX;
	for (unsigned i = 0; i < TW_STAGES_MAX; i++) {
		if (!stages[i].first_frame)
			continue;
		if (i > end)
			t->text[i][0] = '\0'; /* looked at, but the frame does not get there */
		else if (i < end && !t->text[i][0])
			tw_trace_note(t, (enum tw_stage)i, "passed");
	}
	if (end != TW_STAGES_MAX)
		end_dropped(t, (enum tw_drop)t->verdict.drop);
	tw_trace_note(
		t, TW_STAGE_count,
		t->verdict.flags & TW_V_SECOND ? "its sender's host counts it; here, too, for exporters of both sides"
		: t->verdict.flags & TW_V_METER
			? "it enters the switch here: counted in a flow record"
			: "its sender is a port of the switch, or was learned behind one: counted where it came in");
}

/* Rules on TCP flags judge this very frame. Nothing is counted. */
static bool lists_let_pass(struct tw_trace *t, const struct tw_snapshot *s, const struct tw_key *key, uint8_t tcp_flags)
{
	const struct tw_verdict *v = &t->verdict;
	const struct tw_acl *lists[2] = { s->slot[key->in].acl_in,
					  v->out < TW_SLOTS_MAX ? s->slot[v->out].acl_out : NULL };

	for (int i = 0; i < 2; i++) {
		struct tw_acl_verdict a;

		if (!lists[i])
			continue;
		a = tw_acl_judge_frame(lists[i], key, v->vlan, tcp_flags, NULL);
		tw_trace_note(t, TW_STAGE_acl, "%s with TCP flags 0x%02x: rule %u of %u", lists[i]->name, tcp_flags,
			      a.rule + 1u, lists[i]->n);
		if (a.deny) {
			end_dropped(t, i == 0 ? TW_DROP_ACL_INGRESS : TW_DROP_ACL_EGRESS);
			return false;
		}
	}
	return true;
}

void tw_trace_frame(const struct tw_snapshot *s, uint16_t in, const uint8_t *frame, uint32_t len, struct tw_trace *t)
{
	struct tw_key key;
	struct tw_meta meta;

	memset(t->text, 0, sizeof(t->text));
	t->verdict = (struct tw_verdict){ .out = TW_SLOT_NONE };
	t->n_outs = 0;
	t->wire_len = 0;
	tw_trace_note(t, TW_STAGE_receive, "%u octets from %s %s", len, s->slot[in].uplink ? "the uplink" : "the port",
		      tw_trace_name(t, in, 0));
	if (!tw_parse(frame, len, len, in, &key, &meta)) {
		end_dropped(t, TW_DROP_SHORT_FRAME);
		return;
	}
	note_parsed(t, &key);
	if (s->slot[in].uplink && len - meta.l2_len > s->slot[in].mtu) {
		end_dropped(t, TW_DROP_WIRE_OVER_MTU);
		return;
	}
	tw_trace_police(t, s, in);
	tw_trace_note(t, TW_STAGE_lookup, "judged as the first frame of its flow");
	decide(t, s, &key);
	if (!(t->verdict.flags & TW_V_ACL_EACH) || lists_let_pass(t, s, &key, meta.tcp_flags))
		act(t, s, &key, frame, len, meta.l2_len);
	tw_trace_mirrors(t, s, &key, frame, len);
}
