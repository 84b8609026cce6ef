/* SPDX-License-Identifier: Apache-2.0 */
/* exporter.c - `twctl exporter`: where flow records and samples go. One thread. */
#include <stdlib.h>
#include <string.h>

#include "controlplane/twctl/nouns.h"

static void state_cell(FILE *cell, const json_t *disabled, const json_t *object)
{
	fputs(json_is_true(disabled) ? "disabled" : "enabled", cell);
}

static void or_default(FILE *cell, const json_t *value, json_int_t otherwise, const char *unit)
{
	json_int_t n = json_integer_value(value);

	fprintf(cell, "%" JSON_INTEGER_FORMAT "%s", n ? n : otherwise, unit);
}

/* What an exporter of flows has, or one of samples: of the others a dash. */
static bool has(FILE *cell, const json_t *object, bool samples)
{
	bool its = (strcmp(tw_json_string_at(object, "format"), "sflow") == 0) == samples;

	if (!its)
		fputc('-', cell);
	return its;
}

/* What 0 means is said in model.proto, Exporter. */
static void active_cell(FILE *cell, const json_t *value, const json_t *object)
{
	if (has(cell, object, false))
		or_default(cell, value, 60, "s");
}

static void idle_cell(FILE *cell, const json_t *value, const json_t *object)
{
	if (has(cell, object, false))
		or_default(cell, value, 15, "s");
}

static void sample_cell(FILE *cell, const json_t *value, const json_t *object)
{
	if (has(cell, object, true)) {
		fputs("1 in ", cell);
		or_default(cell, value, 1000, "");
	}
}

static void header_cell(FILE *cell, const json_t *value, const json_t *object)
{
	if (has(cell, object, true))
		or_default(cell, value, 128, " octets");
}

static void counters_cell(FILE *cell, const json_t *value, const json_t *object)
{
	if (has(cell, object, true))
		or_default(cell, value, 20, "s");
}

static void mtu_cell(FILE *cell, const json_t *value, const json_t *object)
{
	or_default(cell, value, 1400, "");
}

static void refresh_cell(FILE *cell, const json_t *value, const json_t *object)
{
	if (!has(cell, object, false))
		return;
	or_default(cell, value, 60, "s, ");
	or_default(cell, json_object_get(object, "template_refresh_messages"), 4096, " messages");
}

static void options_cell(FILE *cell, const json_t *value, const json_t *object)
{
	json_int_t n = json_integer_value(value);

	if (has(cell, object, false))
		or_default(cell, n ? value : json_object_get(object, "template_refresh_s"), 60, "s");
}

static void source_cell(FILE *cell, const json_t *value, const json_t *object)
{
	const char *source = json_string_value(value);

	fputs(source && *source ? source : "as routed", cell);
}

static void domain_cell(FILE *cell, const json_t *value, const json_t *object)
{
	json_int_t n = json_integer_value(value);

	if (n)
		fprintf(cell, "%" JSON_INTEGER_FORMAT, n);
	else
		fputs("each host's own", cell);
}

static const struct tw_column list[] = {
	{ "NAME", "name", NULL },
	{ "FORMAT", "format", NULL },
	{ "COLLECTORS", "collectors", NULL },
	{ "ACTIVE", "active_timeout_s", active_cell },
	{ "IDLE", "idle_timeout_s", idle_cell },
	{ "STATE", "disabled", state_cell },
	{ 0 },
};

static const struct tw_column card[] = {
	{ "name", "name", NULL },
	{ "format", "format", NULL },
	{ "way", "way", NULL },
	{ "transport", "transport", NULL },
	{ "collectors", "collectors", NULL },
	{ "delivery", "delivery", NULL },
	{ "source", "source", source_cell },
	{ "observation domain", "observation_domain", domain_cell },
	{ "active timeout", "active_timeout_s", active_cell },
	{ "idle timeout", "idle_timeout_s", idle_cell },
	{ "template refresh", "template_refresh_s", refresh_cell },
	{ "options refresh", "options_refresh_s", options_cell },
	{ "TLS CA", "tls_ca", NULL },
	{ "TLS certificate", "tls_certificate", NULL },
	{ "TLS key", "tls_key", NULL },
	{ "TLS name", "tls_name", NULL },
	{ "samples", "sample", sample_cell },
	{ "sampled header", "header_bytes", header_cell },
	{ "counters", "counters_s", counters_cell },
	{ "names", "names", NULL },
	{ "biflows", "biflow", NULL },
	{ "networks", "networks", NULL },
	{ "ports", "ports", NULL },
	{ "east-west only", "east_west", NULL },
	{ "both sides", "both_sides", NULL },
	{ "MTU", "mtu", mtu_cell },
	{ "state", "disabled", state_cell },
	{ "revision", "revision", NULL },
	{ 0 },
};

