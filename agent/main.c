/* SPDX-License-Identifier: Apache-2.0 */
/*
 * main.c - tw-agent: reads the command line, runs the agent until SIGTERM or SIGINT.
 *
 * Threads  one.
 */
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/agent.h"
#include "common/log.h"
#include "common/path.h"
#include "proto/link/check.h"

#define TW_LOG_AREA "main"

enum { EXIT_USAGE = 2, SPOOL_SIZE_MIN = 4, SPOOL_SIZE_MAX = 1 << 20, SPOOL_AGE_MAX = 366 * 24, HOUR_MS = 3600 * 1000 };

static const char usage[] =
	"Usage: tw-agent --host NAME [OPTION]...\n"
	"Keeps this host's tw-switch as the controller wants it.\n"
	"\n"
	"  --host NAME             this host's name in the model\n"
	"  --run-dir DIR           where programs of this host meet (default $TW_RUN_DIR or " TW_RUN_DIR_DEFAULT ")\n"
	"  --state-dir DIR         where slice.bin is kept (default /var/lib/tradewind)\n"
	"  --controller URL        the controller (default $TW_CONTROLLER or ipc://RUN_DIR/controller.ipc)\n"
	"  --peer-url URL          tcp://ADDRESS:PORT on which other hosts' agents hand ports over\n"
	"  --records URL           where the controller takes flow records (default: tcp two ports higher than the\n"
	"                          controller's, ipc with .records behind it)\n"
	"  --spool-size MIB        flow records that wait for the controller, on disk (default 256)\n"
	"  --spool-age HOURS       older ones are given up (default 24)\n"
	"  --migrate-address ADDR  address on which QEMU waits for guests that migrate here\n"
	"  --help                  this text\n"
	"  --version               the version\n";

struct options {
	const char *host, *run_dir, *state_dir, *controller, *peer_url, *migrate_address, *records;
	uint64_t spool_size, spool_age;
};

/* Absent is 0: the default. */
static bool read_number(const char *text, unsigned long least, unsigned long most, const char *option, uint64_t *out)
{
	unsigned long value;
	char *end;

	*out = 0;
	if (!text)
		return true;
	errno = 0;
	value = strtoul(text, &end, 10);
	if (errno || *end || *text < '0' || *text > '9' || value < least || value > most) {
		fprintf(stderr, "tw-agent: %s: '%s' is not a number of %lu..%lu\n", option, text, least, most);
		return false;
	}
	*out = value;
	return true;
}

