/* SPDX-License-Identifier: Apache-2.0 */
/* intake.c - batches from hosts into the controller's spool; see intake.h. Its owner's thread; owns the spool's writing end. */
#include "controlplane/central/intake.h"

#include <errno.h>
#include <string.h>

#include "controlplane/central/intake_parts.h"
#include "controlplane/mem.h"

#define TW_LOG_AREA "records"
#include "common/log.h"

enum {
	ADDRESS4 = 4,
	ADDRESS16 = 16,
	ENTRY_MORE = 1 << 10, /* octets of an entry beside its batch, at most */
	SPARE = 64 << 10, /* octets of the spool that are no entries': headers of segments, records that were held */
};

/* As the spool takes its limits. */
static uint64_t room_of(const struct tw_spool_limits *limits)
{
	uint64_t least = 4 * (uint64_t)limits->segment_octets;

	return (limits->octets > least ? limits->octets : least) - SPARE;
}

struct tw_intake *tw_intake_create(const char *folder, const struct tw_spool_limits *limits, uint64_t now_ms)
{
	struct tw_intake *intake = tw_need(calloc(1, sizeof(*intake)));
	int rc;

	snprintf(intake->folder, sizeof(intake->folder), "%s", folder);
	intake->joiner = tw_joiner_create();
	intake->shares = tw_shares_create(room_of(limits));
	intake->spool = tw_spool_open(folder, limits, now_ms);
	rc = intake->spool ? tw_marks_load(&intake->marks, folder) : -errno;
	if (rc == -EBADMSG)
		tw_log_warning("the marks are damaged: a batch that comes again may be taken twice folder=%s", folder);
	if (rc == -ENOENT || rc == -EBADMSG)
		rc = 0;
	rc = rc ? rc : tw_intake_find_all(intake, now_ms);
	if (!rc)
		return intake;
	tw_intake_destroy(intake);
	errno = -rc;
	return NULL;
}

/* @return whether the file has them */
static bool save_marks(struct tw_intake *intake)
{
	int rc = intake->marks_changed ? tw_marks_save(&intake->marks, intake->folder, intake->directory) : 0;

	if (rc && rc != intake->marks_error)
		tw_log_error("the marks cannot be written folder=%s error=\"%s\"", intake->folder, strerror(-rc));
	intake->marks_error = rc;
	intake->marks_changed = intake->marks_changed && rc;
	return rc == 0;
}

/* Segments that the spool gave up, too full or too old, may have had the only word of how far a host has come. */
static void follow_drops(struct tw_intake *intake)
{
	struct tw_spool_stats stats;

	tw_spool_get_stats(intake->spool, &stats);
	if (stats.dropped_full + stats.dropped_old != intake->dropped && save_marks(intake))
		intake->dropped = stats.dropped_full + stats.dropped_old;
}

void tw_intake_destroy(struct tw_intake *intake)
{
	if (!intake)
		return;
	if (intake->spool)
		follow_drops(intake);
	tw_spool_close(intake->spool);
	tw_joiner_destroy(intake->joiner);
	tw_shares_destroy(intake->shares);
	tw_marks_clear(&intake->marks);
	free(intake);
}

void tw_intake_know(struct tw_intake *intake, const struct tw_directory *directory)
{
	intake->directory = directory;
}

void tw_intake_want(struct tw_intake *intake, uint64_t since)
{
	intake->since = since;
}

/* ---- one entry ---- */

static void begin_entry(struct tw_intake *intake, const struct tw_flow_origin *origin, uint64_t revision)
{
	intake->revision = revision;
	intake->entry = (struct tw_central_entry){ .ordinal = intake->marks.ordinal, .origin = *origin };
	for (int i = 0; i < TW_ENTRY_PASSED_MAX; i++)
		tw_batch_begin(&intake->passed[i]);
	tw_batch_begin(&intake->held);
}

static void pass(struct tw_intake *intake, const struct tw_flow_record *record)
{
	for (int i = 0; i < TW_ENTRY_PASSED_MAX; i++) {
		if (tw_batch_add(&intake->passed[i], record)) {
			intake->entry.n_passed++;
			return;
		}
	}
	tw_log_error("a batch is longer than it can be"); /* two hold more than one, whatever was joined */
}

static struct tw_octets finish(struct tw_batch *batch, uint64_t revision)
{
	const struct tw_batch_head head = { .epoch = 1, .sequence = 1, .revision = revision };

	if (batch->n == 0)
		return (struct tw_octets){ 0 };
	tw_batch_finish(batch, &head);
	return (struct tw_octets){ batch->octet, batch->size };
}

/* The entry that could not be written before, or the one that has been begun. @return 0 or -EAGAIN */
static int write_entry(struct tw_intake *intake, uint64_t now_ms)
{
	struct tw_central_entry written;
	struct tw_spool_position at;

	if (tw_spool_append(intake->spool, intake->octets, intake->size, now_ms))
		return -EAGAIN;
	at = tw_spool_end(intake->spool);
	at.offset -= intake->size + TW_SPOOL_ENTRY_OVERHEAD;
	if (tw_entry_read(intake->octets, intake->size, &written) == 0) {
		tw_intake_see(intake, &written, at, intake->size, now_ms);
		follow_drops(intake);
	}
	intake->size = 0;
	return 0;
}

