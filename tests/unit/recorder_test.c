/* SPDX-License-Identifier: Apache-2.0 */
/* recorder_test.c - the rings of the flight recorder: order, wrap, drops that count one another; read while they are written. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <pthread.h>

#include "common/clock.h"
#include "dataplane/recorder.h"

enum { ENTRIES = 32, WAIT_MS = 60000 };

static int start(void **state)
{
	*state = tw_recorder_create(2, ENTRIES);
	return *state ? 0 : -1;
}

static int stop(void **state)
{
	tw_recorder_destroy(*state);
	return 0;
}

/* An entry that says `n` in every part. */
static struct tw_recorded numbered(uint32_t n)
{
	struct tw_recorded r = { .tsc = n,
				 .last_tsc = n,
				 .times = 1,
				 .len = n,
				 .hash = n,
				 .generation = n,
				 .egress = n,
				 .kept = TW_RECORD_HEAD };

	for (unsigned i = 0; i + 4 <= TW_RECORD_HEAD; i += 4)
		memcpy(r.head + i, &n, 4);
	return r;
}

static void is_whole(const struct tw_recorded *r)
{
	struct tw_recorded want = numbered(r->len);

	want.times = r->times;
	want.last_tsc = r->last_tsc;
	assert_memory_equal(r->head, want.head, sizeof(want.head));
	assert_int_equal(r->tsc, want.tsc);
	assert_int_equal(r->generation, want.generation);
	assert_int_equal(r->egress, want.egress);
	assert_int_equal(r->hash, want.hash);
}

static void the_newest_are_read_the_oldest_first(void **state)
{
	const struct tw_recorder *recorder = *state;
	struct tw_recorded out[ENTRIES], r;

	assert_int_equal(tw_record_read(recorder->ring[0], out, ENTRIES), 0);
	for (uint32_t n = 1; n <= 100; n++) {
		r = numbered(n);
		tw_record_put(recorder->ring[0], &r);
	}
	assert_int_equal(tw_record_read(recorder->ring[0], out, ENTRIES), ENTRIES);
	for (uint32_t i = 0; i < ENTRIES; i++) {
		is_whole(&out[i]);
		assert_int_equal(out[i].len, 100 - ENTRIES + 1 + i);
	}
	assert_int_equal(tw_record_read(recorder->ring[0], out, 5), 5);
	assert_int_equal(out[0].len, 96);
	assert_int_equal(tw_record_read(recorder->ring[1], out, ENTRIES), 0);
}

static void what_is_dropped_again_is_counted_where_it_is_told(void **state)
{
	struct tw_record_ring *ring = ((struct tw_recorder *)*state)->ring[0];
	struct tw_recorded out[ENTRIES], r;

	assert_false(tw_record_again(ring, 7, 1, 1));
	for (uint32_t n = 1; n <= 5; n++) {
		r = numbered(n);
		tw_record_put(ring, &r);
	}
	assert_true(tw_record_again(ring, 4, 90, 3));
	assert_true(tw_record_again(ring, 4, 91, 30));
	assert_false(tw_record_again(ring, 1, 92, 1)); /* it is not one of the newest */
	assert_int_equal(tw_record_read(ring, out, ENTRIES), 5);
	for (uint32_t i = 0; i < 5; i++)
		is_whole(&out[i]);
	assert_int_equal(out[3].times, 34);
	assert_int_equal(out[3].last_tsc, 91);
	assert_int_equal(out[3].tsc, 4);
	assert_int_equal(out[4].times, 1);
}

static void a_round_has_its_share(void **state)
{
	struct tw_record_ring *ring = ((struct tw_recorder *)*state)->ring[0];

	for (int i = 0; i < TW_RECORD_ROUND; i++)
		assert_true(tw_record_may(ring, 1));
	assert_false(tw_record_may(ring, 1));
	assert_false(tw_record_may(ring, 1));
	assert_true(tw_record_may(ring, 2));
}

struct race {
	struct tw_record_ring *ring;
	_Atomic bool stop;
};

static void *write_on(void *arg)
{
	struct race *race = arg;

	for (uint32_t n = 1; !atomic_load(&race->stop); n++) {
		struct tw_recorded r = numbered(n);

		tw_record_put(race->ring, &r);
		tw_record_again(race->ring, n, n, 1);
	}
	return NULL;
}

static void nothing_is_told_half_while_its_worker_writes(void **state)
{
	struct race race = { .ring = ((struct tw_recorder *)*state)->ring[1] };
	struct tw_recorded out[ENTRIES];
	uint64_t until = tw_clock_mono_ms() + WAIT_MS;
	uint32_t read = 0;
	pthread_t writer;

	assert_int_equal(pthread_create(&writer, NULL, write_on, &race), 0);
	while (read < 20000 && tw_clock_mono_ms() < until) {
		uint32_t n = tw_record_read(race.ring, out, ENTRIES);

		for (uint32_t i = 0; i < n; i++) {
			is_whole(&out[i]);
			if (i)
				assert_true(out[i].len > out[i - 1].len);
		}
		read += n;
	}
	atomic_store(&race.stop, true);
	pthread_join(writer, NULL);
	assert_true(read >= 20000);
	assert_int_equal(tw_record_read(race.ring, out, ENTRIES), ENTRIES);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_newest_are_read_the_oldest_first, start, stop),
		cmocka_unit_test_setup_teardown(what_is_dropped_again_is_counted_where_it_is_told, start, stop),
		cmocka_unit_test_setup_teardown(a_round_has_its_share, start, stop),
		cmocka_unit_test_setup_teardown(nothing_is_told_half_while_its_worker_writes, start, stop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
