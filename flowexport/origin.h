/* SPDX-License-Identifier: Apache-2.0 */
/*
 * origin.h - who metered a record that another exports: what a mediator adds to the record, so that the original exporter and
 *            its observation domain stay known.
 *
 * A record with an origin has its class's layout and behind it the fields here, under a template id of its own.
 *
 * Spec     RFC 6183 section 5.2, RFC 7119 section 7; IANA registry, elements 403 to 405.
 */
#ifndef TW_FLOWEXPORT_ORIGIN_H
#define TW_FLOWEXPORT_ORIGIN_H

#include <stdint.h>

#include "flowexport/fields.h"

enum tw_flow_origin_kind { TW_ORIGIN_IPV4, TW_ORIGIN_IPV6, TW_ORIGIN_KINDS };

/* Template ids: these, and the layout's number with its variant. */
enum { TW_ORIGIN_TEMPLATE_FIRST = 640, TW_ORIGIN_TEMPLATE_STEP = TW_FLOW_VARIANTS * TW_LAYOUTS };

struct tw_flow_origin {
	uint32_t domain; /* the original exporter's */
	enum tw_flow_origin_kind kind;
	uint8_t address[16]; /* the original exporter's, wire order; IPv4 in the first four */
	const char *host;    /* its host's name; NULL = not known. Borrowed */
};

/* As in fields.h, behind a flow's fields; the bits of the last column are of enum tw_flow_origin_kind. */
#define TW_ORIGIN_FIELDS(F, c)                                                                                        \
	F(c, originalObservationDomainId, 405, 0, 4, UINT, origin->domain, 1 << TW_ORIGIN_IPV4 | 1 << TW_ORIGIN_IPV6) \
	F(c, originalExporterIPv4Address, 403, 0, 4, OCTETS, origin->address, 1 << TW_ORIGIN_IPV4)                    \
	F(c, originalExporterIPv6Address, 404, 0, 16, OCTETS, origin->address, 1 << TW_ORIGIN_IPV6)

#define TW_ORIGIN_FIELD_SIZE(c, name, element, pen, width, put, value, kinds) +((kinds) >> (c)&1 ? (width) : 0)
#define TW_ORIGIN_SIZE(kind)                                                  (0 TW_ORIGIN_FIELDS(TW_ORIGIN_FIELD_SIZE, kind))

static_assert(TW_ORIGIN_SIZE(TW_ORIGIN_IPV4) == 8 && TW_ORIGIN_SIZE(TW_ORIGIN_IPV6) == 20, "layouts 640... are fixed");

#endif
