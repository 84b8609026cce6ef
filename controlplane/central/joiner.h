/* SPDX-License-Identifier: Apache-2.0 */
/*
 * joiner.h - flows that a port's move has split: the record that the old host ended by force waits for the new host's first.
 *
 * A live migration takes its flows along and splits none (dataplane/handover.c). Other moves do: a port that is bound to
 * another host, a switch that could not be asked for its flows.
 *
 * Threads  its owner's. Time is an argument.
 */
#ifndef TW_CONTROLPLANE_CENTRAL_JOINER_H
#define TW_CONTROLPLANE_CENTRAL_JOINER_H

#include <stdbool.h>

#include "common/spool.h"
#include "flowexport/origin.h"
#include "flowexport/record.h"

enum {
	TW_JOINER_WAIT_MS = 75000, /* longer than the default active timeout: the new place's first record has come */
	TW_JOINER_MAX = 65536,     /* records that wait */
};

struct tw_joiner;

/* Where a record comes from. */
struct tw_joiner_source {
	struct tw_flow_origin origin;
	uint64_t revision;           /* of its batch */
	struct tw_spool_position at; /* where the spool has it */
};

/** Ends the program without memory (controlplane/mem.h). */
struct tw_joiner *tw_joiner_create(void);
void tw_joiner_destroy(struct tw_joiner *joiner); /* accepts NULL */

/** One flow's two records become one. */
void tw_flow_record_join(struct tw_flow_record *into, const struct tw_flow_record *other);

/**
 * Let a record wait. One of the same flow that waits already takes it in.
 * @return false: too many wait
 */
bool tw_joiner_hold(struct tw_joiner *joiner, const struct tw_flow_record *record,
		    const struct tw_joiner_source *source, uint64_t now_ms);

/** If a record of this flow waits: it waits no more, and is in *record. */
bool tw_joiner_join(struct tw_joiner *joiner, struct tw_flow_record *record);
/** The same without joining: the joined record has been seen. */
void tw_joiner_forget(struct tw_joiner *joiner, const struct tw_flow_record *record);

/** A record that has waited long enough, or any if `all`; it waits no more. @return false: there is none */
bool tw_joiner_take(struct tw_joiner *joiner, bool all, uint64_t now_ms, struct tw_flow_record *record,
		    struct tw_joiner_source *source);

size_t tw_joiner_count(const struct tw_joiner *joiner);
/** Where the spool has the first of those that wait. @return false: none waits */
bool tw_joiner_oldest(const struct tw_joiner *joiner, struct tw_spool_position *at);

#endif
