/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pvp.c - loads pairs of vhost-user ports of a switch from both sides at once, on one core, and counts what comes through.
 *
 * Port 2i and 2i+1 are partners: each plays one guest (MAC 02:00:00:00:ii:01 and :02) that sends UDP over IPv4 to the other,
 * over a number of flows that differ in destination address. A frame the ring does not take is sent again, not dropped, so
 * the load adapts to the switch. Frames delivered with a wrong destination MAC make the figure void; every LOOK_AT_EVERYth is
 * looked at, for to look at a frame means to fetch it from the switch's CPU, which would cost this program more than all else.
 * With --short N each flow is N frames long and never comes again: what a switch pays for new flows. With --rate the load is
 * offered at that rate, as far as the rings take it. Several tw-pvp at one switch are told apart by --first-pair. With --readers N
 * the last N ports play guests that send nothing and take whatever comes: copies, which are counted apart.
 *
 * Usage: tw-pvp EAL-ARGUMENTS -- [--seconds S] [--size OCTETS-WITH-FCS] [--flows N-EACH-WAY] [--short N] [--rate MPPS]
 *        [--first-pair N] [--readers N] [--json]
 */
#include <assert.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <rte_cycles.h>
#include <rte_eal.h>
#include <rte_ethdev.h>
#include <rte_ip.h>
#include <rte_mbuf.h>
#include <rte_udp.h>

/* What waits to be taken from a guest is less than the other one has room for: if this program loses its CPU for a moment, the
 * switch can deliver all that is on its way, and a frame that is lost is one the switch lost. */
enum {
	BURST = 32,
	RX_BURST = 64,
	RING = 1024,
	SENDING_MOST = RING / 2,
	LOOK_AT_EVERY = 8,
	POOL = 16383,
	HEADERS = 64,
	PORTS_MAX = 16,
	FCS = 4,
	FLOWS_MAX = 1 << 23
};

struct headers {
	struct rte_ether_hdr eth;
	struct rte_ipv4_hdr ip;
	struct rte_udp_hdr udp;
	uint8_t pad[22];
} __attribute__((packed, aligned(2)));
static_assert(sizeof(struct headers) == HEADERS, "copied as one block of 64 octets");

struct side {
	struct headers headers; /* of the next frame, but for the flow's address */
	struct rte_mbuf *tx[BURST];
	int waiting;            /* frames of tx[] the ring has not taken yet, at its end */
	uint64_t next_tsc;      /* not before: the next burst of a load with a rate */
	uint32_t flow, in_flow; /* next flow, frames of it already sent */
	uint64_t sent, received, wrong;
	uint8_t mac_last; /* of the port's own MAC, to know wrong deliveries by */
};

static struct options {
	double seconds, rate; /* rate: million frames a second from all ports; 0 = what the rings take */
	uint32_t len, flows, per_flow, first_pair, readers;
	bool json;
} options = { .seconds = 5, .len = 60, .flows = 64 };

static struct rte_mempool *pool, *receive_pool; /* a guest receives into other buffers than it sends from */
static uint64_t burst_tsc;                      /* cycles from burst to burst of a port; 0 = no rate */
static uint64_t copies;                         /* that readers took */

static void fill_headers(struct side *s, unsigned port)
{
	struct headers *h = &s->headers;
	const uint8_t pair = (uint8_t)(options.first_pair + port / 2), own = (uint8_t)(1 + port % 2);
	const uint8_t src[6] = { 2, 0, 0, 0, pair, own }, dst[6] = { 2, 0, 0, 0, pair, (uint8_t)(3 - own) };

	memset(h, 0, sizeof(*h));
	memcpy(&h->eth.src_addr, src, 6);
	memcpy(&h->eth.dst_addr, dst, 6);
	h->eth.ether_type = RTE_BE16(RTE_ETHER_TYPE_IPV4);
	h->ip.version_ihl = 0x45;
	h->ip.time_to_live = 64;
	h->ip.next_proto_id = IPPROTO_UDP;
	h->ip.total_length = rte_cpu_to_be_16((uint16_t)(options.len - sizeof(h->eth)));
	h->ip.src_addr = rte_cpu_to_be_32(0x0a000001u + options.first_pair * 2 + port);
	h->udp.src_port = h->udp.dst_port = RTE_BE16(1024);
	h->udp.dgram_len = rte_cpu_to_be_16((uint16_t)(options.len - sizeof(h->eth) - sizeof(h->ip)));
	s->mac_last = own;
}

