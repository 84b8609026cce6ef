/* SPDX-License-Identifier: Apache-2.0 */
/* snooping_status.c - the agent's GetMulticast: who listens to what, who asks, as a message. Main. */
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "dataplane/snoop.h"
#include "dataplane/switch.h"

/* The message on its way; `whole` until memory runs out. */
struct answer {
	struct tw_switch *sw;
	Tw__MulticastState *state;
	uint64_t now_ms, unix_ms;
	uint32_t n_groups;         /* counted before */
	struct tw_mcast_addr last; /* group of the membership before */
	uint16_t last_vlan;
	bool whole;
};

static bool set_bytes(ProtobufCBinaryData *field, const uint8_t *data, size_t len)
{
	field->data = malloc(len);
	if (!field->data)
		return false;
	field->len = len;
	memcpy(field->data, data, len);
	return true;
}

static bool set_address(ProtobufCBinaryData *field, const struct tw_mcast_addr *address)
{
	size_t len = tw_mcast_is_ip4(address) ? 4 : 16;

	return set_bytes(field, address->b + 16 - len, len);
}

/* --- groups --- */

/* Those of one group come one after the other. */
static bool is_next(struct answer *a, const struct tw_membership *m)
{
	if (a->last_vlan == m->vlan && tw_mcast_same(&a->last, &m->group))
		return false;
	a->last = m->group;
	a->last_vlan = m->vlan;
	return true;
}

static void count(void *arg, const struct tw_membership *m)
{
	struct answer *a = arg;

	a->n_groups += is_next(a, m);
}

static Tw__MulticastGroup *add_group(struct answer *a, const struct tw_membership *m)
{
	Tw__MulticastGroup *g = malloc(sizeof(*g));

	if (!g)
		return NULL;
	tw__multicast_group__init(g);
	a->state->groups[a->state->n_groups++] = g;
	g->vlan = m->vlan;
	return set_address(&g->group_ip, &m->group) ? g : NULL;
}

/* The array has room for the next power of two. */
static bool room_for_one(Tw__MulticastGroup *g)
{
	size_t n = g->n_members;
	Tw__MulticastMember **more;

	if (n & (n - 1))
		return true;
	more = realloc(g->members, (n ? 2 * n : 1) * sizeof(*more));
	if (more)
		g->members = more;
	return more != NULL;
}

static void add_member(void *arg, const struct tw_membership *m)
{
	struct answer *a = arg;
	Tw__MulticastMember *member;
	Tw__MulticastGroup *g;

	if (!a->whole)
		return;
	g = is_next(a, m) ? add_group(a, m) : a->state->groups[a->state->n_groups - 1];
	member = g && room_for_one(g) ? malloc(sizeof(*member)) : NULL;
	a->whole = member != NULL;
	if (!member)
		return;
	tw__multicast_member__init(member);
	g->members[g->n_members++] = member;
	member->port = tw_slot_number(a->sw, m->slot);
	member->since_ms = a->unix_ms - (a->now_ms - m->since_ms);
	member->left_ms = m->until_ms > a->now_ms ? (uint32_t)(m->until_ms - a->now_ms) : 0;
	member->old_host = m->old_until_ms > a->now_ms;
}

static bool add_groups(struct answer *a)
{
	const struct tw_groups *groups = tw_mcast_groups(tw_snooping_table(a->sw->snooping));

	a->last_vlan = TW_SLOT_NONE;
	tw_groups_each(groups, count, a);
	a->state->groups = calloc(a->n_groups + 1, sizeof(a->state->groups[0]));
	if (!a->state->groups)
		return false;
	a->last_vlan = TW_SLOT_NONE;
	tw_groups_each(groups, add_member, a);
	return a->whole;
}

/* --- VLANs --- */

