/* SPDX-License-Identifier: Apache-2.0 */
/*
 * check_value.h - one value against one limit, and where it stands if it fails.
 *
 * Pure; any thread. Nothing is formatted until something fails: a snapshot has half a million values.
 */
#ifndef TW_PROTO_LINK_CHECK_VALUE_H
#define TW_PROTO_LINK_CHECK_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <protobuf-c/protobuf-c.h>

#include "proto/link/error.h"

enum { TW_ERROR_TEXT_MAX = 1023 /* octets of a sentence that says why something failed */ };

/* A place in a message, as a chain that lives on the stack of the walk: "snapshot" < "ports[3]" < "mac". */
struct tw_where {
	const struct tw_where *up; /* NULL = outermost */
	const char *name;
	long index; /* of a repeated field; -1 = it is none */
};

/* What a range is of: "5000 is not NOUN (MIN..MAX, 0 = ZERO)". */
struct tw_range {
	uint64_t min, max;
	const char *noun; /* with its article */
	const char *zero; /* what 0 means although it is below min; NULL = nothing, 0 is refused */
};

/** Fill err with the place and the text. @return false */
bool tw_where_fail(const struct tw_where *at, enum tw_api_error code, struct tw_error *err, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/** Put the path of a place into out, cut to size. */
void tw_where_format(const struct tw_where *at, char *out, size_t size);

/** A text from outside as it may be shown: at most 40 octets, what does not print as '?'. @return out */
#define TW_SHOWN_SIZE 48
const char *tw_shown(const char *text, char out[static TW_SHOWN_SIZE]);

/** Octets of the printable UTF-8 character at text; 0 if there is none (malformed, a control character, the end). */
size_t tw_char_size(const char *text);

/* Each returns true, or false with *err filled. Texts may be NULL, which is the same as empty. */
bool tw_value_range(uint64_t value, const struct tw_range *range, const struct tw_where *at, struct tw_error *err);
bool tw_value_enum(int value, const ProtobufCEnumDescriptor *known, const struct tw_where *at, struct tw_error *err);
/* Valid UTF-8 of at most max octets without control characters. */
bool tw_value_text(const char *text, size_t max, const struct tw_where *at, struct tw_error *err);
bool tw_value_name(const char *name, size_t max, const struct tw_where *at, struct tw_error *err);
bool tw_value_port_name(const char *name, const struct tw_where *at, struct tw_error *err); /* "vm/nic" */
bool tw_value_file_name(const char *name, const struct tw_where *at, struct tw_error *err);
bool tw_value_path(const char *path, size_t max, const struct tw_where *at, struct tw_error *err); /* absolute */
bool tw_value_address(const char *text, const struct tw_where *at, struct tw_error *err);          /* IPv4 or IPv6 */
bool tw_value_prefix(const char *text, const struct tw_where *at, struct tw_error *err);           /* or one address */
bool tw_value_acl_rule(const char *text, const struct tw_where *at, struct tw_error *err); /* common/acl_rule.h */
bool tw_value_endpoint(const char *text, const struct tw_where *at,
		       struct tw_error *err); /* "ADDR:PORT", "[V6]:PORT" */
/* An endpoint behind a scheme, "tcp://" or "tcp:". */
bool tw_value_url(const char *text, const char *scheme, const struct tw_where *at, struct tw_error *err);
bool tw_value_mac(ProtobufCBinaryData mac, const struct tw_where *at, struct tw_error *err); /* one a port can have */
/* As many octets as one of sizes[] says. */
bool tw_value_size(ProtobufCBinaryData bytes, const size_t sizes[], size_t n_sizes, const char *noun,
		   const struct tw_where *at, struct tw_error *err);

#endif
