/* SPDX-License-Identifier: Apache-2.0 */
/*
 * learned_test.c - main's half of learning: what workers hear is taken, published, aged, and goes along with a port that moves.
 *
 * Two switches without EAL: their workers' rings and their grace periods are plain memory, their clocks are put forward.
 * The last test is for TSan: workers look MACs up and say that they live while main learns, publishes and forgets.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <pthread.h>
#include <rte_cycles.h>
#include <sched.h>

#include "dataplane/learn.h"
#include "dataplane/learned.h"
#include "dataplane/switch.h"

enum { WORKERS = 2, PORTS = 3, A = 0, B = 1, C = 2, VLAN = 10, AGE = 60000, LIMIT = 8, OWN = 0x7777 };

struct bed {
	struct tw_switch *sw;
	struct tw_worker *worker[WORKERS];
	struct tw_plan plan;
	struct tw_plan_port port[PORTS];
	struct tw_identity own; /* a MAC that is a port's */
	struct tw_snapshot *snapshot;
};

static struct bed bed[2];
#define here  (&bed[0])
#define there (&bed[1])

static void *memory(size_t size)
{
	void *p = aligned_alloc(64, (size + 63) / 64 * 64);

	assert_non_null(p);
	memset(p, 0, size);
	return p;
}

static void make_worker(struct bed *b, unsigned i)
{
	struct tw_worker *w = memory(sizeof(*w));

	w->id = (uint16_t)i;
	w->macs = memory((size_t)rte_ring_get_memsize_elem(sizeof(struct tw_heard_mac), TW_MACS_RING));
	assert_int_equal(rte_ring_init(w->macs, "macs", TW_MACS_RING, RING_F_SP_ENQ | RING_F_SC_DEQ), 0);
	w->tsc_base = rte_rdtsc();
	w->ms_per_tsc = UINT64_MAX / 4000000; /* of 4 GHz: no machine's is faster than this test's */
	b->worker[i] = b->sw->workers[i] = w;
	assert_int_equal(rte_rcu_qsbr_thread_register(b->sw->qsbr, i), 0);
	rte_rcu_qsbr_thread_online(b->sw->qsbr, i);
}

static void make_port(struct bed *b, uint16_t slot)
{
	struct tw_port *p = &b->sw->ports[slot];

	p->used = true;
	p->sw = b->sw;
	p->slot = slot;
	p->number = slot + 1u;
	snprintf(p->name, sizeof(p->name), "vm%u/eth0", p->number);
	b->port[slot] = (struct tw_plan_port){
		.number = p->number, .slot = slot, .learn = TW_LEARN_ALL, .learn_limit = LIMIT, .learn_age_ms = AGE
	};
}

static void begin(struct bed *b)
{
	memset(b, 0, sizeof(*b));
	b->sw = memory(sizeof(*b->sw));
	b->sw->n_workers = WORKERS;
	b->sw->qsbr = memory(rte_rcu_qsbr_get_memsize(WORKERS));
	assert_int_equal(rte_rcu_qsbr_init(b->sw->qsbr, WORKERS), 0);
	for (unsigned i = 0; i < WORKERS; i++)
		make_worker(b, i);
	for (uint16_t slot = 0; slot < PORTS; slot++)
		make_port(b, slot);
	b->plan = (struct tw_plan){ .n_ports = PORTS, .ports = b->port };
	b->own = (struct tw_identity){ .mac = OWN, .number = 99, .slot = TW_SLOT_NONE };
	b->snapshot = memory(sizeof(*b->snapshot));
	b->snapshot->identities = &b->own;
	b->snapshot->n_identities = 1;
	b->snapshot->fdb = &b->sw->fdb;
	atomic_store(&b->sw->snapshot, b->snapshot);
	b->sw->plan = &b->plan;
	assert_true(tw_learned_create(b->sw));
	tw_learned_apply(b->sw);
}

static void end(struct bed *b)
{
	tw_learned_destroy(b->sw);
	for (unsigned i = 0; i < WORKERS; i++) {
		free(b->worker[i]->macs);
		free(b->worker[i]);
	}
	free(b->snapshot);
	free(b->sw->qsbr);
	free(b->sw);
}

static int setup(void **state)
{
	begin(here);
	begin(there);
	return 0;
}

static int teardown(void **state)
{
	end(here);
	end(there);
	return 0;
}

/* A worker tells main. */
static void tell(struct bed *b, unsigned worker, uint16_t slot, uint64_t mac)
{
	struct tw_heard_mac heard = { mac, VLAN, slot, slot == TW_FDB_WIRE ? 0 : slot + 1u };

	assert_int_equal(rte_ring_sp_enqueue_elem(b->worker[worker]->macs, &heard, sizeof(heard)), 0);
}

