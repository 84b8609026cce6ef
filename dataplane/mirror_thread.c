/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mirror_thread.c - the mirror thread; see mirror_thread.h.
 *
 * Threads  `wanted` is how main tells the thread what to have open: a table under a lock that is held to copy pointers, never
 *          while a sink is written. Everything under "thread's own" is touched by the thread alone.
 */
#include "dataplane/mirror_thread.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <rte_cycles.h>
#include <rte_lcore.h>

#include "common/clock.h"
#include "dataplane/offload.h"
#include "dataplane/worker.h"

#define TW_LOG_AREA "mirror"
#include "common/log.h"

enum { BURST = 64, FLUSH_MS = 100, IDLE_MS = 2, RESYNC_MS = 1000, SETTLE_MS = 50 };

struct wanted {
	struct tw_sink *sink;
	struct tw_capture_ports *ports; /* not NULL: new ones, the thread takes them */
	bool taken;                     /* the thread has the sink */
};

struct tw_mirror_thread {
	/* --- set before the thread starts --- */
	struct tw_worker *workers[TW_WORKERS_MAX];
	unsigned n_workers;
	pthread_t thread;
	int wake;
	/* --- shared, under lock --- */
	pthread_mutex_t lock;
	struct wanted wanted[TW_MIRRORS_MAX];
	_Atomic uint64_t change; /* written by main */
	_Atomic uint64_t seen;   /* written by the thread */
	pthread_cond_t settled;  /* seen has changed */
	_Atomic bool stop;
	/* --- thread's own --- */
	struct tw_sink *open[TW_MIRRORS_MAX];
	uint64_t shed[TW_MIRRORS_MAX]; /* by workers, as far as the sink knows */
	uint64_t mask;
	uint64_t tsc_ref, ns_ref, synced_ms, flushed_ms;
};

/* --- one copy --- */

static void synchronise(struct tw_mirror_thread *t)
{
	uint64_t now = tw_clock_mono_ms();

	if (t->ns_ref && now - t->synced_ms < RESYNC_MS)
		return;
	t->synced_ms = now;
	t->tsc_ref = rte_rdtsc();
	t->ns_ref = tw_clock_real_ns();
}

static uint64_t ns_of(const struct tw_mirror_thread *t, uint64_t tsc)
{
	__int128 ticks = (__int128)tsc - t->tsc_ref;

	return t->ns_ref + (uint64_t)(int64_t)(ticks * 1000000000 / (__int128)rte_get_tsc_hz());
}

static const struct tw_slot plain = { .mtu = UINT16_MAX };

/* What the guest left to hardware is finished, so that the copy has right checksums; a super-frame stays whole. */
static void finish(struct rte_mbuf *m)
{
	struct rte_mbuf *list[TW_SEGMENTS_MAX];

	if (!tw_offload_pending(m))
		return;
	if (m->ol_flags & TW_OFFLOAD_CUT) {
		uint64_t sum = m->ol_flags & RTE_MBUF_F_TX_TCP_SEG ? RTE_MBUF_F_TX_TCP_CKSUM : RTE_MBUF_F_TX_UDP_CKSUM;

		m->ol_flags = (m->ol_flags & ~(TW_OFFLOAD_CUT | RTE_MBUF_F_TX_L4_MASK)) | sum;
	}
	tw_offload_finish(m, &plain, NULL, list);
}

static void put(struct tw_mirror_thread *t, uint64_t sinks, const struct rte_mbuf *m, const struct tw_mirror_tag *tag)
{
	for (; sinks; sinks &= sinks - 1) {
		struct tw_sink *sink = t->open[__builtin_ctzll(sinks)];

		sink->ops->write(sink, m, tag, ns_of(t, tag->tsc));
	}
}

/* What the wire would have carried of a super-frame. */
static void put_cut(struct tw_mirror_thread *t, uint64_t sinks, const struct rte_mbuf *m,
		    const struct tw_mirror_tag *tag)
{
	struct rte_mempool *pool = t->workers[0]->pool;
	struct rte_mbuf *list[TW_SEGMENTS_MAX], *whole = rte_pktmbuf_copy(m, pool, 0, UINT32_MAX);
	int n = whole ? tw_offload_finish(whole, &plain, pool, list) : -ENOMEM;
	struct tw_mirror_tag part = *tag;

	if (n < 0) {
		rte_pktmbuf_free(whole);
		for (; sinks; sinks &= sinks - 1)
			tw_sink_count_failed(t->open[__builtin_ctzll(sinks)], 1);
		return;
	}
	for (int i = 0; i < n; i++) {
		part.original_len = list[i]->pkt_len;
		put(t, sinks, list[i], &part);
	}
	rte_pktmbuf_free_bulk(list, (unsigned)n);
}

static uint64_t wanting_wire_size(const struct tw_mirror_thread *t, uint64_t sinks)
{
	uint64_t cut = 0;

	for (; sinks; sinks &= sinks - 1)
		if (t->open[__builtin_ctzll(sinks)]->ops->wants_wire_size)
			cut |= sinks & -sinks;
	return cut;
}

