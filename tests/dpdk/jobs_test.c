/* SPDX-License-Identifier: Apache-2.0 */
/* jobs_test.c - what main asks of a worker's flow table: list, take, end, put. The test's clock. See ringswitch.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dataplane/flow_filter.h"
#include "tests/support/ringswitch.h"

static struct test_frame udp(unsigned from, unsigned to, unsigned sport)
{
	return (struct test_frame){ .from = (uint8_t)from,
				    .to = (uint8_t)to,
				    .protocol = 17,
				    .sport = (uint16_t)sport,
				    .dport = 2000,
				    .payload = 22 };
}

static void send_and_free(unsigned who, const struct test_frame *f, unsigned out)
{
	struct rte_mbuf *m;

	rs_send(who, f);
	rs_run();
	if (!out)
		return;
	m = rs_take(out);
	assert_non_null(m);
	rte_pktmbuf_free(m);
}

static struct tw_flow_record record(void)
{
	struct tw_flow_record r;

	assert_true(rs_record(&r));
	return r;
}

static void no_record(void)
{
	struct tw_flow_record r;

	assert_false(rs_record(&r));
}

static void about(uint64_t value, uint64_t expected)
{
	assert_in_range(value, expected, expected + 900); /* the machine's own time goes on between two rounds */
}

enum { FLOWS = 300 };

static void fill_table(void)
{
	struct test_frame f = udp(1, 2, 0);

	for (unsigned i = 0; i < FLOWS; i++) {
		f.sport = (uint16_t)i;
		send_and_free(1, &f, 2);
	}
	f = udp(2, 1, 1);
	send_and_free(2, &f, 1);
}

static struct tw_flow *room(uint32_t n)
{
	return aligned_alloc(64, n * sizeof(struct tw_flow));
}

static void list_shows_flows_and_counts_those_beyond_its_room(void **state)
{
	struct tw_job job = { .kind = TW_JOB_LIST, .slot = rs_slot(1), .capacity = 10, .flows = room(10) };
	struct tw_job all = { .kind = TW_JOB_LIST, .slot = TW_SLOT_NONE, .capacity = 400, .flows = room(400) };

	fill_table();
	assert_true(rs_job(&job) > 1); /* a piece a round */
	assert_int_equal(job.n, 10);
	assert_int_equal(job.total, FLOWS);
	for (unsigned i = 0; i < 10; i++) {
		assert_int_equal(job.flows[i].key.in, rs_slot(1));
		assert_int_equal(job.flows[i].packets, 1);
	}
	rs_job(&all);
	assert_int_equal(all.n, FLOWS + 1);
	assert_int_equal(all.total, FLOWS + 1);
	assert_int_equal(tw_flow_cache_used(&rs.worker.cache), FLOWS + 1);
	no_record();
	free(job.flows);
	free(all.flows);
	rs_expect_silence();
}

static void list_finds_what_is_asked_and_the_greatest_of_that(void **state)
{
	Tw__FlowFilter asked = TW__FLOW_FILTER__INIT;
	uint32_t ports[] = { 2 };
	struct tw_job best = { .kind = TW_JOB_LIST, .slot = TW_SLOT_NONE, .capacity = 1, .flows = room(1) };
	struct tw_job back = { .kind = TW_JOB_LIST, .slot = TW_SLOT_NONE, .capacity = 400, .flows = room(400) };
	struct test_frame f = udp(1, 2, 0);

	fill_table();
	f.sport = 77;
	send_and_free(1, &f, 2); /* its second frame */
	asked.ports = ports;
	asked.n_ports = 1;
	best.filter = tw_flow_filter_create(&asked, TW__FLOW_ORDER__FLOWS_PACKETS);
	assert_true(rs_job(&best) > 1);
	assert_int_equal(best.n, 1);
	assert_int_equal(best.total, FLOWS + 1);
	assert_int_equal(best.flows[0].packets, 2);
	assert_int_equal(best.flows[0].key.src_port[1], 77);
	asked.n_ports = 0;
	asked.l4_port = 1; /* of the one flow that goes back */
	back.filter = tw_flow_filter_create(&asked, TW__FLOW_ORDER__FLOWS_ANY);
	rs_job(&back);
	for (uint32_t i = 0; i < back.n; i++)
		assert_true(back.flows[i].key.src_port[1] == 1 || back.flows[i].key.dst_port[1] == 1);
	assert_true(back.n >= 1 && back.n == back.total && back.n < FLOWS);
	assert_int_equal(tw_flow_cache_used(&rs.worker.cache), FLOWS + 1);
	no_record();
	tw_flow_filter_destroy((struct tw_flow_filter *)(uintptr_t)best.filter);
	tw_flow_filter_destroy((struct tw_flow_filter *)(uintptr_t)back.filter);
	free(best.flows);
	free(back.flows);
	rs_expect_silence();
	rs_expect_drops("");
}

