/* SPDX-License-Identifier: Apache-2.0 */
/* sample_test.c - where not each frame is counted: sums, drops, moves and changes of the sampling. The test's clock. See ringswitch.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <rte_random.h>

#include "dataplane/sample.h"
#include "tests/support/ringswitch.h"

static struct test_frame udp(unsigned sport)
{
	return (struct test_frame){
		.from = 1, .to = 2, .protocol = 17, .sport = (uint16_t)sport, .dport = 2000, .payload = 22
	};
}

static void sample(uint32_t interval, bool random)
{
	rs.flow_sample = interval;
	rs.flow_sample_random = random;
	rs_publish();
}

/* n of them; each goes out by port `out` (0: none does). */
static void send(const struct test_frame *f, unsigned n, unsigned out)
{
	for (unsigned i = 0; i < n; i++) {
		rs_send(f->from, f);
		rs_run();
		if (out)
			rs_expect(out, f);
	}
}

static void end_flows(void)
{
	rs_warp(rs.idle_s * 1000);
	rs_sweep();
}

struct sums {
	unsigned records;
	uint64_t packets, octets, refused;
};

/* All records there are; each says it was counted so. */
static struct sums sum(uint16_t sampling)
{
	struct sums all = { 0 };
	struct tw_flow_record r;

	for (; rs_record(&r); all.records++) {
		assert_int_equal(r.sampling, sampling);
		assert_true(r.packets > 0);
		all.packets += r.packets;
		all.octets += r.l3_octets;
		all.refused += r.forwarding == TW_FORWARDED ? 0 : r.packets;
	}
	return all;
}

static void one_in_so_many_is_counted_and_all_go_on(void **state)
{
	struct sums all;

	sample(10, false);
	for (unsigned i = 0; i < 300; i++) {
		struct test_frame f = udp(1000 + i % 7);

		send(&f, 1, 2);
	}
	end_flows();
	all = sum(tw_sampling(10, false));
	assert_int_equal(all.packets, 30);
	assert_int_equal(all.octets, 30 * 50);
	assert_int_equal(all.records, 7);
	rs_expect_counters(2, 0, 0, 300, 300 * 64);
	rs_expect_drops("");
	rs_expect_silence();
}

static void a_flow_of_which_nothing_was_counted_leaves_no_record(void **state)
{
	struct test_frame f = udp(1000);

	sample(10, false);
	send(&f, 9, 2);
	end_flows();
	assert_int_equal(sum(0).records, 0);
	assert_int_equal(tw_flow_cache_used(&rs.worker.cache), 0);
	send(&f, 1, 2); /* the tenth */
	end_flows();
	assert_int_equal(sum(tw_sampling(10, false)).packets, 1);
}

static void a_record_has_the_times_and_extremes_of_what_was_counted(void **state)
{
	struct test_frame f = udp(1000);
	struct tw_flow_record r;

	rs_still();
	sample(3, false);
	for (unsigned i = 0; i < 8; i++) { /* the third and the sixth are counted */
		f.ttl = (uint8_t)(10 + i);
		send(&f, 1, 2);
		rs_warp(1000);
	}
	end_flows();
	assert_true(rs_record(&r));
	assert_int_equal(r.packets, 2);
	assert_int_equal(r.min_ttl, 12);
	assert_int_equal(r.max_ttl, 15);
	assert_int_equal(r.last_ms - r.first_ms, 3000);
	assert_int_equal(sum(0).records, 0);
}

static void a_random_sample_takes_one_of_each_run_and_any_of_them(void **state)
{
	enum { N = 50, RUNS = 5000 };
	const double expected = (double)RUNS / N;
	unsigned taken[N] = { 0 }, again = 0;
	struct tw_sampler s = { 0 };
	double chi = 0;

	rte_srand(7);
	tw_sampler_set(&s, tw_sampling(N, true));
	for (unsigned run = 0; run < RUNS; run++) {
		unsigned n = 0;

		for (unsigned i = 0; i < N; i++)
			if (tw_sampler_takes(&s)) {
				taken[i]++;
				n++;
			}
		assert_int_equal(n, 1);
	}
	for (unsigned i = 0; i < N; i++)
		chi += (taken[i] - expected) * (taken[i] - expected) / expected;
	assert_true(chi > 23 && chi < 86); /* 49 degrees of freedom: one in a thousand is outside */
	rte_srand(7);
	tw_sampler_set(&s, tw_sampling(N, true));
	for (unsigned i = 0; i < N; i++)
		again += tw_sampler_takes(&s) * i;
	rte_srand(7);
	tw_sampler_set(&s, tw_sampling(N, true));
	for (unsigned i = 0; i < N; i++)
		again -= tw_sampler_takes(&s) * i;
	assert_int_equal(again, 0); /* the same seed, the same choice */
}

