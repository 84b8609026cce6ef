/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rate_test.c - limits at work in a switch whose clock stands still unless a test lets time pass: what is let through and what
 * is refused, to the frame; records; other ports; several workers on one port. See ringswitch.h.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dataplane/rate.h"
#include "tests/support/ringswitch.h"

/* 100 octets on the wire without FCS. */
static const struct test_frame to2 = { .from = 1, .to = 2, .protocol = 17, .sport = 9, .dport = 9, .payload = 58 };
static const struct test_frame to5 = { .from = 1, .to = 5, .protocol = 17, .sport = 9, .dport = 9, .payload = 58 };

static void send(const struct test_frame *f, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		rs_send(f->from, f);
}

/* How many frames went out there. Frees them. */
static unsigned count_at(unsigned who)
{
	struct rte_mbuf *m;
	unsigned n = 0;

	for (; (m = rs_take(who)); n++)
		rte_pktmbuf_free(m);
	return n;
}

static void a_guest_sends_its_burst_and_then_its_rate(void **state)
{
	rs_still();
	rs.port[1].ingress_rate = (struct rs_rate){ 800000, 5000 }; /* 100 octets a ms; 50 frames at once */
	rs_publish();
	send(&to2, 80);
	rs_run();
	assert_int_equal(count_at(2), 50);
	rs_expect_drops("1.rate_ingress=30");
	rs_expect_counters(1, 80, 8000, 0, 0);
	rs_warp(7);
	send(&to2, 20);
	rs_run();
	assert_int_equal(count_at(2), 7);
	rs_expect_drops("1.rate_ingress=43");
	rs_warp(10000);
	send(&to2, 51);
	rs_run();
	assert_int_equal(count_at(2), 50);
	rs_expect_drops("1.rate_ingress=44");
}

static void frames_are_limited_apart_from_octets(void **state)
{
	rs_still();
	rs.port[1].ingress_rate = (struct rs_rate){ 8000000, 4000 };
	rs.port[1].ingress_pps = (struct rs_rate){ 1000, 10 };
	rs_publish();
	send(&to2, 40); /* in bursts of 32 and 8: what frames refuse costs no octets */
	rs_run();
	assert_int_equal(count_at(2), 10);
	rs_warp(3);
	send(&to2, 40);
	rs_run();
	assert_int_equal(count_at(2), 3);
	rs_expect_drops("1.rate_ingress=67");
}

static void what_goes_to_a_guest_is_limited_whoever_sends_it(void **state)
{
	const struct test_frame from5 = { .from = 5, .to = 2, .protocol = 17, .payload = 58 };
	const struct test_frame all = { .from = 5, .to = TF_EVERYBODY, .protocol = 17, .payload = 58 };

	rs_still();
	rs.port[4].here = false;
	rs.port[2].egress_rate = (struct rs_rate){ 800000, 3000 };
	rs_publish();
	send(&to2, 20);
	send(&from5, 20);
	send(&to5, 20);
	rs_run();
	assert_int_equal(count_at(2), 30);
	assert_int_equal(count_at(5), 20);
	rs_expect_drops("2.rate_egress=10");
	send(&all, 2); /* copies of floods, too, and only those to this port */
	rs_run();
	assert_int_equal(count_at(1), 2);
	assert_int_equal(count_at(RS_UP), 2);
	rs_expect_silence();
	rs_expect_drops("2.rate_egress=12");
}

/* Sums over all records of what forwarded and what refused frames counted. */
static void sum_records(uint64_t *forwarded, uint64_t *refused, uint64_t *octets)
{
	struct tw_flow_record r;

	*forwarded = *refused = *octets = 0;
	rs_warp(20000);
	rs_sweep();
	while (rs_record(&r)) {
		*(r.forwarding == TW_FORWARDED ? forwarded : refused) += r.packets;
		*octets += r.l2_octets;
		assert_true(r.forwarding == TW_FORWARDED || r.forwarding == TW_DROPPED_POLICER);
	}
}

