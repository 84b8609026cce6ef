/* SPDX-License-Identifier: Apache-2.0 */
/* erspan.c - GRE and ERSPAN headers; see erspan.h. Pure. */
#include "dataplane/erspan.h"

enum {
	GRE_OCTETS = 8,
	TYPE2_OCTETS = 8,
	TYPE3_OCTETS = 12,
	SUBHEADER_OCTETS = 8,
	GRE_SEQUENCE = 0x1000,
	PROTOCOL_TYPE2 = 0x88be,
	PROTOCOL_TYPE3 = 0x22eb,
	TAG_NONE = 0,
	TAG_KEPT = 3,
	GRANULARITY_100NS = 1,
	GRANULARITY_1588 = 2,
	PLATFORM_SECONDS = 5, /* switch and port, then seconds */
};

static uint8_t *put16(uint8_t *out, uint16_t v)
{
	out[0] = (uint8_t)(v >> 8);
	out[1] = (uint8_t)v;
	return out + 2;
}

static uint8_t *put32(uint8_t *out, uint32_t v)
{
	return put16(put16(out, (uint16_t)(v >> 16)), (uint16_t)v);
}

static bool has_subheader(const struct tw_erspan *s)
{
	return s->type == 3 && s->nanoseconds;
}

size_t tw_erspan_size(const struct tw_erspan *s)
{
	return GRE_OCTETS + (s->type == 3 ? TYPE3_OCTETS : TYPE2_OCTETS) + (has_subheader(s) ? SUBHEADER_OCTETS : 0);
}

/* Version, VLAN, COS, what of the tag, truncated, session: alike in both but for the two bits in the middle. */
static uint32_t first_word(const struct tw_erspan *s, const struct tw_erspan_frame *f, uint32_t version, uint32_t two)
{
	uint32_t cos = s->cos ? s->cos : f->pcp;

	return version << 28 | (f->vlan & 0xfffu) << 16 | (cos & 7) << 13 | two << 11 | (uint32_t)f->truncated << 10 |
	       (s->session & 0x3ffu);
}

static void write_type3(const struct tw_erspan *s, const struct tw_erspan_frame *f, uint8_t *out)
{
	const uint32_t granularity = has_subheader(s) ? GRANULARITY_1588 : GRANULARITY_100NS;
	const uint32_t time = has_subheader(s) ? (uint32_t)(f->ns % 1000000000) : (uint32_t)(f->ns / 100);

	out = put32(out, first_word(s, f, 2, 0));
	out = put32(out, time);
	out = put16(out, 0); /* no security group */
	/* "P": what follows is Ethernet; frame type 0 says so, too */
	out = put16(out, (uint16_t)(1u << 15 | (uint32_t)f->egress << 3 | granularity << 1 | has_subheader(s)));
	if (has_subheader(s)) {
		out = put32(out, (uint32_t)PLATFORM_SECONDS << 26 | (f->port & 0xffffu));
		put32(out, (uint32_t)(f->ns / 1000000000));
	}
}

void tw_erspan_write(const struct tw_erspan *s, const struct tw_erspan_frame *f, uint8_t *out)
{
	out = put16(out, GRE_SEQUENCE);
	out = put16(out, s->type == 3 ? PROTOCOL_TYPE3 : PROTOCOL_TYPE2);
	out = put32(out, f->sequence);
	if (s->type == 3) {
		write_type3(s, f, out);
		return;
	}
	out = put32(out, first_word(s, f, 1, f->tagged ? TAG_KEPT : TAG_NONE));
	put32(out, f->port & 0xfffffu);
}
