/* SPDX-License-Identifier: Apache-2.0 */
/*
 * burst.c - the frames of one burst through the stages: parse, police, look up, decide (first frame of a flow), count, act; see
 * burst.h, and pipeline.h for the stages' order.
 *
 * Threads  the worker, inside one round: every frame sees the same snapshot.
 * Hot      count_and_act_all() and what it calls for a frame that is only forwarded: forward() and count(), inline.
 */
#include "dataplane/burst.h"

#include "dataplane/acl_worker.h"
#include "dataplane/edit.h"
#include "dataplane/expire.h"
#include "dataplane/flow_lookup.h"
#include "dataplane/guard.h"
#include "dataplane/learn.h"
#include "dataplane/meter.h"
#include "dataplane/mirror_pass.h"
#include "dataplane/mirror_tap.h"
#include "dataplane/overflow.h"
#include "dataplane/ownership.h"
#include "dataplane/parse.h"
#include "dataplane/rate.h"
#include "dataplane/record.h"
#include "dataplane/sample.h"
#include "dataplane/uplink_rx.h"
#include "dataplane/vlan.h"

/* --- decide --- */

bool tw_burst_decide(struct tw_worker *w, const struct tw_snapshot *s, struct tw_flow *f)
{
	struct tw_verdict v = tw_decide(s, &f->key);
	uint16_t sampling;

	if (__builtin_expect(w->no_metering, 0))
		v.flags &= (uint16_t)~TW_V_METER;
	w->stats.misses++;
	if (f->packets && f->verdict.flags & TW_V_STRANGER)
		tw_ownership_settle(s, f);
	sampling = v.flags & TW_V_METER ? w->sampler.sampling : TW_SAMPLE_ALL;
	if (__builtin_expect(sampling != TW_SAMPLE_ALL, 0))
		v.flags |= TW_V_SAMPLE;
	if (!tw_meter_make_way(w, s, f, &v, sampling))
		return false;
	if (v.flags & (TW_V_MIRROR_IN | TW_V_MIRROR_OUT) || s->mirrors_first)
		tw_tap_foresee(w, s, &f->key, &v);
	v.flags |= f->verdict.flags & TW_V_TOLD;
	tw_meter_judge(f, &v, sampling);
	f->generation = s->generation;
	tw_acl_count_flow(w, s, &f->key, &v);
	if (v.flags & TW_V_LEARN)
		tw_learn_heard(w, s, f);
	if (v.flags & TW_V_HEARD) {
		const struct tw_identity *sender = tw_snapshot_identity(s, f->key.src_mac);

		rte_ring_sp_enqueue(w->told, tw_told_pack(TW_TOLD_HEARD, sender->slot));
	}
	return true;
}

/* --- act --- */

static struct tw_batch *batch_for(struct burst *b, uint16_t slot)
{
	struct tw_batch *batch = b->batch;

	for (; batch < b->batch + b->n_batches; batch++)
		if (batch->slot == slot)
			return batch;
	b->n_batches++;
	batch->slot = slot;
	batch->n = 0;
	return batch;
}

/* Frames of one burst mostly go to one place: the batch used last is tried first. */
static inline void batch_add(struct burst *b, uint16_t slot, struct rte_mbuf *m)
{
	struct tw_batch *batch = b->last;

	if (__builtin_expect(batch->slot != slot || b->n_batches == 0, 0))
		batch = b->last = batch_for(b, slot);
	batch->m[batch->n++] = m;
}

/* A frame is refused whose flow was let through. */
static __attribute__((noinline)) void refuse(struct tw_worker *w, const struct tw_snapshot *s, struct burst *b,
					     unsigned i, struct tw_flow *f, uint16_t charged, enum tw_drop reason)
{
	tw_meter_refused(w, s, f, &b->meta[i], b->m[i]->pkt_len, reason);
	tw_tx_drop(w, charged, reason, f->verdict.vlan, b->m[i]);
}

static inline __attribute__((always_inline)) void count(struct tw_worker *w, const struct burst *b, unsigned i,
							struct tw_flow *f)
{
	tw_meter_count(f, &b->meta[i], b->m[i]->pkt_len, w->cache.now_ms);
}

/* On the slow way. */
static void count_any(struct tw_worker *w, const struct burst *b, unsigned i, struct tw_flow *f)
{
	if (f->verdict.flags & TW_V_SAMPLE)
		tw_meter_count_sampled(f, &b->meta[i], b->m[i]->pkt_len, w->cache.now_ms);
	else
		count(w, b, i, f);
}

/* @param any it may be a flow of which not each frame is counted */
static inline __attribute__((always_inline)) void forward(struct tw_worker *w, const struct tw_snapshot *s,
							  struct burst *b, unsigned i, struct tw_flow *f, bool any)
{
	const struct tw_verdict *v = &f->verdict;
	const struct tw_slot *out = &s->slot[v->out];
	struct rte_mbuf *m = b->m[i];

