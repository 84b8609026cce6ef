/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wire.h - values as IPFIX has them on the wire. Each function writes at `at` and returns the octet behind; the caller has
 *          made sure of the room. Pure.
 *
 * Spec     RFC 7011 sections 6 (encodings) and 7 (variable length).
 */
#ifndef TW_FLOWEXPORT_WIRE_H
#define TW_FLOWEXPORT_WIRE_H

#include <endian.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { TW_VARTEXT_MAX = 254 }; /* longest text with a length of one octet */

/* width: 1..8. With one that is known it is a swap and a store, where a loop over octets was a third of an encoder's work. */
static inline uint8_t *tw_put_uint(uint8_t *at, uint64_t value, size_t width)
{
	uint64_t octets = htobe64(value << 8 * (sizeof(value) - width));

	memcpy(at, &octets, width);
	return at + width;
}

static inline uint8_t *tw_put_octets(uint8_t *at, const uint8_t *value, size_t width)
{
	memcpy(at, value, width);
	return at + width;
}

/* Octets of text (NUL-terminated) that fit into max without cutting a UTF-8 character in two. */
static inline size_t tw_text_fit(const char *text, size_t max)
{
	size_t size = strlen(text);

	if (size <= max)
		return size;
	size = max;
	while (size > 0 && ((uint8_t)text[size] & 0xc0) == 0x80)
		size--;
	return size;
}

/* Always ends in a NUL: some readers copy a fixed-length text up to one. */
static inline uint8_t *tw_put_text(uint8_t *at, const char *text, size_t width)
{
	size_t size = tw_text_fit(text, width - 1);

	memcpy(at, text, size);
	memset(at + size, 0, width - size);
	return at + width;
}

static inline uint8_t *tw_put_vartext(uint8_t *at, const char *text)
{
	size_t size = tw_text_fit(text, TW_VARTEXT_MAX);

	*at = (uint8_t)size;
	memcpy(at + 1, text, size);
	return at + 1 + size;
}

/* The names that fields.h uses. */
#define TW_PUT_UINT(at, value, width)    tw_put_uint(at, value, width)
#define TW_PUT_OCTETS(at, value, width)  tw_put_octets(at, value, width)
#define TW_PUT_TEXT(at, value, width)    tw_put_text(at, value, width)
#define TW_PUT_VARTEXT(at, value, width) tw_put_vartext(at, value)

#endif
