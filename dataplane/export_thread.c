/* SPDX-License-Identifier: Apache-2.0 */
/* export_thread.c - the exporter thread; see export_thread.h. */
#include "dataplane/export_thread.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include <rte_ring_peek_zc.h>

#include "common/clock.h"

#define TW_LOG_AREA "export"
#include "common/log.h"

enum {
	BURST = 64,   /* records, about seven messages */
	REST_MS = 20, /* a ring takes 16,384 records in that time: 800,000 a second from each worker */
	/*
	 * Many flows may end at once (a port goes, the program ends). A collector's socket holds about 90 messages by default;
	 * what comes faster than it reads is lost without anybody's notice. So bursts are spread: 32,000 records a second of
	 * each worker, twice that while a ring is half full, and as fast as it goes when that was not enough for a second,
	 * until the ring is nearly empty.
	 */
	PACE_US = 2000,
	HURRY_US = 1000,
	HURRY_AT = TW_RECORD_RING / 2,
	CALM_AT = TW_RECORD_RING / 8,
	RUSH_BURST = 1024,
	RUSH_US = 50,
	RUSH_AFTER_MS = 1000,
};

struct tw_export_thread {
	/* --- set before the thread starts --- */
	struct tw_worker *workers[TW_WORKERS_MAX];
	unsigned n_workers;
	struct tw_exporter *exporter;
	pthread_t thread;
	int stop; /* eventfd: the thread sleeps on it */
	/* --- thread's own --- */
	uint64_t behind_since_ms; /* 0 = no ring has been half full since all were nearly empty */
	bool rush;
	uint64_t lost_packets[TW_WORKERS_MAX], lost_octets[TW_WORKERS_MAX];
};

static void export_all(struct tw_export_thread *t, const struct tw_flow_record *records, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		tw_exporter_add(t->exporter, &records[i]);
}

/* Read where the workers wrote them. */
static unsigned drain(struct tw_export_thread *t, unsigned most)
{
	unsigned total = 0;

	for (unsigned w = 0; w < t->n_workers; w++) {
		struct rte_ring *records = t->workers[w]->records;
		struct rte_ring_zc_data found;
		unsigned n = rte_ring_dequeue_zc_burst_elem_start(records, sizeof(struct tw_flow_record), most, &found,
								  NULL);

		if (n == 0)
			continue;
		export_all(t, found.ptr1, found.n1);
		export_all(t, found.ptr2, n - found.n1);
		rte_ring_dequeue_zc_elem_finish(records, n);
		total += n;
	}
	return total;
}

static void pace(struct tw_export_thread *t, unsigned fullest)
{
	uint64_t now = tw_clock_mono_ms();
	struct timespec nap = { .tv_nsec = 1000L * PACE_US };

	if (fullest < CALM_AT)
		t->behind_since_ms = 0;
	else if (t->behind_since_ms == 0 && fullest >= HURRY_AT)
		t->behind_since_ms = now;
	t->rush = t->behind_since_ms && now - t->behind_since_ms >= RUSH_AFTER_MS;
	if (t->behind_since_ms)
		nap.tv_nsec = 1000L * (t->rush ? RUSH_US : HURRY_US);
	nanosleep(&nap, NULL);
}

/* @return false: the rings are empty */
static bool carry_burst(struct tw_export_thread *t)
{
	unsigned fullest = 0;

	if (drain(t, t->rush ? RUSH_BURST : BURST) == 0) {
		t->behind_since_ms = 0;
		t->rush = false;
		return false;
	}
	tw_exporter_tick(t->exporter, tw_clock_real_ms());
	for (unsigned w = 0; w < t->n_workers; w++)
		fullest = RTE_MAX(fullest, rte_ring_count(t->workers[w]->records));
	if (fullest > 0)
		pace(t, fullest);
	return true;
}

/* Counters of the worker's, read while it writes them: one burst stale at most. */
static uint64_t read_once(const uint64_t *counter)
{
	return __atomic_load_n(counter, __ATOMIC_RELAXED);
}

static void note_lost(struct tw_export_thread *t)
{
	for (unsigned w = 0; w < t->n_workers; w++) {
		uint64_t packets = read_once(&t->workers[w]->stats.overflows),
			 octets = read_once(&t->workers[w]->stats.overflow_octets);

		if (packets != t->lost_packets[w])
			tw_exporter_note_lost(t->exporter, packets - t->lost_packets[w], octets - t->lost_octets[w]);
		t->lost_packets[w] = packets;
		t->lost_octets[w] = octets;
	}
}

static void *run(void *arg)
{
	struct tw_export_thread *t = arg;
	struct pollfd p = { .fd = t->stop, .events = POLLIN };

	do {
		while (carry_burst(t))
			;
		note_lost(t);
		tw_exporter_tick(t->exporter, tw_clock_real_ms());
	} while (poll(&p, 1, REST_MS) <= 0);
	while (carry_burst(t))
		;
	note_lost(t);
	tw_exporter_flush(t->exporter, tw_clock_real_ms());
	return NULL;
}

struct tw_export_thread *tw_export_thread_create(struct tw_worker *const *workers, unsigned n_workers)
{
	struct tw_export_thread *t = calloc(1, sizeof(*t));
	int rc = ENOMEM;

	if (!t)
		return NULL;
	for (unsigned i = 0; i < n_workers; i++)
		t->workers[i] = workers[i];
	t->n_workers = n_workers;
	t->exporter = tw_exporter_create();
	t->stop = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (t->exporter)
		rc = t->stop < 0 ? errno : pthread_create(&t->thread, NULL, run, t);
	if (rc == 0) {
		pthread_setname_np(t->thread, "tw-export");
		return t;
	}
	tw_log_error("cannot start the exporter thread: %s", strerror(rc));
	tw_exporter_destroy(t->exporter);
	if (t->stop >= 0)
		close(t->stop);
	free(t);
	return NULL;
}

void tw_export_thread_destroy(struct tw_export_thread *t)
{
	uint64_t one = 1;

	if (!t)
		return;
	if (write(t->stop, &one, sizeof(one)) < 0)
		tw_log_warning("stop: %s", strerror(errno));
	pthread_join(t->thread, NULL);
	tw_exporter_destroy(t->exporter);
	close(t->stop);
	free(t);
}

struct tw_exporter *tw_export_thread_exporter(struct tw_export_thread *t)
{
	return t->exporter;
}
