/* SPDX-License-Identifier: Apache-2.0 */
/* rate.c - limits at work; see rate.h. The worker. */
#include "dataplane/rate.h"

#include <string.h>

#include "dataplane/worker.h"

enum {
	OCTETS_MIN = 128 << 10,
	FRAMES_MIN = TW_BURST,
	SHAPE_BURST_MIN = 2 * 1518,
	QUEUE_MAX = 1 << 26,
	TICKS_PER_NS = TW_TICKS_PER_S / 1000000000,
};

#define NS_MOST (UINT64_C(1) << 56) /* two years: no sum goes round the clock */

uint64_t tw_rate_burst_octets(uint64_t bits_per_second)
{
	uint64_t burst = bits_per_second / 8 / 100;

	return burst > OCTETS_MIN ? burst : OCTETS_MIN;
}

uint64_t tw_rate_burst_frames(uint64_t frames_per_second)
{
	uint64_t burst = frames_per_second / 10;

	return burst > FRAMES_MIN ? burst : FRAMES_MIN;
}

uint64_t tw_rate_shape_burst(uint64_t bits_per_second)
{
	uint64_t burst = bits_per_second / 8 / 1000;

	return burst > SHAPE_BURST_MIN ? burst : SHAPE_BURST_MIN;
}

uint32_t tw_rate_shape_queue(uint64_t bits_per_second)
{
	uint64_t queue = bits_per_second / 8 / 20;

	return queue < OCTETS_MIN ? OCTETS_MIN : queue < QUEUE_MAX ? (uint32_t)queue : QUEUE_MAX;
}

uint32_t tw_rate_shape_wait(uint64_t bits_per_second, uint32_t ms)
{
	uint64_t octets = bits_per_second / 8 * ms / 1000; /* 10^12 * 10^4 fits */

	return octets < 1 ? 1 : octets < QUEUE_MAX ? (uint32_t)octets : QUEUE_MAX;
}

uint64_t tw_rate_ticks(const struct tw_worker *w, uint64_t tsc)
{
	return (uint64_t)((unsigned __int128)tsc * w->ticks_per_tsc >> 32);
}

uint64_t tw_rate_now(const struct tw_worker *w)
{
	return tw_rate_ticks(w, w->round_tsc);
}

void tw_rate_debts(struct tw_rate_state *state, uint64_t now, uint64_t ns[static TW_RATE_BUCKETS])
{
	for (unsigned i = 0; i < TW_RATE_BUCKETS; i++) {
		int64_t ahead = (int64_t)(atomic_load_explicit(&state->full_at[i], memory_order_relaxed) - now);

		ns[i] = ahead > 0 ? (uint64_t)ahead / TICKS_PER_NS : 0;
	}
}

void tw_rate_set_debts(struct tw_rate_state *state, uint64_t now, const uint64_t *ns, size_t n)
{
	for (size_t i = 0; i < n && i < TW_RATE_BUCKETS; i++) {
		uint64_t debt = (ns[i] < NS_MOST ? ns[i] : NS_MOST) * TICKS_PER_NS;

		atomic_store_explicit(&state->full_at[i], now + debt, memory_order_relaxed);
	}
}

bool tw_rate_take(const struct tw_worker *w, const struct tw_rate *r, uint16_t slot, enum tw_rate_bucket first,
		  uint64_t octets, uint64_t frames, bool whole)
{
	const struct tw_bucket *b = &r->bucket[first];
	tw_bucket_state *full_at = &w->rates[slot].full_at[first];
	uint64_t now = tw_rate_now(w);

	if (!tw_bucket_take(&b[0], &full_at[0], now, octets, whole))
		return false;
	if (tw_bucket_take(&b[1], &full_at[1], now, frames, whole))
		return true;
	tw_bucket_give_back(&b[0], &full_at[0], octets);
	return false;
}

uint16_t tw_rate_police(const struct tw_worker *w, const struct tw_rate *r, uint16_t slot, struct rte_mbuf **m,
			uint16_t n)
{
	struct rte_mbuf *refused[TW_BURST];
	uint64_t octets = 0;
	uint16_t kept = 0, n_refused = 0;

	for (uint16_t i = 0; i < n; i++)
		octets += m[i]->pkt_len;
	if (__builtin_expect(tw_rate_take(w, r, slot, TW_RATE_OUT_OCTETS, octets, n, false), 1))
		return n;
	for (uint16_t i = 0; i < n; i++) {
		if (tw_rate_take(w, r, slot, TW_RATE_OUT_OCTETS, m[i]->pkt_len, 1, true))
			m[kept++] = m[i];
		else
			refused[n_refused++] = m[i];
	}
	for (uint16_t i = 0; i < n_refused; i++)
		m[kept + i] = refused[i];
	return kept;
}

enum tw_rate_bucket tw_rate_storm_of(const uint8_t dst_mac[6])
{
	static const uint8_t all[6] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };

	if (!(dst_mac[0] & 1))
		return TW_RATE_STORM_UNKNOWN;
	return memcmp(dst_mac, all, 6) == 0 ? TW_RATE_STORM_BROADCAST : TW_RATE_STORM_MULTICAST;
}

enum tw_drop tw_rate_storm(const struct tw_worker *w, const struct tw_rate *r, const struct tw_key *key)
{
	enum tw_rate_bucket which = tw_rate_storm_of(key->dst_mac);

	if (tw_bucket_take(&r->bucket[which], &w->rates[key->in].full_at[which], tw_rate_now(w), 1, true))
		return TW_DROPS;
	return which == TW_RATE_STORM_BROADCAST   ? TW_DROP_STORM_BROADCAST
	       : which == TW_RATE_STORM_MULTICAST ? TW_DROP_STORM_MULTICAST
						  : TW_DROP_STORM_UNKNOWN;
}
