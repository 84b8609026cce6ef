/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tx.c - frames leave by a slot; see tx.h.
 *
 * Place    last stage of a worker.
 * Threads  the worker; rte_vhost's own lock guards a guest ring that two workers fill, a spinlock an ethdev queue that two may
 *          share: because the device has too few, or a receive queue is not at home (queue_map.h).
 */
#include "dataplane/tx.h"
#include "dataplane/vlan.h"

#include <errno.h>

#include <rte_cycles.h>
#include <rte_ethdev.h>

#include "dataplane/acl_worker.h"
#include "dataplane/edit.h"
#include "dataplane/guest_tx.h"
#include "dataplane/mirror_tap.h"
#include "dataplane/rate.h"
#include "dataplane/shape.h"
#include "dataplane/snoop.h"
#include "dataplane/team.h"
#include "dataplane/record.h"

static struct tw_counters *counters(struct tw_worker *w, uint16_t slot)
{
	return &w->counters[slot];
}

void tw_tx_count_drop(struct tw_worker *w, uint16_t slot, enum tw_drop reason, uint16_t vlan, const struct rte_mbuf *m)
{
	counters(w, slot)->drops[reason]++;
	tw_record_drop(w, slot, reason, m, 1);
	if (__builtin_expect(w->now && w->now->slot[slot].mirror_drops, 0))
		tw_tap_dropped(w, slot, reason, vlan, m);
}

void tw_tx_drop(struct tw_worker *w, uint16_t slot, enum tw_drop reason, uint16_t vlan, struct rte_mbuf *m)
{
	tw_tx_count_drop(w, slot, reason, vlan, m);
	rte_pktmbuf_free(m);
}

static uint16_t send_to_device(struct tw_worker *w, const struct tw_snapshot *s, uint16_t slot, struct rte_mbuf **m,
			       uint16_t n)
{
	const struct tw_slot *out = &s->slot[slot];
	uint16_t queue = (uint16_t)(out->n_queues > 1 ? w->lane % out->n_queues : 0), sent;
	struct tw_tx_lock *locks = out->tx_shared || s->astray ? w->tx_lock[slot] : NULL; /* uplinks have them */
	rte_spinlock_t *lock = locks ? &locks[queue].lock : NULL;

	if (lock)
		rte_spinlock_lock(lock);
	sent = rte_eth_tx_burst((uint16_t)out->device, queue, m, n);
	if (lock)
		rte_spinlock_unlock(lock);
	return sent;
}

/*
 * Free what a guest's ring has a copy of. Frames that are one buffer of our own pool and nobody else's, as nearly all are,
 * go back to it as they lie in the array.
 */
static void free_sent(struct tw_worker *w, struct rte_mbuf **m, uint16_t n)
{
	bool plain = true;

	for (uint16_t i = 0; i < n; i++)
		plain &= m[i]->pool == w->pool && rte_mbuf_refcnt_read(m[i]) == 1 && !m[i]->next &&
			 RTE_MBUF_DIRECT(m[i]);
	if (__builtin_expect(plain, 1))
		rte_mempool_put_bulk(w->pool, (void **)m, n);
	else
		rte_pktmbuf_free_bulk(m, n);
}

/* Those that the other side did not take, and how many of them because its buffer was too small. @return their octets */
static __attribute__((noinline)) uint64_t not_taken(struct tw_worker *w, uint16_t slot, struct rte_mbuf *const *m,
						    uint16_t n, uint16_t too_big)
{
	const struct rte_mbuf *longest = m[0];
	uint64_t octets = 0;

	for (uint16_t i = 0; i < n; i++) {
		octets += m[i]->pkt_len;
		longest = m[i]->pkt_len > longest->pkt_len ? m[i] : longest;
	}
	counters(w, slot)->drops[TW_DROP_RING_FULL] += n - too_big;
	counters(w, slot)->drops[TW_DROP_GUEST_BUFFER] += too_big;
	if (n > too_big)
		tw_record_drop(w, slot, TW_DROP_RING_FULL, m[0], (uint32_t)(n - too_big));
	if (too_big)
		tw_record_drop(w, slot, TW_DROP_GUEST_BUFFER, longest, too_big);
	if (w->now && w->now->slot[slot].mirror_drops)
		for (uint16_t i = 0; i < n; i++)
			tw_tap_dropped(w, slot, too_big == n ? TW_DROP_GUEST_BUFFER : TW_DROP_RING_FULL, 0, m[i]);
	return octets;
}

