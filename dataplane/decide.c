/* SPDX-License-Identifier: Apache-2.0 */
/*
 * decide.c - what happens to a flow's frames; see decide.h and, for the order of the stages, pipeline.h.
 *
 * Place    called on a flow's first frame and after each change of configuration.
 * Threads  pure; any thread inside an RCU section.
 * Spec     IEEE 802.1Q clauses 6.9 (ingress tagging), 8.6 (forwarding), 8.6.3 (reserved group addresses).
 */
#include "dataplane/decide.h"
#include "dataplane/vlan.h"

#include <string.h>

#include "dataplane/acl.h"
#include "dataplane/fdb.h"
#include "dataplane/guard.h"
#include "dataplane/note.h"
#include "dataplane/snoop.h"
#include "dataplane/rate.h"
#include "dataplane/team.h"

static struct tw_verdict drop(struct tw_verdict v, enum tw_drop reason)
{
	v.action = TW_ACT_DROP;
	v.drop = (uint8_t)reason;
	v.out = TW_SLOT_NONE;
	v.egress = 0;
	v.flags &= (uint16_t) ~(TW_V_MIRROR_OUT | TW_V_INSPECT | TW_V_ACL_EACH | TW_V_STORM | TW_V_SNOOP | TW_V_RECORD);
	return v;
}

static struct tw_verdict drop_at(struct tw_verdict v, enum tw_drop reason, uint16_t out, uint32_t egress)
{
	v = drop(v, reason);
	v.out = out;
	v.egress = egress;
	return v;
}

static bool is_group(const uint8_t mac[6])
{
	return mac[0] & 1;
}

static bool is_zero(const uint8_t mac[6])
{
	static const uint8_t zero[6];

	return memcmp(mac, zero, 6) == 0;
}

/* 802.1Q table 8-1: 01:80:c2:00:00:00 to 0f stay on their link. */
static bool is_reserved_group(const uint8_t mac[6])
{
	static const uint8_t prefix[5] = { 0x01, 0x80, 0xc2, 0x00, 0x00 };

	return memcmp(mac, prefix, 5) == 0 && mac[5] < 0x10;
}

static bool is_here(const struct tw_identity *id)
{
	return id && id->slot != TW_SLOT_NONE;
}

/*
 * From the wire, with the MAC of a guest that runs here: our own frame. But one for a guest on this host may be a frame that
 * waited for it elsewhere and has been passed on.
 */
static bool is_deja_vu(const struct tw_snapshot *s, const struct tw_key *key, const struct tw_identity *src)
{
	return is_here(src) && s->slot[src->slot].link == TW_LINK_UP &&
	       (is_group(key->dst_mac) || !is_here(tw_snapshot_identity(s, key->dst_mac)));
}

/*
 * Held: it runs elsewhere now. Up: the wire believes it elsewhere, for somebody passed on a frame that had waited there, or
 * speaks for it. A copy of what it sent itself never comes by the uplink it was sent by.
 */
static bool is_heard(const struct tw_snapshot *s, const struct tw_key *key, const struct tw_identity *src, bool deja_vu)
{
	if (!is_here(src))
		return false;
	if (s->slot[src->slot].link == TW_LINK_HOLD)
		return true;
	return s->slot[src->slot].link == TW_LINK_UP &&
	       (!deja_vu || tw_team_takes(s, src->slot, key->src_mac, key->in));
}

/*
 * The wire's MACs are learned where that keeps frames from being flooded, and to see that a guest's MAC has moved away. That is
 * heard by the uplink its frames left by: a copy of what it sent itself never comes back there.
 */
static enum tw_drop learn_from_wire(const struct tw_snapshot *s, const struct tw_key *key,
				    const struct tw_identity *src, struct tw_verdict *v)
{
	const struct tw_fdb_entry *e = src ? NULL : tw_snapshot_learned(s, key->src_mac, v->vlan);

	if (e && e->slot != TW_FDB_WIRE && s->slot[e->slot].link == TW_LINK_UP &&
	    !tw_team_takes(s, e->slot, key->src_mac, key->in))
		return is_group(key->dst_mac) ? TW_DROP_DEJA_VU : TW_DROPS;
	if (e || (!src && tw_vlan_set_has(&s->learn_wire, v->vlan)))
		v->flags |= TW_V_LEARN;
	return TW_DROPS;
}

/* A sender that is no port's MAC, at a port that may have others than its own. */
static enum tw_drop check_learned(const struct tw_snapshot *s, const struct tw_slot *in, const struct tw_key *key,
				  struct tw_verdict *v)
{
	const struct tw_fdb *fdb = tw_snapshot_fdb(s);
	const struct tw_fdb_entry *e = tw_snapshot_learned(s, key->src_mac, v->vlan);

