/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ctl_learned_test.c - what hosts have learned reaches the others: deltas, from the beginning, conflicts, bounds, and hosts that lie.
 *
 * A host here is its switch and its agent: what it has to say, and what it knows of the others, as the Acks of its Reports told it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/mac.h"
#include "tests/unit/ctl_fixture.h"

enum { MACS = 300, VLAN = 10, WEB = 1, DB = 2, AWAY = 3, LIMIT = 64 };

struct host {
	const char *name;
	uint64_t boot, next;
	/* what it knows */
	uint64_t origin, known;
	uint32_t remote[MACS], n_remote;
	bool begun, said[MACS];
	/* the last answer */
	uint64_t learned_origin, learned_known;
	unsigned told;
};

static struct tw_controller *ctl;
static struct host a, b, c;

static void learn_on(const char *network, Tw__Learn learn)
{
	char name[32];
	Tw__Network n;

	snprintf(name, sizeof(name), "%s", network);
	tw__network__init(&n);
	n.name = name;
	n.learn = learn;
	assert_int_equal(ask_set(ctl, TW__KIND__NETWORK, &n.base, "learn", NULL), 0);
}

/* Hosts a, b and c; web (1) on a and db (2) on b, in VLAN 10, where ports learn; away (3) on c, in VLAN 20. */
static int start(void **state)
{
	ctl = ctl_start(":memory:");
	a = (struct host){ .name = "a", .boot = 1 };
	b = (struct host){ .name = "b", .boot = 2 };
	c = (struct host){ .name = "c", .boot = 3 };
	assert_int_equal(ask_host(ctl, "a", NULL), 0);
	assert_int_equal(ask_host(ctl, "b", NULL), 0);
	assert_int_equal(ask_host(ctl, "c", NULL), 0);
	assert_int_equal(ask_network(ctl, "blue", VLAN, NULL), 0);
	assert_int_equal(ask_network(ctl, "red", 20, NULL), 0);
	learn_on("blue", TW__LEARN__LEARN_ACCEPT);
	assert_int_equal(ask_port(ctl, "web/eth0", "blue", NULL), 0);
	assert_int_equal(ask_port(ctl, "db/eth0", "blue", NULL), 0);
	assert_int_equal(ask_port(ctl, "away/eth0", "red", NULL), 0);
	assert_int_equal(ask_bind(ctl, "web/eth0", "a", NULL), 0);
	assert_int_equal(ask_bind(ctl, "db/eth0", "b", NULL), 0);
	assert_int_equal(ask_bind(ctl, "away/eth0", "c", NULL), 0);
	host_comes(ctl, "a");
	host_comes(ctl, "b");
	host_comes(ctl, "c");
	ctl_warp(ctl, TW_LEARNED_START_MS);
	return 0;
}

static int stop(void **state)
{
	ctl_stop(ctl);
	return 0;
}

/* As a switch does: learned_exchange.c. */
static void take(struct host *h, const Tw__MacChanges *in)
{
	if (in->since == 0) {
		memset(h->said, 0, sizeof(h->said));
		h->begun = true;
		h->origin = in->origin;
	} else {
		assert_int_equal(in->origin, h->origin);
		assert_int_equal(in->since, h->known);
	}
	for (size_t i = 0; i < in->n_macs; i++) {
		size_t mac = tw_mac_word(in->macs[i]->mac.data) & 0xffff;

		assert_int_equal(in->macs[i]->vlan, VLAN);
		h->remote[mac] = in->macs[i]->port;
		h->said[mac] = true;
	}
	h->told += (unsigned)in->n_macs;
	h->known = in->next;
	for (size_t mac = 0; mac < MACS && h->begun && !in->more; mac++)
		h->remote[mac] = h->said[mac] ? h->remote[mac] : 0;
	h->begun = h->begun && in->more;
	h->n_remote = 0;
	for (size_t mac = 0; mac < MACS; mac++)
		h->n_remote += h->remote[mac] != 0;
}

