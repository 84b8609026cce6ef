/* SPDX-License-Identifier: Apache-2.0 */
/*
 * flow_pairing_test.c - an exporter of biflows beside one that is not, to one collector over loopback: what both count is the same,
 *                       and whatever ends or changes loses nothing. Time is an argument.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/log.h"
#include "flowexport/exporter.h"
#include "tests/support/ipfix_decode.h"

#define START_MS UINT64_C(1800000000000)

enum { UNIFLOW_DOMAIN = 7, BIFLOW_DOMAIN = 8, DATAGRAM_MAX = 65536 };

struct seen {
	uint64_t records, biflows, packets, octets, dropped;
};

struct fixture {
	int fd;
	struct ipfix_decoder *decoder;
	struct tw_exporter *exporter;
	struct tw_exporter_config config;
	struct seen seen[2]; /* uniflows', biflows' exporter */
};

static void on_record(const struct ipfix_record *r, void *context)
{
	struct fixture *f = context;
	struct seen *seen = &f->seen[r->domain == BIFLOW_DOMAIN];

	if (r->is_options)
		return;
	seen->records++;
	seen->biflows += ipfix_find(r, 239) != NULL;
	seen->packets += ipfix_uint(r, 2) + ipfix_reverse(r, 2);
	seen->octets += ipfix_uint(r, 1) + ipfix_reverse(r, 1);
	seen->dropped += ipfix_uint(r, 133);
}

static void collect(struct fixture *f)
{
	static uint8_t datagram[DATAGRAM_MAX];
	ssize_t size;

	while ((size = recv(f->fd, datagram, sizeof(datagram), 0)) >= 0)
		assert_int_equal(ipfix_decode(f->decoder, datagram, (size_t)size, on_record, f), 0);
	assert_int_equal(ipfix_decoder_counts(f->decoder)->unknown_sets, 0);
}

static void tick_at(struct fixture *f, uint64_t after_ms)
{
	tw_exporter_tick(f->exporter, START_MS + after_ms);
	collect(f);
}

static int set_up(void **state)
{
	struct sockaddr_in sin = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
	struct fixture *f = calloc(1, sizeof(*f));
	socklen_t size = sizeof(sin);
	const int buffer = 4 << 20;

	tw_log_init("test", TW_LOG_ERROR);
	f->fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(f->fd, (struct sockaddr *)&sin, size), 0);
	assert_int_equal(getsockname(f->fd, (struct sockaddr *)&sin, &size), 0);
	setsockopt(f->fd, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof(buffer));
	f->decoder = ipfix_decoder_create();
	f->exporter = tw_exporter_create();
	f->config = (struct tw_exporter_config){ .observation_domain = UNIFLOW_DOMAIN, .host = "a", .n_targets = 2 };
	for (unsigned i = 0; i < 2; i++) {
		struct tw_exporter_target *t = &f->config.targets[i];

		*t = (struct tw_exporter_target){ .domain = i ? BIFLOW_DOMAIN : 0, .biflow = i == 1, .mtu = 1400 };
		strcpy(t->name, i ? "biflows" : "uniflows");
		memcpy(&t->collector, &sin, sizeof(sin));
		t->collector_size = sizeof(sin);
	}
	assert_int_equal(tw_exporter_configure(f->exporter, &f->config), 0);
	*state = f;
	tick_at(f, 0);
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	tw_exporter_destroy(f->exporter);
	ipfix_decoder_destroy(f->decoder);
	close(f->fd);
	free(f);
	return 0;
}

static void configure(struct fixture *f)
{
	assert_int_equal(tw_exporter_configure(f->exporter, &f->config), 0);
}

static struct tw_flow_record request(uint16_t port, uint64_t packets)
{
	return (struct tw_flow_record){ .ingress = 1,
					.egress = 2,
					.key_flags = TW_FLOW_KEY_IPV4,
					.src_ip = { 10, 0, 0, 1 },
					.dst_ip = { 10, 0, 0, 2 },
					.src_port = port,
					.dst_port = 53,
					.protocol = 17,
					.forwarding = TW_FORWARDED,
					.packets = packets,
					.l3_octets = packets * 100,
					.first_ms = START_MS,
					.last_ms = START_MS };
}

static struct tw_flow_record answer(uint16_t port, uint64_t packets)
{
	struct tw_flow_record r = request(port, packets);

	r.ingress = 2;
	r.egress = 1;
	r.src_ip[3] = 2;
	r.dst_ip[3] = 1;
	r.src_port = 53;
	r.dst_port = port;
	return r;
}

static void add(struct fixture *f, struct tw_flow_record r)
{
	tw_exporter_add(f->exporter, &r);
}

static struct tw_biflow_counts pairing(struct fixture *f)
{
	struct tw_exporter_stats stats[TW_TARGETS_MAX];
	size_t n = tw_exporter_get_stats(f->exporter, stats);

	for (size_t i = 0; i < n; i++)
		if (strcmp(stats[i].name, "biflows") == 0)
			return stats[i].pairing;
	return (struct tw_biflow_counts){ 0 };
}

static void expect(struct fixture *f, uint64_t records, uint64_t biflows)
{
	assert_int_equal(f->seen[1].records, records);
	assert_int_equal(f->seen[1].biflows, biflows);
}

