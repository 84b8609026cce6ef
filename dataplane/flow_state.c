/* SPDX-License-Identifier: Apache-2.0 */
/*
 * flow_state.c - flow cache entries as messages and back; see flow_state.h.
 *
 * Threads  main. The key travels as its 64 octets with the slot blanked: a slot means nothing on another host.
 */
#include "dataplane/flow_state.h"

#include <stdlib.h>
#include <string.h>

enum {
	KNOWN_FLAGS = TW_FLOW_KEY_IPV4 | TW_FLOW_KEY_IPV6 | TW_FLOW_KEY_FRAGMENT | TW_FLOW_KEY_ICMP |
		      TW_FLOW_KEY_TAGGED | TW_FLOW_KEY_HIDDEN,
	AGE_MAX_MS = 24 * 3600 * 1000, /* no active timeout is longer than an hour; a day covers any clock difference */
};

static bool set_octets(ProtobufCBinaryData *to, const void *data, size_t len)
{
	to->data = malloc(len);
	to->len = to->data ? len : 0;
	if (to->data)
		memcpy(to->data, data, len);
	return to->data != NULL;
}

/* @return false when out of memory */
static bool set_addresses(Tw__Flow *m, const struct tw_flow *f, const struct tw_flow_record *r, bool with_key)
{
	size_t ip_len = r->key_flags & TW_FLOW_KEY_IPV4 ? 4 : r->key_flags & TW_FLOW_KEY_IPV6 ? 16 : 0;
	struct tw_key key = f->key;

	key.in = 0;
	return set_octets(&m->src_mac, r->src_mac, 6) && set_octets(&m->dst_mac, r->dst_mac, 6) &&
	       (ip_len == 0 ||
		(set_octets(&m->src_ip, r->src_ip, ip_len) && set_octets(&m->dst_ip, r->dst_ip, ip_len))) &&
	       (!with_key || set_octets(&m->raw_key, &key, sizeof(key)));
}

Tw__Flow *tw_flow_to_message(const struct tw_flow *f, const struct tw_flow_clock *clock, uint32_t ingress,
			     bool with_key)
{
	const struct tw_slot in = { .number = ingress };
	struct tw_flow_record r;
	Tw__Flow *m = malloc(sizeof(*m));

	if (!m)
		return NULL;
	tw__flow__init(m);
	tw_flow_to_record(f, &in, clock->now_ms, clock->now_unix_ms, 0, &r);
	m->ingress = r.ingress;
	m->egress = r.egress;
	m->vlan = r.vlan;
	m->ethertype = r.ethertype;
	m->protocol = r.protocol;
	m->src_port = r.src_port;
	m->dst_port = r.dst_port;
	m->tos = r.tos;
	m->tcp_flags = r.tcp_flags;
	m->packets = r.packets;
	m->l3_octets = r.l3_octets;
	m->l2_octets = r.l2_octets;
	m->first_ms = r.first_ms;
	m->last_ms = r.last_ms;
	m->min_ttl = r.min_ttl;
	m->max_ttl = r.max_ttl;
	m->min_len = r.min_len;
	m->max_len = r.max_len;
	m->key_flags = r.key_flags;
	m->sample = r.sampling == TW_SAMPLE_ALL ? 0 : tw_sampling_interval(r.sampling);
	m->sample_random = tw_sampling_is_random(r.sampling);
	if (f->verdict.action == TW_ACT_DROP)
		m->drop_reason = strdup(tw_drop_name(f->verdict.drop));
	if (!set_addresses(m, f, &r, with_key) || !m->drop_reason) {
		tw__flow__free_unpacked(m, NULL);
		return NULL;
	}
	return m;
}

