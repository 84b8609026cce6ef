/* SPDX-License-Identifier: Apache-2.0 */
/*
 * forward.c - where a frame for one MAC goes; see forward.h.
 *
 * Threads  pure; any thread inside an RCU section.
 * Spec     IEEE 802.1Q clause 8.6 (forwarding).
 */
#include "dataplane/forward.h"

#include "dataplane/fdb.h"
#include "dataplane/note.h"
#include "dataplane/team.h"
#include "dataplane/verdict.h"
#include "dataplane/vlan.h"

static bool somebody_takes(const struct tw_snapshot *s, const struct tw_key *key, const struct tw_verdict *v,
			   uint16_t list)
{
	for (uint32_t i = 0; i < s->flood[list].n; i++)
		if (tw_flood_takes(s, key, v, s->members[s->flood[list].first + i], list))
			return true;
	return false;
}

static struct tw_verdict to_slot(const struct tw_snapshot *s, const struct tw_key *key, struct tw_verdict v,
				 uint16_t slot)
{
	const struct tw_slot *out = &s->slot[slot];

	v.action = TW_ACT_FORWARD;
	v.out = slot;
	v.edit = (uint8_t)tw_edit_for(&s->slot[key->in], out, key);
	if (out->mirror_out)
		v.flags |= TW_V_MIRROR_OUT;
	if (out->frames)
		v.flags |= TW_V_RECORD;
	return v;
}

/* @param of the slot whose teaming says which uplink */
static struct tw_verdict to_uplink(const struct tw_snapshot *s, const struct tw_key *key, struct tw_verdict v,
				   uint16_t of)
{
	uint16_t way = tw_team_way(s, of, key);

	TW_NOTE(forward, "%u uplink(s) up, %u active in its teaming%s%s", s->n_uplinks, s->team[s->slot[of].team].n,
		way == TW_SLOT_NONE ? "" : ": by ", way == TW_SLOT_NONE ? "" : TW_NAME(way, 0));
	if (way == TW_SLOT_NONE)
		return tw_verdict_drop_at(v, TW_DROP_NO_UPLINK, TW_SLOT_NONE, v.egress);
	return to_slot(s, key, v, way);
}

/* To a port on this host. */
static struct tw_verdict to_port(const struct tw_snapshot *s, const struct tw_key *key, struct tw_verdict v,
				 uint16_t slot)
{
	const struct tw_slot *out = &s->slot[slot];
	enum tw_drop refused = tw_admit(s, out, key, &v);
	uint16_t rule;

	v.egress = out->number;
	if (slot == key->in)
		return tw_verdict_drop(v, TW_DROP_HAIRPIN);
	if (refused != TW_DROPS)
		return tw_verdict_drop(v, refused);
	if (out->disabled)
		return tw_verdict_drop_at(v, TW_DROP_OUT_DISABLED, slot, out->number);
	if (out->acl_out && (out->link == TW_LINK_UP || out->link == TW_LINK_HOLD)) {
		bool may = tw_verdict_may_pass(out->acl_out, key, &v, &rule);

		TW_NOTE(acl_out, "%s, rule %u of %u%s", out->acl_out->name, rule + 1u, out->acl_out->n,
			rule == out->acl_out->n ? ": the default" : "");
		if (!may)
			return tw_verdict_drop_at(v, TW_DROP_ACL_EGRESS, slot, out->number);
	}
	switch ((enum tw_link)out->link) {
	case TW_LINK_UP:
		return to_slot(s, key, v, slot);
	case TW_LINK_HOLD:
		if (out->frames)
			v.flags |= TW_V_RECORD;
		v.action = TW_ACT_HOLD;
		v.out = slot;
		return v;
	case TW_LINK_MOVED: /* the one frame that may go back to the uplink it came from: late for a guest that left */
		return to_uplink(s, key, v, s->slot[key->in].uplink ? slot : key->in);
	case TW_LINK_ABSENT:
		break;
	}
	return tw_verdict_drop_at(v, TW_DROP_LINK_DOWN, slot, out->number);
}

/* Is the frame's VLAN, or the one the wire has it in, in the set? */
static bool in_either(const struct tw_vlan_set *set, const struct tw_snapshot *s, const struct tw_key *key,
		      const struct tw_verdict *v)
{
	return tw_vlan_set_has(set, v->vlan) || tw_vlan_set_has(set, tw_vlan_tag(&s->slot[key->in], key) & 0x0fff);
}

struct tw_verdict tw_forward_flood(const struct tw_snapshot *s, const struct tw_key *key, struct tw_verdict v,
				   enum tw_scope scope, enum tw_drop none)
{
	bool to_wire = !s->slot[key->in].uplink && tw_team_way(s, key->in, key) != TW_SLOT_NONE;
	uint16_t wire = tw_vlan_tag(&s->slot[key->in], key) & 0x0fff;

	v.action = TW_ACT_FLOOD;
	v.scope = (uint8_t)scope;
	if (to_wire || somebody_takes(s, key, &v, v.vlan) || (wire != v.vlan && somebody_takes(s, key, &v, wire)))
		return v;
	return tw_verdict_drop(v, none);
}

