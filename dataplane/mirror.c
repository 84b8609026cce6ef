/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mirror.c - the mirror thread; see mirror.h.
 *
 * Threads  `wanted` is how main tells the thread what to have open: a table under a lock that is held to copy pointers, never
 *          while a file is written. Everything under "thread's own" is touched by the thread alone.
 */
#include "dataplane/mirror.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
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

enum { BURST = 64, FLUSH_MS = 100, IDLE_MS = 2, RESYNC_MS = 1000 };

struct wanted {
	struct tw_capture *file;
	struct tw_capture_ports *ports; /* not NULL: new ones, the thread takes them */
	bool taken;                     /* the thread has the file */
};

/* Main's view of a mirror. */
struct mirror {
	bool used;
	struct tw_mirror_stats stats;
	uint32_t snaplen;
	uint64_t max_bytes, shed_before;
	struct tw_capture *file;
	uint8_t bit;
};

struct tw_mirrors {
	/* --- set before the thread starts --- */
	struct rte_ring *rings[TW_WORKERS_MAX];
	unsigned n_rings;
	pthread_t thread;
	int wake;
	/* --- main's own --- */
	struct mirror mirrors[TW_MIRRORS_MAX];
	uint64_t freed_at[TW_MIRRORS_MAX]; /* change with which a bit was given up */
	uint64_t worker_shed;
	/* --- shared, under lock --- */
	pthread_mutex_t lock;
	struct wanted wanted[TW_MIRRORS_MAX];
	_Atomic uint64_t change; /* written by main */
	_Atomic uint64_t seen;   /* written by the thread */
	_Atomic bool stop;
	/* --- thread's own --- */
	struct tw_capture *open[TW_MIRRORS_MAX];
	uint64_t mask;
	uint64_t tsc_ref, ns_ref, synced_ms, flushed_ms;
};

/* --- thread --- */

static void synchronise(struct tw_mirrors *m)
{
	uint64_t now = tw_clock_mono_ms();

	if (m->ns_ref && now - m->synced_ms < RESYNC_MS)
		return;
	m->synced_ms = now;
	m->tsc_ref = rte_rdtsc();
	m->ns_ref = tw_clock_real_ns();
}

static uint64_t ns_of(const struct tw_mirrors *m, uint64_t tsc)
{
	__int128 ticks = (__int128)tsc - m->tsc_ref;

	return m->ns_ref + (uint64_t)(int64_t)(ticks * 1000000000 / (__int128)rte_get_tsc_hz());
}

/* What the guest left to hardware is finished, so that the capture shows right checksums; a super-frame stays whole. */
static void finish(struct rte_mbuf *m)
{
	const struct tw_slot plain = { .mtu = UINT16_MAX };
	struct rte_mbuf *list[TW_SEGMENTS_MAX];

	if (!tw_offload_pending(m))
		return;
	if (m->ol_flags & TW_OFFLOAD_CUT) {
		uint64_t sum = m->ol_flags & RTE_MBUF_F_TX_TCP_SEG ? RTE_MBUF_F_TX_TCP_CKSUM : RTE_MBUF_F_TX_UDP_CKSUM;

		m->ol_flags = (m->ol_flags & ~(TW_OFFLOAD_CUT | RTE_MBUF_F_TX_L4_MASK)) | sum;
	}
	tw_offload_finish(m, &plain, NULL, list);
}

static void take_down(struct tw_mirrors *m, struct rte_mbuf *copy)
{
	const struct tw_mirror_tag *tag = rte_mbuf_to_priv(copy);

	if (tag->mask & m->mask) {
		finish(copy);
		for (uint64_t bits = tag->mask & m->mask; bits; bits &= bits - 1)
			tw_capture_write(m->open[__builtin_ctzll(bits)], copy, tag->number, tag->original_len,
					 tag->egress, ns_of(m, tag->tsc));
	}
}

static unsigned drain_ring(struct tw_mirrors *m, struct rte_ring *ring, unsigned most)
{
	struct rte_mbuf *copies[BURST];
	unsigned n = rte_ring_sc_dequeue_burst(ring, (void **)copies, most < BURST ? most : BURST, NULL);

	for (unsigned i = 0; i < n; i++)
		take_down(m, copies[i]);
	if (n > 0)
		rte_pktmbuf_free_bulk(copies, n);
	return n;
}

/* All that was there when this was called, not what comes in meanwhile. */
static void drain_all(struct tw_mirrors *m)
{
	for (unsigned i = 0; i < m->n_rings; i++)
		for (unsigned left = rte_ring_count(m->rings[i]), n = 1; left > 0 && n > 0; left -= n)
			n = drain_ring(m, m->rings[i], left);
}

static void begin_file(struct tw_mirrors *m, unsigned bit, struct wanted *w)
{
	if (w->file)
		m->open[bit] = w->file;
	if (w->file && w->ports)
		tw_capture_set_ports(w->file, w->ports, tw_clock_real_ns());
	free(w->ports);
	m->mask |= (uint64_t)(w->file != NULL) << bit;
}

