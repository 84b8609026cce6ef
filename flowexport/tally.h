/* SPDX-License-Identifier: Apache-2.0 */
/* tally.h - flows, and what they counted: of a message, of all that was sent, of all that was lost. Plain values. */
#ifndef TW_FLOWEXPORT_TALLY_H
#define TW_FLOWEXPORT_TALLY_H

#include <stdint.h>

struct tw_flow_tally {
	uint64_t flows, packets, octets; /* octets: layer 3 */
	uint64_t first_ms, last_ms;      /* first and last time something was added, Unix epoch; 0 = never */
	uint64_t tests;                  /* of the flows: of trials (trial.h) */
};

/* The counts; the times are the owner's to set. */
static inline void tw_tally_add(struct tw_flow_tally *to, const struct tw_flow_tally *from)
{
	to->flows += from->flows;
	to->packets += from->packets;
	to->octets += from->octets;
	to->tests += from->tests;
}

/* What several have counted, and the time from the first to the last. */
static inline void tw_tally_join(struct tw_flow_tally *to, const struct tw_flow_tally *from)
{
	tw_tally_add(to, from);
	if (from->first_ms && (!to->first_ms || from->first_ms < to->first_ms))
		to->first_ms = from->first_ms;
	if (from->last_ms > to->last_ms)
		to->last_ms = from->last_ms;
}

#endif
