/* SPDX-License-Identifier: Apache-2.0 */
/* tap_test.c - which frames mirrors get, where their copies go, and what they may cost. See ringswitch.h. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "dataplane/mirror_filter.h"
#include "dataplane/offload.h"
#include "tests/support/ringswitch.h"

enum { IDS = 5 /* the port that gets copies */, BIT = 0 };

static const struct tw_tap_counters *counts(void)
{
	return &rs.worker.taps[BIT].count;
}

/* What comes from ports 1 and what goes to 2 is copied to the port IDS. */
static void mirror_to_port(void)
{
	rs.port[1].mirror_in = rs.port[2].mirror_out = 1;
	rs.mirrors[BIT].to = TW_MIRROR_TO_PORT;
	rs.mirrors[BIT].out = rs_slot(IDS);
	rs_publish();
}

static void a_frame_that_two_sources_see_is_copied_once(void **state)
{
	const struct test_frame f = test_frame_udp(1, 2), other = test_frame_udp(4, 2),
				tagged = test_frame_tagged(other, 10);

	mirror_to_port();
	rs_send(1, &f);
	rs_send(4, &tagged);
	rs_run();
	rs_expect(2, &f);
	rs_expect(2, &other);
	rs_expect(IDS, &f);
	rs_expect(IDS, &other); /* as the guest gets it */
	rs_expect_silence();
	assert_int_equal(counts()->sent, 2);
	rs_expect_drops("");
}

static void a_flooded_frame_is_copied_once(void **state)
{
	const struct test_frame f = test_frame_udp(4, TF_EVERYBODY), tagged = test_frame_tagged(f, 10);

	mirror_to_port();
	rs.port[1].mirror_out = 1;
	rs_publish();
	rs_send(4, &tagged);
	rs_run();
	rs_expect(1, &f);
	rs_expect(2, &f);
	rs_expect(IDS, &f); /* its own */
	rs_expect(IDS, &f); /* and the copy */
	rs_expect(RS_UP, &tagged);
	rs_expect_silence();
	assert_int_equal(counts()->sent, 1);
	rs_expect_drops("");
}

static void a_copy_is_not_mirrored_again(void **state)
{
	const struct test_frame f = test_frame_udp(1, 2);

	mirror_to_port();
	rs.port[IDS].mirror_out = 2; /* to the mirror thread */
	rs_publish();
	rs_send(1, &f);
	rs_run();
	rs_expect(2, &f);
	rs_expect(IDS, &f);
	rs_expect_silence();
	assert_int_equal(rte_ring_count(rs.worker.mirrors), 0);
	rs_expect_drops("");
}

static void send_ten(struct test_frame f, unsigned expected)
{
	for (f.seq = 0; f.seq < 10; f.seq++)
		rs_send(1, &f);
	rs_run();
	for (f.seq = 0; f.seq < 10; f.seq++)
		rs_expect(2, &f);
	for (unsigned i = 0; i < expected; i++)
		rte_pktmbuf_free(rs_take(IDS));
	rs_expect_silence();
}

static void one_in_so_many_is_copied(void **state)
{
	mirror_to_port();
	rs.mirrors[BIT].sample = 5;
	send_ten(test_frame_udp(1, 2), 2);
	assert_int_equal(counts()->seen, 10);
	assert_int_equal(counts()->sampled_out, 8);
	assert_int_equal(counts()->sent, 2);
	rs_expect_drops("");
}

static void the_first_frames_of_each_flow_are_copied(void **state)
{
	struct test_frame f = test_frame_udp(1, 2);

	rs.mirrors[BIT].first = 3;
	mirror_to_port();
	send_ten(f, 3);
	assert_int_equal(counts()->sent, 3);
	assert_in_range(counts()->seen, 3, 5); /* the flow is looked at no more */
	f.sport = 1001;
	send_ten(f, 3);
	rs_publish(); /* a change has the flow decided again, but not begin again */
	send_ten(f, 0);
	assert_int_equal(counts()->sent, 6);
	rs_expect_drops("");
}

