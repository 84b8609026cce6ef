/* SPDX-License-Identifier: Apache-2.0 */
/* store_test.c - what was acknowledged is on disk, whatever ends the controller; what cannot be read is refused. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sqlite3.h>

#include <cmocka.h>

#include "controlplane/mem.h"
#include "tests/unit/ctl_fixture.h"

/* A store in a folder of its own; the folder goes when the test ends. */
struct place {
	char folder[64];
	char file[96];
};

static int make_place(void **state)
{
	struct place *place = tw_need(calloc(1, sizeof(*place)));

	strcpy(place->folder, "/tmp/tw-store-test-XXXXXX");
	if (!mkdtemp(place->folder))
		return -1;
	snprintf(place->file, sizeof(place->file), "%s/controller.db", place->folder);
	*state = place;
	return 0;
}

static int drop_place(void **state)
{
	static const char *const tails[] = { "", "-wal", "-shm", "-journal" };
	struct place *place = *state;

	for (size_t i = 0; i < sizeof(tails) / sizeof(*tails); i++) {
		char path[128];

		snprintf(path, sizeof(path), "%s%s", place->file, tails[i]);
		unlink(path);
	}
	rmdir(place->folder);
	free(place);
	return 0;
}

static void populate(struct tw_controller *ctl)
{
	assert_int_equal(ask_host(ctl, "a", NULL), 0);
	assert_int_equal(ask_network(ctl, "blue", 10, NULL), 0);
	assert_int_equal(ask_port(ctl, "web/eth0", "blue", NULL), 0);
	assert_int_equal(ask_port(ctl, "db/eth0", "blue", NULL), 0);
	assert_int_equal(ask_bind(ctl, "web/eth0", "a", NULL), 0);
	assert_int_equal(ask_mirror(ctl, "m1", "web/eth0", "m1.pcapng", NULL), 0);
	assert_int_equal(ask_exporter(ctl, "nf", NULL), 0);
	assert_int_equal(ask_delete(ctl, TW__KIND__PORT, "db/eth0", NULL), 0);
}

static void a_closed_store_opens_as_it_was(void **state)
{
	const struct place *place = *state;
	struct tw_controller *ctl = ctl_start(place->file);
	char *before, *after;
	size_t n_before, n_after;

	populate(ctl);
	before = model_bytes(&ctl->model, &n_before);
	tw_controller_destroy(ctl);
	ctl = ctl_start(place->file);
	after = model_bytes(&ctl->model, &n_after);
	assert_int_equal(n_before, n_after);
	assert_memory_equal(before, after, n_before);
	tw_controller_destroy(ctl);
	free(before);
	free(after);
}

/* A child creates networks and says after each acknowledgement that it has it; then it is killed in the middle. */
static void write_until_killed(const char *file, int out)
{
	struct tw_controller *ctl = ctl_start(file);

	for (uint32_t i = 1;; i++) {
		char name[32];

		snprintf(name, sizeof(name), "n%u", i);
		if (ask_network(ctl, name, i % 4094 + 1, NULL) || write(out, &i, sizeof(i)) != sizeof(i))
			_exit(1);
	}
}

static void acknowledged_writes_survive_kill_9(void **state)
{
	const struct place *place = *state;
	uint32_t acknowledged = 0, last;
	int pipe_ends[2], status;
	struct tw_controller *ctl;
	pid_t child;

	assert_int_equal(pipe(pipe_ends), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0)
		write_until_killed(place->file, pipe_ends[1]);
	close(pipe_ends[1]);
	while (acknowledged < 50 && read(pipe_ends[0], &acknowledged, sizeof(acknowledged)) == sizeof(acknowledged))
		;
	kill(child, SIGKILL);
	waitpid(child, &status, 0);
	while (read(pipe_ends[0], &last, sizeof(last)) == sizeof(last))
		acknowledged = last;
	close(pipe_ends[0]);
	assert_true(WIFSIGNALED(status) && acknowledged >= 50);

	ctl = ctl_start(place->file);
	for (uint32_t i = 1; i <= acknowledged; i++) {
		char name[32];

		snprintf(name, sizeof(name), "n%u", i);
		assert_non_null(tw_model_network(&ctl->model, name));
	}
	/* At most the write that was under way may be there too. */
	assert_in_range(ctl->model.revision, acknowledged, acknowledged + 1);
	assert_int_equal(ctl->model.tables[TW__KIND__NETWORK].n, ctl->model.revision);
	tw_controller_destroy(ctl);
}

