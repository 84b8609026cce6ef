/* SPDX-License-Identifier: Apache-2.0 */
/* joiner.c - records that wait for the rest of their flow; see joiner.h. Its owner's thread; owns the waiting records. */
#include "controlplane/central/joiner.h"

#include <string.h>
#include <sys/queue.h>

#include "controlplane/mem.h"

enum { BUCKETS = 16384 };

struct waiting {
	LIST_ENTRY(waiting) in_bucket;
	TAILQ_ENTRY(waiting) in_order;
	struct tw_flow_record key, record;
	struct tw_joiner_source source;
	uint64_t since_ms;
};

struct tw_joiner {
	LIST_HEAD(, waiting) buckets[BUCKETS];
	TAILQ_HEAD(, waiting) order; /* oldest first */
	size_t n;
};

/* What makes two records one flow's: all but what was counted and when. A member that is added to the record counts as key
 * until it is named here: flows are then told apart too often, never mixed. */
static void key_of(const struct tw_flow_record *record, struct tw_flow_record *key)
{
	*key = *record;
	key->tcp_flags = 0;
	key->min_ttl = key->max_ttl = 0;
	key->end_reason = 0;
	key->min_len = key->max_len = 0;
	key->packets = key->l3_octets = key->l2_octets = 0;
	key->first_ms = key->last_ms = 0;
}

static unsigned bucket_of(const struct tw_flow_record *key)
{
	const uint8_t *octets = (const uint8_t *)key;
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < sizeof(*key); i++)
		hash = (hash ^ octets[i]) * UINT64_C(0x100000001b3);
	return (unsigned)(hash >> 32) % BUCKETS;
}

/* Octet for octet: what is between members is 0 in a record that tw_batch_next() has read. */
static bool is_same(const struct tw_flow_record *a, const struct tw_flow_record *b)
{
	const uint8_t *x = (const uint8_t *)a, *y = (const uint8_t *)b;

	return memcmp(x, y, sizeof(*a)) == 0;
}

static struct waiting *find(const struct tw_joiner *joiner, const struct tw_flow_record *key)
{
	struct waiting *w;

	LIST_FOREACH (w, &joiner->buckets[bucket_of(key)], in_bucket)
		if (is_same(&w->key, key))
			return w;
	return NULL;
}

static void drop(struct tw_joiner *joiner, struct waiting *w)
{
	LIST_REMOVE(w, in_bucket);
	TAILQ_REMOVE(&joiner->order, w, in_order);
	joiner->n--;
	free(w);
}

struct tw_joiner *tw_joiner_create(void)
{
	struct tw_joiner *joiner = tw_need(calloc(1, sizeof(*joiner)));

	TAILQ_INIT(&joiner->order);
	return joiner;
}

void tw_joiner_destroy(struct tw_joiner *joiner)
{
	if (!joiner)
		return;
	while (!TAILQ_EMPTY(&joiner->order))
		drop(joiner, TAILQ_FIRST(&joiner->order));
	free(joiner);
}

void tw_flow_record_join(struct tw_flow_record *into, const struct tw_flow_record *other)
{
	if (other->last_ms > into->last_ms) {
		into->last_ms = other->last_ms;
		into->end_reason = other->end_reason;
	}
	if (other->first_ms < into->first_ms)
		into->first_ms = other->first_ms;
	into->tcp_flags |= other->tcp_flags;
	if (other->min_ttl && (!into->min_ttl || other->min_ttl < into->min_ttl))
		into->min_ttl = other->min_ttl;
	if (other->max_ttl > into->max_ttl)
		into->max_ttl = other->max_ttl;
	if (other->min_len < into->min_len)
		into->min_len = other->min_len;
	if (other->max_len > into->max_len)
		into->max_len = other->max_len;
	into->packets += other->packets;
	into->l3_octets += other->l3_octets;
	into->l2_octets += other->l2_octets;
}

bool tw_joiner_hold(struct tw_joiner *joiner, const struct tw_flow_record *record,
		    const struct tw_joiner_source *source, uint64_t now_ms)
{
	struct tw_flow_record key;
	struct waiting *w;

	key_of(record, &key);
	w = find(joiner, &key);
	if (w) {
		tw_flow_record_join(&w->record, record);
		return true;
	}
	if (joiner->n == TW_JOINER_MAX)
		return false;
	w = tw_need(calloc(1, sizeof(*w)));
	w->key = key;
	w->record = *record;
	w->source = *source;
	w->since_ms = now_ms;
	LIST_INSERT_HEAD(&joiner->buckets[bucket_of(&key)], w, in_bucket);
	TAILQ_INSERT_TAIL(&joiner->order, w, in_order);
	joiner->n++;
	return true;
}

static struct waiting *find_flow(const struct tw_joiner *joiner, const struct tw_flow_record *record)
{
	struct tw_flow_record key;

	if (joiner->n == 0)
		return NULL;
	key_of(record, &key);
	return find(joiner, &key);
}

bool tw_joiner_join(struct tw_joiner *joiner, struct tw_flow_record *record)
{
	struct waiting *w = find_flow(joiner, record);

	if (!w)
		return false;
	tw_flow_record_join(record, &w->record);
	drop(joiner, w);
	return true;
}

void tw_joiner_forget(struct tw_joiner *joiner, const struct tw_flow_record *record)
{
	struct waiting *w = find_flow(joiner, record);

	if (w)
		drop(joiner, w);
}

bool tw_joiner_take(struct tw_joiner *joiner, bool all, uint64_t now_ms, struct tw_flow_record *record,
		    struct tw_joiner_source *source)
{
	struct waiting *w = TAILQ_FIRST(&joiner->order);

	if (!w || (!all && now_ms - w->since_ms < TW_JOINER_WAIT_MS))
		return false;
	*record = w->record;
	*source = w->source;
	drop(joiner, w);
	return true;
}

size_t tw_joiner_count(const struct tw_joiner *joiner)
{
	return joiner->n;
}

bool tw_joiner_oldest(const struct tw_joiner *joiner, struct tw_spool_position *at)
{
	const struct waiting *w = TAILQ_FIRST(&joiner->order);

	if (w)
		*at = w->source.at;
	return w != NULL;
}
