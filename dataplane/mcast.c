/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mcast.c - what guests and routers say becomes memberships, router ports and queries; see mcast.h.
 *
 * Threads  main.
 * Owns     the table of groups and what is known of each VLAN.
 */
#include "dataplane/mcast.h"

#include <errno.h>
#include <stdlib.h>

#include "dataplane/mld.h"

struct tw_mcast {
	struct tw_groups *groups;
	uint64_t version; /* of all but the groups */
	uint8_t mac[6];
	struct tw_mcast_addr link_local;
	tw_mcast_send send;
	void *arg;
	uint16_t turn; /* VLAN whose queriers are looked at first */
	struct tw_mcast_vlan *vlan[TW_VLANS];
};

const char *tw_mcast_error_name(unsigned error)
{
	static const char *const names[TW_MCAST_ERROR_COUNT] = {
#define TW_MCAST_NAME_ROW(symbol, name, text) [TW_MCAST_BAD_##symbol] = #name,
		TW_MCAST_ERRORS(TW_MCAST_NAME_ROW)
#undef TW_MCAST_NAME_ROW
	};

	return error < TW_MCAST_ERROR_COUNT ? names[error] : NULL;
}

const char *tw_mcast_error_text(unsigned error)
{
	static const char *const texts[TW_MCAST_ERROR_COUNT] = {
#define TW_MCAST_TEXT_ROW(symbol, name, text) [TW_MCAST_BAD_##symbol] = text,
		TW_MCAST_ERRORS(TW_MCAST_TEXT_ROW)
#undef TW_MCAST_TEXT_ROW
	};

	return error < TW_MCAST_ERROR_COUNT ? texts[error] : NULL;
}

struct tw_mcast *tw_mcast_create(const uint8_t mac[6], tw_mcast_send send, void *arg)
{
	struct tw_mcast *m = calloc(1, sizeof(*m));

	if (!m)
		return NULL;
	m->groups = tw_groups_create();
	memcpy(m->mac, mac, sizeof(m->mac));
	m->link_local = tw_mld_link_local(mac);
	m->send = send;
	m->arg = arg;
	if (m->groups)
		return m;
	tw_mcast_destroy(m);
	return NULL;
}

void tw_mcast_destroy(struct tw_mcast *m)
{
	if (!m)
		return;
	for (unsigned v = 0; v < TW_VLANS; v++)
		free(m->vlan[v]);
	tw_groups_destroy(m->groups);
	free(m);
}

uint64_t tw_mcast_version(const struct tw_mcast *m)
{
	return m->version + tw_groups_version(m->groups);
}

const struct tw_mcast_vlan *tw_mcast_vlan(const struct tw_mcast *m, uint16_t vlan)
{
	return m->vlan[vlan % TW_VLANS];
}

const struct tw_groups *tw_mcast_groups(const struct tw_mcast *m)
{
	return m->groups;
}

/* --- VLANs --- */

static bool not_in_vlan(void *arg, const struct tw_membership *m)
{
	return m->vlan != *(const uint16_t *)arg;
}

int tw_mcast_set_vlan(struct tw_mcast *m, uint16_t vlan, const struct tw_mcast_config *config, uint64_t now_ms)
{
	struct tw_mcast_vlan *v = m->vlan[vlan];
	struct tw_mcast_addr address;

	if (!config) {
		m->version += v != NULL;
		m->vlan[vlan] = NULL;
		if (v)
			tw_groups_prune(m->groups, not_in_vlan, &vlan);
		free(v);
		return 0;
	}
	if (!v && !(v = calloc(1, sizeof(*v))))
		return -ENOMEM;
	m->version += m->vlan[vlan] == NULL;
	m->vlan[vlan] = v;
	v->vlan = vlan;
	v->config = *config;
	address = tw_mcast_ip4(config->address);
	tw_querier_set(&v->querier[0], false, config->querier, &address, m->mac, config->interval_s, now_ms);
	tw_querier_set(&v->querier[1], true, config->querier, &m->link_local, m->mac, config->interval_s, now_ms);
	return 0;
}

