/* SPDX-License-Identifier: Apache-2.0 */
/*
 * macs_test.c - whose frames go where when a guest is more than its own MAC: forged ones, static MACs, promiscuous ports,
 * destinations that nobody knows. See ringswitch.h.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "dataplane/guard.h"
#include "proto/model.pb-c.h"
#include "tests/support/ringswitch.h"

enum { NESTED = 50, STRANGER = 77 };

static struct test_frame udp(uint8_t from, uint8_t to)
{
	return (struct test_frame){
		.from = from, .to = to, .protocol = 17, .sport = 1000, .dport = 2000, .payload = 22
	};
}

static struct test_frame tag(struct test_frame f, uint16_t tci)
{
	f.tagged = true;
	f.tci = tci;
	return f;
}

static void a_static_mac_is_its_ports_like_its_own(void **state)
{
	const struct test_frame to = udp(1, NESTED), from = udp(NESTED, 1), forged = udp(NESTED, 2);
	const struct test_frame wire = tag(udp(RS_REMOTE, NESTED), 10), plain = udp(RS_REMOTE, NESTED);

	rs.port[2].static_who = NESTED;
	rs_publish();
	rs_send(1, &to);
	rs_send(2, &from);
	rs_send(RS_UP, &wire);
	rs_send(1, &forged); /* nobody else's */
	rs_run();
	rs_expect(2, &to);
	rs_expect(2, &plain);
	rs_expect(1, &from);
	rs_expect_silence();
	rs_expect_drops("1.forged_source=1");
	rs.port[2].static_who = 0;
	rs_publish();
	rs_send(2, &from);
	rs_run();
	rs_expect_silence();
	rs_expect_drops("1.forged_source=1 2.forged_source=1");
}

static void a_static_mac_may_speak_arp_where_arp_is_inspected(void **state)
{
	uint8_t arp[60] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0, NESTED, 0x08, 0x06, 0, 1,
			    0x08, 0,    6,    4,    0,    1,    2, 0, 0, 0, 0, NESTED, 10,   0,    0, NESTED };

	rs.port[1].static_who = NESTED;
	rs.port[1].guards = TW_GUARD_ARP;
	rs.port[1].address = "10.0.0.50";
	rs.port[4].here = rs.port[5].here = false;
	rs.port[RS_UP].link = TW_LINK_ABSENT;
	rs_publish();
	rs_send_bytes(1, arp, sizeof(arp));
	rs_run();
	rs_expect_bytes(2, arp, sizeof(arp));
	arp[27] = STRANGER;
	rs_send_bytes(1, arp, sizeof(arp));
	rs_run();
	rs_expect_silence();
	rs_expect_drops("1.arp_inspect=1");
}

static void what_nobody_knows_goes_where_the_port_says(void **state)
{
	const struct test_frame f = udp(1, STRANGER), tagged = tag(f, 10);

	rs_send(1, &f);
	rs_run();
	rs_expect(RS_UP, &tagged);
	rs_expect_silence();
	rs.port[1].unknown = TW__UNKNOWN_UNICAST__UNKNOWN_FLOOD;
	rs_publish();
	rs_send(1, &f);
	rs_send(1, &f);
	rs_run();
	for (int i = 0; i < 2; i++) {
		rs_expect(2, &f);
		rs_expect(5, &f);
		rs_expect(4, &tagged);
		rs_expect(RS_UP, &tagged);
	}
	rs_expect_silence();
	rs.port[1].unknown = TW__UNKNOWN_UNICAST__UNKNOWN_DROP;
	rs_publish();
	rs_send(1, &f);
	rs_run();
	rs_expect_silence();
	rs_expect_drops("1.unknown_refused=1");
}

static void a_known_destination_is_never_flooded_or_refused(void **state)
{
	const struct test_frame here = udp(1, 2), there = udp(1, RS_REMOTE), tagged = tag(there, 10);

	for (unsigned policy = TW__UNKNOWN_UNICAST__UNKNOWN_FLOOD; policy <= TW__UNKNOWN_UNICAST__UNKNOWN_DROP;
	     policy++) {
		rs.port[1].unknown = (uint8_t)policy;
		rs_publish();
		rs_send(1, &here);
		rs_send(1, &there);
		rs_run();
		rs_expect(2, &here);
		rs_expect(RS_UP, &tagged);
		rs_expect_silence();
	}
	rs_expect_drops("");
}

static void without_anybody_a_flood_is_a_drop(void **state)
{
	const struct test_frame f = udp(3, STRANGER);

	rs.port[3].unknown = TW__UNKNOWN_UNICAST__UNKNOWN_FLOOD;
	rs.port[4].here = false;
	rs.port[RS_UP].link = TW_LINK_ABSENT;
	rs_publish();
	rs_send(3, &f);
	rs_run();
	rs_expect_silence();
	rs_expect_drops("3.no_uplink=1");
}

