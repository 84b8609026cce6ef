/* SPDX-License-Identifier: Apache-2.0 */
/*
 * twctl_link_test.c - over a real socket: a question is answered, a refusal is shown, silence is told with its cause and in time.
 *
 * The server runs in a thread with an event_base of its own. Real time: a few tenths of a second.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <pthread.h>
#include <semaphore.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/clock.h"
#include "common/log.h"
#include "controlplane/twctl/command.h"
#include "proto/link/link.h"

static char folder[] = "/tmp/twctl_link_XXXXXX";

struct result {
	char *out, *err;
	int rc;
	uint64_t ms;
};

/* "twctl --run-dir FOLDER --timeout T LINE" */
static struct result run(const char *timeout, const char *line)
{
	char *copy = tw_strdup(line), *rest = copy, *argv[16], program[] = "twctl", run_dir[] = "--run-dir", option[64];
	struct result result = { 0 };
	size_t out_size, err_size;
	struct tw_io io = { .out = open_memstream(&result.out, &out_size),
			    .err = open_memstream(&result.err, &err_size) };
	int n = 0;

	snprintf(option, sizeof(option), "--timeout=%s", timeout);
	argv[n++] = program;
	argv[n++] = run_dir;
	argv[n++] = folder;
	argv[n++] = option;
	for (char *word; (word = strsep(&rest, " ")) != NULL;)
		argv[n++] = word;
	argv[n] = NULL;
	result.ms = tw_clock_mono_ms();
	result.rc = tw_twctl_run(n, argv, &io);
	result.ms = tw_clock_mono_ms() - result.ms;
	fclose(io.out);
	fclose(io.err);
	free(copy);
	return result;
}

static void release(struct result *result)
{
	free(result->out);
	free(result->err);
}

static void no_socket_is_told_in_time_with_what_to_do(void **state)
{
	char expected[512];
	struct result result = run("200ms", "network list");

	assert_int_equal(result.rc, TW_EXIT_FAILED);
	assert_in_range(result.ms, 150, 2000);
	snprintf(
		expected, sizeof(expected),
		"twctl: no answer from the controller at ipc://%s/controller.ipc  [302]\n"
		"twctl: there is no such socket: start tw-controller, or name its URL by --controller or TW_CONTROLLER\n",
		folder);
	assert_string_equal(result.err, expected);
	assert_string_equal(result.out, "");
	release(&result);
}

static void a_socket_that_is_left_over_is_told_apart(void **state)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	struct result result;

	snprintf(address.sun_path, sizeof(address.sun_path), "%s/controller.ipc", folder);
	assert_int_equal(bind(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
	close(fd); /* bound, but nobody listens any more */
	result = run("100ms", "network list");
	unlink(address.sun_path);
	assert_int_equal(result.rc, TW_EXIT_FAILED);
	assert_non_null(strstr(result.err, "is left from a controller that is gone: start tw-controller"));
	release(&result);
}

/* ---- with a server ---- */

static struct event_base *base;
static sem_t ready;

/* Networks are listed; writes are refused; show is not answered at all. */
static void on_request(struct tw_link_request *req, const Tw__Envelope *env, void *arg)
{
	struct tw_link_request **unanswered = arg;
	Tw__Envelope reply = TW__ENVELOPE__INIT;
	Tw__Objects objects = TW__OBJECTS__INIT;
	Tw__Object object = TW__OBJECT__INIT, *list = &object;
	Tw__Network network;
	Tw__Vlan vlan;
	struct tw_error err = { 0 };

	if (env->body_case != TW__ENVELOPE__BODY_LIST) {
		tw_error_set(&err, TW_E_IN_USE, "network.name", "web/eth0 is in it");
		tw_link_reply_error(req, &err);
		return;
	}
	if (*env->list->name) {
		*unanswered = req;
		return;
	}
	tw__network__init(&network);
	tw__vlan__init(&vlan);
	vlan.mode = TW__VLAN__MODE__ACCESS;
	vlan.access = 10;
	network.vlan = &vlan;
	network.name = (char *)(uintptr_t) "blue";
	object.what_case = TW__OBJECT__WHAT_NETWORK;
	object.network = &network;
	objects.objects = &list;
	objects.n_objects = 1;
	reply.body_case = TW__ENVELOPE__BODY_OBJECTS;
	reply.objects = &objects;
	tw_link_reply(req, &reply);
}

static void stop(evutil_socket_t fd, short what, void *arg)
{
	event_base_loopbreak(base);
}

static void *serve(void *arg)
{
	struct tw_link_request *unanswered = NULL;
	char url[128];
	struct tw_link_server *server;
	struct event *wake;

	base = event_base_new();
	wake = event_new(base, *(int *)arg, EV_READ, stop, NULL);
	event_add(wake, NULL);
	snprintf(url, sizeof(url), "ipc://%s/controller.ipc", folder);
	server = tw_link_server_create(base, url, on_request, &unanswered);
	sem_post(&ready);
	event_base_dispatch(base);
	tw_link_server_destroy(server);
	if (unanswered) {
		struct tw_error err = { .code = TW_E_TIMEOUT };

		tw_link_reply_error(unanswered, &err);
	}
	event_free(wake);
	event_base_free(base);
	return NULL;
}

static void a_controller_answers_refuses_or_is_slow(void **state)
{
	struct result result;
	pthread_t thread;
	int pipes[2];

	assert_int_equal(pipe(pipes), 0);
	sem_init(&ready, 0, 0);
	assert_int_equal(pthread_create(&thread, NULL, serve, &pipes[0]), 0);
	sem_wait(&ready);
	result = run("5s", "network list");
	assert_int_equal(result.rc, TW_EXIT_DONE);
	assert_string_equal(result.out, "NAME VLAN MTU  FORGED\nblue 10   1500 no\n");
	release(&result);
	result = run("5s", "network delete blue");
	assert_int_equal(result.rc, TW_EXIT_FAILED);
	assert_string_equal(result.err, "twctl: network.name: web/eth0 is in it  [204]\n");
	release(&result);
	result = run("100ms", "network show blue");
	assert_int_equal(result.rc, TW_EXIT_FAILED);
	assert_in_range(result.ms, 90, 2000);
	assert_non_null(strstr(result.err, "it listens there but is slow or stopped"));
	release(&result);
	close(pipes[1]);
	pthread_join(thread, NULL);
	close(pipes[0]);
	sem_destroy(&ready);
}

static int make_folder(void **state)
{
	unsetenv("TW_CONTROLLER");
	tw_log_init("twctl", TW_LOG_ERROR);
	return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/controller.ipc", folder);
	unlink(path);
	return rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_socket_is_told_in_time_with_what_to_do),
		cmocka_unit_test(a_socket_that_is_left_over_is_told_apart),
		cmocka_unit_test(a_controller_answers_refuses_or_is_slow),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
