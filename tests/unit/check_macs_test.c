/* SPDX-License-Identifier: Apache-2.0 */
/* check_macs_test.c - what static MACs a port may have, and what one host may say of learned ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "proto/link/check.h"

enum { MOST = TW_STATIC_MACS_MAX };

static uint8_t macs[MOST + 1][6];
static ProtobufCBinaryData list[MOST + 1];
static Tw__Port port;

static int make(void **state)
{
	static char name[] = "web/eth0", network[] = "blue";

	tw__port__init(&port);
	port.name = name;
	port.network = network;
	port.static_macs = list;
	for (int i = 0; i <= MOST; i++) {
		memcpy(macs[i], (const uint8_t[6]){ 2, 0, 0, 0, 1, (uint8_t)i }, 6);
		list[i] = (ProtobufCBinaryData){ 6, macs[i] };
	}
	return 0;
}

static void refused(enum tw_api_error code, const char *field)
{
	struct tw_error err = { 0 };

	assert_false(tw_check_port(&port, &err));
	assert_int_equal(err.code, code);
	assert_string_equal(err.field, field);
}

static void a_port_has_at_most_so_many_static_macs(void **state)
{
	struct tw_error err = { 0 };

	port.n_static_macs = MOST;
	assert_true(tw_check_port(&port, &err));
	port.n_static_macs = MOST + 1;
	refused(TW_E_INVALID, "port.static_macs");
}

static void a_static_mac_is_one_that_a_port_can_have(void **state)
{
	port.n_static_macs = 2;
	macs[1][0] = 3;
	refused(TW_E_INVALID, "port.static_macs[1]");
	macs[1][0] = 2;
	list[1].len = 5;
	refused(TW_E_INVALID, "port.static_macs[1]");
}

static void a_static_mac_is_named_once_and_is_not_the_ports_own(void **state)
{
	port.n_static_macs = 2;
	list[1] = list[0];
	refused(TW_E_DUPLICATE, "port.static_macs[1]");
	list[1].data = macs[1];
	port.mac = list[1];
	refused(TW_E_DUPLICATE, "port.static_macs[1]");
}

static const char *why_refused(const Tw__Envelope *env)
{
	static struct tw_error err;

	err = (struct tw_error){ 0 };
	return tw_check_envelope((Tw__Envelope *)(uintptr_t)env, &err) ? "" : err.field;
}

/* What an agent tells the controller of its switch, and an agent its switch of the others. */
static void learned_macs_are_ones_that_a_guest_can_have(void **state)
{
	enum { TOO_MANY = 16385 };
	static Tw__MacPlace *many[TOO_MANY];
	Tw__Envelope report = TW__ENVELOPE__INIT, exchange = TW__ENVELOPE__INIT;
	Tw__Report body;
	Tw__ExchangeMacs ask = TW__EXCHANGE_MACS__INIT;
	Tw__MacChanges changes = TW__MAC_CHANGES__INIT;
	Tw__MacPlace place = TW__MAC_PLACE__INIT;
	char host[] = "a";

	tw__report__init(&body);
	body.host = host;
	body.learned = ask.remote = &changes;
	report.version = exchange.version = 1;
	report.body_case = TW__ENVELOPE__BODY_REPORT;
	report.report = &body;
	exchange.body_case = TW__ENVELOPE__BODY_EXCHANGE_MACS;
	exchange.exchange_macs = &ask;
	for (size_t i = 0; i < TOO_MANY; i++)
		many[i] = &place;
	changes.macs = many;
	changes.n_macs = TOO_MANY - 1;
	place.mac = list[0];
	place.vlan = 4094;
	place.port = INT32_MAX;
	assert_string_equal(why_refused(&report), "");
	assert_string_equal(why_refused(&exchange), "");
	changes.n_macs = TOO_MANY;
	assert_string_equal(why_refused(&report), "report.learned.macs");
	assert_string_equal(why_refused(&exchange), "exchange_macs.remote.macs");
	changes.n_macs = 1;
	place.vlan = 4095;
	assert_string_equal(why_refused(&report), "report.learned.macs[0].vlan");
	place.vlan = 0;
	place.port = UINT32_MAX;
	assert_string_equal(why_refused(&exchange), "exchange_macs.remote.macs[0].port");
	place.port = 0;
	assert_string_equal(why_refused(&exchange), "");
	macs[0][0] = 3; /* a group's */
	assert_string_equal(why_refused(&report), "report.learned.macs[0].mac");
	memset(macs[0], 0, sizeof(macs[0]));
	assert_string_equal(why_refused(&report), "report.learned.macs[0].mac");
	place.mac.len = 0;
	assert_string_equal(why_refused(&exchange), "exchange_macs.remote.macs[0].mac");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_port_has_at_most_so_many_static_macs, make),
		cmocka_unit_test_setup(a_static_mac_is_one_that_a_port_can_have, make),
		cmocka_unit_test_setup(a_static_mac_is_named_once_and_is_not_the_ports_own, make),
		cmocka_unit_test_setup(learned_macs_are_ones_that_a_guest_can_have, make),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