static void take_removes_without_a_record_and_ends_what_it_has_no_room_for(void **state)
{
	struct tw_job job = { .kind = TW_JOB_TAKE, .slot = rs_slot(1), .capacity = 200, .flows = room(200) };

	fill_table();
	rs_job(&job);
	assert_int_equal(job.n, 200);
	assert_int_equal(tw_flow_cache_used(&rs.worker.cache), 1);
	for (unsigned i = 200; i < FLOWS; i++)
		assert_int_equal(record().end_reason, TW_FLOW_END_FORCED);
	no_record();
	free(job.flows);
	rs_expect_silence();
}

static void end_writes_a_record_of_each_flow_of_the_port_alone(void **state)
{
	struct tw_job job = { .kind = TW_JOB_END, .slot = rs_slot(1) };

	fill_table();
	rs_job(&job);
	assert_int_equal(job.total, FLOWS);
	for (unsigned i = 0; i < FLOWS; i++) {
		struct tw_flow_record r = record();

		assert_int_equal(r.end_reason, TW_FLOW_END_FORCED);
		assert_int_equal(r.ingress, 1);
		assert_int_equal(r.packets, 1);
	}
	no_record();
	assert_int_equal(tw_flow_cache_used(&rs.worker.cache), 1);
	rs_expect_silence();
}

static void end_waits_for_a_full_record_ring_and_forwarding_does_not(void **state)
{
	struct tw_job job = { .kind = TW_JOB_END, .slot = rs_slot(1) };
	const struct test_frame f = udp(2, 1, 1);
	struct tw_flow_record r;
	unsigned records = 0;

	rs_resize(1024, 8, 16, 16);
	fill_table();
	assert_int_equal(rte_ring_enqueue(rs.worker.jobs, &job), 0);
	for (int i = 0; i < 10; i++)
		send_and_free(2, &f, 1);
	assert_false(atomic_load(&job.done));
	for (int i = 0; i < 200 && !atomic_load(&job.done); i++) {
		tw_worker_poll(&rs.worker);
		while (rs_record(&r))
			records += r.ingress == 1;
	}
	assert_true(atomic_load(&job.done));
	assert_int_equal(records, FLOWS);
	rs_expect_silence();
}

static void what_is_put_joins_what_is_there_and_becomes_one_record(void **state)
{
	struct tw_job take = { .kind = TW_JOB_TAKE, .slot = rs_slot(1), .capacity = 8, .flows = room(8) };
	struct tw_job put = { .kind = TW_JOB_PUT };
	struct test_frame f = udp(1, 2, 1000);
	struct tw_flow_record r;

	send_and_free(1, &f, 2);
	f.ttl = 3;
	send_and_free(1, &f, 2);
	rs_job(&take);
	assert_int_equal(take.n, 1);
	take.flows[0].generation = 0;
	rs_warp(2000);
	f.ttl = 100;
	f.payload = 200;
	send_and_free(1, &f, 2);
	put.flows = take.flows;
	put.n = 1;
	rs_job(&put);
	assert_int_equal(put.total, 1);
	rs_warp(15000);
	rs_sweep();
	r = record();
	no_record();
	assert_int_equal(r.packets, 3);
	assert_int_equal(r.l3_octets, 50 + 50 + 228);
	assert_int_equal(r.min_ttl, 3);
	assert_int_equal(r.max_ttl, 100);
	assert_int_equal(r.min_len, 50);
	assert_int_equal(r.max_len, 228);
	about(r.last_ms - r.first_ms, 2000);
	free(take.flows);
	rs_expect_silence();
}

