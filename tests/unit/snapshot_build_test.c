/* SPDX-License-Identifier: Apache-2.0 */
/* snapshot_build_test.c - a configuration and the slots' states become what workers forward by. No EAL. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dataplane/decide.h"
#include "dataplane/snapshot_build.h"

enum { N_PORTS = 4, UPLINK = TW_PORTS_MAX };

/* Ports 1..4 at slots 0..3: access 10, access 10, trunk 10,20-21 native 5, access 20; a remote in 10; one uplink. */
struct world {
	Tw__Snapshot config;
	Tw__LocalPort port[N_PORTS], *ports[N_PORTS];
	Tw__Vlan vlan[N_PORTS], remote_vlan;
	Tw__VlanRange range[2], *ranges[2];
	uint8_t mac[N_PORTS + 1][6];
	Tw__RemotePort remote, *remotes[1];
	Tw__Uplink uplink, *uplinks[1];
	Tw__LocalMirror mirror, *mirrors[1];
	Tw__LocalExporter exporter[2], *exporters[2];
	uint32_t mirrored[1];
	uint16_t port_slots[N_PORTS], uplink_slots[1];
	struct tw_mirror_place mirror_places[1];
	struct tw_places places;
	struct tw_slot_state states[TW_SLOTS_MAX];
};

static void make_port(struct world *w, unsigned i)
{
	w->mac[i][0] = 2;
	w->mac[i][5] = (uint8_t)(i + 1);
	tw__local_port__init(&w->port[i]);
	tw__vlan__init(&w->vlan[i]);
	w->port[i].number = i + 1;
	w->port[i].mac = (ProtobufCBinaryData){ 6, w->mac[i] };
	w->port[i].vlan = &w->vlan[i];
	w->port[i].mtu = 1500;
	w->vlan[i].mode = TW__VLAN__MODE__ACCESS;
	w->vlan[i].access = i == 3 ? 20 : 10;
	w->ports[i] = &w->port[i];
	w->port_slots[i] = (uint16_t)i;
	w->states[i] = (struct tw_slot_state){
		.link = TW_LINK_UP, .device = (int32_t)i, .n_queues = 1, .polls = 1, .tx_csum = true
	};
}

static void make_trunk(struct world *w, unsigned i)
{
	w->vlan[i].mode = TW__VLAN__MODE__TRUNK;
	w->vlan[i].native = 5;
	tw__vlan_range__init(&w->range[0]);
	tw__vlan_range__init(&w->range[1]);
	w->range[0].first = w->range[0].last = 10;
	w->range[1].first = 20;
	w->range[1].last = 21;
	w->ranges[0] = &w->range[0];
	w->ranges[1] = &w->range[1];
	w->vlan[i].n_trunk = 2;
	w->vlan[i].trunk = w->ranges;
}

static void make_others(struct world *w)
{
	tw__remote_port__init(&w->remote);
	tw__vlan__init(&w->remote_vlan);
	w->remote.number = 50;
	w->mac[N_PORTS][0] = 2;
	w->mac[N_PORTS][5] = 50;
	w->remote.mac = (ProtobufCBinaryData){ 6, w->mac[N_PORTS] };
	w->remote_vlan.mode = TW__VLAN__MODE__ACCESS;
	w->remote_vlan.access = 10;
	w->remote.vlan = &w->remote_vlan;
	w->remotes[0] = &w->remote;
	w->config.n_remotes = 1;
	w->config.remotes = w->remotes;
	tw__uplink__init(&w->uplink);
	w->uplinks[0] = &w->uplink;
	w->uplink_slots[0] = UPLINK;
	w->config.n_uplinks = 1;
	w->config.uplinks = w->uplinks;
	w->states[UPLINK] = (struct tw_slot_state){
		.link = TW_LINK_UP, .device = 7, .n_queues = 2, .polls = 3, .mtu = 1500, .uplink = true
	};
}

