/* SPDX-License-Identifier: Apache-2.0 */
/*
 * central_pump_test.c - from the controller's spool to collectors (controlplane/central/pump.h): each record once, whoever is away.
 *                       Time is an argument; only the kernel's loopback is waited for.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/log.h"
#include "controlplane/central/entry.h"
#include "controlplane/central/pump.h"
#include "flowexport/trial.h"
#include "tests/support/ipfix_decode.h"

#define START_MS UINT64_C(1800000000000)

enum { STEP_MS = 50, STEPS_MAX = 4000, BUFFER = 1 << 20, PORTS = 4000 };

static const struct tw_spool_limits limits = { .octets = 1 << 20, .segment_octets = 1 << 14 };

struct fixture {
	char folder[64];
	struct tw_spool *spool;
	struct tw_cursors *cursors;
	struct tw_pump *pump;
	struct tw_central_pump config;
	struct tw_exporter_config common;
	uint64_t now, ordinal;
	uint64_t revision; /* of what is put; 0 = not known */
	bool talks;        /* what is put: from even ports requests to the next one, from odd ports answers */
	uint64_t biflows;  /* received; both directions' records count as such, too */
	uint32_t ingress;
	uint8_t key_flags;
	/* the collector */
	int listener, fd; /* UDP: fd alone; -1 = away */
	struct sockaddr_in address;
	struct ipfix_decoder *decoder;
	size_t have;
	uint8_t buffer[BUFFER];
	uint32_t came[PORTS];               /* records by their source port */
	uint64_t received, tests, observed; /* the last: as the exporter says */
	uint32_t domain, original, test_original;
	uint16_t template_id;
};

static void start_pump(struct fixture *f)
{
	const struct tw_cursor start = { .at = tw_spool_end(f->spool), .ordinal = f->ordinal };

	f->cursors = tw_cursors_open(f->folder);
	assert_non_null(f->cursors);
	f->pump = tw_pump_create(f->folder, f->cursors, &f->config, &f->common, &start);
	assert_non_null(f->pump);
}

static void stop_pump(struct fixture *f)
{
	tw_pump_destroy(f->pump, f->now);
	tw_cursors_close(f->cursors);
	f->pump = NULL;
}

static int set_up_transport(void **state, enum tw_flow_transport transport)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct tw_exporter_target *t = &f->config.targets[0];
	int type = transport == TW_TRANSPORT_TCP ? SOCK_STREAM : SOCK_DGRAM, probe;
	socklen_t size = sizeof(f->address);

	tw_log_init("test", TW_LOG_ERROR);
	snprintf(f->folder, sizeof(f->folder), "/tmp/pump_test.XXXXXX");
	assert_non_null(mkdtemp(f->folder));
	f->now = START_MS;
	f->spool = tw_spool_open(f->folder, &limits, f->now);
	f->fd = f->listener = -1;
	f->address = (struct sockaddr_in){ .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
	probe = socket(AF_INET, type | SOCK_CLOEXEC, 0); /* a port that is free */
	assert_int_equal(bind(probe, (struct sockaddr *)&f->address, size), 0);
	assert_int_equal(getsockname(probe, (struct sockaddr *)&f->address, &size), 0);
	close(probe);
	f->common.observation_domain = 65535;
	f->common.mediates = true;
	snprintf(f->config.key, sizeof(f->config.key), "nf");
	f->config.n_targets = 1;
	snprintf(t->name, sizeof(t->name), "nf");
	t->transport = transport;
	t->resends = true;
	t->mtu = 1400;
	t->template_refresh_s = 60;
	memcpy(&t->collector, &f->address, sizeof(f->address));
	t->collector_size = sizeof(f->address);
	start_pump(f);
	*state = f;
	return 0;
}

static int set_up_udp(void **state)
{
	return set_up_transport(state, TW_TRANSPORT_UDP);
}

static int set_up_tcp(void **state)
{
	return set_up_transport(state, TW_TRANSPORT_TCP);
}

