/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tasks.h - what the controller asks of hosts: queued, given with the answer to the host's next Watch, answered by a
 * TaskResult or by the clock.
 *
 * An answer to a Watch can get lost with the connection, so a task without an answer is given again every
 * TW_TASK_AGAIN_MS; an agent does a task of one id once. An agent that has started anew does not remember: what would do
 * harm if done twice (`once`) is not given to it again. Every task ends: its `done` is called exactly once, unless its
 * owner drops it first.
 *
 * Threads: the controller's one thread.
 */
#ifndef TW_CONTROLPLANE_TASKS_H
#define TW_CONTROLPLANE_TASKS_H

#include "controlplane/hosts.h"

/* Ids below belong to migrations, which choose them so that a restarted controller knows an answer (migration.c). */
#define TW_TASK_FREE_ID (UINT64_C(1) << 63)

enum { TW_TASK_AGAIN_MS = 5000 };

/**
 * A task has ended. May post and drop tasks, and commit.
 * @param result  NULL when err->code is set; borrowed
 * @param err     what the host answered, or TW_E_TIMEOUT, or TW_E_UNREACHABLE when the host is gone from the model
 */
typedef void (*tw_task_done)(struct tw_controller *ctl, void *arg, const Tw__TaskResult *result,
			     const struct tw_error *err);

struct tw_task {
	TAILQ_ENTRY(tw_task) link;
	Tw__Task *msg;
	uint64_t until_ms;
	uint64_t give_at_ms; /* not before; UINT64_MAX = not again */
	bool given, once;
	tw_task_done done;
	void *arg;
};

/** Queue a copy of `task`, whose id must be set. */
void tw_task_post(struct tw_controller *ctl, struct tw_host *host, const Tw__Task *task, uint32_t timeout_ms, bool once,
		  tw_task_done done, void *arg);
/** Id for a task that belongs to no migration. */
uint64_t tw_task_new_id(struct tw_controller *ctl);
/** Wait for the answer to a task that an earlier run of the controller has given. */
void tw_task_expect(struct tw_controller *ctl, struct tw_host *host, uint64_t id, uint32_t timeout_ms,
		    tw_task_done done, void *arg);
/** Forget all tasks of an owner; their `done` is not called. */
void tw_tasks_disown(struct tw_controller *ctl, const void *arg);

/** Tasks that are to be given to the host now: fills list (borrowed pointers), at most max. @return how many */
size_t tw_tasks_to_give(const struct tw_host *host, Tw__Task **list, size_t max);
/** Those were sent. */
void tw_tasks_note_given(struct tw_host *host, Tw__Task *const *list, size_t n);
/** When the next task is to be given; UINT64_MAX = there is none. */
uint64_t tw_tasks_next_ms(const struct tw_host *host);
/** The host's agent is a new one: what it has not answered it may not know of. */
void tw_tasks_give_again(struct tw_controller *ctl, struct tw_host *host);
/** The host is gone: every task ends with TW_E_UNREACHABLE. */
void tw_tasks_end_all(struct tw_controller *ctl, struct tw_host *host);
/** Free without a word (shutdown). */
void tw_tasks_drop(struct tw_host *host);
void tw_tasks_tick(struct tw_controller *ctl);

/** Request (api.c). */
void tw_tasks_result(struct tw_controller *ctl, const Tw__Envelope *env, struct tw_call call);

#endif