/* @return -1 to go on, else the exit status */
static int parse(int argc, char **argv, struct options *options)
{
	enum {
		HOST = 1,
		RUN_DIR,
		STATE_DIR,
		CONTROLLER,
		PEER_URL,
		MIGRATE_ADDRESS,
		RECORDS,
		SPOOL_SIZE,
		SPOOL_AGE,
		HELP,
		VERSION,
		N_OPTIONS
	};
	static const struct option longs[] = {
		{ "host", required_argument, NULL, HOST },
		{ "run-dir", required_argument, NULL, RUN_DIR },
		{ "state-dir", required_argument, NULL, STATE_DIR },
		{ "controller", required_argument, NULL, CONTROLLER },
		{ "peer-url", required_argument, NULL, PEER_URL },
		{ "migrate-address", required_argument, NULL, MIGRATE_ADDRESS },
		{ "records", required_argument, NULL, RECORDS },
		{ "spool-size", required_argument, NULL, SPOOL_SIZE },
		{ "spool-age", required_argument, NULL, SPOOL_AGE },
		{ "help", no_argument, NULL, HELP },
		{ "version", no_argument, NULL, VERSION },
		{ 0 },
	};
	const char *value[N_OPTIONS] = { NULL };
	int option;

	while ((option = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		if (option == HELP) {
			fputs(usage, stdout);
			return EXIT_SUCCESS;
		}
		if (option == VERSION) {
			puts("tw-agent " TW_VERSION);
			return EXIT_SUCCESS;
		}
		if (option == '?') {
			fputs("Try 'tw-agent --help'.\n", stderr);
			return EXIT_USAGE;
		}
		value[option] = optarg;
	}
	if (optind < argc || !value[HOST]) {
		fprintf(stderr, "tw-agent: %s%s\nTry 'tw-agent --help'.\n",
			optind < argc ? "unexpected argument: " : "--host is missing",
			optind < argc ? argv[optind] : "");
		return EXIT_USAGE;
	}
	*options = (struct options){ value[HOST],     value[RUN_DIR],         value[STATE_DIR], value[CONTROLLER],
				     value[PEER_URL], value[MIGRATE_ADDRESS], value[RECORDS] };
	return read_number(value[SPOOL_SIZE], SPOOL_SIZE_MIN, SPOOL_SIZE_MAX, "--spool-size", &options->spool_size) &&
			       read_number(value[SPOOL_AGE], 1, SPOOL_AGE_MAX, "--spool-age", &options->spool_age)
		       ? -1
		       : EXIT_USAGE;
}

static void on_signal(evutil_socket_t fd, short what, void *arg)
{
	event_base_loopbreak(arg);
}

static int run(const struct tw_agent_config *config)
{
	struct event_base *base = event_base_new();
	struct event *term = base ? evsignal_new(base, SIGTERM, on_signal, base) : NULL;
	struct event *interrupt = base ? evsignal_new(base, SIGINT, on_signal, base) : NULL;
	struct tw_agent *agent = NULL;
	int status = EXIT_FAILURE;

	signal(SIGPIPE, SIG_IGN);
	if (term && interrupt && event_add(term, NULL) == 0 && event_add(interrupt, NULL) == 0)
		agent = tw_agent_create(base, config);
	if (agent) {
		event_base_dispatch(base);
		tw_log_info("ending");
		status = EXIT_SUCCESS;
	}
	tw_agent_destroy(agent);
	if (term)
		event_free(term);
	if (interrupt)
		event_free(interrupt);
	if (base)
		event_base_free(base);
	return status;
}

int main(int argc, char **argv)
{
	struct options options;
	struct tw_agent_config config = { 0 };
	char run_dir[PATH_MAX], controller[PATH_MAX];
	const char *dir, *env = getenv("TW_CONTROLLER");
	struct tw_error err = { 0 };
	int status = parse(argc, argv, &options), rc;

	if (status >= 0)
		return status;
	tw_log_init("tw-agent", TW_LOG_INFO);
	if (!tw_check_name(options.host, 63, "--host", &err)) {
		fprintf(stderr, "tw-agent: %s: %s  [%u]\n", err.field, err.text, err.code);
		return EXIT_USAGE;
	}
	dir = tw_run_dir(options.run_dir);
	rc = tw_mkdirs(dir);
	if (rc || !realpath(dir, run_dir)) { /* sockets are named by absolute paths to others */
		tw_log_error("the run directory cannot be used run_dir=%s error=%s", dir, strerror(rc ? -rc : errno));
		return EXIT_FAILURE;
	}
	env = options.controller ? options.controller : env;
	rc = env && *env ? tw_path(controller, sizeof(controller), "%s", env)
			 : tw_path(controller, sizeof(controller), "ipc://%s/controller.ipc", run_dir);
	if (rc) {
		tw_log_error("the controller's URL is too long");
		return EXIT_FAILURE;
	}
	config.host = options.host;
	config.run_dir = run_dir;
	config.state_dir = options.state_dir ? options.state_dir : "/var/lib/tradewind";
	config.controller = controller;
	config.peer_url = options.peer_url;
	config.migrate_address = options.migrate_address;
	config.records = options.records;
	config.spool_octets = options.spool_size << 20;
	config.spool_age_ms = options.spool_age * HOUR_MS;
	return run(&config);
}
