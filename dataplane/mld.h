/* SPDX-License-Identifier: Apache-2.0 */
/* mld.h - MLD versions 1 and 2 read and queries of version 2 written (RFC 2710, 3590, 3810, 9777). Pure; any thread. */
#ifndef TW_DATAPLANE_MLD_H
#define TW_DATAPLANE_MLD_H

#include "dataplane/mcast_message.h"

/** MLD's messages: types of ICMPv6. */
enum tw_mld_type {
	TW_MLD_QUERY = 130,
	TW_MLD_REPORT1 = 131,
	TW_MLD_DONE = 132,
	TW_MLD_REPORT2 = 143,
};

static inline bool tw_mld_is_type(uint8_t type)
{
	return (type >= TW_MLD_QUERY && type <= TW_MLD_DONE) || type == TW_MLD_REPORT2;
}

/**
 * @param p   the IPv6 header
 * @param len octets there are, padding behind the packet included
 * @return TW_MCAST_OK, else why not: *m is undefined then
 */
enum tw_mcast_error tw_mld_parse(const uint8_t *p, uint32_t len, struct tw_mcast_message *m);

/** A whole untagged frame. @param out TW_MCAST_QUERY_MAX octets @return its length */
uint32_t tw_mld_write_query(const struct tw_mcast_query *query, uint8_t *out);

/** fe80::/64 and the modified EUI-64 of a MAC (RFC 4291 appendix A): whom queries come from. */
struct tw_mcast_addr tw_mld_link_local(const uint8_t mac[6]);

#endif