/* Frames that need nothing more, and how many octets they are. */
static void send_ready(struct tw_worker *w, const struct tw_snapshot *s, uint16_t slot, struct rte_mbuf **m, uint16_t n,
		       uint64_t octets)
{
	const struct tw_slot *out = &s->slot[slot];
	struct tw_counters *c = counters(w, slot);
	uint16_t sent = 0, too_big = 0;

	if (out->kind == TW_SLOT_VHOST)
		sent = __builtin_expect(out->translated, 0) ? tw_guest_send_translated(w, s, slot, m, n, &too_big)
							    : tw_guest_send(w, s, out, m, n, &too_big);
	else if (out->kind == TW_SLOT_ETHDEV)
		sent = send_to_device(w, s, slot, m, n);
	if (__builtin_expect(sent < n, 0))
		octets -= not_taken(w, slot, m + sent, (uint16_t)(n - sent), too_big);
	c->tx_packets += sent;
	c->tx_octets += octets;
	if (out->kind == TW_SLOT_VHOST)
		free_sent(w, m, n);
	else
		rte_pktmbuf_free_bulk(m + sent, (unsigned)(n - sent));
}

/* Taken before the send: an ethdev's frames are gone after it. */
static uint64_t octets_of(struct rte_mbuf *const *m, unsigned n)
{
	uint64_t octets = 0;

	for (unsigned i = 0; i < n; i++)
		octets += m[i]->pkt_len;
	return octets;
}

static void send_some(struct tw_worker *w, const struct tw_snapshot *s, uint16_t slot, struct rte_mbuf **m, uint16_t n)
{
	send_ready(w, s, slot, m, n, octets_of(m, n));
}

/* A request that does not hold is passed on to nobody: finishing refuses it. */
static bool must_finish(const struct tw_slot *out, const struct rte_mbuf *m)
{
	return tw_offload_pending(m) && (!tw_offload_holds(m) || tw_offload_must_finish(m, out));
}

static void send_finished(struct tw_worker *w, const struct tw_snapshot *s, uint16_t slot, struct rte_mbuf *m)
{
	struct rte_mbuf *list[TW_SEGMENTS_MAX];
	uint16_t in = m->port < TW_SLOTS_MAX ? m->port : slot;
	uint32_t hash = m->hash.rss;
	int n = tw_offload_finish(m, &s->slot[slot], w->pool, list);

	if (n < 0)
		tw_tx_drop(w, in, n == -ENOMEM ? TW_DROP_NO_BUFFER : TW_DROP_BAD_OFFLOAD, tw_tap_vlan(s, slot, m), m);
	for (int i = 0; i < n; i++)
		list[i]->hash.rss = hash;
	for (int done = 0; done < n; done += TW_BURST)
		send_some(w, s, slot, list + done, (uint16_t)(n - done < TW_BURST ? n - done : TW_BURST));
}

/* Runs of frames that need nothing go as one; a frame that needs work splits the run, so order is kept. */
static void send_mixed(struct tw_worker *w, const struct tw_snapshot *s, uint16_t slot, struct rte_mbuf **m, uint16_t n)
{
	const struct tw_slot *out = &s->slot[slot];
	uint16_t first = 0;

	for (uint16_t i = 0; i < n; i++) {
		if (!must_finish(out, m[i]))
			continue;
		if (i > first)
			send_some(w, s, slot, m + first, (uint16_t)(i - first));
		send_finished(w, s, slot, m[i]);
		first = (uint16_t)(i + 1);
	}
	if (n > first)
		send_some(w, s, slot, m + first, (uint16_t)(n - first));
}

