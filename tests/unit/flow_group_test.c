/* SPDX-License-Identifier: Apache-2.0 */
/*
 * flow_group_test.c - an exporter with several collectors: each gets everything, or one at a time does; where messages come
 *                     from; and what is repeated when. Over loopback, with the time as an argument.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/log.h"
#include "flowexport/choice.h"
#include "flowexport/exporter.h"
#include "flowexport/trial.h"
#include "tests/support/ipfix_decode.h"

#define START_MS UINT64_C(1800000000000)

enum { SINKS = 3, DATAGRAM_MAX = 65536, STEP_MS = 100, TEMPLATES = 20 };

static const struct tw_flow_record flow = {
	.key_flags = TW_FLOW_KEY_IPV4, .protocol = 17, .packets = 2, .l3_octets = 300, .ingress = 1
};

/* A collector; fd -1: nobody listens there, and the host says so. */
struct sink {
	int fd;
	struct sockaddr_in at, from;
	struct ipfix_decoder *decoder;
	uint64_t not_sent, sent; /* as last told */
	uint64_t test_packets;
	uint64_t told, statistics; /* names and statistics records */
	uint32_t domain;
};

struct fixture {
	struct sink sinks[SINKS];
	struct tw_exporter *exporter;
	struct tw_exporter_config config;
	struct tw_exporter_stats stats[TW_TARGETS_MAX];
	uint64_t now;
};

static void sink_open(struct sink *s)
{
	socklen_t size = sizeof(s->at);

	s->fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(s->fd, (struct sockaddr *)&s->at, size), 0);
	assert_int_equal(getsockname(s->fd, (struct sockaddr *)&s->at, &size), 0);
}

static void sink_close(struct sink *s)
{
	close(s->fd);
	s->fd = -1;
}

static void configure(struct fixture *f)
{
	assert_int_equal(tw_exporter_configure(f->exporter, &f->config), 0);
}

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	tw_log_init("test", TW_LOG_ERROR);
	f->now = START_MS;
	f->config.observation_domain = 7;
	f->config.n_targets = SINKS;
	for (unsigned i = 0; i < SINKS; i++) {
		struct tw_exporter_target *t = &f->config.targets[i];

		f->sinks[i].at = (struct sockaddr_in){ .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
		f->sinks[i].decoder = ipfix_decoder_create();
		sink_open(&f->sinks[i]);
		*t = (struct tw_exporter_target){ .name = "nf", .mtu = 1400, .collector_size = sizeof(f->sinks[i].at) };
		memcpy(&t->collector, &f->sinks[i].at, sizeof(f->sinks[i].at));
	}
	f->exporter = tw_exporter_create();
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	tw_exporter_destroy(f->exporter);
	for (unsigned i = 0; i < SINKS; i++) {
		sink_close(&f->sinks[i]);
		ipfix_decoder_destroy(f->sinks[i].decoder);
	}
	free(f);
	return 0;
}

static void on_record(const struct ipfix_record *r, void *context)
{
	struct sink *s = context;

	s->domain = r->domain;
	if (r->template_id == 326)
		s->not_sent = ipfix_uint(r, 166);
	if (r->template_id == 333)
		s->sent = ipfix_uint(r, 42);
	s->statistics += r->template_id == 333;
	s->told += r->template_id == 322;
	if (!r->is_options && ipfix_uint(r, 10) == TW_TRIAL_INTERFACE)
		s->test_packets += ipfix_uint(r, 2);
}

static void collect(struct sink *s)
{
	static uint8_t datagram[DATAGRAM_MAX];
	socklen_t size = sizeof(s->from);
	ssize_t n;

	while (s->fd >= 0 &&
	       (n = recvfrom(s->fd, datagram, sizeof(datagram), 0, (struct sockaddr *)&s->from, &size)) >= 0)
		assert_int_equal(ipfix_decode(s->decoder, datagram, (size_t)n, on_record, s), 0);
}

