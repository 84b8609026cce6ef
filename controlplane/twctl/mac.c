/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mac.c - `twctl mac list` and `twctl port macs`: every MAC that the distributed switch knows, and where it is. One thread.
 *
 * A port's own and its static MACs are the model's; what was learned each host's switch is asked for, a page at a time. Of
 * the wire's MACs those are left out that another host has behind a port: it is one station. What a host was told by the others
 * is shown of that host alone.
 */
#include <stdlib.h>
#include <string.h>

#include "controlplane/twctl/lookup.h"
#include "controlplane/twctl/nouns.h"

enum { HOST_ANSWERS_MS = 4000 /* the controller waits for the host 3 s at most */ };
enum { PAGE = 4096, LIMIT_DEFAULT = 10000, LIMIT_MAX = 100000 };

struct listing {
	const Tw__ListMacs *asked; /* its limit is of all rows */
	const char *network;       /* NULL = all */
	json_t *ports;             /* tw_ports_by_number() */
	json_t *networks;          /* {"blue": {...}} */
	json_t *rows;
	bool more; /* there are rows beyond the limit */
};

/* --- rows --- */

static void add_row(struct listing *l, json_t *row)
{
	size_t limit = l->asked->limit ? l->asked->limit : LIMIT_DEFAULT;

	l->more = json_array_size(l->rows) >= limit;
	if (!l->more)
		json_array_append(l->rows, row);
	json_decref(row);
}

static json_t *vlan_in_force(const struct listing *l, const json_t *port)
{
	json_t *vlan = json_object_get(port, "vlan");

	if (vlan && strcmp(tw_json_string_at(vlan, "mode"), "inherit") != 0)
		return vlan;
	return tw_json_at(json_object_get(l->networks, tw_json_string_at(port, "network")), "vlan");
}

/* A MAC behind a port. @param vlan NULL = several. Steals vlan and age. */
static json_t *new_row(const json_t *port, const char *mac, json_t *vlan, const char *host, const char *kind,
		       json_t *age)
{
	const char *name = tw_json_string_at(port, "name");
	json_t *row = json_pack("{s:s, s:o, s:s%, s:s%}", "mac", mac, "vlan", vlan ? vlan : json_null(), "port", name,
				strlen(name), "vm", name, strcspn(name, "/"));

	json_object_set(row, "network", json_object_get(port, "network"));
	json_object_set_new(row, "host", *host ? json_string(host) : json_null());
	json_object_set_new(row, "kind", json_string(kind));
	json_object_set_new(row, "age_ms", age);
	return row;
}

/* What the model says of a port. */
static void add_port(struct listing *l, const json_t *port)
{
	const json_t *vlan = vlan_in_force(l, port), *mac;
	const char *host = tw_json_string_at(port, "binding.host");
	bool trunk = strcmp(tw_json_string_at(vlan, "mode"), "trunk") == 0;
	size_t i;

	if ((l->network && strcmp(l->network, tw_json_string_at(port, "network")) != 0) ||
	    (*l->asked->host && strcmp(l->asked->host, host) != 0))
		return;
	add_row(l, new_row(port, tw_json_string_at(port, "mac"),
			   trunk ? NULL : json_incref(json_object_get(vlan, "access")), host, "own", json_null()));
	json_array_foreach(json_object_get(port, "static_macs"), i, mac) add_row(
		l, new_row(port, json_string_value(mac), trunk ? NULL : json_incref(json_object_get(vlan, "access")),
			   host, "static", json_null()));
}

/* What a host's switch has learned. */
static void add_learned(struct listing *l, const char *host, const json_t *known)
{
	const json_t *port = tw_port_of(l->ports, tw_json_number_at(known, "port"));
	json_t *vlan = json_object_get(known, "vlan"), *age = json_object_get(known, "age_ms"), *row;
	const char *mac = tw_json_string_at(known, "mac"), *kind = tw_json_string_at(known, "kind");

	if (!*l->asked->host && strcmp(kind, "elsewhere") == 0)
		return; /* its own host says it better */
	if (port) {
		if (!l->network || strcmp(l->network, tw_json_string_at(port, "network")) == 0)
			add_row(l, new_row(port, mac, json_incref(vlan), host, kind, json_incref(age)));
		return;
	}
	if (l->network && !tw_network_has_vlan(json_object_get(l->networks, l->network), json_integer_value(vlan)))
		return;
	row = json_pack("{s:s, s:O, s:n, s:n, s:n, s:s, s:s, s:O}", "mac", mac, "vlan", vlan, "port", "vm", "network",
			"host", host, "kind", kind, "age_ms", age);
	add_row(l, row);
}

