/* SPDX-License-Identifier: Apache-2.0 */
/*
 * offload_test.c - what a guest left to hardware is finished for those who cannot, exactly; lies about it are dropped.
 *
 * Requests look as rte_vhost makes them of a virtio header: flags, and lengths of the headers. See ringswitch.h.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <rte_ip.h>

#include "tests/support/ringswitch.h"

enum { MSS = 1448, HUGE = 65000 };

static uint8_t bytes[TF_MAX], expected[TF_MAX];

static struct test_frame tcp(unsigned from, unsigned to, uint32_t payload)
{
	return (struct test_frame){ .from = (uint8_t)from,
				    .to = (uint8_t)to,
				    .protocol = 6,
				    .sport = 1000,
				    .dport = 2000,
				    .payload = payload,
				    .seq = 0xfffffe00,
				    .tcp_flags = 0x19,
				    .ip_id = 0xfff8 };
}

/* The frame as a guest hands it over: what the field of the checksum holds is anybody's guess. */
static struct rte_mbuf *unfinished(const struct test_frame *f, uint16_t mss)
{
	size_t len = test_frame_write(f, bytes);
	struct rte_mbuf *m;

	bytes[test_frame_l4(f) + (f->protocol == 6 ? 16 : 6)] ^= 0x5a;
	m = rs_mbuf(bytes, len);
	m->l2_len = test_frame_l3(f) & 0x7f;
	m->l3_len = (test_frame_l4(f) - test_frame_l3(f)) & 0x1ff;
	m->ol_flags = (f->ip6 ? RTE_MBUF_F_TX_IPV6 : RTE_MBUF_F_TX_IPV4) |
		      (f->protocol == 6 ? RTE_MBUF_F_TX_TCP_CKSUM : RTE_MBUF_F_TX_UDP_CKSUM);
	if (mss) {
		m->ol_flags |= f->protocol == 6 ? RTE_MBUF_F_TX_TCP_SEG : RTE_MBUF_F_TX_UDP_SEG;
		m->l4_len = f->protocol == 6 ? 20 : 8;
		m->tso_segsz = mss;
	}
	return m;
}

static void unfinished_checksums_are_finished_for_a_port_that_needs_it(void **state)
{
	const struct test_frame cases[] = {
		{ .from = 1, .to = 2, .protocol = 17, .payload = 0 },
		{ .from = 1, .to = 2, .protocol = 17, .payload = 21, .sport = 9 },
		{ .from = 1, .to = 2, .protocol = 6, .payload = 1, .tcp_flags = 0x10 },
		{ .from = 1, .to = 2, .protocol = 6, .payload = 1460, .tcp_flags = 0x18 },
		{ .from = 1, .to = 2, .protocol = 17, .payload = 1001, .ip6 = true },
		{ .from = 1, .to = 2, .protocol = 6, .payload = 1440, .ip6 = true },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		rs_send_mbuf(1, unfinished(&cases[i], 0));
		rs_run();
		rs_expect(2, &cases[i]);
	}
	rs_expect_silence();
	rs_expect_drops("");
}

static void a_udp_checksum_that_comes_to_zero_is_sent_as_ones(void **state)
{
	struct test_frame f = { .from = 1, .to = 2, .protocol = 17, .payload = 2 };

	for (unsigned port = 0; port < 0x10000; port++) {
		f.sport = (uint16_t)port;
		test_frame_write(&f, expected);
		if (expected[40] == 0xff && expected[41] == 0xff)
			break;
	}
	assert_int_equal(expected[40], 0xff);
	rs_send_mbuf(1, unfinished(&f, 0));
	rs_run();
	rs_expect(2, &f);
	rs_expect_silence();
}

static void a_tag_that_comes_or_goes_moves_the_request_with_it(void **state)
{
	const struct test_frame push = tcp(1, 4, 100);
	struct test_frame pop = tcp(4, 1, 100), popped = pop, pushed = push;

	pop.tagged = pushed.tagged = true;
	pop.tci = pushed.tci = 10;
	rs_send_mbuf(1, unfinished(&push, 0));
	rs_send_mbuf(4, unfinished(&pop, 0));
	rs_run();
	rs_expect(4, &pushed);
	rs_expect(1, &popped);
	rs_expect_silence();
	rs_expect_drops("");
}