static struct world *world(void)
{
	struct world *w = calloc(1, sizeof(*w));

	tw__snapshot__init(&w->config);
	w->config.revision = 9;
	for (unsigned i = 0; i < N_PORTS; i++)
		make_port(w, i);
	make_trunk(w, 2);
	w->config.n_ports = N_PORTS;
	w->config.ports = w->ports;
	make_others(w);
	w->places = (struct tw_places){ w->port_slots, w->uplink_slots, w->mirror_places };
	return w;
}

static struct tw_plan *plan_of(struct world *w)
{
	struct tw_error err = { 0 };
	struct tw_plan *plan = tw_plan_create(&w->config, &w->places, &err);

	assert_non_null(plan);
	return plan;
}

static struct tw_queue_map *map_of(unsigned n_workers)
{
	static struct tw_queue_map map;

	tw_queue_map_init(&map, n_workers);
	return &map;
}

/* The plan lives on in the snapshot. */
static const struct tw_snapshot *build(struct world *w)
{
	struct tw_plan *plan = plan_of(w);
	const struct tw_snapshot *s = tw_snapshot_build(plan, w->states, map_of(2), 1, NULL);

	assert_non_null(s);
	tw_plan_put(plan);
	return s;
}

static bool is_member(const struct tw_snapshot *s, unsigned vlan, uint16_t slot)
{
	for (uint32_t i = 0; i < s->flood[vlan].n; i++)
		if (s->members[s->flood[vlan].first + i] == slot)
			return true;
	return false;
}

static void a_group_frame_reaches_the_ports_of_its_vlan_alone(void **state)
{
	struct world *w = world();
	const struct tw_snapshot *s = build(w);

	assert_int_equal(s->flood[10].n, 3);
	assert_true(is_member(s, 10, 0) && is_member(s, 10, 1) && is_member(s, 10, 2));
	assert_int_equal(s->flood[20].n, 2);
	assert_true(is_member(s, 20, 2) && is_member(s, 20, 3));
	assert_int_equal(s->flood[21].n, 1);
	assert_int_equal(s->flood[5].n, 1); /* the native one */
	assert_int_equal(s->flood[0].n, 0);
	assert_int_equal(s->flood[11].n, 0);
	tw_snapshot_free(s);
	free(w);
}

static void a_trunk_without_a_list_carries_every_vlan_but_untagged(void **state)
{
	struct world *w = world();
	const struct tw_snapshot *s;

	w->vlan[2].n_trunk = 0;
	w->vlan[2].native = 0;
	s = build(w);
	assert_true(is_member(s, 1, 2) && is_member(s, 4094, 2));
	assert_false(is_member(s, 0, 2));
	assert_int_equal(s->flood[4095].n, 0);
	tw_snapshot_free(s);
	free(w);
}

static void disabled_absent_and_moved_ports_get_no_group_frames_held_ones_do(void **state)
{
	struct world *w = world();
	const struct tw_snapshot *s;

	w->port[0].disabled = true;
	w->states[1].link = TW_LINK_ABSENT;
	w->states[2].link = TW_LINK_MOVED;
	w->states[3].link = TW_LINK_HOLD;
	s = build(w);
	assert_int_equal(s->flood[10].n, 0);
	assert_int_equal(s->flood[20].n, 1);
	assert_true(is_member(s, 20, 3));
	assert_int_equal(s->slot[3].device, -1); /* nobody may touch the guest's memory any more */
	tw_snapshot_free(s);
	free(w);
}

static void every_queue_of_a_running_port_is_polled_by_one_worker(void **state)
{
	struct world *w = world();
	const struct tw_snapshot *s;
	unsigned polls = 0;

	w->states[0].polls = 0xf;
	w->states[3].link = TW_LINK_HOLD;
	s = build(w);
	for (unsigned worker = 0; worker < 2; worker++)
		for (uint32_t i = 0; i < s->polls[worker].n; i++, polls++) {
			const struct tw_poll *p = &s->polls[worker].poll[i];

			assert_int_equal(tw_queue_home(p->slot, p->queue, 2), worker);
			assert_int_not_equal(p->slot, 3);
		}
	assert_int_equal(polls, 4 + 1 + 1 + 2);
	tw_snapshot_free(s);
	free(w);
}

