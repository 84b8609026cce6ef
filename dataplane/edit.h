/* SPDX-License-Identifier: Apache-2.0 */
/*
 * edit.h - 802.1Q tags put on, taken off, changed in a frame.
 *
 * Threads  workers, and main on frames of its own. The frame must not be shared (refcnt 1): edits move its first octets.
 */
#ifndef TW_DATAPLANE_EDIT_H
#define TW_DATAPLANE_EDIT_H

#include <rte_mbuf.h>

#include "dataplane/decide.h"

/**
 * Do the edit; m's offload lengths follow. The frame has a whole Ethernet header (and tag, if it is tagged) in its first
 * segment: tw_parse() saw to that.
 * @return false when there is no headroom for a tag (then nothing has changed)
 */
bool tw_edit_apply(struct rte_mbuf *m, enum tw_edit edit, uint16_t vlan);

/** To the form frames wait in: without tag, m->vlan_tci = vlan. */
void tw_edit_canonical(struct rte_mbuf *m, bool tagged, uint16_t vlan);

#endif