static void next_flow(struct side *s)
{
	if (options.per_flow == 0) {
		s->flow = s->flow + 1 == options.flows ? 0 : s->flow + 1;
	} else if (++s->in_flow == options.per_flow) {
		s->in_flow = 0;
		s->flow = (s->flow + 1) % FLOWS_MAX;
	}
}

static void make_frame(struct side *s, struct rte_mbuf *m)
{
	struct headers *h = rte_pktmbuf_mtod(m, struct headers *);

	memcpy(h, &s->headers, HEADERS);
	/* The IP checksum stays 0: no switch looks at it, and computing it would cost the generator, not the switch. */
	h->ip.dst_addr = rte_cpu_to_be_32(0x0b000000u + ((uint32_t)s->mac_last << 23) + s->flow);
	m->data_len = (uint16_t)options.len;
	m->pkt_len = options.len;
	next_flow(s);
}

/* Is a burst due? One that comes late is made up for, but no more than a ring could take at once. */
static bool burst_due(struct side *s)
{
	const uint64_t now = rte_rdtsc(), owed_most = burst_tsc * (SENDING_MOST / BURST);

	if (burst_tsc == 0)
		return true;
	if (now < s->next_tsc)
		return false;
	s->next_tsc = (now - s->next_tsc > owed_most ? now - owed_most : s->next_tsc) + burst_tsc;
	return true;
}

static void transmit(uint16_t port, struct side *s)
{
	uint16_t n;

	if (s->waiting == 0) {
		if (!burst_due(s) || rte_pktmbuf_alloc_bulk(pool, s->tx, BURST))
			return;
		for (int i = 0; i < BURST; i++)
			make_frame(s, s->tx[i]);
		s->waiting = BURST;
	}
	n = rte_eth_tx_burst(port, 0, s->tx + (BURST - s->waiting), (uint16_t)s->waiting);
	s->waiting -= n;
	s->sent += n;
}

static void receive(uint16_t port, struct side *s)
{
	struct rte_mbuf *rx[RX_BURST];
	uint16_t n = rte_eth_rx_burst(port, 0, rx, RX_BURST);

	for (uint16_t i = 0; i < n; i += LOOK_AT_EVERY)
		s->wrong += rte_pktmbuf_mtod(rx[i], uint8_t *)[5] != s->mac_last;
	s->received += n;
	if (n)
		rte_pktmbuf_free_bulk(rx, n);
}

static int start_port(uint16_t port)
{
	struct rte_eth_conf conf;

	memset(&conf, 0, sizeof(conf));
	return rte_eth_dev_configure(port, 1, 1, &conf) ||
	       rte_eth_rx_queue_setup(port, 0, RING, 0, NULL, receive_pool) ||
	       rte_eth_tx_queue_setup(port, 0, SENDING_MOST, 0, NULL) || rte_eth_dev_start(port);
}

static int parse_options(int argc, char **argv)
{
	static const struct option longs[] = {
		{ "seconds", required_argument, NULL, 's' },
		{ "size", required_argument, NULL, 'l' },
		{ "flows", required_argument, NULL, 'f' },
		{ "short", required_argument, NULL, 'n' },
		{ "rate", required_argument, NULL, 'r' },
		{ "first-pair", required_argument, NULL, 'p' },
		{ "readers", required_argument, NULL, 'c' },
		{ "json", no_argument, NULL, 'j' },
		{ NULL, 0, NULL, 0 },
	};
	int c;

	optind = 1;
	while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		switch (c) {
		case 's':
			options.seconds = atof(optarg);
			break;
		case 'l':
			options.len = (uint32_t)atoi(optarg) - FCS;
			break;
		case 'f':
			options.flows = (uint32_t)atoi(optarg);
			break;
		case 'n':
			options.per_flow = (uint32_t)atoi(optarg);
			break;
		case 'r':
			options.rate = atof(optarg);
			break;
		case 'p':
			options.first_pair = (uint32_t)atoi(optarg);
			break;
		case 'c':
			options.readers = (uint32_t)atoi(optarg);
			break;
		case 'j':
			options.json = true;
			break;
		default:
			return -1;
		}
	}
	if (options.len < 60 || options.len > 9000 || options.flows < 1 || options.flows > FLOWS_MAX)
		return -1;
	return options.seconds <= 0 || options.rate < 0 || options.first_pair > UINT8_MAX || optind != argc ? -1 : 0;
}

