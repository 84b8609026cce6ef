/* SPDX-License-Identifier: Apache-2.0 */
/*
 * record.h - a worker tells the flight recorder of its frames; see recorder.h.
 *
 * Threads  the worker; the snapshot is that of its round (tw_worker.now).
 */
#ifndef TW_DATAPLANE_RECORD_H
#define TW_DATAPLANE_RECORD_H

#include "dataplane/recorder.h"
#include "dataplane/worker.h"

/**
 * Frames are dropped: told at the slot they came from (m->port) and at the one that is charged.
 * @param m     the first of them, as it is now
 * @param times how many like it end here
 */
void tw_record_drop(struct tw_worker *w, uint16_t charged, enum tw_drop reason, const struct rte_mbuf *m,
		    uint32_t times);

/** A frame of a flow with TW_V_RECORD goes its way: told at the ends that have all their frames recorded. */
void tw_record_frame(struct tw_worker *w, const struct tw_snapshot *s, uint16_t in, const struct tw_verdict *v,
		     const struct rte_mbuf *m);

/** A copy of a group frame goes to a port that has all its frames recorded. */
void tw_record_copy(struct tw_worker *w, const struct tw_snapshot *s, uint16_t in, uint16_t to,
		    const struct tw_verdict *v, const struct rte_mbuf *m);

#endif
