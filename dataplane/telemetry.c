/* SPDX-License-Identifier: Apache-2.0 */
/* telemetry.c - DPDK's telemetry socket shows what is counted; see telemetry.h. EAL's threads, and main for the update. */
#include "dataplane/telemetry.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_telemetry.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* of latest */
static Tw__SwitchStatus *latest;

void tw_telemetry_update(Tw__SwitchStatus *status)
{
	Tw__SwitchStatus *old;

	pthread_mutex_lock(&lock);
	old = latest;
	latest = status;
	pthread_mutex_unlock(&lock);
	if (old)
		tw__switch_status__free_unpacked(old, NULL);
}

/* --- answers; the lock is held --- */

static void counters_answer(const Tw__PortCounters *c, struct rte_tel_data *d)
{
	uint64_t dropped = 0;

	for (size_t i = 0; c && i < c->n_drops; i++)
		dropped += c->drops[i]->packets;
	rte_tel_data_add_dict_u64(d, "rx_packets", c ? c->rx_packets : 0);
	rte_tel_data_add_dict_u64(d, "rx_octets", c ? c->rx_octets : 0);
	rte_tel_data_add_dict_u64(d, "tx_packets", c ? c->tx_packets : 0);
	rte_tel_data_add_dict_u64(d, "tx_octets", c ? c->tx_octets : 0);
	rte_tel_data_add_dict_u64(d, "dropped", dropped);
}

static int one_port(const Tw__SwitchStatus *s, const char *name, struct rte_tel_data *d)
{
	for (size_t i = 0; i < s->n_ports; i++) {
		const Tw__PortStatus *p = s->ports[i];

		if (strcmp(p->name, name) != 0)
			continue;
		rte_tel_data_start_dict(d);
		rte_tel_data_add_dict_string(d, "name", p->name);
		rte_tel_data_add_dict_u64(d, "number", p->number);
		rte_tel_data_add_dict_u64(d, "up", p->link == TW__LINK_STATE__LINK_UP);
		rte_tel_data_add_dict_u64(d, "queues", p->queues);
		rte_tel_data_add_dict_string(d, "at_fault", p->fault_text);
		counters_answer(p->counters, d);
		return 0;
	}
	for (size_t i = 0; i < s->n_uplinks; i++) {
		if (strcmp(s->uplinks[i]->name, name) != 0)
			continue;
		rte_tel_data_start_dict(d);
		rte_tel_data_add_dict_string(d, "name", s->uplinks[i]->name);
		rte_tel_data_add_dict_u64(d, "up", s->uplinks[i]->up);
		counters_answer(s->uplinks[i]->counters, d);
		return 0;
	}
	return -ENOENT;
}

static int ports(const Tw__SwitchStatus *s, const char *name, struct rte_tel_data *d)
{
	if (name)
		return one_port(s, name, d);
	rte_tel_data_start_array(d, RTE_TEL_STRING_VAL);
	for (size_t i = 0; i < s->n_uplinks; i++)
		rte_tel_data_add_array_string(d, s->uplinks[i]->name);
	for (size_t i = 0; i < s->n_ports;
	     i++) /* beyond what an answer holds they are not named, but can be asked for */
		if (rte_tel_data_add_array_string(d, s->ports[i]->name))
			break;
	return 0;
}

