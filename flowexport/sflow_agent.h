/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sflow_agent.h - one sFlow exporter on one host: puts samples into datagrams, numbers them, and sends them to its collectors.
 *
 * Datagram the same one goes to every collector, or to one at a time (choice.h). It leaves when it is full, or at the next tick.
 * Numbers  each interface has a sequence for its packets and one for its counters, each machine one for its counters; all of
 *          them and the datagrams' begin with 1, and the uptime with 0, when the agent is made: a reader sees a restart.
 * Lost     a sample that could not be sent took its numbers, so that a reader sees that it is missing.
 * Address  the agent's is the one that datagrams come from, as of when the first way to a collector was found.
 * Threads  one thread owns the agent and makes every call, but tw_sflow_report_*() and tw_sflow_get_stats(), which any
 *          control thread may make: they exchange values under a lock that is held for microseconds.
 */
#ifndef TW_FLOWEXPORT_SFLOW_AGENT_H
#define TW_FLOWEXPORT_SFLOW_AGENT_H

#include "flowexport/exporter.h"
#include "flowexport/sflow.h"

struct tw_sflow_agent;

/**
 * @param targets 1..TW_COLLECTORS_MAX collectors of one exporter: name, collector, source, failover, domain (the sub-agent) and
 *                mtu count. Copied
 * @param now_ms  a clock that runs on, here and below
 * @return NULL: no memory
 */
struct tw_sflow_agent *tw_sflow_create(const struct tw_exporter_target *targets, size_t n, uint64_t now_ms);
/** Send what is open, close. Accepts NULL. */
void tw_sflow_destroy(struct tw_sflow_agent *agent);

/** Borrows the packet, and fills in sequence and drops. */
void tw_sflow_sampled(struct tw_sflow_agent *agent, struct tw_sflow_packet *packet);
/** Samples were given up before they came here. */
void tw_sflow_note_drops(struct tw_sflow_agent *agent, uint64_t n);

/** Counters, as they are now, for the next datagram; sequence is filled in there. Any control thread. */
void tw_sflow_report_interface(struct tw_sflow_agent *agent, const struct tw_sflow_interface *interface);
void tw_sflow_report_machine(struct tw_sflow_agent *agent, const struct tw_sflow_machine *machine);

/** Time has passed: take what was reported, send what is open, hear refusals. Call about every 100 ms. */
void tw_sflow_tick(struct tw_sflow_agent *agent, uint64_t now_ms);

/** For each collector: records are samples, messages datagrams; lost are those given up before, too. @return how many */
size_t tw_sflow_get_stats(struct tw_sflow_agent *agent, struct tw_exporter_stats stats[static TW_COLLECTORS_MAX]);

#endif
