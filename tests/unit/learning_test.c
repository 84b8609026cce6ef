/* SPDX-License-Identifier: Apache-2.0 */
/* learning_test.c - which MAC is behind which port: ages, limits, moves, flaps, and who can take what from whom. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "dataplane/learning.h"

enum { A = 3, B = 4, C = 5, VLAN = 10, AGE = 60000 };

static struct tw_learning *l;
static struct tw_fdb *fdb;
static uint32_t now;

static void policy(uint16_t slot, enum tw_learn learn, uint32_t limit)
{
	const struct tw_learn_policy p = { (uint8_t)learn, slot, limit, AGE };

	tw_learning_set(l, slot, &p);
}

static int setup(void **state)
{
	now = UINT32_MAX - 1000; /* the clock wraps on the way */
	l = tw_learning_create();
	assert_non_null(l);
	fdb = tw_learning_build(l);
	assert_non_null(fdb);
	for (uint16_t slot = A; slot <= C; slot++)
		policy(slot, TW_LEARN_ALL, 100);
	return 0;
}

static int teardown(void **state)
{
	free(fdb);
	tw_learning_destroy(l);
	return 0;
}

/* The present version. */
static const struct tw_fdb *version(void)
{
	struct tw_fdb *next = tw_learning_build(l);

	if (next) {
		free(fdb);
		fdb = next;
	}
	return fdb;
}

static int where(uint64_t mac)
{
	const struct tw_fdb_entry *e = tw_fdb_find(version(), mac, VLAN);

	return e ? e->slot : -1;
}

static enum tw_learned hear(uint16_t slot, uint64_t mac)
{
	return tw_learning_heard(l, slot, mac, VLAN, now);
}

static void a_mac_is_found_where_it_was_heard_in_its_vlan_alone(void **state)
{
	assert_int_equal(hear(A, 1), TW_LEARNED_NEW);
	assert_int_equal(tw_learning_heard(l, B, 1, VLAN + 1, now), TW_LEARNED_NEW);
	assert_int_equal(where(1), A);
	assert_int_equal(tw_fdb_find(fdb, 1, VLAN + 1)->slot, B);
	assert_int_equal(tw_fdb_find(fdb, 1, VLAN)->number, A);
	assert_null(tw_fdb_find(fdb, 1, VLAN + 2));
	assert_null(tw_fdb_find(fdb, 2, VLAN));
}

static void a_port_that_may_not_learns_nothing(void **state)
{
	policy(A, TW_LEARN_NOT, 100);
	assert_int_equal(hear(A, 1), TW_LEARNED_NOTHING);
	assert_int_equal(where(1), -1);
}

static void a_version_is_made_of_a_change_alone_and_says_which(void **state)
{
	hear(A, 1);
	version();
	assert_true(tw_fdb_bit(fdb->changed, tw_fdb_hash(1)));
	assert_int_equal(hear(A, 1), TW_LEARNED_NOTHING);
	assert_null(tw_learning_build(l));
	for (uint32_t first = fdb->sequence; fdb->sequence == first;) {
		hear(A, 2);
		version();
	}
	assert_true(tw_fdb_bit(fdb->changed, tw_fdb_hash(2)));
	assert_false(tw_fdb_bit(fdb->changed, tw_fdb_hash(1)));
}

static void what_is_silent_is_forgotten_and_what_lives_is_not(void **state)
{
	hear(A, 1);
	hear(A, 2);
	version();
	now += AGE - 1;
	atomic_store(&fdb->seen[tw_fdb_find(fdb, 2, VLAN)->index], now); /* as a worker does */
	tw_learning_age(l, now);
	assert_int_equal(where(1), A);
	now++;
	tw_learning_age(l, now);
	assert_int_equal(where(1), -1);
	assert_int_equal(where(2), A);
	now += AGE;
	tw_learning_age(l, now);
	assert_int_equal(where(2), -1);
	assert_int_equal(tw_learning_stats(l, A).macs, 0);
}

static void a_clock_that_is_ahead_makes_nothing_old(void **state)
{
	hear(A, 1);
	version();
	atomic_store(&fdb->seen[tw_fdb_find(fdb, 1, VLAN)->index], now + 5);
	tw_learning_age(l, now);
	assert_int_equal(where(1), A);
}

