/* SPDX-License-Identifier: Apache-2.0 */
/* acl_worker.c - hits of access lists, and frames they must see one by one; see acl_worker.h. The worker. */
#include "dataplane/acl_worker.h"

#include "dataplane/acl.h"
#include "dataplane/parse.h"

/* The access list of where the verdict leads. Decided again when hits are counted: a flow's entry has no room for rules. */
static const struct tw_acl *acl_out_of(const struct tw_snapshot *s, const struct tw_verdict *v)
{
	return v->out < TW_SLOTS_MAX ? s->slot[v->out].acl_out : NULL;
}

static void hit(struct tw_worker *w, const struct tw_acl *acl, const struct tw_key *key, uint16_t vlan)
{
	if (acl)
		tw_acl_hits(acl, w->id)[tw_acl_judge(acl, key, vlan).rule]++;
}

void tw_acl_count_flow(struct tw_worker *w, const struct tw_snapshot *s, const struct tw_key *key,
		       const struct tw_verdict *v)
{
	if (v->action == TW_ACT_DROP || v->flags & TW_V_ACL_EACH)
		return;
	hit(w, s->slot[key->in].acl_in, key, v->vlan);
	hit(w, acl_out_of(s, v), key, v->vlan);
}

void tw_acl_count_denied(struct tw_worker *w, const struct tw_snapshot *s, const struct tw_key *key,
			 const struct tw_verdict *v)
{
	hit(w, v->drop == TW_DROP_ACL_INGRESS ? s->slot[key->in].acl_in : acl_out_of(s, v), key, v->vlan);
}

enum tw_drop tw_acl_judge_each(struct tw_worker *w, const struct tw_snapshot *s, const struct tw_key *key,
			       uint8_t tcp_flags, const struct tw_verdict *v, uint16_t *charged)
{
	const struct tw_acl *in = s->slot[key->in].acl_in, *out = acl_out_of(s, v);

	if (in && tw_acl_judge_frame(in, key, v->vlan, tcp_flags, tw_acl_hits(in, w->id)).deny)
		return TW_DROP_ACL_INGRESS;
	if (out && tw_acl_judge_frame(out, key, v->vlan, tcp_flags, tw_acl_hits(out, w->id)).deny) {
		*charged = v->out;
		return TW_DROP_ACL_EGRESS;
	}
	return TW_DROPS;
}

bool tw_acl_lets_copy_out(struct tw_worker *w, const struct tw_slot *out, const struct tw_key *key, uint16_t vlan,
			  const struct rte_mbuf *m)
{
	struct tw_meta meta = { 0 };
	struct tw_key again; /* for its TCP flags: few group frames are TCP */

	if (out->acl_out->wants_each)
		(void)!tw_parse(rte_pktmbuf_mtod(m, const uint8_t *), m->data_len, m->pkt_len, key->in, &again, &meta);
	return !tw_acl_judge_frame(out->acl_out, key, vlan, meta.tcp_flags, tw_acl_hits(out->acl_out, w->id)).deny;
}
