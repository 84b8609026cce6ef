/* SPDX-License-Identifier: Apache-2.0 */
/* ringswitch.c - a switch on a bench; see ringswitch.h. One thread. */
#include "tests/support/ringswitch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <rte_cycles.h>
#include <rte_eal.h>
#include <rte_eth_ring.h>
#include <rte_ethdev.h>

#include "dataplane/acl.h"
#include "dataplane/guard.h"
#include "dataplane/rate.h"
#include "dataplane/shape.h"
#include "dataplane/snapshot_build.h"

enum { RATES = 7, SHAPE_ROOM = 1024, POOL = 4095, ROOM = RTE_PKTMBUF_HEADROOM + 2048 };

struct ringswitch rs;

static struct rte_mempool *pool;
static unsigned pool_full;
static struct rte_ring *rx[RS_DEVICES], *tx[RS_DEVICES];
static int device[RS_DEVICES];
static struct tw_counters counters[TW_SLOTS_MAX];
static struct rte_ring *hold[TW_SLOTS_MAX];
static struct tw_tx_lock *tx_lock[TW_SLOTS_MAX];
static struct tw_rate_state rates[TW_PORTS_MAX];
static struct tw_tap_budget tap_budgets[TW_MIRRORS_MAX];
static struct tw_shaper *shapers[TW_PORTS_MAX];
static struct tw_shape_room shape_room;
static _Atomic(const struct tw_snapshot *) published;
static uint32_t generation;
static void *table;

const struct tw_shaper *rs_shaper(unsigned who)
{
	return shapers[rs_slot(who)];
}

uint16_t rs_slot(unsigned who)
{
	return (uint16_t)(who >= RS_UP ? TW_PORTS_MAX + who - RS_UP : who - 1);
}

/* --- once --- */

static void open_device(unsigned who)
{
	const struct rte_eth_conf conf = { 0 };
	char name[32];
	int id;

	snprintf(name, sizeof(name), "rs_rx%u", who);
	rx[who] = rte_ring_create(name, RS_RING, SOCKET_ID_ANY, RING_F_EXACT_SZ);
	snprintf(name, sizeof(name), "rs_tx%u", who);
	tx[who] = rte_ring_create(name, RS_RING, SOCKET_ID_ANY, RING_F_EXACT_SZ);
	assert_true(rx[who] && tx[who]);
	snprintf(name, sizeof(name), "rs%u", who);
	id = rte_eth_from_rings(name, &rx[who], 1, &tx[who], 1, 0);
	assert_true(id >= 0);
	assert_int_equal(rte_eth_dev_configure((uint16_t)id, 1, 1, &conf), 0);
	assert_int_equal(rte_eth_rx_queue_setup((uint16_t)id, 0, RS_RING, 0, NULL, pool), 0);
	assert_int_equal(rte_eth_tx_queue_setup((uint16_t)id, 0, RS_RING, 0, NULL), 0);
	assert_int_equal(rte_eth_dev_start((uint16_t)id), 0);
	device[who] = id;
}

int rs_group_setup(void **state)
{
	/* As a machine without huge pages and without a NIC; no file of DPDK's, so tests need no place of their own. */
	char args[][20] = { "test", "--no-huge", "--no-pci", "--no-telemetry", "--no-shconf", "--iova-mode=va", "-m",
			    "256",  "-l",        "0",        "--log-level=4" };
	char *argv[sizeof(args) / sizeof(args[0])];

	for (size_t i = 0; i < sizeof(args) / sizeof(args[0]); i++)
		argv[i] = args[i];
	if (rte_eal_init(sizeof(args) / sizeof(args[0]), argv) < 0)
		return -1;
	pool = rte_pktmbuf_pool_create("rs", POOL, 64, TW_MBUF_PRIV_SIZE, ROOM, SOCKET_ID_ANY);
	assert_non_null(pool);
	for (unsigned who = 1; who < RS_DEVICES; who++)
		open_device(who);
	return 0;
}

/* --- for each test --- */

static struct rte_ring *ring(const char *name, unsigned size)
{
	struct rte_ring *r = rte_ring_create(name, size, SOCKET_ID_ANY, RING_F_EXACT_SZ);

	assert_non_null(r);
	return r;
}

