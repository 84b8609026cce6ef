/* SPDX-License-Identifier: Apache-2.0 */
/* mac_log_test.c - changes of MACs' places: who asks in pieces, late, or never again, has the truth in the end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/mac_log.h"

enum { MACS = 500, VLAN = 10 };

static struct tw_mac_log *mac_log;

static int setup(void **state)
{
	mac_log = tw_mac_log_create();
	assert_non_null(mac_log);
	return 0;
}

static int teardown(void **state)
{
	tw_mac_log_destroy(mac_log);
	return 0;
}

static void set(uint64_t mac, uint32_t port)
{
	assert_true(tw_mac_log_set(mac_log, &(const struct tw_mac_place){ mac, VLAN, port }));
}

/* Somebody who is told. */
struct reader {
	uint64_t known;
	uint32_t port[MACS];
	unsigned told, most, resyncs;
};

static bool take(void *arg, const struct tw_mac_place *place)
{
	struct reader *r = arg;

	if (r->told == r->most)
		return false;
	assert_int_equal(place->vlan, VLAN);
	r->port[place->mac % MACS] = place->port;
	r->told++;
	return true;
}

/* @return how many changes there were */
static unsigned ask(struct reader *r, unsigned most)
{
	if (!tw_mac_log_knows(mac_log, r->known)) {
		memset(r->port, 0, sizeof(r->port));
		r->known = 0;
		r->resyncs++;
	}
	r->told = 0;
	r->most = most;
	r->known = tw_mac_log_since(mac_log, r->known, take, r);
	return r->told;
}

static void changes_are_told_once_and_the_last_one_counts(void **state)
{
	struct reader r = { 0 };

	set(1, 5);
	set(2, 6);
	assert_int_equal(ask(&r, 100), 2);
	assert_int_equal(ask(&r, 100), 0);
	set(1, 7);
	set(1, 8);
	set(2, 6); /* none */
	assert_int_equal(ask(&r, 100), 1);
	assert_int_equal(r.port[1], 8);
	set(2, 0);
	set(3, 0); /* never was */
	assert_int_equal(tw_mac_log_count(mac_log), 1);
	assert_int_equal(ask(&r, 100), 1);
	assert_int_equal(r.port[2], 0);
	assert_int_equal(r.known, tw_mac_log_last(mac_log));
}

static void from_the_beginning_is_what_is_there(void **state)
{
	struct reader r = { 0 };

	set(1, 5);
	set(2, 6);
	set(1, 0);
	assert_int_equal(ask(&r, 100), 1);
	assert_int_equal(r.port[2], 6);
	assert_int_equal(ask(&r, 100), 0);
}

static void vlans_are_told_apart(void **state)
{
	set(1, 5);
	assert_true(tw_mac_log_set(mac_log, &(const struct tw_mac_place){ 1, VLAN + 1, 6 }));
	assert_int_equal(tw_mac_log_count(mac_log), 2);
}

static void who_comes_too_late_or_from_elsewhere_begins_anew(void **state)
{
	struct reader r = { 0 };

	set(1, 5);
	ask(&r, 100);
	for (uint64_t mac = 1000; mac < 1000 + TW_MAC_LOG_GONE + 10; mac++) {
		set(mac, 9);
		set(mac, 0);
	}
	assert_false(tw_mac_log_knows(mac_log, r.known));
	assert_int_equal(ask(&r, 100), 1);
	assert_int_equal(r.resyncs, 1);
	assert_int_equal(r.port[1], 5);
	assert_false(tw_mac_log_knows(mac_log, tw_mac_log_last(mac_log) + 1));
	assert_int_equal(tw_mac_log_count(mac_log), 1);
}

/* Three readers, one of them slow, one lost for long: all know the same when it is quiet, and it is the truth. */
static void at_any_pace_all_know_the_truth_in_the_end(void **state)
{
	struct reader quick = { 0 }, slow = { 0 }, lost = { 0 };
	uint32_t truth[MACS] = { 0 }, random = 1;

	for (unsigned n = 0; n < 200000; n++) {
		uint64_t mac;

		random = random * 1664525 + 1013904223;
		mac = (random >> 8) % MACS;
		truth[mac] = random >> 24 & 3;
		set(mac, truth[mac]);
		if (n % 10 == 0)
			ask(&quick, 1000);
		if (n % 50 == 0)
			ask(&slow, 7);
		if (n % 70000 == 0)
			ask(&lost, 1000);
	}
	while (ask(&slow, 7) == 7)
		;
	ask(&quick, 1000);
	ask(&lost, 1000);
	assert_memory_equal(quick.port, truth, sizeof(truth));
	assert_memory_equal(slow.port, truth, sizeof(truth));
	assert_memory_equal(lost.port, truth, sizeof(truth));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define LOG_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		LOG_TEST(changes_are_told_once_and_the_last_one_counts),
		LOG_TEST(from_the_beginning_is_what_is_there),
		LOG_TEST(vlans_are_told_apart),
		LOG_TEST(who_comes_too_late_or_from_elsewhere_begins_anew),
		LOG_TEST(at_any_pace_all_know_the_truth_in_the_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
