/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mirror_remote_test.c - copies for a port of another host: from the sink over the loopback device, through the thread that checks them,
 * to the port; and what is refused on the way. A network of its own: root.
 */
#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/clock.h"
#include "dataplane/geneve.h"
#include "dataplane/mirror_arrive.h"
#include "dataplane/mirror_remote.h"
#include "tests/support/own_network.h"
#include "tests/support/ringswitch.h"

enum { PORT = 1, PORT_6081 = 6081, WAIT_MS = 3000, RING = 64 };

static uint8_t key[TW_GENEVE_KEY] = { 9, 8, 7, 6, 5, 4, 3, 2 };
static struct tw_arrived arrived[TW_MIRRORS_MAX];
static struct tw_arrivals *arrivals;
static uint8_t octets[TF_MAX];

static char *text(const char *t)
{
	return (char *)(uintptr_t)t;
}

static int start(void **state)
{
	return enter_own_network() ? rs_group_setup(state) : -1;
}

/* 127.0.0.1 and ::1 are the switch's hosts; 127.0.0.9 is nobody. */
static void take_in(const char *address, uint32_t number)
{
	char *peers[] = { text("127.0.0.1"), text("::1") };
	Tw__TunnelEnd end, *ends[] = { &end };
	Tw__Tunnel tunnel;
	uint16_t slot = rs_slot(PORT);

	tw__tunnel_end__init(&end);
	tw__tunnel__init(&tunnel);
	end.mirror = text("m1");
	end.tag = 77;
	end.key = (ProtobufCBinaryData){ sizeof(key), key };
	end.to_port = number;
	tunnel.address = text(address);
	tunnel.port = PORT_6081;
	tunnel.peers = peers;
	tunnel.n_peers = 2;
	tunnel.ends = ends;
	tunnel.n_ends = 1;
	tw_arrivals_configure(arrivals, &tunnel, &slot);
}

static int setup(void **state)
{
	rs_setup(state);
	memset(arrived, 0, sizeof(arrived));
	rs.worker.arrivals = rte_ring_create("rs_arrivals", RING, SOCKET_ID_ANY, RING_F_SP_ENQ | RING_F_SC_DEQ);
	rs.worker.arrived = arrived;
	arrivals = tw_arrivals_create((struct tw_worker *const[]){ &rs.worker }, 1, arrived);
	if (!arrivals)
		return -1;
	take_in("127.0.0.1", PORT);
	return 0;
}

static int teardown(void **state)
{
	tw_arrivals_destroy(arrivals);
	assert_true(rte_ring_empty(rs.worker.arrivals));
	rte_ring_free(rs.worker.arrivals);
	return rs_teardown(state);
}

static struct tw_sink *open_sink(const char *to, const char *from, uint32_t tag)
{
	Tw__LocalMirror m;
	char error[128] = "";
	struct tw_sink *sink;

	tw__local_mirror__init(&m);
	m.tunnel = text(to);
	m.tunnel_source = text(from);
	m.tunnel_port = PORT_6081;
	m.tunnel_tag = tag;
	m.tunnel_key = (ProtobufCBinaryData){ sizeof(key), key };
	sink = tw_remote_open(&m, error);
	assert_non_null(sink);
	return sink;
}

static void close_sink(struct tw_sink *sink)
{
	sink->ops->close(sink, 1);
	tw_sink_put(sink);
	tw_sink_put(sink);
}

static void send_octets(struct tw_sink *sink, const uint8_t *frame, size_t len)
{
	const struct tw_mirror_tag tag = { .original_len = (uint32_t)len };
	struct rte_mbuf *m = rs_mbuf(frame, len);

	sink->ops->write(sink, m, &tag, tw_clock_real_ns());
	rte_pktmbuf_free(m);
}

static struct tw_arrival_stats stats_of(void)
{
	struct tw_arrival_stats stats[TW_MIRRORS_MAX];

	assert_int_equal(tw_arrivals_get_stats(arrivals, stats), 1);
	return stats[0];
}

