/* SPDX-License-Identifier: Apache-2.0 */
/* forward_test.c - frames cross the switch: VLANs, tags octet for octet, floods, what is not let through. See ringswitch.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/ringswitch.h"

static void two_access_ports_of_a_vlan_reach_each_other(void **state)
{
	const struct test_frame there = test_frame_udp(1, 2), back = test_frame_udp(2, 1);

	rs_send(1, &there);
	rs_send(2, &back);
	rs_run();
	rs_expect(2, &there);
	rs_expect(1, &back);
	rs_expect_silence();
	rs_expect_counters(1, 1, 64, 1, 64);
	rs_expect_counters(2, 1, 64, 1, 64);
	rs_expect_drops("");
}

static void ports_of_different_vlans_do_not(void **state)
{
	const struct test_frame f = test_frame_udp(1, 3);

	rs_send(1, &f);
	rs_run();
	rs_expect_silence();
	rs_expect_drops("1.not_in_vlan=1");
}

static void order_is_kept_over_more_than_a_burst(void **state)
{
	struct test_frame f = test_frame_udp(1, 2);

	for (f.seq = 0; f.seq < 100; f.seq++)
		rs_send(1, &f);
	rs_run();
	for (f.seq = 0; f.seq < 100; f.seq++)
		rs_expect(2, &f);
	rs_expect_silence();
	rs_expect_drops("");
}

static void a_tag_is_pushed_towards_a_trunk_and_popped_from_it(void **state)
{
	const struct test_frame out = test_frame_udp(1, 4), in = test_frame_tagged(test_frame_udp(4, 1), 0xa00a),
				out_tagged = test_frame_tagged(test_frame_udp(1, 4), 10),
				in_plain = test_frame_udp(4, 1);

	rs_send(1, &out);
	rs_send(4, &in);
	rs_run();
	rs_expect(4, &out_tagged);
	rs_expect(1, &in_plain);
	rs_expect_silence();
	rs_expect_drops("");
}

static void a_priority_tag_becomes_a_vlan_tag_with_its_priority(void **state)
{
	const struct test_frame in = test_frame_tagged(test_frame_udp(1, RS_REMOTE), 0xe000),
				out = test_frame_tagged(test_frame_udp(1, RS_REMOTE), 0xe00a);

	rs_send(1, &in);
	rs_run();
	rs_expect(RS_UP, &out);
	rs_expect_silence();
	rs_expect_drops("");
}

static void a_tag_passes_from_trunk_to_uplink_untouched(void **state)
{
	const struct test_frame f = test_frame_tagged(test_frame_udp(4, RS_REMOTE), 0x700a);

	rs_send(4, &f);
	rs_run();
	rs_expect(RS_UP, &f);
	rs_expect_silence();
	rs_expect_drops("");
}

static void a_trunks_native_vlan_goes_untagged(void **state)
{
	const struct test_frame there = test_frame_udp(1, 4), back = test_frame_udp(4, 1);

	rs.port[4].vlan = 10;
	rs_publish();
	rs_send(1, &there);
	rs_send(4, &back);
	rs_run();
	rs_expect(4, &there);
	rs_expect(1, &back);
	rs_expect_silence();
	rs_expect_drops("");
}

static void tags_that_a_port_may_not_use_are_dropped_by_name(void **state)
{
	const struct test_frame on_access = test_frame_tagged(test_frame_udp(1, 2), 11),
				outside = test_frame_tagged(test_frame_udp(4, 1), 21), untagged = test_frame_udp(4, 1);

	rs_send(1, &on_access);
	rs_send(4, &outside);
	rs_send(4, &untagged);
	rs_run();
	rs_expect_silence();
	rs_expect_drops("1.tagged_on_access=1 4.vlan_not_allowed=1 4.untagged_on_trunk=1");
}

static void a_group_frame_reaches_each_member_once_and_the_uplink_tagged(void **state)
{
	const struct test_frame f = test_frame_udp(1, TF_EVERYBODY), tagged = test_frame_tagged(f, 10);

	rs_send(1, &f);
	rs_run();
	rs_expect(2, &f);
	rs_expect(5, &f);
	rs_expect(4, &tagged);
	rs_expect(RS_UP, &tagged);
	rs_expect_silence();
	rs_expect_drops("");
}

static void what_comes_from_an_uplink_never_goes_back_to_one(void **state)
{
	const struct test_frame group = test_frame_tagged(test_frame_udp(99, TF_EVERYBODY), 20),
				plain = test_frame_udp(99, TF_EVERYBODY);
	const struct test_frame stranger = test_frame_tagged(test_frame_udp(99, 98), 10),
				far = test_frame_tagged(test_frame_udp(99, RS_REMOTE), 10);

	rs.port[RS_UP2].link = TW_LINK_UP;
	rs_publish();
	rs_send(RS_UP, &group);
	rs_send(RS_UP, &stranger);
	rs_send(RS_UP, &far);
	rs_run();
	rs_expect(3, &plain);
	rs_expect(4, &group);
	rs_expect_silence();
	rs_expect_drops("up.unknown_unicast=2");
}

static void a_group_frame_nobody_else_is_in_the_vlan_for_says_so(void **state)
{
	const struct test_frame f = test_frame_tagged(test_frame_udp(99, TF_EVERYBODY), 30),
				lone = test_frame_udp(3, TF_EVERYBODY);

	rs.port[RS_UP].link = TW_LINK_ABSENT;
	rs.port[4].first = rs.port[4].last = 10;
	rs_publish();
	rs_send(3, &lone);
	rs.port[RS_UP].link = TW_LINK_UP;
	rs_run();
	rs_publish();
	rs_send(RS_UP, &f);
	rs_run();
	rs_expect_silence();
	rs_expect_drops("3.no_member=1 up.no_member=1");
}

static void reserved_group_addresses_stay_on_their_link(void **state)
{
	uint8_t bytes[TF_MAX];
	const struct test_frame f = test_frame_udp(1, 2);
	size_t len = test_frame_write(&f, bytes);

	memcpy(bytes, "\x01\x80\xc2\x00\x00\x0e", 6);
	rs_send_bytes(1, bytes, len);
	rs_run();
	rs_expect_silence();
	rs_expect_drops("1.reserved_group=1");
}

static void without_an_uplink_that_is_up_frames_for_elsewhere_are_dropped(void **state)
{
	const struct test_frame f = test_frame_udp(1, RS_REMOTE);

	rs.port[RS_UP].link = TW_LINK_ABSENT;
	rs_publish();
	rs_send(1, &f);
	rs_run();
	rs_expect_silence();
	rs_expect_drops("1.no_uplink=1");
}

static void the_second_uplink_takes_over(void **state)
{
	const struct test_frame f = test_frame_udp(1, RS_REMOTE), tagged = test_frame_tagged(f, 10);

	rs.port[RS_UP].link = TW_LINK_ABSENT;
	rs.port[RS_UP2].link = TW_LINK_UP;
	rs_publish();
	rs_send(1, &f);
	rs_run();
	rs_expect(RS_UP2, &tagged);
	rs_expect_silence();
	rs_expect_drops("");
}

static void senders_are_who_they_are(void **state)
{
	const struct test_frame forged = test_frame_udp(77, 2), to_self = test_frame_udp(1, 1);
	uint8_t bytes[TF_MAX];
	size_t len = test_frame_write(&forged, bytes);

	rs_send(1, &forged);
	rs_send(1, &to_self);
	bytes[6] = 3; /* a group address */
	rs_send_bytes(2, bytes, len);
	rs_run();
	rs_expect_silence();
	rs_expect_drops("1.forged_source=1 1.hairpin=1 2.bad_source=1");
	rs.port[1].allow_forged = true;
	rs_publish();
	rs_send(1, &forged);
	rs_run();
	rs_expect(2, &forged);
	rs_expect_silence();
}

