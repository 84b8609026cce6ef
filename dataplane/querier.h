/* SPDX-License-Identifier: Apache-2.0 */
/*
 * querier.h - who asks for memberships in a VLAN, of one family: we, if we may and nobody with a lower address does.
 *
 * Election  the lowest address asks (RFC 3376 section 6.6.2, RFC 3810 section 7.6.2). 0.0.0.0 is no querier's address but that
 *           of a switch that asks in place of one (RFC 4541 section 2.1.1): it loses against every other. Between equal
 *           addresses, as switches of one network have them, the lower MAC asks.
 * Routers   a port that a query with an address came from has a router behind it, and gets all groups and all reports. The
 *           uplinks are such ports without being asked.
 * Ready     memberships are known once a general query has been out for its response time. Before, and when nobody asks,
 *           frames are flooded: what is not asked for cannot be known.
 * Threads   main. Pure; the clock is the caller's.
 */
#ifndef TW_DATAPLANE_QUERIER_H
#define TW_DATAPLANE_QUERIER_H

#include "dataplane/mcast_message.h"
#include "dataplane/snapshot.h"

enum {
	TW_QUERIER_ROBUSTNESS = 2,        /* RFC 3376 section 8.1 */
	TW_QUERIER_INTERVAL_S = 125,      /* section 8.2 */
	TW_QUERIER_RESPONSE_MS = 10000,   /* section 8.3; half the interval where that is less */
	TW_QUERIER_KEEP_MAX_MS = 3600000, /* no querier makes memberships last longer than this */
	TW_QUERIER_ROUTERS_MAX = 32,
};

struct tw_querier {
	/* set by tw_querier_set() */
	bool ip6, enabled;
	uint32_t interval_s;
	struct tw_mcast_addr own;
	uint8_t mac[6];
	/* who else asks */
	bool other;
	struct tw_mcast_addr other_address;
	uint8_t other_mac[6];
	uint16_t other_slot;
	uint64_t other_until_ms;
	/* our queries */
	uint8_t startup_left;
	uint64_t next_ms;
	/* what follows from it */
	bool asked; /* there has been a general query, and there is somebody to send the next */
	bool ready;
	uint64_t ready_ms;
	uint32_t keep_ms; /* group membership interval */
	uint8_t n_routers;
	struct {
		uint16_t slot;
		uint64_t until_ms;
	} router[TW_QUERIER_ROUTERS_MAX];
};

/** How a VLAN is to be asked. Zeroed q = new; what is known of others stays. @param own zero (mapped) for IGMP: 0.0.0.0 */
void tw_querier_set(struct tw_querier *q, bool ip6, bool enabled, const struct tw_mcast_addr *own, const uint8_t mac[6],
		    uint32_t interval_s, uint64_t now_ms);

/** Is it our turn to ask? */
static inline bool tw_querier_is_ours(const struct tw_querier *q)
{
	return q->enabled && !q->other;
}

uint32_t tw_querier_response_ms(const struct tw_querier *q);

/**
 * A query came in.
 * @param mac  it came from
 * @param slot uplinks are no router ports: they are always taken for ones
 * @return true when the router ports, or whether memberships are known, have changed
 */
bool tw_querier_hear(struct tw_querier *q, const struct tw_mcast_message *query, const uint8_t mac[6], uint16_t slot,
		     uint64_t now_ms);

/** @param ask set when a general query is to go out now @return as tw_querier_hear() */
bool tw_querier_tick(struct tw_querier *q, uint64_t now_ms, bool *ask);

/** A general query or one for a group, as we would send it: with our address if it is our turn, else as a switch that helps. */
struct tw_mcast_query tw_querier_query(const struct tw_querier *q, const struct tw_mcast_addr *group,
				       uint32_t max_resp_ms);

/** The slot is nobody's any more. @return as tw_querier_hear() */
bool tw_querier_forget(struct tw_querier *q, uint16_t slot);

#endif
