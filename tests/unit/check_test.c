/* SPDX-License-Identifier: Apache-2.0 */
/*
 * check_test.c - each limit of the model at its edge and one beyond, and the field that the error names.
 *
 * A case takes a message that is right, changes one field, and says whether it is still right.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <nanomsg/nn.h>

#include "proto/link/check.h"
#include "proto/link/link.h"

#define TEXT(literal)  ((char *)(uintptr_t)(literal))
#define OCTETS(lit)    ((ProtobufCBinaryData){ .len = sizeof(lit) - 1, .data = (uint8_t *)(uintptr_t)(lit) })
#define A15            "aaaaaaaaaaaaaaa"
#define A31            A15 "a" A15
#define A63            A31 "b" A31
#define A127           A63 "c" A63
#define COUNT_OF(list) (sizeof(list) / sizeof(*(list)))

/* ---- one message of each kind that is right ---- */

static struct {
	Tw__Vlan vlan, trunk;
	Tw__VlanRange range;
	Tw__VlanRange *ranges[65];
	Tw__Network network;
	Tw__Rate rate, no_rate;
	Tw__Shape shape;
	Tw__Port port;
	Tw__Host host;
	Tw__Uplink uplink[2];
	Tw__Uplink *uplinks[9];
	Tw__Mirror mirror;
	char *mirror_ports[65];
	Tw__Exporter exporter;
	char *collector, *local_collector;
	Tw__LocalPort local;
	Tw__LocalPort *locals[1];
	Tw__RemotePort remote[2];
	Tw__RemotePort *remotes[2];
	Tw__LocalMirror local_mirror;
	uint32_t mirror_numbers[65];
	Tw__LocalExporter local_exporter;
	Tw__LocalMirror *local_mirrors[2];
	Tw__LocalExporter *local_exporters[2];
	Tw__Snapshot snapshot;
} m;

static void make_model(void)
{
	tw__vlan__init(&m.vlan);
	m.vlan.mode = TW__VLAN__MODE__ACCESS;
	m.vlan.access = 10;
	tw__vlan_range__init(&m.range);
	m.range.first = 10;
	m.range.last = 20;
	tw__vlan__init(&m.trunk);
	m.trunk.mode = TW__VLAN__MODE__TRUNK;
	m.trunk.trunk = m.ranges;
	m.trunk.n_trunk = 1;
	for (size_t i = 0; i < COUNT_OF(m.ranges); i++)
		m.ranges[i] = &m.range;

	tw__network__init(&m.network);
	m.network.name = TEXT("blue");
	m.network.vlan = &m.vlan;
	tw__rate__init(&m.rate);
	m.rate.per_second = TW_RATE_MAX;
	m.network.ingress_rate = &m.rate;
	tw__rate__init(&m.no_rate);

	tw__port__init(&m.port);
	m.port.name = TEXT("web/eth0");
	m.port.network = TEXT("blue");
	m.port.egress_pps = &m.no_rate;
	tw__shape__init(&m.shape);
	m.port.shape = &m.shape;

	tw__host__init(&m.host);
	m.host.name = TEXT("a");
	for (size_t i = 0; i < COUNT_OF(m.uplink); i++) {
		tw__uplink__init(&m.uplink[i]);
		m.uplink[i].name = i ? TEXT("up1") : TEXT("up0");
		m.uplink[i].devargs = TEXT("net_af_packet0,iface=eth1");
	}
	for (size_t i = 0; i < COUNT_OF(m.uplinks); i++)
		m.uplinks[i] = &m.uplink[i != 0];
	m.host.uplinks = m.uplinks;
	m.host.n_uplinks = 2;

	tw__mirror__init(&m.mirror);
	m.mirror.name = TEXT("m1");
	m.mirror.file = TEXT("m1.pcapng");
	m.mirror.ports = m.mirror_ports;
	m.mirror.n_ports = 1;

	tw__exporter__init(&m.exporter);
	m.exporter.name = TEXT("nf");
	m.collector = TEXT("10.0.0.9:4739");
	m.exporter.collectors = &m.collector;
	m.exporter.n_collectors = 1;
}