static const struct tw_column status_columns[] = {
	{ "HOST", "host", NULL },         { "COLLECTOR", "collector", NULL },
	{ "STATE", "state", NULL },       { "FROM", "source", NULL },
	{ "RECORDS", "records", NULL },   { "MESSAGES", "messages", NULL },
	{ "OCTETS", "octets", NULL },     { "LOST", "lost_records", NULL },
	{ "TEST", "test_records", NULL }, { "UNSAID", "unsaid_records", NULL },
	{ "ERROR", "error", NULL },       { 0 },
};

/* Of an exporter of biflows. */
static const struct tw_column pairing_columns[] = {
	{ "HOST", "host", NULL },
	{ "BIFLOWS", "biflow_records", NULL },
	{ "ALONE", "uniflow_records", NULL },
	{ "FOR LACK OF ROOM", "crowded_records", NULL },
	{ "WAITING", "pairing_records", NULL },
	{ 0 },
};

static bool detail(struct tw_run *run, json_t *object)
{
	return tw_status_add_parts(run, object, "exporters") &&
	       (strcmp(tw_json_string_at(object, "way"), "central") != 0 || tw_central_add(run, object));
}

/* A line for each host, or for the controller. */
static void show_pairing(FILE *out, const json_t *object)
{
	json_t *central = json_object_get(object, "central"), *rows = NULL;

	if (central) {
		rows = json_pack("[o]", json_copy(central));
		json_object_set_new(json_array_get(rows, 0), "host", json_string("(controller)"));
	}
	fputc('\n', out);
	tw_out_table(out, pairing_columns, rows ? rows : json_object_get(object, "status"));
	json_decref(rows);
}

/* A line for each collector of each host. */
static void show(FILE *out, const json_t *object)
{
	json_t *rows = json_array(), *part, *collector;
	size_t i, k;

	json_array_foreach(json_object_get(object, "status"), i, part)
		json_array_foreach(json_object_get(part, "collectors"), k, collector)
	{
		json_t *row = json_copy(collector);

		json_object_set(row, "host", json_object_get(part, "host"));
		json_array_append_new(rows, row);
	}
	json_array_foreach(json_object_get(json_object_get(object, "central"), "collectors"), k, collector)
	{
		json_t *row = json_copy(collector);

		json_object_set_new(row, "host", json_string("(controller)"));
		json_array_append_new(rows, row);
	}
	if (json_array_size(rows))
		fputc('\n', out);
	tw_out_table(out, status_columns, rows);
	json_decref(rows);
	if (json_is_true(json_object_get(object, "biflow")))
		show_pairing(out, object);
	tw_central_print(out, object);
}

/* "A,B" is A and B. */
static bool apply_collectors(struct tw_run *run, const struct tw_option *option, const char *value)
{
	for (const char *end; (end = strchr(value, ',')); value = end + 1) {
		char *one = strndup(value, (size_t)(end - value));

		tw_message_add_string(run->target, option->field, one);
		free(one);
	}
	tw_message_add_string(run->target, option->field, value);
	return true;
}

/* "blue,green"; "none" takes all away. */
static bool apply_names(struct tw_run *run, const struct tw_option *option, const char *value)
{
	char name[160]; /* longer than any name: what is cut is refused */

	if (strcasecmp(value, "none") == 0)
		return true;
	for (const char *word = value;; word += strcspn(word, ",") + 1) {
		size_t len = strcspn(word, ",");

		snprintf(name, sizeof(name), "%.*s", (int)(len < sizeof(name) ? len : sizeof(name) - 1), word);
		tw_message_add_string(run->target, option->field, name);
		if (!word[len])
			return true;
	}
}

