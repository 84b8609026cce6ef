/* SPDX-License-Identifier: Apache-2.0 */
/* twctl_mac_test.c - `twctl mac list` and `twctl port macs`: each MAC once, with its port, VM, network, VLAN and host. */
#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/twctl_fake.h"

#define WEB "'name':'web/eth0','number':1,'mac':'02:00:00:00:00:01','network':'blue','binding':{'host':'a'}"
#define PORTS                                                                                                       \
	"{'objects':{'objects':["                                                                                   \
	"{'port':{" WEB "}},"                                                                                       \
	"{'port':{'name':'esx/eth0','number':2,'mac':'02:00:00:00:00:02','network':'lab','binding':{'host':'b'}}}," \
	"{'port':{'name':'new/eth0','number':3,'mac':'02:00:00:00:00:03','network':'blue',"                         \
	"'vlan':{'mode':'access','access':30}}}]}}"
#define NETWORKS                                                                                   \
	"{'objects':{'objects':[{'network':{'name':'blue','vlan':{'mode':'access','access':10}}}," \
	"{'network':{'name':'lab','vlan':{'mode':'trunk','trunk':[{'first':20,'last':29}]}}}]}}"
#define HOSTS "{'status':{'hosts':[{'name':'a','connected':true},{'name':'b','connected':true},{'name':'c'}]}}"
#define OF_A                                                                    \
	"{'mac_list':{'host':'a','macs':{'total':3,'macs':["                    \
	"{'mac':'02:00:00:00:77:01','vlan':21,'kind':'learned','age_ms':4000}," \
	"{'mac':'02:00:00:00:77:02','vlan':10,'kind':'learned','age_ms':1500}," \
	"{'mac':'02:00:00:00:77:03','vlan':22,'port':2,'kind':'elsewhere','age_ms':9000}]}}}"
#define OF_B                                                          \
	"{'mac_list':{'host':'b','macs':{'next':2,'total':2,'macs':[" \
	"{'mac':'02:00:00:00:77:01','vlan':21,'port':2,'kind':'moved','age_ms':61000}]}}}"
#define MORE_OF_B                                            \
	"{'mac_list':{'host':'b','macs':{'total':2,'macs':[" \
	"{'mac':'02:00:00:00:77:03','vlan':22,'port':2,'kind':'flapping'}]}}}"

static void run(struct fake *fake, const char *line)
{
	fake_run(fake, line);
	if (fake->rc)
		print_message("%s: %s", line, fake->err);
	assert_int_equal(fake->rc, TW_EXIT_DONE);
}

static void every_mac_is_listed_once_and_hosts_that_are_missing_are_named(void **state)
{
	struct fake fake = { .answers = { PORTS, NETWORKS, HOSTS, OF_A, OF_B, MORE_OF_B } };

	run(&fake, "mac list");
	assert_string_equal(fake.out, "MAC               VLAN  PORT     VM  NETWORK HOST KIND     AGE\n"
				      "02:00:00:00:00:02 trunk esx/eth0 esx lab     b    own      -\n"
				      "02:00:00:00:77:01 21    esx/eth0 esx lab     b    moved    1m01s\n"
				      "02:00:00:00:77:03 22    esx/eth0 esx lab     b    flapping 0ms\n"
				      "02:00:00:00:00:03 30    new/eth0 new blue    -    own      -\n"
				      "02:00:00:00:00:01 10    web/eth0 web blue    a    own      -\n"
				      "02:00:00:00:77:02 10    uplink   -   -       a    learned  1.5s\n");
	assert_string_equal(fake.err, "twctl: nothing from host c: it is not connected or did not answer in time\n");
	assert_string_equal(fake.asked[3], "{'list_macs':{'host':'a','limit':4096}}");
	assert_string_equal(fake.asked[4], "{'list_macs':{'host':'b','limit':4096}}");
	assert_string_equal(fake.asked[5], "{'list_macs':{'host':'b','limit':4096,'from':2}}");
	fake_reset(&fake);
}

