/* SPDX-License-Identifier: Apache-2.0 */
/* twctl_request_test.c - each command line becomes exactly one request, or a usage error and none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/twctl_fake.h"

static const struct {
	const char *line, *asked;
} requests[] = {
	{ "host list", "{'list':{'kind':'host'}}" },
	{ "network list", "{'list':{'kind':'network'}}" },
	{ "port list", "{'list':{'kind':'port'}}" },
	{ "mirror list", "{'list':{'kind':'mirror'}}" },
	{ "exporter list", "{'list':{'kind':'exporter'}}" },
	{ "migration list", "{'list':{'kind':'migration'}}" },
	{ "port show web/eth0", "{'list':{'kind':'port','name':'web/eth0'}}" },
	{ "migration show 3", "{'list':{'kind':'migration','name':'3'}}" },
	{ "status", "{'get_status':{}}" },
	{ "port stats", "{'list':{'kind':'port'}}" },
	{ "port stats db/eth0", "{'list':{'kind':'port','name':'db/eth0'}}" },

	{ "network create blue --vlan 10",
	  "{'create':{'object':{'network':{'name':'blue','vlan':{'mode':'access','access':10}}}}}" },
	{ "network create blue --vlan=10 --mtu 9000 --forged accept",
	  "{'create':{'object':{'network':{'name':'blue','vlan':{'mode':'access','access':10},'mtu':9000,"
	  "'allow_forged':true}}}}" },
	{ "network create blue --native 1 --trunk 10,20-30",
	  "{'create':{'object':{'network':{'name':'blue','vlan':{'mode':'trunk','trunk':[{'first':10,'last':10},"
	  "{'first':20,'last':30}],'native':1}}}}}" },
	{ "network create blue --trunk all",
	  "{'create':{'object':{'network':{'name':'blue','vlan':{'mode':'trunk'}}}}}" },
	{ "network create blue --vlan untagged",
	  "{'create':{'object':{'network':{'name':'blue','vlan':{'mode':'access'}}}}}" },
	{ "network create blue --trunk 10,20 --native-tagged 10 --pcp 5",
	  "{'create':{'object':{'network':{'name':'blue','vlan':{'mode':'trunk','trunk':[{'first':10,'last':10},"
	  "{'first':20,'last':20}],'native':10,'native_tagged':true},'pcp':'5'}}}}" },
	{ "network create metro --dot1q-tunnel 100",
	  "{'create':{'object':{'network':{'name':'metro','vlan':{'mode':'dot1q_tunnel','access':100}}}}}" },
	{ "network create metro --cvlans 5-9 --dot1q-tunnel 100 --tunnel-ethertype 802.1Q",
	  "{'create':{'object':{'network':{'name':'metro','vlan':{'mode':'dot1q_tunnel','access':100,"
	  "'trunk':[{'first':5,'last':9}],'tunnel_ethertype':'dot1q'}}}}}" },
	{ "network create dmz --vlan 10 --pvlan isolated:11",
	  "{'create':{'object':{'network':{'name':'dmz','vlan':{'mode':'access','access':10,'pvlan':'isolated',"
	  "'secondary':11}}}}}" },
	{ "network create gw --vlan 10 --pvlan promiscuous",
	  "{'create':{'object':{'network':{'name':'gw','vlan':{'mode':'access','access':10,'pvlan':'promiscuous'}}}}}" },
	{ "network set blue --forged reject",
	  "{'set':{'object':{'network':{'name':'blue'}},'fields':['allow_forged']}}" },
	{ "network set blue --iommu ON",
	  "{'set':{'object':{'network':{'name':'blue','iommu':'on'}},'fields':['iommu']}}" },
	{ "port set db/eth0 --iommu inherit",
	  "{'set':{'object':{'port':{'name':'db/eth0','vhost':'client'}},'fields':['iommu']}}" },
	{ "network set blue --promiscuous accept --unknown-unicast flood --unknown-from-wire ACCEPT",
	  "{'set':{'object':{'network':{'name':'blue','promiscuous':'accept','unknown_unicast':'flood',"
	  "'unknown_from_wire':'accept'}},'fields':['promiscuous','unknown_unicast','unknown_from_wire']}}" },
	{ "port set db/eth0 --forged reject --static-mac 02:00:00:00:01:01,02:00:00:00:01:02 --promiscuous inherit",
	  "{'set':{'object':{'port':{'name':'db/eth0','vhost':'client','forged':'reject','static_macs':['02:00:00:00:01:01',"
	  "'02:00:00:00:01:02']}},'fields':['forged','static_macs','promiscuous']}}" },
	{ "network set blue --mac-change accept --learn strict --learn-age 1m --learn-limit 8",
	  "{'set':{'object':{'network':{'name':'blue','mac_change':'accept','learn':'strict','learn_age_s':60,"
	  "'learn_limit':8}},'fields':['mac_change','learn','learn_age_s','learn_limit']}}" },
	{ "port set db/eth0 --learn inherit --learn-age 0 --learn-limit 0",
	  "{'set':{'object':{'port':{'name':'db/eth0','vhost':'client'}},'fields':['learn','learn_age_s','learn_limit']}}" },
	{ "port set db/eth0 --static-mac none",
	  "{'set':{'object':{'port':{'name':'db/eth0','vhost':'client'}},'fields':['static_macs']}}" },
	{ "network set blue --guard source,arp,ra",
	  "{'set':{'object':{'network':{'name':'blue','guards':{'source':true,'arp':true,'ra':true}}},'fields':['guards']}}" },
	{ "port set db/eth0 --guard inherit --address 10.0.0.5,2001:db8::/64",
	  "{'set':{'object':{'port':{'name':'db/eth0','vhost':'client','addresses':['10.0.0.5','2001:db8::/64']}},"
	  "'fields':['guards','addresses']}}" },
	{ "acl create web --rule 'allow tcp from any to 10.0.0.0/24 port 443' --rule 'count any' --default deny",
	  "{'create':{'object':{'acl':{'name':'web','rules':['allow tcp from any to 10.0.0.0/24 port 443','count any'],"
	  "'default_action':'deny'}}}}" },
	{ "acl delete web", "{'delete':{'kind':'acl','name':'web'}}" },
	{ "port set db/eth0 --ingress-acl web --egress-acl none",
	  "{'set':{'object':{'port':{'name':'db/eth0','vhost':'client','ingress_acl':'web','egress_acl':'none'}},"
	  "'fields':['ingress_acl','egress_acl']}}" },
	{ "network set blue --ingress-burst 256K --ingress-rate 1.5Gbit/s --egress-pps 100k",
	  "{'set':{'object':{'network':{'name':'blue','ingress_rate':{'per_second':1500000000,'burst':262144},"
	  "'egress_pps':{'per_second':100000}}},'fields':['ingress_rate','egress_pps']}}" },
	{ "port set db/eth0 --ingress-rate none --egress-rate inherit --ingress-pps 5000pps",
	  "{'set':{'object':{'port':{'name':'db/eth0','vhost':'client','ingress_rate':{},'ingress_pps':"
	  "{'per_second':5000}}},'fields':['ingress_rate','egress_rate','ingress_pps']}}" },
	{ "network set blue --storm-broadcast 1000pps --storm-unknown none",
	  "{'set':{'object':{'network':{'name':'blue','storm_broadcast':{'per_second':1000},'storm_unknown':{}}},"
	  "'fields':['storm_broadcast','storm_unknown']}}" },
	{ "host set a --flow-sample 100 --flow-sample-random",
	  "{'set':{'object':{'host':{'name':'a','flow_sample':100,'flow_sample_random':true}},"
	  "'fields':['flow_sample','flow_sample_random']}}" },
	{ "host set a --standby up2 --teaming hash-5tuple --active up0 --active up1",
	  "{'set':{'object':{'host':{'name':'a','teaming':{'policy':'hash_5tuple','active':['up0','up1'],"
	  "'standby':['up2'],'lacp_rate':'slow'}}},'fields':['teaming']}}" },
	{ "host set a --teaming lacp --lacp-rate fast",
	  "{'set':{'object':{'host':{'name':'a','teaming':{'policy':'lacp','lacp_rate':'fast'}}},"
	  "'fields':['teaming']}}" },
	{ "network set blue --teaming host", "{'set':{'object':{'network':{'name':'blue'}},'fields':['teaming']}}" },
	{ "port set db/eth0 --teaming active-standby --active up1 --standby up0",
	  "{'set':{'object':{'port':{'name':'db/eth0','vhost':'client','teaming':{'policy':'active_standby',"
	  "'active':['up1'],'standby':['up0'],'lacp_rate':'slow'}}},'fields':['teaming']}}" },
	{ "network set blue --record",
	  "{'set':{'object':{'network':{'name':'blue','record':{'frames':512}}},'fields':['record']}}" },
	{ "port set db/eth0 --record=2048",
	  "{'set':{'object':{'port':{'name':'db/eth0','vhost':'client','record':{'frames':2048}}},'fields':['record']}}" },
	{ "port set db/eth0 --record=drops",
	  "{'set':{'object':{'port':{'name':'db/eth0','vhost':'client','record':{}}},'fields':['record']}}" },
	{ "port set db/eth0 --record=inherit",
	  "{'set':{'object':{'port':{'name':'db/eth0','vhost':'client'}},'fields':['record']}}" },
	{ "why web/eth0", "{'why_port':{'port':'web/eth0'}}" },
	{ "why web/eth0 --since 5m --limit 10 --host a",
	  "{'why_port':{'port':'web/eth0','host':'a','since_ms':300000,'limit':10}}" },
	{ "port set db/eth0 --shape 500M --shape-queue 1M",
	  "{'set':{'object':{'port':{'name':'db/eth0','vhost':'client','shape':{'per_second':500000000,"
	  "'queue':1048576}}},'fields':['shape']}}" },
	{ "port set db/eth0 --shape 500M --shape-delay 20ms",
	  "{'set':{'object':{'port':{'name':'db/eth0','vhost':'client','shape':{'per_second':500000000,"
	  "'delay_ms':20}}},'fields':['shape']}}" },
	{ "network delete blue", "{'delete':{'kind':'network','name':'blue'}}" },

	{ "port create web/eth0 --network blue",
	  "{'create':{'object':{'port':{'name':'web/eth0','network':'blue','vhost':'client'}}}}" },
	{ "port create --network blue --mac 02:00:00:00:00:0A --vhost-server --disable web/eth0",
	  "{'create':{'object':{'port':{'name':'web/eth0','mac':'02:00:00:00:00:0a','network':'blue','disabled':true,"
	  "'vhost':'server'}}}}" },
	{ "port create web/eth0 --network blue --vm-uuid 123e4567-e89b-42d3-a456-426614174000",
	  "{'create':{'object':{'port':{'name':'web/eth0','vm_uuid':'123e4567-e89b-42d3-a456-426614174000',"
	  "'network':'blue','vhost':'client'}}}}" },
	{ "port set db/eth0 --vlan 20",
	  "{'set':{'object':{'port':{'name':'db/eth0','vlan':{'mode':'access','access':20},'vhost':'client'}},"
	  "'fields':['vlan']}}" },
	{ "port set db/eth0 --vlan inherit",
	  "{'set':{'object':{'port':{'name':'db/eth0','vlan':{'mode':'inherit'},'vhost':'client'}},"
	  "'fields':['vlan']}}" },
	{ "port set db/eth0 --trunk 7 --native 8",
	  "{'set':{'object':{'port':{'name':'db/eth0','vlan':{'mode':'trunk','trunk':[{'first':7,'last':7}],'native':8},"
	  "'vhost':'client'}},'fields':['vlan']}}" },
	{ "port set db/eth0 --trunk 7 --trunk 9",
	  "{'set':{'object':{'port':{'name':'db/eth0','vlan':{'mode':'trunk','trunk':[{'first':9,'last':9}]},"
	  "'vhost':'client'}},'fields':['vlan']}}" },
	{ "port set db/eth0 --enable --network green",
	  "{'set':{'object':{'port':{'name':'db/eth0','network':'green','vhost':'client'}},"
	  "'fields':['disabled','network']}}" },
	{ "port bind web/eth0 --host a", "{'bind_port':{'port':'web/eth0','host':'a'}}" },
	{ "port unbind web/eth0", "{'bind_port':{'port':'web/eth0'}}" },
	{ "port unbind web/eth0 --from a", "{'bind_port':{'port':'web/eth0','from':'a'}}" },
	{ "port delete web/eth0", "{'delete':{'kind':'port','name':'web/eth0'}}" },

	{ "host create a --uplink up0=net_af_packet0,iface=eth1 --netdev up0=eth1",
	  "{'create':{'object':{'host':{'name':'a','uplinks':[{'name':'up0','devargs':'net_af_packet0,iface=eth1',"
	  "'netdev':'eth1'}]}}}}" },
	{ "host create a --netdev up1=eth2 --uplink up0=x --uplink up1=y",
	  "{'create':{'object':{'host':{'name':'a','uplinks':[{'name':'up1','devargs':'y','netdev':'eth2'},"
	  "{'name':'up0','devargs':'x'}]}}}}" },
	{ "host rebalance a", "{'rebalance_host':{'host':'a','what':{}}}" },
	{ "host rebalance a --port web/eth0 --queue 1 --worker 2",
	  "{'rebalance_host':{'host':'a','what':{'port':'web/eth0','queue':1,'worker':2}}}" },
	{ "host set a --no-uplinks", "{'set':{'object':{'host':{'name':'a'}},'fields':['uplinks']}}" },
	{ "host set a --peer-url tcp://10.0.0.1:7002 --migrate-address 10.0.0.1",
	  "{'set':{'object':{'host':{'name':'a','peer_url':'tcp://10.0.0.1:7002','migrate_address':'10.0.0.1'}},"
	  "'fields':['peer_url','migrate_address']}}" },

	{ "mirror create m1 --vm web --file m1.pcapng --files 5 --file-seconds 60",
	  "{'create':{'object':{'mirror':{'name':'m1','direction':'both','file':'m1.pcapng','vms':['web'],"
	  "'oversize':'truncate','files':5,'file_seconds':60}}}}" },
	{ "mirror create m1 --port web/eth0 --port db/eth0 --direction ingress --file m1.pcapng --snaplen 128 --max-size 100M",
	  "{'create':{'object':{'mirror':{'name':'m1','ports':['web/eth0','db/eth0'],'direction':'ingress',"
	  "'file':'m1.pcapng','snaplen':128,'max_bytes':104857600,'oversize':'truncate'}}}}" },
	{ "mirror create m2 --vm web --network blue --host a --uplink a/up0 --vlan 10,20-21 --filter tcp --sample 100 --first-packets 8 "
	  "--drops --to-port ids/eth0 --max-pps 100k --max-bps 1G --max-share 5%",
	  "{'create':{'object':{'mirror':{'name':'m2','direction':'both','vms':['web'],'networks':['blue'],'hosts':['a'],"
	  "'uplinks':['a/up0'],'vlans':[10,20,21],'filter':'tcp','sample':100,'first_packets':8,'drops':true,"
	  "'to_port':'ids/eth0','max_pps':100000,'max_bps':1000000000,'max_share':5,'oversize':'truncate'}}}}" },
	{ "mirror create m3 --port web/eth0 --rspan-vlan 999 --rspan-strip",
	  "{'create':{'object':{'mirror':{'name':'m3','ports':['web/eth0'],'direction':'both','rspan_vlan':999,'rspan_strip':true,"
	  "'oversize':'truncate'}}}}" },
	{ "mirror create m4 --port web/eth0 --erspan 10.0.0.9 --erspan-type 3 --erspan-session 7 --erspan-ns --oversize fragment",
	  "{'create':{'object':{'mirror':{'name':'m4','ports':['web/eth0'],'direction':'both','erspan':'10.0.0.9',"
	  "'erspan_type':3,'erspan_session':7,'oversize':'fragment','erspan_ns':true}}}}" },
	{ "mirror set m1 --to-port ids/eth0",
	  "{'set':{'object':{'mirror':{'name':'m1','direction':'both','to_port':'ids/eth0','oversize':'truncate'}},'fields':"
	  "['file','files','file_seconds','rspan_vlan','erspan','erspan_source','to_port']}}" },
	{ "mirror set m1 --filter none --vm none --vlan none --max-bps none",
	  "{'set':{'object':{'mirror':{'name':'m1','direction':'both','oversize':'truncate'}},'fields':['filter','vms','vlans',"
	  "'max_bps']}}" },
	{ "mirror set m1 --disable",
	  "{'set':{'object':{'mirror':{'name':'m1','direction':'both','disabled':true,'oversize':'truncate'}},'fields':['disabled']}}" },
	{ "exporter create nf --collector 10.0.0.9:4739 --active 1m --idle 15s --template-refresh 60 --mtu 1400",
	  "{'create':{'object':{'exporter':{'name':'nf','format':'ipfix','collectors':['10.0.0.9:4739'],"
	  "'active_timeout_s':60,'idle_timeout_s':15,'template_refresh_s':60,'mtu':1400,'transport':'udp','delivery':'all','names':'options','way':'direct'}}}}" },
	{ "exporter set nf --transport tls --tls-ca /etc/ca.pem --tls-certificate /etc/a.pem --tls-key /etc/a.key --tls-name c",
	  "{'set':{'object':{'exporter':{'name':'nf','format':'ipfix','transport':'tls','delivery':'all','tls_ca':'/etc/ca.pem',"
	  "'tls_certificate':'/etc/a.pem','tls_key':'/etc/a.key','tls_name':'c','names':'options','way':'direct'}},"
	  "'fields':['transport','tls_ca','tls_certificate','tls_key','tls_name']}}" },
	{ "exporter set nf --collector 10.0.0.9:4739,10.0.0.8:4739 --collector 10.0.0.7:1 --collectors failover --source 10.0.0.0/24 "
	  "--template-refresh-packets 20 --options-refresh 10m --domain 9",
	  "{'set':{'object':{'exporter':{'name':'nf','format':'ipfix','collectors':['10.0.0.9:4739','10.0.0.8:4739','10.0.0.7:1'],"
	  "'transport':'udp','delivery':'failover','source':'10.0.0.0/24','template_refresh_messages':20,"
	  "'options_refresh_s':600,'observation_domain':9,'names':'options','way':'direct'}},'fields':['collectors','delivery','source',"
	  "'template_refresh_messages','options_refresh_s','observation_domain']}}" },

	{ "network set blue --snooping on --querier on --querier-address 10.0.0.5 --query-interval 60 --unknown-groups all "
	  "--query-guard on",
	  "{'set':{'object':{'network':{'name':'blue','snooping':true,'querier':true,'querier_address':'10.0.0.5',"
	  "'query_interval_s':60,'unknown_groups':'all','query_guard':true}},'fields':['snooping','querier',"
	  "'querier_address','query_interval_s','unknown_groups','query_guard']}}" },
	{ "network set blue --snooping off --querier-address none",
	  "{'set':{'object':{'network':{'name':'blue'}},'fields':['snooping','querier_address']}}" },
	{ "flows", "{'list_flows':{}}" },
	{ "flows --port web/eth0 --host a --limit 5", "{'list_flows':{'port':'web/eth0','host':'a','limit':5}}" },
	{ "migrate db --to b", "{'migrate_vm':{'vm':'db','to':'b'}}" },
	{ "migrate --no-wait --to=b db", "{'migrate_vm':{'vm':'db','to':'b'}}" },
	/* global options go anywhere */
	{ "-j --timeout 1 port --json list -c ipc:///x", "{'list':{'kind':'port'}}" },
	/* a name that begins with '-' */
	{ "network delete -- -x", "{'delete':{'kind':'network','name':'-x'}}" },
};

