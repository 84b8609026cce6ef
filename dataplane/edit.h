/* SPDX-License-Identifier: Apache-2.0 */
/*
 * edit.h - 802.1Q tags put on, taken off, changed in a frame.
 *
 * Threads  workers, and main on frames of its own. The frame must not be shared (refcnt 1): edits move its first octets.
 */
#ifndef TW_DATAPLANE_EDIT_H
#define TW_DATAPLANE_EDIT_H

#include <rte_mbuf.h>

#include "dataplane/vlan.h"

/**
 * Do the edit; m's offload lengths follow. The frame has a whole Ethernet header (and tag, if it is tagged) in its first
 * segment: tw_parse() saw to that.
 * @return false when there is no headroom for a tag (then nothing has changed)
 */
bool tw_edit_apply(struct rte_mbuf *m, enum tw_edit edit, uint16_t tag);

/**
 * To the form frames wait in: the tag, if there is one, off; m->vlan_tci = tag, m->vlan_tci_outer = is it to be of 0x88a8.
 * @param dot1ad of the tag it is to get; one that is there says so itself
 */
void tw_edit_canonical(struct rte_mbuf *m, bool tagged, uint16_t tag, bool dot1ad);

/** The edit that gives a frame that waited its tag again, if `out` shows one. */
static inline enum tw_edit tw_edit_waited(const struct rte_mbuf *m, const struct tw_slot *out)
{
	if (!tw_slot_tags(out, m->vlan_tci & 0x0fff))
		return TW_EDIT_NONE;
	return m->vlan_tci_outer ? TW_EDIT_PUSH_DOT1AD : TW_EDIT_PUSH;
}

#endif
