/* SPDX-License-Identifier: Apache-2.0 */
/*
 * move_test.c - queues go to and fro between two workers under traffic: every frame arrives, in order, and is in one record.
 *
 * Two workers on threads of their own poll three ports; the test is main. The ports' devices receive what a callback makes up,
 * in the thread of the worker that polls, and what goes out a callback looks at, in the thread of the worker that sends. So the
 * numbers they keep of each flow go from worker to worker by nothing but the move: where two workers had a queue at once,
 * ThreadSanitizer would tell, and numbers would be missing or twice. See move.h and ringswitch.h.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include <rte_bus_vdev.h>
#include <rte_ethdev.h>
#include <rte_malloc.h>

#include "common/clock.h"
#include "dataplane/switch.h"
#include "tests/support/ringswitch.h"

enum {
	WORKERS = 2,
	FLOWS = 40,
	MOVES = 150,
	PATIENCE_MS = 60000,
	POOL = 1023,
	FLOW_TABLE = 1024,
	LEN = 60,
	QUIET_ROUNDS = 10000
};

/* Who sends to whom; all access ports of VLAN 10. */
static const struct {
	uint8_t from, to;
} ways[] = { { 1, 2 }, { 2, 1 }, { 5, 1 } };
enum { WAYS = sizeof(ways) / sizeof(ways[0]) };

/* One way's traffic. The first line belongs to who polls its queue, the second to who sends its frames: the same worker. */
static struct way {
	uint32_t made[FLOWS], turn;
	uint32_t seen[FLOWS], out_of_order;
	uint8_t frame[LEN];
	uint16_t device;
} way[WAYS];

static struct tw_switch *sw;
static struct tw_worker *worker[WORKERS];
static struct tw_counters *counters[WORKERS];
static _Thread_local struct tw_worker *me;
static _Atomic bool halted;
static pthread_t thread[WORKERS];

/* --- traffic --- */

static void number(uint8_t *frame, unsigned flow, uint32_t seq)
{
	frame[34] = 0x40; /* source port */
	frame[35] = (uint8_t)flow;
	memcpy(frame + 42, &seq, sizeof(seq));
}

static uint16_t make_frames(uint16_t port, uint16_t queue, struct rte_mbuf **m, uint16_t n, uint16_t most, void *arg)
{
	struct way *its = arg;
	uint16_t made = 0;

	for (; made < most && !atomic_load_explicit(&halted, memory_order_relaxed); made++) {
		unsigned flow = its->turn++ * 7 % FLOWS;
		uint8_t *frame;

		m[made] = rte_pktmbuf_alloc(me->pool);
		if (!m[made])
			break;
		frame = (uint8_t *)rte_pktmbuf_append(m[made], LEN);
		memcpy(frame, its->frame, LEN);
		number(frame, flow, its->made[flow]++);
	}
	return made;
}

static void look_at(const struct rte_mbuf *m)
{
	const uint8_t *frame = rte_pktmbuf_mtod(m, const uint8_t *);
	uint32_t seq;

	memcpy(&seq, frame + 42, sizeof(seq));
	for (unsigned i = 0; i < WAYS; i++)
		if (ways[i].from == frame[11]) {
			way[i].out_of_order += way[i].seen[frame[35]] != seq;
			way[i].seen[frame[35]] = seq + 1;
		}
}

static uint16_t look_at_frames(uint16_t port, uint16_t queue, struct rte_mbuf **m, uint16_t n, void *arg)
{
	for (uint16_t i = 0; i < n; i++)
		look_at(m[i]);
	return n;
}

/* --- the switch --- */

/* What it sends it frees, what it receives the callback makes up. */
static uint16_t open_null(unsigned i)
{
	const struct rte_eth_conf conf = { 0 };
	char name[32];
	uint16_t id;

	snprintf(name, sizeof(name), "net_null%u", i);
	assert_int_equal(rte_vdev_init(name, "no-rx=1"), 0);
	assert_int_equal(rte_eth_dev_get_port_by_name(name, &id), 0);
	assert_int_equal(rte_eth_dev_configure(id, 1, 1, &conf), 0);
	assert_int_equal(rte_eth_rx_queue_setup(id, 0, 64, 0, NULL, rs.worker.pool), 0);
	assert_int_equal(rte_eth_tx_queue_setup(id, 0, 64, 0, NULL), 0);
	assert_int_equal(rte_eth_dev_start(id), 0);
	assert_non_null(rte_eth_add_rx_callback(id, 0, make_frames, &way[i]));
	assert_non_null(rte_eth_add_tx_callback(id, 0, look_at_frames, NULL));
	return id;
}

static struct rte_ring *ring(const char *what, unsigned id, unsigned size, unsigned element)
{
	char name[RTE_RING_NAMESIZE];
	struct rte_ring *r;

