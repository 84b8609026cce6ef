/* SPDX-License-Identifier: Apache-2.0 */
/*
 * snapshot.h - everything a worker forwards by, as one immutable value.
 *
 * Built by main (snapshot_build.c) from the agent's message and the ports' present link states, published with one
 * pointer, freed after an RCU grace period (rte_rcu_qsbr). A worker reads the pointer once a burst: no frame sees half a
 * change. Any change - a VLAN, a guest that connects, a ring that stops - is a new snapshot with a new generation, and
 * each flow is decided again on its next frame.
 *
 * Slots: a port or uplink keeps its slot (index) as long as it is open; 0..TW_PORTS_MAX-1 ports, then uplinks.
 * Pure data and pure functions: no DPDK here, so decisions are tested without EAL.
 */
#ifndef TW_DATAPLANE_SNAPSHOT_H
#define TW_DATAPLANE_SNAPSHOT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/mac.h"

enum {
	TW_PORTS_MAX = 1024,
	TW_UPLINKS_MAX = 8,
	TW_SLOTS_MAX = TW_PORTS_MAX + TW_UPLINKS_MAX,
	TW_WORKERS_MAX = 16,
	TW_MIRRORS_MAX = 64,
	TW_QUEUES_MAX = 16, /* queue pairs of one guest */
	TW_TEAMS_MAX = 64,  /* different teamings; 0 is the host's */
	TW_VLANS = 4096,    /* 0 = untagged */
	TW_SLOT_NONE = 0xffff,
};

enum tw_slot_kind { TW_SLOT_EMPTY, TW_SLOT_VHOST, TW_SLOT_ETHDEV };

enum tw_link { /* as proto LinkState */
	       TW_LINK_ABSENT,
	       TW_LINK_UP,
	       TW_LINK_HOLD,  /* stopped for a migration: frames for it wait */
	       TW_LINK_MOVED, /* runs elsewhere: frames for it go to the uplinks, also those from an uplink */
};

/* How a VLAN's multicast is snooped (docs/multicast.md). */
enum tw_snoop_how {
	TW_SNOOP_ON = 1 << 0,
	TW_SNOOP_FLOOD = 1 << 1, /* a group that nobody has joined goes to all */
	TW_SNOOP_GUARD = 1 << 2, /* queries of guests are dropped */
};

struct tw_vlan_set {
	uint64_t bits[TW_VLANS / 64];
};

static inline bool tw_vlan_set_has(const struct tw_vlan_set *s, unsigned vlan)
{
	return s->bits[vlan / 64] >> vlan % 64 & 1;
}

static inline void tw_vlan_set_add(struct tw_vlan_set *s, unsigned vlan)
{
	s->bits[vlan / 64] |= UINT64_C(1) << vlan % 64;
}

enum tw_team_policy { /* as proto Teaming.Policy */
		      TW_TEAM_ACTIVE_STANDBY,
		      TW_TEAM_HASH_PORT,
		      TW_TEAM_HASH_MAC,
		      TW_TEAM_HASH_5TUPLE,
		      TW_TEAM_LACP,
};

/* Uplinks that share frames out among them: team.h. */
struct tw_team {
	uint8_t policy; /* enum tw_team_policy */
	uint8_t n;      /* active now */
	uint16_t slot[TW_UPLINKS_MAX];
	uint32_t salt[TW_UPLINKS_MAX]; /* of each active one: tw_team_salt() */
};

struct tw_addresses;
struct tw_mirror_rule;
struct tw_acl;
struct tw_fdb;
struct tw_rate;
struct tw_recorder;

/* MACs that live behind a port beside its own. */
struct tw_macs {
	uint32_t n;
	uint64_t mac[]; /* tw_mac_word(), sorted */
};

/* Where a guest's frame goes whose destination is no port of the switch. */
enum tw_unknown { TW_UNKNOWN_UPLINK, TW_UNKNOWN_FLOOD, TW_UNKNOWN_DROP };

/* Which MACs that are no port's may be a port's guest's: those that it sends from, or the last of them. */
enum tw_learn { TW_LEARN_NOT, TW_LEARN_ONE, TW_LEARN_ALL };

