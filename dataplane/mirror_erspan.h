/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mirror_erspan.h - a sink that sends copies to an ERSPAN collector, by the host's own network.
 *
 * How      raw GRE sockets: the kernel knows the way, the neighbour, the path's MTU and how to fragment. No copy waits for it.
 * Sequence one number for each copy of the session, from 0; a copy that was shed or failed takes one, too, so that a receiver
 *          sees that something is missing, and can prove that nothing else is. It goes on at the host to which the mirror's
 *          last port here moves (mirror.h).
 * Threads  see mirror_sink.h.
 * Errors   no route, no such source address: said in the counters, tried again each second, copies meanwhile failed.
 */
#ifndef TW_DATAPLANE_MIRROR_ERSPAN_H
#define TW_DATAPLANE_MIRROR_ERSPAN_H

#include "dataplane/mirror_sink.h"
#include "proto/switch.pb-c.h"

/** @return NULL: error says why (no right to raw sockets, no memory) */
struct tw_sink *tw_erspan_open(const Tw__LocalMirror *mirror, char error[static 128]);

#endif
