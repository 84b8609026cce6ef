/* SPDX-License-Identifier: Apache-2.0 */
/* flows_test.c - what is counted comes out as records, exactly, whatever the tables have room for. The test's clock. See ringswitch.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "dataplane/guard.h"
#include "tests/support/ringswitch.h"

static struct test_frame udp(unsigned from, unsigned to, unsigned sport)
{
	return (struct test_frame){ .from = (uint8_t)from,
				    .to = (uint8_t)to,
				    .protocol = 17,
				    .sport = (uint16_t)sport,
				    .dport = 2000,
				    .payload = 22 };
}

static void send_and_free(unsigned who, const struct test_frame *f, unsigned out)
{
	struct rte_mbuf *m;

	rs_send(who, f);
	rs_run();
	if (!out)
		return;
	m = rs_take(out);
	assert_non_null(m);
	rte_pktmbuf_free(m);
}

static struct tw_flow_record record(void)
{
	struct tw_flow_record r;

	assert_true(rs_record(&r));
	return r;
}

static void no_record(void)
{
	struct tw_flow_record r;

	assert_false(rs_record(&r));
}

static void about(uint64_t value, uint64_t expected)
{
	assert_in_range(value, expected, expected + 900); /* the machine's own time goes on between two rounds */
}

static void a_quiet_flow_ends_with_a_record_that_says_it_all(void **state)
{
	struct test_frame f = udp(1, 2, 1000);
	struct tw_flow_record r;

	send_and_free(1, &f, 2);
	rs_warp(3000);
	f.payload = 122;
	f.ttl = 9;
	send_and_free(1, &f, 2);
	rs_warp(14000);
	rs_sweep();
	no_record();
	rs_warp(1000);
	rs_sweep();
	r = record();
	no_record();
	assert_int_equal(r.end_reason, TW_FLOW_END_IDLE);
	assert_int_equal(r.ingress, 1);
	assert_int_equal(r.egress, 2);
	assert_int_equal(r.vlan, 10);
	assert_int_equal(r.forwarding, TW_FORWARDED);
	assert_int_equal(r.direction, 0);
	assert_int_equal(r.packets, 2);
	assert_int_equal(r.l3_octets, 50 + 150);
	assert_int_equal(r.l2_octets, 64 + 164);
	assert_int_equal(r.min_len, 50);
	assert_int_equal(r.max_len, 150);
	assert_int_equal(r.min_ttl, 9);
	assert_int_equal(r.max_ttl, 64);
	about(r.last_ms - r.first_ms, 3000);
	assert_int_equal(tw_flow_cache_used(&rs.worker.cache), 0);
	rs_expect_silence();
	rs_expect_drops("");
}

static void a_long_flow_gives_a_record_each_active_timeout_and_loses_nothing(void **state)
{
	const struct test_frame f = udp(1, 2, 1000);
	struct tw_flow_record r;

	for (unsigned s = 0; s < 125; s += 5) {
		send_and_free(1, &f, 2);
		rs_warp(5000);
		rs_sweep();
	}
	r = record();
	assert_int_equal(r.end_reason, TW_FLOW_END_ACTIVE);
	assert_int_equal(r.packets, 12);
	about(r.last_ms - r.first_ms, 55000);
	r = record();
	assert_int_equal(r.end_reason, TW_FLOW_END_ACTIVE);
	assert_int_equal(r.packets, 12);
	no_record();
	rs_warp(15000);
	rs_sweep();
	r = record();
	assert_int_equal(r.end_reason, TW_FLOW_END_IDLE);
	assert_int_equal(r.packets, 1);
	no_record();
	rs_expect_silence();
}

static void a_closed_connection_ends_a_second_after_its_fin(void **state)
{
	struct test_frame f = {
		.from = 1, .to = 2, .protocol = 6, .sport = 1, .dport = 2, .tcp_flags = 0x18, .payload = 10
	};
	struct tw_flow_record r;

	send_and_free(1, &f, 2);
	f.tcp_flags = 0x11;
	send_and_free(1, &f, 2);
	rs_sweep();
	no_record();
	rs_warp(1000);
	rs_sweep();
	r = record();
	assert_int_equal(r.end_reason, TW_FLOW_END_DETECTED);
	assert_int_equal(r.packets, 2);
	assert_int_equal(r.tcp_flags, 0x19);
	no_record();
	rs_expect_silence();
}

