/* SPDX-License-Identifier: Apache-2.0 */
/*
 * expire.h - flows end, and become records.
 *
 * Threads  the worker. A record that the ring has no room for stays in the table and is tried again: the exporter thread
 *          being slow costs table space, not counts.
 */
#ifndef TW_DATAPLANE_EXPIRE_H
#define TW_DATAPLANE_EXPIRE_H

#include "dataplane/worker.h"

/**
 * Write a flow's counters as a record and reset them; a flow that is not metered, or has counted nothing, needs none.
 * @return false when the ring is full: nothing has changed
 */
bool tw_expire_flush(struct tw_worker *w, const struct tw_snapshot *s, struct tw_flow *flow, enum tw_flow_end reason);

/** Room for a record where the exporter thread reads it, then it is written. @return NULL: the ring is full */
struct tw_flow_record *tw_expire_begin(struct tw_worker *w);
void tw_expire_finish(struct tw_worker *w);

/** Look at a few entries: those that time has caught up with end. `elapsed_ms` since the last call. */
void tw_expire_some(struct tw_worker *w, const struct tw_snapshot *s, uint32_t elapsed_ms, bool idle);

#endif