static void the_first_flooded_frames_of_each_flow_are_copied(void **state)
{
	static const unsigned everybody[] = { 1, 2, IDS, RS_UP };
	struct test_frame tagged = test_frame_tagged(test_frame_udp(4, TF_EVERYBODY), 10);
	unsigned got = 0;

	rs.port[1].mirror_out = rs.port[2].mirror_out = 1;
	rs.mirrors[BIT].first = 3;
	rs.worker.no_metering = true;
	rs_publish();
	for (tagged.seq = 0; tagged.seq < 5; tagged.seq++)
		rs_send(4, &tagged);
	rs_run();
	assert_int_equal(rte_ring_count(rs.worker.mirrors), 3);
	for (void *m; rte_ring_dequeue(rs.worker.mirrors, &m) == 0;)
		rte_pktmbuf_free(m);
	for (unsigned i = 0; i < 4; i++)
		for (struct rte_mbuf *m; (m = rs_take(everybody[i])); got++)
			rte_pktmbuf_free(m);
	assert_int_equal(got, 4 * 5);
	rs_expect_silence();
	rs_expect_drops("");
}

static void sampled_metering_does_not_change_which_frames_are_the_first(void **state)
{
	struct test_frame f = test_frame_udp(1, 2);

	rs.flow_sample = 100;
	rs.mirrors[BIT].first = 3;
	mirror_to_port();
	send_ten(f, 3);
	f.sport = 1001;
	send_ten(f, 3);
	rs_publish();
	send_ten(f, 0);
	assert_int_equal(counts()->sent, 6);
}

static void a_record_does_not_make_a_flow_new(void **state)
{
	struct tw_flow_record r;

	rs.mirrors[BIT].first = 3;
	rs.active_s = 1;
	rs.idle_s = 600;
	rs_still();
	mirror_to_port();
	send_ten(test_frame_udp(1, 2), 3);
	rs_warp(1500);
	rs_sweep();
	assert_true(rs_record(&r));
	assert_int_equal(r.packets, 10);
	send_ten(test_frame_udp(1, 2), 0);
	rs_expect_drops("");
}

static void what_a_filter_rejects_by_its_flow_is_not_even_looked_at(void **state)
{
	struct test_frame f = test_frame_udp(1, 2);
	char error[256];
	struct tw_mirror_filter *filter = tw_mirror_filter_create("udp dst port 2000", error);

	assert_non_null(filter);
	rs.mirrors[BIT].filter = filter;
	mirror_to_port();
	send_ten(f, 10);
	assert_int_equal(counts()->seen, 10);
	f.dport = 2001;
	send_ten(f, 0);
	assert_int_equal(counts()->seen, 10);
	assert_int_equal(counts()->filtered, 0);
	rs_expect_drops("");
	tw_mirror_filter_put(filter);
}

static void what_differs_from_frame_to_frame_is_asked_of_each(void **state)
{
	struct test_frame small = test_frame_udp(1, 2), large = test_frame_udp(1, 2);
	char error[256];
	struct tw_mirror_filter *filter = tw_mirror_filter_create("greater 200", error);

	assert_non_null(filter);
	rs.mirrors[BIT].filter = filter;
	mirror_to_port();
	large.payload = 300;
	rs_send(1, &small);
	rs_send(1, &large);
	rs_run();
	rs_expect(2, &small);
	rs_expect(2, &large);
	rs_expect(IDS, &large);
	rs_expect_silence();
	assert_int_equal(counts()->filtered, 1);
	rs_expect_drops("");
	tw_mirror_filter_put(filter);
}

static void frames_of_other_vlans_are_left_out(void **state)
{
	static const struct tw_vlan_set twenty = { { UINT64_C(1) << 20 } };

	rs.mirrors[BIT].vlans = &twenty;
	mirror_to_port();
	send_ten(test_frame_udp(1, 2), 0);
	assert_int_equal(counts()->sent, 0);
	rs_expect_drops("");
}

static void copies_are_cut_to_the_snap_length(void **state)
{
	const struct test_frame f = test_frame_udp(1, 2);
	static uint8_t bytes[TF_MAX];

	rs.mirrors[BIT].keep = 60;
	mirror_to_port();
	rs_send(1, &f);
	rs_run();
	test_frame_write(&f, bytes);
	rs_expect(2, &f);
	rs_expect_bytes(IDS, bytes, 60);
	rs_expect_silence();
	rs_expect_drops("");
}

/* As a guest hands over what its hardware is to finish: a checksum, and segments of mss octets (0 = none). */
static struct rte_mbuf *unfinished(uint32_t payload, uint16_t mss)
{
	static uint8_t bytes[TF_MAX];
	const struct test_frame f = { .from = 1, .to = 2, .protocol = 6, .payload = payload, .tcp_flags = 0x18 };
	struct rte_mbuf *m = rs_mbuf(bytes, test_frame_write(&f, bytes));

