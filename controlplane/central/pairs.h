/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pairs.h - what a pump of biflows has in hand: records that wait for their other direction, wherever that was metered, and those
 *           that have left and are on their way to the collector.
 *
 *   spool ── add ──▶ biflow.h ──▶ queue ── next ──▶ exporter ──▶ arrived: forgotten; returned: next gives it again
 *
 * Pairs do not leave in the order of the spool. So what returns is not read again but kept here until it has arrived; and the
 * cursor of a restart stays at the oldest record in hand (tw_pairs_first()).
 *
 * Threads  its owner's. Time is an argument.
 */
#ifndef TW_CONTROLPLANE_CENTRAL_PAIRS_H
#define TW_CONTROLPLANE_CENTRAL_PAIRS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/spool.h"
#include "controlplane/central/entry.h"
#include "flowexport/biflow.h"

struct tw_pairs;

/* Where a record was read, and who metered it. */
struct tw_pairs_place {
	struct tw_spool_position at; /* of its entry */
	uint64_t index;              /* of the entry's records, the first that is in hand */
	uint64_t ordinal;            /* of that record */
};

/** Ends the program without memory. */
struct tw_pairs *tw_pairs_create(void);
void tw_pairs_destroy(struct tw_pairs *pairs); /* accepts NULL */

/** Records of this entry follow. */
void tw_pairs_begin(struct tw_pairs *pairs, const struct tw_pairs_place *place, const struct tw_central_entry *entry);
void tw_pairs_add(struct tw_pairs *pairs, const struct tw_flow_record *record, uint64_t now_ms);
/** Those that have waited long enough go into the queue, or whatever waits if `all`. */
void tw_pairs_tick(struct tw_pairs *pairs, bool all, uint64_t now_ms);

/** What is to be exported next; it is on its way then. @param origin out: the forward direction's. @return NULL: nothing */
const struct tw_biflow_pair *tw_pairs_next(struct tw_pairs *pairs, struct tw_flow_origin *origin);
/** So many of those on their way have arrived, the first ones. */
void tw_pairs_arrived(struct tw_pairs *pairs, uint64_t n);
/** The others that were on their way have not: they are next. */
void tw_pairs_returned(struct tw_pairs *pairs);

/** Where the oldest record in hand stands in the spool. @return false: nothing is in hand */
bool tw_pairs_first(const struct tw_pairs *pairs, struct tw_pairs_place *place);
/** Pairs and records in the queue that are not on their way. */
size_t tw_pairs_queued(const struct tw_pairs *pairs);
/** Entries of which records are in hand. */
size_t tw_pairs_entries(const struct tw_pairs *pairs);
struct tw_biflow_counts tw_pairs_counts(const struct tw_pairs *pairs);

#endif
