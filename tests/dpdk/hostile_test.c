/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hostile_test.c - a guest that floods beside guests that do not: what they get is counted, round by round, never timed.
 *
 * 1 is the one that floods; 2 and 5 are its neighbours in VLAN 10. See ringswitch.h.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/ringswitch.h"

enum { FLOOD = 200 };

static struct test_frame udp(unsigned from, unsigned to, unsigned sport)
{
	return (struct test_frame){ .from = (uint8_t)from,
				    .to = (uint8_t)to,
				    .protocol = 17,
				    .sport = (uint16_t)sport,
				    .dport = 2000,
				    .payload = 22 };
}

static unsigned drain(unsigned who)
{
	struct rte_mbuf *m;
	unsigned n = 0;

	for (; (m = rs_take(who)); n++)
		rte_pktmbuf_free(m);
	return n;
}

/* A frame of a known flow is looked up, not judged. */
static bool is_known(unsigned who, const struct test_frame *f, unsigned out)
{
	uint64_t misses = rs.worker.stats.misses, overflows = rs.worker.stats.overflows;

	rs_send(who, f);
	rs_run();
	assert_int_equal(drain(out), 1);
	return rs.worker.stats.misses == misses && rs.worker.stats.overflows == overflows;
}

static void a_flood_waits_while_its_neighbours_frames_go_in_the_same_round(void **state)
{
	static const uint8_t to[] = { 2, TF_EVERYBODY, RS_REMOTE };

	rs.port[4].here = false;
	rs_publish();
	for (size_t i = 0; i < sizeof(to); i++) {
		const struct test_frame flood = udp(1, to[i], 7), own = udp(5, RS_REMOTE, 8);

		for (unsigned n = 0; n < FLOOD; n++)
			rs_send(1, &flood);
		rs_send(5, &own);
		assert_int_equal(tw_worker_poll(&rs.worker), TW_BURST + 1); /* of the flood no more than a burst */
		assert_int_equal(rs.worker.counters[rs_slot(5)].rx_packets, i + 1);
		for (unsigned rounds = 1; tw_worker_poll(&rs.worker) > 0; rounds++)
			assert_true(rounds <= FLOOD / TW_BURST + 1);
		drain(2);
		drain(5);
		drain(RS_UP);
	}
	rs_expect_drops("");
}

/* Its guest takes 32 a round, and two send it 32 a round each. */
static void two_that_send_to_a_slow_guest_get_half_each(void **state)
{
	const struct test_frame a = udp(1, 5, 7), b = udp(2, 5, 8);
	unsigned got[RS_PORTS + 1] = { 0 };
	struct rte_mbuf *m;

	for (unsigned n = 0; n < RS_RING; n++) { /* fill it */
		rs_send(1, &a);
		if (n % TW_BURST == TW_BURST - 1)
			rs_run();
	}
	for (unsigned round = 0; round < 120; round++) {
		for (unsigned n = 0; n < TW_BURST; n++) {
			rs_send(1, &a);
			rs_send(2, &b);
			m = rs_take(5);
			assert_non_null(m);
			got[rte_pktmbuf_mtod(m, const uint8_t *)[11]] += round >= RS_RING / TW_BURST;
			rte_pktmbuf_free(m);
		}
		tw_worker_poll(&rs.worker);
	}
	drain(5);
	assert_in_range(got[2], (got[1] + got[2]) * 2 / 5, (got[1] + got[2]) * 3 / 5);
}

static void new_flows_without_end_leave_the_neighbours_flows_known_and_room_for_new_ones(void **state)
{
	struct test_frame flood = udp(1, 2, 0), known = udp(5, 2, 1), fresh = udp(5, 2, 2);

	rs_resize(1024, 4096, 16, 16);
	rs_publish();
	assert_false(is_known(5, &known, 2));
	for (unsigned i = 0; i < 3000; i++) {
		flood.sport = (uint16_t)i;
		rs_send(1, &flood);
		rs_run();
		drain(2);
	}
	assert_true(rs.worker.stats.overflows >= 3000 - rs.worker.cache.per_port_max);
	assert_true(is_known(5, &known, 2));
	assert_false(is_known(5, &fresh, 2));
	assert_true(is_known(5, &fresh, 2));
	rs_expect_drops("");
}

/* Each may have half the table, and so two of them all of it. */
static void several_that_flood_together_leave_room_for_their_neighbours(void **state)
{
	struct test_frame f;

	rs_resize(1024, 4096, 16, 16);
	rs_publish();
	for (unsigned i = 0; i < 2000; i++)
		for (unsigned who = 1; who <= 2; who++) {
			f = udp(who, 3 - who, i);
			rs_send(who, &f);
			rs_run();
			drain(3 - who);
		}
	for (unsigned i = 0; i < rs.worker.cache.guaranteed; i++) {
		f = udp(5, 2, i);
		assert_false(is_known(5, &f, 2));
		assert_true(is_known(5, &f, 2));
	}
	rs_expect_drops("");
}