/* All that the thread has seen of the mirror, whatever became of it. */
static uint64_t seen(void)
{
	struct tw_arrival_stats s = stats_of();

	return s.sent + s.full + s.absent + s.failed + s.memory + s.refused + tw_arrivals_refused(arrivals) +
	       rte_ring_count(rs.worker.arrivals);
}

static void wait_for(uint64_t n)
{
	const struct timespec nap = { .tv_nsec = 200000 };
	uint64_t until = tw_clock_mono_ms() + WAIT_MS;

	while (seen() < n && tw_clock_mono_ms() < until)
		nanosleep(&nap, NULL);
	assert_int_equal(seen(), n);
}

static void a_frame_arrives_as_it_was(const char *to, const char *from)
{
	static const struct test_frame shapes[] = {
		{ .from = 2, .to = 9 },
		{ .from = 2, .to = 9, .protocol = 17, .payload = 18 },
		{ .from = 2, .to = 9, .protocol = 17, .payload = 1000, .tagged = true, .tci = 0x2014 },
		{ .from = 2, .to = 9, .protocol = 6, .ip6 = true, .payload = 1400 },
		{ .from = 2, .to = TF_EVERYBODY, .protocol = 17, .payload = 8950 },
		{ .from = 2, .to = 9, .protocol = 6, .payload = 8940, .tagged = true, .tci = 11 },
	};
	const size_t n = sizeof(shapes) / sizeof(*shapes);
	struct tw_sink *sink = open_sink(to, from, 77);
	struct tw_sink_stats sent;
	uint64_t total = 0;

	rs.port[PORT].mtu = 9000;
	rs_publish();
	for (size_t i = 0; i < n; i++) {
		size_t len = test_frame_write(&shapes[i], octets);

		total += len;
		send_octets(sink, octets, len);
		wait_for(i + 1);
		rs_run();
		rs_expect_bytes(PORT, octets, len);
	}
	tw_sink_get_stats(sink, &sent);
	assert_int_equal(sent.packets, n);
	assert_int_equal(sent.octets, total);
	assert_int_equal(stats_of().sent, n);
	assert_int_equal(stats_of().octets, total);
	assert_int_equal(stats_of().lost, 0);
	rs_expect_silence();
	close_sink(sink);
}

static void frames_arrive_as_they_were_by_ipv4(void **state)
{
	a_frame_arrives_as_it_was("127.0.0.1", "127.0.0.1");
}

static void frames_arrive_as_they_were_by_ipv6(void **state)
{
	take_in("::1", PORT);
	a_frame_arrives_as_it_was("::1", "::1");
}

static void a_copy_is_not_mirrored_again_nor_metered_nor_learned(void **state)
{
	struct tw_sink *sink = open_sink("127.0.0.1", "127.0.0.1", 77);
	const struct test_frame f = test_frame_udp(2, 9);
	size_t len = test_frame_write(&f, octets);
	struct tw_flow_record record;

	rs.port[PORT].mirror_out = rs.port[PORT].mirror_in = rs.port[PORT].mirror_drops = 1;
	rs_publish();
	send_octets(sink, octets, len);
	wait_for(1);
	rs_run();
	rs_expect_bytes(PORT, octets, len);
	assert_true(rte_ring_empty(rs.worker.mirrors));
	assert_int_equal(rs.worker.cache.n_free, rs.worker.cache.capacity);
	assert_false(rs_record(&record));
	close_sink(sink);
}

