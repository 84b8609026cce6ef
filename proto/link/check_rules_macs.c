/* SPDX-License-Identifier: Apache-2.0 */
/* check_rules_macs.c - the limits of a list of learned MACs (macs.proto); see check_rules.h. Pure. */
#include "proto/link/check_rules_table.h"

enum { PAGE_MAX = 4096, CHANGES_MAX = 16384 };

/* clang-format off */
#define PAGE RANGE_OR_ZERO(1, PAGE_MAX, "a number of MACs", "1000")

static const struct tw_rule get_macs[] = {
	{ "port", RANGE_OR_ZERO(1, INT32_MAX, "a port number", "all") },
	{ "limit", PAGE },
	{ 0 }
};
static const struct tw_rule known_mac[] = {
	{ "mac", TW_RULE_MAC },
	{ "vlan", VLAN_ID_OR("untagged") },
	{ "port", RANGE_OR_ZERO(1, INT32_MAX, "a port number", "the wire") },
	{ 0 }
};
static const struct tw_rule macs[] = {
	{ "macs", TW_RULE_MESSAGE, COUNT(0, PAGE_MAX) },
	{ 0 }
};
static const struct tw_rule mac_place[] = {
	{ "mac", TW_RULE_MAC },
	{ "vlan", VLAN_ID_OR("untagged") },
	{ "port", RANGE_OR_ZERO(1, INT32_MAX, "a port number", "none") },
	{ 0 }
};
static const struct tw_rule mac_changes[] = {
	{ "macs", TW_RULE_MESSAGE, COUNT(0, CHANGES_MAX) },
	{ 0 }
};
static const struct tw_rule list_macs[] = {
	{ "port", TW_RULE_PORT, .optional = true },
	{ "host", TW_RULE_NAME, .optional = true },
	{ "limit", PAGE },
	{ 0 }
};
static const struct tw_rule mac_list[] = {
	{ "host", TW_RULE_NAME },
	{ "macs", TW_RULE_MESSAGE },
	{ 0 }
};

const struct tw_rules tw_rules_macs[] = {
	{ &tw__get_macs__descriptor, get_macs },
	{ &tw__known_mac__descriptor, known_mac },
	{ &tw__macs__descriptor, macs },
	{ &tw__mac_place__descriptor, mac_place },
	{ &tw__mac_changes__descriptor, mac_changes },
	{ &tw__list_macs__descriptor, list_macs },
	{ &tw__mac_list__descriptor, mac_list },
	{ 0 }
};
/* clang-format on */
