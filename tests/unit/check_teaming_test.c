/* SPDX-License-Identifier: Apache-2.0 */
/* check_teaming_test.c - what a teaming may say, of a host, a network, a port, and to the switch. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "proto/link/check.h"

static char a[] = "a", up0[] = "up0", up1[] = "up1", up9[] = "up9", devargs[] = "net_null0";
static char *first[] = { up0, up0, up0, up0, up0, up0, up0, up0, up0 }, *second[] = { up1 }, *again[] = { up0 },
	    *nobodys[] = { up9 };
static Tw__Teaming t;
static Tw__Uplink uplink[2], *uplinks[9];
static Tw__Host host;
static struct tw_error err;

static int make(void **state)
{
	memset(&err, 0, sizeof(err));
	tw__teaming__init(&t);
	t.active = first;
	t.standby = second;
	t.n_active = t.n_standby = 1;
	for (unsigned i = 0; i < 9; i++) {
		tw__uplink__init(&uplink[i % 2]);
		uplink[i % 2].name = i % 2 ? up1 : up0;
		uplink[i % 2].devargs = devargs;
		uplinks[i] = &uplink[i % 2];
	}
	tw__host__init(&host);
	host.name = a;
	host.uplinks = uplinks;
	host.n_uplinks = 2;
	host.teaming = &t;
	return 0;
}

static void refuses_host(const char *field)
{
	assert_false(tw_check_host(&host, &err));
	assert_string_equal(err.field, field);
}

static void a_host_names_its_own_uplinks_once_each(void **state)
{
	assert_true(tw_check_host(&host, &err));
	t.standby = again;
	refuses_host("host.teaming.standby[0]");
	assert_string_equal(err.text, "uplink up0 is named twice");
	t.standby = nobodys;
	refuses_host("host.teaming.standby[0]");
	assert_string_equal(err.text, "uplink up9 is none of the host's");
	t.n_active = 9;
	refuses_host("host.teaming.active");
	make(state);
	t.policy = (Tw__Teaming__Policy)5;
	refuses_host("host.teaming.policy");
}

static void a_ninth_uplink_is_refused(void **state)
{
	host.teaming = NULL;
	host.n_uplinks = 9;
	refuses_host("host.uplinks");
	assert_string_equal(err.text, "9 are more than 8");
}

static void a_networks_order_is_for_hosts_it_does_not_know_but_it_is_no_aggregation(void **state)
{
	Tw__Vlan vlan;
	Tw__Network network;

	tw__vlan__init(&vlan);
	vlan.mode = TW__VLAN__MODE__ACCESS;
	tw__network__init(&network);
	network.name = a;
	network.vlan = &vlan;
	network.teaming = &t;
	t.standby = nobodys;
	assert_true(tw_check_network(&network, &err));
	t.policy = TW__TEAMING__POLICY__LACP;
	assert_false(tw_check_network(&network, &err));
	assert_string_equal(err.field, "network.teaming.policy");
}

static void nor_is_a_port(void **state)
{
	char name[] = "web/eth0";
	Tw__Port port;

	tw__port__init(&port);
	port.name = name;
	port.network = a;
	port.teaming = &t;
	assert_true(tw_check_port(&port, &err));
	t.policy = TW__TEAMING__POLICY__LACP;
	assert_false(tw_check_port(&port, &err));
	assert_string_equal(err.field, "port.teaming.policy");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_host_names_its_own_uplinks_once_each, make),
		cmocka_unit_test_setup(a_ninth_uplink_is_refused, make),
		cmocka_unit_test_setup(a_networks_order_is_for_hosts_it_does_not_know_but_it_is_no_aggregation, make),
		cmocka_unit_test_setup(nor_is_a_port, make),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
