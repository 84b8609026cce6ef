/* SPDX-License-Identifier: Apache-2.0 */
/* snoop_worker.c - copies of IGMP and MLD for main, within a measure for each slot; see snoop.h. The worker. */
#include "dataplane/snoop.h"
#include "dataplane/worker.h"

static_assert(sizeof(struct tw_snoop_tag) <= TW_MBUF_PRIV_SIZE, "fits the mbuf's private area");

/* Each copy uses up some milliseconds of the burst, and each that passes gives one back. */
static bool may_tell(struct tw_snoop_meter *m, uint32_t now_ms, bool uplink)
{
	const uint32_t cost = uplink ? TW_SNOOP_COST_MS / TW_SNOOP_UPLINK_FACTOR : TW_SNOOP_COST_MS;
	const uint32_t passed = now_ms - m->at_ms;

	m->at_ms = now_ms;
	m->used_ms -= passed < m->used_ms ? passed : m->used_ms;
	if (m->used_ms + cost > TW_SNOOP_BURST * TW_SNOOP_COST_MS)
		return false;
	m->used_ms += cost;
	return true;
}

void tw_snoop_tell(struct tw_worker *w, const struct tw_snapshot *s, const struct tw_key *key,
		   const struct tw_verdict *v, const struct rte_mbuf *m)
{
	const struct tw_slot *in = &s->slot[key->in];
	struct tw_snoop_meter *meter = &w->snoop_meters[key->in];
	struct rte_mbuf *copy = NULL;

	if (may_tell(meter, w->cache.now_ms, in->uplink) && m->pkt_len <= TW_SNOOP_LARGEST)
		copy = rte_pktmbuf_copy(m, w->pool, 0, UINT32_MAX);
	if (copy) {
		*(struct tw_snoop_tag *)rte_mbuf_to_priv(copy) = (struct tw_snoop_tag){
			.number = in->number, .slot = key->in, .vlan = v->vlan, .l2_len = tw_key_l2_len(key)
		};
		if (rte_ring_sp_enqueue(w->snoops, copy) == 0)
			return;
		rte_pktmbuf_free(copy);
	}
	meter->shed++;
}
