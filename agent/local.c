/* SPDX-License-Identifier: Apache-2.0 */
/*
 * local.c - answers tw-vm; see local.h.
 *
 * Threads  the agent's one thread.
 * Owns     the server, and one record per request that waits for the controller or the switch.
 */
#include "agent/local.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "agent/agent.h"
#include "common/clock.h"
#include "common/log.h"
#include "common/path.h"
#include "proto/link/check.h"

#define TW_LOG_AREA "local"

enum {
	PATIENCE_MS = 10000, /* for the controller to bind and the switch to open the port */
	BIND_TIMEOUT_MS = 5000,
	LOOK_MS = 250,
};

struct waiter {
	TAILQ_ENTRY(waiter) link;
	struct tw_local *local;
	struct tw_link_request *req;
	char *port;
	bool detach;
	bool incoming;
	bool asked; /* the controller was asked to bind */
	uint64_t until_ms;
};

struct tw_local {
	struct tw_agent *agent;
	struct tw_link_server *server;
	struct event *look; /* runs while somebody waits */
	TAILQ_HEAD(, waiter) waiters;
};

static void drop(struct waiter *waiter)
{
	TAILQ_REMOVE(&waiter->local->waiters, waiter, link);
	tw_calls_forget(waiter->local->agent->operator, waiter);
	free(waiter->port);
	free(waiter);
}

static void refuse(struct waiter *waiter, const struct tw_error *err)
{
	tw_log_warning("port=%s %s refused code=%u field=%s error=%s", waiter->port,
		       waiter->detach ? "detach" : "attach", err->code, err->field, err->text);
	tw_link_reply_error(waiter->req, err);
	drop(waiter);
}

static void acknowledge(struct tw_link_request *req)
{
	Tw__Envelope reply = TW__ENVELOPE__INIT;
	Tw__Ack ack = TW__ACK__INIT;

	reply.body_case = TW__ENVELOPE__BODY_ACK;
	reply.ack = &ack;
	tw_link_reply(req, &reply);
}

static void answer(struct waiter *waiter, const Tw__Port *port)
{
	struct tw_agent *agent = waiter->local->agent;
	const Tw__Network *network = tw_slice_network(tw_agent_view(agent), port->network);
	Tw__Envelope env = TW__ENVELOPE__INIT;
	Tw__AttachPortReply reply;
	struct tw_error err = { 0 };
	char socket[PATH_MAX];

	tw__attach_port_reply__init(&reply);
	if (tw_path(socket, sizeof(socket), "%s/vhost/%u.sock", agent->config.run_dir, port->number)) {
		tw_error_set(&err, TW_E_INVALID, "run_dir", "the socket path would be too long");
		refuse(waiter, &err);
		return;
	}
	reply.number = port->number;
	reply.socket = socket;
	reply.mac = port->mac;
	reply.mtu = network && network->mtu ? network->mtu : TW_MTU_DEFAULT;
	reply.vhost = port->vhost;
	reply.vm_uuid = port->vm_uuid;
	env.body_case = TW__ENVELOPE__BODY_ATTACH_PORT_REPLY;
	env.attach_port_reply = &reply;
	tw_log_info("attached port=%s number=%u", waiter->port, port->number);
	tw_link_reply(waiter->req, &env);
	drop(waiter);
}

/* Is the port's binding to this host one that DetachPort may end? */
static bool bound_here(const struct tw_agent *agent, const char *name)
{
	const Tw__WatchReply *view = tw_agent_view(agent);
	const Tw__Port *port = tw_slice_port(view, name);

	return port && port->binding && strcmp(port->binding->host, agent->config.host) == 0 &&
	       !tw_snapshot_migration(view, agent->config.host, port);
}

static void bound(const Tw__Envelope *reply, const struct tw_error *err, void *arg)
{
	struct waiter *waiter = arg;
	struct tw_error why = { 0 };

	if (!tw_calls_reply_is(reply, err, TW__ENVELOPE__BODY_WRITTEN, &why)) {
		if (why.code == TW_E_TIMEOUT)
			tw_error_set(&why, TW_E_UNREACHABLE, NULL, "the controller does not answer, and port %s is %s",
				     waiter->port, waiter->detach ? "still bound here" : "not bound to this host");
		refuse(waiter, &why);
		return;
	}
	if (waiter->detach) {
		tw_log_info("detached port=%s", waiter->port);
		acknowledge(waiter->req);
		drop(waiter);
	} /* else the slice will tell */
}

static void ask_controller(struct waiter *waiter)
{
	struct tw_agent *agent = waiter->local->agent;
	Tw__Envelope env = TW__ENVELOPE__INIT;
	Tw__BindPort msg;
	struct tw_error err = { 0 };
	char *host = (char *)(uintptr_t)agent->config.host; /* only read */

	tw__bind_port__init(&msg);
	waiter->asked = true;
	msg.port = waiter->port;
	if (waiter->detach)
		msg.from = host;
	else
		msg.host = host;
	env.body_case = TW__ENVELOPE__BODY_BIND_PORT;
	env.bind_port = &msg;
	if (tw_calls_ask(agent->operator, & env, BIND_TIMEOUT_MS, bound, waiter) == 0)
		return;
	tw_error_set(&err, TW_E_INTERNAL, NULL, "out of memory");
	refuse(waiter, &err);
}

static void too_late(struct waiter *waiter)
{
	const struct tw_agent *agent = waiter->local->agent;
	struct tw_error err = agent->error;

	if (!tw_switch_alive(agent->sw))
		tw_error_set(&err, TW_E_UNREACHABLE, NULL, "the switch of this host does not answer");
	else if (!err.code)
		tw_error_set(&err, TW_E_TIMEOUT, NULL, "port %s did not become this host's in time", waiter->port);
	refuse(waiter, &err);
}

