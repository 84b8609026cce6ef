/* SPDX-License-Identifier: Apache-2.0 */
/*
 * handover.c - moves port states between hosts; see handover.h.
 *
 * Threads  the agent's one thread.
 * Owns     per migration the conversation with the other host, per port the state that is on its way.
 */
#include "agent/handover.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "agent/agent.h"
#include "agent/portmove.h"
#include "common/clock.h"
#include "common/log.h"

#define TW_LOG_AREA "handover"

enum {
	SETTLE_TICK_MS = 20,
	TAKE_AFTER_MS = 300,    /* a port whose ring never ran is taken along without a LINK_HOLD */
	MOVED_WAIT_MS = 1000,   /* how long to wait for the new place to be heard */
	SETTLE_LIMIT_MS = 8000, /* more than all tries of a handover */
};

struct move {
	TAILQ_ENTRY(move) link;
	struct tw_handover *handover;
	uint64_t id;
	struct tw_calls *peer; /* NULL at the new place */
	TAILQ_HEAD(, tw_portmove) ports;
	struct event *settle_tick;
	uint64_t settle_ms; /* when settling began, monotonic */
	tw_handover_done done;
	void *arg;
	struct tw_handover_figures figures;
};

struct tw_handover {
	struct tw_agent *agent;
	TAILQ_HEAD(, move) moves;
};

/* ---- records ---- */

static struct move *find_move(struct tw_handover *h, uint64_t id)
{
	struct move *move;

	TAILQ_FOREACH (move, &h->moves, link)
		if (move->id == id)
			return move;
	return NULL;
}

static struct tw_portmove *find_port(struct move *move, uint32_t number)
{
	struct tw_portmove *port;

	TAILQ_FOREACH (port, &move->ports, link)
		if (port->number == number)
			return port;
	return NULL;
}

static struct tw_portmove *add_port(struct move *move, uint32_t number)
{
	struct tw_portmove *port = find_port(move, number);

	if (port)
		return port;
	port = tw_portmove_create(number, move->id, tw_switch_urgent(move->handover->agent->sw), move->peer);
	if (port)
		TAILQ_INSERT_TAIL(&move->ports, port, link);
	return port;
}

static void free_move(struct move *move)
{
	struct tw_portmove *port;

	TAILQ_REMOVE(&move->handover->moves, move, link);
	while ((port = TAILQ_FIRST(&move->ports))) {
		TAILQ_REMOVE(&move->ports, port, link);
		tw_portmove_destroy(port);
	}
	tw_calls_destroy(move->peer);
	if (move->settle_tick)
		event_free(move->settle_tick);
	free(move);
}

/* ---- the old place ---- */

static void finish_settle(struct move *move)
{
	tw_handover_done done = move->done;
	struct tw_portmove *port;

	TAILQ_FOREACH (port, &move->ports, link) {
		move->figures.frames_held += port->frames_held;
		move->figures.frames_lost += port->frames_lost;
		for (size_t i = 0; i < port->n_given; i++)
			move->figures.flows_moved += port->given[i]->n_flows;
		if (!port->state)
			continue;
		move->figures.flows_moved += port->at == TW_STATE_THERE ? port->state->n_flows : 0;
		if (port->state->stopped_ns > move->figures.stopped_ns)
			move->figures.stopped_ns = port->state->stopped_ns;
	}
	move->done = NULL;
	event_del(move->settle_tick);
	if (done)
		done(&move->figures, move->arg);
}

static bool may_release(struct tw_portmove *port, uint64_t waited_ms)
{
	if (port->at == TW_STATE_HERE && waited_ms >= TAKE_AFTER_MS)
		tw_portmove_take(port);
	if (waited_ms >= SETTLE_LIMIT_MS)
		return true;
	return (port->at == TW_STATE_THERE || port->at == TW_STATE_LEFT_HERE) &&
	       (port->moved || waited_ms >= MOVED_WAIT_MS);
}

static void settle_tick(evutil_socket_t fd, short what, void *arg)
{
	struct move *move = arg;
	uint64_t waited_ms = tw_clock_mono_ms() - move->settle_ms;
	bool all = true;
	struct tw_portmove *port;

	TAILQ_FOREACH (port, &move->ports, link) {
		if (!port->releasing && may_release(port, waited_ms))
			tw_portmove_release(port);
		all = all && port->released;
	}
	if (all)
		finish_settle(move);
}

bool tw_handover_settle(struct tw_handover *h, uint64_t migration, tw_handover_done done, void *arg)
{
	const struct timeval tick = { .tv_usec = SETTLE_TICK_MS * 1000 };
	const Tw__WatchReply *view = tw_agent_view(h->agent);
	struct move *move = find_move(h, migration);

	if (!move || !move->settle_tick)
		return false;
	for (size_t i = 0; i < view->n_ports; i++) {
		const Tw__Migration *m = tw_snapshot_migration(view, h->agent->config.host, view->ports[i]);

		if (m && m->id == migration && !add_port(move, view->ports[i]->number))
			return false;
	}
	move->done = done;
	move->arg = arg;
	move->settle_ms = tw_clock_mono_ms();
	return event_add(move->settle_tick, &tick) == 0;
}

