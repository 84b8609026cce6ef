/* SPDX-License-Identifier: Apache-2.0 */
/*
 * switch.c - keeps tw-switch as the slice wants it; see switch.h.
 *
 * Threads  the agent's one thread.
 * Owns     the conversations with the switch and what is known of its boot id.
 */
#include "agent/switch.h"

#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/path.h"

#define TW_LOG_AREA "switch"

enum {
	POLL_MS = 200, /* a switch that came back has its snapshot within this and a reconnection */
	STATUS_TIMEOUT_MS = 1000,
	APPLY_TIMEOUT_MS = 10000, /* opening uplinks may take seconds */
	REFUSED_RETRY_MS = 5000,
};

struct tw_switch {
	struct event_base *base;
	struct tw_switch_hooks hooks;
	void *arg;
	char *control_url, *events_url;
	struct tw_link_client *control;
	struct tw_link_sub *events;
	struct tw_calls *urgent, *queries;
	struct event *tick; /* every POLL_MS: is the switch there, and is it the one that has our snapshot? */
	struct event *kick; /* at once, from the loop */
	int folder;         /* inotify on the run directory; negative = none */
	struct event *appeared;
	bool alive;
	bool applying;  /* a snapshot is out on the control conversation */
	bool apply_due; /* what the switch has is not what is wanted */
	bool status_due;
	bool applied_any;    /* the switch of this boot id has had a snapshot from us */
	uint64_t boot_id;    /* of the switch as last heard; 0 = never */
	uint64_t not_before; /* ms, monotonic: a refused snapshot is not tried again earlier */
};

static void set_alive(struct tw_switch *sw, bool alive)
{
	if (sw->alive == alive)
		return;
	sw->alive = alive;
	if (alive)
		tw_log_info("the switch answers boot_id=%" PRIx64, sw->boot_id);
	else
		tw_log_warning("the switch does not answer");
	sw->hooks.alive(sw->arg, alive);
}

static void refuse(struct tw_switch *sw, const struct tw_error *err)
{
	sw->not_before = tw_clock_mono_ms() + REFUSED_RETRY_MS;
	sw->hooks.refused(sw->arg, err);
}

static void status_done(const Tw__Envelope *reply, const struct tw_error *err, void *arg)
{
	struct tw_switch *sw = arg;
	const Tw__SwitchStatus *status;
	struct tw_error why = { 0 };

	if (!tw_calls_reply_is(reply, err, TW__ENVELOPE__BODY_SWITCH_STATUS, &why)) {
		tw_log_debug("no status code=%u text=%s", why.code, why.text);
		set_alive(sw, false);
		return;
	}
	status = reply->switch_status;
	if (status->boot_id != sw->boot_id || (sw->applied_any && status->revision == 0)) {
		sw->boot_id = status->boot_id;
		sw->applied_any = false;
		sw->apply_due = true;
		sw->not_before = 0;
		sw->hooks.restarted(sw->arg);
		event_active(sw->kick, 0, 0);
	}
	set_alive(sw, true);
	sw->hooks.status(sw->arg, status);
}

static void apply_done(const Tw__Envelope *reply, const struct tw_error *err, void *arg)
{
	struct tw_switch *sw = arg;
	struct tw_error why = { 0 };

	sw->applying = false;
	sw->status_due = true;
	event_active(sw->kick, 0, 0);
	if (tw_calls_reply_is(reply, err, TW__ENVELOPE__BODY_APPLY_SNAPSHOT_REPLY, &why)) {
		sw->applied_any = true;
		sw->hooks.applied(sw->arg);
		return;
	}
	sw->apply_due = true;
	if (why.code == TW_E_TIMEOUT)
		set_alive(sw, false);
	refuse(sw, &why);
}

static void send_status(struct tw_switch *sw)
{
	Tw__Envelope env = TW__ENVELOPE__INIT;
	Tw__GetSwitchStatus get = TW__GET_SWITCH_STATUS__INIT;

	env.body_case = TW__ENVELOPE__BODY_GET_SWITCH_STATUS;
	env.get_switch_status = &get;
	sw->status_due = false;
	if (tw_link_call_async(sw->control, &env, STATUS_TIMEOUT_MS, status_done, sw))
		tw_log_error("cannot ask the switch for its status");
}

static void send_snapshot(struct tw_switch *sw)
{
	Tw__Envelope env = TW__ENVELOPE__INIT;
	Tw__ApplySnapshot apply = TW__APPLY_SNAPSHOT__INIT;
	struct tw_error err = { 0 };
	struct tw_snapshot *snapshot = sw->hooks.build(sw->arg, &err);

	sw->apply_due = false;
	if (!snapshot && err.code) {
		sw->apply_due = true;
		refuse(sw, &err);
	}
	if (!snapshot)
		return;
	env.body_case = TW__ENVELOPE__BODY_APPLY_SNAPSHOT;
	env.apply_snapshot = &apply;
	apply.snapshot = tw_snapshot_message(snapshot);
	tw_log_debug("applying revision=%" PRIu64 " ports=%zu remotes=%zu", apply.snapshot->revision,
		     apply.snapshot->n_ports, apply.snapshot->n_remotes);
	if (tw_link_call_async(sw->control, &env, APPLY_TIMEOUT_MS, apply_done, sw)) {
		sw->apply_due = true;
		tw_error_set(&err, TW_E_TOO_LARGE, "snapshot", "the snapshot could not be sent");
		refuse(sw, &err);
	} else {
		sw->applying = true;
	}
	tw_snapshot_destroy(snapshot);
}

