/* SPDX-License-Identifier: Apache-2.0 */
/* status.c - what is so, as a message: counters summed over the workers, states, errors. Main. */
#include <stdlib.h>
#include <string.h>

#include <rte_cycles.h>

#include "common/clock.h"
#include "dataplane/acl.h"
#include "dataplane/guest_text.h"
#include "dataplane/learned.h"
#include "dataplane/switch.h"

/* A message's strings are malloc'ed or the generator's empty one. @return false: out of memory */
bool tw_status_set_text(char **field, const char *text)
{
	char *copy = text[0] ? strdup(text) : NULL;

	if (copy)
		*field = copy;
	return copy || !text[0];
}

/* --- counters --- */

static bool add_drop(Tw__PortCounters *c, unsigned reason, uint64_t packets)
{
	Tw__DropCounter *d = malloc(sizeof(*d));

	if (!d)
		return false;
	tw__drop_counter__init(d);
	c->drops[c->n_drops++] = d;
	d->packets = packets;
	return tw_status_set_text(&d->reason, tw_drop_name(reason)) &&
	       tw_status_set_text(&d->text, tw_drop_text(reason));
}

Tw__PortCounters *tw_status_counters(const struct tw_counters *counters)
{
	Tw__PortCounters *c = malloc(sizeof(*c));
	bool whole;

	if (!c)
		return NULL;
	tw__port_counters__init(c);
	c->rx_packets = counters->rx_packets;
	c->rx_octets = counters->rx_octets;
	c->tx_packets = counters->tx_packets;
	c->tx_octets = counters->tx_octets;
	c->drops = calloc(TW_DROPS, sizeof(Tw__DropCounter *));
	whole = c->drops != NULL;
	for (unsigned i = 0; i < TW_DROPS && whole; i++)
		if (counters->drops[i])
			whole = add_drop(c, i, counters->drops[i]);
	if (whole)
		return c;
	tw__port_counters__free_unpacked(c, NULL);
	return NULL;
}

static Tw__PortCounters *count(const struct tw_switch *sw, uint16_t slot, const struct tw_counters *base)
{
	struct tw_counters sum;

	tw_workers_count(sw, slot, base, &sum);
	return tw_status_counters(&sum);
}

/* --- parts --- */

/* From what main has sampled; p's guest has told its rings' size. */
static bool add_rings(Tw__PortStatus *out, const struct tw_port *p)
{
	unsigned n = p->guest.running ? p->rings.n : 0;
	struct tw_counters sum;

	tw_workers_count(p->sw, p->slot, &p->base, &sum);
	out->rings = n ? calloc(n, sizeof(*out->rings)) : NULL;
	if (n && !out->rings)
		return false;
	for (unsigned i = 0; i < n; i++) {
		const struct tw_ring_sample *s = &p->rings.pair[i];
		Tw__RingStatus *r = malloc(sizeof(*r));

		if (!r)
			return false;
		tw__ring_status__init(r);
		out->rings[out->n_rings++] = r;
		r->queue = p->guest.queues.number[i];
		r->size = s->size;
		r->to_used = s->to_used;
		r->to_used_max = s->to_used_max;
		r->to_full_ms = s->to_full_ms;
		r->from_waiting = s->from_waiting;
		r->from_waiting_max = s->from_waiting_max;
		r->from_backlog_ms = s->from_backlog_ms;
		r->from_packets = sum.queue[r->queue].rx_packets;
	}
	return true;
}

