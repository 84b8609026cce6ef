/* SPDX-License-Identifier: Apache-2.0 */
/* vlan_test.c - VLAN modes octet for octet: native tagged, QinQ tunnels, private VLANs, priorities. See ringswitch.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "proto/model.pb-c.h"
#include "tests/support/ringswitch.h"

enum { NO_TAG = 0x10000, AD = 0x20000 /* the tag's ethertype is 0x88a8 */ };

/* A frame as it goes in or comes out: up to two tags, outer first. */
struct shape {
	unsigned from, to;
	uint32_t outer, inner; /* TCI and AD; NO_TAG */
};

static size_t write_shape(const struct shape *f, uint8_t *out)
{
	const struct test_frame plain = {
		.from = (uint8_t)f->from, .to = (uint8_t)f->to, .protocol = 17, .payload = 30
	};
	const uint32_t tags[2] = { f->outer, f->inner };
	uint8_t bytes[256];
	size_t len = test_frame_write(&plain, bytes), at = 12;

	memcpy(out, bytes, 12);
	for (int i = 0; i < 2; i++) {
		if (tags[i] & NO_TAG)
			continue;
		out[at] = tags[i] & AD ? 0x88 : 0x81;
		out[at + 1] = tags[i] & AD ? 0xa8 : 0x00;
		out[at + 2] = (uint8_t)(tags[i] >> 8);
		out[at + 3] = (uint8_t)tags[i];
		at += 4;
	}
	memcpy(out + at, bytes + 12, len - 12);
	return at + len - 12;
}

static void in(unsigned who, struct shape f)
{
	uint8_t bytes[256];

	rs_send_bytes(who, bytes, write_shape(&f, bytes));
	rs_run();
}

static void out(unsigned who, struct shape f)
{
	uint8_t bytes[256];
	size_t len = write_shape(&f, bytes);

	rs_expect_bytes(who, bytes, len);
}

static struct shape two(unsigned from, unsigned to, uint32_t outer, uint32_t inner)
{
	return (struct shape){ from, to, outer, inner };
}

static struct shape one(unsigned from, unsigned to, uint32_t tag)
{
	return two(from, to, tag, NO_TAG);
}

static struct shape plain(unsigned from, unsigned to)
{
	return one(from, to, NO_TAG);
}

static void a_tagged_native_vlan_takes_untagged_frames_and_gives_tagged_ones(void **state)
{
	rs.port[4].vlan = 10;
	rs.port[4].native_tagged = true;
	rs_publish();
	in(4, plain(4, 1));
	out(1, plain(4, 1));
	in(1, plain(1, 4));
	out(4, one(1, 4, 10));
	in(4, one(4, 1, 0xe000)); /* only a priority */
	out(1, plain(4, 1));
	in(4, plain(4, RS_REMOTE));
	out(RS_UP, one(4, RS_REMOTE, 10));
	rs_expect_silence();
	rs_expect_drops("");
}

static void an_access_port_may_not_tag_at_all(void **state)
{
	in(1, one(1, 2, 10));
	in(1, one(1, 2, 10 | AD));
	rs_expect_silence();
	rs_expect_drops("1.tagged_on_access=2");
	in(1, one(1, 2, 0x6000));
	out(2, plain(1, 2));
	in(1, two(1, 2, 0x6000, 10)); /* nor behind a priority */
	rs_expect_silence();
	rs_expect_drops("1.tagged_on_access=3");
}

static void a_tunnel_puts_all_into_its_service_vlan(void **state)
{
	rs.port[1].tunnel = rs.port[2].tunnel = true;
	rs_publish();
	in(1, one(1, RS_REMOTE, 0x6007));
	out(RS_UP, two(1, RS_REMOTE, 10 | AD, 0x6007));
	in(1, plain(1, RS_REMOTE));
	out(RS_UP, one(1, RS_REMOTE, 10 | AD));
	in(1, one(1, RS_REMOTE, 0x6000));
	out(RS_UP, two(1, RS_REMOTE, 10 | AD, 0x6000));
	in(RS_UP, two(99, 1, 10 | AD, 7));
	out(1, one(99, 1, 7));
	in(RS_UP, two(99, 1, 10, 7 | AD)); /* either ethertype is the service VLAN's */
	out(1, one(99, 1, 7 | AD));
	in(RS_UP, one(99, 1, 10 | AD));
	out(1, plain(99, 1));
	in(1, one(1, 2, 7)); /* between tunnels of a service VLAN: as it is */
	out(2, one(1, 2, 7));
	rs_expect_silence();
	rs_expect_drops("");
	rs.port[1].dot1q = true;
	rs_publish();
	in(1, one(1, RS_REMOTE, 7));
	out(RS_UP, two(1, RS_REMOTE, 10, 7));
}

