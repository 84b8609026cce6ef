/* SPDX-License-Identifier: Apache-2.0 */
/*
 * move.h - a receive queue goes to another worker, without a frame lost, out of order, or counted twice or not at all.
 *
 *   1. Nobody polls it: published, and every worker has passed by. The former worker has sent all it took. (publish.c)
 *   2. The new worker polls it. It makes its flows anew, from zero. Between 1 and 2 the guest's ring (the device's queue) keeps
 *      what comes: the time of one round of the slowest worker.
 *   3. The former worker gives up the flows of the queue, some thousands at a time, the new one adds them to what it has counted
 *      since: a flow stays one record. Until they are there, nothing that takes a port's flows away (its end, a migration) begins.
 * What frames leave by does not change (queue_map.h); what is shared by workers (limits, shaping queues, holds, learned MACs) is
 * where it was. If a worker does not come by in time, the queue goes back.
 * Threads  main; the workers' part is a snapshot and jobs. One move at a time.
 */
#ifndef TW_DATAPLANE_MOVE_H
#define TW_DATAPLANE_MOVE_H

#include <stdbool.h>
#include <stdint.h>

struct tw_switch;
struct tw_flow;

/* One per switch, zeroed; main's. */
struct tw_move {
	enum tw_move_stage { TW_MOVE_NONE, TW_MOVE_TAKE, TW_MOVE_TAKING, TW_MOVE_PUT, TW_MOVE_PUTTING } stage;
	uint16_t slot, queue;
	uint16_t from, to;     /* workers */
	bool more;             /* of its flows are still where they were */
	struct tw_flow *flows; /* PUT: on their way, on the new worker's clock */
	uint32_t n_flows;
	uint64_t moves, flows_moved; /* ever */
};

/**
 * Have a queue polled by another worker; when this returns, it is. Its flows follow by and by.
 * @return 0; -EINVAL: no such worker, or nobody polls the queue; -EALREADY: that one does; -EBUSY: flows of the former move are still on
 *         their way; -ENOMEM, -ETIMEDOUT: a worker does not come by; it stays where it is
 */
int tw_move_queue(struct tw_switch *sw, uint16_t slot, uint16_t queue, unsigned to) __attribute__((warn_unused_result));

/** Are flows of this slot on their way? tw_handover_resume() is called when they have arrived. */
bool tw_move_holds(const struct tw_switch *sw, uint16_t slot);
bool tw_move_pending(const struct tw_switch *sw);
/** Go on with what could not be asked of a worker when its time came. */
void tw_move_step(struct tw_switch *sw);

#endif
