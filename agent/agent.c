/* SPDX-License-Identifier: Apache-2.0 */
/*
 * agent.c - joins the agent's rooms: what one of them hears goes to those it concerns.
 *
 *   WatchReply    -> slice -> links, switch (apply), disk, handover, peer, local; its tasks -> tasks
 *   applied       -> realised -> report, local
 *   SwitchStatus  -> status (with the kernel's word on uplinks) -> report, handover, macs
 *   SwitchEvent   -> handover; something is news -> report after the next status
 *
 * Threads  one: that of the event_base.
 * Owns     all rooms; made in the order of their needs, unmade in the reverse one.
 */
#include "agent/agent.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "agent/handover.h"
#include "agent/local.h"
#include "agent/migrate.h"
#include "agent/peer.h"
#include "agent/tasks.h"
#include "common/log.h"
#include "common/path.h"

#define TW_LOG_AREA "agent"

enum { SPOOL_OCTETS = 256 << 20, SPOOL_AGE_MS = 24 * 3600 * 1000 };

/* ---- the slice ---- */

static void save_slice(struct tw_agent *agent)
{
	char path[PATH_MAX];
	int rc = tw_path(path, sizeof(path), "%s/slice.bin", agent->config.state_dir);

	rc = rc ? rc : tw_slice_save(agent->slice, path);
	if (rc)
		tw_log_error("the slice cannot be saved path=%s error=%s", path, strerror(-rc));
}

static void load_slice(struct tw_agent *agent)
{
	struct tw_error err = { 0 };
	char path[PATH_MAX];
	int rc = tw_path(path, sizeof(path), "%s/slice.bin", agent->config.state_dir);

	rc = rc ? rc : tw_slice_load(agent->slice, path, &err);
	if (rc == 0)
		tw_log_info("starting from the saved slice revision=%" PRIu64, tw_agent_view(agent)->revision);
	else if (rc != -ENOENT && rc != -EBADMSG)
		tw_log_error("the saved slice cannot be read error=%s", err.text);
	agent->content = rc == 0;
}

static void slice_changed(struct tw_agent *agent)
{
	const Tw__Host *host = tw_agent_view(agent)->host;

	if (agent->links && tw_links_set(agent->links, host ? host->n_uplinks : 0, host ? host->uplinks : NULL))
		tw_log_error("out of memory: links are watched as before");
	tw_switch_want(agent->sw);
	tw_handover_slice(agent->handover);
	if (agent->peer)
		tw_peer_slice(agent->peer);
	tw_local_changed(agent->local);
}

/* The switch forwards by this slice, so the slice's revision is realised. */
static void set_realised(struct tw_agent *agent, uint64_t revision)
{
	if (agent->realised == revision)
		return;
	agent->realised = revision;
	tw_log_debug("realised revision=%" PRIu64, revision);
	tw_report_now(agent->report);
}

static void watch_have(void *arg, Tw__Watch *watch)
{
	const struct tw_agent *agent = arg;
	const Tw__WatchReply *view = tw_agent_view(agent);

	watch->since = view->revision;
	watch->epoch = view->epoch;
	watch->captures = tw_captures_as_of(agent->captures);
}

/* Live captures are in no slice; what the switch is given for them is content all the same. */
static void captures_changed(struct tw_agent *agent)
{
	if (!agent->content)
		return;
	agent->content++;
	tw_switch_want(agent->sw);
}

static bool watch_reply(void *arg, const Tw__WatchReply *reply)
{
	struct tw_agent *agent = arg;
	struct tw_error err = { 0 };
	bool changed;
	int rc = tw_slice_apply(agent->slice, reply, &changed, &err);

	if (rc) {
		tw_log_error("what the controller says does not fit field=%s error=%s", err.field, err.text);
		agent->error = err;
		tw_report_now(agent->report);
	} else if (changed) {
		tw_log_info("slice revision=%" PRIu64 " ports=%zu networks=%zu migrations=%zu", reply->revision,
			    tw_agent_view(agent)->n_ports, tw_agent_view(agent)->n_networks,
			    tw_agent_view(agent)->n_migrations);
		agent->content++;
		/* On disk before the switch's answer is read: no restart goes back behind what was reported. */
		save_slice(agent);
		slice_changed(agent);
	} else if (tw_agent_settled(agent)) {
		set_realised(agent, reply->revision);
	}
	if (rc == 0 && tw_captures_set(agent->captures, reply))
		captures_changed(agent);
	for (size_t i = 0; i < reply->n_tasks; i++)
		tw_tasks_begin(agent->tasks, reply->tasks[i]);
	return rc == 0;
}

