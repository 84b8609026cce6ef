/* SPDX-License-Identifier: Apache-2.0 */
/* iotlb_test.c - what a front-end may put into the table of translated addresses, and what makes room in it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "dataplane/iotlb.h"

enum { USER = 1 << 30, PAGE = 4096, READ = 1, WRITE = 2, BOTH = 3 };

static struct tw_iotlb t;
static bool again;

static int setup(void **state)
{
	const struct tw_iotlb_region regions[2] = { { 0, 64 << 20, USER, 0 }, { 1u << 31, 16 << 20, 2u << 30, 4096 } };

	memset(&t, 0, sizeof(t));
	tw_iotlb_set_memory(&t, regions, 2);
	return 0;
}

static const char *hear(uint8_t type, uint64_t iova, uint64_t size, uint64_t user, uint8_t perm)
{
	struct tw_iotlb_message m = { iova, size, user, perm, type };

	return tw_iotlb_hear(&t, &m, &again);
}

static const char *update(uint64_t iova, uint64_t size, uint64_t user)
{
	return hear(TW_IOTLB_UPDATE, iova, size, user, BOTH);
}

static void an_entry_lies_in_one_region_of_memory(void **state)
{
	assert_null(update(0x1000, 64 << 20, USER));
	assert_null(update(0x8000000, PAGE, (2u << 30) + (16 << 20) - PAGE));
	assert_non_null(update(0x2000, PAGE, USER - 1));
	assert_non_null(update(0x2000, (64 << 20) + 1, USER));
	assert_non_null(update(0x2000, PAGE, USER + (64 << 20) - PAGE + 1));
	assert_non_null(update(0x2000, UINT64_MAX, USER));
	assert_non_null(update(0x2000, PAGE, UINT64_MAX - 10));
	assert_int_equal(t.n_entries, 2);
}

static void what_makes_no_sense_is_refused(void **state)
{
	assert_non_null(update(0, 0, USER));
	assert_non_null(update(UINT64_MAX, 1, USER)); /* it would end at 0 */
	assert_non_null(hear(TW_IOTLB_UPDATE, 0, PAGE, USER, 0));
	assert_non_null(hear(TW_IOTLB_UPDATE, 0, PAGE, USER, 4));
	assert_non_null(hear(TW_IOTLB_MISS, 0, PAGE, USER, BOTH));
	assert_non_null(hear(0, 0, PAGE, USER, BOTH));
	assert_non_null(hear(4, 0, PAGE, USER, BOTH));
	assert_int_equal(t.n_entries, 0);
}

static void an_invalidation_takes_out_what_it_touches(void **state)
{
	for (uint64_t i = 0; i < 10; i++)
		assert_null(update(i * PAGE, PAGE, USER + i * PAGE));
	assert_null(hear(TW_IOTLB_INVALIDATE, 2 * PAGE + 5, PAGE, 0, 0));
	assert_int_equal(t.n_entries, 8);
	assert_int_equal(t.entry[2].iova, 4 * PAGE);
	assert_null(hear(TW_IOTLB_INVALIDATE, 0, 0, 0, 0));
	assert_int_equal(t.n_entries, 8);
	assert_null(hear(TW_IOTLB_INVALIDATE, 5 * PAGE, UINT64_MAX, 0, 0)); /* cut at the last address */
	assert_int_equal(t.n_entries, 3);
	assert_null(hear(TW_IOTLB_INVALIDATE, 0, UINT64_MAX, 0, 0));
	assert_int_equal(t.n_entries, 0);
}

static void an_address_told_twice_counts_once(void **state)
{
	for (unsigned i = 0; i < 3000; i++)
		assert_null(update(PAGE, PAGE, USER));
	assert_int_equal(t.n_entries, 1);
}

static void a_full_table_makes_room_and_asks_again(void **state)
{
	struct tw_iotlb_message m = { UINT64_C(1) << 40, PAGE, USER, READ, TW_IOTLB_UPDATE };

	for (uint64_t i = 0; i < TW_IOTLB_ENTRIES; i++) {
		assert_null(update(2 * i * PAGE, PAGE, USER));
		assert_false(again);
	}
	assert_null(tw_iotlb_ask(&t, m.iova + 5, READ));
	assert_null(tw_iotlb_hear(&t, &m, &again));
	assert_true(again);
	assert_int_equal(m.type, TW_IOTLB_INVALIDATE);
	assert_int_equal(m.iova, 0);
	assert_int_equal(t.n_entries, TW_IOTLB_ENTRIES - TW_IOTLB_EVICTED);
	assert_int_equal(t.entry[0].iova, 2 * TW_IOTLB_EVICTED * PAGE);
	assert_int_equal(t.n_misses, 1); /* not answered yet */
	assert_null(hear(TW_IOTLB_UPDATE, UINT64_C(1) << 40, PAGE, USER, READ));
	assert_false(again);
	assert_int_equal(t.n_misses, 0);
}

static void questions_without_answers_are_bounded(void **state)
{
	for (uint64_t i = 0; i < TW_IOTLB_MISSES; i++) {
		assert_null(tw_iotlb_ask(&t, i * PAGE, WRITE));
		assert_null(tw_iotlb_ask(&t, i * PAGE, WRITE)); /* the same, of another ring */
	}
	assert_non_null(tw_iotlb_ask(&t, UINT64_C(1) << 40, WRITE));
	assert_null(hear(TW_IOTLB_UPDATE, 0, PAGE, USER, READ)); /* not what was asked for */
	assert_non_null(tw_iotlb_ask(&t, UINT64_C(1) << 40, WRITE));
	assert_null(hear(TW_IOTLB_UPDATE, PAGE, 2 * PAGE, USER, BOTH));
	assert_null(tw_iotlb_ask(&t, UINT64_C(1) << 40, WRITE));
	assert_null(tw_iotlb_ask(&t, UINT64_C(1) << 41, WRITE));
	assert_non_null(tw_iotlb_ask(&t, UINT64_C(1) << 42, WRITE));
}

static void other_memory_empties_the_table_and_the_same_does_not(void **state)
{
	struct tw_iotlb_region regions[2];

	memcpy(regions, t.region, sizeof(regions));
	assert_null(update(0, PAGE, USER));
	tw_iotlb_set_memory(&t, regions, 2);
	assert_int_equal(t.n_entries, 1);
	tw_iotlb_set_memory(&t, regions, 1);
	assert_int_equal(t.n_entries, 0);
	assert_non_null(update(0, PAGE, 2u << 30));
}

#define T(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(an_entry_lies_in_one_region_of_memory),
		T(what_makes_no_sense_is_refused),
		T(an_invalidation_takes_out_what_it_touches),
		T(an_address_told_twice_counts_once),
		T(a_full_table_makes_room_and_asks_again),
		T(questions_without_answers_are_bounded),
		T(other_memory_empties_the_table_and_the_same_does_not),
	};

	return cmocka_run_group_tests_name("iotlb", tests, NULL, NULL);
}
