/* SPDX-License-Identifier: Apache-2.0 */
/*
 * erspan_test.c - copies go to an ERSPAN collector over the loopback device: headers, sequence, truncation, errors. EAL, root.
 *
 * tests/interop/erspan_tshark.py runs this program again and has tshark decode what it sent.
 */
#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "dataplane/eal.h"
#include "dataplane/erspan.h"
#include "dataplane/mirror_erspan.h"
#include "dataplane/mirror_socket.h"
#include "dataplane/worker.h"
#include "tests/support/own_network.h"

enum { FRAME = 100, TAGGED = 104, WAIT_MS = 5000, IPV4_OCTETS = 20 };

static const uint64_t moment = UINT64_C(1700000000123456789);
static struct rte_mempool *pool;
static int collector = -1;

static int start(void **state)
{
	struct tw_options options = { .run_dir = "/tmp", .n_cpus = 1, .memory_mib = 64, .no_huge = true };

	if (!enter_own_network() || tw_eal_start(&options))
		return -1;
	pool = rte_pktmbuf_pool_create("mbufs", 255, 0, TW_MBUF_PRIV_SIZE, RTE_MBUF_DEFAULT_BUF_SIZE, SOCKET_ID_ANY);
	return pool ? 0 : -1;
}

static int stop(void **state)
{
	rte_mempool_free(pool);
	tw_eal_stop();
	return 0;
}

static int open_collector(void **state)
{
	const struct sockaddr_in here = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };

	collector = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_GRE);
	return collector < 0 || bind(collector, (const struct sockaddr *)&here, sizeof(here));
}

static int close_collector(void **state)
{
	close(collector);
	assert_int_equal(rte_mempool_in_use_count(pool), 0);
	return 0;
}

static Tw__LocalMirror mirror_to(const char *address)
{
	Tw__LocalMirror m;

	tw__local_mirror__init(&m);
	m.name = (char *)(uintptr_t) "m1";
	m.erspan = (char *)(uintptr_t)address;
	m.erspan_session = 7;
	return m;
}

static struct tw_sink *open_sink(const Tw__LocalMirror *m)
{
	char error[128] = "";
	struct tw_sink *sink = tw_erspan_open(m, error);

	if (!sink)
		print_error("%s\n", error);
	assert_non_null(sink);
	return sink;
}

static void close_sink(struct tw_sink *sink)
{
	sink->ops->close(sink, moment);
	tw_sink_put(sink);
	tw_sink_put(sink);
}

static void fill(uint8_t *frame, bool tagged, size_t len)
{
	static const uint8_t macs[] = { 2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1 }, tag[] = { 0x81, 0, 0x60, 10 };
	size_t at = sizeof(macs);

	memset(frame, 0x5a, len);
	memcpy(frame, macs, sizeof(macs));
	if (tagged) {
		memcpy(frame + at, tag, sizeof(tag));
		at += sizeof(tag);
	}
	frame[at] = 0x88;
	frame[at + 1] = 0xb5;
}

static void send_copy(struct tw_sink *sink, bool tagged, bool egress)
{
	const uint16_t len = tagged ? TAGGED : FRAME;
	const struct tw_mirror_tag tag = { .number = 0x12345, .original_len = len, .vlan = 10, .egress = egress };
	struct rte_mbuf *m = rte_pktmbuf_alloc(pool);

	assert_non_null(m);
	fill((uint8_t *)rte_pktmbuf_append(m, len), tagged, len);
	sink->ops->write(sink, m, &tag, moment);
	rte_pktmbuf_free(m);
}

/* The next packet's GRE header and what is behind it. @return octets */
static size_t receive(uint8_t *out, size_t size)
{
	struct pollfd p = { .fd = collector, .events = POLLIN };
	static uint8_t packet[2048];
	ssize_t n;

	assert_int_equal(poll(&p, 1, WAIT_MS), 1);
	n = recv(collector, packet, sizeof(packet), 0);
	assert_in_range(n, IPV4_OCTETS, IPV4_OCTETS + size);
	memcpy(out, packet + IPV4_OCTETS, (size_t)n - IPV4_OCTETS);
	return (size_t)n - IPV4_OCTETS;
}

static void expect(const uint8_t *header, size_t header_len, bool tagged, size_t frame_len)
{
	uint8_t got[512], frame[512];
	size_t n = receive(got, sizeof(got));

	assert_int_equal(n, header_len + frame_len);
	assert_memory_equal(got, header, header_len);
	fill(frame, tagged, sizeof(frame));
	assert_memory_equal(got + header_len, frame, frame_len);
}

static void type_two_says_session_vlan_tag_and_port(void **state)
{
	const Tw__LocalMirror m = mirror_to("127.0.0.1");
	struct tw_sink *sink = open_sink(&m);
	static const uint8_t plain[] = { 0x10, 0, 0x88, 0xbe, 0, 0, 0, 0, 0x10, 0x0a, 0x00, 0x07, 0, 1, 0x23, 0x45 };
	static const uint8_t tagged[] = { 0x10, 0, 0x88, 0xbe, 0, 0, 0, 1, 0x10, 0x0a, 0x78, 0x07, 0, 1, 0x23, 0x45 };

	send_copy(sink, false, false);
	expect(plain, sizeof(plain), false, FRAME);
	send_copy(sink, true, true);
	expect(tagged, sizeof(tagged), true, TAGGED);
	close_sink(sink);
}

