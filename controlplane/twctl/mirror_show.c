/* SPDX-License-Identifier: Apache-2.0 */
/* mirror_show.c - a mirror in words, and what each host says of it; see mirror.h. One thread. */
#include "controlplane/twctl/mirror.h"

#include <stdlib.h>
#include <string.h>

#include "controlplane/twctl/nouns.h"
#include "controlplane/twctl/stats.h"
#include "proto/link/check.h"

bool tw_mirror_add_vlan(Tw__Mirror *mirror, uint32_t id)
{
	uint32_t *vlans;

	for (size_t i = 0; i < mirror->n_vlans; i++)
		if (mirror->vlans[i] == id)
			return true;
	if (mirror->n_vlans == TW_MIRROR_SOURCES_MAX)
		return false;
	vlans = tw_alloc((mirror->n_vlans + 1) * sizeof(*vlans));
	if (mirror->n_vlans)
		memcpy(vlans, mirror->vlans, mirror->n_vlans * sizeof(*vlans));
	vlans[mirror->n_vlans++] = id;
	free(mirror->vlans);
	mirror->vlans = vlans;
	return true;
}

/* --- the mirror itself --- */

static bool print_list(FILE *cell, const json_t *list, const char *what, bool first)
{
	const json_t *one;
	size_t i;

	json_array_foreach(list, i, one)
	{
		fprintf(cell, "%s%s", first ? "" : i ? "," : ", ", i ? "" : what);
		if (json_is_integer(one))
			fprintf(cell, "%" JSON_INTEGER_FORMAT, json_integer_value(one));
		else
			tw_out_text(cell, json_string_value(one));
		first = false;
	}
	return first;
}

static void sources_cell(FILE *cell, const json_t *name, const json_t *object)
{
	static const char *const kinds[][2] = { { "ports", "port " },
						{ "vms", "VM " },
						{ "networks", "network " },
						{ "hosts", "host " },
						{ "uplinks", "uplink " } };
	const json_t *vlans = json_object_get(object, "vlans");
	bool first = true;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		first = print_list(cell, json_object_get(object, kinds[i][0]), kinds[i][1], first);
	if (!json_array_size(vlans))
		return;
	fputs(first ? "VLAN " : "; of these VLAN ", cell);
	print_list(cell, vlans, "", true);
}

static void destination_cell(FILE *cell, const json_t *name, const json_t *object)
{
	json_int_t vlan = tw_json_number_at(object, "rspan_vlan"), size = tw_json_number_at(object, "max_bytes");
	json_int_t files = tw_json_number_at(object, "files"), seconds = tw_json_number_at(object, "file_seconds");

	if (vlan)
		fprintf(cell, "RSPAN VLAN %" JSON_INTEGER_FORMAT "%s", vlan,
			json_is_true(json_object_get(object, "rspan_strip")) ? " (own tag stripped)" : "");
	if (*tw_json_string_at(object, "to_port")) {
		fputs("port ", cell);
		tw_out_text(cell, tw_json_string_at(object, "to_port"));
	}
	if (*tw_json_string_at(object, "erspan")) {
		json_int_t type = tw_json_number_at(object, "erspan_type"),
			   session = tw_json_number_at(object, "erspan_session");

		fprintf(cell, "ERSPAN type %s, session %" JSON_INTEGER_FORMAT ", to ", type == 3 ? "III" : "II",
			session ? session : 1);
		tw_out_text(cell, tw_json_string_at(object, "erspan"));
	}
	if (*tw_json_string_at(object, "file")) {
		fputs("file ", cell);
		tw_out_text(cell, tw_json_string_at(object, "file"));
		fprintf(cell, " (at most %" JSON_INTEGER_FORMAT " octets",
			size ? size : (json_int_t)1 << 30 /* model.proto: 0 = 1 GiB */);
		if (files || seconds)
			fputs(" each", cell);
		if (seconds)
			fprintf(cell, ", a new one every %" JSON_INTEGER_FORMAT " s", seconds);
		if (files)
			fprintf(cell, ", the newest %" JSON_INTEGER_FORMAT " are kept", files);
		fputc(')', cell);
	}
}

static void choice_cell(FILE *cell, const json_t *filter, const json_t *object)
{
	json_int_t sample = tw_json_number_at(object, "sample"), first = tw_json_number_at(object, "first_packets");
	json_int_t keep = tw_json_number_at(object, "snaplen");

	fputs(json_is_true(json_object_get(object, "drops")) ? "what is dropped" : "every frame", cell);
	if (*tw_json_string_at(object, "filter")) {
		fputs(" that matches '", cell);
		tw_out_text(cell, tw_json_string_at(object, "filter"));
		fputc('\'', cell);
	}
	if (first)
		fprintf(cell, ", the first %" JSON_INTEGER_FORMAT " of each flow", first);
	if (sample > 1)
		fprintf(cell, ", one in %" JSON_INTEGER_FORMAT, sample);
	if (keep)
		fprintf(cell, ", its first %" JSON_INTEGER_FORMAT " octets", keep);
}

