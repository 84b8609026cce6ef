/* SPDX-License-Identifier: Apache-2.0 */
/*
 * teaming_test.c - two uplinks into one network: each frame leaves by one and comes in once. See ringswitch.h.
 *
 * The physical switch is played here: a group frame comes in by both uplinks, our own ones come back by the other.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "dataplane/lacpdu.h"
#include "tests/support/ringswitch.h"

enum { STRANGER = 99 };

static void two_uplinks(uint8_t policy)
{
	rs.port[RS_UP2].link = TW_LINK_UP;
	rs.teaming = (struct rs_teaming){ .own = true, .policy = policy };
	rs_publish();
}

static void by_both(const struct test_frame *f)
{
	rs_send(RS_UP, f);
	rs_send(RS_UP2, f);
	rs_run();
}

static void a_group_frame_that_both_uplinks_bring_reaches_each_guest_once(void **state)
{
	const struct test_frame f = test_frame_tagged(test_frame_udp(STRANGER, TF_EVERYBODY), 10),
				plain = test_frame_udp(STRANGER, TF_EVERYBODY);

	two_uplinks(TW_TEAM_ACTIVE_STANDBY);
	by_both(&f);
	rs_expect(1, &plain);
	rs_expect(2, &plain);
	rs_expect(5, &plain);
	rs_expect(4, &f);
	rs_expect_silence();
	rs_expect_drops("up2.standby_uplink=1");
}

static void so_does_a_flooded_unicast_frame(void **state)
{
	const struct test_frame f = test_frame_tagged(test_frame_udp(STRANGER, 1), 10),
				plain = test_frame_udp(STRANGER, 1);

	two_uplinks(TW_TEAM_ACTIVE_STANDBY);
	by_both(&f);
	rs_expect(1, &plain);
	rs_expect_silence();
	rs_expect_drops("up2.standby_uplink=1");
}

static void the_copy_is_in_no_flow_record(void **state)
{
	const struct test_frame f = test_frame_tagged(test_frame_udp(STRANGER, 1), 10);
	struct tw_flow_record record;

	two_uplinks(TW_TEAM_ACTIVE_STANDBY);
	by_both(&f);
	rte_pktmbuf_free(rs_take(1));
	rs_warp(20000);
	rs_sweep();
	assert_true(rs_record(&record));
	assert_int_equal(record.packets, 1);
	assert_false(rs_record(&record));
	rs_expect_drops("up2.standby_uplink=1");
}

static void our_own_group_frame_that_comes_back_is_deja_vu(void **state)
{
	const struct test_frame f = test_frame_udp(1, TF_EVERYBODY), tagged = test_frame_tagged(f, 10);
	void *told;

	two_uplinks(TW_TEAM_ACTIVE_STANDBY);
	rs_send(1, &f);
	rs_run();
	rs_expect(RS_UP, &tagged);
	rs_expect(2, &f);
	rs_expect(5, &f);
	rs_expect(4, &tagged);
	rs_expect_silence();
	rs_send(RS_UP2, &tagged);
	rs_run();
	rs_expect_silence();
	rs_expect_drops("up2.deja_vu=1");
	assert_int_not_equal(rte_ring_dequeue(rs.worker.told, &told), 0); /* the wire believes nothing wrong */
}

/* A query that went out by another team's uplink: guests have had it already. */
static void so_is_what_the_switch_itself_sent_whatever_uplink_it_comes_by(void **state)
{
	const struct test_frame query = test_frame_tagged(test_frame_udp(STRANGER, TF_EVERYBODY), 10);

	two_uplinks(TW_TEAM_ACTIVE_STANDBY);
	rs.own_mac = UINT64_C(0x020000000000) | STRANGER;
	rs_publish();
	rs_send(RS_UP, &query);
	rs_send(RS_UP2, &query);
	rs_run();
	rs_expect_silence();
	rs_expect_drops("up.deja_vu=1 up2.deja_vu=1");
}

