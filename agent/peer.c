/* SPDX-License-Identifier: Apache-2.0 */
/*
 * peer.c - serves HandOver to other hosts' agents; see peer.h.
 *
 * Threads  the agent's one thread.
 * Owns     the server, and one record per port state that came.
 */
#include "agent/peer.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "agent/agent.h"
#include "common/log.h"

#define TW_LOG_AREA "peer"

enum { PUT_TIMEOUT_MS = 2000 };

struct arrival {
	TAILQ_ENTRY(arrival) link;
	struct tw_peer *peer;
	uint64_t migration;
	uint32_t number;
	uint64_t stopped_ns;         /* which stop of the ring: a guest's driver may stop it more than once */
	bool put;                    /* the switch has it */
	struct tw_link_request *req; /* to be answered; NULL = nobody waits */
};

struct tw_peer {
	struct tw_agent *agent;
	struct tw_link_server *server;
	TAILQ_HEAD(, arrival) arrivals;
};

static void acknowledge(struct tw_link_request *req)
{
	Tw__Envelope reply = TW__ENVELOPE__INIT;
	Tw__Ack ack = TW__ACK__INIT;

	reply.body_case = TW__ENVELOPE__BODY_ACK;
	reply.ack = &ack;
	tw_link_reply(req, &reply);
}

static void refuse(struct tw_link_request *req, enum tw_api_error code, const char *field, const char *text)
{
	struct tw_error err = { 0 };

	tw_error_set(&err, code, field, "%s", text);
	tw_log_warning("a handover is refused field=%s error=%s", field, text);
	tw_link_reply_error(req, &err);
}

static void drop(struct arrival *arrival)
{
	TAILQ_REMOVE(&arrival->peer->arrivals, arrival, link);
	if (arrival->peer->agent->sw)
		tw_calls_forget(tw_switch_urgent(arrival->peer->agent->sw), arrival);
	free(arrival);
}

static void put_done(const Tw__Envelope *reply, const struct tw_error *err, void *arg)
{
	struct arrival *arrival = arg;
	struct tw_link_request *req = arrival->req;
	struct tw_error why = { 0 };

	arrival->req = NULL;
	if (tw_calls_reply_is(reply, err, TW__ENVELOPE__BODY_PUT_PORT_STATE_REPLY, &why)) {
		arrival->put = true;
		tw_log_info("took over number=%u migration=%" PRIu64 " flows=%u", arrival->number, arrival->migration,
			    reply->put_port_state_reply->flows);
		acknowledge(req);
		return;
	}
	tw_log_warning("the switch does not take a port's state number=%u code=%u error=%s", arrival->number, why.code,
		       why.text);
	tw_link_reply_error(req, &why);
	drop(arrival);
}

static struct arrival *find(struct tw_peer *peer, const Tw__HandOver *msg)
{
	struct arrival *arrival;

	TAILQ_FOREACH (arrival, &peer->arrivals, link)
		if (arrival->migration == msg->migration && arrival->number == msg->state->number &&
		    arrival->stopped_ns == msg->state->stopped_ns)
			return arrival;
	return NULL;
}

static void put(struct tw_peer *peer, struct tw_link_request *req, const Tw__HandOver *msg)
{
	struct arrival *arrival = calloc(1, sizeof(*arrival));
	Tw__Envelope env = TW__ENVELOPE__INIT;
	Tw__PutPortState put_msg = TW__PUT_PORT_STATE__INIT;

	if (!arrival) {
		refuse(req, TW_E_INTERNAL, "", "out of memory");
		return;
	}
	*arrival = (struct arrival){ .peer = peer,
				     .migration = msg->migration,
				     .number = msg->state->number,
				     .stopped_ns = msg->state->stopped_ns,
				     .req = req };
	TAILQ_INSERT_TAIL(&peer->arrivals, arrival, link);
	put_msg.state = msg->state;
	env.body_case = TW__ENVELOPE__BODY_PUT_PORT_STATE;
	env.put_port_state = &put_msg;
	if (tw_calls_ask(tw_switch_urgent(peer->agent->sw), &env, PUT_TIMEOUT_MS, put_done, arrival) == 0)
		return;
	drop(arrival);
	refuse(req, TW_E_INTERNAL, "", "out of memory");
}

static void on_request(struct tw_link_request *req, const Tw__Envelope *env, void *arg)
{
	struct tw_peer *peer = arg;
	const Tw__WatchReply *view = tw_agent_view(peer->agent);
	const Tw__HandOver *msg = env->hand_over;
	const Tw__Migration *migration;
	const Tw__Port *port;
	struct arrival *arrival;

	if (env->body_case != TW__ENVELOPE__BODY_HAND_OVER) {
		refuse(req, TW_E_UNEXPECTED, "body", "this socket takes handovers only");
		return;
	}
	migration = tw_slice_migration(view, msg->migration);
	if (!migration || strcmp(migration->to, peer->agent->config.host) != 0) {
		refuse(req, TW_E_NOT_FOUND, "hand_over.migration", "no such migration comes to this host");
		return;
	}
	port = msg->state ? tw_slice_port_number(view, msg->state->number) : NULL;
	if (!port || tw_snapshot_migration(view, peer->agent->config.host, port) != migration) {
		refuse(req, TW_E_NOT_FOUND, "hand_over.state.number", "no such port is part of the migration");
		return;
	}
	arrival = find(peer, msg);
	if (!arrival)
		put(peer, req, msg);
	else if (arrival->put)
		acknowledge(req);
	else
		refuse(req, TW_E_BUSY, "hand_over.state.number", "the state of this port is being taken over");
}

struct tw_peer *tw_peer_create(struct tw_agent *agent, const char *url)
{
	struct tw_peer *peer = calloc(1, sizeof(*peer));

	if (!peer)
		return NULL;
	peer->agent = agent;
	TAILQ_INIT(&peer->arrivals);
	peer->server = tw_link_server_create(agent->base, url, on_request, peer);
	if (!peer->server) {
		free(peer);
		return NULL;
	}
	return peer;
}

void tw_peer_destroy(struct tw_peer *peer)
{
	struct arrival *arrival;

	if (!peer)
		return;
	while ((arrival = TAILQ_FIRST(&peer->arrivals))) {
		if (arrival->req)
			refuse(arrival->req, TW_E_UNREACHABLE, "", "the agent is ending");
		drop(arrival);
	}
	tw_link_server_destroy(peer->server);
	free(peer);
}

void tw_peer_slice(struct tw_peer *peer)
{
	const Tw__WatchReply *view = tw_agent_view(peer->agent);
	struct arrival *arrival = TAILQ_FIRST(&peer->arrivals), *next;

	for (; arrival; arrival = next) {
		next = TAILQ_NEXT(arrival, link);
		if (!arrival->req && !tw_slice_migration(view, arrival->migration))
			drop(arrival);
	}
}
