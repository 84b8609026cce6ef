/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sflow_test.c - sFlow datagrams octet by octet, as the specification's XDR has them, with extremes; and the agent that numbers
 *                and sends them, over loopback.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/log.h"
#include "flowexport/sflow_agent.h"

enum { V4_HEADER = 28, V6_HEADER = 40, START_MS = 5000, SINKS = 2 };

/* --- a reader of its own --- */

struct reader {
	const uint8_t *at, *end;
};

static uint32_t get32(struct reader *r)
{
	uint32_t value;

	assert_true(r->end - r->at >= 4);
	memcpy(&value, r->at, 4);
	r->at += 4;
	return ntohl(value);
}

static uint64_t get64(struct reader *r)
{
	uint64_t high = get32(r);

	return high << 32 | get32(r);
}

/* opaque<>; the filling is zero */
static struct reader get_opaque(struct reader *r)
{
	uint32_t size = get32(r), padded = (size + 3) / 4 * 4;
	struct reader inner = { r->at, r->at + size };

	assert_true((uint32_t)(r->end - r->at) >= padded);
	for (uint32_t i = size; i < padded; i++)
		assert_int_equal(r->at[i], 0);
	r->at += padded;
	return inner;
}

static struct reader get_block(struct reader *r, uint32_t format)
{
	assert_int_equal(get32(r), format);
	return get_opaque(r);
}

static void expect32(struct reader *r, const uint32_t *values, size_t n)
{
	for (size_t i = 0; i < n; i++)
		assert_int_equal(get32(r), values[i]);
}
#define EXPECT32(r, ...) \
	expect32(r, (const uint32_t[]){ __VA_ARGS__ }, sizeof((const uint32_t[]){ __VA_ARGS__ }) / sizeof(uint32_t))

static void expect_text(struct reader *r, const char *text)
{
	struct reader inner = get_opaque(r);

	assert_int_equal(inner.end - inner.at, strlen(text));
	assert_memory_equal(inner.at, text, strlen(text));
}

static void expect_end(const struct reader *r)
{
	assert_ptr_equal(r->at, r->end);
}

static void expect_packet(struct reader *r, const struct tw_sflow_packet *p)
{
	struct reader sample = get_block(r, 3), record, header;

	EXPECT32(&sample, p->sequence, 0, p->number, p->rate, p->pool, p->drops, 0, p->number, p->output, p->value, 2);
	record = get_block(&sample, 1);
	EXPECT32(&record, 1, p->length + 4, 4);
	header = get_opaque(&record);
	assert_int_equal(header.end - header.at, p->header_size);
	assert_memory_equal(header.at, p->header, p->header_size);
	expect_end(&record);
	record = get_block(&sample, 1001);
	EXPECT32(&record, p->vlan, p->priority_in, p->vlan, p->priority_out);
	expect_end(&record);
	expect_end(&sample);
}

static void expect_interface(struct reader *r, const struct tw_sflow_interface *i)
{
	struct reader sample = get_block(r, 4), record;

	EXPECT32(&sample, i->sequence, 0, i->number, 2);
	record = get_block(&sample, 1);
	EXPECT32(&record, i->number, 6, 0, 0, 1, (i->enabled ? 1 : 0) | (i->up ? 2 : 0));
	assert_int_equal(get64(&record), i->in_octets);
	EXPECT32(&record, (uint32_t)i->in_packets, UINT32_MAX, UINT32_MAX, (uint32_t)i->in_discards,
		 (uint32_t)i->in_errors, UINT32_MAX);
	assert_int_equal(get64(&record), i->out_octets);
	EXPECT32(&record, (uint32_t)i->out_packets, UINT32_MAX, UINT32_MAX, (uint32_t)i->out_discards, UINT32_MAX,
		 i->promiscuous ? 1 : 2);
	expect_end(&record);
	record = get_block(&sample, 1005);
	expect_text(&record, i->name);
	expect_end(&record);
	expect_end(&sample);
}

