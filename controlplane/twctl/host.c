/* SPDX-License-Identifier: Apache-2.0 */
/* host.c - `twctl host`: the machines of the switch and their uplinks. One thread. */
#include <string.h>

#include "controlplane/twctl/nouns.h"
#include "controlplane/twctl/rebalance.h"
#include "controlplane/twctl/stats.h"
#include "controlplane/twctl/teaming.h"
#include "controlplane/twctl/uplink.h"
#include "proto/link/check.h"

static void uplinks_cell(FILE *cell, const json_t *uplinks, const json_t *object)
{
	const json_t *uplink;
	size_t i;

	if (!json_array_size(uplinks))
		fputc('-', cell);
	json_array_foreach(uplinks, i, uplink)
	{
		fprintf(cell, "%s%s=%s", i ? " " : "", tw_json_string_at(uplink, "name"),
			tw_json_string_at(uplink, "devargs"));
		if (*tw_json_string_at(uplink, "netdev"))
			fprintf(cell, " (%s)", tw_json_string_at(uplink, "netdev"));
	}
}

static void tunnel_cell(FILE *cell, const json_t *address, const json_t *object)
{
	json_int_t port = tw_json_number_at(object, "tunnel_port");

	if (*tw_json_string_at(object, "tunnel_address"))
		tw_out_text(cell, tw_json_string_at(object, "tunnel_address"));
	else
		fputs(*tw_json_string_at(object, "peer_url") ? "as the peer URL" : "none", cell);
	fprintf(cell, ", UDP port %" JSON_INTEGER_FORMAT, port ? port : TW_TUNNEL_PORT_DEFAULT);
}

/* What 0 means is said in model.proto, Host. */
static void sampling_cell(FILE *cell, const json_t *sample, const json_t *object)
{
	json_int_t n = json_integer_value(sample);

	if (n <= 1)
		fputs("every packet", cell);
	else
		fprintf(cell, "1 in %" JSON_INTEGER_FORMAT "%s", n,
			json_is_true(json_object_get(object, "flow_sample_random")) ? ", at random" : "");
}

static const struct tw_column list[] = {
	{ "NAME", "name", NULL },
	{ "UPLINKS", "uplinks", uplinks_cell },
	{ "PEER-URL", "peer_url", NULL },
	{ "MIGRATE-ADDRESS", "migrate_address", NULL },
	{ 0 },
};

static const struct tw_column card[] = {
	{ "name", "name", NULL },
	{ "connected", "status.connected", NULL },
	{ "realised revision", "status.realised", NULL },
	{ "last heard", "status.last_seen_ms", tw_cell_age },
	{ "switch alive", "status.switch_alive", NULL },
	{ "version", "status.version", NULL },
	{ "error", "status.error", NULL },
	{ "uplinks", "uplinks", uplinks_cell },
	{ "teaming", "teaming", tw_cell_teaming },
	{ "flow sampling", "flow_sample", sampling_cell },
	{ "peer URL", "peer_url", NULL },
	{ "migration address", "migrate_address", NULL },
	{ "tunnel for copies", "tunnel_address", tunnel_cell },
	{ "not copies there", "status.status.tunnel_refused", NULL },
	{ "remote MACs", "status.status.remote_macs", NULL },
	{ "ports", "ports", NULL },
	{ "revision", "revision", NULL },
	{ 0 },
};

static const struct tw_column worker_columns[] = {
	{ "WORKER", "id", NULL },
	{ "PACKETS", "packets", NULL },
	{ "FLOWS", "flows", NULL },
	{ "OF", "flow_capacity", NULL },
	{ "DECISIONS", "flow_misses", NULL },
	{ "OVERFLOWS", "flow_overflows", NULL },
	{ 0 },
};

