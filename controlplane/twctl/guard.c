/* SPDX-License-Identifier: Apache-2.0 */
/* guard.c - the guards of a network or a port; see guard.h. One thread. */
#include "controlplane/twctl/guard.h"

#include <string.h>
#include <strings.h>

#include "common/prefix.h"

/* A word on the command line is a field of Guards. */
static bool known(const char *word, size_t len, const char **field)
{
	const ProtobufCMessageDescriptor *type = &tw__guards__descriptor;

	for (unsigned i = 0; i < type->n_fields; i++)
		if (strlen(type->fields[i].name) == len && strncasecmp(type->fields[i].name, word, len) == 0) {
			*field = type->fields[i].name;
			return true;
		}
	return false;
}

static void set_all(ProtobufCMessage *guards, bool on)
{
	for (unsigned i = 0; i < guards->descriptor->n_fields; i++)
		tw_message_set_number(guards, guards->descriptor->fields[i].name, on);
}

static bool apply_guard(struct tw_run *run, const struct tw_option *option, const char *value)
{
	ProtobufCMessage *guards;
	const char *field;
	char path[96];

	if (run->noun->kind == TW__KIND__PORT && strcasecmp(value, "inherit") == 0)
		return true; /* the field is named and not there */
	guards = tw_message_put(run->target, "guards");
	if (strcasecmp(value, "none") == 0)
		return true;
	if (strcasecmp(value, "all") == 0) {
		set_all(guards, true);
		return true;
	}
	for (const char *word = value;; word += strcspn(word, ",") + 1) {
		size_t len = strcspn(word, ",");

		if (!known(word, len, &field))
			return tw_error_set(
				&run->error, TW_E_INVALID, tw_option_path(run, option, path),
				"\"%.*s\" is no guard (source, arp, nd, dhcp, dhcp6, ra, bpdu; all or none)",
				(int)(len < 40 ? len : 40), word);
		tw_message_set_number(guards, field, true);
		if (!word[len])
			return true;
	}
}

/* "10.0.0.5,2001:db8::/64"; "none" takes all away. */
static bool apply_address(struct tw_run *run, const struct tw_option *option, const char *value)
{
	char path[96], text[TW_PREFIX_TEXT];
	struct tw_prefix prefix;

	if (strcasecmp(value, "none") == 0)
		return true;
	for (const char *word = value;; word += strcspn(word, ",") + 1) {
		size_t len = strcspn(word, ",");

		snprintf(text, sizeof(text), "%.*s", (int)len, word);
		if (len >= sizeof(text) || !tw_prefix_parse(text, &prefix))
			return tw_error_set(&run->error, TW_E_INVALID, tw_option_path(run, option, path),
					    "\"%.*s\" is not an address or a prefix (as in 10.0.0.5, 10.0.0.0/24, "
					    "2001:db8::/64; no bits behind the length)",
					    (int)(len < 40 ? len : 40), word);
		tw_message_add_string(run->target, option->field, text);
		if (!word[len])
			return true;
	}
}

/* "none" of a network and "inherit" of a port are both the empty name; "none" of a port is a word of its own. */
static bool apply_acl(struct tw_run *run, const struct tw_option *option, const char *value)
{
	bool empty = strcmp(value, run->noun->kind == TW__KIND__PORT ? "inherit" : "none") == 0;

	tw_message_set_string(run->target, option->field, empty ? "" : value);
	return true;
}

#define GUARD_WORDS "source arp nd dhcp dhcp6 ra bpdu all none"

const struct tw_option tw_network_guard_options[] = {
	{ .name = "guard",
	  .arg = "LIST",
	  .help = "what guests may not send, of source,arp,nd,dhcp,dhcp6,ra,bpdu; or all, or none (default)",
	  .field = "guards",
	  .complete = TW_COMPLETE_WORDS,
	  .words = GUARD_WORDS,
	  .apply = apply_guard },
	{ .name = "ingress-acl",
	  .arg = "ACL",
	  .help = "access list for what guests send; or none (default)",
	  .field = "ingress_acl",
	  .complete = TW_COMPLETE_ACL,
	  .apply = apply_acl },
	{ .name = "egress-acl",
	  .arg = "ACL",
	  .help = "access list for what guests get; or none (default)",
	  .field = "egress_acl",
	  .complete = TW_COMPLETE_ACL,
	  .apply = apply_acl },
	{ 0 },
};

const struct tw_option tw_port_guard_options[] = {
	{ .name = "guard",
	  .arg = "LIST",
	  .help = "guards in place of the network's, as source,arp or all or none; inherit goes back to the network's",
	  .field = "guards",
	  .complete = TW_COMPLETE_WORDS,
	  .words = GUARD_WORDS " inherit",
	  .apply = apply_guard },
	{ .name = "address",
	  .arg = "LIST",
	  .help = "the guest's IPv4 and IPv6 addresses or prefixes, by comma (repeatable; replaces all); or none",
	  .field = "addresses",
	  .apply = apply_address },
	{ .name = "ingress-acl",
	  .arg = "ACL",
	  .help = "access list for what guests send; none, or inherit for the network's (default)",
	  .field = "ingress_acl",
	  .complete = TW_COMPLETE_ACL,
	  .apply = apply_acl },
	{ .name = "egress-acl",
	  .arg = "ACL",
	  .help = "access list for what guests get; none, or inherit for the network's (default)",
	  .field = "egress_acl",
	  .complete = TW_COMPLETE_ACL,
	  .apply = apply_acl },
	{ 0 },
};

void tw_cell_guards(FILE *cell, const json_t *guards, const json_t *object)
{
	const ProtobufCMessageDescriptor *type = &tw__guards__descriptor;
	unsigned n = 0;

	for (unsigned i = 0; i < type->n_fields; i++)
		if (json_is_true(json_object_get(guards, type->fields[i].name)))
			fprintf(cell, "%s%s", n++ ? "," : "", type->fields[i].name);
	if (n == 0)
		fputs(!guards && json_object_get(object, "network") ? "inherit" : "none", cell);
}
