/* SPDX-License-Identifier: Apache-2.0 */
/* meter.c - frames counted into flows; see meter.h. The worker. */
#include "dataplane/meter.h"

#include "dataplane/expire.h"
#include "dataplane/flow_lookup.h"
#include "dataplane/overflow.h"

static_assert(TW_DROPS < UINT8_MAX, "a reason and one fits tw_key.refused");

void tw_meter_unusual(struct tw_flow *f, const struct tw_meta *meta)
{
	f->usual = meta->word;
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

void tw_meter_undo(struct tw_flow *f, const struct tw_meta *meta, uint32_t pkt_len)
{
	if (f->packets == 0) /* it went out in a record meanwhile */
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

void tw_meter_refused(struct tw_worker *w, const struct tw_snapshot *s, struct tw_flow *f, const struct tw_meta *meta,
		      uint32_t pkt_len, enum tw_drop reason)
{
	struct tw_verdict v = f->verdict;
	struct tw_key key = f->key;
	struct tw_flow *refused;
	uint32_t hash;

	if (f->packets == 0) /* it has let nothing pass, but is not quiet */
		f->last_ms = w->cache.now_ms;
	if (!f->live || !(v.flags & TW_V_METER))
		return;
	v.action = TW_ACT_DROP;
	v.drop = (uint8_t)reason;
	v.flags &= TW_V_METER | TW_V_SECOND | TW_V_STRANGER;
	key.refused = (uint8_t)(reason + 1);
	hash = tw_key_hash(&key);
	refused = tw_flow_cache_find(&w->cache, &key, hash);
	if (!refused) {
		refused = tw_flow_cache_add(&w->cache, &key, hash);
		if (refused)
			tw_flow_set_queue(refused, tw_flow_queue(f));
	}
	if (!refused) {
		tw_overflow_count(w, key.in, meta, pkt_len, true);
		return;
	}
	if (refused->packets && tw_meter_told_apart(&refused->verdict, &v))
		tw_expire_flush(w, s, refused, TW_FLOW_END_FORCED);
	refused->verdict = v;
	refused->generation = s->generation;
	tw_meter_count(refused, meta, pkt_len, w->cache.now_ms);
}
