/* SPDX-License-Identifier: Apache-2.0 */
/* flow_filter_test.c - which flows fit what somebody asked for, and which are the best of many. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dataplane/flow_filter.h"

enum { WEB = 7, DB = 9, MANY = 3000, BEST = 100 };

/* From port WEB, 10.0.0.1:40000, to port DB, 10.0.1.2:80, by TCP in VLAN 10. */
static struct tw_flow web_to_db(void)
{
	struct tw_flow f = { .key = { .src_mac = { 2, 0, 0, 0, 0, WEB },
				      .dst_mac = { 2, 0, 0, 0, 0, DB },
				      .src_ip4 = { 10, 0, 0, 1 },
				      .dst_ip4 = { 10, 0, 1, 2 },
				      .src_port = { 40000 >> 8, 40000 & 255 },
				      .dst_port = { 0, 80 },
				      .protocol = 6,
				      .flags = TW_FLOW_KEY_IPV4 },
			     .verdict = { .vlan = 10, .egress = DB } };

	return f;
}

static bool fits(const Tw__FlowFilter *asked, const struct tw_flow *f)
{
	struct tw_flow_filter *filter = tw_flow_filter_create(asked, TW__FLOW_ORDER__FLOWS_ANY);
	bool fit;

	assert_non_null(filter);
	fit = tw_flow_filter_fits(filter, f, WEB);
	tw_flow_filter_destroy(filter);
	return fit;
}

static void what_is_not_asked_is_any(void **state)
{
	const struct tw_flow f = web_to_db();
	const Tw__FlowFilter nothing = TW__FLOW_FILTER__INIT;

	assert_true(fits(NULL, &f));
	assert_true(fits(&nothing, &f));
}

static void fields_that_are_asked_must_be_so(void **state)
{
	const struct tw_flow f = web_to_db();
	const Tw__FlowFilter none = TW__FLOW_FILTER__INIT;
	Tw__FlowFilter a = none;

	a.vlan = 10;
	a.protocol = 6;
	a.ethertype = 0x800;
	assert_true(fits(&a, &f));
	a.vlan = 11;
	assert_false(fits(&a, &f));
	a = none;
	a.protocol = 17;
	assert_false(fits(&a, &f));
	a = none;
	a.ethertype = 0x806;
	assert_false(fits(&a, &f));
}

static void an_end_may_be_either(void **state)
{
	struct tw_flow f = web_to_db(), stranger = web_to_db();
	Tw__FlowFilter a = TW__FLOW_FILTER__INIT;
	uint32_t ports[] = { 900, WEB, 3 }, to[] = { DB }, others[] = { 1, 2 };
	uint8_t mac[6] = { 2, 0, 0, 0, 0, DB };
	ProtobufCBinaryData macs[] = { { 6, mac } };

	a.ports = ports;
	a.n_ports = 3;
	assert_true(fits(&a, &f));
	a.ports = to;
	a.n_ports = 1;
	assert_true(fits(&a, &f));
	a.ports = others;
	a.n_ports = 2;
	assert_false(fits(&a, &f));
	a.macs = macs; /* a flow that was refused does not say where it would have gone */
	a.n_macs = 1;
	stranger.verdict.egress = 0;
	assert_true(fits(&a, &stranger));
	stranger.key.dst_mac[5] = 77;
	assert_false(fits(&a, &stranger));
}

static void addresses_and_ports_are_those_of_either_end(void **state)
{
	static const struct {
		uint8_t ip[16], len;
		uint32_t prefix;
		bool fits;
	} nets[] = {
		{ { 10, 0, 0, 1 }, 4, 0, true },   { { 10, 0, 1, 2 }, 4, 32, true }, { { 10, 0, 1, 0 }, 4, 24, true },
		{ { 10, 0, 2, 0 }, 4, 24, false }, { { 10, 0, 0, 2 }, 4, 0, false }, { { 10, 0, 0, 1 }, 4, 128, true },
		{ { 0xfd }, 16, 8, false },
	};
	struct tw_flow f = web_to_db();
	Tw__FlowFilter a = TW__FLOW_FILTER__INIT;

	for (size_t i = 0; i < sizeof(nets) / sizeof(nets[0]); i++) {
		a.net_ip = (ProtobufCBinaryData){ nets[i].len, (uint8_t *)(uintptr_t)nets[i].ip };
		a.prefix = nets[i].prefix;
		assert_int_equal(fits(&a, &f), nets[i].fits);
	}
	a = (Tw__FlowFilter)TW__FLOW_FILTER__INIT;
	a.l4_port = 80;
	assert_true(fits(&a, &f));
	a.l4_port = 40000;
	assert_true(fits(&a, &f));
	a.l4_port = 81;
	assert_false(fits(&a, &f));
	f.key.protocol = 1;
	f.key.dst_port[0] = 8; /* an echo request is no port */
	f.key.dst_port[1] = 0;
	a.l4_port = 0x800;
	assert_false(fits(&a, &f));
}

static int descending(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x < *y) - (*x > *y);
}

/* Against a list that is sorted whole. */
static void the_best_are_those_ahead_of_all_others(void **state)
{
	static const Tw__FlowOrder orders[] = { TW__FLOW_ORDER__FLOWS_BYTES, TW__FLOW_ORDER__FLOWS_PACKETS,
						TW__FLOW_ORDER__FLOWS_NEW };
	static uint64_t all[MANY], kept[BEST];
	struct tw_flow *best = aligned_alloc(64, BEST * sizeof(*best)), f = web_to_db();
	const uint32_t base = 1000; /* the clock has just begun: what came before it is older */

	assert_non_null(best);
	srand(3);
	for (size_t o = 0; o < 3; o++) {
		uint32_t n = 0;

		for (int i = 0; i < MANY; i++) {
			all[i] = o == 2 ? (uint64_t)(rand() % 100000) : (uint64_t)rand();
			f.l3_octets = o == 0 ? all[i] : 1;
			f.packets = o == 1 ? all[i] : 1;
			f.first_ms = o == 2 ? base - 100000 + (uint32_t)all[i] : 1;
			tw_flow_best_put(best, &n, BEST, &f, orders[o], base);
		}
		assert_int_equal(n, BEST);
		qsort(all, MANY, sizeof(all[0]), descending);
		for (uint32_t i = 0; i < n; i++)
			kept[i] = o == 0   ? best[i].l3_octets
				  : o == 1 ? best[i].packets
					   : (uint32_t)(best[i].first_ms - (base - 100000));
		qsort(kept, BEST, sizeof(kept[0]), descending);
		assert_memory_equal(kept, all, sizeof(kept));
	}
	free(best);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_not_asked_is_any),
		cmocka_unit_test(fields_that_are_asked_must_be_so),
		cmocka_unit_test(an_end_may_be_either),
		cmocka_unit_test(addresses_and_ports_are_those_of_either_end),
		cmocka_unit_test(the_best_are_those_ahead_of_all_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
