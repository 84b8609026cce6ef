/* SPDX-License-Identifier: Apache-2.0 */
/* mirror_deliver.c - copies from other hosts leave for their port; see mirror_deliver.h. */
#include "dataplane/mirror_deliver.h"

#include <rte_ether.h>

#include "dataplane/tx.h"

static const struct tw_arrival_tag *tag_of(struct rte_mbuf *m)
{
	return rte_mbuf_to_priv(m);
}

static void add(_Atomic uint64_t *counter, uint64_t n)
{
	if (n)
		atomic_fetch_add_explicit(counter, n, memory_order_relaxed);
}

static bool is_up(const struct tw_snapshot *s, const struct tw_arrival_tag *tag)
{
	const struct tw_slot *out = &s->slot[tag->slot];

	return out->kind != TW_SLOT_EMPTY && out->number == tag->number && out->link == TW_LINK_UP && !out->disabled;
}

/* @return how many of them the port takes; the others are freed */
static uint16_t leave_out_too_large(const struct tw_slot *out, struct rte_mbuf **m, uint16_t n)
{
	uint16_t kept = 0;

	for (uint16_t i = 0; i < n; i++)
		if (tw_tx_over_mtu(out, RTE_ETHER_HDR_LEN + 4, m[i]))
			rte_pktmbuf_free(m[i]);
		else
			m[kept++] = m[i];
	return kept;
}

/* Copies of one end. */
static void deliver_run(struct tw_worker *w, const struct tw_snapshot *s, struct rte_mbuf **m, uint16_t n)
{
	const struct tw_arrival_tag tag = *tag_of(m[0]);
	struct tw_arrived *count = &w->arrived[tag.end];
	const struct tw_counters *c = &w->counters[tag.slot];
	uint64_t packets = c->tx_packets, octets = c->tx_octets;
	uint16_t kept;

	if (!is_up(s, &tag)) {
		add(&count->absent, n);
		rte_pktmbuf_free_bulk(m, n);
		return;
	}
	kept = leave_out_too_large(&s->slot[tag.slot], m, n);
	if (kept)
		tw_tx_send_now(w, s, tag.slot, m, kept);
	packets = c->tx_packets - packets;
	add(&count->failed, (uint64_t)(n - kept));
	add(&count->sent, packets);
	add(&count->octets, c->tx_octets - octets);
	add(&count->full, kept - packets);
}

unsigned tw_deliver(struct tw_worker *w, const struct tw_snapshot *s)
{
	struct rte_mbuf *m[TW_BURST];
	unsigned n = rte_ring_sc_dequeue_burst(w->arrivals, (void **)m, TW_BURST, NULL), first = 0;

	w->lane = w->id;
	w->tapping = true;
	while (first < n) {
		unsigned end = first + 1;

		while (end < n && tag_of(m[end])->end == tag_of(m[first])->end &&
		       tag_of(m[end])->slot == tag_of(m[first])->slot &&
		       tag_of(m[end])->number == tag_of(m[first])->number)
			end++;
		deliver_run(w, s, m + first, (uint16_t)(end - first));
		first = end;
	}
	w->tapping = false;
	return n;
}
