/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fields.h - every field that leaves this switch, once: name, number and width of the information element, how its value
 *            is read, and which records carry it. The same lines make the templates (template.c), the encoders
 *            (encode_ipfix.c, options.c) and the record sizes below, so that these cannot disagree.
 *
 * Columns  F(context, element's name, number, enterprise number, octets, how it is written, value, records that carry it),
 *          of flow records also the variants that do. Written as UINT (big endian, reduced size allowed: RFC 7011
 *          section 6.2), OCTETS (copied), TEXT (UTF-8, filled up with NUL) or VARTEXT (variable length, at most 254
 *          octets: section 7).
 * Order    of the lines is the order in the record. A record's layout is fixed for ever by its template id: collectors
 *          cache layouts by id, so a new field means a new id (enum tw_flow_class, enum tw_option_table).
 * Choices  times only as 152/153; each VLAN as 58 and 243, 59 and 254, as half of the collectors know one or the other;
 *          tcpControlBits in one octet; ICMP type and code both joined (32, 139) and apart (176..179).
 *          What the switch refused is counted as dropped (132, 133, 424) and as no packets and no octets: who adds those up,
 *          knowing neither forwardingStatus nor the dropped counts, has what went through. They are there, and 0, since nfacctd
 *          shows no counts at all where a record without them joins others.
 * Spec     RFC 7011, RFC 7012; IANA registry "IP Flow Information Export (IPFIX) Entities".
 */
#ifndef TW_FLOWEXPORT_FIELDS_H
#define TW_FLOWEXPORT_FIELDS_H

#include <assert.h>
#include <stdint.h>

#include "flowexport/message.h"
#include "flowexport/private.h"

/* Ids 256 to 280 and 323 were layouts of records without dropped counts, networks and the east-west mark. */
enum { TW_FLOW_TEMPLATE_FIRST = 512, TW_OPTION_TEMPLATE_FIRST = 320, TW_WIDTH_VARIABLE = 65535 };

enum tw_flow_class {                          /* template id: TW_FLOW_TEMPLATE_ID() */
		     TW_CLASS_IPV4_TRANSPORT, /* TCP, UDP, SCTP and their kin: has ports */
		     TW_CLASS_IPV4_ICMP,
		     TW_CLASS_IPV4_FRAGMENT, /* all fragments but the first: ports unknown */
		     TW_CLASS_IPV6_TRANSPORT,
		     TW_CLASS_IPV6_ICMP,
		     TW_CLASS_IPV6_FRAGMENT,
		     TW_CLASS_LAYER2, /* neither IPv4 nor IPv6: no addresses, no layer-3 octets */
		     TW_CLASS_IPV4_OTHER,
		     TW_CLASS_IPV6_OTHER,
		     TW_CLASS_OVERFLOW, /* frames of a port that found no room in the table: no flow, but counts */
		     TW_FLOW_CLASSES,
};

enum {
	TW_IN_IPV4 = 1 << TW_CLASS_IPV4_TRANSPORT | 1 << TW_CLASS_IPV4_ICMP | 1 << TW_CLASS_IPV4_FRAGMENT |
		     1 << TW_CLASS_IPV4_OTHER,
	TW_IN_IPV6 = 1 << TW_CLASS_IPV6_TRANSPORT | 1 << TW_CLASS_IPV6_ICMP | 1 << TW_CLASS_IPV6_FRAGMENT |
		     1 << TW_CLASS_IPV6_OTHER,
	TW_IN_IP = TW_IN_IPV4 | TW_IN_IPV6,
	TW_IN_TRANSPORT = 1 << TW_CLASS_IPV4_TRANSPORT | 1 << TW_CLASS_IPV6_TRANSPORT,
	TW_IN_ICMP4 = 1 << TW_CLASS_IPV4_ICMP,
	TW_IN_ICMP6 = 1 << TW_CLASS_IPV6_ICMP,
	TW_IN_LAYER2 = 1 << TW_CLASS_LAYER2,
	TW_IN_OVERFLOW = 1 << TW_CLASS_OVERFLOW,
	TW_IN_ALL = (1 << TW_FLOW_CLASSES) - 1,
	TW_IN_FRAMES = TW_IN_ALL & ~TW_IN_OVERFLOW,
	TW_IN_LAYER3 = TW_IN_IP | TW_IN_OVERFLOW,
};

/*
 * A layout is a class or table in one format: its number is the bit of the column "records" and, behind the first, its
 * template id. Version 9 knows elements below 128 by nature; of the others it gets those that nothing older says.
 */
enum { TW_V9_LAYOUT_FIRST = 16, TW_LAYOUTS = 32 };
#define TW_LAYOUT(format, cls) ((format) == TW_FORMAT_V9 ? TW_V9_LAYOUT_FIRST + (cls) : (cls))
#define TW_V9(records)         ((uint32_t)(records) << TW_V9_LAYOUT_FIRST)
#define TW_BOTH(records)       ((uint32_t)(records) | TW_V9(records))

/* Of each flow layout there are four: of flows that passed and that were refused, without names in the record and with. */
enum { TW_VARIANT_REFUSED = 1, TW_VARIANT_NAMED = 2, TW_FLOW_VARIANTS = 4 };
enum {
	TW_REVERSE = 1 << 7, /* in a biflow of the reverse direction, too: reverse.h */
	TW_PASSED = 1 << 0 | 1 << TW_VARIANT_NAMED | TW_REVERSE,
	TW_REFUSED = 1 << TW_VARIANT_REFUSED | 1 << (TW_VARIANT_REFUSED | TW_VARIANT_NAMED),
	TW_NAMED = 1 << TW_VARIANT_NAMED | 1 << (TW_VARIANT_REFUSED | TW_VARIANT_NAMED),
	TW_ALWAYS = (1 << TW_FLOW_VARIANTS) - 1,
	TW_EACH_WAY = TW_ALWAYS | TW_REVERSE,
};
#define TW_FLOW_LAYOUT(format, cls, variant) ((variant)*TW_LAYOUTS + TW_LAYOUT(format, cls))
/* Without the mark: what all variants carry is then one and the same test of the compiled encoder. */
/* Where FIRST and the layout would put refused flows, records without packets and octets were told once. */
#define TW_REFUSED_TEMPLATE_STEP       1024
#define TW_FLOW_TEMPLATE_MORE(variant) ((variant)&TW_VARIANT_REFUSED ? TW_REFUSED_TEMPLATE_STEP : 0)
#define TW_FLOW_TEMPLATE_ID(format, cls, variant) \
	(TW_FLOW_TEMPLATE_FIRST + TW_FLOW_LAYOUT(format, cls, variant) + TW_FLOW_TEMPLATE_MORE(variant))
#define TW_CARRIES(layout, records, variants) \
	((records) >> (layout) % TW_LAYOUTS & 1 && ((variants)&TW_ALWAYS) >> (layout) / TW_LAYOUTS & 1)

/*
 * Data records. boot_ms: what version 9 counts from. r: const struct tw_flow_record *, names: const struct tw_flow_names *.
 * ICMP: dst_port is type * 256 + code. A boolean is 1 or, if false, 2.
 */
#define TW_FLOW_FIELDS(F, c)                                                                                           \
	F(c, sourceIPv4Address, 8, 0, 4, OCTETS, r->src_ip, TW_BOTH(TW_IN_IPV4), TW_ALWAYS)                            \
	F(c, destinationIPv4Address, 12, 0, 4, OCTETS, r->dst_ip, TW_BOTH(TW_IN_IPV4), TW_ALWAYS)                      \
	F(c, sourceIPv6Address, 27, 0, 16, OCTETS, r->src_ip, TW_BOTH(TW_IN_IPV6), TW_ALWAYS)                          \
	F(c, destinationIPv6Address, 28, 0, 16, OCTETS, r->dst_ip, TW_BOTH(TW_IN_IPV6), TW_ALWAYS)                     \
	F(c, sourceTransportPort, 7, 0, 2, UINT, r->src_port, TW_BOTH(TW_IN_TRANSPORT), TW_ALWAYS)                     \
	F(c, destinationTransportPort, 11, 0, 2, UINT, r->dst_port, TW_BOTH(TW_IN_TRANSPORT), TW_ALWAYS)               \
	F(c, protocolIdentifier, 4, 0, 1, UINT, r->protocol, TW_BOTH(TW_IN_IP), TW_ALWAYS)                             \
	F(c, icmpTypeCodeIPv4, 32, 0, 2, UINT, r->dst_port, TW_IN_ICMP4 | TW_V9(TW_IN_ICMP4 | TW_IN_ICMP6),            \
	  TW_EACH_WAY)                                                                                                 \
	F(c, icmpTypeIPv4, 176, 0, 1, UINT, r->dst_port >> 8, TW_IN_ICMP4, TW_EACH_WAY)                                \
	F(c, icmpCodeIPv4, 177, 0, 1, UINT, r->dst_port & 0xff, TW_IN_ICMP4, TW_EACH_WAY)                              \
	F(c, icmpTypeCodeIPv6, 139, 0, 2, UINT, r->dst_port, TW_IN_ICMP6, TW_EACH_WAY)                                 \
	F(c, icmpTypeIPv6, 178, 0, 1, UINT, r->dst_port >> 8, TW_IN_ICMP6, TW_EACH_WAY)                                \
	F(c, icmpCodeIPv6, 179, 0, 1, UINT, r->dst_port & 0xff, TW_IN_ICMP6, TW_EACH_WAY)                              \
	F(c, ipClassOfService, 5, 0, 1, UINT, r->tos, TW_BOTH(TW_IN_IP), TW_EACH_WAY)                                  \
	F(c, tcpControlBits, 6, 0, 1, UINT, r->tcp_flags, TW_BOTH(TW_IN_TRANSPORT), TW_EACH_WAY)                       \
	F(c, ipVersion, 60, 0, 1, UINT, (r->key_flags & TW_FLOW_KEY_IPV6) ? 6 : 4, TW_BOTH(TW_IN_IP), TW_ALWAYS)       \
	F(c, minimumTTL, 52, 0, 1, UINT, r->min_ttl, TW_BOTH(TW_IN_IP), TW_EACH_WAY)                                   \
	F(c, maximumTTL, 53, 0, 1, UINT, r->max_ttl, TW_BOTH(TW_IN_IP), TW_EACH_WAY)                                   \
	F(c, minimumIpTotalLength, 25, 0, 2, UINT, r->min_len, TW_BOTH(TW_IN_IP), TW_EACH_WAY)                         \
	F(c, maximumIpTotalLength, 26, 0, 2, UINT, r->max_len, TW_BOTH(TW_IN_IP), TW_EACH_WAY)                         \
	F(c, flowLabelIPv6, 31, 0, 4, UINT, r->flow_label, TW_IN_IPV6, TW_EACH_WAY)                                    \
	F(c, flowLabelIPv6, 31, 0, 3, UINT, r->flow_label, TW_V9(TW_IN_IPV6), TW_EACH_WAY)                             \
	F(c, flowStartMilliseconds, 152, 0, 8, UINT, r->first_ms, TW_IN_ALL, TW_EACH_WAY)                              \
	F(c, flowEndMilliseconds, 153, 0, 8, UINT, r->last_ms, TW_IN_ALL, TW_EACH_WAY)                                 \
	F(c, flowStartSysUpTime, 22, 0, 4, UINT, tw_message_uptime(r->first_ms, boot_ms), TW_V9(TW_IN_ALL), TW_ALWAYS) \
	F(c, flowEndSysUpTime, 21, 0, 4, UINT, tw_message_uptime(r->last_ms, boot_ms), TW_V9(TW_IN_ALL), TW_ALWAYS)    \
	F(c, octetDeltaCount, 1, 0, 8, UINT, r->l3_octets, TW_BOTH(TW_IN_LAYER3), TW_PASSED)                           \
	F(c, packetDeltaCount, 2, 0, 8, UINT, r->packets, TW_BOTH(TW_IN_ALL), TW_PASSED)                               \
	F(c, layer2OctetDeltaCount, 352, 0, 8, UINT, r->l2_octets, TW_IN_ALL | TW_V9(TW_IN_LAYER2), TW_PASSED)         \
	F(c, droppedOctetDeltaCount, 132, 0, 8, UINT, r->l3_octets, TW_BOTH(TW_IN_LAYER3), TW_REFUSED)                 \
	F(c, droppedPacketDeltaCount, 133, 0, 8, UINT, r->packets, TW_BOTH(TW_IN_ALL), TW_REFUSED)                     \
	F(c, droppedLayer2OctetDeltaCount, 424, 0, 8, UINT, r->l2_octets, TW_IN_ALL, TW_REFUSED)                       \
	F(c, octetDeltaCount, 1, 0, 8, UINT, 0, TW_BOTH(TW_IN_LAYER3), TW_REFUSED)                                     \
	F(c, packetDeltaCount, 2, 0, 8, UINT, 0, TW_BOTH(TW_IN_ALL), TW_REFUSED)                                       \
	F(c, ingressInterface, 10, 0, 4, UINT, r->ingress, TW_BOTH(TW_IN_ALL), TW_ALWAYS)                              \
	F(c, egressInterface, 14, 0, 4, UINT, r->egress, TW_BOTH(TW_IN_ALL), TW_ALWAYS)                                \
	F(c, flowDirection, 61, 0, 1, UINT, r->direction, TW_BOTH(TW_IN_ALL), TW_EACH_WAY)                             \
	F(c, flowEndReason, 136, 0, 1, UINT, r->end_reason, TW_IN_ALL, TW_EACH_WAY)                                    \
	F(c, forwardingStatus, 89, 0, 1, UINT, r->forwarding, TW_BOTH(TW_IN_ALL), TW_ALWAYS)                           \
	F(c, sourceMacAddress, 56, 0, 6, OCTETS, r->src_mac, TW_BOTH(TW_IN_FRAMES), TW_EACH_WAY)                       \
	F(c, destinationMacAddress, 80, 0, 6, OCTETS, r->dst_mac, TW_BOTH(TW_IN_FRAMES), TW_EACH_WAY)                  \
	F(c, vlanId, 58, 0, 2, UINT, r->vlan, TW_BOTH(TW_IN_FRAMES), TW_ALWAYS)                                        \
	F(c, dot1qVlanId, 243, 0, 2, UINT, r->vlan, TW_IN_FRAMES, TW_ALWAYS)                                           \
	F(c, postVlanId, 59, 0, 2, UINT, r->post_vlan, TW_IN_FRAMES, TW_ALWAYS)                                        \
	F(c, postDot1qVlanId, 254, 0, 2, UINT, r->post_vlan, TW_IN_FRAMES, TW_ALWAYS)                                  \
	F(c, dot1qPriority, 244, 0, 1, UINT, r->vlan_priority, TW_IN_FRAMES, TW_EACH_WAY)                              \
	F(c, dot1qCustomerVlanId, 245, 0, 2, UINT, r->inner_vlan, TW_IN_LAYER2, TW_ALWAYS)                             \
	F(c, ethernetType, 256, 0, 2, UINT, r->ethertype, TW_IN_FRAMES | TW_V9(TW_IN_LAYER2), TW_ALWAYS)               \
	F(c, ingressVRFID, 234, 0, 4, UINT, names->ingress->network_number, TW_IN_ALL, TW_ALWAYS)                      \
	F(c, egressVRFID, 235, 0, 4, UINT, names->egress->network_number, TW_IN_ALL, TW_ALWAYS)                        \
	F(c, eastWest, TW_PRIVATE_eastWest, TW_PEN, 1, UINT, r->ingress && r->egress ? 1 : 2, TW_IN_ALL, TW_ALWAYS)    \
	F(c, dropReason, TW_PRIVATE_dropReason, TW_PEN, 1, UINT, r->drop_reason, TW_IN_ALL, TW_REFUSED)                \
	F(c, virtualStationUUID, 349, 0, 16, OCTETS, tw_names_here(names, r)->vm_uuid, TW_IN_ALL, TW_NAMED)            \
	F(c, peerStationUUID, TW_PRIVATE_peerStationUUID, TW_PEN, 16, OCTETS, tw_names_peer(names, r)->vm_uuid,        \
	  TW_IN_ALL, TW_NAMED)                                                                                         \
	F(c, virtualStationName, 350, 0, TW_WIDTH_VARIABLE, VARTEXT, tw_names_here(names, r)->vm_name, TW_IN_ALL,      \
	  TW_NAMED)                                                                                                    \
	F(c, peerStationName, TW_PRIVATE_peerStationName, TW_PEN, TW_WIDTH_VARIABLE, VARTEXT,                          \
	  tw_names_peer(names, r)->vm_name, TW_IN_ALL, TW_NAMED)                                                       \
	F(c, VRFname, 236, 0, TW_WIDTH_VARIABLE, VARTEXT, tw_names_here(names, r)->network, TW_IN_ALL, TW_NAMED)       \
	F(c, observationDomainName, 300, 0, TW_WIDTH_VARIABLE, VARTEXT, names->host, TW_IN_ALL, TW_NAMED)

enum tw_option_table {                      /* template id = TW_OPTION_TEMPLATE_FIRST + layout */
		       TW_TABLE_SAMPLING_A, /* one packet in how many is metered, as nfdump and pmacct read it */
		       TW_TABLE_SAMPLING_B, /* the same, as the registry has it today: each, or the last of so many; version 9: as nfdump does */
		       TW_TABLE_INTERFACE,
		       TW_TABLE_VM,                   /* retired: nobody carries it */
		       TW_TABLE_METERING,             /* RFC 7011 section 4.1; of IPFIX retired: OBSERVED */
		       TW_TABLE_METERING_RELIABILITY, /* section 4.2 */
		       TW_TABLE_EXPORT_RELIABILITY,   /* section 4.3 */
		       TW_TABLE_TYPES,                /* RFC 5610: what our private elements are */
		       TW_TABLE_DOMAIN,
		       TW_TABLE_STATION,         /* who an interface number is */
		       TW_TABLE_NETWORK,         /* what a number of 234 and 235 is called */
		       TW_TABLE_DROP_REASON,     /* what a dropReason is called */
		       TW_TABLE_SAMPLING_RANDOM, /* in the place of SAMPLING_B: any of so many */
		       TW_TABLE_OBSERVED,        /* METERING and how many flows there were */
		       TW_OPTION_TABLES,
};

enum {
	TW_IN_SAMPLING_A = 1 << TW_TABLE_SAMPLING_A,
	TW_IN_SAMPLING_B = 1 << TW_TABLE_SAMPLING_B,
	TW_IN_SAMPLING_RANDOM = 1 << TW_TABLE_SAMPLING_RANDOM,
	TW_IN_INTERFACE = 1 << TW_TABLE_INTERFACE,
	TW_IN_STATION = 1 << TW_TABLE_STATION,
	TW_IN_NETWORK = 1 << TW_TABLE_NETWORK,
	TW_IN_DROP_REASON = 1 << TW_TABLE_DROP_REASON,
	TW_IN_TYPES = 1 << TW_TABLE_TYPES,
	TW_IN_METERING = 1 << TW_TABLE_METERING,
	TW_IN_OBSERVED = 1 << TW_TABLE_OBSERVED,
	TW_IN_IGNORED = 1 << TW_TABLE_METERING_RELIABILITY,
	TW_IN_NOT_SENT = 1 << TW_TABLE_EXPORT_RELIABILITY,
	TW_IN_DOMAIN = 1 << TW_TABLE_DOMAIN,
	TW_IN_PER_DOMAIN = TW_IN_SAMPLING_A | TW_IN_SAMPLING_B | TW_IN_INTERFACE | TW_IN_OBSERVED | TW_IN_IGNORED |
			   TW_IN_DOMAIN | TW_IN_NETWORK | TW_IN_DROP_REASON | TW_IN_SAMPLING_RANDOM,
};

/* How many fields of a table are its scope. */
#define TW_SCOPES(table) ((table) == TW_TABLE_TYPES || (table) == TW_TABLE_DROP_REASON ? 2 : 1)

/* Options records; their first fields are their scope. No record can be shorter than a set's filling. Networks are told as nfdump
 * reads them: the number is no scope. o: const struct tw_option_row * (options.c). */
#define TW_OPTION_FIELDS(F, c)                                                                                         \
	F(c, scopeSystem, 1, 0, 4, UINT, o->domain,                                                                    \
	  TW_V9(TW_IN_SAMPLING_A | TW_IN_SAMPLING_B | TW_IN_INTERFACE | TW_IN_METERING)) /* not an element: scope 1 */ \
	F(c, observationDomainId, 149, 0, 4, UINT, o->domain, TW_IN_PER_DOMAIN)                                        \
	F(c, exportingProcessId, 144, 0, 4, UINT, 1, TW_IN_NOT_SENT)                                                   \
	F(c, ingressInterface, 10, 0, 4, UINT, o->who->number, TW_BOTH(TW_IN_INTERFACE) | TW_IN_STATION)               \
	F(c, privateEnterpriseNumber, 346, 0, 4, UINT, TW_PEN, TW_IN_TYPES)                                            \
	F(c, informationElementId, 303, 0, 2, UINT, o->type->number, TW_IN_TYPES)                                      \
	F(c, informationElementDataType, 339, 0, 1, UINT, o->type->type, TW_IN_TYPES)                                  \
	F(c, informationElementSemantics, 344, 0, 1, UINT, o->type->semantics, TW_IN_TYPES)                            \
	F(c, informationElementName, 341, 0, TW_WIDTH_VARIABLE, VARTEXT, o->type->name, TW_IN_TYPES)                   \
	F(c, informationElementDescription, 340, 0, TW_WIDTH_VARIABLE, VARTEXT, o->type->text, TW_IN_TYPES)            \
	F(c, dropReason, TW_PRIVATE_dropReason, TW_PEN, 1, UINT, o->reason, TW_IN_DROP_REASON)                         \
	F(c, dropReasonName, TW_PRIVATE_dropReasonName, TW_PEN, TW_WIDTH_VARIABLE, VARTEXT, o->name,                   \
	  TW_IN_DROP_REASON)                                                                                           \
	F(c, ingressVRFID, 234, 0, 4, UINT, o->number, TW_IN_NETWORK)                                                  \
	F(c, VRFname, 236, 0, 64, TEXT, o->name, TW_IN_NETWORK)                                                        \
	F(c, ingressVRFID, 234, 0, 4, UINT, o->who->network_number, TW_IN_STATION)                                     \
	F(c, samplingInterval, 34, 0, 4, UINT, o->interval, TW_BOTH(TW_IN_SAMPLING_A) | TW_V9(TW_IN_SAMPLING_B))       \
	F(c, samplingAlgorithm, 35, 0, 1, UINT, o->random ? 2 : 1, TW_V9(TW_IN_SAMPLING_A))                            \
	F(c, selectorAlgorithm, 304, 0, 2, UINT, o->random ? 3 : 1, TW_IN_SAMPLING_B | TW_IN_SAMPLING_RANDOM)          \
	F(c, samplingPacketInterval, 305, 0, 4, UINT, 1, TW_IN_SAMPLING_B)                                             \
	F(c, samplingPacketSpace, 306, 0, 4, UINT, o->interval - 1, TW_IN_SAMPLING_B)                                  \
	F(c, samplingSize, 309, 0, 4, UINT, 1, TW_IN_SAMPLING_RANDOM)                                                  \
	F(c, samplingPopulation, 310, 0, 4, UINT, o->interval, TW_IN_SAMPLING_RANDOM)                                  \
	F(c, interfaceName, 82, 0, 32, TEXT, o->who->name, TW_BOTH(TW_IN_INTERFACE))                                   \
	F(c, interfaceDescription, 83, 0, 64, TEXT, o->description, TW_BOTH(TW_IN_INTERFACE))                          \
	F(c, virtualStationInterfaceId, 347, 0, 16, OCTETS, o->who->uuid, TW_IN_STATION)                               \
	F(c, virtualStationUUID, 349, 0, 16, OCTETS, o->who->vm_uuid, TW_IN_STATION)                                   \
	F(c, virtualStationName, 350, 0, TW_WIDTH_VARIABLE, VARTEXT, o->who->vm_name, TW_IN_STATION)                   \
	F(c, virtualStationInterfaceName, 348, 0, TW_WIDTH_VARIABLE, VARTEXT, o->who->name, TW_IN_STATION)             \
	F(c, exportedOctetTotalCount, 40, 0, 8, UINT, o->sent.octets, TW_IN_OBSERVED | TW_V9(TW_IN_METERING))          \
	F(c, exportedMessageTotalCount, 41, 0, 8, UINT, o->sent.messages, TW_IN_OBSERVED | TW_V9(TW_IN_METERING))      \
	F(c, exportedFlowRecordTotalCount, 42, 0, 8, UINT, o->sent.flows, TW_IN_OBSERVED | TW_V9(TW_IN_METERING))      \
	F(c, observedFlowTotalCount, 163, 0, 8, UINT, o->observed, TW_IN_OBSERVED)                                     \
	F(c, ignoredPacketTotalCount, 164, 0, 8, UINT, o->ignored.packets, TW_IN_IGNORED)                              \
	F(c, ignoredOctetTotalCount, 165, 0, 8, UINT, o->ignored.octets, TW_IN_IGNORED)                                \
	F(c, observationTimeMilliseconds, 323, 0, 8, UINT, o->ignored.first_ms, TW_IN_IGNORED)                         \
	F(c, observationTimeMilliseconds, 323, 0, 8, UINT, o->ignored.last_ms, TW_IN_IGNORED)                          \
	F(c, notSentFlowTotalCount, 166, 0, 8, UINT, o->not_sent.flows, TW_IN_NOT_SENT)                                \
	F(c, notSentPacketTotalCount, 167, 0, 8, UINT, o->not_sent.packets, TW_IN_NOT_SENT)                            \
	F(c, notSentOctetTotalCount, 168, 0, 8, UINT, o->not_sent.octets, TW_IN_NOT_SENT)                              \
	F(c, observationTimeMilliseconds, 323, 0, 8, UINT, o->not_sent.first_ms, TW_IN_NOT_SENT)                       \
	F(c, observationTimeMilliseconds, 323, 0, 8, UINT, o->not_sent.last_ms, TW_IN_NOT_SENT)                        \
	F(c, observationDomainName, 300, 0, TW_WIDTH_VARIABLE, VARTEXT, o->host, TW_IN_DOMAIN)

/* Octets of a data record of a layout without names, at compile time. */
#define TW_FIELD_SIZE(c, name, element, pen, width, put, value, records, variants) \
	+(TW_CARRIES(c, records, variants) ? (width) : 0)
#define TW_FLOW_RECORD_SIZE(layout) (0 TW_FLOW_FIELDS(TW_FIELD_SIZE, layout))

/* Changing one of these changes a layout that collectors have cached under its id: take a new id. */
static_assert(TW_FLOW_RECORD_SIZE(TW_CLASS_IPV4_TRANSPORT) == 105, "layout 512 is fixed");
static_assert(TW_FLOW_RECORD_SIZE(TW_CLASS_IPV4_ICMP) == 104, "layout 513 is fixed");
static_assert(TW_FLOW_RECORD_SIZE(TW_CLASS_IPV4_FRAGMENT) == 100, "layout 514 is fixed");
static_assert(TW_FLOW_RECORD_SIZE(TW_CLASS_IPV6_TRANSPORT) == 133, "layout 515 is fixed");
static_assert(TW_FLOW_RECORD_SIZE(TW_CLASS_IPV6_ICMP) == 132, "layout 516 is fixed");
static_assert(TW_FLOW_RECORD_SIZE(TW_CLASS_IPV6_FRAGMENT) == 128, "layout 517 is fixed");
static_assert(TW_FLOW_RECORD_SIZE(TW_CLASS_LAYER2) == 77, "layout 518 is fixed");
static_assert(TW_FLOW_RECORD_SIZE(TW_CLASS_IPV4_OTHER) == 100, "layout 519 is fixed");
static_assert(TW_FLOW_RECORD_SIZE(TW_CLASS_IPV6_OTHER) == 128, "layout 520 is fixed");
static_assert(TW_FLOW_RECORD_SIZE(TW_CLASS_OVERFLOW) == 60, "layout 521 is fixed");
static_assert(TW_FLOW_RECORD_SIZE(TW_FLOW_LAYOUT(TW_FORMAT_IPFIX, TW_CLASS_IPV4_TRANSPORT, TW_VARIANT_REFUSED)) == 122,
	      "layout 1568 is fixed");

#endif
