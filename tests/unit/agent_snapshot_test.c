/* SPDX-License-Identifier: Apache-2.0 */
/* agent_snapshot_test.c - which ports a host serves and how, for every place a port can be in; VLANs and defaults resolved. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "agent/snapshot.h"
#include "tests/support/slice_maker.h"

struct bed {
	struct tw_slice *slice;
	struct tw_snapshot *snapshot;
	struct tw_error err;
};

/* Consumes reply. */
static const Tw__Snapshot *build(struct bed *bed, Tw__WatchReply *reply)
{
	bool changed;

	bed->slice = tw_slice_create();
	assert_int_equal(tw_slice_apply(bed->slice, reply, &changed, &bed->err), 0);
	tw__watch_reply__free_unpacked(reply, NULL);
	bed->snapshot = tw_snapshot_build(tw_slice_view(bed->slice), "a", "/run/x", &bed->err);
	return bed->snapshot ? tw_snapshot_message(bed->snapshot) : NULL;
}

static void clean(struct bed *bed)
{
	tw_snapshot_destroy(bed->snapshot);
	tw_slice_destroy(bed->slice);
}

static void a_port_is_local_remote_or_nowhere_by_its_binding(void **state)
{
	struct bed bed = { 0 };
	Tw__WatchReply *reply = make_reply(42);
	const Tw__Snapshot *s;

	add_network(reply, "blue", 10);
	add_port(reply, "web/eth0", 1, "blue", "a");
	add_port(reply, "db/eth0", 2, "blue", "b");
	add_port(reply, "idle/eth0", 3, "blue", NULL);
	add_port(reply, "unbound/eth0", 4, "blue", "");
	s = build(&bed, reply);
	assert_non_null(s);
	assert_int_equal(s->revision, 42);
	assert_string_equal(s->host, "a");
	assert_int_equal(s->observation_domain, 11);
	assert_int_equal(s->n_ports, 1);
	assert_string_equal(s->ports[0]->name, "web/eth0");
	assert_string_equal(s->ports[0]->vm_name, "web");
	assert_string_equal(s->ports[0]->socket, "/run/x/vhost/1.sock");
	assert_int_equal(s->ports[0]->role, TW__LOCAL_PORT__ROLE__SERVING);
	assert_int_equal(s->ports[0]->mac.len, 6);
	assert_int_equal(s->ports[0]->mtu, 1500);
	assert_int_equal(s->n_remotes, 1);
	assert_int_equal(s->remotes[0]->number, 2);
	assert_string_equal(s->remotes[0]->vm_name, "db");
	assert_int_equal(s->remotes[0]->vlan->access, 10);
	clean(&bed);
}

static void a_ports_own_vlan_overrides_its_networks(void **state)
{
	struct bed bed = { 0 };
	Tw__WatchReply *reply = make_reply(1);
	const Tw__Snapshot *s;

	add_network(reply, "blue", 10)->mtu = 9000;
	reply->networks[0]->number = 7;
	add_port(reply, "vm/a", 1, "blue", "a")->vlan = make_vlan(TW__VLAN__MODE__ACCESS, 20);
	add_port(reply, "vm/b", 2, "blue", "a")->vlan = make_vlan(TW__VLAN__MODE__INHERIT, 0);
	add_port(reply, "vm/c", 3, "blue", "a");
	add_port(reply, "vm/d", 4, "blue", "a")->vlan = make_vlan(TW__VLAN__MODE__TRUNK, 5);
	add_port(reply, "vm/e", 5, "blue", "b")->vlan = make_vlan(TW__VLAN__MODE__ACCESS, 30);
	s = build(&bed, reply);
	assert_non_null(s);
	assert_int_equal(s->n_ports, 4);
	assert_int_equal(s->ports[0]->vlan->access, 20);
	assert_int_equal(s->ports[1]->vlan->access, 10);
	assert_int_equal(s->ports[2]->vlan->access, 10);
	assert_int_equal(s->ports[3]->vlan->mode, TW__VLAN__MODE__TRUNK);
	assert_int_equal(s->ports[3]->vlan->native, 5);
	assert_int_equal(s->ports[0]->mtu, 9000);
	assert_int_equal(s->remotes[0]->vlan->access, 30);
	assert_int_equal(s->ports[0]->network_number, 7);
	assert_int_equal(s->remotes[0]->network_number, 7);
	assert_string_equal(s->remotes[0]->network, "blue");
	clean(&bed);
}

static Tw__Teaming *make_teaming(Tw__Teaming__Policy policy)
{
	Tw__Teaming *t = malloc(sizeof(*t));

	assert_non_null(t);
	tw__teaming__init(t);
	t->policy = policy;
	return t;
}