static void expect_machine(struct reader *r, const struct tw_sflow_machine *m)
{
	struct reader sample = get_block(r, 4), record;

	EXPECT32(&sample, m->sequence, 3, m->number, 4);
	record = get_block(&sample, 2000);
	expect_text(&record, m->name);
	assert_memory_equal(record.at, m->uuid, sizeof(m->uuid));
	record.at += sizeof(m->uuid);
	EXPECT32(&record, 0, 0, 0);
	expect_end(&record);
	record = get_block(&sample, 2001);
	EXPECT32(&record, (uint32_t)m->n_adapters);
	for (size_t i = 0; i < m->n_adapters; i++) {
		EXPECT32(&record, m->adapters[i].number, 1);
		assert_memory_equal(record.at, m->adapters[i].mac, 6);
		assert_memory_equal(record.at + 6, "\0\0", 2);
		record.at += 8;
	}
	expect_end(&record);
	record = get_block(&sample, 2002);
	EXPECT32(&record, 2, 1);
	expect_end(&record);
	record = get_block(&sample, 2104);
	assert_int_equal(get64(&record), m->in_octets);
	EXPECT32(&record, (uint32_t)m->in_packets, UINT32_MAX, (uint32_t)m->in_drops);
	assert_int_equal(get64(&record), m->out_octets);
	EXPECT32(&record, (uint32_t)m->out_packets, UINT32_MAX, (uint32_t)m->out_drops);
	expect_end(&record);
	expect_end(&sample);
}

/* --- what is said --- */

static struct sockaddr_storage v4_agent(void)
{
	struct sockaddr_storage address = { 0 };

	((struct sockaddr_in *)&address)->sin_family = AF_INET;
	inet_pton(AF_INET, "192.0.2.7", &((struct sockaddr_in *)&address)->sin_addr);
	return address;
}

static struct sockaddr_storage v6_agent(void)
{
	struct sockaddr_storage address = { 0 };

	((struct sockaddr_in6 *)&address)->sin6_family = AF_INET6;
	inet_pton(AF_INET6, "2001:db8::7", &((struct sockaddr_in6 *)&address)->sin6_addr);
	return address;
}

static struct reader finished(struct tw_sflow_datagram *d, uint32_t sequence, uint64_t uptime_ms)
{
	size_t size = tw_sflow_finish(d, sequence, uptime_ms);

	assert_true(size <= d->limit);
	return (struct reader){ d->octets, d->octets + size };
}

static uint8_t header[TW_SFLOW_HEADER_MAX];

static struct tw_sflow_packet small_packet(void)
{
	return (struct tw_sflow_packet){ .sequence = 1,
					 .number = 7,
					 .rate = 1000,
					 .pool = 12345,
					 .value = 9,
					 .length = 61,
					 .vlan = 10,
					 .priority_in = 3,
					 .priority_out = 5,
					 .header_size = 61,
					 .header = header };
}

static struct tw_sflow_packet large_packet(void)
{
	return (struct tw_sflow_packet){ .sequence = UINT32_MAX,
					 .number = INT32_MAX,
					 .rate = 16777216,
					 .pool = UINT32_MAX,
					 .drops = UINT32_MAX,
					 .output = TW_SFLOW_DISCARDED,
					 .value = TW_SFLOW_TOO_BIG,
					 .length = 65535 + 18,
					 .vlan = 4094,
					 .priority_in = 7,
					 .priority_out = 7,
					 .header_size = TW_SFLOW_HEADER_MAX,
					 .header = header };
}

static struct tw_sflow_interface large_interface(void)
{
	struct tw_sflow_interface i = { .sequence = UINT32_MAX,
					.number = INT32_MAX,
					.enabled = true,
					.promiscuous = true,
					.in_octets = UINT64_MAX,
					.out_octets = UINT64_MAX - 1,
					.in_packets = UINT64_MAX - 2,
					.out_packets = UINT32_MAX + UINT64_C(5),
					.in_discards = 1,
					.in_errors = 2,
					.out_discards = 3 };

	memset(i.name, 'n', sizeof(i.name) - 1);
	return i;
}

static struct tw_sflow_machine large_machine(void)
{
	struct tw_sflow_machine m = { .sequence = 3,
				      .number = INT32_MAX,
				      .n_adapters = TW_SFLOW_ADAPTERS_MAX,
				      .in_octets = UINT64_MAX,
				      .out_octets = 1,
				      .in_packets = 2,
				      .out_packets = UINT64_MAX,
				      .in_drops = 4,
				      .out_drops = 5 };

