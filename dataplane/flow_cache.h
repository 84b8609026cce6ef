/* SPDX-License-Identifier: Apache-2.0 */
/*
 * flow_cache.h - a worker's flows: one lookup finds what to do with a frame and where to count it.
 *
 * Shape    buckets of one cache line: 8 signatures of 16 bits, compared at once, and 8 indices into a dense array of
 *          entries of two cache lines: the key; then verdict and counters. A bucket that is full goes on in one of a pool
 *          of overflow buckets (at a full table: one in twenty does). rte_hash would cost two lines more a look-up and
 *          keeps keys apart from counters.
 * Threads  a cache belongs to one worker, which alone reads and writes it; others ask by job (job.h).
 * Memory   given by the caller, all at once; nothing is allocated later. About 144 octets a flow.
 * Full     a new flow finds no entry: it is forwarded by a decision of its own and counted as overflow, never silently.
 *          A port may hold at most `per_port_max` entries, and the last `reserved` are for ports with fewer than
 *          `guaranteed`: neither one guest nor several together can take the table from their neighbours.
 */
#ifndef TW_DATAPLANE_FLOW_CACHE_H
#define TW_DATAPLANE_FLOW_CACHE_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "dataplane/decide.h"
#include "dataplane/key.h"
#include "flowexport/sampling.h"

struct tw_flow {
	struct tw_key key;
	/* second line */
	struct tw_verdict verdict;
	uint32_t generation; /* of the snapshot that gave the verdict; 0 = not decided yet */
	uint64_t packets;    /* since the last record */
	uint64_t l3_octets;
	uint64_t l2_octets;
	uint32_t first_ms, last_ms; /* the cache's clock (tw_flow_cache.now_ms), modulo 2^32 */
	uint16_t min_len, max_len;
	uint8_t min_ttl, max_ttl;
	uint8_t tcp_flags;
	uint8_t live; /* 0 = the entry is not in use; else 1 + the receive queue its first frame came by */
	union {
		uint64_t
			usual; /* tw_meta.word of the frame counted last: one like it has no new extreme and no new flag */
		struct {       /* with TW_V_SAMPLE */
			uint32_t seen;     /* frames since the last record, counted or not; at most UINT32_MAX */
			uint16_t sampling; /* under which its frames were counted: flowexport/sampling.h */
		};
	};
} __attribute__((aligned(64)));
static_assert(sizeof(struct tw_flow) == 128, "an entry is two cache lines");

struct tw_flow_bucket {
	uint16_t signature[8]; /* 0 = empty */
	uint32_t index[8];
	uint32_t next; /* overflow bucket this one goes on in; 0 = none */
	uint32_t reserved[3];
} __attribute__((aligned(64)));
static_assert(sizeof(struct tw_flow_bucket) == 64, "a bucket is one cache line");

struct tw_flow_cache {
	struct tw_flow_bucket *buckets;
	struct tw_flow *flows;
	uint32_t *free;         /* stack of free indices */
	uint32_t free_overflow; /* head of the unused overflow buckets, linked by next; 0 = none left */
	uint32_t bucket_mask;
	uint32_t capacity;
	uint32_t n_free;
	uint32_t hand; /* next entry expiry looks at */
	uint32_t top;  /* all entries in use are below; expiry goes round these */
	uint32_t top_seen;
	uint32_t now_ms;
	uint32_t per_port_max, reserved, guaranteed;
	uint32_t per_port[TW_SLOTS_MAX];
};

/** Octets to give to tw_flow_cache_init() for `capacity` flows (rounded up to a power of two). */
size_t tw_flow_cache_size(uint32_t capacity);
/** @param memory zeroed, aligned to 64 */
void tw_flow_cache_init(struct tw_flow_cache *cache, void *memory, uint32_t capacity);

/** By which receive queue of its slot the flow comes in. */
static inline uint16_t tw_flow_queue(const struct tw_flow *f)
{
	return (uint16_t)(f->live - 1);
}

static inline void tw_flow_set_queue(struct tw_flow *f, uint16_t queue)
{
	f->live = (uint8_t)(queue + 1);
}

/** Which of its frames were counted: flowexport/sampling.h. */
static inline uint16_t tw_flow_sampling(const struct tw_flow *f)
{
	return f->verdict.flags & TW_V_SAMPLE ? f->sampling : TW_SAMPLE_ALL;
}

/** @return the entry or NULL */
struct tw_flow *tw_flow_cache_find(struct tw_flow_cache *cache, const struct tw_key *key, uint32_t hash);
/** Add a key that is not there. Counters are zero, generation 0, queue 0. @return NULL when full (table, port's share, or overflow pool) */
struct tw_flow *tw_flow_cache_add(struct tw_flow_cache *cache, const struct tw_key *key, uint32_t hash);
void tw_flow_cache_remove(struct tw_flow_cache *cache, struct tw_flow *flow);

static inline uint32_t tw_flow_cache_used(const struct tw_flow_cache *cache)
{
	return cache->capacity - cache->n_free;
}

/* How a worker's clock reads: one moment on it and in Unix time. */
struct tw_flow_clock {
	uint32_t now_ms;
	uint64_t now_unix_ms;
};

/** Unix time of a moment on the cache's clock, given one moment on both. Right for moments up to 49 days past. */
static inline uint64_t tw_flow_unix_ms(uint32_t ms, uint32_t now_ms, uint64_t now_unix_ms)
{
	return now_unix_ms - (uint32_t)(now_ms - ms);
}

/**
 * Turn an entry into a record (without resetting it).
 * @param in      the slot its key names, in the snapshot of the moment
 * @param now_ms  the present on the cache's clock, now_unix_ms the same in Unix time
 */
void tw_flow_to_record(const struct tw_flow *flow, const struct tw_slot *in, uint32_t now_ms, uint64_t now_unix_ms,
		       uint8_t end_reason, struct tw_flow_record *record);

#endif
