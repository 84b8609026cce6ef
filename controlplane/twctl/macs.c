/* SPDX-License-Identifier: Apache-2.0 */
/* macs.c - the MAC policy of a network or a port; see macs.h. docs/mac.md says what it means. One thread. */
#include "controlplane/twctl/macs.h"

#include <string.h>
#include <strings.h>

#include "controlplane/twctl/parse.h"
#include "proto/link/check.h"

/* accept, reject, and of a port inherit. The field is a Policy, or a network's older one, which is a bool. */
static bool apply_policy(struct tw_run *run, const struct tw_option *option, const char *value)
{
	bool yes_or_no = tw_message_field(run->target, option->field)->type == PROTOBUF_C_TYPE_BOOL;
	bool port = run->noun->kind == TW__KIND__PORT;
	char path[96];
	int policy;

	if (!tw_enum_parse(&tw__policy__descriptor, value, &policy) || (policy == TW__POLICY__POLICY_INHERIT && !port))
		return tw_error_set(&run->error, TW_E_INVALID, tw_option_path(run, option, path),
				    "%.60s is none of: accept, reject%s", value, port ? ", inherit" : "");
	tw_message_set_number(run->target, option->field,
			      yes_or_no ? policy == TW__POLICY__POLICY_ACCEPT : (uint64_t)policy);
	return true;
}

/* "02:00:00:00:01:01,02:00:00:00:01:02"; "none" takes all away. */
static bool apply_static(struct tw_run *run, const struct tw_option *option, const char *value)
{
	char path[96], text[TW_MAC_TEXT + 1];
	uint8_t mac[TW_MAC_LEN];

	if (strcasecmp(value, "none") == 0)
		return true;
	for (const char *word = value;; word += strcspn(word, ",") + 1) {
		size_t len = strcspn(word, ",");

		snprintf(text, sizeof(text), "%.*s", (int)len, word);
		if (!tw_parse_mac(tw_option_path(run, option, path), text, mac, &run->error))
			return false;
		tw_message_add_bytes(run->target, option->field, mac, sizeof(mac));
		if (!word[len])
			return true;
	}
}

/* clang-format off */
#define POLICY(option, of, words_, text)                                                                               \
	{ .name = option, .arg = "POLICY", .help = text, .field = of, .complete = TW_COMPLETE_WORDS, .words = words_,  \
	  .apply = apply_policy }

const struct tw_option tw_network_mac_options[] = {
	POLICY("forged", "allow_forged", "accept reject",
	       "may guests send from MACs that are not their own: accept or reject (default)"),
	POLICY("mac-change", "mac_change", "accept reject",
	       "may a guest take a MAC of its own choosing, one at a time: accept or reject (default)"),
	{ .name = "learn",
	  .arg = "POLICY",
	  .help = "learn which MACs guests send from: accept; strict: more than the limit are dropped; or reject (default)",
	  .field = "learn",
	  .complete = TW_COMPLETE_WORDS,
	  .words = "accept strict reject",
	  .apply = tw_apply_enum },
	{ .name = "learn-age",
	  .arg = "TIME",
	  .help = "how long a silent MAC is remembered (default 5m)",
	  .field = "learn_age_s",
	  .min = 10,
	  .max = 86400,
	  .apply = tw_apply_seconds },
	{ .name = "learn-limit",
	  .arg = "N",
	  .help = "MACs that a port may have beside its own (default 64)",
	  .field = "learn_limit",
	  .min = 1,
	  .max = TW_LEARN_LIMIT_MAX,
	  .apply = tw_apply_number },
	POLICY("promiscuous", "promiscuous", "accept reject",
	       "do ports get all unicast of their VLANs: accept or reject (default)"),
	{ .name = "unknown-unicast",
	  .arg = "WHERE",
	  .help = "where a guest's frame for a MAC that is no port's goes: uplink (default), flood or drop",
	  .field = "unknown_unicast",
	  .complete = TW_COMPLETE_WORDS,
	  .words = "uplink flood drop",
	  .apply = tw_apply_enum },
	POLICY("unknown-from-wire", "unknown_from_wire", "accept reject",
	       "do ports get unicast from the uplink for MACs that are no port's: accept or reject (default)"),
	{ 0 },
};

