/* SPDX-License-Identifier: Apache-2.0 */
/* team.c - the uplink of a flow, and the uplink a port listens to; see team.h. Pure; any thread inside an RCU section. */
#include "dataplane/team.h"

static_assert(TW_TEAMS_MAX <= 64, "a set of teams is one word");

static uint64_t mix(uint64_t h)
{
	h ^= h >> 33;
	h *= UINT64_C(0xff51afd7ed558ccd);
	h ^= h >> 33;
	h *= UINT64_C(0xc4ceb9fe1a85ec53);
	return h ^ h >> 33;
}

uint32_t tw_team_salt(const char *name)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325);

	for (; *name; name++)
		h = (h ^ (uint8_t)*name) * UINT64_C(0x100000001b3);
	return (uint32_t)mix(h);
}

static uint16_t heaviest(const struct tw_team *t, uint64_t what)
{
	uint64_t most = 0;
	uint16_t way = t->slot[0];

	for (unsigned i = 0; i < t->n; i++) {
		uint64_t weight = mix(what ^ (uint64_t)t->salt[i] << 32 ^ t->salt[i]);

		if (i == 0 || weight > most) {
			most = weight;
			way = t->slot[i];
		}
	}
	return way;
}

/* Both directions of a conversation need not agree: each end chooses for what it sends. */
static uint64_t five_tuple(const struct tw_key *k)
{
	uint64_t h = k->protocol;

	if (!(k->flags & (TW_FLOW_KEY_IPV4 | TW_FLOW_KEY_IPV6)))
		return mix(mix(k->word[0] << 16) ^ k->word[1]); /* without the slot it came in by */
	h = mix(h ^ k->src_port[0] ^ (uint64_t)k->src_port[1] << 8 ^ (uint64_t)k->dst_port[0] << 16 ^
		(uint64_t)k->dst_port[1] << 24);
	if (!tw_key_is_long(k))
		return mix(h ^ k->word[2]);
	for (unsigned i = 4; i < TW_KEY_LONG_WORDS; i++)
		h = mix(h ^ k->word[i]);
	return h;
}

static uint16_t way(const struct tw_team *t, uint32_t number, const uint8_t mac[6], const struct tw_key *key)
{
	if (t->n == 0)
		return TW_SLOT_NONE;
	switch ((enum tw_team_policy)t->policy) {
	case TW_TEAM_ACTIVE_STANDBY:
		break;
	case TW_TEAM_HASH_PORT:
		return heaviest(t, number);
	case TW_TEAM_HASH_MAC:
		return heaviest(t, tw_mac_word(mac));
	case TW_TEAM_HASH_5TUPLE:
	case TW_TEAM_LACP:
		return heaviest(t, key ? five_tuple(key) : tw_mac_word(mac));
	}
	return t->slot[0];
}

uint16_t tw_team_way(const struct tw_snapshot *s, uint16_t of, const struct tw_key *key)
{
	const struct tw_slot *port = &s->slot[of];

	return way(&s->team[port->team], port->number, key->src_mac, key);
}

uint16_t tw_team_way_of_mac(const struct tw_snapshot *s, uint16_t of, const uint8_t mac[6])
{
	return way(&s->team[s->slot[of].team], s->slot[of].number, mac, NULL);
}

static bool is_bundle(const struct tw_team *t)
{
	return t->policy == TW_TEAM_HASH_5TUPLE;
}

bool tw_team_takes(const struct tw_snapshot *s, uint16_t port, const uint8_t mac[6], uint16_t uplink)
{
	const struct tw_team *t = &s->team[s->slot[port].team];

	if (s->team[0].policy == TW_TEAM_LACP) /* the other end has one link to us, whatever our ports prefer */
		return !s->slot[uplink].shut;
	if (!is_bundle(t))
		return way(t, s->slot[port].number, mac, NULL) == uplink;
	for (unsigned i = 0; i < t->n; i++)
		if (t->slot[i] == uplink)
			return true;
	return false;
}

uint8_t tw_team_hears(const struct tw_snapshot *s, uint16_t port)
{
	uint8_t bits = 0;

	for (unsigned i = 0; i < s->n_uplinks; i++)
		if (tw_team_takes(s, port, s->slot[port].mac, s->uplink[i]))
			bits |= s->slot[s->uplink[i]].uplink_bit;
	return bits;
}

uint8_t tw_team_ways(const struct tw_snapshot *s, uint16_t vlan)
{
	uint64_t seen = 0;
	uint8_t bits = 0;

	for (uint32_t i = 0; i < s->flood[vlan].n; i++)
		seen |= UINT64_C(1) << s->slot[s->members[s->flood[vlan].first + i]].team;
	if (!seen)
		seen = 1;
	for (unsigned i = 0; i < TW_TEAMS_MAX; i++) {
		const struct tw_team *t = &s->team[i];
		bool has = t->n == 0 || !(seen >> i & 1);

		for (unsigned j = 0; j < t->n && !has; j++)
			has = bits & s->slot[t->slot[j]].uplink_bit;
		if (!has)
			bits |= s->slot[t->slot[0]].uplink_bit;
	}
	return bits;
}
