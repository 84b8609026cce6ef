/* SPDX-License-Identifier: Apache-2.0 */
/*
 * learning.c - which MACs live behind which ports; see learning.h.
 *
 * Threads  main; workers write fdb.h's `seen` of entries while they are there.
 * Owns     the entries, their index, and `seen`: 13 MB of addresses, of which is touched what is used.
 */
#include "dataplane/learning.h"

#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

enum {
	BUCKETS = 65536,
	FLAP_MOVES = 4,
	FLAP_WINDOW_MS = 10000,
	FROZEN_MS = 30000,
	CHANGE_MS = 1000,
};

struct entry {
	LIST_ENTRY(entry) of_port;
	struct entry *next; /* of its bucket, or free */
	uint64_t mac;       /* 0: free */
	uint16_t vlan, slot;
	uint16_t home; /* where it was before it began to move */
	uint8_t moves;
	bool frozen;
	bool unsaid;     /* remote: the controller has begun anew and not said it yet */
	uint32_t remote; /* number of the port of another host that it was behind last */
	uint32_t since;  /* of the last move or freeze */
};

struct port {
	LIST_HEAD(, entry) macs;
	struct tw_learn_policy policy;
	struct tw_learn_stats stats;
	uint32_t changed; /* when the one MAC was */
	bool has_changed;
};

struct tw_learning {
	struct entry *entries, *free;
	struct entry *buckets[BUCKETS];
	_Atomic uint32_t *seen;
	struct tw_mac_log *log;
	uint32_t n, n_common;
	uint32_t sequence;
	bool dirty;
	uint64_t changed[TW_FDB_HASHES / 64];
	uint64_t full[(TW_FDB_SLOTS + 63) / 64]; /* as last built */
	struct port port[TW_FDB_SLOTS];
};

struct tw_learning *tw_learning_create(void)
{
	struct tw_learning *l = calloc(1, sizeof(*l));

	if (!l)
		return NULL;
	l->entries = calloc(TW_FDB_MAX, sizeof(*l->entries));
	l->seen = calloc(TW_FDB_MAX, sizeof(*l->seen));
	l->log = tw_mac_log_create();
	if (!l->entries || !l->seen || !l->log) {
		tw_learning_destroy(l);
		return NULL;
	}
	l->port[TW_FDB_REMOTE].policy = (struct tw_learn_policy){ TW_LEARN_ALL, 0, TW_FDB_REMOTES, UINT32_MAX };
	l->dirty = true; /* a first version, of nothing */
	return l;
}

void tw_learning_destroy(struct tw_learning *l)
{
	if (!l)
		return;
	free(l->entries);
	free((void *)(uintptr_t)l->seen);
	tw_mac_log_destroy(l->log);
	free(l);
}

static uint32_t index_of(const struct tw_learning *l, const struct entry *e)
{
	return (uint32_t)(e - l->entries);
}

static uint32_t age_of(const struct tw_learning *l, const struct entry *e, uint32_t now)
{
	uint32_t age = now - atomic_load_explicit(&l->seen[index_of(l, e)], memory_order_relaxed);

	return age > INT32_MAX ? 0 : age; /* a worker's clock may be a little ahead of main's */
}

static struct entry **bucket_of(struct tw_learning *l, uint64_t mac, uint16_t vlan)
{
	return &l->buckets[(tw_fdb_key(mac, vlan) * UINT64_C(0x9e3779b97f4a7c15)) >> 48];
}

static struct entry *find(struct tw_learning *l, uint64_t mac, uint16_t vlan)
{
	struct entry *e = *bucket_of(l, mac, vlan);

	while (e && (e->mac != mac || e->vlan != vlan))
		e = e->next;
	return e;
}

/* @param number of the port of this host that it is behind now; 0 = none */
static void note_change(struct tw_learning *l, const struct entry *e, uint32_t number)
{
	unsigned hash = tw_fdb_hash(e->mac);

	l->changed[hash / 64] |= UINT64_C(1) << hash % 64;
	l->dirty = true;
	tw_mac_log_set(l->log, &(const struct tw_mac_place){ e->mac, e->vlan, number });
}

/* --- who may have how many --- */

/* Does one more of the port come from, or one less go to, what all share? */
static bool is_common(const struct tw_learning *l, uint16_t slot)
{
	return slot != TW_FDB_REMOTE && l->port[slot].stats.macs >= TW_FDB_SHARE;
}

