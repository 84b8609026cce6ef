/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mirror_tap.h - the workers' half of mirroring: which frames a mirror wants, what that may cost, and the copies' way.
 *
 * Place    ingress: a frame as its guest (or the wire) sent it, before anything happens to it. Egress: as it leaves, behind
 *          edits. Drops: where a frame ends. A copy goes to a port's ring or out by an uplink with the end of the round, or to
 *          the mirror thread (mirror.h); it is never mirrored again, for it takes none of these ways.
 * Once     a frame that came in at a source of a mirror is not copied to it where it leaves; of a flooded one, only the first
 *          that leaves. What another host has copied already (identity.mirrors) is not copied here.
 * Cost     flows that a mirror cannot want pay nothing: that is seen when they are decided (tw_tap_foresee()). What is shed
 *          is shed before a copy is made: beyond the mirror's budget, or while its destination does not keep up.
 * No copy  where nothing will change the frame any more the destination gets the frame itself, with one more reference.
 * Threads  the worker. Counters are its own; main reads them (one burst stale).
 */
#ifndef TW_DATAPLANE_MIRROR_TAP_H
#define TW_DATAPLANE_MIRROR_TAP_H

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/bucket.h"
#include "dataplane/drop.h"

struct rte_mbuf;
struct tw_flow;
struct tw_key;
struct tw_snapshot;
struct tw_verdict;
struct tw_worker;

enum { TW_TAP_BATCH = 32 };

#define TW_TAP_COUNTERS(X)                                                                   \
	X(seen)        /* frames looked at */                                                \
	X(filtered)    /* the filter, the VLANs or the number of first frames left it out */ \
	X(sampled_out) /* not the one in so many */                                          \
	X(sent)                                                                              \
	X(octets)                                                                            \
	X(failed)      /* too large for the destination */                                   \
	X(shed_budget) /* beyond its rate or share */                                        \
	X(shed_full)   /* the destination does not keep up */                                \
	X(shed_absent) /* there is none now */                                               \
	X(shed_memory) /* no buffer */

struct tw_tap_counters {
#define TW_TAP_COUNTER(name) uint64_t name;
	TW_TAP_COUNTERS(TW_TAP_COUNTER)
#undef TW_TAP_COUNTER
};

/* One mirror as one worker has it. */
struct tw_tap {
	struct tw_tap_counters count;
	uint64_t shut_until;         /* by the time-stamp counter: the destination was full */
	uint64_t window_ends, spent; /* of its share of time */
	uint32_t since_sample;
	uint32_t skip_to; /* while since_sample is less no sample is due; valid with its bit in tw_worker.tap_skips */
	uint64_t *shut_count; /* what becomes of its frames, while its bit is in tw_worker.tap_shut */
	uint64_t random;      /* that decides on samples; any value will do to begin with */
	uint16_t n;           /* copies on their way to a port */
	struct rte_mbuf *copy[TW_TAP_BATCH];
} __attribute__((aligned(64)));

/* What all workers share of a mirror: how much of its rates is used. */
struct tw_tap_budget {
	tw_bucket_state frames, octets;
};

/* What was decided of a frame that came in. What judges frames one by one may still refuse it. */
enum tw_mirror_fate {
	TW_FATE_UNKNOWN,
	TW_FATE_PORT,    /* `to` is its number, as struct tw_mirror_tag */
	TW_FATE_MANY,    /* several ports */
	TW_FATE_DROPPED, /* `to` is an enum tw_drop */
	TW_FATE_SWITCH,  /* it is for the switch itself */
};

/* On its way to the mirror thread: in the mbuf's private area. */
struct tw_mirror_tag {
	uint64_t mask; /* mirrors that want it */
	uint64_t tsc;
	uint32_t number; /* port it was seen at; of an uplink TW_TAP_UPLINK + its slot */
	uint32_t original_len;
	uint32_t to;     /* where it goes, see fate */
	uint32_t passed; /* of a copy where it came in: frames up to it that its worker has had there, modulo 2^32 */
	uint16_t worker;
	uint16_t slot;           /* it was seen at */
	uint16_t vlan;           /* it was judged in; 0 = none */
	uint8_t pcp_in, pcp_out; /* priority it came with, and leaves with */
	uint8_t egress;          /* 1 = to the guest (the wire) */
	uint8_t drop;            /* 0; else enum tw_drop + 1: it was dropped there */
	uint8_t fate;            /* enum tw_mirror_fate; of a copy where the frame came in */
};
#define TW_TAP_UPLINK UINT32_C(0x80000000)

/** A flow has been decided: flags of its verdict that its frames need not carry are taken away, or added for what counts frames. */
void tw_tap_foresee(struct tw_worker *w, const struct tw_snapshot *s, const struct tw_key *key, struct tw_verdict *v);

/** Mirrors that have had a frame on the host it came from. */
uint64_t tw_tap_had_elsewhere(const struct tw_snapshot *s, const struct tw_key *key);

/**
 * A frame came in by key->in; m stays the caller's.
 * @param f      its flow, frames before this one counted
 * @param behind frames behind it in its burst, which the port's counters have already
 */
void tw_tap_in(struct tw_worker *w, const struct tw_snapshot *s, struct tw_flow *f, struct rte_mbuf *m,
	       unsigned behind);

/** Frames that a worker has had pass the tap where they came in, all of the burst in hand included. Elsewhere a burst stale. */
uint64_t tw_tap_passed(const struct tw_worker *w, uint16_t slot);

/** A frame leaves by slot `out`, as it is now; m stays the caller's. @param f its flow, this frame counted */
void tw_tap_out(struct tw_worker *w, const struct tw_snapshot *s, struct tw_flow *f, uint16_t out, struct rte_mbuf *m);

/** A frame that leaves to several: between begin and end each mirror gets one copy. @param f its flow, this frame not counted */
void tw_tap_begin_flood(struct tw_worker *w, const struct tw_snapshot *s, const struct tw_flow *f);
void tw_tap_end_flood(struct tw_worker *w);
/** @param vlan it was judged in */
void tw_tap_out_flood(struct tw_worker *w, const struct tw_snapshot *s, uint16_t vlan, uint16_t out,
		      struct rte_mbuf *m);

/** A frame ends at a slot that has mirrors for what is dropped. @param vlan as tw_tx_count_drop() */
void tw_tap_dropped(struct tw_worker *w, uint16_t slot, enum tw_drop reason, uint16_t vlan, const struct rte_mbuf *m);

/** The VLAN that a frame is in where it is as it comes in by, or leaves by, this slot. */
uint16_t tw_tap_vlan(const struct tw_snapshot *s, uint16_t slot, const struct rte_mbuf *m);

/** Copies for ports leave. With the end of a round; w->taps_pending says whether there are any. */
void tw_tap_flush(struct tw_worker *w, const struct tw_snapshot *s);

#endif
