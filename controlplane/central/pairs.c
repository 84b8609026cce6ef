/* SPDX-License-Identifier: Apache-2.0 */
/* pairs.c - records of a pump of biflows, until they have arrived; see pairs.h. Its owner's thread; owns what is in hand. */
#include "controlplane/central/pairs.h"

#include <string.h>
#include <sys/queue.h>

#include "controlplane/mem.h"

/* An entry of which records are in hand; its address is their tag. */
struct source {
	TAILQ_ENTRY(source) in_order;
	struct tw_pairs_place place;
	struct tw_flow_origin origin;
	char host[TW_ENTRY_HOST_SIZE];
	uint64_t open; /* records that have not arrived */
};

struct unit {
	TAILQ_ENTRY(unit) in_queue;
	struct tw_biflow_pair pair;
};

struct tw_pairs {
	struct tw_biflow *biflow;
	TAILQ_HEAD(sources, source) sources; /* in the spool's order */
	TAILQ_HEAD(, unit) queue;            /* those on their way first */
	struct unit *next;                   /* NULL: all are on their way */
	size_t n_sources, n_queued;
};

struct tw_pairs *tw_pairs_create(void)
{
	struct tw_pairs *pairs = tw_need(calloc(1, sizeof(*pairs)));

	pairs->biflow = tw_need(tw_biflow_create());
	TAILQ_INIT(&pairs->sources);
	TAILQ_INIT(&pairs->queue);
	return pairs;
}

/* ---- where records are from ---- */

static struct source *source_of(const struct tw_biflow_half *half)
{
	return (struct source *)(uintptr_t)half->tag;
}

static void forget_closed(struct tw_pairs *pairs)
{
	struct source *s;

	while ((s = TAILQ_FIRST(&pairs->sources)) && !s->open) {
		TAILQ_REMOVE(&pairs->sources, s, in_order);
		pairs->n_sources--;
		free(s);
	}
}

void tw_pairs_begin(struct tw_pairs *pairs, const struct tw_pairs_place *place, const struct tw_central_entry *entry)
{
	struct source *s;

	forget_closed(pairs);
	s = tw_need(calloc(1, sizeof(*s)));
	s->place = *place;
	s->origin = entry->origin;
	memcpy(s->host, entry->host, sizeof(s->host));
	s->origin.host = *s->host ? s->host : NULL;
	TAILQ_INSERT_TAIL(&pairs->sources, s, in_order);
	pairs->n_sources++;
}

/* ---- pairs ---- */

static void put(struct tw_pairs *pairs, const struct tw_biflow_pair *pair)
{
	struct unit *u = tw_need(malloc(sizeof(*u)));

	u->pair = *pair;
	TAILQ_INSERT_TAIL(&pairs->queue, u, in_queue);
	pairs->n_queued++;
	if (!pairs->next)
		pairs->next = u;
}

void tw_pairs_add(struct tw_pairs *pairs, const struct tw_flow_record *record, uint64_t now_ms)
{
	struct source *s = TAILQ_LAST(&pairs->sources, sources);
	struct tw_biflow_pair out;

	s->open++;
	if (tw_biflow_add(pairs->biflow, record, (uintptr_t)s, now_ms, &out))
		put(pairs, &out);
}

void tw_pairs_tick(struct tw_pairs *pairs, bool all, uint64_t now_ms)
{
	struct tw_biflow_pair out;

	while (tw_biflow_take(pairs->biflow, all, now_ms, &out))
		put(pairs, &out);
}

const struct tw_biflow_pair *tw_pairs_next(struct tw_pairs *pairs, struct tw_flow_origin *origin)
{
	struct unit *u = pairs->next;

	if (!u)
		return NULL;
	pairs->next = TAILQ_NEXT(u, in_queue);
	pairs->n_queued--;
	*origin = source_of(&u->pair.forward)->origin;
	return &u->pair;
}

static void forget(struct tw_pairs *pairs, struct unit *u)
{
	source_of(&u->pair.forward)->open--;
	if (u->pair.is_paired)
		source_of(&u->pair.reverse)->open--;
	TAILQ_REMOVE(&pairs->queue, u, in_queue);
	free(u);
}

void tw_pairs_arrived(struct tw_pairs *pairs, uint64_t n)
{
	while (n-- && TAILQ_FIRST(&pairs->queue) != pairs->next)
		forget(pairs, TAILQ_FIRST(&pairs->queue));
	forget_closed(pairs);
}

void tw_pairs_returned(struct tw_pairs *pairs)
{
	struct unit *u;

	TAILQ_FOREACH (u, &pairs->queue, in_queue) {
		if (u == pairs->next)
			break;
		pairs->n_queued++;
	}
	pairs->next = TAILQ_FIRST(&pairs->queue);
}

void tw_pairs_destroy(struct tw_pairs *pairs)
{
	if (!pairs)
		return;
	tw_pairs_tick(pairs, true, 0);
	while (!TAILQ_EMPTY(&pairs->queue))
		forget(pairs, TAILQ_FIRST(&pairs->queue));
	forget_closed(pairs);
	tw_biflow_destroy(pairs->biflow);
	free(pairs);
}

/* ---- what is in hand ---- */

bool tw_pairs_first(const struct tw_pairs *pairs, struct tw_pairs_place *place)
{
	const struct source *s;

	TAILQ_FOREACH (s, &pairs->sources, in_order) {
		if (!s->open)
			continue;
		*place = s->place;
		return true;
	}
	return false;
}

size_t tw_pairs_queued(const struct tw_pairs *pairs)
{
	return pairs->n_queued;
}

size_t tw_pairs_entries(const struct tw_pairs *pairs)
{
	return pairs->n_sources;
}

struct tw_biflow_counts tw_pairs_counts(const struct tw_pairs *pairs)
{
	return tw_biflow_counts(pairs->biflow);
}
