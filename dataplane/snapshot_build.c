/* SPDX-License-Identifier: Apache-2.0 */
/*
 * snapshot_build.c - a plan and the slots' states become a snapshot; see snapshot_build.h.
 *
 * Threads  main (pure).
 * Owns     the struct, its members and its polls. The identities and the VLAN sets are the plan's, by reference.
 */
#include "dataplane/snapshot_build.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/rate.h"
#include "dataplane/team.h"

struct built {
	struct tw_snapshot s; /* first: freed by its address */
	struct tw_plan *plan;
	struct tw_identities *identities;
};
static_assert(offsetof(struct built, s) == 0, "a snapshot's address is its block's");

/* --- who is here --- */

static bool is_here(const struct tw_plan_port *p, const struct tw_slot_state *states)
{
	return !p->incoming || states[p->slot].link != TW_LINK_ABSENT;
}

static bool says_so(const struct tw_identities *ids, const struct tw_plan *plan, const struct tw_slot_state *states)
{
	for (uint32_t i = 0; i < plan->n_ports; i++) {
		const struct tw_plan_port *p = &plan->ports[i];

		if ((ids->a[p->identity].slot != TW_SLOT_NONE) != is_here(p, states))
			return false;
	}
	return true;
}

static void set_elsewhere(struct tw_identities *ids, const struct tw_plan_port *p)
{
	ids->a[p->identity].slot = TW_SLOT_NONE;
	for (uint32_t i = 0; p->macs && i < p->macs->n; i++)
		tw_identities_find(ids, p->macs->mac[i])->slot = TW_SLOT_NONE;
}

/* The plan's identities have every local port here; a guest that is still on its way is elsewhere. */
static struct tw_identities *identities_for(struct tw_plan *plan, const struct tw_slot_state *states,
					    const struct built *previous)
{
	struct tw_identities *ids = plan->identities;
	size_t size = sizeof(*ids) + ids->n * sizeof(ids->a[0]);

	if (previous && previous->plan == plan && says_so(previous->identities, plan, states))
		ids = previous->identities;
	if (says_so(ids, plan, states)) {
		ids->refs++;
		return ids;
	}
	ids = malloc(size);
	if (!ids)
		return NULL;
	memcpy(ids, plan->identities, size);
	ids->refs = 1;
	for (uint32_t i = 0; i < plan->n_ports; i++)
		if (!is_here(&plan->ports[i], states))
			set_elsewhere(ids, &plan->ports[i]);
	return ids;
}

/* --- slots --- */

static void set_state(struct tw_slot *slot, const struct tw_slot_state *state)
{
	slot->link = state->link;
	slot->device = state->link == TW_LINK_UP ? state->device : -1;
	slot->n_queues = state->n_queues;
	memcpy(slot->queue, state->queue, sizeof(slot->queue));
	slot->tx_csum = state->tx_csum;
	slot->tx_tso = state->tx_tso;
	slot->tx_tso6 = state->tx_tso6;
	slot->translated = state->translated;
	slot->tx_ufo = state->tx_ufo;
	slot->tx_shared = state->tx_shared;
	slot->drops = state->drops;
	slot->frames = state->frames;
}

/* Of a port that was shaped: what waits leaves at once. */
static const struct tw_rate no_limits = { .queue_octets = UINT32_MAX };

static void set_port(struct tw_slot *slot, const struct tw_plan_port *p, const struct tw_slot_state *state)
{
	slot->kind = TW_SLOT_VHOST;
	set_state(slot, state);
	slot->disabled = p->disabled;
	slot->trunk = p->trunk;
	slot->allow_forged = p->allow_forged;
	slot->vlan = p->vlan;
	slot->native_tagged = p->native_tagged;
	slot->tunnel = p->tunnel;
	slot->dot1ad = p->dot1ad;
	slot->isolated = p->isolated;
	slot->secondary = p->secondary;
	slot->pcp = p->pcp;
	slot->mtu = p->mtu;
	slot->number = p->number;
	memcpy(slot->mac, p->mac, sizeof(slot->mac));
	slot->mirror_in = p->mirror_in;
	slot->mirror_out = p->mirror_out;
	slot->mirror_drops = p->mirror_drops;
	slot->allowed = p->allowed;
	slot->unknown = p->unknown;
	slot->learn = p->learn;
	slot->limit_drop = p->limit_drop;
	slot->promiscuous = p->promiscuous;
	slot->takes_unknown = p->takes_unknown;
	slot->macs = p->macs;
	slot->guards = p->guards;
	slot->addresses = p->addresses;
	slot->rate = p->rate || !state->queued ? p->rate : &no_limits;
	slot->queued = state->queued;
	slot->acl_in = p->acl_in;
	slot->acl_out = p->acl_out;
	slot->team = p->team;
}

