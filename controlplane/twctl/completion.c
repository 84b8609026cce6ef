/* SPDX-License-Identifier: Apache-2.0 */
/*
 * completion.c - `twctl completion bash`: a script made from the command table. Names of objects are not in it: the shell asks
 * `twctl NOUN list --names` when they are wanted, and goes without when no controller answers in a second.
 *
 * Threads  one.
 */
#include <string.h>

#include "controlplane/twctl/nouns.h"

/* The words that bash may offer for a value, as a shell expression. */
static const char *source(enum tw_complete complete)
{
	switch (complete) {
	case TW_COMPLETE_HOST:
		return "$(_twctl_names host)";
	case TW_COMPLETE_NETWORK:
		return "$(_twctl_names network)";
	case TW_COMPLETE_PORT:
		return "$(_twctl_names port)";
	case TW_COMPLETE_MIRROR:
		return "$(_twctl_names mirror)";
	case TW_COMPLETE_ACL:
		return "$(_twctl_names acl)";
	case TW_COMPLETE_EXPORTER:
		return "$(_twctl_names exporter)";
	case TW_COMPLETE_MIGRATION:
		return "$(_twctl_names migration)";
	case TW_COMPLETE_VM:
		return "$(_twctl_names port | cut -d/ -f1 | sort -u)";
	default:
		return NULL;
	}
}

static void offer(FILE *out, enum tw_complete complete, const char *words)
{
	if (complete == TW_COMPLETE_FILE)
		fputs("COMPREPLY=($(compgen -f -- \"$cur\"))", out);
	else if (complete == TW_COMPLETE_WORDS)
		fprintf(out, "words=\"%s\"", words);
	else if (source(complete))
		fprintf(out, "words=%s", source(complete));
	else
		fputs(":", out);
}

/* A case of "noun verb": the values of its options, its options, its operand. */
static void command_case(FILE *out, const struct tw_noun *noun, const struct tw_command *command)
{
	const struct tw_option *options[TW_OPTIONS_MAX];
	size_t n = tw_command_options(command, options);

	fprintf(out, "\t\"%s%s%s\")\n", noun->name, command->verb ? " " : "", command->verb ? command->verb : "");
	fputs("\t\toptions=\"", out);
	for (size_t i = 0; i < n; i++)
		fprintf(out, "%s--%s", i ? " " : "", options[i]->name);
	fputs("\"\n\t\tcase \"$prev\" in\n", out);
	for (size_t i = 0; i < n; i++) {
		if (!options[i]->arg || options[i]->arg[0] == '[')
			continue;
		fprintf(out, "\t\t--%s) ", options[i]->name);
		offer(out, options[i]->complete, options[i]->words);
		fputs(" ;;\n", out);
	}
	fputs("\t\t*) own=1 ", out);
	if (command->operand && command->complete != TW_COMPLETE_NONE) {
		fputs("; [[ -n $operand ]] || ", out);
		offer(out, command->complete, command->words);
	}
	fputs(" ;;\n\t\tesac ;;\n", out);
}

static void noun_case(FILE *out, const struct tw_noun *noun)
{
	if (!noun->commands[0].verb)
		return;
	fprintf(out, "\t\"%s\")\n\t\town=1 words=\"", noun->name);
	for (const struct tw_command *c = noun->commands; c->run; c++)
		fprintf(out, "%s%s", c == noun->commands ? "" : " ", c->verb);
	fputs("\" ;;\n", out);
}

/* Names of the options that take their value from the next word: it is neither noun nor verb. */
static void valued_options(FILE *out)
{
	const struct tw_option *options[TW_OPTIONS_MAX];

	fputs("-c", out);
	for (size_t i = 0; tw_nouns[i]; i++)
		for (const struct tw_command *c = tw_nouns[i]->commands; c->run; c++) {
			size_t n = tw_command_options(c, options);

			for (size_t k = 0; k < n; k++)
				if (options[k]->arg && options[k]->arg[0] != '[' &&
				    (!options[k]->global || (!i && c == tw_nouns[0]->commands)))
					fprintf(out, " | --%s", options[k]->name);
		}
}

static const char names_function[] =
	"# Names of objects; asked of the controller that the line names, if it does.\n"
	"_twctl_names() {\n"
	"\t\"${COMP_WORDS[0]}\" \"${_twctl_to[@]}\" --timeout 1 \"$1\" list --names 2>/dev/null\n"
	"}\n\n";

