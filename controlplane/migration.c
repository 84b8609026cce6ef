/* SPDX-License-Identifier: Apache-2.0 */
/* migration.c - the steps of live migrations; see migration.h. The controller's thread; owns the list of moves. */
#define TW_LOG_AREA "migration"
#include "controlplane/migration.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "common/log.h"
#include "controlplane/edit.h"
#include "controlplane/mem.h"
#include "controlplane/move.h"
#include "controlplane/tasks.h"

enum { RETRY_MS = 1000 };

enum place { AT_A, AT_B, UNKNOWN };

static void move_free(struct tw_controller *ctl, struct tw_move *move)
{
	tw_tasks_disown(ctl, move);
	LIST_REMOVE(move, link);
	if (move->spec)
		tw_message_free(&move->spec->base);
	free(move->uri);
	free(move->ports);
	free(move);
}

static struct tw_move *move_add(struct tw_controller *ctl, const Tw__Migration *m)
{
	struct tw_move *move = tw_need(calloc(1, sizeof(*move)));
	size_t n = ctl->model.tables[TW__KIND__PORT].n;

	move->id = m->id;
	move->until_ms = tw_clock_mono_ms() + TW_MIGRATION_PHASE_MS;
	move->prepared = ctl->model.revision;
	move->ports = tw_need(calloc(n + 1, sizeof(*move->ports)));
	for (size_t i = 0; i < n; i++) {
		const Tw__Port *port = tw_model_port_at(&ctl->model, i);

		if (tw_port_migration(port) == m->id)
			move->ports[move->n_ports++].number = port->number;
	}
	LIST_INSERT_HEAD(&ctl->moves, move, link);
	return move;
}

/* ---- phases ---- */

static void put_ports(const struct tw_model *model, uint64_t id, const char *host, struct tw_changes *changes)
{
	for (size_t i = 0; i < model->tables[TW__KIND__PORT].n; i++) {
		const Tw__Port *port = tw_model_port_at(model, i);
		Tw__Port *placed;

		if (tw_port_migration(port) != id)
			continue;
		placed = (Tw__Port *)tw_message_clone(&port->base);
		tw_edit_place(placed, host, 0);
		tw_changes_put(changes, TW__KIND__PORT, &placed->base);
	}
}

static void put_figures(const struct tw_move *move, Tw__Migration *m)
{
	m->ended_ms = tw_clock_real_ms();
	m->vm_downtime_ms = move->result.vm_downtime_ms;
	m->total_ms = move->result.total_ms;
	m->frames_held = move->result.frames_held;
	m->frames_lost = move->result.frames_lost;
	m->flows_moved = move->result.flows_moved;
	if (move->result.stopped_ns && move->last_run_ns > move->result.stopped_ns)
		m->handover_us = (move->last_run_ns - move->result.stopped_ns) / 1000;
}

/* @return true when the migration is in the phase now; false: the store could not, it is tried again */
static bool enter(struct tw_controller *ctl, struct tw_move *move, Tw__Migration__Phase phase)
{
	Tw__Migration *m = (Tw__Migration *)tw_message_clone(&tw_move_object(ctl, move)->base);
	struct tw_changes changes = { 0 };
	struct tw_error err;

	m->phase = phase;
	tw_changes_put(&changes, TW__KIND__MIGRATION, &m->base);
	if (phase == TW__MIGRATION__PHASE__SETTLE) {
		put_ports(&ctl->model, m->id, m->to, &changes);
	} else if (phase == TW__MIGRATION__PHASE__FAILED) {
		put_ports(&ctl->model, m->id, m->from, &changes);
		if (m->error != (const char *)protobuf_c_empty_string)
			free(m->error);
		m->error = tw_need(strdup(move->failed));
		m->ended_ms = tw_clock_real_ms();
	} else if (phase == TW__MIGRATION__PHASE__DONE) {
		put_figures(move, m);
	}
	if (tw_controller_commit(ctl, &changes, &err)) {
		tw_controller_wake_at(ctl, tw_clock_mono_ms() + RETRY_MS);
		return false;
	}
	if (phase != TW__MIGRATION__PHASE__FAILED)
		*move->failed = '\0'; /* what failed did not matter: the guest is at B */
	move->asked = false;
	move->quiet_at_ms = 0;
	move->until_ms = tw_clock_mono_ms() + TW_MIGRATION_PHASE_MS;
	tw_log_info("migration %" PRIu64 " is in phase %s%s%s", move->id,
		    protobuf_c_enum_descriptor_get_value(&tw__migration__phase__descriptor, (int)phase)->name,
		    phase == TW__MIGRATION__PHASE__FAILED ? ": " : "", move->failed);
	return true;
}

