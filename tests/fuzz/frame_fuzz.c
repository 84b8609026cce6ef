/* SPDX-License-Identifier: Apache-2.0 */
/*
 * frame_fuzz.c - whole frames with whatever offload requests through a whole switch: parse, look up, decide, guards, access
 *                lists, count, mirror, edit, flood, hold, finish, transmit; and its configuration changing in between.
 *
 * An input is a list of operations (enum op, then octets that say what): configure a port, send a frame as raw octets in any
 * number of segments with requests that lie, send an honest frame that leaves checksums or segments to be done, let time
 * pass, let a guest that was held come back. After each frame the oracle (frame_oracle.c) looks at all that came out, and:
 *   - what came in is what went out, was dropped for a reason, or waits
 *   - a frame finished for a port that cannot do it has right checksums; none is larger than the port's MTU
 *   - at the end no buffer is lost, and the records count what guests sent, to the packet
 * Segments are heap blocks of their exact size, so that ASan sees one octet too far.
 */
#include <stdlib.h>
#include <string.h>

#include <rte_ethdev.h>

#include "tests/fuzz/frame_bed.h"
#include "tests/fuzz/frame_oracle.h"
#include "tests/support/ringswitch.h"

enum op { OP_PORT, OP_LINK, OP_RAW, OP_RAW_AGAIN, OP_HONEST, OP_TIME, OP_RELEASE, OPS };
enum { OPS_MAX = 24, RAW_MAX = 2000, WHO = 8 };

struct input {
	const uint8_t *p;
	size_t n;
};

static uint64_t from_guests; /* frames with a whole Ethernet header, this input */

static void hold(bool so)
{
	if (!so)
		abort();
}

static uint8_t take(struct input *in)
{
	if (in->n == 0)
		return 0;
	in->n--;
	return *in->p++;
}

static uint16_t take16(struct input *in)
{
	uint16_t high = take(in);

	return (uint16_t)(high << 8 | take(in));
}

static unsigned take_who(struct input *in)
{
	return 1u + take(in) % WHO;
}

/* --- frames out --- */

struct totals {
	uint64_t sent, dropped, waiting, parsed;
};

static struct totals totals(void)
{
	struct totals t = { 0 };

	for (unsigned who = 1; who < RS_DEVICES; who++) {
		const struct tw_counters *c = &rs.worker.counters[rs_slot(who)];

		t.sent += c->tx_packets;
		t.parsed += c->rx_packets - c->drops[TW_DROP_SHORT_FRAME];
		for (unsigned r = 0; r < TW_DROPS; r++)
			t.dropped += c->drops[r];
		if (who <= RS_PORTS)
			t.waiting += rte_ring_count(rs.worker.hold[rs_slot(who)]);
	}
	return t;
}

static void free_mirrored(void)
{
	void *m;

	while (rte_ring_dequeue(rs.worker.mirrors, &m) == 0)
		rte_pktmbuf_free(m);
}

static void send_one(unsigned who, struct rte_mbuf *m, const uint8_t *octets, size_t len, bool honest)
{
	struct totals before = totals(), after;
	struct sent sent = { 0 };
	uint64_t n[RS_DEVICES] = { 0 }, out = 0, ways = 0;
	bool polled = rs.port[who].link == TW_LINK_UP && rs.port[who].here;

	if (!polled) { /* nobody would take it from there */
		rte_pktmbuf_free(m);
		return;
	}
	if (len >= 14)
		sent = oracle_sent(who, octets, len, m->data_len);
	sent.honest = honest && !sent.payload && (octets[12] != 0x88 || octets[13] != 0xa8);
	rs_send_mbuf(who, m);
	rs_run();
	for (unsigned i = 1; i < RS_DEVICES; i++) {
		n[i] = oracle_look(i, &sent);
		out += n[i];
		ways += n[i] > 0;
	}
	free_mirrored();
	after = totals();
	hold(after.sent - before.sent == out);
	if (len >= 14 && octets[0] & 1) /* a copy or a drop for each way, one at least */
		hold(ways + after.dropped - before.dropped + after.waiting - before.waiting >= 1);
	else
		hold(ways + after.dropped - before.dropped + after.waiting - before.waiting == 1);
	if (who < RS_UP && after.parsed > before.parsed)
		from_guests++;
}

