/* SPDX-License-Identifier: Apache-2.0 */
/* aggregate.c - LACP between workers, wire and slots; see aggregate.h. Main. */
#include "dataplane/aggregate.h"

#include <stdlib.h>
#include <string.h>

#include <rte_ethdev.h>

#include "common/clock.h"
#include "dataplane/switch.h"

#define TW_LOG_AREA "lacp"
#include "common/log.h"

enum { ROUND = 256 /* PDUs of one worker's ring in one tick */ };

static bool is_member(const struct tw_switch *sw, unsigned index)
{
	const struct tw_plan_team *team = &sw->plan->teams[0];

	for (unsigned i = 0; i < team->n; i++)
		if (sw->plan->uplinks[team->order[i]] == TW_PORTS_MAX + index)
			return sw->uplinks[index].used && !sw->uplinks[index].retire;
	return false;
}

void tw_aggregate_judge(const struct tw_switch *sw, unsigned index, struct tw_slot_state *state)
{
	const struct tw_aggregate *a = &sw->aggregate;

	state->lacp = a->on && is_member(sw, index);
	state->withheld = a->on && !(a->started && tw_lacp_distributes(&a->lacp, index));
	state->shut = a->on && !(a->started && tw_lacp_collects(&a->lacp, index));
}

static void judge_all(struct tw_switch *sw)
{
	for (unsigned i = 0; i < TW_UPLINKS_MAX; i++)
		if (sw->uplinks[i].used && !sw->uplinks[i].retire)
			tw_aggregate_judge(sw, i, &sw->states[TW_PORTS_MAX + i]);
}

void tw_aggregate_configure(struct tw_switch *sw)
{
	struct tw_aggregate *a = &sw->aggregate;
	bool on = sw->plan->teams[0].policy == TW_TEAM_LACP;

	if (on && a->started)
		tw_lacp_set_rate(&a->lacp, sw->plan->lacp_fast);
	if (on != a->on)
		*a = (struct tw_aggregate){ .on = on };
	judge_all(sw);
}

static void start(struct tw_switch *sw)
{
	struct rte_ether_addr mac;

	for (unsigned i = 0; i < TW_UPLINKS_MAX && !sw->aggregate.started; i++) {
		if (!is_member(sw, i) || !sw->uplinks[i].device.open ||
		    rte_eth_macaddr_get(sw->uplinks[i].device.device, &mac))
			continue;
		tw_lacp_init(&sw->aggregate.lacp, mac.addr_bytes, sw->plan->lacp_fast);
		sw->aggregate.started = true;
	}
}

/* --- frames --- */

static void send_frame(const struct tw_switch *sw, unsigned index, const uint8_t frame[TW_LACP_FRAME])
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(sw->pool);
	char *room = m ? rte_pktmbuf_append(m, TW_LACP_FRAME) : NULL;

	if (!room) { /* the next one makes up for it */
		rte_pktmbuf_free(m);
		return;
	}
	memcpy(room, frame, TW_LACP_FRAME);
	m->vlan_tci = 0;
	m->vlan_tci_outer = 0;
	m->port = (uint16_t)(TW_PORTS_MAX + index);
	if (rte_ring_sp_enqueue(sw->workers[0]->inject, m))
		rte_pktmbuf_free(m);
}

static void source_of(const struct tw_switch *sw, unsigned index, uint8_t mac[6])
{
	struct rte_ether_addr own;

	memcpy(mac, sw->aggregate.lacp.port[index].actor.system, 6);
	if (rte_eth_macaddr_get(sw->uplinks[index].device.device, &own) == 0)
		memcpy(mac, own.addr_bytes, 6);
}

static void send_pdu(void *arg, unsigned index, const struct tw_lacpdu *pdu)
{
	uint8_t source[6], frame[TW_LACP_FRAME];

	source_of(arg, index, source);
	tw_lacpdu_write(pdu, source, frame);
	send_frame(arg, index, frame);
}

