/* SPDX-License-Identifier: Apache-2.0 */
/*
 * guest_tx.h - frames into a guest's receive rings.
 *
 * Place    the end of tx.c for a vhost-user port.
 * Threads  workers; two of them may fill one ring: rte_vhost's own lock guards it.
 * Hostile  the rings and their buffers are the guest's: rte_vhost checks every address and length before it writes.
 */
#ifndef TW_DATAPLANE_GUEST_TX_H
#define TW_DATAPLANE_GUEST_TX_H

#include "dataplane/worker.h"

/**
 * Copy frames to a guest, each into the queue of its flow (queues.h; m->hash.rss is the flow's hash).
 * @param n        at most TW_BURST
 * @param m        reordered: those that were taken first. All stay the caller's
 * @param too_big  out: how many of those not taken were larger than the buffer the guest had for them; the others found no
 *                 buffer at all
 * @return frames taken
 */
uint16_t tw_guest_send(const struct tw_worker *w, const struct tw_snapshot *s, const struct tw_slot *out,
		       struct rte_mbuf **m, uint16_t n, uint16_t *too_big);

/** The same to a guest behind an IOMMU, unless it has had its share of the worker (guest_share.h). */
uint16_t tw_guest_send_translated(struct tw_worker *w, const struct tw_snapshot *s, uint16_t slot, struct rte_mbuf **m,
				  uint16_t n, uint16_t *too_big);

#endif