static void take_down(struct tw_mirror_thread *t, struct rte_mbuf *copy)
{
	const struct tw_mirror_tag *tag = rte_mbuf_to_priv(copy);
	uint64_t sinks = tag->mask & t->mask, cut = copy->ol_flags & TW_OFFLOAD_CUT ? wanting_wire_size(t, sinks) : 0;

	if (cut)
		put_cut(t, cut, copy, tag);
	if (sinks & ~cut) {
		finish(copy);
		put(t, sinks & ~cut, copy, tag);
	}
}

static unsigned drain_ring(struct tw_mirror_thread *t, struct rte_ring *ring, unsigned most)
{
	struct rte_mbuf *copies[BURST];
	unsigned n = rte_ring_sc_dequeue_burst(ring, (void **)copies, most < BURST ? most : BURST, NULL);

	for (unsigned i = 0; i < n; i++)
		take_down(t, copies[i]);
	if (n > 0)
		rte_pktmbuf_free_bulk(copies, n);
	return n;
}

/* All that was there when this was called, not what comes in meanwhile. */
static void drain_all(struct tw_mirror_thread *t)
{
	for (unsigned i = 0; i < t->n_workers; i++) {
		struct rte_ring *ring = t->workers[i]->mirrors;

		for (unsigned left = rte_ring_count(ring), n = 1; left > 0 && n > 0; left -= n)
			n = drain_ring(t, ring, left);
	}
}

/* --- which sinks there are --- */

static uint64_t shed_by_workers(const struct tw_mirror_thread *t, unsigned bit)
{
	uint64_t shed = 0;

	for (unsigned i = 0; i < t->n_workers; i++)
		shed += tw_mirror_shed(t->workers[i], (uint8_t)bit);
	return shed;
}

static void begin_sink(struct tw_mirror_thread *t, unsigned bit, struct wanted *w)
{
	if (w->sink && t->open[bit] != w->sink) {
		t->open[bit] = w->sink;
		t->shed[bit] = shed_by_workers(t, bit);
	}
	if (w->sink && w->ports && w->sink->ops->set_ports)
		w->sink->ops->set_ports(w->sink, w->ports, tw_clock_real_ns());
	free(w->ports);
	t->mask |= (uint64_t)(w->sink != NULL) << bit;
}

/* A number that no copy gets tells the receiver that one is missing; a file's statistics say how many. */
static void note_shed(struct tw_mirror_thread *t, unsigned bit)
{
	struct tw_sink *sink = t->open[bit];
	uint64_t shed = shed_by_workers(t, bit);

	if (sink->ops->leave_out && shed != t->shed[bit])
		sink->ops->leave_out(sink, shed - t->shed[bit]);
	t->shed[bit] = shed;
}

static void end_sink(struct tw_mirror_thread *t, unsigned bit)
{
	note_shed(t, bit);
	t->open[bit]->ops->close(t->open[bit], tw_clock_real_ns());
	tw_sink_put(t->open[bit]);
	t->open[bit] = NULL;
	t->mask &= ~(UINT64_C(1) << bit);
}

/* Between two sinks a bit has none until its copies are out of the rings (mirror.c): sinks begin and end, they never change. */
static void follow_main(struct tw_mirror_thread *t)
{
	uint64_t change = atomic_load_explicit(&t->change, memory_order_acquire);
	struct wanted now[TW_MIRRORS_MAX];

	if (change == t->seen)
		return;
	pthread_mutex_lock(&t->lock);
	memcpy(now, t->wanted, sizeof(now));
	for (unsigned i = 0; i < TW_MIRRORS_MAX; i++) {
		t->wanted[i].ports = NULL;
		t->wanted[i].taken = true;
	}
	pthread_mutex_unlock(&t->lock);
	for (unsigned i = 0; i < TW_MIRRORS_MAX; i++)
		begin_sink(t, i, &now[i]);
	drain_all(t); /* copies of before belong to the sinks that end now, too */
	for (unsigned i = 0; i < TW_MIRRORS_MAX; i++) {
		if (t->open[i] && !now[i].sink)
			end_sink(t, i);
		else if (t->open[i])
			note_shed(t, i);
	}
	pthread_mutex_lock(&t->lock);
	atomic_store_explicit(&t->seen, change, memory_order_release);
	pthread_cond_broadcast(&t->settled);
	pthread_mutex_unlock(&t->lock);
}

static void flush(struct tw_mirror_thread *t)
{
	uint64_t ms = tw_clock_mono_ms();

	if (ms - t->flushed_ms < FLUSH_MS)
		return;
	t->flushed_ms = ms;
	for (unsigned i = 0; i < TW_MIRRORS_MAX; i++) {
		if (!t->open[i])
			continue;
		note_shed(t, i);
		if (t->open[i]->ops->flush)
			t->open[i]->ops->flush(t->open[i], tw_clock_real_ns());
	}
}

