/* SPDX-License-Identifier: Apache-2.0 */
/*
 * flow_state.h - a flow cache entry as a message: for `twctl flows`, and to move with its port to another host.
 *
 * Threads  main, on copies a job has brought. Pure but for memory.
 * Hostile  what comes from another host: every field is checked or worked out anew; its verdict is never taken over.
 */
#ifndef TW_DATAPLANE_FLOW_STATE_H
#define TW_DATAPLANE_FLOW_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/flow_cache.h"
#include "proto/stats.pb-c.h"

/**
 * @param ingress  number of the port the flow comes in by; 0 = an uplink
 * @param with_key put the key in, to be given to tw_flow_from_message() elsewhere
 * @return malloc'ed, free with tw__flow__free_unpacked(m, NULL); NULL when out of memory
 */
Tw__Flow *tw_flow_to_message(const struct tw_flow *flow, const struct tw_flow_clock *clock, uint32_t ingress,
			     bool with_key);

/**
 * @param slot  where the flow's port is here
 * @param flow  out: generation 0, so that it is judged here before its next frame goes on; untouched on failure
 * @return NULL, or what is wrong with the message (static text)
 */
const char *tw_flow_from_message(const Tw__Flow *message, const struct tw_flow_clock *clock, uint16_t slot,
				 struct tw_flow *flow);

#endif
