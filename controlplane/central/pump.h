/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pump.h - one exporter of the controller: reads the spool from where it was, and exports; while the collector is away, it waits.
 *
 *   spool ── entries ──▶ tw_exporter ──▶ collector
 *             ▲ back to where the collector has not had it        cursor: kept, what need not be read again
 *
 * TCP      the cursor follows what the collector's host has acknowledged. What was not when a connection broke is read again.
 * UDP      the cursor follows what was sent; what was refused (ICMP) is read again once the collector takes messages. What the
 *          network loses shows at the collector, in the sequence.
 * Biflows  of an exporter of biflows records wait for their other direction, whichever host metered it, and do not leave in the spool's
 *          order (pairs.h). The cursor stays at the oldest that waits or is on its way: a controller that is killed then sends up to ten
 *          seconds of records again.
 * Lost     a record that the spool had to give up before it was read is counted, and told to the collector.
 *
 * Threads  its owner's. Time is an argument.
 */
#ifndef TW_CONTROLPLANE_CENTRAL_PUMP_H
#define TW_CONTROLPLANE_CENTRAL_PUMP_H

#include "controlplane/central/cursors.h"
#include "controlplane/central/plan.h"

struct tw_pump;

/**
 * @param start  where to begin if there is no cursor
 */
struct tw_pump *tw_pump_create(const char *folder, struct tw_cursors *cursors, const struct tw_central_pump *config,
			       const struct tw_exporter_config *common, const struct tw_cursor *start);
/** What is open is sent. Accepts NULL. */
void tw_pump_destroy(struct tw_pump *pump, uint64_t now_ms);

/**
 * The exporter does not go this way any more, as of a revision of the model: what hosts kept by earlier ones is exported still.
 * Its cursor knows; tw_pump_create() with it goes on behind the gap, as tw_pump_revive() does.
 */
void tw_pump_end(struct tw_pump *pump, uint64_t revision);
/** It goes this way again. */
void tw_pump_revive(struct tw_pump *pump, uint64_t revision);
/**
 * Give up what has not been exported: count it. In parts, so that nothing else waits.
 * @param n counted up
 * @return true: that was all
 */
bool tw_pump_give_up(struct tw_pump *pump, uint64_t *n);
/** The first revision of the model by which hosts kept records for this exporter. */
uint64_t tw_pump_since(const struct tw_pump *pump);

/** Is this the same exporter to the same collectors? */
bool tw_pump_is(const struct tw_pump *pump, const struct tw_central_pump *config);
/** New intervals, names and scope. */
void tw_pump_configure(struct tw_pump *pump, const struct tw_central_pump *config,
		       const struct tw_exporter_config *common);

/** Read and send. Call at least every 50 ms. @return true: there is more to do at once */
bool tw_pump_step(struct tw_pump *pump, uint64_t now_ms);

/** Send what is open and hear what became of it; read nothing more. */
void tw_pump_settle(struct tw_pump *pump, uint64_t now_ms);
/** Has everything met its fate that was read? */
bool tw_pump_is_settled(const struct tw_pump *pump);

/** What lies before is not needed any more. */
struct tw_spool_position tw_pump_needed(const struct tw_pump *pump);
/**
 * What each of its collectors has had.
 * @param lost out: records given up by the spool before they were read
 * @return how many collectors
 */
size_t tw_pump_get_stats(const struct tw_pump *pump, struct tw_exporter_stats stats[static TW_TARGETS_MAX],
			 uint64_t *lost);
/** Send known records to its collectors; see tw_exporter_try() and tw_exporter_tried(). */
int tw_pump_try(struct tw_pump *pump);
bool tw_pump_tried(struct tw_pump *pump, struct tw_export_trial *result);
/** Of this pump alone, for as long as the program runs. */
uint64_t tw_pump_number(const struct tw_pump *pump);
/** Of its cursor. */
const char *tw_pump_key(const struct tw_pump *pump);
/** The exporter's. */
const char *tw_pump_name(const struct tw_pump *pump);

#endif