static bool has_room(const struct tw_learning *l, uint16_t slot)
{
	const struct port *p = &l->port[slot];

	return p->stats.macs < p->policy.limit && (!is_common(l, slot) || l->n_common < TW_FDB_COMMON);
}

static void put_at(struct tw_learning *l, struct entry *e, uint16_t slot)
{
	struct port *p = &l->port[slot];

	e->slot = slot;
	LIST_INSERT_HEAD(&p->macs, e, of_port);
	l->n_common += is_common(l, slot);
	p->stats.macs++;
	note_change(l, e, p->policy.number);
}

static void take_off(struct tw_learning *l, struct entry *e)
{
	struct port *p = &l->port[e->slot];

	LIST_REMOVE(e, of_port);
	p->stats.macs--;
	l->n_common -= is_common(l, e->slot);
	note_change(l, e, 0);
}

static void end_entry(struct tw_learning *l, struct entry *e)
{
	struct entry **at = bucket_of(l, e->mac, e->vlan);

	take_off(l, e);
	while (*at != e)
		at = &(*at)->next;
	*at = e->next;
	e->mac = 0;
	e->next = l->free;
	l->free = e;
}

/* There is room: ports' shares and the pools are never more than the entries. */
static struct entry *add(struct tw_learning *l, uint16_t slot, uint64_t mac, uint16_t vlan, uint32_t now)
{
	struct entry **bucket = bucket_of(l, mac, vlan), *e = l->free;

	if (e)
		l->free = e->next;
	else
		e = &l->entries[l->n++];
	*e = (struct entry){ .next = *bucket, .mac = mac, .vlan = vlan, .home = slot, .since = now };
	*bucket = e;
	atomic_store_explicit(&l->seen[index_of(l, e)], now, memory_order_relaxed);
	put_at(l, e, slot);
	return e;
}

void tw_learning_forget(struct tw_learning *l, uint16_t slot)
{
	while (!LIST_EMPTY(&l->port[slot].macs))
		end_entry(l, LIST_FIRST(&l->port[slot].macs));
}

static bool is_same(const struct tw_learn_policy *a, const struct tw_learn_policy *b)
{
	return a->learn == b->learn && a->number == b->number && a->limit == b->limit && a->age_ms == b->age_ms;
}

void tw_learning_set(struct tw_learning *l, uint16_t slot, const struct tw_learn_policy *policy)
{
	struct port *p = &l->port[slot];
	bool other = p->policy.number != policy->number;

	if (other || p->policy.learn != policy->learn)
		tw_learning_forget(l, slot);
	if (other)
		memset(&p->stats, 0, sizeof(p->stats));
	if (!is_same(&p->policy, policy))
		l->dirty = true; /* who is full may be another */
	p->policy = *policy;
	while (p->stats.macs > policy->limit)
		end_entry(l, LIST_FIRST(&p->macs));
}

/* --- what is heard --- */

static void move(struct tw_learning *l, struct entry *e, uint16_t slot, uint32_t now)
{
	take_off(l, e);
	put_at(l, e, slot);
	e->since = now;
	atomic_store_explicit(&l->seen[index_of(l, e)], now, memory_order_relaxed);
}

/* Two ports say they have it, again and again. */
static enum tw_learned freeze(struct tw_learning *l, struct entry *e, uint16_t claimant, uint32_t now)
{
	l->port[e->slot].stats.flaps++;
	l->port[claimant].stats.flaps++;
	if (e->home != e->slot && l->port[e->home].policy.learn && has_room(l, e->home))
		move(l, e, e->home, now);
	e->frozen = true;
	e->since = now;
	return TW_LEARNED_FLAPPED;
}

static enum tw_learned claim(struct tw_learning *l, struct entry *e, uint16_t slot, uint32_t now)
{
	if (e->frozen && now - e->since < FROZEN_MS)
		return TW_LEARNED_NOTHING;
	if (e->frozen || now - e->since >= FLAP_WINDOW_MS) {
		e->frozen = false;
		e->moves = 0;
		e->home = e->slot;
	}
	if (!has_room(l, slot)) {
		l->port[slot].stats.refused++;
		return TW_LEARNED_REFUSED;
	}
	if (++e->moves >= FLAP_MOVES)
		return freeze(l, e, slot, now);
	move(l, e, slot, now);
	l->port[slot].stats.moves++;
	return TW_LEARNED_MOVED;
}