static void end_file(struct tw_mirrors *m, unsigned bit)
{
	tw_capture_close(m->open[bit], tw_clock_real_ns());
	tw_capture_put(m->open[bit]);
	m->open[bit] = NULL;
	m->mask &= ~(UINT64_C(1) << bit);
}

/* A bit is free for a while before it is another file's (freed_at), so files begin and end here, they never change. */
static void follow_main(struct tw_mirrors *m)
{
	uint64_t change = atomic_load_explicit(&m->change, memory_order_acquire);
	struct wanted now[TW_MIRRORS_MAX];

	if (change == m->seen)
		return;
	pthread_mutex_lock(&m->lock);
	memcpy(now, m->wanted, sizeof(now));
	for (unsigned i = 0; i < TW_MIRRORS_MAX; i++) {
		m->wanted[i].ports = NULL;
		m->wanted[i].taken = true;
	}
	pthread_mutex_unlock(&m->lock);
	for (unsigned i = 0; i < TW_MIRRORS_MAX; i++)
		begin_file(m, i, &now[i]);
	drain_all(m); /* copies of before belong to the files that end now, too */
	for (unsigned i = 0; i < TW_MIRRORS_MAX; i++)
		if (m->open[i] && !now[i].file)
			end_file(m, i);
	atomic_store_explicit(&m->seen, change, memory_order_release);
}

static void flush(struct tw_mirrors *m, bool now)
{
	uint64_t ms = tw_clock_mono_ms();

	if (!now && ms - m->flushed_ms < FLUSH_MS)
		return;
	m->flushed_ms = ms;
	for (unsigned i = 0; i < TW_MIRRORS_MAX; i++)
		if (m->open[i])
			tw_capture_flush(m->open[i]);
}

/* Nothing to write: sleep a little, or until main has news if no file is open at all. */
static void rest(struct tw_mirrors *m)
{
	struct pollfd p = { .fd = m->wake, .events = POLLIN };
	uint64_t count;

	if (poll(&p, 1, m->mask ? IDLE_MS : -1) > 0 && read(m->wake, &count, sizeof(count)) < 0)
		tw_log_debug("wake: %s", strerror(errno));
}

static void *run(void *arg)
{
	struct tw_mirrors *m = arg;
	bool registered = rte_thread_register() == 0; /* for a cache of its own in the mbuf pool */

	while (!atomic_load(&m->stop)) {
		unsigned n = 0;

		synchronise(m);
		follow_main(m);
		for (unsigned i = 0; i < m->n_rings; i++)
			n += drain_ring(m, m->rings[i], BURST);
		flush(m, false);
		if (n == 0)
			rest(m);
	}
	follow_main(m);
	drain_all(m);
	for (unsigned i = 0; i < TW_MIRRORS_MAX; i++)
		if (m->open[i])
			end_file(m, i);
	if (registered)
		rte_thread_unregister();
	return NULL;
}

/* --- main --- */

static void wake(struct tw_mirrors *m)
{
	uint64_t one = 1;

	if (write(m->wake, &one, sizeof(one)) < 0)
		tw_log_warning("wake: %s", strerror(errno));
}

static void tell(struct tw_mirrors *m, uint8_t bit, struct tw_capture *file, struct tw_capture_ports *ports)
{
	struct wanted *w = &m->wanted[bit];

	pthread_mutex_lock(&m->lock);
	free(w->ports);
	if (w->file != file && !w->taken)
		tw_capture_put(w->file); /* the thread never heard of it */
	*w = (struct wanted){ file, ports, w->file == file && w->taken };
	atomic_fetch_add_explicit(&m->change, 1, memory_order_release);
	pthread_mutex_unlock(&m->lock);
	wake(m);
}

struct tw_mirrors *tw_mirrors_create(struct rte_ring *const *rings, unsigned n_rings)
{
	struct tw_mirrors *m = calloc(1, sizeof(*m));
	int rc;

	if (!m)
		return NULL;
	for (unsigned i = 0; i < n_rings; i++)
		m->rings[i] = rings[i];
	m->n_rings = n_rings;
	pthread_mutex_init(&m->lock, NULL);
	m->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	rc = m->wake < 0 ? errno : pthread_create(&m->thread, NULL, run, m);
	if (rc == 0) {
		pthread_setname_np(m->thread, "tw-mirror");
		return m;
	}
	tw_log_error("cannot start the mirror thread: %s", strerror(rc));
	if (m->wake >= 0)
		close(m->wake);
	free(m);
	return NULL;
}

static void forget(struct tw_mirrors *m, struct mirror *mirror)
{
	if (mirror->file) {
		tell(m, mirror->bit, NULL, NULL);
		m->freed_at[mirror->bit] = m->change;
		tw_capture_put(mirror->file);
	}
	memset(mirror, 0, sizeof(*mirror));
}