static void a_port_that_takes_unfinished_frames_gets_them_as_they_are(void **state)
{
	const struct test_frame f = tcp(1, 2, HUGE);
	struct rte_mbuf *m = unfinished(&f, MSS), *out;

	rs.port[2].csum = rs.port[2].tso = true;
	rs_publish();
	rs_send_mbuf(1, m);
	rs_run();
	out = rs_take(2);
	assert_ptr_equal(out, m); /* not even copied */
	assert_true(out->ol_flags & RTE_MBUF_F_TX_TCP_SEG);
	assert_int_equal(out->tso_segsz, MSS);
	rs_expect_mbuf(out, bytes, 54 + HUGE);
	rs_expect_silence();
	rs_expect_counters(2, 0, 0, 1, 54 + HUGE);
	rs_expect_drops("");
}

static void expect_segment(unsigned who, const struct test_frame *whole, uint32_t offset, uint32_t n, bool last,
			   unsigned i)
{
	struct test_frame f = *whole;
	size_t len;

	/* The payload's pattern depends on seq, as the whole frame's did. */
	f.seq += offset;
	f.payload = n;
	f.ip_id = (uint16_t)(f.ip_id + i);
	if (!last)
		f.tcp_flags &= (uint8_t)~0x09; /* FIN and PSH belong to the last */
	len = test_frame_write(&f, expected);
	assert_true(test_frame_sums_hold(expected, len));
	rs_expect_bytes(who, expected, len);
}

static unsigned expect_segments_of(uint32_t mss, unsigned who, const struct test_frame *whole)
{
	unsigned i = 0;

	for (uint32_t offset = 0; offset < whole->payload; offset += mss, i++) {
		uint32_t n = whole->payload - offset < mss ? whole->payload - offset : mss;

		expect_segment(who, whole, offset, n, offset + n == whole->payload, i);
	}
	return i;
}

static unsigned expect_segments(unsigned who, const struct test_frame *whole)
{
	return expect_segments_of(MSS, who, whole);
}

static void a_super_frame_is_cut_for_a_port_that_needs_it(void **state)
{
	const struct test_frame f = tcp(1, 2, HUGE);
	struct rte_mbuf *m = unfinished(&f, MSS);

	assert_true(m->nb_segs > 20);
	rs_send_mbuf(1, m);
	rs_run();
	assert_int_equal(expect_segments(2, &f), 45);
	rs_expect_silence();
	rs_expect_counters(1, 1, 54 + HUGE, 0, 0);
	rs_expect_counters(2, 0, 0, 45, 45 * 54 + HUGE);
	rs_expect_drops("");
}

/* Pieces of two buffers meet in a segment at an odd octet. */
static void segments_of_an_odd_length_have_right_checksums(void **state)
{
	const struct test_frame f = tcp(1, 2, 30000);

	for (uint16_t mss = 1337; mss < 1353; mss += 3) {
		rs_send_mbuf(1, unfinished(&f, mss));
		rs_run();
		assert_int_equal(expect_segments_of(mss, 2, &f), (30000 + mss - 1) / mss);
	}
	rs_expect_silence();
	rs_expect_drops("");
}

static void a_port_with_checksums_but_no_segmentation_gets_right_segments_too(void **state)
{
	const struct test_frame f = tcp(1, 2, 4000);

	rs.port[2].csum = true;
	rs_publish();
	rs_send_mbuf(1, unfinished(&f, MSS));
	rs_run();
	assert_int_equal(expect_segments(2, &f), 3);
	rs_expect_silence();
	rs_expect_drops("");
}

