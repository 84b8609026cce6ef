/* SPDX-License-Identifier: Apache-2.0 */
/* command.c - from argv to a command of the table, its options checked and applied; see command.h. One thread. */
#include "controlplane/twctl/command.h"

#include <getopt.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "common/path.h"
#include "controlplane/twctl/parse.h"
#include "proto/link/link.h"

enum { GIVEN_MAX = 256, LONG_ONLY = 0x1000 /* getopt's value of the first option: beyond every letter */ };

/* An option as it was given. */
struct given {
	const struct tw_option *option;
	const char *value;
};

struct arguments {
	const struct tw_option *options[TW_OPTIONS_MAX];
	size_t n_options;
	struct given given[GIVEN_MAX];
	size_t n_given;
};

const struct tw_noun *tw_noun_find(const char *name)
{
	for (size_t i = 0; tw_nouns[i]; i++)
		if (strcmp(tw_nouns[i]->name, name) == 0)
			return tw_nouns[i];
	return NULL;
}

const struct tw_command *tw_noun_command(const struct tw_noun *noun, const char *verb)
{
	for (const struct tw_command *c = noun->commands; c->run; c++)
		if (!c->verb || (verb && strcmp(c->verb, verb) == 0))
			return c;
	return NULL;
}

size_t tw_command_options(const struct tw_command *command, const struct tw_option *options[static TW_OPTIONS_MAX])
{
	size_t n = 0;

	for (size_t i = 0; command && command->options && command->options[i]; i++)
		for (const struct tw_option *o = command->options[i]; o->name; o++)
			options[n++] = o;
	for (const struct tw_option *o = tw_global_options; o->name; o++)
		options[n++] = o;
	return n;
}

bool tw_word_in(const char *list, const char *separators, const char *name)
{
	size_t size = strlen(name);

	while (list && *list) {
		size_t n = strcspn(list, separators);

		if (n == size && strncmp(list, name, n) == 0)
			return true;
		list += n + (list[n] != '\0');
	}
	return false;
}

int tw_run_usage(const struct tw_run *run, const char *fmt, ...)
{
	FILE *err = run->io->err;
	char text[512];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	fputs("twctl: ", err);
	tw_out_text(err, text);
	fputs("\nsee: twctl", err);
	if (run->noun)
		fprintf(err, " %s", run->noun->name);
	if (run->noun && run->command && run->command->verb)
		fprintf(err, " %s", run->command->verb);
	fputs(" --help\n", err);
	return TW_EXIT_USAGE;
}

/* What getopt_long() needs, from the table. */
static void getopt_tables(const struct arguments *args, const char *mode, char *letters, struct option *longs)
{
	letters += sprintf(letters, "%s:", mode);
	for (size_t i = 0; i < args->n_options; i++) {
		const struct tw_option *o = args->options[i];
		int has = !o->arg ? no_argument : o->arg[0] == '[' ? optional_argument : required_argument;

		longs[i] = (struct option){ .name = o->name, .has_arg = has, .val = LONG_ONLY + (int)i };
		if (o->letter)
			letters += sprintf(letters, "%c%s", o->letter, has == required_argument ? ":" : "");
	}
	longs[args->n_options] = (struct option){ 0 };
}

static const struct tw_option *by_getopt_value(const struct arguments *args, int value)
{
	if (value >= LONG_ONLY)
		return args->options[value - LONG_ONLY];
	for (size_t i = 0; i < args->n_options; i++)
		if (value && args->options[i]->letter == value)
			return args->options[i];
	return NULL;
}

static int refused_option(const struct tw_run *run, const struct arguments *args, int value, char *const *argv)
{
	const struct tw_option *o = by_getopt_value(args, optopt);

	if (value == ':' && o)
		return tw_run_usage(run, "--%s needs a value: %s", o->name, o->arg);
	if (o)
		return tw_run_usage(run, "--%s takes no value", o->name);
	if (optopt)
		return tw_run_usage(run, "unknown option -%c", optopt);
	return tw_run_usage(run, "unknown option %s", argv[optind - 1]);
}

