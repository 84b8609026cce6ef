/* SPDX-License-Identifier: Apache-2.0 */
/* twctl_parse_test.c - values that operators write are read or refused; a refusal names field and range and changes nothing. */
#include <setjmp.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "controlplane/twctl/parse.h"
#include "proto/link/check.h"

static struct tw_error error;

static void assert_refused(bool ok, const char *text)
{
	assert_false(ok);
	assert_int_equal(error.code, TW_E_INVALID);
	assert_string_equal(error.field, "f");
	assert_string_equal(error.text, text);
	memset(&error, 0, sizeof(error));
}

static void numbers_are_digits_alone_and_in_range(void **state)
{
	static const char *const bad[] = { "",
					   "-1",
					   "+1",
					   " 1",
					   "1 ",
					   "0x10",
					   "1.5",
					   "9001",
					   "67",
					   "18446744073709551616",
					   "99999999999999999999999",
					   "1e3",
					   "\xc2\xb9" };
	uint64_t n = 7;

	assert_true(tw_parse_number("f", "68", 68, 9000, &n, &error) && n == 68);
	assert_true(tw_parse_number("f", "9000", 68, 9000, &n, &error) && n == 9000);
	assert_true(tw_parse_number("f", "18446744073709551615", 0, UINT64_MAX, &n, &error) && n == UINT64_MAX);
	assert_true(tw_parse_number("f", "007", 0, 9, &n, &error) && n == 7);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		assert_false(tw_parse_number("f", bad[i], 68, 9000, &n, &error));
		assert_int_equal(n, 7);
	}
	assert_refused(tw_parse_number("f", "9001", 68, 9000, &n, &error), "9001 is not a number from 68 to 9000");
}

static void vlan_ids_are_1_to_4094_or_untagged(void **state)
{
	uint32_t id = 7;

	assert_true(tw_parse_vlan_id("f", "1", &id, &error) && id == 1);
	assert_true(tw_parse_vlan_id("f", "4094", &id, &error) && id == 4094);
	assert_true(tw_parse_vlan_id("f", "untagged", &id, &error) && id == 0);
	id = 7;
	assert_refused(tw_parse_vlan_id("f", "5000", &id, &error), "5000 is not a VLAN id (1..4094)");
	assert_refused(tw_parse_vlan_id("f", "4095", &id, &error), "4095 is not a VLAN id (1..4094)");
	assert_refused(tw_parse_vlan_id("f", "blue", &id, &error), "blue is not a VLAN id (1..4094)");
	assert_refused(tw_parse_vlan_id("f", "10,20", &id, &error), "10,20 is not a VLAN id (1..4094)");
	assert_refused(tw_parse_vlan_id("f", "4294967297", &id, &error), "4294967297 is not a VLAN id (1..4094)");
	assert_int_equal(id, 7);
}

static void a_trunk_is_ids_and_ranges(void **state)
{
	Tw__VlanRange ranges[TW_TRUNK_RANGES_MAX];
	size_t n;

	assert_true(tw_parse_trunk("f", "10,20-30,100", ranges, &n, &error));
	assert_int_equal(n, 3);
	assert_true(ranges[0].first == 10 && ranges[0].last == 10);
	assert_true(ranges[1].first == 20 && ranges[1].last == 30);
	assert_true(ranges[2].first == 100 && ranges[2].last == 100);
	assert_true(tw_parse_trunk("f", "1-4094", ranges, &n, &error) && n == 1);
	assert_true(tw_parse_trunk("f", "all", ranges, &n, &error) && n == 0);
}

static void what_is_no_trunk_is_refused_and_changes_nothing(void **state)
{
	static const char *const bad[] = { "",       ",",   "10,", ",10",   "10,,20", "30-20", "0",    "4095",
					   "1-4095", "10-", "-10", "10;20", "10 20",  "1-2-3", "10,x", "all,10" };
	Tw__VlanRange ranges[TW_TRUNK_RANGES_MAX];
	char many[TW_TRUNK_RANGES_MAX * 2 + 2] = "";
	size_t n = 77;

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		assert_false(tw_parse_trunk("f", bad[i], ranges, &n, &error));
		assert_int_equal(n, 77);
	}
	assert_refused(tw_parse_trunk("f", "10,5000", ranges, &n, &error),
		       "5000 is not a VLAN id or range of them (1..4094; as in 10,20-30,100)");
	assert_refused(tw_parse_trunk("f", "10,", ranges, &n, &error),
		       "an empty place is not a VLAN id or range of them (1..4094; as in 10,20-30,100)");
	for (int i = 0; i <= TW_TRUNK_RANGES_MAX; i++)
		memcpy(many + 2 * i, "1,", 2);
	many[sizeof(many) - 1] = '\0';
	assert_refused(tw_parse_trunk("f", many, ranges, &n, &error), "a trunk has at most 64 ranges");
	many[2 * TW_TRUNK_RANGES_MAX - 1] = '\0';
	assert_true(tw_parse_trunk("f", many, ranges, &n, &error) && n == TW_TRUNK_RANGES_MAX);
}

