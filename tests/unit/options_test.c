/* SPDX-License-Identifier: Apache-2.0 */
/* options_test.c - tw-switch's command line: lists of CPUs, numbers, and what is refused. */
#include <errno.h>
#include <getopt.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "dataplane/options.h"

static void a_list_of_cpus_has_numbers_and_ranges(void **state)
{
	unsigned cpus[8];

	assert_int_equal(tw_cpu_list_parse("3", cpus, 8), 1);
	assert_int_equal(cpus[0], 3);
	assert_int_equal(tw_cpu_list_parse("1,4-6,0", cpus, 8), 5);
	assert_int_equal(cpus[1], 4);
	assert_int_equal(cpus[3], 6);
	assert_int_equal(cpus[4], 0);
}

static void what_is_no_list_is_refused(void **state)
{
	static const char *const bad[] = { "",   ",",  "1,", "1,,2", "a",     "-1",   "3-1",
					   "1-", "1 ", " 1", "0-8",  "70000", "1-2-3" };
	unsigned cpus[8];

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (tw_cpu_list_parse(bad[i], cpus, 8) != -EINVAL)
			fail_msg("\"%s\" was taken", bad[i]);
}

static int parse(struct tw_options *o, const char *one, const char *two)
{
	char *argv[] = { (char[]){ "tw-switch" }, (char *)(uintptr_t)one, (char *)(uintptr_t)two, NULL };

	optind = 0;
	return tw_options_parse(two ? 3 : one ? 2 : 1, argv, o);
}

static void defaults_are_those_of_the_manual(void **state)
{
	struct tw_options o;

	assert_int_equal(parse(&o, NULL, NULL), -1);
	assert_int_equal(o.memory_mib, 256);
	assert_int_equal(o.flows, 65536);
	assert_int_equal(o.idle_sleep_us, 200);
	assert_int_equal(o.rebalance_s, 5);
	assert_int_equal(o.n_cpus, 1);
	assert_int_equal(o.n_pci, 0);
	assert_false(o.no_huge);
	assert_false(o.no_metering);
}

static void metering_can_be_turned_off(void **state)
{
	struct tw_options o;

	assert_int_equal(parse(&o, "--no-metering", NULL), -1);
	assert_true(o.no_metering);
}

static void values_out_of_range_are_usage_errors(void **state)
{
	static const char *const bad[][2] = {
		{ "--memory", "0" },       { "--memory", "lots" }, { "--mbufs", "10" },   { "--flows", "-1" },
		{ "--idle-sleep", "1s" },  { "--cpus", "99999" },  { "--cpus", "x" },     { "--run-dir", "" },
		{ "--rebalance", "3601" }, { "--idle-sleep", "" }, { "--nonsense", "1" }, { "stray", "words" },
	};
	struct tw_options o;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (parse(&o, bad[i][0], bad[i][1]) != 2)
			fail_msg("%s %s was taken", bad[i][0], bad[i][1]);
}

static void never_sleeping_can_be_asked_for(void **state)
{
	struct tw_options o;

	assert_int_equal(parse(&o, "--idle-sleep", "0"), -1);
	assert_int_equal(o.idle_sleep_us, 0);
	assert_int_equal(parse(&o, "--rebalance", "0"), -1);
	assert_int_equal(o.rebalance_s, 0);
	assert_int_equal(parse(&o, "--rebalance", "60"), -1);
	assert_int_equal(o.rebalance_s, 60);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_list_of_cpus_has_numbers_and_ranges),
		cmocka_unit_test(what_is_no_list_is_refused),
		cmocka_unit_test(defaults_are_those_of_the_manual),
		cmocka_unit_test(metering_can_be_turned_off),
		cmocka_unit_test(values_out_of_range_are_usage_errors),
		cmocka_unit_test(never_sleeping_can_be_asked_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
