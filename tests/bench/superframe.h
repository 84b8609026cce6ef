/* SPDX-License-Identifier: Apache-2.0 */
/*
 * superframe.h - the 64 KB frame of the benchmark "tso": what tw-tso-guests and tw-tso-taps send, know again and report alike.
 *
 * Ethernet, IPv4 and TCP with timestamps around 45 segments of 1,448 octets: what Linux makes of a stream with TSO. Frames are
 * numbered, in TCP's sequence number and in the last four octets, so that a frame which is not whole, or not the next one, is
 * known. The TCP checksum is the pseudo-header's, as virtio (1.2, 5.1.6.2) leaves it for whoever finishes the frame.
 * Pure functions but superframe_report(), which writes to standard output.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <rte_ether.h>
#include <rte_ip.h>
#include <rte_tcp.h>

enum {
	SUPERFRAME_MSS = 1448,
	SUPERFRAME_HEADERS = 66,
	SUPERFRAME_OCTETS = SUPERFRAME_HEADERS + 45 * SUPERFRAME_MSS, /* without FCS */
	SUPERFRAME_WINDOW = 32 /* frames on their way at most, as TCP's window would */
};

struct superframe_headers {
	struct rte_ether_hdr eth;
	struct rte_ipv4_hdr ip;
	struct rte_tcp_hdr tcp;
	uint8_t options[12]; /* TCP: no-op, no-op, timestamps */
} __attribute__((packed, aligned(2)));

struct superframe_count {
	uint64_t sent, received;
	uint64_t
		wrong; /* not whole, not the next one, or without the mark that segments of SUPERFRAME_MSS are wanted */
};

/* From guest 02:00:00:00:00:01 to 02:00:00:00:00:02. */
void superframe_headers(struct superframe_headers *headers);

/* Give the frame its number; `last4` are its last four octets. */
void superframe_number(struct superframe_headers *headers, void *last4, uint32_t number);

/* Is it the frame with this number? *number becomes the one expected after the frame that came. */
bool superframe_is_next(const struct superframe_headers *headers, const void *last4, uint32_t *number);

/* One line of JSON, figures of `counted` over so many seconds; `lost`: frames sent that never came. */
void superframe_report(const struct superframe_count *counted, double seconds, uint64_t lost);
