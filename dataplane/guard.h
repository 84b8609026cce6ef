/* SPDX-License-Identifier: Apache-2.0 */
/*
 * guard.h - may a guest send this? Addresses that are not its own, and roles that are not its: DHCP server, router, bridge.
 *
 * Place    behind the check of the source MAC. What the flow key tells is judged once a flow (tw_guard_judge(), called by
 *          decide.c); what only a frame's bytes tell (ARP, neighbour discovery, headers that hide others) is judged for each
 *          frame of such a flow (tw_guard_inspect(), called by the worker where the verdict says TW_V_INSPECT).
 * Threads  pure; any. Every byte is a guest's: each read is behind a comparison with the frame's end.
 * Spec     RFC 7513 and RFC 6620 (SAVI), RFC 5227 (ARP probes), RFC 4861/4862 (ND, DAD), RFC 6105 and RFC 7113 (RA guard),
 *          RFC 7610 (DHCPv6 shield), RFC 6980 (no ND in fragments).
 */
#ifndef TW_DATAPLANE_GUARD_H
#define TW_DATAPLANE_GUARD_H

#include "common/prefix.h"
#include "dataplane/drop.h"
#include "dataplane/key.h"
#include "dataplane/snapshot.h"

enum tw_guard {
	TW_GUARD_SOURCE = 1 << 0, /* IP source addresses are the port's */
	TW_GUARD_ARP = 1 << 1,    /* ARP says the port's MAC and addresses */
	TW_GUARD_ND = 1 << 2,     /* so does neighbour discovery */
	TW_GUARD_DHCP = 1 << 3,   /* no DHCP server */
	TW_GUARD_DHCP6 = 1 << 4,  /* no DHCPv6 server */
	TW_GUARD_RA = 1 << 5,     /* no router: advertisements, redirects */
	TW_GUARD_BPDU = 1 << 6,   /* no bridge */
};

/* The addresses a port may use. */
struct tw_addresses {
	uint32_t n;
	struct tw_prefix prefix[];
};

/**
 * @param in      a port with guards
 * @param inspect set to true when each of the flow's frames must be looked at
 * @return TW_DROPS: it may
 */
enum tw_drop tw_guard_judge(const struct tw_slot *in, const struct tw_key *key, bool *inspect);

/**
 * @param data   the frame's first `len` octets; its Ethernet header has l2_len
 * @return TW_DROPS: it may
 */
enum tw_drop tw_guard_inspect(const struct tw_slot *in, const struct tw_key *key, const uint8_t *data, uint32_t len,
			      uint32_t l2_len);

#endif
