/* SPDX-License-Identifier: Apache-2.0 */
/*
 * flow_record.c - a flow cache entry becomes a flow record; see flow_cache.h and flowexport/record.h.
 *
 * Threads  the owning worker (pure: reads the entry and its slot).
 */
#include <string.h>

#include "common/octets.h"
#include "dataplane/flow_cache.h"

static uint8_t forwarding_status(const struct tw_verdict *v)
{
	if (v->action != TW_ACT_DROP)
		return TW_FORWARDED;
	switch (v->drop) {
	case TW_DROP_SOURCE_GUARD:
		return TW_DROPPED_SOURCE;
	case TW_DROP_RATE_INGRESS:
	case TW_DROP_RATE_EGRESS:
	case TW_DROP_SHAPE_QUEUE_FULL:
	case TW_DROP_STORM_BROADCAST:
	case TW_DROP_STORM_MULTICAST:
	case TW_DROP_STORM_UNKNOWN:
		return TW_DROPPED_POLICER;
	case TW_DROP_OVER_MTU:
		return TW_DROPPED_SIZE;
	case TW_DROP_ACL_INGRESS:
	case TW_DROP_ACL_EGRESS:
	case TW_DROP_ARP_INSPECT:
	case TW_DROP_ND_INSPECT:
	case TW_DROP_DHCP_GUARD:
	case TW_DROP_DHCP6_GUARD:
	case TW_DROP_RA_GUARD:
	case TW_DROP_BPDU_GUARD:
	case TW_DROP_GUARD_HIDDEN:
	case TW_DROP_FORGED_SOURCE:
	case TW_DROP_PORT_DISABLED:
	case TW_DROP_OUT_DISABLED:
	case TW_DROP_VLAN_NOT_ALLOWED:
	case TW_DROP_UNTAGGED_ON_TRUNK:
	case TW_DROP_TAGGED_ON_ACCESS:
	case TW_DROP_NOT_IN_VLAN:
	case TW_DROP_PRIVATE_VLAN:
	case TW_DROP_DOUBLE_TAGGED:
	case TW_DROP_RSPAN_VLAN:
		return TW_DROPPED_POLICY;
	default:
		return TW_DROPPED;
	}
}

enum { PROTO_IGMP = 2 };

static uint16_t ethertype_of(const struct tw_key *k)
{
	if (k->flags & TW_FLOW_KEY_IPV4)
		return 0x0800;
	if (k->flags & TW_FLOW_KEY_IPV6)
		return 0x86dd;
	return tw_be16(k->ethertype);
}

static void addresses_and_ports(const struct tw_key *k, struct tw_flow_record *r)
{
	if (k->flags & TW_FLOW_KEY_IPV4) {
		memcpy(r->src_ip, k->src_ip4, 4);
		memcpy(r->dst_ip, k->dst_ip4, 4);
	} else if (k->flags & TW_FLOW_KEY_IPV6) {
		memcpy(r->src_ip, k->src_ip6, 16);
		memcpy(r->dst_ip, k->dst_ip6, 16);
		r->flow_label = k->flow_label[0];
	} else {
		return; /* these octets of the key hold the ethertype */
	}
	r->src_port = tw_be16(k->src_port);
	r->dst_port = k->protocol == PROTO_IGMP ? 0 : tw_be16(k->dst_port); /* its type is no port */
}

void tw_flow_to_record(const struct tw_flow *f, const struct tw_slot *in, uint32_t now_ms, uint64_t now_unix_ms,
		       uint8_t end_reason, struct tw_flow_record *r)
{
	const struct tw_key *k = &f->key;

	memset(r, 0, sizeof(*r));
	r->ingress = in->number;
	r->egress = f->verdict.egress;
	memcpy(r->src_mac, k->src_mac, 6);
	memcpy(r->dst_mac, k->dst_mac, 6);
	r->ethertype = ethertype_of(k);
	r->vlan = r->post_vlan = f->verdict.vlan;
	r->vlan_priority = (uint8_t)(k->tci >> 13);
	r->key_flags = k->flags & (uint8_t)~TW_FLOW_KEY_HIDDEN;
	addresses_and_ports(k, r);
	r->inner_vlan = tw_key_inner_vid(k);
	r->protocol = k->protocol;
	r->tos = k->tos;
	r->tcp_flags = f->tcp_flags;
	r->min_ttl = f->packets && r->key_flags & (TW_FLOW_KEY_IPV4 | TW_FLOW_KEY_IPV6) ? f->min_ttl : 0;
	r->max_ttl = f->max_ttl;
	r->end_reason = end_reason;
	r->forwarding = forwarding_status(&f->verdict);
	r->drop_reason = f->verdict.action == TW_ACT_DROP ? (uint8_t)(f->verdict.drop + 1) : 0;
	r->direction = in->uplink;
	r->min_len = f->min_len;
	r->max_len = f->max_len;
	r->sampling = tw_flow_sampling(f);
	r->packets = f->packets;
	r->l3_octets = f->l3_octets;
	r->l2_octets = f->l2_octets;
	r->first_ms = tw_flow_unix_ms(f->first_ms, now_ms, now_unix_ms);
	r->last_ms = tw_flow_unix_ms(f->last_ms, now_ms, now_unix_ms);
}
