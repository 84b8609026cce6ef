/* SPDX-License-Identifier: Apache-2.0 */
/* ports.c - slots: who has which, given and taken back; see switch.h. Main. */
#include <stdio.h>
#include <string.h>

#include "dataplane/switch.h"

struct tw_port *tw_port_by_number(struct tw_switch *sw, uint32_t number)
{
	for (unsigned i = 0; i < TW_PORTS_MAX; i++)
		if (sw->ports[i].used && !sw->ports[i].retire && sw->ports[i].number == number)
			return &sw->ports[i];
	return NULL;
}

struct tw_port *tw_port_alloc(struct tw_switch *sw)
{
	for (uint16_t i = 0; i < TW_PORTS_MAX; i++) {
		struct tw_port *p = &sw->ports[i];

		if (p->used)
			continue;
		memset(p, 0, sizeof(*p));
		p->used = true;
		p->sw = sw;
		p->slot = i;
		tw_workers_zero(sw, i, &p->base);
		memset(&sw->states[i], 0, sizeof(sw->states[i]));
		memset(&sw->rates[i], 0, sizeof(sw->rates[i]));
		return p;
	}
	return NULL;
}

void tw_port_free(struct tw_port *p)
{
	struct tw_switch *sw = p->sw;
	struct rte_mbuf *m;

	tw_vhost_close(p->vhost);
	tw_shaper_free(sw->shapers[p->slot]);
	sw->shapers[p->slot] = NULL;
	tw_snooping_port_gone(sw->snooping, p->slot);
	while (p->hold && rte_ring_dequeue(p->hold, (void **)&m) == 0)
		rte_pktmbuf_free(m);
	sw->hold[p->slot] = NULL;
	rte_ring_free(p->hold);
	memset(&sw->states[p->slot], 0, sizeof(sw->states[0]));
	tw_queue_map_reset(&sw->map, p->slot);
	tw_rebalance_forget(sw, p->slot);
	memset(p, 0, sizeof(*p));
}

uint16_t tw_uplink_alloc(struct tw_switch *sw)
{
	for (uint16_t i = 0; i < TW_UPLINKS_MAX; i++) {
		if (sw->uplinks[i].used)
			continue;
		memset(&sw->uplinks[i], 0, sizeof(sw->uplinks[i]));
		sw->uplinks[i].used = true;
		tw_workers_zero(sw, (uint16_t)(TW_PORTS_MAX + i), &sw->uplinks[i].base);
		memset(&sw->states[TW_PORTS_MAX + i], 0, sizeof(sw->states[0]));
		return i;
	}
	return TW_UPLINKS_MAX;
}

uint32_t tw_slot_number(const struct tw_switch *sw, uint16_t slot)
{
	return slot < TW_PORTS_MAX && sw->ports[slot].used ? sw->ports[slot].number : 0;
}

const char *tw_slot_name(const struct tw_switch *sw, uint16_t slot, uint32_t number, char *text, unsigned size)
{
	if (slot < TW_PORTS_MAX)
		snprintf(text, size, "%s", sw->ports[slot].name);
	else if (slot < TW_SLOTS_MAX)
		snprintf(text, size, "%s", sw->uplinks[slot - TW_PORTS_MAX].device.name);
	else
		snprintf(text, size, "port number %u", number);
	return text;
}
