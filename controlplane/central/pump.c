/* SPDX-License-Identifier: Apache-2.0 */
/* pump.c - from the spool to a collector; see pump.h. Its owner's thread; owns an exporter and a reading end of the spool. */
#include "controlplane/central/pump.h"

#include <string.h>

#include "controlplane/central/pump_parts.h"
#include "controlplane/mem.h"

#define TW_LOG_AREA "records"
#include "common/log.h"

enum {
	READ_MAX = 256,       /* entries in one step */
	IN_FLIGHT_MAX = 8192, /* records */
	/* Into a collector's socket of the usual size, without waiting for its program: */
	DATAGRAM_RATE = 100,  /* records a millisecond */
	DATAGRAM_BURST = 400, /* some 35 messages */
	ENTRIES_MAX = 65536,  /* of biflows: entries of which records are in hand */
};

static void end_gap(struct tw_cursor *cursor, uint64_t revision)
{
	if (cursor->gaps[0].to == UINT64_MAX)
		cursor->gaps[0].to = revision;
}

struct tw_pump *tw_pump_create(const char *folder, struct tw_cursors *cursors, const struct tw_central_pump *config,
			       const struct tw_exporter_config *common, const struct tw_cursor *start)
{
	static _Atomic uint64_t last_number;
	struct tw_pump *pump = tw_need(calloc(1, sizeof(*pump)));

	pump->number = ++last_number;
	pump->cursors = cursors;
	pump->exporter = tw_need(tw_exporter_create());
	pump->reader = tw_need(tw_spool_reader_create(folder));
	if (!tw_cursors_get(cursors, config->key, &pump->kept)) {
		pump->kept = *start;
		pump->kept.since = config->since;
	}
	end_gap(&pump->kept, config->since);
	tw_cursors_set(cursors, config->key, &pump->kept);
	pump->next = pump->kept;
	tw_spool_reader_seek(pump->reader, pump->next.at);
	if (config->targets[0].biflow)
		pump->pairs = tw_pairs_create();
	tw_pump_configure(pump, config, common);
	return pump;
}

static bool is_same(const struct tw_exporter_target *a, const struct tw_exporter_target *b)
{
	return strcmp(a->name, b->name) == 0 && a->format == b->format && a->transport == b->transport &&
	       a->failover == b->failover && a->biflow == b->biflow && a->collector_size == b->collector_size &&
	       memcmp(&a->collector, &b->collector, a->collector_size) == 0 &&
	       memcmp(&a->source, &b->source, sizeof(a->source)) == 0 && memcmp(&a->tls, &b->tls, sizeof(a->tls)) == 0;
}

bool tw_pump_is(const struct tw_pump *pump, const struct tw_central_pump *config)
{
	bool same = pump->config.n_targets == config->n_targets && strcmp(pump->config.key, config->key) == 0;

	for (size_t i = 0; same && i < config->n_targets; i++)
		same = is_same(&pump->config.targets[i], &config->targets[i]);
	return same;
}

void tw_pump_configure(struct tw_pump *pump, const struct tw_central_pump *config,
		       const struct tw_exporter_config *common)
{
	struct tw_exporter_config own = *common;

	pump->config = *config;
	own.n_targets = config->n_targets;
	memcpy(own.targets, config->targets, config->n_targets * sizeof(*config->targets));
	if (tw_exporter_configure(pump->exporter, &own))
		tw_log_error("an exporter cannot be configured exporter=%s", tw_pump_name(pump));
}

uint64_t tw_pump_number(const struct tw_pump *pump)
{
	return pump->number;
}

const char *tw_pump_key(const struct tw_pump *pump)
{
	return pump->config.key;
}

const char *tw_pump_name(const struct tw_pump *pump)
{
	return pump->config.targets[0].name;
}

/* ---- reading ---- */

static void note_lost(struct tw_pump *pump, const struct tw_central_entry *entry)
{
	const struct tw_record_totals *lost = &entry->lost;

	if (entry->ordinal > pump->next.ordinal) {
		uint64_t n = entry->ordinal - pump->next.ordinal;

		tw_log_warning("the spool had to give up flow records exporter=%s records=%llu", tw_pump_name(pump),
			       (unsigned long long)n);
		pump->lost += n;
		tw_exporter_note_unsent(pump->exporter, n, 0, 0);
	}
	tw_exporter_note_unsent(pump->exporter, lost->records, lost->packets, lost->octets);
	tw_exporter_note_lost(pump->exporter, lost->ignored_packets, lost->ignored_octets);
}

