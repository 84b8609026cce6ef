/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mirror_stream.h - a sink that sends copies to this host's agent while somebody reads them: a live capture.
 *
 * How      a local socket of messages (SOCK_SEQPACKET), a CaptureBatch each (proto/capture.proto), every 100 ms or when it is
 *          full. What the agent does not take in time waits, up to some MiB; beyond that it is shed.
 * Counting a batch says how many frames were sent up to it, so that whoever reads knows what got lost behind this socket.
 * Threads  see mirror_sink.h.
 * Errors   no agent: said in the counters, tried again with each flush, copies meanwhile wait or are shed.
 */
#ifndef TW_DATAPLANE_MIRROR_STREAM_H
#define TW_DATAPLANE_MIRROR_STREAM_H

#include "dataplane/mirror_sink.h"
#include "proto/switch.pb-c.h"

/** @param host name. @return NULL: error says why */
struct tw_sink *tw_mirror_stream_open(const Tw__LocalMirror *mirror, const char *host, char error[static 128]);

#endif
