/* SPDX-License-Identifier: Apache-2.0 */
/*
 * port.c - `twctl port`: the identities of vNICs, where they are and what they count. One thread.
 *
 * What a port counts comes from the switch that serves it, by way of its agent's last report (a second old at most).
 */
#include <string.h>

#include "controlplane/twctl/guard.h"
#include "controlplane/twctl/macs.h"
#include "controlplane/twctl/nouns.h"
#include "controlplane/twctl/rate.h"
#include "controlplane/twctl/teaming.h"
#include "controlplane/twctl/record.h"
#include "controlplane/twctl/stats.h"
#include "controlplane/twctl/vlan.h"

static void state_cell(FILE *cell, const json_t *disabled, const json_t *object)
{
	fputs(json_is_true(disabled) ? "disabled" : "enabled", cell);
}

static void acl_cell(FILE *cell, const json_t *acl, const json_t *object)
{
	fputs(json_string_length(acl) ? json_string_value(acl) : "inherit", cell);
}

static void virtio_cell(FILE *cell, const json_t *vhost, const json_t *object)
{
	fputs(strcmp(json_string_value(vhost) ? json_string_value(vhost) : "", "server") == 0
		      ? "the switch listens (server)"
		      : "the switch connects to the VM monitor (client)",
	      cell);
}

static void migration_cell(FILE *cell, const json_t *id, const json_t *object)
{
	if (json_integer_value(id))
		fprintf(cell, "%" JSON_INTEGER_FORMAT, json_integer_value(id));
	else
		fputs("none", cell);
}

static const struct tw_column list[] = {
	{ "NAME", "name", NULL },
	{ "NUMBER", "number", NULL },
	{ "MAC", "mac", NULL },
	{ "NETWORK", "network", NULL },
	{ "VLAN", "vlan", tw_cell_vlan },
	{ "HOST", "binding.host", NULL },
	{ "STATE", "disabled", state_cell },
	{ 0 },
};

static const struct tw_column card[] = {
	{ "name", "name", NULL },
	{ "number (ifIndex)", "number", NULL },
	{ "MAC", "mac", NULL },
	{ "UUID", "uuid", NULL },
	{ "VM UUID", "vm_uuid", NULL },
	{ "network", "network", NULL },
	{ "VLAN", "vlan", tw_cell_vlan },
	{ "VLAN in force", "effective_vlan", tw_cell_vlan },
	{ "priority of tags", "pcp", NULL },
	{ "static MACs", "static_macs", NULL },
	{ "forged MACs", "forged", tw_cell_policy },
	{ "MAC change", "mac_change", tw_cell_policy },
	{ "learning", "learn", tw_cell_policy },
	{ "learned for", "learn_age_s", tw_cell_learn_age },
	{ "learned at most", "learn_limit", tw_cell_learn_limit },
	{ "promiscuous", "promiscuous", tw_cell_policy },
	{ "unknown unicast to", "unknown_unicast", tw_cell_unknown },
	{ "unknown from wire", "unknown_from_wire", tw_cell_policy },
	{ "addresses", "addresses", NULL },
	{ "guards", "guards", tw_cell_guards },
	{ "teaming", "teaming", tw_cell_teaming },
	{ "ingress ACL", "ingress_acl", acl_cell },
	{ "egress ACL", "egress_acl", acl_cell },
	{ "ingress limit", "ingress_rate", tw_cell_ingress },
	{ "egress limit", "egress_rate", tw_cell_egress },
	{ "storm control", "storm_broadcast", tw_cell_storm },
	{ "recorded", "record", tw_cell_record },
	{ "shaping", "shape", tw_cell_shape },
	{ "state", "disabled", state_cell },
	{ "host", "binding.host", NULL },
	{ "migration", "binding.migration", migration_cell },
	{ "vhost-user", "vhost", virtio_cell },
	{ "IOMMU", "iommu", NULL },
	{ "socket", "status.socket", NULL },
	{ "link", "status.link", NULL },
	{ "queues", "status.queues", NULL },
	{ "MTU", "status.mtu", NULL },
	{ "MACs learned", "status.macs.learned", NULL },
	{ "MACs refused", "status.macs.refused", NULL },
	{ "MAC moves", "status.macs.moves", NULL },
	{ "MAC flaps", "status.macs.flaps", NULL },
	{ "packets from guest", "status.counters.rx_packets", NULL },
	{ "octets from guest", "status.counters.rx_octets", NULL },
	{ "packets to guest", "status.counters.tx_packets", NULL },
	{ "octets to guest", "status.counters.tx_octets", NULL },
	{ "negotiated", "status.guest", NULL },
	{ "revision", "revision", NULL },
	{ 0 },
};

