/* SPDX-License-Identifier: Apache-2.0 */
/* check_rules_trace.c - the limits of a traced frame and its story (trace.proto); see check_rules.h. Pure. */
#include "proto/link/check_rules_table.h"

enum { FRAME_MAX = 9234 /* an MTU of 9216 and an Ethernet header with a tag */ };

/* clang-format off */
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

const struct tw_rules tw_rules_trace[] = {
	{ &tw__trace_frame__descriptor, trace_frame },
	{ &tw__traced__descriptor, traced },
	{ &tw__trace_stage__descriptor, trace_stage },
	{ &tw__trace_port__descriptor, trace_port },
	{ &tw__trace_port_reply__descriptor, trace_port_reply },
	{ 0 }
};
/* clang-format on */
