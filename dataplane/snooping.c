/* SPDX-License-Identifier: Apache-2.0 */
/*
 * snooping.c - main's side of snooping; see snooping.h.
 *
 * Threads  main. Workers' copies come by rings, one a worker; queries go out by the first worker's inject ring.
 * Owns     the table, the view that workers read, and the one before it until no worker reads that any more.
 */
#include "dataplane/snooping.h"

#include <stdlib.h>

#include "common/clock.h"
#include "dataplane/igmp.h"
#include "dataplane/mld.h"
#include "dataplane/snoop.h"
#include "dataplane/switch.h"
#include "dataplane/team.h"

#define TW_LOG_AREA "multicast"
#include "common/log.h"

enum {
	SNOOP_MS = 10,
	PUBLISH_MS = 50,
	PRUNE_ROUNDS = 100,
	ROUND = 512,         /* messages taken in from one worker in a round */
	INJECT_SPARE = 2048, /* of the inject ring: for frames that were held */
	QUERIED_VLANS = 2,   /* in a round: of 1,024 ports each, that is less than the ring takes */
	PORT_VLANS = 64,     /* of a trunk that comes up: asked in so many */
};

struct tw_snooping {
	struct tw_switch *sw;
	struct tw_mcast *table;
	struct event *timer;
	bool running;
	unsigned rounds;
	uint64_t refused[TW_MCAST_ERROR_COUNT];
	uint64_t published, published_ms; /* version of the table, and when */
	const struct tw_mcast_view *stale;
	uint64_t stale_token;
	uint8_t buffer[TW_SNOOP_LARGEST];
};

uint64_t tw_snooping_now_ms(void)
{
	return tw_clock_mono_ms();
}

const struct tw_mcast *tw_snooping_table(const struct tw_snooping *sn)
{
	return sn->table;
}

uint64_t tw_snooping_refused(const struct tw_snooping *sn, unsigned error)
{
	return sn->refused[error];
}

/* --- queries go out --- */

static void send_to(struct tw_switch *sw, uint16_t slot, uint16_t vlan, const uint8_t *frame, uint16_t len)
{
	struct rte_ring *inject = sw->workers[0]->inject;
	struct rte_mbuf *m = NULL;
	char *room;

	if (rte_ring_free_count(inject) > INJECT_SPARE)
		m = rte_pktmbuf_alloc(sw->pool);
	room = m ? rte_pktmbuf_append(m, len) : NULL;
	if (!room) { /* the next query makes up for it */
		rte_pktmbuf_free(m);
		return;
	}
	memcpy(room, frame, len);
	m->vlan_tci = vlan;
	m->vlan_tci_outer = false;
	m->port = slot;
	if (rte_ring_sp_enqueue(inject, m))
		rte_pktmbuf_free(m);
}

static void send_to_port(struct tw_switch *sw, const struct tw_snapshot *s, uint16_t slot, uint16_t vlan,
			 const uint8_t *frame, uint16_t len)
{
	const struct tw_slot *out = &s->slot[slot];

	if (out->kind == TW_SLOT_VHOST && out->link == TW_LINK_UP && !out->disabled)
		send_to(sw, slot, vlan, frame, len);
}

static void send_query(void *arg, uint16_t vlan, uint16_t slot, const struct tw_mcast_query *query)
{
	struct tw_switch *sw = arg;
	const struct tw_snapshot *s = atomic_load_explicit(&sw->snapshot, memory_order_relaxed); /* main made it */
	uint8_t frame[TW_MCAST_QUERY_MAX];
	uint8_t ways;
	uint16_t len = (uint16_t)(query->ip6 ? tw_mld_write_query(query, frame) : tw_igmp_write_query(query, frame));

	if (slot >= TW_PORTS_MAX && slot < TW_SLOTS_MAX) {
		if (s->slot[slot].uplink && s->slot[slot].link == TW_LINK_UP)
			send_to(sw, slot, vlan, frame, len);
		return;
	}
	if (slot != TW_SLOT_NONE) {
		send_to_port(sw, s, slot, vlan, frame, len);
		return;
	}
	for (uint32_t i = 0; i < s->flood[vlan].n; i++)
		send_to_port(sw, s, s->members[s->flood[vlan].first + i], vlan, frame, len);
	ways = tw_team_ways(s, vlan);
	for (uint16_t i = 0; i < s->n_uplinks; i++)
		if (ways & s->slot[s->uplink[i]].uplink_bit)
			send_to(sw, s->uplink[i], vlan, frame, len);
}

/* --- what was heard --- */

