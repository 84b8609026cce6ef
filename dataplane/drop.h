/* SPDX-License-Identifier: Apache-2.0 */
/*
 * drop.h - every way a frame can end: one list of named reasons, each with a counter per port and a sentence.
 *
 * A reason is a destination, not an error: no frame is freed on the packet path without counting one of these. Names are
 * stable (scripts, records and `twctl port stats` show them). The port charged is the one named in the third column:
 * in = where the frame came from, out = where it was going.
 */
#ifndef TW_DATAPLANE_DROP_H
#define TW_DATAPLANE_DROP_H

#include <stdbool.h>

/* symbol, name, port charged, sentence */
#define TW_DROP_REASONS(_)                                                                                         \
	_(SHORT_FRAME, short_frame, in, "the frame is shorter than its own headers")                               \
	_(WIRE_OVER_MTU, wire_over_mtu, in, "a frame from the wire is larger than the uplink's MTU")               \
	_(RATE_INGRESS, rate_ingress, in, "the guest sends more than its ingress rate")                            \
	_(PORT_DISABLED, port_disabled, in, "the port is administratively down")                                   \
	_(FORGED_SOURCE, forged_source, in, "the source MAC is not the port's own (forged transmits are off)")     \
	_(MAC_LIMIT, mac_limit, in, "the port has as many learned MACs as it may have, and this is another")       \
	_(BAD_SOURCE, bad_source, in, "the source MAC is a group address or zero")                                 \
	_(SOURCE_GUARD, source_guard, in, "the IP source address is not one of the port's (source guard)")         \
	_(ARP_INSPECT, arp_inspect, in, "the ARP says a MAC or an address that is not the port's")                 \
	_(ND_INSPECT, nd_inspect, in, "the neighbour discovery says a MAC or an address that is not the port's")   \
	_(DHCP_GUARD, dhcp_guard, in, "an answer of a DHCP server, and the port may not be one")                   \
	_(DHCP6_GUARD, dhcp6_guard, in, "an answer of a DHCPv6 server, and the port may not be one")               \
	_(RA_GUARD, ra_guard, in, "a router advertisement or redirect, or headers that could hide one")            \
	_(BPDU_GUARD, bpdu_guard, in, "a bridge protocol data unit, and the port may not be a bridge")             \
	_(GUARD_HIDDEN, guard_hidden, in, "headers that hide a frame from the port's guards (two tags, LLC/SNAP)") \
	_(ACL_INGRESS, acl_ingress, in, "an access list denies what the guest sends")                              \
	_(ACL_EGRESS, acl_egress, out, "an access list denies what would go to the guest")                         \
	_(STORM_BROADCAST, storm_broadcast, in, "the guest sends more broadcasts than its storm control allows")   \
	_(STORM_MULTICAST, storm_multicast, in, "the guest sends more multicasts than its storm control allows")   \
	_(STORM_UNKNOWN, storm_unknown, in, "the guest sends more to unknown MACs than its storm control allows")  \
	_(VLAN_NOT_ALLOWED, vlan_not_allowed, in, "the frame's VLAN is not one of the port's")                     \
	_(UNTAGGED_ON_TRUNK, untagged_on_trunk, in, "an untagged frame came in on a trunk without native VLAN")    \
	_(TAGGED_ON_ACCESS, tagged_on_access, in, "a tagged frame came in on an access port")                      \
	_(RSPAN_VLAN, rspan_vlan, in, "the VLAN carries mirrors' copies, and no port may send in it")              \
	_(DEJA_VU, deja_vu, in, "a frame that this host sent has come back by an uplink")                          \
	_(LACP_OUT, lacp_out, in, "LACP has the uplink in no aggregation that collects")                           \
	_(CONTROL_FULL, control_full, in, "more LACPDUs came than are looked at")                                  \
	_(STANDBY_UPLINK, standby_uplink, in, "the same frame comes by the uplink that the teaming listens to")    \
	_(RESERVED_GROUP, reserved_group, in, "a link-local group address (01:80:c2:00:00:0x) is not forwarded")   \
	_(UNKNOWN_UNICAST, unknown_unicast, in, "a frame from the wire for a MAC that is not on this host")        \
	_(UNKNOWN_REFUSED, unknown_refused, in,                                                                    \
	  "the destination is no port of the switch, and the port may send to no other")                           \
	_(NOT_IN_VLAN, not_in_vlan, in, "the destination is a port of the switch that is not in the frame's VLAN") \
	_(PRIVATE_VLAN, private_vlan, in, "the private VLAN keeps the two ports apart")                            \
	_(DOUBLE_TAGGED, double_tagged, in, "a second tag, which the destination would take for the frame's own")  \
	_(HAIRPIN, hairpin, in, "the destination is the port the frame came from")                                 \
	_(NO_UPLINK, no_uplink, in, "the destination is not on this host and no uplink is up")                     \
	_(NO_MEMBER, no_member, in, "a group frame, and nobody else is in its VLAN")                               \
	_(NO_LISTENER, no_listener, in, "a multicast frame, and nobody has joined its group")                      \
	_(NO_ROUTER, no_router, in, "a report of multicast memberships, and there is no router to have it")        \
	_(QUERY_GUARD, query_guard, in, "a guest asks for multicast memberships, and guests may not be routers")   \
	_(LINK_DOWN, link_down, out, "no guest is connected to the destination port")                              \
	_(OUT_DISABLED, out_disabled, out, "the destination port is administratively down")                        \
	_(RING_FULL, ring_full, out, "the guest (or the uplink) did not take the frame: its ring is full")         \
	_(RATE_EGRESS, rate_egress, out, "more is sent to the guest than its egress rate")                         \
	_(GUEST_BUFFER, guest_buffer, out, "the guest's receive buffer is smaller than the frame")                 \
	_(SHAPE_QUEUE_FULL, shape_queue_full, out,                                                                 \
	  "the guest's shaping queue is full: more is sent to it than its rate")                                   \
	_(SHAPE_STALE, shape_stale, out, "the port's VLANs changed while the frame waited in its shaping queue")   \
	_(OVER_MTU, over_mtu, out, "the frame is larger than the destination's MTU")                               \
	_(HOLD_FULL, hold_full, out, "the guest is between two hosts and its hold queue is full")                  \
	_(NO_BUFFER, no_buffer, in, "no packet buffer was free to copy the frame into")                            \
	_(BAD_OFFLOAD, bad_offload, in, "the guest's offload request does not fit the frame")                      \
	_(CONSUMED, consumed, in, "an announcement of a moved guest that was meant for the switch itself")

enum tw_drop {
#define TW_DROP_ENUM(symbol, name, side, text) TW_DROP_##symbol,
	TW_DROP_REASONS(TW_DROP_ENUM)
#undef TW_DROP_ENUM
		TW_DROPS,
};

/** All names, by reason. */
extern const char *const tw_drop_names[TW_DROPS];

/** Stable name and sentence of a reason; NULL out of range. Static storage, any thread. */
const char *tw_drop_name(unsigned reason);
const char *tw_drop_text(unsigned reason);
/** Is the port charged the one it was going to? */
bool tw_drop_is_at_out(unsigned reason);

#endif
