/* SPDX-License-Identifier: Apache-2.0 */
/* flow_batch_test.c - flow records as octets and back (flowexport/batch.h): nothing is forgotten, nothing hostile is believed. */
#include <setjmp.h>
#include <stdarg.h>
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "flowexport/batch.h"

static const struct tw_batch_head head = { .epoch = 5,
					   .sequence = 6,
					   .records = 7,
					   .packets = 8,
					   .octets = UINT64_MAX,
					   .ignored_packets = 9,
					   .ignored_octets = 10,
					   .revision = 11 };

static struct tw_batch batch;

static void read_all(const struct tw_flow_record *want, uint32_t n)
{
	struct tw_batch_reader reader;
	struct tw_batch_head got;
	struct tw_flow_record record;

	tw_batch_finish(&batch, &head);
	assert_int_equal(tw_batch_open(&reader, batch.octet, batch.size, &got), 0);
	assert_memory_equal(&got, &head, sizeof(got));
	for (uint32_t i = 0; i < n; i++) {
		assert_int_equal(tw_batch_next(&reader, &record), 1);
		assert_memory_equal(&record, &want[i], sizeof(record));
	}
	assert_int_equal(tw_batch_next(&reader, &record), 0);
}

static void clear_padding(struct tw_flow_record *record)
{
#if __has_builtin(__builtin_clear_padding)
	__builtin_clear_padding(record);
#else
	skip(); /* clang knows no such thing: what is between members could differ */
	(void)record;
#endif
}

/* What the compiler leaves between members is zero on both sides; all else is not. */
static void every_member_of_a_record_comes_back(void **state)
{
	struct tw_flow_record records[3];

	memset(records, 0xff, sizeof(records));
	for (int i = 0; i < 3; i++)
		clear_padding(&records[i]);
	memset(records[1].src_ip + 4, 0, 12);
	records[1].first_ms = 0;
	records[1].last_ms = INT64_MAX;
	memset(&records[2], 0, sizeof(records[2]));
	tw_batch_begin(&batch);
	for (int i = 0; i < 3; i++)
		assert_true(tw_batch_add(&batch, &records[i]));
	read_all(records, 3);
}

static void any_octets_in_a_record_come_back(void **state)
{
	static struct tw_flow_record records[100];

	srand(1);
	tw_batch_begin(&batch);
	for (int i = 0; i < 100; i++) {
		uint8_t *octets = (uint8_t *)&records[i];

		for (size_t k = 0; k < sizeof(records[i]); k++)
			octets[k] = (uint8_t)rand();
		clear_padding(&records[i]);
		assert_true(tw_batch_add(&batch, &records[i]));
	}
	read_all(records, 100);
}

static void a_usual_record_takes_less_than_80_octets(void **state)
{
	const struct tw_flow_record record = { .ingress = 1000,
					       .egress = 2000,
					       .src_mac = { 2, 1, 2, 3, 4, 5 },
					       .dst_mac = { 2, 1, 2, 3, 4, 6 },
					       .ethertype = 0x800,
					       .vlan = 100,
					       .post_vlan = 100,
					       .key_flags = TW_FLOW_KEY_IPV4,
					       .src_ip = { 10, 0, 0, 1 },
					       .dst_ip = { 10, 0, 0, 2 },
					       .src_port = 40000,
					       .dst_port = 443,
					       .protocol = 6,
					       .min_len = 40,
					       .max_len = 1500,
					       .packets = 12000,
					       .l3_octets = 18000000,
					       .l2_octets = 18168000,
					       .first_ms = 1800000000000,
					       .last_ms = 1800000060000 };

	tw_batch_begin(&batch);
	assert_true(tw_batch_add(&batch, &record));
	assert_in_range(batch.size - TW_BATCH_HEADER, 1, 79);
}

static void a_full_batch_takes_no_more_and_reads_whole(void **state)
{
	static struct tw_flow_record records[TW_BATCH_RECORDS_MAX];
	uint32_t n = 0;

	memset(records, 0xff, sizeof(records));
	for (int i = 0; i < TW_BATCH_RECORDS_MAX; i++)
		clear_padding(&records[i]);
	tw_batch_begin(&batch);
	while (n < TW_BATCH_RECORDS_MAX && tw_batch_add(&batch, &records[n]))
		n++;
	assert_in_range(n, 100, TW_BATCH_RECORDS_MAX - 1);
	assert_in_range(batch.size, 1, TW_BATCH_MAX);
	read_all(records, n);
}

static void a_batch_says_what_its_records_count(void **state)
{
	const struct tw_flow_record record = { .packets = 3, .l3_octets = 100, .l2_octets = 150 };

	tw_batch_begin(&batch);
	for (int i = 0; i < 4; i++)
		assert_true(tw_batch_add(&batch, &record));
	assert_int_equal(batch.n, 4);
	assert_int_equal(batch.packets, 12);
	assert_int_equal(batch.octets, 400);
}

/* Number of records that can be read before the error, -1 if the head already is one. */
static int damage(const uint8_t *data, size_t size)
{
	struct tw_batch_reader reader;
	struct tw_batch_head got;
	struct tw_flow_record record;
	int n = 0, rc;

	if (tw_batch_open(&reader, data, size, &got))
		return -1;
	while ((rc = tw_batch_next(&reader, &record)) == 1)
		n++;
	assert_int_equal(rc, -EBADMSG);
	return n;
}

