/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rings.c - samples the guests' rings and judges who is at fault; see blame.h.
 *
 * Threads  main. A ring is read through rte_vhost, under the lock its worker takes for a burst; ten times a second, for a
 *          few nanoseconds. Packed rings are left out: rte_vhost 22.11 counts only split ones.
 */
#include <string.h>

#include <linux/virtio_config.h>
#include <rte_cycles.h>
#include <rte_vhost.h>

#include "common/clock.h"
#include "dataplane/switch.h"

enum { PER_SECOND = 10, SAMPLE_MS = 1000 / PER_SECOND, WINDOW_MS = 10000, VIRTIO_RXQ = 0, VIRTIO_TXQ = 1 };

unsigned tw_rings_per_second(void)
{
	return PER_SECOND;
}

/* --- sampling --- */

static uint64_t ring_full(const struct tw_port *p)
{
	uint64_t n = p->base.drops[TW_DROP_RING_FULL];

	for (unsigned i = 0; i < p->sw->n_workers; i++)
		n += __atomic_load_n(&p->sw->workers[i]->counters[p->slot].drops[TW_DROP_RING_FULL], __ATOMIC_RELAXED);
	return n;
}

static void sample_pair(const struct tw_port *p, uint16_t pair, struct tw_ring_sample *s, bool losing)
{
	uint16_t to = (uint16_t)(2 * pair + VIRTIO_RXQ), from = (uint16_t)(2 * pair + VIRTIO_TXQ), free_buffers;
	struct rte_vhost_vring ring;

	if (rte_vhost_get_vhost_vring(p->guest.vid, to, &ring))
		return;
	s->size = ring.size;
	free_buffers = rte_vhost_avail_entries(p->guest.vid, to);
	s->to_used = free_buffers < s->size ? s->size - free_buffers : 0;
	s->from_waiting = rte_vhost_rx_queue_count(p->guest.vid, from);
	if (s->to_used > s->to_used_max)
		s->to_used_max = s->to_used;
	if (s->from_waiting > s->from_waiting_max)
		s->from_waiting_max = s->from_waiting;
	if (losing && s->to_used == s->size)
		s->to_full_ms += SAMPLE_MS;
	if (s->size && s->from_waiting >= s->size / 2)
		s->from_backlog_ms += SAMPLE_MS;
}

static void sample_port(struct tw_port *p)
{
	struct tw_rings *r = &p->rings;
	uint64_t full = ring_full(p);
	bool losing = full != r->ring_full;

	r->ring_full = full;
	/* in_use: the device cannot end while main has it */
	if (!p->guest.running || !p->in_use || p->guest.features & 1ull << VIRTIO_F_RING_PACKED) {
		r->n = 0;
		return;
	}
	if (r->n != p->guest.queues.n)
		memset(r->pair, 0, sizeof(r->pair));
	r->n = p->guest.queues.n;
	for (uint16_t i = 0; i < r->n; i++)
		sample_pair(p, p->guest.queues.number[i], &r->pair[i], losing);
}

void tw_rings_sample(struct tw_switch *sw)
{
	for (unsigned i = 0; i < TW_PORTS_MAX; i++)
		if (sw->ports[i].used && !sw->ports[i].retire)
			sample_port(&sw->ports[i]);
}

/* --- judging --- */

static void collect(const struct tw_port *p, struct tw_evidence *e)
{
	struct tw_counters sum;

	tw_workers_count(p->sw, p->slot, &p->base, &sum);
	*e = (struct tw_evidence){ .ms = tw_clock_mono_ms(),
				   .to_packets = sum.tx_packets,
				   .from_packets = sum.rx_packets };
	memcpy(e->drops, sum.drops, sizeof(e->drops));
	for (unsigned i = 0; i < p->rings.n; i++) {
		const struct tw_ring_sample *s = &p->rings.pair[i];

		if (s->to_full_ms > e->to_full_ms)
			e->to_full_ms = s->to_full_ms;
		if (s->from_backlog_ms > e->from_backlog_ms)
			e->from_backlog_ms = s->from_backlog_ms;
	}
}

/* Rings and counters may begin anew under a window: what would be negative is nothing. */
static uint64_t less(uint64_t now, uint64_t then)
{
	return now > then ? now - then : 0;
}

/* Who polls the port; of several the busiest. */
static unsigned worker_of(const struct tw_port *p)
{
	const struct tw_switch *sw = p->sw;
	unsigned busiest = tw_queue_map_get(&sw->map, p->slot, 0);

	for (uint32_t polls = p->guest.queues.polls; polls; polls &= polls - 1) {
		unsigned worker = tw_queue_map_get(&sw->map, p->slot, (uint16_t)__builtin_ctz(polls));

		if (sw->load[worker].busy_permille > sw->load[busiest].busy_permille)
			busiest = worker;
	}
	return busiest;
}

static void judge_port(struct tw_port *p)
{
	struct tw_rings *r = &p->rings;
	struct tw_evidence now, growth;
	unsigned worker = worker_of(p);

	collect(p, &now);
	if (r->window.ms == 0)
		r->window = r->window_before = now;
	if (now.ms - r->window.ms >= WINDOW_MS) {
		r->window_before = r->window;
		r->window = now;
	}
	growth.ms = less(now.ms, r->window_before.ms);
	growth.to_packets = less(now.to_packets, r->window_before.to_packets);
	growth.from_packets = less(now.from_packets, r->window_before.from_packets);
	growth.to_full_ms = less(now.to_full_ms, r->window_before.to_full_ms);
	growth.from_backlog_ms = less(now.from_backlog_ms, r->window_before.from_backlog_ms);
	for (unsigned i = 0; i < TW_DROPS; i++)
		growth.drops[i] = less(now.drops[i], r->window_before.drops[i]);
	r->fault =
		tw_blame(&growth, r->n ? r->pair[0].size : 0, worker, p->sw->load[worker].busy_permille, r->fault_text);
}

static void judge_worker(struct tw_load *load, const struct tw_worker *w)
{
	uint64_t tsc = rte_rdtsc(), busy = __atomic_load_n(&w->stats.busy_cycles, __ATOMIC_RELAXED);
	uint64_t permille = load->tsc ? (busy - load->busy) * 1000 / (tsc - load->tsc) : 0;

	load->busy_permille = permille > 1000 ? 1000 : (uint32_t)permille;
	load->tsc = tsc;
	load->busy = busy;
}

void tw_rings_judge(struct tw_switch *sw)
{
	for (unsigned i = 0; i < sw->n_workers; i++)
		judge_worker(&sw->load[i], sw->workers[i]);
	for (unsigned i = 0; i < TW_PORTS_MAX; i++)
		if (sw->ports[i].used && !sw->ports[i].retire)
			judge_port(&sw->ports[i]);
}
