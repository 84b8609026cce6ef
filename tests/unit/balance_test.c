/* SPDX-License-Identifier: Apache-2.0 */
/* balance_test.c - who should poll what, on a clock and with loads of the test's. See balance.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "dataplane/balance.h"

enum { WORKERS_MAX = 4, QUEUES_MAX = 16, LOOK_MS = 5000 };

/* Queues with what they cost; a worker's load is that of its queues, as far as its time goes. */
static struct bed {
	struct tw_balance balance;
	unsigned n_workers, n;
	struct tw_balance_queue queue[QUEUES_MAX];
	uint32_t wants[QUEUES_MAX]; /* permille of a worker's time that its frames would take */
	uint64_t now_ms;
	unsigned moves;
	struct tw_balance_move last;
} bed;

static int setup(void **state)
{
	memset(&bed, 0, sizeof(bed));
	return 0;
}

static void queue(unsigned worker, uint32_t wants)
{
	bed.queue[bed.n] = (struct tw_balance_queue){ .slot = (uint16_t)bed.n, .worker = (uint16_t)worker };
	bed.wants[bed.n++] = wants;
}

static uint32_t wanted_of(unsigned worker)
{
	uint32_t all = 0;

	for (unsigned i = 0; i < bed.n; i++)
		all += bed.queue[i].worker == worker ? bed.wants[i] : 0;
	return all;
}

static uint32_t busy_of(unsigned worker)
{
	return wanted_of(worker) < 1000 ? wanted_of(worker) : 1000;
}

/* @return moves that it wants */
static unsigned look(bool asked)
{
	struct tw_balance_queue queues[QUEUES_MAX];
	struct tw_balance_move moves[TW_BALANCE_MOVES];
	uint32_t busy[WORKERS_MAX];
	unsigned n;

	for (unsigned w = 0; w < bed.n_workers; w++)
		busy[w] = busy_of(w);
	for (unsigned i = 0; i < bed.n; i++) {
		uint32_t all = wanted_of(bed.queue[i].worker);

		queues[i] = bed.queue[i];
		queues[i].load = all <= 1000 ? bed.wants[i] : bed.wants[i] * 1000 / all;
	}
	n = tw_balance_look(&bed.balance, bed.now_ms, busy, bed.n_workers, queues, bed.n, asked, moves);
	for (unsigned k = 0; k < n; k++) {
		struct tw_balance_queue *q = &bed.queue[moves[k].slot];

		assert_int_not_equal(q->worker, moves[k].to);
		tw_balance_moved(&bed.balance, bed.now_ms, moves[k].slot, 0, q->worker, moves[k].to);
		q->worker = moves[k].to;
		bed.last = moves[k];
	}
	bed.moves += n;
	bed.now_ms += LOOK_MS;
	return n;
}

static void looks(unsigned n)
{
	while (n--)
		look(false);
}

static uint32_t busiest(void)
{
	uint32_t most = 0;

	for (unsigned w = 0; w < bed.n_workers; w++)
		most = wanted_of(w) > most ? wanted_of(w) : most;
	return most;
}

static void a_queue_goes_from_the_busiest_worker_to_the_idlest(void **state)
{
	bed.n_workers = 3;
	queue(0, 500);
	queue(0, 400);
	queue(1, 300);
	queue(2, 100);
	looks(2);
	assert_int_equal(bed.moves, 1);
	assert_int_equal(bed.last.to, 2);
	assert_int_equal(busiest(), 500);
	looks(20);
	assert_int_equal(bed.moves, 1);
}

static void nothing_moves_while_nobody_is_short_of_time(void **state)
{
	bed.n_workers = 2;
	queue(0, 300);
	queue(0, 290);
	looks(20);
	assert_int_equal(bed.moves, 0);
}