/* @return how often it is polled; *worker by whom */
static unsigned find_poll(const struct tw_snapshot *s, uint16_t slot, uint16_t queue, unsigned *worker)
{
	unsigned found = 0;

	for (unsigned w = 0; w < s->n_workers; w++)
		for (uint32_t i = 0; i < s->polls[w].n; i++)
			if (s->polls[w].poll[i].slot == slot && s->polls[w].poll[i].queue == queue) {
				assert_int_equal(s->polls[w].poll[i].lane, tw_queue_home(slot, queue, s->n_workers));
				*worker = w;
				found++;
			}
	return found;
}

static void a_queue_changes_hands_and_all_else_stays(void **state)
{
	struct world *w = world();
	struct tw_queue_map *map = map_of(2);
	const struct tw_snapshot *before, *nobody, *after;
	struct tw_plan *plan = plan_of(w);
	unsigned worker = 0;

	w->states[0].polls = 0x3;
	before = tw_snapshot_build(plan, w->states, map, 7, NULL);
	tw_plan_put(plan);
	assert_false(before->astray);
	assert_int_equal(find_poll(before, 0, 1, &worker), 1);
	assert_int_equal(worker, 1);
	tw_queue_map_set(map, 0, 1, TW_WORKER_NONE);
	nobody = tw_snapshot_repoll(before, map);
	assert_int_equal(find_poll(nobody, 0, 1, &worker), 0);
	assert_true(nobody->astray);
	tw_queue_map_set(map, 0, 1, 0);
	after = tw_snapshot_repoll(before, map);
	tw_snapshot_free(before);
	assert_int_equal(find_poll(after, 0, 1, &worker), 1);
	assert_int_equal(worker, 0);
	assert_int_equal(find_poll(after, 0, 0, &worker), 1);
	assert_int_equal(worker, 0);
	assert_int_equal(find_poll(nobody, 0, 0, &worker), 1);
	assert_true(after->astray);
	assert_int_equal(after->generation, 7); /* no flow is judged again */
	assert_int_equal(after->revision, nobody->revision);
	assert_int_equal(after->flood[10].n, 3);
	assert_true(is_member(after, 10, 0) && is_member(after, 10, 1) && is_member(after, 10, 2));
	assert_int_equal(tw_snapshot_identity(after, w->mac[1])->slot, 1);
	tw_snapshot_free(nobody);
	tw_snapshot_free(after);
	free(w);
}

static void an_incoming_port_is_elsewhere_until_its_guest_runs_here(void **state)
{
	struct world *w = world();
	const struct tw_snapshot *before, *after;
	struct tw_plan *plan;

	w->port[1].role = TW__LOCAL_PORT__ROLE__INCOMING;
	w->states[1].link = TW_LINK_ABSENT;
	plan = plan_of(w);
	before = tw_snapshot_build(plan, w->states, map_of(1), 1, NULL);
	assert_int_equal(tw_snapshot_identity(before, w->mac[1])->slot, TW_SLOT_NONE);
	w->states[1].link = TW_LINK_UP;
	after = tw_snapshot_build(plan, w->states, map_of(1), 2, before);
	assert_int_equal(tw_snapshot_identity(after, w->mac[1])->slot, 1);
	assert_int_equal(tw_snapshot_identity(before, w->mac[1])->slot, TW_SLOT_NONE);
	tw_snapshot_free(before);
	tw_snapshot_free(after);
	tw_plan_put(plan);
	free(w);
}

