/* SPDX-License-Identifier: Apache-2.0 */
/* link_test.c - requests, answers and events between a server and clients over ipc, in one event loop. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <nanomsg/nn.h>
#include <nanomsg/reqrep.h>

#include "proto/link/link.h"

enum { OPEN_MAX = 8, WAIT_MS = 5000 };

/* ---- a server that keeps its requests until told to answer, and counts ---- */

struct bed {
	char dir[64], url[96];
	struct event_base *base;
	struct tw_link_server *server;
	struct tw_link_request *open[OPEN_MAX];
	char port[OPEN_MAX][32]; /* whom the request asked for */
	int n_open, n_requests, answer_at_once;
	int n_done; /* callbacks of clients */
};

struct call {
	struct bed *bed;
	int done;
	uint32_t code;
	char host[32]; /* of the answer */
	char text[256];
};

static void answer(struct tw_link_request *req, const char *host)
{
	Tw__Envelope reply = TW__ENVELOPE__INIT;
	Tw__AgentStatus body;

	tw__agent_status__init(&body);
	body.host = (char *)(uintptr_t)host;
	reply.body_case = TW__ENVELOPE__BODY_AGENT_STATUS;
	reply.agent_status = &body;
	tw_link_reply(req, &reply);
}

static void on_request(struct tw_link_request *req, const Tw__Envelope *env, void *arg)
{
	struct bed *bed = arg;

	bed->n_requests++;
	assert_int_equal(env->body_case, TW__ENVELOPE__BODY_DETACH_PORT);
	if (bed->answer_at_once) {
		answer(req, "here");
		return;
	}
	assert_true(bed->n_open < OPEN_MAX);
	snprintf(bed->port[bed->n_open], sizeof(bed->port[0]), "%s", env->detach_port->port);
	bed->open[bed->n_open++] = req;
}

static void start_server(struct bed *bed)
{
	bed->server = tw_link_server_create(bed->base, bed->url, on_request, bed);
	assert_non_null(bed->server);
}

static int setup(void **state)
{
	struct bed *bed = calloc(1, sizeof(*bed));

	assert_non_null(bed);
	snprintf(bed->dir, sizeof(bed->dir), "/tmp/tw-link-test.XXXXXX");
	assert_non_null(mkdtemp(bed->dir));
	snprintf(bed->url, sizeof(bed->url), "ipc://%s/s.ipc", bed->dir);
	bed->base = event_base_new();
	start_server(bed);
	*state = bed;
	return 0;
}

static int teardown(void **state)
{
	struct bed *bed = *state;

	tw_link_server_destroy(bed->server);
	event_base_free(bed->base);
	unlink(bed->url + 6);
	assert_int_equal(rmdir(bed->dir), 0);
	free(bed);
	return 0;
}

/* ---- helpers ---- */

static void on_done(const Tw__Envelope *reply, const struct tw_error *err, void *arg)
{
	struct call *call = arg;

	assert_true(!reply == !!err->code);
	call->done++;
	call->bed->n_done++;
	call->code = err->code;
	snprintf(call->text, sizeof(call->text), "%s", err->text);
	if (!reply)
		return;
	assert_int_equal(reply->body_case, TW__ENVELOPE__BODY_AGENT_STATUS);
	snprintf(call->host, sizeof(call->host), "%s", reply->agent_status->host);
}

static int ask(struct tw_link_client *client, const char *port, int timeout_ms, struct call *call)
{
	Tw__Envelope request = TW__ENVELOPE__INIT;
	Tw__DetachPort body;

	tw__detach_port__init(&body);
	body.port = (char *)(uintptr_t)port;
	request.body_case = TW__ENVELOPE__BODY_DETACH_PORT;
	request.detach_port = &body;
	return tw_link_call_async(client, &request, timeout_ms, on_done, call);
}

static void on_guard(evutil_socket_t fd, short what, void *arg)
{
	fail_msg("nothing happened in time");
}

/* Run the loop until *counter has reached at_least. */
static void run_until(struct bed *bed, const int *counter, int at_least)
{
	struct timeval limit = { .tv_sec = WAIT_MS / 1000 };
	struct event *guard = evtimer_new(bed->base, on_guard, NULL);

	evtimer_add(guard, &limit);
	while (*counter < at_least)
		event_base_loop(bed->base, EVLOOP_ONCE);
	event_free(guard);
}

