/* SPDX-License-Identifier: Apache-2.0 */
/*
 * snoop.h - whom a group frame is for in a VLAN that is snooped, and which frames main has to see.
 *
 * Place    in the decision of a flow's first frame (pure), and for each frame of such a flow on a worker: who listens, and a
 *          copy for main of IGMP and MLD. RFC 4541 section 2.1 is the guide:
 *            queries                      to all of the VLAN; main sees them
 *            reports, leaves              to routers alone (2.1.1 rule 1); main sees them
 *            groups of the link           to all of the VLAN (2.1.2 rule 2): tw_mcast_is_local()
 *            other groups                 to who has joined and to routers; if nobody has, to routers, or to all if so told
 *            all else                     to all of the VLAN
 */
#ifndef TW_DATAPLANE_SNOOP_H
#define TW_DATAPLANE_SNOOP_H

#include <rte_mbuf.h>

#include "dataplane/decide.h"
#include "dataplane/mcast_view.h"

struct tw_worker;

/* Where main finds what a copy is: in the mbuf's private area. */
struct tw_snoop_tag {
	uint32_t number; /* port it came from; 0 for uplinks */
	uint16_t slot, vlan;
	uint16_t l2_len;
};

/* Copies for main that a slot may still cause, so that one guest cannot keep main busy. */
struct tw_snoop_meter {
	uint32_t used_ms; /* of the burst */
	uint32_t at_ms;
	uint64_t shed; /* the worker alone writes */
};
enum {
	TW_SNOOP_RING = 1024,
	TW_SNOOP_COST_MS = 10,       /* 100 a second from a port, */
	TW_SNOOP_BURST = 200,        /* and so many at once; */
	TW_SNOOP_UPLINK_FACTOR = 10, /* more from an uplink, behind which there are many */
	TW_SNOOP_LARGEST = 9234,     /* octets of a frame that main looks at */
};

/**
 * Set v->scope, and the flag of frames that main has to see. v->vlan is known.
 * @return TW_DROPS: go on; else why the frame is refused
 * @note Any thread inside an RCU section. Pure.
 */
enum tw_drop tw_snoop_judge(const struct tw_snapshot *s, const struct tw_key *key, struct tw_verdict *v);

/**
 * Who gets a frame of a flow whose verdict says "listeners" or "routers"?
 * @param view may be NULL: nothing is known yet
 * @param all  set when it is for all of the VLAN, as what is not known yet is
 * @return TW_DROPS: somebody does, or the wire; else why nobody does
 * @note Any thread inside an RCU section. Pure.
 */
enum tw_drop tw_snoop_listeners(const struct tw_snapshot *s, const struct tw_mcast_view *view, const struct tw_key *key,
				const struct tw_verdict *v, struct tw_mcast_list *list, bool *all);

/** May a frame of this flow go to this port of a list? The snapshot has the last word. */
bool tw_snoop_takes(const struct tw_snapshot *s, const struct tw_key *key, const struct tw_verdict *v, uint16_t slot);

/** A copy for main, if the slot's measure allows it. m stays the caller's. @note The worker. */
void tw_snoop_tell(struct tw_worker *w, const struct tw_snapshot *s, const struct tw_key *key,
		   const struct tw_verdict *v, const struct rte_mbuf *m);

#endif