/* Did its host keep the batch for this exporter, too? Of one that is of no known revision that is taken to be so. */
static bool is_ours(const struct tw_cursor *cursor, uint64_t revision)
{
	bool ours = !revision || revision >= cursor->since;

	for (unsigned i = 0; i < TW_CURSOR_GAPS && cursor->gaps[i].from; i++)
		ours = ours && !(revision >= cursor->gaps[i].from && revision < cursor->gaps[i].to);
	return ours;
}

static bool has(struct tw_pump *pump, const struct tw_flow_record *record)
{
	const struct tw_flow_scope *scope = &pump->config.targets[0].scope;
	struct tw_flow_names names;

	tw_exporter_find_names(pump->exporter, record, &names);
	return tw_flow_scope_has(scope, record, &names);
}

/* Of the entry that was just read. */
static struct tw_spool_position position_before(const struct tw_pump *pump, size_t size)
{
	struct tw_spool_position at = tw_spool_reader_position(pump->reader);

	at.offset -= size + TW_SPOOL_ENTRY_OVERHEAD;
	return at;
}

/* Records of the entry that have been dealt with before. */
static uint64_t skip_of(const struct tw_pump *pump, struct tw_spool_position at)
{
	return tw_spool_compare(at, pump->next.at) == 0 ? pump->next.index : 0;
}

/* What a record of the entry is for. @return false: stop before it */
typedef bool (*record_fn)(struct tw_pump *pump, const struct tw_central_entry *entry, uint32_t index,
			  const struct tw_flow_record *record);

/* The entry's records that are this exporter's, from `skip` on. @return index of the one that was stopped at, or n_passed */
static uint32_t each_record(struct tw_pump *pump, const struct tw_central_entry *entry, uint64_t skip, record_fn fn)
{
	struct tw_batch_reader reader;
	struct tw_batch_head head;
	struct tw_flow_record record;
	uint32_t n = 0;

	for (int i = 0; i < TW_ENTRY_PASSED_MAX; i++) {
		if (!entry->passed[i].size ||
		    tw_batch_open(&reader, entry->passed[i].data, entry->passed[i].size, &head))
			continue;
		for (bool ours = is_ours(&pump->next, head.revision); tw_batch_next(&reader, &record) == 1; n++)
			if (n >= skip && ours && has(pump, &record) && !fn(pump, entry, n, &record))
				return n;
	}
	return entry->n_passed;
}

static bool export_record(struct tw_pump *pump, const struct tw_central_entry *entry, uint32_t index,
			  const struct tw_flow_record *record)
{
	struct read_entry *e = &pump->trail[(pump->first + pump->n_trail) % TRAIL];
	struct tw_flow_origin origin = entry->origin;

	if (is_datagram(pump) && pump->allowance == 0)
		return false;
	if (is_datagram(pump))
		pump->allowance--;
	origin.host = *entry->host ? entry->host : NULL;
	if (entry->ordinal + index >= pump->observed) { /* else it was, and came back */
		tw_exporter_note_observed(pump->exporter, record);
		pump->observed = entry->ordinal + index + 1;
	}
	tw_exporter_add_of(pump->exporter, record, &origin);
	e->given[index / 64] |= UINT64_C(1) << index % 64;
	e->n++;
	return true;
}

static void export_entry(struct tw_pump *pump, struct tw_spool_position at, const struct tw_central_entry *entry)
{
	struct read_entry *e = &pump->trail[(pump->first + pump->n_trail) % TRAIL];
	uint64_t skip = skip_of(pump, at);

	if (skip == 0 && tw_spool_compare(at, pump->noted) > 0) {
		pump->noted = at;
		note_lost(pump, entry);
	}
	*e = (struct read_entry){ .at = at, .ordinal = entry->ordinal, .fed = pump->fed };
	pump->next.index = each_record(pump, entry, skip, export_record);
	pump->next.ordinal = entry->ordinal + pump->next.index;
	pump->next.at = at;
	pump->fed += e->n;
	pump->n_trail += e->n != 0;
	if (pump->next.index == entry->n_passed) {
		pump->next.at = tw_spool_reader_position(pump->reader);
		pump->next.index = 0;
		return;
	}
	tw_spool_reader_seek(pump->reader, at);
}

/* ---- biflows ---- */

