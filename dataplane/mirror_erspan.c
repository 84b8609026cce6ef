/* SPDX-License-Identifier: Apache-2.0 */
/* mirror_erspan.c - copies to an ERSPAN collector; see mirror_erspan.h. */
#include "dataplane/mirror_erspan.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/octets.h"
#include "dataplane/erspan.h"
#include "dataplane/mirror_socket.h"

enum {
	IPV4_OCTETS = 20,
	IPV6_OCTETS = 40,
	FRAME_LEAST = 60, /* of a copy, whatever the path takes */
	TTL_DEFAULT = 64,
	TYPE_AT = 12,
};

struct erspan {
	struct tw_sink sink; /* first */
	/* --- set when opened --- */
	struct tw_erspan session;
	struct tw_socket_address to, from; /* from.size 0: as it is routed */
	uint8_t ttl, dscp;
	uint32_t keep;
	Tw__Mirror__Oversize oversize;
	int fd;
	/* --- the writer's --- */
	bool bound, connected;
	uint64_t tried_ns;
	uint32_t room; /* octets of a frame that the path takes in one piece */
};

static struct erspan *erspan_of(struct tw_sink *sink)
{
	return (struct erspan *)sink;
}

static bool is_ipv6(const struct erspan *e)
{
	return e->to.at.ss_family == AF_INET6;
}

/* --- the way --- */

static void set_options(const struct erspan *e)
{
	const bool fragment = e->oversize == TW__MIRROR__OVERSIZE__FRAGMENT;

	tw_socket_option(e->fd, SOL_SOCKET, SO_SNDBUF, TW_SOCKET_BUFFER);
	if (is_ipv6(e)) {
		tw_socket_option(e->fd, IPPROTO_IPV6, IPV6_UNICAST_HOPS, e->ttl);
		tw_socket_option(e->fd, IPPROTO_IPV6, IPV6_TCLASS, e->dscp << 2);
		tw_socket_option(e->fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER,
				 fragment ? IPV6_PMTUDISC_DONT : IPV6_PMTUDISC_DO);
	} else {
		tw_socket_option(e->fd, IPPROTO_IP, IP_TTL, e->ttl);
		tw_socket_option(e->fd, IPPROTO_IP, IP_TOS, e->dscp << 2);
		tw_socket_option(e->fd, IPPROTO_IP, IP_MTU_DISCOVER, fragment ? IP_PMTUDISC_DONT : IP_PMTUDISC_DO);
	}
}

/* What of a frame fits the path as far as the kernel knows it. */
static void learn_room(struct erspan *e)
{
	const uint32_t headers = (uint32_t)tw_erspan_size(&e->session) + (is_ipv6(e) ? IPV6_OCTETS : IPV4_OCTETS);
	int mtu = 0;
	socklen_t size = sizeof(mtu);
	int rc = is_ipv6(e) ? getsockopt(e->fd, IPPROTO_IPV6, IPV6_MTU, &mtu, &size)
			    : getsockopt(e->fd, IPPROTO_IP, IP_MTU, &mtu, &size);

	e->room = rc == 0 && mtu > (int)headers + FRAME_LEAST ? (uint32_t)mtu - headers : FRAME_LEAST;
}

static void say(struct erspan *e, const char *what, int error)
{
	char text[128];

	snprintf(text, sizeof(text), "%s: %s", what, strerror(error));
	tw_sink_set_error(&e->sink, text);
}

/* @return there is a way */
static bool connect_now(struct erspan *e, uint64_t now_ns)
{
	if (e->connected)
		return true;
	if (e->tried_ns && now_ns - e->tried_ns < TW_SOCKET_AGAIN_NS)
		return false;
	e->tried_ns = now_ns;
	if (e->from.size && !e->bound && bind(e->fd, (const struct sockaddr *)&e->from.at, e->from.size)) {
		say(e, "the source address", errno);
		return false;
	}
	e->bound = true;
	if (connect(e->fd, (const struct sockaddr *)&e->to.at, e->to.size)) {
		say(e, "the collector", errno);
		return false;
	}
	e->connected = true;
	learn_room(e);
	tw_sink_set_error(&e->sink, "");
	return true;
}

/* --- a copy --- */

static struct tw_erspan_frame describe(struct erspan *e, const struct rte_mbuf *m, const struct tw_mirror_tag *tag,
				       uint64_t ns)
{
	const uint8_t *data = rte_pktmbuf_mtod(m, const uint8_t *);
	uint16_t type = m->data_len >= TYPE_AT + 4 ? tw_be16(data + TYPE_AT) : 0;
	struct tw_erspan_frame f = { .sequence = (uint32_t)tw_sink_number(&e->sink, 1),
				     .vlan = tag->vlan,
				     .tagged = type == 0x8100 || type == 0x88a8,
				     .egress = tag->egress,
				     .port = tag->number,
				     .ns = ns };

	if (f.tagged)
		f.pcp = data[TYPE_AT + 2] >> 5;
	return f;
}

