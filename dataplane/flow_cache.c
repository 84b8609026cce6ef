/* SPDX-License-Identifier: Apache-2.0 */
/*
 * flow_cache.c - a worker's flows; see flow_cache.h.
 *
 * Threads  the owning worker only.
 * Hot      tw_flow_cache_find(): one bucket line, then the entry's two lines (the caller prefetches both).
 */
#include "dataplane/flow_cache.h"

#include <string.h>

#include "dataplane/flow_lookup.h"

enum { CHAIN_MAX = 4, AHEAD = 8 };

static uint32_t round_up_pow2(uint32_t n)
{
	uint32_t p = 16;

	while (p < n && p < UINT32_C(1) << 30)
		p *= 2;
	return p;
}

/* Half full at most on average, so that 5 % of buckets go on in an overflow bucket; there are 12 % of those. */
static uint32_t bucket_count(uint32_t capacity)
{
	return capacity / 4;
}

static uint32_t overflow_count(uint32_t capacity)
{
	return capacity / 32;
}

size_t tw_flow_cache_size(uint32_t capacity)
{
	uint32_t n = round_up_pow2(capacity);

	return n * (sizeof(struct tw_flow) + sizeof(uint32_t)) +
	       (bucket_count(n) + overflow_count(n)) * sizeof(struct tw_flow_bucket);
}

void tw_flow_cache_init(struct tw_flow_cache *c, void *memory, uint32_t capacity)
{
	uint32_t n = round_up_pow2(capacity), buckets = bucket_count(n);

	memset(c, 0, sizeof(*c));
	c->flows = memory;
	c->buckets = (struct tw_flow_bucket *)(c->flows + n);
	c->free = (uint32_t *)(c->buckets + buckets + overflow_count(n));
	c->bucket_mask = buckets - 1;
	c->capacity = n;
	c->per_port_max = n / 2;
	c->reserved = n / 32;
	c->guaranteed = n / 512 ? n / 512 : 1;
	for (uint32_t i = 0; i < n; i++)
		c->free[c->n_free++] = n - 1 - i;
	for (uint32_t i = 0; i < overflow_count(n); i++) {
		c->buckets[buckets + i].next = c->free_overflow;
		c->free_overflow = buckets + i;
	}
}

struct tw_flow *tw_flow_cache_find(struct tw_flow_cache *c, const struct tw_key *key, uint32_t hash)
{
	const uint16_t signature = tw_flow_signature(hash);
	const struct tw_flow_bucket *b = tw_flow_first_bucket(c, hash);

	for (;;) {
		for (unsigned hits = tw_flow_match(b, signature); hits; hits &= hits - 1, hits &= hits - 1) {
			struct tw_flow *f = &c->flows[b->index[__builtin_ctz(hits) / 2]];

			if (tw_key_equal(&f->key, key))
				return f;
		}
		if (b->next == 0)
			return NULL;
		b = &c->buckets[b->next];
	}
}

/* A bucket of the chain with an empty place, if need be a new one; a chain is bounded, so that keys made to collide cost
 * their sender flow records and nobody else time. */
static struct tw_flow_bucket *bucket_with_room(struct tw_flow_cache *c, struct tw_flow_bucket *b)
{
	for (int length = 1; !tw_flow_match(b, 0); length++) {
		if (b->next == 0) {
			uint32_t fresh = c->free_overflow;

			if (fresh == 0 || length == CHAIN_MAX)
				return NULL;
			c->free_overflow = c->buckets[fresh].next;
			c->buckets[fresh].next = 0;
			b->next = fresh;
		}
		b = &c->buckets[b->next];
	}
	return b;
}

/* One that is about to be taken, too, is on its way into the cache. */
static struct tw_flow *take_entry(struct tw_flow_cache *c)
{
	uint32_t index = c->free[--c->n_free];

	if (c->n_free >= AHEAD) {
		const struct tw_flow *later = &c->flows[c->free[c->n_free - AHEAD]];

		__builtin_prefetch(later, 1);
		__builtin_prefetch(&later->verdict, 1);
	}
	if (index >= c->top_seen)
		c->top_seen = index + 1;
	if (index >= c->top)
		c->top = index + 1;
	return &c->flows[index];
}

struct tw_flow *tw_flow_cache_add(struct tw_flow_cache *c, const struct tw_key *key, uint32_t hash)
{
	struct tw_flow_bucket *b;
	struct tw_flow *f;
	int place;

	if (c->n_free == 0 || c->per_port[key->in] >= c->per_port_max ||
	    (c->n_free <= c->reserved && c->per_port[key->in] >= c->guaranteed))
		return NULL;
	b = bucket_with_room(c, tw_flow_first_bucket(c, hash));
	if (!b)
		return NULL;
	place = __builtin_ctz(tw_flow_match(b, 0)) / 2;
	f = take_entry(c);
	c->per_port[key->in]++;
	b->signature[place] = tw_flow_signature(hash);
	b->index[place] = (uint32_t)(f - c->flows);
	memset(f, 0, sizeof(*f));
	f->key = *key;
	f->min_ttl = UINT8_MAX;
	f->min_len = UINT16_MAX;
	f->live = 1;
	return f;
}

static bool clear_place(struct tw_flow_bucket *b, uint32_t index, uint16_t signature)
{
	for (int i = 0; i < 8; i++) {
		if (b->signature[i] == signature && b->index[i] == index) {
			b->signature[i] = 0;
			return true;
		}
	}
	return false;
}

static bool is_empty(const struct tw_flow_bucket *b)
{
	return tw_flow_match(b, 0) == 0xffff;
}

void tw_flow_cache_remove(struct tw_flow_cache *c, struct tw_flow *f)
{
	uint32_t hash = tw_key_hash(&f->key), index = (uint32_t)(f - c->flows);
	struct tw_flow_bucket *before = NULL, *b = tw_flow_first_bucket(c, hash);

	while (!clear_place(b, index, tw_flow_signature(hash))) {
		before = b;
		b = &c->buckets[b->next]; /* a live entry is in its chain */
	}
	if (before && is_empty(b)) {
		before->next = b->next;
		b->next = c->free_overflow;
		c->free_overflow = (uint32_t)(b - c->buckets);
	}
	c->per_port[f->key.in]--;
	f->live = 0;
	f->generation = 0;
	c->free[c->n_free++] = index;
}