static bool hold_record(struct tw_pump *pump, const struct tw_central_entry *entry, uint32_t index,
			const struct tw_flow_record *record)
{
	tw_exporter_note_observed(pump->exporter, record); /* it is read once: what comes back has stayed in hand */
	tw_pairs_add(pump->pairs, record, pump->now_ms);
	return true;
}

static void hold_entry(struct tw_pump *pump, struct tw_spool_position at, const struct tw_central_entry *entry)
{
	uint64_t skip = skip_of(pump, at);
	const struct tw_pairs_place place = { .at = at, .index = skip, .ordinal = entry->ordinal + skip };

	if (skip == 0 && tw_spool_compare(at, pump->noted) > 0) {
		pump->noted = at;
		note_lost(pump, entry);
	}
	tw_pairs_begin(pump->pairs, &place, entry);
	each_record(pump, entry, skip, hold_record);
	pump->next.at = tw_spool_reader_position(pump->reader);
	pump->next.index = 0;
	pump->next.ordinal = entry->ordinal + entry->n_passed;
}

/* As much of the queue as may go. */
static void export_pairs(struct tw_pump *pump)
{
	const struct tw_biflow_pair *pair;
	struct tw_flow_origin origin;

	while (in_flight(pump) < IN_FLIGHT_MAX && (!is_datagram(pump) || pump->allowance) &&
	       (pair = tw_pairs_next(pump->pairs, &origin))) {
		if (pair->is_paired)
			tw_exporter_add_biflow_of(pump->exporter, &pair->forward.record, &pair->reverse.record,
						  &origin);
		else
			tw_exporter_add_of(pump->exporter, &pair->forward.record, &origin);
		pump->fed++;
		pump->allowance -= is_datagram(pump);
	}
}

/* ---- steps ---- */

/* May more be read? */
static bool has_room(const struct tw_pump *pump)
{
	if (pump->pairs)
		return tw_pairs_queued(pump->pairs) < IN_FLIGHT_MAX && tw_pairs_entries(pump->pairs) < ENTRIES_MAX;
	return pump->n_trail < TRAIL && in_flight(pump) < IN_FLIGHT_MAX && (!is_datagram(pump) || pump->allowance);
}

/* @return false: there is nothing to read */
static bool read_one(struct tw_pump *pump)
{
	struct tw_central_entry entry;
	struct tw_spool_position at;
	const uint8_t *data;
	size_t size;

	do {
		if (tw_spool_reader_next(pump->reader, &data, &size) != 1)
			return false;
	} while (tw_entry_read(data, size, &entry)); /* its records are missed by their ordinals */
	at = position_before(pump, size);
	if (pump->pairs)
		hold_entry(pump, at, &entry);
	else
		export_entry(pump, at, &entry);
	return true;
}

static void allow(struct tw_pump *pump)
{
	uint64_t passed = pump->now_ms - pump->allowed_ms;

	pump->allowed_ms = pump->now_ms;
	if (passed > DATAGRAM_BURST / DATAGRAM_RATE) /* also if the clock was set back */
		passed = DATAGRAM_BURST / DATAGRAM_RATE;
	pump->allowance += passed * DATAGRAM_RATE;
	if (pump->allowance > DATAGRAM_BURST)
		pump->allowance = DATAGRAM_BURST;
}

bool tw_pump_step(struct tw_pump *pump, uint64_t now_ms)
{
	unsigned n_read = 0;
	bool more = true;

	pump->now_ms = now_ms;
	tw_exporter_tick(pump->exporter, now_ms);
	tw_pump_follow(pump);
	allow(pump);
	if (pump->sum.is_away || returned(pump)) /* not now: the exporter tries by itself */
		return false;
	while (more && n_read++ < READ_MAX && has_room(pump))
		more = read_one(pump);
	if (pump->pairs) {
		tw_pairs_tick(pump->pairs, pump->ends, now_ms);
		export_pairs(pump);
		more = more || tw_pairs_queued(pump->pairs);
	}
	/* Nothing is left open: it would go to another collector if this one failed, and be read again. */
	if (pump->fed)
		tw_exporter_push(pump->exporter, now_ms);
	tw_pump_follow(pump);
	return more;
}

/* ---- its beginning and its end ---- */

