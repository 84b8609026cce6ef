/* SPDX-License-Identifier: Apache-2.0 */
/*
 * encode.h - flow records, templates and options templates into messages of IPFIX and NetFlow version 9, by fields.h.
 *
 * Place    target.c adds records as they come; a message that is too full is sent and begun anew. Version 5, which has no
 *          templates, is netflow5.h's.
 * Threads  the owner of the message.
 * Spec     RFC 7011 section 3.4, RFC 3954 sections 5 and 6.
 */
#ifndef TW_FLOWEXPORT_ENCODE_H
#define TW_FLOWEXPORT_ENCODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "flowexport/fields.h"
#include "flowexport/identity.h"
#include "flowexport/message.h"
#include "flowexport/origin.h"
#include "flowexport/record.h"

/** Which layout a record has. Flags decide; a record that claims two IP versions is taken for IPv4. */
enum tw_flow_class tw_flow_class_of(const struct tw_flow_record *record);

/** Which variant of its layout a record has. @param named names are to be in it: IPFIX only */
static inline unsigned tw_flow_variant_of(const struct tw_flow_record *record, bool named)
{
	return (tw_flow_is_refused(record) ? TW_VARIANT_REFUSED : 0) | (named ? TW_VARIANT_NAMED : 0);
}

/**
 * Add a data record.
 * @param variant as tw_flow_variant_of() has it
 * @param names   whose they are; tw_flow_names_none if nobody's
 * @param boot_ms what version 9 counts its times from, Unix epoch; of IPFIX unused
 * @return false if the message is too full (nothing is written)
 */
bool tw_encode_flow(struct tw_message *message, const struct tw_flow_record *record, enum tw_flow_class cls,
		    unsigned variant, const struct tw_flow_names *names, uint64_t boot_ms);

/** The same with the record's origin behind it; NULL = none. */
bool tw_encode_flow_of(struct tw_message *message, const struct tw_flow_record *record, enum tw_flow_class cls,
		       unsigned variant, const struct tw_flow_names *names, uint64_t boot_ms,
		       const struct tw_flow_origin *origin);

/**
 * Add the record of a biflow; IPFIX.
 * @param forward the direction that began, @param reverse the other one; neither was refused
 * @param variant 0 or TW_VARIANT_NAMED
 * @param names   of the forward direction
 * @param origin  the same; NULL = none
 */
bool tw_encode_biflow(struct tw_message *message, const struct tw_flow_record *forward,
		      const struct tw_flow_record *reverse, enum tw_flow_class cls, unsigned variant,
		      const struct tw_flow_names *names, const struct tw_flow_origin *origin);

/** Add a template record of a class; templates share a set. @return false if the message is too full */
bool tw_encode_template(struct tw_message *message, enum tw_flow_class cls, unsigned variant);

/** Add the template record of a class with an origin behind it. @return false if the message is too full */
bool tw_encode_origin_template(struct tw_message *message, enum tw_flow_class cls, unsigned variant,
			       enum tw_flow_origin_kind kind);

/** The same two of a class's biflows. */
bool tw_encode_biflow_template(struct tw_message *message, enum tw_flow_class cls, unsigned variant);
bool tw_encode_biflow_origin_template(struct tw_message *message, enum tw_flow_class cls, unsigned variant,
				      enum tw_flow_origin_kind kind);

/**
 * Add an options template, in a set of its own (nfdump reads only the first of a set). Nothing for a table that the format
 * has not. @return false if the message is too full
 */
bool tw_encode_option_template(struct tw_message *message, enum tw_option_table table);

#endif
