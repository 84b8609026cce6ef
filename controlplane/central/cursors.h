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

enum { TW_CURSORS_MAX = 64, TW_CURSOR_NAME_SIZE = 128 };

struct tw_cursor {
	struct tw_spool_position at; /* of an entry */
	uint64_t index;              /* of its records: the next to be exported */
	uint64_t ordinal;            /* of that record, since the spool began */
};

struct tw_cursors;

/** A file that is damaged, or none, has no cursors. @return NULL with errno set */
struct tw_cursors *tw_cursors_open(const char *folder);
void tw_cursors_close(struct tw_cursors *cursors); /* accepts NULL */

/** @return false: there is none of that name */
bool tw_cursors_get(const struct tw_cursors *cursors, const char *name, struct tw_cursor *cursor);
/** Made if there is none. @return false: there are too many */
bool tw_cursors_set(struct tw_cursors *cursors, const char *name, const struct tw_cursor *cursor);
/** Forget all but these. */
void tw_cursors_keep(struct tw_cursors *cursors, const char *const *names, unsigned n);

#endif
