/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tunnel.h - where hosts take in the copies that mirrors on other hosts make for their ports, and what of it the switch is told.
 *
 * A port that moves here or away is at both ends of its way until the migration is over: copies that come in for it are taken
 * before it runs, and counted where it no longer does.
 * Threads  any: pure.
 */
#ifndef TW_AGENT_TUNNEL_H
#define TW_AGENT_TUNNEL_H

#include <netinet/in.h>

#include "agent/snapshot.h"

struct tw_tunnel_address {
	char text[INET6_ADDRSTRLEN];
	uint32_t port; /* UDP */
};

/** The address a host was given for it, else that of its peer URL. @param host NULL = not known @return false: it has none */
bool tw_tunnel_address(const Tw__Host *host, struct tw_tunnel_address *address);

/** Can one send to the other? */
bool tw_tunnel_same_family(const struct tw_tunnel_address *a, const struct tw_tunnel_address *b);

struct tw_tunnel {
	Tw__Tunnel msg; /* its mirrors' names and keys are the slice's */
	struct tw_tunnel_address own, *peers;
	Tw__TunnelEnd *ends;
};

/**
 * Work out what comes in here.
 * @param out  zeroed; released with tw_tunnel_release() whatever this returns. Nothing comes in: msg.n_ends is 0
 * @return false with *err filled
 */
bool tw_tunnel_fill(struct tw_tunnel *out, const Tw__WatchReply *view, const char *host, struct tw_error *err);
void tw_tunnel_release(struct tw_tunnel *tunnel);

#endif
