/* SPDX-License-Identifier: Apache-2.0 */
/* tasks.c - what the controller asks of hosts; see tasks.h. The controller's thread; owns the hosts' task lists. */
#define TW_LOG_AREA "tasks"
#include "controlplane/tasks.h"

#include <inttypes.h>
#include <string.h>

#include "common/clock.h"
#include "common/log.h"
#include "controlplane/controller.h"
#include "controlplane/mem.h"

static struct tw_task *task_add(struct tw_controller *ctl, struct tw_host *host, const Tw__Task *msg,
				uint32_t timeout_ms, tw_task_done done, void *arg)
{
	struct tw_task *task = tw_need(calloc(1, sizeof(*task)));

	task->msg = (Tw__Task *)tw_message_clone(&msg->base);
	task->until_ms = tw_clock_mono_ms() + timeout_ms;
	task->done = done;
	task->arg = arg;
	TAILQ_INSERT_TAIL(&host->tasks, task, link);
	return task;
}

static void task_free(struct tw_host *host, struct tw_task *task)
{
	TAILQ_REMOVE(&host->tasks, task, link);
	tw_message_free(&task->msg->base);
	free(task);
}

/* Off the list before its owner hears of it: the owner may do anything then. */
static void task_end(struct tw_controller *ctl, struct tw_host *host, struct tw_task *task,
		     const Tw__TaskResult *result, const struct tw_error *err)
{
	tw_task_done done = task->done;
	void *arg = task->arg;

	task_free(host, task);
	done(ctl, arg, result, err);
}

uint64_t tw_task_new_id(struct tw_controller *ctl)
{
	return ctl->next_task++ | TW_TASK_FREE_ID;
}

void tw_task_post(struct tw_controller *ctl, struct tw_host *host, const Tw__Task *task, uint32_t timeout_ms, bool once,
		  tw_task_done done, void *arg)
{
	task_add(ctl, host, task, timeout_ms, done, arg)->once = once;
	tw_controller_wake_at(ctl, 0); /* a watch that is held takes it along */
}

void tw_task_expect(struct tw_controller *ctl, struct tw_host *host, uint64_t id, uint32_t timeout_ms,
		    tw_task_done done, void *arg)
{
	Tw__Task msg = TW__TASK__INIT;
	struct tw_task *task;

	msg.id = id;
	task = task_add(ctl, host, &msg, timeout_ms, done, arg);
	task->given = task->once = true;
	task->give_at_ms = UINT64_MAX;
	tw_controller_wake_at(ctl, task->until_ms);
}

void tw_tasks_disown(struct tw_controller *ctl, const void *arg)
{
	struct tw_host *host;

	LIST_FOREACH (host, &ctl->hosts, link) {
		struct tw_task *task, *next;

		for (task = TAILQ_FIRST(&host->tasks); task; task = next) {
			next = TAILQ_NEXT(task, link);
			if (task->arg == arg)
				task_free(host, task);
		}
	}
}

size_t tw_tasks_to_give(const struct tw_host *host, Tw__Task **list, size_t max)
{
	uint64_t now = tw_clock_mono_ms();
	const struct tw_task *task;
	size_t n = 0;

	TAILQ_FOREACH (task, &host->tasks, link)
		if (task->give_at_ms <= now && n < max)
			list[n++] = task->msg;
	return n;
}

void tw_tasks_note_given(struct tw_host *host, Tw__Task *const *list, size_t n)
{
	uint64_t again = tw_clock_mono_ms() + TW_TASK_AGAIN_MS;
	struct tw_task *task;

	TAILQ_FOREACH (task, &host->tasks, link) {
		for (size_t i = 0; i < n; i++) {
			if (task->msg != list[i])
				continue;
			task->given = true;
			task->give_at_ms = again;
		}
	}
}

uint64_t tw_tasks_next_ms(const struct tw_host *host)
{
	uint64_t next = UINT64_MAX;
	const struct tw_task *task;

	TAILQ_FOREACH (task, &host->tasks, link)
		if (task->give_at_ms < next)
			next = task->give_at_ms;
	return next;
}

void tw_tasks_give_again(struct tw_controller *ctl, struct tw_host *host)
{
	struct tw_task *task;

	TAILQ_FOREACH (task, &host->tasks, link)
		task->give_at_ms = task->given && task->once ? UINT64_MAX : 0;
	tw_controller_wake_at(ctl, 0);
}

void tw_tasks_end_all(struct tw_controller *ctl, struct tw_host *host)
{
	struct tw_error err;

	tw_error_set(&err, TW_E_UNREACHABLE, "host", "host '%s' was deleted", host->name);
	while (!TAILQ_EMPTY(&host->tasks))
		task_end(ctl, host, TAILQ_FIRST(&host->tasks), NULL, &err);
}

void tw_tasks_drop(struct tw_host *host)
{
	while (!TAILQ_EMPTY(&host->tasks))
		task_free(host, TAILQ_FIRST(&host->tasks));
}

static bool end_one_overdue(struct tw_controller *ctl, uint64_t now)
{
	struct tw_host *host;

	LIST_FOREACH (host, &ctl->hosts, link) {
		struct tw_task *task;

		TAILQ_FOREACH (task, &host->tasks, link) {
			struct tw_error err;

			if (task->until_ms > now) {
				tw_controller_wake_at(ctl, task->until_ms);
				continue;
			}
			tw_error_set(&err, TW_E_TIMEOUT, "host", "host '%s' did not answer in time", host->name);
			task_end(ctl, host, task, NULL, &err);
			return true; /* the lists may be others now */
		}
	}
	return false;
}

void tw_tasks_tick(struct tw_controller *ctl)
{
	uint64_t now = tw_clock_mono_ms();

	while (end_one_overdue(ctl, now))
		;
}

static void error_from(struct tw_error *err, const Tw__Error *said)
{
	*err = (struct tw_error){ 0 };
	if (!said)
		return;
	if (*said->text)
		tw_error_set(err, said->code ? (enum tw_api_error)said->code : TW_E_INTERNAL, said->field, "%s",
			     said->text);
	else /* an error always has a text: some of those who hear of it have nothing else */
		tw_error_set(err, said->code ? (enum tw_api_error)said->code : TW_E_INTERNAL, said->field, NULL);
}

void tw_tasks_result(struct tw_controller *ctl, const Tw__Envelope *env, struct tw_call call)
{
	const Tw__TaskResult *result = env->task_result;
	struct tw_host *host = tw_host_find(ctl, result->host);
	struct tw_task *task;
	struct tw_error err;

	if (!host) {
		tw_hosts_say_unknown(result->host, call);
		return;
	}
	tw_call_ack(call); /* also for an answer that comes late: its sender has done what it could */
	TAILQ_FOREACH (task, &host->tasks, link)
		if (task->msg->id == result->id)
			break;
	if (!task) {
		tw_log_debug("host '%s' answered a task that is over id=%" PRIu64, host->name, result->id);
		return;
	}
	error_from(&err, result->error);
	task_end(ctl, host, task, err.code ? NULL : result, &err);
}
