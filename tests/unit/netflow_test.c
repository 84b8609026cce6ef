/* SPDX-License-Identifier: Apache-2.0 */
/*
 * netflow_test.c - versions 5 and 9: headers that give every reader the same boot, counters that do not fit, sequences, and an
 *                  uptime that never runs over.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "flowexport/encode.h"
#include "flowexport/exporter.h"
#include "flowexport/netflow5.h"
#include "flowexport/options.h"
#include "tests/support/ipfix_decode.h"

#define BOOT_MS UINT64_C(1700000000123)
#define DAY_MS  (UINT64_C(24) * 3600 * 1000)

enum { DATAGRAM_MAX = 9000 };

static const struct tw_flow_record sample = {
	.ingress = 5,
	.egress = 70000,
	.key_flags = TW_FLOW_KEY_IPV4,
	.src_ip = { 10, 0, 0, 1 },
	.dst_ip = { 10, 0, 0, 2 },
	.src_port = 0x1234,
	.dst_port = 80,
	.protocol = 6,
	.tos = 0xb8,
	.tcp_flags = 0x1b,
	.forwarding = TW_FORWARDED,
	.packets = 3,
	.l3_octets = 1120,
	.first_ms = BOOT_MS + 1000,
	.last_ms = BOOT_MS + 1501,
};

static uint32_t be32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static void a_version_5_message_has_exactly_these_octets(void **state)
{
	static const uint8_t golden[] = {
		0,    5,    0, 1,  0,  0,    0x0b, 0xb8, 0x65, 0x53, 0xf1, 0x03, 0x07, 0x54, 0xd4, 0xc0,
		0,    0,    0, 99, 1,  2,    0,    0,                                                 /* header */
		10,   0,    0, 1,  10, 0,    0,    2,    0,    0,    0,    0,    0,    5,    0,    0, /* to 70000 */
		0,    0,    0, 3,  0,  0,    4,    0x60, 0,    0,    3,    0xe8, 0,    0,    5,    0xdd,
		0x12, 0x34, 0, 80, 0,  0x1b, 6,    0xb8, 0,    0,    0,    0,    0,    0,    0,    0,
	};
	const struct tw_message_stamp stamp = {
		.now_ms = BOOT_MS + 3000, .boot_ms = BOOT_MS, .sequence = 99, .domain = 0x0102
	};
	struct tw_flow_record rest = sample;
	struct tw_message m;

	tw_message_begin(&m, TW_FORMAT_V5, 1400);
	assert_true(tw_netflow5_add(&m, &rest, BOOT_MS));
	assert_int_equal(rest.packets + rest.l3_octets, 0);
	assert_int_equal(tw_message_finish(&m, &stamp), sizeof(golden));
	assert_memory_equal(m.octets, golden, sizeof(golden));
}

static void a_version_5_message_has_at_most_30_records(void **state)
{
	struct tw_message m;

	tw_message_begin(&m, TW_FORMAT_V5, TW_MESSAGE_MAX);
	for (unsigned i = 0; i < 30; i++) {
		struct tw_flow_record rest = sample;

		assert_true(tw_netflow5_add(&m, &rest, BOOT_MS));
	}
	assert_false(tw_netflow5_add(&m, &(struct tw_flow_record){ .packets = 1 }, BOOT_MS));
	assert_int_equal(tw_message_step(&m), 30);
	assert_int_equal(m.size, 24 + 30 * 48);
}

static void counts_beyond_32_bits_are_shared_out_to_the_last_octet(void **state)
{
	struct tw_flow_record rest = sample;
	uint64_t packets = 0, octets = 0;
	struct tw_message m;

	rest.packets = 6000000001;
	rest.l3_octets = UINT64_C(9) * UINT32_MAX + 7;
	tw_message_begin(&m, TW_FORMAT_V5, TW_MESSAGE_MAX);
	while (rest.packets || rest.l3_octets)
		assert_true(tw_netflow5_add(&m, &rest, BOOT_MS));
	assert_int_equal(m.n_records, 10);
	for (const uint8_t *r = m.octets + 24; r < m.octets + m.size; r += 48) {
		assert_true(be32(r + 16) > 0 && be32(r + 20) > 0);
		packets += be32(r + 16);
		octets += be32(r + 20);
	}
	assert_int_equal(packets, 6000000001);
	assert_int_equal(octets, UINT64_C(9) * UINT32_MAX + 7);
}

