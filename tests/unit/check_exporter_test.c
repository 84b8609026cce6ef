/* SPDX-License-Identifier: Apache-2.0 */
/* check_exporter_test.c - what an exporter may say of its collectors and of the way to them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "proto/envelope.pb-c.h"
#include "proto/link/check.h"

#define TEXT(literal) ((char *)(uintptr_t)(literal))

struct expectation {
	const char *field; /* NULL = it is taken */
	enum tw_api_error code;
};

static void expect(const Tw__Exporter *e, struct expectation want)
{
	struct tw_error err = { 0 };

	assert_int_equal(tw_check_exporter(e, &err), want.field == NULL);
	assert_string_equal(err.field, want.field ? want.field : "");
	assert_int_equal(err.code, want.code);
}

static Tw__Exporter make(char **collectors, size_t n)
{
	Tw__Exporter e;

	tw__exporter__init(&e);
	e.name = TEXT("nf");
	e.collectors = collectors;
	e.n_collectors = n;
	return e;
}

static void one_to_four_collectors_and_none_twice(void **state)
{
	char *all[] = { TEXT("10.0.0.1:1"), TEXT("10.0.0.1:2"), TEXT("10.0.0.2:1"), TEXT("[::1]:1"), TEXT("[::1]:2") };
	char *twice[] = { all[0], all[1], all[0] }, *bad[] = { all[0], TEXT("nowhere") };

	for (size_t n = 1; n <= 4; n++)
		expect(&(Tw__Exporter[]){ make(all, n) }[0], (struct expectation){ 0 });
	expect(&(Tw__Exporter[]){ make(all, 0) }[0], (struct expectation){ "exporter.collectors", TW_E_MISSING });
	expect(&(Tw__Exporter[]){ make(all, 5) }[0], (struct expectation){ "exporter.collectors", TW_E_INVALID });
	expect(&(Tw__Exporter[]){ make(twice, 3) }[0],
	       (struct expectation){ "exporter.collectors[2]", TW_E_DUPLICATE });
	expect(&(Tw__Exporter[]){ make(bad, 2) }[0], (struct expectation){ "exporter.collectors[1]", TW_E_INVALID });
}

static void only_ipfix_has_biflows(void **state)
{
	char *collector[] = { TEXT("10.0.0.1:1") };
	Tw__Exporter e = make(collector, 1);

	e.biflow = true;
	expect(&e, (struct expectation){ 0 });
	e.way = TW__EXPORTER__WAY__CENTRAL;
	expect(&e, (struct expectation){ 0 });
	e.format = TW__EXPORTER__FORMAT__NETFLOW_V9;
	expect(&e, (struct expectation){ "exporter.biflow", TW_E_INVALID });
	e.format = TW__EXPORTER__FORMAT__NETFLOW_V5;
	expect(&e, (struct expectation){ "exporter.biflow", TW_E_INVALID });
}

static void a_collector_is_an_address_and_a_port(void **state)
{
	static const struct {
		const char *collector;
		struct expectation want;
	} cases[] = {
		{ "", { "exporter.collectors[0]", TW_E_MISSING } },
		{ "10.0.0.9", { "exporter.collectors[0]", TW_E_INVALID } },
		{ "10.0.0.9:", { "exporter.collectors[0]", TW_E_INVALID } },
		{ "10.0.0.9:0", { "exporter.collectors[0]", TW_E_INVALID } },
		{ "10.0.0.9:1", { 0 } },
		{ "10.0.0.9:65535", { 0 } },
		{ "10.0.0.9:65536", { "exporter.collectors[0]", TW_E_INVALID } },
		{ "10.0.0.9:-1", { "exporter.collectors[0]", TW_E_INVALID } },
		{ "10.0.0.9:+1", { "exporter.collectors[0]", TW_E_INVALID } },
		{ "10.0.0.9: 1", { "exporter.collectors[0]", TW_E_INVALID } },
		{ "10.0.0.9:1x", { "exporter.collectors[0]", TW_E_INVALID } },
		{ "localhost:4739", { "exporter.collectors[0]", TW_E_INVALID } },
		{ ":4739", { "exporter.collectors[0]", TW_E_INVALID } },
		{ "[::1]:4739", { 0 } },
		{ "::1:4739", { "exporter.collectors[0]", TW_E_INVALID } },
		{ "[]:4739", { "exporter.collectors[0]", TW_E_INVALID } },
		{ "[:4739", { "exporter.collectors[0]", TW_E_INVALID } },
		{ "[10.0.0.9]:4739", { "exporter.collectors[0]", TW_E_INVALID } },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char *one[] = { TEXT(cases[i].collector) };
		Tw__Exporter e = make(one, 1);

		expect(&e, cases[i].want);
	}
}

