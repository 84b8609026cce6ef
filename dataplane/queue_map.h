/* SPDX-License-Identifier: Apache-2.0 */
/*
 * queue_map.h - which worker polls which receive queue.
 *
 * Every queue has a home, by its number alone; there it is until main moves it (move.h). The home stays what the way out of its
 * frames depends on ("lane"): whichever worker polls a queue, a flow's frames go to the same queue of the guest and of the
 * uplink they leave by, so that a move never lets a frame overtake one before it. Where a queue is not at home, two workers may
 * send by one transmit queue of an uplink, and a lock is taken.
 * Threads  main. Workers see what a snapshot has made of it. Pure.
 */
#ifndef TW_DATAPLANE_QUEUE_MAP_H
#define TW_DATAPLANE_QUEUE_MAP_H

#include "dataplane/snapshot.h"

enum { TW_WORKER_NONE = 0xff }; /* between two workers */

struct tw_queue_map {
	unsigned n_workers;
	unsigned astray;                             /* queues that are not at home */
	uint8_t worker[TW_SLOTS_MAX][TW_QUEUES_MAX]; /* uplinks have no more queues than guests */
};

static inline unsigned tw_queue_home(uint16_t slot, uint16_t queue, unsigned n_workers)
{
	return ((unsigned)slot + queue) % n_workers;
}

/** Every queue at home. @param n_workers 1..TW_WORKERS_MAX */
void tw_queue_map_init(struct tw_queue_map *map, unsigned n_workers);

/** @return a worker, or TW_WORKER_NONE */
static inline unsigned tw_queue_map_get(const struct tw_queue_map *map, uint16_t slot, uint16_t queue)
{
	return map->worker[slot][queue];
}

void tw_queue_map_set(struct tw_queue_map *map, uint16_t slot, uint16_t queue, unsigned worker);

/** The slot becomes another's: all its queues go home. */
void tw_queue_map_reset(struct tw_queue_map *map, uint16_t slot);

#endif
