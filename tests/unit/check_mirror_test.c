/* SPDX-License-Identifier: Apache-2.0 */
/* check_mirror_test.c - how many files a mirror may have, and of what size. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "proto/link/check.h"

static Tw__Mirror mirror;

static int make(void **state)
{
	static char name[] = "m1", vm[] = "web", file[] = "web.pcapng", *vms[] = { vm };

	tw__mirror__init(&mirror);
	mirror.name = name;
	mirror.vms = vms;
	mirror.n_vms = 1;
	mirror.file = file;
	mirror.files = 3;
	return 0;
}

static void accepted(void)
{
	struct tw_error err = { 0 };

	if (!tw_check_mirror(&mirror, &err))
		fail_msg("%s: %s", err.field, err.text);
}

static void refused(const char *field, const char *text)
{
	struct tw_error err = { 0 };

	assert_false(tw_check_mirror(&mirror, &err));
	assert_string_equal(err.field, field);
	assert_string_equal(err.text, text);
}

static void there_are_at_most_so_many_files_for_at_most_so_long(void **state)
{
	mirror.files = TW_MIRROR_FILES_MAX;
	mirror.file_seconds = TW_MIRROR_FILE_SECONDS_MAX;
	accepted();
	mirror.files++;
	refused("mirror.files", "10000 is not a number of files (1..9999, 0 = all)");
	mirror.files--;
	mirror.file_seconds++;
	refused("mirror.file_seconds", "604801 is not a time in seconds (1..604800, 0 = any)");
}

static void one_of_several_files_is_not_tiny(void **state)
{
	mirror.max_bytes = TW_MIRROR_FILE_BYTES_MIN - 1;
	refused("mirror.max_bytes", "one of several files has at least 65536 octets");
	mirror.max_bytes++;
	accepted();
	mirror.max_bytes = 1000;
	mirror.files = 0;
	accepted();
	mirror.file_seconds = 10;
	refused("mirror.max_bytes", "one of several files has at least 65536 octets");
}

static void only_a_mirror_into_files_has_several(void **state)
{
	static char none[] = "", port[] = "ids/eth0";

	mirror.file = none;
	mirror.to_port = port;
	refused("mirror.files", "only a mirror into files has several of them");
	mirror.files = 0;
	mirror.file_seconds = 10;
	refused("mirror.file_seconds", "only a mirror into files has several of them");
	mirror.file_seconds = 0;
	accepted();
}

static void a_change_of_files_need_not_name_the_file(void **state)
{
	static char set[] = "files", size[] = "max_bytes", *fields[] = { set, size };
	Tw__Object object = TW__OBJECT__INIT;
	Tw__Set change = TW__SET__INIT;
	Tw__Envelope envelope = TW__ENVELOPE__INIT;
	struct tw_error err = { 0 };

	mirror.file = (char *)(uintptr_t)protobuf_c_empty_string;
	mirror.max_bytes = 1 << 20;
	object.what_case = TW__OBJECT__WHAT_MIRROR;
	object.mirror = &mirror;
	change.object = &object;
	change.fields = fields;
	change.n_fields = 2;
	envelope.body_case = TW__ENVELOPE__BODY_SET;
	envelope.set = &change;
	assert_true(tw_check_envelope(&envelope, &err));
	mirror.max_bytes = 1;
	assert_false(tw_check_envelope(&envelope, &err));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(there_are_at_most_so_many_files_for_at_most_so_long, make),
		cmocka_unit_test_setup(one_of_several_files_is_not_tiny, make),
		cmocka_unit_test_setup(a_change_of_files_need_not_name_the_file, make),
		cmocka_unit_test_setup(only_a_mirror_into_files_has_several, make),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
