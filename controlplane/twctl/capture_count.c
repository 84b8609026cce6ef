/* SPDX-License-Identifier: Apache-2.0 */
/* capture_count.c - frames that came and frames that did not; see capture_count.h. */
#include "controlplane/twctl/capture_count.h"

#include <stdlib.h>
#include <string.h>

#include "controlplane/twctl/message.h"

static struct tw_capture_source *source_of(struct tw_capture_count *c, uint64_t id)
{
	struct tw_capture_source *more;

	for (size_t i = 0; i < c->n_sources; i++)
		if (c->sources[i].id == id)
			return &c->sources[i];
	more = tw_alloc((c->n_sources + 1) * sizeof(*more));
	if (c->n_sources)
		memcpy(more, c->sources, c->n_sources * sizeof(*more));
	free(c->sources);
	c->sources = more;
	more[c->n_sources].id = id;
	return &more[c->n_sources++];
}

void tw_capture_count_add(struct tw_capture_count *c, const Tw__CaptureBatch *batch)
{
	struct tw_capture_source *s = source_of(c, batch->source);

	s->came += batch->n_frames;
	s->sent = batch->sent > s->sent ? batch->sent : s->sent;
	s->shed = batch->shed > s->shed ? batch->shed : s->shed;
	s->ended = s->ended || batch->last;
}

void tw_capture_count_clear(struct tw_capture_count *c)
{
	free(c->sources);
	*c = (struct tw_capture_count){ 0 };
}

uint64_t tw_capture_count_shed(const struct tw_capture_count *c)
{
	uint64_t shed = 0;

	for (size_t i = 0; i < c->n_sources; i++)
		shed += c->sources[i].shed;
	return shed;
}

uint64_t tw_capture_count_lost(const struct tw_capture_count *c)
{
	uint64_t lost = 0;

	for (size_t i = 0; i < c->n_sources; i++)
		if (c->sources[i].sent > c->sources[i].came)
			lost += c->sources[i].sent - c->sources[i].came;
	return lost;
}

bool tw_capture_count_ended(const struct tw_capture_count *c)
{
	for (size_t i = 0; i < c->n_sources; i++)
		if (!c->sources[i].ended)
			return false;
	return true;
}
