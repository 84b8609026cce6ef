/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mld.c - MLD messages; see mld.h.
 *
 * Threads  pure; any.
 * Rule     every octet is hostile: lengths before contents, checksums before meaning. RFC 3810 section 6.2 has the checks: a
 *          link-local source (or none in a report, RFC 3590), hop limit 1, the router alert option.
 */
#include "dataplane/mld.h"

#include <rte_ether.h>
#include <rte_ip.h>

#include "common/octets.h"

enum {
	PROTO_HOPOPTS = 0,
	PROTO_ICMPV6 = 58,
	IP_LEN = 40,
	HOPOPTS_LEN = 8, /* as we write it; at least this */
	OPT_PAD1 = 0,
	OPT_ROUTER_ALERT = 5, /* RFC 2711; of 2 octets, 0 = MLD */
	MLD1_LEN = 24,
	QUERY2_MIN = 28,
	REPORT2_MIN = 8,
	LINEAR_MS = 32768,
};

static bool is_link_local(const uint8_t a[16])
{
	return a[0] == 0xfe && (a[1] & 0xc0) == 0x80;
}

/* RFC 8200 section 4.2: does the option say "MLD"? @param p the hop-by-hop header, whole */
static bool has_router_alert(const uint8_t *p, uint32_t len)
{
	for (uint32_t at = 2; at < len;) {
		uint32_t size;

		if (p[at] == OPT_PAD1) {
			at++;
			continue;
		}
		if (len - at < 2)
			return false;
		size = 2u + p[at + 1];
		if (size > len - at)
			return false;
		if (p[at] == OPT_ROUTER_ALERT && size == 4)
			return tw_be16(p + at + 2) == 0;
		at += size;
	}
	return false;
}

/* Sum over a pseudo-header (RFC 8200 section 8.1) and the message; right if all ones. */
static uint16_t sum_of(const uint8_t *ip, const uint8_t *p, uint32_t len)
{
	const uint8_t tail[8] = { 0, 0, (uint8_t)(len >> 8), (uint8_t)len, 0, 0, 0, PROTO_ICMPV6 };
	uint32_t sum = rte_raw_cksum(ip + 8, 32);

	sum += rte_raw_cksum(tail, sizeof(tail));
	sum += rte_raw_cksum(p, len);
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)((sum & 0xffff) + (sum >> 16));
}

/* On success *p is at the ICMPv6 message and *len its length. */
static enum tw_mcast_error enter_ip(const uint8_t **p, uint32_t *len)
{
	const uint8_t *ip = *p, *hop = ip + IP_LEN;
	uint32_t total, header;

	if (*len < IP_LEN + HOPOPTS_LEN)
		return TW_MCAST_BAD_SHORT;
	total = tw_be16(ip + 4);
	if (ip[0] >> 4 != 6 || ip[24] != 0xff)
		return TW_MCAST_BAD_HEADER;
	if (ip[6] != PROTO_HOPOPTS)
		return ip[6] == PROTO_ICMPV6 ? TW_MCAST_BAD_ALERT : TW_MCAST_BAD_HEADER;
	header = (hop[1] + 1u) * 8;
	if (*len - IP_LEN < total || total < header + REPORT2_MIN)
		return TW_MCAST_BAD_SHORT;
	if (hop[0] != PROTO_ICMPV6)
		return TW_MCAST_BAD_HEADER;
	if (ip[7] != 1)
		return TW_MCAST_BAD_TTL;
	if (!has_router_alert(hop, header))
		return TW_MCAST_BAD_ALERT;
	*p = hop + header;
	*len = total - header;
	return TW_MCAST_OK;
}

static enum tw_mcast_error take_group(const uint8_t *p, uint32_t len, bool may_be_none, struct tw_mcast_message *m)
{
	if (len < MLD1_LEN)
		return TW_MCAST_BAD_LENGTH;
	m->group = tw_mcast_ip6(p + 8);
	return tw_mcast_is_group(&m->group) || (may_be_none && tw_mcast_is_zero(&m->group)) ? TW_MCAST_OK
											    : TW_MCAST_BAD_GROUP;
}

static uint32_t response_ms(uint16_t code)
{
	return code < LINEAR_MS ? code : ((code & 0x0fffu) | 0x1000u) << ((code >> 12 & 7) + 3);
}

/* RFC 3810 section 8.1: a query of 24 octets is of version 1, one of at least 28 of version 2. */
static enum tw_mcast_error take_query(const uint8_t *p, uint32_t len, struct tw_mcast_message *m)
{
	enum tw_mcast_error error = take_group(p, len, true, m);