/* Answer, go a step on, or let it wait. The waiter may be gone afterwards. */
static void attend(struct waiter *waiter)
{
	const struct tw_agent *agent = waiter->local->agent;
	const Tw__Port *port = tw_slice_port(tw_agent_view(agent), waiter->port);
	Tw__LocalPort__Role role = TW__LOCAL_PORT__ROLE__SERVING;
	bool here = port && tw_agent_place(agent, port, &role) == TW_PLACE_LOCAL;
	struct tw_error err = { 0 };

	if (!waiter->detach && here && !waiter->incoming && role == TW__LOCAL_PORT__ROLE__INCOMING) {
		tw_error_set(&err, TW_E_BUSY, "attach_port.port", "a migration is bringing port %s here", waiter->port);
		refuse(waiter, &err);
	} else if (!waiter->detach && here && tw_agent_settled(agent)) {
		answer(waiter, port);
	} else if (tw_clock_mono_ms() >= waiter->until_ms) {
		too_late(waiter);
	} else if (!waiter->asked && (waiter->detach || (!here && !waiter->incoming))) {
		ask_controller(waiter);
	}
}

static void attend_all(struct tw_local *local)
{
	struct waiter *waiter = TAILQ_FIRST(&local->waiters), *next;

	for (; waiter; waiter = next) {
		next = TAILQ_NEXT(waiter, link);
		attend(waiter);
	}
	if (TAILQ_EMPTY(&local->waiters))
		event_del(local->look);
}

static void on_look(evutil_socket_t fd, short what, void *arg)
{
	attend_all(arg);
}

static void wait_for(struct tw_local *local, struct tw_link_request *req, const char *port, bool detach, bool incoming)
{
	const struct timeval tick = { .tv_usec = LOOK_MS * 1000 };
	struct waiter *waiter = calloc(1, sizeof(*waiter));
	struct tw_error err = { 0 };

	if (waiter)
		waiter->port = strdup(port);
	if (!waiter || !waiter->port) {
		free(waiter);
		tw_error_set(&err, TW_E_INTERNAL, NULL, "out of memory");
		tw_link_reply_error(req, &err);
		return;
	}
	waiter->local = local;
	waiter->req = req;
	waiter->detach = detach;
	waiter->incoming = incoming;
	waiter->until_ms = tw_clock_mono_ms() + PATIENCE_MS;
	TAILQ_INSERT_TAIL(&local->waiters, waiter, link);
	event_add(local->look, &tick);
	attend(waiter);
}

static void tell_status(struct tw_local *local, struct tw_link_request *req)
{
	const struct tw_agent *agent = local->agent;
	Tw__Envelope env = TW__ENVELOPE__INIT;
	Tw__AgentStatus status;

	tw__agent_status__init(&status);
	status.host = (char *)(uintptr_t)agent->config.host;       /* only read */
	status.run_dir = (char *)(uintptr_t)agent->config.run_dir; /* only read */
	status.revision = tw_agent_view(agent)->revision;
	status.realised = agent->realised;
	status.controller_connected = tw_report_connected(agent->report);
	status.switch_alive = tw_switch_alive(agent->sw);
	status.version = (char *)(uintptr_t)TW_VERSION; /* only read */
	env.body_case = TW__ENVELOPE__BODY_AGENT_STATUS;
	env.agent_status = &status;
	tw_link_reply(req, &env);
}

static void on_request(struct tw_link_request *req, const Tw__Envelope *env, void *arg)
{
	struct tw_local *local = arg;
	struct tw_error err = { 0 };
	const char *port;

	switch (env->body_case) {
	case TW__ENVELOPE__BODY_GET_AGENT_STATUS:
		tell_status(local, req);
		return;
	case TW__ENVELOPE__BODY_ATTACH_PORT:
		port = env->attach_port->port;
		if (tw_check_port_name(port, "attach_port.port", &err)) {
			wait_for(local, req, port, false, env->attach_port->incoming);
			return;
		}
		break;
	case TW__ENVELOPE__BODY_DETACH_PORT:
		port = env->detach_port->port;
		if (tw_check_port_name(port, "detach_port.port", &err)) {
			if (bound_here(local->agent, port))
				wait_for(local, req, port, true, false);
			else
				acknowledge(req);
			return;
		}
		break;
	default:
		tw_error_set(&err, TW_E_UNEXPECTED, "body", "the agent does not take this request here");
	}
	tw_link_reply_error(req, &err);
}

struct tw_local *tw_local_create(struct tw_agent *agent)
{
	struct tw_local *local = calloc(1, sizeof(*local));
	char url[PATH_MAX];

	if (!local)
		return NULL;
	local->agent = agent;
	TAILQ_INIT(&local->waiters);
	local->look = event_new(agent->base, -1, EV_PERSIST, on_look, local);
	if (local->look && tw_path(url, sizeof(url), "ipc://%s/agent.ipc", agent->config.run_dir) == 0)
		local->server = tw_link_server_create(agent->base, url, on_request, local);
	if (!local->server) {
		tw_local_destroy(local);
		return NULL;
	}
	return local;
}

void tw_local_destroy(struct tw_local *local)
{
	struct tw_error ending = { 0 };

	if (!local)
		return;
	tw_error_set(&ending, TW_E_UNREACHABLE, NULL, "the agent is ending");
	while (!TAILQ_EMPTY(&local->waiters))
		refuse(TAILQ_FIRST(&local->waiters), &ending);
	tw_link_server_destroy(local->server);
	if (local->look)
		event_free(local->look);
	free(local);
}

void tw_local_changed(struct tw_local *local)
{
	attend_all(local);
}
