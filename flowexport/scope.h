/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scope.h - which of a host's flow records an exporter tells.
 *
 * Threads  any; pure.
 */
#ifndef TW_FLOWEXPORT_SCOPE_H
#define TW_FLOWEXPORT_SCOPE_H

#include <stdbool.h>
#include <stdint.h>

#include "flowexport/record.h"

enum { TW_SCOPE_MAX = 64 };

struct tw_flow_scope {
	bool limited; /* one end of a flow must be of these networks or one of these ports; numbers */
	uint32_t n_networks, n_ports;
	uint32_t networks[TW_SCOPE_MAX], ports[TW_SCOPE_MAX];
	bool east_west;  /* only flows between two ports of the switch */
	bool both_sides; /* also what the sender's host counts: TW_FLOW_KEY_SECOND */
};

/** @param names who the record's ends are */
bool tw_flow_scope_has(const struct tw_flow_scope *scope, const struct tw_flow_record *record,
		       const struct tw_flow_names *names);

#endif
