/* SPDX-License-Identifier: Apache-2.0 */
/* vguest_replay.c - a port of vguest sends what a capture file has, frame by frame, each at its time. vguest's one thread. */
#include <pcap/pcap.h>

#include <rte_ethdev.h>

#include "common/clock.h"
#include "tests/support/vguest_port.h"

enum { PATIENCE_MS = 5000 };

static uint64_t ns_of(const struct pcap_pkthdr *header)
{
	return (uint64_t)header->ts.tv_sec * 1000000000 + (uint64_t)header->ts.tv_usec; /* asked for nanoseconds */
}

static bool send_one(struct vg_port *p, const uint8_t *octets, uint32_t len)
{
	uint64_t end = tw_clock_mono_ms() + PATIENCE_MS;
	struct rte_mbuf *m = vg_wrap(octets, len);

	if (!m)
		return false;
	while (rte_eth_tx_burst(p->id, 0, &m, 1) == 0)
		if (tw_clock_mono_ms() > end) {
			rte_pktmbuf_free(m);
			return false;
		}
	return true;
}

int vg_replay(struct vg_port *p, const char *path)
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
		rc = send_one(p, octets, header->caplen) ? 0 : -1;
		vg_drain_all();
		n++;
	}
	pcap_close(file);
	return rc ? rc : n;
}