static void expect_sums(struct fixture *f)
{
	assert_int_equal(f->seen[1].packets, f->seen[0].packets);
	assert_int_equal(f->seen[1].octets, f->seen[0].octets);
	assert_int_equal(f->seen[1].dropped, f->seen[0].dropped);
	assert_int_equal(ipfix_decoder_counts(f->decoder)->sequence_errors, 0);
}

static void two_records_leave_as_one_and_one_alone_after_the_wait(void **state)
{
	struct fixture *f = *state;

	add(f, request(1000, 2));
	add(f, answer(1000, 3));
	add(f, request(1001, 5));
	tick_at(f, 200);
	expect(f, 1, 1);
	assert_int_equal(pairing(f).waiting, 1);
	tick_at(f, TW_BIFLOW_WAIT_MS - 1);
	expect(f, 1, 1);
	tick_at(f, TW_BIFLOW_WAIT_MS + 200);
	tick_at(f, TW_BIFLOW_WAIT_MS + 400);
	expect(f, 2, 1);
	assert_int_equal(f->seen[0].records, 3);
	expect_sums(f);
	assert_int_equal(pairing(f).biflows, 1);
	assert_int_equal(pairing(f).uniflows, 1);
	assert_int_equal(pairing(f).waiting, 0);
}

static void at_the_end_what_waits_is_sent(void **state)
{
	struct fixture *f = *state;

	add(f, request(1000, 2));
	tw_exporter_flush(f->exporter, START_MS + 10);
	collect(f);
	expect(f, 1, 0);
	expect_sums(f);
}

static void a_change_of_something_else_lets_records_wait(void **state)
{
	struct fixture *f = *state;
	const struct tw_flow_identity who = { .number = 1, .name = "web/eth0" };

	add(f, request(1000, 2));
	f->config.identities = &who;
	f->config.n_identities = 1;
	f->config.targets[1].template_refresh_s = 30;
	configure(f);
	tick_at(f, 100);
	assert_int_equal(pairing(f).waiting, 1);
	add(f, answer(1000, 3));
	tick_at(f, 400);
	expect(f, 1, 1);
	expect_sums(f);
}

/* Without biflows from now on, or no exporter at all: the collector gets what waited for it. */
static void an_exporter_that_ends_or_is_another_sends_what_waits(void **state)
{
	struct fixture *f = *state;

	add(f, request(1000, 2));
	f->config.targets[1].biflow = false;
	configure(f);
	tick_at(f, 100);
	expect(f, 1, 0);
	f->config.targets[1].biflow = true;
	configure(f);
	tick_at(f, 200);
	add(f, request(1000, 2));
	tick_at(f, 300);
	assert_int_equal(pairing(f).waiting, 1);
	f->config.n_targets = 1;
	configure(f);
	tick_at(f, 400);
	expect(f, 2, 0);
	assert_int_equal(f->seen[1].packets, 4);
	assert_int_equal(f->seen[0].packets, 4);
}

static void what_is_out_of_scope_neither_waits_nor_counts(void **state)
{
	struct fixture *f = *state;
	struct tw_flow_record second = answer(1000, 3);

	second.key_flags |= TW_FLOW_KEY_SECOND;
	add(f, request(1000, 2));
	add(f, second);
	tick_at(f, 200);
	expect(f, 0, 0);
	assert_int_equal(pairing(f).waiting, 1);
	f->config.targets[1].scope.both_sides = true;
	configure(f);
	tick_at(f, 300);
	add(f, second);
	tick_at(f, 600);
	expect(f, 1, 1);
	assert_int_equal(f->seen[1].packets, 5);
}

static void with_random_records_both_exporters_count_the_same(void **state)
{
	struct fixture *f = *state;

	srandom(2);
	for (unsigned i = 0; i < 3000; i++) {
		uint16_t port = (uint16_t)(1000 + random() % 50);
		struct tw_flow_record r = random() % 3 ? request(port, 1 + (uint64_t)random() % 99)
						       : answer(port, 1 + (uint64_t)random() % 99);

		r.end_reason = random() % 2 ? TW_FLOW_END_ACTIVE : TW_FLOW_END_IDLE;
		r.forwarding = random() % 8 ? TW_FORWARDED : TW_DROPPED_POLICER;
		add(f, r);
		tick_at(f, i * 20);
	}
	tw_exporter_flush(f->exporter, START_MS + 60000);
	collect(f);
	assert_int_equal(f->seen[0].records, 3000);
	assert_int_equal(f->seen[1].records + f->seen[1].biflows, 3000);
	assert_true(f->seen[1].biflows > 500 && f->seen[1].dropped > 0);
	expect_sums(f);
}

static void only_ipfix_has_biflows(void **state)
{
	struct fixture *f = *state;

	f->config.targets[1].format = TW_FORMAT_V9;
	assert_int_equal(tw_exporter_configure(f->exporter, &f->config), -EINVAL);
	f->config.targets[1].format = TW_FORMAT_V5;
	assert_int_equal(tw_exporter_configure(f->exporter, &f->config), -EINVAL);
}

#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(two_records_leave_as_one_and_one_alone_after_the_wait),
		T(at_the_end_what_waits_is_sent),
		T(a_change_of_something_else_lets_records_wait),
		T(an_exporter_that_ends_or_is_another_sends_what_waits),
		T(what_is_out_of_scope_neither_waits_nor_counts),
		T(with_random_records_both_exporters_count_the_same),
		T(only_ipfix_has_biflows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
