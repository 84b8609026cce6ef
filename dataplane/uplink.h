/* SPDX-License-Identifier: Apache-2.0 */
/*
 * uplink.h - a physical way out: any DPDK ethdev, named by its devargs, opened and closed while the switch runs.
 *
 * Frames   of a device that puts each into one buffer, and whose frames may be larger than the switch's buffers, come in a few
 *          large ones of its own, and leave those at once (uplink_rx.h).
 * MTU      of a device over a kernel link (net_af_packet) is that link's, also when it changes: tw_uplink_poll_link() takes
 *          it over as long as the device's buffers are large enough; tw_uplink_outgrown() says when it must be opened again.
 *          It is never more than TW_UPLINK_MTU_MAX.
 * Threads  main. Only the locks are others': workers take them when two may send by one transmit queue.
 */
#ifndef TW_DATAPLANE_UPLINK_H
#define TW_DATAPLANE_UPLINK_H

#include <stdbool.h>
#include <stdint.h>

#include <rte_mempool.h>

#include "dataplane/worker.h"

enum { TW_UPLINK_MTU_MAX = 9216 };

struct tw_uplink {
	char name[32];
	char devargs[256];
	char netdev[16]; /* kernel link whose state is the uplink's, beside what the device says; empty = none */
	bool open;
	bool up;
	uint16_t device; /* ethdev port id */
	uint16_t n_rx, n_tx;
	uint16_t mtu;
	uint16_t mtu_room;         /* of a device over a kernel link: the largest its buffers are for; else 0 */
	struct rte_mempool *large; /* buffers of its own; NULL = it has the switch's */
	bool shared_tx;            /* fewer transmit queues than workers: they must take its lock to send by one */
	char error[128];
	unsigned failures;                      /* to open it, in a row: the first is logged */
	uint32_t losses_before;                 /* the kernel's, before it was opened */
	struct tw_tx_lock lock[TW_WORKERS_MAX]; /* of each transmit queue; workers' */
};

/**
 * Probe, configure and start the device `devargs` names.
 * @param uplink name and devargs are set; the rest is filled
 * @return 0; -errno, and uplink->error says why in a sentence; nothing is left open
 */
int tw_uplink_open(struct tw_uplink *uplink, struct rte_mempool *pool, unsigned n_workers)
	__attribute__((warn_unused_result));

/** Stop and remove the device. Only when no worker touches it. */
void tw_uplink_close(struct tw_uplink *uplink);

/** Frames that the device has lost by its own account, either way. */
uint64_t tw_uplink_errors(const struct tw_uplink *uplink);

/** Ask the device for its link and MTU. @return true when one of them changed */
bool tw_uplink_poll_link(struct tw_uplink *uplink);
/** Is its kernel link's MTU larger than what its buffers are for? */
bool tw_uplink_outgrown(const struct tw_uplink *uplink);

#endif