void tw_tx_send_now(struct tw_worker *w, const struct tw_snapshot *s, uint16_t slot, struct rte_mbuf **m, uint16_t n)
{
	uint64_t octets = 0, flags = 0;

	for (uint16_t i = 0; i < n; i++) {
		octets += m[i]->pkt_len;
		flags |= m[i]->ol_flags;
	}
	if (__builtin_expect(flags & TW_OFFLOAD_FLAGS, 0))
		send_mixed(w, s, slot, m, n);
	else
		send_ready(w, s, slot, m, n, octets);
}

static void refuse_all(struct tw_worker *w, uint16_t slot, enum tw_drop reason, struct rte_mbuf **m, uint16_t n,
		       tw_refused_fn refused, void *arg)
{
	for (uint16_t i = 0; i < n; i++) {
		if (refused)
			refused(arg, m[i], reason);
		tw_tx_drop(w, slot, reason, 0, m[i]);
	}
}

void tw_tx_send_told(struct tw_worker *w, const struct tw_snapshot *s, uint16_t slot, struct rte_mbuf **m, uint16_t n,
		     tw_refused_fn refused, void *arg)
{
	const struct tw_slot *out = &s->slot[slot];
	uint16_t kept = out->rate && out->rate->out ? tw_rate_police(w, out->rate, slot, m, n) : n, sent;

	refuse_all(w, slot, TW_DROP_RATE_EGRESS, m + kept, (uint16_t)(n - kept), refused, arg);
	if (kept == 0)
		return;
	if (!out->queued) {
		tw_tx_send_now(w, s, slot, m, kept);
		return;
	}
	sent = tw_shape_send(w, s, slot, m, kept);
	refuse_all(w, slot, TW_DROP_SHAPE_QUEUE_FULL, m + sent, (uint16_t)(kept - sent), refused, arg);
}

void tw_tx_send(struct tw_worker *w, const struct tw_snapshot *s, uint16_t slot, struct rte_mbuf **m, uint16_t n)
{
	if (__builtin_expect(s->slot[slot].rate != NULL, 0))
		tw_tx_send_told(w, s, slot, m, n, NULL, NULL);
	else
		tw_tx_send_now(w, s, slot, m, n);
}

/* A copy of its own for one member, edited for it. */
static void flood_one(struct tw_worker *w, const struct tw_snapshot *s, uint16_t slot, const struct tw_key *key,
		      const struct tw_verdict *v, struct rte_mbuf *m)
{
	const struct tw_slot *in = &s->slot[key->in], *out = &s->slot[slot];
	struct rte_mbuf *copy;

	if (tw_tx_over_mtu(out, tw_key_l2_len(key), m)) {
		tw_tx_count_drop(w, slot, TW_DROP_OVER_MTU, v->vlan, m);
		return;
	}
	if (out->acl_out && !tw_acl_lets_copy_out(w, out, key, v->vlan, m)) {
		tw_tx_count_drop(w, slot, TW_DROP_ACL_EGRESS, v->vlan, m);
		return;
	}
	copy = rte_pktmbuf_copy(m, w->pool, 0, UINT32_MAX);
	if (!copy) {
		tw_tx_count_drop(w, key->in, TW_DROP_NO_BUFFER, v->vlan, m);
		return;
	}
	if (out->link == TW_LINK_HOLD) {
		tw_tx_hold(w, s, slot, key, v, copy);
		return;
	}
	if (!tw_edit_apply(copy, tw_edit_for(in, out, key), tw_vlan_tag(in, key))) {
		tw_tx_drop(w, key->in, TW_DROP_NO_BUFFER, v->vlan, copy);
		return;
	}
	if (out->mirror_out)
		tw_tap_out_flood(w, s, v->vlan, slot, copy);
	if (out->frames)
		tw_record_copy(w, s, key->in, slot, v, copy);
	tw_tx_send(w, s, slot, &copy, 1);
}

static void flood_list(struct tw_worker *w, const struct tw_snapshot *s, uint16_t list, const struct tw_key *key,
		       const struct tw_verdict *v, struct rte_mbuf *m)
{
	const uint16_t *member = s->members + s->flood[list].first;

	for (uint32_t i = 0; i < s->flood[list].n; i++)
		if (tw_flood_takes(s, key, v, member[i], list))
			flood_one(w, s, member[i], key, v, m);
}