	m->l2_len = test_frame_l3(&f) & 0x7f;
	m->l3_len = (test_frame_l4(&f) - test_frame_l3(&f)) & 0x1ff;
	m->l4_len = 20;
	m->tso_segsz = mss;
	m->ol_flags = RTE_MBUF_F_TX_IPV4 | RTE_MBUF_F_TX_TCP_CKSUM | (mss ? RTE_MBUF_F_TX_TCP_SEG : 0);
	return m;
}

static void what_hardware_was_to_finish_is_not_asked_for_a_part_of_a_frame(void **state)
{
	struct rte_mbuf *copy;

	rs.port[2].csum = rs.port[2].tso = true;
	rs.mirrors[BIT].keep = 40; /* in the midst of the headers */
	mirror_to_port();
	for (uint16_t mss = 0; mss <= 1000; mss += 1000) {
		rs_send_mbuf(1, unfinished(3000 - 2 * 1000 * (mss == 0), mss));
		rs_run();
		rte_pktmbuf_free(rs_take(2));
		copy = rs_take(IDS);
		assert_non_null(copy);
		assert_int_equal(copy->pkt_len, 40);
		assert_false(copy->ol_flags & TW_OFFLOAD_FLAGS);
		rte_pktmbuf_free(copy);
	}
	rs_expect_silence();
	assert_int_equal(counts()->sent, 2);
	rs_expect_drops("");
}

static void a_super_frame_of_short_segments_is_copied_in_segments(void **state)
{
	struct rte_mbuf *copy;

	rs.port[2].csum = rs.port[2].tso = true;
	rs.mirrors[BIT].keep = 2000; /* longer than the destination takes, too */
	mirror_to_port();
	rs_send_mbuf(1, unfinished(3000, 1000));
	rs_run();
	rte_pktmbuf_free(rs_take(2));
	for (unsigned i = 0; i < 3; i++) {
		copy = rs_take(IDS);
		assert_non_null(copy);
		assert_int_equal(copy->pkt_len, 54 + 1000);
		rte_pktmbuf_free(copy);
	}
	rs_expect_silence();
	rs_expect_drops("");
}

/* @return octets of the next copy for the mirror thread, and whether it is a super-frame */
static uint32_t next_copy(bool *super)
{
	struct rte_mbuf *m;
	void *p = NULL;
	uint32_t octets;

	assert_int_equal(rte_ring_dequeue(rs.worker.mirrors, &p), 0);
	m = p;
	octets = m->pkt_len;
	*super = m->ol_flags & TW_OFFLOAD_CUT;
	rte_pktmbuf_free(m);
	return octets;
}

static void a_super_frame_is_whole_for_those_who_want_what_the_wire_carries(void **state)
{
	bool super;

	rs.port[1].mirror_in = 1;
	rs.port[2].csum = rs.port[2].tso = true;
	rs.mirrors[BIT].keep = 128;
	for (unsigned wire_size = 0; wire_size < 2; wire_size++) {
		rs.mirrors[BIT].wire_size = wire_size;
		rs_publish();
		rs_send_mbuf(1, unfinished(3000, 1000));
		rs_run();
		rte_pktmbuf_free(rs_take(2));
		assert_int_equal(next_copy(&super), wire_size ? 54 + 3000 : 128);
		assert_int_equal(super, wire_size);
	}
	rs_expect_silence();
	rs_expect_drops("");
}

static void a_ceiling_of_frames_sheds_what_is_beyond_it(void **state)
{
	rs_still();
	tw_bucket_init(&rs.mirrors[BIT].frames, 1000, 1, 4, 1);
	mirror_to_port();
	send_ten(test_frame_udp(1, 2), 4);
	assert_int_equal(counts()->shed_budget, 6);
	rs_warp(2);
	send_ten(test_frame_udp(1, 2), 2);
	assert_int_equal(counts()->shed_budget, 14);
	assert_int_equal(counts()->sent, 6);
	rs_expect_drops("");
}

/* --- a share of the worker's time; a test's frames take next to none of the window's one percent --- */

static struct tw_tap *tap(void)
{
	return &rs.worker.taps[BIT];
}

static void frames_that_a_filter_rejects_take_of_the_share(void **state)
{
	char error[256];
	struct tw_mirror_filter *filter = tw_mirror_filter_create("greater 2000", error);

	assert_non_null(filter);
	rs.mirrors[BIT].filter = filter;
	rs.mirrors[BIT].share = 1;
	mirror_to_port();
	send_ten(test_frame_udp(1, 2), 0);
	assert_int_equal(counts()->filtered, 10);
	assert_true(tap()->spent > 0);
	rs_expect_drops("");
	tw_mirror_filter_put(filter);
}

