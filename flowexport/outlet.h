/* SPDX-License-Identifier: Apache-2.0 */
/*
 * outlet.h - the other way out of a switch: records as batches into a spool (common/spool.h), from which the host's agent takes
 *            them to the controller.
 *
 * Wanted   is what one of the exporters behind the controller tells: the rest is left out here, before it costs anything. Which
 *          exporter tells what, the controller knows.
 * Counted  a record is in the spool, or lost and counted in what the next batch says of those before it: the controller knows
 *          of every loss, whether it happened here, in the spool or on the way.
 * Threads  the exporter thread owns it and makes every call but tw_outlet_configure() and tw_outlet_get_stats().
 * Owns     the writing end of the spool.
 */
#ifndef TW_FLOWEXPORT_OUTLET_H
#define TW_FLOWEXPORT_OUTLET_H

#include <stdbool.h>
#include <stdint.h>

#include "flowexport/exporter.h"
#include "flowexport/record.h"
#include "flowexport/scope.h"

struct tw_outlet_config {
	char folder[256];    /* empty: records are not wanted */
	uint64_t max_octets; /* of the spool */
	uint64_t max_age_ms;
	uint64_t revision; /* of the model that this is of: batches say it, and none is of two */
	size_t n_scopes;
	struct tw_flow_scope scopes[TW_EXPORTERS_MAX]; /* a record is wanted if one of these has it */
};

struct tw_outlet_stats {
	uint64_t records, batches, octets; /* put into the spool */
	uint64_t lost_records;             /* could not be */
	uint64_t dropped_segments;         /* gone unsent: too much waited, or too long */
	uint64_t waiting_octets;           /* in the spool */
	char error[128];
};

struct tw_outlet;

/** @return one that wants no records, or NULL (no memory) */
struct tw_outlet *tw_outlet_create(void);
/** What is open goes into the spool first. Accepts NULL. */
void tw_outlet_destroy(struct tw_outlet *outlet);

/** As of the next tick. */
void tw_outlet_configure(struct tw_outlet *outlet, const struct tw_outlet_config *config);
void tw_outlet_get_stats(struct tw_outlet *outlet, struct tw_outlet_stats *stats);

/** Are records wanted at all? */
bool tw_outlet_is_open(const struct tw_outlet *outlet);
/** Borrows the record and who its ends are. Nothing if it is not wanted. */
void tw_outlet_add(struct tw_outlet *outlet, const struct tw_flow_record *record, const struct tw_flow_names *names);
/** What the metering process itself could not keep. */
void tw_outlet_note_lost(struct tw_outlet *outlet, uint64_t packets, uint64_t l3_octets);
/** Time passes: a batch that has waited goes. Call at least every 100 ms. now_ms: Unix epoch. */
void tw_outlet_tick(struct tw_outlet *outlet, uint64_t now_ms);

#endif
