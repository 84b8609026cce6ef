/* SPDX-License-Identifier: Apache-2.0 */
/* meter.c - frames counted into flows; see meter.h. The worker. */
#include "dataplane/meter.h"

#include "dataplane/expire.h"
#include "dataplane/flow_lookup.h"
#include "dataplane/overflow.h"

static_assert(TW_DROPS < UINT8_MAX, "a reason and one fits tw_key.refused");

static void note_extremes(struct tw_flow *f, const struct tw_meta *meta)
{
	f->tcp_flags |= meta->tcp_flags;
	if (meta->ttl < f->min_ttl)
		f->min_ttl = meta->ttl;
	if (meta->ttl > f->max_ttl)
		f->max_ttl = meta->ttl;
	if (meta->l3_len < f->min_len)
		f->min_len = meta->l3_len;
	if (meta->l3_len > f->max_len)
		f->max_len = meta->l3_len;
}

void tw_meter_unusual(struct tw_flow *f, const struct tw_meta *meta)
{
	f->usual = meta->word;
	note_extremes(f, meta);
}

/* While nothing is counted the times only say that the flow is not quiet. */
void tw_meter_count_sampled(struct tw_flow *f, const struct tw_meta *meta, uint32_t pkt_len, uint32_t now)
{
	f->seen += f->seen != UINT32_MAX;
	if (f->packets == 0)
		f->first_ms = f->last_ms = now;
	if (!meta->taken)
		return;
	f->last_ms = now;
	f->packets++;
	f->l3_octets += meta->l3_len;
	f->l2_octets += pkt_len;
	note_extremes(f, meta);
}

void tw_meter_undo(struct tw_flow *f, const struct tw_meta *meta, uint32_t pkt_len)
{
	if (!meta->taken || f->packets == 0) /* it was not counted; it went out in a record meanwhile */
		return;
	f->packets--;
	f->l3_octets -= meta->l3_len;
	f->l2_octets -= pkt_len;
}

bool tw_meter_told_apart(const struct tw_verdict *a, const struct tw_verdict *b)
{
	return a->egress != b->egress || a->vlan != b->vlan || (a->flags ^ b->flags) & (TW_V_METER | TW_V_SECOND) ||
	       (a->action == TW_ACT_DROP) != (b->action == TW_ACT_DROP) ||
	       (a->action == TW_ACT_DROP && a->drop != b->drop);
}

bool tw_meter_make_way(struct tw_worker *w, const struct tw_snapshot *s, struct tw_flow *f, const struct tw_verdict *v,
		       uint16_t sampling)
{
	bool another = tw_flow_sampling(f) != sampling;

	if (f->packets == 0 || (!another && !tw_meter_told_apart(&f->verdict, v)))
		return true;
	return tw_expire_flush(w, s, f, TW_FLOW_END_FORCED) || !another;
}

void tw_meter_judge(struct tw_flow *f, const struct tw_verdict *v, uint16_t sampling)
{
	uint16_t before = tw_flow_sampling(f);

	f->verdict = *v;
	if (before == sampling)
		return;
	f->usual = 0;
	f->sampling = sampling;
}

void tw_meter_refused(struct tw_worker *w, const struct tw_snapshot *s, struct tw_flow *f, const struct tw_meta *meta,
		      uint32_t pkt_len, enum tw_drop reason)
{
	const uint16_t sampling = tw_flow_sampling(f);
	struct tw_verdict v = f->verdict;
	struct tw_key key = f->key;
	struct tw_flow *refused;
	uint32_t hash;

	if (f->packets == 0) /* it has let nothing pass, but is not quiet */
		f->last_ms = w->cache.now_ms;
	if (!f->live || !(v.flags & TW_V_METER) || !meta->taken)
		return;
	v.action = TW_ACT_DROP;
	v.drop = (uint8_t)reason;
	v.flags &= TW_V_METER | TW_V_SECOND | TW_V_STRANGER | TW_V_SAMPLE;
	key.refused = (uint8_t)(reason + 1);
	hash = tw_key_hash(&key);
	refused = tw_flow_cache_find(&w->cache, &key, hash);
	if (!refused) {
		refused = tw_flow_cache_add(&w->cache, &key, hash);
		if (refused)
			tw_flow_set_queue(refused, tw_flow_queue(f));
	}
	if (!refused || !tw_meter_make_way(w, s, refused, &v, sampling)) {
		tw_overflow_count(w, key.in, meta, pkt_len, true);
		return;
	}
	tw_meter_judge(refused, &v, sampling);
	refused->generation = s->generation;
	if (v.flags & TW_V_SAMPLE)
		tw_meter_count_sampled(refused, meta, pkt_len, w->cache.now_ms);
	else
		tw_meter_count(refused, meta, pkt_len, w->cache.now_ms);
}
