/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mirror_open.h - what a configuration says of a mirror's destination becomes a sink. Main.
 */
#ifndef TW_DATAPLANE_MIRROR_OPEN_H
#define TW_DATAPLANE_MIRROR_OPEN_H

#include "dataplane/mirror.h"

/** Has it one? Copies for a port of this host and for an RSPAN VLAN leave by the workers; some have no way. */
bool tw_mirror_has_sink(const Tw__LocalMirror *mirror);

/** Do they mean the same destination, in every respect? */
bool tw_mirror_same_destination(const Tw__LocalMirror *a, const Tw__LocalMirror *b);

/** The destination in words, for operators. */
void tw_mirror_describe(const Tw__LocalMirror *mirror, char to[static TW_MIRROR_TO_SIZE]);

/** @param workers whose copies it gets; kept. @return NULL: error says why */
struct tw_sink *tw_mirror_open_sink(const struct tw_mirror_config *config, struct tw_worker *const *workers,
				    unsigned n_workers, char error[static 128]);

#endif
