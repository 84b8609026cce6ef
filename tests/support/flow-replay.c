/* SPDX-License-Identifier: Apache-2.0 */
/*
 * flow-replay.c - sends known flow records to a collector with the switch's own exporter, for tests with foreign collectors.
 *
 *   flow-replay [--format ipfix|v9|v5] [--tcp] [--names] [--domain N] [--mtu N] [--rounds N] [--many N] ADDRESS:PORT
 *
 * Each round sends the records of known[] below, one of each layout and of each corner that collectors are known to
 * misread, and `many` one-packet UDP flows; then a second passes, so that templates and options are sent again. The exporter's
 * clock starts 90 seconds behind the first record, as versions 5 and 9 can only tell times since their sender's boot.
 * tests/interop/flow_nfcapd.py has the table that a collector must show. Exit status: 0, 1 if a record was lost, 2 usage.
 */
#include <arpa/inet.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/log.h"
#include "flowexport/exporter.h"

#define T0 UINT64_C(1700000000123) /* 2023-11-14 22:13:20.123 UTC */

static const struct tw_flow_identity identities[] = {
	{ .number = 1,
	  .name = "web/eth0",
	  .vm_name = "web",
	  .network = "blue",
	  .network_number = 5,
	  .uuid = { 1 },
	  .vm_uuid = { 0x11 } },
	{ .number = 2,
	  .name = "db/eth0",
	  .vm_name = "db",
	  .network = "blue",
	  .network_number = 5,
	  .uuid = { 2 },
	  .vm_uuid = { 0x12 } },
	{ .number = 70000,
	  .name = "client/eth0",
	  .vm_name = "client",
	  .network = "green",
	  .network_number = 6,
	  .uuid = { 3 } },
};

static const struct tw_flow_network networks[] = { { 5, "blue" }, { 6, "green" } };
static const char *const drop_reasons[] = { "rate_ingress", "acl_ingress" };

struct known {
	const char *src, *dst;
	struct tw_flow_record r;
};

#define MAC(n)                   \
	{                        \
		2, 0, 0, 0, 0, n \
	}
#define V4 .ethertype = 0x0800, .src_mac = MAC(1), .dst_mac = MAC(2), .forwarding = TW_FORWARDED
#define V6 .ethertype = 0x86dd, .src_mac = MAC(1), .dst_mac = MAC(2), .forwarding = TW_FORWARDED

