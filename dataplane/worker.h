/* SPDX-License-Identifier: Apache-2.0 */
/*
 * worker.h - a worker: polls receive queues and carries each burst to its end.
 *
 * A worker takes no lock, allocates nothing but mbufs and logs nothing. The system calls it can meet are two: the kick
 * rte_vhost gives a guest that asked for it, and the sleep of an idle worker. What it has to tell others it counts, or
 * puts into a ring; what others want of it comes as a job or as frames to inject.
 *
 * Threads  struct tw_worker is the worker's own but for the members under "shared", whose writer is named.
 */
#ifndef TW_DATAPLANE_WORKER_H
#define TW_DATAPLANE_WORKER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <rte_mbuf.h>
#include <rte_rcu_qsbr.h>
#include <rte_ring.h>
#include <rte_spinlock.h>

#include "dataplane/drop.h"
#include "dataplane/fdb.h"
#include "dataplane/flow_cache.h"
#include "dataplane/mcast_view.h"
#include "dataplane/mirror_tap.h"
#include "dataplane/snapshot.h"
#include "dataplane/snoop.h"

enum {
	TW_BURST = 32,
	TW_RECORD_RING = 16384, /* flow records on their way to the exporter thread */
	TW_MIRROR_RING = 4096,  /* copies on their way to the mirror thread */
	TW_ARRIVAL_RING = 1024, /* mirrors' copies from other hosts, of at most 5 buffers each */
	TW_INJECT_RING = 8192,  /* frames main wants sent */
	TW_HOLD_RING = 4096,    /* frames that wait for a guest between two hosts */
	TW_TOLD_RING = 256,     /* news for main */
	TW_CONTROL_RING = 256,  /* LACPDUs for main, which looks ten times a second */
};

/* Per slot and worker; the worker alone writes, main reads (one burst stale). */
struct tw_counters {
	uint64_t rx_packets, rx_octets, tx_packets, tx_octets;
	uint64_t drops[TW_DROPS];
	struct tw_queue_counters {
		uint64_t rx_packets;
		uint64_t busy_cycles; /* of the time-stamp counter, for its frames, to their end */
		uint64_t empty_polls; /* those that a look at a silent guest's ring saved are none */
	} queue[TW_QUEUES_MAX];       /* each receive queue (pair) */
} __attribute__((aligned(64)));

struct tw_worker_stats {
	uint64_t packets, polls, empty_polls, sleeps;
	uint64_t busy_cycles;     /* of the time-stamp counter, in rounds that found frames */
	uint64_t misses;          /* frames that needed a decision */
	uint64_t overflows;       /* frames in no flow of their own: the table was full */
	uint64_t overflow_octets; /* layer 3 */
	uint64_t records_waited;  /* times a record had to stay in the table because the ring was full */
	uint64_t jobs;
};

/* Of an uplink's transmit queue that two workers may send by. */
struct tw_tx_lock {
	rte_spinlock_t lock;
	uint8_t apart[60]; /* from the next queue's: a cache line */
};
static_assert(sizeof(struct tw_tx_lock) == 64, "locks share no cache line");

enum { TW_MBUF_PRIV_SIZE = 64, TW_MBUF_ROOM = 2048 /* octets of a frame in one buffer */ };
static_assert(sizeof(struct tw_mirror_tag) <= TW_MBUF_PRIV_SIZE, "fits the mbuf's private area");

/* News from a worker to main; packed into the pointer that goes through the ring. */
enum tw_told { TW_TOLD_HEARD = 1 };
static inline void *tw_told_pack(enum tw_told what, uint16_t slot)
{
	return (void *)((uintptr_t)what << 16 | slot);
}

/* A MAC that a worker heard, on its way to main. */
struct tw_heard_mac {
	uint64_t mac; /* tw_mac_word() */
	uint16_t vlan;
	uint16_t slot;   /* TW_FDB_WIRE: by an uplink */
	uint32_t number; /* of the port that was there */
};
static_assert(sizeof(struct tw_heard_mac) == 16, "goes through a ring by value");
enum { TW_MACS_RING = 4096 };