static int send_frame(struct erspan *e, const struct rte_mbuf *m, uint32_t octets, struct tw_erspan_frame *f)
{
	uint8_t header[TW_ERSPAN_HEADER_MAX];
	struct iovec iov[1 + TW_SOCKET_PARTS];
	struct msghdr msg = { .msg_iov = iov };

	tw_erspan_write(&e->session, f, header);
	iov[0] = (struct iovec){ header, tw_erspan_size(&e->session) };
	msg.msg_iovlen = 1 + tw_socket_gather(m, octets, iov + 1, TW_SOCKET_PARTS);
	return sendmsg(e->fd, &msg, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 ? errno : 0;
}

/* The path takes less than it was believed to. */
static int send_again(struct erspan *e, const struct rte_mbuf *m, uint32_t *octets, struct tw_erspan_frame *f)
{
	learn_room(e);
	if (e->oversize != TW__MIRROR__OVERSIZE__TRUNCATE || *octets <= e->room)
		return EMSGSIZE;
	*octets = e->room;
	f->truncated = true;
	return send_frame(e, m, *octets, f);
}

static void failed(struct erspan *e, int error)
{
	switch (error) {
	case EAGAIN:
	case ENOBUFS:
		tw_sink_count_shed(&e->sink, 1);
		return;
	case EMSGSIZE:
		break;
	case ECONNREFUSED: /* the collector's host says that nobody wants GRE: not of this copy, of one before */
	case EPROTO:
		say(e, "the collector", error);
		break;
	default: /* the route has gone */
		say(e, "the collector", error);
		e->connected = false;
	}
	tw_sink_count_failed(&e->sink, 1);
}

static void write_copy(struct tw_sink *sink, const struct rte_mbuf *m, const struct tw_mirror_tag *tag, uint64_t ns)
{
	struct erspan *e = erspan_of(sink);
	struct tw_erspan_frame f = describe(e, m, tag, ns);
	uint32_t octets = m->pkt_len < e->keep ? m->pkt_len : e->keep;
	int error;

	if (!connect_now(e, ns)) {
		tw_sink_count_failed(sink, 1);
		return;
	}
	if (octets > e->room && e->oversize == TW__MIRROR__OVERSIZE__TRUNCATE)
		octets = e->room;
	f.truncated = octets < tag->original_len;
	error = send_frame(e, m, octets, &f);
	if (error == EMSGSIZE)
		error = send_again(e, m, &octets, &f);
	if (error)
		failed(e, error);
	else
		tw_sink_count_sent(sink, 1, octets);
}

static void leave_out(struct tw_sink *sink, uint64_t n)
{
	tw_sink_number(sink, n);
}

/* A way that was not there may be there now, also while nothing is copied. */
static void look_for_way(struct tw_sink *sink, uint64_t now_ns)
{
	connect_now(erspan_of(sink), now_ns);
}

static void close_erspan(struct tw_sink *sink, uint64_t now_ns)
{
	struct erspan *e = erspan_of(sink);

	close(e->fd);
	e->fd = -1;
}

static void free_erspan(struct tw_sink *sink)
{
	struct erspan *e = erspan_of(sink);

	if (e->fd >= 0)
		close(e->fd);
	free(e);
}

static const struct tw_sink_ops ops = {
	.write = write_copy,
	.leave_out = leave_out,
	.flush = look_for_way,
	.close = close_erspan,
	.free = free_erspan,
	.wants_wire_size = true,
};

/* --- main --- */

struct tw_sink *tw_erspan_open(const Tw__LocalMirror *m, char error[static 128])
{
	struct erspan *e = calloc(1, sizeof(*e));

	if (!e || !tw_socket_address(m->erspan, 0, &e->to) ||
	    (*m->erspan_source && !tw_socket_address(m->erspan_source, 0, &e->from))) {
		snprintf(error, 128, e ? "not an address" : "out of memory");
		free(e);
		return NULL;
	}
	e->session = (struct tw_erspan){ .type = m->erspan_type == 3 ? 3 : 2,
					 .session = (uint16_t)(m->erspan_session ? m->erspan_session : 1),
					 .cos = (uint8_t)m->erspan_cos,
					 .nanoseconds = m->erspan_ns };
	e->ttl = (uint8_t)(m->erspan_ttl ? m->erspan_ttl : TTL_DEFAULT);
	e->dscp = (uint8_t)m->erspan_dscp;
	e->keep = m->snaplen ? m->snaplen : UINT32_MAX;
	e->oversize = m->oversize;
	e->fd = socket(e->to.at.ss_family, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_GRE);
	if (e->fd < 0) {
		snprintf(error, 128, "cannot open a socket for GRE: %s", strerror(errno));
		free(e);
		return NULL;
	}
	set_options(e);
	tw_sink_init(&e->sink, &ops);
	return &e->sink;
}
