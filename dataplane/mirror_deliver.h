/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mirror_deliver.h - copies that other hosts have made for a port of this one leave for that port.
 *
 * Place    between mirror_arrive.c's thread, which has checked them, and the port's ring. As copies made here they go past the
 *          port's limits, are never mirrored again, and are learned and metered by nobody: they take none of these ways.
 * Threads  the worker.
 */
#ifndef TW_DATAPLANE_MIRROR_DELIVER_H
#define TW_DATAPLANE_MIRROR_DELIVER_H

#include <stdatomic.h>
#include <stdint.h>

struct tw_snapshot;
struct tw_worker;

/* What comes with a copy, in the mbuf's private area. */
struct tw_arrival_tag {
	uint32_t number; /* of the port; another one at its slot gets nothing */
	uint16_t slot;
	uint16_t end; /* index of its struct tw_arrived */
};

/* Of one end of a tunnel: written by whichever worker has its copies, read by main. */
struct tw_arrived {
	_Atomic uint64_t sent, octets;
	_Atomic uint64_t full;   /* the port's guest does not keep up */
	_Atomic uint64_t absent; /* the port is not up */
	_Atomic uint64_t failed; /* too large for it */
} __attribute__((aligned(64)));

/** Send some of what has come in. @return frames */
unsigned tw_deliver(struct tw_worker *w, const struct tw_snapshot *s);

#endif
