/* SPDX-License-Identifier: Apache-2.0 */
/* watch.c - the agents' long polls; see watch.h. The controller's thread; owns the watch of each struct tw_host. */
#include "controlplane/watch.h"

#include "common/clock.h"
#include "controlplane/captures.h"
#include "controlplane/controller.h"
#include "controlplane/slice.h"
#include "controlplane/tasks.h"

static bool is_stale(const struct tw_controller *ctl, const struct tw_host *host)
{
	return host->watch_since < tw_host_changed(host) || host->watch_since > ctl->model.revision;
}

static void answer(struct tw_controller *ctl, struct tw_host *host)
{
	Tw__Envelope reply = TW__ENVELOPE__INIT;
	Tw__WatchReply body = TW__WATCH_REPLY__INIT;
	Tw__Task *tasks[TW_WATCH_MAX_TASKS];
	Tw__Mirror *captures[TW_CAPTURES_MAX];

	host->watching = false;
	if (is_stale(ctl, host)) {
		struct tw_slicer *slicer = tw_slicer_create(&ctl->model);

		tw_slice_build(slicer, host->name, &body);
		tw_slicer_destroy(slicer);
		body.full = true;
	} else {
		body.unchanged = true;
	}
	body.revision = ctl->model.revision;
	body.epoch = ctl->model.epoch;
	body.n_tasks = tw_tasks_to_give(host, tasks, TW_WATCH_MAX_TASKS);
	body.tasks = tasks;
	body.captures_as_of = tw_captures_as_of(ctl->captures);
	body.n_captures = tw_captures_open(ctl->captures, captures);
	body.captures = captures;
	reply.body_case = TW__ENVELOPE__BODY_WATCH_REPLY;
	reply.watch_reply = &body;
	tw_call_reply(host->watch, &reply);
	tw_tasks_note_given(host, tasks, body.n_tasks);
	tw_slice_release(&body);
}

/* Nobody listens any more, or a newer watch is here: nothing of worth may go this way. */
static void answer_superseded(struct tw_controller *ctl, struct tw_host *host)
{
	Tw__Envelope reply = TW__ENVELOPE__INIT;
	Tw__WatchReply body = TW__WATCH_REPLY__INIT;

	host->watching = false;
	body.revision = host->watch_since;
	body.epoch = ctl->model.epoch;
	body.unchanged = true;
	body.captures_as_of = host->watch_captures;
	reply.body_case = TW__ENVELOPE__BODY_WATCH_REPLY;
	reply.watch_reply = &body;
	tw_call_reply(host->watch, &reply);
}

static void consider(struct tw_controller *ctl, struct tw_host *host)
{
	uint64_t next = tw_tasks_next_ms(host);

	if (!host->watching)
		return;
	if (is_stale(ctl, host) || host->watch_captures != tw_captures_as_of(ctl->captures) ||
	    next <= tw_clock_mono_ms() || tw_clock_mono_ms() >= host->watch_until_ms)
		answer(ctl, host);
	else
		tw_controller_wake_at(ctl, next < host->watch_until_ms ? next : host->watch_until_ms);
}

void tw_watch_handle(struct tw_controller *ctl, const Tw__Envelope *env, struct tw_call call)
{
	const Tw__Watch *watch = env->watch;
	struct tw_host *host = tw_host_find(ctl, watch->host);
	bool ours = watch->epoch == ctl->model.epoch && watch->since > 0;

	if (!host) {
		tw_hosts_say_unknown(watch->host, call);
		return;
	}
	if (host->watching)
		answer_superseded(ctl, host);
	if (!ours)
		host->realised = 0; /* of another store, or of nothing; what it reports from now on is of ours */
	host->of_our_epoch = true;
	host->watching = true;
	host->watch = call;
	host->watch_since = ours ? watch->since : 0;
	host->watch_captures = watch->captures;
	host->watch_until_ms =
		tw_clock_mono_ms() + (watch->wait_ms < TW_WATCH_MAX_MS ? watch->wait_ms : TW_WATCH_MAX_MS);
	consider(ctl, host);
}

void tw_watch_tick(struct tw_controller *ctl)
{
	struct tw_host *host;

	LIST_FOREACH (host, &ctl->hosts, link)
		consider(ctl, host);
}

void tw_watch_end(struct tw_controller *ctl, struct tw_host *host)
{
	if (!host->watching)
		return;
	host->watching = false;
	tw_hosts_say_unknown(host->name, host->watch);
}