static void numbers_of_ports_are_never_used_again(void **state)
{
	const struct place *place = *state;
	struct tw_controller *ctl = ctl_start(place->file);

	populate(ctl); /* ports 1 and 2; 2 was deleted */
	tw_controller_destroy(ctl);
	ctl = ctl_start(place->file);
	assert_int_equal(ask_port(ctl, "db/eth0", "blue", NULL), 0);
	assert_int_equal(tw_model_port(&ctl->model, "db/eth0")->number, 3);
	tw_controller_destroy(ctl);
}

static void two_stores_differ_in_epoch(void **state)
{
	struct tw_controller *one = ctl_start(":memory:"), *other = ctl_start(":memory:");

	assert_int_not_equal(one->model.epoch, other->model.epoch);
	assert_int_not_equal(one->model.epoch, 0);
	tw_controller_destroy(one);
	tw_controller_destroy(other);
}

static void execute(const char *file, const char *sql)
{
	sqlite3 *db;

	assert_int_equal(sqlite3_open(file, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
}

static void assert_refused(const char *file, const char *why)
{
	struct tw_error err = { 0 };

	assert_null(tw_controller_create(NULL, file, &err));
	assert_int_equal(err.code, TW_E_STORE);
	if (!strstr(err.text, why))
		fail_msg("'%s' does not say '%s'", err.text, why);
}

static void a_store_of_a_newer_schema_is_refused(void **state)
{
	const struct place *place = *state;

	tw_controller_destroy(ctl_start(place->file));
	execute(place->file, "PRAGMA user_version = 2");
	assert_refused(place->file, "schema 2");
}

static void another_programs_database_is_refused(void **state)
{
	const struct place *place = *state;

	execute(place->file, "CREATE TABLE theirs (x)");
	assert_refused(place->file, "another program");
}

static void what_is_no_database_is_refused_and_left_alone(void **state)
{
	const struct place *place = *state;
	char back[64] = "";
	FILE *file = fopen(place->file, "w");

	assert_non_null(file);
	fputs("a letter to a friend, and not a short one at all", file);
	fclose(file);
	assert_refused(place->file, "not a database");
	file = fopen(place->file, "r");
	assert_non_null(file);
	assert_non_null(fgets(back, sizeof(back), file));
	assert_string_equal(back, "a letter to a friend, and not a short one at all");
	fclose(file);
}

static void an_object_that_cannot_be_read_is_named(void **state)
{
	const struct place *place = *state;
	struct tw_controller *ctl = ctl_start(place->file);

	populate(ctl);
	tw_controller_destroy(ctl);
	execute(place->file, "UPDATE object SET body = x'ff' WHERE name = 'blue'");
	assert_refused(place->file, "object 2");
}

static void a_store_in_use_is_refused_to_a_second_controller(void **state)
{
	const struct place *place = *state;
	struct tw_controller *ctl = ctl_start(place->file);

	assert_refused(place->file, "locked");
	tw_controller_destroy(ctl);
}

static void a_write_that_the_disk_refuses_changes_nothing(void **state)
{
	const struct place *place = *state;
	struct tw_controller *ctl;
	struct answer answer;
	char *before, *after;
	size_t n_before, n_after;

	ctl = ctl_start(place->file);
	populate(ctl);
	tw_controller_destroy(ctl);
	execute(place->file, "CREATE TRIGGER full BEFORE INSERT ON object WHEN new.name = 'red'"
			     " BEGIN SELECT raise(ABORT, 'disk full'); END");
	ctl = ctl_start(place->file);
	before = model_bytes(&ctl->model, &n_before);
	assert_int_equal(ask_network(ctl, "red", 20, &answer), TW_E_STORE);
	assert_non_null(strstr(answer.err.text, "disk full"));
	after = model_bytes(&ctl->model, &n_after);
	assert_int_equal(n_before, n_after);
	assert_memory_equal(before, after, n_before);
	assert_int_equal(ask_network(ctl, "green", 20, NULL), 0); /* and the store goes on */
	tw_controller_destroy(ctl);
	free(before);
	free(after);
}

#define WITH_PLACE(test) cmocka_unit_test_setup_teardown(test, make_place, drop_place)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_PLACE(a_closed_store_opens_as_it_was),
		WITH_PLACE(acknowledged_writes_survive_kill_9),
		WITH_PLACE(numbers_of_ports_are_never_used_again),
		cmocka_unit_test(two_stores_differ_in_epoch),
		WITH_PLACE(a_store_of_a_newer_schema_is_refused),
		WITH_PLACE(another_programs_database_is_refused),
		WITH_PLACE(what_is_no_database_is_refused_and_left_alone),
		WITH_PLACE(an_object_that_cannot_be_read_is_named),
		WITH_PLACE(a_store_in_use_is_refused_to_a_second_controller),
		WITH_PLACE(a_write_that_the_disk_refuses_changes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
