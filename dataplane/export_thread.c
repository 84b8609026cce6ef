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
	 * each worker; while a ring is half full the pause between them is halved every tenth of a second, and doubled
	 * again while all are nearly empty. The rest waits in the workers' tables.
	 */
	PAUSE_MOST_US = 2000,
	PAUSE_LEAST_US = 30,
	ADAPT_MS = 100,
	FULL_AT = TW_RECORD_RING / 2,
	CALM_AT = TW_RECORD_RING / 8,
};

struct tw_export_thread {
	/* --- set before the thread starts --- */
	struct tw_worker *workers[TW_WORKERS_MAX];
	unsigned n_workers;
	struct tw_exporter *exporter;
	struct tw_outlet *outlet;
	pthread_t thread;
	int stop;             /* eventfd: the thread sleeps on it */
	pthread_mutex_t news; /* held for a tick: both ways out change at once */
	/* --- thread's own --- */
	unsigned pause_us;
	uint64_t adapted_ms;
	uint64_t lost_packets[TW_WORKERS_MAX], lost_octets[TW_WORKERS_MAX];
};

static void export_all(struct tw_export_thread *t, const struct tw_flow_record *records, unsigned n)
{
	struct tw_flow_names names;

	for (unsigned i = 0; i < n; i++)
		tw_exporter_add(t->exporter, &records[i]);
	for (unsigned i = 0; i < n && tw_outlet_is_open(t->outlet); i++) {
		tw_exporter_find_names(t->exporter, &records[i], &names);
		tw_outlet_add(t->outlet, &records[i], &names);
	}
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

		if (packets != t->lost_packets[w]) {
			tw_exporter_note_lost(t->exporter, packets - t->lost_packets[w], octets - t->lost_octets[w]);
			tw_outlet_note_lost(t->outlet, packets - t->lost_packets[w], octets - t->lost_octets[w]);
		}
		t->lost_packets[w] = packets;
		t->lost_octets[w] = octets;
	}
}

/* @param fullest records in the fullest ring */
static void adapt_pause(struct tw_export_thread *t, unsigned fullest)
{
	uint64_t now = tw_clock_mono_ms();

	if (now - t->adapted_ms < ADAPT_MS)
		return;
	t->adapted_ms = now;
	if (fullest >= FULL_AT)
		t->pause_us = RTE_MAX(t->pause_us / 2, (unsigned)PAUSE_LEAST_US);
	else if (fullest < CALM_AT)
		t->pause_us = RTE_MIN(t->pause_us * 2, (unsigned)PAUSE_MOST_US);
}

static void tick(struct tw_export_thread *t)
{
	uint64_t now = tw_clock_real_ms();

	pthread_mutex_lock(&t->news);
	tw_exporter_tick(t->exporter, now);
	tw_outlet_tick(t->outlet, now);
	pthread_mutex_unlock(&t->news);
}

/* @return false: the rings are empty */
static bool carry_burst(struct tw_export_thread *t)
{
	unsigned fullest = 0, found = drain(t, BURST);
	struct timespec pause = { 0 };

	note_lost(t);
	if (found) {
		tick(t);
		for (unsigned w = 0; w < t->n_workers; w++)
			fullest = RTE_MAX(fullest, rte_ring_count(t->workers[w]->records));
	}
	adapt_pause(t, fullest);
	pause.tv_nsec = 1000L * t->pause_us;
	if (fullest > 0)
		nanosleep(&pause, NULL);
	return found > 0;
}

static void *run(void *arg)
{
	struct tw_export_thread *t = arg;
	struct pollfd p = { .fd = t->stop, .events = POLLIN };

	do {
		while (carry_burst(t))
			;
		tick(t);
	} while (poll(&p, 1, REST_MS) <= 0);
	while (carry_burst(t))
		;
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
	t->pause_us = PAUSE_MOST_US;
	pthread_mutex_init(&t->news, NULL);
	t->exporter = tw_exporter_create();
	t->outlet = tw_outlet_create();
	t->stop = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (t->exporter && t->outlet)
		rc = t->stop < 0 ? errno : pthread_create(&t->thread, NULL, run, t);
	if (rc == 0) {
		pthread_setname_np(t->thread, "tw-export");
		return t;
	}
	tw_log_error("cannot start the exporter thread: %s", strerror(rc));
	tw_exporter_destroy(t->exporter);
	tw_outlet_destroy(t->outlet);
	if (t->stop >= 0)
		close(t->stop);
	pthread_mutex_destroy(&t->news);
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
	tw_outlet_destroy(t->outlet);
	close(t->stop);
	pthread_mutex_destroy(&t->news);
	free(t);
}

int tw_export_thread_configure(struct tw_export_thread *t, const struct tw_exporter_config *exporter,
			       const struct tw_outlet_config *outlet)
{
	int rc;

	pthread_mutex_lock(&t->news);
	rc = tw_exporter_configure(t->exporter, exporter);
	if (!rc)
		tw_outlet_configure(t->outlet, outlet);
	pthread_mutex_unlock(&t->news);
	return rc;
}

struct tw_outlet *tw_export_thread_outlet(struct tw_export_thread *t)
{
	return t->outlet;
}

struct tw_exporter *tw_export_thread_exporter(struct tw_export_thread *t)
{
	return t->exporter;
}
