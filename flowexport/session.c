/* SPDX-License-Identifier: Apache-2.0 */
/* session.c - one way to a collector; see session.h. */
#include "flowexport/session.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TW_LOG_AREA "flow"
#include "common/log.h"
#include "flowexport/message.h"
#include "flowexport/stream.h"
#include "flowexport/udp.h"

enum {
	REOPEN_MS = 1000,          /* between the first two attempts; of TCP twice as long after each further one, */
	REOPEN_MAX_MS = 30 * 1000, /* up to this */
	REOPEN_DOUBLINGS = 5,
	OPENING_MS = 5000,      /* a connection that is not made by then is given up: two SYNs were lost */
	OPENING_SOON_MS = 1000, /* until then it may well be made */
	VERDICT_MS = 200,       /* refusals of UDP come within a round trip */
	RECOVERED_MS = 2500,    /* as long without an error: it takes messages again. More than two attempts */
};

struct tw_session {
	char name[TW_EXPORTER_NAME_SIZE];
	struct sockaddr_storage peer;
	socklen_t peer_size;
	struct tw_prefix source;
	uint64_t now_ms, opened_ms;
	unsigned attempts; /* since it took messages last */
	struct tw_session_counts counts;

	struct tw_stream *stream;       /* TCP, TLS; NULL = UDP */
	int fd;                         /* UDP; -1 = not open */
	struct tw_flow_tally in_flight; /* UDP: the last message, of which a refusal may yet come */
	uint64_t in_flight_ms;

	bool resends; /* what is lost comes again */
	bool in_trouble;
	bool is_ours; /* the trouble is this host's: nothing is known against the collector */
	uint64_t trouble_ms;
	char error[TW_EXPORT_ERROR_SIZE];
};

struct tw_session *tw_session_create(const struct tw_exporter_target *config)
{
	struct tw_session *session = calloc(1, sizeof(*session));

	if (!session)
		return NULL;
	session->fd = -1;
	if (config->transport != TW_TRANSPORT_UDP)
		session->stream = tw_stream_create(config->transport == TW_TRANSPORT_TLS ? &config->tls : NULL);
	if (config->transport != TW_TRANSPORT_UDP && !session->stream) {
		free(session);
		return NULL;
	}
	memcpy(session->name, config->name, sizeof(session->name));
	session->peer = config->collector;
	session->resends = config->resends;
	session->peer_size = config->collector_size;
	session->source = config->source;
	return session;
}

void tw_session_destroy(struct tw_session *session)
{
	if (!session)
		return;
	if (session->fd >= 0)
		close(session->fd);
	tw_stream_destroy(session->stream);
	free(session);
}

bool tw_session_is_open(const struct tw_session *session)
{
	return session->stream ? tw_stream_is_open(session->stream) : session->fd >= 0;
}

size_t tw_session_limit(const struct tw_session *session, uint16_t mtu)
{
	size_t limit = mtu, path = 0, overhead = tw_udp_overhead(&session->peer);

	if (session->stream)
		return TW_MESSAGE_MAX;
	if (session->fd >= 0)
		path = tw_udp_path_mtu(session->fd, &session->peer);
	if (path && path < limit)
		limit = path;
	return limit < TW_MESSAGE_MIN + overhead ? TW_MESSAGE_MIN : limit - overhead;
}

bool tw_session_is_opening(const struct tw_session *session)
{
	return !session->in_trouble && (session->stream ? !tw_stream_is_connected(session->stream) : session->fd < 0);
}

bool tw_session_is_usable(const struct tw_session *session)
{
	if (session->in_trouble && !session->is_ours)
		return false;
	if (tw_session_is_opening(session))
		return !session->opened_ms || session->now_ms - session->opened_ms < OPENING_SOON_MS;
	return tw_session_is_open(session);
}

char *tw_session_source(const struct tw_session *session, char text[static TW_ENDPOINT_TEXT])
{
	struct sockaddr_storage addr = { 0 };
	socklen_t size = sizeof(addr);
	int fd = session->stream ? tw_stream_fd(session->stream) : session->fd;

	if (fd < 0 || getsockname(fd, (struct sockaddr *)&addr, &size))
		addr.ss_family = AF_UNSPEC;
	return tw_exporter_format_collector(&addr, text);
}

static void note_trouble(struct tw_session *session, const char *text)
{
	if (!session->in_trouble)
		tw_log_warning("exporter cannot reach its collector exporter=%s error=\"%s\"", session->name, text);
	snprintf(session->error, sizeof(session->error), "%s", text);
	session->in_trouble = true;
	session->is_ours = false;
	session->trouble_ms = session->now_ms;
}

static void note_error(struct tw_session *session, int error)
{
	char text[TW_SOURCE_TEXT];

	if (session->stream && *tw_stream_error(session->stream))
		note_trouble(session, tw_stream_error(session->stream));
	else if (session->source.family && (error == EADDRNOTAVAIL || error == EAFNOSUPPORT))
		note_trouble(session, tw_source_error(error, &session->source, text));
	else
		note_trouble(session, strerror(error));
}

bool tw_session_has_recovered(struct tw_session *session)
{
	if (!session->in_trouble || session->now_ms - session->trouble_ms < RECOVERED_MS ||
	    (session->stream && (!tw_stream_is_connected(session->stream) || tw_stream_is_choked(session->stream))))
		return false;
	tw_log_info("collector takes messages again exporter=%s", session->name);
	session->in_trouble = false;
	session->attempts = 0;
	session->error[0] = '\0';
	return true;
}