/* Adds status: what the controller last heard; and ports: the names of those bound here. */
static bool detail(struct tw_run *run, json_t *object)
{
	json_t *status = tw_ask_status(run), *answer, *names, *port;
	const char *name = tw_json_string_at(object, "name");
	size_t i;

	if (!status)
		return false;
	if (tw_status_host(status, name))
		json_object_set(object, "status", tw_status_host(status, name));
	json_decref(status);
	answer = tw_ask_objects(run, TW__KIND__PORT, NULL);
	names = json_array();
	json_array_foreach(json_object_get(answer, "objects"), i,
			   port) if (strcmp(tw_json_string_at(port, "binding.host"), name) == 0)
		json_array_append(names, json_object_get(port, "name"));
	json_object_set_new(object, "ports", names);
	json_decref(answer);
	return answer != NULL;
}

static void show(FILE *out, const json_t *object)
{
	const json_t *uplinks = tw_json_at(object, "status.status.uplinks");
	const json_t *workers = tw_json_at(object, "status.status.workers");

	tw_uplinks_show(out, uplinks);
	if (json_array_size(workers)) {
		fputc('\n', out);
		tw_out_table(out, worker_columns, workers);
	}
}

/* The uplink that "NAME=VALUE" speaks of, made when first named; *value is behind the '='. NULL with run->error filled. */
static Tw__Uplink *uplink_of(struct tw_run *run, const struct tw_option *option, const char *text, const char **value)
{
	Tw__Host *host = (Tw__Host *)run->target;
	const char *equals = strchr(text, '=');
	size_t size = equals ? (size_t)(equals - text) : 0;
	char path[96], name[64];
	Tw__Uplink *uplink;

	if (size == 0 || size >= sizeof(name) || !equals[1]) {
		tw_error_set(&run->error, TW_E_INVALID, tw_option_path(run, option, path), "%.60s is not NAME=%s", text,
			     strchr(option->arg, '=') + 1);
		return NULL;
	}
	*value = equals + 1;
	snprintf(name, sizeof(name), "%.*s", (int)size, text);
	for (size_t i = 0; i < host->n_uplinks; i++)
		if (strcmp(host->uplinks[i]->name, name) == 0)
			return host->uplinks[i];
	uplink = tw_message_add(run->target, "uplinks");
	tw_message_set_string(&uplink->base, "name", name);
	return uplink;
}

static bool apply_uplink(struct tw_run *run, const struct tw_option *option, const char *value)
{
	Tw__Uplink *uplink = uplink_of(run, option, value, &value);

	if (uplink)
		tw_message_set_string(&uplink->base, "devargs", value);
	return uplink != NULL;
}

static bool apply_netdev(struct tw_run *run, const struct tw_option *option, const char *value)
{
	Tw__Uplink *uplink = uplink_of(run, option, value, &value);

	if (uplink)
		tw_message_set_string(&uplink->base, "netdev", value);
	return uplink != NULL;
}

static bool apply_none(struct tw_run *run, const struct tw_option *option, const char *value)
{
	return true; /* the list stays empty; that it is a field of the Set says so */
}

static bool finish(struct tw_run *run)
{
	const Tw__Host *host = (const Tw__Host *)run->target;

	for (size_t i = 0; i < host->n_uplinks; i++)
		if (!*host->uplinks[i]->devargs)
			return tw_error_set(&run->error, TW_E_MISSING, "host.uplinks.devargs",
					    "--netdev names %.31s, but no --uplink %.31s=DEVARGS says what it is",
					    host->uplinks[i]->name, host->uplinks[i]->name);
	return true;
}

