/* SPDX-License-Identifier: Apache-2.0 */
/* flow_biflow_test.c - which records are paired, for how long one waits, and that none is lost or told twice (flowexport/biflow.h). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "flowexport/biflow.h"

#define START_MS UINT64_C(1800000000000)

enum { CLIENT = 1, SERVER = 2 }; /* ports of the switch */

static struct tw_biflow *stage;
static struct tw_biflow_pair out;

static int set_up(void **state)
{
	stage = tw_biflow_create();
	return stage ? 0 : -1;
}

static int tear_down(void **state)
{
	tw_biflow_destroy(stage);
	return 0;
}

/* TCP from the client's port 40000 to the server's 443. */
static struct tw_flow_record request(uint64_t first_ms, uint64_t packets)
{
	return (struct tw_flow_record){ .ingress = CLIENT,
					.egress = SERVER,
					.src_mac = { 2, 0, 0, 0, 0, CLIENT },
					.dst_mac = { 2, 0, 0, 0, 0, SERVER },
					.ethertype = 0x0800,
					.vlan = 10,
					.post_vlan = 10,
					.key_flags = TW_FLOW_KEY_IPV4,
					.src_ip = { 10, 0, 0, CLIENT },
					.dst_ip = { 10, 0, 0, SERVER },
					.src_port = 40000,
					.dst_port = 443,
					.protocol = 6,
					.end_reason = TW_FLOW_END_DETECTED,
					.forwarding = TW_FORWARDED,
					.packets = packets,
					.l3_octets = packets * 100,
					.l2_octets = packets * 114,
					.first_ms = START_MS + first_ms,
					.last_ms = START_MS + first_ms + 10 };
}

static void swap(void *a, void *b, size_t size)
{
	uint8_t *x = a, *y = b;

	for (size_t i = 0; i < size; i++) {
		uint8_t octet = x[i];

		x[i] = y[i];
		y[i] = octet;
	}
}

static struct tw_flow_record turned(struct tw_flow_record r)
{
	swap(&r.ingress, &r.egress, sizeof(r.ingress));
	swap(r.src_mac, r.dst_mac, sizeof(r.src_mac));
	swap(r.src_ip, r.dst_ip, sizeof(r.src_ip));
	swap(&r.src_port, &r.dst_port, sizeof(r.src_port));
	return r;
}

static struct tw_flow_record answer(uint64_t first_ms, uint64_t packets)
{
	return turned(request(first_ms, packets));
}

static bool add(struct tw_flow_record record, uint64_t after_ms)
{
	return tw_biflow_add(stage, &record, 0, START_MS + after_ms, &out);
}

static bool take(uint64_t after_ms)
{
	return tw_biflow_take(stage, false, START_MS + after_ms, &out);
}

static void two_directions_leave_as_one_record_whichever_ends_first(void **state)
{
	assert_false(add(request(0, 3), 100));
	assert_int_equal(tw_biflow_counts(stage).waiting, 1);
	assert_true(add(answer(1, 5), 200));
	assert_true(out.is_paired);
	assert_int_equal(out.forward.record.packets, 3);
	assert_int_equal(out.reverse.record.packets, 5);
	assert_false(add(answer(1001, 7), 1200));
	assert_true(add(request(1000, 4), 1300));
	assert_int_equal(out.forward.record.packets, 4);
	assert_int_equal(out.reverse.record.packets, 7);
	assert_int_equal(tw_biflow_counts(stage).waiting, 0);
	assert_int_equal(tw_biflow_counts(stage).biflows, 2);
	assert_int_equal(tw_biflow_counts(stage).uniflows, 0);
	assert_false(tw_biflow_take(stage, true, START_MS, &out));
}

static void forward_is_who_began_or_in_one_millisecond_the_higher_port(void **state)
{
	assert_false(add(request(5, 1), 100));
	assert_true(add(answer(4, 1), 100));
	assert_int_equal(out.forward.record.ingress, SERVER);
	assert_false(add(answer(5, 1), 100));
	assert_true(add(request(5, 1), 100));
	assert_int_equal(out.forward.record.ingress, CLIENT);
}

