/* SPDX-License-Identifier: Apache-2.0 */
/* target_parts.h - what target.c and tell.c share of a target: its parts, and the way out. Only these two include it. */
#ifndef TW_FLOWEXPORT_TARGET_PARTS_H
#define TW_FLOWEXPORT_TARGET_PARTS_H

#include "flowexport/session.h"
#include "flowexport/target.h"

enum { TW_ANNOUNCEMENTS_AT_START = 2 };

struct tw_target {
	struct tw_exporter_target config; /* its zeros resolved */
	const struct tw_export_context *context;
	struct tw_session *session;
	uint32_t domain;
	uint64_t boot_ms;
	uint32_t sequence;

	/* data records that wait, and what they count */
	struct tw_message data;
	uint16_t sampling; /* of these, and of those before as the collector knows it */
	struct tw_flow_tally data_tally;
	uint64_t data_since_ms; /* the first was added; 0 = there is none */
	uint64_t data_last_ms;  /* the latest end of a flow among them */

	/* told */
	struct tw_message control;
	unsigned announcements_due;
	bool templates_told; /* TCP: to this session */
	uint64_t announced_ms, options_ms, messages_since;
	struct tw_identity_pass pass;
	bool tells_group; /* what was lost is told of all the exporter's collectors */
	struct tw_flow_tally group_lost;

	uint64_t unsaid;      /* flows that the format has no words for */
	uint64_t test_unsaid; /* of those: of trials */
};

static inline uint64_t tw_target_now(const struct tw_target *target)
{
	return target->context->now_ms;
}

/* Also true if the clock was set back: better once too often than never again. */
static inline bool tw_target_has_passed(const struct tw_target *target, uint64_t since_ms, uint64_t ms)
{
	return tw_target_now(target) - since_ms >= ms;
}

/* ---- target.c ---- */

/** Send a message and begin it anew. A record that could not be sent takes a sequence number all the same. */
void tw_target_send(struct tw_target *target, struct tw_message *message, const struct tw_flow_tally *tally);

/* ---- tell.c ---- */

/** Version 5 has nothing to announce. */
bool tw_target_announces(const struct tw_target *target);
/** Templates, unless they have been told and stay told; then sampling, the host's name and statistics. */
void tw_target_announce(struct tw_target *target);
/** Which packets of the records to come were counted. */
void tw_target_tell_sampling(struct tw_target *target);
/** What is due by time, by messages or by a change. @param recovered the collector takes messages after it did not */
void tw_target_tell(struct tw_target *target, bool recovered);

#endif
