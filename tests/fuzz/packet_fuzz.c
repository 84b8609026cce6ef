/* SPDX-License-Identifier: Apache-2.0 */
/*
 * packet_fuzz.c - any bytes as a frame: parsed, judged, and the verdict held against what must never happen. No EAL, so many
 *                 more frames than frame_fuzz.c, and no more than a key and a verdict.
 *
 * First octet: the slot it comes in on. The frame is a heap copy of its exact size, so that ASan sees one octet too far.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/acl.h"
#include "dataplane/decide.h"
#include "dataplane/learning.h"
#include "dataplane/parse.h"
#include "dataplane/vlan.h"

enum { ACCESS = 1, TRUNK, OTHER, TUNNEL, OPEN, ISOLATED, COMMUNITY, NATIVE, UPLINK = TW_PORTS_MAX };

static struct tw_snapshot s;
static struct tw_vlan_set allowed;
static uint16_t members[] = { ACCESS, TRUNK, TUNNEL, NATIVE, TRUNK, OTHER, NATIVE, OPEN, ISOLATED, COMMUNITY, TRUNK };
static uint16_t primary_of[TW_VLANS];
static struct tw_identity identities[NATIVE];

static void add_port(uint16_t slot, uint16_t vlan, bool trunk)
{
	s.slot[slot] = (struct tw_slot){ .kind = TW_SLOT_VHOST,
					 .link = TW_LINK_UP,
					 .trunk = trunk,
					 .vlan = vlan,
					 .number = slot,
					 .mac = { 2, 0, 0, 0, 0, (uint8_t)slot },
					 .allowed = &allowed };
}

static void add_private(uint16_t slot, uint16_t secondary, bool isolated)
{
	add_port(slot, 30, false);
	s.slot[slot].secondary = secondary;
	s.slot[slot].isolated = isolated;
	primary_of[secondary] = secondary ? 30 : 0;
}

/* A rule the key alone decides, and one that wants each frame. */
static void add_list(void)
{
	char *rules[] = { (char[]){ "deny udp to any port 53" }, (char[]){ "deny tcp flags syn/syn,ack" } };
	struct tw_acl *acl = tw_acl_get("acl", rules, 2, false);

	if (!acl)
		abort();
	s.slot[OTHER].acl_in = s.slot[OTHER].acl_out = s.slot[OPEN].acl_out = acl;
}

static void list(uint16_t vlan, uint16_t first, uint16_t n)
{
	s.flood[vlan].first = first;
	s.flood[vlan].n = n;
}

/* ACCESS's guest may change its MAC, TRUNK's has some of those that frames are likely to have; OTHER is promiscuous. */
static void learn(void)
{
	static _Atomic(const struct tw_fdb *) fdb;
	struct tw_learning *l = tw_learning_create();

	tw_learning_set(l, ACCESS, &(const struct tw_learn_policy){ TW_LEARN_ONE, ACCESS, 1, 1000 });
	tw_learning_set(l, TRUNK, &(const struct tw_learn_policy){ TW_LEARN_ALL, TRUNK, 6, 1000 });
	tw_learning_set(l, TW_FDB_WIRE, &(const struct tw_learn_policy){ TW_LEARN_ALL, 0, 6, 1000 });
	tw_learning_heard(l, ACCESS, 0x020000000011, 10, 0);
	for (uint64_t i = 0; i < 6; i++) {
		tw_learning_heard(l, TRUNK, 0x020000000012 + i, i % 2 ? 10 : 20, 0);
		tw_learning_heard(l, TW_FDB_WIRE, 0x020000000022 + i, i % 2 ? 10 : 20, 0);
	}
	atomic_store(&fdb, tw_learning_build(l));
	s.fdb = &fdb;
	s.slot[ACCESS].learn = TW_LEARN_ONE;
	s.slot[TRUNK].learn = TW_LEARN_ALL;
	s.slot[TRUNK].limit_drop = true;
	s.slot[TRUNK].unknown = TW_UNKNOWN_FLOOD;
	s.slot[OTHER].promiscuous = true;
	s.slot[OTHER].unknown = TW_UNKNOWN_DROP;
	tw_vlan_set_add(&s.promiscuous, 20);
	tw_vlan_set_add(&s.takes_unknown, 20);
	tw_vlan_set_add(&s.learn_wire, 10);
	tw_vlan_set_add(&s.learn_wire, 20);
}

