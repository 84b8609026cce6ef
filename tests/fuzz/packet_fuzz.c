/* SPDX-License-Identifier: Apache-2.0 */
/*
 * packet_fuzz.c - any bytes as a frame: parsed, judged, and the verdict held against what must never happen.
 *
 * First octet: the slot it comes in on. The frame is a heap copy of its exact size, so that ASan sees one octet too far.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/decide.h"
#include "dataplane/parse.h"

enum { ACCESS = 1, TRUNK = 2, OTHER = 3, UPLINK = TW_PORTS_MAX };

static struct tw_snapshot s;
static struct tw_vlan_set allowed;
static uint16_t members[] = { ACCESS, TRUNK, OTHER, TRUNK };
static struct tw_identity identities[] = {
	{ .mac = 0x020000000001, .number = 1, .slot = ACCESS, .vlan = 10, .allowed = &allowed },
	{ .mac = 0x020000000002, .number = 2, .slot = TRUNK, .trunk = true, .allowed = &allowed },
	{ .mac = 0x020000000003, .number = 3, .slot = OTHER, .vlan = 20, .allowed = &allowed },
	{ .mac = 0x020000000004, .number = 4, .slot = TW_SLOT_NONE, .vlan = 10, .allowed = &allowed },
};

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

static void build_switch(void)
{
	tw_vlan_set_add(&allowed, 10);
	tw_vlan_set_add(&allowed, 20);
	s.generation = 1;
	s.identities = identities;
	s.n_identities = sizeof(identities) / sizeof(*identities);
	add_port(ACCESS, 10, false);
	add_port(TRUNK, 0, true);
	add_port(OTHER, 20, false);
	s.slot[UPLINK] = (struct tw_slot){ .kind = TW_SLOT_ETHDEV, .link = TW_LINK_UP, .uplink = true, .trunk = true };
	s.uplink[s.n_uplinks++] = UPLINK;
	s.members = members;
	s.flood[10].n = 2;
	s.flood[20].first = 2;
	s.flood[20].n = 2;
}

/* The short cut for usual frames gives what the long way gives. */
static void check_short_cut(const uint8_t *frame, uint32_t size, const struct tw_key *key, const struct tw_meta *meta)
{
	struct tw_meta long_meta;
	struct tw_key long_key;

	if (!tw_parse_long_way(frame, size, size, key->in, &long_key, &long_meta) ||
	    memcmp(&long_key, key, sizeof(*key)) != 0 || tw_meta_word(&long_meta) != tw_meta_word(meta) ||
	    long_meta.l2_len != meta->l2_len)
		abort();
}

static void check_verdict(const struct tw_key *key, const struct tw_verdict *v)
{
	const struct tw_slot *in = &s.slot[key->in], *out;

	if (v->action == TW_ACT_DROP) {
		if (v->drop >= TW_DROPS)
			abort();
		return;
	}
	/* A frame that goes on is in a VLAN that its port carries, from a sender its port may be. */
	if (!tw_slot_carries(in, v->vlan) || (!in->uplink && memcmp(key->src_mac, in->mac, 6) != 0))
		abort();
	if (v->action != TW_ACT_FORWARD)
		return;
	out = &s.slot[v->out];
	if (!tw_slot_carries(out, v->vlan) || (in->uplink && out->uplink) || v->out == key->in)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint16_t slots[] = { ACCESS, TRUNK, OTHER, UPLINK };
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
	if (tw_parse(frame, (uint32_t)size - 1, (uint32_t)size - 1, slots[data[0] % 4], &key, &meta)) {
		if (meta.l2_len + (uint32_t)meta.l3_len > size - 1)
			abort();
		check_short_cut(frame, (uint32_t)size - 1, &key, &meta);
		v = tw_decide(&s, &key);
		check_verdict(&key, &v);
	}
	free(frame);
	return 0;
}
