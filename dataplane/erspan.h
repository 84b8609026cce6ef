/* SPDX-License-Identifier: Apache-2.0 */
/*
 * erspan.h - the headers that a mirrored frame travels behind to a collector: GRE and ERSPAN, type II or III.
 *
 * Threads  pure; any.
 * Spec     draft-foschiano-erspan-03 (types II and III), RFC 2784 and RFC 2890 (GRE with a sequence number).
 */
#ifndef TW_DATAPLANE_ERSPAN_H
#define TW_DATAPLANE_ERSPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TW_ERSPAN_HEADER_MAX = 8 + 12 + 8 };

/* How a session says things. */
struct tw_erspan {
	uint8_t type;     /* 2 or 3 */
	uint16_t session; /* 1..1023 */
	uint8_t cos;      /* 0 = that of the frame's own tag */
	bool nanoseconds; /* type III: IEEE 1588 time with seconds, in a sub-header that not all receivers know; else units of 100 ns */
};

/* One frame. */
struct tw_erspan_frame {
	uint32_t sequence;
	uint16_t vlan;  /* it is in; 0 = none */
	bool tagged;    /* it has its tag */
	uint8_t pcp;    /* of that */
	bool truncated; /* not all of it follows */
	bool egress;    /* type III: seen on its way to the guest */
	uint32_t port;  /* type II: 20 bits of it; type III with a sub-header: 16 */
	uint64_t ns;    /* Unix epoch */
};

/** Octets of the headers. */
size_t tw_erspan_size(const struct tw_erspan *session);

/** @param out tw_erspan_size() octets */
void tw_erspan_write(const struct tw_erspan *session, const struct tw_erspan_frame *frame, uint8_t *out);

#endif
