/* SPDX-License-Identifier: Apache-2.0 */
/* model_test.c - writes do what they say, a refused write changes nothing and names the field. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/mac.h"
#include "controlplane/kind.h"
#include "controlplane/refs.h"
#include "tests/unit/ctl_fixture.h"

static int start(void **state)
{
	struct tw_controller *ctl = ctl_start(":memory:");

	assert_int_equal(ask_host(ctl, "a", NULL), 0);
	assert_int_equal(ask_host(ctl, "b", NULL), 0);
	assert_int_equal(ask_network(ctl, "blue", 10, NULL), 0);
	assert_int_equal(ask_port(ctl, "web/eth0", "blue", NULL), 0);
	assert_int_equal(ask_port(ctl, "db/eth0", "blue", NULL), 0);
	assert_int_equal(ask_bind(ctl, "web/eth0", "a", NULL), 0);
	assert_int_equal(ask_mirror(ctl, "m1", "db/eth0", "m1.pcapng", NULL), 0);
	*state = ctl;
	return 0;
}

static int stop(void **state)
{
	struct tw_error err = { 0 };
	struct tw_controller *ctl = *state;
	bool sound = tw_refs_verify(&ctl->model, &err);

	if (!sound)
		print_error("%s: %s\n", err.field, err.text);
	ctl_stop(ctl);
	return sound ? 0 : -1;
}

static void a_port_gets_number_uuid_and_mac(void **state)
{
	struct tw_controller *ctl = *state;
	const Tw__Port *web = tw_model_port(&ctl->model, "web/eth0");
	const Tw__Port *db = tw_model_port(&ctl->model, "db/eth0");

	assert_int_equal(web->number, 1);
	assert_int_equal(db->number, 2);
	assert_int_equal(web->uuid.len, TW_UUID_LEN);
	assert_memory_not_equal(web->uuid.data, db->uuid.data, TW_UUID_LEN);
	assert_memory_not_equal(web->vm_uuid.data, db->vm_uuid.data, TW_UUID_LEN);
	assert_int_equal(web->mac.len, TW_MAC_LEN);
	assert_int_equal(web->mac.data[0], 0x02); /* locally administered, unicast */
	assert_int_equal(web->mac.data[5], 1);
	assert_memory_not_equal(web->mac.data, db->mac.data, TW_MAC_LEN);
}

static void an_access_list_is_checked_and_stays_while_a_port_has_it(void **state)
{
	struct tw_controller *ctl = *state;
	struct answer answer;
	char web[] = "web/eth0", acl[] = "a1", none[] = "none", empty[] = "";
	Tw__Port port;

	tw__port__init(&port);
	port.name = web;
	port.ingress_acl = acl;
	assert_int_equal(ask_set(ctl, TW__KIND__PORT, &port.base, "ingress_acl", NULL), TW_E_NOT_FOUND);
	assert_int_equal(ask_acl(ctl, "a1", "allow tpc", &answer), TW_E_INVALID);
	assert_string_equal(answer.err.field, "acl.rules[0]");
	assert_non_null(strstr(answer.err.text, "rule 1, word 2, \"tpc\""));
	answer_clear(&answer);
	assert_int_equal(ask_acl(ctl, "none", "allow tcp", NULL), TW_E_INVALID);
	assert_int_equal(ask_acl(ctl, "a1", "allow tcp", NULL), 0);
	assert_int_equal(ask_set(ctl, TW__KIND__PORT, &port.base, "ingress_acl", NULL), 0);
	assert_int_equal(ask_delete(ctl, TW__KIND__ACL, "a1", NULL), TW_E_IN_USE);
	port.ingress_acl = none;
	assert_int_equal(ask_set(ctl, TW__KIND__PORT, &port.base, "ingress_acl", NULL), 0);
	port.ingress_acl = empty;
	assert_int_equal(ask_delete(ctl, TW__KIND__ACL, "a1", NULL), 0);
}

