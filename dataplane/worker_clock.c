/* SPDX-License-Identifier: Apache-2.0 */
/* worker_clock.c - what a worker's time-stamp counter says in milliseconds, in Unix time and in a bucket's ticks; see worker.h. */
#include <rte_cycles.h>

#include "common/clock.h"
#include "dataplane/bucket.h"
#include "dataplane/tsc.h"
#include "dataplane/worker.h"

enum { NS_PER_MS = 1000000 };

/* Milliseconds begin when those of Unix time do: what is cut off either is cut off both. */
void tw_worker_clock_init(struct tw_worker *w)
{
	uint64_t hz = tw_tsc_hz(), tsc = rte_rdtsc(), ns = tw_clock_real_ns();

	w->tsc_base = tsc - ns % NS_PER_MS * hz / 1000000000;
	w->ms_per_tsc = (uint64_t)(((unsigned __int128)1000 << 64) / hz);
	w->ticks_per_tsc = (uint64_t)(((unsigned __int128)TW_TICKS_PER_S << 32) / hz);
	atomic_store_explicit(&w->epoch_ms, ns / NS_PER_MS, memory_order_relaxed);
	w->cache.now_ms = 0;
}

/* Nanoseconds, as far as 2^64 goes: 584 years. */
static uint64_t elapsed_ns(const struct tw_worker *w, uint64_t tsc)
{
	return (uint64_t)((((unsigned __int128)(tsc - w->tsc_base) * w->ms_per_tsc) >> 44) * NS_PER_MS >> 20);
}

void tw_worker_clock_follow(struct tw_worker *w)
{
	uint64_t epoch_ns = tw_clock_real_ns() - elapsed_ns(w, rte_rdtsc());
	uint64_t epoch = atomic_load_explicit(&w->epoch_ms, memory_order_relaxed);
	int64_t off = (int64_t)(epoch_ns - epoch * NS_PER_MS);

	if (off > NS_PER_MS * 3 / 4 || off < -NS_PER_MS * 3 / 4)
		atomic_store_explicit(&w->epoch_ms, (epoch_ns + NS_PER_MS / 2) / NS_PER_MS, memory_order_relaxed);
}

struct tw_flow_clock tw_worker_clock(const struct tw_worker *w)
{
	uint64_t ms = tw_worker_ms(w, rte_rdtsc());

	return (struct tw_flow_clock){ .now_ms = (uint32_t)ms, .now_unix_ms = tw_worker_unix_ms(w, ms) };
}