static int end_entry(struct tw_intake *intake, uint64_t now_ms)
{
	intake->entry.held = finish(&intake->held, intake->revision);
	for (int i = 0; i < TW_ENTRY_PASSED_MAX; i++)
		intake->entry.passed[i] = finish(&intake->passed[i], intake->revision);
	intake->size = tw_entry_write(intake->octets, sizeof(intake->octets), &intake->entry);
	return write_entry(intake, now_ms);
}

/* ---- a batch ---- */

static bool origin_of(const struct tw_intake *intake, const char *host, const uint8_t *address, size_t size,
		      struct tw_flow_origin *origin)
{
	*origin = (struct tw_flow_origin){ 0 };
	origin->domain = intake->directory ? tw_directory_domain(intake->directory, host) : 0;
	origin->kind = size == ADDRESS16 ? TW_ORIGIN_IPV6 : TW_ORIGIN_IPV4;
	if (size == ADDRESS4 || size == ADDRESS16)
		memcpy(origin->address, address, size);
	return origin->domain != 0;
}

/* Seen where it came in from the wire, from a sender that is a port of the switch: the sender's host has counted it. */
static bool is_second_sighting(const struct tw_intake *intake, const struct tw_flow_record *record)
{
	return record->key_flags & TW_FLOW_KEY_SECOND ||
	       (record->direction == 1 && tw_directory_has_mac(intake->directory, record->src_mac));
}

/* It was ended by force, and its port is on another host now: the rest of the flow comes from there. */
static bool is_split(const struct tw_intake *intake, const struct tw_flow_record *record, uint32_t domain)
{
	uint32_t place;

	if (record->end_reason != TW_FLOW_END_FORCED)
		return false;
	place = tw_directory_place(intake->directory, record->ingress ? record->ingress : record->egress);
	return place && place != domain;
}

static void judge(struct tw_intake *intake, struct tw_flow_record *record, uint32_t domain,
		  struct tw_intake_host *counts)
{
	if (is_second_sighting(intake, record)) {
		if (!intake->directory->both_sides) {
			counts->second_sightings++;
			return;
		}
		record->key_flags |= TW_FLOW_KEY_SECOND; /* its host may not have known; exporters choose by it */
	}
	if (tw_joiner_join(intake->joiner, record))
		counts->joined++;
	if (tw_joiner_count(intake->joiner) + intake->held.n < TW_JOINER_MAX && is_split(intake, record, domain) &&
	    tw_batch_add(&intake->held, record))
		return;
	pass(intake, record);
}

/* @return whether it can be read to its end */
static bool is_whole(const uint8_t *batch, size_t size, struct tw_batch_head *head)
{
	struct tw_batch_reader reader;
	struct tw_flow_record record;
	int rc = tw_batch_open(&reader, batch, size, head);

	if (rc)
		return false;
	while ((rc = tw_batch_next(&reader, &record)) == 1)
		;
	return rc == 0;
}

static uint64_t gap(uint64_t now, uint64_t before)
{
	return now > before ? now - before : 0;
}

/* What went before this batch in its epoch, less what has come of it, is lost. */
static void note_lost(struct tw_central_entry *entry, const struct tw_mark *mark, const struct tw_batch_head *head)
{
	static const struct tw_record_totals none;
	const struct tw_record_totals *before = mark->epoch == head->epoch ? &mark->after : &none;

	entry->lost.records = gap(head->records, before->records);
	entry->lost.packets = gap(head->packets, before->packets);
	entry->lost.octets = gap(head->octets, before->octets);
	entry->lost.ignored_packets = gap(head->ignored_packets, before->ignored_packets);
	entry->lost.ignored_octets = gap(head->ignored_octets, before->ignored_octets);
	entry->after = (struct tw_record_totals){ .records = head->records,
						  .packets = head->packets,
						  .octets = head->octets,
						  .ignored_packets = head->ignored_packets,
						  .ignored_octets = head->ignored_octets };
}

static int take(struct tw_intake *intake, struct tw_mark *mark, const struct tw_flow_origin *origin,
		const uint8_t *batch, size_t size, uint64_t now_ms)
{
	struct tw_central_entry *entry = &intake->entry;
	struct tw_batch_reader reader;
	struct tw_batch_head head;
	struct tw_flow_record record;
	int rc;

	tw_batch_open(&reader, batch, size, &head);
	begin_entry(intake, origin, head.revision);
	memcpy(entry->host, mark->host.name, sizeof(entry->host));
	entry->epoch = head.epoch;
	entry->sequence = head.sequence;
	note_lost(entry, mark, &head);
	mark->host.missing_records += entry->lost.records;
	mark->host.missing_packets += entry->lost.packets;
	while (tw_batch_next(&reader, &record) == 1) {
		mark->host.records++;
		entry->after.records++;
		entry->after.packets += record.packets;
		entry->after.octets += record.l3_octets;
		if (head.revision < intake->since && (head.revision || intake->since == UINT64_MAX))
			mark->host.unwanted++;
		else
			judge(intake, &record, origin->domain, &mark->host);
	}
	rc = end_entry(intake, now_ms);
	mark->comes_again = rc != 0;
	return rc;
}

