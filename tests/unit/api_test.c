/* SPDX-License-Identifier: Apache-2.0 */
/* api_test.c - what operators read: lists, single objects, the status of the whole switch. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/clock.h"
#include "tests/unit/ctl_fixture.h"

static int start(void **state)
{
	struct tw_controller *ctl = ctl_start(":memory:");

	assert_int_equal(ask_host(ctl, "a", NULL), 0);
	assert_int_equal(ask_host(ctl, "b", NULL), 0);
	assert_int_equal(ask_network(ctl, "blue", 10, NULL), 0);
	assert_int_equal(ask_port(ctl, "web/eth0", "blue", NULL), 0);
	assert_int_equal(ask_port(ctl, "db/eth0", "blue", NULL), 0);
	assert_int_equal(ask_bind(ctl, "db/eth0", "a", NULL), 0);
	*state = ctl;
	return 0;
}

static int stop(void **state)
{
	ctl_stop(*state);
	return 0;
}

static uint32_t ask_list(struct tw_controller *ctl, Tw__Kind kind, const char *of, struct answer *answer)
{
	Tw__Envelope env = TW__ENVELOPE__INIT;
	Tw__List list;
	char name[64];

	strcpy(name, of);
	tw__list__init(&list);
	list.kind = kind;
	list.name = name;
	env.body_case = TW__ENVELOPE__BODY_LIST;
	env.list = &list;
	return ask(ctl, &env, answer);
}

static void a_list_has_all_objects_of_its_kind_in_order(void **state)
{
	struct tw_controller *ctl = *state;
	struct answer l;

	assert_int_equal(ask_list(ctl, TW__KIND__PORT, "", &l), 0);
	assert_int_equal(l.reply->objects->revision, ctl->model.revision);
	assert_int_equal(l.reply->objects->n_objects, 2);
	assert_string_equal(l.reply->objects->objects[0]->port->name, "db/eth0");
	assert_string_equal(l.reply->objects->objects[1]->port->name, "web/eth0");
	answer_clear(&l);
	assert_int_equal(ask_list(ctl, TW__KIND__EXPORTER, "", &l), 0);
	assert_int_equal(l.reply->objects->n_objects, 0);
	answer_clear(&l);
}

static void a_list_of_a_name_has_that_object_or_is_refused(void **state)
{
	struct tw_controller *ctl = *state;
	struct answer l;

	assert_int_equal(ask_list(ctl, TW__KIND__NETWORK, "blue", &l), 0);
	assert_int_equal(l.reply->objects->n_objects, 1);
	assert_string_equal(l.reply->objects->objects[0]->network->name, "blue");
	answer_clear(&l);
	assert_int_equal(ask_list(ctl, TW__KIND__NETWORK, "red", &l), TW_E_NOT_FOUND);
	assert_int_equal(ask_list(ctl, TW__KIND__MIGRATION, "1", NULL), TW_E_NOT_FOUND);
	assert_int_equal(ask_list(ctl, TW__KIND__KIND_NONE, "", NULL), TW_E_MISSING);
}

static void the_status_says_how_each_host_is(void **state)
{
	struct tw_controller *ctl = *state;
	Tw__Envelope env = TW__ENVELOPE__INIT;
	Tw__GetStatus get = TW__GET_STATUS__INIT;
	const Tw__HostState *a, *b;
	struct answer s;

	host_comes(ctl, "a");
	host_realises(ctl, "a");
	tw_clock_warp(UINT64_C(3000000000));
	env.body_case = TW__ENVELOPE__BODY_GET_STATUS;
	env.get_status = &get;
	assert_int_equal(ask(ctl, &env, &s), 0);
	assert_int_equal(s.reply->status->revision, ctl->model.revision);
	assert_int_equal(s.reply->status->uptime_ms, 3000);
	assert_int_equal(s.reply->status->networks, 1);
	assert_int_equal(s.reply->status->ports, 2);
	assert_int_equal(s.reply->status->n_hosts, 2);
	a = s.reply->status->hosts[0];
	b = s.reply->status->hosts[1];
	assert_string_equal(a->name, "a");
	assert_true(a->connected);
	assert_true(a->switch_alive);
	assert_int_equal(a->realised, ctl->model.revision);
	assert_string_equal(a->version, "0.1.0");
	assert_int_equal(a->last_seen_ms, tw_clock_real_ms() - 3000);
	assert_false(b->connected);
	assert_int_equal(b->last_seen_ms, 0);
	answer_clear(&s);
}

static void a_host_that_is_silent_is_not_connected(void **state)
{
	struct tw_controller *ctl = *state;

	host_comes(ctl, "a");
	ctl_warp(ctl, TW_HOST_SILENT_MS - 1);
	assert_true(tw_host_connected(tw_host_find(ctl, "a")));
	ctl_warp(ctl, 1);
	assert_false(tw_host_connected(tw_host_find(ctl, "a")));
}

static void what_only_the_controller_gives_cannot_be_chosen(void **state)
{
	struct tw_controller *ctl = *state;
	Tw__Envelope env = TW__ENVELOPE__INIT;
	Tw__Create create = TW__CREATE__INIT;
	Tw__Object object;
	Tw__Port port;
	Tw__Binding binding;
	uint8_t uuid[16] = { 1 };
	char name[] = "db/eth1", network[] = "blue", host[] = "a";
	struct answer c;

	tw__port__init(&port);
	port.name = name;
	port.network = network;
	tw_object_wrap(&object, TW__KIND__PORT, &port.base);
	create.object = &object;
	env.body_case = TW__ENVELOPE__BODY_CREATE;
	env.create = &create;

	port.number = 9;
	assert_int_equal(ask(ctl, &env, &c), TW_E_INVALID);
	assert_string_equal(c.err.field, "port.number");
	port.number = 0;
	port.uuid.data = uuid;
	port.uuid.len = sizeof(uuid);
	assert_int_equal(ask(ctl, &env, &c), TW_E_INVALID);
	assert_string_equal(c.err.field, "port.uuid");
	port.uuid.len = 0;
	tw__binding__init(&binding);
	binding.host = host;
	port.binding = &binding;
	assert_int_equal(ask(ctl, &env, &c), TW_E_INVALID);
	assert_string_equal(c.err.field, "port.binding");
	port.binding = NULL;
	port.vm_uuid.data = uuid; /* not that of db/eth0 */
	port.vm_uuid.len = sizeof(uuid);
	assert_int_equal(ask(ctl, &env, &c), TW_E_INVALID);
	assert_string_equal(c.err.field, "port.vm_uuid");
	port.vm_uuid = tw_model_port(&ctl->model, "db/eth0")->vm_uuid;
	assert_int_equal(ask(ctl, &env, NULL), 0);
}

