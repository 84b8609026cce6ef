/* SPDX-License-Identifier: Apache-2.0 */
/*
 * idle-guests.c - guests that are connected to a switch and silent: buffers posted on their rings, never a frame sent.
 *
 * Place    beside tw-pvp in tests/bench/run: what connected neighbours cost the busy ones. One guest per virtio_user device;
 *          DPDK takes 32 devices a process, so there may be several of these.
 * Output   "ready" on a line once all are started; ends by SIGTERM or SIGINT.
 *
 * Usage: tw-idle-guests EAL-ARGUMENTS
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include <rte_eal.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>

enum { RING = 256, SPARE = 1024 };

static int start_guest(uint16_t port, struct rte_mempool *pool)
{
	struct rte_eth_conf conf;

	memset(&conf, 0, sizeof(conf));
	return rte_eth_dev_configure(port, 1, 1, &conf) || rte_eth_rx_queue_setup(port, 0, RING, 0, NULL, pool) ||
	       rte_eth_tx_queue_setup(port, 0, RING, 0, NULL) || rte_eth_dev_start(port);
}

int main(int argc, char **argv)
{
	struct rte_mempool *pool;
	uint16_t ports;
	sigset_t ends;
	int sig;

	/* Before EAL makes threads: they inherit the mask, and the signal is left to sigwait(). */
	sigemptyset(&ends);
	sigaddset(&ends, SIGTERM);
	sigaddset(&ends, SIGINT);
	sigprocmask(SIG_BLOCK, &ends, NULL);
	if (rte_eal_init(argc, argv) < 0 || rte_eth_dev_count_avail() == 0) {
		fprintf(stderr, "usage: tw-idle-guests EAL-ARGUMENTS (with virtio_user devices)\n");
		return 2;
	}
	ports = rte_eth_dev_count_avail();
	pool = rte_pktmbuf_pool_create("idle", ports * RING + SPARE, 0, 0, RTE_MBUF_DEFAULT_BUF_SIZE, 0);
	for (uint16_t p = 0; p < ports; p++) {
		if (!pool || start_guest(p, pool)) {
			fprintf(stderr, "tw-idle-guests: port %u did not start\n", p);
			return 1;
		}
	}
	puts("ready");
	fflush(stdout);
	sigwait(&ends, &sig);
	for (uint16_t p = 0; p < ports; p++)
		rte_eth_dev_stop(p);
	return 0;
}