static void teaming_is_the_ports_else_its_networks_else_the_hosts(void **state)
{
	struct bed bed = { 0 };
	Tw__WatchReply *reply = make_reply(1);
	const Tw__Snapshot *s;

	reply->host->teaming = make_teaming(TW__TEAMING__POLICY__LACP);
	reply->host->flow_sample = 100;
	reply->host->flow_sample_random = true;
	add_network(reply, "green", 20);
	add_network(reply, "blue", 10)->teaming = make_teaming(TW__TEAMING__POLICY__HASH_MAC);
	add_port(reply, "vm/a", 1, "green", "a");
	add_port(reply, "vm/b", 2, "blue", "a");
	add_port(reply, "vm/c", 3, "blue", "a")->teaming = make_teaming(TW__TEAMING__POLICY__HASH_PORT);
	s = build(&bed, reply);
	assert_non_null(s);
	assert_int_equal(s->teaming->policy, TW__TEAMING__POLICY__LACP);
	assert_int_equal(s->flow_sample, 100);
	assert_true(s->flow_sample_random);
	assert_null(s->ports[0]->teaming);
	assert_int_equal(s->ports[1]->teaming->policy, TW__TEAMING__POLICY__HASH_MAC);
	assert_int_equal(s->ports[2]->teaming->policy, TW__TEAMING__POLICY__HASH_PORT);
	clean(&bed);
}

static void snooping_is_told_to_each_port_of_a_network_that_has_it(void **state)
{
	struct bed bed = { 0 };
	Tw__WatchReply *reply = make_reply(1);
	Tw__Network *blue;
	const Tw__Snapshot *s;

	add_network(reply, "green", 20)->querier = true; /* without snooping it means nothing */
	blue = add_network(reply, "blue", 10);
	blue->snooping = blue->querier = blue->query_guard = true;
	blue->querier_address = strdup("10.0.0.5");
	blue->query_interval_s = 60;
	blue->unknown_groups = TW__UNKNOWN_GROUPS__GROUPS_ALL;
	add_port(reply, "vm/a", 1, "green", "a");
	add_port(reply, "vm/b", 2, "blue", "a");
	s = build(&bed, reply);
	assert_non_null(s);
	assert_null(s->ports[0]->multicast);
	assert_true(s->ports[1]->multicast->snooping && s->ports[1]->multicast->querier);
	assert_true(s->ports[1]->multicast->query_guard);
	assert_string_equal(s->ports[1]->multicast->querier_address, "10.0.0.5");
	assert_int_equal(s->ports[1]->multicast->query_interval_s, 60);
	assert_int_equal(s->ports[1]->multicast->unknown_groups, TW__UNKNOWN_GROUPS__GROUPS_ALL);
	clean(&bed);
}

static void a_ports_own_guards_and_lists_take_the_place_of_its_networks(void **state)
{
	struct bed bed = { 0 };
	Tw__WatchReply *reply = make_reply(1);
	const Tw__Snapshot *s;
	Tw__Guards *guards = malloc(sizeof(*guards)), *own = malloc(sizeof(*own));
	Tw__Recorder *record = malloc(sizeof(*record)), *own_record = malloc(sizeof(*own_record));
	Tw__Port *port;

	assert_true(guards && own && record && own_record);
	tw__recorder__init(record);
	tw__recorder__init(own_record);
	record->frames = 512;
	tw__guards__init(guards);
	tw__guards__init(own);
	guards->source = guards->ra = true;
	own->bpdu = true;
	add_network(reply, "green", 20);
	reply->networks[reply->n_networks - 1]->ingress_acl = strdup("web");
	add_port(reply, "vm/c", 3, "green", "a");
	port = add_port(reply, "vm/d", 4, "green", "a");
	port->ingress_acl = strdup("none");
	port->egress_acl = strdup("other");
	port->record = own_record; /* only dropped frames */
	reply->networks[reply->n_networks - 1]->record = record;
	add_network(reply, "blue", 10)->guards = guards;
	port = add_port(reply, "vm/a", 1, "blue", "a");
	port->addresses = malloc(sizeof(char *));
	port->addresses[0] = strdup("10.0.0.1");
	port->n_addresses = 1;
	add_port(reply, "vm/b", 2, "blue", "a")->guards = own;
	s = build(&bed, reply);
	assert_non_null(s);
	assert_true(s->ports[0]->guards->source && s->ports[0]->guards->ra && !s->ports[0]->guards->bpdu);
	assert_int_equal(s->ports[0]->n_addresses, 1);
	assert_string_equal(s->ports[0]->addresses[0], "10.0.0.1");
	assert_true(!s->ports[1]->guards->source && s->ports[1]->guards->bpdu);
	assert_int_equal(s->ports[1]->n_addresses, 0);
	assert_string_equal(s->ports[1]->ingress_acl, "");
	assert_string_equal(s->ports[2]->ingress_acl, "web");
	assert_string_equal(s->ports[3]->ingress_acl, "");
	assert_string_equal(s->ports[3]->egress_acl, "other");
	assert_int_equal(s->ports[1]->record, 0);
	assert_int_equal(s->ports[2]->record, 512);
	assert_int_equal(s->ports[3]->record, 0);
	clean(&bed);
}

