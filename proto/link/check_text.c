/* SPDX-License-Identifier: Apache-2.0 */
/* check_text.c - names, paths and addresses; see check_value.h. Pure. */
#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "common/acl_rule.h"
#include "proto/link/check_value.h"

enum { NAME_MAX_LEN = 63, FILE_MAX_LEN = 255, ENDPOINT_MAX_LEN = 64 };

const char *tw_shown(const char *text, char out[static TW_SHOWN_SIZE])
{
	size_t n = 0;

	for (; text && *text && n < TW_SHOWN_SIZE - 8; text++)
		out[n++] = *text >= ' ' && *text <= '~' ? *text : '?';
	out[n] = '\0';
	if (text && *text)
		memcpy(out + n, "...", 4);
	return out;
}

/* C0, DEL and C1 (U+0080..U+009F): what makes a terminal do things. */
static bool is_control(const unsigned char *c)
{
	return c[0] < ' ' || c[0] == 0x7f || (c[0] == 0xc2 && c[1] < 0xa0);
}

/* RFC 3629 section 4: no surrogates, nothing longer than need be, nothing above U+10FFFF. */
size_t tw_char_size(const char *text)
{
	const unsigned char *c = (const unsigned char *)text;
	size_t size = c[0] < 0x80 ? 1 : c[0] < 0xc2 ? 0 : c[0] < 0xe0 ? 2 : c[0] < 0xf0 ? 3 : c[0] < 0xf5 ? 4 : 0;

	for (size_t i = 1; i < size; i++)
		if ((c[i] & 0xc0) != 0x80)
			return 0;
	if ((c[0] == 0xe0 && c[1] < 0xa0) || (c[0] == 0xed && c[1] > 0x9f) || (c[0] == 0xf0 && c[1] < 0x90) ||
	    (c[0] == 0xf4 && c[1] > 0x8f) || is_control(c))
		return 0;
	return size;
}

bool tw_value_text(const char *text, size_t max, const struct tw_where *at, struct tw_error *err)
{
	size_t size;

	if (!text)
		return true;
	if (strnlen(text, max + 1) > max)
		return tw_where_fail(at, TW_E_INVALID, err, "the text is longer than %zu octets", max);
	for (; *text; text += size) {
		size = tw_char_size(text);
		if (size == 0)
			return tw_where_fail(at, TW_E_INVALID, err, "octet %#x of the text is no printable UTF-8",
					     (unsigned char)*text);
	}
	return true;
}

static bool is_name_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.' ||
	       c == '-';
}

/* Names become parts of file names, so the two that mean a folder are none. */
static bool is_name(const char *name, size_t len, size_t max)
{
	for (size_t i = 0; i < len; i++)
		if (!is_name_char(name[i]))
			return false;
	return len >= 1 && len <= max && !(name[0] == '.' && (len == 1 || (len == 2 && name[1] == '.')));
}

bool tw_value_name(const char *name, size_t max, const struct tw_where *at, struct tw_error *err)
{
	char shown[TW_SHOWN_SIZE];

	if (!name || !*name)
		return tw_where_fail(at, TW_E_MISSING, err, "a name is missing");
	if (is_name(name, strlen(name), max))
		return true;
	return tw_where_fail(at, TW_E_INVALID, err, "\"%s\" is not a name (1..%zu of A-Z a-z 0-9 _ . -)",
			     tw_shown(name, shown), max);
}

bool tw_value_port_name(const char *name, const struct tw_where *at, struct tw_error *err)
{
	const char *slash = name ? strchr(name, '/') : NULL;
	char shown[TW_SHOWN_SIZE];

	if (!name || !*name)
		return tw_where_fail(at, TW_E_MISSING, err, "the name of a port is missing");
	if (slash && is_name(name, (size_t)(slash - name), NAME_MAX_LEN) &&
	    is_name(slash + 1, strlen(slash + 1), NAME_MAX_LEN))
		return true;
	return tw_where_fail(at, TW_E_INVALID, err,
			     "\"%s\" is not a port's name (VM/NIC, each 1..%d of A-Z a-z 0-9 _ . -)",
			     tw_shown(name, shown), NAME_MAX_LEN);
}

