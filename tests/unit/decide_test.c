/* SPDX-License-Identifier: Apache-2.0 */
/*
 * decide_test.c - verdicts on a small switch: two VLANs, a trunk, an uplink, ports elsewhere, a port that migrates.
 *
 * Each case is one line of the table: where the frame comes from, its tag and MACs, and what must happen.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dataplane/decide.h"
#include "dataplane/pipeline.h"

/* Slots, and the last octet of their MACs. */
enum {
	WEB = 1,
	DB,
	ROUTER,
	OTHER,
	DOWN,
	OFF,
	HELD,
	GONE,
	UP,
	FAR = 20,
	FAR_OTHER = 21,
	STRANGER = 99,
	GROUP = 255,
	SELF = 254
};

static struct tw_snapshot s;
static struct tw_vlan_set trunk_vlans;
static struct tw_identity identities[16];
static uint16_t members[64];

static void mac_of(int who, uint8_t mac[6])
{
	memcpy(mac, who == GROUP ? "\xff\xff\xff\xff\xff\xff" : "\x02\0\0\0\0\0", 6);
	if (who != GROUP)
		mac[5] = (uint8_t)who;
}

static void add_identity(int who, uint16_t slot, uint16_t vlan, bool trunk)
{
	struct tw_identity *id = &identities[s.n_identities++];
	uint8_t mac[6];

	mac_of(who, mac);
	*id = (struct tw_identity){ tw_mac_word(mac), (uint32_t)who, slot, vlan, trunk, &trunk_vlans };
}

static void add_port(int slot, uint16_t vlan, bool trunk, enum tw_link link)
{
	struct tw_slot *p = &s.slot[slot];

	*p = (struct tw_slot){ .kind = TW_SLOT_VHOST,
			       .link = (uint8_t)link,
			       .trunk = trunk,
			       .vlan = vlan,
			       .mtu = 1500,
			       .number = (uint32_t)slot,
			       .device = slot,
			       .n_queues = 1,
			       .hears = 1,
			       .allowed = &trunk_vlans };
	mac_of(slot, p->mac);
	add_identity(slot, (uint16_t)slot, vlan, trunk);
}

static int setup(void **state)
{
	uint32_t n = 0;

	memset(&s, 0, sizeof(s));
	memset(&trunk_vlans, 0, sizeof(trunk_vlans));
	tw_vlan_set_add(&trunk_vlans, 10);
	tw_vlan_set_add(&trunk_vlans, 20);
	s.generation = 1;
	s.identities = identities;
	s.members = members;
	add_port(WEB, 10, false, TW_LINK_UP);
	add_port(DB, 10, false, TW_LINK_UP);
	add_port(ROUTER, 0, true, TW_LINK_UP);
	add_port(OTHER, 20, false, TW_LINK_UP);
	add_port(DOWN, 10, false, TW_LINK_ABSENT);
	add_port(OFF, 10, false, TW_LINK_UP);
	s.slot[OFF].disabled = true;
	add_port(HELD, 10, false, TW_LINK_HOLD);
	add_port(GONE, 10, false, TW_LINK_MOVED);
	s.slot[UP] = (struct tw_slot){
		.kind = TW_SLOT_ETHDEV, .link = TW_LINK_UP, .uplink = true, .trunk = true, .mtu = 9000
	};
	s.slot[UP].uplink_bit = 1;
	s.uplink[s.n_uplinks++] = UP;
	s.team[0].slot[s.team[0].n++] = UP;
	add_identity(FAR, TW_SLOT_NONE, 10, false);
	add_identity(FAR_OTHER, TW_SLOT_NONE, 20, false);
	s.flood[10].first = 0;
	for (int slot = WEB; slot <= GONE; slot++)
		if (slot != OTHER)
			members[n++] = (uint16_t)slot;
	s.flood[10].n = n;
	s.flood[20].first = n;
	members[n++] = ROUTER;
	members[n++] = OTHER;
	s.flood[20].n = 2;
	return 0;
}

static struct tw_key frame(int in, int tci, int src, int dst)
{
	struct tw_key k;

	memset(&k, 0, sizeof(k));
	k.in = (uint16_t)in;
	mac_of(src, k.src_mac);
	mac_of(dst, k.dst_mac);
	if (tci >= 0) {
		k.tci = (uint16_t)tci;
		k.flags = TW_FLOW_KEY_TAGGED;
	}
	return k;
}

