/* SPDX-License-Identifier: Apache-2.0 */
/*
 * af_packet.h - what DPDK's driver over kernel links (net_af_packet) has to be told, and kept from, for an uplink.
 *
 * Sizes    The driver copies a frame into a slot of its rings, and what does not fit is cut off without a word. So a slot is
 *          always larger than the largest frame of the link: one that was cut is longer than the link's MTU allows,
 *          and dropped for that (uplink_rx.h).
 * Fanout   The driver puts its sockets into a fanout group even if there is only one. It chooses the group's number by process
 *          and interface, so two switches may meet in one group, or not open at all; and it has the kernel reassemble IPv4
 *          fragments, which makes frames larger than any MTU of them. Neither can be asked of it otherwise: the
 *          one system call it makes for that is answered here, while one of its devices is being opened, and nobody else's.
 * Threads  main.
 */
#ifndef TW_DATAPLANE_AF_PACKET_H
#define TW_DATAPLANE_AF_PACKET_H

#include <stdbool.h>
#include <stdint.h>

/* Octets of a slot of the rings, and how many slots each ring has. */
struct tw_af_packet_ring {
	uint32_t frame, frames;
	uint16_t mtu; /* largest layer 3 that surely comes in whole */
};

/** Does a device of this driver stand there? */
bool tw_af_packet_is(const char *devargs);

/** Rings for frames of this MTU, or such as the devargs ask for. */
struct tw_af_packet_ring tw_af_packet_ring(const char *devargs, uint16_t mtu);

/** rte_dev_probe() with these rings. @return as that does; -ENAMETOOLONG */
int tw_af_packet_probe(const char *devargs, const struct tw_af_packet_ring *ring) __attribute__((warn_unused_result));

#endif
