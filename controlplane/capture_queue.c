/* SPDX-License-Identifier: Apache-2.0 */
/* capture_queue.c - batches that wait for a capture's reader; see capture_queue.h. Owns copies of them. */
#include "controlplane/capture_queue.h"

#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "controlplane/kind.h"
#include "controlplane/mem.h"

enum { ALLOCATION = 2 * sizeof(void *) /* what malloc() adds */ };

/* A switch that copies, since it began to. */
struct source {
	uint64_t id, number; /* of its last batch */
	struct batch *bare;  /* that waits, without frames: there is one, and the newest numbers are in it */
};

/* A host that copies. */
struct origin {
	LIST_ENTRY(origin) link;
	char *host;
	uint64_t refused;
	struct source sources[TW_CAPTURE_SOURCES_MAX];
	size_t n_sources;
};

struct batch {
	TAILQ_ENTRY(batch) link;
	Tw__CaptureBatch *msg;
	struct source *source;
	size_t octets, memory;
};

struct tw_capture_queue {
	TAILQ_HEAD(waiting, batch) waiting;
	LIST_HEAD(, origin) origins;
	size_t memory;
	uint64_t frames, given_up;
};

struct tw_capture_queue *tw_capture_queue_create(void)
{
	struct tw_capture_queue *q = tw_need(calloc(1, sizeof(*q)));

	TAILQ_INIT(&q->waiting);
	LIST_INIT(&q->origins);
	return q;
}

static void drop_first(struct tw_capture_queue *q)
{
	struct batch *batch = TAILQ_FIRST(&q->waiting);

	TAILQ_REMOVE(&q->waiting, batch, link);
	q->memory -= batch->memory;
	if (batch->source->bare == batch)
		batch->source->bare = NULL;
	tw_message_free(&batch->msg->base);
	free(batch);
}

void tw_capture_queue_destroy(struct tw_capture_queue *q)
{
	while (!TAILQ_EMPTY(&q->waiting))
		drop_first(q);
	while (!LIST_EMPTY(&q->origins)) {
		struct origin *origin = LIST_FIRST(&q->origins);

		LIST_REMOVE(origin, link);
		free(origin->host);
		free(origin);
	}
	free(q);
}

static struct origin *find_origin(const struct tw_capture_queue *q, const char *host)
{
	struct origin *origin;

	LIST_FOREACH (origin, &q->origins, link)
		if (strcmp(origin->host, host) == 0)
			return origin;
	return NULL;
}

static struct origin *origin_of(struct tw_capture_queue *q, const char *host)
{
	struct origin *origin = find_origin(q, host);

	if (!origin) {
		origin = tw_need(calloc(1, sizeof(*origin)));
		origin->host = tw_need(strdup(host));
		LIST_INSERT_HEAD(&q->origins, origin, link);
	}
	return origin;
}

/* @return NULL: there are too many */
static struct source *source_of(struct origin *origin, uint64_t id)
{
	for (size_t i = 0; i < origin->n_sources; i++)
		if (origin->sources[i].id == id)
			return &origin->sources[i];
	if (origin->n_sources == TW_CAPTURE_SOURCES_MAX)
		return NULL;
	origin->sources[origin->n_sources].id = id;
	return &origin->sources[origin->n_sources++];
}

static size_t memory_of_text(const char *text)
{
	return *text ? strlen(text) + 1 + ALLOCATION : 0;
}

/* Of the copy: a frame of 60 octets takes several times what it has in the message. */
static size_t memory_of(const Tw__CaptureBatch *msg)
{
	size_t all = sizeof(struct batch) + sizeof(*msg) + (msg->n_ports + msg->n_frames) * sizeof(void *) +
		     4 * ALLOCATION + memory_of_text(msg->host);

	for (size_t i = 0; i < msg->n_ports; i++)
		all += sizeof(Tw__CapturedPort) + msg->ports[i]->mac.len + 2 * ALLOCATION +
		       memory_of_text(msg->ports[i]->name) + memory_of_text(msg->ports[i]->vm_name);
	for (size_t i = 0; i < msg->n_frames; i++)
		all += sizeof(Tw__CapturedFrame) + msg->frames[i]->octets.len + 2 * ALLOCATION +
		       memory_of_text(msg->frames[i]->drop_reason) + memory_of_text(msg->frames[i]->text);
	return all;
}

static struct batch *append(struct tw_capture_queue *q, struct source *source, const Tw__CaptureBatch *msg)
{
	struct batch *batch = tw_need(calloc(1, sizeof(*batch)));

	batch->msg = (Tw__CaptureBatch *)tw_message_clone(&msg->base);
	batch->source = source;
	batch->octets = tw__capture_batch__get_packed_size(msg);
	TAILQ_INSERT_TAIL(&q->waiting, batch, link);
	return batch;
}

/* The numbers count from the source's beginning, so that the newest say all. They are behind all frames that wait. */
static void add_bare(struct tw_capture_queue *q, struct source *source, const Tw__CaptureBatch *msg)
{
	struct batch *batch = source->bare;

	if (!batch) {
		source->bare = append(q, source, msg);
		return;
	}
	batch->msg->number = msg->number;
	batch->msg->sent = msg->sent;
	batch->msg->shed = msg->shed;
	batch->msg->last = msg->last;
	TAILQ_REMOVE(&q->waiting, batch, link);
	TAILQ_INSERT_TAIL(&q->waiting, batch, link);
}

void tw_capture_queue_add(struct tw_capture_queue *q, const char *host, const Tw__CaptureBatch *from)
{
	struct origin *origin = origin_of(q, host);
	struct source *source = source_of(origin, from->source);
	Tw__CaptureBatch msg = *from;
	size_t memory;

	if (source && from->number <= source->number)
		return;
	q->frames += from->n_frames;
	if (!source) {
		q->given_up += from->n_frames;
		origin->refused += from->n_frames;
		return;
	}
	source->number = from->number;
	msg.host = origin->host;
	memory = memory_of(&msg);
	if (from->n_frames && q->memory + memory <= TW_CAPTURE_WAITING_MAX) {
		append(q, source, &msg)->memory = memory;
		q->memory += memory;
		return;
	}
	q->given_up += from->n_frames;
	msg.n_frames = msg.n_ports = 0;
	add_bare(q, source, &msg);
}

bool tw_capture_queue_is_empty(const struct tw_capture_queue *q)
{
	return TAILQ_EMPTY(&q->waiting);
}

size_t tw_capture_queue_first(const struct tw_capture_queue *q, size_t octets, Tw__CaptureBatch **list, size_t most)
{
	const struct batch *batch;
	size_t n = 0, sum = 0;

	TAILQ_FOREACH (batch, &q->waiting, link) {
		if (sum >= octets || n == most)
			break;
		list[n++] = batch->msg;
		sum += batch->octets;
	}
	return n;
}

void tw_capture_queue_drop(struct tw_capture_queue *q, size_t n)
{
	while (n--)
		drop_first(q);
}

uint64_t tw_capture_queue_frames(const struct tw_capture_queue *q)
{
	return q->frames;
}

uint64_t tw_capture_queue_given_up(const struct tw_capture_queue *q)
{
	return q->given_up;
}

uint64_t tw_capture_queue_refused(const struct tw_capture_queue *q, const char *host)
{
	const struct origin *origin = find_origin(q, host);

	return origin ? origin->refused : 0;
}
