/* SPDX-License-Identifier: Apache-2.0 */
/*
 * central.c - the thread of the records; see central.h.
 *
 * Threads  create, destroy, update and status are the controller's; below "the thread" all is the thread's.
 * Owns     sockets, intake, pumps.
 */
#include "controlplane/central/central.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/stat.h>

#include "common/clock.h"
#include "common/path.h"
#include "controlplane/central/cursors.h"
#include "controlplane/central/intake.h"
#include "controlplane/central/plan.h"
#include "controlplane/central/pumps.h"
#include "controlplane/central/tell.h"
#include "controlplane/central/trial.h"
#include "controlplane/mem.h"
#include "controlplane/model.h"

#define TW_LOG_AREA "records"
#include "common/log.h"

#define SPOOL_OCTETS (UINT64_C(4) << 30)
#define SPOOL_AGE_MS (UINT64_C(7) * 24 * 3600 * 1000)

enum {
	SEGMENT_OCTETS = 4 << 20,
	SEGMENT_MS = 30000,
	STEP_MS = 20, /* when there is nothing to do */
	BUSY_MS = 2,  /* when there is */
	TEND_MS = 1000,
	LISTEN_AGAIN_MS = 15000,
	CREDIT = 512 << 10, /* octets of one push */
	SERVED = 8,         /* one that is served has less than this part of the spool before it */
	BEHIND_WAIT_MS = 500,
	TROUBLE_WAIT_MS = 2000,
};

struct tw_central {
	/* --- set at creation --- */
	char folder[PATH_MAX];
	struct tw_spool_limits limits;
	size_t n_urls;
	char *urls[TW_CENTRAL_URLS_MAX];
	mode_t umask;
	bool runs;
	pthread_t thread;
	_Atomic bool stop;

	/* --- the thread --- */
	struct event_base *base;
	struct tw_link_server *servers[TW_CENTRAL_URLS_MAX];
	struct event *timer;
	struct tw_intake *intake; /* NULL: the folder cannot be used */
	struct tw_cursors *cursors;
	struct tw_central_plan *plan; /* as taken last */
	struct tw_pumps pumps;
	uint64_t tended_ms, listened_ms;
	bool is_behind; /* every exporter is: hosts are to keep their records a while */
	bool is_served; /* one of several is not: it must not wait for those whose collectors are away */
	char trouble[128], deaf[128];

	/* --- under lock --- */
	pthread_mutex_t lock;
	struct tw_central_plan *news;
	Tw__CentralStatus *status; /* packed when told */
	struct tw_central_trial trial;
};

/* ---- the thread: hosts ---- */

static void answer(struct tw_link_request *req, uint32_t taken, uint32_t wait_ms)
{
	Tw__Envelope env = TW__ENVELOPE__INIT;
	Tw__PushRecordsReply reply = TW__PUSH_RECORDS_REPLY__INIT;

	reply.taken = taken;
	reply.credit = CREDIT;
	reply.wait_ms = wait_ms;
	env.body_case = TW__ENVELOPE__BODY_PUSH_RECORDS_REPLY;
	env.push_records_reply = &reply;
	tw_link_reply(req, &env);
}

static void take(struct tw_central *c, struct tw_link_request *req, const Tw__PushRecords *push)
{
	uint64_t now = tw_clock_real_ms();
	uint32_t taken = 0;
	int rc = 0;

	while (taken < push->n_batches && !rc) {
		rc = tw_intake_push(c->intake, push->host, push->address.data, push->address.len,
				    push->batches[taken].data, push->batches[taken].len, now);
		taken += rc == 0;
	}
	if (rc == -ENOENT) {
		tw_link_refuse(req, TW_E_NOT_FOUND, "push_records.host", "the model has no such host");
		return;
	}
	tw_intake_note_waiting(c->intake, push->host, push->waiting_octets, now);
	answer(req, taken, rc == -EAGAIN ? TROUBLE_WAIT_MS : rc || c->is_behind ? BEHIND_WAIT_MS : 0);
}

static void on_request(struct tw_link_request *req, const Tw__Envelope *env, void *arg)
{
	struct tw_central *c = arg;

	if (env->body_case != TW__ENVELOPE__BODY_PUSH_RECORDS)
		tw_link_refuse(req, TW_E_UNEXPECTED, NULL, "flow records are taken here, and nothing else");
	else if (!c->intake || !c->plan)
		answer(req, 0, TROUBLE_WAIT_MS);
	else
		take(c, req, env->push_records);
}

/* ---- the thread: exporters ---- */

static void take_plan(struct tw_central *c)
{
	struct tw_central_plan *news;
	struct tw_cursor end = { 0 };

	pthread_mutex_lock(&c->lock);
	news = c->news;
	c->news = NULL;
	pthread_mutex_unlock(&c->lock);
	if (!news)
		return;
	end.at = tw_intake_end(c->intake);
	end.ordinal = tw_intake_ordinal(c->intake);
	tw_intake_know(c->intake, news->directory);
	tw_pumps_set(&c->pumps, news, &end, tw_clock_mono_ms());
	tw_intake_want(c->intake, tw_pumps_since(&c->pumps));
	tw_central_plan_destroy(c->plan);
	c->plan = news;
}

