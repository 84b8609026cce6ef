/* SPDX-License-Identifier: Apache-2.0 */
/*
 * offload_cut.c - super-frames into frames; see offload_cut.h.
 *
 * IPv4 is cut by rte_gso. Of IPv6 it knows nothing (DPDK 22.11): here each frame is a copy of its own part, which fits one
 * buffer in nearly all cases, with the headers in front.
 * Threads  workers.
 * Spec     RFC 9293 section 3.1 (sequence numbers; FIN and PSH belong to the last segment, CWR to the first: RFC 3168 section
 *          6.1.2), RFC 8200 section 4.5 (fragment header).
 */
#include "dataplane/offload_cut.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include <rte_ethdev.h>
#include <rte_gso.h>
#include <rte_ip.h>
#include <rte_random.h>
#include <rte_tcp.h>

#include "dataplane/offload.h"

/* What an mbuf is made of, which is its own and never another's. */
#define OF_THE_BUFFER (RTE_MBUF_F_INDIRECT | RTE_MBUF_F_EXTERNAL)

static bool is_tcp(const struct rte_mbuf *m)
{
	return m->ol_flags & RTE_MBUF_F_TX_TCP_SEG;
}

/* What is left to do for a frame that was cut from m; offload.c has done the UDP checksum. */
static uint64_t flags_left(const struct rte_mbuf *m)
{
	uint64_t left = m->ol_flags & ~(TW_OFFLOAD_CUT | RTE_MBUF_F_TX_L4_MASK | OF_THE_BUFFER);

	if (m->ol_flags & RTE_MBUF_F_TX_IPV4)
		left |= RTE_MBUF_F_TX_IP_CKSUM;
	return is_tcp(m) ? left | RTE_MBUF_F_TX_TCP_CKSUM : left;
}

/* --- IPv4 --- */

static int cut_ip4(struct rte_mbuf *m, struct rte_mempool *pool, struct rte_mbuf **list)
{
	/* rte_gso counts a segment with its headers, a fragment with those that it repeats. */
	const struct rte_gso_ctx ctx = {
		.direct_pool = pool,
		.indirect_pool = pool,
		.gso_types = RTE_ETH_TX_OFFLOAD_TCP_TSO | RTE_ETH_TX_OFFLOAD_UDP_TSO,
		.gso_size = (uint16_t)(m->l2_len + m->l3_len + (is_tcp(m) ? m->l4_len : 0) + m->tso_segsz),
	};
	int n = rte_gso_segment(m, &ctx, list, TW_SEGMENTS_MAX);

	/* 0: nothing it would cut. Else no buffer, or more segments than a frame of 64 KB can have. */
	return n > 0 ? n : n == -ENOMEM ? n : -EINVAL;
}

/* --- IPv6 --- */

static struct rte_ipv6_hdr *ip6_of(const struct rte_mbuf *seg, const struct rte_mbuf *m)
{
	return rte_pktmbuf_mtod_offset(seg, struct rte_ipv6_hdr *, m->l2_len);
}

static void head_segment(struct rte_mbuf *seg, const struct rte_mbuf *m, uint32_t offset, bool last)
{
	struct rte_tcp_hdr *tcp = rte_pktmbuf_mtod_offset(seg, struct rte_tcp_hdr *, m->l2_len + m->l3_len);

	tcp->sent_seq = rte_cpu_to_be_32(rte_be_to_cpu_32(tcp->sent_seq) + offset);
	if (!last)
		tcp->tcp_flags &= (uint8_t) ~(RTE_TCP_FIN_FLAG | RTE_TCP_PSH_FLAG);
	if (offset > 0)
		tcp->tcp_flags &= (uint8_t)~RTE_TCP_CWR_FLAG;
}