static void refused_frames_are_in_records_of_their_own(void **state)
{
	uint64_t forwarded, refused, octets;

	rs_still();
	rs.port[1].ingress_pps = (struct rs_rate){ 1, 40 };
	rs.port[2].egress_pps = (struct rs_rate){ 1, 15 };
	rs_publish();
	send(&to2, 60);
	rs_run();
	assert_int_equal(count_at(2), 15);
	rs_expect_drops("1.rate_ingress=20 2.rate_egress=25");
	sum_records(&forwarded, &refused, &octets);
	assert_int_equal(forwarded, 15);
	assert_int_equal(refused, 45);
	assert_int_equal(octets, 6000);
}

/* The record says what came in, whatever the tag on the way out. */
static void a_refused_frame_is_counted_as_it_came_in(void **state)
{
	const struct test_frame up = { .from = 4, .to = 1, .tagged = true, .tci = 10, .protocol = 17, .payload = 54 };
	uint64_t forwarded, refused, octets;

	rs_still();
	rs.port[1].egress_pps = (struct rs_rate){ 1, 1 };
	rs_publish();
	send(&up, 3);
	rs_run();
	assert_int_equal(count_at(1), 1);
	rs_expect_drops("1.rate_egress=2");
	sum_records(&forwarded, &refused, &octets);
	assert_int_equal(forwarded, 1);
	assert_int_equal(refused, 2);
	assert_int_equal(octets, 300);
}

static void a_change_elsewhere_fills_no_bucket(void **state)
{
	rs_still();
	rs.port[1].ingress_pps = (struct rs_rate){ 1000, 10 };
	rs_publish();
	send(&to2, 10);
	rs_run();
	rs.port[6].here = true;
	rs_publish();
	send(&to2, 5);
	rs_run();
	assert_int_equal(count_at(2), 10);
	rs_expect_drops("1.rate_ingress=5");
	rs.port[1].ingress_pps = (struct rs_rate){ 0 }; /* and none at all is none */
	rs_publish();
	send(&to2, 50);
	rs_run();
	assert_int_equal(count_at(2), 50);
	rs_expect_drops("1.rate_ingress=5");
}

/* A guest's frame of 64 KB is one frame, of its octets. */
static void a_super_frame_passes_a_small_bucket_and_is_paid_for(void **state)
{
	static uint8_t bytes[TF_MAX];
	const struct test_frame super = { .from = 1, .to = 2, .protocol = 17, .payload = 8000 };
	size_t len = test_frame_write(&super, bytes);

	rs_still();
	rs.port[2].mtu = 9000;
	rs.port[1].ingress_rate = (struct rs_rate){ 8000000, 2000 };
	rs_publish();
	rs_send_bytes(1, bytes, len);
	rs_send_bytes(1, bytes, len);
	rs_run();
	assert_int_equal(count_at(2), 1);
	rs_warp(8); /* 8,042 octets are paid by now, but for 42 */
	rs_send_bytes(1, bytes, len);
	send(&to2, 19);
	rs_run();
	assert_int_equal(count_at(2), 19);
	rs_expect_drops("1.rate_ingress=2");
}

static void storms_are_limited_by_kind_and_nothing_else_is(void **state)
{
	const struct test_frame all = { .from = 1, .to = TF_EVERYBODY, .payload = 60 };
	const struct test_frame unknown = { .from = 1, .to = 99, .payload = 60 };
	static uint8_t group[TF_MAX];
	size_t len = test_frame_write(&to2, group);
	uint64_t forwarded, refused, octets;

	memcpy(group, (const uint8_t[6]){ 0x01, 0x00, 0x5e, 1, 2, 3 }, 6);
	rs_still();
	rs.port[2].here = rs.port[4].here = false;
	rs.port[1].storm_broadcast = (struct rs_rate){ 1000, 3 };
	rs.port[1].storm_multicast = (struct rs_rate){ 1000, 5 };
	rs.port[1].storm_unknown = (struct rs_rate){ 1000, 7 };
	rs_publish();
	for (int i = 0; i < 10; i++) {
		rs_send(1, &all);
		rs_send_bytes(1, group, len);
		rs_send(1, &unknown);
		rs_send(1, &to5);
	}
	rs_run();
	assert_int_equal(count_at(5), 3 + 5 + 10);
	assert_int_equal(count_at(RS_UP), 3 + 5 + 7);
	rs_expect_drops("1.storm_broadcast=7 1.storm_multicast=5 1.storm_unknown=3");
	sum_records(&forwarded, &refused, &octets);
	assert_int_equal(forwarded, 25);
	assert_int_equal(refused, 15);
}

