/* SPDX-License-Identifier: Apache-2.0 */
/* encode.c - encodes data records and templates from the field list; see encode.h. */
#include "flowexport/encode.h"

#include "flowexport/reverse.h"
#include "flowexport/template.h"
#include "flowexport/wire.h"

enum {
	TEMPLATE_MAX = 512, /* octets of the longest template record: 4 + 4 * fields, 8 of a private one */
	NAMED_MAX = 256 + 4 * (1 + TW_VARTEXT_MAX), /* octets of the longest record with names, */
	BIFLOW_MAX = NAMED_MAX + 128,               /* and of a biflow */
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

	if (r->key_flags & TW_FLOW_KEY_MANY)
		return TW_CLASS_OVERFLOW;
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

/* Octets of a record without names; those of a record with names are known when they are written. */
#define LAYOUT_SIZE(format, cls, variant) \
	[TW_FLOW_LAYOUT(format, cls, variant)] = TW_FLOW_RECORD_SIZE(TW_FLOW_LAYOUT(format, cls, variant))
#define SIZE_OF(cls)                                                             \
	LAYOUT_SIZE(TW_FORMAT_IPFIX, cls, 0), LAYOUT_SIZE(TW_FORMAT_V9, cls, 0), \
		LAYOUT_SIZE(TW_FORMAT_IPFIX, cls, TW_VARIANT_REFUSED),           \
		LAYOUT_SIZE(TW_FORMAT_V9, cls, TW_VARIANT_REFUSED)
static const uint16_t record_size[TW_VARIANT_NAMED * TW_LAYOUTS] = {
	SIZE_OF(TW_CLASS_IPV4_TRANSPORT), SIZE_OF(TW_CLASS_IPV4_ICMP),  SIZE_OF(TW_CLASS_IPV4_FRAGMENT),
	SIZE_OF(TW_CLASS_IPV6_TRANSPORT), SIZE_OF(TW_CLASS_IPV6_ICMP),  SIZE_OF(TW_CLASS_IPV6_FRAGMENT),
	SIZE_OF(TW_CLASS_LAYER2),         SIZE_OF(TW_CLASS_IPV4_OTHER), SIZE_OF(TW_CLASS_IPV6_OTHER),
	SIZE_OF(TW_CLASS_OVERFLOW),
};

#define PUT(layout, name, element, pen, width, put, value, records, variants) \
	if (TW_CARRIES(layout, records, variants))                            \
		at = TW_PUT_##put(at, value, width);

static uint8_t *write_fields(uint8_t *at, const struct tw_flow_record *r, unsigned layout,
			     const struct tw_flow_names *names, uint64_t boot_ms)
{
	TW_FLOW_FIELDS(PUT, layout)
	return at;
}

/* Behind the record's own fields. */
#define PUT_ORIGIN(kind, name, element, pen, width, put, value, kinds) \
	if ((kinds) >> (kind)&1)                                       \
		at = TW_PUT_##put(at, value, width);

static const uint16_t origin_size[TW_ORIGIN_KINDS] = { TW_ORIGIN_SIZE(TW_ORIGIN_IPV4), TW_ORIGIN_SIZE(TW_ORIGIN_IPV6) };

static uint8_t *write_origin(uint8_t *at, const struct tw_flow_origin *origin)
{
	if (origin) {
		TW_ORIGIN_FIELDS(PUT_ORIGIN, origin->kind)
	}
	return at;
}

bool tw_encode_flow(struct tw_message *message, const struct tw_flow_record *r, enum tw_flow_class cls,
		    unsigned variant, const struct tw_flow_names *names, uint64_t boot_ms)
{
	return tw_encode_flow_of(message, r, cls, variant, names, boot_ms, NULL);
}

bool tw_encode_flow_of(struct tw_message *message, const struct tw_flow_record *r, enum tw_flow_class cls,
		       unsigned variant, const struct tw_flow_names *names, uint64_t boot_ms,
		       const struct tw_flow_origin *origin)
{
	unsigned layout = TW_FLOW_LAYOUT(message->format, cls, variant);
	uint16_t id = origin ? tw_origin_template_id(message->format, cls, variant, origin->kind)
			     : (uint16_t)TW_FLOW_TEMPLATE_ID(message->format, cls, variant);
	uint8_t named[NAMED_MAX], *at;
	size_t size;

	if (!(variant & TW_VARIANT_NAMED)) {
		size = record_size[layout] + (origin ? origin_size[origin->kind] : 0u);
		at = tw_message_reserve(message, id, size, false);
		if (at)
			write_origin(write_fields(at, r, layout, names, boot_ms), origin);
		return at != NULL;
	}
	size = (size_t)(write_origin(write_fields(named, r, layout, names, boot_ms), origin) - named);
	at = tw_message_reserve(message, id, size, false);
	if (at)
		memcpy(at, named, size);
	return at != NULL;
}

#define PUT_BIFLOW(cls, name, element, pen, width, put, value, records) at = TW_PUT_##put(at, value, width);
#define PUT_REVERSE(cls, name, element, pen, width, put, value, records, variants) \
	if (TW_CARRIES_REVERSE(cls, records, variants))                            \
		at = TW_PUT_##put(at, value, width);

static uint8_t *write_reverse(uint8_t *at, const struct tw_flow_record *r, enum tw_flow_class cls)
{
	const struct tw_flow_names *names = &tw_flow_names_none; /* no field of the reverse direction is a name */
	const uint64_t boot_ms = 0;                              /* or one of version 9 */

	TW_BIFLOW_FIELDS(PUT_BIFLOW, cls)
	TW_FLOW_FIELDS(PUT_REVERSE, cls)
	return at;
}

bool tw_encode_biflow(struct tw_message *message, const struct tw_flow_record *forward,
		      const struct tw_flow_record *reverse, enum tw_flow_class cls, unsigned variant,
		      const struct tw_flow_names *names, const struct tw_flow_origin *origin)
{
	unsigned layout = TW_FLOW_LAYOUT(TW_FORMAT_IPFIX, cls, variant);
	unsigned id = origin ? tw_origin_template_id(TW_FORMAT_IPFIX, cls, variant, origin->kind)
			     : TW_FLOW_TEMPLATE_FIRST + layout;
	uint8_t record[BIFLOW_MAX], *end = write_reverse(record, reverse, cls), *at;
	size_t size;

	end = write_origin(write_fields(end, forward, layout, names, 0), origin);
	size = (size_t)(end - record);
	at = tw_message_reserve(message, (uint16_t)(id + TW_BIFLOW_TEMPLATE_STEP), size, false);
	if (at)
		memcpy(at, record, size);
	return at != NULL;
}

static bool add_template(struct tw_message *message, uint16_t set_id, const uint8_t *record, size_t size, bool alone)
{
	uint8_t *at = size ? tw_message_reserve(message, set_id, size, alone) : NULL;

	if (!at)
		return size == 0;
	memcpy(at, record, size);
	return true;
}

bool tw_encode_template(struct tw_message *message, enum tw_flow_class cls, unsigned variant)
{
	uint8_t record[TEMPLATE_MAX];
	size_t size = tw_flow_template_write(record, sizeof(record), message->format, cls, variant);

	return add_template(message, set_of[message->format].templates, record, size, false);
}

bool tw_encode_origin_template(struct tw_message *message, enum tw_flow_class cls, unsigned variant,
			       enum tw_flow_origin_kind kind)
{
	uint8_t record[TEMPLATE_MAX];
	size_t size = tw_origin_template_write(record, sizeof(record), message->format, cls, variant, kind);

	return add_template(message, set_of[message->format].templates, record, size, false);
}

bool tw_encode_biflow_template(struct tw_message *message, enum tw_flow_class cls, unsigned variant)
{
	uint8_t record[TEMPLATE_MAX];
	size_t size = tw_biflow_template_write(record, sizeof(record), cls, variant);

	return add_template(message, set_of[TW_FORMAT_IPFIX].templates, record, size, false);
}

bool tw_encode_biflow_origin_template(struct tw_message *message, enum tw_flow_class cls, unsigned variant,
				      enum tw_flow_origin_kind kind)
{
	uint8_t record[TEMPLATE_MAX];
	size_t size = tw_biflow_origin_template_write(record, sizeof(record), cls, variant, kind);

	return add_template(message, set_of[TW_FORMAT_IPFIX].templates, record, size, false);
}

bool tw_encode_option_template(struct tw_message *message, enum tw_option_table table)
{
	uint8_t record[TEMPLATE_MAX];
	size_t size = tw_option_template_write(record, sizeof(record), message->format, table);

	return add_template(message, set_of[message->format].options, record, size, true);
}
