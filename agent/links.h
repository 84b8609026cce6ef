/* SPDX-License-Identifier: Apache-2.0 */
/*
 * links.h - the kernel's links under this host's uplinks: watched, raised, made promiscuous.
 *
 * An uplink names the kernel link it runs over (Uplink.netdev). DPDK's af_packet and tap drivers always say "up", so the
 * truth about carrier and MTU comes from the kernel's own notifications. A watched link is set up and promiscuous when it
 * is not: frames for guests carry MACs that the link does not know. Nothing is undone when a link is no longer watched.
 *
 * Threads  the agent's one thread. `changed` is called from the event loop.
 */
#ifndef TW_AGENT_LINKS_H
#define TW_AGENT_LINKS_H

#include <event2/event.h>
#include <stdbool.h>
#include <stdint.h>

#include "proto/envelope.pb-c.h"

struct tw_links;

struct tw_links_state {
	bool present; /* there is a kernel link of that name */
	bool up;      /* administratively, and it has a carrier */
	uint32_t mtu; /* octets of layer 3 */
};

/** @return NULL with errno set when netlink cannot be used */
struct tw_links *tw_links_create(struct event_base *base, void (*changed)(void *arg), void *arg);
void tw_links_destroy(struct tw_links *links);

/** Watch the links that these uplinks name, and no others; borrowed. @return 0 or -ENOMEM (the old ones stay) */
int tw_links_set(struct tw_links *links, size_t n, Tw__Uplink *const *uplinks);

/** State of a watched uplink's link. @return false when the uplink names none or is not watched */
bool tw_links_get(const struct tw_links *links, const char *uplink, struct tw_links_state *state);

#endif
