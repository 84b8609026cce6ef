/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plan.c - a checked configuration becomes a plan; see plan.h.
 *
 * Threads  main (pure).
 * Sizes    up to 1,024 local and 65,536 remote ports: sorted and hashed, never searched line by line.
 */
#include "dataplane/plan.h"

#include <stdlib.h>
#include <string.h>

#include "flowexport/sampling.h"

enum { MTU_DEFAULT = 1500, ACTIVE_DEFAULT_S = 60, IDLE_DEFAULT_S = 15, VLAN_LAST = 4094 };

/* --- VLAN sets, each value once --- */

struct sets {
	struct tw_vlan_set **table; /* open addressing; size is a power of two, at least twice what comes in */
	size_t mask;
	struct tw_plan *plan;
};

static size_t hash_set(const struct tw_vlan_set *s)
{
	uint64_t h = 0xcbf29ce484222325;

	for (size_t i = 0; i < TW_VLANS / 64; i++)
		h = (h ^ s->bits[i]) * 0x100000001b3;
	return (size_t)(h ^ h >> 32);
}

static const struct tw_vlan_set *intern(struct sets *sets, const struct tw_vlan_set *value)
{
	size_t i = hash_set(value) & sets->mask;
	struct tw_vlan_set *s;

	while (sets->table[i] && memcmp(sets->table[i], value, sizeof(*value)) != 0)
		i = (i + 1) & sets->mask;
	if (sets->table[i])
		return sets->table[i];
	s = malloc(sizeof(*s));
	if (!s)
		return NULL;
	*s = *value;
	sets->table[i] = sets->plan->sets[sets->plan->n_sets++] = s;
	return s;
}

static void fill_set(const Tw__Vlan *vlan, struct tw_vlan_set *set)
{
	memset(set, 0, sizeof(*set));
	for (size_t i = 0; i < vlan->n_trunk; i++)
		for (uint32_t v = vlan->trunk[i]->first; v <= vlan->trunk[i]->last && v <= VLAN_LAST; v++)
			tw_vlan_set_add(set, v);
	if (vlan->n_trunk > 0)
		return;
	for (unsigned v = 1; v <= VLAN_LAST; v++)
		tw_vlan_set_add(set, v);
}

static bool is_tunnel(const Tw__Vlan *vlan)
{
	return vlan && vlan->mode == TW__VLAN__MODE__DOT1Q_TUNNEL;
}

/* The customer VLANs of a tunnel; NULL = all of them, and untagged frames. @return false: out of memory */
static bool customers_of(struct sets *sets, const Tw__Vlan *vlan, const struct tw_vlan_set **allowed)
{
	struct tw_vlan_set set;

	if (vlan->n_trunk == 0)
		return true;
	fill_set(vlan, &set);
	*allowed = intern(sets, &set);
	return *allowed != NULL;
}

/* A secondary VLAN is a part of its primary one wherever a port says so. @return false: out of memory */
static bool private_of(struct tw_plan *plan, const Tw__Vlan *vlan, uint16_t *secondary, bool *isolated)
{
	if (!vlan || !vlan->secondary || vlan->secondary > VLAN_LAST)
		return true;
	if (!plan->primary_of)
		plan->primary_of = calloc(TW_VLANS, sizeof(plan->primary_of[0]));
	if (!plan->primary_of)
		return false;
	plan->primary_of[vlan->secondary] = (uint16_t)vlan->access;
	*secondary = (uint16_t)vlan->secondary;
	*isolated = vlan->pvlan == TW__VLAN__PRIVATE__ISOLATED;
	return true;
}

/* @return false: out of memory */
static bool vlan_of(struct sets *sets, const Tw__Vlan *vlan, bool *trunk, uint16_t *id,
		    const struct tw_vlan_set **allowed)
{
	struct tw_vlan_set set;

	*trunk = vlan && vlan->mode == TW__VLAN__MODE__TRUNK;
	*allowed = NULL;
	if (!*trunk) {
		*id = vlan ? (uint16_t)vlan->access : 0;
		return !is_tunnel(vlan) || customers_of(sets, vlan, allowed);
	}
	*id = (uint16_t)vlan->native;
	fill_set(vlan, &set);
	*allowed = intern(sets, &set);
	return *allowed != NULL;
}

