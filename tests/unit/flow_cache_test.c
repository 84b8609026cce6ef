/* SPDX-License-Identifier: Apache-2.0 */
/* flow_cache_test.c - the flow cache against a plain list under random operations, and what happens when it is full. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dataplane/flow_lookup.h"

enum { CAPACITY = 1024, KEYS = 3000 };

static struct tw_flow_cache cache;
static void *memory;

static int setup(void **state)
{
	size_t size = (tw_flow_cache_size(CAPACITY) + 63) / 64 * 64;

	memory = aligned_alloc(64, size);
	memset(memory, 0, size);
	tw_flow_cache_init(&cache, memory, CAPACITY);
	return 0;
}

static int teardown(void **state)
{
	free(memory);
	return 0;
}

static struct tw_key key_of(unsigned i)
{
	struct tw_key k;

	memset(&k, 0, sizeof(k));
	k.in = (uint16_t)(i % 5);
	k.flags = i % 3 ? TW_FLOW_KEY_IPV4 : TW_FLOW_KEY_IPV6;
	memcpy(i % 3 ? k.src_ip4 : k.src_ip6, &i, sizeof(i));
	return k;
}

static struct tw_flow *look_up(unsigned i)
{
	struct tw_key k = key_of(i);
	uint32_t hash = tw_key_hash(&k);
	struct tw_flow *f = tw_flow_confirm(&cache, tw_flow_candidate(&cache, hash), &k, hash);

	assert_ptr_equal(f, tw_flow_cache_find(&cache, &k, hash));
	return f;
}

static void it_agrees_with_a_list_under_random_operations(void **state)
{
	static struct tw_flow *list[KEYS];
	unsigned held = 0;

	srand(7);
	for (int step = 0; step < 300000; step++) {
		unsigned i = (unsigned)rand() % KEYS;
		struct tw_key k = key_of(i);

		assert_ptr_equal(look_up(i), list[i]);
		if (list[i]) {
			tw_flow_cache_remove(&cache, list[i]);
			list[i] = NULL;
			held--;
		} else if (held < CAPACITY - cache.reserved) {
			list[i] = tw_flow_cache_add(&cache, &k, tw_key_hash(&k));
			assert_non_null(list[i]);
			held++;
		}
		assert_int_equal(tw_flow_cache_used(&cache), held);
	}
}

static void a_removed_flow_leaves_nothing_behind(void **state)
{
	for (unsigned i = 0; i < KEYS; i++) {
		struct tw_key k = key_of(i);
		struct tw_flow *f = tw_flow_cache_add(&cache, &k, tw_key_hash(&k));

		if (f && i % 2)
			tw_flow_cache_remove(&cache, f);
	}
	for (uint32_t i = 0; i < cache.capacity; i++)
		if (cache.flows[i].live)
			tw_flow_cache_remove(&cache, &cache.flows[i]);
	assert_int_equal(tw_flow_cache_used(&cache), 0);
	for (uint32_t b = 0; b <= cache.bucket_mask; b++) {
		assert_int_equal(cache.buckets[b].next, 0);
		for (int place = 0; place < 8; place++)
			assert_int_equal(cache.buckets[b].signature[place], 0);
	}
}

static void one_port_cannot_take_the_whole_table(void **state)
{
	unsigned taken = 0;

	for (unsigned i = 0; i < CAPACITY; i++) {
		struct tw_key k = key_of(i * 15); /* all of port 0 */

		taken += tw_flow_cache_add(&cache, &k, tw_key_hash(&k)) != NULL;
	}
	assert_int_equal(taken, cache.per_port_max);
	struct tw_key other = key_of(1);

	assert_non_null(tw_flow_cache_add(&cache, &other, tw_key_hash(&other)));
}

/* Ports that take turns at it, so that none reaches its own limit. */
static void several_ports_cannot_take_the_whole_table(void **state)
{
	for (unsigned i = 0; i < 2 * CAPACITY; i++) {
		struct tw_key k = key_of(i);

		k.in = (uint16_t)(i % 4);
		tw_flow_cache_add(&cache, &k, tw_key_hash(&k));
	}
	assert_int_equal(cache.n_free, cache.reserved);
	for (unsigned i = 0; i < cache.reserved; i++) {
		struct tw_key k = key_of(i);

		k.in = (uint16_t)(100 + i / cache.guaranteed);
		assert_non_null(tw_flow_cache_add(&cache, &k, tw_key_hash(&k)));
	}
}

static void a_record_says_what_the_entry_counted(void **state)
{
	const struct tw_slot in = { .number = 4711 };
	struct tw_flow f = { .key = key_of(1),
			     .packets = 3,
			     .l3_octets = 300,
			     .l2_octets = 342,
			     .first_ms = UINT32_MAX - 9,
			     .last_ms = 5,
			     .min_ttl = 63,
			     .max_ttl = 64,
			     .tcp_flags = 0x1b };
	struct tw_flow_record r;

	f.verdict = (struct tw_verdict){ .action = TW_ACT_FORWARD, .vlan = 10, .egress = 4712 };
	tw_flow_to_record(&f, &in, 10, 1000000, TW_FLOW_END_IDLE, &r);
	assert_int_equal(r.ingress, 4711);
	assert_int_equal(r.egress, 4712);
	assert_int_equal(r.vlan, 10);
	assert_int_equal(r.forwarding, TW_FORWARDED);
	assert_int_equal(r.first_ms, 1000000 - 20); /* the clock wrapped in between */
	assert_int_equal(r.last_ms, 1000000 - 5);
	assert_int_equal(r.l2_octets, 342);
	f.verdict = (struct tw_verdict){ .action = TW_ACT_DROP, .drop = TW_DROP_FORGED_SOURCE };
	tw_flow_to_record(&f, &in, 10, 1000000, TW_FLOW_END_IDLE, &r);
	assert_int_equal(r.forwarding, TW_DROPPED_POLICY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(it_agrees_with_a_list_under_random_operations, setup, teardown),
		cmocka_unit_test_setup_teardown(a_removed_flow_leaves_nothing_behind, setup, teardown),
		cmocka_unit_test_setup_teardown(one_port_cannot_take_the_whole_table, setup, teardown),
		cmocka_unit_test_setup_teardown(several_ports_cannot_take_the_whole_table, setup, teardown),
		cmocka_unit_test(a_record_says_what_the_entry_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