/* The workers come by, and main does what it does ten times a second. */
static void hear(struct bed *b)
{
	for (unsigned i = 0; i < WORKERS; i++)
		rte_rcu_qsbr_quiescent(b->sw->qsbr, i);
	tw_learned_hear(b->sw);
}

static void warp(struct bed *b, uint32_t ms)
{
	for (unsigned i = 0; i < WORKERS; i++)
		b->worker[i]->tsc_base -= (uint64_t)ms * 4000000;
}

/* By the version that workers have. */
static int where(struct bed *b, uint64_t mac)
{
	const struct tw_fdb_entry *e = tw_fdb_find(atomic_load(&b->sw->fdb), mac, VLAN);

	return e ? e->slot : -1;
}

static uint32_t known(struct bed *b, uint16_t slot)
{
	bool whole;
	Tw__MacStatus *status = tw_learned_status(&b->sw->ports[slot], &whole);
	uint32_t n = status ? status->learned : 0;

	assert_true(whole);
	if (status)
		tw__mac_status__free_unpacked(status, NULL);
	return n;
}

static uint32_t now(const struct bed *b)
{
	return tw_worker_clock(b->worker[0]).now_ms;
}

/* --- what is heard --- */

static void what_any_worker_hears_all_of_them_are_told(void **state)
{
	tell(here, 0, A, 1);
	tell(here, 1, B, 2);
	tell(here, 1, A, 1);
	tell(here, 0, TW_FDB_WIRE, 3);
	hear(here);
	assert_int_equal(where(here, 1), A);
	assert_int_equal(where(here, 2), B);
	assert_int_equal(where(here, 3), TW_FDB_WIRE);
	assert_int_equal(known(here, A), 1);
}

static void what_no_guest_can_have_is_not_learned(void **state)
{
	static const uint64_t bad[] = { 0, OWN, UINT64_C(0x010000000001), UINT64_MAX, UINT64_C(1) << 48 };
	struct tw_heard_mac another = { 5, VLAN, A, 77 }; /* by a port that had the slot before */

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		tell(here, 0, A, bad[i]);
	tell(here, 0, TW_FDB_WIRE + 1, 6);
	rte_ring_sp_enqueue_elem(here->worker[0]->macs, &another, sizeof(another));
	here->sw->ports[C].retire = TW_RETIRE_GRACE;
	tell(here, 0, C, 7);
	hear(here);
	assert_int_equal(tw_learning_total(here->sw->learning), 0);
}

/* A version that a worker may still have is not freed under it; what is new meanwhile is not lost. */
static void a_worker_that_does_not_come_by_holds_versions_back(void **state)
{
	const struct tw_fdb *has;

	tell(here, 0, A, 1);
	hear(here);
	has = atomic_load(&here->sw->fdb);
	tell(here, 0, A, 2);
	tw_learned_hear(here->sw);
	assert_ptr_equal(atomic_load(&here->sw->fdb), has);
	rte_rcu_qsbr_quiescent(here->sw->qsbr, 0);
	tell(here, 0, A, 3);
	tw_learned_hear(here->sw);
	assert_ptr_equal(atomic_load(&here->sw->fdb), has); /* one of the two */
	assert_int_equal(where(here, 3), -1);
	assert_int_equal(known(here, A), 3);
	rte_rcu_qsbr_quiescent(here->sw->qsbr, 1);
	tw_learned_hear(here->sw);
	assert_int_equal(where(here, 2), A);
	assert_int_equal(where(here, 3), A);
	assert_int_equal(atomic_load(&here->sw->fdb)->sequence, has->sequence + 1);
}

static void a_port_that_is_full_keeps_what_it_has_and_takes_nothing_from_another(void **state)
{
	bool whole;
	Tw__MacStatus *status;

	tell(here, 1, B, 1000);
	for (uint64_t mac = 1; mac <= 500; mac++)
		tell(here, 0, A, mac);
	hear(here);
	tell(here, 1, B, 1001);
	hear(here);
	assert_int_equal(known(here, A), LIMIT);
	assert_int_equal(where(here, 1), A);
	assert_int_equal(where(here, 1000), B);
	assert_int_equal(where(here, 1001), B);
	assert_true(tw_fdb_bit(atomic_load(&here->sw->fdb)->full, A));
	assert_false(tw_fdb_bit(atomic_load(&here->sw->fdb)->full, B));
	status = tw_learned_status(&here->sw->ports[A], &whole);
	assert_int_equal(status->refused, 500 - LIMIT);
	tw__mac_status__free_unpacked(status, NULL);
}

