/* SPDX-License-Identifier: Apache-2.0 */
/*
 * flow_export_test.c - what an exporter tells a collector and when, over loopback, with the time as an argument:
 *                      announcements, waiting, sequence, pacing, new configurations, and what it knows of losses.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/log.h"
#include "flowexport/exporter.h"
#include "flowexport/target.h"
#include "tests/support/ipfix_decode.h"

#define START_MS UINT64_C(1800000000000)

enum { DATAGRAM_MAX = 65536, TEMPLATES = 20, OPTION_TEMPLATES = 12 };

static const struct tw_flow_record flow = {
	.key_flags = TW_FLOW_KEY_IPV4, .protocol = 17, .packets = 2, .l3_octets = 300, .ingress = 1
};

/* A collector, and the exporter under test. */
struct fixture {
	int fd;
	uint16_t port, peer_port;
	size_t longest;
	struct ipfix_decoder *decoder;
	unsigned identities; /* interface records received */
	uint32_t last_number;
	uint64_t ignored_packets, not_sent_flows, observed_flows; /* as last told */
	struct tw_exporter *exporter;
	struct tw_exporter_config config;
	uint64_t now;
};

static int listen_on(uint16_t *port)
{
	struct sockaddr_in sin = { .sin_family = AF_INET,
				   .sin_port = htons(*port),
				   .sin_addr = { htonl(INADDR_LOOPBACK) } };
	socklen_t size = sizeof(sin);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	const int buffer = 4 << 20;

	assert_true(fd >= 0);
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof(buffer));
	assert_int_equal(bind(fd, (struct sockaddr *)&sin, size), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&sin, &size), 0);
	*port = ntohs(sin.sin_port);
	return fd;
}

static void on_record(const struct ipfix_record *r, void *context)
{
	struct fixture *f = context;

	if (r->template_id == 322) {
		f->identities++;
		f->last_number = (uint32_t)ipfix_uint(r, 10);
	} else if (r->template_id == 325) {
		f->ignored_packets = ipfix_uint(r, 164);
	} else if (r->template_id == 333) {
		f->observed_flows = ipfix_uint(r, 163);
	} else if (r->template_id == 326) {
		f->not_sent_flows = ipfix_uint(r, 166);
	}
}

/* Take what has arrived. @return messages */
static unsigned collect(struct fixture *f)
{
	static uint8_t datagram[DATAGRAM_MAX];
	unsigned n = 0;

	for (;; n++) {
		struct sockaddr_in from;
		socklen_t from_size = sizeof(from);
		ssize_t size = recvfrom(f->fd, datagram, sizeof(datagram), 0, (struct sockaddr *)&from, &from_size);

		if (size < 0)
			return n;
		if ((size_t)size > f->longest)
			f->longest = (size_t)size;
		f->peer_port = ntohs(from.sin_port);
		assert_int_equal(ipfix_decode(f->decoder, datagram, (size_t)size, on_record, f), 0);
	}
}

/* From several targets at once the sequences mix. */
static void collect_undecoded(struct fixture *f)
{
	uint8_t octet;

	while (recv(f->fd, &octet, 1, MSG_TRUNC) >= 0)
		;
}

static const struct ipfix_counts *counts(const struct fixture *f)
{
	return ipfix_decoder_counts(f->decoder);
}

static unsigned tick_at(struct fixture *f, uint64_t after_start_ms)
{
	f->now = START_MS + after_start_ms;
	tw_exporter_tick(f->exporter, f->now);
	return collect(f);
}

static struct tw_exporter_stats stats_of(struct fixture *f)
{
	struct tw_exporter_stats stats[TW_TARGETS_MAX];

	assert_true(tw_exporter_get_stats(f->exporter, stats) >= 1);
	return stats[0];
}

static void configure(struct fixture *f)
{
	assert_int_equal(tw_exporter_configure(f->exporter, &f->config), 0);
}