static void the_wires_unknown_goes_to_those_who_take_it_and_never_back(void **state)
{
	const struct test_frame tagged = tag(udp(STRANGER, STRANGER + 1), 10), plain = udp(STRANGER, STRANGER + 1);
	const struct test_frame other = tag(udp(STRANGER, STRANGER + 1), 20), known = tag(udp(STRANGER, RS_REMOTE), 10);

	rs.port[2].unknown_from_wire = true;
	rs_publish();
	rs_send(RS_UP, &tagged);
	rs_send(RS_UP, &other); /* not port 2's VLAN */
	rs_send(RS_UP, &known); /* a port elsewhere is not unknown */
	rs_run();
	rs_expect(2, &plain);
	rs_expect_silence();
	rs_expect_drops("up.unknown_unicast=2");
}

static void a_promiscuous_port_gets_all_unicast_of_its_vlan(void **state)
{
	const struct test_frame here = udp(1, 2), out = udp(1, RS_REMOTE), in = tag(udp(RS_REMOTE, 1), 10),
				in_plain = udp(RS_REMOTE, 1), known = tag(udp(STRANGER, RS_REMOTE), 10),
				known_plain = udp(STRANGER, RS_REMOTE), out_tagged = tag(out, 10);
	const struct test_frame other = udp(3, RS_REMOTE), to_it = udp(1, 5), from_it = udp(5, 1);

	rs.port[5].promiscuous = true;
	rs_publish();
	rs_send(1, &here);
	rs_send(1, &out);
	rs_send(1, &to_it);
	rs_run();
	rs_expect(2, &here);
	rs_expect(RS_UP, &out_tagged);
	rs_expect(5, &here);
	rs_expect(5, &out);
	rs_expect(5, &to_it); /* once */
	rs_expect_silence();
	rs_send(5, &from_it); /* not its own back */
	rs_send(3, &other);   /* not another VLAN's: that destination is not in VLAN 20 at all */
	rs_run();
	rs_expect(1, &from_it);
	rs_send(RS_UP, &in);
	rs_send(RS_UP, &known);
	rs_run();
	rs_expect(1, &in_plain);
	rs_expect(5, &in_plain);
	rs_expect(5, &known_plain);
	rs_expect_silence();
	rs_expect_drops("3.not_in_vlan=1");
}

static void a_promiscuous_trunk_gets_copies_with_their_tags(void **state)
{
	const struct test_frame f = udp(1, 2), tagged = tag(f, 10);

	rs.port[4].promiscuous = true;
	rs_publish();
	rs_send(1, &f);
	rs_send(1, &f);
	rs_run();
	for (int i = 0; i < 2; i++) {
		rs_expect(2, &f);
		rs_expect(4, &tagged);
	}
	rs_expect_silence();
	rs_expect_drops("");
}

static void a_private_vlan_keeps_an_isolated_port_apart_though_it_is_promiscuous(void **state)
{
	const struct test_frame f = udp(1, 2);

	rs.port[5].promiscuous = true;
	rs.port[5].pvlan = TW__VLAN__PRIVATE__ISOLATED;
	rs.port[5].secondary = 11;
	rs.port[1].pvlan = TW__VLAN__PRIVATE__COMMUNITY;
	rs.port[1].secondary = 12;
	rs.port[2] = rs.port[1];
	rs_publish();
	rs_send(1, &f);
	rs_run();
	rs_expect(2, &f);
	rs_expect_silence();
	rs_expect_drops("");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define MACS_TEST(name) cmocka_unit_test_setup_teardown(name, rs_setup, rs_teardown)
		MACS_TEST(a_static_mac_is_its_ports_like_its_own),
		MACS_TEST(a_static_mac_may_speak_arp_where_arp_is_inspected),
		MACS_TEST(what_nobody_knows_goes_where_the_port_says),
		MACS_TEST(a_known_destination_is_never_flooded_or_refused),
		MACS_TEST(without_anybody_a_flood_is_a_drop),
		MACS_TEST(the_wires_unknown_goes_to_those_who_take_it_and_never_back),
		MACS_TEST(a_promiscuous_port_gets_all_unicast_of_its_vlan),
		MACS_TEST(a_promiscuous_trunk_gets_copies_with_their_tags),
		MACS_TEST(a_private_vlan_keeps_an_isolated_port_apart_though_it_is_promiscuous),
	};

	return cmocka_run_group_tests(tests, rs_group_setup, NULL);
}
