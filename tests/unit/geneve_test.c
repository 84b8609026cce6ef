/* SPDX-License-Identifier: Apache-2.0 */
/* geneve_test.c - the octets of Geneve as RFC 8926 draws them, what is refused, and numbers that did not come. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "dataplane/geneve.h"
#include "dataplane/mirror_sequence.h"

enum { SIZE = TW_GENEVE_HEADER + TW_GENEVE_FRAME_LEAST };

static const struct tw_geneve header = { .tag = 0x123456, .sequence = 0x89abcdef, .key = { 1, 2, 3, 4, 5, 6, 7, 8 } };
static const uint8_t golden[SIZE] = { 0x04, 0x40, 0x65, 0x58, 0x12, 0x34, 0x56, 0x00, 0xff, 0x54, 0x81, 0x03,
				      1,    2,    3,    4,    5,    6,    7,    8,    0x89, 0xab, 0xcd, 0xef };

static void octets_are_those_of_the_rfc(void **state)
{
	uint8_t out[TW_GENEVE_HEADER];

	tw_geneve_write(&header, out);
	assert_memory_equal(out, golden, sizeof(out));
}

static void what_was_written_is_read(void **state)
{
	struct tw_geneve read;

	assert_true(tw_geneve_read(golden, SIZE, &read));
	assert_int_equal(read.tag, header.tag);
	assert_int_equal(read.sequence, header.sequence);
	assert_memory_equal(read.key, header.key, sizeof(read.key));
}

static void what_we_did_not_write_is_refused(void **state)
{
	static const struct {
		size_t at;
		uint8_t value;
	} wrong[] = {
		{ 0, 0x44 } /* version 1 */,
		{ 0, 0x03 } /* shorter options */,
		{ 0, 0x05 } /* longer ones */,
		{ 1, 0xc0 } /* control */,
		{ 1, 0x00 } /* nothing critical */,
		{ 2, 0x08 } /* not Ethernet */,
		{ 8, 0xfe } /* another class */,
		{ 10, 0x01 } /* another type */,
		{ 11, 0x02 } /* too short an option */,
	};
	struct tw_geneve read = { .tag = 7 };
	uint8_t data[SIZE];

	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		memcpy(data, golden, SIZE);
		data[wrong[i].at] = wrong[i].value;
		assert_false(tw_geneve_read(data, SIZE, &read));
	}
	for (size_t size = 0; size < SIZE; size++)
		assert_false(tw_geneve_read(golden, size, &read));
	assert_int_equal(read.tag, 7);
}

static void reserved_bits_are_not_looked_at(void **state)
{
	struct tw_geneve read;
	uint8_t data[SIZE];

	memcpy(data, golden, SIZE);
	data[1] |= 0x3f;
	data[7] = 0xff;
	data[11] |= 0xe0;
	assert_true(tw_geneve_read(data, SIZE, &read));
	assert_int_equal(read.tag, header.tag);
}

static void keys_differ_in_any_bit(void **state)
{
	uint8_t other[TW_GENEVE_KEY];

	assert_true(tw_geneve_same_key(header.key, header.key));
	for (unsigned bit = 0; bit < 8 * TW_GENEVE_KEY; bit++) {
		memcpy(other, header.key, sizeof(other));
		other[bit / 8] ^= (uint8_t)(1u << bit % 8);
		assert_false(tw_geneve_same_key(header.key, other));
	}
}

static uint64_t lost_of(const uint32_t *numbers, size_t n)
{
	struct tw_sequence s = { 0 };
	uint64_t lost = 0;

	for (size_t i = 0; i < n; i++)
		lost = tw_sequence_lost(&s, numbers[i], lost);
	return lost;
}
#define LOST(...) \
	lost_of((const uint32_t[]){ __VA_ARGS__ }, sizeof((const uint32_t[]){ __VA_ARGS__ }) / sizeof(uint32_t))

static void numbers_that_do_not_come_are_lost(void **state)
{
	assert_int_equal(LOST(7, 8, 9), 0);
	assert_int_equal(LOST(7, 9, 13), 1 + 3);
	assert_int_equal(LOST(UINT32_MAX - 1, UINT32_MAX, 0, 2), 1);
}

static void one_that_comes_late_is_not_lost(void **state)
{
	assert_int_equal(LOST(7, 9, 10, 8), 0);
	assert_int_equal(LOST(7, 8, 9, 8), 0);
}

static void one_that_comes_twice_is_no_other_that_was_lost(void **state)
{
	assert_int_equal(LOST(7, 9, 9), 1);
	assert_int_equal(LOST(7, 9, 7), 1);
	assert_int_equal(LOST(7, 12, 8, 8), 3);
	assert_int_equal(LOST(UINT32_MAX - 1, 1, UINT32_MAX, UINT32_MAX), 1);
}

static void what_was_lost_is_known_for_a_while(void **state)
{
	struct tw_sequence s = { 0 };
	uint64_t lost = tw_sequence_lost(&s, 100, 0);

	lost = tw_sequence_lost(&s, 100 + TW_SEQUENCE_WINDOW, lost);
	assert_int_equal(lost, TW_SEQUENCE_WINDOW - 1);
	for (uint32_t i = 1; i < TW_SEQUENCE_WINDOW; i++)
		lost = tw_sequence_lost(&s, 100 + i, lost);
	assert_int_equal(lost, 0);
	lost = tw_sequence_lost(&s, 300, lost);
	assert_int_equal(tw_sequence_lost(&s, 299, lost), lost - 1);
	assert_int_equal(tw_sequence_lost(&s, 299, lost), lost);
	assert_int_equal(tw_sequence_lost(&s, 301 - TW_SEQUENCE_WINDOW, lost), lost - 1);
	assert_int_equal(tw_sequence_lost(&s, 300 - TW_SEQUENCE_WINDOW, lost), lost); /* too late */
}

static void senders_do_not_pay_for_each_other(void **state)
{
	struct tw_sequence a = { 0 }, b = { 0 };
	uint64_t lost = tw_sequence_lost(&b, 50, tw_sequence_lost(&a, 7, 0));

	lost = tw_sequence_lost(&a, 10, lost);
	assert_int_equal(lost, 2);
	lost = tw_sequence_lost(&b, 49, lost);
	assert_int_equal(lost, 2);
}

static void a_sender_that_begins_anew_has_lost_nothing(void **state)
{
	assert_int_equal(LOST(5000, 5001, 5001 + TW_SEQUENCE_AHEAD + 2, 5001 + TW_SEQUENCE_AHEAD + 3), 0);
	assert_int_equal(LOST(5000, 3, 4, 6), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(octets_are_those_of_the_rfc),
		cmocka_unit_test(what_was_written_is_read),
		cmocka_unit_test(what_we_did_not_write_is_refused),
		cmocka_unit_test(reserved_bits_are_not_looked_at),
		cmocka_unit_test(keys_differ_in_any_bit),
		cmocka_unit_test(numbers_that_do_not_come_are_lost),
		cmocka_unit_test(one_that_comes_late_is_not_lost),
		cmocka_unit_test(one_that_comes_twice_is_no_other_that_was_lost),
		cmocka_unit_test(what_was_lost_is_known_for_a_while),
		cmocka_unit_test(senders_do_not_pay_for_each_other),
		cmocka_unit_test(a_sender_that_begins_anew_has_lost_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
