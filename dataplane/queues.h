/* SPDX-License-Identifier: Apache-2.0 */
/*
 * queues.h - which of a guest's queues are in use, and which of them a frame for it goes to.
 *
 * A guest sets up as many queue pairs as its vNIC has and enables as many as it uses ("ethtool -L"), in any order. Of each
 * pair the receive ring is filled and the transmit ring polled if that one is enabled, whatever the others are.
 *
 * Each lane (queue_map.h) fills receive queues of its own as long as there are enough; among its own the flow's hash chooses. There
 * are as many lanes as workers, and a queue that is at home is in its worker's, so that two workers do not wait for one ring's lock.
 * A flow is in one lane wherever it is polled, so all its frames go to one queue, in their order.
 * Threads  any: pure.
 * Spec     virtio 1.2 section 5.1.6.5.6 (multiqueue): ring 2N receives, ring 2N+1 transmits, N counts pairs.
 */
#ifndef TW_DATAPLANE_QUEUES_H
#define TW_DATAPLANE_QUEUES_H

#include <stdint.h>

#include "dataplane/snapshot.h"

struct tw_queues {
	uint16_t n;                    /* receive queues that may be filled */
	uint8_t number[TW_QUEUES_MAX]; /* of them, ascending */
	uint32_t polls;                /* bit per transmit queue to poll */
};

/** @param rings bit per ring that is enabled */
void tw_queues_of_rings(uint32_t rings, struct tw_queues *queues);

/**
 * Which queue a frame is put into.
 * @param number    [n] queues that may be filled
 * @param n         1..TW_QUEUES_MAX
 * @param n_lanes   1 = by the hash alone
 * @param hash      of the frame's flow
 */
static inline uint16_t tw_queue_for(const uint8_t *number, uint16_t n, unsigned lane, unsigned n_lanes, uint32_t hash)
{
	uint32_t mine;

	if (n <= n_lanes)
		return number[lane % n];
	mine = (n - lane + n_lanes - 1) / n_lanes; /* number[lane], number[lane + n_lanes], ... */
	return number[lane + n_lanes * (uint32_t)((uint64_t)hash * mine >> 32)];
}

#endif
