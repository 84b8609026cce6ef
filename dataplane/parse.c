/* SPDX-License-Identifier: Apache-2.0 */
/*
 * parse.c - a frame's bytes become a key; see parse.h.
 *
 * Place    first stage of a worker, 32 frames at a time, their headers prefetched.
 * Threads  pure; any.
 * Rule     every read is behind a comparison with `end`; a header that is not whole makes the frame a flow of the layer
 *          below. Lengths that a header claims are never trusted beyond the frame.
 */
#include "dataplane/parse.h"

#include <string.h>

#include "common/octets.h"

enum {
	ETHER_LEN = 14,
	TAG_LEN = 4,
	TYPE_VLAN = 0x8100,
	TYPE_SERVICE_VLAN = 0x88a8,
	TYPE_IPV4 = 0x0800,
	TYPE_IPV6 = 0x86dd,
	PROTO_HOPOPTS = 0,
	PROTO_ICMP = 1,
	PROTO_IGMP = 2,
	PROTO_TCP = 6,
	PROTO_UDP = 17,
	PROTO_ROUTING = 43,
	PROTO_FRAGMENT = 44,
	PROTO_ICMPV6 = 58,
	PROTO_NONE = 59,
	PROTO_DSTOPTS = 60,
	PROTO_SCTP = 132,
	PROTO_UDPLITE = 136,
	TCP_TO_FLAGS = 14,
	IPV6_EXT_MAX = 8, /* a longer chain is hostile: the rest counts as the last one's protocol */
};

static bool is_tag(uint16_t type)
{
	return type == TYPE_VLAN || type == TYPE_SERVICE_VLAN;
}

static void parse_l4(const uint8_t *p, const uint8_t *end, struct tw_key *key, struct tw_meta *meta)
{
	switch (key->protocol) {
	case PROTO_TCP:
		if (end - p >= TCP_TO_FLAGS)
			meta->tcp_flags = p[TCP_TO_FLAGS - 1];
		else
			key->flags |= TW_FLOW_KEY_HIDDEN;
		/* fall through */
	case PROTO_UDP:
	case PROTO_SCTP:
	case PROTO_UDPLITE:
		if (end - p >= 4)
			memcpy(key->src_port, p, 4);
		else
			key->flags |= TW_FLOW_KEY_HIDDEN;
		break;
	case PROTO_ICMP:
	case PROTO_ICMPV6:
		if ((key->protocol == PROTO_ICMP) != !(key->flags & TW_FLOW_KEY_IPV6))
			break; /* the other family's ICMP is just a protocol number */
		key->flags |= TW_FLOW_KEY_ICMP;
		if (end - p >= 2)
			memcpy(key->dst_port, p, 2);
		break;
	case PROTO_IGMP: /* its reports and its queries go different ways */
		if (end - p >= 1 && key->flags & TW_FLOW_KEY_IPV4)
			key->dst_port[0] = p[0];
		break;
	default:
		break;
	}
}

/* Not the first. RFC 3128: one of TCP at 8 octets could put other flags where the first one's have been judged. */
static void note_fragment(unsigned offset, struct tw_key *key)
{
	key->flags |= TW_FLOW_KEY_FRAGMENT;
	if (offset == 1 && key->protocol == PROTO_TCP)
		key->flags |= TW_FLOW_KEY_HIDDEN;
}

/* RFC 791 section 3.1. @return false: not valid IPv4, take it as layer 2. */
static bool parse_ipv4(const uint8_t *p, const uint8_t *end, struct tw_key *key, struct tw_meta *meta)
{
	uint32_t header = end - p >= 20 ? (p[0] & 0x0fu) * 4 : 0;
	uint16_t total, fragment;

	if (header < 20 || p[0] >> 4 != 4 || end - p < header)
		return false;
	total = tw_be16(p + 2);
	fragment = tw_be16(p + 6);
	/* 0 and lengths beyond the frame are what segmentation offload leaves there; then the frame's own length counts. */
	if (total >= header && total < meta->l3_len)
		meta->l3_len = total;
	if (total >= header && total < end - p)
		end = p + total;
	key->flags |= TW_FLOW_KEY_IPV4;
	key->tos = p[1];
	meta->ttl = p[8];
	key->protocol = p[9];
	memcpy(key->src_ip4, p + 12, 8);
	if (fragment & 0x1fff)
		note_fragment(fragment & 0x1fff, key);
	else
		parse_l4(p + header, end, key, meta);
	return true;
}

