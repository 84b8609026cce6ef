/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cursors.h - how far each exporter has got in the controller's spool, in a file that is mapped: what is set is kept at once,
 *             however the program ends.
 *
 * Threads  the owner's.
 */
#ifndef TW_CONTROLPLANE_CENTRAL_CURSORS_H
#define TW_CONTROLPLANE_CENTRAL_CURSORS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/spool.h"

enum { TW_CURSORS_MAX = 64, TW_CURSOR_NAME_SIZE = 128, TW_CURSOR_GAPS = 4 };

struct tw_cursor {
	struct tw_spool_position at; /* of an entry */
	uint64_t index;              /* of its records: the next to be exported */
	uint64_t ordinal;            /* of that record, since the spool began */
	/* What hosts kept by which revisions of the model is the exporter's: from `since` on, but for times when it did not go this
	 * way: from .from to before .to, UINT64_MAX = until now. The newest is first; .from 0 = none. */
	uint64_t since;
	struct tw_cursor_gap {
		uint64_t from, to;
	} gaps[TW_CURSOR_GAPS];
};

struct tw_cursors;

/** A file that is damaged, or none, has no cursors. @return NULL with errno set */
struct tw_cursors *tw_cursors_open(const char *folder);
void tw_cursors_close(struct tw_cursors *cursors); /* accepts NULL */

/** @return false: there is none of that name */
bool tw_cursors_get(const struct tw_cursors *cursors, const char *name, struct tw_cursor *cursor);
/** Made if there is none. @return false: there are too many */
bool tw_cursors_set(struct tw_cursors *cursors, const char *name, const struct tw_cursor *cursor);
/** Accepts a name that has none. */
void tw_cursors_forget(struct tw_cursors *cursors, const char *name);
/** Number i of 0..TW_CURSORS_MAX - 1. @return false: it is free, or damaged */
bool tw_cursors_at(const struct tw_cursors *cursors, unsigned i, char name[static TW_CURSOR_NAME_SIZE],
		   struct tw_cursor *cursor);

#endif
