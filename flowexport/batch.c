/* SPDX-License-Identifier: Apache-2.0 */
/* batch.c - flow records to octets and back; see batch.h. Pure but for the caller's objects. */
#include "flowexport/batch.h"

#include <errno.h>
#include <string.h>

#include "flowexport/wire.h"

enum {
	VARINT_MAX = 10,
	RECORD_PREFIX = 2,
	REVISION_AT = 57,
};

#define MAX_UINT(member)     VARINT_MAX
#define MAX_TIME(member)     VARINT_MAX
#define MAX_OCTETS(member)   sizeof(((struct tw_flow_record *)0)->member)
#define MAX_ADDRESS(member)  (1 + sizeof(((struct tw_flow_record *)0)->member))
#define MAX_OF(member, kind) +MAX_##kind(member)

static_assert(RECORD_PREFIX TW_RECORD_MEMBERS(MAX_OF) <= TW_BATCH_RECORD_MAX, "TW_BATCH_RECORD_MAX is too small");
static_assert(TW_BATCH_HEADER + TW_BATCH_RECORD_MAX <= TW_BATCH_MAX, "one record fits");

/* --- writing: room has been made sure of --- */

static uint8_t *put_varint(uint8_t *at, uint64_t value)
{
	while (value >= 0x80) {
		*at++ = (uint8_t)(value | 0x80);
		value >>= 7;
	}
	*at++ = (uint8_t)value;
	return at;
}

static uint8_t *put_address(uint8_t *at, const uint8_t *octets, size_t n)
{
	while (n && octets[n - 1] == 0)
		n--;
	*at++ = (uint8_t)n;
	memcpy(at, octets, n);
	return at + n;
}

/* The distance wraps, as does its sum with the base: any two moments will do. */
static uint64_t fold(uint64_t distance)
{
	return distance << 1 ^ (distance >> 63 ? UINT64_MAX : 0);
}

static uint64_t unfold(uint64_t folded)
{
	return folded >> 1 ^ (folded & 1 ? UINT64_MAX : 0);
}

#define PUT_UINT(member)    at = put_varint(at, record->member);
#define PUT_TIME(member)    at = put_varint(at, fold(record->member - batch->base_ms));
#define PUT_OCTETS(member)  at = tw_put_octets(at, record->member, sizeof(record->member));
#define PUT_ADDRESS(member) at = put_address(at, record->member, sizeof(record->member));
#define PUT(member, kind)   PUT_##kind(member)

void tw_batch_begin(struct tw_batch *batch)
{
	batch->size = TW_BATCH_HEADER;
	batch->n = 0;
	batch->base_ms = 0;
	batch->packets = batch->octets = 0;
}

bool tw_batch_add(struct tw_batch *batch, const struct tw_flow_record *record)
{
	uint8_t *start = batch->octet + batch->size, *at = start + RECORD_PREFIX;

	if (batch->size + TW_BATCH_RECORD_MAX > TW_BATCH_MAX || batch->n == TW_BATCH_RECORDS_MAX)
		return false;
	if (batch->n == 0)
		batch->base_ms = record->last_ms;
	TW_RECORD_MEMBERS(PUT)
	tw_put_uint(start, (uint64_t)(at - start) - RECORD_PREFIX, RECORD_PREFIX);
	batch->size += (size_t)(at - start);
	batch->n++;
	batch->packets += record->packets;
	batch->octets += record->l3_octets;
	return true;
}

void tw_batch_finish(struct tw_batch *batch, const struct tw_batch_head *head)
{
	uint8_t *at = batch->octet;

	*at++ = TW_BATCH_VERSION;
	at = tw_put_uint(at, head->epoch, 8);
	at = tw_put_uint(at, head->sequence, 8);
	at = tw_put_uint(at, head->records, 8);
	at = tw_put_uint(at, head->packets, 8);
	at = tw_put_uint(at, head->octets, 8);
	at = tw_put_uint(at, head->ignored_packets, 8);
	at = tw_put_uint(at, head->ignored_octets, 8);
	at = tw_put_uint(at, head->revision, 8);
	at = tw_put_uint(at, batch->base_ms, 8);
	tw_put_uint(at, batch->n, 2);
}

/* --- reading: every octet is hostile --- */

static uint64_t get_uint(const uint8_t *at, size_t width)
{
	uint64_t value = 0;

	for (size_t i = 0; i < width; i++)
		value = value << 8 | at[i];
	return value;
}

