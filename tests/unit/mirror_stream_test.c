/* SPDX-License-Identifier: Apache-2.0 */
/* mirror_stream_test.c - copies for who reads them live, on a socket that takes only small messages. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>
#include <rte_mbuf.h>

#include "dataplane/capture_section.h"
#include "dataplane/mirror_sink.h"
#include "dataplane/mirror_stream.h"
#include "proto/envelope.pb-c.h"

enum { SEND_BUFFER = 16 << 10 /* of which the kernel makes twice as much */, PORT = 7, MESSAGE_MOST = 1 << 20 };

static char folder[64], path[96];
static int listener, agent;
static struct tw_sink *sink;

/* The kernel's limit as the test wants it, whatever the system's is. */
int setsockopt(int fd, int level, int name, const void *value, socklen_t size)
{
	static const int small = SEND_BUFFER;

	if (level == SOL_SOCKET && name == SO_SNDBUF)
		value = &small;
	return (int)syscall(SYS_setsockopt, fd, level, name, value, size);
}

static void tell_ports(void)
{
	struct tw_capture_ports *ports = calloc(1, sizeof(*ports) + sizeof(ports->a[0]));

	assert_non_null(ports);
	ports->n = 1;
	ports->a[0].number = PORT;
	snprintf(ports->a[0].name, sizeof(ports->a[0].name), "web/eth0");
	sink->ops->set_ports(sink, ports, 0);
	free(ports);
}

static int set_up(void **state)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	Tw__LocalMirror m;
	char error[128] = "";

	snprintf(folder, sizeof(folder), "/tmp/tw-stream.XXXXXX");
	if (!mkdtemp(folder))
		return -1;
	snprintf(path, sizeof(path), "%s/agent", folder);
	snprintf(at.sun_path, sizeof(at.sun_path), "%s", path);
	listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (bind(listener, (const struct sockaddr *)&at, sizeof(at)) || listen(listener, 1))
		return -1;
	tw__local_mirror__init(&m);
	m.stream_socket = path;
	m.stream_text = true;
	sink = tw_mirror_stream_open(&m, "a", error);
	assert_string_equal(error, "");
	sink->ops->flush(sink, 0); /* dials, and says who copies */
	agent = accept(listener, NULL, NULL);
	assert_true(agent >= 0);
	tell_ports();
	return 0;
}

static int tear_down(void **state)
{
	close(agent);
	close(listener);
	tw_sink_put(sink);
	tw_sink_put(sink);
	unlink(path);
	return rmdir(folder);
}

static void copy(unsigned n, uint16_t size)
{
	static uint8_t bytes[UINT16_MAX];
	struct rte_mbuf m = { .buf_addr = bytes, .data_len = size, .pkt_len = size, .nb_segs = 1 };
	const struct tw_mirror_tag tag = { .number = PORT, .original_len = size };

	while (n--)
		sink->ops->write(sink, &m, &tag, 1);
}

/* What has come, and what the last message says of all. @return frames */
static size_t take(uint64_t *sent, uint64_t *shed)
{
	static uint8_t message[MESSAGE_MOST];
	size_t frames = 0;
	ssize_t n;

	while ((n = recv(agent, message, sizeof(message), MSG_DONTWAIT)) > 0) {
		Tw__Envelope *env = tw__envelope__unpack(NULL, (size_t)n, message);

		assert_non_null(env);
		assert_non_null(env->capture_batch);
		frames += env->capture_batch->n_frames;
		*sent = env->capture_batch->sent;
		*shed = env->capture_batch->shed;
		tw__envelope__free_unpacked(env, NULL);
	}
	return frames;
}

static void a_batch_is_no_larger_than_the_socket_takes(void **state)
{
	uint64_t sent = 0, shed = 0;
	size_t frames = 0;

	copy(1000, 60);
	for (unsigned i = 0; i < 100; i++) {
		sink->ops->flush(sink, 0);
		frames += take(&sent, &shed);
	}
	assert_int_equal(frames, 1000);
	assert_int_equal(sent, 1000);
	assert_int_equal(shed, 0);
}

static void what_the_socket_will_never_take_does_not_hold_up_the_rest(void **state)
{
	struct tw_sink_stats stats;
	uint64_t sent = 0, shed = 0;
	size_t frames = 0;

	copy(1, 50000);
	copy(3, 60);
	for (unsigned i = 0; i < 10; i++) {
		sink->ops->flush(sink, 0);
		frames += take(&sent, &shed);
	}
	assert_int_equal(frames, 3);
	assert_int_equal(sent, 3);
	assert_int_equal(shed, 1);
	tw_sink_get_stats(sink, &stats);
	assert_int_equal(stats.packets, 3);
	assert_int_equal(stats.octets, 3 * 60);
	assert_int_equal(stats.shed, 1);
	assert_string_equal(stats.error, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_batch_is_no_larger_than_the_socket_takes, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_the_socket_will_never_take_does_not_hold_up_the_rest, set_up,
						tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