static void set_masks(struct tw_slot *slot, const struct tw_plan_masks *masks)
{
	slot->mirror_in = masks->mirror_in;
	slot->mirror_out = masks->mirror_out;
	slot->mirror_drops = masks->mirror_drops;
}

static void set_uplink(struct tw_slot *slot, const struct tw_slot_state *state, uint16_t index)
{
	slot->kind = TW_SLOT_ETHDEV;
	set_state(slot, state);
	slot->uplink = true;
	slot->trunk = true;
	slot->mtu = state->mtu;
	slot->uplink_bit = (uint8_t)(1u << index);
	slot->lent = state->lent;
	slot->lacp = state->lacp;
	slot->shut = state->shut;
}

static void fill_slots(struct tw_snapshot *s, const struct tw_plan *plan, const struct tw_slot_state *states)
{
	for (uint32_t i = 0; i < plan->n_ports; i++) {
		uint16_t slot = plan->ports[i].slot;

		set_port(&s->slot[slot], &plan->ports[i], &states[slot]);
		if (states[slot].queued)
			s->queued[s->n_queued++] = slot;
	}
	for (uint16_t i = 0; i < plan->n_uplinks; i++) {
		uint16_t slot = plan->uplinks[i];

		set_uplink(&s->slot[slot], &states[slot], i);
		set_masks(&s->slot[slot], &plan->uplink_masks[i]);
		if (states[slot].link == TW_LINK_UP)
			s->uplink[s->n_uplinks++] = slot;
	}
	for (uint16_t i = 0; i < TW_SLOTS_MAX; i++) {
		if (s->slot[i].kind == TW_SLOT_EMPTY) {
			s->slot[i].device = -1;
			if (!states[i].retiring)
				continue;
			s->slot[i].number = states[i].number;
			s->slot[i].uplink = states[i].uplink;
		}
		s->n_slots = (uint16_t)(i + 1);
	}
}

/* --- teams --- */

static void fill_team(struct tw_team *team, const struct tw_plan *plan, const struct tw_plan_team *p,
		      const struct tw_slot_state *states)
{
	team->policy = p->policy;
	for (unsigned i = 0; i < p->n && team->n < p->n_active; i++) {
		uint16_t slot = plan->uplinks[p->order[i]];

		if (states[slot].link != TW_LINK_UP || states[slot].withheld)
			continue;
		team->slot[team->n] = slot;
		team->salt[team->n++] = plan->salts[p->order[i]];
	}
}

static void fill_teams(struct tw_snapshot *s, const struct tw_plan *plan, const struct tw_slot_state *states)
{
	for (unsigned i = 0; i < plan->n_teams; i++)
		fill_team(&s->team[i], plan, &plan->teams[i], states);
	for (uint32_t i = 0; i < plan->n_ports; i++)
		s->slot[plan->ports[i].slot].hears = tw_team_hears(s, plan->ports[i].slot);
}

/* --- group frames --- */

typedef void (*member_fn)(struct tw_snapshot *s, unsigned vlan, uint16_t slot);

static void each_vlan(struct tw_snapshot *s, uint16_t index, member_fn fn)
{
	const struct tw_slot *slot = &s->slot[index];

	if (!slot->trunk) {
		fn(s, slot->vlan, index);
		return;
	}
	if (slot->vlan && !tw_vlan_set_has(slot->allowed, slot->vlan))
		fn(s, slot->vlan, index);
	for (unsigned word = 0; word < TW_VLANS / 64; word++)
		for (uint64_t bits = slot->allowed->bits[word]; bits; bits &= bits - 1)
			fn(s, word * 64 + (unsigned)__builtin_ctzll(bits), index);
}

static void count_member(struct tw_snapshot *s, unsigned vlan, uint16_t slot)
{
	s->flood[vlan].n++;
}

static void add_member(struct tw_snapshot *s, unsigned vlan, uint16_t slot)
{
	s->members[s->flood[vlan].first + s->flood[vlan].n++] = slot;
}

static void note_promiscuous(struct tw_snapshot *s, unsigned vlan, uint16_t slot)
{
	tw_vlan_set_add(&s->promiscuous, vlan);
	tw_vlan_set_add(&s->takes_unknown, vlan);
}

