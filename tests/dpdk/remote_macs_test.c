/* SPDX-License-Identifier: Apache-2.0 */
/*
 * remote_macs_test.c - frames by an uplink from MACs that another host has learned behind a port of its own: counted there, once. See
 * ringswitch.h and ownership.h. NESTED is behind RS_REMOTE, as the controller says sooner or later.
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

enum { NESTED = 50, STRANGER = 77, VLAN = 10, IDLE_S = 15, SOON_MS = 1000, FIN = 1 };

static struct tw_learning *learning;
static _Atomic(const struct tw_fdb *) fdb;

static struct test_frame udp(uint8_t from, uint8_t to)
{
	return (struct test_frame){
		.from = from, .to = to, .protocol = 17, .sport = 1000, .dport = 2000, .payload = 22
	};
}

static struct test_frame tagged(struct test_frame f)
{
	f.tagged = true;
	f.tci = VLAN;
	return f;
}

/* Main's part, and the worker's: a new version goes through its flows. */
static void publish(void)
{
	const struct tw_fdb *next = tw_learning_build(learning);

	if (next)
		free((void *)(uintptr_t)atomic_exchange(&fdb, next));
	do {
		rs_run();
	} while (rs.worker.learn.left);
}

/* The controller says: NESTED is behind that port. */
static void say(uint32_t number)
{
	rs_run(); /* the clock */
	tw_learning_remote(learning, UINT64_C(0x020000000000) | NESTED, VLAN, number, rs.worker.cache.now_ms);
	publish();
}