static void each_command_asks_what_it_says(void **state)
{
	for (size_t i = 0; i < sizeof(requests) / sizeof(*requests); i++) {
		struct fake fake = { 0 };

		fake_run(&fake, requests[i].line);
		if (fake.n_asked != 1)
			print_message("%s: %s", requests[i].line, fake.err);
		assert_int_equal(fake.n_asked, 1);
		assert_string_equal(fake.asked[0], requests[i].asked);
		assert_int_equal(fake.rc, TW_EXIT_FAILED); /* nobody answered */
		fake_reset(&fake);
	}
}

/* Exit status 2, the sentence, and where to read on. */
static const struct {
	const char *line, *err;
} wrong[] = {
	{ "", "twctl: what is to be done?\nsee: twctl --help\n" },
	{ "prot list", "twctl: there is no command \"prot\"\nsee: twctl --help\n" },
	{ "port", "twctl: port needs a verb\nsee: twctl port --help\n" },
	{ "port frob", "twctl: port has no verb \"frob\"\nsee: twctl port --help\n" },
	{ "port set", "twctl: NAME is missing\nsee: twctl port set --help\n" },
	{ "port set a/b", "twctl: nothing to set: no option names a change\nsee: twctl port set --help\n" },
	{ "port set a/b --wait", "twctl: nothing to set: no option names a change\nsee: twctl port set --help\n" },
	{ "port set a/b c/d --disable", "twctl: what is \"c/d\"?\nsee: twctl port set --help\n" },
	{ "why", "twctl: PORT is missing\nsee: twctl why --help\n" },
	{ "port set a/b --vlam 20", "twctl: unknown option --vlam\nsee: twctl port set --help\n" },
	{ "port set a/b -x", "twctl: unknown option -x\nsee: twctl port set --help\n" },
	{ "port set a/b --vlan", "twctl: --vlan needs a value: ID\nsee: twctl port set --help\n" },
	{ "port set a/b --disable=1", "twctl: --disable takes no value\nsee: twctl port set --help\n" },
	{ "port set a/b --vlan 20 --trunk 30", "twctl: --vlan does not go with --trunk\nsee: twctl port set --help\n" },
	{ "port set a/b --disable --enable",
	  "twctl: --enable does not go with --disable\nsee: twctl port set --help\n" },
	{ "port set a/b --native 3", "twctl: --native goes with --trunk\nsee: twctl port set --help\n" },
	{ "port create a/b", "twctl: --network is missing\nsee: twctl port create --help\n" },
	{ "network create x",
	  "twctl: --vlan or --trunk or --dot1q-tunnel is missing\nsee: twctl network create --help\n" },
	{ "mirror create m --port a/b",
	  "twctl: --to-port or --rspan-vlan or --erspan or --file is missing\nsee: twctl mirror create --help\n" },
	{ "mirror create m --file f",
	  "twctl: --port or --vm or --network or --host or --uplink or --vlan is missing\nsee: twctl mirror create --help\n" },
	{ "mirror create m --port a/b --to-port c/d --file f",
	  "twctl: --to-port does not go with --file\nsee: twctl mirror create --help\n" },
	{ "exporter create e", "twctl: --collector is missing\nsee: twctl exporter create --help\n" },
	{ "port bind a/b", "twctl: --host is missing\nsee: twctl port bind --help\n" },
	{ "migrate db", "twctl: --to is missing\nsee: twctl migrate --help\n" },
	{ "migrate", "twctl: VM is missing\nsee: twctl migrate --help\n" },
	{ "host set a --netdev up0=eth1", "twctl: --netdev goes with --uplink\nsee: twctl host set --help\n" },
	{ "host rebalance a --worker 1", "twctl: --worker goes with --port\nsee: twctl host rebalance --help\n" },
	{ "host set a --standby up0", "twctl: --standby goes with --teaming\nsee: twctl host set --help\n" },
	{ "port list --names --json", "twctl: --names does not go with --json\nsee: twctl port list --help\n" },
	{ "status now", "twctl: what is \"now\"?\nsee: twctl status --help\n" },
	{ "-c 10.0.0.1:7000 status",
	  "twctl: the controller's URL is ipc:///PATH or tcp://ADDRESS:PORT, not \"10.0.0.1:7000\"\n"
	  "see: twctl status --help\n" },
	{ "help frob", "twctl: there is no command \"frob\"\nsee: twctl help --help\n" },
	{ "port \033[2J", "twctl: port has no verb \"\\x1b[2J\"\nsee: twctl port --help\n" },
};