void tw_tx_copies(struct tw_worker *w, const struct tw_snapshot *s, uint16_t in, const struct tw_key *key,
		  const struct tw_verdict *v, struct rte_mbuf *m)
{
	uint16_t wire = tw_vlan_tag(&s->slot[in], key) & 0x0fff;

	flood_list(w, s, v->vlan, key, v, m);
	if (__builtin_expect(wire != v->vlan, 0)) /* a private VLAN */
		flood_list(w, s, wire, key, v, m);
}

void tw_tx_flood(struct tw_worker *w, const struct tw_snapshot *s, uint16_t in, const struct tw_key *key,
		 const struct tw_verdict *v, struct rte_mbuf *m)
{
	uint16_t way = s->slot[in].uplink ? TW_SLOT_NONE : tw_team_way(s, in, key);

	tw_tx_copies(w, s, in, key, v, m);
	if (way != TW_SLOT_NONE)
		flood_one(w, s, way, key, v, m);
	rte_pktmbuf_free(m);
}

void tw_tx_listeners(struct tw_worker *w, const struct tw_snapshot *s, const struct tw_key *key,
		     const struct tw_verdict *v, const uint16_t *slots, uint32_t n, struct rte_mbuf *m)
{
	uint16_t way = s->slot[key->in].uplink ? TW_SLOT_NONE : tw_team_way(s, key->in, key);

	for (uint32_t i = 0; i < n; i++)
		if (tw_snoop_takes(s, key, v, slots[i]))
			flood_one(w, s, slots[i], key, v, m);
	if (way != TW_SLOT_NONE)
		flood_one(w, s, way, key, v, m);
	rte_pktmbuf_free(m);
}

void tw_tx_hold(struct tw_worker *w, const struct tw_snapshot *s, uint16_t slot, const struct tw_key *key,
		const struct tw_verdict *v, struct rte_mbuf *m)
{
	const struct tw_slot *in = &s->slot[key->in];
	struct rte_ring *hold = w->hold[slot];

	tw_edit_canonical(m, key->flags & TW_FLOW_KEY_TAGGED && !in->tunnel, tw_vlan_tag(in, key),
			  in->tunnel && in->dot1ad);
	if (!hold || rte_ring_mp_enqueue(hold, m))
		tw_tx_drop(w, slot, TW_DROP_HOLD_FULL, v->vlan, m);
}

/* VLAN that a frame which has waited was judged in: it has its tag beside it (tw_edit_canonical()). */
static uint16_t waited_in(const struct tw_snapshot *s, const struct rte_mbuf *m)
{
	uint16_t wire = m->vlan_tci & 0x0fff;

	return s->primary_of && s->primary_of[wire] ? s->primary_of[wire] : wire;
}

static void inject_one(struct tw_worker *w, const struct tw_snapshot *s, uint16_t slot, struct rte_mbuf *m)
{
	const struct tw_slot *out = &s->slot[slot];

	if (out->mirror_out) { /* what was held reaches its guest now */
		tw_tap_out_flood(w, s, waited_in(s, m), slot, m);
		tw_tap_end_flood(w);
	}
	tw_tx_send(w, s, slot, &m, 1);
}

unsigned tw_tx_inject(struct tw_worker *w, const struct tw_snapshot *s)
{
	struct rte_mbuf *m[TW_BURST];
	unsigned n = rte_ring_sc_dequeue_burst(w->inject, (void **)m, TW_BURST, NULL);

	w->lane = w->id;

	for (unsigned i = 0; i < n; i++) {
		uint16_t slot = m[i]->port < TW_SLOTS_MAX ? m[i]->port : 0;
		const struct tw_slot *out = &s->slot[slot];

		if (out->kind == TW_SLOT_EMPTY || out->device < 0)
			tw_tx_drop(w, slot, TW_DROP_LINK_DOWN, waited_in(s, m[i]), m[i]);
		else if (!tw_edit_apply(m[i], tw_edit_waited(m[i], out), m[i]->vlan_tci))
			tw_tx_drop(w, slot, TW_DROP_NO_BUFFER, waited_in(s, m[i]), m[i]);
		else
			inject_one(w, s, slot, m[i]);
	}
	return n;
}
