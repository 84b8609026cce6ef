/* SPDX-License-Identifier: Apache-2.0 */
/* migration_test.c - each step of a migration, and that a guest is at one host for certain when anything fails. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "controlplane/migration.h"
#include "tests/unit/ctl_fixture.h"

enum { STOPPED_NS = 1000000, RAN_NS = 5000000 };

static char store_file[64]; /* a file, because some tests start the controller anew */

/* VM db with two ports on a, web on a; hosts a, b and c run. */
static int start(void **state)
{
	static const char *const hosts[] = { "a", "b", "c" }, *const ports[] = { "db/eth0", "db/eth1", "web/eth0" };
	struct tw_controller *ctl;

	snprintf(store_file, sizeof(store_file), "/tmp/tw-migration-test-%d.db", (int)getpid());
	ctl = ctl_start(store_file);
	assert_int_equal(ask_network(ctl, "blue", 10, NULL), 0);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(ask_host(ctl, hosts[i], NULL), 0);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(ask_port(ctl, ports[i], "blue", NULL), 0);
		assert_int_equal(ask_bind(ctl, ports[i], "a", NULL), 0);
	}
	for (size_t i = 0; i < 3; i++)
		host_comes(ctl, hosts[i]);
	for (size_t i = 0; i < 3; i++)
		host_realises(ctl, hosts[i]);
	*state = ctl;
	return 0;
}

static void forget_store(void)
{
	static const char *const tails[] = { "", "-wal", "-shm", "-journal" };

	for (size_t i = 0; i < sizeof(tails) / sizeof(*tails); i++) {
		char path[96];

		snprintf(path, sizeof(path), "%s%s", store_file, tails[i]);
		unlink(path);
	}
}

static int stop(void **state)
{
	ctl_stop(*state);
	forget_store();
	return 0;
}

static const Tw__Migration *migration(struct tw_controller *ctl)
{
	return tw_model_migration(&ctl->model, 1);
}

static const Tw__Binding *binding(struct tw_controller *ctl, const char *port)
{
	return tw_model_port(&ctl->model, port)->binding;
}

static void assert_placed(struct tw_controller *ctl, const char *host, uint64_t id)
{
	assert_string_equal(binding(ctl, "db/eth0")->host, host);
	assert_string_equal(binding(ctl, "db/eth1")->host, host);
	assert_int_equal(binding(ctl, "db/eth0")->migration, id);
	assert_int_equal(binding(ctl, "db/eth1")->migration, id);
	assert_string_equal(binding(ctl, "web/eth0")->host, "a");
	assert_int_equal(binding(ctl, "web/eth0")->migration, 0);
}

/* The one task that the host is given now, which must be of this kind. @return its id; 0 = there is none */
static uint64_t take_task(struct tw_controller *ctl, const char *host, Tw__Task__WhatCase what)
{
	struct answer w;
	uint64_t id = 0;

	assert_int_equal(ask_watch(ctl, host, ctl->model.revision, 0, &w), 0);
	if (w.reply->watch_reply->n_tasks) {
		assert_int_equal(w.reply->watch_reply->n_tasks, 1);
		assert_int_equal(w.reply->watch_reply->tasks[0]->what_case, what);
		id = w.reply->watch_reply->tasks[0]->id;
	}
	answer_clear(&w);
	return id;
}

static void send_result(struct tw_controller *ctl, const char *host, uint64_t id, Tw__TaskResult *result)
{
	Tw__Envelope env = TW__ENVELOPE__INIT;
	char name[] = "?";

	assert_int_not_equal(id, 0);
	name[0] = *host;
	result->host = name;
	result->id = id;
	env.body_case = TW__ENVELOPE__BODY_TASK_RESULT;
	env.task_result = result;
	assert_int_equal(ask(ctl, &env, NULL), 0);
}

static void send_error(struct tw_controller *ctl, const char *host, uint64_t id, const char *why)
{
	Tw__TaskResult result;
	Tw__Error error;
	char text[64];

	tw__task_result__init(&result);
	tw__error__init(&error);
	snprintf(text, sizeof(text), "%s", why);
	error.code = TW_E_VMM;
	error.text = text;
	result.error = &error;
	send_result(ctl, host, id, &result);
}