static void set_collector(struct fixture *f, unsigned target, uint16_t port)
{
	char text[64];

	snprintf(text, sizeof(text), "127.0.0.1:%u", port);
	assert_int_equal(tw_exporter_parse_collector(text, &f->config.targets[target].collector,
						     &f->config.targets[target].collector_size),
			 0);
}

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	tw_log_init("test", TW_LOG_ERROR);
	f->fd = listen_on(&f->port);
	f->decoder = ipfix_decoder_create();
	f->exporter = tw_exporter_create();
	f->config = (struct tw_exporter_config){ .observation_domain = 7, .host = "a", .n_targets = 1 };
	f->config.targets[0] = (struct tw_exporter_target){ .name = "nf", .template_refresh_s = 60, .mtu = 1400 };
	set_collector(f, 0, f->port);
	configure(f);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	tw_exporter_destroy(f->exporter);
	ipfix_decoder_destroy(f->decoder);
	if (f->fd >= 0)
		close(f->fd);
	free(f);
	return 0;
}

static void add_flows(struct fixture *f, unsigned n)
{
	while (n--)
		tw_exporter_add(f->exporter, &flow);
}

static void templates_are_told_twice_before_the_first_record(void **state)
{
	struct fixture *f = *state;

	tick_at(f, 0);
	assert_int_equal(counts(f)->templates, TEMPLATES);
	assert_int_equal(counts(f)->option_templates, OPTION_TEMPLATES);
	add_flows(f, 1);
	tick_at(f, 200);
	assert_int_equal(counts(f)->templates, 2 * TEMPLATES);
	assert_int_equal(counts(f)->data_records, 1);
	assert_int_equal(counts(f)->unknown_sets, 0);
	tick_at(f, 1500);
	assert_int_equal(counts(f)->templates, 2 * TEMPLATES);
}

static void without_records_the_second_telling_comes_a_second_later(void **state)
{
	struct fixture *f = *state;

	tick_at(f, 0);
	assert_int_equal(tick_at(f, 900), 0);
	tick_at(f, 1000);
	assert_int_equal(counts(f)->templates, 2 * TEMPLATES);
	assert_int_equal(tick_at(f, 2000), 0);
}

static void templates_are_told_again_after_the_refresh_interval(void **state)
{
	struct fixture *f = *state;

	tick_at(f, 0);
	tick_at(f, 1000);
	assert_int_equal(tick_at(f, 60999), 0);
	tick_at(f, 61000);
	assert_int_equal(counts(f)->templates, 3 * TEMPLATES);
	assert_int_equal(counts(f)->option_templates, 3 * OPTION_TEMPLATES);
	assert_int_equal(counts(f)->changed_layouts, 0);
	/* the clock is set back by an hour: told at once, and every interval from there */
	f->now -= 3600000;
	tw_exporter_tick(f->exporter, f->now);
	collect(f);
	assert_int_equal(counts(f)->templates, 4 * TEMPLATES);
	tw_exporter_tick(f->exporter, f->now + 59000);
	assert_int_equal(collect(f), 0);
	tw_exporter_tick(f->exporter, f->now + 60000);
	collect(f);
	assert_int_equal(counts(f)->templates, 5 * TEMPLATES);
	assert_int_equal(counts(f)->sequence_errors, 0);
}

static void templates_are_told_again_after_many_messages(void **state)
{
	struct fixture *f = *state;

	tick_at(f, 0);
	tick_at(f, 1000);
	for (unsigned i = 0; i < 5000; i++) {
		add_flows(f, 1);
		tw_exporter_flush(f->exporter, f->now);
		collect(f);
		if (i % 100 == 0)
			tick_at(f, 1000 + i);
	}
	assert_int_equal(counts(f)->templates, 3 * TEMPLATES);
	assert_int_equal(counts(f)->data_records, 5000);
	assert_int_equal(counts(f)->sequence_errors, 0);
}

static void a_record_waits_for_company_but_no_longer_than_200_ms(void **state)
{
	struct fixture *f = *state;

	tick_at(f, 0);
	tick_at(f, 1000);
	add_flows(f, 1);
	assert_int_equal(tick_at(f, 1199), 0);
	add_flows(f, 1);
	assert_int_equal(tick_at(f, 1200), 1);
	assert_int_equal(counts(f)->data_records, 2);
	add_flows(f, 12); /* (1372 - 20) / 105 */
	assert_int_equal(collect(f), 0);
	add_flows(f, 1); /* a full message does not wait */
	assert_int_equal(collect(f), 1);
	tw_exporter_flush(f->exporter, f->now);
	assert_int_equal(collect(f), 1);
	assert_int_equal(counts(f)->data_records, 15);
}