static void make_snapshot(void)
{
	tw__local_port__init(&m.local);
	m.local.number = 1;
	m.local.name = TEXT("web/eth0");
	m.local.mac = OCTETS("\2\0\0\0\0\1");
	m.local.vlan = &m.vlan;
	m.local.socket = TEXT("/run/tradewind/vhost/1.sock");
	m.locals[0] = &m.local;
	for (size_t i = 0; i < COUNT_OF(m.remote); i++) {
		tw__remote_port__init(&m.remote[i]);
		m.remote[i].number = 2 + (uint32_t)i;
		m.remote[i].mac = i ? OCTETS("\2\0\0\0\0\3") : OCTETS("\2\0\0\0\0\2");
		m.remote[i].vlan = &m.trunk;
		m.remotes[i] = &m.remote[i];
	}
	tw__local_mirror__init(&m.local_mirror);
	m.local_mirror.name = TEXT("m1");
	m.local_mirror.path = TEXT("/run/tradewind/capture/m1.pcapng");
	m.local_mirror.ports = m.mirror_numbers;
	m.local_mirror.n_ports = 1;
	tw__local_exporter__init(&m.local_exporter);
	m.local_exporter.name = TEXT("nf");
	m.local_collector = TEXT("[2001:db8::9]:4739");
	m.local_exporter.collectors = &m.local_collector;
	m.local_exporter.n_collectors = 1;
	m.local_exporter.active_timeout_s = 60;
	m.local_exporter.idle_timeout_s = 15;
	m.local_exporter.template_refresh_s = 60;
	m.local_exporter.mtu = 1400;
	m.local_mirrors[0] = m.local_mirrors[1] = &m.local_mirror;
	m.local_exporters[0] = m.local_exporters[1] = &m.local_exporter;

	tw__snapshot__init(&m.snapshot);
	m.snapshot.host = TEXT("a");
	m.snapshot.observation_domain = 1;
	m.snapshot.n_ports = 1, m.snapshot.ports = m.locals;
	m.snapshot.n_remotes = 2, m.snapshot.remotes = m.remotes;
	m.snapshot.n_uplinks = 2, m.snapshot.uplinks = m.uplinks;
	m.snapshot.n_mirrors = 1, m.snapshot.mirrors = m.local_mirrors;
	m.snapshot.n_exporters = 1, m.snapshot.exporters = m.local_exporters;
}

static int make(void **state)
{
	static char names[65][8];

	for (size_t i = 0; i < COUNT_OF(names); i++) {
		snprintf(names[i], sizeof(names[i]), "vm/%zu", i);
		m.mirror_ports[i] = names[i];
		m.mirror_numbers[i] = 1 + (uint32_t)i;
	}
	make_model();
	make_snapshot();
	return 0;
}

static bool check_all(struct tw_error *err)
{
	memset(err, 0, sizeof(*err));
	return tw_check_vlan(&m.trunk, true, "trunk", err) && tw_check_network(&m.network, err) &&
	       tw_check_port(&m.port, err) && tw_check_host(&m.host, err) && tw_check_mirror(&m.mirror, err) &&
	       tw_check_exporter(&m.exporter, err) && tw_check_snapshot(&m.snapshot, err);
}

/* ---- tables ---- */

struct expectation {
	const char *path; /* of the error; NULL = right */
	uint32_t code;    /* 0 = TW_E_INVALID where there is a path */
};

static void expect(struct expectation want, const char *what)
{
	struct tw_error err;
	bool ok = check_all(&err);

	if (ok != !want.path)
		fail_msg("%s: %s (%s: %s)", what, ok ? "accepted" : "refused", err.field, err.text);
	if (ok)
		return;
	assert_string_equal(err.field, want.path);
	assert_int_equal(err.code, want.code ? want.code : TW_E_INVALID);
	assert_true(strlen(err.text) > 0);
}

