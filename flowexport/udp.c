/* SPDX-License-Identifier: Apache-2.0 */
/* udp.c - UDP towards a collector; see udp.h. Owns nothing: the caller closes the descriptor. */
#include "flowexport/udp.h"

#include <errno.h>
#include <netinet/in.h>
#include <unistd.h>

enum {
	IPV4_HEADER = 20,
	IPV6_HEADER = 40,
	UDP_HEADER = 8,
	SEND_BUFFER = 4 << 20, /* a burst of about 2,000 messages waits for the wire */
};

static int set_options(int fd, sa_family_t family)
{
	const int discover = IP_PMTUDISC_DO; /* never let IP fragment: one lost fragment loses the message */
	const int discover6 = IPV6_PMTUDISC_DO;
	const int buffer = SEND_BUFFER;
	int rc = family == AF_INET ? setsockopt(fd, IPPROTO_IP, IP_MTU_DISCOVER, &discover, sizeof(discover))
				   : setsockopt(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, &discover6, sizeof(discover6));

	if (rc)
		return -errno;
	if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &buffer, sizeof(buffer)))
		setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &buffer, sizeof(buffer)); /* a wish: what the host allows */
	return 0;
}

int tw_udp_open(const struct sockaddr_storage *peer, socklen_t peer_size, const struct tw_prefix *source)
{
	int fd = socket(peer->ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_UDP);
	int rc;

	if (fd < 0)
		return -errno;
	rc = set_options(fd, peer->ss_family);
	if (!rc)
		rc = tw_source_bind(fd, source);
	if (!rc && connect(fd, (const struct sockaddr *)peer, peer_size))
		rc = -errno;
	if (!rc)
		return fd;
	close(fd);
	return rc;
}

static int send_once(int fd, const void *data, size_t size)
{
	ssize_t n;

	do
		n = send(fd, data, size, MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : 0;
}

/* A kept error makes a send fail without sending; the next attempt then tells what is true of this datagram. */
int tw_udp_send(int fd, const void *data, size_t size, int *before)
{
	int first = send_once(fd, data, size), second;

	*before = 0;
	if (!first || first == -EAGAIN)
		return first;
	second = send_once(fd, data, size);
	if (second != first || first == -ECONNREFUSED)
		*before = -first;
	return second;
}

int tw_udp_verdict(int fd)
{
	int error = 0;
	socklen_t size = sizeof(error);

	return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) ? -errno : -error;
}

size_t tw_udp_overhead(const struct sockaddr_storage *peer)
{
	return (peer->ss_family == AF_INET ? IPV4_HEADER : IPV6_HEADER) + UDP_HEADER;
}

size_t tw_udp_path_mtu(int fd, const struct sockaddr_storage *peer)
{
	int mtu = 0;
	socklen_t size = sizeof(mtu);
	int rc = peer->ss_family == AF_INET ? getsockopt(fd, IPPROTO_IP, IP_MTU, &mtu, &size)
					    : getsockopt(fd, IPPROTO_IPV6, IPV6_MTU, &mtu, &size);

	return rc || mtu < 0 ? 0 : (size_t)mtu;
}