static bool sets_init(struct sets *sets, struct tw_plan *plan, size_t most)
{
	size_t size = 16;

	while (size < 2 * most)
		size *= 2;
	sets->plan = plan;
	sets->mask = size - 1;
	sets->table = calloc(size, sizeof(sets->table[0]));
	plan->sets = calloc(most + 1, sizeof(struct tw_vlan_set *));
	return sets->table && plan->sets;
}

/* --- ports and identities --- */

static bool add_port(struct sets *sets, const Tw__LocalPort *in, uint16_t slot, struct tw_plan_port *p)
{
	p->number = in->number;
	p->slot = slot;
	p->mtu = (uint16_t)(in->mtu ? in->mtu : MTU_DEFAULT);
	p->disabled = in->disabled;
	p->allow_forged = in->allow_forged;
	p->record = (uint16_t)in->record;
	p->incoming = in->role == TW__LOCAL_PORT__ROLE__INCOMING;
	memcpy(p->mac, in->mac.data, sizeof(p->mac));
	if (!tw_plan_guards(in, p) || !tw_plan_rates(in, p) || !tw_plan_macs(in, p))
		return false;
	p->native_tagged = in->vlan && in->vlan->native_tagged;
	p->tunnel = is_tunnel(in->vlan);
	p->dot1ad = p->tunnel && in->vlan->tunnel_ethertype == TW__VLAN__ETHERTYPE__DOT1AD;
	p->pcp = in->pcp >= TW__PCP__PCP_0 ? (uint8_t)(in->pcp - TW__PCP__PCP_0 + 1) : 0;
	return private_of(sets->plan, in->vlan, &p->secondary, &p->isolated) &&
	       vlan_of(sets, in->vlan, &p->trunk, &p->vlan, &p->allowed);
}

/* One for its own MAC and one for each static MAC behind it. */
static void add_identities(struct tw_identities *ids, const struct tw_identity *id, const ProtobufCBinaryData *macs,
			   size_t n_macs)
{
	ids->a[ids->n++] = *id;
	for (size_t i = 0; i < n_macs; i++) {
		ids->a[ids->n] = *id;
		ids->a[ids->n++].mac = tw_mac_word(macs[i].data);
	}
}

static void add_learned_elsewhere(struct tw_plan *plan, const struct tw_identity *id)
{
	for (size_t i = 0; id->trunk && i < TW_VLANS / 64; i++)
		plan->learned_elsewhere.bits[i] |= id->allowed->bits[i];
	if (!id->trunk || id->vlan)
		tw_vlan_set_add(&plan->learned_elsewhere, id->vlan);
}

static bool add_remote(struct sets *sets, const Tw__RemotePort *in, struct tw_identities *ids)
{
	struct tw_identity id = { .mac = tw_mac_word(in->mac.data), .number = in->number, .slot = TW_SLOT_NONE };

	if (!private_of(sets->plan, in->vlan, &id.secondary, &id.isolated) ||
	    !vlan_of(sets, in->vlan, &id.trunk, &id.vlan, &id.allowed))
		return false;
	if (in->learns)
		add_learned_elsewhere(sets->plan, &id);
	add_identities(ids, &id, in->static_macs, in->n_static_macs);
	return true;
}

static int by_mac_local_first(const void *a, const void *b)
{
	const struct tw_identity *x = a, *y = b;

	if (x->mac != y->mac)
		return x->mac < y->mac ? -1 : 1;
	return (x->slot == TW_SLOT_NONE) - (y->slot == TW_SLOT_NONE);
}

/* A MAC is one port's. Where a message says otherwise the port on this host is the one. */
static void sort_identities(struct tw_identities *ids)
{
	uint32_t kept = 0;

	qsort(ids->a, ids->n, sizeof(ids->a[0]), by_mac_local_first);
	for (uint32_t i = 0; i < ids->n; i++)
		if (kept == 0 || ids->a[kept - 1].mac != ids->a[i].mac)
			ids->a[kept++] = ids->a[i];
	ids->n = kept;
}