/* One port or uplink as workers see it. */
struct tw_slot {
	uint8_t kind; /* enum tw_slot_kind */
	uint8_t link; /* enum tw_link */
	bool uplink;
	bool disabled;
	bool trunk; /* uplinks: true, all VLANs, native 0 */
	bool allow_forged;
	bool native_tagged; /* trunk: its native VLAN goes out tagged, too */
	bool tunnel;        /* 802.1ad: what comes in is payload of VLAN `vlan`, its tag too; `trunk` is false */
	bool dot1ad;        /* tunnel: ethertype of the outer tag is 0x88a8 */
	bool isolated;      /* private VLAN: not even to its own secondary VLAN */
	uint8_t pcp;        /* of tags its frames leave with: 0 = kept, else PCP + 1 */
	uint8_t guards;     /* enum tw_guard */
	uint8_t unknown;    /* enum tw_unknown */
	uint8_t learn;      /* enum tw_learn */
	bool limit_drop;    /* what is beyond the limit of learned MACs is dropped, not only not learned */
	bool promiscuous;   /* gets all unicast of its VLANs */
	bool takes_unknown; /* gets what the wire has for MACs that are no port's */
	uint8_t team;       /* ports: index of tw_snapshot.team */
	uint8_t hears;      /* ports: uplinks whose group frames it takes, bits of: */
	uint8_t uplink_bit; /* uplinks: which one it is; 0 for ports */
	bool queued;        /* has a queue of its own: shape.h */
	bool lent;          /* uplinks: frames come in buffers of the device's own: uplink_rx.h */
	bool lacp, shut;    /* uplinks: LACPDUs are for main; what else comes in is dropped: no aggregation collects */
	/* the other side takes frames whose checksum is left to do; and super-frames of TCP over IPv4, over IPv6, of UDP */
	bool tx_csum, tx_tso, tx_tso6, tx_ufo;
	bool translated;    /* a guest behind an IOMMU */
	uint16_t vlan;      /* access, tunnel: its VLAN; trunk: native, 0 = none (an uplink's 0 is untagged) */
	uint16_t secondary; /* private VLAN: what the wire carries; 0 = promiscuous, or no private VLAN */
	uint16_t mtu;       /* octets of layer 3 */
	uint32_t number;    /* port number; 0 for uplinks */
	int32_t device;     /* vhost vid or ethdev port id; -1 none */
	bool tx_shared;     /* an ethdev that has fewer transmit queues than there are workers */
	uint16_t n_queues;  /* receive queues of the guest we may fill; transmit queues of an ethdev */
	uint8_t queue[TW_QUEUES_MAX]; /* the guest's: their numbers */
	uint8_t mac[6];
	uint64_t mirror_in; /* bit per mirror that wants what comes from / goes to this port */
	uint64_t mirror_out;
	uint64_t mirror_drops;                 /* what is dropped here */
	const struct tw_vlan_set *allowed;     /* trunks; tunnels: customer VLANs, NULL = all */
	const struct tw_macs *macs;            /* NULL = none but `mac` */
	const struct tw_addresses *addresses;  /* guard.h; NULL = none are known */
	const struct tw_rate *rate;            /* rate.h; NULL = no limit and no queue */
	const struct tw_acl *acl_in, *acl_out; /* acl.h; what comes from / goes to the guest; NULL = everything may */
	/* recorder.h: its dropped frames; all its frames, NULL = not asked for */
	const struct tw_recorder *drops, *frames;
};

/* A MAC the switch was told of. Sorted by mac for bsearch; MACs are unique in the switch. */
struct tw_identity {
	uint64_t mac; /* 48 bits, first octet highest */
	uint32_t number;
	uint16_t slot; /* TW_SLOT_NONE: on another host */
	uint16_t vlan; /* as struct tw_slot */
	bool trunk;
	const struct tw_vlan_set *allowed;
	uint64_t mirrors; /* that have copied what it sends on its own host */
	uint16_t secondary;
	bool isolated;
};

/* A receive queue one worker polls. */
struct tw_poll {
	uint16_t slot;
	uint8_t queue; /* pair index; rte_vhost's ring is 2 * queue + 1 */
	uint8_t lane;  /* which queues its frames leave by (queue_map.h) */
	/* The worker's own, zero in a new snapshot; mostly what peek.h remembers of a silent guest. */
	uint16_t seen;         /* index the guest had written when its ring was last found empty */
	uint8_t empty;         /* polls in a row that found nothing */
	bool super;            /* the last frames were super-frames: worker.c takes few at once */
	int32_t vid;           /* the guest */
	uint32_t changes;      /* of its memory, when `avail` was read */
	const uint16_t *avail; /* where the guest writes its index; NULL = not silent */
};

