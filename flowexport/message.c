/* SPDX-License-Identifier: Apache-2.0 */
/* message.c - the message builder; see message.h. Pure but for the caller's message. */
#include "flowexport/message.h"

#include <assert.h>
#include <string.h>

#include "flowexport/wire.h"

enum {
	FIRST_DATA_SET = 256,
	IPFIX_HEADER = 16,
	V9_HEADER = 20,
	V5_HEADER = 24,
	V5_RECORDS_MAX = 30,
	MS = 1000,
	NS_OF_MS = 1000000,
};

size_t tw_message_header_size(enum tw_flow_format format)
{
	static const size_t size[TW_FLOW_FORMATS] = {
		[TW_FORMAT_IPFIX] = IPFIX_HEADER,
		[TW_FORMAT_V9] = V9_HEADER,
		[TW_FORMAT_V5] = V5_HEADER,
	};

	return size[format];
}

static size_t round_up(size_t size)
{
	return (size + 3) & ~(size_t)3;
}

void tw_message_begin(struct tw_message *message, enum tw_flow_format format, size_t limit)
{
	size_t longest = V5_HEADER + V5_RECORDS_MAX * TW_V5_RECORD;

	assert(limit >= TW_MESSAGE_MIN && limit <= TW_MESSAGE_MAX);
	message->format = format;
	message->size = tw_message_header_size(format);
	message->limit = (format == TW_FORMAT_V5 && limit > longest ? longest : limit) & ~(size_t)3;
	message->set_start = 0;
	message->n_data = 0;
	message->n_records = 0;
}

static void close_set(struct tw_message *message)
{
	uint8_t *start = message->octets + message->set_start;
	size_t end = round_up(message->size);

	if (!message->set_start)
		return;
	memset(message->octets + message->size, 0, end - message->size);
	message->size = end;
	tw_put_uint(start + 2, end - message->set_start, 2);
	message->set_start = 0;
}

static bool set_is_open(const struct tw_message *message, uint16_t set_id)
{
	const uint8_t *start = message->octets + message->set_start;

	return message->set_start && (start[0] << 8 | start[1]) == set_id;
}

static bool open_set(struct tw_message *message, uint16_t set_id, size_t size)
{
	if (round_up(round_up(message->size) + TW_MESSAGE_SET_HEADER + size) > message->limit)
		return false;
	close_set(message);
	message->set_start = message->size;
	tw_put_uint(message->octets + message->size, set_id, 2);
	message->size += TW_MESSAGE_SET_HEADER;
	return true;
}

uint8_t *tw_message_reserve(struct tw_message *message, uint16_t set_id, size_t size, bool alone)
{
	uint8_t *at;

	if (message->format == TW_FORMAT_V5 || (!alone && set_is_open(message, set_id))) {
		if (round_up(message->size + size) > message->limit)
			return NULL;
	} else if (!open_set(message, set_id, size)) {
		return NULL;
	}
	at = message->octets + message->size;
	message->size += size;
	message->n_records++;
	message->n_data += message->format == TW_FORMAT_V5 || set_id >= FIRST_DATA_SET;
	return at;
}

static void put_ipfix_header(struct tw_message *message, const struct tw_message_stamp *stamp)
{
	uint8_t *at = message->octets;

	at = tw_put_uint(at, 10, 2);
	at = tw_put_uint(at, message->size, 2);
	at = tw_put_uint(at, stamp->now_ms / MS, 4);
	at = tw_put_uint(at, stamp->sequence, 4);
	tw_put_uint(at, stamp->domain, 4);
}

static void put_v9_header(struct tw_message *message, const struct tw_message_stamp *stamp)
{
	uint64_t second = (stamp->now_ms + MS - 1) / MS;
	uint8_t *at = message->octets;

	at = tw_put_uint(at, 9, 2);
	at = tw_put_uint(at, message->n_records, 2);
	at = tw_put_uint(at, second * MS - stamp->boot_ms, 4);
	at = tw_put_uint(at, second, 4);
	at = tw_put_uint(at, stamp->sequence, 4);
	tw_put_uint(at, stamp->domain, 4);
}

static void put_v5_header(struct tw_message *message, const struct tw_message_stamp *stamp)
{
	uint8_t *at = message->octets;

	at = tw_put_uint(at, 5, 2);
	at = tw_put_uint(at, message->n_records, 2);
	at = tw_put_uint(at, stamp->now_ms - stamp->boot_ms, 4);
	at = tw_put_uint(at, stamp->now_ms / MS, 4);
	at = tw_put_uint(at, stamp->now_ms % MS * NS_OF_MS, 4);
	at = tw_put_uint(at, stamp->sequence, 4);
	at = tw_put_uint(at, stamp->domain, 2);
	tw_put_uint(at, stamp->sampling, 2);
}

size_t tw_message_finish(struct tw_message *message, const struct tw_message_stamp *stamp)
{
	static void (*const put_header[TW_FLOW_FORMATS])(struct tw_message *, const struct tw_message_stamp *) = {
		[TW_FORMAT_IPFIX] = put_ipfix_header,
		[TW_FORMAT_V9] = put_v9_header,
		[TW_FORMAT_V5] = put_v5_header,
	};

	close_set(message);
	put_header[message->format](message, stamp);
	return message->size;
}

uint32_t tw_message_step(const struct tw_message *message)
{
	return message->format == TW_FORMAT_V9 ? 1 : message->n_data;
}
