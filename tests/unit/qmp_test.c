/* SPDX-License-Identifier: Apache-2.0 */
/* qmp_test.c - the QMP client against a scripted server at the other end of a socket pair. */
#include <setjmp.h>
#include <stdarg.h>
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "hypervisor-hooks/qmp.h"

#define GREETING   "{\"QMP\": {\"version\": {}, \"capabilities\": [\"oob\"]}}\r\n"
#define NEGOTIATED GREETING "{\"return\": {}}\r\n"

/* What the client told us, as one readable string: "connected; event STOP; ..." */
struct fixture {
	struct event_base *base;
	struct tw_qmp *qmp;
	int peer;
	char log[2048];
	bool destroy_on_event, destroy_on_done;
};

static void note(struct fixture *f, const char *what, const char *detail)
{
	size_t used = strlen(f->log);

	snprintf(f->log + used, sizeof(f->log) - used, "%s%s%s; ", what, detail ? " " : "", detail ? detail : "");
}

static void destroy(struct fixture *f)
{
	tw_qmp_destroy(f->qmp);
	f->qmp = NULL;
}

static void on_connected(struct tw_qmp *qmp, void *arg)
{
	note(arg, "connected", NULL);
}

static void on_event(struct tw_qmp *qmp, const char *name, const json_t *data, void *arg)
{
	struct fixture *f = arg;

	note(f, "event", name);
	if (data)
		note(f, "data", json_string_value(json_object_get(data, "status")));
	if (f->destroy_on_event)
		destroy(f);
}

static void on_closed(struct tw_qmp *qmp, const char *why, void *arg)
{
	note(arg, "closed", why);
}

static void on_done(struct tw_qmp *qmp, const json_t *result, const char *error, void *arg)
{
	struct fixture *f = arg;
	const char *status = json_string_value(json_object_get(result, "status"));

	if (error)
		note(f, "error", error);
	else
		note(f, "done", status ? status : "{}");
	if (f->destroy_on_done)
		destroy(f);
}

static const struct tw_qmp_callbacks callbacks = { on_connected, on_event, on_closed };

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	int pair[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	f->base = event_base_new();
	f->peer = pair[0];
	f->qmp = tw_qmp_adopt(f->base, pair[1], &callbacks, f);
	assert_non_null(f->qmp);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	tw_qmp_destroy(f->qmp);
	event_base_free(f->base);
	if (f->peer >= 0)
		close(f->peer);
	free(f);
	return 0;
}

static void turn(struct fixture *f)
{
	for (int i = 0; i < 8; i++)
		event_base_loop(f->base, EVLOOP_NONBLOCK);
}

static void say(struct fixture *f, const char *text)
{
	size_t size = strlen(text);

	assert_int_equal(write(f->peer, text, size), (ssize_t)size);
	turn(f);
}

/* What the client has sent since the last call. */
static const char *heard(struct fixture *f)
{
	static char text[4096];
	ssize_t n = recv(f->peer, text, sizeof(text) - 1, MSG_DONTWAIT);

	text[n > 0 ? n : 0] = '\0';
	return text;
}

static void hang_up(struct fixture *f)
{
	close(f->peer);
	f->peer = -1;
	turn(f);
}

static void commands_wait_for_the_greeting_and_go_out_in_order(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(tw_qmp_execute(f->qmp, "stop", NULL, on_done, f), 0);
	assert_int_equal(tw_qmp_execute(f->qmp, "migrate", json_pack("{s:s}", "uri", "tcp:a:1"), on_done, f), 0);
	turn(f);
	assert_string_equal(heard(f), "");
	say(f, GREETING);
	assert_string_equal(heard(f), "{\"execute\":\"qmp_capabilities\"}\n");
	assert_false(tw_qmp_ready(f->qmp));
	say(f, "{\"return\": {}}\r\n");
	assert_true(tw_qmp_ready(f->qmp));
	assert_string_equal(heard(f), "{\"execute\":\"stop\",\"id\":1}\n"
				      "{\"execute\":\"migrate\",\"id\":2,\"arguments\":{\"uri\":\"tcp:a:1\"}}\n");
	assert_string_equal(f->log, "connected; ");
}

static void events_between_replies_reach_their_own_callback(void **state)
{
	struct fixture *f = *state;

	say(f, NEGOTIATED);
	assert_int_equal(tw_qmp_execute(f->qmp, "query-status", NULL, on_done, f), 0);
	say(f, "{\"timestamp\": {\"seconds\": 1, \"microseconds\": 2}, \"event\": \"STOP\"}\r\n"
	       "{\"return\": {\"status\": \"running\"}, \"id\": 1}\r\n"
	       "{\"event\": \"MIGRATION\", \"data\": {\"status\": \"active\"}}\r\n");
	assert_string_equal(f->log, "connected; event STOP; done running; event MIGRATION; data active; ");
}

static void replies_find_their_commands_in_any_order(void **state)
{
	struct fixture *f = *state;

	say(f, NEGOTIATED);
	assert_int_equal(tw_qmp_execute(f->qmp, "a", NULL, on_done, f), 0);
	assert_int_equal(tw_qmp_execute(f->qmp, "b", NULL, on_done, f), 0);
	say(f, "{\"return\": {\"status\": \"two\"}, \"id\": 2}\n{\"return\": {\"status\": \"nobody\"}, \"id\": 7}\n"
	       "{\"error\": {\"class\": \"GenericError\", \"desc\": \"no such thing\"}, \"id\": 1}\n");
	assert_string_equal(f->log, "connected; done two; error no such thing; ");
}

