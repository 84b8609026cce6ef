/* SPDX-License-Identifier: Apache-2.0 */
/*
 * offload.c - is a request true, and checksums in software; see offload.h. Cutting is offload_cut.c's.
 *
 * Threads  workers.
 * Spec     RFC 1071 (checksum), RFC 9293; virtio 1.2 section 5.1.6.2.
 */
#include "dataplane/offload.h"

#include <errno.h>
#include <netinet/in.h>

#include <rte_ether.h>
#include <rte_ip.h>
#include <rte_tcp.h>
#include <rte_udp.h>

#include "dataplane/offload_cut.h"

static uint16_t flags_of_fragment(const struct rte_mbuf *m)
{
	const struct rte_ipv4_hdr *ip = rte_pktmbuf_mtod_offset(m, const struct rte_ipv4_hdr *, m->l2_len);

	return m->ol_flags & RTE_MBUF_F_TX_IPV4
		       ? ip->fragment_offset & RTE_BE16(RTE_IPV4_HDR_MF_FLAG | RTE_IPV4_HDR_OFFSET_MASK)
		       : 0;
}

/* Its headers are in the first segment. */
static bool cut_holds(const struct rte_mbuf *m, uint8_t protocol)
{
	bool tcp = m->ol_flags & RTE_MBUF_F_TX_TCP_SEG;

	if (tcp && m->ol_flags & RTE_MBUF_F_TX_UDP_SEG)
		return false;
	if (m->tso_segsz == 0 || (uint32_t)m->l2_len + m->l3_len + m->l4_len + m->tso_segsz > UINT16_MAX ||
	    flags_of_fragment(m))
		return false;
	return tcp ? protocol == IPPROTO_TCP && m->l4_len >= sizeof(struct rte_tcp_hdr)
		   : protocol == IPPROTO_UDP && m->l4_len == sizeof(struct rte_udp_hdr) && m->tso_segsz >= 8;
}

bool tw_offload_holds(const struct rte_mbuf *m)
{
	bool v6 = m->ol_flags & RTE_MBUF_F_TX_IPV6;
	bool udp =
		m->ol_flags & RTE_MBUF_F_TX_UDP_SEG || (m->ol_flags & RTE_MBUF_F_TX_L4_MASK) == RTE_MBUF_F_TX_UDP_CKSUM;
	uint32_t l4_min = udp ? sizeof(struct rte_udp_hdr) : sizeof(struct rte_tcp_hdr);
	const uint8_t *ip;

	if (!(m->ol_flags & (RTE_MBUF_F_TX_IPV4 | RTE_MBUF_F_TX_IPV6)))
		return false;
	if (m->l2_len < RTE_ETHER_HDR_LEN ||
	    m->l3_len < (v6 ? sizeof(struct rte_ipv6_hdr) : sizeof(struct rte_ipv4_hdr)) ||
	    m->l2_len + m->l3_len + (m->l4_len > l4_min ? m->l4_len : l4_min) > m->data_len)
		return false;
	ip = rte_pktmbuf_mtod_offset(m, const uint8_t *, m->l2_len);
	/* DPDK's checksums go by the length in the IPv4 header itself. */
	if (!v6 && (*ip & 0x0fu) * 4 != m->l3_len)
		return false;
	return !(m->ol_flags & TW_OFFLOAD_CUT) ||
	       (v6 ? m->l3_len == sizeof(struct rte_ipv6_hdr) && cut_holds(m, ip[offsetof(struct rte_ipv6_hdr, proto)])
		   : cut_holds(m, ip[offsetof(struct rte_ipv4_hdr, next_proto_id)]));
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

static bool takes_whole(const struct tw_slot *out, const struct rte_mbuf *m)
{
	if (!out->tx_csum)
		return false;
	if (m->ol_flags & RTE_MBUF_F_TX_UDP_SEG)
		return out->tx_ufo;
	return m->ol_flags & RTE_MBUF_F_TX_IPV6 ? out->tx_tso6 : out->tx_tso;
}

bool tw_offload_must_finish(const struct rte_mbuf *m, const struct tw_slot *out)
{
	return m->ol_flags & TW_OFFLOAD_CUT ? !takes_whole(out, m) : !out->tx_csum;
}

/* The fragments' one checksum is that of the whole datagram. */
static bool sum_datagram(struct rte_mbuf *m)
{
	uint64_t request = m->ol_flags;
	bool whole;

	m->ol_flags = (request & ~RTE_MBUF_F_TX_L4_MASK) | RTE_MBUF_F_TX_UDP_CKSUM;
	whole = fill_checksums(m);
	m->ol_flags = request & ~RTE_MBUF_F_TX_L4_MASK;
	return whole;
}

int tw_offload_finish(struct rte_mbuf *m, const struct tw_slot *out, struct rte_mempool *pool, struct rte_mbuf **list)
{
	int n = 1;

	if (!tw_offload_holds(m))
		return -EINVAL;
	list[0] = m;
	if (!tw_offload_must_finish(m, out))
		return 1;
	if (m->ol_flags & TW_OFFLOAD_CUT) {
		if (m->ol_flags & RTE_MBUF_F_TX_UDP_SEG && !sum_datagram(m))
			return -EINVAL;
		n = tw_offload_cut(m, pool, list);
	}
	for (int i = 0; i < n; i++)
		if (!fill_checksums(list[i])) /* never one of several: those are TCP, or have none */
			return -EINVAL;
	return n;
}
