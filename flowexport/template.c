/* SPDX-License-Identifier: Apache-2.0 */
/* template.c - writes (options) template records from the field list; see template.h. Constant tables, any thread. */
#include "flowexport/template.h"

#include "flowexport/reverse.h"
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
const struct tw_field tw_biflow_fields[] = { TW_BIFLOW_FIELDS(FIELD, 0) };
const size_t tw_n_biflow_fields = sizeof(tw_biflow_fields) / sizeof(*tw_biflow_fields);

/* A template record that is being written. */
struct writer {
	uint8_t *out, *at, *end;
	uint16_t n;   /* fields */
	bool is_full; /* there was too little room */
};

static struct writer begin(uint8_t *out, size_t room, size_t header)
{
	return (struct writer){
		.out = out, .at = room < header ? out : out + header, .end = out + room, .is_full = room < header
	};
}

/* RFC 7011 section 3.2. */
static void write_spec(struct writer *w, const struct tw_field *f, uint32_t pen)
{
	if (w->is_full || w->end - w->at < (pen ? ENTERPRISE_SPEC : SPEC)) {
		w->is_full = true;
		return;
	}
	w->at = tw_put_uint(w->at, f->element | (pen ? ENTERPRISE_BIT : 0), 2);
	w->at = tw_put_uint(w->at, f->width, 2);
	if (pen)
		w->at = tw_put_uint(w->at, pen, 4);
	w->n++;
}

static void write_specs(struct writer *w, const struct tw_field *fields, size_t n_fields, unsigned layout)
{
	for (const struct tw_field *f = fields; f < fields + n_fields; f++)
		if (TW_CARRIES(layout, f->records, f->variants))
			write_spec(w, f, f->pen);
}

/* @return octets; 0 if room was too small, or there are no fields */
static size_t end(struct writer *w, unsigned id)
{
	if (w->is_full || !w->n)
		return 0;
	tw_put_uint(w->out, id, 2);
	tw_put_uint(w->out + 2, w->n, 2);
	return (size_t)(w->at - w->out);
}

static struct writer begin_flow(uint8_t *out, size_t room, enum tw_flow_format format, enum tw_flow_class cls,
				unsigned variant)
{
	struct writer w = begin(out, room, TEMPLATE_HEADER);

	write_specs(&w, tw_flow_fields, tw_n_flow_fields, TW_FLOW_LAYOUT(format, cls, variant));
	return w;
}

static struct writer begin_biflow(uint8_t *out, size_t room, enum tw_flow_class cls, unsigned variant)
{
	struct writer w = begin(out, room, TEMPLATE_HEADER);

	write_specs(&w, tw_biflow_fields, tw_n_biflow_fields, cls);
	for (const struct tw_field *f = tw_flow_fields; f < tw_flow_fields + tw_n_flow_fields; f++)
		if (TW_CARRIES_REVERSE(cls, f->records, f->variants))
			write_spec(&w, f, TW_REVERSE_PEN);
	write_specs(&w, tw_flow_fields, tw_n_flow_fields, TW_FLOW_LAYOUT(TW_FORMAT_IPFIX, cls, variant));
	return w;
}

size_t tw_flow_template_write(uint8_t *out, size_t room, enum tw_flow_format format, enum tw_flow_class cls,
			      unsigned variant)
{
	struct writer w = begin_flow(out, room, format, cls, variant);

	return end(&w, TW_FLOW_TEMPLATE_ID(format, cls, variant));
}

size_t tw_biflow_template_write(uint8_t *out, size_t room, enum tw_flow_class cls, unsigned variant)
{
	struct writer w = begin_biflow(out, room, cls, variant);

	return end(&w,
		   TW_FLOW_TEMPLATE_FIRST + TW_BIFLOW_TEMPLATE_STEP + TW_FLOW_LAYOUT(TW_FORMAT_IPFIX, cls, variant));
}

uint16_t tw_origin_template_id(enum tw_flow_format format, enum tw_flow_class cls, unsigned variant,
			       enum tw_flow_origin_kind kind)
{
	return (uint16_t)(TW_ORIGIN_TEMPLATE_FIRST + (unsigned)kind * TW_ORIGIN_TEMPLATE_STEP +
			  TW_FLOW_LAYOUT(format, cls, variant) + TW_FLOW_TEMPLATE_MORE(variant));
}

size_t tw_origin_template_write(uint8_t *out, size_t room, enum tw_flow_format format, enum tw_flow_class cls,
				unsigned variant, enum tw_flow_origin_kind kind)
{
	struct writer w = begin_flow(out, room, format, cls, variant);

	write_specs(&w, tw_origin_fields, tw_n_origin_fields, kind);
	return end(&w, tw_origin_template_id(format, cls, variant, kind));
}

size_t tw_biflow_origin_template_write(uint8_t *out, size_t room, enum tw_flow_class cls, unsigned variant,
				       enum tw_flow_origin_kind kind)
{
	struct writer w = begin_biflow(out, room, cls, variant);

	write_specs(&w, tw_origin_fields, tw_n_origin_fields, kind);
	return end(&w, TW_BIFLOW_TEMPLATE_STEP + tw_origin_template_id(TW_FORMAT_IPFIX, cls, variant, kind));
}

/* The scope comes first. IPFIX says how many fields there are and how many of them are scopes; version 9 says how many octets
 * the specifiers of scopes and of the others take. */
size_t tw_option_template_write(uint8_t *out, size_t room, enum tw_flow_format format, enum tw_option_table table)
{
	struct writer w = begin(out, room, OPTIONS_TEMPLATE_HEADER);
	unsigned layout = TW_LAYOUT(format, table);
	size_t size, specs;

	write_specs(&w, tw_option_fields, tw_n_option_fields, layout);
	size = end(&w, TW_OPTION_TEMPLATE_FIRST + layout);
	if (!size)
		return 0;
	specs = size - OPTIONS_TEMPLATE_HEADER;
	tw_put_uint(out + 2, format == TW_FORMAT_V9 ? SPEC : w.n, 2);
	tw_put_uint(out + 4, format == TW_FORMAT_V9 ? specs - SPEC : TW_SCOPES(table), 2);
	return size;
}