static const char main_head[] =
	"_twctl() {\n"
	"\tlocal cur=\"${COMP_WORDS[COMP_CWORD]}\" prev=\"${COMP_WORDS[COMP_CWORD - 1]}\" word i\n"
	"\tlocal noun= verb= operand= words= options= own=\n"
	"\tlocal -a _twctl_to=()\n"
	"\tCOMPREPLY=()\n"
	"\t# bash splits --option=value into three words\n"
	"\tif [[ $cur == = ]]; then\n"
	"\t\tcur=\n"
	"\telif [[ $prev == = ]]; then\n"
	"\t\tprev=\"${COMP_WORDS[COMP_CWORD - 2]}\"\n"
	"\tfi\n"
	"\tfor ((i = 1; i < COMP_CWORD; i++)); do\n"
	"\t\tword=\"${COMP_WORDS[i]}\"\n"
	"\t\tcase \"$word\" in\n";

static const char main_middle[] =
	")\n"
	"\t\t\t[[ ${COMP_WORDS[i + 1]-} == = ]] && i=$((i + 1))\n"
	"\t\t\ti=$((i + 1))\n"
	"\t\t\t[[ $word == -c || $word == --controller || $word == --run-dir ]] && ((i < COMP_CWORD)) &&\n"
	"\t\t\t\t_twctl_to+=(\"$word\" \"${COMP_WORDS[i]}\") ;;\n"
	"\t\t-* | =) ;;\n"
	"\t\t*)\n"
	"\t\t\tif [[ -z $noun ]]; then\n"
	"\t\t\t\tnoun=$word\n"
	"\t\t\telif [[ -z $verb && $noun != @(";

static const char main_tail[] = ") ]]; then\n"
				"\t\t\t\tverb=$word\n"
				"\t\t\telse\n"
				"\t\t\t\toperand=$word\n"
				"\t\t\tfi ;;\n"
				"\t\tesac\n"
				"\tdone\n"
				"\tcase \"$noun${verb:+ $verb}\" in\n";

static const char main_end[] = "\tesac\n"
			       "\t[[ -n $own && $cur == -* ]] && words=$options\n"
			       "\t[[ -n $words ]] && COMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n"
			       "\treturn 0\n"
			       "}\n"
			       "complete -F _twctl twctl\n";

static void bash_script(FILE *out)
{
	const char *separator = "";

	fputs("# bash completion for twctl, made by `twctl completion bash`\n", out);
	fputs(names_function, out);
	fputs(main_head, out);
	fputs("\t\t", out);
	valued_options(out);
	fputs(main_middle, out);
	for (size_t i = 0; tw_nouns[i]; i++)
		if (!tw_nouns[i]->commands[0].verb) {
			fprintf(out, "%s%s", separator, tw_nouns[i]->name);
			separator = "|";
		}
	fputs(main_tail, out);
	fputs("\t\"\")\n\t\town=1 words=\"", out);
	for (size_t i = 0; tw_nouns[i]; i++)
		fprintf(out, "%s%s", i ? " " : "", tw_nouns[i]->name);
	fputs("\"\n\t\toptions=\"", out);
	for (const struct tw_option *o = tw_global_options; o->name; o++)
		fprintf(out, "%s--%s", o == tw_global_options ? "" : " ", o->name);
	fputs("\" ;;\n", out);
	for (size_t i = 0; tw_nouns[i]; i++) {
		noun_case(out, tw_nouns[i]);
		for (const struct tw_command *c = tw_nouns[i]->commands; c->run; c++)
			command_case(out, tw_nouns[i], c);
	}
	fputs(main_end, out);
}

static int run_completion(struct tw_run *run)
{
	bash_script(run->io->out);
	return TW_EXIT_DONE;
}

static const struct tw_command commands[] = {
	{ .verb = "bash",
	  .summary = "write a completion script for bash",
	  .text = "Names of hosts, networks, ports and so on are completed too, by asking the controller.",
	  .example = "completion bash > /etc/bash_completion.d/twctl",
	  .run = run_completion },
	{ 0 },
};

const struct tw_noun tw_noun_completion = {
	.name = "completion",
	.summary = "completion for shells",
	.commands = commands,
};