static void send_spec(struct tw_controller *ctl, uint64_t id)
{
	Tw__TaskResult result;
	Tw__VmSpec spec;
	char name[] = "db", kernel[] = "/boot/vmlinuz", p0[] = "db/eth0", p1[] = "db/eth1", *ports[] = { p0, p1 };

	tw__task_result__init(&result);
	tw__vm_spec__init(&spec);
	spec.name = name;
	spec.kernel = kernel;
	spec.ports = ports;
	spec.n_ports = 2;
	result.what_case = TW__TASK_RESULT__WHAT_VM_SPEC;
	result.vm_spec = &spec;
	send_result(ctl, "a", id, &result);
}

static void send_launched(struct tw_controller *ctl, uint64_t id)
{
	Tw__TaskResult result;
	Tw__LaunchResult launch;
	char uri[] = "tcp:192.0.2.2:4444";

	tw__task_result__init(&result);
	tw__launch_result__init(&launch);
	launch.uri = uri;
	result.what_case = TW__TASK_RESULT__WHAT_LAUNCH;
	result.launch = &launch;
	send_result(ctl, "b", id, &result);
}

static void send_migrated(struct tw_controller *ctl, uint64_t id)
{
	Tw__TaskResult result;
	Tw__MigrateResult body = TW__MIGRATE_RESULT__INIT;

	tw__task_result__init(&result);
	body.vm_downtime_ms = 12;
	body.total_ms = 345;
	body.frames_held = 6;
	body.frames_lost = 1;
	body.flows_moved = 7;
	body.stopped_ns = STOPPED_NS;
	result.what_case = TW__TASK_RESULT__WHAT_MIGRATE;
	result.migrate = &body;
	send_result(ctl, "a", id, &result);
}

static void send_done(struct tw_controller *ctl, const char *host, uint64_t id)
{
	Tw__TaskResult result;

	tw__task_result__init(&result);
	send_result(ctl, host, id, &result);
}

static void send_activated(struct tw_controller *ctl, const char *host, uint32_t number, uint64_t at_ns)
{
	Tw__Envelope env = TW__ENVELOPE__INIT;
	Tw__PortActivated activated = TW__PORT_ACTIVATED__INIT, *list[] = { &activated };
	Tw__Report report;
	char name[] = "?";

	tw__report__init(&report);
	name[0] = *host;
	report.host = name;
	report.realised = ctl->model.revision;
	report.switch_alive = true;
	report.activated = list;
	report.n_activated = 1;
	activated.number = number;
	activated.migration = 1;
	activated.at_ns = at_ns;
	env.body_case = TW__ENVELOPE__BODY_REPORT;
	env.report = &report;
	assert_int_equal(ask(ctl, &env, NULL), 0);
}

/* A report with the state of db's links. */
static void report_links(struct tw_controller *ctl, const char *host, Tw__LinkState link)
{
	Tw__Envelope env = TW__ENVELOPE__INIT;
	Tw__SwitchStatus status;
	Tw__PortStatus ports[2], *list[] = { &ports[0], &ports[1] };
	Tw__Report report;
	char name[] = "?";

	tw__switch_status__init(&status);
	for (uint32_t i = 0; i < 2; i++) {
		tw__port_status__init(&ports[i]);
		ports[i].number = i + 1;
		ports[i].link = link;
	}
	status.ports = list;
	status.n_ports = 2;
	tw__report__init(&report);
	name[0] = *host;
	report.host = name;
	report.realised = ctl->model.revision;
	report.switch_alive = true;
	report.status = &status;
	env.body_case = TW__ENVELOPE__BODY_REPORT;
	env.report = &report;
	assert_int_equal(ask(ctl, &env, NULL), 0);
}

static void begin(struct tw_controller *ctl)
{
	struct answer m;

	assert_int_equal(ask_migrate(ctl, "db", "b", &m), 0);
	assert_int_equal(m.reply->written->object->migration->id, 1);
	assert_int_equal(m.reply->written->object->migration->phase, TW__MIGRATION__PHASE__PREPARE);
	answer_clear(&m);
}

static void reach_launch(struct tw_controller *ctl)
{
	begin(ctl);
	host_realises(ctl, "a");
	host_realises(ctl, "b");
	send_spec(ctl, take_task(ctl, "a", TW__TASK__WHAT_VM_SPEC));
	assert_int_equal(migration(ctl)->phase, TW__MIGRATION__PHASE__LAUNCH);
}

