/* SPDX-License-Identifier: Apache-2.0 */
/* learn.c - a worker's part in learning; see learn.h. The worker. */
#include "dataplane/learn.h"

#include <string.h>

enum { PIECE = 256, AHEAD = 8 };

static bool has_say(struct tw_learn_worker *l, uint16_t slot, uint32_t now)
{
	uint32_t window = now / TW_LEARN_TELL_WINDOW_MS;

	if (l->window != window) {
		memset(l->told, 0, sizeof(l->told));
		l->window = window;
	}
	return l->told[slot]++ < TW_LEARN_TELL_MAX || (l->told[slot] = TW_LEARN_TELL_MAX, false);
}

void tw_learn_heard(struct tw_worker *w, const struct tw_snapshot *s, const struct tw_flow *f)
{
	const struct tw_slot *in = &s->slot[f->key.in];
	const struct tw_fdb *fdb = tw_snapshot_fdb(s);
	struct tw_heard_mac heard = { .mac = tw_mac_word(f->key.src_mac),
				      .vlan = f->verdict.vlan,
				      .slot = in->uplink ? TW_FDB_WIRE : f->key.in,
				      .number = in->number };
	const struct tw_fdb_entry *e = fdb ? tw_fdb_find(fdb, heard.mac, heard.vlan) : NULL;

	if (e && e->slot == heard.slot && e->number == heard.number)
		atomic_store_explicit(&fdb->seen[e->index], f->last_ms, memory_order_relaxed);
	else if (fdb && w->macs && has_say(&w->learn, heard.slot, w->cache.now_ms))
		rte_ring_sp_enqueue_elem(w->macs, &heard, sizeof(heard));
}

/* What is to be judged again: what the version says, or all if one was missed. */
static void begin(struct tw_worker *w, const struct tw_fdb *fdb)
{
	struct tw_learn_worker *l = &w->learn;
	bool missed = fdb->sequence != l->sequence + 1;

	for (size_t i = 0; i < sizeof(l->changed) / sizeof(l->changed[0]); i++)
		l->changed[i] |= missed ? UINT64_MAX : fdb->changed[i];
	for (size_t i = 0; i < sizeof(l->changed_slots) / sizeof(l->changed_slots[0]); i++)
		l->changed_slots[i] |= fdb->changed_slots[i];
	l->sequence = fdb->sequence;
	l->left = w->cache.top; /* behind it no entry was ever in use */
	l->hand = 0;
}

static bool concerns(const struct tw_learn_worker *l, const struct tw_key *key)
{
	return tw_fdb_bit(l->changed, tw_fdb_hash(tw_mac_word(key->src_mac))) ||
	       tw_fdb_bit(l->changed, tw_fdb_hash(tw_mac_word(key->dst_mac))) ||
	       (key->in < TW_FDB_SLOTS && tw_fdb_bit(l->changed_slots, key->in));
}

void tw_learn_revise(struct tw_worker *w, const struct tw_fdb *fdb)
{
	struct tw_flow_cache *c = &w->cache;
	struct tw_learn_worker *l = &w->learn;

	if (fdb->sequence != l->sequence)
		begin(w, fdb);
	for (unsigned n = 0; n < PIECE && l->left > 0; n++, l->left--) {
		struct tw_flow *f = &c->flows[l->hand++];

		__builtin_prefetch(&c->flows[(l->hand + AHEAD) & (c->capacity - 1)]);
		if (concerns(l, &f->key) && f->live && !f->key.refused)
			f->generation = 0;
	}
	if (l->left == 0) {
		memset(l->changed, 0, sizeof(l->changed));
		memset(l->changed_slots, 0, sizeof(l->changed_slots));
	}
}