static void numbers_have_their_limits(void **state)
{
	static const struct {
		uint32_t *field, value;
		struct expectation want;
	} cases[] = {
		{ &m.vlan.access, 0, { 0 } },
		{ &m.vlan.access, 1, { 0 } },
		{ &m.vlan.access, 4094, { 0 } },
		{ &m.vlan.access, 4095, { "network.vlan.access" } },
		{ &m.vlan.access, UINT32_MAX, { "network.vlan.access" } },
		{ &m.trunk.native, 4094, { 0 } },
		{ &m.trunk.native, 4095, { "trunk.native" } },
		{ &m.range.first, 0, { "trunk.trunk[0].first" } },
		{ &m.range.first, 1, { 0 } },
		{ &m.range.first, 20, { 0 } },
		{ &m.range.first, 21, { "trunk.trunk[0]" } },
		{ &m.range.last, 4094, { 0 } },
		{ &m.range.last, 4095, { "trunk.trunk[0].last" } },
		{ &m.network.mtu, 0, { 0 } },
		{ &m.network.mtu, 67, { "network.mtu" } },
		{ &m.network.mtu, 68, { 0 } },
		{ &m.network.mtu, 9000, { 0 } },
		{ &m.network.mtu, 9001, { "network.mtu" } },
		{ &m.rate.burst, 0, { 0 } },
		{ &m.rate.burst, 1 << 30, { 0 } },
		{ &m.rate.burst, (1 << 30) + 1, { "network.ingress_rate.burst" } },
		{ &m.no_rate.burst, 1, { "port.egress_pps.burst" } },
		{ &m.shape.queue, 1 << 26, { 0 } },
		{ &m.shape.queue, (1 << 26) + 1, { "port.shape.queue" } },
		{ &m.shape.delay_ms, 10000, { 0 } },
		{ &m.shape.delay_ms, 10001, { "port.shape.delay_ms" } },
		{ &m.port.number, INT32_MAX, { 0 } },
		{ &m.port.number, (uint32_t)INT32_MAX + 1, { "port.number" } },
		{ &m.mirror.snaplen, 0, { 0 } },
		{ &m.mirror.snaplen, 59, { "mirror.snaplen" } },
		{ &m.mirror.snaplen, 60, { 0 } },
		{ &m.mirror.snaplen, 65535, { 0 } },
		{ &m.mirror.snaplen, 65536, { "mirror.snaplen" } },
		{ &m.mirror.max_share, 100, { 0 } },
		{ &m.mirror.max_share, 101, { "mirror.max_share" } },
		{ &m.mirror.erspan_session, 1023, { 0 } },
		{ &m.mirror.erspan_session, 1024, { "mirror.erspan_session" } },
		{ &m.mirror.erspan_type, 1, { "mirror.erspan_type" } },
		{ &m.mirror.rspan_vlan, 7, { "mirror.file" } },
		{ &m.mirror.rspan_vlan, 4095, { "mirror.rspan_vlan" } },
		{ &m.snapshot.observation_domain, 0, { "snapshot.observation_domain" } },
		{ &m.local.number, 0, { "snapshot.ports[0].number" } },
		{ &m.local.mtu, 0, { 0 } },
		{ &m.local.mtu, 67, { "snapshot.ports[0].mtu" } },
		{ &m.remote[1].number, 0, { "snapshot.remotes[1].number" } },
		{ &m.local_exporter.active_timeout_s, 0, { "snapshot.exporters[0].active_timeout_s" } },
		{ &m.local_exporter.idle_timeout_s, 0, { "snapshot.exporters[0].idle_timeout_s" } },
		{ &m.local_exporter.template_refresh_s, 0, { "snapshot.exporters[0].template_refresh_s" } },
		{ &m.local_exporter.mtu, 0, { "snapshot.exporters[0].mtu" } },
		{ &m.mirror_numbers[0], 0, { "snapshot.mirrors[0].ports[0]" } },
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		char what[64];

		make(state);
		*cases[i].field = cases[i].value;
		snprintf(what, sizeof(what), "case %zu, %u", i, cases[i].value);
		expect(cases[i].want, what);
	}
}

