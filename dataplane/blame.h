/* SPDX-License-Identifier: Apache-2.0 */
/*
 * blame.h - who is at fault for what a port loses: the guest, the switch or the rules.
 *
 * Place    main samples the guests' rings several times a second (rings.c) and judges once a second what happened in the
 *          last ten to twenty. Nothing of it is on the packet path.
 * Threads  main. tw_blame() is pure.
 */
#ifndef TW_DATAPLANE_BLAME_H
#define TW_DATAPLANE_BLAME_H

#include <stdint.h>

#include "dataplane/drop.h"
#include "dataplane/snapshot.h"

/* A guest's queue pair as last sampled, and what it has come to since the guest connected; see stats.proto, RingStatus. */
struct tw_ring_sample {
	uint32_t size;
	uint32_t to_used, to_used_max;
	uint64_t to_full_ms;
	uint32_t from_waiting, from_waiting_max;
	uint64_t from_backlog_ms;
};

enum tw_fault { TW_FAULT_NONE, TW_FAULT_GUEST, TW_FAULT_SWITCH, TW_FAULT_POLICY }; /* as proto Fault */

/* What the judgement is made of: totals of a port, or their growth in a window. */
struct tw_evidence {
	uint64_t ms; /* of the clock; of a window: its length */
	uint64_t to_packets, from_packets;
	uint64_t to_full_ms, from_backlog_ms; /* the worst of its rings */
	uint64_t drops[TW_DROPS];
};

struct tw_rings {
	unsigned n; /* queue pairs sampled */
	struct tw_ring_sample pair[TW_QUEUES_MAX];
	uint64_t ring_full; /* drops at the last sample */
	struct tw_evidence window, window_before;
	enum tw_fault fault;
	char fault_text[256];
};

/* How busy a worker was. */
struct tw_load {
	uint64_t tsc, busy;
	uint32_t busy_permille;
};

/**
 * @param growth        in the window
 * @param ring_size     of the guest's rings, 0 = not known
 * @param worker        that takes the guest's frames, and how busy it is
 * @param text          a sentence; also says when nothing is wrong
 */
enum tw_fault tw_blame(const struct tw_evidence *growth, uint32_t ring_size, unsigned worker, uint32_t busy_permille,
		       char text[static 256]);

#endif
