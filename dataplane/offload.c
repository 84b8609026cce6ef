/* SPDX-License-Identifier: Apache-2.0 */
/*
 * offload.c - checksums and TCP segmentation in software; see offload.h.
 *
 * Threads  workers.
 * Spec     RFC 1071 (checksum), RFC 9293; virtio 1.2 section 5.1.6.2. Segmentation by rte_gso, which knows TCP over IPv4;
 *          TCP over IPv6 super-frames are not offered to guests (vhost.c): one that comes all the same is a lie.
 */
#include "dataplane/offload.h"

#include <errno.h>

#include <rte_ethdev.h>
#include <rte_gso.h>
#include <rte_ip.h>
#include <rte_tcp.h>
#include <rte_udp.h>

/* What rte_gso counts as a segment: virtio's gso_size and the headers. */
static uint32_t segment_len(const struct rte_mbuf *m)
{
	return m->l2_len + m->l3_len + m->l4_len + m->tso_segsz;
}

static bool segmentation_holds(const struct rte_mbuf *m)
{
	return m->ol_flags & RTE_MBUF_F_TX_IPV4 && m->l4_len >= 20 && m->tso_segsz > 0 && segment_len(m) <= UINT16_MAX;
}

/* Do the lengths a guest claims lie in the frame's first segment, where everybody will look for headers? */
static bool lengths_hold(const struct rte_mbuf *m)
{
	bool v6 = m->ol_flags & RTE_MBUF_F_TX_IPV6;
	uint32_t l4_min = (m->ol_flags & RTE_MBUF_F_TX_L4_MASK) == RTE_MBUF_F_TX_UDP_CKSUM ? 8 : 20;

	if (!(m->ol_flags & (RTE_MBUF_F_TX_IPV4 | RTE_MBUF_F_TX_IPV6)))
		return false;
	if (m->ol_flags & RTE_MBUF_F_TX_TCP_SEG && !segmentation_holds(m))
		return false;
	if (m->l2_len < RTE_ETHER_HDR_LEN ||
	    m->l3_len < (v6 ? sizeof(struct rte_ipv6_hdr) : sizeof(struct rte_ipv4_hdr)) ||
	    m->l2_len + m->l3_len + (m->l4_len > l4_min ? m->l4_len : l4_min) > m->data_len)
		return false;
	/* DPDK's checksums go by the length in the IPv4 header itself. */
	return v6 || (*rte_pktmbuf_mtod_offset(m, const uint8_t *, m->l2_len) & 0x0fu) * 4 == m->l3_len;
}

/*
 * Sum of all octets from `at` on, in as many segments as they lie. DPDK 22.11 has rte_raw_cksum_mbuf() for this, which loses
 * carries where a segment begins at an odd octet, as those that rte_gso cuts do.
 */
