/* SPDX-License-Identifier: Apache-2.0 */
/*
 * flow_pause.c - how long a worker's longest round takes while many flows live, end all at once, or lose their port.
 *
 * A worker without ports is polled with a full table; only its expiry and jobs have work, which is what is to be seen. Its
 * records are taken out between rounds, outside the time. The clock goes on by itself, or is moved where flows are to be idle.
 * Prints a line of JSON for each situation: rounds, the longest in microseconds, and those that 9,999 of 10,000 and 99 of 100 do
 * not exceed.
 * A round in which the kernel took the processor away counts like any other: run it on a quiet machine.
 *
 * Usage: tw-flow-pause [FLOWS]     (default 1,000,000)
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_cycles.h>
#include <rte_eal.h>
#include <rte_malloc.h>
#include <rte_rcu_qsbr.h>
#include <rte_ring_elem.h>

#include "common/log.h"
#include "dataplane/flow_lookup.h"
#include "dataplane/tsc.h"
#include "dataplane/worker.h"

enum { IDLE_MS = 15000, ACTIVE_MS = 60000, STEADY_ROUNDS = 2000000, TICKS = 1 << 16, TAKEN = 256 };

static struct tw_worker worker;
static struct tw_snapshot snapshot;
static _Atomic(const struct tw_snapshot *) published = &snapshot;
static uint32_t flows = 1000000;
static uint64_t taken; /* records */

/* Rounds by their length in tenths of a microsecond; the last has all that are longer. */
static struct {
	uint64_t rounds[TICKS], n, longest;
} seen;

static void __attribute__((noreturn)) fail(const char *what)
{
	fprintf(stderr, "tw-flow-pause: %s\n", what);
	exit(1);
}

static struct rte_ring *ring(const char *name)
{
	struct rte_ring *r = rte_ring_create(name, 64, SOCKET_ID_ANY, RING_F_SP_ENQ | RING_F_SC_DEQ);

	if (!r)
		fail("no memory for rings");
	return r;
}

static void make_worker(void)
{
	static struct tw_counters counters[TW_SLOTS_MAX];
	void *table = rte_zmalloc("flows", tw_flow_cache_size(flows), RTE_CACHE_LINE_SIZE);

	if (!table)
		fail("no memory for that many flows");
	tw_flow_cache_init(&worker.cache, table, flows);
	worker.cache.per_port_max = worker.cache.capacity;
	worker.counters = counters;
	worker.snapshot = &published;
	worker.records = rte_ring_create_elem("records", sizeof(struct tw_flow_record), TW_RECORD_RING, SOCKET_ID_ANY,
					      RING_F_SP_ENQ | RING_F_SC_DEQ);
	worker.inject = ring("inject");
	worker.jobs = ring("jobs");
	worker.told = ring("told");
	worker.mirrors = ring("mirrors");
	if (!worker.records)
		fail("no memory for records");
	tw_worker_clock_init(&worker);
	snapshot.generation = 1;
	snapshot.revision = 1;
	snapshot.n_slots = 1;
	snapshot.idle_timeout_ms = IDLE_MS;
	snapshot.active_timeout_ms = ACTIVE_MS;
}

static void add_flows(void)
{
	tw_worker_poll(&worker);
	for (uint32_t i = 0; i < flows; i++) {
		struct tw_key key = { .word = { 0 } };
		struct tw_flow *f;

		key.flags = TW_FLOW_KEY_IPV4;
		key.protocol = 17;
		memcpy(key.src_ip4, &i, sizeof(i));
		f = tw_flow_cache_add(&worker.cache, &key, tw_key_hash(&key));
		if (!f)
			fail("the table takes less");
		f->verdict.flags = TW_V_METER;
		f->verdict.action = TW_ACT_FORWARD;
		f->generation = 1;
		f->packets = 1;
		f->first_ms = f->last_ms = worker.cache.now_ms;
	}
}

static void take_records(void)
{
	static struct tw_flow_record records[TAKEN];
	unsigned n;

	while ((n = rte_ring_dequeue_burst_elem(worker.records, records, sizeof(*records), TAKEN, NULL)))
		taken += n;
}

static void one_round(void)
{
	uint64_t start = rte_rdtsc(), ticks;

	tw_worker_poll(&worker);
	ticks = (rte_rdtsc() - start) * 10000000 / tw_tsc_hz();
	seen.rounds[ticks < TICKS ? ticks : TICKS - 1]++;
	seen.n++;
	if (ticks > seen.longest)
		seen.longest = ticks;
	take_records();
}

/* The length that all rounds but so many do not exceed. */
static double all_but(uint64_t most)
{
	uint64_t at = TICKS - 1, n = seen.rounds[at];

	while (n <= most && at > 0)
		n += seen.rounds[--at];
	return (double)at / 10;
}

static void report(const char *situation)
{
	printf("{\"situation\": \"%s\", \"flows\": %u, \"rounds\": %lu, \"longest_us\": %.1f, \"p9999_us\": %.1f, "
	       "\"p99_us\": %.1f, \"records\": %lu}\n",
	       situation, tw_flow_cache_used(&worker.cache), seen.n, (double)seen.longest / 10, all_but(seen.n / 10000),
	       all_but(seen.n / 100), taken);
	memset(&seen, 0, sizeof(seen));
	taken = 0;
}

static void pass_ms(uint64_t ms)
{
	worker.tsc_base -= ms * tw_tsc_hz() / 1000;
}

/* All flows of a port that goes. */
static void end_port(void)
{
	struct tw_job job = { .kind = TW_JOB_END, .slot = 0 };

	if (rte_ring_enqueue(worker.jobs, &job))
		fail("the worker takes no job");
	while (!atomic_load(&job.done))
		one_round();
}

int main(int argc, char **argv)
{
	static char eal[][16] = { "tw-flow-pause",  "--no-huge",     "-m",       "512", "--no-pci", "--no-shconf",
				  "--no-telemetry", "--log-level=4", "--lcores", "0@0" };
	char *words[sizeof(eal) / sizeof(*eal)];

	for (size_t i = 0; i < sizeof(eal) / sizeof(*eal); i++)
		words[i] = eal[i];
	if (argc > 1)
		flows = (uint32_t)strtoul(argv[1], NULL, 10);
	snprintf(words[3], sizeof(eal[3]), "%u", 128 + flows / 3000);
	tw_log_init("tw-flow-pause", TW_LOG_WARNING);
	if (flows == 0 || rte_eal_init((int)(sizeof(eal) / sizeof(*eal)), words) < 0)
		fail("cannot start");
	make_worker();
	add_flows();
	for (unsigned i = 0; i < STEADY_ROUNDS; i++)
		one_round();
	report("live");
	pass_ms(IDLE_MS);
	while (tw_flow_cache_used(&worker.cache))
		one_round();
	report("all idle");
	add_flows();
	end_port();
	report("port removed");
	return 0;
}
