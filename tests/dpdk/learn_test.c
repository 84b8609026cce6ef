/* SPDX-License-Identifier: Apache-2.0 */
/*
 * learn_test.c - a worker hears MACs, tells them, and forwards by what main made of them. See ringswitch.h.
 *
 * hear() is main's part: what is in the worker's ring goes into the table, and its new version out.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dataplane/learn.h"
#include "dataplane/learning.h"
#include "proto/model.pb-c.h"
#include "tests/support/ringswitch.h"

enum { NESTED = 50, SECOND = 51, STRANGER = 77, AGE_MS = 300000 };

static struct tw_learning *learning;
static _Atomic(const struct tw_fdb *) fdb;

static struct test_frame udp(uint8_t from, uint8_t to)
{
	return (struct test_frame){
		.from = from, .to = to, .protocol = 17, .sport = 1000, .dport = 2000, .payload = 22
	};
}

static struct test_frame tag(struct test_frame f, uint16_t tci)
{
	f.tagged = true;
	f.tci = tci;
	return f;
}

/* @return how many MACs had been told */
static unsigned hear(void)
{
	const struct tw_fdb *next;
	struct tw_heard_mac heard;
	unsigned n = 0;

	for (; rte_ring_dequeue_elem(rs.worker.macs, &heard, sizeof(heard)) == 0; n++)
		tw_learning_heard(learning, heard.slot, heard.mac, heard.vlan, rs.worker.cache.now_ms);
	next = tw_learning_build(learning);
	if (next)
		free((void *)(uintptr_t)atomic_exchange(&fdb, next));
	do {
		rs_run(); /* the worker sees it, and goes through its flows */
	} while (rs.worker.learn.left);
	return n;
}

/* rs.port's configuration, in the switch and in the table. */
static void apply(void)
{
	for (unsigned who = 1; who <= RS_PORTS; who++) {
		const struct rs_port *p = &rs.port[who];
		struct tw_learn_policy policy = { .number = who, .limit = p->learn_limit, .age_ms = AGE_MS };

		if (p->learn >= TW__LEARN__LEARN_ACCEPT)
			policy.learn = TW_LEARN_ALL;
		else if (p->mac_change)
			policy = (struct tw_learn_policy){ TW_LEARN_ONE, who, 1, AGE_MS };
		tw_learning_set(learning, rs_slot(who), &policy);
	}
	tw_learning_set(learning, TW_FDB_WIRE, &(const struct tw_learn_policy){ TW_LEARN_ALL, 0, 100, AGE_MS });
	rs_publish();
	hear();
}

static int setup(void **state)
{
	rs_setup(state);
	rs_still();
	rs.worker.macs = rte_ring_create_elem("rs_macs", sizeof(struct tw_heard_mac), TW_MACS_RING, SOCKET_ID_ANY, 0);
	assert_non_null(rs.worker.macs);
	learning = tw_learning_create();
	assert_non_null(learning);
	rs.fdb = &fdb;
	rs.port[2].learn = TW__LEARN__LEARN_ACCEPT;
	rs.port[2].learn_limit = 4;
	apply();
	return 0;
}

static int teardown(void **state)
{
	struct rte_ring *macs = rs.worker.macs;
	int rc = rs_teardown(state);

	rte_ring_free(macs);
	free((void *)(uintptr_t)atomic_exchange(&fdb, NULL));
	tw_learning_destroy(learning);
	return rc;
}

static void a_mac_that_sends_is_found_behind_its_port(void **state)
{
	const struct test_frame from = udp(NESTED, 1), to = udp(1, NESTED), out = tag(to, 10);

	rs_send(1, &to);
	rs_run();
	rs_expect(RS_UP, &out);
	rs_send(2, &from);
	rs_run();
	rs_expect(1, &from);
	assert_int_equal(hear(), 1);
	rs_send(1, &to); /* a known flow: judged again, for the version concerns it */
	rs_run();
	rs_expect(2, &to);
	rs_expect_silence();
	rs_expect_drops("");
}