/* RFC 8200 section 4: walk to the transport header, or to where the walk must stop. */
static void parse_ipv6_chain(const uint8_t *p, const uint8_t *end, struct tw_key *key, struct tw_meta *meta)
{
	for (int n = 0; n < IPV6_EXT_MAX; n++) {
		uint32_t len;

		switch (key->protocol) {
		case PROTO_HOPOPTS:
		case PROTO_ROUTING:
		case PROTO_DSTOPTS:
			len = end - p >= 8 ? (p[1] + 1u) * 8 : 0;
			break;
		case PROTO_FRAGMENT:
			len = end - p >= 8 ? 8 : 0;
			if (len && tw_be16(p + 2) & 0xfff8) {
				key->protocol = p[0];
				note_fragment(tw_be16(p + 2) >> 3, key);
				return;
			}
			break;
		default:
			parse_l4(p, end, key, meta);
			return;
		}
		if (len == 0 || end - p < len)
			return;
		key->protocol = p[0];
		p += len;
	}
}

static bool parse_ipv6(const uint8_t *p, const uint8_t *end, struct tw_key *key, struct tw_meta *meta)
{
	uint32_t total;

	if (end - p < 40 || p[0] >> 4 != 6)
		return false;
	total = tw_be16(p + 4) + 40u;
	/* No payload is what segmentation offload leaves there, unless the header says that nothing follows. */
	if (total == 40 && p[6] != PROTO_NONE)
		total = UINT32_MAX;
	if (total < meta->l3_len)
		meta->l3_len = (uint16_t)total;
	if (total < (uint32_t)(end - p))
		end = p + total;
	key->flags |= TW_FLOW_KEY_IPV6;
	key->tos = (uint8_t)(tw_be16(p) >> 4);
	key->flow_label[0] = (p[1] & 0x0fu) << 16 | tw_be16(p + 2);
	key->protocol = p[6];
	meta->ttl = p[7];
	memcpy(key->src_ip6, p + 8, 32);
	parse_ipv6_chain(p + 40, end, key, meta);
	return true;
}

bool tw_parse_any(const uint8_t *data, uint32_t len, uint32_t pkt_len, uint16_t in, struct tw_key *key,
		  struct tw_meta *meta)
{
	const uint8_t *end = data + len, *l3 = data + ETHER_LEN;
	uint16_t type;
	bool ip = false;

	if (len < ETHER_LEN)
		return false;
	memset(key, 0, sizeof(*key));
	*meta = (struct tw_meta){ .taken = 1 };
	memcpy(key->dst_mac, data, 6);
	memcpy(key->src_mac, data + 6, 6);
	key->in = in;
	type = tw_be16(data + 12);
	if (is_tag(type)) {
		if (len < ETHER_LEN + TAG_LEN)
			return false;
		key->tci = tw_be16(data + 14);
		key->flags = TW_FLOW_KEY_TAGGED;
		type = tw_be16(data + 16);
		l3 += TAG_LEN;
		if (is_tag(type)) {
			if (len < ETHER_LEN + 2 * TAG_LEN)
				return false;
			memcpy(key->inner_tci, data + 18, 2);
			l3 += TAG_LEN;
		}
	}
	meta->l2_len = (uint16_t)(l3 - data);
	meta->l3_len = (uint16_t)(pkt_len - meta->l2_len > UINT16_MAX ? UINT16_MAX : pkt_len - meta->l2_len);
	if (type == TYPE_IPV4)
		ip = parse_ipv4(l3, end, key, meta);
	else if (type == TYPE_IPV6)
		ip = parse_ipv6(l3, end, key, meta);
	if (!ip) {
		key->ethertype[0] = (uint8_t)(type >> 8);
		key->ethertype[1] = (uint8_t)type;
	}
	return true;
}
