/* SPDX-License-Identifier: Apache-2.0 */
/* mirror.c - `twctl mirror`: copies of ports' traffic. One thread. */
#include "controlplane/twctl/nouns.h"

static void size_cell(FILE *cell, const json_t *value, const json_t *object)
{
	json_int_t octets = json_integer_value(value);

	fprintf(cell, "%" JSON_INTEGER_FORMAT, octets ? octets : (json_int_t)1 << 30 /* model.proto: 0 = 1 GiB */);
}

static void snaplen_cell(FILE *cell, const json_t *value, const json_t *object)
{
	if (json_integer_value(value))
		fprintf(cell, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
	else
		fputs("all", cell);
}

static void state_cell(FILE *cell, const json_t *disabled, const json_t *object)
{
	fputs(json_is_true(disabled) ? "disabled" : "enabled", cell);
}

static const struct tw_column list[] = {
	{ "NAME", "name", NULL }, { "PORTS", "ports", NULL },          { "DIRECTION", "direction", NULL },
	{ "FILE", "file", NULL }, { "STATE", "disabled", state_cell }, { 0 },
};

static const struct tw_column card[] = {
	{ "name", "name", NULL },
	{ "ports", "ports", NULL },
	{ "direction", "direction", NULL },
	{ "file", "file", NULL },
	{ "octets kept of a frame", "snaplen", snaplen_cell },
	{ "file's size limit", "max_bytes", size_cell },
	{ "state", "disabled", state_cell },
	{ "revision", "revision", NULL },
	{ 0 },
};

static const struct tw_column status_columns[] = {
	{ "HOST", "host", NULL },
	{ "FILE", "path", NULL },
	{ "PACKETS", "packets", NULL },
	{ "OCTETS", "octets", NULL },
	{ "SHED", "shed", NULL },
	{ "ERROR", "error", NULL },
	{ 0 },
};

static bool detail(struct tw_run *run, json_t *object)
{
	return tw_status_add_parts(run, object, "mirrors");
}

static void show(FILE *out, const json_t *object)
{
	tw_status_print_parts(out, status_columns, object);
}

static const struct tw_option options[] = {
	{ .name = "port",
	  .arg = "PORT",
	  .help = "a port to copy from (repeatable; replaces all)",
	  .field = "ports",
	  .complete = TW_COMPLETE_PORT,
	  .apply = tw_apply_strings },
	{ .name = "direction",
	  .arg = "DIRECTION",
	  .help = "ingress is from the guest, egress is to the guest; both (default), ingress or egress",
	  .field = "direction",
	  .complete = TW_COMPLETE_WORDS,
	  .words = "both ingress egress",
	  .apply = tw_apply_enum },
	{ .name = "file",
	  .arg = "FILE",
	  .help = "name of the pcapng file in each host's RUN_DIR/capture",
	  .field = "file",
	  .apply = tw_apply_string },
	{ .name = "snaplen",
	  .arg = "N",
	  .help = "octets kept of each frame, 60..65535; 0 = all (default)",
	  .field = "snaplen",
	  .max = 65535,
	  .apply = tw_apply_number },
	{ .name = "max-size",
	  .arg = "SIZE",
	  .help = "the file stops growing there, as in 100M (default 1G)",
	  .field = "max_bytes",
	  .max = UINT64_MAX,
	  .apply = tw_apply_size },
	{ .name = "enable",
	  .help = "copy (default)",
	  .field = "disabled",
	  .excludes = "disable",
	  .apply = tw_apply_no },
	{ .name = "disable", .help = "do not copy", .field = "disabled", .apply = tw_apply_yes },
	{ 0 },
};

static const struct tw_option *const write_options[] = { options, tw_write_options, NULL };

static const struct tw_command commands[] = {
	TW_COMMAND_LIST("mirrors"),
	TW_COMMAND_SHOW(TW_COMPLETE_MIRROR, "show a mirror and what each host has written", NULL),
	{ .verb = "create",
	  .operand = "NAME",
	  .summary = "copy ports' traffic into a file",
	  .text = "The mirror stays with its ports: when a VM migrates, the copy goes on in the new host's file.",
	  .example = "mirror create m1 --port web/eth0 --file m1.pcapng --max-size 100M",
	  .options = write_options,
	  .required = "port file",
	  .begin = tw_object_begin_create,
	  .run = tw_object_write },
	{ .verb = "set",
	  .operand = "NAME",
	  .complete = TW_COMPLETE_MIRROR,
	  .summary = "change a mirror",
	  .options = write_options,
	  .begin = tw_object_begin_set,
	  .run = tw_object_write },
	TW_COMMAND_DELETE(TW_COMPLETE_MIRROR, "delete a mirror", "Its files stay."),
	{ 0 },
};

const struct tw_noun tw_noun_mirror = {
	.name = "mirror",
	.plural = "mirrors",
	.summary = "copies of ports' traffic",
	.commands = commands,
	.kind = TW__KIND__MIRROR,
	.list = list,
	.card = card,
	.detail = detail,
	.show = show,
};