static void type_three_says_direction_and_time(void **state)
{
	Tw__LocalMirror m = mirror_to("127.0.0.1");
	struct tw_sink *sink;
	/* 1700000000123456789 / 100 modulo 2^32 */
	const uint32_t hundreds = (uint32_t)(moment / 100);
	uint8_t want[] = { 0x10, 0, 0x22, 0xeb, 0, 0, 0, 0, 0x20, 0x0a, 0xa0, 0x07, 0, 0, 0, 0, 0, 0, 0x80, 0x0a };

	for (unsigned i = 0; i < 4; i++)
		want[12 + i] = (uint8_t)(hundreds >> (24 - 8 * i));
	m.erspan_type = 3;
	m.erspan_cos = 5;
	sink = open_sink(&m);
	send_copy(sink, false, true);
	expect(want, sizeof(want), false, FRAME);
	close_sink(sink);
}

static void type_three_may_say_nanoseconds_and_seconds(void **state)
{
	Tw__LocalMirror m = mirror_to("127.0.0.1");
	struct tw_sink *sink;
	static const uint8_t want[] = {
		0x10, 0,    0x22, 0xeb, 0,    0,    0,    0, 0x20, 0x0a, 0x00, 0x07, 0x07, 0x5b,
		0xcd, 0x15, 0,    0,    0x80, 0x05, 0x14, 0, 0x23, 0x45, 0x65, 0x53, 0xf1, 0x00
	};

	m.erspan_type = 3;
	m.erspan_ns = true;
	sink = open_sink(&m);
	send_copy(sink, false, false);
	expect(want, sizeof(want), false, FRAME);
	close_sink(sink);
}

static void what_is_cut_off_is_marked_and_what_was_shed_leaves_a_gap(void **state)
{
	Tw__LocalMirror m = mirror_to("127.0.0.1");
	struct tw_sink *sink;
	struct tw_sink_stats stats;
	static const uint8_t cut[] = { 0x10, 0, 0x88, 0xbe, 0, 0, 0, 3, 0x10, 0x0a, 0x04, 0x07, 0, 1, 0x23, 0x45 };

	m.snaplen = 60;
	sink = open_sink(&m);
	sink->ops->leave_out(sink, 3);
	send_copy(sink, false, false);
	expect(cut, sizeof(cut), false, 60);
	tw_sink_get_stats(sink, &stats);
	assert_int_equal(stats.packets, 1);
	assert_int_equal(stats.octets, 60);
	assert_int_equal(stats.sequence, 4);
	assert_string_equal(stats.error, "");
	close_sink(sink);
}

static void an_address_that_is_not_the_hosts_is_said_and_nothing_is_sent(void **state)
{
	Tw__LocalMirror m = mirror_to("127.0.0.1");
	struct tw_sink *sink;
	struct tw_sink_stats stats;

	m.erspan_source = (char *)(uintptr_t) "192.0.2.77";
	sink = open_sink(&m);
	send_copy(sink, false, false);
	send_copy(sink, false, false);
	tw_sink_get_stats(sink, &stats);
	assert_int_equal(stats.failed, 2);
	assert_int_equal(stats.packets, 0);
	assert_string_equal(stats.error, "the source address: Cannot assign requested address");
	close_sink(sink);
}

static void a_collector_without_a_route_is_said(void **state)
{
	const Tw__LocalMirror m = mirror_to("198.51.100.9");
	struct tw_sink *sink = open_sink(&m);
	struct tw_sink_stats stats;

	send_copy(sink, false, false);
	tw_sink_get_stats(sink, &stats);
	assert_int_equal(stats.failed, 1);
	assert_string_equal(stats.error, "the collector: Network is unreachable");
	close_sink(sink);
}

/* 0 = none: nothing is sent from it, and nothing to it. */
static void set_loopback_address(in_addr_t address)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(address) };
	struct ifreq lo = { .ifr_name = "lo" };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	memcpy(&lo.ifr_addr, &at, sizeof(at));
	assert_int_equal(ioctl(fd, SIOCSIFADDR, &lo), 0);
	close(fd);
}

static void a_route_that_comes_back_is_taken_again(void **state)
{
	Tw__LocalMirror m = mirror_to("127.0.0.1");
	struct tw_sink *sink;
	struct tw_sink_stats stats;
	static const uint8_t third[] = { 0x10, 0, 0x88, 0xbe, 0, 0, 0, 2, 0x10, 0x0a, 0x00, 0x07, 0, 1, 0x23, 0x45 };
	uint8_t first[sizeof(third) + FRAME];

	m.erspan_source = (char *)(uintptr_t) "127.0.0.1";
	sink = open_sink(&m);
	send_copy(sink, false, false);
	receive(first, sizeof(first));
	set_loopback_address(INADDR_ANY);
	send_copy(sink, false, false);
	set_loopback_address(INADDR_LOOPBACK);
	tw_sink_get_stats(sink, &stats);
	assert_int_equal(stats.failed, 1);
	assert_string_not_equal(stats.error, "");
	sink->ops->flush(sink, moment + 2 * (uint64_t)TW_SOCKET_AGAIN_NS);
	tw_sink_get_stats(sink, &stats);
	assert_string_equal(stats.error, "");
	send_copy(sink, false, false);
	expect(third, sizeof(third), false, FRAME);
	close_sink(sink);
}

#define T(name) cmocka_unit_test_setup_teardown(name, open_collector, close_collector)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(type_two_says_session_vlan_tag_and_port),
		T(type_three_says_direction_and_time),
		T(type_three_may_say_nanoseconds_and_seconds),
		T(what_is_cut_off_is_marked_and_what_was_shed_leaves_a_gap),
		T(an_address_that_is_not_the_hosts_is_said_and_nothing_is_sent),
		T(a_collector_without_a_route_is_said),
		T(a_route_that_comes_back_is_taken_again),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
