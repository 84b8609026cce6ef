/* SPDX-License-Identifier: Apache-2.0 */
/* vguest_record.c - what a port of vguest gets, in a capture file. vguest's one thread. */
#include <stdlib.h>

#include <pcap/pcap.h>

#include "common/clock.h"
#include "tests/support/vguest_port.h"

enum { QUIET_MS = 300, SNAPLEN = 262144 };

struct vg_record {
	pcap_t *format;
	pcap_dumper_t *file;
	int frames;
	bool broken;
};

bool vg_record_begin(struct vg_port *p, const char *path)
{
	struct vg_record *r = calloc(1, sizeof(*r));

	if (!r || p->record)
		return false;
	r->format = pcap_open_dead_with_tstamp_precision(DLT_EN10MB, SNAPLEN, PCAP_TSTAMP_PRECISION_NANO);
	r->file = r->format ? pcap_dump_open(r->format, path) : NULL;
	if (r->file) {
		p->record = r;
		return true;
	}
	if (r->format)
		pcap_close(r->format);
	free(r);
	return false;
}

void vg_record(struct vg_record *r, struct rte_mbuf *const *m, unsigned n)
{
	static uint8_t room[SNAPLEN];
	const uint64_t ns = tw_clock_real_ns();

	for (unsigned i = 0; i < n; i++) {
		const struct pcap_pkthdr header = { .ts = { .tv_sec = (time_t)(ns / 1000000000),
							    .tv_usec = (suseconds_t)(ns % 1000000000) },
						    .caplen = m[i]->pkt_len,
						    .len = m[i]->pkt_len };
		const uint8_t *octets = rte_pktmbuf_read(m[i], 0, m[i]->pkt_len, room);

		r->broken |= !octets;
		if (octets)
			pcap_dump((uint8_t *)r->file, &header, octets);
		r->frames++;
	}
}

int vg_record_end(struct vg_port *p)
{
	struct vg_record *r = p->record;
	int frames;

	for (uint64_t quiet = tw_clock_mono_ms(); tw_clock_mono_ms() - quiet < QUIET_MS;)
		if (vg_drain(p))
			quiet = tw_clock_mono_ms();
	frames = r->broken || pcap_dump_flush(r->file) ? -1 : r->frames;
	p->record = NULL;
	pcap_dump_close(r->file);
	pcap_close(r->format);
	free(r);
	return frames;
}
