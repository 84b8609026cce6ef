/* SPDX-License-Identifier: Apache-2.0 */
/* agent_test.c - an agent keeps its switch as the controller wants it, through the absence of either. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "common/path.h"
#include "tests/support/slice_maker.h"
#include "tests/support/agent_bed.h"

static Tw__WatchReply *web_on(const char *host, uint64_t revision)
{
	Tw__WatchReply *reply = make_reply(revision);

	add_network(reply, "blue", 10);
	add_port(reply, "web/eth0", 1, "blue", host);
	return reply;
}

static void start_all(struct bed *bed)
{
	bed_start_switch(bed, 100);
	bed_start_controller(bed, web_on("a", 5));
	bed_start_agent(bed);
	BED_UNTIL(bed, bed->ctl.realised == 5);
}

static void a_revision_is_reported_once_the_switch_has_it(void **state)
{
	struct bed *bed = *state;

	start_all(bed);
	assert_int_equal(bed->sw.revision, 5);
	assert_int_equal(bed->sw.applied->n_ports, 1);
	assert_string_equal(bed->sw.applied->host, "a");
	assert_true(bed->ctl.switch_alive);
	assert_string_equal(bed->ctl.error, "");

	bed_tell(bed, web_on("b", 6));
	BED_UNTIL(bed, bed->ctl.realised == 6);
	assert_int_equal(bed->sw.applied->n_ports, 0);
	assert_int_equal(bed->sw.applied->n_remotes, 1);
}

static void a_revision_that_does_not_concern_the_host_is_realised_at_once(void **state)
{
	struct bed *bed = *state;
	Tw__WatchReply *same = make_reply(9);

	start_all(bed);
	same->full = false;
	same->unchanged = true;
	bed_tell(bed, same);
	BED_UNTIL(bed, bed->ctl.realised == 9);
	assert_int_equal(bed->sw.n_applied, 1);
}

static void a_switch_that_starts_again_gets_the_snapshot_again(void **state)
{
	struct bed *bed = *state;

	start_all(bed);
	bed_stop_switch(bed);
	BED_UNTIL(bed, !bed->ctl.switch_alive);
	bed_start_switch(bed, 200);
	BED_UNTIL(bed, bed->sw.revision == 5);
	assert_int_equal(bed->sw.n_applied, 2);
	BED_UNTIL(bed, bed->ctl.switch_alive);

	/* So quick that no poll was missed: only the boot id tells. */
	bed->sw.boot_id = 300;
	bed->sw.revision = 0;
	BED_UNTIL(bed, bed->sw.n_applied == 3);
}

static void without_a_controller_it_starts_from_its_slice(void **state)
{
	struct bed *bed = *state;

	start_all(bed);
	bed_stop_agent(bed);
	bed_stop_controller(bed);
	bed_stop_switch(bed);
	bed_start_switch(bed, 200);
	bed_start_agent(bed);
	BED_UNTIL(bed, bed->sw.revision == 5);
	assert_string_equal(bed->sw.applied->ports[0]->name, "web/eth0");

	/* And follows the controller once that is back. */
	bed_start_controller(bed, web_on("a", 8));
	BED_UNTIL(bed, bed->ctl.realised == 8);
}

static void a_corrupt_slice_is_no_obstacle(void **state)
{
	struct bed *bed = *state;
	char path[128];

	assert_int_equal(tw_mkdirs(bed->state), 0);
	snprintf(path, sizeof(path), "%s/slice.bin", bed->state);
	assert_int_equal(tw_write_file(path, "nonsense", 8), 0);
	start_all(bed);
}

static void a_controller_with_another_store_is_believed(void **state)
{
	struct bed *bed = *state;
	Tw__WatchReply *other = web_on("b", 2);

	start_all(bed);
	bed_stop_controller(bed);
	other->epoch = 99;
	bed_start_controller(bed, other);
	BED_UNTIL(bed, bed->ctl.realised == 2);
	assert_int_equal(bed->sw.applied->n_remotes, 1);
}

static void what_the_switch_refuses_is_reported_and_not_realised(void **state)
{
	struct bed *bed = *state;

	start_all(bed);
	bed->sw.refuse = true;
	bed_tell(bed, web_on("b", 6));
	BED_UNTIL(bed, strcmp(bed->ctl.error, "no such device") == 0);
	assert_int_equal(bed->ctl.realised, 5);
	bed->sw.refuse = false;
	bed_tell(bed, web_on("a", 7));
	BED_UNTIL(bed, bed->ctl.realised == 7);
	BED_UNTIL(bed, !*bed->ctl.error);
}

