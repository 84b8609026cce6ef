/* SPDX-License-Identifier: Apache-2.0 */
/* rebalance.c - queues are shared out among the workers by load; see rebalance.h. Main. */
#include "dataplane/rebalance.h"

#include <stdlib.h>
#include <string.h>

#include <rte_cycles.h>

#include "common/clock.h"
#include "dataplane/balance.h"
#include "dataplane/switch.h"

#define TW_LOG_AREA "balance"
#include "common/log.h"

/* What a queue, or a worker, had cost when a time began. */
struct began {
	uint64_t second, interval; /* cycles */
};

struct tw_rebalancer {
	struct tw_balance balance;
	struct began tsc, worker[TW_WORKERS_MAX];
	struct sampled {
		struct began cycles;
		uint32_t permille; /* of the last second */
		uint32_t moves;
	} queue[TW_SLOTS_MAX][TW_QUEUES_MAX];
	unsigned seconds; /* of this interval */
	unsigned n_moves, next;
	struct tw_balance_move move[TW_BALANCE_MOVES]; /* from `next` on: to be done */
};

struct tw_rebalancer *tw_rebalancer_create(void)
{
	return calloc(1, sizeof(struct tw_rebalancer));
}

void tw_rebalancer_destroy(struct tw_rebalancer *r)
{
	free(r);
}

uint32_t tw_rebalance_load(const struct tw_rebalancer *r, uint16_t slot, uint16_t queue)
{
	return r->queue[slot][queue].permille;
}

uint32_t tw_rebalance_moves(const struct tw_rebalancer *r, uint16_t slot, uint16_t queue)
{
	return r->queue[slot][queue].moves;
}

void tw_rebalance_forget(struct tw_switch *sw, uint16_t slot)
{
	tw_balance_forget(&sw->rebalancer->balance, slot);
	memset(sw->rebalancer->queue[slot], 0, sizeof(sw->rebalancer->queue[slot]));
}

/* --- what it costs --- */

static uint64_t cycles_of(const struct tw_switch *sw, uint16_t slot, uint16_t queue)
{
	struct tw_queue_counters sum;

	tw_workers_count_queue(sw, slot, queue, &sum);
	return sum.busy_cycles;
}

static uint64_t busy_of(const struct tw_worker *w)
{
	return __atomic_load_n(&w->stats.busy_cycles, __ATOMIC_RELAXED);
}

static uint32_t permille(uint64_t now, uint64_t before, uint64_t time)
{
	uint64_t n = now > before && time ? (now - before) * 1000 / time : 0;

	return n > 1000 ? 1000 : (uint32_t)n;
}

/* Those that are polled now. */
typedef void (*queue_fn)(struct tw_switch *sw, uint16_t worker, uint16_t slot, uint16_t queue, void *arg);

static void each_queue(struct tw_switch *sw, queue_fn fn, void *arg)
{
	const struct tw_snapshot *s = atomic_load(&sw->snapshot);

	for (uint16_t w = 0; w < s->n_workers; w++)
		for (uint32_t i = 0; i < s->polls[w].n; i++)
			fn(sw, w, s->polls[w].poll[i].slot, s->polls[w].poll[i].queue, arg);
}

/* @param arg its length in cycles */
static void end_second(struct tw_switch *sw, uint16_t worker, uint16_t slot, uint16_t queue, void *arg)
{
	struct sampled *q = &sw->rebalancer->queue[slot][queue];
	uint64_t cycles = cycles_of(sw, slot, queue);

	q->permille = permille(cycles, q->cycles.second, *(const uint64_t *)arg);
	q->cycles.second = cycles;
}

static void begin_interval(struct tw_switch *sw, uint16_t worker, uint16_t slot, uint16_t queue, void *arg)
{
	sw->rebalancer->queue[slot][queue].cycles.interval = cycles_of(sw, slot, queue);
}

/* --- looking --- */

struct seen {
	struct tw_balance_queue *queues;
	unsigned n;
	uint64_t time; /* cycles of the interval; 0 = what the last second was */
};

static void count_queue(struct tw_switch *sw, uint16_t worker, uint16_t slot, uint16_t queue, void *arg)
{
	++*(unsigned *)arg;
}

