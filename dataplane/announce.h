/* SPDX-License-Identifier: Apache-2.0 */
/*
 * announce.h - tell the physical network (and the host a guest came from) where a MAC is now.
 *
 * A guest behind vhost-user cannot be spoken for by QEMU, so the switch does it: one RARP request for each VLAN of the
 * port, on the uplink by which its frames leave, the moment its ring runs or that uplink becomes another one, repeated
 * after 50, 200 and 500 ms, because a frame can be lost. The switch a guest left takes the same frame as the sign to pass on
 * what it holds: no controller is waited for.
 * Threads  main. Frames go through worker 0's inject ring.
 * Spec     RFC 903 (packet format; operation 3, "request reverse"), as QEMU and other hypervisors announce.
 */
#ifndef TW_DATAPLANE_ANNOUNCE_H
#define TW_DATAPLANE_ANNOUNCE_H

#include <event2/event.h>
#include <rte_mbuf.h>

#include "dataplane/worker.h"

enum { TW_ANNOUNCE_VLANS_MAX = 64 }; /* of a trunk: the first of its list */

struct tw_announcer;

/** @param worker the one whose inject ring is used; its snapshot pointer says which uplinks there are */
struct tw_announcer *tw_announcer_create(struct event_base *base, struct tw_worker *worker);
void tw_announcer_destroy(struct tw_announcer *announcer); /* accepts NULL */

/** Announce the port at this slot of the published snapshot, now and three times more while it stays up there; does nothing
 * while that is under way. */
void tw_announce(struct tw_announcer *announcer, uint16_t slot);

#endif
