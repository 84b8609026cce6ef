/* SPDX-License-Identifier: Apache-2.0 */
/*
 * handover.c - a port between two hosts: frames wait, then follow.
 *
 *   UP ──ring stops──▶ HOLD ──its MAC is heard on an uplink, or told so──▶ MOVED   what waited goes to the uplink
 *                       └──the ring starts again (the migration failed)──▶ UP      what waited goes to the guest
 *                       └──60 s pass──▶ ABSENT                                     what waited is dropped: hold_full
 * Only an OUTGOING port holds; any other whose ring stops is ABSENT.
 * Threads  main. Workers put frames into the hold ring (many producers), main alone takes them out.
 */
#include <errno.h>
#include <stdio.h>

#include "common/clock.h"
#include "dataplane/switch.h"
#include "dataplane/team.h"

#define TW_LOG_AREA "handover"
#include "common/log.h"

static struct tw_slot_state *state_of(const struct tw_port *p)
{
	return &p->sw->states[p->slot];
}

/* By which uplink the port's frames leave. */
static uint16_t way_of(const struct tw_port *p)
{
	return tw_team_way_of_mac(atomic_load(&p->sw->snapshot), p->slot, p->mac);
}

static uint64_t hold_full(const struct tw_port *p)
{
	struct tw_counters sum;

	tw_workers_count(p->sw, p->slot, &p->base, &sum);
	return sum.drops[TW_DROP_HOLD_FULL];
}

uint64_t tw_handover_lost(const struct tw_port *p)
{
	return p->hold ? hold_full(p) - p->hold_full_before : 0;
}

uint64_t tw_handover_held(const struct tw_port *p)
{
	return p->frames_held + (p->hold ? rte_ring_count(p->hold) : 0);
}

static bool make_hold(struct tw_port *p)
{
	char name[RTE_RING_NAMESIZE];

	if (p->hold)
		return true;
	snprintf(name, sizeof(name), "hold-%u", p->slot);
	p->hold = rte_ring_create(name, TW_HOLD_RING, SOCKET_ID_ANY, 0);
	if (!p->hold)
		tw_log_error("no memory to hold frames port=%s", p->name);
	p->sw->hold[p->slot] = p->hold;
	return p->hold != NULL;
}

void tw_handover_stopped(struct tw_port *p)
{
	struct tw_slot_state *state = state_of(p);

	p->stopped_ns = p->guest.stopped_ns;
	state->link = TW_LINK_ABSENT;
	if (p->role != TW__LOCAL_PORT__ROLE__OUTGOING || !make_hold(p))
		return;
	state->link = TW_LINK_HOLD;
	p->held_since_ms = tw_clock_mono_ms();
	p->frames_held = 0;
	p->hold_full_before = hold_full(p);
	p->draining = false;
	tw_tick_soon(p->sw);
}

/* --- what waited goes on --- */

static bool waits_in_shaper(const struct tw_port *p)
{
	struct tw_shaper *shaper = p->drain_to == p->slot ? NULL : p->sw->shapers[p->slot];

	return shaper && atomic_load_explicit(&shaper->octets, memory_order_relaxed) > 0;
}

/* What waited in the shaping queue came before what waits since; back at its guest it leaves from there. */
static struct rte_mbuf *next_held(struct tw_port *p)
{
	struct tw_shaper *shaper = p->drain_to == p->slot ? NULL : p->sw->shapers[p->slot];
	struct rte_mbuf *m = shaper ? tw_shaper_take(shaper) : NULL;

	if (m || rte_ring_dequeue(p->hold, (void **)&m) == 0)
		return m;
	return NULL;
}

static void drop_held(struct tw_port *p, enum tw_drop reason)
{
	struct rte_mbuf *m;

	while ((m = next_held(p))) {
		p->base.drops[reason]++;
		rte_pktmbuf_free(m);
	}
}

/*
 * A group frame that waited came by the wire or went there too: the other host had it. Sent back it would tell every bridge
 * on the way that its sender is here.
 */
static bool was_for_all(const struct tw_port *p, const struct rte_mbuf *m)
{
	return p->drain_to != p->slot && *rte_pktmbuf_mtod(m, const uint8_t *) & 1;
}

