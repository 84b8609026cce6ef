/* SPDX-License-Identifier: Apache-2.0 */
/* slice_test.c - a host is told what it needs to know, and is left alone by what does not concern it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "controlplane/slice.h"
#include "tests/unit/ctl_fixture.h"

/* web (VLAN 10) and db (VLAN 20) on a, client (VLAN 10) on b, spare (VLAN 10) nowhere; host c has nothing. */
static int start(void **state)
{
	static const char *const hosts[] = { "a", "b", "c" };
	struct tw_controller *ctl = ctl_start(":memory:");

	for (size_t i = 0; i < 3; i++)
		assert_int_equal(ask_host(ctl, hosts[i], NULL), 0);
	assert_int_equal(ask_network(ctl, "blue", 10, NULL), 0);
	assert_int_equal(ask_network(ctl, "red", 20, NULL), 0);
	assert_int_equal(ask_port(ctl, "web/eth0", "blue", NULL), 0);
	assert_int_equal(ask_port(ctl, "db/eth0", "red", NULL), 0);
	assert_int_equal(ask_port(ctl, "client/eth0", "blue", NULL), 0);
	assert_int_equal(ask_port(ctl, "spare/eth0", "blue", NULL), 0);
	assert_int_equal(ask_bind(ctl, "web/eth0", "a", NULL), 0);
	assert_int_equal(ask_bind(ctl, "db/eth0", "a", NULL), 0);
	assert_int_equal(ask_bind(ctl, "client/eth0", "b", NULL), 0);
	*state = ctl;
	return 0;
}

static int stop(void **state)
{
	ctl_stop(*state);
	return 0;
}

static void build(struct tw_controller *ctl, const char *host, Tw__WatchReply *slice)
{
	struct tw_slicer *slicer = tw_slicer_create(&ctl->model);

	tw_slice_build(slicer, host, slice);
	tw_slicer_destroy(slicer);
}

/* The names of a slice's objects, "ports; networks; mirrors; exporters; migrations". */
static const char *names_of(struct tw_controller *ctl, const char *host)
{
	static char text[512];
	Tw__WatchReply slice = TW__WATCH_REPLY__INIT;

	text[0] = '\0';
	build(ctl, host, &slice);
	for (size_t i = 0; i < slice.n_ports; i++)
		strcat(strcat(text, slice.ports[i]->name), " ");
	strcat(text, ";");
	for (size_t i = 0; i < slice.n_networks; i++)
		strcat(strcat(text, " "), slice.networks[i]->name);
	strcat(text, ";");
	for (size_t i = 0; i < slice.n_mirrors; i++)
		strcat(strcat(text, " "), slice.mirrors[i]->name);
	strcat(text, ";");
	for (size_t i = 0; i < slice.n_exporters; i++)
		strcat(strcat(text, " "), slice.exporters[i]->name);
	strcat(text, ";");
	for (size_t i = 0; i < slice.n_migrations; i++)
		strcat(strcat(text, " "), slice.migrations[i]->vm);
	for (size_t i = 0; i < slice.n_peers; i++)
		strcat(strcat(text, " peer "), slice.peers[i]->name);
	tw_slice_release(&slice);
	return text;
}

static uint64_t hash_of(struct tw_controller *ctl, const char *host)
{
	Tw__WatchReply slice = TW__WATCH_REPLY__INIT;
	uint64_t hash;

	build(ctl, host, &slice);
	hash = tw_slice_hash(&slice);
	tw_slice_release(&slice);
	return hash;
}

static void a_host_knows_its_ports_and_the_identities_in_their_vlans(void **state)
{
	struct tw_controller *ctl = *state;

	assert_string_equal(names_of(ctl, "a"), "db/eth0 web/eth0 client/eth0 ; blue red;;;");
	assert_string_equal(names_of(ctl, "b"), "client/eth0 web/eth0 ; blue;;;");
	assert_string_equal(names_of(ctl, "c"), ";;;;");
}

static void a_port_in_no_shared_vlan_is_nobodys_business(void **state)
{
	struct tw_controller *ctl = *state;
	uint64_t before = hash_of(ctl, "b");

	assert_int_equal(ask_port_vlan(ctl, "db/eth0", 30, NULL), 0);
	assert_int_equal(hash_of(ctl, "b"), before);
	assert_int_equal(ask_port_vlan(ctl, "db/eth0", 10, NULL), 0);
	assert_int_not_equal(hash_of(ctl, "b"), before);
	assert_string_equal(names_of(ctl, "b"), "client/eth0 db/eth0 web/eth0 ; blue red;;;");
	assert_int_equal(ask_port_vlan(ctl, "db/eth0", 30, NULL), 0);
	assert_string_equal(names_of(ctl, "b"), "client/eth0 web/eth0 ; blue;;;");
}