static const struct tw_option options[] = {
	{ .name = "collector",
	  .arg = "ADDRESS:PORT[,...]",
	  .help = "where the records go, up to four places; [ADDRESS]:PORT for IPv6 (repeatable; replaces all)",
	  .field = "collectors",
	  .apply = apply_collectors },
	{ .name = "collectors",
	  .arg = "WHICH",
	  .help = "all: each gets every record (default); failover: one at a time, the first that takes them",
	  .field = "delivery",
	  .complete = TW_COMPLETE_WORDS,
	  .words = "all failover",
	  .apply = tw_apply_enum },
	{ .name = "source",
	  .arg = "ADDRESS|PREFIX",
	  .help = "messages come from this address; of a prefix (10.0.0.0/24) each host takes its own; empty: as routed",
	  .field = "source",
	  .apply = tw_apply_string },
	{ .name = "format",
	  .arg = "FORMAT",
	  .help = "ipfix (default), netflow-v9, netflow-v5, which knows IPv4 only and neither VLAN nor MAC, or sflow, which samples "
		  "packets",
	  .field = "format",
	  .complete = TW_COMPLETE_WORDS,
	  .words = "ipfix netflow-v9 netflow-v5 sflow",
	  .apply = tw_apply_enum },
	{ .name = "transport",
	  .arg = "TRANSPORT",
	  .help = "udp (default), tcp, with which nothing is lost on the way, or tls over it; these of ipfix only",
	  .field = "transport",
	  .complete = TW_COMPLETE_WORDS,
	  .words = "udp tcp tls",
	  .apply = tw_apply_enum },
	{ .name = "tls-ca",
	  .arg = "FILE",
	  .help = "collectors' certificates must be signed by this (PEM, a path on every host)",
	  .field = "tls_ca",
	  .complete = TW_COMPLETE_FILE,
	  .apply = tw_apply_string },
	{ .name = "tls-certificate",
	  .arg = "FILE",
	  .help = "shown to collectors (PEM, a path on every host)",
	  .field = "tls_certificate",
	  .complete = TW_COMPLETE_FILE,
	  .apply = tw_apply_string },
	{ .name = "tls-key",
	  .arg = "FILE",
	  .help = "key of the certificate (PEM, a path on every host, which it never leaves)",
	  .field = "tls_key",
	  .complete = TW_COMPLETE_FILE,
	  .apply = tw_apply_string },
	{ .name = "tls-name",
	  .arg = "NAME",
	  .help = "name or address that collectors' certificates have (default: the collector's address)",
	  .field = "tls_name",
	  .apply = tw_apply_string },
	{ .name = "way",
	  .arg = "WAY",
	  .help = "direct (default): from each host; central: by the controller, as one exporter for the whole switch",
	  .field = "way",
	  .complete = TW_COMPLETE_WORDS,
	  .words = "direct central",
	  .apply = tw_apply_enum },
	{ .name = "active",
	  .arg = "TIME",
	  .help = "a flow that goes on is reported this often, 1s..1h (default 60s)",
	  .field = "active_timeout_s",
	  .min = 1,
	  .max = 3600,
	  .apply = tw_apply_seconds },
	{ .name = "idle",
	  .arg = "TIME",
	  .help = "a flow without packets ends after this, 1s..10m (default 15s)",
	  .field = "idle_timeout_s",
	  .min = 1,
	  .max = 600,
	  .apply = tw_apply_seconds },
	{ .name = "template-refresh",
	  .arg = "TIME",
	  .help = "templates are repeated this often, 1s..24h (default 60s)",
	  .field = "template_refresh_s",
	  .min = 1,
	  .max = 86400,
	  .apply = tw_apply_seconds },
	{ .name = "template-refresh-packets",
	  .arg = "N",
	  .help = "and after so many messages, 1..1000000 (default 4096)",
	  .field = "template_refresh_messages",
	  .min = 1,
	  .max = 1000000,
	  .apply = tw_apply_number },
	{ .name = "options-refresh",
	  .arg = "TIME",
	  .help = "names and statistics are repeated this often, 1s..24h; 0: as often as templates (default)",
	  .field = "options_refresh_s",
	  .max = 86400,
	  .apply = tw_apply_seconds },
	{ .name = "domain",
	  .arg = "N",
	  .help = "observation domain of all hosts (NetFlow: source id); 0: each host has its own (default)",
	  .field = "observation_domain",
	  .max = UINT32_MAX,
	  .apply = tw_apply_number },
	{ .name = "mtu",
	  .arg = "N",
	  .help = "largest IP packet sent (default 1400)",
	  .field = "mtu",
	  .min = 512,
	  .max = 9000,
	  .apply = tw_apply_number },
	{ .name = "sample",
	  .arg = "N",
	  .help = "sflow: one packet in so many, at random, 1..16777216 (default 1000)",
	  .field = "sample",
	  .min = 1,
	  .max = 16777216,
	  .apply = tw_apply_number },
	{ .name = "header-bytes",
	  .arg = "N",
	  .help = "sflow: octets of each sampled packet, 60..256 (default 128)",
	  .field = "header_bytes",
	  .min = 60,
	  .max = 256,
	  .apply = tw_apply_number },
	{ .name = "counters",
	  .arg = "TIME",
	  .help = "sflow: each port's counters are sent this often, 1s..1h (default 20s)",
	  .field = "counters_s",
	  .min = 1,
	  .max = 3600,
	  .apply = tw_apply_seconds },
	{ .name = "names",
	  .arg = "WHERE",
	  .help = "where VMs' names are: options (default), told beside the records, or record, in each one; ipfix only",
	  .field = "names",
	  .complete = TW_COMPLETE_WORDS,
	  .words = "options record",
	  .apply = tw_apply_enum },
	{ .name = "biflow",
	  .help = "both directions of a conversation leave in one record, up to 10s later; ipfix only",
	  .field = "biflow",
	  .excludes = "no-biflow",
	  .apply = tw_apply_yes },
	{ .name = "no-biflow",
	  .help = "each direction has its own (default)",
	  .field = "biflow",
	  .apply = tw_apply_no },
	{ .name = "networks",
	  .arg = "NAMES",
	  .help = "only flows that have an end in one of these (\"blue,green\"; none takes all away: flows of all)",
	  .field = "networks",
	  .complete = TW_COMPLETE_NETWORK,
	  .apply = apply_names },
	{ .name = "ports",
	  .arg = "PORTS",
	  .help = "only flows that one of these is an end of; beside --networks: of either",
	  .field = "ports",
	  .complete = TW_COMPLETE_PORT,
	  .apply = apply_names },
	{ .name = "east-west",
	  .help = "only flows between two ports of the switch",
	  .field = "east_west",
	  .excludes = "no-east-west",
	  .apply = tw_apply_yes },
	{ .name = "no-east-west", .help = "others, too (default)", .field = "east_west", .apply = tw_apply_no },
	{ .name = "both-sides",
	  .help = "a flow between two hosts is told by both, so that its packets count twice",
	  .field = "both_sides",
	  .excludes = "no-both-sides",
	  .apply = tw_apply_yes },
	{ .name = "no-both-sides",
	  .help = "only by the sender's (default)",
	  .field = "both_sides",
	  .apply = tw_apply_no },
	{ .name = "enable",
	  .help = "export (default)",
	  .field = "disabled",
	  .excludes = "disable",
	  .apply = tw_apply_no },
	{ .name = "disable", .help = "do not export", .field = "disabled", .apply = tw_apply_yes },
	{ 0 },
};

