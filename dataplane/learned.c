/* SPDX-License-Identifier: Apache-2.0 */
/* learned.c - learning in the switch; see learned.h. Main. */
#include "dataplane/learned.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/mac.h"
#include "proto/link/check.h"

#define TW_LOG_AREA "learning"
#include "common/log.h"

enum { WIRE_LIMIT = 8192, WIRE_AGE_MS = 300000, BATCH = 64 };

uint32_t tw_learned_now(const struct tw_switch *sw)
{
	return tw_worker_clock(sw->workers[0]).now_ms;
}

void tw_learned_publish(struct tw_switch *sw)
{
	const struct tw_fdb *next;

	if (sw->fdb_old && rte_rcu_qsbr_check(sw->qsbr, sw->fdb_token, false) != 1)
		return; /* what is new waits: main's table keeps it */
	free((void *)(uintptr_t)sw->fdb_old);
	sw->fdb_old = NULL;
	next = tw_learning_build(sw->learning);
	if (!next)
		return;
	sw->fdb_old = atomic_exchange(&sw->fdb, next);
	sw->fdb_token = rte_rcu_qsbr_start(sw->qsbr);
}

bool tw_learned_create(struct tw_switch *sw)
{
	sw->learning = tw_learning_create();
	return sw->learning != NULL;
}

void tw_learned_destroy(struct tw_switch *sw)
{
	free((void *)(uintptr_t)sw->fdb_old);
	free((void *)(uintptr_t)atomic_load(&sw->fdb));
	tw_learning_destroy(sw->learning);
}

void tw_learned_apply(struct tw_switch *sw)
{
	struct tw_learn_policy policy[TW_FDB_WIRE + 1] = { 0 };

	for (uint32_t i = 0; i < sw->plan->n_ports; i++) {
		const struct tw_plan_port *p = &sw->plan->ports[i];

		policy[p->slot] = (struct tw_learn_policy){ p->learn, p->number, p->learn_limit, p->learn_age_ms };
	}
	policy[TW_FDB_WIRE] = (struct tw_learn_policy){ TW_LEARN_ALL, 0, WIRE_LIMIT, WIRE_AGE_MS };
	for (uint16_t slot = 0; slot <= TW_FDB_WIRE; slot++)
		tw_learning_set(sw->learning, slot, &policy[slot]);
	sw->plan->fdb = &sw->fdb;
	tw_learned_publish(sw);
}

/* --- what workers heard --- */

static bool is_learnable(const struct tw_switch *sw, uint16_t slot, uint32_t number, uint64_t mac)
{
	const struct tw_snapshot *s = atomic_load(&sw->snapshot);
	uint8_t octets[6];

	if (slot > TW_FDB_WIRE || mac >> 48 || mac == 0 || mac >> 40 & 1)
		return false;
	if (slot != TW_FDB_WIRE &&
	    (!sw->ports[slot].used || sw->ports[slot].retire || sw->ports[slot].number != number))
		return false;
	tw_mac_of_word(mac, octets);
	return !s || !tw_snapshot_identity(s, octets); /* a port has it by now */
}

/* One line a second, however many there are: the counters say how many. */
static void tell_flap(struct tw_switch *sw, const struct tw_heard_mac *heard)
{
	uint8_t mac[6];
	char text[TW_MAC_TEXT];

	if (sw->flap_told == sw->seconds)
		return;
	sw->flap_told = sw->seconds;
	tw_mac_of_word(heard->mac, mac);
	tw_log_warning("a MAC is claimed by two ports in turn; it stays where it was mac=%s vlan=%u port=%s",
		       tw_mac_format(mac, text), heard->vlan,
		       heard->slot == TW_FDB_WIRE ? "the wire" : sw->ports[heard->slot].name);
}

static void hear_worker(struct tw_switch *sw, struct tw_worker *w, uint32_t now)
{
	struct tw_heard_mac heard[BATCH];
	unsigned n, most = TW_MACS_RING; /* what comes in meanwhile is for the next time */

	while (most >= BATCH &&
	       (n = rte_ring_sc_dequeue_burst_elem(w->macs, heard, sizeof(heard[0]), BATCH, NULL)) > 0) {
		for (unsigned i = 0; i < n; i++)
			if (is_learnable(sw, heard[i].slot, heard[i].number, heard[i].mac) &&
			    tw_learning_heard(sw->learning, heard[i].slot, heard[i].mac, heard[i].vlan, now) ==
				    TW_LEARNED_FLAPPED)
				tell_flap(sw, &heard[i]);
		most -= n;
	}
}

void tw_learned_hear(struct tw_switch *sw)
{
	uint32_t now = tw_learned_now(sw);

	for (unsigned i = 0; i < sw->n_workers; i++)
		hear_worker(sw, sw->workers[i], now);
	tw_learned_publish(sw);
}

void tw_learned_age(struct tw_switch *sw)
{
	tw_learning_age(sw->learning, tw_learned_now(sw));
}

/* --- a port that moves --- */

struct taken {
	Tw__PortState *state;
	bool whole;
};

static bool take_one(void *arg, uint64_t mac, uint16_t vlan, uint32_t age_ms)
{
	struct taken *t = arg;
	Tw__LearnedMac *out = malloc(sizeof(*out));

	t->whole = out != NULL;
	if (!out)
		return false;
	tw__learned_mac__init(out);
	t->state->learned[t->state->n_learned++] = out;
	out->vlan = vlan;
	out->age_ms = age_ms;
	out->mac.data = malloc(TW_MAC_LEN);
	t->whole = out->mac.data != NULL;
	if (!t->whole)
		return false;
	out->mac.len = TW_MAC_LEN;
	tw_mac_of_word(mac, out->mac.data);
	return true;
}

bool tw_learned_take(const struct tw_port *p, Tw__PortState *state)
{
	struct taken t = { state, true };
	uint32_t n = tw_learning_stats(p->sw->learning, p->slot).macs;

	state->learned = calloc(n + 1, sizeof(*state->learned));
	if (!state->learned)
		return false;
	tw_learning_each(p->sw->learning, p->slot, tw_learned_now(p->sw), take_one, &t);
	return t.whole;
}

void tw_learned_put(struct tw_port *p, const Tw__PortState *state)
{
	uint32_t now = tw_learned_now(p->sw);

	/* The newest last, so that the order stays. */
	for (size_t i = state->n_learned; i-- > 0;) {
		const Tw__LearnedMac *in = state->learned[i];
		uint64_t mac = tw_mac_word(in->mac.data);

		if (is_learnable(p->sw, p->slot, p->number, mac))
			tw_learning_heard(p->sw->learning, p->slot, mac, (uint16_t)in->vlan, now - in->age_ms);
	}
	tw_learned_publish(p->sw);
}

Tw__MacStatus *tw_learned_status(const struct tw_port *p, bool *whole)
{
	struct tw_learn_stats stats = tw_learning_stats(p->sw->learning, p->slot);
	Tw__MacStatus *out;

	*whole = true;
	if (!tw_learning_is_on(p->sw->learning, p->slot))
		return NULL;
	out = malloc(sizeof(*out));
	*whole = out != NULL;
	if (!out)
		return NULL;
	tw__mac_status__init(out);
	out->learned = stats.macs;
	out->refused = stats.refused;
	out->moves = stats.moves;
	out->flaps = stats.flaps;
	return out;
}