static void identities_are_shared_while_nobody_comes_or_goes(void **state)
{
	struct world *w = world();
	struct tw_plan *plan = plan_of(w);
	const struct tw_snapshot *a = tw_snapshot_build(plan, w->states, map_of(1), 1, NULL), *b;

	w->states[0].link = TW_LINK_ABSENT;
	b = tw_snapshot_build(plan, w->states, map_of(1), 2, a);
	assert_ptr_equal(a->identities, b->identities);
	tw_snapshot_free(a);
	assert_int_equal(tw_snapshot_identity(b, w->mac[4])->number, 50);
	assert_int_equal(tw_snapshot_identity(b, w->mac[0])->slot, 0);
	tw_snapshot_free(b);
	tw_plan_put(plan);
	free(w);
}

static void an_uplink_that_is_down_is_not_chosen(void **state)
{
	struct world *w = world();
	const struct tw_snapshot *s = build(w);

	assert_int_equal(s->n_uplinks, 1);
	assert_int_equal(s->uplink[0], UPLINK);
	tw_snapshot_free(s);
	w->states[UPLINK].link = TW_LINK_ABSENT;
	s = build(w);
	assert_int_equal(s->n_uplinks, 0);
	assert_true(s->slot[UPLINK].uplink);
	tw_snapshot_free(s);
	free(w);
}

static void the_keenest_exporter_sets_the_timeouts(void **state)
{
	struct world *w = world();
	const struct tw_snapshot *s = build(w);

	assert_int_equal(s->active_timeout_ms, 60000);
	assert_int_equal(s->idle_timeout_ms, 15000);
	tw_snapshot_free(s);
	for (unsigned i = 0; i < 2; i++) {
		tw__local_exporter__init(&w->exporter[i]);
		w->exporter[i].active_timeout_s = i ? 30 : 120;
		w->exporter[i].idle_timeout_s = i ? 20 : 5;
		w->exporters[i] = &w->exporter[i];
	}
	w->config.n_exporters = 2;
	w->config.exporters = w->exporters;
	s = build(w);
	assert_int_equal(s->active_timeout_ms, 30000);
	assert_int_equal(s->idle_timeout_ms, 5000);
	tw_snapshot_free(s);
	free(w);
}

static void a_mirror_sets_its_bit_in_its_direction_alone(void **state)
{
	struct world *w = world();
	const struct tw_snapshot *s;

	tw__local_mirror__init(&w->mirror);
	w->mirrored[0] = 2;
	w->mirror.ports = w->mirrored;
	w->mirror.n_ports = 1;
	w->mirror.direction = TW__MIRROR__DIRECTION__EGRESS;
	w->mirrors[0] = &w->mirror;
	w->mirror_places[0].bit = 5;
	w->config.n_mirrors = 1;
	w->config.mirrors = w->mirrors;
	s = build(w);
	assert_int_equal(s->slot[1].mirror_out, 1 << 5);
	assert_int_equal(s->slot[1].mirror_in, 0);
	assert_int_equal(s->slot[0].mirror_out, 0);
	tw_snapshot_free(s);
	free(w);
}

static void a_retiring_port_keeps_its_number_for_its_last_records(void **state)
{
	struct world *w = world();
	const struct tw_snapshot *s;

	w->config.n_ports = 3;
	w->states[3] = (struct tw_slot_state){ .retiring = true, .number = 4, .link = TW_LINK_UP, .polls = 1 };
	s = build(w);
	assert_int_equal(s->slot[3].number, 4);
	assert_int_equal(s->slot[3].link, TW_LINK_ABSENT);
	assert_int_equal(s->slot[3].device, -1);
	assert_int_equal(s->flood[20].n, 1);
	assert_null(tw_snapshot_identity(s, w->mac[3]));
	tw_snapshot_free(s);
	free(w);
}

