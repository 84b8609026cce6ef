/* SPDX-License-Identifier: Apache-2.0 */
/*
 * record.h - one flow record: what a flow cache hands to the exporter, and what every field of every format is read from.
 *
 * Place    written by a worker when a flow ends or its active timeout passes, copied by value through a ring, read by the
 *          exporter thread. flowexport/ sees no DPDK type; the switch fills records from its cache (dataplane/expire.c).
 * Orders   addresses, MACs and `raw` keys in wire order; every integer in host order.
 * Counting octets of layer 3 are the IP total length (of non-IP frames: the frame less its Ethernet header and tags);
 *          octets of layer 2 are the whole frame as the port carried it, without FCS. A segmentation-offload super-frame
 *          counts as the one frame that crossed the port, as the guest's own interface counter has it.
 */
#ifndef TW_FLOWEXPORT_RECORD_H
#define TW_FLOWEXPORT_RECORD_H

#include <stdbool.h>
#include <stdint.h>

enum tw_flow_end { /* flowEndReason (136), RFC 5102 section 5.11.3 */
		   TW_FLOW_END_IDLE = 1,
		   TW_FLOW_END_ACTIVE = 2,
		   TW_FLOW_END_DETECTED = 3, /* TCP FIN or RST */
		   TW_FLOW_END_FORCED = 4,   /* port removed, configuration changed, shutdown */
		   TW_FLOW_END_LACK = 5,     /* the table was full */
};

enum tw_flow_key_flags {
	TW_FLOW_KEY_IPV4 = 1 << 0,
	TW_FLOW_KEY_IPV6 = 1 << 1,
	TW_FLOW_KEY_FRAGMENT = 1 << 2, /* non-first fragment: ports are 0, never payload */
	TW_FLOW_KEY_ICMP = 1 << 3,     /* dst_port = type * 256 + code, src_port = 0 */
	TW_FLOW_KEY_HIDDEN = 1 << 5, /* not all of its transport header is there, or it could overwrite one: RFC 3128 */
	TW_FLOW_KEY_TAGGED = 1 << 4, /* the frame carried an 802.1Q tag at the ingress port */
	TW_FLOW_KEY_SECOND = 1 << 7, /* the sender's host counts the flow, too */
	TW_FLOW_KEY_MANY = 1 << 6,   /* no flow: all frames of a port that found no room in the table */
				     /* neither IPv4 nor IPv6: a layer-2 flow by ethertype */
};

enum tw_forwarding { /* forwardingStatus (89), RFC 7270 section 4.12; there: */
		     TW_FORWARDED = 64,
		     TW_DROPPED = 128,
		     TW_DROPPED_POLICY = 129, /* ACL deny */
		     TW_DROPPED_SIZE = 133,   /* fragmentation and DF set */
		     TW_DROPPED_POLICER = 138,
		     TW_DROPPED_SOURCE = 140, /* RPF: the source address is not one that comes from there */
};

struct tw_flow_record {
	/* key */
	uint32_t ingress; /* port number, the same on every host; 0 = from an uplink, sender no port of ours */
	uint32_t egress;  /* port number; 0 = unknown (uplink to outside, flood, dropped) */
	uint8_t src_mac[6], dst_mac[6];
	uint16_t ethertype;             /* of the payload behind the tags */
	uint16_t vlan;                  /* VLAN the frame was judged in; 0 = none */
	uint16_t post_vlan;             /* as it left; equal to vlan unless rewritten */
	uint16_t inner_vlan;            /* of a second tag; 0 = none */
	uint8_t vlan_priority;          /* PCP */
	uint8_t key_flags;              /* enum tw_flow_key_flags */
	uint8_t src_ip[16], dst_ip[16]; /* IPv4: first 4 octets, rest 0 */
	uint16_t src_port, dst_port;
	uint8_t protocol;
	uint8_t tos;
	/* values since the last record of this flow */
	uint8_t tcp_flags; /* OR of all packets */
	uint8_t min_ttl, max_ttl;
	uint8_t end_reason;  /* enum tw_flow_end */
	uint8_t forwarding;  /* forwardingStatus */
	uint8_t drop_reason; /* of a refused flow: number of tw_exporter_config.drop_reasons, from 1; 0 = none */
	uint8_t direction;   /* flowDirection (61): 0 = into the switch from a port, 1 = from an uplink to a port */
	uint32_t flow_label; /* IPv6, 20 bits */
	uint16_t min_len, max_len; /* layer-3 length, capped at 65535 */
	uint16_t sampling;         /* which of its packets were counted: sampling.h */
	uint64_t packets;
	uint64_t l3_octets;
	uint64_t l2_octets;
	uint64_t first_ms, last_ms; /* Unix epoch */
};

/* Who a port number is: for options records. Immutable; owned by the table it stands in. */
struct tw_flow_identity {
	uint32_t number;
	char name[128]; /* "vm/nic" */
	char vm_name[64];
	char network[64];
	uint32_t network_number; /* the same on every host; 0 = unknown */
	uint8_t uuid[16], vm_uuid[16];
	uint8_t mac[6];
};

/* Who a record's ends are. Nobody known: an identity of zeros. */
struct tw_flow_names {
	const struct tw_flow_identity *ingress, *egress;
	const char *host;
};

/* The port that the flow was metered at, and the other end. */
static inline const struct tw_flow_identity *tw_names_here(const struct tw_flow_names *names,
							   const struct tw_flow_record *record)
{
	return record->direction ? names->egress : names->ingress;
}

static inline const struct tw_flow_identity *tw_names_peer(const struct tw_flow_names *names,
							   const struct tw_flow_record *record)
{
	return record->direction ? names->ingress : names->egress;
}

/* forwardingStatus: its two upper bits are 2. */
static inline bool tw_flow_is_refused(const struct tw_flow_record *record)
{
	return record->forwarding >> 6 == TW_DROPPED >> 6;
}

#endif
