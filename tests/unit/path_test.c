/* SPDX-License-Identifier: Apache-2.0 */
/* path_test.c - where the run directory is, and files that are replaced whole or not at all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/path.h"

struct bed {
	char dir[64], path[128];
};

static int setup(void **state)
{
	struct bed *bed = calloc(1, sizeof(*bed));

	assert_non_null(bed);
	snprintf(bed->dir, sizeof(bed->dir), "/tmp/tw-path-test.XXXXXX");
	assert_non_null(mkdtemp(bed->dir));
	snprintf(bed->path, sizeof(bed->path), "%s/file", bed->dir);
	*state = bed;
	return 0;
}

static int teardown(void **state)
{
	struct bed *bed = *state;

	unlink(bed->path);
	assert_int_equal(rmdir(bed->dir), 0); /* also: no temporary file was left */
	free(bed);
	return 0;
}

static void the_option_goes_before_the_environment(void **state)
{
	setenv("TW_RUN_DIR", "/from/env", 1);
	assert_string_equal(tw_run_dir("/from/option"), "/from/option");
	assert_string_equal(tw_run_dir(NULL), "/from/env");
	setenv("TW_RUN_DIR", "", 1);
	assert_string_equal(tw_run_dir(NULL), TW_RUN_DIR_DEFAULT);
	unsetenv("TW_RUN_DIR");
	assert_string_equal(tw_run_dir(NULL), TW_RUN_DIR_DEFAULT);
}

static void a_path_that_does_not_fit_is_refused_not_cut(void **state)
{
	char out[8];

	assert_int_equal(tw_path(out, sizeof(out), "%s/%u", "/abcd", 1u), 0);
	assert_string_equal(out, "/abcd/1");
	assert_int_equal(tw_path(out, sizeof(out), "%s/%u", "/abcd", 12u), -ENAMETOOLONG);
	assert_string_equal(out, "");
}

static void folders_are_made_with_their_parents(void **state)
{
	struct bed *bed = *state;
	char deep[160], up[160];
	struct stat st;

	snprintf(deep, sizeof(deep), "%s/a/b", bed->dir);
	snprintf(up, sizeof(up), "%s/a", bed->dir);
	assert_int_equal(tw_mkdirs(deep), 0);
	assert_int_equal(tw_mkdirs(deep), 0); /* again is no error */
	assert_int_equal(stat(deep, &st), 0);
	assert_true(S_ISDIR(st.st_mode));
	assert_int_equal(st.st_mode & 0007, 0);
	rmdir(deep);
	rmdir(up);
}

static void a_file_where_a_folder_must_be_is_an_error(void **state)
{
	struct bed *bed = *state;
	char below[160];

	snprintf(below, sizeof(below), "%s/below", bed->path);
	assert_int_equal(tw_write_file(bed->path, "x", 1), 0);
	assert_int_equal(tw_mkdirs(below), -ENOTDIR);
	assert_int_equal(tw_mkdirs(bed->path), -ENOTDIR);
}

static void what_is_written_is_read(void **state)
{
	static const char octets[] = "a\0b\xff";
	struct bed *bed = *state;
	size_t size;
	void *data;

	assert_int_equal(tw_write_file(bed->path, octets, sizeof(octets)), 0);
	assert_int_equal(tw_read_file(bed->path, 100, &data, &size), 0);
	assert_int_equal(size, sizeof(octets));
	assert_memory_equal(data, octets, size);
	free(data);
	assert_int_equal(tw_write_file(bed->path, "", 0), 0);
	assert_int_equal(tw_read_file(bed->path, 100, &data, &size), 0);
	assert_int_equal(size, 0);
	assert_string_equal(data, "");
	free(data);
}

static void a_file_over_the_limit_is_not_read(void **state)
{
	struct bed *bed = *state;
	size_t size;
	void *data;

	assert_int_equal(tw_write_file(bed->path, "12345", 5), 0);
	assert_int_equal(tw_read_file(bed->path, 5, &data, &size), 0);
	free(data);
	assert_int_equal(tw_read_file(bed->path, 4, &data, &size), -EFBIG);
	assert_int_equal(tw_read_file(bed->dir, 4096, &data, &size), -EFBIG); /* no regular file */
	assert_int_equal(tw_read_file("/no/such/file", 5, &data, &size), -ENOENT);
}

static void a_write_that_fails_leaves_the_old_file(void **state)
{
	struct bed *bed = *state;
	char tmp[160];
	size_t size;
	void *data;

	assert_int_equal(tw_write_file(bed->path, "old", 3), 0);
	snprintf(tmp, sizeof(tmp), "%s.tmp", bed->path);
	assert_int_equal(mkdir(tmp, 0700), 0); /* where the temporary file would be */
	assert_int_equal(tw_write_file(bed->path, "new", 3), -EISDIR);
	assert_int_equal(rmdir(tmp), 0);
	assert_int_equal(tw_read_file(bed->path, 100, &data, &size), 0);
	assert_string_equal(data, "old");
	free(data);
}

#define CLAIM(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CLAIM(the_option_goes_before_the_environment),
		CLAIM(a_path_that_does_not_fit_is_refused_not_cut),
		CLAIM(folders_are_made_with_their_parents),
		CLAIM(a_file_where_a_folder_must_be_is_an_error),
		CLAIM(what_is_written_is_read),
		CLAIM(a_file_over_the_limit_is_not_read),
		CLAIM(a_write_that_fails_leaves_the_old_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
