/* SPDX-License-Identifier: Apache-2.0 */
/* biflow.c - pairs the directions of conversations; see biflow.h. Its owner's thread; owns the waiting records. */
#include "flowexport/biflow.h"

#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/random.h>

#include "flowexport/conversation.h"

enum { BUCKETS = 32768, NOBODY = 2 };

/* A conversation is remembered for longer than the longest active timeout. */
#define REMEMBER_MS (UINT64_C(2) * 3600 * 1000)

struct waiting {
	TAILQ_ENTRY(waiting) in_talk;
	TAILQ_ENTRY(waiting) in_order;
	struct talk *talk;
	uint64_t since_ms;
	struct tw_biflow_half half;
};

/* A conversation of which records wait, all of one direction, or that goes on. */
struct talk {
	LIST_ENTRY(talk) in_bucket;
	TAILQ_ENTRY(talk) in_quiet; /* while nothing waits */
	struct tw_conversation key;
	TAILQ_HEAD(, waiting) waiting; /* oldest first */
	unsigned sender;               /* of those */
	unsigned initiator;            /* NOBODY = not known */
	uint64_t quiet_since_ms;
};

struct tw_biflow {
	uint64_t seed;
	LIST_HEAD(, talk) buckets[BUCKETS];
	TAILQ_HEAD(orders, waiting) order; /* all, oldest first */
	TAILQ_HEAD(quiets, talk) quiet;    /* the same */
	size_t n_quiet;
	struct tw_biflow_counts counts;
};

struct tw_biflow *tw_biflow_create(void)
{
	struct tw_biflow *b = calloc(1, sizeof(*b));

	if (!b)
		return NULL;
	if (getrandom(&b->seed, sizeof(b->seed), 0) != sizeof(b->seed))
		b->seed = (uintptr_t)b; /* as good as can be had */
	TAILQ_INIT(&b->order);
	TAILQ_INIT(&b->quiet);
	return b;
}

/* ---- conversations ---- */

/* Guests choose addresses and ports: with a seed that they do not know. */
static unsigned bucket_of(const struct tw_biflow *b, const struct tw_conversation *key)
{
	uint64_t word[sizeof(*key) / sizeof(uint64_t)], h = b->seed;

	memcpy(word, key, sizeof(*key));
	for (size_t i = 0; i < sizeof(word) / sizeof(*word); i++) {
		h = (h ^ word[i]) * UINT64_C(0x9e3779b97f4a7c15);
		h ^= h >> 32;
	}
	return (unsigned)(h >> 16) % BUCKETS;
}

static struct talk *find(const struct tw_biflow *b, const struct tw_conversation *key)
{
	struct talk *t;

	LIST_FOREACH (t, &b->buckets[bucket_of(b, key)], in_bucket)
		if (memcmp(&t->key, key, sizeof(*key)) == 0)
			return t;
	return NULL;
}

static struct talk *begin(struct tw_biflow *b, const struct tw_conversation *key)
{
	struct talk *t = malloc(sizeof(*t));

	if (!t)
		return NULL;
	t->key = *key;
	t->initiator = NOBODY;
	TAILQ_INIT(&t->waiting);
	LIST_INSERT_HEAD(&b->buckets[bucket_of(b, key)], t, in_bucket);
	return t;
}

static void forget(struct talk *t)
{
	LIST_REMOVE(t, in_bucket);
	free(t);
}

static void wake(struct tw_biflow *b, struct talk *t)
{
	TAILQ_REMOVE(&b->quiet, t, in_quiet);
	b->n_quiet--;
}

static void forget_quiet(struct tw_biflow *b, size_t most, uint64_t now_ms)
{
	struct talk *t;

	while ((t = TAILQ_FIRST(&b->quiet)) &&
	       (b->n_quiet > most || now_ms - t->quiet_since_ms >= REMEMBER_MS)) { /* also if the clock was set back */
		wake(b, t);
		forget(t);
	}
}

/* A record of it has left. Who began is remembered while there is more to come. */
static void rest(struct tw_biflow *b, struct talk *t, bool goes_on, uint64_t now_ms)
{
	if (!TAILQ_EMPTY(&t->waiting))
		return;
	if (!goes_on || t->initiator == NOBODY) {
		forget(t);
		return;
	}
	t->quiet_since_ms = now_ms;
	TAILQ_INSERT_TAIL(&b->quiet, t, in_quiet);
	b->n_quiet++;
	forget_quiet(b, TW_BIFLOW_MAX, now_ms);
}