/* --- the thread --- */

/* Nothing to write: sleep a little, or until main has news if no sink is open at all. */
static void rest(struct tw_mirror_thread *t)
{
	struct pollfd p = { .fd = t->wake, .events = POLLIN };
	uint64_t count;

	if (poll(&p, 1, t->mask ? IDLE_MS : -1) > 0 && read(t->wake, &count, sizeof(count)) < 0)
		tw_log_debug("wake: %s", strerror(errno));
}

static void *run(void *arg)
{
	struct tw_mirror_thread *t = arg;
	bool registered = rte_thread_register() == 0; /* for a cache of its own in the mbuf pool */

	while (!atomic_load(&t->stop)) {
		unsigned n = 0;

		synchronise(t);
		follow_main(t);
		for (unsigned i = 0; i < t->n_workers; i++)
			n += drain_ring(t, t->workers[i]->mirrors, BURST);
		flush(t);
		if (n == 0)
			rest(t);
	}
	follow_main(t);
	drain_all(t);
	for (unsigned i = 0; i < TW_MIRRORS_MAX; i++)
		if (t->open[i])
			end_sink(t, i);
	if (registered)
		rte_thread_unregister();
	return NULL;
}

/* --- main --- */

static void wake(struct tw_mirror_thread *t)
{
	uint64_t one = 1;

	if (write(t->wake, &one, sizeof(one)) < 0)
		tw_log_warning("wake: %s", strerror(errno));
}

uint64_t tw_mirror_thread_tell(struct tw_mirror_thread *t, uint8_t bit, struct tw_sink *sink,
			       struct tw_capture_ports *ports)
{
	struct wanted *w = &t->wanted[bit];
	uint64_t change;

	pthread_mutex_lock(&t->lock);
	free(w->ports);
	if (w->sink != sink && !w->taken)
		tw_sink_put(w->sink); /* the thread never heard of it */
	*w = (struct wanted){ sink, ports, w->sink == sink && w->taken };
	change = atomic_fetch_add_explicit(&t->change, 1, memory_order_release) + 1;
	pthread_mutex_unlock(&t->lock);
	wake(t);
	return change;
}

bool tw_mirror_thread_settle(struct tw_mirror_thread *t)
{
	uint64_t change;
	struct timespec until;
	int rc = 0;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += SETTLE_MS * 1000000L;
	until.tv_sec += until.tv_nsec / 1000000000;
	until.tv_nsec %= 1000000000;
	pthread_mutex_lock(&t->lock);
	change = atomic_fetch_add_explicit(&t->change, 1, memory_order_release) + 1;
	wake(t);
	while (t->seen < change && rc == 0)
		rc = pthread_cond_timedwait(&t->settled, &t->lock, &until);
	pthread_mutex_unlock(&t->lock);
	return rc == 0;
}

uint64_t tw_mirror_thread_seen(struct tw_mirror_thread *t)
{
	return atomic_load_explicit(&t->seen, memory_order_acquire);
}

uint64_t tw_mirror_shed(const struct tw_worker *w, uint8_t bit)
{
	const struct tw_tap_counters *c = &w->taps[bit].count;

	return __atomic_load_n(&c->shed_budget, __ATOMIC_RELAXED) + __atomic_load_n(&c->shed_full, __ATOMIC_RELAXED) +
	       __atomic_load_n(&c->shed_absent, __ATOMIC_RELAXED) + __atomic_load_n(&c->shed_memory, __ATOMIC_RELAXED);
}

struct tw_mirror_thread *tw_mirror_thread_create(struct tw_worker *const *workers, unsigned n_workers)
{
	struct tw_mirror_thread *t = calloc(1, sizeof(*t));
	pthread_condattr_t monotonic;
	int rc;

	if (!t)
		return NULL;
	for (unsigned i = 0; i < n_workers; i++)
		t->workers[i] = workers[i];
	t->n_workers = n_workers;
	pthread_mutex_init(&t->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&t->settled, &monotonic);
	pthread_condattr_destroy(&monotonic);
	t->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	rc = t->wake < 0 ? errno : pthread_create(&t->thread, NULL, run, t);
	if (rc == 0) {
		pthread_setname_np(t->thread, "tw-mirror");
		return t;
	}
	tw_log_error("cannot start the mirror thread: %s", strerror(rc));
	if (t->wake >= 0)
		close(t->wake);
	pthread_cond_destroy(&t->settled);
	pthread_mutex_destroy(&t->lock);
	free(t);
	return NULL;
}

void tw_mirror_thread_destroy(struct tw_mirror_thread *t)
{
	if (!t)
		return;
	atomic_store(&t->stop, true);
	wake(t);
	pthread_join(t->thread, NULL);
	for (unsigned i = 0; i < TW_MIRRORS_MAX; i++)
		free(t->wanted[i].ports);
	close(t->wake);
	pthread_cond_destroy(&t->settled);
	pthread_mutex_destroy(&t->lock);
	free(t);
}
