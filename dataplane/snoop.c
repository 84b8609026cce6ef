/* SPDX-License-Identifier: Apache-2.0 */
/* snoop.c - whom a group frame is for in a VLAN that is snooped; see snoop.h. Any thread inside an RCU section; pure. */
#include "dataplane/snoop.h"

#include "dataplane/igmp.h"
#include "dataplane/mld.h"
#include "dataplane/team.h"
#include "dataplane/vlan.h"

enum { PROTO_IGMP = 2 };

static struct tw_mcast_addr group_of(const struct tw_key *key)
{
	return key->flags & TW_FLOW_KEY_IPV4 ? tw_mcast_ip4(key->dst_ip4) : tw_mcast_ip6(key->dst_ip6);
}

/* The link's group addresses for IP (RFC 1112 section 6.4, RFC 2464 section 7), and a group in the packet, too. */
static bool is_ip_multicast(const struct tw_key *key)
{
	const uint8_t *mac = key->dst_mac;
	struct tw_mcast_addr group;

	if (key->flags & TW_FLOW_KEY_IPV4 ? mac[0] != 0x01 || mac[1] != 0x00 || mac[2] != 0x5e
					  : !(key->flags & TW_FLOW_KEY_IPV6) || mac[0] != 0x33 || mac[1] != 0x33)
		return false;
	group = group_of(key);
	return tw_mcast_is_group(&group);
}

enum said { SAYS_DATA, SAYS_QUERY, SAYS_REPORT, SAYS_OTHER };

static enum said says(const struct tw_key *key)
{
	if (key->flags & TW_FLOW_KEY_IPV4) {
		if (key->protocol != PROTO_IGMP)
			return SAYS_DATA;
		switch (key->dst_port[0]) {
		case TW_IGMP_QUERY:
			return SAYS_QUERY;
		case TW_IGMP_REPORT1:
		case TW_IGMP_REPORT2:
		case TW_IGMP_REPORT3:
		case TW_IGMP_LEAVE:
			return SAYS_REPORT;
		default: /* RFC 4541 section 2.1.1 rule 3: what is not known is flooded */
			return SAYS_OTHER;
		}
	}
	if (!(key->flags & TW_FLOW_KEY_ICMP) || !tw_mld_is_type(key->dst_port[0]))
		return SAYS_DATA;
	return key->dst_port[0] == TW_MLD_QUERY ? SAYS_QUERY : SAYS_REPORT;
}

enum tw_drop tw_snoop_judge(const struct tw_snapshot *s, const struct tw_key *key, struct tw_verdict *v)
{
	const uint8_t how = s->snoop ? s->snoop[v->vlan] : 0;
	const struct tw_slot *in = &s->slot[key->in];
	struct tw_mcast_addr group;

	v->scope = TW_TO_ALL;
	if (!(how & TW_SNOOP_ON) || in->tunnel || !is_ip_multicast(key))
		return TW_DROPS;
	switch (says(key)) {
	case SAYS_QUERY:
		if (how & TW_SNOOP_GUARD && !in->uplink)
			return TW_DROP_QUERY_GUARD;
		v->flags |= TW_V_SNOOP;
		break;
	case SAYS_REPORT:
		v->flags |= TW_V_SNOOP;
		v->scope = TW_TO_ROUTERS;
		break;
	case SAYS_DATA:
		group = group_of(key);
		if (!tw_mcast_is_local(&group))
			v->scope = how & TW_SNOOP_FLOOD ? TW_TO_LISTENERS_OR_ALL : TW_TO_LISTENERS;
		break;
	case SAYS_OTHER:
		break;
	}
	return TW_DROPS;
}

bool tw_snoop_takes(const struct tw_snapshot *s, const struct tw_key *key, const struct tw_verdict *v, uint16_t slot)
{
	const struct tw_slot *out = &s->slot[slot];
	uint16_t list = out->trunk ? tw_vlan_tag(&s->slot[key->in], key) & 0x0fff : v->vlan;

	return tw_slot_takes_groups(out) && tw_slot_carries(out, list) && tw_flood_takes(s, key, v, slot, list);
}

enum tw_drop tw_snoop_listeners(const struct tw_snapshot *s, const struct tw_mcast_view *view, const struct tw_key *key,
				const struct tw_verdict *v, struct tw_mcast_list *list, bool *all)
{
	const bool to_wire = !s->slot[key->in].uplink && tw_team_way(s, key->in, key) != TW_SLOT_NONE;
	const bool ip6 = key->flags & TW_FLOW_KEY_IPV6;
	const bool routers = v->scope == TW_TO_ROUTERS;
	struct tw_mcast_addr group;

	/* Reports are for routers even while memberships are not known: other guests' would be kept from reporting. */
	*list = (struct tw_mcast_list){ 0 };
	*all = !routers && (!view || !view->vlan[v->vlan][ip6].known);
	if (*all)
		return TW_DROPS;
	if (view)
		*list = view->vlan[v->vlan][ip6].routers;
	if (!routers) {
		group = group_of(key);
		*all = !tw_mcast_view_find(view, &group, v->vlan, list) && v->scope == TW_TO_LISTENERS_OR_ALL;
	}
	if (*all || to_wire)
		return TW_DROPS;
	for (uint32_t i = 0; i < list->n; i++)
		if (tw_snoop_takes(s, key, v, view->slots[list->first + i]))
			return TW_DROPS;
	return routers ? TW_DROP_NO_ROUTER : TW_DROP_NO_LISTENER;
}