static const struct tw_option options[] = {
	{ .name = "uplink",
	  .arg = "NAME=DEVARGS",
	  .help = "a way out, as DPDK opens it: net_af_packet0,iface=eth1 or 0000:03:00.0 (repeatable; replaces all)",
	  .field = "uplinks",
	  .excludes = "no-uplinks",
	  .apply = apply_uplink },
	{ .name = "netdev",
	  .arg = "NAME=NETDEV",
	  .help = "the kernel link of an uplink, to watch its state and MTU (repeatable)",
	  .field = "uplinks",
	  .needs = "uplink",
	  .apply = apply_netdev },
	{ .name = "no-uplinks", .help = "have no way out", .field = "uplinks", .apply = apply_none },
	{ .name = "peer-url",
	  .arg = "URL",
	  .help = "where its agent takes handovers of migrating VMs, tcp://ADDRESS:PORT (default: as the agent says)",
	  .field = "peer_url",
	  .apply = tw_apply_string },
	{ .name = "migrate-address",
	  .arg = "ADDRESS",
	  .help = "where its VM monitors listen for migrating VMs (default: as the agent says)",
	  .field = "migrate_address",
	  .apply = tw_apply_string },
	{ .name = "tunnel-address",
	  .arg = "ADDRESS",
	  .help = "where mirrors' copies from other hosts come in for its ports (default: the address of the peer URL)",
	  .field = "tunnel_address",
	  .apply = tw_apply_string },
	{ .name = "tunnel-port",
	  .arg = "PORT",
	  .help = "UDP port of that; 0 = 6081, as Geneve has it (default)",
	  .field = "tunnel_port",
	  .max = 65535,
	  .apply = tw_apply_number },
	{ .name = "flow-sample",
	  .arg = "N",
	  .help = "of its packets one in N is metered, 1 to 16383; 1 = every packet (default)",
	  .field = "flow_sample",
	  .max = 16383,
	  .apply = tw_apply_number },
	{ .name = "flow-sample-random",
	  .help = "any of each N, so that no pattern of the traffic can hide behind the count",
	  .field = "flow_sample_random",
	  .excludes = "no-flow-sample-random",
	  .apply = tw_apply_yes },
	{ .name = "no-flow-sample-random",
	  .help = "the last of each N (default)",
	  .field = "flow_sample_random",
	  .apply = tw_apply_no },
	{ 0 },
};

static const struct tw_option *const write_options[] = { options, tw_host_teaming_options, tw_write_options, NULL };

static const struct tw_option *const rebalance_options[] = { tw_rebalance_options, NULL };

static const struct tw_command commands[] = {
	TW_COMMAND_LIST("hosts"),
	TW_COMMAND_SHOW(TW_COMPLETE_HOST, "show a host, its agent, its switch, its uplinks", NULL),
	{ .verb = "create",
	  .operand = "NAME",
	  .summary = "create a host",
	  .text = "NAME is what its tw-agent is started with as --host.",
	  .example = "host create a --uplink up0=net_af_packet0,iface=eth1 --netdev up0=eth1",
	  .options = write_options,
	  .begin = tw_object_begin_create,
	  .finish = finish,
	  .run = tw_object_write },
	{ .verb = "set",
	  .operand = "NAME",
	  .complete = TW_COMPLETE_HOST,
	  .summary = "change a host",
	  .example = "host set a --teaming hash-port --standby up2 --wait",
	  .options = write_options,
	  .begin = tw_object_begin_set,
	  .finish = finish,
	  .run = tw_object_write },
	{ .verb = "stats",
	  .operand = "NAME",
	  .complete = TW_COMPLETE_HOST,
	  .summary = "show what each worker and each uplink of a host's switch does",
	  .text = "BUSY is the share of the last second in which a worker had frames in hand, EVER the share since the "
		  "switch started. DECISIONS are frames whose flow was not known, OVERFLOWS those for which the flow table "
		  "had no room.",
	  .example = "host stats a",
	  .run = tw_stats_host },
	{ .verb = "rebalance",
	  .operand = "NAME",
	  .complete = TW_COMPLETE_HOST,
	  .summary = "share out the receive queues of a host's switch among its workers",
	  .text = "What each queue cost in the last second decides; queues move without loss, and only where it helps. "
		  "A switch does this by itself every few seconds, unless it is told not to (tw-switch --rebalance).",
	  .example = "host rebalance a",
	  .options = rebalance_options,
	  .begin = tw_rebalance_begin,
	  .run = tw_rebalance_run },
	TW_COMMAND_DELETE(TW_COMPLETE_HOST, "delete a host that serves no port", NULL),
	{ 0 },
};

const struct tw_noun tw_noun_host = {
	.name = "host",
	.plural = "hosts",
	.summary = "machines of the switch and their uplinks",
	.commands = commands,
	.kind = TW__KIND__HOST,
	.list = list,
	.card = card,
	.detail = detail,
	.show = show,
};