/* A batch that was taken before. */
static void note_again(struct tw_mark *mark, const struct tw_batch_head *head)
{
	if (mark->comes_again && head->epoch == mark->epoch && head->sequence == mark->sequence)
		mark->comes_again = false; /* as it was told to */
	else
		mark->host.duplicates++;
}

int tw_intake_push(struct tw_intake *intake, const char *host, const uint8_t *address, size_t address_size,
		   const uint8_t *batch, size_t size, uint64_t now_ms)
{
	struct tw_flow_origin origin;
	struct tw_batch_head head;
	struct tw_mark *mark;

	if (!origin_of(intake, host, address, address_size, &origin))
		return -ENOENT;
	if (intake->size && write_entry(intake, now_ms))
		return -EAGAIN;
	mark = tw_intake_mark(intake, host);
	if (!is_whole(batch, size, &head)) {
		if (!mark->host.refused++)
			tw_log_warning("a batch of flow records cannot be read host=%s", host);
		return 0;
	}
	if (!tw_intake_is_beyond(mark, head.epoch, head.sequence)) {
		note_again(mark, &head);
		return 0;
	}
	if (!tw_shares_allow(intake->shares, mark->share, size + ENTRY_MORE)) {
		mark->host.put_off++;
		intake->wants_room |= tw_shares_is_modest(intake->shares, mark->share);
		return -EDQUOT;
	}
	return take(intake, mark, &origin, batch, size, now_ms);
}

void tw_intake_note_waiting(struct tw_intake *intake, const char *host, uint64_t octets, uint64_t now_ms)
{
	struct tw_mark *mark = tw_intake_mark(intake, host);

	mark->host.waiting_octets = octets;
	mark->host.heard_ms = now_ms;
}

/* ---- time ---- */

/* One by one: each has an origin of its own. */
static void let_go(struct tw_intake *intake, uint64_t now_ms)
{
	struct tw_flow_record record;
	struct tw_joiner_source source;

	while (!(intake->size && write_entry(intake, now_ms)) &&
	       tw_joiner_take(intake->joiner, false, now_ms, &record, &source)) {
		begin_entry(intake, &source.origin, source.revision);
		pass(intake, &record);
		end_entry(intake, now_ms);
	}
}

static void release(struct tw_intake *intake, struct tw_spool_position needed)
{
	struct tw_spool_position held;

	if (tw_joiner_oldest(intake->joiner, &held) && tw_spool_compare(held, needed) < 0)
		needed = held;
	if (needed.segment <= intake->released_before || !save_marks(intake))
		return;
	intake->released_before = needed.segment;
	tw_spool_release(intake->folder, needed);
}

void tw_intake_tick(struct tw_intake *intake, struct tw_spool_position needed, uint64_t now_ms)
{
	tw_spool_tick(intake->spool, now_ms);
	let_go(intake, now_ms);
	follow_drops(intake);
	release(intake, needed);
	tw_shares_release(intake->shares, tw_spool_oldest(intake->folder));
}

uint64_t tw_intake_share(const struct tw_intake *intake)
{
	return tw_shares_free(intake->shares);
}

bool tw_intake_wants_room(struct tw_intake *intake)
{
	bool wants = intake->wants_room;

	intake->wants_room = false;
	return wants;
}

void tw_intake_make_room(struct tw_intake *intake)
{
	save_marks(intake); /* if the disk is too full for that: follow_drops() does, with the room that this makes */
	tw_spool_drop_oldest(intake->spool);
	tw_shares_release(intake->shares, tw_spool_oldest(intake->folder));
}

uint64_t tw_intake_ordinal(const struct tw_intake *intake)
{
	return intake->marks.ordinal;
}

struct tw_spool_position tw_intake_end(const struct tw_intake *intake)
{
	return tw_spool_end(intake->spool);
}

size_t tw_intake_held(const struct tw_intake *intake)
{
	return tw_joiner_count(intake->joiner);
}

void tw_intake_spool_stats(const struct tw_intake *intake, struct tw_spool_stats *stats)
{
	tw_spool_get_stats(intake->spool, stats);
}

size_t tw_intake_hosts(const struct tw_intake *intake, struct tw_intake_host *out, size_t most)
{
	for (size_t i = 0; i < intake->marks.n && i < most; i++) {
		out[i] = intake->marks.items[i].host;
		out[i].kept_octets = tw_shares_of(intake->shares, intake->marks.items[i].share);
	}
	return intake->marks.n;
}