/*
 * Collect the options in argv. mode "+" stops at the first word that is none, "" moves those to the end; optind is then
 * the first of them.
 */
static int collect(struct tw_run *run, struct arguments *args, int argc, char **argv, const char *mode)
{
	char letters[3 * TW_OPTIONS_MAX];
	struct option longs[TW_OPTIONS_MAX + 1];
	int value;

	getopt_tables(args, mode, letters, longs);
	opterr = 0;
	optind = 0; /* glibc: begin anew */
	while ((value = getopt_long(argc, argv, letters, longs, NULL)) != -1) {
		if (value == '?' || value == ':')
			return refused_option(run, args, value, argv);
		if (args->n_given == GIVEN_MAX)
			return tw_run_usage(run, "more than %d options", GIVEN_MAX);
		args->given[args->n_given++] =
			(struct given){ .option = by_getopt_value(args, value), .value = optarg };
	}
	return 0;
}

static bool is_given(const struct arguments *args, const char *name)
{
	for (size_t i = 0; i < args->n_given; i++)
		if (strcmp(args->given[i].option->name, name) == 0)
			return true;
	return false;
}

static int check_together(const struct tw_run *run, const struct arguments *args)
{
	for (size_t i = 0; i < args->n_given; i++) {
		const struct tw_option *o = args->given[i].option;

		if (o->needs && !is_given(args, o->needs))
			return tw_run_usage(run, "--%s goes with --%s", o->name, o->needs);
		for (size_t k = 0; k < args->n_given; k++)
			if (tw_word_in(o->excludes, ",", args->given[k].option->name))
				return tw_run_usage(run, "--%s does not go with --%s", o->name,
						    args->given[k].option->name);
	}
	return 0;
}

/* Each word of `required` is an option, or several of which one will do. */
static int check_required(const struct tw_run *run, const struct arguments *args)
{
	char copy[128], *words = copy, *word;

	snprintf(copy, sizeof(copy), "%s", run->command->required ? run->command->required : "");
	while ((word = strsep(&words, " ")) != NULL) {
		bool have = !*word;
		char *alternatives = word, *one, names[160] = "";

		while ((one = strsep(&alternatives, "|")) != NULL) {
			size_t used = strlen(names);

			have = have || is_given(args, one);
			snprintf(names + used, sizeof(names) - used, "%s--%s", used ? " or " : "", one);
		}
		if (!have)
			return tw_run_usage(run, "%s is missing", names);
	}
	return 0;
}

/* The words with a space between two. The caller frees it. */
static char *join(char **words, int n)
{
	size_t size = 1;
	char *text, *end;

	for (int i = 0; i < n; i++)
		size += strlen(words[i]) + 1;
	text = end = tw_alloc(size);
	for (int i = 0; i < n; i++)
		end += sprintf(end, "%s%s", i ? " " : "", words[i]);
	return text;
}

static int check_operands(struct tw_run *run, int argc, char **argv)
{
	const struct tw_command *command = run->command;
	int n = argc - optind, max = command->operand ? 1 : 0;
	int min = command->operand && command->operand[0] != '[' ? 1 : 0;

	if (n < min)
		return tw_run_usage(run, "%s is missing", command->operand);
	if (command->more && command->more[0] != '[' && n <= max)
		return tw_run_usage(run, "%s is missing", command->more);
	if (command->more)
		run->more = join(argv + optind + max, n - max);
	else if (n > max)
		return tw_run_usage(run, "what is \"%s\"?", argv[optind + max]);
	run->operand = n ? argv[optind] : NULL;
	return 0;
}

static bool apply(struct tw_run *run, const struct arguments *args, bool global)
{
	for (size_t i = 0; i < args->n_given; i++) {
		const struct tw_option *o = args->given[i].option;

		if (o->global != global)
			continue;
		if (!o->apply(run, o, args->given[i].value))
			return false;
		if (o->field && run->request && run->request->body_case == TW__ENVELOPE__BODY_SET)
			tw_message_add_string(&run->request->set->base, "fields", o->field);
	}
	return true;
}

