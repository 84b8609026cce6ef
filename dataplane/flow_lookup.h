/* SPDX-License-Identifier: Apache-2.0 */
/*
 * flow_lookup.h - the flow cache's look-up, in steps, so that a burst's cache misses overlap.
 *
 * Place    worker.c takes 32 frames through tw_key_hash + tw_flow_prefetch_bucket, then tw_flow_candidate (which prefetches
 *          the entry), then tw_flow_confirm. flow_cache.c's tw_flow_cache_find() is the same in one go.
 * Threads  the owning worker. Inline: this is the packet path's hottest code.
 */
#ifndef TW_DATAPLANE_FLOW_LOOKUP_H
#define TW_DATAPLANE_FLOW_LOOKUP_H

#include <nmmintrin.h>

#include "dataplane/flow_cache.h"

static inline uint32_t tw_key_hash(const struct tw_key *k)
{
	/* Two chains, so that the CRC unit's latency overlaps. */
	uint64_t a = _mm_crc32_u64(0x9e3779b9, k->word[0]), b = _mm_crc32_u64(0x85ebca6b, k->word[1]);

	a = _mm_crc32_u64(a, k->word[2]);
	b = _mm_crc32_u64(b, k->word[3]);
	if (tw_key_is_long(k)) {
		a = _mm_crc32_u64(a, k->word[4]);
		b = _mm_crc32_u64(b, k->word[5]);
		a = _mm_crc32_u64(a, k->word[6]);
		b = _mm_crc32_u64(b, k->word[7]);
	}
	/* CRC is linear: the multiplication keeps equal differences in the two chains from cancelling out. */
	return ((uint32_t)a * 0xcc9e2d51u) ^ (uint32_t)b;
}

/* Signatures come from the hash's high half, buckets from its low half: the two must not repeat each other. */
static inline uint16_t tw_flow_signature(uint32_t hash)
{
	uint16_t s = (uint16_t)(hash >> 16);

	return s ? s : 1;
}

static inline struct tw_flow_bucket *tw_flow_first_bucket(const struct tw_flow_cache *c, uint32_t hash)
{
	return &c->buckets[hash & c->bucket_mask];
}

static inline void tw_flow_prefetch_bucket(const struct tw_flow_cache *c, uint32_t hash)
{
	__builtin_prefetch(tw_flow_first_bucket(c, hash));
}

/* Two bits for each of the eight places whose signature is this one. */
static inline unsigned tw_flow_match(const struct tw_flow_bucket *b, uint16_t signature)
{
	__m128i all = _mm_load_si128((const __m128i *)(const void *)b->signature);

	return (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi16(all, _mm_set1_epi16((short)signature)));
}

/** The entry that is likely the key's, on its way into the cache; NULL = none in the first bucket. */
static inline struct tw_flow *tw_flow_candidate(const struct tw_flow_cache *c, uint32_t hash)
{
	const struct tw_flow_bucket *b = tw_flow_first_bucket(c, hash);
	unsigned hits = tw_flow_match(b, tw_flow_signature(hash));
	struct tw_flow *f;

	if (!hits)
		return NULL;
	f = &c->flows[b->index[__builtin_ctz(hits) / 2]];
	__builtin_prefetch(f);
	__builtin_prefetch((const char *)f + 64, 1);
	return f;
}

/* Two words of `a` less two words of `b`: zero if they are the same. */
static inline __m128i tw_key_difference(const struct tw_key *a, const struct tw_key *b, unsigned word)
{
	return _mm_xor_si128(_mm_loadu_si128((const __m128i *)(const void *)&a->word[word]),
			     _mm_loadu_si128((const __m128i *)(const void *)&b->word[word]));
}

static inline bool tw_key_equal(const struct tw_key *a, const struct tw_key *b)
{
	__m128i d = _mm_or_si128(tw_key_difference(a, b, 0), tw_key_difference(a, b, 2));

	if (tw_key_is_long(b))
		d = _mm_or_si128(d, _mm_or_si128(tw_key_difference(a, b, 4), tw_key_difference(a, b, 6)));
	return _mm_testz_si128(d, d);
}

/** The key's entry: the candidate if it is the one, else a full search; NULL = a new flow. */
static inline struct tw_flow *tw_flow_confirm(struct tw_flow_cache *c, struct tw_flow *candidate,
					      const struct tw_key *key, uint32_t hash)
{
	if (__builtin_expect(candidate && tw_key_equal(&candidate->key, key), 1))
		return candidate;
	return tw_flow_cache_find(c, key, hash);
}

#endif
