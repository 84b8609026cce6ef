/* SPDX-License-Identifier: Apache-2.0 */
/* mirror_refs_test.c - what a mirror may name, what may not go while it is named, and which filters are accepted. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "controlplane/mirror_expression.h"
#include "controlplane/refs.h"
#include "tests/unit/ctl_fixture.h"

/* Texts that messages borrow. */
static char a[] = "a", blue[] = "blue", red[] = "red", span[] = "span", web[] = "web", up0[] = "a/up0";
static char web_eth0[] = "web/eth0", web_eth1[] = "web/eth1", db_eth0[] = "db/eth0", ids_eth0[] = "ids/eth0";
static char none[] = "", m1[] = "m1", m2[] = "m2", file[] = "m.pcapng";

static uint32_t ask_uplinks(struct tw_controller *ctl, char *uplink)
{
	Tw__Uplink up, *ups[] = { &up };
	Tw__Host host;
	char devargs[] = "net_null0";

	tw__uplink__init(&up);
	tw__host__init(&host);
	up.name = uplink;
	up.devargs = devargs;
	host.name = a;
	host.n_uplinks = 1;
	host.uplinks = ups;
	return ask_set(ctl, TW__KIND__HOST, &host.base, "uplinks", NULL);
}

/* Host a with up0 has web (two ports) and db in blue (VLAN 10); ids in red (VLAN 20). */
static int start(void **state)
{
	struct tw_controller *ctl = ctl_start(":memory:");
	char name[] = "up0";

	assert_int_equal(ask_host(ctl, a, NULL), 0);
	assert_int_equal(ask_uplinks(ctl, name), 0);
	assert_int_equal(ask_network(ctl, blue, 10, NULL), 0);
	assert_int_equal(ask_network(ctl, red, 20, NULL), 0);
	assert_int_equal(ask_port(ctl, web_eth0, blue, NULL), 0);
	assert_int_equal(ask_port(ctl, web_eth1, blue, NULL), 0);
	assert_int_equal(ask_port(ctl, db_eth0, blue, NULL), 0);
	assert_int_equal(ask_port(ctl, ids_eth0, red, NULL), 0);
	*state = ctl;
	return 0;
}

static int stop(void **state)
{
	struct tw_controller *ctl = *state;
	struct tw_error err = { 0 };
	bool sound = tw_refs_verify(&ctl->model, &err);

	if (!sound)
		print_error("%s: %s\n", err.field, err.text);
	ctl_stop(ctl);
	return sound ? 0 : -1;
}

/* To a file, from nothing yet. */
static Tw__Mirror make(char *name)
{
	Tw__Mirror m;

	tw__mirror__init(&m);
	m.name = name;
	m.file = name == m1 ? file : name;
	return m;
}

#define SOURCE(mirror, kind, text)      \
	do {                            \
		static char *list_[1];  \
		list_[0] = (text);      \
		(mirror)->kind = list_; \
		(mirror)->n_##kind = 1; \
	} while (0)

static void to_port(Tw__Mirror *m, char *port)
{
	m->file = none;
	m->to_port = port;
}

static void refused(struct tw_controller *ctl, Tw__Mirror *m, uint32_t code, const char *field, const char *says)
{
	struct answer answer;

	if (ask_new_mirror(ctl, m, &answer) != code || strcmp(answer.err.field, field) != 0 ||
	    !strstr(answer.err.text, says))
		fail_msg("%u %s: %s", answer.err.code, answer.err.field, answer.err.text);
	answer_clear(&answer);
}

