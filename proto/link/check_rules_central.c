/* SPDX-License-Identifier: Apache-2.0 */
/* check_rules_central.c - the limits of flow records on their way through the controller; see check_rules.h. Pure. */
#include <limits.h>

#include "proto/link/check_rules_table.h"

enum { BATCHES_MAX = 64, BATCH_MAX = 60 << 10 /* TW_BATCH_MAX of flowexport/batch.h */ };

/* clang-format off */
static const struct tw_rule push_records[] = {
	{ "host", TW_RULE_NAME },
	{ "address", TW_RULE_IP, .optional = true },
	{ "batches", TW_RULE_OCTETS, .max = BATCH_MAX, COUNT(1, BATCHES_MAX) },
	{ 0 }
};
static const struct tw_rule push_records_reply[] = {
	{ "taken", RANGE(0, BATCHES_MAX, "a number of batches") },
	{ "wait_ms", RANGE(0, 60000, "a wait in milliseconds") },
	{ 0 }
};
static const struct tw_rule record_spool[] = {
	{ "folder", TW_RULE_PATH, .max = 255 },
	{ "max_octets", RANGE(4 << 20, INT64_C(1) << 40, "a size of a spool in octets") },
	{ "max_age_ms", RANGE(1000, INT64_C(366) * 24 * 3600 * 1000, "an age in milliseconds") },
	{ 0 }
};
static const struct tw_rule central_status[] = {
	{ "exporters", TW_RULE_MESSAGE, COUNT(0, 8) },
	{ "error", TW_RULE_TEXT, .max = TEXT_MAX, .optional = true },
	{ 0 }
};
static const struct tw_rule central_host[] = {
	{ "host", TW_RULE_NAME },
	{ 0 }
};

const struct tw_rules tw_rules_central[] = {
	{ &tw__push_records__descriptor, push_records },
	{ &tw__push_records_reply__descriptor, push_records_reply },
	{ &tw__record_spool__descriptor, record_spool },
	{ &tw__central_status__descriptor, central_status },
	{ &tw__central_host__descriptor, central_host },
	{ 0 }
};
/* clang-format on */
