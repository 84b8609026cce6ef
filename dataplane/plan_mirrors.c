/* SPDX-License-Identifier: Apache-2.0 */
/* plan_mirrors.c - a configuration's mirrors become masks of its ports and rules; see plan.h, mirror_rule.h. Main (pure). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/mirror_filter.h"
#include "dataplane/mirror_rule.h"
#include "dataplane/plan.h"

enum { FRAME_MOST = 65536 + 64 /* a guest's super-frame with its tags */, BURST_MS = 10, FRAMES_LEAST = 32 };

static struct tw_plan_port *port_of(struct tw_plan *plan, uint32_t number)
{
	for (uint32_t i = 0; i < plan->n_ports; i++)
		if (plan->ports[i].number == number)
			return &plan->ports[i];
	return NULL;
}

static void set_masks(const Tw__LocalMirror *m, uint64_t bit, uint64_t *in, uint64_t *out, uint64_t *drops)
{
	if (m->drops) {
		*drops |= bit;
		return;
	}
	if (m->direction != TW__MIRROR__DIRECTION__EGRESS)
		*in |= bit;
	if (m->direction != TW__MIRROR__DIRECTION__INGRESS)
		*out |= bit;
}

static bool mask_ports(struct tw_plan *plan, const Tw__LocalMirror *m, uint64_t bit, struct tw_error *err)
{
	for (size_t i = 0; i < m->n_ports; i++) {
		struct tw_plan_port *p = port_of(plan, m->ports[i]);

		if (!p)
			return tw_error_set(err, TW_E_NOT_FOUND, "snapshot.mirrors.ports",
					    "mirror %s names port %u, which is not here", m->name, m->ports[i]);
		if (p->number != m->to_port) /* what is sent to the analyser itself is no news to it */
			set_masks(m, bit, &p->mirror_in, &p->mirror_out, &p->mirror_drops);
	}
	return true;
}

static bool names_uplink(const Tw__LocalMirror *m, const char *name)
{
	for (size_t i = 0; i < m->n_uplinks; i++)
		if (strcmp(m->uplinks[i], name) == 0)
			return true;
	return false;
}

/* Those that could be opened are in the plan, in the configuration's order. One that is not here copies nothing. */
static void mask_uplinks(struct tw_plan *plan, const Tw__Snapshot *config, const uint16_t *slots,
			 const Tw__LocalMirror *m, uint64_t bit)
{
	struct tw_plan_masks *masks = plan->uplink_masks;

	for (size_t i = 0; i < config->n_uplinks; i++) {
		if (slots[i] == TW_SLOT_NONE)
			continue;
		if (names_uplink(m, config->uplinks[i]->name))
			set_masks(m, bit, &masks->mirror_in, &masks->mirror_out, &masks->mirror_drops);
		masks++;
	}
}