static void a_source_that_is_not_there_is_named(void **state)
{
	struct tw_controller *ctl = *state;
	char nobody[] = "nobody", no_port[] = "no/eth0", no_uplink[] = "a/up9", no_host[] = "z/up0";
	Tw__Mirror m = make(m1);

	refused(ctl, &m, TW_E_MISSING, "mirror.ports", "a mirror needs a source");
	SOURCE(&m, ports, no_port);
	refused(ctl, &m, TW_E_NOT_FOUND, "mirror.ports", "no/eth0");
	m = make(m1);
	SOURCE(&m, vms, nobody);
	refused(ctl, &m, TW_E_NOT_FOUND, "mirror.vms", "nobody");
	m = make(m1);
	SOURCE(&m, networks, nobody);
	refused(ctl, &m, TW_E_NOT_FOUND, "mirror.networks", "nobody");
	m = make(m1);
	SOURCE(&m, hosts, nobody);
	refused(ctl, &m, TW_E_NOT_FOUND, "mirror.hosts", "nobody");
	m = make(m1);
	SOURCE(&m, uplinks, no_uplink);
	refused(ctl, &m, TW_E_NOT_FOUND, "mirror.uplinks", "a/up9");
	SOURCE(&m, uplinks, no_host);
	refused(ctl, &m, TW_E_NOT_FOUND, "mirror.uplinks", "z/up0");
}

static void a_destination_is_none_of_the_sources(void **state)
{
	struct tw_controller *ctl = *state;
	char gone[] = "gone/eth0";
	Tw__Mirror m = make(m1);

	SOURCE(&m, ports, web_eth0);
	to_port(&m, web_eth0);
	refused(ctl, &m, TW_E_INVALID, "mirror.to_port", "one of the mirror's sources");
	to_port(&m, gone);
	refused(ctl, &m, TW_E_NOT_FOUND, "mirror.to_port", "gone/eth0");
	m = make(m1);
	SOURCE(&m, vms, web);
	to_port(&m, web_eth1);
	refused(ctl, &m, TW_E_INVALID, "mirror.to_port", "one of the mirror's sources");
	m = make(m1);
	SOURCE(&m, networks, blue); /* web is among them, and left out there */
	to_port(&m, web_eth1);
	assert_int_equal(ask_new_mirror(ctl, &m, NULL), 0);
}

static const Tw__Mirror *mirror_named(struct tw_controller *ctl, const char *name)
{
	return (const Tw__Mirror *)tw_model_find(&ctl->model, TW__KIND__MIRROR, name)->msg;
}

static void a_mirror_to_a_port_has_a_tag_and_a_key_for_life(void **state)
{
	struct tw_controller *ctl = *state;
	uint8_t key[8];
	uint32_t tag;
	Tw__Mirror m = make(m1);

	SOURCE(&m, ports, web_eth0);
	assert_int_equal(ask_new_mirror(ctl, &m, NULL), 0);
	assert_int_equal(mirror_named(ctl, m1)->tunnel_key.len, 0); /* a file needs none */
	to_port(&m, ids_eth0);
	assert_int_equal(ask_set(ctl, TW__KIND__MIRROR, &m.base, "to_port,file", NULL), 0);
	tag = mirror_named(ctl, m1)->tunnel_tag;
	assert_int_not_equal(tag, 0);
	assert_int_equal(mirror_named(ctl, m1)->tunnel_key.len, sizeof(key));
	memcpy(key, mirror_named(ctl, m1)->tunnel_key.data, sizeof(key));
	m.to_port = db_eth0;
	assert_int_equal(ask_set(ctl, TW__KIND__MIRROR, &m.base, "to_port", NULL), 0);
	assert_int_equal(mirror_named(ctl, m1)->tunnel_tag, tag);
	assert_memory_equal(mirror_named(ctl, m1)->tunnel_key.data, key, sizeof(key));
	m.name = m2;
	assert_int_equal(ask_new_mirror(ctl, &m, NULL), 0);
	assert_int_not_equal(mirror_named(ctl, m2)->tunnel_tag, tag);
	assert_memory_not_equal(mirror_named(ctl, m2)->tunnel_key.data, key, sizeof(key));
}

static void nobody_chooses_a_tag_or_a_key(void **state)
{
	struct tw_controller *ctl = *state;
	uint8_t key[8] = { 1 };
	Tw__Mirror m = make(m1);

	SOURCE(&m, ports, web_eth0);
	m.tunnel_tag = 7;
	refused(ctl, &m, TW_E_INVALID, "mirror.tunnel_tag", "given by the controller");
	m.tunnel_tag = 0;
	m.tunnel_key = (ProtobufCBinaryData){ sizeof(key), key };
	refused(ctl, &m, TW_E_INVALID, "mirror.tunnel_key", "given by the controller");
	m.tunnel_key.len = 0;
	assert_int_equal(ask_new_mirror(ctl, &m, NULL), 0);
	m.tunnel_key.len = sizeof(key);
	assert_int_equal(ask_set(ctl, TW__KIND__MIRROR, &m.base, "tunnel_key", NULL), TW_E_INVALID);
}