static void a_number_a_mac_and_a_mirrors_port_are_checked(void **state)
{
	struct world *w = world();
	struct tw_error err = { 0 };

	w->port[1].number = 1;
	assert_null(tw_plan_create(&w->config, &w->places, &err));
	assert_string_equal(err.field, "snapshot.ports.number");
	w->port[1].number = 2;
	memcpy(w->mac[1], w->mac[0], 6);
	assert_null(tw_plan_create(&w->config, &w->places, &err));
	assert_string_equal(err.field, "snapshot.ports.mac");
	w->mac[1][5] = 2;
	tw__local_mirror__init(&w->mirror);
	w->mirrored[0] = 77;
	w->mirror.ports = w->mirrored;
	w->mirror.n_ports = 1;
	w->mirror.name = w->mirror.path = (char[]){ "m" };
	w->mirrors[0] = &w->mirror;
	w->config.n_mirrors = 1;
	w->config.mirrors = w->mirrors;
	assert_null(tw_plan_create(&w->config, &w->places, &err));
	assert_string_equal(err.field, "snapshot.mirrors.ports");
	free(w);
}

static void a_mac_told_as_local_and_remote_is_local(void **state)
{
	struct world *w = world();
	const struct tw_snapshot *s;

	memcpy(w->mac[N_PORTS], w->mac[0], 6);
	s = build(w);
	assert_int_equal(s->n_identities, N_PORTS);
	assert_int_equal(tw_snapshot_identity(s, w->mac[0])->slot, 0);
	tw_snapshot_free(s);
	free(w);
}

static void a_static_mac_is_where_its_port_is(void **state)
{
	struct world *w = world();
	uint8_t mac[6] = { 2, 0, 0, 0, 1, 1 }, far_mac[6] = { 2, 0, 0, 0, 1, 2 };
	ProtobufCBinaryData one = { 6, mac }, far = { 6, far_mac };
	const struct tw_snapshot *s;

	w->port[0].static_macs = &one;
	w->remote.static_macs = &far;
	w->port[0].n_static_macs = w->remote.n_static_macs = 1;
	s = build(w);
	assert_int_equal(s->n_identities, N_PORTS + 3);
	assert_int_equal(tw_snapshot_identity(s, mac)->slot, 0);
	assert_int_equal(tw_snapshot_identity(s, far_mac)->slot, TW_SLOT_NONE);
	assert_int_equal(tw_snapshot_identity(s, far_mac)->number, 50);
	assert_true(tw_slot_has_mac(&s->slot[0], mac) && tw_slot_has_mac(&s->slot[0], w->mac[0]));
	assert_false(tw_slot_has_mac(&s->slot[1], mac) || tw_slot_has_mac(&s->slot[0], far_mac));
	tw_snapshot_free(s);
	w->port[0].role = TW__LOCAL_PORT__ROLE__INCOMING;
	w->states[0].link = TW_LINK_ABSENT;
	s = build(w);
	assert_int_equal(tw_snapshot_identity(s, mac)->slot, TW_SLOT_NONE);
	assert_int_equal(tw_snapshot_identity(s, w->mac[0])->slot, TW_SLOT_NONE);
	tw_snapshot_free(s);
	free(w);
}

static void a_static_mac_of_two_ports_is_refused(void **state)
{
	struct world *w = world();
	ProtobufCBinaryData one = { 6, w->mac[1] };
	struct tw_error err = { 0 };

	w->port[0].static_macs = &one;
	w->port[0].n_static_macs = 1;
	assert_null(tw_plan_create(&w->config, &w->places, &err));
	assert_int_equal(err.code, TW_E_DUPLICATE);
	free(w);
}

