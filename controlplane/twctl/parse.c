/* SPDX-License-Identifier: Apache-2.0 */
/* parse.c - values as operators write them; see parse.h. Pure; any thread. */
#include "controlplane/twctl/parse.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "proto/link/check.h"

enum { SHOWN = 60 /* characters of a bad value that an error repeats */ };

/* Decimal digits at *text, which moves behind them. A number over 2^64-1 is no number. */
static bool digits(const char **text, uint64_t *value)
{
	const char *c = *text;
	uint64_t n = 0;

	if (*c < '0' || *c > '9')
		return false;
	for (; *c >= '0' && *c <= '9'; c++)
		if (__builtin_mul_overflow(n, 10u, &n) || __builtin_add_overflow(n, (uint64_t)(*c - '0'), &n))
			return false;
	*text = c;
	*value = n;
	return true;
}

bool tw_parse_number(const char *path, const char *text, uint64_t min, uint64_t max, uint64_t *value,
		     struct tw_error *err)
{
	const char *end = text;
	uint64_t n;

	if (!digits(&end, &n) || *end || n < min || n > max)
		return tw_error_set(err, TW_E_INVALID, path, "%.*s is not a number from %" PRIu64 " to %" PRIu64, SHOWN,
				    text, min, max);
	*value = n;
	return true;
}

bool tw_parse_vlan_id(const char *path, const char *text, uint32_t *id, struct tw_error *err)
{
	const char *end = text;
	uint64_t n = 0;

	if (strcasecmp(text, "untagged") != 0 && (!digits(&end, &n) || *end || n > TW_VLAN_MAX))
		return tw_error_set(err, TW_E_INVALID, path, "%.*s is not a VLAN id (1..%d)", SHOWN, text, TW_VLAN_MAX);
	*id = (uint32_t)n;
	return true;
}

/* One "10" or "20-30" at *text, which moves behind it. */
static bool range(const char **text, Tw__VlanRange *out)
{
	uint64_t first, last;

	if (!digits(text, &first))
		return false;
	last = first;
	if (**text == '-') {
		(*text)++;
		if (!digits(text, &last))
			return false;
	}
	if (first < 1 || first > last || last > TW_VLAN_MAX)
		return false;
	out->first = (uint32_t)first;
	out->last = (uint32_t)last;
	return true;
}

bool tw_parse_trunk(const char *path, const char *text, Tw__VlanRange *ranges, size_t *n, struct tw_error *err)
{
	Tw__VlanRange found[TW_TRUNK_RANGES_MAX];
	size_t have = 0;
	const char *c = text;

	if (strcasecmp(text, "all") == 0) {
		*n = 0;
		return true;
	}
	for (bool more = true; more; have++) {
		const char *start = c;

		if (have == TW_TRUNK_RANGES_MAX)
			return tw_error_set(err, TW_E_INVALID, path, "a trunk has at most %d ranges",
					    TW_TRUNK_RANGES_MAX);
		tw__vlan_range__init(&found[have]);
		if (!range(&c, &found[have]) || (*c && *c != ','))
			return tw_error_set(err, TW_E_INVALID, path,
					    "%.*s is not a VLAN id or range of them (1..%d; as in 10,20-30,100)", SHOWN,
					    *start ? start : "an empty place", TW_VLAN_MAX);
		more = *c == ',';
		c += more;
	}
	memcpy(ranges, found, have * sizeof(*found));
	*n = have;
	return true;
}

bool tw_parse_size(const char *path, const char *text, uint64_t min, uint64_t max, uint64_t *octets,
		   struct tw_error *err)
{
	static const char letters[] = "KMGT";
	const char *end = text, *letter;
	unsigned shift = 0;
	uint64_t n;
	bool ok = digits(&end, &n);

	if (ok && *end) {
		letter = strchr(letters, toupper((unsigned char)*end));
		shift = letter ? 10 * (unsigned)(letter - letters + 1) : 0;
		end += letter != NULL;
		ok = *end == '\0' || strcasecmp(end, "B") == 0 || (shift && strcasecmp(end, "iB") == 0);
	}
	if (!ok || n > UINT64_MAX >> shift || n << shift < min || n << shift > max)
		return tw_error_set(err, TW_E_INVALID, path,
				    "%.*s is not a size from %" PRIu64 " to %" PRIu64 " octets (as in 64K, 100M, 1G)",
				    SHOWN, text, min, max);
	*octets = n << shift;
	return true;
}

