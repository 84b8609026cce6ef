/* SPDX-License-Identifier: Apache-2.0 */
/* wait_test.c - frames that wait for a guest between two hosts, frames main has sent, copies for mirrors. See ringswitch.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "dataplane/mirror_thread.h"
#include "tests/support/ringswitch.h"

static struct rte_mbuf *held(unsigned who)
{
	void *m;

	return rte_ring_dequeue(rs.worker.hold[rs_slot(who)], &m) ? NULL : m;
}

static void expect_held(unsigned who, const struct test_frame *f, uint16_t vlan)
{
	static uint8_t bytes[TF_MAX];
	struct rte_mbuf *m = held(who);

	if (!m)
		fail_msg("nothing waits for %u", who);
	assert_int_equal(m->vlan_tci, vlan);
	rs_expect_mbuf(m, bytes, test_frame_write(f, bytes));
}

static void frames_for_a_held_port_wait_untagged_with_their_vlan(void **state)
{
	const struct test_frame near = test_frame_udp(1, 2), far = test_frame_udp(99, 2),
				far_tagged = test_frame_tagged(far, 10);
	const struct test_frame group = test_frame_udp(1, TF_EVERYBODY), group_tagged = test_frame_tagged(group, 10);

	rs.port[2].link = TW_LINK_HOLD;
	rs_publish();
	rs_send(1, &near);
	rs_send(RS_UP, &far_tagged);
	rs_send(1, &group);
	rs_run();
	expect_held(2, &near, 10);
	expect_held(2, &group, 10); /* port 1 is polled before the uplink */
	expect_held(2, &far, 10);
	assert_null(held(2));
	rs_expect(5, &group);
	rs_expect(4, &group_tagged);
	rs_expect(RS_UP, &group_tagged);
	rs_expect_silence();
	rs_expect_counters(2, 0, 0, 0, 0);
	rs_expect_drops("");
}

static void a_held_trunks_frames_remember_their_vlan(void **state)
{
	const struct test_frame f = test_frame_udp(3, 4);

	rs.port[4].link = TW_LINK_HOLD;
	rs_publish();
	rs_send(3, &f);
	rs_run();
	expect_held(4, &f, 20);
	assert_null(held(4));
	rs_expect_silence();
	rs_expect_drops("");
}

static void a_hold_queue_that_is_full_drops_the_newest(void **state)
{
	struct test_frame f = test_frame_udp(1, 2);

	rs_resize(1024, 16, 16, 8);
	rs.port[2].link = TW_LINK_HOLD;
	rs_publish();
	for (f.seq = 0; f.seq < 13; f.seq++)
		rs_send(1, &f);
	rs_run();
	for (f.seq = 0; f.seq < 8; f.seq++)
		expect_held(2, &f, 10);
	assert_null(held(2));
	rs_expect_silence();
	rs_expect_drops("2.hold_full=5");
}

static void main_is_told_of_a_ports_mac_on_an_uplink_and_of_nothing_else(void **state)
{
	const struct test_frame announce = test_frame_tagged(test_frame_udp(2, TF_EVERYBODY), 10),
				stranger = test_frame_tagged(test_frame_udp(99, 2), 10), local = test_frame_udp(1, 2);
	const struct test_frame plain = test_frame_udp(2, TF_EVERYBODY);
	void *told;

	rs_send(RS_UP, &announce); /* not held: the wire believes it elsewhere */
	rs_run();
	assert_int_equal(rte_ring_dequeue(rs.worker.told, &told), 0);
	assert_ptr_equal(told, tw_told_pack(TW_TOLD_HEARD, rs_slot(2)));
	rs_expect_silence();
	rs_expect_drops("up.deja_vu=1");

	rs.port[2].link = TW_LINK_HOLD;
	rs_publish();
	rs_send(RS_UP, &stranger);
	rs_send(1, &local);
	rs_run();
	assert_int_not_equal(rte_ring_dequeue(rs.worker.told, &told), 0);
	rs_send(RS_UP, &announce);
	rs_run();
	assert_int_equal(rte_ring_dequeue(rs.worker.told, &told), 0);
	assert_ptr_equal(told, tw_told_pack(TW_TOLD_HEARD, rs_slot(2)));
	assert_int_not_equal(rte_ring_dequeue(rs.worker.told, &told), 0);
	rs_expect(1, &plain);
	rs_expect(5, &plain);
	rs_expect(4, &announce);
	for (int i = 0; i < 3; i++)
		rte_pktmbuf_free(held(2));
	assert_null(held(2));
	rs_expect_silence();
	rs_expect_drops("up.deja_vu=1");
}

