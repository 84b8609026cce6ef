/* SPDX-License-Identifier: Apache-2.0 */
/*
 * guard.c - may a guest send this; see guard.h.
 *
 * Threads  pure; any.
 * Rule     a frame that could hide what a guard looks for is refused, never let through: an IPv6 header chain that does not
 *          end in the first fragment (RFC 7113 section 2), a second VLAN tag, IP in LLC/SNAP (CVE-2021-27853 and its kin).
 */
#include "dataplane/guard.h"

#include <string.h>

#include "common/octets.h"

enum {
	TYPE_IPV4 = 0x0800,
	TYPE_ARP = 0x0806,
	TYPE_VLAN = 0x8100,
	TYPE_IPV6 = 0x86dd,
	TYPE_QINQ = 0x88a8,
	TYPE_QINQ_OLD = 0x9100,
	TYPE_LENGTH_MAX = 0x05ff, /* below: IEEE 802.3 length, LLC follows */
	PROTO_HOPOPTS = 0,
	PROTO_IGMP = 2,
	PROTO_UDP = 17,
	PROTO_ROUTING = 43,
	PROTO_FRAGMENT = 44,
	PROTO_ICMPV6 = 58,
	PROTO_DSTOPTS = 60,
	DHCP_SERVER = 67,
	DHCP_CLIENT = 68,
	DHCP6_CLIENT = 546,
	DHCP6_SERVER = 547,
	MLD_QUERY = 130,
	MLD_DONE = 132,
	ND_RS = 133,
	ND_RA = 134,
	ND_NS = 135,
	ND_NA = 136,
	ND_REDIRECT = 137,
	MLD2_REPORT = 143,
	ND_OPT_SOURCE = 1,
	ND_OPT_TARGET = 2,
	ND_OPTIONS_MAX = 64,
	CHAIN_MAX = 8, /* as parse.c */
};

/* What a second header could hide. */
enum { GUARDS_OF_IP = TW_GUARD_SOURCE | TW_GUARD_ARP | TW_GUARD_ND | TW_GUARD_DHCP | TW_GUARD_DHCP6 | TW_GUARD_RA };

/* --- whose addresses --- */

static bool listed(const struct tw_slot *in, unsigned family, const uint8_t *addr)
{
	for (uint32_t i = 0; in->addresses && i < in->addresses->n; i++)
		if (tw_prefix_has(&in->addresses->prefix[i], family, addr))
			return true;
	return false;
}

static bool is_zero(const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (p[i])
			return false;
	return true;
}

static bool is_link_local(const uint8_t addr[16])
{
	return addr[0] == 0xfe && (addr[1] & 0xc0) == 0x80;
}

/* The link-local address made of the port's MAC: RFC 4291 appendix A. */
static bool is_own_link_local(const struct tw_slot *in, const uint8_t addr[16])
{
	const uint8_t *m = in->mac,
		      own[16] = { 0xfe, 0x80, 0, 0, 0, 0, 0, 0, m[0] ^ 2u, m[1], m[2], 0xff, 0xfe, m[3], m[4], m[5] };

	return memcmp(addr, own, sizeof(own)) == 0;
}

static bool owns6(const struct tw_slot *in, const uint8_t addr[16])
{
	return is_own_link_local(in, addr) || listed(in, 6, addr);
}

/* --- what the key tells --- */

static bool is_icmp6(const struct tw_key *key)
{
	return key->flags & TW_FLOW_KEY_IPV6 && key->protocol == PROTO_ICMPV6 && key->flags & TW_FLOW_KEY_ICMP;
}

static unsigned icmp_type(const struct tw_key *key)
{
	return key->dst_port[0];
}

/* Could this IPv6 frame be anything, because its headers do not say? A later fragment is nothing without its first one. */
static bool chain_is_open(const struct tw_key *key)
{
	if (!(key->flags & TW_FLOW_KEY_IPV6) || key->flags & TW_FLOW_KEY_FRAGMENT)
		return false;
	switch (key->protocol) {
	case PROTO_HOPOPTS:
	case PROTO_ROUTING:
	case PROTO_FRAGMENT:
	case PROTO_DSTOPTS:
		return true;
	case PROTO_ICMPV6:
		return icmp_type(key) == 0; /* reserved by RFC 4443: the header was not whole */
	default:
		return false;
	}
}

static bool is_udp(const struct tw_key *key)
{
	return key->protocol == PROTO_UDP && !(key->flags & TW_FLOW_KEY_FRAGMENT);
}

/* By either end: there are clients that take an answer from any port. */
static bool is_answer(const struct tw_key *key, unsigned family_flag, uint16_t server, uint16_t client)
{
	return key->flags & family_flag && is_udp(key) &&
	       (tw_be16(key->src_port) == server || tw_be16(key->dst_port) == client);
}

