/* SPDX-License-Identifier: Apache-2.0 */
/* worker_clock.c - what a worker's time-stamp counter says in milliseconds and in a bucket's ticks; see worker.h. */
#include <rte_cycles.h>

#include "common/clock.h"
#include "dataplane/bucket.h"
#include "dataplane/worker.h"

void tw_worker_clock_init(struct tw_worker *w)
{
	w->tsc_base = rte_rdtsc();
	w->ms_per_tsc = (uint64_t)(((unsigned __int128)1000 << 64) / rte_get_tsc_hz());
	w->ticks_per_tsc = (uint64_t)(((unsigned __int128)TW_TICKS_PER_S << 32) / rte_get_tsc_hz());
	w->epoch_ms = tw_clock_real_ms();
	w->cache.now_ms = 0;
}

struct tw_flow_clock tw_worker_clock(const struct tw_worker *w)
{
	uint64_t ms = tw_worker_ms(w, rte_rdtsc());

	return (struct tw_flow_clock){ .now_ms = (uint32_t)ms, .now_unix_ms = w->epoch_ms + ms };
}