/* The destination is not on this host: neither a port nor, if `unknown`, anything the switch knows. */
static struct tw_verdict forward_elsewhere(const struct tw_snapshot *s, const struct tw_key *key, struct tw_verdict v,
					   bool unknown)
{
	const struct tw_slot *in = &s->slot[key->in];

	if (in->uplink) /* never back to the wire; to nobody here but those who ask for what is not theirs */
		return in_either(&s->takes_unknown, s, key, &v)
			       ? tw_forward_flood(s, key, v, unknown ? TW_TO_UNKNOWN : TW_TO_PROMISCUOUS,
						  TW_DROP_UNKNOWN_UNICAST)
			       : tw_verdict_drop(v, TW_DROP_UNKNOWN_UNICAST);
	if (!unknown || in->unknown == TW_UNKNOWN_UPLINK)
		return to_uplink(s, key, v, key->in);
	TW_NOTE(forward, "such frames are %s", in->unknown == TW_UNKNOWN_FLOOD ? "flooded" : "refused");
	if (in->unknown == TW_UNKNOWN_DROP)
		return tw_verdict_drop(v, TW_DROP_UNKNOWN_REFUSED);
	return tw_forward_flood(s, key, v, TW_TO_ALL, TW_DROP_NO_UPLINK);
}

/* A frame that is on its way: do promiscuous ports get a copy? */
static struct tw_verdict copy_to_promiscuous(const struct tw_snapshot *s, const struct tw_key *key, struct tw_verdict v)
{
	uint16_t wire = tw_vlan_tag(&s->slot[key->in], key) & 0x0fff;
	struct tw_verdict copy = v;

	if (v.action != TW_ACT_FORWARD || !in_either(&s->promiscuous, s, key, &v))
		return v;
	copy.action = TW_ACT_COPY;
	if (!somebody_takes(s, key, &copy, v.vlan) && (wire == v.vlan || !somebody_takes(s, key, &copy, wire)))
		return v;
	TW_NOTE(forward, "promiscuous ports get copies");
	return copy;
}

/* To a MAC that no port has of its own: one behind a port or the wire, if it was learned. */
static struct tw_verdict forward_learned(const struct tw_snapshot *s, const struct tw_key *key, struct tw_verdict v)
{
	const struct tw_fdb_entry *e = tw_snapshot_learned(s, key->dst_mac, v.vlan);

	if (!e) {
		v.flags |= tw_verdict_storm(&s->slot[key->in], key);
		return forward_elsewhere(s, key, v, true);
	}
	if (e->slot == TW_FDB_WIRE) {
		TW_NOTE(forward, "it was learned from the wire");
		return forward_elsewhere(s, key, v, false);
	}
	if (e->slot == TW_FDB_REMOTE) { /* by the wire it may yet be for a port here that asks for what is nobody's */
		TW_NOTE(forward, "it was learned behind %s, on another host", TW_NAME(TW_SLOT_NONE, e->number));
		v.egress = e->number;
		return forward_elsewhere(s, key, v, s->slot[key->in].uplink);
	}
	TW_NOTE(forward, "it was learned behind %s", TW_NAME(e->slot, e->number));
	return to_port(s, key, v, e->slot);
}

static struct tw_verdict to_mac(const struct tw_snapshot *s, const struct tw_key *key, struct tw_verdict v)
{
	const struct tw_identity *dst = tw_snapshot_identity(s, key->dst_mac);

	if (dst)
		TW_NOTE(forward, "the destination is %s, %s", TW_NAME(dst->slot, dst->number),
			dst->slot == TW_SLOT_NONE ? "on another host" : "on this host");
	else
		TW_NOTE(forward, "the destination is no port's MAC");
	if (dst) {
		uint16_t wire = tw_vlan_tag(&s->slot[key->in], key) & 0x0fff, vlan = dst->trunk ? wire : v.vlan;
		bool native = vlan == dst->vlan && (vlan != 0 || !dst->trunk);
		bool member = native || (dst->trunk && tw_vlan_set_has(dst->allowed, vlan));

		if (!member)
			return tw_verdict_drop(v, TW_DROP_NOT_IN_VLAN);
		if (!dst->trunk && !tw_private_meets(v.vlan, wire, dst->secondary, dst->isolated))
			return tw_verdict_drop(v, TW_DROP_PRIVATE_VLAN);
		v.egress = dst->number;
		if (dst->slot != TW_SLOT_NONE && s->slot[key->in].uplink &&
		    !tw_team_takes(s, dst->slot, key->dst_mac, key->in))
			return tw_verdict_drop_copy(v, TW_DROP_STANDBY_UPLINK);
		if (dst->slot != TW_SLOT_NONE)
			return to_port(s, key, v, dst->slot);
	}
	return dst ? forward_elsewhere(s, key, v, false) : forward_learned(s, key, v);
}

struct tw_verdict tw_forward_unicast(const struct tw_snapshot *s, const struct tw_key *key, struct tw_verdict v)
{
	return copy_to_promiscuous(s, key, to_mac(s, key, v));
}
