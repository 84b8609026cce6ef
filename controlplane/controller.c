/* SPDX-License-Identifier: Apache-2.0 */
/* controller.c - life, time and writes of the controller; see controller.h. Its one thread; owns struct tw_controller. */
#define TW_LOG_AREA "controller"
#include "controlplane/controller.h"

#include <inttypes.h>
#include <sys/random.h>

#include "common/clock.h"
#include "common/log.h"
#include "controlplane/captures.h"
#include "controlplane/central/central.h"
#include "controlplane/exporter_trial.h"
#include "controlplane/flows.h"
#include "controlplane/question.h"
#include "controlplane/mem.h"
#include "controlplane/migration.h"
#include "controlplane/tasks.h"
#include "controlplane/wait.h"
#include "controlplane/watch.h"

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	tw_controller_tick(arg);
}

struct tw_controller *tw_controller_create(struct event_base *base, const char *store_path, struct tw_error *err)
{
	struct tw_controller *ctl = tw_need(calloc(1, sizeof(*ctl)));

	ctl->wake_at_ms = UINT64_MAX;
	ctl->started_ms = tw_clock_mono_ms();
	/* Ids of tasks never meet those of an earlier run: a late answer to that one must not be taken for ours. */
	if (getrandom(&ctl->next_task, sizeof(ctl->next_task), 0) != sizeof(ctl->next_task))
		ctl->next_task = tw_clock_real_ns();
	ctl->next_task |= TW_TASK_FREE_ID;
	ctl->store = tw_store_open(store_path, &ctl->model, err);
	if (!ctl->store) {
		free(ctl);
		return NULL;
	}
	if (base)
		ctl->timer = tw_need(evtimer_new(base, on_timer, ctl));
	ctl->learned = tw_learned_create();
	ctl->captures = tw_captures_create();
	tw_hosts_load(ctl);
	tw_migration_resume(ctl);
	tw_log_info("the model is at revision %" PRIu64 " hosts=%zu networks=%zu ports=%zu", ctl->model.revision,
		    ctl->model.tables[TW__KIND__HOST].n, ctl->model.tables[TW__KIND__NETWORK].n,
		    ctl->model.tables[TW__KIND__PORT].n);
	return ctl;
}

void tw_controller_destroy(struct tw_controller *ctl)
{
	if (!ctl)
		return;
	tw_central_destroy(ctl->central);
	tw_captures_destroy(ctl->captures);
	tw_migration_drop_all(ctl);
	tw_exporter_trial_drop(ctl);
	tw_flows_drop_all(ctl);
	tw_questions_drop_all(ctl);
	tw_wait_drop_all(ctl);
	tw_hosts_drop_all(ctl);
	tw_learned_destroy(ctl->learned);
	if (ctl->timer)
		event_free(ctl->timer);
	tw_store_close(ctl->store);
	tw_model_clear(&ctl->model);
	free(ctl);
}

int tw_controller_commit(struct tw_controller *ctl, struct tw_changes *changes, struct tw_error *err)
{
	uint64_t revision = ctl->model.revision + 1;
	int rc;

	for (size_t i = 0; i < changes->n; i++)
		if (changes->items[i].msg)
			tw_message_set_revision(changes->items[i].msg, revision);
	rc = tw_store_write(ctl->store, revision, changes, err);
	if (rc) {
		tw_changes_release(changes);
		return rc;
	}
	tw_model_apply(&ctl->model, revision, changes);
	tw_hosts_update(ctl);
	tw_learned_update(ctl);
	tw_central_update(ctl->central, &ctl->model);
	/* Answers to those who wait are sent from the tick, so that a commit never re-enters its caller. */
	tw_controller_wake_at(ctl, 0);
	return 0;
}

void tw_controller_wake_at(struct tw_controller *ctl, uint64_t mono_ms)
{
	uint64_t now = tw_clock_mono_ms(), delay;
	struct timeval tv;

	if (mono_ms >= ctl->wake_at_ms)
		return;
	ctl->wake_at_ms = mono_ms;
	if (!ctl->timer)
		return;
	delay = mono_ms > now ? mono_ms - now : 0;
	tv.tv_sec = (time_t)(delay / 1000);
	tv.tv_usec = (suseconds_t)(delay % 1000 * 1000);
	if (evtimer_add(ctl->timer, &tv))
		tw_log_error("the timer could not be set");
}

void tw_controller_tick(struct tw_controller *ctl)
{
	/* Each of these asks for the time it next wants; what one commits may make work for another. */
	do {
		ctl->wake_at_ms = UINT64_MAX;
		if (ctl->timer)
			evtimer_del(ctl->timer);
		tw_tasks_tick(ctl);
		tw_migration_tick(ctl);
		tw_flows_tick(ctl);
		tw_exporter_trial_tick(ctl);
		tw_captures_tick(ctl);
		tw_watch_tick(ctl);
		tw_wait_tick(ctl);
	} while (ctl->wake_at_ms == 0);
}
