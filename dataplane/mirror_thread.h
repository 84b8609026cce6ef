/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mirror_thread.h - the mirror thread: takes the workers' copies and puts each into the sinks of the mirrors that want it.
 *
 * A worker that finds its ring full sheds the copy and counts it: a slow disk never slows the mirrored port.
 * Threads  main calls everything here; the thread behind it owns the open sinks. A bit that was given up may be another
 *          sink's only when no worker copies for the former one any more, and the thread has acted by a change made after that
 *          (tw_mirror_thread_seen()): then no copy for the former one is in a ring.
 */
#ifndef TW_DATAPLANE_MIRROR_THREAD_H
#define TW_DATAPLANE_MIRROR_THREAD_H

#include "dataplane/capture_file.h"
#include "dataplane/mirror_sink.h"
#include "dataplane/snapshot.h"

struct tw_mirror_thread;
struct tw_worker;

/** @param workers kept; their `mirrors` rings are drained, and what they have shed is read. @return NULL, the reason is logged */
struct tw_mirror_thread *tw_mirror_thread_create(struct tw_worker *const *workers, unsigned n_workers);
/** Write what is there, close every sink, end the thread. Accepts NULL. */
void tw_mirror_thread_destroy(struct tw_mirror_thread *thread);

/**
 * Have this sink at this bit from now on; NULL: none.
 * @param ports it may see; owned from here on; NULL: those it knows
 * @return number of this change
 */
uint64_t tw_mirror_thread_tell(struct tw_mirror_thread *thread, uint8_t bit, struct tw_sink *sink,
			       struct tw_capture_ports *ports);

/** Wait until it has put all copies that were there into their sinks, 50 ms at most. @return false: time ran out */
bool tw_mirror_thread_settle(struct tw_mirror_thread *thread);

/** The last change that it acts by. */
uint64_t tw_mirror_thread_seen(struct tw_mirror_thread *thread);

/** Copies of this mirror that this worker has shed. */
uint64_t tw_mirror_shed(const struct tw_worker *worker, uint8_t bit);

#endif
