/* SPDX-License-Identifier: Apache-2.0 */
/* acl.c - what an access list says of a frame; see acl.h. Pure, any thread. */
#include "dataplane/acl.h"

#include <string.h>

#include "common/octets.h"

enum {
	TYPE_IPV4 = 0x0800,
	TYPE_IPV6 = 0x86dd,
	PROTO_HOPOPTS = 0,
	PROTO_TCP = 6,
	PROTO_UDP = 17,
	PROTO_ROUTING = 43,
	PROTO_FRAGMENT = 44,
	PROTO_ICMPV6 = 58,
	PROTO_DSTOPTS = 60,
	PROTO_SCTP = 132,
};

static unsigned family_of(const struct tw_key *key)
{
	return key->flags & TW_FLOW_KEY_IPV4 ? 4 : key->flags & TW_FLOW_KEY_IPV6 ? 6 : 0;
}

static bool has_ports(const struct tw_key *key)
{
	return !(key->flags & TW_FLOW_KEY_FRAGMENT) &&
	       (key->protocol == PROTO_TCP || key->protocol == PROTO_UDP || key->protocol == PROTO_SCTP);
}

static bool mac_fits(const struct tw_acl_side *side, const uint8_t mac[6])
{
	for (int i = 0; i < 6; i++)
		if ((mac[i] & side->mac_mask[i]) != side->mac[i])
			return false;
	return true;
}

static bool side_fits(const struct tw_acl_side *side, unsigned family, const uint8_t *ip, const uint8_t mac[6])
{
	return (!side->prefix.family || tw_prefix_has(&side->prefix, family, ip)) && mac_fits(side, mac);
}

static bool port_fits(const struct tw_acl_side *side, const uint8_t port[2])
{
	return tw_be16(port) >= side->first && tw_be16(port) <= side->last;
}

static bool icmp_fits(const struct tw_acl_rule *r, const struct tw_key *key)
{
	return key->flags & TW_FLOW_KEY_ICMP && key->dst_port[0] == r->icmp_type &&
	       (r->icmp_code < 0 || key->dst_port[1] == r->icmp_code);
}

bool tw_acl_rule_fits(const struct tw_acl_rule *r, const struct tw_key *key, uint16_t vlan)
{
	unsigned family = family_of(key);
	uint16_t ethertype = family == 4 ? TYPE_IPV4 : family == 6 ? TYPE_IPV6 : tw_be16(key->ethertype);

	if ((r->family && r->family != family) || (r->has_protocol && (!family || r->protocol != key->protocol)) ||
	    (r->has_ethertype && r->ethertype != ethertype) || vlan < r->vlan_first || vlan > r->vlan_last)
		return false;
	if (!side_fits(&r->from, family, family == 6 ? key->src_ip6 : key->src_ip4, key->src_mac) ||
	    !side_fits(&r->to, family, family == 6 ? key->dst_ip6 : key->dst_ip4, key->dst_mac))
		return false;
	if (tw_acl_rule_has_ports(r) &&
	    (!has_ports(key) || !port_fits(&r->from, key->src_port) || !port_fits(&r->to, key->dst_port)))
		return false;
	return (r->icmp_type < 0 || icmp_fits(r, key)) && (!r->flags_mask || has_ports(key));
}

/* An IPv6 frame whose headers do not end where they can be read could be anything. So could what shows part of a header. */
static bool hides_transport(const struct tw_key *key)
{
	if (key->flags & TW_FLOW_KEY_HIDDEN)
		return true;
	if (!(key->flags & TW_FLOW_KEY_IPV6) || key->flags & TW_FLOW_KEY_FRAGMENT)
		return false;
	return key->protocol == PROTO_HOPOPTS || key->protocol == PROTO_ROUTING || key->protocol == PROTO_FRAGMENT ||
	       key->protocol == PROTO_DSTOPTS;
}

static struct tw_acl_verdict of_rule(const struct tw_acl *acl, uint32_t i)
{
	if (i >= acl->n)
		return (struct tw_acl_verdict){ .rule = (uint16_t)acl->n, .deny = acl->default_deny };
	return (struct tw_acl_verdict){ .rule = (uint16_t)i,
					.deny = acl->rules[i].action == TW_ACL_DENY,
					.each = tw_acl_rule_wants_each(&acl->rules[i]) };
}

static struct tw_acl_verdict hidden(const struct tw_acl *acl)
{
	return (struct tw_acl_verdict){ .rule = (uint16_t)acl->n, .deny = true };
}

struct tw_acl_verdict tw_acl_linear(const struct tw_acl *acl, const struct tw_key *key, uint16_t vlan)
{
	uint32_t i = 0;

	if (acl->on_transport && hides_transport(key))
		return hidden(acl);
	while (i < acl->n && !tw_acl_rule_fits(&acl->rules[i], key, vlan))
		i++;
	return of_rule(acl, i);
}

struct tw_acl_verdict tw_acl_judge(const struct tw_acl *acl, const struct tw_key *key, uint16_t vlan)
{
	if (!acl->by_key)
		return tw_acl_linear(acl, key, vlan);
	if (acl->on_transport && hides_transport(key))
		return hidden(acl);
	return of_rule(acl, tw_acl_classify(acl, acl->by_key, key, vlan, 0));
}

static uint32_t first_for_frame(const struct tw_acl *acl, const struct tw_key *key, uint16_t vlan, uint8_t tcp_flags)
{
	if (acl->by_frame)
		return tw_acl_classify(acl, acl->by_frame, key, vlan, tcp_flags);
	for (uint32_t i = 0; i < acl->n; i++) {
		const struct tw_acl_rule *r = &acl->rules[i];

		if (r->action != TW_ACL_COUNT && (tcp_flags & r->flags_mask) == r->flags &&
		    tw_acl_rule_fits(r, key, vlan))
			return i;
	}
	return acl->n;
}

struct tw_acl_verdict tw_acl_judge_frame(const struct tw_acl *acl, const struct tw_key *key, uint16_t vlan,
					 uint8_t tcp_flags, uint64_t *hits)
{
	struct tw_acl_verdict v;

	if (acl->on_transport && hides_transport(key))
		v = hidden(acl);
	else
		v = of_rule(acl, first_for_frame(acl, key, vlan, tcp_flags));
	v.each = true;
	for (uint32_t i = 0; hits && acl->wants_each && i < v.rule; i++) {
		const struct tw_acl_rule *r = &acl->rules[i];

		if (r->action == TW_ACL_COUNT && (tcp_flags & r->flags_mask) == r->flags &&
		    tw_acl_rule_fits(r, key, vlan))
			hits[i]++;
	}
	if (hits)
		hits[v.rule]++;
	return v;
}
