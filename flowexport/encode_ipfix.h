/* SPDX-License-Identifier: Apache-2.0 */
/*
 * encode_ipfix.h - builds one IPFIX message at a time, never longer than its limit.
 *
 *   begin ── add … add ── finish ── (send) ── begin …
 *
 * A message is a header and sets; a set is a header and records of one template, filled up with zeros to a multiple of
 * four octets (never as many as a record, so that no reader takes the filling for one). Sequence and export time are
 * known only when the message leaves and are given to finish.
 *
 * Threads  the owner of the message.
 * Spec     RFC 7011 sections 3.1, 3.3.
 */
#ifndef TW_FLOWEXPORT_ENCODE_IPFIX_H
#define TW_FLOWEXPORT_ENCODE_IPFIX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "flowexport/fields.h"
#include "flowexport/record.h"

enum {
	TW_IPFIX_HEADER = 16,
	TW_IPFIX_SET_HEADER = 4,
	TW_IPFIX_SET_TEMPLATES = 2,
	TW_IPFIX_SET_OPTION_TEMPLATES = 3,
	TW_IPFIX_MESSAGE_MAX = 9000, /* the largest exporter MTU, headers and all */
	TW_IPFIX_MESSAGE_MIN = 256,  /* the longest options record (VM: 228) and its headers fit */
};

struct tw_ipfix_message {
	size_t size;      /* octets so far, header included */
	size_t limit;     /* a multiple of 4 */
	size_t set_start; /* offset of the open set's header; 0 = no set is open */
	uint32_t n_data;  /* data records, those of options included */
	uint8_t octets[TW_IPFIX_MESSAGE_MAX];
};

/** Empty the message. limit: octets it may have (without IP and UDP headers), TW_IPFIX_MESSAGE_MIN..TW_IPFIX_MESSAGE_MAX. */
void tw_ipfix_begin(struct tw_ipfix_message *message, size_t limit);

static inline bool tw_ipfix_is_empty(const struct tw_ipfix_message *message)
{
	return message->size == TW_IPFIX_HEADER;
}

/**
 * Room for one record of a set; opens the set if it is not the open one, or if alone is true.
 * @param alone the record gets a set of its own (some readers expect that of options)
 * @return where to write size octets, or NULL if the message is too full: send it and begin anew
 */
uint8_t *tw_ipfix_reserve(struct tw_ipfix_message *message, uint16_t set_id, size_t size, bool alone);

/** Close the message and fill in its header. @return its size in octets */
size_t tw_ipfix_finish(struct tw_ipfix_message *message, uint32_t export_time_s, uint32_t sequence, uint32_t domain);

/** Which layout a record has. Flags decide; a record that claims two IP versions is taken for IPv4. */
enum tw_flow_class tw_flow_class_of(const struct tw_flow_record *record);

/** Add a data record. @return false if the message is too full (nothing is written) */
bool tw_ipfix_add_flow(struct tw_ipfix_message *message, const struct tw_flow_record *record, enum tw_flow_class cls);

/** Add a template record of a class; templates share a set. @return false if the message is too full */
bool tw_ipfix_add_template(struct tw_ipfix_message *message, enum tw_flow_class cls);

/** Add an options template, in a set of its own (nfdump reads only the first of a set). @return false if too full */
bool tw_ipfix_add_option_template(struct tw_ipfix_message *message, enum tw_option_table table);

#endif
