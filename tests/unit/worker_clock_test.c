/* SPDX-License-Identifier: Apache-2.0 */
/* worker_clock_test.c - a worker's milliseconds are those of Unix time, for ever: its counter's rate, and the host's corrections. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include <rte_cycles.h>

#include "common/clock.h"
#include "dataplane/tsc.h"
#include "dataplane/worker.h"

#define T0_NS UINT64_C(1700000000000900000) /* 0.9 ms behind a whole millisecond */
#define T0_MS (T0_NS / 1000000)

enum { SLACK_MS = 2000 }; /* time passes between two readings, on a busy machine much */

static struct tw_worker *w;

static int setup(void **state)
{
	w = aligned_alloc(64, (sizeof(*w) + 63) / 64 * 64);
	tw_clock_set_virtual(1, T0_NS);
	tw_worker_clock_init(w);
	return 0;
}

static int teardown(void **state)
{
	free(w);
	tw_clock_set_virtual(0, 0);
	return 0;
}

static uint64_t at(uint64_t since_base)
{
	return tw_worker_unix_ms(w, tw_worker_ms(w, w->tsc_base + since_base));
}

static void test_milliseconds_begin_with_those_of_unix_time(void **state)
{
	const uint64_t hz = tw_tsc_hz();

	assert_int_equal(at(0), T0_MS);
	assert_int_equal(at(hz / 1000 - 100), T0_MS);
	assert_int_equal(at(hz / 1000 + 100), T0_MS + 1);
	assert_in_range(at(hz * 86400), T0_MS + 86400000 - 1, T0_MS + 86400000);
}

static uint64_t measure_hz(void)
{
	struct timespec t, pause = { .tv_nsec = 100 * 1000 * 1000 };
	uint64_t tsc[2], ns[2];

	for (int i = 0; i < 2; i++) {
		clock_gettime(CLOCK_MONOTONIC, &t);
		tsc[i] = rte_rdtsc();
		ns[i] = (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
		if (i == 0)
			nanosleep(&pause, NULL);
	}
	return (uint64_t)((unsigned __int128)(tsc[1] - tsc[0]) * 1000000000 / (ns[1] - ns[0]));
}

/* DPDK's figure is rounded to 10 MHz: as much as 5 MHz off, twenty times what is let pass here. A measurement is wrong when
 * the kernel takes the processor away in the midst of it: the best of many counts. */
static void test_the_rate_is_measured_closely(void **state)
{
	const uint64_t hz = tw_tsc_hz();
	bool close = false;

	for (int i = 0; i < 100 && !close; i++)
		close = llabs((int64_t)(measure_hz() - hz)) < (int64_t)hz / 10000;
	assert_true(close);
	assert_int_equal(tw_tsc_hz(), hz);
}

static void test_the_hosts_clock_is_followed(void **state)
{
	tw_worker_clock_follow(w);
	tw_clock_set_virtual(1, T0_NS + UINT64_C(3600000000000));
	tw_worker_clock_follow(w);
	assert_in_range(tw_worker_clock(w).now_unix_ms, T0_MS + 3600000 - SLACK_MS, T0_MS + 3600000 + SLACK_MS);
	tw_clock_set_virtual(1, T0_NS - UINT64_C(60000000000)); /* a step back */
	tw_worker_clock_follow(w);
	assert_in_range(tw_worker_clock(w).now_unix_ms, T0_MS - 60000 - SLACK_MS, T0_MS - 60000 + SLACK_MS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_milliseconds_begin_with_those_of_unix_time, setup, teardown),
		cmocka_unit_test_setup_teardown(test_the_rate_is_measured_closely, setup, teardown),
		cmocka_unit_test_setup_teardown(test_the_hosts_clock_is_followed, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
