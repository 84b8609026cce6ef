/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stream.h - messages over TCP or TLS to one collector: nothing blocks, what waits is bounded, and each message's fate is known.
 *
 * A message is queued, then written to the socket, then acknowledged by the collector's host; only then is it delivered. What
 * was not delivered when a connection breaks is lost: the next connection is a new transport session with a sequence of its
 * own, and whether the collector has read it cannot be known. A queue that is full refuses messages.
 *
 * With TLS a message is a record of it, and what waits is written when the handshake is done.
 *
 * Threads  the exporter thread.
 * Spec     RFC 7011 sections 10.4 and 11.
 */
#ifndef TW_FLOWEXPORT_STREAM_H
#define TW_FLOWEXPORT_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "flowexport/source.h"
#include "flowexport/tally.h"
#include "flowexport/tls.h"

enum { TW_STREAM_QUEUE = 1 << 20 }; /* octets that wait for the socket at most; the socket's own buffer comes on top */

struct tw_stream;

/** @param tls NULL = TCP as it is; copied. @return a stream that is not connected, or NULL (no memory) */
struct tw_stream *tw_stream_create(const struct tw_tls_config *tls);
/** What is queued is gone. Accepts NULL. */
void tw_stream_destroy(struct tw_stream *stream);

/** Begin to connect; messages may be sent at once. @return 0 or -errno (EADDRNOTAVAIL: source.h) */
int tw_stream_open(struct tw_stream *stream, const struct sockaddr_storage *peer, socklen_t peer_size,
		   const struct tw_prefix *source);
/** Give the connection up. @param lost what the messages count that it takes with it */
void tw_stream_close(struct tw_stream *stream, struct tw_flow_tally *lost);

/** From the beginning of an attempt to connect to its end. */
bool tw_stream_is_open(const struct tw_stream *stream);
/** The handshake is done, that of TLS included. */
bool tw_stream_is_connected(const struct tw_stream *stream);
/** The TCP connection is there, and the handshake of TLS is not done. */
bool tw_stream_is_greeting(const struct tw_stream *stream);
/** Why it broke, in a sentence; "" = errno says it. Valid until it is opened again. */
const char *tw_stream_error(const struct tw_stream *stream);

/** The socket takes next to nothing: more than half of the queue waits. */
bool tw_stream_is_choked(const struct tw_stream *stream);
/** The socket; -1 = not open. Borrowed. */
int tw_stream_fd(const struct tw_stream *stream);

/** Queue a message and what it counts; copied. @return 0, -ENOTCONN, -ENOBUFS: too much waits already */
int tw_stream_send(struct tw_stream *stream, const uint8_t *message, size_t size, const struct tw_flow_tally *tally);

/**
 * Time has passed: connect, write, hear what arrived.
 * @param delivered what the messages count that were acknowledged since the last call
 * @param lost      what the messages count that a broken connection took with it
 * @return 0, or -errno: the connection is broken and closed (ECONNREFUSED, ETIMEDOUT, ECONNRESET: also if the collector hung up)
 */
int tw_stream_tick(struct tw_stream *stream, uint64_t now_ms, struct tw_flow_tally *delivered,
		   struct tw_flow_tally *lost);

#endif
