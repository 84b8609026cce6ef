/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jobs.c - main's side of jobs; see jobs.h, and job.c for the worker's.
 *
 * Threads  main. A job's memory belongs to the worker from the enqueue until `done` is set, so nothing is freed early.
 */
#include "dataplane/jobs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

/* One question: a job for each worker asked. */
struct question {
	TAILQ_ENTRY(question) link;
	tw_jobs_done done;
	void *arg;
	struct tw_flow_filter *filter; /* owned; NULL = none */
	unsigned n;
	struct tw_job *job[];
};

struct tw_jobs {
	struct tw_worker *const *workers;
	unsigned n_workers;
	struct event *timer;
	TAILQ_HEAD(, question) open;
};

static void free_question(struct question *q)
{
	for (unsigned i = 0; i < q->n; i++) {
		if (q->job[i])
			free(q->job[i]->flows);
		free(q->job[i]);
	}
	tw_flow_filter_destroy(q->filter);
	free(q);
}

static struct question *new_question(unsigned n, tw_jobs_done done, void *arg)
{
	struct question *q = calloc(1, sizeof(*q) + n * sizeof(struct tw_job *));

	if (!q)
		return NULL;
	q->done = done;
	q->arg = arg;
	for (q->n = 0; q->n < n; q->n++) {
		q->job[q->n] = calloc(1, sizeof(struct tw_job));
		if (!q->job[q->n]) {
			free_question(q);
			return NULL;
		}
	}
	return q;
}

static bool finished(const struct question *q)
{
	for (unsigned i = 0; i < q->n; i++)
		if (!atomic_load_explicit(&q->job[i]->done, memory_order_acquire))
			return false;
	return true;
}

static void look(evutil_socket_t fd, short what, void *arg)
{
	const struct timeval millisecond = { .tv_usec = 1000 };
	struct tw_jobs *jobs = arg;
	struct question *q = TAILQ_FIRST(&jobs->open), *next;

	for (; q; q = next) {
		next = TAILQ_NEXT(q, link);
		if (!finished(q))
			continue;
		TAILQ_REMOVE(&jobs->open, q, link);
		if (q->done)
			q->done(q->job, q->n, q->arg);
		free_question(q);
	}
	if (!TAILQ_EMPTY(&jobs->open))
		evtimer_add(jobs->timer, &millisecond);
}

struct tw_jobs *tw_jobs_create(struct event_base *base, struct tw_worker *const *workers, unsigned n_workers)
{
	struct tw_jobs *jobs = calloc(1, sizeof(*jobs));

	if (!jobs)
		return NULL;
	jobs->workers = workers;
	jobs->n_workers = n_workers;
	TAILQ_INIT(&jobs->open);
	jobs->timer = evtimer_new(base, look, jobs);
	if (!jobs->timer) {
		free(jobs);
		return NULL;
	}
	return jobs;
}

void tw_jobs_destroy(struct tw_jobs *jobs)
{
	struct question *q;

	if (!jobs)
		return;
	while ((q = TAILQ_FIRST(&jobs->open))) {
		TAILQ_REMOVE(&jobs->open, q, link);
		free_question(q);
	}
	event_free(jobs->timer);
	free(jobs);
}

static void start(struct tw_jobs *jobs, struct question *q)
{
	const struct timeval soon = { .tv_usec = 200 };

	TAILQ_INSERT_TAIL(&jobs->open, q, link);
	evtimer_add(jobs->timer, &soon);
}

/* A plain calloc is not aligned for struct tw_flow. */
static bool make_room(struct tw_job *job)
{
	job->flows = job->capacity ? aligned_alloc(64, job->capacity * sizeof(struct tw_flow)) : NULL;
	return job->flows || !job->capacity;
}

/* @param what the same for each worker */
static int ask_all(struct tw_jobs *jobs, const struct tw_job *what, tw_jobs_done done, void *arg,
		   struct question **asked)
{
	struct question *q = *asked = new_question(jobs->n_workers, done, arg);

	if (!q)
		return -ENOMEM;
	for (unsigned i = 0; i < q->n; i++) {
		struct tw_job *job = q->job[i];

		memcpy(job, what, sizeof(*job));
		if (!make_room(job) || rte_ring_full(jobs->workers[i]->jobs)) {
			int rc = what->capacity && !job->flows ? -ENOMEM : -EBUSY;

			free_question(q);
			return rc;
		}
	}
	for (unsigned i = 0; i < q->n; i++) /* main is the rings' one producer: there is still room */
		rte_ring_sp_enqueue(jobs->workers[i]->jobs, q->job[i]);
	start(jobs, q);
	return 0;
}

int tw_jobs_ask_all(struct tw_jobs *jobs, enum tw_job_kind kind, uint16_t slot, uint32_t capacity, tw_jobs_done done,
		    void *arg)
{
	const struct tw_job what = { .kind = kind, .slot = slot, .capacity = capacity };
	struct question *q;

	return ask_all(jobs, &what, done, arg, &q);
}

int tw_jobs_list(struct tw_jobs *jobs, struct tw_flow_filter *filter, uint32_t capacity, tw_jobs_done done, void *arg)
{
	const struct tw_job what = {
		.kind = TW_JOB_LIST, .slot = TW_SLOT_NONE, .filter = filter, .capacity = capacity
	};
	struct question *q;
	int rc = ask_all(jobs, &what, done, arg, &q);

	if (rc == 0)
		q->filter = filter;
	return rc;
}

int tw_jobs_move(struct tw_jobs *jobs, unsigned worker, uint16_t slot, uint16_t queue, uint32_t capacity,
		 tw_jobs_done done, void *arg)
{
	struct question *q = new_question(1, done, arg);

	if (!q)
		return -ENOMEM;
	*q->job[0] = (struct tw_job){ .kind = TW_JOB_MOVE, .slot = slot, .queue = queue, .capacity = capacity };
	if (!make_room(q->job[0]) || rte_ring_sp_enqueue(jobs->workers[worker]->jobs, q->job[0])) {
		int rc = q->job[0]->flows ? -EBUSY : -ENOMEM;

		free_question(q);
		return rc;
	}
	start(jobs, q);
	return 0;
}

int tw_jobs_put(struct tw_jobs *jobs, unsigned worker, struct tw_flow *flows, uint32_t n, tw_jobs_done done, void *arg)
{
	struct question *q = new_question(1, done, arg);

	if (!q)
		return -ENOMEM;
	*q->job[0] = (struct tw_job){ .kind = TW_JOB_PUT, .flows = flows, .n = n };
	if (rte_ring_sp_enqueue(jobs->workers[worker]->jobs, q->job[0])) {
		q->job[0]->flows = NULL;
		free_question(q);
		return -EBUSY;
	}
	start(jobs, q);
	return 0;
}