void tw_mirrors_destroy(struct tw_mirrors *m)
{
	if (!m)
		return;
	atomic_store(&m->stop, true);
	wake(m);
	pthread_join(m->thread, NULL);
	for (unsigned i = 0; i < TW_MIRRORS_MAX; i++) {
		tw_capture_put(m->mirrors[i].file);
		free(m->wanted[i].ports);
	}
	close(m->wake);
	pthread_mutex_destroy(&m->lock);
	free(m);
}

static uint8_t free_bit(const struct tw_mirrors *m)
{
	uint64_t taken = 0, seen = m->seen;

	for (unsigned i = 0; i < TW_MIRRORS_MAX; i++)
		if (m->mirrors[i].file)
			taken |= UINT64_C(1) << m->mirrors[i].bit;
	for (uint8_t bit = 0; bit < TW_MIRRORS_MAX; bit++)
		if (!(taken >> bit & 1) && m->freed_at[bit] <= seen)
			return bit;
	return TW_MIRROR_NO_BIT;
}

static struct mirror *find(struct tw_mirrors *m, const char *name)
{
	struct mirror *unused = NULL;

	for (unsigned i = 0; i < TW_MIRRORS_MAX; i++) {
		if (m->mirrors[i].used && strcmp(m->mirrors[i].stats.name, name) == 0)
			return &m->mirrors[i];
		if (!m->mirrors[i].used && !unused)
			unused = &m->mirrors[i];
	}
	return unused;
}

static struct tw_capture_ports *copy_ports(const struct tw_mirror_config *config)
{
	struct tw_capture_ports *ports = malloc(sizeof(*ports) + config->n_ports * sizeof(ports->a[0]));

	if (!ports)
		return NULL;
	ports->n = config->n_ports;
	memcpy(ports->a, config->ports, config->n_ports * sizeof(ports->a[0]));
	return ports;
}

static bool goes_on(const struct mirror *mirror, const struct tw_mirror_config *config)
{
	return mirror->file && strcmp(mirror->stats.path, config->path) == 0 && mirror->snaplen == config->snaplen &&
	       mirror->max_bytes == config->max_bytes;
}

static bool open_file(struct tw_mirrors *m, struct mirror *mirror, const struct tw_mirror_config *config)
{
	snprintf(mirror->stats.name, sizeof(mirror->stats.name), "%s", config->name);
	snprintf(mirror->stats.path, sizeof(mirror->stats.path), "%s", config->path);
	mirror->used = true;
	mirror->snaplen = config->snaplen;
	mirror->max_bytes = config->max_bytes;
	mirror->shed_before = m->worker_shed;
	mirror->bit = free_bit(m);
	if (mirror->bit == TW_MIRROR_NO_BIT)
		snprintf(mirror->stats.file.error, sizeof(mirror->stats.file.error), "the mirror thread is behind");
	else
		mirror->file = tw_capture_open(config->path, config->snaplen, config->max_bytes, config->host,
					       mirror->stats.file.error);
	if (!mirror->file)
		tw_log_warning("mirror cannot be opened mirror=%s path=%s error=\"%s\"", config->name, config->path,
			       mirror->stats.file.error);
	return mirror->file != NULL;
}

uint8_t tw_mirrors_open(struct tw_mirrors *m, const struct tw_mirror_config *config)
{
	struct mirror *mirror = find(m, config->name);
	struct tw_capture_ports *ports = copy_ports(config);

	if (!mirror || !ports) {
		free(ports);
		return TW_MIRROR_NO_BIT;
	}
	if (!goes_on(mirror, config)) {
		forget(m, mirror);
		if (!open_file(m, mirror, config)) {
			free(ports);
			return TW_MIRROR_NO_BIT;
		}
	}
	tell(m, mirror->bit, mirror->file, ports);
	return mirror->bit;
}

void tw_mirrors_keep(struct tw_mirrors *m, const char *const *names, size_t n)
{
	for (unsigned i = 0; i < TW_MIRRORS_MAX; i++) {
		bool keep = !m->mirrors[i].used;

		for (size_t j = 0; j < n && !keep; j++)
			keep = strcmp(m->mirrors[i].stats.name, names[j]) == 0;
		if (!keep)
			forget(m, &m->mirrors[i]);
	}
}

size_t tw_mirrors_get_stats(struct tw_mirrors *m, uint64_t worker_shed, struct tw_mirror_stats stats[TW_MIRRORS_MAX])
{
	size_t n = 0;

	m->worker_shed = worker_shed;
	for (unsigned i = 0; i < TW_MIRRORS_MAX; i++) {
		if (!m->mirrors[i].used)
			continue;
		stats[n] = m->mirrors[i].stats;
		if (m->mirrors[i].file) {
			tw_capture_get_stats(m->mirrors[i].file, &stats[n].file);
			stats[n].file.shed += worker_shed - m->mirrors[i].shed_before;
		}
		n++;
	}
	return n;
}