/* @return the octet behind, NULL if it is cut or longer than 64 bits */
static const uint8_t *get_varint(const uint8_t *at, const uint8_t *end, uint64_t *value)
{
	*value = 0;
	for (unsigned shift = 0; at < end && shift < 64; shift += 7) {
		uint64_t bits = *at & 0x7f;

		if (shift == 63 && bits > 1)
			return NULL;
		*value |= bits << shift;
		if (!(*at++ & 0x80))
			return at;
	}
	return NULL;
}

static const uint8_t *get_octets(const uint8_t *at, const uint8_t *end, uint8_t *to, size_t n)
{
	if ((size_t)(end - at) < n)
		return NULL;
	memcpy(to, at, n);
	return at + n;
}

static const uint8_t *get_address(const uint8_t *at, const uint8_t *end, uint8_t *to, size_t n)
{
	if (*at > n)
		return NULL;
	return get_octets(at + 1, end, to, *at);
}

/* @return NULL: it does not fit so many octets */
static const uint8_t *get_fitting(const uint8_t *at, const uint8_t *end, uint64_t *value, size_t octets)
{
	at = get_varint(at, end, value);
	return octets < sizeof(*value) && *value >> 8 * octets ? NULL : at;
}

/* A member that is not there stays 0; one that does not fit is an error. */
#define GET_UINT(member)                                           \
	at = get_fitting(at, end, &value, sizeof(record->member)); \
	record->member = (__typeof__(record->member))value;
#define GET_TIME(member)                  \
	at = get_varint(at, end, &value); \
	record->member = reader->base_ms + unfold(value);
#define GET_OCTETS(member)  at = get_octets(at, end, record->member, sizeof(record->member));
#define GET_ADDRESS(member) at = get_address(at, end, record->member, sizeof(record->member));
#define GET(member, kind)          \
	if (at && at < end) {      \
		GET_##kind(member) \
	}

static bool read_record(const struct tw_batch_reader *reader, const uint8_t *at, const uint8_t *end,
			struct tw_flow_record *record)
{
	uint64_t value;

	memset(record, 0, sizeof(*record));
	TW_RECORD_MEMBERS(GET)
	return at != NULL;
}

int tw_batch_open(struct tw_batch_reader *reader, const uint8_t *data, size_t size, struct tw_batch_head *head)
{
	size_t header = size && data[0] == 1 ? TW_BATCH_HEADER_1 : TW_BATCH_HEADER;

	if (size == 0)
		return -EBADMSG;
	if (data[0] != 1 && data[0] != TW_BATCH_VERSION)
		return -EPROTONOSUPPORT;
	if (size < header || size > TW_BATCH_MAX)
		return -EBADMSG;
	*head = (struct tw_batch_head){
		.epoch = get_uint(data + 1, 8),
		.sequence = get_uint(data + 9, 8),
		.records = get_uint(data + 17, 8),
		.packets = get_uint(data + 25, 8),
		.octets = get_uint(data + 33, 8),
		.ignored_packets = get_uint(data + 41, 8),
		.ignored_octets = get_uint(data + 49, 8),
		.revision = data[0] == 1 ? 0 : get_uint(data + REVISION_AT, 8),
	};
	*reader = (struct tw_batch_reader){
		.at = data + header,
		.end = data + size,
		.base_ms = get_uint(data + header - 10, 8),
		.left = (uint32_t)get_uint(data + header - 2, 2),
	};
	if (head->epoch == 0 || head->sequence == 0 || reader->left > TW_BATCH_RECORDS_MAX)
		return -EBADMSG;
	return 0;
}

int tw_batch_next(struct tw_batch_reader *reader, struct tw_flow_record *record)
{
	size_t room = (size_t)(reader->end - reader->at), n;

	if (reader->left == 0)
		return reader->at == reader->end ? 0 : -EBADMSG; /* more than it says */
	if (room < RECORD_PREFIX)
		return -EBADMSG;
	n = (size_t)get_uint(reader->at, RECORD_PREFIX);
	if (n > room - RECORD_PREFIX ||
	    !read_record(reader, reader->at + RECORD_PREFIX, reader->at + RECORD_PREFIX + n, record))
		return -EBADMSG;
	reader->at += RECORD_PREFIX + n;
	reader->left--;
	return 1;
}
