/* SPDX-License-Identifier: Apache-2.0 */
/* mirror.c - `twctl mirror`: copies of traffic for an analyser. What is shown of them is mirror_show.c's. One thread. */
#include "controlplane/twctl/mirror.h"

#include <string.h>
#include <strings.h>

#include "controlplane/twctl/nouns.h"
#include "controlplane/twctl/parse.h"
#include "controlplane/twctl/stats.h"
#include "proto/link/check.h"

/* --- values --- */

/* "10,20-30" into a list of numbers; "none" takes all away. */
static bool apply_vlans(struct tw_run *run, const struct tw_option *option, const char *value)
{
	Tw__Mirror *mirror = (Tw__Mirror *)run->target;
	Tw__VlanRange ranges[TW_TRUNK_RANGES_MAX];
	char path[96];
	size_t n;

	if (strcasecmp(value, "none") == 0)
		return true;
	if (!tw_parse_trunk(tw_option_path(run, option, path), value, ranges, &n, &run->error))
		return false;
	for (size_t i = 0; i < n; i++)
		for (uint32_t id = ranges[i].first; id <= ranges[i].last; id++)
			if (!tw_mirror_add_vlan(mirror, id))
				return tw_error_set(&run->error, TW_E_INVALID, path, "more than %d VLANs",
						    TW_MIRROR_SOURCES_MAX);
	return n > 0 || tw_error_set(&run->error, TW_E_INVALID, path,
				     "without a VLAN a mirror copies all of them; none takes them away");
}

/* "none" is an empty list. */
static bool apply_names(struct tw_run *run, const struct tw_option *option, const char *value)
{
	return strcasecmp(value, "none") == 0 || tw_apply_strings(run, option, value);
}

/* Fields that say or belong to a destination: when another is set they are emptied. */
static const struct {
	const char *field, *of;
} destinations[] = {
	{ "file", "file" },
	{ "files", "file" },
	{ "file_seconds", "file" },
	{ "to_port", "to_port" },
	{ "rspan_vlan", "rspan_vlan" },
	{ "erspan", "erspan" },
	{ "erspan_source", "erspan" },
};

/* A mirror has one destination: one that is set takes the place of another. */
static bool apply_destination(struct tw_run *run, const struct tw_option *option, const char *value)
{
	bool set = run->request->body_case == TW__ENVELOPE__BODY_SET;

	for (size_t i = 0; set && i < sizeof(destinations) / sizeof(*destinations); i++)
		if (strcmp(destinations[i].of, option->field) != 0)
			tw_message_add_string(&run->request->set->base, "fields", destinations[i].field);
	return option->max ? tw_apply_number(run, option, value) : tw_apply_string(run, option, value);
}

static bool apply_rate(struct tw_run *run, const struct tw_option *option, const char *value)
{
	bool frames = strcmp(option->field, "max_pps") == 0;
	char path[96];
	uint64_t n = 0;

	if (strcasecmp(value, "none") != 0 &&
	    !tw_parse_rate(tw_option_path(run, option, path), value, frames ? "pps" : "bit", option->min, option->max,
			   &n, &run->error))
		return false;
	tw_message_set_number(run->target, option->field, n);
	return true;
}

/* "none" is no filter. */
static bool apply_filter(struct tw_run *run, const struct tw_option *option, const char *value)
{
	return strcasecmp(value, "none") == 0 || tw_apply_string(run, option, value);
}

static bool apply_max_share(struct tw_run *run, const struct tw_option *option, const char *value)
{
	char number[8];
	size_t len = strlen(value);

	if (len && len < sizeof(number) && value[len - 1] == '%') {
		snprintf(number, sizeof(number), "%.*s", (int)(len - 1), value);
		value = number;
	}
	return tw_apply_number(run, option, value);
}

/* --- options --- */

#define SOURCE(option, what, of, text, names)                                                                        \
	{                                                                                                            \
		.name = (option), .arg = (what), .help = text " (repeatable; replaces all); or none", .field = (of), \
		.complete = (names), .apply = apply_names                                                            \
	}

static const struct tw_option source_options[] = {
	SOURCE("port", "PORT", "ports", "a port to copy from", TW_COMPLETE_PORT),
	SOURCE("vm", "VM", "vms", "a VM: all its ports", TW_COMPLETE_VM),
	SOURCE("network", "NETWORK", "networks", "a network: all its ports, also those that come later",
	       TW_COMPLETE_NETWORK),
	SOURCE("host", "HOST", "hosts", "a host: all ports there", TW_COMPLETE_HOST),
	SOURCE("uplink", "HOST/UPLINK", "uplinks", "an uplink; its ingress is what comes from the wire",
	       TW_COMPLETE_NONE),
	{ .name = "vlan",
	  .arg = "LIST",
	  .help = "of all these only frames in these VLANs, as 10,20-30; alone: of all ports (replaces all); or none",
	  .field = "vlans",
	  .complete = TW_COMPLETE_WORDS,
	  .words = "none",
	  .apply = apply_vlans },
	{ .name = "direction",
	  .arg = "DIRECTION",
	  .help = "ingress is from the guest, egress is to the guest; both (default), ingress or egress",
	  .field = "direction",
	  .complete = TW_COMPLETE_WORDS,
	  .words = "both ingress egress",
	  .apply = tw_apply_enum },
	{ 0 },
};