static bool add_shape(Tw__PortStatus *out, const struct tw_switch *sw, const struct tw_port *p)
{
	const struct tw_shaper *q = sw->shapers[p->slot];
	const struct tw_snapshot *s = atomic_load(&sw->snapshot);
	const struct tw_rate *rate = s ? s->slot[p->slot].rate : NULL;
	bool shaped = rate && rate->bucket[TW_RATE_SHAPE].cost;

	if (!q || !(shaped || atomic_load(&q->octets)))
		return true;
	out->shape = malloc(sizeof(*out->shape));
	if (!out->shape)
		return false;
	tw__shape_status__init(out->shape);
	out->shape->packets = tw_shaper_frames(q);
	out->shape->octets = atomic_load(&q->octets);
	out->shape->octets_max = atomic_load(&q->most);
	out->shape->octets_limit = shaped ? rate->queue_octets : 0;
	return true;
}

static bool add_port(struct tw_switch *sw, Tw__SwitchStatus *s, const struct tw_port *p)
{
	bool whole;
	Tw__PortStatus *out = malloc(sizeof(*out));
	char guest[TW_GUEST_TEXT] = "";

	if (!out)
		return false;
	tw__port_status__init(out);
	s->ports[s->n_ports++] = out;
	out->number = p->number;
	out->link = (Tw__LinkState)sw->states[p->slot].link;
	out->queues = p->guest.running ? p->guest.queues.n : 0;
	out->mtu = p->mtu;
	out->features = p->guest.running ? p->guest.features : 0;
	out->counters = count(sw, p->slot, &p->base);
	out->macs = tw_learned_status(p, &whole);
	out->fault = (Tw__Fault)p->rings.fault;
	if (p->guest.running)
		tw_guest_text(&p->guest, guest);
	return whole && out->counters && tw_status_set_text(&out->name, p->name) &&
	       tw_status_set_text(&out->socket, p->socket) && tw_status_set_text(&out->guest, guest) &&
	       tw_status_set_text(&out->fault_text, p->rings.fault_text) && add_rings(out, p) &&
	       add_shape(out, sw, p) && tw_recorder_status(sw, p->slot, out);
}

static bool add_uplink(struct tw_switch *sw, Tw__SwitchStatus *s, unsigned i)
{
	const struct tw_uplink *u = &sw->uplinks[i].device;
	Tw__UplinkStatus *out = malloc(sizeof(*out));

	if (!out)
		return false;
	tw__uplink_status__init(out);
	s->uplinks[s->n_uplinks++] = out;
	out->up = u->open && u->up;
	out->mtu = u->mtu;
	out->counters = count(sw, (uint16_t)(TW_PORTS_MAX + i), &sw->uplinks[i].base);
	out->role = tw_failover_role(sw, i);
	out->failovers = sw->uplinks[i].failovers;
	out->lacp = tw_aggregate_status(sw, i);
	out->device_errors = tw_uplink_errors(u);
	return out->counters && tw_status_set_text(&out->name, u->name) && tw_status_set_text(&out->error, u->error);
}

static bool add_mirror(Tw__SwitchStatus *s, const struct tw_mirror_stats *stats)
{
	Tw__MirrorStatus *out = tw_mirror_status(stats);

	if (out)
		s->mirrors[s->n_mirrors++] = out;
	return out != NULL;
}

static Tw__MirrorStatus *find_mirror(const Tw__SwitchStatus *s, const char *name)
{
	for (size_t i = 0; i < s->n_mirrors; i++)
		if (strcmp(s->mirrors[i]->name, name) == 0)
			return s->mirrors[i];
	return NULL;
}

/* One that copies for a port of this host, on others; and perhaps here, too. */
static bool add_arrivals(Tw__SwitchStatus *s, const struct tw_arrival_stats *stats)
{
	Tw__MirrorStatus *out = find_mirror(s, stats->mirror);

	if (!out) {
		struct tw_mirror_stats none = { 0 };

		snprintf(none.name, sizeof(none.name), "%s", stats->mirror);
		snprintf(none.to, sizeof(none.to), "port %u", stats->number);
		snprintf(none.error, sizeof(none.error), "%s", stats->error);
		if (!add_mirror(s, &none))
			return false;
		out = s->mirrors[s->n_mirrors - 1];
	}
	out->arrived = stats->sent;
	out->arrived_octets = stats->octets;
	out->arrived_full = stats->full;
	out->arrived_absent = stats->absent;
	out->arrived_failed = stats->failed;
	out->arrived_memory = stats->memory;
	out->arrived_refused = stats->refused;
	out->arrived_lost = stats->lost;
	return *out->error || tw_status_set_text(&out->error, stats->error);
}

