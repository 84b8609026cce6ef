/* SPDX-License-Identifier: Apache-2.0 */
/* twctl_flows_test.c - `twctl flows`: each conversation once, both ways together, with the names of both ends. */
#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/clock.h"
#include "controlplane/twctl/lookup.h"
#include "controlplane/twctl/talk.h"
#include "tests/support/twctl_fake.h"

#define PORTS                                                                                                        \
	"{'objects':{'objects':["                                                                                    \
	"{'port':{'name':'web/eth0','number':1,'mac':'02:00:00:00:00:01','network':'blue','binding':{'host':'a'}}}," \
	"{'port':{'name':'db/eth0','number':2,'mac':'02:00:00:00:00:02','network':'blue','binding':{'host':'b'}}}]}}"

#define WEB_TO_DB                                                                                 \
	"'vlan':10,'src_mac':'02:00:00:00:00:01','dst_mac':'02:00:00:00:00:02','ethertype':2048," \
	"'src_ip':'10.0.0.1','dst_ip':'10.0.0.2','protocol':6,'src_port':40000,'dst_port':80,"
#define DB_TO_WEB                                                                                 \
	"'vlan':10,'src_mac':'02:00:00:00:00:02','dst_mac':'02:00:00:00:00:01','ethertype':2048," \
	"'src_ip':'10.0.0.2','dst_ip':'10.0.0.1','protocol':6,'src_port':80,'dst_port':40000,"
#define FLOWS_OF_TWO                                                                                           \
	"{'flow_list':{'missing':['c'],'hosts':["                                                              \
	"{'host':'a','flows':{'total':5,'flows':["                                                             \
	"{'ingress':1,'egress':2," WEB_TO_DB "'packets':12,'l3_octets':3400,'first_ms':999999992500,"          \
	"'last_ms':1000000002000},"                                                                            \
	"{'ingress':0,'egress':1,'vlan':10,'src_mac':'02:00:00:00:00:99','dst_mac':'02:00:00:00:00:01',"       \
	"'ethertype':34525,'src_ip':'fd00::2','dst_ip':'fd00::1','protocol':17,'src_port':53,'dst_port':5353," \
	"'packets':1,'l3_octets':60,'first_ms':1000000002500,'last_ms':1000000002500},"                        \
	"{'ingress':1,'vlan':10,'src_mac':'02:00:00:00:00:01','dst_mac':'02:00:00:00:00:02','ethertype':2048," \
	"'src_ip':'10.0.0.1','dst_ip':'10.0.0.2','protocol':1,'dst_port':2048,'packets':3,'l3_octets':252,"    \
	"'first_ms':1000000000500,'last_ms':1000000002400,'drop_reason':'vlan_not_allowed'},"                  \
	"{'ingress':1,'vlan':10,'src_mac':'02:00:00:00:00:01','dst_mac':'ff:ff:ff:ff:ff:ff','ethertype':2054," \
	"'packets':1,'first_ms':1000000000500,'last_ms':1000000000500,'raw_key':'k'}]}},"                      \
	"{'host':'b','flows':{'total':1,'flows':["                                                             \
	"{'ingress':2,'egress':1," DB_TO_WEB "'packets':9,'l3_octets':70000,'first_ms':999999992501,"          \
	"'last_ms':1000000002300}]}}]}}"

static void run(struct fake *fake, const char *line)
{
	fake_run(fake, line);
	if (fake->rc)
		print_message("%s: %s", line, fake->err);
	assert_int_equal(fake->rc, TW_EXIT_DONE);
}

static void a_conversation_is_shown_once_though_two_hosts_have_its_ways(void **state)
{
	struct fake fake = { .answers = { FLOWS_OF_TWO, PORTS } };
	json_t *json, *talk;

	run(&fake, "flows");
	assert_string_equal(
		fake.out, "VLAN FROM     TO       PROTOCOL SOURCE            DESTINATION       PACKETS BACK OCTETS  "
			  "BACK AGE   IDLE  HOSTS DROPPED\n"
			  "  10 web/eth0 -        arp      02:00:00:00:00:01 ff:ff:ff:ff:ff:ff       1    0      0     "
			  "0 2.0s  2.0s  a     -\n"
			  "  10 web/eth0 db/eth0  icmp 8/0 10.0.0.1          10.0.0.2                3    0    252     "
			  "0 2.0s  100ms a     vlan_not_allowed\n"
			  "  10 web/eth0 db/eth0  tcp      10.0.0.1:40000    10.0.0.2:80            12    9   3400 "
			  "70000 10.0s 200ms a,b   -\n"
			  "  10 -        web/eth0 udp      [fd00::2]:53      [fd00::1]:5353          1    0     60     "
			  "0 0ms   0ms   a     -\n");
	assert_string_equal(fake.err, "4 of 4 conversations shown, of a choice of the flows: --limit allows more\n"
				      "twctl: nothing from host c: it is not connected or did not answer in time\n");
	run(&fake, "flows --json");
	json = fake_json(fake.out);
	assert_int_equal(json_array_size(json_object_get(json, "conversations")), 4);
	assert_int_equal(tw_json_number_at(json, "flows"), 6);
	talk = json_array_get(json_object_get(json, "conversations"), 3);
	assert_true(json_is_null(json_object_get(talk, "from")));
	assert_string_equal(tw_json_string_at(talk, "to"), "web/eth0");
	assert_string_equal(tw_json_string_at(talk, "src_ip"), "fd00::2");
	assert_int_equal(tw_json_number_at(talk, "dst_port"), 5353);
	assert_string_equal(json_string_value(json_array_get(json_object_get(json, "missing"), 0)), "c");
	json_decref(json);
	fake_reset(&fake);
}

