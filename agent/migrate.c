/* SPDX-License-Identifier: Apache-2.0 */
/*
 * migrate.c - drives QEMU's side of a migration away from this host; see migrate.h.
 *
 * Threads  the agent's one thread.
 * Owns     one QMP conversation per migration under way.
 * Spec     QEMU qapi/migration.json: migrate, query-migrate, MIGRATION.
 */
#include "agent/migrate.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "agent/agent.h"
#include "agent/handover.h"
#include "common/clock.h"
#include "common/log.h"
#include "common/path.h"
#include "hypervisor-hooks/qmp.h"
#include "proto/link/check.h"

#define TW_LOG_AREA "migrate"

enum {
	POLL_MS = 250, /* should an event get lost */
	/* The controller gives a migration a minute; QEMU is stopped in time to say what happened. */
	LIMIT_MS = 50000,
	DOWNTIME_MS = 100,     /* longest blackout QEMU may plan for */
	BANDWIDTH = INT32_MAX, /* octets/s: the link decides, not QEMU's careful default */
	RESUME_MS = 1000,
	CANCEL_MS = 5000, /* how long QEMU may take to give up */
};

struct job {
	TAILQ_ENTRY(job) link;
	struct tw_migrate *migrate;
	uint64_t task, migration;
	char *uri;
	struct tw_qmp *qmp;
	struct event *poll;
	struct event *over; /* ends the job from the loop, outside of QMP's callbacks */
	uint64_t until_ms;  /* monotonic */
	bool begun;         /* QEMU was told to migrate, or had been: its status is about this migration */
	bool cancelling;    /* QEMU was told to give up */
	bool qemu_done;     /* the guest runs elsewhere */
	Tw__MigrateResult figures;
	struct tw_error err;
};

struct tw_migrate {
	struct tw_agent *agent;
	tw_migrate_done done;
	void *arg;
	TAILQ_HEAD(, job) jobs;
};

static void free_job(struct job *job)
{
	TAILQ_REMOVE(&job->migrate->jobs, job, link);
	tw_qmp_destroy(job->qmp);
	if (job->poll)
		event_free(job->poll);
	if (job->over)
		event_free(job->over);
	free(job->uri);
	free(job);
}

static void on_over(evutil_socket_t fd, short what, void *arg)
{
	struct job *job = arg;
	struct tw_migrate *migrate = job->migrate;

	if (job->err.code) {
		tw_log_error("a migration failed migration=%" PRIu64 " error=%s", job->migration, job->err.text);
		tw_handover_cancel(migrate->agent->handover, job->migration);
		migrate->done(NULL, &job->err, job->task, migrate->arg);
	} else {
		tw_log_info("a migration is through migration=%" PRIu64 " downtime_ms=%" PRIu64 " total_ms=%" PRIu64
			    " held=%" PRIu64 " lost=%" PRIu64 " flows=%" PRIu64,
			    job->migration, job->figures.vm_downtime_ms, job->figures.total_ms,
			    job->figures.frames_held, job->figures.frames_lost, job->figures.flows_moved);
		migrate->done(&job->figures, NULL, job->task, migrate->arg);
	}
	free_job(job);
}

static void fail(struct job *job, enum tw_api_error code, const char *text)
{
	if (job->err.code || job->qemu_done)
		return;
	tw_error_set(&job->err, code, NULL, "%s", text);
	event_active(job->over, 0, 0);
}

static void settled(const struct tw_handover_figures *figures, void *arg)
{
	struct job *job = arg;

	job->figures.frames_held = figures->frames_held;
	job->figures.frames_lost = figures->frames_lost;
	job->figures.flows_moved = figures->flows_moved;
	job->figures.stopped_ns = figures->stopped_ns;
	event_active(job->over, 0, 0);
}

static uint64_t json_count(const json_t *object, const char *key)
{
	json_int_t value = json_integer_value(json_object_get(object, key));

	return value > 0 ? (uint64_t)value : 0;
}

static void on_resumed(struct tw_qmp *qmp, const json_t *result, const char *error, void *arg)
{
	struct job *job = arg;

	if (error)
		tw_log_warning("QEMU cannot be told to go on migration=%" PRIu64 " error=%s", job->migration, error);
	event_active(job->over, 0, 0);
}

/* The guest goes on here. Said again, for a QEMU that stopped it and then found that it cannot send it. */
static void gave_up(struct job *job, const char *why)
{
	tw_error_set(&job->err, job->cancelling ? TW_E_TIMEOUT : TW_E_VMM, NULL, "%s", why);
	job->until_ms = tw_clock_mono_ms() + RESUME_MS;
	if (tw_qmp_execute(job->qmp, "cont", NULL, on_resumed, job))
		event_active(job->over, 0, 0);
}

static bool says_postmigrate(const json_t *run_state)
{
	const char *status = json_string_value(json_object_get(run_state, "status"));

	return status && strcmp(status, "postmigrate") == 0;
}

