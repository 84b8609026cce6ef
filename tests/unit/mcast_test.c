/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mcast_test.c - snooping as conversations on a virtual clock: what is said, what is known then, what we ask.
 *
 * One step a line:
 *   "> 3 4 16 00 0000 G1"   who 3 says this in VLAN 10 by IGMP (6: MLD); the body as in mcast_frame.h; 0 is the unspecified
 *   "> 8/3 4 …"             who 3 (address, MAC) is heard on slot 8; W/3 on the uplink
 *   "+ 1000"                milliseconds pass, a tick every 100
 *   "= 4.1:3,5 6.2:3"       all memberships: IGMP's G1 has 3 and 5, MLD's G2 has 3; W is the wire
 *   "? 4:all 4:3:1"         the queries that went out since: a general one to all, one for G1 to 3
 *   "r 4:3 6:"              the router ports
 *   "k 4 6"                 families whose memberships are known
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dataplane/igmp.h"
#include "dataplane/mcast.h"
#include "dataplane/mld.h"
#include "tests/support/mcast_frame.h"

enum { VLAN = 10, WIRE = TW_PORTS_MAX, TEXT = 1024 };

static const uint8_t mac[6] = { 6, 0, 0, 0, 0, 5 };
static struct tw_mcast *m;
static uint64_t now;
static bool any_vlan;
static char asked[TEXT];
static struct tw_mcast_addr asked_source;
static struct tw_mcast_config config;