static int by_number(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

static bool mask_elsewhere(struct tw_plan *plan, const Tw__LocalMirror *m, uint64_t bit)
{
	uint32_t *numbers = m->n_elsewhere ? malloc(m->n_elsewhere * sizeof(numbers[0])) : NULL;

	if (!m->n_elsewhere)
		return true;
	if (!numbers)
		return false;
	plan->mirrored_elsewhere = true;
	memcpy(numbers, m->elsewhere, m->n_elsewhere * sizeof(numbers[0]));
	qsort(numbers, m->n_elsewhere, sizeof(numbers[0]), by_number);
	for (uint32_t i = 0; i < plan->identities->n; i++)
		if (bsearch(&plan->identities->a[i].number, numbers, m->n_elsewhere, sizeof(numbers[0]), by_number))
			plan->identities->a[i].mirrors |= bit;
	free(numbers);
	return true;
}

static bool set_vlans(const Tw__LocalMirror *m, struct tw_mirror_rule *rule)
{
	struct tw_vlan_set *set;

	if (!m->n_vlans)
		return true;
	set = calloc(1, sizeof(*set));
	for (size_t i = 0; set && i < m->n_vlans; i++)
		tw_vlan_set_add(set, m->vlans[i] % TW_VLANS);
	rule->vlans = set;
	return set != NULL;
}

static void set_budget(const Tw__LocalMirror *m, struct tw_mirror_rule *rule)
{
	uint64_t frames = m->max_pps * BURST_MS / 1000, octets = m->max_bps / 8 * BURST_MS / 1000;

	if (m->max_pps)
		tw_bucket_init(&rule->frames, m->max_pps, 1, frames > FRAMES_LEAST ? frames : FRAMES_LEAST, 1);
	if (m->max_bps)
		tw_bucket_init(&rule->octets, m->max_bps, 8, octets > FRAME_MOST ? octets : FRAME_MOST, FRAME_MOST);
	rule->share = (uint8_t)m->max_share;
}

static bool set_destination(struct tw_plan *plan, const Tw__LocalMirror *m, struct tw_mirror_rule *rule,
			    struct tw_error *err)
{
	const struct tw_plan_port *to = m->to_port ? port_of(plan, m->to_port) : NULL;

	/* Without a way it is as for a port that is not here. */
	rule->to = m->to_port || *m->no_way ? TW_MIRROR_TO_PORT
		   : m->rspan_vlan          ? TW_MIRROR_TO_VLAN
					    : TW_MIRROR_TO_THREAD;
	rule->out = to ? to->slot : TW_SLOT_NONE;
	rule->vlan = (uint16_t)m->rspan_vlan;
	rule->strip = m->rspan_strip;
	return !m->to_port || to ||
	       tw_error_set(err, TW_E_NOT_FOUND, "snapshot.mirrors.to_port",
			    "mirror %s is for port %u, which is not here", m->name, m->to_port);
}

static bool set_rule(const Tw__LocalMirror *m, const struct tw_mirror_place *place, struct tw_mirror_rule *rule,
		     struct tw_error *err)
{
	rule->keep = m->snaplen ? m->snaplen : UINT32_MAX;
	rule->sample = m->sample ? m->sample : 1;
	rule->random = m->sflow != NULL;
	rule->wire_size = place->wire_size;
	rule->first = m->first_packets ? m->first_packets : UINT32_MAX;
	rule->filter = tw_mirror_filter_get(place->filter);
	snprintf(rule->name, sizeof(rule->name), "%s", m->name);
	rule->plain = !rule->filter && !m->n_vlans && !m->first_packets;
	set_budget(m, rule);
	if (!set_vlans(m, rule))
		return tw_error_set(err, TW_E_INTERNAL, NULL, "out of memory");
	return true;
}

/* Ports that copies from other hosts are for. */
static bool check_arrivals(struct tw_plan *plan, const Tw__Tunnel *tunnel, struct tw_error *err)
{
	for (size_t i = 0; tunnel && i < tunnel->n_ends; i++)
		if (!port_of(plan, tunnel->ends[i]->to_port))
			return tw_error_set(err, TW_E_NOT_FOUND, "snapshot.tunnel.ends.to_port",
					    "copies of mirror %s are for port %u, which is not here",
					    tunnel->ends[i]->mirror, tunnel->ends[i]->to_port);
	return true;
}

bool tw_plan_mirrors(struct tw_plan *plan, const Tw__Snapshot *config, const struct tw_places *places,
		     struct tw_error *err)
{
	plan->has_rspan = config->n_rspan_vlans > 0;
	for (size_t i = 0; i < config->n_rspan_vlans; i++)
		tw_vlan_set_add(&plan->rspan, config->rspan_vlans[i] % TW_VLANS);
	if (!check_arrivals(plan, config->tunnel, err))
		return false;
	if (!config->n_mirrors)
		return true;
	plan->mirrors = calloc(TW_MIRRORS_MAX, sizeof(plan->mirrors[0]));
	if (!plan->mirrors)
		return tw_error_set(err, TW_E_INTERNAL, NULL, "out of memory");
	for (size_t i = 0; i < config->n_mirrors; i++) {
		const Tw__LocalMirror *m = config->mirrors[i];
		unsigned at = places->mirrors[i].bit;
		uint64_t bit = at < TW_MIRRORS_MAX ? UINT64_C(1) << at : 0;
		struct tw_mirror_rule none = { 0 }, *rule = bit ? &plan->mirrors[at] : &none;

		if (!mask_ports(plan, m, bit, err) || !set_destination(plan, m, rule, err) ||
		    (bit && !set_rule(m, &places->mirrors[i], rule, err)))
			return false;
		plan->mirrors_first |= bit && m->first_packets;
		mask_uplinks(plan, config, places->uplink_slots, m, bit);
		if (!mask_elsewhere(plan, m, bit))
			return tw_error_set(err, TW_E_INTERNAL, NULL, "out of memory");
	}
	return true;
}

void tw_plan_put_mirrors(struct tw_plan *plan)
{
	for (unsigned i = 0; plan->mirrors && i < TW_MIRRORS_MAX; i++) {
		tw_mirror_filter_put(plan->mirrors[i].filter);
		free((void *)(uintptr_t)plan->mirrors[i].vlans);
	}
	free(plan->mirrors);
}
