/* SPDX-License-Identifier: Apache-2.0 */
/*
 * burst.h - one burst on its way through a worker's stages: between worker.c, burst.c and police.c alone.
 *
 * Place    from the receive queue to the batches that leave. All frames came in by one queue of one slot.
 * Threads  the worker, on its stack.
 */
#ifndef TW_DATAPLANE_BURST_H
#define TW_DATAPLANE_BURST_H

#include "dataplane/flow_cache.h"
#include "dataplane/tx.h"

struct burst {
	uint16_t slot, queue, n;
	struct rte_mbuf *m[TW_BURST];
	struct tw_key key[TW_BURST];
	struct tw_meta meta[TW_BURST];
	uint32_t hash[TW_BURST];
	struct tw_flow *flow[TW_BURST];
	uint16_t n_batches;
	struct tw_batch *last;
	struct tw_batch batch[TW_BURST];
};

/** All stages, to each frame's end. slot, queue, n and m[] are set. */
void tw_burst_process(struct tw_worker *w, const struct tw_snapshot *s, struct burst *b);

/** An entry for a frame that is the first of its flow. @return NULL: there is no room */
static inline struct tw_flow *tw_burst_flow(struct tw_worker *w, const struct burst *b, unsigned i)
{
	struct tw_flow *f = tw_flow_cache_add(&w->cache, &b->key[i], b->hash[i]);

	if (f)
		tw_flow_set_queue(f, b->queue);
	return f;
}

/** Have a flow judged by this snapshot: its first frame, or its first after a change. @return false: see tw_meter_make_way() */
bool tw_burst_decide(struct tw_worker *w, const struct tw_snapshot *s, struct tw_flow *f);

/** Take out, drop and count the frames that there is no credit for. Called when there is not enough for all of them. */
void tw_police_ingress(struct tw_worker *w, const struct tw_snapshot *s, struct burst *b);

/** Send a batch to a port with limits. What they refuse is taken out of the records of what was let through. */
void tw_police_egress(struct tw_worker *w, const struct tw_snapshot *s, struct burst *b, struct tw_batch *batch);

#endif
