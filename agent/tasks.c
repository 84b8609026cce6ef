/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tasks.c - does what the controller asks for; see tasks.h.
 *
 * Threads  the agent's one thread.
 * Owns     one record per task in work.
 */
#include "agent/tasks.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <unistd.h>

#include "agent/agent.h"
#include "agent/child.h"
#include "agent/migrate.h"
#include "agent/stop.h"
#include "common/log.h"
#include "common/path.h"
#include "hypervisor-hooks/vm_spec.h"
#include "proto/link/check.h"
#include "proto/link/codec.h"

#define TW_LOG_AREA "task"

enum { FLOWS_TIMEOUT_MS = 5000, LAUNCH_TIMEOUT_MS = 30000 };
enum { REMEMBERED = 256 }; /* tasks done; more than a controller gives in the time in which it repeats one */

struct task {
	TAILQ_ENTRY(task) link;
	struct tw_tasks *tasks;
	uint64_t id;
	struct tw_child *child; /* while tw-vm runs */
	struct tw_stop *stop;   /* while a QEMU is being ended */
	size_t question;        /* index into passed_on */
};

struct tw_tasks {
	struct tw_agent *agent;
	TAILQ_HEAD(, task) running;
	uint64_t epoch; /* of the store whose ids these are */
	uint64_t done[REMEMBERED];
	size_t n_done; /* in all; the oldest is overwritten */
};

/* A controller repeats a task until it has heard the result, and its last repetition may come after that. */
static bool is_known(struct tw_tasks *tasks, uint64_t id)
{
	uint64_t epoch = tw_agent_view(tasks->agent)->epoch;
	size_t n;

	if (tasks->epoch != epoch) { /* another store counts anew */
		tasks->epoch = epoch;
		tasks->n_done = 0;
	}
	n = tasks->n_done < REMEMBERED ? tasks->n_done : REMEMBERED;
	for (size_t i = 0; i < n; i++)
		if (tasks->done[i] == id)
			return true;
	return false;
}

static Tw__TaskResult empty_result(void)
{
	Tw__TaskResult result;

	tw__task_result__init(&result);
	return result;
}

static struct task *find(struct tw_tasks *tasks, uint64_t id)
{
	struct task *task;

	TAILQ_FOREACH (task, &tasks->running, link)
		if (task->id == id)
			return task;
	return NULL;
}

static void drop(struct task *task)
{
	TAILQ_REMOVE(&task->tasks->running, task, link);
	if (task->tasks->agent->sw)
		tw_calls_forget(tw_switch_queries(task->tasks->agent->sw), task);
	tw_child_destroy(task->child);
	tw_stop_destroy(task->stop);
	free(task);
}

/* Report a result, which is borrowed, or an error when there is none; the task is over. */
static void finish(struct task *task, Tw__TaskResult *result, const struct tw_error *err)
{
	Tw__TaskResult failure = empty_result();
	Tw__Error message;

	if (!result) {
		tw_link_error_message(err, &message);
		failure.error = &message;
		result = &failure;
		tw_log_warning("a task failed task=%" PRIu64 " code=%u field=%s error=%s", task->id, err->code,
			       err->field, err->text);
	}
	result->id = task->id;
	task->tasks->done[task->tasks->n_done++ % REMEMBERED] = task->id;
	if (tw_report_result(task->tasks->agent->report, result))
		tw_log_error("a task's result is lost task=%" PRIu64, task->id);
	drop(task);
}

/* ---- what the switch is asked; its answer is the result ---- */