static void make_rings(uint32_t flows, unsigned records, unsigned mirrors, unsigned held)
{
	struct tw_worker *w = &rs.worker;
	size_t size = (tw_flow_cache_size(flows) + 63) / 64 * 64;
	char name[32];

	table = aligned_alloc(64, size);
	assert_non_null(table);
	memset(table, 0, size);
	tw_flow_cache_init(&w->cache, table, flows);
	w->records = rte_ring_create_elem("rs_records", sizeof(struct tw_flow_record), records, SOCKET_ID_ANY,
					  RING_F_EXACT_SZ | RING_F_SP_ENQ | RING_F_SC_DEQ);
	assert_non_null(w->records);
	w->mirrors = ring("rs_mirrors", mirrors);
	for (unsigned who = 1; who <= RS_PORTS; who++) {
		snprintf(name, sizeof(name), "rs_hold%u", who);
		hold[rs_slot(who)] = ring(name, held);
	}
}

static unsigned free_frames(struct rte_ring *r)
{
	unsigned n = 0;
	void *m;

	for (; rte_ring_dequeue(r, &m) == 0; n++)
		rte_pktmbuf_free(m);
	return n;
}

static unsigned free_rings(void)
{
	unsigned n = free_frames(rs.worker.mirrors);

	for (unsigned who = 1; who <= RS_PORTS; who++) {
		n += free_frames(hold[rs_slot(who)]);
		rte_ring_free(hold[rs_slot(who)]);
	}
	rte_ring_free(rs.worker.mirrors);
	rte_ring_free(rs.worker.records);
	free(table);
	return n;
}

void rs_resize(uint32_t flows, unsigned records, unsigned mirrors, unsigned held)
{
	assert_int_equal(free_rings(), 0);
	make_rings(flows, records, mirrors, held);
}

int rs_setup(void **state)
{
	struct tw_worker *w = &rs.worker;

	memset(&rs, 0, sizeof(rs));
	for (unsigned i = 0; i < TW_MIRRORS_MAX; i++)
		rs.mirrors[i] = (struct tw_mirror_rule){
			.out = TW_SLOT_NONE, .keep = UINT32_MAX, .sample = 1, .first = UINT32_MAX
		};
	memset(counters, 0, sizeof(counters));
	w->counters = counters;
	w->pool = pool;
	w->hold = hold;
	w->tx_lock = tx_lock;
	memset(rates, 0, sizeof(rates));
	w->rates = rates;
	memset(tap_budgets, 0, sizeof(tap_budgets));
	w->tap_budgets = tap_budgets;
	w->shapers = shapers;
	shape_room = (struct tw_shape_room){ .most = SHAPE_ROOM };
	w->snapshot = &published;
	w->inject = ring("rs_inject", 256);
	w->jobs = ring("rs_jobs", 16);
	w->told = ring("rs_told", 16);
	w->snoops = ring("rs_snoops", 64);
	w->control = ring("rs_control", 4);
	w->mcast = &rs.mcast;
	tw_queue_map_init(&rs.map, 1);
	make_rings(1024, 1024, 256, 64);
	tw_worker_clock_init(w);
	for (unsigned who = 1; who <= RS_PORTS; who++)
		rs.port[who] = (struct rs_port){ .link = TW_LINK_UP, .here = who < 6, .vlan = 10, .mtu = 1500 };
	rs.port[3].vlan = 20;
	rs.port[4] = (struct rs_port){
		.link = TW_LINK_UP, .here = true, .trunk = true, .first = 10, .last = 20, .mtu = 1500
	};
	rs.port[RS_UP] = (struct rs_port){ .link = TW_LINK_UP, .here = true, .mtu = 1500 };
	rs.port[RS_UP2] = (struct rs_port){ .here = true, .mtu = 1500 };
	pool_full = rte_mempool_avail_count(pool);
	rs.active_s = 60;
	rs.idle_s = 15;
	rs_publish();
	return 0;
}

