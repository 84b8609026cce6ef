/* SPDX-License-Identifier: Apache-2.0 */
/* workers.c - the workers and what they need are made, started, stopped; their counters summed. Main; see switch.h. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_launch.h>
#include <rte_lcore.h>
#include <rte_malloc.h>

#include "dataplane/switch.h"

#define TW_LOG_AREA "worker"
#include "common/log.h"

enum {
	POOL_CACHE = 512,
	MBUF_OCTETS = TW_MBUF_ROOM + RTE_PKTMBUF_HEADROOM + TW_MBUF_PRIV_SIZE + sizeof(struct rte_mbuf) + 64,
	POOL_MAX = 1 << 20,
	PAGE_OCTETS = 4096,
	JOB_RING = 64,
};

/* What is left of the memory when the flow tables, the rings and DPDK itself have theirs; three quarters of that. */
static uint32_t mbufs_for(const struct tw_options *o)
{
	uint64_t memory = (uint64_t)o->memory_mib << 20;
	uint64_t taken = (16u << 20) + o->n_cpus * ((uint64_t)tw_flow_cache_size(o->flows) + (8u << 20));
	/* Without hugepages a mempool lets no buffer cross a page of 4 KB. */
	uint64_t each = rte_eal_has_hugepages() ? MBUF_OCTETS : RTE_MAX(MBUF_OCTETS, PAGE_OCTETS);
	uint64_t n = memory > taken ? (memory - taken) / 4 * 3 / each : 0;
	uint32_t power = 4096;

	if (o->mbufs)
		return o->mbufs;
	while ((uint64_t)power * 2 <= n && power < POOL_MAX)
		power *= 2;
	return power;
}

/*
 * Buffers come and go from threads that share CPUs with workers (mirror, main): a ring whose users wait for one another would
 * let a thread that lost its CPU hold up a worker, so it is the one made for that ("rts").
 */
static int create_pool(struct tw_switch *sw)
{
	uint32_t n = mbufs_for(&sw->options);

	sw->pool = rte_pktmbuf_pool_create_by_ops("mbufs", n - 1, POOL_CACHE, TW_MBUF_PRIV_SIZE,
						  TW_MBUF_ROOM + RTE_PKTMBUF_HEADROOM, SOCKET_ID_ANY, "ring_mt_rts");
	if (sw->pool)
		return 0;
	tw_log_error("no memory for %u packet buffers: --memory is too small, or --mbufs too many", n);
	return -ENOMEM;
}

static int create_qsbr(struct tw_switch *sw)
{
	size_t size = rte_rcu_qsbr_get_memsize(sw->n_workers);

	sw->qsbr = rte_zmalloc("qsbr", size, RTE_CACHE_LINE_SIZE);
	if (!sw->qsbr)
		return -ENOMEM;
	return rte_rcu_qsbr_init(sw->qsbr, sw->n_workers) ? -rte_errno : 0;
}

static struct rte_ring *ring(const char *what, unsigned id, unsigned size, unsigned flags)
{
	char name[RTE_RING_NAMESIZE];

	snprintf(name, sizeof(name), "%s-%u", what, id);
	return rte_ring_create(name, size, SOCKET_ID_ANY, flags);
}

static bool create_rings(struct tw_worker *w)
{
	char name[RTE_RING_NAMESIZE];

	snprintf(name, sizeof(name), "records-%u", w->id);
	w->records = rte_ring_create_elem(name, sizeof(struct tw_flow_record), TW_RECORD_RING, SOCKET_ID_ANY,
					  RING_F_SP_ENQ | RING_F_SC_DEQ);
	w->mirrors = ring("mirrors", w->id, TW_MIRROR_RING, RING_F_SP_ENQ | RING_F_SC_DEQ);
	w->arrivals = ring("arrivals", w->id, TW_ARRIVAL_RING, RING_F_SP_ENQ | RING_F_SC_DEQ);
	w->inject = ring("inject", w->id, TW_INJECT_RING, RING_F_SP_ENQ | RING_F_SC_DEQ);
	w->jobs = ring("jobs", w->id, JOB_RING, RING_F_SP_ENQ | RING_F_SC_DEQ);
	snprintf(name, sizeof(name), "macs-%u", w->id);
	w->macs = rte_ring_create_elem(name, sizeof(struct tw_heard_mac), TW_MACS_RING, SOCKET_ID_ANY,
				       RING_F_SP_ENQ | RING_F_SC_DEQ);
	w->control = ring("control", w->id, TW_CONTROL_RING, RING_F_SP_ENQ | RING_F_SC_DEQ);
	w->snoops = ring("snoops", w->id, TW_SNOOP_RING, RING_F_SP_ENQ | RING_F_SC_DEQ);
	w->told = ring("told", w->id, TW_TOLD_RING, RING_F_SP_ENQ | RING_F_SC_DEQ);
	return w->records && w->mirrors && w->arrivals && w->inject && w->jobs && w->told && w->macs && w->snoops &&
	       w->control;
}

static int create_worker(struct tw_switch *sw, unsigned id)
{
	struct tw_worker *w = rte_zmalloc("worker", sizeof(*w), RTE_CACHE_LINE_SIZE);
	void *flows = rte_zmalloc("flows", tw_flow_cache_size(sw->options.flows), RTE_CACHE_LINE_SIZE);

	sw->workers[id] = w;
	sw->flow_memory[id] = flows;
	if (!w || !flows)
		return -ENOMEM;
	w->id = (uint16_t)id;
	tw_flow_cache_init(&w->cache, flows, sw->options.flows);
	w->counters = rte_zmalloc("counters", TW_SLOTS_MAX * sizeof(w->counters[0]), RTE_CACHE_LINE_SIZE);
	if (!w->counters || !create_rings(w))
		return -ENOMEM;
	w->pool = sw->pool;
	w->qsbr = sw->qsbr;
	w->hold = sw->hold;
	w->tx_lock = sw->tx_lock;
	w->rates = sw->rates;
	w->tap_budgets = sw->tap_budgets;
	w->arrived = sw->arrived;
	w->shapers = sw->shapers;
	w->idle_sleep_us = sw->options.idle_sleep_us;
	w->no_metering = sw->options.no_metering;
	w->snapshot = &sw->snapshot;
	w->mcast = &sw->mcast;
	tw_worker_clock_init(w);
	return rte_rcu_qsbr_thread_register(sw->qsbr, id) ? -EINVAL : 0;
}

