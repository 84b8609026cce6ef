/* SPDX-License-Identifier: Apache-2.0 */
/*
 * port.c - `twctl port`: the identities of vNICs, where they are and what they count. One thread.
 *
 * What a port counts comes from the switch that serves it, by way of its agent's last report (a second old at most).
 */
#include <string.h>

#include "controlplane/twctl/guard.h"
#include "controlplane/twctl/nouns.h"
#include "controlplane/twctl/vlan.h"

static void state_cell(FILE *cell, const json_t *disabled, const json_t *object)
{
	fputs(json_is_true(disabled) ? "disabled" : "enabled", cell);
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
	{ "addresses", "addresses", NULL },
	{ "guards", "guards", tw_cell_guards },
	{ "state", "disabled", state_cell },
	{ "host", "binding.host", NULL },
	{ "migration", "binding.migration", migration_cell },
	{ "vhost-user", "vhost", virtio_cell },
	{ "socket", "status.socket", NULL },
	{ "link", "status.link", NULL },
	{ "queues", "status.queues", NULL },
	{ "MTU", "status.mtu", NULL },
	{ "packets from guest", "status.counters.rx_packets", NULL },
	{ "octets from guest", "status.counters.rx_octets", NULL },
	{ "packets to guest", "status.counters.tx_packets", NULL },
	{ "octets to guest", "status.counters.tx_octets", NULL },
	{ "revision", "revision", NULL },
	{ 0 },
};

static const struct tw_column drop_columns[] = {
	{ "DROPPED", "packets", NULL },
	{ "REASON", "reason", NULL },
	{ "THAT IS", "text", NULL },
	{ 0 },
};

static const struct tw_column stats_columns[] = {
	{ "PORT", "name", NULL },
	{ "HOST", "host", NULL },
	{ "LINK", "link", NULL },
	{ "RX-PACKETS", "counters.rx_packets", NULL },
	{ "RX-OCTETS", "counters.rx_octets", NULL },
	{ "TX-PACKETS", "counters.tx_packets", NULL },
	{ "TX-OCTETS", "counters.tx_octets", NULL },
	{ "DROPPED", "dropped", NULL },
	{ 0 },
};

static const struct tw_column all_drop_columns[] = {
	{ "PORT", "name", NULL },
	{ "DROPPED", "packets", NULL },
	{ "REASON", "reason", NULL },
	{ "THAT IS", "text", NULL },
	{ 0 },
};

/* Where the port is served, the switch's status of it with the host's name in it. New reference; NULL if nowhere. */
static json_t *status_of(const json_t *status, const json_t *port)
{
	const char *host = tw_json_string_at(port, "binding.host");
	json_t *part = tw_status_part(tw_status_host(status, host), "ports", tw_json_string_at(port, "name"));

	if (!part)
		return NULL;
	part = json_copy(part);
	json_object_set_new(part, "host", json_string(host));
	return part;
}

/* Adds the VLAN in force, and status: what the serving switch says. */
static bool detail(struct tw_run *run, json_t *object)
{
	const json_t *vlan = json_object_get(object, "vlan");
	json_t *status = tw_ask_status(run), *part, *answer = NULL, *network;

	if (!status)
		return false;
	part = status_of(status, object);
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

/* One row of `port stats`: the switch's status, and the sum of its drops. Consumes part. */
static json_t *stats_row(json_t *part)
{
	const json_t *drop;
	json_int_t dropped = 0;
	size_t i;

	json_array_foreach(tw_json_at(part, "counters.drops"), i, drop) dropped += tw_json_number_at(drop, "packets");
	json_object_set_new(part, "dropped", json_integer(dropped));
	return part;
}

/* The drops of all rows, each with its port's name. New reference. */
static json_t *all_drops(const json_t *rows)
{
	json_t *drops = json_array(), *row, *drop;
	size_t i, k;

	json_array_foreach(rows, i, row) json_array_foreach(tw_json_at(row, "counters.drops"), k, drop)
	{
		json_t *copy = json_copy(drop);

		json_object_set(copy, "name", json_object_get(row, "name"));
		json_array_append_new(drops, copy);
	}
	return drops;
}

static void print_stats(struct tw_run *run, const json_t *rows)
{
	FILE *out = run->io->out;
	json_t *drops = all_drops(rows);

	if (!json_array_size(rows))
		fputs("no port is served by a host\n", run->io->err);
	tw_out_table(out, stats_columns, rows);
	if (json_array_size(drops)) {
		fputc('\n', out);
		tw_out_table(out, all_drop_columns, drops);
	}
	json_decref(drops);
}

static int stats(struct tw_run *run)
{
	json_t *ports = tw_ask_objects(run, TW__KIND__PORT, run->operand), *status, *port;
	json_t *rows, *part;
	size_t i;

	if (!ports)
		return tw_run_fail(run);
	status = tw_ask_status(run);
	if (!status) {
		json_decref(ports);
		return tw_run_fail(run);
	}
	rows = json_array();
	json_array_foreach(json_object_get(ports, "objects"), i, port) if ((part = status_of(status, port)) != NULL)
		json_array_append_new(rows, stats_row(part));
	if (run->json) {
		json_t *all = json_pack("{s:O}", "ports", rows);

		tw_out_json(run->io->out, all);
		json_decref(all);
	} else {
		print_stats(run, rows);
	}
	json_decref(rows);
	json_decref(status);
	json_decref(ports);
	return TW_EXIT_DONE;
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
	  .options = (const struct tw_option *const[]){ options, tw_port_vlan_options, tw_port_guard_options,
							create_options, tw_write_options, NULL },
	  .required = "network",
	  .begin = tw_object_begin_create,
	  .run = tw_object_write },
	{ .verb = "set",
	  .operand = "NAME",
	  .complete = TW_COMPLETE_PORT,
	  .summary = "change a port",
	  .text = "With --wait no frame is decided by the old setting any more when the command returns.",
	  .example = "port set db/eth0 --vlan 20 --wait",
	  .options = (const struct tw_option *const[]){ options, tw_port_vlan_options, tw_port_guard_options,
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
	{ .verb = "stats",
	  .operand = "[NAME]",
	  .complete = TW_COMPLETE_PORT,
	  .summary = "show the counters of one port or of all, and why frames were dropped",
	  .text = "Counters are since the port was created. rx is from the guest, tx is to the guest; octets are of layer "
		  "2 without FCS.",
	  .run = stats },
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
