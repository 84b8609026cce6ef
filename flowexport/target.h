/* SPDX-License-Identifier: Apache-2.0 */
/*
 * target.h - one collector: its session, its open message, its sequence number, and what it has been told when.
 *
 * Told     templates, options templates, sampling and statistics ("announcement") twice at the start, then every refresh
 *          interval and every few thousand messages, and each second while the collector refuses (so that one that
 *          comes back understands the next record). The identity tables follow an announcement by time, paced.
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
	uint32_t domain;
	char host[64];
	struct tw_flow_tally ignored;
	struct tw_identity_table identities;
};

struct tw_target;

/** @return a target that connects at its first tick, or NULL (no memory). Keeps context. */
struct tw_target *tw_target_create(const struct tw_exporter_target *config, const struct tw_export_context *context);
/** Close without sending. Accepts NULL. */
void tw_target_destroy(struct tw_target *target);

/** Is this the same exporter to the same collector? */
bool tw_target_is(const struct tw_target *target, const struct tw_exporter_target *config);
/** New intervals and sizes for a target that stays; what is open is sent first. */
void tw_target_update(struct tw_target *target, const struct tw_exporter_target *config);
/** The observation domain has changed: announce anew, sequence from 0. Flush under the old one first. */
void tw_target_restart(struct tw_target *target);

/** Borrows the record. */
void tw_target_add(struct tw_target *target, const struct tw_flow_record *record, enum tw_flow_class cls);
/** Time has passed (context->now_ms): announce, send tables, send what has waited. */
void tw_target_tick(struct tw_target *target);
/** Send what is open, now. */
void tw_target_flush(struct tw_target *target);

void tw_target_get_stats(const struct tw_target *target, struct tw_exporter_stats *stats);

#endif