const struct tw_option tw_port_mac_options[] = {
	POLICY("forged", "forged", "accept reject inherit",
	       "may the guest send from MACs that are not its own: accept, reject, or inherit (default)"),
	POLICY("mac-change", "mac_change", "accept reject inherit",
	       "may the guest take a MAC of its own choosing, one at a time: accept, reject, or inherit (default)"),
	{ .name = "learn",
	  .arg = "POLICY",
	  .help = "learn which MACs the guest sends from: accept; strict: more than the limit are dropped; reject; or inherit "
		  "(default)",
	  .field = "learn",
	  .complete = TW_COMPLETE_WORDS,
	  .words = "accept strict reject inherit",
	  .apply = tw_apply_enum },
	{ .name = "learn-age",
	  .arg = "TIME",
	  .help = "how long a silent MAC is remembered; 0 for the network's (default)",
	  .field = "learn_age_s",
	  .max = 86400,
	  .apply = tw_apply_seconds },
	{ .name = "learn-limit",
	  .arg = "N",
	  .help = "MACs that the port may have beside its own; 0 for the network's (default)",
	  .field = "learn_limit",
	  .max = TW_LEARN_LIMIT_MAX,
	  .apply = tw_apply_number },
	POLICY("promiscuous", "promiscuous", "accept reject inherit",
	       "does the port get all unicast of its VLANs: accept, reject, or inherit (default)"),
	{ .name = "unknown-unicast",
	  .arg = "WHERE",
	  .help = "where the guest's frame for a MAC that is no port's goes: uplink, flood, drop, or inherit (default)",
	  .field = "unknown_unicast",
	  .complete = TW_COMPLETE_WORDS,
	  .words = "uplink flood drop inherit",
	  .apply = tw_apply_enum },
	POLICY("unknown-from-wire", "unknown_from_wire", "accept reject inherit",
	       "does the port get unicast from the uplink for MACs that are no port's: accept, reject, or inherit (default)"),
	{ .name = "static-mac",
	  .arg = "LIST",
	  .help = "MACs that live behind the port beside its own, by comma (repeatable; replaces all; at most 64); or none",
	  .field = "static_macs",
	  .apply = apply_static },
	{ 0 },
};
/* clang-format on */

/* What a network does not say is the default. */
static void cell(FILE *out, const json_t *value, const json_t *object, const char *network_default)
{
	const char *text = json_string_value(value) ? json_string_value(value) : "inherit";
	bool port = json_object_get(object, "network") != NULL;

	fputs(!port && strcmp(text, "inherit") == 0 ? network_default : text, out);
}

void tw_cell_policy(FILE *out, const json_t *policy, const json_t *object)
{
	cell(out, policy, object, "reject");
}

void tw_cell_unknown(FILE *out, const json_t *unknown, const json_t *object)
{
	cell(out, unknown, object, "uplink");
}

void tw_cell_learn_age(FILE *out, const json_t *seconds, const json_t *object)
{
	json_int_t s = json_integer_value(seconds);

	if (!s && json_object_get(object, "network"))
		fputs("inherit", out);
	else
		fprintf(out, "%" JSON_INTEGER_FORMAT " s", s ? s : TW_LEARN_AGE_DEFAULT_S);
}

void tw_cell_learn_limit(FILE *out, const json_t *limit, const json_t *object)
{
	json_int_t n = json_integer_value(limit);

	if (!n && json_object_get(object, "network"))
		fputs("inherit", out);
	else
		fprintf(out, "%" JSON_INTEGER_FORMAT, n ? n : TW_LEARN_LIMIT_DEFAULT);
}
