/* SPDX-License-Identifier: Apache-2.0 */
/*
 * flows.c - `twctl flows`: the flows that are alive, with the ports at both ends by name. One thread.
 *
 * A flow names a port by its number where the port is local to the switch that counts; an end beyond the uplink is found
 * by its MAC.
 */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "controlplane/twctl/nouns.h"

enum { HOSTS_ANSWER_MS = 4000 /* the controller asks the hosts, for 3 s at most, before it answers */ };

static const struct {
	json_int_t number;
	const char *name;
} protocols[] = { /* IANA, Assigned Internet Protocol Numbers */
		  { 1, "icmp" }, { 2, "igmp" },  { 6, "tcp" },       { 17, "udp" },
		  { 47, "gre" }, { 50, "esp" },  { 58, "ipv6-icmp" }, { 89, "ospf" },
		  { 112, "vrrp" }, { 132, "sctp" }
}, ethertypes[] = { /* IEEE, Ethertype; in lower case */
		    { 0x0806, "arp" }, { 0x8035, "rarp" }, { 0x88cc, "lldp" }, { 0x8100, "vlan" }
};

static bool is_icmp(json_int_t protocol)
{
	return protocol == 1 || protocol == 58;
}

static bool is_ip(const json_t *flow)
{
	return json_is_string(json_object_get(flow, "src_ip"));
}

/* "icmp 8/0" (type/code), "tcp", "arp", "proto 253", "0x88b5" */
static void protocol_cell(FILE *cell, const json_t *value, const json_t *flow)
{
	json_int_t n = json_integer_value(value), type = tw_json_number_at(flow, "ethertype");
	json_int_t icmp = tw_json_number_at(flow, "dst_port");
	const char *name = NULL;

	if (is_ip(flow)) {
		for (size_t i = 0; i < sizeof(protocols) / sizeof(*protocols); i++)
			name = protocols[i].number == n ? protocols[i].name : name;
		if (!name)
			fprintf(cell, "proto %" JSON_INTEGER_FORMAT, n);
	} else {
		for (size_t i = 0; i < sizeof(ethertypes) / sizeof(*ethertypes); i++)
			name = ethertypes[i].number == type ? ethertypes[i].name : name;
		if (!name)
			fprintf(cell, "0x%04x", (unsigned)type);
	}
	fputs(name ? name : "", cell);
	if (is_ip(flow) && is_icmp(n))
		fprintf(cell, " %" JSON_INTEGER_FORMAT "/%" JSON_INTEGER_FORMAT, icmp >> 8, icmp & 0xff);
}

/* "10.0.0.1:80", "[fd00::1]:80", without a port where the protocol has none; the MAC where there is no IP */
static void end_cell(FILE *cell, const json_t *flow, const char *ip, const char *port, const char *mac)
{
	const char *address = tw_json_string_at(flow, ip);
	json_int_t protocol = tw_json_number_at(flow, "protocol");
	bool ports = protocol == 6 || protocol == 17 || protocol == 132;

	if (!is_ip(flow))
		fputs(tw_json_string_at(flow, mac), cell);
	else if (!ports)
		fputs(address, cell);
	else
		fprintf(cell, strchr(address, ':') ? "[%s]:%" JSON_INTEGER_FORMAT : "%s:%" JSON_INTEGER_FORMAT, address,
			tw_json_number_at(flow, port));
}

static void source_cell(FILE *cell, const json_t *value, const json_t *flow)
{
	end_cell(cell, flow, "src_ip", "src_port", "src_mac");
}

static void destination_cell(FILE *cell, const json_t *value, const json_t *flow)
{
	end_cell(cell, flow, "dst_ip", "dst_port", "dst_mac");
}

static const struct tw_column columns[] = {
	{ "HOST", "host", NULL },
	{ "VLAN", "vlan", NULL },
	{ "FROM", "from", NULL },
	{ "TO", "to", NULL },
	{ "PROTOCOL", "protocol", protocol_cell },
	{ "SOURCE", "src_ip", source_cell },
	{ "DESTINATION", "dst_ip", destination_cell },
	{ "PACKETS", "packets", NULL },
	{ "OCTETS", "l3_octets", NULL },
	{ "AGE", "first_ms", tw_cell_age },
	{ "IDLE", "last_ms", tw_cell_age },
	{ "DROPPED", "drop_reason", NULL },
	{ 0 },
};

/* {"#3": "web/eth0", "02:...": "web/eth0"}: names of ports by number and by MAC. New reference. */
static json_t *names_of(const json_t *ports)
{
	json_t *names = json_object(), *port;
	char number[32];
	size_t i;

	json_array_foreach(ports, i, port)
	{
		snprintf(number, sizeof(number), "#%" JSON_INTEGER_FORMAT, tw_json_number_at(port, "number"));
		json_object_set(names, number, json_object_get(port, "name"));
		json_object_set(names, tw_json_string_at(port, "mac"), json_object_get(port, "name"));
	}
	return names;
}