static uint32_t report(struct host *h, Tw__MacChanges *learned)
{
	Tw__Envelope env = TW__ENVELOPE__INIT;
	Tw__Report body;
	Tw__SwitchStatus status;
	char name[8];
	struct answer answer;
	uint32_t code;

	tw__report__init(&body);
	tw__switch_status__init(&status);
	snprintf(name, sizeof(name), "%s", h->name);
	status.boot_id = h->boot;
	status.remote_origin = h->origin;
	status.remote_known = h->known;
	status.remote_macs = h->n_remote;
	status.remote_begun = h->begun;
	body.host = name;
	body.switch_alive = true;
	body.status = &status;
	body.learned = learned;
	env.body_case = TW__ENVELOPE__BODY_REPORT;
	env.report = &body;
	h->told = 0;
	code = ask(ctl, &env, &answer);
	if (!code) {
		h->learned_origin = answer.reply->ack->learned_origin;
		h->learned_known = answer.reply->ack->learned_known;
		if (answer.reply->ack->remote)
			take(h, answer.reply->ack->remote);
	}
	answer_clear(&answer);
	return code;
}

/* A Report with these MACs (from..to) behind a port; from the beginning, or what has changed. */
static uint32_t say_many(struct host *h, bool anew, uint64_t from, uint64_t to, uint32_t port)
{
	static uint8_t octets[MACS][6];
	static Tw__MacPlace places[MACS], *list[MACS];
	Tw__MacChanges m = TW__MAC_CHANGES__INIT;

	m.origin = h->boot;
	m.since = anew ? 0 : h->next;
	m.macs = list;
	for (uint64_t mac = from; mac <= to; mac++) {
		Tw__MacPlace *p = &places[m.n_macs];

		tw__mac_place__init(p);
		tw_mac_of_word(UINT64_C(0x0a0000000000) | mac, octets[m.n_macs]);
		p->mac = (ProtobufCBinaryData){ 6, octets[m.n_macs] };
		p->vlan = VLAN;
		p->port = port;
		list[m.n_macs++] = p;
	}
	m.next = h->next += 1 + to - from;
	return report(h, &m);
}

static void say(struct host *h, uint64_t mac, uint32_t port)
{
	assert_int_equal(say_many(h, h->next == 0, mac, mac, port), 0);
	assert_int_equal(h->learned_origin, h->boot);
	assert_int_equal(h->learned_known, h->next);
}

static void hear(struct host *h)
{
	assert_int_equal(report(h, NULL), 0);
}

static void what_a_host_learns_the_others_with_that_vlan_are_told_once(void **state)
{
	say(&a, 5, WEB);
	assert_int_equal(a.told, 0); /* its own */
	hear(&b);
	assert_int_equal(b.remote[5], WEB);
	assert_int_equal(b.told, 1);
	hear(&b);
	assert_int_equal(b.told, 0);
	hear(&c);
	assert_int_equal(c.n_remote, 0);
	say(&a, 6, WEB);
	hear(&b);
	assert_int_equal(b.told, 1);
	say(&a, 5, 0);
	hear(&b);
	assert_int_equal(b.remote[5], 0);
	assert_int_equal(b.remote[6], WEB);
}

static void while_nobody_learns_nobody_is_told(void **state)
{
	hear(&b);
	assert_int_equal(b.origin, 0);
	assert_int_equal(b.known, 0);
}

static void what_does_not_follow_is_asked_for_again(void **state)
{
	say(&a, 5, WEB);
	a.next += 10; /* a Report that was lost */
	assert_int_equal(say_many(&a, false, 6, 6, WEB), 0);
	assert_int_equal(a.learned_known, 1);
	hear(&b);
	assert_int_equal(b.n_remote, 1);
	a.next = 1;
	say(&a, 6, WEB);
	hear(&b);
	assert_int_equal(b.n_remote, 2);
}

static void a_switch_that_begins_anew_has_what_it_says_then(void **state)
{
	say_many(&a, true, 1, 20, WEB);
	hear(&b);
	assert_int_equal(b.n_remote, 20);
	a.boot = 11;
	a.next = 0;
	say_many(&a, true, 11, 25, WEB);
	assert_int_equal(a.learned_origin, 11);
	hear(&b);
	assert_int_equal(b.told, 10 + 5); /* what stays is no news */
	assert_int_equal(b.n_remote, 15);
	assert_int_equal(b.remote[10], 0);
	assert_int_equal(b.remote[25], WEB);
}

