/* SPDX-License-Identifier: Apache-2.0 */
/*
 * worker.c - polls receive queues and carries each burst to its end; see worker.h, and pipeline.h for the stages' order.
 *
 *   tw_worker_run
 *     tw_worker_poll         one round
 *       tw_tx_inject         frames main wants sent
 *       tw_deliver           mirrors' copies from other hosts
 *       tw_job_some          what main asks of the flow cache
 *       poll_all             each queue of the poll list that is not silent (peek.h), at most TW_BURST frames
 *         tw_burst_process   parse, police, look up, decide (first frame of a flow), count, act (burst.c)
 *       tw_expire_some       a few flows that may have ended
 *     rest                   nothing to do for a while: sleep, for at most idle_sleep_us
 *
 * Threads  one worker each; the snapshot pointer is read once a round, inside the RCU section that ends with the round.
 */
#include "dataplane/worker.h"

#include <sys/prctl.h>
#include <time.h>

#include <rte_cycles.h>
#include <rte_ethdev.h>
#include <rte_pause.h>
#include <rte_vhost.h>

#include "dataplane/burst.h"
#include "dataplane/expire.h"
#include "dataplane/guest_share.h"
#include "dataplane/job.h"
#include "dataplane/learn.h"
#include "dataplane/mirror_deliver.h"
#include "dataplane/mirror_tap.h"
#include "dataplane/peek.h"
#include "dataplane/sample.h"
#include "dataplane/shape.h"

enum {
	VIRTIO_TXQ = 1,
	VIRTIO_QNUM = 2,
	SPIN_POLLS = 128,   /* empty rounds before the first sleep */
	FIRST_SLEEP_US = 2, /* doubles with each empty round after */
	PEEK_FORCED_ROUNDS = 64,
	SUPER_FRAME = 16384, /* octets */
	SUPER_BURST = 4,     /* frames at once where they are as large */
};

/* --- polls --- */

/* Few at once: each descriptor is looked for in a list, while all other guests wait. */
static __attribute__((noinline)) uint16_t receive_translated(struct tw_worker *w, const struct tw_slot *in,
							     uint16_t slot, uint16_t ring, struct rte_mbuf **m)
{
	uint64_t began = tw_share_begin(w, slot);
	uint16_t n = 0;

	if (began) {
		n = rte_vhost_dequeue_burst(in->device, ring, w->pool, m, SUPER_BURST);
		tw_share_end(w, slot, began);
	}
	return n;
}

/* A burst of super-frames would be 2 MiB in a thousand buffers: more than the caches of processor and pool hold. */
static uint16_t receive(struct tw_worker *w, const struct tw_slot *in, struct tw_poll *poll, struct rte_mbuf **m)
{
	uint16_t ring = (uint16_t)(poll->queue * VIRTIO_QNUM + VIRTIO_TXQ), n;

	if (in->kind != TW_SLOT_VHOST)
		return rte_eth_rx_burst((uint16_t)in->device, poll->queue, m, TW_BURST);
	if (__builtin_expect(in->translated, 0))
		return receive_translated(w, in, poll->slot, ring, m);
	n = rte_vhost_dequeue_burst(in->device, ring, w->pool, m, poll->super ? SUPER_BURST : TW_BURST);
	if (n) {
		tw_peek_found(poll);
		poll->super = m[0]->pkt_len >= SUPER_FRAME;
	} else {
		tw_peek_empty(w->id, poll, in->device, ring);
	}
	return n;
}

/* One queue, once. What it costs goes to the queue's account, so that queues can be shared out by load (balance.h). */
static unsigned poll_one(struct tw_worker *w, const struct tw_snapshot *s, struct tw_poll *poll)
{
	struct tw_queue_counters *c = &w->counters[poll->slot].queue[poll->queue % TW_QUEUES_MAX];
	uint16_t handled;
	uint64_t now;
	struct burst b;

	b.n = handled = receive(w, &s->slot[poll->slot], poll, b.m);
	if (handled == 0) {
		c->empty_polls++;
		return 0;
	}
	b.slot = poll->slot;
	b.queue = poll->queue;
	w->lane = poll->lane;
	c->rx_packets += handled;
	tw_burst_process(w, s, &b);
	now = rte_rdtsc();
	c->busy_cycles += now - w->burst_tsc;
	w->burst_tsc = now;
	return handled;
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

	while (now | later) {
		unsigned i = next_bit(now ? now : later, down);

		if (!now) {
			now = later;
			later = 0;
		}
		now &= ~(UINT64_C(1) << i);
		handled += poll_one(w, s, &polls[i]);
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
	w->round_tsc = w->burst_tsc = tsc;

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
	if (__builtin_expect(w->now != s, 0))
		w->tap_skips = 0; /* a bit may be another mirror's */
	w->now = s;
	w->tap_shut = 0;
	if (__builtin_expect(!tw_sample_is_settled(w, s), 0))
		tw_sample_settle(w, s);
	handled = tw_tx_inject(w, s);
	if (__builtin_expect(w->arrivals && !rte_ring_empty(w->arrivals), 0))
		handled += tw_deliver(w, s);
	tw_job_some(w, s);
	tw_learn_some(w, s);
	handled += poll_all(w, s);
	if (__builtin_expect(s->n_queued > 0, 0))
		handled += tw_shape_drain(w, s);
	if (__builtin_expect(w->taps_pending != 0, 0))
		tw_tap_flush(w, s);
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
