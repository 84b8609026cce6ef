/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sample.h - which frames are counted where not each is: chosen frame by frame, whatever becomes of them, from those that this
 *            worker meters.
 *
 * Place    in front of everything that judges a frame (burst.c, police.c), so that forwarded and refused frames are chosen alike.
 *          A frame that is not chosen goes the same way, and is marked in tw_meta.taken.
 * Cost     flows that are sampled carry TW_V_SAMPLE and take the slow way of a burst; where each frame is counted there are none.
 * Change   a flow's entry says under which sampling its frames were counted. What was counted under a former one becomes records
 *          before anything is counted under the new: at the flow's next frame, or when a hand that goes once round the table
 *          comes by, whichever is first.
 * Threads  the worker.
 */
#ifndef TW_DATAPLANE_SAMPLE_H
#define TW_DATAPLANE_SAMPLE_H

#include "dataplane/worker.h"

/** From the next frame on. */
void tw_sampler_set(struct tw_sampler *sampler, uint16_t sampling);
/** Is the next frame one to be counted? Not to be asked where each is. */
bool tw_sampler_takes(struct tw_sampler *sampler);

/** The snapshot's sampling is the worker's, and no entry is left that was counted under another. */
static inline bool tw_sample_is_settled(const struct tw_worker *w, const struct tw_snapshot *s)
{
	return s->sampling == w->sampler.sampling && w->sampler.left == 0;
}
/** Take over the snapshot's, and end a few of the flows that were counted under another. */
void tw_sample_settle(struct tw_worker *w, const struct tw_snapshot *s);

/** A frame of this flow: is it to be counted? */
static inline void tw_sample_frame(struct tw_worker *w, const struct tw_flow *f, struct tw_meta *meta)
{
	if (__builtin_expect(f->verdict.flags & TW_V_SAMPLE, 0))
		meta->taken = tw_sampler_takes(&w->sampler);
}

#endif