static int workers(const Tw__SwitchStatus *s, const char *id, struct rte_tel_data *d)
{
	char *end;
	unsigned long n = id ? strtoul(id, &end, 10) : 0;
	const Tw__WorkerStatus *w;

	if (!id) {
		rte_tel_data_start_array(d, RTE_TEL_U64_VAL);
		for (size_t i = 0; i < s->n_workers; i++)
			rte_tel_data_add_array_u64(d, s->workers[i]->id);
		return 0;
	}
	if (end == id || *end || n >= s->n_workers)
		return -ENOENT;
	w = s->workers[n];
	rte_tel_data_start_dict(d);
	rte_tel_data_add_dict_u64(d, "cpu", w->cpu);
	rte_tel_data_add_dict_u64(d, "busy_permille", w->busy_permille);
	rte_tel_data_add_dict_u64(d, "busy_cycles", w->busy_cycles);
	rte_tel_data_add_dict_u64(d, "cycles", w->cycles);
	rte_tel_data_add_dict_u64(d, "packets", w->packets);
	rte_tel_data_add_dict_u64(d, "polls", w->polls);
	rte_tel_data_add_dict_u64(d, "empty_polls", w->empty_polls);
	rte_tel_data_add_dict_u64(d, "sleeps", w->sleeps);
	rte_tel_data_add_dict_u64(d, "flows", w->flows);
	rte_tel_data_add_dict_u64(d, "flow_capacity", w->flow_capacity);
	rte_tel_data_add_dict_u64(d, "flow_misses", w->flow_misses);
	rte_tel_data_add_dict_u64(d, "flow_overflows", w->flow_overflows);
	return 0;
}

/* Reasons and their sums: few, so a list that is searched will do. */
struct sums {
	const char *reason[128];
	uint64_t packets[128];
	unsigned n;
};

static void add_drops(struct sums *sums, const Tw__PortCounters *c)
{
	for (size_t i = 0; c && i < c->n_drops; i++) {
		unsigned k = 0;

		while (k < sums->n && strcmp(sums->reason[k], c->drops[i]->reason) != 0)
			k++;
		if (k == sizeof(sums->reason) / sizeof(sums->reason[0]))
			return;
		if (k == sums->n) {
			sums->reason[sums->n] = c->drops[i]->reason;
			sums->packets[sums->n++] = 0;
		}
		sums->packets[k] += c->drops[i]->packets;
	}
}

static int drops(const Tw__SwitchStatus *s, const char *name, struct rte_tel_data *d)
{
	struct sums sums = { .n = 0 };
	bool found = !name;

	for (size_t i = 0; i < s->n_ports; i++)
		if (!name || strcmp(s->ports[i]->name, name) == 0) {
			add_drops(&sums, s->ports[i]->counters);
			found = true;
		}
	for (size_t i = 0; i < s->n_uplinks; i++)
		if (!name || strcmp(s->uplinks[i]->name, name) == 0) {
			add_drops(&sums, s->uplinks[i]->counters);
			found = true;
		}
	rte_tel_data_start_dict(d);
	for (unsigned i = 0; i < sums.n; i++)
		rte_tel_data_add_dict_u64(d, sums.reason[i], sums.packets[i]);
	return found ? 0 : -ENOENT;
}

static int one_queue(const Tw__WorkerStatus *w, const Tw__QueueStatus *q, struct rte_tel_data *d)
{
	rte_tel_data_start_dict(d);
	rte_tel_data_add_dict_string(d, "name", q->name);
	rte_tel_data_add_dict_u64(d, "queue", q->queue);
	rte_tel_data_add_dict_u64(d, "worker", w->id);
	rte_tel_data_add_dict_u64(d, "home", q->home);
	rte_tel_data_add_dict_u64(d, "rx_packets", q->rx_packets);
	rte_tel_data_add_dict_u64(d, "busy_permille", q->busy_permille);
	rte_tel_data_add_dict_u64(d, "busy_cycles", q->busy_cycles);
	rte_tel_data_add_dict_u64(d, "empty_polls", q->empty_polls);
	rte_tel_data_add_dict_u64(d, "moves", q->moves);
	return 0;
}

