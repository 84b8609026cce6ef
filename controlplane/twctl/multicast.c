/* SPDX-License-Identifier: Apache-2.0 */
/* multicast.c - `twctl multicast`: who listens to what, who asks; and a network's options for it. One thread. */
#include "controlplane/twctl/multicast.h"

#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

#include "controlplane/twctl/lookup.h"
#include "controlplane/twctl/nouns.h"

enum { HOST_ANSWERS_MS = 4000 /* the controller waits for the host 3 s at most */, INTERVAL_DEFAULT_S = 125 };

/* --- options of a network --- */

static bool apply_on_off(struct tw_run *run, const struct tw_option *option, const char *value)
{
	bool on = strcasecmp(value, "on") == 0;
	char path[96];

	if (!on && strcasecmp(value, "off") != 0)
		return tw_error_set(&run->error, TW_E_INVALID, tw_option_path(run, option, path),
				    "%.60s is none of: on, off", value);
	tw_message_set_number(run->target, option->field, on);
	return true;
}

/* "none" is no address. */
static bool apply_querier_address(struct tw_run *run, const struct tw_option *option, const char *value)
{
	uint8_t octets[4];
	char path[96];

	if (strcasecmp(value, "none") == 0)
		value = "";
	else if (inet_pton(AF_INET, value, octets) != 1 || octets[0] >= 224)
		return tw_error_set(&run->error, TW_E_INVALID, tw_option_path(run, option, path),
				    "%.60s is no host's IPv4 address", value);
	tw_message_set_string(run->target, option->field, value);
	return true;
}

/* clang-format off */
#define ON_OFF(option, of, text) \
	{ .name = option, .arg = "on|off", .help = text, .field = of, .complete = TW_COMPLETE_WORDS, .words = "on off", \
	  .apply = apply_on_off }

const struct tw_option tw_network_multicast_options[] = {
	ON_OFF("snooping", "snooping", "send multicast only to guests that joined its group: on or off (default)"),
	ON_OFF("querier", "querier",
	       "ask guests what they have joined, where no multicast router with a lower address does: on or off (default)"),
	{ .name = "querier-address",
	  .arg = "IPV4",
	  .help = "what IGMP queries come from (default 0.0.0.0: any router goes first); or none",
	  .field = "querier_address",
	  .apply = apply_querier_address },
	{ .name = "query-interval",
	  .arg = "SECONDS",
	  .help = "time between queries (default 125)",
	  .field = "query_interval_s",
	  .min = 2,
	  .max = 3600,
	  .apply = tw_apply_number },
	{ .name = "unknown-groups",
	  .arg = "WHERE",
	  .help = "where groups go that nobody has joined: to multicast routers (default) or to all",
	  .field = "unknown_groups",
	  .complete = TW_COMPLETE_WORDS,
	  .words = "routers all",
	  .apply = tw_apply_enum },
	ON_OFF("query-guard", "query_guard",
	       "drop queries of guests, so that none can be a multicast router: on or off (default)"),
	{ 0 },
};
/* clang-format on */

void tw_cell_snooping(FILE *cell, const json_t *value, const json_t *network)
{
	json_int_t interval = tw_json_number_at(network, "query_interval_s");
	const char *address = tw_json_string_at(network, "querier_address");

	fputs(json_is_true(value) ? "on" : "off", cell);
	if (!json_is_true(value))
		return;
	if (json_is_true(json_object_get(network, "querier")))
		fprintf(cell, ", querier %s every %" JSON_INTEGER_FORMAT "s", *address ? address : "0.0.0.0",
			interval ? interval : INTERVAL_DEFAULT_S);
	fprintf(cell, ", unknown groups to %s",
		strcmp(tw_json_string_at(network, "unknown_groups"), "all") == 0 ? "all" : "routers");
	if (json_is_true(json_object_get(network, "query_guard")))
		fputs(", no queries of guests", cell);
}

/* --- what hosts say --- */

/* Ask one host; what it says goes into `said`. @return false with run->error filled */
static bool ask_host(struct tw_run *run, const char *host, void *said)
{
	Tw__ListMulticast *body;
	Tw__Envelope *request = tw_ask_new("list_multicast", &body), *reply;

	tw_message_set_string(&body->base, "host", host);
	reply = tw_ask(run, request, HOST_ANSWERS_MS, "multicast_list");
	tw__envelope__free_unpacked(request, NULL);
	if (!reply)
		return false;
	json_array_append_new(said, tw_message_json(&reply->multicast_list->base));
	tw__envelope__free_unpacked(reply, NULL);
	return true;
}