static void tell(struct tw_central *c)
{
	const struct tw_central_news news = { .folder = c->folder,
					      .intake = c->plan ? c->intake : NULL,
					      .directory = c->plan ? c->plan->directory : NULL,
					      .pumps = &c->pumps,
					      .trouble = *c->trouble ? c->trouble : c->deaf };
	Tw__CentralStatus *status = tw_central_tell(&news), *before;
	uint64_t least = UINT64_MAX;

	for (size_t i = 0; i < status->n_exporters; i++)
		if (status->exporters[i]->waiting_octets < least)
			least = status->exporters[i]->waiting_octets;
	c->is_behind = status->n_exporters && least > c->limits.octets / 2;
	c->is_served = status->n_exporters > 1 && least < c->limits.octets / SERVED;
	pthread_mutex_lock(&c->lock);
	before = c->status;
	c->status = status;
	pthread_mutex_unlock(&c->lock);
	if (before)
		tw__central_status__free_unpacked(before, NULL);
}

/* ---- the thread: time ---- */

static void begin(struct tw_central *c)
{
	int rc = tw_mkdirs(c->folder);

	if (!rc && !c->cursors) {
		c->cursors = tw_cursors_open(c->folder);
		c->pumps = (struct tw_pumps){ .folder = c->folder, .cursors = c->cursors };
		rc = c->cursors ? 0 : -errno;
	}
	if (!rc) {
		c->intake = tw_intake_create(c->folder, &c->limits, tw_clock_real_ms());
		rc = c->intake ? 0 : -errno;
	}
	if (rc && !*c->trouble)
		tw_log_error("flow records cannot be kept folder=%s error=\"%s\"", c->folder, strerror(-rc));
	if (rc)
		snprintf(c->trouble, sizeof(c->trouble), "the spool cannot be used: %s", strerror(-rc));
	else
		c->trouble[0] = '\0';
}

static void listen_all(struct tw_central *c)
{
	bool all = true;

	c->listened_ms = tw_clock_mono_ms();
	for (size_t i = 0; i < c->n_urls; i++) {
		if (c->servers[i])
			continue;
		c->servers[i] = tw_link_server_create(c->base, c->urls[i], on_request, c);
		if (c->servers[i])
			tw_log_info("takes flow records on %s", c->urls[i]);
		else
			snprintf(c->deaf, sizeof(c->deaf), "cannot listen on %.60s: %s", c->urls[i], strerror(errno));
		all = all && c->servers[i];
	}
	if (all)
		c->deaf[0] = '\0';
}

static void tend(struct tw_central *c)
{
	tw_intake_want(c->intake, tw_pumps_since(&c->pumps));
	if (tw_intake_wants_room(c->intake) && c->is_served)
		tw_intake_make_room(c->intake);
	tw_intake_tick(c->intake, tw_pumps_needed(&c->pumps, tw_intake_end(c->intake)), tw_clock_real_ms());
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct tw_central *c = arg;
	struct timeval next = { .tv_usec = STEP_MS * 1000 };
	uint64_t now = tw_clock_mono_ms();
	bool tends = !c->tended_ms || now - c->tended_ms >= TEND_MS;

	if (c->stop) {
		event_base_loopbreak(c->base);
		return;
	}
	if (tends && !c->intake)
		begin(c);
	if (tends && now - c->listened_ms >= LISTEN_AGAIN_MS)
		listen_all(c);
	if (c->intake)
		take_plan(c);
	if (tw_pumps_step(&c->pumps, now, tw_clock_real_ms()))
		next.tv_usec = BUSY_MS * 1000;
	pthread_mutex_lock(&c->lock);
	tw_central_trial_carry(&c->trial, &c->pumps, now);
	pthread_mutex_unlock(&c->lock);
	if (tends) {
		c->tended_ms = now;
		if (c->intake)
			tend(c);
		tell(c);
	}
	evtimer_add(c->timer, &next);
}

/* Binding a socket changes the umask for a moment (proto/link/socket.h): here, and in the controller's thread. */
static void keep_own_umask(const struct tw_central *c)
{
	if (unshare(CLONE_FS)) /* some containers forbid it */
		tw_log_debug("the thread for flow records shares its umask error=\"%s\"", strerror(errno));
	else
		umask(c->umask);
}

static void close_servers(struct tw_central *c)
{
	for (size_t i = 0; i < c->n_urls; i++) {
		tw_link_server_destroy(c->servers[i]);
		c->servers[i] = NULL;
	}
}

