/* SPDX-License-Identifier: Apache-2.0 */
/*
 * expire.c - flows end; see expire.h.
 *
 * Threads  the worker.
 * Cost     a hand goes round the entries in use about once a second: a few a burst, prefetched, never a stall.
 */
#include "dataplane/expire.h"

#include <rte_ring_peek_zc.h>

#include "dataplane/flow_lookup.h"
#include "dataplane/learn.h"
#include "dataplane/overflow.h"
#include "dataplane/ownership.h"

enum {
	SWEEP_MS = 1024, /* time for one round of the table */
	BUSY_LEAST = 8,  /* entries a poll that had frames to handle; more when that is too few */
	BUSY_MOST = 64,
	IDLE_MAX = 256, /* entries a poll that had none */
	PIECE = 16,
	TCP_FIN = 0x01,
	TCP_RST = 0x04,
	TCP_LINGER_MS = 1000, /* the last ACKs of a closed connection belong to it */
	AHEAD = 8,            /* entries to prefetch ahead of the hand */
};

struct tw_flow_record *tw_expire_begin(struct tw_worker *w)
{
	struct rte_ring_zc_data room;

	if (rte_ring_enqueue_zc_bulk_elem_start(w->records, sizeof(struct tw_flow_record), 1, &room, NULL) == 0) {
		w->stats.records_waited++;
		return NULL;
	}
	return room.ptr1;
}

void tw_expire_finish(struct tw_worker *w)
{
	rte_ring_enqueue_zc_elem_finish(w->records, 1);
}

/* By its number, as its own host does. */
static void name_sender(const struct tw_snapshot *s, const struct tw_flow *f, struct tw_flow_record *r)
{
	r->key_flags |= TW_FLOW_KEY_SECOND;
	r->ingress = tw_ownership_number(s, f);
}

/* @return false: the ring is full */
static bool put_record(struct tw_worker *w, const struct tw_snapshot *s, const struct tw_flow *f,
		       enum tw_flow_end reason)
{
	struct tw_flow_record *r = tw_expire_begin(w);

	if (!r)
		return false;
	tw_flow_to_record(f, &s->slot[f->key.in], w->cache.now_ms, tw_worker_unix_ms(w, tw_worker_ms(w, w->round_tsc)),
			  (uint8_t)reason, r);
	if (f->verdict.flags & TW_V_SECOND)
		name_sender(s, f, r);
	tw_expire_finish(w);
	return true;
}

bool tw_expire_flush(struct tw_worker *w, const struct tw_snapshot *s, struct tw_flow *f, enum tw_flow_end reason)
{
	if (f->packets == 0)
		return true;
	if (f->verdict.flags & TW_V_STRANGER)
		tw_ownership_settle(s, f);
	if (f->verdict.flags & TW_V_METER && !put_record(w, s, f, reason))
		return false;
	if (f->verdict.flags & TW_V_EARLY)
		f->verdict.flags |= TW_V_TOLD;
	f->packets = f->l3_octets = f->l2_octets = 0;
	f->tcp_flags = 0;
	if (f->verdict.flags & TW_V_SAMPLE)
		f->seen = 0;
	else
		f->usual = 0;
	f->min_ttl = UINT8_MAX;
	f->max_ttl = 0;
	f->min_len = UINT16_MAX;
	f->max_len = 0;
	return true;
}

/* @return 0 = goes on */
static enum tw_flow_end ended(const struct tw_snapshot *s, const struct tw_flow *f, uint32_t now)
{
	uint32_t quiet = now - f->last_ms;

	if (tw_ownership_waits(f, now))
		return (enum tw_flow_end)0;
	if (quiet >= s->idle_timeout_ms)
		return TW_FLOW_END_IDLE;
	if (f->tcp_flags & (TCP_FIN | TCP_RST) && f->key.protocol == 6 && quiet >= TCP_LINGER_MS)
		return TW_FLOW_END_DETECTED;
	if (f->packets && now - f->first_ms >= s->active_timeout_ms)
		return TW_FLOW_END_ACTIVE;
	return (enum tw_flow_end)0;
}