int tw_workers_create(struct tw_switch *sw)
{
	int rc;

	sw->n_workers = sw->options.n_cpus;
	tw_queue_map_init(&sw->map, sw->n_workers);
	rc = create_pool(sw);
	if (!rc)
		rc = create_qsbr(sw);
	for (unsigned i = 0; i < sw->n_workers && !rc; i++)
		rc = create_worker(sw, i);
	if (rc)
		tw_log_error("workers cannot be made: %s (more --memory?)", strerror(-rc));
	return rc;
}

int tw_workers_start(struct tw_switch *sw)
{
	int rc = 0;

	for (unsigned i = 0; i < sw->n_workers && !rc; i++)
		rc = rte_eal_remote_launch(tw_worker_run, sw->workers[i], i + 1);
	if (rc)
		tw_log_error("a worker does not start: %s", strerror(-rc));
	return rc;
}

void tw_workers_stop(struct tw_switch *sw)
{
	for (unsigned i = 0; i < sw->n_workers; i++)
		if (sw->workers[i])
			atomic_store(&sw->workers[i]->stop, true);
	rte_eal_mp_wait_lcore();
}

static void free_mbufs(struct rte_ring *r)
{
	struct rte_mbuf *m;

	while (r && rte_ring_dequeue(r, (void **)&m) == 0)
		rte_pktmbuf_free(m);
	rte_ring_free(r);
}

void tw_workers_destroy(struct tw_switch *sw)
{
	for (unsigned i = 0; i < sw->n_workers; i++) {
		struct tw_worker *w = sw->workers[i];

		if (!w)
			continue;
		free_mbufs(w->mirrors);
		free_mbufs(w->arrivals);
		free_mbufs(w->inject);
		free_mbufs(w->snoops);
		free_mbufs(w->control);
		rte_ring_free(w->records);
		rte_ring_free(w->jobs);
		rte_ring_free(w->macs);
		rte_ring_free(w->told);
		rte_free(w->counters);
		rte_free(sw->flow_memory[i]);
		rte_free(w);
		sw->workers[i] = NULL;
	}
	rte_free(sw->qsbr);
	rte_mempool_free(sw->pool);
}

static void add_queue(struct tw_queue_counters *sum, const struct tw_queue_counters *q)
{
	sum->rx_packets += __atomic_load_n(&q->rx_packets, __ATOMIC_RELAXED);
	sum->busy_cycles += __atomic_load_n(&q->busy_cycles, __ATOMIC_RELAXED);
	sum->empty_polls += __atomic_load_n(&q->empty_polls, __ATOMIC_RELAXED);
}

static void add_counters(struct tw_counters *sum, const struct tw_counters *c)
{
	sum->rx_packets += __atomic_load_n(&c->rx_packets, __ATOMIC_RELAXED);
	sum->rx_octets += __atomic_load_n(&c->rx_octets, __ATOMIC_RELAXED);
	sum->tx_packets += __atomic_load_n(&c->tx_packets, __ATOMIC_RELAXED);
	sum->tx_octets += __atomic_load_n(&c->tx_octets, __ATOMIC_RELAXED);
	for (unsigned i = 0; i < TW_DROPS; i++)
		sum->drops[i] += __atomic_load_n(&c->drops[i], __ATOMIC_RELAXED);
	for (unsigned i = 0; i < TW_QUEUES_MAX; i++)
		add_queue(&sum->queue[i], &c->queue[i]);
}

void tw_workers_count(const struct tw_switch *sw, uint16_t slot, const struct tw_counters *base,
		      struct tw_counters *sum)
{
	*sum = *base;
	for (unsigned i = 0; i < sw->n_workers; i++)
		add_counters(sum, &sw->workers[i]->counters[slot]);
}

void tw_workers_count_queue(const struct tw_switch *sw, uint16_t slot, uint16_t queue, struct tw_queue_counters *sum)
{
	*sum = slot < TW_PORTS_MAX ? sw->ports[slot].base.queue[queue]
				   : sw->uplinks[slot - TW_PORTS_MAX].base.queue[queue];
	for (unsigned i = 0; i < sw->n_workers; i++)
		add_queue(sum, &sw->workers[i]->counters[slot].queue[queue]);
}

void tw_workers_zero(const struct tw_switch *sw, uint16_t slot, struct tw_counters *base)
{
	struct tw_counters now;

	memset(base, 0, sizeof(*base));
	tw_workers_count(sw, slot, base, &now);
	base->rx_packets = -now.rx_packets;
	base->rx_octets = -now.rx_octets;
	base->tx_packets = -now.tx_packets;
	base->tx_octets = -now.tx_octets;
	for (unsigned i = 0; i < TW_DROPS; i++)
		base->drops[i] = -now.drops[i];
	for (unsigned i = 0; i < TW_QUEUES_MAX; i++)
		base->queue[i] = (struct tw_queue_counters){ -now.queue[i].rx_packets, -now.queue[i].busy_cycles,
							     -now.queue[i].empty_polls };
}
