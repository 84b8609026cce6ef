/* SPDX-License-Identifier: Apache-2.0 */
/* help.c - `--help` at each level and `twctl help`, from the command table. One thread. */
#include <string.h>

#include "controlplane/twctl/nouns.h"

enum { WIDTH = 100, OPTION_COLUMN = 28, COMMAND_COLUMN = 34 };

/* Text from column `at` (the line is there already) on, broken at spaces, continued at `indent`. Ends the line. */
static void wrapped(FILE *out, const char *text, size_t indent)
{
	size_t at = indent;

	while (*text) {
		size_t n = strcspn(text, " ");

		if (at > indent && at + 1 + n > WIDTH) {
			fprintf(out, "\n%*s", (int)indent, "");
			at = indent;
		} else if (at > indent) {
			fputc(' ', out);
			at++;
		}
		fwrite(text, 1, n, out);
		at += n;
		text += n;
		text += strspn(text, " ");
	}
	fputc('\n', out);
}

/* "  LABEL        text", the text on a line of its own when the label is long. */
static void entry(FILE *out, const char *label, const char *text, size_t column)
{
	fprintf(out, "  %s", label);
	if (strlen(label) + 4 > column)
		fprintf(out, "\n%*s", (int)column, "");
	else
		fprintf(out, "%*s", (int)(column - strlen(label) - 2), "");
	wrapped(out, text, column);
}

void tw_help_option(FILE *out, const struct tw_option *option)
{
	if (option->letter)
		fprintf(out, "-%c, ", option->letter);
	fprintf(out, "--%s", option->name);
	if (option->arg && option->arg[0] == '[')
		fprintf(out, "[=%s", option->arg + 1);
	else if (option->arg)
		fprintf(out, "=%s", option->arg);
}

void tw_help_usage(FILE *out, const struct tw_noun *noun, const struct tw_command *command)
{
	fprintf(out, "twctl %s", noun->name);
	if (command->verb)
		fprintf(out, " %s", command->verb);
	if (command->operand)
		fprintf(out, " %s", command->operand);
	if (command->more)
		fprintf(out, " %s...", command->more);
	fputs(" [OPTION]...", out);
}

static void option_entry(FILE *out, const struct tw_option *option)
{
	char label[64] = "", text[512];
	FILE *memory = fmemopen(label, sizeof(label) - 1, "w");

	if (memory) {
		tw_help_option(memory, option);
		fclose(memory);
	}
	/* Limits that are a plain number's; those of sizes and times are in the text, in the units one writes. */
	if (option->apply == tw_apply_number && option->min)
		snprintf(text, sizeof(text), "%s; %ju..%ju", option->help, (uintmax_t)option->min,
			 (uintmax_t)option->max);
	else
		snprintf(text, sizeof(text), "%s", option->help);
	entry(out, label, text, OPTION_COLUMN);
}

static void global_entries(FILE *out)
{
	fputs("\nOptions of every command:\n", out);
	for (const struct tw_option *o = tw_global_options; o->name; o++)
		option_entry(out, o);
}

static void command_entry(FILE *out, const struct tw_noun *noun, const struct tw_command *command)
{
	char label[64];

	snprintf(label, sizeof(label), "%s%s%s%s%s%s%s", noun->name, command->verb ? " " : "",
		 command->verb ? command->verb : "", command->operand ? " " : "",
		 command->operand ? command->operand : "", command->more ? " " : "",
		 command->more ? command->more : "");
	entry(out, label, command->summary, COMMAND_COLUMN);
}

void tw_help_all(FILE *out)
{
	fputs("Usage: twctl [OPTION]... COMMAND\n\n"
	      "Configure and watch a Tradewind distributed virtual switch through its controller.\n\nCommands:\n",
	      out);
	for (size_t i = 0; tw_nouns[i]; i++)
		for (const struct tw_command *c = tw_nouns[i]->commands; c->run; c++)
			command_entry(out, tw_nouns[i], c);
	global_entries(out);
	fputs("\nExit status: 0 done, 1 refused or failed, 2 the command line is wrong.\n"
	      "More of each: twctl COMMAND --help\n",
	      out);
}

void tw_help_noun(FILE *out, const struct tw_noun *noun)
{
	fprintf(out, "Usage: twctl %s VERB [OPTION]...\n\n%s: %s.\n\nCommands:\n", noun->name,
		noun->plural ? noun->plural : noun->name, noun->summary);
	for (const struct tw_command *c = noun->commands; c->run; c++)
		command_entry(out, noun, c);
	fprintf(out, "\nMore of each: twctl %s VERB --help\n", noun->name);
}

void tw_help_command(FILE *out, const struct tw_noun *noun, const struct tw_command *command)
{
	const struct tw_option *options[TW_OPTIONS_MAX];
	size_t n = tw_command_options(command, options);

	if (!command->verb && noun->commands[1].run) {
		tw_help_noun(out, noun);
		return;
	}
	fputs("Usage: ", out);
	tw_help_usage(out, noun, command);
	fputs("\n\n", out);
	fprintf(out, "%c%s.\n", command->summary[0] & ~0x20, command->summary + 1);
	if (command->text)
		wrapped(out, command->text, 0);
	if (command->example)
		fprintf(out, "\nExample:\n  twctl %s\n", command->example);
	if (n && !options[0]->global)
		fputs("\nOptions:\n", out);
	for (size_t i = 0; i < n && !options[i]->global; i++)
		option_entry(out, options[i]);
	global_entries(out);
}

static bool apply_man(struct tw_run *run, const struct tw_option *option, const char *value)
{
	return run->man = true;
}

static int run_help(struct tw_run *run)
{
	const struct tw_noun *noun = run->operand ? tw_noun_find(run->operand) : NULL;

	if (run->operand && !noun)
		return tw_run_usage(run, "there is no command \"%s\"", run->operand);
	if (run->man)
		tw_man_page(run->io->out);
	else if (!noun)
		tw_help_all(run->io->out);
	else if (noun->commands[0].verb)
		tw_help_noun(run->io->out, noun);
	else
		tw_help_command(run->io->out, noun, &noun->commands[0]);
	return TW_EXIT_DONE;
}

static const struct tw_option options[] = {
	{ .name = "man", .help = "write the man page", .apply = apply_man },
	{ 0 },
};

static const struct tw_command commands[] = {
	{ .operand = "[COMMAND]",
	  .complete = TW_COMPLETE_WORDS,
	  .words = "status host network port mirror exporter flows migrate migration completion",
	  .summary = "show help",
	  .options = (const struct tw_option *const[]){ options, NULL },
	  .run = run_help },
	{ 0 },
};

const struct tw_noun tw_noun_help = { .name = "help", .summary = "show help", .commands = commands };