static void disabled_and_absent_ports_have_their_own_reasons(void **state)
{
	const struct test_frame from = test_frame_udp(1, 2), to = test_frame_udp(2, 1), down = test_frame_udp(2, 5);

	rs.port[1].disabled = true;
	rs.port[5].link = TW_LINK_ABSENT;
	rs_publish();
	rs_send(1, &from);
	rs_send(2, &to);
	rs_send(2, &down);
	rs_run();
	rs_expect_silence();
	rs_expect_drops("1.port_disabled=1 1.out_disabled=1 5.link_down=1");
}

static void a_frame_shorter_than_its_headers_is_counted(void **state)
{
	static const uint8_t cut_tag[17] = { 2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 0x81, 0, 0, 10, 8 };
	const struct test_frame f = test_frame_udp(1, 2);

	rs_send_bytes(1, cut_tag, 13);
	rs_send_bytes(1, cut_tag, 17);
	rs_send(1, &f);
	rs_run();
	rs_expect(2, &f);
	rs_expect_silence();
	rs_expect_counters(1, 3, 13 + 17 + 64, 0, 0);
	rs_expect_drops("1.short_frame=2");
}

static void the_mtu_is_the_destinations_and_counts_layer_3_alone(void **state)
{
	struct test_frame fits = test_frame_udp(1, 2), big = test_frame_udp(1, 2), group,
			  tagged = test_frame_tagged(test_frame_udp(4, 2), 10), plain;

	fits.payload = tagged.payload = 1400 - 28;
	big.payload = fits.payload + 1;
	plain = tagged;
	plain.tagged = false;
	rs.port[2].mtu = 1400;
	rs_publish();
	rs_send(1, &fits);
	rs_send(1, &big);
	rs_send(4, &tagged);
	rs_run();
	rs_expect(2, &fits);
	rs_expect(2, &plain);
	rs_expect_silence();
	rs_expect_drops("2.over_mtu=1");

	group = big;
	group.to = TF_EVERYBODY;
	rs.port[RS_UP].link = rs.port[4].link = TW_LINK_ABSENT;
	rs_publish();
	rs_send(1, &group);
	rs_run();
	rs_expect(5, &group);
	rs_expect_silence();
	rs_expect_drops("2.over_mtu=2");
}

