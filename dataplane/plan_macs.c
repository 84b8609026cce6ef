/* SPDX-License-Identifier: Apache-2.0 */
/* plan_macs.c - a port's MAC policy and static MACs, as workers read them; see plan.h and docs/mac.md. Main (pure). */
#include <stdlib.h>

#include "dataplane/plan.h"
#include "proto/link/check.h"

static int word_cmp(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static uint8_t unknown_of(Tw__UnknownUnicast policy)
{
	switch (policy) {
	case TW__UNKNOWN_UNICAST__UNKNOWN_FLOOD:
		return TW_UNKNOWN_FLOOD;
	case TW__UNKNOWN_UNICAST__UNKNOWN_DROP:
		return TW_UNKNOWN_DROP;
	default:
		return TW_UNKNOWN_UPLINK;
	}
}

/* A guest that may have any MAC may change its own, too. */
static void set_learning(const Tw__LocalPort *in, struct tw_plan_port *port)
{
	bool all = in->learn == TW__LEARN__LEARN_ACCEPT || in->learn == TW__LEARN__LEARN_STRICT;

	port->learn = all ? TW_LEARN_ALL : in->mac_change ? TW_LEARN_ONE : TW_LEARN_NOT;
	port->learn_limit = !all ? 1 : in->learn_limit ? in->learn_limit : TW_LEARN_LIMIT_DEFAULT;
	port->learn_age_ms = 1000 * (in->learn_age_s ? in->learn_age_s : TW_LEARN_AGE_DEFAULT_S);
	port->limit_drop = in->learn == TW__LEARN__LEARN_STRICT;
}

bool tw_plan_macs(const Tw__LocalPort *in, struct tw_plan_port *port)
{
	port->promiscuous = in->promiscuous;
	port->takes_unknown = in->unknown_from_wire;
	port->unknown = unknown_of(in->unknown_unicast);
	set_learning(in, port);
	if (in->n_static_macs == 0)
		return true;
	port->macs = calloc(1, sizeof(*port->macs) + in->n_static_macs * sizeof(port->macs->mac[0]));
	if (!port->macs)
		return false;
	for (size_t i = 0; i < in->n_static_macs; i++)
		port->macs->mac[port->macs->n++] = tw_mac_word(in->static_macs[i].data);
	qsort(port->macs->mac, port->macs->n, sizeof(port->macs->mac[0]), word_cmp);
	return true;
}