/* Is it a key tw_parse() could have made? Octets that must be zero would make an entry no frame can ever match. */
static const char *check_key(const struct tw_key *k)
{
	static const uint8_t zero[32];
	bool v4 = k->flags & TW_FLOW_KEY_IPV4, v6 = k->flags & TW_FLOW_KEY_IPV6;

	if (k->flags & ~KNOWN_FLAGS || (v4 && v6))
		return "raw_key: unknown flags";
	if (!v6 && memcmp(k->src_ip6, zero, 32) != 0)
		return "raw_key: octets that must be zero are not";
	if (!v4 && !v6 && (k->word[2] || k->protocol || k->tos))
		return "raw_key: a layer-2 flow with fields of IP";
	if (!v4 && !v6 && !tw_key_is_double_tagged(k) && (k->inner_tci[0] || k->inner_tci[1]))
		return "raw_key: a second tag where there is none";
	if (!(k->flags & TW_FLOW_KEY_TAGGED) && k->tci)
		return "raw_key: a tag in an untagged flow";
	return NULL;
}

/* By its name: another version of the switch may number its reasons otherwise. */
static const char *take_reason(const char *name, struct tw_flow *f)
{
	for (unsigned i = 0; i < TW_DROPS; i++)
		if (strcmp(tw_drop_name(i), name) == 0) {
			f->key.refused = (uint8_t)(i + 1);
			f->verdict.action = TW_ACT_DROP;
			f->verdict.drop = (uint8_t)i;
			return NULL;
		}
	return "drop_reason: unknown, and the flow is of frames refused one by one";
}

static uint32_t ms_of(const struct tw_flow_clock *clock, uint64_t unix_ms)
{
	return clock->now_ms - (uint32_t)(clock->now_unix_ms - unix_ms);
}

static bool plausible_time(const struct tw_flow_clock *clock, uint64_t unix_ms)
{
	return unix_ms + AGE_MAX_MS > clock->now_unix_ms && unix_ms < clock->now_unix_ms + AGE_MAX_MS;
}

/* Nobody has said; about so many. */
static uint32_t frames_seen(const Tw__Flow *m)
{
	return m->packets > UINT32_MAX / m->sample ? UINT32_MAX : (uint32_t)m->packets * m->sample;
}

const char *tw_flow_from_message(const Tw__Flow *m, const struct tw_flow_clock *clock, uint16_t slot,
				 struct tw_flow *flow)
{
	struct tw_flow f;
	const char *wrong;
	/* Clocks of two hosts differ a little: nothing of a flow lies in the future here. */
	uint64_t last = m->last_ms < clock->now_unix_ms ? m->last_ms : clock->now_unix_ms;
	uint64_t first = m->first_ms < last ? m->first_ms : last;

	memset(&f, 0, sizeof(f));
	if (m->raw_key.len != sizeof(f.key))
		return "raw_key: not 64 octets";
	memcpy(&f.key, m->raw_key.data, sizeof(f.key));
	wrong = check_key(&f.key);
	if (wrong)
		return wrong;
	if (m->packets == 0 || m->l2_octets < m->l3_octets)
		return "packets, l2_octets: counters that no frames can give";
	if (m->sample > TW_SAMPLE_MAX)
		return "sample: more than 16383";
	if (!plausible_time(clock, m->first_ms) || !plausible_time(clock, m->last_ms))
		return "first_ms, last_ms: more than a day from now";
	f.key.in = slot;
	f.packets = m->packets;
	f.l3_octets = m->l3_octets;
	f.l2_octets = m->l2_octets;
	f.first_ms = ms_of(clock, first);
	f.last_ms = ms_of(clock, last);
	f.tcp_flags = (uint8_t)m->tcp_flags;
	f.min_ttl = (uint8_t)m->min_ttl;
	f.max_ttl = (uint8_t)m->max_ttl;
	f.min_len = (uint16_t)m->min_len;
	f.max_len = (uint16_t)m->max_len;
	f.verdict = (struct tw_verdict){ .action = TW_ACT_FORWARD,
					 .flags = TW_V_METER,
					 .out = TW_SLOT_NONE,
					 .vlan = (uint16_t)(m->vlan & 0x0fff),
					 .egress = m->egress };
	f.sampling = tw_sampling(m->sample, m->sample_random);
	if (f.sampling != TW_SAMPLE_ALL) {
		f.verdict.flags |= TW_V_SAMPLE;
		f.seen = frames_seen(m);
	}
	wrong = f.key.refused ? take_reason(m->drop_reason, &f) : NULL;
	if (wrong)
		return wrong;
	*flow = f;
	return NULL;
}
