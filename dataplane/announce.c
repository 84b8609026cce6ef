/* SPDX-License-Identifier: Apache-2.0 */
/*
 * announce.c - RARP announcements of a port's MAC; see announce.h.
 *
 * Threads  main. Owns the repeats that are still to come.
 */
#include "dataplane/announce.h"

#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include <rte_arp.h>
#include <rte_ether.h>

#include "dataplane/team.h"

static const uint32_t repeat_after_ms[] = { 50, 200, 500 };
enum { REPEATS = sizeof(repeat_after_ms) / sizeof(*repeat_after_ms), FRAMES_MAX = 512 /* of one announcement */ };

struct repeat {
	LIST_ENTRY(repeat) link;
	struct tw_announcer *announcer;
	struct event *timer;
	uint16_t slot;
	uint32_t number; /* the port that was there: another one now is none of our business */
	unsigned step;
};

struct tw_announcer {
	struct event_base *base;
	struct tw_worker *worker;
	LIST_HEAD(, repeat) repeats;
};

struct rarp_frame {
	struct rte_ether_hdr eth;
	struct rte_arp_hdr arp;
	uint8_t pad[18]; /* to the 60 octets of a shortest Ethernet frame */
} __attribute__((packed, aligned(2)));
static_assert(sizeof(struct rarp_frame) == 60, "shortest Ethernet frame without FCS");

static void fill(struct rarp_frame *f, const uint8_t mac[6])
{
	memset(f, 0, sizeof(*f));
	memset(&f->eth.dst_addr, 0xff, 6);
	memcpy(&f->eth.src_addr, mac, 6);
	f->eth.ether_type = RTE_BE16(RTE_ETHER_TYPE_RARP);
	f->arp.arp_hardware = RTE_BE16(RTE_ARP_HRD_ETHER);
	f->arp.arp_protocol = RTE_BE16(RTE_ETHER_TYPE_IPV4);
	f->arp.arp_hlen = 6;
	f->arp.arp_plen = 4;
	f->arp.arp_opcode = RTE_BE16(RTE_ARP_OP_REVREQUEST);
	memcpy(&f->arp.arp_data.arp_sha, mac, 6);
	memcpy(&f->arp.arp_data.arp_tha, mac, 6);
}

/* A frame that cannot be had or put into the ring is made up for by the repeats. */
static void send_one(struct tw_worker *w, const struct tw_slot *port, const uint8_t mac[6], uint16_t vlan,
		     uint16_t uplink)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(w->pool);
	struct rarp_frame *f = m ? (struct rarp_frame *)rte_pktmbuf_append(m, sizeof(*f)) : NULL;

	if (!f) {
		rte_pktmbuf_free(m);
		return;
	}
	fill(f, mac);
	m->vlan_tci = vlan;
	m->vlan_tci_outer = port->dot1ad;
	m->port = uplink;
	if (rte_ring_sp_enqueue(w->inject, m))
		rte_pktmbuf_free(m);
}

/* Its own MAC, and the static ones behind it. @return how many frames */
static unsigned send_all(struct tw_worker *w, const struct tw_snapshot *s, uint16_t slot, uint16_t vlan)
{
	const struct tw_slot *port = &s->slot[slot];
	uint32_t n_macs = port->macs ? port->macs->n : 0;

	send_one(w, port, port->mac, vlan, tw_team_way_of_mac(s, slot, port->mac));
	for (uint32_t k = 0; k < n_macs; k++) {
		uint8_t mac[6];

		tw_mac_of_word(port->macs->mac[k], mac);
		send_one(w, port, mac, vlan, tw_team_way_of_mac(s, slot, mac));
	}
	return 1 + n_macs;
}