/* The next of the entries that were ever in use. At the end of a round of them, those behind the last live one are left out. */
static struct tw_flow *next_entry(struct tw_flow_cache *c)
{
	struct tw_flow *f = &c->flows[c->hand];

	__builtin_prefetch((const char *)&c->flows[(c->hand + AHEAD) & (c->capacity - 1)] + 64);
	if (f->live && c->hand >= c->top_seen)
		c->top_seen = c->hand + 1;
	if (++c->hand >= c->top) {
		c->hand = 0;
		c->top = c->top_seen;
		c->top_seen = 0;
	}
	return f;
}

/* Since the hand came by last, or a little longer: the flow lives, and so does its MAC. */
static void keep_learned(struct tw_worker *w, const struct tw_snapshot *s, const struct tw_flow *f)
{
	if (f->generation && w->cache.now_ms - f->last_ms < 2 * SWEEP_MS)
		tw_learn_heard(w, s, f);
}

/*
 * Their cache misses overlap: first who has ended, then where each is found, then they end.
 * @param n    at most PIECE, and not beyond the last entry: none is met twice
 * @return false: the record ring is full, there is no use in going on
 */
static bool look_at_some(struct tw_worker *w, const struct tw_snapshot *s, uint32_t n)
{
	enum tw_flow_end why[PIECE];
	struct tw_flow *over[PIECE];
	unsigned k = 0;

	for (uint32_t i = 0; i < n; i++) {
		struct tw_flow *f = next_entry(&w->cache);
		enum tw_flow_end reason = f->live ? ended(s, f, w->cache.now_ms) : (enum tw_flow_end)0;

		if (f->live && f->verdict.flags & TW_V_LEARN)
			keep_learned(w, s, f);
		if (reason == 0)
			continue;
		__builtin_prefetch(&f->key);
		over[k] = f;
		why[k++] = reason;
	}
	for (unsigned i = 0; i < k; i++)
		tw_flow_prefetch_bucket(&w->cache, tw_key_hash(&over[i]->key));
	for (unsigned i = 0; i < k; i++) {
		if (!tw_expire_flush(w, s, over[i], why[i]))
			return false;
		if (why[i] != TW_FLOW_END_ACTIVE)
			tw_flow_cache_remove(&w->cache, over[i]);
	}
	return true;
}

/* More are looked at while the hand is behind by an eighth of its way, or a table whose flows come and go would fill. */
static void adapt(struct tw_worker *w)
{
	w->expiry_busy = w->expiry_owed > w->cache.top / 8 ? w->expiry_busy * 2 : w->expiry_busy / 2;
	w->expiry_busy = RTE_MIN(RTE_MAX(w->expiry_busy, (uint32_t)BUSY_LEAST), (uint32_t)BUSY_MOST);
}

static void note_time(struct tw_worker *w, uint32_t elapsed_ms)
{
	uint32_t top = w->cache.top;
	uint64_t owed = w->expiry_owed + (uint64_t)elapsed_ms * (top / SWEEP_MS + 1);

	w->expiry_owed = owed > top ? top : (uint32_t)owed;
}

void tw_expire_some(struct tw_worker *w, const struct tw_snapshot *s, uint32_t elapsed_ms, bool idle)
{
	const struct tw_flow_cache *c = &w->cache;
	uint32_t most = idle ? IDLE_MAX : RTE_MAX(w->expiry_busy, (uint32_t)BUSY_LEAST), looked = 0, piece;

	if (elapsed_ms)
		note_time(w, elapsed_ms);
	if (__builtin_expect(tw_overflow_is_due(w), 0))
		tw_overflow_flush(w, s, TW_SLOT_NONE);
	if (w->expiry_owed < most)
		most = w->expiry_owed;
	for (bool room = true; room && looked < most && c->top > 0; looked += piece) {
		piece = RTE_MIN(RTE_MIN(most - looked, (uint32_t)PIECE), c->top - c->hand);
		room = look_at_some(w, s, piece);
	}
	w->expiry_owed -= looked;
	if (elapsed_ms)
		adapt(w);
}
