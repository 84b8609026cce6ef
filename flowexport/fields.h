/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fields.h - every field that leaves this switch, once: name, number and width of the information element, how its value
 *            is read, and which records carry it. The same lines make the templates (template.c), the encoders
 *            (encode_ipfix.c, options.c) and the record sizes below, so that these cannot disagree.
 *
 * Columns  F(context, element's name, number, enterprise number, octets, how it is written, value, records that carry it)
 *          written as UINT (big endian, reduced size allowed: RFC 7011 section 6.2), OCTETS (copied), TEXT (UTF-8, filled
 *          up with NUL) or VARTEXT (variable length, at most 254 octets: section 7).
 * Order    of the lines is the order in the record. A record's layout is fixed for ever by its template id: collectors
 *          cache layouts by id, so a new field means a new id (enum tw_flow_class, enum tw_option_table).
 * Choices  times only as 152/153; each VLAN as 58 and 243, 59 and 254, as half of the collectors know one or the other;
 *          tcpControlBits in one octet; ICMP type and code both joined (32, 139) and apart (176..179).
 * Spec     RFC 7011, RFC 7012; IANA registry "IP Flow Information Export (IPFIX) Entities".
 */
#ifndef TW_FLOWEXPORT_FIELDS_H
#define TW_FLOWEXPORT_FIELDS_H

#include <assert.h>
#include <stdint.h>

#include "flowexport/message.h"

enum { TW_FLOW_TEMPLATE_FIRST = 256, TW_OPTION_TEMPLATE_FIRST = 320, TW_WIDTH_VARIABLE = 65535 };

enum tw_flow_class {                          /* template id = TW_FLOW_TEMPLATE_FIRST + layout */
		     TW_CLASS_IPV4_TRANSPORT, /* TCP, UDP, SCTP and their kin: has ports */
		     TW_CLASS_IPV4_ICMP,
		     TW_CLASS_IPV4_FRAGMENT, /* all fragments but the first: ports unknown */
		     TW_CLASS_IPV6_TRANSPORT,
		     TW_CLASS_IPV6_ICMP,
		     TW_CLASS_IPV6_FRAGMENT,
		     TW_CLASS_LAYER2, /* neither IPv4 nor IPv6: no addresses, no layer-3 octets */
		     TW_CLASS_IPV4_OTHER,
		     TW_CLASS_IPV6_OTHER,
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
	TW_IN_ALL = (1 << TW_FLOW_CLASSES) - 1,
};

/*
 * A layout is a class or table in one format: its number is the bit of the column "records" and, behind the first, its
 * template id. Version 9 knows elements below 128 by nature; of the others it gets those that nothing older says.
 */
enum { TW_V9_LAYOUT_FIRST = 16, TW_LAYOUTS = 32 };
#define TW_LAYOUT(format, cls) ((format) == TW_FORMAT_V9 ? TW_V9_LAYOUT_FIRST + (cls) : (cls))
#define TW_V9(records)         ((uint32_t)(records) << TW_V9_LAYOUT_FIRST)
#define TW_BOTH(records)       ((uint32_t)(records) | TW_V9(records))

/* Data records. boot_ms: what version 9 counts from. r: const struct tw_flow_record *. ICMP: dst_port is type * 256 + code. */
#define TW_FLOW_FIELDS(F, c)                                                                                \
	F(c, sourceIPv4Address, 8, 0, 4, OCTETS, r->src_ip, TW_BOTH(TW_IN_IPV4))                            \
	F(c, destinationIPv4Address, 12, 0, 4, OCTETS, r->dst_ip, TW_BOTH(TW_IN_IPV4))                      \
	F(c, sourceIPv6Address, 27, 0, 16, OCTETS, r->src_ip, TW_BOTH(TW_IN_IPV6))                          \
	F(c, destinationIPv6Address, 28, 0, 16, OCTETS, r->dst_ip, TW_BOTH(TW_IN_IPV6))                     \
	F(c, sourceTransportPort, 7, 0, 2, UINT, r->src_port, TW_BOTH(TW_IN_TRANSPORT))                     \
	F(c, destinationTransportPort, 11, 0, 2, UINT, r->dst_port, TW_BOTH(TW_IN_TRANSPORT))               \
	F(c, protocolIdentifier, 4, 0, 1, UINT, r->protocol, TW_BOTH(TW_IN_IP))                             \
	F(c, icmpTypeCodeIPv4, 32, 0, 2, UINT, r->dst_port, TW_IN_ICMP4 | TW_V9(TW_IN_ICMP4 | TW_IN_ICMP6)) \
	F(c, icmpTypeIPv4, 176, 0, 1, UINT, r->dst_port >> 8, TW_IN_ICMP4)                                  \
	F(c, icmpCodeIPv4, 177, 0, 1, UINT, r->dst_port & 0xff, TW_IN_ICMP4)                                \
	F(c, icmpTypeCodeIPv6, 139, 0, 2, UINT, r->dst_port, TW_IN_ICMP6)                                   \
	F(c, icmpTypeIPv6, 178, 0, 1, UINT, r->dst_port >> 8, TW_IN_ICMP6)                                  \
	F(c, icmpCodeIPv6, 179, 0, 1, UINT, r->dst_port & 0xff, TW_IN_ICMP6)                                \
	F(c, ipClassOfService, 5, 0, 1, UINT, r->tos, TW_BOTH(TW_IN_IP))                                    \
	F(c, tcpControlBits, 6, 0, 1, UINT, r->tcp_flags, TW_BOTH(TW_IN_TRANSPORT))                         \
	F(c, ipVersion, 60, 0, 1, UINT, (r->key_flags & TW_FLOW_KEY_IPV6) ? 6 : 4, TW_BOTH(TW_IN_IP))       \
	F(c, minimumTTL, 52, 0, 1, UINT, r->min_ttl, TW_BOTH(TW_IN_IP))                                     \
	F(c, maximumTTL, 53, 0, 1, UINT, r->max_ttl, TW_BOTH(TW_IN_IP))                                     \
	F(c, minimumIpTotalLength, 25, 0, 2, UINT, r->min_len, TW_BOTH(TW_IN_IP))                           \
	F(c, maximumIpTotalLength, 26, 0, 2, UINT, r->max_len, TW_BOTH(TW_IN_IP))                           \
	F(c, flowLabelIPv6, 31, 0, 4, UINT, r->flow_label, TW_IN_IPV6)                                      \
	F(c, flowLabelIPv6, 31, 0, 3, UINT, r->flow_label, TW_V9(TW_IN_IPV6))                               \
	F(c, flowStartMilliseconds, 152, 0, 8, UINT, r->first_ms, TW_IN_ALL)                                \
	F(c, flowEndMilliseconds, 153, 0, 8, UINT, r->last_ms, TW_IN_ALL)                                   \
	F(c, flowStartSysUpTime, 22, 0, 4, UINT, tw_message_uptime(r->first_ms, boot_ms), TW_V9(TW_IN_ALL)) \
	F(c, flowEndSysUpTime, 21, 0, 4, UINT, tw_message_uptime(r->last_ms, boot_ms), TW_V9(TW_IN_ALL))    \
	F(c, octetDeltaCount, 1, 0, 8, UINT, r->l3_octets, TW_BOTH(TW_IN_IP))                               \
	F(c, packetDeltaCount, 2, 0, 8, UINT, r->packets, TW_BOTH(TW_IN_ALL))                               \
	F(c, layer2OctetDeltaCount, 352, 0, 8, UINT, r->l2_octets, TW_IN_ALL | TW_V9(1 << TW_CLASS_LAYER2)) \
	F(c, ingressInterface, 10, 0, 4, UINT, r->ingress, TW_BOTH(TW_IN_ALL))                              \
	F(c, egressInterface, 14, 0, 4, UINT, r->egress, TW_BOTH(TW_IN_ALL))                                \
	F(c, flowDirection, 61, 0, 1, UINT, r->direction, TW_BOTH(TW_IN_ALL))                               \
	F(c, flowEndReason, 136, 0, 1, UINT, r->end_reason, TW_IN_ALL)                                      \
	F(c, forwardingStatus, 89, 0, 1, UINT, r->forwarding, TW_BOTH(TW_IN_ALL))                           \
	F(c, sourceMacAddress, 56, 0, 6, OCTETS, r->src_mac, TW_BOTH(TW_IN_ALL))                            \
	F(c, destinationMacAddress, 80, 0, 6, OCTETS, r->dst_mac, TW_BOTH(TW_IN_ALL))                       \
	F(c, vlanId, 58, 0, 2, UINT, r->vlan, TW_BOTH(TW_IN_ALL))                                           \
	F(c, dot1qVlanId, 243, 0, 2, UINT, r->vlan, TW_IN_ALL)                                              \
	F(c, postVlanId, 59, 0, 2, UINT, r->post_vlan, TW_IN_ALL)                                           \
	F(c, postDot1qVlanId, 254, 0, 2, UINT, r->post_vlan, TW_IN_ALL)                                     \
	F(c, dot1qPriority, 244, 0, 1, UINT, r->vlan_priority, TW_IN_ALL)                                   \
	F(c, ethernetType, 256, 0, 2, UINT, r->ethertype, TW_IN_ALL | TW_V9(1 << TW_CLASS_LAYER2))

enum tw_option_table {                      /* template id = TW_OPTION_TEMPLATE_FIRST + layout */
		       TW_TABLE_SAMPLING_A, /* every packet is metered, as nfdump and pmacct read it */
		       TW_TABLE_SAMPLING_B, /* the same, as the registry has it today */
		       TW_TABLE_INTERFACE,
		       TW_TABLE_VM,
		       TW_TABLE_METERING,             /* RFC 7011 section 4.1 */
		       TW_TABLE_METERING_RELIABILITY, /* section 4.2 */
		       TW_TABLE_EXPORT_RELIABILITY,   /* section 4.3 */
		       TW_TABLE_TYPES,                /* RFC 5610; id kept free: no element of ours is private */
		       TW_TABLE_DOMAIN,
		       TW_OPTION_TABLES,
};

enum {
	TW_IN_SAMPLING_A = 1 << TW_TABLE_SAMPLING_A,
	TW_IN_SAMPLING_B = 1 << TW_TABLE_SAMPLING_B,
	TW_IN_INTERFACE = 1 << TW_TABLE_INTERFACE,
	TW_IN_VM = 1 << TW_TABLE_VM,
	TW_IN_METERING = 1 << TW_TABLE_METERING,
	TW_IN_IGNORED = 1 << TW_TABLE_METERING_RELIABILITY,
	TW_IN_NOT_SENT = 1 << TW_TABLE_EXPORT_RELIABILITY,
	TW_IN_DOMAIN = 1 << TW_TABLE_DOMAIN,
	TW_IN_PER_DOMAIN =
		TW_IN_SAMPLING_A | TW_IN_SAMPLING_B | TW_IN_INTERFACE | TW_IN_METERING | TW_IN_IGNORED | TW_IN_DOMAIN,
};

/* Options records; the first field of each is its scope. o: const struct tw_option_row * (options.c). */
#define TW_OPTION_FIELDS(F, c)                                                                         \
	F(c, scopeSystem, 1, 0, 4, UINT, o->domain,                                                    \
	  TW_V9(TW_IN_SAMPLING_A | TW_IN_INTERFACE | TW_IN_METERING)) /* not an element: scope 1 */    \
	F(c, observationDomainId, 149, 0, 4, UINT, o->domain, TW_IN_PER_DOMAIN)                        \
	F(c, exportingProcessId, 144, 0, 4, UINT, 1, TW_IN_NOT_SENT)                                   \
	F(c, ingressInterface, 10, 0, 4, UINT, o->who->number, TW_BOTH(TW_IN_INTERFACE) | TW_IN_VM)    \
	F(c, samplingInterval, 34, 0, 4, UINT, 1, TW_BOTH(TW_IN_SAMPLING_A))                           \
	F(c, samplingAlgorithm, 35, 0, 1, UINT, 1, TW_V9(TW_IN_SAMPLING_A)) /* deterministic */        \
	F(c, selectorAlgorithm, 304, 0, 2, UINT, 1, TW_IN_SAMPLING_B)       /* systematic, by count */ \
	F(c, samplingPacketInterval, 305, 0, 4, UINT, 1, TW_IN_SAMPLING_B)                             \
	F(c, samplingPacketSpace, 306, 0, 4, UINT, 0, TW_IN_SAMPLING_B)                                \
	F(c, interfaceName, 82, 0, 32, TEXT, o->who->name, TW_BOTH(TW_IN_INTERFACE))                   \
	F(c, interfaceDescription, 83, 0, 64, TEXT, o->description, TW_BOTH(TW_IN_INTERFACE))          \
	F(c, virtualStationInterfaceId, 347, 0, 16, OCTETS, o->who->uuid, TW_IN_VM)                    \
	F(c, virtualStationUUID, 349, 0, 16, OCTETS, o->who->vm_uuid, TW_IN_VM)                        \
	F(c, virtualStationName, 350, 0, TW_WIDTH_VARIABLE, VARTEXT, o->who->vm_name, TW_IN_VM)        \
	F(c, virtualStationInterfaceName, 348, 0, TW_WIDTH_VARIABLE, VARTEXT, o->who->name, TW_IN_VM)  \
	F(c, exportedOctetTotalCount, 40, 0, 8, UINT, o->sent.octets, TW_BOTH(TW_IN_METERING))         \
	F(c, exportedMessageTotalCount, 41, 0, 8, UINT, o->sent.messages, TW_BOTH(TW_IN_METERING))     \
	F(c, exportedFlowRecordTotalCount, 42, 0, 8, UINT, o->sent.flows, TW_BOTH(TW_IN_METERING))     \
	F(c, ignoredPacketTotalCount, 164, 0, 8, UINT, o->ignored.packets, TW_IN_IGNORED)              \
	F(c, ignoredOctetTotalCount, 165, 0, 8, UINT, o->ignored.octets, TW_IN_IGNORED)                \
	F(c, observationTimeMilliseconds, 323, 0, 8, UINT, o->ignored.first_ms, TW_IN_IGNORED)         \
	F(c, observationTimeMilliseconds, 323, 0, 8, UINT, o->ignored.last_ms, TW_IN_IGNORED)          \
	F(c, notSentFlowTotalCount, 166, 0, 8, UINT, o->not_sent.flows, TW_IN_NOT_SENT)                \
	F(c, notSentPacketTotalCount, 167, 0, 8, UINT, o->not_sent.packets, TW_IN_NOT_SENT)            \
	F(c, notSentOctetTotalCount, 168, 0, 8, UINT, o->not_sent.octets, TW_IN_NOT_SENT)              \
	F(c, observationTimeMilliseconds, 323, 0, 8, UINT, o->not_sent.first_ms, TW_IN_NOT_SENT)       \
	F(c, observationTimeMilliseconds, 323, 0, 8, UINT, o->not_sent.last_ms, TW_IN_NOT_SENT)        \
	F(c, observationDomainName, 300, 0, TW_WIDTH_VARIABLE, VARTEXT, o->host, TW_IN_DOMAIN)

/* Octets of a data record of a layout, at compile time. */
#define TW_FIELD_SIZE(c, name, element, pen, width, put, value, records) +((records) & (1u << (c)) ? (width) : 0)
#define TW_FLOW_RECORD_SIZE(layout)                                      (0 TW_FLOW_FIELDS(TW_FIELD_SIZE, layout))

/* Changing one of these changes a layout that collectors have cached under its id: take a new id. */
static_assert(TW_FLOW_RECORD_SIZE(TW_CLASS_IPV4_TRANSPORT) == 96, "layout 256 is fixed");
static_assert(TW_FLOW_RECORD_SIZE(TW_CLASS_IPV4_ICMP) == 95, "layout 257 is fixed");
static_assert(TW_FLOW_RECORD_SIZE(TW_CLASS_IPV4_FRAGMENT) == 91, "layout 258 is fixed");
static_assert(TW_FLOW_RECORD_SIZE(TW_CLASS_IPV6_TRANSPORT) == 124, "layout 259 is fixed");
static_assert(TW_FLOW_RECORD_SIZE(TW_CLASS_IPV6_ICMP) == 123, "layout 260 is fixed");
static_assert(TW_FLOW_RECORD_SIZE(TW_CLASS_IPV6_FRAGMENT) == 119, "layout 261 is fixed");
static_assert(TW_FLOW_RECORD_SIZE(TW_CLASS_LAYER2) == 66, "layout 262 is fixed");
static_assert(TW_FLOW_RECORD_SIZE(TW_CLASS_IPV4_OTHER) == 91, "layout 263 is fixed");
static_assert(TW_FLOW_RECORD_SIZE(TW_CLASS_IPV6_OTHER) == 119, "layout 264 is fixed");

#endif