static const struct known known[] = {
	{ "10.0.0.1",
	  "10.0.0.2",
	  { V4,
	    .ingress = 1,
	    .egress = 2,
	    .vlan = 10,
	    .post_vlan = 10,
	    .vlan_priority = 3,
	    .key_flags = TW_FLOW_KEY_IPV4,
	    .src_port = 40000,
	    .dst_port = 80,
	    .protocol = 6,
	    .tos = 0xb8,
	    .tcp_flags = 0x1b,
	    .min_ttl = 63,
	    .max_ttl = 64,
	    .end_reason = TW_FLOW_END_DETECTED,
	    .min_len = 40,
	    .max_len = 1040,
	    .packets = 3,
	    .l3_octets = 1120,
	    .l2_octets = 1162,
	    .first_ms = T0,
	    .last_ms = T0 + 501 } },
	{ "10.0.0.2",
	  "10.0.0.1",
	  { V4, .src_mac = MAC(2), .dst_mac = MAC(1), .ingress = 2, .egress = 1, .vlan = 10, .post_vlan = 10,
	    .key_flags = TW_FLOW_KEY_IPV4, .src_port = 80, .dst_port = 40000, .protocol = 6, .tcp_flags = 0x13,
	    .end_reason = TW_FLOW_END_DETECTED, .packets = 2, .l3_octets = 80, .l2_octets = 108, .first_ms = T0 + 1,
	    .last_ms = T0 + 500 } },
	{ "10.0.1.1",
	  "10.0.1.2",
	  { V4, .ingress = 70000, .vlan = 100, .post_vlan = 200, .key_flags = TW_FLOW_KEY_IPV4 | TW_FLOW_KEY_TAGGED,
	    .src_port = 5000, .dst_port = 53, .protocol = 17, .end_reason = TW_FLOW_END_IDLE, .packets = 4,
	    .l3_octets = 912, .l2_octets = 984, .first_ms = T0 + 1000, .last_ms = T0 + 1750 } },
	{ "10.0.0.1",
	  "10.0.0.3",
	  { V4, .ingress = 1, .egress = 70000, .vlan = 10, .post_vlan = 10,
	    .key_flags = TW_FLOW_KEY_IPV4 | TW_FLOW_KEY_ICMP, .dst_port = 8 << 8, .protocol = 1,
	    .end_reason = TW_FLOW_END_ACTIVE, .packets = 2, .l3_octets = 168, .l2_octets = 196, .first_ms = T0 + 2000,
	    .last_ms = T0 + 3000 } },
	{ "10.0.0.3",
	  "10.0.0.1",
	  { V4, .egress = 1, .direction = 1, .vlan = 10, .post_vlan = 10,
	    .key_flags = TW_FLOW_KEY_IPV4 | TW_FLOW_KEY_ICMP, .dst_port = 3 << 8 | 1, .protocol = 1,
	    .end_reason = TW_FLOW_END_IDLE, .packets = 1, .l3_octets = 56, .l2_octets = 70, .first_ms = T0 + 2010,
	    .last_ms = T0 + 2010 } },
	{ "10.0.2.1",
	  "10.0.2.2",
	  { V4, .ingress = 1, .egress = 2, .vlan = 10, .post_vlan = 10,
	    .key_flags = TW_FLOW_KEY_IPV4 | TW_FLOW_KEY_FRAGMENT, .protocol = 17, .end_reason = TW_FLOW_END_IDLE,
	    .packets = 1, .l3_octets = 648, .l2_octets = 662, .first_ms = T0 + 4001, .last_ms = T0 + 4001 } },
	{ "10.0.3.1",
	  "10.0.3.2",
	  { V4, .ingress = 1, .egress = 2, .vlan = 10, .post_vlan = 10, .key_flags = TW_FLOW_KEY_IPV4, .protocol = 47,
	    .end_reason = TW_FLOW_END_FORCED, .packets = 7, .l3_octets = 700, .l2_octets = 798, .first_ms = T0 + 5000,
	    .last_ms = T0 + 5999 } },
	{ "10.0.3.1",
	  "10.0.3.2",
	  { V4, .ingress = 1, .egress = 2, .vlan = 10, .post_vlan = 10, .key_flags = TW_FLOW_KEY_IPV4, .src_port = 9000,
	    .dst_port = 9001, .protocol = 132, .end_reason = TW_FLOW_END_LACK, .packets = 1, .l3_octets = 52,
	    .l2_octets = 66, .first_ms = T0 + 5100, .last_ms = T0 + 5100 } },
	/* more than 32 bits */
	{ "10.0.4.1",
	  "10.0.4.2",
	  { V4, .ingress = 1, .egress = 2, .vlan = 10, .post_vlan = 10, .key_flags = TW_FLOW_KEY_IPV4, .src_port = 5001,
	    .dst_port = 5201, .protocol = 6, .tcp_flags = 0x10, .end_reason = TW_FLOW_END_ACTIVE, .packets = 5000000000,
	    .l3_octets = 7000000000000, .l2_octets = 7070000000000, .first_ms = T0, .last_ms = T0 + 60000 } },
	{ "10.0.5.1",
	  "10.0.5.2",
	  { V4, .forwarding = TW_DROPPED_POLICY, .drop_reason = 2, .ingress = 70000, .vlan = 30, .post_vlan = 30,
	    .key_flags = TW_FLOW_KEY_IPV4, .src_port = 1111, .dst_port = 2222, .protocol = 17,
	    .end_reason = TW_FLOW_END_IDLE, .packets = 9, .l3_octets = 900, .l2_octets = 1026, .first_ms = T0 + 6000,
	    .last_ms = T0 + 6800 } },
	{ "2001:db8::1",
	  "2001:db8::2",
	  { V6,
	    .ingress = 1,
	    .egress = 2,
	    .vlan = 10,
	    .post_vlan = 10,
	    .key_flags = TW_FLOW_KEY_IPV6,
	    .src_port = 6000,
	    .dst_port = 6001,
	    .protocol = 6,
	    .tos = 0x20,
	    .tcp_flags = 0x02,
	    .flow_label = 0x12345,
	    .min_ttl = 64,
	    .max_ttl = 64,
	    .end_reason = TW_FLOW_END_IDLE,
	    .packets = 3,
	    .l3_octets = 444,
	    .l2_octets = 486,
	    .first_ms = T0 + 3000,
	    .last_ms = T0 + 3200 } },
	{ "2001:db8::1",
	  "2001:db8::2",
	  { V6, .ingress = 1, .egress = 2, .vlan = 10, .post_vlan = 10,
	    .key_flags = TW_FLOW_KEY_IPV6 | TW_FLOW_KEY_ICMP, .dst_port = 128 << 8, .protocol = 58,
	    .end_reason = TW_FLOW_END_IDLE, .packets = 1, .l3_octets = 80, .l2_octets = 94, .first_ms = T0 + 3500,
	    .last_ms = T0 + 3500 } },
	{ "2001:db8::3",
	  "2001:db8::4",
	  { V6, .ingress = 1, .egress = 2, .vlan = 10, .post_vlan = 10,
	    .key_flags = TW_FLOW_KEY_IPV6 | TW_FLOW_KEY_FRAGMENT, .protocol = 17, .end_reason = TW_FLOW_END_IDLE,
	    .packets = 2, .l3_octets = 1500, .l2_octets = 1528, .first_ms = T0 + 4100, .last_ms = T0 + 4200 } },
	{ "fe80::1",
	  "ff02::5",
	  { V6, .ingress = 2, .vlan = 10, .post_vlan = 10, .key_flags = TW_FLOW_KEY_IPV6, .protocol = 89,
	    .end_reason = TW_FLOW_END_IDLE, .packets = 6, .l3_octets = 456, .l2_octets = 540, .first_ms = T0 + 7000,
	    .last_ms = T0 + 7050 } },
	/* what found no room in the table */
	{ NULL,
	  NULL,
	  { .key_flags = TW_FLOW_KEY_MANY,
	    .forwarding = TW_FORWARDED,
	    .ingress = 2,
	    .end_reason = TW_FLOW_END_LACK,
	    .packets = 11,
	    .l3_octets = 2200,
	    .l2_octets = 2354,
	    .first_ms = T0 + 7500,
	    .last_ms = T0 + 7600 } },
	/* ARP */
	{ NULL,
	  NULL,
	  { .ethertype = 0x0806,
	    .src_mac = MAC(1),
	    .dst_mac = { 255, 255, 255, 255, 255, 255 },
	    .forwarding = TW_FORWARDED,
	    .ingress = 1,
	    .vlan = 10,
	    .post_vlan = 10,
	    .end_reason = TW_FLOW_END_IDLE,
	    .packets = 1,
	    .l3_octets = 28,
	    .l2_octets = 42,
	    .first_ms = T0 + 5000,
	    .last_ms = T0 + 5000 } },
};

