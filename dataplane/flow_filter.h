/* SPDX-License-Identifier: Apache-2.0 */
/*
 * flow_filter.h - which flows somebody wants to see (`twctl flows`), and the few that are ahead of all others.
 *
 * Threads  main makes a filter; any number of workers read it while they go through their flow caches (job.c). Pure.
 */
#ifndef TW_DATAPLANE_FLOW_FILTER_H
#define TW_DATAPLANE_FLOW_FILTER_H

#include "common/prefix.h"
#include "dataplane/flow_cache.h"
#include "proto/switch.pb-c.h"

/* What is zero is any. A flow fits either way round: whatever is asked of one end may be so of the other. */
struct tw_flow_filter {
	Tw__FlowOrder order;
	struct tw_prefix net; /* family 0: any */
	uint16_t vlan, ethertype, l4_port;
	uint8_t protocol;
	uint32_t n_ports, n_macs; /* both 0: any; else one end is one of these */
	uint64_t *macs;           /* tw_mac_word(), sorted */
	uint32_t *ports;          /* numbers, sorted */
};

/**
 * @param asked  checked when it came in; NULL = all flows
 * @return NULL when out of memory. Release with tw_flow_filter_destroy()
 */
struct tw_flow_filter *tw_flow_filter_create(const Tw__FlowFilter *asked, Tw__FlowOrder order);
void tw_flow_filter_destroy(struct tw_flow_filter *filter); /* accepts NULL */

/** @param ingress number of the port that the flow comes in by; 0 = an uplink */
bool tw_flow_filter_fits(const struct tw_flow_filter *filter, const struct tw_flow *flow, uint32_t ingress);

/**
 * Keep the flow if it is among the best `capacity` so far.
 * @param best  a heap: in no order that means something outside
 * @param base  a moment on the cache's clock, the same for all of one heap
 */
void tw_flow_best_put(struct tw_flow *best, uint32_t *n, uint32_t capacity, const struct tw_flow *flow,
		      Tw__FlowOrder order, uint32_t base);

#endif