/* @return the id of the MigrateOut task, which A has been given */
static uint64_t reach_transfer(struct tw_controller *ctl)
{
	uint64_t id;

	reach_launch(ctl);
	send_launched(ctl, take_task(ctl, "b", TW__TASK__WHAT_LAUNCH));
	assert_int_equal(migration(ctl)->phase, TW__MIGRATION__PHASE__TRANSFER);
	id = take_task(ctl, "a", TW__TASK__WHAT_MIGRATE);
	assert_int_not_equal(id, 0);
	return id;
}

static void both_report(struct tw_controller *ctl, Tw__LinkState at_a, Tw__LinkState at_b)
{
	report_links(ctl, "a", at_a);
	report_links(ctl, "b", at_b);
}

static void assert_failed(struct tw_controller *ctl, const char *why)
{
	assert_int_equal(migration(ctl)->phase, TW__MIGRATION__PHASE__FAILED);
	if (!strstr(migration(ctl)->error, why))
		fail_msg("'%s' does not say '%s'", migration(ctl)->error, why);
	assert_placed(ctl, "a", 0);
	assert_true(LIST_EMPTY(&ctl->moves));
}

/* ---- the way it goes ---- */

static void a_migration_goes_through_its_phases_and_ends_with_figures(void **state)
{
	struct tw_controller *ctl = *state;
	uint64_t id;

	begin(ctl);
	assert_placed(ctl, "a", 1);
	host_realises(ctl, "a");
	assert_int_equal(take_task(ctl, "a", TW__TASK__WHAT_VM_SPEC), 0); /* b is not prepared yet */
	host_realises(ctl, "b");
	send_spec(ctl, take_task(ctl, "a", TW__TASK__WHAT_VM_SPEC));
	send_launched(ctl, take_task(ctl, "b", TW__TASK__WHAT_LAUNCH));
	id = take_task(ctl, "a", TW__TASK__WHAT_MIGRATE);
	send_activated(ctl, "b", 1, RAN_NS - 1000000);
	assert_int_equal(migration(ctl)->phase, TW__MIGRATION__PHASE__TRANSFER); /* one port of two */
	send_activated(ctl, "b", 2, RAN_NS);
	assert_int_equal(migration(ctl)->phase, TW__MIGRATION__PHASE__SETTLE);
	assert_placed(ctl, "b", 0);
	send_migrated(ctl, id);
	ctl_warp(ctl, TW_MIGRATION_SETTLE_MS - 1);
	assert_int_equal(take_task(ctl, "a", TW__TASK__WHAT_STOP), 0);
	ctl_warp(ctl, 1);
	send_done(ctl, "a", take_task(ctl, "a", TW__TASK__WHAT_STOP));
	assert_int_equal(migration(ctl)->phase, TW__MIGRATION__PHASE__DONE);
	assert_int_equal(migration(ctl)->vm_downtime_ms, 12);
	assert_int_equal(migration(ctl)->total_ms, 345);
	assert_int_equal(migration(ctl)->frames_held, 6);
	assert_int_equal(migration(ctl)->frames_lost, 1);
	assert_int_equal(migration(ctl)->flows_moved, 7);
	assert_int_equal(migration(ctl)->handover_us, (RAN_NS - STOPPED_NS) / 1000);
	assert_true(migration(ctl)->ended_ms >= migration(ctl)->started_ms + TW_MIGRATION_SETTLE_MS);
	assert_true(LIST_EMPTY(&ctl->moves));
	assert_int_equal(take_task(ctl, "b", TW__TASK__WHAT_STOP), 0);
}

static void a_vnic_that_the_guest_does_not_use_is_not_waited_for(void **state)
{
	struct tw_controller *ctl = *state;
	uint64_t id = reach_transfer(ctl);

	send_activated(ctl, "b", 1, RAN_NS);
	send_migrated(ctl, id);
	assert_int_equal(migration(ctl)->phase, TW__MIGRATION__PHASE__TRANSFER);
	ctl_warp(ctl, TW_MIGRATION_SETTLE_MS);
	assert_int_equal(migration(ctl)->phase, TW__MIGRATION__PHASE__SETTLE);
	assert_placed(ctl, "b", 0);
}

static void a_silent_source_does_not_hold_up_the_end(void **state)
{
	struct tw_controller *ctl = *state;

	reach_transfer(ctl);
	send_activated(ctl, "b", 1, RAN_NS);
	send_activated(ctl, "b", 2, RAN_NS);
	assert_int_equal(migration(ctl)->phase, TW__MIGRATION__PHASE__SETTLE);
	ctl_warp(ctl, TW_MIGRATION_PHASE_MS);
	ctl_warp(ctl, TW_MIGRATION_SETTLE_MS);
	ctl_warp(ctl, TW_MIGRATION_PHASE_MS); /* StopVm is not answered either */
	assert_int_equal(migration(ctl)->phase, TW__MIGRATION__PHASE__DONE);
	assert_int_equal(migration(ctl)->handover_us, 0);
}

