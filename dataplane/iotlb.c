/* SPDX-License-Identifier: Apache-2.0 */
/* iotlb.c - a copy of rte_vhost's table of translated addresses; see iotlb.h. Pure. */
#include "dataplane/iotlb.h"

#include <string.h>

enum { PERM_MASK = 3 };

void tw_iotlb_set_memory(struct tw_iotlb *t, const struct tw_iotlb_region *regions, uint32_t n)
{
	/* rte_vhost keeps its table if it is told the same memory again. */
	if (n == t->n_regions && memcmp(t->region, regions, n * sizeof(*regions)) == 0)
		return;
	memset(t, 0, sizeof(*t));
	memcpy(t->region, regions, n * sizeof(*regions));
	t->n_regions = n;
}

static bool is_in_memory(const struct tw_iotlb *t, uint64_t user, uint64_t size)
{
	for (uint32_t i = 0; i < t->n_regions; i++)
		if (user >= t->region[i].user && size <= t->region[i].size &&
		    user - t->region[i].user <= t->region[i].size - size)
			return true;
	return false;
}

/* First entry that does not begin before it. */
static uint32_t find(const struct tw_iotlb *t, uint64_t iova)
{
	uint32_t low = 0, high = t->n_entries;

	while (low < high) {
		uint32_t middle = (low + high) / 2;

		if (t->entry[middle].iova < iova)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static void forget_misses(struct tw_iotlb *t, const struct tw_iotlb_message *m)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < t->n_misses; i++)
		if (t->miss[i].iova < m->iova || t->miss[i].iova - m->iova >= m->size ||
		    (t->miss[i].perm & m->perm) != t->miss[i].perm)
			t->miss[kept++] = t->miss[i];
	t->n_misses = kept;
}

/* As rte_vhost does, which ends at the first entry that begins behind the range. */
static void invalidate(struct tw_iotlb *t, const struct tw_iotlb_message *m)
{
	uint32_t kept = 0, i = 0;

	for (; i < t->n_entries && t->entry[i].iova <= m->iova + m->size; i++)
		if (m->iova >= t->entry[i].iova + t->entry[i].size)
			t->entry[kept++] = t->entry[i];
	memmove(&t->entry[kept], &t->entry[i], (t->n_entries - i) * sizeof(t->entry[0]));
	t->n_entries -= i - kept;
}

/* Neighbours go together, another part of the table each time. */
static void evict(struct tw_iotlb *t, struct tw_iotlb_message *m)
{
	uint32_t first = t->evicted, last;

	if (first + TW_IOTLB_EVICTED > t->n_entries)
		first = 0;
	last = first + TW_IOTLB_EVICTED - 1;
	t->evicted = first + TW_IOTLB_EVICTED;
	m->type = TW_IOTLB_INVALIDATE;
	m->iova = t->entry[first].iova;
	m->size = t->entry[last].iova - m->iova;
	invalidate(t, m);
}

static const char *update(struct tw_iotlb *t, struct tw_iotlb_message *m, bool *again)
{
	uint32_t at = find(t, m->iova);

	if (m->perm == 0 || m->perm > PERM_MASK)
		return "an IOTLB entry that nobody may use";
	if (!is_in_memory(t, m->user, m->size))
		return "an IOTLB entry outside the guest's memory";
	if (at < t->n_entries && t->entry[at].iova == m->iova) { /* rte_vhost keeps the one it has */
		forget_misses(t, m);
		return NULL;
	}
	if (t->n_entries == TW_IOTLB_ENTRIES) {
		*again = true;
		evict(t, m);
		return NULL;
	}
	forget_misses(t, m);
	memmove(&t->entry[at + 1], &t->entry[at], (t->n_entries - at) * sizeof(t->entry[0]));
	t->entry[at].iova = m->iova;
	t->entry[at].size = m->size;
	t->n_entries++;
	return NULL;
}

const char *tw_iotlb_hear(struct tw_iotlb *t, struct tw_iotlb_message *m, bool *again)
{
	*again = false;
	if (m->type != TW_IOTLB_UPDATE && m->type != TW_IOTLB_INVALIDATE)
		return "an IOTLB message that is none of a front-end's";
	if (m->size == 0)
		return m->type == TW_IOTLB_UPDATE ? "an IOTLB entry of no size" : NULL;
	if (m->size > UINT64_MAX - m->iova)
		m->size = UINT64_MAX - m->iova;
	if (m->type == TW_IOTLB_UPDATE)
		return m->size ? update(t, m, again) : "an IOTLB entry of no size";
	invalidate(t, m);
	return NULL;
}

const char *tw_iotlb_ask(struct tw_iotlb *t, uint64_t iova, uint8_t perm)
{
	for (uint32_t i = 0; i < t->n_misses; i++)
		if (t->miss[i].iova == iova && t->miss[i].perm == perm)
			return NULL;
	if (t->n_misses == TW_IOTLB_MISSES)
		return "more addresses asked for than are translated";
	t->miss[t->n_misses].iova = iova;
	t->miss[t->n_misses].perm = perm;
	t->n_misses++;
	return NULL;
}
