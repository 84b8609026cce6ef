/* SPDX-License-Identifier: Apache-2.0 */
/*
 * local.h - serves RUN_DIR/agent.ipc: programs on this host that start guests.
 *
 * AttachPort is answered when the switch serves the port here, so that the asker can start QEMU at once; a port that is
 * not bound to this host is bound by the controller first. A host that has lost its controller still attaches the ports
 * it has. DetachPort unbinds a port that is bound here and does not move.
 *
 * Threads  the agent's one thread.
 */
#ifndef TW_AGENT_LOCAL_H
#define TW_AGENT_LOCAL_H

struct tw_agent;
struct tw_local;

/** @return NULL when the socket cannot be listened on (logged) */
struct tw_local *tw_local_create(struct tw_agent *agent);
void tw_local_destroy(struct tw_local *local);
/** The slice changed or the switch has realised it: see who can be answered now. */
void tw_local_changed(struct tw_local *local);

#endif
