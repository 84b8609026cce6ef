/* SPDX-License-Identifier: Apache-2.0 */
/* vlan.c - the VLAN of a network or a port; see vlan.h. One thread. */
#include "controlplane/twctl/vlan.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "controlplane/twctl/parse.h"
#include "proto/link/check.h"

/* The Vlan of the object that options apply to, made when first needed. */
static Tw__Vlan *vlan_of(struct tw_run *run)
{
	ProtobufCMessage *vlan = tw_message_get(run->target, "vlan");

	return vlan ? (Tw__Vlan *)vlan : tw_message_put(run->target, "vlan");
}

static char *vlan_path(const struct tw_run *run, const char *field, char path[static 96])
{
	snprintf(path, 96, "%s.vlan.%s", run->noun->name, field);
	return path;
}

static bool apply_access(struct tw_run *run, const struct tw_option *option, const char *value)
{
	bool inherit = run->noun->kind == TW__KIND__PORT && strcasecmp(value, "inherit") == 0;
	char path[96];
	uint32_t id = 0;
	Tw__Vlan *vlan;

	if (!inherit && !tw_parse_vlan_id(vlan_path(run, "access", path), value, &id, &run->error))
		return false;
	vlan = vlan_of(run);
	vlan->mode = inherit ? TW__VLAN__MODE__INHERIT : TW__VLAN__MODE__ACCESS;
	vlan->access = id;
	return true;
}

static bool apply_trunk(struct tw_run *run, const struct tw_option *option, const char *value)
{
	Tw__VlanRange ranges[TW_TRUNK_RANGES_MAX];
	char path[96];
	size_t n;
	Tw__Vlan *vlan;

	if (!tw_parse_trunk(vlan_path(run, "trunk", path), value, ranges, &n, &run->error))
		return false;
	vlan = vlan_of(run);
	vlan->mode = TW__VLAN__MODE__TRUNK;
	while (vlan->n_trunk) /* given twice: the last one counts */
		tw__vlan_range__free_unpacked(vlan->trunk[--vlan->n_trunk], NULL);
	for (size_t i = 0; i < n; i++) {
		Tw__VlanRange *range = tw_message_add(&vlan->base, "trunk");

		range->first = ranges[i].first;
		range->last = ranges[i].last;
	}
	return true;
}

static bool apply_native(struct tw_run *run, const struct tw_option *option, const char *value)
{
	char path[96];
	uint32_t id;

	if (!tw_parse_vlan_id(vlan_path(run, "native", path), value, &id, &run->error))
		return false;
	vlan_of(run)->native = id;
	return true;
}

#define TRUNK_OPTIONS                                                                                     \
	{ .name = "trunk",                                                                                \
	  .arg = "LIST",                                                                                  \
	  .help = "the guest tags its frames; VLANs of LIST pass, as in 10,20-30,100, or all",            \
	  .field = "vlan",                                                                                \
	  .complete = TW_COMPLETE_WORDS,                                                                  \
	  .words = "all",                                                                                 \
	  .apply = apply_trunk },                                                                         \
	{                                                                                                 \
		.name = "native", .arg = "ID",                                                            \
		.help = "VLAN of a trunk's untagged frames (default: they are dropped)", .field = "vlan", \
		.needs = "trunk", .apply = apply_native                                                   \
	}

const struct tw_option tw_network_vlan_options[] = {
	{ .name = "vlan",
	  .arg = "ID",
	  .help = "access VLAN, 1..4094: guests send and receive untagged, the wire carries ID; or untagged",
	  .field = "vlan",
	  .excludes = "trunk,native",
	  .complete = TW_COMPLETE_WORDS,
	  .words = "untagged",
	  .apply = apply_access },
	TRUNK_OPTIONS,
	{ 0 },
};

const struct tw_option tw_port_vlan_options[] = {
	{ .name = "vlan",
	  .arg = "ID",
	  .help = "access VLAN, 1..4094, in place of the network's; or untagged; inherit goes back to the network's",
	  .field = "vlan",
	  .excludes = "trunk,native",
	  .complete = TW_COMPLETE_WORDS,
	  .words = "inherit untagged",
	  .apply = apply_access },
	TRUNK_OPTIONS,
	{ 0 },
};

void tw_cell_vlan(FILE *cell, const json_t *vlan, const json_t *object)
{
	const char *mode = tw_json_string_at(vlan, "mode");
	json_int_t access = tw_json_number_at(vlan, "access"), native = tw_json_number_at(vlan, "native");
	const json_t *trunk = strcmp(mode, "trunk") == 0 ? json_object_get(vlan, "trunk") : NULL, *range;
	size_t i;

	if (strcmp(mode, "access") == 0 && access)
		fprintf(cell, "%" JSON_INTEGER_FORMAT, access);
	else if (strcmp(mode, "access") == 0)
		fputs("untagged", cell);
	else if (strcmp(mode, "trunk") == 0)
		fputs(json_array_size(trunk) ? "trunk " : "trunk all", cell);
	else
		fputs("inherit", cell);
	json_array_foreach(trunk, i, range)
	{
		json_int_t first = tw_json_number_at(range, "first"), last = tw_json_number_at(range, "last");

		fprintf(cell, "%s%" JSON_INTEGER_FORMAT, i ? "," : "", first);
		if (last != first)
			fprintf(cell, "-%" JSON_INTEGER_FORMAT, last);
	}
	if (strcmp(mode, "trunk") == 0 && native)
		fprintf(cell, " native %" JSON_INTEGER_FORMAT, native);
}