static void on_figures(struct tw_qmp *qmp, const json_t *result, const char *error, void *arg)
{
	struct job *job = arg;

	if (error || job->err.code || job->qemu_done)
		return;
	job->qemu_done = true;
	job->figures.vm_downtime_ms = json_count(result, "downtime");
	job->figures.total_ms = json_count(result, "total-time");
	if (!tw_handover_settle(job->migrate->agent->handover, job->migration, settled, job))
		event_active(job->over, 0, 0);
}

/* QEMU says "completed" before it has worked out its times, and also of a guest that came here by a migration. Only
 * after its own sending, and with the times at hand, is it in this state. */
static void on_run_state(struct tw_qmp *qmp, const json_t *result, const char *error, void *arg)
{
	struct job *job = arg;

	if (error || job->err.code || job->qemu_done || !says_postmigrate(result))
		return; /* asked again by the poll */
	if (tw_qmp_execute(job->qmp, "query-migrate", NULL, on_figures, job))
		fail(job, TW_E_VMM, "QEMU cannot be asked for its figures");
}

static void on_status(struct tw_qmp *qmp, const json_t *result, const char *error, void *arg)
{
	struct job *job = arg;
	const char *status = json_string_value(json_object_get(result, "status"));
	const char *why = json_string_value(json_object_get(result, "error-desc"));

	if (error || !status || job->err.code || job->qemu_done)
		return;
	if (strcmp(status, "completed") == 0) {
		if (tw_qmp_execute(job->qmp, "query-status", NULL, on_run_state, job))
			fail(job, TW_E_VMM, "QEMU cannot be asked whether it is through");
	} else if (strcmp(status, "failed") == 0) {
		gave_up(job, why ? why : "QEMU says no more than that it failed");
	} else if (strcmp(status, "cancelled") == 0) {
		gave_up(job, job->cancelling ? "the guest could not be sent in time" : "the migration was cancelled");
	}
}

static void ask_status(struct job *job)
{
	if (tw_qmp_execute(job->qmp, "query-migrate", NULL, on_status, job))
		fail(job, TW_E_VMM, "QEMU cannot be asked how the migration goes");
}

static const Tw__Migration *find_migration(struct tw_agent *agent, uint64_t id)
{
	const Tw__Migration *migration = tw_slice_migration(tw_agent_view(agent), id);

	return migration && strcmp(migration->from, agent->config.host) == 0 ? migration : NULL;
}

static void on_poll(evutil_socket_t fd, short what, void *arg)
{
	struct job *job = arg;
	uint64_t now = tw_clock_mono_ms();

	if (job->qemu_done) {
		if (!find_migration(job->migrate->agent, job->migration))
			event_active(job->over, 0, 0); /* nobody waits for the ports to settle any more */
		return;
	}
	if (job->err.code) {
		if (now >= job->until_ms)
			event_active(job->over, 0, 0);
		return;
	}
	if (!find_migration(job->migrate->agent, job->migration) && !job->cancelling) {
		tw_log_warning("a migration was called off migration=%" PRIu64, job->migration);
		job->until_ms = now;
	}
	if (now < job->until_ms) {
		if (job->begun)
			ask_status(job);
		return;
	}
	if (job->cancelling || !tw_qmp_ready(job->qmp)) {
		fail(job, TW_E_TIMEOUT, "QEMU does not answer");
		return;
	}
	job->cancelling = true;
	job->until_ms = now + CANCEL_MS;
	if (tw_qmp_execute(job->qmp, "migrate_cancel", NULL, NULL, NULL))
		fail(job, TW_E_VMM, "QEMU cannot be told to give up");
}

static void on_begun(struct tw_qmp *qmp, const json_t *result, const char *error, void *arg)
{
	struct job *job = arg;

	job->begun = true;
	if (error)
		fail(job, TW_E_VMM, error);
	else
		ask_status(job);
}

static void begin(struct job *job)
{
	json_t *events = json_pack("{s:[{s:s,s:b}]}", "capabilities", "capability", "events", "state", 1);
	json_t *limits = json_pack("{s:i,s:I}", "downtime-limit", DOWNTIME_MS, "max-bandwidth", (json_int_t)BANDWIDTH);
	json_t *to = json_pack("{s:s}", "uri", job->uri);

	/* What QEMU refuses of the first two only makes it slower. */
	if (tw_qmp_execute(job->qmp, "migrate-set-capabilities", events, NULL, NULL) ||
	    tw_qmp_execute(job->qmp, "migrate-set-parameters", limits, NULL, NULL) ||
	    tw_qmp_execute(job->qmp, "migrate", to, on_begun, job))
		fail(job, TW_E_VMM, "QEMU cannot be told to migrate");
}

static bool is_one_of(const char *status, const char *const *list)
{
	for (; status && *list; list++)
		if (strcmp(status, *list) == 0)
			return true;
	return false;
}

