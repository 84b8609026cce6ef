/* SPDX-License-Identifier: Apache-2.0 */
/*
 * shape_test.c - a shaped port on a clock that stands still unless a test lets time pass: what waits leaves in order, at the rate,
 * and not beyond the queue's bounds; what becomes of it when the port changes. See shape.h and ringswitch.h.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dataplane/edit.h"
#include "dataplane/rate.h"
#include "dataplane/shape.h"
#include "tests/support/ringswitch.h"

/* 100 octets each; 3,036 at once are 30 of them. 800 kbit/s is one a millisecond. */
enum { AT_ONCE = 30 };
static const struct test_frame frame = { .from = 1, .to = 2, .protocol = 17, .sport = 9, .payload = 58 };

/* Frames that say which they are: from, from + 1, ... */
static void send_numbered(unsigned who, unsigned from, unsigned n)
{
	struct test_frame f = frame;

	f.from = (uint8_t)who;
	for (unsigned i = from; i < from + n; i++) {
		f.ip_id = (uint16_t)i;
		rs_send(who, &f);
	}
}

/* What went out at port 2 are these, in this order. */
static void expect_numbered(unsigned from, unsigned n)
{
	struct test_frame f = frame;

	for (unsigned i = from; i < from + n; i++) {
		f.ip_id = (uint16_t)i;
		rs_expect(2, &f);
	}
	assert_null(rs_take(2));
}

static void shaped(uint64_t bits, uint32_t queue)
{
	rs_still();
	rs.port[2].shape = (struct rs_rate){ bits, queue };
	rs_publish();
}

static void what_waits_leaves_in_order_at_the_rate(void **state)
{
	shaped(800000, 100000);
	send_numbered(1, 0, 100);
	rs_run();
	expect_numbered(0, AT_ONCE);
	for (unsigned ms = 0; ms < 20; ms++) {
		rs_warp(1);
		rs_run();
		expect_numbered(AT_ONCE + ms, 1);
	}
	send_numbered(1, 100, 5); /* behind those that wait, though there is no credit for either */
	rs_run();
	expect_numbered(0, 0);
	rs_warp(60);
	rs_run();
	expect_numbered(50, AT_ONCE);
	rs_warp(1000);
	rs_run();
	expect_numbered(80, 25);
	rs_expect_drops("");
	rs_expect_counters(2, 0, 0, 105, 10500);
}

static void a_full_queue_refuses_the_newest_and_records_say_so(void **state)
{
	struct tw_flow_record r;
	uint64_t forwarded = 0, refused = 0;

	shaped(800000, 2000);
	send_numbered(1, 0, 60);
	rs_run();
	expect_numbered(0, AT_ONCE);
	rs_expect_drops("2.shape_queue_full=10");
	rs_warp(20000);
	rs_run();
	expect_numbered(AT_ONCE, 20);
	rs_warp(20000);
	rs_sweep();
	while (rs_record(&r))
		*(r.forwarding == TW_DROPPED_POLICER ? &refused : &forwarded) += r.packets;
	assert_int_equal(forwarded, 50);
	assert_int_equal(refused, 10);
}

/* How many went out there. Frees them. */
static unsigned count_at(unsigned who)
{
	struct rte_mbuf *m;
	unsigned n = 0;

	for (; (m = rs_take(who)); n++)
		rte_pktmbuf_free(m);
	return n;
}

