/* SPDX-License-Identifier: Apache-2.0 */
/* acl.c - `twctl acl`: access lists and what their rules met. One thread. */
#include <stdlib.h>
#include <string.h>

#include "common/acl_rule.h"
#include "controlplane/twctl/nouns.h"

static void count_cell(FILE *cell, const json_t *rules, const json_t *object)
{
	fprintf(cell, "%zu", json_array_size(rules));
}

static void default_cell(FILE *cell, const json_t *action, const json_t *object)
{
	fputs(json_string_value(action) ? json_string_value(action) : "allow", cell);
}

static const struct tw_column list[] = {
	{ "NAME", "name", NULL },
	{ "RULES", "rules", count_cell },
	{ "DEFAULT", "default_action", default_cell },
	{ 0 },
};

static const struct tw_column card[] = {
	{ "name", "name", NULL },
	{ "rules", "rules", count_cell },
	{ "default", "default_action", default_cell },
	{ "revision", "revision", NULL },
	{ 0 },
};

static const struct tw_column rule_columns[] = {
	{ "RULE", "number", NULL },
	{ "HITS", "hits", NULL },
	{ "THAT IS", "rule", NULL },
	{ 0 },
};

static bool detail(struct tw_run *run, json_t *object)
{
	return tw_status_add_parts(run, object, "acls");
}

/* Sum over the hosts. */
static json_int_t hits_of(const json_t *object, size_t i)
{
	json_int_t sum = 0;
	const json_t *part;
	size_t k;

	json_array_foreach(json_object_get(object, "status"), k, part) sum +=
		json_integer_value(json_array_get(json_object_get(part, "hits"), i));
	return sum;
}

static void show(FILE *out, const json_t *object)
{
	const json_t *rules = json_object_get(object, "rules");
	const char *otherwise = tw_json_string_at(object, "default_action");
	json_t *rows = json_array();
	size_t n = json_array_size(rules);

	for (size_t i = 0; i < n; i++)
		json_array_append_new(rows, json_pack("{s:I,s:I,s:O}", "number", (json_int_t)i + 1, "hits",
						      hits_of(object, i), "rule", json_array_get(rules, i)));
	json_array_append_new(rows, json_pack("{s:s,s:I,s:s}", "number", "default", "hits", hits_of(object, n), "rule",
					      *otherwise ? otherwise : "allow"));
	fputc('\n', out);
	tw_out_table(out, rule_columns, rows);
	json_decref(rows);
}

/* A rule may be there twice: count rules do so at will. */
static bool add_rule(struct tw_run *run, const struct tw_option *option, const char *text)
{
	Tw__Acl *acl = (Tw__Acl *)run->target;
	struct tw_acl_rule rule;
	char path[96], error[200];
	char **grown;

	if (strlen(text) > TW_ACL_RULE_TEXT)
		return tw_error_set(&run->error, TW_E_INVALID, tw_option_path(run, option, path),
				    "rule %zu is longer than %d octets", acl->n_rules + 1, TW_ACL_RULE_TEXT);
	if (!tw_acl_rule_parse(text, &rule, error, sizeof(error)))
		return tw_error_set(&run->error, TW_E_INVALID, tw_option_path(run, option, path), "rule %zu, %s",
				    acl->n_rules + 1, error);
	if (acl->n_rules == TW_ACL_RULES_MAX)
		return tw_error_set(&run->error, TW_E_INVALID, tw_option_path(run, option, path),
				    "there are more than %d rules", TW_ACL_RULES_MAX);
	grown = tw_alloc((acl->n_rules + 1) * sizeof(*grown));
	if (acl->n_rules)
		memcpy(grown, acl->rules, acl->n_rules * sizeof(*grown));
	free(acl->rules);
	acl->rules = grown;
	acl->rules[acl->n_rules++] = tw_strdup(text);
	return true;
}

/* A rule a line; empty lines and what follows a '#' are left out. */
static bool apply_file(struct tw_run *run, const struct tw_option *option, const char *path)
{
	FILE *file = fopen(path, "re");
	char *line = NULL;
	size_t room = 0;
	bool good = true;

	if (!file)
		return tw_error_set(&run->error, TW_E_INVALID, "--rules", "%.200s cannot be read: %m", path);
	while (good && getline(&line, &room, file) >= 0) {
		line[strcspn(line, "#\r\n")] = '\0';
		good = line[strspn(line, " \t")] == '\0' || add_rule(run, option, line + strspn(line, " \t"));
	}
	free(line);
	fclose(file);
	return good;
}

static const struct tw_option options[] = {
	{ .name = "rule",
	  .arg = "RULE",
	  .help = "a rule, as 'allow tcp from 10.0.0.0/24 to any port 443' (repeatable, in order; replaces all)",
	  .field = "rules",
	  .apply = add_rule },
	{ .name = "rules",
	  .arg = "FILE",
	  .help = "rules from a file, one a line, # begins a remark (replaces all)",
	  .field = "rules",
	  .excludes = "rule",
	  .complete = TW_COMPLETE_FILE,
	  .apply = apply_file },
	{ .name = "default",
	  .arg = "ACTION",
	  .help = "what happens to a frame that no rule fits: allow (default) or deny",
	  .field = "default_action",
	  .complete = TW_COMPLETE_WORDS,
	  .words = "allow deny",
	  .apply = tw_apply_enum },
	{ 0 },
};

static const struct tw_option *const write_options[] = { options, tw_write_options, NULL };

static const struct tw_command commands[] = {
	TW_COMMAND_LIST("access lists"),
	TW_COMMAND_SHOW(
		TW_COMPLETE_ACL, "show an access list and what its rules met",
		"HITS are flows judged; of deny and count rules, and of rules on TCP flags, packets. They begin at "
		"0 when the list changes."),
	{ .verb = "create",
	  .operand = "NAME",
	  .summary = "create an access list",
	  .text = "The first rule that fits a frame decides; count rules count it and go on. A rule is ACTION [PROTOCOL] "
		  "[from SIDE] [to SIDE] [vlan N[-M]] [type N [code N]] [flags F[/MASK]]. ACTION: allow, deny, count. "
		  "PROTOCOL: any, ip4, ip6, arp, tcp, udp, sctp, icmp, icmp6, igmp, proto N, ethertype 0xNNNN. SIDE: any or "
		  "ADDRESS[/LENGTH], then mac MAC[/MASK], then port N[-M]. Networks and ports have it by --ingress-acl (what "
		  "guests send) and --egress-acl (what they get).",
	  .example = "acl create web --rule 'allow tcp from any to 10.0.0.0/24 port 443' --default deny",
	  .options = write_options,
	  .begin = tw_object_begin_create,
	  .run = tw_object_write },
	{ .verb = "set",
	  .operand = "NAME",
	  .complete = TW_COMPLETE_ACL,
	  .summary = "change an access list",
	  .options = write_options,
	  .begin = tw_object_begin_set,
	  .run = tw_object_write },
	TW_COMMAND_DELETE(TW_COMPLETE_ACL, "delete an access list that no network and no port has", NULL),
	{ 0 },
};

const struct tw_noun tw_noun_acl = {
	.name = "acl",
	.plural = "acls",
	.summary = "access lists: what guests may send and get",
	.commands = commands,
	.kind = TW__KIND__ACL,
	.list = list,
	.card = card,
	.detail = detail,
	.show = show,
};
