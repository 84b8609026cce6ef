/* SPDX-License-Identifier: Apache-2.0 */
/* central_intake_test.c - batches from hosts into the controller's spool (controlplane/central/intake.h), under a clock of its own. */
#include <setjmp.h>
#include <stdarg.h>
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/log.h"
#include "controlplane/central/intake.h"
#include "controlplane/central/joiner.h"

#define T0 UINT64_C(1800000000000)

enum { DOMAIN_A = 11, DOMAIN_B = 12, PORT_AT_A = 1, PORT_AT_B = 2 };

static const struct tw_spool_limits limits = { .octets = 4 << 20, .segment_octets = 1 << 16, .segment_ms = 30000 };
static const struct tw_spool_limits brief = {
	.octets = 4 << 20, .age_ms = 10000, .segment_octets = 1 << 16, .segment_ms = 1000
};
static const struct tw_spool_limits roomy = { .octets = 64 << 20, .segment_octets = 1 << 20 };
static const uint8_t address[4] = { 10, 0, 0, 1 };

static struct tw_directory_host hosts[] = { { "a", DOMAIN_A }, { "b", DOMAIN_B } };
static struct tw_directory_port ports[] = { { PORT_AT_A, DOMAIN_A }, { PORT_AT_B, DOMAIN_B } };
static uint64_t macs[] = { 0x020000000001, 0x020000000002 };
static const struct tw_directory directory = { 2, 2, 2, hosts, ports, macs };

struct fixture {
	char folder[64];
	const struct tw_spool_limits *limits;
	struct tw_intake *intake;
	uint64_t now;
	struct tw_batch batch;
	struct tw_batch_head head; /* of host a's next batch */
};

static void open_intake(struct fixture *f)
{
	f->intake = tw_intake_create(f->folder, f->limits, f->now);
	assert_non_null(f->intake);
	tw_intake_know(f->intake, &directory);
}

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	tw_log_init("test", TW_LOG_ERROR);
	snprintf(f->folder, sizeof(f->folder), "/tmp/central_test.XXXXXX");
	assert_non_null(mkdtemp(f->folder));
	f->now = T0;
	f->head.epoch = 100;
	f->limits = &limits;
	open_intake(f);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;
	char command[128];

	tw_intake_destroy(f->intake);
	snprintf(command, sizeof(command), "rm -rf %s", f->folder);
	assert_int_equal(system(command), 0);
	free(f);
	return 0;
}

/* As if the controller had been killed: nothing is flushed, for nothing is kept back. */
static void restart(struct fixture *f)
{
	tw_intake_destroy(f->intake);
	f->now += 1000;
	open_intake(f);
}

static const struct tw_flow_record flow = { .ingress = PORT_AT_A,
					    .src_mac = { 2, 0, 0, 0, 0, 1 },
					    .key_flags = TW_FLOW_KEY_IPV4,
					    .src_ip = { 10, 1, 0, 1 },
					    .protocol = 17,
					    .end_reason = TW_FLOW_END_IDLE,
					    .packets = 3,
					    .l3_octets = 300,
					    .l2_octets = 342,
					    .first_ms = T0 - 5000,
					    .last_ms = T0 - 1000 };

/* Make the next batch of one record; n of them */
static void make(struct fixture *f, const struct tw_flow_record *record, int n)
{
	f->head.sequence++;
	tw_batch_begin(&f->batch);
	for (int i = 0; i < n; i++)
		assert_true(tw_batch_add(&f->batch, record));
	tw_batch_finish(&f->batch, &f->head);
	f->head.records += f->batch.n;
	f->head.packets += f->batch.packets;
	f->head.octets += f->batch.octets;
}

static int push(struct fixture *f, const char *host)
{
	return tw_intake_push(f->intake, host, address, sizeof(address), f->batch.octet, f->batch.size, f->now);
}

static void send_one(struct fixture *f, const char *host, const struct tw_flow_record *record)
{
	make(f, record, 1);
	assert_int_equal(push(f, host), 0);
}

/* What an exporter would read of the spool, from its beginning: records; the last record and its origin. */
static uint64_t read_spool(const struct fixture *f, uint64_t *packets, struct tw_flow_record *last,
			   struct tw_flow_origin *origin)
{
	struct tw_spool_reader *reader = tw_spool_reader_create(f->folder);
	struct tw_central_entry entry;
	struct tw_batch_reader batch;
	struct tw_batch_head head;
	struct tw_flow_record record;
	const uint8_t *data;
	uint64_t n = 0;
	size_t size;