void tw_pump_end(struct tw_pump *pump, uint64_t revision)
{
	struct tw_cursor_gap *gaps = pump->next.gaps;

	pump->ends = true;
	memmove(gaps + 1, gaps, (TW_CURSOR_GAPS - 1) * sizeof(*gaps));
	gaps[0] = (struct tw_cursor_gap){ revision, UINT64_MAX };
	memcpy(pump->kept.gaps, gaps, sizeof(pump->kept.gaps));
	tw_cursors_set(pump->cursors, pump->config.key, &pump->kept);
}

void tw_pump_revive(struct tw_pump *pump, uint64_t revision)
{
	pump->ends = false;
	end_gap(&pump->next, revision);
	end_gap(&pump->kept, revision);
	tw_cursors_set(pump->cursors, pump->config.key, &pump->kept);
}

uint64_t tw_pump_since(const struct tw_pump *pump)
{
	return pump->kept.since;
}

static bool count_record(struct tw_pump *pump, const struct tw_central_entry *entry, uint32_t index,
			 const struct tw_flow_record *record)
{
	pump->given_up++;
	return true;
}

bool tw_pump_give_up(struct tw_pump *pump, uint64_t *n)
{
	struct tw_central_entry entry;
	struct tw_spool_position at;
	const uint8_t *data;
	size_t size;
	bool more = true;

	if (!pump->gives_up) { /* what is on its way is not waited for */
		pump->gives_up = true;
		tw_pump_follow(pump);
		pump->next = pump->kept;
		tw_spool_reader_seek(pump->reader, pump->next.at);
	}
	pump->given_up = 0;
	for (unsigned i = 0; i < READ_MAX && (more = tw_spool_reader_next(pump->reader, &data, &size) == 1); i++) {
		at = position_before(pump, size);
		if (tw_entry_read(data, size, &entry) == 0)
			each_record(pump, &entry, skip_of(pump, at), count_record);
	}
	*n += pump->given_up;
	return !more;
}

int tw_pump_try(struct tw_pump *pump)
{
	return tw_exporter_try(pump->exporter, tw_pump_name(pump));
}

bool tw_pump_tried(struct tw_pump *pump, struct tw_export_trial *result)
{
	return tw_exporter_tried(pump->exporter, result);
}

/* Whatever waits goes, if the collector takes it. */
static void export_last(struct tw_pump *pump)
{
	tw_pairs_tick(pump->pairs, true, pump->now_ms);
	allow(pump);
	if (!pump->sum.is_away && !returned(pump))
		export_pairs(pump);
}

void tw_pump_destroy(struct tw_pump *pump, uint64_t now_ms)
{
	if (!pump)
		return;
	pump->now_ms = now_ms;
	if (pump->pairs && !pump->gives_up)
		export_last(pump);
	tw_exporter_flush(pump->exporter, now_ms);
	tw_pump_follow(pump);
	if (pump->pairs && is_datagram(pump) && !pump->sum.is_away && !returned(pump)) {
		tw_pairs_arrived(pump->pairs, pump->fed); /* as far as can be known */
		tw_pump_keep_first(pump);
	}
	tw_pairs_destroy(pump->pairs);
	tw_exporter_destroy(pump->exporter);
	tw_spool_reader_destroy(pump->reader);
	free(pump);
}

void tw_pump_settle(struct tw_pump *pump, uint64_t now_ms)
{
	pump->now_ms = now_ms;
	if (pump->pairs)
		export_last(pump);
	tw_exporter_push(pump->exporter, now_ms);
	tw_exporter_tick(pump->exporter, now_ms);
	tw_pump_follow(pump);
}

bool tw_pump_is_settled(const struct tw_pump *pump)
{
	bool waits = pump->pairs && tw_pairs_queued(pump->pairs) && !pump->sum.is_away;

	return in_flight(pump) == 0 && !waits;
}

struct tw_spool_position tw_pump_needed(const struct tw_pump *pump)
{
	const struct tw_spool_position *at = pump->n_trail ? &pump->trail[pump->first].at : &pump->kept.at;

	return tw_spool_compare(*at, pump->kept.at) < 0 ? *at : pump->kept.at;
}

size_t tw_pump_get_stats(const struct tw_pump *pump, struct tw_exporter_stats stats[static TW_TARGETS_MAX],
			 uint64_t *lost)
{
	size_t n = tw_exporter_get_stats(pump->exporter, stats);

	for (size_t i = 0; i < n && pump->pairs; i++)
		stats[i].pairing = tw_pairs_counts(pump->pairs);
	*lost = pump->lost;
	return n;
}
