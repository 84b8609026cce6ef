/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trial.h - known records for an exporter's collectors, so that whoever looks at the far end knows what there is to find.
 *
 * What      templates and options as at any announcement, a name for the test's interface number, and the flows below, from
 *           addresses that are for documentation alone (RFC 5737, RFC 3849, RFC 7042): no real traffic has them.
 * Sequence  they go the way of all records, so numbers stay right and the exporter's counts have them; they are counted
 *           apart, too. All collectors get them, also those that stand by.
 * Known     what was sent at once; whether it was refused a little later, when the answer of UDP has had its time.
 *
 * Threads   asked and answered under the exporter's lock by any control thread; everything else by the exporter thread.
 */
#ifndef TW_FLOWEXPORT_TRIAL_H
#define TW_FLOWEXPORT_TRIAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "flowexport/exporter.h"
#include "flowexport/group.h"

enum {
	TW_TRIAL_MS = 600, /* from sending to the answer: a round trip and some */
	/* Of no port (those count from 1), and still positive for readers that take it for signed. */
	TW_TRIAL_INTERFACE = INT32_MAX - 1,
};

/* Whom a mediator names for a trial's records: 192.0.2.254 (RFC 5737), domain 2147483646. */
extern const struct tw_flow_origin tw_trial_origin;

enum tw_trial_state { TW_TRIAL_NONE, TW_TRIAL_ASKED, TW_TRIAL_SENT, TW_TRIAL_DONE };

/* All zero: none. */
struct tw_trial {
	enum tw_trial_state state;
	uint64_t sent_ms;
	struct tw_export_trial result;
};

/** Send what was asked for. @param host the exporter's, for the records that say it */
void tw_trial_send(struct tw_trial *trial, const struct tw_export_group *groups, size_t n_groups, const char *host,
		   uint64_t now_ms);
/** Has the time for answers passed? Then the result is whole. @return true: it is now */
bool tw_trial_settle(struct tw_trial *trial, const struct tw_export_group *groups, size_t n_groups, uint64_t now_ms);

#endif