static void frames_that_are_dropped_are_counted_with_the_reason(void **state)
{
	const struct test_frame policy = udp(1, 3, 1), full = udp(1, RS_REMOTE, 2);
	struct tw_flow_record a, b;

	rs.port[RS_UP].link = TW_LINK_ABSENT;
	rs_publish();
	send_and_free(1, &policy, 0);
	send_and_free(1, &full, 0);
	rs_warp(15000);
	rs_sweep();
	a = record();
	b = record();
	no_record();
	if (a.src_port != 1) {
		struct tw_flow_record t = a;

		a = b;
		b = t;
	}
	assert_int_equal(a.forwarding, TW_DROPPED_POLICY);
	assert_string_equal(tw_drop_names[a.drop_reason - 1], "not_in_vlan");
	assert_int_equal(b.forwarding, TW_DROPPED);
	assert_string_equal(tw_drop_names[b.drop_reason - 1], "no_uplink");
	assert_int_equal(b.egress, RS_REMOTE);
	rs_expect_drops("1.not_in_vlan=1 1.no_uplink=1");
}

/* The records of one flow by their status; each frame is in one of the two. */
static void expect_two(uint8_t status, uint64_t passed, uint64_t refused, uint64_t l2_refused)
{
	struct tw_flow_record a, b;

	rs_warp(15000);
	rs_sweep();
	a = record();
	b = record();
	no_record();
	if (a.forwarding != TW_FORWARDED) {
		struct tw_flow_record t = a;

		a = b;
		b = t;
	}
	assert_int_equal(a.forwarding, TW_FORWARDED);
	assert_int_equal(a.drop_reason, 0);
	assert_int_equal(b.forwarding, status);
	assert_true(b.drop_reason > 0);
	assert_int_equal(a.packets, passed);
	assert_int_equal(b.packets, refused);
	assert_int_equal(b.l2_octets, l2_refused);
	assert_int_equal(a.ingress, b.ingress);
	assert_int_equal(a.protocol, b.protocol);
	assert_memory_equal(a.src_mac, b.src_mac, 6);
	assert_int_equal(tw_flow_cache_used(&rs.worker.cache), 0);
}

static void frames_refused_by_a_rule_on_tcp_flags_are_a_record_beside_those_that_passed(void **state)
{
	struct test_frame f = {
		.from = 1, .to = 2, .protocol = 6, .sport = 9, .dport = 22, .payload = 22, .tcp_flags = 16
	};
	struct test_frame syn = f;

	syn.tcp_flags = 2;
	rs.acl_rules[0] = "deny tcp flags syn/syn,ack";
	rs.port[1].acl_in = true;
	rs_publish();
	for (int i = 0; i < 3; i++) {
		send_and_free(1, &f, 2);
		send_and_free(1, &syn, 0);
		send_and_free(1, &syn, 0);
	}
	expect_two(TW_DROPPED_POLICY, 3, 6, 6 * 76);
	rs_expect_silence();
	rs_expect_drops("1.acl_ingress=6");
}

static void frames_refused_by_inspection_are_a_record_beside_those_that_passed(void **state)
{
	uint8_t arp[60] = { 2,    0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 0x08, 0x06, 0, 1,
			    0x08, 0, 6, 4, 0, 2, 2, 0, 0, 0, 0, 1, 10,   0,    0, 1 };

	rs.port[1].guards = TW_GUARD_ARP;
	rs.port[1].address = "10.0.0.1";
	rs_publish();
	for (uint8_t i = 1; i <= 5; i++) {
		arp[31] = i; /* the sender's address: only the first is its own */
		rs_send_bytes(1, arp, sizeof(arp));
	}
	rs_run();
	rte_pktmbuf_free(rs_take(2));
	expect_two(TW_DROPPED_POLICY, 1, 4, 4 * 60);
	rs_expect_silence();
	rs_expect_drops("1.arp_inspect=4");
}

static void frames_too_large_for_their_destination_are_a_record_beside_those_that_passed(void **state)
{
	struct test_frame f = udp(1, 2, 1000);

	rs.port[1].mtu = 9000;
	rs_publish();
	for (int i = 0; i < 4; i++) {
		f.payload = i ? 3000 : 22;
		send_and_free(1, &f, i ? 0 : 2);
	}
	expect_two(TW_DROPPED_SIZE, 1, 3, 3 * 3042);
	rs_expect_silence();
	rs_expect_drops("2.over_mtu=3");
}

