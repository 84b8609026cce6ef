/* SPDX-License-Identifier: Apache-2.0 */
/* ownership.c - which host counts a flow; see ownership.h. Pure; any thread inside an RCU section. */
#include "dataplane/ownership.h"

static uint16_t as_second(const struct tw_snapshot *s)
{
	return s->both_sides ? TW_V_METER | TW_V_SECOND : 0;
}

uint16_t tw_ownership_of_wire(const struct tw_snapshot *s, const struct tw_key *key, const struct tw_identity *src,
			      uint16_t vlan)
{
	if (src)
		return src->slot == TW_SLOT_NONE ? as_second(s) : 0;
	if (tw_snapshot_remote(s, key->src_mac, vlan))
		return as_second(s);
	return tw_vlan_set_has(&s->learned_elsewhere, vlan) ? TW_V_METER | TW_V_STRANGER : TW_V_METER;
}

void tw_ownership_settle(const struct tw_snapshot *s, struct tw_flow *f)
{
	const struct tw_fdb_entry *e = tw_snapshot_remote(s, f->key.src_mac, f->verdict.vlan);
	uint32_t known;

	if (!e)
		return;
	known = atomic_load_explicit(&tw_snapshot_fdb(s)->seen[e->index], memory_order_relaxed);
	if ((int32_t)(known - f->first_ms) >= TW_FDB_PROOF_MS)
		return;
	f->verdict.flags &= (uint16_t) ~(TW_V_METER | TW_V_STRANGER);
	if (f->verdict.action != TW_ACT_DROP || f->verdict.out != TW_SLOT_NONE) /* it has arrived at a port here */
		f->verdict.flags |= as_second(s);
}

uint32_t tw_ownership_number(const struct tw_snapshot *s, const struct tw_flow *f)
{
	const struct tw_identity *src = tw_snapshot_identity(s, f->key.src_mac);
	const struct tw_fdb_entry *e = src ? NULL : tw_snapshot_remote(s, f->key.src_mac, f->verdict.vlan);

	return src ? src->number : e ? e->number : 0;
}
