/* SPDX-License-Identifier: Apache-2.0 */
/* hosts.c - what the controller knows of each host; see hosts.h. The controller's thread; owns the list of hosts. */
#define TW_LOG_AREA "hosts"
#include "controlplane/hosts.h"

#include <inttypes.h>
#include <string.h>

#include "common/clock.h"
#include "common/log.h"
#include "controlplane/controller.h"
#include "controlplane/edit.h"
#include "controlplane/mem.h"
#include "controlplane/migration.h"
#include "controlplane/slice.h"
#include "controlplane/tasks.h"
#include "controlplane/watch.h"

static uint64_t slice_hash_of(const struct tw_slicer *slicer, const char *name)
{
	Tw__WatchReply slice = TW__WATCH_REPLY__INIT;
	uint64_t hash;

	tw_slice_build(slicer, name, &slice);
	hash = tw_slice_hash(&slice);
	tw_slice_release(&slice);
	return hash;
}

static struct tw_host *host_add(struct tw_controller *ctl, const char *name)
{
	struct tw_host *host = tw_need(calloc(1, sizeof(*host)));

	host->name = tw_need(strdup(name));
	host->version = tw_need(strdup(""));
	host->error = tw_need(strdup(""));
	TAILQ_INIT(&host->tasks);
	LIST_INIT(&host->claims.list);
	LIST_INSERT_HEAD(&ctl->hosts, host, link);
	return host;
}

static void host_free(struct tw_controller *ctl, struct tw_host *host)
{
	tw_learned_end(ctl, host);
	LIST_REMOVE(host, link);
	free(host->name);
	free(host->version);
	free(host->error);
	if (host->status)
		tw_message_free(&host->status->base);
	free(host);
}

static void note_change(struct tw_host *host, uint64_t revision)
{
	if (host->n_changed == TW_HOST_HISTORY) {
		memmove(&host->changed[0], &host->changed[1], (TW_HOST_HISTORY - 1) * sizeof(*host->changed));
		host->n_changed--;
		host->more_before = true;
	}
	host->changed[host->n_changed++] = revision;
}

void tw_hosts_load(struct tw_controller *ctl)
{
	struct tw_slicer *slicer = tw_slicer_create(&ctl->model);

	for (size_t i = 0; i < ctl->model.tables[TW__KIND__HOST].n; i++) {
		struct tw_host *host = host_add(ctl, tw_model_host_at(&ctl->model, i)->name);

		host->slice_hash = slice_hash_of(slicer, host->name);
		host->more_before = true;
		note_change(host, ctl->model.revision);
	}
	tw_slicer_destroy(slicer);
}

void tw_hosts_update(struct tw_controller *ctl)
{
	struct tw_slicer *slicer = tw_slicer_create(&ctl->model);
	struct tw_host *host, *next;

	for (host = LIST_FIRST(&ctl->hosts); host; host = next) {
		next = LIST_NEXT(host, link);
		if (tw_model_host(&ctl->model, host->name))
			continue;
		tw_watch_end(ctl, host);
		tw_tasks_end_all(ctl, host);
		host_free(ctl, host);
	}
	for (size_t i = 0; i < ctl->model.tables[TW__KIND__HOST].n; i++) {
		const char *name = tw_model_host_at(&ctl->model, i)->name;
		uint64_t hash = slice_hash_of(slicer, name);

		host = tw_host_find(ctl, name);
		if (host && host->slice_hash == hash)
			continue;
		if (!host)
			host = host_add(ctl, name);
		host->slice_hash = hash;
		note_change(host, ctl->model.revision);
	}
	tw_slicer_destroy(slicer);
}

void tw_hosts_drop_all(struct tw_controller *ctl)
{
	while (!LIST_EMPTY(&ctl->hosts)) {
		struct tw_host *host = LIST_FIRST(&ctl->hosts);

		tw_tasks_drop(host);
		if (host->watching)
			tw_call_end(host->watch);
		host_free(ctl, host);
	}
}

struct tw_host *tw_host_find(struct tw_controller *ctl, const char *name)
{
	struct tw_host *host;

	LIST_FOREACH (host, &ctl->hosts, link)
		if (strcmp(host->name, name) == 0)
			return host;
	return NULL;
}

bool tw_host_connected(const struct tw_host *host)
{
	return host->heard && tw_clock_mono_ms() - host->heard_mono_ms < TW_HOST_SILENT_MS;
}

uint64_t tw_host_realised(const struct tw_controller *ctl, const struct tw_host *host)
{
	/* A revision that we have not reached is another store's. */
	return host->of_our_epoch && host->realised <= ctl->model.revision ? host->realised : 0;
}

uint64_t tw_host_changed(const struct tw_host *host)
{
	return host->n_changed ? host->changed[host->n_changed - 1] : 0;
}

uint64_t tw_host_owes(const struct tw_host *host, uint64_t revision)
{
	for (size_t i = host->n_changed; i-- > 0;)
		if (host->changed[i] <= revision)
			return host->changed[i];
	return host->more_before ? revision : 0;
}

