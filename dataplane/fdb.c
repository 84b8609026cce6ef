/* SPDX-License-Identifier: Apache-2.0 */
/* fdb.c - look-ups of learned MACs; see fdb.h. Pure; any thread inside an RCU section. */
#include "dataplane/fdb.h"

const struct tw_fdb_entry *tw_fdb_find(const struct tw_fdb *fdb, uint64_t mac, uint16_t vlan)
{
	uint64_t key = tw_fdb_key(mac, vlan);

	/* At most half of the cells are in use: there is an empty one. */
	for (uint32_t i = (uint32_t)(key * UINT64_C(0x9e3779b97f4a7c15) >> 32);; i++) {
		const struct tw_fdb_entry *e = &fdb->cell[i & fdb->mask];

		if (e->key == key)
			return e;
		if (e->key == 0)
			return NULL;
	}
}

/* Has the port come, does it still carry that VLAN? (Of a trunk, tw_admit() asks.) */
static bool is_there(const struct tw_snapshot *s, const struct tw_fdb_entry *e, uint16_t vlan)
{
	const struct tw_slot *slot = &s->slot[e->slot];
	const struct tw_identity *id;

	if (e->slot == TW_FDB_WIRE || e->slot == TW_FDB_REMOTE)
		return true;
	if (slot->kind == TW_SLOT_EMPTY || slot->number != e->number || (!slot->trunk && slot->vlan != vlan))
		return false;
	id = tw_snapshot_identity(s, slot->mac);
	return id && id->slot == e->slot;
}

const struct tw_fdb_entry *tw_snapshot_learned(const struct tw_snapshot *s, const uint8_t mac[6], uint16_t vlan)
{
	const struct tw_fdb *fdb = tw_snapshot_fdb(s);
	const struct tw_fdb_entry *e = fdb ? tw_fdb_find(fdb, tw_mac_word(mac), vlan) : NULL;

	return e && is_there(s, e, vlan) ? e : NULL;
}

const struct tw_fdb_entry *tw_snapshot_remote(const struct tw_snapshot *s, const uint8_t mac[6], uint16_t vlan)
{
	const struct tw_fdb *fdb = tw_snapshot_fdb(s);
	const struct tw_fdb_entry *e = fdb ? tw_fdb_find(fdb, tw_mac_word(mac), vlan) : NULL;

	return e && e->slot == TW_FDB_REMOTE ? e : NULL;
}