static void cancel(struct move *move)
{
	struct tw_portmove *port;

	move->done = NULL;
	if (move->settle_tick)
		event_del(move->settle_tick);
	TAILQ_FOREACH (port, &move->ports, link)
		tw_portmove_cancel(port);
}

void tw_handover_cancel(struct tw_handover *h, uint64_t migration)
{
	struct move *move = find_move(h, migration);

	if (move)
		cancel(move);
}

/* ---- what the agent hears ---- */

void tw_handover_link(struct tw_handover *h, uint32_t number, Tw__LinkState link, uint64_t at_ns)
{
	const Tw__WatchReply *view = tw_agent_view(h->agent);
	const Tw__Port *port = TAILQ_EMPTY(&h->moves) ? NULL : tw_slice_port_number(view, number);
	const Tw__Migration *migration = port ? tw_snapshot_migration(view, h->agent->config.host, port) : NULL;
	struct move *move = migration ? find_move(h, migration->id) : NULL;
	Tw__LocalPort__Role role;
	struct tw_portmove *moving;

	if (!move || tw_agent_place(h->agent, port, &role) != TW_PLACE_LOCAL)
		return;
	moving = add_port(move, number);
	if (!moving)
		return;
	if (role == TW__LOCAL_PORT__ROLE__OUTGOING && link == TW__LINK_STATE__LINK_HOLD)
		tw_portmove_take(moving);
	if (role == TW__LOCAL_PORT__ROLE__OUTGOING && link == TW__LINK_STATE__LINK_UP)
		tw_portmove_again(moving);
	if (role == TW__LOCAL_PORT__ROLE__OUTGOING && link == TW__LINK_STATE__LINK_MOVED)
		moving->moved = true;
	if (role == TW__LOCAL_PORT__ROLE__INCOMING && link == TW__LINK_STATE__LINK_UP && !moving->activated) {
		tw_log_info("the guest runs here number=%u migration=%" PRIu64, number, migration->id);
		moving->activated = tw_report_activated(h->agent->report, number, migration->id,
							at_ns ? at_ns : tw_clock_real_ns()) == 0;
	}
}

void tw_handover_moved(struct tw_handover *h, uint32_t number)
{
	struct move *move;

	TAILQ_FOREACH (move, &h->moves, link) {
		struct tw_portmove *port = find_port(move, number);

		if (port)
			port->moved = true;
	}
}

static void begin_move(struct tw_handover *h, const Tw__Migration *migration)
{
	const Tw__WatchReply *view = tw_agent_view(h->agent);
	const Tw__Host *peer = tw_slice_peer(view, migration->to);
	bool outgoing = strcmp(migration->from, h->agent->config.host) == 0;
	struct move *move = calloc(1, sizeof(*move));

	if (!move)
		return;
	move->handover = h;
	move->id = migration->id;
	TAILQ_INIT(&move->ports);
	TAILQ_INSERT_TAIL(&h->moves, move, link);
	if (!outgoing)
		return;
	/* Connected now, so that nothing but the state itself has to travel while the guest is dark. */
	if (peer && *peer->peer_url)
		move->peer = tw_calls_create(h->agent->base, peer->peer_url);
	if (!move->peer)
		tw_log_error("the other host's agent cannot be reached migration=%" PRIu64 " host=%s", migration->id,
			     migration->to);
	move->settle_tick = event_new(h->agent->base, -1, EV_PERSIST, settle_tick, move);
}

void tw_handover_slice(struct tw_handover *h)
{
	const Tw__WatchReply *view = tw_agent_view(h->agent);
	struct move *move = TAILQ_FIRST(&h->moves), *next;

	for (; move; move = next) {
		next = TAILQ_NEXT(move, link);
		if (tw_slice_migration(view, move->id))
			continue;
		/* Over. A port that is served here again gets back what was taken for a journey that was not made. */
		for (struct tw_portmove *port = TAILQ_FIRST(&move->ports), *after; port; port = after) {
			const Tw__Port *known = tw_slice_port_number(view, port->number);

			after = TAILQ_NEXT(port, link);
			if (move->settle_tick && known && tw_agent_place(h->agent, known, NULL) == TW_PLACE_LOCAL)
				continue;
			port->releasing = true; /* nothing is given back to a port that has gone */
		}
		cancel(move);
		free_move(move);
	}
	for (size_t i = 0; i < view->n_migrations; i++) {
		const Tw__Migration *migration = view->migrations[i];
		bool over = migration->phase == TW__MIGRATION__PHASE__DONE ||
			    migration->phase == TW__MIGRATION__PHASE__FAILED;

		if (!over && !find_move(h, migration->id))
			begin_move(h, migration);
	}
}

struct tw_handover *tw_handover_create(struct tw_agent *agent)
{
	struct tw_handover *h = calloc(1, sizeof(*h));

	if (!h)
		return NULL;
	h->agent = agent;
	TAILQ_INIT(&h->moves);
	return h;
}

void tw_handover_destroy(struct tw_handover *h)
{
	if (!h)
		return;
	while (!TAILQ_EMPTY(&h->moves))
		free_move(TAILQ_FIRST(&h->moves));
	free(h);
}
