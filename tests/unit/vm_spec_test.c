/* SPDX-License-Identifier: Apache-2.0 */
/* vm_spec_test.c - guest specifications survive their file, and a file that was tampered with is refused. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/mac.h"
#include "common/path.h"
#include "hypervisor-hooks/launch.h"
#include "hypervisor-hooks/vm_files.h"
#include "hypervisor-hooks/vm_spec.h"

#define UUID "123e4567-e89b-42d3-a456-426614174000"
/* What every specification below begins with; the tests put one more member behind it. */
#define NEEDED "\"version\": 1, \"name\": \"web\", \"uuid\": \"" UUID "\", \"memory_mib\": 192, \"cpus\": 1"
#define BOOTS  NEEDED ", \"kernel\": \"/k\""

static Tw__VmSpec *parse(const char *text, struct tw_error *err)
{
	*err = (struct tw_error){ 0 };
	return tw_vm_spec_parse(text, strlen(text), err);
}

static void a_specification_survives_a_round_trip(void **state)
{
	static const char text[] = "{\n"
				   "  \"version\": 1,\n"
				   "  \"name\": \"web\",\n"
				   "  \"uuid\": \"" UUID "\",\n"
				   "  \"memory_mib\": 192,\n"
				   "  \"cpus\": 1,\n"
				   "  \"kernel\": \"/k/vmlinuz\",\n"
				   "  \"append\": \"console=ttyS0 \\\"x\\\"\",\n"
				   "  \"disk\": \"/d/\u00e4.qcow2\",\n"
				   "  \"ports\": [\n"
				   "    \"web/eth0\",\n"
				   "    \"web/eth1\"\n"
				   "  ],\n"
				   "  \"queues\": 4,\n"
				   "  \"packed\": true,\n"
				   "  \"iommu\": true,\n"
				   "  \"extra\": [\n"
				   "    \"-device\",\n"
				   "    \"%r/%n%%\"\n"
				   "  ]\n"
				   "}\n";
	struct tw_error err;
	Tw__VmSpec *spec = parse(text, &err);
	char *again;

	assert_string_equal(err.text, "");
	assert_non_null(spec);
	assert_string_equal(spec->name, "web");
	assert_string_equal(spec->initrd, "");
	assert_int_equal(spec->n_ports, 2);
	assert_string_equal(spec->ports[1], "web/eth1");
	again = tw_vm_spec_format(spec);
	assert_string_equal(again, text);
	free(again);
	tw_vm_spec_free(spec);
}

