/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sides_test.c - two hosts of one switch and the wire between them: who counts a frame, for each way that one can go. No EAL.
 *
 * Ports 1 and 2 are on host 0, 3 and 4 on host 1, all in VLAN 10 but 4, which is in 20. What leaves a host by its uplink comes in
 * by the other's.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dataplane/decide.h"
#include "dataplane/snapshot_build.h"

enum { HOSTS = 2, PORTS = 4, UPLINK = TW_PORTS_MAX, STRANGER = 9, ALL = 255 };

struct host {
	Tw__Snapshot config;
	Tw__LocalPort local[PORTS / HOSTS], *locals[PORTS / HOSTS];
	Tw__RemotePort remote[PORTS / HOSTS], *remotes[PORTS / HOSTS];
	Tw__Vlan vlan[PORTS];
	Tw__Uplink uplink, *uplinks[1];
	Tw__LocalExporter exporter, *exporters[1];
	uint8_t mac[PORTS][6];
	uint16_t port_slots[PORTS / HOSTS], uplink_slots[1];
	struct tw_slot_state states[TW_SLOTS_MAX];
	struct tw_plan *plan;
	const struct tw_snapshot *snapshot;
};

static unsigned host_of(unsigned port)
{
	return (port - 1) / (PORTS / HOSTS);
}

static void set_mac(uint8_t mac[6], unsigned who)
{
	memset(mac, who == ALL ? 0xff : 0, 6);
	mac[0] |= 2;
	mac[5] = (uint8_t)who;
}

static void add_port(struct host *h, unsigned port, bool here)
{
	ProtobufCBinaryData mac = { 6, h->mac[port - 1] };
	Tw__Vlan *vlan = &h->vlan[port - 1];

	set_mac(mac.data, port);
	tw__vlan__init(vlan);
	vlan->mode = TW__VLAN__MODE__ACCESS;
	vlan->access = port == 4 ? 20 : 10;
	if (here) {
		size_t i = h->config.n_ports++;

		tw__local_port__init(&h->local[i]);
		h->local[i].number = port;
		h->local[i].mac = mac;
		h->local[i].vlan = vlan;
		h->local[i].mtu = 1500;
		h->locals[i] = &h->local[i];
		h->port_slots[i] = (uint16_t)i;
		h->states[i] = (struct tw_slot_state){ .link = TW_LINK_UP, .device = (int32_t)i, .n_queues = 1 };
	} else {
		size_t i = h->config.n_remotes++;

		tw__remote_port__init(&h->remote[i]);
		h->remote[i].number = port;
		h->remote[i].mac = mac;
		h->remote[i].vlan = vlan;
		h->remotes[i] = &h->remote[i];
	}
}

static struct host *host(unsigned id, bool both_sides)
{
	struct host *h = calloc(1, sizeof(*h));
	struct tw_places places = { h->port_slots, h->uplink_slots, NULL };
	static struct tw_queue_map map;
	struct tw_error err = { 0 };

	tw_queue_map_init(&map, 1);
	tw__snapshot__init(&h->config);
	h->config.ports = h->locals;
	h->config.remotes = h->remotes;
	for (unsigned port = 1; port <= PORTS; port++)
		add_port(h, port, host_of(port) == id);
	tw__uplink__init(&h->uplink);
	h->uplinks[0] = &h->uplink;
	h->uplink_slots[0] = UPLINK;
	h->config.n_uplinks = 1;
	h->config.uplinks = h->uplinks;
	h->states[UPLINK] =
		(struct tw_slot_state){ .link = TW_LINK_UP, .device = 7, .n_queues = 1, .mtu = 1500, .uplink = true };
	tw__local_exporter__init(&h->exporter);
	h->exporter.both_sides = both_sides;
	h->exporters[0] = &h->exporter;
	h->config.n_exporters = 1;
	h->config.exporters = h->exporters;
	h->plan = tw_plan_create(&h->config, &places, &err);
	assert_non_null(h->plan);
	h->snapshot = tw_snapshot_build(h->plan, h->states, &map, 1, NULL);
	assert_non_null(h->snapshot);
	return h;
}