/* ---- claims ---- */

static void a_request_gets_its_answer(void **state)
{
	struct bed *bed = *state;
	struct call call = { .bed = bed };
	struct tw_link_client *client = tw_link_client_create(bed->base, bed->url);

	bed->answer_at_once = 1;
	assert_int_equal(ask(client, "a/0", WAIT_MS, &call), 0);
	assert_true(tw_link_client_busy(client));
	assert_int_equal(ask(client, "a/0", WAIT_MS, &call), -EBUSY);
	run_until(bed, &call.done, 1);
	assert_int_equal(call.code, 0);
	assert_string_equal(call.host, "here");
	assert_false(tw_link_client_busy(client));
	tw_link_client_destroy(client);
}

static void answers_go_to_who_asked_in_any_order(void **state)
{
	static const int order[] = { 2, 0, 3, 1 };
	struct bed *bed = *state;
	struct tw_link_client *client[4];
	struct call call[4];
	char name[32];

	for (int i = 0; i < 4; i++) {
		call[i] = (struct call){ .bed = bed };
		client[i] = tw_link_client_create(bed->base, bed->url);
		snprintf(name, sizeof(name), "vm%d/0", i);
		assert_int_equal(ask(client[i], name, WAIT_MS, &call[i]), 0);
	}
	run_until(bed, &bed->n_open, 4);
	for (int i = 0; i < 4; i++) {
		answer(bed->open[order[i]], bed->port[order[i]]);
		run_until(bed, &bed->n_done, i + 1);
	}
	for (int i = 0; i < 4; i++) {
		snprintf(name, sizeof(name), "vm%d/0", i);
		assert_int_equal(call[i].done, 1);
		assert_string_equal(call[i].host, name);
		tw_link_client_destroy(client[i]);
	}
}

static void an_error_answer_arrives_as_error(void **state)
{
	struct bed *bed = *state;
	struct call call = { .bed = bed };
	struct tw_link_client *client = tw_link_client_create(bed->base, bed->url);
	struct tw_error err;

	ask(client, "a/0", WAIT_MS, &call);
	run_until(bed, &bed->n_open, 1);
	tw_error_set(&err, TW_E_NOT_FOUND, "port", "there is no port %s", bed->port[0]);
	tw_link_reply_error(bed->open[0], &err);
	run_until(bed, &call.done, 1);
	assert_int_equal(call.code, TW_E_NOT_FOUND);
	assert_string_equal(call.text, "there is no port a/0");
	tw_link_client_destroy(client);
}

static void after_a_timeout_the_conversation_goes_on(void **state)
{
	struct bed *bed = *state;
	struct call late = { .bed = bed }, next = { .bed = bed };
	struct tw_link_client *client = tw_link_client_create(bed->base, bed->url);

	ask(client, "late/0", 50, &late);
	run_until(bed, &late.done, 1);
	assert_int_equal(late.code, TW_E_TIMEOUT);
	run_until(bed, &bed->n_open, 1);
	answer(bed->open[0], "too late");
	ask(client, "next/0", WAIT_MS, &next);
	run_until(bed, &bed->n_open, 2);
	assert_string_equal(bed->port[1], "next/0");
	answer(bed->open[1], "in time");
	run_until(bed, &next.done, 1);
	assert_string_equal(next.host, "in time");
	assert_int_equal(late.done, 1);
	tw_link_client_destroy(client);
}

static void a_request_that_timed_out_is_never_delivered_later(void **state)
{
	struct bed *bed = *state;
	struct call call = { .bed = bed }, next = { .bed = bed };
	struct tw_link_client *client;

	tw_link_server_destroy(bed->server);
	bed->server = NULL;
	client = tw_link_client_create(bed->base, bed->url);
	ask(client, "forgotten/0", 50, &call);
	run_until(bed, &call.done, 1);
	start_server(bed);
	ask(client, "wanted/0", WAIT_MS, &next);
	run_until(bed, &bed->n_open, 1);
	assert_string_equal(bed->port[0], "wanted/0");
	answer(bed->open[0], "x");
	run_until(bed, &next.done, 1);
	assert_int_equal(bed->n_requests, 1);
	tw_link_client_destroy(client);
}

