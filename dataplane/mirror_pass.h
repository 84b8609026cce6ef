/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mirror_pass.h - frames that their mirror takes no copy of, for a few instructions: its destination is away or behind, or the next
 *                 sample is not due.
 *
 * Place    on the short way, before mirror_tap.h is asked. That finds out, for the first frame of a round; for those after it it
 *          holds as long as all frames are alike to the mirror (tw_mirror_rule.plain).
 * Threads  the worker.
 */
#ifndef TW_DATAPLANE_MIRROR_PASS_H
#define TW_DATAPLANE_MIRROR_PASS_H

#include "dataplane/worker.h"

/**
 * @param in   slot it came in by
 * @param mask mirrors that may want it here
 * @return true: none takes it, which is counted
 */
static inline bool tw_tap_passes(struct tw_worker *w, const struct tw_snapshot *s, const struct tw_slot *in,
				 uint64_t mask)
{
	struct tw_tap *tap;

	if (!(mask & (w->tap_shut | w->tap_skips)) || mask & (mask - 1) || (in->uplink && s->mirrored_elsewhere))
		return false;
	tap = &w->taps[__builtin_ctzll(mask)];
	if (mask & w->tap_shut) {
		++*tap->shut_count;
	} else if (tap->since_sample < tap->skip_to) {
		tap->since_sample++;
		tap->count.sampled_out++;
	} else {
		return false;
	}
	tap->count.seen++;
	return true;
}

#endif
