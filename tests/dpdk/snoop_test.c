/* SPDX-License-Identifier: Apache-2.0 */
/*
 * snoop_test.c - multicast on its way through a worker: who gets which frame, what main is told. See ringswitch.h.
 *
 * What main would do with the worker's copies is done by hand: learn() takes them in, tells the table, publishes a view. In
 * VLAN 10: 1, 2, 5 and the trunk 4. G1 and G2 are 239.1.1.1 and .2, or ff0e::1 and ::2.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "dataplane/igmp.h"
#include "dataplane/mld.h"
#include "dataplane/snoop.h"
#include "tests/support/mcast_frame.h"
#include "tests/support/ringswitch.h"

enum { VLAN = 10, RESPONSE_MS = 10000 };

static struct tw_mcast *table;
static uint64_t now;
static unsigned n_told;
static Tw__Multicast how;

static void no_query(void *arg, uint16_t vlan, uint16_t slot, const struct tw_mcast_query *query)
{
}

static int setup(void **state)
{
	int rc = rs_setup(state);

	tw__multicast__init(&how);
	how.snooping = true;
	rs.multicast = &how;
	rs_publish();
	now = 1000;
	table = tw_mcast_create((const uint8_t[6]){ 6, 0, 0, 0, 0, 1 }, no_query, NULL);
	return rc || !table;
}

static void publish_view(void)
{
	const struct tw_mcast_view *view = tw_mcast_view_create(table);

	assert_non_null(view);
	tw_mcast_view_free(atomic_exchange(&rs.mcast, view));
}

static int teardown(void **state)
{
	tw_mcast_view_free(atomic_exchange(&rs.mcast, NULL));
	tw_mcast_destroy(table);
	return rs_teardown(state);
}

/* Memberships of VLAN 10 are known from now on. */
static void know(void)
{
	const struct tw_mcast_config config = { .querier = true, .interval_s = 125 };

	assert_int_equal(tw_mcast_set_vlan(table, VLAN, &config, now), 0);
	tw_mcast_tick(table, now, 64);
	now += RESPONSE_MS;
	tw_mcast_tick(table, now, 64);
	publish_view();
}

/* @return copies the worker made for main */
static unsigned learn(void)
{
	struct rte_mbuf *m;

	for (n_told = 0; rte_ring_dequeue(rs.worker.snoops, (void **)&m) == 0; n_told++) {
		const struct tw_snoop_tag *tag = rte_mbuf_to_priv(m);
		const uint8_t *frame = rte_pktmbuf_mtod(m, const uint8_t *), *packet = frame + tag->l2_len;
		struct tw_mcast_place place = { .vlan = tag->vlan, .slot = tag->slot };
		uint32_t len = m->pkt_len - tag->l2_len;
		struct tw_mcast_message msg;

		memcpy(place.mac, frame + 6, 6);
		assert_int_equal(packet[0] >> 4 == 6 ? tw_mld_parse(packet, len, &msg)
						     : tw_igmp_parse(packet, len, &msg),
				 TW_MCAST_OK);
		tw_mcast_hear(table, &place, &msg, now);
		rte_pktmbuf_free(m);
	}
	publish_view();
	return n_told;
}

/* --- frames --- */

struct bytes {
	uint8_t b[MF_MAX];
	size_t n;
};

static struct bytes igmp(unsigned from, const char *to, const char *body)
{
	struct bytes f;

	f.n = mcast_frame_igmp(f.b, (uint8_t)from, to, body);
	return f;
}

static struct bytes mld(unsigned from, const char *to, const char *body)
{
	struct bytes f;

	f.n = mcast_frame_mld(f.b, (uint8_t)from, to, body);
	return f;
}

static struct bytes join(unsigned from, unsigned group)
{
	return igmp(from, group == 1 ? "239.1.1.1" : "239.1.1.2", group == 1 ? "16 00 0000 G1" : "16 00 0000 G2");
}

static struct bytes data4(unsigned from, const char *to)
{
	struct bytes f = igmp(from, to, "1388 1389 000c 0000 deadbeef");

