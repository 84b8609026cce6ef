/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rate.h - how much a port's guest may send and get: its limits, and where frames meet them.
 *
 * Place    ingress: a burst of the guest, before its flows are looked up. Storm control: a frame of a flow that goes to many,
 *          or to nobody that is known (TW_V_STORM). Egress: before its ring.
 * Cost     paid once a burst: if there is credit for all of it, that is one atomic operation. Only a burst that there is not
 *          enough for is looked at frame by frame; small frames pass where a large one no longer does.
 * Units    octets of layer 2 without FCS, as counters have them: a frame of 64 KB is one frame of that many octets.
 * Threads  limits are of the snapshot (immutable); their state (struct tw_rate_state, bucket.h) outlives snapshots and is
 *          shared by all workers.
 * What is refused  is counted at the port by its reason, and in the flow of those refused (meter.h).
 */
#ifndef TW_DATAPLANE_RATE_H
#define TW_DATAPLANE_RATE_H

#include <stddef.h>

#include "dataplane/bucket.h"
#include "dataplane/drop.h"

struct rte_mbuf;
struct tw_key;
struct tw_worker;

/* Each direction has its state in a cache line of its own. Octets, then frames. */
enum tw_rate_bucket {
	TW_RATE_IN_OCTETS,
	TW_RATE_IN_FRAMES,
	TW_RATE_STORM_BROADCAST,
	TW_RATE_STORM_MULTICAST,
	TW_RATE_STORM_UNKNOWN,
	TW_RATE_OUT_OCTETS = 8,
	TW_RATE_OUT_FRAMES,
	TW_RATE_SHAPE,
	TW_RATE_BUCKETS = 16,
};

struct tw_rate {
	struct tw_bucket bucket[TW_RATE_BUCKETS];
	bool out;              /* there is a limit on what the guest gets */
	uint32_t queue_octets; /* shape.h */
};

struct tw_rate_state {
	tw_bucket_state full_at[TW_RATE_BUCKETS];
} __attribute__((aligned(64)));

/** Defaults for a shaper: what leaves at once, 1 ms and 2 full frames at least; what may wait, 50 ms and 128 KiB at least. */
uint64_t tw_rate_shape_burst(uint64_t bits_per_second);
uint32_t tw_rate_shape_queue(uint64_t bits_per_second);
/** Octets that leave in so many milliseconds, at most what a queue may hold. */
uint32_t tw_rate_shape_wait(uint64_t bits_per_second, uint32_t ms);

/** Defaults of a burst for a rate: 10 ms and 128 KiB at least; 100 ms and 32 frames at least. */
uint64_t tw_rate_burst_octets(uint64_t bits_per_second);
uint64_t tw_rate_burst_frames(uint64_t frames_per_second);

/** A moment of the time-stamp counter on the buckets' clock. */
uint64_t tw_rate_ticks(const struct tw_worker *worker, uint64_t tsc);
/** What goes along with a port that moves: nanoseconds until each bucket is full. */
void tw_rate_debts(struct tw_rate_state *state, uint64_t now, uint64_t ns[static TW_RATE_BUCKETS]);
/** The reverse. What comes from another host is held within the buckets' own limits when they are used. */
void tw_rate_set_debts(struct tw_rate_state *state, uint64_t now, const uint64_t *ns, size_t n);

/** The present on the buckets' clock: the moment the worker's round began. */
uint64_t tw_rate_now(const struct tw_worker *worker);

/**
 * Take credit for frames, if there is enough for all of them.
 * @param first TW_RATE_IN_OCTETS or TW_RATE_OUT_OCTETS
 * @param whole it is one frame: tw_bucket_take()
 */
bool tw_rate_take(const struct tw_worker *worker, const struct tw_rate *rate, uint16_t slot, enum tw_rate_bucket first,
		  uint64_t octets, uint64_t frames, bool whole);

/**
 * Which of the frames for a guest there is credit for: they come first in m[], in their order, the others behind them.
 * @param n at most TW_BURST
 * @return how many there is credit for
 */
uint16_t tw_rate_police(const struct tw_worker *worker, const struct tw_rate *rate, uint16_t slot, struct rte_mbuf **m,
			uint16_t n);

/** Which storm control is for frames to a group, or for unicast to nobody known. */
enum tw_rate_bucket tw_rate_storm_of(const uint8_t dst_mac[6]);

/** Storm control of one frame. @return TW_DROPS: it may pass */
enum tw_drop tw_rate_storm(const struct tw_worker *worker, const struct tw_rate *rate, const struct tw_key *key);

#endif