static void a_request_in_flight_is_sent_again_to_the_restarted_server(void **state)
{
	struct bed *bed = *state;
	struct call call = { .bed = bed };
	struct tw_link_client *client = tw_link_client_create(bed->base, bed->url);

	ask(client, "a/0", WAIT_MS, &call);
	run_until(bed, &bed->n_open, 1);
	tw_link_server_destroy(bed->server);
	answer(bed->open[0], "nobody hears this"); /* frees the request of a server that is gone */
	start_server(bed);
	run_until(bed, &bed->n_open, 2);
	assert_string_equal(bed->port[1], "a/0");
	answer(bed->open[1], "again");
	run_until(bed, &call.done, 1);
	assert_string_equal(call.host, "again");
	tw_link_client_destroy(client);
}

static void a_client_may_be_destroyed_with_an_open_call(void **state)
{
	struct bed *bed = *state;
	struct call call = { .bed = bed };
	struct tw_link_client *client = tw_link_client_create(bed->base, bed->url);

	ask(client, "a/0", WAIT_MS, &call);
	run_until(bed, &bed->n_open, 1);
	tw_link_client_destroy(client);
	answer(bed->open[0], "gone");
	event_base_loop(bed->base, EVLOOP_NONBLOCK);
	assert_int_equal(call.done, 0);
}

/* ---- a server of another process, which dies ---- */

/* What this program does when it is started with an URL: serve requests until it is killed. */
static int serve_forever(const char *url)
{
	static struct bed bed;

	prctl(PR_SET_PDEATHSIG, SIGKILL); /* not to outlive the test */
	bed.base = event_base_new();
	bed.server = tw_link_server_create(bed.base, url, on_request, &bed);
	if (!bed.server)
		return 1;
	return event_base_dispatch(bed.base);
}

static void a_request_survives_a_server_that_is_killed(void **state)
{
	struct bed *bed = *state;
	char *const argv[] = { (char *)(uintptr_t) "serve", bed->url, NULL };
	struct call call = { .bed = bed };
	struct tw_link_client *client;
	pid_t pid;

	tw_link_server_destroy(bed->server);
	assert_int_equal(posix_spawn(&pid, "/proc/self/exe", NULL, NULL, argv, environ), 0);
	for (int i = 0; i < 500 && access(bed->url + 6, F_OK); i++)
		usleep(10000);
	client = tw_link_client_create(bed->base, bed->url);
	ask(client, "a/0", WAIT_MS, &call);
	usleep(100000); /* it is there by then, unanswered */
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_equal(access(bed->url + 6, F_OK), 0); /* the file stayed behind */
	bed->answer_at_once = 1;
	start_server(bed);
	run_until(bed, &call.done, 1);
	assert_string_equal(call.host, "here");
	tw_link_client_destroy(client);
}

/* ---- large messages ---- */

struct large_call {
	int done;
	size_t n_hosts;
};

static void on_large_request(struct tw_link_request *req, const Tw__Envelope *env, void *arg)
{
	enum { N = 100000 };
	static char host[200];
	char **hosts = calloc(N, sizeof(*hosts));
	Tw__Envelope reply = TW__ENVELOPE__INIT;
	Tw__WaitRealisedReply body = TW__WAIT_REALISED_REPLY__INIT;

	memset(host, 'h', sizeof(host) - 1);
	for (int i = 0; i < N; i++)
		hosts[i] = host;
	body.hosts = hosts;
	body.n_hosts = N;
	reply.body_case = TW__ENVELOPE__BODY_WAIT_REALISED_REPLY;
	reply.wait_realised_reply = &body;
	tw_link_reply(req, &reply);
	free(hosts);
}

static void on_large_done(const Tw__Envelope *reply, const struct tw_error *err, void *arg)
{
	struct large_call *call = arg;

	call->done = 1;
	call->n_hosts = reply ? reply->wait_realised_reply->n_hosts : 0;
}

static void twenty_megabytes_arrive(void **state)
{
	struct bed *bed = *state;
	struct large_call call = { 0 };
	Tw__Envelope request = TW__ENVELOPE__INIT;
	Tw__WaitRealised body = TW__WAIT_REALISED__INIT;
	struct tw_link_client *client;

	tw_link_server_destroy(bed->server);
	bed->server = tw_link_server_create(bed->base, bed->url, on_large_request, NULL);
	client = tw_link_client_create(bed->base, bed->url);
	request.body_case = TW__ENVELOPE__BODY_WAIT_REALISED;
	request.wait_realised = &body;
	assert_int_equal(tw_link_call_async(client, &request, WAIT_MS, on_large_done, &call), 0);
	run_until(bed, &call.done, 1);
	assert_int_equal(call.n_hosts, 100000);
	tw_link_client_destroy(client);
}