	snprintf(name, sizeof(name), "move-%s-%u", what, id);
	r = rte_ring_create_elem(name, element, size, SOCKET_ID_ANY, RING_F_SP_ENQ | RING_F_SC_DEQ);
	assert_non_null(r);
	return r;
}

static void make_worker(unsigned id)
{
	struct tw_worker *w = worker[id] = rte_zmalloc("worker", sizeof(*w), 64);
	char name[32];

	*w = rs.worker;
	w->id = (uint16_t)id;
	w->counters = counters[id] = rte_zmalloc("counters", TW_SLOTS_MAX * sizeof(struct tw_counters), 64);
	sw->flow_memory[id] = rte_zmalloc("flows", tw_flow_cache_size(FLOW_TABLE), 64);
	assert_true(w->counters && sw->flow_memory[id]);
	tw_flow_cache_init(&w->cache, sw->flow_memory[id], FLOW_TABLE);
	snprintf(name, sizeof(name), "move-%u", id);
	w->pool = rte_pktmbuf_pool_create(name, POOL, 0, TW_MBUF_PRIV_SIZE, RTE_PKTMBUF_HEADROOM + 256, SOCKET_ID_ANY);
	assert_non_null(w->pool);
	w->records = ring("records", id, 4096, sizeof(struct tw_flow_record));
	w->inject = ring("inject", id, 16, sizeof(void *));
	w->jobs = ring("jobs", id, 16, sizeof(void *));
	w->told = ring("told", id, 16, sizeof(void *));
	w->qsbr = sw->qsbr;
	w->snapshot = &sw->snapshot;
	tw_worker_clock_init(w);
	assert_int_equal(rte_rcu_qsbr_thread_register(sw->qsbr, id), 0);
	sw->workers[id] = w;
}

static void describe_ways(struct tw_snapshot *s)
{
	for (unsigned i = 0; i < WAYS; i++) {
		struct test_frame f = {
			.from = ways[i].from, .to = ways[i].to, .protocol = 17, .dport = 9, .payload = LEN - 42
		};

		assert_int_equal(test_frame_write(&f, way[i].frame), LEN);
		way[i].device = open_null(i);
		s->slot[rs_slot(ways[i].from)].device = way[i].device;
	}
}

static void *run(void *arg)
{
	me = arg;
	tw_worker_run(me);
	return NULL;
}

static void start(void)
{
	rs.active_s = rs.idle_s = 3600; /* a record is a flow's last, or one too many */
	tw_queue_map_init(&rs.map, WORKERS);
	rs_publish();
	sw = rte_zmalloc("switch", sizeof(*sw), 64);
	assert_non_null(sw);
	sw->map = rs.map;
	sw->generation = atomic_load(rs.worker.snapshot)->generation;
	sw->n_workers = WORKERS;
	sw->qsbr = rte_zmalloc("qsbr", rte_rcu_qsbr_get_memsize(WORKERS), 64);
	assert_int_equal(rte_rcu_qsbr_init(sw->qsbr, WORKERS), 0);
	for (unsigned i = 0; i < WORKERS; i++)
		make_worker(i);
	sw->events = event_base_new();
	sw->jobs = tw_jobs_create(sw->events, sw->workers, WORKERS);
	sw->recorders = tw_recorders_create(WORKERS);
	describe_ways((struct tw_snapshot *)(uintptr_t)atomic_load(rs.worker.snapshot));
	atomic_store(&sw->snapshot, atomic_exchange(rs.worker.snapshot, NULL)); /* ours from now on */
	for (unsigned i = 0; i < WORKERS; i++)
		assert_int_equal(pthread_create(&thread[i], NULL, run, worker[i]), 0);
}

/* --- main --- */

/* Its timers, for what workers have done. */
static void loop_once(void)
{
	const struct timespec nap = { .tv_nsec = 200000 };

	event_base_loop(sw->events, EVLOOP_NONBLOCK);
	tw_move_step(sw);
	nanosleep(&nap, NULL);
}

static void wait_for_flows(void)
{
	uint64_t until = tw_clock_mono_ms() + PATIENCE_MS;

	while (tw_move_pending(sw)) {
		assert_true(tw_clock_mono_ms() < until);
		loop_once();
	}
}

/* Each worker has been round once: some frames more. */
static void wait_for_a_round(void)
{
	const struct timespec nap = { .tv_nsec = 50000 };
	uint64_t before = rte_rcu_qsbr_start(sw->qsbr), until = tw_clock_mono_ms() + PATIENCE_MS;

	while (rte_rcu_qsbr_check(sw->qsbr, before, false) != 1) {
		assert_true(tw_clock_mono_ms() < until);
		nanosleep(&nap, NULL);
	}
}