/* ---- the switch ---- */

static struct tw_snapshot *switch_build(void *arg, struct tw_error *err)
{
	struct tw_agent *agent = arg;
	struct tw_snapshot *snapshot;

	if (!agent->content)
		return NULL;
	agent->building = agent->content;
	agent->building_revision = tw_agent_view(agent)->revision;
	snapshot = tw_snapshot_build(tw_agent_view(agent), agent->config.host, agent->config.run_dir, err);
	if (!snapshot)
		return NULL;
	tw_snapshot_message(snapshot)->spool = tw_records_spool(agent->records);
	tw_snapshot_add_captures(snapshot, tw_captures_list(agent->captures), tw_agent_view(agent),
				 agent->config.run_dir, tw_captures_errors(agent->captures));
	return snapshot;
}

static void switch_applied(void *arg)
{
	struct tw_agent *agent = arg;
	bool latest = agent->building == agent->content;

	agent->applied = agent->building;
	if (latest)
		agent->error = (struct tw_error){ 0 };
	set_realised(agent, latest ? tw_agent_view(agent)->revision : agent->building_revision);
	tw_local_changed(agent->local);
}

static void switch_refused(void *arg, const struct tw_error *err)
{
	struct tw_agent *agent = arg;

	tw_log_error("revision=%" PRIu64 " is not realised code=%u field=%s error=%s", agent->building_revision,
		     err->code, err->field, err->text);
	agent->error = *err;
	tw_report_now(agent->report);
}

static void switch_restarted(void *arg)
{
	struct tw_agent *agent = arg;

	agent->applied = 0;
}

static void switch_alive(void *arg, bool alive)
{
	struct tw_agent *agent = arg;

	if (!alive && agent->status) {
		tw__switch_status__free_unpacked(agent->status, NULL);
		agent->status = NULL;
	}
	tw_report_now(agent->report);
	tw_local_changed(agent->local);
}

/* What the kernel says of an uplink's link counts: DPDK's drivers over kernel links do not know it. */
static void put_links_in(const struct tw_agent *agent, Tw__SwitchStatus *status)
{
	for (size_t i = 0; agent->links && i < status->n_uplinks; i++) {
		Tw__UplinkStatus *uplink = status->uplinks[i];
		struct tw_links_state state;

		if (!tw_links_get(agent->links, uplink->name, &state))
			continue;
		uplink->up = uplink->up && state.up;
		if (state.present)
			uplink->mtu = state.mtu;
	}
}

static Tw__SwitchStatus *copy_status(const Tw__SwitchStatus *from)
{
	size_t size = tw__switch_status__get_packed_size(from);
	uint8_t *bytes = malloc(size ? size : 1);
	Tw__SwitchStatus *copy = NULL;

	if (bytes) {
		tw__switch_status__pack(from, bytes);
		copy = tw__switch_status__unpack(NULL, size, bytes);
	}
	free(bytes);
	return copy;
}

static bool links_differ(const Tw__SwitchStatus *a, const Tw__SwitchStatus *b)
{
	if (!a || a->n_ports != b->n_ports || a->n_uplinks != b->n_uplinks)
		return true;
	for (size_t i = 0; i < a->n_ports; i++)
		if (a->ports[i]->link != b->ports[i]->link)
			return true;
	for (size_t i = 0; i < a->n_uplinks; i++)
		if (a->uplinks[i]->up != b->uplinks[i]->up || a->uplinks[i]->mtu != b->uplinks[i]->mtu)
			return true;
	return false;
}

