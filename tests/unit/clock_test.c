/* SPDX-License-Identifier: Apache-2.0 */
/* clock_test.c - the clocks run, and tests can stop and move them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include <cmocka.h>

#include "common/clock.h"

enum { MS = 1000000 /* ns */ };

static int real_clocks(void **state)
{
	tw_clock_set_virtual(0, 0);
	return 0;
}

static void the_real_clocks_run(void **state)
{
	uint64_t mono = tw_clock_mono_ns(), real = tw_clock_real_ns();
	time_t now = time(NULL);

	assert_true(tw_clock_mono_ns() >= mono);
	assert_true(tw_clock_real_ns() >= real);
	assert_in_range(tw_clock_real_ms() / 1000, now - 1, now + 1);
}

static void a_virtual_clock_stands_until_it_is_moved(void **state)
{
	tw_clock_set_virtual(5 * (uint64_t)MS, 1700000000000 * (uint64_t)MS);
	assert_int_equal(tw_clock_mono_ms(), 5);
	assert_int_equal(tw_clock_mono_ms(), 5);
	assert_int_equal(tw_clock_real_ms(), 1700000000000);
	tw_clock_warp(2500 * (uint64_t)MS);
	assert_int_equal(tw_clock_mono_ms(), 2505);
	assert_int_equal(tw_clock_real_ms(), 1700000002500);
}

static void zero_gives_the_real_clocks_back(void **state)
{
	tw_clock_set_virtual(1, 1);
	tw_clock_set_virtual(0, 0);
	assert_true(tw_clock_real_ns() > 1700000000000 * (uint64_t)MS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(the_real_clocks_run, real_clocks),
		cmocka_unit_test_teardown(a_virtual_clock_stands_until_it_is_moved, real_clocks),
		cmocka_unit_test_teardown(zero_gives_the_real_clocks_back, real_clocks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
