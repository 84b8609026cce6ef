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

/* Of a trunk, or the customer VLANs of a tunnel. */
static bool put_ranges(struct tw_run *run, const char *value)
{
	Tw__VlanRange ranges[TW_TRUNK_RANGES_MAX];
	char path[96];
	size_t n;
	Tw__Vlan *vlan;

	if (!tw_parse_trunk(vlan_path(run, "trunk", path), value, ranges, &n, &run->error))
		return false;
	vlan = vlan_of(run);
	while (vlan->n_trunk) /* given twice: the last one counts */
		tw__vlan_range__free_unpacked(vlan->trunk[--vlan->n_trunk], NULL);
	for (size_t i = 0; i < n; i++) {
		Tw__VlanRange *range = tw_message_add(&vlan->base, "trunk");

		range->first = ranges[i].first;
		range->last = ranges[i].last;
	}
	return true;
}

static bool apply_native_tagged(struct tw_run *run, const struct tw_option *option, const char *value)
{
	char path[96];
	uint32_t id;

	if (!tw_parse_vlan_id(vlan_path(run, "native", path), value, &id, &run->error))
		return false;
	vlan_of(run)->native = id;
	vlan_of(run)->native_tagged = id != 0;
	return true;
}

static bool apply_tunnel(struct tw_run *run, const struct tw_option *option, const char *value)
{
	char path[96];
	uint32_t id;
	Tw__Vlan *vlan;

	if (!tw_parse_vlan_id(vlan_path(run, "access", path), value, &id, &run->error))
		return false;
	vlan = vlan_of(run);
	vlan->mode = TW__VLAN__MODE__DOT1Q_TUNNEL;
	vlan->access = id;
	return true;
}

static bool apply_tunnel_ethertype(struct tw_run *run, const struct tw_option *option, const char *value)
{
	char path[96];
	bool ad = strcasecmp(value, "802.1ad") == 0 || strcasecmp(value, "0x88a8") == 0;

	if (!ad && strcasecmp(value, "802.1q") != 0 && strcasecmp(value, "0x8100") != 0)
		return tw_error_set(&run->error, TW_E_INVALID, vlan_path(run, "tunnel_ethertype", path),
				    "%.60s is none of: 802.1ad, 802.1q", value);
	vlan_of(run)->tunnel_ethertype = ad ? TW__VLAN__ETHERTYPE__DOT1AD : TW__VLAN__ETHERTYPE__DOT1Q;
	return true;
}