static void rates_are_powers_of_1000_with_decimals(void **state)
{
	static const struct {
		const char *text, *unit;
		uint64_t rate;
	} good[] = {
		{ "1000", "bit", 1000 },
		{ "1G", "bit", 1000000000 },
		{ "2.5g", "bit", 2500000000 },
		{ "100k", "pps", 100000 },
		{ "1.000001M", "pps", 1000001 },
		{ "0.5T", "bit", 500000000000 },
		{ "10Mbit/s", "bit", 10000000 },
		{ "10Mbps", "bit", 10000000 },
		{ "64kbit", "bit", 64000 },
		{ "1000pps", "pps", 1000 },
		{ "2kpps", "pps", 2000 },
		{ "1.50k", "pps", 1500 },
		{ "1.0", "bit", 1 },
	};
	static const char *const bad[] = { "",
					   "G",
					   "-1G",
					   "1.G",
					   ".5G",
					   "1.5",
					   "1GB",
					   "1Gi",
					   "1GG",
					   "1.2.3G",
					   "1 G",
					   "1Gpps",
					   "1.0005k",
					   "1e9",
					   "2000T",
					   "0x10",
					   "bit",
					   "99999999999999999999",
					   "18446744073709552k" };
	uint64_t n;

	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		if (!tw_parse_rate("f", good[i].text, good[i].unit, 1, TW_RATE_MAX, &n, &error))
			fail_msg("%s: %s", good[i].text, error.text);
		assert_int_equal(n, good[i].rate);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		n = 7;
		if (tw_parse_rate("f", bad[i], "bit", 1, TW_RATE_MAX, &n, &error) || n != 7)
			fail_msg("%s is %" PRIu64, bad[i], n);
	}
	assert_refused(tw_parse_rate("f", "10", "bit", 1000, 1000000, &n, &error),
		       "10 is not a rate from 1000 to 1000000 bit/s (as in 100k, 1G, 2.5G)");
}

static void sizes_are_octets_or_powers_of_1024(void **state)
{
	static const char *const bad[] = { "",    "M",   "1X",   "1 M",       "1MM", "1Mi",
					   "1iB", "-1M", "1.5M", "16777216T", "1 ",  "99M" };
	uint64_t n = 7;

	assert_true(tw_parse_size("f", "65536", 0, UINT64_MAX, &n, &error) && n == 65536);
	assert_true(tw_parse_size("f", "64K", 0, UINT64_MAX, &n, &error) && n == 65536);
	assert_true(tw_parse_size("f", "100M", 0, UINT64_MAX, &n, &error) && n == 100 << 20);
	assert_true(tw_parse_size("f", "2g", 0, UINT64_MAX, &n, &error) && n == 2ull << 30);
	assert_true(tw_parse_size("f", "1TiB", 0, UINT64_MAX, &n, &error) && n == 1ull << 40);
	assert_true(tw_parse_size("f", "10B", 0, UINT64_MAX, &n, &error) && n == 10);
	n = 7;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		assert_false(tw_parse_size("f", bad[i], 100 << 20, UINT64_MAX, &n, &error));
		assert_int_equal(n, 7);
	}
	assert_refused(tw_parse_size("f", "lots", 1, 9, &n, &error),
		       "lots is not a size from 1 to 9 octets (as in 64K, 100M, 1G)");
}

static void durations_have_units(void **state)
{
	static const char *const bad[] = {
		"", "s", "1d", "1 s", "-1s", "1.5s", "18446744073709551615h", "11m", "99ms"
	};
	uint64_t n = 7;

	assert_true(tw_parse_duration("f", "250ms", 1, 3600000, &n, &error) && n == 250);
	assert_true(tw_parse_duration("f", "15", 1, 3600000, &n, &error) && n == 15000);
	assert_true(tw_parse_duration("f", "15s", 1, 3600000, &n, &error) && n == 15000);
	assert_true(tw_parse_duration("f", "1m", 1, 3600000, &n, &error) && n == 60000);
	assert_true(tw_parse_duration("f", "1h", 1, 3600000, &n, &error) && n == 3600000);
	assert_true(tw_parse_seconds("f", "2m", 1, 600, &n, &error) && n == 120);
	assert_true(tw_parse_seconds("f", "3000ms", 1, 600, &n, &error) && n == 3);
	n = 7;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_false(tw_parse_duration("f", bad[i], 100, 600000, &n, &error));
	assert_false(tw_parse_seconds("f", "1500ms", 1, 600, &n, &error));
	assert_int_equal(n, 7);
	memset(&error, 0, sizeof(error));
	assert_refused(tw_parse_seconds("f", "0", 1, 600, &n, &error),
		       "0 is not a duration from 1 to 600 seconds (as in 15, 15s, 1m)");
}

static void macs_and_uuids_are_named_when_wrong(void **state)
{
	uint8_t mac[TW_MAC_LEN], uuid[TW_UUID_LEN];

	assert_true(tw_parse_mac("f", "02:00:00:00:00:01", mac, &error));
	assert_refused(tw_parse_mac("f", "02:00", mac, &error), "02:00 is not a MAC address (as in 02:00:00:0a:0b:0c)");
	assert_refused(tw_parse_uuid("f", "db", uuid, &error),
		       "db is not a UUID (as in 123e4567-e89b-42d3-a456-426614174000)");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_are_digits_alone_and_in_range),
		cmocka_unit_test(vlan_ids_are_1_to_4094_or_untagged),
		cmocka_unit_test(a_trunk_is_ids_and_ranges),
		cmocka_unit_test(what_is_no_trunk_is_refused_and_changes_nothing),
		cmocka_unit_test(rates_are_powers_of_1000_with_decimals),
		cmocka_unit_test(sizes_are_octets_or_powers_of_1024),
		cmocka_unit_test(durations_have_units),
		cmocka_unit_test(macs_and_uuids_are_named_when_wrong),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
