/* SPDX-License-Identifier: Apache-2.0 */
/*
 * learned_exchange.c - ExchangeMacs: what is behind ports of other hosts comes in, what is behind those of this one goes out;
 * see learned.h and macs.proto.
 *
 * Hostile  what comes in is the controller's word, of other hosts' making: it can name no port's own MAC (those are looked up
 *          first) and take none of this host's learned ones but by the rule of moves (learning.h).
 * Threads  main. At most CHANGES_MAX copies.
 */
#include <stdlib.h>

#include "common/mac.h"
#include "dataplane/learned.h"

enum { CHANGES_MAX = 4096 };

/* What the reply is made of: one piece, nothing to take apart afterwards. */
struct changes {
	uint32_t n;
	Tw__MacChanges msg;
	Tw__MacPlace *list[CHANGES_MAX];
	Tw__MacPlace places[CHANGES_MAX];
	uint8_t octets[CHANGES_MAX][TW_MAC_LEN];
};

/* Those that do not follow what is known are left alone: the status says what is, and the controller begins there. */
static void take(struct tw_switch *sw, const Tw__MacChanges *in)
{
	uint32_t now = tw_learned_now(sw);

	if (in->since == 0) {
		tw_learning_remote_begin(sw->learning);
		sw->remote_origin = in->origin;
		sw->remote_begun = true;
	} else if (in->origin != sw->remote_origin || in->since != sw->remote_known) {
		return;
	}
	for (size_t i = 0; i < in->n_macs; i++)
		tw_learning_remote(sw->learning, tw_mac_word(in->macs[i]->mac.data), (uint16_t)in->macs[i]->vlan,
				   in->macs[i]->port, now);
	sw->remote_known = in->next;
	if (sw->remote_begun && !in->more) {
		tw_learning_remote_end(sw->learning);
		sw->remote_begun = false;
	}
	tw_learned_publish(sw);
}

static bool add(void *arg, const struct tw_mac_place *place)
{
	struct changes *c = arg;
	Tw__MacPlace *out = &c->places[c->n];

	if (c->n == CHANGES_MAX)
		return false;
	tw__mac_place__init(out);
	tw_mac_of_word(place->mac, c->octets[c->n]);
	out->mac.data = c->octets[c->n];
	out->mac.len = TW_MAC_LEN;
	out->vlan = place->vlan;
	out->port = place->port;
	c->list[c->n++] = out;
	return true;
}

/* @param since up to where the controller knows; what is no number of ours is from the beginning */
static void tell(const struct tw_switch *sw, uint64_t since, struct changes *c)
{
	const struct tw_mac_log *log = tw_learning_log(sw->learning);

	tw__mac_changes__init(&c->msg);
	c->n = 0;
	c->msg.origin = sw->boot_id;
	c->msg.since = tw_mac_log_knows(log, since) ? since : 0;
	c->msg.next = tw_mac_log_since(log, c->msg.since, add, c);
	c->msg.more = c->msg.next != tw_mac_log_last(log);
	c->msg.n_macs = c->n;
	c->msg.macs = c->list;
}

void tw_learned_exchange(struct tw_switch *sw, struct tw_link_request *req, const Tw__Envelope *env)
{
	const Tw__ExchangeMacs *ask = env->exchange_macs;
	struct changes *c = malloc(sizeof(*c));
	Tw__Envelope out = TW__ENVELOPE__INIT;
	Tw__MacsExchanged reply = TW__MACS_EXCHANGED__INIT;

	if (!c) {
		tw_link_refuse(req, TW_E_INTERNAL, NULL, "out of memory");
		return;
	}
	if (ask->remote)
		take(sw, ask->remote);
	if (ask->origin != sw->boot_id || ask->known != tw_mac_log_last(tw_learning_log(sw->learning))) {
		tell(sw, ask->origin == sw->boot_id ? ask->known : 0, c);
		reply.learned = &c->msg;
	}
	out.body_case = TW__ENVELOPE__BODY_MACS_EXCHANGED;
	out.macs_exchanged = &reply;
	tw_link_reply(req, &out);
	free(c);
}

void tw_learned_known(const struct tw_switch *sw, Tw__SwitchStatus *status)
{
	status->mac_changes = tw_mac_log_last(tw_learning_log(sw->learning));
	status->remote_origin = sw->remote_origin;
	status->remote_known = sw->remote_known;
	status->remote_begun = sw->remote_begun;
	status->remote_macs = tw_learning_stats(sw->learning, TW_FDB_REMOTE).macs;
}