	f.b[MF_L3 + 9] = 17;
	return f;
}

static struct bytes data6(unsigned from, const char *to)
{
	struct bytes f = mld(from, to, "1388 1389 000c 0000 deadbeef");

	f.b[MF_L3 + 40] = 17;
	return f;
}

static struct bytes tagged(struct bytes f, unsigned vlan)
{
	memmove(f.b + 16, f.b + 12, f.n - 12);
	memcpy(f.b + 12, (const uint8_t[4]){ 0x81, 0, (uint8_t)(vlan >> 8), (uint8_t)vlan }, 4);
	f.n += 4;
	return f;
}

static void in(unsigned who, struct bytes f)
{
	rs_send_bytes(who, f.b, f.n);
	rs_run();
}

static void out(unsigned who, struct bytes f)
{
	rs_expect_bytes(who, f.b, f.n);
}

/* The trunk and the uplink have it with its tag, the others without. */
static void out_all_but(unsigned who, struct bytes f)
{
	for (unsigned i = 1; i <= 5; i++)
		if (i != who && i != 3)
			out(i, i == 4 ? tagged(f, VLAN) : f);
	if (who != RS_UP)
		out(RS_UP, tagged(f, VLAN));
	rs_expect_silence();
}

static const char *const query4 = "11 64 0000 00000000", *const query6 = "82 00 0000 2710 0000"
									 "00000000000000000000000000000000";

/* --- tests --- */

static void until_memberships_are_known_groups_are_flooded(void **state)
{
	in(1, data4(1, "239.1.1.1"));
	out_all_but(1, data4(1, "239.1.1.1"));
	publish_view(); /* nor does a view without the VLAN know them */
	in(1, data6(1, "ff0e::1"));
	out_all_but(1, data6(1, "ff0e::1"));
	rs_expect_drops("");
}

static void a_group_goes_to_its_members_and_the_wire(void **state)
{
	know();
	in(2, join(2, 1));
	out(RS_UP, tagged(join(2, 1), VLAN));
	rs_expect_silence(); /* no other guest hears it: it would keep its own report back */
	assert_int_equal(learn(), 1);
	in(1, data4(1, "239.1.1.1"));
	out(2, data4(1, "239.1.1.1"));
	out(RS_UP, tagged(data4(1, "239.1.1.1"), VLAN));
	rs_expect_silence();
	in(RS_UP, tagged(data4(99, "239.1.1.1"), VLAN));
	out(2, data4(99, "239.1.1.1"));
	rs_expect_silence();
	rs_expect_drops("");
	rs_expect_counters(2, 1, 60, 2, 120);
}

static void a_flow_that_is_known_follows_who_joins_and_leaves(void **state)
{
	struct bytes f = data4(1, "239.1.1.1");

	know();
	in(1, f);
	out(RS_UP, tagged(f, VLAN));
	in(2, join(2, 1));
	in(4, tagged(join(4, 1), VLAN));
	out(RS_UP, tagged(join(2, 1), VLAN));
	out(RS_UP, tagged(join(4, 1), VLAN));
	assert_int_equal(learn(), 2);
	in(1, f);
	out(2, f);
	out(4, tagged(f, VLAN));
	out(RS_UP, tagged(f, VLAN));
	in(2, igmp(2, "224.0.0.2", "17 00 0000 G1"));
	out(RS_UP, tagged(igmp(2, "224.0.0.2", "17 00 0000 G1"), VLAN));
	assert_int_equal(learn(), 1);
	in(1, f);
	out(2, f); /* asked, and not gone yet */
	out(4, tagged(f, VLAN));
	out(RS_UP, tagged(f, VLAN));
	now += 2000;
	tw_mcast_tick(table, now, 64);
	publish_view();
	in(1, f);
	out(4, tagged(f, VLAN));
	out(RS_UP, tagged(f, VLAN));
	rs_expect_silence();
	assert_int_equal(rs.worker.stats.misses, 4); /* each flow was decided once, whoever came and went */
	rs_expect_drops("");
}

