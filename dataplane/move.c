/* SPDX-License-Identifier: Apache-2.0 */
/* move.c - a receive queue goes to another worker, and its flows follow; see move.h. Main. */
#include "dataplane/move.h"

#include <errno.h>
#include <string.h>

#include "dataplane/switch.h"

#define TW_LOG_AREA "move"
#include "common/log.h"

enum { PIECE = 4096 /* flows at a time */ };

/* --- the flows --- */

static void finish(struct tw_switch *sw)
{
	struct tw_move *m = &sw->move;

	m->stage = TW_MOVE_NONE;
	if (m->slot < TW_PORTS_MAX)
		tw_handover_resume(&sw->ports[m->slot]);
}

static void put_done(struct tw_job *const *jobs, unsigned n, void *arg)
{
	struct tw_switch *sw = arg;

	sw->move.flows_moved += jobs[0]->n;
	sw->move.stage = TW_MOVE_TAKE;
	if (sw->move.more)
		tw_move_step(sw);
	else
		finish(sw);
}

/* Times of a worker's flows, as another's clock would have them. */
static void set_clock(struct tw_flow *flows, uint32_t n, const struct tw_worker *from, const struct tw_worker *to)
{
	uint32_t later = (uint32_t)(tw_worker_unix_ms(from, 0) - tw_worker_unix_ms(to, 0));

	for (uint32_t i = 0; i < n; i++) {
		flows[i].first_ms += later;
		flows[i].last_ms += later;
	}
}

static void taken(struct tw_job *const *jobs, unsigned n, void *arg)
{
	struct tw_switch *sw = arg;
	struct tw_move *m = &sw->move;

	if (jobs[0]->n == 0) {
		finish(sw);
		return;
	}
	m->more = jobs[0]->total > jobs[0]->n;
	m->n_flows = jobs[0]->n;
	m->flows = jobs[0]->flows;
	jobs[0]->flows = NULL; /* ours now */
	set_clock(m->flows, m->n_flows, sw->workers[m->from], sw->workers[m->to]);
	m->stage = TW_MOVE_PUT;
	tw_move_step(sw);
}

void tw_move_step(struct tw_switch *sw)
{
	struct tw_move *m = &sw->move;

	if (m->stage == TW_MOVE_TAKE && tw_jobs_move(sw->jobs, m->from, m->slot, m->queue, PIECE, taken, sw) == 0) {
		m->stage = TW_MOVE_TAKING;
	} else if (m->stage == TW_MOVE_PUT && tw_jobs_put(sw->jobs, m->to, m->flows, m->n_flows, put_done, sw) == 0) {
		m->stage = TW_MOVE_PUTTING;
		m->flows = NULL; /* the job's */
	}
	if (m->stage == TW_MOVE_TAKE || m->stage == TW_MOVE_PUT) /* the next tick tries again */
		tw_tick_soon(sw);
}

bool tw_move_pending(const struct tw_switch *sw)
{
	return sw->move.stage != TW_MOVE_NONE;
}

bool tw_move_holds(const struct tw_switch *sw, uint16_t slot)
{
	return tw_move_pending(sw) && sw->move.slot == slot;
}

/* --- the queue --- */

static bool is_polled(const struct tw_snapshot *s, unsigned worker, uint16_t slot, uint16_t queue)
{
	for (uint32_t i = 0; s && i < s->polls[worker].n; i++)
		if (s->polls[worker].poll[i].slot == slot && s->polls[worker].poll[i].queue == queue)
			return true;
	return false;
}

int tw_move_queue(struct tw_switch *sw, uint16_t slot, uint16_t queue, unsigned to)
{
	char name[32];
	unsigned from;
	int rc;

	if (slot >= TW_SLOTS_MAX || queue >= TW_QUEUES_MAX || to >= sw->n_workers)
		return -EINVAL;
	from = tw_queue_map_get(&sw->map, slot, queue);
	if (!is_polled(atomic_load(&sw->snapshot), from, slot, queue))
		return -EINVAL;
	if (from == to)
		return -EALREADY;
	if (tw_move_pending(sw) || sw->unpublished)
		return -EBUSY;
	rc = tw_publish_poller(sw, slot, queue, to);
	if (rc) {
		tw_log_warning("a queue stays where it is port=%s queue=%u worker=%u error=\"%s\"",
			       tw_slot_name(sw, slot, 0, name, sizeof(name)), queue, from, strerror(-rc));
		return rc;
	}
	sw->move.slot = slot;
	sw->move.queue = queue;
	sw->move.from = (uint16_t)from;
	sw->move.to = (uint16_t)to;
	sw->move.moves++;
	sw->move.stage = TW_MOVE_TAKE;
	tw_move_step(sw);
	return 0;
}
