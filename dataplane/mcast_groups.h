/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mcast_groups.h - who has joined which group: memberships of (VLAN, group, slot), each with its end.
 *
 * Sources are not told apart: who wants some sources of a group gets all of it, as (*,G). So a port is a member or not.
 * Limits   a guest cannot take the table from its neighbours: each port is sure of TW_GROUPS_SHARE memberships, more come
 *          out of a pool for all, up to TW_GROUPS_PER_PORT. What does not fit is refused and counted, nothing is evicted.
 * Threads  main. Pure: no EAL, the clock is the caller's (milliseconds, any epoch, rising).
 */
#ifndef TW_DATAPLANE_MCAST_GROUPS_H
#define TW_DATAPLANE_MCAST_GROUPS_H

#include "dataplane/mcast_message.h"
#include "dataplane/snapshot.h"

enum {
	TW_GROUPS_SHARE = 16,
	TW_GROUPS_PER_PORT = 256,
	TW_GROUPS_PER_UPLINK = 2048,
	TW_GROUPS_POOL = 16384,
	/* RFC 3376 sections 8.8 to 8.10: last member query interval, and so many until nobody is thought to be left */
	TW_GROUPS_LAST_MS = 1000,
	TW_GROUPS_LAST_QUERIES = 2,
};

struct tw_groups;

/* One membership, as it is walked and carried along. */
struct tw_membership {
	struct tw_mcast_addr group;
	uint16_t vlan; /* as judged */
	uint16_t slot;
	uint64_t since_ms, until_ms;
	uint64_t old_until_ms; /* an IGMPv1 host was heard: until then a leave means nothing (RFC 3376 section 7.3.2) */
};

enum tw_groups_result { TW_GROUPS_NEW, TW_GROUPS_REFRESHED, TW_GROUPS_PORT_FULL, TW_GROUPS_FULL, TW_GROUPS_NO_MEMORY };

struct tw_groups *tw_groups_create(void);
void tw_groups_destroy(struct tw_groups *groups); /* accepts NULL */

/** Changes with each membership that comes or goes. */
uint64_t tw_groups_version(const struct tw_groups *groups);
uint32_t tw_groups_of_slot(const struct tw_groups *groups, uint16_t slot);

/** Join, or go on being one, until m->until_ms; the later of two ends counts. m->since_ms is kept if it was one. */
enum tw_groups_result tw_groups_join(struct tw_groups *groups, const struct tw_membership *m);

/**
 * The port has said that it leaves: unless it says otherwise it is no member after the last member queries.
 * @return true when they begin; false: it is none, or an IGMPv1 host is there
 */
bool tw_groups_leave(struct tw_groups *groups, const struct tw_mcast_addr *group, uint16_t vlan, uint16_t slot,
		     uint64_t now_ms);

/** A router asks who is left: who does not answer is no member after `within_ms`. */
void tw_groups_shorten(struct tw_groups *groups, const struct tw_mcast_addr *group, uint16_t vlan, uint64_t now_ms,
		       uint32_t within_ms);

/** End what is over, ask for last members. Cheap when nothing is due. @param ask a last member query for one slot */
void tw_groups_tick(struct tw_groups *groups, uint64_t now_ms,
		    void (*ask)(void *arg, const struct tw_membership *member), void *arg);

/** End memberships that `keep` does not want. */
void tw_groups_prune(struct tw_groups *groups, bool (*keep)(void *arg, const struct tw_membership *m), void *arg);

/** Each membership, those of one group one after the other. */
void tw_groups_each(const struct tw_groups *groups, void (*fn)(void *arg, const struct tw_membership *m), void *arg);

#endif
