/* SPDX-License-Identifier: Apache-2.0 */
/* rate_test.c - token buckets on a clock of the test's own: the rate, the burst, and no more, whoever takes. See bucket.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <pthread.h>

#include "dataplane/rate.h"

enum { SUPER = 65550, THREADS = 4, TAKES = 20000 };
#define MS (TW_TICKS_PER_S / 1000)

static void a_full_bucket_gives_its_burst_and_then_its_rate(void **state)
{
	tw_bucket_state full_at = 0;
	struct tw_bucket b;
	uint64_t now = 12345 * MS;

	tw_bucket_init(&b, 8000000, 8, 10000, SUPER); /* 1,000 octets a ms */
	assert_true(tw_bucket_take(&b, &full_at, now, 9000, false));
	assert_false(tw_bucket_take(&b, &full_at, now, 1001, false));
	assert_true(tw_bucket_take(&b, &full_at, now, 1000, false));
	assert_false(tw_bucket_take(&b, &full_at, now, 1, true));
	assert_false(tw_bucket_take(&b, &full_at, now + MS - 1, 1000, false));
	assert_true(tw_bucket_take(&b, &full_at, now + MS, 1000, false));
	assert_true(tw_bucket_take(&b, &full_at, now + 1000 * MS, 10000, false));
	assert_false(tw_bucket_take(&b, &full_at, now + 1000 * MS, 1, false));
}

static void no_limit_lets_everything_pass(void **state)
{
	const struct tw_bucket b = { 0 };
	tw_bucket_state full_at = 0;

	assert_true(tw_bucket_take(&b, &full_at, 1, UINT32_MAX, false));
	tw_bucket_give_back(&b, &full_at, 7);
	assert_int_equal(full_at, 0);
}

/* What passes in a time is the rate's, and the burst's, to a frame; from 1 kbit/s to 400 Gbit/s. */
static void what_passes_is_rate_times_time_and_one_burst(void **state)
{
	static const uint64_t rates[] = { 1000, 64000, 10000000, 1000000000, 100000000000, 400000000000 };

	srand(1);
	for (size_t i = 0; i < sizeof(rates) / sizeof(*rates); i++) {
		/* Such a step that half of what is offered passes. */
		uint64_t step = 32 * 800 * 8 / 2 * TW_TICKS_PER_S / rates[i], now = UINT64_MAX - 1000 * step, t,
			 sum = 0;
		uint64_t burst = 128 << 10, most;
		tw_bucket_state full_at = now;
		struct tw_bucket b;

		tw_bucket_init(&b, rates[i], 8, burst, SUPER);
		for (t = 0; t < 2000; t++, now += step) /* the clock goes round meanwhile */
			for (int k = 0; k < 32; k++) {
				uint64_t octets = 60 + (uint64_t)rand() % 1454;

				sum += tw_bucket_take(&b, &full_at, now, octets, true) ? octets : 0;
			}
		most = burst + (t - 1) * (32 * 800 / 2);
		assert_in_range(sum, most - most / 100 - 1514, most + most / 1000);
	}
}

static void what_never_fits_passes_when_full_and_is_paid_for(void **state)
{
	tw_bucket_state full_at = 0;
	struct tw_bucket b;
	uint64_t now = 99 * MS;

	tw_bucket_init(&b, 8000000, 8, 2000, SUPER);
	assert_false(tw_bucket_take(&b, &full_at, now, 65000, false));
	assert_true(tw_bucket_take(&b, &full_at, now, 65000, true));
	assert_false(tw_bucket_take(&b, &full_at, now, 60, true));
	assert_int_equal(tw_bucket_wait(&b, &full_at, now, 2000), 65 * MS);
	assert_false(tw_bucket_take(&b, &full_at, now + 65 * MS - 1, 2000, true));
	assert_true(tw_bucket_take(&b, &full_at, now + 65 * MS, 2000, true));
	assert_int_equal(tw_bucket_wait(&b, &full_at, now + 67 * MS, 2000), 0);
}

static void a_debt_of_a_slower_rate_does_not_outlive_it(void **state)
{
	struct tw_bucket slow, fast;
	tw_bucket_state full_at = 0;
	uint64_t now = MS;

	tw_bucket_init(&slow, 1000, 8, 2000, SUPER);
	tw_bucket_init(&fast, 8000000000, 8, 100000, SUPER);
	assert_true(tw_bucket_take(&slow, &full_at, now, 65000, true)); /* 520 s */
	assert_false(tw_bucket_take(&fast, &full_at, now, 100, true));
	assert_true(tw_bucket_take(&fast, &full_at, now + MS, 60, true));
}

