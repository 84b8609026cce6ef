/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mac_log.c - which MACs are behind which ports, and what has changed; see mac_log.h.
 *
 * Shape    a hash of entries, and all of them in the order of their last change. Those asked for are mostly the last few: they
 *          are looked for from the end.
 */
#include "common/mac_log.h"

#include <stdlib.h>
#include <sys/queue.h>

enum { BUCKETS_FIRST = 1024 };

struct entry {
	TAILQ_ENTRY(entry) in_order; /* of all */
	TAILQ_ENTRY(entry) in_gone;  /* of those behind no port */
	struct entry *next;          /* of its bucket */
	uint64_t number;
	struct tw_mac_place place;
};

struct tw_mac_log {
	TAILQ_HEAD(tw_mac_log_order, entry) order, gone; /* oldest change first */
	struct entry **buckets;
	uint32_t n_buckets, n, n_gone;
	uint64_t last, floor; /* floor: the last change that is forgotten */
};

struct tw_mac_log *tw_mac_log_create(void)
{
	struct tw_mac_log *log = calloc(1, sizeof(*log));

	if (!log)
		return NULL;
	TAILQ_INIT(&log->order);
	TAILQ_INIT(&log->gone);
	log->n_buckets = BUCKETS_FIRST;
	log->buckets = calloc(log->n_buckets, sizeof(struct entry *));
	if (log->buckets)
		return log;
	free(log);
	return NULL;
}

void tw_mac_log_destroy(struct tw_mac_log *log)
{
	if (!log)
		return;
	while (!TAILQ_EMPTY(&log->order)) {
		struct entry *e = TAILQ_FIRST(&log->order);

		TAILQ_REMOVE(&log->order, e, in_order);
		free(e);
	}
	free(log->buckets);
	free(log);
}

static struct entry **bucket_of(struct entry **buckets, uint32_t n, const struct tw_mac_place *place)
{
	uint64_t hash = (place->mac << 12 | place->vlan) * UINT64_C(0x9e3779b97f4a7c15);

	return &buckets[hash >> 32 & (n - 1)];
}

static struct entry *find(const struct tw_mac_log *log, const struct tw_mac_place *place)
{
	struct entry *e = *bucket_of(log->buckets, log->n_buckets, place);

	while (e && (e->place.mac != place->mac || e->place.vlan != place->vlan))
		e = e->next;
	return e;
}

/* Twice as many buckets. Without memory for them they only become longer. */
static void grow(struct tw_mac_log *log)
{
	struct entry **wider = calloc(2 * (size_t)log->n_buckets, sizeof(struct entry *)), *e;

	if (!wider)
		return;
	TAILQ_FOREACH (e, &log->order, in_order) {
		struct entry **bucket = bucket_of(wider, 2 * log->n_buckets, &e->place);

		e->next = *bucket;
		*bucket = e;
	}
	free(log->buckets);
	log->buckets = wider;
	log->n_buckets *= 2;
}

static struct entry *add(struct tw_mac_log *log, const struct tw_mac_place *place)
{
	struct entry *e = calloc(1, sizeof(*e)), **bucket;

	if (!e)
		return NULL;
	if (log->n >= log->n_buckets)
		grow(log);
	bucket = bucket_of(log->buckets, log->n_buckets, place);
	e->place = *place;
	e->next = *bucket;
	*bucket = e;
	TAILQ_INSERT_TAIL(&log->order, e, in_order);
	log->n++;
	return e;
}

static void forget_oldest_gone(struct tw_mac_log *log)
{
	struct entry *e = TAILQ_FIRST(&log->gone), **at = bucket_of(log->buckets, log->n_buckets, &e->place);

	while (*at != e)
		at = &(*at)->next;
	*at = e->next;
	TAILQ_REMOVE(&log->gone, e, in_gone);
	TAILQ_REMOVE(&log->order, e, in_order);
	log->n--;
	log->n_gone--;
	log->floor = e->number;
	free(e);
}

bool tw_mac_log_set(struct tw_mac_log *log, const struct tw_mac_place *place)
{
	struct entry *e = find(log, place);

	if (e ? e->place.port == place->port : place->port == 0)
		return true;
	if (e) {
		TAILQ_REMOVE(&log->order, e, in_order);
		TAILQ_INSERT_TAIL(&log->order, e, in_order);
		if (e->place.port == 0) {
			TAILQ_REMOVE(&log->gone, e, in_gone);
			log->n_gone--;
		}
	} else {
		e = add(log, place);
		if (!e)
			return false;
	}
	e->place.port = place->port;
	e->number = ++log->last;
	if (place->port == 0) {
		TAILQ_INSERT_TAIL(&log->gone, e, in_gone);
		if (++log->n_gone > TW_MAC_LOG_GONE)
			forget_oldest_gone(log);
	}
	return true;
}

uint64_t tw_mac_log_last(const struct tw_mac_log *log)
{
	return log->last;
}

uint32_t tw_mac_log_count(const struct tw_mac_log *log)
{
	return log->n - log->n_gone;
}

bool tw_mac_log_knows(const struct tw_mac_log *log, uint64_t since)
{
	return since == 0 || (since >= log->floor && since <= log->last);
}

uint64_t tw_mac_log_since(const struct tw_mac_log *log, uint64_t since,
			  bool (*fn)(void *arg, const struct tw_mac_place *place), void *arg)
{
	const struct entry *e = TAILQ_FIRST(&log->order);
	uint64_t told = since;

	if (since) {
		const struct entry *before = TAILQ_LAST(&log->order, tw_mac_log_order);

		for (e = NULL; before && before->number > since;
		     before = TAILQ_PREV(before, tw_mac_log_order, in_order))
			e = before;
	}
	for (; e; e = TAILQ_NEXT(e, in_order)) {
		if ((since || e->place.port) && !fn(arg, &e->place))
			return told;
		told = e->number;
	}
	return log->last;
}