static void head_fragment(struct rte_mbuf *seg, const struct rte_mbuf *m, uint32_t offset, bool last, uint32_t id)
{
	struct rte_ipv6_hdr *ip = ip6_of(seg, m);
	struct rte_ipv6_fragment_ext *fragment = (struct rte_ipv6_fragment_ext *)(ip + 1);

	*fragment = (struct rte_ipv6_fragment_ext){
		.next_header = ip->proto,
		.frag_data = rte_cpu_to_be_16((uint16_t)RTE_IPV6_SET_FRAG_DATA(offset, last ? 0 : 1)),
		.id = id,
	};
	ip->proto = IPPROTO_FRAGMENT;
}

/* A copy of n octets at `from`, behind the first `repeated` of the frame and a gap. */
static struct rte_mbuf *part_of(const struct rte_mbuf *m, uint32_t from, uint32_t n, uint16_t repeated, uint16_t gap,
				struct rte_mempool *pool)
{
	struct rte_mbuf *part = rte_pktmbuf_copy(m, pool, from, n);
	char *head = part ? rte_pktmbuf_prepend(part, (uint16_t)(repeated + gap)) : NULL;

	if (head) {
		memcpy(head, rte_pktmbuf_mtod(m, const void *), repeated);
		return part;
	}
	rte_pktmbuf_free(part);
	return NULL;
}

static int cut_ip6(const struct rte_mbuf *m, struct rte_mempool *pool, struct rte_mbuf **list)
{
	bool tcp = is_tcp(m);
	uint16_t repeated = (uint16_t)(m->l2_len + m->l3_len + (tcp ? m->l4_len : 0));
	uint16_t gap = tcp ? 0 : sizeof(struct rte_ipv6_fragment_ext);
	uint32_t unit = tcp ? m->tso_segsz : m->tso_segsz & ~7u, payload = m->pkt_len - repeated;
	uint32_t id = (uint32_t)rte_rand();
	int n = 0;

	if (payload > unit * TW_SEGMENTS_MAX)
		return -EINVAL;
	for (uint32_t offset = 0; offset < payload; offset += unit, n++) {
		uint32_t len = RTE_MIN(unit, payload - offset);
		bool last = offset + len == payload;

		list[n] = part_of(m, repeated + offset, len, repeated, gap, pool);
		if (!list[n]) {
			rte_pktmbuf_free_bulk(list, (unsigned)n);
			return -ENOMEM;
		}
		ip6_of(list[n], m)->payload_len =
			rte_cpu_to_be_16((uint16_t)(list[n]->pkt_len - m->l2_len - sizeof(struct rte_ipv6_hdr)));
		if (tcp)
			head_segment(list[n], m, offset, last);
		else
			head_fragment(list[n], m, offset, last, id);
	}
	return n;
}

/* --- both --- */

/* Of the frame, not of the first segment's memory: is it more than one piece? */
static bool fits_one(const struct rte_mbuf *m)
{
	uint32_t in_front = m->l2_len + m->l3_len + (is_tcp(m) ? m->l4_len : 0u);

	return m->pkt_len <= in_front + (is_tcp(m) ? m->tso_segsz : m->tso_segsz & ~7u);
}

int tw_offload_cut(struct rte_mbuf *m, struct rte_mempool *pool, struct rte_mbuf **list)
{
	uint64_t left = flags_left(m);
	int n;

	if (fits_one(m)) {
		m->ol_flags = (m->ol_flags & OF_THE_BUFFER) | left;
		list[0] = m;
		return 1;
	}
	n = m->ol_flags & RTE_MBUF_F_TX_IPV4 ? cut_ip4(m, pool, list) : cut_ip6(m, pool, list);
	if (n < 0)
		return n;
	for (int i = 0; i < n; i++) {
		list[i]->l2_len = m->l2_len;
		list[i]->l3_len = m->l3_len;
		list[i]->l4_len = m->l4_len;
		list[i]->ol_flags = left; /* it begins with headers of its own */
	}
	rte_pktmbuf_free(m);
	return n;
}
