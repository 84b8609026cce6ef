/* SPDX-License-Identifier: Apache-2.0 */
/* queues_test.c - which queues of a guest are served, and where a flow's frames go. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "dataplane/queues.h"

static void a_pair_that_is_enabled_is_filled_and_polled(void **state)
{
	struct tw_queues q;

	tw_queues_of_rings(0xff, &q);
	assert_int_equal(q.n, 4);
	assert_int_equal(q.number[3], 3);
	assert_int_equal(q.polls, 0xf);
}

static void a_queue_disabled_in_the_middle_leaves_the_others_in_service(void **state)
{
	struct tw_queues q;

	tw_queues_of_rings(0xff & ~(3u << 2), &q);
	assert_int_equal(q.n, 3);
	assert_int_equal(q.number[0], 0);
	assert_int_equal(q.number[1], 2);
	assert_int_equal(q.number[2], 3);
	assert_int_equal(q.polls, 0xd);
}

static void halves_of_a_pair_are_served_apart(void **state)
{
	struct tw_queues q;

	tw_queues_of_rings(0x1 | 0x8, &q); /* receive of pair 0, transmit of pair 1 */
	assert_int_equal(q.n, 1);
	assert_int_equal(q.number[0], 0);
	assert_int_equal(q.polls, 0x2);
	tw_queues_of_rings(0, &q);
	assert_int_equal(q.n, 0);
	assert_int_equal(q.polls, 0);
}

static void the_last_queue_is_served_too(void **state)
{
	struct tw_queues q;

	tw_queues_of_rings(UINT32_MAX, &q);
	assert_int_equal(q.n, TW_QUEUES_MAX);
	assert_int_equal(q.number[TW_QUEUES_MAX - 1], TW_QUEUES_MAX - 1);
	assert_int_equal(q.polls, 0xffff);
}

/* Over all hashes a queue can be chosen for: whose it is, and that none is left out. */
static void workers_fill_queues_of_their_own_and_leave_none_out(void **state)
{
	uint8_t number[TW_QUEUES_MAX];

	for (unsigned i = 0; i < TW_QUEUES_MAX; i++)
		number[i] = (uint8_t)(2 * i);
	for (uint16_t n = 1; n <= TW_QUEUES_MAX; n++)
		for (unsigned n_workers = 1; n_workers <= TW_WORKERS_MAX; n_workers++) {
			uint32_t filled = 0;

			for (unsigned w = 0; w < n_workers; w++) {
				uint32_t mine = 0;

				for (uint32_t i = 0; i < 1024; i++)
					mine |= UINT32_C(1)
						<< tw_queue_for(number, n, w, n_workers, i * 0x400000 + 7) / 2;
				if (n >= n_workers)
					assert_int_equal(filled & mine, 0);
				filled |= mine;
			}
			assert_int_equal(filled, (UINT32_C(1) << n) - 1);
		}
}

static void a_flow_stays_in_its_queue(void **state)
{
	const uint8_t number[] = { 0, 1, 3, 4 };

	for (uint32_t hash = 0; hash < 0xfff00000; hash += 0x00100001) {
		uint16_t queue = tw_queue_for(number, 4, 1, 2, hash);

		assert_true(queue == 1 || queue == 4);
		assert_int_equal(queue, tw_queue_for(number, 4, 1, 2, hash));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_pair_that_is_enabled_is_filled_and_polled),
		cmocka_unit_test(a_queue_disabled_in_the_middle_leaves_the_others_in_service),
		cmocka_unit_test(halves_of_a_pair_are_served_apart),
		cmocka_unit_test(the_last_queue_is_served_too),
		cmocka_unit_test(workers_fill_queues_of_their_own_and_leave_none_out),
		cmocka_unit_test(a_flow_stays_in_its_queue),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