static void the_wire_finds_it_too_and_other_vlans_do_not(void **state)
{
	const struct test_frame from = udp(NESTED, 1), in = tag(udp(RS_REMOTE, NESTED), 10),
				plain = udp(RS_REMOTE, NESTED), other = tag(udp(STRANGER, NESTED), 20);

	rs_send(2, &from);
	rs_run();
	rs_expect(1, &from);
	hear();
	rs_send(RS_UP, &in);
	rs_send(RS_UP, &other);
	rs_run();
	rs_expect(2, &plain);
	rs_expect_silence();
	rs_expect_drops("up.unknown_unicast=1");
}

static void only_flows_that_a_change_concerns_are_judged_again(void **state)
{
	const struct test_frame quiet = udp(1, 5), from = udp(NESTED, 1);
	uint64_t misses;

	rs_send(1, &quiet);
	rs_send(2, &from);
	rs_run();
	rs_expect(5, &quiet);
	rs_expect(1, &from);
	misses = rs.worker.stats.misses;
	hear();
	rs_send(1, &quiet);
	rs_send(2, &from);
	rs_run();
	rs_expect(5, &quiet);
	rs_expect(1, &from);
	assert_int_equal(rs.worker.stats.misses, misses + 1);
	rs_expect_drops("");
}

static void a_flow_that_lives_keeps_its_mac_alive(void **state)
{
	const struct test_frame from = udp(NESTED, 1), to = udp(1, NESTED), out = tag(to, 10);

	rs_send(2, &from);
	rs_run();
	rs_expect(1, &from);
	hear();
	for (int i = 0; i < 31; i++) { /* 310 s: longer than the age */
		rs_warp(10000);
		rs_send(2, &from);
		rs_run();
		rs_expect(1, &from);
		rs_sweep();
		tw_learning_age(learning, rs.worker.cache.now_ms);
	}
	hear();
	rs_send(1, &to);
	rs_run();
	rs_expect(2, &to);
	rs_warp(AGE_MS);
	rs_run();
	tw_learning_age(learning, rs.worker.cache.now_ms);
	hear();
	rs_send(1, &to);
	rs_run();
	rs_expect(RS_UP, &out);
	rs_expect_silence();
}

static void a_full_port_forwards_what_it_does_not_learn_or_drops_it(void **state)
{
	struct test_frame f = udp(NESTED, 1), back = udp(1, NESTED + 4), out = tag(back, 10);

	for (uint8_t i = 0; i < 5; i++) {
		f.from = (uint8_t)(NESTED + i);
		rs_send(2, &f);
		rs_run();
		rs_expect(1, &f);
		hear();
	}
	rs_send(2, &f); /* one more than it may have */
	rs_send(1, &back);
	rs_run();
	rs_expect(1, &f);
	rs_expect(RS_UP, &out);
	rs_expect_drops("");
	rs.port[2].learn = TW__LEARN__LEARN_STRICT;
	apply();
	rs_send(2, &f);
	f.from = NESTED; /* but those it has */
	rs_send(2, &f);
	rs_run();
	rs_expect(1, &f);
	rs_expect_silence();
	rs_expect_drops("2.mac_limit=1");
}

static void a_known_flow_is_dropped_when_its_port_fills_up(void **state)
{
	struct test_frame f = udp(NESTED, 1);

	rs.port[2].learn = TW__LEARN__LEARN_STRICT;
	rs.port[2].learn_limit = 1;
	apply();
	rs_send(2, &f);
	f.from = SECOND;
	rs_send(2, &f); /* both before main has heard of one */
	rs_run();
	rte_pktmbuf_free(rs_take(1));
	rs_expect(1, &f);
	hear();
	rs_send(2, &f);
	rs_run();
	rs_expect_silence();
	rs_expect_drops("2.mac_limit=1");
}

