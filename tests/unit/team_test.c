/* SPDX-License-Identifier: Apache-2.0 */
/*
 * team_test.c - the uplink of a flow: fair shares, nothing moves but what must, the way in is the way out.
 *
 * Port 1 (slot PORT) and four uplinks up0..up3; the snapshot is made by hand.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dataplane/plan.h"
#include "dataplane/team.h"

enum { PORT = 1, UP = TW_PORTS_MAX, N = 4, FLOWS = 40000 };

static struct tw_snapshot s;

static void use(enum tw_team_policy policy, unsigned without)
{
	struct tw_team *t = &s.team[0];
	char name[8];

	memset(&s, 0, sizeof(s));
	t->policy = (uint8_t)policy;
	for (unsigned i = 0; i < N; i++) {
		s.slot[UP + i].uplink = true;
		s.slot[UP + i].uplink_bit = (uint8_t)(1u << i);
		s.slot[UP + i].shut = i == without;
		s.uplink[s.n_uplinks++] = (uint16_t)(UP + i);
		if (i == without)
			continue;
		snprintf(name, sizeof(name), "up%u", i);
		t->slot[t->n] = (uint16_t)(UP + i);
		t->salt[t->n++] = tw_team_salt(name);
	}
	s.slot[PORT] = (struct tw_slot){ .kind = TW_SLOT_VHOST, .number = 1, .mac = { 2, 0, 0, 0, 0, 1 } };
}

/* Flow number n: only what the policy hashes varies. */
static struct tw_key flow(enum tw_team_policy policy, uint32_t n)
{
	struct tw_key k;

	memset(&k, 0, sizeof(k));
	k.in = PORT;
	k.protocol = 17;
	k.flags = TW_FLOW_KEY_IPV4;
	k.src_mac[0] = 2;
	s.slot[PORT].number = policy == TW_TEAM_HASH_PORT ? n : 1;
	if (policy == TW_TEAM_HASH_MAC)
		memcpy(k.src_mac + 2, &n, sizeof(n));
	else
		memcpy(k.dst_port, &n, sizeof(k.dst_port));
	return k;
}

static const enum tw_team_policy hashes[] = { TW_TEAM_HASH_PORT, TW_TEAM_HASH_MAC, TW_TEAM_HASH_5TUPLE, TW_TEAM_LACP };

static void each_uplink_gets_its_share(void **state)
{
	for (size_t p = 0; p < sizeof(hashes) / sizeof(*hashes); p++) {
		unsigned share[N] = { 0 };

		use(hashes[p], N);
		for (uint32_t n = 0; n < FLOWS; n++) {
			struct tw_key k = flow(hashes[p], n);

			share[tw_team_way(&s, PORT, &k) - UP]++;
		}
		for (unsigned i = 0; i < N; i++)
			assert_in_range(share[i], FLOWS / N * 9 / 10, FLOWS / N * 11 / 10);
	}
}

static void when_an_uplink_leaves_only_its_flows_move_and_to_all_others(void **state)
{
	static uint16_t before[FLOWS];

	for (size_t p = 0; p < sizeof(hashes) / sizeof(*hashes); p++) {
		unsigned moved[N] = { 0 };

		use(hashes[p], N);
		for (uint32_t n = 0; n < FLOWS; n++) {
			struct tw_key k = flow(hashes[p], n);

			before[n] = tw_team_way(&s, PORT, &k);
		}
		use(hashes[p], 2);
		for (uint32_t n = 0; n < FLOWS; n++) {
			struct tw_key k = flow(hashes[p], n);
			uint16_t now = tw_team_way(&s, PORT, &k);

			if (before[n] == UP + 2)
				moved[now - UP]++;
			else
				assert_int_equal(now, before[n]);
		}
		assert_int_equal(moved[2], 0);
		assert_in_range(moved[0], FLOWS / N / 4, FLOWS / N / 2);
		assert_in_range(moved[1], FLOWS / N / 4, FLOWS / N / 2);
		assert_in_range(moved[3], FLOWS / N / 4, FLOWS / N / 2);
	}
}

