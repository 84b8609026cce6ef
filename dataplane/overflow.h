/* SPDX-License-Identifier: Apache-2.0 */
/*
 * overflow.h - frames that found no room in the flow table: counted by port, and told in records like flows.
 *
 * So the records' sums stay what the ports carried however full the table is; what is lost is only which flow a frame was of. A
 * record of an overflow has the port, the times and the counts (TW_FLOW_KEY_MANY), and ends for lack of resources. Frames that
 * passed and frames that were refused have one each, about once a second while there are any.
 * Threads  the worker.
 */
#ifndef TW_DATAPLANE_OVERFLOW_H
#define TW_DATAPLANE_OVERFLOW_H

#include "dataplane/worker.h"

enum { TW_OVERFLOW_MS = 1000 };

/** A frame that came in by a slot and is this host's to count. */
void tw_overflow_count(struct tw_worker *w, uint16_t slot, const struct tw_meta *meta, uint32_t pkt_len, bool refused);

/** One that was counted as passed is refused after all. */
void tw_overflow_refuse(struct tw_worker *w, uint16_t slot, const struct tw_meta *meta, uint32_t pkt_len);

/** Write a slot's records, or all slots' (TW_SLOT_NONE). @return false: the record ring is full; the rest waits */
bool tw_overflow_flush(struct tw_worker *w, const struct tw_snapshot *s, uint16_t slot);

/** The records are due. */
static inline bool tw_overflow_is_due(const struct tw_worker *w)
{
	return w->overflow.any && w->cache.now_ms - w->overflow.since_ms >= TW_OVERFLOW_MS;
}

#endif