static int identity_cmp(const void *key, const void *element)
{
	uint64_t mac = *(const uint64_t *)key;
	const struct tw_identity *id = element;

	return mac < id->mac ? -1 : mac > id->mac;
}

struct tw_identity *tw_identities_find(struct tw_identities *ids, uint64_t mac)
{
	return bsearch(&mac, ids->a, ids->n, sizeof(ids->a[0]), identity_cmp);
}

/* Is this MAC of a port's the one that was kept? */
static const struct tw_identity *identity_of(struct tw_plan *plan, const struct tw_plan_port *p, uint64_t mac,
					     struct tw_error *err)
{
	const struct tw_identity *id = tw_identities_find(plan->identities, mac);

	if (id && id->slot == p->slot)
		return id;
	tw_error_set(err, TW_E_DUPLICATE, "snapshot.ports.mac", "ports %u and %u have the same MAC", p->number,
		     id ? id->number : 0);
	return NULL;
}

static bool link_identities(struct tw_plan *plan, struct tw_error *err)
{
	for (uint32_t i = 0; i < plan->n_ports; i++) {
		struct tw_plan_port *p = &plan->ports[i];
		const struct tw_identity *id = identity_of(plan, p, tw_mac_word(p->mac), err);

		for (uint32_t k = 0; id && p->macs && k < p->macs->n; k++)
			if (!identity_of(plan, p, p->macs->mac[k], err))
				return false;
		if (!id)
			return false;
		p->identity = (uint32_t)(id - plan->identities->a);
	}
	return true;
}

static bool fill_ports(struct tw_plan *plan, struct sets *sets, const Tw__Snapshot *config,
		       const struct tw_places *places, struct tw_error *err)
{
	struct tw_identities *ids = plan->identities;
	bool whole = true;

	plan->n_ports = (uint32_t)config->n_ports; /* zeroed, each until it is filled */
	for (size_t i = 0; i < config->n_ports && whole; i++) {
		struct tw_plan_port *p = &plan->ports[i];

		whole = add_port(sets, config->ports[i], places->port_slots[i], p);
		add_identities(ids,
			       &(const struct tw_identity){ .mac = tw_mac_word(p->mac),
							    .number = p->number,
							    .slot = p->slot,
							    .vlan = p->vlan,
							    .trunk = p->trunk,
							    .allowed = p->allowed,
							    .secondary = p->secondary,
							    .isolated = p->isolated },
			       config->ports[i]->static_macs, config->ports[i]->n_static_macs);
	}
	for (size_t i = 0; i < config->n_remotes && whole; i++)
		whole = add_remote(sets, config->remotes[i], ids);
	if (!whole)
		return tw_error_set(err, TW_E_INTERNAL, NULL, "out of memory");
	sort_identities(ids);
	return link_identities(plan, err);
}

/* --- exporters --- */

static uint64_t at_most(uint64_t most_ms, uint32_t seconds, uint32_t fallback_s)
{
	uint64_t ms = UINT64_C(1000) * (seconds ? seconds : fallback_s);

	return most_ms && most_ms < ms ? most_ms : ms;
}

/* One table of flows serves all exporters: it is emptied as often as the keenest of them asks. */
static void fill_metering(struct tw_plan *plan, const Tw__Snapshot *config)
{
	for (size_t i = 0; i < config->n_exporters; i++) {
		const Tw__LocalExporter *e = config->exporters[i];

		plan->active_timeout_ms = at_most(plan->active_timeout_ms, e->active_timeout_s, ACTIVE_DEFAULT_S);
		plan->idle_timeout_ms = at_most(plan->idle_timeout_ms, e->idle_timeout_s, IDLE_DEFAULT_S);
		plan->both_sides |= e->both_sides;
	}
	plan->sampling = tw_sampling(config->flow_sample, config->flow_sample_random);
	if (config->n_exporters == 0) {
		plan->active_timeout_ms = ACTIVE_DEFAULT_S * 1000;
		plan->idle_timeout_ms = IDLE_DEFAULT_S * 1000;
	}
}