static void a_trunk_meets_the_vlans_it_carries(void **state)
{
	struct tw_controller *ctl = *state;
	char name[] = "client/eth0";
	Tw__VlanRange range = TW__VLAN_RANGE__INIT, *ranges[] = { &range };
	Tw__Vlan vlan = TW__VLAN__INIT;
	Tw__Port port;

	tw__port__init(&port);
	port.name = name;
	port.vlan = &vlan;
	vlan.mode = TW__VLAN__MODE__TRUNK;
	vlan.trunk = ranges;
	vlan.n_trunk = 1;
	range.first = 15;
	range.last = 25;
	assert_int_equal(ask_set(ctl, TW__KIND__PORT, &port.base, "vlan", NULL), 0);
	assert_string_equal(names_of(ctl, "b"), "client/eth0 db/eth0 ; blue red;;;");
	vlan.native = 10; /* its untagged frames */
	assert_int_equal(ask_set(ctl, TW__KIND__PORT, &port.base, "vlan", NULL), 0);
	assert_string_equal(names_of(ctl, "b"), "client/eth0 db/eth0 web/eth0 ; blue red;;;");
	vlan.native = 0;
	vlan.n_trunk = 0; /* all */
	assert_int_equal(ask_set(ctl, TW__KIND__PORT, &port.base, "vlan", NULL), 0);
	assert_string_equal(names_of(ctl, "b"), "client/eth0 db/eth0 web/eth0 ; blue red;;;");
	assert_string_equal(names_of(ctl, "a"), "db/eth0 web/eth0 client/eth0 ; blue red;;;");
}

static void untagged_is_a_vlan_of_its_own(void **state)
{
	struct tw_controller *ctl = *state;

	assert_int_equal(ask_port_vlan(ctl, "client/eth0", 0, NULL), 0);
	assert_string_equal(names_of(ctl, "b"), "client/eth0 ; blue;;;");
	assert_int_equal(ask_port_vlan(ctl, "db/eth0", 0, NULL), 0);
	assert_string_equal(names_of(ctl, "b"), "client/eth0 db/eth0 ; blue red;;;");
}

static void a_mirror_goes_where_its_source_is(void **state)
{
	struct tw_controller *ctl = *state;

	assert_int_equal(ask_mirror(ctl, "m1", "client/eth0", "m1.pcapng", NULL), 0);
	assert_string_equal(names_of(ctl, "a"), "db/eth0 web/eth0 client/eth0 ; blue red;;;");
	assert_string_equal(names_of(ctl, "b"), "client/eth0 web/eth0 ; blue; m1;;");
}

/* To a file of its name. */
static Tw__Mirror mirror_of(const char *name)
{
	Tw__Mirror m;
	static char file[64];

	tw__mirror__init(&m);
	snprintf(file, sizeof(file), "%s", name);
	m.name = file;
	m.file = file;
	return m;
}

static void a_mirror_goes_where_a_source_of_any_kind_is(void **state)
{
	struct tw_controller *ctl = *state;
	char names[4][4] = { "red", "web", "b", "c" };
	char *red[] = { names[0] }, *web[] = { names[1] }, *b[] = { names[2] }, *c[] = { names[3] };
	uint32_t vlan[] = { 10 };
	Tw__Mirror m;

	m = mirror_of("net");
	m.networks = red;
	m.n_networks = 1;
	assert_int_equal(ask_new_mirror(ctl, &m, NULL), 0);
	m = mirror_of("vm");
	m.vms = web;
	m.n_vms = 1;
	assert_int_equal(ask_new_mirror(ctl, &m, NULL), 0);
	m = mirror_of("host");
	m.hosts = b;
	m.n_hosts = 1;
	assert_int_equal(ask_new_mirror(ctl, &m, NULL), 0);
	m = mirror_of("idle");
	m.hosts = c;
	m.n_hosts = 1;
	assert_int_equal(ask_new_mirror(ctl, &m, NULL), 0);
	m = mirror_of("vlan");
	m.vlans = vlan;
	m.n_vlans = 1;
	assert_int_equal(ask_new_mirror(ctl, &m, NULL), 0);
	assert_string_equal(names_of(ctl, "a"), "db/eth0 web/eth0 client/eth0 ; blue red; net vlan vm;;");
	assert_string_equal(names_of(ctl, "b"), "client/eth0 web/eth0 ; blue; host vlan;;");
	assert_string_equal(names_of(ctl, "c"), ";;;;");
}

static void a_mirrors_destination_is_known_where_its_copies_are_made(void **state)
{
	struct tw_controller *ctl = *state;
	char db_eth0[] = "db/eth0", *db[] = { db_eth0 }, file[] = "", spare[] = "spare/eth0";
	Tw__Mirror m = mirror_of("m");

	m.file = file;
	m.to_port = spare;
	m.ports = db;
	m.n_ports = 1;
	assert_int_equal(ask_new_mirror(ctl, &m, NULL), 0);
	assert_string_equal(names_of(ctl, "a"), "db/eth0 web/eth0 client/eth0 spare/eth0 ; blue red; m;;");
	assert_int_equal(ask_bind(ctl, "spare/eth0", "c", NULL), 0);
	/* Who copies knows the host that copies go to, and that one all from which they may come. */
	assert_string_equal(names_of(ctl, "a"), "db/eth0 web/eth0 client/eth0 spare/eth0 ; blue red; m;; peer c");
	assert_string_equal(names_of(ctl, "c"), "spare/eth0 client/eth0 web/eth0 ; blue; m;; peer a peer b");
	assert_string_equal(names_of(ctl, "b"), "client/eth0 spare/eth0 web/eth0 ; blue;;;");
}

