/* SPDX-License-Identifier: Apache-2.0 */
/*
 * forward.h - where a frame goes that was let in: stage `forward`.
 *
 * Place    asked by decide.c on a flow's first frame; forward.c for one MAC, forward_group.c for many.
 * Threads  pure; any thread inside an RCU section.
 */
#ifndef TW_DATAPLANE_FORWARD_H
#define TW_DATAPLANE_FORWARD_H

#include "dataplane/decide.h"

/** To the one port that has the MAC, to where it was learned or may be; promiscuous ports get copies. */
struct tw_verdict tw_forward_unicast(const struct tw_snapshot *snapshot, const struct tw_key *key,
				     struct tw_verdict verdict);

/** To all of the VLAN, to those who joined the group, or (LACP) to the switch itself. */
struct tw_verdict tw_forward_group(const struct tw_snapshot *snapshot, const struct tw_key *key,
				   struct tw_verdict verdict);

/** In a VLAN that carries mirrors' copies: from the wire to all that are in it, from nobody else. */
struct tw_verdict tw_forward_rspan(const struct tw_snapshot *snapshot, const struct tw_key *key,
				   struct tw_verdict verdict);

/** To those of the VLAN that are in scope, and, from a guest, to the wire. @param none why it is dropped if there is nobody */
struct tw_verdict tw_forward_flood(const struct tw_snapshot *snapshot, const struct tw_key *key,
				   struct tw_verdict verdict, enum tw_scope scope, enum tw_drop none);

#endif