/* What was learned behind it, each in its VLAN. */
static void send_learned(struct tw_worker *w, const struct tw_snapshot *s, uint16_t slot, unsigned frames)
{
	const struct tw_fdb *fdb = tw_snapshot_fdb(s); /* main's own: it cannot go meanwhile */
	const struct tw_slot *port = &s->slot[slot];

	for (uint32_t i = 0; fdb && i <= fdb->mask && frames < FRAMES_MAX; i++) {
		const struct tw_fdb_entry *e = &fdb->cell[i];
		uint16_t vlan = (uint16_t)(e->key & 0xfff);
		uint8_t mac[6];

		if (e->key == 0 || e->slot != slot || e->number != port->number)
			continue;
		tw_mac_of_word(e->key >> 12, mac);
		for (uint16_t u = 0; u < s->n_uplinks; u++, frames++)
			send_one(w, port, mac, port->secondary ? port->secondary : vlan, s->uplink[u]);
	}
}

/* @return false when the port is no longer up there */
static bool announce_once(struct tw_worker *w, uint16_t slot, uint32_t number)
{
	const struct tw_snapshot *s = atomic_load_explicit(w->snapshot, memory_order_acquire);
	const struct tw_slot *port = &s->slot[slot];
	unsigned n = 0, frames = 0;

	if (port->kind != TW_SLOT_VHOST || port->number != number || port->link != TW_LINK_UP)
		return false;
	if (s->team[port->team].n == 0)
		return true;
	if (!port->trunk || port->vlan)
		frames += send_all(w, s, slot, port->secondary ? port->secondary : port->vlan);
	for (uint16_t vlan = 1; port->trunk && vlan < TW_VLANS && n < TW_ANNOUNCE_VLANS_MAX && frames < FRAMES_MAX;
	     vlan++) {
		if (!tw_vlan_set_has(port->allowed, vlan) || vlan == port->vlan)
			continue;
		frames += send_all(w, s, slot, vlan);
		n++;
	}
	send_learned(w, s, slot, frames);
	return true;
}

static void end_repeat(struct repeat *r)
{
	LIST_REMOVE(r, link);
	event_free(r->timer);
	free(r);
}

static void schedule(struct repeat *r)
{
	uint32_t ms = repeat_after_ms[r->step] - (r->step ? repeat_after_ms[r->step - 1] : 0);
	const struct timeval wait = { .tv_usec = ms * 1000 };

	evtimer_add(r->timer, &wait);
}

static void repeat_now(evutil_socket_t fd, short what, void *arg)
{
	struct repeat *r = arg;

	if (!announce_once(r->announcer->worker, r->slot, r->number) || ++r->step == REPEATS)
		end_repeat(r);
	else
		schedule(r);
}

struct tw_announcer *tw_announcer_create(struct event_base *base, struct tw_worker *worker)
{
	struct tw_announcer *a = calloc(1, sizeof(*a));

	if (a) {
		a->base = base;
		a->worker = worker;
		LIST_INIT(&a->repeats);
	}
	return a;
}

void tw_announcer_destroy(struct tw_announcer *a)
{
	while (a && !LIST_EMPTY(&a->repeats))
		end_repeat(LIST_FIRST(&a->repeats));
	free(a);
}

static bool under_way(const struct tw_announcer *a, uint16_t slot, uint32_t number)
{
	const struct repeat *r;

	LIST_FOREACH (r, &a->repeats, link)
		if (r->slot == slot && r->number == number)
			return true;
	return false;
}

void tw_announce(struct tw_announcer *a, uint16_t slot)
{
	const struct tw_snapshot *s = atomic_load_explicit(a->worker->snapshot, memory_order_acquire);
	uint32_t number = s->slot[slot].number;
	struct repeat *r;

	/* Whoever makes us announce by frames with our MACs cannot make us flood the wire. */
	if (under_way(a, slot, number))
		return;
	announce_once(a->worker, slot, number);
	r = calloc(1, sizeof(*r));
	if (!r)
		return;
	r->announcer = a;
	r->slot = slot;
	r->number = number;
	r->timer = evtimer_new(a->base, repeat_now, r);
	if (!r->timer) {
		free(r);
		return;
	}
	LIST_INSERT_HEAD(&a->repeats, r, link);
	schedule(r);
}