static void new_macs_without_end_are_dropped_and_counted_or_forwarded_and_teach_nothing(void **state)
{
	const struct test_frame known = udp(5, 2, 1);

	rs_resize(1024, 4096, 16, 16);
	rs.port[4].here = false;
	for (int forged = 0; forged < 2; forged++) {
		rs.port[1].allow_forged = forged;
		rs_publish();
		is_known(5, &known, 2);
		for (unsigned i = 0; i < 2000; i++) {
			struct test_frame f = udp(1, 2, 7);
			uint8_t bytes[128];
			size_t len = test_frame_write(&f, bytes);

			memcpy(bytes + 6, (const uint8_t[6]){ 2, 0, 1, 0, (uint8_t)(i >> 8), (uint8_t)i }, 6);
			rs_send_bytes(1, bytes, len);
			rs_run();
			assert_int_equal(drain(2), forged);
		}
		assert_true(is_known(5, &known, 2));
	}
	rs_expect_silence();
	rs_expect_drops("1.forged_source=2000");
}

/* Somebody else's MAC as its sender: nothing for that MAC is led away. */
static void a_guest_that_says_it_is_its_neighbour_gets_nothing_of_it(void **state)
{
	const struct test_frame lie = udp(5, TF_EVERYBODY, 1), for5 = udp(2, 5, 2);

	rs.port[1].allow_forged = true;
	rs.port[4].here = false;
	rs_publish();
	for (unsigned i = 0; i < 100; i++) {
		rs_send(1, &lie);
		rs_run();
		drain(2);
		drain(5);
		drain(RS_UP);
		rs_send(2, &for5);
		rs_run();
		rs_expect(5, &for5);
		rs_expect_silence();
	}
	rs_expect_drops("");
}

/* --- fragments --- */

/* TCP from 1 to 2, port 22, cut by hand: the payload is `len` octets of the segment from `offset` on. */
static void send_fragment(unsigned offset, unsigned len, bool more, uint8_t flags)
{
	const struct test_frame f = {
		.from = 1, .to = 2, .protocol = 6, .sport = 9, .dport = 22, .payload = 64, .tcp_flags = flags
	};
	uint8_t whole[256], cut[256];

	test_frame_write(&f, whole);
	memcpy(cut, whole, 34);
	memcpy(cut + 34, whole + 34 + offset, len);
	cut[16] = 0;
	cut[17] = (uint8_t)(20 + len);
	cut[20] = (uint8_t)((more ? 0x20 : 0) | offset >> 11);
	cut[21] = (uint8_t)(offset >> 3);
	rs_send_bytes(1, cut, 34 + len);
	rs_run();
}

static void fragments_that_hide_or_overwrite_tcp_flags_do_not_pass_a_list_that_judges_them(void **state)
{
	rs.acl_rules[0] = "deny tcp flags syn/syn,ack";
	rs.port[1].acl_in = true;
	rs_publish();
	send_fragment(0, 8, true, 2); /* RFC 1858 section 3: the flags come with the next one */
	send_fragment(8, 32, true, 2);
	assert_int_equal(drain(2), 0);
	send_fragment(0, 24, true, 16); /* section 4: an ACK that the next one overwrites */
	assert_int_equal(drain(2), 1);
	send_fragment(8, 32, false, 2);
	assert_int_equal(drain(2), 0);
	send_fragment(0, 24, true, 2);
	assert_int_equal(drain(2), 0);
	send_fragment(24, 40, false, 16); /* an honest one */
	assert_int_equal(drain(2), 1);
	rs_expect_drops("1.acl_ingress=4");
}

static void fragments_without_end_cost_the_neighbours_nothing(void **state)
{
	const struct test_frame known = udp(5, 2, 1);

	rs_resize(1024, 4096, 16, 16);
	rs_publish();
	is_known(5, &known, 2);
	for (unsigned i = 0; i < 2000; i++) {
		struct test_frame f = udp(1, 2, i);
		uint8_t bytes[128];
		size_t len = test_frame_write(&f, bytes);

		bytes[20] = (uint8_t)(i % 3 == 0 ? 0x20 : 0x20 | (i >> 8 & 0x1f)); /* first ones, overlapping, any */
		bytes[21] = (uint8_t)i;
		bytes[29] = (uint8_t)(i >> 4); /* from many addresses */
		rs_send_bytes(1, bytes, len);
		rs_run();
		assert_int_equal(drain(2), 1);
	}
	assert_true(is_known(5, &known, 2));
	rs_expect_drops("");
}

#define T(name) cmocka_unit_test_setup_teardown(name, rs_setup, rs_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_flood_waits_while_its_neighbours_frames_go_in_the_same_round),
		T(two_that_send_to_a_slow_guest_get_half_each),
		T(new_flows_without_end_leave_the_neighbours_flows_known_and_room_for_new_ones),
		T(several_that_flood_together_leave_room_for_their_neighbours),
		T(new_macs_without_end_are_dropped_and_counted_or_forwarded_and_teach_nothing),
		T(a_guest_that_says_it_is_its_neighbour_gets_nothing_of_it),
		T(fragments_that_hide_or_overwrite_tcp_flags_do_not_pass_a_list_that_judges_them),
		T(fragments_without_end_cost_the_neighbours_nothing),
	};

	return cmocka_run_group_tests_name("hostile", tests, rs_group_setup, NULL);
}
