/* SPDX-License-Identifier: Apache-2.0 */
/* template.c - writes (options) template records from the field list; see template.h. Constant tables, any thread. */
#include "flowexport/template.h"

#include "flowexport/wire.h"

/* The field list's values are not looked at here. */
enum { ENTERPRISE_BIT = 0x8000, TEMPLATE_HEADER = 4, OPTIONS_TEMPLATE_HEADER = 6, SPEC = 4, ENTERPRISE_SPEC = 8 };

#define FLOW_FIELD(c, name, element, pen, width, put, value, records, variants) \
	{ #name, element, width, pen, records, variants },
#define FIELD(c, name, element, pen, width, put, value, records) { #name, element, width, pen, records, TW_ALWAYS },

const struct tw_field tw_flow_fields[] = { TW_FLOW_FIELDS(FLOW_FIELD, 0) };
const size_t tw_n_flow_fields = sizeof(tw_flow_fields) / sizeof(*tw_flow_fields);
const struct tw_field tw_option_fields[] = { TW_OPTION_FIELDS(FIELD, 0) };
const size_t tw_n_option_fields = sizeof(tw_option_fields) / sizeof(*tw_option_fields);
const struct tw_field tw_origin_fields[] = { TW_ORIGIN_FIELDS(FIELD, 0) };
const size_t tw_n_origin_fields = sizeof(tw_origin_fields) / sizeof(*tw_origin_fields);

/* Field specifiers of a layout (RFC 7011 section 3.2). @return octets, 0 if room is too small; *n = how many */
static size_t write_specs(uint8_t *out, size_t room, const struct tw_field *fields, size_t n_fields, unsigned layout,
			  uint16_t *n)
{
	uint8_t *at = out;

	*n = 0;
	for (const struct tw_field *f = fields; f < fields + n_fields; f++) {
		size_t size = f->pen ? ENTERPRISE_SPEC : SPEC;

		if (!TW_CARRIES(layout, f->records, f->variants))
			continue;
		if ((size_t)(at - out) + size > room)
			return 0;
		at = tw_put_uint(at, f->element | (f->pen ? ENTERPRISE_BIT : 0), 2);
		at = tw_put_uint(at, f->width, 2);
		if (f->pen)
			at = tw_put_uint(at, f->pen, 4);
		++*n;
	}
	return (size_t)(at - out);
}

size_t tw_flow_template_write(uint8_t *out, size_t room, enum tw_flow_format format, enum tw_flow_class cls,
			      unsigned variant)
{
	unsigned layout = TW_FLOW_LAYOUT(format, cls, variant);
	uint16_t n;
	size_t size;

	if (room < TEMPLATE_HEADER)
		return 0;
	size = write_specs(out + TEMPLATE_HEADER, room - TEMPLATE_HEADER, tw_flow_fields, tw_n_flow_fields, layout, &n);
	if (!size)
		return 0;
	tw_put_uint(out, TW_FLOW_TEMPLATE_FIRST + layout, 2);
	tw_put_uint(out + 2, n, 2);
	return TEMPLATE_HEADER + size;
}

uint16_t tw_origin_template_id(enum tw_flow_format format, enum tw_flow_class cls, unsigned variant,
			       enum tw_flow_origin_kind kind)
{
	return (uint16_t)(TW_ORIGIN_TEMPLATE_FIRST + (unsigned)kind * TW_ORIGIN_TEMPLATE_STEP +
			  TW_FLOW_LAYOUT(format, cls, variant));
}

size_t tw_origin_template_write(uint8_t *out, size_t room, enum tw_flow_format format, enum tw_flow_class cls,
				unsigned variant, enum tw_flow_origin_kind kind)
{
	size_t size = tw_flow_template_write(out, room, format, cls, variant), more;
	uint16_t n;

	if (!size)
		return 0;
	more = write_specs(out + size, room - size, tw_origin_fields, tw_n_origin_fields, kind, &n);
	if (!more)
		return 0;
	tw_put_uint(out, tw_origin_template_id(format, cls, variant, kind), 2);
	tw_put_uint(out + 2, (unsigned)(out[2] << 8 | out[3]) + n, 2);
	return size + more;
}

/* The scope comes first. IPFIX says how many fields there are and how many of them are scopes; version 9 says how many octets
 * the specifiers of scopes and of the others take. */
size_t tw_option_template_write(uint8_t *out, size_t room, enum tw_flow_format format, enum tw_option_table table)
{
	unsigned layout = TW_LAYOUT(format, table);
	uint16_t n;
	size_t size;

	if (room < OPTIONS_TEMPLATE_HEADER)
		return 0;
	size = write_specs(out + OPTIONS_TEMPLATE_HEADER, room - OPTIONS_TEMPLATE_HEADER, tw_option_fields,
			   tw_n_option_fields, layout, &n);
	if (!size)
		return 0;
	tw_put_uint(out, TW_OPTION_TEMPLATE_FIRST + layout, 2);
	tw_put_uint(out + 2, format == TW_FORMAT_V9 ? SPEC : n, 2);
	tw_put_uint(out + 4, format == TW_FORMAT_V9 ? size - SPEC : TW_SCOPES(table), 2);
	return OPTIONS_TEMPLATE_HEADER + size;
}
