/* SPDX-License-Identifier: Apache-2.0 */
/*
 * main.c - tw-controller: options, sockets, signals, the event loop.
 *
 * Place    the outermost part: bytes from nanomsg (proto/link) become calls of tw_api_handle(), and answers go back.
 * Threads  one. SIGTERM and SIGINT end it; so may kill -9 at any time (store.h).
 */
#define TW_LOG_AREA "main"
#include <errno.h>
#include <getopt.h>
#include <libgen.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "common/path.h"
#include "controlplane/central/central.h"
#include "controlplane/controller.h"
#include "controlplane/mem.h"
#include "proto/link/address.h"
#include "proto/link/link.h"

enum { MAX_LISTEN = 16 };

#define STORE_DEFAULT "/var/lib/tradewind/controller.db"

struct options {
	const char *run_dir;
	const char *store;
	const char *listen[MAX_LISTEN];
	size_t n_listen;
	const char *records[MAX_LISTEN];
	size_t n_records;
	const char *spool;
	unsigned long spool_size, spool_age; /* MiB, hours; 0 = the default */
};

static void usage(FILE *out)
{
	fputs("Usage: tw-controller [OPTION]...\n"
	      "The controller of a Tradewind switch: keeps the model, gives each host its part of it, moves VMs.\n\n"
	      "  -r, --run-dir=DIR   where sockets are (default $TW_RUN_DIR or " TW_RUN_DIR_DEFAULT ")\n"
	      "  -l, --listen=URL    serve here; repeatable: ipc:///PATH, tcp://ADDRESS:PORT\n"
	      "                      (default ipc://RUN_DIR/controller.ipc)\n"
	      "  -s, --store=FILE    the model on disk (default " STORE_DEFAULT ")\n"
	      "      --records=URL   take flow records for exporters of --way central here; repeatable (default beside each\n"
	      "                      --listen: two ports higher, or with .records behind it)\n"
	      "      --spool=DIR     flow records on disk (default: records beside the model)\n"
	      "      --spool-size=MIB, --spool-age=HOURS\n"
	      "                      what may wait for collectors, and how long (default 4096, 168)\n"
	      "  -h, --help          print this and exit\n"
	      "  -V, --version       print the version and exit\n\n"
	      "TW_LOG=error|warning|info|debug in the environment sets what is logged to standard error.\n",
	      out);
}

enum { OPT_RECORDS = 256, OPT_SPOOL, OPT_SPOOL_SIZE, OPT_SPOOL_AGE };
enum { SPOOL_SIZE_MIN = 16, SPOOL_SIZE_MAX = 1 << 24, SPOOL_AGE_MAX = 366 * 24 };

static bool read_number(const char *option, unsigned long least, unsigned long most, unsigned long *out)
{
	char *end;

	errno = 0;
	*out = strtoul(optarg, &end, 10);
	if (!errno && *optarg >= '0' && *optarg <= '9' && !*end && *out >= least && *out <= most)
		return true;
	fprintf(stderr, "tw-controller: %s: '%s' is not a number of %lu..%lu\n", option, optarg, least, most);
	return false;
}

/* @return -1 = go on, else the exit status */
static int parse_options(int argc, char **argv, struct options *o)
{
	static const struct option longs[] = {
		{ "run-dir", required_argument, NULL, 'r' },
		{ "listen", required_argument, NULL, 'l' },
		{ "store", required_argument, NULL, 's' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ "records", required_argument, NULL, OPT_RECORDS },
		{ "spool", required_argument, NULL, OPT_SPOOL },
		{ "spool-size", required_argument, NULL, OPT_SPOOL_SIZE },
		{ "spool-age", required_argument, NULL, OPT_SPOOL_AGE },
		{ 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "r:l:s:hV", longs, NULL)) != -1) {
		switch (c) {
		case 'r':
			o->run_dir = optarg;
			break;
		case 's':
			o->store = optarg;
			break;
		case 'l':
			if (o->n_listen == MAX_LISTEN) {
				fprintf(stderr, "tw-controller: at most %d --listen are taken\n", MAX_LISTEN);
				return 2;
			}
			o->listen[o->n_listen++] = optarg;
			break;
		case OPT_RECORDS:
			if (o->n_records == MAX_LISTEN) {
				fprintf(stderr, "tw-controller: at most %d --records are taken\n", MAX_LISTEN);
				return 2;
			}
			o->records[o->n_records++] = optarg;
			break;
		case OPT_SPOOL:
			o->spool = optarg;
			break;
		case OPT_SPOOL_SIZE:
			if (!read_number("--spool-size", SPOOL_SIZE_MIN, SPOOL_SIZE_MAX, &o->spool_size))
				return 2;
			break;
		case OPT_SPOOL_AGE:
			if (!read_number("--spool-age", 1, SPOOL_AGE_MAX, &o->spool_age))
				return 2;
			break;
		case 'h':
			usage(stdout);
			return 0;
		case 'V':
			puts("tw-controller " TW_VERSION);
			return 0;
		default:
			usage(stderr);
			return 2;
		}
	}
	if (optind < argc) {
		fprintf(stderr, "tw-controller: what is '%s'?\n", argv[optind]);
		usage(stderr);
		return 2;
	}
	return -1;
}