static Tw__Rate *rate(uint64_t per_second)
{
	Tw__Rate *r = malloc(sizeof(*r));

	assert_non_null(r);
	tw__rate__init(r);
	r->per_second = per_second;
	return r;
}

static void each_limit_of_a_port_takes_the_place_of_its_networks(void **state)
{
	struct bed bed = { 0 };
	Tw__WatchReply *reply = make_reply(1);
	const Tw__Snapshot *s;
	Tw__Network *network;
	Tw__Port *port;

	add_network(reply, "blue", 10);
	network = reply->networks[reply->n_networks - 1];
	network->ingress_rate = rate(1000000);
	network->ingress_pps = rate(100);
	network->egress_rate = rate(2000000);
	network->egress_pps = rate(200);
	port = add_port(reply, "vm/a", 1, "blue", "a");
	port->ingress_rate = rate(0);
	port->egress_pps = rate(7);
	add_port(reply, "vm/b", 2, "blue", "a");
	s = build(&bed, reply);
	assert_non_null(s);
	assert_int_equal(s->ports[0]->ingress_rate->per_second, 0); /* none is a limit of its own */
	assert_int_equal(s->ports[0]->ingress_pps->per_second, 100);
	assert_int_equal(s->ports[0]->egress_rate->per_second, 2000000);
	assert_int_equal(s->ports[0]->egress_pps->per_second, 7);
	assert_int_equal(s->ports[1]->ingress_rate->per_second, 1000000);
	assert_int_equal(s->ports[1]->egress_pps->per_second, 200);
	clean(&bed);
}

static void a_ports_own_mac_policy_takes_the_place_of_its_networks(void **state)
{
	static uint8_t mac[6] = { 2, 0, 0, 0, 1, 1 };
	struct bed bed = { 0 };
	Tw__WatchReply *reply = make_reply(1);
	Tw__Network *network = add_network(reply, "blue", 10);
	const Tw__Snapshot *s;
	Tw__Port *port;

	network->allow_forged = true;
	network->promiscuous = network->mac_change = TW__POLICY__POLICY_ACCEPT;
	network->learn = TW__LEARN__LEARN_STRICT;
	network->learn_age_s = 60;
	network->learn_limit = 7;
	network->unknown_unicast = TW__UNKNOWN_UNICAST__UNKNOWN_FLOOD;
	add_port(reply, "vm/a", 1, "blue", "a");
	port = add_port(reply, "vm/b", 2, "blue", "a");
	port->forged = port->promiscuous = TW__POLICY__POLICY_REJECT;
	port->unknown_unicast = TW__UNKNOWN_UNICAST__UNKNOWN_DROP;
	port->unknown_from_wire = TW__POLICY__POLICY_ACCEPT;
	port->mac_change = TW__POLICY__POLICY_REJECT;
	port->learn = TW__LEARN__LEARN_REJECT;
	port->learn_limit = 8;
	for (int i = 0; i < 2; i++) { /* one here, one elsewhere */
		port = i ? add_port(reply, "vm/c", 3, "blue", "b") : port;
		port->static_macs = malloc(sizeof(*port->static_macs));
		port->static_macs[0] = (ProtobufCBinaryData){ sizeof(mac), malloc(sizeof(mac)) };
		memcpy(port->static_macs[0].data, mac, sizeof(mac));
		port->n_static_macs = 1;
		mac[5]++;
	}
	s = build(&bed, reply);
	assert_non_null(s);
	assert_true(s->ports[0]->allow_forged && s->ports[0]->promiscuous && !s->ports[0]->unknown_from_wire);
	assert_int_equal(s->ports[0]->unknown_unicast, TW__UNKNOWN_UNICAST__UNKNOWN_FLOOD);
	assert_int_equal(s->ports[0]->n_static_macs, 0);
	assert_true(s->ports[0]->mac_change && s->ports[0]->learn == TW__LEARN__LEARN_STRICT);
	assert_true(s->ports[0]->learn_age_s == 60 && s->ports[0]->learn_limit == 7);
	assert_true(!s->ports[1]->mac_change && s->ports[1]->learn == TW__LEARN__LEARN_REJECT);
	assert_true(s->ports[1]->learn_age_s == 60 && s->ports[1]->learn_limit == 8);
	assert_true(!s->ports[1]->allow_forged && !s->ports[1]->promiscuous && s->ports[1]->unknown_from_wire);
	assert_int_equal(s->ports[1]->unknown_unicast, TW__UNKNOWN_UNICAST__UNKNOWN_DROP);
	assert_int_equal(s->ports[1]->static_macs[0].data[5], 1);
	assert_int_equal(s->remotes[0]->n_static_macs, 1);
	assert_int_equal(s->remotes[0]->static_macs[0].data[5], 2);
	clean(&bed);
}