static void ports_of_one_vm_share_its_uuid(void **state)
{
	struct tw_controller *ctl = *state;

	assert_int_equal(ask_port(ctl, "web/eth1", "blue", NULL), 0);
	assert_memory_equal(tw_model_port(&ctl->model, "web/eth0")->vm_uuid.data,
			    tw_model_port(&ctl->model, "web/eth1")->vm_uuid.data, TW_UUID_LEN);
	/* "we" is no VM of these, though its name begins like one */
	assert_int_equal(ask_port(ctl, "we/eth0", "blue", NULL), 0);
	assert_memory_not_equal(tw_model_port(&ctl->model, "web/eth0")->vm_uuid.data,
				tw_model_port(&ctl->model, "we/eth0")->vm_uuid.data, TW_UUID_LEN);
}

static void a_mac_in_the_way_is_gone_around(void **state)
{
	struct tw_controller *ctl = *state;
	uint8_t next[TW_MAC_LEN] = { 0x02, (uint8_t)ctl->model.epoch, 0, 0, 0, 3 }; /* what port 3 would get */
	char name[] = "db/eth0";
	Tw__Port port;

	tw__port__init(&port);
	port.name = name;
	port.mac.data = next;
	port.mac.len = sizeof(next);
	assert_int_equal(ask_set(ctl, TW__KIND__PORT, &port.base, "mac", NULL), 0);
	assert_int_equal(ask_port(ctl, "new/eth0", "blue", NULL), 0);
	assert_int_equal(tw_model_port(&ctl->model, "new/eth0")->mac.data[0], 0x06);
}

static void an_emptied_mac_is_given_anew(void **state)
{
	struct tw_controller *ctl = *state;
	char name[] = "db/eth0";
	Tw__Port port;

	tw__port__init(&port);
	port.name = name;
	assert_int_equal(ask_set(ctl, TW__KIND__PORT, &port.base, "mac", NULL), 0);
	assert_int_equal(tw_model_port(&ctl->model, "db/eth0")->mac.len, TW_MAC_LEN);
}

static void each_write_raises_the_revision_by_one(void **state)
{
	struct tw_controller *ctl = *state;
	uint64_t before = ctl->model.revision;
	struct answer answer;

	assert_int_equal(ask_network(ctl, "red", 20, &answer), 0);
	assert_int_equal(answer.reply->written->revision, before + 1);
	assert_int_equal(answer.reply->written->object->network->revision, before + 1);
	assert_int_equal(ctl->model.revision, before + 1);
	answer_clear(&answer);
	assert_int_equal(ask_delete(ctl, TW__KIND__NETWORK, "red", &answer), 0);
	assert_int_equal(answer.reply->written->revision, before + 2);
	assert_null(answer.reply->written->object);
	answer_clear(&answer);
}

static void set_takes_only_the_named_fields(void **state)
{
	struct tw_controller *ctl = *state;
	char name[] = "blue";
	Tw__Network network;
	Tw__Vlan vlan = TW__VLAN__INIT;

	tw__network__init(&network);
	network.name = name;
	network.vlan = &vlan;
	vlan.mode = TW__VLAN__MODE__ACCESS;
	vlan.access = 77;
	network.mtu = 9000;
	network.allow_forged = true;
	assert_int_equal(ask_set(ctl, TW__KIND__NETWORK, &network.base, "mtu", NULL), 0);
	assert_int_equal(tw_model_network(&ctl->model, "blue")->vlan->access, 10);
	assert_int_equal(tw_model_network(&ctl->model, "blue")->mtu, 9000);
	assert_false(tw_model_network(&ctl->model, "blue")->allow_forged);
	assert_int_equal(ask_set(ctl, TW__KIND__NETWORK, &network.base, "vlan,allow_forged", NULL), 0);
	assert_int_equal(tw_model_network(&ctl->model, "blue")->vlan->access, 77);
	assert_true(tw_model_network(&ctl->model, "blue")->allow_forged);
}

static void a_network_has_a_number_for_ever(void **state)
{
	struct tw_controller *ctl = *state;
	uint32_t blue = tw_model_network(&ctl->model, "blue")->number;
	Tw__Network network;
	char name[] = "blue";

	assert_true(blue > 0);
	assert_int_equal(ask_network(ctl, "green", 20, NULL), 0);
	assert_int_not_equal(tw_model_network(&ctl->model, "green")->number, blue);
	tw__network__init(&network);
	network.name = name;
	network.mtu = 9000;
	assert_int_equal(ask_set(ctl, TW__KIND__NETWORK, &network.base, "mtu", NULL), 0);
	assert_int_equal(tw_model_network(&ctl->model, "blue")->number, blue);
}

