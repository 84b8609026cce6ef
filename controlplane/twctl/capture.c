/* SPDX-License-Identifier: Apache-2.0 */
/* capture.c - `twctl capture`: its command line; what it does is in capture_read.c. One thread. */
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "controlplane/twctl/capture_read.h"
#include "controlplane/twctl/nouns.h"
#include "controlplane/twctl/parse.h"
#include "proto/link/check.h"

enum { LINE_SNAPLEN = 96 /* octets that a line of text needs */, WHO_SIZE = 128 };

static bool set_file(struct tw_run *run, const struct tw_option *option, const char *value)
{
	run->file = value;
	return true;
}

static bool set_count(struct tw_run *run, const struct tw_option *option, const char *value)
{
	return tw_parse_number("--count", value, 1, UINT64_MAX, &run->count, &run->error);
}

static bool set_seconds(struct tw_run *run, const struct tw_option *option, const char *value)
{
	return tw_parse_seconds("--seconds", value, option->min, option->max, &run->seconds, &run->error);
}

/* "user@machine, twctl 4711": what the log of the controller has of us. */
static void set_who(Tw__OpenCapture *body)
{
	const struct passwd *user = getpwuid(getuid());
	char machine[64] = "", who[WHO_SIZE];

	gethostname(machine, sizeof(machine) - 1);
	snprintf(who, sizeof(who), "%.40s@%s, twctl %d", user ? user->pw_name : "?", machine, (int)getpid());
	tw_message_set_string(&body->base, "who", who);
}

static bool begin(struct tw_run *run)
{
	Tw__OpenCapture *body;

	run->request = tw_ask_new("open_capture", &body);
	run->target = tw_message_put(&body->base, "what");
	tw_message_set_string(run->target, "name", "capture"); /* the controller gives it its own, and its number */
	tw_message_set_number(run->target, "stream", 1);
	set_who(body);
	return true;
}

/* "web/eth0,db": ports and VMs. */
static void add_sources(struct tw_run *run, const char *list)
{
	char *copy = tw_strdup(list), *rest = copy, *one;

	while ((one = strsep(&rest, ",")) != NULL)
		if (*one)
			tw_message_add_string(run->target, strchr(one, '/') ? "ports" : "vms", one);
	free(copy);
}

/* The words that are no options: sources, unless options have named some, and then the expression. */
static void read_words(struct tw_run *run)
{
	const Tw__Mirror *m = (const Tw__Mirror *)run->target;
	bool named = m->n_ports + m->n_vms + m->n_networks + m->n_hosts + m->n_uplinks > 0;
	const char *more = run->more ? run->more : "";
	char *filter;

	if (!run->operand)
		return;
	if (!named) {
		add_sources(run, run->operand);
		tw_message_set_string(run->target, "filter", more);
		return;
	}
	filter = tw_alloc(strlen(run->operand) + strlen(more) + 2);
	sprintf(filter, "%s%s%s", run->operand, *more ? " " : "", more);
	tw_message_set_string(run->target, "filter", filter);
	free(filter);
}

static bool finish(struct tw_run *run)
{
	const Tw__Mirror *m;

	read_words(run);
	m = (const Tw__Mirror *)run->target;
	if (m->n_ports + m->n_vms + m->n_networks + m->n_hosts + m->n_uplinks == 0)
		return tw_error_set(&run->error, TW_E_MISSING, "capture",
				    "what is to be captured? As in: twctl capture web/eth0");
	if (run->file && strcmp(run->file, "-") == 0 && run->io->out_is_tty)
		return tw_error_set(
			&run->error, TW_E_INVALID, "--write",
			"pcapng is nothing for a terminal: pipe it into a program, as | tcpdump -nr -, or name a file");
	if (!run->file && !run->json && !run->io->out_is_tty)
		return tw_error_set(
			&run->error, TW_E_INVALID, "--write",
			"the output is no terminal: -w - writes pcapng to it, as for | wireshark -k -i -; --json writes "
			"a line of JSON for each frame");
	if (!run->file) {
		tw_message_set_number(run->target, "stream_text", true);
		if (!m->snaplen)
			tw_message_set_number(run->target, "snaplen", LINE_SNAPLEN);
	}
	return true;
}

#define SOURCE(option, what, of, text, names)                                                                      \
	{                                                                                                          \
		.name = (option), .arg = (what), .help = text " (repeatable)", .field = (of), .complete = (names), \
		.apply = tw_apply_strings                                                                          \
	}

static const struct tw_option options[] = {
	{ .name = "write",
	  .letter = 'w',
	  .arg = "FILE",
	  .help = "write pcapng to FILE; - is the output, for a pipe. Without it frames are shown as lines",
	  .complete = TW_COMPLETE_FILE,
	  .apply = set_file },
	SOURCE("port", "PORT", "ports", "capture a port", TW_COMPLETE_PORT),
	SOURCE("vm", "VM", "vms", "capture all ports of a VM", TW_COMPLETE_VM),
	SOURCE("network", "NETWORK", "networks", "capture all ports of a network, also those that come later",
	       TW_COMPLETE_NETWORK),
	SOURCE("host", "HOST", "hosts", "capture all ports on a host", TW_COMPLETE_HOST),
	SOURCE("uplink", "HOST/UPLINK", "uplinks", "capture an uplink; its ingress is what comes from the wire",
	       TW_COMPLETE_NONE),
	{ .name = "direction",
	  .arg = "DIRECTION",
	  .help = "ingress is from the guest, egress is to the guest; both (default), ingress or egress",
	  .field = "direction",
	  .complete = TW_COMPLETE_WORDS,
	  .words = "both ingress egress",
	  .apply = tw_apply_enum },
	{ .name = "snaplen",
	  .letter = 's',
	  .arg = "N",
	  .help = "octets kept of each frame, 60..65535; 0 = all (default)",
	  .field = "snaplen",
	  .max = 65535,
	  .apply = tw_apply_number },
	{ .name = "drops",
	  .help = "only what the switch drops there, with the reason",
	  .field = "drops",
	  .apply = tw_apply_yes },
	{ .name = "count", .arg = "N", .help = "end after N frames", .apply = set_count },
	{ .name = "seconds",
	  .arg = "TIME",
	  .help = "end after this time, as 30s, 5m",
	  .min = 1,
	  .max = 366 * 24 * 3600,
	  .apply = set_seconds },
	{ 0 },
};

static const struct tw_command commands[] = {
	{ .operand = "[SOURCE]",
	  .complete = TW_COMPLETE_PORT,
	  .more = "[EXPRESSION]",
	  .summary = "capture traffic live, wherever the port is",
	  .text = "SOURCE is a port (web/eth0) or a VM (web: all its ports), or several with commas between. Where options name "
		  "the sources there is none, and all words are the EXPRESSION: a tcpdump filter, on frames as the port's own "
		  "link carries them. It goes on after a live migration. It ends with Ctrl-C, after --count or --seconds, or "
		  "when nobody reads what it writes, and leaves nothing behind. A copy never costs the guest a frame: what "
		  "cannot be copied or carried in time is given up, and counted at the end.",
	  .example = "capture web/eth0 --write web.pcapng tcp port 443",
	  .options = (const struct tw_option *const[]){ options, NULL },
	  .begin = begin,
	  .finish = finish,
	  .run = tw_capture_run },
	{ 0 },
};

const struct tw_noun tw_noun_capture = {
	.name = "capture",
	.summary = "what passes ports, live",
	.commands = commands,
};
