/* SPDX-License-Identifier: Apache-2.0 */
/* mirror_tap.c - which frames a mirror wants, and at what cost; see mirror_tap.h. The copies' way: mirror_copy.c. */
#include "dataplane/mirror_tap.h"

#include <rte_cycles.h>

#include "dataplane/mirror_copy.h"
#include "dataplane/mirror_filter.h"
#include "dataplane/parse.h"
#include "dataplane/rate.h"
#include "dataplane/vlan.h"

enum {
	WINDOW_MS = 10, /* in which a share of time holds */
	PERCENT = 100,
};

#define EACH_BIT(bit, mask) \
	for (uint64_t left_ = (mask), bit; left_ && (bit = (unsigned)__builtin_ctzll(left_), 1); left_ &= left_ - 1)

/* --- what can be told when a flow is decided --- */

/* The key as the frame's headers are where it leaves. @return false: not known */
static bool key_behind(const struct tw_snapshot *s, const struct tw_key *key, const struct tw_verdict *v,
		       struct tw_key *behind)
{
	const struct tw_slot *in = &s->slot[key->in];

	*behind = *key;
	switch ((enum tw_edit)v->edit) {
	case TW_EDIT_NONE:
		return true;
	case TW_EDIT_POP:
		behind->flags &= (uint8_t)~TW_FLOW_KEY_TAGGED;
		behind->tci = 0;
		return !tw_key_is_double_tagged(key);
	default:
		behind->tci = tw_vlan_tag(in, key);
		behind->flags |= TW_FLOW_KEY_TAGGED;
		return !in->tunnel;
	}
}

/* Mirrors of the mask that may want frames of this flow. @param early out: one counts a flow's frames */
static uint64_t hopeful(const struct tw_snapshot *s, uint64_t mask, const struct tw_key *key, uint16_t vlan,
			bool *early)
{
	uint64_t kept = 0;

	EACH_BIT(bit, mask)
	{
		const struct tw_mirror_rule *rule = &s->mirrors[bit];

		if (rule->vlans && !tw_vlan_set_has(rule->vlans, vlan))
			continue;
		if (rule->filter && key &&
		    tw_mirror_foresee(rule->filter->classic, rule->filter->n_classic, key) == TW_FORESEEN_NO)
			continue;
		*early |= rule->first != UINT32_MAX;
		kept |= UINT64_C(1) << bit;
	}
	return kept;
}

uint64_t tw_tap_had_elsewhere(const struct tw_snapshot *s, const struct tw_key *key)
{
	const struct tw_identity *src =
		s->slot[key->in].uplink && s->mirrored_elsewhere ? tw_snapshot_identity(s, key->src_mac) : NULL;

	return src ? src->mirrors : 0;
}

/* Mirrors that have had it there, or where it came in. */
static uint64_t had(const struct tw_snapshot *s, const struct tw_key *key)
{
	return s->slot[key->in].mirror_in | tw_tap_had_elsewhere(s, key);
}

void tw_tap_foresee(struct tw_worker *w, const struct tw_snapshot *s, const struct tw_key *key, struct tw_verdict *v)
{
	const bool one_way = v->action == TW_ACT_FORWARD || v->action == TW_ACT_COPY;
	struct tw_key behind;
	bool early = false;

	if (v->flags & TW_V_MIRROR_IN &&
	    !hopeful(s, s->slot[key->in].mirror_in & ~tw_tap_had_elsewhere(s, key), key, v->vlan, &early))
		v->flags &= (uint16_t)~TW_V_MIRROR_IN;
	if (v->flags & TW_V_MIRROR_OUT && one_way) {
		bool known = key_behind(s, key, v, &behind);

		if (!hopeful(s, s->slot[v->out].mirror_out & ~had(s, key), known ? &behind : NULL, v->vlan, &early))
			v->flags &= (uint16_t)~TW_V_MIRROR_OUT;
	}
	if (v->action == TW_ACT_FLOOD || v->action == TW_ACT_COPY)
		early |= s->mirrors_first; /* any of those that it leaves by may have such a mirror */
	if (early)
		v->flags |= TW_V_EARLY;
}

/* --- what is asked of each frame --- */

static bool is_late(const struct tw_mirror_rule *rule, uint64_t before)
{
	return rule->first != UINT32_MAX && before >= rule->first;
}

static bool is_turn(struct tw_tap *tap, uint32_t sample)
{
	if (++tap->since_sample < sample)
		return false;
	tap->since_sample = 0;
	return true;
}

/* By chance, so that samples keep no step with traffic that repeats itself. A linear congruential generator (Knuth, MMIX) of
 * which the high half is good enough for this; the time of a hit keeps workers from drawing alike. */
static bool is_drawn(struct tw_tap *tap, uint32_t sample)
{
	tap->random = tap->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	if ((tap->random >> 32) * sample >> 32 != 0)
		return false;
	tap->random ^= rte_rdtsc();
	return true;
}