Tw__LinkState tw_host_port_link(const struct tw_host *host, uint32_t number)
{
	for (size_t i = 0; host->status && i < host->status->n_ports; i++)
		if (host->status->ports[i]->number == number)
			return host->status->ports[i]->link;
	return TW__LINK_STATE__LINK_ABSENT;
}

void tw_hosts_say_unknown(const char *name, struct tw_call call)
{
	struct tw_error err;

	tw_error_set(&err, TW_E_NOT_FOUND, "host",
		     "host '%s' is not known; create it with: twctl host create %s --uplink ...", name, name);
	tw_call_fail(call, &err);
}

static void heard(struct tw_host *host)
{
	if (!tw_host_connected(host))
		tw_log_info("host '%s' is connected", host->name);
	host->heard = true;
	host->heard_mono_ms = tw_clock_mono_ms();
	host->heard_real_ms = tw_clock_real_ms();
}

static void replace_string(char **field, const char *value)
{
	free(*field);
	*field = tw_need(strdup(value));
}

/* Where the agent can be reached is part of the model: the other end of a migration needs it. */
static bool take_addresses(struct tw_controller *ctl, const Tw__Hello *hello, struct tw_error *err)
{
	const Tw__Host *old = tw_model_host(&ctl->model, hello->host);
	struct tw_changes changes = { 0 };
	Tw__Host given;
	char fields[2][16] = { "peer_url", "migrate_address" }, *list[2] = { fields[0], fields[1] };
	ProtobufCMessage *msg;

	tw__host__init(&given);
	given.peer_url = *hello->peer_url ? hello->peer_url : old->peer_url;
	given.migrate_address = *hello->migrate_address ? hello->migrate_address : old->migrate_address;
	if (strcmp(given.peer_url, old->peer_url) == 0 && strcmp(given.migrate_address, old->migrate_address) == 0)
		return true;
	msg = tw_message_merge(tw_kind_get(TW__KIND__HOST), &old->base, &given.base, list, 2, err);
	if (!msg)
		return false;
	if (!tw_edit_check(TW__KIND__HOST, msg, err)) {
		tw_message_free(msg);
		return false;
	}
	tw_changes_put(&changes, TW__KIND__HOST, msg);
	return tw_controller_commit(ctl, &changes, err) == 0;
}

void tw_hosts_hello(struct tw_controller *ctl, const Tw__Envelope *env, struct tw_call call)
{
	const Tw__Hello *hello = env->hello;
	struct tw_host *host = tw_host_find(ctl, hello->host);
	Tw__Envelope reply = TW__ENVELOPE__INIT;
	Tw__HelloReply body = TW__HELLO_REPLY__INIT;
	struct tw_error err;

	if (!host) {
		tw_hosts_say_unknown(hello->host, call);
		return;
	}
	if (!take_addresses(ctl, hello, &err)) {
		tw_call_fail(call, &err);
		return;
	}
	if (host->boot_id != hello->boot_id) {
		tw_log_info("the agent of host '%s' has started version=%s", host->name, hello->version);
		host->boot_id = hello->boot_id;
		host->realised = 0;
		tw_tasks_give_again(ctl, host);
	}
	heard(host);
	replace_string(&host->version, hello->version);
	body.revision = ctl->model.revision;
	body.epoch = ctl->model.epoch;
	reply.body_case = TW__ENVELOPE__BODY_HELLO_REPLY;
	reply.hello_reply = &body;
	tw_call_reply(call, &reply);
}

/* With what other hosts have learned. */
static void answer_report(struct tw_controller *ctl, struct tw_host *host, const Tw__Report *report,
			  struct tw_call call)
{
	Tw__Envelope reply = TW__ENVELOPE__INIT;
	Tw__Ack ack = TW__ACK__INIT;
	struct tw_learned_page *page = tw_learned_report(ctl, host, report, &ack);

	reply.body_case = TW__ENVELOPE__BODY_ACK;
	reply.ack = &ack;
	tw_call_reply(call, &reply);
	free(page);
}

void tw_hosts_report(struct tw_controller *ctl, const Tw__Envelope *env, struct tw_call call)
{
	const Tw__Report *report = env->report;
	struct tw_host *host = tw_host_find(ctl, report->host);

	if (!host) {
		tw_hosts_say_unknown(report->host, call);
		return;
	}
	heard(host);
	if (*report->error && strcmp(host->error, report->error) != 0)
		tw_log_warning("host '%s' could not realise a revision: %s", host->name, report->error);
	replace_string(&host->error, report->error);
	host->realised = report->realised;
	host->switch_alive = report->switch_alive;
	if (host->status)
		tw_message_free(&host->status->base);
	host->status = report->status ? (Tw__SwitchStatus *)tw_message_clone(&report->status->base) : NULL;
	for (size_t i = 0; i < report->n_activated; i++)
		tw_migration_activated(ctl, host, report->activated[i]);
	answer_report(ctl, host, report, call);
	if (!LIST_EMPTY(&ctl->waits) || !LIST_EMPTY(&ctl->moves))
		tw_controller_wake_at(ctl, 0);
}
