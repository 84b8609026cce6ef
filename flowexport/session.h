/* SPDX-License-Identifier: Apache-2.0 */
/*
 * session.h - the way to one collector, by UDP or TCP: opens and opens again, sends, and knows what became of each message.
 *
 * Counted  a record is sent, or lost: not sent at all, refused by the collector's host (UDP), not acknowledged by it when the
 *          connection broke (TCP). Losses of the network itself show at the collector, in the sequence.
 * Threads  its owner's: the exporter thread, of sFlow the mirror thread.
 */
#ifndef TW_FLOWEXPORT_SESSION_H
#define TW_FLOWEXPORT_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "flowexport/exporter.h"
#include "flowexport/tally.h"

struct tw_export_volume {
	uint64_t octets, messages, flows;
	uint64_t tests; /* of the flows: of trials */
};

struct tw_session_counts {
	struct tw_export_volume sent;
	struct tw_flow_tally not_sent;
	uint64_t returned; /* flows that the owner sends again */
};

struct tw_session;

/** @return a session that opens at its first tick, or NULL (no memory) */
struct tw_session *tw_session_create(const struct tw_exporter_target *config);
/** Close without sending. Accepts NULL. */
void tw_session_destroy(struct tw_session *session);

bool tw_session_is_open(const struct tw_session *session);
/** Does the collector take messages, as far as is known? A connection that takes long to be made does not. */
bool tw_session_is_usable(const struct tw_session *session);
/** Nothing is known yet: of TCP until the connection is made. */
bool tw_session_is_opening(const struct tw_session *session);
/** The address and port that messages come from; empty = not open. @return text */
char *tw_session_source(const struct tw_session *session, char text[static TW_ENDPOINT_TEXT]);
/** Octets a message may have: of an IP packet no larger than mtu and the path allow, TCP: TW_MESSAGE_MAX. */
size_t tw_session_limit(const struct tw_session *session, uint16_t mtu);

/**
 * Time has passed: open, connect, hear refusals.
 * @return true when a transport session has begun: the collector knows nothing yet
 */
bool tw_session_tick(struct tw_session *session, uint64_t now_ms);

/** @param tally what the message counts @return it is on its way; else it is lost, and counted so */
bool tw_session_send(struct tw_session *session, const uint8_t *message, size_t size,
		     const struct tw_flow_tally *tally);

/** What is known by now of the last message is final: before the end. */
void tw_session_flush(struct tw_session *session);

/** True once, when the collector has taken messages for a while after it did not. */
bool tw_session_has_recovered(struct tw_session *session);
/** Why messages do not arrive at the moment; "" = they do, as far as is known. Valid until the next call. */
const char *tw_session_error(const struct tw_session *session);
const struct tw_session_counts *tw_session_counts(const struct tw_session *session);

#endif