static void send_query(struct tw_mcast *m, struct tw_mcast_vlan *v, bool ip6, uint16_t slot,
		       const struct tw_mcast_addr *group, uint32_t response_ms)
{
	struct tw_mcast_query query = tw_querier_query(&v->querier[ip6], group, response_ms);

	v->counters.queries_out++;
	m->send(m->arg, v->vlan, slot, &query);
}

void tw_mcast_ask_port(struct tw_mcast *m, uint16_t vlan, uint16_t slot)
{
	struct tw_mcast_vlan *v = m->vlan[vlan];

	for (int ip6 = 0; v && ip6 < 2; ip6++)
		send_query(m, v, ip6, slot, NULL, TW_MCAST_UP_RESPONSE_MS);
}

/* --- what is heard --- */

static void join(struct tw_mcast *m, struct tw_mcast_vlan *v, const struct tw_mcast_place *place,
		 const struct tw_mcast_addr *group, unsigned version, uint64_t now_ms)
{
	const uint64_t end = now_ms + v->querier[!tw_mcast_is_ip4(group)].keep_ms;
	const struct tw_membership member = { .group = *group,
					      .vlan = place->vlan,
					      .slot = place->slot,
					      .since_ms = now_ms,
					      .until_ms = end,
					      .old_until_ms = version == 1 ? end : 0 };

	if (tw_mcast_is_local(group))
		return;
	switch (tw_groups_join(m->groups, &member)) {
	case TW_GROUPS_PORT_FULL:
		v->counters.port_full++;
		break;
	case TW_GROUPS_FULL:
	case TW_GROUPS_NO_MEMORY:
		v->counters.table_full++;
		break;
	case TW_GROUPS_NEW:
	case TW_GROUPS_REFRESHED:
		break;
	}
}

static void leave(struct tw_mcast *m, struct tw_mcast_vlan *v, const struct tw_mcast_place *place,
		  const struct tw_mcast_addr *group, uint64_t now_ms)
{
	v->counters.leaves_in++;
	/* Who has left on the wire is for the one to find out who asks there. */
	if (place->slot >= TW_PORTS_MAX && !tw_querier_is_ours(&v->querier[!tw_mcast_is_ip4(group)]))
		return;
	tw_groups_leave(m->groups, group, place->vlan, place->slot, now_ms);
}

/* RFC 3376 section 6.4, without sources: who wants any source of a group is its member, who wants none is not. */
static void take_record(struct tw_mcast *m, struct tw_mcast_vlan *v, const struct tw_mcast_place *place,
			const struct tw_mcast_record *r, uint64_t now_ms)
{
	switch (r->type) {
	case TW_MCAST_IS_EX:
	case TW_MCAST_TO_EX:
		join(m, v, place, &r->group, 3, now_ms);
		break;
	case TW_MCAST_IS_IN:
	case TW_MCAST_ALLOW:
		if (r->n_sources)
			join(m, v, place, &r->group, 3, now_ms);
		break;
	case TW_MCAST_TO_IN:
		if (r->n_sources)
			join(m, v, place, &r->group, 3, now_ms);
		else
			leave(m, v, place, &r->group, now_ms);
		break;
	default: /* BLOCK: fewer sources, a member still; types of later versions: RFC 3376 section 4.2.12 */
		break;
	}
}

static void take_query(struct tw_mcast *m, struct tw_mcast_vlan *v, const struct tw_mcast_place *place,
		       const struct tw_mcast_message *query, uint64_t now_ms)
{
	v->counters.queries_in++;
	m->version += tw_querier_hear(&v->querier[query->ip6], query, place->mac, place->slot, now_ms);
	if (!tw_mcast_is_zero(&query->group)) /* RFC 3376 section 6.6.1: others ask for last members */
		tw_groups_shorten(m->groups, &query->group, v->vlan, now_ms,
				  TW_GROUPS_LAST_QUERIES * (query->max_resp_ms > TW_GROUPS_LAST_MS
								    ? query->max_resp_ms
								    : TW_GROUPS_LAST_MS));
}

