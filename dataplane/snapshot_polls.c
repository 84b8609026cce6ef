/* SPDX-License-Identifier: Apache-2.0 */
/*
 * snapshot_polls.c - which worker polls what, in a snapshot; see snapshot_build.h and queue_map.h.
 *
 * All lists lie in one block of memory, which begins with worker 0's.
 * Threads  main (pure).
 */
#include <stdlib.h>

#include "dataplane/snapshot_build.h"

/* To each the queues that the map gives it, each as it is when nothing is known of its guest. */
static bool spread(struct tw_snapshot *s, const struct tw_poll *polls, uint32_t n, const struct tw_queue_map *map)
{
	struct tw_poll *room = calloc(n + 1, sizeof(*room));

	if (!room)
		return false;
	s->n_workers = (uint16_t)map->n_workers;
	s->astray = map->astray > 0;
	for (unsigned w = 0; w < map->n_workers; w++) {
		struct tw_poll_list *list = &s->polls[w];

		*list = (struct tw_poll_list){ .poll = room };
		for (uint32_t i = 0; i < n; i++) {
			uint16_t slot = polls[i].slot;
			uint8_t queue = polls[i].queue;

			if (tw_queue_map_get(map, slot, queue) == w)
				list->poll[list->n++] =
					(struct tw_poll){ .slot = slot,
							  .queue = queue,
							  .lane = (uint8_t)tw_queue_home(slot, queue, map->n_workers) };
		}
		room += list->n;
	}
	return true;
}

static uint32_t polls_of(const struct tw_snapshot *s, const struct tw_slot_state *states, uint16_t slot)
{
	return s->slot[slot].kind != TW_SLOT_EMPTY && s->slot[slot].link == TW_LINK_UP ? states[slot].polls : 0;
}

bool tw_snapshot_fill_polls(struct tw_snapshot *s, const struct tw_slot_state *states, const struct tw_queue_map *map)
{
	struct tw_poll *polls;
	uint32_t n = 0;
	bool done;

	for (uint16_t i = 0; i < TW_SLOTS_MAX; i++)
		n += (uint32_t)__builtin_popcount(polls_of(s, states, i));
	polls = calloc(n + 1, sizeof(*polls));
	if (!polls)
		return false;
	n = 0;
	for (uint16_t i = 0; i < TW_SLOTS_MAX; i++)
		for (uint32_t bits = polls_of(s, states, i); bits; bits &= bits - 1)
			polls[n++] = (struct tw_poll){ .slot = i, .queue = (uint8_t)__builtin_ctz(bits) };
	done = spread(s, polls, n, map);
	free(polls);
	return done;
}

bool tw_snapshot_copy_polls(struct tw_snapshot *s, const struct tw_snapshot *from, const struct tw_queue_map *map)
{
	uint32_t n = 0;

	for (unsigned w = 0; w < from->n_workers; w++)
		n += from->polls[w].n;
	return spread(s, from->polls[0].poll, n, map);
}