static void so_is_our_own_unicast_frame_that_was_flooded_back(void **state)
{
	const struct test_frame f = test_frame_udp(1, STRANGER), tagged = test_frame_tagged(f, 10),
				remote = test_frame_tagged(test_frame_udp(1, RS_REMOTE), 10);

	two_uplinks(TW_TEAM_ACTIVE_STANDBY);
	rs_send(1, &f);
	rs_run();
	rs_expect(RS_UP, &tagged);
	rs_send(RS_UP2, &tagged);
	rs_send(RS_UP2, &remote);
	rs_run();
	rs_expect_silence();
	rs_expect_drops("up2.deja_vu=2");
}

static void a_frame_passed_on_by_the_host_that_held_it_is_not(void **state)
{
	const struct test_frame f = test_frame_tagged(test_frame_udp(1, 2), 10), plain = test_frame_udp(1, 2);
	void *told;

	two_uplinks(TW_TEAM_ACTIVE_STANDBY);
	by_both(&f);
	rs_expect(2, &plain);
	rs_expect_silence();
	rs_expect_drops("up2.standby_uplink=1");
	assert_int_equal(rte_ring_dequeue(rs.worker.told, &told), 0);
	assert_ptr_equal(told, tw_told_pack(TW_TOLD_HEARD, rs_slot(1)));
}

static void a_port_elsewhere_may_come_by_any_uplink_and_is_heard_once(void **state)
{
	const struct test_frame f = test_frame_tagged(test_frame_udp(RS_REMOTE, TF_EVERYBODY), 10),
				plain = test_frame_udp(RS_REMOTE, TF_EVERYBODY);

	two_uplinks(TW_TEAM_ACTIVE_STANDBY);
	by_both(&f);
	rs_expect(1, &plain);
	rs_expect(2, &plain);
	rs_expect(5, &plain);
	rs_expect(4, &f);
	rs_expect_silence();
	rs_expect_drops("up2.standby_uplink=1");
}

static void when_the_active_uplink_fails_the_standby_serves_both_ways(void **state)
{
	const struct test_frame out = test_frame_udp(1, RS_REMOTE), tagged = test_frame_tagged(out, 10),
				all = test_frame_tagged(test_frame_udp(STRANGER, TF_EVERYBODY), 20),
				plain = test_frame_udp(STRANGER, TF_EVERYBODY);

	two_uplinks(TW_TEAM_ACTIVE_STANDBY);
	rs.port[RS_UP].link = TW_LINK_ABSENT;
	rs_publish();
	rs_send(1, &out);
	rs_send(RS_UP2, &all);
	rs_run();
	rs_expect(RS_UP2, &tagged);
	rs_expect(3, &plain);
	rs_expect(4, &all);
	rs_expect_silence();
	rs_expect_drops("");
}

static void without_any_uplink_of_its_teaming_a_port_has_none(void **state)
{
	const struct test_frame out = test_frame_udp(1, RS_REMOTE), other = test_frame_udp(2, RS_REMOTE),
				tagged = test_frame_tagged(other, 10);

	rs.port[1].teaming = (struct rs_teaming){ .own = true, .active = { "up2" } }; /* which is down */
	rs_publish();
	rs_send(1, &out);
	rs_send(2, &other);
	rs_run();
	rs_expect(RS_UP, &tagged);
	rs_expect_silence();
	rs_expect_drops("1.no_uplink=1");
}

/* Ports 1 and 5 prefer up2, the others up: each listens to its own. */
static void ports_of_different_orders_hear_a_group_frame_once_each(void **state)
{
	const struct test_frame f = test_frame_tagged(test_frame_udp(STRANGER, TF_EVERYBODY), 10),
				plain = test_frame_udp(STRANGER, TF_EVERYBODY), out = test_frame_udp(1, RS_REMOTE),
				tagged = test_frame_tagged(out, 10);

	rs.port[1].teaming = rs.port[5].teaming =
		(struct rs_teaming){ .own = true, .active = { "up2" }, .standby = { "up" } };
	two_uplinks(TW_TEAM_ACTIVE_STANDBY);
	rs_send(RS_UP, &f);
	rs_run();
	rs_expect(2, &plain);
	rs_expect(4, &f);
	rs_expect_silence();
	rs_send(RS_UP2, &f);
	rs_run();
	rs_expect(1, &plain);
	rs_expect(5, &plain);
	rs_expect_silence();
	rs_send(1, &out);
	rs_run();
	rs_expect(RS_UP2, &tagged);
	rs_expect_silence();
	rs_expect_drops("");
}