static void a_wrong_command_line_asks_nothing_and_says_where_help_is(void **state)
{
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		struct fake fake = { 0 };

		fake_run(&fake, wrong[i].line);
		assert_string_equal(fake.err, wrong[i].err);
		assert_string_equal(fake.out, "");
		assert_int_equal(fake.rc, TW_EXIT_USAGE);
		assert_int_equal(fake.n_asked, 0);
		fake_reset(&fake);
	}
}

/* Exit status 1: the line is well made, but a value cannot be. */
static const struct {
	const char *line, *err;
} bad_values[] = {
	{ "network create x --vlan 5000", "twctl: network.vlan.access: 5000 is not a VLAN id (1..4094)  [105]\n" },
	{ "port set a/b --vlan 5000", "twctl: port.vlan.access: 5000 is not a VLAN id (1..4094)  [105]\n" },
	{ "network create x --vlan inherit",
	  "twctl: network.vlan.access: inherit is not a VLAN id (1..4094)  [105]\n" },
	{ "port set a/b --trunk 1-5000",
	  "twctl: port.vlan.trunk: 1-5000 is not a VLAN id or range of them (1..4094; as in 10,20-30,100)  [105]\n" },
	{ "port set a/b --trunk 1 --native 5000", "twctl: port.vlan.native: 5000 is not a VLAN id (1..4094)  [105]\n" },
	{ "port set a/b --mac 02:00",
	  "twctl: port.mac: 02:00 is not a MAC address (as in 02:00:00:0a:0b:0c)  [105]\n" },
	{ "network set x --mtu 10", "twctl: network.mtu: 10 is not a number from 68 to 9000  [105]\n" },
	{ "mirror set m --direction up", "twctl: mirror.direction: up is none of: both, ingress, egress  [105]\n" },
	{ "mirror set m --vlan 5-100", "twctl: mirror.vlans: more than 64 VLANs  [105]\n" },
	{ "mirror set m --max-share 101", "twctl: mirror.max_share: 101 is not a number from 0 to 100  [105]\n" },
	{ "exporter set e --idle 601",
	  "twctl: exporter.idle_timeout_s: 601 is not a duration from 1 to 600 seconds (as in 15, 15s, 1m)  [105]\n" },
	{ "host set a --flow-sample 16384", "twctl: host.flow_sample: 16384 is not a number from 0 to 16383  [105]\n" },
	{ "host create a --uplink eth1", "twctl: host.uplinks: eth1 is not NAME=DEVARGS  [105]\n" },
	{ "host create a --uplink up0=x --netdev up1=eth1",
	  "twctl: host.uplinks.devargs: --netdev names up1, but no --uplink up1=DEVARGS says what it is  [106]\n" },
	{ "network set x --teaming lacp",
	  "twctl: network.teaming: lacp is none of: active-standby hash-port hash-mac hash-5tuple host  [105]\n" },
	{ "host set a --teaming lacp --lacp-rate often", "twctl: host.teaming: often is none of: slow, fast  [105]\n" },
	{ "flows --limit 0", "twctl: flows.limit: 0 is not a number from 1 to 10000  [105]\n" },
	{ "port set a/b --disable --wait=20m",
	  "twctl: --wait: 20m is not a duration from 1ms to 600s (as in 500ms, 15s, 1m)  [105]\n" },
};