	memset(m.name, 'v', sizeof(m.name) - 1);
	memset(m.uuid, 0xa5, sizeof(m.uuid));
	for (uint32_t i = 0; i < TW_SFLOW_ADAPTERS_MAX; i++)
		m.adapters[i] = (struct tw_sflow_adapter){ i + 1, { 2, 0, 0, 0, 0, (uint8_t)i } };
	return m;
}

static void a_datagram_says_who_sends_it(void **state)
{
	const struct sockaddr_storage v4 = v4_agent(), v6 = v6_agent(), none = { 0 };
	static const uint8_t golden[V4_HEADER] = { 0, 0, 0, 5, 0, 0, 0, 1, 192, 0, 2, 7, 0, 0,
						   0, 9, 1, 2, 3, 4, 0, 0, 0,   1, 0, 0, 0, 0 };
	struct tw_sflow_datagram d;
	struct reader r;

	tw_sflow_begin(&d, TW_SFLOW_DATAGRAM_MIN, &v4, 9);
	assert_int_equal(tw_sflow_finish(&d, 0x01020304, UINT32_MAX + UINT64_C(2)), V4_HEADER); /* goes round */
	assert_memory_equal(d.octets, golden, V4_HEADER);
	tw_sflow_begin(&d, TW_SFLOW_DATAGRAM_MIN, &v6, 9);
	r = finished(&d, 1, 2);
	assert_int_equal(r.end - r.at, V6_HEADER);
	EXPECT32(&r, 5, 2, 0x20010db8, 0, 0, 7, 9, 1, 2, 0);
	tw_sflow_begin(&d, TW_SFLOW_DATAGRAM_MIN, &none, 9);
	r = finished(&d, 1, 2);
	EXPECT32(&r, 5, 0, 9, 1, 2, 0);
	expect_end(&r);
}

static void samples_are_read_as_they_were_written(void **state)
{
	const struct tw_sflow_packet small = small_packet(), large = large_packet();
	const struct tw_sflow_packet empty = { .number = 1, .output = TW_SFLOW_TO_MANY, .header = header };
	const struct tw_sflow_interface interface = large_interface(), down = { .number = 1 };
	const struct tw_sflow_machine machine = large_machine(), bare = { .number = 1 };
	const struct sockaddr_storage agent = v4_agent();
	struct tw_sflow_datagram d;
	struct reader r;

	tw_sflow_begin(&d, TW_SFLOW_DATAGRAM_MAX, &agent, 1);
	assert_true(tw_sflow_add_packet(&d, &small));
	assert_true(tw_sflow_add_packet(&d, &large));
	assert_true(tw_sflow_add_packet(&d, &empty));
	assert_true(tw_sflow_add_interface(&d, &interface));
	assert_true(tw_sflow_add_interface(&d, &down));
	assert_true(tw_sflow_add_machine(&d, &machine));
	assert_true(tw_sflow_add_machine(&d, &bare));
	r = finished(&d, 1, 1);
	EXPECT32(&r, 5, 1, 0xc0000207, 1, 1, 1, 7);
	expect_packet(&r, &small);
	expect_packet(&r, &large);
	expect_packet(&r, &empty);
	expect_interface(&r, &interface);
	expect_interface(&r, &down);
	expect_machine(&r, &machine);
	expect_machine(&r, &bare);
	expect_end(&r);
}

/* The smallest datagram has room for the largest sample of each kind; what has no room leaves no trace. */
static void what_does_not_fit_is_not_begun(void **state)
{
	const struct tw_sflow_packet packet = large_packet();
	const struct tw_sflow_interface interface = large_interface();
	const struct tw_sflow_machine machine = large_machine();
	const struct sockaddr_storage agent = v6_agent();
	struct tw_sflow_datagram d;
	size_t size;

	for (int kind = 0; kind < 3; kind++) {
		tw_sflow_begin(&d, TW_SFLOW_DATAGRAM_MIN, &agent, 1);
		memset(d.octets + d.size, 0xee, sizeof(d.octets) - d.size);
		assert_true(kind == 0   ? tw_sflow_add_packet(&d, &packet)
			    : kind == 1 ? tw_sflow_add_interface(&d, &interface)
					: tw_sflow_add_machine(&d, &machine));
		size = d.size;
		assert_false(tw_sflow_add_packet(&d, &packet));
		assert_false(tw_sflow_add_interface(&d, &interface));
		assert_false(tw_sflow_add_machine(&d, &machine));
		assert_int_equal(d.size, size);
		assert_int_equal(d.n_samples, 1);
		for (size_t i = TW_SFLOW_DATAGRAM_MIN; i < sizeof(d.octets); i++)
			assert_int_equal(d.octets[i], 0xee);
	}
}

