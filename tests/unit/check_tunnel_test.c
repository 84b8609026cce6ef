/* SPDX-License-Identifier: Apache-2.0 */
/* check_tunnel_test.c - what is accepted of addresses, tags and keys that mirrors' copies need between hosts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "proto/link/check.h"

static Tw__Snapshot snapshot;
static Tw__LocalMirror mirror, *mirrors[] = { &mirror };
static Tw__Tunnel tunnel;
static Tw__TunnelEnd end[2], *ends[] = { &end[0], &end[1] };
static uint8_t key[9];
static char *peers[2];

static char *text(const char *t)
{
	return (char *)(uintptr_t)t;
}

static ProtobufCBinaryData key_of(size_t len)
{
	return (ProtobufCBinaryData){ len, key };
}

static int make(void **state)
{
	tw__snapshot__init(&snapshot);
	tw__local_mirror__init(&mirror);
	tw__tunnel__init(&tunnel);
	snapshot.host = text("a");
	snapshot.observation_domain = 1;
	snapshot.mirrors = mirrors;
	snapshot.n_mirrors = 1;
	snapshot.tunnel = &tunnel;
	mirror.name = text("m1");
	mirror.tunnel = text("10.0.0.2");
	mirror.tunnel_source = text("10.0.0.1");
	mirror.tunnel_port = 6081;
	mirror.tunnel_tag = 7;
	mirror.tunnel_key = key_of(8);
	tunnel.address = text("10.0.0.1");
	tunnel.port = 6081;
	peers[0] = text("10.0.0.2");
	peers[1] = text("2001:db8::3");
	tunnel.peers = peers;
	tunnel.n_peers = 2;
	for (uint32_t i = 0; i < 2; i++) {
		tw__tunnel_end__init(&end[i]);
		end[i].mirror = text("m1");
		end[i].tag = 1 + i;
		end[i].key = key_of(8);
		end[i].to_port = 3;
	}
	tunnel.ends = ends;
	tunnel.n_ends = 2;
	return 0;
}

static void accepted(void)
{
	struct tw_error err = { 0 };

	if (!tw_check_snapshot(&snapshot, &err))
		fail_msg("%s: %s", err.field, err.text);
}

static void refused(uint32_t code, const char *field)
{
	struct tw_error err = { 0 };

	assert_false(tw_check_snapshot(&snapshot, &err));
	assert_string_equal(err.field, field);
	assert_int_equal(err.code, code);
	make(NULL);
}

static void a_mirrors_way_to_another_host_is_whole(void **state)
{
	accepted();
	mirror.tunnel_tag = 0;
	refused(TW_E_MISSING, "snapshot.mirrors[0].tunnel_tag");
	mirror.tunnel_tag = 1 << 24;
	refused(TW_E_INVALID, "snapshot.mirrors[0].tunnel_tag");
	mirror.tunnel_port = 0;
	refused(TW_E_MISSING, "snapshot.mirrors[0].tunnel_port");
	mirror.tunnel_key = key_of(0);
	refused(TW_E_MISSING, "snapshot.mirrors[0].tunnel_key");
	mirror.tunnel_key = key_of(7);
	refused(TW_E_INVALID, "snapshot.mirrors[0].tunnel_key");
	mirror.tunnel = text("0.0.0.0");
	refused(TW_E_INVALID, "snapshot.mirrors[0].tunnel");
	mirror.tunnel = text("239.1.1.1");
	refused(TW_E_INVALID, "snapshot.mirrors[0].tunnel");
	mirror.tunnel_source = text("2001:db8::1");
	refused(TW_E_INVALID, "snapshot.mirrors[0].tunnel_source");
	mirror.tunnel_source = text("");
	refused(TW_E_INVALID, "snapshot.mirrors[0].tunnel_source");
}

static void what_comes_in_is_known_by_address_tag_and_key(void **state)
{
	tunnel.address = text("::");
	refused(TW_E_INVALID, "snapshot.tunnel.address");
	tunnel.port = 0;
	refused(TW_E_INVALID, "snapshot.tunnel.port");
	peers[1] = text("ff02::1");
	refused(TW_E_INVALID, "snapshot.tunnel.peers[1]");
	peers[1] = text("b");
	refused(TW_E_INVALID, "snapshot.tunnel.peers[1]");
	end[1].tag = 0;
	refused(TW_E_INVALID, "snapshot.tunnel.ends[1].tag");
	end[1].tag = end[0].tag;
	refused(TW_E_DUPLICATE, "snapshot.tunnel.ends[1].tag");
	end[1].key = key_of(9);
	refused(TW_E_INVALID, "snapshot.tunnel.ends[1].key");
	end[0].to_port = 0;
	refused(TW_E_INVALID, "snapshot.tunnel.ends[0].to_port");
	accepted();
}

static void a_hosts_address_can_be_reached(void **state)
{
	static const struct {
		const char *address;
		uint32_t port;
		const char *field; /* NULL = accepted */
	} cases[] = {
		{ "", 0, NULL },
		{ "10.0.0.1", 65535, NULL },
		{ "2001:db8::1", 6081, NULL },
		{ "0.0.0.0", 0, "host.tunnel_address" },
		{ "224.0.0.1", 0, "host.tunnel_address" },
		{ "10.0.0.1:6081", 0, "host.tunnel_address" },
		{ "10.0.0.1", 65536, "host.tunnel_port" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct tw_error err = { 0 };
		Tw__Host host;

		tw__host__init(&host);
		host.name = text("a");
		host.tunnel_address = text(cases[i].address);
		host.tunnel_port = cases[i].port;
		assert_int_equal(tw_check_host(&host, &err), cases[i].field == NULL);
		assert_string_equal(err.field, cases[i].field ? cases[i].field : "");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_mirrors_way_to_another_host_is_whole, make),
		cmocka_unit_test_setup(what_comes_in_is_known_by_address_tag_and_key, make),
		cmocka_unit_test(a_hosts_address_can_be_reached),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
