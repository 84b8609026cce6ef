/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mirror_copy.c - copies are made and sent; see mirror_copy.h.
 *
 * Full     a destination that has refused a frame is left alone for a while: what comes meanwhile is shed for the cost of a
 *          comparison. So a reader that is away or slow takes next to nothing of what the port's own traffic gets.
 */
#include "dataplane/mirror_copy.h"

#include <rte_cycles.h>
#include <rte_ether.h>

#include "dataplane/edit.h"
#include "dataplane/team.h"
#include "dataplane/tx.h"

enum {
	SHUT_US = 50,
	LARGE = 256, /* octets: above, a reference is cheaper than a copy */
};

static void shut(const struct tw_worker *w, struct tw_tap *tap)
{
	tap->shut_until = w->round_tsc + rte_get_tsc_hz() / 1000000 * SHUT_US;
}

bool tw_copy_has_way(struct tw_worker *w, const struct tw_snapshot *s, uint64_t bit)
{
	const struct tw_mirror_rule *rule = &s->mirrors[bit];
	struct tw_tap *tap = &w->taps[bit];

	if (w->round_tsc < tap->shut_until) {
		tap->shut_count = &tap->count.shed_full;
		tap->count.shed_full++;
		return false;
	}
	if (rule->to == TW_MIRROR_TO_PORT && (rule->out == TW_SLOT_NONE || s->slot[rule->out].kind == TW_SLOT_EMPTY ||
					      s->slot[rule->out].link != TW_LINK_UP || s->slot[rule->out].disabled)) {
		tap->shut_count = &tap->count.shed_absent;
		tap->count.shed_absent++;
		return false;
	}
	return true;
}

/* In buffers of its own. What the guest left to hardware cannot be done for a part of a frame. */
static struct rte_mbuf *duplicate(struct tw_worker *w, const struct rte_mbuf *m, uint32_t keep)
{
	struct rte_mbuf *copy = rte_pktmbuf_copy(m, w->pool, 0, keep);

	if (copy && keep < m->pkt_len)
		copy->ol_flags &= ~TW_OFFLOAD_FLAGS;
	return copy;
}

/* --- to the mirror thread --- */

/* Of a super-frame that the thread cuts for one of them it needs all: each sink keeps what it wants of the parts. */
static uint32_t most_kept(const struct tw_snapshot *s, uint64_t mask, const struct rte_mbuf *m)
{
	uint32_t keep = 0;

	for (; mask; mask &= mask - 1) {
		const struct tw_mirror_rule *rule = &s->mirrors[__builtin_ctzll(mask)];

		if (rule->wire_size && m->ol_flags & TW_OFFLOAD_CUT)
			return UINT32_MAX;
		keep = rule->keep > keep ? rule->keep : keep;
	}
	return keep;
}

/* A copy is read long after the frame has left; its octets may be the frame's own only if they stay as they are. */
static struct rte_mbuf *copy_of(struct tw_worker *w, const struct tw_sight *sight, uint32_t keep)
{
	struct rte_mbuf *m = sight->m;

	if (sight->stays && !(m->ol_flags & TW_OFFLOAD_FLAGS) && m->pkt_len > LARGE && keep >= m->pkt_len)
		return rte_pktmbuf_clone(m, w->pool);
	return duplicate(w, m, keep);
}

static void tell_fate(const struct tw_worker *w, const struct tw_snapshot *s, const struct tw_sight *sight,
		      struct tw_mirror_tag *tag)
{
	const struct tw_verdict *v = sight->verdict;

	tag->passed = (uint32_t)(tw_tap_passed(w, sight->slot) - sight->behind);
	tag->pcp_out = (uint8_t)(tw_vlan_tag(&s->slot[sight->slot], sight->key) >> 13);
	tag->pcp_in = sight->key->flags & TW_FLOW_KEY_TAGGED ? (uint8_t)(sight->key->tci >> 13) : tag->pcp_out;
	switch ((enum tw_action)v->action) {
	case TW_ACT_FORWARD:
	case TW_ACT_HOLD:
		tag->fate = TW_FATE_PORT;
		tag->to = tw_copy_number(s, v->out);
		break;
	case TW_ACT_FLOOD:
	case TW_ACT_COPY:
		tag->fate = TW_FATE_MANY;
		break;
	case TW_ACT_CONTROL:
		tag->fate = TW_FATE_SWITCH;
		break;
	case TW_ACT_DROP:
		tag->fate = TW_FATE_DROPPED;
		tag->to = v->drop;
		break;
	}
}