static const struct {
	char **field;
	const char *value;
	struct expectation want;
} text_cases[] = {
	{ &m.network.name, "", { "network.name", TW_E_MISSING } },
	{ &m.network.name, A63, { 0 } },
	{ &m.network.name, A63 "a", { "network.name" } },
	{ &m.network.name, "AZaz09_.-", { 0 } },
	{ &m.network.name, "a b", { "network.name" } },
	{ &m.network.name, "a/b", { "network.name" } },
	{ &m.network.name, "bl\xc3\xa4u", { "network.name" } },
	{ &m.network.name, ".", { "network.name" } },
	{ &m.network.name, "..", { "network.name" } },
	{ &m.network.name, "...", { 0 } },
	{ &m.port.name, A63 "/" A63, { 0 } },
	{ &m.port.name, A63 "a/b", { "port.name" } },
	{ &m.port.name, "a/" A63 "b", { "port.name" } },
	{ &m.port.name, "web", { "port.name" } },
	{ &m.port.name, "web/", { "port.name" } },
	{ &m.port.name, "/eth0", { "port.name" } },
	{ &m.port.name, "a/b/c", { "port.name" } },
	{ &m.port.name, "../b", { "port.name" } },
	{ &m.port.name, "", { "port.name", TW_E_MISSING } },
	{ &m.port.network, "", { "port.network", TW_E_MISSING } },
	{ &m.host.name, "", { "host.name", TW_E_MISSING } },
	{ &m.host.peer_url, "tcp://10.0.0.1:7000", { 0 } },
	{ &m.host.peer_url, "10.0.0.1:7000", { "host.peer_url" } },
	{ &m.host.peer_url, "ipc:///tmp/x", { "host.peer_url" } },
	{ &m.host.peer_url, "tcp://[fe80::1]:1", { 0 } },
	{ &m.host.migrate_address, "10.0.0.1", { 0 } },
	{ &m.host.migrate_address, "::1", { 0 } },
	{ &m.host.migrate_address, "10.0.0.1:5", { "host.migrate_address" } },
	{ &m.host.migrate_address, "10.0.0.256", { "host.migrate_address" } },
	{ &m.uplink[1].name, A31, { 0 } },
	{ &m.uplink[1].name, A31 "a", { "host.uplinks[1].name" } },
	{ &m.uplink[1].name, "up0", { "host.uplinks[1].name", TW_E_DUPLICATE } },
	{ &m.uplink[0].devargs, "", { "host.uplinks[0].devargs", TW_E_MISSING } },
	{ &m.uplink[0].devargs, A127 A127 "a", { 0 } },
	{ &m.uplink[0].devargs, A127 A127 "aa", { "host.uplinks[0].devargs" } },
	{ &m.uplink[0].devargs, "a\nb", { "host.uplinks[0].devargs" } },
	{ &m.uplink[0].netdev, A15, { 0 } },
	{ &m.uplink[0].netdev, A15 "a", { "host.uplinks[0].netdev" } },
	{ &m.uplink[0].netdev, "../x", { "host.uplinks[0].netdev" } },
	{ &m.mirror.file, "", { "mirror.file", TW_E_MISSING } },
	{ &m.mirror.file, "..", { "mirror.file" } },
	{ &m.mirror.file, "/etc/passwd", { "mirror.file" } },
	{ &m.mirror.file, "../web.pcapng", { "mirror.file" } },
	{ &m.mirror.to_port, "ids/eth0", { "mirror.file" } }, /* two destinations */
	{ &m.mirror.erspan, "10.0.0.9", { "mirror.file" } },
	{ &m.mirror.erspan_source, "10.0.0.1", { "mirror.erspan_source" } }, /* of what? */
	{ &m.mirror.filter, "tcp port 443", { 0 } },
	{ &m.mirror.filter, "tcp\nport", { "mirror.filter" } },
	{ &m.mirror.file, ".", { "mirror.file" } },
	{ &m.mirror.file, "a/b", { "mirror.file" } },
	{ &m.mirror.file,
	  "Stra\xc3\x9f"
	  "e.pcapng",
	  { 0 } },
	{ &m.mirror.file, "a\x1b[2J", { "mirror.file" } },
	{ &m.mirror.file, "a\xff", { "mirror.file" } },
	{ &m.mirror.file, "a\xc0\xaf", { "mirror.file" } },         /* '/' in two octets */
	{ &m.mirror.file, "a\xed\xa0\x80", { "mirror.file" } },     /* half a surrogate pair */
	{ &m.mirror.file, "a\xf4\x90\x80\x80", { "mirror.file" } }, /* above U+10FFFF */
	{ &m.mirror.file, "a\xc2\x9b", { "mirror.file" } },         /* CSI as one character */
	{ &m.mirror_ports[0], "web", { "mirror.ports[0]" } },
	{ &m.snapshot.host, "", { "snapshot.host", TW_E_MISSING } },
	{ &m.local.name, "", { "snapshot.ports[0].name", TW_E_MISSING } },
	{ &m.local.socket, "", { "snapshot.ports[0].socket", TW_E_MISSING } },
	{ &m.local.socket, "1.sock", { "snapshot.ports[0].socket" } },
	{ &m.local.socket, "/" A63 A31 "abcdefghijkl", { 0 } },                           /* 107 */
	{ &m.local.socket, "/" A63 A31 "abcdefghijklm", { "snapshot.ports[0].socket" } }, /* 108 */
	{ &m.local_mirror.path, "m1.pcapng", { "snapshot.mirrors[0].path" } },
	{ &m.local_collector, "x", { "snapshot.exporters[0].collectors[0]" } },
};

