/* SPDX-License-Identifier: Apache-2.0 */
/* flow_state_test.c - a flow that moves to another host arrives as it left, and a made-up one is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dataplane/flow_state.h"

static const struct tw_flow_clock here = { .now_ms = 5000, .now_unix_ms = 1700000005000 };
static const struct tw_flow_clock there = { .now_ms = 100, .now_unix_ms = 1700000005010 };

static struct tw_flow a_flow(void)
{
	struct tw_flow f = { .packets = 7,
			     .l3_octets = 700,
			     .l2_octets = 798,
			     .first_ms = 1000,
			     .last_ms = 4990,
			     .min_len = 60,
			     .max_len = 140,
			     .min_ttl = 63,
			     .max_ttl = 64,
			     .tcp_flags = 0x12 };

	memcpy(f.key.src_mac, "\2\0\0\0\0\1", 6);
	memcpy(f.key.dst_mac, "\2\0\0\0\0\2", 6);
	memcpy(f.key.src_ip4, "\12\0\0\1\12\0\0\2", 8);
	memcpy(f.key.src_port, "\x1f\x90\0\x50", 4);
	f.key.in = 3;
	f.key.protocol = 6;
	f.key.flags = TW_FLOW_KEY_IPV4;
	f.verdict = (struct tw_verdict){ .action = TW_ACT_FORWARD, .flags = TW_V_METER, .vlan = 10, .egress = 42 };
	return f;
}

static void a_flow_arrives_as_it_left(void **state)
{
	struct tw_flow before = a_flow(), after;
	Tw__Flow *m = tw_flow_to_message(&before, &here, 41, true);
	struct tw_key key = before.key;

	assert_non_null(m);
	assert_int_equal(m->ingress, 41);
	assert_int_equal(m->egress, 42);
	assert_int_equal(m->src_port, 8080);
	assert_int_equal(m->first_ms, 1700000001000);
	assert_null(tw_flow_from_message(m, &there, 9, &after));
	key.in = 9;
	assert_memory_equal(&after.key, &key, sizeof(key));
	assert_int_equal(after.packets, 7);
	assert_int_equal(after.l2_octets, 798);
	assert_int_equal(after.generation, 0);
	/* the same moments, on the other worker's clock */
	assert_int_equal(tw_flow_unix_ms(after.first_ms, there.now_ms, there.now_unix_ms), 1700000001000);
	assert_int_equal(tw_flow_unix_ms(after.last_ms, there.now_ms, there.now_unix_ms), 1700000004990);
	assert_int_equal(after.min_len, 60);
	assert_int_equal(after.max_len, 140);
	tw__flow__free_unpacked(m, NULL);
}

static void a_flow_of_which_not_each_packet_was_counted_says_so_where_it_arrives(void **state)
{
	struct tw_flow before = a_flow(), after;
	Tw__Flow *m;

	before.verdict.flags |= TW_V_SAMPLE;
	before.sampling = tw_sampling(100, true);
	m = tw_flow_to_message(&before, &here, 41, true);
	assert_int_equal(m->sample, 100);
	assert_true(m->sample_random);
	assert_null(tw_flow_from_message(m, &there, 9, &after));
	assert_int_equal(tw_flow_sampling(&after), tw_sampling(100, true));
	assert_int_equal(after.seen, 700);
	m->sample = 0; /* of a switch that knows no sampling */
	assert_null(tw_flow_from_message(m, &there, 9, &after));
	assert_int_equal(tw_flow_sampling(&after), TW_SAMPLE_ALL);
	tw__flow__free_unpacked(m, NULL);
}

static void a_refused_flow_says_why(void **state)
{
	struct tw_flow f = a_flow();
	Tw__Flow *m;

	f.verdict.action = TW_ACT_DROP;
	f.verdict.drop = TW_DROP_FORGED_SOURCE;
	m = tw_flow_to_message(&f, &here, 41, false);
	assert_string_equal(m->drop_reason, "forged_source");
	assert_int_equal(m->raw_key.len, 0);
	tw__flow__free_unpacked(m, NULL);
}

static void frames_refused_one_by_one_arrive_with_their_reason_by_name(void **state)
{
	struct tw_flow f = a_flow(), out;
	Tw__Flow *m;

	f.verdict.action = TW_ACT_DROP;
	f.verdict.drop = TW_DROP_ARP_INSPECT;
	f.key.refused = TW_DROP_ARP_INSPECT + 1;
	m = tw_flow_to_message(&f, &here, 41, true);
	m->raw_key.data[offsetof(struct tw_key, refused)] = 200; /* as another version numbers it */
	assert_null(tw_flow_from_message(m, &there, 9, &out));
	assert_int_equal(out.key.refused, TW_DROP_ARP_INSPECT + 1);
	assert_int_equal(out.verdict.action, TW_ACT_DROP);
	assert_int_equal(out.verdict.drop, TW_DROP_ARP_INSPECT);
	tw__flow__free_unpacked(m, NULL);
}

static void made_up_flows_are_refused_and_change_nothing(void **state)
{
	static const struct {
		const char *claim;
		size_t at; /* octet of the key to change */
		uint8_t to;
	} keys[] = {
		{ "unknown flags", offsetof(struct tw_key, flags), 0x80 },
		{ "both families", offsetof(struct tw_key, flags), TW_FLOW_KEY_IPV4 | TW_FLOW_KEY_IPV6 },
		{ "IPv6 octets in an IPv4 key", offsetof(struct tw_key, src_ip6), 1 },
		{ "IP fields in a layer-2 key", offsetof(struct tw_key, flags), 0 },
		{ "a tag without the flag", offsetof(struct tw_key, tci), 10 },
		{ "frames refused for no reason", offsetof(struct tw_key, refused), 1 },
	};
	struct tw_flow f = a_flow(), out, untouched;
	Tw__Flow *m = tw_flow_to_message(&f, &here, 41, true);
	uint8_t saved;

	memset(&out, 0x5a, sizeof(out));
	untouched = out;
	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
		saved = m->raw_key.data[keys[i].at];
		m->raw_key.data[keys[i].at] = keys[i].to;
		if (!tw_flow_from_message(m, &there, 9, &out))
			fail_msg("accepted: %s", keys[i].claim);
		m->raw_key.data[keys[i].at] = saved;
	}
	m->raw_key.len = 63;
	assert_non_null(tw_flow_from_message(m, &there, 9, &out));
	m->raw_key.len = 64;
	m->packets = 0;
	assert_non_null(tw_flow_from_message(m, &there, 9, &out));
	m->packets = 1;
	m->sample = 16384;
	assert_non_null(tw_flow_from_message(m, &there, 9, &out));
	m->sample = 0;
	m->first_ms = 1;
	assert_non_null(tw_flow_from_message(m, &there, 9, &out));
	assert_memory_equal(&out, &untouched, sizeof(out));
	tw__flow__free_unpacked(m, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_flow_arrives_as_it_left),
		cmocka_unit_test(a_flow_of_which_not_each_packet_was_counted_says_so_where_it_arrives),
		cmocka_unit_test(a_refused_flow_says_why),
		cmocka_unit_test(frames_refused_one_by_one_arrive_with_their_reason_by_name),
		cmocka_unit_test(made_up_flows_are_refused_and_change_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
