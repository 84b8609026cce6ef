/* SPDX-License-Identifier: Apache-2.0 */
/*
 * template.h - templates and options templates, made from fields.h.
 *
 * Threads  any: the tables are constant.
 * Spec     RFC 7011 section 3.4, RFC 3954 sections 5.2 and 6.1.
 */
#ifndef TW_FLOWEXPORT_TEMPLATE_H
#define TW_FLOWEXPORT_TEMPLATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "flowexport/fields.h"
#include "flowexport/origin.h"

/* A line of fields.h without its value. */
struct tw_field {
	const char *name;
	uint16_t element;
	uint16_t width;   /* octets; TW_WIDTH_VARIABLE */
	uint32_t pen;     /* 0 = IANA's element */
	uint32_t records; /* bit n: carried by layout n, */
	uint8_t variants; /* bit n: of these variants; of options records all. TW_REVERSE */
};

extern const struct tw_field tw_flow_fields[];
extern const size_t tw_n_flow_fields;
extern const struct tw_field tw_option_fields[];
extern const size_t tw_n_option_fields;
extern const struct tw_field tw_origin_fields[]; /* records: of enum tw_flow_origin_kind */
extern const size_t tw_n_origin_fields;
extern const struct tw_field tw_biflow_fields[]; /* those that no list above has */
extern const size_t tw_n_biflow_fields;

/**
 * Write the Template Record of a flow class (without set header).
 * @param room octets at out
 * @return its octets, 0 if there is too little room
 */
size_t tw_flow_template_write(uint8_t *out, size_t room, enum tw_flow_format format, enum tw_flow_class cls,
			      unsigned variant);

/** Id of the template of a class with an origin behind it. */
uint16_t tw_origin_template_id(enum tw_flow_format format, enum tw_flow_class cls, unsigned variant,
			       enum tw_flow_origin_kind kind);
/** The same as tw_flow_template_write() for that template. */
size_t tw_origin_template_write(uint8_t *out, size_t room, enum tw_flow_format format, enum tw_flow_class cls,
				unsigned variant, enum tw_flow_origin_kind kind);

/**
 * The same for the template of a class's biflows, with what stands in them of the reverse direction; IPFIX.
 * @param variant 0 or TW_VARIANT_NAMED: refused flows are no biflows
 */
size_t tw_biflow_template_write(uint8_t *out, size_t room, enum tw_flow_class cls, unsigned variant);
size_t tw_biflow_origin_template_write(uint8_t *out, size_t room, enum tw_flow_class cls, unsigned variant,
				       enum tw_flow_origin_kind kind);

/** The same for an Options Template Record; the table's first fields are its scope (TW_SCOPES). 0 also for a table that the format has not. */
size_t tw_option_template_write(uint8_t *out, size_t room, enum tw_flow_format format, enum tw_option_table table);

#endif
