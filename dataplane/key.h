/* SPDX-License-Identifier: Apache-2.0 */
/*
 * key.h - what makes two frames the same flow, laid out to be compared and hashed as 64-bit words.
 *
 * Everything a verdict depends on is in the key (port, tag, MACs), and everything a record tells flows apart by. IPv4 and
 * non-IP keys are the first four words, IPv6 keys all eight; `flags` is in word 3, so a short key never equals a long one.
 * Orders: addresses, MACs and ports as on the wire; tci, in, flags in host order. Unused octets are zero.
 */
#ifndef TW_DATAPLANE_KEY_H
#define TW_DATAPLANE_KEY_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "flowexport/record.h"

struct tw_key {
	union {
		struct {
			/* word 0 */
			uint8_t src_mac[6];
			uint16_t in; /* slot the frame came in on */
			/* word 1 */
			uint8_t dst_mac[6];
			uint16_t tci; /* 802.1Q tag control information; 0 and no TW_FLOW_KEY_TAGGED = untagged */
			/* word 2 */
			union {
				struct {
					uint8_t src_ip4[4], dst_ip4[4];
				};
				uint32_t flow_label[2]; /* IPv6: [0] = label, host order */
			};
			/* word 3 */
			union {
				struct {
					uint8_t src_port[2],
						dst_port[2]; /* wire order; ICMP: 0 and type, code; IGMP: 0 and type, 0 */
				};
				struct {
					uint8_t ethertype
						[2]; /* non-IP: wire order; a frame with two tags: the second one's */
					uint8_t inner_tci[2]; /* of the second tag, wire order; else zero */
				};
			};
			uint8_t protocol;
			uint8_t tos;
			uint8_t flags;   /* enum tw_flow_key_flags */
			uint8_t refused; /* 0; else enum tw_drop + 1: frames of the flow refused one by one (meter.h) */
			/* words 4..7, IPv6 only */
			uint8_t src_ip6[16], dst_ip6[16];
		};
		uint64_t word[8];
	};
};
static_assert(sizeof(struct tw_key) == 64, "a key is one cache line");

enum { TW_KEY_SHORT_WORDS = 4, TW_KEY_LONG_WORDS = 8 };

static inline bool tw_key_is_long(const struct tw_key *k)
{
	return k->flags & TW_FLOW_KEY_IPV6;
}

/* A frame with two tags is a layer-2 flow of the second one. */
static inline bool tw_key_is_double_tagged(const struct tw_key *k)
{
	return (k->flags & (TW_FLOW_KEY_TAGGED | TW_FLOW_KEY_IPV4 | TW_FLOW_KEY_IPV6)) == TW_FLOW_KEY_TAGGED &&
	       ((k->ethertype[0] == 0x81 && k->ethertype[1] == 0x00) ||
		(k->ethertype[0] == 0x88 && k->ethertype[1] == 0xa8));
}

/* VLAN id of the second tag; 0 = none. */
static inline uint16_t tw_key_inner_vid(const struct tw_key *k)
{
	return tw_key_is_double_tagged(k) ? (uint16_t)((k->inner_tci[0] & 0x0f) << 8 | k->inner_tci[1]) : 0;
}

/* Octets in front of layer 3. */
static inline uint16_t tw_key_l2_len(const struct tw_key *k)
{
	return k->flags & TW_FLOW_KEY_TAGGED ? (uint16_t)(tw_key_is_double_tagged(k) ? 22 : 18) : 14;
}

/* What of a frame is counted but does not tell flows apart. `word` is all of it; never 0, which is no counted frame's. */
struct tw_meta {
	union {
		struct {
			uint8_t ttl;
			uint8_t tcp_flags;
			uint16_t l3_len; /* octets counted as layer 3, capped at 65535 */
			uint16_t l2_len; /* octets of the Ethernet header with its tags */
			uint16_t taken;  /* 1; 0 = not counted, by sampling */
		};
		uint64_t word;
	};
};
static_assert(sizeof(struct tw_meta) == 8, "what is counted is one word");

#endif
