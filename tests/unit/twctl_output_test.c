/* SPDX-License-Identifier: Apache-2.0 */
/* twctl_output_test.c - what twctl shows: tables, cards, JSON with its types, errors, the story of a migration. */
#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/clock.h"
#include "tests/support/twctl_fake.h"

#define PORTS                                                                                              \
	"{'objects':{'revision':9,'objects':["                                                             \
	"{'port':{'name':'web/eth0','uuid':'123e4567-e89b-42d3-a456-426614174000','number':1,"             \
	"'mac':'02:00:00:00:00:01','network':'blue','binding':{'host':'a'},'revision':7}},"                \
	"{'port':{'name':'db/eth0','number':2,'mac':'02:00:00:00:00:02','network':'blue','disabled':true," \
	"'vlan':{'mode':'trunk','trunk':[{'first':10,'last':10},{'first':20,'last':30}],'native':1},"      \
	"'binding':{'host':'b'},'revision':9}},"                                                           \
	"{'port':{'name':'new/eth0','number':3,'mac':'02:00:00:00:00:03','network':'blue'}}]}}"

#define WEB                                                                                    \
	"{'objects':{'revision':9,'objects':["                                                 \
	"{'port':{'name':'web/eth0','uuid':'123e4567-e89b-42d3-a456-426614174000','number':1," \
	"'mac':'02:00:00:00:00:01','network':'blue','binding':{'host':'a'},'revision':7}}]}}"

#define BLUE "{'objects':{'revision':9,'objects':[{'network':{'name':'blue','vlan':{'mode':'access','access':10}}}]}}"

#define STATUS                                                                                                         \
	"{'status':{'revision':9,'version':'0.1.0','uptime_ms':192000,'networks':1,'ports':3,'hosts':["                \
	"{'name':'a','connected':true,'realised':9,'last_seen_ms':1000000000000,'switch_alive':true,"                  \
	"'version':'0.1.0','status':{'boot_id':-1,'revision':9,"                                                       \
	"'ports':[{'number':1,'name':'web/eth0','link':'up','socket':'/run/tradewind/vhost/1.sock','queues':1,"        \
	"'mtu':1500,'features':4294967296,'counters':{'rx_packets':10,'rx_octets':980,'tx_packets':9,'tx_octets':882," \
	"'drops':[{'reason':'vlan_not_allowed','packets':3,'text':'The VLAN may not use this port.'},"                 \
	"{'reason':'spoofed','packets':1,'text':'The source MAC is not the port\\u2019s.'}]}}],"                       \
	"'uplinks':[{'name':'up0','up':true,'mtu':1500},{'name':'up1'}],"                                              \
	"'mirrors':[{'name':'m1','path':'/run/tradewind/capture/m1.pcapng','packets':5,'octets':500}]}},"              \
	"{'name':'b','realised':4,'last_seen_ms':999999940000,'error':'no \\u001b[31m memory'}]}}"

static void run(struct fake *fake, const char *line)
{
	fake_run(fake, line);
	if (fake->rc)
		print_message("%s: %s", line, fake->err);
	assert_int_equal(fake->rc, TW_EXIT_DONE);
}

static void ports_are_a_table(void **state)
{
	struct fake fake = { .answers = { PORTS } };

	run(&fake, "port list");
	assert_string_equal(fake.out,
			    "NAME     NUMBER MAC               NETWORK VLAN                    HOST STATE\n"
			    "web/eth0      1 02:00:00:00:00:01 blue    inherit                 a    enabled\n"
			    "db/eth0       2 02:00:00:00:00:02 blue    trunk 10,20-30 native 1 b    disabled\n"
			    "new/eth0      3 02:00:00:00:00:03 blue    inherit                 -    enabled\n");
	run(&fake, "port list --names");
	assert_string_equal(fake.out, "web/eth0\ndb/eth0\nnew/eth0\n");
	fake_reset(&fake);
}

static void nothing_to_list_is_no_table_and_no_failure(void **state)
{
	struct fake fake = { .answers = { "{'objects':{'revision':1}}" } };

	run(&fake, "port list");
	assert_string_equal(fake.out, "");
	assert_string_equal(fake.err, "no ports\n");
	fake_reset(&fake);
}