	m->kind = TW_MCAST_QUERY;
	if (error)
		return error;
	m->version = len == MLD1_LEN ? 2 : 3;
	m->max_resp_ms = tw_be16(p + 4);
	if (len == MLD1_LEN)
		return TW_MCAST_OK;
	if (len < QUERY2_MIN || len < QUERY2_MIN + 16u * tw_be16(p + 26))
		return TW_MCAST_BAD_LENGTH;
	m->max_resp_ms = response_ms(tw_be16(p + 4));
	m->robustness = p[24] & 7;
	m->interval_s = tw_mcast_code_value(p[25]);
	return TW_MCAST_OK;
}

static bool source_fits(const struct tw_mcast_message *m, uint8_t type)
{
	return is_link_local(m->source.b) || (type != TW_MLD_QUERY && tw_mcast_is_zero(&m->source));
}

enum tw_mcast_error tw_mld_parse(const uint8_t *p, uint32_t len, struct tw_mcast_message *m)
{
	const uint8_t *ip = p;
	enum tw_mcast_error error = enter_ip(&p, &len);

	if (error)
		return error;
	if (sum_of(ip, p, len) != 0xffff)
		return TW_MCAST_BAD_CHECKSUM;
	if (!tw_mld_is_type(p[0]))
		return TW_MCAST_BAD_TYPE;
	memset(m, 0, sizeof(*m));
	m->ip6 = true;
	m->version = 2;
	m->source = tw_mcast_ip6(ip + 8);
	if (!source_fits(m, p[0]))
		return TW_MCAST_BAD_SOURCE;
	switch (p[0]) {
	case TW_MLD_QUERY:
		return take_query(p, len, m);
	case TW_MLD_REPORT1:
		m->kind = TW_MCAST_JOIN;
		return take_group(p, len, false, m);
	case TW_MLD_DONE:
		m->kind = TW_MCAST_LEAVE;
		return take_group(p, len, false, m);
	default:
		m->kind = TW_MCAST_RECORDS;
		m->version = 3;
		return tw_mcast_take_records(m, p + REPORT2_MIN, len - REPORT2_MIN, tw_be16(p + 6));
	}
}

/* --- write --- */

static void put16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

struct tw_mcast_addr tw_mld_link_local(const uint8_t mac[6])
{
	return (struct tw_mcast_addr){ .b = { 0xfe, 0x80, [8] = mac[0] ^ 2, mac[1], mac[2], 0xff, 0xfe, mac[3], mac[4],
					      mac[5] } };
}

uint32_t tw_mld_write_query(const struct tw_mcast_query *q, uint8_t *out)
{
	static const struct tw_mcast_addr all_nodes = { .b = { 0xff, 0x02, [15] = 1 } };
	static const uint8_t alert[HOPOPTS_LEN] = { PROTO_ICMPV6, 0, OPT_ROUTER_ALERT, 2, 0, 0, 1, 0 };
	const bool general = tw_mcast_is_zero(&q->group);
	const uint8_t *to = general ? all_nodes.b : q->group.b;
	uint8_t *ip = out + RTE_ETHER_HDR_LEN, *p = ip + IP_LEN + HOPOPTS_LEN;
	uint32_t ms = q->max_resp_ms < LINEAR_MS ? q->max_resp_ms : LINEAR_MS - 1;
	uint16_t sum;

	memset(out, 0, TW_MCAST_QUERY_MAX);
	memcpy(out, (const uint8_t[6]){ 0x33, 0x33, to[12], to[13], to[14], to[15] }, 6); /* RFC 2464 section 7 */
	memcpy(out + 6, q->mac, 6);
	put16(out + 12, RTE_ETHER_TYPE_IPV6);
	ip[0] = 0x60;
	put16(ip + 4, HOPOPTS_LEN + QUERY2_MIN);
	ip[6] = PROTO_HOPOPTS;
	ip[7] = 1;
	memcpy(ip + 8, q->source.b, 16);
	memcpy(ip + 24, to, 16);
	memcpy(ip + IP_LEN, alert, HOPOPTS_LEN);
	p[0] = TW_MLD_QUERY;
	put16(p + 4, (uint16_t)ms);
	memcpy(p + 8, q->group.b, 16);
	p[24] = q->robustness & 7;
	p[25] = tw_mcast_code(q->interval_s);
	sum = (uint16_t)~sum_of(ip, p, QUERY2_MIN);
	memcpy(p + 2, &sum, 2); /* the sum of octet pairs as they lie is in wire order */
	return RTE_ETHER_HDR_LEN + IP_LEN + HOPOPTS_LEN + QUERY2_MIN;
}