static const struct {
	Tw__Task__WhatCase task;
	Tw__Envelope__BodyCase question, answer;
	Tw__TaskResult__WhatCase result;
} passed_on[] = {
	{ TW__TASK__WHAT_FLOWS, TW__ENVELOPE__BODY_GET_FLOWS, TW__ENVELOPE__BODY_FLOWS, TW__TASK_RESULT__WHAT_FLOWS },
	{ TW__TASK__WHAT_TRACE, TW__ENVELOPE__BODY_TRACE_FRAME, TW__ENVELOPE__BODY_TRACED,
	  TW__TASK_RESULT__WHAT_TRACED },
	{ TW__TASK__WHAT_MULTICAST, TW__ENVELOPE__BODY_GET_MULTICAST, TW__ENVELOPE__BODY_MULTICAST_STATE,
	  TW__TASK_RESULT__WHAT_MULTICAST },
	{ TW__TASK__WHAT_RECORDED, TW__ENVELOPE__BODY_GET_RECORDED, TW__ENVELOPE__BODY_RECORDED,
	  TW__TASK_RESULT__WHAT_RECORDED },
	{ TW__TASK__WHAT_TRY_EXPORTER, TW__ENVELOPE__BODY_TRY_EXPORTER, TW__ENVELOPE__BODY_EXPORTER_TRIED,
	  TW__TASK_RESULT__WHAT_EXPORTER_TRIED },
	{ TW__TASK__WHAT_MACS, TW__ENVELOPE__BODY_GET_MACS, TW__ENVELOPE__BODY_MACS, TW__TASK_RESULT__WHAT_MACS },
	{ TW__TASK__WHAT_REBALANCE, TW__ENVELOPE__BODY_REBALANCE, TW__ENVELOPE__BODY_REBALANCED,
	  TW__TASK_RESULT__WHAT_REBALANCED },
};

/* A oneof's members are pointers in one place: whichever it is, it is passed on through this one. */
static void answered(const Tw__Envelope *reply, const struct tw_error *err, void *arg)
{
	struct task *task = arg;
	Tw__TaskResult result = empty_result();
	struct tw_error why = { 0 };

	if (!tw_calls_reply_is(reply, err, passed_on[task->question].answer, &why)) {
		finish(task, NULL, &why);
		return;
	}
	result.what_case = passed_on[task->question].result;
	result.flows = reply->flows;
	finish(task, &result, NULL);
}

static bool is_question(const Tw__Task *said)
{
	for (size_t i = 0; i < sizeof(passed_on) / sizeof(*passed_on); i++)
		if (passed_on[i].task == said->what_case)
			return true;
	return false;
}

static bool begin_question(struct task *task, const Tw__Task *said, struct tw_error *err)
{
	Tw__Envelope env = TW__ENVELOPE__INIT;

	while (passed_on[task->question].task != said->what_case)
		task->question++;
	env.body_case = passed_on[task->question].question;
	env.get_flows = said->flows;
	if (tw_calls_ask(tw_switch_queries(task->tasks->agent->sw), &env, FLOWS_TIMEOUT_MS, answered, task))
		return tw_error_set(err, TW_E_INTERNAL, NULL, "out of memory");
	return true;
}

/* ---- GetSwitchStatus, GetVmSpec ---- */

static bool begin_status(struct task *task, const Tw__Task *said, struct tw_error *err)
{
	Tw__TaskResult result = empty_result();

	if (!task->tasks->agent->status)
		return tw_error_set(err, TW_E_UNREACHABLE, NULL, "the switch does not answer");
	result.what_case = TW__TASK_RESULT__WHAT_STATUS;
	result.status = task->tasks->agent->status;
	finish(task, &result, NULL);
	return true;
}

static bool begin_vm_spec(struct task *task, const Tw__Task *said, struct tw_error *err)
{
	Tw__TaskResult result = empty_result();

	if (!tw_check_name(said->vm_spec->vm, TW_VM_NAME_SIZE - 1, "vm_spec.vm", err))
		return false;
	result.vm_spec = tw_vm_spec_load(task->tasks->agent->config.run_dir, said->vm_spec->vm, err);
	if (!result.vm_spec)
		return false;
	result.what_case = TW__TASK_RESULT__WHAT_VM_SPEC;
	finish(task, &result, NULL);
	tw_vm_spec_free(result.vm_spec);
	return true;
}

/* ---- LaunchIncoming ---- */