static void what_is_asked_goes_to_the_switches(void **state)
{
	static const char *const cases[][2] = {
		{ "flows --vm web --network blue --host a", "{'list_flows':{'host':'a','vm':'web','network':'blue'}}" },
		{ "flows --address 10.0.0.0/24 --vlan 7",
		  "{'list_flows':{'filter':{'net_ip':'10.0.0.0','prefix':24,'vlan':7}}}" },
		{ "flows --protocol tcp/443", "{'list_flows':{'filter':{'protocol':6,'l4_port':443}}}" },
		{ "flows --protocol arp", "{'list_flows':{'filter':{'ethertype':2054}}}" },
		{ "flows --protocol 0x88CC", "{'list_flows':{'filter':{'ethertype':35020}}}" },
		{ "flows --protocol 89", "{'list_flows':{'filter':{'protocol':89}}}" },
		{ "flows --top bytes", "{'list_flows':{'limit':2000,'order':'bytes'}}" },
		{ "flows --top new --limit 500", "{'list_flows':{'limit':5000,'order':'new'}}" },
		{ "flows --top packets --limit 9999", "{'list_flows':{'limit':10000,'order':'packets'}}" },
		{ "flows --limit 5", "{'list_flows':{'limit':5}}" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct fake fake = { .answers = { "{'flow_list':{}}", PORTS } };

		run(&fake, cases[i][0]);
		assert_string_equal(fake.asked[0], cases[i][1]);
		fake_reset(&fake);
	}
}

static void what_is_no_address_or_protocol_is_refused(void **state)
{
	static const char *const cases[][2] = {
		{ "flows --address 10.0.0", "twctl: flows.address: 10.0.0 is no address and no prefix  [105]\n" },
		{ "flows --address 0.0.0.0/0", "twctl: flows.address: 0.0.0.0/0 is every address  [105]\n" },
		{ "flows --protocol telnet",
		  "twctl: flows.protocol: telnet is no protocol: tcp, udp/53, icmp, arp, 89, 0x88cc  [105]\n" },
		{ "flows --protocol tcp/0", "twctl: flows.protocol: 0 is not a number from 1 to 65535  [105]\n" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct fake fake = { 0 };

		fake_run(&fake, cases[i][0]);
		assert_int_equal(fake.rc, TW_EXIT_FAILED);
		assert_string_equal(fake.err, cases[i][1]);
		assert_int_equal(fake.n_asked, 0);
		fake_reset(&fake);
	}
}

static void the_greatest_are_shown_first_and_so_many(void **state)
{
	struct fake fake = { .answers = { FLOWS_OF_TWO, PORTS } };

	run(&fake, "flows --top packets --limit 1");
	assert_non_null(strstr(fake.out, "10.0.0.1:40000"));
	assert_null(strstr(fake.out, "icmp"));
	assert_non_null(strstr(fake.err, "1 of 4 conversations shown"));
	fake_reset(&fake);
}

static void followed_flows_have_rates(void **state)
{
	struct fake fake = { .answers = { FLOWS_OF_TWO, PORTS, FLOWS_OF_TWO } };

	run(&fake, "flows --follow=200ms --count 1 --json");
	assert_int_equal(fake.n_asked, 3);
	assert_non_null(strstr(fake.out, "\"bits_per_s\": 0"));
	fake_reset(&fake);
	run(&fake, "flows --follow=200ms --count 1");
	assert_non_null(strstr(fake.out, "PACKETS/S BACK BIT/S BACK"));
	fake_reset(&fake);
}

/* --- conversations --- */

static struct tw_talks *talks_of(const char *answer)
{
	Tw__Envelope *reply = tw_message_new(&tw__envelope__descriptor);
	json_t *json = fake_json(answer), *ports = fake_json(PORTS), *list = json_array(), *by_number, *port;
	struct tw_talks *talks;
	size_t i;

	json_array_foreach(tw_json_at(ports, "objects.objects"), i, port)
		json_array_append(list, json_object_get(port, "port"));
	by_number = tw_ports_by_number(list);
	fake_fill(&reply->base, json);
	talks = tw_talks_create(reply, by_number);
	json_decref(by_number);
	json_decref(list);
	json_decref(ports);
	json_decref(json);
	return talks;
}

#define HOST(name, flows) "{'host':'" name "','flows':{'flows':[" flows "]}}"
#define LIST(hosts)       "{'flow_list':{'hosts':[" hosts "]}}"

static void a_way_that_two_hosts_have_is_counted_by_the_one_whose_port_it_enters(void **state)
{
	struct tw_talks *talks =
		talks_of(LIST(HOST("a", "{'ingress':0,'egress':2," WEB_TO_DB "'packets':11,'l3_octets':900}") "," HOST(
			"b", "{'ingress':1,'egress':2," WEB_TO_DB "'packets':12,'l3_octets':1000},"
			     "{'ingress':1,'egress':2," WEB_TO_DB "'packets':1,'l3_octets':50}")));

	assert_int_equal(talks->n, 1);
	assert_int_equal(talks->talk[0].end[0].packets, 13); /* two workers of the one host */
	assert_int_equal(talks->talk[0].end[0].octets, 1050);
	assert_string_equal(talks->talk[0].host[0], "b");
	assert_string_equal(talks->talk[0].end[0].name, "web/eth0");
	assert_string_equal(talks->talk[0].end[1].name, "db/eth0");
	tw_talks_destroy(talks);
}

static void what_a_stranger_sends_to_many_hosts_is_not_added_up(void **state)
{
#define ARP(packets_)                                                                                                             \
	"{'ingress':0,'vlan':10,'src_mac':'02:00:00:00:00:99','dst_mac':'ff:ff:ff:ff:ff:ff','ethertype':2054,'packets':" packets_ \
	"}"
	struct tw_talks *talks =
		talks_of(LIST(HOST("a", ARP("4")) "," HOST("b", ARP("3") "," ARP("3")) "," HOST("c", ARP("5"))));

	assert_int_equal(talks->n, 1);
	assert_int_equal(talks->talk[0].end[0].packets + talks->talk[0].end[1].packets, 6);
	tw_talks_destroy(talks);
}

#define ONE(counts) LIST(HOST("a", "{'ingress':1,'egress':2," WEB_TO_DB counts "}"))

static void a_rate_is_what_came_since_the_last_answer(void **state)
{
	struct tw_talks *first = talks_of(ONE("'packets':10,'l3_octets':1000,'first_ms':1000"));
	struct tw_talks *second = talks_of(ONE("'packets':30,'l3_octets':5000,'first_ms':1000"));
	struct tw_talks *third = talks_of(ONE("'packets':2,'l3_octets':400,'first_ms':13500"));

	tw_talks_compare(first, NULL, 1000, 11000);
	assert_int_equal((int)first->talk[0].end[0].octets_s, 100); /* in the mean */
	tw_talks_compare(second, first, 2000, 13000);
	assert_int_equal((int)second->talk[0].end[0].octets_s, 2000);
	assert_int_equal((int)second->talk[0].end[0].packets_s, 10);
	assert_int_equal((int)second->talk[0].end[0].total, 5000);
	tw_talks_compare(third, second, 2000, 14000); /* it was exported, and has begun anew half a second ago */
	assert_int_equal((int)third->talk[0].end[0].octets_s, 800);
	assert_int_equal((int)third->talk[0].end[0].total, 5400);
	assert_int_equal((int)third->talk[0].end[1].octets_s, 0);
	tw_talks_destroy(first);
	tw_talks_destroy(second);
	tw_talks_destroy(third);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_conversation_is_shown_once_though_two_hosts_have_its_ways),
		cmocka_unit_test(what_is_asked_goes_to_the_switches),
		cmocka_unit_test(what_is_no_address_or_protocol_is_refused),
		cmocka_unit_test(the_greatest_are_shown_first_and_so_many),
		cmocka_unit_test(followed_flows_have_rates),
		cmocka_unit_test(a_way_that_two_hosts_have_is_counted_by_the_one_whose_port_it_enters),
		cmocka_unit_test(what_a_stranger_sends_to_many_hosts_is_not_added_up),
		cmocka_unit_test(a_rate_is_what_came_since_the_last_answer),
	};

	unsetenv("TW_CONTROLLER");
	setlocale(LC_CTYPE, "C.UTF-8");
	tw_clock_set_virtual(1000000000, 1000000002500000000);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