static void a_flow_of_which_nothing_passes_stays_known_while_it_goes_on(void **state)
{
	struct test_frame f = udp(1, 2, 1000);
	struct tw_flow_record r;

	f.payload = 3000;
	rs_warp(60000);
	for (int i = 0; i < 4; i++) {
		send_and_free(1, &f, 0);
		rs_warp(5000);
		rs_sweep();
	}
	assert_int_equal(rs.worker.stats.misses, 1);
	rs_warp(15000);
	rs_sweep();
	r = record();
	no_record();
	assert_int_equal(r.forwarding, TW_DROPPED_SIZE);
	assert_int_equal(r.packets, 4);
	rs_expect_drops("2.over_mtu=4");
}

static void guards_and_access_lists_are_policy_in_a_record(void **state)
{
	const struct test_frame f = udp(1, 2, 1), g = udp(2, 1, 2);
	struct tw_flow_record a, b;

	rs.port[1].guards = TW_GUARD_SOURCE;
	rs.port[1].address = "10.0.0.9";
	rs.acl_rules[0] = "deny udp";
	rs.port[2].acl_in = true;
	rs_publish();
	send_and_free(1, &f, 0);
	send_and_free(2, &g, 0);
	rs_warp(15000);
	rs_sweep();
	a = record();
	b = record();
	no_record();
	assert_int_equal(a.ingress == 1 ? a.forwarding : b.forwarding, TW_DROPPED_SOURCE);
	assert_int_equal(a.ingress == 1 ? b.forwarding : a.forwarding, TW_DROPPED_POLICY);
	rs_expect_drops("1.source_guard=1 2.acl_ingress=1");
}

static void a_frame_from_the_wire_is_counted_here_only_if_its_sender_is_no_port(void **state)
{
	struct test_frame remote = udp(RS_REMOTE, 1, 1), stranger = udp(99, 1, 2);
	struct tw_flow_record r;

	remote.tagged = stranger.tagged = true;
	remote.tci = stranger.tci = 10;
	send_and_free(RS_UP, &remote, 1);
	send_and_free(RS_UP, &stranger, 1);
	rs_warp(15000);
	rs_sweep();
	r = record();
	assert_int_equal(r.src_port, 2);
	assert_int_equal(r.ingress, 0);
	assert_int_equal(r.egress, 1);
	assert_int_equal(r.direction, 1);
	assert_int_equal(r.l2_octets, 68);
	assert_int_equal(r.l3_octets, 50);
	no_record();
	assert_int_equal(tw_flow_cache_used(&rs.worker.cache), 0);
	rs_expect_silence();
}

static void with_both_sides_a_frame_from_another_hosts_port_is_counted_here_too_and_marked(void **state)
{
	struct test_frame remote = udp(RS_REMOTE, 1, 1), lost = udp(RS_REMOTE, 99, 3);
	struct tw_flow_record r;

	rs.both_sides = true;
	rs_publish();
	remote.tagged = lost.tagged = true;
	remote.tci = lost.tci = 10;
	for (int i = 0; i < 3; i++)
		send_and_free(RS_UP, &remote, 1);
	send_and_free(RS_UP, &lost, 0); /* nobody's here: its sender's host tells it alone */
	rs_warp(15000);
	rs_sweep();
	r = record();
	assert_int_equal(r.key_flags & TW_FLOW_KEY_SECOND, TW_FLOW_KEY_SECOND);
	assert_int_equal(r.ingress, RS_REMOTE);
	assert_int_equal(r.egress, 1);
	assert_int_equal(r.direction, 1);
	assert_int_equal(r.packets, 3);
	no_record();
	rs_expect_silence();
	rs_expect_drops("up.unknown_unicast=1");
}

static void a_change_that_alters_what_a_record_says_ends_the_old_one_first(void **state)
{
	const struct test_frame f = udp(1, 2, 1000);
	struct tw_flow_record r;

	send_and_free(1, &f, 2);
	rs_publish(); /* nothing of this flow changes */
	send_and_free(1, &f, 2);
	no_record();
	assert_int_equal(rs.worker.stats.misses, 2);
	rs.port[2].vlan = 30;
	rs_publish();
	send_and_free(1, &f, 0);
	r = record();
	assert_int_equal(r.end_reason, TW_FLOW_END_FORCED);
	assert_int_equal(r.forwarding, TW_FORWARDED);
	assert_int_equal(r.packets, 2);
	assert_int_equal(r.egress, 2);
	no_record();
	rs_warp(15000);
	rs_sweep();
	r = record();
	assert_int_equal(r.forwarding, TW_DROPPED_POLICY);
	assert_int_equal(r.packets, 1);
	no_record();
	rs_expect_silence();
	rs_expect_drops("1.not_in_vlan=1");
}

