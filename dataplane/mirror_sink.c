/* SPDX-License-Identifier: Apache-2.0 */
/* mirror_sink.c - what all kinds of sinks have alike; see mirror_sink.h. */
#include "dataplane/mirror_sink.h"

#include <stdio.h>
#include <string.h>

void tw_sink_init(struct tw_sink *sink, const struct tw_sink_ops *ops)
{
	memset(sink, 0, sizeof(*sink));
	sink->ops = ops;
	sink->refs = 2;
	pthread_mutex_init(&sink->lock, NULL);
}

void tw_sink_put(struct tw_sink *sink)
{
	if (!sink || atomic_fetch_sub(&sink->refs, 1) > 1)
		return;
	pthread_mutex_destroy(&sink->lock);
	sink->ops->free(sink);
}

static uint64_t read_of(_Atomic uint64_t *counter)
{
	return atomic_load_explicit(counter, memory_order_relaxed);
}

void tw_sink_get_stats(struct tw_sink *sink, struct tw_sink_stats *stats)
{
	*stats = (struct tw_sink_stats){ .packets = read_of(&sink->packets),
					 .octets = read_of(&sink->octets),
					 .shed = read_of(&sink->shed),
					 .failed = read_of(&sink->failed),
					 .sequence = read_of(&sink->sequence) };
	pthread_mutex_lock(&sink->lock);
	memcpy(stats->error, sink->error, sizeof(stats->error));
	memcpy(stats->path, sink->path, sizeof(stats->path));
	pthread_mutex_unlock(&sink->lock);
}

static void add(_Atomic uint64_t *counter, uint64_t n)
{
	atomic_fetch_add_explicit(counter, n, memory_order_relaxed);
}

void tw_sink_count_sent(struct tw_sink *sink, uint64_t packets, uint64_t octets)
{
	add(&sink->packets, packets);
	add(&sink->octets, octets);
}

void tw_sink_count_shed(struct tw_sink *sink, uint64_t n)
{
	add(&sink->shed, n);
}

void tw_sink_count_failed(struct tw_sink *sink, uint64_t n)
{
	add(&sink->failed, n);
}

uint64_t tw_sink_number(struct tw_sink *sink, uint64_t n)
{
	return atomic_fetch_add_explicit(&sink->sequence, n, memory_order_relaxed);
}

void tw_sink_go_on_from(struct tw_sink *sink, uint64_t sequence)
{
	atomic_store_explicit(&sink->sequence, sequence, memory_order_relaxed);
}

static void set_text(struct tw_sink *sink, char *text, size_t size, const char *value)
{
	pthread_mutex_lock(&sink->lock);
	snprintf(text, size, "%s", value);
	pthread_mutex_unlock(&sink->lock);
}

void tw_sink_set_error(struct tw_sink *sink, const char *error)
{
	set_text(sink, sink->error, sizeof(sink->error), error);
}

void tw_sink_set_path(struct tw_sink *sink, const char *path)
{
	set_text(sink, sink->path, sizeof(sink->path), path);
}