static void each_frame_goes_where_it_should(void **state)
{
	enum { NO_TAG = -1 };
	static const struct {
		const char *claim;
		int in, tci, src, dst;
		enum tw_action action;
		int out; /* slot, or the drop reason */
		enum tw_edit edit;
		int vlan;
	} cases[] = {
		{ "access to access, nothing to edit", WEB, NO_TAG, WEB, DB, TW_ACT_FORWARD, DB, TW_EDIT_NONE, 10 },
		{ "to a port elsewhere: tagged, by the uplink", WEB, NO_TAG, WEB, FAR, TW_ACT_FORWARD, UP, TW_EDIT_PUSH,
		  10 },
		{ "to nobody we know: by the uplink", WEB, NO_TAG, WEB, STRANGER, TW_ACT_FORWARD, UP, TW_EDIT_PUSH,
		  10 },
		{ "from the wire to an access port: tag off", UP, 10, FAR, WEB, TW_ACT_FORWARD, WEB, TW_EDIT_POP, 10 },
		{ "from the wire to a trunk: tag stays", UP, 20, STRANGER, ROUTER, TW_ACT_FORWARD, ROUTER, TW_EDIT_NONE,
		  20 },
		{ "from access to a trunk: tag on", WEB, NO_TAG, WEB, ROUTER, TW_ACT_FORWARD, ROUTER, TW_EDIT_PUSH,
		  10 },
		{ "from a trunk to access: tag off", ROUTER, 10, ROUTER, WEB, TW_ACT_FORWARD, WEB, TW_EDIT_POP, 10 },
		{ "priority-tagged is untagged", WEB, 0xa000, WEB, DB, TW_ACT_FORWARD, DB, TW_EDIT_POP, 10 },
		{ "priority-tagged to the wire gets its VLAN", WEB, 0xa000, WEB, FAR, TW_ACT_FORWARD, UP, TW_EDIT_SET,
		  10 },
		{ "even its own VLAN's tag is nothing an access port may send", WEB, 10, WEB, DB, TW_ACT_DROP,
		  TW_DROP_TAGGED_ON_ACCESS, 0, 10 },
		{ "a group frame goes to the VLAN", WEB, NO_TAG, WEB, GROUP, TW_ACT_FLOOD, TW_SLOT_NONE, TW_EDIT_NONE,
		  10 },
		{ "for a port between two hosts: wait", WEB, NO_TAG, WEB, HELD, TW_ACT_HOLD, HELD, TW_EDIT_NONE, 10 },
		{ "for a port that moved: by the uplink", WEB, NO_TAG, WEB, GONE, TW_ACT_FORWARD, UP, TW_EDIT_PUSH,
		  10 },
		{ "late from the wire for a port that moved: back to the wire", UP, 10, FAR, GONE, TW_ACT_FORWARD, UP,
		  TW_EDIT_NONE, 10 },
		{ "no way into another VLAN on this host", WEB, NO_TAG, WEB, OTHER, TW_ACT_DROP, TW_DROP_NOT_IN_VLAN, 0,
		  10 },
		{ "nor elsewhere", WEB, NO_TAG, WEB, FAR_OTHER, TW_ACT_DROP, TW_DROP_NOT_IN_VLAN, 0, 10 },
		{ "nor from the wire", UP, 20, FAR_OTHER, WEB, TW_ACT_DROP, TW_DROP_NOT_IN_VLAN, 0, 20 },
		{ "nor by a tag", WEB, 20, WEB, OTHER, TW_ACT_DROP, TW_DROP_TAGGED_ON_ACCESS, 0, 20 },
		{ "nor beyond a trunk's list", ROUTER, 30, ROUTER, FAR, TW_ACT_DROP, TW_DROP_VLAN_NOT_ALLOWED, 0, 30 },
		{ "untagged on a trunk without native VLAN", ROUTER, NO_TAG, ROUTER, WEB, TW_ACT_DROP,
		  TW_DROP_UNTAGGED_ON_TRUNK, 0, 0 },
		{ "the untagged network is not a trunk's without native VLAN", UP, NO_TAG, STRANGER, ROUTER,
		  TW_ACT_DROP, TW_DROP_NOT_IN_VLAN, 0, 0 },
		{ "the wire's unknown is not flooded", UP, 10, FAR, STRANGER, TW_ACT_DROP, TW_DROP_UNKNOWN_UNICAST, 0,
		  10 },
		{ "uplink to uplink never", UP, 10, STRANGER, FAR, TW_ACT_DROP, TW_DROP_UNKNOWN_UNICAST, 0, 10 },
		{ "a forged source", WEB, NO_TAG, DB, FAR, TW_ACT_DROP, TW_DROP_FORGED_SOURCE, 0, 10 },
		{ "a group source", WEB, NO_TAG, GROUP, DB, TW_ACT_DROP, TW_DROP_BAD_SOURCE, 0, 10 },
		{ "to itself", WEB, NO_TAG, WEB, WEB, TW_ACT_DROP, TW_DROP_HAIRPIN, 0, 10 },
		{ "to a port without guest", WEB, NO_TAG, WEB, DOWN, TW_ACT_DROP, TW_DROP_LINK_DOWN, 0, 10 },
		{ "to a disabled port", WEB, NO_TAG, WEB, OFF, TW_ACT_DROP, TW_DROP_OUT_DISABLED, 0, 10 },
		{ "from a disabled port", OFF, NO_TAG, OFF, WEB, TW_ACT_DROP, TW_DROP_PORT_DISABLED, 0, 10 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct tw_key k = frame(cases[i].in, cases[i].tci, cases[i].src, cases[i].dst);
		struct tw_verdict v = tw_decide(&s, &k);

		if (v.action != cases[i].action || (v.action != TW_ACT_DROP && v.edit != cases[i].edit) ||
		    v.vlan != cases[i].vlan || (v.action == TW_ACT_DROP ? v.drop : v.out) != cases[i].out)
			fail_msg("%s: action %d drop %s out %d edit %d vlan %d", cases[i].claim, v.action,
				 tw_drop_name(v.drop), v.out, v.edit, v.vlan);
	}
}

static void a_frame_is_counted_where_it_entered_the_switch(void **state)
{
	struct tw_key local = frame(WEB, -1, WEB, FAR), seen_elsewhere = frame(UP, 10, FAR, WEB),
		      outside = frame(UP, 10, STRANGER, WEB), refused = frame(WEB, -1, DB, FAR);

	assert_true(tw_decide(&s, &local).flags & TW_V_METER);
	assert_int_equal(tw_decide(&s, &local).egress, FAR);
	assert_false(tw_decide(&s, &seen_elsewhere).flags & TW_V_METER);
	assert_true(tw_decide(&s, &outside).flags & TW_V_METER);
	assert_true(tw_decide(&s, &refused).flags & TW_V_METER);
}

static void a_port_of_ours_heard_on_the_wire_is_told(void **state)
{
	struct tw_key rarp = frame(UP, 10, HELD, GROUP), other = frame(UP, 10, FAR, GROUP);

	struct tw_key back = frame(UP, 10, WEB, DB), gone = frame(UP, 10, GONE, WEB);

	assert_true(tw_decide(&s, &rarp).flags & TW_V_HEARD);
	assert_true(tw_decide(&s, &back).flags & TW_V_HEARD);
	assert_false(tw_decide(&s, &gone).flags & TW_V_HEARD);
	assert_false(tw_decide(&s, &other).flags & TW_V_HEARD);
}

static void without_an_uplink_the_drop_says_so(void **state)
{
	struct tw_key k = frame(WEB, -1, WEB, STRANGER), group = frame(OTHER, -1, OTHER, GROUP);

	s.n_uplinks = s.team[0].n = 0;
	assert_int_equal(tw_decide(&s, &k).drop, TW_DROP_NO_UPLINK);
	s.flood[20].n = 1;
	members[s.flood[20].first] = OTHER;
	assert_int_equal(tw_decide(&s, &group).drop, TW_DROP_NO_MEMBER);
}

/* pipeline.h says what decide.c may drop; every reason met by random keys must be on its list. */
static void only_the_drops_that_the_pipeline_lists_happen(void **state)
{
	static const char listed[] =
#define DROPS_OF_DECIDE(stage, file, when, what, drops) drops " "
		TW_STAGES(DROPS_OF_DECIDE);
#undef DROPS_OF_DECIDE
	static const int macs[] = { WEB, DB, ROUTER, OTHER, DOWN, OFF, HELD, GONE, FAR, FAR_OTHER, STRANGER, GROUP };
	static const int tags[] = { -1, 0, 0xe000, 10, 20, 30, 4095 };

	srand(1);
	for (int i = 0; i < 100000; i++) {
		struct tw_key k =
			frame(WEB + rand() % (UP - WEB + 1), tags[rand() % 7], macs[rand() % 12], macs[rand() % 12]);
		struct tw_verdict v = tw_decide(&s, &k);

		if (v.action == TW_ACT_DROP)
			assert_non_null(strstr(listed, tw_drop_name(v.drop)));
		if (v.action == TW_ACT_FORWARD && s.slot[v.out].uplink && s.slot[k.in].uplink)
			assert_int_equal(v.egress, GONE);
		if (v.action == TW_ACT_FORWARD)
			assert_true(tw_slot_carries(&s.slot[v.out], v.vlan));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(each_frame_goes_where_it_should, setup),
		cmocka_unit_test_setup(a_frame_is_counted_where_it_entered_the_switch, setup),
		cmocka_unit_test_setup(a_port_of_ours_heard_on_the_wire_is_told, setup),
		cmocka_unit_test_setup(without_an_uplink_the_drop_says_so, setup),
		cmocka_unit_test_setup(only_the_drops_that_the_pipeline_lists_happen, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