static void a_ports_mac_is_learned_nowhere_else(void **state)
{
	const struct test_frame forged = udp(1, 5), remote = udp(RS_REMOTE, 5), to = udp(5, 1);

	rs_send(2, &forged);
	rs_send(2, &remote);
	rs_run();
	rs_expect_silence();
	assert_int_equal(hear(), 0);
	rs_send(5, &to);
	rs_run();
	rs_expect(1, &to);
	rs_expect_silence();
	rs_expect_drops("2.forged_source=2");
}

static void a_mac_that_moves_takes_its_frames_along(void **state)
{
	const struct test_frame from = udp(NESTED, 1), to = udp(1, NESTED);

	rs.port[5].learn = TW__LEARN__LEARN_ACCEPT;
	rs.port[5].learn_limit = 4;
	apply();
	rs_send(2, &from);
	rs_run();
	rs_expect(1, &from);
	hear();
	rs_send(1, &to);
	rs_run();
	rs_expect(2, &to);
	rs_send(5, &from);
	rs_run();
	rs_expect(1, &from);
	hear();
	rs_send(1, &to);
	rs_run();
	rs_expect(5, &to);
	rs_expect_silence();
	rs_expect_drops("");
}

static void a_mac_that_is_heard_on_the_wire_has_left(void **state)
{
	const struct test_frame from = udp(NESTED, 1), to = udp(1, NESTED), out = tag(to, 10),
				in = tag(udp(NESTED, 1), 10);

	rs_send(2, &from);
	rs_run();
	rs_expect(1, &from);
	hear();
	rs_send(RS_UP, &in);
	rs_run();
	rs_expect(1, &from);
	assert_int_equal(hear(), 1);
	rs_send(1, &to);
	rs_run();
	rs_expect(RS_UP, &out);
	rs_expect_silence();
}

static void what_the_wire_has_is_flooded_until_it_is_learned(void **state)
{
	const struct test_frame to = udp(1, STRANGER), out = tag(to, 10), in = tag(udp(STRANGER, 1), 10),
				plain = udp(STRANGER, 1);

	rs.port[1].unknown = TW__UNKNOWN_UNICAST__UNKNOWN_FLOOD;
	rs.port[4].here = rs.port[5].here = false;
	apply();
	rs_send(1, &to);
	rs_run();
	rs_expect(2, &to);
	rs_expect(RS_UP, &out);
	rs_send(RS_UP, &in);
	rs_run();
	rs_expect(1, &plain);
	hear();
	rs_send(1, &to);
	rs_run();
	rs_expect(RS_UP, &out);
	rs_expect_silence();
	rs_expect_drops("");
}

static void a_guest_that_may_change_its_mac_has_the_new_one_when_main_has_heard(void **state)
{
	const struct test_frame from = udp(NESTED, 1), to = udp(1, NESTED), other = udp(SECOND, 1), own = udp(2, 1);

	rs.port[2].learn = 0;
	rs.port[2].mac_change = true;
	apply();
	rs_send(2, &from);
	rs_run();
	rs_expect_silence(); /* nothing leaves with a MAC that is nobody's yet */
	hear();
	rs_send(2, &from);
	rs_send(1, &to);
	rs_send(2, &own);
	rs_run();
	rs_expect(1, &from);
	rs_expect(1, &own); /* its port's stays */
	rs_expect(2, &to);
	rs_send(2, &other); /* too soon for another */
	rs_run();
	hear();
	rs_send(2, &other);
	rs_send(2, &from);
	rs_run();
	rs_expect(1, &from);
	rs_warp(1100);
	rs_sweep(); /* the flow still tries: main is told again */
	hear();
	rs_send(2, &other);
	rs_send(2, &from);
	rs_run();
	rs_expect(1, &other);
	rs_expect_silence();
	rs_expect_drops("2.forged_source=4");
}

static void without_leave_nobody_learns_or_takes_another_mac(void **state)
{
	const struct test_frame from = udp(NESTED, 1);

	rs_send(1, &from);
	rs_send(5, &from);
	rs_run();
	rs_expect_silence();
	assert_int_equal(hear(), 0);
	rs_expect_drops("1.forged_source=1 5.forged_source=1");
}

