/* SPDX-License-Identifier: Apache-2.0 */
/*
 * target.h - one collector: its session, its open message, its sequence number, and what it has been told when.
 *
 * Told     templates, options templates, sampling and statistics ("announcement") twice at the start, then every refresh
 *          interval and every so many messages, and each second while the collector refuses (so that one that comes
 *          back understands the next record). Statistics and the identity tables, these paced, have an interval of their own.
 * Changed  identities (another VM, a new name) are sent when they change, without waiting for the refresh.
 * Counted  a record takes a sequence number whether it can be sent or not, so that the collector sees what is missing.
 *
 * Threads  the exporter thread.
 */
#ifndef TW_FLOWEXPORT_TARGET_H
#define TW_FLOWEXPORT_TARGET_H

#include <stdbool.h>
#include <stdint.h>

#include "flowexport/exporter.h"
#include "flowexport/identity.h"
#include "flowexport/options.h"

enum {
	TW_TARGET_WAIT_MS = 200,           /* longest time a record waits for its message to fill */
	TW_TARGET_TABLE_OCTETS = 64 << 10, /* of identities a tick: 50 messages, far below a collector's usual buffer */
};

/* What all targets say alike. Owned by the exporter; a target only reads it. */
struct tw_export_context {
	uint64_t now_ms; /* Unix epoch, as of the last tick */
	char host[64];
	struct tw_flow_tally ignored;
	uint64_t observed;                   /* flows that have ended */
	struct tw_flow_tally unsent;         /* lost before they came to this exporter */
	bool mediates;                       /* records have origins */
	uint16_t sampling;                   /* by which the metering process counts now; unless mediates */
	const struct tw_flow_origin *origin; /* of the record that is being added */
	struct tw_identity_table identities;
	struct tw_dictionary dictionary; /* networks: owned by the exporter */
};

/** Who a record's ends are, and whose it is. Valid until the next configuration. */
static inline struct tw_flow_names tw_export_names(const struct tw_export_context *context,
						   const struct tw_flow_record *record)
{
	return (struct tw_flow_names){
		.ingress = tw_identity_of(&context->identities, record->ingress),
		.egress = tw_identity_of(&context->identities, record->egress),
		.host = context->origin && context->origin->host ? context->origin->host : context->host,
	};
}

struct tw_target;

/** @return a target that connects at its first tick, or NULL (no memory). Keeps context. */
struct tw_target *tw_target_create(const struct tw_exporter_target *config, const struct tw_export_context *context);
/** Close without sending. Accepts NULL. */
void tw_target_destroy(struct tw_target *target);

/** Is this the same exporter to the same collector, in the same way? */
bool tw_target_is(const struct tw_target *target, const struct tw_exporter_target *config);
/**
 * New intervals and sizes for a target that stays; what is open is sent first, under the former domain. If the observation
 * domain is another now all is announced anew, and the sequence counts from 0.
 * @param domain the exporter's, where config names none; 0 = not known yet: nothing is sent before it is
 */
void tw_target_update(struct tw_target *target, const struct tw_exporter_target *config, uint32_t domain);

/** Borrows the record and whose it is. */
void tw_target_add(struct tw_target *target, const struct tw_flow_record *record, enum tw_flow_class cls,
		   const struct tw_flow_names *names);
/** Does its exporter tell this record? */
bool tw_target_wants(const struct tw_target *target, const struct tw_flow_record *record,
		     const struct tw_flow_names *names);
/** A biflow, whatever the exporter's scope: of an exporter that has them. Names: of the forward direction. */
void tw_target_add_biflow(struct tw_target *target, const struct tw_flow_record *forward,
			  const struct tw_flow_record *reverse, enum tw_flow_class cls,
			  const struct tw_flow_names *names);
/** tw_target_add() of a record whatever the exporter's scope. */
void tw_target_add_any(struct tw_target *target, const struct tw_flow_record *record, enum tw_flow_class cls,
		       const struct tw_flow_names *names);
/** Time has passed (context->now_ms): announce, send tables, send what has waited. */
void tw_target_tick(struct tw_target *target);
/** Send what is open, now, before the end. */
void tw_target_flush(struct tw_target *target);

/** From now on records come here instead of to `from`: announce at once, take what waits in its open message. */
void tw_target_take_over(struct tw_target *target, struct tw_target *from);
/** Does the collector take records, as far as is known? */
bool tw_target_is_usable(const struct tw_target *target);
/** What was lost on the way to this collector. */
const struct tw_flow_tally *tw_target_lost(const struct tw_target *target);
/** Tell the collector of these losses instead of its own; NULL = of its own. Copied. */
void tw_target_tell_lost(struct tw_target *target, const struct tw_flow_tally *lost);

/* ---- trials ---- */

const char *tw_target_name(const struct tw_target *target);
/** Announce now, and say who a number is that no table has. Nothing if it is not open or the format cannot. */
void tw_target_introduce(struct tw_target *target, const struct tw_flow_identity *who);
/** Send the open message, now; what becomes of it is known later. */
void tw_target_send_open(struct tw_target *target);
/** What is in the open message is of a trial, and so many more that the format had no words for. */
void tw_target_mark_trial(struct tw_target *target, uint64_t unsaid);

void tw_target_get_stats(const struct tw_target *target, struct tw_exporter_stats *stats);

#endif
