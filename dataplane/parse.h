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

#include <smmintrin.h>
#include <string.h>

#include "dataplane/key.h"

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "tw_parse_usual() takes a machine of this order");

static inline uint32_t tw_load32(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

/*
 * Nearly every frame: untagged, IPv4 without options, no fragment, TCP or UDP with its headers whole. The same key as the
 * long way gives (a test and the fuzzer hold the two together), in a quarter of the instructions: octets put in place by two shuffles, not fields.
 * @return false: not such a frame, take the long way
 */
static inline bool tw_parse_usual(const uint8_t *data, uint32_t len, uint16_t in, struct tw_key *key,
				  struct tw_meta *meta)
{
	enum { ETHER = 14, IP = 20, L4 = 14, UDP = 17, TCP = 6 };
	const __m128i macs = _mm_setr_epi8(6, 7, 8, 9, 10, 11, -1, -1, 0, 1, 2, 3, 4, 5, -1, -1);
	const __m128i from_ttl = _mm_setr_epi8(4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 1, -1, -1, -1);
	const uint8_t *ip = data + ETHER, *l4 = ip + IP;
	__m128i two;
	uint32_t total;
	uint8_t protocol, flags = 0;

	/* ethertype, version and header length; then the fragment's offset and whether more follow */
	if (len < ETHER + IP + L4 || (tw_load32(data + 12) & 0xffffff) != 0x450008 || tw_load32(ip + 4) & 0xff3f0000)
		return false;
	total = __builtin_bswap32(tw_load32(ip)) & 0xffff;
	protocol = ip[9];
	if (total - (IP + L4) > len - (ETHER + IP + L4))
		return false;
	if (protocol == TCP)
		flags = l4[13];
	else if (protocol != UDP)
		return false;
	/* words 0 and 1: source MAC and slot, destination MAC and no tag */
	two = _mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)(const void *)data), macs);
	_mm_storeu_si128((__m128i *)(void *)&key->word[0], _mm_insert_epi16(two, in, 3));
	/* words 2 and 3: addresses, ports, protocol, TOS, flags */
	two = _mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)(const void *)(ip + 8)), from_ttl);
	two = _mm_insert_epi8(_mm_insert_epi8(two, ip[1], 13), TW_FLOW_KEY_IPV4, 14);
	_mm_storeu_si128((__m128i *)(void *)&key->word[2], two);
	memset(&key->word[4], 0, 32);
	meta->word = UINT64_C(1) << 48 | (uint64_t)ETHER << 32 | total << 16 | (uint32_t)flags << 8 | ip[8];
	return true;
}

/** As tw_parse(), for every frame. */
bool tw_parse_any(const uint8_t *data, uint32_t len, uint32_t pkt_len, uint16_t in, struct tw_key *key,
		  struct tw_meta *meta);

/**
 * @param data    first segment of the frame
 * @param len     octets in it
 * @param pkt_len octets of the whole frame (>= len)
 * @param in      slot, copied into the key
 * @return true; false when even the Ethernet header (and its tags) is not whole: SHORT_FRAME. *key is then undefined
 */
static inline bool tw_parse(const uint8_t *data, uint32_t len, uint32_t pkt_len, uint16_t in, struct tw_key *key,
			    struct tw_meta *meta)
{
	if (__builtin_expect(tw_parse_usual(data, len, in, key, meta), 1))
		return true;
	return tw_parse_any(data, len, pkt_len, in, key, meta);
}

#endif