static bool ask_host(struct tw_run *run, const char *host, void *arg)
{
	struct listing *l = arg;
	uint32_t from = 0;

	do {
		Tw__ListMacs *body;
		Tw__Envelope *request = tw_ask_new("list_macs", &body), *reply;
		json_t *page, *known;
		size_t i;

		tw_message_set_string(&body->base, "port", l->asked->port);
		tw_message_set_string(&body->base, "host", host);
		body->limit = PAGE;
		body->from = from;
		reply = tw_ask(run, request, HOST_ANSWERS_MS, "mac_list");
		tw__envelope__free_unpacked(request, NULL);
		if (!reply)
			return false;
		from = reply->mac_list->macs->next > from ? reply->mac_list->macs->next : 0;
		page = tw_message_json(&reply->mac_list->base);
		tw__envelope__free_unpacked(reply, NULL);
		json_array_foreach(tw_json_at(page, "macs.macs"), i, known)
			add_learned(l, tw_json_string_at(page, "host"), known);
		json_decref(page);
	} while (from && !l->more);
	return true;
}

/* --- the whole --- */

/* The wire's MACs that are behind a port of another host. */
static void drop_seen_twice(json_t *rows)
{
	json_t *behind = json_object(), *row;
	char key[64];

	for (int pass = 0; pass < 2; pass++)
		for (size_t i = json_array_size(rows); i-- > 0;) {
			row = json_array_get(rows, i);
			snprintf(key, sizeof(key), "%.20s %" JSON_INTEGER_FORMAT, tw_json_string_at(row, "mac"),
				 tw_json_number_at(row, "vlan"));
			if (!json_is_null(json_object_get(row, "port")))
				json_object_set_new(behind, key, json_true());
			else if (pass == 1 && json_object_get(behind, key))
				json_array_remove(rows, i);
		}
	json_decref(behind);
}

static int rank(const json_t *row)
{
	const char *kind = tw_json_string_at(row, "kind");

	return strcmp(kind, "own") == 0 ? 0 : strcmp(kind, "static") == 0 ? 1 : 2;
}

/* By port, the wire last; its own MAC first. */
static int compare(const void *a, const void *b)
{
	const json_t *x = *(const json_t *const *)a, *y = *(const json_t *const *)b;
	bool wire_x = json_is_null(json_object_get(x, "port")), wire_y = json_is_null(json_object_get(y, "port"));
	int order = wire_x - wire_y;

	order = order ? order : strcmp(tw_json_string_at(x, "port"), tw_json_string_at(y, "port"));
	order = order ? order : rank(x) - rank(y);
	order = order ? order : strcmp(tw_json_string_at(x, "mac"), tw_json_string_at(y, "mac"));
	if (!order)
		order = tw_json_number_at(x, "vlan") < tw_json_number_at(y, "vlan") ? -1 : 1;
	return order;
}

static json_t *sorted(const json_t *rows)
{
	size_t n = json_array_size(rows);
	json_t **order = tw_alloc((n + 1) * sizeof(*order)), *out = json_array();

	for (size_t i = 0; i < n; i++)
		order[i] = json_array_get(rows, i);
	qsort(order, n, sizeof(*order), compare);
	for (size_t i = 0; i < n; i++)
		json_array_append(out, order[i]);
	free(order);
	return out;
}

static void cell_vlan(FILE *cell, const json_t *vlan, const json_t *row)
{
	if (json_is_null(vlan))
		fputs("trunk", cell);
	else if (json_integer_value(vlan))
		fprintf(cell, "%" JSON_INTEGER_FORMAT, json_integer_value(vlan));
	else
		fputs("untagged", cell);
}

static void cell_port(FILE *cell, const json_t *port, const json_t *row)
{
	fputs(json_is_null(port) ? "uplink" : json_string_value(port), cell);
}

static void cell_age(FILE *cell, const json_t *age, const json_t *row)
{
	if (json_is_null(age))
		fputc('-', cell);
	else
		tw_cell_duration(cell, age, row);
}

static const struct tw_column columns[] = {
	{ "MAC", "mac", NULL },   { "VLAN", "vlan", cell_vlan },  { "PORT", "port", cell_port },
	{ "VM", "vm", NULL },     { "NETWORK", "network", NULL }, { "HOST", "host", NULL },
	{ "KIND", "kind", NULL }, { "AGE", "age_ms", cell_age },  { 0 },
};

static void print(struct tw_run *run, const struct listing *l, const json_t *rows, const json_t *missing)
{
	json_t *all;

	if (run->json) {
		all = json_pack("{s:O, s:b, s:O}", "macs", rows, "more", l->more, "missing", missing);
		tw_out_json(run->io->out, all);
		json_decref(all);
		return;
	}
	if (json_array_size(rows) == 0)
		fputs("no MACs\n", run->io->err);
	tw_out_table(run->io->out, columns, rows);
	if (l->more)
		fprintf(run->io->err, "there are more than these %zu; --limit allows more\n", json_array_size(rows));
	tw_out_missing(run, missing);
}

