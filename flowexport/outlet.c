/* SPDX-License-Identifier: Apache-2.0 */
/* outlet.c - records into a spool; see outlet.h. */
#include "flowexport/outlet.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/spool.h"
#include "flowexport/batch.h"

#define TW_LOG_AREA "records"
#include "common/log.h"

enum {
	WAIT_MS = 250,            /* longest time a record waits for its batch to fill */
	HOUSEKEEPING_MS = 1000,   /* and a spool that cannot be opened is tried again */
	SEGMENT_OCTETS = 1 << 20, /* what damage costs at most */
	SEGMENT_MS = 10000,
};

struct tw_outlet {
	/* --- exporter thread --- */
	struct tw_outlet_config config;
	struct tw_spool *spool; /* NULL = not wanted, or cannot be opened */
	struct tw_batch batch;
	struct tw_batch_head head; /* of the next batch */
	uint64_t now_ms, since_ms, tended_ms;
	struct tw_outlet_stats stats;
	/* --- under lock --- */
	pthread_mutex_t lock;
	bool has_news;
	struct tw_outlet_config news;
	struct tw_outlet_stats published;
};

struct tw_outlet *tw_outlet_create(void)
{
	struct tw_outlet *outlet = calloc(1, sizeof(*outlet));

	if (!outlet)
		return NULL;
	pthread_mutex_init(&outlet->lock, NULL);
	tw_batch_begin(&outlet->batch);
	return outlet;
}

void tw_outlet_configure(struct tw_outlet *outlet, const struct tw_outlet_config *config)
{
	pthread_mutex_lock(&outlet->lock);
	outlet->news = *config;
	outlet->has_news = true;
	pthread_mutex_unlock(&outlet->lock);
}

void tw_outlet_get_stats(struct tw_outlet *outlet, struct tw_outlet_stats *stats)
{
	pthread_mutex_lock(&outlet->lock);
	*stats = outlet->published;
	pthread_mutex_unlock(&outlet->lock);
}

static void note_error(struct tw_outlet *outlet, int error)
{
	struct tw_outlet_stats *stats = &outlet->stats;
	bool before = *stats->error;

	if (error)
		snprintf(stats->error, sizeof(stats->error), "the spool cannot be written: %s", strerror(error));
	else
		stats->error[0] = '\0';
	if (error && !before)
		tw_log_warning("flow records cannot be kept for the controller folder=%s error=\"%s\"",
			       outlet->config.folder, strerror(error));
	else if (!error && before)
		tw_log_info("flow records are kept for the controller again folder=%s", outlet->config.folder);
}

/* What the batch counts is before the next one, wherever it went. */
static void close_batch(struct tw_outlet *outlet)
{
	struct tw_batch *batch = &outlet->batch;
	struct tw_outlet_stats *stats = &outlet->stats;
	int rc = -ENOENT;

	if (!batch->n)
		return;
	outlet->head.sequence++;
	if (outlet->spool) {
		outlet->head.revision = outlet->config.revision;
		tw_batch_finish(batch, &outlet->head);
		rc = tw_spool_append(outlet->spool, batch->octet, batch->size, outlet->now_ms);
		note_error(outlet, -rc);
	}
	outlet->head.records += batch->n;
	outlet->head.packets += batch->packets;
	outlet->head.octets += batch->octets;
	stats->records += rc ? 0 : batch->n;
	stats->batches += rc == 0;
	stats->octets += rc ? 0 : batch->size;
	stats->lost_records += rc ? batch->n : 0;
	tw_batch_begin(batch);
}

static void close_spool(struct tw_outlet *outlet)
{
	close_batch(outlet);
	tw_spool_close(outlet->spool);
	outlet->spool = NULL;
	outlet->head = (struct tw_batch_head){ 0 };
	note_error(outlet, 0);
}

