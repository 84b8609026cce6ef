/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lacp_test.c - two ends speak LACP to each other over wires of the test's, and time is the test's, too; and the octets.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "dataplane/lacp.h"

enum { A, B, C, ENDS, TICK_MS = 100 };

/* Port i of A leads to to[i].end's port to[i].port. */
static struct tw_lacp end[ENDS];
static struct {
	unsigned end, port;
	bool cut; /* both ways */
} wire[TW_LACP_PORTS];
static uint64_t now;
static const uint8_t macs[ENDS][6] = { { 2, 0, 0, 0, 0, 0xa }, { 2, 0, 0, 0, 0, 0xb }, { 2, 0, 0, 0, 0, 0xc } };

static void deliver(unsigned to, unsigned port, const struct tw_lacpdu *pdu)
{
	uint8_t frame[TW_LACP_FRAME];
	struct tw_lacpdu read;

	tw_lacpdu_write(pdu, macs[to], frame);
	assert_int_equal(tw_lacpdu_read(frame, sizeof(frame), &read), TW_SLOW_LACPDU);
	tw_lacp_receive(&end[to], port, &read, now);
}

static void send_pdu(void *arg, unsigned port, const struct tw_lacpdu *pdu)
{
	unsigned from = (unsigned)((struct tw_lacp *)arg - end);

	for (unsigned i = 0; i < TW_LACP_PORTS; i++) {
		if (wire[i].cut || wire[i].end == ENDS)
			continue;
		if (from == A && port == i)
			deliver(wire[i].end, wire[i].port, pdu);
		else if (from != A && wire[i].end == from && wire[i].port == port)
			deliver(A, i, pdu);
	}
}

static void pass(uint64_t ms)
{
	for (uint64_t until = now + ms; now < until; now += TICK_MS)
		for (unsigned i = 0; i < ENDS; i++)
			tw_lacp_run(&end[i], now, send_pdu, &end[i]);
}

static void connect_ports(unsigned i, unsigned to, unsigned port)
{
	wire[i].end = to;
	wire[i].port = port;
	wire[i].cut = false;
	tw_lacp_enable(&end[A], i, true, now);
	tw_lacp_enable(&end[to], port, true, now);
}

static int setup_with(bool fast)
{
	now = 1000;
	for (unsigned i = 0; i < ENDS; i++)
		tw_lacp_init(&end[i], macs[i], fast);
	for (unsigned i = 0; i < TW_LACP_PORTS; i++)
		wire[i].end = ENDS;
	return 0;
}

static int setup(void **state)
{
	return setup_with(true);
}

static unsigned distributing(const struct tw_lacp *l)
{
	unsigned bits = 0;

	for (unsigned i = 0; i < TW_LACP_PORTS; i++)
		bits |= (unsigned)tw_lacp_distributes(l, i) << i;
	return bits;
}

static void two_ends_come_to_use_both_links(void **state)
{
	connect_ports(0, B, 3);
	connect_ports(1, B, 1);
	pass(1500);
	assert_int_equal(distributing(&end[A]), 0); /* more links may come */
	pass(3000);
	assert_int_equal(distributing(&end[A]), 0x3);
	assert_int_equal(distributing(&end[B]), 0xa);
	assert_memory_equal(end[A].port[0].partner.system, macs[B], 6);
	assert_int_equal(end[A].port[0].partner.port, 4);
	assert_int_equal(end[A].port[0].actor.state, TW_LACP_ACTIVE | TW_LACP_SHORT | TW_LACP_AGGREGATABLE |
							     TW_LACP_SYNC | TW_LACP_COLLECTING | TW_LACP_DISTRIBUTING);
}

static void without_a_partner_nothing_is_used(void **state)
{
	tw_lacp_enable(&end[A], 0, true, now);
	pass(2000);
	assert_int_equal(end[A].port[0].rx, TW_LACP_RX_EXPIRED);
	pass(10000);
	assert_int_equal(end[A].port[0].rx, TW_LACP_RX_DEFAULTED);
	assert_int_equal(distributing(&end[A]), 0);
}

