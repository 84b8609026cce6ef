/* SPDX-License-Identifier: Apache-2.0 */
/* check_rules_trace.c - the limits of a traced frame and its story (trace.proto); see check_rules.h. Pure. */
#include "proto/link/check_rules_table.h"

enum { FRAME_MAX = 9234 /* an MTU of 9216 and an Ethernet header with a tag */ };

/* clang-format off */
#define RECORDED_LIMIT RANGE_OR_ZERO(1, 1000, "a number of frames", "50")

static const struct tw_rule trace_frame[] = {
	{ "port", RANGE_OR_ZERO(1, INT32_MAX, "a port number", "from an uplink") },
	{ "frame", TW_RULE_OCTETS, .max = FRAME_MAX },
	{ 0 }
};
static const struct tw_rule traced[] = {
	{ "stages", TW_RULE_MESSAGE, COUNT(0, 64) },
	{ "action", TW_RULE_TEXT, .max = 31, .optional = true },
	{ "drop_reason", TW_RULE_TEXT, .max = 63, .optional = true },
	{ "drop_text", TW_RULE_TEXT, .max = TEXT_MAX, .optional = true },
	{ "outs", TW_RULE_TEXT, .max = 127, COUNT(0, 1100) },
	{ "uplink_frame", TW_RULE_OCTETS, .max = FRAME_MAX + 8, .optional = true },
	{ 0 }
};
static const struct tw_rule trace_stage[] = {
	{ "stage", TW_RULE_TEXT, .max = 31 },
	{ "text", TW_RULE_TEXT, .max = TEXT_MAX, .optional = true },
	{ 0 }
};
static const struct tw_rule trace_port[] = {
	{ "port", TW_RULE_PORT, .optional = true },
	{ "host", TW_RULE_NAME, .optional = true },
	{ "frame", TW_RULE_OCTETS, .max = FRAME_MAX },
	{ 0 }
};
static const struct tw_rule trace_port_reply[] = {
	{ "host", TW_RULE_NAME },
	{ "traced", TW_RULE_MESSAGE },
	{ 0 }
};
static const struct tw_rule frame_filter[] = {
	{ "src_mac", TW_RULE_ANY_MAC, .optional = true },
	{ "dst_mac", TW_RULE_ANY_MAC, .optional = true },
	{ "vlan", VLAN_ID_OR("any") },
	{ "ethertype", UINT16("an ethertype") },
	{ "src_ip", TW_RULE_IP, .optional = true },
	{ "dst_ip", TW_RULE_IP, .optional = true },
	{ "protocol", UINT8("an IP protocol") },
	{ "src_port", UINT16("a port") },
	{ "dst_port", RANGE(0, 131071, "a port, or type and code") },
	{ 0 }
};
static const struct tw_rule get_recorded[] = {
	{ "port", PORT_NUMBER },
	{ "filter", TW_RULE_MESSAGE, .optional = true },
	{ "limit", RECORDED_LIMIT },
	{ 0 }
};
static const struct tw_rule recorded[] = {
	{ "frames", TW_RULE_MESSAGE, COUNT(0, 1000) },
	{ 0 }
};
static const struct tw_rule recorded_frame[] = {
	{ "head", TW_RULE_OCTETS, .max = 128, .optional = true },
	{ "frame", TW_RULE_TEXT, .max = 255, .optional = true },
	{ "action", TW_RULE_TEXT, .max = 31, .optional = true },
	{ "drop_reason", TW_RULE_TEXT, .max = 63, .optional = true },
	{ "text", TW_RULE_TEXT, .max = TEXT_MAX, .optional = true },
	{ "other", TW_RULE_TEXT, .max = 127, .optional = true },
	{ 0 }
};
static const struct tw_rule why_port[] = {
	{ "port", TW_RULE_PORT },
	{ "host", TW_RULE_NAME, .optional = true },
	{ "filter", TW_RULE_MESSAGE, .optional = true },
	{ "limit", RECORDED_LIMIT },
	{ 0 }
};
static const struct tw_rule why_port_reply[] = {
	{ "host", TW_RULE_NAME },
	{ "recorded", TW_RULE_MESSAGE },
	{ 0 }
};

const struct tw_rules tw_rules_trace[] = {
	{ &tw__trace_frame__descriptor, trace_frame },
	{ &tw__traced__descriptor, traced },
	{ &tw__trace_stage__descriptor, trace_stage },
	{ &tw__trace_port__descriptor, trace_port },
	{ &tw__trace_port_reply__descriptor, trace_port_reply },
	{ &tw__frame_filter__descriptor, frame_filter },
	{ &tw__get_recorded__descriptor, get_recorded },
	{ &tw__recorded__descriptor, recorded },
	{ &tw__recorded_frame__descriptor, recorded_frame },
	{ &tw__why_port__descriptor, why_port },
	{ &tw__why_port_reply__descriptor, why_port_reply },
	{ 0 }
};
/* clang-format on */
