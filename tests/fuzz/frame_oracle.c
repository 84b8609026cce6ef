/* SPDX-License-Identifier: Apache-2.0 */
/* frame_oracle.c - what must be so of what comes out; see frame_oracle.h. Spec: docs/vlan.md. One thread. */
#include "tests/fuzz/frame_oracle.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/model.pb-c.h"
#include "tests/support/ringswitch.h"

static void hold(bool so, const char *claim)
{
	if (so)
		return;
	fprintf(stderr, "not so: %s\n", claim);
	abort();
}

static unsigned be16(const uint8_t *p)
{
	return (unsigned)p[0] << 8 | p[1];
}

static bool is_tag(unsigned type)
{
	return type == 0x8100 || type == 0x88a8;
}

/* VLAN id of the tag at this place; 0 = no tag there, or a priority alone. */
static uint16_t vid_at(const uint8_t *frame, size_t len, size_t at)
{
	return at + 4 <= len && is_tag(be16(frame + at)) ? (uint16_t)(be16(frame + at + 2) & 0x0fff) : 0;
}

static bool is_uplink(unsigned who)
{
	return who >= RS_UP;
}

static uint16_t primary_of(uint16_t vlan)
{
	for (unsigned who = 1; who <= RS_PORTS; who++)
		if (rs.port[who].here && rs.port[who].secondary && rs.port[who].secondary == vlan)
			return rs.port[who].vlan;
	return vlan;
}

static bool opens_tcp(const uint8_t *frame, size_t len)
{
	size_t l3 = len >= 18 && is_tag(be16(frame + 12)) ? 18 : 14, l4 = len > l3 ? l3 + (frame[l3] & 15u) * 4 : 0;
	const uint8_t *ip = frame + l3;

	if (len < l3 + 20 || be16(ip - 2) != 0x0800 || ip[0] >> 4 != 4 || l4 < l3 + 20 || len < l4 + 14)
		return false;
	if (ip[9] != 6 || be16(ip + 6) & 0x1fff || be16(ip + 2) < l4 - l3 + 14)
		return false;
	return (frame[l4 + 13] & 0x12) == 0x02;
}

struct sent oracle_sent(unsigned who, const uint8_t *frame, size_t len, size_t first)
{
	const struct rs_port *p = &rs.port[who];
	struct sent s = { .who = who, .payload = p->tunnel };
	bool tagged = is_tag(be16(frame + 12));
	uint16_t vid = vid_at(frame, len, 12);

	s.wire = p->secondary ? p->secondary : is_uplink(who) ? 0 : p->vlan;
	if (!p->tunnel && (p->trunk || is_uplink(who)) && vid)
		s.wire = vid;
	s.inner = p->tunnel ? vid : tagged ? vid_at(frame, len, 16) : 0;
	s.opens = opens_tcp(frame, first);
	memcpy(s.dst, frame, 6);
	memcpy(s.src, frame + 6, 6);
	return s;
}

/* May a frame of this VLAN go there at all? */
static bool is_member(const struct rs_port *out, uint16_t wire)
{
	uint16_t vlan = primary_of(wire);

	if (out->trunk)
		return wire != 0 && (wire == out->vlan || (wire >= out->first && wire <= out->last));
	if (out->vlan != vlan)
		return false;
	if (wire == vlan || !out->secondary)
		return true;
	return wire == out->secondary && out->pvlan != TW__VLAN__PRIVATE__ISOLATED;
}

static bool takes_customer(const struct rs_port *out, uint16_t inner)
{
	return out->first == 0 || (inner >= out->first && inner <= out->last);
}

/* What the other side reads there is the VLAN that the frame is in. */
static void hold_vlan(const struct sent *s, unsigned who, const uint8_t *frame, size_t len)
{
	const struct rs_port *out = &rs.port[who];
	uint16_t vid = vid_at(frame, len, 12);

	if (is_uplink(who)) {
		hold(vid == s->wire, "the wire carries the sender's VLAN");
		return;
	}
	hold(is_member(out, s->wire), "the port is in the sender's VLAN");
	if (out->trunk)
		hold((vid ? vid : out->vlan) == s->wire, "a trunk's guest reads the sender's VLAN");
	else if (out->tunnel)
		hold(takes_customer(out, s->inner), "a tunnel lets only its customer's VLANs pass");
	else
		hold(!is_tag(be16(frame + 12)), "an access port's guest sees no tag");
}

static void hold_way(const struct sent *s, unsigned who)
{
	static const uint8_t local[5] = { 2, 0, 0, 0, 0 };
	unsigned to = memcmp(s->dst, local, 5) == 0 ? s->dst[5] : 0;
	bool late = to >= 1 && to <= RS_PORTS && rs.port[to].here && rs.port[to].link == TW_LINK_MOVED;

	hold(!is_uplink(s->who) || !is_uplink(who) || late, "nothing goes from uplink to uplink but what is late");
	hold(who != s->who || late, "nothing goes back where it came from");
	if (!(s->dst[0] & 1))
		hold(is_uplink(who) || to == who, "a unicast frame goes to its destination");
}

