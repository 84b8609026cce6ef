/* SPDX-License-Identifier: Apache-2.0 */
/* mac_test.c - MAC addresses and UUIDs survive a round trip as text, and nothing else is taken for one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/mac.h"

static void a_mac_survives_a_round_trip(void **state)
{
	uint8_t mac[TW_MAC_LEN];
	char text[TW_MAC_TEXT];

	assert_true(tw_mac_parse("02:00:5E:0a-bc:ff", mac));
	assert_string_equal(tw_mac_format(mac, text), "02:00:5e:0a:bc:ff");
}

static void what_is_no_mac_is_refused_and_changes_nothing(void **state)
{
	static const char *const bad[] = {
		"", "02:00:00:00:00", "02:00:00:00:00:0g", "02:00:00:00:00:001", "0200.0000.0001", "02 00 00 00 00 01"
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		uint8_t mac[TW_MAC_LEN] = { 1, 2, 3, 4, 5, 6 };

		assert_false(tw_mac_parse(bad[i], mac));
		assert_memory_equal(mac, "\1\2\3\4\5\6", sizeof(mac));
	}
}

static void a_uuid_survives_a_round_trip(void **state)
{
	uint8_t uuid[TW_UUID_LEN];
	char text[TW_UUID_TEXT];

	assert_true(tw_uuid_parse("123E4567-e89b-42d3-a456-426614174000", uuid));
	assert_string_equal(tw_uuid_format(uuid, text), "123e4567-e89b-42d3-a456-426614174000");
	assert_false(tw_uuid_parse("123e4567e89b-42d3-a456-4266141740000", uuid));
}

static void random_uuids_are_of_version_4(void **state)
{
	uint8_t a[TW_UUID_LEN], b[TW_UUID_LEN];

	tw_uuid_random(a);
	tw_uuid_random(b);
	assert_int_equal(a[6] >> 4, 4);
	assert_int_equal(a[8] >> 6, 2);
	assert_memory_not_equal(a, b, sizeof(a));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_mac_survives_a_round_trip),
		cmocka_unit_test(what_is_no_mac_is_refused_and_changes_nothing),
		cmocka_unit_test(a_uuid_survives_a_round_trip),
		cmocka_unit_test(random_uuids_are_of_version_4),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