static void a_slice_that_cannot_be_realised_is_reported_and_not_applied(void **state)
{
	struct bed *bed = *state;
	Tw__WatchReply *bad = make_reply(6);

	start_all(bed);
	add_port(bad, "web/eth0", 1, "no-such", "a");
	bed_tell(bed, bad);
	BED_UNTIL(bed, *bed->ctl.error);
	assert_non_null(strstr(bed->ctl.error, "no-such"));
	assert_int_equal(bed->sw.n_applied, 1);
	assert_int_equal(bed->ctl.realised, 5);
}

static void attach(struct bed *bed, const char *port, bool incoming)
{
	Tw__Envelope env = TW__ENVELOPE__INIT;
	Tw__AttachPort msg;

	tw__attach_port__init(&msg);
	msg.port = (char *)(uintptr_t)port;
	msg.incoming = incoming;
	env.body_case = TW__ENVELOPE__BODY_ATTACH_PORT;
	env.attach_port = &msg;
	bed_ask(bed, &env);
}

static void attaching_binds_a_port_and_waits_for_the_switch(void **state)
{
	struct bed *bed = *state;
	char socket[128];

	bed_start_switch(bed, 100);
	bed_start_controller(bed, web_on(NULL, 5));
	bed_start_agent(bed);
	BED_UNTIL(bed, bed->ctl.realised == 5);
	assert_int_equal(bed->sw.applied->n_ports, 0);
	attach(bed, "web/eth0", false);
	BED_UNTIL(bed, bed->answered);
	assert_non_null(bed->answer);
	assert_int_equal(bed->ctl.n_bind, 1);
	assert_int_equal(bed->sw.applied->n_ports, 1); /* before the answer */
	assert_int_equal(bed->answer->attach_port_reply->number, 1);
	snprintf(socket, sizeof(socket), "%s/vhost/1.sock", bed->dir);
	assert_string_equal(bed->answer->attach_port_reply->socket, socket);
	assert_int_equal(bed->answer->attach_port_reply->mtu, 1500);
	assert_int_equal(bed->answer->attach_port_reply->mac.len, 6);
}

static void a_bound_port_is_attached_without_the_controller(void **state)
{
	struct bed *bed = *state;

	start_all(bed);
	bed_stop_controller(bed);
	attach(bed, "web/eth0", false);
	BED_UNTIL(bed, bed->answered);
	assert_non_null(bed->answer);
	attach(bed, "web/eth1", false);
	BED_UNTIL(bed, bed->answered);
	assert_null(bed->answer);
	assert_int_equal(bed->answer_err.code, TW_E_UNREACHABLE);
}

static void detaching_unbinds_but_not_what_moves(void **state)
{
	struct bed *bed = *state;
	Tw__Envelope env = TW__ENVELOPE__INIT;
	Tw__DetachPort msg;
	Tw__WatchReply *moving = web_on("a", 6);

	start_all(bed);
	tw__detach_port__init(&msg);
	msg.port = (char *)(uintptr_t) "web/eth0";
	env.body_case = TW__ENVELOPE__BODY_DETACH_PORT;
	env.detach_port = &msg;
	ADD(moving, peers, make_host("b"));
	add_migration(moving, 3, "web", "a", "b");
	bed_tell(bed, moving);
	BED_UNTIL(bed, bed->ctl.realised == 6);
	bed_ask(bed, &env);
	BED_UNTIL(bed, bed->answered);
	assert_non_null(bed->answer);
	assert_int_equal(bed->ctl.n_bind, 0);

	bed_tell(bed, web_on("a", 7));
	BED_UNTIL(bed, bed->ctl.realised == 7);
	bed_ask(bed, &env);
	BED_UNTIL(bed, bed->answered);
	assert_non_null(bed->answer);
	assert_int_equal(bed->ctl.n_bind, 1);
	BED_UNTIL(bed, bed->sw.applied->n_ports == 0);
}

static void a_request_of_another_kind_is_refused(void **state)
{
	struct bed *bed = *state;
	Tw__Envelope env = TW__ENVELOPE__INIT;
	Tw__GetStatus msg = TW__GET_STATUS__INIT;

	start_all(bed);
	env.body_case = TW__ENVELOPE__BODY_GET_STATUS;
	env.get_status = &msg;
	bed_ask(bed, &env);
	BED_UNTIL(bed, bed->answered);
	assert_int_equal(bed->answer_err.code, TW_E_UNEXPECTED);
}

