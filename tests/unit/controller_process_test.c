/* SPDX-License-Identifier: Apache-2.0 */
/* controller_process_test.c - tw-controller as a program: its socket, its signals, and what is left when it is killed. */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "proto/link/link.h"

enum { ANSWER_MS = 5000 };

struct running {
	char folder[64];
	char store[96];
	char url[96];
	pid_t pid;
	struct tw_link_client *client;
};

static void launch(struct running *running)
{
	running->pid = fork();
	assert_true(running->pid >= 0);
	if (running->pid == 0) {
		execl(TW_CONTROLLER_EXE, "tw-controller", "--run-dir", running->folder, "--store", running->store,
		      (char *)NULL);
		_exit(127);
	}
}

static int end(struct running *running, int number)
{
	int status = 0;

	kill(running->pid, number);
	assert_int_equal(waitpid(running->pid, &status, 0), running->pid);
	return status;
}

static int start(void **state)
{
	struct running *running = calloc(1, sizeof(*running));

	if (!running)
		return -1;
	strcpy(running->folder, "/tmp/tw-controller-test-XXXXXX");
	if (!mkdtemp(running->folder))
		return -1;
	snprintf(running->store, sizeof(running->store), "%s/controller.db", running->folder);
	snprintf(running->url, sizeof(running->url), "ipc://%s/controller.ipc", running->folder);
	launch(running);
	running->client = tw_link_client_create(NULL, running->url);
	*state = running;
	return running->client ? 0 : -1;
}

static int stop(void **state)
{
	static const char *const left[] = { "controller.db", "controller.db-wal", "controller.db-shm",
					    "controller.ipc" };
	struct running *running = *state;

	tw_link_client_destroy(running->client);
	if (running->pid > 0)
		end(running, SIGKILL);
	for (size_t i = 0; i < sizeof(left) / sizeof(*left); i++) {
		char path[128];

		snprintf(path, sizeof(path), "%s/%s", running->folder, left[i]);
		unlink(path);
	}
	rmdir(running->folder);
	free(running);
	return 0;
}

static Tw__Envelope *call(struct running *running, Tw__Envelope *env)
{
	Tw__Envelope *reply = NULL;
	struct tw_error err = { 0 };
	int rc = tw_link_call(running->client, env, ANSWER_MS, &reply, &err);

	if (rc)
		fail_msg("%d %s: %s", rc, err.field, err.text);
	return reply;
}

static uint64_t create_network(struct running *running, const char *text)
{
	Tw__Envelope env = TW__ENVELOPE__INIT, *reply;
	Tw__Create create = TW__CREATE__INIT;
	Tw__Object object = TW__OBJECT__INIT;
	Tw__Network network;
	Tw__Vlan vlan = TW__VLAN__INIT;
	char name[16];
	uint64_t revision;

	snprintf(name, sizeof(name), "%s", text);
	tw__network__init(&network);
	network.name = name;
	network.vlan = &vlan;
	vlan.mode = TW__VLAN__MODE__ACCESS;
	vlan.access = 10;
	object.what_case = TW__OBJECT__WHAT_NETWORK;
	object.network = &network;
	create.object = &object;
	env.body_case = TW__ENVELOPE__BODY_CREATE;
	env.create = &create;
	reply = call(running, &env);
	revision = reply->written->revision;
	tw__envelope__free_unpacked(reply, NULL);
	return revision;
}

static uint64_t create_host(struct running *running)
{
	Tw__Envelope env = TW__ENVELOPE__INIT, *reply;
	Tw__Create create = TW__CREATE__INIT;
	Tw__Object object = TW__OBJECT__INIT;
	Tw__Host host;
	char name[] = "a";
	uint64_t revision;

	tw__host__init(&host);
	host.name = name;
	object.what_case = TW__OBJECT__WHAT_HOST;
	object.host = &host;
	create.object = &object;
	env.body_case = TW__ENVELOPE__BODY_CREATE;
	env.create = &create;
	reply = call(running, &env);
	revision = reply->written->revision;
	tw__envelope__free_unpacked(reply, NULL);
	return revision;
}

static size_t count_networks(struct running *running)
{
	Tw__Envelope env = TW__ENVELOPE__INIT, *reply;
	Tw__List list;
	size_t n;

	tw__list__init(&list);
	list.kind = TW__KIND__NETWORK;
	env.body_case = TW__ENVELOPE__BODY_LIST;
	env.list = &list;
	reply = call(running, &env);
	n = reply->objects->n_objects;
	tw__envelope__free_unpacked(reply, NULL);
	return n;
}