static void take_in(struct tw_snooping *sn, const struct rte_mbuf *m, uint64_t now_ms)
{
	const struct tw_snoop_tag *tag = rte_mbuf_to_priv((struct rte_mbuf *)(uintptr_t)m);
	const uint8_t *frame = rte_pktmbuf_read(m, 0, m->pkt_len, sn->buffer), *packet;
	struct tw_mcast_place place = { .vlan = tag->vlan, .slot = tag->slot };
	struct tw_mcast_message message;
	enum tw_mcast_error error;
	uint32_t len;

	/* Another port may have the slot meanwhile. */
	if (!frame || m->pkt_len <= tag->l2_len || tw_slot_number(sn->sw, tag->slot) != tag->number)
		return;
	memcpy(place.mac, frame + 6, sizeof(place.mac));
	packet = frame + tag->l2_len;
	len = m->pkt_len - tag->l2_len;
	error = packet[0] >> 4 == 6 ? tw_mld_parse(packet, len, &message) : tw_igmp_parse(packet, len, &message);
	if (error)
		sn->refused[error]++;
	else
		tw_mcast_hear(sn->table, &place, &message, now_ms);
}

static void hear_workers(struct tw_snooping *sn, uint64_t now_ms)
{
	struct rte_mbuf *m;

	for (unsigned w = 0; w < sn->sw->n_workers; w++)
		for (unsigned n = 0; n < ROUND && rte_ring_sc_dequeue(sn->sw->workers[w]->snoops, (void **)&m) == 0;
		     n++) {
			take_in(sn, m, now_ms);
			rte_pktmbuf_free(m);
		}
}

/* --- what workers know --- */

/* At most one view waits for its grace period: until it is over, no other is published. */
static bool grace_over(struct tw_snooping *sn)
{
	if (sn->stale && rte_rcu_qsbr_check(sn->sw->qsbr, sn->stale_token, false) != 1)
		return false;
	tw_mcast_view_free(sn->stale);
	sn->stale = NULL;
	return true;
}

static void publish(struct tw_snooping *sn, uint64_t now_ms)
{
	const struct tw_mcast_view *view;
	uint64_t version = tw_mcast_version(sn->table);

	if (!grace_over(sn) || version == sn->published || now_ms < sn->published_ms + PUBLISH_MS)
		return;
	view = tw_mcast_view_create(sn->table);
	if (!view) {
		tw_log_error("out of memory: workers go by what was known before");
		return;
	}
	sn->stale = atomic_load_explicit(&sn->sw->mcast, memory_order_relaxed);
	atomic_store_explicit(&sn->sw->mcast, view, memory_order_release);
	sn->stale_token = rte_rcu_qsbr_start(sn->sw->qsbr);
	sn->published = version;
	sn->published_ms = now_ms;
}

/* --- ports --- */

static const struct tw_plan_port *plan_port(const struct tw_plan *plan, uint16_t slot)
{
	for (uint32_t i = 0; i < plan->n_ports; i++)
		if (plan->ports[i].slot == slot)
			return &plan->ports[i];
	return NULL;
}

static void ask(struct tw_snooping *sn, uint16_t slot, unsigned vlan)
{
	tw_mcast_ask_port(sn->table, (uint16_t)vlan, slot);
}

void tw_snooping_port_up(struct tw_snooping *sn, uint16_t slot)
{
	const struct tw_plan_port *p = plan_port(sn->sw->plan, slot);
	unsigned n = 0;

	if (!sn->running || !p || p->tunnel)
		return;
	if (!p->trunk || p->vlan)
		ask(sn, slot, p->vlan);
	for (unsigned vlan = 1; p->trunk && vlan < TW_VLANS && n < PORT_VLANS; vlan++)
		if (tw_vlan_set_has(p->allowed, vlan) && vlan != p->vlan && tw_mcast_vlan(sn->table, (uint16_t)vlan)) {
			ask(sn, slot, vlan);
			n++;
		}
}

void tw_snooping_port_gone(struct tw_snooping *sn, uint16_t slot)
{
	if (sn)
		tw_mcast_forget(sn->table, slot);
}

/* A port that has left its VLAN, or whose guest has gone, is a member of nothing; one that comes is, before it runs here. */
static bool still_there(void *arg, const struct tw_membership *m)
{
	const struct tw_switch *sw = arg;
	const struct tw_snapshot *s = atomic_load_explicit(&sw->snapshot, memory_order_relaxed);
	const struct tw_slot *slot = &s->slot[m->slot];
	bool here = slot->link == TW_LINK_UP || slot->link == TW_LINK_HOLD;

	if (m->slot < TW_PORTS_MAX)
		here |= sw->ports[m->slot].used && sw->ports[m->slot].role == TW__LOCAL_PORT__ROLE__INCOMING;
	return here && slot->kind != TW_SLOT_EMPTY &&
	       (tw_slot_carries(slot, m->vlan) || (slot->trunk && s->primary_of));
}

/* --- time passes --- */

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct tw_snooping *sn = arg;
	uint64_t now_ms = tw_snooping_now_ms();

	hear_workers(sn, now_ms);
	if (++sn->rounds % PRUNE_ROUNDS == 0)
		tw_mcast_prune(sn->table, still_there, sn->sw);
	tw_mcast_tick(sn->table, now_ms, QUERIED_VLANS);
	publish(sn, now_ms);
}

