/* SPDX-License-Identifier: Apache-2.0 */
/*
 * meter.h - a frame is counted into its flow, or, where it alone is refused, into the flow of those refused.
 *
 * Place    behind everything that judges a frame by itself (guards' inspection, access lists on TCP flags, the MTU), so that a
 *          record's packets all had the fate that its forwardingStatus says. What a full ring or a lack of buffers costs later
 *          is the ports' to count: the flow had been let through.
 * How      a flow of which frames are refused one by one has a second entry, told apart by tw_key.refused, whose verdict is
 *          the drop. It lives, ends and moves like any other and is no frame's key.
 * Threads  the worker.
 */
#ifndef TW_DATAPLANE_METER_H
#define TW_DATAPLANE_METER_H

#include "dataplane/worker.h"

/** What changes an extreme or a flag: apart, for most frames are like the one before. */
void tw_meter_unusual(struct tw_flow *f, const struct tw_meta *meta);

/** A frame of any flow but those of tw_meter_count_sampled(). */
static inline void tw_meter_count(struct tw_flow *f, const struct tw_meta *meta, uint32_t pkt_len, uint32_t now)
{
	f->last_ms = now;
	if (!(f->verdict.flags & (TW_V_METER | TW_V_EARLY)))
		return;
	if (f->packets++ == 0)
		f->first_ms = now;
	f->l3_octets += meta->l3_len;
	f->l2_octets += pkt_len;
	if (f->usual != meta->word)
		tw_meter_unusual(f, meta);
}

/** The same of a flow with TW_V_SAMPLE: only if the frame was chosen. */
void tw_meter_count_sampled(struct tw_flow *f, const struct tw_meta *meta, uint32_t pkt_len, uint32_t now);

/** What was counted last is refused after all. Extremes and TCP flags stay those of all frames. */
void tw_meter_undo(struct tw_flow *f, const struct tw_meta *meta, uint32_t pkt_len);

/** Would a record say something else of frames judged so than of those judged so? */
bool tw_meter_told_apart(const struct tw_verdict *a, const struct tw_verdict *b);

/**
 * What a record says must hold for all it counts: if it would say something else of a flow's frames to come, those counted so
 * far become a record.
 * @param v        how the flow is judged from now on; with TW_V_SAMPLE if
 * @param sampling is not each frame (flowexport/sampling.h)
 * @return false: they wait for room in the record ring, and frames of another sampling must not join them
 */
bool tw_meter_make_way(struct tw_worker *w, const struct tw_snapshot *s, struct tw_flow *f, const struct tw_verdict *v,
		       uint16_t sampling);
/** From now on it is judged and counted so. */
void tw_meter_judge(struct tw_flow *f, const struct tw_verdict *v, uint16_t sampling);

/**
 * Count a frame that was refused though its flow was not.
 * @param f the frame's flow; one that found no room in the table (not live) is in the overflow statistics already
 */
void tw_meter_refused(struct tw_worker *w, const struct tw_snapshot *s, struct tw_flow *f, const struct tw_meta *meta,
		      uint32_t pkt_len, enum tw_drop reason);

#endif