static int choose_url(struct tw_run *run)
{
	const char *env = getenv("TW_CONTROLLER"), *chosen = run->controller;
	int rc;

	if (!chosen && env && *env)
		chosen = env;
	rc = chosen ? tw_path(run->url, sizeof(run->url), "%s", chosen)
		    : tw_path(run->url, sizeof(run->url), "ipc://%s/controller.ipc", tw_run_dir(run->run_dir));
	if (rc || (strncmp(run->url, "ipc://", 6) != 0 && strncmp(run->url, "tcp://", 6) != 0))
		return tw_run_usage(run, "the controller's URL is ipc:///PATH or tcp://ADDRESS:PORT, not \"%.100s\"",
				    chosen ? chosen : tw_run_dir(run->run_dir));
	return 0;
}

/* --help and --version, wherever they were given. @return true when that is all there is to do */
static bool show_help(const struct tw_run *run, const struct arguments *args)
{
	if (is_given(args, "help")) {
		if (run->command && run->noun)
			tw_help_command(run->io->out, run->noun, run->command);
		else if (run->noun)
			tw_help_noun(run->io->out, run->noun);
		else
			tw_help_all(run->io->out);
		return true;
	}
	if (is_given(args, "version"))
		fputs("twctl " TW_VERSION "\n", run->io->out);
	return is_given(args, "version");
}

/* argv[0] is the command's last word, or something that is no option. */
static int run_command(struct tw_run *run, struct arguments *args, int argc, char **argv)
{
	int rc;

	args->n_options = tw_command_options(run->command, args->options);
	rc = collect(run, args, argc, argv, "");
	if (rc || show_help(run, args))
		return rc;
	rc = check_operands(run, argc, argv);
	rc = rc ? rc : check_required(run, args);
	rc = rc ? rc : check_together(run, args);
	if (rc)
		return rc;
	if (!apply(run, args, true))
		return tw_run_fail(run);
	rc = choose_url(run);
	if (rc)
		return rc;
	if ((run->command->begin && !run->command->begin(run)) || !apply(run, args, false) ||
	    (run->command->finish && !run->command->finish(run)))
		return tw_run_fail(run);
	return run->command->run(run);
}

/* Words up to the command. */
static int dispatch(struct tw_run *run, struct arguments *args, int argc, char **argv)
{
	int rc;

	args->n_options = tw_command_options(NULL, args->options);
	rc = collect(run, args, argc, argv, "+");
	if (rc || (optind == argc && show_help(run, args)))
		return rc;
	if (optind == argc)
		return tw_run_usage(run, "what is to be done?");
	argc -= optind;
	argv += optind;
	run->noun = tw_noun_find(argv[0]);
	if (!run->noun)
		return tw_run_usage(run, "there is no command \"%s\"", argv[0]);
	if (run->noun->commands[0].verb) {
		rc = collect(run, args, argc, argv, "+"); /* options between noun and verb */
		if (rc || (optind == argc && show_help(run, args)))
			return rc;
		if (optind == argc)
			return tw_run_usage(run, "%s needs a verb", run->noun->name);
		argc -= optind;
		argv += optind;
	}
	run->command = tw_noun_command(run->noun, argv[0]);
	if (!run->command)
		return tw_run_usage(run, "%s has no verb \"%s\"", run->noun->name, argv[0]);
	return run_command(run, args, argc, argv);
}

int tw_twctl_run(int argc, char **argv, const struct tw_io *io)
{
	struct tw_run run = { .io = io, .timeout_ms = TW_ASK_TIMEOUT_MS };
	struct arguments args = { 0 };
	int rc = dispatch(&run, &args, argc, argv);

	if (run.request)
		tw__envelope__free_unpacked(run.request, NULL);
	free(run.more);
	if (run.link)
		tw_link_client_destroy(run.link);
	if (fflush(io->out) || ferror(io->out)) {
		fputs("twctl: the output could not be written\n", io->err);
		rc = rc ? rc : TW_EXIT_FAILED;
	}
	return rc;
}