static void add_known(struct tw_exporter *exporter)
{
	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++) {
		struct tw_flow_record r = known[i].r;
		int family = r.key_flags & TW_FLOW_KEY_IPV6 ? AF_INET6 : AF_INET;

		if (known[i].src) {
			inet_pton(family, known[i].src, r.src_ip);
			inet_pton(family, known[i].dst, r.dst_ip);
		}
		tw_exporter_add(exporter, &r);
	}
}

static void add_many(struct tw_exporter *exporter, unsigned many)
{
	for (unsigned i = 0; i < many; i++) {
		struct tw_flow_record r = { V4,
					    .ingress = 1,
					    .egress = 2,
					    .vlan = 10,
					    .post_vlan = 10,
					    .key_flags = TW_FLOW_KEY_IPV4,
					    .src_ip = { 10, 9, (uint8_t)(i >> 16), (uint8_t)(i >> 8) },
					    .dst_ip = { 10, 8, 0, 1 },
					    .src_port = (uint16_t)(1024 + i % 60000),
					    .dst_port = 53,
					    .protocol = 17,
					    .end_reason = TW_FLOW_END_IDLE,
					    .packets = 1,
					    .l3_octets = 28 + i % 100,
					    .l2_octets = 42 + i % 100,
					    .first_ms = T0 + i,
					    .last_ms = T0 + i };

		tw_exporter_add(exporter, &r);
		if (i % 256 == 255)
			usleep(2000); /* let the collector read: UDP does not wait for it */
	}
}

