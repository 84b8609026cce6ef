/* SPDX-License-Identifier: Apache-2.0 */
/*
 * telemetry.h - what the switch counts, on DPDK's telemetry socket (dpdk-telemetry.py, and collectors that speak to it).
 *
 *   /tradewind/ports            names; ",NAME" the counters of one
 *   /tradewind/workers          ids;   ",ID" the counters of one
 *   /tradewind/drops            frames by reason, of all ports and uplinks; ",NAME" of one
 *   /tradewind/flows            entries of the workers' tables
 *
 * Threads  EAL answers on threads of its own. They see a copy of the status that main makes each second, under a lock that
 *          main and they alone take: no worker is touched.
 */
#ifndef TW_DATAPLANE_TELEMETRY_H
#define TW_DATAPLANE_TELEMETRY_H

#include "proto/stats.pb-c.h"
#include "proto/switch.pb-c.h"

/** Have the endpoints. Main, after EAL's start. */
void tw_telemetry_init(void);
/** What is so now; taken over. NULL: nothing any more. Main. */
void tw_telemetry_update(Tw__SwitchStatus *status);

#endif
