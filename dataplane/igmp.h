/* SPDX-License-Identifier: Apache-2.0 */
/* igmp.h - IGMP versions 1 to 3 read and queries of version 3 written (RFC 1112, 2236, 3376, 9776). Pure; any thread. */
#ifndef TW_DATAPLANE_IGMP_H
#define TW_DATAPLANE_IGMP_H

#include "dataplane/mcast_message.h"

/** IGMP's messages, as the first octet says it. */
enum tw_igmp_type {
	TW_IGMP_QUERY = 0x11,
	TW_IGMP_REPORT1 = 0x12,
	TW_IGMP_REPORT2 = 0x16,
	TW_IGMP_LEAVE = 0x17,
	TW_IGMP_REPORT3 = 0x22,
};

/**
 * @param p   the IPv4 header; the protocol is IGMP if its own octet says so
 * @param len octets there are, padding behind the packet included
 * @return TW_MCAST_OK, else why not: *m is undefined then
 */
enum tw_mcast_error tw_igmp_parse(const uint8_t *p, uint32_t len, struct tw_mcast_message *m);

/** A whole untagged frame, at least 60 octets. @param out TW_MCAST_QUERY_MAX octets @return its length */
uint32_t tw_igmp_write_query(const struct tw_mcast_query *query, uint8_t *out);

#endif
