/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rebalance.h - the switch's queues are shared out among its workers by load: what the load is, and the moves it leads to.
 *
 * Each second what every queue costs is sampled; each interval (--rebalance) balance.h looks at the whole of it, and what it
 * wants moved is moved, one queue after the other (move.h).
 * Threads  main.
 */
#ifndef TW_DATAPLANE_REBALANCE_H
#define TW_DATAPLANE_REBALANCE_H

#include <stdint.h>

struct tw_switch;
struct tw_rebalancer;

/** @return NULL: out of memory */
struct tw_rebalancer *tw_rebalancer_create(void);
void tw_rebalancer_destroy(struct tw_rebalancer *rebalancer); /* accepts NULL */

/** Once a second. */
void tw_rebalance_second(struct tw_switch *sw);
/** Go on with what is to be moved, as far as it goes now. */
void tw_rebalance_step(struct tw_switch *sw);

/** Look now, as an operator asks, whatever the interval; also where it is 0. @return queues that will be moved */
unsigned tw_rebalance_now(struct tw_switch *sw);

/** Have one queue polled by one worker. @return as tw_move_queue() */
int tw_rebalance_place(struct tw_switch *sw, uint16_t slot, uint16_t queue, unsigned worker);

/** The slot becomes another's. */
void tw_rebalance_forget(struct tw_switch *sw, uint16_t slot);

/** Of a queue: permille of a worker's time in the last second, and how often it has moved. */
uint32_t tw_rebalance_load(const struct tw_rebalancer *rebalancer, uint16_t slot, uint16_t queue);
uint32_t tw_rebalance_moves(const struct tw_rebalancer *rebalancer, uint16_t slot, uint16_t queue);

#endif
