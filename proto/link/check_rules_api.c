/* SPDX-License-Identifier: Apache-2.0 */
/* check_rules_api.c - the limits of what an operator asks (api.proto); see check_rules.h. Pure. */
#include "proto/link/check_rules_table.h"

/* clang-format off */
static const struct tw_rule of_kind[] = { /* Delete */
	{ "name", TW_RULE_TEXT, .max = 127, .also = tw_also_name_fits_kind },
	{ 0 }
};
static const struct tw_rule list[] = {
	{ "name", TW_RULE_TEXT, .max = 127, .optional = true, .also = tw_also_name_fits_kind },
	{ 0 }
};
static const struct tw_rule bind_port[] = {
	{ "port", TW_RULE_PORT },
	{ "host", TW_RULE_NAME, .optional = true },
	{ "from", TW_RULE_NAME, .optional = true },
	{ 0 }
};
static const struct tw_rule wait_realised[] = {
	{ "timeout_ms", RANGE(0, 600000, "a wait in milliseconds") },
	{ 0 }
};
static const struct tw_rule host_state[] = {
	{ "name", TW_RULE_NAME },
	{ "error", TW_RULE_TEXT, .max = TEXT_MAX, .optional = true },
	{ 0 }
};
static const struct tw_rule list_flows[] = {
	{ "port", TW_RULE_PORT, .optional = true },
	{ "host", TW_RULE_NAME, .optional = true },
	{ "limit", RANGE_OR_ZERO(1, 10000, "a number of flows", "1000") },
	{ "vm", TW_RULE_NAME, .optional = true },
	{ "network", TW_RULE_NAME, .optional = true },
	{ "filter", TW_RULE_MESSAGE, .optional = true },
	{ 0 }
};
static const struct tw_rule host_flows[] = {
	{ "host", TW_RULE_NAME },
	{ 0 }
};
static const struct tw_rule migrate_vm[] = {
	{ "vm", TW_RULE_NAME },
	{ "to", TW_RULE_NAME },
	{ 0 }
};
static const struct tw_rule wait_migration[] = {
	{ "timeout_ms", RANGE(0, 60000, "a wait in milliseconds") },
	{ 0 }
};

const struct tw_rules tw_rules_api[] = {
	{ &tw__delete__descriptor, of_kind },
	{ &tw__list__descriptor, list },
	{ &tw__bind_port__descriptor, bind_port },
	{ &tw__wait_realised__descriptor, wait_realised },
	{ &tw__host_state__descriptor, host_state },
	{ &tw__list_flows__descriptor, list_flows },
	{ &tw__host_flows__descriptor, host_flows },
	{ &tw__migrate_vm__descriptor, migrate_vm },
	{ &tw__wait_migration__descriptor, wait_migration },
	{ 0 }
};
/* clang-format on */
