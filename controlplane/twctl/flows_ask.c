/* SPDX-License-Identifier: Apache-2.0 */
/* flows_ask.c - whose flows are asked for, and asking; see flows.h. One thread. */
#include <stdlib.h>
#include <string.h>

#include "common/prefix.h"
#include "controlplane/twctl/flows.h"
#include "controlplane/twctl/lookup.h"
#include "controlplane/twctl/parse.h"

enum { HOSTS_ANSWER_MS = 4000 /* the controller asks the hosts, for 3 s at most, before it answers */ };
enum { NAMES_FOR = 10 /* answers */ };

/* --- options --- */

static Tw__FlowFilter *filter_of(struct tw_run *run)
{
	Tw__ListFlows *body = run->request->list_flows;

	return body->filter ? body->filter : tw_message_put(&body->base, "filter");
}

/* "10.0.0.5", "fd00::/64" */
static bool apply_address(struct tw_run *run, const struct tw_option *option, const char *value)
{
	Tw__FlowFilter *filter = filter_of(run);
	struct tw_prefix prefix;

	if (!tw_prefix_parse(value, &prefix))
		return tw_error_set(&run->error, TW_E_INVALID, "flows.address", "%.60s is no address and no prefix",
				    value);
	tw_message_set_bytes(&filter->base, "net_ip", prefix.addr, prefix.family == 4 ? 4 : 16);
	filter->prefix = prefix.len;
	if (prefix.len == 0)
		return tw_error_set(&run->error, TW_E_INVALID, "flows.address", "%.60s is every address", value);
	return true;
}

/* "tcp", "udp/53", "89", "arp", "0x88cc" */
static bool apply_protocol(struct tw_run *run, const struct tw_option *option, const char *value)
{
	Tw__FlowFilter *filter = filter_of(run);
	size_t len = strcspn(value, "/");
	char name[16];
	uint64_t n;

	snprintf(name, sizeof(name), "%.*s", (int)len, value);
	if (len < sizeof(name) && tw_protocol_parse(name, &filter->protocol, &filter->ethertype))
		;
	else if (len == 6 && strncmp(value, "0x", 2) == 0 && strspn(value + 2, "0123456789abcdefABCDEF") == 4)
		filter->ethertype = (uint32_t)strtoul(value, NULL, 16);
	else if (tw_parse_number("flows.protocol", name, 1, 255, &n, &run->error))
		filter->protocol = (uint32_t)n;
	else
		return tw_error_set(&run->error, TW_E_INVALID, "flows.protocol",
				    "%.60s is no protocol: tcp, udp/53, icmp, arp, 89, 0x88cc", value);
	if (!value[len])
		return true;
	if (!tw_parse_number("flows.protocol", value + len + 1, 1, 65535, &n, &run->error))
		return false;
	filter->l4_port = (uint32_t)n;
	return true;
}

static bool apply_vlan(struct tw_run *run, const struct tw_option *option, const char *value)
{
	uint64_t n;

	if (!tw_parse_number("flows.vlan", value, option->min, option->max, &n, &run->error))
		return false;
	filter_of(run)->vlan = (uint32_t)n;
	return true;
}

const struct tw_option tw_flows_options[] = {
	{ .name = "vm",
	  .arg = "VM",
	  .help = "flows of this VM's ports",
	  .field = "vm",
	  .complete = TW_COMPLETE_VM,
	  .apply = tw_apply_string },
	{ .name = "network",
	  .arg = "NETWORK",
	  .help = "flows of this network's ports",
	  .field = "network",
	  .complete = TW_COMPLETE_NETWORK,
	  .apply = tw_apply_string },
	{ .name = "port",
	  .arg = "PORT",
	  .help = "flows of this port",
	  .field = "port",
	  .complete = TW_COMPLETE_PORT,
	  .apply = tw_apply_string },
	{ .name = "host",
	  .arg = "HOST",
	  .help = "flows that this host's switch counts: of a conversation it may be one way",
	  .field = "host",
	  .complete = TW_COMPLETE_HOST,
	  .apply = tw_apply_string },
	{ .name = "address",
	  .arg = "PREFIX",
	  .help = "flows with an end in this address or prefix",
	  .apply = apply_address },
	{ .name = "protocol",
	  .arg = "PROTOCOL",
	  .help = "tcp, udp, icmp, arp, …, a number, an ethertype as 0x88cc; tcp/443: with this port at an end",
	  .apply = apply_protocol },
	{ .name = "vlan", .arg = "ID", .help = "flows in this VLAN", .min = 1, .max = 4094, .apply = apply_vlan },
	{ 0 },
};

bool tw_flows_begin(struct tw_run *run)
{
	Tw__ListFlows *body;

	run->request = tw_ask_new("list_flows", &body);
	run->target = &body->base;
	return true;
}

/* --- asking --- */

static bool ask_names(struct tw_run *run, struct tw_flows_asking *asking)
{
	json_t *answer;

	if (asking->answers++ % NAMES_FOR != 0)
		return true;
	answer = tw_ask_objects(run, TW__KIND__PORT, NULL);
	if (!answer)
		return false;
	json_decref(asking->ports);
	asking->ports = tw_ports_by_number(json_object_get(answer, "objects"));
	json_decref(answer);
	return true;
}

struct tw_talks *tw_flows_ask(struct tw_run *run, struct tw_flows_asking *asking)
{
	Tw__Envelope *reply = tw_ask(run, run->request, HOSTS_ANSWER_MS, "flow_list");

	if (!reply)
		return NULL;
	if (!ask_names(run, asking)) {
		tw__envelope__free_unpacked(reply, NULL);
		return NULL;
	}
	json_decref(asking->missing);
	asking->missing = json_array();
	for (size_t i = 0; i < reply->flow_list->n_missing; i++)
		json_array_append_new(asking->missing, tw_json_text(reply->flow_list->missing[i]));
	return tw_talks_create(reply, asking->ports);
}

void tw_flows_asked(struct tw_flows_asking *asking)
{
	json_decref(asking->ports);
	json_decref(asking->missing);
}