/* ---- hostile bytes: a bare REQ socket instead of a client ---- */

static void expect_error(struct bed *bed, const void *bytes, size_t size, uint32_t code, uint64_t request_id)
{
	int wait = WAIT_MS, sock = nn_socket(AF_SP, NN_REQ), fd, n;
	size_t fd_size = sizeof(fd);
	struct tw_error err = { 0 };
	Tw__Envelope *env;
	void *reply;

	nn_setsockopt(sock, NN_SOL_SOCKET, NN_RCVTIMEO, &wait, sizeof(wait));
	assert_true(nn_connect(sock, bed->url) >= 0);
	nn_getsockopt(sock, NN_SOL_SOCKET, NN_RCVFD, &fd, &fd_size);
	assert_int_equal(nn_send(sock, bytes, size, 0), size);
	for (int i = 0; i < 500 && (n = nn_recv(sock, &reply, NN_MSG, NN_DONTWAIT)) < 0; i++) {
		event_base_loop(bed->base, EVLOOP_NONBLOCK);
		usleep(10000);
	}
	assert_true(n > 0);
	assert_int_equal(tw_link_decode(reply, (size_t)n, &env, &err), 0);
	assert_int_equal(env->body_case, TW__ENVELOPE__BODY_ERROR);
	assert_int_equal(env->error->code, code);
	assert_int_equal(env->request_id, request_id);
	tw__envelope__free_unpacked(env, NULL);
	nn_freemsg(reply);
	nn_close(sock);
}

static void malformed_bytes_are_answered_with_an_error(void **state)
{
	struct bed *bed = *state;

	expect_error(bed, "\xff\xff\xff", 3, TW_E_MALFORMED, 0);
	expect_error(bed, "", 0, TW_E_VERSION, 0);
	expect_error(bed, "\x08\x01\x10\x07", 4, TW_E_MISSING, 7);                   /* no body */
	expect_error(bed, "\x08\x02\x10\x07\xb2\x06\x00", 7, TW_E_VERSION, 7);       /* get_status, version 2 */
	expect_error(bed, "\x08\x01\x10\x07\xb2\x06\x05\x01", 8, TW_E_MALFORMED, 0); /* body cut short */
	assert_int_equal(bed->n_requests, 0);
}

static void strangers_on_the_socket_disturb_nobody(void **state)
{
	static const struct {
		const char *bytes;
		size_t size;
	} hello[] = {
		{ "GET / HTTP/1.0\r\n\r\n", 18 },
		{ "\0SP\0\0\x51\0\0", 8 },                                    /* of another protocol */
		{ "\0SP\0\0\x30\0\0\1\x7f\xff\xff\xff\xff\xff\xff\xff", 17 }, /* 2^63 octets to come */
		{ "\0SP\0\0\x30\0\0\1\0\0\0\0\4\0\0\x41", 17 },               /* just over the limit */
		{ "\0SP\0\0\x30\0\0\1\0\0\0\0\0\0\0\x04\0\0\0\1", 21 },       /* header without end */
		{ "\0SP\0\0\x30\0\0\1\0\0\0\0\0\0\0\0", 17 },                 /* no header at all */
		{ "\0SP\0\0\x30\0\0\1\0\0\0\0\0\0\0\x10"
		  "abc",
		  20 }, /* cut short */
	};
	struct bed *bed = *state;
	struct call call = { .bed = bed };
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	struct tw_link_client *client;

	snprintf(un.sun_path, sizeof(un.sun_path), "%s", bed->url + 6);
	for (size_t i = 0; i < sizeof(hello) / sizeof(*hello); i++) {
		int fd = socket(AF_UNIX, SOCK_STREAM, 0);

		assert_int_equal(connect(fd, (struct sockaddr *)&un, sizeof(un)), 0);
		assert_int_equal(send(fd, hello[i].bytes, hello[i].size, MSG_NOSIGNAL), hello[i].size);
		for (int turn = 0; turn < 5; turn++) {
			usleep(2000);
			event_base_loop(bed->base, EVLOOP_NONBLOCK);
		}
		close(fd);
	}
	assert_int_equal(bed->n_requests, 0);
	bed->answer_at_once = 1;
	client = tw_link_client_create(bed->base, bed->url);
	ask(client, "a/0", WAIT_MS, &call);
	run_until(bed, &call.done, 1);
	assert_string_equal(call.host, "here");
	tw_link_client_destroy(client);
}

