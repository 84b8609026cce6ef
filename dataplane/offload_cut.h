/* SPDX-License-Identifier: Apache-2.0 */
/*
 * offload_cut.h - super-frames into frames: TCP into segments, UDP into IP fragments.
 *
 * Place    behind offload.c, which has seen that the request holds (tw_offload_holds()).
 * Threads  workers.
 */
#ifndef TW_DATAPLANE_OFFLOAD_CUT_H
#define TW_DATAPLANE_OFFLOAD_CUT_H

#include <rte_mbuf.h>

/**
 * @param m    consumed on success, else still the caller's. Of UDP the checksum is that of the datagram
 * @param list out: [TW_SEGMENTS_MAX] frames; what is left to do for them (checksums of TCP, of IPv4) stands in their flags
 * @return number of frames; -EINVAL: more than TW_SEGMENTS_MAX; -ENOMEM: no buffer was free
 */
int tw_offload_cut(struct rte_mbuf *m, struct rte_mempool *pool, struct rte_mbuf **list);

#endif
