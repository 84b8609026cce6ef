/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lacpdu.h - LACPDUs and marker PDUs as octets of an Ethernet frame.
 *
 * Threads  any; pure.
 * Spec     IEEE 802.1AX-2020 clause 6.4.2.3 (LACPDU), 6.5.3.3 (marker PDU), annex on slow protocols (destination, ethertype).
 */
#ifndef TW_DATAPLANE_LACPDU_H
#define TW_DATAPLANE_LACPDU_H

#include <stdbool.h>
#include <stdint.h>

enum {
	TW_LACP_FRAME = 124,       /* octets of a frame with an LACPDU or a marker, without FCS */
	TW_SLOW_PROTOCOL = 0x8809, /* ethertype */
};

/* Bits of tw_lacp_end.state, clause 6.4.2.3 l). */
enum {
	TW_LACP_ACTIVE = 1,
	TW_LACP_SHORT = 2, /* asks for a PDU each second */
	TW_LACP_AGGREGATABLE = 4,
	TW_LACP_SYNC = 8,
	TW_LACP_COLLECTING = 16,
	TW_LACP_DISTRIBUTING = 32,
	TW_LACP_DEFAULTED = 64,
	TW_LACP_EXPIRED = 128,
};

/* What a PDU says of one end. Numbers in host order. */
struct tw_lacp_end {
	uint16_t system_priority;
	uint8_t system[6];
	uint16_t key, port_priority, port;
	uint8_t state;
};

struct tw_lacpdu {
	struct tw_lacp_end actor, partner;
};

enum tw_slow { TW_SLOW_BAD, TW_SLOW_LACPDU, TW_SLOW_MARKER, TW_SLOW_MARKER_ANSWER };

/**
 * What is this frame of the slow protocols?
 * @param frame from its destination MAC on
 * @param pdu   out: filled for TW_SLOW_LACPDU only
 * @note Versions, TLV types and reserved octets of an LACPDU are not judged, as clause 6.4.12 wants it: later versions begin
 *       like the first.
 */
enum tw_slow tw_lacpdu_read(const uint8_t *frame, uint32_t len, struct tw_lacpdu *pdu);

/** Write a frame with an LACPDU. */
void tw_lacpdu_write(const struct tw_lacpdu *pdu, const uint8_t source[6], uint8_t frame[TW_LACP_FRAME]);

/** Write the answer to a marker. @param marker a frame that tw_lacpdu_read() calls TW_SLOW_MARKER */
void tw_lacp_marker_answer(const uint8_t *marker, const uint8_t source[6], uint8_t frame[TW_LACP_FRAME]);

#endif
