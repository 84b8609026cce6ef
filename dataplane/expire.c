/* SPDX-License-Identifier: Apache-2.0 */
/*
 * expire.c - flows end; see expire.h.
 *
 * Threads  the worker.
 * Cost     a hand goes round the table about once a second: a few entries a burst, prefetched, never a stall.
 */
#include "dataplane/expire.h"

enum {
	SWEEP_MS = 1024, /* time for one round of the table */
	BUSY_MAX = 8,    /* entries a poll that had frames to handle */
	IDLE_MAX = 256,  /* entries a poll that had none */
	TCP_FIN = 0x01,
	TCP_RST = 0x04,
	TCP_LINGER_MS = 1000, /* the last ACKs of a closed connection belong to it */
	AHEAD = 8,            /* entries to prefetch ahead of the hand */
};

bool tw_expire_flush(struct tw_worker *w, const struct tw_snapshot *s, struct tw_flow *f, enum tw_flow_end reason)
{
	struct tw_flow_record record;

	if (f->packets == 0)
		return true;
	if (f->verdict.flags & TW_V_METER) {
		tw_flow_to_record(f, &s->slot[f->key.in], w->cache.now_ms, w->epoch_ms + tw_worker_ms(w, rte_rdtsc()),
				  (uint8_t)reason, &record);
		if (rte_ring_sp_enqueue_elem(w->records, &record, sizeof(record))) {
			w->stats.records_waited++;
			return false;
		}
	}
	f->packets = f->l3_octets = f->l2_octets = 0;
	f->tcp_flags = 0;
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

	if (quiet >= s->idle_timeout_ms)
		return TW_FLOW_END_IDLE;
	if (f->tcp_flags & (TCP_FIN | TCP_RST) && f->key.protocol == 6 && quiet >= TCP_LINGER_MS)
		return TW_FLOW_END_DETECTED;
	if (f->packets && now - f->first_ms >= s->active_timeout_ms)
		return TW_FLOW_END_ACTIVE;
	return (enum tw_flow_end)0;
}

static void look_at(struct tw_worker *w, const struct tw_snapshot *s, struct tw_flow *f)
{
	enum tw_flow_end reason = ended(s, f, w->cache.now_ms);

	if (reason == 0 || !tw_expire_flush(w, s, f, reason) || reason == TW_FLOW_END_ACTIVE)
		return;
	tw_flow_cache_remove(&w->cache, f);
}

void tw_expire_some(struct tw_worker *w, const struct tw_snapshot *s, uint32_t elapsed_ms, bool idle)
{
	struct tw_flow_cache *c = &w->cache;
	uint32_t most = idle ? IDLE_MAX : BUSY_MAX, n;

	if (elapsed_ms) {
		uint64_t owed = w->expiry_owed + (uint64_t)elapsed_ms * (c->capacity / SWEEP_MS + 1);

		w->expiry_owed = owed > c->capacity ? c->capacity : (uint32_t)owed;
	}
	n = w->expiry_owed < most ? w->expiry_owed : most;
	w->expiry_owed -= n;
	for (; n > 0; n--) {
		struct tw_flow *f = &c->flows[c->hand];

		__builtin_prefetch((const char *)&c->flows[(c->hand + AHEAD) & (c->capacity - 1)] + 64);
		if (f->live)
			look_at(w, s, f);
		c->hand = (c->hand + 1) & (c->capacity - 1);
	}
}