static void a_flow_hashes_by_what_its_policy_says_alone(void **state)
{
	struct tw_key a, b;

	use(TW_TEAM_HASH_MAC, N);
	a = flow(TW_TEAM_HASH_5TUPLE, 1);
	b = flow(TW_TEAM_HASH_5TUPLE, 77);
	assert_int_equal(tw_team_way(&s, PORT, &a), tw_team_way(&s, PORT, &b));
	use(TW_TEAM_HASH_PORT, N);
	assert_int_equal(tw_team_way(&s, PORT, &a), tw_team_way(&s, PORT, &b));
	use(TW_TEAM_HASH_5TUPLE, N);
	for (uint32_t n = 0; n < 100; n++) {
		a = b = flow(TW_TEAM_HASH_5TUPLE, n);
		a.tos = 0xb8;
		a.tci = 0xa00a;
		a.src_mac[5] = 1;
		assert_int_equal(tw_team_way(&s, PORT, &a), tw_team_way(&s, PORT, &b));
	}
}

static void all_of_ipv6_addresses_and_of_macs_counts(void **state)
{
	unsigned ways6 = 0, ways2 = 0;

	use(TW_TEAM_LACP, N);
	for (unsigned n = 0; n < 64; n++) {
		struct tw_key six, two;

		memset(&six, 0, sizeof(six));
		memset(&two, 0, sizeof(two));
		six.flags = TW_FLOW_KEY_IPV6;
		six.dst_ip6[n / 4] = (uint8_t)(1u << n % 4);
		ways6 |= 1u << (tw_team_way(&s, PORT, &six) - UP);
		two.dst_mac[n / 11] = (uint8_t)(1u << n % 8);
		ways2 |= 1u << (tw_team_way(&s, PORT, &two) - UP);
	}
	assert_int_equal(ways6, 0xf);
	assert_int_equal(ways2, 0xf);
}

static void the_first_that_is_up_serves_in_active_standby(void **state)
{
	struct tw_key k = flow(TW_TEAM_ACTIVE_STANDBY, 9);

	use(TW_TEAM_ACTIVE_STANDBY, N);
	assert_int_equal(tw_team_way(&s, PORT, &k), UP);
	use(TW_TEAM_ACTIVE_STANDBY, 0);
	assert_int_equal(tw_team_way(&s, PORT, &k), UP + 1);
	s.team[0].n = 0;
	assert_int_equal(tw_team_way(&s, PORT, &k), TW_SLOT_NONE);
	assert_int_equal(tw_team_hears(&s, PORT), 0);
}

static void a_port_listens_where_it_speaks(void **state)
{
	static const enum tw_team_policy single[] = { TW_TEAM_ACTIVE_STANDBY, TW_TEAM_HASH_PORT, TW_TEAM_HASH_MAC };

	for (size_t p = 0; p < sizeof(single) / sizeof(*single); p++)
		for (uint32_t n = 0; n < 100; n++) {
			uint16_t way;

			use(single[p], N);
			s.slot[PORT].number = n;
			s.slot[PORT].mac[5] = (uint8_t)n;
			way = tw_team_way_of_mac(&s, PORT, s.slot[PORT].mac);
			for (uint16_t up = UP; up < UP + N; up++)
				assert_int_equal(tw_team_takes(&s, PORT, s.slot[PORT].mac, up), up == way);
			assert_int_equal(tw_team_hears(&s, PORT), 1u << (way - UP));
		}
}

static void a_bundle_is_listened_to_on_each_active_member(void **state)
{
	use(TW_TEAM_HASH_5TUPLE, 3);
	assert_int_equal(tw_team_hears(&s, PORT), 0x7);
	assert_true(tw_team_takes(&s, PORT, s.slot[PORT].mac, UP + 2));
	assert_false(tw_team_takes(&s, PORT, s.slot[PORT].mac, UP + 3));
}

