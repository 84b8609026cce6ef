/* SPDX-License-Identifier: Apache-2.0 */
/* mirror_remote.c - copies to a port of another host; see mirror_remote.h. */
#include "dataplane/mirror_remote.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <rte_random.h>

#include "dataplane/geneve.h"
#include "dataplane/mirror_socket.h"

struct remote {
	struct tw_sink sink; /* first */
	/* --- set when opened --- */
	struct tw_socket_address to, from;
	struct tw_geneve header;
	uint32_t keep;
	int fd;
	/* --- the writer's --- */
	bool bound, connected, troubled; /* troubled: an error is told */
	uint64_t tried_ns;
};

static struct remote *remote_of(struct tw_sink *sink)
{
	return (struct remote *)sink;
}

static void say(struct remote *r, const char *what, int error)
{
	char text[128];

	snprintf(text, sizeof(text), "%s: %s", what, strerror(error));
	tw_sink_set_error(&r->sink, text);
	r->troubled = true;
}

static void all_is_well(struct remote *r)
{
	if (r->troubled)
		tw_sink_set_error(&r->sink, "");
	r->troubled = false;
}

/* @return there is a way */
static bool connect_now(struct remote *r, uint64_t now_ns)
{
	if (r->connected)
		return true;
	if (r->tried_ns && now_ns - r->tried_ns < TW_SOCKET_AGAIN_NS)
		return false;
	r->tried_ns = now_ns;
	if (!r->bound && bind(r->fd, (const struct sockaddr *)&r->from.at, r->from.size)) {
		say(r, "the tunnel address of this host", errno);
		return false;
	}
	r->bound = true;
	if (connect(r->fd, (const struct sockaddr *)&r->to.at, r->to.size)) {
		say(r, "the port's host", errno);
		return false;
	}
	r->connected = true;
	all_is_well(r);
	return true;
}

static int send_frame(struct remote *r, const struct rte_mbuf *m, uint32_t octets)
{
	uint8_t header[TW_GENEVE_HEADER];
	struct iovec iov[1 + TW_SOCKET_PARTS] = { { header, sizeof(header) } };
	struct msghdr msg = { .msg_iov = iov };

	tw_geneve_write(&r->header, header);
	msg.msg_iovlen = 1 + tw_socket_gather(m, octets, iov + 1, TW_SOCKET_PARTS);
	return sendmsg(r->fd, &msg, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 ? errno : 0;
}

static void failed(struct remote *r, int error)
{
	switch (error) {
	case EAGAIN:
	case ENOBUFS:
		tw_sink_count_shed(&r->sink, 1);
		return;
	case EMSGSIZE: /* more than a datagram holds */
		break;
	default: /* also what became of one before: nobody there takes copies, the route has gone */
		say(r, "the port's host", error);
	}
	tw_sink_count_failed(&r->sink, 1);
}

static void write_copy(struct tw_sink *sink, const struct rte_mbuf *m, const struct tw_mirror_tag *tag, uint64_t ns)
{
	struct remote *r = remote_of(sink);
	uint32_t octets = m->pkt_len < r->keep ? m->pkt_len : r->keep;
	int error;

	if (!connect_now(r, ns)) {
		tw_sink_count_failed(sink, 1);
		return;
	}
	error = send_frame(r, m, octets);
	if (error) {
		failed(r, error);
		return;
	}
	all_is_well(r);
	r->header.sequence++;
	tw_sink_count_sent(sink, 1, octets);
}

/* A way that was not there may be there now, also while nothing is copied. */
static void look_for_way(struct tw_sink *sink, uint64_t now_ns)
{
	connect_now(remote_of(sink), now_ns);
}

static void close_remote(struct tw_sink *sink, uint64_t now_ns)
{
	struct remote *r = remote_of(sink);

	close(r->fd);
	r->fd = -1;
}

static void free_remote(struct tw_sink *sink)
{
	struct remote *r = remote_of(sink);

	if (r->fd >= 0)
		close(r->fd);
	free(r);
}

static const struct tw_sink_ops ops = {
	.write = write_copy,
	.flush = look_for_way,
	.close = close_remote,
	.free = free_remote,
	.wants_wire_size = true,
};

/* --- main --- */

/* Too large for the way is no reason not to arrive. Routers do not fragment IPv6: the kernel does, by what it has learned. */
static void set_options(const struct remote *r)
{
	tw_socket_option(r->fd, SOL_SOCKET, SO_SNDBUF, TW_SOCKET_BUFFER);
	if (r->to.at.ss_family == AF_INET6)
		tw_socket_option(r->fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_WANT);
	else
		tw_socket_option(r->fd, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DONT);
}

struct tw_sink *tw_remote_open(const Tw__LocalMirror *m, char error[static 128])
{
	struct remote *r = calloc(1, sizeof(*r));

	if (!r || !tw_socket_address(m->tunnel, (uint16_t)m->tunnel_port, &r->to) ||
	    !tw_socket_address(m->tunnel_source, 0, &r->from)) {
		snprintf(error, 128, r ? "not an address" : "out of memory");
		free(r);
		return NULL;
	}
	r->header.tag = m->tunnel_tag;
	r->header.sequence = (uint32_t)rte_rand();
	memcpy(r->header.key, m->tunnel_key.data, sizeof(r->header.key)); /* checked */
	r->keep = m->snaplen ? m->snaplen : UINT32_MAX;
	r->fd = socket(r->to.at.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, IPPROTO_UDP);
	if (r->fd < 0) {
		snprintf(error, 128, "cannot open a socket for copies to another host: %s", strerror(errno));
		free(r);
		return NULL;
	}
	set_options(r);
	tw_sink_init(&r->sink, &ops);
	return &r->sink;
}