static void a_setting_that_changes_forgets_what_it_no_longer_allows(void **state)
{
	for (uint64_t mac = 1; mac <= 6; mac++)
		tell(here, 0, A, mac);
	tell(here, 0, B, 7);
	hear(here);
	here->port[A].learn_limit = 2;
	here->port[B].learn = TW_LEARN_NOT;
	tw_learned_apply(here->sw);
	hear(here);
	assert_int_equal(known(here, A), 2);
	assert_int_equal(where(here, 7), -1);
	assert_true(tw_fdb_bit(atomic_load(&here->sw->fdb)->full, A));
}

static void silence_is_what_makes_a_mac_old(void **state)
{
	const struct tw_fdb *fdb;

	tell(here, 0, A, 1);
	tell(here, 0, A, 2);
	tell(here, 0, TW_FDB_WIRE, 3);
	hear(here);
	warp(here, AGE - 20000);
	fdb = atomic_load(&here->sw->fdb);
	atomic_store(&fdb->seen[tw_fdb_find(fdb, 2, VLAN)->index], now(here)); /* as a worker does */
	tw_learned_age(here->sw);
	hear(here);
	assert_int_equal(where(here, 1), A);
	warp(here, 30000);
	tw_learned_age(here->sw);
	hear(here);
	assert_int_equal(where(here, 1), -1);
	assert_int_equal(where(here, 2), A);
	assert_int_equal(where(here, 3), TW_FDB_WIRE); /* 300 s */
	warp(here, 300000);
	tw_learned_age(here->sw);
	hear(here);
	assert_int_equal(tw_learning_total(here->sw->learning), 0);
}

static void a_mac_that_two_ports_claim_stays_where_it_was(void **state)
{
	uint16_t slots[] = { A, B, A, B, A, B, A };
	bool whole;
	Tw__MacStatus *status;

	for (size_t i = 0; i < sizeof(slots) / sizeof(slots[0]); i++) {
		tell(here, 0, slots[i], 1);
		hear(here);
	}
	assert_int_equal(where(here, 1), A);
	status = tw_learned_status(&here->sw->ports[B], &whole);
	assert_int_equal(status->flaps, 1);
	tw__mac_status__free_unpacked(status, NULL);
	warp(here, 31000);
	tell(here, 0, B, 1);
	hear(here);
	assert_int_equal(where(here, 1), B); /* it has moved, after all */
}

/* --- a port that moves --- */

static Tw__PortState *taken(struct bed *b, uint16_t slot)
{
	Tw__PortState *state = malloc(sizeof(*state));

	assert_non_null(state);
	tw__port_state__init(state);
	assert_true(tw_learned_take(&b->sw->ports[slot], state));
	return state;
}

static void what_a_port_has_learned_goes_along_with_its_age(void **state)
{
	Tw__PortState *moves, *copy;
	uint8_t wire[4096];
	size_t size;

	tell(here, 0, A, 1);
	tell(here, 0, B, 9);
	hear(here);
	warp(here, 40000);
	tell(here, 0, A, 2);
	hear(here);
	moves = taken(here, A);
	assert_int_equal(moves->n_learned, 2);
	assert_true(moves->learned[0]->age_ms < 10000 && moves->learned[1]->age_ms >= 40000);
	size = tw__port_state__get_packed_size(moves);
	assert_true(size <= sizeof(wire));
	tw__port_state__pack(moves, wire);
	copy = tw__port_state__unpack(NULL, size, wire); /* as it reaches the other host */
	tw_learned_put(&there->sw->ports[C], copy);
	hear(there);
	assert_int_equal(where(there, 1), C);
	assert_int_equal(where(there, 2), C);
	assert_int_equal(where(there, 9), -1);
	warp(there, 30000); /* 70 s, 30 s */
	tw_learned_age(there->sw);
	hear(there);
	assert_int_equal(where(there, 1), -1);
	assert_int_equal(where(there, 2), C);
	assert_int_equal(known(here, A), 2); /* it is a copy: the slot's end forgets them */
	tw__port_state__free_unpacked(copy, NULL);
	tw__port_state__free_unpacked(moves, NULL);
}

static void what_comes_along_is_held_against_the_limits_of_its_new_place(void **state)
{
	Tw__PortState moves = TW__PORT_STATE__INIT;
	Tw__LearnedMac mac[3 * LIMIT], *list[3 * LIMIT];
	uint8_t octets[3 * LIMIT][6] = { { 0 } };

	for (unsigned i = 0; i < 3 * LIMIT; i++) {
		tw__learned_mac__init(&mac[i]);
		octets[i][5] = (uint8_t)(i + 1);
		mac[i].mac = (ProtobufCBinaryData){ 6, octets[i] };
		mac[i].vlan = VLAN;
		mac[i].age_ms = i ? i : UINT32_MAX; /* from the future, or of a host that lies */
		list[i] = &mac[i];
	}
	octets[1][0] = 1;                   /* a group */
	octets[2][4] = octets[2][5] = 0x77; /* a port has it here */
	memset(octets[3], 0, 6);            /* none */
	moves.learned = list;
	moves.n_learned = 3 * LIMIT;
	tell(there, 0, B, UINT64_C(0x500));
	hear(there);
	tw_learned_put(&there->sw->ports[C], &moves);
	hear(there);
	assert_int_equal(known(there, C), LIMIT);
	assert_int_equal(known(there, B), 1);
	assert_int_equal(where(there, OWN), -1);
	assert_int_equal(where(there, 3 * LIMIT), C);
	there->port[C].learn = TW_LEARN_NOT;
	tw_learned_apply(there->sw);
	tw_learned_put(&there->sw->ports[C], &moves); /* may learn nothing there */
	hear(there);
	assert_int_equal(tw_learning_total(there->sw->learning), 1);
}

