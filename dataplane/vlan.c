/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vlan.c - which VLAN a frame is in, which ports may have it, with which tag; see vlan.h and docs/vlan.md.
 *
 * Threads  pure; any thread inside an RCU section.
 * Spec     IEEE 802.1Q clauses 6.9 (ingress, priority tags), 16 (provider bridges); RFC 5517 (private VLANs).
 */
#include "dataplane/vlan.h"

/* The frame's VLAN as its tag and its port say it. @return TW_DROPS when it may be there */
static enum tw_drop classify(const struct tw_slot *in, const struct tw_key *key, uint16_t *vlan)
{
	uint16_t vid = key->tci & 0x0fff;

	if (in->tunnel) { /* whatever it is, it is in the service VLAN */
		*vlan = in->vlan;
		return in->allowed && !tw_vlan_set_has(in->allowed, vid) ? TW_DROP_VLAN_NOT_ALLOWED : TW_DROPS;
	}
	if (vid == 0) { /* untagged, or priority-tagged: the tag says only a priority */
		*vlan = in->vlan;
		if (!in->trunk && tw_key_is_double_tagged(key)) /* one behind the priority is still a tag */
			return TW_DROP_TAGGED_ON_ACCESS;
		return in->trunk && !in->uplink && in->vlan == 0 ? TW_DROP_UNTAGGED_ON_TRUNK : TW_DROPS;
	}
	*vlan = vid;
	if (!in->trunk)
		return TW_DROP_TAGGED_ON_ACCESS;
	return tw_slot_carries(in, vid) ? TW_DROPS : TW_DROP_VLAN_NOT_ALLOWED;
}

enum tw_drop tw_vlan_classify(const struct tw_snapshot *s, const struct tw_slot *in, const struct tw_key *key,
			      struct tw_verdict *v)
{
	enum tw_drop reason = classify(in, key, &v->vlan);

	if (in->trunk && s->primary_of && s->primary_of[v->vlan])
		v->vlan = s->primary_of[v->vlan];
	return reason;
}

enum tw_edit tw_edit_for(const struct tw_slot *in, const struct tw_slot *out, const struct tw_key *key)
{
	/* A customer's tag is payload, but for an access port, which it reaches only if it is a priority alone. */
	bool tagged = key->flags & TW_FLOW_KEY_TAGGED && (!in->tunnel || !(out->trunk || out->tunnel));
	uint16_t tag = tw_vlan_tag(in, key);

	if (!tw_slot_tags(out, tag & 0x0fff))
		return tagged ? TW_EDIT_POP : TW_EDIT_NONE;
	if (!tagged)
		return in->tunnel && in->dot1ad ? TW_EDIT_PUSH_DOT1AD : TW_EDIT_PUSH;
	if (in->pcp)
		return TW_EDIT_SET_ALL;
	return (key->tci & 0x0fff) == (tag & 0x0fff) ? TW_EDIT_NONE : TW_EDIT_SET;
}

bool tw_private_meets(uint16_t vlan, uint16_t wire, uint16_t secondary, bool isolated)
{
	return wire == vlan || secondary == 0 || (wire == secondary && !isolated);
}

enum tw_drop tw_admit(const struct tw_snapshot *s, const struct tw_slot *out, const struct tw_key *key,
		      const struct tw_verdict *v)
{
	const struct tw_slot *in = &s->slot[key->in];
	uint16_t wire = tw_vlan_tag(in, key) & 0x0fff;
	uint16_t inner = in->tunnel ? key->tci & 0x0fff : tw_key_inner_vid(key);

	if (out->trunk && !tw_slot_carries(out, wire))
		return TW_DROP_NOT_IN_VLAN;
	if (out->trunk) /* where no tag goes on, the one behind would be read in its place */
		return inner == 0 || tw_slot_tags(out, wire) ? TW_DROPS : TW_DROP_DOUBLE_TAGGED;
	if (out->tunnel)
		return out->allowed && !tw_vlan_set_has(out->allowed, inner) ? TW_DROP_NOT_IN_VLAN : TW_DROPS;
	if (inner != 0 || tw_key_is_double_tagged(key))
		return TW_DROP_DOUBLE_TAGGED;
	return tw_private_meets(v->vlan, wire, out->secondary, out->isolated) ? TW_DROPS : TW_DROP_PRIVATE_VLAN;
}

static bool in_scope(const struct tw_slot *out, const struct tw_verdict *v)
{
	if (v->action == TW_ACT_COPY)
		return out->promiscuous;
	return v->scope == TW_TO_ALL || v->scope >= TW_TO_LISTENERS || out->promiscuous ||
	       (v->scope == TW_TO_UNKNOWN && out->takes_unknown);
}

bool tw_flood_takes(const struct tw_snapshot *s, const struct tw_key *key, const struct tw_verdict *v, uint16_t member,
		    uint16_t list)
{
	const struct tw_slot *out = &s->slot[member];
	uint16_t wire = tw_vlan_tag(&s->slot[key->in], key) & 0x0fff;

	/* The member's teaming listens to another uplink; what is for a guest here has come by the right one. */
	if (v->action != TW_ACT_COPY && s->slot[key->in].uplink_bit & ~out->hears)
		return false;
	if (member == key->in || member == v->out || (wire != v->vlan && out->trunk != (list == wire)) ||
	    !in_scope(out, v))
		return false;
	return tw_admit(s, out, key, v) == TW_DROPS;
}
