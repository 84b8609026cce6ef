/* SPDX-License-Identifier: Apache-2.0 */
/* snooping_test.c - what a guest has joined goes along with its port, as a PortState, and is held against what is known there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/clock.h"
#include "dataplane/snooping.h"
#include "dataplane/switch.h"

enum { SLOT = 3, OTHER = 5, VLAN = 10, UNSNOOPED = 11, GROUPS = 5, WIRE_SIZE = 4096 };

static struct tw_switch *sw;
static struct tw_plan plan;
static struct tw_snapshot *snapshot;
static uint8_t snoop[TW_VLANS];
static struct tw_mcast_config config[TW_VLANS];

static int setup(void **state)
{
	sw = calloc(1, sizeof(*sw));
	snapshot = calloc(1, sizeof(*snapshot));
	assert_true(sw && snapshot);
	sw->events = event_base_new();
	sw->qsbr = aligned_alloc(64, rte_rcu_qsbr_get_memsize(1));
	assert_true(sw->events && sw->qsbr);
	assert_int_equal(rte_rcu_qsbr_init(sw->qsbr, 1), 0);
	snoop[VLAN] = TW_SNOOP_ON;
	config[VLAN] = (struct tw_mcast_config){ .interval_s = 125 };
	plan = (struct tw_plan){ .snoop = snoop, .mcast = config };
	sw->plan = &plan;
	atomic_store(&sw->snapshot, snapshot);
	tw_clock_set_virtual(UINT64_C(1000000000000), UINT64_C(1000000000000000000));
	sw->snooping = tw_snooping_create(sw);
	assert_non_null(sw->snooping);
	tw_snooping_configure(sw->snooping);
	return 0;
}

static int teardown(void **state)
{
	tw_snooping_destroy(sw->snooping);
	event_base_free(sw->events);
	free(sw->qsbr);
	free(snapshot);
	free(sw);
	tw_clock_set_virtual(0, 0);
	return 0;
}

/* What a host says of a guest that comes: two groups it has joined; one of no group, one that is no traffic's, one elsewhere. */
static struct {
	Tw__PortState state;
	Tw__PortGroup group[GROUPS], *list[GROUPS];
	uint8_t octets[GROUPS][16];
} comes;

static void make_state(void)
{
	static const struct {
		uint8_t octets[16], len;
		uint16_t vlan;
		uint32_t left_ms;
		bool old_host;
	} said[GROUPS] = {
		{ { 239, 1, 2, 3 }, 4, VLAN, 100000, true },
		{ { 0xff, 0x15, [15] = 9 }, 16, VLAN, UINT32_MAX, false },
		{ { 10, 0, 0, 1 }, 4, VLAN, 100000, false },
		{ { 224, 0, 0, 1 }, 4, VLAN, 100000, false },
		{ { 239, 1, 2, 4 }, 4, UNSNOOPED, 100000, false },
	};

	memset(&comes, 0, sizeof(comes));
	tw__port_state__init(&comes.state);
	for (int i = 0; i < GROUPS; i++) {
		Tw__PortGroup *g = comes.list[i] = &comes.group[i];

		tw__port_group__init(g);
		memcpy(comes.octets[i], said[i].octets, 16);
		g->group = (ProtobufCBinaryData){ said[i].len, comes.octets[i] };
		g->vlan = said[i].vlan;
		g->left_ms = said[i].left_ms;
		g->old_host = said[i].old_host;
	}
	comes.state.groups = comes.list;
	comes.state.n_groups = GROUPS;
}

/* As it reaches another host. */
static Tw__PortState *taken(uint16_t slot)
{
	Tw__PortState *state = malloc(sizeof(*state)), *copy;
	uint8_t wire[WIRE_SIZE];
	size_t size;

	assert_non_null(state);
	tw__port_state__init(state);
	assert_true(tw_snooping_take(sw->snooping, slot, state));
	size = tw__port_state__get_packed_size(state);
	assert_true(size <= sizeof(wire));
	tw__port_state__pack(state, wire);
	tw__port_state__free_unpacked(state, NULL);
	copy = tw__port_state__unpack(NULL, size, wire);
	assert_non_null(copy);
	return copy;
}

static const Tw__PortGroup *find(const Tw__PortState *state, int i)
{
	for (size_t k = 0; k < state->n_groups; k++)
		if (state->groups[k]->group.len == comes.group[i].group.len &&
		    memcmp(state->groups[k]->group.data, comes.octets[i], comes.group[i].group.len) == 0)
			return state->groups[k];
	return NULL;
}

static void what_a_guest_has_joined_goes_along_with_the_time_it_has_left(void **state)
{
	const struct tw_mcast_vlan *v = tw_mcast_vlan(tw_snooping_table(sw->snooping), VLAN);
	Tw__PortState *moves;

	make_state();
	tw_snooping_put(sw->snooping, SLOT, &comes.state);
	tw_clock_warp(UINT64_C(40000) * 1000000);
	moves = taken(SLOT);
	assert_int_equal(moves->n_groups, 2);
	assert_int_equal(find(moves, 0)->left_ms, 60000);
	assert_int_equal(find(moves, 0)->vlan, VLAN);
	assert_true(find(moves, 0)->old_host);
	assert_int_equal(find(moves, 1)->left_ms, v->querier[1].keep_ms - 40000); /* no longer than one lasts here */
	assert_false(find(moves, 1)->old_host);
	tw_snooping_port_gone(sw->snooping, SLOT);
	tw_snooping_put(sw->snooping, OTHER, moves); /* and comes again */
	tw__port_state__free_unpacked(moves, NULL);
	moves = taken(OTHER);
	assert_int_equal(moves->n_groups, 2);
	assert_int_equal(find(moves, 0)->left_ms, 60000);
	tw__port_state__free_unpacked(moves, NULL);
	moves = taken(SLOT);
	assert_int_equal(moves->n_groups, 0);
	tw__port_state__free_unpacked(moves, NULL);
}

static void a_membership_that_has_ended_stays_behind(void **state)
{
	Tw__PortState *moves;

	make_state();
	tw_snooping_put(sw->snooping, SLOT, &comes.state);
	tw_clock_warp(UINT64_C(100001) * 1000000);
	moves = taken(SLOT);
	assert_int_equal(moves->n_groups, 1);
	assert_non_null(find(moves, 1));
	tw__port_state__free_unpacked(moves, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_a_guest_has_joined_goes_along_with_the_time_it_has_left, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_membership_that_has_ended_stays_behind, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
