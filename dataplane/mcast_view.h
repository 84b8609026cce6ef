/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mcast_view.h - which ports get which groups, as one immutable value that workers read beside the snapshot.
 *
 * Apart from the snapshot, so that guests who join and leave make nobody decide flows anew: a flow's verdict says only that
 * its frames go to listeners, who they are is looked up for each frame (one copy for each of them is made anyway).
 * Published by main with one pointer and freed after an RCU grace period, as snapshots are.
 * A view is older or younger than the snapshot at hand: whether a port is in the frame's VLAN only the snapshot says.
 * Threads  built by main; read by any thread inside an RCU section. No EAL.
 */
#ifndef TW_DATAPLANE_MCAST_VIEW_H
#define TW_DATAPLANE_MCAST_VIEW_H

#include "dataplane/mcast.h"

/* Slots of ports, each once, in rising order; uplinks are not among them. */
struct tw_mcast_list {
	uint32_t first, n;
};

struct tw_mcast_view_group {
	struct tw_mcast_addr group;
	uint16_t vlan;              /* TW_SLOT_NONE = free */
	struct tw_mcast_list ports; /* members and routers */
};

struct tw_mcast_view {
	uint64_t seed;
	uint32_t mask;
	struct {
		bool known;                   /* memberships are: else frames are flooded */
		struct tw_mcast_list routers; /* for groups that nobody has joined, and for reports */
	} vlan[TW_VLANS][2];                  /* IPv4, IPv6 */
	struct tw_mcast_view_group *groups;   /* open addressing, mask + 1 of them */
	uint16_t *slots;
};

/** @return NULL when out of memory. Release with tw_mcast_view_free() */
const struct tw_mcast_view *tw_mcast_view_create(const struct tw_mcast *mcast);
void tw_mcast_view_free(const struct tw_mcast_view *view); /* accepts NULL */

static inline uint32_t tw_mcast_view_hash(uint64_t seed, const struct tw_mcast_addr *group, uint16_t vlan)
{
	uint64_t h = (group->w[1] ^ seed) * UINT64_C(0x9e3779b97f4a7c15);

	h = ((h ^ h >> 32) + group->w[0] + vlan) * UINT64_C(0xff51afd7ed558ccd);
	return (uint32_t)(h >> 32);
}

/** The group's members and routers. @return false: nobody has joined it */
static inline bool tw_mcast_view_find(const struct tw_mcast_view *v, const struct tw_mcast_addr *group, uint16_t vlan,
				      struct tw_mcast_list *list)
{
	for (uint32_t i = tw_mcast_view_hash(v->seed, group, vlan);; i++) {
		const struct tw_mcast_view_group *g = &v->groups[i & v->mask];

		if (g->vlan == TW_SLOT_NONE)
			return false;
		if (g->vlan == vlan && tw_mcast_same(&g->group, group)) {
			*list = g->ports;
			return true;
		}
	}
}

#endif
