/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mirror_move_test.c - a mirror goes on at the host to which its last port moves: its counters add up, its ERSPAN numbers have no
 *                      gap and no repeat. EAL; two hosts' mirrors in one process, a raw GRE socket on loopback as their collector.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>
#include <rte_cycles.h>

#include "dataplane/eal.h"
#include "dataplane/switch.h"
#include "dataplane/worker.h"
#include "tests/support/own_network.h"

enum {
	FRAME = 64,
	MOVING = 7,
	STAYING = 8,
	WAIT_MS = 3000,
	IPV4_OCTETS = 20,
	SEQUENCE_AT = IPV4_OCTETS + 4,
	GRE_MIN = 8
};

struct host {
	struct rte_ring *ring;
	struct tw_worker *worker;
	struct tw_tap_budget budgets[TW_MIRRORS_MAX];
	struct tw_mirrors *mirrors;
	uint8_t bit;
};

static char folder[] = "/tmp/tw-mirror-move.XXXXXX";
static struct rte_mempool *pool;
static struct host here, there;
static int collector;
static bool is_here[2]; /* MOVING, STAYING */

static bool stays(void *arg, uint32_t number)
{
	return is_here[number - MOVING];
}

static int begin_host(struct host *h, const char *name)
{
	h->ring = rte_ring_create(name, 1024, SOCKET_ID_ANY, 0);
	h->worker = calloc(1, sizeof(*h->worker));
	if (!h->ring || !h->worker)
		return -1;
	h->worker->pool = pool;
	h->worker->mirrors = h->ring;
	h->mirrors = tw_mirrors_create((struct tw_worker *const[]){ h->worker }, 1, h->budgets);
	return h->mirrors ? 0 : -1;
}

static void end_host(struct host *h)
{
	tw_mirrors_destroy(h->mirrors);
	rte_ring_free(h->ring);
	free(h->worker);
}

static int start(void **state)
{
	struct tw_options options = { .run_dir = folder, .n_cpus = 1, .memory_mib = 64, .no_huge = true };

	if (!enter_own_network() || !mkdtemp(folder) || tw_eal_start(&options))
		return -1;
	pool = rte_pktmbuf_pool_create("mbufs", 2047, 0, TW_MBUF_PRIV_SIZE, RTE_MBUF_DEFAULT_BUF_SIZE, SOCKET_ID_ANY);
	return pool ? 0 : -1;
}

static int stop(void **state)
{
	rte_mempool_free(pool);
	tw_eal_stop();
	return rmdir(folder);
}

static int begin(void **state)
{
	is_here[0] = is_here[1] = true;
	collector = socket(AF_INET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_GRE);
	return collector < 0 || begin_host(&here, "here") || begin_host(&there, "there") ? -1 : 0;
}

static int end(void **state)
{
	end_host(&here);
	end_host(&there);
	close(collector);
	return 0;
}

/* @param number of the first of its n ports */
static void open_mirror(struct host *h, uint32_t first, size_t n)
{
	uint32_t ports[] = { first, first + 1 };
	Tw__LocalMirror m;
	const struct tw_mirror_config config = { .mirror = &m, .host = "a" };

	tw__local_mirror__init(&m);
	m.name = (char *)(uintptr_t) "ids";
	m.erspan = (char *)(uintptr_t) "127.0.0.1";
	m.ports = ports;
	m.n_ports = n;
	h->bit = tw_mirrors_open(h->mirrors, &config).bit;
	assert_int_not_equal(h->bit, TW_MIRROR_NO_BIT);
}

static void copy(struct host *h, unsigned n)
{
	while (n--) {
		struct rte_mbuf *m = rte_pktmbuf_alloc(pool);

		assert_non_null(m);
		memset(rte_pktmbuf_append(m, FRAME), 0x5a, FRAME);
		*(struct tw_mirror_tag *)rte_mbuf_to_priv(m) = (struct tw_mirror_tag){
			.mask = UINT64_C(1) << h->bit, .tsc = rte_rdtsc(), .number = MOVING, .original_len = FRAME
		};
		assert_int_equal(rte_ring_enqueue(h->ring, m), 0);
	}
}

static uint32_t next_number(void)
{
	struct pollfd p = { .fd = collector, .events = POLLIN };
	uint8_t packet[2048];
	uint32_t number;

	assert_int_equal(poll(&p, 1, WAIT_MS), 1);
	assert_in_range(recv(collector, packet, sizeof(packet), 0), IPV4_OCTETS + GRE_MIN, sizeof(packet));
	memcpy(&number, packet + SEQUENCE_AT, sizeof(number));
	return ntohl(number);
}