void tw_biflow_destroy(struct tw_biflow *b)
{
	struct tw_biflow_pair lost;

	if (!b)
		return;
	while (tw_biflow_take(b, true, 0, &lost))
		;
	forget_quiet(b, 0, 0);
	free(b);
}

/* ---- records ---- */

static bool leave_alone(struct tw_biflow *b, const struct tw_biflow_half *half, struct tw_biflow_pair *out)
{
	out->forward = *half;
	out->is_paired = false;
	b->counts.uniflows++;
	return true;
}

static void wait_for_other(struct tw_biflow *b, struct talk *t, struct waiting *w)
{
	w->talk = t;
	TAILQ_INSERT_TAIL(&t->waiting, w, in_talk);
	TAILQ_INSERT_TAIL(&b->order, w, in_order);
	b->counts.waiting++;
}

static struct tw_biflow_half stop_waiting(struct tw_biflow *b, struct waiting *w)
{
	struct tw_biflow_half half = w->half;

	TAILQ_REMOVE(&w->talk->waiting, w, in_talk);
	TAILQ_REMOVE(&b->order, w, in_order);
	b->counts.waiting--;
	free(w);
	return half;
}

static bool goes_on(const struct tw_biflow_half *half)
{
	return half->record.end_reason == TW_FLOW_END_ACTIVE;
}

static bool pair(struct tw_biflow *b, struct talk *t, const struct tw_biflow_half *half, unsigned sender,
		 uint64_t now_ms, struct tw_biflow_pair *out)
{
	struct tw_biflow_half other = stop_waiting(b, TAILQ_FIRST(&t->waiting));

	if (t->initiator == NOBODY)
		t->initiator = tw_conversation_began_with(&half->record, &other.record) ? sender : !sender;
	out->is_paired = true;
	out->forward = t->initiator == sender ? *half : other;
	out->reverse = t->initiator == sender ? other : *half;
	b->counts.biflows++;
	rest(b, t, goes_on(half) || goes_on(&other), now_ms);
	return true;
}

static void take_first(struct tw_biflow *b, uint64_t now_ms, struct tw_biflow_pair *out)
{
	struct talk *t = TAILQ_FIRST(&b->order)->talk;
	struct tw_biflow_half half = stop_waiting(b, TAILQ_FIRST(&b->order));

	leave_alone(b, &half, out);
	rest(b, t, goes_on(&half), now_ms);
}

bool tw_biflow_add(struct tw_biflow *b, const struct tw_flow_record *record, uint64_t tag, uint64_t now_ms,
		   struct tw_biflow_pair *out)
{
	const struct tw_biflow_half half = { .record = *record, .tag = tag };
	struct tw_conversation key;
	struct waiting *w;
	struct talk *t;
	unsigned sender;

	if (!tw_conversation_of(record, &key, &sender))
		return leave_alone(b, &half, out);
	t = find(b, &key);
	if (t && !TAILQ_EMPTY(&t->waiting) && t->sender != sender)
		return pair(b, t, &half, sender, now_ms, out);
	w = malloc(sizeof(*w));
	if (w && t && TAILQ_EMPTY(&t->waiting))
		wake(b, t);
	if (w && !t)
		t = begin(b, &key);
	if (!w || !t) {
		free(w);
		b->counts.crowded++;
		return leave_alone(b, &half, out);
	}
	*w = (struct waiting){ .half = half, .since_ms = now_ms };
	t->sender = sender;
	wait_for_other(b, t, w);
	if (b->counts.waiting <= TW_BIFLOW_MAX)
		return false;
	b->counts.crowded++;
	take_first(b, now_ms, out);
	return true;
}

bool tw_biflow_take(struct tw_biflow *b, bool all, uint64_t now_ms, struct tw_biflow_pair *out)
{
	const struct waiting *w = TAILQ_FIRST(&b->order);

	forget_quiet(b, TW_BIFLOW_MAX, now_ms);
	if (!w || (!all && now_ms - w->since_ms < TW_BIFLOW_WAIT_MS)) /* also if the clock was set back */
		return false;
	take_first(b, now_ms, out);
	return true;
}

struct tw_biflow_counts tw_biflow_counts(const struct tw_biflow *b)
{
	return b->counts;
}
