/* SPDX-License-Identifier: Apache-2.0 */
/* lacp.c - the machines of link aggregation; see lacp.h. Pure. */
#include "dataplane/lacp.h"

#include <string.h>

enum { PRIORITY = 0x8000, KEY = 1, MISSED = 3 };

void tw_lacp_init(struct tw_lacp *l, const uint8_t system[6], bool fast)
{
	memset(l, 0, sizeof(*l));
	for (unsigned i = 0; i < TW_LACP_PORTS; i++) {
		struct tw_lacp_end *a = &l->port[i].actor;

		a->system_priority = a->port_priority = PRIORITY;
		memcpy(a->system, system, 6);
		a->key = KEY;
		a->port = (uint16_t)(i + 1);
		a->state = (uint8_t)(TW_LACP_ACTIVE | TW_LACP_AGGREGATABLE | TW_LACP_DEFAULTED |
				     (fast ? TW_LACP_SHORT : 0));
	}
}

void tw_lacp_set_rate(struct tw_lacp *l, bool fast)
{
	for (unsigned i = 0; i < TW_LACP_PORTS; i++) {
		struct tw_lacp_port *p = &l->port[i];
		uint8_t state = (uint8_t)((p->actor.state & ~TW_LACP_SHORT) | (fast ? TW_LACP_SHORT : 0));

		p->ntt = p->ntt || state != p->actor.state;
		p->actor.state = state;
	}
}

/* --- mux --- */

static void set_mux(struct tw_lacp_port *p, enum tw_lacp_mux mux)
{
	static const uint8_t bits[] = {
		[TW_LACP_MUX_ATTACHED] = TW_LACP_SYNC,
		[TW_LACP_MUX_COLLECTING] = TW_LACP_SYNC | TW_LACP_COLLECTING,
		[TW_LACP_MUX_DISTRIBUTING] = TW_LACP_SYNC | TW_LACP_COLLECTING | TW_LACP_DISTRIBUTING,
	};

	p->mux = (uint8_t)mux;
	p->actor.state &= (uint8_t) ~(TW_LACP_SYNC | TW_LACP_COLLECTING | TW_LACP_DISTRIBUTING);
	p->actor.state |= bits[mux];
	p->ntt = true;
}

static void deselect(struct tw_lacp_port *p)
{
	p->selected = false;
	if (p->mux != TW_LACP_MUX_DETACHED)
		set_mux(p, TW_LACP_MUX_DETACHED);
}

/* @return true when it has gone a step */
static bool step_mux(struct tw_lacp_port *p, uint64_t now)
{
	bool sync = p->selected && p->partner.state & TW_LACP_SYNC;

	switch ((enum tw_lacp_mux)p->mux) {
	case TW_LACP_MUX_DETACHED:
		if (!p->selected)
			return false;
		p->wait_until = now + TW_LACP_WAIT_MS;
		set_mux(p, TW_LACP_MUX_WAITING);
		return true;
	case TW_LACP_MUX_WAITING:
		if (now < p->wait_until)
			return false;
		set_mux(p, TW_LACP_MUX_ATTACHED);
		return true;
	case TW_LACP_MUX_ATTACHED:
		if (sync)
			set_mux(p, TW_LACP_MUX_COLLECTING);
		return sync;
	case TW_LACP_MUX_COLLECTING:
		if (sync && !(p->partner.state & TW_LACP_COLLECTING))
			return false;
		set_mux(p, sync ? TW_LACP_MUX_DISTRIBUTING : TW_LACP_MUX_ATTACHED);
		return sync;
	case TW_LACP_MUX_DISTRIBUTING:
		if (sync && p->partner.state & TW_LACP_COLLECTING)
			return false;
		set_mux(p, TW_LACP_MUX_COLLECTING);
		return true;
	}
	return false;
}

/* --- receive --- */

static void expire(struct tw_lacp_port *p, uint64_t now)
{
	p->rx = TW_LACP_RX_EXPIRED;
	p->partner.state &= (uint8_t)~TW_LACP_SYNC;
	p->partner.state |= TW_LACP_SHORT;
	p->actor.state |= TW_LACP_EXPIRED;
	p->current_until = now + MISSED * TW_LACP_FAST_MS;
	p->ntt = true;
}

static void use_defaults(struct tw_lacp_port *p)
{
	p->rx = TW_LACP_RX_DEFAULTED;
	memset(&p->partner, 0, sizeof(p->partner));
	p->actor.state |= TW_LACP_DEFAULTED;
	p->actor.state &= (uint8_t)~TW_LACP_EXPIRED;
	deselect(p);
}

void tw_lacp_enable(struct tw_lacp *l, unsigned port, bool enabled, uint64_t now)
{
	struct tw_lacp_port *p = &l->port[port];

	if (enabled == (p->rx != TW_LACP_RX_DISABLED))
		return;
	if (enabled) {
		p->periodic_at = now; /* the first PDU goes out at once */
		expire(p, now);
		return;
	}
	use_defaults(p);
	p->rx = TW_LACP_RX_DISABLED;
	p->ntt = false;
}

/* Who it is, whatever it is at just now. */
static bool same_identity(const struct tw_lacp_end *a, const struct tw_lacp_end *b)
{
	return a->system_priority == b->system_priority && memcmp(a->system, b->system, 6) == 0 && a->key == b->key &&
	       a->port_priority == b->port_priority && a->port == b->port &&
	       !((a->state ^ b->state) & TW_LACP_AGGREGATABLE);
}