static void free_host(struct host *h)
{
	tw_snapshot_free(h->snapshot);
	tw_plan_put(h->plan);
	free(h);
}

struct told {
	unsigned first, second, refused; /* records that would count the frame */
	bool arrived;
};

static struct tw_verdict enter(const struct host *h, unsigned from, unsigned to, uint16_t in, uint16_t tag,
			       struct told *told)
{
	struct tw_key key = { .in = in, .tci = tag, .flags = TW_FLOW_KEY_IPV4 | (tag ? TW_FLOW_KEY_TAGGED : 0) };
	struct tw_verdict v;

	set_mac(key.src_mac, from);
	set_mac(key.dst_mac, to);
	v = tw_decide(h->snapshot, &key);
	if (v.flags & TW_V_METER) {
		unsigned *counter = v.flags & TW_V_SECOND ? &told->second : &told->first;

		++*counter;
		told->refused += v.action == TW_ACT_DROP;
	}
	told->arrived |= v.action == TW_ACT_FORWARD && v.out != UPLINK;
	return v;
}

static bool leaves(struct tw_verdict v)
{
	return v.action == TW_ACT_FLOOD || (v.action == TW_ACT_FORWARD && v.out == UPLINK);
}

/* A frame from a port, to its end. */
static struct told send(struct host *const hosts[HOSTS], unsigned from, unsigned to)
{
	unsigned here = host_of(from);
	struct told told = { 0 };
	struct tw_verdict v = enter(hosts[here], from, to, (uint16_t)((from - 1) % (PORTS / HOSTS)), 0, &told);

	if (leaves(v))
		enter(hosts[1 - here], from, to, UPLINK, v.vlan, &told);
	return told;
}

static void a_frame_of_a_port_is_counted_once_in_the_whole_switch(void **state)
{
	static const unsigned tos[] = { 1, 2, 3, 4, STRANGER, ALL };
	struct host *hosts[HOSTS] = { host(0, false), host(1, false) };

	for (unsigned from = 1; from <= PORTS; from++)
		for (size_t i = 0; i < sizeof(tos) / sizeof(*tos); i++) {
			struct told told = send(hosts, from, tos[i]);

			assert_int_equal(told.first, 1);
			assert_int_equal(told.second, 0);
		}
	free_host(hosts[0]);
	free_host(hosts[1]);
}

static void with_both_sides_what_arrives_at_another_host_is_counted_exactly_twice(void **state)
{
	static const unsigned tos[] = { 1, 2, 3, 4, STRANGER, ALL };
	struct host *hosts[HOSTS] = { host(0, true), host(1, true) };
	unsigned twice = 0;

	for (unsigned from = 1; from <= PORTS; from++)
		for (size_t i = 0; i < sizeof(tos) / sizeof(*tos); i++) {
			struct told told = send(hosts, from, tos[i]);
			bool across = tos[i] <= PORTS && host_of(from) != host_of(tos[i]) && told.arrived;

			assert_int_equal(told.first, 1);
			if (tos[i] != ALL)
				assert_int_equal(told.second, across);
			twice += told.second;
		}
	assert_int_equal(twice, 4 + 3); /* 1 and 2 to 3 and back; 1, 2 and 3 to all (nobody is in 4's VLAN elsewhere) */
	free_host(hosts[0]);
	free_host(hosts[1]);
}

static void a_frame_from_a_stranger_is_counted_where_it_arrives(void **state)
{
	struct host *h = host(0, true);
	struct told told = { 0 };

	enter(h, STRANGER, 1, UPLINK, 10, &told);
	assert_int_equal(told.first, 1);
	assert_int_equal(told.second, 0);
	assert_true(told.arrived);
	free_host(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_frame_of_a_port_is_counted_once_in_the_whole_switch),
		cmocka_unit_test(with_both_sides_what_arrives_at_another_host_is_counted_exactly_twice),
		cmocka_unit_test(a_frame_from_a_stranger_is_counted_where_it_arrives),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