static void a_frame_longer_than_its_ip_header_says_is_as_long_as_it_is(void **state)
{
	const struct test_frame f = test_frame_udp(1, 2);
	uint8_t bytes[TF_MAX] = { 0 };

	test_frame_write(&f, bytes);
	rs_send_bytes(1, bytes, 3000);
	rs_send_bytes(1, bytes, 1514);
	rs_run();
	rs_expect_bytes(2, bytes, 1514);
	rs_expect_silence();
	rs_expect_drops("2.over_mtu=1");
}

static void a_ring_that_is_full_costs_just_what_did_not_fit(void **state)
{
	struct test_frame f = test_frame_udp(1, 2);

	for (f.seq = 0; f.seq < 2 * RS_RING; f.seq++) {
		rs_send(1, &f);
		if (f.seq % 32 == 31)
			rs_run();
	}
	for (f.seq = 0; f.seq < RS_RING; f.seq++)
		rs_expect(2, &f);
	rs_expect_silence();
	rs_expect_counters(2, 0, 0, RS_RING, RS_RING * 64);
	rs_expect_drops("2.ring_full=256");
}

static void a_change_holds_from_the_next_frame_on(void **state)
{
	const struct test_frame f = test_frame_udp(1, 2);

	rs_send(1, &f);
	rs_run();
	rs_expect(2, &f);
	rs.port[2].vlan = 30;
	rs_publish();
	rs_send(1, &f);
	rs_run();
	rs_expect_silence();
	rs_expect_drops("1.not_in_vlan=1");
}

static void without_a_snapshot_nothing_is_touched(void **state)
{
	const struct test_frame f = test_frame_udp(1, 2);
	const struct tw_snapshot *s = atomic_exchange(rs.worker.snapshot, NULL);

	rs_send(1, &f);
	rs_run();
	rs_expect_silence();
	atomic_store(rs.worker.snapshot, s);
	rs_run();
	rs_expect(2, &f);
	rs_expect_drops("");
}

#define T(name) cmocka_unit_test_setup_teardown(name, rs_setup, rs_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(two_access_ports_of_a_vlan_reach_each_other),
		T(ports_of_different_vlans_do_not),
		T(order_is_kept_over_more_than_a_burst),
		T(a_tag_is_pushed_towards_a_trunk_and_popped_from_it),
		T(a_priority_tag_becomes_a_vlan_tag_with_its_priority),
		T(a_tag_passes_from_trunk_to_uplink_untouched),
		T(a_trunks_native_vlan_goes_untagged),
		T(tags_that_a_port_may_not_use_are_dropped_by_name),
		T(a_group_frame_reaches_each_member_once_and_the_uplink_tagged),
		T(what_comes_from_an_uplink_never_goes_back_to_one),
		T(a_group_frame_nobody_else_is_in_the_vlan_for_says_so),
		T(reserved_group_addresses_stay_on_their_link),
		T(without_an_uplink_that_is_up_frames_for_elsewhere_are_dropped),
		T(the_second_uplink_takes_over),
		T(senders_are_who_they_are),
		T(disabled_and_absent_ports_have_their_own_reasons),
		T(a_frame_shorter_than_its_headers_is_counted),
		T(the_mtu_is_the_destinations_and_counts_layer_3_alone),
		T(a_frame_longer_than_its_ip_header_says_is_as_long_as_it_is),
		T(a_ring_that_is_full_costs_just_what_did_not_fit),
		T(a_change_holds_from_the_next_frame_on),
		T(without_a_snapshot_nothing_is_touched),
	};

	return cmocka_run_group_tests_name("forward", tests, rs_group_setup, NULL);
}