static void it_answers_on_its_socket_and_ends_cleanly_on_sigterm(void **state)
{
	struct running *running = *state;
	int status;

	assert_int_equal(create_network(running, "blue"), 1);
	assert_int_equal(count_networks(running), 1);
	status = end(running, SIGTERM);
	running->pid = 0;
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void killed_and_started_again_it_knows_what_it_acknowledged(void **state)
{
	struct running *running = *state;

	for (int i = 0; i < 3; i++) {
		char name[] = { 'n', (char)('0' + i), '\0' };

		assert_int_equal(create_network(running, name), i + 1);
		end(running, SIGKILL);
		launch(running); /* the same client finds it again */
		assert_int_equal(count_networks(running), i + 1);
	}
}

static void a_refusal_comes_with_code_field_and_text(void **state)
{
	struct running *running = *state;
	Tw__Envelope env = TW__ENVELOPE__INIT, *reply = NULL;
	struct tw_error err = { 0 };
	Tw__Delete body;
	char name[] = "blue";

	tw__delete__init(&body);
	body.kind = TW__KIND__NETWORK;
	body.name = name;
	env.body_case = TW__ENVELOPE__BODY_DELETE;
	env.delete_ = &body;
	assert_true(tw_link_call(running->client, &env, ANSWER_MS, &reply, &err) < 0);
	assert_int_equal(err.code, TW_E_NOT_FOUND);
	assert_string_equal(err.field, "network.name");
	assert_string_equal(err.text, "there is no network 'blue'");
}

static void a_message_for_somebody_else_is_refused(void **state)
{
	struct running *running = *state;
	Tw__Envelope env = TW__ENVELOPE__INIT, *reply = NULL;
	Tw__GetSwitchStatus body = TW__GET_SWITCH_STATUS__INIT;
	struct tw_error err = { 0 };

	env.body_case = TW__ENVELOPE__BODY_GET_SWITCH_STATUS;
	env.get_switch_status = &body;
	assert_true(tw_link_call(running->client, &env, ANSWER_MS, &reply, &err) < 0);
	assert_int_equal(err.code, TW_E_UNEXPECTED);
}

/* Held by the event loop's timer, not by the tests' clock; others are answered meanwhile. */
static void a_wait_is_held_while_others_are_answered(void **state)
{
	struct running *running = *state;
	Tw__Envelope env = TW__ENVELOPE__INIT, *reply = NULL;
	Tw__WaitRealised wait = TW__WAIT_REALISED__INIT;
	struct tw_link_client *other = tw_link_client_create(NULL, running->url);
	struct tw_error err = { 0 };
	uint64_t revision = create_host(running);

	wait.revision = revision;
	wait.timeout_ms = 60000;
	env.body_case = TW__ENVELOPE__BODY_WAIT_REALISED;
	env.wait_realised = &wait;
	assert_int_equal(tw_link_call(other, &env, 100, &reply, &err), -ETIMEDOUT); /* we do not wait so long */
	assert_int_equal(count_networks(running), 0);
	wait.timeout_ms = 200;
	assert_int_equal(tw_link_call(running->client, &env, ANSWER_MS, &reply, &err), -EREMOTEIO);
	assert_int_equal(err.code, TW_E_TIMEOUT);
	assert_non_null(strstr(err.text, "a (not connected)"));
	tw_link_client_destroy(other);
}

/* A request that is held is memory of the link's: the sanitizers' build finds it when it stays. */
static void it_ends_cleanly_while_a_wait_is_held(void **state)
{
	struct running *running = *state;
	Tw__Envelope env = TW__ENVELOPE__INIT, *reply = NULL;
	Tw__WaitRealised wait = TW__WAIT_REALISED__INIT;
	struct tw_error err = { 0 };
	int status;

	wait.revision = create_host(running);
	wait.timeout_ms = 60000;
	env.body_case = TW__ENVELOPE__BODY_WAIT_REALISED;
	env.wait_realised = &wait;
	assert_int_equal(tw_link_call(running->client, &env, 100, &reply, &err), -ETIMEDOUT);
	status = end(running, SIGTERM);
	running->pid = 0;
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static int run_with(const char *option)
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		if (!freopen("/dev/null", "w", stdout) || !freopen("/dev/null", "w", stderr))
			_exit(126);
		execl(TW_CONTROLLER_EXE, "tw-controller", option, (char *)NULL);
		_exit(127);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void options_are_explained_or_refused(void **state)
{
	assert_int_equal(run_with("--help"), 0);
	assert_int_equal(run_with("--version"), 0);
	assert_int_equal(run_with("--no-such"), 2);
	assert_int_equal(run_with("what"), 2);
}

#define RUNNING(test) cmocka_unit_test_setup_teardown(test, start, stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		RUNNING(it_answers_on_its_socket_and_ends_cleanly_on_sigterm),
		RUNNING(killed_and_started_again_it_knows_what_it_acknowledged),
		RUNNING(a_refusal_comes_with_code_field_and_text),
		RUNNING(a_message_for_somebody_else_is_refused),
		RUNNING(a_wait_is_held_while_others_are_answered),
		RUNNING(it_ends_cleanly_while_a_wait_is_held),
		cmocka_unit_test(options_are_explained_or_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
