/* SPDX-License-Identifier: Apache-2.0 */
/* encode.c - encodes data records and templates from the field list; see encode.h. */
#include "flowexport/encode.h"

#include "flowexport/template.h"
#include "flowexport/wire.h"

enum {
	TEMPLATE_MAX = 256, /* octets of the longest template record: 4 + 4 * fields */
	PROTO_TCP = 6,
	PROTO_UDP = 17,
	PROTO_DCCP = 33,
	PROTO_SCTP = 132,
	PROTO_UDPLITE = 136,
};

/* Set ids of templates. */
static const struct {
	uint16_t templates, options;
} set_of[TW_FLOW_FORMATS] = { [TW_FORMAT_IPFIX] = { 2, 3 }, [TW_FORMAT_V9] = { 0, 1 } };

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

#define SIZE_OF(cls)                                                                              \
	[TW_LAYOUT(TW_FORMAT_IPFIX, cls)] = TW_FLOW_RECORD_SIZE(TW_LAYOUT(TW_FORMAT_IPFIX, cls)), \
				    [TW_LAYOUT(TW_FORMAT_V9, cls)] = TW_FLOW_RECORD_SIZE(TW_LAYOUT(TW_FORMAT_V9, cls))
static const uint16_t record_size[TW_LAYOUTS] = {
	SIZE_OF(TW_CLASS_IPV4_TRANSPORT), SIZE_OF(TW_CLASS_IPV4_ICMP),  SIZE_OF(TW_CLASS_IPV4_FRAGMENT),
	SIZE_OF(TW_CLASS_IPV6_TRANSPORT), SIZE_OF(TW_CLASS_IPV6_ICMP),  SIZE_OF(TW_CLASS_IPV6_FRAGMENT),
	SIZE_OF(TW_CLASS_LAYER2),         SIZE_OF(TW_CLASS_IPV4_OTHER), SIZE_OF(TW_CLASS_IPV6_OTHER),
};

#define PUT(layout, name, element, pen, width, put, value, records) \
	if ((records) & (1u << (layout)))                           \
		at = TW_PUT_##put(at, value, width);

bool tw_encode_flow(struct tw_message *message, const struct tw_flow_record *r, enum tw_flow_class cls,
		    uint64_t boot_ms)
{
	unsigned layout = TW_LAYOUT(message->format, cls);
	uint8_t *at =
		tw_message_reserve(message, (uint16_t)(TW_FLOW_TEMPLATE_FIRST + layout), record_size[layout], false);

	if (!at)
		return false;
	TW_FLOW_FIELDS(PUT, layout)
	return true;
}

static bool add_template(struct tw_message *message, uint16_t set_id, const uint8_t *record, size_t size, bool alone)
{
	uint8_t *at = size ? tw_message_reserve(message, set_id, size, alone) : NULL;

	if (!at)
		return size == 0;
	memcpy(at, record, size);
	return true;
}

bool tw_encode_template(struct tw_message *message, enum tw_flow_class cls)
{
	uint8_t record[TEMPLATE_MAX];
	size_t size = tw_flow_template_write(record, sizeof(record), message->format, cls);

	return add_template(message, set_of[message->format].templates, record, size, false);
}

bool tw_encode_option_template(struct tw_message *message, enum tw_option_table table)
{
	uint8_t record[TEMPLATE_MAX];
	size_t size = tw_option_template_write(record, sizeof(record), message->format, table);

	return add_template(message, set_of[message->format].options, record, size, true);
}