/* The guest's one MAC is another now. @return false: too soon */
static bool make_way(struct tw_learning *l, struct port *p, uint32_t now)
{
	if (p->has_changed && now - p->changed < CHANGE_MS)
		return false;
	p->changed = now;
	p->has_changed = true;
	p->stats.moves += !LIST_EMPTY(&p->macs);
	if (!LIST_EMPTY(&p->macs))
		end_entry(l, LIST_FIRST(&p->macs));
	return true;
}

enum tw_learned tw_learning_heard(struct tw_learning *l, uint16_t slot, uint64_t mac, uint16_t vlan, uint32_t now)
{
	struct port *p = &l->port[slot];
	struct entry *e = find(l, mac, vlan);

	if (p->policy.learn == TW_LEARN_NOT)
		return TW_LEARNED_NOTHING;
	if (e && e->slot == slot) {
		atomic_store_explicit(&l->seen[index_of(l, e)], now, memory_order_relaxed);
		return TW_LEARNED_NOTHING;
	}
	if (p->policy.learn == TW_LEARN_ONE && (!e || !e->frozen || now - e->since >= FROZEN_MS) &&
	    !make_way(l, p, now)) {
		p->stats.refused++;
		return TW_LEARNED_REFUSED;
	}
	if (e && e->slot == TW_FDB_REMOTE && slot == TW_FDB_WIRE)
		return TW_LEARNED_NOTHING; /* that way it comes from where it is */
	if (e)
		return claim(l, e, slot, now);
	if (!has_room(l, slot)) {
		p->stats.refused++;
		return TW_LEARNED_REFUSED;
	}
	add(l, slot, mac, vlan, now);
	return TW_LEARNED_NEW;
}

/* --- what other hosts have learned --- */

static void set_remote(struct tw_learning *l, struct entry *e, uint32_t number)
{
	e->unsaid = false;
	if (e->remote != number && e->slot == TW_FDB_REMOTE)
		note_change(l, e, 0);
	e->remote = number;
}

static enum tw_learned claim_remote(struct tw_learning *l, struct entry *e, uint32_t number, uint32_t now)
{
	enum tw_learned what = TW_LEARNED_NOTHING;

	if (e->slot == TW_FDB_WIRE && has_room(l, TW_FDB_REMOTE))
		move(l, e, TW_FDB_REMOTE, now);
	else if (e->slot < TW_PORTS_MAX)
		what = claim(l, e, TW_FDB_REMOTE, now);
	if (e->slot == TW_FDB_REMOTE)
		set_remote(l, e, number);
	return what;
}

enum tw_learned tw_learning_remote(struct tw_learning *l, uint64_t mac, uint16_t vlan, uint32_t number, uint32_t now)
{
	struct entry *e = find(l, mac, vlan);

	if (number == 0) {
		if (e && e->slot == TW_FDB_REMOTE)
			end_entry(l, e);
		return TW_LEARNED_NOTHING;
	}
	if (e)
		return claim_remote(l, e, number, now);
	if (!has_room(l, TW_FDB_REMOTE)) {
		l->port[TW_FDB_REMOTE].stats.refused++;
		return TW_LEARNED_REFUSED;
	}
	add(l, TW_FDB_REMOTE, mac, vlan, now)->remote = number;
	return TW_LEARNED_NEW;
}

void tw_learning_remote_begin(struct tw_learning *l)
{
	struct entry *e;

	LIST_FOREACH (e, &l->port[TW_FDB_REMOTE].macs, of_port)
		e->unsaid = true;
}

void tw_learning_remote_end(struct tw_learning *l)
{
	struct entry *e, *next;

	for (e = LIST_FIRST(&l->port[TW_FDB_REMOTE].macs); e; e = next) {
		next = LIST_NEXT(e, of_port);
		if (e->unsaid)
			end_entry(l, e);
	}
}

const struct tw_mac_log *tw_learning_log(const struct tw_learning *l)
{
	return l->log;
}

void tw_learning_age(struct tw_learning *l, uint32_t now)
{
	for (uint16_t slot = 0; slot < TW_FDB_SLOTS; slot++) {
		const struct port *p = &l->port[slot];
		struct entry *e, *next;

		for (e = LIST_FIRST(&p->macs); e && p->policy.learn == TW_LEARN_ALL; e = next) {
			next = LIST_NEXT(e, of_port);
			if (age_of(l, e, now) >= p->policy.age_ms)
				end_entry(l, e);
		}
	}
}