/* --- the plan --- */

static int number_cmp(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

static bool numbers_differ(const Tw__Snapshot *config, struct tw_error *err)
{
	uint32_t numbers[TW_PORTS_MAX];

	if (config->n_ports > TW_PORTS_MAX)
		return tw_error_set(err, TW_E_INVALID, "snapshot.ports", "at most %d ports", TW_PORTS_MAX);
	for (size_t i = 0; i < config->n_ports; i++)
		numbers[i] = config->ports[i]->number;
	qsort(numbers, config->n_ports, sizeof(numbers[0]), number_cmp);
	for (size_t i = 1; i < config->n_ports; i++)
		if (numbers[i] == numbers[i - 1])
			return tw_error_set(err, TW_E_DUPLICATE, "snapshot.ports.number", "two ports have number %u",
					    numbers[i]);
	return true;
}

/* A MAC each, and the static ones. */
static size_t count_identities(const Tw__Snapshot *config)
{
	size_t n = config->n_ports + config->n_remotes;

	for (size_t i = 0; i < config->n_ports; i++)
		n += config->ports[i]->n_static_macs;
	for (size_t i = 0; i < config->n_remotes; i++)
		n += config->remotes[i]->n_static_macs;
	return n;
}

static struct tw_plan *plan_alloc(const Tw__Snapshot *config)
{
	size_t n_ids = count_identities(config);
	struct tw_plan *plan = calloc(1, sizeof(*plan));

	if (!plan)
		return NULL;
	plan->refs = 1;
	plan->revision = config->revision;
	plan->ports = calloc(config->n_ports + 1, sizeof(plan->ports[0]));
	plan->identities = calloc(1, sizeof(*plan->identities) + n_ids * sizeof(plan->identities->a[0]));
	if (plan->identities)
		plan->identities->refs = 1;
	if (plan->ports && plan->identities)
		return plan;
	tw_plan_put(plan);
	return NULL;
}

struct tw_plan *tw_plan_create(const Tw__Snapshot *config, const struct tw_places *places, struct tw_error *err)
{
	struct sets sets = { 0 };
	struct tw_plan *plan;
	bool whole;

	if (!numbers_differ(config, err))
		return NULL;
	plan = plan_alloc(config);
	if (!plan || !sets_init(&sets, plan, config->n_ports + config->n_remotes)) {
		free(sets.table);
		tw_plan_put(plan);
		tw_error_set(err, TW_E_INTERNAL, NULL, "out of memory");
		return NULL;
	}
	whole = fill_ports(plan, &sets, config, places, err) && tw_plan_acls(plan, config, err) &&
		(tw_plan_snoop(plan, config) || tw_error_set(err, TW_E_INTERNAL, NULL, "out of memory")) &&
		tw_plan_teams(plan, config, places->uplink_slots, err) && tw_plan_mirrors(plan, config, places, err);
	free(sets.table);
	if (!whole) {
		tw_plan_put(plan);
		return NULL;
	}
	fill_metering(plan, config);
	return plan;
}

struct tw_plan *tw_plan_get(struct tw_plan *plan)
{
	plan->refs++;
	return plan;
}

void tw_plan_put(struct tw_plan *plan)
{
	if (!plan || --plan->refs > 0)
		return;
	for (uint32_t i = 0; i < plan->n_sets; i++)
		free(plan->sets[i]);
	free(plan->sets);
	free(plan->primary_of);
	free(plan->snoop);
	free(plan->mcast);
	tw_identities_put(plan->identities);
	for (uint32_t i = 0; i < plan->n_ports; i++) {
		free(plan->ports[i].addresses);
		free(plan->ports[i].rate);
		free(plan->ports[i].macs);
	}
	tw_plan_put_acls(plan);
	tw_plan_put_mirrors(plan);
	free(plan->ports);
	free(plan);
}

void tw_identities_put(struct tw_identities *identities)
{
	if (identities && --identities->refs == 0)
		free(identities);
}