static void a_message_that_would_grow_beyond_its_budget_is_malformed(void **state)
{
	enum { N = 8 << 20 };
	/* version 1, request id 7, and a ListFlows-like unknown field repeated: 2 octets each, 50 once unpacked */
	uint8_t *bytes = malloc(N);
	struct tw_error err = { 0 };
	Tw__Envelope *env;

	bytes[0] = 0x08, bytes[1] = 0x01, bytes[2] = 0x10, bytes[3] = 0x07;
	for (int i = 4; i < N; i += 2)
		bytes[i] = 0x78, bytes[i + 1] = 0x00; /* field 15, varint 0 */
	assert_int_equal(tw_link_decode(bytes, N, &env, &err), -EBADMSG);
	assert_int_equal(err.code, TW_E_MALFORMED);
	free(bytes);
}

static void too_large_is_refused_on_both_sides(void **state)
{
	struct bed *bed = *state;
	struct call call = { .bed = bed };
	struct tw_link_client *client = tw_link_client_create(bed->base, bed->url);
	char *huge = malloc(TW_LINK_MAX_SIZE + 1);
	struct tw_error err = { 0 };
	Tw__Envelope *env;

	memset(huge, 'a', TW_LINK_MAX_SIZE);
	huge[TW_LINK_MAX_SIZE] = '\0';
	assert_int_equal(ask(client, huge, WAIT_MS, &call), -EMSGSIZE);
	assert_false(tw_link_client_busy(client));
	assert_int_equal(tw_link_decode((uint8_t *)huge, TW_LINK_MAX_SIZE + 1, &env, &err), -EMSGSIZE);
	assert_int_equal(err.code, TW_E_TOO_LARGE);
	tw_link_client_destroy(client);
	free(huge);
}

/* ---- without an event loop: the server on a thread ---- */

struct side {
	struct bed *bed;
	struct tw_link_client *client;
	int rc[2];
	uint32_t code[2];
};

static int call_once(struct tw_link_client *client, int timeout_ms, uint32_t *code)
{
	Tw__Envelope request = TW__ENVELOPE__INIT, *reply;
	Tw__DetachPort body;
	struct tw_error err = { 0 };
	int rc;

	tw__detach_port__init(&body);
	body.port = (char *)(uintptr_t) "a/0";
	request.body_case = TW__ENVELOPE__BODY_DETACH_PORT;
	request.detach_port = &body;
	rc = tw_link_call(client, &request, timeout_ms, &reply, &err);
	*code = err.code;
	if (!rc)
		tw__envelope__free_unpacked(reply, NULL);
	return rc;
}

static void *ask_twice(void *arg)
{
	struct side *side = arg;

	side->rc[0] = call_once(side->client, 100, &side->code[0]);
	side->rc[1] = call_once(side->client, WAIT_MS, &side->code[1]);
	return NULL;
}

static void a_synchronous_call_times_out_and_the_next_one_works(void **state)
{
	struct bed *bed = *state;
	struct side side = { .bed = bed, .client = tw_link_client_create(NULL, bed->url) };
	pthread_t thread;

	assert_int_equal(pthread_create(&thread, NULL, ask_twice, &side), 0);
	run_until(bed, &bed->n_open, 2); /* the first is not answered */
	answer(bed->open[1], "x");
	answer(bed->open[0], "late");
	pthread_join(thread, NULL);
	assert_int_equal(side.rc[0], -ETIMEDOUT);
	assert_int_equal(side.code[0], TW_E_TIMEOUT);
	assert_int_equal(side.rc[1], 0);
	tw_link_client_destroy(side.client);
}

/* ---- files ---- */