static void a_bad_value_names_its_field_and_what_is_allowed(void **state)
{
	for (size_t i = 0; i < sizeof(bad_values) / sizeof(*bad_values); i++) {
		struct fake fake = { 0 };

		fake_run(&fake, bad_values[i].line);
		assert_string_equal(fake.err, bad_values[i].err);
		assert_int_equal(fake.rc, TW_EXIT_FAILED);
		assert_int_equal(fake.n_asked, 0);
		fake_reset(&fake);
	}
}

static void wait_is_asked_after_the_write_and_may_take_its_time(void **state)
{
	struct fake fake = { .answers = { "{'written':{'revision':12}}",
					  "{'wait_realised_reply':{'hosts':['a','b']}}" } };

	fake_run(&fake, "port set db/eth0 --vlan 20 --wait=1m --timeout 2");
	assert_int_equal(fake.rc, TW_EXIT_DONE);
	assert_string_equal(fake.asked[1], "{'wait_realised':{'revision':12,'timeout_ms':60000}}");
	assert_int_equal(fake.timeout_ms, 62000);
	assert_string_equal(fake.out, "port db/eth0 set: revision 12, enforced by a, b\n");
	fake_run(&fake, "port delete db/eth0 --wait");
	assert_string_equal(fake.asked[1], "{'wait_realised':{'revision':12,'timeout_ms':30000}}");
	fake_reset(&fake);
}