static void nothing_moves_that_would_not_help(void **state)
{
	bed.n_workers = 2;
	queue(0, 1000); /* alone: it would fill the other as well */
	looks(20);
	assert_int_equal(bed.moves, 0);
	queue(0, 40); /* too little to be felt */
	looks(20);
	assert_int_equal(bed.moves, 0);
	bed.n = 0;
	queue(0, 450);
	queue(0, 450);
	queue(1, 420); /* it would be as busy as the other was */
	queue(1, 420);
	looks(20);
	assert_int_equal(bed.moves, 0);
}

static void a_burst_moves_nothing(void **state)
{
	bed.n_workers = 2;
	queue(0, 100);
	queue(0, 100);
	for (unsigned i = 0; i < 20; i++) {
		bed.wants[0] = bed.wants[1] = i % 2 ? 100 : 450;
		look(false);
	}
	assert_int_equal(bed.moves, 0);
	bed.wants[0] = bed.wants[1] = 450;
	assert_int_equal(look(false), 0);
	assert_int_equal(look(false), 1);
}

static void an_operator_need_not_ask_twice(void **state)
{
	bed.n_workers = 2;
	queue(0, 450);
	queue(0, 450);
	assert_int_equal(look(true), 1);
	assert_int_equal(look(true), 0);
}

static void a_queue_that_moved_rests(void **state)
{
	bed.n_workers = 2;
	queue(0, 450);
	queue(0, 450);
	looks(2);
	assert_int_equal(bed.moves, 1);
	bed.wants[!bed.last.slot] = 50;
	queue(bed.last.to, 449); /* now it had better go back, but: */
	for (uint64_t until = bed.now_ms + TW_BALANCE_REST_MS - 2 * LOOK_MS; bed.now_ms < until;) {
		bed.queue[2].worker = bed.queue[bed.last.slot].worker;
		bed.balance.past[2][0].rest_until_ms = UINT64_MAX;
		look(false);
	}
	assert_int_equal(bed.moves, 1);
	looks(4);
	assert_int_equal(bed.moves, 2);
}

/* Two queues by turns busy, for as long as it takes to move one: the worst there is for whoever follows the load. */
static void there_is_no_ping_pong(void **state)
{
	unsigned hour;

	bed.n_workers = 2;
	queue(0, 450);
	queue(0, 450);
	queue(1, 0);
	for (hour = 0; bed.now_ms < 3600000; hour++) {
		bed.wants[2] = bed.queue[0].worker == bed.queue[1].worker ? 0 : 600;
		bed.queue[2].worker = bed.queue[0].worker != bed.queue[1].worker ? bed.last.to : 1;
		bed.balance.past[2][0].rest_until_ms = UINT64_MAX;
		look(false);
	}
	assert_in_range(bed.moves, 2, 16); /* of 360 that it could have been */
}

static void all_that_helps_is_done_in_a_few_looks(void **state)
{
	bed.n_workers = 4;
	for (unsigned i = 0; i < 16; i++)
		queue(0, 100);
	looks(20);
	assert_in_range(busiest(), 400, 600);
	assert_in_range(bed.moves, 10, 14);
}

static void the_next_port_of_a_slot_has_no_past(void **state)
{
	bed.n_workers = 2;
	queue(0, 450);
	queue(0, 450);
	looks(2);
	assert_true(bed.balance.past[bed.last.slot][0].rest_until_ms > bed.now_ms);
	tw_balance_forget(&bed.balance, bed.last.slot);
	assert_int_equal(bed.balance.past[bed.last.slot][0].rest_until_ms, 0);
	assert_int_equal(bed.balance.past[bed.last.slot][0].from, 0);
}

#define T(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_queue_goes_from_the_busiest_worker_to_the_idlest),
		T(nothing_moves_while_nobody_is_short_of_time),
		T(nothing_moves_that_would_not_help),
		T(a_burst_moves_nothing),
		T(an_operator_need_not_ask_twice),
		T(a_queue_that_moved_rests),
		T(there_is_no_ping_pong),
		T(all_that_helps_is_done_in_a_few_looks),
		T(the_next_port_of_a_slot_has_no_past),
	};

	return cmocka_run_group_tests_name("balance", tests, NULL, NULL);
}
