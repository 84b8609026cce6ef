/* SPDX-License-Identifier: Apache-2.0 */
/* balance.c - which receive queue should go to another worker; see balance.h. Pure. */
#include "dataplane/balance.h"

#include <string.h>

static unsigned busiest_of(const uint32_t *busy, unsigned n_workers)
{
	unsigned hot = 0;

	for (unsigned w = 1; w < n_workers; w++)
		if (busy[w] > busy[hot])
			hot = w;
	return hot;
}

static unsigned idlest_of(const uint32_t *busy, unsigned n_workers)
{
	unsigned cool = 0;

	for (unsigned w = 1; w < n_workers; w++)
		if (busy[w] < busy[cool])
			cool = w;
	return cool;
}

/* By how much the busier of the two is less busy than the busiest was. */
static int64_t gain_of(uint32_t hot, uint32_t cool, uint32_t load)
{
	int64_t left = load < hot ? hot - load : 0, there = (int64_t)cool + load;

	return (int64_t)hot - (left > there ? left : there);
}

/* One look at who is busy and what can be moved. */
struct look {
	const struct tw_balance *past;
	uint64_t now_ms;
	uint32_t *busy; /* as it will be after the moves so far */
	unsigned n_workers;
	struct tw_balance_queue *queues;
	unsigned n;
	bool asked;
	int64_t gained; /* by the moves so far */
};

/* @return index of the queue that had best go from `hot` to `cool`, or look->n */
static unsigned best_queue(struct look *look, unsigned hot, unsigned cool)
{
	int64_t most = TW_BALANCE_LEAST - 1;
	unsigned best = look->n;

	for (unsigned i = 0; i < look->n; i++) {
		const struct tw_balance_queue *q = &look->queues[i];
		int64_t gain = gain_of(look->busy[hot], look->busy[cool], q->load);
		bool rests = !look->asked && look->now_ms < look->past->past[q->slot][q->queue].rest_until_ms;

		if (q->worker != hot || gain <= most || rests)
			continue;
		most = gain;
		best = i;
	}
	look->gained += best < look->n ? most : 0;
	return best;
}

static bool pick(struct look *look, struct tw_balance_move *move)
{
	unsigned hot = busiest_of(look->busy, look->n_workers), cool = idlest_of(look->busy, look->n_workers), i;
	struct tw_balance_queue *q;

	if (look->busy[hot] < TW_BALANCE_HOT)
		return false;
	i = best_queue(look, hot, cool);
	if (i == look->n)
		return false;
	q = &look->queues[i];
	*move = (struct tw_balance_move){ q->slot, q->queue, (uint16_t)cool };
	look->busy[hot] -= q->load < look->busy[hot] ? q->load : look->busy[hot];
	look->busy[cool] += q->load;
	q->worker = (uint16_t)cool;
	return true;
}

static bool is_among(const struct tw_balance_move *moves, unsigned n, const struct tw_balance_move *move)
{
	for (unsigned i = 0; i < n; i++)
		if (moves[i].slot == move->slot && moves[i].queue == move->queue)
			return true;
	return false;
}

unsigned tw_balance_look(struct tw_balance *b, uint64_t now_ms, uint32_t *busy, unsigned n_workers,
			 struct tw_balance_queue *queues, unsigned n, bool asked,
			 struct tw_balance_move moves[static TW_BALANCE_MOVES])
{
	unsigned hot = busiest_of(busy, n_workers), n_moves = 0;
	bool before = b->wanted && b->hot == hot;
	struct look look = { .past = b,
			     .now_ms = now_ms,
			     .busy = busy,
			     .n_workers = n_workers,
			     .queues = queues,
			     .n = n,
			     .asked = asked };
	struct tw_balance_move move;

	/* A queue that would move on at once is one that nothing helps. */
	while (n_moves < TW_BALANCE_MOVES && pick(&look, &move) && !is_among(moves, n_moves, &move))
		moves[n_moves++] = move;
	if (look.gained < TW_BALANCE_GAIN)
		n_moves = 0;
	b->wanted = n_moves > 0;
	b->hot = (uint16_t)hot;
	if (!asked && !before)
		return 0;
	b->wanted = false;
	return n_moves;
}

void tw_balance_moved(struct tw_balance *b, uint64_t now_ms, uint16_t slot, uint16_t queue, unsigned from, unsigned to)
{
	struct tw_balance_past *past = &b->past[slot][queue];

	if (past->from != to + 1)
		past->returns = 0;
	else if (past->returns < TW_BALANCE_REST_DOUBLINGS)
		past->returns++;
	past->from = (uint8_t)(from + 1);
	past->rest_until_ms = now_ms + ((uint64_t)TW_BALANCE_REST_MS << past->returns);
}

void tw_balance_forget(struct tw_balance *b, uint16_t slot)
{
	memset(b->past[slot], 0, sizeof(b->past[slot]));
}
