/* SPDX-License-Identifier: Apache-2.0 */
/*
 * switchctl.c - speaks to a tw-switch as its agent would: for tests of the switch alone.
 *
 * JSON goes in (snapshot_json.h) and out (as twctl's: controlplane/twctl/message.h). Exit status: 0, 1 refused or no answer, 2
 * usage. One thread.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "controlplane/twctl/message.h"
#include "proto/link/link.h"
#include "tests/support/snapshot_json.h"

static const char usage[] = "Usage: switchctl [--run-dir DIR] [--timeout MS] COMMAND\n"
			    "  apply FILE             a configuration in JSON; - = standard input\n"
			    "  status                 ports, drops, uplinks, mirrors, exporters, workers\n"
			    "  multicast              who listens, and who asks\n"
			    "  rebalance ['PORT QUEUE WORKER']\n"
			    "  flows [--limit N] [PORT]\n"
			    "  take PORT              the port's state as octets on standard output\n"
			    "  put FILE               a state that take has given\n"
			    "  release PORT [--moved]\n"
			    "  events                 one line each, until it is ended\n";

enum { TIMEOUT_MS = 5000, STATE_MAX = 16 << 20 };

static struct {
	const char *run_dir;
	int timeout_ms;
	uint32_t limit;
	bool moved;
} options = { "/run/tradewind", TIMEOUT_MS, 0, false };

static void print_json(json_t *json, size_t flags)
{
	json_dumpf(json, stdout, flags);
	putchar('\n');
	fflush(stdout);
	json_decref(json);
}

/* @return NULL after saying why */
static Tw__Envelope *ask(Tw__Envelope *request)
{
	struct tw_link_client *client;
	Tw__Envelope *reply = NULL;
	struct tw_error err = { 0 };
	char url[512];

	snprintf(url, sizeof(url), "ipc://%s/switch.ipc", options.run_dir);
	client = tw_link_client_create(NULL, url);
	if (client && tw_link_call(client, request, options.timeout_ms, &reply, &err))
		fprintf(stderr, "switchctl: %s: %s [%d]\n", err.field, err.text, (int)err.code);
	tw_link_client_destroy(client);
	return reply;
}

/* Print the reply's body. */
static int ask_and_print(Tw__Envelope *request, const char *body)
{
	Tw__Envelope *reply = ask(request);
	ProtobufCMessage *m = reply ? tw_message_get(&reply->base, body) : NULL;

	if (m)
		print_json(tw_message_json(m), JSON_INDENT(1));
	else if (reply)
		fprintf(stderr, "switchctl: an answer that is none\n");
	if (reply)
		tw__envelope__free_unpacked(reply, NULL);
	return m ? 0 : 1;
}

static int apply(const char *path)
{
	Tw__ApplySnapshot body = TW__APPLY_SNAPSHOT__INIT;
	Tw__Envelope env = TW__ENVELOPE__INIT;
	json_error_t error;
	json_t *json = strcmp(path, "-") == 0 ? json_loadf(stdin, 0, &error) : json_load_file(path, 0, &error);
	int rc;

	if (!json) {
		fprintf(stderr, "switchctl: %s:%d: %s\n", path, error.line, error.text);
		return 2;
	}
	body.snapshot = snapshot_from_json(json);
	json_decref(json);
	env.body_case = TW__ENVELOPE__BODY_APPLY_SNAPSHOT;
	env.apply_snapshot = &body;
	rc = ask_and_print(&env, "apply_snapshot_reply");
	tw__snapshot__free_unpacked(body.snapshot, NULL);
	return rc;
}

static int multicast(void)
{
	Tw__Envelope env = TW__ENVELOPE__INIT;
	Tw__GetMulticast body = TW__GET_MULTICAST__INIT;

	env.body_case = TW__ENVELOPE__BODY_GET_MULTICAST;
	env.get_multicast = &body;
	return ask_and_print(&env, "multicast_state");
}

static int status(void)
{
	Tw__GetSwitchStatus body = TW__GET_SWITCH_STATUS__INIT;
	Tw__Envelope env = TW__ENVELOPE__INIT;

	env.body_case = TW__ENVELOPE__BODY_GET_SWITCH_STATUS;
	env.get_switch_status = &body;
	return ask_and_print(&env, "switch_status");
}

static int flows(const char *port)
{
	Tw__GetFlows body = TW__GET_FLOWS__INIT;
	Tw__Envelope env = TW__ENVELOPE__INIT;
	Tw__FlowFilter filter;
	uint32_t number;

	body.limit = options.limit;
	if (port) {
		tw__flow_filter__init(&filter);
		number = (uint32_t)atoi(port);
		filter.ports = &number;
		filter.n_ports = 1;
		body.filter = &filter;
	}
	env.body_case = TW__ENVELOPE__BODY_GET_FLOWS;
	env.get_flows = &body;
	return ask_and_print(&env, "flows");
}