static void an_iommu_is_the_networks_unless_the_port_says_otherwise(void **state)
{
	static const struct {
		Tw__Iommu network, port;
		bool offered;
	} cases[] = {
		{ TW__IOMMU__IOMMU_INHERIT, TW__IOMMU__IOMMU_INHERIT, false },
		{ TW__IOMMU__IOMMU_ON, TW__IOMMU__IOMMU_INHERIT, true },
		{ TW__IOMMU__IOMMU_ON, TW__IOMMU__IOMMU_OFF, false },
		{ TW__IOMMU__IOMMU_OFF, TW__IOMMU__IOMMU_ON, true },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct bed bed = { 0 };
		Tw__WatchReply *reply = make_reply(1);
		const Tw__Snapshot *s;

		add_network(reply, "blue", 10)->iommu = cases[i].network;
		add_port(reply, "vm/a", 1, "blue", "a")->iommu = cases[i].port;
		s = build(&bed, reply);
		assert_non_null(s);
		assert_int_equal(s->ports[0]->iommu, cases[i].offered);
		clean(&bed);
	}
}

/* One port "db/eth0" bound to `at`, a migration of db between from and to in that phase: what is it to host a? */
static enum tw_place place(const char *at, const char *from, const char *to, Tw__Migration__Phase phase,
			   Tw__LocalPort__Role *role)
{
	Tw__WatchReply *reply = make_reply(1);
	Tw__Port *port = add_port(reply, "db/eth0", 2, "blue", at);
	enum tw_place found;

	add_migration(reply, 9, "db", from, to)->phase = phase;
	found = tw_snapshot_place(reply, "a", port, role);
	tw__watch_reply__free_unpacked(reply, NULL);
	return found;
}

static void a_migration_gives_ports_their_roles(void **state)
{
	static const struct {
		const char *at, *from, *to;
		Tw__Migration__Phase phase;
		enum tw_place place;
		Tw__LocalPort__Role role;
	} cases[] = {
		/* leaving */
		{ "a", "a", "b", TW__MIGRATION__PHASE__PREPARE, TW_PLACE_LOCAL, TW__LOCAL_PORT__ROLE__OUTGOING },
		{ "a", "a", "b", TW__MIGRATION__PHASE__TRANSFER, TW_PLACE_LOCAL, TW__LOCAL_PORT__ROLE__OUTGOING },
		{ "b", "a", "b", TW__MIGRATION__PHASE__SETTLE, TW_PLACE_LOCAL, TW__LOCAL_PORT__ROLE__OUTGOING },
		{ "b", "a", "b", TW__MIGRATION__PHASE__DONE, TW_PLACE_REMOTE, TW__LOCAL_PORT__ROLE__SERVING },
		{ "a", "a", "b", TW__MIGRATION__PHASE__FAILED, TW_PLACE_LOCAL, TW__LOCAL_PORT__ROLE__SERVING },
		/* coming */
		{ "b", "b", "a", TW__MIGRATION__PHASE__PREPARE, TW_PLACE_LOCAL, TW__LOCAL_PORT__ROLE__INCOMING },
		{ "b", "b", "a", TW__MIGRATION__PHASE__TRANSFER, TW_PLACE_LOCAL, TW__LOCAL_PORT__ROLE__INCOMING },
		{ "a", "b", "a", TW__MIGRATION__PHASE__SETTLE, TW_PLACE_LOCAL, TW__LOCAL_PORT__ROLE__SERVING },
		{ "b", "b", "a", TW__MIGRATION__PHASE__FAILED, TW_PLACE_REMOTE, TW__LOCAL_PORT__ROLE__SERVING },
		/* between others */
		{ "b", "b", "c", TW__MIGRATION__PHASE__TRANSFER, TW_PLACE_REMOTE, TW__LOCAL_PORT__ROLE__SERVING },
		/* a port of the guest that is bound to neither end stays where it is */
		{ "c", "b", "a", TW__MIGRATION__PHASE__TRANSFER, TW_PLACE_REMOTE, TW__LOCAL_PORT__ROLE__SERVING },
		{ "", "b", "a", TW__MIGRATION__PHASE__TRANSFER, TW_PLACE_NOWHERE, TW__LOCAL_PORT__ROLE__SERVING },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		Tw__LocalPort__Role role;

		print_message("case %zu\n", i);
		assert_int_equal(place(cases[i].at, cases[i].from, cases[i].to, cases[i].phase, &role), cases[i].place);
		assert_int_equal(role, cases[i].role);
	}
}