static void a_super_frame_is_tagged_and_cut_for_the_uplink(void **state)
{
	const struct test_frame f = tcp(1, RS_REMOTE, 30000);
	struct test_frame tagged = f;

	tagged.tagged = true;
	tagged.tci = 10;
	rs_send_mbuf(1, unfinished(&f, MSS));
	rs_run();
	assert_int_equal(expect_segments(RS_UP, &tagged), 21);
	rs_expect_silence();
	rs_expect_drops("");
}

static void a_flooded_super_frame_is_cut_for_some_and_whole_for_others(void **state)
{
	const struct test_frame f = tcp(1, TF_EVERYBODY, 5000);
	struct test_frame tagged = f;
	struct rte_mbuf *m;

	tagged.tagged = true;
	tagged.tci = 10;
	rs.port[5].csum = rs.port[5].tso = true;
	rs.port[4].link = TW_LINK_ABSENT;
	rs_publish();
	rs_send_mbuf(1, unfinished(&f, MSS));
	rs_run();
	expect_segments(2, &f);
	expect_segments(RS_UP, &tagged);
	m = rs_take(5);
	assert_non_null(m);
	assert_true(m->ol_flags & RTE_MBUF_F_TX_TCP_SEG);
	rs_expect_mbuf(m, bytes, 54 + 5000);
	rs_expect_silence();
	rs_expect_drops("");
}

static void frames_before_and_behind_a_super_frame_keep_their_places(void **state)
{
	struct test_frame small = tcp(1, 2, 10), big = tcp(1, 2, 3000);

	rs_send(1, &small);
	rs_send_mbuf(1, unfinished(&big, MSS));
	rs_send(1, &small);
	rs_run();
	rs_expect(2, &small);
	assert_int_equal(expect_segments(2, &big), 3);
	rs_expect(2, &small);
	rs_expect_silence();
	rs_expect_drops("");
}

static void a_super_frame_that_fits_one_segment_loses_its_request(void **state)
{
	const struct test_frame f = tcp(1, 2, 1000);
	struct rte_mbuf *m;

	rs_send_mbuf(1, unfinished(&f, MSS));
	rs_run();
	m = rs_take(2);
	assert_non_null(m);
	assert_int_equal(m->ol_flags & RTE_MBUF_F_TX_TCP_SEG, 0);
	rs_expect_mbuf(m, expected, test_frame_write(&f, expected));
	rs_expect_silence();
}

static void segments_too_large_for_the_destination_are_over_its_mtu(void **state)
{
	const struct test_frame f = tcp(1, 2, 20000), far = tcp(1, RS_REMOTE, 20000),
				group = tcp(1, TF_EVERYBODY, 20000);

	rs.port[1].mtu = 9000;
	rs.port[2].csum = rs.port[2].tso = true;
	rs.port[4].link = rs.port[5].link = TW_LINK_ABSENT;
	rs_publish();
	rs_send_mbuf(1, unfinished(&f, 8960));
	rs_send_mbuf(1, unfinished(&far, 8960));
	rs_send_mbuf(1, unfinished(&group, 8960));
	rs_run();
	rs_expect_silence();
	rs_expect_drops("2.over_mtu=2 up.over_mtu=2");
}

static void super_frames_of_ipv6_are_cut_too(void **state)
{
	struct test_frame f = tcp(1, 2, HUGE), far = tcp(1, RS_REMOTE, 30000), tagged;

	f.ip6 = far.ip6 = true;
	tagged = far;
	tagged.tagged = true;
	tagged.tci = 10;
	for (uint16_t mss = 1437; mss <= 1440; mss++) { /* the largest MTU lets through; odd ones too */
		rs_send_mbuf(1, unfinished(&f, mss));
		rs_run();
		assert_int_equal(expect_segments_of(mss, 2, &f), (HUGE + mss - 1) / mss);
	}
	rs_send_mbuf(1, unfinished(&far, 1428));
	rs_run();
	assert_int_equal(expect_segments_of(1428, RS_UP, &tagged), 22);
	rs_expect_silence();
	rs_expect_drops("");
}

