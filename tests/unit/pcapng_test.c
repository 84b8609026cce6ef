/* SPDX-License-Identifier: Apache-2.0 */
/* pcapng_test.c - blocks octet by octet, and what libpcap reads of a file made of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <pcap/pcap.h>

#include "common/pcapng.h"

static const uint8_t mac[6] = { 2, 0, 0, 0, 0, 7 };

static void a_section_header_is_what_the_specification_says(void **state)
{
	static const uint8_t golden[] = {
		0x0a, 0x0d, 0x0d, 0x0a, 40, 0, 0, 0, 0x4d, 0x3c, 0x2b, 0x1a, 1, 0, 0, 0, 0xff, 0xff, 0xff, 0xff,
		0xff, 0xff, 0xff, 0xff, 4,  0, 2, 0, 't',  'w',  0,    0,    0, 0, 0, 0, 40,   0,    0,    0,
	};
	const struct tw_pcapng_section section = { .application = "tw", .os = "" };
	uint8_t buf[64];

	assert_int_equal(tw_pcapng_section(buf, sizeof(buf), &section), sizeof(golden));
	assert_memory_equal(buf, golden, sizeof(golden));
	assert_int_equal(tw_pcapng_section(buf, sizeof(golden) - 1, &section), 0);
}

static void a_packet_has_its_direction_and_is_padded(void **state)
{
	static const uint8_t golden[] = {
		6,  0, 0, 0, 52, 0, 0, 0, /* type, length */
		1,  0, 0, 0, 4,  3, 2, 1, /* interface, high word of the time */
		8,  7, 6, 5, 5,  0, 0, 0, /* low word, captured */
		60, 0, 0, 0, 1,  2, 3, 4, /* original, data */
		5,  0, 0, 0, 2,  0, 4, 0, /* padding, option flags */
		2,  0, 0, 0, 0,  0, 0, 0, /* outbound, end of options */
		52, 0, 0, 0,
	};
	struct tw_pcapng_packet p = {
		.interface = 1, .ns = 0x0102030405060708, .captured = 5, .original = 60, .direction = TW_PCAPNG_OUTBOUND
	};
	uint8_t buf[64] = { 0 };

	assert_int_equal(tw_pcapng_packet_size(&p), 52);
	memcpy(tw_pcapng_packet(buf, &p), "\1\2\3\4\5", 5);
	assert_memory_equal(buf, golden, sizeof(golden));
}

static void a_packet_may_have_a_comment(void **state)
{
	static const uint8_t golden[] = {
		6, 0, 0, 0, 56,  0,   0,   0, /* type, length */
		0, 0, 0, 0, 0,   0,   0,   0, /* interface, high word of the time */
		0, 0, 0, 0, 4,   0,   0,   0, /* low word, captured */
		4, 0, 0, 0, 1,   2,   3,   4, /* original, data */
		1, 0, 3, 0, 'w', 'h', 'y', 0, /* comment */
		2, 0, 4, 0, 1,   0,   0,   0, /* inbound */
		0, 0, 0, 0, 56,  0,   0,   0, /* end of options, length */
	};
	struct tw_pcapng_packet p = { .captured = 4, .original = 4, .direction = TW_PCAPNG_INBOUND, .comment = "why" };
	uint8_t buf[64] = { 0 };

	assert_int_equal(tw_pcapng_packet_size(&p), sizeof(golden));
	memcpy(tw_pcapng_packet(buf, &p), "\1\2\3\4", 4);
	assert_memory_equal(buf, golden, sizeof(golden));
}

