/* SPDX-License-Identifier: Apache-2.0 */
/*
 * source.c - who sent a frame; see source.h.
 *
 * Threads  pure; any thread inside an RCU section.
 */
#include "dataplane/source.h"

#include <string.h>

#include "dataplane/fdb.h"
#include "dataplane/note.h"
#include "dataplane/team.h"
#include "dataplane/verdict.h"
#include "dataplane/vlan.h"

static bool is_zero(const uint8_t mac[6])
{
	static const uint8_t zero[6];

	return memcmp(mac, zero, 6) == 0;
}

static bool is_here(const struct tw_identity *id)
{
	return id && id->slot != TW_SLOT_NONE;
}

/*
 * From the wire, with the MAC of a guest that runs here: our own frame. But one for a guest on this host may be a frame that
 * waited for it elsewhere and has been passed on.
 */
bool tw_source_is_deja_vu(const struct tw_snapshot *s, const struct tw_key *key, const struct tw_identity *src)
{
	if (s->slot[key->in].uplink && s->own_mac && tw_mac_word(key->src_mac) == s->own_mac)
		return true; /* a query of the switch's own */
	return is_here(src) && s->slot[src->slot].link == TW_LINK_UP &&
	       (tw_mac_is_group(key->dst_mac) || !is_here(tw_snapshot_identity(s, key->dst_mac)));
}

/*
 * Held: it runs elsewhere now. Up: the wire believes it elsewhere, for somebody passed on a frame that had waited there, or
 * speaks for it. A copy of what it sent itself never comes by the uplink it was sent by.
 */
bool tw_source_is_heard(const struct tw_snapshot *s, const struct tw_key *key, const struct tw_identity *src,
			bool deja_vu)
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

	if (e && e->slot < TW_PORTS_MAX && s->slot[e->slot].link == TW_LINK_UP &&
	    !tw_team_takes(s, e->slot, key->src_mac, key->in)) {
		if (!tw_mac_is_group(key->dst_mac))
			return TW_DROPS;
		v->flags &= (uint16_t) ~(TW_V_METER | TW_V_STRANGER); /* counted when it was sent */
		return TW_DROP_DEJA_VU;
	}
	if (e ? e->slot != TW_FDB_REMOTE : !src && tw_vlan_set_has(&s->learn_wire, v->vlan))
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

enum tw_drop tw_source_check(const struct tw_snapshot *s, const struct tw_slot *in, const struct tw_key *key,
			     const struct tw_identity *src, struct tw_verdict *v)
{
	TW_NOTE(source, "%s",
		in->uplink                  ? "a sender on the wire may be anybody"
		: in->allow_forged          ? "this port may send from any MAC"
		: in->learn == TW_LEARN_ALL ? "this port may send from any MAC that is no other port's"
		: in->macs                  ? "the sender must have the port's own MAC or one of its static ones"
					    : "the sender must have the port's own MAC");
	if (tw_mac_is_group(key->src_mac) || is_zero(key->src_mac))
		return TW_DROP_BAD_SOURCE;
	if (in->uplink)
		return learn_from_wire(s, key, src, v);
	if (tw_slot_has_mac(in, key->src_mac))
		return TW_DROPS;
	if (in->learn && !tw_snapshot_identity(s, key->src_mac))
		return check_learned(s, in, key, v);
	return in->allow_forged ? TW_DROPS : TW_DROP_FORGED_SOURCE;
}