static void build_switch(void)
{
	for (unsigned vlan = 10; vlan <= 30; vlan += 10)
		tw_vlan_set_add(&allowed, vlan);
	tw_vlan_set_add(&allowed, 31);
	s.generation = 1;
	s.identities = identities;
	s.n_identities = NATIVE;
	add_port(ACCESS, 10, false);
	add_port(TRUNK, 0, true);
	add_port(OTHER, 20, false);
	add_port(TUNNEL, 10, false);
	s.slot[TUNNEL].tunnel = s.slot[TUNNEL].dot1ad = true;
	s.slot[TUNNEL].allowed = NULL;
	s.primary_of = primary_of;
	add_private(OPEN, 0, false);
	add_private(ISOLATED, 31, true);
	add_private(COMMUNITY, 32, false);
	add_port(NATIVE, 10, true);
	add_list();
	for (uint16_t i = 0; i < NATIVE; i++)
		identities[i] = (struct tw_identity){ .mac = 0x020000000001 + i,
						      .number = i + 1u,
						      .slot = i + 1 == COMMUNITY ? TW_SLOT_NONE : i + 1,
						      .vlan = s.slot[i + 1].vlan,
						      .trunk = s.slot[i + 1].trunk,
						      .secondary = s.slot[i + 1].secondary,
						      .isolated = s.slot[i + 1].isolated,
						      .allowed = &allowed };
	s.slot[UPLINK] = (struct tw_slot){ .kind = TW_SLOT_ETHDEV, .link = TW_LINK_UP, .uplink = true, .trunk = true };
	s.uplink[s.n_uplinks++] = UPLINK;
	s.team[0].slot[s.team[0].n++] = UPLINK;
	s.members = members;
	list(10, 0, 4);
	list(20, 4, 3);
	list(30, 7, 4);
	list(31, 10, 1);
}

/* The short cut for usual frames gives what the long way gives. */
static void check_short_cut(const uint8_t *frame, uint32_t size, const struct tw_key *key, const struct tw_meta *meta)
{
	struct tw_meta long_meta;
	struct tw_key long_key;

	if (!tw_parse_any(frame, size, size, key->in, &long_key, &long_meta) ||
	    memcmp(&long_key, key, sizeof(*key)) != 0 || long_meta.word != meta->word ||
	    long_meta.l2_len != meta->l2_len)
		abort();
}

static bool denies(const struct tw_acl *acl, const struct tw_key *key, const struct tw_verdict *v)
{
	struct tw_acl_verdict a = { 0 };

	if (acl)
		a = tw_acl_linear(acl, key, v->vlan);
	return a.deny && (!a.each || !(v->flags & TW_V_ACL_EACH));
}

static void check_verdict(const struct tw_key *key, const struct tw_verdict *v)
{
	const struct tw_slot *in = &s.slot[key->in], *out;
	uint16_t wire = tw_vlan_tag(in, key) & 0x0fff;

	if (v->action == TW_ACT_DROP) {
		if (v->drop >= TW_DROPS)
			abort();
		return;
	}
	/* A frame that goes on is in a VLAN that its port carries, from a sender its port may be. */
	if (!tw_slot_carries(in, in->trunk ? wire : v->vlan) ||
	    (!in->uplink && memcmp(key->src_mac, in->mac, 6) != 0) || denies(in->acl_in, key, v))
		abort();
	if (v->action != TW_ACT_FORWARD)
		return;
	out = &s.slot[v->out];
	if (!tw_slot_carries(out, out->trunk ? wire : v->vlan) || (in->uplink && out->uplink) || v->out == key->in ||
	    denies(out->acl_out, key, v))
		abort();
	if (out->secondary && wire != v->vlan && (out->isolated || wire != out->secondary))
		abort();
	/* What lies behind a tag that comes off is not read as a tag. */
	if (!tw_slot_tags(out, wire) && !out->tunnel && (in->tunnel ? key->tci & 0x0fff : tw_key_inner_vid(key)))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint16_t slots[] = { ACCESS, TRUNK, OTHER, TUNNEL, OPEN, ISOLATED, COMMUNITY, NATIVE, UPLINK };
	struct tw_verdict v;
	struct tw_meta meta;
	struct tw_key key;
	uint8_t *frame;

	if (s.generation == 0)
		build_switch();
	if (size < 1)
		return 0;
	frame = malloc(size - 1 ? size - 1 : 1);
	memcpy(frame, data + 1, size - 1);
	if (tw_parse(frame, (uint32_t)size - 1, (uint32_t)size - 1, slots[data[0] % (sizeof(slots) / sizeof(slots[0]))],
		     &key, &meta)) {
		if (meta.l2_len + (uint32_t)meta.l3_len > size - 1)
			abort();
		check_short_cut(frame, (uint32_t)size - 1, &key, &meta);
		v = tw_decide(&s, &key);
		check_verdict(&key, &v);
	}
	free(frame);
	return 0;
}
