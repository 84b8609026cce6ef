/* SPDX-License-Identifier: Apache-2.0 */
/* querier.c - who asks for memberships in a VLAN; see querier.h. Main; pure. */
#include "dataplane/querier.h"

uint32_t tw_querier_response_ms(const struct tw_querier *q)
{
	uint32_t half = q->interval_s * 500;

	return half < TW_QUERIER_RESPONSE_MS ? half : TW_QUERIER_RESPONSE_MS;
}

static uint32_t keep_ms(uint32_t robustness, uint32_t interval_s, uint32_t response_ms)
{
	uint64_t ms = (uint64_t)robustness * interval_s * 1000 + response_ms;

	return ms < TW_QUERIER_KEEP_MAX_MS ? (uint32_t)ms : TW_QUERIER_KEEP_MAX_MS;
}

static uint32_t own_keep_ms(const struct tw_querier *q)
{
	return keep_ms(TW_QUERIER_ROBUSTNESS, q->interval_s, tw_querier_response_ms(q));
}

/* RFC 3376 section 8.5 */
static uint32_t other_present_ms(const struct tw_querier *q)
{
	return own_keep_ms(q) - tw_querier_response_ms(q) / 2;
}

/* --- others --- */

static bool has_address(const struct tw_mcast_addr *a)
{
	static const struct tw_mcast_addr none4 = { .b = { [10] = 0xff, [11] = 0xff } };

	return !tw_mcast_same(a, &none4) && !tw_mcast_is_zero(a);
}

static bool goes_first(const struct tw_mcast_addr *a, const uint8_t a_mac[6], const struct tw_mcast_addr *b,
		       const uint8_t b_mac[6])
{
	int order = memcmp(a->b, b->b, sizeof(a->b));

	if (has_address(a) != has_address(b))
		return has_address(a);
	return order ? order < 0 : memcmp(a_mac, b_mac, 6) < 0;
}

void tw_querier_set(struct tw_querier *q, bool ip6, bool enabled, const struct tw_mcast_addr *own, const uint8_t mac[6],
		    uint32_t interval_s, uint64_t now_ms)
{
	bool begins = enabled && (!q->enabled || q->interval_s != interval_s || !tw_mcast_same(&q->own, own));

	q->ip6 = ip6;
	q->enabled = enabled;
	q->own = *own;
	memcpy(q->mac, mac, sizeof(q->mac));
	q->interval_s = interval_s;
	q->keep_ms = own_keep_ms(q);
	if (begins && q->other && !goes_first(&q->other_address, q->other_mac, own, mac))
		q->other = false;
	if (begins) {
		q->startup_left = TW_QUERIER_ROBUSTNESS;
		q->next_ms = now_ms;
	}
}

static bool is_elected(const struct tw_querier *q, const struct tw_mcast_addr *address, const uint8_t mac[6])
{
	if (q->enabled && !goes_first(address, mac, &q->own, q->mac))
		return false;
	return !q->other || !goes_first(&q->other_address, q->other_mac, address, mac);
}

/*
 * Who asks says how long answers are good for (RFC 3376 section 4.1.6). Only longer than ours is believed: one query of a
 * guest's must not end the memberships of others early.
 */
static void follow(struct tw_querier *q, const struct tw_mcast_message *query)
{
	uint32_t own = own_keep_ms(q), said = 0;

	if (query->version == 3)
		said = keep_ms(query->robustness ? query->robustness : TW_QUERIER_ROBUSTNESS, query->interval_s,
			       query->max_resp_ms);
	q->keep_ms = said > own ? said : own;
}

static bool add_router(struct tw_querier *q, uint16_t slot, uint64_t until_ms)
{
	for (uint8_t i = 0; i < q->n_routers; i++)
		if (q->router[i].slot == slot) {
			q->router[i].until_ms = until_ms;
			return false;
		}
	if (q->n_routers == TW_QUERIER_ROUTERS_MAX)
		return false;
	q->router[q->n_routers].slot = slot;
	q->router[q->n_routers++].until_ms = until_ms;
	return true;
}