static void a_full_table_costs_records_and_no_frames(void **state)
{
	struct test_frame f = udp(1, 2, 0);
	struct tw_flow_record r;
	unsigned flows;

	rs_resize(64, 256, 16, 16); /* of which a port may have half */
	for (unsigned i = 0; i < 40; i++) {
		f.sport = (uint16_t)i;
		send_and_free(1, &f, 2);
	}
	flows = tw_flow_cache_used(&rs.worker.cache);
	assert_in_range(flows, 16, 32);
	assert_int_equal(rs.worker.stats.overflows, 40 - flows);
	assert_int_equal(rs.worker.stats.overflow_octets, (40 - flows) * 50);
	f = udp(2, 1, 7); /* the neighbour still has room */
	send_and_free(2, &f, 1);
	assert_int_equal(tw_flow_cache_used(&rs.worker.cache), flows + 1);
	rs_warp(15000);
	rs_sweep();
	r = record(); /* first of all what had no room: no flow, but counts */
	assert_int_equal(r.key_flags, TW_FLOW_KEY_MANY);
	assert_int_equal(r.end_reason, TW_FLOW_END_LACK);
	assert_int_equal(r.forwarding, TW_FORWARDED);
	assert_int_equal(r.ingress, 1);
	assert_int_equal(r.egress, 0);
	assert_int_equal(r.packets, 40 - flows);
	assert_int_equal(r.l3_octets, (40 - flows) * 50);
	assert_int_equal(r.l2_octets, (40 - flows) * 64);
	assert_true(r.first_ms <= r.last_ms);
	for (unsigned i = 0; i <= flows; i++)
		assert_int_equal(record().packets, 1);
	no_record();
	rs_expect_silence();
	rs_expect_drops("");
}

/* Whatever becomes of them: passed, refused as a flow, refused one by one, not this host's to count. */
static void frames_without_room_are_counted_once_by_what_became_of_them(void **state)
{
	struct test_frame f = udp(1, 2, 0), refused = udp(1, 3, 0), large = udp(1, 2, 0), remote = udp(RS_REMOTE, 1, 0);
	uint64_t passed = 0, dropped = 0;
	struct tw_flow_record r;

	rs_resize(16, 256, 16, 16);
	rs.worker.cache.per_port_max = 0; /* no port may have a flow */
	large.payload = 3000;
	remote.tagged = true;
	remote.tci = 10;
	for (unsigned i = 0; i < 5; i++) {
		send_and_free(1, &f, 2);
		send_and_free(1, &refused, 0);
		send_and_free(1, &large, 0);
		send_and_free(RS_UP, &remote, 1);
	}
	rs_warp(1000);
	rs_sweep();
	while (rs_record(&r)) {
		assert_int_equal(r.key_flags, TW_FLOW_KEY_MANY);
		assert_int_equal(r.ingress, 1);
		*(tw_flow_is_refused(&r) ? &dropped : &passed) += r.packets;
	}
	assert_int_equal(passed, 5);
	assert_int_equal(dropped, 10);
	assert_int_equal(rs.worker.stats.overflows, 15);
	assert_int_equal(tw_flow_cache_used(&rs.worker.cache), 0);
	rs_expect_silence();
	rs_expect_drops("1.not_in_vlan=5 2.over_mtu=5");
}

static void what_a_port_had_without_room_is_told_when_it_goes(void **state)
{
	const struct test_frame f = udp(1, 2, 0);
	struct tw_job job = { .kind = TW_JOB_END, .slot = rs_slot(1) };
	struct tw_flow_record r;

	rs_resize(16, 256, 16, 16);
	rs.worker.cache.per_port_max = 0;
	send_and_free(1, &f, 2);
	assert_int_equal(rte_ring_sp_enqueue(rs.worker.jobs, &job), 0);
	rs_run();
	assert_true(job.done);
	r = record();
	assert_int_equal(r.packets, 1);
	no_record();
	rs_warp(1000);
	rs_sweep();
	no_record();
	rs_expect_silence();
}