static void two_mirrors_do_not_share_a_destination_that_cannot_be_shared(void **state)
{
	struct tw_controller *ctl = *state;
	Tw__Mirror m = make(m1);

	SOURCE(&m, ports, web_eth0);
	assert_int_equal(ask_new_mirror(ctl, &m, NULL), 0);
	m.name = m2;
	refused(ctl, &m, TW_E_DUPLICATE, "mirror.file", "m1");
	to_port(&m, ids_eth0);
	assert_int_equal(ask_new_mirror(ctl, &m, NULL), 0);
	m.name = ids_eth0 + 4;                              /* eth0 */
	assert_int_equal(ask_new_mirror(ctl, &m, NULL), 0); /* one analyser for two mirrors */
}

static void a_collector_can_tell_mirrors_apart(void **state)
{
	struct tw_controller *ctl = *state;
	static char collector[] = "10.0.0.9", other[] = "10.0.0.8";
	Tw__Mirror m = make(m1);

	SOURCE(&m, ports, web_eth0);
	m.file = none;
	m.erspan = collector;
	assert_int_equal(ask_new_mirror(ctl, &m, NULL), 0);
	m.name = m2;
	m.erspan_session = 1; /* as when it is not said */
	refused(ctl, &m, TW_E_DUPLICATE, "mirror.erspan_session", "m1");
	m.erspan_session = 2;
	assert_int_equal(ask_new_mirror(ctl, &m, NULL), 0);
	m.name = ids_eth0 + 4; /* eth0 */
	m.erspan = other;
	assert_int_equal(ask_new_mirror(ctl, &m, NULL), 0);
}

static void a_vlan_that_carries_copies_carries_nothing_else(void **state)
{
	struct tw_controller *ctl = *state;
	uint32_t vlans[] = { 999 };
	struct answer answer;
	Tw__Mirror m = make(m1);

	SOURCE(&m, ports, web_eth0);
	m.file = none;
	m.rspan_vlan = 20;
	refused(ctl, &m, TW_E_IN_USE, "mirror.rspan_vlan", "port 'ids/eth0' is in VLAN 20");
	m.rspan_vlan = 999;
	assert_int_equal(ask_new_mirror(ctl, &m, NULL), 0);
	assert_int_equal(ask_network(ctl, span, 999, NULL), 0);
	assert_int_equal(ask_port(ctl, "sniffer/eth0", span, NULL), 0); /* an analyser, afterwards */
	m.disabled = true;
	assert_int_equal(ask_set(ctl, TW__KIND__MIRROR, &m.base, "disabled", &answer), 0);
	answer_clear(&answer);
	m.name = m2;
	refused(ctl, &m, TW_E_DUPLICATE, "mirror.rspan_vlan", "m1");
	m = make(m2);
	m.vlans = vlans;
	m.n_vlans = 1;
	refused(ctl, &m, TW_E_INVALID, "mirror.vlans", "m1");
	m.file = none;
	m.rspan_vlan = 999;
	refused(ctl, &m, TW_E_INVALID, "mirror.rspan_vlan", "one of the mirror's sources");
}

static void in_use(struct tw_controller *ctl, Tw__Kind kind, const char *name, const char *says)
{
	struct answer answer;

	if (ask_delete(ctl, kind, name, &answer) != TW_E_IN_USE || !strstr(answer.err.text, "mirror 'm1'") ||
	    !strstr(answer.err.text, says))
		fail_msg("%s: %u %s", name, answer.err.code, answer.err.text);
	answer_clear(&answer);
}

