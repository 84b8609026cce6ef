/* SPDX-License-Identifier: Apache-2.0 */
/*
 * record_test.c - what the flight recorder has of frames that went and of frames that were lost, at both their ends: on a
 * switch of one worker. See ringswitch.h.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dataplane/decide.h"
#include "dataplane/recorder.h"
#include "tests/support/ringswitch.h"

enum { FRAMES = 16 };

static struct tw_recorder *drops[RS_DEVICES], *frames[RS_DEVICES];

static int start(void **state)
{
	if (rs_setup(state))
		return -1;
	for (unsigned who = 1; who < RS_DEVICES; who++)
		rs.port[who].drops = drops[who] = tw_recorder_create(1, TW_RECORD_DROPS);
	rs_publish();
	return 0;
}

static int stop(void **state)
{
	int rc = rs_teardown(state);

	for (unsigned who = 1; who < RS_DEVICES; who++) {
		tw_recorder_destroy(drops[who]);
		tw_recorder_destroy(frames[who]);
		drops[who] = frames[who] = NULL;
	}
	return rc;
}

static void record_all(unsigned who)
{
	rs.port[who].frames = frames[who] = tw_recorder_create(1, FRAMES);
	rs_publish();
}

static void send(unsigned from, unsigned to)
{
	struct test_frame f = test_frame_udp(from, to);

	rs_send(from, &f);
	rs_run();
}

/* The recorder has just these, oldest first: "to 1 forward", "from 7 drop link_down 3" (of so many), as `other` sees them. */
static void has(const struct tw_recorder *recorder, const char *want)
{
	static const char *const actions[] = { [TW_ACT_DROP] = "drop",
					       [TW_ACT_FORWARD] = "forward",
					       [TW_ACT_FLOOD] = "flood",
					       [TW_ACT_HOLD] = "hold",
					       [TW_ACT_COPY] = "copy" };
	struct tw_recorded r[64];
	uint32_t n = tw_record_read(recorder->ring[0], r, 64);
	char text[1024] = "";
	int used = 0;

	for (uint32_t i = 0; i < n; i++) {
		unsigned other = 0;

		for (unsigned who = 1; who < RS_DEVICES; who++)
			if (r[i].other == rs_slot(who))
				other = who;
		used += snprintf(text + used, sizeof(text) - (size_t)used, "%s%s %u %s", i ? "; " : "",
				 r[i].to ? "from" : "to", other, actions[r[i].action]);
		if (r[i].action == TW_ACT_DROP)
			used += snprintf(text + used, sizeof(text) - (size_t)used, " %s %u", tw_drop_name(r[i].detail),
					 r[i].times);
	}
	assert_string_equal(text, want);
}

static void a_dropped_frame_is_told_at_both_its_ends(void **state)
{
	rs.port[2].link = TW_LINK_ABSENT;
	rs_publish();
	send(1, 2);
	has(drops[1], "to 2 drop link_down 1");
	has(drops[2], "from 1 drop link_down 1");
	has(drops[3], "");
	rs_expect_drops("2.link_down=1");
}

static void drops_of_one_flow_for_one_reason_are_one_entry(void **state)
{
	rs.port[2].link = TW_LINK_ABSENT;
	rs_publish();
	send(1, 2);
	send(1, 2);
	send(1, 3); /* another VLAN */
	send(1, 2);
	has(drops[1], "to 2 drop link_down 3; to 0 drop not_in_vlan 1");
	rs_expect_drops("1.not_in_vlan=1 2.link_down=3");
}

static void the_head_is_the_frame_s_and_says_its_length(void **state)
{
	struct test_frame f = test_frame_udp(1, 3);
	static uint8_t octets[TF_MAX];
	struct tw_recorded r;
	size_t len;

	f.payload = 300;
	len = test_frame_write(&f, octets);
	rs_send(1, &f);
	rs_run();
	assert_int_equal(tw_record_read(drops[1]->ring[0], &r, 1), 1);
	assert_int_equal(r.len, len);
	assert_int_equal(r.kept, TW_RECORD_HEAD);
	assert_memory_equal(r.head, octets, TW_RECORD_HEAD);
	rs_expect_drops("1.not_in_vlan=1");
}

