/* SPDX-License-Identifier: Apache-2.0 */
/* central_trial_test.c - trials by the controller's exporters (controlplane/central/trial.h), which may change or stand still meanwhile. */
#include <setjmp.h>
#include <stdarg.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/log.h"
#include "controlplane/central/trial.h"

#define START_MS UINT64_C(1800000000000)

enum { COLLECTORS = 2, STEP_MS = 50, STEPS = 40, CHANGES = 8 };

struct fixture {
	char folder[64];
	struct tw_central_plan plan;
	struct tw_pumps pumps;
	struct tw_central_trial trial;
	int fds[COLLECTORS];
	struct sockaddr_in collectors[COLLECTORS];
	uint64_t now;
};

static void export_to(struct fixture *f, unsigned i)
{
	const struct tw_cursor end = { 0 };

	memcpy(&f->plan.pumps[0].targets[0].collector, &f->collectors[i], sizeof(f->collectors[i]));
	f->plan.pumps[0].targets[0].collector_size = sizeof(f->collectors[i]);
	tw_pumps_set(&f->pumps, &f->plan, &end, f->now);
}

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct tw_central_pump *pump = &f->plan.pumps[0];

	tw_log_init("test", TW_LOG_ERROR);
	snprintf(f->folder, sizeof(f->folder), "/tmp/trial_test.XXXXXX");
	assert_non_null(mkdtemp(f->folder));
	f->now = START_MS;
	for (int i = 0; i < COLLECTORS; i++) {
		struct sockaddr_in *address = &f->collectors[i];
		socklen_t size = sizeof(*address);

		*address = (struct sockaddr_in){ .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
		f->fds[i] = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
		assert_int_equal(bind(f->fds[i], (struct sockaddr *)address, size), 0);
		assert_int_equal(getsockname(f->fds[i], (struct sockaddr *)address, &size), 0);
	}
	f->pumps = (struct tw_pumps){ .folder = f->folder, .cursors = tw_cursors_open(f->folder) };
	assert_non_null(f->pumps.cursors);
	f->plan.n_pumps = 1;
	f->plan.common.observation_domain = 7;
	f->plan.common.mediates = true;
	snprintf(pump->key, sizeof(pump->key), "nf");
	pump->n_targets = 1;
	snprintf(pump->targets[0].name, sizeof(pump->targets[0].name), "nf");
	pump->targets[0].resends = true;
	pump->targets[0].mtu = 1400;
	export_to(f, 0);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;
	char command[128];

	tw_pumps_clear(&f->pumps);
	tw_cursors_close(f->pumps.cursors);
	for (int i = 0; i < COLLECTORS; i++)
		close(f->fds[i]);
	snprintf(command, sizeof(command), "rm -rf %s", f->folder);
	assert_int_equal(system(command), 0);
	free(f);
	return 0;
}

static void step(struct fixture *f)
{
	for (int i = 0; i < STEPS; i++) {
		f->now += STEP_MS;
		tw_pumps_step(&f->pumps, f->now, f->now);
		tw_central_trial_carry(&f->trial, &f->pumps, f->now);
	}
}

static void begin(struct fixture *f)
{
	f->trial = (struct tw_central_trial){ .state = TW_CENTRAL_TRIAL_ASKED };
	snprintf(f->trial.result.name, sizeof(f->trial.result.name), "nf");
	tw_central_trial_carry(&f->trial, &f->pumps, f->now);
	assert_int_equal(f->trial.state, TW_CENTRAL_TRIAL_SENT);
}

static void a_trial_arrives(struct fixture *f)
{
	begin(f);
	step(f);
	assert_int_equal(f->trial.state, TW_CENTRAL_TRIAL_DONE);
	assert_int_equal(f->trial.result.n_collectors, 1);
	assert_int_equal(f->trial.result.collectors[0].records, TW_TRIAL_FLOWS);
}

static void a_trial_ends_with_the_pump_that_it_went_by(void **state)
{
	struct fixture *f = *state;

	for (unsigned i = 0; i < CHANGES; i++) { /* sooner or later the new one has the memory of the one before */
		a_trial_arrives(f);
		begin(f);
		export_to(f, (i + 1) % COLLECTORS);
		step(f);
		assert_int_equal(f->trial.state, TW_CENTRAL_TRIAL_DONE);
		assert_int_equal(f->trial.result.n_collectors, 0);
	}
	a_trial_arrives(f);
}

static void a_trial_that_is_not_answered_ends(void **state)
{
	struct fixture *f = *state;

	begin(f);
	f->now += TW_CENTRAL_TRIAL_MS - 1;
	tw_central_trial_carry(&f->trial, &f->pumps, f->now);
	assert_int_equal(f->trial.state, TW_CENTRAL_TRIAL_SENT);
	f->now++;
	tw_central_trial_carry(&f->trial, &f->pumps, f->now);
	assert_int_equal(f->trial.state, TW_CENTRAL_TRIAL_DONE);
	assert_int_equal(f->trial.result.n_collectors, 0);
	step(f);
	a_trial_arrives(f); /* what has come of the former is not in its way */
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_trial_ends_with_the_pump_that_it_went_by),
		TEST(a_trial_that_is_not_answered_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