static const struct tw_column drop_columns[] = {
	{ "DROPPED", "packets", NULL },
	{ "REASON", "reason", NULL },
	{ "THAT IS", "text", NULL },
	{ 0 },
};

/* Adds the VLAN in force, and status: what the serving switch says. */
static bool detail(struct tw_run *run, json_t *object)
{
	const json_t *vlan = json_object_get(object, "vlan");
	json_t *status = tw_ask_status(run), *part, *answer = NULL, *network;

	if (!status)
		return false;
	part = tw_stats_of_port(status, object);
	if (part)
		json_object_set_new(object, "status", part);
	json_decref(status);
	if (vlan && strcmp(tw_json_string_at(vlan, "mode"), "inherit") != 0) {
		json_object_set_new(object, "effective_vlan", json_deep_copy(vlan));
		return true;
	}
	answer = tw_ask_objects(run, TW__KIND__NETWORK, tw_json_string_at(object, "network"));
	network = json_array_get(json_object_get(answer, "objects"), 0);
	if (json_object_get(network, "vlan"))
		json_object_set(object, "effective_vlan", json_object_get(network, "vlan"));
	json_decref(answer);
	return answer != NULL;
}

static void show(FILE *out, const json_t *object)
{
	const json_t *drops = tw_json_at(object, "status.counters.drops");

	if (!json_array_size(drops))
		return;
	fputc('\n', out);
	tw_out_table(out, drop_columns, drops);
}

static bool begin_bind(struct tw_run *run)
{
	Tw__BindPort *body;

	run->request = tw_ask_new("bind_port", &body);
	run->target = &body->base;
	tw_message_set_string(run->target, "port", run->operand);
	return true;
}

static const struct tw_option create_options[] = {
	{ .name = "vm-uuid",
	  .arg = "UUID",
	  .help = "the VM's UUID; the same for all of its ports (default: one is made)",
	  .field = "vm_uuid",
	  .apply = tw_apply_uuid },
	{ 0 },
};

static const struct tw_option options[] = {
	{ .name = "network",
	  .arg = "NETWORK",
	  .help = "the network that the port is in",
	  .field = "network",
	  .complete = TW_COMPLETE_NETWORK,
	  .apply = tw_apply_string },
	{ .name = "mac",
	  .arg = "MAC",
	  .help = "the guest's MAC address (default: the controller gives one)",
	  .field = "mac",
	  .apply = tw_apply_mac },
	{ .name = "enable",
	  .help = "let frames pass (default)",
	  .field = "disabled",
	  .excludes = "disable",
	  .apply = tw_apply_no },
	{ .name = "disable", .help = "let no frame pass", .field = "disabled", .apply = tw_apply_yes },
	{ .name = "vhost-server",
	  .help = "the switch listens on the vhost-user socket, as programs on virtio_user expect",
	  .field = "vhost",
	  .excludes = "vhost-client",
	  .apply = tw_apply_yes },
	{ .name = "vhost-client",
	  .help = "the switch connects to the socket that the VM monitor listens on (default): VMs outlive a restart of "
		  "the switch",
	  .field = "vhost",
	  .apply = tw_apply_no },
	{ .name = "iommu",
	  .arg = "on|off",
	  .help = "may the vNIC be behind an IOMMU of its guest: on, off, or inherit (default)",
	  .field = "iommu",
	  .complete = TW_COMPLETE_WORDS,
	  .words = "on off inherit",
	  .apply = tw_apply_enum },
	{ 0 },
};

static const struct tw_option bind_options[] = {
	{ .name = "host",
	  .arg = "HOST",
	  .help = "the host that serves the port",
	  .field = "host",
	  .complete = TW_COMPLETE_HOST,
	  .apply = tw_apply_string },
	{ 0 },
};