static void the_sequence_counts_every_data_record_before(void **state)
{
	struct fixture *f = *state;
	static const struct tw_flow_identity who[] = { { .number = 1, .name = "a/0" }, { .number = 5, .name = "b/0" } };

	f->config.n_identities = 2;
	f->config.identities = who;
	configure(f);
	for (unsigned i = 0; i < 700; i++) {
		tick_at(f, i * 100);
		add_flows(f, i % 40);
	}
	tw_exporter_flush(f->exporter, f->now);
	collect(f);
	assert_true(counts(f)->option_records > 0);
	assert_int_equal(counts(f)->sequence_errors, 0);
	assert_int_equal(counts(f)->unknown_sets, 0);
	assert_int_equal(stats_of(f).records, counts(f)->data_records);
	assert_int_equal(stats_of(f).messages, counts(f)->messages);
	assert_int_equal(stats_of(f).lost_records, 0);
}

static void no_message_is_longer_than_the_mtu_less_its_headers(void **state)
{
	static const uint16_t mtus[] = { 0, 512, 513, 575, 1000, 1280, 1400, 1500, 8999, 9000, 65535 };
	struct fixture *f = *state;
	struct tw_flow_identity who = { .number = 1 };
	uint64_t sent = 0;

	memset(who.name, 'n', sizeof(who.name) - 1);
	memset(who.vm_name, 'v', sizeof(who.vm_name) - 1);
	f->config.n_identities = 1;
	f->config.identities = &who;
	for (size_t i = 0; i < sizeof(mtus) / sizeof(*mtus); i++) {
		size_t mtu = mtus[i] < 512 ? 512 : mtus[i] > 9000 ? 9000 : mtus[i];

		f->config.targets[0].mtu = mtus[i];
		who.uuid[0]++;
		configure(f);
		f->longest = 0;
		tick_at(f, i * 61000);
		add_flows(f, 300);
		tw_exporter_flush(f->exporter, f->now);
		collect(f);
		assert_true(f->longest <= mtu - 28);
		assert_true(f->longest > mtu - 28 - 4 - 105); /* and is made use of */
		assert_int_equal(counts(f)->data_records, sent += 300);
	}
	assert_int_equal(counts(f)->sequence_errors, 0);
}

static struct tw_flow_identity *make_identities(unsigned n)
{
	struct tw_flow_identity *who = calloc(n, sizeof(*who));

	for (unsigned i = 0; i < n; i++) {
		who[i].number = 1 + i;
		snprintf(who[i].name, sizeof(who[i].name), "vm%u/eth0", i);
		snprintf(who[i].vm_name, sizeof(who[i].vm_name), "vm%u", i);
	}
	return who;
}

static void a_large_table_is_told_a_few_messages_at_a_tick_and_a_change_by_itself(void **state)
{
	enum { N = 65536 };
	struct fixture *f = *state;
	struct tw_flow_identity *who = make_identities(N);
	uint64_t at = 0;

	f->config.n_identities = N;
	f->config.identities = who;
	f->config.targets[0].template_refresh_s = 86400;
	configure(f);
	do
		assert_true(tick_at(f, at += 100) <= TW_TARGET_TABLE_OCTETS / 1000);
	while (f->identities < N && at < 1000000);
	assert_int_equal(f->identities, N);
	assert_int_equal(f->last_number, N);
	assert_int_equal(tick_at(f, at + 100), 0);

	strcpy(who[40000].vm_name, "renamed");
	configure(f);
	assert_int_equal(tick_at(f, at + 200), 1);
	assert_int_equal(f->identities, N + 1);
	assert_int_equal(f->last_number, 40001);
	assert_int_equal(counts(f)->sequence_errors, 0);
	free(who);
}