static void what_finds_no_room_is_a_record_at_once(void **state)
{
	struct tw_job put = { .kind = TW_JOB_PUT, .n = 100, .flows = room(100) };

	rs_resize(64, 256, 16, 16);
	memset(put.flows, 0, 100 * sizeof(put.flows[0]));
	for (unsigned i = 0; i < 100; i++) {
		put.flows[i].key.flags = TW_FLOW_KEY_IPV4;
		put.flows[i].key.src_ip4[3] = (uint8_t)i;
		put.flows[i].key.in = rs_slot(1);
		put.flows[i].packets = 1;
		put.flows[i].verdict.flags = TW_V_METER;
	}
	rs_job(&put);
	assert_int_equal(put.total, tw_flow_cache_used(&rs.worker.cache));
	assert_in_range(put.total, 16, 32);
	for (unsigned i = (unsigned)put.total; i < 100; i++)
		assert_int_equal(record().end_reason, TW_FLOW_END_FORCED);
	no_record();
	rs_warp(60000);
	rs_sweep();
	for (unsigned i = 0; i < put.total; i++)
		assert_int_equal(record().packets, 1);
	no_record();
	free(put.flows);
}

static void what_was_judged_otherwise_is_not_put_together(void **state)
{
	struct tw_job take = { .kind = TW_JOB_TAKE, .slot = rs_slot(1), .capacity = 8, .flows = room(8) };
	struct tw_job put = { .kind = TW_JOB_PUT };
	const struct test_frame f = udp(1, 2, 1000);
	struct tw_flow_record r;

	send_and_free(1, &f, 2);
	rs_job(&take);
	assert_int_equal(take.n, 1);
	rs.port[2].here = false; /* from now on it goes nowhere known */
	rs_publish();
	send_and_free(1, &f, RS_UP);
	put.flows = take.flows;
	put.n = 1;
	rs_job(&put);
	assert_int_equal(put.total, 0);
	r = record();
	assert_int_equal(r.egress, 2);
	assert_int_equal(r.packets, 1);
	no_record();
	rs_warp(15000);
	rs_sweep();
	r = record();
	assert_int_equal(r.egress, 0);
	assert_int_equal(r.packets, 1);
	no_record();
	free(take.flows);
	rs_expect_silence();
}

static void a_queue_gives_up_its_flows_piece_by_piece(void **state)
{
	struct tw_job all = { .kind = TW_JOB_LIST, .slot = rs_slot(1), .capacity = 400, .flows = room(400) };
	struct tw_job none = {
		.kind = TW_JOB_MOVE, .slot = rs_slot(1), .queue = 1, .capacity = 200, .flows = room(200)
	};
	struct tw_job first = { .kind = TW_JOB_MOVE, .slot = rs_slot(1), .capacity = 200, .flows = room(200) };
	struct tw_job rest = { .kind = TW_JOB_MOVE, .slot = rs_slot(1), .capacity = 200, .flows = room(200) };

	fill_table();
	rs_job(&none);
	assert_int_equal(none.n, 0);
	rs_job(&first);
	assert_int_equal(first.n, 200);
	assert_int_equal(first.total, FLOWS);
	rs_job(&all);
	assert_int_equal(all.n, FLOWS - 200);
	rs_job(&rest);
	assert_int_equal(rest.n, FLOWS - 200);
	assert_int_equal(rest.total, FLOWS - 200);
	assert_int_equal(tw_flow_cache_used(&rs.worker.cache), 1); /* the other port's */
	no_record();
	free(all.flows);
	free(none.flows);
	free(first.flows);
	free(rest.flows);
	rs_expect_silence();
}

#define T(name) cmocka_unit_test_setup_teardown(name, rs_setup, rs_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(list_shows_flows_and_counts_those_beyond_its_room),
		T(list_finds_what_is_asked_and_the_greatest_of_that),
		T(take_removes_without_a_record_and_ends_what_it_has_no_room_for),
		T(end_writes_a_record_of_each_flow_of_the_port_alone),
		T(end_waits_for_a_full_record_ring_and_forwarding_does_not),
		T(what_is_put_joins_what_is_there_and_becomes_one_record),
		T(what_finds_no_room_is_a_record_at_once),
		T(what_was_judged_otherwise_is_not_put_together),
		T(a_queue_gives_up_its_flows_piece_by_piece),
	};

	return cmocka_run_group_tests_name("jobs", tests, rs_group_setup, NULL);
}