static void texts_have_their_limits(void **state)
{
	for (size_t i = 0; i < COUNT_OF(text_cases); i++) {
		make(state);
		*text_cases[i].field = TEXT(text_cases[i].value);
		expect(text_cases[i].want, text_cases[i].value);
	}
}

static void octets_have_their_limits(void **state)
{
	static const struct {
		ProtobufCBinaryData *field;
		const char *value;
		size_t size;
		struct expectation want;
	} cases[] = {
		{ &m.port.mac, "", 0, { 0 } }, /* given by the controller */
		{ &m.port.mac, "\2\0\0\0\0\1", 6, { 0 } },
		{ &m.port.mac, "\2\0\0\0\0\1", 5, { "port.mac" } },
		{ &m.port.mac, "\2\0\0\0\0\1\1", 7, { "port.mac" } },
		{ &m.port.mac, "\0\0\0\0\0\0", 6, { "port.mac" } },
		{ &m.port.mac, "\1\0\x5e\0\0\1", 6, { "port.mac" } },
		{ &m.port.mac, "\xff\xff\xff\xff\xff\xff", 6, { "port.mac" } },
		{ &m.port.uuid, "0123456789abcdef", 16, { 0 } },
		{ &m.port.uuid, "0123456789abcdef", 15, { "port.uuid" } },
		{ &m.port.vm_uuid, "0123456789abcdefg", 17, { "port.vm_uuid" } },
		{ &m.local.mac, "", 0, { "snapshot.ports[0].mac", TW_E_MISSING } },
		{ &m.local.mac, "\3\0\0\0\0\1", 6, { "snapshot.ports[0].mac" } },
		{ &m.local.uuid, "", 0, { 0 } },
		{ &m.remote[0].mac, "", 0, { "snapshot.remotes[0].mac", TW_E_MISSING } },
		{ &m.remote[0].vm_uuid, "x", 1, { "snapshot.remotes[0].vm_uuid" } },
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		make(state);
		*cases[i].field = (ProtobufCBinaryData){ cases[i].size, (uint8_t *)(uintptr_t)cases[i].value };
		expect(cases[i].want, cases[i].want.path ? cases[i].want.path : "octets");
	}
}

static void lists_have_their_limits(void **state)
{
	static const struct {
		size_t *count, value;
		struct expectation want;
	} cases[] = {
		{ &m.trunk.n_trunk, 0, { 0 } },
		{ &m.trunk.n_trunk, 64, { 0 } },
		{ &m.trunk.n_trunk, 65, { "trunk.trunk" } },
		{ &m.mirror.n_ports, 0, { "mirror.ports", TW_E_MISSING } },
		{ &m.mirror.n_ports, 64, { 0 } },
		{ &m.mirror.n_ports, 65, { "mirror.ports" } },
		{ &m.mirror.n_ports, 0, { "mirror.ports", TW_E_MISSING } },
		{ &m.host.n_uplinks, 0, { 0 } },
		{ &m.host.n_uplinks, 9, { "host.uplinks" } },
		{ &m.snapshot.n_uplinks, 9, { "snapshot.uplinks" } },
		{ &m.snapshot.n_ports, 1025, { "snapshot.ports" } }, /* counted before it is looked at */
		{ &m.snapshot.n_remotes, 65537, { "snapshot.remotes" } },
		{ &m.snapshot.n_mirrors, 65, { "snapshot.mirrors" } },
		{ &m.snapshot.n_exporters, 9, { "snapshot.exporters" } },
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		make(state);
		*cases[i].count = cases[i].value;
		expect(cases[i].want, cases[i].want.path ? cases[i].want.path : "list");
	}
}