/* learn.c's */
struct tw_learn_worker {
	uint32_t sequence;   /* of the version whose changes are known */
	uint32_t left, hand; /* entries still to be looked at, and the next */
	uint32_t window;     /* in which `told` counts */
	uint8_t told[TW_FDB_SLOTS];
	uint64_t changed[TW_FDB_HASHES / 64]; /* what is being looked for: as struct tw_fdb */
	uint64_t changed_slots[(TW_FDB_SLOTS + 63) / 64];
};

/* sample.c's */
struct tw_sampler {
	uint16_t sampling; /* in effect: flowexport/sampling.h */
	uint16_t position; /* of the next frame in its run of so many, from 0 */
	uint16_t pick;     /* the one of the run that is counted */
	uint32_t left;     /* entries of the flow table, the first ones, that may have been counted under another */
};

/* overflow.c's: of frames that found no room in the flow table */
struct tw_overflow_tally {
	uint64_t packets, l3_octets, l2_octets;
	uint32_t first_ms, last_ms; /* the cache's clock */
};
struct tw_overflow {
	bool any;
	uint16_t sampling; /* under which they were counted */
	uint32_t since_ms;
	struct tw_overflow_tally of[TW_SLOTS_MAX][2]; /* by where they came in: passed, refused */
};

/*
 * Something only the worker may do to its flow cache, asked by main. Worked off a piece each poll, so that no job stalls
 * forwarding. `done` is stored with release by the worker when everything is in `flows`.
 */
enum tw_job_kind {
	TW_JOB_LIST, /* copy flows (of slot, or all if TW_SLOT_NONE) into `flows`; those beyond `capacity` only count in `total` */
	TW_JOB_TAKE, /* the same, and remove them without a record */
	TW_JOB_MOVE, /* the same for those of a queue of slot; those beyond `capacity` stay, and count in `total` */
	TW_JOB_END,  /* end the flows of slot with a record (FORCED) */
	/* Add `flows[0..n)`: counters join an entry of the same key; `total` becomes the number of those. Others (there is no
	 * room; what is there has another verdict) are records at once. */
	TW_JOB_PUT,
};
struct tw_arrived;
struct tw_flow_filter;
struct tw_job {
	enum tw_job_kind kind;
	uint16_t slot, queue;
	uint32_t capacity;
	uint32_t n;
	uint64_t total;
	const struct tw_flow_filter *filter; /* LIST; NULL = all of slot */
	struct tw_flow *flows; /* main's memory; first_ms/last_ms are the worker's clock: see tw_worker_clock() */
	uint32_t cursor, base; /* worker's */
	_Atomic bool done;
};