/* @param before frames of its flow before this one */
static bool fits(struct tw_tap *tap, const struct tw_mirror_rule *rule, uint16_t vlan, uint64_t before,
		 const struct rte_mbuf *m)
{
	if ((rule->vlans && !tw_vlan_set_has(rule->vlans, vlan)) || is_late(rule, before) ||
	    (rule->filter && !tw_mirror_filter_takes(rule->filter, (struct rte_mbuf *)(uintptr_t)m))) {
		tap->count.filtered++;
		return false;
	}
	if (rule->sample > 1 && !(rule->random ? is_drawn(tap, rule->sample) : is_turn(tap, rule->sample))) {
		tap->count.sampled_out++;
		return false;
	}
	return true;
}

/* Its share of the worker's time, in windows. The frames of one round are one moment. */
static bool has_time(const struct tw_worker *w, struct tw_tap *tap, const struct tw_mirror_rule *rule)
{
	const uint64_t window = rte_get_tsc_hz() / 1000 * WINDOW_MS;

	if (rule->share == 0)
		return true;
	if (w->round_tsc >= tap->window_ends) {
		tap->window_ends = w->round_tsc + window;
		tap->spent = 0;
	}
	return tap->spent < window / PERCENT * rule->share;
}

static bool affordable(const struct tw_worker *w, struct tw_tap *tap, const struct tw_mirror_rule *rule, unsigned bit,
		       const struct rte_mbuf *m)
{
	uint64_t octets = tw_copy_octets(rule, m), now = tw_rate_now(w);

	if (!tw_bucket_take(&rule->frames, &w->tap_budgets[bit].frames, now, 1, true))
		return false;
	if (tw_bucket_take(&rule->octets, &w->tap_budgets[bit].octets, now, octets, true))
		return true;
	tw_bucket_give_back(&rule->frames, &w->tap_budgets[bit].frames, 1);
	return false;
}

/* Frames until the next sample need not be looked at (mirror_pass.h). */
static void skip_to_next(struct tw_worker *w, struct tw_tap *tap, uint32_t sample, unsigned bit)
{
	tap->skip_to = sample - 1;
	w->tap_skips |= UINT64_C(1) << bit;
}

/* @return TW_MIRROR_TO_THREAD mirrors, as bits, that want a copy of the frame; others have theirs */
static uint64_t offer_one(struct tw_worker *w, const struct tw_snapshot *s, unsigned bit, uint64_t before,
			  const struct tw_sight *sight)
{
	const struct tw_mirror_rule *rule = &s->mirrors[bit];
	struct tw_tap *tap = &w->taps[bit];

	tap->count.seen++;
	if (!has_time(w, tap, rule)) { /* not even to ask the filter */
		tap->count.shed_budget++;
		return 0;
	}
	if (!fits(tap, rule, sight->vlan, before, sight->m))
		return 0;
	if (rule->plain && rule->sample > 1 && !rule->random)
		skip_to_next(w, tap, rule->sample, bit);
	if (!tw_copy_has_way(w, s, bit)) {
		w->tap_shut |= (uint64_t)(rule->plain && rule->sample == 1) << bit;
		return 0;
	}
	if (!affordable(w, tap, rule, bit, sight->m)) {
		tap->count.shed_budget++;
		return 0;
	}
	if (rule->to == TW_MIRROR_TO_THREAD)
		return UINT64_C(1) << bit;
	tw_copy_send(w, s, bit, sight);
	return 0;
}

/* One copy for all of `mask`. Each that has a share of time pays for it as if it were its own. */
static void send_to_thread(struct tw_worker *w, const struct tw_snapshot *s, uint64_t mask,
			   const struct tw_sight *sight)
{
	uint64_t limited = 0, began;

	EACH_BIT(bit, mask)
	{
		limited |= s->mirrors[bit].share ? UINT64_C(1) << bit : 0;
	}
	began = limited ? rte_rdtsc() : 0;
	tw_copy_to_thread(w, s, mask, sight);
	EACH_BIT(bit, limited)
	{
		w->taps[bit].spent += rte_rdtsc() - began;
	}
}

/* Copies for those of `mask` that want the frame. @return mirrors that will want none of this flow's frames any more */
static uint64_t offer(struct tw_worker *w, const struct tw_snapshot *s, uint64_t mask, uint64_t before,
		      const struct tw_sight *sight)
{
	uint64_t for_thread = 0, done = 0;

	w->tapping = true;
	EACH_BIT(bit, mask)
	{
		const struct tw_mirror_rule *rule = &s->mirrors[bit];
		uint64_t began = rule->share ? rte_rdtsc() : 0;

		if (is_late(rule, before))
			done |= UINT64_C(1) << bit;
		for_thread |= offer_one(w, s, (unsigned)bit, before, sight);
		if (rule->share)
			w->taps[bit].spent += rte_rdtsc() - began;
	}
	if (for_thread)
		send_to_thread(w, s, for_thread, sight);
	w->tapping = false;
	return done;
}

