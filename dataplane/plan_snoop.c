/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plan_snoop.c - how each VLAN's multicast is snooped, put together from the ports that are in it; see plan.h. Main (pure).
 *
 * A VLAN is snooped if any port's network says so. Where networks share one, the result does not depend on their order: any
 * that floods, guards or asks makes the VLAN do so; the lowest address and the shortest interval count.
 */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/plan.h"

static bool make_room(struct tw_plan *plan)
{
	if (!plan->snoop)
		plan->snoop = calloc(TW_VLANS, sizeof(plan->snoop[0]));
	if (!plan->mcast)
		plan->mcast = calloc(TW_VLANS, sizeof(plan->mcast[0]));
	return plan->snoop && plan->mcast;
}

static bool is_zero(const uint8_t address[4])
{
	static const uint8_t zero[4];

	return memcmp(address, zero, 4) == 0;
}

static void add(struct tw_plan *plan, unsigned vlan, const Tw__Multicast *in)
{
	struct tw_mcast_config *c = &plan->mcast[vlan];
	uint32_t interval = in->query_interval_s ? in->query_interval_s : TW_QUERIER_INTERVAL_S;
	uint8_t address[4] = { 0 };

	plan->snoop[vlan] |= TW_SNOOP_ON;
	if (in->unknown_groups == TW__UNKNOWN_GROUPS__GROUPS_ALL)
		plan->snoop[vlan] |= TW_SNOOP_FLOOD;
	if (in->query_guard)
		plan->snoop[vlan] |= TW_SNOOP_GUARD;
	c->querier |= in->querier;
	if (c->interval_s == 0 || interval < c->interval_s)
		c->interval_s = interval;
	if (inet_pton(AF_INET, in->querier_address, address) == 1 && !is_zero(address) &&
	    (is_zero(c->address) || memcmp(address, c->address, 4) < 0))
		memcpy(c->address, address, 4);
}

/* Frames of a private VLAN are judged in its primary one, so a secondary VLAN on a trunk is none of its own. */
static void add_trunk(struct tw_plan *plan, const struct tw_plan_port *p, const Tw__Multicast *in)
{
	for (unsigned word = 0; word < TW_VLANS / 64; word++)
		for (uint64_t bits = p->allowed->bits[word]; bits; bits &= bits - 1) {
			unsigned vlan = word * 64 + (unsigned)__builtin_ctzll(bits);

			if (!plan->primary_of || !plan->primary_of[vlan])
				add(plan, vlan, in);
		}
	if (p->vlan)
		add(plan, p->vlan, in);
}

/* What a customer's hosts join is the customer's own: in a tunnel's VLAN everything goes everywhere. */
static void clear(struct tw_plan *plan, unsigned vlan)
{
	plan->snoop[vlan] = 0;
	plan->mcast[vlan] = (struct tw_mcast_config){ 0 };
}

static void limit(struct tw_plan *plan)
{
	unsigned n = 0;

	for (unsigned vlan = 0; vlan < TW_VLANS; vlan++)
		if (plan->snoop[vlan] && ++n > TW_SNOOP_VLANS_MAX)
			clear(plan, vlan);
}

bool tw_plan_snoop(struct tw_plan *plan, const Tw__Snapshot *config)
{
	for (size_t i = 0; i < config->n_ports; i++) {
		const Tw__Multicast *in = config->ports[i]->multicast;
		const struct tw_plan_port *p = &plan->ports[i];

		if (!in || !in->snooping || p->tunnel)
			continue;
		if (!make_room(plan))
			return false;
		if (p->trunk)
			add_trunk(plan, p, in);
		else
			add(plan, p->vlan, in);
	}
	for (uint32_t i = 0; i < plan->n_ports && plan->snoop; i++)
		if (plan->ports[i].tunnel)
			clear(plan, plan->ports[i].vlan);
	if (plan->snoop)
		limit(plan);
	return true;
}