static void note_takes_unknown(struct tw_snapshot *s, unsigned vlan, uint16_t slot)
{
	tw_vlan_set_add(&s->takes_unknown, vlan);
}

static void note_floods(struct tw_snapshot *s, unsigned vlan, uint16_t slot)
{
	tw_vlan_set_add(&s->learn_wire, vlan);
}

static uint32_t count_members(struct tw_snapshot *s)
{
	uint32_t total = 0;

	for (uint16_t i = 0; i < TW_PORTS_MAX; i++)
		if (tw_slot_takes_groups(&s->slot[i]))
			each_vlan(s, i, count_member);
	for (unsigned v = 0; v < TW_VLANS; v++) {
		s->flood[v].first = total;
		total += s->flood[v].n;
		s->flood[v].n = 0;
	}
	return total;
}

static void fill_members(struct tw_snapshot *s)
{
	for (uint16_t i = 0; i < TW_PORTS_MAX; i++) {
		if (!tw_slot_takes_groups(&s->slot[i]))
			continue;
		each_vlan(s, i, add_member);
		if (s->slot[i].promiscuous)
			each_vlan(s, i, note_promiscuous);
		if (s->slot[i].takes_unknown)
			each_vlan(s, i, note_takes_unknown);
		if (s->slot[i].unknown == TW_UNKNOWN_FLOOD)
			each_vlan(s, i, note_floods);
	}
}

/* --- the snapshot --- */

const struct tw_snapshot *tw_snapshot_build(struct tw_plan *plan, const struct tw_slot_state *states,
					    const struct tw_queue_map *map, uint32_t generation,
					    const struct tw_snapshot *previous)
{
	struct tw_identities *ids =
		identities_for(plan, states, previous ? (const struct built *)(const void *)previous : NULL);
	struct built *built = calloc(1, sizeof(*built));
	struct tw_snapshot *s = built ? &built->s : NULL;

	if (!ids || !built)
		goto fail;
	s->revision = plan->revision;
	s->generation = generation;
	s->active_timeout_ms = plan->active_timeout_ms;
	s->idle_timeout_ms = plan->idle_timeout_ms;
	s->both_sides = plan->both_sides;
	s->learned_elsewhere = plan->learned_elsewhere;
	s->sampling = plan->sampling;
	s->identities = ids->a;
	s->n_identities = ids->n;
	s->primary_of = plan->primary_of;
	s->snoop = plan->snoop;
	s->fdb = plan->fdb;
	s->own_mac = plan->own_mac;
	s->mirrors = plan->mirrors;
	s->mirrored_elsewhere = plan->mirrored_elsewhere;
	s->mirrors_first = plan->mirrors_first;
	s->has_rspan = plan->has_rspan;
	s->rspan = plan->rspan;
	fill_slots(s, plan, states);
	fill_teams(s, plan, states);
	s->members = malloc((count_members(s) + 1) * sizeof(s->members[0]));
	if (!s->members || !tw_snapshot_fill_polls(s, states, map))
		goto fail;
	fill_members(s);
	built->identities = ids;
	built->plan = tw_plan_get(plan);
	return s;
fail:
	tw_identities_put(ids);
	if (built)
		free(built->s.members);
	free(built);
	return NULL;
}

const struct tw_snapshot *tw_snapshot_repoll(const struct tw_snapshot *snapshot, const struct tw_queue_map *map)
{
	const struct built *from = (const struct built *)(const void *)snapshot;
	uint32_t n_members = snapshot->flood[TW_VLANS - 1].first + snapshot->flood[TW_VLANS - 1].n;
	struct built *built = malloc(sizeof(*built));

	if (!built)
		return NULL;
	*built = *from;
	built->s.members = malloc((n_members + 1) * sizeof(built->s.members[0]));
	if (!built->s.members || !tw_snapshot_copy_polls(&built->s, snapshot, map)) {
		free(built->s.members);
		free(built);
		return NULL;
	}
	memcpy(built->s.members, snapshot->members, n_members * sizeof(built->s.members[0]));
	built->identities->refs++;
	tw_plan_get(built->plan);
	return &built->s;
}

void tw_snapshot_free(const struct tw_snapshot *snapshot)
{
	struct built *built;

	if (!snapshot)
		return;
	built = (struct built *)(uintptr_t)snapshot;
	tw_identities_put(built->identities);
	tw_plan_put(built->plan);
	free(built->s.members);
	free(built->s.polls[0].poll);
	free(built);
}
