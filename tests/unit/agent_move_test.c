/* SPDX-License-Identifier: Apache-2.0 */
/* agent_move_test.c - a guest's move as its hosts' agents see it: states handed over, figures told, failures undone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "agent/tasks.h"
#include "tests/support/slice_maker.h"
#include "tests/support/agent_bed.h"

enum { MIGRATION = 9 };

static Tw__WatchReply *moving(struct bed *bed, const char *from, const char *to, uint64_t revision)
{
	Tw__WatchReply *reply = make_reply(revision);
	Tw__Host *peer = make_host("b");

	add_network(reply, "blue", 10);
	add_port(reply, "db/eth0", 2, "blue", from);
	add_port(reply, "web/eth0", 1, "blue", "a");
	add_migration(reply, MIGRATION, "db", from, to);
	peer->peer_url = strdup(bed->other_url);
	ADD(reply, peers, peer);
	return reply;
}

static Tw__WatchReply *at_rest(const char *host, uint64_t revision)
{
	Tw__WatchReply *reply = make_reply(revision);

	add_network(reply, "blue", 10);
	add_port(reply, "db/eth0", 2, "blue", host);
	return reply;
}

static void start_leaving(struct bed *bed)
{
	bed_start_other(bed);
	bed_start_switch(bed, 100);
	bed_start_controller(bed, moving(bed, "a", "b", 5));
	bed_start_agent(bed);
	BED_UNTIL(bed, bed->ctl.realised == 5);
}

static void a_ring_that_stops_sends_the_ports_state_to_the_other_host(void **state)
{
	struct bed *bed = *state;

	start_leaving(bed);
	assert_int_equal(bed->sw.applied->ports[0]->role, TW__LOCAL_PORT__ROLE__OUTGOING);
	bed_link(bed, 1, TW__LINK_STATE__LINK_UP);
	bed_link(bed, 2, TW__LINK_STATE__LINK_HOLD);
	BED_UNTIL(bed, bed->other.n_handed == 1);
	assert_int_equal(bed->other.migration, MIGRATION);
	assert_int_equal(bed->other.rx_packets, 77);
	assert_int_equal(bed->other.n_flows, 1);
	/* Polls that say the same again take nothing more. */
	bed->ctl.n_reports = 0;
	BED_UNTIL(bed, bed->ctl.n_reports >= 2);
	assert_int_equal(bed->sw.n_taken, 1);
	assert_int_equal(bed->other.n_handed, 1);
}

static void a_hold_whose_event_was_lost_is_seen_in_the_status(void **state)
{
	struct bed *bed = *state;

	start_leaving(bed);
	bed->sw.link[2] = TW__LINK_STATE__LINK_HOLD;
	BED_UNTIL(bed, bed->other.n_handed == 1);
}

static void a_ring_that_runs_again_and_stops_again_is_handed_over_again(void **state)
{
	struct bed *bed = *state;

	start_leaving(bed);
	bed_link(bed, 2, TW__LINK_STATE__LINK_HOLD);
	BED_UNTIL(bed, bed->other.n_handed == 1);
	bed_link(bed, 2, TW__LINK_STATE__LINK_UP);
	bed->ctl.n_reports = 0;
	BED_UNTIL(bed, bed->ctl.n_reports >= 1);
	bed_link(bed, 2, TW__LINK_STATE__LINK_HOLD);
	BED_UNTIL(bed, bed->other.n_handed == 2);
	assert_int_equal(bed->sw.n_taken, 2);
}

static void a_ring_that_stops_without_a_migration_takes_nothing(void **state)
{
	struct bed *bed = *state;

	bed_start_switch(bed, 100);
	bed_start_controller(bed, at_rest("a", 5));
	bed_start_agent(bed);
	BED_UNTIL(bed, bed->ctl.realised == 5);
	bed_link(bed, 2, TW__LINK_STATE__LINK_HOLD);
	BED_UNTIL(bed, bed->ctl.n_reports >= 2);
	assert_int_equal(bed->sw.n_taken, 0);
}