static void name_members(json_t *group, const json_t *ports)
{
	json_t *member;
	size_t i;

	json_array_foreach(json_object_get(group, "members"), i, member)
		json_object_set_new(member, "name", tw_port_label(ports, tw_json_number_at(member, "port")));
}

static void name_routers(json_t *vlan, const char *path, const json_t *ports)
{
	json_t *routers = tw_json_at(vlan, path), *named = json_array(), *number;
	size_t i;

	json_array_foreach(routers, i, number)
		json_array_append_new(named, tw_port_label(ports, json_integer_value(number)));
	json_array_clear(routers);
	json_array_extend(routers, named);
	json_decref(named);
}

/* Lists of all hosts' groups and VLANs, each with its host and with names for numbers. New reference. */
static json_t *flatten(const json_t *said, const json_t *ports, const json_t *network, json_t *missing)
{
	json_t *groups = json_array(), *vlans = json_array(), *hosts = json_array(), *host, *one;
	size_t i, k;

	json_array_foreach(said, i, host)
	{
		json_array_foreach(tw_json_at(host, "state.groups"), k, one)
		{
			if (!tw_network_has_vlan(network, tw_json_number_at(one, "vlan")))
				continue;
			json_object_set(one, "host", json_object_get(host, "host"));
			name_members(one, ports);
			json_array_append(groups, one);
		}
		json_array_foreach(tw_json_at(host, "state.vlans"), k, one)
		{
			if (!tw_network_has_vlan(network, tw_json_number_at(one, "vlan")))
				continue;
			json_object_set(one, "host", json_object_get(host, "host"));
			name_routers(one, "igmp.routers", ports);
			name_routers(one, "mld.routers", ports);
			json_array_append(vlans, one);
		}
		json_array_append_new(hosts, json_pack("{s:O, s:O, s:O}", "host", json_object_get(host, "host"),
						       "invalid", tw_json_at(host, "state.invalid"), "shed",
						       tw_json_at(host, "state.shed")));
	}
	return json_pack("{s:o, s:o, s:o, s:O}", "groups", groups, "vlans", vlans, "hosts", hosts, "missing", missing);
}

/* --- tables --- */

static void members_cell(FILE *cell, const json_t *members, const json_t *group)
{
	const json_t *member;
	size_t i;

	json_array_foreach(members, i, member) fprintf(cell, "%s%s", i ? "," : "", tw_json_string_at(member, "name"));
}

/* The oldest member's. */
static void age_cell(FILE *cell, const json_t *members, const json_t *group)
{
	const json_t *member, *oldest = NULL;
	size_t i;

	json_array_foreach(members, i, member)
	{
		const json_t *since = json_object_get(member, "since_ms");

		if (!oldest || json_integer_value(since) < json_integer_value(oldest))
			oldest = since;
	}
	tw_cell_age(cell, oldest, group);
}

static void querier_cell(FILE *cell, const json_t *family, const json_t *vlan)
{
	const char *ip = tw_json_string_at(family, "querier_ip");

	fprintf(cell, "%s%s%s", *ip ? ip : "nobody",
		json_is_true(json_object_get(family, "ours")) ? " (this host)" : "",
		json_is_true(json_object_get(family, "known")) ? "" : ", flooded");
}

static void routers_cell(FILE *cell, const json_t *igmp, const json_t *vlan)
{
	const json_t *lists[2] = { json_object_get(igmp, "routers"), tw_json_at(vlan, "mld.routers") }, *name;
	unsigned n = 0;
	size_t i;

	for (int k = 0; k < 2; k++)
		json_array_foreach(lists[k], i, name)
			fprintf(cell, "%s%s%s", n++ ? "," : "", json_string_value(name), k ? " (MLD)" : "");
	if (n == 0)
		fputc('-', cell);
}

static const struct tw_column group_columns[] = {
	{ "HOST", "host", NULL },       { "VLAN", "vlan", NULL },
	{ "GROUP", "group_ip", NULL },  { "MEMBERS", "members", members_cell },
	{ "AGE", "members", age_cell }, { 0 },
};

static const struct tw_column vlan_columns[] = {
	{ "HOST", "host", NULL },
	{ "VLAN", "vlan", NULL },
	{ "IGMP QUERIER", "igmp", querier_cell },
	{ "MLD QUERIER", "mld", querier_cell },
	{ "ROUTERS", "igmp", routers_cell },
	{ "QUERIES", "queries_in", NULL },
	{ "SENT", "queries_out", NULL },
	{ "REPORTS", "reports_in", NULL },
	{ "LEAVES", "leaves_in", NULL },
	{ "PORT FULL", "port_full", NULL },
	{ "TABLE FULL", "table_full", NULL },
	{ 0 },
};

