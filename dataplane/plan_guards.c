/* SPDX-License-Identifier: Apache-2.0 */
/* plan_guards.c - a port's guards and addresses, as workers read them; see plan.h and guard.h. Main (pure). */
#include <stdlib.h>

#include "dataplane/guard.h"
#include "dataplane/plan.h"

static uint8_t guards_of(const Tw__Guards *g)
{
	unsigned bits = 0;

	if (!g)
		return 0;
	bits |= g->source ? TW_GUARD_SOURCE : 0;
	bits |= g->arp ? TW_GUARD_ARP : 0;
	bits |= g->nd ? TW_GUARD_ND : 0;
	bits |= g->dhcp ? TW_GUARD_DHCP : 0;
	bits |= g->dhcp6 ? TW_GUARD_DHCP6 : 0;
	bits |= g->ra ? TW_GUARD_RA : 0;
	bits |= g->bpdu ? TW_GUARD_BPDU : 0;
	return (uint8_t)bits;
}

bool tw_plan_guards(const Tw__LocalPort *in, struct tw_plan_port *port)
{
	struct tw_addresses *list;

	port->guards = guards_of(in->guards);
	if (in->n_addresses == 0)
		return true;
	list = calloc(1, sizeof(*list) + in->n_addresses * sizeof(list->prefix[0]));
	if (!list)
		return false;
	for (size_t i = 0; i < in->n_addresses; i++) /* checked where the message came in */
		if (tw_prefix_parse(in->addresses[i], &list->prefix[list->n]))
			list->n++;
	port->addresses = list;
	return true;
}