static void late_frames_for_a_moved_port_go_back_to_the_uplink(void **state)
{
	const struct test_frame late = test_frame_tagged(test_frame_udp(99, 2), 10), near = test_frame_udp(1, 2),
				near_tagged = test_frame_tagged(near, 10);

	rs.port[2].link = TW_LINK_MOVED;
	rs_publish();
	rs_send(RS_UP, &late);
	rs_send(1, &near);
	rs_run();
	rs_expect(RS_UP, &near_tagged);
	rs_expect(RS_UP, &late);
	rs_expect_silence();
	rs_expect_drops("");
}

static void inject(unsigned who, const struct test_frame *f, uint16_t vlan)
{
	static uint8_t bytes[TF_MAX];
	struct rte_mbuf *m = rs_mbuf(bytes, test_frame_write(f, bytes));

	m->port = rs_slot(who);
	m->vlan_tci = vlan;
	assert_int_equal(rte_ring_enqueue(rs.worker.inject, m), 0);
}

static void injected_frames_leave_as_their_slot_wants_them(void **state)
{
	const struct test_frame f = test_frame_udp(2, TF_EVERYBODY), ten = test_frame_tagged(f, 10);

	inject(RS_UP, &f, 10);
	inject(RS_UP, &f, 0);
	inject(4, &f, 10);
	inject(1, &f, 10);
	inject(6, &f, 10); /* no such port */
	rs_run();
	rs_expect(RS_UP, &ten);
	rs_expect(RS_UP, &f);
	rs_expect(4, &ten);
	rs_expect(1, &f);
	rs_expect_silence();
	rs_expect_counters(RS_UP, 0, 0, 2, 64 + 68);
	rs_expect_drops("6.link_down=1");
}

static void what_was_held_can_be_injected_as_it_is(void **state)
{
	const struct test_frame in = test_frame_tagged(test_frame_udp(4, 2), 0xa00a), out = test_frame_udp(4, 2);
	struct rte_mbuf *m;
	void *copy = NULL;

	rs.port[2].link = TW_LINK_HOLD;
	rs_publish();
	rs_send(4, &in);
	rs_run();
	m = held(2);
	assert_non_null(m);
	rs.port[2].link = TW_LINK_UP;
	rs.port[2].mirror_out = 4;
	rs_publish();
	m->port = rs_slot(2);
	assert_int_equal(rte_ring_enqueue(rs.worker.inject, m), 0);
	rs_run();
	rs_expect(2, &out);
	rs_expect_silence();
	assert_int_equal(rte_ring_count(rs.worker.mirrors), 1); /* it reached the guest now */
	assert_int_equal(rte_ring_dequeue(rs.worker.mirrors, &copy), 0);
	rte_pktmbuf_free(copy);
	rs_expect_drops("");
}

static void expect_copy(const struct test_frame *f, uint64_t mask, unsigned who, bool egress)
{
	static uint8_t bytes[TF_MAX];
	size_t len = test_frame_write(f, bytes);
	const struct tw_mirror_tag *tag;
	void *m = NULL;

	assert_int_equal(rte_ring_dequeue(rs.worker.mirrors, &m), 0);
	tag = rte_mbuf_to_priv(m);
	assert_int_equal(tag->mask, mask);
	assert_int_equal(tag->number, who);
	assert_int_equal(tag->original_len, len);
	assert_int_equal(tag->egress, egress);
	assert_true(tag->tsc > 0);
	rs_expect_mbuf(m, bytes, len);
}

