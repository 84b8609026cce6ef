/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pumps.h - the exporters of the controller: those that the model has, and those that are on their way out.
 *
 * Ending   one that is deleted, disabled or goes another way has records in the spools that its hosts kept before they knew. They
 *          are exported still, for TW_ENDING_MS; what is left then is given up, counted and said.
 * Once     a host says by which revision of the model it kept a batch. So a record that went to the collector directly does not
 *          go there by the controller, too, and the other way round, whenever each host heard of the change.
 *
 * Threads  its owner's. Time is an argument.
 */
#ifndef TW_CONTROLPLANE_CENTRAL_PUMPS_H
#define TW_CONTROLPLANE_CENTRAL_PUMPS_H

#include "controlplane/central/pump.h"

enum { TW_ENDING_MS = 10000 /* hosts hear of a change, and send what they have, within a second or two */ };

struct tw_ending_pump {
	struct tw_pump *pump;
	uint64_t until_ms; /* monotonic: it exports */
	uint64_t given_up; /* records, counted so far */
};

/* All zero but for folder and cursors: none runs. */
struct tw_pumps {
	const char *folder;         /* of the spool */
	struct tw_cursors *cursors; /* borrowed */
	size_t n, n_ending;
	struct tw_pump *items[TW_TARGETS_MAX]; /* those of an exporter side by side */
	struct tw_ending_pump ending[TW_TARGETS_MAX];
	uint64_t given_up; /* records of all that have ended */
};

/** What the model says now. @param end of the spool: a new exporter begins there */
void tw_pumps_set(struct tw_pumps *pumps, const struct tw_central_plan *plan, const struct tw_cursor *end,
		  uint64_t mono_ms);
/** Read and send. Call at least every 50 ms. @return true: there is more to do at once */
bool tw_pumps_step(struct tw_pumps *pumps, uint64_t mono_ms, uint64_t now_ms);
/** Before the end: what has been sent is given time to arrive, else it is sent again at the next start. */
void tw_pumps_drain(struct tw_pumps *pumps);
void tw_pumps_clear(struct tw_pumps *pumps);

/** What lies before is needed by none. @param end of the spool */
struct tw_spool_position tw_pumps_needed(const struct tw_pumps *pumps, struct tw_spool_position end);
/** The first revision of the model by which hosts kept records that one of them wants; UINT64_MAX = none wants any. */
uint64_t tw_pumps_since(const struct tw_pumps *pumps);

#endif
