/* SPDX-License-Identifier: Apache-2.0 */
/* igmp_test.c - what IGMP and MLD messages say, which are none, and the queries we write octet for octet. See mcast_frame.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dataplane/igmp.h"
#include "dataplane/mld.h"
#include "tests/support/mcast_frame.h"

static struct tw_mcast_message msg;
static uint8_t frame[MF_MAX];

/* From a heap copy of just these octets, so that a sanitizer sees one too far. */
static enum tw_mcast_error parse(size_t len)
{
	static uint8_t *copy;
	enum tw_mcast_error error;

	free(copy); /* the records of the message before */
	copy = malloc(len - MF_L3 + 1);
	assert_non_null(copy);
	memcpy(copy, frame + MF_L3, len - MF_L3);
	error = frame[12] == 0x08 ? tw_igmp_parse(copy, (uint32_t)len - MF_L3, &msg)
				  : tw_mld_parse(copy, (uint32_t)len - MF_L3, &msg);
	return error;
}

static enum tw_mcast_error igmp(const char *body)
{
	return parse(mcast_frame_igmp(frame, 7, "224.0.0.1", body));
}

static enum tw_mcast_error mld(const char *body)
{
	return parse(mcast_frame_mld(frame, 7, "ff02::1", body));
}

static struct tw_mcast_addr group4(uint8_t n)
{
	return tw_mcast_ip4((const uint8_t[4]){ 239, 1, 1, n });
}

static struct tw_mcast_addr group6(uint8_t n)
{
	return (struct tw_mcast_addr){ .b = { 0xff, 0x0e, [15] = n } };
}

static void expect(unsigned kind, unsigned version, struct tw_mcast_addr group)
{
	assert_int_equal(msg.kind, kind);
	assert_int_equal(msg.version, version);
	assert_memory_equal(&msg.group, &group, sizeof(group));
}

static void the_version_of_an_igmp_query_is_its_length(void **state)
{
	const struct tw_mcast_addr none = { 0 };

	assert_int_equal(igmp("11 00 0000 00000000"), TW_MCAST_OK);
	expect(TW_MCAST_QUERY, 1, none);
	assert_int_equal(msg.max_resp_ms, 10000);
	assert_int_equal(igmp("11 64 0000 00000000"), TW_MCAST_OK);
	expect(TW_MCAST_QUERY, 2, none);
	assert_int_equal(msg.max_resp_ms, 10000);
	assert_int_equal(igmp("11 0a 0000 G1"), TW_MCAST_OK);
	expect(TW_MCAST_QUERY, 2, group4(1));
	assert_int_equal(msg.max_resp_ms, 1000);
	assert_int_equal(igmp("11 8a 0000 G1 02 90 0001 0a000001"), TW_MCAST_OK);
	expect(TW_MCAST_QUERY, 3, group4(1));
	assert_int_equal(msg.max_resp_ms, (10 | 16) * 8 * 100); /* floating point, RFC 3376 section 4.1.1 */
	assert_int_equal(msg.robustness, 2);
	assert_int_equal(msg.interval_s, 16 << 4);
	assert_memory_equal(msg.source.b + 10, "\xff\xff\x0a\0\0\x07", 6);
	assert_false(msg.ip6);
}

static void igmp_reports_and_leaves_name_their_group(void **state)
{
	assert_int_equal(igmp("12 00 0000 G1"), TW_MCAST_OK);
	expect(TW_MCAST_JOIN, 1, group4(1));
	assert_int_equal(igmp("16 00 0000 G2"), TW_MCAST_OK);
	expect(TW_MCAST_JOIN, 2, group4(2));
	assert_int_equal(igmp("17 00 0000 G3"), TW_MCAST_OK);
	expect(TW_MCAST_LEAVE, 2, group4(3));
}

static void records_are_walked_past_sources_and_auxiliary_data(void **state)
{
	struct tw_mcast_record r;
	struct tw_mcast_addr want = group4(2);
	uint32_t at = 0;

	assert_int_equal(igmp("22 00 0000 0000 0003"
			      "04 00 0000 G1"
			      "01 01 0002 G2 0a000001 0a000002 deadbeef"
			      "03 00 0000 G3"),
			 TW_MCAST_OK);
	assert_int_equal(msg.kind, TW_MCAST_RECORDS);
	assert_int_equal(msg.n_records, 3);
	assert_true(tw_mcast_next_record(&msg, &at, &r));
	assert_int_equal(r.type, TW_MCAST_TO_EX);
	assert_true(tw_mcast_next_record(&msg, &at, &r));
	assert_int_equal(r.type, TW_MCAST_IS_IN);
	assert_int_equal(r.n_sources, 2);
	assert_memory_equal(&r.group, &want, sizeof(want));
	assert_true(tw_mcast_next_record(&msg, &at, &r));
	assert_int_equal(r.type, TW_MCAST_TO_IN);
	want = group4(3);
	assert_memory_equal(&r.group, &want, sizeof(want));
	assert_false(tw_mcast_next_record(&msg, &at, &r));
	assert_int_equal(igmp("22 00 0000 0000 0000"), TW_MCAST_OK);
	at = 0;
	assert_false(tw_mcast_next_record(&msg, &at, &r));
}

