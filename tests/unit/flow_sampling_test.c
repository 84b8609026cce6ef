/* SPDX-License-Identifier: Apache-2.0 */
/*
 * flow_sampling_test.c - what collectors are told of sampling: each record stands behind the declaration that it was counted by,
 *                        whatever changes when; in every format, over loopback, with the time as an argument.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "flowexport/batch.h"
#include "flowexport/exporter.h"
#include "flowexport/options.h"
#include "tests/support/ipfix_decode.h"

#define START_MS UINT64_C(1800000000000)

enum { DATAGRAM_MAX = 9000, RECORDS_MAX = 64 };

/* A collector that keeps what was last declared when each record came. */
struct fixture {
	int fd;
	struct ipfix_decoder *decoder;
	struct tw_exporter *exporter;
	struct tw_exporter_config config;
	uint64_t now;
	unsigned declarations, n;
	uint32_t declared, algorithm; /* of the older form; of the newer one, or of version 9's own */
	struct {
		uint32_t source, declared;
	} records[RECORDS_MAX];
};

static void on_record(const struct ipfix_record *r, void *context)
{
	struct fixture *f = context;

	if (ipfix_find(r, 34)) {
		f->declared = (uint32_t)ipfix_uint(r, 34);
		f->declarations++;
		if (ipfix_find(r, 35))
			f->algorithm = (uint32_t)ipfix_uint(r, 35);
	}
	if (ipfix_find(r, 304)) { /* both forms say the same */
		uint64_t of = ipfix_find(r, 305) ? ipfix_uint(r, 305) + ipfix_uint(r, 306) : ipfix_uint(r, 310);

		f->algorithm = (uint32_t)ipfix_uint(r, 304);
		assert_int_equal(of, f->declared);
		assert_int_equal(ipfix_uint(r, ipfix_find(r, 305) ? 305 : 309), 1);
	}
	if (r->is_options)
		return;
	assert_true(f->n < RECORDS_MAX);
	f->records[f->n].source = ipfix_find(r, 8)->data[3];
	f->records[f->n++].declared = f->declared;
}

static void collect(struct fixture *f)
{
	uint8_t datagram[DATAGRAM_MAX];
	ssize_t size;

	while ((size = recv(f->fd, datagram, sizeof(datagram), 0)) >= 0)
		assert_int_equal(ipfix_decode(f->decoder, datagram, (size_t)size, on_record, f), 0);
}

static void tick(struct fixture *f, uint32_t ms)
{
	f->now += ms;
	tw_exporter_tick(f->exporter, f->now);
	collect(f);
}

static void configure(struct fixture *f, uint16_t sampling)
{
	f->config.sampling = sampling;
	assert_int_equal(tw_exporter_configure(f->exporter, &f->config), 0);
}

static void add(struct fixture *f, uint8_t source, uint16_t sampling)
{
	const struct tw_flow_record r = { .key_flags = TW_FLOW_KEY_IPV4,
					  .src_ip = { 10, 0, 0, source },
					  .protocol = 17,
					  .forwarding = TW_FORWARDED,
					  .packets = 2,
					  .l3_octets = 300,
					  .sampling = sampling };

	if (f->config.mediates)
		tw_exporter_add_of(f->exporter, &r, &(const struct tw_flow_origin){ .domain = 5 });
	else
		tw_exporter_add(f->exporter, &r);
}

