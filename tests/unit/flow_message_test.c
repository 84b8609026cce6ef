/* SPDX-License-Identifier: Apache-2.0 */
/* flow_message_test.c - a message is never longer than its limit, holds what fits, and its sets are well formed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "flowexport/encode.h"
#include "flowexport/options.h"
#include "tests/support/ipfix_decode.h"

static const struct tw_flow_record tcp = { .key_flags = TW_FLOW_KEY_IPV4, .protocol = 6, .packets = 1 };
static const struct tw_flow_record icmp = { .key_flags = TW_FLOW_KEY_IPV4 | TW_FLOW_KEY_ICMP,
					    .protocol = 1,
					    .packets = 1 };

static bool add(struct tw_message *m, const struct tw_flow_record *r)
{
	return tw_encode_flow(m, r, tw_flow_class_of(r), tw_flow_variant_of(r, false), &tw_flow_names_none, 0);
}

static void teach(struct ipfix_decoder *d)
{
	struct tw_message m;
	size_t size;

	tw_message_begin(&m, TW_FORMAT_IPFIX, TW_MESSAGE_MAX);
	for (unsigned variant = 0; variant < TW_VARIANT_NAMED; variant++)
		for (unsigned cls = 0; cls < TW_FLOW_CLASSES; cls++)
			assert_true(tw_encode_template(&m, cls, variant));
	for (unsigned table = 0; table < TW_OPTION_TABLES; table++)
		assert_true(tw_encode_option_template(&m, table));
	size = tw_message_finish(
		&m, &(struct tw_message_stamp){ .now_ms = 0 * UINT64_C(1000), .sequence = 0, .domain = 7 });
	assert_int_equal(ipfix_decode(d, m.octets, size, NULL, NULL), 0);
}

static void a_message_takes_as_many_records_as_fit_to_the_octet(void **state)
{
	struct tw_message m;

	for (size_t n = 5; n < 20; n++) {
		size_t exact =
			(tw_message_header_size(TW_FORMAT_IPFIX) + TW_MESSAGE_SET_HEADER + n * 105 + 3) & ~(size_t)3;

		tw_message_begin(&m, TW_FORMAT_IPFIX, exact);
		for (size_t i = 0; i < n; i++)
			assert_true(add(&m, &tcp));
		assert_false(add(&m, &tcp));
		assert_int_equal(tw_message_finish(&m, &(struct tw_message_stamp){ .now_ms = 0 * UINT64_C(1000),
										   .sequence = 0,
										   .domain = 7 }),
				 exact);
		tw_message_begin(&m, TW_FORMAT_IPFIX, exact - 1);
		for (size_t i = 0; i < n - 1; i++)
			assert_true(add(&m, &tcp));
		assert_false(add(&m, &tcp));
		assert_int_equal(m.n_data, n - 1);
	}
}

static void no_mix_of_records_makes_a_message_longer_than_its_limit(void **state)
{
	struct ipfix_decoder *d = ipfix_decoder_create();
	struct tw_message m;
	uint32_t sequence = 0;

	teach(d);
	srand(7);
	for (size_t limit = TW_MESSAGE_MIN; limit <= 1500; limit++) {
		size_t size, fits = 0;

		tw_message_begin(&m, TW_FORMAT_IPFIX, limit);
		for (;; fits++) {
			struct tw_flow_record r = { .packets = 1, .key_flags = (uint8_t)(rand() & 0xf) };

			r.protocol = rand() & 1 ? 6 : 47;
			if (!add(&m, &r))
				break;
		}
		assert_true(fits > 0);
		size = tw_message_finish(&m, &(struct tw_message_stamp){
						     .now_ms = 0 * UINT64_C(1000), .sequence = sequence, .domain = 7 });
		assert_true(size <= limit);
		assert_int_equal(size % 4, 0);
		assert_int_equal(ipfix_decode(d, m.octets, size, NULL, NULL), 0);
		sequence += (uint32_t)fits;
		assert_int_equal(ipfix_decoder_counts(d)->data_records, sequence);
	}
	assert_int_equal(ipfix_decoder_counts(d)->sequence_errors, 0);
	ipfix_decoder_destroy(d);
}

static void records_of_one_layout_share_a_set_and_others_begin_one(void **state)
{
	struct ipfix_decoder *d = ipfix_decoder_create();
	struct tw_message m;
	size_t size;

	teach(d);
	tw_message_begin(&m, TW_FORMAT_IPFIX, 1372);
	assert_true(add(&m, &tcp));
	assert_true(add(&m, &tcp));
	assert_true(add(&m, &icmp));
	assert_true(add(&m, &tcp));
	size = tw_message_finish(
		&m, &(struct tw_message_stamp){ .now_ms = 0 * UINT64_C(1000), .sequence = 0, .domain = 7 });
	/* three sets; two records of 105 octets are followed by two of padding */
	assert_int_equal(size, 16 + (4 + 210 + 2) + (4 + 104) + (4 + 105 + 3));
	assert_int_equal(m.octets[16 + 4 + 210] | m.octets[16 + 4 + 211], 0);
	assert_int_equal(ipfix_decode(d, m.octets, size, NULL, NULL), 0);
	assert_int_equal(ipfix_decoder_counts(d)->data_sets, 3);
	assert_int_equal(ipfix_decoder_counts(d)->data_records, 4);
	ipfix_decoder_destroy(d);
}