static void answer_link(void *arg, Tw__Envelope *reply, const struct tw_error *err)
{
	if (reply)
		tw_link_reply(arg, reply);
	else
		tw_link_reply_error(arg, err);
}

static void on_request(struct tw_link_request *req, const Tw__Envelope *env, void *arg)
{
	struct tw_call call = { answer_link, req };

	tw_api_handle(arg, env, call);
}

static void on_signal(evutil_socket_t number, short what, void *arg)
{
	tw_log_info("ends on signal %d", (int)number);
	event_base_loopbreak(arg);
}

static int make_folder_of(const char *file)
{
	char copy[PATH_MAX];
	int rc = tw_path(copy, sizeof(copy), "%s", file);

	return rc ? rc : tw_mkdirs(dirname(copy));
}

/* The way of flow records, by the controller's own folder and sockets unless others are named. */
static int make_central(struct tw_controller *ctl, const struct options *o)
{
	static char urls[MAX_LISTEN][PATH_MAX];
	struct tw_central_config config = { .max_octets = (uint64_t)o->spool_size << 20,
					    .max_age_ms = (uint64_t)o->spool_age * 3600 * 1000 };
	char folder[PATH_MAX], store[PATH_MAX];
	int rc = tw_path(store, sizeof(store), "%s", o->store);

	if (!rc)
		rc = o->spool ? tw_path(folder, sizeof(folder), "%s", o->spool)
			      : tw_path(folder, sizeof(folder), "%s/records", dirname(store));
	for (size_t i = 0; i < o->n_records; i++)
		config.urls[config.n_urls++] = o->records[i];
	for (size_t i = 0; !rc && !o->n_records && i < o->n_listen; i++) {
		if (tw_link_records_url(o->listen[i], urls[i], sizeof(urls[i])) == 0)
			config.urls[config.n_urls++] = urls[i];
		else
			tw_log_warning("no flow records are taken beside %s: name a place with --records",
				       o->listen[i]);
	}
	if (rc)
		return rc;
	config.folder = folder;
	ctl->central = tw_central_create(&config);
	tw_central_update(ctl->central, &ctl->model);
	return 0;
}

/* Serves until a signal. @return the exit status */
static int serve(struct event_base *base, struct tw_controller *ctl, const struct options *o)
{
	struct tw_link_server *servers[MAX_LISTEN] = { 0 };
	struct event *term = tw_need(evsignal_new(base, SIGTERM, on_signal, base));
	struct event *interrupt = tw_need(evsignal_new(base, SIGINT, on_signal, base));
	int status = 0;

	for (size_t i = 0; i < o->n_listen && !status; i++) {
		servers[i] = tw_link_server_create(base, o->listen[i], on_request, ctl);
		if (!servers[i]) {
			tw_log_error("cannot listen on %s: %s", o->listen[i], strerror(errno));
			status = 1;
		} else {
			tw_log_info("listens on %s", o->listen[i]);
		}
	}
	if (!status && (evsignal_add(term, NULL) || evsignal_add(interrupt, NULL) || event_base_dispatch(base) < 0))
		status = 1;
	for (size_t i = 0; i < o->n_listen; i++)
		tw_link_server_destroy(servers[i]);
	event_free(term);
	event_free(interrupt);
	return status;
}

static int run(struct options *o)
{
	char url[PATH_MAX];
	struct event_base *base;
	struct tw_controller *ctl;
	struct tw_error err;
	int status, rc = 0;

	if (!o->n_listen) {
		rc = tw_path(url, sizeof(url), "ipc://%s/controller.ipc", tw_run_dir(o->run_dir));
		o->listen[o->n_listen++] = url;
		if (!rc)
			rc = tw_mkdirs(tw_run_dir(o->run_dir));
	}
	if (!rc)
		rc = make_folder_of(o->store);
	if (rc) {
		tw_log_error("cannot make the folders of the socket and the store: %s", strerror(-rc));
		return 1;
	}
	base = tw_need(event_base_new());
	ctl = tw_controller_create(base, o->store, &err);
	if (!ctl) {
		tw_log_error("%s", err.text);
		event_base_free(base);
		return 1;
	}
	rc = make_central(ctl, o);
	if (rc)
		tw_log_error("the folder of flow records: %s", strerror(-rc));
	status = rc ? 1 : serve(base, ctl, o);
	/* Its sockets are closed by now, so that who waits asks the next controller again (link.h) and hears no refusal. */
	tw_controller_destroy(ctl);
	event_base_free(base);
	return status;
}

int main(int argc, char **argv)
{
	struct options o = { .store = STORE_DEFAULT };
	int status = parse_options(argc, argv, &o);

	if (status >= 0)
		return status;
	tw_log_init("tw-controller", TW_LOG_INFO);
	signal(SIGPIPE, SIG_IGN);
	return run(&o);
}