static void a_vlan_is_snooped_as_all_its_networks_together_say(void **state)
{
	char low[] = "10.0.0.3", high[] = "10.0.0.7", none[] = "";
	Tw__Multicast quiet, asks;
	struct world *w = world();
	struct tw_plan *plan = plan_of(w);

	assert_null(plan->snoop); /* nobody says so */
	tw_plan_put(plan);
	tw__multicast__init(&quiet);
	tw__multicast__init(&asks);
	quiet.snooping = asks.snooping = true;
	quiet.querier_address = high;
	quiet.query_guard = true;
	asks.querier = true;
	asks.querier_address = low;
	asks.query_interval_s = 60;
	asks.unknown_groups = TW__UNKNOWN_GROUPS__GROUPS_ALL;
	for (int turn = 0; turn < 2; turn++) { /* whichever comes first */
		w->port[0].multicast = turn ? &asks : &quiet;
		w->port[1].multicast = turn ? &quiet : &asks;
		plan = plan_of(w);
		assert_int_equal(plan->snoop[10], TW_SNOOP_ON | TW_SNOOP_FLOOD | TW_SNOOP_GUARD);
		assert_true(plan->mcast[10].querier);
		assert_int_equal(plan->mcast[10].interval_s, 60);
		assert_memory_equal(plan->mcast[10].address, "\x0a\0\0\x03", 4);
		assert_int_equal(plan->snoop[20], 0);
		tw_plan_put(plan);
	}
	quiet.querier_address = none;
	w->port[0].multicast = w->port[1].multicast = NULL;
	w->port[2].multicast = &quiet; /* the trunk: 10, 20, 21 and its native 5 */
	plan = plan_of(w);
	for (unsigned vlan = 0; vlan < TW_VLANS; vlan++)
		assert_int_equal(plan->snoop[vlan] != 0, vlan == 5 || vlan == 10 || vlan == 20 || vlan == 21);
	assert_int_equal(plan->mcast[21].interval_s, TW_QUERIER_INTERVAL_S);
	tw_plan_put(plan);
	w->vlan[3].mode = TW__VLAN__MODE__DOT1Q_TUNNEL; /* of 20: a customer's own */
	plan = plan_of(w);
	assert_int_equal(plan->snoop[20], 0);
	assert_int_equal(plan->snoop[21], TW_SNOOP_ON | TW_SNOOP_GUARD);
	tw_plan_put(plan);
	w->vlan[3].mode = TW__VLAN__MODE__ACCESS;
	w->vlan[2].n_trunk = 0; /* all VLANs: only so many, those with the lowest numbers */
	plan = plan_of(w);
	assert_int_equal(plan->snoop[TW_SNOOP_VLANS_MAX], TW_SNOOP_ON | TW_SNOOP_GUARD);
	assert_int_equal(plan->snoop[TW_SNOOP_VLANS_MAX + 1], 0);
	tw_plan_put(plan);
	free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_group_frame_reaches_the_ports_of_its_vlan_alone),
		cmocka_unit_test(a_trunk_without_a_list_carries_every_vlan_but_untagged),
		cmocka_unit_test(disabled_absent_and_moved_ports_get_no_group_frames_held_ones_do),
		cmocka_unit_test(every_queue_of_a_running_port_is_polled_by_one_worker),
		cmocka_unit_test(a_queue_changes_hands_and_all_else_stays),
		cmocka_unit_test(an_incoming_port_is_elsewhere_until_its_guest_runs_here),
		cmocka_unit_test(identities_are_shared_while_nobody_comes_or_goes),
		cmocka_unit_test(an_uplink_that_is_down_is_not_chosen),
		cmocka_unit_test(the_keenest_exporter_sets_the_timeouts),
		cmocka_unit_test(a_mirror_sets_its_bit_in_its_direction_alone),
		cmocka_unit_test(a_retiring_port_keeps_its_number_for_its_last_records),
		cmocka_unit_test(a_number_a_mac_and_a_mirrors_port_are_checked),
		cmocka_unit_test(a_mac_told_as_local_and_remote_is_local),
		cmocka_unit_test(a_static_mac_is_where_its_port_is),
		cmocka_unit_test(a_vlan_is_snooped_as_all_its_networks_together_say),
		cmocka_unit_test(a_static_mac_of_two_ports_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