static void a_host_whose_address_changes_changes_the_slices_of_those_it_sends_to(void **state)
{
	struct tw_controller *ctl = *state;
	char web_eth0[] = "web/eth0", *web[] = { web_eth0 }, file[] = "", client[] = "client/eth0", a[] = "a",
	     address[] = "10.0.0.1";
	Tw__Mirror m = mirror_of("m");
	uint64_t before[2];
	Tw__Host host;

	m.file = file;
	m.to_port = client;
	m.ports = web;
	m.n_ports = 1;
	assert_int_equal(ask_new_mirror(ctl, &m, NULL), 0);
	assert_string_equal(names_of(ctl, "b"), "client/eth0 web/eth0 ; blue; m;; peer a peer c");
	before[0] = hash_of(ctl, "b");
	before[1] = hash_of(ctl, "c");
	tw__host__init(&host);
	host.name = a;
	host.tunnel_address = address;
	assert_int_equal(ask_set(ctl, TW__KIND__HOST, &host.base, "tunnel_address", NULL), 0);
	assert_int_not_equal(hash_of(ctl, "b"), before[0]);
	assert_int_equal(hash_of(ctl, "c"), before[1]);
}

static void every_host_knows_the_vlans_that_carry_copies(void **state)
{
	struct tw_controller *ctl = *state;
	char db_eth0[] = "db/eth0", *db[] = { db_eth0 }, file[] = "";
	Tw__Mirror m = mirror_of("m");

	m.file = file;
	m.rspan_vlan = 999;
	m.ports = db;
	m.n_ports = 1;
	assert_int_equal(ask_new_mirror(ctl, &m, NULL), 0);
	assert_string_equal(names_of(ctl, "c"), ";; m;;");
}

static void an_exporter_goes_everywhere_unless_disabled(void **state)
{
	struct tw_controller *ctl = *state;
	char name[] = "nf";
	Tw__Exporter exporter;

	assert_int_equal(ask_exporter(ctl, "nf", NULL), 0);
	assert_string_equal(names_of(ctl, "c"), ";;; nf;");
	tw__exporter__init(&exporter);
	exporter.name = name;
	exporter.disabled = true;
	assert_int_equal(ask_set(ctl, TW__KIND__EXPORTER, &exporter.base, "disabled", NULL), 0);
	assert_string_equal(names_of(ctl, "c"), ";;;;");
}

static void a_migration_makes_the_port_known_at_both_ends_only(void **state)
{
	struct tw_controller *ctl = *state;

	host_comes(ctl, "a");
	host_comes(ctl, "c");
	assert_int_equal(ask_mirror(ctl, "m1", "db/eth0", "m1.pcapng", NULL), 0);
	assert_int_equal(ask_migrate(ctl, "db", "c", NULL), 0);
	assert_string_equal(names_of(ctl, "a"), "db/eth0 web/eth0 client/eth0 ; blue red; m1;; db peer c");
	assert_string_equal(names_of(ctl, "c"), "db/eth0 ; red; m1;; db peer a");
	assert_string_equal(names_of(ctl, "b"), "client/eth0 web/eth0 ; blue;;;");
}

static void observation_domains_differ_and_last(void **state)
{
	struct tw_controller *ctl = *state;
	Tw__WatchReply a = TW__WATCH_REPLY__INIT, b = TW__WATCH_REPLY__INIT;
	uint32_t first;

	build(ctl, "a", &a);
	build(ctl, "b", &b);
	assert_int_not_equal(a.observation_domain, 0);
	assert_int_not_equal(a.observation_domain, b.observation_domain);
	first = a.observation_domain;
	tw_slice_release(&a);
	tw_slice_release(&b);
	assert_int_equal(ask_hello(ctl, "a", 1, NULL), 0); /* writes the host's addresses */
	build(ctl, "a", &a);
	assert_int_equal(a.observation_domain, first);
	tw_slice_release(&a);
}

#define ON_MODEL(test) cmocka_unit_test_setup_teardown(test, start, stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_MODEL(a_host_knows_its_ports_and_the_identities_in_their_vlans),
		ON_MODEL(a_port_in_no_shared_vlan_is_nobodys_business),
		ON_MODEL(a_trunk_meets_the_vlans_it_carries),
		ON_MODEL(untagged_is_a_vlan_of_its_own),
		ON_MODEL(a_mirror_goes_where_its_source_is),
		ON_MODEL(a_mirror_goes_where_a_source_of_any_kind_is),
		ON_MODEL(a_mirrors_destination_is_known_where_its_copies_are_made),
		ON_MODEL(a_host_whose_address_changes_changes_the_slices_of_those_it_sends_to),
		ON_MODEL(every_host_knows_the_vlans_that_carry_copies),
		ON_MODEL(an_exporter_goes_everywhere_unless_disabled),
		ON_MODEL(a_migration_makes_the_port_known_at_both_ends_only),
		ON_MODEL(observation_domains_differ_and_last),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