static void who_began_stays_so_while_the_conversation_goes_on(void **state)
{
	struct tw_flow_record first = request(0, 1), later = request(60002, 1), last = request(120005, 1);

	first.end_reason = later.end_reason = TW_FLOW_END_ACTIVE;
	assert_false(add(first, 60000));
	assert_true(add(answer(1, 1), 60001));
	assert_int_equal(out.forward.record.ingress, CLIENT);
	assert_false(add(answer(60001, 1), 120000));
	assert_true(add(later, 120001)); /* the answer's frame was the first of this minute */
	assert_int_equal(out.forward.record.ingress, CLIENT);
	assert_false(add(answer(120002, 1), 180000));
	assert_true(add(last, 180001));
	assert_int_equal(out.forward.record.ingress, CLIENT);
	/* It is over. The next one of the same addresses and ports has its own beginning. */
	assert_false(add(answer(200000, 1), 200100));
	assert_true(add(request(200001, 1), 200100));
	assert_int_equal(out.forward.record.ingress, SERVER);
}

static void a_record_waits_ten_seconds_and_leaves_alone(void **state)
{
	assert_false(add(request(0, 3), 100));
	assert_false(take(100 + TW_BIFLOW_WAIT_MS - 1));
	assert_true(take(100 + TW_BIFLOW_WAIT_MS));
	assert_false(out.is_paired);
	assert_int_equal(out.forward.record.packets, 3);
	assert_false(take(100 + TW_BIFLOW_WAIT_MS));
	assert_false(add(answer(1, 5), 11000)); /* too late */
	assert_int_equal(tw_biflow_counts(stage).uniflows, 1);
	assert_true(take(10)); /* the clock was set back */
	assert_int_equal(out.forward.record.packets, 5);
}

static void records_of_one_direction_are_paired_in_their_order(void **state)
{
	for (uint64_t i = 1; i <= 3; i++)
		assert_false(add(request(i * 1000, i), i * 1000));
	for (uint64_t i = 1; i <= 3; i++) {
		assert_true(add(answer(i * 1000 + 1, i + 10), 4000));
		assert_int_equal(out.forward.record.packets, i);
		assert_int_equal(out.reverse.record.packets, i + 10);
	}
	assert_false(add(answer(4000, 14), 4000));
}

static void each_end_has_its_own_tos_label_priority_and_macs(void **state)
{
	struct tw_flow_record r = answer(1, 1);

	r.tos = 0xb8;
	r.flow_label = 0x12345;
	r.vlan_priority = 5;
	r.src_mac[5] = 0x77; /* a router's own, where the other direction goes to the one that routers share */
	assert_false(add(request(0, 1), 0));
	assert_true(add(r, 0));
	assert_true(out.is_paired);
}

static void what_differs_is_another_conversation(void **state)
{
	struct tw_flow_record r = answer(0, 1);

	assert_false(add(request(0, 1), 0));
	r.vlan = r.post_vlan = 11;
	assert_false(add(r, 0));
	r = answer(0, 1);
	r.egress = 3;
	assert_false(add(r, 0));
	r = answer(0, 1);
	r.dst_port++;
	assert_false(add(r, 0));
	r = answer(0, 1);
	r.protocol = 17;
	assert_false(add(r, 0));
	r = answer(0, 1);
	r.src_ip[3]++;
	assert_false(add(r, 0));
	assert_false(add(request(0, 1), 0)); /* the same direction */
	assert_int_equal(tw_biflow_counts(stage).waiting, 7);
}

static void the_refused_leave_alone_and_at_once(void **state)
{
	static const uint8_t refused[] = { TW_DROPPED, TW_DROPPED_POLICY, TW_DROPPED_POLICER };

	for (size_t i = 0; i < sizeof(refused); i++) {
		struct tw_flow_record r = request(0, 9);

		r.forwarding = refused[i];
		assert_false(add(answer(1, 5), 0)); /* what went through waits for what went through, */
		assert_true(add(r, 0));
		assert_false(out.is_paired);
		assert_int_equal(out.forward.record.packets, 9);
		assert_true(add(request(0, 3), 0)); /* and finds it */
		assert_true(out.is_paired);
		assert_int_equal(out.forward.record.packets, 3);
		assert_int_equal(out.reverse.record.packets, 5);
	}
}

