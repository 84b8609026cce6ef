/* SPDX-License-Identifier: Apache-2.0 */
/*
 * record.c - a worker tells the flight recorder of its frames; see record.h.
 *
 * Place    where a frame is dropped (tx.c), and on the slow way of a flow with TW_V_RECORD (worker.c): a frame that is
 *          neither pays nothing.
 * Threads  the worker, into rings that are its own.
 */
#include "dataplane/record.h"

#include <string.h>

#include <rte_cycles.h>

#include "dataplane/flow_lookup.h"
#include "dataplane/parse.h"

static struct tw_record_ring *ring_of(const struct tw_worker *w, const struct tw_recorder *r)
{
	return r && w->id < r->n_rings ? r->ring[w->id] : NULL;
}

static void take_head(struct tw_recorded *r, const struct rte_mbuf *m)
{
	r->len = m->pkt_len;
	r->kept = (uint8_t)(m->data_len < TW_RECORD_HEAD ? m->data_len : TW_RECORD_HEAD);
	memcpy(r->head, rte_pktmbuf_mtod(m, const uint8_t *), r->kept);
}

/* What tells this flow's drops for this reason from others. */
static uint32_t drop_hash(const struct rte_mbuf *m, uint16_t in, enum tw_drop reason)
{
	struct tw_meta meta;
	struct tw_key key;

	if (!tw_parse(rte_pktmbuf_mtod(m, const uint8_t *), m->data_len, m->pkt_len, in, &key, &meta))
		return (uint32_t)reason << 16 | in;
	return tw_key_hash(&key) + ((uint32_t)reason + 1) * 0x9e3779b1u;
}

/* NULL: there is no recorder, or it has had its share of this round. */
static struct tw_record_ring *drops_of(struct tw_worker *w, const struct tw_snapshot *s, uint16_t slot)
{
	struct tw_record_ring *ring = ring_of(w, s->slot[slot].drops);

	return ring && tw_record_may(ring, w->round_tsc) ? ring : NULL;
}

static void drop_into(struct tw_record_ring *ring, struct tw_recorded *r, bool to, uint16_t other)
{
	if (!ring || tw_record_again(ring, r->hash, r->tsc, r->times))
		return;
	r->to = to;
	r->other = other;
	tw_record_put(ring, r);
}

void tw_record_drop(struct tw_worker *w, uint16_t charged, enum tw_drop reason, const struct rte_mbuf *m,
		    uint32_t times)
{
	const struct tw_snapshot *s = w->now;
	uint16_t in = m->port < TW_SLOTS_MAX ? m->port : charged;
	bool elsewhere = in != charged;
	struct tw_record_ring *here, *there;
	struct tw_recorded r;

	if (!s)
		return;
	here = drops_of(w, s, in);
	there = elsewhere ? drops_of(w, s, charged) : NULL;
	if (!here && !there)
		return;
	r = (struct tw_recorded){ .tsc = rte_rdtsc(),
				  .times = times,
				  .generation = s->generation,
				  .egress = elsewhere ? s->slot[charged].number : 0,
				  .action = TW_ACT_DROP,
				  .detail = (uint8_t)reason };
	r.last_tsc = r.tsc;
	r.hash = drop_hash(m, in, reason);
	take_head(&r, m);
	/* What main had sent (m->port is where to) was on its way to the port. */
	drop_into(here, &r, !elsewhere && tw_drop_is_at_out(reason), elsewhere ? charged : TW_SLOT_NONE);
	drop_into(there, &r, true, in);
}

static void put(struct tw_worker *w, const struct tw_snapshot *s, const struct tw_recorder *recorder,
		const struct tw_verdict *v, const struct rte_mbuf *m, bool to, uint16_t other)
{
	struct tw_record_ring *ring = ring_of(w, recorder);
	struct tw_recorded r = { .tsc = rte_rdtsc(),
				 .times = 1,
				 .generation = s->generation,
				 .egress = v->egress,
				 .other = other,
				 .vlan = v->vlan,
				 .flags = v->flags,
				 .action = v->action,
				 .detail = v->edit,
				 .to = to };

	if (!ring)
		return;
	r.last_tsc = r.tsc;
	take_head(&r, m);
	tw_record_put(ring, &r);
}

void tw_record_frame(struct tw_worker *w, const struct tw_snapshot *s, uint16_t in, const struct tw_verdict *v,
		     const struct rte_mbuf *m)
{
	if (v->action == TW_ACT_DROP)
		return; /* told where it is dropped */
	put(w, s, s->slot[in].frames, v, m, false, v->action == TW_ACT_FLOOD ? TW_SLOT_NONE : v->out);
	if (v->action != TW_ACT_FLOOD)
		put(w, s, s->slot[v->out].frames, v, m, true, in);
}

void tw_record_copy(struct tw_worker *w, const struct tw_snapshot *s, uint16_t in, uint16_t to,
		    const struct tw_verdict *v, const struct rte_mbuf *m)
{
	put(w, s, s->slot[to].frames, v, m, true, in);
}
