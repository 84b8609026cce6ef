/* SPDX-License-Identifier: Apache-2.0 */
/*
 * worker.c - polls receive queues and carries each burst to its end; see worker.h, and pipeline.h for the stages' order.
 *
 *   tw_worker_run
 *     tw_worker_poll         one round
 *       tw_tx_inject         frames main wants sent
 *       tw_job_some          what main asks of the flow cache
 *       poll_all             each queue of the poll list that is not silent (peek.h), at most TW_BURST frames
 *         process            parse, police, look up, decide (first frame of a flow), count, act
 *       tw_expire_some       a few flows that may have ended
 *     rest                   nothing to do for a while: sleep, for at most idle_sleep_us
 *
 * Threads  one worker each; the snapshot pointer is read once a round, inside the RCU section that ends with the round.
 */
#include "dataplane/worker.h"

#include <string.h>
#include <sys/prctl.h>
#include <time.h>

#include <rte_cycles.h>
#include <rte_ethdev.h>
#include <rte_pause.h>
#include <rte_vhost.h>

#include "dataplane/acl_worker.h"
#include "dataplane/burst.h"
#include "dataplane/edit.h"
#include "dataplane/expire.h"
#include "dataplane/flow_lookup.h"
#include "dataplane/guard.h"
#include "dataplane/job.h"
#include "dataplane/learn.h"
#include "dataplane/meter.h"
#include "dataplane/parse.h"
#include "dataplane/peek.h"
#include "dataplane/rate.h"
#include "dataplane/record.h"
#include "dataplane/shape.h"
#include "dataplane/tx.h"
#include "dataplane/vlan.h"

enum {
	VIRTIO_TXQ = 1,
	VIRTIO_QNUM = 2,
	SPIN_POLLS = 128,   /* empty rounds before the first sleep */
	FIRST_SLEEP_US = 2, /* doubles with each empty round after */
	PEEK_FORCED_ROUNDS = 64,
	SUPER_FRAME = 16384, /* octets */
	SUPER_BURST = 4,     /* frames at once where they are as large */
};

/* --- decide --- */

/* The flow's first frame, or its first after a change. What a record says must hold for all it counts: when the new verdict
 * would say something else, what was counted under the old one goes out first. */
void tw_burst_decide(struct tw_worker *w, const struct tw_snapshot *s, struct tw_flow *f)
{
	struct tw_verdict v = tw_decide(s, &f->key);

	if (__builtin_expect(w->no_metering, 0))
		v.flags &= (uint16_t)~TW_V_METER;
	w->stats.misses++;
	if (f->packets && tw_meter_told_apart(&f->verdict, &v))
		tw_expire_flush(w, s, f, TW_FLOW_END_FORCED);
	f->verdict = v;
	f->generation = s->generation;
	tw_acl_count_flow(w, s, &f->key, &v);
	if (v.flags & TW_V_LEARN)
		tw_learn_heard(w, s, f);
	if (v.flags & TW_V_HEARD) {
		const struct tw_identity *sender = tw_snapshot_identity(s, f->key.src_mac);

		rte_ring_sp_enqueue(w->told, tw_told_pack(TW_TOLD_HEARD, sender->slot));
	}
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
	tw_tx_drop(w, charged, reason, b->m[i]);
}

static inline __attribute__((always_inline)) void count(struct tw_worker *w, const struct burst *b, unsigned i,
							struct tw_flow *f)
{
	tw_meter_count(f, &b->meta[i], b->m[i]->pkt_len, w->cache.now_ms);
}

static inline __attribute__((always_inline)) void forward(struct tw_worker *w, const struct tw_snapshot *s,
							  struct burst *b, unsigned i, struct tw_flow *f)
{
	const struct tw_verdict *v = &f->verdict;
	const struct tw_slot *out = &s->slot[v->out];
	struct rte_mbuf *m = b->m[i];

	if (__builtin_expect(tw_tx_over_mtu(out, b->meta[i].l2_len, m), 0)) {
		refuse(w, s, b, i, f, v->out, TW_DROP_OVER_MTU);
		return;
	}
	count(w, b, i, f);
	if (__builtin_expect(v->edit != TW_EDIT_NONE, 0) &&
	    !tw_edit_apply(m, (enum tw_edit)v->edit, tw_vlan_tag(&s->slot[b->slot], &b->key[i]))) {
		tw_tx_drop(w, b->slot, TW_DROP_NO_BUFFER, m);
		return;
	}
	if (__builtin_expect(v->flags & TW_V_MIRROR_OUT, 0))
		tw_tx_mirror(w, out->mirror_out, out->number, true, m);
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
	count(w, b, i, f);
	if (all)
		tw_tx_flood(w, s, b->slot, &b->key[i], &f->verdict, b->m[i]);
	else
		tw_tx_listeners(w, s, &b->key[i], &f->verdict, view ? view->slots + list.first : NULL, list.n, b->m[i]);
}