static void version_5_does_not_bend_what_it_cannot_say(void **state)
{
	struct tw_flow_record v6 = { .key_flags = TW_FLOW_KEY_IPV6, .forwarding = TW_FORWARDED };
	struct tw_flow_record arp = { .forwarding = TW_FORWARDED };
	struct tw_flow_record refused = { .key_flags = TW_FLOW_KEY_IPV4, .forwarding = TW_DROPPED_POLICY };
	struct tw_flow_record large = sample;

	assert_true(tw_netflow5_can_say(&sample));
	assert_false(tw_netflow5_can_say(&v6));
	assert_false(tw_netflow5_can_say(&arp));
	assert_false(tw_netflow5_can_say(&refused));
	large.l3_octets = (uint64_t)TW_NETFLOW5_PARTS_MAX * UINT32_MAX;
	assert_true(tw_netflow5_can_say(&large));
	large.l3_octets++;
	assert_false(tw_netflow5_can_say(&large));
	large.l3_octets = 0;
	large.packets = UINT64_MAX;
	assert_false(tw_netflow5_can_say(&large));
}

/* A reader of version 9 has whole seconds only. */
static void every_header_gives_the_same_boot_and_no_flow_ends_after_it(void **state)
{
	struct tw_message m;

	for (uint64_t now = BOOT_MS; now < BOOT_MS + 5000; now += 7) {
		const struct tw_message_stamp stamp = { .now_ms = now, .boot_ms = BOOT_MS };
		uint64_t boot;

		tw_message_begin(&m, TW_FORMAT_V9, 1400);
		assert_true(tw_encode_template(&m, TW_CLASS_IPV4_TRANSPORT, 0));
		tw_message_finish(&m, &stamp);
		boot = (uint64_t)be32(m.octets + 8) * 1000 - be32(m.octets + 4);
		assert_int_equal(boot, BOOT_MS);
		assert_true(be32(m.octets + 4) >= now - BOOT_MS);
	}
}

static void check_v9(const struct ipfix_record *got, void *context)
{
	unsigned *n = context;

	++*n;
	assert_int_equal(got->version, 9);
	if (got->is_options)
		return;
	assert_int_equal(got->template_id, 528);
	assert_int_equal(ipfix_uint(got, 22), 1000);
	assert_int_equal(ipfix_uint(got, 21), 1501);
	assert_int_equal(ipfix_uint(got, 1), 1120);
	assert_int_equal(ipfix_uint(got, 14), 70000);
	assert_null(ipfix_find(got, 152));
	assert_null(ipfix_find(got, 59)); /* some readers let it overwrite the source VLAN */
}

static void version_9_is_read_back_by_a_decoder_of_its_own(void **state)
{
	static const struct tw_export_statistics statistics = { .sent = { 1, 2, 3 } };
	const struct tw_message_stamp stamp = { .now_ms = BOOT_MS + 3000, .boot_ms = BOOT_MS, .domain = 7 };
	struct ipfix_decoder *d = ipfix_decoder_create();
	struct tw_message m;
	unsigned n = 0;

	tw_message_begin(&m, TW_FORMAT_V9, TW_MESSAGE_MAX);
	for (unsigned variant = 0; variant < TW_VARIANT_NAMED; variant++)
		for (unsigned cls = 0; cls < TW_FLOW_CLASSES; cls++)
			assert_true(tw_encode_template(&m, cls, variant));
	for (unsigned table = 0; table < TW_OPTION_TABLES; table++)
		assert_true(tw_encode_option_template(&m, table));
	assert_true(tw_options_add_sampling(&m, 7, TW_SAMPLE_ALL));
	assert_true(tw_options_add_domain(&m, 7, "a"));
	assert_true(tw_options_add_statistics(&m, 7, &statistics));
	assert_true(tw_options_add_identity(&m, 7, &(struct tw_flow_identity){ .number = 5, .name = "a/b" }));
	assert_true(tw_encode_flow(&m, &sample, TW_CLASS_IPV4_TRANSPORT, 0, &tw_flow_names_none, BOOT_MS));
	assert_int_equal(tw_message_step(&m), 1);
	assert_int_equal(ipfix_decode(d, m.octets, tw_message_finish(&m, &stamp), check_v9, &n), 0);
	assert_int_equal(ipfix_decoder_counts(d)->templates, TW_VARIANT_NAMED * TW_FLOW_CLASSES);
	assert_int_equal(ipfix_decoder_counts(d)->option_templates, 4);
	assert_int_equal(ipfix_decoder_counts(d)->option_records, 4);
	assert_int_equal(n, 5);
	ipfix_decoder_destroy(d);
}

/* --- over loopback, by a virtual clock --- */

struct heard {
	unsigned messages, announcements;
	uint32_t uptime_max, sequence;
	uint32_t first, last; /* of the newest flow, by its message's boot */
};