	*packets = 0;
	while (tw_spool_reader_next(reader, &data, &size) == 1) {
		assert_int_equal(tw_entry_read(data, size, &entry), 0);
		assert_int_equal(entry.ordinal, n);
		for (int i = 0; i < TW_ENTRY_PASSED_MAX && entry.passed[i].size; i++) {
			assert_int_equal(tw_batch_open(&batch, entry.passed[i].data, entry.passed[i].size, &head), 0);
			while (tw_batch_next(&batch, &record) == 1) {
				n++;
				*packets += record.packets;
				if (last)
					*last = record;
				if (origin)
					*origin = entry.origin;
			}
		}
	}
	assert_int_equal(n, tw_intake_ordinal(f->intake));
	tw_spool_reader_destroy(reader);
	return n;
}

static struct tw_intake_host counts_of(const struct fixture *f, const char *name)
{
	struct tw_intake_host all[8];
	size_t n = tw_intake_hosts(f->intake, all, 8);

	for (size_t i = 0; i < n; i++)
		if (strcmp(all[i].name, name) == 0)
			return all[i];
	fail_msg("no host %s", name);
	return all[0];
}

static void a_batch_is_kept_with_its_origin(void **state)
{
	struct fixture *f = *state;
	struct tw_flow_record last;
	struct tw_flow_origin origin;
	uint64_t packets;

	make(f, &flow, 7);
	assert_int_equal(push(f, "b"), 0);
	assert_int_equal(read_spool(f, &packets, &last, &origin), 7);
	assert_int_equal(packets, 21);
	assert_memory_equal(&last, &flow, sizeof(flow));
	assert_int_equal(origin.domain, DOMAIN_B);
	assert_int_equal(origin.kind, TW_ORIGIN_IPV4);
	assert_memory_equal(origin.address, address, 4);
	assert_int_equal(counts_of(f, "b").records, 7);
}

static void a_batch_that_comes_again_is_taken_once(void **state)
{
	struct fixture *f = *state;
	uint64_t packets;

	send_one(f, "a", &flow);
	assert_int_equal(push(f, "a"), 0);
	assert_int_equal(read_spool(f, &packets, NULL, NULL), 1);
	assert_int_equal(counts_of(f, "a").duplicates, 1);
	assert_int_equal(push(f, "b"), 0); /* another host's is another batch */
	assert_int_equal(read_spool(f, &packets, NULL, NULL), 2);
}

static void a_batch_that_comes_again_after_a_restart_is_taken_once(void **state)
{
	struct fixture *f = *state;
	uint64_t packets;

	send_one(f, "a", &flow);
	restart(f);
	assert_int_equal(push(f, "a"), 0);
	assert_int_equal(read_spool(f, &packets, NULL, NULL), 1);
	/* And when its entry has long gone from the spool. */
	f->now += 31000;
	tw_intake_tick(f->intake, tw_intake_end(f->intake), f->now);
	make(f, &flow, 1);
	assert_int_equal(push(f, "a"), 0);
	tw_intake_tick(f->intake, tw_intake_end(f->intake), f->now);
	restart(f);
	assert_int_equal(push(f, "a"), 0);
	assert_int_equal(counts_of(f, "a").duplicates, 1);
	assert_int_equal(tw_intake_ordinal(f->intake), 2);
}

static void a_new_epoch_begins_anew(void **state)
{
	struct fixture *f = *state;

	send_one(f, "a", &flow);
	send_one(f, "a", &flow);
	f->head = (struct tw_batch_head){ .epoch = 101 };
	send_one(f, "a", &flow);
	assert_int_equal(tw_intake_ordinal(f->intake), 3);
	f->head = (struct tw_batch_head){ .epoch = 100, .sequence = 50 };
	send_one(f, "a", &flow); /* of before */
	assert_int_equal(tw_intake_ordinal(f->intake), 3);
	assert_int_equal(counts_of(f, "a").duplicates, 1);
	assert_int_equal(counts_of(f, "a").missing_records, 0);
}