static void a_full_ring_is_told_once_for_all_it_refused(void **state)
{
	struct test_frame f = test_frame_udp(1, 2);
	struct rte_mbuf *m;
	unsigned taken = 0;

	for (unsigned i = 0; i < RS_RING; i++)
		rs_send(1, &f);
	rs_run();
	for (unsigned i = 0; i < 40; i++)
		rs_send(1, &f);
	rs_run();
	has(drops[1], "to 2 drop ring_full 40");
	has(drops[2], "from 1 drop ring_full 40");
	for (; (m = rs_take(2)) != NULL; taken++)
		rte_pktmbuf_free(m);
	assert_int_equal(taken, RS_RING);
	rs_expect_drops("2.ring_full=40");
}

static void a_frame_too_short_is_told(void **state)
{
	rs_send_bytes(1, "short", 5);
	rs_run();
	has(drops[1], "to 0 drop short_frame 1");
	rs_expect_drops("1.short_frame=1");
}

static void all_frames_of_a_recorded_port_are_kept_from_it_and_to_it(void **state)
{
	struct test_frame there = test_frame_udp(1, 2), back = test_frame_udp(2, 1);

	record_all(1);
	send(1, 2);
	send(2, 1);
	send(1, 2);
	rs_expect(2, &there);
	rs_expect(2, &there);
	rs_expect(1, &back);
	has(frames[1], "to 2 forward; from 2 forward; to 2 forward");
	has(drops[1], "");
	rs_expect_drops("");
}

static void a_copy_of_a_group_frame_is_kept_where_it_goes(void **state)
{
	struct test_frame f = test_frame_udp(1, TF_EVERYBODY);
	unsigned copies = 0;

	record_all(1);
	record_all(5);
	rs_send(1, &f);
	rs_run();
	has(frames[1], "to 0 flood");
	has(frames[5], "from 1 flood");
	for (unsigned who = 1; who < RS_DEVICES; who++)
		for (struct rte_mbuf *m; (m = rs_take(who)) != NULL; copies++)
			rte_pktmbuf_free(m);
	assert_int_equal(copies, 4); /* 2, 5, the trunk and the uplink */
	rs_expect_drops("");
}

static void a_recorded_frame_that_is_lost_later_is_told_twice(void **state)
{
	struct test_frame f = test_frame_udp(1, 2);

	record_all(1);
	rs.port[2].mtu = 68;
	rs_publish();
	f.payload = 100;
	rs_send(1, &f);
	rs_run();
	has(frames[1], "to 2 forward");
	has(drops[1], "to 2 drop over_mtu 1");
	rs_expect_drops("2.over_mtu=1");
}

static void a_frame_that_waits_is_kept_as_waiting(void **state)
{
	struct rte_mbuf *m = NULL;

	record_all(2);
	rs.port[2].link = TW_LINK_HOLD;
	rs_publish();
	send(1, 2);
	has(frames[2], "from 1 hold");
	assert_int_equal(rte_ring_dequeue(rs.worker.hold[rs_slot(2)], (void **)&m), 0);
	rte_pktmbuf_free(m);
	rs_expect_drops("");
}

static void what_is_no_longer_recorded_is_kept_no_more(void **state)
{
	struct test_frame f = test_frame_udp(1, 2);

	record_all(1);
	send(1, 2);
	rs.port[1].frames = NULL;
	rs_publish();
	send(1, 2);
	rs_expect(2, &f);
	rs_expect(2, &f);
	has(frames[1], "to 2 forward");
	rs_expect_drops("");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, start, stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_dropped_frame_is_told_at_both_its_ends),
		TEST(drops_of_one_flow_for_one_reason_are_one_entry),
		TEST(the_head_is_the_frame_s_and_says_its_length),
		TEST(a_full_ring_is_told_once_for_all_it_refused),
		TEST(a_frame_too_short_is_told),
		TEST(all_frames_of_a_recorded_port_are_kept_from_it_and_to_it),
		TEST(a_copy_of_a_group_frame_is_kept_where_it_goes),
		TEST(a_recorded_frame_that_is_lost_later_is_told_twice),
		TEST(a_frame_that_waits_is_kept_as_waiting),
		TEST(what_is_no_longer_recorded_is_kept_no_more),
	};

	return cmocka_run_group_tests(tests, rs_group_setup, NULL);
}