static void a_migration_moves_only_its_own_guests_ports(void **state)
{
	Tw__WatchReply *reply = make_reply(1);
	Tw__Port *other = add_port(reply, "db2/eth0", 2, "blue", "a");
	Tw__LocalPort__Role role;

	add_migration(reply, 9, "db", "a", "b");
	assert_int_equal(tw_snapshot_place(reply, "a", other, &role), TW_PLACE_LOCAL);
	assert_int_equal(role, TW__LOCAL_PORT__ROLE__SERVING);
	tw__watch_reply__free_unpacked(reply, NULL);
}

static void a_mirror_is_served_where_one_of_its_ports_is(void **state)
{
	struct bed bed = { 0 };
	Tw__WatchReply *reply = make_reply(1);
	Tw__Mirror *mirror;
	const Tw__Snapshot *s;

	add_network(reply, "blue", 10);
	add_port(reply, "here/x", 1, "blue", "a");
	add_port(reply, "there/x", 2, "blue", "b");
	mirror = add_mirror(reply, "m1", "there/x");
	ADD(mirror, ports, strdup("here/x"));
	ADD(mirror, ports, strdup("unknown/x"));
	mirror->snaplen = 96;
	mirror->files = 5;
	mirror->file_seconds = 60;
	mirror->direction = TW__MIRROR__DIRECTION__EGRESS;
	add_mirror(reply, "m2", "there/x");
	add_mirror(reply, "m3", "here/x")->disabled = true;
	s = build(&bed, reply);
	assert_non_null(s);
	assert_int_equal(s->n_mirrors, 1);
	assert_string_equal(s->mirrors[0]->name, "m1");
	assert_int_equal(s->mirrors[0]->n_ports, 1);
	assert_int_equal(s->mirrors[0]->ports[0], 1);
	assert_string_equal(s->mirrors[0]->path, "/run/x/capture/m.pcapng");
	assert_int_equal(s->mirrors[0]->files, 5);
	assert_int_equal(s->mirrors[0]->file_seconds, 60);
	assert_int_equal(s->mirrors[0]->snaplen, 96);
	assert_int_equal(s->mirrors[0]->direction, TW__MIRROR__DIRECTION__EGRESS);
	clean(&bed);
}

static void a_capture_without_room_is_left_out_and_why_is_told(void **state)
{
	struct bed bed = { 0 };
	Tw__WatchReply *reply = make_reply(1), *captures = make_reply(1);
	struct tw_error errors[2];
	Tw__Mirror *capture;
	char name[16];

	add_network(reply, "blue", 10);
	add_port(reply, "here/x", 1, "blue", "a");
	for (int i = 0; i < TW_SNAPSHOT_MAX_MIRRORS - 1; i++) {
		snprintf(name, sizeof(name), "m%d", i);
		add_mirror(reply, name, "here/x");
	}
	for (int i = 0; i < 2; i++) {
		capture = MAKE(Tw__Mirror, tw__mirror__init);
		capture->name = strdup(i ? "second" : "first");
		capture->stream = 7 + (uint64_t)i;
		ADD(capture, ports, strdup("here/x"));
		ADD(captures, captures, capture);
	}
	assert_non_null(build(&bed, reply));
	tw_snapshot_add_captures(bed.snapshot, captures, tw_slice_view(bed.slice), "/run/x", errors);
	assert_int_equal(tw_snapshot_message(bed.snapshot)->n_mirrors, TW_SNAPSHOT_MAX_MIRRORS);
	assert_int_equal(errors[0].code, 0);
	assert_int_equal(errors[1].code, TW_E_INVALID);
	assert_non_null(strstr(errors[1].text, "at most 64 mirrors"));
	clean(&bed);
	tw__watch_reply__free_unpacked(captures, NULL);
}