static void a_guest_that_begins_to_run_here_is_reported(void **state)
{
	struct bed *bed = *state;

	bed_start_switch(bed, 100);
	bed_start_controller(bed, moving(bed, "b", "a", 5));
	bed_start_agent(bed);
	BED_UNTIL(bed, bed->ctl.realised == 5);
	bed_link(bed, 2, TW__LINK_STATE__LINK_UP);
	BED_UNTIL(bed, bed->ctl.n_activated >= 1);
	assert_int_equal(bed->ctl.activated.number, 2);
	assert_int_equal(bed->ctl.activated.migration, MIGRATION);
	assert_int_equal(bed->ctl.activated.at_ns, 987654321);
	bed->ctl.n_reports = 0;
	BED_UNTIL(bed, bed->ctl.n_reports >= 2);
	assert_int_equal(bed->ctl.n_activated, 1);
}

static struct tw_error handed_err;
static unsigned n_handed_answers;

static void on_handed(const Tw__Envelope *reply, const struct tw_error *err, void *arg)
{
	n_handed_answers++;
	handed_err = reply ? (struct tw_error){ 0 } : *err;
}

static void hand_over(struct tw_link_client *client, struct bed *bed, uint64_t migration, uint32_t number)
{
	Tw__Envelope env = TW__ENVELOPE__INIT;
	Tw__HandOver msg = TW__HAND_OVER__INIT;
	Tw__PortState port = TW__PORT_STATE__INIT;
	Tw__PortCounters counters = TW__PORT_COUNTERS__INIT;
	unsigned before = n_handed_answers;

	counters.rx_packets = 55;
	port.number = number;
	port.counters = &counters;
	msg.migration = migration;
	msg.state = &port;
	env.body_case = TW__ENVELOPE__BODY_HAND_OVER;
	env.hand_over = &msg;
	assert_int_equal(tw_link_call_async(client, &env, 5000, on_handed, NULL), 0);
	BED_UNTIL(bed, n_handed_answers == before + 1);
}

static void a_state_that_comes_is_put_into_the_switch_once(void **state)
{
	struct bed *bed = *state;
	struct tw_link_client *client = tw_link_client_create(bed->base, bed->peer_url);

	bed_start_switch(bed, 100);
	bed_start_controller(bed, moving(bed, "b", "a", 5));
	bed_start_agent(bed);
	BED_UNTIL(bed, bed->ctl.realised == 5);
	hand_over(client, bed, MIGRATION, 2);
	assert_int_equal(handed_err.code, 0);
	assert_int_equal(bed->sw.n_put, 1);
	assert_int_equal(bed->sw.put->counters->rx_packets, 55);
	hand_over(client, bed, MIGRATION, 2); /* its first answer was late */
	assert_int_equal(handed_err.code, 0);
	assert_int_equal(bed->sw.n_put, 1);

	hand_over(client, bed, MIGRATION + 1, 2);
	assert_int_equal(handed_err.code, TW_E_NOT_FOUND);
	assert_string_equal(handed_err.field, "hand_over.migration");
	hand_over(client, bed, MIGRATION, 1);
	assert_int_equal(handed_err.code, TW_E_NOT_FOUND);
	assert_string_equal(handed_err.field, "hand_over.state.number");
	assert_int_equal(bed->sw.n_put, 1);
	tw_link_client_destroy(client);
}

static void add_migrate_task(Tw__WatchReply *reply, uint64_t migration)
{
	Tw__Task *task = MAKE(Tw__Task, tw__task__init);

	task->id = 70;
	task->what_case = TW__TASK__WHAT_MIGRATE;
	task->migrate = MAKE(Tw__MigrateOut, tw__migrate_out__init);
	task->migrate->migration = migration;
	task->migrate->vm = strdup("db");
	task->migrate->uri = strdup("tcp:127.0.0.1:4444");
	ADD(reply, tasks, task);
}

static void tell_to_migrate(struct bed *bed, uint64_t migration)
{
	Tw__WatchReply *reply = moving(bed, "a", "b", 6);

	reply->migrations[0]->phase = TW__MIGRATION__PHASE__TRANSFER;
	add_migrate_task(reply, migration);
	bed_tell(bed, reply);
}

