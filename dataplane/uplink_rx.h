/* SPDX-License-Identifier: Apache-2.0 */
/*
 * uplink_rx.h - frames from the wire: only whole ones, and in buffers of the switch's pool.
 *
 * Place    behind parse, for bursts that came in by an uplink.
 * Why      What is larger than the uplink's MTU was cut by the driver, or put together by the kernel of the host (GRO, GSO);
 *          neither may be forwarded. And a frame in one of the few large buffers of the device's own is copied out
 *          at once: guests' queues hold what they like, and the device goes on receiving.
 * Threads  the worker.
 */
#ifndef TW_DATAPLANE_UPLINK_RX_H
#define TW_DATAPLANE_UPLINK_RX_H

#include "dataplane/burst.h"

/** Take out, drop and count what cannot be taken. */
void tw_uplink_arrive(struct tw_worker *w, const struct tw_slot *in, struct burst *b);

#endif