static int setup(void **state)
{
	rs_setup(state);
	rs_still();
	rs.worker.macs = rte_ring_create_elem("rs_macs", sizeof(struct tw_heard_mac), TW_MACS_RING, SOCKET_ID_ANY, 0);
	learning = tw_learning_create();
	assert_true(rs.worker.macs && learning);
	rs.fdb = &fdb;
	rs.idle_s = IDLE_S;
	rs.remote_learns = true;
	rs_publish();
	publish();
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

/* A frame from the wire reaches port 1. */
static void arrive(uint8_t from)
{
	const struct test_frame in = tagged(udp(from, 1)), out = udp(from, 1);

	rs_send(RS_UP, &in);
	rs_run();
	rs_expect(1, &out);
}

/* All flows end. @return records, the last one in *r */
static unsigned records(struct tw_flow_record *r)
{
	unsigned n = 0;

	rs_warp(IDLE_S * 1000 + 1000);
	rs_sweep();
	while (rs_record(r))
		n++;
	return n;
}

static void what_is_known_to_be_elsewhere_is_counted_there(void **state)
{
	struct tw_flow_record r;

	say(RS_REMOTE);
	arrive(NESTED);
	arrive(NESTED);
	assert_int_equal(records(&r), 0);
}

static void what_becomes_known_after_its_first_frames_is_counted_there_from_the_first(void **state)
{
	struct tw_flow_record r;

	arrive(NESTED);
	rs_warp(SOON_MS);
	arrive(NESTED);
	say(RS_REMOTE);
	arrive(NESTED); /* judged again */
	assert_int_equal(records(&r), 0);
}

static void a_flow_of_one_frame_is_not_told_either(void **state)
{
	struct tw_flow_record r;

	arrive(NESTED);
	rs_warp(SOON_MS);
	say(RS_REMOTE);
	assert_int_equal(records(&r), 0);
}

static void a_closed_connection_waits_for_what_may_become_known(void **state)
{
	struct test_frame out = udp(NESTED, 1), in;
	struct tw_flow_record r;

	out.protocol = 6;
	out.tcp_flags = FIN;
	in = tagged(out);
	rs_send(RS_UP, &in);
	rs_run();
	rs_expect(1, &out);
	rs_warp(2000); /* of a port's it would be told by now */
	rs_sweep();
	assert_false(rs_record(&r));
	say(RS_REMOTE);
	assert_int_equal(records(&r), 0);
}

static void a_true_stranger_is_told_once_and_whole(void **state)
{
	struct tw_flow_record r;

	arrive(STRANGER);
	rs_warp(SOON_MS);
	arrive(STRANGER);
	say(RS_REMOTE); /* another */
	arrive(STRANGER);
	assert_int_equal(records(&r), 1);
	assert_int_equal(r.packets, 3);
	assert_int_equal(r.ingress, 0);
}

static void a_stranger_of_long_standing_that_moves_behind_a_port_is_told_up_to_then(void **state)
{
	struct tw_flow_record r;

	arrive(NESTED);
	arrive(NESTED);
	rs_warp(TW_FDB_PROOF_MS);
	say(RS_REMOTE);
	arrive(NESTED);
	assert_int_equal(records(&r), 1);
	assert_int_equal(r.packets, 2);
}

static void when_it_is_there_no_more_this_host_counts_again(void **state)
{
	struct tw_flow_record r;

	say(RS_REMOTE);
	arrive(NESTED);
	say(0);
	arrive(NESTED);
	assert_int_equal(records(&r), 1);
	assert_int_equal(r.packets, 1);
}

static void where_nobody_learns_nothing_waits(void **state)
{
	struct test_frame out = udp(STRANGER, 1), in;
	struct tw_flow_record r;

	rs.remote_learns = false;
	rs_publish();
	out.protocol = 6;
	out.tcp_flags = FIN;
	in = tagged(out);
	rs_send(RS_UP, &in);
	rs_run();
	rs_expect(1, &out);
	rs_warp(2000);
	rs_sweep();
	assert_true(rs_record(&r));
	assert_int_equal(r.packets, 1);
}

static void with_both_sides_the_second_one_names_the_port(void **state)
{
	struct tw_flow_record r;

	rs.both_sides = true;
	rs_publish();
	arrive(NESTED);
	rs_warp(SOON_MS);
	say(RS_REMOTE);
	arrive(NESTED);
	assert_int_equal(records(&r), 1);
	assert_int_equal(r.packets, 2);
	assert_int_equal(r.ingress, RS_REMOTE);
	assert_true(r.key_flags & TW_FLOW_KEY_SECOND);
}

static void what_is_dropped_here_is_told_there(void **state)
{
	const struct test_frame in = tagged(udp(NESTED, 60)); /* the physical switch does not know where 60 is */
	struct tw_flow_record r;

	rs_send(RS_UP, &in);
	rs_run();
	say(RS_REMOTE);
	rs_send(RS_UP, &in);
	rs_run();
	rs_expect_drops("up.unknown_unicast=2");
	assert_int_equal(records(&r), 0);
}

/* Neither flooded nor refused: it is no unknown MAC. */
static void frames_for_it_go_to_the_uplink_and_name_its_port(void **state)
{
	const struct test_frame f = udp(1, NESTED), out = tagged(f);
	struct tw_flow_record r;

	rs.port[1].unknown = TW__UNKNOWN_UNICAST__UNKNOWN_DROP;
	rs_publish();
	say(RS_REMOTE);
	rs_send(1, &f);
	rs_run();
	rs_expect(RS_UP, &out);
	rs_expect_drops("");
	assert_int_equal(records(&r), 1);
	assert_int_equal(r.egress, RS_REMOTE);
	assert_int_equal(r.ingress, 1);
}

/* What the controller says takes nothing from a port here that asks for what is nobody's. */
static void a_port_that_takes_what_is_nobodys_still_gets_it(void **state)
{
	const struct test_frame f = udp(STRANGER, NESTED), in = tagged(f);

	rs.port[5].unknown_from_wire = true;
	rs_publish();
	say(RS_REMOTE);
	rs_send(RS_UP, &in);
	rs_run();
	rs_expect(5, &f);
	rs_expect_silence();
}

static void no_ports_mac_is_believed_elsewhere(void **state)
{
	const struct test_frame f = udp(1, 5);
	struct tw_flow_record r;

	for (uint8_t who = 1; who <= 5; who++)
		tw_learning_remote(learning, UINT64_C(0x020000000000) | who, VLAN, RS_REMOTE, rs.worker.cache.now_ms);
	publish();
	rs_send(1, &f);
	rs_run();
	rs_expect(5, &f);
	assert_int_equal(records(&r), 1);
	assert_int_equal(r.egress, 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define REMOTE_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		REMOTE_TEST(what_is_known_to_be_elsewhere_is_counted_there),
		REMOTE_TEST(what_becomes_known_after_its_first_frames_is_counted_there_from_the_first),
		REMOTE_TEST(a_flow_of_one_frame_is_not_told_either),
		REMOTE_TEST(a_closed_connection_waits_for_what_may_become_known),
		REMOTE_TEST(a_true_stranger_is_told_once_and_whole),
		REMOTE_TEST(a_stranger_of_long_standing_that_moves_behind_a_port_is_told_up_to_then),
		REMOTE_TEST(when_it_is_there_no_more_this_host_counts_again),
		REMOTE_TEST(where_nobody_learns_nothing_waits),
		REMOTE_TEST(with_both_sides_the_second_one_names_the_port),
		REMOTE_TEST(what_is_dropped_here_is_told_there),
		REMOTE_TEST(frames_for_it_go_to_the_uplink_and_name_its_port),
		REMOTE_TEST(a_port_that_takes_what_is_nobodys_still_gets_it),
		REMOTE_TEST(no_ports_mac_is_believed_elsewhere),
	};

	return cmocka_run_group_tests(tests, rs_group_setup, NULL);
}