int rs_teardown(void **state)
{
	unsigned left = free_rings(), lost;

	for (unsigned who = 1; who < RS_DEVICES; who++)
		left += free_frames(rx[who]) + free_frames(tx[who]);
	left += free_frames(rs.worker.inject) + free_frames(rs.worker.snoops) + free_frames(rs.worker.control);
	rte_ring_free(rs.worker.inject);
	rte_ring_free(rs.worker.jobs);
	rte_ring_free(rs.worker.told);
	rte_ring_free(rs.worker.snoops);
	rte_ring_free(rs.worker.control);
	tw_snapshot_free(atomic_exchange(&published, NULL));
	for (unsigned who = 1; who <= RS_PORTS; who++) {
		tw_shaper_free(shapers[rs_slot(who)]);
		shapers[rs_slot(who)] = NULL;
	}
	lost = pool_full - rte_mempool_avail_count(pool);
	if (left || lost)
		print_error("%u frames nobody looked at, %u buffers lost\n", left, lost);
	return left || lost ? -1 : 0;
}

/* --- configuration --- */

/* Room for the message of one configuration. */
struct message {
	Tw__Snapshot config;
	Tw__LocalPort port[RS_PORTS], *ports[RS_PORTS];
	Tw__RemotePort remote, *remotes[1];
	Tw__Uplink uplink[2], *uplinks[2];
	Tw__LocalExporter exporter, *exporters[1];
	Tw__Vlan vlan[RS_PORTS], remote_vlan;
	Tw__VlanRange range[RS_PORTS], *ranges[RS_PORTS];
	uint8_t mac[RS_PORTS][6], remote_mac[6];
	uint8_t static_mac[RS_PORTS][6];
	ProtobufCBinaryData static_macs[RS_PORTS];
	Tw__Guards guards[RS_PORTS];
	char *addresses[RS_PORTS];
	Tw__Acl acl, *acls[1];
	Tw__Rate rates[RS_PORTS][RATES];
	Tw__Teaming teaming, port_teaming[RS_PORTS];
	Tw__Shape shape[RS_PORTS];
	uint16_t port_slots[RS_PORTS], uplink_slots[2];
};

static void describe_guards(struct message *m, size_t i, const struct rs_port *p)
{
	Tw__Guards *g = &m->guards[i];

	tw__guards__init(g);
	g->source = p->guards & TW_GUARD_SOURCE;
	g->arp = (p->guards & TW_GUARD_ARP) != 0;
	g->nd = (p->guards & TW_GUARD_ND) != 0;
	g->dhcp = (p->guards & TW_GUARD_DHCP) != 0;
	g->dhcp6 = (p->guards & TW_GUARD_DHCP6) != 0;
	g->ra = (p->guards & TW_GUARD_RA) != 0;
	g->bpdu = (p->guards & TW_GUARD_BPDU) != 0;
	m->port[i].guards = p->guards ? g : NULL;
	m->addresses[i] = (char *)(uintptr_t)p->address;
	m->port[i].addresses = &m->addresses[i];
	m->port[i].n_addresses = p->address != NULL;
}

static Tw__Rate *describe_rate(Tw__Rate *rate, const struct rs_rate *r)
{
	tw__rate__init(rate);
	rate->per_second = r->per_second;
	rate->burst = r->burst;
	return r->per_second ? rate : NULL;
}

static void describe_rates(struct message *m, size_t i, const struct rs_port *p)
{
	m->port[i].ingress_rate = describe_rate(&m->rates[i][0], &p->ingress_rate);
	m->port[i].ingress_pps = describe_rate(&m->rates[i][1], &p->ingress_pps);
	m->port[i].egress_rate = describe_rate(&m->rates[i][2], &p->egress_rate);
	m->port[i].egress_pps = describe_rate(&m->rates[i][3], &p->egress_pps);
	tw__shape__init(&m->shape[i]);
	m->shape[i].per_second = p->shape.per_second;
	m->shape[i].queue = p->shape.burst;
	m->shape[i].delay_ms = p->shape_delay_ms;
	m->port[i].shape = p->shape.per_second ? &m->shape[i] : NULL;
	m->port[i].storm_broadcast = describe_rate(&m->rates[i][4], &p->storm_broadcast);
	m->port[i].storm_multicast = describe_rate(&m->rates[i][5], &p->storm_multicast);
	m->port[i].storm_unknown = describe_rate(&m->rates[i][6], &p->storm_unknown);
}

