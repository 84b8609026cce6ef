/* SPDX-License-Identifier: Apache-2.0 */
/*
 * offload.h - what a guest left for hardware to do, done in software where the other side cannot.
 *
 * Between guests of one host nothing is done: a 64 KB frame crosses as it is and its checksum is never computed. An uplink
 * without the offload, or a guest that did not negotiate it, gets finished frames.
 * Threads  workers. Frames are the worker's own (refcnt 1).
 * Hostile  the lengths are a guest's word: each is held against the frame before use.
 */
#ifndef TW_DATAPLANE_OFFLOAD_H
#define TW_DATAPLANE_OFFLOAD_H

#include <rte_mbuf.h>

#include "dataplane/snapshot.h"

enum { TW_SEGMENTS_MAX = 128 }; /* 64 KB in segments of 512 octets and more */

/* Set in mbuf.ol_flags while something is left to do. */
#define TW_OFFLOAD_FLAGS (RTE_MBUF_F_TX_L4_MASK | RTE_MBUF_F_TX_TCP_SEG | RTE_MBUF_F_TX_IP_CKSUM)

static inline bool tw_offload_pending(const struct rte_mbuf *m)
{
	return m->ol_flags & TW_OFFLOAD_FLAGS;
}

/**
 * Make frames that `out` can take of m.
 * @param m     consumed on success, else still the caller's
 * @param list  out: [TW_SEGMENTS_MAX] frames
 * @return number of frames; -EINVAL: the request does not fit the frame; -ENOMEM: no buffer was free
 */
int tw_offload_finish(struct rte_mbuf *m, const struct tw_slot *out, struct rte_mempool *pool, struct rte_mbuf **list);

#endif
