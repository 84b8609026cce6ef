/* SPDX-License-Identifier: Apache-2.0 */
/*
 * job.c - what main asks of a worker's flow cache; see struct tw_job in worker.h.
 *
 * Threads  the worker. The job's memory is main's until `done`; the worker writes it in between.
 */
#include "dataplane/job.h"

#include "dataplane/expire.h"
#include "dataplane/flow_lookup.h"

enum { PIECE = 256 };

/* @return false: cannot go on now (the record ring is full), try this entry again */
static bool handle_entry(struct tw_worker *w, const struct tw_snapshot *s, struct tw_job *job, struct tw_flow *f)
{
	if (!f->live || (job->slot != TW_SLOT_NONE && f->key.in != job->slot))
		return true;
	if (job->kind == TW_JOB_END) {
		if (!tw_expire_flush(w, s, f, TW_FLOW_END_FORCED))
			return false;
		tw_flow_cache_remove(&w->cache, f);
		job->total++;
		return true;
	}
	/* Only flows this host counts are anyone's business. */
	if (f->verdict.flags & TW_V_METER) {
		if (job->n < job->capacity)
			job->flows[job->n++] = *f;
		else if (job->kind == TW_JOB_TAKE)
			return tw_expire_flush(w, s, f, TW_FLOW_END_FORCED) &&
			       (tw_flow_cache_remove(&w->cache, f), true);
		job->total++;
	}
	if (job->kind == TW_JOB_TAKE)
		tw_flow_cache_remove(&w->cache, f);
	return true;
}

/* A flow that came along with a port: it joins what the new place has already counted. */
static bool put(struct tw_worker *w, const struct tw_flow *in)
{
	uint32_t hash = tw_key_hash(&in->key);
	struct tw_flow *f = tw_flow_cache_find(&w->cache, &in->key, hash);

	if (!f)
		f = tw_flow_cache_add(&w->cache, &in->key, hash);
	if (!f)
		return false;
	if (f->packets == 0 || (int32_t)(in->first_ms - f->first_ms) < 0)
		f->first_ms = in->first_ms;
	if (f->packets == 0 || (int32_t)(in->last_ms - f->last_ms) > 0)
		f->last_ms = in->last_ms;
	if (f->generation ==
	    0) { /* not decided here yet: until it is, its record says what it was where it came from */
		f->verdict = in->verdict;
		f->verdict.flags |= TW_V_METER;
	}
	f->usual = 0;
	f->packets += in->packets;
	f->l3_octets += in->l3_octets;
	f->l2_octets += in->l2_octets;
	f->tcp_flags |= in->tcp_flags;
	f->min_ttl = in->min_ttl < f->min_ttl ? in->min_ttl : f->min_ttl;
	f->max_ttl = in->max_ttl > f->max_ttl ? in->max_ttl : f->max_ttl;
	f->min_len = in->min_len < f->min_len ? in->min_len : f->min_len;
	f->max_len = in->max_len > f->max_len ? in->max_len : f->max_len;
	return true;
}

static void put_some(struct tw_worker *w, struct tw_job *job)
{
	for (int i = 0; i < PIECE && job->cursor < job->n; i++, job->cursor++)
		job->total += put(w, &job->flows[job->cursor]);
}

static void scan_some(struct tw_worker *w, const struct tw_snapshot *s, struct tw_job *job)
{
	for (int i = 0; i < PIECE && job->cursor < w->cache.capacity; i++, job->cursor++)
		if (!handle_entry(w, s, job, &w->cache.flows[job->cursor]))
			return;
}

void tw_job_some(struct tw_worker *w, const struct tw_snapshot *s)
{
	struct tw_job *job = w->job;

	if (!job) {
		if (rte_ring_sc_dequeue(w->jobs, (void **)&job))
			return;
		w->job = job;
	}
	if (job->kind == TW_JOB_PUT)
		put_some(w, job);
	else
		scan_some(w, s, job);
	if (job->cursor < (job->kind == TW_JOB_PUT ? job->n : w->cache.capacity))
		return;
	w->job = NULL;
	w->stats.jobs++;
	atomic_store_explicit(&job->done, true, memory_order_release);
}
