/* SPDX-License-Identifier: Apache-2.0 */
/*
 * source.h - who sent a frame: stage `source`, and what hearing a guest of this host on the wire means.
 *
 * Place    asked by decide.c on a flow's first frame.
 * Threads  pure; any thread inside an RCU section.
 */
#ifndef TW_DATAPLANE_SOURCE_H
#define TW_DATAPLANE_SOURCE_H

#include "dataplane/decide.h"

/**
 * Has a frame that this host sent come back by an uplink?
 * @param source the port that has the sender's MAC, here or elsewhere; NULL = none
 */
bool tw_source_is_deja_vu(const struct tw_snapshot *snapshot, const struct tw_key *key,
			  const struct tw_identity *source);

/** Must main hear that the sender, heard on an uplink, is a port of this host? @param deja_vu it has sent this itself */
bool tw_source_is_heard(const struct tw_snapshot *snapshot, const struct tw_key *key, const struct tw_identity *source,
			bool deja_vu);

/**
 * Is the sender who it may be? Sets TW_V_LEARN where its MAC is to be learned.
 * @param source as above; asked for only where the frame came in by an uplink
 * @return TW_DROPS: it may
 */
enum tw_drop tw_source_check(const struct tw_snapshot *snapshot, const struct tw_slot *in, const struct tw_key *key,
			     const struct tw_identity *source, struct tw_verdict *verdict);

#endif
