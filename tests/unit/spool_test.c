/* SPDX-License-Identifier: Apache-2.0 */
/* spool_test.c - a queue on disk (common/spool.h): order, bounds, what was cut or damaged, a disk that is full. */
#include <setjmp.h>
#include <stdarg.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <signal.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/spool.h"
#include "common/spool_files.h"

#define T0 UINT64_C(1800000000000)

static const struct tw_spool_limits small = {
	.octets = 4096, .age_ms = 60000, .segment_octets = 1024, .segment_ms = 5000
};

static int set_up(void **state)
{
	char *folder = strdup("/tmp/spool_test.XXXXXX");

	assert_non_null(mkdtemp(folder));
	*state = folder;
	return 0;
}

static int tear_down(void **state)
{
	char command[PATH_MAX];

	snprintf(command, sizeof(command), "rm -rf %s", (char *)*state);
	assert_int_equal(system(command), 0);
	free(*state);
	return 0;
}

static struct tw_spool *open_at(const char *folder, uint64_t now)
{
	struct tw_spool *spool = tw_spool_open(folder, &small, now);

	assert_non_null(spool);
	return spool;
}

/* Entry number i: 100 octets. */
static void put(struct tw_spool *spool, int i, uint64_t now)
{
	uint8_t entry[100];

	memset(entry, i, sizeof(entry));
	assert_int_equal(tw_spool_append(spool, entry, sizeof(entry), now), 0);
}

/* @return the next entry's number, -1 = none */
static int get(struct tw_spool_reader *reader)
{
	const uint8_t *data;
	size_t size;
	int rc = tw_spool_reader_next(reader, &data, &size);

	assert_in_range(rc, 0, 1);
	if (rc == 0)
		return -1;
	assert_int_equal(size, 100);
	for (size_t i = 1; i < size; i++)
		assert_int_equal(data[i], data[0]);
	return data[0];
}

static size_t segments(const char *folder)
{
	struct tw_spool_list list;

	assert_int_equal(tw_spool_list(folder, &list), 0);
	free(list.items);
	return list.n;
}

static void path_of(const char *folder, size_t i, char path[PATH_MAX])
{
	struct tw_spool_list list;

	assert_int_equal(tw_spool_list(folder, &list), 0);
	assert_in_range(i, 0, list.n - 1);
	assert_int_equal(tw_spool_path(path, folder, list.items[i].number), 0);
	free(list.items);
}

static void entries_come_in_order_across_segments_and_writers(void **state)
{
	struct tw_spool_reader *reader = tw_spool_reader_create(*state);
	struct tw_spool *spool = open_at(*state, T0);
	uint64_t first = tw_spool_epoch(spool);

	assert_int_equal(get(reader), -1);
	for (int i = 0; i < 20; i++)
		put(spool, i, T0);
	for (int i = 0; i < 5; i++)
		assert_int_equal(get(reader), i);
	tw_spool_close(spool);
	spool = open_at(*state, T0 - 1000); /* the clock went back */
	assert_true(tw_spool_epoch(spool) > first);
	for (int i = 20; i < 30; i++)
		put(spool, i, T0 - 1000);
	for (int i = 5; i < 30; i++)
		assert_int_equal(get(reader), i);
	assert_int_equal(get(reader), -1);
	assert_int_equal(tw_spool_reader_damaged(reader), 0);
	tw_spool_close(spool);
	tw_spool_reader_destroy(reader);
}

static void a_reader_goes_on_from_a_position(void **state)
{
	struct tw_spool_reader *reader = tw_spool_reader_create(*state), *other = tw_spool_reader_create(*state);
	struct tw_spool *spool = open_at(*state, T0);

	for (int i = 0; i < 20; i++)
		put(spool, i, T0);
	for (int i = 0; i < 12; i++)
		assert_int_equal(get(reader), i);
	tw_spool_reader_seek(other, tw_spool_reader_position(reader));
	assert_int_equal(get(other), 12);
	tw_spool_reader_seek(other, tw_spool_end(spool));
	assert_int_equal(get(other), -1);
	put(spool, 20, T0);
	assert_int_equal(get(other), 20);
	tw_spool_close(spool);
	tw_spool_reader_destroy(reader);
	tw_spool_reader_destroy(other);
}