static void a_migration_ends_with_its_figures(void **state)
{
	struct bed *bed = *state;
	const Tw__MigrateResult *figures;

	start_leaving(bed);
	bed_start_qemu(bed, "db");
	bed_link(bed, 2, TW__LINK_STATE__LINK_UP);
	bed->qemu.after = "active";
	tell_to_migrate(bed, MIGRATION);
	BED_UNTIL(bed, bed_qemu_heard(bed, "migrate"));
	bed_link(bed, 2, TW__LINK_STATE__LINK_HOLD);
	BED_UNTIL(bed, bed->other.n_handed == 1);
	bed->qemu.migration = "completed";
	bed_moved(bed, 2);
	BED_UNTIL(bed, bed->ctl.n_results == 1);
	assert_null(bed->ctl.results[0]->error);
	assert_int_equal(bed->ctl.results[0]->id, 70);
	figures = bed->ctl.results[0]->migrate;
	assert_int_equal(figures->vm_downtime_ms, 12);
	assert_int_equal(figures->total_ms, 1300);
	assert_int_equal(figures->frames_held, 3);
	assert_int_equal(figures->flows_moved, 1);
	assert_int_equal(figures->stopped_ns, 123456789);
	assert_int_equal(bed->sw.n_released, 1);
	assert_true(bed->sw.released_moved);
	assert_int_equal(bed->sw.n_put, 0);
}

static void a_migration_that_fails_gives_the_port_everything_back(void **state)
{
	struct bed *bed = *state;

	start_leaving(bed);
	bed_start_qemu(bed, "db");
	bed->qemu.after = "active";
	tell_to_migrate(bed, MIGRATION);
	BED_UNTIL(bed, bed_qemu_heard(bed, "migrate"));
	bed_link(bed, 2, TW__LINK_STATE__LINK_HOLD);
	BED_UNTIL(bed, bed->other.n_handed == 1);
	bed_link(bed, 2, TW__LINK_STATE__LINK_UP); /* QEMU goes on with it before it says so */
	bed->ctl.n_reports = 0;
	BED_UNTIL(bed, bed->ctl.n_reports >= 1);
	bed->qemu.migration = "failed";
	BED_UNTIL(bed, bed->ctl.n_results == 1);
	assert_int_equal(bed->ctl.results[0]->error->code, TW_E_VMM);
	assert_string_equal(bed->ctl.results[0]->error->text, "the wire is cut");
	assert_true(bed_qemu_heard(bed, "cont"));
	BED_UNTIL(bed, bed->sw.n_released == 1);
	assert_false(bed->sw.released_moved);
	/* The counters are back; the flow may be in the other host's records by now. */
	assert_int_equal(bed->sw.n_put, 1);
	assert_int_equal(bed->sw.put->counters->rx_packets, 77);
	assert_int_equal(bed->sw.put->n_flows, 0);
}

static void a_migration_that_qemu_has_begun_already_is_joined(void **state)
{
	struct bed *bed = *state;

	start_leaving(bed);
	bed_start_qemu(bed, "db");
	bed->qemu.migration = "active";
	bed->qemu.sent = true; /* by an agent that was killed */
	tell_to_migrate(bed, MIGRATION);
	BED_UNTIL(bed, bed->qemu.n_commands >= 3);
	bed->qemu.migration = "completed";
	BED_UNTIL(bed, bed->ctl.n_results == 1);
	assert_null(bed->ctl.results[0]->error);
	assert_false(bed_qemu_heard(bed, "migrate"));
}

static void a_guest_that_came_by_migration_can_leave_again(void **state)
{
	struct bed *bed = *state;

	start_leaving(bed);
	bed_start_qemu(bed, "db");
	bed->qemu.migration = "completed"; /* its arrival here */
	bed->qemu.after = "active";
	tell_to_migrate(bed, MIGRATION);
	BED_UNTIL(bed, bed_qemu_heard(bed, "migrate"));
	bed->ctl.n_reports = 0;
	BED_UNTIL(bed, bed->ctl.n_reports >= 1);
	assert_int_equal(bed->ctl.n_results, 0);
	bed->qemu.migration = "completed";
	BED_UNTIL(bed, bed->ctl.n_results == 1);
	assert_null(bed->ctl.results[0]->error);
}

static void a_guest_that_still_runs_here_is_not_taken_for_sent(void **state)
{
	struct bed *bed = *state;

	start_leaving(bed);
	bed_start_qemu(bed, "db");
	bed->qemu.migration = "active";
	tell_to_migrate(bed, MIGRATION);
	BED_UNTIL(bed, bed->qemu.n_commands >= 2);
	bed->qemu.migration = "completed"; /* and yet it is "running" */
	bed->ctl.n_reports = 0;
	BED_UNTIL(bed, bed->ctl.n_reports >= 2);
	assert_int_equal(bed->ctl.n_results, 0);
	assert_int_equal(bed->sw.n_released, 0);
}