static void listen_on_loopback(struct fixture *f)
{
	struct sockaddr_in *sin = (struct sockaddr_in *)&f->config.targets[0].collector;

	f->fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	*sin = (struct sockaddr_in){ .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
	f->config.targets[0].collector_size = sizeof(*sin);
	assert_int_equal(bind(f->fd, (struct sockaddr *)sin, sizeof(*sin)), 0);
	assert_int_equal(getsockname(f->fd, (struct sockaddr *)sin, &f->config.targets[0].collector_size), 0);
}

static void begin(struct fixture *f, enum tw_flow_format format)
{
	memset(f, 0, sizeof(*f));
	f->config.observation_domain = 7;
	f->config.n_targets = 1;
	f->config.targets[0] = (struct tw_exporter_target){ .name = "x", .format = format, .mtu = 1400 };
	listen_on_loopback(f);
	f->decoder = ipfix_decoder_create();
	f->exporter = tw_exporter_create();
	f->now = START_MS;
}

static void end(struct fixture *f)
{
	assert_int_equal(ipfix_decoder_counts(f->decoder)->unknown_sets, 0);
	assert_int_equal(ipfix_decoder_counts(f->decoder)->sequence_errors, 0);
	assert_int_equal(ipfix_decoder_counts(f->decoder)->changed_layouts, 0);
	tw_exporter_destroy(f->exporter);
	ipfix_decoder_destroy(f->decoder);
	close(f->fd);
}

static void an_interval_and_a_mode_are_what_version_5_has_for_them(void **state)
{
	assert_int_equal(tw_sampling(0, false), 0);
	assert_int_equal(tw_sampling(1, true), 0);
	assert_int_equal(tw_sampling(100, false), 0x4064);
	assert_int_equal(tw_sampling(16383, true), 0xbfff);
	assert_int_equal(tw_sampling(20000, true), 0xbfff);
	assert_int_equal(tw_sampling_interval(0), 1);
	assert_int_equal(tw_sampling_interval(0xbfff), 16383);
	assert_true(tw_sampling_is_random(0xbfff) && !tw_sampling_is_random(0x7fff));
}

static void the_way_by_the_controller_keeps_it(void **state)
{
	const struct tw_flow_record in = { .key_flags = TW_FLOW_KEY_IPV4, .packets = 1, .sampling = 0xbfff };
	const struct tw_batch_head head = { .epoch = 1, .sequence = 1 };
	static struct tw_batch batch;
	struct tw_batch_reader reader;
	struct tw_batch_head said;
	struct tw_flow_record out;

	tw_batch_begin(&batch);
	assert_true(tw_batch_add(&batch, &in));
	tw_batch_finish(&batch, &head);
	assert_int_equal(tw_batch_open(&reader, batch.octet, batch.size, &said), 0);
	assert_int_equal(tw_batch_next(&reader, &out), 1);
	assert_int_equal(out.sampling, 0xbfff);
}

static void what_is_configured_is_told_before_there_is_a_record(void **state)
{
	static const enum tw_flow_format formats[] = { TW_FORMAT_IPFIX, TW_FORMAT_V9 };
	struct fixture f;

	for (unsigned i = 0; i < 2; i++) {
		begin(&f, formats[i]);
		configure(&f, tw_sampling(100, false));
		tick(&f, 0);
		assert_int_equal(f.declared, 100);
		assert_int_equal(f.algorithm, 1);
		configure(&f, tw_sampling(50, true));
		tick(&f, 10);
		assert_int_equal(f.declared, 50);
		assert_int_equal(f.algorithm, formats[i] == TW_FORMAT_V9 ? 2 : 3);
		configure(&f, TW_SAMPLE_ALL);
		tick(&f, 10);
		assert_int_equal(f.declared, 1);
		assert_int_equal(f.algorithm, 1);
		end(&f);
	}
}

/* At a change, records of before and after come as the workers have them. */
static void each_record_stands_behind_its_own_declaration(void **state)
{
	static const uint16_t of[] = { 1, 1, 100, 1, 100, 100, 100, 7, 100 };
	static const enum tw_flow_format formats[] = { TW_FORMAT_IPFIX, TW_FORMAT_V9 };
	struct fixture f;

	for (unsigned i = 0; i < 2; i++) {
		begin(&f, formats[i]);
		configure(&f, TW_SAMPLE_ALL);
		tick(&f, 0);
		configure(&f, tw_sampling(100, false));
		for (uint8_t k = 0; k < 9; k++)
			add(&f, k, tw_sampling(of[k], false));
		tick(&f, 300);
		tick(&f, 100);
		assert_int_equal(f.n, 9);
		for (unsigned k = 0; k < 9; k++) {
			assert_int_equal(f.records[k].source, k);
			assert_int_equal(f.records[k].declared, of[k]);
		}
		assert_int_equal(f.declared, 100); /* and the configured one at the end, without a record */
		end(&f);
	}
}

static void without_a_change_it_is_told_with_the_announcements_alone(void **state)
{
	unsigned before;
	struct fixture f;

	begin(&f, TW_FORMAT_IPFIX);
	configure(&f, tw_sampling(10, true));
	tick(&f, 0);
	add(&f, 1, tw_sampling(10, true));
	tick(&f, 5000);
	before = f.declarations;
	for (unsigned i = 0; i < 20; i++) {
		add(&f, 1, tw_sampling(10, true));
		tick(&f, 300);
	}
	assert_int_equal(f.n, 21);
	assert_int_equal(f.declarations, before);
	end(&f);
}

static void a_mediator_tells_each_hosts_own(void **state)
{
	static const uint16_t of[] = { 1, 10, 10, 1, 100 };
	struct fixture f;

	begin(&f, TW_FORMAT_IPFIX);
	f.config.mediates = true;
	configure(&f, TW_SAMPLE_ALL);
	tick(&f, 0);
	for (uint8_t k = 0; k < 5; k++)
		add(&f, k, tw_sampling(of[k], false));
	tick(&f, 300);
	assert_int_equal(f.n, 5);
	for (unsigned k = 0; k < 5; k++)
		assert_int_equal(f.records[k].declared, of[k]);
	end(&f);
}

static void version_5_says_it_in_each_header(void **state)
{
	static const uint16_t of[] = { 0, 0, 0x4064, 0xbfff };
	uint8_t datagram[DATAGRAM_MAX];
	struct fixture f;

	begin(&f, TW_FORMAT_V5);
	configure(&f, TW_SAMPLE_ALL);
	tw_exporter_tick(f.exporter, f.now);
	for (uint8_t k = 0; k < 4; k++)
		add(&f, k, of[k]);
	tw_exporter_flush(f.exporter, f.now);
	for (unsigned k = 1; k < 4; k++) { /* the first two share a message */
		ssize_t size = recv(f.fd, datagram, sizeof(datagram), 0);

		assert_int_equal(size, k == 1 ? 24 + 2 * 48 : 24 + 48);
		assert_int_equal(datagram[22] << 8 | datagram[23], of[k]);
	}
	end(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_interval_and_a_mode_are_what_version_5_has_for_them),
		cmocka_unit_test(the_way_by_the_controller_keeps_it),
		cmocka_unit_test(what_is_configured_is_told_before_there_is_a_record),
		cmocka_unit_test(each_record_stands_behind_its_own_declaration),
		cmocka_unit_test(without_a_change_it_is_told_with_the_announcements_alone),
		cmocka_unit_test(a_mediator_tells_each_hosts_own),
		cmocka_unit_test(version_5_says_it_in_each_header),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
