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
#include <string.h>

#include "common/log.h"
#include "common/path.h"
#include "controlplane/controller.h"
#include "controlplane/mem.h"
#include "proto/link/link.h"

enum { MAX_LISTEN = 16 };

#define STORE_DEFAULT "/var/lib/tradewind/controller.db"

struct options {
	const char *run_dir;
	const char *store;
	const char *listen[MAX_LISTEN];
	size_t n_listen;
};

static void usage(FILE *out)
{
	fputs("Usage: tw-controller [OPTION]...\n"
	      "The controller of a Tradewind switch: keeps the model, gives each host its part of it, moves VMs.\n\n"
	      "  -r, --run-dir=DIR   where sockets are (default $TW_RUN_DIR or " TW_RUN_DIR_DEFAULT ")\n"
	      "  -l, --listen=URL    serve here; repeatable: ipc:///PATH, tcp://ADDRESS:PORT\n"
	      "                      (default ipc://RUN_DIR/controller.ipc)\n"
	      "  -s, --store=FILE    the model on disk (default " STORE_DEFAULT ")\n"
	      "  -h, --help          print this and exit\n"
	      "  -V, --version       print the version and exit\n\n"
	      "TW_LOG=error|warning|info|debug in the environment sets what is logged to standard error.\n",
	      out);
}

/* @return -1 = go on, else the exit status */
static int parse_options(int argc, char **argv, struct options *o)
{
	static const struct option longs[] = {
		{ "run-dir", required_argument, NULL, 'r' }, { "listen", required_argument, NULL, 'l' },
		{ "store", required_argument, NULL, 's' },   { "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },       { 0 },
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
	status = serve(base, ctl, o);
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