static Tw__MulticastFamily *make_family(const struct answer *a, const struct tw_querier *q)
{
	Tw__MulticastFamily *f = malloc(sizeof(*f));
	bool ours = tw_querier_is_ours(q), whole = f != NULL;

	if (!f)
		return NULL;
	tw__multicast_family__init(f);
	f->known = q->ready;
	f->ours = ours;
	f->keep_ms = q->keep_ms;
	if (ours || q->other)
		whole = set_address(&f->querier_ip, ours ? &q->own : &q->other_address) &&
			set_bytes(&f->querier_mac, ours ? q->mac : q->other_mac, 6);
	f->routers = calloc(TW_QUERIER_ROUTERS_MAX, sizeof(f->routers[0]));
	whole = whole && f->routers;
	for (uint8_t i = 0; i < q->n_routers && whole; i++)
		f->routers[f->n_routers++] = tw_slot_number(a->sw, q->router[i].slot);
	if (whole)
		return f;
	tw__multicast_family__free_unpacked(f, NULL);
	return NULL;
}

static bool add_vlan(const struct answer *a, const struct tw_mcast_vlan *v)
{
	Tw__MulticastVlan *out = malloc(sizeof(*out));

	if (!out)
		return false;
	tw__multicast_vlan__init(out);
	a->state->vlans[a->state->n_vlans++] = out;
	out->vlan = v->vlan;
	out->queries_in = v->counters.queries_in;
	out->reports_in = v->counters.reports_in;
	out->leaves_in = v->counters.leaves_in;
	out->queries_out = v->counters.queries_out;
	out->port_full = v->counters.port_full;
	out->table_full = v->counters.table_full;
	out->igmp = make_family(a, &v->querier[0]);
	out->mld = make_family(a, &v->querier[1]);
	return out->igmp && out->mld;
}

static bool add_vlans(struct answer *a)
{
	const struct tw_mcast *table = tw_snooping_table(a->sw->snooping);
	bool whole = true;

	a->state->vlans = calloc(TW_VLANS, sizeof(a->state->vlans[0]));
	if (!a->state->vlans)
		return false;
	for (uint16_t id = 0; id < TW_VLANS && whole; id++)
		if (tw_mcast_vlan(table, id))
			whole = add_vlan(a, tw_mcast_vlan(table, id));
	return whole;
}

/* --- what was not learned from --- */

static bool add_invalid(struct answer *a)
{
	a->state->invalid = calloc(TW_MCAST_ERROR_COUNT, sizeof(a->state->invalid[0]));
	if (!a->state->invalid)
		return false;
	for (unsigned i = TW_MCAST_OK + 1; i < TW_MCAST_ERROR_COUNT; i++) {
		uint64_t n = tw_snooping_refused(a->sw->snooping, i);
		Tw__DropCounter *d = n ? malloc(sizeof(*d)) : NULL;

		if (n && !d)
			return false;
		if (!n)
			continue;
		tw__drop_counter__init(d);
		a->state->invalid[a->state->n_invalid++] = d;
		d->packets = n;
		d->reason = strdup(tw_mcast_error_name(i));
		d->text = strdup(tw_mcast_error_text(i));
		if (!d->reason || !d->text)
			return false;
	}
	return true;
}

static void add_shed(struct answer *a)
{
	for (unsigned w = 0; w < a->sw->n_workers; w++)
		for (unsigned slot = 0; slot < TW_SLOTS_MAX; slot++)
			a->state->shed +=
				__atomic_load_n(&a->sw->workers[w]->snoop_meters[slot].shed, __ATOMIC_RELAXED);
}

void tw_snooping_request(struct tw_switch *sw, struct tw_link_request *req, const Tw__Envelope *env)
{
	struct answer a = { .sw = sw,
			    .state = malloc(sizeof(Tw__MulticastState)),
			    .now_ms = tw_snooping_now_ms(),
			    .unix_ms = tw_clock_real_ms(),
			    .whole = true };
	Tw__Envelope out = TW__ENVELOPE__INIT;
	struct tw_error err = { 0 };

	if (a.state)
		tw__multicast_state__init(a.state);
	if (a.state && add_groups(&a) && add_vlans(&a) && add_invalid(&a)) {
		add_shed(&a);
		out.body_case = TW__ENVELOPE__BODY_MULTICAST_STATE;
		out.multicast_state = a.state;
		tw_link_reply(req, &out);
	} else {
		tw_error_set(&err, TW_E_INTERNAL, NULL, "out of memory");
		tw_link_reply_error(req, &err);
	}
	if (a.state)
		tw__multicast_state__free_unpacked(a.state, NULL);
}
