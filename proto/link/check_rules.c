/* SPDX-License-Identifier: Apache-2.0 */
/* check_rules.c - which rules a message is held against; see check_rules.h. Pure. */
#include "proto/link/check_rules_table.h"

const struct tw_rule *tw_rules_of(const ProtobufCMessageDescriptor *type)
{
	static const struct tw_rules *const tables[] = { tw_rules_model,     tw_rules_switch,  tw_rules_stats,
							 tw_rules_api,       tw_rules_agent,   tw_rules_trace,
							 tw_rules_multicast, tw_rules_macs,    tw_rules_workers,
							 tw_rules_trial,     tw_rules_central, tw_rules_capture };
	for (size_t i = 0; i < sizeof(tables) / sizeof(*tables); i++)
		for (const struct tw_rules *r = tables[i]; r->type; r++)
			if (r->type == type)
				return r->rules;
	return NULL;
}