static void what_nobody_answers_does_not_wait(void **state)
{
	struct tw_flow_record group = request(0, 1), many = request(0, 1), unreachable = request(0, 1),
			      itself = request(0, 1);

	group.dst_mac[0] = 1;
	many.key_flags = TW_FLOW_KEY_MANY;
	unreachable.key_flags |= TW_FLOW_KEY_ICMP;
	unreachable.protocol = 1;
	unreachable.dst_port = 3 << 8 | 3;
	memcpy(itself.dst_ip, itself.src_ip, sizeof(itself.dst_ip));
	itself.dst_port = itself.src_port;
	itself.egress = itself.ingress;
	assert_true(add(group, 0));
	assert_true(add(many, 0));
	assert_true(add(unreachable, 0));
	assert_true(add(itself, 0));
	assert_int_equal(tw_biflow_counts(stage).uniflows, 4);
	assert_int_equal(tw_biflow_counts(stage).crowded, 0);
}

static struct tw_flow_record icmp(struct tw_flow_record r, uint8_t type, uint8_t version)
{
	r.key_flags = (version == 4 ? TW_FLOW_KEY_IPV4 : TW_FLOW_KEY_IPV6) | TW_FLOW_KEY_ICMP;
	r.protocol = version == 4 ? 1 : 58;
	r.src_port = 0;
	r.dst_port = (uint16_t)(type << 8);
	return r;
}

static void a_query_finds_its_reply_and_no_other_query(void **state)
{
	static const uint8_t exchanges[][3] = { { 4, 8, 0 }, { 4, 13, 14 }, { 6, 128, 129 }, { 6, 135, 136 } };

	for (size_t i = 0; i < sizeof(exchanges) / sizeof(*exchanges); i++) {
		const uint8_t *x = exchanges[i];

		assert_false(add(icmp(answer(0, 1), x[2], x[0]), 0));
		assert_false(add(icmp(answer(0, 2), x[1], x[0]), 0)); /* the other end asks, too */
		assert_true(add(icmp(request(5, 3), x[1], x[0]), 0));
		assert_true(out.is_paired);
		assert_int_equal(out.forward.record.packets,
				 3); /* a query comes before its reply, whatever the clocks say */
		assert_int_equal(out.reverse.record.packets, 1);
		assert_true(add(icmp(request(5, 4), x[2], x[0]), 0));
		assert_int_equal(out.forward.record.packets, 2);
		assert_int_equal(out.reverse.record.packets, 4);
	}
}

static void fragments_and_layer_2_are_paired_by_addresses(void **state)
{
	struct tw_flow_record r = request(0, 1);

	r.key_flags |= TW_FLOW_KEY_FRAGMENT | TW_FLOW_KEY_ICMP;
	r.src_port = r.dst_port = 0;
	assert_false(add(r, 0));
	assert_true(add(turned(r), 0));
	r = request(0, 1);
	r.key_flags = 0;
	r.ethertype = 0x0806;
	r.src_port = r.dst_port = 0;
	memset(r.src_ip, 0, sizeof(r.src_ip));
	memset(r.dst_ip, 0, sizeof(r.dst_ip));
	assert_false(add(r, 0));
	r.src_mac[5] = 0x77;
	assert_false(add(turned(r), 0));
	r.src_mac[5] = CLIENT;
	assert_true(add(turned(r), 0));
	assert_int_equal(tw_biflow_counts(stage).biflows, 2);
}

static struct tw_flow_record flow(uint32_t n)
{
	struct tw_flow_record r = request(0, n);

	memcpy(&r.src_ip[4], &n, sizeof(n));
	return r;
}

static void the_one_that_has_waited_longest_makes_room(void **state)
{
	for (uint32_t n = 1; n <= TW_BIFLOW_MAX; n++)
		assert_false(add(flow(n), 0));
	for (uint32_t n = 1; n <= 100; n++) {
		assert_true(add(flow(TW_BIFLOW_MAX + n), 1));
		assert_false(out.is_paired);
		assert_int_equal(out.forward.record.packets, n);
	}
	assert_int_equal(tw_biflow_counts(stage).crowded, 100);
	assert_int_equal(tw_biflow_counts(stage).waiting, TW_BIFLOW_MAX);
	assert_true(add(turned(flow(TW_BIFLOW_MAX)), 2)); /* a pair needs no room */
	assert_true(out.is_paired);
	while (tw_biflow_take(stage, true, START_MS, &out))
		assert_false(out.is_paired);
	assert_int_equal(tw_biflow_counts(stage).waiting, 0);
	assert_int_equal(tw_biflow_counts(stage).uniflows, TW_BIFLOW_MAX + 99);
}