static void enums_are_of_their_values(void **state)
{
	m.trunk.mode = (Tw__Vlan__Mode)4;
	expect((struct expectation){ "trunk.mode" }, "mode");
	make(state);
	m.port.vhost = (Tw__VhostMode)2;
	expect((struct expectation){ "port.vhost" }, "vhost");
	make(state);
	m.mirror.direction = (Tw__Mirror__Direction)-1;
	expect((struct expectation){ "mirror.direction" }, "direction");
	make(state);
	m.exporter.transport = (Tw__Exporter__Transport)4;
	expect((struct expectation){ "exporter.transport" }, "transport");
	make(state);
	m.exporter.names = (Tw__Exporter__Names)2;
	expect((struct expectation){ "exporter.names" }, "names");
	make(state);
	m.exporter.names = TW__EXPORTER__NAMES__RECORD;
	expect((struct expectation){ 0 }, "names in records of IPFIX");
	m.exporter.format = TW__EXPORTER__FORMAT__NETFLOW_V9;
	expect((struct expectation){ "exporter.names" }, "names in records of version 9");
	make(state);
	m.exporter.format = (Tw__Exporter__Format)4;
	expect((struct expectation){ "exporter.format" }, "format");
	make(state);
	m.local.role = (Tw__LocalPort__Role)3;
	expect((struct expectation){ "snapshot.ports[0].role" }, "role");
}

