/* SPDX-License-Identifier: Apache-2.0 */
/* intake_parts.h - what intake.c and intake_entries.c share of an intake: its parts, and what it knows. Only these two include it. */
#ifndef TW_CONTROLPLANE_CENTRAL_INTAKE_PARTS_H
#define TW_CONTROLPLANE_CENTRAL_INTAKE_PARTS_H

#include <limits.h>

#include "controlplane/central/intake.h"
#include "controlplane/central/joiner.h"
#include "controlplane/central/marks.h"
#include "controlplane/central/shares.h"

struct tw_intake {
	char folder[PATH_MAX];
	struct tw_spool *spool;
	struct tw_joiner *joiner;
	struct tw_marks marks;
	struct tw_shares *shares;
	bool wants_room;
	const struct tw_directory *directory;
	uint64_t since; /* revision of the model: what is older is not wanted */
	bool marks_changed;
	int marks_error;          /* why they could not be saved; 0 = they could, the last time */
	uint64_t dropped;         /* segments that the spool itself gave up, as of the marks that are saved */
	uint64_t released_before; /* number of the segment up to which was released last */
	/* an entry on its way into the spool */
	struct tw_central_entry entry;
	uint64_t revision; /* of its records */
	struct tw_batch passed[TW_ENTRY_PASSED_MAX], held;
	uint8_t octets[TW_SPOOL_ENTRY_MAX];
	size_t size; /* of one that could not be written yet; 0 = none */
};

/* Did a host number it after all that was taken of it? */
static inline bool tw_intake_is_beyond(const struct tw_mark *mark, uint64_t epoch, uint64_t sequence)
{
	return epoch > mark->epoch || (epoch == mark->epoch && sequence > mark->sequence);
}

/* ---- intake_entries.c ---- */

/** The host's, made if there is none. Valid until the next call with another host. */
struct tw_mark *tw_intake_mark(struct tw_intake *intake, const char *host);
/** An entry has been written: what it holds waits, its batch is taken, its host has that much of the spool. */
void tw_intake_see(struct tw_intake *intake, const struct tw_central_entry *entry, struct tw_spool_position at,
		   size_t size, uint64_t now_ms);
/** At the start: the same of all entries that there are. @return 0 or -errno */
int tw_intake_find_all(struct tw_intake *intake, uint64_t now_ms);

#endif