static void a_hostile_file_is_refused_by_the_field_that_is_wrong(void **state)
{
	static const struct {
		const char *text, *field;
	} cases[] = {
		{ "", "" },
		{ "[]", "" },
		{ "{}", "version" },
		{ "{\"version\": 2}", "version" },
		{ "{\"version\": 1, \"version\": 1}", "" },
		{ "{" NEEDED "}", "kernel" },
		{ "{" NEEDED ", \"disk\": \"/d\", \"append\": \"x\"}", "kernel" },
		{ "{" BOOTS ", \"memory_mib\": 0}", "" },
		{ "{" BOOTS ", \"disk\": \"relative\"}", "disk" },
		{ "{" BOOTS ", \"disk\": 5}", "disk" },
		{ "{" BOOTS ", \"disk\": \"/a\\u0000b\"}", "" },
		{ "{" BOOTS ", \"append\": \"a\\nb\"}", "append" },
		{ "{" BOOTS ", \"unknown\": 1}", "" },
		{ "{" BOOTS ", \"queues\": 17}", "queues" },
		{ "{" BOOTS ", \"packed\": 1}", "packed" },
		{ "{" BOOTS ", \"iommu\": \"yes\"}", "iommu" },
		{ "{" BOOTS ", \"ports\": {}}", "ports" },
		{ "{" BOOTS ", \"ports\": [1]}", "ports" },
		{ "{" BOOTS ", \"ports\": [\"noslash\"]}", "ports" },
		{ "{" BOOTS ", \"ports\": [\"a/b\", \"a/b\"]}", "ports" },
		{ "{" BOOTS ", \"ports\": [\"a/1\",\"a/2\",\"a/3\",\"a/4\",\"a/5\",\"a/6\",\"a/7\",\"a/8\",\"a/9\"]}",
		  "ports" },
		{ "{" BOOTS ", \"extra\": [\"%x\"]}", "extra" },
		{ "{" BOOTS ", \"extra\": [\"100%\"]}", "extra" },
		{ "{\"version\": 1, \"name\": \"../etc\", \"kernel\": \"/k\"}", "name" },
		{ "{\"version\": 1, \"name\": \"-n\", \"kernel\": \"/k\"}", "name" },
		{ "{\"version\": 1, \"name\": \"web\", \"kernel\": \"/k\"}", "uuid" },
		{ "{\"version\": 1, \"name\": \"web\", \"uuid\": \"12\"}", "uuid" },
		{ "{\"version\": 1, \"name\": \"web\", \"uuid\": \"" UUID "\", \"memory_mib\": 1, \"cpus\": 1}",
		  "memory_mib" },
		{ "{\"version\": 1, \"name\": \"web\", \"uuid\": \"" UUID "\", \"memory_mib\": -1}", "memory_mib" },
		{ "{\"version\": 1, \"name\": \"web\", \"uuid\": \"" UUID "\", \"memory_mib\": 9e99}", "memory_mib" },
		{ "{\"version\": 1, \"name\": \"web\", \"uuid\": \"" UUID "\", \"memory_mib\": 64, \"cpus\": 256}",
		  "cpus" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct tw_error err;

		print_message("%s\n", cases[i].text);
		assert_null(parse(cases[i].text, &err));
		assert_true(err.code > 0 && *err.text);
		assert_string_equal(err.field, cases[i].field);
	}
}

static void deep_nesting_is_refused(void **state)
{
	static char text[100000];
	struct tw_error err;

	memset(text, '[', sizeof(text) - 1);
	assert_null(parse(text, &err));
	assert_int_equal(err.code, TW_E_MALFORMED);
}

static void the_file_is_found_again_and_forgotten(void **state)
{
	char dir[] = "/tmp/tw-vm-spec.XXXXXX", path[200];
	struct tw_error err = { 0 };
	Tw__VmSpec *spec = parse("{" BOOTS "}", &err), *again;

	assert_non_null(mkdtemp(dir));
	assert_int_equal(tw_path(path, sizeof(path), "%s/vm", dir), 0);
	assert_int_equal(tw_mkdirs(path), 0);
	assert_null(tw_vm_spec_load(dir, "web", &err));
	assert_int_equal(err.code, TW_E_NOT_FOUND);
	assert_int_equal(tw_vm_spec_save(dir, spec), 0);
	again = tw_vm_spec_load(dir, "web", &err);
	assert_non_null(again);
	assert_string_equal(again->kernel, "/k");
	assert_int_equal(tw_vm_pid(dir, "web"), 0);
	assert_null(tw_vm_spec_load(dir, "../vm/web", &err));
	assert_int_equal(err.code, TW_E_INVALID);
	tw_vm_forget(dir, "web");
	assert_null(tw_vm_spec_load(dir, "web", &err));
	tw_vm_spec_free(spec);
	tw_vm_spec_free(again);
	rmdir(path);
	rmdir(dir);
}

static void a_file_under_another_guests_name_is_refused(void **state)
{
	char dir[] = "/tmp/tw-vm-spec.XXXXXX", path[200];
	struct tw_error err = { 0 };

	assert_non_null(mkdtemp(dir));
	assert_int_equal(tw_path(path, sizeof(path), "%s/vm", dir), 0);
	assert_int_equal(tw_mkdirs(path), 0);
	assert_int_equal(tw_path(path, sizeof(path), "%s/vm/db.json", dir), 0);
	assert_int_equal(tw_write_file(path, "{" BOOTS "}", strlen("{" BOOTS "}")), 0);
	assert_null(tw_vm_spec_load(dir, "db", &err));
	assert_string_equal(err.field, "name");
	unlink(path);
	*strrchr(path, '/') = '\0';
	rmdir(path);
	rmdir(dir);
}

static void the_command_line_starts_the_same_guest(void **state)
{
	static const char *const expected[] = { "tw-vm",  "run",        "web",          "--run-dir",  "/run/b",
						"--uuid", UUID,         "--memory=192", "--cpus=1",   "--port",
						"a/b",    "--queues=2", "--packed",     "--iommu",    "--kernel",
						"/k",     "--append",   "-x",           "--incoming", "tcp:h:0",
						"--",     "-device",    "%r",           NULL };
	struct tw_error err;
	Tw__VmSpec *spec = parse(
		"{" BOOTS
		", \"append\": \"-x\", \"ports\": [\"a/b\"], \"queues\": 2, \"packed\": true, \"iommu\": true, \"extra\": [\"-device\", \"%r\"]}",
		&err);
	char **args = tw_vm_spec_run_args(spec, "/run/b", "tcp:h:0");

	for (size_t i = 0; expected[i]; i++)
		assert_string_equal(args[i], expected[i]);
	assert_null(args[sizeof(expected) / sizeof(*expected) - 1]);
	tw_vm_args_free(args);
	tw_vm_spec_free(spec);
}

static void the_port_qemu_took_goes_into_the_uri(void **state)
{
	char uri[32] = "";

	assert_int_equal(tw_vm_uri_with_port("tcp:192.0.2.1:0", "40123", uri, sizeof(uri)), 0);
	assert_string_equal(uri, "tcp:192.0.2.1:40123");
	assert_int_equal(tw_vm_uri_with_port("tcp:[2001:db8::1]:0", "1", uri, sizeof(uri)), 0);
	assert_string_equal(uri, "tcp:[2001:db8::1]:1");
	assert_int_equal(tw_vm_uri_with_port("tcp:0", "1", uri, sizeof(uri)), -EINVAL);
	assert_int_equal(tw_vm_uri_with_port("unix:/a:0", "1", uri, sizeof(uri)), -EINVAL);
	assert_int_equal(tw_vm_uri_with_port("tcp:a:0", "0", uri, sizeof(uri)), -EINVAL);
	assert_int_equal(tw_vm_uri_with_port("tcp:a:0", "65536", uri, sizeof(uri)), -EINVAL);
	assert_int_equal(tw_vm_uri_with_port("tcp:a:0", "1 ", uri, sizeof(uri)), -EINVAL);
}

static void the_log_tail_is_one_line_without_control_characters(void **state)
{
	static const char log[] = "dropped, since only the end counts\none\ntwo\33[m\n\n";
	char dir[] = "/tmp/tw-vm-spec.XXXXXX", path[200], tail[64];

	assert_non_null(mkdtemp(dir));
	assert_int_equal(tw_path(path, sizeof(path), "%s/vm", dir), 0);
	assert_int_equal(tw_mkdirs(path), 0);
	assert_string_equal(tw_vm_log_tail(tail, sizeof(tail), dir, "web"), "");
	assert_int_equal(tw_path(path, sizeof(path), "%s/vm/web.log", dir), 0);
	assert_int_equal(tw_write_file(path, log, strlen(log)), 0);
	assert_string_equal(tw_vm_log_tail(tail, sizeof(tail), dir, "web"), "only the end counts; one; two [m");
	unlink(path);
	*strrchr(path, '/') = '\0';
	rmdir(path);
	rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_specification_survives_a_round_trip),
		cmocka_unit_test(a_hostile_file_is_refused_by_the_field_that_is_wrong),
		cmocka_unit_test(deep_nesting_is_refused),
		cmocka_unit_test(the_file_is_found_again_and_forgotten),
		cmocka_unit_test(a_file_under_another_guests_name_is_refused),
		cmocka_unit_test(the_command_line_starts_the_same_guest),
		cmocka_unit_test(the_port_qemu_took_goes_into_the_uri),
		cmocka_unit_test(the_log_tail_is_one_line_without_control_characters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
