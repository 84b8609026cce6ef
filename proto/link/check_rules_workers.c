/* SPDX-License-Identifier: Apache-2.0 */
/* check_rules_workers.c - the limits of what is asked of a switch's workers (workers.proto); see check_rules.h. Pure. */
#include "proto/link/check_rules_table.h"

/* clang-format off */
static const struct tw_rule rebalance[] = {
	{ "port", TW_RULE_TEXT, .max = 127, .optional = true },
	{ "queue", RANGE(0, 63, "a queue") },
	{ "worker", RANGE(0, 63, "a worker") },
	{ 0 }
};
static const struct tw_rule rebalance_host[] = {
	{ "host", TW_RULE_NAME },
	{ 0 }
};
static const struct tw_rule rebalance_host_reply[] = {
	{ "host", TW_RULE_NAME },
	{ "rebalanced", TW_RULE_MESSAGE },
	{ 0 }
};

const struct tw_rules tw_rules_workers[] = {
	{ &tw__rebalance__descriptor, rebalance },
	{ &tw__rebalance_host__descriptor, rebalance_host },
	{ &tw__rebalance_host_reply__descriptor, rebalance_host_reply },
	{ 0 }
};
/* clang-format on */
