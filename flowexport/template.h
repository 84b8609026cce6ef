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

/* A line of fields.h without its value. */
struct tw_field {
	const char *name;
	uint16_t element;
	uint16_t width;   /* octets; TW_WIDTH_VARIABLE */
	uint32_t pen;     /* 0 = IANA's element */
	uint32_t records; /* bit n: carried by layout n */
};

extern const struct tw_field tw_flow_fields[];
extern const size_t tw_n_flow_fields;
extern const struct tw_field tw_option_fields[];
extern const size_t tw_n_option_fields;

/**
 * Write the Template Record of a flow class (without set header).
 * @param room octets at out
 * @return its octets, 0 if there is too little room
 */
size_t tw_flow_template_write(uint8_t *out, size_t room, enum tw_flow_format format, enum tw_flow_class cls);

/** The same for an Options Template Record; the table's first field is its scope. 0 also for a table that the format has not. */
size_t tw_option_template_write(uint8_t *out, size_t room, enum tw_flow_format format, enum tw_option_table table);

#endif