/* recordPDU: the partner is in sync when it has us right, or is no aggregate at all, and will tell us when that ends. */
static bool partner_in_sync(const struct tw_lacp_port *p, const struct tw_lacpdu *pdu)
{
	bool will_tell = pdu->actor.state & TW_LACP_ACTIVE || pdu->partner.state & TW_LACP_ACTIVE;

	return pdu->actor.state & TW_LACP_SYNC && will_tell &&
	       (same_identity(&pdu->partner, &p->actor) || !(pdu->actor.state & TW_LACP_AGGREGATABLE));
}

void tw_lacp_receive(struct tw_lacp *l, unsigned port, const struct tw_lacpdu *pdu, uint64_t now)
{
	const uint8_t told = TW_LACP_ACTIVE | TW_LACP_SHORT | TW_LACP_AGGREGATABLE | TW_LACP_SYNC;
	struct tw_lacp_port *p = &l->port[port];
	bool in_sync;

	if (p->rx == TW_LACP_RX_DISABLED)
		return;
	p->received++;
	if (!same_identity(&pdu->actor, &p->partner))
		deselect(p);
	if (!same_identity(&pdu->partner, &p->actor) || (pdu->partner.state ^ p->actor.state) & told)
		p->ntt = true;
	in_sync = partner_in_sync(p, pdu);
	p->partner = pdu->actor;
	if (!in_sync)
		p->partner.state &= (uint8_t)~TW_LACP_SYNC;
	p->rx = TW_LACP_RX_CURRENT;
	p->actor.state &= (uint8_t) ~(TW_LACP_DEFAULTED | TW_LACP_EXPIRED);
	p->current_until =
		now + MISSED * (uint64_t)(p->actor.state & TW_LACP_SHORT ? TW_LACP_FAST_MS : TW_LACP_SLOW_MS);
}

/* --- selection --- */

static bool same_group(const struct tw_lacp_end *a, const struct tw_lacp_end *b)
{
	return a->system_priority == b->system_priority && memcmp(a->system, b->system, 6) == 0 && a->key == b->key;
}

/* A partner is heard, and it is not ourselves at the other end of a loop. */
static bool has_partner(const struct tw_lacp_port *p)
{
	return (p->rx == TW_LACP_RX_CURRENT || p->rx == TW_LACP_RX_EXPIRED) && !(p->actor.state & TW_LACP_DEFAULTED) &&
	       memcmp(p->partner.system, p->actor.system, 6) != 0;
}

/* The group we are in stays as long as one uplink leads to it; else the first uplink with a partner says which it is. */
static void choose_partner(struct tw_lacp *l)
{
	const struct tw_lacp_port *first = NULL;

	for (unsigned i = 0; i < TW_LACP_PORTS; i++) {
		const struct tw_lacp_port *p = &l->port[i];

		if (!has_partner(p))
			continue;
		if (l->has_partner && same_group(&p->partner, &l->partner))
			return;
		if (!first)
			first = p;
	}
	l->has_partner = first != NULL;
	if (first)
		l->partner = first->partner;
}

static void select_ports(struct tw_lacp *l)
{
	bool alone = false; /* a partner that does not aggregate has one uplink */

	choose_partner(l);
	for (unsigned i = 0; i < TW_LACP_PORTS; i++) {
		struct tw_lacp_port *p = &l->port[i];
		bool fits = l->has_partner && has_partner(p) && same_group(&p->partner, &l->partner) && !alone;

		if (fits && !(p->partner.state & TW_LACP_AGGREGATABLE))
			alone = true;
		if (fits)
			p->selected = true;
		else
			deselect(p);
	}
}

/* --- periodic, transmit --- */

static void run_timers(struct tw_lacp_port *p, uint64_t now)
{
	uint64_t interval = p->partner.state & TW_LACP_SHORT ? TW_LACP_FAST_MS : TW_LACP_SLOW_MS;

	if (p->rx == TW_LACP_RX_CURRENT && now >= p->current_until)
		expire(p, now);
	else if (p->rx == TW_LACP_RX_EXPIRED && now >= p->current_until)
		use_defaults(p);
	if (p->periodic_at > now + interval) /* it asks for more now */
		p->periodic_at = now;
	if (now >= p->periodic_at) {
		p->periodic_at = now + interval;
		p->ntt = true;
	}
}

static void transmit(struct tw_lacp_port *p, unsigned i, uint64_t now, tw_lacp_send send, void *arg)
{
	const struct tw_lacpdu pdu = { .actor = p->actor, .partner = p->partner };

	if (now - p->window_began >= TW_LACP_FAST_MS) {
		p->window_began = now;
		p->sent_in_window = 0;
	}
	if (!p->ntt || p->sent_in_window == TW_LACP_TX_MAX)
		return;
	p->ntt = false;
	p->sent_in_window++;
	p->sent++;
	send(arg, i, &pdu);
}

void tw_lacp_run(struct tw_lacp *l, uint64_t now, tw_lacp_send send, void *arg)
{
	for (unsigned i = 0; i < TW_LACP_PORTS; i++)
		if (l->port[i].rx != TW_LACP_RX_DISABLED)
			run_timers(&l->port[i], now);
	select_ports(l);
	for (unsigned i = 0; i < TW_LACP_PORTS; i++) {
		if (l->port[i].rx == TW_LACP_RX_DISABLED)
			continue;
		while (step_mux(&l->port[i], now))
			;
		transmit(&l->port[i], i, now, send, arg);
	}
}
