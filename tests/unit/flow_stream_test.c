/* SPDX-License-Identifier: Apache-2.0 */
/*
 * flow_stream_test.c - IPFIX over TCP, over loopback: sessions, framing, and that each record either arrived or is said to be
 *                      lost. The exporter's clock is an argument; only the kernel's loopback is waited for.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/log.h"
#include "flowexport/exporter.h"
#include "flowexport/stream.h"
#include "tests/support/ipfix_decode.h"

#define START_MS UINT64_C(1800000000000)

enum { STEP_MS = 50, WAITS_MAX = 2000, TEMPLATES = 20, BUFFER = 1 << 20 };

static const struct tw_flow_record flow = {
	.key_flags = TW_FLOW_KEY_IPV4, .protocol = 17, .packets = 2, .l3_octets = 300, .ingress = 1
};

/* A collector that reads when it is told to, and the exporter under test. */
struct fixture {
	int listener, fd; /* fd: the connection, -1 = none */
	struct ipfix_decoder *decoder;
	size_t have;
	uint8_t buffer[BUFFER];
	uint64_t received, sessions;
	struct tw_exporter *exporter;
	struct tw_exporter_config config;
	uint64_t now;
};

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct sockaddr_in *sin = (struct sockaddr_in *)&f->config.targets[0].collector;

	tw_log_init("test", TW_LOG_ERROR);
	f->fd = -1;
	f->now = START_MS;
	f->listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	f->config.observation_domain = 7;
	f->config.n_targets = 1;
	f->config.targets[0].transport = TW_TRANSPORT_TCP;
	f->config.targets[0].mtu = 1400;
	f->config.targets[0].template_refresh_s = 5;
	f->config.targets[0].collector_size = sizeof(*sin);
	*sin = (struct sockaddr_in){ .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
	assert_int_equal(bind(f->listener, (struct sockaddr *)sin, sizeof(*sin)), 0);
	assert_int_equal(getsockname(f->listener, (struct sockaddr *)sin, &f->config.targets[0].collector_size), 0);
	f->exporter = tw_exporter_create();
	assert_int_equal(tw_exporter_configure(f->exporter, &f->config), 0);
	*state = f;
	return 0;
}

static void hang_up(struct fixture *f)
{
	if (f->fd >= 0)
		close(f->fd);
	f->fd = -1;
	f->have = 0;
	ipfix_decoder_destroy(f->decoder);
	f->decoder = NULL;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	tw_exporter_destroy(f->exporter);
	hang_up(f);
	if (f->listener >= 0)
		close(f->listener);
	free(f);
	return 0;
}

static void on_record(const struct ipfix_record *r, void *context)
{
	struct fixture *f = context;

	f->received += !r->is_options;
}

