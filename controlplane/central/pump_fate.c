/* SPDX-License-Identifier: Apache-2.0 */
/* pump_fate.c - what became of what a pump read and sent; see pump.h. The thread of its owner. */
#include "controlplane/central/pump_parts.h"

#include <string.h>

#define TW_LOG_AREA "records"
#include "common/log.h"

static void keep(struct tw_pump *pump, const struct tw_cursor *cursor)
{
	if (tw_spool_compare(cursor->at, pump->kept.at) == 0 && cursor->index == pump->kept.index)
		return;
	pump->kept = *cursor;
	if (!tw_cursors_set(pump->cursors, pump->config.key, cursor))
		tw_log_error("there are too many cursors exporter=%s", tw_pump_name(pump));
}

/* Which record of an entry was the n-th that was given to the exporter. */
static uint32_t find_given(const struct read_entry *e, uint64_t n)
{
	uint32_t word = 0;
	uint64_t bits;

	while (n >= (unsigned)__builtin_popcountll(e->given[word]))
		n -= (unsigned)__builtin_popcountll(e->given[word++]);
	for (bits = e->given[word]; n; n--)
		bits &= bits - 1;
	return word * 64 + (uint32_t)__builtin_ctzll(bits);
}

/* Where the record stands that was the `fed`-th given to the exporter. */
static struct tw_cursor find_fed(const struct tw_pump *pump, uint64_t fed)
{
	struct tw_cursor cursor = pump->next;

	for (unsigned i = 0; i < pump->n_trail; i++) {
		const struct read_entry *e = &pump->trail[(pump->first + i) % TRAIL];

		if (fed < e->fed + e->n) {
			cursor.at = e->at;
			cursor.index = find_given(e, fed - e->fed);
			cursor.ordinal = e->ordinal + cursor.index;
			return cursor;
		}
	}
	return cursor;
}

static void forget_trail(struct tw_pump *pump, struct tw_spool_position before)
{
	while (pump->n_trail && tw_spool_compare(pump->trail[pump->first].at, before) < 0) {
		pump->first = (pump->first + 1) % TRAIL;
		pump->n_trail--;
	}
}

static void look_at_stats(struct tw_pump *pump)
{
	struct tw_exporter_stats all[TW_TARGETS_MAX];
	size_t n = tw_exporter_get_stats(pump->exporter, all);

	pump->sum = (struct counts){ .is_away = n > 0 };
	for (size_t i = 0; i < n; i++) {
		pump->sum.delivered +=
			all[i].records - all[i].test_records + all[i].unsaid_records - all[i].test_unsaid;
		pump->sum.returned += all[i].returned_records;
		pump->sum.is_away = pump->sum.is_away && *all[i].error;
	}
}

/* Everything has met its fate, and some of it did not arrive: read on from there. */
static void go_back(struct tw_pump *pump)
{
	pump->next = find_fed(pump, pump->fed - returned(pump));
	tw_spool_reader_seek(pump->reader, pump->next.at);
	pump->n_trail = 0;
	pump->fed = 0;
	pump->base = pump->sum;
	keep(pump, &pump->next);
}

/* The cursor stays at the oldest record that is in hand. */
void tw_pump_keep_first(struct tw_pump *pump)
{
	struct tw_cursor cursor = pump->next;
	struct tw_pairs_place first;

	if (tw_pairs_first(pump->pairs, &first)) {
		cursor.at = first.at;
		cursor.index = first.index;
		cursor.ordinal = first.ordinal;
	}
	keep(pump, &cursor);
}

/* What has arrived is forgotten; what returns, once all has met its fate, is what comes next. */
static void follow_pairs(struct tw_pump *pump)
{
	uint64_t arrived = delivered(pump);

	tw_pairs_arrived(pump->pairs, arrived);
	pump->fed -= arrived < pump->fed ? arrived : pump->fed;
	pump->base.delivered += arrived;
	if (returned(pump) && returned(pump) >= pump->fed) {
		tw_pairs_returned(pump->pairs);
		pump->fed = 0;
		pump->base = pump->sum;
	}
	tw_pump_keep_first(pump);
}

void tw_pump_follow(struct tw_pump *pump)
{
	struct tw_cursor cursor;

	look_at_stats(pump);
	if (pump->pairs) {
		follow_pairs(pump);
		return;
	}
	if (returned(pump)) {
		if (in_flight(pump) == 0)
			go_back(pump);
		return;
	}
	cursor = find_fed(pump, is_datagram(pump) ? pump->fed : delivered(pump));
	keep(pump, &cursor);
	/* What was sent may yet come back. */
	cursor = find_fed(pump, delivered(pump));
	forget_trail(pump, cursor.at);
}