/* Does a frame that went in at `in` come out at `who`? All that came out anywhere is gone then. */
static bool comes_out(unsigned in, const struct test_frame *f, unsigned who)
{
	struct rte_mbuf *m;
	bool came = false;

	rs_send(in, f);
	rs_run();
	for (unsigned out = 1; out < RS_DEVICES; out++)
		for (; (m = rs_take(out)); rte_pktmbuf_free(m))
			came |= out == who;
	return came;
}

static void hashed_ports_hear_a_group_frame_where_they_speak_and_only_there(void **state)
{
	static const unsigned ports[] = { 1, 2, 5 };
	const struct test_frame in = test_frame_tagged(test_frame_udp(STRANGER, TF_EVERYBODY), 10);
	unsigned ups = 0;

	two_uplinks(TW_TEAM_HASH_PORT);
	for (unsigned i = 0; i < 3; i++) {
		const struct test_frame out = test_frame_udp(ports[i], STRANGER);
		bool up = comes_out(ports[i], &out, RS_UP);

		ups += up;
		assert_int_equal(comes_out(ports[i], &out, RS_UP2), !up);
		assert_int_equal(comes_out(RS_UP, &in, ports[i]), up);
		assert_int_equal(comes_out(RS_UP2, &in, ports[i]), !up);
	}
	assert_in_range(ups, 1, 2); /* these three do not all have one uplink */
	rs_expect_drops("");
}

static void a_bundle_takes_a_group_frame_by_any_member(void **state)
{
	const struct test_frame a = test_frame_tagged(test_frame_udp(STRANGER, TF_EVERYBODY), 20),
				b = test_frame_tagged(test_frame_udp(98, TF_EVERYBODY), 20),
				a_plain = test_frame_udp(STRANGER, TF_EVERYBODY),
				b_plain = test_frame_udp(98, TF_EVERYBODY);

	two_uplinks(TW_TEAM_HASH_5TUPLE);
	rs_send(RS_UP, &a);
	rs_run();
	rs_send(RS_UP2, &b);
	rs_run();
	rs_expect(3, &a_plain);
	rs_expect(3, &b_plain);
	rs_expect(4, &a);
	rs_expect(4, &b);
	rs_expect_silence();
	rs_expect_drops("");
}

static void flows_of_one_guest_use_both_members_of_a_bundle_and_a_flow_one(void **state)
{
	struct test_frame f = test_frame_udp(1, STRANGER);
	unsigned ups = 0;

	two_uplinks(TW_TEAM_HASH_5TUPLE);
	for (f.sport = 1; f.sport <= 40; f.sport++) {
		bool up = comes_out(1, &f, RS_UP);

		assert_int_equal(comes_out(1, &f, RS_UP), up);
		assert_int_equal(comes_out(1, &f, RS_UP2), !up);
		ups += up;
	}
	assert_in_range(ups, 8, 32);
	rs_expect_drops("");
}

static void nothing_crosses_from_uplink_to_uplink(void **state)
{
	const struct test_frame unknown = test_frame_tagged(test_frame_udp(STRANGER, 98), 10),
				remote = test_frame_tagged(test_frame_udp(STRANGER, RS_REMOTE), 10),
				group = test_frame_tagged(test_frame_udp(STRANGER, TF_EVERYBODY), 30);

	for (uint8_t policy = 0; policy <= TW_TEAM_LACP; policy++) {
		two_uplinks(policy);
		by_both(&unknown);
		by_both(&remote);
		by_both(&group);
		rs_expect_silence();
	}
	rs_expect_drops("up.unknown_unicast=10 up.no_member=5 up2.unknown_unicast=10 up2.no_member=5");
}