static void go_on(evutil_socket_t fd, short what, void *arg)
{
	struct tw_switch *sw = arg;

	if (tw_link_client_busy(sw->control))
		return;
	if (sw->apply_due && sw->alive && tw_clock_mono_ms() >= sw->not_before)
		send_snapshot(sw);
	if (sw->status_due && !tw_link_client_busy(sw->control))
		send_status(sw);
}

static void on_tick(evutil_socket_t fd, short what, void *arg)
{
	struct tw_switch *sw = arg;

	sw->status_due = true;
	go_on(fd, what, arg);
}

static void on_event(const Tw__SwitchEvent *event, void *arg)
{
	struct tw_switch *sw = arg;

	sw->status_due = true; /* whatever happened, the status tells it whole */
	event_active(sw->kick, 0, 0);
	sw->hooks.event(sw->arg, event);
}

/* A switch has begun to listen: talk to it now, not when the conversations try to connect again by themselves. */
static void meet(struct tw_switch *sw)
{
	struct tw_link_client *control = tw_link_client_create(sw->base, sw->control_url);
	struct tw_link_sub *events = tw_link_sub_create(sw->base, sw->events_url, on_event, sw);

	if (control) {
		tw_link_client_destroy(sw->control);
		sw->control = control;
		sw->apply_due = sw->apply_due || sw->applying;
		sw->applying = false;
	}
	if (events) {
		tw_link_sub_destroy(sw->events);
		sw->events = events;
	}
	sw->status_due = true;
	event_active(sw->kick, 0, 0);
}

static void on_appeared(evutil_socket_t fd, short what, void *arg)
{
	union {
		struct inotify_event first;
		char octets[4096];
	} news;
	bool it_is = false;
	ssize_t n;

	while ((n = read(fd, &news, sizeof(news))) > 0) {
		for (ssize_t at = 0; at < n;) {
			const struct inotify_event *one = (const void *)(news.octets + at);

			it_is = it_is || (one->len && strcmp(one->name, "switch.ipc") == 0);
			at += (ssize_t)(sizeof(*one) + one->len);
		}
	}
	if (it_is)
		meet(arg);
}

/* Without it a switch that comes back is met a little later. */
static void watch_folder(struct tw_switch *sw, const char *run_dir)
{
	sw->folder = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (sw->folder >= 0 && inotify_add_watch(sw->folder, run_dir, IN_CREATE | IN_MOVED_TO) >= 0)
		sw->appeared = event_new(sw->base, sw->folder, EV_READ | EV_PERSIST, on_appeared, sw);
	if (!sw->appeared || event_add(sw->appeared, NULL))
		tw_log_warning("the run directory is not watched run_dir=%s", run_dir);
}

static char *url_of(const char *run_dir, const char *name)
{
	char url[PATH_MAX];

	return tw_path(url, sizeof(url), "ipc://%s/%s", run_dir, name) ? NULL : strdup(url);
}

static bool connect_all(struct tw_switch *sw, const char *run_dir)
{
	sw->control_url = url_of(run_dir, "switch.ipc");
	sw->events_url = url_of(run_dir, "events.ipc");
	if (!sw->control_url || !sw->events_url)
		return false;
	watch_folder(sw, run_dir);
	sw->control = tw_link_client_create(sw->base, sw->control_url);
	sw->urgent = tw_calls_create(sw->base, sw->control_url);
	sw->queries = tw_calls_create(sw->base, sw->control_url);
	sw->events = tw_link_sub_create(sw->base, sw->events_url, on_event, sw);
	return sw->control && sw->urgent && sw->queries && sw->events;
}

struct tw_switch *tw_switch_create(struct event_base *base, const char *run_dir, const struct tw_switch_hooks *hooks,
				   void *arg)
{
	struct tw_switch *sw = calloc(1, sizeof(*sw));
	const struct timeval poll = { .tv_usec = POLL_MS * 1000 };

	if (!sw)
		return NULL;
	sw->base = base;
	sw->hooks = *hooks;
	sw->arg = arg;
	sw->folder = -1;
	sw->status_due = true;
	sw->tick = event_new(base, -1, EV_PERSIST, on_tick, sw);
	sw->kick = event_new(base, -1, 0, go_on, sw);
	if (!sw->tick || !sw->kick || event_add(sw->tick, &poll) || !connect_all(sw, run_dir)) {
		tw_switch_destroy(sw);
		return NULL;
	}
	event_active(sw->kick, 0, 0);
	return sw;
}

void tw_switch_destroy(struct tw_switch *sw)
{
	if (!sw)
		return;
	if (sw->tick)
		event_free(sw->tick);
	if (sw->kick)
		event_free(sw->kick);
	if (sw->control)
		tw_link_client_destroy(sw->control);
	if (sw->events)
		tw_link_sub_destroy(sw->events);
	tw_calls_destroy(sw->urgent);
	tw_calls_destroy(sw->queries);
	if (sw->appeared)
		event_free(sw->appeared);
	if (sw->folder >= 0)
		close(sw->folder);
	free(sw->control_url);
	free(sw->events_url);
	free(sw);
}

void tw_switch_want(struct tw_switch *sw)
{
	sw->apply_due = true;
	sw->not_before = 0;
	event_active(sw->kick, 0, 0);
}

bool tw_switch_alive(const struct tw_switch *sw)
{
	return sw->alive;
}

struct tw_calls *tw_switch_urgent(struct tw_switch *sw)
{
	return sw->urgent;
}

struct tw_calls *tw_switch_queries(struct tw_switch *sw)
{
	return sw->queries;
}