static void json_has_numbers_lists_and_names_of_the_model(void **state)
{
	struct fake fake = { .answers = { PORTS } };
	json_t *json, *db;

	run(&fake, "--json port list");
	json = fake_json(fake.out);
	db = json_array_get(json_object_get(json, "ports"), 1);
	assert_int_equal(tw_json_number_at(json, "revision"), 9);
	assert_int_equal(tw_json_number_at(db, "number"), 2);
	assert_string_equal(tw_json_string_at(db, "mac"), "02:00:00:00:00:02");
	assert_string_equal(tw_json_string_at(db, "vhost"), "client");
	assert_string_equal(tw_json_string_at(db, "vlan.mode"), "trunk");
	assert_int_equal(tw_json_number_at(json_array_get(tw_json_at(db, "vlan.trunk"), 1), "last"), 30);
	assert_true(json_is_true(json_object_get(db, "disabled")));
	assert_true(json_is_null(json_object_get(db, "uuid")));
	json_decref(json);
	fake_reset(&fake);
}

static void a_port_shows_its_identity_place_counters_and_drops(void **state)
{
	struct fake fake = { .answers = { WEB, STATUS, BLUE } };

	run(&fake, "port show web/eth0");
	assert_string_equal(fake.asked[2], "{'list':{'kind':'network','name':'blue'}}");
	assert_string_equal(fake.out, "name                web/eth0\n"
				      "number (ifIndex)    1\n"
				      "MAC                 02:00:00:00:00:01\n"
				      "UUID                123e4567-e89b-42d3-a456-426614174000\n"
				      "VM UUID             -\n"
				      "network             blue\n"
				      "VLAN                inherit\n"
				      "VLAN in force       10\n"
				      "priority of tags    inherit\n"
				      "static MACs         -\n"
				      "forged MACs         inherit\n"
				      "MAC change          inherit\n"
				      "learning            inherit\n"
				      "learned for         inherit\n"
				      "learned at most     inherit\n"
				      "promiscuous         inherit\n"
				      "unknown unicast to  inherit\n"
				      "unknown from wire   inherit\n"
				      "addresses           -\n"
				      "guards              inherit\n"
				      "teaming             inherit\n"
				      "ingress ACL         inherit\n"
				      "egress ACL          inherit\n"
				      "ingress limit       inherit\n"
				      "egress limit        inherit\n"
				      "storm control       inherit\n"
				      "recorded            inherit\n"
				      "shaping             inherit\n"
				      "state               enabled\n"
				      "host                a\n"
				      "migration           none\n"
				      "vhost-user          the switch connects to the VM monitor (client)\n"
				      "IOMMU               inherit\n"
				      "socket              /run/tradewind/vhost/1.sock\n"
				      "link                up\n"
				      "queues              1\n"
				      "MTU                 1500\n"
				      "MACs learned        -\n"
				      "MACs refused        -\n"
				      "MAC moves           -\n"
				      "MAC flaps           -\n"
				      "packets from guest  10\n"
				      "octets from guest   980\n"
				      "packets to guest    9\n"
				      "octets to guest     882\n"
				      "negotiated          -\n"
				      "revision            7\n"
				      "\n"
				      "DROPPED REASON           THAT IS\n"
				      "      3 vlan_not_allowed The VLAN may not use this port.\n"
				      "      1 spoofed          The source MAC is not the port’s.\n");
	fake_reset(&fake);
}

/* The rest of the line that begins with that title. */
static const char *line_of(const char *card, const char *title, char out[static 128])
{
	const char *at = strstr(card, title);

	snprintf(out, 128, "%.*s", at ? (int)strcspn(at, "\n") : 0, at ? at : "");
	return out;
}

