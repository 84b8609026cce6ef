/* SPDX-License-Identifier: Apache-2.0 */
/*
 * retire.c - ports and uplinks on their way out.
 *
 *   GRACE  published without it; when no worker can touch its device, the device is closed
 *   FLOWS  its flows become their last records, which say its number: the snapshot still knows that
 *   FREE   the slot can be another's
 * Threads  main; nothing here waits.
 */
#include <errno.h>
#include <string.h>

#include "dataplane/switch.h"

#define TW_LOG_AREA "retire"
#include "common/log.h"

void tw_retire_port(struct tw_switch *sw, struct tw_port *p)
{
	tw_handover_leave(p);
	p->retire = TW_RETIRE_GRACE;
	sw->states[p->slot] = (struct tw_slot_state){ .retiring = true, .number = p->number, .device = -1 };
	tw_tick_soon(sw);
}

void tw_retire_uplink(struct tw_switch *sw, unsigned index)
{
	sw->uplinks[index].retire = TW_RETIRE_GRACE;
	sw->states[TW_PORTS_MAX + index] = (struct tw_slot_state){ .retiring = true, .uplink = true, .device = -1 };
	tw_tick_soon(sw);
}

static void flows_ended(struct tw_job *const *jobs, unsigned n, void *arg)
{
	*(enum tw_retire *)arg = TW_RETIRE_FREE;
}

static void end_flows(struct tw_switch *sw, uint16_t slot, enum tw_retire *stage)
{
	int rc = tw_jobs_ask_all(sw->jobs, TW_JOB_END, slot, 0, flows_ended, stage);

	if (rc == 0)
		*stage = TW_RETIRE_FLOWS;
	else if (rc != -EBUSY)
		tw_log_warning("flows cannot be ended slot=%u error=\"%s\"", slot, strerror(-rc));
}

static void step_port(struct tw_switch *sw, struct tw_port *p, bool grace_over)
{
	if (p->retire == TW_RETIRE_GRACE && grace_over) {
		tw_vhost_close(p->vhost);
		p->vhost = NULL;
		p->in_use = false;
		if (tw_move_holds(sw, p->slot))
			return;
		end_flows(sw, p->slot, &p->retire);
	}
	if (p->retire == TW_RETIRE_FREE)
		tw_port_free(p);
}

static void step_uplink(struct tw_switch *sw, unsigned i, bool grace_over)
{
	struct tw_uplink_slot *u = &sw->uplinks[i];
	uint16_t slot = (uint16_t)(TW_PORTS_MAX + i);

	if (u->retire == TW_RETIRE_GRACE && grace_over) {
		tw_uplink_close(&u->device);
		sw->tx_lock[slot] = NULL;
		if (tw_move_holds(sw, slot))
			return;
		end_flows(sw, slot, &u->retire);
	}
	if (u->retire == TW_RETIRE_FREE) {
		memset(u, 0, sizeof(*u));
		memset(&sw->states[slot], 0, sizeof(sw->states[slot]));
		tw_queue_map_reset(&sw->map, slot);
		tw_rebalance_forget(sw, slot);
	}
}

void tw_retire_step(struct tw_switch *sw)
{
	bool grace_over = tw_grace_over(sw);

	for (unsigned i = 0; i < TW_PORTS_MAX; i++)
		if (sw->ports[i].used && sw->ports[i].retire)
			step_port(sw, &sw->ports[i], grace_over);
	for (unsigned i = 0; i < TW_UPLINKS_MAX; i++)
		if (sw->uplinks[i].used && sw->uplinks[i].retire)
			step_uplink(sw, i, grace_over);
}

bool tw_retire_pending(const struct tw_switch *sw)
{
	for (unsigned i = 0; i < TW_PORTS_MAX; i++)
		if (sw->ports[i].used && sw->ports[i].retire)
			return true;
	for (unsigned i = 0; i < TW_UPLINKS_MAX; i++)
		if (sw->uplinks[i].used && sw->uplinks[i].retire)
			return true;
	return false;
}