static const struct ipfix_counts *counts(const struct fixture *f, unsigned sink)
{
	return ipfix_decoder_counts(f->sinks[sink].decoder);
}

static void pass(struct fixture *f, uint64_t ms)
{
	for (uint64_t end = f->now + ms; f->now < end;) {
		f->now += STEP_MS;
		tw_exporter_tick(f->exporter, f->now);
		for (unsigned i = 0; i < SINKS; i++)
			collect(&f->sinks[i]);
	}
	assert_int_equal(tw_exporter_get_stats(f->exporter, f->stats), f->config.n_targets);
}

static void add_flows(struct fixture *f, unsigned n)
{
	while (n--)
		tw_exporter_add(f->exporter, &flow);
}

static void one_at_a_time(struct fixture *f)
{
	for (unsigned i = 0; i < SINKS; i++)
		f->config.targets[i].failover = true;
	configure(f);
	pass(f, 1000);
}

static void each_collector_gets_every_record_in_a_sequence_of_its_own(void **state)
{
	struct fixture *f = *state;

	configure(f);
	pass(f, 1000);
	add_flows(f, 500);
	pass(f, 1000);
	for (unsigned i = 0; i < SINKS; i++) {
		assert_int_equal(counts(f, i)->data_records, 500);
		assert_int_equal(counts(f, i)->sequence_errors, 0);
		assert_int_equal(f->stats[i].records, 500);
		assert_int_equal(f->stats[i].state, TW_COLLECTOR_ACTIVE);
		assert_string_equal(f->stats[i].name, "nf");
	}
}

static void one_that_is_dead_costs_the_others_nothing_and_each_is_told_its_own_losses(void **state)
{
	struct fixture *f = *state;

	configure(f);
	pass(f, 1000);
	sink_close(&f->sinks[1]);
	for (unsigned i = 0; i < 10; i++) {
		add_flows(f, 10);
		pass(f, 500);
	}
	assert_int_equal(f->stats[1].records, 0);
	assert_int_equal(f->stats[1].lost_records, 100);
	assert_int_equal(f->stats[1].state, TW_COLLECTOR_FAILED);
	assert_string_equal(f->stats[1].error, "Connection refused");
	sink_open(&f->sinks[1]);
	pass(f, 70000); /* a refresh */
	for (unsigned i = 0; i < SINKS; i++) {
		assert_int_equal(counts(f, i)->data_records, i == 1 ? 0 : 100);
		assert_int_equal(f->sinks[i].not_sent, i == 1 ? 100 : 0);
		assert_int_equal(f->sinks[i].sent, i == 1 ? 0 : 100);
		assert_int_equal(f->stats[i].state, TW_COLLECTOR_ACTIVE);
	}
}

static void of_a_failover_exporter_the_first_collector_alone_gets_records(void **state)
{
	struct fixture *f = *state;

	one_at_a_time(f);
	add_flows(f, 100);
	pass(f, 1000);
	assert_int_equal(counts(f, 0)->data_records, 100);
	for (unsigned i = 1; i < SINKS; i++) {
		assert_int_equal(counts(f, i)->data_records, 0);
		assert_true(counts(f, i)->templates >= TEMPLATES); /* it stands by, warm */
		assert_int_equal(f->stats[i].state, TW_COLLECTOR_STANDBY);
	}
	assert_int_equal(f->stats[0].state, TW_COLLECTOR_ACTIVE);
	assert_int_equal(f->stats[0].changes, 0);
}

