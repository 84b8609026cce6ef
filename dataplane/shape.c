/* SPDX-License-Identifier: Apache-2.0 */
/* shape.c - queues before guests' rings; see shape.h, also for the threads. */
#include "dataplane/shape.h"

#include <stdio.h>

#include <rte_malloc.h>

#include "dataplane/edit.h"
#include "dataplane/rate.h"
#include "dataplane/tx.h"

enum { TICKS_PER_NS = TW_TICKS_PER_S / 1000000000 };

/* --- main --- */

struct tw_shaper *tw_shaper_create(uint16_t slot, struct tw_shape_room *room)
{
	struct tw_shaper *q = rte_zmalloc("shaper", sizeof(*q), RTE_CACHE_LINE_SIZE);
	char name[RTE_RING_NAMESIZE];

	if (!q)
		return NULL;
	snprintf(name, sizeof(name), "shape-%u", slot);
	q->ring = rte_ring_create(name, TW_SHAPE_RING, SOCKET_ID_ANY, RING_F_MP_RTS_ENQ | RING_F_SC_DEQ);
	if (!q->ring) {
		rte_free(q);
		return NULL;
	}
	q->room = room;
	return q;
}

/* The next frame; with `busy`. It is out of all counts. */
static struct rte_mbuf *take(struct tw_shaper *q)
{
	struct rte_mbuf *m = q->head;

	q->head = NULL;
	atomic_store_explicit(&q->head_len, 0, memory_order_relaxed);
	if (!m && rte_ring_sc_dequeue(q->ring, (void **)&m))
		return NULL;
	atomic_fetch_sub_explicit(&q->octets, m->pkt_len, memory_order_relaxed);
	atomic_fetch_sub_explicit(&q->room->used, m->nb_segs, memory_order_relaxed);
	return m;
}

uint32_t tw_shaper_frames(const struct tw_shaper *q)
{
	return rte_ring_count(q->ring) + (atomic_load_explicit(&q->head_len, memory_order_relaxed) != 0);
}

void tw_shaper_free(struct tw_shaper *q)
{
	struct rte_mbuf *m;

	if (!q)
		return;
	while ((m = take(q)))
		rte_pktmbuf_free(m);
	rte_ring_free(q->ring);
	rte_free(q);
}

/* How a port shows VLANs; a frame that waits has it in vlan_tci_outer, and its VLAN in vlan_tci. */
enum form { FORM_TRUNK = 1, FORM_TUNNEL = 2, FORM_DOT1AD = 4 };

static uint16_t form_of(const struct tw_slot *out)
{
	return (uint16_t)((out->trunk ? FORM_TRUNK : 0) | (out->tunnel ? FORM_TUNNEL : 0) |
			  (out->tunnel && out->dot1ad ? FORM_DOT1AD : 0));
}

static bool is_tagged(const struct rte_mbuf *m)
{
	const uint8_t *type = rte_pktmbuf_mtod_offset(m, const uint8_t *, 12);

	return (type[0] == 0x81 && type[1] == 0x00) || (type[0] == 0x88 && type[1] == 0xa8);
}

static void stamp(const struct tw_slot *out, struct rte_mbuf *m)
{
	const uint8_t *tci = rte_pktmbuf_mtod_offset(m, const uint8_t *, 14);

	m->vlan_tci_outer = form_of(out);
	m->vlan_tci = out->trunk && is_tagged(m) ? (uint16_t)(tci[0] << 8 | tci[1]) : out->vlan;
}

struct rte_mbuf *tw_shaper_take(struct tw_shaper *q)
{
	struct rte_mbuf *m;

	while (atomic_flag_test_and_set_explicit(&q->busy, memory_order_acquire))
		; /* a worker that is about to leave it: nobody sends to this port any more */
	m = take(q);
	atomic_flag_clear_explicit(&q->busy, memory_order_release);
	if (m)
		tw_edit_canonical(m, m->vlan_tci_outer & FORM_TRUNK && is_tagged(m), m->vlan_tci,
				  m->vlan_tci_outer & FORM_DOT1AD);
	return m;
}

/* --- workers --- */

/* Is there still room for it? Then it is counted in. */
static bool reserve(struct tw_shaper *q, uint32_t most, const struct rte_mbuf *m)
{
	uint32_t octets = atomic_fetch_add_explicit(&q->octets, m->pkt_len, memory_order_relaxed);
	uint32_t used = atomic_fetch_add_explicit(&q->room->used, m->nb_segs, memory_order_relaxed);

	if ((octets == 0 || octets + m->pkt_len <= most) && used + m->nb_segs <= q->room->most)
		return true;
	atomic_fetch_sub_explicit(&q->octets, m->pkt_len, memory_order_relaxed);
	atomic_fetch_sub_explicit(&q->room->used, m->nb_segs, memory_order_relaxed);
	return false;
}

/* Of two workers that come at once one may miss it: the next frame makes up for it. */
static void note_most(struct tw_shaper *q)
{
	uint32_t octets = atomic_load_explicit(&q->octets, memory_order_relaxed);

	if (octets > atomic_load_explicit(&q->most, memory_order_relaxed))
		atomic_store_explicit(&q->most, octets, memory_order_relaxed);
}

static bool put(struct tw_shaper *q, const struct tw_slot *out, struct rte_mbuf *m)
{
	uint32_t octets = m->pkt_len, buffers = m->nb_segs;

	if (!reserve(q, out->rate->queue_octets, m))
		return false;
	stamp(out, m);
	if (rte_ring_enqueue(q->ring, m) == 0) {
		note_most(q);
		return true;
	}
	atomic_fetch_sub_explicit(&q->octets, octets, memory_order_relaxed);
	atomic_fetch_sub_explicit(&q->room->used, buffers, memory_order_relaxed);
	return false;
}