static void a_qemu_that_is_not_there_is_an_error(void **state)
{
	struct bed *bed = *state;

	start_leaving(bed);
	tell_to_migrate(bed, MIGRATION);
	BED_UNTIL(bed, bed->ctl.n_results == 1);
	assert_int_equal(bed->ctl.results[0]->error->code, TW_E_VMM);
}

static void a_migration_that_the_host_does_not_know_is_refused(void **state)
{
	struct bed *bed = *state;

	start_leaving(bed);
	tell_to_migrate(bed, MIGRATION + 1);
	BED_UNTIL(bed, bed->ctl.n_results == 1);
	assert_int_equal(bed->ctl.results[0]->error->code, TW_E_NOT_FOUND);
	assert_string_equal(bed->ctl.results[0]->error->field, "migrate.migration");
}

static void a_migration_called_off_lets_the_port_go_on_here(void **state)
{
	struct bed *bed = *state;

	start_leaving(bed);
	bed_link(bed, 2, TW__LINK_STATE__LINK_HOLD);
	BED_UNTIL(bed, bed->other.n_handed == 1);
	bed_tell(bed, at_rest("a", 6));
	BED_UNTIL(bed, bed->sw.n_released == 1);
	assert_false(bed->sw.released_moved);
	assert_int_equal(bed->sw.n_put, 1);
}

/* A tw-vm of a few lines, found in PATH. */
static void make_tw_vm(struct bed *bed, const char *script)
{
	char path[128], search[256];
	FILE *file;

	snprintf(path, sizeof(path), "%s/tw-vm", bed->dir);
	file = fopen(path, "w");
	assert_non_null(file);
	fprintf(file, "#!/bin/sh\necho \"$@\" >%s/args\n%s\n", bed->dir, script);
	fclose(file);
	assert_int_equal(chmod(path, 0755), 0);
	snprintf(search, sizeof(search), "%s:/usr/bin:/bin", bed->dir);
	setenv("PATH", search, 1);
}

static void tell_to_launch(struct bed *bed)
{
	Tw__WatchReply *reply = moving(bed, "b", "a", 6);
	Tw__Task *task = MAKE(Tw__Task, tw__task__init);
	Tw__VmSpec *spec = MAKE(Tw__VmSpec, tw__vm_spec__init);

	spec->name = strdup("db");
	spec->memory_mib = 192;
	spec->cpus = 1;
	spec->kernel = strdup("/boot/guest");
	spec->uuid = make_octets(16, 2, 1);
	ADD(spec, ports, strdup("db/eth0"));
	task->id = 60;
	task->what_case = TW__TASK__WHAT_LAUNCH;
	task->launch = MAKE(Tw__LaunchIncoming, tw__launch_incoming__init);
	task->launch->migration = MIGRATION;
	task->launch->spec = spec;
	ADD(reply, tasks, task);
	bed_start_switch(bed, 100);
	bed_start_controller(bed, reply);
	bed_start_agent(bed);
	BED_UNTIL(bed, bed->ctl.n_results == 1);
}

static void a_guest_is_awaited_where_tw_vm_says(void **state)
{
	struct bed *bed = *state;
	char path[128], args[512] = "";
	FILE *file;

	/* What it leaves running keeps the pipe open, as a daemon may. */
	make_tw_vm(bed, "echo incoming tcp:127.0.0.1:5001; sleep 3 & exit 0");
	tell_to_launch(bed);
	assert_null(bed->ctl.results[0]->error);
	assert_string_equal(bed->ctl.results[0]->launch->uri, "tcp:127.0.0.1:5001");
	snprintf(path, sizeof(path), "%s/args", bed->dir);
	file = fopen(path, "r");
	assert_non_null(file);
	assert_non_null(fgets(args, sizeof(args), file));
	fclose(file);
	assert_ptr_equal(strstr(args, "run "), args);
	assert_non_null(strstr(args, "db/eth0"));
	assert_non_null(strstr(args, "tcp:127.0.0.1:0"));
}

static void a_tw_vm_that_fails_says_why(void **state)
{
	struct bed *bed = *state;

	make_tw_vm(bed, "echo no matter >&2; echo tw-vm: there is no memory left >&2; exit 1");
	tell_to_launch(bed);
	assert_int_equal(bed->ctl.results[0]->error->code, TW_E_VMM);
	assert_non_null(strstr(bed->ctl.results[0]->error->text, "there is no memory left"));
	assert_null(strstr(bed->ctl.results[0]->error->text, "no matter"));
}