static const struct tw_option choice_options[] = {
	{ .name = "filter",
	  .arg = "EXPR",
	  .help = "only frames that this tcpdump expression matches, as 'tcp port 443 and host 10.0.0.5'; or none",
	  .field = "filter",
	  .apply = apply_filter },
	{ .name = "sample",
	  .arg = "N",
	  .help = "one frame in N; 1 = every frame (default)",
	  .field = "sample",
	  .max = UINT32_MAX,
	  .apply = tw_apply_number },
	{ .name = "first-packets",
	  .arg = "N",
	  .help = "only the first N frames of every flow; 0 = all (default)",
	  .field = "first_packets",
	  .max = UINT32_MAX,
	  .apply = tw_apply_number },
	{ .name = "drops",
	  .help = "only what the switch drops there, with the reason",
	  .field = "drops",
	  .excludes = "no-drops",
	  .apply = tw_apply_yes },
	{ .name = "no-drops", .help = "what passes (default)", .field = "drops", .apply = tw_apply_no },
	{ .name = "snaplen",
	  .arg = "N",
	  .help = "octets kept of each frame, 60..65535; 0 = all (default)",
	  .field = "snaplen",
	  .max = 65535,
	  .apply = tw_apply_number },
	{ .name = "max-pps",
	  .arg = "RATE",
	  .help = "copies a second on each host at most, as 100k; the others are shed; or none (default)",
	  .field = "max_pps",
	  .complete = TW_COMPLETE_WORDS,
	  .words = "none",
	  .min = 1,
	  .max = TW_RATE_MAX,
	  .apply = apply_rate },
	{ .name = "max-bps",
	  .arg = "RATE",
	  .help = "bit/s of copies on each host at most, as 500M; or none (default)",
	  .field = "max_bps",
	  .complete = TW_COMPLETE_WORDS,
	  .words = "none",
	  .min = 1000,
	  .max = TW_RATE_MAX,
	  .apply = apply_rate },
	{ .name = "max-share",
	  .arg = "PERCENT",
	  .help = "of each worker's time at most, as 10%; 0 = no limit (default)",
	  .field = "max_share",
	  .max = 100,
	  .apply = apply_max_share },
	{ .name = "enable",
	  .help = "copy (default)",
	  .field = "disabled",
	  .excludes = "disable",
	  .apply = tw_apply_no },
	{ .name = "disable", .help = "do not copy", .field = "disabled", .apply = tw_apply_yes },
	{ 0 },
};

