/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tx.h - frames leave by a slot: batched unicast, floods, frames that wait, copies for mirrors.
 *
 * Threads  the worker. Every function consumes the frames it is given and counts each: sent or dropped for a reason.
 */
#ifndef TW_DATAPLANE_TX_H
#define TW_DATAPLANE_TX_H

#include "dataplane/decide.h"
#include "dataplane/offload.h"
#include "dataplane/worker.h"

/* Frames of one burst for one slot. */
struct tw_batch {
	uint16_t slot;
	uint16_t n;
	struct rte_mbuf *m[TW_BURST];
};

/** Would this frame, or a segment it is to be cut into, be more than `out` takes? @param l2_len octets in front of layer 3 */
static inline bool tw_tx_over_mtu(const struct tw_slot *out, uint32_t l2_len, const struct rte_mbuf *m)
{
	if (__builtin_expect(m->pkt_len <= out->mtu + l2_len, 1))
		return false;
	return !(m->ol_flags & TW_OFFLOAD_CUT) || tw_offload_largest_cut(m) > out->mtu;
}

/**
 * A frame (or a copy of it that is not even made) ends here; m stays the caller's.
 * @param vlan it was judged in; 0: it was not, or is as it leaves by `slot`, which tells
 */
void tw_tx_count_drop(struct tw_worker *w, uint16_t slot, enum tw_drop reason, uint16_t vlan, const struct rte_mbuf *m);
/** The same, and the frame is freed. */
void tw_tx_drop(struct tw_worker *w, uint16_t slot, enum tw_drop reason, uint16_t vlan, struct rte_mbuf *m);

/** Send frames, finished for what `slot` can take. m->port is the slot each came in by: requests that lie are charged to it. */
void tw_tx_send(struct tw_worker *w, const struct tw_snapshot *s, uint16_t slot, struct rte_mbuf **m, uint16_t n);

/** The same past the port's limits and queue. */
void tw_tx_send_now(struct tw_worker *w, const struct tw_snapshot *s, uint16_t slot, struct rte_mbuf **m, uint16_t n);

/**
 * As tw_tx_send(), and say which frames the port's limits refuse, before each is dropped.
 * @param refused NULL: nobody wants to know
 */
typedef void (*tw_refused_fn)(void *arg, const struct rte_mbuf *m, enum tw_drop reason);
void tw_tx_send_told(struct tw_worker *w, const struct tw_snapshot *s, uint16_t slot, struct rte_mbuf **m, uint16_t n,
		     tw_refused_fn refused, void *arg);

/** A copy for every member of the frame's VLAN that the verdict means, but `in` and verdict.out; m stays the caller's. */
void tw_tx_copies(struct tw_worker *w, const struct tw_snapshot *s, uint16_t in, const struct tw_key *key,
		  const struct tw_verdict *v, struct rte_mbuf *m);

/** The same, and by the uplink if it came from a guest. */
void tw_tx_flood(struct tw_worker *w, const struct tw_snapshot *s, uint16_t in, const struct tw_key *key,
		 const struct tw_verdict *v, struct rte_mbuf *m);
/** To those of these ports that may have it, and to the wire. */
void tw_tx_listeners(struct tw_worker *w, const struct tw_snapshot *s, const struct tw_key *key,
		     const struct tw_verdict *v, const uint16_t *slots, uint32_t n, struct rte_mbuf *m);

/** Into the hold queue of a port between two hosts. @param slot for which it waits */
void tw_tx_hold(struct tw_worker *w, const struct tw_snapshot *s, uint16_t slot, const struct tw_key *key,
		const struct tw_verdict *v, struct rte_mbuf *m);

/** Send what main has put into the inject ring. @return frames */
unsigned tw_tx_inject(struct tw_worker *w, const struct tw_snapshot *s);

#endif