/* A queue is "NAME,NUMBER". */
static int queues(const Tw__SwitchStatus *s, const char *name, struct rte_tel_data *d)
{
	char text[RTE_TEL_MAX_STRING_LEN];

	if (!name)
		rte_tel_data_start_array(d, RTE_TEL_STRING_VAL);
	for (size_t i = 0; i < s->n_workers; i++)
		for (size_t k = 0; k < s->workers[i]->n_queues; k++) {
			const Tw__QueueStatus *q = s->workers[i]->queues[k];

			snprintf(text, sizeof(text), "%s,%u", q->name, q->queue);
			if (name && strcmp(name, text) == 0)
				return one_queue(s->workers[i], q, d);
			if (!name && rte_tel_data_add_array_string(d, text))
				return 0; /* an answer holds no more; they can be asked for all the same */
		}
	return name ? -ENOENT : 0;
}

static int recorder(const Tw__SwitchStatus *s, const char *name, struct rte_tel_data *d)
{
	for (size_t i = 0; name && i < s->n_ports; i++) {
		const Tw__RecorderStatus *r = s->ports[i]->recorder;

		if (!r || strcmp(s->ports[i]->name, name) != 0)
			continue;
		rte_tel_data_start_dict(d);
		rte_tel_data_add_dict_u64(d, "drop_entries", r->drop_entries);
		rte_tel_data_add_dict_u64(d, "drops_recorded", r->drops_recorded);
		rte_tel_data_add_dict_u64(d, "frame_entries", r->frame_entries);
		rte_tel_data_add_dict_u64(d, "frames_recorded", r->frames_recorded);
		rte_tel_data_add_dict_string(d, "newest_frame", r->newest_frame);
		rte_tel_data_add_dict_string(d, "newest_reason", r->newest_reason);
		rte_tel_data_add_dict_u64(d, "newest_times", r->newest_times);
		return 0;
	}
	return -ENOENT;
}

static int flows(const Tw__SwitchStatus *s, const char *name, struct rte_tel_data *d)
{
	uint64_t used = 0, capacity = 0, misses = 0, overflows = 0;

	for (size_t i = 0; i < s->n_workers; i++) {
		used += s->workers[i]->flows;
		capacity += s->workers[i]->flow_capacity;
		misses += s->workers[i]->flow_misses;
		overflows += s->workers[i]->flow_overflows;
	}
	rte_tel_data_start_dict(d);
	rte_tel_data_add_dict_u64(d, "flows", used);
	rte_tel_data_add_dict_u64(d, "capacity", capacity);
	rte_tel_data_add_dict_u64(d, "misses", misses);
	rte_tel_data_add_dict_u64(d, "overflows", overflows);
	return 0;
}

/* --- the endpoints --- */

static const struct {
	const char *path, *help;
	int (*answer)(const Tw__SwitchStatus *status, const char *parameter, struct rte_tel_data *d);
} endpoints[] = {
	{ "/tradewind/ports", "Names of ports and uplinks. Parameter: a name, for its counters", ports },
	{ "/tradewind/workers", "Ids of the workers. Parameter: an id, for its counters", workers },
	{ "/tradewind/queues", "Receive queues as NAME,NUMBER. Parameter: one, for who polls it and what it costs",
	  queues },
	{ "/tradewind/recorder", "A port's flight recorder and the frame it dropped last. Parameter: name", recorder },
	{ "/tradewind/drops", "Dropped frames by reason. Parameter: name of a port or uplink (default: all)", drops },
	{ "/tradewind/flows", "Entries of the flow tables: used, capacity, misses, overflows. No parameters", flows },
};

static int on_request(const char *path, const char *parameter, struct rte_tel_data *d)
{
	int rc = -EAGAIN;

	if (parameter && !*parameter)
		parameter = NULL;
	pthread_mutex_lock(&lock);
	for (size_t i = 0; latest && i < sizeof(endpoints) / sizeof(endpoints[0]); i++)
		if (strcmp(path, endpoints[i].path) == 0)
			rc = endpoints[i].answer(latest, parameter, d);
	pthread_mutex_unlock(&lock);
	return rc;
}

void tw_telemetry_init(void)
{
	for (size_t i = 0; i < sizeof(endpoints) / sizeof(endpoints[0]); i++)
		rte_telemetry_register_cmd(endpoints[i].path, on_request, endpoints[i].help);
}