static void a_network_chooses_ports_and_vlans(void **state)
{
	struct fake fake = { .answers = { PORTS, NETWORKS, HOSTS, OF_A, OF_B, MORE_OF_B } };

	run(&fake, "mac list --network blue");
	assert_string_equal(fake.out, "MAC               VLAN PORT     VM  NETWORK HOST KIND    AGE\n"
				      "02:00:00:00:00:03 30   new/eth0 new blue    -    own     -\n"
				      "02:00:00:00:00:01 10   web/eth0 web blue    a    own     -\n"
				      "02:00:00:00:77:02 10   uplink   -   -       a    learned 1.5s\n");
	fake.answers[3] = NULL;
	fake_run(&fake, "mac list --network green");
	assert_int_equal(fake.rc, TW_EXIT_FAILED);
	assert_int_equal(fake.n_asked, 2);
	assert_non_null(strstr(fake.err, "there is no network 'green'"));
	fake_reset(&fake);
}

static void of_one_host_all_is_shown_that_it_has_learned(void **state)
{
	struct fake fake = { .answers = { PORTS, NETWORKS, OF_A } };

	run(&fake, "mac list --host a");
	assert_string_equal(fake.out, "MAC               VLAN PORT     VM  NETWORK HOST KIND      AGE\n"
				      "02:00:00:00:77:03 22   esx/eth0 esx lab     a    elsewhere 9.0s\n"
				      "02:00:00:00:00:01 10   web/eth0 web blue    a    own       -\n"
				      "02:00:00:00:77:01 21   uplink   -   -       a    learned   4.0s\n"
				      "02:00:00:00:77:02 10   uplink   -   -       a    learned   1.5s\n");
	fake_reset(&fake);
}

static void of_one_port_its_own_host_is_asked_for_its_macs(void **state)
{
	struct fake fake = { .answers = { "{'objects':{'objects':[{'port':{" WEB
					  ",'static_macs':['02:00:00:00:00:aa']}}]}}",
					  NETWORKS,
					  "{'mac_list':{'host':'a','macs':{'macs':["
					  "{'mac':'02:00:00:00:00:bb','vlan':10,'port':1,'kind':'chosen'}]}}}" } };
	json_t *json;

	run(&fake, "port macs web/eth0 --json");
	assert_string_equal(fake.asked[2], "{'list_macs':{'port':'web/eth0','host':'a','limit':4096}}");
	json = fake_json(fake.out);
	assert_int_equal(json_array_size(json_object_get(json, "macs")), 3);
	assert_true(json_is_false(json_object_get(json, "more")));
	assert_string_equal(tw_json_string_at(json_array_get(json_object_get(json, "macs"), 1), "kind"), "static");
	assert_string_equal(tw_json_string_at(json_array_get(json_object_get(json, "macs"), 2), "kind"), "chosen");
	json_decref(json);
	fake_reset(&fake);
}

static void a_limit_ends_the_list_and_the_asking(void **state)
{
	struct fake fake = { .answers = { PORTS, NETWORKS, OF_B } };

	run(&fake, "mac list --host b --limit 1");
	assert_int_equal(fake.n_asked, 3); /* not for the second page */
	assert_string_equal(fake.out, "MAC               VLAN  PORT     VM  NETWORK HOST KIND AGE\n"
				      "02:00:00:00:00:02 trunk esx/eth0 esx lab     b    own  -\n");
	assert_string_equal(fake.err, "there are more than these 1; --limit allows more\n");
	fake_reset(&fake);
}

static void a_page_that_leads_back_is_the_last(void **state)
{
	struct fake fake = { .answers = { PORTS, NETWORKS, OF_B, OF_B } };

	run(&fake, "mac list --host b");
	assert_int_equal(fake.n_asked, 4);
	fake_reset(&fake);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_mac_is_listed_once_and_hosts_that_are_missing_are_named),
		cmocka_unit_test(a_network_chooses_ports_and_vlans),
		cmocka_unit_test(of_one_host_all_is_shown_that_it_has_learned),
		cmocka_unit_test(of_one_port_its_own_host_is_asked_for_its_macs),
		cmocka_unit_test(a_limit_ends_the_list_and_the_asking),
		cmocka_unit_test(a_page_that_leads_back_is_the_last),
	};

	unsetenv("TW_CONTROLLER");
	setlocale(LC_CTYPE, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
