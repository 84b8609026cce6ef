/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mirror_sflow.h - a sink that makes sFlow samples of its copies, and sends them with ports' counters to collectors.
 *
 * Sampled  the workers have drawn the copies (mirror_tap.c), each at the port or uplink that the frame came in by: once a host.
 * Pool     what has come in there up to the sampled packet, less what is dropped before anything is drawn. Of other workers
 *          that poll the same port it is what they have had when the sample is encoded, some milliseconds later.
 * Threads  see mirror_sink.h. Main reports counters (sflow_counters.c) and asks for statistics.
 */
#ifndef TW_DATAPLANE_MIRROR_SFLOW_H
#define TW_DATAPLANE_MIRROR_SFLOW_H

#include "dataplane/mirror_sink.h"
#include "flowexport/sflow_agent.h"
#include "proto/switch.pb-c.h"

struct tw_worker;

/** @param workers kept; their counters are read. @return NULL: error says why */
struct tw_sink *tw_sflow_open(const Tw__LocalMirror *mirror, struct tw_worker *const *workers, unsigned n_workers,
			      char error[static 128]);

/** Of a sink that tw_sflow_open() has made. */
struct tw_sflow_agent *tw_sflow_agent_of(struct tw_sink *sink);

/** The number (ifIndex) of what is at a slot: a port's own; uplinks have the last ones, which no port gets to. */
uint32_t tw_sflow_number(uint16_t slot, uint32_t port);

#endif
