/* SPDX-License-Identifier: Apache-2.0 */
/* netflow5.c - the fixed record of version 5; see netflow5.h. Pure but for the caller's message. */
#include "flowexport/netflow5.h"

#include "flowexport/wire.h"

enum {
	IP_SIZE = 4,
	PAD_1 = 1,
	PAD_2 = 2,
	ROUTE_SIZE = 6, /* two AS numbers and two prefix lengths: there is no routing here */
};

/* How many records the counts need: each then tells its share of both, so that none has octets without packets. */
static uint64_t shares(const struct tw_flow_record *r)
{
	uint64_t most = r->packets > r->l3_octets ? r->packets : r->l3_octets;

	return most ? (most - 1) / UINT32_MAX + 1 : 1;
}

bool tw_netflow5_can_say(const struct tw_flow_record *r)
{
	return r->key_flags & TW_FLOW_KEY_IPV4 && r->forwarding == TW_FORWARDED && shares(r) <= TW_NETFLOW5_PARTS_MAX;
}

static uint32_t take(uint64_t *count, uint64_t n)
{
	uint32_t share = (uint32_t)(*count / n + (*count % n != 0));

	*count -= share;
	return share;
}

static uint16_t interface(uint32_t number)
{
	return number > UINT16_MAX ? 0 : (uint16_t)number;
}

bool tw_netflow5_add(struct tw_message *message, struct tw_flow_record *r, uint64_t boot_ms)
{
	static const uint8_t zero[ROUTE_SIZE];
	uint8_t *at = tw_message_reserve(message, 0, TW_V5_RECORD, false);
	uint64_t n = shares(r);

	if (!at)
		return false;
	at = tw_put_octets(at, r->src_ip, IP_SIZE);
	at = tw_put_octets(at, r->dst_ip, IP_SIZE);
	at = tw_put_octets(at, zero, IP_SIZE); /* next hop */
	at = tw_put_uint(at, interface(r->ingress), 2);
	at = tw_put_uint(at, interface(r->egress), 2);
	at = tw_put_uint(at, take(&r->packets, n), 4);
	at = tw_put_uint(at, take(&r->l3_octets, n), 4);
	at = tw_put_uint(at, tw_message_uptime(r->first_ms, boot_ms), 4);
	at = tw_put_uint(at, tw_message_uptime(r->last_ms, boot_ms), 4);
	at = tw_put_uint(at, r->src_port, 2);
	at = tw_put_uint(at, r->dst_port, 2); /* ICMP: type * 256 + code */
	at = tw_put_octets(at, zero, PAD_1);
	at = tw_put_uint(at, r->tcp_flags, 1);
	at = tw_put_uint(at, r->protocol, 1);
	at = tw_put_uint(at, r->tos, 1);
	at = tw_put_octets(at, zero, ROUTE_SIZE);
	tw_put_octets(at, zero, PAD_2);
	return true;
}