static void what_is_no_igmp_is_refused_for_its_reason(void **state)
{
	static const struct {
		const char *body;
		enum tw_mcast_error want;
	} rows[] = {
		{ "11 64 0000 000000", TW_MCAST_BAD_SHORT },
		{ "11 64 0000 00000000 00", TW_MCAST_BAD_LENGTH }, /* 9 to 11 octets: RFC 3376 section 7.1 */
		{ "11 64 0000 00000000 000000", TW_MCAST_BAD_LENGTH },
		{ "11 64 0000 G1 02 7d 0001", TW_MCAST_BAD_LENGTH },
		{ "11 64 0000 G1 02 7d ffff 0a000001", TW_MCAST_BAD_LENGTH },
		{ "11 64 0000 0a000001", TW_MCAST_BAD_GROUP },
		{ "16 00 0000 0a000001", TW_MCAST_BAD_GROUP },
		{ "16 00 0000 00000000", TW_MCAST_BAD_GROUP },
		{ "17 00 0000 dfffffff", TW_MCAST_BAD_GROUP },
		{ "13 00 0000 G1", TW_MCAST_BAD_TYPE }, /* DVMRP */
		{ "22 00 0000 0000 0001", TW_MCAST_BAD_LENGTH },
		{ "22 00 0000 0000 0001 04 00 0000 G1 04", TW_MCAST_OK }, /* more than it needs: RFC 3376 4.2.11 */
		{ "22 00 0000 0000 0002 04 00 0000 G1 04", TW_MCAST_BAD_LENGTH },
		{ "22 00 0000 0000 0001 04 00 0001 G1", TW_MCAST_BAD_LENGTH },
		{ "22 00 0000 0000 0001 04 00 ffff G1", TW_MCAST_BAD_LENGTH },
		{ "22 00 0000 0000 0001 04 01 0000 G1", TW_MCAST_BAD_LENGTH },
		{ "22 00 0000 0000 0001 04 ff 0000 G1", TW_MCAST_BAD_LENGTH },
		{ "22 00 0000 0000 0001 04 00 0000 0a000001", TW_MCAST_BAD_GROUP },
		{ "22 00 0000 0000 ffff 04 00 0000 G1", TW_MCAST_BAD_LENGTH },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (igmp(rows[i].body) != rows[i].want)
			fail_msg("%s: %s", rows[i].body, tw_mcast_error_name(igmp(rows[i].body)));
}

static void what_is_no_mld_is_refused_for_its_reason(void **state)
{
	static const struct {
		const char *body;
		enum tw_mcast_error want;
	} rows[] = {
		{ "83 00 0000 0000 0000", TW_MCAST_BAD_LENGTH },
		{ "82 00 0000 2710 0000 00000000000000000000000000000000 02", TW_MCAST_BAD_LENGTH },
		{ "82 00 0000 2710 0000 G1 02 7d 0001", TW_MCAST_BAD_LENGTH },
		{ "83 00 0000 0000 0000 00000000000000000000000000000000", TW_MCAST_BAD_GROUP },
		{ "83 00 0000 0000 0000 20010db8000000000000000000000001", TW_MCAST_BAD_GROUP },
		{ "85 00 0000 0000 0000 G1", TW_MCAST_BAD_TYPE },
		{ "8f 00 0000 0000 0001", TW_MCAST_BAD_LENGTH },
		{ "8f 00 0000 0000 0001 04 00 0001 G1 0000000000000000", TW_MCAST_BAD_LENGTH },
		{ "8f 00 0000 0000 0001 04 00 0000 20010db8000000000000000000000001", TW_MCAST_BAD_GROUP },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (mld(rows[i].body) != rows[i].want)
			fail_msg("%s: %s", rows[i].body, tw_mcast_error_name(mld(rows[i].body)));
}

static void the_ip_header_must_be_that_of_a_message(void **state)
{
	static const struct {
		bool ip6;
		unsigned at, value;
		enum tw_mcast_error want;
	} rows[] = {
		{ false, 0, 0x44, TW_MCAST_BAD_HEADER }, { false, 0, 0x65, TW_MCAST_BAD_HEADER },
		{ false, 6, 0x20, TW_MCAST_BAD_HEADER }, { false, 7, 0x01, TW_MCAST_BAD_HEADER },
		{ false, 8, 2, TW_MCAST_BAD_TTL },       { false, 9, 17, TW_MCAST_BAD_HEADER },
		{ false, 16, 10, TW_MCAST_BAD_HEADER },  { false, 3, 27, TW_MCAST_BAD_SHORT },
		{ false, 2, 0x40, TW_MCAST_BAD_SHORT },  { true, 0, 0x40, TW_MCAST_BAD_HEADER },
		{ true, 4, 0x40, TW_MCAST_BAD_SHORT },   { true, 6, 58, TW_MCAST_BAD_ALERT },
		{ true, 6, 6, TW_MCAST_BAD_HEADER },     { true, 7, 255, TW_MCAST_BAD_TTL },
		{ true, 8, 0x20, TW_MCAST_BAD_SOURCE },  { true, 24, 0x20, TW_MCAST_BAD_HEADER },
		{ true, 40, 6, TW_MCAST_BAD_HEADER },    { true, 41, 255, TW_MCAST_BAD_SHORT },
		{ true, 42, 1, TW_MCAST_BAD_ALERT },     { true, 43, 255, TW_MCAST_BAD_ALERT },
		{ true, 45, 1, TW_MCAST_BAD_ALERT },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		size_t len = rows[i].ip6 ? mcast_frame_mld(frame, 7, "ff02::1", "82 00 0000 2710 0000 G1")
					 : mcast_frame_igmp(frame, 7, "224.0.0.1", "16 00 0000 G1");

		assert_int_equal(parse(len), TW_MCAST_OK);
		frame[MF_L3 + rows[i].at] = (uint8_t)rows[i].value;
		if (rows[i].ip6 ? rows[i].at == 8 : (rows[i].at == 8 || rows[i].at == 16))
			mcast_frame_sums(frame);
		if (parse(len) != rows[i].want)
			fail_msg("row %zu: %s", i, tw_mcast_error_name(parse(len)));
	}
}

static void each_octet_counts_for_the_checksum_and_none_is_missing(void **state)
{
	size_t len = mcast_frame_igmp(frame, 7, "224.0.0.1", "16 00 0000 G1");

	frame[len = MF_L3 + MF_IP4 + 8] = 0;
	for (size_t i = 0; i < 8; i++) {
		frame[MF_L3 + MF_IP4 + i] ^= 0x10;
		assert_int_equal(parse(len), TW_MCAST_BAD_CHECKSUM);
		frame[MF_L3 + MF_IP4 + i] ^= 0x10;
	}
	for (size_t n = MF_L3; n < len; n++)
		assert_int_equal(parse(n), TW_MCAST_BAD_SHORT);
	len = mcast_frame_mld(frame, 7, "ff02::1", "8f 00 0000 0000 0001 04 00 0000 G1");
	for (size_t i = MF_IP6; i < len - MF_L3; i++) {
		frame[MF_L3 + i] ^= 0x10;
		assert_int_equal(parse(len), TW_MCAST_BAD_CHECKSUM);
		frame[MF_L3 + i] ^= 0x10;
	}
	for (size_t n = MF_L3; n < len; n++)
		assert_int_equal(parse(n), TW_MCAST_BAD_SHORT);
}

static void mld_messages_say_the_same(void **state)
{
	const struct tw_mcast_addr none = { 0 };
	struct tw_mcast_record r;
	uint32_t at = 0;

	assert_int_equal(mld("82 00 0000 2710 0000 00000000000000000000000000000000"), TW_MCAST_OK);
	expect(TW_MCAST_QUERY, 2, none);
	assert_true(msg.ip6);
	assert_int_equal(msg.max_resp_ms, 10000);
	assert_int_equal(mld("82 00 0000 8001 0000 G1 02 7d 0000"), TW_MCAST_OK);
	expect(TW_MCAST_QUERY, 3, group6(1));
	assert_int_equal(msg.max_resp_ms, 0x1001 << 3);
	assert_int_equal(msg.interval_s, 125);
	assert_int_equal(mld("83 00 0000 0000 0000 G2"), TW_MCAST_OK);
	expect(TW_MCAST_JOIN, 2, group6(2));
	assert_int_equal(mld("84 00 0000 0000 0000 G3"), TW_MCAST_OK);
	expect(TW_MCAST_LEAVE, 2, group6(3));
	assert_int_equal(mld("8f 00 0000 0000 0001 03 00 0001 G1 G2"), TW_MCAST_OK);
	assert_true(tw_mcast_next_record(&msg, &at, &r));
	assert_int_equal(r.n_sources, 1);
	assert_false(tw_mcast_next_record(&msg, &at, &r));
	/* RFC 3590: who has no address yet may report, but not ask */
	assert_int_equal(parse(mcast_frame_mld(frame, 0, "ff02::16", "83 00 0000 0000 0000 G2")), TW_MCAST_OK);
	assert_int_equal(parse(mcast_frame_mld(frame, 0, "ff02::1", "82 00 0000 2710 0000 G1")), TW_MCAST_BAD_SOURCE);
}

static void our_queries_are_these_octets(void **state)
{
	static const uint8_t general4[60] = {
		0x01, 0x00, 0x5e, 0,  0, 1, 0x06, 1,   2,    3,    4,    5,    0x08, 0x00, /* to all hosts */
		0x46, 0xc0, 0,    36, 0, 0, 0,    0,   1,    2,    0x44, 0x13, 0,    0,    0, 0,   224, 0,
		0,    1,    0x94, 4,  0, 0, 0x11, 100, 0xec, 0x1e, 0,    0,    0,    0,    2, 125, 0,   0,
	};
	struct tw_mcast_query q = { .mac = { 6, 1, 2, 3, 4, 5 },
				    .source = tw_mcast_ip4((const uint8_t[4]){ 0, 0, 0, 0 }),
				    .max_resp_ms = 10000,
				    .robustness = 2,
				    .interval_s = 125 };
	uint8_t out[TW_MCAST_QUERY_MAX];

	assert_int_equal(tw_igmp_write_query(&q, out), 60);
	assert_memory_equal(out, general4, 60);
	q.group = group4(9);
	q.max_resp_ms = 1000;
	assert_int_equal(tw_igmp_write_query(&q, frame), 60);
	assert_memory_equal(frame, "\x01\x00\x5e\x01\x01\x09", 6);
	assert_int_equal(parse(60), TW_MCAST_OK);
	expect(TW_MCAST_QUERY, 3, group4(9));
	assert_int_equal(msg.max_resp_ms, 1000);
	q.ip6 = true;
	q.source = tw_mld_link_local(q.mac);
	q.group = group6(9);
	assert_int_equal(tw_mld_write_query(&q, frame), 90);
	assert_memory_equal(frame, "\x33\x33\0\0\0\x09", 6);
	assert_int_equal(parse(90), TW_MCAST_OK);
	expect(TW_MCAST_QUERY, 3, group6(9));
	assert_int_equal(msg.interval_s, 125);
	assert_memory_equal(msg.source.b, "\xfe\x80\0\0\0\0\0\0\x04\x01\x02\xff\xfe\x03\x04\x05", 16);
	memset(&q.group, 0, sizeof(q.group));
	assert_int_equal(tw_mld_write_query(&q, frame), 90);
	assert_memory_equal(frame + MF_L3 + 24, "\xff\x02\0\0\0\0\0\0\0\0\0\0\0\0\0\x01", 16);
	assert_int_equal(parse(90), TW_MCAST_OK);
}

static void every_code_is_the_largest_that_is_not_more(void **state)
{
	for (unsigned code = 0; code < 256; code++) {
		uint32_t value = tw_mcast_code_value((uint8_t)code);

		assert_int_equal(tw_mcast_code(value), code);
		if (code < 255)
			assert_int_equal(tw_mcast_code(tw_mcast_code_value((uint8_t)(code + 1)) - 1), code);
	}
	assert_int_equal(tw_mcast_code(UINT32_MAX), 255);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_version_of_an_igmp_query_is_its_length),
		cmocka_unit_test(igmp_reports_and_leaves_name_their_group),
		cmocka_unit_test(records_are_walked_past_sources_and_auxiliary_data),
		cmocka_unit_test(what_is_no_igmp_is_refused_for_its_reason),
		cmocka_unit_test(what_is_no_mld_is_refused_for_its_reason),
		cmocka_unit_test(the_ip_header_must_be_that_of_a_message),
		cmocka_unit_test(each_octet_counts_for_the_checksum_and_none_is_missing),
		cmocka_unit_test(mld_messages_say_the_same),
		cmocka_unit_test(our_queries_are_these_octets),
		cmocka_unit_test(every_code_is_the_largest_that_is_not_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
