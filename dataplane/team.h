/* SPDX-License-Identifier: Apache-2.0 */
/*
 * team.h - which uplink a frame leaves by, and by which one frames from the wire are taken. docs/uplinks.md says it to operators.
 *
 * A team is a policy and the uplinks that are active in it now. The way of a frame is chosen by what its policy hashes, each
 * uplink by its highest random weight: when an uplink leaves, only what went by it moves; when it comes back, only that
 * returns. Decided with a flow's first frame, so a hit costs nothing.
 *
 * The way in is the way out. A switch at the other end that knows nothing of a team floods a group frame (and a unicast one
 * whose MAC it has not learned) out of every port, so each uplink of the team brings a copy; a guest takes only the one
 * from the uplink by which its own frames leave. Where the other end bundles its ports (HASH_5TUPLE, LACP) it sends
 * one copy by any of them, and any active one is taken.
 *
 * Threads  any thread inside an RCU section (or with a snapshot of its own). Pure.
 * Spec     highest random weight: Thaler, Ravishankar, "Using name-based mappings to increase hit rates", 1998.
 */
#ifndef TW_DATAPLANE_TEAM_H
#define TW_DATAPLANE_TEAM_H

#include "dataplane/key.h"
#include "dataplane/snapshot.h"

/**
 * The uplink by which a frame of this flow leaves.
 * @param of   slot whose team it is: the port it comes from, or the one for which it came too late
 * @param key  the frame's
 * @return slot, or TW_SLOT_NONE: no uplink of its team is up
 */
uint16_t tw_team_way(const struct tw_snapshot *snapshot, uint16_t of, const struct tw_key *key);
/** The uplink for an announcement of one of the port's MACs. */
uint16_t tw_team_way_of_mac(const struct tw_snapshot *snapshot, uint16_t of, const uint8_t mac[6]);

/** Does this port take unicast frames for `mac` that come in by `uplink` (a slot)? */
bool tw_team_takes(const struct tw_snapshot *snapshot, uint16_t port, const uint8_t mac[6], uint16_t uplink);

/** Uplinks (bits of tw_slot.uplink_bit) whose group frames this port takes. */
uint8_t tw_team_hears(const struct tw_snapshot *snapshot, uint16_t port);

/**
 * Uplinks (bits of tw_slot.uplink_bit) that together reach the networks behind every team of the VLAN's ports, one for each
 * team, and the same one for as many as share it. A VLAN without ports here has the host's team.
 */
uint8_t tw_team_ways(const struct tw_snapshot *snapshot, uint16_t vlan);

/** Word of an uplink's name: what weighs it against others, the same after every start. */
uint32_t tw_team_salt(const char *name);

#endif
