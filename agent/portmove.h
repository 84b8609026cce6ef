/* SPDX-License-Identifier: Apache-2.0 */
/*
 * portmove.h - one port's state on its way from here to another host: inside of handover.c, which decides when.
 *
 * HERE -> TAKING (out of the switch) -> SENDING (to the other agent, which knows a repeated handover) -> THERE; or
 * LEFT_HERE when a step fails for good, and the state is put back. Let go of once: what the switch holds is passed on.
 *
 * Threads  the agent's one thread.
 */
#ifndef TW_AGENT_PORTMOVE_H
#define TW_AGENT_PORTMOVE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "agent/calls.h"

enum tw_portmove_at { TW_STATE_HERE, TW_STATE_TAKING, TW_STATE_SENDING, TW_STATE_THERE, TW_STATE_LEFT_HERE };

struct tw_portmove {
	TAILQ_ENTRY(tw_portmove) link;
	uint32_t number;
	uint64_t migration;
	struct tw_calls *sw;   /* borrowed: the switch's urgent conversation */
	struct tw_calls *peer; /* borrowed; NULL at the new place */
	enum tw_portmove_at at;
	Tw__PortState *state;  /* as taken; kept so that it can come back */
	Tw__PortState **given; /* of earlier stops of the ring, at the other host by now */
	size_t n_given;
	unsigned tries;
	bool moved;                        /* the new place was heard */
	bool releasing;                    /* the switch was asked to let go */
	bool released;                     /* and has answered */
	bool cancelled;                    /* the guest stays: what the switch still gives out goes back */
	bool activated;                    /* here, as the new place: told the controller */
	uint64_t frames_held, frames_lost; /* as the switch says when it lets go */
};

struct tw_portmove *tw_portmove_create(uint32_t number, uint64_t migration, struct tw_calls *sw, struct tw_calls *peer);
void tw_portmove_destroy(struct tw_portmove *port);

/** Begin the journey; does nothing when it has begun. */
void tw_portmove_take(struct tw_portmove *port);
/** The ring runs here again (the guest's driver started anew): the next stop takes what has been counted since. */
void tw_portmove_again(struct tw_portmove *port);
/** The guest runs elsewhere: have what is held passed on. */
void tw_portmove_release(struct tw_portmove *port);
/** The guest stays: what is held goes to it, counters and flows come back. Does nothing after a release. */
void tw_portmove_cancel(struct tw_portmove *port);

#endif