static void what_is_refused_is_sampled_like_what_passes(void **state)
{
	struct test_frame f = {
		.from = 1, .to = 2, .protocol = 6, .sport = 9, .dport = 22, .payload = 22, .tcp_flags = 16
	};
	struct test_frame syn = f, gone = udp(3);
	struct sums all;

	syn.tcp_flags = 2;
	gone.to = 3; /* of another VLAN */
	rs.acl_rules[0] = "deny tcp flags syn/syn,ack";
	rs.port[1].acl_in = true;
	sample(3, false);
	for (unsigned i = 0; i < 60; i++) {
		send(&f, 1, 2);
		send(&syn, 1, 0);
		send(&gone, 2, 0);
		send(&syn, 1, 0);
	}
	end_flows();
	all = sum(tw_sampling(3, false));
	assert_int_equal(all.packets, 100);
	assert_int_equal(all.refused, 80);
	rs_expect_drops("1.acl_ingress=120 1.not_in_vlan=120");
	rs_expect_silence();
}

static void what_a_rate_refuses_is_sampled_too(void **state)
{
	struct test_frame in = udp(1), out = udp(2);
	struct sums all;

	rs_still();
	out.to = 5;
	rs.port[1].ingress_pps = (struct rs_rate){ 1000, 60 };
	rs.port[5].egress_pps = (struct rs_rate){ 1000, 20 };
	sample(4, false);
	for (unsigned i = 0; i < 40; i++)
		rs_send(1, &out);
	rs_run();
	for (unsigned i = 0; i < 20; i++)
		rs_expect(5, &out);
	for (unsigned i = 0; i < 40; i++)
		rs_send(1, &in);
	rs_run();
	for (unsigned i = 0; i < 20; i++)
		rs_expect(2, &in);
	end_flows();
	all = sum(tw_sampling(4, false));
	assert_int_equal(all.packets, 20);
	assert_int_equal(all.refused, 10);
	rs_expect_drops("1.rate_ingress=20 5.rate_egress=20");
	rs_expect_silence();
}

static void what_finds_no_room_is_sampled_too(void **state)
{
	struct sums all;

	rs_resize(64, 1024, 4, 4);
	sample(5, false);
	for (unsigned i = 0; i < 500; i++) {
		struct test_frame f = udp(1000 + i);

		send(&f, 1, 2);
	}
	end_flows();
	all = sum(tw_sampling(5, false));
	assert_int_equal(all.packets, 100);
	assert_true(rs.worker.stats.overflows > 400);
}

static void a_change_ends_the_flows_and_mixes_nothing(void **state)
{
	struct test_frame busy = udp(1), quiet = udp(2);
	struct tw_flow_record r;

	send(&busy, 7, 2);
	send(&quiet, 4, 2);
	sample(10, false);
	rs_sweep();
	for (unsigned i = 0; i < 2; i++) {
		assert_true(rs_record(&r));
		assert_int_equal(r.end_reason, TW_FLOW_END_FORCED);
		assert_int_equal(r.sampling, TW_SAMPLE_ALL);
		assert_int_equal(r.packets, r.src_port == 1 ? 7 : 4);
	}
	send(&busy, 40, 2);
	sample(2, true);
	send(&busy, 2, 2); /* its next frame comes before the hand that goes round */
	assert_true(rs_record(&r));
	assert_int_equal(r.end_reason, TW_FLOW_END_FORCED);
	assert_int_equal(r.sampling, tw_sampling(10, false));
	assert_int_equal(r.packets, 4);
	sample(0, false);
	send(&busy, 3, 2);
	assert_true(rs_record(&r));
	assert_int_equal(r.sampling, tw_sampling(2, true));
	assert_int_equal(r.packets, 1);
	end_flows();
	assert_true(rs_record(&r));
	assert_int_equal(r.end_reason, TW_FLOW_END_IDLE);
	assert_int_equal(r.sampling, TW_SAMPLE_ALL);
	assert_int_equal(r.packets, 3);
	assert_int_equal(sum(0).records, 0);
	rs_publish(); /* any other change ends nothing */
	send(&busy, 1, 2);
	rs_publish();
	rs_sweep();
	assert_int_equal(sum(0).records, 0);
}

