/* SPDX-License-Identifier: Apache-2.0 */
/*
 * failover.c - what follows when frames of guests leave by another uplink than before; see switch.h.
 *
 * Two snapshots are compared, whatever was the cause: a link that went down or came back, an aggregation that lost a member, a
 * changed teaming. The wire is told of each port whose uplink is another one.
 * Threads  main.
 */
#include <string.h>

#include "dataplane/switch.h"
#include "dataplane/team.h"

#define TW_LOG_AREA "failover"
#include "common/log.h"

static bool is_active(const struct tw_snapshot *s, uint16_t slot)
{
	for (unsigned i = 0; i < s->team[0].n; i++)
		if (s->team[0].slot[i] == slot)
			return true;
	return false;
}

static bool is_up(const struct tw_slot *slot)
{
	return slot->kind == TW_SLOT_VHOST && slot->link == TW_LINK_UP;
}

static void count(struct tw_switch *sw, const struct tw_snapshot *old, const struct tw_snapshot *next)
{
	for (uint16_t i = 0; i < TW_UPLINKS_MAX; i++) {
		struct tw_uplink_slot *u = &sw->uplinks[i];
		uint16_t slot = (uint16_t)(TW_PORTS_MAX + i);
		bool was = is_active(old, slot), is = is_active(next, slot);

		if (!u->used || was == is)
			continue;
		u->failovers += was;
		tw_log_info("uplink=%s active=%d link=%d", u->device.name, is, u->device.up);
	}
}

static bool moved(const struct tw_snapshot *old, const struct tw_snapshot *next, uint16_t slot, const uint8_t mac[6])
{
	uint16_t is = tw_team_way_of_mac(next, slot, mac);

	return is != TW_SLOT_NONE && is != tw_team_way_of_mac(old, slot, mac);
}

static bool any_moved(const struct tw_snapshot *old, const struct tw_snapshot *next, uint16_t slot)
{
	const struct tw_macs *macs = next->slot[slot].macs;
	uint8_t mac[6];

	for (uint32_t i = 0; macs && i < macs->n; i++) {
		tw_mac_of_word(macs->mac[i], mac);
		if (moved(old, next, slot, mac))
			return true;
	}
	return moved(old, next, slot, next->slot[slot].mac);
}

void tw_failover_note(struct tw_switch *sw, const struct tw_snapshot *old, const struct tw_snapshot *next,
		      struct tw_failover *f)
{
	f->n = 0;
	if (!old)
		return;
	count(sw, old, next);
	for (uint16_t i = 0; i < TW_PORTS_MAX; i++)
		if (is_up(&next->slot[i]) && is_up(&old->slot[i]) && old->slot[i].number == next->slot[i].number &&
		    any_moved(old, next, i))
			f->slot[f->n++] = i;
}

void tw_failover_announce(struct tw_switch *sw, const struct tw_failover *f)
{
	for (unsigned i = 0; i < f->n; i++)
		tw_announce(sw->announcer, f->slot[i]);
	if (f->n)
		tw_log_info("announced ports=%u", f->n);
}

Tw__UplinkRole tw_failover_role(const struct tw_switch *sw, unsigned index)
{
	const struct tw_snapshot *s = atomic_load(&sw->snapshot);
	const struct tw_plan_team *team = &sw->plan->teams[0];
	uint16_t slot = (uint16_t)(TW_PORTS_MAX + index);

	if (!s || sw->states[slot].link != TW_LINK_UP)
		return TW__UPLINK_ROLE__UPLINK_DOWN;
	if (is_active(s, slot))
		return TW__UPLINK_ROLE__UPLINK_ACTIVE;
	for (unsigned i = 0; i < team->n && !sw->states[slot].withheld; i++)
		if (sw->plan->uplinks[team->order[i]] == slot)
			return TW__UPLINK_ROLE__UPLINK_STANDBY;
	return TW__UPLINK_ROLE__UPLINK_UNUSED;
}
