/* SPDX-License-Identifier: Apache-2.0 */
/* queue_map.c - which worker polls which receive queue; see queue_map.h. Pure. */
#include "dataplane/queue_map.h"

void tw_queue_map_init(struct tw_queue_map *map, unsigned n_workers)
{
	map->n_workers = n_workers;
	map->astray = 0;
	for (uint16_t slot = 0; slot < TW_SLOTS_MAX; slot++)
		for (uint16_t queue = 0; queue < TW_QUEUES_MAX; queue++)
			map->worker[slot][queue] = (uint8_t)tw_queue_home(slot, queue, n_workers);
}

void tw_queue_map_set(struct tw_queue_map *map, uint16_t slot, uint16_t queue, unsigned worker)
{
	unsigned home = tw_queue_home(slot, queue, map->n_workers);

	map->astray -= map->worker[slot][queue] != home;
	map->astray += worker != home;
	map->worker[slot][queue] = (uint8_t)worker;
}

void tw_queue_map_reset(struct tw_queue_map *map, uint16_t slot)
{
	for (uint16_t queue = 0; queue < TW_QUEUES_MAX; queue++)
		tw_queue_map_set(map, slot, queue, tw_queue_home(slot, queue, map->n_workers));
}
