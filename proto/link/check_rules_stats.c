/* SPDX-License-Identifier: Apache-2.0 */
/* check_rules_stats.c - the limits of what a switch counts and tells (stats.proto); see check_rules.h. Pure. */
#include <limits.h>

#include "proto/link/check_rules_table.h"

/* clang-format off */
static const struct tw_rule switch_status[] = {
	{ "ports", TW_RULE_MESSAGE, COUNT(0, 1024) },
	{ "uplinks", TW_RULE_MESSAGE, COUNT(0, 8) },
	{ "mirrors", TW_RULE_MESSAGE, COUNT(0, 128) }, /* that copy here, and that copies come of */
	{ "exporters", TW_RULE_MESSAGE, COUNT(0, 8) },
	{ "workers", TW_RULE_MESSAGE, COUNT(0, 1024) },
	{ "acls", TW_RULE_MESSAGE, COUNT(0, 64) },
	{ 0 }
};
static const struct tw_rule acl_status[] = {
	{ "name", TW_RULE_NAME },
	{ "hits", TW_RULE_ANY, COUNT(0, 1001) },
	{ 0 }
};
static const struct tw_rule uplink_status[] = {
	{ "error", TW_RULE_TEXT, .max = TEXT_MAX, .optional = true },
	{ "lacp", TW_RULE_MESSAGE, .optional = true },
	{ 0 }
};
static const struct tw_rule lacp_status[] = {
	{ "partner_system", TW_RULE_ANY_MAC, .optional = true },
	{ 0 }
};
static const struct tw_rule exporter_status[] = {
	{ "error", TW_RULE_TEXT, .max = TEXT_MAX, .optional = true },
	{ "collectors", TW_RULE_MESSAGE, COUNT(0, 4) },
	{ 0 }
};
static const struct tw_rule collector_status[] = {
	{ "error", TW_RULE_TEXT, .max = TEXT_MAX, .optional = true },
	{ 0 }
};
static const struct tw_rule port_status[] = {
	{ "rings", TW_RULE_MESSAGE, COUNT(0, 256) },
	{ "fault_text", TW_RULE_TEXT, .max = TEXT_MAX, .optional = true },
	{ "guest", TW_RULE_TEXT, .max = 319, .optional = true },
	{ 0 }
};
static const struct tw_rule worker_status[] = {
	{ "queues", TW_RULE_MESSAGE, COUNT(0, 65536) },
	{ 0 }
};
static const struct tw_rule mirror_status[] = {
	{ "path", TW_RULE_TEXT, .max = PATH_MAX - 1, .optional = true },
	{ "error", TW_RULE_TEXT, .max = TEXT_MAX, .optional = true },
	{ 0 }
};
static const struct tw_rule flow[] = {
	{ "vlan", VLAN_ID_OR("none") },
	{ "src_mac", TW_RULE_ANY_MAC, .optional = true },
	{ "dst_mac", TW_RULE_ANY_MAC, .optional = true },
	{ "ethertype", UINT16("an ethertype") },
	{ "src_ip", TW_RULE_IP, .optional = true },
	{ "dst_ip", TW_RULE_IP, .optional = true },
	{ "protocol", UINT8("an IP protocol") },
	{ "src_port", UINT16("a port") },
	{ "dst_port", UINT16("a port") },
	{ "tos", UINT8("a type of service") },
	{ "tcp_flags", UINT16("a set of TCP flags") },
	{ "min_ttl", UINT8("a time to live") },
	{ "max_ttl", UINT8("a time to live") },
	{ "raw_key", TW_RULE_OCTETS, .max = 256, .optional = true },
	{ "sample", RANGE_OR_ZERO(1, 16383, "a number of packets", "1: every packet") },
	{ 0 }
};

const struct tw_rules tw_rules_stats[] = {
	{ &tw__flow__descriptor, flow },
	{ &tw__acl_status__descriptor, acl_status },
	{ &tw__switch_status__descriptor, switch_status },
	{ &tw__uplink_status__descriptor, uplink_status },
	{ &tw__lacp_status__descriptor, lacp_status },
	{ &tw__exporter_status__descriptor, exporter_status },
	{ &tw__collector_status__descriptor, collector_status },
	{ &tw__mirror_status__descriptor, mirror_status },
	{ &tw__port_status__descriptor, port_status },
	{ &tw__worker_status__descriptor, worker_status },
	{ 0 }
};
/* clang-format on */