static void no_more_waits_than_leaves_in_the_delay(void **state)
{
	rs.port[2].shape_delay_ms = 20;
	shaped(800000, 0); /* by itself 128 KiB could wait */
	send_numbered(1, 0, 60);
	rs_run();
	expect_numbered(0, AT_ONCE);
	assert_int_equal(tw_shaper_frames(rs_shaper(2)), 20);
	assert_int_equal(rs_shaper(2)->octets, 2000);
	assert_int_equal(rs_shaper(2)->most, 2000);
	rs_expect_drops("2.shape_queue_full=10");
	rs_warp(20);
	rs_run();
	expect_numbered(AT_ONCE, 20);
	assert_int_equal(tw_shaper_frames(rs_shaper(2)), 0);
	assert_int_equal(rs_shaper(2)->most, 2000);

	rs.port[2].shape_delay_ms = 40;
	shaped(800000, 2000); /* the smaller one counts */
	send_numbered(1, 60, 60);
	rs_run();
	assert_int_equal(tw_shaper_frames(rs_shaper(2)), 20);
	rs.port[2].shape_delay_ms = 10;
	shaped(800000, 2000); /* what waits longer than is allowed from now on is not refused after the fact */
	rs_warp(60);
	rs_run();
	assert_int_equal(tw_shaper_frames(rs_shaper(2)), 0);
	count_at(2);
}

static void one_frame_may_wait_however_short_the_delay(void **state)
{
	rs.port[2].shape_delay_ms = 1;
	shaped(80000, 0); /* ten octets */
	send_numbered(1, 0, 60);
	rs_run();
	expect_numbered(0, AT_ONCE);
	assert_int_equal(tw_shaper_frames(rs_shaper(2)), 1);
	rs_warp(1000);
	rs_run();
	expect_numbered(AT_ONCE, 1);
	rs_expect_drops("2.shape_queue_full=29");
}

static void queues_take_no_more_than_their_share_of_the_buffers(void **state)
{
	unsigned left = 0;

	shaped(800000, 1 << 26);
	for (unsigned i = 0; i < 15; i++) {
		send_numbered(1, i * 100, 100);
		rs_run();
	}
	rs_expect_drops("2.shape_queue_full=446"); /* 30 left, 1,024 wait */
	assert_int_equal(count_at(2), AT_ONCE);
	rs.port[2].shape.per_second = UINT64_C(100000000000);
	rs_publish(); /* and a change of the rate is in force at once */
	for (unsigned i = 0; i < 50; i++) {
		rs_warp(1);
		tw_worker_poll(&rs.worker);
		left += count_at(2);
	}
	assert_int_equal(left, 1024);
}

static void neighbours_of_a_shaped_port_wait_for_nothing(void **state)
{
	const struct test_frame other = { .from = 1, .to = 5, .protocol = 17, .payload = 58 };

	shaped(8000, 100000);
	for (unsigned i = 0; i < 10; i++) {
		send_numbered(1, 0, 20);
		for (unsigned k = 0; k < 20; k++)
			rs_send(1, &other);
		rs_run();
	}
	assert_int_equal(count_at(5), 200);
	assert_int_equal(count_at(2), AT_ONCE);
	rs_expect_drops("");
}

static void a_port_that_is_no_longer_shaped_empties_its_queue_first(void **state)
{
	shaped(800000, 100000);
	send_numbered(1, 0, 100);
	rs_run();
	expect_numbered(0, AT_ONCE);
	rs.port[2].shape.per_second = 0;
	rs_publish();
	send_numbered(1, 100, 10);
	rs_run();
	expect_numbered(AT_ONCE, 80);
	rs_expect_drops("");
}

static void what_waits_for_a_guest_that_goes_is_dropped_and_counted(void **state)
{
	shaped(800000, 100000);
	send_numbered(1, 0, 100);
	rs_run();
	expect_numbered(0, AT_ONCE);
	rs.port[2].link = TW_LINK_ABSENT;
	rs_publish();
	rs_run();
	rs_expect_drops("2.link_down=70");
	expect_numbered(0, 0);
}

static void what_waits_does_not_follow_a_port_into_another_vlan(void **state)
{
	shaped(800000, 100000);
	send_numbered(1, 0, 100);
	rs_run();
	expect_numbered(0, AT_ONCE);
	rs.port[2].vlan = 20;
	rs_publish();
	rs_run();
	rs_expect_drops("2.shape_stale=70");
	expect_numbered(0, 0);
}