static void a_tunnel_lets_its_customer_vlans_pass(void **state)
{
	rs.port[1].tunnel = true;
	rs.port[1].first = 5;
	rs.port[1].last = 9;
	rs_publish();
	in(1, one(1, RS_REMOTE, 9));
	out(RS_UP, two(1, RS_REMOTE, 10 | AD, 9));
	in(1, one(1, RS_REMOTE, 4));
	in(1, plain(1, RS_REMOTE));
	in(RS_UP, two(99, 1, 10 | AD, 8));
	out(1, one(99, 1, 8));
	in(RS_UP, two(99, 1, 10 | AD, 10));
	in(RS_UP, one(99, 1, 10 | AD));
	rs_expect_silence();
	rs_expect_drops("1.vlan_not_allowed=2 up.not_in_vlan=2");
}

static void a_customers_tag_never_reaches_an_access_port(void **state)
{
	rs.port[1].tunnel = true;
	rs.port[5].here = false;
	rs_publish();
	in(1, one(1, 2, 20));
	in(4, two(4, 2, 10, 20));
	rs_expect_silence();
	rs_expect_drops("1.double_tagged=1 4.double_tagged=1");
	in(1, one(1, 2, 0x6000)); /* a priority is no VLAN */
	out(2, plain(1, 2));
	in(1, one(1, TF_EVERYBODY, 20)); /* nor by a flood */
	out(4, two(1, TF_EVERYBODY, 10 | AD, 20));
	out(RS_UP, two(1, TF_EVERYBODY, 10 | AD, 20));
	rs_expect_silence();
	rs_expect_drops("1.double_tagged=1 4.double_tagged=1");
}

/* VLAN hopping: where the first tag comes off, the second would be read as the frame's own. */
static void a_second_tag_never_becomes_the_first(void **state)
{
	rs.port[1] = rs.port[4];
	rs.port[1].first = rs.port[1].last = 10;
	rs.port[4].vlan = 10;
	rs.port[2].tunnel = true;
	rs.port[5].here = false;
	rs_publish();
	in(1, two(1, 4, 10, 20));
	in(2, one(2, 4, 20));
	in(RS_UP, two(99, 4, 10, 20));
	in(1, two(1, TF_EVERYBODY, 10, 20));
	out(2, one(1, TF_EVERYBODY, 20)); /* a tunnel: payload */
	out(RS_UP, two(1, TF_EVERYBODY, 10, 20));
	rs_expect_silence();
	rs_expect_drops("1.double_tagged=1 2.double_tagged=1 up.double_tagged=1");
	in(1, two(1, 4, 10, 0x6000)); /* a priority is no VLAN */
	out(4, one(1, 4, 0x6000));
	rs.port[4].native_tagged = true;
	rs_publish();
	in(1, two(1, 4, 10, 20));
	out(4, two(1, 4, 10, 20));
	rs_expect_silence();
}

