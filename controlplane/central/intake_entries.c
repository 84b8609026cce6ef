/* SPDX-License-Identifier: Apache-2.0 */
/* intake_entries.c - what entries of the spool lead to, when they are written and when they are found; see intake.h. Its owner's thread. */
#include "controlplane/central/intake_parts.h"

#include "controlplane/mem.h"

#define TW_LOG_AREA "records"
#include "common/log.h"

/* ---- one entry ---- */

static void see_held(struct tw_intake *intake, const struct tw_central_entry *entry, struct tw_spool_position at,
		     uint64_t now_ms)
{
	struct tw_batch_reader reader;
	struct tw_batch_head head;
	struct tw_flow_record record;
	struct tw_joiner_source source = { .origin = entry->origin, .at = at };

	if (!entry->held.size || tw_batch_open(&reader, entry->held.data, entry->held.size, &head))
		return;
	source.revision = head.revision;
	while (tw_batch_next(&reader, &record) == 1)
		tw_joiner_hold(intake->joiner, &record, &source, now_ms);
}

struct tw_mark *tw_intake_mark(struct tw_intake *intake, const char *host)
{
	struct tw_mark *mark = tw_marks_get(&intake->marks, host);

	if (!mark->share)
		mark->share = tw_shares_join(intake->shares);
	return mark;
}

static void see_share(struct tw_intake *intake, const struct tw_central_entry *entry, struct tw_spool_position at,
		      size_t size)
{
	tw_shares_add(intake->shares, *entry->host ? tw_intake_mark(intake, entry->host)->share : 0, at.segment,
		      size + TW_SPOOL_ENTRY_OVERHEAD);
}

static void see_mark(struct tw_intake *intake, const struct tw_central_entry *entry)
{
	struct tw_mark *mark;

	if (entry->ordinal + entry->n_passed > intake->marks.ordinal)
		intake->marks.ordinal = entry->ordinal + entry->n_passed;
	intake->marks_changed = true;
	if (!*entry->host)
		return;
	mark = tw_intake_mark(intake, entry->host);
	if (!tw_intake_is_beyond(mark, entry->epoch, entry->sequence))
		return; /* found at the start, and in the marks already */
	mark->epoch = entry->epoch;
	mark->sequence = entry->sequence;
	mark->after = entry->after;
}

void tw_intake_see(struct tw_intake *intake, const struct tw_central_entry *entry, struct tw_spool_position at,
		   size_t size, uint64_t now_ms)
{
	see_held(intake, entry, at, now_ms);
	see_mark(intake, entry);
	see_share(intake, entry, at, size);
}

/* ---- all that there are ---- */

static void forget(struct tw_intake *intake, const struct tw_octets *records)
{
	struct tw_batch_reader reader;
	struct tw_batch_head head;
	struct tw_flow_record record;

	if (!records->size || tw_batch_open(&reader, records->data, records->size, &head))
		return;
	while (tw_joiner_count(intake->joiner) && tw_batch_next(&reader, &record) == 1)
		tw_joiner_forget(intake->joiner, &record);
}

/* What waited when the entry was made, and was joined with one of its records, is in that one: one that passed, or is held. */
static void forget_joined(struct tw_intake *intake, const struct tw_central_entry *entry)
{
	for (int i = 0; i < TW_ENTRY_PASSED_MAX; i++)
		forget(intake, &entry->passed[i]);
	forget(intake, &entry->held);
}

int tw_intake_find_all(struct tw_intake *intake, uint64_t now_ms)
{
	struct tw_spool_reader *reader = tw_need(tw_spool_reader_create(intake->folder));
	struct tw_spool_position at;
	struct tw_central_entry entry;
	const uint8_t *data;
	size_t size;
	int rc;

	while ((rc = tw_spool_reader_next(reader, &data, &size)) == 1) {
		if (tw_entry_read(data, size, &entry)) {
			tw_log_warning("an entry of the spool cannot be read folder=%s", intake->folder);
			continue;
		}
		at = tw_spool_reader_position(reader);
		at.offset -= size + TW_SPOOL_ENTRY_OVERHEAD;
		forget_joined(intake, &entry);
		tw_intake_see(intake, &entry, at, size, now_ms);
	}
	if (tw_spool_reader_damaged(reader))
		tw_log_warning("parts of the spool are damaged folder=%s octets=%llu", intake->folder,
			       (unsigned long long)tw_spool_reader_damaged(reader));
	tw_spool_reader_destroy(reader);
	return rc;
}
