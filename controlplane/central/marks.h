/* SPDX-License-Identifier: Apache-2.0 */
/*
 * marks.h - how far each host's batches have been taken, and the file that keeps it when the spool's segments go.
 *
 * Threads  the owner's.
 */
#ifndef TW_CONTROLPLANE_CENTRAL_MARKS_H
#define TW_CONTROLPLANE_CENTRAL_MARKS_H

#include "controlplane/central/intake.h"

struct tw_mark {
	struct tw_intake_host host; /* name and counts */
	uint64_t epoch, sequence;   /* of the last batch taken; 0 = none */
	struct tw_record_totals after;
	bool comes_again; /* the host was told to send its last batch later, which then could be written: it will */
	unsigned share;   /* its number in shares.h; 0 = none yet */
};

struct tw_marks {
	struct tw_mark *items; /* by name */
	size_t n, room;
	uint64_t ordinal;
};

/** @return the host's, made if there is none */
struct tw_mark *tw_marks_get(struct tw_marks *marks, const char *host);
void tw_marks_clear(struct tw_marks *marks);

/** @return 0; -ENOENT there is no file; -EBADMSG it is none, or damaged */
int tw_marks_load(struct tw_marks *marks, const char *folder);
/** Of hosts that the directory does not have nothing is kept. NULL = all are. @return 0 or -errno */
int tw_marks_save(const struct tw_marks *marks, const char *folder, const struct tw_directory *directory);

#endif