/* --- operations --- */

/* MACs are mostly those of the switch, or an input would seldom come past the first check. */
static void take_mac(struct input *in, uint8_t mac[6])
{
	uint8_t who = take(in);

	memcpy(mac, (const uint8_t[6]){ 2, 0, 0, 0, 0, who }, 6);
	if (who == 255)
		memset(mac, 0xff, 6);
	else if (who == 254)
		memcpy(mac, (const uint8_t[6]){ 0x33, 0x33, 0, 0, 0, 1 }, 6);
	else if (who == 253)
		memcpy(mac, (const uint8_t[6]){ 1, 0x80, 0xc2, 0, 0, 0 }, 6);
	else if (who == 252)
		memset(mac, 0, 6);
}

/* Requests as rte_vhost could make them of a virtio header, and as it could not. */
static void lie(struct input *in, struct rte_mbuf *m)
{
	static const uint64_t l4[] = { 0, RTE_MBUF_F_TX_TCP_CKSUM, RTE_MBUF_F_TX_UDP_CKSUM, RTE_MBUF_F_TX_SCTP_CKSUM };
	uint8_t how = take(in);

	if (!(how & 1))
		return;
	m->ol_flags |= l4[how >> 1 & 3] | (how & 8 ? RTE_MBUF_F_TX_IPV4 : 0) | (how & 16 ? RTE_MBUF_F_TX_IPV6 : 0) |
		       (how & 32 ? RTE_MBUF_F_TX_TCP_SEG : 0) | (how & 64 ? RTE_MBUF_F_TX_IP_CKSUM : 0) |
		       ((how & 68) == 68 ? RTE_MBUF_F_TX_UDP_SEG : 0);
	m->l2_len = (how & 128 ? take(in) : 14) & 0x7f;
	m->l3_len = (how & 128 ? take16(in) : 20) & 0x1ff;
	m->l4_len = take(in);
	m->tso_segsz = take16(in);
}

static void send_raw(struct input *in, unsigned times)
{
	static uint8_t octets[RAW_MAX];
	unsigned who = take_who(in);
	uint8_t first = take(in), shape = take(in);
	struct input request = *in;
	size_t n, len;

	for (int i = 0; i < 8; i++) /* the most lie() takes */
		take(in);
	take_mac(in, octets);
	take_mac(in, octets + 6);
	n = RTE_MIN((size_t)take(in), in->n);
	memcpy(octets + 12, in->p, n);
	in->p += n;
	in->n -= n;
	len = shape & 1 ? RTE_MIN(12 + n + (shape & 0xfeu) * 8u, (size_t)RAW_MAX) : 12 + n;
	memset(octets + 12 + n, 0xaa, len - 12 - n);
	if (shape == 2) /* a runt */
		len = first % 14u + 1;
	for (; times > 0; times--) {
		struct input copy = request;
		struct rte_mbuf *m = bed_segments(octets, len, first ? first : BED_ROOM, request.n && *request.p & 32);

		lie(&copy, m);
		send_one(who, m, octets, len, false);
	}
}

