/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_path.c - the same frames through tw_worker_poll(), burst by burst: to count instructions, not time.
 *
 * Two guests of one access VLAN a worker; bursts of 32 frames go in by turns and out at the other one. Ports are vhost-user sockets with
 * virtio_user guests in this same process (as in the switch), or net_ring devices (the path without the guests' rings).
 * With --short N each flow is N frames long and never comes again; then a millisecond passes every so many rounds, and flows
 * end after a tenth of a second. Else the workers' clocks stand still. Nothing depends on how fast this runs: tests/bench/instructions runs it under callgrind,
 * which counts only inside tw_worker_poll() and from bench_measured() on, when every flow is known.
 * Threads  main is every worker, by turns; rte_vhost has its own while guests connect.
 *
 * Usage: bench-path [--ports vhost|ring] [--flows N] [--short N] [--workers N] [--frames N] [--size OCTETS-WITH-FCS]
 *        [--sample N] [--dir FOLDER-FOR-SOCKETS]
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <rte_bus_vdev.h>
#include <rte_eal.h>
#include <rte_eth_ring.h>
#include <rte_ethdev.h>
#include <rte_ip.h>
#include <rte_malloc.h>
#include <rte_udp.h>

#include "dataplane/rate.h"
#include "dataplane/vhost.h"
#include "dataplane/worker.h"

enum { PAIR = 2, WORKERS_MAX = 4, PORTS_MAX = WORKERS_MAX * PAIR };
enum { RING = 1024, VLAN = 10, POOL = 32767, ROOM = 2048 + RTE_PKTMBUF_HEADROOM, FCS = 4, MTU = 1500 };
enum { SHORT_IDLE_MS = 100, SHORT_TABLE = 1 << 17, SHORT_ROUNDS_PER_MS = 2, SHORT_FLOWS = 1 << 22 };
enum { TSC_SHIFT = 40 }; /* a millisecond of the workers' clocks: far more cycles than a run takes */

struct headers {
	struct rte_ether_hdr eth;
	struct rte_ipv4_hdr ip;
	struct rte_udp_hdr udp;
} __attribute__((packed, aligned(2)));

/* One guest: where frames are put in, where they come out. */
struct guest {
	uint16_t device;           /* virtio_user */
	struct rte_ring *in, *out; /* net_ring */
	struct tw_vhost *vhost;
	uint32_t flow, in_flow;
	uint64_t received;
};

static struct {
	bool vhost;
	uint32_t flows, frames, len, per_flow, workers, sample;
	const char *dir;
} options = { .vhost = true, .flows = 64, .frames = 65536, .len = 60, .workers = 1, .dir = "/tmp" };

static struct guest guests[PORTS_MAX];
static unsigned ports;
static struct rte_mempool *pool;
static struct tw_snapshot snapshot;
static struct tw_identity identities[PORTS_MAX];
static struct tw_poll polls[PORTS_MAX];
static _Atomic(const struct tw_snapshot *) published;
static struct tw_worker workers[WORKERS_MAX];

static void __attribute__((noreturn)) fail(const char *what)
{
	fprintf(stderr, "bench-path: %s\n", what);
	_exit(1);
}

/* --- ports --- */

static void start_device(uint16_t device)
{
	const struct rte_eth_conf conf = { 0 };

	if (rte_eth_dev_configure(device, 1, 1, &conf) ||
	    rte_eth_rx_queue_setup(device, 0, RING, SOCKET_ID_ANY, NULL, pool) ||
	    rte_eth_tx_queue_setup(device, 0, RING, SOCKET_ID_ANY, NULL) || rte_eth_dev_start(device))
		fail("a device does not start");
}

static void open_ring(unsigned i)
{
	struct tw_slot *slot = &snapshot.slot[i];
	char name[32];
	int device;

	snprintf(name, sizeof(name), "in%u", i);
	guests[i].in = rte_ring_create(name, RING, SOCKET_ID_ANY, RING_F_SP_ENQ | RING_F_SC_DEQ);
	snprintf(name, sizeof(name), "out%u", i);
	guests[i].out = rte_ring_create(name, RING, SOCKET_ID_ANY, RING_F_SP_ENQ | RING_F_SC_DEQ);
	if (!guests[i].in || !guests[i].out)
		fail("no memory for rings");
	snprintf(name, sizeof(name), "port%u", i);
	device = rte_eth_from_rings(name, &guests[i].in, 1, &guests[i].out, 1, 0);
	if (device < 0)
		fail("a net_ring cannot be made");
	start_device((uint16_t)device);
	slot->kind = TW_SLOT_ETHDEV;
	slot->device = device;
	slot->n_queues = 1;
}

/* The switch's socket and a guest that connects to it; until both have seen the rings. */
static void open_vhost(unsigned i)
{
	struct tw_slot *slot = &snapshot.slot[i];
	struct tw_vhost_state state = { 0 };
	char path[108], name[32], args[192];

	snprintf(path, sizeof(path), "%s/%u", options.dir, i);
	if (tw_vhost_open(path, true, false, &guests[i], &guests[i].vhost))
		fail("no vhost-user socket in that folder");
	snprintf(name, sizeof(name), "net_virtio_user%u", i);
	snprintf(args, sizeof(args), "path=%s,queues=1,queue_size=%d,mac=02:00:00:00:00:0%u", path, RING, i + 1);
	if (rte_vdev_init(name, args) || rte_eth_dev_get_port_by_name(name, &guests[i].device))
		fail("a virtio_user device cannot be made");
	start_device(guests[i].device);
	while (!state.running || !state.queues.polls || !state.queues.n) {
		usleep(1000);
		tw_vhost_take(guests[i].vhost, &state);
	}
	slot->kind = TW_SLOT_VHOST;
	slot->device = state.vid;
	slot->n_queues = state.queues.n;
	memcpy(slot->queue, state.queues.number, sizeof(slot->queue));
	slot->tx_csum = state.csum;
	slot->tx_tso = state.tso;
	slot->tx_tso6 = state.tso6;
	slot->tx_ufo = state.ufo;
}

static void fill_slot(unsigned i)
{
	struct tw_slot *slot = &snapshot.slot[i];

	slot->link = TW_LINK_UP;
	slot->vlan = VLAN;
	slot->mtu = MTU;
	slot->number = i + 1;
	memcpy(slot->mac, (const uint8_t[6]){ 2, 0, 0, 0, 0, (uint8_t)(i + 1) }, 6);
	identities[i] = (struct tw_identity){
		.mac = tw_mac_word(slot->mac), .number = slot->number, .slot = (uint16_t)i, .vlan = VLAN
	};
	polls[i] = (struct tw_poll){ .slot = (uint16_t)i };
}

static void make_snapshot(void)
{
	snapshot.generation = 1;
	snapshot.revision = 1;
	snapshot.n_slots = (uint16_t)ports;
	snapshot.n_identities = ports;
	snapshot.identities = identities;
	snapshot.active_timeout_ms = 60000;
	snapshot.sampling = tw_sampling(options.sample, true);
	snapshot.idle_timeout_ms = options.per_flow ? SHORT_IDLE_MS : 15000;
	for (unsigned i = 0; i < ports; i++)
		fill_slot(i);
	for (unsigned i = 0; i < options.workers; i++)
		snapshot.polls[i] = (struct tw_poll_list){ .n = PAIR, .poll = polls + PAIR * i };
	atomic_store(&published, &snapshot);
}

/* --- worker --- */

static struct rte_ring *ring(const char *name, unsigned size)
{
	struct rte_ring *r = rte_ring_create(name, size, SOCKET_ID_ANY, RING_F_SP_ENQ | RING_F_SC_DEQ);

	if (!r)
		fail("no memory for rings");
	return r;
}

/* A ring of each worker has its own name. */
static struct rte_ring *own_ring(const char *what, unsigned id, unsigned size)
{
	char name[RTE_RING_NAMESIZE];

	snprintf(name, sizeof(name), "%s%u", what, id);
	return ring(name, size);
}

static void make_worker(unsigned id)
{
	static struct rte_ring *hold[TW_SLOTS_MAX];
	static struct tw_tx_lock *tx_lock[TW_SLOTS_MAX];
	static struct tw_counters counters[WORKERS_MAX][TW_SLOTS_MAX];
	/* Both ways, and half empty. */
	const uint32_t capacity = options.per_flow ? SHORT_TABLE : options.flows * 4;
	void *table = rte_zmalloc("flows", tw_flow_cache_size(capacity), RTE_CACHE_LINE_SIZE);
	struct tw_worker *w = &workers[id];
	char name[RTE_RING_NAMESIZE];

	if (!table)
		fail("no memory for that many flows");
	tw_flow_cache_init(&w->cache, table, capacity);
	w->id = (uint16_t)id;
	w->counters = counters[id];
	w->hold = hold;
	w->tx_lock = tx_lock;
	w->pool = pool;
	w->snapshot = &published;
	snprintf(name, sizeof(name), "records%u", id);
	w->records = rte_ring_create_elem(name, sizeof(struct tw_flow_record), 1024, SOCKET_ID_ANY,
					  RING_F_SP_ENQ | RING_F_SC_DEQ);
	w->mirrors = own_ring("mirrors", id, 64);
	w->inject = own_ring("inject", id, 64);
	w->jobs = own_ring("jobs", id, 64);
	w->told = own_ring("told", id, 64);
	if (!w->records)
		fail("no memory for rings");
	tw_worker_clock_init(w);
	w->ms_per_tsc = UINT64_C(1) << (64 - TSC_SHIFT); /* time stands still, unless somebody moves it */
}

/* What an exporter thread would do; and time goes on. */
static void between_rounds(unsigned round)
{
	static struct tw_flow_record records[TW_BURST];

	for (unsigned i = 0; i < options.workers; i++) {
		while (rte_ring_sc_dequeue_burst_elem(workers[i].records, records, sizeof(records[0]), TW_BURST, NULL))
			;
		if (options.per_flow && round % SHORT_ROUNDS_PER_MS == 0)
			workers[i].tsc_base -= UINT64_C(1) << TSC_SHIFT;
	}
}

/* --- frames --- */

static void fill_frame(struct rte_mbuf *m, unsigned from, uint32_t flow)
{
	struct headers *h = rte_pktmbuf_mtod(m, struct headers *);
	uint8_t *frame = (uint8_t *)h;

	memset(frame, 0, options.len);
	memcpy(&h->eth.src_addr, snapshot.slot[from].mac, 6);
	memcpy(&h->eth.dst_addr, snapshot.slot[from ^ 1].mac, 6);
	h->eth.ether_type = RTE_BE16(RTE_ETHER_TYPE_IPV4);
	h->ip.version_ihl = 0x45;
	h->ip.time_to_live = 64;
	h->ip.next_proto_id = IPPROTO_UDP;
	h->ip.total_length = rte_cpu_to_be_16((uint16_t)(options.len - sizeof(h->eth)));
	h->ip.src_addr = rte_cpu_to_be_32(0x0a000001u + from);
	h->ip.dst_addr = rte_cpu_to_be_32(0x20000000u + (from << 23) + flow);
	h->udp.src_port = h->udp.dst_port = RTE_BE16(1024);
	h->udp.dgram_len = rte_cpu_to_be_16((uint16_t)(options.len - sizeof(h->eth) - sizeof(h->ip)));
	m->data_len = (uint16_t)options.len;
	m->pkt_len = options.len;
}

static void send_burst(unsigned from)
{
	struct guest *g = &guests[from];
	struct rte_mbuf *m[TW_BURST];
	unsigned sent;

	if (rte_pktmbuf_alloc_bulk(pool, m, TW_BURST))
		fail("frames got lost: the pool is empty");
	for (unsigned i = 0; i < TW_BURST; i++) {
		fill_frame(m[i], from, g->flow);
		if (++g->in_flow < options.per_flow)
			continue;
		g->in_flow = 0;
		g->flow = (g->flow + 1) % (options.per_flow ? SHORT_FLOWS : options.flows);
	}
	if (options.vhost)
		sent = rte_eth_tx_burst(g->device, 0, m, TW_BURST);
	else
		sent = rte_ring_enqueue_burst(g->in, (void **)m, TW_BURST, NULL);
	if (sent != TW_BURST)
		fail("a ring is full: frames were not taken");
}

static void receive(struct guest *g)
{
	struct rte_mbuf *m[2 * TW_BURST];
	unsigned n;

	do {
		if (options.vhost)
			n = rte_eth_rx_burst(g->device, 0, m, 2 * TW_BURST);
		else
			n = rte_ring_dequeue_burst(g->out, (void **)m, 2 * TW_BURST, NULL);
		rte_pktmbuf_free_bulk(m, n);
		g->received += n;
	} while (n);
}

/* Bursts of all guests, one poll for each pair of them: a worker finds 32 frames at either port. */
static void rounds(uint32_t frames)
{
	static unsigned round;

	for (uint32_t done = 0; done < frames; done += ports * TW_BURST) {
		for (unsigned i = 0; i < ports; i++)
			send_burst(i);
		for (unsigned i = 0; i < options.workers; i++)
			tw_worker_poll(&workers[i]);
		for (unsigned i = 0; i < ports; i++)
			receive(&guests[i]);
		between_rounds(round++);
	}
}

/* Until every flow is known; short ones: until as many end as begin. */
static void warm_up(void)
{
	const uint32_t sweep_ms = 2048; /* expiry has been all round the table */

	if (options.per_flow)
		rounds((SHORT_IDLE_MS + sweep_ms) * SHORT_ROUNDS_PER_MS * ports * TW_BURST);
	else
		rounds(ports * (options.flows + TW_BURST));
}

static void handled(uint64_t *packets, uint64_t *misses)
{
	*packets = *misses = 0;
	for (unsigned i = 0; i < options.workers; i++) {
		*packets += workers[i].stats.packets;
		*misses += workers[i].stats.misses;
		if (workers[i].stats.overflows)
			fail("frames in no flow record: the table was full");
	}
}

/* Callgrind starts from zero here. */
void bench_measured(void);
void __attribute__((noinline)) bench_measured(void)
{
	rounds(options.frames);
}

static bool parse_options(int argc, char **argv)
{
	static const struct option longs[] = {
		{ "ports", required_argument, NULL, 'p' },
		{ "flows", required_argument, NULL, 'f' },
		{ "frames", required_argument, NULL, 'n' },
		{ "size", required_argument, NULL, 's' },
		{ "dir", required_argument, NULL, 'd' },
		{ "short", required_argument, NULL, 'h' },
		{ "workers", required_argument, NULL, 'w' },
		{ "sample", required_argument, NULL, 'a' },
		{ 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		if (c == 'p')
			options.vhost = strcmp(optarg, "vhost") == 0;
		else if (c == 'f')
			options.flows = (uint32_t)atoi(optarg);
		else if (c == 'n')
			options.frames = (uint32_t)atoi(optarg);
		else if (c == 's')
			options.len = (uint32_t)atoi(optarg) - FCS;
		else if (c == 'h')
			options.per_flow = (uint32_t)atoi(optarg);
		else if (c == 'w')
			options.workers = (uint32_t)atoi(optarg);
		else if (c == 'a')
			options.sample = (uint32_t)atoi(optarg);
		else if (c == 'd')
			options.dir = optarg;
		else
			return false;
	}
	ports = options.workers * PAIR;
	return options.workers >= 1 && options.workers <= WORKERS_MAX && options.flows >= 1 &&
	       options.flows <= 1 << 20 && options.len >= 60 && options.len <= MTU + 14 &&
	       options.frames >= ports * TW_BURST && optind == argc;
}

int main(int argc, char **argv)
{
	char args[][24] = { "bench-path",     "--no-huge", "--no-pci", "--no-telemetry", "--no-shconf",
			    "--iova-mode=va", "-m",        "512",      "--lcores",       "0@0",
			    "--log-level=4" };
	char *eal[sizeof(args) / sizeof(args[0])];
	uint64_t received = 0, before, misses_before, packets, misses;

	for (size_t i = 0; i < sizeof(args) / sizeof(args[0]); i++)
		eal[i] = args[i];
	if (!parse_options(argc, argv))
		fail("usage: bench-path [--ports vhost|ring] [--flows N] [--short N] [--workers N] [--frames N] "
		     "[--size OCTETS] [--sample N] [--dir FOLDER]");
	optind = 1;
	if (rte_eal_init(sizeof(args) / sizeof(args[0]), eal) < 0 || (options.vhost && tw_vhost_init() < 0))
		fail("DPDK does not start");
	pool = rte_pktmbuf_pool_create("frames", POOL, 256, TW_MBUF_PRIV_SIZE, ROOM, SOCKET_ID_ANY);
	if (!pool)
		fail("no memory for frames");
	for (unsigned i = 0; i < ports; i++)
		options.vhost ? open_vhost(i) : open_ring(i);
	make_snapshot();
	for (unsigned i = 0; i < options.workers; i++)
		make_worker(i);
	warm_up();
	handled(&before, &misses_before);
	for (unsigned i = 0; i < ports; i++)
		guests[i].received = 0;
	bench_measured();
	for (unsigned i = 0; i < ports; i++)
		received += guests[i].received;
	handled(&packets, &misses);
	if (received != packets - before)
		fail("frames got lost");
	printf("frames %lu misses %lu\n", received, misses - misses_before);
	fflush(stdout);
	_exit(0); /* the guests are of this process: taking them down would wait for itself */
}
