/* SPDX-License-Identifier: Apache-2.0 */
/*
 * publish.c - what is so becomes the snapshot workers forward by; see switch.h.
 *
 * Threads  main publishes with one store; workers read the pointer once a round and say so (rte_rcu_qsbr).
 * Moves    a queue that goes from one worker to another is nobody's until each worker has left the snapshot in which it was the
 *          former's: so no two ever poll it, and what the former has taken has left before the new one takes the next.
 * Bound    main waits a second at most. A worker that does not come by in that time (its CPU is taken away) keeps the old
 *          snapshots alive; they are freed when it does.
 */
#include <errno.h>
#include <time.h>

#include "common/clock.h"
#include "dataplane/acl.h"
#include "dataplane/switch.h"

#define TW_LOG_AREA "publish"
#include "common/log.h"

enum { GRACE_MS = 1000, MOVE_GRACE_MS = 100, NAP_NS = 20000 };

static void set_aside(struct tw_switch *sw, const struct tw_snapshot *old, uint64_t token)
{
	if (!old)
		return;
	if (sw->n_stale == TW_STALE_MAX) { /* never freed rather than too early: a worker is stuck anyway */
		tw_log_error("a worker does not leave its snapshot; one is given up generation=%u", old->generation);
		return;
	}
	sw->stale[sw->n_stale].snapshot = old;
	sw->stale[sw->n_stale++].token = token;
}

bool tw_grace_over(struct tw_switch *sw)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < sw->n_stale; i++) {
		if (rte_rcu_qsbr_check(sw->qsbr, sw->stale[i].token, false) == 1)
			tw_snapshot_free(sw->stale[i].snapshot);
		else
			sw->stale[kept++] = sw->stale[i];
	}
	sw->n_stale = kept;
	if (kept || sw->unpublished)
		return false;
	tw_recorders_reap(sw->recorders);
	return true;
}

static bool wait_grace(struct tw_switch *sw, uint64_t ms)
{
	const struct timespec nap = { .tv_nsec = NAP_NS };
	uint64_t deadline = tw_clock_mono_ms() + ms;

	while (!tw_grace_over(sw)) {
		if (tw_clock_mono_ms() >= deadline)
			return false;
		nanosleep(&nap, NULL);
	}
	return true;
}

static void replace(struct tw_switch *sw, const struct tw_snapshot *old, const struct tw_snapshot *next)
{
	atomic_store_explicit(&sw->snapshot, next, memory_order_release);
	set_aside(sw, old, rte_rcu_qsbr_start(sw->qsbr));
}

int tw_publish(struct tw_switch *sw)
{
	static struct tw_failover failover; /* main's */
	const struct tw_snapshot *old = atomic_load(&sw->snapshot), *next;
	bool whole;

	for (uint32_t i = 0; i < sw->plan->n_acls; i++)
		tw_acl_compile(sw->plan->acls[i]);
	if (++sw->generation == 0)
		sw->generation = 1;
	tw_recorders_fill(sw->recorders, sw->states);
	next = tw_snapshot_build(sw->plan, sw->states, &sw->map, sw->generation, old);
	sw->unpublished = !next;
	if (!next) {
		tw_log_error("out of memory: the former snapshot stays");
		tw_tick_soon(sw); /* which tries again */
		return -ENOMEM;
	}
	tw_failover_note(sw, old, next, &failover);
	replace(sw, old, next);
	whole = wait_grace(sw, GRACE_MS);
	tw_failover_announce(sw, &failover);
	if (whole)
		return 0;
	tw_tick_soon(sw);
	tw_log_warning("a worker has not come by for a second generation=%u", next->generation);
	return -ETIMEDOUT;
}

int tw_publish_poller(struct tw_switch *sw, uint16_t slot, uint16_t queue, unsigned to)
{
	const struct tw_snapshot *now = atomic_load(&sw->snapshot), *nobodys, *next;
	unsigned from = tw_queue_map_get(&sw->map, slot, queue);

	tw_queue_map_set(&sw->map, slot, queue, TW_WORKER_NONE);
	nobodys = tw_snapshot_repoll(now, &sw->map);
	tw_queue_map_set(&sw->map, slot, queue, to);
	next = nobodys ? tw_snapshot_repoll(now, &sw->map) : NULL;
	if (!next) {
		tw_snapshot_free(nobodys);
		tw_queue_map_set(&sw->map, slot, queue, from);
		return -ENOMEM;
	}
	replace(sw, now, nobodys);
	if (wait_grace(sw, MOVE_GRACE_MS)) {
		replace(sw, nobodys, next);
		tw_tick_soon(sw); /* which frees the other */
		return 0;
	}
	/* Its former worker can have it back at any time. */
	tw_snapshot_free(next);
	tw_queue_map_set(&sw->map, slot, queue, from);
	tw_publish(sw);
	return -ETIMEDOUT;
}
