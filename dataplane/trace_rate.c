/* SPDX-License-Identifier: Apache-2.0 */
/* trace_rate.c - what the limits of a port have to say to a frame; see trace.h. Main (pure). */
#include <inttypes.h>

#include "dataplane/rate.h"
#include "dataplane/trace.h"

static void note(struct tw_trace *t, enum tw_stage stage, const struct tw_bucket *b, const char *what,
		 const char *units)
{
	if (b->cost)
		tw_trace_note(t, stage, "%s %" PRIu64 " %s, %" PRIu64 " at once", what, b->per_second, units, b->burst);
}

void tw_trace_police(struct tw_trace *t, const struct tw_snapshot *s, uint16_t in)
{
	const struct tw_rate *r = s->slot[in].rate;

	if (r) {
		note(t, TW_STAGE_police, &r->bucket[TW_RATE_IN_OCTETS], "ingress rate", "bit/s");
		note(t, TW_STAGE_police, &r->bucket[TW_RATE_IN_FRAMES], "ingress frames", "a second");
	}
	if (!t->text[TW_STAGE_police][0])
		tw_trace_note(t, TW_STAGE_police, "no limit on what %s sends", tw_trace_name(t, in, 0));
}

void tw_trace_storm(struct tw_trace *t, const struct tw_snapshot *s, const struct tw_key *key)
{
	static const char *const what[] = { [TW_RATE_STORM_BROADCAST] = "broadcasts",
					    [TW_RATE_STORM_MULTICAST] = "multicasts",
					    [TW_RATE_STORM_UNKNOWN] = "unknown unicasts" };
	enum tw_rate_bucket which = tw_rate_storm_of(key->dst_mac);

	note(t, TW_STAGE_storm, &s->slot[key->in].rate->bucket[which], what[which], "a second");
}

void tw_trace_limit(struct tw_trace *t, const struct tw_snapshot *s, uint16_t out)
{
	const struct tw_rate *r = s->slot[out].rate;

	if (r && r->bucket[TW_RATE_SHAPE].cost) {
		tw_trace_note(t, TW_STAGE_shape, "for %s", tw_trace_name(t, out, 0));
		note(t, TW_STAGE_shape, &r->bucket[TW_RATE_SHAPE], "shaped to", "bit/s");
		tw_trace_note(t, TW_STAGE_shape, "beyond it frames wait, up to %u octets", r->queue_octets);
	}
	if (!r || !r->out) {
		tw_trace_note(t, TW_STAGE_limit, "no limit on what %s gets", tw_trace_name(t, out, 0));
		return;
	}
	tw_trace_note(t, TW_STAGE_limit, "for %s", tw_trace_name(t, out, 0));
	note(t, TW_STAGE_limit, &r->bucket[TW_RATE_OUT_OCTETS], "egress rate", "bit/s");
	note(t, TW_STAGE_limit, &r->bucket[TW_RATE_OUT_FRAMES], "egress frames", "a second");
}
