/* SPDX-License-Identifier: Apache-2.0 */
/* superframe.c - the frame of the benchmark "tso"; see superframe.h. */
#include "tests/bench/superframe.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

static_assert(sizeof(struct superframe_headers) == SUPERFRAME_HEADERS, "as Linux sends them");
static_assert(SUPERFRAME_OCTETS - RTE_ETHER_HDR_LEN <= UINT16_MAX, "an IPv4 packet");

void superframe_headers(struct superframe_headers *h)
{
	static const struct rte_ether_addr src = { { 2, 0, 0, 0, 0, 1 } }, dst = { { 2, 0, 0, 0, 0, 2 } };
	static const uint8_t options[12] = { 1, 1, 8, 10 };

	memset(h, 0, sizeof(*h));
	h->eth.src_addr = src;
	h->eth.dst_addr = dst;
	h->eth.ether_type = RTE_BE16(RTE_ETHER_TYPE_IPV4);
	h->ip.version_ihl = 0x45;
	h->ip.time_to_live = 64;
	h->ip.next_proto_id = IPPROTO_TCP;
	h->ip.total_length = rte_cpu_to_be_16(SUPERFRAME_OCTETS - sizeof(h->eth));
	h->ip.src_addr = RTE_BE32(0x0a000001);
	h->ip.dst_addr = RTE_BE32(0x0a000002);
	h->ip.hdr_checksum = rte_ipv4_cksum(&h->ip);
	h->tcp.src_port = RTE_BE16(40000);
	h->tcp.dst_port = RTE_BE16(5201);
	h->tcp.data_off = (sizeof(h->tcp) + sizeof(options)) / 4 << 4;
	h->tcp.tcp_flags = RTE_TCP_ACK_FLAG;
	h->tcp.rx_win = RTE_BE16(0xffff);
	h->tcp.cksum = rte_ipv4_phdr_cksum(&h->ip, 0);
	memcpy(h->options, options, sizeof(options));
}

void superframe_number(struct superframe_headers *h, void *last4, uint32_t number)
{
	h->tcp.sent_seq = rte_cpu_to_be_32(number);
	memcpy(last4, &h->tcp.sent_seq, 4);
}

bool superframe_is_next(const struct superframe_headers *h, const void *last4, uint32_t *number)
{
	const uint32_t expected = *number, came = rte_be_to_cpu_32(h->tcp.sent_seq);

	*number = came + 1;
	return came == expected && memcmp(last4, &h->tcp.sent_seq, 4) == 0 && h->eth.dst_addr.addr_bytes[5] == 2;
}

void superframe_report(const struct superframe_count *c, double seconds, uint64_t lost)
{
	printf("{\"mpps\": %.6f, \"sent_mpps\": %.6f, \"wrong\": %lu, \"sent\": %lu, \"received\": %lu, \"lost\": %lu}\n",
	       (double)c->received / seconds / 1e6, (double)c->sent / seconds / 1e6, c->wrong, c->sent, c->received,
	       lost);
}
