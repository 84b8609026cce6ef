/* SPDX-License-Identifier: Apache-2.0 */
/*
 * edit.c - 802.1Q tags; see edit.h.
 *
 * Threads  as edit.h. Spec IEEE 802.1Q clause 9.5 (VLAN tag TCI format).
 */
#include "dataplane/edit.h"

#include "dataplane/offload.h"

#include <string.h>

enum { MACS = 12, TAG = 4, TYPE_VLAN = 0x8100, TYPE_SERVICE_VLAN = 0x88a8 };

static void write_tag(uint8_t *p, uint16_t type, uint16_t tci)
{
	p[0] = (uint8_t)(type >> 8);
	p[1] = (uint8_t)type;
	p[2] = (uint8_t)(tci >> 8);
	p[3] = (uint8_t)tci;
}

/* Offload requests measure from the frame's start. */
static void shift_offload(struct rte_mbuf *m, int by)
{
	if (m->ol_flags & TW_OFFLOAD_FLAGS)
		m->l2_len = (m->l2_len + (unsigned)by) & 0x7f; /* the field has 7 bits */
}

static bool push(struct rte_mbuf *m, uint16_t type, uint16_t tci)
{
	uint8_t *p = (uint8_t *)rte_pktmbuf_prepend(m, TAG);

	if (!p)
		return false;
	memmove(p, p + TAG, MACS);
	write_tag(p + MACS, type, tci);
	shift_offload(m, TAG);
	return true;
}

static void pop(struct rte_mbuf *m)
{
	uint8_t *p = rte_pktmbuf_mtod(m, uint8_t *);

	memmove(p + TAG, p, MACS);
	rte_pktmbuf_adj(m, TAG);
	shift_offload(m, -TAG);
}

bool tw_edit_apply(struct rte_mbuf *m, enum tw_edit edit, uint16_t tag)
{
	uint8_t *tci;

	switch (edit) {
	case TW_EDIT_NONE:
		return true;
	case TW_EDIT_PUSH:
		return push(m, TYPE_VLAN, tag);
	case TW_EDIT_PUSH_DOT1AD:
		return push(m, TYPE_SERVICE_VLAN, tag);
	case TW_EDIT_POP:
		pop(m);
		return true;
	case TW_EDIT_SET:
		tci = rte_pktmbuf_mtod_offset(m, uint8_t *, MACS + 2);
		tci[0] = (uint8_t)((tci[0] & 0xf0) | (tag >> 8 & 0x0f));
		tci[1] = (uint8_t)tag;
		return true;
	case TW_EDIT_SET_ALL: /* but not the drop eligible bit */
		tci = rte_pktmbuf_mtod_offset(m, uint8_t *, MACS + 2);
		tci[0] = (uint8_t)((tci[0] & 0x10) | tag >> 8);
		tci[1] = (uint8_t)tag;
		return true;
	}
	return false;
}

void tw_edit_canonical(struct rte_mbuf *m, bool tagged, uint16_t tag, bool dot1ad)
{
	if (tagged) {
		dot1ad = *rte_pktmbuf_mtod_offset(m, uint8_t *, MACS) == TYPE_SERVICE_VLAN >> 8;
		pop(m);
	}
	m->vlan_tci = tag;
	m->vlan_tci_outer = dot1ad;
}