/* Known on another host is known. What a guard or a list refuses takes no credit. */
static void storm_control_asks_only_for_what_nobody_has(void **state)
{
	const struct test_frame remote = { .from = 1, .to = RS_REMOTE, .payload = 60 };
	const struct test_frame all = { .from = 1, .to = TF_EVERYBODY, .protocol = 17, .dport = 7, .payload = 60 };
	struct test_frame other = all;

	other.dport = 8;
	rs_still();
	rs.port[1].storm_unknown = rs.port[1].storm_broadcast = (struct rs_rate){ 1, 1 };
	rs.acl_rules[0] = "deny udp to any port 7";
	rs.port[1].acl_in = true;
	rs.port[2].here = rs.port[4].here = false;
	rs_publish();
	send(&remote, 10);
	send(&all, 5);
	send(&other, 2);
	rs_run();
	assert_int_equal(count_at(RS_UP), 11);
	assert_int_equal(count_at(5), 1);
	rs_expect_drops("1.acl_ingress=5 1.storm_broadcast=1");
}

/* Two workers poll one port by turns: together they have its rate, once. */
static void workers_on_one_port_share_its_rate(void **state)
{
	static struct tw_worker other;
	size_t size = (tw_flow_cache_size(1024) + 63) / 64 * 64;
	void *table = aligned_alloc(64, size);
	unsigned rounds = 0, passed;

	rs_still();
	rs.port[1].ingress_pps = (struct rs_rate){ 1000, 50 };
	rs.port[2].egress_pps = (struct rs_rate){ 1000, 45 };
	rs_publish();
	other = rs.worker;
	assert_non_null(table);
	memset(table, 0, size);
	tw_flow_cache_init(&other.cache, table, 1024);
	send(&to2, 200);
	while (tw_worker_poll(rounds++ % 2 ? &other : &rs.worker) > 0)
		;
	assert_true(rounds >= 7 && tw_flow_cache_used(&other.cache) > 0);
	assert_int_equal(count_at(2), 45);
	rs_expect_drops("1.rate_ingress=150 2.rate_egress=5");
	rs_warp(9);
	other.tsc_still = rs.worker.tsc_still;
	send(&to2, 100);
	while (tw_worker_poll(rounds++ % 2 ? &other : &rs.worker) > 0)
		;
	passed = count_at(2);
	assert_int_equal(passed, 9);
	rs_expect_drops("1.rate_ingress=241 2.rate_egress=5");
	free(table);
}

static void neighbours_of_a_policed_guest_lose_nothing(void **state)
{
	const struct test_frame from5 = { .from = 5, .to = 2, .protocol = 17, .payload = 58 };

	rs_still();
	rs.port[1].ingress_rate = (struct rs_rate){ 8000, 1514 };
	rs_publish();
	for (int i = 0; i < 20; i++) {
		send(&to2, 100);
		send(&from5, 10);
		rs_run();
	}
	assert_int_equal(count_at(2), 15 + 200);
	rs_expect_drops("1.rate_ingress=1985");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, rs_setup, rs_teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_guest_sends_its_burst_and_then_its_rate),
		TEST(frames_are_limited_apart_from_octets),
		TEST(what_goes_to_a_guest_is_limited_whoever_sends_it),
		TEST(refused_frames_are_in_records_of_their_own),
		TEST(a_refused_frame_is_counted_as_it_came_in),
		TEST(a_change_elsewhere_fills_no_bucket),
		TEST(a_super_frame_passes_a_small_bucket_and_is_paid_for),
		TEST(storms_are_limited_by_kind_and_nothing_else_is),
		TEST(storm_control_asks_only_for_what_nobody_has),
		TEST(workers_on_one_port_share_its_rate),
		TEST(neighbours_of_a_policed_guest_lose_nothing),
	};

	return cmocka_run_group_tests(tests, rs_group_setup, NULL);
}
