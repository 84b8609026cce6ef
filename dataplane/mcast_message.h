/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mcast_message.h - what IGMP and MLD say, in one shape: igmp.c and mld.c read and write it, mcast.c acts by it.
 *
 * Addresses are 16 octets, IPv6 as it is and IPv4 mapped (RFC 4291 section 2.5.5.2), so that a group is one key whatever its
 * family. Versions are IGMP's: MLDv1 does what IGMPv2 does and MLDv2 what IGMPv3 does, they are 2 and 3 here.
 * Threads  pure; any. A message lives no longer than the octets it was read from.
 */
#ifndef TW_DATAPLANE_MCAST_MESSAGE_H
#define TW_DATAPLANE_MCAST_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct tw_mcast_addr {
	union {
		uint8_t b[16]; /* wire order */
		uint64_t w[2];
	};
};

/* Why octets are no message: symbol, name of the counter, sentence. */
#define TW_MCAST_ERRORS(_)                                                                           \
	_(SHORT, too_short, "the frame ends before the message does")                                \
	_(HEADER, bad_header, "the IP header is not one that IGMP or MLD can have, or a fragment's") \
	_(TTL, bad_ttl, "the TTL (hop limit) is not 1")                                              \
	_(ALERT, no_router_alert, "an MLD message without the router alert option")                  \
	_(SOURCE, bad_source, "an MLD message from an address that is not link-local")               \
	_(CHECKSUM, bad_checksum, "the checksum is wrong")                                           \
	_(TYPE, unknown_type, "no query, report or leave")                                           \
	_(LENGTH, bad_length, "its parts do not fit into its length")                                \
	_(GROUP, bad_group, "what it names is no multicast group")

enum tw_mcast_error {
	TW_MCAST_OK,
#define TW_MCAST_ERROR_ENUM(symbol, name, text) TW_MCAST_BAD_##symbol,
	TW_MCAST_ERRORS(TW_MCAST_ERROR_ENUM)
#undef TW_MCAST_ERROR_ENUM
		TW_MCAST_ERROR_COUNT,
};

enum tw_mcast_kind {
	TW_MCAST_QUERY,
	TW_MCAST_JOIN,    /* a report of version 1 or 2: `group` */
	TW_MCAST_LEAVE,   /* `group` */
	TW_MCAST_RECORDS, /* a report of version 3: tw_mcast_next_record() */
};

/* RFC 3376 section 4.2.12, RFC 3810 section 5.2.12 */
enum tw_mcast_record_type {
	TW_MCAST_IS_IN = 1,
	TW_MCAST_IS_EX,
	TW_MCAST_TO_IN,
	TW_MCAST_TO_EX,
	TW_MCAST_ALLOW,
	TW_MCAST_BLOCK,
};

struct tw_mcast_message {
	uint8_t kind; /* enum tw_mcast_kind */
	uint8_t version;
	bool ip6;
	struct tw_mcast_addr source; /* of the packet; zeros (mapped) where it has none */
	struct tw_mcast_addr group;  /* of a query: zero = general */
	/* of queries; version 1 and 2 say only the first */
	uint32_t max_resp_ms;
	uint8_t robustness; /* 0 = not said */
	uint32_t interval_s;
	/* of TW_MCAST_RECORDS: borrowed, their lengths checked */
	const uint8_t *records;
	uint16_t n_records;
	uint32_t records_size;
};

struct tw_mcast_record {
	uint8_t type; /* enum tw_mcast_record_type, or one of a later version */
	uint16_t n_sources;
	struct tw_mcast_addr group;
};

/* A general or group-specific query to be written. */
struct tw_mcast_query {
	uint8_t mac[6]; /* it comes from */
	bool ip6;
	struct tw_mcast_addr source;
	struct tw_mcast_addr group; /* zero = general */
	uint32_t max_resp_ms;
	uint8_t robustness;
	uint32_t interval_s;
};
enum { TW_MCAST_QUERY_MAX = 96 /* octets of a frame with a query, without tag */ };

static inline struct tw_mcast_addr tw_mcast_ip4(const uint8_t a[4])
{
	struct tw_mcast_addr m = { .b = { [10] = 0xff, [11] = 0xff } };

	memcpy(m.b + 12, a, 4);
	return m;
}

