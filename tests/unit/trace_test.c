/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trace_test.c - a trace says what tw_decide() does, stage by stage: on a small switch with two access VLANs, an uplink and
 * a port elsewhere. And frames as operators write them become the octets they mean.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "controlplane/twctl/frame.h"
#include "dataplane/mirror_rule.h"
#include "dataplane/parse.h"
#include "dataplane/trace.h"

enum { WEB = 1, DB, OTHER, UP, FAR = 20 };

static struct tw_snapshot s;
static struct tw_identity identities[8];
static uint16_t members[8];
static struct tw_trace t;

static void add(int who, uint16_t slot, uint16_t vlan)
{
	identities[s.n_identities++] = (struct tw_identity){
		.mac = 0x020000000000 + (uint64_t)who, .number = (uint32_t)who, .slot = slot, .vlan = vlan
	};
	if (slot == TW_SLOT_NONE)
		return;
	s.slot[slot] = (struct tw_slot){ .kind = TW_SLOT_VHOST,
					 .link = TW_LINK_UP,
					 .vlan = vlan,
					 .mtu = 1500,
					 .number = (uint32_t)who,
					 .mac = { 2, 0, 0, 0, 0, (uint8_t)who },
					 .n_queues = 1,
					 .tx_csum = true,
					 .tx_tso = true,
					 .tx_tso6 = true };
}

static const char *name(void *arg, uint16_t slot, uint32_t number, char *text, unsigned size)
{
	static const char *const slots[] = { "?", "web", "db", "other", "up0" };

	if (slot == TW_SLOT_NONE)
		snprintf(text, size, "#%u", number);
	else
		snprintf(text, size, "%s", slots[slot]);
	return text;
}

static const struct tw_trace_names names = { name, NULL };

static int setup(void **state)
{
	memset(&s, 0, sizeof(s));
	s.generation = 1;
	s.identities = identities;
	s.members = members;
	add(WEB, WEB, 10);
	add(DB, DB, 10);
	add(OTHER, OTHER, 20);
	add(FAR, TW_SLOT_NONE, 10);
	s.slot[UP] = (struct tw_slot){
		.kind = TW_SLOT_ETHDEV, .link = TW_LINK_UP, .uplink = true, .trunk = true, .mtu = 9000
	};
	s.uplink[s.n_uplinks++] = UP;
	s.team[0].slot[s.team[0].n++] = UP;
	s.n_slots = UP + 1;
	members[0] = WEB;
	members[1] = DB;
	s.flood[10].n = 2;
	t.names = &names;
	return 0;
}

static bool resolve(void *arg, const char *text, uint8_t mac[static TW_MAC_LEN])
{
	static const uint8_t db[] = { 2, 0, 0, 0, 0, DB };

	memcpy(mac, db, sizeof(db));
	return strcmp(text, "db/eth0") == 0;
}

static uint32_t octets(const char *text, uint8_t out[static TW_FRAME_MAX])
{
	struct tw_frame f;
	struct tw_error err = { 0 };

	if (!tw_frame_parse("frame", text, resolve, NULL, &f, &err))
		fail_msg("%s: %s", text, err.text);
	return tw_frame_build(&f, out);
}

static void run(uint16_t in, const char *text)
{
	uint8_t frame[TW_FRAME_MAX];
	uint32_t len = octets(text, frame);

	tw_trace_frame(&s, in, frame, len, &t);
}

#define HAS(stage, what) assert_non_null(strstr(t.text[TW_STAGE_##stage], what))
#define NOT_MET(stage)   assert_string_equal(t.text[TW_STAGE_##stage], "")

static void a_frame_to_a_port_here_goes_through_every_stage(void **state)
{
	run(WEB, "src 02:00:00:00:00:01 dst db/eth0 ip 10.0.0.1 10.0.0.2 tcp 1234 80 syn");
	assert_int_equal(t.verdict.action, TW_ACT_FORWARD);
	assert_int_equal(t.end, TW_STAGE_transmit);
	HAS(receive, "60 octets from the port web");
	HAS(parse, "IPv4 10.0.0.1 to 10.0.0.2, protocol 6; port 1234 to 80");
	HAS(vlan, "an access port, VLAN 10");
	HAS(source, "own MAC");
	HAS(forward, "the destination is db, on this host");
	HAS(count, "counted in a flow record");
	HAS(mirror, "no mirror");
	HAS(edit, "as it is");
	HAS(transmit, "to db");
	assert_int_equal(t.n_outs, 1);
	assert_int_equal(t.wire_len, 0);
}

static void each_mirror_says_whether_it_copies(void **state)
{
	static struct tw_vlan_set vlans;
	static struct tw_mirror_rule rules[] = {
		{ .name = "in", .sample = 100, .first = UINT32_MAX },
		{ .name = "out", .sample = 1, .first = 5 },
		{ .name = "twenty", .sample = 1, .first = UINT32_MAX, .vlans = &vlans },
		{ .name = "drops", .sample = 1, .first = UINT32_MAX },
	};

	tw_vlan_set_add(&vlans, 20);
	s.mirrors = rules;
	s.slot[WEB].mirror_in = 1 | 4;
	s.slot[WEB].mirror_drops = 8;
	s.slot[DB].mirror_out = 1 | 2;
	run(WEB, "src 02:00:00:00:00:01 dst db/eth0 ip 10.0.0.1 10.0.0.2 tcp 1234 80 syn");
	assert_string_equal(
		t.text[TW_STAGE_mirror],
		"in copies what comes from web; of such frames one in 100; "
		"twenty does not: VLAN 10 is none of its own; out copies what goes to db; of each flow the first 5");
	run(WEB, "src 02:00:00:00:00:01 dst broadcast type 0x806");
	HAS(mirror, "out copies what goes there");
	run(WEB, "src 02:00:00:00:00:63 dst db/eth0 udp");
	HAS(mirror, "in copies what comes from web");
	HAS(mirror, "drops copies what is dropped at web");
	run(OTHER, "src 02:00:00:00:00:03 dst db/eth0 udp");
	HAS(mirror, "no mirror wants it");
}