static void *run(void *arg)
{
	struct tw_central *c = arg;

	keep_own_umask(c);
	event_base_dispatch(c->base);
	close_servers(c);
	tw_pumps_drain(&c->pumps);
	tw_pumps_clear(&c->pumps);
	tw_intake_destroy(c->intake);
	tw_cursors_close(c->cursors);
	tw_central_plan_destroy(c->plan);
	return NULL;
}

/* ---- the controller's thread ---- */

struct tw_central *tw_central_create(const struct tw_central_config *config)
{
	struct tw_central *c = tw_need(calloc(1, sizeof(*c)));

	snprintf(c->folder, sizeof(c->folder), "%s", config->folder);
	c->limits = (struct tw_spool_limits){ .octets = config->max_octets ? config->max_octets : SPOOL_OCTETS,
					      .age_ms = config->max_age_ms ? config->max_age_ms : SPOOL_AGE_MS,
					      .segment_octets = SEGMENT_OCTETS,
					      .segment_ms = SEGMENT_MS };
	for (size_t i = 0; i < config->n_urls && i < TW_CENTRAL_URLS_MAX; i++)
		c->urls[c->n_urls++] = tw_need(strdup(config->urls[i]));
	pthread_mutex_init(&c->lock, NULL);
	return c;
}

static void free_base(struct tw_central *c)
{
	if (c->timer)
		event_free(c->timer);
	if (c->base)
		event_base_free(c->base);
	c->timer = NULL;
	c->base = NULL;
}

static void start(struct tw_central *c)
{
	const struct timeval now = { 0 };
	int rc;

	c->base = tw_need(event_base_new());
	c->timer = tw_need(evtimer_new(c->base, on_timer, c));
	c->umask = umask(0);
	umask(c->umask);
	/* Both here, while nobody else changes the umask. What fails is tried again by the thread, and told. */
	rc = tw_mkdirs(c->folder);
	if (rc)
		tw_log_debug("no folder for flow records yet folder=%s error=\"%s\"", c->folder, strerror(-rc));
	listen_all(c);
	evtimer_add(c->timer, &now);
	rc = pthread_create(&c->thread, NULL, run, c);
	if (rc) {
		tw_log_error("the thread for flow records cannot be started: %s", strerror(rc));
		close_servers(c); /* nobody would answer there */
		free_base(c);
		return;
	}
	pthread_setname_np(c->thread, "tw-records");
	c->runs = true;
}

void tw_central_destroy(struct tw_central *c)
{
	if (!c)
		return;
	c->stop = true;
	if (c->runs)
		pthread_join(c->thread, NULL);
	free_base(c);
	for (size_t i = 0; i < c->n_urls; i++)
		free(c->urls[i]);
	tw_central_plan_destroy(c->news);
	if (c->status)
		tw__central_status__free_unpacked(c->status, NULL);
	pthread_mutex_destroy(&c->lock);
	free(c);
}

void tw_central_update(struct tw_central *c, const struct tw_model *model)
{
	struct tw_central_plan *plan, *before;

	if (!c || (!c->runs && !tw_central_plan_wants(model)))
		return;
	plan = tw_central_plan_create(model);
	pthread_mutex_lock(&c->lock);
	before = c->news;
	c->news = plan;
	pthread_mutex_unlock(&c->lock);
	tw_central_plan_destroy(before);
	if (!c->runs && !c->base)
		start(c);
}

Tw__CentralStatus *tw_central_status(struct tw_central *c)
{
	Tw__CentralStatus *copy = NULL;
	uint8_t *octets;
	size_t size;

	if (!c || !c->runs)
		return NULL;
	pthread_mutex_lock(&c->lock);
	if (c->status) {
		size = tw__central_status__get_packed_size(c->status);
		octets = tw_need(malloc(size + 1));
		tw__central_status__pack(c->status, octets);
		copy = tw__central_status__unpack(NULL, size, octets);
		free(octets);
	}
	pthread_mutex_unlock(&c->lock);
	return copy;
}

int tw_central_try(struct tw_central *c, const char *exporter)
{
	int rc = -EBUSY;

	if (!c || !c->runs)
		return -ENOENT;
	pthread_mutex_lock(&c->lock);
	if (c->trial.state == TW_CENTRAL_TRIAL_NONE) {
		c->trial = (struct tw_central_trial){ .state = TW_CENTRAL_TRIAL_ASKED };
		snprintf(c->trial.result.name, sizeof(c->trial.result.name), "%s", exporter);
		rc = 0;
	}
	pthread_mutex_unlock(&c->lock);
	return rc;
}

bool tw_central_tried(struct tw_central *c, struct tw_export_trial *result)
{
	bool is_done;

	pthread_mutex_lock(&c->lock);
	is_done = c->trial.state == TW_CENTRAL_TRIAL_DONE;
	if (is_done) {
		*result = c->trial.result;
		c->trial.state = TW_CENTRAL_TRIAL_NONE;
	}
	pthread_mutex_unlock(&c->lock);
	return is_done;
}
