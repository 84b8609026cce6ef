/* SPDX-License-Identifier: Apache-2.0 */
/* acl_worker.h - what a worker does with access lists beside deciding: counts their hits, judges what needs each frame. Worker. */
#ifndef TW_DATAPLANE_ACL_WORKER_H
#define TW_DATAPLANE_ACL_WORKER_H

#include "dataplane/decide.h"
#include "dataplane/worker.h"

/** A flow was judged: one hit for each rule that let it pass, unless each frame will be asked about. */
void tw_acl_count_flow(struct tw_worker *w, const struct tw_snapshot *s, const struct tw_key *key,
		       const struct tw_verdict *v);
/** A frame was dropped: one hit for the rule that denied it, if one did. */
void tw_acl_count_denied(struct tw_worker *w, const struct tw_snapshot *s, const struct tw_key *key,
			 const struct tw_verdict *v);
/** A frame of a flow with TW_V_ACL_EACH. @param charged set to the slot the drop belongs to @return TW_DROPS: it may pass */
enum tw_drop tw_acl_judge_each(struct tw_worker *w, const struct tw_snapshot *s, const struct tw_key *key,
			       uint8_t tcp_flags, const struct tw_verdict *v, uint16_t *charged);
/** May a copy of a group frame go to `out`? Counts. */
bool tw_acl_lets_copy_out(struct tw_worker *w, const struct tw_slot *out, const struct tw_key *key, uint16_t vlan,
			  const struct rte_mbuf *m);

#endif