/* As much as the worker's inject ring takes now. */
static void drain(struct tw_port *p)
{
	struct rte_ring *inject = p->sw->workers[0]->inject;
	struct rte_mbuf *m;

	if (p->drain_to == TW_SLOT_NONE)
		drop_held(p, TW_DROP_NO_UPLINK);
	while (rte_ring_free_count(inject) > 0 && (m = next_held(p))) {
		if (was_for_all(p, m)) {
			p->base.drops[TW_DROP_NO_MEMBER]++;
			rte_pktmbuf_free(m);
			continue;
		}
		m->port = p->drain_to;
		p->frames_held++;
		rte_ring_sp_enqueue(inject, m);
	}
}

static void drain_to(struct tw_port *p, uint16_t slot)
{
	if (!p->hold)
		return;
	p->draining = true;
	p->drain_to = slot;
	tw_tick_soon(p->sw);
}

void tw_handover_started(struct tw_port *p)
{
	struct tw_slot_state *state = state_of(p);

	if (state->link == TW_LINK_HOLD)
		drain_to(p, p->slot); /* by the tick, when the workers have the guest again */
	state->link = TW_LINK_UP;
}

void tw_handover_release(struct tw_port *p, bool moved)
{
	struct tw_slot_state *state = state_of(p);

	if (state->link != TW_LINK_HOLD || !moved)
		return; /* frames wait on for a guest that is to be back: its ring starting lets them go */
	state->link = TW_LINK_MOVED;
	drain_to(p, way_of(p));
	drain(p); /* before the workers send past the queue: order */
	tw_publish(p->sw);
	drain(p);
	tw_log_info("moved port=%s number=%u frames_held=%lu frames_lost=%lu", p->name, p->number,
		    (unsigned long)p->frames_held, (unsigned long)tw_handover_lost(p));
	tw_news_port_moved(p);
	tw_news_port_link(p);
}

/* --- time passes --- */

/*
 * A MAC of ours was heard on an uplink. A held port's: its guest runs elsewhere. One that is up: another host passed on a
 * frame of ours that it had held, and bridges on the way now believe us there; they are told better.
 */
static void heard(struct tw_port *p)
{
	if (state_of(p)->link == TW_LINK_HOLD)
		tw_handover_release(p, true);
	else if (state_of(p)->link == TW_LINK_UP)
		tw_announce(p->sw->announcer, p->slot);
}

static void hear_workers(struct tw_switch *sw)
{
	for (unsigned w = 0; w < sw->n_workers; w++) {
		void *told;

		while (rte_ring_sc_dequeue(sw->workers[w]->told, &told) == 0) {
			uint16_t slot = (uint16_t)(uintptr_t)told;

			if ((uintptr_t)told >> 16 == TW_TOLD_HEARD && slot < TW_PORTS_MAX && sw->ports[slot].used &&
			    !sw->ports[slot].retire)
				heard(&sw->ports[slot]);
		}
	}
}

static void give_up(struct tw_port *p)
{
	tw_log_warning("nobody came for the port in %d s: what waited is dropped port=%s", TW_HOLD_LIMIT_MS / 1000,
		       p->name);
	state_of(p)->link = TW_LINK_ABSENT;
	tw_publish(p->sw);
	p->drain_to = TW_SLOT_NONE;
	drop_held(p, TW_DROP_HOLD_FULL);
	tw_news_port_link(p);
}

static void tick_port(struct tw_port *p)
{
	bool holds = state_of(p)->link == TW_LINK_HOLD;

	if (holds && tw_clock_mono_ms() - p->held_since_ms >= TW_HOLD_LIMIT_MS)
		give_up(p);
	if (!p->draining)
		return;
	drain(p);
	/* A worker that still had the former snapshot may have put a last frame in. */
	if (rte_ring_empty(p->hold) && !waits_in_shaper(p) && tw_grace_over(p->sw))
		p->draining = false;
}

void tw_handover_tick(struct tw_switch *sw)
{
	hear_workers(sw);
	for (unsigned i = 0; i < TW_PORTS_MAX; i++)
		if (sw->ports[i].used && !sw->ports[i].retire)
			tick_port(&sw->ports[i]);
}

bool tw_handover_pending(const struct tw_switch *sw)
{
	for (unsigned i = 0; i < TW_PORTS_MAX; i++) {
		const struct tw_port *p = &sw->ports[i];

		if (p->used && !p->retire && (p->draining || sw->states[i].link == TW_LINK_HOLD))
			return true;
	}
	return false;
}

void tw_handover_leave(struct tw_port *p)
{
	if (state_of(p)->link != TW_LINK_HOLD)
		return;
	p->drain_to = way_of(p);
	drain(p);
}