static void take_in(struct tw_switch *sw, const struct rte_mbuf *m, uint64_t now)
{
	uint8_t room[TW_LACP_FRAME], source[6], answer[TW_LACP_FRAME];
	uint32_t len = m->pkt_len < TW_LACP_FRAME ? m->pkt_len : TW_LACP_FRAME;
	const uint8_t *frame = rte_pktmbuf_read(m, 0, len, room);
	unsigned index = (unsigned)m->port - TW_PORTS_MAX;
	struct tw_lacp_port *p;
	struct tw_lacpdu pdu;

	if (!sw->aggregate.started || !frame || m->port < TW_PORTS_MAX || index >= TW_UPLINKS_MAX ||
	    !is_member(sw, index))
		return;
	p = &sw->aggregate.lacp.port[index];
	switch (tw_lacpdu_read(frame, len, &pdu)) {
	case TW_SLOW_LACPDU:
		tw_lacp_receive(&sw->aggregate.lacp, index, &pdu, now);
		break;
	case TW_SLOW_MARKER:
		p->markers++;
		source_of(sw, index, source);
		tw_lacp_marker_answer(frame, source, answer);
		send_frame(sw, index, answer);
		break;
	case TW_SLOW_MARKER_ANSWER: /* we send no markers */
	case TW_SLOW_BAD:
		p->bad++;
		break;
	}
}

static void hear_workers(struct tw_switch *sw, uint64_t now)
{
	struct rte_mbuf *m;

	for (unsigned w = 0; w < sw->n_workers; w++)
		for (unsigned n = 0; n < ROUND && rte_ring_sc_dequeue(sw->workers[w]->control, (void **)&m) == 0; n++) {
			take_in(sw, m, now);
			rte_pktmbuf_free(m);
		}
}

/* --- time passes --- */

static bool differ(struct tw_switch *sw)
{
	bool any = false;

	for (unsigned i = 0; i < TW_UPLINKS_MAX; i++) {
		struct tw_slot_state *state = &sw->states[TW_PORTS_MAX + i], was = *state;

		if (!sw->uplinks[i].used || sw->uplinks[i].retire)
			continue;
		tw_aggregate_judge(sw, i, state);
		if (was.withheld == state->withheld && was.shut == state->shut && was.lacp == state->lacp)
			continue;
		tw_log_info("uplink=%s collecting=%d distributing=%d", sw->uplinks[i].device.name, !state->shut,
			    !state->withheld);
		any = true;
	}
	return any;
}

void tw_aggregate_tick(struct tw_switch *sw)
{
	struct tw_aggregate *a = &sw->aggregate;
	uint64_t now = tw_clock_mono_ms();

	if (a->on && !a->started)
		start(sw);
	hear_workers(sw, now);
	if (!a->started)
		return;
	for (unsigned i = 0; i < TW_UPLINKS_MAX; i++)
		tw_lacp_enable(&a->lacp, i, is_member(sw, i) && sw->states[TW_PORTS_MAX + i].link == TW_LINK_UP, now);
	tw_lacp_run(&a->lacp, now, send_pdu, sw);
	if (differ(sw))
		tw_publish(sw);
}

Tw__LacpStatus *tw_aggregate_status(const struct tw_switch *sw, unsigned index)
{
	const struct tw_lacp_port *p = &sw->aggregate.lacp.port[index];
	Tw__LacpStatus *out = sw->aggregate.started && is_member(sw, index) ? malloc(sizeof(*out)) : NULL;

	if (!out)
		return NULL;
	tw__lacp_status__init(out);
	out->receive = (Tw__LacpReceive)p->rx;
	out->mux = (Tw__LacpMux)p->mux;
	out->collecting = tw_lacp_collects(&sw->aggregate.lacp, index);
	out->distributing = tw_lacp_distributes(&sw->aggregate.lacp, index);
	out->partner_priority = p->partner.system_priority;
	out->partner_key = p->partner.key;
	out->partner_port = p->partner.port;
	out->partner_state = p->partner.state;
	out->actor_state = p->actor.state;
	out->received = p->received;
	out->sent = p->sent;
	out->bad = p->bad;
	out->markers = p->markers;
	out->partner_system.data = malloc(sizeof(p->partner.system));
	if (out->partner_system.data) {
		out->partner_system.len = sizeof(p->partner.system);
		memcpy(out->partner_system.data, p->partner.system, sizeof(p->partner.system));
	}
	return out;
}
