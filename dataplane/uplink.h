/* SPDX-License-Identifier: Apache-2.0 */
/*
 * uplink.h - a physical way out: any DPDK ethdev, named by its devargs, opened and closed while the switch runs.
 *
 * Threads  main. Only the lock is others': workers take it when the device has fewer transmit queues than there are workers.
 */
#ifndef TW_DATAPLANE_UPLINK_H
#define TW_DATAPLANE_UPLINK_H

#include <stdbool.h>
#include <stdint.h>

#include <rte_mempool.h>
#include <rte_spinlock.h>

struct tw_uplink {
	char name[32];
	char devargs[256];
	char netdev[16]; /* kernel link whose state is the uplink's, beside what the device says; empty = none */
	bool open;
	bool up;
	uint16_t device; /* ethdev port id */
	uint16_t n_rx, n_tx;
	uint16_t mtu;
	bool shared_tx; /* workers must take `lock` to send */
	char error[128];
	unsigned failures;      /* to open it, in a row: the first is logged */
	uint32_t losses_before; /* the kernel's, before it was opened */
	rte_spinlock_t lock;
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

/** Ask the device for its link. @return true when it changed */
bool tw_uplink_poll_link(struct tw_uplink *uplink);

#endif