static void a_host_that_forgot_is_told_all(void **state)
{
	say_many(&a, true, 1, 20, WEB);
	hear(&b);
	b = (struct host){ .name = "b", .boot = 22 };
	hear(&b);
	assert_int_equal(b.n_remote, 20);
}

/* A port that comes brings a VLAN along, of which the host was told nothing before. */
static void a_host_that_gets_a_vlan_is_told_what_is_in_it(void **state)
{
	say_many(&a, true, 1, 20, WEB);
	hear(&c);
	assert_int_equal(c.n_remote, 0);
	assert_int_equal(ask_port(ctl, "new/eth0", "blue", NULL), 0);
	assert_int_equal(ask_bind(ctl, "new/eth0", "c", NULL), 0);
	hear(&c);
	assert_int_equal(c.n_remote, 20);
	hear(&c);
	assert_int_equal(c.told, 0);
}

static void a_mac_that_moves_is_the_new_hosts_and_the_old_one_is_told(void **state)
{
	say(&a, 5, WEB);
	hear(&b);
	say(&b, 5, DB);
	assert_int_equal(b.remote[5], 0); /* it has it itself */
	hear(&a);
	assert_int_equal(a.remote[5], DB);
	say(&a, 5, 0); /* so its switch has forgotten it: that is no news of b's */
	hear(&b);
	hear(&a);
	assert_int_equal(a.remote[5], DB);
	assert_int_equal(b.remote[5], 0);
}

static void claimed_in_turn_it_stays_where_it_was(void **state)
{
	say(&a, 5, WEB);
	for (int i = 0; i < 10; i++) { /* b lies: it never takes it back */
		say(&b, 5, DB);
		say(&a, 5, WEB);
	}
	hear(&b);
	assert_int_equal(b.remote[5], WEB);
	hear(&a);
	assert_int_equal(a.remote[5], 0);
	ctl_warp(ctl, 29000);
	say(&b, 5, DB);
	hear(&a);
	assert_int_equal(a.remote[5], 0);
	ctl_warp(ctl, 2000);
	say(&b, 5, DB);
	hear(&a);
	assert_int_equal(a.remote[5], DB); /* it has moved, after all */
}

static void when_the_one_that_was_believed_gives_it_up_the_others_word_counts(void **state)
{
	say(&a, 5, WEB);
	say(&b, 5, DB);
	say(&b, 5, 0);
	hear(&b);
	assert_int_equal(b.remote[5], WEB);
}

static void no_host_has_what_is_a_ports_or_what_is_not_its_ports(void **state)
{
	const Tw__Port *web = tw_model_port(&ctl->model, "web/eth0");
	Tw__MacChanges m = TW__MAC_CHANGES__INIT;
	Tw__MacPlace p = TW__MAC_PLACE__INIT, *list[1] = { &p };

	p.mac = web->mac;
	p.vlan = VLAN;
	p.port = DB;
	m.origin = b.boot;
	m.next = 1;
	m.macs = list;
	m.n_macs = 1;
	assert_int_equal(report(&b, &m), 0);
	b.next = 1;
	say(&b, 5, WEB);  /* a's port */
	say(&b, 6, AWAY); /* does not learn */
	say(&b, 7, 99);   /* is none */
	assert_int_equal(tw_learned_count(ctl->learned), 0);
	learn_on("red", TW__LEARN__LEARN_STRICT);
	say(&c, 8, AWAY); /* is not in VLAN 10 */
	assert_int_equal(tw_learned_count(ctl->learned), 0);
	say(&b, 9, DB);
	assert_int_equal(tw_learned_count(ctl->learned), 1);
}

static void a_port_has_no_more_than_its_limit(void **state)
{
	say_many(&a, true, 0, MACS - 1, WEB);
	say_many(&b, true, MACS - 1, MACS - 1, DB);
	assert_int_equal(tw_learned_count(ctl->learned), LIMIT + 1);
	hear(&b);
	assert_int_equal(b.n_remote, LIMIT);
	say(&a, 0, 0);
	say(&a, 150, WEB); /* there is room again */
	assert_int_equal(tw_learned_count(ctl->learned), LIMIT + 1);
}