/* A mirror with no source and no destination yet. */
static Tw__Mirror *add_bare_mirror(Tw__WatchReply *reply, const char *name)
{
	Tw__Mirror *mirror = MAKE(Tw__Mirror, tw__mirror__init);

	mirror->name = strdup(name);
	ADD(reply, mirrors, mirror);
	return mirror;
}

/* Here: web/x 1, web/y 2 in blue, db/x 3 in red; there, on b: far/x 4 in blue, db2/x 5 in red. */
static Tw__WatchReply *make_town(void)
{
	Tw__WatchReply *reply = make_reply(1);
	Tw__Uplink *uplink = MAKE(Tw__Uplink, tw__uplink__init);

	add_network(reply, "blue", 10);
	add_network(reply, "red", 20);
	add_port(reply, "web/x", 1, "blue", "a");
	add_port(reply, "web/y", 2, "blue", "a");
	add_port(reply, "db/x", 3, "red", "a");
	add_port(reply, "far/x", 4, "blue", "b");
	add_port(reply, "db2/x", 5, "red", "b");
	uplink->name = strdup("up0");
	uplink->devargs = strdup("x");
	ADD(reply->host, uplinks, uplink);
	return reply;
}

/* "NAME: ports; elsewhere; uplinks" */
static const char *sources_of(const Tw__LocalMirror *m)
{
	static char text[160];
	size_t used = (size_t)snprintf(text, sizeof(text), "%s:", m->name);

	for (size_t i = 0; i < m->n_ports; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used, " %u", m->ports[i]);
	used += (size_t)snprintf(text + used, sizeof(text) - used, ";");
	for (size_t i = 0; i < m->n_elsewhere; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used, " %u", m->elsewhere[i]);
	used += (size_t)snprintf(text + used, sizeof(text) - used, ";");
	for (size_t i = 0; i < m->n_uplinks; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used, " %s", m->uplinks[i]);
	return text;
}

static void a_mirrors_sources_of_every_kind_become_ports_and_uplinks(void **state)
{
	struct bed bed = { 0 };
	Tw__WatchReply *reply = make_town();
	static const char *const want[] = {
		"egress: 1 2;;", "host: 3 1 2;;",     "hosts: 3 1 2; 5 4;", "network: 1 2; 4;",
		"uplink:;; up0", "vlan: 3 1 2; 5 4;", "vm: 1 2;;",
	};
	const Tw__Snapshot *s;
	Tw__Mirror *m;

	m = add_bare_mirror(reply, "vm");
	ADD(m, vms, strdup("web"));
	m = add_bare_mirror(reply, "network");
	ADD(m, networks, strdup("blue"));
	m = add_bare_mirror(reply, "egress");
	ADD(m, networks, strdup("blue"));
	m->direction = TW__MIRROR__DIRECTION__EGRESS;
	m = add_bare_mirror(reply, "host");
	ADD(m, hosts, strdup("a"));
	m = add_bare_mirror(reply, "hosts");
	ADD(m, hosts, strdup("a"));
	ADD(m, hosts, strdup("b"));
	m = add_bare_mirror(reply, "uplink");
	ADD(m, uplinks, strdup("a/up0"));
	ADD(m, uplinks, strdup("a/gone"));
	ADD(m, uplinks, strdup("b/up0"));
	m = add_bare_mirror(reply, "vlan");
	ADD(m, vlans, 10);
	m = add_bare_mirror(reply, "nothing-here");
	ADD(m, hosts, strdup("b"));
	for (size_t i = 0; i < reply->n_mirrors; i++)
		reply->mirrors[i]->file = strdup("f");
	s = build(&bed, reply);
	assert_non_null(s);
	assert_int_equal(s->n_mirrors, sizeof(want) / sizeof(*want));
	for (size_t i = 0; i < s->n_mirrors; i++)
		assert_string_equal(sources_of(s->mirrors[i]), want[i]);
	assert_int_equal(s->mirrors[5]->n_vlans, 1);
	clean(&bed);
}

