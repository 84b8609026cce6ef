/* SPDX-License-Identifier: Apache-2.0 */
/*
 * error.h - the errors a request can be answered with: stable numbers, one list.
 *
 * 1xx the request itself, 2xx the object it names, 3xx a feature or a condition. Numbers are never reused or changed:
 * scripts match on them. Inside a program errors are -errno; drops of packets are dataplane/drop.h. Never mapped by
 * arithmetic.
 */
#ifndef TW_PROTO_LINK_ERROR_H
#define TW_PROTO_LINK_ERROR_H

#include <stddef.h>
#include <stdint.h>

/* symbol, number, default text */
#define TW_API_ERRORS(_)                                                              \
	_(TW_E_MALFORMED, 101, "the message could not be decoded")                    \
	_(TW_E_VERSION, 102, "the message is of another protocol version")            \
	_(TW_E_TOO_LARGE, 103, "the message is larger than the limit")                \
	_(TW_E_UNEXPECTED, 104, "this kind of message is not accepted here")          \
	_(TW_E_INVALID, 105, "a field has an invalid value")                          \
	_(TW_E_MISSING, 106, "a field is missing")                                    \
	_(TW_E_NOT_FOUND, 201, "there is no such object")                             \
	_(TW_E_EXISTS, 202, "an object of that name exists already")                  \
	_(TW_E_DUPLICATE, 203, "another object has this value, which must be unique") \
	_(TW_E_IN_USE, 204, "the object is in use by another")                        \
	_(TW_E_BUSY, 205, "the object is in the middle of another operation")         \
	_(TW_E_NOT_BOUND, 206, "the port is bound to no host")                        \
	_(TW_E_INTERNAL, 301, "an internal error happened; see the program's log")    \
	_(TW_E_UNREACHABLE, 302, "the other side cannot be reached")                  \
	_(TW_E_TIMEOUT, 303, "the time allowed has passed")                           \
	_(TW_E_STORE, 304, "the store could not write")                               \
	_(TW_E_SWITCH, 305, "the switch refused")                                     \
	_(TW_E_VMM, 306, "the VM monitor (QEMU) refused")

enum tw_api_error {
#define TW_API_ERROR_ENUM(symbol, number, text) symbol = number,
	TW_API_ERRORS(TW_API_ERROR_ENUM)
#undef TW_API_ERROR_ENUM
};

/* A failed check: filled by validators, sent as proto Error. A zeroed one means "no error". */
struct tw_error {
	uint32_t code;  /* enum tw_api_error; 0 = none */
	char field[96]; /* path of the field, "port.vlan.access"; empty if none */
	char text[256]; /* one sentence: what is wrong and what would be right */
};

/**
 * Fill an error.
 * @param e     out; must not be NULL
 * @param field path, or NULL
 * @param fmt   text; NULL takes the code's default
 * @return always false, so that a validator can `return tw_error_set(...)`.
 * @note Any thread; touches only *e.
 */
_Bool tw_error_set(struct tw_error *e, enum tw_api_error code, const char *field, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/** Default text of a code; "unknown error" for a number that is not listed. Static storage. */
const char *tw_error_text(uint32_t code);

#endif