static void a_port_can_take_back_its_own_vlan(void **state)
{
	struct tw_controller *ctl = *state;
	char name[] = "web/eth0";
	Tw__Port port;

	assert_int_equal(ask_port_vlan(ctl, name, 20, NULL), 0);
	assert_int_equal(tw_model_port(&ctl->model, name)->vlan->access, 20);
	tw__port__init(&port);
	port.name = name; /* vlan absent: the network's */
	assert_int_equal(ask_set(ctl, TW__KIND__PORT, &port.base, "vlan", NULL), 0);
	assert_null(tw_model_port(&ctl->model, name)->vlan);
}

static void hosts_are_given_and_rid_of_uplinks(void **state)
{
	struct tw_controller *ctl = *state;
	char name[] = "a", up[] = "up0", dev[] = "net_tap0,iface=t0";
	Tw__Uplink uplink, *list[] = { &uplink };
	Tw__Host host;

	tw__uplink__init(&uplink);
	uplink.name = up;
	uplink.devargs = dev;
	tw__host__init(&host);
	host.name = name;
	host.uplinks = list;
	host.n_uplinks = 1;
	assert_int_equal(ask_set(ctl, TW__KIND__HOST, &host.base, "uplinks", NULL), 0);
	assert_string_equal(tw_model_host(&ctl->model, "a")->uplinks[0]->devargs, dev);
	host.n_uplinks = 0;
	assert_int_equal(ask_set(ctl, TW__KIND__HOST, &host.base, "uplinks", NULL), 0);
	assert_int_equal(tw_model_host(&ctl->model, "a")->n_uplinks, 0);
}

static void binding_to_the_same_host_again_is_no_write(void **state)
{
	struct tw_controller *ctl = *state;
	uint64_t before = ctl->model.revision;

	assert_int_equal(ask_bind(ctl, "web/eth0", "a", NULL), 0);
	assert_int_equal(ask_unbind(ctl, "db/eth0", "", NULL), 0);
	assert_int_equal(ctl->model.revision, before);
}

static void a_port_moves_by_way_of_unbinding(void **state)
{
	struct tw_controller *ctl = *state;

	assert_int_equal(ask_unbind(ctl, "web/eth0", "a", NULL), 0);
	assert_null(tw_port_host(tw_model_port(&ctl->model, "web/eth0")));
	assert_int_equal(ask_bind(ctl, "web/eth0", "b", NULL), 0);
	assert_string_equal(tw_port_host(tw_model_port(&ctl->model, "web/eth0")), "b");
}

static void lists_are_in_the_order_people_expect(void **state)
{
	static const char *const names[] = { "vm10/eth0", "vm9/eth0", "vm1/eth0" };
	struct tw_controller *ctl = *state;
	const struct tw_table *ports = &ctl->model.tables[TW__KIND__PORT];

	for (size_t i = 0; i < 3; i++)
		assert_int_equal(ask_port(ctl, names[i], "blue", NULL), 0);
	assert_string_equal(ports->items[1].name, "vm1/eth0");
	assert_string_equal(ports->items[2].name, "vm9/eth0");
	assert_string_equal(ports->items[3].name, "vm10/eth0");
}

/* ---- refusals: each changes nothing, and says which field ---- */

typedef uint32_t (*refused_request)(struct tw_controller *ctl, struct answer *answer);

static uint32_t network_twice(struct tw_controller *ctl, struct answer *answer)
{
	return ask_network(ctl, "blue", 30, answer);
}

static uint32_t vlan_5000(struct tw_controller *ctl, struct answer *answer)
{
	return ask_network(ctl, "red", 5000, answer);
}

static uint32_t unknown_network(struct tw_controller *ctl, struct answer *answer)
{
	return ask_port(ctl, "x/eth0", "green", answer);
}

static uint32_t port_without_slash(struct tw_controller *ctl, struct answer *answer)
{
	return ask_port(ctl, "x", "blue", answer);
}

static uint32_t duplicate_mac(struct tw_controller *ctl, struct answer *answer)
{
	char name[] = "db/eth0";
	Tw__Port port;

	tw__port__init(&port);
	port.name = name;
	port.mac = tw_model_port(&ctl->model, "web/eth0")->mac;
	return ask_set(ctl, TW__KIND__PORT, &port.base, "mac", answer);
}