static void an_analyser_is_left_out_of_what_it_is_to_get(void **state)
{
	struct bed bed = { 0 };
	Tw__WatchReply *reply = make_town();
	const Tw__Snapshot *s;
	Tw__Mirror *m;

	add_network(reply, "span", 999);
	add_port(reply, "sniffer/x", 6, "span", "a");
	m = add_bare_mirror(reply, "all");
	ADD(m, hosts, strdup("a"));
	m->to_port = strdup("db/x");
	m = add_bare_mirror(reply, "rspan");
	ADD(m, networks, strdup("red"));
	m->rspan_vlan = 999;
	m->rspan_strip = true;
	m = add_bare_mirror(reply, "erspan");
	ADD(m, networks, strdup("red"));
	m->erspan = strdup("10.0.0.9");
	m->erspan_dscp = 8;
	m = add_bare_mirror(reply, "rspan-of-b");
	ADD(m, hosts, strdup("b"));
	m->rspan_vlan = 998;
	s = build(&bed, reply);
	assert_non_null(s);
	assert_int_equal(s->n_mirrors, 3);
	assert_string_equal(s->mirrors[1]->erspan, "10.0.0.9");
	assert_int_equal(s->mirrors[1]->erspan_type, 2);
	assert_int_equal(s->mirrors[1]->erspan_session, 1);
	assert_int_equal(s->mirrors[1]->erspan_dscp, 8);
	assert_int_equal(s->mirrors[1]->erspan_ttl, 64);
	assert_string_equal(sources_of(s->mirrors[0]), "all: 1 2;;");
	assert_int_equal(s->mirrors[0]->to_port, 3);
	assert_string_equal(sources_of(s->mirrors[2]), "rspan: 3; 5;");
	assert_int_equal(s->mirrors[2]->rspan_vlan, 999);
	assert_true(s->mirrors[2]->rspan_strip);
	assert_string_equal(s->mirrors[2]->path, "");
	assert_int_equal(s->n_rspan_vlans, 2); /* also of the mirror that has no source here */
	assert_int_equal(s->rspan_vlans[0], 999);
	assert_int_equal(s->rspan_vlans[1], 998);
	clean(&bed);
}

static void an_exporters_zeroes_become_the_defaults(void **state)
{
	struct bed bed = { 0 };
	Tw__WatchReply *reply = make_reply(1);
	const Tw__Snapshot *s;

	add_exporter(reply, "x1");
	add_exporter(reply, "x2")->disabled = true;
	add_exporter(reply, "x3")->active_timeout_s = 5;
	reply->exporters[2]->names = TW__EXPORTER__NAMES__RECORD;
	add_network(reply, "blue", 10)->number = 7;
	add_port(reply, "here/x", 1, "blue", "a");
	add_port(reply, "there/x", 2, "blue", "b");
	ADD(reply->exporters[2], networks, strdup("blue"));
	ADD(reply->exporters[2], networks, strdup("unknown"));
	ADD(reply->exporters[2], ports, strdup("there/x"));
	reply->exporters[2]->both_sides = true;
	reply->exporters[2]->biflow = true;
	s = build(&bed, reply);
	assert_non_null(s);
	assert_int_equal(s->n_exporters, 2);
	assert_int_equal(s->exporters[0]->active_timeout_s, 60);
	assert_int_equal(s->exporters[0]->idle_timeout_s, 15);
	assert_int_equal(s->exporters[0]->template_refresh_s, 60);
	assert_int_equal(s->exporters[0]->mtu, 1400);
	assert_int_equal(s->exporters[1]->active_timeout_s, 5);
	assert_false(s->exporters[0]->scoped);
	assert_true(s->exporters[1]->scoped);
	assert_int_equal(s->exporters[1]->n_networks, 1);
	assert_int_equal(s->exporters[1]->networks[0], 7);
	assert_int_equal(s->exporters[1]->n_ports, 1);
	assert_int_equal(s->exporters[1]->ports[0], 2);
	assert_true(s->exporters[1]->both_sides && !s->exporters[0]->both_sides);
	assert_true(s->exporters[1]->biflow && !s->exporters[0]->biflow);
	assert_int_equal(s->exporters[0]->names, TW__EXPORTER__NAMES__OPTIONS);
	assert_int_equal(s->exporters[1]->names, TW__EXPORTER__NAMES__RECORD);
	clean(&bed);
}