static void a_tw_vm_that_is_not_there_is_an_error(void **state)
{
	struct bed *bed = *state;

	setenv("PATH", bed->dir, 1);
	tell_to_launch(bed);
	assert_int_equal(bed->ctl.results[0]->error->code, TW_E_VMM);
}

/* A process that holds the lock of a guest's pid file, as QEMU does. @return its pid */
static pid_t fake_qemu(struct bed *bed, const char *vm)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	char path[128];
	int ready[2], fd;
	pid_t pid;

	snprintf(path, sizeof(path), "%s/vm/%s.pid", bed->dir, vm);
	assert_int_equal(pipe(ready), 0);
	pid = fork();
	if (pid == 0) {
		fd = open(path, O_RDWR | O_CREAT, 0600);
		if (fcntl(fd, F_SETLK, &lock) == 0 && write(ready[1], "x", 1) == 1)
			pause();
		_exit(1);
	}
	assert_int_equal(read(ready[0], path, 1), 1);
	close(ready[0]);
	close(ready[1]);
	return pid;
}

static void a_guest_whose_qemu_does_not_listen_is_killed(void **state)
{
	struct bed *bed = *state;
	Tw__WatchReply *reply = at_rest("b", 6);
	Tw__Task *task = MAKE(Tw__Task, tw__task__init);
	int status;
	pid_t pid;

	bed_start_switch(bed, 100);
	bed_start_controller(bed, at_rest("b", 5));
	bed_start_agent(bed);
	BED_UNTIL(bed, bed->ctl.realised == 5);
	pid = fake_qemu(bed, "db");
	task->id = 80;
	task->what_case = TW__TASK__WHAT_STOP;
	task->stop = MAKE(Tw__StopVm, tw__stop_vm__init);
	task->stop->vm = strdup("db");
	ADD(reply, tasks, task);
	bed_tell(bed, reply);
	BED_UNTIL(bed, waitpid(pid, &status, WNOHANG) == pid);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	BED_UNTIL(bed, bed->ctl.n_results == 1);
	assert_null(bed->ctl.results[0]->error);
}

static void the_line_that_says_where_qemu_waits_is_found(void **state)
{
	char uri[32];

	assert_true(tw_tasks_incoming_uri("incoming tcp:127.0.0.1:4567\n", uri, sizeof(uri)));
	assert_string_equal(uri, "tcp:127.0.0.1:4567");
	assert_true(tw_tasks_incoming_uri("some words\nincoming tcp:[::1]:1", uri, sizeof(uri)));
	assert_string_equal(uri, "tcp:[::1]:1");
	assert_false(tw_tasks_incoming_uri("", uri, sizeof(uri)));
	assert_false(tw_tasks_incoming_uri("incoming \n", uri, sizeof(uri)));
	assert_false(tw_tasks_incoming_uri("no incoming tcp:127.0.0.1:4567\n", uri, sizeof(uri)));
	assert_false(
		tw_tasks_incoming_uri("incoming tcp:an.address.longer.than.there.is.room.for:1\n", uri, sizeof(uri)));
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, bed_setup, bed_teardown)
	const struct CMUnitTest tests[] = {
		CASE(a_ring_that_stops_sends_the_ports_state_to_the_other_host),
		CASE(a_hold_whose_event_was_lost_is_seen_in_the_status),
		CASE(a_ring_that_runs_again_and_stops_again_is_handed_over_again),
		CASE(a_ring_that_stops_without_a_migration_takes_nothing),
		CASE(a_guest_that_begins_to_run_here_is_reported),
		CASE(a_state_that_comes_is_put_into_the_switch_once),
		CASE(a_migration_ends_with_its_figures),
		CASE(a_migration_that_fails_gives_the_port_everything_back),
		CASE(a_migration_that_qemu_has_begun_already_is_joined),
		CASE(a_guest_that_came_by_migration_can_leave_again),
		CASE(a_guest_that_still_runs_here_is_not_taken_for_sent),
		CASE(a_qemu_that_is_not_there_is_an_error),
		CASE(a_migration_that_the_host_does_not_know_is_refused),
		CASE(a_migration_called_off_lets_the_port_go_on_here),
		CASE(a_guest_is_awaited_where_tw_vm_says),
		CASE(a_tw_vm_that_fails_says_why),
		CASE(a_tw_vm_that_is_not_there_is_an_error),
		CASE(a_guest_whose_qemu_does_not_listen_is_killed),
		cmocka_unit_test(the_line_that_says_where_qemu_waits_is_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