static void send_honest(struct input *in)
{
	static uint8_t octets[TF_MAX];
	unsigned who = take_who(in);
	uint8_t how = take(in), to = take(in);
	struct test_frame f = { .from = (uint8_t)(who >= RS_UP ? 99 : who),
				.to = to >= 128 ? TF_EVERYBODY : to,
				.tagged = how & 1,
				.tci = how & 1 ? take16(in) : 0,
				.protocol = how & 2 ? 6 : 17,
				.ip6 = how & 4,
				.sport = take16(in),
				.dport = take16(in),
				.payload = take16(in) % (how & 8 ? 60000 : 1400),
				.tcp_flags = 0x10 };
	uint16_t mss = (uint16_t)(500 + take(in) * 4);
	size_t len = test_frame_write(&f, octets), l4 = test_frame_l4(&f);
	struct rte_mbuf *m;

	if (how & 16)
		octets[l4 + (how & 2 ? 16 : 6)] ^= 0x5a;
	m = bed_segments(octets, len, BED_ROOM, how & 32);
	if (how & 16) {
		m->l2_len = test_frame_l3(&f) & 0x7f;
		m->l3_len = (l4 - test_frame_l3(&f)) & 0x1ff;
		m->ol_flags |= (f.ip6 ? RTE_MBUF_F_TX_IPV6 : RTE_MBUF_F_TX_IPV4) |
			       (f.protocol == 6 ? RTE_MBUF_F_TX_TCP_CKSUM : RTE_MBUF_F_TX_UDP_CKSUM);
	}
	if (how & 16 && how & 2 && how & 32) {
		m->ol_flags |= RTE_MBUF_F_TX_TCP_SEG;
		m->l4_len = 20;
		m->tso_segsz = mss;
	}
	send_one(who, m, octets, len, true);
}

/* What the main thread does when a guest between two hosts is back, or runs elsewhere. */
static void release(struct input *in)
{
	unsigned who = 1u + take(in) % RS_PORTS, to = take(in) & 1 ? RS_UP : who;
	struct rte_mbuf *m;

	while (rte_ring_count(rs.worker.inject) < 200 &&
	       rte_ring_dequeue(rs.worker.hold[rs_slot(who)], (void **)&m) == 0) {
		m->port = rs_slot(to);
		hold(rte_ring_enqueue(rs.worker.inject, m) == 0);
	}
	rs_run();
	for (unsigned i = 1; i < RS_DEVICES; i++)
		oracle_look(i, NULL);
	free_mirrored();
}

/* --- an input --- */

static void set_link(struct input *in)
{
	unsigned who = take_who(in);
	uint8_t link = take(in) % 4;

	rs.port[who].link = who >= RS_UP ? link & 1 : link;
	rs_publish();
}

static void do_one(struct input *in)
{
	switch ((enum op)(take(in) % OPS)) {
	case OP_PORT: {
		unsigned who = take_who(in);
		uint8_t mode = take(in), how = take(in);

		bed_set_port(who, mode, how, take(in));
		rs_publish();
		break;
	}
	case OP_LINK:
		set_link(in);
		break;
	case OP_RAW:
		send_raw(in, 1);
		break;
	case OP_RAW_AGAIN: /* a known flow */
		send_raw(in, 2);
		break;
	case OP_HONEST:
		send_honest(in);
		break;
	case OP_TIME:
		rs_warp(take(in) * 100u);
		rs_sweep();
		break;
	case OP_RELEASE:
		release(in);
		break;
	case OPS:
		break;
	}
}

static void hold_records(void)
{
	struct tw_flow_record r;
	uint64_t counted = 0;

	rs_warp(60000);
	rs_sweep();
	hold(tw_flow_cache_used(&rs.worker.cache) == 0 && rs.worker.stats.overflows == 0);
	while (rs_record(&r))
		counted += r.direction == 0 ? r.packets : 0;
	hold(counted == from_guests);
}

static void end(void)
{
	void *m;

	hold_records();
	for (unsigned who = 1; who <= RS_PORTS; who++)
		while (rte_ring_dequeue(rs.worker.hold[rs_slot(who)], &m) == 0)
			rte_pktmbuf_free(m);
	hold(rs_teardown(NULL) == 0); /* no buffer is lost */
}

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	setenv("CMOCKA_TEST_ABORT", "1", 1); /* what the bench finds wrong is a crash */
	return rs_group_setup(NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };

	bed_begin();
	from_guests = 0;
	for (int i = 0; i < OPS_MAX && in.n > 0; i++)
		do_one(&in);
	end();
	return 0;
}