static const struct tw_option test_options[] = {
	{ .name = "host",
	  .arg = "HOST",
	  .help = "this host alone",
	  .field = "host",
	  .complete = TW_COMPLETE_HOST,
	  .apply = tw_apply_string },
	{ 0 },
};

static const struct tw_option *const write_options[] = { options, tw_write_options, NULL };

static const struct tw_command commands[] = {
	TW_COMMAND_LIST("exporters"),
	TW_COMMAND_SHOW(TW_COMPLETE_EXPORTER, "show an exporter and what each host has sent", NULL),
	{ .verb = "create",
	  .operand = "NAME",
	  .summary = "send flow records to collectors",
	  .text = "Every host sends the records of its own switch, each under its own observation domain; of --way central "
		  "the controller sends those of all hosts. Of --format sflow each host samples packets as they come in instead, and "
		  "sends the counters of its ports.",
	  .example = "exporter create nf --collector 10.0.0.9:4739 --active 60 --idle 15",
	  .options = write_options,
	  .required = "collector",
	  .begin = tw_object_begin_create,
	  .run = tw_object_write },
	{ .verb = "set",
	  .operand = "NAME",
	  .complete = TW_COMPLETE_EXPORTER,
	  .summary = "change an exporter",
	  .options = write_options,
	  .begin = tw_object_begin_set,
	  .run = tw_object_write },
	{ .verb = "test",
	  .operand = "NAME",
	  .complete = TW_COMPLETE_EXPORTER,
	  .summary = "send known records to the collectors, and say what to look for there",
	  .text = "Each host sends templates, options and a few flows between addresses that are for documentation alone (RFC "
		  "5737, RFC 3849) to each of its collectors, one host after the other; of --way central the controller does, the "
		  "way that all records go. Exit status 1 if one could not, or was refused.",
	  .example = "exporter test nf --host a",
	  .options = (const struct tw_option *const[]){ test_options, NULL },
	  .begin = tw_exporter_test_begin,
	  .run = tw_exporter_test },
	TW_COMMAND_DELETE(TW_COMPLETE_EXPORTER, "delete an exporter", NULL),
	{ 0 },
};

const struct tw_noun tw_noun_exporter = {
	.name = "exporter",
	.plural = "exporters",
	.summary = "collectors of flow records",
	.commands = commands,
	.kind = TW__KIND__EXPORTER,
	.list = list,
	.card = card,
	.detail = detail,
	.show = show,
};