static void a_message_that_is_no_request_is_refused(void **state)
{
	struct tw_controller *ctl = *state;
	Tw__Envelope env = TW__ENVELOPE__INIT;
	Tw__Ack ack = TW__ACK__INIT;

	env.body_case = TW__ENVELOPE__BODY_ACK;
	env.ack = &ack;
	assert_int_equal(ask(ctl, &env, NULL), TW_E_UNEXPECTED);
}

static uint32_t ask_private(struct tw_controller *ctl, const char *port, uint32_t primary, Tw__Vlan__Private kind,
			    uint32_t secondary)
{
	Tw__Port p;
	Tw__Vlan v = TW__VLAN__INIT;

	tw__port__init(&p);
	p.name = (char *)(uintptr_t)port;
	p.vlan = &v;
	v.mode = TW__VLAN__MODE__ACCESS;
	v.access = primary;
	v.pvlan = kind;
	v.secondary = secondary;
	return ask_set(ctl, TW__KIND__PORT, &p.base, "vlan", NULL);
}

static void a_secondary_vlan_is_of_one_kind_in_one_primary_vlan(void **state)
{
	const Tw__Vlan__Private isolated = TW__VLAN__PRIVATE__ISOLATED, community = TW__VLAN__PRIVATE__COMMUNITY;
	struct tw_controller *ctl = *state;

	assert_int_equal(ask_network(ctl, "pv", 500, NULL), 0);
	assert_int_equal(ask_network(ctl, "other", 600, NULL), 0);
	assert_int_equal(ask_port(ctl, "pv/1", "pv", NULL), 0);
	assert_int_equal(ask_port(ctl, "pv/2", "pv", NULL), 0);
	assert_int_equal(ask_private(ctl, "pv/1", 500, isolated, 501), 0);
	assert_int_equal(ask_private(ctl, "pv/2", 500, isolated, 501), 0);
	assert_int_equal(ask_private(ctl, "pv/2", 500, community, 502), 0);
	assert_int_equal(ask_private(ctl, "pv/2", 500, community, 501), TW_E_IN_USE);
	assert_int_equal(ask_private(ctl, "pv/2", 510, isolated, 501), TW_E_IN_USE);
	assert_int_equal(ask_private(ctl, "pv/2", 500, isolated, 600), TW_E_IN_USE); /* a network's own */
	assert_int_equal(ask_port_vlan(ctl, "pv/2", 501, NULL), TW_E_IN_USE);
	assert_int_equal(ask_network(ctl, "late", 501, NULL), TW_E_IN_USE);
	assert_int_equal(ask_private(ctl, "pv/1", 500, isolated, 503), 0); /* nobody else has it: it may change */
	assert_int_equal(ask_network(ctl, "late", 501, NULL), 0);
}

#define ON_MODEL(test) cmocka_unit_test_setup_teardown(test, start, stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_MODEL(a_list_has_all_objects_of_its_kind_in_order),
		ON_MODEL(a_list_of_a_name_has_that_object_or_is_refused),
		ON_MODEL(the_status_says_how_each_host_is),
		ON_MODEL(a_host_that_is_silent_is_not_connected),
		ON_MODEL(what_only_the_controller_gives_cannot_be_chosen),
		ON_MODEL(a_message_that_is_no_request_is_refused),
		ON_MODEL(a_secondary_vlan_is_of_one_kind_in_one_primary_vlan),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