/* @return copies taken */
static uint64_t read_copies(uint16_t port)
{
	struct rte_mbuf *rx[RX_BURST];
	uint16_t n = rte_eth_rx_burst(port, 0, rx, RX_BURST);

	if (n)
		rte_pktmbuf_free_bulk(rx, n);
	return n;
}

/* Pairs have the first ports, readers the others. */
static void run_until(struct side *sides, uint16_t ports, uint64_t end, bool send)
{
	while (rte_rdtsc() < end) {
		for (uint16_t p = 0; p < ports; p++) {
			receive(p, &sides[p]);
			if (send)
				transmit(p, &sides[p]);
		}
		for (uint16_t p = ports; p < ports + options.readers; p++)
			copies += read_copies(p);
	}
}

static void report(const struct side *sides, uint16_t ports, double seconds)
{
	uint64_t sent = 0, received = 0, wrong = 0;

	for (uint16_t p = 0; p < ports; p++) {
		sent += sides[p].sent;
		received += sides[p].received;
		wrong += sides[p].wrong;
	}
	if (options.json)
		printf("{\"mpps\": %.4f, \"sent_mpps\": %.4f, \"wrong\": %lu, \"sent\": %lu, \"received\": %lu, "
		       "\"copies\": %lu}\n",
		       (double)received / seconds / 1e6, (double)sent / seconds / 1e6, wrong, sent, received, copies);
	else
		printf("%u-octet frames, %u flows: %.3f Mpps (sent %.3f; %lu to a wrong MAC)\n", options.len + FCS,
		       options.flows, (double)received / seconds / 1e6, (double)sent / seconds / 1e6, wrong);
}

static void report_loss(const struct side *sides, uint16_t ports)
{
	uint64_t sent = 0, received = 0;

	for (uint16_t p = 0; p < ports; p++) {
		sent += sides[p].sent;
		received += sides[p].received;
	}
	/* What was in the rings when counting began arrives too: more can come than was sent, never less without loss. */
	if (options.json)
		printf("{\"lost\": %lu}\n", sent > received ? sent - received : 0);
	else if (sent > received)
		printf("lost: %lu frames\n", sent - received);
}

static struct rte_mempool *make_pool(const char *name)
{
	uint32_t room = options.len > 2000 ? options.len + RTE_PKTMBUF_HEADROOM : RTE_MBUF_DEFAULT_BUF_SIZE;

	return rte_pktmbuf_pool_create(name, POOL, 256, 0, (uint16_t)room, 0);
}

int main(int argc, char **argv)
{
	static struct side sides[PORTS_MAX];
	const struct timespec settle = { .tv_nsec = 500000000 };
	int used = rte_eal_init(argc, argv);
	uint16_t all = used < 0 ? 0 : rte_eth_dev_count_avail(), ports;
	uint64_t hz, start;

	if (used < 0 || parse_options(argc - used, argv + used) || all > PORTS_MAX || all < options.readers + 2 ||
	    (all - options.readers) % 2) {
		fprintf(stderr,
			"usage: tw-pvp EAL-ARGUMENTS (an even number of ports, and readers') -- [--seconds S] [--size OCTETS] "
			"[--flows N] [--short N] [--rate MPPS] [--first-pair N] [--readers N] [--json]\n");
		return 2;
	}
	pool = make_pool("send");
	receive_pool = make_pool("receive");
	ports = (uint16_t)(all - options.readers);
	for (uint16_t p = 0; p < all; p++) {
		if (!pool || !receive_pool || start_port(p)) {
			fprintf(stderr, "tw-pvp: port %u did not start\n", p);
			return 1;
		}
		fill_headers(&sides[p], p);
	}
	hz = rte_get_tsc_hz();
	if (options.rate > 0)
		burst_tsc = (uint64_t)((double)hz * BURST * ports / (options.rate * 1e6));
	nanosleep(&settle, NULL);                            /* the switch takes note of the rings */
	run_until(sides, ports, rte_rdtsc() + 2 * hz, true); /* warm up */
	for (uint16_t p = 0; p < ports; p++)
		sides[p].sent = sides[p].received = sides[p].wrong = 0;
	copies = 0;
	start = rte_rdtsc();
	run_until(sides, ports, start + (uint64_t)(options.seconds * (double)hz), true);
	report(sides, ports, (double)(rte_rdtsc() - start) / (double)hz);
	/* What was on its way arrives; what has not by now is lost. */
	run_until(sides, ports, rte_rdtsc() + hz / 5, false);
	report_loss(sides, ports);
	for (uint16_t p = 0; p < all; p++)
		rte_eth_dev_stop(p);
	return 0;
}
