/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pipeline.h - the packet path on one screen: its stages in order, when each runs, what each may drop.
 *
 * The stages of a flow's first frame (and its first after a change) ask pure functions, which decide.c calls; every frame
 * goes through the others. docs/architecture.md's picture is drawn from this list (tools/pipeline-svg), a unit test holds the
 * drops of tw_decide() against it.
 */
#ifndef TW_DATAPLANE_PIPELINE_H
#define TW_DATAPLANE_PIPELINE_H

/* stage, file, runs for, what it does, may drop */
#define TW_STAGES(S)                                                                                                  \
	S(receive, worker.c, every_frame, "take up to 32 frames of one queue", "")                                    \
	S(parse, parse.c, every_frame, "headers become a key", "short_frame")                                         \
	S(arrive, uplink_rx.c, from_uplinks, "is it whole; into the switch's buffers", "wire_over_mtu no_buffer")     \
	S(police, police.c, each_burst, "is there credit for what the guest sends", "rate_ingress")                   \
	S(lookup, flow_lookup.h, every_frame, "the key finds its flow: verdict and counters", "")                     \
	S(vlan, vlan.c, first_frame, "which VLAN is it in, may it be",                                                \
	  "vlan_not_allowed untagged_on_trunk tagged_on_access rspan_vlan port_disabled")                             \
	S(source, source.c, first_frame, "is the sender who it may be",                                               \
	  "forged_source mac_limit bad_source deja_vu lacp_out")                                                      \
	S(guard, guard.c, first_frame, "are its addresses and its role a guest's",                                    \
	  "source_guard dhcp_guard dhcp6_guard ra_guard bpdu_guard guard_hidden")                                     \
	S(acl_in, acl.c, first_frame, "does the port's access list let it in", "acl_ingress")                         \
	S(forward, forward.c, first_frame, "where does it go",                                                        \
	  "unknown_unicast unknown_refused standby_uplink not_in_vlan private_vlan double_tagged "                    \
	  "hairpin no_uplink no_member reserved_group query_guard link_down out_disabled")                            \
	S(acl_out, acl.c, first_frame, "does the other port's access list let it out", "acl_egress")                  \
	S(mirror, mirror_tap.c, every_frame, "copies for mirrors; shed when their destination is behind", "")         \
	S(inspect, guard.c, arp_and_nd, "do ARP and neighbour discovery tell the truth",                              \
	  "arp_inspect nd_inspect guard_hidden")                                                                      \
	S(acl, acl.c, flows_of_rules_on_tcp_flags, "the access lists once more, with the frame's TCP flags",          \
	  "acl_ingress acl_egress")                                                                                   \
	S(storm, rate.c, to_many_or_unknown, "is there credit for another one",                                       \
	  "storm_broadcast storm_multicast storm_unknown")                                                            \
	S(count, meter.h, every_frame, "into the flow, or into that of its frames refused one by one", "")            \
	S(record, record.c, recorded_ports, "the header and its fate into the flight recorder", "")                   \
	S(snoop, snoop.c, igmp_and_mld, "a copy for main, which learns who listens", "")                              \
	S(edit, edit.c, every_frame, "802.1Q tag on, off, changed", "no_buffer")                                      \
	S(flood, tx.c, group_frames_and_copies, "a copy for each member of the VLAN, or of the group",                \
	  "no_buffer no_listener no_router")                                                                          \
	S(hold, tx.c, migrating_ports, "wait for a guest between two hosts", "hold_full")                             \
	S(limit, police.c, each_burst, "is there credit for what goes to the guest", "rate_egress")                   \
	S(shape, shape.c, shaped_ports, "wait for the port's rate, in order", "shape_queue_full shape_stale")         \
	S(control, aggregate.c, lacpdus, "LACPDUs and markers, for main", "control_full")                             \
	S(offload, offload.c, frames_for_less_able, "checksums and segments the other side cannot do", "bad_offload") \
	S(transmit, tx.c, every_frame, "one enqueue per destination and burst", "ring_full guest_buffer over_mtu")    \
	S(expire, expire.c, each_round, "a few flows that may have ended become records", "")

#endif
