/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ownership.h - which host of the switch counts a flow, so that each frame is in one record.
 *
 * Rule     where the frame came in from its port; where it arrives by an uplink if its sender is no port's: neither a port's MAC
 *          nor one that another host has learned behind a port (fdb.h).
 * Late     what another host has learned becomes known a little after its frames. So in VLANs in which ports of other hosts
 *          learn, a flow by an uplink from a MAC that is not known has no record before it is TW_FDB_PROOF_MS old
 *          (TW_V_STRANGER): if the MAC has become known until then, the flow was that host's all along.
 * Threads  pure; any thread inside an RCU section.
 */
#ifndef TW_DATAPLANE_OWNERSHIP_H
#define TW_DATAPLANE_OWNERSHIP_H

#include "dataplane/fdb.h"
#include "dataplane/flow_cache.h"

/**
 * Does this host count the flow, which came in by an uplink?
 * @param source the port that has the sender's MAC, here or elsewhere; NULL = none
 * @return TW_V_METER, TW_V_SECOND and TW_V_STRANGER as they are to be
 */
uint16_t tw_ownership_of_wire(const struct tw_snapshot *snapshot, const struct tw_key *key,
			      const struct tw_identity *source, uint16_t vlan);

/** Before a record is made of a flow, and before it is judged anew: was it a stranger's? Its verdict says who counts it. */
void tw_ownership_settle(const struct tw_snapshot *snapshot, struct tw_flow *flow);

/** Is it too early for a record? */
static inline bool tw_ownership_waits(const struct tw_flow *f, uint32_t now)
{
	return f->verdict.flags & TW_V_STRANGER && f->packets && now - f->first_ms < TW_FDB_PROOF_MS;
}

/** Number of the sender's port, on whatever host; 0 = none that is known. */
uint32_t tw_ownership_number(const struct tw_snapshot *snapshot, const struct tw_flow *flow);

#endif