static void describe_macs(struct message *m, size_t i, const struct rs_port *p)
{
	m->port[i].promiscuous = p->promiscuous;
	m->port[i].unknown_from_wire = p->unknown_from_wire;
	m->port[i].learn = (Tw__Learn)p->learn;
	m->port[i].mac_change = p->mac_change;
	m->port[i].learn_limit = p->learn_limit;
	m->port[i].unknown_unicast = (Tw__UnknownUnicast)p->unknown;
	memcpy(m->static_mac[i], (const uint8_t[6]){ 2, 0, 0, 0, 0, p->static_who }, 6);
	m->static_macs[i] = (ProtobufCBinaryData){ 6, m->static_mac[i] };
	m->port[i].static_macs = &m->static_macs[i];
	m->port[i].n_static_macs = p->static_who != 0;
}

static Tw__Teaming *describe_teaming(Tw__Teaming *t, const struct rs_teaming *from)
{
	tw__teaming__init(t);
	t->policy = (Tw__Teaming__Policy)from->policy;
	t->active = (char **)(uintptr_t)from->active;
	while (from->active[t->n_active])
		t->n_active++;
	t->standby = (char **)(uintptr_t)from->standby;
	while (from->standby[t->n_standby])
		t->n_standby++;
	return from->own ? t : NULL;
}

static void describe_port(struct message *m, size_t i, unsigned who)
{
	const struct rs_port *p = &rs.port[who];

	tw__local_port__init(&m->port[i]);
	tw__vlan__init(&m->vlan[i]);
	tw__vlan_range__init(&m->range[i]);
	m->vlan[i].mode = p->trunk ? TW__VLAN__MODE__TRUNK : TW__VLAN__MODE__ACCESS;
	m->vlan[i].access = p->trunk ? 0 : p->vlan;
	m->vlan[i].native = p->trunk ? p->vlan : 0;
	m->range[i].first = p->first;
	m->range[i].last = p->last;
	m->ranges[i] = &m->range[i];
	m->vlan[i].trunk = &m->ranges[i];
	m->vlan[i].n_trunk = p->trunk || (p->tunnel && p->first);
	m->vlan[i].native_tagged = p->native_tagged;
	if (p->tunnel)
		m->vlan[i].mode = TW__VLAN__MODE__DOT1Q_TUNNEL;
	m->vlan[i].tunnel_ethertype = p->dot1q ? TW__VLAN__ETHERTYPE__DOT1Q : TW__VLAN__ETHERTYPE__DOT1AD;
	m->vlan[i].pvlan = (Tw__Vlan__Private)p->pvlan;
	m->vlan[i].secondary = p->secondary;
	m->port[i].pcp = (Tw__Pcp)p->pcp;
	memcpy(m->mac[i], (const uint8_t[6]){ 2, 0, 0, 0, 0, (uint8_t)who }, 6);
	m->port[i].number = who;
	m->port[i].mac = (ProtobufCBinaryData){ 6, m->mac[i] };
	m->port[i].vlan = &m->vlan[i];
	m->port[i].mtu = p->mtu;
	m->port[i].disabled = p->disabled;
	m->port[i].multicast = (Tw__Multicast *)(uintptr_t)rs.multicast;
	m->port[i].allow_forged = p->allow_forged;
	describe_macs(m, i, p);
	describe_guards(m, i, p);
	describe_rates(m, i, p);
	m->port[i].ingress_acl = (char *)(uintptr_t)(p->acl_in ? "acl" : "");
	m->port[i].egress_acl = (char *)(uintptr_t)(p->acl_out ? "acl" : "");
	m->port[i].teaming = describe_teaming(&m->port_teaming[i], &p->teaming);
	m->ports[i] = &m->port[i];
	m->port_slots[i] = rs_slot(who);
}