static bool drop_routers(struct tw_querier *q, uint16_t slot, uint64_t now_ms)
{
	uint8_t kept = 0, was = q->n_routers;

	for (uint8_t i = 0; i < was; i++)
		if (q->router[i].slot != slot && q->router[i].until_ms > now_ms)
			q->router[kept++] = q->router[i];
	q->n_routers = kept;
	return kept != was;
}

/* A general query is out: what there is will be known when its response time is over. */
static void begin_to_know(struct tw_querier *q, uint64_t now_ms, uint32_t response_ms)
{
	if (q->asked)
		return;
	q->asked = true;
	q->ready_ms = now_ms + response_ms;
}

static bool update_ready(struct tw_querier *q, uint64_t now_ms)
{
	bool was = q->ready;

	if (!q->enabled && !q->other)
		q->asked = false;
	q->ready = q->asked && now_ms >= q->ready_ms;
	return q->ready != was;
}

bool tw_querier_hear(struct tw_querier *q, const struct tw_mcast_message *query, const uint8_t mac[6], uint16_t slot,
		     uint64_t now_ms)
{
	const uint64_t until_ms = now_ms + other_present_ms(q);
	bool changed = false;

	if (slot < TW_PORTS_MAX && has_address(&query->source))
		changed = add_router(q, slot, until_ms);
	if (is_elected(q, &query->source, mac)) {
		q->other = true;
		q->other_address = query->source;
		memcpy(q->other_mac, mac, sizeof(q->other_mac));
		q->other_slot = slot;
		q->other_until_ms = until_ms;
		follow(q, query);
	}
	if (q->other && tw_mcast_is_zero(&query->group))
		begin_to_know(q, now_ms,
			      query->max_resp_ms < TW_QUERIER_RESPONSE_MS ? query->max_resp_ms
									  : TW_QUERIER_RESPONSE_MS);
	return update_ready(q, now_ms) || changed;
}

bool tw_querier_forget(struct tw_querier *q, uint16_t slot)
{
	bool changed = drop_routers(q, slot, 0);

	if (q->other && q->other_slot == slot)
		q->other_until_ms = 0;
	return changed;
}

/* --- time passes --- */

static void be_querier(struct tw_querier *q, uint64_t now_ms)
{
	q->other = false;
	q->keep_ms = own_keep_ms(q);
	q->next_ms = now_ms;
}

bool tw_querier_tick(struct tw_querier *q, uint64_t now_ms, bool *ask)
{
	bool changed = drop_routers(q, TW_SLOT_NONE, now_ms);

	if (q->other && now_ms >= q->other_until_ms)
		be_querier(q, now_ms);
	*ask = tw_querier_is_ours(q) && now_ms >= q->next_ms;
	if (*ask) {
		/* RFC 3376 section 8.6: a quarter of the interval between the first ones */
		if (q->startup_left)
			q->startup_left--;
		q->next_ms = now_ms + q->interval_s * (q->startup_left ? UINT64_C(250) : UINT64_C(1000));
		begin_to_know(q, now_ms, tw_querier_response_ms(q));
	}
	return update_ready(q, now_ms) || changed;
}

struct tw_mcast_query tw_querier_query(const struct tw_querier *q, const struct tw_mcast_addr *group,
				       uint32_t max_resp_ms)
{
	struct tw_mcast_query query = { .ip6 = q->ip6,
					.source = q->own,
					.max_resp_ms = max_resp_ms,
					.robustness = TW_QUERIER_ROBUSTNESS,
					.interval_s = q->interval_s };

	if (group)
		query.group = *group;
	if (!q->ip6 && !tw_querier_is_ours(q))
		query.source = tw_mcast_ip4((const uint8_t[4]){ 0, 0, 0, 0 });
	memcpy(query.mac, q->mac, sizeof(query.mac));
	return query;
}