static void a_guest_that_takes_super_frames_of_one_protocol_gets_the_other_cut(void **state)
{
	struct test_frame f4 = tcp(1, 2, 4000), f6 = f4;
	struct rte_mbuf *m;

	f6.ip6 = true;
	rs.port[2].csum = rs.port[2].tso = true;
	rs_publish();
	rs_send_mbuf(1, unfinished(&f6, 1428));
	rs_run();
	assert_int_equal(expect_segments_of(1428, 2, &f6), 3);
	rs.port[2].tso = false;
	rs.port[2].tso6 = true;
	rs_publish();
	rs_send_mbuf(1, unfinished(&f6, 1428));
	rs_send_mbuf(1, unfinished(&f4, MSS));
	rs_run();
	m = rs_take(2);
	assert_non_null(m);
	assert_int_equal(m->pkt_len, 74 + 4000);
	assert_true(m->ol_flags & RTE_MBUF_F_TX_TCP_SEG);
	rte_pktmbuf_free(m);
	assert_int_equal(expect_segments(2, &f4), 3);
	rs_expect_silence();
	rs_expect_drops("");
}

/* CWR says that this sender has slowed down: once (RFC 3168 section 6.1.2). */
static void of_the_segments_over_ipv6_the_first_alone_says_cwr(void **state)
{
	struct test_frame f = tcp(1, 2, 3000);
	unsigned with = 0;
	struct rte_mbuf *m;

	f.ip6 = true;
	f.tcp_flags = 0x90;
	rs_send_mbuf(1, unfinished(&f, 1000));
	rs_run();
	for (unsigned i = 0; i < 3; i++) {
		m = rs_take(2);
		assert_non_null(m);
		with += rte_pktmbuf_mtod(m, const uint8_t *)[54 + 13] & 0x80 ? 1u << i : 0;
		rte_pktmbuf_free(m);
	}
	assert_int_equal(with, 1);
	rs_expect_silence();
}