static void switch_status(void *arg, const Tw__SwitchStatus *said)
{
	struct tw_agent *agent = arg;
	Tw__SwitchStatus *status = copy_status(said), *before = agent->status;
	bool news;

	if (!status)
		return;
	put_links_in(agent, status);
	tw_captures_put_in(agent->captures, status);
	news = links_differ(before, status);
	agent->status = status;
	if (before)
		tw__switch_status__free_unpacked(before, NULL);
	if (tw_agent_view(agent)->n_migrations)
		for (size_t i = 0; i < status->n_ports; i++)
			tw_handover_link(agent->handover, status->ports[i]->number, status->ports[i]->link, 0);
	tw_macs_status(agent->macs);
	if (news)
		tw_report_now(agent->report);
}

static void switch_event(void *arg, const Tw__SwitchEvent *event)
{
	struct tw_agent *agent = arg;

	if (event->kind == TW__SWITCH_EVENT__KIND__PORT_LINK)
		tw_handover_link(agent->handover, event->number, event->link, event->at_ns);
	else if (event->kind == TW__SWITCH_EVENT__KIND__PORT_MOVED)
		tw_handover_moved(agent->handover, event->number);
}

static void links_changed(void *arg)
{
	struct tw_agent *agent = arg;

	if (agent->status)
		put_links_in(agent, agent->status);
	tw_report_now(agent->report);
}

/* ---- the controller ---- */

static void report_fill(void *arg, Tw__Report *report)
{
	struct tw_agent *agent = arg;

	report->realised = agent->realised;
	report->error = agent->error.text; /* empty when there is none */
	report->status = agent->status;
	report->switch_alive = tw_switch_alive(agent->sw);
	tw_macs_fill(agent->macs, report);
}

static void report_acknowledged(void *arg, const Tw__Ack *ack)
{
	struct tw_agent *agent = arg;

	tw_macs_acknowledged(agent->macs, ack);
}

static void report_connected(void *arg, bool connected)
{
	struct tw_agent *agent = arg;

	/* A controller that was away may be another one; the open poll would not notice before it ends. */
	if (!connected) {
		agent->controller_lost = true;
		if (tw_captures_forget(agent->captures)) /* nobody can read them */
			captures_changed(agent);
	} else if (agent->controller_lost) {
		tw_watch_restart(agent->watch);
	}
}

/* ---- life ---- */

static bool make_folders(const struct tw_agent_config *config)
{
	static const char *const folders[] = { "vhost", "capture", "vm" };
	int rc = tw_mkdirs(config->state_dir);
	char path[PATH_MAX];

	for (size_t i = 0; !rc && i < sizeof(folders) / sizeof(*folders); i++) {
		rc = tw_path(path, sizeof(path), "%s/%s", config->run_dir, folders[i]);
		rc = rc ? rc : tw_mkdirs(path);
	}
	if (rc)
		tw_log_error("the folders cannot be made run_dir=%s state_dir=%s error=%s", config->run_dir,
			     config->state_dir, strerror(-rc));
	return rc == 0;
}

static bool connect_switch(struct tw_agent *agent)
{
	static const struct tw_switch_hooks hooks = {
		.build = switch_build,
		.applied = switch_applied,
		.refused = switch_refused,
		.restarted = switch_restarted,
		.status = switch_status,
		.alive = switch_alive,
		.event = switch_event,
	};

	agent->sw = tw_switch_create(agent->base, agent->config.run_dir, &hooks, agent);
	return agent->sw != NULL;
}

