/* SPDX-License-Identifier: Apache-2.0 */
/* why_test.c - recorded headers as lines and sentences, and which of them a flow's words mean. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "dataplane/decide.h"
#include "dataplane/why.h"
#include "tests/support/frame.h"

static struct tw_recorded recorded(const struct test_frame *f)
{
	static uint8_t octets[TF_MAX];
	struct tw_recorded r = { .times = 1, .len = (uint32_t)test_frame_write(f, octets) };

	r.kept = (uint8_t)(r.len < TW_RECORD_HEAD ? r.len : TW_RECORD_HEAD);
	memcpy(r.head, octets, r.kept);
	return r;
}

static void line(const struct tw_recorded *r, const char *want)
{
	char text[TW_WHY_TEXT];

	assert_string_equal(tw_why_frame(r, text), want);
}

static void a_frame_is_told_in_a_line(void **state)
{
	struct tw_recorded r = recorded(&(struct test_frame){
		.from = 1, .to = 2, .protocol = 6, .sport = 1234, .dport = 80, .tcp_flags = 0x12 });

	line(&r, "02:00:00:00:00:01 > 02:00:00:00:00:02, 10.0.0.1.1234 > 10.0.0.2.80 tcp syn ack, 54 octets");
	r = recorded(&(struct test_frame){ .from = 1,
					   .to = 2,
					   .tagged = true,
					   .tci = 20,
					   .protocol = 17,
					   .ip6 = true,
					   .sport = 5,
					   .dport = 53,
					   .payload = 1000 });
	line(&r, "02:00:00:00:00:01 > 02:00:00:00:00:02, VLAN 20, 2001:db8::1.5 > 2001:db8::2.53 udp, 1066 octets");
	r = recorded(&(struct test_frame){ .from = 1, .to = TF_EVERYBODY, .payload = 46 });
	line(&r, "02:00:00:00:00:01 > ff:ff:ff:ff:ff:ff, type 0x88b5, 60 octets");
	r.kept = 9;
	line(&r, "no whole Ethernet header, 60 octets");
}

static void an_arp_says_who_asks_for_whom(void **state)
{
	static const uint8_t arp[] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0,  1, 8, 6,
				       0,    1,    8,    0,    6,    4,    0, 1, 2, 0, 0,  0, 0, 1,
				       10,   0,    0,    1,    0,    0,    0, 0, 0, 0, 10, 0, 0, 2 };
	struct tw_recorded r = { .len = 60, .kept = sizeof(arp) };

	memcpy(r.head, arp, sizeof(arp));
	line(&r, "02:00:00:00:00:01 > ff:ff:ff:ff:ff:ff, ARP: 10.0.0.1 asks who has 10.0.0.2, 60 octets");
	r.head[21] = 2;
	line(&r, "02:00:00:00:00:01 > ff:ff:ff:ff:ff:ff, ARP: 10.0.0.1 answers 10.0.0.2, 60 octets");
	r.kept--;
	line(&r, "02:00:00:00:00:01 > ff:ff:ff:ff:ff:ff, ARP, 60 octets");
}

static void sentence(struct tw_recorded r, const char *other, const char *want)
{
	char text[TW_WHY_TEXT];

	assert_string_equal(tw_why_sentence(&r, other, text), want);
}

static void what_happened_is_told_in_a_sentence(void **state)
{
	sentence((struct tw_recorded){ .action = TW_ACT_DROP, .detail = TW_DROP_LINK_DOWN }, "db/eth0",
		 "dropped at db/eth0 (link_down): no guest is connected to the destination port");
	sentence((struct tw_recorded){ .action = TW_ACT_DROP, .detail = TW_DROP_LINK_DOWN, .to = true }, "web/eth0",
		 "dropped, from web/eth0 (link_down): no guest is connected to the destination port");
	sentence((struct tw_recorded){ .action = TW_ACT_DROP, .detail = TW_DROP_HAIRPIN }, "",
		 "dropped (hairpin): the destination is the port the frame came from");
	sentence((struct tw_recorded){ .action = TW_ACT_FORWARD, .detail = TW_EDIT_PUSH, .vlan = 10 }, "up0",
		 "went to up0 in VLAN 10, a tag is put on");
	sentence((struct tw_recorded){ .action = TW_ACT_FORWARD, .vlan = 10, .to = true }, "web/eth0",
		 "came from web/eth0 in VLAN 10, as it is");
	sentence((struct tw_recorded){ .action = TW_ACT_FLOOD, .vlan = 10 }, "",
		 "a copy went to each member of VLAN 10");
	sentence((struct tw_recorded){ .action = TW_ACT_HOLD }, "db/eth0",
		 "waits for db/eth0, which is between two hosts");
}

/* Of what `web` (1) sends to `db` (2), TCP 1234 to 80, in a tag of VLAN 10. */
static bool fits(const Tw__FrameFilter *f, bool back)
{
	struct test_frame frame = { .from = back ? 2 : 1,
				    .to = back ? 1 : 2,
				    .tagged = true,
				    .tci = 10,
				    .protocol = 6,
				    .sport = back ? 80 : 1234,
				    .dport = back ? 1234 : 80 };
	struct tw_recorded r = recorded(&frame);

	return tw_why_fits(&r, f);
}

static void a_flow_is_found_in_both_directions_and_no_other(void **state)
{
	uint8_t web[] = { 2, 0, 0, 0, 0, 1 }, db[] = { 2, 0, 0, 0, 0, 2 }, web_ip[] = { 10, 0, 0, 1 };
	Tw__FrameFilter f;

	tw__frame_filter__init(&f);
	assert_true(fits(NULL, false) && fits(&f, false) && fits(&f, true));
	f.src_mac = (ProtobufCBinaryData){ 6, web };
	f.dst_mac = (ProtobufCBinaryData){ 6, db };
	f.src_ip = (ProtobufCBinaryData){ 4, web_ip };
	f.protocol = 6;
	f.dst_port = 80;
	f.vlan = 10;
	f.ethertype = 0x0800;
	assert_true(fits(&f, false) && fits(&f, true));
	f.dst_port = 0;
	f.src_port = 80;
	assert_false(fits(&f, false) || fits(&f, true));
	f.src_port = 1234;
	assert_true(fits(&f, false));
	f.vlan = 11;
	assert_false(fits(&f, false));
	f.vlan = 10;
	f.protocol = 17;
	assert_false(fits(&f, false));
	f.protocol = 6;
	f.dst_mac = f.src_mac;
	assert_false(fits(&f, false));
	f.dst_mac = (ProtobufCBinaryData){ 6, db };
	f.ethertype = 0x86dd;
	assert_false(fits(&f, false));
	f.ethertype = 0;
	f.src_ip = (ProtobufCBinaryData){ 16, (uint8_t[16]){ 0 } };
	assert_false(fits(&f, false));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_frame_is_told_in_a_line),
		cmocka_unit_test(an_arp_says_who_asks_for_whom),
		cmocka_unit_test(what_happened_is_told_in_a_sentence),
		cmocka_unit_test(a_flow_is_found_in_both_directions_and_no_other),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
