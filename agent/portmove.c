/* SPDX-License-Identifier: Apache-2.0 */
/*
 * portmove.c - takes a port's state out of the switch, sends it, lets go; see portmove.h.
 *
 * Threads  the agent's one thread.
 * Owns     the state it has taken.
 */
#include "agent/portmove.h"

#include <inttypes.h>
#include <stdlib.h>

#include "common/log.h"

#define TW_LOG_AREA "handover"

enum {
	SWITCH_TIMEOUT_MS = 2000,
	PEER_TIMEOUT_MS = 2000,
	PEER_TRIES = 3,
};

struct tw_portmove *tw_portmove_create(uint32_t number, uint64_t migration, struct tw_calls *sw, struct tw_calls *peer)
{
	struct tw_portmove *port = calloc(1, sizeof(*port));

	if (port)
		*port = (struct tw_portmove){ .number = number, .migration = migration, .sw = sw, .peer = peer };
	return port;
}

void tw_portmove_destroy(struct tw_portmove *port)
{
	if (!port)
		return;
	tw_calls_forget(port->sw, port);
	if (port->peer)
		tw_calls_forget(port->peer, port);
	if (port->state)
		tw__port_state__free_unpacked(port->state, NULL);
	for (size_t i = 0; i < port->n_given; i++)
		tw__port_state__free_unpacked(port->given[i], NULL);
	free(port->given);
	free(port);
}

static void put_back(struct tw_portmove *port, const Tw__PortState *taken, bool with_flows)
{
	Tw__Envelope env = TW__ENVELOPE__INIT;
	Tw__PutPortState put = TW__PUT_PORT_STATE__INIT;
	Tw__PortState state = *taken;

	if (!with_flows)
		state.n_flows = 0;
	put.state = &state;
	env.body_case = TW__ENVELOPE__BODY_PUT_PORT_STATE;
	env.put_port_state = &put;
	if (tw_calls_ask(port->sw, &env, SWITCH_TIMEOUT_MS, NULL, NULL))
		tw_log_error("a port's state cannot be given back number=%u", port->number);
}

static void send_state(struct tw_portmove *port);

static void sent(const Tw__Envelope *reply, const struct tw_error *err, void *arg)
{
	struct tw_portmove *port = arg;
	struct tw_error why = { 0 };

	if (tw_calls_reply_is(reply, err, TW__ENVELOPE__BODY_ACK, &why)) {
		port->at = TW_STATE_THERE;
		tw_log_info("handed over number=%u migration=%" PRIu64 " flows=%zu", port->number, port->migration,
			    port->state->n_flows);
		return;
	}
	tw_log_warning("a handover failed number=%u try=%u code=%u error=%s", port->number, port->tries, why.code,
		       why.text);
	if (port->tries < PEER_TRIES) {
		send_state(port);
		return;
	}
	port->at = TW_STATE_LEFT_HERE;
	put_back(port, port->state, true);
}

static void send_state(struct tw_portmove *port)
{
	Tw__Envelope env = TW__ENVELOPE__INIT;
	Tw__HandOver msg = TW__HAND_OVER__INIT;

	port->tries++;
	port->at = TW_STATE_SENDING;
	msg.migration = port->migration;
	msg.state = port->state;
	env.body_case = TW__ENVELOPE__BODY_HAND_OVER;
	env.hand_over = &msg;
	if (port->peer && tw_calls_ask(port->peer, &env, PEER_TIMEOUT_MS, sent, port) == 0)
		return;
	tw_log_error("a port's state cannot be sent number=%u", port->number);
	port->at = TW_STATE_LEFT_HERE;
	put_back(port, port->state, true);
}