	v->flags |= TW_V_LEARN;
	if (e && e->slot == key->in) {
		TW_NOTE(source, "the port has this MAC now");
		return TW_DROPS;
	}
	if (in->learn == TW_LEARN_ONE) {
		TW_NOTE(source, "main is told that the guest has another MAC now");
		return in->allow_forged ? TW_DROPS : TW_DROP_FORGED_SOURCE;
	}
	TW_NOTE(source, "the MAC is learned, if there is room");
	return in->limit_drop && fdb && tw_fdb_bit(fdb->full, key->in) ? TW_DROP_MAC_LIMIT : TW_DROPS;
}

/* A frame of the slow protocols by an uplink that is to be aggregated. They have no tag. */
static bool is_lacp(const struct tw_slot *in, const struct tw_key *key)
{
	static const uint8_t slow[6] = { 0x01, 0x80, 0xc2, 0x00, 0x00, 0x02 };

	return in->lacp && !(key->flags & TW_FLOW_KEY_TAGGED) && key->ethertype[0] == 0x88 &&
	       key->ethertype[1] == 0x09 && memcmp(key->dst_mac, slow, 6) == 0;
}

/* Stage source: is the sender who it may be? @param src the port that has its MAC, NULL = none (asked where it matters) */
static enum tw_drop check_source(const struct tw_snapshot *s, const struct tw_slot *in, const struct tw_key *key,
				 const struct tw_identity *src, struct tw_verdict *v)
{
	TW_NOTE(source, "%s",
		in->uplink                  ? "a sender on the wire may be anybody"
		: in->allow_forged          ? "this port may send from any MAC"
		: in->learn == TW_LEARN_ALL ? "this port may send from any MAC that is no other port's"
		: in->macs                  ? "the sender must have the port's own MAC or one of its static ones"
					    : "the sender must have the port's own MAC");
	if (is_group(key->src_mac) || is_zero(key->src_mac))
		return TW_DROP_BAD_SOURCE;
	if (in->uplink)
		return learn_from_wire(s, key, src, v);
	if (tw_slot_has_mac(in, key->src_mac))
		return TW_DROPS;
	if (in->learn && !tw_snapshot_identity(s, key->src_mac))
		return check_learned(s, in, key, v);
	return in->allow_forged ? TW_DROPS : TW_DROP_FORGED_SOURCE;
}

/* Frames of the kind that goes to many, or to nobody known. */
static uint16_t storm_flag(const struct tw_slot *in, const struct tw_key *key)
{
	return in->rate && in->rate->bucket[tw_rate_storm_of(key->dst_mac)].cost ? TW_V_STORM : 0;
}

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
		return drop_at(v, TW_DROP_NO_UPLINK, TW_SLOT_NONE, v.egress);
	return to_slot(s, key, v, way);
}

/* A copy that the host need not have: another uplink brought the frame. It is nobody's traffic. */
static struct tw_verdict drop_copy(struct tw_verdict v, enum tw_drop reason)
{
	v.flags &= (uint16_t)~TW_V_METER;
	return drop(v, reason);
}

