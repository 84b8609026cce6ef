/* SPDX-License-Identifier: Apache-2.0 */
/*
 * learned_list.c - GetMacs: a page of what was learned, for `twctl mac list`.
 *
 * Threads  main. A page costs a look at each place of the table at most, and PAGE_MAX copies.
 */
#include <stdlib.h>

#include "common/mac.h"
#include "dataplane/switch.h"

enum { PAGE_DEFAULT = 1000, PAGE_MAX = 4096 };

/* What the reply is made of: one piece, nothing to take apart afterwards. */
struct page {
	const struct tw_switch *sw;
	uint32_t limit, n;
	Tw__KnownMac *list[PAGE_MAX];
	Tw__KnownMac macs[PAGE_MAX];
	uint8_t octets[PAGE_MAX][TW_MAC_LEN];
};

static Tw__KnownMac__Kind kind_of(const struct page *p, const struct tw_learned_mac *mac)
{
	if (mac->slot == TW_FDB_REMOTE)
		return TW__KNOWN_MAC__KIND__ELSEWHERE;
	if (mac->frozen)
		return TW__KNOWN_MAC__KIND__FLAPPING;
	if (tw_learning_how(p->sw->learning, mac->slot) == TW_LEARN_ONE)
		return TW__KNOWN_MAC__KIND__CHOSEN;
	return mac->moved ? TW__KNOWN_MAC__KIND__MOVED : TW__KNOWN_MAC__KIND__LEARNED;
}

static bool add(void *arg, const struct tw_learned_mac *mac)
{
	struct page *p = arg;
	Tw__KnownMac *out = &p->macs[p->n];

	if (p->n == p->limit)
		return false;
	tw__known_mac__init(out);
	tw_mac_of_word(mac->mac, p->octets[p->n]);
	out->mac.data = p->octets[p->n];
	out->mac.len = TW_MAC_LEN;
	out->vlan = mac->vlan;
	out->port = mac->number;
	out->kind = kind_of(p, mac);
	out->age_ms = mac->age_ms;
	p->list[p->n++] = out;
	return true;
}

void tw_learned_request(struct tw_switch *sw, struct tw_link_request *req, const Tw__Envelope *env)
{
	const Tw__GetMacs *ask = env->get_macs;
	const struct tw_port *port = ask->port ? tw_port_by_number(sw, ask->port) : NULL;
	Tw__Envelope out = TW__ENVELOPE__INIT;
	Tw__Macs macs = TW__MACS__INIT;
	struct page *p;

	if (ask->port && !port) {
		tw_link_refuse(req, TW_E_NOT_FOUND, "get_macs.port", "no such port is here");
		return;
	}
	p = malloc(sizeof(*p));
	if (!p) {
		tw_link_refuse(req, TW_E_INTERNAL, NULL, "out of memory");
		return;
	}
	p->sw = sw;
	p->n = 0;
	p->limit = ask->limit ? ask->limit : PAGE_DEFAULT;
	p->limit = p->limit > PAGE_MAX ? PAGE_MAX : p->limit;
	macs.next = tw_learning_walk(sw->learning, port ? port->slot : TW_SLOT_NONE, ask->from,
				     tw_worker_clock(sw->workers[0]).now_ms, add, p);
	macs.total = tw_learning_total(sw->learning);
	macs.n_macs = p->n;
	macs.macs = p->list;
	out.body_case = TW__ENVELOPE__BODY_MACS;
	out.macs = &macs;
	tw_link_reply(req, &out);
	free(p);
}