static void add(char *text, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void add(char *text, const char *fmt, ...)
{
	size_t used = strlen(text);
	va_list args;

	va_start(args, fmt);
	vsnprintf(text + used, TEXT - used, fmt, args);
	va_end(args);
}

static const char *slot_name(uint16_t slot)
{
	static char text[8];

	if (slot == WIRE)
		return "W";
	snprintf(text, sizeof(text), "%u", slot);
	return text;
}

static void note_query(void *arg, uint16_t vlan, uint16_t slot, const struct tw_mcast_query *q)
{
	uint8_t frame[TW_MCAST_QUERY_MAX];
	struct tw_mcast_message read;
	uint32_t len = q->ip6 ? tw_mld_write_query(q, frame) : tw_igmp_write_query(q, frame);

	/* What goes out is what comes in. */
	assert_int_equal(q->ip6 ? tw_mld_parse(frame + MF_L3, len - MF_L3, &read)
				: tw_igmp_parse(frame + MF_L3, len - MF_L3, &read),
			 TW_MCAST_OK);
	assert_true(vlan == VLAN || any_vlan);
	add(asked, "%s%c:%s", *asked ? " " : "", q->ip6 ? '6' : '4', slot == TW_SLOT_NONE ? "all" : slot_name(slot));
	if (!tw_mcast_is_zero(&q->group))
		add(asked, ":%u", q->group.b[15]);
	asked_source = q->source;
}

static int setup(void **state)
{
	now = 1000000;
	any_vlan = false;
	asked[0] = '\0';
	config = (struct tw_mcast_config){ .querier = true, .address = { 10, 0, 0, 5 }, .interval_s = 125 };
	m = tw_mcast_create(mac, note_query, NULL);
	assert_non_null(m);
	assert_int_equal(tw_mcast_set_vlan(m, VLAN, &config, now), 0);
	return 0;
}

static int teardown(void **state)
{
	tw_mcast_destroy(m);
	return 0;
}

/* --- steps --- */

static void say(const char *text)
{
	struct tw_mcast_place place = { .vlan = VLAN, .mac = { 2, 0, 0, 0, 0, 0 } };
	struct tw_mcast_message msg;
	uint8_t frame[MF_MAX];
	char at[8], who[8] = "", family;
	uint8_t from;
	int used = 0;
	size_t len;

	assert_int_equal(sscanf(text, "%7[^/ ]%n", at, &used), 1);
	text += used;
	if (*text == '/' && sscanf(text, "/%7s%n", who, &used) == 1)
		text += used;
	assert_int_equal(sscanf(text, " %c%n", &family, &used), 1);
	text += used;
	place.slot = *at == 'W' ? WIRE : (uint16_t)atoi(at);
	from = (uint8_t)atoi(*who ? who : at);
	place.mac[5] = from;
	len = family == '6' ? mcast_frame_mld(frame, from, "ff02::1", text)
			    : mcast_frame_igmp(frame, from, "224.0.0.1", text);
	assert_int_equal(family == '6' ? tw_mld_parse(frame + MF_L3, (uint32_t)len - MF_L3, &msg)
				       : tw_igmp_parse(frame + MF_L3, (uint32_t)len - MF_L3, &msg),
			 TW_MCAST_OK);
	tw_mcast_hear(m, &place, &msg, now);
}

static void wait_ms(uint64_t ms)
{
	for (uint64_t end = now + ms; now < end;) {
		now += 100;
		tw_mcast_tick(m, now, 64);
	}
}

struct seen {
	unsigned n;
	struct tw_membership of[32];
};

static void see(void *arg, const struct tw_membership *member)
{
	struct seen *s = arg;

	assert_in_range(s->n, 0, 31);
	s->of[s->n++] = *member;
}

static int order(const void *a, const void *b)
{
	const struct tw_membership *x = a, *y = b;
	int family = tw_mcast_is_ip4(&y->group) - tw_mcast_is_ip4(&x->group);
	int group = family ? family : memcmp(&x->group, &y->group, 16);

	return group ? group : x->slot - y->slot;
}

static void members(char *text)
{
	struct seen s = { 0 };

	tw_groups_each(tw_mcast_groups(m), see, &s);
	qsort(s.of, s.n, sizeof(s.of[0]), order);
	text[0] = '\0';
	for (unsigned i = 0; i < s.n; i++) {
		if (i && tw_mcast_same(&s.of[i].group, &s.of[i - 1].group))
			add(text, ",%s", slot_name(s.of[i].slot));
		else
			add(text, "%s%c.%u:%s", i ? " " : "", tw_mcast_is_ip4(&s.of[i].group) ? '4' : '6',
			    s.of[i].group.b[15], slot_name(s.of[i].slot));
	}
}

static void routers(char *text)
{
	text[0] = '\0';
	for (int six = 0; six < 2; six++) {
		const struct tw_querier *q = &tw_mcast_vlan(m, VLAN)->querier[six];

		add(text, "%s%c:", six ? " " : "", six ? '6' : '4');
		for (unsigned i = 0; i < q->n_routers; i++)
			add(text, "%s%s", i ? "," : "", slot_name(q->router[i].slot));
	}
}

static void known(char *text)
{
	text[0] = '\0';
	for (int six = 0; six < 2; six++)
		if (tw_mcast_vlan(m, VLAN)->querier[six].ready)
			add(text, "%s%c", *text ? " " : "", six ? '6' : '4');
}

static void step(const char *text)
{
	char now_is[TEXT] = "";
	const char *rest = text + 1 + (text[1] == ' ');

	switch (text[0]) {
	case '>':
		say(rest);
		return;
	case '+':
		wait_ms(strtoull(rest, NULL, 10));
		return;
	case '=':
		members(now_is);
		break;
	case 'r':
		routers(now_is);
		break;
	case 'k':
		known(now_is);
		break;
	case '?':
		memcpy(now_is, asked, sizeof(now_is));
		asked[0] = '\0';
		break;
	default:
		fail_msg("what is \"%s\"?", text);
	}
	if (strcmp(now_is, rest) != 0)
		fail_msg("\"%s\", but it is \"%s\"", text, now_is);
}

static void talk(const char *const *steps)
{
	for (; *steps; steps++)
		step(*steps);
}
#define TALK(...) talk((const char *const[]){ __VA_ARGS__, NULL })

/* --- conversations --- */

static void a_membership_lasts_for_two_intervals_and_a_response_time(void **state)
{
	TALK("> 1 4 16 00 0000 G1", "= 4.1:1", "+ 259000", "= 4.1:1", "+ 1000", "=");
	TALK("> 1 4 16 00 0000 G1", "+ 200000", "> 1 4 16 00 0000 G1", "+ 200000", "= 4.1:1", "+ 60000", "=");
	TALK("> 2 6 83 00 0000 0000 0000 G2", "= 6.2:2", "+ 260000", "=");
}

static void our_queries_begin_at_a_quarter_of_the_interval(void **state)
{
	TALK("+ 100", "? 4:all 6:all", "+ 31100", "?", "+ 200", "? 4:all 6:all", "+ 124800", "?", "+ 300",
	     "? 4:all 6:all", "+ 125000", "? 4:all 6:all");
}

static void who_leaves_is_asked_twice_alone_and_gone_after_two_seconds(void **state)
{
	TALK("+ 40000", "?4:all 6:all 4:all 6:all", "> 1 4 16 00 0000 G1", "> 2 4 16 00 0000 G1", "> 1 4 17 00 0000 G1",
	     "+ 100", "? 4:1:1", "= 4.1:1,2", "+ 1000", "? 4:1:1", "= 4.1:1,2", "+ 1000", "= 4.1:2", "?");
	TALK("> 2 6 83 00 0000 0000 0000 G1", "> 2 6 84 00 0000 0000 0000 G1", "+ 100", "? 6:2:1", "+ 1900", "= 4.1:2",
	     "? 6:2:1");
}

static void another_member_behind_the_port_answers_and_stays(void **state)
{
	TALK("+ 40000", "?4:all 6:all 4:all 6:all", "> 1 4 16 00 0000 G1", "> 1 4 17 00 0000 G1", "+ 100", "? 4:1:1",
	     "> 1 4 16 00 0000 G1", "+ 5000", "?", "= 4.1:1");
}

static void a_leave_of_nobody_is_nothing(void **state)
{
	TALK("+ 40000", "?4:all 6:all 4:all 6:all", "> 1 4 17 00 0000 G1", "> 2 4 16 00 0000 G1", "> 1 4 17 00 0000 G1",
	     "+ 3000", "?", "= 4.1:2");
}

static void an_old_host_is_not_asked_to_leave(void **state)
{
	/* RFC 3376 section 7.3.2: while there is an IGMPv1 host a leave means nothing */
	TALK("+ 40000", "?4:all 6:all 4:all 6:all", "> 1 4 12 00 0000 G1", "> 1 4 17 00 0000 G1",
	     "> 1 4 22 00 0000 0000 0001 03 00 0000 G1", "+ 3000", "?", "= 4.1:1");
	TALK("+ 237000", "? 4:all 6:all", "> 1 4 16 00 0000 G1", "+ 21000", "? 4:all 6:all", "> 1 4 17 00 0000 G1",
	     "+ 100", "? 4:1:1", "+ 2000", "=");
}

static void records_with_sources_are_members_and_without_are_not(void **state)
{
	TALK("> 1 4 22 00 0000 0000 0003 02 00 0000 G1 01 00 0001 G2 0a000001 05 00 0001 G3 0a000001",
	     "= 4.1:1 4.2:1 4.3:1");
	TALK("> 2 4 22 00 0000 0000 0003 01 00 0000 G1 05 00 0000 G2 06 00 0001 G3 0a000001", "= 4.1:1 4.2:1 4.3:1");
	TALK("> 1 4 22 00 0000 0000 0002 06 00 0001 G3 0a000001 03 00 0001 G2 0a000001", "+ 3000",
	     "= 4.1:1 4.2:1 4.3:1");
	TALK("> 1 4 22 00 0000 0000 0002 03 00 0000 G2 09 00 0000 G4", "+ 3000", "= 4.1:1 4.3:1");
	TALK("> 3 6 8f 00 0000 0000 0002 04 00 0000 G5 03 00 0000 G6", "= 4.1:1 4.3:1 6.5:3");
	TALK("> 3 6 8f 00 0000 0000 0001 03 00 0000 G5", "+ 3000", "= 4.1:1 4.3:1");
}

static void local_groups_are_not_kept(void **state)
{
	TALK("> 1 4 16 00 0000 e00000fb", "> 1 4 16 00 0000 e0000105",
	     "> 1 6 83 00 0000 0000 0000 ff0200000000000000000001ff000001",
	     "> 1 6 83 00 0000 0000 0000 ff010000000000000000000000000005",
	     "> 1 6 83 00 0000 0000 0000 ff050000000000000000000000000007", "= 4.5:1 6.7:1");
}

static void the_lowest_address_asks(void **state)
{
	TALK("+ 100", "? 4:all 6:all", "> 7 4 11 64 0000 00000000", "+ 40000", "? 4:all 6:all"); /* .7: we go first */
	TALK("> 3 4 11 64 0000 00000000", "+ 200000", "? 6:all"); /* .3 asks for IGMP from now on */
	TALK("> 3 4 11 64 0000 00000000", "+ 254900", "? 6:all 6:all");
	TALK("+ 200", "? 4:all", "+ 124000", "? 6:all", "+ 1000", "? 4:all"); /* it has gone */
}

static void who_has_no_address_never_goes_first(void **state)
{
	TALK("+ 100", "? 4:all 6:all", "> 0 4 11 64 0000 00000000", "+ 40000", "? 4:all 6:all", "r 4: 6:");
	memset(config.address, 0, 4);
	assert_int_equal(tw_mcast_set_vlan(m, VLAN, &config, now), 0);
	TALK("+ 100", "? 4:all");
	TALK("> 200 4 11 64 0000 00000000", "+ 250000", "? 6:all 6:all"); /* nor do we */
}

static void of_switches_with_one_address_the_lower_mac_asks(void **state)
{
	memset(config.address, 0, 4);
	assert_int_equal(tw_mcast_set_vlan(m, VLAN, &config, now), 0);
	TALK("+ 100", "? 4:all 6:all");
	/* 02:00:00:00:00:00 is lower than our 06:00:00:00:00:05 */
	TALK("> W/0 4 11 64 0000 00000000 02 7d 0000", "+ 200000", "? 6:all 6:all", "r 4: 6:");
}

static void a_port_that_asks_with_an_address_has_a_router_behind_it(void **state)
{
	TALK("r 4: 6:", "> 9 4 11 64 0000 00000000",
	     "r 4:9 6:", "> 8 6 82 00 0000 2710 0000 00000000000000000000000000000000", "r 4:9 6:8",
	     "> W/4 4 11 64 0000 00000000", "r 4:9 6:8", "+ 254900", "r 4:9 6:8", "+ 200", "r 4: 6:");
}

static void what_is_known_is_what_was_asked_for_a_response_time(void **state)
{
	TALK("k", "+ 100", "k", "+ 9900", "k", "+ 100", "k 4 6");
	config.querier = false;
	assert_int_equal(tw_mcast_set_vlan(m, VLAN, &config, now), 0);
	TALK("+ 100", "k");
	TALK("> W/9 4 11 32 0000 00000000", "k", "+ 5000", "k 4", "+ 250100", "k"); /* nobody asks any more */
}

static void a_querier_may_make_memberships_longer_but_never_shorter(void **state)
{
	TALK("> W/3 4 11 64 0000 00000000 01 01 0000", "> 1 4 16 00 0000 G1", "+ 259000", "= 4.1:1", "+ 1000", "=");
	/* robustness 7, interval 496 s */
	TALK("> W/3 4 11 64 0000 00000000 07 8f 0000", "> 1 4 16 00 0000 G1", "+ 250000", "> W/3 4 11 64 0000 00000000",
	     "+ 1400000", "= 4.1:1", "+ 400000", "=");
}

static void a_query_for_a_group_ends_it_for_who_does_not_answer(void **state)
{
	TALK("> 1 4 16 00 0000 G1", "> 2 4 16 00 0000 G1", "> 2 4 16 00 0000 G2", "> W/3 4 11 0a 0000 G1", "+ 500",
	     "> 2 4 16 00 0000 G1", "+ 1400", "= 4.1:1,2 4.2:2", "+ 200", "= 4.1:2 4.2:2");
}

static void leaves_on_the_wire_are_for_who_asks_there(void **state)
{
	TALK("+ 100", "? 4:all 6:all", "> W/9 4 16 00 0000 G1", "= 4.1:W", "> W/9 4 17 00 0000 G1", "+ 2100",
	     "? 4:W:1 4:W:1", "=");
	TALK("> W/3 4 11 64 0000 00000000", "> W/9 4 16 00 0000 G1", "> W/9 4 17 00 0000 G1", "+ 2100", "?", "= 4.1:W");
}

static void a_port_that_comes_up_is_asked_alone(void **state)
{
	const uint8_t ours[4] = { 10, 0, 0, 5 }, none[4] = { 0 };

	TALK("+ 100", "? 4:all 6:all");
	tw_mcast_ask_port(m, VLAN, 4);
	TALK("? 4:4 6:4");
	assert_memory_equal(asked_source.b, "\xfe\x80\0\0\0\0\0\0\x04\0\0\xff\xfe\0\0\x05", 16);
	TALK("> W/3 6 82 00 0000 2710 0000 00000000000000000000000000000000", "> W/3 4 11 64 0000 00000000");
	tw_mcast_ask_port(m, VLAN, 4); /* not our turn: as a switch that helps */
	TALK("? 4:4 6:4", "> 1 4 16 00 0000 G1", "> 1 4 17 00 0000 G1", "+ 100", "? 4:1:1");
	assert_memory_equal(asked_source.b + 12, none, 4);
	TALK("+ 256000");
	asked[0] = '\0';
	TALK("> 1 4 16 00 0000 G1", "> 1 4 17 00 0000 G1", "+ 100", "? 4:1:1");
	assert_memory_equal(asked_source.b + 12, ours, 4);
	tw_mcast_ask_port(m, 11, 4); /* a VLAN that is not snooped */
	TALK("?");
}

static void a_port_that_goes_takes_its_own_with_it(void **state)
{
	TALK("> 1 4 16 00 0000 G1", "> 2 4 16 00 0000 G1", "> 1 4 11 64 0000 00000000", "r 4:1 6:");
	tw_mcast_forget(m, 1);
	TALK("= 4.1:2", "r 4: 6:");
	asked[0] = '\0';
	TALK("+ 100", "? 4:all 6:all"); /* the querier it was has gone, too */
	assert_int_equal(tw_mcast_set_vlan(m, VLAN, NULL, now), 0);
	TALK("=");
	assert_null(tw_mcast_vlan(m, VLAN));
	TALK("> 1 4 16 00 0000 G1", "=");
}

static void what_comes_along_is_kept_no_longer_than_if_it_had_been_heard(void **state)
{
	struct tw_membership in = { .group = tw_mcast_ip4((const uint8_t[4]){ 239, 1, 1, 1 }),
				    .vlan = VLAN,
				    .slot = 6,
				    .until_ms = UINT64_MAX,
				    .old_until_ms = UINT64_MAX };

	tw_mcast_put(m, &in, now);
	in.group = tw_mcast_ip4((const uint8_t[4]){ 10, 1, 1, 1 });
	tw_mcast_put(m, &in, now);
	in.group = tw_mcast_ip4((const uint8_t[4]){ 224, 0, 0, 9 });
	tw_mcast_put(m, &in, now);
	in.group = tw_mcast_ip4((const uint8_t[4]){ 239, 1, 1, 2 });
	in.until_ms = now + 5000;
	tw_mcast_put(m, &in, now);
	TALK("= 4.1:6 4.2:6", "+ 5000", "= 4.1:6", "+ 255000", "=");
}

/* --- limits --- */

static void join_many(uint16_t slot, unsigned first, unsigned n)
{
	struct tw_mcast_place place = { .vlan = VLAN, .slot = slot };
	struct tw_mcast_message msg = { .kind = TW_MCAST_JOIN, .version = 2 };

	for (unsigned i = first; i < first + n; i++) {
		msg.group =
			tw_mcast_ip4((const uint8_t[4]){ 239, (uint8_t)(slot % 200), (uint8_t)(i >> 8), (uint8_t)i });
		tw_mcast_hear(m, &place, &msg, now);
	}
}

static void one_port_has_at_most_its_part(void **state)
{
	const struct tw_mcast_counters *c = &tw_mcast_vlan(m, VLAN)->counters;

	join_many(1, 0, 300);
	assert_int_equal(tw_groups_of_slot(tw_mcast_groups(m), 1), TW_GROUPS_PER_PORT);
	assert_int_equal(c->port_full, 300 - TW_GROUPS_PER_PORT);
	join_many(1, 0, TW_GROUPS_PER_PORT); /* again: refreshed, not refused */
	assert_int_equal(c->port_full, 300 - TW_GROUPS_PER_PORT);
	assert_int_equal(c->table_full, 0);
	wait_ms(260000);
	assert_int_equal(tw_groups_of_slot(tw_mcast_groups(m), 1), 0);
	join_many(1, 1000, 1);
	assert_int_equal(tw_groups_of_slot(tw_mcast_groups(m), 1), 1);
}

static void many_hostile_ports_leave_each_other_its_share(void **state)
{
	const struct tw_mcast_counters *c = &tw_mcast_vlan(m, VLAN)->counters;
	const unsigned hogs = TW_GROUPS_POOL / (TW_GROUPS_PER_PORT - TW_GROUPS_SHARE) + 1;

	for (uint16_t slot = 0; slot < hogs; slot++)
		join_many(slot, 0, TW_GROUPS_PER_PORT);
	assert_true(c->table_full > 0);
	join_many(900, 0, TW_GROUPS_SHARE);
	assert_int_equal(tw_groups_of_slot(tw_mcast_groups(m), 900), TW_GROUPS_SHARE);
	join_many(900, 100, 1);
	assert_int_equal(tw_groups_of_slot(tw_mcast_groups(m), 900), TW_GROUPS_SHARE);
	tw_mcast_forget(m, 0); /* what it gives back others may have */
	join_many(900, 100, 1);
	assert_int_equal(tw_groups_of_slot(tw_mcast_groups(m), 900), TW_GROUPS_SHARE + 1);
}

static void router_ports_are_bounded(void **state)
{
	struct tw_mcast_message msg = { .kind = TW_MCAST_QUERY, .version = 2 };

	for (uint16_t slot = 0; slot < 200; slot++) {
		struct tw_mcast_place place = { .vlan = VLAN, .slot = slot };

		msg.source = tw_mcast_ip4((const uint8_t[4]){ 10, 0, 1, (uint8_t)slot });
		tw_mcast_hear(m, &place, &msg, now);
	}
	assert_int_equal(tw_mcast_vlan(m, VLAN)->querier[0].n_routers, TW_QUERIER_ROUTERS_MAX);
}

static void nothing_changes_when_nothing_new_is_said(void **state)
{
	uint64_t version;

	TALK("+ 20000", "> 1 4 16 00 0000 G1", "> 7 4 11 64 0000 00000000");
	version = tw_mcast_version(m);
	for (int i = 0; i < 1000; i++)
		TALK("> 1 4 16 00 0000 G1", "> 7 4 11 64 0000 00000000", "> 2 4 17 00 0000 G1");
	TALK("+ 1000");
	assert_int_equal(tw_mcast_version(m), version);
	TALK("> 2 4 16 00 0000 G1");
	assert_int_not_equal(tw_mcast_version(m), version);
}

static void general_queries_of_many_vlans_come_a_few_at_a_time(void **state)
{
	any_vlan = true;
	tw_mcast_set_vlan(m, VLAN, NULL, now);
	for (uint16_t v = 0; v < 10; v++)
		assert_int_equal(tw_mcast_set_vlan(m, (uint16_t)(100 + v), &config, now), 0);
	tw_mcast_tick(m, now, 6);
	TALK("? 4:all 6:all 4:all 6:all 4:all 6:all 4:all 6:all 4:all 6:all 4:all 6:all");
	tw_mcast_tick(m, now, 6);
	TALK("? 4:all 6:all 4:all 6:all 4:all 6:all 4:all 6:all");
	tw_mcast_tick(m, now, 6);
	TALK("?");
}

#define IN_BED(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_BED(a_membership_lasts_for_two_intervals_and_a_response_time),
		IN_BED(our_queries_begin_at_a_quarter_of_the_interval),
		IN_BED(who_leaves_is_asked_twice_alone_and_gone_after_two_seconds),
		IN_BED(another_member_behind_the_port_answers_and_stays),
		IN_BED(a_leave_of_nobody_is_nothing),
		IN_BED(an_old_host_is_not_asked_to_leave),
		IN_BED(records_with_sources_are_members_and_without_are_not),
		IN_BED(local_groups_are_not_kept),
		IN_BED(the_lowest_address_asks),
		IN_BED(who_has_no_address_never_goes_first),
		IN_BED(of_switches_with_one_address_the_lower_mac_asks),
		IN_BED(a_port_that_asks_with_an_address_has_a_router_behind_it),
		IN_BED(what_is_known_is_what_was_asked_for_a_response_time),
		IN_BED(a_querier_may_make_memberships_longer_but_never_shorter),
		IN_BED(a_query_for_a_group_ends_it_for_who_does_not_answer),
		IN_BED(leaves_on_the_wire_are_for_who_asks_there),
		IN_BED(a_port_that_comes_up_is_asked_alone),
		IN_BED(a_port_that_goes_takes_its_own_with_it),
		IN_BED(what_comes_along_is_kept_no_longer_than_if_it_had_been_heard),
		IN_BED(one_port_has_at_most_its_part),
		IN_BED(many_hostile_ports_leave_each_other_its_share),
		IN_BED(router_ports_are_bounded),
		IN_BED(nothing_changes_when_nothing_new_is_said),
		IN_BED(general_queries_of_many_vlans_come_a_few_at_a_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