static void print_hosts(struct tw_run *run, const json_t *all)
{
	const json_t *host, *invalid;
	size_t i, k;

	json_array_foreach(json_object_get(all, "hosts"), i, host)
	{
		json_array_foreach(json_object_get(host, "invalid"), k, invalid)
		{
			tw_out_text(run->io->out, tw_json_string_at(host, "host"));
			fprintf(run->io->out,
				": %" JSON_INTEGER_FORMAT " not learned from: ", tw_json_number_at(invalid, "packets"));
			tw_out_text(run->io->out, tw_json_string_at(invalid, "text"));
			fputc('\n', run->io->out);
		}
		if (tw_json_number_at(host, "shed")) {
			tw_out_text(run->io->out, tw_json_string_at(host, "host"));
			fprintf(run->io->out, ": %" JSON_INTEGER_FORMAT " not looked at: a port sent too many\n",
				tw_json_number_at(host, "shed"));
		}
	}
}

/* --- commands --- */

/* The request is only where --host is put: one is made for each host that is asked. */
static bool begin(struct tw_run *run)
{
	Tw__ListMulticast *body;

	run->request = tw_ask_new("list_multicast", &body);
	run->target = &body->base;
	return true;
}

static bool apply_network(struct tw_run *run, const struct tw_option *option, const char *value)
{
	run->network = value;
	return true;
}

/* @return all that the hosts say; NULL with run->error filled */
static json_t *gather(struct tw_run *run)
{
	const char *host = run->request->list_multicast->host;
	json_t *said = json_array(), *missing = json_array(), *ports = NULL, *by_number, *all = NULL, *found = NULL;
	bool whole = true;

	if (run->network) {
		found = tw_ask_objects(run, TW__KIND__NETWORK, run->network);
		whole = found != NULL;
	}
	whole = whole && (*host ? ask_host(run, host, said) : tw_ask_each_host(run, ask_host, said, missing));
	if (whole)
		ports = tw_ask_objects(run, TW__KIND__PORT, NULL);
	if (ports) {
		by_number = tw_ports_by_number(json_object_get(ports, "objects"));
		all = flatten(said, by_number, json_array_get(json_object_get(found, "objects"), 0), missing);
		json_decref(by_number);
	}
	json_decref(ports);
	json_decref(found);
	json_decref(said);
	json_decref(missing);
	return all;
}

static int show(struct tw_run *run, const char *list, const struct tw_column *columns, const char *none)
{
	json_t *all = gather(run);

	if (!all)
		return tw_run_fail(run);
	if (run->json) {
		tw_out_json(run->io->out, all);
	} else {
		if (json_array_size(json_object_get(all, list)) == 0)
			fprintf(run->io->err, "%s\n", none);
		tw_out_table(run->io->out, columns, json_object_get(all, list));
		if (columns == vlan_columns)
			print_hosts(run, all);
		tw_out_missing(run, json_object_get(all, "missing"));
	}
	json_decref(all);
	return TW_EXIT_DONE;
}

static int run_list(struct tw_run *run)
{
	return show(run, "groups", group_columns, "nobody has joined a group");
}

static int run_queriers(struct tw_run *run)
{
	return show(run, "vlans", vlan_columns, "no VLAN is snooped");
}

static const struct tw_option list_options[] = {
	{ .name = "network",
	  .arg = "NETWORK",
	  .help = "VLANs of this network alone",
	  .complete = TW_COMPLETE_NETWORK,
	  .apply = apply_network },
	{ .name = "host",
	  .arg = "HOST",
	  .help = "what this host's switch has learned",
	  .field = "host",
	  .complete = TW_COMPLETE_HOST,
	  .apply = tw_apply_string },
	{ 0 },
};

static const struct tw_option *const all_options[] = { list_options, NULL };

static const struct tw_command commands[] = {
	{ .verb = "list",
	  .summary = "list the groups that guests have joined, and who they are",
	  .text = "Of networks with --snooping on. \"uplink\" is a member on the wire; each group that a guest sends to goes "
		  "there anyway.",
	  .example = "multicast list --network blue",
	  .options = all_options,
	  .begin = begin,
	  .run = run_list },
	{ .verb = "queriers",
	  .summary = "list the VLANs that are snooped: who asks, where routers are, what was counted",
	  .text = "\"flooded\" is multicast of a VLAN where nobody asks, or nobody has for long enough: what guests have "
		  "joined is not known then.",
	  .example = "multicast queriers --host host-a",
	  .options = all_options,
	  .begin = begin,
	  .run = run_queriers },
	{ 0 },
};

const struct tw_noun tw_noun_multicast = {
	.name = "multicast",
	.summary = "who listens to which group",
	.commands = commands,
};
