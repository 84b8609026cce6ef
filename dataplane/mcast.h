/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mcast.h - IGMP and MLD snooping: what guests and routers say becomes memberships, router ports and queries.
 *
 * One place for all VLANs that are snooped. It is told what was heard and what time it is; it says which queries are to go
 * out, and workers read what it knows from a view (mcast_view.h). docs/multicast.md says it to operators.
 * Threads  main. Pure but for the callback; the clock is the caller's (milliseconds, rising).
 * Spec     RFC 4541 (considerations for snooping switches), RFC 2236, 3376, 9776, 2710, 3810, 9777.
 */
#ifndef TW_DATAPLANE_MCAST_H
#define TW_DATAPLANE_MCAST_H

#include "dataplane/mcast_groups.h"
#include "dataplane/querier.h"

enum { TW_MCAST_UP_RESPONSE_MS = 1000 /* to the query for a port that has just come up */ };

/* How one VLAN is snooped. */
struct tw_mcast_config {
	bool querier;
	uint8_t address[4]; /* of IGMP queries; zeros: as a switch in place of a querier */
	uint32_t interval_s;
};

/* Of one VLAN; since it is snooped. */
struct tw_mcast_counters {
	uint64_t queries_in, reports_in, leaves_in;
	uint64_t queries_out; /* each query once, however many ports it goes to */
	uint64_t port_full;   /* joins refused: the port has as many memberships as it may */
	uint64_t table_full;  /* or the switch has */
};

struct tw_mcast_vlan {
	uint16_t vlan;
	struct tw_mcast_config config;
	struct tw_querier querier[2]; /* of IGMP, of MLD */
	struct tw_mcast_counters counters;
};

/* Where a message was heard. */
struct tw_mcast_place {
	uint16_t vlan; /* as judged */
	uint16_t slot;
	uint8_t mac[6]; /* it comes from */
};

/** @param slot to this port or uplink alone; TW_SLOT_NONE: to all of the VLAN, and to the wire */
typedef void (*tw_mcast_send)(void *arg, uint16_t vlan, uint16_t slot, const struct tw_mcast_query *query);

struct tw_mcast;

/** @param mac what queries come from; MLD's address is made of it */
struct tw_mcast *tw_mcast_create(const uint8_t mac[6], tw_mcast_send send, void *arg);
void tw_mcast_destroy(struct tw_mcast *mcast); /* accepts NULL */

/** Snoop a VLAN so; config NULL: no more. @return 0 or -ENOMEM: as before */
int tw_mcast_set_vlan(struct tw_mcast *mcast, uint16_t vlan, const struct tw_mcast_config *config, uint64_t now_ms);

/** What a VLAN is known for; NULL = not snooped. Valid until the next tw_mcast_set_vlan(). */
const struct tw_mcast_vlan *tw_mcast_vlan(const struct tw_mcast *mcast, uint16_t vlan);
const struct tw_groups *tw_mcast_groups(const struct tw_mcast *mcast);

/** Something was heard. In a VLAN that is not snooped: nothing happens. */
void tw_mcast_hear(struct tw_mcast *mcast, const struct tw_mcast_place *place, const struct tw_mcast_message *message,
		   uint64_t now_ms);

/** Time has passed: memberships end, queries go out. @param most VLANs' general queries that go out now; others follow */
void tw_mcast_tick(struct tw_mcast *mcast, uint64_t now_ms, unsigned most);

/** A port has come up in a VLAN: ask it alone what it has joined, it may have done so elsewhere. */
void tw_mcast_ask_port(struct tw_mcast *mcast, uint16_t vlan, uint16_t slot);

/** A membership that came along with its port; m->until_ms and old_until_ms are kept within what the VLAN keeps. */
void tw_mcast_put(struct tw_mcast *mcast, const struct tw_membership *m, uint64_t now_ms);

/** End all memberships that `keep` does not want. */
void tw_mcast_prune(struct tw_mcast *mcast, bool (*keep)(void *arg, const struct tw_membership *m), void *arg);
/** The slot is nobody's any more. */
void tw_mcast_forget(struct tw_mcast *mcast, uint16_t slot);

/** Changes with everything that workers have to know. */
uint64_t tw_mcast_version(const struct tw_mcast *mcast);

#endif
