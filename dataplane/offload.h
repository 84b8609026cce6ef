/* SPDX-License-Identifier: Apache-2.0 */
/*
 * offload.h - what a guest left for hardware to do, done in software where the other side cannot.
 *
 * Between guests of one host nothing is done: a 64 KB frame crosses as it is and its checksum is never computed. An uplink
 * without the offload, or a guest that did not negotiate it, gets finished frames: right checksums, TCP in segments, UDP (UFO)
 * in IP fragments.
 * Threads  workers. Frames are the worker's own (refcnt 1).
 * Hostile  the lengths are a guest's word: each is held against the frame before use.
 */
#ifndef TW_DATAPLANE_OFFLOAD_H
#define TW_DATAPLANE_OFFLOAD_H

#include <rte_mbuf.h>

#include "dataplane/snapshot.h"

enum { TW_SEGMENTS_MAX = 128 }; /* 64 KB in segments of 512 octets and more */

/* Set in mbuf.ol_flags while something is left to do. */
#define TW_OFFLOAD_CUT   (RTE_MBUF_F_TX_TCP_SEG | RTE_MBUF_F_TX_UDP_SEG) /* a super-frame */
#define TW_OFFLOAD_FLAGS (RTE_MBUF_F_TX_L4_MASK | TW_OFFLOAD_CUT | RTE_MBUF_F_TX_IP_CKSUM)

static inline bool tw_offload_pending(const struct rte_mbuf *m)
{
	return m->ol_flags & TW_OFFLOAD_FLAGS;
}

/** Is what a guest asks for true of the frame? Everything of a request is its word. */
bool tw_offload_holds(const struct rte_mbuf *m);

/** Does `out` lack what a pending request that holds needs? */
bool tw_offload_must_finish(const struct rte_mbuf *m, const struct tw_slot *out);

/** Octets of layer 3 of the largest frame that a super-frame can be cut into; fragments of IPv6 have a header more. */
static inline uint32_t tw_offload_largest_cut(const struct rte_mbuf *m)
{
	if (m->ol_flags & RTE_MBUF_F_TX_TCP_SEG)
		return m->l3_len + m->l4_len + m->tso_segsz;
	return m->l3_len + (m->ol_flags & RTE_MBUF_F_TX_IPV6 ? 8u : 0u) + (m->tso_segsz & ~7u);
}

/**
 * Make frames that `out` can take of m.
 * @param m     consumed on success, else still the caller's
 * @param list  out: [TW_SEGMENTS_MAX] frames
 * @return number of frames; -EINVAL: the request does not fit the frame; -ENOMEM: no buffer was free
 */
int tw_offload_finish(struct rte_mbuf *m, const struct tw_slot *out, struct rte_mempool *pool, struct rte_mbuf **list);

#endif