static uint32_t static_mac_of_another(struct tw_controller *ctl, struct answer *answer)
{
	ProtobufCBinaryData mac = tw_model_port(&ctl->model, "web/eth0")->mac;
	char name[] = "db/eth0";
	Tw__Port port;

	tw__port__init(&port);
	port.name = name;
	port.static_macs = &mac;
	port.n_static_macs = 1;
	return ask_set(ctl, TW__KIND__PORT, &port.base, "static_macs", answer);
}

static uint32_t multicast_mac(struct tw_controller *ctl, struct answer *answer)
{
	uint8_t mac[TW_MAC_LEN] = { 1, 0, 0x5e, 0, 0, 1 };
	char name[] = "db/eth0";
	Tw__Port port;

	tw__port__init(&port);
	port.name = name;
	port.mac.data = mac;
	port.mac.len = sizeof(mac);
	return ask_set(ctl, TW__KIND__PORT, &port.base, "mac", answer);
}

static uint32_t set_to_unknown_network(struct tw_controller *ctl, struct answer *answer)
{
	char name[] = "db/eth0", network[] = "green";
	Tw__Port port;

	tw__port__init(&port);
	port.name = name;
	port.network = network;
	return ask_set(ctl, TW__KIND__PORT, &port.base, "network", answer);
}

static uint32_t port_vlan_4095(struct tw_controller *ctl, struct answer *answer)
{
	return ask_port_vlan(ctl, "web/eth0", 4095, answer);
}

static uint32_t set_nothing(struct tw_controller *ctl, struct answer *answer)
{
	char name[] = "db/eth0";
	Tw__Port port;

	tw__port__init(&port);
	port.name = name;
	return ask_set(ctl, TW__KIND__PORT, &port.base, "", answer);
}

static uint32_t set_a_number(struct tw_controller *ctl, struct answer *answer)
{
	char name[] = "db/eth0";
	Tw__Port port;

	tw__port__init(&port);
	port.name = name;
	port.number = 7;
	return ask_set(ctl, TW__KIND__PORT, &port.base, "number", answer);
}

static uint32_t set_vm_uuid(struct tw_controller *ctl, struct answer *answer)
{
	char name[] = "db/eth0";
	Tw__Port port;

	tw__port__init(&port);
	port.name = name;
	return ask_set(ctl, TW__KIND__PORT, &port.base, "vm_uuid", answer);
}

static uint32_t set_what_is_not_there(struct tw_controller *ctl, struct answer *answer)
{
	return ask_port_vlan(ctl, "no/eth0", 20, answer);
}

static uint32_t delete_used_network(struct tw_controller *ctl, struct answer *answer)
{
	return ask_delete(ctl, TW__KIND__NETWORK, "blue", answer);
}

static uint32_t delete_used_host(struct tw_controller *ctl, struct answer *answer)
{
	return ask_delete(ctl, TW__KIND__HOST, "a", answer);
}

static uint32_t delete_bound_port(struct tw_controller *ctl, struct answer *answer)
{
	return ask_delete(ctl, TW__KIND__PORT, "web/eth0", answer);
}

static uint32_t delete_mirrored_port(struct tw_controller *ctl, struct answer *answer)
{
	return ask_delete(ctl, TW__KIND__PORT, "db/eth0", answer);
}

static uint32_t delete_what_is_not_there(struct tw_controller *ctl, struct answer *answer)
{
	return ask_delete(ctl, TW__KIND__MIRROR, "m2", answer);
}

static uint32_t delete_a_migration(struct tw_controller *ctl, struct answer *answer)
{
	return ask_delete(ctl, TW__KIND__MIGRATION, "1", answer);
}

static uint32_t bind_elsewhere(struct tw_controller *ctl, struct answer *answer)
{
	return ask_bind(ctl, "web/eth0", "b", answer);
}

static uint32_t bind_to_unknown_host(struct tw_controller *ctl, struct answer *answer)
{
	return ask_bind(ctl, "db/eth0", "c", answer);
}

static uint32_t unbind_by_another_host(struct tw_controller *ctl, struct answer *answer)
{
	return ask_unbind(ctl, "web/eth0", "b", answer);
}

static uint32_t mirror_of_unknown_port(struct tw_controller *ctl, struct answer *answer)
{
	return ask_mirror(ctl, "m2", "no/eth0", "m2.pcapng", answer);
}