static json_t *by_name(const json_t *objects)
{
	json_t *named = json_object(), *object;
	size_t i;

	json_array_foreach(objects, i, object) json_object_set(named, tw_json_string_at(object, "name"), object);
	return named;
}

/* @return false with run->error filled */
static bool gather(struct tw_run *run, struct listing *l, const json_t *ports, json_t *missing)
{
	const char *host = l->asked->host;
	json_t *port;
	size_t i;

	json_array_foreach(ports, i, port) add_port(l, port);
	if (*l->asked->port) {
		host = tw_json_string_at(json_array_get(ports, 0), "binding.host");
		if (!*host)
			return true; /* nobody serves it: nothing is learned */
	}
	if (l->more)
		return true;
	return *host ? ask_host(run, host, l) : tw_ask_each_host(run, ask_host, l, missing);
}

int tw_macs_show(struct tw_run *run)
{
	struct listing l = { .asked = run->request->list_macs, .network = run->network, .rows = json_array() };
	json_t *missing = json_array(), *rows = NULL;
	json_t *ports = tw_ask_objects(run, TW__KIND__PORT, *l.asked->port ? l.asked->port : NULL);
	json_t *networks = ports ? tw_ask_objects(run, TW__KIND__NETWORK, NULL) : NULL;

	if (networks) {
		l.ports = tw_ports_by_number(json_object_get(ports, "objects"));
		l.networks = by_name(json_object_get(networks, "objects"));
		if (l.network && !json_object_get(l.networks, l.network))
			tw_error_set(&run->error, TW_E_NOT_FOUND, "network.name", "there is no network '%.60s'",
				     l.network);
		else if (gather(run, &l, json_object_get(ports, "objects"), missing))
			rows = sorted(l.rows);
	}
	if (rows && !*l.asked->host)
		drop_seen_twice(rows);
	if (rows)
		print(run, &l, rows, missing);
	json_decref(rows);
	json_decref(l.networks);
	json_decref(l.ports);
	json_decref(networks);
	json_decref(ports);
	json_decref(missing);
	json_decref(l.rows);
	return rows ? TW_EXIT_DONE : tw_run_fail(run);
}

/* --- commands --- */

/* The request is only where options are put: one is made for each page. */
bool tw_macs_begin(struct tw_run *run)
{
	Tw__ListMacs *body;

	run->request = tw_ask_new("list_macs", &body);
	run->target = &body->base;
	if (run->operand)
		tw_message_set_string(run->target, "port", run->operand);
	return true;
}

static bool apply_network(struct tw_run *run, const struct tw_option *option, const char *value)
{
	run->network = value;
	return true;
}

const struct tw_option tw_macs_limit_options[] = {
	{ .name = "limit",
	  .arg = "N",
	  .help = "at most this many (default 10000)",
	  .field = "limit",
	  .min = 1,
	  .max = LIMIT_MAX,
	  .apply = tw_apply_number },
	{ 0 },
};

static const struct tw_option options[] = {
	{ .name = "network",
	  .arg = "NETWORK",
	  .help = "of this network's ports, and of its VLANs on the wire",
	  .complete = TW_COMPLETE_NETWORK,
	  .apply = apply_network },
	{ .name = "port",
	  .arg = "PORT",
	  .help = "of this port",
	  .field = "port",
	  .excludes = "network,host",
	  .complete = TW_COMPLETE_PORT,
	  .apply = tw_apply_string },
	{ .name = "host",
	  .arg = "HOST",
	  .help = "of this host's ports, and what its switch has learned or was told of other hosts",
	  .field = "host",
	  .complete = TW_COMPLETE_HOST,
	  .apply = tw_apply_string },
	{ 0 },
};

static const struct tw_command commands[] = {
	{ .verb = "list",
	  .summary = "list every MAC that the switch knows: its port, VM, network, VLAN and host",
	  .text = "KIND is own (the port's), static, learned (heard from the guest; AGE is how long ago), moved (the same, "
		  "and it was behind another port before), flapping (two ports claim it in turn; it stays here for half a "
		  "minute), chosen (what the guest has taken in place of its port's, see --mac-change) or, with --host, "
		  "elsewhere (another host has learned it behind a port, and this one knows). \"uplink\" is a "
		  "MAC of the physical network: those are learned only in VLANs with a port whose unknown unicast is "
		  "flooded.",
	  .example = "mac list --network lab",
	  .options = (const struct tw_option *const[]){ options, tw_macs_limit_options, NULL },
	  .begin = tw_macs_begin,
	  .run = tw_macs_show },
	{ 0 },
};

const struct tw_noun tw_noun_mac = {
	.name = "mac",
	.summary = "which MACs there are, and behind which ports",
	.commands = commands,
};