static void what_a_host_lost_is_known_exactly(void **state)
{
	struct fixture *f = *state;

	make(f, &flow, 5); /* lost: the first of its epoch */
	send_one(f, "a", &flow);
	assert_int_equal(counts_of(f, "a").missing_records, 5);
	make(f, &flow, 2);
	make(f, &flow, 3);
	send_one(f, "a", &flow);
	assert_int_equal(counts_of(f, "a").missing_records, 10);
	assert_int_equal(counts_of(f, "a").missing_packets, 30);
	restart(f);
	make(f, &flow, 4);
	send_one(f, "a", &flow);
	assert_int_equal(counts_of(f, "a").missing_records, 4); /* since the start */
}

static void a_host_that_nobody_knows_is_refused(void **state)
{
	struct fixture *f = *state;

	make(f, &flow, 1);
	assert_int_equal(push(f, "c"), -ENOENT);
	assert_int_equal(tw_intake_ordinal(f->intake), 0);
	assert_int_equal(tw_intake_hosts(f->intake, NULL, 0), 0);
}

static void a_batch_that_cannot_be_read_is_counted_and_then_missing(void **state)
{
	struct fixture *f = *state;

	make(f, &flow, 3);
	f->batch.octet[f->batch.size - 1] |= 0x80; /* its last number does not end */
	assert_int_equal(push(f, "a"), 0);
	assert_int_equal(tw_intake_push(f->intake, "a", NULL, 0, (const uint8_t *)"x", 1, f->now), 0);
	assert_int_equal(counts_of(f, "a").refused, 2);
	assert_int_equal(tw_intake_ordinal(f->intake), 0);
	send_one(f, "a", &flow);
	assert_int_equal(counts_of(f, "a").missing_records, 3);
}

static void a_flow_that_both_hosts_saw_is_exported_once(void **state)
{
	struct fixture *f = *state;
	struct tw_flow_record seen = flow, outside = flow;
	uint64_t packets;

	send_one(f, "a", &flow); /* at the sender's host */
	seen.direction = 1;      /* where it came in from the wire */
	seen.ingress = 0;
	seen.egress = PORT_AT_B;
	f->head = (struct tw_batch_head){ .epoch = 7 };
	send_one(f, "b", &seen);
	seen.src_mac[5] = 77; /* a MAC that the model does not know, and the switch does */
	seen.key_flags |= TW_FLOW_KEY_SECOND;
	send_one(f, "b", &seen);
	seen.key_flags &= (uint8_t)~TW_FLOW_KEY_SECOND;
	outside = seen; /* a sender that is no port of the switch */
	outside.src_mac[5] = 99;
	send_one(f, "b", &outside);
	assert_int_equal(read_spool(f, &packets, NULL, NULL), 2);
	assert_int_equal(counts_of(f, "b").second_sightings, 2);
}

static void a_flow_that_a_move_split_is_one_record(void **state)
{
	struct fixture *f = *state;
	struct tw_flow_record before = flow, after = flow, last;
	struct tw_flow_origin origin;
	uint64_t packets;

	before.ingress = after.ingress = PORT_AT_B; /* it is at b now */
	before.end_reason = TW_FLOW_END_FORCED;
	before.tcp_flags = 2;
	before.min_ttl = 60;
	before.max_ttl = 62;
	after.first_ms = T0;
	after.last_ms = T0 + 9000;
	after.tcp_flags = 16;
	after.min_ttl = 61;
	after.max_ttl = 64;
	after.packets = 10;
	send_one(f, "a", &before);
	assert_int_equal(tw_intake_ordinal(f->intake), 0);
	assert_int_equal(tw_intake_held(f->intake), 1);
	f->head = (struct tw_batch_head){ .epoch = 7 };
	send_one(f, "b", &after);
	assert_int_equal(tw_intake_held(f->intake), 0);
	assert_int_equal(read_spool(f, &packets, &last, &origin), 1);
	assert_int_equal(last.packets, 13);
	assert_int_equal(last.l3_octets, 600);
	assert_int_equal(last.first_ms, flow.first_ms);
	assert_int_equal(last.last_ms, T0 + 9000);
	assert_int_equal(last.end_reason, TW_FLOW_END_IDLE);
	assert_int_equal(last.tcp_flags, 18);
	assert_int_equal(last.min_ttl, 60);
	assert_int_equal(last.max_ttl, 64);
	assert_int_equal(origin.domain, DOMAIN_B);
	assert_int_equal(counts_of(f, "b").joined, 1);
}

