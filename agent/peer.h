/* SPDX-License-Identifier: Apache-2.0 */
/*
 * peer.h - takes port states from other hosts' agents and puts them into the switch.
 *
 * Only for ports that a migration under way brings to this host; anything else is refused. A handover that is repeated
 * because its answer was late is answered and not put twice.
 *
 * Threads  the agent's one thread.
 */
#ifndef TW_AGENT_PEER_H
#define TW_AGENT_PEER_H

struct tw_agent;
struct tw_peer;

/** Listen. @return NULL when the URL cannot be listened on (logged) */
struct tw_peer *tw_peer_create(struct tw_agent *agent, const char *url);
void tw_peer_destroy(struct tw_peer *peer);
/** The slice changed: forget what belongs to migrations that are over. */
void tw_peer_slice(struct tw_peer *peer);

#endif