static void mld_is_the_same(void **state)
{
	struct bytes report = mld(2, "ff02::16", "8f 00 0000 0000 0001 04 00 0000 G1"), f = data6(1, "ff0e::1");

	know();
	in(2, report);
	out(RS_UP, tagged(report, VLAN));
	assert_int_equal(learn(), 1);
	in(1, f);
	out(2, f);
	out(RS_UP, tagged(f, VLAN));
	rs_expect_silence();
	rs_expect_drops("");
}

static void what_nobody_joined_is_for_routers_or_for_all(void **state)
{
	struct bytes f = data4(1, "239.1.1.2");

	know();
	in(1, f);
	out(RS_UP, tagged(f, VLAN));
	in(RS_UP, tagged(data4(99, "239.1.1.2"), VLAN));
	rs_expect_silence();
	rs_expect_drops("up.no_listener=1");
	in(5, igmp(5, "224.0.0.1", query4)); /* a router behind 5 */
	out_all_but(5, igmp(5, "224.0.0.1", query4));
	assert_int_equal(learn(), 1);
	in(1, f);
	out(5, f);
	out(RS_UP, tagged(f, VLAN));
	in(1, data6(1, "ff0e::2")); /* it is none for IPv6 */
	out(RS_UP, tagged(data6(1, "ff0e::2"), VLAN));
	rs_expect_silence();
	how.unknown_groups = TW__UNKNOWN_GROUPS__GROUPS_ALL;
	rs_publish();
	in(1, f);
	out_all_but(1, f);
	in(2, join(2, 2));
	out(5, join(2, 2));
	out(RS_UP, tagged(join(2, 2), VLAN));
	learn();
	in(1, f);
	out(2, f);
	out(5, f);
	out(RS_UP, tagged(f, VLAN));
	rs_expect_silence();
	rs_expect_drops("up.no_listener=1");
}

static void groups_of_the_link_go_to_all(void **state)
{
	static const char *const four[] = { "224.0.0.1", "224.0.0.251", "224.0.0.5" };
	static const char *const six[] = { "ff02::1", "ff02::1:ff00:1", "ff12::7", "ff01::1" };

	know();
	for (size_t i = 0; i < sizeof(four) / sizeof(four[0]); i++) {
		in(1, data4(1, four[i]));
		out_all_but(1, data4(1, four[i]));
	}
	for (size_t i = 0; i < sizeof(six) / sizeof(six[0]); i++) {
		in(1, data6(1, six[i]));
		out_all_but(1, data6(1, six[i]));
	}
	assert_int_equal(learn(), 0);
	rs_expect_drops("");
}

static void what_is_no_ip_multicast_goes_to_all(void **state)
{
	struct bytes f = data4(1, "239.1.1.1");

	know();
	memset(f.b, 0xff, 6); /* to everybody, whatever the packet says */
	in(1, f);
	out_all_but(1, f);
	f = data4(1, "239.1.1.1");
	f.b[MF_L3 + 16] = 10; /* to a group of Ethernet, but not of IP */
	in(1, f);
	out_all_but(1, f);
	f = data4(1, "239.1.1.1");
	memcpy(f.b, "\x01\x80\xc2\0\0\x21", 6);
	in(1, f);
	out_all_but(1, f);
	f = igmp(1, "224.0.0.2", "13 00 0000 00000000"); /* IGMP that is none we know: RFC 4541 section 2.1.1 rule 3 */
	in(1, f);
	out_all_but(1, f);
	assert_int_equal(learn(), 0);
	rs_expect_drops("");
}

static void queries_go_to_all_and_reports_to_routers_alone(void **state)
{
	struct bytes done = mld(2, "ff02::2", "84 00 0000 0000 0000 G1");

	know();
	in(RS_UP, tagged(igmp(99, "224.0.0.1", query4), VLAN));
	out_all_but(RS_UP, igmp(99, "224.0.0.1", query4));
	in(5, mld(5, "ff02::1", query6));
	out_all_but(5, mld(5, "ff02::1", query6));
	assert_int_equal(learn(), 2);
	in(2, done);
	out(5, done);
	out(RS_UP, tagged(done, VLAN));
	in(RS_UP, tagged(mld(99, "ff02::16", "8f 00 0000 0000 0001 04 00 0000 G2"), VLAN));
	out(5, mld(99, "ff02::16", "8f 00 0000 0000 0001 04 00 0000 G2"));
	in(RS_UP, tagged(join(99, 1), VLAN)); /* the router of 5 is one for IPv6 */
	rs_expect_silence();
	rs_expect_drops("up.no_router=1");
	assert_int_equal(learn(), 3);
}

