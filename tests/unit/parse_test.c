/* SPDX-License-Identifier: Apache-2.0 */
/* parse_test.c - frames become the keys they should, and no length a header claims is believed beyond the frame. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dataplane/parse.h"

struct frame {
	uint8_t data[512];
	uint32_t len;
};

/* Hex digits, blanks ignored. */
static struct frame hex(const char *text)
{
	struct frame f = { .len = 0 };
	unsigned octet;

	while (*text) {
		if (*text == ' ') {
			text++;
			continue;
		}
		assert_int_equal(sscanf(text, "%2x", &octet), 1);
		f.data[f.len++] = (uint8_t)octet;
		text += 2;
	}
	return f;
}

#define MACS     "020000000002 020000000001 "
#define IP4(tot) "4508" tot "0001 4000 40 06 0000 0a000001 0a000002 "
#define TCP      "1f90 01bb 00000001 00000000 5012 2000 0000 0000"

static struct tw_key key;
static struct tw_meta meta;

static bool parse(struct frame f)
{
	return tw_parse(f.data, f.len, f.len, 7, &key, &meta);
}

static void an_ipv4_tcp_frame_has_all_its_fields(void **state)
{
	assert_true(parse(hex(MACS "0800" IP4("0028") TCP)));
	assert_int_equal(key.in, 7);
	assert_memory_equal(key.dst_mac, "\2\0\0\0\0\2", 6);
	assert_memory_equal(key.src_mac, "\2\0\0\0\0\1", 6);
	assert_int_equal(key.flags, TW_FLOW_KEY_IPV4);
	assert_int_equal(key.tos, 8);
	assert_int_equal(key.protocol, 6);
	assert_memory_equal(key.src_port, "\x1f\x90\x01\xbb", 4);
	assert_int_equal(meta.tcp_flags, 0x12);
	assert_int_equal(meta.ttl, 64);
	assert_int_equal(meta.l2_len, 14);
	assert_int_equal(meta.l3_len, 40);
}

static void padding_is_not_counted_as_layer_3(void **state)
{
	assert_true(parse(hex(MACS "0800 4500 001c 0001 0000 4011 0000 0a000001 0a000002 0035 0035 0008 0000 "
				   "000000000000000000000000000000000000")));
	assert_int_equal(meta.l3_len, 28);
	assert_memory_equal(key.src_port, "\0\x35\0\x35", 4);
}

static void a_total_length_beyond_the_frame_is_not_believed(void **state)
{
	assert_true(parse(hex(MACS "0800" IP4("ffff") TCP)));
	assert_int_equal(meta.l3_len, 40);
	assert_true(parse(hex(MACS "0800" IP4("0000") TCP))); /* what segmentation offload may leave */
	assert_int_equal(meta.l3_len, 40);
}

static void ports_beyond_the_ip_packet_are_not_ports(void **state)
{
	/* total length 20: no transport header, though octets follow in the frame */
	assert_true(parse(hex(MACS "0800" IP4("0014") TCP)));
	assert_memory_equal(key.src_port, "\0\0\0\0", 4);
	assert_int_equal(meta.tcp_flags, 0);
	assert_int_equal(meta.l3_len, 20);
}

static void a_tag_is_kept_with_its_priority(void **state)
{
	assert_true(parse(hex(MACS "8100 a00a 0800" IP4("0028") TCP)));
	assert_int_equal(key.tci, 0xa00a);
	assert_int_equal(key.flags, TW_FLOW_KEY_IPV4 | TW_FLOW_KEY_TAGGED);
	assert_int_equal(meta.l2_len, 18);
}

static void a_later_fragment_has_no_ports(void **state)
{
	assert_true(parse(hex(MACS "0800 4500 0028 0001 2001 4011 0000 0a000001 0a000002 dead beef 0000 0000 "
				   "000000000000000000000000")));
	assert_int_equal(key.flags, TW_FLOW_KEY_IPV4 | TW_FLOW_KEY_FRAGMENT);
	assert_memory_equal(key.src_port, "\0\0\0\0", 4);
	assert_int_equal(key.protocol, 17);
}

static void icmp_has_type_and_code_for_a_port(void **state)
{
	assert_true(parse(hex(MACS "0800 4500 001c 0001 0000 4001 0000 0a000001 0a000002 0800 0000 0001 0001")));
	assert_int_equal(key.flags, TW_FLOW_KEY_IPV4 | TW_FLOW_KEY_ICMP);
	assert_memory_equal(key.dst_port, "\x08\x00", 2);
	assert_memory_equal(key.src_port, "\0\0", 2);
}

