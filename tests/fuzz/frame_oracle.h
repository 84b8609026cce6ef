/* SPDX-License-Identifier: Apache-2.0 */
/*
 * frame_oracle.h - what must be so of every frame that comes out of the switch on the bench, worked out from its octets and
 *                  the ports' settings alone: nothing here asks the code under test.
 *
 * Each function calls abort() when something is not so. One thread.
 */
#ifndef TW_TESTS_FUZZ_FRAME_ORACLE_H
#define TW_TESTS_FUZZ_FRAME_ORACLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How a frame is judged by where it came in. */
struct sent {
	unsigned who;
	uint16_t wire; /* VLAN as the wire carries it */
	bool payload;  /* from a tunnel: tag and all is payload */
	uint8_t dst[6], src[6];
	uint16_t inner; /* VLAN of what is left when its own tag is gone; 0 = none */
	bool opens;     /* IPv4 TCP, SYN without ACK: the bench's list denies it */
	bool honest;    /* its checksums are right or asked for as they should be */
};

/** @param frame at least an Ethernet header @param first octets of it in its first segment, where headers are */
struct sent oracle_sent(unsigned who, const uint8_t *frame, size_t len, size_t first);

/**
 * Look at all that has gone out there, and free it.
 * @param sent what it came in as; NULL: frames that waited, of which nothing is known
 * @return frames
 */
uint64_t oracle_look(unsigned who, const struct sent *sent);

#endif