static void one_who_waits_sees_each_phase(void **state)
{
	struct tw_controller *ctl = *state;
	Tw__Envelope env = TW__ENVELOPE__INIT;
	Tw__WaitMigration wait = TW__WAIT_MIGRATION__INIT;
	struct answer w;

	begin(ctl);
	wait.id = 1;
	wait.phase = TW__MIGRATION__PHASE__PREPARE;
	wait.timeout_ms = 10000;
	env.body_case = TW__ENVELOPE__BODY_WAIT_MIGRATION;
	env.wait_migration = &wait;
	ask(ctl, &env, &w);
	assert_int_equal(w.n, 0);
	host_realises(ctl, "a");
	host_realises(ctl, "b");
	send_spec(ctl, take_task(ctl, "a", TW__TASK__WHAT_VM_SPEC));
	assert_int_equal(w.n, 1);
	assert_int_equal(w.reply->objects->objects[0]->migration->phase, TW__MIGRATION__PHASE__LAUNCH);
	answer_clear(&w);
	ask(ctl, &env, &w); /* it has left that phase already */
	assert_int_equal(w.n, 1);
	answer_clear(&w);
	wait.phase = TW__MIGRATION__PHASE__LAUNCH;
	ask(ctl, &env, &w);
	assert_int_equal(w.n, 0);
	ctl_warp(ctl, 10000);
	assert_int_equal(w.reply->objects->objects[0]->migration->phase, TW__MIGRATION__PHASE__LAUNCH);
	answer_clear(&w);
	wait.id = 99;
	assert_int_equal(ask(ctl, &env, NULL), TW_E_NOT_FOUND);
}

static void a_moving_port_is_left_where_it_is(void **state)
{
	struct tw_controller *ctl = *state;

	begin(ctl);
	assert_int_equal(ask_unbind(ctl, "db/eth0", "", NULL), TW_E_BUSY);
	assert_int_equal(ask_bind(ctl, "db/eth0", "c", NULL), TW_E_BUSY);
	assert_int_equal(ask_migrate(ctl, "db", "c", NULL), TW_E_BUSY);
	assert_int_equal(ask_delete(ctl, TW__KIND__HOST, "b", NULL), TW_E_IN_USE);
	assert_int_equal(ask_delete(ctl, TW__KIND__PORT, "db/eth0", NULL), TW_E_IN_USE);
	assert_int_equal(ask_port_vlan(ctl, "db/eth0", 20, NULL), 0);
	assert_placed(ctl, "a", 1);
}

static void a_late_unbind_by_the_old_host_is_refused(void **state)
{
	struct tw_controller *ctl = *state;

	reach_transfer(ctl);
	send_activated(ctl, "b", 1, RAN_NS);
	send_activated(ctl, "b", 2, RAN_NS);
	assert_int_equal(ask_unbind(ctl, "db/eth0", "a", NULL), TW_E_IN_USE);
	assert_placed(ctl, "b", 0);
}

/* ---- refusals ---- */

static void what_cannot_move_is_refused_with_the_reason(void **state)
{
	struct tw_controller *ctl = *state;
	uint64_t before = ctl->model.revision;

	assert_int_equal(ask_migrate(ctl, "nobody", "b", NULL), TW_E_NOT_FOUND);
	assert_int_equal(ask_migrate(ctl, "db", "z", NULL), TW_E_NOT_FOUND);
	assert_int_equal(ask_migrate(ctl, "db", "a", NULL), TW_E_INVALID);
	ctl_warp(ctl, TW_HOST_SILENT_MS);
	assert_int_equal(ask_migrate(ctl, "db", "b", NULL), TW_E_UNREACHABLE);
	host_realises(ctl, "a");
	assert_int_equal(ask_migrate(ctl, "db", "b", NULL), TW_E_UNREACHABLE);
	assert_int_equal(ctl->model.revision, before);
	assert_int_equal(ask_unbind(ctl, "db/eth1", "", NULL), 0);
	assert_int_equal(ask_migrate(ctl, "db", "b", NULL), TW_E_NOT_BOUND);
	assert_int_equal(ask_bind(ctl, "db/eth1", "c", NULL), 0);
	assert_int_equal(ask_migrate(ctl, "db", "b", NULL), TW_E_INVALID);
}