static uint64_t now_ms(void)
{
	static uint64_t start;

	if (!start)
		start = tw_clock_real_ms();
	return T0 + 90000 + tw_clock_real_ms() - start;
}

/* Over TCP a record is sent when the other side has acknowledged it. */
static void wait_for_fate(struct tw_exporter *exporter, struct tw_exporter_stats stats[TW_TARGETS_MAX],
			  uint64_t records)
{
	for (unsigned i = 0; i < 1000; i++) {
		tw_exporter_get_stats(exporter, stats);
		if (stats[0].records + stats[0].lost_records + stats[0].unsaid_records >= records)
			return;
		usleep(5000);
		tw_exporter_tick(exporter, now_ms());
	}
}

static int replay(struct tw_exporter *exporter, unsigned rounds, unsigned many)
{
	struct tw_exporter_stats stats[TW_TARGETS_MAX];

	for (unsigned round = 0; round < rounds; round++) {
		tw_exporter_tick(exporter, now_ms());
		add_known(exporter);
		add_many(exporter, many);
		tw_exporter_flush(exporter, now_ms());
		if (round + 1 < rounds)
			usleep(1100000);
	}
	wait_for_fate(exporter, stats, (uint64_t)rounds * (sizeof(known) / sizeof(*known) + many));
	printf("records=%lu messages=%lu octets=%lu lost=%lu unsaid=%lu%s%s\n", stats[0].records, stats[0].messages,
	       stats[0].octets, stats[0].lost_records, stats[0].unsaid_records, *stats[0].error ? " " : "",
	       stats[0].error);
	return stats[0].lost_records > 0;
}

int main(int argc, char **argv)
{
	static const char *const formats[] = { "ipfix", "v9", "v5" };
	static const struct option options[] = {
		{ "format", required_argument, NULL, 'f' }, { "tcp", no_argument, NULL, 't' },
		{ "names", no_argument, NULL, 'v' },        { "domain", required_argument, NULL, 'd' },
		{ "mtu", required_argument, NULL, 'm' },    { "rounds", required_argument, NULL, 'r' },
		{ "many", required_argument, NULL, 'n' },   { 0 }
	};
	struct tw_exporter_config config = {
		.observation_domain = 7,
		.host = "a",
		.n_targets = 1,
		.targets = { { .name = "replay", .template_refresh_s = 1, .mtu = 1400 } },
		.n_identities = sizeof(identities) / sizeof(*identities),
		.identities = identities,
		.dictionary = { sizeof(networks) / sizeof(*networks), networks,
				sizeof(drop_reasons) / sizeof(*drop_reasons), drop_reasons },
	};
	struct tw_exporter *exporter = tw_exporter_create();
	unsigned rounds = 1, many = 0;
	int opt, rc;

	tw_log_init("flow-replay", TW_LOG_WARNING);
	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		unsigned long value = optarg ? strtoul(optarg, NULL, 10) : 0;

		if (opt == 'f')
			while (strcmp(formats[config.targets[0].format], optarg) != 0 &&
			       config.targets[0].format < TW_FORMAT_V5)
				config.targets[0].format++;
		else if (opt == 't')
			config.targets[0].transport = TW_TRANSPORT_TCP;
		else if (opt == 'v')
			config.targets[0].names = true;
		else if (opt == 'd')
			config.observation_domain = (uint32_t)value;
		else if (opt == 'm')
			config.targets[0].mtu = (uint16_t)value;
		else if (opt == 'r')
			rounds = (unsigned)value;
		else if (opt == 'n')
			many = (unsigned)value;
		else
			return 2;
	}
	if (!exporter || argc != optind + 1 ||
	    tw_exporter_parse_collector(argv[optind], &config.targets[0].collector,
					&config.targets[0].collector_size) ||
	    tw_exporter_configure(exporter, &config)) {
		fprintf(stderr,
			"usage: flow-replay [--format F] [--tcp] [--names] [--domain N] [--mtu N] [--rounds N] [--many N] ADDRESS:PORT\n");
		return 2;
	}
	rc = replay(exporter, rounds, many);
	tw_exporter_destroy(exporter);
	return rc;
}