static void a_message_may_arrive_octet_by_octet(void **state)
{
	struct fixture *f = *state;

	for (const char *c = NEGOTIATED "{\"event\": \"RESUME\"}\r\n"; *c; c++)
		say(f, (char[]){ *c, '\0' });
	assert_string_equal(f->log, "connected; event RESUME; ");
}

static void a_hang_up_answers_open_commands_then_says_closed(void **state)
{
	struct fixture *f = *state;

	say(f, NEGOTIATED);
	assert_int_equal(tw_qmp_execute(f->qmp, "quit", NULL, on_done, f), 0);
	hang_up(f);
	assert_string_equal(f->log, "connected; error QEMU closed the QMP socket; closed QEMU closed the QMP socket; ");
	assert_int_equal(tw_qmp_execute(f->qmp, "quit", json_object(), on_done, f), -ENOTCONN);
}

static void what_is_no_qmp_ends_the_conversation(void **state)
{
	static const char *const bad[] = {
		"hello\n",
		"[]\n",
		"{}\n",
		"{\"QMP\": 1}\n",
		"{\"return\": {}}\n",
		GREETING "{\"error\": {\"desc\": 1}}\n",
		NEGOTIATED "{\"event\": 5}\n",
		NEGOTIATED "{\"id\": 1}\n",
		NEGOTIATED "{\"error\": {\"desc\": \"cannot parse\"}}\n",
		NEGOTIATED "{\"event\": \"A\", \"event\": \"B\"}\n",
		NEGOTIATED "\xff\xfe\n",
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct fixture *f;

		setup((void **)&f);
		say(f, bad[i]);
		assert_non_null(strstr(f->log, "closed "));
		assert_false(tw_qmp_ready(f->qmp));
		teardown((void **)&f);
	}
}

static void a_refused_negotiation_names_the_reason(void **state)
{
	struct fixture *f = *state;

	say(f, GREETING "{\"error\": {\"class\": \"X\", \"desc\": \"not today\"}}\n");
	assert_string_equal(f->log, "closed not today; ");
}

static void an_endless_line_ends_the_conversation(void **state)
{
	struct fixture *f = *state;
	char *block = malloc(65536);

	memset(block, ' ', 65536);
	say(f, NEGOTIATED);
	for (int i = 0; i < 32 && !strstr(f->log, "closed"); i++) {
		if (send(f->peer, block, 65536, MSG_NOSIGNAL | MSG_DONTWAIT) < 0 && errno == EPIPE)
			break;
		turn(f);
	}
	free(block);
	assert_string_equal(f->log, "connected; closed a QMP message is too long; ");
}

static void deep_nesting_is_refused(void **state)
{
	struct fixture *f = *state;
	char *text = malloc(200001);

	memset(text, '[', 200000);
	text[199999] = '\n';
	text[200000] = '\0';
	say(f, NEGOTIATED);
	assert_true(send(f->peer, text, 100000, 0) == 100000);
	turn(f);
	assert_true(send(f->peer, text + 100000, 100000, 0) == 100000);
	turn(f);
	free(text);
	assert_string_equal(f->log, "connected; closed a QMP message is not JSON; ");
}

static void the_object_may_be_destroyed_in_a_callback(void **state)
{
	struct fixture *f = *state;

	f->destroy_on_event = true;
	say(f, NEGOTIATED "{\"event\": \"STOP\"}\n{\"event\": \"RESUME\"}\n");
	assert_null(f->qmp);
	assert_string_equal(f->log, "connected; event STOP; ");
}

static void the_object_may_be_destroyed_while_open_commands_are_answered(void **state)
{
	struct fixture *f = *state;

	f->destroy_on_done = true;
	say(f, NEGOTIATED);
	assert_int_equal(tw_qmp_execute(f->qmp, "a", NULL, on_done, f), 0);
	assert_int_equal(tw_qmp_execute(f->qmp, "b", NULL, on_done, f), 0);
	hang_up(f);
	assert_null(f->qmp);
	assert_string_equal(f->log, "connected; error QEMU closed the QMP socket; ");
}

static void a_missing_socket_is_told_by_closed(void **state)
{
	struct fixture *f = *state;
	char path[sizeof(((struct sockaddr_un *)NULL)->sun_path) + 1];

	destroy(f);
	f->qmp = tw_qmp_connect(f->base, "/nowhere/at-all.qmp", &callbacks, f);
	assert_non_null(f->qmp);
	assert_string_equal(f->log, "");
	turn(f);
	assert_string_equal(f->log, "closed the QMP socket cannot be reached: No such file or directory; ");
	memset(path, 'a', sizeof(path));
	path[sizeof(path) - 1] = '\0';
	assert_null(tw_qmp_connect(f->base, path, &callbacks, f));
	assert_int_equal(errno, ENAMETOOLONG);
}

int main(void)
{
#define QMP_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		QMP_TEST(commands_wait_for_the_greeting_and_go_out_in_order),
		QMP_TEST(events_between_replies_reach_their_own_callback),
		QMP_TEST(replies_find_their_commands_in_any_order),
		QMP_TEST(a_message_may_arrive_octet_by_octet),
		QMP_TEST(a_hang_up_answers_open_commands_then_says_closed),
		cmocka_unit_test(what_is_no_qmp_ends_the_conversation),
		QMP_TEST(a_refused_negotiation_names_the_reason),
		QMP_TEST(an_endless_line_ends_the_conversation),
		QMP_TEST(deep_nesting_is_refused),
		QMP_TEST(the_object_may_be_destroyed_in_a_callback),
		QMP_TEST(the_object_may_be_destroyed_while_open_commands_are_answered),
		QMP_TEST(a_missing_socket_is_told_by_closed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