static uint32_t mirror_into_the_same_file(struct tw_controller *ctl, struct answer *answer)
{
	return ask_mirror(ctl, "m2", "web/eth0", "m1.pcapng", answer);
}

static void a_refused_write_changes_nothing_and_names_the_field(void **state)
{
	static const struct {
		refused_request request;
		uint32_t code;
		const char *field;
	} cases[] = {
		{ network_twice, TW_E_EXISTS, "network.name" },
		{ vlan_5000, TW_E_INVALID, "network.vlan.access" },
		{ unknown_network, TW_E_NOT_FOUND, "port.network" },
		{ port_without_slash, TW_E_INVALID, "port.name" },
		{ duplicate_mac, TW_E_DUPLICATE, "port.mac" },
		{ static_mac_of_another, TW_E_DUPLICATE, "port.static_macs" },
		{ multicast_mac, TW_E_INVALID, "port.mac" },
		{ set_to_unknown_network, TW_E_NOT_FOUND, "port.network" },
		{ port_vlan_4095, TW_E_INVALID, "port.vlan.access" },
		{ set_nothing, TW_E_MISSING, "fields" },
		{ set_a_number, TW_E_INVALID, "port.number" },
		{ set_vm_uuid, TW_E_INVALID, "fields" },
		{ set_what_is_not_there, TW_E_NOT_FOUND, "port.name" },
		{ delete_used_network, TW_E_IN_USE, "network" },
		{ delete_used_host, TW_E_IN_USE, "host" },
		{ delete_bound_port, TW_E_IN_USE, "port" },
		{ delete_mirrored_port, TW_E_IN_USE, "port" },
		{ delete_what_is_not_there, TW_E_NOT_FOUND, "mirror.name" },
		{ delete_a_migration, TW_E_INVALID, "delete.kind" },
		{ bind_elsewhere, TW_E_IN_USE, "bind_port.host" },
		{ bind_to_unknown_host, TW_E_NOT_FOUND, "host.name" },
		{ unbind_by_another_host, TW_E_IN_USE, "bind_port.from" },
		{ mirror_of_unknown_port, TW_E_NOT_FOUND, "mirror.ports" },
		{ mirror_into_the_same_file, TW_E_DUPLICATE, "mirror.file" },
	};
	struct tw_controller *ctl = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		size_t n_before, n_after;
		char *before = model_bytes(&ctl->model, &n_before), *after;
		struct answer answer;

		cases[i].request(ctl, &answer);
		if (answer.err.code != cases[i].code || strcmp(answer.err.field, cases[i].field) != 0)
			fail_msg("case %zu: %u %s: %s", i, answer.err.code, answer.err.field, answer.err.text);
		after = model_bytes(&ctl->model, &n_after);
		assert_int_equal(n_before, n_after);
		assert_memory_equal(before, after, n_before);
		free(before);
		free(after);
		answer_clear(&answer);
	}
}

static void an_error_names_the_user_of_what_is_in_use(void **state)
{
	struct tw_controller *ctl = *state;
	struct answer answer;

	delete_used_host(ctl, &answer);
	assert_non_null(strstr(answer.err.text, "web/eth0"));
	delete_mirrored_port(ctl, &answer);
	assert_non_null(strstr(answer.err.text, "m1"));
	bind_elsewhere(ctl, &answer);
	assert_non_null(strstr(answer.err.text, "bound to host 'a'"));
	duplicate_mac(ctl, &answer);
	assert_non_null(strstr(answer.err.text, "web/eth0"));
}