static void copies_for_a_port_that_is_not_up_are_counted(void **state)
{
	struct tw_sink *sink = open_sink("127.0.0.1", "127.0.0.1", 77);
	const struct test_frame f = test_frame_udp(2, 9);
	size_t len = test_frame_write(&f, octets);

	rs.port[PORT].link = TW_LINK_ABSENT;
	rs_publish();
	send_octets(sink, octets, len);
	wait_for(1);
	rs_run();
	assert_int_equal(stats_of().absent, 1);
	rs.port[PORT].link = TW_LINK_HOLD; /* its guest is on its way to another host */
	rs_publish();
	send_octets(sink, octets, len);
	wait_for(2);
	rs_run();
	assert_int_equal(stats_of().absent, 2);
	rs.port[PORT].link = TW_LINK_UP;
	rs_publish();
	take_in("127.0.0.1", PORT + 1); /* that number is not at this slot */
	send_octets(sink, octets, len);
	wait_for(3);
	rs_run();
	assert_int_equal(stats_of().absent, 3);
	rs_expect_silence();
	close_sink(sink);
}

static void copies_that_the_port_has_no_room_for_are_counted(void **state)
{
	struct tw_sink *sink = open_sink("127.0.0.1", "127.0.0.1", 77);
	const struct test_frame f = { .from = 2, .to = 9, .protocol = 17, .payload = 1480 };
	const struct test_frame small = test_frame_udp(2, 9);
	size_t len = test_frame_write(&f, octets);

	send_octets(sink, octets, len);
	wait_for(1);
	rs_run();
	assert_int_equal(stats_of().failed, 1); /* beyond its MTU */
	len = test_frame_write(&small, octets);
	for (unsigned i = 0; i < RING + 5; i++) { /* nobody takes them out */
		send_octets(sink, octets, len);
		wait_for(2 + i);
	}
	assert_int_equal(stats_of().full, RING + 5 - (RING - 1));
	rs_run();
	assert_int_equal(stats_of().sent, RING - 1);
	for (unsigned i = 0; i < RING - 1; i++)
		rs_expect_bytes(PORT, octets, len);
	close_sink(sink);
}

/* A datagram from an address of the loopback's. */
static void send_datagram(const char *from, const void *data, size_t size)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(PORT_6081) },
			   own = { .sin_family = AF_INET };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	inet_pton(AF_INET, "127.0.0.1", &to.sin_addr);
	inet_pton(AF_INET, from, &own.sin_addr);
	assert_int_equal(bind(fd, (const struct sockaddr *)&own, sizeof(own)), 0);
	assert_int_equal(sendto(fd, data, size, 0, (const struct sockaddr *)&to, sizeof(to)), size);
	close(fd);
}

static void what_is_not_a_hosts_copy_is_refused(void **state)
{
	const struct test_frame f = test_frame_udp(2, 9);
	struct tw_geneve header = { .tag = 77, .sequence = 1 };
	size_t len = test_frame_write(&f, octets + TW_GENEVE_HEADER) + TW_GENEVE_HEADER;
	uint64_t n = 0;

	memcpy(header.key, key, sizeof(key));
	tw_geneve_write(&header, octets);
	send_datagram("127.0.0.9", octets, len); /* from somebody else */
	wait_for(++n);
	assert_int_equal(stats_of().refused, 1);
	header.key[7] ^= 1;
	tw_geneve_write(&header, octets);
	send_datagram("127.0.0.1", octets, len); /* with another key */
	wait_for(++n);
	assert_int_equal(stats_of().refused, 2);
	header.key[7] ^= 1;
	header.tag = 78;
	tw_geneve_write(&header, octets);
	send_datagram("127.0.0.1", octets, len); /* of no mirror */
	wait_for(++n);
	send_datagram("127.0.0.1", octets, TW_GENEVE_HEADER + 13); /* no whole frame */
	wait_for(++n);
	send_datagram("127.0.0.1", "x", 1);
	wait_for(++n);
	send_datagram("127.0.0.1", octets, 0);
	wait_for(++n);
	assert_int_equal(tw_arrivals_refused(arrivals), 4);
	rs_run();
	rs_expect_silence();
	header.tag = 77;
	tw_geneve_write(&header, octets);
	send_datagram("127.0.0.1", octets, len); /* as it should be */
	wait_for(++n);
	memset(octets + len, 0, 20000);
	send_datagram("127.0.0.1", octets, 20000); /* more than any port takes */
	wait_for(++n);
	assert_int_equal(stats_of().failed, 1);
	rs_run();
	rs_expect_bytes(PORT, octets + TW_GENEVE_HEADER, len - TW_GENEVE_HEADER);
	rs_expect_silence();
}