/* --- versions --- */

static void fill_full(struct tw_learning *l, struct tw_fdb *fdb)
{
	for (uint16_t slot = 0; slot < TW_PORTS_MAX; slot++)
		if (l->port[slot].policy.learn == TW_LEARN_ALL && !has_room(l, slot))
			fdb->full[slot / 64] |= UINT64_C(1) << slot % 64;
	for (size_t i = 0; i < sizeof(fdb->full) / sizeof(fdb->full[0]); i++)
		fdb->changed_slots[i] = fdb->full[i] ^ l->full[i];
	memcpy(l->full, fdb->full, sizeof(l->full));
}

static uint32_t number_of(const struct tw_learning *l, const struct entry *e)
{
	return e->slot == TW_FDB_REMOTE ? e->remote : l->port[e->slot].policy.number;
}

static void put_cell(struct tw_learning *l, struct tw_fdb *fdb, const struct entry *e)
{
	uint64_t key = tw_fdb_key(e->mac, e->vlan);
	uint32_t i = (uint32_t)(key * UINT64_C(0x9e3779b97f4a7c15) >> 32) & fdb->mask;

	while (fdb->cell[i].key)
		i = (i + 1) & fdb->mask;
	fdb->cell[i] = (struct tw_fdb_entry){ key, number_of(l, e), index_of(l, e), e->slot };
}

uint32_t tw_learning_total(const struct tw_learning *l)
{
	uint32_t n = 0;

	for (uint16_t slot = 0; slot < TW_FDB_SLOTS; slot++)
		n += l->port[slot].stats.macs;
	return n;
}

struct tw_fdb *tw_learning_build(struct tw_learning *l)
{
	uint32_t n = tw_learning_total(l), cells = 16;
	struct tw_fdb *fdb;

	if (!l->dirty)
		return NULL;
	while (cells < 2 * n)
		cells *= 2;
	fdb = calloc(1, sizeof(*fdb) + cells * sizeof(fdb->cell[0]));
	if (!fdb)
		return NULL;
	fdb->sequence = ++l->sequence;
	fdb->mask = cells - 1;
	fdb->seen = l->seen;
	memcpy(fdb->changed, l->changed, sizeof(fdb->changed));
	fill_full(l, fdb);
	for (uint16_t slot = 0; slot < TW_FDB_SLOTS; slot++) {
		const struct entry *e;

		LIST_FOREACH (e, &l->port[slot].macs, of_port)
			put_cell(l, fdb, e);
	}
	memset(l->changed, 0, sizeof(l->changed));
	l->dirty = false;
	return fdb;
}

bool tw_learning_is_on(const struct tw_learning *l, uint16_t slot)
{
	return l->port[slot].policy.learn != TW_LEARN_NOT;
}

struct tw_learn_stats tw_learning_stats(const struct tw_learning *l, uint16_t slot)
{
	return l->port[slot].stats;
}

void tw_learning_each(const struct tw_learning *l, uint16_t slot, uint32_t now,
		      bool (*fn)(void *arg, uint64_t mac, uint16_t vlan, uint32_t age_ms), void *arg)
{
	const struct entry *e;

	LIST_FOREACH (e, &l->port[slot].macs, of_port)
		if (!fn(arg, e->mac, e->vlan, age_of(l, e, now)))
			return;
}

uint8_t tw_learning_how(const struct tw_learning *l, uint16_t slot)
{
	return l->port[slot].policy.learn;
}

uint32_t tw_learning_walk(const struct tw_learning *l, uint16_t slot, uint32_t from, uint32_t now,
			  bool (*fn)(void *arg, const struct tw_learned_mac *mac), void *arg)
{
	for (uint32_t i = from; i < l->n; i++) {
		const struct entry *e = &l->entries[i];
		struct tw_learned_mac mac = { .mac = e->mac,
					      .vlan = e->vlan,
					      .slot = e->slot,
					      .number = number_of(l, e),
					      .age_ms = age_of(l, e, now),
					      .moved = e->moves > 0,
					      .frozen = e->frozen && now - e->since < FROZEN_MS };

		if (e->mac != 0 && (slot == TW_SLOT_NONE || e->slot == slot) && !fn(arg, &mac))
			return i;
	}
	return 0;
}