/* For main, which sends it after the guest. */
static void what_waits_at_a_held_port_stays_and_can_be_taken_with_its_vlan(void **state)
{
	struct tw_shaper *q;
	struct test_frame f = frame;
	struct rte_mbuf *m;

	shaped(800000, 100000);
	send_numbered(1, 0, 35);
	rs_run();
	expect_numbered(0, AT_ONCE);
	rs.port[2].link = TW_LINK_HOLD;
	rs_publish();
	rs_warp(1000);
	rs_run();
	expect_numbered(0, 0);
	q = rs.worker.shapers[rs_slot(2)];
	for (unsigned i = AT_ONCE; i < 33; i++) {
		static uint8_t bytes[TF_MAX];

		f.ip_id = (uint16_t)i;
		m = tw_shaper_take(q);
		assert_non_null(m);
		assert_int_equal(m->vlan_tci, 10);
		rs_expect_mbuf(m, bytes, test_frame_write(&f, bytes));
	}
	rs.port[2].link = TW_LINK_UP; /* the migration failed: the others leave here */
	rs_publish();
	rs_run();
	expect_numbered(33, 2);
	rs_expect_drops("");
}

/* An idle worker sleeps until the next frame may leave, to the nanosecond its bucket says. */
static void the_next_departure_is_known(void **state)
{
	const struct tw_snapshot *s;
	uint64_t next;

	shaped(800000, 100000);
	s = atomic_load(rs.worker.snapshot);
	assert_true(tw_shape_next_ns(&rs.worker, s) == UINT64_MAX);
	send_numbered(1, 0, AT_ONCE + 1);
	rs_run();
	expect_numbered(0, AT_ONCE);
	next = tw_shape_next_ns(&rs.worker, s);
	assert_in_range(next, 600000, 640000); /* 3,000 + 100 octets less 3,036, at 100 a ms: 0.64 ms */
	rs_warp(1);
	assert_int_equal(tw_worker_poll(&rs.worker), 1);
	expect_numbered(AT_ONCE, 1);
	assert_true(tw_shape_next_ns(&rs.worker, s) == UINT64_MAX);
}

/* Two workers send to one port: together at its rate, each in its order. */
static void workers_that_send_to_one_port_share_its_queue(void **state)
{
	static struct tw_worker other;
	size_t size = (tw_flow_cache_size(1024) + 63) / 64 * 64;
	void *table = aligned_alloc(64, size);
	unsigned rounds = 0;

	shaped(800000, 100000);
	other = rs.worker;
	assert_non_null(table);
	memset(table, 0, size);
	tw_flow_cache_init(&other.cache, table, 1024);
	send_numbered(1, 0, 100);
	while (tw_worker_poll(rounds++ % 2 ? &other : &rs.worker) > 0)
		;
	assert_true(tw_flow_cache_used(&other.cache) > 0);
	expect_numbered(0, AT_ONCE);
	rs_warp(1000);
	other.tsc_still = rs.worker.tsc_still;
	while (tw_worker_poll(rounds++ % 2 ? &other : &rs.worker) > 0)
		;
	expect_numbered(AT_ONCE, AT_ONCE);
	rs_expect_drops("");
	free(table);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, rs_setup, rs_teardown)
	const struct CMUnitTest tests[] = {
		TEST(what_waits_leaves_in_order_at_the_rate),
		TEST(a_full_queue_refuses_the_newest_and_records_say_so),
		TEST(no_more_waits_than_leaves_in_the_delay),
		TEST(one_frame_may_wait_however_short_the_delay),
		TEST(queues_take_no_more_than_their_share_of_the_buffers),
		TEST(neighbours_of_a_shaped_port_wait_for_nothing),
		TEST(a_port_that_is_no_longer_shaped_empties_its_queue_first),
		TEST(what_waits_for_a_guest_that_goes_is_dropped_and_counted),
		TEST(what_waits_does_not_follow_a_port_into_another_vlan),
		TEST(what_waits_at_a_held_port_stays_and_can_be_taken_with_its_vlan),
		TEST(the_next_departure_is_known),
		TEST(workers_that_send_to_one_port_share_its_queue),
	};

	return cmocka_run_group_tests(tests, rs_group_setup, NULL);
}