static void run(struct tw_snooping *sn, bool on)
{
	const struct timeval round = { .tv_usec = SNOOP_MS * 1000 };

	if (on && !sn->running)
		event_add(sn->timer, &round);
	else if (!on && sn->running)
		event_del(sn->timer);
	sn->running = on;
}

void tw_snooping_configure(struct tw_snooping *sn)
{
	const struct tw_plan *plan = sn->sw->plan;
	uint64_t now_ms = tw_snooping_now_ms();
	unsigned n = 0;

	for (uint16_t vlan = 0; vlan < TW_VLANS; vlan++) {
		bool on = plan->snoop && plan->snoop[vlan] & TW_SNOOP_ON;

		n += on;
		if ((on || tw_mcast_vlan(sn->table, vlan)) &&
		    tw_mcast_set_vlan(sn->table, vlan, on ? &plan->mcast[vlan] : NULL, now_ms))
			tw_log_error("out of memory: not snooped vlan=%u", vlan);
	}
	tw_mcast_prune(sn->table, still_there, sn->sw);
	if (n == 0) /* what is left in the rings is told nobody */
		hear_workers(sn, now_ms);
	run(sn, n > 0);
	publish(sn, now_ms);
}

/* --- a port that moves --- */

struct taken {
	uint16_t slot;
	uint64_t now_ms;
	Tw__PortState *state;
	bool whole;
};

static void take(void *arg, const struct tw_membership *m)
{
	struct taken *t = arg;
	const bool ip4 = tw_mcast_is_ip4(&m->group);
	const size_t len = ip4 ? 4 : 16;
	Tw__PortGroup *g;

	if (m->slot != t->slot || m->until_ms <= t->now_ms || !t->whole)
		return;
	g = malloc(sizeof(*g));
	t->whole = g != NULL;
	if (!g)
		return;
	tw__port_group__init(g);
	t->state->groups[t->state->n_groups++] = g;
	g->group.data = malloc(len);
	t->whole = g->group.data != NULL;
	if (!t->whole)
		return;
	g->group.len = len;
	memcpy(g->group.data, m->group.b + 16 - len, len);
	g->vlan = m->vlan;
	g->left_ms = (uint32_t)(m->until_ms - t->now_ms);
	g->old_host = m->old_until_ms > t->now_ms;
}

bool tw_snooping_take(const struct tw_snooping *sn, uint16_t slot, Tw__PortState *state)
{
	uint32_t n = tw_groups_of_slot(tw_mcast_groups(sn->table), slot);
	struct taken t = { slot, tw_snooping_now_ms(), state, true };

	if (n == 0)
		return true;
	state->groups = malloc(n * sizeof(Tw__PortGroup *));
	if (!state->groups)
		return false;
	tw_groups_each(tw_mcast_groups(sn->table), take, &t);
	return t.whole;
}

void tw_snooping_put(struct tw_snooping *sn, uint16_t slot, const Tw__PortState *state)
{
	uint64_t now_ms = tw_snooping_now_ms();

	for (size_t i = 0; i < state->n_groups; i++) {
		const Tw__PortGroup *g = state->groups[i];
		struct tw_membership m = { .vlan = (uint16_t)g->vlan,
					   .slot = slot,
					   .group = g->group.len == 4 ? tw_mcast_ip4(g->group.data)
								      : tw_mcast_ip6(g->group.data),
					   .until_ms = now_ms + g->left_ms,
					   .old_until_ms = g->old_host ? now_ms + g->left_ms : 0 };

		tw_mcast_put(sn->table, &m, now_ms);
	}
}

/* --- begin and end --- */

/* Locally administered, random, another each start. */
static void make_mac(const struct tw_switch *sw, uint8_t mac[6])
{
	memcpy(mac, &sw->boot_id, 6);
	mac[0] = 0x06;
}

uint64_t tw_snooping_mac(const struct tw_switch *sw)
{
	uint8_t mac[6];

	make_mac(sw, mac);
	return tw_mac_word(mac);
}

struct tw_snooping *tw_snooping_create(struct tw_switch *sw)
{
	struct tw_snooping *sn = calloc(1, sizeof(*sn));
	uint8_t mac[6];

	if (!sn)
		return NULL;
	make_mac(sw, mac);
	sn->sw = sw;
	sn->table = tw_mcast_create(mac, send_query, sw);
	sn->timer = event_new(sw->events, -1, EV_PERSIST, on_timer, sn);
	if (sn->table && sn->timer)
		return sn;
	tw_snooping_destroy(sn);
	return NULL;
}

void tw_snooping_destroy(struct tw_snooping *sn)
{
	if (!sn)
		return;
	if (sn->timer)
		event_free(sn->timer);
	tw_mcast_view_free(sn->stale);
	tw_mcast_view_free(atomic_exchange(&sn->sw->mcast, NULL));
	tw_mcast_destroy(sn->table);
	free(sn);
}