static void an_sflow_exporter_is_a_mirror_of_every_port(void **state)
{
	struct bed bed = { 0 };
	Tw__WatchReply *reply = make_reply(1);
	const Tw__LocalMirror *m;
	const Tw__Snapshot *s;

	add_exporter(reply, "flows");
	add_exporter(reply, "off")->format = TW__EXPORTER__FORMAT__SFLOW;
	reply->exporters[1]->disabled = true;
	add_exporter(reply, "plain")->format = TW__EXPORTER__FORMAT__SFLOW;
	add_exporter(reply, "precise")->format = TW__EXPORTER__FORMAT__SFLOW;
	reply->exporters[3]->sample = 1;
	reply->exporters[3]->header_bytes = 64;
	reply->exporters[3]->counters_s = 5;
	reply->exporters[3]->mtu = 9000;
	reply->exporters[3]->observation_domain = 3;
	add_network(reply, "blue", 10);
	add_port(reply, "here/x", 1, "blue", "a");
	add_port(reply, "there/x", 2, "blue", "b");
	add_port(reply, "here/y", 3, "blue", "a");
	s = build(&bed, reply);
	assert_non_null(s);
	assert_int_equal(s->n_exporters, 1);
	assert_int_equal(s->n_mirrors, 2);
	m = s->mirrors[0];
	assert_string_equal(m->name, "sflow:plain");
	assert_int_equal(m->direction, TW__MIRROR__DIRECTION__INGRESS);
	assert_int_equal(m->n_ports, 2);
	assert_int_equal(m->ports[0], 1);
	assert_int_equal(m->ports[1], 3);
	assert_int_equal(m->sample, 1000);
	assert_int_equal(m->snaplen, 128);
	assert_string_equal(m->sflow->exporter, "plain");
	assert_string_equal(m->sflow->collectors[0], "192.0.2.9:4739");
	assert_int_equal(m->sflow->sub_agent, s->observation_domain);
	assert_int_equal(m->sflow->mtu, 1400);
	assert_int_equal(m->sflow->counters_s, 20);
	m = s->mirrors[1];
	assert_int_equal(m->sample, 1);
	assert_int_equal(m->snaplen, 64);
	assert_int_equal(m->sflow->sub_agent, 3);
	assert_int_equal(m->sflow->mtu, 9000);
	assert_int_equal(m->sflow->counters_s, 5);
	clean(&bed);
}

static void what_cannot_be_resolved_is_an_error_that_names_it(void **state)
{
	struct bed bed = { 0 };
	Tw__WatchReply *reply = make_reply(1);

	add_port(reply, "vm/x", 1, "gone", "a");
	assert_null(build(&bed, reply));
	assert_int_equal(bed.err.code, TW_E_NOT_FOUND);
	assert_string_equal(bed.err.field, "port.network");
	assert_non_null(strstr(bed.err.text, "gone"));
	clean(&bed);

	bed = (struct bed){ 0 };
	reply = make_reply(1);
	reply->observation_domain = 0;
	assert_null(build(&bed, reply));
	assert_string_equal(bed.err.field, "watch_reply.observation_domain");
	clean(&bed);
}

static void one_port_more_than_the_limit_is_refused(void **state)
{
	struct bed bed = { 0 };
	Tw__WatchReply *reply = make_reply(1);

	add_network(reply, "blue", 10);
	for (uint32_t i = 0; i <= TW_SNAPSHOT_MAX_PORTS; i++) {
		char name[32];

		snprintf(name, sizeof(name), "vm%u/x", i);
		add_port(reply, name, i + 1, "blue", "a");
	}
	assert_null(build(&bed, reply));
	assert_string_equal(bed.err.field, "snapshot.ports");
	clean(&bed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_port_is_local_remote_or_nowhere_by_its_binding),
		cmocka_unit_test(a_ports_own_vlan_overrides_its_networks),
		cmocka_unit_test(each_limit_of_a_port_takes_the_place_of_its_networks),
		cmocka_unit_test(teaming_is_the_ports_else_its_networks_else_the_hosts),
		cmocka_unit_test(snooping_is_told_to_each_port_of_a_network_that_has_it),
		cmocka_unit_test(a_ports_own_guards_and_lists_take_the_place_of_its_networks),
		cmocka_unit_test(a_ports_own_mac_policy_takes_the_place_of_its_networks),
		cmocka_unit_test(an_iommu_is_the_networks_unless_the_port_says_otherwise),
		cmocka_unit_test(a_migration_gives_ports_their_roles),
		cmocka_unit_test(a_migration_moves_only_its_own_guests_ports),
		cmocka_unit_test(a_mirror_is_served_where_one_of_its_ports_is),
		cmocka_unit_test(a_capture_without_room_is_left_out_and_why_is_told),
		cmocka_unit_test(a_mirrors_sources_of_every_kind_become_ports_and_uplinks),
		cmocka_unit_test(an_analyser_is_left_out_of_what_it_is_to_get),
		cmocka_unit_test(an_exporters_zeroes_become_the_defaults),
		cmocka_unit_test(an_sflow_exporter_is_a_mirror_of_every_port),
		cmocka_unit_test(what_cannot_be_resolved_is_an_error_that_names_it),
		cmocka_unit_test(one_port_more_than_the_limit_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
