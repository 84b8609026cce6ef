/* SPDX-License-Identifier: Apache-2.0 */
/* mirror_socket.c - addresses, options, a frame's buffers; see mirror_socket.h. */
#include "dataplane/mirror_socket.h"

#include <arpa/inet.h>
#include <string.h>

bool tw_socket_address(const char *text, uint16_t port, struct tw_socket_address *address)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)&address->at;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&address->at;

	memset(address, 0, sizeof(*address));
	if (inet_pton(AF_INET, text, &v4->sin_addr) == 1) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons(port);
		address->size = sizeof(*v4);
		return true;
	}
	if (inet_pton(AF_INET6, text, &v6->sin6_addr) != 1)
		return false;
	v6->sin6_family = AF_INET6;
	v6->sin6_port = htons(port);
	address->size = sizeof(*v6);
	return true;
}

/* Made by tw_socket_address(), which leaves no octet unset. */
bool tw_socket_same(const struct tw_socket_address *a, const struct tw_socket_address *b)
{
	return a->size == b->size && memcmp((const uint8_t *)&a->at, (const uint8_t *)&b->at, a->size) == 0;
}

size_t tw_socket_gather(const struct rte_mbuf *m, uint32_t octets, struct iovec *iov, size_t most)
{
	size_t n = 0;

	for (; m && octets && n < most; m = m->next) {
		iov[n].iov_base = rte_pktmbuf_mtod(m, void *);
		iov[n].iov_len = m->data_len < octets ? m->data_len : octets;
		octets -= (uint32_t)iov[n++].iov_len;
	}
	return n;
}

void tw_socket_option(int fd, int level, int name, int value)
{
	(void)setsockopt(fd, level, name, &value, sizeof(value));
}