static void a_table_that_changes_while_it_is_told_ends_complete(void **state)
{
	enum { N = 5000 };
	struct fixture *f = *state;
	struct tw_flow_identity *who = make_identities(N);

	f->config.n_identities = N - 1;
	f->config.identities = who + 1; /* number 1 comes later */
	configure(f);
	tick_at(f, 0);
	assert_true(f->identities > 0 && f->identities < N - 1);
	f->config.n_identities = N;
	f->config.identities = who;
	configure(f);
	for (unsigned i = 1; i < 20; i++)
		tick_at(f, i * 50);
	assert_int_equal(f->identities, N);
	assert_int_equal(f->last_number, 1);
	free(who);
}

static void a_target_that_stays_keeps_its_port_and_sequence(void **state)
{
	struct fixture *f = *state;
	uint16_t port;

	tick_at(f, 0);
	add_flows(f, 3);
	tick_at(f, 1000);
	port = f->peer_port;
	add_flows(f, 2);
	f->config.targets[0].mtu = 600;
	f->config.targets[0].template_refresh_s = 10;
	f->config.n_targets = 2;
	f->config.targets[1] = f->config.targets[0];
	strcpy(f->config.targets[1].name, "other");
	set_collector(f, 1, 9); /* nobody there */
	configure(f);
	tick_at(f, 1100);
	assert_int_equal(counts(f)->data_records, 5); /* what was open is not forgotten */
	f->longest = 0;
	add_flows(f, 20);
	tick_at(f, 1300);
	assert_true(f->longest > 0 && f->longest <= 600 - 28);
	assert_int_equal(f->peer_port, port);
	assert_int_equal(counts(f)->templates, 2 * TEMPLATES);
	assert_int_equal(counts(f)->sequence_errors, 0);
	tick_at(f, 11000); /* the new refresh interval holds */
	assert_int_equal(counts(f)->templates, 3 * TEMPLATES);
}

static void another_domain_begins_anew(void **state)
{
	struct fixture *f = *state;

	tick_at(f, 0);
	add_flows(f, 3);
	f->config.observation_domain = 8;
	configure(f);
	tick_at(f, 100);
	assert_int_equal(counts(f)->data_records, 3); /* under the old domain */
	add_flows(f, 2);
	tick_at(f, 300);
	assert_int_equal(counts(f)->data_records, 5);
	assert_int_equal(counts(f)->unknown_sets, 0);
	assert_int_equal(counts(f)->sequence_errors, 0);
	assert_int_equal(counts(f)->templates, 4 * TEMPLATES);
}

static void a_target_that_is_removed_gets_what_was_open_and_no_more(void **state)
{
	struct fixture *f = *state;
	struct tw_exporter_stats stats[TW_TARGETS_MAX];

	tick_at(f, 0);
	add_flows(f, 3);
	f->config.n_targets = 0;
	configure(f);
	tick_at(f, 100);
	assert_int_equal(counts(f)->data_records, 3);
	add_flows(f, 3);
	assert_int_equal(tick_at(f, 1000), 0);
	assert_int_equal(tw_exporter_get_stats(f->exporter, stats), 0);
}

static void every_record_that_a_dead_collector_missed_is_counted_lost(void **state)
{
	struct fixture *f = *state;
	struct tw_exporter_stats stats;
	uint64_t at = 0;

	close(f->fd);
	f->fd = -1;
	for (unsigned i = 0; i < 20; i++) {
		f->now = START_MS + (at += 100);
		tw_exporter_tick(f->exporter, f->now);
		add_flows(f, 50);
	}
	tw_exporter_flush(f->exporter, f->now);
	stats = stats_of(f);
	assert_int_equal(stats.records, 0);
	assert_int_equal(stats.lost_records, 1000);
	assert_string_equal(stats.error, "Connection refused");

	/* it comes back: within a second it has templates, then tables, and nothing more is lost */
	f->fd = listen_on(&f->port);
	for (unsigned i = 0; i < 11; i++)
		tick_at(f, at += 100);
	assert_true(counts(f)->templates >= TEMPLATES);
	add_flows(f, 30);
	for (unsigned i = 0; i < 30; i++)
		tick_at(f, at += 100);
	stats = stats_of(f);
	assert_int_equal(counts(f)->data_records, 30);
	assert_int_equal(counts(f)->unknown_sets, 0);
	assert_int_equal(stats.records, 30);
	assert_int_equal(stats.lost_records, 1000);
	assert_string_equal(stats.error, "");
	assert_int_equal(f->not_sent_flows, 1000); /* and the collector is told */
}

