/* SPDX-License-Identifier: Apache-2.0 */
/* exporter.c - `twctl exporter`: where flow records go. One thread. */
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

/* What 0 means is said in model.proto, Exporter. */
static void active_cell(FILE *cell, const json_t *value, const json_t *object)
{
	or_default(cell, value, 60, "s");
}

static void idle_cell(FILE *cell, const json_t *value, const json_t *object)
{
	or_default(cell, value, 15, "s");
}

static void mtu_cell(FILE *cell, const json_t *value, const json_t *object)
{
	or_default(cell, value, 1400, "");
}

static const struct tw_column list[] = {
	{ "NAME", "name", NULL },
	{ "FORMAT", "format", NULL },
	{ "COLLECTOR", "collector", NULL },
	{ "ACTIVE", "active_timeout_s", active_cell },
	{ "IDLE", "idle_timeout_s", idle_cell },
	{ "STATE", "disabled", state_cell },
	{ 0 },
};

static const struct tw_column card[] = {
	{ "name", "name", NULL },
	{ "format", "format", NULL },
	{ "transport", "transport", NULL },
	{ "collector", "collector", NULL },
	{ "active timeout", "active_timeout_s", active_cell },
	{ "idle timeout", "idle_timeout_s", idle_cell },
	{ "template refresh", "template_refresh_s", active_cell },
	{ "MTU", "mtu", mtu_cell },
	{ "state", "disabled", state_cell },
	{ "revision", "revision", NULL },
	{ 0 },
};

static const struct tw_column status_columns[] = {
	{ "HOST", "host", NULL },         { "RECORDS", "records", NULL },
	{ "MESSAGES", "messages", NULL }, { "OCTETS", "octets", NULL },
	{ "LOST", "lost_records", NULL }, { "UNSAID", "unsaid_records", NULL },
	{ "ERROR", "error", NULL },       { 0 },
};

static bool detail(struct tw_run *run, json_t *object)
{
	return tw_status_add_parts(run, object, "exporters");
}

static void show(FILE *out, const json_t *object)
{
	tw_status_print_parts(out, status_columns, object);
}

static const struct tw_option options[] = {
	{ .name = "collector",
	  .arg = "ADDRESS:PORT",
	  .help = "where the records go; [ADDRESS]:PORT for IPv6",
	  .field = "collector",
	  .apply = tw_apply_string },
	{ .name = "format",
	  .arg = "FORMAT",
	  .help = "ipfix (default), netflow-v9, or netflow-v5, which knows IPv4 only and neither VLAN nor MAC",
	  .field = "format",
	  .complete = TW_COMPLETE_WORDS,
	  .words = "ipfix netflow-v9 netflow-v5",
	  .apply = tw_apply_enum },
	{ .name = "transport",
	  .arg = "TRANSPORT",
	  .help = "udp (default), or tcp, with which nothing is lost on the way; ipfix only",
	  .field = "transport",
	  .complete = TW_COMPLETE_WORDS,
	  .words = "udp tcp",
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
	{ .name = "mtu",
	  .arg = "N",
	  .help = "largest IP packet sent (default 1400)",
	  .field = "mtu",
	  .min = 512,
	  .max = 9000,
	  .apply = tw_apply_number },
	{ .name = "enable",
	  .help = "export (default)",
	  .field = "disabled",
	  .excludes = "disable",
	  .apply = tw_apply_no },
	{ .name = "disable", .help = "do not export", .field = "disabled", .apply = tw_apply_yes },
	{ 0 },
};

static const struct tw_option *const write_options[] = { options, tw_write_options, NULL };

static const struct tw_command commands[] = {
	TW_COMMAND_LIST("exporters"),
	TW_COMMAND_SHOW(TW_COMPLETE_EXPORTER, "show an exporter and what each host has sent", NULL),
	{ .verb = "create",
	  .operand = "NAME",
	  .summary = "send flow records to a collector",
	  .text = "Every host sends the records of its own switch, each under its own observation domain.",
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
