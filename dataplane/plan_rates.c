/* SPDX-License-Identifier: Apache-2.0 */
/* plan_rates.c - a port's limits, as workers read them; see plan.h and rate.h. Main (pure). */
#include <stdlib.h>

#include "dataplane/plan.h"
#include "dataplane/rate.h"

enum { FRAME_MOST = 65536 + 64 /* a guest's super-frame with its tags */ };

/* @return there is a limit */
static bool bits(struct tw_rate *r, enum tw_rate_bucket which, const Tw__Rate *in)
{
	if (!in || !in->per_second)
		return false;
	tw_bucket_init(&r->bucket[which], in->per_second, 8,
		       in->burst ? in->burst : tw_rate_burst_octets(in->per_second), FRAME_MOST);
	return true;
}

static bool frames(struct tw_rate *r, enum tw_rate_bucket which, const Tw__Rate *in)
{
	if (!in || !in->per_second)
		return false;
	tw_bucket_init(&r->bucket[which], in->per_second, 1,
		       in->burst ? in->burst : tw_rate_burst_frames(in->per_second), 1);
	return true;
}

/* A frame that comes last leaves when all before it have: the time it may wait is octets that may be there. */
static uint32_t queue_of(const Tw__Shape *in)
{
	uint32_t wait = in->delay_ms ? tw_rate_shape_wait(in->per_second, in->delay_ms) : UINT32_MAX;

	if (!in->queue)
		return in->delay_ms ? wait : tw_rate_shape_queue(in->per_second);
	return in->queue < wait ? in->queue : wait;
}

static bool shape(struct tw_rate *r, const Tw__Shape *in)
{
	bool shaped = in && in->per_second;

	r->queue_octets = shaped ? queue_of(in) : tw_rate_shape_queue(UINT64_MAX);
	if (shaped)
		tw_bucket_init(&r->bucket[TW_RATE_SHAPE], in->per_second, 8, tw_rate_shape_burst(in->per_second),
			       FRAME_MOST);
	return shaped;
}

bool tw_plan_rates(const Tw__LocalPort *in, struct tw_plan_port *port)
{
	struct tw_rate *r = calloc(1, sizeof(*r));
	bool limited;

	if (!r)
		return false;
	limited = bits(r, TW_RATE_IN_OCTETS, in->ingress_rate);
	limited |= frames(r, TW_RATE_IN_FRAMES, in->ingress_pps);
	limited |= frames(r, TW_RATE_STORM_BROADCAST, in->storm_broadcast);
	limited |= frames(r, TW_RATE_STORM_MULTICAST, in->storm_multicast);
	limited |= frames(r, TW_RATE_STORM_UNKNOWN, in->storm_unknown);
	r->out = bits(r, TW_RATE_OUT_OCTETS, in->egress_rate);
	r->out |= frames(r, TW_RATE_OUT_FRAMES, in->egress_pps);
	limited |= shape(r, in->shape);
	if (limited || r->out)
		port->rate = r;
	else
		free(r);
	return true;
}
