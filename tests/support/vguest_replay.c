/* SPDX-License-Identifier: Apache-2.0 */
/* vguest_replay.c - a port of vguest sends what a capture file has, frame by frame, each at its time. vguest's one thread. */
#include <netinet/in.h>
#include <pcap/pcap.h>

#include <rte_ethdev.h>

#include "common/clock.h"
#include "tests/support/vguest_port.h"

enum { PATIENCE_MS = 5000 };

static uint64_t ns_of(const struct pcap_pkthdr *header)
{
	return (uint64_t)header->ts.tv_sec * 1000000000 + (uint64_t)header->ts.tv_usec; /* asked for nanoseconds */
}

/* One that is larger than what the other side is to make of it. Without tags and IP options. */
static void leave_to_cut(struct rte_mbuf *m, uint16_t mss)
{
	uint8_t scratch[128];
	const uint8_t *p = rte_pktmbuf_read(m, 0, sizeof(scratch), scratch);
	const bool v4 = p && p[12] == 0x08 && p[13] == 0x00;
	const uint32_t l3 = v4 ? 20 : 40, l4 = p ? (p[14 + l3 + 12] >> 4) * 4u : 0;

	if (!p || m->pkt_len <= 14 + l3 + l4 + mss || p[14 + (v4 ? 9 : 6)] != IPPROTO_TCP)
		return;
	m->l2_len = 14;
	m->l3_len = l3 & 0x1ff;
	m->l4_len = l4 & 0xff;
	m->tso_segsz = mss;
	m->ol_flags = (v4 ? RTE_MBUF_F_TX_IPV4 : RTE_MBUF_F_TX_IPV6) | RTE_MBUF_F_TX_TCP_CKSUM | RTE_MBUF_F_TX_TCP_SEG;
}

static bool send_one(struct vg_port *p, const uint8_t *octets, uint32_t len, uint16_t mss)
{
	uint64_t end = tw_clock_mono_ms() + PATIENCE_MS;
	struct rte_mbuf *m = vg_wrap(octets, len), *one = m;

	if (!m)
		return false;
	if (mss)
		leave_to_cut(m, mss);
	if (rte_eth_tx_prepare(p->id, 0, &one, 1) != 1) {
		rte_pktmbuf_free(m);
		return false;
	}
	while (rte_eth_tx_burst(p->id, 0, &m, 1) == 0)
		if (tw_clock_mono_ms() > end) {
			rte_pktmbuf_free(m);
			return false;
		}
	return true;
}

int vg_replay(struct vg_port *p, const char *path, uint16_t mss)
{
	char why[PCAP_ERRBUF_SIZE];
	pcap_t *file = pcap_open_offline_with_tstamp_precision(path, PCAP_TSTAMP_PRECISION_NANO, why);
	uint64_t start = tw_clock_mono_ns(), first = 0;
	struct pcap_pkthdr *header;
	const uint8_t *octets;
	int n = 0, rc = 0;

	if (!file)
		return -1;
	while (rc == 0 && pcap_next_ex(file, &header, &octets) == 1) {
		if (n == 0)
			first = ns_of(header);
		while (tw_clock_mono_ns() - start < ns_of(header) - first)
			vg_drain_all(); /* a guest that does not listen would fill its ring */
		rc = send_one(p, octets, header->caplen, mss) ? 0 : -1;
		vg_drain_all();
		n++;
	}
	pcap_close(file);
	return rc ? rc : n;
}