static void a_record_that_waits_outlives_a_restart_and_is_joined_once(void **state)
{
	struct fixture *f = *state;
	struct tw_flow_record before = flow, after = flow;
	uint64_t packets;

	before.ingress = after.ingress = PORT_AT_B;
	before.end_reason = TW_FLOW_END_FORCED;
	send_one(f, "a", &before);
	restart(f);
	assert_int_equal(tw_intake_held(f->intake), 1);
	tw_intake_tick(f->intake, tw_intake_end(f->intake), f->now);
	f->head = (struct tw_batch_head){ .epoch = 7 };
	send_one(f, "b", &after);
	assert_int_equal(read_spool(f, &packets, NULL, NULL), 1);
	assert_int_equal(packets, 6);
	restart(f);
	assert_int_equal(tw_intake_held(f->intake), 0);
	send_one(f, "b", &after);
	assert_int_equal(read_spool(f, &packets, NULL, NULL), 2);
	assert_int_equal(packets, 9);
}

/* At run time the second has taken in the first: what is found at the start must not do so again. */
static void a_flow_that_was_split_twice_is_counted_once_after_a_restart(void **state)
{
	struct fixture *f = *state;
	struct tw_flow_record before = flow, after = flow;
	uint64_t packets;

	before.ingress = after.ingress = PORT_AT_B;
	before.end_reason = TW_FLOW_END_FORCED;
	send_one(f, "a", &before);
	send_one(f, "a", &before);
	make(f, &before, 2); /* two of one batch wait as one, too */
	assert_int_equal(push(f, "a"), 0);
	assert_int_equal(tw_intake_held(f->intake), 1);
	restart(f);
	assert_int_equal(tw_intake_held(f->intake), 1);
	f->head = (struct tw_batch_head){ .epoch = 7 };
	send_one(f, "b", &after);
	assert_int_equal(read_spool(f, &packets, NULL, NULL), 1);
	assert_int_equal(packets, 5 * 3);
}

/* The last batch finds room for a part of it: the rest does not wait, and none is lost. */
static void more_than_can_wait_passes(void **state)
{
	enum { BATCH = 600, BATCHES = TW_JOINER_MAX / BATCH + 1 };
	struct fixture *f = *state;
	struct tw_flow_record split = flow;
	uint64_t packets;

	f->limits = &roomy;
	restart(f);
	split.ingress = PORT_AT_B;
	split.end_reason = TW_FLOW_END_FORCED;
	for (uint32_t n = 0; n < BATCHES * BATCH;) {
		f->head.sequence++;
		tw_batch_begin(&f->batch);
		do {
			memcpy(split.dst_ip, &n, sizeof(n));
			assert_true(tw_batch_add(&f->batch, &split));
		} while (++n % BATCH);
		tw_batch_finish(&f->batch, &f->head);
		f->head.records += BATCH;
		assert_int_equal(push(f, "a"), 0);
	}
	assert_int_equal(tw_intake_held(f->intake), TW_JOINER_MAX);
	assert_int_equal(read_spool(f, &packets, NULL, NULL), BATCHES * BATCH - TW_JOINER_MAX);
	restart(f);
	assert_int_equal(tw_intake_held(f->intake), TW_JOINER_MAX);
}

static void a_record_whose_rest_never_comes_goes_alone(void **state)
{
	struct fixture *f = *state;
	struct tw_flow_record before = flow, last;
	struct tw_flow_origin origin;
	uint64_t packets;

	before.ingress = PORT_AT_B;
	before.end_reason = TW_FLOW_END_FORCED;
	send_one(f, "a", &before);
	f->now += TW_JOINER_WAIT_MS - 1;
	tw_intake_tick(f->intake, tw_intake_end(f->intake), f->now);
	assert_int_equal(tw_intake_ordinal(f->intake), 0);
	f->now++;
	tw_intake_tick(f->intake, tw_intake_end(f->intake), f->now);
	tw_intake_tick(f->intake, tw_intake_end(f->intake), f->now);
	assert_int_equal(tw_intake_held(f->intake), 0);
	assert_int_equal(tw_intake_ordinal(f->intake), 1);
	restart(f);
	assert_int_equal(tw_intake_held(f->intake), 0);
	assert_int_equal(read_spool(f, &packets, &last, &origin), 1);
	assert_memory_equal(&last, &before, sizeof(last));
	assert_int_equal(origin.domain, DOMAIN_A);
}

