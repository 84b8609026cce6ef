/* SPDX-License-Identifier: Apache-2.0 */
/*
 * police.c - the frames of a burst that a port's limits refuse; see rate.h, and burst.h for when this is asked.
 *
 * A frame that is refused is counted at the port by its reason, and in the flow of those refused (meter.h): the records'
 * totals stay what came in. Threads: the worker.
 */
#include "dataplane/burst.h"
#include "dataplane/flow_lookup.h"
#include "dataplane/meter.h"
#include "dataplane/overflow.h"
#include "dataplane/rate.h"
#include "dataplane/sample.h"

/* --- ingress --- */

static void refuse_in(struct tw_worker *w, const struct tw_snapshot *s, struct burst *b, unsigned i)
{
	struct tw_flow lone = { .key = b->key[i] }, *f = tw_flow_cache_find(&w->cache, &b->key[i], b->hash[i]);

	if (!f)
		f = tw_burst_flow(w, b, i);
	if (!f)
		f = &lone;
	if (f->generation != s->generation && !tw_burst_decide(w, s, f)) {
		f = &lone;
		tw_burst_decide(w, s, f);
	}
	tw_sample_frame(w, f, &b->meta[i]);
	if (f == &lone && (lone.verdict.flags & (TW_V_METER | TW_V_SECOND)) == TW_V_METER)
		tw_overflow_count(w, b->slot, &b->meta[i], b->m[i]->pkt_len, true);
	tw_meter_refused(w, s, f, &b->meta[i], b->m[i]->pkt_len, TW_DROP_RATE_INGRESS);
	tw_tx_drop(w, b->slot, TW_DROP_RATE_INGRESS, f->verdict.vlan, b->m[i]);
}

void tw_police_ingress(struct tw_worker *w, const struct tw_snapshot *s, struct burst *b)
{
	const struct tw_rate *rate = s->slot[b->slot].rate;
	uint16_t kept = 0;

	for (uint16_t i = 0; i < b->n; i++) {
		if (!tw_rate_take(w, rate, b->slot, TW_RATE_IN_OCTETS, b->m[i]->pkt_len, 1, true)) {
			refuse_in(w, s, b, i);
			continue;
		}
		b->m[kept] = b->m[i];
		b->key[kept] = b->key[i];
		b->meta[kept] = b->meta[i];
		b->hash[kept++] = b->hash[i];
	}
	b->n = kept;
}

/* --- egress --- */

struct refusal {
	struct tw_worker *worker;
	const struct tw_snapshot *snapshot;
	const struct burst *burst;
};

/* Its octets as it came in: a tag may have been put on or taken off since. */
static uint32_t octets_in(const struct rte_mbuf *m, const struct tw_verdict *v)
{
	if (v->edit == TW_EDIT_PUSH || v->edit == TW_EDIT_PUSH_DOT1AD)
		return m->pkt_len - 4;
	return v->edit == TW_EDIT_POP ? m->pkt_len + 4 : m->pkt_len;
}

static void refused_out(void *arg, const struct rte_mbuf *m, enum tw_drop reason)
{
	const struct refusal *r = arg;
	const struct burst *b = r->burst;
	struct tw_worker *w = r->worker;
	struct tw_flow *f;
	uint32_t octets;
	uint16_t i = 0;

	while (i < b->n && b->m[i] != m)
		i++;
	f = i < b->n ? tw_flow_cache_find(&w->cache, &b->key[i], b->hash[i]) : NULL;
	if (i == b->n)
		return;
	if (!f || f->generation != r->snapshot->generation) { /* it found no room */
		const struct tw_verdict v = tw_decide(r->snapshot, &b->key[i]);

		if ((v.flags & (TW_V_METER | TW_V_SECOND)) == TW_V_METER)
			tw_overflow_refuse(w, b->slot, &b->meta[i], octets_in(m, &v));
		return;
	}
	octets = octets_in(m, &f->verdict);
	tw_meter_undo(f, &b->meta[i], octets);
	tw_meter_refused(w, r->snapshot, f, &b->meta[i], octets, reason);
}

void tw_police_egress(struct tw_worker *w, const struct tw_snapshot *s, struct burst *b, struct tw_batch *batch)
{
	struct refusal r = { w, s, b };

	tw_tx_send_told(w, s, batch->slot, batch->m, batch->n, refused_out, &r);
}
