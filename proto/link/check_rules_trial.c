/* SPDX-License-Identifier: Apache-2.0 */
/* check_rules_trial.c - the limits of trials of exporters (trial.proto); see check_rules.h. Pure. */
#include "proto/link/check_rules_table.h"

/* clang-format off */
static const struct tw_rule try_exporter[] = {
	{ "exporter", TW_RULE_NAME },
	{ 0 }
};
static const struct tw_rule collector_tried[] = {
	{ "error", TW_RULE_TEXT, .max = TEXT_MAX, .optional = true },
	{ 0 }
};
static const struct tw_rule exporter_tried[] = {
	{ "exporter", TW_RULE_NAME },
	{ "collectors", TW_RULE_MESSAGE, COUNT(0, TW_COLLECTORS_OF_EXPORTER_MAX) },
	{ "flows", TW_RULE_MESSAGE, COUNT(0, 16) },
	{ 0 }
};
static const struct tw_rule try_host_exporter[] = {
	{ "exporter", TW_RULE_NAME },
	{ "host", TW_RULE_NAME, .optional = true },
	{ 0 }
};
static const struct tw_rule try_host_exporter_reply[] = {
	{ "host", TW_RULE_NAME, .optional = true },
	{ "tried", TW_RULE_MESSAGE },
	{ 0 }
};

const struct tw_rules tw_rules_trial[] = {
	{ &tw__try_exporter__descriptor, try_exporter },
	{ &tw__collector_tried__descriptor, collector_tried },
	{ &tw__exporter_tried__descriptor, exporter_tried },
	{ &tw__try_host_exporter__descriptor, try_host_exporter },
	{ &tw__try_host_exporter_reply__descriptor, try_host_exporter_reply },
	{ 0 }
};
/* clang-format on */