static void budget_cell(FILE *cell, const json_t *pps, const json_t *object)
{
	static const char *const limits[][2] = { { "max_pps", "copies/s" },
						 { "max_bps", "bit/s" },
						 { "max_share", "% of a worker's time" } };
	bool none = true;

	for (size_t i = 0; i < sizeof(limits) / sizeof(*limits); i++) {
		json_int_t n = tw_json_number_at(object, limits[i][0]);

		if (n)
			fprintf(cell, "%s%" JSON_INTEGER_FORMAT " %s", none ? "" : ", ", n, limits[i][1]);
		none = none && !n;
	}
	if (none)
		fputs("no limit", cell);
}

static void state_cell(FILE *cell, const json_t *disabled, const json_t *object)
{
	fputs(json_is_true(disabled) ? "disabled" : "enabled", cell);
}

const struct tw_column tw_mirror_list_columns[] = {
	{ "NAME", "name", NULL },           { "SOURCES", "name", sources_cell }, { "DIRECTION", "direction", NULL },
	{ "TO", "name", destination_cell }, { "STATE", "disabled", state_cell }, { 0 },
};

const struct tw_column tw_mirror_card_columns[] = {
	{ "name", "name", NULL },
	{ "sources", "name", sources_cell },
	{ "direction", "direction", NULL },
	{ "copied", "filter", choice_cell },
	{ "to", "name", destination_cell },
	{ "budget on each host", "max_pps", budget_cell },
	{ "state", "disabled", state_cell },
	{ "revision", "revision", NULL },
	{ 0 },
};

/* --- what hosts say of it --- */

static const char *const counters[] = { "seen",           "filtered",        "sampled_out",    "packets",
					"octets",         "failed",          "shed",           "shed_budget",
					"shed_full",      "shed_absent",     "shed_memory",    "arrived",
					"arrived_octets", "arrived_full",    "arrived_absent", "arrived_failed",
					"arrived_memory", "arrived_refused", "arrived_lost" };
enum { N_COUNTERS = sizeof(counters) / sizeof(*counters) };

/* Words for why copies were shed. */
static const char *const shed_text[][2] = {
	{ "shed_budget", "beyond the mirror's budget" },
	{ "shed_full", "the destination does not keep up" },
	{ "shed_absent", "there is no destination at the moment" },
	{ "shed_memory", "no buffer was free" },
};

static void to_cell(FILE *cell, const json_t *to, const json_t *part)
{
	const char *text = tw_json_string_at(part, "to"), *path = tw_json_string_at(part, "path");

	tw_out_text(cell, *text ? text : *path ? path : "-");
}

static const struct tw_column status_columns[] = {
	{ "HOST", "host", NULL },
	{ "TO", "to", to_cell },
	{ "SEEN", "seen", NULL },
	{ "FILTERED", "filtered", NULL },
	{ "SAMPLED-OUT", "sampled_out", NULL },
	{ "SENT", "packets", NULL },
	{ "OCTETS", "octets", NULL },
	{ "FAILED", "failed", NULL },
	{ "SHED", "shed", NULL },
	{ "ERROR", "error", NULL },
	{ 0 },
};

static const struct tw_column shed_columns[] = {
	{ "HOST", "host", NULL },
	{ "SHED", "shed", NULL },
	{ "BECAUSE", "because", NULL },
	{ 0 },
};

static const struct tw_column rate_columns[] = {
	{ "HOST", "host", NULL },
	{ "SEEN/S", "rate.seen", NULL },
	{ "FILTERED/S", "rate.filtered", NULL },
	{ "SAMPLED-OUT/S", "rate.sampled_out", NULL },
	{ "SENT/S", "rate.packets", NULL },
	{ "OCTETS/S", "rate.octets", NULL },
	{ "FAILED/S", "rate.failed", NULL },
	{ "SHED/S", "rate.shed", NULL },
	{ "DELIVERED/S", "rate.arrived", NULL },
	{ "ERROR", "error", NULL },
	{ 0 },
};

/* Of copies that came from other hosts: what became of them, and words for why not more. */
static const char *const arrival_text[][2] = {
	{ "arrived_full", "the port does not keep up" },
	{ "arrived_absent", "the port is not up" },
	{ "arrived_failed", "too large for the port" },
	{ "arrived_memory", "no buffer was free" },
	{ "arrived_refused", "refused: not from a host of the switch, or with another key" },
	{ "arrived_lost", "lost between the hosts" },
};