static void the_socket_file_is_for_its_owner_alone(void **state)
{
	struct bed *bed = *state;
	struct stat st;

	assert_int_equal(stat(bed->url + 6, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
}

static void leave_stale_socket(const char *path)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(un.sun_path, sizeof(un.sun_path), "%s", path);
	assert_int_equal(bind(fd, (struct sockaddr *)&un, sizeof(un)), 0);
	close(fd);
}

static void only_a_stale_socket_is_replaced(void **state)
{
	struct bed *bed = *state;
	FILE *file;

	assert_null(tw_link_server_create(bed->base, bed->url, on_request, bed)); /* in use */
	assert_int_equal(errno, EADDRINUSE);
	tw_link_server_destroy(bed->server);
	leave_stale_socket(bed->url + 6);
	start_server(bed);
	tw_link_server_destroy(bed->server);
	bed->server = NULL;

	file = fopen(bed->url + 6, "w");
	assert_non_null(file);
	fclose(file);
	assert_null(tw_link_server_create(bed->base, bed->url, on_request, bed));
	assert_int_equal(access(bed->url + 6, F_OK), 0);
}

static void what_cannot_be_an_url_is_refused(void **state)
{
	struct bed *bed = *state;
	char url[160] = "ipc://";

	memset(url + 6, 'x', 108);
	assert_null(tw_link_server_create(bed->base, url, on_request, bed));
	assert_int_equal(errno, ENAMETOOLONG);
	assert_null(tw_link_client_create(bed->base, url));
	assert_null(tw_link_client_create(bed->base, "http://x"));
	assert_null(tw_link_client_create(bed->base, "ipc://"));
	assert_null(tw_link_client_create(bed->base, ""));
	assert_null(tw_link_server_create(bed->base, "ipc:///no/such/folder/s", on_request, bed));
	assert_int_equal(errno, ENOENT);
}

/* ---- events ---- */

static void on_event(const Tw__SwitchEvent *event, void *arg)
{
	int *seen = arg;

	if (event->kind == TW__SWITCH_EVENT__KIND__PORT_LINK) {
		assert_int_equal(event->number, *seen);
		++*seen;
	}
}

static void events_arrive_in_order_with_none_lost(void **state)
{
	enum { N = 200 };
	struct bed *bed = *state;
	Tw__SwitchEvent event;
	struct tw_link_pub *pub;
	struct tw_link_sub *sub;
	char url[128];
	int seen = 1;

	snprintf(url, sizeof(url), "ipc://%s/e.ipc", bed->dir);
	pub = tw_link_pub_create(url);
	sub = tw_link_sub_create(bed->base, url, on_event, &seen);
	assert_non_null(pub);
	assert_non_null(sub);
	usleep(200000); /* connected by then: PUB tells no one who listens */
	tw__switch_event__init(&event);
	event.kind = TW__SWITCH_EVENT__KIND__PORT_LINK;
	for (event.number = 1; event.number <= N; event.number++)
		tw_link_pub_send(pub, &event);
	run_until(bed, &seen, N + 1);
	tw_link_sub_destroy(sub);
	tw_link_pub_destroy(pub);
}

#define CLAIM(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		CLAIM(a_request_gets_its_answer),
		CLAIM(answers_go_to_who_asked_in_any_order),
		CLAIM(an_error_answer_arrives_as_error),
		CLAIM(after_a_timeout_the_conversation_goes_on),
		CLAIM(a_request_that_timed_out_is_never_delivered_later),
		CLAIM(a_request_in_flight_is_sent_again_to_the_restarted_server),
		CLAIM(a_client_may_be_destroyed_with_an_open_call),
		CLAIM(a_request_survives_a_server_that_is_killed),
		CLAIM(twenty_megabytes_arrive),
		CLAIM(strangers_on_the_socket_disturb_nobody),
		CLAIM(malformed_bytes_are_answered_with_an_error),
		CLAIM(a_message_that_would_grow_beyond_its_budget_is_malformed),
		CLAIM(too_large_is_refused_on_both_sides),
		CLAIM(a_synchronous_call_times_out_and_the_next_one_works),
		CLAIM(the_socket_file_is_for_its_owner_alone),
		CLAIM(only_a_stale_socket_is_replaced),
		CLAIM(what_cannot_be_an_url_is_refused),
		CLAIM(events_arrive_in_order_with_none_lost),
	};

	if (argc > 1)
		return serve_forever(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
