/* SPDX-License-Identifier: Apache-2.0 */
/*
 * igmp.c - IGMP messages; see igmp.h.
 *
 * Threads  pure; any.
 * Rule     every octet is hostile: lengths before contents, checksums before meaning. Queries and reports are told apart by
 *          type, versions of a query by its length (RFC 3376 section 7.1).
 */
#include "dataplane/igmp.h"

#include <rte_ether.h>
#include <rte_ip.h>

#include "common/octets.h"

enum {
	PROTO_IGMP = 2,
	IP_MIN = 20,
	IGMP_MIN = 8,
	QUERY3_MIN = 12,
	V1_RESPONSE_MS = 10000, /* RFC 3376 section 4.1.1 */
	FRAME_MIN = 60,
	IP_LEN = 24, /* with the router alert option */
};

/* RFC 2113: copied, option 20, 4 octets, value 0 */
static const uint8_t router_alert[4] = { 0x94, 0x04, 0, 0 };

/* RFC 791 section 3.1. On success *p is at the IGMP message and *len its length. */
static enum tw_mcast_error enter_ip(const uint8_t **p, uint32_t *len)
{
	const uint8_t *ip = *p;
	uint32_t header, total;

	if (*len < IP_MIN)
		return TW_MCAST_BAD_SHORT;
	header = (ip[0] & 0x0fu) * 4;
	total = tw_be16(ip + 2);
	if (ip[0] >> 4 != 4 || header < IP_MIN || total < header || ip[9] != PROTO_IGMP || tw_be16(ip + 6) & 0x3fff ||
	    ip[16] >> 4 != 0xe)
		return TW_MCAST_BAD_HEADER;
	if (*len < total || total - header < IGMP_MIN)
		return TW_MCAST_BAD_SHORT;
	if (rte_raw_cksum(ip, header) != 0xffff)
		return TW_MCAST_BAD_CHECKSUM;
	if (ip[8] != 1)
		return TW_MCAST_BAD_TTL;
	*p = ip + header;
	*len = total - header;
	return TW_MCAST_OK;
}

static enum tw_mcast_error take_query(const uint8_t *p, uint32_t len, struct tw_mcast_message *m)
{
	static const uint8_t none[4];

	m->kind = TW_MCAST_QUERY;
	memset(&m->group, 0, sizeof(m->group));
	if (memcmp(p + 4, none, 4) != 0) {
		m->group = tw_mcast_ip4(p + 4);
		if (!tw_mcast_is_group(&m->group))
			return TW_MCAST_BAD_GROUP;
	}
	if (len == IGMP_MIN) {
		m->version = p[1] ? 2 : 1;
		m->max_resp_ms = p[1] ? p[1] * 100u : V1_RESPONSE_MS;
		return TW_MCAST_OK;
	}
	if (len < QUERY3_MIN || len < QUERY3_MIN + 4u * tw_be16(p + 10))
		return TW_MCAST_BAD_LENGTH;
	m->version = 3;
	m->max_resp_ms = tw_mcast_code_value(p[1]) * 100;
	m->robustness = p[8] & 7;
	m->interval_s = tw_mcast_code_value(p[9]);
	return TW_MCAST_OK;
}

static enum tw_mcast_error take_one(const uint8_t *p, uint8_t kind, uint8_t version, struct tw_mcast_message *m)
{
	m->kind = kind;
	m->version = version;
	m->group = tw_mcast_ip4(p + 4);
	return tw_mcast_is_group(&m->group) ? TW_MCAST_OK : TW_MCAST_BAD_GROUP;
}

enum tw_mcast_error tw_igmp_parse(const uint8_t *p, uint32_t len, struct tw_mcast_message *m)
{
	const uint8_t *ip = p;
	enum tw_mcast_error error = enter_ip(&p, &len);

	if (error)
		return error;
	if (rte_raw_cksum(p, len) != 0xffff)
		return TW_MCAST_BAD_CHECKSUM;
	memset(m, 0, sizeof(*m));
	m->source = tw_mcast_ip4(ip + 12);
	switch (p[0]) {
	case TW_IGMP_QUERY:
		return take_query(p, len, m);
	case TW_IGMP_REPORT1:
		return take_one(p, TW_MCAST_JOIN, 1, m);
	case TW_IGMP_REPORT2:
		return take_one(p, TW_MCAST_JOIN, 2, m);
	case TW_IGMP_LEAVE:
		return take_one(p, TW_MCAST_LEAVE, 2, m);
	case TW_IGMP_REPORT3:
		m->kind = TW_MCAST_RECORDS;
		m->version = 3;
		return tw_mcast_take_records(m, p + IGMP_MIN, len - IGMP_MIN, tw_be16(p + 6));
	default:
		return TW_MCAST_BAD_TYPE;
	}
}

/* --- write --- */

static void put16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static void put_sum(uint8_t *at, const uint8_t *from, uint32_t len)
{
	uint16_t sum = (uint16_t)~rte_raw_cksum(from, len);

	memcpy(at, &sum, 2); /* the sum of octet pairs as they lie is in wire order */
}

uint32_t tw_igmp_write_query(const struct tw_mcast_query *q, uint8_t *out)
{
	static const uint8_t all_hosts[4] = { 224, 0, 0, 1 };
	const bool general = tw_mcast_is_zero(&q->group);
	const uint8_t *to = general ? all_hosts : q->group.b + 12;
	uint8_t *ip = out + RTE_ETHER_HDR_LEN, *p = ip + IP_LEN;

	memset(out, 0, FRAME_MIN);
	memcpy(out, (const uint8_t[6]){ 0x01, 0x00, 0x5e, (uint8_t)(to[1] & 0x7f), to[2], to[3] },
	       6); /* RFC 1112 section 6.4 */
	memcpy(out + 6, q->mac, 6);
	put16(out + 12, RTE_ETHER_TYPE_IPV4);
	ip[0] = 0x40 | IP_LEN / 4;
	ip[1] = 0xc0; /* RFC 3376 section 4: internetwork control */
	put16(ip + 2, IP_LEN + QUERY3_MIN);
	ip[8] = 1;
	ip[9] = PROTO_IGMP;
	memcpy(ip + 12, q->source.b + 12, 4);
	memcpy(ip + 16, to, 4);
	memcpy(ip + 20, router_alert, 4);
	put_sum(ip + 10, ip, IP_LEN);
	p[0] = TW_IGMP_QUERY;
	p[1] = tw_mcast_code(q->max_resp_ms / 100);
	if (!general)
		memcpy(p + 4, to, 4);
	p[8] = q->robustness & 7;
	p[9] = tw_mcast_code(q->interval_s);
	put_sum(p + 2, p, QUERY3_MIN);
	return FRAME_MIN;
}
