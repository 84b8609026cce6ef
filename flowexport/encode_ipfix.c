/* SPDX-License-Identifier: Apache-2.0 */
/* encode_ipfix.c - the message builder and the encoder of data records; see encode_ipfix.h. */
#include "flowexport/encode_ipfix.h"

#include "flowexport/template.h"
#include "flowexport/wire.h"

enum {
	VERSION = 10,
	FIRST_DATA_SET = 256,
	TEMPLATE_MAX = 256, /* octets of the longest template record: 4 + 4 * fields */
	PROTO_TCP = 6,
	PROTO_UDP = 17,
	PROTO_DCCP = 33,
	PROTO_SCTP = 132,
	PROTO_UDPLITE = 136,
};

static size_t round_up(size_t size)
{
	return (size + 3) & ~(size_t)3;
}

void tw_ipfix_begin(struct tw_ipfix_message *message, size_t limit)
{
	assert(limit >= TW_IPFIX_MESSAGE_MIN && limit <= TW_IPFIX_MESSAGE_MAX);
	message->size = TW_IPFIX_HEADER;
	message->limit = limit & ~(size_t)3;
	message->set_start = 0;
	message->n_data = 0;
}

static void close_set(struct tw_ipfix_message *message)
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

static bool set_is_open(const struct tw_ipfix_message *message, uint16_t set_id)
{
	const uint8_t *start = message->octets + message->set_start;

	return message->set_start && (start[0] << 8 | start[1]) == set_id;
}

uint8_t *tw_ipfix_reserve(struct tw_ipfix_message *message, uint16_t set_id, size_t size, bool alone)
{
	bool open = !alone && set_is_open(message, set_id);
	size_t start = open ? message->size : round_up(message->size) + TW_IPFIX_SET_HEADER;
	uint8_t *at;

	if (round_up(start + size) > message->limit)
		return NULL;
	if (!open) {
		close_set(message);
		message->set_start = message->size;
		tw_put_uint(message->octets + message->size, set_id, 2);
		message->size += TW_IPFIX_SET_HEADER;
	}
	at = message->octets + message->size;
	message->size += size;
	message->n_data += set_id >= FIRST_DATA_SET;
	return at;
}

size_t tw_ipfix_finish(struct tw_ipfix_message *message, uint32_t export_time_s, uint32_t sequence, uint32_t domain)
{
	uint8_t *at = message->octets;

	close_set(message);
	at = tw_put_uint(at, VERSION, 2);
	at = tw_put_uint(at, message->size, 2);
	at = tw_put_uint(at, export_time_s, 4);
	at = tw_put_uint(at, sequence, 4);
	tw_put_uint(at, domain, 4);
	return message->size;
}

static bool has_ports(uint8_t protocol)
{
	return protocol == PROTO_TCP || protocol == PROTO_UDP || protocol == PROTO_SCTP || protocol == PROTO_DCCP ||
	       protocol == PROTO_UDPLITE;
}

enum tw_flow_class tw_flow_class_of(const struct tw_flow_record *r)
{
	bool v4 = r->key_flags & TW_FLOW_KEY_IPV4;

	if (!v4 && !(r->key_flags & TW_FLOW_KEY_IPV6))
		return TW_CLASS_LAYER2;
	if (r->key_flags & TW_FLOW_KEY_FRAGMENT)
		return v4 ? TW_CLASS_IPV4_FRAGMENT : TW_CLASS_IPV6_FRAGMENT;
	if (r->key_flags & TW_FLOW_KEY_ICMP)
		return v4 ? TW_CLASS_IPV4_ICMP : TW_CLASS_IPV6_ICMP;
	if (has_ports(r->protocol))
		return v4 ? TW_CLASS_IPV4_TRANSPORT : TW_CLASS_IPV6_TRANSPORT;
	return v4 ? TW_CLASS_IPV4_OTHER : TW_CLASS_IPV6_OTHER;
}

#define SIZE_OF(cls) [cls] = TW_FLOW_RECORD_SIZE(cls)
static const uint16_t record_size[TW_FLOW_CLASSES] = {
	SIZE_OF(TW_CLASS_IPV4_TRANSPORT), SIZE_OF(TW_CLASS_IPV4_ICMP),  SIZE_OF(TW_CLASS_IPV4_FRAGMENT),
	SIZE_OF(TW_CLASS_IPV6_TRANSPORT), SIZE_OF(TW_CLASS_IPV6_ICMP),  SIZE_OF(TW_CLASS_IPV6_FRAGMENT),
	SIZE_OF(TW_CLASS_LAYER2),         SIZE_OF(TW_CLASS_IPV4_OTHER), SIZE_OF(TW_CLASS_IPV6_OTHER),
};

#define PUT(cls, name, element, pen, width, put, value, records) \
	if ((records) & (1u << (cls)))                           \
		at = TW_PUT_##put(at, value, width);

bool tw_ipfix_add_flow(struct tw_ipfix_message *message, const struct tw_flow_record *r, enum tw_flow_class cls)
{
	uint8_t *at = tw_ipfix_reserve(message, (uint16_t)(TW_FLOW_TEMPLATE_FIRST + cls), record_size[cls], false);

	if (!at)
		return false;
	TW_FLOW_FIELDS(PUT, cls)
	return true;
}

static bool add_template(struct tw_ipfix_message *message, uint16_t set_id, const uint8_t *record, size_t size,
			 bool alone)
{
	uint8_t *at = size ? tw_ipfix_reserve(message, set_id, size, alone) : NULL;

	if (!at)
		return size == 0;
	memcpy(at, record, size);
	return true;
}

bool tw_ipfix_add_template(struct tw_ipfix_message *message, enum tw_flow_class cls)
{
	uint8_t record[TEMPLATE_MAX];
	size_t size = tw_flow_template_write(record, sizeof(record), cls);

	return add_template(message, TW_IPFIX_SET_TEMPLATES, record, size, false);
}

bool tw_ipfix_add_option_template(struct tw_ipfix_message *message, enum tw_option_table table)
{
	uint8_t record[TEMPLATE_MAX];
	size_t size = tw_option_template_write(record, sizeof(record), table);

	return add_template(message, TW_IPFIX_SET_OPTION_TEMPLATES, record, size, true);
}