static void flows_that_end_at_home_do_not_wait(void **state)
{
	struct fixture *f = *state;
	struct tw_flow_record ended = flow;

	ended.end_reason = TW_FLOW_END_FORCED; /* its port is still there: a new configuration, say */
	send_one(f, "a", &ended);
	ended.ingress = 77; /* deleted */
	send_one(f, "a", &ended);
	assert_int_equal(tw_intake_ordinal(f->intake), 2);
	assert_int_equal(tw_intake_held(f->intake), 0);
}

static void different_flows_are_not_joined(void **state)
{
	struct fixture *f = *state;
	struct tw_flow_record before = flow, after;

	before.ingress = PORT_AT_B;
	before.end_reason = TW_FLOW_END_FORCED;
	send_one(f, "a", &before);
	after = before;
	after.end_reason = TW_FLOW_END_IDLE;
	after.src_port = 1;
	f->head = (struct tw_batch_head){ .epoch = 7 };
	send_one(f, "b", &after);
	after.src_port = 0;
	after.forwarding = TW_DROPPED; /* nor what passed with what was refused */
	send_one(f, "b", &after);
	assert_int_equal(tw_intake_held(f->intake), 1);
	assert_int_equal(tw_intake_ordinal(f->intake), 2);
}

static void on_a_full_disk_the_host_keeps_its_batch(void **state)
{
	struct fixture *f = *state;
	const struct rlimit none = { 64, RLIM_INFINITY }, all = { RLIM_INFINITY, RLIM_INFINITY };
	uint64_t packets;

	signal(SIGXFSZ, SIG_IGN);
	make(f, &flow, 4);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
	assert_int_equal(push(f, "a"), -EAGAIN);
	assert_int_equal(push(f, "a"), -EAGAIN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &all), 0);
	assert_int_equal(push(f, "a"), 0);
	assert_int_equal(read_spool(f, &packets, NULL, NULL), 4);
	assert_int_equal(packets, 12);
	assert_int_equal(counts_of(f, "a").records, 4);
	assert_int_equal(counts_of(f, "a").duplicates, 0); /* it was told to send it again */
	assert_int_equal(push(f, "a"), 0);
	assert_int_equal(counts_of(f, "a").duplicates, 1);
	send_one(f, "a", &flow);
	assert_int_equal(counts_of(f, "a").missing_records, 0);
	assert_int_equal(read_spool(f, &packets, NULL, NULL), 5);
}

static void a_full_batch_of_records_that_grow_is_kept_whole(void **state)
{
	struct fixture *f = *state;
	struct tw_flow_record large;
	uint32_t n = 0;
	uint64_t packets;

	memset(&large, 0xff, sizeof(large)); /* what is between members is not sent */
	large.direction = 0;
	large.key_flags = 0x7f; /* not TW_FLOW_KEY_SECOND */
	large.packets = 1;
	f->head.sequence++;
	tw_batch_begin(&f->batch);
	while (tw_batch_add(&f->batch, &large))
		n++;
	tw_batch_finish(&f->batch, &f->head);
	assert_int_equal(push(f, "a"), 0);
	assert_int_equal(read_spool(f, &packets, NULL, NULL), n);
	assert_int_equal(packets, n);
}

static void segments_that_nobody_needs_go(void **state)
{
	struct fixture *f = *state;
	struct tw_spool_stats stats;

	for (int i = 0; i < 400; i++) {
		make(f, &flow, 20);
		assert_int_equal(push(f, "a"), 0);
		f->now += 10;
	}
	tw_intake_tick(f->intake, (struct tw_spool_position){ 0 }, f->now);
	tw_intake_spool_stats(f->intake, &stats);
	assert_true(stats.octets > 3 * limits.segment_octets);
	tw_intake_tick(f->intake, tw_intake_end(f->intake), f->now);
	tw_intake_tick(f->intake, tw_intake_end(f->intake), f->now);
	tw_intake_spool_stats(f->intake, &stats);
	assert_in_range(stats.octets, 1, limits.segment_octets);
	restart(f);
	assert_int_equal(push(f, "a"), 0);
	assert_int_equal(counts_of(f, "a").duplicates, 1);
	assert_int_equal(tw_intake_ordinal(f->intake), 8000);
}

