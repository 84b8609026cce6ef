/* SPDX-License-Identifier: Apache-2.0 */
/*
 * extcap.c - tradewind-extcap: the switch's ports as interfaces of Wireshark and tshark.
 *
 * Wireshark asks which interfaces there are and what can be set for one, and then has one captured into a pipe: that is
 * `twctl capture`, the same code.
 * Threads  one.
 * Spec     Wireshark Developer's Guide, "Extcap: Developer Reference".
 */
#include <getopt.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "controlplane/twctl/command.h"

enum { WORDS_MAX = 32 };

enum word {
	INTERFACES = 0x100,
	INTERFACE,
	DLTS,
	CONFIG,
	CAPTURE,
	FIFO,
	FILTER,
	CONTROLLER,
	DIRECTION,
	SNAPLEN,
	DROPS,
};

static const struct option options[] = {
	{ "extcap-interfaces", no_argument, NULL, INTERFACES },
	{ "extcap-interface", required_argument, NULL, INTERFACE },
	{ "extcap-dlts", no_argument, NULL, DLTS },
	{ "extcap-config", no_argument, NULL, CONFIG },
	{ "extcap-capture-filter", required_argument, NULL, FILTER },
	{ "extcap-version", optional_argument, NULL, 'v' },
	{ "capture", no_argument, NULL, CAPTURE },
	{ "fifo", required_argument, NULL, FIFO },
	{ "controller", required_argument, NULL, CONTROLLER },
	{ "direction", required_argument, NULL, DIRECTION },
	{ "snaplen", required_argument, NULL, SNAPLEN },
	{ "drops", optional_argument, NULL, DROPS },
	{ 0 },
};

struct request {
	enum word what; /* 0: nothing that we know */
	const char *interface, *fifo, *filter, *controller, *direction, *snaplen;
	bool drops;
};

/* Options of other versions of Wireshark are passed over. */
static struct request read_arguments(int argc, char **argv)
{
	struct request r = { .filter = "" };
	int value;

	opterr = 0;
	while ((value = getopt_long(argc, argv, "", options, NULL)) != -1)
		switch (value) {
		case INTERFACES:
		case DLTS:
		case CONFIG:
		case CAPTURE:
			r.what = (enum word)value;
			break;
		case INTERFACE:
			r.interface = optarg;
			break;
		case FIFO:
			r.fifo = optarg;
			break;
		case FILTER:
			r.filter = optarg;
			break;
		case CONTROLLER:
			r.controller = *optarg ? optarg : NULL;
			break;
		case DIRECTION:
			r.direction = optarg;
			break;
		case SNAPLEN:
			r.snaplen = optarg;
			break;
		case DROPS:
			r.drops = !optarg || strcmp(optarg, "true") == 0;
			break;
		default:
			break;
		}
	return r;
}

/* --- what there is --- */

/* What `twctl --json port list` says. New reference; NULL: it could not be asked, and why has been said. */
static json_t *list_ports(void)
{
	char name[] = "twctl", json[] = "--json", port[] = "port", list[] = "list",
	     *argv[] = { name, json, port, list, NULL };
	char *text = NULL;
	size_t size = 0;
	struct tw_io io = { .out = open_memstream(&text, &size), .err = stderr };
	json_t *answer = NULL;

	if (!io.out)
		return NULL;
	if (tw_twctl_run(4, argv, &io) == TW_EXIT_DONE && fflush(io.out) == 0)
		answer = json_loads(text, 0, NULL);
	fclose(io.out);
	free(text);
	return answer;
}

static void print_interfaces(void)
{
	json_t *answer = list_ports(), *ports = json_object_get(answer, "ports"), *port;
	size_t i;

	fputs("extcap {version=" TW_VERSION "}{display=Tradewind}\n", stdout);
	json_array_foreach(ports, i, port)
	{
		const char *name = tw_json_string_at(port, "name"), *slash = strchr(name, '/');
		const char *host = tw_json_string_at(port, "binding.host");

		if (slash)
			printf("interface {value=%s}{display=VM %.*s, %s%s%s}\n", name, (int)(slash - name), name,
			       slash + 1, *host ? ", on host " : ", not running", host);
	}
	json_decref(answer);
}

static void print_config(void)
{
	fputs("arg {number=0}{call=--controller}{display=Controller}{type=string}"
	      "{tooltip=ipc:///PATH or tcp://ADDRESS:PORT; empty: TW_CONTROLLER, else the one of this host}\n"
	      "arg {number=1}{call=--direction}{display=Direction}{type=selector}\n"
	      "value {arg=1}{value=both}{display=from and to the guest}{default=true}\n"
	      "value {arg=1}{value=ingress}{display=from the guest}\n"
	      "value {arg=1}{value=egress}{display=to the guest}\n"
	      "arg {number=2}{call=--snaplen}{display=Octets of each frame}{type=unsigned}{range=0,65535}{default=0}"
	      "{tooltip=0 = all}\n"
	      "arg {number=3}{call=--drops}{display=Only what the switch drops}{type=boolflag}{default=false}"
	      "{tooltip=with the reason, as a comment}\n",
	      stdout);
}

/* --- capture --- */

static int capture(const struct request *r)
{
	const struct tw_io io = { .out = stdout, .err = stderr };
	const char *words[WORDS_MAX] = { "twctl", "capture", r->interface, "--write", r->fifo };
	int n = 5;

	if (!r->interface || !r->fifo) {
		fputs("tradewind-extcap: --capture needs --extcap-interface and --fifo\n", stderr);
		return TW_EXIT_USAGE;
	}
	if (r->controller) {
		words[n++] = "--controller";
		words[n++] = r->controller;
	}
	if (r->direction) {
		words[n++] = "--direction";
		words[n++] = r->direction;
	}
	if (r->snaplen) {
		words[n++] = "--snaplen";
		words[n++] = r->snaplen;
	}
	if (r->drops)
		words[n++] = "--drops";
	words[n++] = "--";
	if (*r->filter)
		words[n++] = r->filter;
	return tw_twctl_run(n, (char **)(uintptr_t)words, &io);
}

int main(int argc, char **argv)
{
	struct request r;

	setlocale(LC_CTYPE, "");
	tw_log_init("tradewind-extcap", TW_LOG_ERROR);
	r = read_arguments(argc, argv);
	switch (r.what) {
	case INTERFACES:
		print_interfaces();
		return TW_EXIT_DONE;
	case DLTS:
		fputs("dlt {number=1}{name=EN10MB}{display=Ethernet}\n", stdout);
		return TW_EXIT_DONE;
	case CONFIG:
		print_config();
		return TW_EXIT_DONE;
	case CAPTURE:
		return capture(&r);
	default:
		if (r.interface) /* is this filter right? The controller says so when the capture begins */
			return TW_EXIT_DONE;
		fputs("tradewind-extcap: for Wireshark, which finds it in its folder for extcap; see docs/capture.md\n",
		      stderr);
		return TW_EXIT_USAGE;
	}
}
