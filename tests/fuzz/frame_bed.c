/* SPDX-License-Identifier: Apache-2.0 */
/* frame_bed.c - a switch with everything, and frames in segments that end where they end; see frame_bed.h. One thread. */
#include "tests/fuzz/frame_bed.h"

#include <stdlib.h>
#include <string.h>

#include "proto/model.pb-c.h"
#include "tests/support/ringswitch.h"

enum { HEADROOM = 128, SEGMENTS = 8 };

static void hold(bool so)
{
	if (!so)
		abort();
}

/* --- configuration --- */

static const struct rs_port modes[] = {
	{ .here = true, .vlan = 10 },
	{ .here = true, .vlan = 20 },
	{ .here = true },
	{ .here = true, .trunk = true, .first = 10, .last = 20 },
	{ .here = true, .trunk = true, .first = 10, .last = 10 },
	{ .here = true, .trunk = true, .first = 20, .last = 30, .vlan = 10 },
	{ .here = true, .trunk = true, .first = 20, .last = 30, .vlan = 10, .native_tagged = true },
	{ .here = true, .tunnel = true, .vlan = 10 },
	{ .here = true, .tunnel = true, .vlan = 10, .first = 5, .last = 9, .dot1q = true },
	{ .here = true, .vlan = 30, .pvlan = TW__VLAN__PRIVATE__PROMISCUOUS },
	{ .here = true, .vlan = 30, .pvlan = TW__VLAN__PRIVATE__ISOLATED, .secondary = 31 },
	{ .here = true, .vlan = 30, .pvlan = TW__VLAN__PRIVATE__COMMUNITY, .secondary = 32 },
	{ .here = true, .trunk = true, .first = 30, .last = 32 },
	{ .here = false },
};

void bed_set_port(unsigned who, uint8_t mode, uint8_t how, uint8_t what)
{
	static const uint16_t mtus[] = { 1500, 9000, 68, 1280 };
	struct rs_port *p = &rs.port[who];
	uint8_t link = p->link;

	if (who < RS_UP)
		*p = modes[mode % (sizeof(modes) / sizeof(modes[0]))];
	p->link = link;
	p->mtu = mtus[how & 3];
	p->csum = how & 4;
	p->tso = how & 4 && how & 8;
	p->tso6 = p->tso;
	p->ufo = p->tso && how & 1;
	p->mirror_in = how >> 4 & 1;
	p->mirror_out = how >> 5 & 1;
	p->allow_forged = how & 64;
	p->disabled = who < RS_UP && (how & 192) == 192;
	p->acl_in = who < RS_UP && what & 1;
	p->acl_out = who < RS_UP && what & 2;
	p->guards = who < RS_UP && what & 4 ? what >> 1 : 0;
	p->pcp = who < RS_UP && what & 128 ? 1 + (what & 7) : 0;
	p->address = "10.0.0.0/29";
}

void bed_begin(void)
{
	hold(rs_setup(NULL) == 0);
	rs.acl_rules[0] = "deny tcp flags syn/syn,ack";
	rs.acl_rules[1] = "deny udp to any port 53";
	rs.acl_rules[2] = "count tcp";
	for (unsigned who = 1; who <= RS_PORTS; who++)
		rs.port[who] = modes[0];
	for (unsigned who = 1; who < RS_DEVICES; who++) {
		rs.port[who].link = who == RS_UP2 ? TW_LINK_ABSENT : TW_LINK_UP;
		rs.port[who].mtu = 1500;
	}
	rs.port[3].vlan = 20;
	rs.port[4] = modes[3];
	rs.port[4].link = TW_LINK_UP;
	rs.port[4].mtu = 1500;
	rs_publish();
}

/* --- frames in --- */

static void free_block(void *addr, void *block)
{
	free(block);
}

static struct rte_mbuf *in_block(const uint8_t *octets, uint16_t len)
{
	struct rte_mbuf_ext_shared_info *info = malloc(sizeof(*info) + HEADROOM + len);
	struct rte_mbuf *m = rte_pktmbuf_alloc(rs.worker.pool);
	uint8_t *data = (uint8_t *)(info + 1);

	hold(info && m);
	info->free_cb = free_block;
	info->fcb_opaque = info;
	rte_mbuf_ext_refcnt_set(info, 1);
	rte_pktmbuf_attach_extbuf(m, data, (rte_iova_t)(uintptr_t)data, (uint16_t)(HEADROOM + len), info);
	m->data_off = HEADROOM;
	m->data_len = len;
	m->pkt_len = len;
	memcpy(data + HEADROOM, octets, len);
	return m;
}

static struct rte_mbuf *segment(const uint8_t *octets, uint16_t len, bool plain)
{
	if (plain)
		return rs_mbuf(octets, len);
	return in_block(octets, len);
}

struct rte_mbuf *bed_segments(const uint8_t *octets, size_t len, uint16_t first, bool plain)
{
	struct rte_mbuf *head = segment(octets, (uint16_t)RTE_MIN(len, first), plain), *last = head;
	size_t done = head->data_len;

	while (done < len) {
		size_t n = RTE_MIN(len - done, RTE_MAX((size_t)first, plain ? BED_ROOM : len / SEGMENTS + 1));

		last = last->next = segment(octets + done, (uint16_t)n, plain);
		head->nb_segs++;
		done += n;
	}
	head->pkt_len = (uint32_t)len;
	return head;
}