void tw_mcast_hear(struct tw_mcast *m, const struct tw_mcast_place *place, const struct tw_mcast_message *message,
		   uint64_t now_ms)
{
	struct tw_mcast_vlan *v = m->vlan[place->vlan];
	struct tw_mcast_record record;
	uint32_t at = 0;

	if (!v)
		return;
	switch ((enum tw_mcast_kind)message->kind) {
	case TW_MCAST_QUERY:
		take_query(m, v, place, message, now_ms);
		break;
	case TW_MCAST_JOIN:
		v->counters.reports_in++;
		join(m, v, place, &message->group, message->version, now_ms);
		break;
	case TW_MCAST_LEAVE:
		leave(m, v, place, &message->group, now_ms);
		break;
	case TW_MCAST_RECORDS:
		v->counters.reports_in++;
		while (tw_mcast_next_record(message, &at, &record))
			take_record(m, v, place, &record, now_ms);
		break;
	}
}

static uint64_t at_most(uint64_t value, uint64_t most)
{
	return value < most ? value : most;
}

void tw_mcast_put(struct tw_mcast *m, const struct tw_membership *in, uint64_t now_ms)
{
	const struct tw_mcast_vlan *v = m->vlan[in->vlan];
	struct tw_membership member = *in;

	if (!v || !tw_mcast_is_group(&in->group) || tw_mcast_is_local(&in->group))
		return;
	member.until_ms = at_most(in->until_ms, now_ms + v->querier[!tw_mcast_is_ip4(&in->group)].keep_ms);
	member.old_until_ms = at_most(in->old_until_ms, member.until_ms);
	member.since_ms = now_ms;
	tw_groups_join(m->groups, &member); /* no room: it will say so itself when it is asked */
}

/* --- time passes, ports go --- */

static void ask_last(void *arg, const struct tw_membership *member)
{
	struct tw_mcast *m = arg;
	struct tw_mcast_vlan *v = m->vlan[member->vlan];

	if (v)
		send_query(m, v, !tw_mcast_is_ip4(&member->group), member->slot, &member->group, TW_GROUPS_LAST_MS);
}

static unsigned tick_vlan(struct tw_mcast *m, struct tw_mcast_vlan *v, uint64_t now_ms)
{
	unsigned asked = 0;

	for (int ip6 = 0; ip6 < 2; ip6++) {
		struct tw_querier *q = &v->querier[ip6];
		bool ask;

		m->version += tw_querier_tick(q, now_ms, &ask);
		asked += ask;
		if (ask)
			send_query(m, v, ip6, TW_SLOT_NONE, NULL, tw_querier_response_ms(q));
	}
	return asked > 0;
}

void tw_mcast_tick(struct tw_mcast *m, uint64_t now_ms, unsigned most)
{
	unsigned asked = 0;

	tw_groups_tick(m->groups, now_ms, ask_last, m);
	for (unsigned i = 0; i < TW_VLANS && asked < most; i++) {
		m->turn = (uint16_t)((m->turn + 1) % TW_VLANS);
		if (m->vlan[m->turn])
			asked += tick_vlan(m, m->vlan[m->turn], now_ms);
	}
}

void tw_mcast_prune(struct tw_mcast *m, bool (*keep)(void *arg, const struct tw_membership *m), void *arg)
{
	tw_groups_prune(m->groups, keep, arg);
}

static bool of_another(void *arg, const struct tw_membership *m)
{
	return m->slot != *(const uint16_t *)arg;
}

void tw_mcast_forget(struct tw_mcast *m, uint16_t slot)
{
	if (tw_groups_of_slot(m->groups, slot))
		tw_groups_prune(m->groups, of_another, &slot);
	for (unsigned v = 0; v < TW_VLANS; v++)
		for (int ip6 = 0; m->vlan[v] && ip6 < 2; ip6++)
			m->version += tw_querier_forget(&m->vlan[v]->querier[ip6], slot);
}