static const struct tw_option unbind_options[] = {
	{ .name = "from",
	  .arg = "HOST",
	  .help = "only if the port is bound to this host",
	  .field = "from",
	  .complete = TW_COMPLETE_HOST,
	  .apply = tw_apply_string },
	{ 0 },
};

static const struct tw_command commands[] = {
	TW_COMMAND_LIST("ports"),
	TW_COMMAND_SHOW(TW_COMPLETE_PORT, "show all about a port: identity, VLAN, host, socket, link, counters, drops",
			NULL),
	{ .verb = "create",
	  .operand = "NAME",
	  .summary = "create the port of a vNIC",
	  .text = "NAME is VM/NIC. The port is the vNIC's identity: its number (the ifIndex in flow records), its counters "
		  "and its mirrors stay with it wherever the VM runs.",
	  .example = "port create web/eth0 --network blue",
	  .options = (const struct tw_option *const[]){ options, tw_port_vlan_options, tw_port_mac_options,
							tw_port_guard_options, tw_port_rate_options,
							tw_port_teaming_options, tw_port_record_options, create_options,
							tw_write_options, NULL },
	  .required = "network",
	  .begin = tw_object_begin_create,
	  .run = tw_object_write },
	{ .verb = "set",
	  .operand = "NAME",
	  .complete = TW_COMPLETE_PORT,
	  .summary = "change a port",
	  .text = "With --wait no frame is decided by the old setting any more when the command returns.",
	  .example = "port set db/eth0 --vlan 20 --wait",
	  .options = (const struct tw_option *const[]){ options, tw_port_vlan_options, tw_port_mac_options,
							tw_port_guard_options, tw_port_rate_options,
							tw_port_teaming_options, tw_port_record_options,
							tw_write_options, NULL },
	  .begin = tw_object_begin_set,
	  .run = tw_object_write },
	TW_COMMAND_DELETE(TW_COMPLETE_PORT, "delete a port", "Its number is never used again."),
	{ .verb = "bind",
	  .operand = "NAME",
	  .complete = TW_COMPLETE_PORT,
	  .summary = "say which host serves a port",
	  .text = "Starting a VM by tw-vm does this by itself; a program of one's own on the port's socket needs it.",
	  .example = "port bind gen/eth0 --host a --wait",
	  .options = (const struct tw_option *const[]){ bind_options, tw_write_options, NULL },
	  .required = "host",
	  .begin = begin_bind,
	  .run = tw_object_write },
	{ .verb = "unbind",
	  .operand = "NAME",
	  .complete = TW_COMPLETE_PORT,
	  .summary = "take a port from its host",
	  .options = (const struct tw_option *const[]){ unbind_options, tw_write_options, NULL },
	  .begin = begin_bind,
	  .run = tw_object_write },
	{ .verb = "macs",
	  .operand = "NAME",
	  .complete = TW_COMPLETE_PORT,
	  .summary = "list the MACs behind a port: its own, static and learned ones",
	  .text = "As mac list --port NAME.",
	  .example = "port macs esx/eth0",
	  .options = (const struct tw_option *const[]){ tw_macs_limit_options, NULL },
	  .begin = tw_macs_begin,
	  .run = tw_macs_show },
	{ .verb = "stats",
	  .operand = "[NAME]",
	  .complete = TW_COMPLETE_PORT,
	  .summary = "show the counters of one port or of all, and why frames were dropped",
	  .text = "Counters are since the port was created. rx is from the guest, tx is to the guest; octets are of layer "
		  "2 without FCS. Behind them is who is at fault for what was lost in the last seconds: the guest (its "
		  "receive ring was full), the switch (the guest's frames wait for it), or the rules. --watch shows what "
		  "they grew by a second.",
	  .example = "port stats web/eth0 --watch",
	  .options = (const struct tw_option *const[]){ tw_stats_options, NULL },
	  .run = tw_stats_port },
	{ 0 },
};

const struct tw_noun tw_noun_port = {
	.name = "port",
	.plural = "ports",
	.summary = "identities of vNICs: VLAN, MAC, place, counters",
	.commands = commands,
	.kind = TW__KIND__PORT,
	.list = list,
	.card = card,
	.detail = detail,
	.show = show,
};