static void what_is_released_goes_but_for_the_newest_segment(void **state)
{
	struct tw_spool_reader *reader = tw_spool_reader_create(*state);
	struct tw_spool *spool = open_at(*state, T0);
	uint64_t epoch = tw_spool_epoch(spool);

	for (int i = 0; i < 20; i++)
		put(spool, i, T0);
	assert_int_equal(segments(*state), 3);
	for (int i = 0; i < 20; i++)
		get(reader);
	tw_spool_release(*state, tw_spool_reader_position(reader));
	assert_int_equal(segments(*state), 1);
	tw_spool_close(spool);
	/* Numbers rise although the clock does not, and all is read. */
	spool = open_at(*state, 5);
	assert_true(tw_spool_epoch(spool) > epoch);
	put(spool, 21, 5);
	assert_int_equal(get(reader), 21);
	tw_spool_close(spool);
	tw_spool_reader_destroy(reader);
}

static void a_full_spool_loses_its_oldest_segment(void **state)
{
	struct tw_spool_reader *reader = tw_spool_reader_create(*state);
	struct tw_spool *spool = open_at(*state, T0);
	struct tw_spool_stats stats;

	for (int i = 0; i < 45; i++) /* 9 a segment */
		put(spool, i, T0);
	tw_spool_get_stats(spool, &stats);
	assert_in_range(stats.octets, 1, small.octets);
	assert_in_range(tw_spool_measure(*state), 1, small.octets);
	assert_int_equal(stats.dropped_full, 1);
	assert_int_equal(stats.failed, 0);
	assert_int_equal(get(reader), 9);
	for (int i = 10; i < 45; i++)
		assert_int_equal(get(reader), i);
	tw_spool_close(spool);
	tw_spool_reader_destroy(reader);
}

static void what_is_too_old_goes(void **state)
{
	struct tw_spool_reader *reader = tw_spool_reader_create(*state);
	struct tw_spool *spool = open_at(*state, T0);
	struct tw_spool_stats stats;

	put(spool, 1, T0);
	tw_spool_tick(spool, T0 + 6000);
	put(spool, 2, T0 + 6000); /* a segment of its own: the first is done by age */
	assert_int_equal(segments(*state), 2);
	tw_spool_tick(spool, T0 + 6000 + small.age_ms - 1);
	assert_int_equal(segments(*state), 2);
	tw_spool_tick(spool, T0 + 6000 + small.age_ms);
	assert_int_equal(segments(*state), 1);
	tw_spool_get_stats(spool, &stats);
	assert_int_equal(stats.dropped_old, 1);
	assert_int_equal(get(reader), 2);
	tw_spool_close(spool);
	tw_spool_reader_destroy(reader);
}

static void a_torn_end_is_waited_for_and_then_passed_over(void **state)
{
	struct tw_spool_reader *reader = tw_spool_reader_create(*state);
	struct tw_spool *spool = open_at(*state, T0);
	char path[PATH_MAX];
	struct tw_spool_position end;

	put(spool, 1, T0);
	put(spool, 2, T0);
	end = tw_spool_end(spool);
	tw_spool_close(spool); /* killed in the middle of a write */
	path_of(*state, 0, path);
	assert_int_equal(truncate(path, (off_t)end.offset - 40), 0);
	assert_int_equal(get(reader), 1);
	assert_int_equal(get(reader), -1);
	spool = open_at(*state, T0 + 10);
	assert_int_equal(get(reader), -1);
	put(spool, 3, T0 + 10);
	assert_int_equal(get(reader), 3);
	assert_int_equal(tw_spool_reader_damaged(reader), 108 - 40);
	tw_spool_close(spool);
	tw_spool_reader_destroy(reader);
}