static void describe(struct message *m)
{
	memset(m, 0, sizeof(*m));
	tw__snapshot__init(&m->config);
	for (unsigned who = 1; who <= RS_PORTS; who++)
		if (rs.port[who].here)
			describe_port(m, m->config.n_ports++, who);
	m->config.ports = m->ports;
	tw__remote_port__init(&m->remote);
	tw__vlan__init(&m->remote_vlan);
	m->remote_vlan.mode = TW__VLAN__MODE__ACCESS;
	m->remote_vlan.access = 10;
	memcpy(m->remote_mac, (const uint8_t[6]){ 2, 0, 0, 0, 0, RS_REMOTE }, 6);
	m->remote.number = RS_REMOTE;
	m->remote.mac = (ProtobufCBinaryData){ 6, m->remote_mac };
	m->remote.vlan = &m->remote_vlan;
	m->remote.learns = rs.remote_learns;
	m->remotes[0] = &m->remote;
	m->config.remotes = m->remotes;
	m->config.n_remotes = 1;
	for (size_t i = 0; i < 2; i++) {
		tw__uplink__init(&m->uplink[i]);
		m->uplink[i].name = (char *)(uintptr_t)(i ? "up2" : "up");
		m->uplinks[i] = &m->uplink[i];
		m->uplink_slots[i] = rs_slot(RS_UP + (unsigned)i);
	}
	m->config.uplinks = m->uplinks;
	m->config.n_uplinks = 2;
	m->config.teaming = describe_teaming(&m->teaming, &rs.teaming);
	tw__acl__init(&m->acl);
	m->acl.name = (char *)(uintptr_t) "acl";
	m->acl.rules = (char **)(uintptr_t)rs.acl_rules;
	while (m->acl.n_rules < 4 && rs.acl_rules[m->acl.n_rules])
		m->acl.n_rules++;
	m->acls[0] = &m->acl;
	m->config.acls = m->acls;
	m->config.n_acls = 1;
	tw__local_exporter__init(&m->exporter);
	m->exporter.active_timeout_s = rs.active_s;
	m->exporter.idle_timeout_s = rs.idle_s;
	m->exporter.both_sides = rs.both_sides;
	m->config.flow_sample = rs.flow_sample;
	m->config.flow_sample_random = rs.flow_sample_random;
	m->exporters[0] = &m->exporter;
	m->config.exporters = m->exporters;
	m->config.n_exporters = 1;
}

/* What no message can say: the bench's devices stand in for guests. */
static void adapt(struct tw_snapshot *s)
{
	for (unsigned who = 1; who < RS_DEVICES; who++) {
		struct tw_slot *slot = &s->slot[rs_slot(who)];

		if (slot->kind == TW_SLOT_VHOST)
			slot->kind = TW_SLOT_ETHDEV;
		slot->mirror_in = rs.port[who].mirror_in;
		slot->mirror_out = rs.port[who].mirror_out;
		slot->mirror_drops = rs.port[who].mirror_drops;
	}
	s->mirrors = rs.mirrors;
	for (unsigned i = 0; i < TW_MIRRORS_MAX; i++)
		s->mirrors_first |= rs.mirrors[i].first != UINT32_MAX;
	s->has_rspan = rs.rspan_vlan != 0;
	tw_vlan_set_add(&s->rspan, rs.rspan_vlan);
}

void rs_publish(void)
{
	static struct tw_slot_state states[TW_SLOTS_MAX];
	static struct message m;
	const struct tw_places places = { m.port_slots, m.uplink_slots, NULL };
	const struct tw_snapshot *old = atomic_load(&published), *s;
	struct tw_error err = { 0 };
	struct tw_plan *plan;

	memset(states, 0, sizeof(states));
	for (unsigned who = 1; who < RS_DEVICES; who++) {
		const struct rs_port *p = &rs.port[who];

		struct tw_shaper **shaper = who < RS_UP ? &shapers[rs_slot(who)] : NULL;

		if (p->shape.per_second && !*shaper)
			*shaper = tw_shaper_create(rs_slot(who), &shape_room);
		states[rs_slot(who)] = (struct tw_slot_state){ .link = p->link,
							       .device = device[who],
							       .n_queues = 1,
							       .polls = 1,
							       .queued = shaper && *shaper,
							       .tx_csum = p->csum,
							       .tx_tso = p->tso,
							       .tx_tso6 = p->tso6,
							       .tx_ufo = p->ufo,
							       .drops = p->drops,
							       .frames = p->frames,
							       .mtu = p->mtu,
							       .shut = p->shut,
							       .withheld = p->shut,
							       .lacp = p->lacp };
	}
	describe(&m);
	plan = tw_plan_create(&m.config, &places, &err);
	if (!plan)
		fail_msg("%s: %s", err.field, err.text);
	for (uint32_t i = 0; i < plan->n_acls; i++)
		tw_acl_compile(plan->acls[i]);
	plan->fdb = rs.fdb;
	plan->own_mac = rs.own_mac;
	s = tw_snapshot_build(plan, states, &rs.map, ++generation, old);
	assert_non_null(s);
	tw_plan_put(plan);
	adapt((struct tw_snapshot *)(uintptr_t)s);
	atomic_store(&published, s);
	tw_snapshot_free(old);
}
