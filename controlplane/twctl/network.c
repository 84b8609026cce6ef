/* SPDX-License-Identifier: Apache-2.0 */
/* network.c - `twctl network`: port groups. One thread. */
#include <string.h>

#include "controlplane/twctl/guard.h"
#include "controlplane/twctl/macs.h"
#include "controlplane/twctl/multicast.h"
#include "controlplane/twctl/nouns.h"
#include "controlplane/twctl/rate.h"
#include "controlplane/twctl/teaming.h"
#include "controlplane/twctl/record.h"
#include "controlplane/twctl/vlan.h"
#include "proto/link/check.h"

static void mtu_cell(FILE *cell, const json_t *value, const json_t *object)
{
	json_int_t mtu = json_integer_value(value);

	fprintf(cell, "%" JSON_INTEGER_FORMAT, mtu ? mtu : TW_MTU_DEFAULT);
}

static void iommu_cell(FILE *cell, const json_t *value, const json_t *object)
{
	const char *text = json_string_value(value);

	fputs(text && strcmp(text, "on") == 0 ? "on" : "off", cell);
}

static const struct tw_column list[] = {
	{ "NAME", "name", NULL },
	{ "VLAN", "vlan", tw_cell_vlan },
	{ "MTU", "mtu", mtu_cell },
	{ "FORGED", "allow_forged", NULL },
	{ 0 },
};

static const struct tw_column card[] = {
	{ "name", "name", NULL },
	{ "VLAN", "vlan", tw_cell_vlan },
	{ "priority of tags", "pcp", NULL },
	{ "MTU", "mtu", mtu_cell },
	{ "forged MACs allowed", "allow_forged", NULL },
	{ "MAC change", "mac_change", tw_cell_policy },
	{ "learning", "learn", tw_cell_policy },
	{ "learned for", "learn_age_s", tw_cell_learn_age },
	{ "learned at most", "learn_limit", tw_cell_learn_limit },
	{ "promiscuous", "promiscuous", tw_cell_policy },
	{ "unknown unicast to", "unknown_unicast", tw_cell_unknown },
	{ "unknown from wire", "unknown_from_wire", tw_cell_policy },
	{ "guards", "guards", tw_cell_guards },
	{ "ingress ACL", "ingress_acl", NULL },
	{ "egress ACL", "egress_acl", NULL },
	{ "ingress limit", "ingress_rate", tw_cell_ingress },
	{ "egress limit", "egress_rate", tw_cell_egress },
	{ "storm control", "storm_broadcast", tw_cell_storm },
	{ "teaming", "teaming", tw_cell_teaming },
	{ "multicast snooping", "snooping", tw_cell_snooping },
	{ "recorded", "record", tw_cell_record },
	{ "shaping", "shape", tw_cell_shape },
	{ "IOMMU", "iommu", iommu_cell },
	{ "ports", "ports", NULL },
	{ "revision", "revision", NULL },
	{ 0 },
};

/* Adds the names of the network's ports. */
static bool detail(struct tw_run *run, json_t *object)
{
	json_t *answer = tw_ask_objects(run, TW__KIND__PORT, NULL), *names = json_array(), *port;
	size_t i;

	json_array_foreach(json_object_get(answer, "objects"), i,
			   port) if (strcmp(tw_json_string_at(port, "network"), tw_json_string_at(object, "name")) == 0)
		json_array_append(names, json_object_get(port, "name"));
	json_object_set_new(object, "ports", names);
	json_decref(answer);
	return answer != NULL;
}

static const struct tw_option options[] = {
	{ .name = "mtu",
	  .arg = "N",
	  .help = "octets of layer 3 that fit a frame (default 1500)",
	  .field = "mtu",
	  .min = TW_MTU_MIN,
	  .max = TW_MTU_MAX,
	  .apply = tw_apply_number },
	{ .name = "iommu",
	  .arg = "on|off",
	  .help = "may vNICs be behind an IOMMU of their guest: on, or off (default)",
	  .field = "iommu",
	  .complete = TW_COMPLETE_WORDS,
	  .words = "on off",
	  .apply = tw_apply_enum },
	{ 0 },
};

static const struct tw_option *const write_options[] = { tw_network_vlan_options,
							 options,
							 tw_network_mac_options,
							 tw_network_guard_options,
							 tw_network_rate_options,
							 tw_network_teaming_options,
							 tw_network_multicast_options,
							 tw_network_record_options,
							 tw_write_options,
							 NULL };

static const struct tw_command commands[] = {
	TW_COMMAND_LIST("networks"),
	TW_COMMAND_SHOW(TW_COMPLETE_NETWORK, "show a network and the ports in it", NULL),
	{ .verb = "create",
	  .operand = "NAME",
	  .summary = "create a network",
	  .text = "A network is a port group: the VLAN, the MTU and the security that many ports have in common. Ports "
		  "join it by their --network.",
	  .example = "network create blue --vlan 10",
	  .options = write_options,
	  .required = "vlan|trunk|dot1q-tunnel",
	  .begin = tw_object_begin_create,
	  .run = tw_object_write },
	{ .verb = "set",
	  .operand = "NAME",
	  .complete = TW_COMPLETE_NETWORK,
	  .summary = "change a network, and so all ports that do not override it",
	  .example = "network set blue --trunk 10,20-30 --native 1 --wait",
	  .options = write_options,
	  .begin = tw_object_begin_set,
	  .run = tw_object_write },
	TW_COMMAND_DELETE(TW_COMPLETE_NETWORK, "delete a network that no port is in", NULL),
	{ 0 },
};

const struct tw_noun tw_noun_network = {
	.name = "network",
	.plural = "networks",
	.summary = "port groups: VLAN, MTU, security",
	.commands = commands,
	.kind = TW__KIND__NETWORK,
	.list = list,
	.card = card,
	.detail = detail,
};
