/* SPDX-License-Identifier: Apache-2.0 */
/* sample.c - one frame in so many; see sample.h. The worker. */
#include "dataplane/sample.h"

#include <rte_random.h>

#include "dataplane/expire.h"

enum { PIECE = 64 }; /* entries a round: each that ends is three lines that are in no cache, and a record */

/* A guest cannot know which frame it will be: DPDK's generator is the thread's own, and seeded by the processor or the kernel. */
static void begin_run(struct tw_sampler *sampler)
{
	uint32_t interval = tw_sampling_interval(sampler->sampling);

	sampler->position = 0;
	sampler->pick = (uint16_t)(tw_sampling_is_random(sampler->sampling) ? rte_rand_max(interval) : interval - 1);
}

void tw_sampler_set(struct tw_sampler *sampler, uint16_t sampling)
{
	sampler->sampling = sampling;
	begin_run(sampler);
}

bool tw_sampler_takes(struct tw_sampler *sampler)
{
	bool taken = sampler->position == sampler->pick;

	if (++sampler->position == tw_sampling_interval(sampler->sampling))
		begin_run(sampler);
	return taken;
}

void tw_sample_settle(struct tw_worker *w, const struct tw_snapshot *s)
{
	struct tw_sampler *sampler = &w->sampler;

	if (s->sampling != sampler->sampling) {
		tw_sampler_set(sampler, s->sampling);
		sampler->left = w->cache.top;
	}
	for (int i = 0; i < PIECE && sampler->left; i++, sampler->left--) {
		struct tw_flow *f = &w->cache.flows[sampler->left - 1];

		if (f->live && tw_flow_sampling(f) != sampler->sampling &&
		    !tw_expire_flush(w, s, f, TW_FLOW_END_FORCED))
			return; /* the record ring is full */
	}
}
