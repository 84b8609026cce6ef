/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mirror_remote.h - a sink that sends copies to the host of the port they are for, which takes them in: mirror_arrive.h.
 *
 * How      a UDP socket with Geneve (geneve.h): the kernel knows the way, and fragments what the path does not take in one
 *          piece, so that a frame arrives as it was. No copy waits for it.
 * Sequence one number for each copy that is sent, from anywhere: the other host sees what got lost between, and when another
 *          sink has taken this one's place.
 * Clear    copies travel as they are, and so does the key that tells the receiver whose they are: the network between the hosts is
 *          the operator's (docs/mirror.md).
 * Threads  see mirror_sink.h.
 * Errors   no route, no such address of this host, nobody there: said in the counters, copies meanwhile failed.
 */
#ifndef TW_DATAPLANE_MIRROR_REMOTE_H
#define TW_DATAPLANE_MIRROR_REMOTE_H

#include "dataplane/mirror_sink.h"
#include "proto/switch.pb-c.h"

/** @param mirror checked, with a tunnel @return NULL: error says why (no memory, no socket) */
struct tw_sink *tw_remote_open(const Tw__LocalMirror *mirror, char error[static 128]);

#endif