static void when_it_fails_the_next_takes_over_with_templates_at_once_and_what_was_lost_is_told(void **state)
{
	struct fixture *f = *state;
	uint64_t templates;

	one_at_a_time(f);
	pass(f, 5000);
	templates = counts(f, 1)->templates;
	sink_close(&f->sinks[0]);
	for (unsigned i = 0; i < 20; i++) {
		add_flows(f, 10);
		pass(f, 500);
	}
	assert_int_equal(f->stats[0].state, TW_COLLECTOR_FAILED);
	assert_int_equal(f->stats[1].state, TW_COLLECTOR_ACTIVE);
	assert_int_equal(f->stats[2].state, TW_COLLECTOR_STANDBY);
	assert_int_equal(f->stats[1].changes, 1);
	assert_true(counts(f, 1)->templates >= templates + TEMPLATES);
	assert_int_equal(counts(f, 1)->unknown_sets, 0);
	assert_int_equal(counts(f, 1)->sequence_errors, 0);
	assert_true(f->stats[0].lost_records > 0 && f->stats[0].lost_records <= 20);
	assert_int_equal(f->stats[0].lost_records + f->stats[1].records, 200);
	assert_int_equal(counts(f, 1)->data_records, f->stats[1].records);
	assert_int_equal(counts(f, 2)->data_records, 0);
	pass(f, 61000);
	assert_int_equal(f->sinks[1].not_sent, f->stats[0].lost_records);
}

static void it_gets_the_records_back_when_it_has_been_well_for_a_while(void **state)
{
	struct fixture *f = *state;
	uint64_t had = 0;

	one_at_a_time(f);
	sink_close(&f->sinks[0]);
	for (unsigned i = 0; i < 20; i++) {
		add_flows(f, 1);
		pass(f, 500);
	}
	sink_open(&f->sinks[0]);
	pass(f, 9000); /* it takes announcements again, but not for long enough */
	add_flows(f, 50);
	pass(f, 500);
	assert_int_equal(counts(f, 0)->data_records, 0);
	pass(f, 10000);
	assert_int_equal(f->stats[0].state, TW_COLLECTOR_ACTIVE);
	assert_int_equal(f->stats[0].changes, 2);
	had = counts(f, 1)->data_records;
	add_flows(f, 70);
	pass(f, 1000);
	assert_int_equal(counts(f, 0)->data_records, 70);
	assert_int_equal(counts(f, 1)->data_records, had);
	assert_int_equal(counts(f, 0)->unknown_sets, 0);
}

static void with_no_collector_every_record_is_lost_once(void **state)
{
	struct fixture *f = *state;
	uint64_t lost = 0;

	one_at_a_time(f);
	for (unsigned i = 0; i < SINKS; i++)
		sink_close(&f->sinks[i]);
	for (unsigned i = 0; i < 100; i++) {
		add_flows(f, 3);
		pass(f, 300);
	}
	for (unsigned i = 0; i < SINKS; i++) {
		lost += f->stats[i].lost_records;
		assert_int_equal(f->stats[i].records, 0);
	}
	assert_int_equal(lost, 300);
	for (unsigned i = 0; i < SINKS; i++)
		sink_open(&f->sinks[i]);
}

static void a_new_configuration_leaves_the_records_with_the_collector_that_has_them(void **state)
{
	struct fixture *f = *state;

	one_at_a_time(f);
	sink_close(&f->sinks[0]);
	for (unsigned i = 0; i < 20; i++) {
		add_flows(f, 1);
		pass(f, 500);
	}
	f->config.targets[0].mtu = f->config.targets[1].mtu = f->config.targets[2].mtu = 900;
	configure(f);
	add_flows(f, 5);
	pass(f, 1000);
	assert_int_equal(f->stats[1].state, TW_COLLECTOR_ACTIVE);
	assert_int_equal(f->stats[0].lost_records + f->stats[1].records, 25);
	sink_open(&f->sinks[0]);
}

static void messages_come_from_the_source_that_was_chosen(void **state)
{
	static const char *const sources[] = { "127.0.0.5", "127.0.0.0/8" };
	static const char *const seen[] = { "127.0.0.5", "127.0.0.1" };
	struct fixture *f = *state;

	for (unsigned i = 0; i < 2; i++) {
		assert_true(tw_prefix_parse(sources[i], &f->config.targets[0].source));
		configure(f);
		pass(f, 1000);
		assert_string_equal(inet_ntoa(f->sinks[0].from.sin_addr), seen[i]);
		assert_int_equal(strncmp(f->stats[0].source, seen[i], strlen(seen[i])), 0);
	}
}