static void an_aggregation_is_listened_to_wherever_it_collects_whatever_ports_prefer(void **state)
{
	use(TW_TEAM_LACP, 3);
	s.slot[PORT].team = 1;
	s.team[1].n = 1;
	s.team[1].slot[0] = UP + 1;
	assert_int_equal(tw_team_hears(&s, PORT), 0x7);
	assert_true(tw_team_takes(&s, PORT, s.slot[PORT].mac, UP + 2));
	assert_false(tw_team_takes(&s, PORT, s.slot[PORT].mac, UP + 3));
	assert_int_equal(tw_team_way_of_mac(&s, PORT, s.slot[PORT].mac), UP + 1);
}

/* --- from a configuration --- */

static char names[3][4] = { "up0", "up1", "up2" };
static char *const order[] = { names[2], names[0] }, *const last[] = { names[1] };
static char far_away[] = "far", *const nobodys[] = { far_away };

static struct tw_plan *plan_of(Tw__Teaming *host, Tw__Teaming *own, unsigned n_ports)
{
	static const uint16_t slots[] = { UP, UP + 1, UP + 2 };
	static Tw__LocalPort port[80], *ports[80];
	static Tw__Uplink uplink[3], *uplinks[3];
	static struct tw_plan_port plan_ports[80];
	struct tw_plan *plan = calloc(1, sizeof(*plan));
	struct tw_error err = { 0 };
	Tw__Snapshot config;

	assert_non_null(plan);
	tw__snapshot__init(&config);
	for (unsigned i = 0; i < 3; i++) {
		tw__uplink__init(&uplink[i]);
		uplink[i].name = names[i];
		uplinks[i] = &uplink[i];
	}
	for (unsigned i = 0; i < n_ports; i++) {
		tw__local_port__init(&port[i]);
		port[i].teaming = own ? &own[i] : NULL;
		ports[i] = &port[i];
	}
	config.uplinks = uplinks;
	config.n_uplinks = 3;
	config.ports = ports;
	config.n_ports = plan->n_ports = n_ports;
	config.teaming = host;
	plan->ports = plan_ports;
	if (tw_plan_teams(plan, &config, slots, &err))
		return plan;
	assert_string_equal(err.field, "snapshot.ports.teaming");
	free(plan);
	return NULL;
}

static Tw__Teaming teaming(Tw__Teaming__Policy policy, char *const *active, size_t n_active, char *const *standby,
			   size_t n_standby)
{
	Tw__Teaming t;

	tw__teaming__init(&t);
	t.policy = policy;
	t.active = (char **)(uintptr_t)active;
	t.n_active = n_active;
	t.standby = (char **)(uintptr_t)standby;
	t.n_standby = n_standby;
	return t;
}

static void expect_team(const struct tw_plan_team *t, enum tw_team_policy policy, unsigned n_active,
			const char *numbers)
{
	char text[16] = "";

	for (unsigned i = 0; i < t->n; i++)
		text[i] = (char)('0' + t->order[i]);
	assert_int_equal(t->policy, policy);
	assert_int_equal(t->n_active, n_active);
	assert_string_equal(text, numbers);
}

static void an_order_is_the_ports_else_the_hosts_else_all_as_they_come(void **state)
{
	Tw__Teaming host = teaming(TW__TEAMING__POLICY__HASH_MAC, NULL, 0, last, 1);
	Tw__Teaming own[4] = {
		teaming(TW__TEAMING__POLICY__ACTIVE_STANDBY, order, 2, last, 1),
		teaming(TW__TEAMING__POLICY__HASH_PORT, NULL, 0, NULL, 0),
		teaming(TW__TEAMING__POLICY__HASH_PORT, nobodys, 1, last, 1),
		teaming(TW__TEAMING__POLICY__ACTIVE_STANDBY, order, 2, last, 1),
	};
	struct tw_plan *plan = plan_of(NULL, NULL, 1);

	assert_int_equal(plan->n_teams, 1);
	expect_team(&plan->teams[0], TW_TEAM_ACTIVE_STANDBY, 1, "012");
	free(plan);
	plan = plan_of(&host, own, 4);
	assert_non_null(plan);
	expect_team(&plan->teams[0], TW_TEAM_HASH_MAC, 2, "021");
	expect_team(&plan->teams[plan->ports[0].team], TW_TEAM_ACTIVE_STANDBY, 1, "201");
	expect_team(&plan->teams[plan->ports[1].team], TW_TEAM_HASH_PORT, 2, "021");
	expect_team(&plan->teams[plan->ports[2].team], TW_TEAM_HASH_PORT, 1, "1");
	assert_int_equal(plan->ports[3].team, plan->ports[0].team);
	assert_int_equal(plan->n_teams, 4);
	free(plan);
}