/* A worker that has lost its CPU keeps the queue: another time, then. */
static void move(unsigned i, unsigned to)
{
	uint64_t until = tw_clock_mono_ms() + PATIENCE_MS;
	int rc;

	while ((rc = tw_move_queue(sw, rs_slot(ways[i].from), 0, to)) == -ETIMEDOUT)
		assert_true(tw_clock_mono_ms() < until);
	assert_int_equal(rc, 0);
	assert_int_equal(tw_queue_map_get(&sw->map, rs_slot(ways[i].from), 0), to);
}

static void stop(void)
{
	atomic_store(&halted, true);
	for (unsigned i = 0; i < WORKERS; i++)
		atomic_store(&worker[i]->stop, true);
	for (unsigned i = 0; i < WORKERS; i++)
		pthread_join(thread[i], NULL);
}

/* Packets of each flow, and records it is in; the workers have stopped. */
static void collect(uint64_t packets[WAYS][FLOWS], unsigned records[WAYS][FLOWS])
{
	struct tw_flow_record r;

	for (unsigned id = 0; id < WORKERS; id++) {
		struct tw_job end = { .kind = TW_JOB_END, .slot = TW_SLOT_NONE };

		assert_int_equal(rte_ring_sp_enqueue(worker[id]->jobs, &end), 0);
		me = worker[id];
		for (unsigned n = 0; !atomic_load(&end.done); n++) {
			assert_true(n < QUIET_ROUNDS);
			tw_worker_poll(worker[id]);
		}
		while (rte_ring_sc_dequeue_elem(worker[id]->records, &r, sizeof(r)) == 0)
			for (unsigned i = 0; i < WAYS; i++)
				if (r.ingress == ways[i].from) {
					packets[i][r.src_port & 0xff] += r.packets;
					records[i][r.src_port & 0xff]++;
				}
	}
}

static void expect_all_counted(void)
{
	static uint64_t packets[WAYS][FLOWS];
	static unsigned records[WAYS][FLOWS];

	collect(packets, records);
	for (unsigned i = 0; i < WAYS; i++) {
		uint64_t made = 0, rx = 0, tx = 0, queue = 0;

		assert_int_equal(way[i].out_of_order, 0);
		for (unsigned flow = 0; flow < FLOWS; flow++) {
			assert_int_equal(way[i].seen[flow], way[i].made[flow]);
			assert_int_equal(packets[i][flow], way[i].made[flow]);
			assert_int_equal(records[i][flow], 1);
			made += way[i].made[flow];
		}
		for (unsigned id = 0; id < WORKERS; id++) {
			rx += counters[id][rs_slot(ways[i].from)].rx_packets;
			queue += counters[id][rs_slot(ways[i].from)].queue[0].rx_packets;
			for (unsigned reason = 0; reason < TW_DROPS; reason++)
				assert_int_equal(counters[id][rs_slot(ways[i].from)].drops[reason], 0);
		}
		assert_int_equal(rx, made);
		assert_int_equal(queue, made);
		for (unsigned id = 0; id < WORKERS; id++)
			tx += counters[id][rs_slot(ways[i].to)].tx_packets;
		assert_true(tx >= made);
		assert_true(made > MOVES);
	}
}

static void destroy(void)
{
	while (!tw_grace_over(sw))
		;
	for (unsigned i = 0; i < WAYS; i++)
		rte_eth_dev_stop(way[i].device);
	tw_jobs_destroy(sw->jobs);
	tw_recorders_destroy(sw->recorders);
	event_base_free(sw->events);
	tw_snapshot_free(atomic_load(&sw->snapshot));
	for (unsigned i = 0; i < WORKERS; i++) {
		struct rte_ring *rings[] = { worker[i]->records, worker[i]->inject, worker[i]->jobs, worker[i]->told };

		for (unsigned k = 0; k < 4; k++)
			rte_ring_free(rings[k]);
		assert_int_equal(rte_mempool_in_use_count(worker[i]->pool), 0);
		rte_mempool_free(worker[i]->pool);
		rte_free(sw->flow_memory[i]);
		rte_free(counters[i]);
		rte_free(worker[i]);
	}
	rte_free(sw->qsbr);
	rte_free(sw);
}

static void queues_that_move_lose_nothing_and_keep_order_and_records(void **state)
{
	start();
	for (unsigned n = 0; n < MOVES; n++) {
		unsigned i = n % WAYS, to = !tw_queue_map_get(&sw->map, rs_slot(ways[i].from), 0);

		wait_for_a_round();
		move(i, to);
		assert_int_equal(tw_move_queue(sw, rs_slot(ways[i].from), 0, !to), -EBUSY); /* its flows first */
		wait_for_flows();
	}
	assert_int_equal(sw->move.moves, MOVES);
	assert_true(sw->move.flows_moved > 0);
	stop();
	expect_all_counted();
	destroy();
}

#define T(name) cmocka_unit_test_setup_teardown(name, rs_setup, rs_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(queues_that_move_lose_nothing_and_keep_order_and_records),
	};

	return cmocka_run_group_tests_name("move", tests, rs_group_setup, NULL);
}