/* promiscuous, isolated:ID, community:ID */
static bool apply_private(struct tw_run *run, const struct tw_option *option, const char *value)
{
	const char *colon = strchr(value, ':');
	size_t n = colon ? (size_t)(colon - value) : strlen(value);
	char path[96];
	uint32_t id = 0;
	Tw__Vlan *vlan;
	Tw__Vlan__Private kind;

	if (!colon && strcasecmp(value, "promiscuous") == 0)
		kind = TW__VLAN__PRIVATE__PROMISCUOUS;
	else if (colon && n == strlen("isolated") && strncasecmp(value, "isolated", n) == 0)
		kind = TW__VLAN__PRIVATE__ISOLATED;
	else if (colon && n == strlen("community") && strncasecmp(value, "community", n) == 0)
		kind = TW__VLAN__PRIVATE__COMMUNITY;
	else
		return tw_error_set(&run->error, TW_E_INVALID, vlan_path(run, "pvlan", path),
				    "%.60s is none of: promiscuous, isolated:ID, community:ID", value);
	if (colon && !tw_parse_vlan_id(vlan_path(run, "secondary", path), colon + 1, &id, &run->error))
		return false;
	vlan = vlan_of(run);
	vlan->pvlan = kind;
	vlan->secondary = id;
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

static bool apply_trunk(struct tw_run *run, const struct tw_option *option, const char *value)
{
	if (!put_ranges(run, value))
		return false;
	vlan_of(run)->mode = TW__VLAN__MODE__TRUNK;
	return true;
}

static bool apply_customers(struct tw_run *run, const struct tw_option *option, const char *value)
{
	return put_ranges(run, value);
}

/* clang-format off */
#define MORE_MODES                                                                                                     \
	{ .name = "trunk", .arg = "LIST",                                                                              \
	  .help = "the guest tags its frames; VLANs of LIST pass, as in 10,20-30,100, or all",                         \
	  .field = "vlan", .excludes = "dot1q-tunnel", .complete = TW_COMPLETE_WORDS, .words = "all",                  \
	  .apply = apply_trunk },                                                                                      \
	{ .name = "native", .arg = "ID",                                                                               \
	  .help = "VLAN of a trunk's untagged frames, and untagged towards the guest (default: they are dropped)",     \
	  .field = "vlan", .needs = "trunk", .excludes = "native-tagged", .apply = apply_native },                     \
	{ .name = "native-tagged", .arg = "ID",                                                                        \
	  .help = "VLAN of a trunk's untagged frames; towards the guest its frames are tagged",                        \
	  .field = "vlan", .needs = "trunk", .apply = apply_native_tagged },                                           \
	{ .name = "dot1q-tunnel", .arg = "ID",                                                                         \
	  .help = "802.1ad (QinQ): all that the guest sends, tagged or not, goes out inside service VLAN ID",          \
	  .field = "vlan", .apply = apply_tunnel },                                                                    \
	{ .name = "cvlans", .arg = "LIST",                                                                             \
	  .help = "customer VLANs that pass a tunnel, then without untagged frames (default: everything passes)",      \
	  .field = "vlan", .needs = "dot1q-tunnel", .complete = TW_COMPLETE_WORDS, .words = "all",                     \
	  .apply = apply_customers },                                                                                  \
	{ .name = "tunnel-ethertype", .arg = "TYPE",                                                                   \
	  .help = "of a tunnel's outer tag: 802.1ad (0x88a8, default) or 802.1q (0x8100)",                             \
	  .field = "vlan", .needs = "dot1q-tunnel", .complete = TW_COMPLETE_WORDS, .words = "802.1ad 802.1q",          \
	  .apply = apply_tunnel_ethertype },                                                                           \
	{ .name = "pvlan", .arg = "KIND",                                                                              \
	  .help = "private VLAN, --vlan being the primary one: promiscuous, isolated:ID or community:ID with the "     \
		  "secondary VLAN",                                                                                    \
	  .field = "vlan", .needs = "vlan", .complete = TW_COMPLETE_WORDS,                                             \
	  .words = "promiscuous isolated: community:", .apply = apply_private }
/* clang-format on */

const struct tw_option tw_network_vlan_options[] = {
	{ .name = "vlan",
	  .arg = "ID",
	  .help = "access VLAN, 1..4094: guests send and receive untagged, the wire carries ID; or untagged",
	  .field = "vlan",
	  .excludes = "trunk,native,native-tagged,dot1q-tunnel",
	  .complete = TW_COMPLETE_WORDS,
	  .words = "untagged",
	  .apply = apply_access },
	MORE_MODES,
	{ .name = "pcp",
	  .arg = "N",
	  .help = "priority of the tags that frames of guests leave with: 0 to 7, or keep what the guest says (default)",
	  .field = "pcp",
	  .complete = TW_COMPLETE_WORDS,
	  .words = "keep 0 1 2 3 4 5 6 7",
	  .apply = tw_apply_enum },
	{ 0 },
};

const struct tw_option tw_port_vlan_options[] = {
	{ .name = "vlan",
	  .arg = "ID",
	  .help = "access VLAN, 1..4094, in place of the network's; or untagged; inherit goes back to the network's",
	  .field = "vlan",
	  .excludes = "trunk,native,native-tagged,dot1q-tunnel",
	  .complete = TW_COMPLETE_WORDS,
	  .words = "inherit untagged",
	  .apply = apply_access },
	MORE_MODES,
	{ .name = "pcp",
	  .arg = "N",
	  .help = "priority of the tags that the guest's frames leave with: 0 to 7, or keep what the guest says, or inherit "
		  "(default)",
	  .field = "pcp",
	  .complete = TW_COMPLETE_WORDS,
	  .words = "inherit keep 0 1 2 3 4 5 6 7",
	  .apply = tw_apply_enum },
	{ 0 },
};

/* "10,20-30", nothing for an empty list */
static void print_ranges(FILE *cell, const json_t *ranges)
{
	const json_t *range;
	size_t i;

	json_array_foreach(ranges, i, range)
	{
		json_int_t first = tw_json_number_at(range, "first"), last = tw_json_number_at(range, "last");

		fprintf(cell, "%s%" JSON_INTEGER_FORMAT, i ? "," : "", first);
		if (last != first)
			fprintf(cell, "-%" JSON_INTEGER_FORMAT, last);
	}
}

static void print_access(FILE *cell, const json_t *vlan)
{
	json_int_t access = tw_json_number_at(vlan, "access"), secondary = tw_json_number_at(vlan, "secondary");
	const char *private = tw_json_string_at(vlan, "pvlan");

	if (!access) {
		fputs("untagged", cell);
		return;
	}
	fprintf(cell, "%" JSON_INTEGER_FORMAT, access);
	if (strcmp(private, "promiscuous") == 0)
		fputs(" promiscuous", cell);
	else if (secondary)
		fprintf(cell, " %s:%" JSON_INTEGER_FORMAT, private, secondary);
}

static void print_trunk(FILE *cell, const json_t *vlan)
{
	const json_t *trunk = json_object_get(vlan, "trunk");
	json_int_t native = tw_json_number_at(vlan, "native");

	fputs(json_array_size(trunk) ? "trunk " : "trunk all", cell);
	print_ranges(cell, trunk);
	if (native)
		fprintf(cell, " native%s %" JSON_INTEGER_FORMAT,
			json_is_true(json_object_get(vlan, "native_tagged")) ? "-tagged" : "", native);
}

static void print_tunnel(FILE *cell, const json_t *vlan)
{
	const json_t *customers = json_object_get(vlan, "trunk");

	fprintf(cell, "tunnel %" JSON_INTEGER_FORMAT "%s", tw_json_number_at(vlan, "access"),
		strcmp(tw_json_string_at(vlan, "tunnel_ethertype"), "dot1q") == 0 ? " 802.1q" : "");
	if (json_array_size(customers))
		fputs(" cvlans ", cell);
	print_ranges(cell, customers);
}

void tw_cell_vlan(FILE *cell, const json_t *vlan, const json_t *object)
{
	const char *mode = tw_json_string_at(vlan, "mode");

	if (strcmp(mode, "access") == 0)
		print_access(cell, vlan);
	else if (strcmp(mode, "trunk") == 0)
		print_trunk(cell, vlan);
	else if (strcmp(mode, "dot1q_tunnel") == 0)
		print_tunnel(cell, vlan);
	else
		fputs("inherit", cell);
}