static void what_is_given_back_can_be_taken_again(void **state)
{
	tw_bucket_state full_at = 0;
	struct tw_bucket b;

	tw_bucket_init(&b, 1000, 1, 50, 1);
	assert_true(tw_bucket_take(&b, &full_at, MS, 50, false));
	tw_bucket_give_back(&b, &full_at, 20);
	assert_true(tw_bucket_take(&b, &full_at, MS, 20, false));
	assert_false(tw_bucket_take(&b, &full_at, MS, 1, true));
}

struct taker {
	const struct tw_bucket *bucket;
	tw_bucket_state *full_at;
	uint64_t took;
};

static void *take_often(void *arg)
{
	struct taker *t = arg;

	for (int i = 0; i < TAKES; i++)
		t->took += tw_bucket_take(t->bucket, t->full_at, MS, 1, false);
	return NULL;
}

static void workers_that_take_at_once_share_one_burst(void **state)
{
	pthread_t threads[THREADS];
	struct taker takers[THREADS];
	tw_bucket_state full_at = 0;
	struct tw_bucket b;
	uint64_t sum = 0;

	tw_bucket_init(&b, 1000, 1, TAKES + TAKES / 2, 1);
	for (int i = 0; i < THREADS; i++) {
		takers[i] = (struct taker){ &b, &full_at, 0 };
		assert_int_equal(pthread_create(&threads[i], NULL, take_often, &takers[i]), 0);
	}
	for (int i = 0; i < THREADS; i++) {
		pthread_join(threads[i], NULL);
		sum += takers[i].took;
	}
	assert_int_equal(sum, TAKES + TAKES / 2);
}

static void debts_travel_as_nanoseconds_and_are_believed_within_limits(void **state)
{
	static struct tw_rate_state here, there;
	uint64_t ns[TW_RATE_BUCKETS], now = 5 * MS, other = 900 * MS;
	struct tw_bucket b;

	tw_bucket_init(&b, 8000000, 8, 10000, SUPER);
	assert_true(tw_bucket_take(&b, &here.full_at[TW_RATE_OUT_OCTETS], now, 6000, true));
	tw_rate_debts(&here, now, ns);
	assert_int_equal(ns[TW_RATE_OUT_OCTETS], 6000000);
	assert_int_equal(ns[TW_RATE_IN_OCTETS], 0);
	tw_rate_set_debts(&there, other, ns, TW_RATE_BUCKETS);
	assert_false(tw_bucket_take(&b, &there.full_at[TW_RATE_OUT_OCTETS], other, 4001, false));
	assert_true(tw_bucket_take(&b, &there.full_at[TW_RATE_OUT_OCTETS], other, 4000, false));
	ns[TW_RATE_OUT_OCTETS] = UINT64_MAX;
	tw_rate_set_debts(&there, other, ns, TW_RATE_BUCKETS);
	assert_false(tw_bucket_take(&b, &there.full_at[TW_RATE_OUT_OCTETS], other, 100, true));
	assert_true(tw_bucket_take(&b, &there.full_at[TW_RATE_OUT_OCTETS], other + 66 * MS, 100, true));
}

static void a_burst_that_is_not_said_follows_the_rate(void **state)
{
	assert_int_equal(tw_rate_burst_octets(1000000), 128 << 10);
	assert_int_equal(tw_rate_burst_octets(10000000000), 12500000);
	assert_int_equal(tw_rate_burst_frames(10), 32);
	assert_int_equal(tw_rate_burst_frames(100000), 10000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_full_bucket_gives_its_burst_and_then_its_rate),
		cmocka_unit_test(no_limit_lets_everything_pass),
		cmocka_unit_test(what_passes_is_rate_times_time_and_one_burst),
		cmocka_unit_test(what_never_fits_passes_when_full_and_is_paid_for),
		cmocka_unit_test(a_debt_of_a_slower_rate_does_not_outlive_it),
		cmocka_unit_test(what_is_given_back_can_be_taken_again),
		cmocka_unit_test(workers_that_take_at_once_share_one_burst),
		cmocka_unit_test(debts_travel_as_nanoseconds_and_are_believed_within_limits),
		cmocka_unit_test(a_burst_that_is_not_said_follows_the_rate),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
