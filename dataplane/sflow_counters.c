/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sflow_counters.c - ports', uplinks' and machines' counters for sFlow exporters; see switch.h.
 *
 * Spread   each second those are told whose turn it is, by their number, so that each comes once in an exporter's interval, and
 *          all together make no burst. A machine comes with the first of its ports.
 * Threads  main; the samples leave with the mirror thread's next tick.
 */
#include <stdio.h>
#include <string.h>

#include "dataplane/mirror_sflow.h"
#include "dataplane/switch.h"

static bool is_error(unsigned reason)
{
	return reason == TW_DROP_SHORT_FRAME || reason == TW_DROP_BAD_OFFLOAD;
}

static void fill(struct tw_sflow_interface *i, const struct tw_counters *c)
{
	i->in_octets = c->rx_octets;
	i->in_packets = c->rx_packets;
	i->out_octets = c->tx_octets;
	i->out_packets = c->tx_packets;
	for (unsigned reason = 0; reason < TW_DROPS; reason++)
		*(is_error(reason)            ? &i->in_errors
		  : tw_drop_is_at_out(reason) ? &i->out_discards
					      : &i->in_discards) += c->drops[reason];
}

static void report_port(struct tw_switch *sw, struct tw_sflow_agent *agent, const struct tw_port *p)
{
	const struct tw_snapshot *s = atomic_load_explicit(&sw->snapshot, memory_order_relaxed); /* main made it */
	struct tw_sflow_interface i = { .number = p->number,
					.enabled = s && !s->slot[p->slot].disabled,
					.up = sw->states[p->slot].link == TW_LINK_UP,
					.promiscuous = s && s->slot[p->slot].promiscuous };
	struct tw_counters sum;

	tw_workers_count(sw, p->slot, &p->base, &sum);
	fill(&i, &sum);
	snprintf(i.name, sizeof(i.name), "%s", p->name);
	tw_sflow_report_interface(agent, &i);
}

static void report_uplink(struct tw_switch *sw, struct tw_sflow_agent *agent, unsigned at)
{
	const struct tw_uplink_slot *u = &sw->uplinks[at];
	const uint16_t slot = (uint16_t)(TW_PORTS_MAX + at);
	struct tw_sflow_interface i = { .number = tw_sflow_number(slot, 0),
					.enabled = true,
					.up = u->device.open && u->device.up,
					.promiscuous = true };
	struct tw_counters sum;

	tw_workers_count(sw, slot, &u->base, &sum);
	fill(&i, &sum);
	snprintf(i.name, sizeof(i.name), "%s", u->device.name);
	tw_sflow_report_interface(agent, &i);
}

/* --- machines --- */

static bool is_here(const struct tw_port *p)
{
	return p->used && !p->retire;
}

static bool is_same_machine(const struct tw_port *a, const struct tw_port *b)
{
	return strcmp(a->vm_name, b->vm_name) == 0 && memcmp(a->vm_uuid, b->vm_uuid, sizeof(a->vm_uuid)) == 0;
}

static bool is_first_of_machine(const struct tw_switch *sw, const struct tw_port *p)
{
	for (unsigned i = 0; i < TW_PORTS_MAX; i++)
		if (is_here(&sw->ports[i]) && sw->ports[i].number < p->number && is_same_machine(&sw->ports[i], p))
			return false;
	return true;
}

/* What goes into the machine leaves the switch. */
static void add_adapter(struct tw_switch *sw, struct tw_sflow_machine *m, const struct tw_port *p)
{
	struct tw_sflow_interface i = { 0 };
	struct tw_counters sum;

	if (m->n_adapters < TW_SFLOW_ADAPTERS_MAX) {
		m->adapters[m->n_adapters].number = p->number;
		memcpy(m->adapters[m->n_adapters++].mac, p->mac, sizeof(p->mac));
	}
	tw_workers_count(sw, p->slot, &p->base, &sum);
	fill(&i, &sum);
	m->in_octets += i.out_octets;
	m->in_packets += i.out_packets;
	m->in_drops += i.out_discards;
	m->out_octets += i.in_octets;
	m->out_packets += i.in_packets;
	m->out_drops += i.in_discards;
}

static void report_machine(struct tw_switch *sw, struct tw_sflow_agent *agent, const struct tw_port *p)
{
	struct tw_sflow_machine m = { .number = p->number };

	snprintf(m.name, sizeof(m.name), "%s", p->vm_name);
	memcpy(m.uuid, p->vm_uuid, sizeof(m.uuid));
	for (unsigned i = 0; i < TW_PORTS_MAX; i++)
		if (is_here(&sw->ports[i]) && is_same_machine(&sw->ports[i], p))
			add_adapter(sw, &m, &sw->ports[i]);
	tw_sflow_report_machine(agent, &m);
}

/* --- whose turn it is --- */

static void report_due(struct tw_switch *sw, struct tw_sflow_agent *agent, uint32_t interval_s)
{
	const uint32_t now = sw->seconds % interval_s;

	for (unsigned i = 0; i < TW_PORTS_MAX; i++) {
		const struct tw_port *p = &sw->ports[i];

		if (!is_here(p) || p->number % interval_s != now)
			continue;
		report_port(sw, agent, p);
		if (p->vm_name[0] && is_first_of_machine(sw, p))
			report_machine(sw, agent, p);
	}
	for (unsigned i = 0; i < TW_UPLINKS_MAX; i++)
		if (sw->uplinks[i].used && !sw->uplinks[i].retire && i % interval_s == now)
			report_uplink(sw, agent, i);
}

void tw_sflow_second(struct tw_switch *sw)
{
	struct tw_mirror_sflow sflow[TW_MIRRORS_MAX];
	size_t n = tw_mirrors_get_sflow(sw->mirrors, sflow);

	for (size_t i = 0; i < n; i++)
		if (sflow[i].sink)
			report_due(sw, tw_sflow_agent_of(sflow[i].sink), sflow[i].config->counters_s);
}