static void leave(struct fixture *f)
{
	if (f->fd >= 0)
		close(f->fd);
	if (f->listener >= 0)
		close(f->listener);
	f->fd = f->listener = -1;
	f->have = 0;
	ipfix_decoder_destroy(f->decoder);
	f->decoder = NULL;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;
	char command[128];

	if (f->pump)
		stop_pump(f);
	leave(f);
	tw_spool_close(f->spool);
	snprintf(command, sizeof(command), "rm -rf %s", f->folder);
	assert_int_equal(system(command), 0);
	free(f);
	return 0;
}

static void come(struct fixture *f)
{
	bool tcp = f->config.targets[0].transport == TW_TRANSPORT_TCP;
	int one = 1, fd = socket(AF_INET, (tcp ? SOCK_STREAM : SOCK_DGRAM) | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	assert_int_equal(bind(fd, (struct sockaddr *)&f->address, sizeof(f->address)), 0);
	if (tcp)
		assert_int_equal(listen(fd, 4), 0);
	f->listener = tcp ? fd : -1;
	f->fd = tcp ? -1 : fd;
	f->decoder = ipfix_decoder_create();
}

static void on_record(const struct ipfix_record *r, void *context)
{
	struct fixture *f = context;
	uint64_t port = ipfix_uint(r, 7);

	if (r->is_options && ipfix_find(r, 163))
		f->observed = ipfix_uint(r, 163);
	if (r->is_options)
		return;
	if (ipfix_uint(r, 10) == TW_TRIAL_INTERFACE) {
		f->tests++;
		f->test_original = (uint32_t)ipfix_uint(r, 405);
		return;
	}
	f->received++;
	assert_in_range(port, 0, PORTS - 1);
	f->came[port]++;
	f->domain = r->domain;
	f->template_id = r->template_id;
	if (ipfix_find_reverse(r, 2)) {
		assert_int_equal(port % 2, 0); /* from the end that began */
		f->came[ipfix_uint(r, 11)]++;
		f->received++;
		f->biflows++;
	}
	f->original = (uint32_t)ipfix_uint(r, 405);
}

static void decode(struct fixture *f, const uint8_t *message, size_t size)
{
	assert_int_equal(ipfix_decode(f->decoder, message, size, on_record, f), 0);
}

static void collect_stream(struct fixture *f)
{
	size_t at = 0, size;

	for (; f->have - at >= 4; at += size) {
		size = (size_t)f->buffer[at + 2] << 8 | f->buffer[at + 3];
		if (size > f->have - at)
			break;
		decode(f, f->buffer + at, size);
	}
	memmove(f->buffer, f->buffer + at, f->have - at);
	f->have -= at;
}

static void collect(struct fixture *f)
{
	ssize_t n;

	if (f->fd < 0 && f->listener >= 0)
		f->fd = accept4(f->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	while (f->fd >= 0 && (n = recv(f->fd, f->buffer + f->have, sizeof(f->buffer) - f->have, 0)) >= 0) {
		if (n == 0) { /* the session is over: the next one is told everything anew */
			close(f->fd);
			f->fd = -1;
			ipfix_decoder_destroy(f->decoder);
			f->decoder = ipfix_decoder_create();
			return;
		}
		if (f->listener < 0) {
			decode(f, f->buffer, (size_t)n);
			continue;
		}
		f->have += (size_t)n;
		collect_stream(f);
	}
}

static void make_talk(const struct fixture *f, struct tw_flow_record *r, uint16_t port)
{
	bool asks = port % 2 == 0;

	r->ingress = asks ? 1 : 2;
	r->egress = asks ? 2 : 1;
	r->src_ip[0] = (uint8_t)r->ingress;
	r->dst_ip[0] = (uint8_t)r->egress;
	r->dst_port = asks ? port + 1 : port - 1;
	r->first_ms = START_MS + !asks;
}

/* n records into the spool, an entry each `each`; their source ports go on from `from`, of talks by twos. */
static void put(struct fixture *f, uint32_t from, uint32_t n, uint32_t each)
{
	static struct tw_batch batch;
	static uint8_t octets[TW_SPOOL_ENTRY_MAX];
	const struct tw_batch_head head = { .epoch = 1, .sequence = 1, .revision = f->revision };
	struct tw_flow_record record = { .ingress = f->ingress,
					 .key_flags = TW_FLOW_KEY_IPV4 | f->key_flags,
					 .protocol = 17,
					 .packets = 1,
					 .l3_octets = 100 };

	for (uint32_t done = 0; done < n;) {
		struct tw_central_entry entry = { .ordinal = f->ordinal, .host = "a", .origin = { .domain = 42 } };
		size_t size;

		tw_batch_begin(&batch);
		for (uint32_t i = 0; i < each && done < n; i++, done++) {
			record.src_port = (uint16_t)(from + (f->talks ? 2 * done : done));
			if (f->talks)
				make_talk(f, &record, record.src_port);
			assert_true(tw_batch_add(&batch, &record));
		}
		tw_batch_finish(&batch, &head);
		entry.n_passed = batch.n;
		entry.passed[0] = (struct tw_octets){ batch.octet, batch.size };
		size = tw_entry_write(octets, sizeof(octets), &entry);
		assert_int_equal(tw_spool_append(f->spool, octets, size, f->now), 0);
		f->ordinal += entry.n_passed;
	}
}

/* Of the one collector; lost_records is what the spool gave up. */
static struct tw_exporter_stats stats_of(const struct fixture *f)
{
	struct tw_exporter_stats stats[TW_TARGETS_MAX];
	uint64_t lost;

	if (tw_pump_get_stats(f->pump, stats, &lost) == 0) /* before its first step */
		return (struct tw_exporter_stats){ 0 };
	stats[0].lost_records += lost;
	return stats[0];
}

static struct tw_exporter_stats step(struct fixture *f)
{
	f->now += STEP_MS;
	tw_pump_step(f->pump, f->now);
	usleep(200);
	collect(f);
	return stats_of(f);
}

static void run_until_received(struct fixture *f, uint64_t n)
{
	for (int i = 0; f->received < n && i < STEPS_MAX; i++)
		step(f);
	for (int i = 0; i < 20; i++) /* and no more */
		step(f);
	assert_int_equal(f->received, n);
}

static void each_came_once(const struct fixture *f, uint32_t from, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		assert_int_equal(f->came[from + i], 1);
}

static void records_go_out_with_their_origin(void **state)
{
	struct fixture *f = *state;

	come(f);
	step(f);
	put(f, 0, 500, 50);
	run_until_received(f, 500);
	each_came_once(f, 0, 500);
	assert_int_equal(f->domain, 65535);
	assert_int_equal(f->original, 42);
	assert_int_equal(f->template_id, 640);
	assert_int_equal(ipfix_decoder_counts(f->decoder)->sequence_errors, 0);
	assert_int_equal(ipfix_decoder_counts(f->decoder)->unknown_sets, 0);
}

static void what_was_exported_is_not_again_after_a_restart(void **state)
{
	struct fixture *f = *state;

	come(f);
	step(f);
	put(f, 0, 300, 70);
	run_until_received(f, 300);
	stop_pump(f);
	put(f, 300, 100, 70);
	start_pump(f);
	run_until_received(f, 400);
	each_came_once(f, 0, 400);
}

static void records_from_before_the_exporter_are_not_exported(void **state)
{
	struct fixture *f = *state;

	stop_pump(f);
	tw_cursors_forget(f->cursors = tw_cursors_open(f->folder), "nf");
	tw_cursors_close(f->cursors);
	put(f, 0, 100, 10);
	start_pump(f);
	come(f);
	put(f, 100, 100, 10);
	run_until_received(f, 100);
	each_came_once(f, 100, 100);
}

static void what_waits_for_a_collector_comes_once_it_is_there(void **state)
{
	struct fixture *f = *state;
	struct tw_exporter_stats stats;

	put(f, 0, 2000, 100);
	for (int i = 0; i < 200; i++)
		stats = step(f);
	assert_string_equal(stats.error, strerror(ECONNREFUSED));
	assert_int_equal(stats.lost_records, 0);
	come(f);
	run_until_received(f, 2000);
	each_came_once(f, 0, 2000);
	leave(f);
	put(f, 2000, 1500, 100);
	for (int i = 0; i < 100; i++)
		step(f);
	stop_pump(f); /* the controller is restarted meanwhile */
	start_pump(f);
	for (int i = 0; i < 100; i++)
		step(f);
	come(f);
	run_until_received(f, 3500);
	each_came_once(f, 0, 3500);
	stats = stats_of(f);
	assert_int_equal(stats.lost_records, 0);
	assert_string_equal(stats.error, "");
}

static void what_the_spool_gave_up_is_said_to_be_lost(void **state)
{
	struct fixture *f = *state;
	struct tw_exporter_stats stats;
	struct tw_spool_stats spool;

	for (int i = 0; i < 100; i++) /* the collector is away */
		step(f);
	for (int i = 0; i < 200; i++)
		put(f, 0, 300, 300);
	tw_spool_get_stats(f->spool, &spool);
	assert_true(spool.dropped_full > 0);
	come(f);
	for (int i = 0; f->received < 1000 && i < STEPS_MAX; i++)
		step(f);
	for (int i = 0; i < 2000; i++)
		stats = step(f);
	assert_true(stats.lost_records > 0);
	assert_int_equal(f->received + stats.lost_records, 60000);
}

/* Also of records that came back, and were exported again. */
static void flows_are_said_to_be_observed_once(void **state)
{
	struct fixture *f = *state;

	come(f);
	step(f);
	put(f, 0, 100, 50);
	run_until_received(f, 100);
	leave(f);
	put(f, 100, 200, 50);
	for (int i = 0; i < 100; i++)
		step(f);
	come(f);
	run_until_received(f, 300);
	for (int i = 0; i < 61 * 1000 / STEP_MS; i++) /* statistics are due */
		step(f);
	assert_int_equal(f->observed, 300);
}

static void a_cursor_that_is_torn_leaves_the_one_before(void **state)
{
	struct fixture *f = *state;
	const struct tw_cursor one = { .at = { 5, 6 }, .index = 7, .ordinal = 8 };
	const struct tw_cursor two = { .at = { UINT64_C(0x5a5b5c5d5e5f6061), 10 } };
	struct tw_cursor got;
	uint8_t octets[4096], *found;
	char path[128];
	FILE *file;

	assert_true(tw_cursors_set(f->cursors, "x", &one));
	assert_true(tw_cursors_get(f->cursors, "x", &got));
	assert_memory_equal(&got, &one, sizeof(one));
	assert_true(tw_cursors_set(f->cursors, "x", &two));
	snprintf(path, sizeof(path), "%s/cursors", f->folder);
	file = fopen(path, "r+");
	assert_int_equal(fread(octets, 1, sizeof(octets), file), sizeof(octets));
	found = memmem(octets, sizeof(octets), &two.at.segment, sizeof(two.at.segment));
	assert_non_null(found);
	fseek(file, found - octets, SEEK_SET); /* an octet of the newer one is wrong */
	assert_int_equal(fputc(99, file), 99);
	fclose(file);
	assert_true(tw_cursors_get(f->cursors, "x", &got));
	assert_memory_equal(&got, &one, sizeof(one));
}

/* Of every 7 records one is of port 5: entries have some, none, and one at their very end. */
static void put_mixed(struct fixture *f, uint32_t from, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		f->ingress = (from + i) % 7 ? 4 : 5;
		put(f, from + i, 1, 1);
	}
	f->ingress = 0;
}

static void only_what_the_scope_has_is_exported_also_after_a_restart(void **state)
{
	struct fixture *f = *state;
	struct tw_flow_scope *scope = &f->config.targets[0].scope;

	*scope = (struct tw_flow_scope){ .limited = true, .n_ports = 1, .ports = { 5 } };
	tw_pump_configure(f->pump, &f->config, &f->common);
	come(f);
	step(f);
	put_mixed(f, 0, 700);
	run_until_received(f, 100);
	stop_pump(f);
	put_mixed(f, 700, 700);
	start_pump(f);
	run_until_received(f, 200);
	for (uint32_t i = 0; i < 1400; i++)
		assert_int_equal(f->came[i], i % 7 == 0);
	assert_int_equal(stats_of(f).lost_records, 0);
}

/* Cut in the middle of entries: the cursor counts records, not those that went out. */
static void what_came_back_of_a_scope_is_exported_once(void **state)
{
	struct fixture *f = *state;
	struct tw_flow_scope *scope = &f->config.targets[0].scope;

	*scope = (struct tw_flow_scope){ .limited = true, .n_ports = 1, .ports = { 5 } };
	tw_pump_configure(f->pump, &f->config, &f->common);
	put_mixed(f, 0, 700);
	for (int i = 0; i < 100; i++) /* the collector is away: all come back */
		step(f);
	come(f);
	run_until_received(f, 100);
	leave(f);
	put_mixed(f, 700, 1400);
	for (int i = 0; i < 100; i++)
		step(f);
	come(f);
	run_until_received(f, 300);
	for (uint32_t i = 0; i < 2100; i++)
		assert_int_equal(f->came[i], i % 7 == 0);
}

static void second_sightings_are_for_those_who_want_both_sides(void **state)
{
	struct fixture *f = *state;

	come(f);
	step(f);
	f->key_flags = TW_FLOW_KEY_SECOND;
	put(f, 0, 10, 10);
	f->key_flags = 0;
	put(f, 10, 10, 10);
	run_until_received(f, 10);
	each_came_once(f, 10, 10);
	f->config.targets[0].scope.both_sides = true;
	tw_pump_configure(f->pump, &f->config, &f->common);
	step(f);
	f->key_flags = TW_FLOW_KEY_SECOND;
	put(f, 20, 10, 10);
	run_until_received(f, 20);
	each_came_once(f, 10, 20);
}

static void a_trial_goes_between_the_records_and_disturbs_none(void **state)
{
	struct fixture *f = *state;
	struct tw_export_trial result;

	come(f);
	step(f);
	put(f, 0, 500, 50);
	for (int i = 0; i < 3; i++)
		step(f);
	assert_int_equal(tw_pump_try(f->pump), 0);
	put(f, 500, 500, 50);
	run_until_received(f, 1000);
	each_came_once(f, 0, 1000);
	assert_true(tw_pump_tried(f->pump, &result));
	assert_int_equal(f->tests, TW_TRIAL_FLOWS);
	assert_int_equal(f->test_original, TW_TRIAL_INTERFACE);
	assert_int_equal(result.collectors[0].records, TW_TRIAL_FLOWS);
	assert_int_equal(result.domain, 65535);
	assert_int_equal(stats_of(f).test_records, TW_TRIAL_FLOWS);
	assert_int_equal(stats_of(f).records, 1000 + TW_TRIAL_FLOWS);
	assert_int_equal(ipfix_decoder_counts(f->decoder)->sequence_errors, 0);
	assert_int_equal(ipfix_decoder_counts(f->decoder)->unknown_sets, 0);
	stop_pump(f);
	start_pump(f);
	put(f, 1000, 10, 10);
	run_until_received(f, 1010);
}

static void a_trial_that_is_refused_is_not_sent_again_and_the_records_are(void **state)
{
	struct fixture *f = *state;
	struct tw_export_trial result;

	step(f);
	put(f, 0, 100, 10);
	for (int i = 0; i < 100; i++)
		step(f);
	assert_int_equal(tw_pump_try(f->pump), 0);
	for (int i = 0; i < 100; i++)
		step(f);
	assert_true(tw_pump_tried(f->pump, &result));
	assert_string_equal(result.collectors[0].error, strerror(ECONNREFUSED));
	come(f);
	run_until_received(f, 100);
	each_came_once(f, 0, 100);
	assert_int_equal(f->tests, 0);
}

static void a_record_that_went_another_way_does_not_go_this_way_too(void **state)
{
	struct fixture *f = *state;

	come(f);
	stop_pump(f);
	tw_cursors_forget(f->cursors = tw_cursors_open(f->folder), "nf");
	tw_cursors_close(f->cursors);
	f->config.since = 10;
	start_pump(f);
	f->revision = 9; /* that host had not heard of it: it may have sent them itself */
	put(f, 0, 10, 5);
	f->revision = 10;
	put(f, 10, 10, 5);
	run_until_received(f, 10);
	tw_pump_end(f->pump, 20);
	f->revision = 19;
	put(f, 20, 10, 5);
	f->revision = 20;
	put(f, 30, 10, 5);
	run_until_received(f, 20);
	stop_pump(f); /* the cursor keeps it */
	f->config.since = 30;
	start_pump(f);
	f->revision = 29;
	put(f, 40, 10, 5);
	f->revision = 30;
	put(f, 50, 10, 5);
	run_until_received(f, 30);
	each_came_once(f, 10, 20);
	each_came_once(f, 50, 10);
}

static void what_is_given_up_at_the_end_is_counted(void **state)
{
	struct fixture *f = *state;
	uint64_t n = 0;

	f->revision = 19;
	put(f, 0, 1000, 100);
	for (int i = 0; i < 50; i++) /* the collector is away */
		step(f);
	tw_pump_end(f->pump, 20);
	f->revision = 20; /* these are not this exporter's any more */
	put(f, 1000, 100, 100);
	while (!tw_pump_give_up(f->pump, &n))
		;
	assert_int_equal(n, 1000);
}

#define UDP(name) cmocka_unit_test_setup_teardown(name, set_up_udp, tear_down)
#define TCP(name)                                                    \
	{                                                            \
#name " over TCP", name, set_up_tcp, tear_down, NULL \
	}

/* ---- biflows ---- */

static void want_biflows(struct fixture *f)
{
	stop_pump(f);
	f->config.targets[0].biflow = true;
	f->talks = true;
	start_pump(f);
	step(f);
}

/* As the controller does before it ends. */
static void settle_and_stop(struct fixture *f)
{
	for (int i = 0; i < 100 && (i == 0 || !tw_pump_is_settled(f->pump)); i++) {
		f->now += STEP_MS;
		tw_pump_settle(f->pump, f->now);
		usleep(200);
		collect(f);
	}
	stop_pump(f);
}

static void directions_that_two_hosts_metered_leave_as_one(void **state)
{
	struct fixture *f = *state;

	come(f);
	want_biflows(f);
	put(f, 0, 500, 50);
	for (int i = 0; i < 40; i++)
		step(f);
	assert_int_equal(f->received, 0);
	assert_int_equal(stats_of(f).pairing.waiting, 500);
	put(f, 1, 500, 70);
	run_until_received(f, 1000);
	each_came_once(f, 0, 1000);
	assert_int_equal(f->biflows, 500);
	assert_int_equal(f->template_id, 640 + 384);
	assert_int_equal(f->original, 42);
	assert_int_equal(stats_of(f).pairing.biflows, 500);
	for (int i = 0; i < 61 * 1000 / STEP_MS; i++)
		step(f);
	assert_int_equal(f->observed, 1000);
	assert_int_equal(ipfix_decoder_counts(f->decoder)->sequence_errors, 0);
	assert_int_equal(ipfix_decoder_counts(f->decoder)->unknown_sets, 0);
}

static void a_direction_without_the_other_leaves_after_its_wait(void **state)
{
	struct fixture *f = *state;

	come(f);
	want_biflows(f);
	put(f, 0, 100, 50);
	for (int i = 0; i < TW_BIFLOW_WAIT_MS / STEP_MS - 5; i++)
		step(f);
	assert_int_equal(f->received, 0);
	run_until_received(f, 100);
	assert_int_equal(f->biflows, 0);
	assert_int_equal(stats_of(f).pairing.uniflows, 100);
}

static void biflows_wait_for_a_collector_and_come_once(void **state)
{
	struct fixture *f = *state;

	want_biflows(f);
	put(f, 0, 600, 100);
	put(f, 1, 500, 100);
	for (int i = 0; i < 100; i++)
		step(f);
	come(f);
	run_until_received(f, 1100); /* 100 of them alone */
	assert_int_equal(f->biflows, 500);
	leave(f);
	put(f, 2000, 300, 100);
	put(f, 2001, 300, 100);
	for (int i = 0; i < 100; i++)
		step(f);
	come(f);
	run_until_received(f, 1700);
	each_came_once(f, 0, 1000);
	each_came_once(f, 2000, 600);
	assert_int_equal(stats_of(f).lost_records, 0);
}

static void what_waits_to_be_paired_leaves_at_the_end_and_is_not_read_again(void **state)
{
	struct fixture *f = *state;

	come(f);
	want_biflows(f);
	put(f, 0, 100, 7);
	put(f, 1, 50, 20);
	for (int i = 0; i < 20; i++)
		step(f);
	assert_int_equal(f->received, 100);
	settle_and_stop(f);
	collect(f);
	assert_int_equal(f->received, 150);
	start_pump(f);
	put(f, 101, 50, 7);
	run_until_received(f, 200);
	each_came_once(f, 0, 200);
	assert_int_equal(f->biflows, 50);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UDP(records_go_out_with_their_origin),
		TCP(records_go_out_with_their_origin),
		UDP(what_was_exported_is_not_again_after_a_restart),
		TCP(what_was_exported_is_not_again_after_a_restart),
		UDP(records_from_before_the_exporter_are_not_exported),
		UDP(what_waits_for_a_collector_comes_once_it_is_there),
		TCP(what_waits_for_a_collector_comes_once_it_is_there),
		UDP(what_the_spool_gave_up_is_said_to_be_lost),
		UDP(flows_are_said_to_be_observed_once),
		TCP(flows_are_said_to_be_observed_once),
		UDP(a_cursor_that_is_torn_leaves_the_one_before),
		UDP(only_what_the_scope_has_is_exported_also_after_a_restart),
		TCP(only_what_the_scope_has_is_exported_also_after_a_restart),
		UDP(what_came_back_of_a_scope_is_exported_once),
		TCP(what_came_back_of_a_scope_is_exported_once),
		UDP(second_sightings_are_for_those_who_want_both_sides),
		UDP(a_trial_goes_between_the_records_and_disturbs_none),
		TCP(a_trial_goes_between_the_records_and_disturbs_none),
		UDP(a_trial_that_is_refused_is_not_sent_again_and_the_records_are),
		UDP(a_record_that_went_another_way_does_not_go_this_way_too),
		UDP(what_is_given_up_at_the_end_is_counted),
		UDP(directions_that_two_hosts_metered_leave_as_one),
		TCP(directions_that_two_hosts_metered_leave_as_one),
		UDP(a_direction_without_the_other_leaves_after_its_wait),
		UDP(biflows_wait_for_a_collector_and_come_once),
		TCP(biflows_wait_for_a_collector_and_come_once),
		UDP(what_waits_to_be_paired_leaves_at_the_end_and_is_not_read_again),
		TCP(what_waits_to_be_paired_leaves_at_the_end_and_is_not_read_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