static void what_a_mirror_names_stays(void **state)
{
	struct tw_controller *ctl = *state;
	char *vms[] = { web }, *networks[] = { red }, *uplinks[] = { up0 }, other[] = "up1";
	Tw__Mirror m = make(m1);

	m.vms = vms;
	m.networks = networks;
	m.uplinks = uplinks;
	m.n_vms = m.n_networks = m.n_uplinks = 1;
	to_port(&m, db_eth0);
	assert_int_equal(ask_new_mirror(ctl, &m, NULL), 0);
	assert_int_equal(ask_delete(ctl, TW__KIND__PORT, ids_eth0, NULL), 0); /* of a network that stays */
	in_use(ctl, TW__KIND__NETWORK, red, "copies its traffic");
	in_use(ctl, TW__KIND__HOST, a, "an uplink of it");
	in_use(ctl, TW__KIND__PORT, db_eth0, "sends its copies there");
	assert_int_equal(ask_delete(ctl, TW__KIND__PORT, web_eth1, NULL), 0);
	in_use(ctl, TW__KIND__PORT, web_eth0, "has no other port");
	assert_int_equal(ask_uplinks(ctl, other), TW_E_IN_USE);
	assert_int_equal(ask_delete(ctl, TW__KIND__MIRROR, m1, NULL), 0);
	assert_int_equal(ask_delete(ctl, TW__KIND__PORT, web_eth0, NULL), 0);
	assert_int_equal(ask_uplinks(ctl, other), 0);
}

static void a_filter_is_compiled_before_it_is_accepted(void **state)
{
	struct tw_controller *ctl = *state;
	char bad[] = "tcp prot 443", good[] = "tcp port 443 and host 10.0.0.5", name[] = "host web.example";
	Tw__Mirror m = make(m1);

	SOURCE(&m, ports, web_eth0);
	m.filter = bad;
	refused(ctl, &m, TW_E_INVALID, "mirror.filter", "syntax error");
	m.filter = name;
	refused(ctl, &m, TW_E_INVALID, "mirror.filter", "unknown host");
	m.filter = good;
	assert_int_equal(ask_new_mirror(ctl, &m, NULL), 0);
	m.filter = bad;
	assert_int_equal(ask_set(ctl, TW__KIND__MIRROR, &m.base, "filter", NULL), TW_E_INVALID);
	assert_string_equal(tw_model_mirror_at(&ctl->model, 0)->filter, good);
}

static void filters_that_a_switch_cannot_run_are_refused(void **state)
{
	static const struct {
		const char *text, *says;
	} cases[] = {
		{ "", NULL },
		{ "vlan 10 and ip6 and udp portrange 1-99", NULL },
		{ "ether host 02:00:00:00:00:01 or arp", NULL },
		{ "net 10.0.0.0/8 and not icmp", NULL },
		{ "ip protochain 6", "loop" },
		{ "net example", "unknown network" },
		{ "inbound", "a mirror has a direction" },
		{ "ip[0] & 0xf > 5 and (", "syntax error" },
		{ "tcp prot 443", "from character 5 on: prot 443" },
		{ "tcp port 80 and  udp prt 53", "from character 22 on: prt 53" },
		{ "(tcp port 80 and (udp or icmp", "missing at its end" },
		{ "(tcp port 80 and (udp or", "from character 23 on: or" },
		{ "tcp and udp", "expression rejects all packets" },
		{ "and", "from character 1 on: and" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct tw_error err = { 0 };
		bool good = tw_mirror_expression_check(cases[i].text, &err);

		if (good != !cases[i].says || (cases[i].says && !strstr(err.text, cases[i].says)))
			fail_msg("%s: %s", cases[i].text, err.text);
		assert_string_equal(err.field, good ? "" : "mirror.filter");
	}
}

#define ON_MODEL(test) cmocka_unit_test_setup_teardown(test, start, stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_MODEL(a_source_that_is_not_there_is_named),
		ON_MODEL(a_destination_is_none_of_the_sources),
		ON_MODEL(a_mirror_to_a_port_has_a_tag_and_a_key_for_life),
		ON_MODEL(nobody_chooses_a_tag_or_a_key),
		ON_MODEL(two_mirrors_do_not_share_a_destination_that_cannot_be_shared),
		ON_MODEL(a_collector_can_tell_mirrors_apart),
		ON_MODEL(a_vlan_that_carries_copies_carries_nothing_else),
		ON_MODEL(what_a_mirror_names_stays),
		ON_MODEL(a_filter_is_compiled_before_it_is_accepted),
		cmocka_unit_test(filters_that_a_switch_cannot_run_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