static void a_source_is_an_address_or_prefix_of_the_collectors_ip_version(void **state)
{
	static const struct {
		const char *source;
		struct expectation v4, v6, both;
	} cases[] = {
#define NO { "exporter.source", TW_E_INVALID }
		{ "", { 0 }, { 0 }, { 0 } },      { "10.0.0.1", { 0 }, NO, NO },      { "10.0.0.0/24", { 0 }, NO, NO },
		{ "2001:db8::1", NO, { 0 }, NO }, { "2001:db8::/64", NO, { 0 }, NO }, { "10.0.0.1/24", NO, NO, NO },
		{ "eth0", NO, NO, NO },
	};
	char *v4[] = { TEXT("10.0.0.1:1") }, *v6[] = { TEXT("[::1]:1") }, *both[] = { v4[0], v6[0] };

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		Tw__Exporter e[] = { make(v4, 1), make(v6, 1), make(both, 2) };
		const struct expectation want[] = { cases[i].v4, cases[i].v6, cases[i].both };

		for (unsigned k = 0; k < 3; k++) {
			e[k].source = TEXT(cases[i].source);
			expect(&e[k], want[k]);
		}
	}
}

static void numbers_have_their_limits(void **state)
{
	static Tw__Exporter e;
	static const struct {
		uint32_t *field, value;
		const char *wrong;
	} cases[] = {
		{ &e.active_timeout_s, 0, NULL },
		{ &e.active_timeout_s, 3600, NULL },
		{ &e.active_timeout_s, 3601, "exporter.active_timeout_s" },
		{ &e.idle_timeout_s, 600, NULL },
		{ &e.idle_timeout_s, 601, "exporter.idle_timeout_s" },
		{ &e.template_refresh_s, 86400, NULL },
		{ &e.template_refresh_s, 86401, "exporter.template_refresh_s" },
		{ &e.mtu, 0, NULL },
		{ &e.mtu, 511, "exporter.mtu" },
		{ &e.mtu, 512, NULL },
		{ &e.mtu, 9000, NULL },
		{ &e.mtu, 9001, "exporter.mtu" },
		{ &e.template_refresh_messages, 1000000, NULL },
		{ &e.template_refresh_messages, 1000001, "exporter.template_refresh_messages" },
		{ &e.options_refresh_s, 86400, NULL },
		{ &e.options_refresh_s, 86401, "exporter.options_refresh_s" },
		{ &e.observation_domain, 4294967295, NULL },
	};
	char *one[] = { TEXT("10.0.0.1:1") };

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		e = make(one, 1);
		*cases[i].field = cases[i].value;
		expect(&e, (struct expectation){ cases[i].wrong, cases[i].wrong ? TW_E_INVALID : 0 });
	}
}

static void tls_needs_a_ca_and_a_certificate_its_key(void **state)
{
	static const struct {
		Tw__Exporter__Transport transport;
		Tw__Exporter__Format format;
		const char *ca, *certificate, *key;
		struct expectation want;
	} cases[] = {
#define TLS TW__EXPORTER__TRANSPORT__TLS
		{ TLS, 0, "/ca", "", "", { 0 } },
		{ TLS, 0, "/ca", "/c", "/k", { 0 } },
		{ TLS, 0, "", "/c", "/k", { "exporter.tls_ca", TW_E_MISSING } },
		{ TLS, 0, "/ca", "/c", "", { "exporter.tls_key", TW_E_MISSING } },
		{ TLS, 0, "/ca", "", "/k", { "exporter.tls_certificate", TW_E_MISSING } },
		{ TLS, 0, "ca", "", "", { "exporter.tls_ca", TW_E_INVALID } },
		{ TLS, TW__EXPORTER__FORMAT__NETFLOW_V9, "/ca", "", "", { "exporter.transport", TW_E_INVALID } },
		{ TW__EXPORTER__TRANSPORT__TCP,
		  TW__EXPORTER__FORMAT__NETFLOW_V5,
		  "",
		  "",
		  "",
		  { "exporter.transport", TW_E_INVALID } },
		{ 0, 0, "/ca", "/c", "/k", { 0 } }, /* for later */
	};
	char *one[] = { TEXT("10.0.0.1:4740") };

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		Tw__Exporter e = make(one, 1);

		e.transport = cases[i].transport;
		e.format = cases[i].format;
		e.tls_ca = TEXT(cases[i].ca);
		e.tls_certificate = TEXT(cases[i].certificate);
		e.tls_key = TEXT(cases[i].key);
		expect(&e, cases[i].want);
	}
}