static void a_collector_without_a_route_costs_records_but_not_the_others(void **state)
{
	struct fixture *f = *state;
	struct tw_exporter_stats stats[TW_TARGETS_MAX];

	/* a multicast scope of 0 never leaves the host, and UDP sockets refuse the broadcast address: EACCES */
	f->config.n_targets = 2;
	f->config.targets[1] = f->config.targets[0];
	strcpy(f->config.targets[1].name, "nowhere");
	assert_int_equal(tw_exporter_parse_collector("255.255.255.255:4739", &f->config.targets[1].collector,
						     &f->config.targets[1].collector_size),
			 0);
	configure(f);
	tick_at(f, 0);
	add_flows(f, 10);
	tick_at(f, 300);
	tick_at(f, 600);
	assert_int_equal(counts(f)->data_records, 10);
	assert_int_equal(tw_exporter_get_stats(f->exporter, stats), 2);
	assert_int_equal(stats[0].records, 10);
	assert_int_equal(stats[1].records, 0);
	assert_int_equal(stats[1].lost_records, 10);
	assert_true(strlen(stats[1].error) > 0);
}

static void packets_that_were_not_metered_are_told_to_the_collector(void **state)
{
	struct fixture *f = *state;

	tick_at(f, 0);
	assert_int_equal(f->ignored_packets, 0);
	tw_exporter_note_lost(f->exporter, 12, 3400);
	tw_exporter_note_lost(f->exporter, 3, 100);
	tick_at(f, 1000);
	assert_int_equal(f->ignored_packets, 15);
}

struct runner {
	struct tw_exporter *exporter;
	uint64_t added;
	bool stop;
};

static void flows_that_ended_are_told_to_the_collector(void **state)
{
	struct fixture *f = *state;
	struct tw_flow_record r = flow;

	configure(f);
	tick_at(f, 0);
	assert_int_equal(f->observed_flows, 0);
	for (unsigned i = 0; i < 4; i++) {
		r.end_reason =
			i < 2 ? TW_FLOW_END_ACTIVE : TW_FLOW_END_IDLE; /* one goes on and then ends; and another */
		tw_exporter_add(f->exporter, &r);
	}
	r.key_flags |= TW_FLOW_KEY_MANY; /* no flow at all */
	tw_exporter_add(f->exporter, &r);
	tick_at(f, 61000);
	assert_int_equal(f->observed_flows, 2);
}

static void *run_exporter(void *context)
{
	struct runner *r = context;

	for (uint64_t now = START_MS; !__atomic_load_n(&r->stop, __ATOMIC_ACQUIRE); now += 10) {
		tw_exporter_tick(r->exporter, now);
		tw_exporter_add(r->exporter, &flow);
		__atomic_add_fetch(&r->added, 1, __ATOMIC_RELEASE);
	}
	return NULL;
}

static void configuring_and_asking_disturb_no_record_while_the_exporter_runs(void **state)
{
	static const struct tw_flow_identity who = { .number = 1, .name = "a/0" };
	struct fixture *f = *state;
	struct runner r = { .exporter = f->exporter };
	struct tw_exporter_stats stats[TW_TARGETS_MAX];
	pthread_t thread;

	assert_int_equal(pthread_create(&thread, NULL, run_exporter, &r), 0);
	for (unsigned i = 0; i < 300; i++) {
		f->config.n_targets = 1 + i % 2;
		f->config.targets[1] = f->config.targets[0];
		f->config.targets[1].name[0] = (char)('A' + i % 7);
		f->config.n_identities = i % 3 == 0;
		f->config.identities = &who;
		configure(f);
		assert_true(tw_exporter_get_stats(f->exporter, stats) <= 2);
		collect_undecoded(f);
		for (uint64_t added = __atomic_load_n(&r.added, __ATOMIC_ACQUIRE);
		     __atomic_load_n(&r.added, __ATOMIC_ACQUIRE) == added;)
			sched_yield();
	}
	__atomic_store_n(&r.stop, true, __ATOMIC_RELEASE);
	pthread_join(thread, NULL);
	tw_exporter_flush(f->exporter, START_MS);
	tw_exporter_get_stats(f->exporter, stats);
	assert_int_equal(stats[0].records + stats[0].lost_records, r.added);
}

