/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reverse.h - what a biflow's record says in front of its forward fields: which end began, and the fields of fields.h that are
 *             marked TW_REVERSE, of the reverse direction, as elements of the reverse enterprise number.
 *
 * In front, since readers that overlook an enterprise number take the last of two: nfdump 1.7.1 has the forward direction's times,
 * flags and ICMP types thanks to that.
 *
 * Not told in reverse: what is the same (addresses, ports and interfaces are the forward ones crosswise; VLANs, networks,
 * protocol), and what only refused flows have, which are no biflows.
 *
 * Spec     RFC 5103 section 6 (method with a reverse enterprise number), section 6.3 (biflowDirection).
 */
#ifndef TW_FLOWEXPORT_REVERSE_H
#define TW_FLOWEXPORT_REVERSE_H

#include "flowexport/fields.h"

enum { TW_REVERSE_PEN = 29305, TW_BIFLOW_INITIATOR = 1 /* the forward direction is from the end that began */ };

/* Before the reverse fields; columns as in fields.h. */
#define TW_BIFLOW_FIELDS(F, c) F(c, biflowDirection, 239, 0, 1, UINT, TW_BIFLOW_INITIATOR, TW_IN_ALL)

/* Is the field one of the class's biflows in reverse? */
#define TW_CARRIES_REVERSE(cls, records, variants) ((variants)&TW_REVERSE && TW_CARRIES(cls, records, variants))

#define TW_REVERSE_FIELD_SIZE(c, name, element, pen, width, put, value, records, variants) \
	+(TW_CARRIES_REVERSE(c, records, variants) ? (width) : 0)
#define TW_BIFLOW_FIELD_SIZE(c, name, element, pen, width, put, value, records) +(width)
/* Octets in front of a class's forward fields. */
#define TW_REVERSE_SIZE(cls) (0 TW_BIFLOW_FIELDS(TW_BIFLOW_FIELD_SIZE, cls) TW_FLOW_FIELDS(TW_REVERSE_FIELD_SIZE, cls))

/* Template ids are this much higher than the same class's of one direction, with an origin and without. */
enum { TW_BIFLOW_TEMPLATE_STEP = 384 };

static_assert(TW_REVERSE_SIZE(TW_CLASS_IPV4_TRANSPORT) == 64, "layout 896 is fixed");
static_assert(TW_REVERSE_SIZE(TW_CLASS_IPV4_ICMP) == 67, "layout 897 is fixed");
static_assert(TW_REVERSE_SIZE(TW_CLASS_IPV4_FRAGMENT) == 63, "layout 898 is fixed");
static_assert(TW_REVERSE_SIZE(TW_CLASS_IPV6_TRANSPORT) == 68, "layout 899 is fixed");
static_assert(TW_REVERSE_SIZE(TW_CLASS_IPV6_ICMP) == 71, "layout 900 is fixed");
static_assert(TW_REVERSE_SIZE(TW_CLASS_IPV6_FRAGMENT) == 67, "layout 901 is fixed");
static_assert(TW_REVERSE_SIZE(TW_CLASS_LAYER2) == 48, "layout 902 is fixed");

#endif
