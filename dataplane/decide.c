/* SPDX-License-Identifier: Apache-2.0 */
/*
 * decide.c - what happens to a flow's frames; see decide.h and, for the order of the stages, pipeline.h.
 *
 * Place    called on a flow's first frame and after each change of configuration.
 * Threads  pure; any thread inside an RCU section.
 * Spec     IEEE 802.1Q clauses 6.9 (ingress tagging), 8.6 (forwarding).
 */
#include "dataplane/decide.h"

#include "dataplane/forward.h"
#include "dataplane/guard.h"
#include "dataplane/note.h"
#include "dataplane/ownership.h"
#include "dataplane/source.h"
#include "dataplane/verdict.h"
#include "dataplane/vlan.h"

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
	deja_vu = tw_source_is_deja_vu(s, key, src);
	if (tw_source_is_heard(s, key, src, deja_vu))
		v.flags |= TW_V_HEARD;

	reason = tw_vlan_classify(s, in, key, &v);
	v.flags |= in->uplink ? tw_ownership_of_wire(s, key, src, v.vlan) : TW_V_METER;
	TW_NOTE(vlan, "%s %u%s",
		in->uplink   ? "the wire, VLAN"
		: in->trunk  ? "a trunk, VLAN"
		: in->tunnel ? "a tunnel, service VLAN"
			     : "an access port, VLAN",
		v.vlan, v.vlan == 0 ? " (untagged)" : "");
	if (reason == TW_DROPS && s->has_rspan && tw_vlan_set_has(&s->rspan, v.vlan))
		return tw_forward_rspan(s, key, v);
	if (reason == TW_DROPS && in->disabled)
		reason = TW_DROP_PORT_DISABLED;
	if (reason == TW_DROPS)
		reason = deja_vu ? TW_DROP_DEJA_VU : tw_source_check(s, in, key, src, &v);
	if (reason == TW_DROPS && in->shut && !tw_key_is_lacp(in, key))
		reason = TW_DROP_LACP_OUT;
	if (reason == TW_DROPS && in->guards) {
		bool inspect = false;

		reason = tw_guard_judge(in, key, &inspect);
		TW_NOTE(guard, "the port has guards%s", inspect ? "; each frame of this flow is inspected" : "");
		if (inspect)
			v.flags |= TW_V_INSPECT;
	}
	if (reason == TW_DROPS && in->acl_in) {
		reason = tw_verdict_may_pass(in->acl_in, key, &v, &rule) ? TW_DROPS : TW_DROP_ACL_INGRESS;
		TW_NOTE(acl_in, "%s, rule %u of %u%s", in->acl_in->name, rule + 1u, in->acl_in->n,
			rule == in->acl_in->n ? ": the default" : "");
	}
	if (reason != TW_DROPS) {
		if (reason != TW_DROP_FORGED_SOURCE) /* what is refused teaches nothing but who the guest is now */
			v.flags &= (uint16_t)~TW_V_LEARN;
		return tw_verdict_drop(v, reason);
	}
	if (tw_mac_is_group(key->dst_mac)) {
		v.flags |= tw_verdict_storm(in, key);
		return tw_forward_group(s, key, v);
	}
	return tw_forward_unicast(s, key, v);
}