static void a_host_that_has_not_the_source_says_so_and_loses_what_it_cannot_send(void **state)
{
	static const struct {
		const char *source, *error;
	} cases[] = { { "192.0.2.77", "this host has no address 192.0.2.77" },
		      { "233.252.0.0/24", "this host has no address in 233.252.0.0/24" },
		      { "2001:db8::/32", "source 2001:db8::/32: Address family not supported by protocol" } };
	struct fixture *f = *state;

	f->config.n_targets = 1;
	for (unsigned i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		assert_true(tw_prefix_parse(cases[i].source, &f->config.targets[0].source));
		configure(f);
		pass(f, 1000);
		add_flows(f, 10);
		pass(f, 1000);
		assert_string_equal(f->stats[0].error, cases[i].error);
		assert_int_equal(f->stats[0].lost_records, 10);
		assert_int_equal(f->stats[0].messages, 0);
	}
}

static void templates_come_again_after_so_many_messages(void **state)
{
	struct fixture *f = *state;
	uint64_t before;

	f->config.n_targets = 1;
	f->config.targets[0].template_refresh_s = 3600;
	f->config.targets[0].template_refresh_messages = 50;
	configure(f);
	pass(f, 2000);
	before = counts(f, 0)->templates;
	for (unsigned i = 0; i < 49; i++) {
		add_flows(f, 1);
		pass(f, 300);
	}
	assert_int_equal(counts(f, 0)->templates, before);
	add_flows(f, 1);
	pass(f, 600);
	assert_int_equal(counts(f, 0)->templates, before + TEMPLATES);
}

static void names_and_statistics_come_by_an_interval_of_their_own(void **state)
{
	const struct tw_flow_identity who = { .number = 1, .name = "web/eth0", .vm_name = "web" };
	struct fixture *f = *state;
	uint64_t names, statistics, templates;

	f->config.n_targets = 1;
	f->config.targets[0].template_refresh_s = 3600;
	f->config.targets[0].options_refresh_s = 10;
	f->config.n_identities = 1;
	f->config.identities = &who;
	configure(f);
	pass(f, 2000);
	names = f->sinks[0].told, statistics = f->sinks[0].statistics, templates = counts(f, 0)->templates;
	pass(f, 50000);
	assert_int_equal(f->sinks[0].told, names + 5);
	assert_int_equal(f->sinks[0].statistics, statistics + 5);
	assert_int_equal(counts(f, 0)->templates, templates);
}

static void a_domain_of_its_own_is_an_exporters_and_another_one_begins_anew(void **state)
{
	struct fixture *f = *state;

	strcpy(f->config.targets[1].name, "mf");
	f->config.n_targets = 2;
	f->config.targets[1].domain = 99;
	configure(f);
	pass(f, 1000);
	assert_int_equal(f->sinks[0].domain, 7);
	assert_int_equal(f->sinks[1].domain, 99);
	add_flows(f, 5);
	f->config.targets[1].domain = 100;
	configure(f);
	pass(f, 1000);
	add_flows(f, 5);
	pass(f, 1000);
	assert_int_equal(f->sinks[1].domain, 100);
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(counts(f, i)->data_records, 10);
		assert_int_equal(counts(f, i)->sequence_errors, 0);
		assert_int_equal(counts(f, i)->unknown_sets, 0);
	}
}

static struct tw_export_trial try(struct fixture *f, const char *name)
{
	struct tw_export_trial result;

	assert_int_equal(tw_exporter_try(f->exporter, name), 0);
	assert_int_equal(tw_exporter_try(f->exporter, name), -EBUSY);
	pass(f, 400);
	assert_false(tw_exporter_tried(f->exporter, &result));
	pass(f, 600);
	assert_true(tw_exporter_tried(f->exporter, &result));
	assert_false(tw_exporter_tried(f->exporter, &result));
	return result;
}

