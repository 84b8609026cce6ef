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

static uint32_t round_up_pow2(uint32_t n)
{
	uint32_t p = 16;

	while (p < n && p < UINT32_C(1) << 30)
		p *= 2;
	return p;
}

static uint32_t bucket_count(uint32_t capacity)
{
	return capacity / 4; /* half full at most: 2 % of buckets spill */
}

size_t tw_flow_cache_size(uint32_t capacity)
{
	uint32_t n = round_up_pow2(capacity);

	return n * (sizeof(struct tw_flow) + sizeof(uint32_t)) + bucket_count(n) * sizeof(struct tw_flow_bucket);
}

void tw_flow_cache_init(struct tw_flow_cache *c, void *memory, uint32_t capacity)
{
	uint32_t n = round_up_pow2(capacity);

	memset(c, 0, sizeof(*c));
	c->flows = memory;
	c->buckets = (struct tw_flow_bucket *)(c->flows + n);
	c->free = (uint32_t *)(c->buckets + bucket_count(n));
	c->bucket_mask = bucket_count(n) - 1;
	c->capacity = n;
	c->per_port_max = n / 2;
	for (uint32_t i = 0; i < n; i++)
		c->free[c->n_free++] = n - 1 - i;
}

static struct tw_flow *find_in(const struct tw_flow_cache *c, const struct tw_flow_bucket *b, uint16_t signature,
			       const struct tw_key *key)
{
	for (unsigned hits = tw_flow_match(b, signature); hits; hits &= hits - 1, hits &= hits - 1) {
		struct tw_flow *f = &c->flows[b->index[__builtin_ctz(hits) / 2]];

		if (tw_key_equal(&f->key, key))
			return f;
	}
	return NULL;
}

struct tw_flow *tw_flow_cache_find(struct tw_flow_cache *c, const struct tw_key *key, uint32_t hash)
{
	const struct tw_flow_bucket *b = tw_flow_first_bucket(c, hash);
	struct tw_flow *f = find_in(c, b, tw_flow_signature(hash), key);

	if (f || b->spilled == 0)
		return f;
	return find_in(c, tw_flow_second_bucket(c, hash), tw_flow_signature(hash), key);
}

static int empty_place(const struct tw_flow_bucket *b)
{
	unsigned empty = tw_flow_match(b, 0);

	return empty ? __builtin_ctz(empty) / 2 : -1;
}

struct tw_flow *tw_flow_cache_add(struct tw_flow_cache *c, const struct tw_key *key, uint32_t hash)
{
	struct tw_flow_bucket *first = tw_flow_first_bucket(c, hash), *b = first;
	int place = empty_place(b);
	struct tw_flow *f;

	if (c->n_free == 0 || c->per_port[key->in] >= c->per_port_max)
		return NULL;
	if (place < 0) {
		b = tw_flow_second_bucket(c, hash);
		place = empty_place(b);
		if (place < 0)
			return NULL;
		first->spilled++;
	}
	f = &c->flows[c->free[--c->n_free]];
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

static bool unlink_from(struct tw_flow_bucket *b, uint32_t index, uint16_t signature)
{
	for (int i = 0; i < 8; i++) {
		if (b->signature[i] == signature && b->index[i] == index) {
			b->signature[i] = 0;
			return true;
		}
	}
	return false;
}

void tw_flow_cache_remove(struct tw_flow_cache *c, struct tw_flow *f)
{
	uint32_t hash = tw_key_hash(&f->key), index = (uint32_t)(f - c->flows);
	struct tw_flow_bucket *first = tw_flow_first_bucket(c, hash);

	if (!unlink_from(first, index, tw_flow_signature(hash)) &&
	    unlink_from(tw_flow_second_bucket(c, hash), index, tw_flow_signature(hash)))
		first->spilled--;
	c->per_port[f->key.in]--;
	f->live = 0;
	f->generation = 0;
	c->free[c->n_free++] = index;
}
