/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mcast_fuzz.h - a conversation of any octets with a snooping VLAN, for both families.
 *
 * The input is packets one after the other, each behind two octets: slot and time that passes, and the packet's length. A
 * packet is parsed from a heap copy of its exact size, once as it is and once with its checksums made right. Whatever is
 * accepted names groups, and what the table then holds is within its limits.
 */
#ifndef TW_TESTS_FUZZ_MCAST_FUZZ_H
#define TW_TESTS_FUZZ_MCAST_FUZZ_H

#include <stdlib.h>

#include "dataplane/mcast.h"
#include "tests/support/mcast_frame.h"

static void mcast_fuzz_hold(bool claim)
{
	if (!claim)
		abort();
}

static void mcast_fuzz_send(void *arg, uint16_t vlan, uint16_t slot, const struct tw_mcast_query *query)
{
	mcast_fuzz_hold(vlan == 1 && (slot < TW_SLOTS_MAX || slot == TW_SLOT_NONE));
	mcast_fuzz_hold(tw_mcast_is_zero(&query->group) || tw_mcast_is_group(&query->group));
}

static void mcast_fuzz_count(void *arg, const struct tw_membership *m)
{
	mcast_fuzz_hold(tw_mcast_is_group(&m->group) && !tw_mcast_is_local(&m->group) && m->vlan == 1);
	++*(unsigned *)arg;
}

static void mcast_fuzz_read(const struct tw_mcast_message *m)
{
	struct tw_mcast_record r;
	uint32_t at = 0;
	unsigned n = 0;

	mcast_fuzz_hold(m->version >= 1 && m->version <= 3);
	if (m->kind == TW_MCAST_QUERY)
		mcast_fuzz_hold(tw_mcast_is_zero(&m->group) || tw_mcast_is_group(&m->group));
	else if (m->kind != TW_MCAST_RECORDS)
		mcast_fuzz_hold(tw_mcast_is_group(&m->group));
	else
		while (tw_mcast_next_record(m, &at, &r)) {
			mcast_fuzz_hold(tw_mcast_is_group(&r.group) && at <= m->records_size);
			n++;
		}
	mcast_fuzz_hold(m->kind != TW_MCAST_RECORDS || n == m->n_records);
}

typedef enum tw_mcast_error (*mcast_fuzz_parse)(const uint8_t *p, uint32_t len, struct tw_mcast_message *m);

static void mcast_fuzz_one(mcast_fuzz_parse parse, struct tw_mcast *table, uint8_t slot, const uint8_t *packet,
			   size_t len, uint64_t now_ms)
{
	const struct tw_mcast_place place = { .vlan = 1, .slot = slot == 255 ? TW_PORTS_MAX : slot };
	uint8_t *copy = malloc(len + 1);
	struct tw_mcast_message m;

	if (!copy)
		abort();
	memcpy(copy, packet, len);
	if (parse(copy, (uint32_t)len, &m) == TW_MCAST_OK) {
		mcast_fuzz_read(&m);
		tw_mcast_hear(table, &place, &m, now_ms);
	}
	free(copy);
}

/* The plain sums trust the lengths: only for packets whose lengths fit. */
static void mcast_fuzz_mend(uint8_t *frame, size_t len)
{
	const uint8_t *ip = frame + MF_L3;
	size_t said =
		len >= 40 ? (ip[0] >> 4 == 4 ? (size_t)(ip[2] << 8 | ip[3]) : 40u + (size_t)(ip[4] << 8 | ip[5])) : 0;

	if (said && said <= len &&
	    ((ip[0] >> 4 == 4 && (ip[0] & 15) == 5 && said >= 28) || (ip[0] >> 4 == 6 && said >= MF_IP6 + 8)))
		mcast_frame_sums(frame);
}

static int mcast_fuzz(mcast_fuzz_parse parse, const uint8_t *data, size_t size)
{
	const struct tw_mcast_config config = { .querier = true, .address = { 10, 0, 0, 1 }, .interval_s = 125 };
	static struct tw_mcast *table; /* made once, emptied for each run: it is large */
	static uint8_t frame[MF_L3 + 256];
	uint64_t now_ms = 1;
	unsigned n = 0;

	if (!table)
		table = tw_mcast_create((const uint8_t[6]){ 6, 0, 0, 0, 0, 1 }, mcast_fuzz_send, NULL);
	if (!table || tw_mcast_set_vlan(table, 1, &config, now_ms))
		abort();
	while (size >= 2) {
		size_t len = data[1] < size - 2 ? data[1] : size - 2;

		mcast_fuzz_one(parse, table, data[0], data + 2, len, now_ms);
		memcpy(frame + MF_L3, data + 2, len);
		mcast_fuzz_mend(frame, len);
		mcast_fuzz_one(parse, table, data[0], frame + MF_L3, len, now_ms);
		now_ms += data[0] * 16u;
		tw_mcast_tick(table, now_ms, 8);
		data += 2 + len;
		size -= 2 + len;
	}
	tw_groups_each(tw_mcast_groups(table), mcast_fuzz_count, &n);
	mcast_fuzz_hold(n <= TW_GROUPS_POOL + TW_GROUPS_SHARE * TW_SLOTS_MAX);
	tw_mcast_set_vlan(table, 1, NULL, now_ms);
	return 0;
}

#endif