static void on_first_run_state(struct tw_qmp *qmp, const json_t *result, const char *error, void *arg)
{
	struct job *job = arg;

	job->begun = says_postmigrate(result);
	if (error)
		fail(job, TW_E_VMM, error);
	else if (job->begun)
		ask_status(job);
	else
		begin(job);
}

/* A "completed" is that of this guest's arrival here, unless QEMU has sent it away already. */
static void on_first_status(struct tw_qmp *qmp, const json_t *result, const char *error, void *arg)
{
	static const char *const free_to_begin[] = { "none", "failed", "cancelled", NULL };
	struct job *job = arg;
	const char *status = json_string_value(json_object_get(result, "status"));

	if (error) {
		fail(job, TW_E_VMM, error);
	} else if (!status || is_one_of(status, free_to_begin)) {
		begin(job);
	} else if (strcmp(status, "completed") == 0) {
		if (tw_qmp_execute(qmp, "query-status", NULL, on_first_run_state, job))
			fail(job, TW_E_VMM, "QEMU cannot be asked how the guest is");
	} else {
		job->begun = true;
		on_status(qmp, result, NULL, job);
	}
}

static void on_connected(struct tw_qmp *qmp, void *arg)
{
	if (tw_qmp_execute(qmp, "query-migrate", NULL, on_first_status, arg))
		fail(arg, TW_E_VMM, "QEMU cannot be asked");
}

static void on_event(struct tw_qmp *qmp, const char *name, const json_t *data, void *arg)
{
	struct job *job = arg;

	if (strcmp(name, "MIGRATION") == 0 && job->begun)
		ask_status(job);
}

static void on_closed(struct tw_qmp *qmp, const char *why, void *arg)
{
	fail(arg, TW_E_VMM, why);
}

static bool check(struct tw_agent *agent, const Tw__MigrateOut *request, struct tw_error *err)
{
	const Tw__Migration *migration = find_migration(agent, request->migration);

	if (!tw_check_name(request->vm, TW_VM_NAME_SIZE - 1, "migrate.vm", err))
		return false;
	if (!migration || strcmp(migration->vm, request->vm) != 0)
		return tw_error_set(err, TW_E_NOT_FOUND, "migrate.migration", "no such migration of %s from this host",
				    request->vm);
	if (strncmp(request->uri, "tcp:", 4) != 0 || strlen(request->uri) > 128)
		return tw_error_set(err, TW_E_INVALID, "migrate.uri", "it is not tcp:ADDRESS:PORT");
	return true;
}

bool tw_migrate_start(struct tw_migrate *migrate, uint64_t task, const Tw__MigrateOut *request, struct tw_error *err)
{
	static const struct tw_qmp_callbacks callbacks = { .connected = on_connected,
							   .event = on_event,
							   .closed = on_closed };
	const struct timeval poll = { .tv_usec = POLL_MS * 1000 };
	struct event_base *base = migrate->agent->base;
	char path[PATH_MAX];
	struct job *job;

	if (!check(migrate->agent, request, err))
		return false;
	if (tw_path(path, sizeof(path), "%s/vm/%s.qmp", migrate->agent->config.run_dir, request->vm))
		return tw_error_set(err, TW_E_INVALID, "migrate.vm", "the path of its QMP socket would be too long");
	job = calloc(1, sizeof(*job));
	if (!job)
		return tw_error_set(err, TW_E_INTERNAL, NULL, "out of memory");
	job->migrate = migrate;
	job->task = task;
	job->migration = request->migration;
	job->until_ms = tw_clock_mono_ms() + LIMIT_MS;
	tw__migrate_result__init(&job->figures);
	TAILQ_INSERT_TAIL(&migrate->jobs, job, link);
	job->uri = strdup(request->uri);
	job->poll = event_new(base, -1, EV_PERSIST, on_poll, job);
	job->over = event_new(base, -1, 0, on_over, job);
	if (job->uri && job->poll && job->over && event_add(job->poll, &poll) == 0)
		job->qmp = tw_qmp_connect(base, path, &callbacks, job);
	if (!job->qmp) {
		free_job(job);
		return tw_error_set(err, TW_E_VMM, "migrate.vm", "QEMU cannot be reached: %s", strerror(errno));
	}
	return true;
}

struct tw_migrate *tw_migrate_create(struct tw_agent *agent, tw_migrate_done done, void *arg)
{
	struct tw_migrate *migrate = calloc(1, sizeof(*migrate));

	if (!migrate)
		return NULL;
	*migrate = (struct tw_migrate){ .agent = agent, .done = done, .arg = arg };
	TAILQ_INIT(&migrate->jobs);
	return migrate;
}

void tw_migrate_destroy(struct tw_migrate *migrate)
{
	if (!migrate)
		return;
	while (!TAILQ_EMPTY(&migrate->jobs))
		free_job(TAILQ_FIRST(&migrate->jobs));
	free(migrate);
}
