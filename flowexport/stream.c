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

enum {
	MESSAGES_MAX = 1 << 14,   /* on their way at once; with the queue and the socket's buffer full of small ones */
	UNANSWERED_MS = 30 * 1000 /* a connection on which nothing is acknowledged for so long is broken */
};

struct message {
	uint64_t end; /* offset in the stream behind its last octet */
	struct tw_flow_tally tally;
};

struct tw_stream {
	int fd; /* -1 = not open */
	bool connected;
	uint64_t queued, written; /* offsets in the stream: what was taken from the target, what the socket took */
	uint64_t first, last;     /* messages [first, last) are not acknowledged */
	struct message messages[MESSAGES_MAX];
	uint8_t octets[TW_STREAM_QUEUE]; /* of offsets [written, queued), each at offset % TW_STREAM_QUEUE */
};

struct tw_stream *tw_stream_create(void)
{
	struct tw_stream *stream = calloc(1, sizeof(*stream));

	if (stream)
		stream->fd = -1;
	return stream;
}

static void close_socket(struct tw_stream *stream)
{
	if (stream->fd >= 0)
		close(stream->fd);
	stream->fd = -1;
	stream->connected = false;
}

void tw_stream_destroy(struct tw_stream *stream)
{
	if (!stream)
		return;
	close_socket(stream);
	free(stream);
}

int tw_stream_open(struct tw_stream *stream, const struct sockaddr_storage *peer, socklen_t peer_size)
{
	const unsigned unanswered = UNANSWERED_MS;
	const int on = 1;

	close_socket(stream);
	stream->queued = stream->written = 0;
	stream->first = stream->last = 0;
	stream->fd = socket(peer->ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP);
	if (stream->fd < 0)
		return -errno;
	if (setsockopt(stream->fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &unanswered, sizeof(unanswered)) ||
	    setsockopt(stream->fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on)) ||
	    (connect(stream->fd, (const struct sockaddr *)peer, peer_size) && errno != EINPROGRESS)) {
		int rc = -errno;

		close_socket(stream);
		return rc;
	}
	return 0;
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
static int write_queued(struct tw_stream *stream)
{
	while (stream->connected && stream->written < stream->queued) {
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

int tw_stream_send(struct tw_stream *stream, const uint8_t *message, size_t size, const struct tw_flow_tally *tally)
{
	if (stream->fd < 0)
		return -ENOTCONN;
	if (stream->queued - stream->written + size > TW_STREAM_QUEUE || stream->last - stream->first == MESSAGES_MAX)
		return -ENOBUFS;
	queue(stream, message, size);
	stream->messages[stream->last++ % MESSAGES_MAX] = (struct message){ .end = stream->queued, .tally = *tally };
	write_queued(stream); /* what is wrong the next tick finds out, too */
	return 0;
}

/* @return 0 (connected or not yet) or -errno */
static int hear_handshake(struct tw_stream *stream)
{
	struct pollfd ready = { .fd = stream->fd, .events = POLLOUT };
	socklen_t size = sizeof(int);
	int error = 0;

	if (stream->connected || poll(&ready, 1, 0) <= 0)
		return 0;
	if (getsockopt(stream->fd, SOL_SOCKET, SO_ERROR, &error, &size))
		return -errno;
	stream->connected = error == 0;
	return -error;
}

/* Collectors say nothing; the end of what they say is the end of the connection. @return 0 or -errno */
static int hear_end(struct tw_stream *stream)
{
	uint8_t ignored[256];
	ssize_t n;

	if (!stream->connected)
		return 0;
	do
		n = recv(stream->fd, ignored, sizeof(ignored), 0);
	while (n > 0 || (n < 0 && errno == EINTR));
	if (n == 0)
		return -ECONNRESET;
	return errno == EAGAIN ? 0 : -errno;
}

/* The kernel knows it of a connection that was reset, too. */
static void settle_delivered(struct tw_stream *stream, uint64_t *delivered)
{
	int unacknowledged = 0;

	if (stream->first == stream->last || ioctl(stream->fd, SIOCOUTQ, &unacknowledged))
		return;
	for (; stream->first < stream->last; stream->first++) {
		const struct message *m = &stream->messages[stream->first % MESSAGES_MAX];

		if (m->end + (uint64_t)unacknowledged > stream->written)
			return;
		*delivered += m->tally.flows;
	}
}

int tw_stream_tick(struct tw_stream *stream, uint64_t *delivered, struct tw_flow_tally *lost)
{
	int rc;

	if (stream->fd < 0)
		return 0;
	rc = hear_handshake(stream);
	if (!rc)
		rc = write_queued(stream);
	if (!rc)
		rc = hear_end(stream);
	if (stream->connected)
		settle_delivered(stream, delivered);
	if (!rc)
		return 0;
	for (; stream->first < stream->last; stream->first++)
		tw_tally_add(lost, &stream->messages[stream->first % MESSAGES_MAX].tally);
	close_socket(stream);
	return rc;
}