/* --- workers beside main --- */

enum { MACS = 64, ROUNDS = 3000 };

struct racer {
	struct tw_worker *w;
	const struct tw_snapshot *s;
	struct rte_rcu_qsbr *qsbr;
	_Atomic bool stop;
	uint64_t found;
};

/* A worker's rounds: look flows' MACs up, say that they live, go through the flows of a new version. */
static void *work(void *arg)
{
	struct racer *r = arg;
	struct tw_flow f = { .key = { .in = A } };

	f.verdict.vlan = VLAN;
	for (uint32_t round = 0; !atomic_load(&r->stop); round++) {
		f.last_ms = round;
		tw_mac_of_word(1 + round % MACS, f.key.src_mac);
		tw_learn_heard(r->w, r->s, &f);
		tw_learn_some(r->w, r->s);
		r->found += tw_snapshot_fdb(r->s)->mask >= MACS;
		rte_rcu_qsbr_quiescent(r->qsbr, r->w->id);
	}
	return NULL;
}

static void workers_go_on_while_main_learns_publishes_and_forgets(void **state)
{
	struct racer racer[WORKERS];
	pthread_t thread[WORKERS];
	struct rte_ring *macs[WORKERS];
	uint32_t first = atomic_load(&here->sw->fdb)->sequence;
	void *table[WORKERS];

	here->port[A].learn_limit = MACS;
	tw_learned_apply(here->sw);
	for (unsigned i = 0; i < WORKERS; i++) {
		table[i] = memory(tw_flow_cache_size(64));
		tw_flow_cache_init(&here->worker[i]->cache, table[i], 64);
		macs[i] = here->worker[i]->macs;
		racer[i] = (struct racer){ here->worker[i], here->snapshot, here->sw->qsbr, false, 0 };
	}
	for (unsigned i = 0; i < WORKERS; i++) {
		struct tw_worker *w = here->worker[i];

		/* What they tell goes nowhere (DPDK's rings are not made for TSan): main hears it of the test. */
		racer[i].w = memory(sizeof(*w));
		memcpy(racer[i].w, w, sizeof(*w));
		racer[i].w->macs = NULL;
		assert_int_equal(pthread_create(&thread[i], NULL, work, &racer[i]), 0);
	}
	for (uint32_t round = 0; round < ROUNDS || atomic_load(&here->sw->fdb)->sequence < first + 100; round++) {
		tell(here, 0, round % 3 ? A : B, 1 + round % MACS);
		tw_learned_hear(here->sw);
		if (round % 500 == 499)
			tw_learning_forget(here->sw->learning, A);
		tw_learned_age(here->sw);
		sched_yield();
	}
	for (unsigned i = 0; i < WORKERS; i++) {
		atomic_store(&racer[i].stop, true);
		pthread_join(thread[i], NULL);
		assert_true(racer[i].found > 0);
		assert_true(racer[i].w->learn.sequence > first);
		assert_ptr_equal(here->worker[i]->macs, macs[i]);
		free(racer[i].w);
		free(table[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define LEARNED_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		LEARNED_TEST(what_any_worker_hears_all_of_them_are_told),
		LEARNED_TEST(what_no_guest_can_have_is_not_learned),
		LEARNED_TEST(a_worker_that_does_not_come_by_holds_versions_back),
		LEARNED_TEST(a_port_that_is_full_keeps_what_it_has_and_takes_nothing_from_another),
		LEARNED_TEST(a_setting_that_changes_forgets_what_it_no_longer_allows),
		LEARNED_TEST(silence_is_what_makes_a_mac_old),
		LEARNED_TEST(a_mac_that_two_ports_claim_stays_where_it_was),
		LEARNED_TEST(what_a_port_has_learned_goes_along_with_its_age),
		LEARNED_TEST(what_comes_along_is_held_against_the_limits_of_its_new_place),
		LEARNED_TEST(workers_go_on_while_main_learns_publishes_and_forgets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
