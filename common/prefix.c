/* SPDX-License-Identifier: Apache-2.0 */
/* prefix.c - IPv4 and IPv6 prefixes; see prefix.h. Pure. */
#include "common/prefix.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

/* Digits up to `most`, no sign, no leading zero. */
static bool length_of(const char *text, unsigned most, uint8_t *len)
{
	unsigned n = 0;

	if (!*text || strlen(text) > 3 || (text[0] == '0' && text[1]))
		return false;
	for (; *text; text++) {
		if (*text < '0' || *text > '9')
			return false;
		n = n * 10 + (unsigned)(*text - '0');
	}
	*len = (uint8_t)n;
	return n <= most;
}

/* Are the bits behind the first len zero? */
static bool rest_is_zero(const uint8_t addr[16], unsigned len)
{
	for (unsigned bit = len; bit < 128; bit++)
		if (addr[bit / 8] >> (7 - bit % 8) & 1)
			return false;
	return true;
}

bool tw_prefix_parse(const char *text, struct tw_prefix *prefix)
{
	char address[INET6_ADDRSTRLEN];
	const char *slash = strchr(text, '/');
	size_t size = slash ? (size_t)(slash - text) : strlen(text);
	struct tw_prefix p = { 0 };

	if (size >= sizeof(address))
		return false;
	memcpy(address, text, size);
	address[size] = '\0';
	if (inet_pton(AF_INET, address, p.addr) == 1)
		p.family = 4;
	else if (inet_pton(AF_INET6, address, p.addr) == 1)
		p.family = 6;
	else
		return false;
	p.len = p.family == 4 ? 32 : 128;
	if ((slash && !length_of(slash + 1, p.len, &p.len)) || !rest_is_zero(p.addr, p.len))
		return false;
	*prefix = p;
	return true;
}

char *tw_prefix_format(const struct tw_prefix *prefix, char text[static TW_PREFIX_TEXT])
{
	char address[INET6_ADDRSTRLEN] = "";

	inet_ntop(prefix->family == 4 ? AF_INET : AF_INET6, prefix->addr, address, sizeof(address));
	if (prefix->len == (prefix->family == 4 ? 32 : 128))
		snprintf(text, TW_PREFIX_TEXT, "%s", address);
	else
		snprintf(text, TW_PREFIX_TEXT, "%s/%u", address, prefix->len);
	return text;
}

bool tw_prefix_has(const struct tw_prefix *prefix, unsigned family, const uint8_t *addr)
{
	unsigned whole = prefix->len / 8, rest = prefix->len % 8;

	if (prefix->family != family || memcmp(prefix->addr, addr, whole) != 0)
		return false;
	return rest == 0 || ((prefix->addr[whole] ^ addr[whole]) >> (8 - rest)) == 0;
}
