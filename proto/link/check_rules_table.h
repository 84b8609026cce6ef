/* SPDX-License-Identifier: Apache-2.0 */
/*
 * check_rules_table.h - how the limits of a .proto file are written down: for the check_rules_NAME.c alone.
 *
 * One check_rules_NAME.c for each NAME.proto, with one list of rules for each kind of message and one table that says
 * which list is whose. check_rules.c looks a message up in all of them. See check_rules.h for what a rule is.
 */
#ifndef TW_PROTO_LINK_CHECK_RULES_TABLE_H
#define TW_PROTO_LINK_CHECK_RULES_TABLE_H

#include "proto/link/check.h"
#include "proto/link/check_rules.h"

enum { TEXT_MAX = TW_ERROR_TEXT_MAX, SOCKET_PATH_MAX = 107 /* sun_path - 1 */ };

/* clang-format off */
#define RANGE(lo, hi, what)            .kind = TW_RULE_RANGE, .range = { .min = (lo), .max = (hi), .noun = (what) }
#define RANGE_OR_ZERO(lo, hi, what, z) .kind = TW_RULE_RANGE, .range = { (lo), (hi), (what), (z) }
#define COUNT(lo, hi)                  .count_min = (lo), .count_max = (hi)

#define PORT_NUMBER      RANGE(1, INT32_MAX, "a port number")
#define VLAN_ID          RANGE(1, TW_VLAN_MAX, "a VLAN id")
#define VLAN_ID_OR(z)    RANGE_OR_ZERO(1, TW_VLAN_MAX, "a VLAN id", z)
#define MTU              RANGE_OR_ZERO(TW_MTU_MIN, TW_MTU_MAX, "an MTU", "1500")
#define SNAPLEN          RANGE_OR_ZERO(60, 65535, "a snapshot length", "all")
#define QUERY_INTERVAL   RANGE_OR_ZERO(2, 3600, "a query interval in seconds", "125")
#define UINT8(what)      RANGE(0, 255, what)
#define UINT16(what)     RANGE(0, 65535, what)
#define TUNNEL_TAG       RANGE(1, 0xffffff, "a tag of 24 bits")
#define EXPORT_TLS_FILE  .kind = TW_RULE_PATH, .optional = true, .max = 255
/* What a Mirror and a LocalMirror say alike. */
#define MIRROR_OPTIONS \
	{ "snaplen", SNAPLEN }, \
	{ "filter", TW_RULE_TEXT, .max = TW_MIRROR_FILTER_MAX, .optional = true }, \
	{ "files", RANGE_OR_ZERO(1, TW_MIRROR_FILES_MAX, "a number of files", "all") }, \
	{ "file_seconds", RANGE_OR_ZERO(1, TW_MIRROR_FILE_SECONDS_MAX, "a time in seconds", "any") }, \
	{ "max_share", RANGE(0, 100, "a share in percent") }, \
	{ "erspan_type", RANGE_OR_ZERO(2, 3, "an ERSPAN type", "2") }, \
	{ "erspan_session", RANGE_OR_ZERO(1, 1023, "an ERSPAN session", "1") }, \
	{ "erspan_cos", RANGE(0, 7, "a class of service") }, \
	{ "erspan_dscp", RANGE(0, 63, "a DSCP") }, \
	{ "erspan_ttl", RANGE(0, 255, "a time to live") }, \
	{ "tunnel_tag", RANGE_OR_ZERO(1, 0xffffff, "a tag of 24 bits", "none") }, \
	{ "tunnel_key", TW_RULE_OCTETS, .max = TW_TUNNEL_KEY_LEN, .optional = true }
/* clang-format on */

/* The rules of one kind of message. */
struct tw_rules {
	const ProtobufCMessageDescriptor *type; /* NULL ends the table */
	const struct tw_rule *rules;
};

/* The most frequent messages first: a table is searched from its start. */
extern const struct tw_rules tw_rules_model[], tw_rules_switch[], tw_rules_stats[], tw_rules_api[], tw_rules_agent[],
	tw_rules_trace[], tw_rules_multicast[], tw_rules_macs[], tw_rules_workers[], tw_rules_trial[],
	tw_rules_central[], tw_rules_capture[];

#endif