static void limits_of(const struct tw_outlet_config *config, struct tw_spool_limits *limits)
{
	*limits = (struct tw_spool_limits){ .octets = config->max_octets,
					    .age_ms = config->max_age_ms,
					    .segment_octets = SEGMENT_OCTETS,
					    .segment_ms = SEGMENT_MS };
}

/* What was lost before it could be opened is of its first epoch. */
static void open_spool(struct tw_outlet *outlet)
{
	struct tw_spool_limits limits;

	limits_of(&outlet->config, &limits);
	outlet->spool = tw_spool_open(outlet->config.folder, &limits, outlet->now_ms);
	if (!outlet->spool) {
		note_error(outlet, errno);
		return;
	}
	outlet->head.epoch = tw_spool_epoch(outlet->spool);
	note_error(outlet, 0);
}

static void take_news(struct tw_outlet *outlet)
{
	struct tw_outlet_config news;
	struct tw_spool_limits limits;
	bool has;

	pthread_mutex_lock(&outlet->lock);
	has = outlet->has_news;
	news = outlet->news;
	outlet->has_news = false;
	pthread_mutex_unlock(&outlet->lock);
	if (!has)
		return;
	if (strcmp(news.folder, outlet->config.folder) != 0)
		close_spool(outlet);
	else if (news.revision != outlet->config.revision)
		close_batch(outlet);
	outlet->config = news;
	limits_of(&news, &limits);
	if (outlet->spool)
		tw_spool_limit(outlet->spool, &limits);
	outlet->tended_ms = 0;
}

void tw_outlet_destroy(struct tw_outlet *outlet)
{
	if (!outlet)
		return;
	close_spool(outlet);
	pthread_mutex_destroy(&outlet->lock);
	free(outlet);
}

bool tw_outlet_is_open(const struct tw_outlet *outlet)
{
	return *outlet->config.folder;
}

static bool is_wanted(const struct tw_outlet_config *config, const struct tw_flow_record *record,
		      const struct tw_flow_names *names)
{
	for (size_t i = 0; i < config->n_scopes; i++)
		if (tw_flow_scope_has(&config->scopes[i], record, names))
			return true;
	return false;
}

void tw_outlet_add(struct tw_outlet *outlet, const struct tw_flow_record *record, const struct tw_flow_names *names)
{
	if (!tw_outlet_is_open(outlet) || !is_wanted(&outlet->config, record, names))
		return;
	if (outlet->batch.n == 0)
		outlet->since_ms = outlet->now_ms;
	if (tw_batch_add(&outlet->batch, record))
		return;
	close_batch(outlet);
	outlet->since_ms = outlet->now_ms;
	tw_batch_add(&outlet->batch, record);
}

void tw_outlet_note_lost(struct tw_outlet *outlet, uint64_t packets, uint64_t l3_octets)
{
	outlet->head.ignored_packets += packets;
	outlet->head.ignored_octets += l3_octets;
}

static void tend(struct tw_outlet *outlet)
{
	struct tw_spool_stats spool;

	outlet->tended_ms = outlet->now_ms;
	if (!outlet->spool && *outlet->config.folder)
		open_spool(outlet);
	if (!outlet->spool)
		return;
	tw_spool_tick(outlet->spool, outlet->now_ms);
	tw_spool_get_stats(outlet->spool, &spool);
	outlet->stats.waiting_octets = spool.octets;
	outlet->stats.dropped_segments = spool.dropped_full + spool.dropped_old;
}

void tw_outlet_tick(struct tw_outlet *outlet, uint64_t now_ms)
{
	outlet->now_ms = now_ms;
	take_news(outlet);
	if (now_ms - outlet->tended_ms >= HOUSEKEEPING_MS) /* also if the clock was set back */
		tend(outlet);
	if (outlet->batch.n && now_ms - outlet->since_ms >= WAIT_MS && (outlet->spool || !*outlet->config.folder))
		close_batch(outlet);
	pthread_mutex_lock(&outlet->lock);
	outlet->published = outlet->stats;
	pthread_mutex_unlock(&outlet->lock);
}