/* ---- failures ---- */

static void hosts_that_do_not_prepare_fail_it_before_anything_moved(void **state)
{
	struct tw_controller *ctl = *state;

	begin(ctl);
	ctl_warp(ctl, TW_MIGRATION_PHASE_MS);
	assert_failed(ctl, "did not prepare");
	assert_int_equal(take_task(ctl, "b", TW__TASK__WHAT_STOP), 0); /* it was never launched */
}

static void a_vm_that_the_host_does_not_know_fails_it(void **state)
{
	struct tw_controller *ctl = *state;

	begin(ctl);
	host_realises(ctl, "a");
	host_realises(ctl, "b");
	send_error(ctl, "a", take_task(ctl, "a", TW__TASK__WHAT_VM_SPEC), "no such VM");
	assert_failed(ctl, "no such VM");
}

static void an_error_without_words_fails_it_too(void **state)
{
	struct tw_controller *ctl = *state;

	send_error(ctl, "a", reach_transfer(ctl), "");
	assert_failed(ctl, "refused");
}

static void a_launch_that_fails_is_cleaned_up(void **state)
{
	struct tw_controller *ctl = *state;

	reach_launch(ctl);
	send_error(ctl, "b", take_task(ctl, "b", TW__TASK__WHAT_LAUNCH), "no memory");
	assert_failed(ctl, "no memory");
	assert_int_not_equal(take_task(ctl, "b", TW__TASK__WHAT_STOP), 0);
}

static void an_answer_to_something_else_fails_it(void **state)
{
	struct tw_controller *ctl = *state;

	begin(ctl);
	host_realises(ctl, "a");
	host_realises(ctl, "b");
	send_done(ctl, "a", take_task(ctl, "a", TW__TASK__WHAT_VM_SPEC));
	assert_failed(ctl, "something else");
}

static void a_transfer_that_qemu_gives_up_leaves_the_guest_at_a(void **state)
{
	struct tw_controller *ctl = *state;

	send_error(ctl, "a", reach_transfer(ctl), "connection refused");
	assert_failed(ctl, "connection refused");
	assert_int_not_equal(take_task(ctl, "b", TW__TASK__WHAT_STOP), 0);
}

static void a_transfer_without_end_goes_back_to_a_where_the_guest_runs(void **state)
{
	struct tw_controller *ctl = *state;

	reach_transfer(ctl);
	ctl_warp(ctl, TW_MIGRATION_PHASE_MS - 1000);
	both_report(ctl, TW__LINK_STATE__LINK_UP, TW__LINK_STATE__LINK_ABSENT);
	ctl_warp(ctl, 1000);
	assert_failed(ctl, "did not end");
	assert_int_not_equal(take_task(ctl, "b", TW__TASK__WHAT_STOP), 0);
}

static void a_guest_seen_at_b_is_bound_to_b_though_the_news_was_lost(void **state)
{
	struct tw_controller *ctl = *state;

	reach_transfer(ctl);
	ctl_warp(ctl, TW_MIGRATION_PHASE_MS - 1000);
	both_report(ctl, TW__LINK_STATE__LINK_MOVED, TW__LINK_STATE__LINK_UP);
	ctl_warp(ctl, 1000);
	assert_int_equal(migration(ctl)->phase, TW__MIGRATION__PHASE__SETTLE);
	assert_string_equal(migration(ctl)->error, "");
	assert_placed(ctl, "b", 0);
}

static void a_guest_nobody_has_seen_is_not_stopped(void **state)
{
	struct tw_controller *ctl = *state;

	reach_transfer(ctl);
	ctl_warp(ctl, TW_MIGRATION_PHASE_MS - 1000);
	both_report(ctl, TW__LINK_STATE__LINK_HOLD, TW__LINK_STATE__LINK_ABSENT);
	ctl_warp(ctl, 1000);
	assert_int_equal(migration(ctl)->phase, TW__MIGRATION__PHASE__TRANSFER); /* it may appear yet */
	for (int i = 0; i < TW_MIGRATION_DOUBT_MS / 1000; i++) {
		both_report(ctl, TW__LINK_STATE__LINK_HOLD, TW__LINK_STATE__LINK_ABSENT);
		ctl_warp(ctl, 1000);
	}
	assert_failed(ctl, "nothing says");
	assert_int_equal(take_task(ctl, "b", TW__TASK__WHAT_STOP), 0);
}

