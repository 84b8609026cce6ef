/* SPDX-License-Identifier: Apache-2.0 */
/* flow_filter.c - which flows somebody wants to see; see flow_filter.h. */
#include "dataplane/flow_filter.h"

#include <stdlib.h>
#include <string.h>

#include "common/octets.h"

enum { ICMP = 1, IGMP = 2, ICMPV6 = 58 };

/* --- made by main --- */

static int compare_numbers(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static int compare_macs(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static void set_net(struct tw_prefix *net, const Tw__FlowFilter *asked)
{
	size_t len = asked->net_ip.len;

	if (len != 4 && len != 16)
		return;
	net->family = len == 4 ? 4 : 6;
	net->len = (uint8_t)(asked->prefix ? asked->prefix : 8 * len);
	if (net->len > 8 * len)
		net->len = (uint8_t)(8 * len);
	memcpy(net->addr, asked->net_ip.data, len);
}

static bool set_ends(struct tw_flow_filter *f, const Tw__FlowFilter *asked)
{
	f->ports = calloc(asked->n_ports + 1, sizeof(f->ports[0]));
	f->macs = calloc(asked->n_macs + 1, sizeof(f->macs[0]));
	if (!f->ports || !f->macs)
		return false;
	for (size_t i = 0; i < asked->n_ports; i++)
		f->ports[f->n_ports++] = asked->ports[i];
	for (size_t i = 0; i < asked->n_macs; i++)
		f->macs[f->n_macs++] = tw_mac_word(asked->macs[i].data);
	qsort(f->ports, f->n_ports, sizeof(f->ports[0]), compare_numbers);
	qsort(f->macs, f->n_macs, sizeof(f->macs[0]), compare_macs);
	return true;
}

struct tw_flow_filter *tw_flow_filter_create(const Tw__FlowFilter *asked, Tw__FlowOrder order)
{
	struct tw_flow_filter *f = calloc(1, sizeof(*f));

	if (!f)
		return NULL;
	f->order = order;
	if (!asked)
		return f;
	f->vlan = (uint16_t)asked->vlan;
	f->protocol = (uint8_t)asked->protocol;
	f->ethertype = (uint16_t)asked->ethertype;
	f->l4_port = (uint16_t)asked->l4_port;
	set_net(&f->net, asked);
	if (set_ends(f, asked))
		return f;
	tw_flow_filter_destroy(f);
	return NULL;
}

void tw_flow_filter_destroy(struct tw_flow_filter *f)
{
	if (!f)
		return;
	free(f->ports);
	free(f->macs);
	free(f);
}

/* --- asked by workers --- */

static bool is_port(const struct tw_flow_filter *f, uint32_t number)
{
	return number && bsearch(&number, f->ports, f->n_ports, sizeof(f->ports[0]), compare_numbers);
}

static bool is_mac(const struct tw_flow_filter *f, const uint8_t octets[6])
{
	uint64_t mac = tw_mac_word(octets);

	return bsearch(&mac, f->macs, f->n_macs, sizeof(f->macs[0]), compare_macs);
}

static bool end_fits(const struct tw_flow_filter *f, const struct tw_flow *flow, uint32_t ingress)
{
	return is_port(f, ingress) || is_port(f, flow->verdict.egress) || is_mac(f, flow->key.src_mac) ||
	       is_mac(f, flow->key.dst_mac);
}

static bool net_fits(const struct tw_prefix *net, const struct tw_key *k)
{
	if (k->flags & TW_FLOW_KEY_IPV4)
		return tw_prefix_has(net, 4, k->src_ip4) || tw_prefix_has(net, 4, k->dst_ip4);
	if (k->flags & TW_FLOW_KEY_IPV6)
		return tw_prefix_has(net, 6, k->src_ip6) || tw_prefix_has(net, 6, k->dst_ip6);
	return false;
}

static bool l4_port_fits(uint16_t port, const struct tw_key *k)
{
	bool none = k->protocol == ICMP || k->protocol == IGMP || k->protocol == ICMPV6; /* what is there is a type */

	return k->flags & (TW_FLOW_KEY_IPV4 | TW_FLOW_KEY_IPV6) && !none &&
	       (tw_be16(k->src_port) == port || tw_be16(k->dst_port) == port);
}

static uint16_t ethertype_of(const struct tw_key *k)
{
	return k->flags & TW_FLOW_KEY_IPV4 ? 0x0800 : k->flags & TW_FLOW_KEY_IPV6 ? 0x86dd : tw_be16(k->ethertype);
}

bool tw_flow_filter_fits(const struct tw_flow_filter *f, const struct tw_flow *flow, uint32_t ingress)
{
	const struct tw_key *k = &flow->key;

	return (!f->vlan || f->vlan == flow->verdict.vlan) && (!f->protocol || f->protocol == k->protocol) &&
	       (!f->ethertype || f->ethertype == ethertype_of(k)) && (!f->l4_port || l4_port_fits(f->l4_port, k)) &&
	       (!f->net.family || net_fits(&f->net, k)) && ((!f->n_ports && !f->n_macs) || end_fits(f, flow, ingress));
}

/* --- the best --- */

/* Of those that are new, the one that came last: no flow is older than half of the clock's range. */
static uint64_t worth(const struct tw_flow *f, Tw__FlowOrder order, uint32_t base)
{
	switch (order) {
	case TW__FLOW_ORDER__FLOWS_BYTES:
		return f->l3_octets;
	case TW__FLOW_ORDER__FLOWS_PACKETS:
		return f->packets;
	default:
		return (uint32_t)(f->first_ms - base + UINT32_C(0x80000000));
	}
}

static void swap(struct tw_flow *a, struct tw_flow *b)
{
	struct tw_flow c = *a;

	*a = *b;
	*b = c;
}

/* The least worth is on top. */
static void sink(struct tw_flow *best, uint32_t n, Tw__FlowOrder order, uint32_t base)
{
	for (uint32_t i = 0, least; 2 * i + 1 < n; i = least) {
		least = 2 * i + 1;
		if (least + 1 < n && worth(&best[least + 1], order, base) < worth(&best[least], order, base))
			least++;
		if (worth(&best[i], order, base) <= worth(&best[least], order, base))
			return;
		swap(&best[i], &best[least]);
	}
}

void tw_flow_best_put(struct tw_flow *best, uint32_t *n, uint32_t capacity, const struct tw_flow *flow,
		      Tw__FlowOrder order, uint32_t base)
{
	uint32_t i = *n;

	if (i == capacity) {
		if (capacity == 0 || worth(flow, order, base) <= worth(&best[0], order, base))
			return;
		best[0] = *flow;
		sink(best, capacity, order, base);
		return;
	}
	best[i] = *flow;
	for (++*n; i > 0 && worth(&best[i], order, base) < worth(&best[(i - 1) / 2], order, base); i = (i - 1) / 2)
		swap(&best[i], &best[(i - 1) / 2]);
}
