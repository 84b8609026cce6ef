/* SPDX-License-Identifier: Apache-2.0 */
/* mirror_status.c - what mirrors have counted as messages: in a host's status, and along with a port that moves. Main. */
#include <stdlib.h>
#include <string.h>

#include "dataplane/switch.h"

Tw__MirrorStatus *tw_mirror_status(const struct tw_mirror_stats *stats)
{
	Tw__MirrorStatus *out = malloc(sizeof(*out));
	const struct tw_tap_counters *taps = &stats->taps;

	if (!out)
		return NULL;
	tw__mirror_status__init(out);
	out->packets = stats->sink.packets + taps->sent;
	out->octets = stats->sink.octets + taps->octets;
	out->seen = taps->seen;
	out->filtered = taps->filtered;
	out->sampled_out = taps->sampled_out;
	out->failed = stats->sink.failed + taps->failed;
	out->shed_budget = taps->shed_budget;
	out->shed_full = stats->sink.shed + taps->shed_full;
	out->shed_absent = taps->shed_absent;
	out->shed_memory = taps->shed_memory;
	out->shed = out->shed_budget + out->shed_full + out->shed_absent + out->shed_memory;
	out->sequence = stats->sink.sequence;
	if (tw_status_set_text(&out->name, stats->name) && tw_status_set_text(&out->path, stats->path) &&
	    tw_status_set_text(&out->to, stats->to) && tw_status_set_text(&out->error, stats->error))
		return out;
	tw__mirror_status__free_unpacked(out, NULL);
	return NULL;
}

static struct tw_tap_counters counters_of(const Tw__MirrorStatus *mirror)
{
	return (struct tw_tap_counters){ .seen = mirror->seen,
					 .filtered = mirror->filtered,
					 .sampled_out = mirror->sampled_out,
					 .sent = mirror->packets,
					 .octets = mirror->octets,
					 .failed = mirror->failed,
					 .shed_budget = mirror->shed_budget,
					 .shed_full = mirror->shed_full,
					 .shed_absent = mirror->shed_absent,
					 .shed_memory = mirror->shed_memory };
}

bool tw_mirrors_take(struct tw_mirrors *mirrors, bool (*stays)(void *arg, uint32_t number), void *arg,
		     Tw__PortState *state)
{
	struct tw_mirror_stats *stats = calloc(TW_MIRRORS_MAX, sizeof(*stats));
	bool whole;
	size_t n;

	state->mirrors = calloc(TW_MIRRORS_MAX, sizeof(state->mirrors[0]));
	whole = stats && state->mirrors;
	n = whole ? tw_mirrors_give(mirrors, state->number, stays, arg, stats) : 0;
	for (size_t i = 0; i < n && whole; i++) {
		Tw__MirrorStatus *mirror = tw_mirror_status(&stats[i]);

		whole = mirror != NULL;
		if (whole)
			state->mirrors[state->n_mirrors++] = mirror;
	}
	free(stats);
	return whole;
}

void tw_mirrors_put(struct tw_mirrors *mirrors, const Tw__PortState *state)
{
	for (size_t i = 0; i < state->n_mirrors; i++) {
		const struct tw_tap_counters count = counters_of(state->mirrors[i]);

		tw_mirrors_accept(mirrors, state->mirrors[i]->name, &count, state->mirrors[i]->sequence);
	}
}
