/* SPDX-License-Identifier: Apache-2.0 */
/*
 * options.h - records about the export itself: sampling, who an interface number is, statistics, what names stand for.
 *
 * Sampling is announced even where every packet is metered: a collector that does not know the rate drops flows
 * (Akvorado) or guesses. Two records say it, as no single form is understood by all; they travel in one message, the
 * older form first. Each options record has a set of its own: nfdump 1.7.1 misreads several interface records of a set.
 *
 * Threads  the owner of the message.
 * Spec     RFC 7011 section 4, RFC 5477 (sampling), RFC 7133 section 4 / IANA (virtual stations).
 */
#ifndef TW_FLOWEXPORT_OPTIONS_H
#define TW_FLOWEXPORT_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "flowexport/dictionary.h"
#include "flowexport/encode.h"
#include "flowexport/record.h"
#include "flowexport/sampling.h"
#include "flowexport/session.h"

struct tw_export_statistics {
	struct tw_export_volume sent;
	uint64_t observed;             /* flows that the metering process has seen the end of */
	struct tw_flow_tally ignored;  /* the metering process had no room */
	struct tw_flow_tally not_sent; /* the exporting process could not send */
};

/* Each returns false, with nothing written, if the message is too full. What the message's format has no record for is left
 * out: version 9 tells sampling, interfaces and its volume. */

/** Which packets are metered (sampling.h), in both forms. */
bool tw_options_add_sampling(struct tw_message *message, uint32_t domain, uint16_t sampling);
/** The host's name for the observation domain. */
bool tw_options_add_domain(struct tw_message *message, uint32_t domain, const char *host);
/** What private element i is, 0..TW_PRIVATE_COUNT - 1 (RFC 5610). */
bool tw_options_add_type(struct tw_message *message, unsigned i);
/** What a network's number is called. */
bool tw_options_add_network(struct tw_message *message, uint32_t domain, const struct tw_flow_network *network);
/** What a drop reason's number is called. */
bool tw_options_add_drop_reason(struct tw_message *message, uint32_t domain, uint8_t reason, const char *name);
/** Metering, metering reliability and exporting reliability: three records. */
bool tw_options_add_statistics(struct tw_message *message, uint32_t domain,
			       const struct tw_export_statistics *statistics);
/** Interface number to name ("vm/nic") and description ("vm/nic vm VM network NETWORK"), and to its VM and the
 * number of its network: two records. */
bool tw_options_add_identity(struct tw_message *message, uint32_t domain, const struct tw_flow_identity *who);

#endif