static void beyond_the_share_not_even_the_filter_is_asked(void **state)
{
	char error[256];
	struct tw_mirror_filter *filter = tw_mirror_filter_create("greater 2000", error);

	assert_non_null(filter);
	rs.mirrors[BIT].filter = filter;
	rs.mirrors[BIT].share = 1;
	mirror_to_port();
	tap()->window_ends = UINT64_MAX;
	tap()->spent = UINT64_MAX / 2;
	send_ten(test_frame_udp(1, 2), 0);
	assert_int_equal(counts()->seen, 10);
	assert_int_equal(counts()->filtered, 0);
	assert_int_equal(counts()->shed_budget, 10);
	rs_expect_drops("");
	tw_mirror_filter_put(filter);
}

static void copies_that_leave_take_of_the_share(void **state)
{
	const struct test_frame f = test_frame_udp(1, 2);
	static uint8_t bytes[TF_MAX];

	rs.mirrors[BIT].share = 1;
	mirror_to_port();
	tap()->copy[tap()->n++] = rs_mbuf(bytes, test_frame_write(&f, bytes));
	rs.worker.taps_pending = 1;
	rs_run();
	rs_expect(IDS, &f);
	assert_true(tap()->spent > 0);
	rs_expect_silence();
}

static void copies_for_the_thread_take_of_the_share(void **state)
{
	const struct test_frame f = test_frame_udp(1, 2);
	void *m = NULL;

	rs.port[1].mirror_in = 1;
	rs.mirrors[BIT].share = 1;
	rs_publish();
	rs_send(1, &f);
	rs_run();
	rs_expect(2, &f);
	assert_int_equal(rte_ring_dequeue(rs.worker.mirrors, &m), 0);
	rte_pktmbuf_free(m);
	assert_true(tap()->spent > 0);
	rs_expect_silence();
}

static void without_a_share_no_time_is_taken(void **state)
{
	mirror_to_port();
	send_ten(test_frame_udp(1, 2), 10);
	assert_int_equal(tap()->spent, 0);
}

static void an_absent_destination_costs_no_frame(void **state)
{
	rs.port[IDS].link = TW_LINK_ABSENT;
	mirror_to_port();
	send_ten(test_frame_udp(1, 2), 0);
	assert_int_equal(counts()->shed_absent, 10);
	assert_int_equal(counts()->sent, 0);
	rs_expect_drops("");
}

static void a_destination_that_is_not_known_here_is_absent(void **state)
{
	mirror_to_port();
	rs.mirrors[BIT].out = TW_SLOT_NONE;
	send_ten(test_frame_udp(1, 2), 0);
	assert_int_equal(counts()->shed_absent, 10);
	rs_expect_drops("");
}

static void what_is_too_large_for_the_destination_fails(void **state)
{
	struct test_frame f = test_frame_udp(1, 2);

	f.payload = 1472;
	rs.port[IDS].mtu = 600;
	mirror_to_port();
	send_ten(f, 0);
	assert_int_equal(counts()->failed, 10);
	rs_expect_drops("");
}

static void what_is_dropped_is_copied_with_the_reason(void **state)
{
	const struct test_frame f = test_frame_udp(1, 3); /* another VLAN */
	static uint8_t bytes[TF_MAX];
	const struct tw_mirror_tag *t;
	void *m = NULL;

	rs.port[1].mirror_drops = 1;
	rs_publish();
	rs_send(1, &f);
	rs_run();
	assert_int_equal(rte_ring_dequeue(rs.worker.mirrors, &m), 0);
	t = rte_mbuf_to_priv(m);
	assert_int_equal(t->drop, TW_DROP_NOT_IN_VLAN + 1);
	assert_int_equal(t->egress, 0);
	rs_expect_mbuf(m, bytes, test_frame_write(&f, bytes));
	rs_expect_silence();
	rs_expect_drops("1.not_in_vlan=1");
}

static void expect_tag(unsigned drop, unsigned vlan)
{
	const struct tw_mirror_tag *t;
	void *m = NULL;

	assert_int_equal(rte_ring_dequeue(rs.worker.mirrors, &m), 0);
	t = rte_mbuf_to_priv(m);
	assert_int_equal(t->drop, drop);
	assert_int_equal(t->vlan, vlan);
	rte_pktmbuf_free(m);
}