static int listen_on_loopback(struct tw_exporter_target *target)
{
	struct sockaddr_in *sin = (struct sockaddr_in *)&target->collector;
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	*sin = (struct sockaddr_in){ .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
	target->collector_size = sizeof(*sin);
	assert_int_equal(bind(fd, (struct sockaddr *)sin, sizeof(*sin)), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)sin, &target->collector_size), 0);
	return fd;
}

static void hear_flow(const struct ipfix_record *r, void *context)
{
	struct heard *h = context;

	if (r->is_options)
		return;
	h->first = (uint32_t)ipfix_uint(r, 22);
	h->last = (uint32_t)ipfix_uint(r, 21);
	assert_true(h->first <= h->last && h->last <= r->uptime);
}

static void hear(int fd, struct ipfix_decoder *d, struct heard *h)
{
	static uint8_t datagram[DATAGRAM_MAX];
	uint64_t templates = ipfix_decoder_counts(d)->templates;
	ssize_t size;

	while ((size = recv(fd, datagram, sizeof(datagram), 0)) > 0) {
		assert_int_equal(ipfix_decode(d, datagram, (size_t)size, hear_flow, h), 0);
		h->messages++;
		if (be32(datagram + 4) > h->uptime_max)
			h->uptime_max = be32(datagram + 4);
	}
	h->announcements += ipfix_decoder_counts(d)->templates > templates;
}

static void an_uptime_never_runs_over_and_flows_stay_within_it(void **state)
{
	struct tw_exporter_config config = {
		.observation_domain = 7,
		.n_targets = 1,
		.targets = { { .name = "v9", .format = TW_FORMAT_V9, .template_refresh_s = 86400, .mtu = 1400 } },
	};
	int fd = listen_on_loopback(&config.targets[0]);
	struct tw_exporter *exporter = tw_exporter_create();
	struct ipfix_decoder *d = ipfix_decoder_create();
	struct heard h = { 0 };
	unsigned days = 0;

	assert_int_equal(tw_exporter_configure(exporter, &config), 0);
	for (uint64_t now = BOOT_MS; days < 120; now += DAY_MS, days++) {
		struct tw_flow_record r = sample;

		r.first_ms = now - 3600 * 1000; /* the longest a record covers */
		r.last_ms = now;
		tw_exporter_tick(exporter, now);
		tw_exporter_add(exporter, &r);
		tw_exporter_flush(exporter, now);
		hear(fd, d, &h);
		assert_int_equal(h.last - h.first, 3600 * 1000);
	}
	assert_true(h.uptime_max < INT32_MAX);
	assert_int_equal(ipfix_decoder_counts(d)->sequence_errors, 0);
	assert_int_equal(ipfix_decoder_counts(d)->data_records, days);
	tw_exporter_destroy(exporter);
	ipfix_decoder_destroy(d);
	close(fd);
}

/* The exporter reads the clock, then takes records from the workers, who go on. */
static void a_message_is_not_before_the_end_of_its_flows(void **state)
{
	static const enum tw_flow_format formats[] = { TW_FORMAT_V9, TW_FORMAT_V5 };
	const uint64_t second = BOOT_MS / 1000 * 1000;

	for (size_t i = 0; i < 2; i++) {
		struct tw_exporter_config config = {
			.observation_domain = 7,
			.n_targets = 1,
			.targets = { { .name = "ahead",
				       .format = formats[i],
				       .template_refresh_s = 86400,
				       .mtu = 1400 } },
		};
		int fd = listen_on_loopback(&config.targets[0]);
		struct tw_exporter *exporter = tw_exporter_create();
		struct ipfix_decoder *d = ipfix_decoder_create();
		struct tw_flow_record r = sample;
		struct heard h = { 0 };
		uint8_t v5[DATAGRAM_MAX];

		assert_int_equal(tw_exporter_configure(exporter, &config), 0);
		tw_exporter_tick(exporter, second);
		r.first_ms = r.last_ms = second + 3;
		tw_exporter_add(exporter, &r);
		tw_exporter_flush(exporter, second);
		if (formats[i] == TW_FORMAT_V9) {
			hear(fd, d, &h); /* says that the flow ends within its message */
			assert_int_equal(ipfix_decoder_counts(d)->data_records, 1);
		} else {
			assert_int_equal(recv(fd, v5, sizeof(v5), 0), 24 + 48);
			assert_int_equal(be32(v5 + 24 + 28), be32(v5 + 4)); /* its end is the message's uptime */
			assert_int_equal(be32(v5 + 12), 3000000);           /* ns of the second */
		}
		tw_exporter_destroy(exporter);
		ipfix_decoder_destroy(d);
		close(fd);
	}
}