static void a_vlan_says_only_what_its_mode_has(void **state)
{
	static const struct {
		Tw__Vlan__Mode mode;
		uint32_t access, native, secondary;
		bool native_tagged;
		Tw__Vlan__Private pvlan;
		const char *wrong; /* NULL = nothing */
	} cases[] = {
		{ TW__VLAN__MODE__TRUNK, 0, 10, 0, true, 0, NULL },
		{ TW__VLAN__MODE__TRUNK, 0, 0, 0, true, 0, "trunk.native_tagged" },
		{ TW__VLAN__MODE__ACCESS, 10, 0, 0, true, 0, "trunk.native_tagged" },
		{ TW__VLAN__MODE__DOT1Q_TUNNEL, 100, 0, 0, false, 0, NULL },
		{ TW__VLAN__MODE__DOT1Q_TUNNEL, 0, 0, 0, false, 0, "trunk.access" },
		{ TW__VLAN__MODE__ACCESS, 10, 0, 0, false, TW__VLAN__PRIVATE__PROMISCUOUS, NULL },
		{ TW__VLAN__MODE__ACCESS, 10, 0, 11, false, TW__VLAN__PRIVATE__ISOLATED, NULL },
		{ TW__VLAN__MODE__ACCESS, 10, 0, 11, false, TW__VLAN__PRIVATE__COMMUNITY, NULL },
		{ TW__VLAN__MODE__ACCESS, 10, 0, 0, false, TW__VLAN__PRIVATE__ISOLATED, "trunk.secondary" },
		{ TW__VLAN__MODE__ACCESS, 10, 0, 11, false, TW__VLAN__PRIVATE__PROMISCUOUS, "trunk.secondary" },
		{ TW__VLAN__MODE__ACCESS, 10, 0, 11, false, 0, "trunk.secondary" },
		{ TW__VLAN__MODE__ACCESS, 10, 0, 10, false, TW__VLAN__PRIVATE__COMMUNITY, "trunk.secondary" },
		{ TW__VLAN__MODE__ACCESS, 10, 0, 4095, false, TW__VLAN__PRIVATE__COMMUNITY, "trunk.secondary" },
		{ TW__VLAN__MODE__ACCESS, 0, 0, 11, false, TW__VLAN__PRIVATE__ISOLATED, "trunk.pvlan" },
		{ TW__VLAN__MODE__TRUNK, 0, 0, 11, false, TW__VLAN__PRIVATE__ISOLATED, "trunk.pvlan" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char what[16];
		bool missing = cases[i].wrong && strcmp(cases[i].wrong, "trunk.access") == 0;

		make(state);
		m.trunk.mode = cases[i].mode;
		m.trunk.access = cases[i].access;
		m.trunk.native = cases[i].native;
		m.trunk.native_tagged = cases[i].native_tagged;
		m.trunk.pvlan = cases[i].pvlan;
		m.trunk.secondary = cases[i].secondary;
		snprintf(what, sizeof(what), "case %zu", i);
		expect((struct expectation){ cases[i].wrong, missing ? TW_E_MISSING : 0 }, what);
	}
}

static void only_a_port_inherits_its_vlan(void **state)
{
	struct tw_error err;
	Tw__Vlan inherit;

	tw__vlan__init(&inherit);
	m.port.vlan = &inherit;
	expect((struct expectation){ 0 }, "port");
	m.port.vlan = NULL;
	expect((struct expectation){ 0 }, "port");
	m.network.vlan = &inherit;
	expect((struct expectation){ "network.vlan.mode" }, "network");
	m.network.vlan = NULL;
	expect((struct expectation){ "network.vlan", TW_E_MISSING }, "network");
	make(state);
	m.local.vlan = &inherit;
	expect((struct expectation){ "snapshot.ports[0].vlan.mode" }, "local");
	make(state);
	m.remote[1].vlan = NULL;
	expect((struct expectation){ "snapshot.remotes[1].vlan", TW_E_MISSING }, "remote");

	assert_true(tw_check_vlan(NULL, true, "port.vlan", &err));
	assert_false(tw_check_vlan(NULL, false, "network.vlan", &err));
	assert_string_equal(err.field, "network.vlan");
	assert_false(tw_check_vlan(&inherit, false, "network.vlan", &err));
}

static void what_must_be_unique_in_a_snapshot_is(void **state)
{
	struct tw_error err;

	m.remote[1].number = 1;
	assert_false(check_all(&err));
	assert_int_equal(err.code, TW_E_DUPLICATE);
	assert_string_equal(err.field, "snapshot.remotes[1].number");
	assert_string_equal(err.text, "1 is also the number of snapshot.ports[0]");
	make(state);
	m.remote[1].mac = m.remote[0].mac;
	assert_false(check_all(&err));
	assert_string_equal(err.field, "snapshot.remotes[1].mac");
	assert_string_equal(err.text, "02:00:00:00:00:02 is also the mac of snapshot.remotes[0]");
	make(state);
	m.remote[1].static_macs = &m.remote[0].mac;
	m.remote[1].n_static_macs = 1;
	assert_false(check_all(&err));
	assert_string_equal(err.field, "snapshot.remotes[1].static_macs[0]");
	assert_string_equal(err.text, "02:00:00:00:00:02 is also the mac of snapshot.remotes[0]");
	make(state);
	m.snapshot.n_mirrors = 2;
	expect((struct expectation){ "snapshot.mirrors[1].name", TW_E_DUPLICATE }, "mirrors");
	make(state);
	m.snapshot.n_exporters = 2;
	expect((struct expectation){ "snapshot.exporters[1].name", TW_E_DUPLICATE }, "exporters");
	make(state);
	m.mirror.n_ports = 2;
	m.mirror_ports[1] = m.mirror_ports[0];
	expect((struct expectation){ "mirror.ports[1]", TW_E_DUPLICATE }, "mirror's ports");
}

static void the_text_says_what_would_be_right(void **state)
{
	struct tw_error err;

	m.vlan.access = 5000;
	assert_false(tw_check_network(&m.network, &err));
	assert_string_equal(err.text, "5000 is not a VLAN id (1..4094, 0 = untagged)");
	m.range.last = 5;
	assert_false(tw_check_vlan(&m.trunk, true, "port.vlan", &err));
	assert_string_equal(err.field, "port.vlan.trunk[0]");
	assert_string_equal(err.text, "the range 10-5 falls");
	assert_false(tw_check_name("a\x1b b", 63, "host.name", &err));
	assert_string_equal(err.text, "\"a? b\" is not a name (1..63 of A-Z a-z 0-9 _ . -)");
	assert_false(tw_check_mac(OCTETS("\1\0\x5e\0\0\1"), "port.mac", &err));
	assert_string_equal(err.text, "01:00:5e:00:00:01 is a multicast address; a port's is unicast");
}

/* ---- envelopes ---- */

static void requests_have_their_limits(void **state)
{
	Tw__Envelope env = TW__ENVELOPE__INIT;
	Tw__ApplySnapshot apply = TW__APPLY_SNAPSHOT__INIT;
	Tw__MigrateOut out;
	Tw__TaskResult result;
	Tw__Watch watch;
	Tw__List list;
	struct tw_error err;

	tw__watch__init(&watch);
	watch.host = TEXT("a");
	watch.wait_ms = 60000;
	env.body_case = TW__ENVELOPE__BODY_WATCH;
	env.watch = &watch;
	assert_true(tw_check_envelope(&env, &err));
	watch.wait_ms++;
	assert_false(tw_check_envelope(&env, &err));
	assert_string_equal(err.field, "watch.wait_ms");

	tw__list__init(&list);
	env.body_case = TW__ENVELOPE__BODY_LIST;
	env.list = &list;
	assert_false(tw_check_envelope(&env, &err));
	assert_string_equal(err.field, "list.kind");
	list.kind = TW__KIND__PORT;
	assert_true(tw_check_envelope(&env, &err));
	list.name = TEXT("web");
	assert_false(tw_check_envelope(&env, &err));
	list.kind = TW__KIND__NETWORK;
	assert_true(tw_check_envelope(&env, &err));

	env.body_case = TW__ENVELOPE__BODY_APPLY_SNAPSHOT;
	env.apply_snapshot = &apply;
	assert_false(tw_check_envelope(&env, &err));
	assert_int_equal(err.code, TW_E_MISSING);
	apply.snapshot = &m.snapshot;
	assert_true(tw_check_envelope(&env, &err));

	/* An URI that QEMU would run as a command stays out. */
	tw__migrate_out__init(&out);
	out.vm = TEXT("web");
	out.uri = TEXT("exec:rm -rf /");
	Tw__WatchReply reply = TW__WATCH_REPLY__INIT;
	Tw__Task task = TW__TASK__INIT, *tasks[] = { &task };

	task.what_case = TW__TASK__WHAT_MIGRATE;
	task.migrate = &out;
	reply.tasks = tasks;
	reply.n_tasks = 1;
	env.body_case = TW__ENVELOPE__BODY_WATCH_REPLY;
	env.watch_reply = &reply;
	assert_false(tw_check_envelope(&env, &err));
	assert_string_equal(err.field, "watch_reply.tasks[0].migrate.uri");
	out.uri = TEXT("tcp:10.0.0.2:49152");
	assert_true(tw_check_envelope(&env, &err));

	/* The member of a oneof that is there is looked at. */
	Tw__LaunchResult launch;

	tw__task_result__init(&result);
	tw__launch_result__init(&launch);
	result.host = TEXT("a");
	result.what_case = TW__TASK_RESULT__WHAT_LAUNCH;
	result.launch = &launch;
	env.body_case = TW__ENVELOPE__BODY_TASK_RESULT;
	env.task_result = &result;
	assert_false(tw_check_envelope(&env, &err));
	assert_string_equal(err.field, "task_result.launch.uri");
}

static void the_largest_snapshot_is_accepted(void **state)
{
	enum { N = 65536 };
	Tw__RemotePort *remote = calloc(N, sizeof(*remote)), **remotes = calloc(N, sizeof(*remotes));
	uint8_t(*mac)[6] = calloc(N, sizeof(*mac));
	Tw__Envelope env = TW__ENVELOPE__INIT, *got;
	Tw__ApplySnapshot apply = TW__APPLY_SNAPSHOT__INIT;
	struct tw_error err;
	size_t size;
	void *data;

	m.trunk.n_trunk = 64; /* each remote with as many ranges as can be, which is more than fits a real site */
	for (uint32_t i = 0; i < N; i++) {
		remote[i] = m.remote[0];
		remote[i].number = 100 + i;
		memcpy(mac[i], (uint8_t[]){ 2, 1, (uint8_t)(i >> 16), (uint8_t)(i >> 8), (uint8_t)i, 0 }, 6);
		remote[i].mac = (ProtobufCBinaryData){ 6, mac[i] };
		remote[i].vm_name = TEXT("a-virtual-machine");
		remote[i].vlan = i % 32 ? &m.vlan : &m.trunk;
		remotes[i] = &remote[i];
	}
	m.snapshot.remotes = remotes;
	m.snapshot.n_remotes = N;
	env.version = TW_PROTO_VERSION;
	env.body_case = TW__ENVELOPE__BODY_APPLY_SNAPSHOT;
	env.apply_snapshot = &apply;
	apply.snapshot = &m.snapshot;
	data = tw_link_encode(&env, &size);
	assert_non_null(data);
	assert_int_equal(tw_link_decode(data, size, &got, &err), 0);
	tw__envelope__free_unpacked(got, NULL);
	nn_freemsg(data);
	free(mac);
	free(remotes);
	free(remote);
}

#define CLAIM(name) cmocka_unit_test_setup(name, make)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CLAIM(numbers_have_their_limits),         CLAIM(texts_have_their_limits),
		CLAIM(octets_have_their_limits),          CLAIM(lists_have_their_limits),
		CLAIM(enums_are_of_their_values),         CLAIM(a_vlan_says_only_what_its_mode_has),
		CLAIM(only_a_port_inherits_its_vlan),     CLAIM(what_must_be_unique_in_a_snapshot_is),
		CLAIM(the_text_says_what_would_be_right), CLAIM(requests_have_their_limits),
		CLAIM(the_largest_snapshot_is_accepted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