static void a_batch_that_is_cut_anywhere_is_refused(void **state)
{
	const struct tw_flow_record record = { .packets = 300, .src_ip = { 1, 2, 3, 4 }, .first_ms = 77 };

	tw_batch_begin(&batch);
	assert_true(tw_batch_add(&batch, &record));
	assert_true(tw_batch_add(&batch, &record));
	tw_batch_finish(&batch, &head);
	for (size_t size = 0; size < batch.size; size++)
		assert_in_range(damage(batch.octet, size) + 1, 0, 2);
	assert_int_equal(damage(batch.octet, batch.size + 1), 2); /* and one with something behind it */
}

static void a_number_too_large_for_its_member_is_refused(void **state)
{
	const struct tw_flow_record record = { 0 };
	uint8_t *at = batch.octet + TW_BATCH_HEADER;

	tw_batch_begin(&batch);
	assert_true(tw_batch_add(&batch, &record));
	tw_batch_finish(&batch, &head);
	/* ingress has 32 bits: 2^35 */
	memcpy(at, (uint8_t[]){ 0, 6, 0x80, 0x80, 0x80, 0x80, 0x80, 1 }, 8);
	batch.size = TW_BATCH_HEADER + 8;
	assert_int_equal(damage(batch.octet, batch.size), 0);
}

static void a_record_of_an_older_sender_has_zeros_for_what_it_lacks(void **state)
{
	struct tw_batch_reader reader;
	struct tw_batch_head got;
	struct tw_flow_record record;

	tw_batch_begin(&batch);
	memcpy(batch.octet + TW_BATCH_HEADER, (uint8_t[]){ 0, 2, 3, 4 }, 4); /* ingress, egress */
	batch.size += 4;
	batch.n = 1;
	tw_batch_finish(&batch, &head);
	assert_int_equal(tw_batch_open(&reader, batch.octet, batch.size, &got), 0);
	assert_int_equal(tw_batch_next(&reader, &record), 1);
	assert_int_equal(record.egress, 4);
	assert_int_equal(record.packets, 0);
}

static void what_a_newer_sender_adds_is_passed_over(void **state)
{
	const struct tw_flow_record record = { .ingress = 1, .packets = 2 };
	struct tw_batch_reader reader;
	struct tw_batch_head got;
	struct tw_flow_record back;

	tw_batch_begin(&batch);
	assert_true(tw_batch_add(&batch, &record));
	batch.octet[TW_BATCH_HEADER + 1] += 3;
	memset(batch.octet + batch.size, 0xee, 3);
	batch.size += 3;
	tw_batch_finish(&batch, &head);
	assert_int_equal(tw_batch_open(&reader, batch.octet, batch.size, &got), 0);
	assert_int_equal(tw_batch_next(&reader, &back), 1);
	assert_memory_equal(&back, &record, sizeof(record));
}

static void another_version_is_told_from_damage(void **state)
{
	struct tw_batch_reader reader;
	struct tw_batch_head got;

	tw_batch_begin(&batch);
	tw_batch_finish(&batch, &head);
	batch.octet[0] = TW_BATCH_VERSION + 1;
	assert_int_equal(tw_batch_open(&reader, batch.octet, batch.size, &got), -EPROTONOSUPPORT);
}

static void the_version_before_has_no_revision(void **state)
{
	const struct tw_flow_record record = { .ingress = 1, .packets = 2 };
	const size_t revision_at = TW_BATCH_HEADER_1 - 10;
	struct tw_batch_reader reader;
	struct tw_batch_head got;
	struct tw_flow_record back;

	tw_batch_begin(&batch);
	assert_true(tw_batch_add(&batch, &record));
	tw_batch_finish(&batch, &head);
	memmove(batch.octet + revision_at, batch.octet + revision_at + 8, batch.size - revision_at - 8);
	batch.octet[0] = 1;
	assert_int_equal(tw_batch_open(&reader, batch.octet, batch.size - 8, &got), 0);
	assert_int_equal(got.ignored_octets, head.ignored_octets);
	assert_int_equal(got.revision, 0);
	assert_int_equal(tw_batch_next(&reader, &back), 1);
	assert_memory_equal(&back, &record, sizeof(record));
	assert_int_equal(tw_batch_next(&reader, &back), 0);
	assert_int_equal(tw_batch_open(&reader, batch.octet, TW_BATCH_HEADER_1 - 1, &got), -EBADMSG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_member_of_a_record_comes_back),
		cmocka_unit_test(any_octets_in_a_record_come_back),
		cmocka_unit_test(a_usual_record_takes_less_than_80_octets),
		cmocka_unit_test(a_full_batch_takes_no_more_and_reads_whole),
		cmocka_unit_test(a_batch_says_what_its_records_count),
		cmocka_unit_test(a_batch_that_is_cut_anywhere_is_refused),
		cmocka_unit_test(a_number_too_large_for_its_member_is_refused),
		cmocka_unit_test(a_record_of_an_older_sender_has_zeros_for_what_it_lacks),
		cmocka_unit_test(what_a_newer_sender_adds_is_passed_over),
		cmocka_unit_test(another_version_is_told_from_damage),
		cmocka_unit_test(the_version_before_has_no_revision),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