static void hold_sender(const struct sent *s)
{
	const struct rs_port *in = &rs.port[s->who];
	const uint8_t own[6] = { 2, 0, 0, 0, 0, (uint8_t)s->who };

	hold(!(s->src[0] & 1), "no frame has a group as its sender");
	hold(is_uplink(s->who) || in->allow_forged || memcmp(s->src, own, 6) == 0, "no guest forges its MAC");
	hold(is_uplink(s->who) || (in->here && !in->disabled), "a port that is down sends nothing");
}

static void hold_out(const struct sent *s, unsigned who, const uint8_t *frame, size_t len)
{
	hold(len >= 14 && memcmp(frame, s->dst, 6) == 0 && memcmp(frame + 6, s->src, 6) == 0,
	     "the MACs are the frame's");
	hold(rs.port[who].here && !rs.port[who].disabled && rs.port[who].link == TW_LINK_UP, "the port is up");
	hold_sender(s);
	hold(!s->opens || !(rs.port[s->who].acl_in || rs.port[who].acl_out), "what a list denies does not pass");
	hold_way(s, who);
	hold_vlan(s, who, frame, len);
}

static void hold_late(unsigned who, const uint8_t *frame, size_t len)
{
	const struct rs_port *out = &rs.port[who];
	uint16_t vid = len >= 14 ? vid_at(frame, len, 12) : 0;

	hold(len >= 14, "a frame has an Ethernet header");
	if (!is_uplink(who) && out->trunk)
		hold(is_member(out, vid ? vid : out->vlan), "a trunk's guest reads a VLAN of its own");
}

/* Ethernet header and up to three tags: a tunnel's may be put before two of a customer's. */
static uint32_t l2_len(const uint8_t *frame, uint32_t len)
{
	uint32_t l2 = 14;

	while (l2 <= 22 && len >= l2 + 4 && is_tag(be16(frame + l2 - 2)))
		l2 += 4;
	return l2;
}

static void hold_size(unsigned who, const struct rte_mbuf *m, const uint8_t *frame)
{
	const struct rs_port *out = &rs.port[who];
	bool super = m->ol_flags & RTE_MBUF_F_TX_TCP_SEG;

	if (super && out->tso)
		hold(m->l3_len + m->l4_len + m->tso_segsz <= out->mtu, "no segment is larger than the MTU");
	else
		hold(m->pkt_len <= l2_len(frame, m->pkt_len) + out->mtu, "no frame is larger than the MTU");
}

static void hold_finished(const struct sent *s, unsigned who, const struct rte_mbuf *m, const uint8_t *frame)
{
	const struct rs_port *out = &rs.port[who];
	bool left = m->ol_flags & RTE_MBUF_F_TX_L4_MASK;

	hold(out->csum || !left, "no checksum is left to a port that cannot do it");
	hold(out->tso || !(m->ol_flags & RTE_MBUF_F_TX_TCP_SEG), "no segmentation is left to a port that cannot do it");
	hold(out->ufo || !(m->ol_flags & RTE_MBUF_F_TX_UDP_SEG),
	     "no fragmentation is left to a port that cannot do it");
	if (s && s->honest && !left && l2_len(frame, m->pkt_len) <= 18)
		hold(test_frame_sums_hold(frame, m->pkt_len), "the checksums of a finished frame are right");
}

/* Each octet is read: a segment that is not there shows. */
static void read_all(const struct rte_mbuf *m, uint8_t *octets)
{
	uint32_t done = 0;

	rte_mbuf_sanity_check(m, 1);
	for (const struct rte_mbuf *s = m; s; done += s->data_len, s = s->next) {
		hold(done + s->data_len <= TF_MAX, "a frame is not endless");
		memcpy(octets + done, rte_pktmbuf_mtod(s, const void *), s->data_len);
	}
	hold(done == m->pkt_len, "a frame's segments are its length");
}

uint64_t oracle_look(unsigned who, const struct sent *sent)
{
	static uint8_t octets[TF_MAX];
	struct rte_mbuf *m;
	uint64_t n = 0;

	for (; (m = rs_take(who)); n++) {
		read_all(m, octets);
		if (sent) {
			hold_out(sent, who, octets, m->pkt_len);
			hold_size(who, m, octets);
		} else {
			hold_late(who, octets, m->pkt_len);
		}
		hold_finished(sent, who, m, octets);
		rte_pktmbuf_free(m);
	}
	return n;
}
