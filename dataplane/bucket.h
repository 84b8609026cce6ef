/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bucket.h - a token bucket that many workers take from without a lock.
 *
 * What it is     A rate and a depth are one thing's configuration (struct tw_bucket, immutable, of a snapshot). Its state is a
 *                single word: the moment at which the bucket will be full again. Taking n units moves that moment on by
 *                what n units cost; they are refused if it would then lie farther ahead than a full bucket reaches. (The
 *                "virtual scheduling" form of the generic cell rate algorithm, ITU-T I.371 annex A.)
 * Why not rte_meter  A meter of DPDK has three words of state that one core may write. The frames for one guest come from
 *                every worker, and those of a guest with several queues go to several: per-worker meters would each hold a
 *                share of the rate that no flow knows how to keep to. One word can be swapped atomically: one rate for the
 *                port, whichever workers serve it, for one atomic operation a burst.
 * Larger than the bucket  A single unit of work (a 64 KB frame of a guest with TSO) that would never fit passes when the bucket
 *                is full, and is paid for afterwards: the rate holds, whatever the depth.
 * Time           Ticks of 1/64 ns, modulo 2^64 (nine years): differences are signed.
 * Threads        any number take; pure but for that word.
 */
#ifndef TW_DATAPLANE_BUCKET_H
#define TW_DATAPLANE_BUCKET_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define TW_TICKS_PER_S UINT64_C(64000000000)
enum { TW_BUCKET_SHIFT = 20 };

struct tw_bucket {
	uint64_t cost;  /* of one unit: ticks * 2^TW_BUCKET_SHIFT; 0 = there is no limit */
	uint64_t depth; /* what a full bucket is worth, in ticks */
	/* The farthest ahead that anything may have moved the moment. What is beyond it is of a former, slower rate. */
	uint64_t debt_max;
	uint64_t per_second; /* bits or frames, and units at once: as configured, or the defaults in their place */
	uint64_t burst;
};

typedef _Atomic uint64_t tw_bucket_state; /* when it is full again, in ticks; 0 = new */

/**
 * @param per_second      units; of octets: bits
 * @param units_per_token octets: 8, because the rate is of bits; frames: 1
 * @param burst           tokens a full bucket holds, at least 1
 * @param largest         tokens of the largest thing taken at once
 */
void tw_bucket_init(struct tw_bucket *bucket, uint64_t per_second, unsigned units_per_token, uint64_t burst,
		    uint64_t largest);

static inline uint64_t tw_bucket_price(const struct tw_bucket *b, uint64_t tokens)
{
	return (uint64_t)((unsigned __int128)tokens * b->cost >> TW_BUCKET_SHIFT);
}

/* How far ahead of `now` the bucket is full again. */
static inline uint64_t tw_bucket_debt(const struct tw_bucket *b, uint64_t full_at, uint64_t now)
{
	int64_t ahead = (int64_t)(full_at - now);

	if (ahead <= 0)
		return 0;
	return (uint64_t)ahead < b->debt_max ? (uint64_t)ahead : b->debt_max;
}

/**
 * Take tokens if there are enough.
 * @param whole it cannot be had in parts: a full bucket gives it even if it holds less
 * @return false: not enough; nothing was taken
 */
static inline bool tw_bucket_take(const struct tw_bucket *b, tw_bucket_state *state, uint64_t now, uint64_t tokens,
				  bool whole)
{
	uint64_t price, full_at, debt;

	if (!b->cost)
		return true;
	price = tw_bucket_price(b, tokens);
	full_at = atomic_load_explicit(state, memory_order_relaxed);
	do {
		debt = tw_bucket_debt(b, full_at, now);
		if (debt + price > b->depth && !(whole && debt == 0)) {
			if (debt == b->debt_max) /* of a former rate: what it is now begins to be paid now */
				atomic_compare_exchange_strong_explicit(state, &full_at, now + debt,
									memory_order_relaxed, memory_order_relaxed);
			return false;
		}
	} while (!atomic_compare_exchange_weak_explicit(state, &full_at, now + debt + price, memory_order_relaxed,
							memory_order_relaxed));
	return true;
}

/** Give back what was just taken. */
static inline void tw_bucket_give_back(const struct tw_bucket *b, tw_bucket_state *state, uint64_t tokens)
{
	if (b->cost)
		atomic_fetch_sub_explicit(state, tw_bucket_price(b, tokens), memory_order_relaxed);
}

/** Ticks from `now` until that many tokens can be taken whole. */
static inline uint64_t tw_bucket_wait(const struct tw_bucket *b, tw_bucket_state *state, uint64_t now, uint64_t tokens)
{
	uint64_t debt = tw_bucket_debt(b, atomic_load_explicit(state, memory_order_relaxed), now);
	uint64_t price = tw_bucket_price(b, tokens);
	uint64_t room = price < b->depth ? b->depth - price : 0;

	return debt > room ? debt - room : 0;
}

#endif
