/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ringswitch.h - a switch of one worker on a bench: its ports are net_ring devices, its clock and its rounds are the test's.
 *
 * Who (1..6) is a port: number N in slot N-1 with the MAC of test_frame N. 7 and 8 are uplinks, 20 is a port on another host in
 * VLAN 10. Unless a test says otherwise: 1, 2 and 5 are access ports of VLAN 10, 3 of VLAN 20, 4 is a trunk of 10 to 20
 * without native VLAN, 6 is not there, uplink 7 is up and 8 is down.
 * The snapshot comes from tw_plan_create() and tw_snapshot_build(); only the kind of the ports is set to ETHDEV.
 */
#ifndef TW_TESTS_SUPPORT_RINGSWITCH_H
#define TW_TESTS_SUPPORT_RINGSWITCH_H

#include "dataplane/queue_map.h"
#include "dataplane/shape.h"
#include "dataplane/mirror_rule.h"
#include "dataplane/worker.h"
#include "flowexport/record.h"
#include "proto/switch.pb-c.h"
#include "tests/support/frame.h"

enum { RS_PORTS = 6, RS_UP = 7, RS_UP2 = 8, RS_DEVICES = 9, RS_REMOTE = 20, RS_RING = 256 };

/* As the Rate of model.proto; 0 = no limit. */
struct rs_rate {
	uint64_t per_second;
	uint32_t burst;
};

struct rs_teaming {
	bool own;                           /* is there; else the host's, and its default */
	uint8_t policy;                     /* Tw__Teaming__Policy */
	const char *active[3], *standby[3]; /* "up", "up2", up to the first NULL */
};

struct rs_port {
	uint8_t link; /* enum tw_link; uplinks: UP or ABSENT */
	bool here;    /* in the configuration */
	bool trunk, disabled, allow_forged, csum, tso, tso6, ufo;
	uint16_t vlan;        /* access, or native */
	uint16_t first, last; /* trunk; tunnel: customer VLANs, 0 = all */
	bool native_tagged, tunnel, dot1q;
	uint8_t pvlan; /* Tw__Vlan__Private */
	uint16_t secondary;
	uint8_t pcp; /* Tw__Pcp */
	uint16_t mtu;
	uint64_t mirror_in, mirror_out, mirror_drops; /* bits */
	unsigned guards;                              /* enum tw_guard */
	const char *address;                          /* NULL = none */
	bool acl_in, acl_out;                         /* has the list of rs.acl_rules */
	struct rs_rate ingress_rate, ingress_pps, egress_rate, egress_pps;
	bool promiscuous, unknown_from_wire;
	uint8_t unknown; /* Tw__UnknownUnicast */
	uint8_t learn;   /* Tw__Learn */
	bool mac_change;
	uint32_t learn_limit;
	uint8_t static_who; /* the MAC of this test frame lives behind the port, too; 0 = none */
	struct rs_rate storm_broadcast, storm_multicast, storm_unknown;
	struct rs_teaming teaming;
	struct tw_recorder *drops, *frames; /* NULL = none */
	struct rs_rate shape;               /* its burst is the queue */
	uint32_t shape_delay_ms;
	bool lacp, shut; /* uplinks */
};

struct ringswitch {
	struct tw_worker worker;
	struct rs_port port[RS_DEVICES];
	bool both_sides;
	bool remote_learns;   /* the host of RS_REMOTE learns MACs behind it */
	uint32_t flow_sample; /* 0 = every frame is counted */
	bool flow_sample_random;
	uint32_t active_s, idle_s;
	const Tw__Multicast *multicast;              /* of every port; NULL = not snooped */
	_Atomic(const struct tw_mcast_view *) mcast; /* the test's, NULL = nothing is known */
	const char *acl_rules[4];                    /* up to the first NULL; what they do not fit passes */
	struct rs_teaming teaming;
	struct tw_queue_map map;             /* one worker's, unless the test has more */
	uint64_t own_mac;                    /* of the switch itself, as struct tw_plan */
	_Atomic(const struct tw_fdb *) *fdb; /* of the next rs_publish(); NULL = nothing is learned */
	uint16_t rspan_vlan;                 /* 0 = none */
	struct tw_mirror_rule
		mirrors[TW_MIRRORS_MAX]; /* every frame, whole, to the mirror thread, unless the test says otherwise */
};
extern struct ringswitch rs;

/** cmocka fixtures: EAL and devices once; a fresh switch for each test; every buffer back and every frame looked at. */
int rs_group_setup(void **state);
int rs_setup(void **state);
int rs_teardown(void **state);

uint16_t rs_slot(unsigned who);
/** NULL = the port was never shaped. */
const struct tw_shaper *rs_shaper(unsigned who);

/** Have the configuration in rs.port: a new snapshot of a new generation. */
void rs_publish(void);
/** Start over with a flow table, a record ring, a mirror ring and hold rings of these sizes (powers of two). */
void rs_resize(uint32_t flows, unsigned records, unsigned mirrors, unsigned held);

/** A buffer of the worker's pool with these octets, in as many segments as it takes. */
struct rte_mbuf *rs_mbuf(const void *bytes, size_t len);
/** Let it come in by a port. */
void rs_send_mbuf(unsigned who, struct rte_mbuf *m);
void rs_send(unsigned who, const struct test_frame *f);
void rs_send_bytes(unsigned who, const void *bytes, size_t len);

/** Rounds of the worker until there is nothing left to handle, and one more. */
void rs_run(void);
/** From now on time passes only by rs_warp(). */
void rs_still(void);
/** Let time pass. The next rounds see it. */
void rs_warp(uint32_t ms);
/** Rounds enough for expiry to have looked at every flow. */
void rs_sweep(void);

/** Next frame that went out by a port, or NULL; the caller's. */
struct rte_mbuf *rs_take(unsigned who);
/** Next frame that went out there is this one, octet for octet. */
void rs_expect(unsigned who, const struct test_frame *f);
void rs_expect_bytes(unsigned who, const void *bytes, size_t len);
/** This buffer holds just these octets. Frees it. */
void rs_expect_mbuf(struct rte_mbuf *m, const void *bytes, size_t len);
/** Nothing more went out anywhere. */
void rs_expect_silence(void);

/** Every drop counter there is, as "1.over_mtu=2 up.no_member=1" in the order of who and drop.h; "" = none at all. */
void rs_expect_drops(const char *drops);
/** rx and tx counters of a port. */
void rs_expect_counters(unsigned who, uint64_t rx, uint64_t rx_octets, uint64_t tx, uint64_t tx_octets);

/** Next flow record, or false. */
bool rs_record(struct tw_flow_record *record);
/** Job to its end, and how many rounds that took. */
unsigned rs_job(struct tw_job *job);

#endif
