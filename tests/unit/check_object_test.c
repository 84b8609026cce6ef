/* SPDX-License-Identifier: Apache-2.0 */
/*
 * check_object_test.c - what is checked when an object is created or some of its fields are set, and what is mended instead of
 *                       refused.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <nanomsg/nn.h>

#include "proto/link/check.h"
#include "proto/link/link.h"

#define TEXT(literal) ((char *)(uintptr_t)(literal))

static bool check_set(Tw__Object *object, const char *const *fields, size_t n, struct tw_error *err)
{
	Tw__Envelope env = TW__ENVELOPE__INIT;
	Tw__Set set;
	char *names[4];

	for (size_t i = 0; i < n; i++)
		names[i] = TEXT(fields[i]);
	tw__set__init(&set);
	set.object = object;
	set.fields = names;
	set.n_fields = n;
	env.body_case = TW__ENVELOPE__BODY_SET;
	env.set = &set;
	return tw_check_envelope(&env, err);
}

static void a_set_is_checked_in_the_fields_it_names(void **state)
{
	static const char *const vlan[] = { "vlan" }, *const mtu[] = { "disabled", "mtu" },
				 *const unknown[] = { "colour" }, *const fixed[] = { "number" };
	Tw__Object object = TW__OBJECT__INIT;
	Tw__Vlan vlan_10;
	struct tw_error err;
	Tw__Port port;

	tw__vlan__init(&vlan_10);
	vlan_10.mode = TW__VLAN__MODE__ACCESS;
	vlan_10.access = 10;
	tw__port__init(&port);
	port.name = TEXT("web/eth0");
	port.vlan = &vlan_10;
	object.what_case = TW__OBJECT__WHAT_PORT;
	object.port = &port; /* without a network: it is not named */
	assert_true(check_set(&object, vlan, 1, &err));
	vlan_10.access = 5000;
	assert_false(check_set(&object, vlan, 1, &err));
	assert_string_equal(err.field, "port.vlan.access");
	assert_false(check_set(&object, unknown, 1, &err));
	assert_string_equal(err.field, "port.colour");
	assert_string_equal(err.text, "a port has no field \"colour\"");
	assert_false(check_set(&object, fixed, 1, &err));
	assert_string_equal(err.field, "port.number");
	assert_false(check_set(&object, mtu, 2, &err)); /* a network has it, a port has not */
	assert_string_equal(err.field, "port.mtu");
	assert_false(check_set(&object, vlan, 0, &err));
	assert_int_equal(err.code, TW_E_MISSING);
	port.name = TEXT("web");
	vlan_10.access = 10;
	assert_false(check_set(&object, vlan, 1, &err));
	assert_string_equal(err.field, "port.name");
	assert_false(check_set(NULL, vlan, 1, &err));
	assert_string_equal(err.field, "object");
}

static void a_create_needs_all_that_is_mandatory(void **state)
{
	Tw__Envelope env = TW__ENVELOPE__INIT;
	Tw__Object object = TW__OBJECT__INIT;
	Tw__Create create = TW__CREATE__INIT;
	Tw__Migration migration;
	struct tw_error err;
	Tw__Port port;

	tw__port__init(&port);
	port.name = TEXT("web/eth0");
	port.network = TEXT("blue");
	env.body_case = TW__ENVELOPE__BODY_CREATE;
	env.create = &create;
	assert_false(tw_check_envelope(&env, &err));
	assert_int_equal(err.code, TW_E_MISSING);
	create.object = &object;
	assert_false(tw_check_envelope(&env, &err));
	object.what_case = TW__OBJECT__WHAT_PORT;
	object.port = &port;
	assert_true(tw_check_envelope(&env, &err));
	port.network = TEXT("");
	assert_false(tw_check_envelope(&env, &err));
	assert_string_equal(err.field, "port.network");
	tw__migration__init(&migration);
	object.what_case = TW__OBJECT__WHAT_MIGRATION;
	object.migration = &migration;
	assert_false(tw_check_envelope(&env, &err));
	assert_int_equal(err.code, TW_E_UNEXPECTED);
}

static void sentences_are_made_fit_instead_of_refused(void **state)
{
	static char sentence[4096];
	Tw__Envelope env = TW__ENVELOPE__INIT, *got;
	Tw__Error error;
	struct tw_error err;
	size_t size;
	void *data;

	memset(sentence, 'x', sizeof(sentence) - 1);
	memcpy(sentence, "line\nend \x1b[2J \xff \xc3\xa4", 18);
	tw__error__init(&error);
	error.code = TW_E_VMM;
	error.text = sentence;
	env.version = TW_PROTO_VERSION;
	env.body_case = TW__ENVELOPE__BODY_ERROR;
	env.error = &error;
	data = tw_link_encode(&env, &size);
	assert_int_equal(tw_link_decode(data, size, &got, &err), 0);
	assert_memory_equal(got->error->text, "line end  [2J ? \xc3\xa4xxx", 21);
	assert_int_equal(strlen(got->error->text), 1023);
	tw__envelope__free_unpacked(got, NULL);
	nn_freemsg(data);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_set_is_checked_in_the_fields_it_names),
		cmocka_unit_test(a_create_needs_all_that_is_mandatory),
		cmocka_unit_test(sentences_are_made_fit_instead_of_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
