/* SPDX-License-Identifier: Apache-2.0 */
/* queue_map_test.c - which worker polls which queue: homes, moves, and the way back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "dataplane/queue_map.h"

static struct tw_queue_map map;

static void queues_of_a_port_are_spread_over_all_workers(void **state)
{
	unsigned polled[4] = { 0 };

	tw_queue_map_init(&map, 4);
	assert_int_equal(map.astray, 0);
	for (uint16_t queue = 0; queue < 8; queue++) {
		assert_int_equal(tw_queue_map_get(&map, 7, queue), tw_queue_home(7, queue, 4));
		polled[tw_queue_map_get(&map, 7, queue)]++;
	}
	for (unsigned w = 0; w < 4; w++)
		assert_int_equal(polled[w], 2);
}

static void a_queue_that_moves_is_astray_until_it_is_home_again(void **state)
{
	tw_queue_map_init(&map, 3);
	tw_queue_map_set(&map, 1, 0, 2);
	assert_int_equal(tw_queue_map_get(&map, 1, 0), 2);
	assert_int_equal(tw_queue_map_get(&map, 1, 1), 2);
	assert_int_equal(map.astray, 1);
	tw_queue_map_set(&map, 1, 0, 0); /* elsewhere again: still one */
	assert_int_equal(map.astray, 1);
	tw_queue_map_set(&map, 1, 1, TW_WORKER_NONE);
	assert_int_equal(map.astray, 2);
	tw_queue_map_set(&map, 1, 0, 1);
	assert_int_equal(map.astray, 1);
	tw_queue_map_set(&map, 1, 1, 2);
	assert_int_equal(map.astray, 0);
}

static void the_next_port_of_a_slot_begins_at_home(void **state)
{
	tw_queue_map_init(&map, 2);
	tw_queue_map_set(&map, 5, 0, 0);
	tw_queue_map_set(&map, 5, 15, 1);
	tw_queue_map_set(&map, 6, 0, 1);
	assert_int_equal(map.astray, 3);
	tw_queue_map_reset(&map, 5);
	assert_int_equal(map.astray, 1);
	for (uint16_t queue = 0; queue < TW_QUEUES_MAX; queue++)
		assert_int_equal(tw_queue_map_get(&map, 5, queue), tw_queue_home(5, queue, 2));
	assert_int_equal(tw_queue_map_get(&map, 6, 0), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(queues_of_a_port_are_spread_over_all_workers),
		cmocka_unit_test(a_queue_that_moves_is_astray_until_it_is_home_again),
		cmocka_unit_test(the_next_port_of_a_slot_begins_at_home),
	};

	return cmocka_run_group_tests_name("queue_map", tests, NULL, NULL);
}
