/* SPDX-License-Identifier: Apache-2.0 */
/* scope.c - which flow records an exporter tells; see scope.h. Pure. */
#include "flowexport/scope.h"

static bool has(const uint32_t *numbers, uint32_t n, uint32_t number)
{
	for (uint32_t i = 0; number && i < n; i++)
		if (numbers[i] == number)
			return true;
	return false;
}

bool tw_flow_scope_has(const struct tw_flow_scope *s, const struct tw_flow_record *r, const struct tw_flow_names *names)
{
	if (r->key_flags & TW_FLOW_KEY_SECOND && !s->both_sides)
		return false;
	if (s->east_west && !(r->ingress && r->egress))
		return false;
	if (!s->limited)
		return true;
	return has(s->ports, s->n_ports, r->ingress) || has(s->ports, s->n_ports, r->egress) ||
	       has(s->networks, s->n_networks, names->ingress->network_number) ||
	       has(s->networks, s->n_networks, names->egress->network_number);
}
