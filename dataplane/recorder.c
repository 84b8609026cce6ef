/* SPDX-License-Identifier: Apache-2.0 */
/*
 * recorder.c - rings of recorded headers; see recorder.h.
 *
 * Threads  each store of an entry's words is a release, each load an acquire: a reader that meets a word of a later writing
 *          has with it that writing's odd number, and the number is read again last. On x86 these are plain moves.
 */
#include "dataplane/recorder.h"

#include <stdlib.h>
#include <string.h>

enum { VERSION_BITS = 24, NEWEST = 4 /* entries tw_record_again() looks at */ };

union content {
	struct tw_recorded r;
	uint64_t word[TW_RECORD_ENTRY_WORDS - 1];
};

size_t tw_recorder_size(unsigned n_workers, uint32_t entries)
{
	return sizeof(struct tw_recorder) +
	       n_workers * (sizeof(struct tw_record_ring) + entries * sizeof(struct tw_record_entry));
}

struct tw_recorder *tw_recorder_create(unsigned n_workers, uint32_t entries)
{
	struct tw_recorder *r = calloc(1, sizeof(*r));
	size_t size = sizeof(struct tw_record_ring) + entries * sizeof(struct tw_record_entry);

	if (!r)
		return NULL;
	r->entries = entries;
	for (; r->n_rings < n_workers; r->n_rings++) {
		struct tw_record_ring *ring = aligned_alloc(64, size);

		if (!ring) {
			tw_recorder_destroy(r);
			return NULL;
		}
		memset(ring, 0, size); /* and its pages are there before a worker meets them */
		ring->mask = entries - 1;
		r->ring[r->n_rings] = ring;
	}
	return r;
}

void tw_recorder_destroy(struct tw_recorder *r)
{
	for (uint16_t i = 0; r && i < r->n_rings; i++)
		free(r->ring[i]);
	free(r);
}

/* --- the worker --- */

static uint64_t begin(struct tw_record_entry *e, uint64_t position)
{
	uint64_t now = atomic_load_explicit(&e->word[0], memory_order_relaxed);
	uint64_t version = (now + 1) & ((UINT64_C(1) << VERSION_BITS) - 1);

	atomic_store_explicit(&e->word[0], position << VERSION_BITS | version, memory_order_relaxed);
	return position << VERSION_BITS | ((version + 1) & ((UINT64_C(1) << VERSION_BITS) - 1));
}

static void end(struct tw_record_entry *e, uint64_t number)
{
	atomic_store_explicit(&e->word[0], number, memory_order_release);
}

void tw_record_put(struct tw_record_ring *ring, const struct tw_recorded *r)
{
	uint64_t position = atomic_load_explicit(&ring->next, memory_order_relaxed), number;
	struct tw_record_entry *e = &ring->entry[position & ring->mask];
	union content c = { .r = *r };

	number = begin(e, position);
	for (unsigned i = 0; i < TW_RECORD_ENTRY_WORDS - 1; i++)
		atomic_store_explicit(&e->word[i + 1], c.word[i], memory_order_release);
	end(e, number);
	atomic_store_explicit(&ring->next, position + 1, memory_order_release);
}

/* Two members of 4 octets as the word they lie in. */
union pair {
	uint64_t word;
	uint32_t half[2];
};

/* What the worker itself has written. */
static union pair own_pair(const struct tw_record_entry *e, size_t offset)
{
	return (union pair){ .word = atomic_load_explicit(&e->word[1 + offset / 8], memory_order_relaxed) };
}

static void count_more(struct tw_record_entry *e, uint64_t position, uint64_t tsc, uint32_t times)
{
	const size_t at = offsetof(struct tw_recorded, times);
	union pair count = own_pair(e, at);
	uint64_t number = begin(e, position);

	count.half[at % 8 / 4] += times;
	atomic_store_explicit(&e->word[1 + offsetof(struct tw_recorded, last_tsc) / 8], tsc, memory_order_release);
	atomic_store_explicit(&e->word[1 + at / 8], count.word, memory_order_release);
	end(e, number);
}

bool tw_record_again(struct tw_record_ring *ring, uint32_t hash, uint64_t tsc, uint32_t times)
{
	uint64_t next = atomic_load_explicit(&ring->next, memory_order_relaxed);
	const size_t at = offsetof(struct tw_recorded, hash);

	for (uint64_t back = 1; back <= NEWEST && back <= next && back <= ring->mask + UINT64_C(1); back++) {
		struct tw_record_entry *e = &ring->entry[(next - back) & ring->mask];

		if (own_pair(e, at).half[at % 8 / 4] != hash)
			continue;
		count_more(e, next - back, tsc, times);
		return true;
	}
	return false;
}

bool tw_record_may(struct tw_record_ring *ring, uint64_t round_tsc)
{
	if (ring->round_tsc != round_tsc) {
		ring->round_tsc = round_tsc;
		ring->in_round = 0;
	}
	return ring->in_round++ < TW_RECORD_ROUND;
}

/* --- the reader --- */

static bool read_entry(const struct tw_record_entry *e, uint64_t position, struct tw_recorded *out)
{
	uint64_t number = atomic_load_explicit(&e->word[0], memory_order_acquire);
	union content c;

	if (number >> VERSION_BITS != position || number & 1)
		return false;
	for (unsigned i = 0; i < TW_RECORD_ENTRY_WORDS - 1; i++)
		c.word[i] = atomic_load_explicit(&e->word[i + 1], memory_order_acquire);
	if (atomic_load_explicit(&e->word[0], memory_order_relaxed) != number)
		return false;
	*out = c.r;
	return true;
}

uint32_t tw_record_read(const struct tw_record_ring *ring, struct tw_recorded *out, uint32_t max)
{
	uint64_t next = atomic_load_explicit(&ring->next, memory_order_acquire);
	uint64_t first = next > ring->mask + UINT64_C(1) ? next - ring->mask - 1 : 0;
	uint32_t n = 0;

	if (next - first > max)
		first = next - max;
	for (uint64_t position = first; position < next; position++)
		n += read_entry(&ring->entry[position & ring->mask], position, &out[n]);
	return n;
}