/* What is counted here of mirrors that go by the thread is what it was given; it counts what became of that. */
void tw_copy_to_thread(struct tw_worker *w, const struct tw_snapshot *s, uint64_t mask, const struct tw_sight *sight)
{
	bool full = rte_ring_full(w->mirrors);
	struct rte_mbuf *copy = full ? NULL : copy_of(w, sight, most_kept(s, mask, sight->m));

	if (copy) {
		*(struct tw_mirror_tag *)rte_mbuf_to_priv(copy) =
			(struct tw_mirror_tag){ .mask = mask,
						.tsc = rte_rdtsc(),
						.number = sight->number,
						.original_len = sight->m->pkt_len,
						.slot = sight->slot,
						.worker = w->id,
						.vlan = sight->vlan,
						.egress = sight->egress,
						.drop = sight->drop };
		if (sight->verdict)
			tell_fate(w, s, sight, rte_mbuf_to_priv(copy));
		if (rte_ring_sp_enqueue(w->mirrors, copy) == 0)
			return;
		rte_pktmbuf_free(copy);
		full = true;
	}
	for (; mask; mask &= mask - 1) {
		struct tw_tap *tap = &w->taps[__builtin_ctzll(mask)];

		if (full) {
			tap->count.shed_full++;
			shut(w, tap);
		} else {
			tap->count.shed_memory++;
		}
	}
}

/* --- to a port of this host --- */

static void flush(struct tw_worker *w, const struct tw_snapshot *s, unsigned bit)
{
	struct tw_tap *tap = &w->taps[bit];
	uint16_t out = s->mirrors[bit].out, n = tap->n;
	struct tw_counters *c;
	uint64_t packets, octets;

	tap->n = 0;
	if (s->mirrors[bit].to != TW_MIRROR_TO_PORT || out == TW_SLOT_NONE || s->slot[out].link != TW_LINK_UP) {
		tap->count.shed_absent += n; /* a snapshot has come between; it cannot within a round */
		rte_pktmbuf_free_bulk(tap->copy, n);
		return;
	}
	c = &w->counters[out];
	packets = c->tx_packets;
	octets = c->tx_octets;
	tw_tx_send_now(w, s, out, tap->copy, n);
	packets = c->tx_packets - packets;
	tap->count.sent += packets;
	tap->count.octets += c->tx_octets - octets;
	if (packets < n) {
		tap->count.shed_full += n - packets;
		shut(w, tap);
	}
}

void tw_tap_flush(struct tw_worker *w, const struct tw_snapshot *s)
{
	w->tapping = true;
	for (; w->taps_pending; w->taps_pending &= w->taps_pending - 1) {
		unsigned bit = (unsigned)__builtin_ctzll(w->taps_pending);
		uint64_t began = s->mirrors[bit].share ? rte_rdtsc() : 0;

		flush(w, s, bit);
		if (began)
			w->taps[bit].spent += rte_rdtsc() - began;
	}
	w->tapping = false;
}

/* The frame itself, if nobody will change it: then it is sent twice as it lies there. */
static struct rte_mbuf *share_of(struct tw_worker *w, const struct tw_sight *sight, uint32_t keep)
{
	struct rte_mbuf *m = sight->m;

	if (!sight->stays || m->ol_flags & TW_OFFLOAD_FLAGS || keep < m->pkt_len)
		return duplicate(w, m, keep);
	for (struct rte_mbuf *part = m; part; part = part->next)
		rte_mbuf_refcnt_update(part, 1);
	return m;
}