static void what_the_model_no_longer_allows_ends(void **state)
{
	Tw__Port port;
	char name[] = "db/eth0";
	uint8_t taken[6];
	ProtobufCBinaryData macs[1] = { { 6, taken } };

	tw__port__init(&port);
	say(&a, 5, WEB);
	say(&a, 6, WEB);
	tw_mac_of_word(UINT64_C(0x0a0000000005), taken);
	port.name = name;
	port.static_macs = macs;
	port.n_static_macs = 1;
	assert_int_equal(ask_set(ctl, TW__KIND__PORT, &port.base, "static_macs", NULL), 0);
	hear(&b);
	assert_int_equal(b.remote[5], 0);
	assert_int_equal(b.remote[6], WEB);
	learn_on("blue", TW__LEARN__LEARN_REJECT);
	hear(&b);
	assert_int_equal(b.n_remote, 0);
	assert_int_equal(tw_learned_count(ctl->learned), 0);
}

static void a_host_that_is_silent_for_long_or_gone_has_nothing(void **state)
{
	say(&a, 5, WEB);
	ctl_warp(ctl, TW_LEARNED_SILENT_MS - 1000);
	hear(&b);
	assert_int_equal(b.remote[5], WEB); /* its agent may be away while its switch forwards */
	ctl_warp(ctl, 2000);
	hear(&b);
	assert_int_equal(b.remote[5], 0);
	hear(&a);
	assert_int_equal(a.learned_origin, 0); /* say it anew */
	a.next = 0;
	say(&a, 5, WEB);
	hear(&b);
	assert_int_equal(b.remote[5], WEB);
	assert_int_equal(ask_unbind(ctl, "web/eth0", "a", NULL), 0);
	assert_int_equal(ask_delete(ctl, TW__KIND__HOST, "a", NULL), 0);
	hear(&b);
	assert_int_equal(b.remote[5], 0);
}

static void a_controller_that_has_just_begun_lets_nobody_forget(void **state)
{
	ctl_warp(ctl, 1);
	ctl->started_ms += TW_LEARNED_START_MS;
	b.remote[5] = b.remote[6] = WEB; /* of the one before */
	b.n_remote = 2;
	b.origin = b.known = 77;
	hear(&b);
	say(&a, 5, WEB);
	say(&a, 7, WEB);
	hear(&b);
	assert_int_equal(b.remote[7], WEB); /* nor does what is new wait */
	assert_int_equal(b.n_remote, 3);
	hear(&b);
	assert_int_equal(b.n_remote, 3);
	ctl_warp(ctl, TW_LEARNED_START_MS);
	hear(&b);
	assert_int_equal(b.n_remote, 2);
	assert_int_equal(b.remote[6], 0); /* nobody has said that one again */
	assert_false(b.begun);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define LEARNED_TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)
		LEARNED_TEST(what_a_host_learns_the_others_with_that_vlan_are_told_once),
		LEARNED_TEST(while_nobody_learns_nobody_is_told),
		LEARNED_TEST(what_does_not_follow_is_asked_for_again),
		LEARNED_TEST(a_switch_that_begins_anew_has_what_it_says_then),
		LEARNED_TEST(a_host_that_forgot_is_told_all),
		LEARNED_TEST(a_host_that_gets_a_vlan_is_told_what_is_in_it),
		LEARNED_TEST(a_mac_that_moves_is_the_new_hosts_and_the_old_one_is_told),
		LEARNED_TEST(claimed_in_turn_it_stays_where_it_was),
		LEARNED_TEST(when_the_one_that_was_believed_gives_it_up_the_others_word_counts),
		LEARNED_TEST(no_host_has_what_is_a_ports_or_what_is_not_its_ports),
		LEARNED_TEST(a_port_has_no_more_than_its_limit),
		LEARNED_TEST(what_the_model_no_longer_allows_ends),
		LEARNED_TEST(a_host_that_is_silent_for_long_or_gone_has_nothing),
		LEARNED_TEST(a_controller_that_has_just_begun_lets_nobody_forget),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
