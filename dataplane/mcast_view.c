/* SPDX-License-Identifier: Apache-2.0 */
/* mcast_view.c - which ports get which groups, made of what main knows; see mcast_view.h. Main. */
#include "dataplane/mcast_view.h"

#include <stdlib.h>
#include <sys/random.h>

enum { GROUPS_MIN = 16 };

struct counted {
	uint32_t groups, members;
	struct tw_mcast_addr last;
	uint16_t last_vlan;
};

/* Those of one group come one after the other. */
static bool is_next(struct counted *c, const struct tw_membership *m)
{
	if (c->members && c->last_vlan == m->vlan && tw_mcast_same(&c->last, &m->group))
		return false;
	c->last = m->group;
	c->last_vlan = m->vlan;
	return true;
}

static void count(void *arg, const struct tw_membership *m)
{
	struct counted *c = arg;

	c->groups += is_next(c, m);
	c->members++;
}

/* --- fill --- */

struct filler {
	struct tw_mcast_view *view;
	const struct tw_mcast *mcast;
	struct counted seen;
	struct tw_mcast_view_group *group;
	uint32_t used; /* of slots */
};

static int by_number(const void *a, const void *b)
{
	return *(const uint16_t *)a - *(const uint16_t *)b;
}

static void add_routers(struct filler *f, const struct tw_querier *q)
{
	for (uint8_t i = 0; i < q->n_routers; i++)
		f->view->slots[f->used++] = q->router[i].slot;
}

/* In order, each once. */
static void finish(struct filler *f, struct tw_mcast_list *list)
{
	uint16_t *slot = f->view->slots + list->first;
	uint32_t n = f->used - list->first, kept = 0;

	qsort(slot, n, sizeof(slot[0]), by_number);
	for (uint32_t i = 0; i < n; i++)
		if (kept == 0 || slot[kept - 1] != slot[i])
			slot[kept++] = slot[i];
	list->n = kept;
	f->used = list->first + kept;
}

static void finish_group(struct filler *f)
{
	const struct tw_mcast_vlan *v;

	if (!f->group)
		return;
	v = tw_mcast_vlan(f->mcast, f->group->vlan);
	if (v)
		add_routers(f, &v->querier[!tw_mcast_is_ip4(&f->group->group)]);
	finish(f, &f->group->ports);
	f->group = NULL;
}

static void begin_group(struct filler *f, const struct tw_membership *m)
{
	struct tw_mcast_view *v = f->view;
	uint32_t i = tw_mcast_view_hash(v->seed, &m->group, m->vlan);

	while (v->groups[i & v->mask].vlan != TW_SLOT_NONE)
		i++;
	f->group = &v->groups[i & v->mask];
	f->group->group = m->group;
	f->group->vlan = m->vlan;
	f->group->ports.first = f->used;
}

static void add(void *arg, const struct tw_membership *m)
{
	struct filler *f = arg;

	if (is_next(&f->seen, m)) {
		finish_group(f);
		begin_group(f, m);
	}
	f->seen.members++;
	if (m->slot < TW_PORTS_MAX)
		f->view->slots[f->used++] = m->slot;
}

static void fill_vlans(struct filler *f)
{
	for (uint16_t id = 0; id < TW_VLANS; id++) {
		const struct tw_mcast_vlan *v = tw_mcast_vlan(f->mcast, id);

		for (int ip6 = 0; v && ip6 < 2; ip6++) {
			f->view->vlan[id][ip6].known = v->querier[ip6].ready;
			f->view->vlan[id][ip6].routers.first = f->used;
			add_routers(f, &v->querier[ip6]);
			finish(f, &f->view->vlan[id][ip6].routers);
		}
	}
}

/* Each router port may come once more for each group of its VLAN. */
static size_t slots_needed(const struct tw_mcast *mcast, const struct counted *c)
{
	size_t n = c->members + (size_t)c->groups * TW_QUERIER_ROUTERS_MAX + 1;

	for (uint16_t id = 0; id < TW_VLANS; id++)
		n += tw_mcast_vlan(mcast, id) ? 2 * TW_QUERIER_ROUTERS_MAX : 0;
	return n;
}

const struct tw_mcast_view *tw_mcast_view_create(const struct tw_mcast *mcast)
{
	struct tw_mcast_view *v = calloc(1, sizeof(*v));
	struct filler f = { .view = v, .mcast = mcast };
	struct counted c = { 0 };
	uint32_t size = GROUPS_MIN;

	tw_groups_each(tw_mcast_groups(mcast), count, &c);
	while (size < 2 * c.groups + 1)
		size *= 2;
	if (!v)
		return NULL;
	v->groups = malloc(size * sizeof(v->groups[0]));
	v->slots = malloc(slots_needed(mcast, &c) * sizeof(v->slots[0]));
	if (!v->groups || !v->slots) {
		tw_mcast_view_free(v);
		return NULL;
	}
	v->mask = size - 1;
	if (getrandom(&v->seed, sizeof(v->seed), 0) != sizeof(v->seed))
		v->seed = (uintptr_t)v; /* as good as can be had */
	for (uint32_t i = 0; i < size; i++)
		v->groups[i].vlan = TW_SLOT_NONE;
	fill_vlans(&f);
	tw_groups_each(tw_mcast_groups(mcast), add, &f);
	finish_group(&f);
	return v;
}

void tw_mcast_view_free(const struct tw_mcast_view *view)
{
	struct tw_mcast_view *v = (struct tw_mcast_view *)(uintptr_t)view;

	if (!v)
		return;
	free(v->groups);
	free(v->slots);
	free(v);
}
