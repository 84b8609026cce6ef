/* SPDX-License-Identifier: Apache-2.0 */
/*
 * frame.h - a frame as an operator writes it, by its fields or in hexadecimal.
 *
 *   src MAC|PORT  dst MAC|PORT|broadcast  vlan N  priority N  type N  ip FROM TO  proto N
 *   tcp [FROM TO]  udp [FROM TO]  icmp [TYPE CODE]  syn ack fin rst psh urg  len N
 *
 * "ip" takes IPv4 and IPv6; words in any order. The same words say which frames are looked for (`why`): there what is not
 * given is any. A frame is made to be judged, not sent: its checksums are zero.
 * Pure but for the names, which the caller resolves; any thread.
 */
#ifndef TW_TWCTL_FRAME_H
#define TW_TWCTL_FRAME_H

#include <stdbool.h>
#include <stdint.h>

#include "common/mac.h"
#include "proto/link/error.h"

enum { TW_FRAME_MAX = 9234, TW_FRAME_MIN = 60 };

enum tw_frame_given {
	TW_FRAME_SRC = 1 << 0,
	TW_FRAME_DST = 1 << 1,
	TW_FRAME_VLAN = 1 << 2,
	TW_FRAME_TYPE = 1 << 3,
	TW_FRAME_IP = 1 << 4,
	TW_FRAME_PROTO = 1 << 5,
	TW_FRAME_PORTS = 1 << 6, /* of icmp: type and code */
	TW_FRAME_HEX = 1 << 7,   /* raw alone counts */
};

struct tw_frame {
	uint32_t given; /* enum tw_frame_given */
	uint8_t src[TW_MAC_LEN], dst[TW_MAC_LEN];
	uint16_t vlan, priority, type;
	uint8_t ip_len; /* 4 or 16 */
	uint8_t src_ip[16], dst_ip[16];
	uint8_t proto, tcp_flags;
	uint16_t ports[2];
	uint32_t len; /* wanted, 0 = as small as it can be */
	uint32_t raw_len;
	uint8_t raw[TW_FRAME_MAX];
};

/** The MAC of a port by its name. @return false: no such port */
typedef bool (*tw_frame_resolve)(void *arg, const char *name, uint8_t mac[static TW_MAC_LEN]);

/** @param path of the field that an error names. @return false with *err filled */
bool tw_frame_parse(const char *path, const char *text, tw_frame_resolve resolve, void *arg, struct tw_frame *frame,
		    struct tw_error *err);

/** The frame's octets. @return how many, TW_FRAME_MAX at most */
uint32_t tw_frame_build(const struct tw_frame *frame, uint8_t out[static TW_FRAME_MAX]);

#endif
