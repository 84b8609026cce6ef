/* SPDX-License-Identifier: Apache-2.0 */
/* conversation.c - records of one conversation; see conversation.h. Pure. */
#include "flowexport/conversation.h"

#include <assert.h>
#include <string.h>

static_assert(sizeof(struct tw_conversation) == 56, "octets between members would count");

enum {
	KEY_FLAGS = TW_FLOW_KEY_IPV4 | TW_FLOW_KEY_IPV6 | TW_FLOW_KEY_FRAGMENT | TW_FLOW_KEY_ICMP | TW_FLOW_KEY_HIDDEN,
	IS_IP = TW_FLOW_KEY_IPV4 | TW_FLOW_KEY_IPV6,
	MAC_SIZE = 6,
};

static const struct exchange {
	uint8_t version, query, reply;
} exchanges[] = {
	{ 4, 8, 0 },     /* echo */
	{ 4, 13, 14 },   /* timestamp */
	{ 4, 15, 16 },   /* information */
	{ 4, 17, 18 },   /* address mask */
	{ 6, 128, 129 }, /* echo */
	{ 6, 135, 136 }, /* neighbour discovery */
};

/* dst_port of ICMP is type * 256 + code. @return NULL: nobody answers it, and it answers nothing */
static const struct exchange *exchange_of(const struct tw_flow_record *r)
{
	uint8_t version = r->key_flags & TW_FLOW_KEY_IPV4 ? 4 : 6;
	unsigned type = r->dst_port >> 8;

	for (unsigned i = 0; i < sizeof(exchanges) / sizeof(*exchanges); i++)
		if (exchanges[i].version == version && (exchanges[i].query == type || exchanges[i].reply == type))
			return &exchanges[i];
	return NULL;
}

static bool is_query(const struct tw_flow_record *r)
{
	const struct exchange *exchange = exchange_of(r);

	return exchange && exchange->query == r->dst_port >> 8;
}

/* Of fragments the type is not known. */
static bool has_type(const struct tw_flow_record *r)
{
	return (r->key_flags & (TW_FLOW_KEY_ICMP | TW_FLOW_KEY_FRAGMENT)) == TW_FLOW_KEY_ICMP;
}

/* A query goes to a port that its reply comes from. */
static bool read_ports(const struct tw_flow_record *r, uint16_t *from, uint16_t *to)
{
	const struct exchange *exchange;

	*from = r->src_port;
	*to = r->dst_port;
	if (!has_type(r))
		return true;
	exchange = exchange_of(r);
	if (!exchange)
		return false;
	*from = is_query(r) ? 0 : exchange->query + 1;
	*to = is_query(r) ? exchange->query + 1 : 0;
	return true;
}

static void read_address(struct tw_conversation_end *end, const struct tw_flow_record *r, const uint8_t *ip,
			 const uint8_t *mac)
{
	if (r->key_flags & IS_IP)
		memcpy(end->address, ip, sizeof(end->address));
	else
		memcpy(end->address, mac, MAC_SIZE);
}

bool tw_conversation_of(const struct tw_flow_record *r, struct tw_conversation *c, unsigned *sender)
{
	struct tw_conversation_end from = { .interface = r->ingress, .vlan = r->vlan },
				   to = { .interface = r->egress, .vlan = r->post_vlan };
	int order;

	if (tw_flow_is_refused(r) || r->key_flags & TW_FLOW_KEY_MANY || (r->dst_mac[0] & 1) ||
	    !read_ports(r, &from.port, &to.port))
		return false;
	read_address(&from, r, r->src_ip, r->src_mac);
	read_address(&to, r, r->dst_ip, r->dst_mac);
	order = memcmp(&from, &to, sizeof(from));
	*sender = order > 0;
	*c = (struct tw_conversation){ .ethertype = r->ethertype,
				       .inner_vlan = r->inner_vlan,
				       .protocol = r->protocol,
				       .key_flags = r->key_flags & KEY_FLAGS,
				       .sampling = r->sampling };
	c->ends[*sender] = from;
	c->ends[!*sender] = to;
	return order != 0;
}

bool tw_conversation_began_with(const struct tw_flow_record *r, const struct tw_flow_record *other)
{
	if (has_type(r))
		return is_query(r);
	if (r->first_ms != other->first_ms)
		return r->first_ms < other->first_ms;
	if (r->src_port != r->dst_port)
		return r->src_port > r->dst_port;
	return memcmp(r->src_ip, other->src_ip, sizeof(r->src_ip)) < 0;
}
