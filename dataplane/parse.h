/* SPDX-License-Identifier: Apache-2.0 */
/*
 * parse.h - a frame's bytes become a key.
 *
 * Place    first stage of a worker; pure, so tests, the fuzzer and `trace` call it too. Every byte is a guest's: each
 *          read is checked against the length. What is not valid IP is a layer-2 flow of its ethertype: a switch forwards
 *          it, it does not judge it.
 * Spec     IEEE 802.3, 802.1Q clause 9 (tags of 0x8100 and 0x88a8; of two, the second one's TCI is in the key, layer 3 is not looked at), RFC 791, RFC 8200 (extension headers), RFC 792, RFC 4443.
 */
#ifndef TW_DATAPLANE_PARSE_H
#define TW_DATAPLANE_PARSE_H

#include "dataplane/key.h"

/**
 * @param data    first segment of the frame
 * @param len     octets in it
 * @param pkt_len octets of the whole frame (>= len)
 * @param in      slot, copied into the key
 * @return true; false when even the Ethernet header (and its tags) is not whole: SHORT_FRAME. *key is then undefined
 */
bool tw_parse(const uint8_t *data, uint32_t len, uint32_t pkt_len, uint16_t in, struct tw_key *key,
	      struct tw_meta *meta);

/** The same without the short cut for usual frames: tests hold the two against each other. */
bool tw_parse_long_way(const uint8_t *data, uint32_t len, uint32_t pkt_len, uint16_t in, struct tw_key *key,
		       struct tw_meta *meta);

#endif