/* Frames of a flow whose former counts cannot leave yet are told as those that found no room. */
static void a_change_while_the_record_ring_is_full_mixes_nothing(void **state)
{
	uint64_t all = 0, sampled = 0;
	struct tw_flow_record r;

	rs_resize(64, 8, 4, 4);
	for (unsigned i = 0; i < 20; i++) {
		struct test_frame f = udp(1000 + i);

		send(&f, 2, 2);
	}
	sample(2, false);
	rs_sweep();
	assert_int_equal(rte_ring_count(rs.worker.records), 8);
	for (unsigned i = 0; i < 20; i++) {
		struct test_frame f = udp(1000 + i);

		send(&f, 2, 2);
	}
	for (unsigned round = 0; round < 40; round++) {
		while (rs_record(&r)) {
			assert_true(r.sampling == TW_SAMPLE_ALL || r.sampling == tw_sampling(2, false));
			*(r.sampling ? &sampled : &all) += r.packets;
		}
		rs_warp(2000);
		rs_sweep();
	}
	assert_int_equal(all, 40);
	assert_int_equal(sampled, 20);
	assert_int_equal(tw_flow_cache_used(&rs.worker.cache), 0);
	rs_expect_silence();
}

static struct tw_flow *room(unsigned n)
{
	return aligned_alloc(_Alignof(struct tw_flow), n * sizeof(struct tw_flow));
}

static void flows_that_move_keep_what_they_were_counted_by(void **state)
{
	struct tw_job take = { .kind = TW_JOB_TAKE, .slot = rs_slot(1), .capacity = 8, .flows = room(8) };
	struct tw_job put = { .kind = TW_JOB_PUT };
	struct test_frame f = udp(1);
	struct tw_flow_record r;

	sample(2, false);
	send(&f, 6, 2);
	rs_job(&take);
	assert_int_equal(take.n, 1);
	put.n = take.n;
	put.flows = take.flows;
	rs_job(&put);
	send(&f, 4, 2);
	end_flows();
	assert_int_equal(sum(tw_sampling(2, false)).packets, 5);

	put.done = false;
	put.cursor = 0;
	put.total = 0;
	sample(4, false); /* a host that counts otherwise */
	send(&f, 4, 2);
	rs_job(&put);
	assert_int_equal(put.total, 0);
	assert_true(rs_record(&r));
	assert_int_equal(r.sampling, tw_sampling(2, false));
	assert_int_equal(r.packets, 3);
	end_flows();
	assert_int_equal(sum(tw_sampling(4, false)).packets, 1);
	free(take.flows);
}

static void what_is_not_metered_here_is_not_sampled(void **state)
{
	struct test_frame remote = { .from = RS_REMOTE,
				     .to = 1,
				     .protocol = 17,
				     .sport = 1,
				     .dport = 2,
				     .payload = 22,
				     .tagged = true,
				     .tci = 10 };
	struct test_frame f = udp(1), plain = remote;

	plain.tagged = false;
	plain.tci = 0;
	sample(2, false);
	for (unsigned i = 0; i < 10; i++) {
		rs_send(RS_UP, &remote);
		rs_run();
		rs_expect(1, &plain);
		send(&f, 1, 2);
	}
	end_flows();
	assert_int_equal(sum(tw_sampling(2, false)).packets, 5);
}

#define T(name) cmocka_unit_test_setup_teardown(name, rs_setup, rs_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(one_in_so_many_is_counted_and_all_go_on),
		T(a_flow_of_which_nothing_was_counted_leaves_no_record),
		T(a_record_has_the_times_and_extremes_of_what_was_counted),
		T(a_random_sample_takes_one_of_each_run_and_any_of_them),
		T(what_is_refused_is_sampled_like_what_passes),
		T(what_a_rate_refuses_is_sampled_too),
		T(what_finds_no_room_is_sampled_too),
		T(a_change_ends_the_flows_and_mixes_nothing),
		T(a_change_while_the_record_ring_is_full_mixes_nothing),
		T(flows_that_move_keep_what_they_were_counted_by),
		T(what_is_not_metered_here_is_not_sampled),
	};

	return cmocka_run_group_tests(tests, rs_group_setup, NULL);
}
