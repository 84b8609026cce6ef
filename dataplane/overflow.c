/* SPDX-License-Identifier: Apache-2.0 */
/* overflow.c - counts of frames without a flow, and their records; see overflow.h. The worker. */
#include "dataplane/overflow.h"

#include <string.h>

#include "dataplane/expire.h"

static void add(struct tw_overflow_tally *t, const struct tw_meta *meta, uint32_t pkt_len, uint32_t now)
{
	if (t->packets++ == 0)
		t->first_ms = now;
	t->last_ms = now;
	t->l3_octets += meta->l3_len;
	t->l2_octets += pkt_len;
}

void tw_overflow_count(struct tw_worker *w, uint16_t slot, const struct tw_meta *meta, uint32_t pkt_len, bool refused)
{
	struct tw_overflow *o = &w->overflow;

	w->stats.overflows++;
	w->stats.overflow_octets += meta->l3_len;
	if (!meta->taken)
		return;
	if (!o->any) {
		o->since_ms = w->cache.now_ms;
		o->sampling = w->sampler.sampling;
	} else if (o->sampling != w->sampler.sampling) {
		return; /* the records of another sampling wait for room in their ring */
	}
	o->any = true;
	add(&o->of[slot][refused], meta, pkt_len, w->cache.now_ms);
}

void tw_overflow_refuse(struct tw_worker *w, uint16_t slot, const struct tw_meta *meta, uint32_t pkt_len)
{
	struct tw_overflow_tally *passed = &w->overflow.of[slot][false];

	if (!meta->taken || passed->packets == 0) /* it went out in a record meanwhile */
		return;
	passed->packets--;
	passed->l3_octets -= meta->l3_len;
	passed->l2_octets -= pkt_len;
	add(&w->overflow.of[slot][true], meta, pkt_len, w->cache.now_ms);
}

static bool put(struct tw_worker *w, const struct tw_snapshot *s, uint16_t slot, bool refused)
{
	struct tw_overflow_tally *t = &w->overflow.of[slot][refused];
	uint64_t unix_ms = tw_worker_unix_ms(w, tw_worker_ms(w, w->round_tsc));
	struct tw_flow_record *r;

	if (t->packets == 0)
		return true;
	r = tw_expire_begin(w);
	if (!r)
		return false;
	*r = (struct tw_flow_record){
		.ingress = s->slot[slot].number,
		.direction = s->slot[slot].uplink,
		.key_flags = TW_FLOW_KEY_MANY,
		.end_reason = TW_FLOW_END_LACK,
		.forwarding = refused ? TW_DROPPED : TW_FORWARDED,
		.sampling = w->overflow.sampling,
		.packets = t->packets,
		.l3_octets = t->l3_octets,
		.l2_octets = t->l2_octets,
		.first_ms = tw_flow_unix_ms(t->first_ms, w->cache.now_ms, unix_ms),
		.last_ms = tw_flow_unix_ms(t->last_ms, w->cache.now_ms, unix_ms),
	};
	tw_expire_finish(w);
	memset(t, 0, sizeof(*t));
	return true;
}

bool tw_overflow_flush(struct tw_worker *w, const struct tw_snapshot *s, uint16_t slot)
{
	uint16_t first = slot == TW_SLOT_NONE ? 0 : slot, last = slot == TW_SLOT_NONE ? TW_SLOTS_MAX : slot + 1;

	for (uint16_t i = first; i < last; i++)
		if (!put(w, s, i, false) || !put(w, s, i, true))
			return false;
	if (slot == TW_SLOT_NONE)
		w->overflow.any = false;
	return true;
}