struct tw_worker {
	/* --- worker's own --- */
	uint16_t id;
	uint16_t lane; /* of the frames in hand: which queues they leave by (queue_map.h) */
	struct tw_flow_cache cache;
	struct tw_counters *counters; /* [TW_SLOTS_MAX] */
	struct tw_worker_stats stats;
	uint64_t tsc_base, ms_per_tsc; /* now_ms = (tsc - tsc_base) * ms_per_tsc / 2^64; tw_worker_clock_init() */
	uint64_t ticks_per_tsc;        /* * 2^32; of a bucket's clock (bucket.h) */
	uint64_t tsc_still;            /* tests: what the time-stamp counter says; 0 = ask it */
	const struct tw_snapshot *now; /* of this round */
	struct tw_job *job;            /* being worked on */
	uint64_t round_tsc;            /* when this round began */
	uint64_t burst_tsc;            /* when the last burst of this round was done, or the round began */
	bool busy;                     /* the last round found frames */
	uint32_t idle_polls;
	uint32_t poll_first;  /* where in its list a round begins */
	uint32_t expiry_owed; /* entries expiry is behind with */
	uint32_t expiry_busy; /* entries it may look at in a round that has frames */
	struct tw_snoop_meter snoop_meters[TW_SLOTS_MAX];
	struct tw_learn_worker learn;
	uint64_t rests_until[TW_PORTS_MAX]; /* tsc, of guests behind an IOMMU; guest_share.h */
	struct tw_tap taps[TW_MIRRORS_MAX];
	uint64_t taps_pending; /* bit per mirror with copies on their way to a port */
	uint64_t tap_had;      /* mirrors that have had the frame that is flooded */
	uint64_t tap_before;   /* frames of its flow before it */
	uint64_t tap_shut;     /* plain mirrors that take nothing for the rest of this round */
	uint64_t tap_skips;    /* plain mirrors that take samples */
	bool tapping;          /* copies are being made: what is dropped meanwhile is one */
	struct tw_overflow overflow;
	struct tw_sampler sampler;
	/* --- shared: set by main before the worker starts --- */
	struct rte_mempool *pool;  /* private area TW_MBUF_PRIV_SIZE */
	struct rte_rcu_qsbr *qsbr; /* this worker is thread `id` */
	struct rte_ring *records;  /* of struct tw_flow_record by value: worker -> exporter */
	struct rte_ring *mirrors;  /* mbufs: worker -> mirror thread */
	struct rte_ring
		*inject; /* mbufs: main -> worker; as tw_edit_canonical() leaves them, m->port = slot to leave by */
	struct rte_ring *arrivals; /* mbufs with a struct tw_arrival_tag: mirror_arrive.c -> worker; NULL = none come */
	struct rte_ring *control;  /* mbufs, m->port the slot: LACPDUs and markers, worker -> main */
	struct rte_ring *snoops;   /* mbufs with a struct tw_snoop_tag: worker -> main */
	struct rte_ring *jobs;     /* struct tw_job *: main -> worker */
	struct rte_ring *told;     /* tw_told_pack(): worker -> main */
	struct rte_ring *macs;     /* of struct tw_heard_mac by value: worker -> main; NULL = nobody learns */
	struct rte_ring *
		*hold; /* [TW_SLOTS_MAX], NULL or MP ring of mbufs as tw_edit_canonical() leaves them; main drains */
	struct tw_shaper **shapers;        /* [TW_PORTS_MAX], of those `queued` (shape.h) */
	struct tw_rate_state *rates;       /* [TW_PORTS_MAX], of all workers together (rate.h) */
	struct tw_arrived *arrived;        /* [TW_MIRRORS_MAX], of all workers together (mirror_deliver.h) */
	struct tw_tap_budget *tap_budgets; /* [TW_MIRRORS_MAX], of all workers together */
	struct tw_tx_lock **tx_lock;       /* [TW_SLOTS_MAX], of an uplink: [transmit queues] */
	_Atomic uint64_t epoch_ms;         /* Unix time at tsc_base; main lets it follow the host's clock */
	uint32_t idle_sleep_us;            /* 0 = never sleep */
	bool no_metering;                  /* flows keep what is decided of them, and no counts */
	/* --- shared: written by main while running --- */
	_Atomic(const struct tw_snapshot *) *snapshot; /* one for all workers; read once a burst */
	_Atomic(const struct tw_mcast_view *) *mcast;  /* one for all workers; NULL pointer or NULL: nothing is known */
	_Atomic bool stop;
};

/** Main loop; returns when `stop` is set. Signature of an lcore function. */
int tw_worker_run(void *worker);

/** One round: inject, jobs, each queue once, a little expiry. @return frames handled. Tests drive this by hand. */
unsigned tw_worker_poll(struct tw_worker *worker);

/** Set the worker's clock (tsc_base, ms_per_tsc, ticks_per_tsc, epoch_ms); before the start. */
void tw_worker_clock_init(struct tw_worker *worker);
/** Let its Unix time follow the host's clock, which is corrected all the time, and may step. Main, about once a second. */
void tw_worker_clock_follow(struct tw_worker *worker);

/** Milliseconds since the worker's clock began. Any thread: reads only what is set before the start. */
static inline uint64_t tw_worker_ms(const struct tw_worker *w, uint64_t tsc)
{
	return (uint64_t)(((unsigned __int128)(tsc - w->tsc_base) * w->ms_per_tsc) >> 64);
}

/** Unix time of a moment on the worker's clock. Any thread. */
static inline uint64_t tw_worker_unix_ms(const struct tw_worker *w, uint64_t ms)
{
	return atomic_load_explicit(&w->epoch_ms, memory_order_relaxed) + ms;
}

/** The moment, for times in a job's flows. Any thread. */
struct tw_flow_clock tw_worker_clock(const struct tw_worker *worker);

#endif