/* ".25" behind a number that is in units of `scale`: what it adds. Up to nine digits, none of which may be lost. */
static bool fraction(const char **text, uint64_t scale, uint64_t *value)
{
	uint64_t part = scale;

	if (**text != '.')
		return true;
	for (++*text; **text >= '0' && **text <= '9'; ++*text) {
		uint64_t digit = (uint64_t)(**text - '0');

		if (part % 10 && digit)
			return false;
		part /= 10;
		*value += digit * part;
	}
	return (*text)[-1] != '.';
}

static bool is_rate_unit(const char *text, const char *unit)
{
	bool bits = strcmp(unit, "bit") == 0;

	return *text == '\0' || strcasecmp(text, unit) == 0 ||
	       (bits && (strcasecmp(text, "bit/s") == 0 || strcasecmp(text, "bps") == 0));
}

static bool rate(const char *text, const char *unit, uint64_t *value)
{
	static const char letters[] = "KMGT";
	const char *end = text, *after, *letter;
	uint64_t whole, scale = 1, n = 0;

	if (!digits(&end, &whole))
		return false;
	after = end + strspn(end, ".0123456789");
	letter = *after ? strchr(letters, toupper((unsigned char)*after)) : NULL;
	for (const char *l = letters; letter && l <= letter; l++)
		scale *= 1000;
	if (!fraction(&end, scale, &n) || end != after || !is_rate_unit(after + (letter != NULL), unit))
		return false;
	return !__builtin_mul_overflow(whole, scale, &whole) && !__builtin_add_overflow(whole, n, value);
}

bool tw_parse_rate(const char *path, const char *text, const char *unit, uint64_t min, uint64_t max,
		   uint64_t *per_second, struct tw_error *err)
{
	uint64_t n;

	if (!rate(text, unit, &n) || n < min || n > max)
		return tw_error_set(err, TW_E_INVALID, path,
				    "%.*s is not a rate from %" PRIu64 " to %" PRIu64 " %s (as in 100k, 1G, 2.5G)",
				    SHOWN, text, min, max, strcmp(unit, "bit") == 0 ? "bit/s" : "frames a second");
	*per_second = n;
	return true;
}

/* Milliseconds; false also for a sum over 2^64-1. */
static bool duration(const char *text, uint64_t *ms)
{
	static const struct {
		const char *unit;
		uint64_t ms;
	} units[] = { { "", 1000 }, { "ms", 1 }, { "s", 1000 }, { "m", 60 * 1000 }, { "h", 60 * 60 * 1000 } };
	uint64_t n;

	if (!digits(&text, &n))
		return false;
	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++)
		if (strcmp(text, units[i].unit) == 0)
			return !__builtin_mul_overflow(n, units[i].ms, ms);
	return false;
}

bool tw_parse_duration(const char *path, const char *text, uint64_t min_ms, uint64_t max_ms, uint64_t *ms,
		       struct tw_error *err)
{
	uint64_t n;

	if (!duration(text, &n) || n < min_ms || n > max_ms)
		return tw_error_set(err, TW_E_INVALID, path,
				    "%.*s is not a duration from %" PRIu64 "ms to %" PRIu64 "s (as in 500ms, 15s, 1m)",
				    SHOWN, text, min_ms, max_ms / 1000);
	*ms = n;
	return true;
}

bool tw_parse_seconds(const char *path, const char *text, uint64_t min_s, uint64_t max_s, uint64_t *seconds,
		      struct tw_error *err)
{
	uint64_t ms;

	if (!duration(text, &ms) || ms % 1000 || ms / 1000 < min_s || ms / 1000 > max_s)
		return tw_error_set(err, TW_E_INVALID, path,
				    "%.*s is not a duration from %" PRIu64 " to %" PRIu64
				    " seconds (as in 15, 15s, 1m)",
				    SHOWN, text, min_s, max_s);
	*seconds = ms / 1000;
	return true;
}

bool tw_parse_mac(const char *path, const char *text, uint8_t mac[static TW_MAC_LEN], struct tw_error *err)
{
	return tw_mac_parse(text, mac) ||
	       tw_error_set(err, TW_E_INVALID, path, "%.*s is not a MAC address (as in 02:00:00:0a:0b:0c)", SHOWN,
			    text);
}

bool tw_parse_uuid(const char *path, const char *text, uint8_t uuid[static TW_UUID_LEN], struct tw_error *err)
{
	return tw_uuid_parse(text, uuid) ||
	       tw_error_set(err, TW_E_INVALID, path, "%.*s is not a UUID (as in 123e4567-e89b-42d3-a456-426614174000)",
			    SHOWN, text);
}