/* Of the VLAN 10 alone, to the mirror thread. */
static void mirror_ten(void)
{
	static const struct tw_vlan_set ten = { { UINT64_C(1) << 10 } };

	rs.mirrors[BIT].vlans = &ten;
	rs_publish();
}

static void what_is_dropped_is_in_the_vlan_that_it_was_judged_in(void **state)
{
	const struct test_frame f = test_frame_udp(1, 3);

	rs.port[1].mirror_drops = 1;
	mirror_ten();
	rs_send(1, &f);
	rs_run();
	expect_tag(TW_DROP_NOT_IN_VLAN + 1, 10);
	rs_expect_silence();
	rs_expect_drops("1.not_in_vlan=1");
}

static void what_is_dropped_on_its_way_out_is_in_its_vlan(void **state)
{
	struct test_frame f = test_frame_udp(1, 4);

	f.payload = 1472;
	rs.port[4].mirror_drops = 1;
	rs.port[4].mtu = 1000;
	mirror_ten();
	rs_send(1, &f); /* it is dropped without the tag that it would have got */
	rs_run();
	expect_tag(TW_DROP_OVER_MTU + 1, 10);
	rs_expect_silence();
	rs_expect_drops("4.over_mtu=1");
}

static void what_is_dropped_with_its_tag_is_in_that_vlan(void **state)
{
	const struct test_frame f = test_frame_udp(1, 4);
	unsigned sent = 0;

	rs.port[4].mirror_drops = 1;
	rs.port[4].egress_pps = (struct rs_rate){ 1, 1 };
	rs_still();
	mirror_ten();
	rs_send(1, &f);
	rs_send(1, &f);
	rs_run();
	for (struct rte_mbuf *m; (m = rs_take(4)); sent++)
		rte_pktmbuf_free(m);
	assert_int_equal(sent, 1);
	expect_tag(TW_DROP_RATE_EGRESS + 1, 10);
	rs_expect_silence();
	rs_expect_drops("4.rate_egress=1");
}

static void what_has_waited_is_in_its_vlan(void **state)
{
	const struct test_frame f = test_frame_udp(1, 2);
	void *m = NULL;

	rs.port[2].link = TW_LINK_HOLD;
	rs.port[2].mirror_out = 1;
	mirror_ten();
	rs_send(1, &f);
	rs_run();
	assert_int_equal(rte_ring_dequeue(rs.worker.hold[rs_slot(2)], &m), 0);
	rs.port[2].link = TW_LINK_UP;
	rs_publish();
	((struct rte_mbuf *)m)->port = rs_slot(2);
	assert_int_equal(rte_ring_enqueue(rs.worker.inject, m), 0);
	rs_run();
	rs_expect(2, &f);
	expect_tag(0, 10);
	rs_expect_silence();
	rs_expect_drops("");
}

static void mirror_to_vlan(bool strip)
{
	rs.port[4].mirror_in = 1;
	rs.mirrors[BIT].to = TW_MIRROR_TO_VLAN;
	rs.mirrors[BIT].vlan = 99;
	rs.mirrors[BIT].strip = strip;
	rs_publish();
}

static void expect_rspan(const struct test_frame *inner)
{
	static uint8_t bytes[TF_MAX], want[TF_MAX];
	size_t len = test_frame_write(inner, bytes);

	memcpy(want, bytes, 12);
	memcpy(want + 12, (const uint8_t[4]){ 0x81, 0, 0, 99 }, 4);
	memcpy(want + 16, bytes + 12, len - 12);
	rs_expect_bytes(RS_UP, want, len + 4);
}

static void an_rspan_vlan_carries_the_frame_with_its_own_tag_inside(void **state)
{
	const struct test_frame f = test_frame_udp(4, 2), tagged = test_frame_tagged(f, 10);

	mirror_to_vlan(false);
	rs_send(4, &tagged);
	rs_run();
	rs_expect(2, &f);
	expect_rspan(&tagged);
	rs_expect_silence();
	assert_int_equal(counts()->sent, 1);
	rs_expect_drops("");
}

static void an_rspan_vlan_may_carry_it_without(void **state)
{
	const struct test_frame f = test_frame_udp(4, 2), tagged = test_frame_tagged(f, 10);

	mirror_to_vlan(true);
	rs_send(4, &tagged);
	rs_run();
	rs_expect(2, &f);
	expect_rspan(&f);
	rs_expect_silence();
	rs_expect_drops("");
}