static bool has_realised(struct tw_controller *ctl, const char *name, uint64_t revision)
{
	const struct tw_host *host = tw_host_find(ctl, name);

	return host && tw_host_realised(ctl, host) >= tw_host_owes(host, revision);
}

static bool step_prepare(struct tw_controller *ctl, struct tw_move *move, const Tw__Migration *m)
{
	if (!move->asked && has_realised(ctl, m->from, move->prepared) && has_realised(ctl, m->to, move->prepared))
		tw_move_ask_spec(ctl, move, m);
	return move->spec && enter(ctl, move, TW__MIGRATION__PHASE__LAUNCH);
}

static bool step_launch(struct tw_controller *ctl, struct tw_move *move, const Tw__Migration *m)
{
	if (!move->asked)
		tw_move_ask_launch(ctl, move, m);
	return move->uri && enter(ctl, move, TW__MIGRATION__PHASE__TRANSFER);
}

static bool runs_everywhere(const struct tw_move *move)
{
	for (size_t i = 0; i < move->n_ports; i++)
		if (!move->ports[i].runs)
			return false;
	return true;
}

static bool any_up(const struct tw_host *host, const struct tw_move *move)
{
	for (size_t i = 0; i < move->n_ports; i++)
		if (tw_host_port_link(host, move->ports[i].number) == TW__LINK_STATE__LINK_UP)
			return true;
	return false;
}

static bool tells(const struct tw_host *host)
{
	return host && tw_host_connected(host) && host->switch_alive && host->status;
}

/* After a restart the news that a port runs may have come before it. */
static bool seen_at_b(struct tw_controller *ctl, const struct tw_move *move, const Tw__Migration *m)
{
	const struct tw_host *b = tw_host_find(ctl, m->to);

	return move->resumed && tells(b) && any_up(b, move);
}

static bool step_transfer(struct tw_controller *ctl, struct tw_move *move, const Tw__Migration *m)
{
	if (!move->asked)
		tw_move_ask_migrate(ctl, move, m);
	if (move->transferred && !move->quiet_at_ms)
		move->quiet_at_ms = tw_clock_mono_ms() + TW_MIGRATION_SETTLE_MS;
	if (!runs_everywhere(move) && !seen_at_b(ctl, move, m)) {
		if (!move->quiet_at_ms)
			return false;
		if (tw_clock_mono_ms() < move->quiet_at_ms) {
			tw_controller_wake_at(ctl, move->quiet_at_ms);
			return false;
		}
	}
	return enter(ctl, move, TW__MIGRATION__PHASE__SETTLE);
}

static bool step_settle(struct tw_controller *ctl, struct tw_move *move, const Tw__Migration *m)
{
	uint64_t now = tw_clock_mono_ms();

	if (now >= move->until_ms)
		move->transferred = true; /* A has been silent: go on without its figures */
	if (!move->transferred)
		return false;
	if (!move->quiet_at_ms)
		move->quiet_at_ms = now + TW_MIGRATION_SETTLE_MS;
	if (now < move->quiet_at_ms) {
		tw_controller_wake_at(ctl, move->quiet_at_ms);
		return false;
	}
	if (!move->asked) {
		tw_tasks_disown(ctl, move); /* the transfer's answer is not waited for any more */
		tw_move_ask_stop_at_a(ctl, move, m);
	}
	return move->stopped && enter(ctl, move, TW__MIGRATION__PHASE__DONE);
}

/* ---- failure ---- */

/* Where the guest is, by everything that is known. Before TRANSFER it cannot have left. */
static enum place whereabouts(struct tw_controller *ctl, const struct tw_move *move, const Tw__Migration *m)
{
	const struct tw_host *a = tw_host_find(ctl, m->from), *b = tw_host_find(ctl, m->to);

	if (m->phase < TW__MIGRATION__PHASE__TRANSFER)
		return AT_A;
	if (move->transferred || (move->n_ports && runs_everywhere(move)) || (tells(b) && any_up(b, move)))
		return AT_B;
	if (move->given_up || (tells(a) && any_up(a, move)) || (tells(b) && !tells(a)))
		return AT_A;
	return UNKNOWN;
}

