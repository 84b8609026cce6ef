/* SPDX-License-Identifier: Apache-2.0 */
/* stream.c - a bounded queue in front of a non-blocking TCP socket; see stream.h. */
#include "flowexport/stream.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include <unistd.h>

#include <linux/sockios.h>

#include "flowexport/message.h"

enum {
	MESSAGES_MAX = 1 << 14,    /* on their way at once; with the queue and the socket's buffer full of small ones */
	UNANSWERED_MS = 30 * 1000, /* a connection on which nothing is acknowledged for so long is broken */
	READS_MAX = 64, /* a tick: a collector that talks without end has the rest of it wait, not the exporter */
};

struct message {
	uint64_t end;  /* offset in the stream behind its last octet */
	uint64_t wire; /* and among what the socket took, TLS's own octets included; NOT_WRITTEN */
	struct tw_flow_tally tally;
};

#define NOT_WRITTEN UINT64_MAX

struct tw_stream {
	int fd;             /* -1 = not open */
	struct tw_tls *tls; /* NULL = none */
	bool greeting, connected;
	uint64_t unwritten;       /* with TLS: the first message that is not written */
	uint64_t queued, written; /* offsets in the stream: what was taken from the target, what the socket took */
	uint64_t first, last;     /* messages [first, last) are not acknowledged */
	struct message messages[MESSAGES_MAX];
	uint8_t octets[TW_STREAM_QUEUE]; /* of offsets [written, queued), each at offset % TW_STREAM_QUEUE */
};

struct tw_stream *tw_stream_create(const struct tw_tls_config *tls)
{
	struct tw_stream *stream = calloc(1, sizeof(*stream));

	if (!stream)
		return NULL;
	stream->fd = -1;
	stream->tls = tls ? tw_tls_create(tls) : NULL;
	if (!tls || stream->tls)
		return stream;
	free(stream);
	return NULL;
}

static void close_socket(struct tw_stream *stream)
{
	if (stream->tls)
		tw_tls_end(stream->tls);
	if (stream->fd >= 0)
		close(stream->fd);
	stream->fd = -1;
	stream->greeting = stream->connected = false;
}

void tw_stream_destroy(struct tw_stream *stream)
{
	if (!stream)
		return;
	close_socket(stream);
	tw_tls_destroy(stream->tls);
	free(stream);
}

static int begin_to_connect(int fd, const struct sockaddr_storage *peer, socklen_t peer_size,
			    const struct tw_prefix *source)
{
	const unsigned unanswered = UNANSWERED_MS;
	const int on = 1;
	int rc = tw_source_bind(fd, source);

	if (rc)
		return rc;
	if (setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &unanswered, sizeof(unanswered)) ||
	    setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on)) ||
	    (connect(fd, (const struct sockaddr *)peer, peer_size) && errno != EINPROGRESS))
		return -errno;
	return 0;
}

int tw_stream_open(struct tw_stream *stream, const struct sockaddr_storage *peer, socklen_t peer_size,
		   const struct tw_prefix *source)
{
	int rc;

	close_socket(stream);
	stream->queued = stream->written = 0;
	stream->first = stream->last = stream->unwritten = 0;
	stream->fd = socket(peer->ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP);
	if (stream->fd < 0)
		return -errno;
	rc = stream->tls ? tw_tls_begin(stream->tls, stream->fd, peer) : 0;
	if (!rc)
		rc = begin_to_connect(stream->fd, peer, peer_size, source);
	if (rc)
		close_socket(stream);
	return rc;
}

void tw_stream_close(struct tw_stream *stream, struct tw_flow_tally *lost)
{
	for (; stream->first < stream->last; stream->first++)
		tw_tally_add(lost, &stream->messages[stream->first % MESSAGES_MAX].tally);
	close_socket(stream);
}

bool tw_stream_is_greeting(const struct tw_stream *stream)
{
	return stream->greeting;
}

const char *tw_stream_error(const struct tw_stream *stream)
{
	return stream->tls ? tw_tls_error(stream->tls) : "";
}

int tw_stream_fd(const struct tw_stream *stream)
{
	return stream->fd;
}

bool tw_stream_is_choked(const struct tw_stream *stream)
{
	return stream->queued - stream->written > TW_STREAM_QUEUE / 2;
}

bool tw_stream_is_open(const struct tw_stream *stream)
{
	return stream->fd >= 0;
}

bool tw_stream_is_connected(const struct tw_stream *stream)
{
	return stream->connected;
}

static void queue(struct tw_stream *stream, const uint8_t *octets, size_t size)
{
	size_t at = stream->queued % TW_STREAM_QUEUE, run = TW_STREAM_QUEUE - at;

	if (run > size)
		run = size;
	memcpy(stream->octets + at, octets, run);
	memcpy(stream->octets, octets + run, size - run);
	stream->queued += size;
}

