/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tso_guests.c - two guests on vhost-user ports, the first of which sends 64 KB TCP super-frames to the second, on one core.
 *
 * Both negotiate checksum and TSO of IPv4, and mergeable buffers. A frame leaves in pieces of 32 KB, as Linux's socket buffers are,
 * and arrives in buffers of 4 KB, as its virtio_net has them for such frames. There are never more than SUPERFRAME_WINDOW frames
 * on their way. The payload is neither written nor read, but for the number at its end: that would be the guests' work, whatever
 * switch is between them. One way, for TCP's acknowledgements hardly weigh beside it.
 *
 * Usage: tw-tso-guests EAL-ARGUMENTS (two ports) -- SECONDS
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <rte_cycles.h>
#include <rte_eal.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>

#include "tests/bench/superframe.h"

enum {
	RING = 1024,
	BURST = 32,
	PIECE = 32768,
	PIECES = 512,
	BUFFER = 4096,
	BUFFERS = 4095,
	REUSE_AT = RING - 8, /* sent pieces are taken back soon, as Linux does, not when the ring is full of them */
};
static_assert(SUPERFRAME_OCTETS <= 2 * PIECE, "a frame is two pieces");

static struct rte_mempool *send_pool, *receive_pool;
static struct superframe_headers headers;
static struct superframe_count count;
static uint32_t number_next, number_expected;

/* --- the one who sends --- */

static struct rte_mbuf *make_frame(void)
{
	struct rte_mbuf *piece[2];

	if (rte_pktmbuf_alloc_bulk(send_pool, piece, 2))
		return NULL;
	memcpy(rte_pktmbuf_append(piece[0], PIECE), &headers, sizeof(headers));
	rte_pktmbuf_append(piece[1], SUPERFRAME_OCTETS - PIECE);
	superframe_number(rte_pktmbuf_mtod(piece[0], struct superframe_headers *),
			  rte_pktmbuf_mtod_offset(piece[1], void *, SUPERFRAME_OCTETS - PIECE - 4), number_next++);
	rte_pktmbuf_chain(piece[0], piece[1]);
	piece[0]->l2_len = sizeof(headers.eth);
	piece[0]->l3_len = sizeof(headers.ip);
	piece[0]->l4_len = sizeof(headers.tcp) + sizeof(headers.options);
	piece[0]->tso_segsz = SUPERFRAME_MSS;
	piece[0]->ol_flags |= RTE_MBUF_F_TX_IPV4 | RTE_MBUF_F_TX_TCP_CKSUM | RTE_MBUF_F_TX_TCP_SEG;
	return piece[0];
}

static void transmit(void)
{
	static struct rte_mbuf *waiting; /* made, but the ring had no room */

	while (count.sent - count.received < SUPERFRAME_WINDOW) {
		if (!waiting)
			waiting = make_frame();
		if (!waiting || rte_eth_tx_burst(0, 0, &waiting, 1) == 0)
			return;
		waiting = NULL;
		count.sent++;
	}
}

/* --- the one who receives --- */

static bool is_right(struct rte_mbuf *m)
{
	struct rte_mbuf *last = rte_pktmbuf_lastseg(m);

	return m->pkt_len == SUPERFRAME_OCTETS && m->data_len >= SUPERFRAME_HEADERS && last->data_len >= 4 &&
	       (m->ol_flags & RTE_MBUF_F_RX_LRO) && m->tso_segsz == SUPERFRAME_MSS &&
	       superframe_is_next(rte_pktmbuf_mtod(m, struct superframe_headers *),
				  rte_pktmbuf_mtod_offset(last, void *, last->data_len - 4), &number_expected);
}

static void receive(void)
{
	struct rte_mbuf *m[BURST];
	const uint16_t n = rte_eth_rx_burst(1, 0, m, BURST);

	for (uint16_t i = 0; i < n; i++)
		count.wrong += !is_right(m[i]);
	count.received += n;
	rte_pktmbuf_free_bulk(m, n);
}

static void run_until(uint64_t end, bool send)
{
	while (rte_rdtsc() < end) {
		receive();
		if (send)
			transmit();
	}
}

static int start_port(uint16_t port)
{
	const struct rte_eth_conf conf = {
		.rxmode.offloads =
			RTE_ETH_RX_OFFLOAD_TCP_LRO | RTE_ETH_RX_OFFLOAD_TCP_CKSUM | RTE_ETH_RX_OFFLOAD_SCATTER,
		.txmode.offloads =
			RTE_ETH_TX_OFFLOAD_TCP_TSO | RTE_ETH_TX_OFFLOAD_TCP_CKSUM | RTE_ETH_TX_OFFLOAD_MULTI_SEGS,
	};
	const struct rte_eth_txconf tx = { .tx_free_thresh = REUSE_AT, .offloads = conf.txmode.offloads };

	return rte_eth_dev_configure(port, 1, 1, &conf) ||
	       rte_eth_rx_queue_setup(port, 0, RING, 0, NULL, receive_pool) ||
	       rte_eth_tx_queue_setup(port, 0, RING, 0, &tx) || rte_eth_dev_start(port);
}

int main(int argc, char **argv)
{
	const struct timespec settle = { .tv_nsec = 500000000 };
	const int used = rte_eal_init(argc, argv);
	const double seconds = used >= 0 && argc - used == 2 ? atof(argv[used + 1]) : 0;
	struct superframe_count before;
	uint64_t hz, start;

	if (seconds <= 0 || rte_eth_dev_count_avail() != 2) {
		fprintf(stderr, "usage: tw-tso-guests EAL-ARGUMENTS (two ports) -- SECONDS\n");
		return 2;
	}
	send_pool = rte_pktmbuf_pool_create("send", PIECES, 32, 0, PIECE + RTE_PKTMBUF_HEADROOM, SOCKET_ID_ANY);
	receive_pool =
		rte_pktmbuf_pool_create("receive", BUFFERS, 256, 0, BUFFER + RTE_PKTMBUF_HEADROOM, SOCKET_ID_ANY);
	for (uint16_t p = 0; p < 2; p++) {
		if (!send_pool || !receive_pool || start_port(p)) {
			fprintf(stderr, "tw-tso-guests: port %u did not start with TSO\n", p);
			return 1;
		}
	}
	superframe_headers(&headers);
	hz = rte_get_tsc_hz();
	nanosleep(&settle, NULL);              /* the switch takes note of the rings */
	run_until(rte_rdtsc() + 2 * hz, true); /* warm up */
	before = count;
	start = rte_rdtsc();
	run_until(start + (uint64_t)(seconds * (double)hz), true);
	before = (struct superframe_count){ count.sent - before.sent, count.received - before.received, count.wrong };
	start = rte_rdtsc() - start;
	run_until(rte_rdtsc() + hz / 5, false); /* what was on its way arrives */
	superframe_report(&before, (double)start / (double)hz, count.sent - count.received);
	for (uint16_t p = 0; p < 2; p++)
		rte_eth_dev_stop(p);
	return 0;
}
