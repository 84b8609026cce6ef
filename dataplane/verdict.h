/* SPDX-License-Identifier: Apache-2.0 */
/*
 * verdict.h - what the decision functions do to a verdict alike: refuse the frame, ask an access list.
 *
 * Place    decide.c, source.c, forward.c, forward_group.c; all of it inline, for they are compiled twice (note.h).
 * Threads  pure.
 */
#ifndef TW_DATAPLANE_VERDICT_H
#define TW_DATAPLANE_VERDICT_H

#include <string.h>

#include "dataplane/acl.h"
#include "dataplane/decide.h"
#include "dataplane/rate.h"

static inline struct tw_verdict tw_verdict_drop(struct tw_verdict v, enum tw_drop reason)
{
	v.action = TW_ACT_DROP;
	v.drop = (uint8_t)reason;
	v.out = TW_SLOT_NONE;
	v.egress = 0;
	v.flags &= (uint16_t) ~(TW_V_MIRROR_OUT | TW_V_INSPECT | TW_V_ACL_EACH | TW_V_STORM | TW_V_SNOOP | TW_V_RECORD);
	if (v.flags & TW_V_SECOND)
		v.flags &= (uint16_t) ~(TW_V_METER | TW_V_SECOND);
	return v;
}

static inline struct tw_verdict tw_verdict_drop_at(struct tw_verdict v, enum tw_drop reason, uint16_t out,
						   uint32_t egress)
{
	uint16_t metered = out == TW_SLOT_NONE ? 0 : v.flags & (TW_V_METER | TW_V_SECOND);

	v = tw_verdict_drop(v, reason);
	v.flags |= metered;
	v.out = out;
	v.egress = egress;
	return v;
}

static inline bool tw_mac_is_group(const uint8_t mac[6])
{
	return mac[0] & 1;
}

/* A copy that the host need not have: another uplink brought the frame. It is nobody's traffic. */
static inline struct tw_verdict tw_verdict_drop_copy(struct tw_verdict v, enum tw_drop reason)
{
	v.flags &= (uint16_t) ~(TW_V_METER | TW_V_STRANGER);
	return tw_verdict_drop(v, reason);
}

/* A frame of the slow protocols by an uplink that is to be aggregated. They have no tag. */
static inline bool tw_key_is_lacp(const struct tw_slot *in, const struct tw_key *key)
{
	static const uint8_t slow[6] = { 0x01, 0x80, 0xc2, 0x00, 0x00, 0x02 };

	return in->lacp && !(key->flags & TW_FLOW_KEY_TAGGED) && key->ethertype[0] == 0x88 &&
	       key->ethertype[1] == 0x09 && memcmp(key->dst_mac, slow, 6) == 0;
}

/* Frames of the kind that goes to many, or to nobody known. */
static inline uint16_t tw_verdict_storm(const struct tw_slot *in, const struct tw_key *key)
{
	return in->rate && in->rate->bucket[tw_rate_storm_of(key->dst_mac)].cost ? TW_V_STORM : 0;
}

/* Stage acl_in or acl_out. @return false: denied. What must see each frame is asked then. */
static inline bool tw_verdict_may_pass(const struct tw_acl *acl, const struct tw_key *key, struct tw_verdict *v,
				       uint16_t *rule)
{
	struct tw_acl_verdict a = tw_acl_judge(acl, key, v->vlan);

	*rule = a.rule;
	if (a.each)
		v->flags |= TW_V_ACL_EACH;
	return a.each || !a.deny;
}

#endif
