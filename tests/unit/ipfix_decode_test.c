/* SPDX-License-Identifier: Apache-2.0 */
/* ipfix_decode_test.c - the tests' collector reads messages written by hand from RFC 7011, and says what is wrong with others. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/ipfix_decode.h"

/* version 10, length, export time 1, sequence, domain 7 */
#define HEADER(size, sequence) 0, 10, 0, size, 0, 0, 0, 1, 0, 0, 0, sequence, 0, 0, 0, 7

/* Template 300: 8(4), 350(variable), enterprise 1000's 5(2); then two records, one with a long-form length, and padding. */
static const uint8_t good[] = { HEADER(68, 0),
				/* template set */
				0, 2, 0, 24, 1, 44, 0, 3, 0, 8, 0, 4, 1, 94, 255, 255, 128, 5, 0, 2, 0, 0, 3, 232,
				/* data set: 10.0.0.1 "web" 0x0102, 10.0.0.2 "db" 0x0304, three octets of padding */
				1, 44, 0, 28, 10, 0, 0, 1, 3, 'w', 'e', 'b', 1, 2, 10, 0, 0, 2, 255, 0, 2, 'd', 'b', 3,
				4, 0, 0, 0 };

struct seen {
	unsigned n;
	char names[2][8];
	uint64_t private[2];
};

static void on_record(const struct ipfix_record *r, void *context)
{
	struct seen *seen = context;

	assert_int_equal(r->domain, 7);
	assert_int_equal(r->template_id, 300);
	assert_int_equal(r->n_values, 3);
	assert_false(r->is_options);
	memcpy(seen->names[seen->n], r->values[1].data, r->values[1].size);
	assert_int_equal(r->values[2].pen, 1000);
	assert_int_equal(r->values[2].element, 5);
	assert_null(ipfix_find(r, 5)); /* an enterprise's element is not IANA's */
	seen->private[seen->n++] = (uint64_t)(r->values[2].data[0] << 8 | r->values[2].data[1]);
}

static void variable_lengths_enterprise_elements_and_padding_are_read(void **state)
{
	struct ipfix_decoder *d = ipfix_decoder_create();
	uint8_t message[sizeof(good)];
	struct seen seen = { 0 };

	memcpy(message, good, sizeof(good));
	assert_int_equal(ipfix_decode(d, message, sizeof(message), on_record, &seen), 0);
	assert_int_equal(seen.n, 2);
	assert_string_equal(seen.names[0], "web");
	assert_string_equal(seen.names[1], "db");
	assert_int_equal(seen.private[0], 0x0102);
	assert_int_equal(seen.private[1], 0x0304);
	ipfix_decoder_destroy(d);
}

/* Decode `good` with one octet changed. */
static void expect(size_t at, uint8_t value, const char *error)
{
	struct ipfix_decoder *d = ipfix_decoder_create();
	uint8_t message[sizeof(good)];
	struct seen seen = { 0 };

	memcpy(message, good, sizeof(good));
	message[at] = value;
	assert_int_equal(ipfix_decode(d, message, sizeof(message), NULL, &seen), -EBADMSG);
	assert_string_equal(ipfix_decoder_error(d), error);
	assert_int_equal(ipfix_decoder_counts(d)->malformed, 1);
	ipfix_decoder_destroy(d);
}

static void each_fault_has_its_sentence(void **state)
{
	expect(1, 5, "the version is neither 9 nor 10");
	expect(3, 67, "the message's length is not that of the datagram");
	expect(17, 1, "a set id is reserved");
	expect(19, 60, "a set's length does not fit the message");
	expect(19, 3, "a set's length does not fit the message");
	expect(19, 20, "a template ends within an enterprise number");
	expect(20, 0, "a template id is below 256");
	expect(23, 0, "a template without fields (withdrawals are not for UDP)");
	expect(23, IPFIX_FIELDS_MAX + 1, "a template has too many fields");
	expect(27, 0, "a template has a field of no octets");
	expect(48, 200, "a data record is longer than its set");
	expect(67, 1, "padding is not zero");
}