/* Any frame but those that are only forwarded. Whatever judges frames one by one comes before the count. */
static __attribute__((noinline)) void act(struct tw_worker *w, const struct tw_snapshot *s, struct burst *b, unsigned i,
					  struct tw_flow *f)
{
	const struct tw_slot *in = &s->slot[b->slot];
	const struct tw_verdict *v = &f->verdict;
	uint16_t charged = b->slot;
	enum tw_drop reason;

	if (__builtin_expect(v->flags & TW_V_MIRROR_IN, 0))
		tw_tx_mirror(w, in->mirror_in, in->number, false, b->m[i]);
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
		tw_tx_copies(w, s, b->slot, &b->key[i], v, b->m[i]);
		forward(w, s, b, i, f);
		break;
	case TW_ACT_FORWARD:
		forward(w, s, b, i, f);
		break;
	case TW_ACT_FLOOD:
		flood(w, s, b, i, f);
		break;
	case TW_ACT_HOLD:
		count(w, b, i, f);
		tw_tx_hold(w, in, v->out, &b->key[i], b->m[i]);
		break;
	case TW_ACT_CONTROL:
		if (rte_ring_sp_enqueue(w->control, b->m[i]))
			tw_tx_drop(w, b->slot, TW_DROP_CONTROL_FULL, b->m[i]);
		break;
	case TW_ACT_DROP:
		count(w, b, i, f);
		if (v->drop == TW_DROP_ACL_INGRESS || v->drop == TW_DROP_ACL_EGRESS)
			tw_acl_count_denied(w, s, &b->key[i], v);
		tw_tx_drop(w, v->out == TW_SLOT_NONE ? b->slot : v->out, (enum tw_drop)v->drop, b->m[i]);
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
			tw_tx_drop(w, b->slot, TW_DROP_SHORT_FRAME, m);
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

/* No room in the table: the frame is judged like any other, and the miss is said in the statistics. */
static void without_flow(struct tw_worker *w, const struct tw_snapshot *s, struct burst *b, unsigned i)
{
	struct tw_flow lone = { .key = b->key[i] };

	w->stats.overflows++;
	w->stats.overflow_octets += b->meta[i].l3_len;
	tw_burst_decide(w, s, &lone);
	act(w, s, b, i, &lone);
}

static void count_and_act_all(struct tw_worker *w, const struct tw_snapshot *s, struct burst *b)
{
	for (uint16_t i = 0; i < b->n; i++) {
		struct tw_flow *f = tw_flow_confirm(&w->cache, b->flow[i], &b->key[i], b->hash[i]);

		if (__builtin_expect(!f, 0) && !(f = tw_flow_cache_add(&w->cache, &b->key[i], b->hash[i]))) {
			without_flow(w, s, b, i);
			continue;
		}
		if (__builtin_expect(f->generation != s->generation, 0))
			tw_burst_decide(w, s, f);
		/* Nearly all: forwarded, and nothing to be done where it came in. */
		if (__builtin_expect(f->verdict.action == TW_ACT_FORWARD && !(f->verdict.flags & TW_V_AT_INGRESS), 1))
			forward(w, s, b, i, f);
		else
			act(w, s, b, i, f);
	}
}

static void process(struct tw_worker *w, const struct tw_snapshot *s, struct burst *b)
{
	const struct tw_rate *rate = s->slot[b->slot].rate;
	uint64_t octets;

	b->n_batches = 0;
	b->last = b->batch;
	octets = parse_all(w, b);
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

/* A burst of super-frames would be 2 MiB in a thousand buffers: more than the caches of processor and pool hold. */
static uint16_t receive(struct tw_worker *w, const struct tw_slot *in, struct tw_poll *poll, struct rte_mbuf **m)
{
	uint16_t ring = (uint16_t)(poll->queue * VIRTIO_QNUM + VIRTIO_TXQ), n;

	if (in->kind != TW_SLOT_VHOST)
		return rte_eth_rx_burst((uint16_t)in->device, poll->queue, m, TW_BURST);
	n = rte_vhost_dequeue_burst(in->device, ring, w->pool, m, poll->super ? SUPER_BURST : TW_BURST);
	if (n) {
		tw_peek_found(poll);
		poll->super = m[0]->pkt_len >= SUPER_FRAME;
	} else {
		tw_peek_empty(w->id, poll, in->device, ring);
	}
	return n;
}

static inline unsigned next_bit(uint64_t bits, bool down)
{
	return (unsigned)(down ? 63 - __builtin_clzll(bits) : __builtin_ctzll(bits));
}

/*
 * At most TW_PEEK_MAX polls. Where they begin goes round, and every other round is backwards: so each of two comes first as
 * often as the other, and gets in where a ring has room for one.
 * @param due bit per poll: the others are silent guests @return frames
 */
static unsigned poll_due(struct tw_worker *w, const struct tw_snapshot *s, struct tw_poll *polls, uint64_t due)
{
	const uint64_t low = due & ((UINT64_C(1) << w->poll_first) - 1);
	const bool down = w->stats.polls & 1;
	uint64_t now = down ? low : due & ~low, later = due & ~now;
	unsigned handled = 0;
	struct burst b;

	while (now | later) {
		unsigned i = next_bit(now ? now : later, down);

		if (!now) {
			now = later;
			later = 0;
		}
		now &= ~(UINT64_C(1) << i);
		b.slot = polls[i].slot;
		b.n = receive(w, &s->slot[b.slot], &polls[i], b.m);
		if (b.n == 0)
			continue;
		handled += b.n;
		w->counters[b.slot].queue_rx[polls[i].queue % TW_QUEUES_MAX] += b.n;
		process(w, s, &b);
	}
	return handled;
}

/* Each queue once, but for guests that are silent; of those one is polled in earnest every so many rounds, by turns. */
static unsigned poll_all(struct tw_worker *w, const struct tw_snapshot *s)
{
	const struct tw_poll_list *list = &s->polls[w->id];
	unsigned handled = 0;

	if (w->stats.polls % PEEK_FORCED_ROUNDS == 0 && list->n)
		tw_peek_found(&list->poll[w->stats.polls / PEEK_FORCED_ROUNDS % list->n]);
	if (w->stats.polls & 1 && ++w->poll_first >= RTE_MIN(list->n, (uint32_t)TW_PEEK_MAX))
		w->poll_first = 0;
	for (uint32_t i = 0; i < list->n; i += TW_PEEK_MAX) {
		unsigned n = list->n - i < TW_PEEK_MAX ? list->n - i : TW_PEEK_MAX;

		handled += poll_due(w, s, list->poll + i, tw_peek_due(w->id, list->poll + i, n));
	}
	return handled;
}

/* --- one round, and the rounds --- */

static uint32_t advance_clock(struct tw_worker *w)
{
	uint64_t tsc = w->tsc_still ? w->tsc_still : rte_rdtsc();
	uint32_t now = (uint32_t)tw_worker_ms(w, tsc), elapsed = now - w->cache.now_ms;

	w->stats.busy_cycles += w->busy ? tsc - w->round_tsc : 0;
	w->round_tsc = tsc;

	w->cache.now_ms = now;
	return elapsed;
}

unsigned tw_worker_poll(struct tw_worker *w)
{
	const struct tw_snapshot *s = atomic_load_explicit(w->snapshot, memory_order_acquire);
	uint32_t elapsed = advance_clock(w);
	unsigned handled;

	if (!s)
		return 0;
	w->now = s;
	handled = tw_tx_inject(w, s);
	tw_job_some(w, s);
	tw_learn_some(w, s);
	handled += poll_all(w, s);
	if (__builtin_expect(s->n_queued > 0, 0))
		handled += tw_shape_drain(w, s);
	tw_expire_some(w, s, elapsed, handled == 0);
	w->stats.packets += handled;
	w->stats.polls++;
	w->stats.empty_polls += handled == 0;
	w->busy = handled > 0;
	return handled;
}

/* How long an idle worker sleeps now: longer each time, but not past the next departure from a queue of its own. */
static uint64_t nap_ns(const struct tw_worker *w)
{
	const struct tw_snapshot *s = atomic_load_explicit(w->snapshot, memory_order_acquire);
	uint32_t doublings = w->idle_polls - SPIN_POLLS;
	uint64_t us = doublings > 16 ? w->idle_sleep_us : (uint64_t)FIRST_SLEEP_US << doublings, next;

	us = us < w->idle_sleep_us ? us : w->idle_sleep_us;
	next = s && s->n_queued ? tw_shape_next_ns(w, s) : UINT64_MAX;
	return next < us * 1000 ? next : us * 1000;
}

/* Nothing to do: spin a little, then sleep. Asleep, the worker is no reader: a grace period does not wait for it. A job in
 * hand is work. */
static void rest(struct tw_worker *w)
{
	struct timespec nap = { 0 };

	if (++w->idle_polls >= SPIN_POLLS && w->idle_sleep_us > 0 && !w->job)
		nap.tv_nsec = (long)nap_ns(w);
	if (nap.tv_nsec < FIRST_SLEEP_US * 1000) {
		rte_pause();
		return;
	}
	w->stats.sleeps++;
	rte_rcu_qsbr_thread_offline(w->qsbr, w->id);
	nanosleep(&nap, NULL);
	rte_rcu_qsbr_thread_online(w->qsbr, w->id);
}

int tw_worker_run(void *arg)
{
	struct tw_worker *w = arg;

	prctl(PR_SET_TIMERSLACK, 1); /* or a sleep of 2 us takes 50 */
	rte_rcu_qsbr_thread_online(w->qsbr, w->id);
	while (!atomic_load_explicit(&w->stop, memory_order_relaxed)) {
		unsigned handled = tw_worker_poll(w);

		rte_rcu_qsbr_quiescent(w->qsbr, w->id);
		if (handled)
			w->idle_polls = 0;
		else
			rest(w);
	}
	rte_rcu_qsbr_thread_offline(w->qsbr, w->id);
	return 0;
}
