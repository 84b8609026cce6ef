/* SPDX-License-Identifier: Apache-2.0 */
/* agent_captures_test.c - captures that are not copied are told of, and a host without descriptors does not spin. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "agent/captures.h"
#include "tests/support/slice_maker.h"

struct bed {
	struct event_base *base;
	struct tw_captures *captures;
	char dir[48], url[64];
};

static int start(void **state)
{
	static struct bed bed;
	struct tw_captures_config config = { .host = "a", .run_dir = bed.dir, .controller = bed.url };

	snprintf(bed.dir, sizeof(bed.dir), "/tmp/tw-agent-captures.XXXXXX");
	if (!mkdtemp(bed.dir))
		return -1;
	snprintf(bed.url, sizeof(bed.url), "ipc://%s/nobody", bed.dir);
	bed.base = event_base_new();
	bed.captures = tw_captures_create(bed.base, &config);
	*state = &bed;
	return bed.captures ? 0 : -1;
}

static int stop(void **state)
{
	struct bed *bed = *state;

	tw_captures_destroy(bed->captures);
	event_base_free(bed->base);
	return rmdir(bed->dir);
}

static int connect_switch(const struct bed *bed)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	snprintf(at.sun_path, sizeof(at.sun_path), "%s/capture.sock", bed->dir);
	assert_int_equal(connect(fd, (const struct sockaddr *)&at, sizeof(at)), 0);
	return fd;
}

static void run_for(const struct bed *bed, unsigned ms)
{
	const struct timeval tv = { .tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000 };

	event_base_loopexit(bed->base, &tv);
	event_base_dispatch(bed->base);
}

/* Has our end been closed? It is when what it sent was no batch: somebody accepted it and read. */
static bool is_heard(int fd)
{
	char octet;

	return recv(fd, &octet, 1, MSG_DONTWAIT) == 0;
}

static void a_capture_that_is_left_out_is_a_mirror_with_an_error(void **state)
{
	const struct bed *bed = *state;
	Tw__SwitchStatus *status = MAKE(Tw__SwitchStatus, tw__switch_status__init);
	Tw__WatchReply *reply = make_reply(1);
	Tw__Mirror *capture;

	reply->captures_as_of = 1;
	for (int i = 0; i < 2; i++) {
		capture = MAKE(Tw__Mirror, tw__mirror__init);
		capture->name = strdup(i ? "second" : "first");
		ADD(reply, captures, capture);
	}
	assert_true(tw_captures_set(bed->captures, reply));
	tw_captures_put_in(bed->captures, status);
	assert_int_equal(status->n_mirrors, 0);
	tw_error_set(&tw_captures_errors(bed->captures)[1], TW_E_INVALID, "snapshot.mirrors", "no room");
	tw_captures_put_in(bed->captures, status);
	assert_int_equal(status->n_mirrors, 1);
	assert_string_equal(status->mirrors[0]->name, "second");
	assert_string_equal(status->mirrors[0]->error, "no room");
	tw__switch_status__free_unpacked(status, NULL);
	tw__watch_reply__free_unpacked(reply, NULL);
}

static void without_a_descriptor_for_a_connection_it_waits_for_one(void **state)
{
	const struct bed *bed = *state;
	struct rlimit before, none;
	int fd = connect_switch(bed);
	clock_t began;

	assert_int_equal(send(fd, "x", 1, 0), 1);
	getrlimit(RLIMIT_NOFILE, &before);
	none = (struct rlimit){ .rlim_cur = (rlim_t)fd, .rlim_max = before.rlim_max };
	setrlimit(RLIMIT_NOFILE, &none);
	began = clock();
	run_for(bed, 500);
	assert_true(clock() - began < CLOCKS_PER_SEC / 10);
	setrlimit(RLIMIT_NOFILE, &before);
	assert_false(is_heard(fd));
	run_for(bed, 1500);
	assert_true(is_heard(fd));
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_capture_that_is_left_out_is_a_mirror_with_an_error, start, stop),
		cmocka_unit_test_setup_teardown(without_a_descriptor_for_a_connection_it_waits_for_one, start, stop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
