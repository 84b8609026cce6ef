/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ipfix_decode.h - a small collector of IPFIX and NetFlow version 9 for tests, written from the RFCs and the IANA registry alone: it shares no line
 *                  with flowexport/, so that what both agree on is right by two hands.
 *
 * It takes one message after another, keeps templates per observation domain, calls back for each data record and counts
 * what a strict reader objects to. Every octet is hostile: all reads are bounded, memory is bounded by the limits below.
 *
 * Threads  one at a time per decoder.
 * Spec     RFC 7011, RFC 3954.
 */
#ifndef TW_TESTS_SUPPORT_IPFIX_DECODE_H
#define TW_TESTS_SUPPORT_IPFIX_DECODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { IPFIX_FIELDS_MAX = 96, IPFIX_TEMPLATES_MAX = 256, IPFIX_DOMAINS_MAX = 16 };

struct ipfix_value {
	uint32_t pen;
	uint16_t element;
	bool is_scope;
	uint16_t size;       /* octets at data */
	const uint8_t *data; /* into the message */
};

struct ipfix_record {
	uint32_t domain, export_time, sequence; /* of the message; version 9: the source id is the domain */
	uint32_t uptime;                        /* version 9: milliseconds since its sender's boot */
	uint16_t version;                       /* 9 or 10 */
	uint16_t template_id;
	bool is_options;
	unsigned n_values;
	const struct ipfix_value *values;
};

/** Called for each data record; the record ends with the call. */
typedef void ipfix_record_fn(const struct ipfix_record *record, void *context);

struct ipfix_counts {
	uint64_t messages, templates, option_templates, data_records, option_records;
	uint64_t
		sequence_errors; /* messages that did not carry the number of data records (version 9: messages) before them */
	uint64_t unknown_sets;    /* data sets without a template */
	uint64_t changed_layouts; /* a template id announced again with other fields */
	uint64_t malformed;       /* messages given up */
	uint64_t data_sets;
};

struct ipfix_decoder;

/** @return NULL if there is no memory */
struct ipfix_decoder *ipfix_decoder_create(void);
void ipfix_decoder_destroy(struct ipfix_decoder *decoder);

/**
 * Decode one message.
 * @return 0; -EBADMSG with a sentence in ipfix_decoder_error(): records before the fault were called back; -ENOSPC: more
 *         templates or domains than the decoder keeps
 */
int ipfix_decode(struct ipfix_decoder *decoder, const uint8_t *message, size_t size, ipfix_record_fn *fn,
		 void *context);

const char *ipfix_decoder_error(const struct ipfix_decoder *decoder);
const struct ipfix_counts *ipfix_decoder_counts(const struct ipfix_decoder *decoder);

/** First value of an element (pen 0); NULL if the record has none. */
const struct ipfix_value *ipfix_find(const struct ipfix_record *record, uint16_t element);
/** An unsigned integer of 1 to 8 octets; 0 if absent or longer. */
uint64_t ipfix_uint(const struct ipfix_record *record, uint16_t element);

/** The same two of the elements that Tradewind calls its own. */
enum { IPFIX_OURS = 32473 };
const struct ipfix_value *ipfix_find_private(const struct ipfix_record *record, uint16_t element);
uint64_t ipfix_private(const struct ipfix_record *record, uint16_t element);
/** The same two of the reverse direction (RFC 5103 section 6.1). */
enum { IPFIX_REVERSE = 29305 };
const struct ipfix_value *ipfix_find_reverse(const struct ipfix_record *record, uint16_t element);
uint64_t ipfix_reverse(const struct ipfix_record *record, uint16_t element);

/** The element's name, or NULL if this decoder does not know it. Of a reverse one: valid until the thread's next call. */
const char *ipfix_element_name(uint32_t pen, uint16_t element);
enum { IPFIX_TEXT_MAX = 1024 };
/** A value as people write it: numbers, addresses, text, or hexadecimal. *is_number: it is a decimal integer. */
void ipfix_value_format(const struct ipfix_value *value, char text[static IPFIX_TEXT_MAX], bool *is_number);

#endif