bool tw_value_file_name(const char *name, const struct tw_where *at, struct tw_error *err)
{
	char shown[TW_SHOWN_SIZE];

	if (!name || !*name)
		return tw_where_fail(at, TW_E_MISSING, err, "the name of a file is missing");
	if (!tw_value_text(name, FILE_MAX_LEN, at, err))
		return false;
	if (strchr(name, '/') || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return tw_where_fail(at, TW_E_INVALID, err, "\"%s\" is not a file name (no '/', not . or ..)",
				     tw_shown(name, shown));
	return true;
}

bool tw_value_path(const char *path, size_t max, const struct tw_where *at, struct tw_error *err)
{
	char shown[TW_SHOWN_SIZE];

	if (!path || !*path)
		return tw_where_fail(at, TW_E_MISSING, err, "a path is missing");
	if (!tw_value_text(path, max, at, err))
		return false;
	if (path[0] != '/')
		return tw_where_fail(at, TW_E_INVALID, err, "\"%s\" is not an absolute path", tw_shown(path, shown));
	return true;
}

static bool is_address(int family, const char *text)
{
	struct in6_addr any; /* the larger of the two */

	return inet_pton(family, text, &any) == 1;
}

bool tw_value_address(const char *text, const struct tw_where *at, struct tw_error *err)
{
	char shown[TW_SHOWN_SIZE];

	if (!text || !*text)
		return tw_where_fail(at, TW_E_MISSING, err, "an address is missing");
	if (is_address(AF_INET, text) || is_address(AF_INET6, text))
		return true;
	return tw_where_fail(at, TW_E_INVALID, err, "\"%s\" is not an IPv4 or IPv6 address", tw_shown(text, shown));
}

bool tw_value_prefix(const char *text, const struct tw_where *at, struct tw_error *err)
{
	struct tw_prefix prefix;
	char shown[TW_SHOWN_SIZE];

	if (!text || !*text)
		return tw_where_fail(at, TW_E_MISSING, err, "an address is missing");
	if (tw_prefix_parse(text, &prefix))
		return true;
	return tw_where_fail(
		at, TW_E_INVALID, err,
		"\"%s\" is not an address or a prefix (as in 10.0.0.5, 10.0.0.0/24, 2001:db8::/64; no bits "
		"behind the length)",
		tw_shown(text, shown));
}

bool tw_value_acl_rule(const char *text, const struct tw_where *at, struct tw_error *err)
{
	struct tw_acl_rule rule;
	char error[200];

	if (!tw_value_text(text, TW_ACL_RULE_TEXT, at, err))
		return false;
	if (tw_acl_rule_parse(text ? text : "", &rule, error, sizeof(error)))
		return true;
	return tw_where_fail(at, TW_E_INVALID, err, "rule %ld, %s", at->index + 1, error);
}

/* 1..65535, as people write it: digits, no sign, no leading zero. */
static bool is_port(const char *text)
{
	unsigned port = 0;
	size_t len = strlen(text);

	if (len < 1 || len > 5 || text[0] == '0')
		return false;
	for (; *text; text++) {
		if (!isdigit((unsigned char)*text))
			return false;
		port = port * 10 + (unsigned)(*text - '0');
	}
	return port <= 65535;
}

static bool is_endpoint(const char *text)
{
	char host[ENDPOINT_MAX_LEN], *colon;
	size_t len = strlen(text);

	if (len >= sizeof(host))
		return false;
	memcpy(host, text, len + 1);
	colon = strrchr(host, ':');
	if (!colon || !is_port(colon + 1))
		return false;
	*colon = '\0';
	if (host[0] != '[')
		return is_address(AF_INET, host);
	if (colon[-1] != ']')
		return false;
	colon[-1] = '\0';
	return is_address(AF_INET6, host + 1);
}

bool tw_value_endpoint(const char *text, const struct tw_where *at, struct tw_error *err)
{
	return tw_value_url(text, "", at, err);
}

bool tw_value_url(const char *text, const char *scheme, const struct tw_where *at, struct tw_error *err)
{
	char shown[TW_SHOWN_SIZE];

	if (!text || !*text)
		return tw_where_fail(at, TW_E_MISSING, err, "%sADDRESS:PORT is missing", scheme);
	if (strncmp(text, scheme, strlen(scheme)) == 0 && is_endpoint(text + strlen(scheme)))
		return true;
	return tw_where_fail(at, TW_E_INVALID, err,
			     "\"%s\" is not %sADDRESS:PORT (IPv4 or [IPv6], in digits; port 1..65535)",
			     tw_shown(text, shown), scheme);
}