static const struct tw_option destination_options[] = {
	{ .name = "to-port",
	  .arg = "PORT",
	  .help = "to a port on any host, as of a VM that analyses; it gets each copy as the frame was",
	  .field = "to_port",
	  .excludes = "file,rspan-vlan,erspan",
	  .complete = TW_COMPLETE_PORT,
	  .apply = apply_destination },
	{ .name = "rspan-vlan",
	  .arg = "ID",
	  .help = "into a VLAN that carries nothing else, to wherever it goes",
	  .field = "rspan_vlan",
	  .excludes = "file,erspan",
	  .min = 1,
	  .max = 4094,
	  .apply = apply_destination },
	{ .name = "rspan-strip",
	  .help = "without the frame's own tag behind that of the VLAN",
	  .field = "rspan_strip",
	  .excludes = "rspan-keep",
	  .apply = tw_apply_yes },
	{ .name = "rspan-keep", .help = "with it (default)", .field = "rspan_strip", .apply = tw_apply_no },
	{ .name = "erspan",
	  .arg = "ADDRESS",
	  .help = "to an ERSPAN collector, by each host's own network",
	  .field = "erspan",
	  .excludes = "file",
	  .apply = apply_destination },
	{ .name = "erspan-type",
	  .arg = "TYPE",
	  .help = "2 (default), which most collectors know, or 3, with direction and time",
	  .field = "erspan_type",
	  .min = 2,
	  .max = 3,
	  .apply = tw_apply_number },
	{ .name = "erspan-session",
	  .arg = "N",
	  .help = "the collector tells mirrors apart by it, 1..1023 (default 1)",
	  .field = "erspan_session",
	  .min = 1,
	  .max = 1023,
	  .apply = tw_apply_number },
	{ .name = "erspan-source",
	  .arg = "ADDRESS",
	  .help = "an address of the host that copies come from; empty: as routed (default)",
	  .field = "erspan_source",
	  .apply = tw_apply_string },
	{ .name = "erspan-cos",
	  .arg = "N",
	  .help = "class of service in the header; 0: that of the frame's tag (default)",
	  .field = "erspan_cos",
	  .max = 7,
	  .apply = tw_apply_number },
	{ .name = "erspan-dscp",
	  .arg = "N",
	  .help = "DSCP of the outer header, 0..63 (default 0)",
	  .field = "erspan_dscp",
	  .max = 63,
	  .apply = tw_apply_number },
	{ .name = "erspan-ttl",
	  .arg = "N",
	  .help = "its time to live (default 64)",
	  .field = "erspan_ttl",
	  .max = 255,
	  .apply = tw_apply_number },
	{ .name = "erspan-ns",
	  .help = "type 3: nanoseconds and seconds, in a sub-header that Linux does not know",
	  .field = "erspan_ns",
	  .excludes = "erspan-100ns",
	  .apply = tw_apply_yes },
	{ .name = "erspan-100ns",
	  .help = "type 3: units of 100 ns (default)",
	  .field = "erspan_ns",
	  .apply = tw_apply_no },
	{ .name = "oversize",
	  .arg = "HOW",
	  .help = "a copy too large for the way is cut off (truncate, default), fragmented (fragment), or refused (refuse)",
	  .field = "oversize",
	  .complete = TW_COMPLETE_WORDS,
	  .words = "truncate fragment refuse",
	  .apply = tw_apply_enum },
	{ .name = "file",
	  .arg = "FILE",
	  .help = "into a pcapng file of that name in each host's RUN_DIR/capture",
	  .field = "file",
	  .apply = apply_destination },
	{ .name = "max-size",
	  .arg = "SIZE",
	  .help = "size of each file, as in 100M (default 1G): the next begins there, or the only one stops growing",
	  .field = "max_bytes",
	  .max = UINT64_MAX,
	  .apply = tw_apply_size },
	{ .name = "files",
	  .arg = "N",
	  .help = "several files, as FILE_00001_20261121103000, of which each host keeps the newest N, 1..9999; 0: not so (default)",
	  .field = "files",
	  .max = TW_MIRROR_FILES_MAX,
	  .apply = tw_apply_number },
	{ .name = "file-seconds",
	  .arg = "S",
	  .help = "several files, each of S seconds at most, 1..604800 (a week); 0: of any time (default)",
	  .field = "file_seconds",
	  .max = TW_MIRROR_FILE_SECONDS_MAX,
	  .apply = tw_apply_number },
	{ 0 },
};

/* --- commands --- */

static const struct tw_option *const write_options[] = { source_options, choice_options, destination_options,
							 tw_write_options, NULL };
static const struct tw_option *const show_options[] = { tw_stats_options, NULL };

static const struct tw_command commands[] = {
	TW_COMMAND_LIST("mirrors"),
	{ .verb = "show",
	  .operand = "NAME",
	  .complete = TW_COMPLETE_MIRROR,
	  .summary = "show a mirror, and what each host has copied and why not more",
	  .text = "SEEN are frames of its sources that were looked at. Of these FILTERED did not match the filter, the VLANs "
		  "or the number of first packets; SAMPLED-OUT were not the one in so many; SENT went on their way; FAILED "
		  "were too large for it, or refused. What was SHED was given up so that the mirrored traffic is not slowed: "
		  "it went beyond the mirror's budget, the destination was full or absent, or no memory was left. Copies for a "
		  "port of another host are DELIVERED there, or it is said what became of them.",
	  .example = "mirror show m1 --watch",
	  .options = show_options,
	  .run = tw_mirror_show },
	{ .verb = "create",
	  .operand = "NAME",
	  .summary = "copy traffic to a port, a VLAN, a collector or a file",
	  .text = "A mirror has sources of any kind and number, and one destination. A frame that two of its sources see is "
		  "copied once. It stays with its ports: when a VM migrates, copies are made on the new host.",
	  .example = "mirror create m1 --network blue --filter 'tcp port 443' --to-port ids/eth0",
	  .options = write_options,
	  .required = "port|vm|network|host|uplink|vlan to-port|rspan-vlan|erspan|file",
	  .begin = tw_object_begin_create,
	  .run = tw_object_write },
	{ .verb = "set",
	  .operand = "NAME",
	  .complete = TW_COMPLETE_MIRROR,
	  .summary = "change a mirror",
	  .text = "A new destination takes the place of the one it had.",
	  .example = "mirror set m1 --filter none --sample 100",
	  .options = write_options,
	  .begin = tw_object_begin_set,
	  .run = tw_object_write },
	TW_COMMAND_DELETE(TW_COMPLETE_MIRROR, "delete a mirror", "Its files stay."),
	{ 0 },
};

const struct tw_noun tw_noun_mirror = {
	.name = "mirror",
	.plural = "mirrors",
	.summary = "copies of traffic for an analyser",
	.commands = commands,
	.kind = TW__KIND__MIRROR,
	.list = tw_mirror_list_columns,
	.card = tw_mirror_card_columns,
	.detail = tw_mirror_detail,
	.show = tw_mirror_show_parts,
};
