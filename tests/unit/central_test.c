/* SPDX-License-Identifier: Apache-2.0 */
/*
 * central_test.c - the thread of the flow records beside the controller's own (controlplane/central/central.h): what it leaves
 *                  on disk, and a trial that is under way at the end. By the real clock, as the thread is.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/log.h"
#include "controlplane/central/central.h"
#include "tests/unit/ctl_fixture.h"

enum { WAITS_MAX = 5000 };

struct fixture {
	struct tw_controller *ctl;
	char place[64], folder[80];
	mode_t umask;
};

/* A controller with one exporter whose records go by it; its thread does not run yet. */
static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct tw_central_config config = { 0 };
	struct tw_error err = { 0 };
	Tw__Exporter way;

	assert_non_null(f);
	tw_log_init("test", TW_LOG_ERROR);
	f->umask = umask(0022);
	strcpy(f->place, "/tmp/tw-central-test.XXXXXX");
	assert_non_null(mkdtemp(f->place));
	snprintf(f->folder, sizeof(f->folder), "%s/records", f->place);
	f->ctl = tw_controller_create(NULL, ":memory:", &err);
	assert_non_null(f->ctl);
	tw__exporter__init(&way);
	way.name = (char *)(uintptr_t) "nf";
	way.way = TW__EXPORTER__WAY__CENTRAL;
	assert_int_equal(ask_exporter(f->ctl, "nf", NULL), 0);
	assert_int_equal(ask_set(f->ctl, TW__KIND__EXPORTER, &way.base, "way", NULL), 0);
	config.folder = f->folder;
	f->ctl->central = tw_central_create(&config);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;
	char command[128];

	tw_controller_destroy(f->ctl);
	umask(f->umask);
	snprintf(command, sizeof(command), "rm -rf %s", f->place);
	assert_int_equal(system(command), 0);
	free(f);
	return 0;
}

static void wait_until_it_runs(struct fixture *f)
{
	Tw__CentralStatus *status = NULL;

	for (unsigned i = 0; i < WAITS_MAX && !status; i++) {
		usleep(1000);
		status = tw_central_status(f->ctl->central);
	}
	assert_non_null(status);
	tw__central_status__free_unpacked(status, NULL);
}

static mode_t mode_of(const struct fixture *f, const char *file)
{
	char path[128];
	struct stat st;

	snprintf(path, sizeof(path), "%s/%s", f->folder, file);
	assert_int_equal(stat(path, &st), 0);
	return st.st_mode & 0777;
}

/* As the controller does while it binds its socket. */
static void the_controllers_umask_is_not_that_of_the_records(void **state)
{
	struct fixture *f = *state;

	tw_central_update(f->ctl->central, &f->ctl->model);
	umask(0177);
	wait_until_it_runs(f);
	assert_int_equal(mode_of(f, "."), 0750);
	assert_int_equal(mode_of(f, "cursors"), 0640);
}

static void at_the_end_who_tries_an_exporter_is_told(void **state)
{
	struct fixture *f = *state;
	Tw__Envelope env = TW__ENVELOPE__INIT;
	Tw__TryHostExporter body;
	struct answer answer;

	tw_central_update(f->ctl->central, &f->ctl->model);
	wait_until_it_runs(f);
	tw__try_host_exporter__init(&body);
	body.exporter = (char *)(uintptr_t) "nf";
	env.body_case = TW__ENVELOPE__BODY_TRY_HOST_EXPORTER;
	env.try_host_exporter = &body;
	ask(f->ctl, &env, &answer);
	assert_int_equal(answer.n, 0);
	tw_controller_destroy(f->ctl);
	f->ctl = NULL;
	assert_int_equal(answer.n, 1);
	assert_int_equal(answer.err.code, TW_E_UNREACHABLE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_controllers_umask_is_not_that_of_the_records, set_up, tear_down),
		cmocka_unit_test_setup_teardown(at_the_end_who_tries_an_exporter_is_told, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