static const struct tw_column arrival_columns[] = {
	{ "HOST", "host", NULL },
	{ "FROM OTHER HOSTS", "copies", NULL },
	{ "WHICH", "which", NULL },
	{ 0 },
};

static json_t *sum_of(const json_t *parts)
{
	json_t *sum = json_pack("{s:s}", "host", "all"), *part;
	size_t i;

	for (size_t k = 0; k < N_COUNTERS; k++) {
		json_int_t n = 0;

		json_array_foreach(parts, i, part) n += tw_json_number_at(part, counters[k]);
		json_object_set_new(sum, counters[k], json_integer(n));
	}
	return sum;
}

bool tw_mirror_detail(struct tw_run *run, json_t *object)
{
	if (!tw_status_add_parts(run, object, "mirrors"))
		return false;
	json_object_set_new(object, "sum", sum_of(json_object_get(object, "status")));
	return true;
}

/* One row for each reason of each host. */
static void print_shed(FILE *out, const json_t *parts)
{
	json_t *rows = json_array(), *part;
	size_t i;

	json_array_foreach(parts, i, part)
	{
		for (size_t k = 0; k < sizeof(shed_text) / sizeof(*shed_text); k++) {
			json_int_t n = tw_json_number_at(part, shed_text[k][0]);

			if (n)
				json_array_append_new(rows, json_pack("{s:O, s:I, s:s}", "host",
								      json_object_get(part, "host"), "shed", n,
								      "because", shed_text[k][1]));
		}
	}
	if (json_array_size(rows)) {
		fputc('\n', out);
		tw_out_table(out, shed_columns, rows);
	}
	json_decref(rows);
}

static void add_arrivals(json_t *rows, const json_t *part, const char *field, const char *which)
{
	json_int_t n = tw_json_number_at(part, field);

	if (n)
		json_array_append_new(rows, json_pack("{s:O, s:I, s:s}", "host", json_object_get(part, "host"),
						      "copies", n, "which", which));
}

/* One row for each thing that became of copies from other hosts. */
static void print_arrivals(FILE *out, const json_t *parts)
{
	json_t *rows = json_array(), *part;
	size_t i;

	json_array_foreach(parts, i, part)
	{
		add_arrivals(rows, part, "arrived", "delivered to the port");
		for (size_t k = 0; k < sizeof(arrival_text) / sizeof(*arrival_text); k++)
			add_arrivals(rows, part, arrival_text[k][0], arrival_text[k][1]);
	}
	if (json_array_size(rows)) {
		fputc('\n', out);
		tw_out_table(out, arrival_columns, rows);
	}
	json_decref(rows);
}

/* New reference: the hosts, and all of them where there are several. */
static json_t *rows_of(const json_t *object)
{
	json_t *rows = json_copy(json_object_get(object, "status"));

	if (json_array_size(rows) > 1)
		json_array_append(rows, json_object_get(object, "sum"));
	return rows;
}

void tw_mirror_show_parts(FILE *out, const json_t *object)
{
	json_t *rows = rows_of(object);

	if (json_array_size(rows)) {
		fputc('\n', out);
		tw_out_table(out, status_columns, rows);
	} else {
		fputs("\nno host has to do with it now\n", out);
	}
	print_shed(out, json_object_get(object, "status"));
	print_arrivals(out, json_object_get(object, "status"));
	json_decref(rows);
}

/* --- live --- */

static json_t *ask_mirror(struct tw_run *run)
{
	json_t *answer = tw_ask_objects(run, TW__KIND__MIRROR, run->operand), *object;
	json_t *rows = NULL;

	if (!answer)
		return NULL;
	object = json_array_get(json_object_get(answer, "objects"), 0);
	if (!object)
		tw_error_set(&run->error, TW_E_NOT_FOUND, "mirror", "there is no mirror %.60s", run->operand);
	else if (tw_mirror_detail(run, object))
		rows = rows_of(object);
	json_decref(answer);
	return rows;
}

static void show_rates(struct tw_run *run, json_t *rows, const json_t *before, double seconds)
{
	json_t *all;

	tw_stats_add_rates(rows, before, "host", counters, N_COUNTERS, seconds);
	if (!run->json) {
		tw_out_table(run->io->out, rate_columns, rows);
		return;
	}
	all = json_pack("{s:s, s:O}", "mirror", run->operand, "hosts", rows);
	tw_out_json(run->io->out, all);
	json_decref(all);
}

int tw_mirror_show(struct tw_run *run)
{
	return run->watch_ms ? tw_stats_watch(run, ask_mirror, show_rates) : tw_object_show(run);
}
