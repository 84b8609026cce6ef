/* SPDX-License-Identifier: Apache-2.0 */
/*
 * run.c - tw-switch's main loop, its beginning and its end.
 *
 * Threads  main. The end is in order: no new frames, the last records, the workers stop, then the threads that take what
 *          they left, then devices.
 */
#include "dataplane/run.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/path.h"
#include "dataplane/learned.h"
#include "dataplane/telemetry.h"

#define TW_LOG_AREA "switch"
#include "common/log.h"

enum { TICK_US = 1000, LAST_RECORDS_MS = 5000, REOPEN_S = 5 /* uplinks that could not be opened */ };

static void on_signal(evutil_socket_t number, short what, void *arg)
{
	struct tw_switch *sw = arg;

	tw_log_info("stops signal=%d", (int)number);
	event_base_loopbreak(sw->events);
}

static void on_vhost(evutil_socket_t fd, short what, void *arg)
{
	uint64_t count;

	if (read(fd, &count, sizeof(count)) > 0)
		tw_links_vhost_changed(arg);
}

static void on_second(evutil_socket_t fd, short what, void *arg)
{
	struct tw_switch *sw = arg;

	for (unsigned i = 0; i < sw->n_workers; i++)
		tw_worker_clock_follow(sw->workers[i]);
	tw_links_poll_uplinks(sw, ++sw->seconds % REOPEN_S == 0);
	tw_handover_tick(sw); /* old news from workers go */
	tw_rings_judge(sw);
	tw_rebalance_second(sw);
	tw_learned_age(sw);
	tw_sflow_second(sw);
	tw_telemetry_update(tw_status(sw));
}

static void on_rings(evutil_socket_t fd, short what, void *arg)
{
	tw_links_poll_uplinks(arg, false); /* devices that the kernel has no news of */
	tw_links_retry(arg);
	tw_aggregate_tick(arg);
	tw_rings_sample(arg);
	tw_learned_hear(arg);
}

static void on_tick(evutil_socket_t fd, short what, void *arg)
{
	struct tw_switch *sw = arg;

	sw->ticking = false;
	if (sw->unpublished)
		tw_publish(sw);
	tw_links_release(sw);
	tw_handover_tick(sw);
	tw_move_step(sw);
	tw_rebalance_step(sw);
	tw_retire_step(sw);
	if (sw->unpublished || sw->n_stale || tw_handover_pending(sw) || tw_retire_pending(sw))
		tw_tick_soon(sw);
}

void tw_tick_soon(struct tw_switch *sw)
{
	const struct timeval soon = { .tv_usec = TICK_US };

	if (!sw->tick || sw->ticking)
		return;
	sw->ticking = true;
	event_add(sw->tick, &soon);
}

static bool make_events(struct tw_switch *sw)
{
	const struct timeval second = { .tv_sec = 1 }, sample = { .tv_usec = 1000000 / (int)tw_rings_per_second() };
	int fd = tw_vhost_init();

	if (fd < 0)
		return false;
	sw->vhost_event = event_new(sw->events, fd, EV_READ | EV_PERSIST, on_vhost, sw);
	sw->second = event_new(sw->events, -1, EV_PERSIST, on_second, sw);
	sw->rings_event = event_new(sw->events, -1, EV_PERSIST, on_rings, sw);
	sw->tick = event_new(sw->events, -1, 0, on_tick, sw);
	sw->signals[0] = evsignal_new(sw->events, SIGTERM, on_signal, sw);
	sw->signals[1] = evsignal_new(sw->events, SIGINT, on_signal, sw);
	return sw->vhost_event && sw->second && sw->rings_event && sw->tick && sw->signals[0] && sw->signals[1] &&
	       event_add(sw->vhost_event, NULL) == 0 && event_add(sw->second, &second) == 0 &&
	       event_add(sw->rings_event, &sample) == 0 && event_add(sw->signals[0], NULL) == 0 &&
	       event_add(sw->signals[1], NULL) == 0;
}

static bool make_threads(struct tw_switch *sw)
{
	sw->mirrors = tw_mirrors_create(sw->workers, sw->n_workers, sw->tap_budgets);
	sw->arrivals = tw_arrivals_create(sw->workers, sw->n_workers, sw->arrived);
	sw->exporter = sw->mirrors ? tw_export_thread_create(sw->workers, sw->n_workers) : NULL;
	sw->jobs = tw_jobs_create(sw->events, sw->workers, sw->n_workers);
	sw->announcer = tw_announcer_create(sw->events, sw->workers[0]);
	sw->snooping = tw_snooping_create(sw);
	sw->recorders = tw_recorders_create(sw->n_workers);
	sw->rebalancer = tw_rebalancer_create();
	return tw_learned_create(sw) && sw->arrivals && sw->exporter && sw->jobs && sw->announcer && sw->snooping &&
	       sw->recorders && sw->rebalancer;
}

