/* SPDX-License-Identifier: Apache-2.0 */
/*
 * conversation.h - which records are the two directions of one conversation: what both have in common, whichever way they went.
 *
 * Common   addresses, transport ports, protocol, VLANs and the switch's two ports, those of one direction crosswise those of the
 *          other. Of frames that are not IP the MACs take the place of addresses; of IP they are left out, since a router may
 *          answer from another MAC than the one that it is reached by. So are ToS, priority and flow label: each end has its own.
 * ICMP     a query and its reply are two directions; no other message has an answer of its own kind.
 * Threads  any; pure.
 * Spec     RFC 5103 sections 2 and 3.
 */
#ifndef TW_FLOWEXPORT_CONVERSATION_H
#define TW_FLOWEXPORT_CONVERSATION_H

#include <stdbool.h>
#include <stdint.h>

#include "flowexport/record.h"

struct tw_conversation_end {
	uint8_t address[16]; /* IPv4 in the first four; a MAC in the first six; wire order */
	uint32_t interface;
	uint16_t port, vlan;
};

/* Two are equal if their octets are. */
struct tw_conversation {
	struct tw_conversation_end ends[2]; /* the lesser one first */
	uint16_t ethertype, inner_vlan;
	uint8_t protocol, key_flags;
	uint16_t sampling; /* counts that stand side by side are of one scale */
};

/**
 * @param sender out: number of the end that the record's frames came from
 * @return false: nothing can be its other direction: it was refused, went to a group, or is a message that nobody answers
 */
bool tw_conversation_of(const struct tw_flow_record *record, struct tw_conversation *conversation, unsigned *sender);

/**
 * Of two directions: did this one begin? The one with the earlier frame; the query before its reply. Of one and the same
 * millisecond the one from the higher port, which is more likely a client's.
 */
bool tw_conversation_began_with(const struct tw_flow_record *record, const struct tw_flow_record *other);

#endif