	if (__builtin_expect(tw_tx_over_mtu(out, b->meta[i].l2_len, m), 0)) {
		refuse(w, s, b, i, f, v->out, TW_DROP_OVER_MTU);
		return;
	}
	if (any)
		count_any(w, b, i, f);
	else
		count(w, b, i, f);
	if (__builtin_expect(v->edit != TW_EDIT_NONE, 0) &&
	    !tw_edit_apply(m, (enum tw_edit)v->edit, tw_vlan_tag(&s->slot[b->slot], &b->key[i]))) {
		tw_tx_drop(w, b->slot, TW_DROP_NO_BUFFER, v->vlan, m);
		return;
	}
	if (__builtin_expect(v->flags & TW_V_MIRROR_OUT, 0) &&
	    !tw_tap_passes(w, s, &s->slot[b->slot], out->mirror_out & ~s->slot[b->slot].mirror_in & ~w->tap_had))
		tw_tap_out(w, s, f, v->out, m);
	batch_add(b, v->out, m);
}

/* What must be seen of each frame. Not inline: few frames are ARP. @return TW_DROPS: it may pass */
static __attribute__((noinline)) enum tw_drop judge_each(struct tw_worker *w, const struct tw_snapshot *s,
							 struct burst *b, unsigned i, const struct tw_verdict *v,
							 uint16_t *charged)
{
	const struct rte_mbuf *m = b->m[i];
	enum tw_drop reason = TW_DROPS;

	if (v->flags & TW_V_INSPECT)
		reason = tw_guard_inspect(&s->slot[b->slot], &b->key[i], rte_pktmbuf_mtod(m, const uint8_t *),
					  m->data_len, b->meta[i].l2_len);
	if (reason == TW_DROPS && v->flags & TW_V_ACL_EACH)
		reason = tw_acl_judge_each(w, s, &b->key[i], b->meta[i].tcp_flags, v, charged);
	if (reason == TW_DROPS && v->flags & TW_V_STORM)
		reason = tw_rate_storm(w, s->slot[b->slot].rate, &b->key[i]);
	return reason;
}

/* To all, or to who listens now. */
static void flood(struct tw_worker *w, const struct tw_snapshot *s, struct burst *b, unsigned i, struct tw_flow *f)
{
	const struct tw_mcast_view *view = NULL;
	struct tw_mcast_list list = { 0 };
	bool all = f->verdict.scope < TW_TO_LISTENERS;
	enum tw_drop reason = TW_DROPS;

	if (!all) {
		view = w->mcast ? atomic_load_explicit(w->mcast, memory_order_acquire) : NULL;
		reason = tw_snoop_listeners(s, view, &b->key[i], &f->verdict, &list, &all);
	}
	if (reason != TW_DROPS) {
		refuse(w, s, b, i, f, b->slot, reason);
		return;
	}
	count_any(w, b, i, f);
	if (all)
		tw_tx_flood(w, s, b->slot, &b->key[i], &f->verdict, b->m[i]);
	else
		tw_tx_listeners(w, s, &b->key[i], &f->verdict, view ? view->slots + list.first : NULL, list.n, b->m[i]);
}

/* Any frame but those that are only forwarded. Whatever judges frames one by one comes before the count. */
static __attribute__((noinline)) void act(struct tw_worker *w, const struct tw_snapshot *s, struct burst *b, unsigned i,
					  struct tw_flow *f)
{
	const struct tw_verdict *v = &f->verdict;
	uint16_t charged = b->slot;
	enum tw_drop reason;

	tw_sample_frame(w, f, &b->meta[i]);
	if (__builtin_expect(v->flags & TW_V_MIRROR_IN, 0))
		tw_tap_in(w, s, f, b->m[i], b->n - 1 - i);
	if (__builtin_expect(v->flags & (TW_V_INSPECT | TW_V_ACL_EACH | TW_V_STORM), 0)) {
		reason = judge_each(w, s, b, i, v, &charged);
		if (reason != TW_DROPS) {
			refuse(w, s, b, i, f, charged, reason);
			return;
		}
	}
	if (__builtin_expect(v->flags & TW_V_SNOOP, 0))
		tw_snoop_tell(w, s, &b->key[i], v, b->m[i]);
	if (__builtin_expect(v->flags & TW_V_RECORD, 0))
		tw_record_frame(w, s, b->slot, v, b->m[i]);
	switch ((enum tw_action)v->action) {
	case TW_ACT_COPY:
		if (s->mirrors)
			tw_tap_begin_flood(w, s, f);
		tw_tx_copies(w, s, b->slot, &b->key[i], v, b->m[i]);
		forward(w, s, b, i, f, true);
		tw_tap_end_flood(w);
		break;
	case TW_ACT_FORWARD:
		forward(w, s, b, i, f, true);
		break;
	case TW_ACT_FLOOD:
		if (s->mirrors)
			tw_tap_begin_flood(w, s, f);
		flood(w, s, b, i, f);
		tw_tap_end_flood(w);
		break;
	case TW_ACT_HOLD:
		count_any(w, b, i, f);
		tw_tx_hold(w, s, v->out, &b->key[i], v, b->m[i]);
		break;
	case TW_ACT_CONTROL:
		if (rte_ring_sp_enqueue(w->control, b->m[i]))
			tw_tx_drop(w, b->slot, TW_DROP_CONTROL_FULL, v->vlan, b->m[i]);
		break;
	case TW_ACT_DROP:
		count_any(w, b, i, f);
		if (v->drop == TW_DROP_ACL_INGRESS || v->drop == TW_DROP_ACL_EGRESS)
			tw_acl_count_denied(w, s, &b->key[i], v);
		tw_tx_drop(w, v->out == TW_SLOT_NONE ? b->slot : v->out, (enum tw_drop)v->drop, v->vlan, b->m[i]);
		break;
	}
}