static void a_trial_reaches_every_collector_also_one_that_stands_by_and_keeps_the_sequence(void **state)
{
	struct fixture *f = *state;
	struct tw_export_trial result;

	one_at_a_time(f);
	add_flows(f, 20);
	pass(f, 1000);
	for (unsigned i = 0; i < SINKS; i++) {
		f->sinks[i].told = 0;
		f->config.targets[i].scope.limited = true; /* to nothing: the trial goes all the same */
	}
	configure(f);
	result = try(f, "nf");
	for (unsigned i = 0; i < SINKS; i++)
		f->config.targets[i].scope.limited = false;
	configure(f);
	pass(f, 1000);
	add_flows(f, 20);
	pass(f, 1000);
	assert_int_equal(result.n_collectors, SINKS);
	assert_int_equal(result.domain, 7);
	for (unsigned i = 0; i < SINKS; i++) {
		assert_int_equal(result.collectors[i].records, TW_TRIAL_FLOWS);
		assert_int_equal(result.collectors[i].lost, 0);
		assert_int_equal(result.collectors[i].state, i ? TW_COLLECTOR_STANDBY : TW_COLLECTOR_ACTIVE);
		assert_string_equal(result.collectors[i].error, "");
		assert_true(result.collectors[i].messages >= 2);
		assert_int_equal(f->stats[i].test_records, TW_TRIAL_FLOWS);
		assert_int_equal(f->stats[i].records, TW_TRIAL_FLOWS + (i ? 0 : 40));
		assert_int_equal(counts(f, i)->data_records, TW_TRIAL_FLOWS + (i ? 0 : 40));
		assert_int_equal(counts(f, i)->sequence_errors, 0);
		assert_int_equal(counts(f, i)->unknown_sets, 0);
		assert_int_equal(f->sinks[i].told, 1); /* whose the test's interface is */
		assert_int_equal(f->sinks[i].test_packets, 10 + 2 + 3 + 4);
	}
	assert_string_equal(result.flows[0].source, "192.0.2.1:50001");
	assert_string_equal(result.flows[2].destination, "198.51.100.3");
	assert_string_equal(result.flows[3].source, "[2001:db8::1]:50004");
}

static void a_trial_says_who_refused_it_and_what_could_not_be_said_or_sent(void **state)
{
	struct fixture *f = *state;
	struct tw_export_trial result;

	sink_close(&f->sinks[1]);
	f->config.targets[0].format = f->config.targets[1].format = f->config.targets[2].format = TW_FORMAT_V5;
	assert_true(tw_prefix_parse("203.0.113.77", &f->config.targets[2].source));
	configure(f);
	f->now += STEP_MS;
	tw_exporter_tick(f->exporter, f->now);
	assert_int_equal(tw_exporter_try(f->exporter, "nf"), 0);
	for (unsigned i = 0; i < 10; i++)
		tw_exporter_tick(f->exporter, f->now += STEP_MS);
	assert_true(tw_exporter_tried(f->exporter, &result));
	assert_int_equal(result.collectors[0].unsaid, 1); /* IPv6 */
	assert_int_equal(result.collectors[0].records, 3);
	assert_string_equal(result.collectors[0].error, "");
	assert_string_equal(result.collectors[1].error, "Connection refused");
	assert_int_equal(result.collectors[1].state, TW_COLLECTOR_FAILED);
	assert_int_equal(result.collectors[2].lost, 3);
	assert_int_equal(result.collectors[2].messages, 0);
	assert_string_equal(result.collectors[2].error, "this host has no address 203.0.113.77");
	sink_open(&f->sinks[1]);
}

static void a_trial_of_an_exporter_that_is_not_there_has_no_collectors(void **state)
{
	struct fixture *f = *state;
	struct tw_export_trial result;

	configure(f);
	pass(f, 100);
	assert_int_equal(tw_exporter_try(f->exporter, "other"), 0);
	pass(f, 100);
	assert_true(tw_exporter_tried(f->exporter, &result));
	assert_int_equal(result.n_collectors, 0);
}

