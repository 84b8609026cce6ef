/* SPDX-License-Identifier: Apache-2.0 */
/*
 * frame.h - test frames by description, with checksums done the plain way: octet pairs added up one after the other.
 *
 * Who N is has the MAC 02:00:00:00:00:NN, the addresses 10.0.0.NN and 2001:db8::NN; 255 is everybody.
 */
#ifndef TW_TESTS_SUPPORT_FRAME_H
#define TW_TESTS_SUPPORT_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TF_EVERYBODY = 255, TF_MAX = 65600, TF_ETHERTYPE = 0x88b5 /* for experiments, if protocol is 0 */ };

struct test_frame {
	uint8_t from, to;
	bool tagged;
	uint16_t tci;
	uint8_t protocol; /* 6, 17; 0 = not IP */
	bool ip6;
	uint16_t sport, dport;
	uint32_t payload; /* octets behind the last header: a pattern */
	uint8_t tcp_flags;
	uint32_t seq;
	uint16_t ip_id;
	uint8_t ttl; /* 0 = 64 */
};

/** UDP over IPv4, 64 octets untagged: what most tests send. */
struct test_frame test_frame_udp(unsigned from, unsigned to);
/** The same frame with an 802.1Q tag. */
struct test_frame test_frame_tagged(struct test_frame f, uint16_t tci);

/** Write the frame, checksums finished. @param out TF_MAX octets @return its length */
size_t test_frame_write(const struct test_frame *f, uint8_t *out);

/** Octets in front of layer 3, in front of layer 4, in front of the payload. */
size_t test_frame_l3(const struct test_frame *f);
size_t test_frame_l4(const struct test_frame *f);
size_t test_frame_payload(const struct test_frame *f);

/** Are the checksums of an untagged or tagged IPv4/IPv6 TCP/UDP frame right? Nothing of them is taken from the frame. */
bool test_frame_sums_hold(const uint8_t *frame, size_t len);

#endif