/* Stage acl_in or acl_out. @return false: denied. What must see each frame is asked then. */
static bool may_pass(const struct tw_acl *acl, const struct tw_key *key, struct tw_verdict *v, uint16_t *rule)
{
	struct tw_acl_verdict a = tw_acl_judge(acl, key, v->vlan);

	*rule = a.rule;
	if (a.each)
		v->flags |= TW_V_ACL_EACH;
	return a.each || !a.deny;
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
		return drop(v, TW_DROP_HAIRPIN);
	if (refused != TW_DROPS)
		return drop(v, refused);
	if (out->disabled)
		return drop_at(v, TW_DROP_OUT_DISABLED, slot, out->number);
	if (out->acl_out && (out->link == TW_LINK_UP || out->link == TW_LINK_HOLD)) {
		bool may = may_pass(out->acl_out, key, &v, &rule);

		TW_NOTE(acl_out, "%s, rule %u of %u%s", out->acl_out->name, rule + 1u, out->acl_out->n,
			rule == out->acl_out->n ? ": the default" : "");
		if (!may)
			return drop_at(v, TW_DROP_ACL_EGRESS, slot, out->number);
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
	return drop_at(v, TW_DROP_LINK_DOWN, slot, out->number);
}

/* Is the frame's VLAN, or the one the wire has it in, in the set? */
static bool in_either(const struct tw_vlan_set *set, const struct tw_snapshot *s, const struct tw_key *key,
		      const struct tw_verdict *v)
{
	return tw_vlan_set_has(set, v->vlan) || tw_vlan_set_has(set, tw_vlan_tag(&s->slot[key->in], key) & 0x0fff);
}

/* To those of the VLAN that are in scope, and, from a guest, to the wire. @param none why it is dropped if there is nobody */
static struct tw_verdict flood(const struct tw_snapshot *s, const struct tw_key *key, struct tw_verdict v,
			       enum tw_scope scope, enum tw_drop none)
{
	bool to_wire = !s->slot[key->in].uplink && tw_team_way(s, key->in, key) != TW_SLOT_NONE;
	uint16_t wire = tw_vlan_tag(&s->slot[key->in], key) & 0x0fff;

	v.action = TW_ACT_FLOOD;
	v.scope = (uint8_t)scope;
	if (to_wire || somebody_takes(s, key, &v, v.vlan) || (wire != v.vlan && somebody_takes(s, key, &v, wire)))
		return v;
	return drop(v, none);
}

/* The destination is not on this host: neither a port nor, if `unknown`, anything the switch knows. */
static struct tw_verdict forward_elsewhere(const struct tw_snapshot *s, const struct tw_key *key, struct tw_verdict v,
					   bool unknown)
{
	const struct tw_slot *in = &s->slot[key->in];

	if (in->uplink) /* never back to the wire; to nobody here but those who ask for what is not theirs */
		return in_either(&s->takes_unknown, s, key, &v)
			       ? flood(s, key, v, unknown ? TW_TO_UNKNOWN : TW_TO_PROMISCUOUS, TW_DROP_UNKNOWN_UNICAST)
			       : drop(v, TW_DROP_UNKNOWN_UNICAST);
	if (!unknown || in->unknown == TW_UNKNOWN_UPLINK)
		return to_uplink(s, key, v, key->in);
	TW_NOTE(forward, "such frames are %s", in->unknown == TW_UNKNOWN_FLOOD ? "flooded" : "refused");
	if (in->unknown == TW_UNKNOWN_DROP)
		return drop(v, TW_DROP_UNKNOWN_REFUSED);
	return flood(s, key, v, TW_TO_ALL, TW_DROP_NO_UPLINK);
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
		v.flags |= storm_flag(&s->slot[key->in], key);
		return forward_elsewhere(s, key, v, true);
	}
	if (e->slot == TW_FDB_WIRE) {
		TW_NOTE(forward, "it was learned from the wire");
		return forward_elsewhere(s, key, v, false);
	}
	TW_NOTE(forward, "it was learned behind %s", TW_NAME(e->slot, e->number));
	return to_port(s, key, v, e->slot);
}

static struct tw_verdict forward_unicast(const struct tw_snapshot *s, const struct tw_key *key, struct tw_verdict v)
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
			return drop(v, TW_DROP_NOT_IN_VLAN);
		if (!dst->trunk && !tw_private_meets(v.vlan, wire, dst->secondary, dst->isolated))
			return drop(v, TW_DROP_PRIVATE_VLAN);
		v.egress = dst->number;
		if (dst->slot != TW_SLOT_NONE && s->slot[key->in].uplink &&
		    !tw_team_takes(s, dst->slot, key->dst_mac, key->in))
			return drop_copy(v, TW_DROP_STANDBY_UPLINK);
		if (dst->slot != TW_SLOT_NONE)
			return to_port(s, key, v, dst->slot);
	}
	return dst ? forward_elsewhere(s, key, v, false) : forward_learned(s, key, v);
}

/* Uplinks that members of a VLAN's list listen to. */
static uint8_t heard_by(const struct tw_snapshot *s, uint16_t list)
{
	uint8_t bits = 0;

	for (uint32_t i = 0; i < s->flood[list].n; i++)
		bits |= s->slot[s->members[s->flood[list].first + i]].hears;
	return bits;
}

/* From the wire, and everybody who may take it listens to another uplink, which brings it, too. */
static bool is_copy(const struct tw_snapshot *s, const struct tw_key *key, const struct tw_verdict *v)
{
	uint8_t bits = 0, bit = s->slot[key->in].uplink_bit;

	if (bit)
		bits = heard_by(s, v->vlan) | heard_by(s, tw_vlan_tag(&s->slot[key->in], key) & 0x0fff);
	return bits && !(bits & bit);
}

static const char *const scope_text[] __attribute__((unused)) = {
	[TW_TO_ALL] = "for all",
	[TW_TO_LISTENERS] = "for who joined the group, and routers",
	[TW_TO_LISTENERS_OR_ALL] = "for who joined the group, and routers; for all if nobody has",
	[TW_TO_ROUTERS] = "for routers",
};