static void every_option_that_names_a_field_names_one_that_exists(void **state)
{
	const struct tw_option *options[TW_OPTIONS_MAX];
	static const ProtobufCMessageDescriptor *const kinds[] = {
		[TW__KIND__HOST] = &tw__host__descriptor,         [TW__KIND__NETWORK] = &tw__network__descriptor,
		[TW__KIND__PORT] = &tw__port__descriptor,         [TW__KIND__MIRROR] = &tw__mirror__descriptor,
		[TW__KIND__EXPORTER] = &tw__exporter__descriptor, [TW__KIND__ACL] = &tw__acl__descriptor,
	};

	for (size_t i = 0; tw_nouns[i]; i++)
		for (const struct tw_command *c = tw_nouns[i]->commands; c->run; c++) {
			size_t n = tw_command_options(c, options);

			assert_true(n <= TW_OPTIONS_MAX);
			for (size_t k = 0; k < n; k++)
				if (options[k]->field &&
				    (c->begin == tw_object_begin_set || c->begin == tw_object_begin_create))
					assert_non_null(protobuf_c_message_descriptor_get_field_by_name(
						kinds[tw_nouns[i]->kind], options[k]->field));
		}
}

static bool has_option(const struct tw_command *command, const char *name)
{
	const struct tw_option *options[TW_OPTIONS_MAX];
	size_t n = tw_command_options(command, options);

	for (size_t k = 0; k < n; k++)
		if (strcmp(options[k]->name, name) == 0)
			return true;
	return false;
}