static void poke(const char *path, off_t at, uint8_t value)
{
	int fd = open(path, O_WRONLY);

	assert_int_equal(pwrite(fd, &value, 1, at), 1);
	close(fd);
}

static void damage_is_seen_wherever_it_is(void **state)
{
	for (off_t at = 0; at < TW_SPOOL_HEADER + 108; at++) {
		struct tw_spool_reader *reader = tw_spool_reader_create(*state);
		struct tw_spool *spool = open_at(*state, T0);
		char path[PATH_MAX];
		size_t n = segments(*state);

		put(spool, 7, T0);
		path_of(*state, n, path);
		poke(path, at, 0xaa);
		tw_spool_tick(spool, T0 + 5000);
		put(spool, 8, T0 + 5000);
		tw_spool_reader_seek(reader, (struct tw_spool_position){ tw_spool_epoch(spool), 0 });
		assert_int_equal(get(reader), 8);
		assert_true(tw_spool_reader_damaged(reader) > 0);
		tw_spool_release(*state, tw_spool_end(spool));
		tw_spool_close(spool);
		tw_spool_reader_destroy(reader);
	}
}

/* The disk is full: no file may grow beyond a size. */
static void a_full_disk_makes_room_and_else_says_so(void **state)
{
	struct tw_spool_reader *reader = tw_spool_reader_create(*state);
	struct tw_spool *spool = open_at(*state, T0);
	const struct rlimit none = { 300, RLIM_INFINITY }, all = { RLIM_INFINITY, RLIM_INFINITY };
	struct tw_spool_stats stats;
	uint8_t entry[100] = { 0 };

	put(spool, 1, T0);
	put(spool, 2, T0);
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
	assert_int_not_equal(tw_spool_append(spool, entry, sizeof(entry), T0), 0); /* would end at octet 340 */
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &all), 0);
	tw_spool_get_stats(spool, &stats);
	assert_int_equal(stats.failed, 1);
	assert_int_not_equal(stats.error, 0);
	put(spool, 4, T0);
	tw_spool_get_stats(spool, &stats);
	assert_int_equal(stats.error, 0);
	assert_int_equal(get(reader), 1);
	assert_int_equal(get(reader), 2);
	assert_int_equal(get(reader), 4);
	assert_int_equal(tw_spool_reader_damaged(reader), 0);
	tw_spool_close(spool);
	tw_spool_reader_destroy(reader);
}

static void a_second_writer_is_refused(void **state)
{
	struct tw_spool *spool = open_at(*state, T0);

	assert_null(tw_spool_open(*state, &small, T0));
	assert_int_equal(errno, EBUSY);
	tw_spool_close(spool);
	tw_spool_close(open_at(*state, T0));
}

static void files_of_others_are_left_alone(void **state)
{
	struct tw_spool_reader *reader = tw_spool_reader_create(*state);
	struct tw_spool *spool;
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/ffffffffffffffff.segX", (char *)*state);
	close(open(path, O_CREAT | O_WRONLY, 0600));
	snprintf(path, sizeof(path), "%s/000000000000000Z.seg", (char *)*state);
	close(open(path, O_CREAT | O_WRONLY, 0600));
	spool = open_at(*state, T0);
	put(spool, 3, T0);
	assert_int_equal(segments(*state), 1);
	assert_int_equal(get(reader), 3);
	assert_int_equal(access(path, F_OK), 0);
	tw_spool_close(spool);
	tw_spool_reader_destroy(reader);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(entries_come_in_order_across_segments_and_writers, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_reader_goes_on_from_a_position, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_is_released_goes_but_for_the_newest_segment, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_full_spool_loses_its_oldest_segment, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_is_too_old_goes, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_torn_end_is_waited_for_and_then_passed_over, set_up, tear_down),
		cmocka_unit_test_setup_teardown(damage_is_seen_wherever_it_is, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_full_disk_makes_room_and_else_says_so, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_second_writer_is_refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(files_of_others_are_left_alone, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