/* Neither its epoch counts as missing nor is a batch taken twice. */
static void is_still_known(struct fixture *f, const char *host)
{
	restart(f);
	assert_int_equal(push(f, host), 0);
	assert_int_equal(counts_of(f, host).duplicates, 1);
	send_one(f, host, &flow);
	assert_int_equal(counts_of(f, host).missing_records, 0);
}

static void a_host_is_known_when_its_records_are_given_up(void **state)
{
	struct fixture *f = *state;
	struct tw_spool_stats stats;

	f->limits = &brief;
	restart(f);
	send_one(f, "b", &flow);
	f->now += brief.segment_ms;
	tw_intake_tick(f->intake, (struct tw_spool_position){ 0 }, f->now);
	assert_int_equal(push(f, "a"), 0);
	tw_intake_make_room(f->intake);
	tw_intake_spool_stats(f->intake, &stats);
	assert_int_equal(stats.dropped_full, 1);
	is_still_known(f, "b");
}

static void a_host_is_known_when_its_records_are_too_old(void **state)
{
	struct fixture *f = *state;
	struct tw_spool_stats stats;

	f->limits = &brief;
	restart(f);
	send_one(f, "b", &flow);
	f->now += brief.segment_ms;
	tw_intake_tick(f->intake, (struct tw_spool_position){ 0 }, f->now);
	assert_int_equal(push(f, "a"), 0);
	f->now += brief.age_ms;
	tw_intake_tick(f->intake, (struct tw_spool_position){ 0 }, f->now);
	tw_intake_spool_stats(f->intake, &stats);
	assert_int_equal(stats.dropped_old, 1);
	is_still_known(f, "b");
}

/* Batches of n records of a host that counts on from its own head, until one is not taken. @return how many were */
static int push_many(struct fixture *f, const char *host, struct tw_batch_head *head, int n, int most)
{
	int taken = 0, rc = 0;

	for (; taken < most; taken++) {
		const struct tw_batch_head before = *head;

		f->head = *head;
		make(f, &flow, n);
		*head = f->head;
		f->now += 10;
		rc = push(f, host);
		if (!rc)
			continue;
		assert_int_equal(rc, -EDQUOT);
		*head = before; /* it stays with the host, and comes again */
		break;
	}
	return taken;
}

static void a_host_that_floods_pushes_nobodys_records_out(void **state)
{
	struct fixture *f = *state;
	struct tw_batch_head a = { .epoch = 100 }, b = { .epoch = 100 };
	struct tw_spool_stats stats;
	int early, flood, late;
	uint64_t packets;

	early = push_many(f, "b", &b, 100, 20);
	assert_int_equal(early, 20);
	flood = push_many(f, "a", &a, 800, 100000);
	assert_in_range(counts_of(f, "a").kept_octets, limits.octets / 3, limits.octets / 2);
	for (int i = 0; i < 100; i++)
		assert_int_equal(push_many(f, "a", &a, 800, 1), 0);
	assert_int_equal(counts_of(f, "a").put_off, 101);
	late = push_many(f, "b", &b, 100, 100); /* and who comes after finds room */
	assert_int_equal(late, 100);
	assert_int_equal(counts_of(f, "b").put_off, 0);
	tw_intake_tick(f->intake, (struct tw_spool_position){ 0 }, f->now);
	tw_intake_spool_stats(f->intake, &stats);
	assert_int_equal(stats.dropped_full, 0);
	assert_int_equal(read_spool(f, &packets, NULL, NULL), (early + late) * 100 + flood * 800);
	assert_int_equal(counts_of(f, "a").missing_records, 0);
	restart(f); /* what each has is known again */
	assert_int_equal(push_many(f, "a", &a, 800, 1), 0);
	assert_int_equal(push_many(f, "b", &b, 100, 10), 10);
	tw_intake_tick(f->intake, tw_intake_end(f->intake), f->now); /* all is exported */
	tw_intake_tick(f->intake, tw_intake_end(f->intake), f->now);
	assert_in_range(counts_of(f, "a").kept_octets, 0, limits.segment_octets);
	assert_int_equal(push_many(f, "a", &a, 800, 10), 10);
}