static bool add_queues(const struct tw_switch *sw, Tw__WorkerStatus *out, const struct tw_worker *w)
{
	const struct tw_snapshot *s = atomic_load_explicit(&sw->snapshot, memory_order_relaxed); /* main made it */
	const struct tw_poll_list *polls = s ? &s->polls[w->id] : NULL;
	struct tw_queue_counters sum;

	out->queues = polls && polls->n ? calloc(polls->n, sizeof(*out->queues)) : NULL;
	for (uint32_t i = 0; out->queues && i < polls->n; i++) {
		uint16_t slot = polls->poll[i].slot, queue = polls->poll[i].queue;
		Tw__QueueStatus *q = malloc(sizeof(*q));

		if (!q)
			return false;
		tw__queue_status__init(q);
		out->queues[out->n_queues++] = q;
		q->queue = queue;
		tw_workers_count_queue(sw, slot, queue, &sum);
		q->rx_packets = sum.rx_packets;
		q->busy_cycles = sum.busy_cycles;
		q->empty_polls = sum.empty_polls;
		q->busy_permille = tw_rebalance_load(sw->rebalancer, slot, queue);
		q->moves = tw_rebalance_moves(sw->rebalancer, slot, queue);
		q->home = tw_queue_home(slot, queue, sw->n_workers);
		if (!tw_status_set_text(&q->name, slot < TW_PORTS_MAX ? sw->ports[slot].name
								      : sw->uplinks[slot - TW_PORTS_MAX].device.name))
			return false;
	}
	return out->queues || !polls || !polls->n;
}

static bool add_worker(const struct tw_switch *sw, Tw__SwitchStatus *s, const struct tw_worker *w)
{
	Tw__WorkerStatus *out = malloc(sizeof(*out));

	if (!out)
		return false;
	tw__worker_status__init(out);
	s->workers[s->n_workers++] = out;
	out->id = w->id;
	out->packets = __atomic_load_n(&w->stats.packets, __ATOMIC_RELAXED);
	out->polls = __atomic_load_n(&w->stats.polls, __ATOMIC_RELAXED);
	out->empty_polls = __atomic_load_n(&w->stats.empty_polls, __ATOMIC_RELAXED);
	out->sleeps = __atomic_load_n(&w->stats.sleeps, __ATOMIC_RELAXED);
	out->flows = w->cache.capacity - __atomic_load_n(&w->cache.n_free, __ATOMIC_RELAXED);
	out->flow_capacity = w->cache.capacity;
	out->flow_misses = __atomic_load_n(&w->stats.misses, __ATOMIC_RELAXED);
	out->flow_overflows = __atomic_load_n(&w->stats.overflows, __ATOMIC_RELAXED);
	out->cpu = sw->options.cpus[w->id];
	out->busy_cycles = __atomic_load_n(&w->stats.busy_cycles, __ATOMIC_RELAXED);
	out->cycles = rte_rdtsc() - w->tsc_base;
	out->busy_permille = sw->load[w->id].busy_permille;
	out->idle_sleep_us = w->idle_sleep_us;
	return add_queues(sw, out, w);
}

/* --- whole --- */