static void what_an_exporter_names_must_be_there_and_stays(void **state)
{
	struct tw_controller *ctl = *state;
	char nf[] = "nf", green[] = "green", *networks[] = { green }, web[] = "db/eth0", *ports[] = { web };
	struct answer answer;
	Tw__Exporter e;

	assert_int_equal(ask_exporter(ctl, "nf", NULL), 0);
	tw__exporter__init(&e);
	e.name = nf;
	e.n_networks = e.n_ports = 1;
	e.networks = networks;
	e.ports = ports;
	assert_int_equal(ask_set(ctl, TW__KIND__EXPORTER, &e.base, "networks", &answer), TW_E_NOT_FOUND);
	assert_string_equal(answer.err.field, "exporter.networks");
	answer_clear(&answer);
	assert_int_equal(ask_network(ctl, "green", 20, NULL), 0);
	assert_int_equal(ask_set(ctl, TW__KIND__EXPORTER, &e.base, "networks,ports", NULL), 0);
	assert_int_equal(ask_delete(ctl, TW__KIND__NETWORK, "green", &answer), TW_E_IN_USE);
	assert_string_equal(answer.err.field, "network");
	answer_clear(&answer);
	assert_int_equal(ask_delete(ctl, TW__KIND__MIRROR, "m1", NULL), 0);
	assert_int_equal(ask_delete(ctl, TW__KIND__PORT, "db/eth0", &answer), TW_E_IN_USE);
	assert_string_equal(answer.err.field, "port");
	answer_clear(&answer);
	assert_int_equal(ask_delete(ctl, TW__KIND__EXPORTER, "nf", NULL), 0);
	assert_int_equal(ask_delete(ctl, TW__KIND__NETWORK, "green", NULL), 0);
	assert_int_equal(ask_delete(ctl, TW__KIND__PORT, "db/eth0", NULL), 0);
}

static void exporters_beyond_what_a_switch_takes_are_refused(void **state)
{
	struct tw_controller *ctl = *state;

	for (int i = 0; i < TW_MAX_EXPORTERS; i++) {
		char name[] = { 'n', (char)('0' + i), '\0' };

		assert_int_equal(ask_exporter(ctl, name, NULL), 0);
	}
	assert_int_equal(ask_exporter(ctl, "one-more", NULL), TW_E_INVALID);
}

static bool is_said_at_the_making(const char *field)
{
	return strcmp(field, "name") == 0 || strcmp(field, "revision") == 0 || strcmp(field, "uuid") == 0 ||
	       strcmp(field, "number") == 0 || strcmp(field, "vm_uuid") == 0 || strcmp(field, "binding") == 0;
}

static void whatever_an_object_has_can_be_set_but_what_it_is(void **state)
{
	Tw__Host host;
	Tw__Network network;
	Tw__Port port;
	const ProtobufCMessage *const objects[] = { &host.base, &network.base, &port.base };
	const Tw__Kind kinds[] = { TW__KIND__HOST, TW__KIND__NETWORK, TW__KIND__PORT };

	tw__host__init(&host);
	tw__network__init(&network);
	tw__port__init(&port);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		const struct tw_kind *kind = tw_kind_get(kinds[i]);

		for (unsigned f = 0; f < kind->type->n_fields; f++) {
			char *field = strdup(kind->type->fields[f].name);
			struct tw_error err = { 0 };
			ProtobufCMessage *merged = tw_message_merge(kind, objects[i], objects[i], &field, 1, &err);

			assert_int_equal(merged == NULL, is_said_at_the_making(field));
			tw_message_free(merged);
			free(field);
		}
	}
}

#define ON_MODEL(test) cmocka_unit_test_setup_teardown(test, start, stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_MODEL(a_port_gets_number_uuid_and_mac),
		ON_MODEL(an_access_list_is_checked_and_stays_while_a_port_has_it),
		ON_MODEL(ports_of_one_vm_share_its_uuid),
		ON_MODEL(a_mac_in_the_way_is_gone_around),
		ON_MODEL(an_emptied_mac_is_given_anew),
		ON_MODEL(each_write_raises_the_revision_by_one),
		ON_MODEL(set_takes_only_the_named_fields),
		ON_MODEL(a_network_has_a_number_for_ever),
		ON_MODEL(a_port_can_take_back_its_own_vlan),
		ON_MODEL(hosts_are_given_and_rid_of_uplinks),
		ON_MODEL(binding_to_the_same_host_again_is_no_write),
		ON_MODEL(a_port_moves_by_way_of_unbinding),
		ON_MODEL(lists_are_in_the_order_people_expect),
		ON_MODEL(a_refused_write_changes_nothing_and_names_the_field),
		ON_MODEL(an_error_names_the_user_of_what_is_in_use),
		ON_MODEL(what_an_exporter_names_must_be_there_and_stays),
		ON_MODEL(exporters_beyond_what_a_switch_takes_are_refused),
		cmocka_unit_test(whatever_an_object_has_can_be_set_but_what_it_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