static void a_port_can_say_the_priority_of_its_tags(void **state)
{
	rs.port[1].pcp = TW__PCP__PCP_5;
	rs.port[4].pcp = TW__PCP__PCP_0;
	rs.port[2].tunnel = true;
	rs.port[2].pcp = TW__PCP__PCP_3;
	rs_publish();
	in(1, plain(1, RS_REMOTE));
	out(RS_UP, one(1, RS_REMOTE, 0xa00a));
	in(1, one(1, RS_REMOTE, 0xe000));
	out(RS_UP, one(1, RS_REMOTE, 0xa00a));
	in(4, one(4, RS_REMOTE, 0xf00a)); /* the drop eligible bit is not the priority's */
	out(RS_UP, one(4, RS_REMOTE, 0x100a));
	in(2, one(2, RS_REMOTE, 0xe007));
	out(RS_UP, two(2, RS_REMOTE, 0x600a | AD, 0xe007));
	in(1, plain(1, TF_EVERYBODY));
	out(2, plain(1, TF_EVERYBODY));
	out(5, plain(1, TF_EVERYBODY));
	out(4, one(1, TF_EVERYBODY, 0xa00a));
	out(RS_UP, one(1, TF_EVERYBODY, 0xa00a));
	rs_expect_silence();
	rs_expect_drops("");
}

/* 1 promiscuous, 2 and 5 isolated (11), 3 and 6 community 12; 4 is a trunk of 10 to 20. */
static void make_private(void)
{
	rs.port[1].pvlan = TW__VLAN__PRIVATE__PROMISCUOUS;
	rs.port[2].pvlan = rs.port[5].pvlan = TW__VLAN__PRIVATE__ISOLATED;
	rs.port[2].secondary = rs.port[5].secondary = 11;
	rs.port[6].here = true;
	rs.port[3].vlan = 10;
	rs.port[3].pvlan = rs.port[6].pvlan = TW__VLAN__PRIVATE__COMMUNITY;
	rs.port[3].secondary = rs.port[6].secondary = 12;
	rs_publish();
}

static void private_vlans_say_who_may_talk_to_whom(void **state)
{
	static const struct {
		unsigned from, to;
		bool may;
	} pairs[] = {
		{ 1, 2, true },  { 2, 1, true },  { 1, 3, true },  { 3, 1, true },  { 3, 6, true },  { 6, 3, true },
		{ 2, 5, false }, { 5, 2, false }, { 2, 3, false }, { 3, 2, false }, { 6, 5, false },
	};

	make_private();
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		in(pairs[i].from, plain(pairs[i].from, pairs[i].to));
		if (pairs[i].may)
			out(pairs[i].to, plain(pairs[i].from, pairs[i].to));
		rs_expect_silence();
	}
	rs_expect_drops("2.private_vlan=2 3.private_vlan=1 5.private_vlan=1 6.private_vlan=1");
}

static void the_wire_carries_the_senders_secondary_vlan(void **state)
{
	make_private();
	in(1, plain(1, 99));
	out(RS_UP, one(1, 99, 10));
	in(2, plain(2, 99));
	out(RS_UP, one(2, 99, 11));
	in(3, one(3, 99, 0xe000));
	out(RS_UP, one(3, 99, 0xe00c));
	in(RS_UP, one(99, 2, 10)); /* from a promiscuous port elsewhere */
	out(2, plain(99, 2));
	in(RS_UP, one(99, 1, 11)); /* from an isolated one */
	out(1, plain(99, 1));
	in(RS_UP, one(99, 3, 12)); /* from the same community */
	out(3, plain(99, 3));
	rs_expect_silence();
	in(RS_UP, one(99, 2, 11));
	in(RS_UP, one(99, 3, 11));
	in(RS_UP, one(99, 2, 12));
	rs_expect_silence();
	rs_expect_drops("up.private_vlan=3");
}