static void limits_are_shown_as_they_are_written(void **state)
{
	static const struct {
		const char *network, *in, *out;
	} cases[] = {
		{ "'ingress_rate':{'per_second':1500000000,'burst':262144},'egress_pps':{'per_second':100000}",
		  "ingress limit        1.5Gbit/s, burst 256K; frames none",
		  "egress limit         bits none; 100kpps" },
		{ "'ingress_rate':{'per_second':1001,'burst':1536},'ingress_pps':{'per_second':1000001}",
		  "ingress limit        1.001kbit/s, burst 1.5K; 1000.001kpps", "egress limit         none" },
		{ "'ingress_rate':{'per_second':64050,'burst':100}",
		  "ingress limit        64.05kbit/s, burst 100; frames none", "egress limit         none" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char answer[512], line[128];
		struct fake fake = { .answers = { answer, "{'objects':{'revision':9}}" } };

		snprintf(
			answer, sizeof(answer),
			"{'objects':{'revision':9,'objects':[{'network':{'name':'blue','vlan':{'mode':'access'},%s}}]}}",
			cases[i].network);
		run(&fake, "network show blue");
		assert_string_equal(line_of(fake.out, "ingress limit", line), cases[i].in);
		assert_string_equal(line_of(fake.out, "egress limit", line), cases[i].out);
		fake_reset(&fake);
	}
}

static void a_port_in_json_has_socket_link_and_counters(void **state)
{
	struct fake fake = { .answers = { WEB, STATUS, BLUE } };
	json_t *json;

	run(&fake, "port show web/eth0 --json");
	json = fake_json(fake.out);
	assert_string_equal(tw_json_string_at(json, "status.socket"), "/run/tradewind/vhost/1.sock");
	assert_string_equal(tw_json_string_at(json, "status.link"), "up");
	assert_string_equal(tw_json_string_at(json, "status.features"), "0x100000000");
	assert_string_equal(tw_json_string_at(json, "status.host"), "a");
	assert_int_equal(tw_json_number_at(json, "effective_vlan.access"), 10);
	assert_int_equal(json_array_size(tw_json_at(json, "status.counters.drops")), 2);
	assert_int_equal(tw_json_number_at(json, "status.counters.rx_packets"), 10);
	json_decref(json);
	fake_reset(&fake);
}

static void statistics_sum_drops_and_explain_them(void **state)
{
	struct fake fake = { .answers = { PORTS, STATUS } };
	json_t *json;

	run(&fake, "port stats");
	assert_string_equal(fake.out, "PORT     HOST LINK RX-PACKETS RX-OCTETS TX-PACKETS TX-OCTETS DROPPED\n"
				      "web/eth0 a    up           10       980          9       882       4\n"
				      "\n"
				      "PORT     DROPPED REASON           THAT IS\n"
				      "web/eth0       3 vlan_not_allowed The VLAN may not use this port.\n"
				      "web/eth0       1 spoofed          The source MAC is not the port’s.\n");
	run(&fake, "port stats --json");
	json = fake_json(fake.out);
	assert_int_equal(tw_json_number_at(json_array_get(json_object_get(json, "ports"), 0), "dropped"), 4);
	json_decref(json);
	fake_reset(&fake);
}

static void status_shows_every_host_and_no_host_steers_the_terminal(void **state)
{
	struct fake fake = { .answers = { STATUS } };
	json_t *json;

	run(&fake, "status");
	assert_string_equal(
		fake.out,
		"controller 0.1.0, up 3m12s, revision 9\n"
		"hosts 2, networks 1, ports 3, mirrors 0, exporters 0\n"
		"\n"
		"HOST CONNECTED REALISED SWITCH UPLINKS          PORTS     HEARD VERSION ERROR\n"
		"a    yes              9 alive  up0 up, up1 down 1 of 1 up 2.5s  0.1.0   -\n"
		"b    no               4 down   -                0 of 0 up 1m02s -       no \\x1b[31m memory\n");
	run(&fake, "status --json");
	json = fake_json(fake.out);
	assert_string_equal(tw_json_string_at(json_array_get(json_object_get(json, "hosts"), 0), "status.boot_id"),
			    "0xffffffffffffffff");
	json_decref(json);
	fake_reset(&fake);
}

static void a_mirror_shows_what_each_host_wrote(void **state)
{
	struct fake fake = { .answers = {
				     "{'objects':{'objects':[{'mirror':{'name':'m1','ports':['web/eth0','db/eth0'],"
				     "'file':'m1.pcapng'}}]}}",
				     STATUS } };

	run(&fake, "mirror show m1");
	assert_string_equal(
		fake.out,
		"name                 m1\n"
		"sources              port web/eth0,db/eth0\n"
		"direction            both\n"
		"copied               every frame\n"
		"to                   file m1.pcapng (at most 1073741824 octets)\n"
		"budget on each host  no limit\n"
		"state                enabled\n"
		"revision             0\n"
		"\n"
		"HOST TO                               SEEN FILTERED SAMPLED-OUT SENT OCTETS FAILED SHED ERROR\n"
		"a    /run/tradewind/capture/m1.pcapng    0        0           0    5    500      0    0 -\n");
	fake_reset(&fake);
}

static void a_mirror_with_several_files_says_which_are_kept(void **state)
{
	struct fake fake = { .answers = {
				     "{'objects':{'objects':[{'mirror':{'name':'m1','vms':['web'],'file':'m1.pcapng',"
				     "'max_bytes':65536,'files':5,'file_seconds':60}}]}}",
				     STATUS } };

	run(&fake, "mirror show m1");
	assert_non_null(strstr(
		fake.out, "file m1.pcapng (at most 65536 octets each, a new one every 60 s, the newest 5 are kept)\n"));
	fake_reset(&fake);
}

#define MIRROR_OF_TWO                                                                           \
	"{'objects':{'objects':[{'mirror':{'name':'m','vms':['web'],'networks':['blue','red']," \
	"'filter':'tcp port 443','sample':100,'first_packets':8,'to_port':'ids/eth0','max_pps':1000,'max_share':5}}]}}"
#define TWO_HOSTS(seen, shed)                                                                                     \
	"{'status':{'hosts':[{'name':'a','status':{'mirrors':[{'name':'m','to':'port ids/eth0','seen':" seen      \
	",'filtered':3,'sampled_out':2,'packets':1,'octets':60,'shed':" shed ",'shed_budget':1,'shed_full':" shed \
	"}]}},"                                                                                                   \
	"{'name':'b','status':{'mirrors':[{'name':'m','error':'no way','arrived':7,'arrived_absent':2,'arrived_lost':1}]}}]}}"

static void a_mirror_says_in_words_what_it_left_out(void **state)
{
	struct fake fake = { .answers = { MIRROR_OF_TWO, TWO_HOSTS("9", "4") } };

	run(&fake, "mirror show m");
	assert_string_equal(
		fake.out,
		"name                 m\n"
		"sources              VM web, network blue,red\n"
		"direction            both\n"
		"copied               every frame that matches 'tcp port 443', the first 8 of each flow, one in 100\n"
		"to                   port ids/eth0\n"
		"budget on each host  1000 copies/s, 5 % of a worker's time\n"
		"state                enabled\n"
		"revision             0\n"
		"\n"
		"HOST TO            SEEN FILTERED SAMPLED-OUT SENT OCTETS FAILED SHED ERROR\n"
		"a    port ids/eth0    9        3           2    1     60      0    4 -\n"
		"b    -                0        0           0    0      0      0    0 no way\n"
		"all  -                9        3           2    1     60      0    4 -\n"
		"\n"
		"HOST SHED BECAUSE\n"
		"a       1 beyond the mirror's budget\n"
		"a       4 the destination does not keep up\n"
		"\n"
		"HOST FROM OTHER HOSTS WHICH\n"
		"b                   7 delivered to the port\n"
		"b                   2 the port is not up\n"
		"b                   1 lost between the hosts\n");
	fake_reset(&fake);
}

static void hosts_networks_and_exporters_are_tables_too(void **state)
{
	struct fake fake = {
		.answers = { "{'objects':{'objects':[{'host':{'name':'a','uplinks':[{'name':'up0',"
			     "'devargs':'net_af_packet0,iface=eth1','netdev':'eth1'}],'peer_url':'tcp://10.0.0.1:7002'}}]}}" }
	};

	run(&fake, "host list");
	assert_string_equal(fake.out, "NAME UPLINKS                              PEER-URL            MIGRATE-ADDRESS\n"
				      "a    up0=net_af_packet0,iface=eth1 (eth1) tcp://10.0.0.1:7002 -\n");
	fake.answers[0] = BLUE;
	run(&fake, "network list");
	assert_string_equal(fake.out, "NAME VLAN MTU  FORGED\nblue 10   1500 no\n");
	fake.answers[0] = "{'objects':{'objects':[{'exporter':{'name':'nf','collectors':['10.0.0.9:4739']}}]}}";
	run(&fake, "exporter list");
	assert_string_equal(fake.out, "NAME FORMAT COLLECTORS    ACTIVE IDLE STATE\n"
				      "nf   ipfix  10.0.0.9:4739 60s    15s  enabled\n");
	fake.answers[0] =
		"{'objects':{'objects':[{'exporter':{'name':'nf','collectors':['10.0.0.9:1','10.0.0.8:1']}}]}}";
	fake.answers[1] =
		"{'status':{'hosts':[{'name':'a','status':{'exporters':[{'name':'nf','collectors':["
		"{'collector':'10.0.0.9:1','state':'failed','records':5,'messages':2,'octets':900,'lost_records':3,"
		"'error':'Connection refused'},"
		"{'collector':'10.0.0.8:1','state':'active','source':'10.0.0.1:777','records':7}]}]}}]}}";
	run(&fake, "exporter show nf");
	assert_non_null(strstr(
		fake.out,
		"\nHOST COLLECTOR  STATE  FROM         RECORDS MESSAGES OCTETS LOST TEST UNSAID ERROR\n"
		"a    10.0.0.9:1 failed -                  5        2    900    3    0      0 Connection refused\n"
		"a    10.0.0.8:1 active 10.0.0.1:777       7        0      0    0    0      0 -\n"));
	fake.answers[0] = BLUE;
	fake.answers[1] = PORTS;
	run(&fake, "network show blue");
	assert_non_null(strstr(fake.out, "ports                web/eth0,db/eth0,new/eth0\n"));
	fake.answers[0] = "{'objects':{'objects':[{'host':{'name':'a'}}]}}";
	fake.answers[1] = STATUS;
	fake.answers[2] = PORTS;
	run(&fake, "host show a");
	assert_non_null(strstr(fake.out, "\nUPLINK UP "));
	assert_non_null(strstr(fake.out, "ports              web/eth0\n"));
	fake_reset(&fake);
}

#define TRIED(host)                                                                                                    \
	"{'try_host_exporter_reply':{'host':'" host "','tried':{'exporter':'nf','observation_domain':7,'collectors':[" \
	"{'collector':'10.0.0.9:1','state':'active','source':'10.0.0.1:777','messages':4,'octets':2000,'records':4}]," \
	"'flows':[{'source':'192.0.2.1:50001','destination':'198.51.100.1:443','protocol':'tcp','packets':10,"         \
	"'octets':1000}]}}}"

static void a_test_of_an_exporter_says_what_was_sent_and_what_to_look_for(void **state)
{
	struct fake fake = { .answers = { "{'objects':{'objects':[{'exporter':{'name':'nf'}}]}}",
					  "{'status':{'hosts':[{'name':'a'},{'name':'b'}]}}", TRIED("a") } };

	run(&fake, "exporter test nf --host a");
	assert_string_equal(fake.out,
			    "HOST DOMAIN COLLECTOR  STATE  FROM         MESSAGES OCTETS RECORDS LOST UNSAID ERROR\n"
			    "a         7 10.0.0.9:1 active 10.0.0.1:777        4   2000       4    0      0 -\n"
			    "\nlook at each collector for these flows of each host, from and to VM tradewind-test:\n"
			    "SOURCE          DESTINATION      PROTOCOL PACKETS OCTETS\n"
			    "192.0.2.1:50001 198.51.100.1:443 tcp           10   1000\n");
	fake_run(&fake, "exporter test nf --host nowhere");
	assert_int_equal(fake.rc, TW_EXIT_FAILED);
	assert_string_equal(fake.err, "twctl: host.name: there is no host 'nowhere'  [201]\n");
	fake_reset(&fake);
}

static void a_test_of_an_exporter_by_the_controller_asks_the_controller_alone(void **state)
{
	struct fake fake = { .answers = { "{'objects':{'objects':[{'exporter':{'name':'nf','way':'central'}}]}}",
					  TRIED("") } };

	run(&fake, "exporter test nf");
	assert_non_null(
		strstr(fake.out, "\n(controller)      7 10.0.0.9:1 active 10.0.0.1:777        4   2000       4 "));
	assert_non_null(strstr(fake.out, "\nlook at each collector for these flows, from and to VM tradewind-test:\n"));
	fake_run(&fake, "exporter test nf --host a");
	assert_int_equal(fake.rc, TW_EXIT_FAILED);
	assert_non_null(strstr(fake.err, "exporter 'nf' sends from the controller: leave --host out"));
	fake_reset(&fake);
}

static void a_write_says_the_revision_and_json_the_object(void **state)
{
	struct fake fake = { .answers = { "{'written':{'revision':5,'object':{'network':{'name':'blue','mtu':1500}}}}",
					  "{'wait_realised_reply':{'hosts':['a']}}" } };
	json_t *json;

	run(&fake, "network create blue --vlan 10");
	assert_string_equal(fake.out, "network blue created: revision 5\n");
	run(&fake, "network create blue --vlan 10 --wait --json");
	json = fake_json(fake.out);
	assert_int_equal(tw_json_number_at(json, "revision"), 5);
	assert_int_equal(tw_json_number_at(json, "network.mtu"), 1500);
	assert_string_equal(json_string_value(json_array_get(json_object_get(json, "realised"), 0)), "a");
	json_decref(json);
	fake.answers[1] = "{'wait_realised_reply':{}}";
	run(&fake, "network set blue --vlan 10 --wait");
	assert_string_equal(fake.out, "network blue set: revision 5, concerns no host\n");
	run(&fake, "port bind x/y --host a");
	assert_string_equal(fake.out, "port x/y bound: revision 5\n");
	run(&fake, "port unbind x/y");
	assert_string_equal(fake.out, "port x/y unbound: revision 5\n");
	fake_reset(&fake);
}

static void a_refusal_names_the_field_and_the_number(void **state)
{
	struct fake fake = { .answers = { "{'error':{'code':203,'field':'port.mac',"
					  "'text':'02:00:00:00:00:01 belongs to web/eth0'}}" } };

	fake_run(&fake, "port set db/eth0 --mac 02:00:00:00:00:01");
	assert_int_equal(fake.rc, TW_EXIT_FAILED);
	assert_string_equal(fake.err, "twctl: port.mac: 02:00:00:00:00:01 belongs to web/eth0  [203]\n");
	assert_string_equal(fake.out, "");
	fake.answers[0] = "{'objects':{}}";
	fake_run(&fake, "port show x/y");
	assert_int_equal(fake.rc, TW_EXIT_FAILED);
	assert_string_equal(fake.err, "twctl: port: there is no port x/y  [201]\n");
	fake.answers[0] = "{'error':{'code':201,'field':'list.name','text':'there is no port x/y'}}";
	fake_run(&fake, "port stats x/y");
	assert_string_equal(fake.err, "twctl: port.name: there is no port x/y  [201]\n");
	fake.answers[0] = "{'status':{}}";
	fake_run(&fake, "port list");
	assert_int_equal(fake.rc, TW_EXIT_FAILED);
	assert_string_equal(fake.err, "twctl: the controller answered something else than objects  [104]\n");
	fake_reset(&fake);
}

static void a_wait_that_fails_says_that_the_change_is_stored(void **state)
{
	struct fake fake = { .answers = { "{'written':{'revision':5}}",
					  "{'error':{'code':303,'text':'b has not realised revision 5'}}" } };

	fake_run(&fake, "port set db/eth0 --vlan 20 --wait=1s");
	assert_int_equal(fake.rc, TW_EXIT_FAILED);
	assert_string_equal(fake.out, "port db/eth0 set: revision 5\n");
	assert_string_equal(fake.err, "twctl: the change is stored but it is not known to be enforced everywhere\n"
				      "twctl: b has not realised revision 5  [303]\n");
	fake_reset(&fake);
}

#define MOVING(phase)                                                                               \
	"{'objects':{'objects':[{'migration':{'id':3,'vm':'db','from':'a','to':'b','phase':'" phase \
	"','started_ms':1000000000000}}]}}"
#define BEGUN                                                                                   \
	"{'written':{'revision':8,'object':{'migration':{'id':3,'vm':'db','from':'a','to':'b'," \
	"'phase':'prepare','started_ms':1000000000000}}}}"
#define MOVED                                                                                       \
	"{'objects':{'objects':[{'migration':{'id':3,'vm':'db','from':'a','to':'b','phase':'done'," \
	"'started_ms':1000000000000,'vm_downtime_ms':87,'total_ms':1900,'handover_us':35120,"       \
	"'frames_held':12,'flows_moved':2}}]}}"

static void a_migration_tells_its_phases_and_ends_with_a_receipt(void **state)
{
	struct fake fake = { .answers = { BEGUN, MOVING("launch"), MOVING("transfer"), MOVING("transfer"), MOVED } };

	run(&fake, "migrate db --to b");
	assert_string_equal(fake.asked[1], "{'wait_migration':{'id':3,'phase':'prepare','timeout_ms':5000}}");
	assert_string_equal(fake.asked[4], "{'wait_migration':{'id':3,'phase':'transfer','timeout_ms':5000}}");
	assert_string_equal(fake.out, "  2.5s  prepare   both hosts get the ports ready\n"
				      "  2.5s  launch    the new host starts a VM monitor\n"
				      "  2.5s  transfer  the VM's memory is copied\n"
				      "  2.5s  done      done\n"
				      "migration             3\n"
				      "VM                    db\n"
				      "from host             a\n"
				      "to host               b\n"
				      "phase                 done\n"
				      "error                 -\n"
				      "VM stood still        87ms\n"
				      "ports handed over in  35.1ms\n"
				      "frames held           12\n"
				      "frames lost           0\n"
				      "flow records moved    2\n"
				      "memory copied in      1.9s\n");
	fake_reset(&fake);
}

static void a_migration_in_json_is_one_object_at_the_end(void **state)
{
	struct fake fake = { .answers = { BEGUN, MOVED } };
	json_t *json;

	run(&fake, "migrate db --to b --json");
	json = fake_json(fake.out);
	assert_int_equal(tw_json_number_at(json, "handover_us"), 35120);
	assert_string_equal(tw_json_string_at(json, "phase"), "done");
	json_decref(json);
	run(&fake, "migrate db --to b --no-wait");
	assert_int_equal(fake.n_asked, 1);
	assert_string_equal(fake.out, "migration 3 has begun; see: twctl migration show 3\n");
	fake_reset(&fake);
}

static void a_terminal_gets_a_bar_that_grows(void **state)
{
	struct fake fake = { .tty = true, .answers = { BEGUN, MOVING("transfer"), MOVED } };

	run(&fake, "migrate db --to b");
	assert_string_equal(fake.asked[1], "{'wait_migration':{'id':3,'phase':'prepare','timeout_ms':500}}");
	assert_non_null(strstr(fake.out, "\r[#                       ]   2.5s  prepare "));
	assert_non_null(strstr(fake.out, "\r[#########               ]   2.5s  transfer"));
	assert_non_null(strstr(fake.out, "\r[########################]   2.5s  done      done\033[K\nmigration "));
	fake_reset(&fake);
}

static void a_migration_that_failed_says_why_and_that_the_vm_stays(void **state)
{
	struct fake fake = { .answers = { BEGUN,
					  "{'objects':{'objects':[{'migration':{'id':3,'vm':'db','from':'a','to':'b',"
					  "'phase':'failed','error':'b could not start QEMU'}}]}}" } };

	fake_run(&fake, "migrate db --to b");
	assert_int_equal(fake.rc, TW_EXIT_FAILED);
	assert_string_equal(fake.err, "twctl: db was not migrated and stays at a: b could not start QEMU  [306]\n");
	fake.answers[1] = NULL;
	fake_run(&fake, "-c tcp://10.0.0.1:7000 migrate db --to b");
	assert_int_equal(fake.rc, TW_EXIT_FAILED);
	assert_non_null(strstr(fake.err, "twctl: migration 3 goes on without twctl\n"));
	fake_reset(&fake);
}

static void migrations_are_listed_by_their_number(void **state)
{
	struct fake fake = { .answers = { MOVED } };

	run(&fake, "migration list --names");
	assert_string_equal(fake.out, "3\n");
	run(&fake, "migration list");
	assert_string_equal(fake.out, "ID VM FROM TO PHASE STARTED DOWNTIME HANDOVER HELD LOST FLOWS ERROR\n"
				      " 3 db a    b  done  2.5s    87ms     35.1ms     12    0     2 -\n");
	fake_reset(&fake);
}

static void durations_are_short(void **state)
{
	char text[TW_DURATION_SIZE];

	assert_string_equal(tw_duration_format(0, text), "0ms");
	assert_string_equal(tw_duration_format(59999, text), "59.9s");
	assert_string_equal(tw_duration_format(60000, text), "1m00s");
	assert_string_equal(tw_duration_format(5 * 3600000 + 3 * 60000, text), "5h03m");
	assert_string_equal(tw_duration_format(UINT64_MAX, text), "213503982334d14h");
}

static void text_that_is_no_utf_8_does_not_break_json(void **state)
{
	json_t *json = tw_json_text("a\xff\xfe");

	assert_string_equal(json_string_value(json), "a??");
	json_decref(json);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ports_are_a_table),
		cmocka_unit_test(nothing_to_list_is_no_table_and_no_failure),
		cmocka_unit_test(json_has_numbers_lists_and_names_of_the_model),
		cmocka_unit_test(a_port_shows_its_identity_place_counters_and_drops),
		cmocka_unit_test(a_port_in_json_has_socket_link_and_counters),
		cmocka_unit_test(statistics_sum_drops_and_explain_them),
		cmocka_unit_test(status_shows_every_host_and_no_host_steers_the_terminal),
		cmocka_unit_test(a_mirror_shows_what_each_host_wrote),
		cmocka_unit_test(a_mirror_with_several_files_says_which_are_kept),
		cmocka_unit_test(a_mirror_says_in_words_what_it_left_out),
		cmocka_unit_test(limits_are_shown_as_they_are_written),
		cmocka_unit_test(hosts_networks_and_exporters_are_tables_too),
		cmocka_unit_test(a_test_of_an_exporter_says_what_was_sent_and_what_to_look_for),
		cmocka_unit_test(a_test_of_an_exporter_by_the_controller_asks_the_controller_alone),
		cmocka_unit_test(a_write_says_the_revision_and_json_the_object),
		cmocka_unit_test(a_refusal_names_the_field_and_the_number),
		cmocka_unit_test(a_wait_that_fails_says_that_the_change_is_stored),
		cmocka_unit_test(a_migration_tells_its_phases_and_ends_with_a_receipt),
		cmocka_unit_test(a_migration_in_json_is_one_object_at_the_end),
		cmocka_unit_test(a_terminal_gets_a_bar_that_grows),
		cmocka_unit_test(a_migration_that_failed_says_why_and_that_the_vm_stays),
		cmocka_unit_test(migrations_are_listed_by_their_number),
		cmocka_unit_test(durations_are_short),
		cmocka_unit_test(text_that_is_no_utf_8_does_not_break_json),
	};

	unsetenv("TW_CONTROLLER");
	setlocale(LC_CTYPE, "C.UTF-8");
	tw_clock_set_virtual(1000000000, 1000000002500000000);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