static void mirrors_see_what_a_port_sends_and_what_it_gets_as_it_gets_it(void **state)
{
	const struct test_frame to_trunk = test_frame_udp(1, 4), to_trunk_tagged = test_frame_tagged(to_trunk, 10),
				bad = test_frame_udp(1, 3);
	const struct test_frame group = test_frame_udp(2, TF_EVERYBODY), group_tagged = test_frame_tagged(group, 10);

	rs.port[1].mirror_in = 1;
	rs.port[1].mirror_out = 2;
	rs.port[4].mirror_out = 0x8000000000000004;
	rs_publish();
	rs_send(1, &to_trunk);
	rs_send(1, &bad); /* dropped, but it was sent */
	rs_send(2, &group);
	rs_run();
	expect_copy(&to_trunk, 1, 1, false);
	expect_copy(&to_trunk_tagged, 0x8000000000000004, 4, true);
	expect_copy(&bad, 1, 1, false);
	expect_copy(&group, 2, 1, true);
	expect_copy(&group_tagged, 0x8000000000000004, 4, true);
	assert_int_equal(rte_ring_count(rs.worker.mirrors), 0);
	rs_expect(4, &to_trunk_tagged);
	rs_expect(4, &group_tagged);
	rs_expect(1, &group);
	rs_expect(5, &group);
	rs_expect(RS_UP, &group_tagged);
	rs_expect_silence();
	assert_int_equal(tw_mirror_shed(&rs.worker, 0), 0);
	rs_expect_drops("1.not_in_vlan=1");
}

static void a_mirror_ring_that_is_full_sheds_copies_and_not_frames(void **state)
{
	struct test_frame f = test_frame_udp(1, 2);

	rs_resize(1024, 16, 8, 8);
	rs.port[1].mirror_in = 1;
	rs_publish();
	for (f.seq = 0; f.seq < 50; f.seq++)
		rs_send(1, &f);
	rs_run();
	for (f.seq = 0; f.seq < 50; f.seq++)
		rs_expect(2, &f);
	rs_expect_silence();
	for (f.seq = 0; f.seq < 8; f.seq++)
		expect_copy(&f, 1, 1, false);
	assert_int_equal(tw_mirror_shed(&rs.worker, 0), 42);
	rs_expect_drops("");
}

/* Take every buffer but `left` of the pool. @return them, chained */
static struct rte_mbuf *starve(unsigned left)
{
	struct rte_mbuf *taken = NULL, *m;

	while (rte_mempool_avail_count(rs.worker.pool) > left) {
		m = rte_pktmbuf_alloc(rs.worker.pool);
		if (!m)
			break;
		m->next = taken;
		taken = m;
	}
	return taken;
}

static void feed(struct rte_mbuf *taken)
{
	while (taken) {
		struct rte_mbuf *next = taken->next;

		taken->next = NULL;
		rte_pktmbuf_free(taken);
		taken = next;
	}
}

static void without_buffers_floods_and_copies_are_counted_against_the_sender(void **state)
{
	const struct test_frame group = test_frame_udp(1, TF_EVERYBODY), one = test_frame_udp(1, 2);
	struct rte_mbuf *taken;

	rs.port[1].mirror_in = 1;
	rs_publish();
	rs_send(1, &group);
	rs_send(1, &one);
	taken = starve(0);
	rs_run();
	feed(taken);
	/* The group frame itself is freed when its members have been told, so the mirror finds a buffer for the second. */
	expect_copy(&one, 1, 1, false);
	rs_expect(2, &one);
	rs_expect_silence();
	assert_int_equal(tw_mirror_shed(&rs.worker, 0), 1);
	rs_expect_drops("1.no_buffer=4");
}

#define T(name) cmocka_unit_test_setup_teardown(name, rs_setup, rs_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(frames_for_a_held_port_wait_untagged_with_their_vlan),
		T(a_held_trunks_frames_remember_their_vlan),
		T(a_hold_queue_that_is_full_drops_the_newest),
		T(main_is_told_of_a_ports_mac_on_an_uplink_and_of_nothing_else),
		T(late_frames_for_a_moved_port_go_back_to_the_uplink),
		T(injected_frames_leave_as_their_slot_wants_them),
		T(what_was_held_can_be_injected_as_it_is),
		T(mirrors_see_what_a_port_sends_and_what_it_gets_as_it_gets_it),
		T(a_mirror_ring_that_is_full_sheds_copies_and_not_frames),
		T(without_buffers_floods_and_copies_are_counted_against_the_sender),
	};

	return cmocka_run_group_tests_name("wait", tests, rs_group_setup, NULL);
}
