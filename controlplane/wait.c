/* SPDX-License-Identifier: Apache-2.0 */
/* wait.c - requests held until hosts have caught up; see wait.h. The controller's thread; owns the list of waits. */
#include "controlplane/wait.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "controlplane/mem.h"

struct tw_wait {
	LIST_ENTRY(tw_wait) link;
	struct tw_call call;
	uint64_t until_ms;
	/* WaitRealised: */
	uint64_t revision; /* 0 = this is a WaitMigration */
	char **hosts;
	size_t n_hosts;
	/* WaitMigration: */
	uint64_t migration;
	Tw__Migration__Phase phase;
};

static void wait_free(struct tw_wait *wait)
{
	for (size_t i = 0; i < wait->n_hosts; i++)
		free(wait->hosts[i]);
	free(wait->hosts);
	free(wait);
}

/* A host that is gone from the model owes nothing. */
static bool owes_still(struct tw_controller *ctl, const char *name, uint64_t revision)
{
	const struct tw_host *host = tw_host_find(ctl, name);

	return host && tw_host_realised(ctl, host) < tw_host_owes(host, revision);
}

static bool is_concerned(struct tw_controller *ctl, const struct tw_host *host, uint64_t revision)
{
	uint64_t owed = tw_host_owes(host, revision);

	return owed && (owed == revision || (tw_host_connected(host) && tw_host_realised(ctl, host) < owed));
}

static struct tw_wait *wait_add(struct tw_controller *ctl, struct tw_call call, uint32_t timeout_ms)
{
	struct tw_wait *wait = tw_need(calloc(1, sizeof(*wait)));

	wait->call = call;
	wait->until_ms = tw_clock_mono_ms() + timeout_ms;
	LIST_INSERT_HEAD(&ctl->waits, wait, link);
	return wait;
}

static void reply_realised(struct tw_wait *wait)
{
	Tw__Envelope reply = TW__ENVELOPE__INIT;
	Tw__WaitRealisedReply body = TW__WAIT_REALISED_REPLY__INIT;

	body.hosts = wait->hosts;
	body.n_hosts = wait->n_hosts;
	reply.body_case = TW__ENVELOPE__BODY_WAIT_REALISED_REPLY;
	reply.wait_realised_reply = &body;
	tw_call_reply(wait->call, &reply);
}

/* What keeps a host from realising; empty if it only takes its time. */
static const char *hindrance(const struct tw_host *host)
{
	if (!tw_host_connected(host))
		return "not connected";
	if (*host->error)
		return host->error;
	return host->switch_alive ? "" : "its switch is not running";
}

/* "revision 7 is not realised by: a (not connected), b (port.vlan: ...)" - cut off where the text ends. */
static void fail_realised(struct tw_controller *ctl, struct tw_wait *wait)
{
	struct tw_error err;
	char names[sizeof(err.text)] = "";

	for (size_t i = 0; i < wait->n_hosts; i++) {
		const struct tw_host *host = tw_host_find(ctl, wait->hosts[i]);
		size_t used = strlen(names);
		const char *why = host ? hindrance(host) : "";

		if (host && owes_still(ctl, wait->hosts[i], wait->revision))
			snprintf(names + used, sizeof(names) - used, "%s%s%s%s%s", used ? ", " : "", host->name,
				 *why ? " (" : "", why, *why ? ")" : "");
	}
	tw_error_set(&err, TW_E_TIMEOUT, "wait_realised", "revision %" PRIu64 " is not realised by: %s", wait->revision,
		     names);
	tw_call_fail(wait->call, &err);
}

/* @return true when the wait has been answered */
static bool check_realised(struct tw_controller *ctl, struct tw_wait *wait)
{
	bool owing = false;

	for (size_t i = 0; i < wait->n_hosts && !owing; i++)
		owing = owes_still(ctl, wait->hosts[i], wait->revision);
	if (owing && tw_clock_mono_ms() < wait->until_ms)
		return false;
	if (owing)
		fail_realised(ctl, wait);
	else
		reply_realised(wait);
	return true;
}

static bool check_migration(struct tw_controller *ctl, struct tw_wait *wait)
{
	const Tw__Migration *m = tw_model_migration(&ctl->model, wait->migration);
	struct tw_error err;

	if (m && m->phase == wait->phase && tw_clock_mono_ms() < wait->until_ms)
		return false;
	if (m) {
		tw_call_object(wait->call, ctl->model.revision, TW__KIND__MIGRATION, &m->base);
	} else {
		tw_error_set(&err, TW_E_NOT_FOUND, "wait_migration.id", "there is no migration %" PRIu64,
			     wait->migration);
		tw_call_fail(wait->call, &err);
	}
	return true;
}

static void consider(struct tw_controller *ctl, struct tw_wait *wait)
{
	if (wait->revision ? check_realised(ctl, wait) : check_migration(ctl, wait)) {
		LIST_REMOVE(wait, link);
		wait_free(wait);
	} else {
		tw_controller_wake_at(ctl, wait->until_ms);
	}
}

void tw_wait_realised(struct tw_controller *ctl, const Tw__Envelope *env, struct tw_call call)
{
	const Tw__WaitRealised *request = env->wait_realised;
	uint32_t timeout =
		request->timeout_ms < TW_WAIT_REALISED_MAX_MS ? request->timeout_ms : TW_WAIT_REALISED_MAX_MS;
	const struct tw_table *table = &ctl->model.tables[TW__KIND__HOST];
	struct tw_wait *wait;
	struct tw_error err;

	if (request->revision == 0 || request->revision > ctl->model.revision) {
		tw_error_set(&err, TW_E_INVALID, "wait_realised.revision",
			     "%" PRIu64 " is not a revision: the newest is %" PRIu64, request->revision,
			     ctl->model.revision);
		tw_call_fail(call, &err);
		return;
	}
	wait = wait_add(ctl, call, timeout);
	wait->revision = request->revision;
	wait->hosts = tw_need(calloc(table->n + 1, sizeof(*wait->hosts)));
	for (size_t i = 0; i < table->n; i++) {
		const struct tw_host *host = tw_host_find(ctl, table->items[i].name);

		if (host && is_concerned(ctl, host, wait->revision))
			wait->hosts[wait->n_hosts++] = tw_need(strdup(host->name));
	}
	consider(ctl, wait);
}

void tw_wait_migration(struct tw_controller *ctl, const Tw__Envelope *env, struct tw_call call)
{
	const Tw__WaitMigration *request = env->wait_migration;
	uint32_t timeout =
		request->timeout_ms < TW_WAIT_MIGRATION_MAX_MS ? request->timeout_ms : TW_WAIT_MIGRATION_MAX_MS;
	struct tw_wait *wait = wait_add(ctl, call, timeout);

	wait->migration = request->id;
	wait->phase = request->phase;
	consider(ctl, wait);
}

void tw_wait_tick(struct tw_controller *ctl)
{
	struct tw_wait *wait, *next;

	for (wait = LIST_FIRST(&ctl->waits); wait; wait = next) {
		next = LIST_NEXT(wait, link);
		consider(ctl, wait);
	}
}

void tw_wait_drop_all(struct tw_controller *ctl)
{
	while (!LIST_EMPTY(&ctl->waits)) {
		struct tw_wait *wait = LIST_FIRST(&ctl->waits);

		LIST_REMOVE(wait, link);
		tw_call_end(wait->call);
		wait_free(wait);
	}
}
