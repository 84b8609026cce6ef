/* SPDX-License-Identifier: Apache-2.0 */
/*
 * group.h - the collectors of one exporter: each gets every record, or one at a time does (choice.h).
 *
 * Warm     collectors that stand by are told templates, options and names like the others, so that each understands the
 *          first record it gets; and at a change they are told once more, before that record.
 * Lost     what the exporter lost on the way to any of them is told to the one that reads: that is one exporting process.
 * Pairs    of an exporter of biflows what its scope has goes by a stage that pairs it (biflow.h), before any collector is chosen.
 * Moved    records that wait in the open message of one that failed go to the one that takes over.
 *
 * Threads  the exporter thread.
 */
#ifndef TW_FLOWEXPORT_GROUP_H
#define TW_FLOWEXPORT_GROUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "flowexport/biflow.h"
#include "flowexport/choice.h"
#include "flowexport/target.h"

struct tw_export_group {
	size_t n;
	struct tw_target **targets; /* borrowed */
	bool failover;
	struct tw_choice choice;
	const struct tw_export_context *context;
	struct tw_biflow *biflow; /* NULL: records leave as they come. Owned by the exporter */
};

/** Borrows the record and the names. */
void tw_group_add(struct tw_export_group *group, const struct tw_flow_record *record, enum tw_flow_class cls,
		  const struct tw_flow_names *names);
/** A biflow that another has paired. Names: of the forward direction. */
void tw_group_add_biflow(struct tw_export_group *group, const struct tw_flow_record *forward,
			 const struct tw_flow_record *reverse, const struct tw_flow_names *names);
/** Whatever waits to be paired goes to the collectors, now. */
void tw_group_flush(struct tw_export_group *group);
/** Time has passed, for all its targets. */
void tw_group_tick(struct tw_export_group *group, uint64_t now_ms);
/** What each of its collectors has had, in order. @return behind the last one written */
struct tw_exporter_stats *tw_group_get_stats(const struct tw_export_group *group, struct tw_exporter_stats *stats);

#endif