static void what_does_not_fit_changes_nothing(void **state)
{
	static const struct tw_export_statistics none;
	static const struct tw_flow_identity who = { .name = "a/b", .vm_name = "a" };
	struct tw_message m, before;

	tw_message_begin(&m, TW_FORMAT_IPFIX, TW_MESSAGE_MIN);
	memset(m.octets, 0xee, sizeof(m.octets));
	assert_true(tw_encode_option_template(&m, TW_TABLE_INTERFACE));
	for (unsigned i = 0; i < 4; i++)
		assert_true(add(&m, &icmp));
	before = m;
	assert_false(add(&m, &icmp));
	assert_false(tw_encode_template(&m, TW_CLASS_IPV4_TRANSPORT, 0));
	assert_false(tw_encode_option_template(&m, TW_TABLE_STATION));
	assert_false(tw_options_add_sampling(&m, 7, TW_SAMPLE_ALL));
	assert_false(tw_options_add_statistics(&m, 7, &none));
	assert_false(tw_options_add_identity(&m, 7, &who));
	assert_memory_equal(&m, &before, sizeof(m));
}

static void the_smallest_message_takes_every_record_and_template(void **state)
{
	static const struct tw_export_statistics none;
	static const struct tw_flow_origin origin = { .kind = TW_ORIGIN_IPV6 };
	struct tw_flow_identity who = { .number = 1 };
	struct tw_message m;

	memset(who.name, 'x', sizeof(who.name) - 1);
	memset(who.vm_name, 'y', sizeof(who.vm_name) - 1);
	/* 512 is the least MTU that can be configured, less IPv6 and UDP headers */
	tw_message_begin(&m, TW_FORMAT_IPFIX, 512 - 48);
	assert_true(tw_options_add_identity(&m, 7, &who));
	for (unsigned i = 0; i < TW_FLOW_CLASSES * TW_FLOW_VARIANTS; i++) {
		unsigned cls = i % TW_FLOW_CLASSES, variant = i / TW_FLOW_CLASSES;

		tw_message_begin(&m, TW_FORMAT_IPFIX, TW_MESSAGE_MIN);
		assert_true(tw_encode_template(&m, cls, variant));
		tw_message_begin(&m, TW_FORMAT_IPFIX, TW_MESSAGE_MIN);
		assert_true(
			tw_encode_flow(&m, &tcp, cls, variant & ~(unsigned)TW_VARIANT_NAMED, &tw_flow_names_none, 0));
	}
	for (unsigned cls = 0; cls < TW_FLOW_CLASSES; cls++) {
		tw_message_begin(&m, TW_FORMAT_IPFIX, TW_MESSAGE_MIN);
		assert_true(tw_encode_biflow_template(&m, cls, TW_VARIANT_NAMED));
		tw_message_begin(&m, TW_FORMAT_IPFIX, TW_MESSAGE_MIN);
		assert_true(tw_encode_biflow_origin_template(&m, cls, TW_VARIANT_NAMED, TW_ORIGIN_IPV6));
		tw_message_begin(&m, TW_FORMAT_IPFIX, TW_MESSAGE_MIN);
		assert_true(tw_encode_biflow(&m, &tcp, &tcp, cls, 0, &tw_flow_names_none, &origin));
	}
	for (unsigned table = 0; table < TW_OPTION_TABLES; table++) {
		tw_message_begin(&m, TW_FORMAT_IPFIX, TW_MESSAGE_MIN);
		assert_true(tw_encode_option_template(&m, table));
	}
	tw_message_begin(&m, TW_FORMAT_IPFIX, TW_MESSAGE_MIN);
	assert_true(tw_options_add_sampling(&m, 7, TW_SAMPLE_ALL));
	tw_message_begin(&m, TW_FORMAT_IPFIX, TW_MESSAGE_MIN);
	assert_true(tw_options_add_statistics(&m, 7, &none));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_message_takes_as_many_records_as_fit_to_the_octet),
		cmocka_unit_test(no_mix_of_records_makes_a_message_longer_than_its_limit),
		cmocka_unit_test(records_of_one_layout_share_a_set_and_others_begin_one),
		cmocka_unit_test(what_does_not_fit_changes_nothing),
		cmocka_unit_test(the_smallest_message_takes_every_record_and_template),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