static void to_port(struct tw_worker *w, const struct tw_snapshot *s, unsigned bit, const struct tw_sight *sight)
{
	const struct tw_mirror_rule *rule = &s->mirrors[bit];
	const struct tw_slot *out = &s->slot[rule->out];
	const uint32_t l2 = RTE_ETHER_HDR_LEN + 4, keep = tw_copy_keep(rule, sight->m);
	struct tw_tap *tap = &w->taps[bit];
	struct rte_mbuf *copy;

	if (keep < sight->m->pkt_len ? keep > out->mtu + l2 : tw_tx_over_mtu(out, l2, sight->m)) {
		tap->count.failed++;
		return;
	}
	copy = share_of(w, sight, keep);
	if (!copy) {
		tap->count.shed_memory++;
		return;
	}
	tap->copy[tap->n++] = copy;
	w->taps_pending |= UINT64_C(1) << bit;
	if (tap->n == TW_TAP_BATCH)
		flush(w, s, bit);
}

/* --- to an RSPAN VLAN --- */

/* @return the slot it leaves this host by, TW_SLOT_NONE: there is none */
static uint16_t way_of(const struct tw_snapshot *s, const struct tw_sight *sight)
{
	uint16_t from = s->slot[sight->slot].uplink ? TW_SLOT_NONE : sight->slot;

	if (from == TW_SLOT_NONE || !sight->key)
		return s->n_uplinks ? s->uplink[0] : TW_SLOT_NONE;
	return tw_team_way(s, from, sight->key);
}

/* A copy for one place, with the VLAN's tag if it shows one there. @return false: it could not be made or was not taken */
static bool send_tagged(struct tw_worker *w, const struct tw_snapshot *s, unsigned bit, uint16_t out,
			const struct rte_mbuf *inner)
{
	const struct tw_mirror_rule *rule = &s->mirrors[bit];
	struct tw_tap *tap = &w->taps[bit];
	struct rte_mbuf *copy = rte_pktmbuf_copy(inner, w->pool, 0, UINT32_MAX);
	bool tagged = s->slot[out].uplink || tw_slot_tags(&s->slot[out], rule->vlan);
	uint64_t before = w->counters[out].tx_packets, octets;

	if (!copy || (tagged && !tw_edit_apply(copy, TW_EDIT_PUSH, rule->vlan))) {
		rte_pktmbuf_free(copy);
		tap->count.shed_memory++;
		return false;
	}
	if (tw_tx_over_mtu(&s->slot[out], RTE_ETHER_HDR_LEN + 4, copy)) {
		rte_pktmbuf_free(copy);
		tap->count.failed++;
		return false;
	}
	octets = copy->pkt_len;
	tw_tx_send_now(w, s, out, &copy, 1);
	if (w->counters[out].tx_packets == before) {
		tap->count.shed_full++;
		return false;
	}
	tap->count.sent++;
	tap->count.octets += octets;
	return true;
}

static bool shows_tag(const struct rte_mbuf *m)
{
	const uint8_t *type = rte_pktmbuf_mtod_offset(m, const uint8_t *, 12);

	return m->data_len >= RTE_ETHER_HDR_LEN + 4 &&
	       ((type[0] == 0x81 && type[1] == 0) || (type[0] == 0x88 && type[1] == 0xa8));
}

static void to_vlan(struct tw_worker *w, const struct tw_snapshot *s, unsigned bit, const struct tw_sight *sight)
{
	const struct tw_mirror_rule *rule = &s->mirrors[bit];
	const uint16_t *members = s->members + s->flood[rule->vlan].first;
	struct rte_mbuf *inner = duplicate(w, sight->m, tw_copy_keep(rule, sight->m));
	uint16_t way = way_of(s, sight);
	bool there = way != TW_SLOT_NONE;

	if (!inner || (rule->strip && shows_tag(inner) && !tw_edit_apply(inner, TW_EDIT_POP, 0))) {
		rte_pktmbuf_free(inner);
		w->taps[bit].count.shed_memory++;
		return;
	}
	if (there)
		send_tagged(w, s, bit, way, inner);
	for (uint32_t i = 0; i < s->flood[rule->vlan].n; i++)
		if (s->slot[members[i]].link == TW_LINK_UP) {
			send_tagged(w, s, bit, members[i], inner);
			there = true;
		}
	rte_pktmbuf_free(inner);
	w->taps[bit].count.shed_absent += !there;
}

void tw_copy_send(struct tw_worker *w, const struct tw_snapshot *s, unsigned bit, const struct tw_sight *sight)
{
	if (s->mirrors[bit].to == TW_MIRROR_TO_PORT)
		to_port(w, s, bit, sight);
	else
		to_vlan(w, s, bit, sight);
}