static void a_partner_that_falls_silent_is_left_after_three_seconds(void **state)
{
	connect_ports(0, B, 0);
	connect_ports(1, B, 1);
	pass(5000);
	wire[1].cut = true;
	pass(1500);
	assert_int_equal(distributing(&end[A]), 0x3);
	pass(2500);
	assert_int_equal(distributing(&end[A]), 0x1);
	assert_int_equal(end[A].port[1].rx, TW_LACP_RX_EXPIRED);
	pass(3000);
	assert_int_equal(end[A].port[1].rx, TW_LACP_RX_DEFAULTED);
	wire[1].cut = false;
	pass(40000);
	assert_int_equal(distributing(&end[A]), 0x3);
	assert_int_equal(distributing(&end[B]), 0x3);
}

static void slow_partners_are_missed_after_ninety(void **state)
{
	uint64_t sent;

	setup_with(false);
	connect_ports(0, B, 0);
	pass(10000);
	assert_int_equal(distributing(&end[A]), 0x1);
	sent = end[A].port[0].sent;
	pass(90000);
	assert_in_range(end[A].port[0].sent - sent, 2, 4);
	wire[0].cut = true;
	pass(59000);
	assert_int_equal(distributing(&end[A]), 0x1);
	pass(32000);
	assert_int_equal(distributing(&end[A]), 0);
}

static void a_link_that_goes_down_leaves_at_once_and_the_other_end_is_told_by_its_silence(void **state)
{
	connect_ports(0, B, 0);
	connect_ports(1, B, 1);
	pass(5000);
	tw_lacp_enable(&end[A], 0, false, now);
	assert_int_equal(distributing(&end[A]), 0x2);
	assert_int_equal(end[A].port[0].rx, TW_LACP_RX_DISABLED);
	pass(5000);
	assert_int_equal(distributing(&end[B]), 0x2);
}

static void an_uplink_to_another_partner_stays_out_until_the_first_is_gone(void **state)
{
	connect_ports(0, B, 0);
	connect_ports(1, C, 0);
	pass(6000);
	assert_int_equal(distributing(&end[A]), 0x1);
	assert_int_equal(distributing(&end[C]), 0);
	tw_lacp_enable(&end[A], 0, false, now);
	pass(6000);
	assert_int_equal(distributing(&end[A]), 0x2);
}

static void a_link_to_ourselves_is_no_partner(void **state)
{
	struct tw_lacpdu own;

	tw_lacp_enable(&end[A], 0, true, now);
	for (unsigned i = 0; i < 50; i++) {
		own.actor = own.partner = end[A].port[0].actor;
		own.actor.state |= TW_LACP_SYNC | TW_LACP_COLLECTING | TW_LACP_DISTRIBUTING;
		tw_lacp_receive(&end[A], 0, &own, now);
		pass(TICK_MS);
	}
	assert_int_equal(distributing(&end[A]), 0);
}

static void a_partner_that_has_us_wrong_is_not_in_sync(void **state)
{
	struct tw_lacpdu pdu;

	tw_lacp_enable(&end[A], 0, true, now);
	for (unsigned i = 0; i < 50; i++) {
		pdu.actor = end[B].port[0].actor;
		pdu.actor.state = TW_LACP_ACTIVE | TW_LACP_AGGREGATABLE | TW_LACP_SYNC | TW_LACP_COLLECTING;
		pdu.partner = end[A].port[0].actor;
		pdu.partner.port++;
		tw_lacp_receive(&end[A], 0, &pdu, now);
		pass(TICK_MS);
	}
	assert_int_equal(end[A].port[0].mux, TW_LACP_MUX_ATTACHED);
	pdu.partner = end[A].port[0].actor;
	tw_lacp_receive(&end[A], 0, &pdu, now);
	pass(TICK_MS);
	assert_int_equal(distributing(&end[A]), 0x1);
}

static void nobody_can_make_us_send_more_than_three_a_second(void **state)
{
	struct tw_lacpdu pdu = { .actor = { .system = { 2, 0, 0, 0, 0, 9 } } };
	uint64_t sent;

	tw_lacp_enable(&end[A], 0, true, now);
	pass(2000);
	sent = end[A].port[0].sent;
	for (unsigned i = 0; i < 100; i++) {
		pdu.actor.key = (uint16_t)i;
		tw_lacp_receive(&end[A], 0, &pdu, now);
		pass(TICK_MS);
	}
	assert_in_range(end[A].port[0].sent - sent, 10, 33);
}

