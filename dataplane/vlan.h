/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vlan.h - which VLAN a frame is in, which ports may have it, with which tag. docs/vlan.md says it to operators.
 *
 * A frame has a VLAN it is judged in (verdict.vlan: a tunnel's service VLAN, a private VLAN's primary one) and one that
 * the wire carries (tw_vlan_tag(): a private VLAN's secondary one). Ethertypes 0x8100 and 0x88a8 are both tags of the one
 * space of VLANs; what is behind a frame's own tag is payload, and the second tag in it a customer's.
 * Threads  any thread inside an RCU section (or with a snapshot of its own). Pure.
 */
#ifndef TW_DATAPLANE_VLAN_H
#define TW_DATAPLANE_VLAN_H

#include "dataplane/decide.h"

/** TCI of the tag a frame leaves with where it gets one: the VLAN as the wire carries it, and the priority. */
static inline uint16_t tw_vlan_tag(const struct tw_slot *in, const struct tw_key *key)
{
	uint16_t wire = in->secondary ? in->secondary : in->vlan, pcp = key->tci >> 13;

	if (in->trunk && key->tci & 0x0fff)
		wire = key->tci & 0x0fff;
	if (in->pcp)
		pcp = in->pcp - 1;
	else if (in->tunnel) /* a customer's priority stays in the customer's tag */
		pcp = 0;
	return (uint16_t)(pcp << 13 | wire);
}

/** Fill in v->vlan. @return TW_DROPS when the frame may be in that VLAN, else why not */
enum tw_drop tw_vlan_classify(const struct tw_snapshot *s, const struct tw_slot *in, const struct tw_key *key,
			      struct tw_verdict *v);

/** Private VLANs: is there a way from the frame's secondary VLAN to that of a port? */
bool tw_private_meets(uint16_t vlan, uint16_t wire, uint16_t secondary, bool isolated);

/**
 * The edit a frame needs to leave by a slot.
 * @param in  where it came in: a tunnel's customer tag is payload
 */
enum tw_edit tw_edit_for(const struct tw_slot *in, const struct tw_slot *out, const struct tw_key *key);

/** Does a slot show its other side a tag with frames of this (wire's) VLAN? */
static inline bool tw_slot_tags(const struct tw_slot *out, unsigned vlan)
{
	return out->trunk && vlan != 0 && (vlan != out->vlan || out->native_tagged);
}

/**
 * May a frame of its VLAN go to this member? @return TW_DROPS = yes; else why not
 * @note of members of the VLAN v->vlan
 */
enum tw_drop tw_admit(const struct tw_snapshot *s, const struct tw_slot *out, const struct tw_key *key,
		      const struct tw_verdict *v);

/**
 * Does a member of a VLAN's list of members get a copy of a frame that is flooded or copied? A private VLAN's frames go to the access ports of
 * the primary VLAN and to the trunks that carry the secondary one, so both lists have to be gone through.
 * @param list the VLAN whose list it is: v->vlan, and if another, the wire's
 */
bool tw_flood_takes(const struct tw_snapshot *s, const struct tw_key *key, const struct tw_verdict *v, uint16_t member,
		    uint16_t list);

#endif