static bool add_ports_and_uplinks(struct tw_switch *sw, Tw__SwitchStatus *s)
{
	s->ports = calloc(TW_PORTS_MAX, sizeof(Tw__PortStatus *));
	s->uplinks = calloc(TW_UPLINKS_MAX, sizeof(Tw__UplinkStatus *));
	if (!s->ports || !s->uplinks)
		return false;
	for (unsigned i = 0; i < TW_PORTS_MAX; i++)
		if (sw->ports[i].used && !sw->ports[i].retire && !add_port(sw, s, &sw->ports[i]))
			return false;
	for (unsigned i = 0; i < TW_UPLINKS_MAX; i++)
		if (sw->uplinks[i].used && !sw->uplinks[i].retire && !add_uplink(sw, s, i))
			return false;
	return true;
}

static bool add_mirrors(struct tw_switch *sw, Tw__SwitchStatus *s)
{
	struct tw_mirror_stats *stats = calloc(TW_MIRRORS_MAX, sizeof(*stats));
	struct tw_arrival_stats *arrivals = calloc(TW_MIRRORS_MAX, sizeof(*arrivals));
	size_t n;
	bool whole;

	s->mirrors = calloc(2 * TW_MIRRORS_MAX, sizeof(Tw__MirrorStatus *));
	whole = stats && arrivals && s->mirrors;
	n = whole ? tw_mirrors_get_stats(sw->mirrors, stats) : 0;
	for (size_t i = 0; i < n && whole; i++)
		whole = add_mirror(s, &stats[i]);
	n = whole ? tw_arrivals_get_stats(sw->arrivals, arrivals) : 0;
	for (size_t i = 0; i < n && whole; i++)
		whole = add_arrivals(s, &arrivals[i]);
	s->tunnel_refused = tw_arrivals_refused(sw->arrivals);
	free(arrivals);
	free(stats);
	return whole;
}

static bool add_acl(Tw__SwitchStatus *s, const struct tw_acl *acl)
{
	Tw__AclStatus *out = malloc(sizeof(*out));

	if (!out)
		return false;
	tw__acl_status__init(out);
	s->acls[s->n_acls++] = out;
	out->hits = calloc(acl->n + 1, sizeof(out->hits[0]));
	if (!out->hits)
		return false;
	out->n_hits = acl->n + 1;
	for (uint32_t i = 0; i <= acl->n; i++)
		out->hits[i] = tw_acl_hits_of(acl, i);
	return tw_status_set_text(&out->name, acl->name);
}

static bool add_acls(struct tw_switch *sw, Tw__SwitchStatus *s)
{
	bool whole;

	s->acls = calloc(sw->plan->n_acls + 1, sizeof(Tw__AclStatus *));
	whole = s->acls != NULL;
	for (uint32_t i = 0; i < sw->plan->n_acls && whole; i++)
		whole = add_acl(s, sw->plan->acls[i]);
	return whole;
}

static bool add_workers(struct tw_switch *sw, Tw__SwitchStatus *s)
{
	bool whole;

	s->workers = calloc(TW_WORKERS_MAX, sizeof(Tw__WorkerStatus *));
	whole = s->workers != NULL;
	for (unsigned i = 0; i < sw->n_workers && whole; i++)
		whole = add_worker(sw, s, sw->workers[i]);
	return whole;
}

Tw__SwitchStatus *tw_status(struct tw_switch *sw)
{
	Tw__SwitchStatus *s = malloc(sizeof(*s));

	if (!s)
		return NULL;
	tw__switch_status__init(s);
	s->boot_id = sw->boot_id;
	s->revision = sw->plan->revision;
	s->rebalance_s = sw->options.rebalance_s;
	s->queue_moves = sw->move.moves;
	s->flows_moved = sw->move.flows_moved;
	s->uptime_ms = tw_clock_mono_ms() - sw->started_ms;
	tw_learned_known(sw, s);
	if (tw_status_set_text(&s->version, TW_VERSION) && add_ports_and_uplinks(sw, s) && add_mirrors(sw, s) &&
	    tw_status_add_exporters(sw, s) && add_acls(sw, s) && add_workers(sw, s))
		return s;
	tw__switch_status__free_unpacked(s, NULL);
	return NULL;
}