static bool make_sockets(struct tw_switch *sw)
{
	char control[PATH_MAX], news[PATH_MAX];

	if (tw_path(control, sizeof(control), "ipc://%s/switch.ipc", sw->options.run_dir) ||
	    tw_path(news, sizeof(news), "ipc://%s/events.ipc", sw->options.run_dir))
		return false;
	sw->news = tw_link_pub_create(news);
	sw->server = sw->news ? tw_link_server_create(sw->events, control, tw_control_handle, sw) : NULL;
	return sw->server != NULL;
}

struct tw_switch *tw_switch_create(const struct tw_options *options)
{
	struct tw_switch *sw = calloc(1, sizeof(*sw));

	if (!sw)
		return NULL;
	sw->options = *options;
	sw->started_ms = tw_clock_mono_ms();
	if (getrandom(&sw->boot_id, sizeof(sw->boot_id), 0) != sizeof(sw->boot_id))
		sw->boot_id = tw_clock_real_ns();
	sw->boot_id |= 1; /* 0 means none */
	sw->events = event_base_new();
	if (sw->events && tw_workers_create(sw) == 0 && make_events(sw) && make_threads(sw) &&
	    tw_apply_nothing(sw) == 0 && tw_workers_start(sw) == 0 && make_sockets(sw)) {
		int rc = tw_links_listen(sw);

		if (rc)
			tw_log_warning("no news of kernel links: %s", strerror(-rc));
		tw_telemetry_update(tw_status(sw));
		tw_telemetry_init();
		tw_news_started(sw);
		return sw;
	}
	tw_log_error("cannot start");
	tw_switch_destroy(sw);
	return NULL;
}

void tw_switch_run(struct tw_switch *sw)
{
	event_base_dispatch(sw->events);
}

/* --- the end --- */

/* Nothing is polled any more; each slot keeps its number for its last records. */
static void close_all(struct tw_switch *sw)
{
	struct tw_error err = { 0 };
	Tw__Snapshot nothing;

	sw->ending = true;
	tw__snapshot__init(&nothing);
	if (!tw_apply(sw, &nothing, &err))
		tw_log_warning("not all was closed: %s", err.text);
}

static void wait_last_records(struct tw_switch *sw)
{
	const struct timespec nap = { .tv_nsec = 1000000 };
	uint64_t deadline = tw_clock_mono_ms() + LAST_RECORDS_MS;

	while (tw_retire_pending(sw) && tw_clock_mono_ms() < deadline) {
		event_base_loop(sw->events, EVLOOP_NONBLOCK); /* jobs are done by its timers */
		tw_retire_step(sw);
		nanosleep(&nap, NULL);
	}
	if (tw_retire_pending(sw))
		tw_log_warning("not every flow has its last record");
}

static void free_events(struct tw_switch *sw)
{
	struct event *all[] = { sw->vhost_event,  sw->second,     sw->rings_event, sw->tick,
				sw->kernel_links, sw->signals[0], sw->signals[1] };

	if (sw->kernel_links)
		close(event_get_fd(sw->kernel_links));
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (all[i])
			event_free(all[i]);
	if (sw->events)
		event_base_free(sw->events);
}

void tw_switch_destroy(struct tw_switch *sw)
{
	if (!sw)
		return;
	tw_telemetry_update(NULL);
	tw_link_server_destroy(sw->server);
	tw_trial_request_drop(sw);
	if (sw->server) {
		close_all(sw);
		wait_last_records(sw);
	}
	tw_workers_stop(sw);
	tw_export_thread_destroy(sw->exporter);
	tw_mirrors_destroy(sw->mirrors);
	tw_arrivals_destroy(sw->arrivals);
	tw_jobs_destroy(sw->jobs);
	tw_announcer_destroy(sw->announcer);
	tw_snooping_destroy(sw->snooping);
	tw_snapshot_free(atomic_load(&sw->snapshot));
	tw_plan_put(sw->plan);
	tw_learned_destroy(sw);
	tw_workers_destroy(sw);
	free(sw->move.flows);
	tw_recorders_destroy(sw->recorders);
	tw_rebalancer_destroy(sw->rebalancer);
	if (sw->news)
		tw_link_pub_destroy(sw->news);
	free_events(sw);
	free(sw);
}