static void see_queue(struct tw_switch *sw, uint16_t worker, uint16_t slot, uint16_t queue, void *arg)
{
	const struct sampled *q = &sw->rebalancer->queue[slot][queue];
	struct seen *seen = arg;
	uint32_t load = seen->time ? permille(cycles_of(sw, slot, queue), q->cycles.interval, seen->time) : q->permille;

	seen->queues[seen->n++] = (struct tw_balance_queue){ slot, queue, worker, load };
}

static unsigned look(struct tw_switch *sw, bool asked)
{
	struct tw_rebalancer *r = sw->rebalancer;
	struct seen seen = { .time = asked ? 0 : rte_rdtsc() - r->tsc.interval };
	uint32_t busy[TW_WORKERS_MAX];
	unsigned n = 0;

	each_queue(sw, count_queue, &n);
	seen.queues = calloc(n + 1, sizeof(*seen.queues));
	if (!seen.queues)
		return 0;
	each_queue(sw, see_queue, &seen);
	for (unsigned w = 0; w < sw->n_workers; w++)
		busy[w] = asked ? sw->load[w].busy_permille
				: permille(busy_of(sw->workers[w]), r->worker[w].interval, seen.time);
	r->next = 0;
	r->n_moves = tw_balance_look(&r->balance, tw_clock_mono_ms(), busy, sw->n_workers, seen.queues, seen.n, asked,
				     r->move);
	free(seen.queues);
	tw_rebalance_step(sw);
	return r->n_moves;
}

static void start_interval(struct tw_switch *sw)
{
	struct tw_rebalancer *r = sw->rebalancer;

	r->seconds = 0;
	r->tsc.interval = rte_rdtsc();
	for (unsigned w = 0; w < sw->n_workers; w++)
		r->worker[w].interval = busy_of(sw->workers[w]);
	each_queue(sw, begin_interval, NULL);
}

void tw_rebalance_second(struct tw_switch *sw)
{
	struct tw_rebalancer *r = sw->rebalancer;
	uint64_t tsc = rte_rdtsc(), time = tsc - r->tsc.second;

	each_queue(sw, end_second, &time);
	r->tsc.second = tsc;
	if (sw->options.rebalance_s == 0 || sw->n_workers < 2 || ++r->seconds < sw->options.rebalance_s)
		return;
	if (r->tsc.interval && r->next == r->n_moves)
		look(sw, false);
	start_interval(sw);
}

unsigned tw_rebalance_now(struct tw_switch *sw)
{
	const struct tw_rebalancer *r = sw->rebalancer;

	return sw->n_workers < 2 || r->next < r->n_moves ? 0 : look(sw, true);
}

/* --- moving --- */

int tw_rebalance_place(struct tw_switch *sw, uint16_t slot, uint16_t queue, unsigned worker)
{
	struct tw_rebalancer *r = sw->rebalancer;
	unsigned from = queue < TW_QUEUES_MAX ? tw_queue_map_get(&sw->map, slot, queue) : TW_WORKER_NONE;
	int rc = tw_move_queue(sw, slot, queue, worker);
	char name[128];

	if (rc)
		return rc;
	tw_balance_moved(&r->balance, tw_clock_mono_ms(), slot, queue, from, worker);
	r->queue[slot][queue].moves++;
	tw_log_info("queue moved port=%s queue=%u worker=%u before=%u load_permille=%u",
		    tw_slot_name(sw, slot, 0, name, sizeof(name)), queue, worker, from, r->queue[slot][queue].permille);
	return 0;
}

void tw_rebalance_step(struct tw_switch *sw)
{
	struct tw_rebalancer *r = sw->rebalancer;

	/* One that has gone meanwhile, or cannot move now, is left out: the next look sees what is so then. */
	while (r->next < r->n_moves && !tw_move_pending(sw) && !sw->unpublished) {
		const struct tw_balance_move *m = &r->move[r->next++];

		(void)!tw_rebalance_place(sw, m->slot, m->queue, m->to);
	}
	if (r->next < r->n_moves)
		tw_tick_soon(sw);
}