static void all_that_push_what_they_can_have_the_same(void **state)
{
	struct fixture *f = *state;
	struct tw_batch_head a = { .epoch = 100 }, b = { .epoch = 100 };
	uint64_t of_a, of_b, share;

	push_many(f, "a", &a, 800, 100000);
	push_many(f, "b", &b, 800, 100000);
	of_a = counts_of(f, "a").kept_octets;
	of_b = counts_of(f, "b").kept_octets;
	share = tw_intake_share(f->intake);
	assert_in_range(of_b, of_a / 2 - limits.segment_octets, of_a); /* a had its half before */
	assert_in_range(share, of_b - 2 * TW_BATCH_MAX, of_b + 2 * TW_BATCH_MAX);
	for (int i = 0; i < 40; i++) { /* the oldest go, for an exporter whose collector is away: now they share */
		push_many(f, "a", &a, 800, 1);
		push_many(f, "b", &b, 800, 1);
		if (tw_intake_wants_room(f->intake))
			tw_intake_make_room(f->intake);
	}
	assert_in_range(counts_of(f, "a").kept_octets, counts_of(f, "b").kept_octets - 8 * TW_BATCH_MAX,
			counts_of(f, "b").kept_octets + 8 * TW_BATCH_MAX);
}

static void what_no_exporter_wants_any_more_is_counted_and_not_kept(void **state)
{
	struct fixture *f = *state;
	uint64_t packets;

	tw_intake_want(f->intake, 10);
	f->head.revision = 9;
	make(f, &flow, 5);
	assert_int_equal(push(f, "a"), 0);
	f->head.revision = 10;
	make(f, &flow, 3);
	assert_int_equal(push(f, "a"), 0);
	assert_int_equal(read_spool(f, &packets, NULL, NULL), 3);
	assert_int_equal(counts_of(f, "a").unwanted, 5);
	assert_int_equal(counts_of(f, "a").missing_records, 0);
	tw_intake_want(f->intake, UINT64_MAX);
	f->head.revision = 0;
	make(f, &flow, 2);
	assert_int_equal(push(f, "a"), 0);
	assert_int_equal(counts_of(f, "a").unwanted, 7);
	assert_int_equal(counts_of(f, "a").records, 10);
}

static void second_sightings_are_kept_for_exporters_of_both_sides(void **state)
{
	struct fixture *f = *state;
	struct tw_directory both = directory;
	struct tw_flow_record record = flow;
	struct tw_flow_record last;
	uint64_t packets;

	both.both_sides = true;
	tw_intake_know(f->intake, &both);
	record.direction = 1; /* of a port that its host did not know */
	send_one(f, "b", &record);
	assert_int_equal(read_spool(f, &packets, &last, NULL), 1);
	assert_true(last.key_flags & TW_FLOW_KEY_SECOND);
	assert_int_equal(counts_of(f, "b").second_sightings, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_batch_is_kept_with_its_origin),
		TEST(a_batch_that_comes_again_is_taken_once),
		TEST(a_batch_that_comes_again_after_a_restart_is_taken_once),
		TEST(a_new_epoch_begins_anew),
		TEST(what_a_host_lost_is_known_exactly),
		TEST(a_host_that_nobody_knows_is_refused),
		TEST(a_batch_that_cannot_be_read_is_counted_and_then_missing),
		TEST(a_flow_that_both_hosts_saw_is_exported_once),
		TEST(a_flow_that_a_move_split_is_one_record),
		TEST(a_record_that_waits_outlives_a_restart_and_is_joined_once),
		TEST(a_flow_that_was_split_twice_is_counted_once_after_a_restart),
		TEST(more_than_can_wait_passes),
		TEST(a_record_whose_rest_never_comes_goes_alone),
		TEST(flows_that_end_at_home_do_not_wait),
		TEST(different_flows_are_not_joined),
		TEST(on_a_full_disk_the_host_keeps_its_batch),
		TEST(a_full_batch_of_records_that_grow_is_kept_whole),
		TEST(segments_that_nobody_needs_go),
		TEST(a_host_is_known_when_its_records_are_given_up),
		TEST(a_host_is_known_when_its_records_are_too_old),
		TEST(a_host_that_floods_pushes_nobodys_records_out),
		TEST(all_that_push_what_they_can_have_the_same),
		TEST(what_no_exporter_wants_any_more_is_counted_and_not_kept),
		TEST(second_sightings_are_kept_for_exporters_of_both_sides),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