/* @return true when a phase was entered */
static bool give_up(struct tw_controller *ctl, struct tw_move *move, const Tw__Migration *m)
{
	enum place place = whereabouts(ctl, move, m);
	bool launched = m->phase >= TW__MIGRATION__PHASE__LAUNCH;

	if (place == AT_B)
		return enter(ctl, move, TW__MIGRATION__PHASE__SETTLE);
	if (place == UNKNOWN && tw_clock_mono_ms() < move->until_ms + TW_MIGRATION_DOUBT_MS) {
		tw_controller_wake_at(ctl, tw_clock_mono_ms() + RETRY_MS);
		return false;
	}
	if (place == UNKNOWN)
		snprintf(move->failed, sizeof(move->failed),
			 "nothing says whether the guest runs on '%.80s' or '%.80s'", m->from, m->to);
	if (!enter(ctl, move, TW__MIGRATION__PHASE__FAILED))
		return false;
	if (launched && place == AT_A)
		tw_move_ask_stop_at_b(ctl, move, tw_move_object(ctl, move));
	return true;
}

/* One step, if its conditions are met. @return true when a phase was entered: there may be another step to take */
static bool step(struct tw_controller *ctl, struct tw_move *move)
{
	const Tw__Migration *m = tw_move_object(ctl, move);

	if (m->phase < TW__MIGRATION__PHASE__SETTLE && !*move->failed && tw_clock_mono_ms() >= move->until_ms)
		tw_move_fail(move, m->phase == TW__MIGRATION__PHASE__PREPARE ? "the hosts did not prepare in time"
									     : "it did not end in time");
	if (*move->failed && m->phase < TW__MIGRATION__PHASE__SETTLE)
		return give_up(ctl, move, m);
	switch (m->phase) {
	case TW__MIGRATION__PHASE__PREPARE:
		return step_prepare(ctl, move, m);
	case TW__MIGRATION__PHASE__LAUNCH:
		return step_launch(ctl, move, m);
	case TW__MIGRATION__PHASE__TRANSFER:
		return step_transfer(ctl, move, m);
	case TW__MIGRATION__PHASE__SETTLE:
		return step_settle(ctl, move, m);
	default:
		return false;
	}
}

void tw_migration_tick(struct tw_controller *ctl)
{
	struct tw_move *move, *next;

	for (move = LIST_FIRST(&ctl->moves); move; move = next) {
		next = LIST_NEXT(move, link);
		while (step(ctl, move))
			;
		if (!tw_migration_active(tw_move_object(ctl, move)))
			move_free(ctl, move);
		else if (tw_clock_mono_ms() < move->until_ms)
			tw_controller_wake_at(ctl, move->until_ms);
	}
}

void tw_migration_activated(struct tw_controller *ctl, const struct tw_host *host, const Tw__PortActivated *activated)
{
	struct tw_move *move;

	LIST_FOREACH (move, &ctl->moves, link) {
		if (move->id != activated->migration || strcmp(tw_move_object(ctl, move)->to, host->name) != 0)
			continue;
		for (size_t i = 0; i < move->n_ports; i++) {
			if (move->ports[i].number != activated->number || move->ports[i].runs)
				continue;
			move->ports[i].runs = true;
			if (activated->at_ns > move->last_run_ns)
				move->last_run_ns = activated->at_ns;
		}
	}
}

void tw_migration_request(struct tw_controller *ctl, const Tw__Envelope *env, struct tw_call call)
{
	struct tw_changes changes = { 0 };
	const Tw__Migration *m;
	struct tw_error err;
	uint64_t id;

	if (!tw_migration_plan(ctl, env->migrate_vm, &changes, &id, &err) ||
	    tw_controller_commit(ctl, &changes, &err)) {
		tw_call_fail(call, &err);
		return;
	}
	m = tw_model_migration(&ctl->model, id);
	move_add(ctl, m);
	tw_log_info("migration %" PRIu64 " begins vm=%s from=%s to=%s", id, m->vm, m->from, m->to);
	tw_call_written(call, ctl->model.revision, TW__KIND__MIGRATION, &m->base);
}

void tw_migration_resume(struct tw_controller *ctl)
{
	for (size_t i = 0; i < ctl->model.tables[TW__KIND__MIGRATION].n; i++) {
		const Tw__Migration *m = tw_model_migration_at(&ctl->model, i);
		struct tw_host *from = tw_host_find(ctl, m->from);
		struct tw_move *move;

		if (!tw_migration_active(m))
			continue;
		move = move_add(ctl, m);
		move->resumed = true;
		if (m->phase < TW__MIGRATION__PHASE__TRANSFER)
			tw_move_fail(move, "the controller was started anew before the guest was sent");
		else if (m->phase == TW__MIGRATION__PHASE__SETTLE)
			move->transferred = true;
		else if (from)
			tw_move_expect_migrated(ctl, move, from);
	}
	tw_controller_wake_at(ctl, 0);
}

void tw_migration_drop_all(struct tw_controller *ctl)
{
	while (!LIST_EMPTY(&ctl->moves))
		move_free(ctl, LIST_FIRST(&ctl->moves));
}
