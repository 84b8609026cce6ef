/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tried.h - what the exporter says of its collectors, as the messages of proto/: for the switch and the controller, which both
 *           export. A library of its own, so that flowexport itself knows no protocol.
 *
 * Threads  any; pure but for the caller's objects.
 */
#ifndef TW_FLOWEXPORT_TRIED_H
#define TW_FLOWEXPORT_TRIED_H

#include "flowexport/exporter.h"
#include "proto/envelope.pb-c.h"

Tw__CollectorStatus__State tw_status_of_collector(enum tw_collector_state state);

/* The message's parts are this object's own memory. */
struct tw_tried {
	struct tw_export_trial trial;
	Tw__ExporterTried message;
	Tw__CollectorTried collectors[TW_COLLECTORS_MAX], *collector_list[TW_COLLECTORS_MAX];
	Tw__TestFlow flows[TW_TRIAL_FLOWS], *flow_list[TW_TRIAL_FLOWS];
	char protocols[TW_TRIAL_FLOWS][16];
};

/** Make the message of tried->trial. It is valid as long as *tried stays where it is. */
Tw__ExporterTried *tw_tried_tell(struct tw_tried *tried);

#endif