static void what_got_lost_between_is_counted_and_a_new_configuration_remembers(void **state)
{
	const struct test_frame f = test_frame_udp(2, 9);
	struct tw_geneve header = { .tag = 77 };
	size_t len = test_frame_write(&f, octets + TW_GENEVE_HEADER) + TW_GENEVE_HEADER;
	static const uint32_t numbers[] = { 100, 101, 105, 103 };

	memcpy(header.key, key, sizeof(key));
	for (unsigned i = 0; i < 4; i++) {
		header.sequence = numbers[i];
		tw_geneve_write(&header, octets);
		send_datagram("127.0.0.1", octets, len);
		wait_for(i + 1);
	}
	assert_int_equal(stats_of().lost, 2);
	take_in("127.0.0.1", PORT);
	header.sequence = 108;
	tw_geneve_write(&header, octets);
	send_datagram("127.0.0.1", octets, len);
	wait_for(5);
	assert_int_equal(stats_of().lost, 4);
	rs_run();
	assert_int_equal(stats_of().sent, 5);
	for (unsigned i = 0; i < 5; i++)
		rs_expect_bytes(PORT, octets + TW_GENEVE_HEADER, len - TW_GENEVE_HEADER);
}

static void nothing_is_listened_to_without_an_end(void **state)
{
	struct tw_sink *sink = open_sink("127.0.0.1", "127.0.0.1", 77);
	const struct test_frame f = test_frame_udp(2, 9);
	size_t len = test_frame_write(&f, octets);
	struct tw_sink_stats sent;
	struct tw_arrival_stats stats[TW_MIRRORS_MAX];

	tw_arrivals_configure(arrivals, NULL, NULL);
	assert_int_equal(tw_arrivals_get_stats(arrivals, stats), 0);
	send_octets(sink, octets, len);
	send_octets(sink, octets, len);
	tw_sink_get_stats(sink, &sent);
	assert_int_equal(sent.packets, 1);
	assert_int_equal(sent.failed, 1);
	assert_string_equal(sent.error, "the port's host: Connection refused");
	take_in("127.0.0.1", PORT); /* it is back */
	send_octets(sink, octets, len);
	wait_for(1);
	tw_sink_get_stats(sink, &sent);
	assert_string_equal(sent.error, "");
	rs_run();
	rs_expect_bytes(PORT, octets, len);
	close_sink(sink);
}

static void addresses_that_are_not_the_hosts_are_said(void **state)
{
	struct tw_sink *sink = open_sink("127.0.0.1", "192.0.2.77", 77);
	struct tw_sink_stats sent;

	send_octets(sink, octets, 60);
	tw_sink_get_stats(sink, &sent);
	assert_int_equal(sent.failed, 1);
	assert_string_equal(sent.error, "the tunnel address of this host: Cannot assign requested address");
	close_sink(sink);
	take_in("192.0.2.77", PORT);
	assert_string_equal(stats_of().error, "the tunnel address of this host: Cannot assign requested address");
	take_in("127.0.0.1", PORT);
	assert_string_equal(stats_of().error, "");
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(frames_arrive_as_they_were_by_ipv4),
		T(frames_arrive_as_they_were_by_ipv6),
		T(a_copy_is_not_mirrored_again_nor_metered_nor_learned),
		T(copies_for_a_port_that_is_not_up_are_counted),
		T(copies_that_the_port_has_no_room_for_are_counted),
		T(what_is_not_a_hosts_copy_is_refused),
		T(what_got_lost_between_is_counted_and_a_new_configuration_remembers),
		T(nothing_is_listened_to_without_an_end),
		T(addresses_that_are_not_the_hosts_are_said),
	};

	return cmocka_run_group_tests(tests, start, NULL);
}
