/* SPDX-License-Identifier: Apache-2.0 */
/* man.c - the man page twctl(1), from the command table; docs/man/twctl.1 is its output, and a test says so. One thread. */
#include <ctype.h>
#include <string.h>

#include "controlplane/twctl/command.h"

/* Text for troff: '-' is a minus sign, backslashes are shown, a line never begins with a request. */
static void text(FILE *out, const char *c)
{
	if (*c == '.' || *c == '\'')
		fputs("\\&", out);
	for (; *c; c++)
		fputs(*c == '-' ? "\\-" : *c == '\\' ? "\\e" : (char[]){ *c, '\0' }, out);
}

static void option_text(FILE *out, const struct tw_option *option)
{
	char label[64] = "";
	FILE *memory = fmemopen(label, sizeof(label) - 1, "w");

	if (memory) {
		tw_help_option(memory, option);
		fclose(memory);
	}
	fputs(".TP\n.B ", out);
	text(out, label);
	fputc('\n', out);
	text(out, option->help);
	if (option->apply == tw_apply_number && option->min)
		fprintf(out, "; %ju..%ju", (uintmax_t)option->min, (uintmax_t)option->max);
	fputs(".\n", out);
}

static void command_section(FILE *out, const struct tw_noun *noun, const struct tw_command *command)
{
	const struct tw_option *options[TW_OPTIONS_MAX];
	size_t n = tw_command_options(command, options);

	fprintf(out, ".SS twctl %s%s%s%s%s%s%s\n", noun->name, command->verb ? " " : "",
		command->verb ? command->verb : "", command->operand ? " " : "",
		command->operand ? command->operand : "", command->more ? " " : "", command->more ? command->more : "");
	fputc(toupper((unsigned char)command->summary[0]), out);
	text(out, command->summary + 1);
	fputs(".\n", out);
	if (command->text) {
		text(out, command->text);
		fputc('\n', out);
	}
	for (size_t i = 0; i < n && !options[i]->global; i++)
		option_text(out, options[i]);
	if (command->example) {
		fputs(".IP Example: 4\n.B twctl ", out);
		text(out, command->example);
		fputc('\n', out);
	}
}

void tw_man_page(FILE *out)
{
	fputs(".\\\" Made by `twctl help --man` from the command table of controlplane/twctl.\n"
	      ".TH TWCTL 1 \"\" \"Tradewind\" \"Tradewind\"\n"
	      ".SH NAME\ntwctl \\- configure and watch a Tradewind distributed virtual switch\n"
	      ".SH SYNOPSIS\n.B twctl\n[\\fIOPTION\\fR]... \\fICOMMAND\\fR\n"
	      ".SH DESCRIPTION\nAsks the controller (tw\\-controller) to change or to tell of networks, ports, hosts, "
	      "mirrors and exporters, and to move VMs between hosts.\nWhat a command says is done is on the "
	      "controller\\(cqs disk; with\n.B \\-\\-wait\nit is in force on every host concerned.\n"
	      ".SH OPTIONS\nThese go with every command.\n",
	      out);
	for (const struct tw_option *o = tw_global_options; o->name; o++)
		option_text(out, o);
	fputs(".SH COMMANDS\n", out);
	for (size_t i = 0; tw_nouns[i]; i++)
		for (const struct tw_command *c = tw_nouns[i]->commands; c->run; c++)
			command_section(out, tw_nouns[i], c);
	fputs(".SH OUTPUT\nTables and cards are for people. With\n.B \\-\\-json\nthe same and more comes as JSON, whose names "
	      "are those of the fields in Tradewind\\(cqs .proto files: numbers are numbers, lists are lists.\n"
	      ".SH EXIT STATUS\n"
	      ".TP\n0\nDone.\n"
	      ".TP\n1\nRefused or failed; standard error says\n.I twctl: FIELD: TEXT  [CODE]\nwith a CODE that never changes "
	      "its meaning (proto/link/error.h).\n"
	      ".TP\n2\nThe command line is wrong.\n"
	      ".SH ENVIRONMENT\n"
	      ".TP\n.B TW_CONTROLLER\nURL of the controller, where\n.B \\-\\-controller\nis not given.\n"
	      ".TP\n.B TW_RUN_DIR\nWhere Tradewind\\(cqs sockets are, where\n.B \\-\\-run\\-dir\nis not given.\n"
	      ".SH SEE ALSO\ntw\\-controller, tw\\-agent, tw\\-switch and tw\\-vm, each by its\n.BR \\-\\-help .\n",
	      out);
}