static void set_end(json_t *flow, const json_t *names, const char *key, const char *number_key, const char *mac_key)
{
	char number[32];
	json_t *name;

	snprintf(number, sizeof(number), "#%" JSON_INTEGER_FORMAT, tw_json_number_at(flow, number_key));
	name = json_object_get(names, number);
	name = name ? name : json_object_get(names, tw_json_string_at(flow, mac_key));
	if (name)
		json_object_set(flow, key, name);
	else
		json_object_set_new(flow, key, json_null());
}

/* One list of all hosts' flows, each with its host and the names of both ends; and what is missing. New reference. */
static json_t *flatten(const json_t *answer, const json_t *names)
{
	json_t *flows = json_array(), *host, *flow;
	json_int_t total = 0;
	size_t i, k;

	json_array_foreach(json_object_get(answer, "hosts"), i, host)
	{
		total += tw_json_number_at(host, "flows.total");
		json_array_foreach(tw_json_at(host, "flows.flows"), k, flow)
		{
			json_object_set(flow, "host", json_object_get(host, "host"));
			set_end(flow, names, "from", "ingress", "src_mac");
			set_end(flow, names, "to", "egress", "dst_mac");
			json_object_del(flow, "raw_key");
			json_array_append(flows, flow);
		}
	}
	return json_pack("{s:o, s:I, s:O}", "flows", flows, "total", total, "missing",
			 json_object_get(answer, "missing"));
}

static void print_flows(struct tw_run *run, const json_t *all)
{
	const json_t *flows = json_object_get(all, "flows"), *missing = json_object_get(all, "missing"), *host;
	json_int_t total = tw_json_number_at(all, "total");
	size_t i;

	if (!json_array_size(flows))
		fputs("no flows\n", run->io->err);
	tw_out_table(run->io->out, columns, flows);
	if (total > (json_int_t)json_array_size(flows))
		fprintf(run->io->err, "%zu of %" JSON_INTEGER_FORMAT " flows shown\n", json_array_size(flows), total);
	json_array_foreach(missing, i, host)
	{
		fputs("twctl: no flows from host ", run->io->err);
		tw_out_text(run->io->err, json_string_value(host));
		fputs(": it did not answer in time\n", run->io->err);
	}
}

static bool begin(struct tw_run *run)
{
	Tw__ListFlows *body;

	run->request = tw_ask_new("list_flows", &body);
	run->target = &body->base;
	return true;
}

static int run_flows(struct tw_run *run)
{
	Tw__Envelope *reply = tw_ask(run, run->request, HOSTS_ANSWER_MS, "flow_list");
	json_t *answer, *ports, *names, *all;

	if (!reply)
		return tw_run_fail(run);
	answer = tw_message_json(&reply->flow_list->base);
	tw__envelope__free_unpacked(reply, NULL);
	ports = tw_ask_objects(run, TW__KIND__PORT, NULL);
	if (!ports) {
		json_decref(answer);
		return tw_run_fail(run);
	}
	names = names_of(json_object_get(ports, "objects"));
	all = flatten(answer, names);
	if (run->json)
		tw_out_json(run->io->out, all);
	else
		print_flows(run, all);
	json_decref(all);
	json_decref(names);
	json_decref(ports);
	json_decref(answer);
	return TW_EXIT_DONE;
}

static const struct tw_option options[] = {
	{ .name = "port",
	  .arg = "PORT",
	  .help = "flows of this port alone",
	  .field = "port",
	  .complete = TW_COMPLETE_PORT,
	  .apply = tw_apply_string },
	{ .name = "host",
	  .arg = "HOST",
	  .help = "flows that this host's switch counts",
	  .field = "host",
	  .complete = TW_COMPLETE_HOST,
	  .apply = tw_apply_string },
	{ .name = "limit",
	  .arg = "N",
	  .help = "at most this many of each host (default 1000)",
	  .field = "limit",
	  .min = 1,
	  .max = 10000,
	  .apply = tw_apply_number },
	{ 0 },
};

static const struct tw_command commands[] = {
	{ .summary = "show the flows that are alive, with the ports at both ends",
	  .text = "Packets and octets (of layer 3) are those since the flow was last exported. A flow is counted once, where "
		  "it enters the switch.",
	  .example = "flows --port web/eth0",
	  .options = (const struct tw_option *const[]){ options, NULL },
	  .begin = begin,
	  .run = run_flows },
	{ 0 },
};

const struct tw_noun tw_noun_flows = {
	.name = "flows",
	.summary = "the flows that are alive",
	.commands = commands,
};
