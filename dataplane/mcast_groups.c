/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mcast_groups.c - who has joined which group; see mcast_groups.h.
 *
 * Threads  main.
 * Owns     groups in a hash table with a seed of its own (guests choose the addresses), their members in lists.
 */
#include "dataplane/mcast_groups.h"

#include <stdlib.h>
#include <sys/queue.h>
#include <sys/random.h>

enum { BUCKETS = 8192 };

struct member {
	LIST_ENTRY(member) link;
	struct tw_membership m;
	uint8_t queries_left;
	uint64_t query_ms;
};

struct group {
	LIST_ENTRY(group) link;
	struct tw_mcast_addr group;
	uint16_t vlan;
	LIST_HEAD(, member) members;
};

struct tw_groups {
	LIST_HEAD(, group) bucket[BUCKETS];
	uint64_t seed, version;
	uint64_t next_ms; /* nothing is due before */
	uint32_t of_slot[TW_SLOTS_MAX];
	uint32_t pooled; /* memberships beyond their port's share */
};

struct tw_groups *tw_groups_create(void)
{
	struct tw_groups *t = calloc(1, sizeof(*t));

	if (t && getrandom(&t->seed, sizeof(t->seed), 0) != sizeof(t->seed))
		t->seed = (uintptr_t)t; /* as good as can be had */
	if (t)
		t->next_ms = UINT64_MAX;
	return t;
}

uint64_t tw_groups_version(const struct tw_groups *t)
{
	return t->version;
}

uint32_t tw_groups_of_slot(const struct tw_groups *t, uint16_t slot)
{
	return t->of_slot[slot];
}

/* --- find --- */

static unsigned bucket_of(const struct tw_groups *t, const struct tw_mcast_addr *group, uint16_t vlan)
{
	uint64_t h = (group->w[1] ^ t->seed) * UINT64_C(0x9e3779b97f4a7c15);

	h = ((h ^ h >> 32) + group->w[0] + vlan) * UINT64_C(0xff51afd7ed558ccd);
	return (unsigned)(h >> 40) % BUCKETS;
}

static struct group *find_group(const struct tw_groups *t, const struct tw_mcast_addr *group, uint16_t vlan)
{
	struct group *g;

	LIST_FOREACH (g, &t->bucket[bucket_of(t, group, vlan)], link)
		if (g->vlan == vlan && tw_mcast_same(&g->group, group))
			return g;
	return NULL;
}

static struct member *find_member(const struct group *g, uint16_t slot)
{
	struct member *m;

	LIST_FOREACH (m, &g->members, link)
		if (m->m.slot == slot)
			return m;
	return NULL;
}

/* --- come and go --- */

static void due(struct tw_groups *t, uint64_t at_ms)
{
	if (at_ms < t->next_ms)
		t->next_ms = at_ms;
}

static enum tw_groups_result room_for(const struct tw_groups *t, uint16_t slot)
{
	uint32_t most = slot >= TW_PORTS_MAX ? TW_GROUPS_PER_UPLINK : TW_GROUPS_PER_PORT;

	if (t->of_slot[slot] >= most)
		return TW_GROUPS_PORT_FULL;
	return t->of_slot[slot] < TW_GROUPS_SHARE || t->pooled < TW_GROUPS_POOL ? TW_GROUPS_NEW : TW_GROUPS_FULL;
}

static void count_in(struct tw_groups *t, uint16_t slot)
{
	t->pooled += t->of_slot[slot]++ >= TW_GROUPS_SHARE;
	t->version++;
}

static void remove_member(struct tw_groups *t, struct member *m)
{
	t->pooled -= --t->of_slot[m->m.slot] >= TW_GROUPS_SHARE;
	t->version++;
	LIST_REMOVE(m, link);
	free(m);
}

static void remove_if_empty(struct group *g)
{
	if (!LIST_EMPTY(&g->members))
		return;
	LIST_REMOVE(g, link);
	free(g);
}

static struct group *add_group(struct tw_groups *t, const struct tw_mcast_addr *group, uint16_t vlan)
{
	struct group *g = calloc(1, sizeof(*g));

	if (!g)
		return NULL;
	g->group = *group;
	g->vlan = vlan;
	LIST_INSERT_HEAD(&t->bucket[bucket_of(t, group, vlan)], g, link);
	return g;
}

static enum tw_groups_result add_member(struct tw_groups *t, const struct tw_membership *in)
{
	enum tw_groups_result room = room_for(t, in->slot);
	struct group *g;
	struct member *m;