static void ipv6_extension_headers_are_walked(void **state)
{
	assert_true(parse(
		hex(MACS "86dd 6a512345 0018 00 ff fe800000000000000000000000000001 fe800000000000000000000000000002 "
			 "3c00 000000000000 1100 000000000000 1234 5678 0008 0000")));
	assert_int_equal(key.flags, TW_FLOW_KEY_IPV6);
	assert_int_equal(key.protocol, 17);
	assert_int_equal(key.tos, 0xa5);
	assert_int_equal(key.flow_label[0], 0x12345);
	assert_memory_equal(key.src_port, "\x12\x34\x56\x78", 4);
	assert_int_equal(key.dst_ip6[15], 2);
	assert_int_equal(meta.l3_len, 64);
	assert_int_equal(meta.ttl, 255);
}

static void ipv6_without_payload_is_forty_octets_or_a_super_frame(void **state)
{
	assert_true(parse(
		hex(MACS "86dd 60000000 0000 3b 40 fe800000000000000000000000000001 fe800000000000000000000000000002 "
			 "000000000000"))); /* filled up to what a frame has at least */
	assert_int_equal(meta.l3_len, 40);
	assert_true(parse(
		hex(MACS "86dd 60000000 0000 06 40 fe800000000000000000000000000001 fe800000000000000000000000000002 "
			 "1234 5678 000000000000")));
	assert_int_equal(meta.l3_len, 50);
}

static void an_endless_ipv6_chain_ends(void **state)
{
	struct frame f =
		hex(MACS "86dd 60000000 0100 3c ff fe800000000000000000000000000001 fe800000000000000000000000000002");

	for (int i = 0; i < 32; i++, f.len += 8)
		memcpy(f.data + f.len, "\x3c\0\0\0\0\0\0", 8);
	assert_true(parse(f));
	assert_int_equal(key.protocol, 60);
}

static void what_is_not_valid_ip_is_a_flow_of_its_ethertype(void **state)
{
	static const char *const bad[] = {
		MACS "0800 4400 0028 0001 4000 4006 0000 0a000001 0a000002", /* IHL 4 */
		MACS "0800 6500 0028 0001 4000 4006 0000 0a000001 0a000002", /* version 6 */
		MACS "0800 4f00 0028 0001 4000 4006 0000 0a000001 0a000002", /* IHL beyond the frame */
		MACS "0800 45",                                              /* cut off */
		MACS "0800",
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		assert_true(parse(hex(bad[i])));
		assert_int_equal(key.flags, 0);
		assert_memory_equal(key.ethertype, "\x08\x00", 2);
	}
}

static void a_frame_shorter_than_its_ethernet_header_is_refused(void **state)
{
	struct frame f = hex(MACS "8100 000a 0806 0001");

	for (uint32_t len = 0; len < 18; len++) {
		f.len = len;
		assert_false(parse(f));
	}
	f.len = 18;
	assert_true(parse(f));
}

/* Frames near what the short cut takes: every octet of a usual frame changed in turn, and every length. */
static void the_short_cut_and_the_long_way_agree(void **state)
{
	static const char *const usual[] = { MACS "0800" IP4("0028") TCP, MACS
					     "0800 4500 0036 0001 0000 4011 0000 0a000001 0a000002 0035 0035 0022 0000 "
					     "00000000000000000000000000000000000000000000000000000000" };

	srand(3);
	for (int i = 0; i < 200000; i++) {
		struct frame f = hex(usual[i % 2]);
		struct tw_meta long_meta;
		struct tw_key long_key;
		bool ok;

		f.data[rand() % (int)f.len] = (uint8_t)rand();
		if (i % 3 == 0)
			f.len = (uint32_t)rand() % (f.len + 1);
		ok = parse(f);
		assert_int_equal(tw_parse_any(f.data, f.len, f.len, 7, &long_key, &long_meta), ok);
		if (!ok)
			continue;
		assert_memory_equal(&key, &long_key, sizeof(key));
		assert_int_equal(meta.word, long_meta.word);
		assert_int_equal(meta.l2_len, long_meta.l2_len);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_ipv4_tcp_frame_has_all_its_fields),
		cmocka_unit_test(padding_is_not_counted_as_layer_3),
		cmocka_unit_test(a_total_length_beyond_the_frame_is_not_believed),
		cmocka_unit_test(ports_beyond_the_ip_packet_are_not_ports),
		cmocka_unit_test(a_tag_is_kept_with_its_priority),
		cmocka_unit_test(a_later_fragment_has_no_ports),
		cmocka_unit_test(icmp_has_type_and_code_for_a_port),
		cmocka_unit_test(ipv6_extension_headers_are_walked),
		cmocka_unit_test(ipv6_without_payload_is_forty_octets_or_a_super_frame),
		cmocka_unit_test(an_endless_ipv6_chain_ends),
		cmocka_unit_test(what_is_not_valid_ip_is_a_flow_of_its_ethertype),
		cmocka_unit_test(a_frame_shorter_than_its_ethernet_header_is_refused),
		cmocka_unit_test(the_short_cut_and_the_long_way_agree),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
