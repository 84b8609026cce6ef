/* SPDX-License-Identifier: Apache-2.0 */
/*
 * job.c - what main asks of a worker's flow cache; see struct tw_job in worker.h.
 *
 * Threads  the worker. The job's memory is main's until `done`; the worker writes it in between.
 */
#include "dataplane/job.h"

#include "dataplane/expire.h"
#include "dataplane/flow_filter.h"
#include "dataplane/flow_lookup.h"
#include "dataplane/overflow.h"
#include "dataplane/meter.h"

enum {
	PIECE = 256,
	PIECE_SOUGHT = 64, /* where each may be compared with others */
	PIECE_ENDED = 64,  /* where each is three lines that are in no cache, and a record */
};

static bool is_meant(const struct tw_job *job, const struct tw_flow *f)
{
	return f->live && (job->slot == TW_SLOT_NONE || f->key.in == job->slot) &&
	       (job->kind != TW_JOB_MOVE || tw_flow_queue(f) == job->queue);
}

/* What has no counts to lose is not moved: its next frame makes it anew. */
static void move_entry(struct tw_worker *w, struct tw_job *job, struct tw_flow *f)
{
	if (f->verdict.flags & TW_V_METER && f->packets) {
		job->total++;
		if (job->n == job->capacity)
			return;
		job->flows[job->n++] = *f;
	}
	tw_flow_cache_remove(&w->cache, f);
}

static void look_at(const struct tw_worker *w, const struct tw_snapshot *s, struct tw_job *job, const struct tw_flow *f)
{
	const struct tw_flow_filter *filter = job->filter;

	if (!f->live || (f->verdict.flags & (TW_V_METER | TW_V_SECOND)) != TW_V_METER ||
	    !tw_flow_filter_fits(filter, f, s->slot[f->key.in].number))
		return;
	if (job->total == 0)
		job->base = w->cache.now_ms;
	job->total++;
	if (filter->order != TW__FLOW_ORDER__FLOWS_ANY)
		tw_flow_best_put(job->flows, &job->n, job->capacity, f, filter->order, job->base);
	else if (job->n < job->capacity)
		job->flows[job->n++] = *f;
}

/* @return false: cannot go on now (the record ring is full), try this entry again */
static bool handle_entry(struct tw_worker *w, const struct tw_snapshot *s, struct tw_job *job, struct tw_flow *f)
{
	if (!is_meant(job, f))
		return true;
	if (job->kind == TW_JOB_MOVE) {
		move_entry(w, job, f);
		return true;
	}
	if (job->kind == TW_JOB_END) {
		if (!tw_expire_flush(w, s, f, TW_FLOW_END_FORCED))
			return false;
		tw_flow_cache_remove(&w->cache, f);
		job->total++;
		return true;
	}
	/* Only flows this host counts are anyone's business. */
	if ((f->verdict.flags & (TW_V_METER | TW_V_SECOND)) == TW_V_METER) {
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

/* Would one record of them both be true? */
static bool may_join(const struct tw_flow *f, const struct tw_flow *in)
{
	if (f->generation == 0 && f->packets == 0)
		return true;
	return tw_flow_sampling(f) == tw_flow_sampling(in) &&
	       (f->generation == 0 || !tw_meter_told_apart(&f->verdict, &in->verdict));
}

/* Where a flow that came along is to go on; NULL = nowhere. */
static struct tw_flow *place_for(struct tw_worker *w, const struct tw_flow *in)
{
	uint32_t hash = tw_key_hash(&in->key);
	struct tw_flow *f = tw_flow_cache_find(&w->cache, &in->key, hash);

	if (f)
		return may_join(f, in) ? f : NULL;
	f = tw_flow_cache_add(&w->cache, &in->key, hash);
	if (f)
		f->live = in->live ? in->live : f->live;
	return f;
}

/* It joins what the new place has already counted. */
static void join(const struct tw_worker *w, struct tw_flow *f, const struct tw_flow *in)
{
	if (f->packets == 0 || (int32_t)(in->first_ms - f->first_ms) < 0)
		f->first_ms = in->first_ms;
	if (f->packets == 0 || (int32_t)(in->last_ms - f->last_ms) > 0)
		f->last_ms = in->last_ms;
	if ((int32_t)(w->cache.now_ms - f->last_ms) < 0) /* another worker's clock may be ahead a little */
		f->last_ms = w->cache.now_ms;
	/* Not decided here yet: until it is, its record says what it was where it came from. */
	if (f->generation == 0) {
		f->verdict = in->verdict;
		f->verdict.flags |= TW_V_METER;
	}
	if (in->verdict.flags & TW_V_SAMPLE) {
		f->seen = f->seen > UINT32_MAX - in->seen ? UINT32_MAX : f->seen + in->seen;
		f->sampling = in->sampling;
	} else {
		f->usual = 0;
	}
	f->packets += in->packets;
	f->l3_octets += in->l3_octets;
	f->l2_octets += in->l2_octets;
	f->tcp_flags |= in->tcp_flags;
	f->min_ttl = in->min_ttl < f->min_ttl ? in->min_ttl : f->min_ttl;
	f->max_ttl = in->max_ttl > f->max_ttl ? in->max_ttl : f->max_ttl;
	f->min_len = in->min_len < f->min_len ? in->min_len : f->min_len;
	f->max_len = in->max_len > f->max_len ? in->max_len : f->max_len;
}

static void put_some(struct tw_worker *w, const struct tw_snapshot *s, struct tw_job *job)
{
	for (int i = 0; i < PIECE && job->cursor < job->n; i++, job->cursor++) {
		struct tw_flow *in = &job->flows[job->cursor], *f = place_for(w, in);

		if (!f && !tw_expire_flush(w, s, in, TW_FLOW_END_FORCED))
			return;
		if (f) {
			join(w, f, in);
			job->total++;
		}
	}
}

static void scan_some(struct tw_worker *w, const struct tw_snapshot *s, struct tw_job *job)
{
	int piece = job->filter ? PIECE_SOUGHT : job->kind == TW_JOB_END ? PIECE_ENDED : PIECE;

	for (int i = 0; i < piece && job->cursor < w->cache.capacity; i++, job->cursor++)
		if (job->filter)
			look_at(w, s, job, &w->cache.flows[job->cursor]);
		else if (!handle_entry(w, s, job, &w->cache.flows[job->cursor]))
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
		put_some(w, s, job);
	else
		scan_some(w, s, job);
	if (job->cursor < (job->kind == TW_JOB_PUT ? job->n : w->cache.capacity))
		return;
	if (job->kind == TW_JOB_END && !tw_overflow_flush(w, s, job->slot))
		return;
	w->job = NULL;
	w->stats.jobs++;
	atomic_store_explicit(&job->done, true, memory_order_release);
}