/* --- stages over a burst --- */

/* @return octets of all frames, of those dropped too */
static uint64_t parse_all(struct tw_worker *w, struct burst *b)
{
	struct tw_counters *c = &w->counters[b->slot];
	uint64_t octets = 0;
	uint16_t kept = 0;

	for (uint16_t i = 0; i < b->n; i++) {
		struct rte_mbuf *m = b->m[i];

		octets += m->pkt_len;
		if (!tw_parse(rte_pktmbuf_mtod(m, const uint8_t *), m->data_len, m->pkt_len, b->slot, &b->key[kept],
			      &b->meta[kept])) {
			m->port = b->slot;
			tw_tx_drop(w, b->slot, TW_DROP_SHORT_FRAME, 0, m);
			continue;
		}
		m->port = b->slot;                                        /* rte_vhost leaves it unset */
		b->hash[kept] = m->hash.rss = tw_key_hash(&b->key[kept]); /* rss: which queue of a guest's it goes to */
		tw_flow_prefetch_bucket(&w->cache, b->hash[kept]);
		b->m[kept++] = m;
	}
	c->rx_packets += b->n;
	c->rx_octets += octets;
	b->n = kept;
	return octets;
}

static void look_up_all(struct tw_worker *w, struct burst *b)
{
	for (uint16_t i = 0; i < b->n; i++)
		b->flow[i] = tw_flow_candidate(&w->cache, b->hash[i]);
}

/* No room in the table: the frame is judged like any other, and counted with all that have no flow. */
static void without_flow(struct tw_worker *w, const struct tw_snapshot *s, struct burst *b, unsigned i)
{
	struct tw_flow lone = { .key = b->key[i] };
	uint32_t pkt_len = b->m[i]->pkt_len;

	tw_burst_decide(w, s, &lone);
	act(w, s, b, i, &lone);
	if ((lone.verdict.flags & (TW_V_METER | TW_V_SECOND)) == TW_V_METER)
		tw_overflow_count(w, b->slot, &b->meta[i], pkt_len,
				  lone.packets == 0 || lone.verdict.action == TW_ACT_DROP);
}

/* Nothing is to be done with the frame where it came in. */
static inline __attribute__((always_inline)) bool passes_ingress(struct tw_worker *w, const struct tw_snapshot *s,
								 const struct burst *b, uint16_t flags)
{
	const struct tw_slot *in = &s->slot[b->slot];

	flags &= TW_V_AT_INGRESS;
	return __builtin_expect(!flags, 1) || (flags == TW_V_MIRROR_IN && tw_tap_passes(w, s, in, in->mirror_in));
}

static void count_and_act_all(struct tw_worker *w, const struct tw_snapshot *s, struct burst *b)
{
	for (uint16_t i = 0; i < b->n; i++) {
		struct tw_flow *f = tw_flow_confirm(&w->cache, b->flow[i], &b->key[i], b->hash[i]);

		if (__builtin_expect(!f, 0) && !(f = tw_burst_flow(w, b, i))) {
			without_flow(w, s, b, i);
			continue;
		}
		if (__builtin_expect(f->generation != s->generation, 0) && !tw_burst_decide(w, s, f)) {
			without_flow(w, s, b, i);
			continue;
		}
		/* Nearly all. */
		if (__builtin_expect(f->verdict.action == TW_ACT_FORWARD && passes_ingress(w, s, b, f->verdict.flags),
				     1))
			forward(w, s, b, i, f, false);
		else
			act(w, s, b, i, f);
	}
}

void tw_burst_process(struct tw_worker *w, const struct tw_snapshot *s, struct burst *b)
{
	const struct tw_rate *rate = s->slot[b->slot].rate;
	uint64_t octets;

	b->n_batches = 0;
	b->last = b->batch;
	octets = parse_all(w, b);
	if (__builtin_expect(s->slot[b->slot].uplink, 0))
		tw_uplink_arrive(w, &s->slot[b->slot], b);
	if (__builtin_expect(rate != NULL, 0) &&
	    !tw_rate_take(w, rate, b->slot, TW_RATE_IN_OCTETS, octets, b->n, false))
		tw_police_ingress(w, s, b);
	look_up_all(w, b);
	count_and_act_all(w, s, b);
	for (uint16_t i = 0; i < b->n_batches; i++)
		if (__builtin_expect(s->slot[b->batch[i].slot].rate != NULL, 0))
			tw_police_egress(w, s, b, &b->batch[i]);
		else
			tw_tx_send(w, s, b->batch[i].slot, b->batch[i].m, b->batch[i].n);
}