/* --- LACP --- */

static void send_lacpdu(unsigned who)
{
	uint8_t frame[TW_LACP_FRAME];
	const struct tw_lacpdu pdu = { .actor = { .port = 7 } };

	tw_lacpdu_write(&pdu, (const uint8_t[6]){ 2, 0, 0, 0, 0, STRANGER }, frame);
	rs_send_bytes(who, frame, sizeof(frame));
	rs_run();
}

static void lacpdus_are_for_main_and_data_waits_for_the_aggregation(void **state)
{
	const struct test_frame f = test_frame_tagged(test_frame_udp(STRANGER, TF_EVERYBODY), 20),
				plain = test_frame_udp(STRANGER, TF_EVERYBODY), out = test_frame_udp(3, STRANGER),
				tagged = test_frame_tagged(out, 20);
	struct rte_mbuf *m = NULL;

	rs.port[RS_UP].lacp = rs.port[RS_UP2].lacp = true;
	rs.port[RS_UP2].shut = true;
	two_uplinks(TW_TEAM_LACP);
	send_lacpdu(RS_UP2);
	assert_int_equal(rte_ring_dequeue(rs.worker.control, (void **)&m), 0);
	assert_int_equal(m->port, rs_slot(RS_UP2));
	assert_int_equal(m->pkt_len, TW_LACP_FRAME);
	rte_pktmbuf_free(m);
	by_both(&f);
	rs_expect(3, &plain);
	rs_expect(4, &f);
	rs_send(3, &out);
	rs_run();
	rs_expect(RS_UP, &tagged);
	rs_expect_silence();
	rs_expect_drops("up2.lacp_out=1");
}

static void lacpdus_that_main_does_not_take_are_counted(void **state)
{
	rs.port[RS_UP].lacp = true;
	two_uplinks(TW_TEAM_LACP);
	for (unsigned i = 0; i < 7; i++)
		send_lacpdu(RS_UP);
	for (unsigned i = 0; i < 4; i++) {
		struct rte_mbuf *m = NULL;

		assert_int_equal(rte_ring_dequeue(rs.worker.control, (void **)&m), 0);
		rte_pktmbuf_free(m);
	}
	rs_expect_silence();
	rs_expect_drops("up.control_full=3");
}

static void without_lacp_an_lacpdu_stays_on_its_link(void **state)
{
	two_uplinks(TW_TEAM_ACTIVE_STANDBY);
	send_lacpdu(RS_UP);
	rs_expect_silence();
	rs_expect_drops("up.reserved_group=1");
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, rs_setup, rs_teardown)
	const struct CMUnitTest tests[] = {
		T(a_group_frame_that_both_uplinks_bring_reaches_each_guest_once),
		T(so_does_a_flooded_unicast_frame),
		T(the_copy_is_in_no_flow_record),
		T(our_own_group_frame_that_comes_back_is_deja_vu),
		T(so_is_what_the_switch_itself_sent_whatever_uplink_it_comes_by),
		T(so_is_our_own_unicast_frame_that_was_flooded_back),
		T(a_frame_passed_on_by_the_host_that_held_it_is_not),
		T(a_port_elsewhere_may_come_by_any_uplink_and_is_heard_once),
		T(when_the_active_uplink_fails_the_standby_serves_both_ways),
		T(without_any_uplink_of_its_teaming_a_port_has_none),
		T(ports_of_different_orders_hear_a_group_frame_once_each),
		T(hashed_ports_hear_a_group_frame_where_they_speak_and_only_there),
		T(a_bundle_takes_a_group_frame_by_any_member),
		T(flows_of_one_guest_use_both_members_of_a_bundle_and_a_flow_one),
		T(nothing_crosses_from_uplink_to_uplink),
		T(lacpdus_are_for_main_and_data_waits_for_the_aggregation),
		T(lacpdus_that_main_does_not_take_are_counted),
		T(without_lacp_an_lacpdu_stays_on_its_link),
	};

	return cmocka_run_group_tests(tests, rs_group_setup, NULL);
}
