/* SPDX-License-Identifier: Apache-2.0 */
/* lacpdu.c - LACPDUs and markers read and written; see lacpdu.h. Pure. */
#include "dataplane/lacpdu.h"

#include <string.h>

#include "common/octets.h"

/* Offsets from the frame's first octet. */
enum {
	AT_TYPE = 12,
	AT_SUBTYPE = 14,
	AT_ACTOR = 16, /* type, length, then the end */
	AT_PARTNER = 36,
	AT_COLLECTOR = 56,
	AT_TLV = 16, /* of a marker */
	SUBTYPE_LACP = 1,
	SUBTYPE_MARKER = 2,
	VERSION = 1,
	TLV_ACTOR = 1,
	TLV_PARTNER = 2,
	TLV_COLLECTOR = 3,
	TLV_MARKER = 1,
	TLV_MARKER_ANSWER = 2,
	END_LEN = 20,
	COLLECTOR_LEN = 16,
	MARKER_LEN = 16,
};

static const uint8_t slow_protocols[6] = { 0x01, 0x80, 0xc2, 0x00, 0x00, 0x02 };

static void put16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static void read_end(const uint8_t *tlv, struct tw_lacp_end *e)
{
	e->system_priority = tw_be16(tlv + 2);
	memcpy(e->system, tlv + 4, 6);
	e->key = tw_be16(tlv + 10);
	e->port_priority = tw_be16(tlv + 12);
	e->port = tw_be16(tlv + 14);
	e->state = tlv[16];
}

static void write_end(uint8_t *tlv, uint8_t type, const struct tw_lacp_end *e)
{
	tlv[0] = type;
	tlv[1] = END_LEN;
	put16(tlv + 2, e->system_priority);
	memcpy(tlv + 4, e->system, 6);
	put16(tlv + 10, e->key);
	put16(tlv + 12, e->port_priority);
	put16(tlv + 14, e->port);
	tlv[16] = e->state;
}

enum tw_slow tw_lacpdu_read(const uint8_t *frame, uint32_t len, struct tw_lacpdu *pdu)
{
	if (len < TW_LACP_FRAME || tw_be16(frame + AT_TYPE) != TW_SLOW_PROTOCOL)
		return TW_SLOW_BAD;
	if (frame[AT_SUBTYPE] == SUBTYPE_LACP) {
		read_end(frame + AT_ACTOR, &pdu->actor);
		read_end(frame + AT_PARTNER, &pdu->partner);
		return TW_SLOW_LACPDU;
	}
	if (frame[AT_SUBTYPE] != SUBTYPE_MARKER)
		return TW_SLOW_BAD;
	if (frame[AT_TLV] == TLV_MARKER)
		return TW_SLOW_MARKER;
	return frame[AT_TLV] == TLV_MARKER_ANSWER ? TW_SLOW_MARKER_ANSWER : TW_SLOW_BAD;
}

static void begin(uint8_t *frame, const uint8_t source[6], uint8_t subtype)
{
	memset(frame, 0, TW_LACP_FRAME);
	memcpy(frame, slow_protocols, 6);
	memcpy(frame + 6, source, 6);
	put16(frame + AT_TYPE, TW_SLOW_PROTOCOL);
	frame[AT_SUBTYPE] = subtype;
	frame[AT_SUBTYPE + 1] = VERSION;
}

void tw_lacpdu_write(const struct tw_lacpdu *pdu, const uint8_t source[6], uint8_t frame[TW_LACP_FRAME])
{
	begin(frame, source, SUBTYPE_LACP);
	write_end(frame + AT_ACTOR, TLV_ACTOR, &pdu->actor);
	write_end(frame + AT_PARTNER, TLV_PARTNER, &pdu->partner);
	frame[AT_COLLECTOR] = TLV_COLLECTOR;
	frame[AT_COLLECTOR + 1] = COLLECTOR_LEN; /* with a greatest delay of 0 */
}

void tw_lacp_marker_answer(const uint8_t *marker, const uint8_t source[6], uint8_t frame[TW_LACP_FRAME])
{
	begin(frame, source, SUBTYPE_MARKER);
	memcpy(frame + AT_TLV, marker + AT_TLV, MARKER_LEN);
	frame[AT_TLV] = TLV_MARKER_ANSWER;
	frame[AT_TLV + 1] = MARKER_LEN;
}
