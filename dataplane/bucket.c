/* SPDX-License-Identifier: Apache-2.0 */
/* bucket.c - what a rate and a burst are in ticks; see bucket.h. Pure, any thread. */
#include "dataplane/bucket.h"

/* Of a bucket and of a debt: 52 days. Sums of two stay far from half the clock's range. */
#define TICKS_MOST (UINT64_C(1) << 58)

static uint64_t at_most(unsigned __int128 ticks)
{
	return ticks < TICKS_MOST ? (uint64_t)ticks : TICKS_MOST;
}

static uint64_t worth(const struct tw_bucket *b, uint64_t tokens)
{
	return at_most((unsigned __int128)tokens * b->cost >> TW_BUCKET_SHIFT);
}

void tw_bucket_init(struct tw_bucket *b, uint64_t per_second, unsigned units_per_token, uint64_t burst,
		    uint64_t largest)
{
	*b = (struct tw_bucket){ .per_second = per_second, .burst = burst };
	if (per_second == 0)
		return;
	b->cost = ((TW_TICKS_PER_S * units_per_token) << TW_BUCKET_SHIFT) / per_second;
	b->cost += b->cost == 0; /* rates beyond any wire */
	b->depth = worth(b, burst);
	b->debt_max = worth(b, burst > largest ? burst : largest);
}
