/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trial.h - known records from the controller to an exporter's collectors (flowexport/trial.h), by the sockets, sequences and
 *           templates that all records of the exporter have.
 *
 * Threads  its owner's, or under its owner's lock.
 */
#ifndef TW_CONTROLPLANE_CENTRAL_TRIAL_H
#define TW_CONTROLPLANE_CENTRAL_TRIAL_H

#include "controlplane/central/pumps.h"

enum tw_central_trial_state {
	TW_CENTRAL_TRIAL_NONE,
	TW_CENTRAL_TRIAL_ASKED,
	TW_CENTRAL_TRIAL_SENT,
	TW_CENTRAL_TRIAL_DONE
};

/* All zero: none. */
struct tw_central_trial {
	enum tw_central_trial_state state;
	uint64_t until_ms;                 /* monotonic: what has not been heard by then never will be */
	size_t n;                          /* of the exporter's pumps */
	uint64_t pumps[TW_COLLECTORS_MAX]; /* their numbers: an address may be another's by now */
	bool tried[TW_COLLECTORS_MAX];
	struct tw_export_trial
		result; /* name: of the exporter that is tried; when done without collectors there is none */
};

enum { TW_CENTRAL_TRIAL_MS = 5000 /* a pump that steps has its answer in TW_TRIAL_MS */ };

/** Send what was asked for, hear what has come of it. */
void tw_central_trial_carry(struct tw_central_trial *trial, const struct tw_pumps *pumps, uint64_t mono_ms);

#endif
