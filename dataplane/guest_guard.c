/* SPDX-License-Identifier: Apache-2.0 */
/* guest_guard.c - keeps what is behind guests' memory free; see guest_guard.h. */
#include "dataplane/guest_guard.h"

#include <string.h>
#include <sys/mman.h>

enum { VIDS = 1024, RANGES = 256, PAGE = 4096 };

struct range {
	uintptr_t start, end;
};

struct ranges {
	unsigned n;
	struct range range[RANGES];
};

static struct ranges guards[VIDS]; /* nothing can be read or written there */

/* Those next to each other are one. */
static bool put(struct ranges *r, uintptr_t start, uintptr_t end)
{
	for (unsigned i = 0; i < r->n; i++) {
		if (r->range[i].end == start) {
			r->range[i].end = end;
			return true;
		}
		if (r->range[i].start == end) {
			r->range[i].start = start;
			return true;
		}
	}
	if (r->n == RANGES)
		return false;
	r->range[r->n++] = (struct range){ start, end };
	return true;
}

static void give_back(struct ranges *r)
{
	for (unsigned i = 0; i < r->n; i++)
		munmap((void *)r->range[i].start, r->range[i].end - r->range[i].start);
	r->n = 0;
}

/* @return false: somebody is there */
static bool guard(struct ranges *kept, uintptr_t start, uintptr_t end)
{
	void *at = (void *)start;

	if (mmap(at, end - start, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1,
		 0) == MAP_FAILED)
		return false;
	if (put(kept, start, end))
		return true;
	munmap(at, end - start);
	return false;
}

/* Where what covers `at` ends; 0: nothing does, and *next is no further than where the next one begins. */
static uintptr_t covered_until(const struct ranges *r, uintptr_t at, uintptr_t *next)
{
	for (unsigned i = 0; i < r->n; i++) {
		if (at >= r->range[i].start && at < r->range[i].end)
			return r->range[i].end;
		if (r->range[i].start > at && r->range[i].start < *next)
			*next = r->range[i].start;
	}
	return 0;
}

/* Keeps free what is behind, but for what is the guest's own. */
static bool keep_free(struct ranges *kept, const struct ranges *own, uintptr_t end)
{
	const uintptr_t limit = end + TW_GUARD_SIZE;

	for (uintptr_t at = end; at < limit;) {
		uintptr_t next = limit, until = covered_until(own, at, &next);

		if (!until)
			until = covered_until(kept, at, &next);
		if (!until) {
			if (!guard(kept, at, next))
				return false;
			until = next;
		}
		at = until;
	}
	return true;
}

/* So that nothing of this size is put there: what is free directly below, or enough of it to be a guard itself. */
static void fill_below(struct ranges *kept, uintptr_t at, size_t size)
{
	const uintptr_t lowest = at > TW_GUARD_SIZE ? at - TW_GUARD_SIZE : 0;

	for (size_t step = TW_GUARD_SIZE / 2; step >= PAGE && 2 * step > size; step /= 2)
		while (at - lowest >= step && guard(kept, at - step, at))
			at -= step;
}

/* Where rte_vhost's mapping will be: the kernel answers it as it answers us. Places that will not do are taken out of its way. */
static bool try_place(struct ranges *kept, struct ranges *own, const struct tw_guard_region *region)
{
	for (unsigned i = 0; i < RANGES; i++) {
		void *at = mmap(NULL, region->size, PROT_NONE, MAP_SHARED | MAP_NORESERVE, region->fd, 0);
		uintptr_t start = (uintptr_t)at;

		if (at == MAP_FAILED)
			return false;
		if (keep_free(kept, own, start + region->size))
			return put(own, start, start + region->size);
		munmap(at, region->size);
		if (!guard(kept, start, start + region->size))
			return false;
		fill_below(kept, start, region->size);
	}
	return false;
}

void tw_guard_prepare(int vid, const struct tw_guard_region *regions, unsigned n)
{
	struct ranges places = { 0 };

	if (vid < 0 || vid >= VIDS)
		return;
	give_back(&guards[vid]);
	for (unsigned i = 0; i < n && i < TW_GUARD_REGIONS; i++)
		if (!regions[i].size || !try_place(&guards[vid], &places, &regions[i]))
			break;
	give_back(&places);
}

bool tw_guard_take(int vid, const struct tw_guard_region *regions, unsigned n)
{
	struct ranges own = { 0 };
	bool all = vid >= 0 && vid < VIDS && n <= TW_GUARD_REGIONS;

	for (unsigned i = 0; i < n && all; i++)
		put(&own, regions[i].start, regions[i].start + regions[i].size);
	for (unsigned i = 0; i < n && all; i++)
		all = keep_free(&guards[vid], &own, regions[i].start + regions[i].size);
	return all;
}

void tw_guard_forget(int vid)
{
	if (vid >= 0 && vid < VIDS)
		give_back(&guards[vid]);
}