static void expect_numbers(uint32_t first, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		assert_int_equal(next_number(), first + i);
}

/* So many, in their order, with gaps where the thread has heard of what was shed. */
static void expect_ascending(uint32_t first, uint32_t last, unsigned n)
{
	while (n--) {
		uint32_t number = next_number();

		assert_in_range(number, first, last);
		first = number + 1;
	}
}

static struct tw_mirror_stats stats_of(const struct host *h)
{
	struct tw_mirror_stats stats[TW_MIRRORS_MAX];

	assert_int_equal(tw_mirrors_get_stats(h->mirrors, stats), 1);
	return stats[0];
}

static uint64_t copies_of(const struct host *h)
{
	struct tw_mirror_stats s = stats_of(h);

	return s.sink.packets + s.taps.sent;
}

/* @return mirrors that went along */
static size_t move(struct host *from, struct host *to)
{
	Tw__PortState *state = malloc(sizeof(*state));
	size_t n;

	assert_non_null(state);
	tw__port_state__init(state);
	state->number = MOVING;
	assert_true(tw_mirrors_take(from->mirrors, stays, NULL, state));
	n = state->n_mirrors;
	tw_mirrors_put(to->mirrors, state);
	tw__port_state__free_unpacked(state, NULL);
	return n;
}

static void numbers_and_counters_go_on_at_the_other_host(void **state)
{
	open_mirror(&here, MOVING, 1);
	open_mirror(&there, MOVING, 1);
	copy(&here, 1);
	expect_numbers(0, 1);
	here.worker->taps[here.bit].count.seen = 7;
	here.worker->taps[here.bit].count.shed_full = 2; /* two numbers that nobody gets */
	copy(&here, 4);
	assert_int_equal(move(&here, &there), 1); /* waits for the four */
	expect_ascending(1, 6, 4);
	assert_int_equal(stats_of(&there).sink.sequence, 7);
	assert_int_equal(copies_of(&here), 0);
	assert_int_equal(copies_of(&there), 5);
	assert_int_equal(stats_of(&here).taps.seen, 0);
	assert_int_equal(stats_of(&there).taps.seen, 7);
	copy(&there, 3);
	expect_numbers(7, 3);
}

static void they_come_back_with_a_port_that_comes_back(void **state)
{
	open_mirror(&here, MOVING, 1);
	open_mirror(&there, MOVING, 1);
	copy(&here, 5);
	move(&here, &there);
	copy(&there, 2);
	assert_int_equal(move(&there, &here), 1);
	copy(&here, 1);
	expect_numbers(0, 8);
	assert_int_equal(copies_of(&there), 0);
}

static void what_is_taken_twice_counts_once(void **state)
{
	open_mirror(&here, MOVING, 1);
	open_mirror(&there, MOVING, 1);
	copy(&here, 4);
	move(&here, &there);
	move(&here, &there);
	assert_int_equal(copies_of(&there), 4);
	copy(&there, 1);
	expect_numbers(0, 5);
}

static void a_mirror_with_another_source_stays(void **state)
{
	open_mirror(&here, MOVING, 2);
	open_mirror(&there, MOVING, 1);
	copy(&here, 5);
	assert_int_equal(move(&here, &there), 0);
	copy(&here, 1);
	expect_numbers(0, 6);
	is_here[1] = false; /* the other one has left before it */
	assert_int_equal(move(&here, &there), 1);
	copy(&there, 1);
	expect_numbers(6, 1);
}

static void a_mirror_that_has_numbers_of_its_own_keeps_them(void **state)
{
	open_mirror(&here, MOVING, 1);
	open_mirror(&there, MOVING, 2);
	copy(&there, 2);
	expect_numbers(0, 2);
	copy(&here, 5);
	assert_int_equal(move(&here, &there), 1);
	expect_numbers(0, 5);
	copy(&there, 1);
	expect_numbers(2, 1);
	assert_int_equal(stats_of(&there).sink.sequence, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(numbers_and_counters_go_on_at_the_other_host, begin, end),
		cmocka_unit_test_setup_teardown(they_come_back_with_a_port_that_comes_back, begin, end),
		cmocka_unit_test_setup_teardown(what_is_taken_twice_counts_once, begin, end),
		cmocka_unit_test_setup_teardown(a_mirror_with_another_source_stays, begin, end),
		cmocka_unit_test_setup_teardown(a_mirror_that_has_numbers_of_its_own_keeps_them, begin, end),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