	if (room != TW_GROUPS_NEW)
		return room;
	g = find_group(t, &in->group, in->vlan);
	m = calloc(1, sizeof(*m));
	if (m && !g)
		g = add_group(t, &in->group, in->vlan);
	if (!m || !g) {
		free(m);
		return TW_GROUPS_NO_MEMORY;
	}
	m->m = *in;
	LIST_INSERT_HEAD(&g->members, m, link);
	count_in(t, in->slot);
	due(t, in->until_ms);
	return TW_GROUPS_NEW;
}

enum tw_groups_result tw_groups_join(struct tw_groups *t, const struct tw_membership *in)
{
	const struct group *g = find_group(t, &in->group, in->vlan);
	struct member *m = g ? find_member(g, in->slot) : NULL;

	if (!m)
		return add_member(t, in);
	if (in->until_ms > m->m.until_ms)
		m->m.until_ms = in->until_ms;
	if (in->old_until_ms > m->m.old_until_ms)
		m->m.old_until_ms = in->old_until_ms;
	m->queries_left = 0;
	return TW_GROUPS_REFRESHED;
}

bool tw_groups_leave(struct tw_groups *t, const struct tw_mcast_addr *group, uint16_t vlan, uint16_t slot,
		     uint64_t now_ms)
{
	const uint64_t end = now_ms + TW_GROUPS_LAST_QUERIES * TW_GROUPS_LAST_MS;
	const struct group *g = find_group(t, group, vlan);
	struct member *m = g ? find_member(g, slot) : NULL;

	if (!m || m->m.old_until_ms > now_ms || m->queries_left)
		return false;
	m->queries_left = TW_GROUPS_LAST_QUERIES;
	m->query_ms = now_ms;
	if (end < m->m.until_ms)
		m->m.until_ms = end;
	due(t, now_ms);
	return true;
}

void tw_groups_shorten(struct tw_groups *t, const struct tw_mcast_addr *group, uint16_t vlan, uint64_t now_ms,
		       uint32_t within_ms)
{
	const struct group *g = find_group(t, group, vlan);
	struct member *m;

	if (!g)
		return;
	LIST_FOREACH (m, &g->members, link)
		if (m->m.until_ms > now_ms + within_ms)
			m->m.until_ms = now_ms + within_ms;
	due(t, now_ms + within_ms);
}

/* --- time passes --- */

static void tick_member(struct tw_groups *t, struct member *m, uint64_t now_ms,
			void (*ask)(void *arg, const struct tw_membership *member), void *arg)
{
	if (m->m.until_ms <= now_ms) {
		remove_member(t, m);
		return;
	}
	if (m->queries_left && m->query_ms <= now_ms) {
		ask(arg, &m->m);
		m->queries_left--;
		m->query_ms = now_ms + TW_GROUPS_LAST_MS;
	}
	if (m->queries_left)
		due(t, m->query_ms);
	due(t, m->m.until_ms);
}

void tw_groups_tick(struct tw_groups *t, uint64_t now_ms, void (*ask)(void *arg, const struct tw_membership *member),
		    void *arg)
{
	struct group *g, *next_group;
	struct member *m, *next;

	if (now_ms < t->next_ms)
		return;
	t->next_ms = UINT64_MAX;
	for (unsigned i = 0; i < BUCKETS; i++)
		for (g = LIST_FIRST(&t->bucket[i]); g; g = next_group) {
			next_group = LIST_NEXT(g, link);
			for (m = LIST_FIRST(&g->members); m; m = next) {
				next = LIST_NEXT(m, link);
				tick_member(t, m, now_ms, ask, arg);
			}
			remove_if_empty(g);
		}
}

void tw_groups_prune(struct tw_groups *t, bool (*keep)(void *arg, const struct tw_membership *m), void *arg)
{
	struct group *g, *next_group;
	struct member *m, *next;

	for (unsigned i = 0; i < BUCKETS; i++)
		for (g = LIST_FIRST(&t->bucket[i]); g; g = next_group) {
			next_group = LIST_NEXT(g, link);
			for (m = LIST_FIRST(&g->members); m; m = next) {
				next = LIST_NEXT(m, link);
				if (!keep(arg, &m->m))
					remove_member(t, m);
			}
			remove_if_empty(g);
		}
}

void tw_groups_each(const struct tw_groups *t, void (*fn)(void *arg, const struct tw_membership *m), void *arg)
{
	const struct group *g;
	const struct member *m;

	for (unsigned i = 0; i < BUCKETS; i++)
		LIST_FOREACH (g, &t->bucket[i], link)
			LIST_FOREACH (m, &g->members, link)
				fn(arg, &m->m);
}

static bool keep_none(void *arg, const struct tw_membership *m)
{
	return false;
}

void tw_groups_destroy(struct tw_groups *t)
{
	if (!t)
		return;
	tw_groups_prune(t, keep_none, NULL);
	free(t);
}
