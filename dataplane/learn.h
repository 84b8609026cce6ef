/* SPDX-License-Identifier: Apache-2.0 */
/*
 * learn.h - a worker's part in learning: it tells main what MACs it hears, says which are still alive, and judges the flows
 * again that a new version of the table concerns.
 *
 * Cost     none for a frame of a known flow, whatever it is. A flow of a learning port (TW_V_LEARN) is looked up on its first
 *          frame and then as often as expiry comes by (expire.c: once a second): a flow that lives keeps its MAC alive.
 *          A new version costs one pass over the keys, a piece a poll.
 * Bound    a port has its say TELL_MAX times in a window of TELL_WINDOW_MS, so that a guest that makes up MACs fills neither
 *          the ring for its neighbours nor main's time.
 * Threads  the worker.
 */
#ifndef TW_DATAPLANE_LEARN_H
#define TW_DATAPLANE_LEARN_H

#include "dataplane/worker.h"

enum { TW_LEARN_TELL_MAX = 64, TW_LEARN_TELL_WINDOW_MS = 128 };

/** The flow's source MAC (TW_V_LEARN) was heard: it is as old as the last frame, or main is told. */
void tw_learn_heard(struct tw_worker *w, const struct tw_snapshot *s, const struct tw_flow *f);

/** Some more of the flows that the present version concerns. Once a poll. */
void tw_learn_revise(struct tw_worker *w, const struct tw_fdb *fdb);

static inline void tw_learn_some(struct tw_worker *w, const struct tw_snapshot *s)
{
	const struct tw_fdb *fdb = tw_snapshot_fdb(s);

	if (__builtin_expect(fdb && (fdb->sequence != w->learn.sequence || w->learn.left), 0))
		tw_learn_revise(w, fdb);
}

#endif
