/* SPDX-License-Identifier: Apache-2.0 */
/*
 * udp.h - a connected, non-blocking UDP socket to one collector, and what UDP lets us know of the other end.
 *
 * UDP tells of a refused datagram only afterwards: the ICMP answer is kept by the socket and given to the next call. So
 * tw_udp_send() reports on two datagrams: the one before, and its own.
 * The source port stays the same as long as the socket lives: collectors key templates on it.
 *
 * Threads  its owner's.
 */
#ifndef TW_FLOWEXPORT_UDP_H
#define TW_FLOWEXPORT_UDP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "flowexport/source.h"

/** Open and connect. @return the descriptor, or -errno (ENETUNREACH: no route yet; EADDRNOTAVAIL: source.h; worth another try
 *  later) */
int tw_udp_open(const struct sockaddr_storage *peer, socklen_t peer_size, const struct tw_prefix *source);

/**
 * Send one datagram; never blocks.
 * @param before out: 0, or the errno that the network answered to the datagram before this one: ECONNREFUSED (nobody
 *               listens), EMSGSIZE (a router on the path takes less)
 * @return 0, or -errno for this datagram: EMSGSIZE (the path takes less), EAGAIN (the host's queue is full), ENETUNREACH …
 */
int tw_udp_send(int fd, const void *data, size_t size, int *before);

/** Did the peer refuse what was sent last? Clears the socket's error. @return 0 or -errno */
int tw_udp_verdict(int fd);

/** Octets of IP and UDP headers before the data. */
size_t tw_udp_overhead(const struct sockaddr_storage *peer);

/** Largest IP packet that the path takes as far as the kernel knows. @return 0 if it does not */
size_t tw_udp_path_mtu(int fd, const struct sockaddr_storage *peer);

#endif