static void a_full_port_says_so_and_refuses(void **state)
{
	policy(A, TW_LEARN_ALL, 2);
	hear(A, 1);
	hear(A, 2);
	assert_int_equal(hear(A, 3), TW_LEARNED_REFUSED);
	assert_int_equal(where(3), -1);
	assert_true(tw_fdb_bit(fdb->full, A) && tw_fdb_bit(fdb->changed_slots, A));
	assert_false(tw_fdb_bit(fdb->full, B));
	assert_int_equal(tw_learning_stats(l, A).refused, 1);
	now += AGE;
	tw_learning_age(l, now);
	version();
	assert_false(tw_fdb_bit(fdb->full, A));
	assert_true(tw_fdb_bit(fdb->changed_slots, A));
	policy(A, TW_LEARN_ALL, 0);
	version();
	assert_true(tw_fdb_bit(fdb->full, A));
}

static void a_lower_limit_and_another_port_forget(void **state)
{
	for (uint64_t mac = 1; mac <= 10; mac++)
		hear(A, mac);
	policy(A, TW_LEARN_ALL, 4);
	assert_int_equal(tw_learning_stats(l, A).macs, 4);
	tw_learning_set(l, A, &(const struct tw_learn_policy){ TW_LEARN_ALL, 77, 100, AGE });
	assert_int_equal(tw_learning_stats(l, A).macs, 0);
	assert_int_equal(where(1), -1);
}

/* The flood that a guest can make: it fills its own limit and nothing else. */
static void a_hundred_thousand_macs_of_one_port_take_nothing_from_another(void **state)
{
	uint32_t versions;

	hear(B, 1000001);
	hear(C, 1000002);
	version();
	versions = fdb->sequence;
	for (uint64_t mac = 1; mac <= 100000; mac++)
		hear(A, mac);
	assert_int_equal(where(1000001), B);
	assert_int_equal(where(1000002), C);
	assert_int_equal(tw_learning_stats(l, A).macs, 100);
	assert_int_equal(tw_learning_stats(l, A).refused, 100000 - 100);
	assert_int_equal(tw_learning_stats(l, B).refused + tw_learning_stats(l, C).refused, 0);
	assert_int_equal(fdb->sequence, versions + 1);
	for (uint64_t mac = 200001; mac <= 300000; mac++) /* full is full: no version more */
		hear(A, mac);
	assert_null(tw_learning_build(l));
	assert_int_equal(hear(B, 2000000), TW_LEARNED_NEW);
}

static void every_port_has_its_share_when_the_pool_is_empty(void **state)
{
	uint64_t mac = 1;

	for (uint16_t slot = 0; slot <= TW_FDB_WIRE; slot++)
		policy(slot, TW_LEARN_ALL, 4096);
	for (uint16_t slot = 0; slot < TW_FDB_WIRE; slot++)
		for (int i = 0; i < 200; i++)
			hear(slot, mac++);
	assert_int_equal(hear(0, mac++), TW_LEARNED_REFUSED);
	for (int i = 0; i < TW_FDB_SHARE; i++)
		assert_int_equal(hear(TW_FDB_WIRE, mac++), TW_LEARNED_NEW);
	assert_int_equal(hear(TW_FDB_WIRE, mac++), TW_LEARNED_REFUSED);
	assert_int_equal(where(mac - 2), TW_FDB_WIRE);
	for (int i = 0; i < TW_FDB_REMOTES; i++) /* what other hosts have takes nobody's room, nor gives any */
		assert_int_equal(tw_learning_remote(l, mac++, VLAN, 9, now), TW_LEARNED_NEW);
	assert_int_equal(tw_learning_remote(l, mac++, VLAN, 9, now), TW_LEARNED_REFUSED);
	tw_learning_forget(l, 0);
	assert_int_equal(hear(0, mac++), TW_LEARNED_NEW);
}

static void a_mac_that_moves_is_found_at_its_new_port_at_once(void **state)
{
	hear(A, 1);
	assert_int_equal(hear(B, 1), TW_LEARNED_MOVED);
	assert_int_equal(where(1), B);
	assert_true(tw_fdb_bit(fdb->changed, tw_fdb_hash(1)));
	assert_int_equal(tw_learning_stats(l, A).macs, 0);
	assert_int_equal(tw_learning_stats(l, B).moves, 1);
}