/* Of what comes again only a trial's records are lost. */
static void lose(struct tw_session *session, const struct tw_flow_tally *tally)
{
	struct tw_flow_tally *lost = &session->counts.not_sent, gone = *tally;

	if (session->resends) {
		session->counts.returned += tally->flows - tally->tests;
		gone = (struct tw_flow_tally){ .flows = tally->tests, .tests = tally->tests };
	}
	if (!gone.flows && !gone.packets && !gone.octets) /* a part of a flow has no flow to count */
		return;
	tw_tally_add(lost, &gone);
	if (!lost->first_ms)
		lost->first_ms = session->now_ms;
	lost->last_ms = session->now_ms;
}

static void count_sent(struct tw_session *session, const struct tw_flow_tally *tally)
{
	session->counts.sent.flows += tally->flows;
	session->counts.sent.tests += tally->tests;
}

/* The fate of the datagram before is known: its records were sent, or lost. */
static void settle(struct tw_session *session, bool refused)
{
	if (refused)
		lose(session, &session->in_flight);
	else
		count_sent(session, &session->in_flight);
	session->in_flight = (struct tw_flow_tally){ 0 };
}

static int open_one(struct tw_session *session)
{
	if (session->stream)
		return tw_stream_open(session->stream, &session->peer, session->peer_size, &session->source);
	session->fd = tw_udp_open(&session->peer, session->peer_size, &session->source);
	return session->fd < 0 ? session->fd : 0;
}

static uint64_t reopen_ms(const struct tw_session *session)
{
	unsigned doublings = session->attempts > 1 && session->stream ? session->attempts - 1 : 0;
	uint64_t ms = (uint64_t)REOPEN_MS << (doublings > REOPEN_DOUBLINGS ? REOPEN_DOUBLINGS : doublings);

	return ms > REOPEN_MAX_MS ? REOPEN_MAX_MS : ms;
}

/* @return true: it is open now and was not */
static bool open_if_due(struct tw_session *session)
{
	int rc;

	if (tw_session_is_open(session) ||
	    (session->opened_ms && session->now_ms - session->opened_ms < reopen_ms(session)))
		return false;
	session->opened_ms = session->now_ms;
	session->attempts++;
	rc = open_one(session);
	if (rc)
		note_error(session, -rc);
	return rc == 0;
}

static void hear_stream(struct tw_session *session)
{
	struct tw_flow_tally sent = { 0 }, lost = { 0 };
	int rc = tw_stream_tick(session->stream, session->now_ms, &sent, &lost);

	count_sent(session, &sent);
	if (rc)
		note_error(session, -rc);
	if (tw_stream_is_open(session->stream) && !tw_stream_is_connected(session->stream) &&
	    session->now_ms - session->opened_ms >= OPENING_MS) {
		bool is_greeting = tw_stream_is_greeting(session->stream);

		tw_stream_close(session->stream, &lost);
		note_trouble(session,
			     is_greeting ? "the collector does not answer the TLS handshake" : strerror(ETIMEDOUT));
	}
	lose(session, &lost);
}

static void hear_datagrams(struct tw_session *session)
{
	int rc = session->fd < 0 ? 0 : tw_udp_verdict(session->fd);

	if (rc) {
		settle(session, true);
		note_error(session, -rc);
	} else if (session->now_ms - session->in_flight_ms >= VERDICT_MS) {
		settle(session, false);
	}
}

bool tw_session_tick(struct tw_session *session, uint64_t now_ms)
{
	bool began;

	session->now_ms = now_ms;
	began = open_if_due(session);
	if (session->stream)
		hear_stream(session);
	else
		hear_datagrams(session);
	return began;
}

static int send_datagram(struct tw_session *session, const uint8_t *message, size_t size,
			 const struct tw_flow_tally *tally)
{
	int before = 0, rc = -ENOTCONN;

	if (session->fd >= 0)
		rc = tw_udp_send(session->fd, message, size, &before);
	if (session->fd >= 0 && (before || rc)) {
		bool is_ours =
			!before && (rc == -EAGAIN || rc == -ENOBUFS) && (!session->in_trouble || session->is_ours);

		note_error(session, rc ? -rc : before);
		session->is_ours = is_ours;
	}
	settle(session, before != 0);
	if (!rc) {
		session->in_flight = *tally;
		session->in_flight_ms = session->now_ms;
	}
	return rc;
}

bool tw_session_send(struct tw_session *session, const uint8_t *message, size_t size, const struct tw_flow_tally *tally)
{
	int rc = session->stream ? tw_stream_send(session->stream, message, size, tally)
				 : send_datagram(session, message, size, tally);

	if (rc == -ENOBUFS && session->stream) /* a collector that does not read */
		note_error(session, ENOBUFS);
	if (rc) {
		lose(session, tally);
		return false;
	}
	session->counts.sent.octets += size;
	session->counts.sent.messages++;
	return true;
}

void tw_session_flush(struct tw_session *session)
{
	if (session->stream)
		hear_stream(session);
	else
		settle(session, session->fd >= 0 && tw_udp_verdict(session->fd));
}

const char *tw_session_error(const struct tw_session *session)
{
	return session->error;
}

const struct tw_session_counts *tw_session_counts(const struct tw_session *session)
{
	return &session->counts;
}