static void more_teamings_than_there_is_room_for_are_refused(void **state)
{
	static Tw__Teaming own[80];
	static char *lists[80][3];
	unsigned n = 0;

	/* All orders of three uplinks under four policies, with none, one or two of them standby. */
	for (unsigned policy = 0; policy < 4; policy++)
		for (unsigned a = 0; a < 3; a++)
			for (unsigned b = 0; b < 3; b++)
				for (unsigned standby = 0; standby < 3 && a != b; standby++) {
					lists[n][0] = names[a];
					lists[n][1] = names[b];
					lists[n][2] = names[3 - a - b];
					own[n] = teaming((Tw__Teaming__Policy)policy, lists[n], 3 - standby,
							 lists[n] + 3 - standby, standby);
					n++;
				}
	assert_int_equal(n, 72); /* of which the 12 of active-standby with standbys are the same as without */
	free(plan_of(NULL, own, n));
	for (; n < 80; n++) /* two of three */
		own[n] = teaming(TW__TEAMING__POLICY__HASH_PORT + (n - 72) / 6, lists[(n - 72) % 6 * 3], 2, NULL, 0);
	assert_null(plan_of(NULL, own, n));
}

/* Teams 0: all four; 1: up1; 2: up2 and up3; 3: none is up. Ports in slots 1..4 have these. */
static void what_is_for_all_teams_of_a_vlan_goes_out_once_for_each(void **state)
{
	static const struct {
		uint16_t members[4], n;
		uint8_t ways;
	} vlans[] = { { { 0 }, 0, 1 },    { { 1 }, 1, 1 },        { { 2 }, 1, 2 },
		      { { 1, 2 }, 2, 3 }, { { 2, 3 }, 2, 2 | 4 }, { { 1, 2, 3 }, 3, 7 },
		      { { 4 }, 1, 0 },    { { 3, 4, 3 }, 3, 4 },  { { 1, 1, 1 }, 3, 1 } };
	uint16_t members[4];

	use(TW_TEAM_HASH_PORT, N);
	s.team[1] = (struct tw_team){ .n = 1, .slot = { UP + 1 } };
	s.team[2] = (struct tw_team){ .n = 2, .slot = { UP + 2, UP + 3 } };
	for (uint8_t i = 0; i < 4; i++)
		s.slot[i + 1].team = i;
	s.members = members;
	for (size_t i = 0; i < sizeof(vlans) / sizeof(*vlans); i++) {
		memcpy(members, vlans[i].members, sizeof(members));
		s.flood[10].n = vlans[i].n;
		assert_int_equal(tw_team_ways(&s, 10), vlans[i].ways);
	}
	s.team[0].slot[0] = UP + 1; /* shared with team 1: once is enough */
	members[0] = 1;
	members[1] = 2;
	s.flood[10].n = 2;
	assert_int_equal(tw_team_ways(&s, 10), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_uplink_gets_its_share),
		cmocka_unit_test(when_an_uplink_leaves_only_its_flows_move_and_to_all_others),
		cmocka_unit_test(a_flow_hashes_by_what_its_policy_says_alone),
		cmocka_unit_test(all_of_ipv6_addresses_and_of_macs_counts),
		cmocka_unit_test(the_first_that_is_up_serves_in_active_standby),
		cmocka_unit_test(a_port_listens_where_it_speaks),
		cmocka_unit_test(what_is_for_all_teams_of_a_vlan_goes_out_once_for_each),
		cmocka_unit_test(a_bundle_is_listened_to_on_each_active_member),
		cmocka_unit_test(an_aggregation_is_listened_to_wherever_it_collects_whatever_ports_prefer),
		cmocka_unit_test(an_order_is_the_ports_else_the_hosts_else_all_as_they_come),
		cmocka_unit_test(more_teamings_than_there_is_room_for_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