/* As many conversations that go on as are remembered, and one more: the first is forgotten. */
static void conversations_are_forgotten_oldest_first(void **state)
{
	for (uint32_t n = 1; n <= TW_BIFLOW_MAX + 1; n++) {
		struct tw_flow_record r = flow(n);

		r.end_reason = TW_FLOW_END_ACTIVE;
		r.first_ms--;
		assert_false(add(r, n));
		assert_true(add(turned(flow(n)), n));
	}
	for (uint32_t i = 0; i < 3; i++) { /* the second one's is over with its next records */
		static const uint32_t flows[] = { 1, 2, 2 }, forward[] = { SERVER, CLIENT, SERVER };
		struct tw_flow_record r = turned(flow(flows[i]));

		r.first_ms--;
		assert_false(add(r, 0));
		assert_true(add(flow(flows[i]), 0));
		assert_int_equal(out.forward.record.ingress, forward[i]);
	}
}

/* ---- the sums ---- */

enum { TALKS = 200, RECORDS = 20000 };

struct sums {
	uint64_t packets, l3, l2, records;
};

/* By conversation and by the port that frames came from. */
static void count(struct sums sums[TALKS][2], const struct tw_flow_record *r)
{
	struct sums *s = &sums[r->ingress == CLIENT ? r->src_port - 1000 : r->dst_port - 1000][r->ingress == SERVER];

	s->packets += r->packets;
	s->l3 += r->l3_octets;
	s->l2 += r->l2_octets;
	s->records++;
}

static void leaves(struct sums sums[TALKS][2], uint8_t *left)
{
	count(sums, &out.forward.record);
	assert_int_equal(left[out.forward.tag]++, 0);
	if (!out.is_paired)
		return;
	count(sums, &out.reverse.record);
	assert_int_equal(left[out.reverse.tag]++, 0);
	assert_int_not_equal(out.forward.record.ingress, out.reverse.record.ingress);
	assert_true((out.forward.record.forwarding == TW_FORWARDED) && out.reverse.record.forwarding == TW_FORWARDED);
}

static void in_any_order_each_record_leaves_once_and_whole(void **state)
{
	static struct sums in[TALKS][2], came[TALKS][2];
	static uint8_t left[RECORDS];
	uint64_t now = START_MS;

	srandom(1);
	for (uint64_t tag = 0; tag < RECORDS; tag++) {
		struct tw_flow_record r = request(tag, 1 + (uint64_t)random() % 1000);

		r.src_port = (uint16_t)(1000 + random() % TALKS);
		r.tos = (uint8_t)random();
		if (random() % 3 == 0)
			r.end_reason = TW_FLOW_END_ACTIVE;
		if (random() % 10 == 0)
			r.forwarding = TW_DROPPED_POLICER;
		if (r.src_port % 4 ? random() % 2 : random() % 10 == 0) /* of some nearly all go one way */
			r = turned(r);
		count(in, &r);
		if (tw_biflow_add(stage, &r, tag, now, &out))
			leaves(came, left);
		now += (uint64_t)random() % 100;
		while (random() % 8 == 0 && tw_biflow_take(stage, false, now, &out))
			leaves(came, left);
	}
	while (tw_biflow_take(stage, true, now, &out))
		leaves(came, left);
	assert_memory_equal(in, came, sizeof(in));
	assert_true(tw_biflow_counts(stage).biflows > RECORDS / 5 && tw_biflow_counts(stage).uniflows > RECORDS / 10);
	assert_int_equal(2 * tw_biflow_counts(stage).biflows + tw_biflow_counts(stage).uniflows, RECORDS);
}

#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(two_directions_leave_as_one_record_whichever_ends_first),
		T(forward_is_who_began_or_in_one_millisecond_the_higher_port),
		T(who_began_stays_so_while_the_conversation_goes_on),
		T(a_record_waits_ten_seconds_and_leaves_alone),
		T(records_of_one_direction_are_paired_in_their_order),
		T(each_end_has_its_own_tos_label_priority_and_macs),
		T(what_differs_is_another_conversation),
		T(the_refused_leave_alone_and_at_once),
		T(what_nobody_answers_does_not_wait),
		T(a_query_finds_its_reply_and_no_other_query),
		T(fragments_and_layer_2_are_paired_by_addresses),
		T(the_one_that_has_waited_longest_makes_room),
		T(conversations_are_forgotten_oldest_first),
		T(in_any_order_each_record_leaves_once_and_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
