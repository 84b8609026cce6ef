/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vlan_frames.c - the switch's packet path as a filter: frames on standard input, what comes out on standard output.
 *
 *   port N MODE VLAN FIRST LAST ETHERTYPE   MODE access, trunk, native-tagged, native-untagged, dot1q-tunnel; trunk and
 *                                           customer VLANs FIRST to LAST, 0 0 = all customers; ETHERTYPE 8100 or 88a8
 *   publish                                 the ports are as said
 *   send N HEX                              a frame comes in: a line "N HEX" for each that comes out, then "."
 *
 * Ports are 1 to 6, 7 is the uplink; see ringswitch.h. ovs_vlan.py asks Open vSwitch the same.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/ringswitch.h"

enum { FRAME_MAX = 2048, LINE_MAX_LEN = 2 * FRAME_MAX + 64 };

static void set_port(const char *line)
{
	unsigned who, vlan, first, last, type;
	char mode[32];
	struct rs_port *p;

	if (sscanf(line, "port %u %31s %u %u %u %x", &who, mode, &vlan, &first, &last, &type) != 6 || who < 1 ||
	    who > RS_PORTS)
		exit(2);
	p = &rs.port[who];
	*p = (struct rs_port){ .link = TW_LINK_UP,
			       .here = true,
			       .vlan = (uint16_t)vlan,
			       .first = (uint16_t)first,
			       .last = (uint16_t)last,
			       .mtu = 9000,
			       .tunnel = strcmp(mode, "dot1q-tunnel") == 0,
			       .dot1q = type == 0x8100,
			       .native_tagged = strcmp(mode, "native-tagged") == 0 };
	p->trunk = !p->tunnel && strcmp(mode, "access") != 0;
}

static size_t from_hex(const char *hex, uint8_t *out)
{
	size_t n = 0;
	unsigned octet;

	for (; n < FRAME_MAX && sscanf(hex + 2 * n, "%2x", &octet) == 1; n++)
		out[n] = (uint8_t)octet;
	return n;
}

static void print_all(void)
{
	static uint8_t room[FRAME_MAX];

	for (unsigned who = 1; who <= RS_UP; who++)
		for (struct rte_mbuf *m; (m = rs_take(who)); rte_pktmbuf_free(m)) {
			const uint8_t *bytes = rte_pktmbuf_read(m, 0, m->pkt_len, room);

			printf("%u ", who);
			for (uint32_t i = 0; i < m->pkt_len; i++)
				printf("%02x", bytes[i]);
			putchar('\n');
		}
	puts(".");
	fflush(stdout);
}

static void send_frame(const char *line)
{
	static uint8_t bytes[FRAME_MAX];
	unsigned who;
	int at;

	if (sscanf(line, "send %u %n", &who, &at) != 1 || who < 1 || who > RS_UP)
		exit(2);
	rs_send_bytes(who, bytes, from_hex(line + at, bytes));
	rs_run();
	print_all();
}

int main(void)
{
	static char line[LINE_MAX_LEN];

	if (rs_group_setup(NULL) || rs_setup(NULL))
		return 1;
	rs.port[RS_UP].mtu = 9000;
	while (fgets(line, sizeof(line), stdin)) {
		if (strncmp(line, "port ", 5) == 0)
			set_port(line);
		else if (strncmp(line, "publish", 7) == 0)
			rs_publish();
		else if (strncmp(line, "send ", 5) == 0)
			send_frame(line);
	}
	return 0;
}
