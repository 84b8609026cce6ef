/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jobs.h - main asks workers for something only they may do to their flow caches, and is called back when all have.
 *
 * Threads  main. Nothing waits: a timer looks for finished jobs each millisecond while there are any (a worker cannot wake
 *          main without a system call).
 */
#ifndef TW_DATAPLANE_JOBS_H
#define TW_DATAPLANE_JOBS_H

#include <event2/event.h>

#include "dataplane/flow_filter.h"
#include "dataplane/worker.h"

struct tw_jobs;

/**
 * All workers asked have done it. jobs[i] is that of workers[i] (of the one asked, if it was one); its `flows` hold the
 * first `n` found. Freed after the call: take what is needed.
 */
typedef void (*tw_jobs_done)(struct tw_job *const *jobs, unsigned n, void *arg);

/** @param workers kept, not copied; they outlive the tw_jobs. @return NULL when out of memory */
struct tw_jobs *tw_jobs_create(struct event_base *base, struct tw_worker *const *workers, unsigned n_workers);
/** Only when the workers have stopped. What was under way is forgotten: `done` is not called. Accepts NULL. */
void tw_jobs_destroy(struct tw_jobs *jobs);

/**
 * Ask every worker.
 * @param kind     LIST, TAKE or END
 * @param slot     TW_SLOT_NONE = all flows
 * @param capacity flows each worker may hand over; the rest is counted in `total` (LIST) or ends with a record (TAKE)
 * @param done     may be NULL
 * @return 0; -ENOMEM; -EBUSY a worker has too many jobs waiting
 */
int tw_jobs_ask_all(struct tw_jobs *jobs, enum tw_job_kind kind, uint16_t slot, uint32_t capacity, tw_jobs_done done,
		    void *arg) __attribute__((warn_unused_result));

/**
 * Have every worker list the flows that fit (TW_JOB_LIST); if those are more than `capacity`, the best by the filter's order.
 * @param filter taken over unless it fails
 */
int tw_jobs_list(struct tw_jobs *jobs, struct tw_flow_filter *filter, uint32_t capacity, tw_jobs_done done, void *arg)
	__attribute__((warn_unused_result));

/** Take the flows of one receive queue out of its former worker (TW_JOB_MOVE); otherwise as tw_jobs_ask_all(). */
int tw_jobs_move(struct tw_jobs *jobs, unsigned worker, uint16_t slot, uint16_t queue, uint32_t capacity,
		 tw_jobs_done done, void *arg) __attribute__((warn_unused_result));

/**
 * Give flows to one worker (TW_JOB_PUT).
 * @param flows  malloc'ed; taken over unless it fails
 */
int tw_jobs_put(struct tw_jobs *jobs, unsigned worker, struct tw_flow *flows, uint32_t n, tw_jobs_done done, void *arg)
	__attribute__((warn_unused_result));

#endif