static void a_mac_does_not_move_to_a_full_port(void **state)
{
	policy(B, TW_LEARN_ALL, 1);
	hear(A, 1);
	hear(B, 2);
	assert_int_equal(hear(B, 1), TW_LEARNED_REFUSED);
	assert_int_equal(where(1), A);
}

static void two_ports_that_claim_a_mac_in_turn_leave_it_where_it_was(void **state)
{
	hear(A, 1);
	now += 60000;
	for (int i = 0; i < 3; i++)
		assert_int_equal(hear(i % 2 ? A : B, 1), TW_LEARNED_MOVED);
	assert_int_equal(hear(A, 1), TW_LEARNED_FLAPPED);
	assert_int_equal(where(1), A);
	assert_int_equal(tw_learning_stats(l, A).flaps, 1);
	assert_int_equal(tw_learning_stats(l, B).flaps, 1);
	now += 29999;
	assert_int_equal(hear(B, 1), TW_LEARNED_NOTHING);
	assert_int_equal(where(1), A);
	now++;
	assert_int_equal(hear(B, 1), TW_LEARNED_MOVED); /* it may have moved in earnest */
	assert_int_equal(where(1), B);
}

static void moves_with_quiet_between_them_are_no_flap(void **state)
{
	hear(A, 1);
	for (int i = 0; i < 20; i++) {
		now += 10000;
		assert_int_equal(hear(i % 2 ? A : B, 1), TW_LEARNED_MOVED);
	}
	assert_int_equal(tw_learning_stats(l, A).flaps, 0);
}

static void a_guest_with_one_mac_has_the_newest_once_a_second(void **state)
{
	policy(A, TW_LEARN_ONE, 1);
	assert_int_equal(hear(A, 1), TW_LEARNED_NEW);
	now += 999;
	assert_int_equal(hear(A, 2), TW_LEARNED_REFUSED);
	assert_int_equal(where(1), A);
	now++;
	assert_int_equal(hear(A, 2), TW_LEARNED_NEW);
	assert_int_equal(where(1), -1);
	assert_int_equal(where(2), A);
	assert_int_equal(tw_learning_stats(l, A).macs, 1);
	assert_int_equal(tw_learning_stats(l, A).moves, 1);
	now += 10 * AGE;
	tw_learning_age(l, now);
	assert_int_equal(where(2), A); /* it is the guest's until it takes another */
}

static bool count(void *arg, uint64_t mac, uint16_t vlan, uint32_t age_ms)
{
	uint64_t *sum = arg;

	assert_int_equal(vlan, VLAN);
	*sum += mac * 1000000 + age_ms;
	return true;
}

static void a_ports_macs_are_told_with_their_ages(void **state)
{
	uint64_t sum = 0;

	hear(A, 1);
	now += 500;
	hear(A, 2);
	hear(B, 3);
	tw_learning_each(l, A, now, count, &sum);
	assert_int_equal(sum, 3000500);
}

struct page {
	uint32_t n, most, sum;
	bool moved, frozen;
};

static bool take(void *arg, const struct tw_learned_mac *mac)
{
	struct page *p = arg;

	if (p->n == p->most)
		return false;
	p->n++;
	p->sum += (uint32_t)mac->mac;
	p->moved |= mac->moved;
	p->frozen |= mac->frozen;
	return true;
}

static void what_is_learned_is_told_in_pieces_each_once(void **state)
{
	struct page page = { .most = 3 };
	uint32_t from = 0, pages = 0;

	for (uint64_t mac = 1; mac <= 10; mac++)
		hear(mac % 2 ? A : B, mac);
	now += AGE;
	hear(A, 1);
	hear(B, 2);
	tw_learning_age(l, now); /* of ten two stay */
	for (uint64_t mac = 11; mac <= 16; mac++)
		hear(mac % 2 ? A : B, mac);
	assert_int_equal(tw_learning_total(l), 8);
	do {
		page.n = 0;
		from = tw_learning_walk(l, TW_SLOT_NONE, from, now, take, &page);
		pages++;
	} while (from);
	assert_int_equal(page.sum, 1 + 2 + 11 + 12 + 13 + 14 + 15 + 16);
	assert_int_equal(pages, 3);
	page = (struct page){ .most = 100 };
	assert_int_equal(tw_learning_walk(l, B, 0, now, take, &page), 0);
	assert_int_equal(page.sum, 2 + 12 + 14 + 16);
	assert_false(page.moved);
	assert_int_equal(tw_learning_walk(l, B, UINT32_MAX, now, take, &page), 0); /* from a place that is none */
	assert_int_equal(page.n, 4);
}