/* @return 0 or -errno */
static int write_plain(struct tw_stream *stream)
{
	while (stream->written < stream->queued) {
		size_t at = stream->written % TW_STREAM_QUEUE, size = stream->queued - stream->written;
		size_t run = size < TW_STREAM_QUEUE - at ? size : TW_STREAM_QUEUE - at;
		struct iovec parts[] = { { stream->octets + at, run }, { stream->octets, size - run } };
		struct msghdr message = { .msg_iov = parts, .msg_iovlen = size > run ? 2 : 1 };
		ssize_t n = sendmsg(stream->fd, &message, MSG_NOSIGNAL);

		if (n < 0 && errno != EINTR)
			return errno == EAGAIN ? 0 : -errno;
		if (n > 0)
			stream->written += (uint64_t)n;
	}
	return 0;
}

/* A message that lies around the end of the queue is put together first. */
static int write_secured(struct tw_stream *stream)
{
	for (; stream->unwritten < stream->last; stream->unwritten++) {
		struct message *m = &stream->messages[stream->unwritten % MESSAGES_MAX];
		size_t at = stream->written % TW_STREAM_QUEUE, size = m->end - stream->written;
		size_t run = size < TW_STREAM_QUEUE - at ? size : TW_STREAM_QUEUE - at;
		uint8_t whole[TW_MESSAGE_MAX];
		ssize_t n;

		memcpy(whole, stream->octets + at, run);
		memcpy(whole + run, stream->octets, size - run);
		n = tw_tls_write(stream->tls, whole, size);
		if (n < 0)
			return n == -EAGAIN ? 0 : (int)n;
		stream->written = m->end;
		m->wire = tw_tls_written(stream->tls);
	}
	return 0;
}

static int write_queued(struct tw_stream *stream)
{
	if (!stream->connected)
		return 0;
	return stream->tls ? write_secured(stream) : write_plain(stream);
}

int tw_stream_send(struct tw_stream *stream, const uint8_t *message, size_t size, const struct tw_flow_tally *tally)
{
	if (stream->fd < 0)
		return -ENOTCONN;
	if (stream->queued - stream->written + size > TW_STREAM_QUEUE || stream->last - stream->first == MESSAGES_MAX)
		return -ENOBUFS;
	queue(stream, message, size);
	stream->messages[stream->last++ % MESSAGES_MAX] = (struct message){
		.end = stream->queued, .wire = stream->tls ? NOT_WRITTEN : stream->queued, .tally = *tally
	};
	write_queued(stream); /* what is wrong the next tick finds out, too */
	return 0;
}

/* @return 1: TCP is connected, 0: not yet, -errno */
static int hear_connect(struct tw_stream *stream)
{
	struct pollfd ready = { .fd = stream->fd, .events = POLLOUT };
	socklen_t size = sizeof(int);
	int error = 0;

	if (poll(&ready, 1, 0) <= 0)
		return 0;
	if (getsockopt(stream->fd, SOL_SOCKET, SO_ERROR, &error, &size))
		return -errno;
	return error ? -error : 1;
}

/* @return 0 (connected or not yet) or -errno */
static int hear_handshake(struct tw_stream *stream, uint64_t now_ms)
{
	int rc = 1;

	if (stream->connected)
		return 0;
	if (!stream->greeting)
		rc = hear_connect(stream);
	if (rc <= 0)
		return rc;
	stream->greeting = stream->tls != NULL;
	rc = stream->tls ? tw_tls_greet(stream->tls, now_ms) : 1;
	if (rc <= 0)
		return rc;
	stream->greeting = false;
	stream->connected = true;
	return 0;
}

/* Collectors say nothing; the end of what they say is the end of the connection. @return 0 or -errno */
static int hear_end(struct tw_stream *stream)
{
	uint8_t ignored[256];
	ssize_t n = 1;

	if (!stream->connected)
		return 0;
	if (stream->tls)
		return tw_tls_hear(stream->tls);
	for (int i = 0; i < READS_MAX && n > 0; i++)
		n = recv(stream->fd, ignored, sizeof(ignored), 0);
	if (n == 0)
		return -ECONNRESET;
	return n > 0 || errno == EAGAIN || errno == EINTR ? 0 : -errno;
}

/* The kernel knows it of a connection that was reset, too. */
static void settle_delivered(struct tw_stream *stream, struct tw_flow_tally *delivered)
{
	uint64_t taken = stream->tls ? tw_tls_written(stream->tls) : stream->written;
	int unacknowledged = 0;

	if (stream->first == stream->last || ioctl(stream->fd, SIOCOUTQ, &unacknowledged))
		return;
	for (; stream->first < stream->last; stream->first++) {
		const struct message *m = &stream->messages[stream->first % MESSAGES_MAX];

		if (m->wire > taken - (uint64_t)unacknowledged)
			return;
		tw_tally_add(delivered, &m->tally);
	}
}

int tw_stream_tick(struct tw_stream *stream, uint64_t now_ms, struct tw_flow_tally *delivered,
		   struct tw_flow_tally *lost)
{
	int rc;

	if (stream->fd < 0)
		return 0;
	rc = hear_handshake(stream, now_ms);
	if (!rc)
		rc = write_queued(stream);
	if (!rc)
		rc = hear_end(stream);
	if (stream->connected)
		settle_delivered(stream, delivered);
	if (rc)
		tw_stream_close(stream, lost);
	return rc;
}