/* --- the agent --- */

struct bed {
	int fd[SINKS];
	struct tw_exporter_target targets[SINKS];
	struct tw_sflow_agent *agent;
	uint64_t now;
};

static void open_sink(struct bed *bed, unsigned i)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
	struct tw_exporter_target *t = &bed->targets[i];

	t->collector_size = sizeof(at);
	bed->fd[i] = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(bed->fd[i], (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(getsockname(bed->fd[i], (struct sockaddr *)&t->collector, &t->collector_size), 0);
	strcpy(t->name, "s");
	t->domain = 77;
	t->mtu = 1400;
}

static int set_up(void **state)
{
	struct bed *bed = calloc(1, sizeof(*bed));

	tw_log_init("test", TW_LOG_ERROR);
	for (unsigned i = 0; i < SINKS; i++)
		open_sink(bed, i);
	bed->now = START_MS;
	*state = bed;
	return 0;
}

static int tear_down(void **state)
{
	struct bed *bed = *state;

	tw_sflow_destroy(bed->agent);
	for (unsigned i = 0; i < SINKS; i++)
		if (bed->fd[i] >= 0)
			close(bed->fd[i]);
	free(bed);
	return 0;
}

static void start(struct bed *bed, size_t n)
{
	bed->agent = tw_sflow_create(bed->targets, n, bed->now);
	assert_non_null(bed->agent);
}

static void tick(struct bed *bed)
{
	bed->now += 100;
	tw_sflow_tick(bed->agent, bed->now);
}

/* @return octets, behind a checked header; 0: nothing has come */
static size_t hear(const struct bed *bed, unsigned sink, uint8_t octets[static 2000], uint32_t sequence,
		   uint32_t samples)
{
	ssize_t size = recv(bed->fd[sink], octets, 2000, 0);
	struct reader r = { octets, octets + (size > 0 ? size : 0) };

	if (size <= 0)
		return 0;
	EXPECT32(&r, 5, 1, 0x7f000001, 77, sequence, (uint32_t)(bed->now - START_MS), samples);
	return (size_t)size;
}

static void each_source_has_numbers_of_its_own(void **state)
{
	struct bed *bed = *state;
	uint8_t octets[2000];
	struct tw_sflow_packet p = small_packet(), q = small_packet();
	struct tw_sflow_interface i = { .number = 7 };
	struct tw_sflow_machine m = { .number = 7 };
	struct reader r;
	size_t size;

	start(bed, 2);
	q.number = 6;
	tw_sflow_report_interface(bed->agent, &i);
	tw_sflow_report_interface(bed->agent, &i);
	tw_sflow_report_machine(bed->agent, &m);
	tw_sflow_note_drops(bed->agent, 3);
	tw_sflow_sampled(bed->agent, &p);
	tw_sflow_sampled(bed->agent, &q);
	tw_sflow_sampled(bed->agent, &p);
	tick(bed);
	for (unsigned sink = 0; sink < SINKS; sink++) {
		size = hear(bed, sink, octets, 1, 6);
		assert_int_not_equal(size, 0);
		r = (struct reader){ octets + V4_HEADER, octets + size };
		p.drops = q.drops = 3;
		p.sequence = 1;
		expect_packet(&r, &p);
		q.sequence = 1;
		expect_packet(&r, &q);
		p.sequence = 2;
		expect_packet(&r, &p);
		i.sequence = 1;
		expect_interface(&r, &i);
		i.sequence = 2;
		expect_interface(&r, &i);
		m.sequence = 1;
		expect_machine(&r, &m);
		expect_end(&r);
	}
	tick(bed);
	assert_int_equal(hear(bed, 0, octets, 2, 0), 0); /* nothing to say */
}

static void a_pool_never_falls(void **state)
{
	static const struct {
		uint32_t is, told;
	} pools[] = {
		{ UINT32_MAX - 10, UINT32_MAX - 10 }, { UINT32_MAX - 20, UINT32_MAX - 10 }, { 5, 5 }, { 3, 5 }, { 9, 9 }
	};
	struct bed *bed = *state;
	struct tw_sflow_packet p;

	start(bed, 1);
	for (size_t i = 0; i < sizeof(pools) / sizeof(pools[0]); i++) {
		p = small_packet();
		p.pool = pools[i].is;
		tw_sflow_sampled(bed->agent, &p);
		assert_int_equal(p.pool, pools[i].told);
	}
}

static void many_samples_are_many_datagrams(void **state)
{
	enum { N = 1000 };
	struct bed *bed = *state;
	struct tw_exporter_stats stats[TW_COLLECTORS_MAX];
	struct tw_sflow_packet p;
	uint8_t octets[2000];
	uint32_t heard = 0, datagrams = 0;
	ssize_t size;

	start(bed, 1);
	for (uint32_t i = 0; i < N; i++) {
		p = large_packet();
		p.number = i % 200 + 1; /* more sources than one step of memory */
		tw_sflow_sampled(bed->agent, &p);
		assert_int_equal(p.sequence, i / 200 + 1);
		if (i % 50 == 0)
			tick(bed);
		while ((size = recv(bed->fd[0], octets, sizeof(octets), 0)) > 0) {
			assert_true(size <= 1400 - 28);
			datagrams++;
			heard += (uint32_t)octets[27] | (uint32_t)octets[26] << 8;
			assert_int_equal((uint32_t)octets[19] | (uint32_t)octets[18] << 8, datagrams);
		}
	}
	tick(bed);
	while ((size = recv(bed->fd[0], octets, sizeof(octets), 0)) > 0) {
		datagrams++;
		heard += (uint32_t)octets[27] | (uint32_t)octets[26] << 8;
	}
	assert_int_equal(heard, N);
	bed->now += 1000; /* nobody has refused them */
	tick(bed);
	assert_int_equal(tw_sflow_get_stats(bed->agent, stats), 1);
	assert_int_equal(stats[0].records, N);
	assert_int_equal(stats[0].messages, datagrams);
	assert_int_equal(stats[0].lost_records, 0);
	assert_int_equal(stats[0].state, TW_COLLECTOR_ACTIVE);
	assert_string_equal(stats[0].name, "s");
}

static void another_collector_takes_over(void **state)
{
	struct bed *bed = *state;
	struct tw_exporter_stats stats[TW_COLLECTORS_MAX];
	struct tw_sflow_packet p = small_packet();
	uint8_t octets[2000];
	uint32_t sequence = 0;

	for (unsigned i = 0; i < SINKS; i++)
		bed->targets[i].failover = true;
	start(bed, 2);
	tw_sflow_sampled(bed->agent, &p);
	tick(bed);
	assert_int_not_equal(hear(bed, 0, octets, ++sequence, 1), 0);
	assert_int_equal(hear(bed, 1, octets, 0, 0), 0);
	close(bed->fd[0]);
	bed->fd[0] = -1;
	for (int i = 0; i < 5; i++) { /* one is refused, and then known to be */
		tw_sflow_sampled(bed->agent, &p);
		tick(bed);
		sequence++;
	}
	tw_sflow_sampled(bed->agent, &p);
	while (recv(bed->fd[1], octets, sizeof(octets), 0) > 0)
		;
	tick(bed);
	assert_int_not_equal(hear(bed, 1, octets, ++sequence, 1), 0);
	tw_sflow_get_stats(bed->agent, stats);
	assert_int_equal(stats[0].state, TW_COLLECTOR_FAILED);
	assert_int_equal(stats[1].state, TW_COLLECTOR_ACTIVE);
	assert_int_equal(stats[0].changes, 1);
	assert_true(stats[0].lost_records >= 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_datagram_says_who_sends_it),
		cmocka_unit_test(samples_are_read_as_they_were_written),
		cmocka_unit_test(what_does_not_fit_is_not_begun),
		cmocka_unit_test_setup_teardown(each_source_has_numbers_of_its_own, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_pool_never_falls, set_up, tear_down),
		cmocka_unit_test_setup_teardown(many_samples_are_many_datagrams, set_up, tear_down),
		cmocka_unit_test_setup_teardown(another_collector_takes_over, set_up, tear_down),
	};

	for (size_t i = 0; i < sizeof(header); i++)
		header[i] = (uint8_t)(i * 7 + 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