static void it_is_told_of_a_mac_that_it_has_moved_or_flaps(void **state)
{
	struct page page = { .most = 100 };

	hear(A, 1);
	hear(B, 1);
	tw_learning_walk(l, B, 0, now, take, &page);
	assert_true(page.n == 1 && page.moved && !page.frozen);
	hear(A, 1);
	hear(B, 1);
	assert_int_equal(hear(A, 1), TW_LEARNED_FLAPPED);
	page.n = 0;
	tw_learning_walk(l, TW_SLOT_NONE, 0, now, take, &page);
	assert_true(page.n == 1 && page.frozen);
	now += 30000;
	page = (struct page){ .most = 100 };
	tw_learning_walk(l, TW_SLOT_NONE, 0, now, take, &page);
	assert_true(page.n == 1 && !page.frozen);
}

/* Against a list as plain as can be. */
static void what_is_found_is_what_was_learned(void **state)
{
	static int plain[500];

	for (int i = 0; i < 500; i++)
		plain[i] = -1;
	srand(7);
	for (uint16_t slot = A; slot <= C; slot++)
		policy(slot, TW_LEARN_ALL, 4096);
	for (int step = 0; step < 20000; step++) {
		int mac = rand() % 500, slot = A + rand() % 3;

		now += 20;
		switch (hear((uint16_t)slot, (uint64_t)mac + 1)) {
		case TW_LEARNED_NEW:
			assert_int_equal(plain[mac], -1);
			plain[mac] = slot;
			break;
		case TW_LEARNED_MOVED:
			assert_true(plain[mac] != -1 && plain[mac] != slot);
			plain[mac] = slot;
			break;
		case TW_LEARNED_FLAPPED:
			plain[mac] = where((uint64_t)mac + 1);
			break;
		default:
			break;
		}
		if (step % 1000 == 999) {
			uint16_t gone = (uint16_t)(A + rand() % 3);

			tw_learning_forget(l, gone);
			for (int i = 0; i < 500; i++) {
				plain[i] = plain[i] == gone ? -1 : plain[i];
				assert_int_equal(where((uint64_t)i + 1), plain[i]);
			}
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define LEARNING_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		LEARNING_TEST(a_mac_is_found_where_it_was_heard_in_its_vlan_alone),
		LEARNING_TEST(a_port_that_may_not_learns_nothing),
		LEARNING_TEST(a_version_is_made_of_a_change_alone_and_says_which),
		LEARNING_TEST(what_is_silent_is_forgotten_and_what_lives_is_not),
		LEARNING_TEST(a_clock_that_is_ahead_makes_nothing_old),
		LEARNING_TEST(a_full_port_says_so_and_refuses),
		LEARNING_TEST(a_lower_limit_and_another_port_forget),
		LEARNING_TEST(a_hundred_thousand_macs_of_one_port_take_nothing_from_another),
		LEARNING_TEST(every_port_has_its_share_when_the_pool_is_empty),
		LEARNING_TEST(a_mac_that_moves_is_found_at_its_new_port_at_once),
		LEARNING_TEST(a_mac_does_not_move_to_a_full_port),
		LEARNING_TEST(two_ports_that_claim_a_mac_in_turn_leave_it_where_it_was),
		LEARNING_TEST(moves_with_quiet_between_them_are_no_flap),
		LEARNING_TEST(a_guest_with_one_mac_has_the_newest_once_a_second),
		LEARNING_TEST(a_ports_macs_are_told_with_their_ages),
		LEARNING_TEST(what_is_learned_is_told_in_pieces_each_once),
		LEARNING_TEST(it_is_told_of_a_mac_that_it_has_moved_or_flaps),
		LEARNING_TEST(what_is_found_is_what_was_learned),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