static Tw__Task *add_task(Tw__WatchReply *reply, uint64_t id, Tw__Task__WhatCase what)
{
	Tw__Task *task = MAKE(Tw__Task, tw__task__init);

	task->id = id;
	task->what_case = what;
	ADD(reply, tasks, task);
	return task;
}

static void tasks_are_done_and_their_results_reported(void **state)
{
	struct bed *bed = *state;
	Tw__WatchReply *reply = web_on("a", 6);

	start_all(bed);
	add_task(reply, 1, TW__TASK__WHAT_FLOWS)->flows = MAKE(Tw__GetFlows, tw__get_flows__init);
	bed_tell(bed, reply);
	BED_UNTIL(bed, bed->ctl.n_results == 1);
	assert_int_equal(bed->ctl.results[0]->id, 1);
	assert_string_equal(bed->ctl.results[0]->host, "a");
	assert_int_equal(bed->ctl.results[0]->flows->total, 5);

	reply = web_on("a", 7);
	add_task(reply, 2, TW__TASK__WHAT_STATUS)->status = MAKE(Tw__GetSwitchStatus, tw__get_switch_status__init);
	bed_tell(bed, reply);
	BED_UNTIL(bed, bed->ctl.n_results == 2);
	assert_int_equal(bed->ctl.results[1]->status->boot_id, 100);

	reply = web_on("a", 8);
	add_task(reply, 3, TW__TASK__WHAT_VM_SPEC)->vm_spec = MAKE(Tw__GetVmSpec, tw__get_vm_spec__init);
	reply->tasks[0]->vm_spec->vm = strdup("nobody");
	bed_tell(bed, reply);
	BED_UNTIL(bed, bed->ctl.n_results == 3);
	assert_int_equal(bed->ctl.results[2]->error->code, TW_E_NOT_FOUND);

	reply = web_on("a", 9);
	add_task(reply, 4, TW__TASK__WHAT_STOP)->stop = MAKE(Tw__StopVm, tw__stop_vm__init);
	reply->tasks[0]->stop->vm = strdup("nobody");
	bed_tell(bed, reply);
	BED_UNTIL(bed, bed->ctl.n_results == 4);
	assert_null(bed->ctl.results[3]->error);
}

static void a_task_that_is_told_again_is_done_once(void **state)
{
	struct bed *bed = *state;
	Tw__WatchReply *reply;

	start_all(bed);
	for (uint64_t revision = 6; revision < 9; revision++) {
		reply = web_on("a", revision);
		add_task(reply, 1, TW__TASK__WHAT_FLOWS)->flows = MAKE(Tw__GetFlows, tw__get_flows__init);
		bed_tell(bed, reply);
		BED_UNTIL(bed, bed->ctl.realised == revision && bed->ctl.n_results >= 1);
	}
	assert_int_equal(bed->ctl.n_results, 1);

	/* Another store counts anew. */
	reply = web_on("a", 20);
	reply->epoch = 99;
	add_task(reply, 1, TW__TASK__WHAT_FLOWS)->flows = MAKE(Tw__GetFlows, tw__get_flows__init);
	bed_tell(bed, reply);
	BED_UNTIL(bed, bed->ctl.n_results == 2);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, bed_setup, bed_teardown)
	const struct CMUnitTest tests[] = {
		CASE(a_revision_is_reported_once_the_switch_has_it),
		CASE(a_revision_that_does_not_concern_the_host_is_realised_at_once),
		CASE(a_switch_that_starts_again_gets_the_snapshot_again),
		CASE(without_a_controller_it_starts_from_its_slice),
		CASE(a_corrupt_slice_is_no_obstacle),
		CASE(a_controller_with_another_store_is_believed),
		CASE(what_the_switch_refuses_is_reported_and_not_realised),
		CASE(a_slice_that_cannot_be_realised_is_reported_and_not_applied),
		CASE(attaching_binds_a_port_and_waits_for_the_switch),
		CASE(a_bound_port_is_attached_without_the_controller),
		CASE(detaching_unbinds_but_not_what_moves),
		CASE(a_request_of_another_kind_is_refused),
		CASE(tasks_are_done_and_their_results_reported),
		CASE(a_task_that_is_told_again_is_done_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
