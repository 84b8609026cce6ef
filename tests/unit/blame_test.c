/* SPDX-License-Identifier: Apache-2.0 */
/* blame_test.c - who is at fault, by what was counted and sampled: one line of the table a case. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "dataplane/blame.h"

static void the_one_at_fault_is_named(void **state)
{
	static const struct {
		struct tw_evidence e;
		uint32_t busy;
		enum tw_fault fault;
		const char *says;
	} cases[] = {
		{ { .ms = 10000 }, 0, TW_FAULT_NONE, "nobody: nothing was lost in the last 10 s" },
		{ { .ms = 10000, .to_packets = 900, .to_full_ms = 4000, .drops[TW_DROP_RING_FULL] = 100 },
		  0,
		  TW_FAULT_GUEST,
		  "the guest: it did not take 100 of 1000 frames; its receive ring was full for 4000 ms of 10000" },
		{ { .ms = 10000, .to_packets = 5, .drops[TW_DROP_RING_FULL] = 1 },
		  0,
		  TW_FAULT_GUEST,
		  "bursts overran its receive ring of 256 for moments" },
		{ { .ms = 10000, .from_backlog_ms = 5000 },
		  990,
		  TW_FAULT_SWITCH,
		  "waited in its ring for 5000 ms of 10000; worker 3 is 99.0 % busy: it needs more workers" },
		{ { .ms = 10000, .from_backlog_ms = 5000 }, 200, TW_FAULT_SWITCH, "its CPU is taken by others" },
		{ { .ms = 10000, .from_backlog_ms = 900 }, 990, TW_FAULT_NONE, "nobody" },
		{ { .ms = 10000, .drops[TW_DROP_NO_BUFFER] = 7 }, 0, TW_FAULT_SWITCH, "7 frames found no free buffer" },
		{ { .ms = 10000, .drops[TW_DROP_FORGED_SOURCE] = 5, .drops[TW_DROP_RESERVED_GROUP] = 2 },
		  0,
		  TW_FAULT_POLICY,
		  "the rules: 7 frames refused, most of them forged_source: the source MAC" },
		{ { .ms = 10000, .drops[TW_DROP_FORGED_SOURCE] = 5, .drops[TW_DROP_RING_FULL] = 6 },
		  0,
		  TW_FAULT_GUEST,
		  "the guest" },
		{ { .ms = 10000, .drops[TW_DROP_CONSUMED] = 5 }, 0, TW_FAULT_NONE, "nobody" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char text[256];

		assert_int_equal(tw_blame(&cases[i].e, 256, 3, cases[i].busy, text), cases[i].fault);
		if (!strstr(text, cases[i].says))
			fail_msg("case %zu: \"%s\" does not say \"%s\"", i, text, cases[i].says);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_one_at_fault_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