static void an_exporters_collectors_stand_side_by_side(void **state)
{
	struct fixture *f = *state;
	struct tw_exporter_config *c = &f->config;

	strcpy(c->targets[1].name, "mf");
	assert_int_equal(tw_exporter_configure(f->exporter, c), -EINVAL); /* nf, mf, nf */
	for (unsigned i = 0; i <= TW_COLLECTORS_MAX; i++)
		c->targets[i] = c->targets[0];
	c->n_targets = TW_COLLECTORS_MAX + 1;
	assert_int_equal(tw_exporter_configure(f->exporter, c), -EINVAL);
	for (unsigned i = 0; i <= TW_EXPORTERS_MAX; i++) {
		c->targets[i] = c->targets[0];
		snprintf(c->targets[i].name, sizeof(c->targets[i].name), "nf%u", i);
	}
	c->n_targets = TW_EXPORTERS_MAX + 1;
	assert_int_equal(tw_exporter_configure(f->exporter, c), -EINVAL);
	c->n_targets = TW_EXPORTERS_MAX;
	assert_int_equal(tw_exporter_configure(f->exporter, c), 0);
}

static void the_choice_is_the_first_that_is_usable_and_a_better_one_waits(void **state)
{
	static const struct {
		uint64_t at;
		uint32_t usable;
		size_t active;
	} steps[] = {
		{ 1000, 7, 0 },  { 2000, 6, 1 },  { 3000, 4, 2 },  { 4000, 0, 2 },  /* none: stay */
		{ 5000, 2, 1 },  { 6000, 3, 1 },  { 15999, 3, 1 }, { 16000, 3, 0 }, /* 10 s after it came back */
		{ 17000, 2, 1 }, { 18000, 3, 1 }, { 20000, 2, 1 }, { 27000, 3, 1 }, /* it comes and goes */
		{ 36999, 3, 1 }, { 37000, 3, 0 }, { 38000, 0, 0 }, { 39000, 1, 0 },
	};
	struct tw_choice c = { 0 };

	for (size_t i = 0; i < sizeof(steps) / sizeof(*steps); i++) {
		size_t before = c.active;

		assert_int_equal(tw_choice_update(&c, steps[i].usable, 3, steps[i].at), before != steps[i].active);
		assert_int_equal(c.active, steps[i].active);
	}
	assert_int_equal(c.changes, 6);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
		TEST(each_collector_gets_every_record_in_a_sequence_of_its_own),
		TEST(one_that_is_dead_costs_the_others_nothing_and_each_is_told_its_own_losses),
		TEST(of_a_failover_exporter_the_first_collector_alone_gets_records),
		TEST(when_it_fails_the_next_takes_over_with_templates_at_once_and_what_was_lost_is_told),
		TEST(it_gets_the_records_back_when_it_has_been_well_for_a_while),
		TEST(with_no_collector_every_record_is_lost_once),
		TEST(a_new_configuration_leaves_the_records_with_the_collector_that_has_them),
		TEST(messages_come_from_the_source_that_was_chosen),
		TEST(a_host_that_has_not_the_source_says_so_and_loses_what_it_cannot_send),
		TEST(templates_come_again_after_so_many_messages),
		TEST(names_and_statistics_come_by_an_interval_of_their_own),
		TEST(a_domain_of_its_own_is_an_exporters_and_another_one_begins_anew),
		TEST(a_trial_reaches_every_collector_also_one_that_stands_by_and_keeps_the_sequence),
		TEST(a_trial_says_who_refused_it_and_what_could_not_be_said_or_sent),
		TEST(a_trial_of_an_exporter_that_is_not_there_has_no_collectors),
		TEST(an_exporters_collectors_stand_side_by_side),
		cmocka_unit_test(the_choice_is_the_first_that_is_usable_and_a_better_one_waits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