static int take(const char *port)
{
	Tw__TakePortState body = TW__TAKE_PORT_STATE__INIT;
	Tw__Envelope env = TW__ENVELOPE__INIT, *reply;
	int rc = 1;

	body.number = (uint32_t)atoi(port);
	env.body_case = TW__ENVELOPE__BODY_TAKE_PORT_STATE;
	env.take_port_state = &body;
	reply = ask(&env);
	if (reply && reply->body_case == TW__ENVELOPE__BODY_PORT_STATE) {
		size_t size = tw__port_state__get_packed_size(reply->port_state);
		uint8_t *octets = tw_alloc(size + 1);

		tw__port_state__pack(reply->port_state, octets);
		rc = fwrite(octets, 1, size, stdout) != size || fflush(stdout) != 0;
		free(octets);
	}
	if (reply)
		tw__envelope__free_unpacked(reply, NULL);
	return rc;
}

static int put(const char *path)
{
	Tw__PutPortState body = TW__PUT_PORT_STATE__INIT;
	Tw__Envelope env = TW__ENVELOPE__INIT;
	uint8_t *octets = tw_alloc(STATE_MAX);
	FILE *file = fopen(path, "re");
	size_t size = file ? fread(octets, 1, STATE_MAX, file) : 0;
	int rc;

	if (file)
		fclose(file);
	body.state = tw__port_state__unpack(NULL, size, octets);
	free(octets);
	if (!file || !body.state) {
		fprintf(stderr, "switchctl: %s: no port's state\n", path);
		return 2;
	}
	env.body_case = TW__ENVELOPE__BODY_PUT_PORT_STATE;
	env.put_port_state = &body;
	rc = ask_and_print(&env, "put_port_state_reply");
	tw__port_state__free_unpacked(body.state, NULL);
	return rc;
}

static int release(const char *port)
{
	Tw__ReleasePort body = TW__RELEASE_PORT__INIT;
	Tw__Envelope env = TW__ENVELOPE__INIT;

	body.number = (uint32_t)atoi(port);
	body.moved = options.moved;
	env.body_case = TW__ENVELOPE__BODY_RELEASE_PORT;
	env.release_port = &body;
	return ask_and_print(&env, "release_port_reply");
}

static void on_event(const Tw__SwitchEvent *event, void *arg)
{
	print_json(tw_message_json(&event->base), JSON_COMPACT);
}

static int events(void)
{
	struct event_base *base = event_base_new();
	struct tw_link_sub *sub;
	char url[512];

	snprintf(url, sizeof(url), "ipc://%s/events.ipc", options.run_dir);
	sub = base ? tw_link_sub_create(base, url, on_event, NULL) : NULL;
	if (!sub)
		return 1;
	event_base_dispatch(base);
	tw_link_sub_destroy(sub);
	event_base_free(base);
	return 0;
}

/* "PORT QUEUE WORKER" in one word, or NULL. */
static int rebalance(const char *what)
{
	Tw__Envelope env = TW__ENVELOPE__INIT;
	Tw__Rebalance body;
	char port[128] = "";

	tw__rebalance__init(&body);
	if (what && sscanf(what, "%127s %u %u", port, &body.queue, &body.worker) != 3)
		return 2;
	body.port = port;
	env.body_case = TW__ENVELOPE__BODY_REBALANCE;
	env.rebalance = &body;
	return ask_and_print(&env, "rebalanced");
}

static int run(const char *command, const char *argument)
{
	if (strcmp(command, "status") == 0)
		return status();
	if (strcmp(command, "multicast") == 0)
		return multicast();
	if (strcmp(command, "rebalance") == 0)
		return rebalance(argument);
	if (strcmp(command, "flows") == 0)
		return flows(argument);
	if (strcmp(command, "events") == 0)
		return events();
	if (argument && strcmp(command, "apply") == 0)
		return apply(argument);
	if (argument && strcmp(command, "take") == 0)
		return take(argument);
	if (argument && strcmp(command, "put") == 0)
		return put(argument);
	if (argument && strcmp(command, "release") == 0)
		return release(argument);
	fputs(usage, stderr);
	return 2;
}

int main(int argc, char **argv)
{
	static const struct option longs[] = {
		{ "run-dir", required_argument, NULL, 'r' }, { "timeout", required_argument, NULL, 't' },
		{ "limit", required_argument, NULL, 'l' },   { "moved", no_argument, NULL, 'm' },
		{ "help", no_argument, NULL, 'h' },          { 0 },
	};
	int opt;

	tw_log_init("switchctl", TW_LOG_WARNING);
	if (getenv("TW_RUN_DIR"))
		options.run_dir = getenv("TW_RUN_DIR");
	while ((opt = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		if (opt == 'r')
			options.run_dir = optarg;
		else if (opt == 't')
			options.timeout_ms = atoi(optarg);
		else if (opt == 'l')
			options.limit = (uint32_t)atoi(optarg);
		else if (opt == 'm')
			options.moved = true;
		else
			return fputs(usage, opt == 'h' ? stdout : stderr), opt == 'h' ? 0 : 2;
	}
	if (optind >= argc)
		return fputs(usage, stderr), 2;
	return run(argv[optind], argv[optind + 1]);
}