static void the_table_is_consistent(void **state)
{
	const struct tw_option *options[TW_OPTIONS_MAX];

	for (size_t i = 0; tw_nouns[i]; i++)
		for (const struct tw_command *c = tw_nouns[i]->commands; c->run; c++) {
			size_t n = tw_command_options(c, options);
			char *needed = tw_strdup(c->required ? c->required : ""), *rest = needed, *word;

			assert_non_null(c->summary);
			for (size_t k = 0; k < n; k++) {
				assert_non_null(options[k]->help);
				assert_non_null(options[k]->apply);
				if (options[k]->needs)
					assert_true(has_option(c, options[k]->needs));
				if (options[k]->complete == TW_COMPLETE_WORDS)
					assert_non_null(options[k]->words);
				for (size_t m = 0; m < k; m++)
					assert_string_not_equal(options[k]->name, options[m]->name);
			}
			while ((word = strsep(&rest, " |")) != NULL)
				assert_true(!*word || has_option(c, word));
			free(needed);
		}
}

static void every_example_is_a_command_that_works(void **state)
{
	for (size_t i = 0; tw_nouns[i]; i++)
		for (const struct tw_command *c = tw_nouns[i]->commands; c->run; c++) {
			struct fake fake = { 0 };

			if (!c->example || strchr(c->example, '>'))
				continue;
			fake_run(&fake, c->example);
			assert_int_equal(fake.n_asked, 1);
			fake_reset(&fake);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_command_asks_what_it_says),
		cmocka_unit_test(a_wrong_command_line_asks_nothing_and_says_where_help_is),
		cmocka_unit_test(a_bad_value_names_its_field_and_what_is_allowed),
		cmocka_unit_test(wait_is_asked_after_the_write_and_may_take_its_time),
		cmocka_unit_test(every_option_that_names_a_field_names_one_that_exists),
		cmocka_unit_test(the_table_is_consistent),
		cmocka_unit_test(every_example_is_a_command_that_works),
	};

	unsetenv("TW_CONTROLLER");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