/* A guest makes up 100,000 MACs. Its neighbour's MAC, flows and say stay as they are. */
static void a_flood_of_macs_is_its_senders_affair(void **state)
{
	struct test_frame f = udp(NESTED, 1);
	const struct test_frame steady = udp(SECOND, 1), back = udp(1, SECOND), fresh = udp(60, 1);
	uint8_t bytes[TF_MAX];
	size_t len = test_frame_write(&f, bytes);
	uint64_t misses = 0;
	unsigned most = 0;

	rs.port[5].learn = TW__LEARN__LEARN_ACCEPT;
	rs.port[5].learn_limit = 4;
	rs.port[2].learn = TW__LEARN__LEARN_STRICT;
	apply();
	rs_send(5, &steady);
	rs_run();
	rs_expect(1, &steady);
	hear();
	rs_send(1, &back);
	rs_run();
	rs_expect(5, &back);
	for (uint32_t n = 0; n < 100000; n++) {
		bytes[7] = (uint8_t)(n >> 16 | 0x80);
		bytes[8] = (uint8_t)(n >> 8);
		bytes[9] = (uint8_t)n;
		rs_send_bytes(2, bytes, len);
		if (n % 100 != 99)
			continue;
		rs_run();
		for (struct rte_mbuf *m; (m = rs_take(1)) != NULL;)
			rte_pktmbuf_free(m);
		if (n % 1000 == 999) { /* as main does ten times a second */
			unsigned told = hear();

			most = told > most ? told : most;
			misses = rs.worker.stats.misses;
			rs_send(5, &steady);
			rs_send(1, &back);
			rs_run();
			rs_expect(1, &steady);
			rs_expect(5, &back);
			if (n > 2000)
				assert_int_equal(rs.worker.stats.misses, misses); /* known flows, not judged again */
			rs_warp(100);
		}
	}
	assert_true(most <= 2 * TW_LEARN_TELL_MAX);
	assert_int_equal(tw_learning_stats(learning, rs_slot(2)).macs, 4);
	assert_int_equal(tw_learning_stats(learning, rs_slot(5)).macs, 1);
	rs_send(5, &fresh);
	rs_run();
	rs_expect(1, &fresh);
	hear();
	assert_int_equal(tw_learning_stats(learning, rs_slot(5)).macs, 2);
	assert_true(rs.worker.counters[rs_slot(2)].drops[TW_DROP_MAC_LIMIT] >= 98000);
	assert_int_equal(rs.worker.counters[rs_slot(5)].drops[TW_DROP_MAC_LIMIT], 0);
	rs_expect_silence();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define LEARN_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		LEARN_TEST(a_mac_that_sends_is_found_behind_its_port),
		LEARN_TEST(the_wire_finds_it_too_and_other_vlans_do_not),
		LEARN_TEST(only_flows_that_a_change_concerns_are_judged_again),
		LEARN_TEST(a_flow_that_lives_keeps_its_mac_alive),
		LEARN_TEST(a_full_port_forwards_what_it_does_not_learn_or_drops_it),
		LEARN_TEST(a_known_flow_is_dropped_when_its_port_fills_up),
		LEARN_TEST(a_ports_mac_is_learned_nowhere_else),
		LEARN_TEST(a_mac_that_moves_takes_its_frames_along),
		LEARN_TEST(a_mac_that_is_heard_on_the_wire_has_left),
		LEARN_TEST(what_the_wire_has_is_flooded_until_it_is_learned),
		LEARN_TEST(a_guest_that_may_change_its_mac_has_the_new_one_when_main_has_heard),
		LEARN_TEST(without_leave_nobody_learns_or_takes_another_mac),
		LEARN_TEST(a_flood_of_macs_is_its_senders_affair),
	};

	return cmocka_run_group_tests(tests, rs_group_setup, NULL);
}