static void a_message_cut_anywhere_is_refused(void **state)
{
	for (uint8_t size = 0; size < sizeof(good); size++) {
		struct ipfix_decoder *d = ipfix_decoder_create();
		uint8_t message[sizeof(good)];

		memcpy(message, good, sizeof(good));
		message[3] = size;
		if (size != 16 && size != 40) /* the ends of header and first set */
			assert_int_equal(ipfix_decode(d, message, size, NULL, NULL), -EBADMSG);
		ipfix_decoder_destroy(d);
	}
}

static void a_gap_in_the_sequence_and_data_without_template_are_counted(void **state)
{
	static const uint8_t early[] = { HEADER(24, 0), 1, 44, 0, 8, 1, 2, 3, 4 };
	static const uint8_t late[] = { HEADER(16, 5) };
	struct ipfix_decoder *d = ipfix_decoder_create();

	assert_int_equal(ipfix_decode(d, early, sizeof(early), NULL, NULL), 0);
	assert_int_equal(ipfix_decoder_counts(d)->unknown_sets, 1);
	assert_int_equal(ipfix_decoder_counts(d)->sequence_errors, 0);
	assert_int_equal(ipfix_decode(d, late, sizeof(late), NULL, NULL), 0);
	assert_int_equal(ipfix_decoder_counts(d)->sequence_errors, 1);
	ipfix_decoder_destroy(d);
}

static void a_template_that_changes_is_counted_and_taken(void **state)
{
	static const uint8_t first[] = { HEADER(28, 0), 0, 2, 0, 12, 1, 44, 0, 1, 0, 8, 0, 4 };
	static const uint8_t other[] = { HEADER(28, 0), 0, 2, 0, 12, 1, 44, 0, 1, 0, 12, 0, 4 };
	struct ipfix_decoder *d = ipfix_decoder_create();

	assert_int_equal(ipfix_decode(d, first, sizeof(first), NULL, NULL), 0);
	assert_int_equal(ipfix_decode(d, first, sizeof(first), NULL, NULL), 0);
	assert_int_equal(ipfix_decoder_counts(d)->changed_layouts, 0);
	assert_int_equal(ipfix_decode(d, other, sizeof(other), NULL, NULL), 0);
	assert_int_equal(ipfix_decoder_counts(d)->changed_layouts, 1);
	assert_int_equal(ipfix_decoder_counts(d)->templates, 3);
	ipfix_decoder_destroy(d);
}

static void values_are_written_as_people_write_them(void **state)
{
	static const struct {
		uint16_t element, size;
		const char *octets, *text;
		bool is_number;
	} cases[] = {
		{ 8, 4, "\x0a\x00\x00\x01", "10.0.0.1", false },
		{ 27, 16, "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01", "2001:db8::1", false },
		{ 56, 6, "\x02\x00\x00\x00\x00\xff", "02:00:00:00:00:ff", false },
		{ 1, 8, "\xff\xff\xff\xff\xff\xff\xff\xff", "18446744073709551615", true },
		{ 7, 2, "\x00\x50", "80", true },
		{ 82, 8, "web\0\0\0\0\0", "web", false },
		{ 350, 3, "a\nb", "a?b", false },
		{ 349, 2, "\x0a\xbc", "0abc", false },
		{ 8, 3, "\x0a\x00\x00", "0a0000", false },
		{ 9999, 1, "\x07", "07", false },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const struct ipfix_value v = { .element = cases[i].element,
					       .size = cases[i].size,
					       .data = (const uint8_t *)cases[i].octets };
		char text[IPFIX_TEXT_MAX];
		bool is_number;

		ipfix_value_format(&v, text, &is_number);
		assert_string_equal(text, cases[i].text);
		assert_int_equal(is_number, cases[i].is_number);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(variable_lengths_enterprise_elements_and_padding_are_read),
		cmocka_unit_test(each_fault_has_its_sentence),
		cmocka_unit_test(a_message_cut_anywhere_is_refused),
		cmocka_unit_test(a_gap_in_the_sequence_and_data_without_template_are_counted),
		cmocka_unit_test(a_template_that_changes_is_counted_and_taken),
		cmocka_unit_test(values_are_written_as_people_write_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