static inline struct tw_mcast_addr tw_mcast_ip6(const uint8_t a[16])
{
	struct tw_mcast_addr m;

	memcpy(m.b, a, 16);
	return m;
}

static inline bool tw_mcast_same(const struct tw_mcast_addr *a, const struct tw_mcast_addr *b)
{
	return a->w[0] == b->w[0] && a->w[1] == b->w[1];
}

static inline bool tw_mcast_is_zero(const struct tw_mcast_addr *a)
{
	return a->w[0] == 0 && a->w[1] == 0;
}

static inline bool tw_mcast_is_ip4(const struct tw_mcast_addr *a)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

	return memcmp(a->b, mapped, 12) == 0;
}

/** 224.0.0.0/4 mapped, or ff00::/8. */
static inline bool tw_mcast_is_group(const struct tw_mcast_addr *a)
{
	return tw_mcast_is_ip4(a) ? a->b[12] >> 4 == 0xe : a->b[0] == 0xff;
}

/**
 * Groups that every port gets, whoever has joined: 224.0.0.0/24 (RFC 4541 section 2.1.2 rule 2), and of IPv6 all of
 * interface-local and link-local scope, on which neighbour discovery depends. Nobody's membership in them is kept.
 */
static inline bool tw_mcast_is_local(const struct tw_mcast_addr *a)
{
	if (tw_mcast_is_ip4(a))
		return a->b[12] == 224 && a->b[13] == 0 && a->b[14] == 0;
	return a->b[0] == 0xff && (a->b[1] & 0x0f) <= 2;
}

/** The next record of a report. @param at cursor, 0 at the beginning @return false: that was the last */
static inline bool tw_mcast_next_record(const struct tw_mcast_message *m, uint32_t *at, struct tw_mcast_record *record)
{
	const uint8_t *p = m->records + *at;
	uint32_t address = m->ip6 ? 16 : 4;

	if (*at >= m->records_size)
		return false;
	record->type = p[0];
	record->n_sources = (uint16_t)(p[2] << 8 | p[3]);
	record->group = m->ip6 ? tw_mcast_ip6(p + 4) : tw_mcast_ip4(p + 4);
	*at += 4 + address * (1u + record->n_sources) + 4u * p[1];
	return true;
}

/**
 * What both families' reports have in common: do the records fit, and is each one's group a group? Sets m's records.
 * @param p what follows the report's first 8 octets
 */
static inline enum tw_mcast_error tw_mcast_take_records(struct tw_mcast_message *m, const uint8_t *p, uint32_t len,
							uint16_t n)
{
	uint32_t address = m->ip6 ? 16 : 4, at = 0;

	for (uint16_t i = 0; i < n; i++) {
		struct tw_mcast_addr group;

		if (len - at < 4 + address)
			return TW_MCAST_BAD_LENGTH;
		group = m->ip6 ? tw_mcast_ip6(p + at + 4) : tw_mcast_ip4(p + at + 4);
		if (!tw_mcast_is_group(&group))
			return TW_MCAST_BAD_GROUP;
		at += 4 + address * (1u + (uint32_t)(p[at + 2] << 8 | p[at + 3])) + 4u * p[at + 1];
		if (at > len)
			return TW_MCAST_BAD_LENGTH;
	}
	m->records = p;
	m->n_records = n;
	m->records_size = at;
	return TW_MCAST_OK;
}

/** Floating point of a querier's interval and of IGMPv3's response time (RFC 3376 sections 4.1.1 and 4.1.7). */
static inline uint32_t tw_mcast_code_value(uint8_t code)
{
	return code < 128 ? code : ((code & 0x0fu) | 0x10u) << ((code >> 4 & 7) + 3);
}

/** The largest code whose value is not more. */
static inline uint8_t tw_mcast_code(uint32_t value)
{
	unsigned exponent = 0;

	if (value < 128)
		return (uint8_t)value;
	while (exponent < 7 && value >> (exponent + 3) > 0x1f)
		exponent++;
	if (value >> (exponent + 3) > 0x1f)
		return 0xff;
	return (uint8_t)(0x80 | exponent << 4 | (value >> (exponent + 3) & 0x0f));
}

/** Stable name and sentence of an error; NULL out of range. */
const char *tw_mcast_error_name(unsigned error);
const char *tw_mcast_error_text(unsigned error);

#endif
