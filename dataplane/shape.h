/* SPDX-License-Identifier: Apache-2.0 */
/*
 * shape.h - egress shaping: what goes to a guest beyond its rate waits, in order, in a queue that is bounded.
 *
 * Place    before a guest's ring, behind the egress limit. With credit and nobody waiting a frame goes straight on.
 * Order    one queue a port. Whoever holds `busy` may take frames out and send; who does not get it puts his behind the others and
 *          goes on: nobody waits for anybody. A worker tries at each frame it has for the port; between frames the port's
 *          worker (tw_shape_owner()) drains at each poll and sleeps no longer than until the next departure.
 * Bounds   octets a port (its setting; one frame may always wait), TW_SHAPE_RING frames, and a quarter of all buffers for all queues together: beyond them
 *          a frame is refused as shape_queue_full.
 * States   UP drains. ABSENT and disabled drop what waits (link_down). HOLD keeps it; main sends it after the guest, before what
 *          came later (handover.c). A port that is no longer shaped goes on through its queue until that is empty.
 *          What waited through a change of the port's VLANs is dropped (shape_stale): it was judged by the former ones.
 * Threads  made by main before a snapshot says `queued`, freed when no worker can see the port. Otherwise as "Order" says.
 */
#ifndef TW_DATAPLANE_SHAPE_H
#define TW_DATAPLANE_SHAPE_H

#include "dataplane/worker.h"

enum { TW_SHAPE_RING = 4096 };

/* Buffers that wait in all queues, and how many may. */
struct tw_shape_room {
	_Atomic uint32_t used;
	uint32_t most;
};

struct tw_shaper {
	atomic_flag busy;
	struct tw_shape_room *room;
	struct rte_ring *ring;     /* many put in; who has `busy` takes out */
	struct rte_mbuf *head;     /* of who has `busy`: taken out, but there was no credit for it */
	_Atomic uint32_t head_len; /* octets of it; 0 = none */
	_Atomic uint32_t octets;   /* that wait, the head's too */
	_Atomic uint32_t most;     /* of octets, so far */
} __attribute__((aligned(64)));

/** Main. @return NULL when out of memory */
struct tw_shaper *tw_shaper_create(uint16_t slot, struct tw_shape_room *room);
/** Main, when no worker can see it. What waits is freed. Accepts NULL. */
void tw_shaper_free(struct tw_shaper *shaper);
/** Frames that wait. Any thread; a burst stale. */
uint32_t tw_shaper_frames(const struct tw_shaper *shaper);
/** Main, while the port is on hold or has moved: the next frame, as tw_edit_canonical() leaves it; NULL = no more. */
struct rte_mbuf *tw_shaper_take(struct tw_shaper *shaper);

/** Which worker drains a port's queue between frames. */
static inline unsigned tw_shape_owner(const struct tw_snapshot *s, uint16_t slot)
{
	return slot % s->n_workers;
}

/**
 * Send what there is credit for, queue the rest.
 * @param n at most TW_BURST
 * @return how many are sent or wait; those that found no room are behind them in m[]
 */
uint16_t tw_shape_send(struct tw_worker *w, const struct tw_snapshot *s, uint16_t slot, struct rte_mbuf **m,
		       uint16_t n);

/** Drain the queues this worker owns, a burst each. @return frames */
unsigned tw_shape_drain(struct tw_worker *w, const struct tw_snapshot *s);

/** Nanoseconds until the next frame may leave one of them; UINT64_MAX = none waits. */
uint64_t tw_shape_next_ns(const struct tw_worker *w, const struct tw_snapshot *s);

#endif
