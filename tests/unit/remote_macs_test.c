/* SPDX-License-Identifier: Apache-2.0 */
/* remote_macs_test.c - MACs behind ports of other hosts in a switch's table: who believes whom, and what the controller is told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "dataplane/learning.h"

enum { A = 3, B = 4, VLAN = 10, AGE = 60000, FAR = 77, FARTHER = 78 };

static struct tw_learning *l;
static struct tw_fdb *fdb;
static uint32_t now;

static int setup(void **state)
{
	const struct tw_learn_policy guest = { TW_LEARN_ALL, 30, 100, AGE }, wire = { TW_LEARN_ALL, 0, 100, AGE };

	now = UINT32_MAX - 1000; /* the clock wraps on the way */
	l = tw_learning_create();
	assert_non_null(l);
	fdb = tw_learning_build(l);
	tw_learning_set(l, A, &guest);
	tw_learning_set(l, TW_FDB_WIRE, &wire);
	return 0;
}

static int teardown(void **state)
{
	free(fdb);
	tw_learning_destroy(l);
	return 0;
}

static const struct tw_fdb_entry *entry(uint64_t mac)
{
	struct tw_fdb *next = tw_learning_build(l);

	if (next) {
		free(fdb);
		fdb = next;
	}
	return tw_fdb_find(fdb, mac, VLAN);
}

static void expect(uint64_t mac, int slot, uint32_t number)
{
	const struct tw_fdb_entry *e = entry(mac);

	assert_int_equal(e ? e->slot : -1, slot);
	assert_int_equal(e ? e->number : 0, number);
}

static enum tw_learned remote(uint64_t mac, uint32_t number)
{
	return tw_learning_remote(l, mac, VLAN, number, now);
}

static enum tw_learned hear(uint16_t slot, uint64_t mac)
{
	return tw_learning_heard(l, slot, mac, VLAN, now);
}

static void it_is_there_until_the_controller_says_otherwise(void **state)
{
	assert_int_equal(remote(1, FAR), TW_LEARNED_NEW);
	expect(1, TW_FDB_REMOTE, FAR);
	now += 10 * AGE;
	tw_learning_age(l, now);
	expect(1, TW_FDB_REMOTE, FAR);
	remote(1, FARTHER);
	expect(1, TW_FDB_REMOTE, FARTHER);
	assert_true(tw_fdb_bit(fdb->changed, tw_fdb_hash(1))); /* records name the port */
	remote(1, FARTHER);
	assert_null(tw_learning_build(l));
	remote(1, 0);
	expect(1, -1, 0);
	remote(1, 0);
	assert_null(tw_learning_build(l));
}

static void it_is_known_since_it_was_said_first(void **state)
{
	const struct tw_fdb_entry *e;

	remote(1, FAR);
	now += 5000;
	remote(1, FARTHER);
	e = entry(1);
	assert_int_equal(now - atomic_load(&fdb->seen[e->index]), 5000);
}

static void of_the_wire_it_is_the_better_word(void **state)
{
	hear(TW_FDB_WIRE, 1);
	remote(1, FAR);
	expect(1, TW_FDB_REMOTE, FAR);
	assert_int_equal(hear(TW_FDB_WIRE, 1), TW_LEARNED_NOTHING);
	expect(1, TW_FDB_REMOTE, FAR);
}

static void the_newest_of_here_and_there_is_believed(void **state)
{
	hear(A, 1);
	assert_int_equal(remote(1, FAR), TW_LEARNED_MOVED);
	expect(1, TW_FDB_REMOTE, FAR);
	assert_int_equal(tw_learning_stats(l, A).macs, 0);
	assert_int_equal(hear(A, 1), TW_LEARNED_MOVED);
	expect(1, A, 30);
	assert_int_equal(remote(1, 0), TW_LEARNED_NOTHING); /* that word is of another place */
	expect(1, A, 30);
}

static void claimed_in_turn_it_stays_where_it_was(void **state)
{
	hear(A, 1);
	remote(1, FAR);
	hear(A, 1);
	remote(1, FAR);
	assert_int_equal(hear(A, 1), TW_LEARNED_FLAPPED);
	expect(1, A, 30);
	for (int i = 0; i < 29; i++) {
		now += 1000;
		assert_int_equal(remote(1, FAR), TW_LEARNED_NOTHING);
	}
	expect(1, A, 30);
	now += 1000;
	assert_int_equal(remote(1, FAR), TW_LEARNED_MOVED);
	expect(1, TW_FDB_REMOTE, FAR);
}

static void a_guest_here_takes_no_remote_mac_for_long_either(void **state)
{
	remote(1, FAR);
	hear(A, 1);
	remote(1, FAR);
	hear(A, 1);
	remote(1, FAR);
	expect(1, TW_FDB_REMOTE, FAR);
	assert_int_equal(hear(A, 1), TW_LEARNED_NOTHING);
	expect(1, TW_FDB_REMOTE, FAR);
}

static void what_is_not_said_again_is_gone(void **state)
{
	for (uint64_t mac = 1; mac <= 4; mac++)
		remote(mac, FAR);
	hear(A, 9);
	entry(1);
	tw_learning_remote_begin(l);
	remote(2, FAR);
	remote(3, FARTHER);
	expect(1, TW_FDB_REMOTE, FAR); /* until all has been said */
	tw_learning_remote_end(l);
	expect(1, -1, 0);
	expect(2, TW_FDB_REMOTE, FAR);
	assert_false(tw_fdb_bit(fdb->changed, tw_fdb_hash(2)));
	expect(3, TW_FDB_REMOTE, FARTHER);
	expect(4, -1, 0);
	expect(9, A, 30);
}

static bool sum(void *arg, const struct tw_mac_place *place)
{
	*(uint64_t *)arg += place->mac * 1000 + place->port;
	return true;
}

static void only_what_is_behind_ports_of_this_host_is_for_the_controller(void **state)
{
	uint64_t told = 0, known;

	hear(A, 1);
	hear(TW_FDB_WIRE, 2);
	remote(3, FAR);
	known = tw_mac_log_since(tw_learning_log(l), 0, sum, &told);
	assert_int_equal(told, 1030);
	told = 0;
	hear(TW_FDB_WIRE, 1); /* it has left */
	tw_mac_log_since(tw_learning_log(l), known, sum, &told);
	assert_int_equal(told, 1000);
	assert_int_equal(tw_mac_log_count(tw_learning_log(l)), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define REMOTE_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		REMOTE_TEST(it_is_there_until_the_controller_says_otherwise),
		REMOTE_TEST(it_is_known_since_it_was_said_first),
		REMOTE_TEST(of_the_wire_it_is_the_better_word),
		REMOTE_TEST(the_newest_of_here_and_there_is_believed),
		REMOTE_TEST(claimed_in_turn_it_stays_where_it_was),
		REMOTE_TEST(a_guest_here_takes_no_remote_mac_for_long_either),
		REMOTE_TEST(what_is_not_said_again_is_gone),
		REMOTE_TEST(only_what_is_behind_ports_of_this_host_is_for_the_controller),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
