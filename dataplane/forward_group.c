/* SPDX-License-Identifier: Apache-2.0 */
/*
 * forward_group.c - where a frame for many goes; see forward.h.
 *
 * Threads  pure; any thread inside an RCU section.
 * Spec     IEEE 802.1Q clause 8.6.3 (reserved group addresses).
 */
#include "dataplane/forward.h"

#include <string.h>

#include "dataplane/note.h"
#include "dataplane/snoop.h"
#include "dataplane/verdict.h"
#include "dataplane/vlan.h"

/* 802.1Q table 8-1: 01:80:c2:00:00:00 to 0f stay on their link. */
static bool is_reserved_group(const uint8_t mac[6])
{
	static const uint8_t prefix[5] = { 0x01, 0x80, 0xc2, 0x00, 0x00 };

	return memcmp(mac, prefix, 5) == 0 && mac[5] < 0x10;
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

struct tw_verdict tw_forward_group(const struct tw_snapshot *s, const struct tw_key *key, struct tw_verdict v)
{
	enum tw_drop refused;
	uint16_t snooped;

	TW_NOTE(forward, "a group address: all of VLAN %u, %u port(s) here%s", v.vlan, s->flood[v.vlan].n,
		!s->slot[key->in].uplink && s->n_uplinks > 0 ? " and the uplink" : "");
	if (tw_key_is_lacp(&s->slot[key->in], key))
		return to_main(v);
	if (is_reserved_group(key->dst_mac))
		return tw_verdict_drop(v, TW_DROP_RESERVED_GROUP);
	if (is_copy(s, key, &v))
		return tw_verdict_drop_copy(v, TW_DROP_STANDBY_UPLINK);
	refused = tw_snoop_judge(s, key, &v);
	if (v.scope != TW_TO_ALL || v.flags & TW_V_SNOOP)
		TW_NOTE(forward, "the VLAN is snooped: %s", scope_text[v.scope]);
	if (refused != TW_DROPS)
		return tw_verdict_drop(v, refused);
	if (v.scope == TW_TO_ALL) { /* a query is heard though nobody is here to have it: another host asks */
		snooped = v.flags & TW_V_SNOOP;
		v = tw_forward_flood(s, key, v, TW_TO_ALL, TW_DROP_NO_MEMBER);
		v.flags |= snooped;
		return v;
	}
	v.action = TW_ACT_FLOOD; /* who listens is asked for each frame */
	return v;
}

/*
 * In a VLAN that carries mirrors' copies: whatever it says of itself, from the wire it goes to all that are in it. Its sender's
 * MAC is that of some guest, perhaps one of this host; it teaches nothing, and it is nobody's traffic.
 */
struct tw_verdict tw_forward_rspan(const struct tw_snapshot *s, const struct tw_key *key, struct tw_verdict v)
{
	TW_NOTE(forward, "VLAN %u carries mirrors' copies: to all of it", v.vlan);
	if (!s->slot[key->in].uplink)
		return tw_verdict_drop(v, TW_DROP_RSPAN_VLAN);
	v.flags = 0;
	if (s->slot[key->in].shut)
		return tw_verdict_drop(v, TW_DROP_LACP_OUT);
	return is_copy(s, key, &v) ? tw_verdict_drop(v, TW_DROP_STANDBY_UPLINK)
				   : tw_forward_flood(s, key, v, TW_TO_ALL, TW_DROP_NO_MEMBER);
}