/* Each session has a decoder of its own: nothing that an earlier one was told counts. */
static bool accept_session(struct fixture *f)
{
	if (f->fd >= 0)
		return true;
	f->fd = accept4(f->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (f->fd < 0)
		return false;
	f->decoder = ipfix_decoder_create();
	f->sessions++;
	return true;
}

static void collect(struct fixture *f)
{
	ssize_t n;

	if (!accept_session(f))
		return;
	while ((n = recv(f->fd, f->buffer + f->have, sizeof(f->buffer) - f->have, 0)) > 0) {
		size_t at = 0, size;

		f->have += (size_t)n;
		for (; f->have - at >= 4; at += size) {
			size = (size_t)f->buffer[at + 2] << 8 | f->buffer[at + 3];
			if (size > f->have - at)
				break;
			assert_int_equal(ipfix_decode(f->decoder, f->buffer + at, size, on_record, f), 0);
		}
		memmove(f->buffer, f->buffer + at, f->have - at);
		f->have -= at;
	}
}

static struct tw_exporter_stats tick(struct fixture *f)
{
	struct tw_exporter_stats stats[TW_TARGETS_MAX];

	f->now += STEP_MS;
	tw_exporter_tick(f->exporter, f->now);
	assert_int_equal(tw_exporter_get_stats(f->exporter, stats), 1);
	return stats[0];
}

static void add_flows(struct fixture *f, unsigned n)
{
	while (n--)
		tw_exporter_add(f->exporter, &flow);
}

/* Until as many records are known to have arrived, or not to. */
static struct tw_exporter_stats settle(struct fixture *f, uint64_t records, bool reads)
{
	struct tw_exporter_stats s = tick(f);

	for (unsigned i = 0; s.records + s.lost_records < records && i < WAITS_MAX; i++) {
		usleep(1000);
		if (reads)
			collect(f);
		s = tick(f);
	}
	assert_int_equal(s.records + s.lost_records, records);
	return s;
}

static void records_arrive_in_one_session_that_is_told_its_templates_once(void **state)
{
	struct fixture *f = *state;
	struct tw_exporter_stats s;

	assert_int_equal(listen(f->listener, 4), 0);
	tick(f);
	add_flows(f, 5000);
	s = settle(f, 5000, true);
	for (unsigned i = 0; i < 300; i++) { /* beyond the refresh */
		collect(f);
		tick(f);
	}
	collect(f);
	assert_int_equal(s.records, 5000);
	assert_int_equal(f->received, 5000);
	assert_int_equal(f->sessions, 1);
	assert_int_equal(ipfix_decoder_counts(f->decoder)->templates, TEMPLATES);
	assert_int_equal(ipfix_decoder_counts(f->decoder)->sequence_errors, 0);
	assert_int_equal(ipfix_decoder_counts(f->decoder)->unknown_sets, 0);
	assert_true(ipfix_decoder_counts(f->decoder)->option_records > 20); /* statistics go on */
}

static void what_nobody_takes_is_said_to_be_lost(void **state)
{
	struct fixture *f = *state;
	struct tw_exporter_stats s;

	tick(f); /* nobody listens */
	add_flows(f, 100);
	s = settle(f, 100, false);
	assert_int_equal(s.lost_records, 100);
	assert_string_equal(s.error, strerror(ECONNREFUSED));
}

static void a_connection_that_ends_is_followed_by_a_session_that_knows_nothing(void **state)
{
	struct fixture *f = *state;
	struct tw_exporter_stats s;

	assert_int_equal(listen(f->listener, 4), 0);
	tick(f);
	add_flows(f, 200);
	settle(f, 200, true);
	hang_up(f);
	for (unsigned i = 0; i < WAITS_MAX && f->sessions < 2; i++) {
		usleep(1000);
		tick(f);
		collect(f);
	}
	assert_int_equal(f->sessions, 2);
	add_flows(f, 300);
	s = settle(f, 500, true);
	for (unsigned i = 0; i < WAITS_MAX && f->received < 500; i++) {
		usleep(1000);
		collect(f);
	}
	assert_int_equal(s.lost_records, 0);
	assert_int_equal(f->received, 500);
	assert_int_equal(ipfix_decoder_counts(f->decoder)->templates, TEMPLATES);
	assert_int_equal(ipfix_decoder_counts(f->decoder)->sequence_errors, 0);
	assert_int_equal(ipfix_decoder_counts(f->decoder)->unknown_sets, 0);
}

static void a_collector_that_does_not_read_costs_bounded_memory_and_every_record_is_accounted_for(void **state)
{
	const int small = 4096;
	struct fixture *f = *state;
	uint64_t added = 0;
	struct tw_exporter_stats s = { 0 };

	setsockopt(f->listener, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
	assert_int_equal(listen(f->listener, 4), 0);
	tick(f);
	for (unsigned i = 0; i < 5000 && s.lost_records == 0; i++) {
		add_flows(f, 200);
		added += 200;
		s = tick(f);
	}
	assert_true(s.lost_records > 0);
	assert_string_equal(s.error, strerror(ENOBUFS));
	for (unsigned i = 0; i < 5; i++) /* what waited long enough is on its way */
		s = tick(f);
	s = settle(f, added, true);
	for (unsigned i = 0; i < WAITS_MAX && f->received < s.records; i++) {
		usleep(1000);
		collect(f);
	}
	assert_int_equal(f->received, s.records);
	assert_int_equal(ipfix_decoder_counts(f->decoder)->malformed, 0);
}

static void what_a_broken_connection_took_along_is_said_to_be_lost(void **state)
{
	const struct linger reset = { .l_onoff = 1, .l_linger = 0 };
	const int small = 4096;
	struct fixture *f = *state;
	struct tw_exporter_stats s;

	setsockopt(f->listener, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
	assert_int_equal(listen(f->listener, 4), 0);
	tick(f);
	for (unsigned i = 0; i < WAITS_MAX && !accept_session(f); i++)
		usleep(1000);
	add_flows(f, 4000);
	for (unsigned i = 0; i < 20; i++) {
		usleep(1000);
		tick(f);
	}
	close(f->listener);
	f->listener = -1;
	setsockopt(f->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
	hang_up(f);
	s = settle(f, 4000, false);
	assert_true(s.lost_records > 0);
	assert_true(*s.error != '\0');
}

/* ---- the stream by itself ---- */

static int unread(const struct tw_stream *stream)
{
	int octets = 0;

	assert_int_equal(ioctl(tw_stream_fd(stream), FIONREAD, &octets), 0);
	return octets;
}

static int tick_stream(struct tw_stream *stream)
{
	struct tw_flow_tally delivered = { 0 }, lost = { 0 };

	return tw_stream_tick(stream, START_MS, &delivered, &lost);
}

static void connect_stream(struct fixture *f, struct tw_stream *stream)
{
	const struct tw_exporter_target *to = &f->config.targets[0];
	const struct tw_prefix any = { 0 };

	assert_int_equal(listen(f->listener, 4), 0);
	assert_int_equal(tw_stream_open(stream, &to->collector, to->collector_size, &any), 0);
	for (unsigned i = 0; i < WAITS_MAX && !(accept_session(f) && tw_stream_is_connected(stream)); i++) {
		usleep(1000);
		assert_int_equal(tick_stream(stream), 0);
	}
	assert_true(tw_stream_is_connected(stream));
}

static void a_collector_that_talks_without_end_is_heard_a_part_at_a_time(void **state)
{
	struct fixture *f = *state;
	struct tw_stream *stream = tw_stream_create(NULL);
	int rc = 0;

	connect_stream(f, stream);
	while (send(f->fd, f->buffer, sizeof(f->buffer), MSG_NOSIGNAL) > 0)
		;
	assert_true(unread(stream) > 1 << 15);
	assert_int_equal(tick_stream(stream), 0);
	assert_true(unread(stream) > 0);
	hang_up(f);
	for (unsigned i = 0; i < WAITS_MAX && !rc; i++) {
		rc = tick_stream(stream);
		usleep(100);
	}
	assert_int_equal(rc, -ECONNRESET); /* it is heard in the end */
	assert_false(tw_stream_is_open(stream));
	tw_stream_destroy(stream);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
		TEST(records_arrive_in_one_session_that_is_told_its_templates_once),
		TEST(what_nobody_takes_is_said_to_be_lost),
		TEST(a_connection_that_ends_is_followed_by_a_session_that_knows_nothing),
		TEST(a_collector_that_does_not_read_costs_bounded_memory_and_every_record_is_accounted_for),
		TEST(what_a_broken_connection_took_along_is_said_to_be_lost),
		TEST(a_collector_that_talks_without_end_is_heard_a_part_at_a_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
