/* SPDX-License-Identifier: Apache-2.0 */
/* guards_test.c - a worker refuses what guards refuse, frame by frame where it must, and counts each. See ringswitch.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "dataplane/guard.h"
#include "tests/support/ringswitch.h"

/* ARP of port 1 to everybody, from this address in its sender fields. */
static void write_arp(uint8_t arp[60], uint8_t mac, uint8_t address)
{
	static const uint8_t head[] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0, 1, 0x08, 0x06, 0, 1,
					0x08, 0,    6,    4,    0,    2,    2, 0, 0, 0, 0, 0, 10,   0,    0, 0 };

	memset(arp, 0, 60);
	memcpy(arp, head, sizeof(head));
	arp[27] = mac;
	arp[31] = address;
}

static void each_arp_of_a_flow_is_inspected(void **state)
{
	uint8_t good[60], bad[60];

	rs.port[1].guards = TW_GUARD_ARP;
	rs.port[1].address = "10.0.0.1";
	rs.port[4].here = false;
	rs_publish();
	write_arp(good, 1, 1);
	write_arp(bad, 1, 2);
	rs_send_bytes(1, good, sizeof(good));
	rs_send_bytes(1, bad, sizeof(bad));
	rs_send_bytes(1, good, sizeof(good));
	rs_send_bytes(1, bad, sizeof(bad));
	rs_run();
	for (int i = 0; i < 2; i++) {
		rs_expect_bytes(2, good, sizeof(good));
		rs_expect_bytes(5, good, sizeof(good));
		rte_pktmbuf_free(rs_take(RS_UP));
	}
	rs_expect_silence();
	rs_expect_drops("1.arp_inspect=2");
}

static void a_source_that_is_not_the_ports_is_dropped_and_counted(void **state)
{
	const struct test_frame f = { .from = 1, .to = 2, .protocol = 17, .sport = 1000, .dport = 2000, .payload = 22 };
	const struct test_frame six = { .from = 1, .to = 2, .protocol = 17, .ip6 = true, .payload = 22 };

	rs.port[1].guards = TW_GUARD_SOURCE;
	rs.port[1].address = "10.0.0.1";
	rs_publish();
	rs_send(1, &f);
	rs_send(1, &six);
	rs_run();
	rs_expect(2, &f);
	rs.port[1].address = "10.0.0.9";
	rs_publish(); /* a change judges a known flow again */
	rs_send(1, &f);
	rs_send(1, &f);
	rs_run();
	rs_expect_silence();
	rs_expect_drops("1.source_guard=3");
}

static void guards_do_not_judge_what_comes_from_the_wire(void **state)
{
	const struct test_frame server = { .from = RS_REMOTE,
					   .to = 1,
					   .tagged = true,
					   .tci = 10,
					   .protocol = 17,
					   .sport = 67,
					   .dport = 68,
					   .payload = 22 };
	struct test_frame plain = server,
			  guest = { .from = 1, .to = 2, .protocol = 17, .sport = 67, .dport = 68, .payload = 22 };

	plain.tagged = false;
	plain.tci = 0;
	rs.port[1].guards = TW_GUARD_DHCP;
	rs_publish();
	rs_send(RS_UP, &server);
	rs_send(1, &guest);
	rs_run();
	rs_expect(1, &plain);
	rs_expect_silence();
	rs_expect_drops("1.dhcp_guard=1");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(each_arp_of_a_flow_is_inspected, rs_setup, rs_teardown),
		cmocka_unit_test_setup_teardown(a_source_that_is_not_the_ports_is_dropped_and_counted, rs_setup,
						rs_teardown),
		cmocka_unit_test_setup_teardown(guards_do_not_judge_what_comes_from_the_wire, rs_setup, rs_teardown),
	};

	return cmocka_run_group_tests(tests, rs_group_setup, NULL);
}
