/* SPDX-License-Identifier: Apache-2.0 */
/* trace_mirrors.c - which mirrors would copy a frame, and why others would not; see trace.h. Main. */
#include <string.h>

#include <rte_mbuf.h>

#include "dataplane/edit.h"
#include "dataplane/mirror_filter.h"
#include "dataplane/mirror_rule.h"
#include "dataplane/mirror_tap.h"
#include "dataplane/trace.h"
#include "dataplane/vlan.h"

/* One place where mirrors see a frame. */
struct sight {
	uint64_t mask;      /* mirrors there */
	const char *what;   /* that they copy: "what comes from", of */
	const char *name;   /* this port or uplink */
	struct rte_mbuf *m; /* the frame as it is there; NULL: not known */
};

static void note_limits(struct tw_trace *t, const struct tw_mirror_rule *rule)
{
	if (rule->sample > 1)
		tw_trace_note(t, TW_STAGE_mirror, "of such frames one in %u", rule->sample);
	if (rule->first != UINT32_MAX)
		tw_trace_note(t, TW_STAGE_mirror, "of each flow the first %u", rule->first);
	if (rule->to == TW_MIRROR_TO_PORT && rule->out == TW_SLOT_NONE)
		tw_trace_note(t, TW_STAGE_mirror, "but its destination is not there now");
}

static void note_one(struct tw_trace *t, const struct tw_mirror_rule *rule, const struct sight *sight)
{
	if (rule->vlans && !tw_vlan_set_has(rule->vlans, t->verdict.vlan)) {
		tw_trace_note(t, TW_STAGE_mirror, "%s does not: VLAN %u is none of its own", rule->name,
			      t->verdict.vlan);
	} else if (rule->filter && sight->m && !tw_mirror_filter_takes(rule->filter, sight->m)) {
		tw_trace_note(t, TW_STAGE_mirror, "%s does not: its filter is '%s'", rule->name, rule->filter->text);
	} else {
		tw_trace_note(t, TW_STAGE_mirror, "%s copies %s %s%s", rule->name, sight->what, sight->name,
			      rule->filter && !sight->m ? ", if its filter takes it" : "");
		note_limits(t, rule);
	}
}

static void note_sight(struct tw_trace *t, const struct tw_snapshot *s, const struct sight *sight)
{
	for (uint64_t mask = sight->mask; mask; mask &= mask - 1)
		note_one(t, &s->mirrors[__builtin_ctzll(mask)], sight);
}

static struct rte_mbuf as_mbuf(uint8_t *octets, uint32_t len)
{
	struct rte_mbuf m = { .buf_addr = octets,
			      .buf_len = TW_TRACE_FRAME_MAX + TW_TRACE_HEADROOM,
			      .data_off = TW_TRACE_HEADROOM,
			      .data_len = (uint16_t)len,
			      .pkt_len = len,
			      .nb_segs = 1 };

	rte_mbuf_refcnt_set(&m, 1);
	return m;
}

/* A frame that leaves to several is copied once to each mirror, as the first of them gets it. */
static uint64_t of_all_outs(const struct tw_trace *t, const struct tw_snapshot *s)
{
	uint64_t mask = 0;

	for (unsigned i = 0; i < t->n_outs; i++)
		mask |= s->slot[t->outs[i]].mirror_out;
	return mask;
}

void tw_trace_mirrors(struct tw_trace *t, const struct tw_snapshot *s, const struct tw_key *key, const uint8_t *frame,
		      uint32_t len)
{
	static uint8_t octets[TW_TRACE_FRAME_MAX + TW_TRACE_HEADROOM];
	const struct tw_verdict *v = &t->verdict;
	const struct tw_slot *in = &s->slot[key->in];
	const uint64_t elsewhere = tw_tap_had_elsewhere(s, key), had = in->mirror_in | elsewhere;
	struct rte_mbuf m = as_mbuf(octets, len);
	struct sight sight = { .mask = in->mirror_in & ~elsewhere,
			       .what = "what comes from",
			       .name = tw_trace_name(t, key->in, 0),
			       .m = &m };

	memcpy(octets + TW_TRACE_HEADROOM, frame, len);
	note_sight(t, s, &sight);
	if (v->action == TW_ACT_DROP) {
		sight.mask = in->mirror_drops;
		sight.what = "what is dropped at";
	} else if (v->action == TW_ACT_FLOOD) {
		sight = (struct sight){ .mask = of_all_outs(t, s) & ~had, .what = "what goes", .name = "there" };
	} else if (v->action == TW_ACT_FORWARD || v->action == TW_ACT_COPY) {
		sight.mask = s->slot[v->out].mirror_out & ~had;
		sight.what = "what goes to";
		sight.name = tw_trace_name(t, v->out, 0);
		if (!tw_edit_apply(&m, (enum tw_edit)v->edit, t->tag))
			sight.m = NULL;
	} else {
		sight.mask = 0;
	}
	note_sight(t, s, &sight);
	if (!t->text[TW_STAGE_mirror][0])
		tw_trace_note(t, TW_STAGE_mirror,
			      elsewhere ? "its mirrors have copied it where it came from" : "no mirror wants it");
}