static bool is_bpdu(const struct tw_key *key)
{
	static const uint8_t bridges[] = { 0x01, 0x80, 0xc2, 0, 0, 0 }, providers[] = { 0x01, 0x80, 0xc2, 0, 0, 8 },
			     pvst[] = { 0x01, 0x00, 0x0c, 0xcc, 0xcc, 0xcd };

	return memcmp(key->dst_mac, bridges, 6) == 0 || memcmp(key->dst_mac, providers, 6) == 0 ||
	       memcmp(key->dst_mac, pvst, 6) == 0;
}

/* RFC 7513 section 4.2.5: what a host sends before it has an address. RFC 3376 section 4.2.13: reports too. */
static bool source4_may(const struct tw_slot *in, const struct tw_key *key)
{
	if (listed(in, 4, key->src_ip4))
		return true;
	if (!is_zero(key->src_ip4, 4))
		return false;
	return key->protocol == PROTO_IGMP ||
	       (is_udp(key) && tw_be16(key->src_port) == DHCP_CLIENT && tw_be16(key->dst_port) == DHCP_SERVER);
}

/* RFC 6620 section 2: detection of duplicates, and what bootstraps a host, comes from :: and from link-local addresses. */
static bool source6_may(const struct tw_slot *in, const struct tw_key *key)
{
	unsigned type = is_icmp6(key) ? icmp_type(key) : 0;
	bool mld = (type >= MLD_QUERY && type <= MLD_DONE) || type == MLD2_REPORT;

	if (owns6(in, key->src_ip6))
		return true;
	if (is_zero(key->src_ip6, 16))
		return mld || type == ND_NS || type == ND_RS;
	if (!is_link_local(key->src_ip6))
		return false;
	return mld || (type >= ND_RS && type <= ND_REDIRECT) ||
	       (is_udp(key) && tw_be16(key->src_port) == DHCP6_CLIENT && tw_be16(key->dst_port) == DHCP6_SERVER);
}

static enum tw_drop judge_source(const struct tw_slot *in, const struct tw_key *key, unsigned ethertype)
{
	if (key->flags & TW_FLOW_KEY_IPV4)
		return source4_may(in, key) ? TW_DROPS : TW_DROP_SOURCE_GUARD;
	if (key->flags & TW_FLOW_KEY_IPV6)
		return source6_may(in, key) ? TW_DROPS : TW_DROP_SOURCE_GUARD;
	/* It says it is IP, and is not: nobody can tell whose it is. */
	return ethertype == TYPE_IPV4 || ethertype == TYPE_IPV6 ? TW_DROP_SOURCE_GUARD : TW_DROPS;
}

static enum tw_drop judge_role(const struct tw_slot *in, const struct tw_key *key)
{
	unsigned type = is_icmp6(key) ? icmp_type(key) : 0;

	if (in->guards & TW_GUARD_DHCP && is_answer(key, TW_FLOW_KEY_IPV4, DHCP_SERVER, DHCP_CLIENT))
		return TW_DROP_DHCP_GUARD;
	if (in->guards & TW_GUARD_DHCP6 &&
	    (chain_is_open(key) || is_answer(key, TW_FLOW_KEY_IPV6, DHCP6_SERVER, DHCP6_CLIENT)))
		return TW_DROP_DHCP6_GUARD;
	if (in->guards & TW_GUARD_RA && (chain_is_open(key) || type == ND_RA || type == ND_REDIRECT))
		return TW_DROP_RA_GUARD;
	if (in->guards & TW_GUARD_ND && chain_is_open(key))
		return TW_DROP_GUARD_HIDDEN;
	return TW_DROPS;
}

enum tw_drop tw_guard_judge(const struct tw_slot *in, const struct tw_key *key, bool *inspect)
{
	bool ip = key->flags & (TW_FLOW_KEY_IPV4 | TW_FLOW_KEY_IPV6);
	unsigned ethertype = ip ? 0 : tw_be16(key->ethertype), type = is_icmp6(key) ? icmp_type(key) : 0;
	enum tw_drop reason;

	if (in->guards & TW_GUARD_BPDU && is_bpdu(key))
		return TW_DROP_BPDU_GUARD;
	if (!(in->guards & GUARDS_OF_IP))
		return TW_DROPS;
	if (ethertype == TYPE_VLAN || ethertype == TYPE_QINQ || ethertype == TYPE_QINQ_OLD)
		return TW_DROP_GUARD_HIDDEN;
	reason = judge_role(in, key);
	if (reason == TW_DROPS && in->guards & TW_GUARD_SOURCE)
		reason = judge_source(in, key, ethertype);
	*inspect = (!ip && ethertype <= TYPE_LENGTH_MAX) || (in->guards & TW_GUARD_ARP && ethertype == TYPE_ARP) ||
		   (in->guards & TW_GUARD_ND && type >= ND_RS && type <= ND_REDIRECT);
	return reason;
}

/* --- what only the bytes tell --- */

/* RFC 826; probes and announcements: RFC 5227. */
static enum tw_drop inspect_arp(const struct tw_slot *in, const uint8_t *p, const uint8_t *end)
{
	static const uint8_t ethernet_ipv4[6] = { 0, 1, 0x08, 0, 6, 4 };
	unsigned operation;