static void a_drop_ends_in_its_stage_with_its_sentence(void **state)
{
	run(WEB, "src 02:00:00:00:00:63 dst db/eth0 udp");
	assert_int_equal(t.verdict.drop, TW_DROP_FORGED_SOURCE);
	assert_int_equal(t.end, TW_STAGE_source);
	HAS(source, tw_drop_text(TW_DROP_FORGED_SOURCE));
	NOT_MET(forward);
	NOT_MET(transmit);
	run(WEB, "src 02:00:00:00:00:01 dst 02:00:00:00:00:03");
	assert_int_equal(t.end, TW_STAGE_forward);
	HAS(forward, tw_drop_text(TW_DROP_NOT_IN_VLAN));
	run(WEB, "src 02:00:00:00:00:01 dst db/eth0 vlan 20");
	assert_int_equal(t.end, TW_STAGE_vlan);
	NOT_MET(source);
	run(WEB, "0200");
	assert_int_equal(t.verdict.drop, TW_DROP_SHORT_FRAME);
	assert_int_equal(t.end, TW_STAGE_parse);
	run(WEB, "src 02:00:00:00:00:01 dst db/eth0 ip fd00::1 fd00::2 len 2000");
	assert_int_equal(t.verdict.drop, TW_DROP_OVER_MTU);
	assert_int_equal(t.end, TW_STAGE_transmit);
	HAS(transmit, "MTU of 1500");
}

static void what_leaves_by_the_uplink_is_given_as_it_is_on_the_wire(void **state)
{
	run(WEB, "src 02:00:00:00:00:01 dst 02:00:00:00:00:14 ip 10.0.0.1 10.0.0.3");
	HAS(forward, "#20, on another host");
	HAS(edit, "a tag is put on");
	assert_int_equal(t.verdict.egress, FAR);
	assert_int_equal(t.wire_len, 64);
	assert_memory_equal(t.wire + 12, "\x81\x00\x00\x0a\x08\x00", 6);
}

static void a_group_frame_is_told_with_all_its_copies(void **state)
{
	run(WEB, "src 02:00:00:00:00:01 dst broadcast type 0x0806");
	assert_int_equal(t.verdict.action, TW_ACT_FLOOD);
	HAS(flood, "db (as it is); up0 (a tag is put on)");
	assert_int_equal(t.n_outs, 2);
	assert_int_equal(t.wire_len, 64);
}

/* Every frame of a few thousand: the trace's verdict is the worker's. */
static void a_trace_says_what_the_switch_does(void **state)
{
	for (unsigned i = 0; i < 4096; i++) {
		uint8_t frame[64] = { 2, 0, 0, 0, 0, (uint8_t)(i & 0x1f), 2, 0, 0, 0, 0, (uint8_t)(i >> 5 & 3) };
		uint16_t in = (uint16_t)(WEB + (i >> 7 & 3));
		struct tw_verdict v;
		struct tw_key key;
		struct tw_meta meta;

		frame[12] = i & 512 ? 0x81 : 0x08;
		frame[15] = i & 1024 ? 10 : 20;
		frame[0] |= i >> 11 & 1;
		assert_true(tw_parse(frame, sizeof(frame), sizeof(frame), in, &key, &meta));
		v = tw_decide(&s, &key);
		tw_trace_frame(&s, in, frame, sizeof(frame), &t);
		assert_memory_equal(&v, &t.verdict, sizeof(v));
	}
}

static void every_reason_has_a_stage(void **state)
{
	for (unsigned i = 0; i < TW_DROPS; i++)
		if (i != TW_DROP_CONSUMED)
			assert_true(tw_stage_of_drop((enum tw_drop)i) < TW_STAGES_MAX);
	assert_int_equal(tw_stage_of_drop(TW_DROP_HOLD_FULL), TW_STAGE_hold);
	assert_int_equal(tw_stage_of_drop(TW_DROP_NOT_IN_VLAN), TW_STAGE_forward);
}

static void a_frame_that_cannot_be_is_refused_with_a_sentence(void **state)
{
	static const char *const wrong[] = { "",           "dst",         "dst nobody/eth0",
					     "vlan 4095",  "ip 10.0.0.1", "ip 10.0.0.1 fd00::1",
					     "udp syn",    "tcp 1",       "tcp 70000 1",
					     "colour red", "012",         "type 0x0800 ip 1.1.1.1 1.1.1.2",
					     "len 9235" };
	struct tw_frame f;

	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		struct tw_error err = { 0 };

		assert_false(tw_frame_parse("trace.frame", wrong[i], resolve, NULL, &f, &err));
		assert_string_equal(err.field, "trace.frame");
		assert_true(err.text[0]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_frame_to_a_port_here_goes_through_every_stage, setup),
		cmocka_unit_test_setup(a_drop_ends_in_its_stage_with_its_sentence, setup),
		cmocka_unit_test_setup(what_leaves_by_the_uplink_is_given_as_it_is_on_the_wire, setup),
		cmocka_unit_test_setup(a_group_frame_is_told_with_all_its_copies, setup),
		cmocka_unit_test_setup(a_trace_says_what_the_switch_does, setup),
		cmocka_unit_test_setup(every_reason_has_a_stage, setup),
		cmocka_unit_test_setup(each_mirror_says_whether_it_copies, setup),
		cmocka_unit_test_setup(a_frame_that_cannot_be_is_refused_with_a_sentence, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
