/* SPDX-License-Identifier: Apache-2.0 */
/* move.c - what a migration asks of its hosts, and their answers; see move.h. The controller's thread. */
#include "controlplane/move.h"

#include <stdio.h>
#include <string.h>

#define TW_LOG_AREA "migration"
#include "common/log.h"
#include "controlplane/mem.h"
#include "controlplane/migration.h"
#include "controlplane/tasks.h"

/* The id of a task is migration * STEPS_PER_MIGRATION + step: the same in every run of the controller. */
enum task_step { GIVE_SPEC, LAUNCH, MIGRATE_OUT, STOP_AT_B, STOP_AT_A, STEPS_PER_MIGRATION = 8 };

enum { MIGRATE_OUT_MS = 2 * TW_MIGRATION_PHASE_MS }; /* its answer may come when SETTLE has begun */

const Tw__Migration *tw_move_object(const struct tw_controller *ctl, const struct tw_move *move)
{
	return tw_model_migration(&ctl->model, move->id);
}

void tw_move_fail(struct tw_move *move, const char *text)
{
	if (!*move->failed)
		snprintf(move->failed, sizeof(move->failed), "%s", text);
}

/* @return true when `result` is an answer to what was asked; else the move has failed */
static bool is_answer(struct tw_controller *ctl, struct tw_move *move, const Tw__TaskResult *result,
		      const struct tw_error *err, Tw__TaskResult__WhatCase expected)
{
	tw_controller_wake_at(ctl, 0);
	if (!result)
		tw_move_fail(move, err->text);
	else if (result->what_case != expected)
		tw_move_fail(move, "a host answered with something else than was asked for");
	else
		return true;
	return false;
}

static void on_spec(struct tw_controller *ctl, void *arg, const Tw__TaskResult *result, const struct tw_error *err)
{
	struct tw_move *move = arg;

	if (is_answer(ctl, move, result, err, TW__TASK_RESULT__WHAT_VM_SPEC))
		move->spec = (Tw__VmSpec *)tw_message_clone(&result->vm_spec->base);
}

static void on_launched(struct tw_controller *ctl, void *arg, const Tw__TaskResult *result, const struct tw_error *err)
{
	struct tw_move *move = arg;

	if (is_answer(ctl, move, result, err, TW__TASK_RESULT__WHAT_LAUNCH))
		move->uri = tw_need(strdup(result->launch->uri));
}

static void on_migrated(struct tw_controller *ctl, void *arg, const Tw__TaskResult *result, const struct tw_error *err)
{
	struct tw_move *move = arg;

	if (is_answer(ctl, move, result, err, TW__TASK_RESULT__WHAT_MIGRATE)) {
		move->transferred = true;
		move->result = *result->migrate; /* numbers only */
	} else if (tw_move_object(ctl, move)->phase == TW__MIGRATION__PHASE__SETTLE) {
		move->transferred = true; /* whatever A says: the guest has been seen at B */
	} else {
		move->given_up = !result && err->code != TW_E_TIMEOUT && err->code != TW_E_UNREACHABLE;
	}
}

static void on_stopped(struct tw_controller *ctl, void *arg, const Tw__TaskResult *result, const struct tw_error *err)
{
	struct tw_move *move = arg;

	tw_controller_wake_at(ctl, 0);
	move->stopped = true;
	if (!result)
		tw_log_warning("the VM's remains at its old host could not be stopped: %s", err->text);
}

static void on_undone(struct tw_controller *ctl, void *arg, const Tw__TaskResult *result, const struct tw_error *err)
{
	if (!result)
		tw_log_warning("the VM that waited at the new host could not be stopped: %s", err->text);
}

static void post(struct tw_controller *ctl, struct tw_move *move, const char *name, enum task_step step, Tw__Task *task)
{
	static const struct {
		tw_task_done done;
		uint32_t timeout_ms;
		bool once;
	} steps[] = {
		[GIVE_SPEC] = { on_spec, TW_MIGRATION_PHASE_MS, false },
		[LAUNCH] = { on_launched, TW_MIGRATION_PHASE_MS, false },
		/* A guest must not be sent twice: the first sending may have been the one that worked. */
		[MIGRATE_OUT] = { on_migrated, MIGRATE_OUT_MS, true },
		[STOP_AT_B] = { on_undone, TW_MIGRATION_PHASE_MS, false },
		[STOP_AT_A] = { on_stopped, TW_MIGRATION_PHASE_MS, false },
	};
	struct tw_host *host = tw_host_find(ctl, name);

	task->id = move->id * STEPS_PER_MIGRATION + step;
	if (host)
		tw_task_post(ctl, host, task, steps[step].timeout_ms, steps[step].once, steps[step].done,
			     step == STOP_AT_B ? NULL : move);
	else
		tw_move_fail(move, "a host of the migration is gone");
}

void tw_move_ask_spec(struct tw_controller *ctl, struct tw_move *move, const Tw__Migration *m)
{
	Tw__Task task = TW__TASK__INIT;
	Tw__GetVmSpec body;

	tw__get_vm_spec__init(&body);
	body.vm = m->vm;
	task.what_case = TW__TASK__WHAT_VM_SPEC;
	task.vm_spec = &body;
	move->asked = true;
	post(ctl, move, m->from, GIVE_SPEC, &task);
}

void tw_move_ask_launch(struct tw_controller *ctl, struct tw_move *move, const Tw__Migration *m)
{
	Tw__Task task = TW__TASK__INIT;
	Tw__LaunchIncoming body = TW__LAUNCH_INCOMING__INIT;

	body.migration = m->id;
	body.spec = move->spec;
	task.what_case = TW__TASK__WHAT_LAUNCH;
	task.launch = &body;
	move->asked = true;
	post(ctl, move, m->to, LAUNCH, &task);
}

void tw_move_ask_migrate(struct tw_controller *ctl, struct tw_move *move, const Tw__Migration *m)
{
	Tw__Task task = TW__TASK__INIT;
	Tw__MigrateOut body;

	tw__migrate_out__init(&body);
	body.migration = m->id;
	body.vm = m->vm;
	body.uri = move->uri;
	task.what_case = TW__TASK__WHAT_MIGRATE;
	task.migrate = &body;
	move->asked = true;
	post(ctl, move, m->from, MIGRATE_OUT, &task);
}

static void ask_stop(struct tw_controller *ctl, struct tw_move *move, const char *host, char *vm, enum task_step step)
{
	Tw__Task task = TW__TASK__INIT;
	Tw__StopVm body;

	tw__stop_vm__init(&body);
	body.vm = vm;
	task.what_case = TW__TASK__WHAT_STOP;
	task.stop = &body;
	post(ctl, move, host, step, &task);
}

void tw_move_ask_stop_at_a(struct tw_controller *ctl, struct tw_move *move, const Tw__Migration *m)
{
	move->asked = true;
	ask_stop(ctl, move, m->from, m->vm, STOP_AT_A);
}

void tw_move_ask_stop_at_b(struct tw_controller *ctl, struct tw_move *move, const Tw__Migration *m)
{
	ask_stop(ctl, move, m->to, m->vm, STOP_AT_B);
}

void tw_move_expect_migrated(struct tw_controller *ctl, struct tw_move *move, struct tw_host *from)
{
	move->asked = true;
	tw_task_expect(ctl, from, move->id * STEPS_PER_MIGRATION + MIGRATE_OUT, TW_MIGRATION_PHASE_MS, on_migrated,
		       move);
}