static void without_a_wire_what_nobody_wants_has_its_reason(void **state)
{
	know();
	rs.port[RS_UP].link = TW_LINK_ABSENT;
	rs_publish();
	in(1, data4(1, "239.1.1.1"));
	in(1, join(1, 2));
	in(1, data4(1, "239.1.1.2")); /* it alone has joined */
	rs_expect_silence();
	assert_int_equal(learn(), 1);
	in(1, data4(1, "239.1.1.2"));
	rs_expect_silence();
	rs_expect_drops("1.no_listener=3 1.no_router=1");
}

static void a_query_is_heard_though_nobody_is_here_to_have_it(void **state)
{
	know();
	for (unsigned who = 1; who <= 5; who++)
		rs.port[who].link = TW_LINK_ABSENT;
	rs_publish();
	in(RS_UP, tagged(igmp(99, "224.0.0.1", query4), VLAN));
	rs_expect_silence();
	assert_int_equal(learn(), 1);
	rs_expect_drops("up.no_member=1");
}

static void a_guest_that_may_not_be_a_router_asks_nobody(void **state)
{
	know();
	how.query_guard = true;
	rs_publish();
	in(1, igmp(1, "224.0.0.1", query4));
	in(1, mld(1, "ff02::1", query6));
	rs_expect_silence();
	rs_expect_drops("1.query_guard=2");
	in(RS_UP, tagged(igmp(99, "224.0.0.1", query4), VLAN));
	out_all_but(RS_UP, igmp(99, "224.0.0.1", query4));
	assert_int_equal(learn(), 1);
	rs_expect_drops("1.query_guard=2");
}

static void a_member_that_left_the_vlan_gets_nothing_though_the_view_is_old(void **state)
{
	know();
	in(2, join(2, 1));
	in(5, join(5, 1));
	out(RS_UP, tagged(join(2, 1), VLAN));
	out(RS_UP, tagged(join(5, 1), VLAN));
	learn();
	rs.port[2].vlan = 20;
	rs.port[5].disabled = true;
	rs_publish();
	in(1, data4(1, "239.1.1.1"));
	out(RS_UP, tagged(data4(1, "239.1.1.1"), VLAN));
	in(RS_UP, tagged(data4(99, "239.1.1.1"), VLAN));
	rs_expect_silence();
	rs_expect_drops("up.no_listener=1");
}

static void private_vlans_keep_members_apart(void **state)
{
	struct bytes f = data4(1, "239.1.1.1");

	know();
	rs.port[1].pvlan = TW__VLAN__PRIVATE__ISOLATED;
	rs.port[2].pvlan = TW__VLAN__PRIVATE__ISOLATED;
	rs.port[1].secondary = rs.port[2].secondary = 110;
	rs_publish();
	in(2, join(2, 1));
	in(5, join(5, 1)); /* promiscuous */
	out(RS_UP, tagged(join(2, 1), 110));
	out(RS_UP, tagged(join(5, 1), VLAN));
	assert_int_equal(learn(), 2);
	in(1, f);
	out(5, f);
	out(RS_UP, tagged(f, 110));
	rs_expect_silence();
	in(RS_UP, tagged(data4(99, "239.1.1.1"), VLAN));
	out(2, data4(99, "239.1.1.1"));
	out(5, data4(99, "239.1.1.1"));
	rs_expect_silence();
	rs_expect_drops("");
}

static void a_vlan_with_a_tunnel_is_not_snooped(void **state)
{
	know();
	rs.port[5].tunnel = true;
	rs_publish();
	in(1, join(1, 1));
	out_all_but(1, join(1, 1));
	in(1, data4(1, "239.1.1.1"));
	out_all_but(1, data4(1, "239.1.1.1"));
	assert_int_equal(learn(), 0);
	rs_expect_drops("");
}