static void a_bad_configuration_is_refused_and_the_former_stays(void **state)
{
	static const struct tw_flow_identity unsorted[] = { { .number = 2 }, { .number = 2 } };
	struct fixture *f = *state;
	struct tw_exporter_config bad = f->config;

	tick_at(f, 0);
	bad.observation_domain = 0;
	assert_int_equal(tw_exporter_configure(f->exporter, &bad), -EINVAL);
	bad = f->config;
	bad.n_targets = TW_TARGETS_MAX + 1;
	assert_int_equal(tw_exporter_configure(f->exporter, &bad), -EINVAL);
	bad = f->config;
	bad.targets[0].collector_size = 0;
	assert_int_equal(tw_exporter_configure(f->exporter, &bad), -EINVAL);
	bad = f->config;
	bad.n_identities = 2;
	bad.identities = unsorted;
	assert_int_equal(tw_exporter_configure(f->exporter, &bad), -EINVAL);
	add_flows(f, 1);
	tick_at(f, 300);
	assert_int_equal(counts(f)->data_records, 1);
}

static void a_collectors_address_is_numeric_with_a_port(void **state)
{
	static const char *const bad[] = {
		"",          "10.0.0.1",         "10.0.0.1:",      "10.0.0.1:0",  "10.0.0.1:65536",
		":4739",     "10.0.0:4739",      "host:4739",      "[::1]",       "[::1]:",
		"[::1:4739", "[::g]:4739",       "10.0.0.1:4739 ", "10.0.0.1:+1", "[10.0.0.1]:4739",
		"::1:4739",  "10.0.0.1:00004739"
	};
	struct sockaddr_storage addr, untouched;
	socklen_t size = 77;

	memset(&addr, 0xee, sizeof(addr));
	untouched = addr;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		assert_int_equal(tw_exporter_parse_collector(bad[i], &addr, &size), -EINVAL);
		assert_memory_equal(&addr, &untouched, sizeof(addr));
		assert_int_equal(size, 77);
	}
	assert_int_equal(tw_exporter_parse_collector("10.0.0.9:4739", &addr, &size), 0);
	assert_int_equal(addr.ss_family, AF_INET);
	assert_int_equal(ntohs(((struct sockaddr_in *)&addr)->sin_port), 4739);
	assert_int_equal(size, sizeof(struct sockaddr_in));
	assert_int_equal(tw_exporter_parse_collector("[2001:db8::9]:65535", &addr, &size), 0);
	assert_int_equal(addr.ss_family, AF_INET6);
	assert_int_equal(ntohs(((struct sockaddr_in6 *)&addr)->sin6_port), 65535);
	assert_int_equal(size, sizeof(struct sockaddr_in6));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(templates_are_told_twice_before_the_first_record),
		TEST(without_records_the_second_telling_comes_a_second_later),
		TEST(templates_are_told_again_after_the_refresh_interval),
		TEST(templates_are_told_again_after_many_messages),
		TEST(a_record_waits_for_company_but_no_longer_than_200_ms),
		TEST(the_sequence_counts_every_data_record_before),
		TEST(no_message_is_longer_than_the_mtu_less_its_headers),
		TEST(a_large_table_is_told_a_few_messages_at_a_tick_and_a_change_by_itself),
		TEST(a_table_that_changes_while_it_is_told_ends_complete),
		TEST(a_target_that_stays_keeps_its_port_and_sequence),
		TEST(another_domain_begins_anew),
		TEST(a_target_that_is_removed_gets_what_was_open_and_no_more),
		TEST(every_record_that_a_dead_collector_missed_is_counted_lost),
		TEST(a_collector_without_a_route_costs_records_but_not_the_others),
		TEST(packets_that_were_not_metered_are_told_to_the_collector),
		TEST(flows_that_ended_are_told_to_the_collector),
		TEST(configuring_and_asking_disturb_no_record_while_the_exporter_runs),
		TEST(a_bad_configuration_is_refused_and_the_former_stays),
		cmocka_unit_test(a_collectors_address_is_numeric_with_a_port),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
