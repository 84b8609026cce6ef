/* SPDX-License-Identifier: Apache-2.0 */
/* uplink_rx.c - frames from the wire, whole and in the switch's own buffers; see uplink_rx.h. The worker. */
#include "dataplane/uplink_rx.h"

/* @return false: there was no buffer */
static bool move_to_pool(struct tw_worker *w, struct rte_mbuf **m)
{
	struct rte_mbuf *copy = rte_pktmbuf_copy(*m, w->pool, 0, UINT32_MAX);

	if (!copy)
		return false;
	rte_pktmbuf_free(*m);
	*m = copy;
	return true;
}

void tw_uplink_arrive(struct tw_worker *w, const struct tw_slot *in, struct burst *b)
{
	uint16_t kept = 0;

	for (uint16_t i = 0; i < b->n; i++) {
		if (b->m[i]->pkt_len - b->meta[i].l2_len > in->mtu) {
			tw_tx_drop(w, b->slot, TW_DROP_WIRE_OVER_MTU, 0, b->m[i]);
			continue;
		}
		if (in->lent && !move_to_pool(w, &b->m[i])) {
			tw_tx_drop(w, b->slot, TW_DROP_NO_BUFFER, 0, b->m[i]);
			continue;
		}
		if (kept != i) {
			b->m[kept] = b->m[i];
			b->key[kept] = b->key[i];
			b->meta[kept] = b->meta[i];
			b->hash[kept] = b->hash[i];
		}
		kept++;
	}
	b->n = kept;
}