/* As the standard draws it. */
static void a_pdu_is_written_octet_for_octet(void **state)
{
	static const uint8_t want[TW_LACP_FRAME] = {
		0x01, 0x80, 0xc2, 0, 0, 2, 2, 0, 0, 0, 0,    0xa,  0x88, 0x09, 1, 1, /* slow protocols, LACP, version 1 */
		1,    20,   0x80, 0, 2, 0, 0, 0, 0, 1, 0x12, 0x34, 0x80, 1,    0, 7, 0x3d, 0, 0, 0, /* actor */
		2,    20,   0x40, 0, 2, 0, 0, 0, 0, 2, 0x56, 0x78, 0x40, 2,    1, 0, 0x3f, 0, 0, 0, /* partner */
		3,    16, /* collector, greatest delay 0; terminator */
	};
	const struct tw_lacpdu pdu = {
		.actor = { 0x8000, { 2, 0, 0, 0, 0, 1 }, 0x1234, 0x8001, 7, 0x3d },
		.partner = { 0x4000, { 2, 0, 0, 0, 0, 2 }, 0x5678, 0x4002, 256, 0x3f },
	};
	uint8_t frame[TW_LACP_FRAME];
	struct tw_lacpdu read;

	tw_lacpdu_write(&pdu, macs[A], frame);
	assert_memory_equal(frame, want, sizeof(want));
	assert_int_equal(tw_lacpdu_read(frame, sizeof(frame), &read), TW_SLOW_LACPDU);
	assert_int_equal(read.actor.key, 0x1234);
	assert_int_equal(read.partner.port, 256);
	assert_int_equal(tw_lacpdu_read(frame, sizeof(frame) - 1, &read), TW_SLOW_BAD);
	frame[14] = 3;
	assert_int_equal(tw_lacpdu_read(frame, sizeof(frame), &read), TW_SLOW_BAD);
}

static void a_marker_is_answered_with_what_it_said(void **state)
{
	uint8_t marker[TW_LACP_FRAME] = { 0x01, 0x80, 0xc2, 0, 0, 2, 2, 0, 0, 0, 0, 9, 0x88, 0x09, 2, 1, 1, 16, 0, 5 };
	uint8_t answer[TW_LACP_FRAME];
	struct tw_lacpdu unused;

	memset(marker + 20, 0x77, 12);
	assert_int_equal(tw_lacpdu_read(marker, sizeof(marker), &unused), TW_SLOW_MARKER);
	tw_lacp_marker_answer(marker, macs[A], answer);
	assert_int_equal(tw_lacpdu_read(answer, sizeof(answer), &unused), TW_SLOW_MARKER_ANSWER);
	assert_memory_equal(answer + 6, macs[A], 6);
	assert_memory_equal(answer + 18, marker + 18, 14);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(two_ends_come_to_use_both_links, setup),
		cmocka_unit_test_setup(without_a_partner_nothing_is_used, setup),
		cmocka_unit_test_setup(a_partner_that_falls_silent_is_left_after_three_seconds, setup),
		cmocka_unit_test_setup(slow_partners_are_missed_after_ninety, setup),
		cmocka_unit_test_setup(a_link_that_goes_down_leaves_at_once_and_the_other_end_is_told_by_its_silence,
				       setup),
		cmocka_unit_test_setup(an_uplink_to_another_partner_stays_out_until_the_first_is_gone, setup),
		cmocka_unit_test_setup(a_link_to_ourselves_is_no_partner, setup),
		cmocka_unit_test_setup(a_partner_that_has_us_wrong_is_not_in_sync, setup),
		cmocka_unit_test_setup(nobody_can_make_us_send_more_than_three_a_second, setup),
		cmocka_unit_test(a_pdu_is_written_octet_for_octet),
		cmocka_unit_test(a_marker_is_answered_with_what_it_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