static void sflow_has_samples_and_no_flows(void **state)
{
	char *collectors[] = { TEXT("10.0.0.1:6343") }, *names[] = { TEXT("blue") }, *ports[] = { TEXT("vm/x") };
	const Tw__Exporter plain = make(collectors, 1);
	Tw__Exporter e = plain;

#define SFLOW_IS(what, value, ...)              \
	e = plain;                              \
	e.format = TW__EXPORTER__FORMAT__SFLOW; \
	e.what = (value);                       \
	expect(&e, (struct expectation){ __VA_ARGS__ })
	SFLOW_IS(sample, 0, 0);
	SFLOW_IS(sample, 1, 0);
	SFLOW_IS(sample, 16777216, 0);
	SFLOW_IS(sample, 16777217, "exporter.sample", TW_E_INVALID);
	SFLOW_IS(header_bytes, 60, 0);
	SFLOW_IS(header_bytes, 59, "exporter.header_bytes", TW_E_INVALID);
	SFLOW_IS(header_bytes, 256, 0);
	SFLOW_IS(header_bytes, 257, "exporter.header_bytes", TW_E_INVALID);
	SFLOW_IS(counters_s, 3600, 0);
	SFLOW_IS(counters_s, 3601, "exporter.counters_s", TW_E_INVALID);
	SFLOW_IS(delivery, TW__EXPORTER__DELIVERY__FAILOVER, 0);
	SFLOW_IS(observation_domain, 9, 0);
	SFLOW_IS(transport, TW__EXPORTER__TRANSPORT__TCP, "exporter.transport", TW_E_INVALID);
	SFLOW_IS(names, TW__EXPORTER__NAMES__RECORD, "exporter.names", TW_E_INVALID);
	SFLOW_IS(active_timeout_s, 60, "exporter.active_timeout_s", TW_E_INVALID);
	SFLOW_IS(idle_timeout_s, 15, "exporter.idle_timeout_s", TW_E_INVALID);
	SFLOW_IS(template_refresh_s, 1, "exporter.template_refresh_s", TW_E_INVALID);
	SFLOW_IS(template_refresh_messages, 1, "exporter.template_refresh_messages", TW_E_INVALID);
	SFLOW_IS(options_refresh_s, 1, "exporter.options_refresh_s", TW_E_INVALID);
	SFLOW_IS(east_west, true, "exporter.east_west", TW_E_INVALID);
	SFLOW_IS(both_sides, true, "exporter.both_sides", TW_E_INVALID);
	SFLOW_IS(way, TW__EXPORTER__WAY__CENTRAL, "exporter.way", TW_E_INVALID);
	SFLOW_IS(n_networks, 0, 0);
	e.networks = names;
	e.n_networks = 1;
	expect(&e, (struct expectation){ "exporter.networks", TW_E_INVALID });
	SFLOW_IS(n_ports, 0, 0);
	e.ports = ports;
	e.n_ports = 1;
	expect(&e, (struct expectation){ "exporter.ports", TW_E_INVALID });
#undef SFLOW_IS
}

static void only_sflow_has_samples(void **state)
{
	char *collectors[] = { TEXT("10.0.0.1:6343") };
	Tw__Exporter e = make(collectors, 1);

	e.counters_s = 20;
	expect(&e, (struct expectation){ "exporter.counters_s", TW_E_INVALID });
	e.header_bytes = 128;
	expect(&e, (struct expectation){ "exporter.header_bytes", TW_E_INVALID });
	e.sample = 1000;
	expect(&e, (struct expectation){ "exporter.sample", TW_E_INVALID });
}

static void one_packet_in_at_most_16383_is_metered(void **state)
{
	struct tw_error err = { 0 };
	Tw__Host host;

	tw__host__init(&host);
	host.name = TEXT("a");
	host.flow_sample = 16383;
	assert_true(tw_check_host(&host, &err));
	host.flow_sample = 16384;
	assert_false(tw_check_host(&host, &err));
	assert_string_equal(err.field, "host.flow_sample");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_packet_in_at_most_16383_is_metered),
		cmocka_unit_test(one_to_four_collectors_and_none_twice),
		cmocka_unit_test(only_ipfix_has_biflows),
		cmocka_unit_test(a_collector_is_an_address_and_a_port),
		cmocka_unit_test(a_source_is_an_address_or_prefix_of_the_collectors_ip_version),
		cmocka_unit_test(tls_needs_a_ca_and_a_certificate_its_key),
		cmocka_unit_test(numbers_have_their_limits),
		cmocka_unit_test(sflow_has_samples_and_no_flows),
		cmocka_unit_test(only_sflow_has_samples),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