static void what_comes_in_an_rspan_vlan_goes_to_all_of_it_and_is_nothing_else(void **state)
{
	/* A copy of what guest 1 of this host sent to guest 2, on its way to port 3, an analyser. */
	const struct test_frame f = test_frame_udp(1, 2), tagged = test_frame_tagged(f, 20);
	struct tw_flow_record r;
	void *m;

	rs.rspan_vlan = 20;
	rs.port[3].mirror_out = 2;
	rs_publish();
	rs_send(RS_UP, &tagged);
	rs_run();
	rs_expect(3, &f);
	rs_expect(4, &tagged);
	rs_expect_silence();
	assert_int_equal(rte_ring_dequeue(rs.worker.told, &m), -ENOENT); /* nobody thinks that guest 1 has moved */
	assert_int_equal(rte_ring_count(rs.worker.mirrors), 0);
	rs_warp(60000);
	rs_sweep();
	assert_false(rs_record(&r));
	rs_expect_drops("");
}

static void guests_may_not_send_in_an_rspan_vlan(void **state)
{
	const struct test_frame f = test_frame_udp(3, 4);

	rs.rspan_vlan = 20;
	rs_publish();
	rs_send(3, &f);
	rs_run();
	rs_expect_silence();
	rs_expect_drops("3.rspan_vlan=1");
}

static void large_frames_are_sent_twice_as_they_lie(void **state)
{
	struct test_frame f = test_frame_udp(1, 2);
	struct rte_mbuf *a, *b;

	f.payload = 1000;
	mirror_to_port();
	rs_send(1, &f);
	rs_run();
	a = rs_take(2);
	b = rs_take(IDS);
	assert_ptr_equal(a, b);
	rte_pktmbuf_free(a);
	rte_pktmbuf_free(b);
	rs_expect_silence();
	rs_expect_drops("");
}

static void what_is_still_changed_on_its_way_is_copied(void **state)
{
	const struct test_frame f = test_frame_udp(1, 4), tagged = test_frame_tagged(f, 10);

	mirror_to_port();
	rs_send(1, &f);
	rs_run();
	rs_expect(4, &tagged);
	rs_expect(IDS, &f);
	rs_expect_silence();
	rs_expect_drops("");
}

#define T(name) cmocka_unit_test_setup_teardown(name, rs_setup, rs_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_frame_that_two_sources_see_is_copied_once),
		T(a_flooded_frame_is_copied_once),
		T(a_copy_is_not_mirrored_again),
		T(one_in_so_many_is_copied),
		T(the_first_frames_of_each_flow_are_copied),
		T(the_first_flooded_frames_of_each_flow_are_copied),
		T(sampled_metering_does_not_change_which_frames_are_the_first),
		T(a_record_does_not_make_a_flow_new),
		T(what_a_filter_rejects_by_its_flow_is_not_even_looked_at),
		T(what_differs_from_frame_to_frame_is_asked_of_each),
		T(frames_of_other_vlans_are_left_out),
		T(copies_are_cut_to_the_snap_length),
		T(what_hardware_was_to_finish_is_not_asked_for_a_part_of_a_frame),
		T(a_super_frame_of_short_segments_is_copied_in_segments),
		T(a_super_frame_is_whole_for_those_who_want_what_the_wire_carries),
		T(a_ceiling_of_frames_sheds_what_is_beyond_it),
		T(frames_that_a_filter_rejects_take_of_the_share),
		T(beyond_the_share_not_even_the_filter_is_asked),
		T(copies_that_leave_take_of_the_share),
		T(copies_for_the_thread_take_of_the_share),
		T(without_a_share_no_time_is_taken),
		T(an_absent_destination_costs_no_frame),
		T(a_destination_that_is_not_known_here_is_absent),
		T(what_is_too_large_for_the_destination_fails),
		T(what_is_dropped_is_copied_with_the_reason),
		T(what_is_dropped_is_in_the_vlan_that_it_was_judged_in),
		T(what_is_dropped_on_its_way_out_is_in_its_vlan),
		T(what_is_dropped_with_its_tag_is_in_that_vlan),
		T(what_has_waited_is_in_its_vlan),
		T(an_rspan_vlan_carries_the_frame_with_its_own_tag_inside),
		T(an_rspan_vlan_may_carry_it_without),
		T(what_comes_in_an_rspan_vlan_goes_to_all_of_it_and_is_nothing_else),
		T(guests_may_not_send_in_an_rspan_vlan),
		T(large_frames_are_sent_twice_as_they_lie),
		T(what_is_still_changed_on_its_way_is_copied),
	};

	return cmocka_run_group_tests(tests, rs_group_setup, NULL);
}