struct tw_poll_list {
	uint32_t n;
	struct tw_poll *poll;
};

struct tw_snapshot {
	uint64_t revision;
	uint32_t generation; /* never 0: a flow entry of generation 0 is undecided */
	uint16_t n_slots;    /* highest used slot + 1 */
	uint16_t n_workers;
	bool astray; /* a queue is polled by another worker than its home: transmit queues are shared (queue_map.h) */
	uint16_t n_uplinks;
	uint16_t uplink[TW_UPLINKS_MAX]; /* slots of uplinks that are up, in order of preference */
	struct tw_team team[TW_TEAMS_MAX];
	uint32_t n_identities;
	const struct tw_identity *identities; /* sorted by mac; shared by snapshots of one configuration */
	struct tw_slot slot[TW_SLOTS_MAX];
	/* Group frames: local ports of each VLAN, as a range of `members`. */
	struct {
		uint32_t first, n;
	} flood[TW_VLANS];
	uint16_t *members;                /* slots */
	struct tw_vlan_set promiscuous;   /* VLANs with a promiscuous member */
	struct tw_vlan_set takes_unknown; /* VLANs with a member that takes_unknown, or is promiscuous */
	const uint8_t *snoop;             /* [TW_VLANS], enum tw_snoop_how; NULL = nothing is snooped */
	struct tw_vlan_set
		learn_wire; /* VLANs with a port whose unknown unicast is flooded: the wire's MACs are learned */
	struct tw_vlan_set learned_elsewhere; /* VLANs in which ports of other hosts learn */
	uint64_t own_mac;                     /* tw_mac_word() of what the switch itself sends: queries; 0 = nothing */
	_Atomic(const struct tw_fdb *) *fdb;  /* fdb.h; NULL = nothing is learned */
	const uint16_t *primary_of; /* [TW_VLANS]: of a secondary VLAN, else 0; NULL = there are no private VLANs */
	const struct tw_mirror_rule *mirrors; /* [TW_MIRRORS_MAX], mirror_rule.h; NULL = there are none */
	bool mirrored_elsewhere;              /* an identity has mirrors */
	bool mirrors_first;                   /* a mirror wants flows' first frames alone */
	bool has_rspan;
	struct tw_vlan_set rspan; /* VLANs that carry mirrors' copies, and nothing else */
	uint16_t n_queued;
	uint16_t queued[TW_PORTS_MAX]; /* slots that have a queue */
	struct tw_poll_list polls[TW_WORKERS_MAX];
	bool both_sides; /* an exporter wants what comes from other hosts' ports metered here, too */
	uint64_t active_timeout_ms, idle_timeout_ms; /* metering; the shortest any exporter asks for */
	uint16_t sampling;                           /* which frames are counted: flowexport/sampling.h */
};

/** A port's VLAN membership: may frames of this VLAN go to (come from) it? vlan 0 = untagged network. */
static inline bool tw_slot_carries(const struct tw_slot *s, unsigned vlan)
{
	if (s->uplink || !s->trunk)
		return s->uplink || vlan == s->vlan;
	return vlan != 0 && (vlan == s->vlan || tw_vlan_set_has(s->allowed, vlan));
}

/** Do group frames go there? Frames for a guest between two hosts wait for it, group frames too. Uplinks are not asked. */
static inline bool tw_slot_takes_groups(const struct tw_slot *s)
{
	return s->kind != TW_SLOT_EMPTY && !s->uplink && !s->disabled &&
	       (s->link == TW_LINK_UP || s->link == TW_LINK_HOLD);
}

/** Is it a MAC of this port's: its own or a static one? */
bool tw_slot_has_mac(const struct tw_slot *s, const uint8_t mac[6]);

/** Who has this MAC, here or on another host; NULL = no port of the switch. Any thread inside an RCU section. */
const struct tw_identity *tw_snapshot_identity(const struct tw_snapshot *s, const uint8_t mac[6]);

#endif
