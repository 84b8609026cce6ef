/* SPDX-License-Identifier: Apache-2.0 */
/* teaming.c - the teaming of a host, a network or a port; see teaming.h. One thread. */
#include "controlplane/twctl/teaming.h"

#include <string.h>
#include <strings.h>

static const struct {
	const char *word;
	Tw__Teaming__Policy policy;
} policies[] = {
	{ "active-standby", TW__TEAMING__POLICY__ACTIVE_STANDBY },
	{ "hash-port", TW__TEAMING__POLICY__HASH_PORT },
	{ "hash-mac", TW__TEAMING__POLICY__HASH_MAC },
	{ "hash-5tuple", TW__TEAMING__POLICY__HASH_5TUPLE },
	{ "lacp", TW__TEAMING__POLICY__LACP },
};

/* The field named without a message in it: a network goes back to its hosts', a port to its network's. */
static const char *word_for_none(const struct tw_run *run)
{
	switch (run->noun->kind) {
	case TW__KIND__PORT:
		return "inherit";
	case TW__KIND__NETWORK:
		return "host";
	default:
		return "default";
	}
}

/* Options come in any order. */
static ProtobufCMessage *teaming_of(struct tw_run *run)
{
	ProtobufCMessage *teaming = tw_message_get(run->target, "teaming");

	return teaming ? teaming : tw_message_put(run->target, "teaming");
}

static bool apply_teaming(struct tw_run *run, const struct tw_option *option, const char *value)
{
	char path[96];

	if (strcasecmp(value, word_for_none(run)) == 0)
		return true;
	for (size_t i = 0; i < sizeof(policies) / sizeof(*policies); i++)
		if (strcasecmp(value, policies[i].word) == 0 && tw_word_in(option->words, " ", policies[i].word)) {
			tw_message_set_number(teaming_of(run), "policy", policies[i].policy);
			return true;
		}
	return tw_error_set(&run->error, TW_E_INVALID, tw_option_path(run, option, path), "%.40s is none of: %s", value,
			    option->words);
}

static bool apply_name(struct tw_run *run, const struct tw_option *option, const char *value)
{
	tw_message_add_string(teaming_of(run), option->name, value);
	return true;
}

static bool apply_rate(struct tw_run *run, const struct tw_option *option, const char *value)
{
	bool fast = strcasecmp(value, "fast") == 0;
	char path[96];

	if (!fast && strcasecmp(value, "slow") != 0)
		return tw_error_set(&run->error, TW_E_INVALID, tw_option_path(run, option, path),
				    "%.40s is none of: slow, fast", value);
	tw_message_set_number(teaming_of(run), "lacp_rate", fast);
	return true;
}

/* clang-format off */
#define ORDER                                                                                                          \
	{ .name = "active", .arg = "UPLINK",                                                                           \
	  .help = "an uplink that serves (repeatable, in order; default: all that are not standby)",                   \
	  .field = "teaming", .needs = "teaming", .apply = apply_name },                                               \
	{ .name = "standby", .arg = "UPLINK",                                                                          \
	  .help = "an uplink that takes the place of an active one that is down (repeatable, in order)",               \
	  .field = "teaming", .needs = "teaming", .apply = apply_name }
/* clang-format on */

const struct tw_option tw_host_teaming_options[] = {
	{ .name = "teaming",
	  .arg = "POLICY",
	  .help = "how uplinks share the frames: active-standby (default), hash-port, hash-mac, hash-5tuple (the switch at "
		  "the other end bundles its ports), lacp",
	  .field = "teaming",
	  .complete = TW_COMPLETE_WORDS,
	  .words = "active-standby hash-port hash-mac hash-5tuple lacp default",
	  .apply = apply_teaming },
	ORDER,
	{ .name = "lacp-rate",
	  .arg = "RATE",
	  .help = "how often the partner is asked for LACPDUs: slow (each 30 s, default) or fast (each second)",
	  .field = "teaming",
	  .needs = "teaming",
	  .complete = TW_COMPLETE_WORDS,
	  .words = "slow fast",
	  .apply = apply_rate },
	{ 0 },
};

const struct tw_option tw_network_teaming_options[] = {
	{ .name = "teaming",
	  .arg = "POLICY",
	  .help = "how uplinks share the frames of its ports: active-standby, hash-port, hash-mac, hash-5tuple; or host for "
		  "each host's own (default)",
	  .field = "teaming",
	  .complete = TW_COMPLETE_WORDS,
	  .words = "active-standby hash-port hash-mac hash-5tuple host",
	  .apply = apply_teaming },
	ORDER,
	{ 0 },
};

const struct tw_option tw_port_teaming_options[] = {
	{ .name = "teaming",
	  .arg = "POLICY",
	  .help = "how uplinks share its frames, in place of the network's: active-standby, hash-port, hash-mac, "
		  "hash-5tuple; or inherit (default)",
	  .field = "teaming",
	  .complete = TW_COMPLETE_WORDS,
	  .words = "active-standby hash-port hash-mac hash-5tuple inherit",
	  .apply = apply_teaming },
	ORDER,
	{ 0 },
};

static void print_names(FILE *cell, const char *what, const json_t *names)
{
	const json_t *name;
	size_t i;

	json_array_foreach(names, i, name) fprintf(cell, "%s %s", i ? "" : what, json_string_value(name));
}

void tw_cell_teaming(FILE *cell, const json_t *teaming, const json_t *object)
{
	const char *policy = tw_json_string_at(teaming, "policy");

	if (!teaming) {
		fputs(json_object_get(object, "network") ? "inherit"
		      : json_object_get(object, "vlan")  ? "host"
							 : "active-standby",
		      cell);
		return;
	}
	for (const char *c = policy; *c; c++)
		fputc(*c == '_' ? '-' : *c, cell);
	print_names(cell, ", active", json_object_get(teaming, "active"));
	print_names(cell, ", standby", json_object_get(teaming, "standby"));
	if (strcmp(policy, "lacp") == 0)
		fprintf(cell, " %s", tw_json_string_at(teaming, "lacp_rate"));
}