static struct tw_verdict to_main(struct tw_verdict v)
{
	TW_NOTE(forward, "an LACPDU is for the switch itself");
	v.action = TW_ACT_CONTROL;
	v.flags &= (uint16_t)~TW_V_METER;
	return v;
}

static struct tw_verdict forward_group(const struct tw_snapshot *s, const struct tw_key *key, struct tw_verdict v)
{
	enum tw_drop refused;
	uint16_t snooped;

	TW_NOTE(forward, "a group address: all of VLAN %u, %u port(s) here%s", v.vlan, s->flood[v.vlan].n,
		!s->slot[key->in].uplink && s->n_uplinks > 0 ? " and the uplink" : "");
	if (is_lacp(&s->slot[key->in], key))
		return to_main(v);
	if (is_reserved_group(key->dst_mac))
		return drop(v, TW_DROP_RESERVED_GROUP);
	if (is_copy(s, key, &v))
		return drop_copy(v, TW_DROP_STANDBY_UPLINK);
	refused = tw_snoop_judge(s, key, &v);
	if (v.scope != TW_TO_ALL || v.flags & TW_V_SNOOP)
		TW_NOTE(forward, "the VLAN is snooped: %s", scope_text[v.scope]);
	if (refused != TW_DROPS)
		return drop(v, refused);
	if (v.scope == TW_TO_ALL) { /* a query is heard though nobody is here to have it: another host asks */
		snooped = v.flags & TW_V_SNOOP;
		v = flood(s, key, v, TW_TO_ALL, TW_DROP_NO_MEMBER);
		v.flags |= snooped;
		return v;
	}
	v.action = TW_ACT_FLOOD; /* who listens is asked for each frame */
	return v;
}

struct tw_verdict tw_decide(const struct tw_snapshot *s, const struct tw_key *key)
{
	const struct tw_slot *in = &s->slot[key->in];
	struct tw_verdict v = { .out = TW_SLOT_NONE };
	const struct tw_identity *src = NULL;
	enum tw_drop reason;
	bool deja_vu;
	uint16_t rule;

	if (in->mirror_in)
		v.flags |= TW_V_MIRROR_IN;
	if (in->frames)
		v.flags |= TW_V_RECORD;
	if (in->uplink)
		src = tw_snapshot_identity(s, key->src_mac);
	/* Counted once in the whole switch: where it came in from its port, or here if its sender is no port. */
	if (!src)
		v.flags |= TW_V_METER;
	deja_vu = is_deja_vu(s, key, src);
	if (is_heard(s, key, src, deja_vu))
		v.flags |= TW_V_HEARD;

	reason = tw_vlan_classify(s, in, key, &v);
	TW_NOTE(vlan, "%s %u%s",
		in->uplink   ? "the wire, VLAN"
		: in->trunk  ? "a trunk, VLAN"
		: in->tunnel ? "a tunnel, service VLAN"
			     : "an access port, VLAN",
		v.vlan, v.vlan == 0 ? " (untagged)" : "");
	if (reason == TW_DROPS && in->disabled)
		reason = TW_DROP_PORT_DISABLED;
	if (reason == TW_DROPS)
		reason = deja_vu ? TW_DROP_DEJA_VU : check_source(s, in, key, src, &v);
	if (reason == TW_DROPS && in->shut && !is_lacp(in, key))
		reason = TW_DROP_LACP_OUT;
	if (reason == TW_DROPS && in->guards) {
		bool inspect = false;

		reason = tw_guard_judge(in, key, &inspect);
		TW_NOTE(guard, "the port has guards%s", inspect ? "; each frame of this flow is inspected" : "");
		if (inspect)
			v.flags |= TW_V_INSPECT;
	}
	if (reason == TW_DROPS && in->acl_in) {
		reason = may_pass(in->acl_in, key, &v, &rule) ? TW_DROPS : TW_DROP_ACL_INGRESS;
		TW_NOTE(acl_in, "%s, rule %u of %u%s", in->acl_in->name, rule + 1u, in->acl_in->n,
			rule == in->acl_in->n ? ": the default" : "");
	}
	if (reason != TW_DROPS) {
		if (reason != TW_DROP_FORGED_SOURCE) /* what is refused teaches nothing but who the guest is now */
			v.flags &= (uint16_t)~TW_V_LEARN;
		return drop(v, reason);
	}
	if (is_group(key->dst_mac)) {
		v.flags |= storm_flag(in, key);
		return forward_group(s, key, v);
	}
	return copy_to_promiscuous(s, key, forward_unicast(s, key, v));
}