static void an_interface_has_name_description_comment_mac_units_of_time_and_filter(void **state)
{
	static const uint8_t golden[] = {
		1,  0, 0, 0, 76,  0,   0,   0,               /* type, length */
		1,  0, 0, 0, 96,  0,   0,   0,               /* Ethernet, snap length */
		1,  0, 1, 0, 'c', 0,   0,   0,               /* comment */
		2,  0, 1, 0, 'n', 0,   0,   0,               /* name */
		3,  0, 1, 0, 'd', 0,   0,   0,               /* description */
		6,  0, 6, 0, 2,   0,   0,   0,   0, 7, 0, 0, /* MAC */
		9,  0, 1, 0, 9,   0,   0,   0,               /* nanoseconds */
		11, 0, 4, 0, 0,   't', 'c', 'p',             /* filter, in words */
		0,  0, 0, 0, 76,  0,   0,   0,
	};
	const struct tw_pcapng_interface i = {
		.name = "n", .description = "d", .comment = "c", .filter = "tcp", .mac = mac, .snaplen = 96
	};
	uint8_t buf[128];

	assert_int_equal(tw_pcapng_interface(buf, sizeof(buf), &i), sizeof(golden));
	assert_memory_equal(buf, golden, sizeof(golden));
}

static size_t write_packet(uint8_t *buf, const struct tw_pcapng_packet *p, const char *data)
{
	memcpy(tw_pcapng_packet(buf, p), data, p->captured);
	return tw_pcapng_packet_size(p);
}

static void libpcap_reads_what_was_written(void **state)
{
	struct tw_pcapng_interface eth0 = { .name = "web/eth0", .description = "VM web on host a", .mac = mac },
				   eth1 = { .name = "db/eth0" };
	const struct tw_pcapng_section section = { .application = "tw-switch", .comment = "mirror m1" };
	struct tw_pcapng_packet first = { 0, 1700000000123456789, 14, 1514, TW_PCAPNG_INBOUND, NULL },
				second = { 1, 1700000001000000000, 15, 15, TW_PCAPNG_OUTBOUND, "dropped" };
	struct tw_pcapng_statistics stats = { 1, 1700000002000000000, 1, 2, 10, 3, NULL };
	char error[PCAP_ERRBUF_SIZE];
	const uint8_t *data;
	struct pcap_pkthdr *h;
	uint8_t buf[4096];
	size_t n = 0;
	FILE *file = tmpfile();
	pcap_t *pcap;

	n += tw_pcapng_section(buf, sizeof(buf), &section);
	n += tw_pcapng_interface(buf + n, sizeof(buf) - n, &eth0);
	n += write_packet(buf + n, &first, "fourteen octet");
	n += tw_pcapng_interface(buf + n, sizeof(buf) - n, &eth1);
	n += write_packet(buf + n, &second, "fifteen octets.");
	n += tw_pcapng_statistics(buf + n, sizeof(buf) - n, &stats);
	assert_int_equal(fwrite(buf, 1, n, file), n);
	rewind(file);
	pcap = pcap_fopen_offline_with_tstamp_precision(file, PCAP_TSTAMP_PRECISION_NANO, error);
	assert_non_null(pcap);
	assert_int_equal(pcap_next_ex(pcap, &h, &data), 1);
	assert_int_equal(h->ts.tv_sec, 1700000000);
	assert_int_equal(h->ts.tv_usec, 123456789);
	assert_int_equal(h->caplen, 14);
	assert_int_equal(h->len, 1514);
	assert_memory_equal(data, "fourteen octet", 14);
	assert_int_equal(pcap_next_ex(pcap, &h, &data), 1);
	assert_memory_equal(data, "fifteen octets.", 15);
	assert_int_equal(pcap_next_ex(pcap, &h, &data), PCAP_ERROR_BREAK);
	pcap_close(pcap);
}

static void long_names_are_cut_and_small_buffers_refused(void **state)
{
	char name[1000];
	struct tw_pcapng_interface i = { .name = name, .mac = mac };
	uint8_t buf[512];

	memset(name, 'x', sizeof(name));
	name[sizeof(name) - 1] = '\0';
	assert_in_range(tw_pcapng_interface(buf, sizeof(buf), &i), 256, 320);
	assert_int_equal(tw_pcapng_interface(buf, 100, &i), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_section_header_is_what_the_specification_says),
		cmocka_unit_test(a_packet_has_its_direction_and_is_padded),
		cmocka_unit_test(a_packet_may_have_a_comment),
		cmocka_unit_test(an_interface_has_name_description_comment_mac_units_of_time_and_filter),
		cmocka_unit_test(libpcap_reads_what_was_written),
		cmocka_unit_test(long_names_are_cut_and_small_buffers_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
