/* SPDX-License-Identifier: Apache-2.0 */
/* check_rules_multicast.c - the limits of what a switch tells of listeners (multicast.proto); see check_rules.h. Pure. */
#include "proto/link/check_rules_table.h"

/* clang-format off */
static const struct tw_rule multicast_state[] = {
	{ "groups", TW_RULE_MESSAGE, COUNT(0, 65536) },
	{ "vlans", TW_RULE_MESSAGE, COUNT(0, 4096) },
	{ 0 }
};
static const struct tw_rule multicast_group[] = {
	{ "group_ip", TW_RULE_IP },
	{ "members", TW_RULE_MESSAGE, COUNT(0, 1100) },
	{ 0 }
};
static const struct tw_rule multicast_family[] = {
	{ "querier_ip", TW_RULE_IP, .optional = true },
	{ "querier_mac", TW_RULE_ANY_MAC, .optional = true },
	{ "routers", TW_RULE_ANY, COUNT(0, 64) },
	{ 0 }
};
static const struct tw_rule list_multicast[] = {
	{ "host", TW_RULE_NAME },
	{ 0 }
};
static const struct tw_rule multicast_list[] = {
	{ "host", TW_RULE_NAME },
	{ "state", TW_RULE_MESSAGE },
	{ 0 }
};

const struct tw_rules tw_rules_multicast[] = {
	{ &tw__multicast_state__descriptor, multicast_state },
	{ &tw__multicast_group__descriptor, multicast_group },
	{ &tw__multicast_family__descriptor, multicast_family },
	{ &tw__list_multicast__descriptor, list_multicast },
	{ &tw__multicast_list__descriptor, multicast_list },
	{ 0 }
};
/* clang-format on */
