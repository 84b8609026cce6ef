/* SPDX-License-Identifier: Apache-2.0 */
/* status.c - `twctl status`: the controller and its hosts at a glance; and parts of it for other nouns. One thread. */
#include <string.h>

#include "controlplane/twctl/nouns.h"

static json_t *by_name(const json_t *list, const char *name)
{
	json_t *element;
	size_t i;

	json_array_foreach(list, i, element) if (strcmp(tw_json_string_at(element, "name"), name) == 0) return element;
	return NULL;
}

json_t *tw_status_host(const json_t *status, const char *host)
{
	return by_name(json_object_get(status, "hosts"), host);
}

json_t *tw_status_part(const json_t *host, const char *key, const char *name)
{
	return by_name(json_object_get(json_object_get(host, "status"), key), name);
}

bool tw_status_add_parts(struct tw_run *run, json_t *object, const char *key)
{
	json_t *status = tw_ask_status(run), *parts = json_array(), *host, *part;
	size_t i;

	json_array_foreach(json_object_get(status, "hosts"), i, host)
	{
		part = json_copy(tw_status_part(host, key, tw_json_string_at(object, "name")));
		if (!part)
			continue;
		json_object_set(part, "host", json_object_get(host, "name"));
		json_array_append_new(parts, part);
	}
	json_object_set_new(object, "status", parts);
	json_decref(status);
	return status != NULL;
}

void tw_status_print_parts(FILE *out, const struct tw_column *columns, const json_t *object)
{
	const json_t *parts = json_object_get(object, "status");

	if (!json_array_size(parts))
		return;
	fputc('\n', out);
	tw_out_table(out, columns, parts);
}

static void switch_cell(FILE *cell, const json_t *alive, const json_t *host)
{
	fputs(json_is_true(alive) ? "alive" : "down", cell);
}

static void uplinks_cell(FILE *cell, const json_t *uplinks, const json_t *host)
{
	const json_t *uplink;
	size_t i;

	if (!json_array_size(uplinks))
		fputc('-', cell);
	json_array_foreach(uplinks, i, uplink)
		fprintf(cell, "%s%s %s", i ? ", " : "", tw_json_string_at(uplink, "name"),
			json_is_true(json_object_get(uplink, "up")) ? "up" : "down");
}

static void ports_cell(FILE *cell, const json_t *ports, const json_t *host)
{
	const json_t *port;
	size_t i, up = 0;

	json_array_foreach(ports, i, port) up += strcmp(tw_json_string_at(port, "link"), "up") == 0;
	fprintf(cell, "%zu of %zu up", up, json_array_size(ports));
}

static const struct tw_column columns[] = {
	{ "HOST", "name", NULL },
	{ "CONNECTED", "connected", NULL },
	{ "REALISED", "realised", NULL },
	{ "SWITCH", "switch_alive", switch_cell },
	{ "UPLINKS", "status.uplinks", uplinks_cell },
	{ "PORTS", "status.ports", ports_cell },
	{ "HEARD", "last_seen_ms", tw_cell_age },
	{ "VERSION", "version", NULL },
	{ "ERROR", "error", NULL },
	{ 0 },
};

static int run_status(struct tw_run *run)
{
	json_t *status = tw_ask_status(run);
	const json_t *hosts = json_object_get(status, "hosts");
	char up[TW_DURATION_SIZE];
	FILE *out = run->io->out;

	if (!status)
		return tw_run_fail(run);
	if (run->json) {
		tw_out_json(out, status);
		json_decref(status);
		return TW_EXIT_DONE;
	}
	fputs("controller ", out);
	tw_out_text(out, tw_json_string_at(status, "version"));
	fprintf(out, ", up %s, revision %" JSON_INTEGER_FORMAT "\n",
		tw_duration_format((uint64_t)tw_json_number_at(status, "uptime_ms"), up),
		tw_json_number_at(status, "revision"));
	fprintf(out,
		"hosts %zu, networks %" JSON_INTEGER_FORMAT ", ports %" JSON_INTEGER_FORMAT
		", mirrors %" JSON_INTEGER_FORMAT ", exporters %" JSON_INTEGER_FORMAT "\n",
		json_array_size(hosts), tw_json_number_at(status, "networks"), tw_json_number_at(status, "ports"),
		tw_json_number_at(status, "mirrors"), tw_json_number_at(status, "exporters"));
	tw_central_print_status(out, status);
	if (json_array_size(hosts)) {
		fputc('\n', out);
		tw_out_table(out, columns, hosts);
	}
	json_decref(status);
	return TW_EXIT_DONE;
}

static const struct tw_command commands[] = {
	{ .summary = "show the controller and every host: connected, realised revision, switch, uplinks",
	  .text = "REALISED is the revision by which every frame on that host is decided; it trails the controller's while a "
		  "change is on its way.",
	  .run = run_status },
	{ 0 },
};

const struct tw_noun tw_noun_status = {
	.name = "status",
	.summary = "the controller and its hosts at a glance",
	.commands = commands,
};