static uint64_t read_once(const uint64_t *counter)
{
	return __atomic_load_n(counter, __ATOMIC_RELAXED);
}

/* All that came in, but for what is dropped before. */
uint64_t tw_tap_passed(const struct tw_worker *w, uint16_t slot)
{
	const struct tw_counters *c = &w->counters[slot];

	return read_once(&c->rx_packets) - read_once(&c->drops[TW_DROP_SHORT_FRAME]) -
	       read_once(&c->drops[TW_DROP_WIRE_OVER_MTU]) - read_once(&c->drops[TW_DROP_RATE_INGRESS]);
}

/* A record of it has gone out already: these are not its first frames. */
static uint64_t frames_before(const struct tw_flow *f, bool is_counted)
{
	uint64_t frames = f->verdict.flags & TW_V_SAMPLE ? f->seen : f->packets;

	if (f->verdict.flags & TW_V_TOLD)
		return UINT32_MAX;
	return is_counted && frames ? frames - 1 : frames;
}

void tw_tap_in(struct tw_worker *w, const struct tw_snapshot *s, struct tw_flow *f, struct rte_mbuf *m, unsigned behind)
{
	const struct tw_verdict *v = &f->verdict;
	const uint64_t mask = s->slot[f->key.in].mirror_in & ~tw_tap_had_elsewhere(s, &f->key);
	const struct tw_sight sight = {
		.m = m,
		.slot = f->key.in,
		.number = tw_copy_number(s, f->key.in),
		.vlan = v->vlan,
		.key = &f->key,
		.verdict = v,
		.behind = behind,
		/* Whatever is done to the frame on its way would be done to the copy. */
		.stays = v->action == TW_ACT_DROP || (v->action != TW_ACT_HOLD && v->edit == TW_EDIT_NONE) ||
			 v->action == TW_ACT_FLOOD,
	};

	if (offer(w, s, mask, frames_before(f, false), &sight) == mask)
		f->verdict.flags &= (uint16_t)~TW_V_MIRROR_IN;
}

void tw_tap_out(struct tw_worker *w, const struct tw_snapshot *s, struct tw_flow *f, uint16_t out, struct rte_mbuf *m)
{
	const uint64_t mask = s->slot[out].mirror_out & ~had(s, &f->key) & ~w->tap_had;
	const struct tw_sight sight = { .m = m,
					.slot = out,
					.number = tw_copy_number(s, out),
					.vlan = f->verdict.vlan,
					.key = &f->key,
					.egress = true,
					.stays = true };

	if (offer(w, s, mask, frames_before(f, true), &sight) == mask)
		f->verdict.flags &= (uint16_t)~TW_V_MIRROR_OUT;
}

void tw_tap_begin_flood(struct tw_worker *w, const struct tw_snapshot *s, const struct tw_flow *f)
{
	w->tap_had = had(s, &f->key);
	w->tap_before = frames_before(f, false);
}

void tw_tap_end_flood(struct tw_worker *w)
{
	w->tap_had = w->tap_before = 0;
}

void tw_tap_out_flood(struct tw_worker *w, const struct tw_snapshot *s, uint16_t vlan, uint16_t out, struct rte_mbuf *m)
{
	const bool is_copy = s->has_rspan && tw_vlan_set_has(&s->rspan, vlan);
	const uint64_t mask = is_copy ? 0 : s->slot[out].mirror_out & ~w->tap_had;
	const struct tw_sight sight = {
		.m = m, .slot = out, .number = tw_copy_number(s, out), .vlan = vlan, .egress = true, .stays = true
	};

	w->tap_had |= mask;
	offer(w, s, mask, w->tap_before, &sight);
}

uint16_t tw_tap_vlan(const struct tw_snapshot *s, uint16_t slot, const struct rte_mbuf *m)
{
	const struct tw_slot *at = &s->slot[slot];
	struct tw_verdict v = { .vlan = at->trunk ? 0 : at->vlan };
	struct tw_meta meta;
	struct tw_key key;

	if (tw_parse(rte_pktmbuf_mtod(m, const uint8_t *), m->data_len, m->pkt_len, slot, &key, &meta))
		tw_vlan_classify(s, at, &key, &v);
	return v.vlan;
}

void tw_tap_dropped(struct tw_worker *w, uint16_t slot, enum tw_drop reason, uint16_t vlan, const struct rte_mbuf *m)
{
	const struct tw_snapshot *s = w->now;
	const struct tw_sight sight = { .m = (struct rte_mbuf *)(uintptr_t)m,
					.slot = slot,
					.number = tw_copy_number(s, slot),
					.vlan = vlan ? vlan : tw_tap_vlan(s, slot, m),
					.egress = m->port != slot,
					.drop = (uint8_t)(reason + 1) };

	if (!w->tapping)
		offer(w, s, s->slot[slot].mirror_drops, 0, &sight);
}