	if (end - p < 28 || memcmp(p, ethernet_ipv4, 6) != 0)
		return TW_DROP_ARP_INSPECT;
	operation = tw_be16(p + 6);
	if (operation < 1 || operation > 2 || !tw_slot_has_mac(in, p + 8))
		return TW_DROP_ARP_INSPECT;
	if (operation == 1 && is_zero(p + 14, 4))
		return TW_DROPS;
	return listed(in, 4, p + 14) ? TW_DROPS : TW_DROP_ARP_INSPECT;
}

/* RFC 894 in IEEE 802.2 clothes: LLC, SNAP, and an ethertype once more. */
static enum tw_drop inspect_llc(const uint8_t *p, const uint8_t *end)
{
	static const uint8_t snap[5] = { 0xaa, 0xaa, 0x03, 0, 0 };

	if (end - p < 8 || memcmp(p, snap, 5) != 0)
		return TW_DROPS;
	switch (tw_be16(p + 6)) {
	case TYPE_IPV4:
	case TYPE_ARP:
	case TYPE_IPV6:
	case TYPE_VLAN:
	case TYPE_QINQ:
	case TYPE_QINQ_OLD:
		return TW_DROP_GUARD_HIDDEN;
	default:
		return TW_DROPS;
	}
}

/* To the ICMPv6 header. @return NULL: there is none that a host would take (RFC 6980: not in a fragment) */
static const uint8_t *find_icmp6(const uint8_t *ip, const uint8_t *end)
{
	const uint8_t *p = ip + 40;
	uint8_t next;

	if (end - ip < 40)
		return NULL;
	next = ip[6];
	for (int n = 0; n < CHAIN_MAX; n++) {
		uint32_t len;

		if (next == PROTO_ICMPV6)
			return p;
		if (next != PROTO_HOPOPTS && next != PROTO_ROUTING && next != PROTO_DSTOPTS)
			return NULL;
		if (end - p < 8)
			return NULL;
		len = (p[1] + 1u) * 8;
		if (end - p < len)
			return NULL;
		next = p[0];
		p += len;
	}
	return next == PROTO_ICMPV6 ? p : NULL;
}

/* RFC 4861 section 4.6. Each option that names a link-layer address of the sender names the port's. */
static bool options_are_own(const struct tw_slot *in, const uint8_t *p, const uint8_t *end, uint8_t kind, bool none)
{
	for (int n = 0; p < end && n < ND_OPTIONS_MAX; n++) {
		uint32_t len;

		if (end - p < 8 || p[1] == 0)
			return false;
		len = p[1] * 8u;
		if (end - p < len)
			return false;
		if (p[0] == kind && (none || !tw_slot_has_mac(in, p + 2)))
			return false;
		p += len;
	}
	return p == end;
}

static bool nd_is_own(const struct tw_slot *in, const uint8_t *ip, const uint8_t *p, const uint8_t *end)
{
	const uint8_t *source = ip + 8;
	bool unspecified = is_zero(source, 16);
	unsigned fixed = p[0] == ND_RS ? 8 : p[0] == ND_RA ? 16 : p[0] == ND_REDIRECT ? 40 : 24;

	if (end - p < fixed || (!unspecified && !owns6(in, source)))
		return false;
	switch (p[0]) {
	case ND_RS:
	case ND_NS:
		return options_are_own(in, p + fixed, end, ND_OPT_SOURCE, unspecified);
	case ND_RA:
		return !unspecified && options_are_own(in, p + fixed, end, ND_OPT_SOURCE, false);
	case ND_NA:
		return !unspecified && owns6(in, p + 8) && options_are_own(in, p + fixed, end, ND_OPT_TARGET, false);
	default: /* a redirect names a neighbour by its very purpose: who may send one is RA guard's */
		return !unspecified;
	}
}

static enum tw_drop inspect_nd(const struct tw_slot *in, const uint8_t *ip, const uint8_t *end)
{
	const uint8_t *p;
	uint32_t total;

	if (end - ip < 40)
		return TW_DROP_ND_INSPECT;
	total = tw_be16(ip + 4) + 40u;
	if (total > (uint32_t)(end - ip))
		return TW_DROP_ND_INSPECT;
	end = ip + total; /* behind it is padding */
	p = find_icmp6(ip, end);
	return p && end - p >= 8 && nd_is_own(in, ip, p, end) ? TW_DROPS : TW_DROP_ND_INSPECT;
}

enum tw_drop tw_guard_inspect(const struct tw_slot *in, const struct tw_key *key, const uint8_t *data, uint32_t len,
			      uint32_t l2_len)
{
	const uint8_t *end = data + len, *l3 = data + l2_len;

	if (len < l2_len)
		return TW_DROP_GUARD_HIDDEN;
	if (key->flags & TW_FLOW_KEY_IPV6)
		return inspect_nd(in, l3, end);
	if (tw_be16(key->ethertype) == TYPE_ARP)
		return inspect_arp(in, l3, end);
	return inspect_llc(l3, end);
}