static void without_snooping_all_is_flooded(void **state)
{
	know();
	how.snooping = false;
	rs_publish();
	in(1, join(1, 1));
	out_all_but(1, join(1, 1));
	in(1, data4(1, "239.1.1.1"));
	out_all_but(1, data4(1, "239.1.1.1"));
	assert_int_equal(learn(), 0);
	rs_expect_drops("");
}

static unsigned drain(unsigned who)
{
	struct rte_mbuf *m;
	unsigned n = 0;

	for (; (m = rs_take(who)) != NULL; n++)
		rte_pktmbuf_free(m);
	return n;
}

static void a_flood_of_joins_costs_main_a_measure_and_the_worker_no_decision(void **state)
{
	struct bytes f = join(1, 1);
	unsigned told = 0, out_up = 0;
	uint32_t began_ms, spent_ms;
	uint64_t misses;

	know();
	in(1, join(1, 1));
	told += learn();
	out_up += drain(RS_UP);
	misses = rs.worker.stats.misses;
	began_ms = rs.worker.cache.now_ms;
	for (int i = 0; i < 50; i++) {
		for (int j = 0; j < 40; j++)
			rs_send_bytes(1, f.b, f.n);
		rs_run();
		told += learn();
		out_up += drain(RS_UP);
	}
	assert_int_equal(out_up, 2001);
	spent_ms = rs.worker.cache.now_ms - began_ms;
	assert_in_range(told, TW_SNOOP_BURST, TW_SNOOP_BURST + spent_ms / TW_SNOOP_COST_MS + 1);
	assert_int_equal(told + rs.worker.snoop_meters[rs_slot(1)].shed, 2001);
	assert_int_equal(rs.worker.stats.misses, misses);
	in(2, join(2, 1)); /* a neighbour is heard as ever */
	assert_int_equal(learn(), 1);
	drain(RS_UP);
	rs_warp(1000);
	in(1, join(1, 1));
	assert_int_equal(learn(), 1);
	drain(RS_UP);
	rs_expect_drops("");
}

static void a_full_ring_to_main_sheds_copies_not_frames(void **state)
{
	know();
	for (int i = 0; i < 100; i++) {
		in(1, join(1, 1));
		out(RS_UP, tagged(join(1, 1), VLAN));
	}
	assert_int_equal(learn(), 64);
	assert_int_equal(rs.worker.snoop_meters[rs_slot(1)].shed, 36);
	rs_expect_drops("");
}

#define ON_BENCH(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_BENCH(until_memberships_are_known_groups_are_flooded),
		ON_BENCH(a_group_goes_to_its_members_and_the_wire),
		ON_BENCH(a_flow_that_is_known_follows_who_joins_and_leaves),
		ON_BENCH(mld_is_the_same),
		ON_BENCH(what_nobody_joined_is_for_routers_or_for_all),
		ON_BENCH(groups_of_the_link_go_to_all),
		ON_BENCH(what_is_no_ip_multicast_goes_to_all),
		ON_BENCH(queries_go_to_all_and_reports_to_routers_alone),
		ON_BENCH(without_a_wire_what_nobody_wants_has_its_reason),
		ON_BENCH(a_query_is_heard_though_nobody_is_here_to_have_it),
		ON_BENCH(a_guest_that_may_not_be_a_router_asks_nobody),
		ON_BENCH(a_member_that_left_the_vlan_gets_nothing_though_the_view_is_old),
		ON_BENCH(private_vlans_keep_members_apart),
		ON_BENCH(a_vlan_with_a_tunnel_is_not_snooped),
		ON_BENCH(without_snooping_all_is_flooded),
		ON_BENCH(a_flood_of_joins_costs_main_a_measure_and_the_worker_no_decision),
		ON_BENCH(a_full_ring_to_main_sheds_copies_not_frames),
	};

	return cmocka_run_group_tests(tests, rs_group_setup, NULL);
}
