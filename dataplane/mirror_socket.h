/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mirror_socket.h - what the sinks that send by the host's own network have alike: addresses, options, a frame's buffers.
 *
 * Threads  pure, or a system call on the caller's socket; any.
 */
#ifndef TW_DATAPLANE_MIRROR_SOCKET_H
#define TW_DATAPLANE_MIRROR_SOCKET_H

#include <netinet/in.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <rte_mbuf.h>

enum {
	TW_SOCKET_PARTS = 64,            /* of a frame's buffers: 64 KB and more */
	TW_SOCKET_BUFFER = 4 << 20,      /* octets, of the kernel's queue */
	TW_SOCKET_AGAIN_NS = 1000000000, /* between two looks for a way that is not there */
};

struct tw_socket_address {
	struct sockaddr_storage at;
	socklen_t size; /* 0 = none */
};

/** @param port host order; 0 = of a protocol that has none @return false: it is no address */
bool tw_socket_address(const char *text, uint16_t port, struct tw_socket_address *address);

bool tw_socket_same(const struct tw_socket_address *a, const struct tw_socket_address *b);

/** The first `octets` of a frame as sendmsg() takes them. @param iov [most] @return parts used */
size_t tw_socket_gather(const struct rte_mbuf *m, uint32_t octets, struct iovec *iov, size_t most);

/** What fails here is less than what the kernel does by itself. */
void tw_socket_option(int fd, int level, int name, int value);

#endif