static void taken(const Tw__Envelope *reply, const struct tw_error *err, void *arg)
{
	struct tw_portmove *port = arg;
	struct tw_error why = { 0 };
	uint8_t *bytes;
	size_t size;

	if (!tw_calls_reply_is(reply, err, TW__ENVELOPE__BODY_PORT_STATE, &why)) {
		tw_log_warning("the switch does not give a port's state number=%u code=%u error=%s", port->number,
			       why.code, why.text);
		port->at = TW_STATE_LEFT_HERE;
		return;
	}
	size = tw__port_state__get_packed_size(reply->port_state);
	bytes = malloc(size ? size : 1);
	if (bytes) {
		tw__port_state__pack(reply->port_state, bytes);
		port->state = tw__port_state__unpack(NULL, size, bytes);
	}
	free(bytes);
	port->at = TW_STATE_LEFT_HERE;
	if (port->state && port->cancelled)
		put_back(port, port->state, true);
	else if (port->state)
		send_state(port);
}

void tw_portmove_take(struct tw_portmove *port)
{
	Tw__Envelope env = TW__ENVELOPE__INIT;
	Tw__TakePortState msg = TW__TAKE_PORT_STATE__INIT;

	if (port->at != TW_STATE_HERE)
		return;
	port->at = TW_STATE_TAKING;
	msg.number = port->number;
	env.body_case = TW__ENVELOPE__BODY_TAKE_PORT_STATE;
	env.take_port_state = &msg;
	if (tw_calls_ask(port->sw, &env, SWITCH_TIMEOUT_MS, taken, port))
		port->at = TW_STATE_LEFT_HERE;
}

void tw_portmove_again(struct tw_portmove *port)
{
	if (port->releasing || (port->at != TW_STATE_THERE && port->at != TW_STATE_LEFT_HERE))
		return;
	if (port->at == TW_STATE_THERE) {
		Tw__PortState **grown = reallocarray(port->given, port->n_given + 1, sizeof(*grown));

		if (!grown)
			return; /* what comes later stays here then */
		port->given = grown;
		port->given[port->n_given++] = port->state;
	} else if (port->state) {
		tw__port_state__free_unpacked(port->state, NULL);
	}
	port->state = NULL;
	port->tries = 0;
	port->at = TW_STATE_HERE;
}

static void release(struct tw_portmove *port, bool moved, tw_link_done done, void *arg)
{
	Tw__Envelope env = TW__ENVELOPE__INIT;
	Tw__ReleasePort msg = TW__RELEASE_PORT__INIT;

	port->releasing = true;
	msg.number = port->number;
	msg.moved = moved;
	env.body_case = TW__ENVELOPE__BODY_RELEASE_PORT;
	env.release_port = &msg;
	if (tw_calls_ask(port->sw, &env, SWITCH_TIMEOUT_MS, done, arg))
		port->released = true;
}

static void released(const Tw__Envelope *reply, const struct tw_error *err, void *arg)
{
	struct tw_portmove *port = arg;
	struct tw_error why = { 0 };

	port->released = true;
	if (tw_calls_reply_is(reply, err, TW__ENVELOPE__BODY_RELEASE_PORT_REPLY, &why)) {
		port->frames_held += reply->release_port_reply->frames_held;
		port->frames_lost += reply->release_port_reply->frames_lost;
	} else {
		tw_log_warning("a port was not released number=%u code=%u error=%s", port->number, why.code, why.text);
	}
}

void tw_portmove_release(struct tw_portmove *port)
{
	if (!port->releasing)
		release(port, true, released, port);
}

void tw_portmove_cancel(struct tw_portmove *port)
{
	if (port->releasing)
		return;
	/* What left may be in records of the other place by now: its counters come back, its flows begin anew here, so
	 * that nothing is told twice. */
	if (port->peer)
		tw_calls_forget(port->peer, port);
	if (port->at == TW_STATE_SENDING || port->at == TW_STATE_THERE)
		put_back(port, port->state, false);
	for (size_t i = 0; i < port->n_given; i++)
		put_back(port, port->given[i], false);
	port->cancelled = true;
	if (port->at != TW_STATE_TAKING)
		port->at = TW_STATE_LEFT_HERE;
	release(port, false, NULL, NULL);
}
