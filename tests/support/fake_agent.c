/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fake_agent.c - a support program: answers tw-vm as tw-agent would, without controller or switch.
 *
 *   fake_agent RUN_DIR      serves RUN_DIR/agent.ipc; a line "ready", then "attach PORT", "attach-incoming PORT",
 *                           "detach PORT" for each request on standard output
 * Ports are numbered from 1 in the order in which they are first asked for; MAC 02:00:00:00:00:NN, socket
 * RUN_DIR/vhost/N.sock, MTU 1500. A port of the VM "nobody" does not exist; one of "mute" is never answered. One thread.
 */
#include <event2/event.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/mac.h"
#include "common/path.h"
#include "proto/link/link.h"

enum { MAX_PORTS = 16, NAME_SIZE = 130 };

static struct {
	const char *run_dir;
	char names[MAX_PORTS][NAME_SIZE];
	unsigned n;
} ports;

static unsigned number_of(const char *name)
{
	for (unsigned i = 0; i < ports.n; i++)
		if (strcmp(ports.names[i], name) == 0)
			return i + 1;
	if (ports.n == MAX_PORTS || strlen(name) >= NAME_SIZE)
		return 0;
	strcpy(ports.names[ports.n], name);
	return ++ports.n;
}

static void attach(struct tw_link_request *req, const Tw__AttachPort *asked)
{
	uint8_t mac[TW_MAC_LEN] = { 2 }, uuid[TW_UUID_LEN] = { 0 };
	Tw__AttachPortReply reply;
	Tw__Envelope envelope;
	char path[PATH_MAX];

	tw__attach_port_reply__init(&reply);
	tw__envelope__init(&envelope);
	reply.number = number_of(asked->port);
	/* All ports of a VM share its UUID: here, the first letters of its name. */
	memcpy(uuid, asked->port, strcspn(asked->port, "/") < TW_UUID_LEN ? strcspn(asked->port, "/") : TW_UUID_LEN);
	mac[TW_MAC_LEN - 1] = (uint8_t)reply.number;
	reply.mac = (ProtobufCBinaryData){ sizeof(mac), mac };
	reply.vm_uuid = (ProtobufCBinaryData){ sizeof(uuid), uuid };
	reply.mtu = 1500;
	if (tw_path(path, sizeof(path), "%s/vhost/%u.sock", ports.run_dir, reply.number))
		abort();
	reply.socket = path;
	envelope.body_case = TW__ENVELOPE__BODY_ATTACH_PORT_REPLY;
	envelope.attach_port_reply = &reply;
	tw_link_reply(req, &envelope);
}

static void on_request(struct tw_link_request *req, const Tw__Envelope *env, void *arg)
{
	struct tw_error err = { 0 };
	Tw__Envelope envelope;
	Tw__Ack ack;

	tw__envelope__init(&envelope);
	tw__ack__init(&ack);
	envelope.body_case = TW__ENVELOPE__BODY_ACK;
	envelope.ack = &ack;
	if (env->body_case == TW__ENVELOPE__BODY_DETACH_PORT) {
		printf("detach %s\n", env->detach_port->port);
		tw_link_reply(req, &envelope);
	} else if (env->body_case == TW__ENVELOPE__BODY_ATTACH_PORT) {
		const char *port = env->attach_port->port;

		printf("attach%s %s\n", env->attach_port->incoming ? "-incoming" : "", port);
		if (strncmp(port, "nobody/", 7) == 0) {
			tw_error_set(&err, TW_E_NOT_FOUND, "port.name", "there is no port %s", port);
			tw_link_reply_error(req, &err);
		} else if (strncmp(port, "mute/", 5) != 0) {
			attach(req, env->attach_port);
		}
	} else {
		tw_error_set(&err, TW_E_UNEXPECTED, NULL, NULL);
		tw_link_reply_error(req, &err);
	}
	fflush(stdout);
}

static void on_signal(evutil_socket_t signal, short what, void *arg)
{
	event_base_loopbreak(arg);
}

int main(int argc, char **argv)
{
	struct event_base *base = event_base_new();
	struct event *term = base ? evsignal_new(base, SIGTERM, on_signal, base) : NULL;
	struct tw_link_server *server = NULL;
	char url[PATH_MAX];

	ports.run_dir = argv[argc - 1];
	if (argc == 2 && term && !tw_path(url, sizeof(url), "ipc://%s/agent.ipc", ports.run_dir))
		server = tw_link_server_create(base, url, on_request, NULL);
	if (!server) {
		fprintf(stderr, "usage: fake_agent RUN_DIR\n");
		return 2;
	}
	evsignal_add(term, NULL);
	puts("ready");
	fflush(stdout);
	event_base_dispatch(base);
	tw_link_server_destroy(server);
	event_free(term);
	event_base_free(base);
	return 0;
}