static bool take_credit(struct tw_worker *w, const struct tw_slot *out, uint16_t slot, uint64_t octets, bool whole)
{
	return tw_bucket_take(&out->rate->bucket[TW_RATE_SHAPE], &w->rates[slot].full_at[TW_RATE_SHAPE], tw_rate_now(w),
			      octets, whole);
}

static bool stays_in_vlan(const struct tw_slot *out, const struct rte_mbuf *m)
{
	return m->vlan_tci_outer == form_of(out) && tw_slot_carries(out, m->vlan_tci & 0x0fff);
}

/* A burst at most. With `busy`. @return frames */
static uint16_t drain(struct tw_worker *w, const struct tw_snapshot *s, uint16_t slot, struct tw_shaper *q)
{
	const struct tw_slot *out = &s->slot[slot];
	bool up = out->link == TW_LINK_UP && !out->disabled;
	struct rte_mbuf *m[TW_BURST], *next;
	uint16_t n = 0, seen = 0;

	if (out->link == TW_LINK_HOLD || out->link == TW_LINK_MOVED)
		return 0;
	for (; seen < TW_BURST && (next = take(q)); seen++) {
		if (!up) {
			tw_tx_drop(w, slot, TW_DROP_LINK_DOWN, 0, next);
		} else if (!stays_in_vlan(out, next)) {
			tw_tx_drop(w, slot, TW_DROP_SHAPE_STALE, 0, next);
		} else if (take_credit(w, out, slot, next->pkt_len, true)) {
			m[n++] = next;
		} else {
			q->head = next;
			atomic_fetch_add_explicit(&q->octets, next->pkt_len, memory_order_relaxed);
			atomic_fetch_add_explicit(&q->room->used, next->nb_segs, memory_order_relaxed);
			atomic_store_explicit(&q->head_len, next->pkt_len, memory_order_relaxed);
			break;
		}
	}
	if (n)
		tw_tx_send_now(w, s, slot, m, n);
	return seen;
}

static uint64_t octets_of(struct rte_mbuf *const *m, uint16_t n)
{
	uint64_t octets = 0;

	for (uint16_t i = 0; i < n; i++)
		octets += m[i]->pkt_len;
	return octets;
}

/* What goes straight on: nobody waits, and there is credit. With `busy`. */
static uint16_t send_first(struct tw_worker *w, const struct tw_snapshot *s, uint16_t slot, struct rte_mbuf **m,
			   uint16_t n)
{
	const struct tw_slot *out = &s->slot[slot];
	uint16_t sent = 0;

	if (take_credit(w, out, slot, octets_of(m, n), false))
		sent = n;
	while (sent < n && take_credit(w, out, slot, m[sent]->pkt_len, true))
		sent++;
	if (sent)
		tw_tx_send_now(w, s, slot, m, sent);
	return sent;
}

uint16_t tw_shape_send(struct tw_worker *w, const struct tw_snapshot *s, uint16_t slot, struct rte_mbuf **m, uint16_t n)
{
	struct tw_shaper *q = w->shapers[slot];
	struct rte_mbuf *refused[TW_BURST];
	uint16_t kept = 0, n_refused = 0;

	if (!atomic_flag_test_and_set_explicit(&q->busy, memory_order_acquire)) {
		drain(w, s, slot, q);
		if (atomic_load_explicit(&q->octets, memory_order_relaxed) == 0)
			kept = send_first(w, s, slot, m, n);
		atomic_flag_clear_explicit(&q->busy, memory_order_release);
	}
	for (uint16_t i = kept; i < n; i++) {
		if (put(q, &s->slot[slot], m[i]))
			kept++;
		else
			refused[n_refused++] = m[i];
	}
	for (uint16_t i = 0; i < n_refused; i++)
		m[kept + i] = refused[i];
	return kept;
}

unsigned tw_shape_drain(struct tw_worker *w, const struct tw_snapshot *s)
{
	unsigned handled = 0;

	for (uint16_t i = 0; i < s->n_queued; i++) {
		uint16_t slot = s->queued[i];
		struct tw_shaper *q = w->shapers[slot];

		if (tw_shape_owner(s, slot) != w->id || atomic_load_explicit(&q->octets, memory_order_relaxed) == 0 ||
		    atomic_flag_test_and_set_explicit(&q->busy, memory_order_acquire))
			continue;
		handled += drain(w, s, slot, q);
		atomic_flag_clear_explicit(&q->busy, memory_order_release);
	}
	return handled;
}

uint64_t tw_shape_next_ns(const struct tw_worker *w, const struct tw_snapshot *s)
{
	uint64_t next = UINT64_MAX, wait;

	for (uint16_t i = 0; i < s->n_queued; i++) {
		uint16_t slot = s->queued[i];
		struct tw_shaper *q = w->shapers[slot];
		const struct tw_slot *out = &s->slot[slot];
		uint32_t len = atomic_load_explicit(&q->head_len, memory_order_relaxed);

		if (tw_shape_owner(s, slot) != w->id || atomic_load_explicit(&q->octets, memory_order_relaxed) == 0 ||
		    out->link != TW_LINK_UP)
			continue;
		wait = len ? tw_bucket_wait(&out->rate->bucket[TW_RATE_SHAPE], &w->rates[slot].full_at[TW_RATE_SHAPE],
					    tw_rate_now(w), len)
			   : 0;
		if (wait / TICKS_PER_NS < next)
			next = wait / TICKS_PER_NS;
	}
	return next;
}
