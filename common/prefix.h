/* SPDX-License-Identifier: Apache-2.0 */
/* prefix.h - IPv4 and IPv6 prefixes (a lone address is one of full length): text, and what is in one. Pure; any thread. */
#ifndef TW_COMMON_PREFIX_H
#define TW_COMMON_PREFIX_H

#include <stdbool.h>
#include <stdint.h>

enum { TW_PREFIX_TEXT = 50 };

struct tw_prefix {
	uint8_t addr[16]; /* wire order; IPv4 in the first four, the rest zero; bits behind len zero */
	uint8_t family;   /* 4 or 6 */
	uint8_t len;      /* bits */
};

/** "10.0.0.5", "10.0.0.0/24", "2001:db8::/32". Bits behind the length must be zero. @return false: *prefix is unchanged */
bool tw_prefix_parse(const char *text, struct tw_prefix *prefix);
/** Without the length when it is full. @return text */
char *tw_prefix_format(const struct tw_prefix *prefix, char text[static TW_PREFIX_TEXT]);
/** @param addr 4 octets of family 4, 16 of family 6 */
bool tw_prefix_has(const struct tw_prefix *prefix, unsigned family, const uint8_t *addr);

#endif