/* ---- the controller starts anew ---- */

static struct tw_controller *start_anew(void **state)
{
	struct tw_controller *ctl;

	ctl_stop(*state);
	ctl = ctl_start(store_file);
	*state = ctl;
	host_comes(ctl, "a");
	host_comes(ctl, "b");
	return ctl;
}

static void what_had_not_left_is_given_up_by_a_new_controller(void **state)
{
	struct tw_controller *ctl = *state;

	reach_launch(ctl);
	ctl = start_anew(state);
	tw_controller_tick(ctl);
	assert_failed(ctl, "started anew");
	assert_int_equal(tw_model_migration(&ctl->model, 1)->id, 1);
}

static void an_answer_to_the_old_controller_reaches_the_new_one(void **state)
{
	struct tw_controller *ctl = *state;
	uint64_t id = reach_transfer(ctl);

	ctl = start_anew(state);
	assert_int_equal(migration(ctl)->phase, TW__MIGRATION__PHASE__TRANSFER);
	assert_int_equal(take_task(ctl, "a", TW__TASK__WHAT_MIGRATE), 0); /* not asked a second time */
	send_migrated(ctl, id);
	send_activated(ctl, "b", 1, RAN_NS);
	send_activated(ctl, "b", 2, RAN_NS);
	assert_int_equal(migration(ctl)->phase, TW__MIGRATION__PHASE__SETTLE);
	assert_placed(ctl, "b", 0);
	ctl_warp(ctl, TW_MIGRATION_SETTLE_MS);
	send_done(ctl, "a", take_task(ctl, "a", TW__TASK__WHAT_STOP));
	assert_int_equal(migration(ctl)->handover_us, (RAN_NS - STOPPED_NS) / 1000);
}

static void a_guest_that_arrived_meanwhile_is_seen_by_a_new_controller(void **state)
{
	struct tw_controller *ctl = *state;

	reach_transfer(ctl);
	ctl = start_anew(state);
	both_report(ctl, TW__LINK_STATE__LINK_MOVED, TW__LINK_STATE__LINK_UP);
	assert_int_equal(migration(ctl)->phase, TW__MIGRATION__PHASE__SETTLE);
	assert_placed(ctl, "b", 0);
}

static void settling_goes_on_in_a_new_controller(void **state)
{
	struct tw_controller *ctl = *state;

	reach_transfer(ctl);
	send_activated(ctl, "b", 1, RAN_NS);
	send_activated(ctl, "b", 2, RAN_NS);
	ctl = start_anew(state);
	ctl_warp(ctl, TW_MIGRATION_SETTLE_MS);
	send_done(ctl, "a", take_task(ctl, "a", TW__TASK__WHAT_STOP));
	assert_int_equal(migration(ctl)->phase, TW__MIGRATION__PHASE__DONE);
	assert_placed(ctl, "b", 0);
}

#define MOVING(test) cmocka_unit_test_setup_teardown(test, start, stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		MOVING(a_migration_goes_through_its_phases_and_ends_with_figures),
		MOVING(a_vnic_that_the_guest_does_not_use_is_not_waited_for),
		MOVING(a_silent_source_does_not_hold_up_the_end),
		MOVING(one_who_waits_sees_each_phase),
		MOVING(a_moving_port_is_left_where_it_is),
		MOVING(a_late_unbind_by_the_old_host_is_refused),
		MOVING(what_cannot_move_is_refused_with_the_reason),
		MOVING(hosts_that_do_not_prepare_fail_it_before_anything_moved),
		MOVING(a_vm_that_the_host_does_not_know_fails_it),
		MOVING(an_error_without_words_fails_it_too),
		MOVING(a_launch_that_fails_is_cleaned_up),
		MOVING(an_answer_to_something_else_fails_it),
		MOVING(a_transfer_that_qemu_gives_up_leaves_the_guest_at_a),
		MOVING(a_transfer_without_end_goes_back_to_a_where_the_guest_runs),
		MOVING(a_guest_seen_at_b_is_bound_to_b_though_the_news_was_lost),
		MOVING(a_guest_nobody_has_seen_is_not_stopped),
		MOVING(what_had_not_left_is_given_up_by_a_new_controller),
		MOVING(an_answer_to_the_old_controller_reaches_the_new_one),
		MOVING(a_guest_that_arrived_meanwhile_is_seen_by_a_new_controller),
		MOVING(settling_goes_on_in_a_new_controller),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