static void a_record_ring_that_is_full_delays_records_and_loses_none(void **state)
{
	struct test_frame f = udp(1, 2, 0);
	uint64_t packets = 0;
	unsigned records = 0;
	struct tw_flow_record r;

	rs_resize(1024, 8, 16, 16);
	for (unsigned i = 0; i < 100; i++) {
		f.sport = (uint16_t)(i % 50);
		send_and_free(1, &f, 2);
	}
	rs_warp(15000);
	rs_sweep();
	assert_int_equal(rte_ring_count(rs.worker.records), 8);
	assert_int_equal(tw_flow_cache_used(&rs.worker.cache), 42);
	assert_true(rs.worker.stats.records_waited > 0);
	for (int round = 0; round < 20; round++) {
		while (rs_record(&r)) {
			packets += r.packets;
			records++;
		}
		rs_warp(2000);
		rs_sweep();
	}
	assert_int_equal(records, 50);
	assert_int_equal(packets, 100);
	assert_int_equal(tw_flow_cache_used(&rs.worker.cache), 0);
	rs_expect_silence();
}

static void without_metering_flows_forward_and_leave_no_record(void **state)
{
	struct test_frame f = udp(1, 2, 1000);

	rs.worker.no_metering = true;
	for (int i = 0; i < 3; i++)
		send_and_free(1, &f, 2);
	assert_int_equal(rs.worker.stats.misses, 1);
	assert_int_equal(tw_flow_cache_used(&rs.worker.cache), 1);
	rs_warp(rs.idle_s * 1000);
	rs_sweep();
	no_record();
	assert_int_equal(tw_flow_cache_used(&rs.worker.cache), 0);
	rs.worker.no_metering = false;
}

/* Expiry goes round the entries in use alone: also when they become more and fewer. */
static void flows_that_come_and_go_leave_room_for_as_many(void **state)
{
	const unsigned n = 500;

	rs_resize(1024, 1024, 4, 4);
	for (unsigned round = 0; round < 4; round++) {
		for (unsigned i = 0; i < n; i++) {
			struct test_frame f = udp(1, 2, 1000 + round * n + i);

			send_and_free(1, &f, 2);
		}
		assert_int_equal(tw_flow_cache_used(&rs.worker.cache), n);
		rs_warp(rs.idle_s * 1000);
		rs_sweep();
		assert_int_equal(tw_flow_cache_used(&rs.worker.cache), 0);
		for (unsigned i = 0; i < n; i++)
			assert_int_equal(record().packets, 1);
		no_record();
	}
	assert_int_equal(rs.worker.stats.overflows, 0);
}

#define T(name) cmocka_unit_test_setup_teardown(name, rs_setup, rs_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_quiet_flow_ends_with_a_record_that_says_it_all),
		T(a_long_flow_gives_a_record_each_active_timeout_and_loses_nothing),
		T(a_closed_connection_ends_a_second_after_its_fin),
		T(frames_that_are_dropped_are_counted_with_the_reason),
		T(frames_refused_by_a_rule_on_tcp_flags_are_a_record_beside_those_that_passed),
		T(frames_refused_by_inspection_are_a_record_beside_those_that_passed),
		T(frames_too_large_for_their_destination_are_a_record_beside_those_that_passed),
		T(a_flow_of_which_nothing_passes_stays_known_while_it_goes_on),
		T(guards_and_access_lists_are_policy_in_a_record),
		T(a_frame_from_the_wire_is_counted_here_only_if_its_sender_is_no_port),
		T(with_both_sides_a_frame_from_another_hosts_port_is_counted_here_too_and_marked),
		T(a_change_that_alters_what_a_record_says_ends_the_old_one_first),
		T(a_full_table_costs_records_and_no_frames),
		T(frames_without_room_are_counted_once_by_what_became_of_them),
		T(what_a_port_had_without_room_is_told_when_it_goes),
		T(a_record_ring_that_is_full_delays_records_and_loses_none),
		T(without_metering_flows_forward_and_leave_no_record),
		T(flows_that_come_and_go_leave_room_for_as_many),
	};

	return cmocka_run_group_tests_name("flows", tests, rs_group_setup, NULL);
}