static void a_collector_of_version_5_is_told_nothing_but_flows(void **state)
{
	struct tw_exporter_config config = {
		.observation_domain = 7,
		.n_targets = 1,
		.targets = { { .name = "v5", .format = TW_FORMAT_V5, .mtu = 1400 } },
	};
	int fd = listen_on_loopback(&config.targets[0]);
	struct tw_exporter *exporter = tw_exporter_create();
	struct tw_flow_record v6 = { .key_flags = TW_FLOW_KEY_IPV6, .forwarding = TW_FORWARDED, .packets = 1 };
	struct tw_exporter_stats stats[TW_TARGETS_MAX];
	uint8_t datagram[DATAGRAM_MAX];

	assert_int_equal(tw_exporter_configure(exporter, &config), 0);
	tw_exporter_tick(exporter, BOOT_MS);
	tw_exporter_tick(exporter, BOOT_MS + 5000);
	assert_int_equal(recv(fd, datagram, sizeof(datagram), 0), -1);
	tw_exporter_add(exporter, &sample);
	tw_exporter_add(exporter, &v6);
	tw_exporter_flush(exporter, BOOT_MS + 5000);
	assert_int_equal(recv(fd, datagram, sizeof(datagram), 0), 24 + 48);
	assert_int_equal(be32(datagram + 16), 0); /* the sequence counts flows */
	tw_exporter_add(exporter, &sample);
	tw_exporter_flush(exporter, BOOT_MS + 6000);
	assert_int_equal(recv(fd, datagram, sizeof(datagram), 0), 24 + 48);
	assert_int_equal(be32(datagram + 16), 1);
	assert_int_equal(tw_exporter_get_stats(exporter, stats), 1);
	assert_int_equal(stats[0].records, 2);
	assert_int_equal(stats[0].unsaid_records, 1);
	tw_exporter_destroy(exporter);
	close(fd);
}

/* Its parts fill more than a message: 30 of them in the first, 5 in the second. */
static void a_flow_that_takes_many_records_is_counted_once(void **state)
{
	struct tw_exporter_config config = {
		.observation_domain = 7,
		.n_targets = 1,
		.targets = { { .name = "v5", .format = TW_FORMAT_V5, .mtu = 1500 } },
	};
	int fd = listen_on_loopback(&config.targets[0]);
	struct tw_exporter *exporter = tw_exporter_create();
	struct tw_flow_record large = sample, claimed = sample;
	struct tw_exporter_stats stats[TW_TARGETS_MAX];
	uint8_t datagram[DATAGRAM_MAX];

	assert_int_equal(tw_exporter_configure(exporter, &config), 0);
	tw_exporter_tick(exporter, BOOT_MS);
	large.l3_octets = UINT64_C(35) * UINT32_MAX;
	claimed.packets = UINT64_MAX; /* said by a host; nobody has counted that */
	tw_exporter_add(exporter, &large);
	tw_exporter_add(exporter, &claimed);
	tw_exporter_flush(exporter, BOOT_MS);
	assert_int_equal(recv(fd, datagram, sizeof(datagram), 0), 24 + 30 * 48);
	assert_int_equal(recv(fd, datagram, sizeof(datagram), 0), 24 + 5 * 48);
	assert_int_equal(be32(datagram + 16), 30); /* the sequence counts what is told */
	assert_int_equal(recv(fd, datagram, sizeof(datagram), 0), -1);
	assert_int_equal(tw_exporter_get_stats(exporter, stats), 1);
	assert_int_equal(stats[0].records, 1);
	assert_int_equal(stats[0].unsaid_records, 1);
	tw_exporter_destroy(exporter);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_version_5_message_has_exactly_these_octets),
		cmocka_unit_test(a_version_5_message_has_at_most_30_records),
		cmocka_unit_test(counts_beyond_32_bits_are_shared_out_to_the_last_octet),
		cmocka_unit_test(version_5_does_not_bend_what_it_cannot_say),
		cmocka_unit_test(every_header_gives_the_same_boot_and_no_flow_ends_after_it),
		cmocka_unit_test(version_9_is_read_back_by_a_decoder_of_its_own),
		cmocka_unit_test(an_uptime_never_runs_over_and_flows_stay_within_it),
		cmocka_unit_test(a_message_is_not_before_the_end_of_its_flows),
		cmocka_unit_test(a_collector_of_version_5_is_told_nothing_but_flows),
		cmocka_unit_test(a_flow_that_takes_many_records_is_counted_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