static void group_frames_keep_to_the_private_vlan(void **state)
{
	make_private();
	in(2, plain(2, TF_EVERYBODY));
	out(1, plain(2, TF_EVERYBODY));
	out(4, one(2, TF_EVERYBODY, 11));
	out(RS_UP, one(2, TF_EVERYBODY, 11));
	rs_expect_silence();
	in(3, plain(3, TF_EVERYBODY));
	out(1, plain(3, TF_EVERYBODY));
	out(6, plain(3, TF_EVERYBODY));
	out(4, one(3, TF_EVERYBODY, 12));
	out(RS_UP, one(3, TF_EVERYBODY, 12));
	rs_expect_silence();
	in(RS_UP, one(99, TF_EVERYBODY, 10));
	for (unsigned who = 1; who <= 6; who++)
		out(who, who == 4 ? one(99, TF_EVERYBODY, 10) : plain(99, TF_EVERYBODY));
	rs_expect_silence();
	in(RS_UP, one(99, TF_EVERYBODY, 12));
	out(1, plain(99, TF_EVERYBODY));
	out(3, plain(99, TF_EVERYBODY));
	out(6, plain(99, TF_EVERYBODY));
	out(4, one(99, TF_EVERYBODY, 12));
	rs_expect_silence();
	rs_expect_drops("");
	rs.port[1].here = rs.port[4].here = false;
	rs.port[RS_UP].link = TW_LINK_ABSENT;
	rs_publish();
	in(2, plain(2, TF_EVERYBODY));
	rs_expect_silence();
	rs_expect_drops("2.no_member=1");
}

static void what_waits_keeps_its_tag_for_the_wire(void **state)
{
	struct rte_mbuf *m = NULL;

	rs.port[2].tunnel = rs.port[5].tunnel = true;
	rs.port[5].link = TW_LINK_HOLD;
	rs_publish();
	in(2, one(2, 5, 7));
	rs_expect_silence();
	assert_int_equal(rte_ring_dequeue(rs.worker.hold[rs_slot(5)], (void **)&m), 0);
	m->port = rs_slot(RS_UP);
	assert_int_equal(rte_ring_enqueue(rs.worker.inject, m), 0);
	rs_run();
	out(RS_UP, two(2, 5, 10 | AD, 7));
	in(RS_UP, one(99, 5, 0xe00a));
	assert_int_equal(rte_ring_dequeue(rs.worker.hold[rs_slot(5)], (void **)&m), 0);
	m->port = rs_slot(RS_UP);
	assert_int_equal(rte_ring_enqueue(rs.worker.inject, m), 0);
	rs_run();
	out(RS_UP, one(99, 5, 0xe00a));
	rs_expect_silence();
	rs_expect_drops("");
}

static void two_tags_do_not_count_for_the_mtu(void **state)
{
	uint8_t bytes[1600] = { 0 };
	const struct shape f = two(99, 1, 10 | AD, 7);

	rs.port[1].tunnel = true;
	rs.port[RS_UP].mtu = 9000;
	rs_publish();
	write_shape(&f, bytes);
	rs_send_bytes(RS_UP, bytes, 1522);
	rs_send_bytes(RS_UP, bytes, 1523);
	rs_run();
	rte_pktmbuf_free(rs_take(1));
	rs_expect_silence();
	rs_expect_drops("1.over_mtu=1");
	rs_send_bytes(RS_UP, bytes, 21); /* not even its tags */
	rs_run();
	rs_expect_drops("1.over_mtu=1 up.short_frame=1");
	rs.port[RS_UP].mtu = 1500; /* its tags do not count there either */
	rs_publish();
	rs_send_bytes(RS_UP, bytes, 1522);
	rs_send_bytes(RS_UP, bytes, 1523);
	rs_run();
	rte_pktmbuf_free(rs_take(1));
	rs_expect_silence();
	rs_expect_drops("1.over_mtu=1 up.short_frame=1 up.wire_over_mtu=1");
}

#define T(name) cmocka_unit_test_setup_teardown(name, rs_setup, rs_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_tagged_native_vlan_takes_untagged_frames_and_gives_tagged_ones),
		T(an_access_port_may_not_tag_at_all),
		T(a_tunnel_puts_all_into_its_service_vlan),
		T(a_tunnel_lets_its_customer_vlans_pass),
		T(a_customers_tag_never_reaches_an_access_port),
		T(a_second_tag_never_becomes_the_first),
		T(a_port_can_say_the_priority_of_its_tags),
		T(private_vlans_say_who_may_talk_to_whom),
		T(the_wire_carries_the_senders_secondary_vlan),
		T(group_frames_keep_to_the_private_vlan),
		T(what_waits_keeps_its_tag_for_the_wire),
		T(two_tags_do_not_count_for_the_mtu),
	};

	return cmocka_run_group_tests_name("vlan", tests, rs_group_setup, NULL);
}
