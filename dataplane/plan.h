/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plan.h - a configuration, worked out once: VLAN sets, identities in order, mirror masks, timeouts.
 *
 * Place    between the agent's message (proto Snapshot) and the snapshots workers read. A message becomes one plan; each
 *          change of a link state while it holds becomes a new snapshot of the same plan, which shares what did not change.
 * Threads  main; counted references, not atomic. Pure: no EAL, so tests make plans of messages alone.
 */
#ifndef TW_DATAPLANE_PLAN_H
#define TW_DATAPLANE_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dataplane/mcast.h"
#include "dataplane/snapshot.h"
#include "proto/link/error.h"
#include "proto/switch.pb-c.h"

struct tw_plan_port {
	uint32_t number;
	uint16_t slot;
	uint16_t vlan; /* as struct tw_slot */
	uint16_t mtu;
	bool trunk, disabled, allow_forged;
	bool native_tagged, tunnel, dot1ad, isolated; /* as struct tw_slot, and the next two */
	uint8_t pcp;
	uint16_t secondary;
	bool incoming; /* its guest is elsewhere until its ring runs here */
	uint8_t mac[6];
	uint64_t mirror_in, mirror_out, mirror_drops;
	const struct tw_vlan_set *allowed;
	uint8_t guards;  /* enum tw_guard */
	uint8_t unknown; /* as struct tw_slot, and the next two */
	bool promiscuous, takes_unknown;
	uint8_t learn; /* as struct tw_slot */
	bool limit_drop;
	uint32_t learn_limit, learn_age_ms;
	struct tw_macs *macs;                  /* owned; NULL = none */
	struct tw_addresses *addresses;        /* owned; NULL = none */
	struct tw_rate *rate;                  /* owned; NULL = no limit */
	const struct tw_acl *acl_in, *acl_out; /* of the plan; NULL = none */
	uint16_t record;                       /* frames to keep of all; 0 = of dropped ones only */
	uint32_t identity;                     /* index into identities */
	uint8_t team;                          /* index into teams */
};

/* Mirrors of an uplink, as struct tw_slot. */
struct tw_plan_masks {
	uint64_t mirror_in, mirror_out, mirror_drops;
};

/* A teaming as configured: the first n_active of the order that are up are active. */
struct tw_plan_team {
	uint8_t policy; /* enum tw_team_policy */
	uint8_t n_active;
	uint8_t n;
	uint8_t order[TW_UPLINKS_MAX]; /* indices into uplinks */
};

/* Identities as workers search them. Shared by snapshots; `slot` of a local port says whether it is here. */
struct tw_identities {
	unsigned refs;
	uint32_t n;
	struct tw_identity a[];
};

struct tw_plan {
	unsigned refs;
	uint64_t revision;
	uint32_t n_ports;
	struct tw_plan_port *ports;
	uint16_t n_uplinks;
	uint16_t uplinks[TW_UPLINKS_MAX]; /* slots, in order of preference */
	uint32_t salts[TW_UPLINKS_MAX];   /* tw_team_salt() of their names */
	struct tw_plan_masks uplink_masks[TW_UPLINKS_MAX];
	bool lacp_fast;
	uint8_t n_teams;
	struct tw_plan_team teams[TW_TEAMS_MAX]; /* 0 is the host's */
	uint64_t active_timeout_ms, idle_timeout_ms;
	uint64_t own_mac; /* set by whoever has one; as struct tw_snapshot */
	bool both_sides;
	uint16_t sampling;                   /* as struct tw_snapshot */
	_Atomic(const struct tw_fdb *) *fdb; /* set by whoever has one, after the plan is made; as struct tw_snapshot */
	struct tw_identities *identities;    /* every local port at its slot */
	struct tw_vlan_set learned_elsewhere;
	struct tw_vlan_set **sets; /* each value once */
	uint32_t n_sets;
	uint16_t *primary_of;          /* [TW_VLANS], as struct tw_snapshot; NULL = no private VLANs */
	uint8_t *snoop;                /* [TW_VLANS], as struct tw_snapshot; NULL = nothing is snooped */
	struct tw_mcast_config *mcast; /* [TW_VLANS], of those that are; with snoop */
	struct tw_acl **acls;          /* counted references */
	uint32_t n_acls;
	struct tw_mirror_rule
		*mirrors; /* [TW_MIRRORS_MAX], with counted references of filters; NULL = there are none */
	bool mirrored_elsewhere, mirrors_first, has_rspan; /* as struct tw_snapshot, and the next */
	struct tw_vlan_set rspan;
};

/* What has been opened for a mirror. */
struct tw_mirror_place {
	uint8_t bit;                     /* >= TW_MIRRORS_MAX: it could not be opened */
	struct tw_mirror_filter *filter; /* NULL = it has none */
	bool wire_size;                  /* as struct tw_mirror_rule */
};

/* Where the configuration's objects have been put. */
struct tw_places {
	const uint16_t *port_slots;            /* of config->ports[i] */
	const uint16_t *uplink_slots;          /* of config->uplinks[i]; TW_SLOT_NONE: it could not be opened */
	const struct tw_mirror_place *mirrors; /* of config->mirrors[i] */
};

/**
 * @param config checked by tw_check_snapshot(); not kept
 * @param err    set on failure: a reference that leads nowhere, a number twice
 * @return NULL with *err set
 */
struct tw_plan *tw_plan_create(const Tw__Snapshot *config, const struct tw_places *places, struct tw_error *err);
struct tw_plan *tw_plan_get(struct tw_plan *plan);
void tw_plan_put(struct tw_plan *plan); /* accepts NULL */

/** What plan_macs.c makes of a port's MAC policy and static MACs. @return false: out of memory */
bool tw_plan_macs(const Tw__LocalPort *in, struct tw_plan_port *port);

/** The identity of a MAC; NULL = none has it. */
struct tw_identity *tw_identities_find(struct tw_identities *identities, uint64_t mac);

/** What plan_guards.c makes of a port's guards and addresses. @return false: out of memory */
bool tw_plan_guards(const Tw__LocalPort *in, struct tw_plan_port *port);

/** What plan_rates.c makes of its limits. @return false: out of memory */
bool tw_plan_rates(const Tw__LocalPort *in, struct tw_plan_port *port);

/**
 * plan_snoop.c: how each VLAN of a port is snooped. All ports are in the plan. At most TW_SNOOP_VLANS_MAX VLANs are, of those
 * with the lowest numbers; in one that has a tunnel nothing is. @return false: out of memory
 */
bool tw_plan_snoop(struct tw_plan *plan, const Tw__Snapshot *config);
enum { TW_SNOOP_VLANS_MAX = 1024 };

/** plan_acls.c: the access lists, and which port has which. @return false with *err set */
bool tw_plan_acls(struct tw_plan *plan, const Tw__Snapshot *config, struct tw_error *err);
void tw_plan_put_acls(struct tw_plan *plan);

/** plan_mirrors.c: which port, uplink and identity has which mirrors, and what each wants. @return false with *err set */
bool tw_plan_mirrors(struct tw_plan *plan, const Tw__Snapshot *config, const struct tw_places *places,
		     struct tw_error *err);
void tw_plan_put_mirrors(struct tw_plan *plan);

/** plan_teams.c: uplinks, teams, and which port is in which. @return false with *err set */
bool tw_plan_teams(struct tw_plan *plan, const Tw__Snapshot *config, const uint16_t *slots, struct tw_error *err);

void tw_identities_put(struct tw_identities *identities); /* accepts NULL */

#endif