static bool connect_controller(struct tw_agent *agent)
{
	static const struct tw_watch_hooks watch_hooks = { .have = watch_have, .reply = watch_reply };
	static const struct tw_report_hooks report_hooks = {
		.fill = report_fill,
		.acknowledged = report_acknowledged,
		.connected = report_connected,
	};
	const struct tw_agent_config *config = &agent->config;
	Tw__Hello hello;

	tw__hello__init(&hello);
	/* Only read. */
	hello.host = (char *)(uintptr_t)config->host;
	hello.version = (char *)(uintptr_t)TW_VERSION;
	hello.peer_url = (char *)(uintptr_t)(config->peer_url ? config->peer_url : "");
	hello.migrate_address = (char *)(uintptr_t)(config->migrate_address ? config->migrate_address : "");
	hello.boot_id = agent->boot_id;
	agent->operator= tw_calls_create(agent->base, config->controller);
	agent->report = tw_report_create(agent->base, config->controller, config->host, &report_hooks, agent);
	agent->watch = tw_watch_create(agent->base, config->controller, &hello, &watch_hooks, agent);
	return agent->operator&& agent->report && agent->watch;
}

static bool carry_records(struct tw_agent *agent)
{
	const struct tw_agent_config *from = &agent->config;
	const struct tw_records_config config = {
		.host = from->host,
		.state_dir = from->state_dir,
		.controller = from->controller,
		.url = from->records,
		.max_octets = from->spool_octets ? from->spool_octets : SPOOL_OCTETS,
		.max_age_ms = from->spool_age_ms ? from->spool_age_ms : SPOOL_AGE_MS,
	};

	agent->records = tw_records_create(agent->base, &config);
	return agent->records != NULL;
}

static bool make_rooms(struct tw_agent *agent)
{
	const struct tw_captures_config config = { .host = agent->config.host,
						   .run_dir = agent->config.run_dir,
						   .controller = agent->config.controller };

	agent->slice = tw_slice_create();
	agent->handover = tw_handover_create(agent);
	agent->tasks = tw_tasks_create(agent);
	agent->macs = tw_macs_create(agent);
	agent->migrate = tw_migrate_create(agent, tw_tasks_migrated, agent->tasks);
	if (!agent->slice || !agent->handover || !agent->tasks || !agent->macs || !agent->migrate)
		return false;
	agent->links = tw_links_create(agent->base, links_changed, agent);
	if (!agent->links)
		tw_log_warning("kernel links are not watched");
	load_slice(agent);
	agent->captures = tw_captures_create(agent->base, &config);
	return agent->captures && carry_records(agent) && connect_switch(agent) && connect_controller(agent);
}

static bool open_doors(struct tw_agent *agent)
{
	const char *peer_url = agent->config.peer_url;

	agent->local = tw_local_create(agent);
	if (!agent->local)
		return false;
	if (peer_url)
		agent->peer = tw_peer_create(agent, peer_url);
	return !peer_url || agent->peer;
}

struct tw_agent *tw_agent_create(struct event_base *base, const struct tw_agent_config *config)
{
	struct tw_agent *agent = calloc(1, sizeof(*agent));

	if (!agent)
		return NULL;
	agent->base = base;
	agent->config = *config;
	while (getrandom(&agent->boot_id, sizeof(agent->boot_id), 0) != sizeof(agent->boot_id))
		;
	if (!make_folders(config) || !make_rooms(agent) || !open_doors(agent)) {
		tw_agent_destroy(agent);
		return NULL;
	}
	if (agent->content)
		slice_changed(agent);
	tw_log_info("serving host=%s run_dir=%s controller=%s", config->host, config->run_dir, config->controller);
	return agent;
}

void tw_agent_destroy(struct tw_agent *agent)
{
	if (!agent)
		return;
	tw_local_destroy(agent->local);
	tw_peer_destroy(agent->peer);
	tw_migrate_destroy(agent->migrate);
	tw_tasks_destroy(agent->tasks);
	tw_handover_destroy(agent->handover);
	tw_links_destroy(agent->links);
	tw_watch_destroy(agent->watch);
	tw_report_destroy(agent->report);
	tw_calls_destroy(agent->operator);
	tw_switch_destroy(agent->sw);
	tw_macs_destroy(agent->macs);
	tw_records_destroy(agent->records);
	tw_captures_destroy(agent->captures);
	tw_slice_destroy(agent->slice);
	if (agent->status)
		tw__switch_status__free_unpacked(agent->status, NULL);
	free(agent);
}