static uint16_t sum_from(const struct rte_mbuf *m, uint32_t at)
{
	uint32_t sum = 0, done = 0;

	for (; m; m = m->next) {
		uint32_t n = m->data_len > at ? m->data_len - at : 0;
		uint16_t part = n ? rte_raw_cksum(rte_pktmbuf_mtod_offset(m, const void *, at), n) : 0;

		sum += done & 1 ? rte_bswap16(part) : part;
		done += n;
		at = n ? 0 : at - m->data_len;
	}
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

/* RFC 9293 section 3.1, RFC 768; over IPv6: RFC 8200 section 8.1. The checksum's field is zero. */
static uint16_t l4_checksum(const struct rte_mbuf *m, const void *ip, bool v4, bool udp)
{
	uint32_t sum = sum_from(m, m->l2_len + m->l3_len);

	sum += v4 ? rte_ipv4_phdr_cksum(ip, 0) : rte_ipv6_phdr_cksum(ip, 0);
	sum = ~((sum & 0xffff) + (sum >> 16)) & 0xffff;
	return (uint16_t)(sum == 0 && udp ? 0xffff : sum);
}

static bool fill_checksums(struct rte_mbuf *m)
{
	uint16_t l4_offset = (uint16_t)(m->l2_len + m->l3_len);
	void *ip = rte_pktmbuf_mtod_offset(m, void *, m->l2_len);
	bool v4 = m->ol_flags & RTE_MBUF_F_TX_IPV4;
	unaligned_uint16_t *field;

	switch (m->ol_flags & RTE_MBUF_F_TX_L4_MASK) {
	case RTE_MBUF_F_TX_TCP_CKSUM:
		field = rte_pktmbuf_mtod_offset(m, unaligned_uint16_t *,
						l4_offset + offsetof(struct rte_tcp_hdr, cksum));
		break;
	case RTE_MBUF_F_TX_UDP_CKSUM:
		field = rte_pktmbuf_mtod_offset(m, unaligned_uint16_t *,
						l4_offset + offsetof(struct rte_udp_hdr, dgram_cksum));
		break;
	case 0:
		field = NULL;
		break;
	default:
		return false;
	}
	if (v4 && m->ol_flags & RTE_MBUF_F_TX_IP_CKSUM) {
		((struct rte_ipv4_hdr *)ip)->hdr_checksum = 0;
		((struct rte_ipv4_hdr *)ip)->hdr_checksum = rte_ipv4_cksum(ip);
	}
	if (field) {
		*field = 0;
		*field = l4_checksum(m, ip, v4, (m->ol_flags & RTE_MBUF_F_TX_L4_MASK) == RTE_MBUF_F_TX_UDP_CKSUM);
	}
	m->ol_flags &= ~(RTE_MBUF_F_TX_L4_MASK | RTE_MBUF_F_TX_IP_CKSUM | RTE_MBUF_F_TX_IPV4 | RTE_MBUF_F_TX_IPV6);
	return true;
}

/* What an mbuf is made of, which is its own and never another's. */
#define OF_THE_BUFFER (RTE_MBUF_F_INDIRECT | RTE_MBUF_F_EXTERNAL)

static int segment(struct rte_mbuf *m, struct rte_mempool *pool, struct rte_mbuf **list)
{
	const struct rte_gso_ctx ctx = {
		.direct_pool = pool,
		.indirect_pool = pool,
		.gso_types = RTE_ETH_TX_OFFLOAD_TCP_TSO,
		.gso_size = (uint16_t)segment_len(m),
	};
	uint64_t flags = m->ol_flags & ~(RTE_MBUF_F_TX_TCP_SEG | RTE_MBUF_F_TX_L4_MASK | OF_THE_BUFFER);
	int n;

	if (m->pkt_len <= ctx.gso_size) { /* nothing to cut */
		m->ol_flags = (m->ol_flags & OF_THE_BUFFER) | flags | RTE_MBUF_F_TX_IP_CKSUM | RTE_MBUF_F_TX_TCP_CKSUM;
		return 1;
	}
	n = rte_gso_segment(m, &ctx, list, TW_SEGMENTS_MAX);
	if (n <=
	    0) /* no buffer; more segments than a frame of 64 KB can have; a fragment, which is not for it to cut */
		return n == -ENOMEM ? n : -EINVAL;
	for (int i = 0; i < n; i++) {
		list[i]->l2_len = m->l2_len;
		list[i]->l3_len = m->l3_len;
		list[i]->l4_len = m->l4_len;
		list[i]->ol_flags = flags | RTE_MBUF_F_TX_IP_CKSUM |
				    RTE_MBUF_F_TX_TCP_CKSUM; /* it begins with headers of its own */
	}
	rte_pktmbuf_free(m);
	return n;
}

int tw_offload_finish(struct rte_mbuf *m, const struct tw_slot *out, struct rte_mempool *pool, struct rte_mbuf **list)
{
	bool tso = m->ol_flags & RTE_MBUF_F_TX_TCP_SEG;
	int n = 1;

	if (!lengths_hold(m))
		return -EINVAL;
	list[0] = m;
	if (tso && !out->tx_tso)
		n = segment(m, pool, list);
	if (!out->tx_csum || (tso && !out->tx_tso))
		for (int i = 0; i < n; i++)
			if (!fill_checksums(list[i])) /* never one of several: those are TCP */
				return -EINVAL;
	return n;
}
