/* SPDX-License-Identifier: Apache-2.0 */
/* mirror_sampling_test.c - samples that are drawn by chance, and what copies tell of their frames: what sFlow needs. See ringswitch.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/ringswitch.h"

enum { BIT = 0, ROUNDS = 200, IN_A_ROUND = 20, FRAMES = ROUNDS * IN_A_ROUND, ONE_IN = 10 };

static const struct tw_tap_counters *counts(void)
{
	return &rs.worker.taps[BIT].count;
}

/* What comes from 1 and from the wire. */
static void sample(uint32_t one_in)
{
	rs.port[1].mirror_in = rs.port[RS_UP].mirror_in = 1 << BIT;
	rs.mirrors[BIT].random = true;
	rs.mirrors[BIT].sample = one_in;
	rs_publish();
}

static void discard(unsigned who)
{
	struct rte_mbuf *m;

	while ((m = rs_take(who)))
		rte_pktmbuf_free(m);
}

/* @return false: there is none */
static bool next_tag(struct tw_mirror_tag *tag)
{
	void *m;

	if (rte_ring_dequeue(rs.worker.mirrors, &m))
		return false;
	memcpy(tag, rte_mbuf_to_priv(m), sizeof(*tag));
	rte_pktmbuf_free(m);
	return true;
}

/* Six times what chance is expected to be off by: sqrt(4000 * 0.1 * 0.9) = 19. */
static void samples_are_drawn_by_chance(void **state)
{
	struct test_frame f = test_frame_udp(1, 2);
	uint32_t before = 0, gap, shortest = UINT32_MAX, longest = 0;
	struct tw_mirror_tag tag;
	unsigned n = 0;

	sample(ONE_IN);
	for (unsigned round = 0; round < ROUNDS; round++) {
		for (f.seq = 0; f.seq < IN_A_ROUND; f.seq++)
			rs_send(1, &f);
		rs_run();
		discard(2);
		while (next_tag(&tag)) {
			gap = tag.passed - before;
			before = tag.passed;
			shortest = RTE_MIN(gap, shortest);
			longest = RTE_MAX(gap, longest);
			n++;
		}
	}
	assert_in_range(n, FRAMES / ONE_IN - 6 * 19, FRAMES / ONE_IN + 6 * 19);
	assert_in_range(shortest, 1, 3); /* no step is kept */
	assert_in_range(longest, 2 * ONE_IN, FRAMES);
	assert_int_equal(counts()->seen, FRAMES);
	assert_int_equal(counts()->sampled_out, FRAMES - n);
	rs_expect_silence();
	rs_expect_drops("");
}

static void a_copy_knows_its_place_among_all_that_came(void **state)
{
	struct test_frame f = test_frame_udp(1, 2);
	const uint8_t runt[10] = { 0 };
	struct tw_mirror_tag tag;

	sample(1);
	for (f.seq = 0; f.seq < 3; f.seq++)
		rs_send(1, &f);
	rs_send_bytes(1, runt, sizeof(runt)); /* never gets so far */
	for (f.seq = 3; f.seq < 6; f.seq++)
		rs_send(1, &f);
	rs_run();
	discard(2);
	for (uint32_t i = 1; i <= 6; i++) {
		assert_true(next_tag(&tag));
		assert_int_equal(tag.passed, i);
		assert_int_equal(tag.number, 1);
		assert_int_equal(tag.slot, rs_slot(1));
		assert_int_equal(tag.worker, rs.worker.id);
	}
	assert_false(next_tag(&tag));
	assert_int_equal(tw_tap_passed(&rs.worker, rs_slot(1)), 6);
	rs_expect_drops("1.short_frame=1");
}

static void a_copy_tells_what_becomes_of_its_frame(void **state)
{
	const struct test_frame near = test_frame_udp(1, 2), far = test_frame_udp(1, RS_REMOTE),
				all = test_frame_udp(1, TF_EVERYBODY), refused = test_frame_udp(1, 3),
				back = test_frame_tagged(test_frame_udp(RS_REMOTE, 1), 5 << 13 | 10);
	struct tw_mirror_tag tag;

	sample(1);
	rs_send(1, &near);
	rs_send(1, &far);
	rs_send(1, &all);
	rs_send(1, &refused);
	rs_run();
	assert_true(next_tag(&tag));
	assert_int_equal(tag.fate, TW_FATE_PORT);
	assert_int_equal(tag.to, 2);
	assert_int_equal(tag.vlan, 10);
	assert_true(next_tag(&tag));
	assert_int_equal(tag.fate, TW_FATE_PORT);
	assert_int_equal(tag.to, TW_TAP_UPLINK + rs_slot(RS_UP));
	assert_true(next_tag(&tag));
	assert_int_equal(tag.fate, TW_FATE_MANY);
	assert_true(next_tag(&tag));
	assert_int_equal(tag.fate, TW_FATE_DROPPED);
	assert_int_equal(tag.to, TW_DROP_NOT_IN_VLAN);
	assert_int_equal(tag.drop, 0); /* it was not copied for that */
	rs_send(RS_UP, &back);
	rs_run();
	assert_true(next_tag(&tag));
	assert_int_equal(tag.fate, TW_FATE_PORT);
	assert_int_equal(tag.to, 1);
	assert_int_equal(tag.number, TW_TAP_UPLINK + rs_slot(RS_UP));
	assert_int_equal(tag.vlan, 10);
	assert_int_equal(tag.pcp_in, 5);
	assert_int_equal(tag.pcp_out, 5);
	assert_false(next_tag(&tag));
	for (unsigned who = 1; who < RS_DEVICES; who++)
		discard(who);
}

#define T(name) cmocka_unit_test_setup_teardown(name, rs_setup, rs_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(samples_are_drawn_by_chance),
		T(a_copy_knows_its_place_among_all_that_came),
		T(a_copy_tells_what_becomes_of_its_frame),
	};

	return cmocka_run_group_tests(tests, rs_group_setup, NULL);
}
