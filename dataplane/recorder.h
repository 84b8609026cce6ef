/* SPDX-License-Identifier: Apache-2.0 */
/*
 * recorder.h - the flight recorder: the last headers of a port's frames and what became of them.
 *
 * Shape    two recorders a port: one of dropped frames, which every port has, and one of all its frames where the
 *          configuration asks for it. Each is a ring of fixed entries for each worker, so workers never meet.
 * Threads  a ring has one writer, its worker, that never waits; any other thread may read meanwhile. An entry carries a
 *          number that is odd while it is written (a seqlock of C11 atomics, no fences): what changes under the reader is
 *          left out, never told half.
 * Memory   given by the caller, all at once; TW_RECORD_DROPS entries are 4 KiB.
 * Bound    dropped frames of one flow for one reason share an entry that counts them, and of one ring at most
 *          TW_RECORD_ROUND entries are looked at in detail in one round of a worker: a flood of drops costs it little.
 */
#ifndef TW_DATAPLANE_RECORDER_H
#define TW_DATAPLANE_RECORDER_H

#include <assert.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dataplane/snapshot.h"

enum {
	TW_RECORD_DROPS = 32,      /* entries of each worker for a port's dropped frames */
	TW_RECORD_UPLINK = 256,    /* the same of an uplink */
	TW_RECORD_FRAMES = 512,    /* for all frames of a port, unless it says otherwise */
	TW_RECORD_MAX = 16384,     /* the most a port may ask for */
	TW_RECORD_HEAD = 72,       /* octets kept: Ethernet, a tag, IPv6, and TCP up to its flags */
	TW_RECORD_ROUND = 4,       /* dropped frames of one ring and round that are kept one by one */
	TW_RECORD_ENTRY_WORDS = 16 /* of 8 octets */
};

/* One frame, or several of one flow that were dropped for one reason. */
struct tw_recorded {
	uint64_t tsc, last_tsc; /* of the first and of the last of them */
	uint32_t times;         /* frames */
	uint32_t len;           /* octets of the (first) frame, without FCS */
	uint32_t generation;    /* of the snapshot that judged it */
	uint32_t hash;          /* of flow and reason: what makes two drops the same entry */
	uint32_t egress;        /* number of the port at the other end as judged; 0 = none or many */
	uint16_t other;         /* slot where it went, or came from if `to`; TW_SLOT_NONE */
	uint16_t vlan;          /* as judged; not of drops */
	uint16_t flags;         /* enum tw_verdict_flags; not of drops */
	uint8_t action;         /* enum tw_action */
	uint8_t detail;         /* enum tw_drop of a drop, else enum tw_edit */
	bool to;                /* was on its way to this port; else it came from it */
	uint8_t kept;           /* octets in head */
	uint8_t head[TW_RECORD_HEAD];
};
static_assert(sizeof(struct tw_recorded) <= (TW_RECORD_ENTRY_WORDS - 1) * 8, "an entry is a number and this");

struct tw_record_entry {
	/* word 0: position in the ring's life << 24 | how often it was written, odd while that is under way */
	_Atomic uint64_t word[TW_RECORD_ENTRY_WORDS];
};

struct tw_record_ring {
	uint32_t mask;
	_Atomic uint64_t next; /* position of the next entry */
	/* worker's own: how many in detail in the round that began then */
	uint64_t round_tsc;
	uint32_t in_round;
	struct tw_record_entry entry[] __attribute__((aligned(64)));
};

/* The rings of all workers. */
struct tw_recorder {
	struct tw_recorder *next; /* main's */
	uint16_t n_rings;
	uint32_t entries; /* of each ring */
	struct tw_record_ring *ring[TW_WORKERS_MAX];
};

/** Main. @param entries a power of two. @return NULL: out of memory. Release with tw_recorder_destroy() (accepts NULL) */
struct tw_recorder *tw_recorder_create(unsigned n_workers, uint32_t entries);
void tw_recorder_destroy(struct tw_recorder *recorder);
/** Octets that one takes. Pure. */
size_t tw_recorder_size(unsigned n_workers, uint32_t entries);

/** The worker that owns the ring: one more entry in place of the oldest. */
void tw_record_put(struct tw_record_ring *ring, const struct tw_recorded *r);
/** The worker: is one of the newest entries of this hash? Then it counts `times` more. */
bool tw_record_again(struct tw_record_ring *ring, uint32_t hash, uint64_t tsc, uint32_t times);
/** The worker: may a drop be looked at in detail in the round that began at round_tsc? Counts it. */
bool tw_record_may(struct tw_record_ring *ring, uint64_t round_tsc);

/**
 * Copy entries out, oldest first, those that change meanwhile left out. Any thread.
 * @return how many, at most `max` (of the newest)
 */
uint32_t tw_record_read(const struct tw_record_ring *ring, struct tw_recorded *out, uint32_t max);

#endif
