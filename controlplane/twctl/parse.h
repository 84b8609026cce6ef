/* SPDX-License-Identifier: Apache-2.0 */
/*
 * parse.h - values as operators write them: VLANs, trunk lists, sizes, rates, durations, MACs.
 *
 * Pure; any thread. Each function returns true, or false with *err filled (TW_E_INVALID; the field is `path` or below it,
 * the text names what was given and what is allowed) and nothing else changed. Numbers are decimal digits alone: no sign,
 * no space, no 0x.
 */
#ifndef TW_TWCTL_PARSE_H
#define TW_TWCTL_PARSE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/mac.h"
#include "proto/link/error.h"
#include "proto/model.pb-c.h"

enum { TW_TRUNK_RANGES_MAX = 64 /* model.proto, Vlan.trunk */ };

bool tw_parse_number(const char *path, const char *text, uint64_t min, uint64_t max, uint64_t *value,
		     struct tw_error *err);
/** "20": what `access` and `native` of a Vlan may be; "untagged" is 0. */
bool tw_parse_vlan_id(const char *path, const char *text, uint32_t *id, struct tw_error *err);
/** "10,20-30,100" or "all" (no range); ranges[] has TW_TRUNK_RANGES_MAX places, *n of them are filled. */
bool tw_parse_trunk(const char *path, const char *text, Tw__VlanRange *ranges, size_t *n, struct tw_error *err);
/** Octets: "65536", "64K", "100M", "2G", "1T"; units are powers of 1024, an "iB" or "B" after the letter is allowed. */
bool tw_parse_size(const char *path, const char *text, uint64_t min, uint64_t max, uint64_t *octets,
		   struct tw_error *err);
/**
 * A rate a second: "1000000", "100k", "2.5G", units powers of 1000; `unit` may follow, as in "1Gbit/s" or "1000pps".
 * @param unit "bit" (also "bps", "bit/s") or "pps"
 */
bool tw_parse_rate(const char *path, const char *text, const char *unit, uint64_t min, uint64_t max,
		   uint64_t *per_second, struct tw_error *err);
/** "15" and "15s" are seconds; also "250ms", "1m", "2h". Limits and result in milliseconds. */
bool tw_parse_duration(const char *path, const char *text, uint64_t min_ms, uint64_t max_ms, uint64_t *ms,
		       struct tw_error *err);
/** The same in whole seconds. */
bool tw_parse_seconds(const char *path, const char *text, uint64_t min_s, uint64_t max_s, uint64_t *seconds,
		      struct tw_error *err);
bool tw_parse_mac(const char *path, const char *text, uint8_t mac[static TW_MAC_LEN], struct tw_error *err);
bool tw_parse_uuid(const char *path, const char *text, uint8_t uuid[static TW_UUID_LEN], struct tw_error *err);

#endif