_Bool tw_tasks_incoming_uri(const char *text, char *uri, size_t size)
{
	static const char word[] = "incoming ";

	for (const char *line = text; line; line = strchr(line, '\n')) {
		size_t len;

		line += *line == '\n';
		if (strncmp(line, word, sizeof(word) - 1) != 0)
			continue;
		line += sizeof(word) - 1;
		len = strcspn(line, "\n");
		if (len == 0 || len >= size)
			return false;
		memcpy(uri, line, len);
		uri[len] = '\0';
		return true;
	}
	return false;
}

void tw_tasks_find_vm(char *path, size_t size)
{
	char self[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	char *slash = NULL;

	if (n > 0) {
		self[n] = '\0';
		slash = strrchr(self, '/');
	}
	if (slash) {
		*slash = '\0';
		if (tw_path(path, size, "%s/tw-vm", self) == 0 && access(path, X_OK) == 0)
			return;
	}
	snprintf(path, size, "tw-vm");
}

/* What a person should read of a program's standard error: its last line. */
static const char *last_line(const char *text, char *line, size_t size)
{
	size_t end = strlen(text), begin;

	while (end > 0 && text[end - 1] == '\n')
		end--;
	for (begin = end; begin > 0 && text[begin - 1] != '\n'; begin--)
		;
	snprintf(line, size, "%.*s", (int)(end - begin), text + begin);
	return line;
}

static void launched(const struct tw_child_end *end, void *arg)
{
	Tw__TaskResult result = empty_result();
	Tw__LaunchResult launch;
	struct task *task = arg;
	struct tw_error err = { 0 };
	char uri[160], line[200];

	tw__launch_result__init(&launch);
	task->child = NULL; /* frees itself */
	if (end->status != 0) {
		tw_error_set(&err, TW_E_VMM, NULL, "tw-vm: %s", last_line(end->err, line, sizeof(line)));
		finish(task, NULL, &err);
		return;
	}
	if (!tw_tasks_incoming_uri(end->out, uri, sizeof(uri))) {
		tw_error_set(&err, TW_E_VMM, NULL, "tw-vm does not say where QEMU waits for the guest");
		finish(task, NULL, &err);
		return;
	}
	result.what_case = TW__TASK_RESULT__WHAT_LAUNCH;
	result.launch = &launch;
	launch.uri = uri;
	finish(task, &result, NULL);
}

/* "tcp:ADDRESS:0", where an IPv6 address is in brackets. */
static bool incoming_at(const struct tw_agent *agent, char *uri, size_t size, struct tw_error *err)
{
	const Tw__WatchReply *view = tw_agent_view(agent);
	const char *address = agent->config.migrate_address;
	bool bare_v6;

	if (!address && view->host && *view->host->migrate_address)
		address = view->host->migrate_address;
	if (!address)
		return tw_error_set(err, TW_E_MISSING, "host.migrate_address",
				    "this host has no address for incoming "
				    "migrations");
	bare_v6 = strchr(address, ':') && address[0] != '[';
	if (tw_path(uri, size, bare_v6 ? "tcp:[%s]:0" : "tcp:%s:0", address))
		return tw_error_set(err, TW_E_INVALID, "host.migrate_address", "it is too long");
	return true;
}

static bool begin_launch(struct task *task, const Tw__Task *said, struct tw_error *err)
{
	struct tw_agent *agent = task->tasks->agent;
	char uri[128], program[PATH_MAX], **argv;
	int error;

	if (!said->launch->spec)
		return tw_error_set(err, TW_E_MISSING, "launch.spec", NULL);
	if (!tw_vm_spec_check(said->launch->spec, err) || !incoming_at(agent, uri, sizeof(uri), err))
		return false;
	argv = tw_vm_spec_run_args(said->launch->spec, agent->config.run_dir, uri);
	if (!argv)
		return tw_error_set(err, TW_E_INTERNAL, NULL, "out of memory");
	tw_tasks_find_vm(program, sizeof(program));
	task->child = tw_child_spawn(agent->base, program, argv, LAUNCH_TIMEOUT_MS, launched, task);
	error = errno;
	tw_vm_args_free(argv);
	if (!task->child)
		return tw_error_set(err, TW_E_VMM, NULL, "%s cannot be started: %s", program, strerror(error));
	return true;
}

/* ---- MigrateOut, StopVm ---- */

void tw_tasks_migrated(const Tw__MigrateResult *figures, const struct tw_error *err, uint64_t id, void *arg)
{
	Tw__TaskResult result = empty_result();
	Tw__MigrateResult copy;
	struct task *task = find(arg, id);

	if (!task)
		return;
	if (figures) {
		copy = *figures;
		result.what_case = TW__TASK_RESULT__WHAT_MIGRATE;
		result.migrate = &copy;
	}
	finish(task, figures ? &result : NULL, err);
}

static bool begin_migrate(struct task *task, const Tw__Task *said, struct tw_error *err)
{
	return tw_migrate_start(task->tasks->agent->migrate, task->id, said->migrate, err);
}

static void stopped(const char *error, void *arg)
{
	Tw__TaskResult result = empty_result();
	struct task *task = arg;
	struct tw_error err = { 0 };

	task->stop = NULL; /* frees itself */
	if (error)
		tw_error_set(&err, TW_E_VMM, NULL, "%s", error);
	finish(task, error ? NULL : &result, &err);
}

static bool begin_stop(struct task *task, const Tw__Task *said, struct tw_error *err)
{
	struct tw_agent *agent = task->tasks->agent;

	if (!tw_check_name(said->stop->vm, TW_VM_NAME_SIZE - 1, "stop.vm", err))
		return false;
	task->stop = tw_stop_vm(agent->base, agent->config.run_dir, said->stop->vm, stopped, task);
	return task->stop ? true : tw_error_set(err, TW_E_INTERNAL, NULL, "out of memory");
}

/* ---- all ---- */

/* One line a kind: what begins it. False: it did not begin, err says why. */
static bool begin(struct task *task, const Tw__Task *said, struct tw_error *err)
{
	switch (said->what_case) {
	case TW__TASK__WHAT_FLOWS:
	case TW__TASK__WHAT_TRACE:
	case TW__TASK__WHAT_MULTICAST:
	case TW__TASK__WHAT_RECORDED:
	case TW__TASK__WHAT_MACS:
	case TW__TASK__WHAT_REBALANCE:
	case TW__TASK__WHAT_TRY_EXPORTER:
		return begin_question(task, said, err);
	case TW__TASK__WHAT_LAUNCH:
		return begin_launch(task, said, err);
	case TW__TASK__WHAT_MIGRATE:
		return begin_migrate(task, said, err);
	case TW__TASK__WHAT_STOP:
		return begin_stop(task, said, err);
	case TW__TASK__WHAT_STATUS:
		return begin_status(task, said, err);
	case TW__TASK__WHAT_VM_SPEC:
		return begin_vm_spec(task, said, err);
	default:
		return tw_error_set(err, TW_E_UNEXPECTED, "task.what", "this agent does not know such a task");
	}
}

void tw_tasks_begin(struct tw_tasks *tasks, const Tw__Task *said)
{
	struct tw_error err = { 0 };
	struct task *task;

	if (is_known(tasks, said->id) || find(tasks, said->id))
		return;
	task = calloc(1, sizeof(*task));
	if (!task)
		return;
	task->tasks = tasks;
	task->id = said->id;
	TAILQ_INSERT_TAIL(&tasks->running, task, link);
	if (is_question(said)) /* somebody may look on, each second */
		tw_log_debug("task=%" PRIu64 " kind=%d", said->id, (int)said->what_case);
	else
		tw_log_info("task=%" PRIu64 " kind=%d", said->id, (int)said->what_case);
	if (!begin(task, said, &err))
		finish(task, NULL, &err);
}

struct tw_tasks *tw_tasks_create(struct tw_agent *agent)
{
	struct tw_tasks *tasks = calloc(1, sizeof(*tasks));

	if (!tasks)
		return NULL;
	tasks->agent = agent;
	TAILQ_INIT(&tasks->running);
	return tasks;
}

void tw_tasks_destroy(struct tw_tasks *tasks)
{
	if (!tasks)
		return;
	while (!TAILQ_EMPTY(&tasks->running))
		drop(TAILQ_FIRST(&tasks->running));
	free(tasks);
}