static void put16(uint8_t *at, unsigned value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static unsigned get16(const uint8_t *at)
{
	return (unsigned)at[0] << 8 | at[1];
}

/* The datagram put together again of fragments of IPv4 or IPv6, as a frame. @return its length */
static size_t reassemble(unsigned who, bool ip6, unsigned n, uint32_t mtu, uint8_t *out)
{
	uint32_t head = ip6 ? 54 : 34, done = 0;
	uint8_t id[4] = { 0 };
	struct rte_mbuf *m;

	for (unsigned i = 0; i < n; i++) {
		static uint8_t frame[TF_MAX];
		const uint8_t *p;
		uint32_t skip = ip6 ? 62 : 34, at, len;
		bool more;

		m = rs_take(who);
		assert_non_null(m);
		assert_true(m->pkt_len <= 14 + mtu);
		p = rte_pktmbuf_read(m, 0, m->pkt_len, frame);
		at = ip6 ? get16(p + 56) & ~7u : (get16(p + 20) & 0x1fff) * 8;
		more = ip6 ? p[57] & 1 : p[20] & 0x20;
		len = m->pkt_len - skip;
		assert_int_equal(at, done);
		assert_int_equal(more, i + 1 < n);
		assert_int_equal(ip6 ? p[54] : p[23], 17);
		assert_int_equal(get16(p + (ip6 ? 18 : 16)), m->pkt_len - (ip6 ? 54 : 14));
		if (ip6)
			assert_int_equal(p[20], 44);
		else
			assert_int_equal((uint16_t)~rte_raw_cksum(p + 14, 20), 0);
		if (i == 0) {
			memcpy(out, p, head);
			memcpy(id, p + (ip6 ? 58 : 18), ip6 ? 4 : 2);
		}
		assert_memory_equal(id, p + (ip6 ? 58 : 18), ip6 ? 4 : 2);
		memcpy(out + head + at, p + skip, len);
		done += len;
		rte_pktmbuf_free(m);
	}
	if (ip6) {
		put16(out + 18, done);
		out[20] = 17;
	} else {
		put16(out + 16, done + 20);
		put16(out + 20, 0);
		put16(out + 24, 0);
		put16(out + 24, 0xffffu ^ rte_be_to_cpu_16(rte_raw_cksum(out + 14, 20)));
	}
	return head + done;
}

static void a_large_datagram_is_cut_into_fragments_that_make_the_same_one(void **state)
{
	static uint8_t whole[TF_MAX];
	struct test_frame f = { .from = 1, .to = 2, .protocol = 17, .sport = 7, .dport = 9, .ip_id = 77 };
	const uint32_t sizes[] = { 1473, 2000, 9001, 65000 };

	for (unsigned ip6 = 0; ip6 < 2; ip6++)
		for (unsigned i = 0; i < 4; i++) {
			uint16_t piece = ip6 ? 1448 : 1480;

			f.ip6 = ip6;
			f.payload = sizes[i];
			rs_send_mbuf(1, unfinished(&f, (uint16_t)(piece + i))); /* rounded down to eight octets */
			rs_run();
			assert_int_equal(reassemble(2, ip6, (sizes[i] + 8 + piece - 1) / piece, 1500, whole),
					 test_frame_write(&f, expected));
			assert_memory_equal(whole, expected, test_frame_write(&f, expected));
		}
	rs_expect_silence();
	rs_expect_drops("");
}

static void a_guest_that_takes_large_datagrams_gets_them_whole(void **state)
{
	struct test_frame f = { .from = 1, .to = 2, .protocol = 17, .payload = 30000 };
	struct rte_mbuf *m;

	rs.port[2].csum = rs.port[2].ufo = true;
	rs_publish();
	rs_send_mbuf(1, unfinished(&f, 1480));
	rs_run();
	m = rs_take(2);
	assert_non_null(m);
	assert_true(m->ol_flags & RTE_MBUF_F_TX_UDP_SEG);
	assert_int_equal(m->tso_segsz, 1480);
	rs_expect_mbuf(m, bytes, 42 + 30000);
	rs_expect_silence();
	rs_expect_drops("");
}

/* A request with one thing wrong. */
static struct rte_mbuf *lie(unsigned n)
{
	struct test_frame f = tcp(1, 2, 3000);
	struct rte_mbuf *m;

	f.ip6 = n == 9;
	f.protocol = n == 13 || n == 14 ? 17 : 6;
	m = unfinished(&f, MSS);
	switch (n) {
	case 0:
		m->l2_len = 127;
		m->l3_len = 511;
		m->l4_len = 255;
		rte_pktmbuf_trim(m, (uint16_t)(m->pkt_len - 500));
		break;
	case 1:
		m->l3_len = 12;
		break;
	case 2:
		m->l2_len = 0;
		break;
	case 3:
		m->tso_segsz = 0;
		break;
	case 4:
		m->l4_len = 4;
		break;
	case 5: /* neither IPv4 nor IPv6 */
		m->ol_flags &= ~RTE_MBUF_F_TX_IPV4;
		break;
	case 6: /* 3,000 segments */
		m->tso_segsz = 1;
		break;
	case 7: /* more than there are */
		m->tso_segsz = UINT16_MAX;
		break;
	case 8: /* a fragment is no segment */
		rte_pktmbuf_mtod(m, uint8_t *)[14 + 6] = 0x20;
		break;
	case 9: /* a header of IPv6 with options before TCP */
		m->l3_len += 8;
		break;
	case 10: /* an IP header longer than was said */
		rte_pktmbuf_mtod(m, uint8_t *)[14] = 0x4f;
		break;
	case 11: /* headers that end in the second segment */
		m->l4_len = 60;
		m->l3_len = 20;
		m->pkt_len -= m->data_len - 60u;
		m->data_len = 60;
		break;
	case 13: /* fragments of less than eight octets */
		m->tso_segsz = 7;
		break;
	case 14: /* TCP and UDP at once */
		m->ol_flags |= RTE_MBUF_F_TX_TCP_SEG;
		break;
	case 15: /* UDP, says the request; TCP, says the frame */
		m->ol_flags ^= RTE_MBUF_F_TX_TCP_SEG | RTE_MBUF_F_TX_UDP_SEG;
		m->l4_len = 8;
		break;
	case 12: /* a checksum nobody here can do */
		m->ol_flags = RTE_MBUF_F_TX_IPV4 | RTE_MBUF_F_TX_SCTP_CKSUM;
		break;
	}
	return m;
}

static void requests_that_do_not_fit_the_frame_are_dropped_and_charged_to_their_sender(void **state)
{
	enum { LIES = 16 };

	rs.port[2].mtu = UINT16_MAX;
	rs_publish();
	for (unsigned n = 0; n < LIES; n++) {
		rs_send_mbuf(1, lie(n));
		rs_run();
		if (rs.worker.counters[rs_slot(1)].drops[TW_DROP_BAD_OFFLOAD] != n + 1)
			fail_msg("lie %u was believed", n);
	}
	rs_expect_silence();
	rs_expect_drops("1.bad_offload=16");
}

/* Not even to a guest that takes everything; but how small the pieces are is then its own affair. */
static void requests_that_lie_are_not_passed_on_either(void **state)
{
	rs.port[2].csum = rs.port[2].tso = rs.port[2].tso6 = rs.port[2].ufo = true;
	rs.port[2].mtu = UINT16_MAX;
	rs_publish();
	for (unsigned n = 0; n < 16; n++)
		if (n != 6 && n != 12)
			rs_send_mbuf(1, lie(n));
	rs_run();
	rs_expect_silence();
	rs_expect_drops("1.bad_offload=14");
}

static void without_buffers_a_super_frame_is_dropped_for_that(void **state)
{
	const struct test_frame f = tcp(1, 2, HUGE);
	struct rte_mbuf *m, *taken = NULL;

	rs_send_mbuf(1, unfinished(&f, MSS));
	while (rte_mempool_avail_count(rs.worker.pool) > 20) {
		m = rte_pktmbuf_alloc(rs.worker.pool);
		m->next = taken;
		taken = m;
	}
	rs_run();
	for (; taken; taken = m) {
		m = taken->next;
		taken->next = NULL;
		rte_pktmbuf_free(taken);
	}
	rs_expect_silence();
	rs_expect_drops("1.no_buffer=1");
}

#define T(name) cmocka_unit_test_setup_teardown(name, rs_setup, rs_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(unfinished_checksums_are_finished_for_a_port_that_needs_it),
		T(a_udp_checksum_that_comes_to_zero_is_sent_as_ones),
		T(a_tag_that_comes_or_goes_moves_the_request_with_it),
		T(a_port_that_takes_unfinished_frames_gets_them_as_they_are),
		T(a_super_frame_is_cut_for_a_port_that_needs_it),
		T(segments_of_an_odd_length_have_right_checksums),
		T(a_port_with_checksums_but_no_segmentation_gets_right_segments_too),
		T(a_super_frame_is_tagged_and_cut_for_the_uplink),
		T(a_flooded_super_frame_is_cut_for_some_and_whole_for_others),
		T(frames_before_and_behind_a_super_frame_keep_their_places),
		T(a_super_frame_that_fits_one_segment_loses_its_request),
		T(segments_too_large_for_the_destination_are_over_its_mtu),
		T(super_frames_of_ipv6_are_cut_too),
		T(a_guest_that_takes_super_frames_of_one_protocol_gets_the_other_cut),
		T(of_the_segments_over_ipv6_the_first_alone_says_cwr),
		T(a_large_datagram_is_cut_into_fragments_that_make_the_same_one),
		T(a_guest_that_takes_large_datagrams_gets_them_whole),
		T(requests_that_do_not_fit_the_frame_are_dropped_and_charged_to_their_sender),
		T(requests_that_lie_are_not_passed_on_either),
		T(without_buffers_a_super_frame_is_dropped_for_that),
	};

	return cmocka_run_group_tests_name("offload", tests, rs_group_setup, NULL);
}
