/* SPDX-License-Identifier: Apache-2.0 */
/* acl_test.c - rules as people write them, what they fit, and errors that name the word. The linear way: no EAL. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "dataplane/acl.h"

static struct tw_key packet(uint8_t protocol, uint16_t sport, uint16_t dport)
{
	struct tw_key k = { .src_mac = { 2, 0, 0, 0, 0, 1 }, .dst_mac = { 2, 0, 0, 0, 0, 2 } };

	memcpy(k.src_ip4, (const uint8_t[4]){ 10, 0, 0, 1 }, 4);
	memcpy(k.dst_ip4, (const uint8_t[4]){ 192, 168, 0, 9 }, 4);
	k.flags = TW_FLOW_KEY_IPV4;
	k.protocol = protocol;
	if (protocol == 1) {
		k.flags |= TW_FLOW_KEY_ICMP;
		k.dst_port[0] = (uint8_t)dport;
		return k;
	}
	k.src_port[0] = (uint8_t)(sport >> 8);
	k.src_port[1] = (uint8_t)sport;
	k.dst_port[0] = (uint8_t)(dport >> 8);
	k.dst_port[1] = (uint8_t)dport;
	return k;
}

static void each_rule_fits_what_it_says(void **state)
{
	static const struct {
		const char *rule;
		uint8_t protocol;
		uint16_t sport, dport, vlan;
		bool fits;
	} cases[] = {
		{ "allow", 6, 1, 2, 0, true },
		{ "deny any", 17, 1, 2, 0, true },
		{ "allow tcp from 10.0.0.0/24 to any port 443", 6, 999, 443, 0, true },
		{ "allow tcp from 10.0.0.0/24 to any port 443", 6, 443, 444, 0, false },
		{ "allow tcp from 10.0.0.0/24 to any port 443", 17, 999, 443, 0, false },
		{ "allow tcp from 10.0.1.0/24 to any port 443", 6, 999, 443, 0, false },
		{ "allow udp to 192.168.0.9 port 1000-2000", 17, 1, 2000, 0, true },
		{ "allow udp to 192.168.0.9 port 1000-2000", 17, 1, 2001, 0, false },
		{ "allow udp from any port 53", 17, 53, 9, 0, true },
		{ "allow udp from port 53", 17, 54, 9, 0, false },
		{ "deny icmp", 1, 0, 8, 0, true },
		{ "deny icmp type 8", 1, 0, 8, 0, true },
		{ "deny icmp type 8 code 1", 1, 0, 8, 0, false },
		{ "deny icmp type 0", 1, 0, 8, 0, false },
		{ "deny icmp6", 58, 0, 8, 0, false },
		{ "deny ip6", 6, 1, 2, 0, false },
		{ "deny ip4", 6, 1, 2, 0, true },
		{ "deny arp", 6, 1, 2, 0, false },
		{ "deny ethertype 0x0800", 6, 1, 2, 0, true },
		{ "deny proto 47", 47, 0, 0, 0, true },
		{ "deny from 2001:db8::/32", 6, 1, 2, 0, false },
		{ "deny vlan 10", 6, 1, 2, 10, true },
		{ "deny vlan 10-20", 6, 1, 2, 21, false },
		{ "deny from mac 02:00:00:00:00:01", 6, 1, 2, 0, true },
		{ "deny from any mac 02:00:00:00:00:ff/ff:ff:ff:ff:ff:00", 6, 1, 2, 0, true },
		{ "deny to mac 02:00:00:00:00:01", 6, 1, 2, 0, false },
		{ "allow tcp flags ack", 6, 1, 2, 0, true },
	};
	struct tw_acl_rule rule;
	char error[200];

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct tw_key k = packet(cases[i].protocol, cases[i].sport, cases[i].dport);

		if (!tw_acl_rule_parse(cases[i].rule, &rule, error, sizeof(error)))
			fail_msg("%s: %s", cases[i].rule, error);
		if (tw_acl_rule_fits(&rule, &k, cases[i].vlan) != cases[i].fits)
			fail_msg("case %zu: %s", i, cases[i].rule);
	}
}

static void an_error_names_the_word(void **state)
{
	static const struct {
		const char *rule, *error;
	} cases[] = {
		{ "", "empty" },
		{ "permit tcp", "word 1, \"permit\"" },
		{ "allow tpc", "word 2, \"tpc\"" },
		{ "allow tcp from 10.0.0.1/24", "word 4, \"10.0.0.1/24\"" },
		{ "allow tcp from 10.0.0.0/24 to 2001:db8::1", "another family" },
		{ "allow icmp6 from 10.0.0.1", "another family" },
		{ "allow arp from 10.0.0.1", "another family" },
		{ "allow tcp from any port 70000", "word 6, \"70000\"" },
		{ "allow tcp to any port 20-10", "that rises" },
		{ "allow icmp to any port 7", "needs a protocol that has ports" },
		{ "allow udp flags syn", "needs the protocol tcp" },
		{ "allow tcp flags syn/ack", "no set of TCP flags" },
		{ "allow tcp flags sin", "word 4, \"sin\"" },
		{ "allow tcp type 3", "needs the protocol icmp" },
		{ "allow icmp code 3", "word 3, \"code\"" },
		{ "allow vlan 4095", "word 3, \"4095\"" },
		{ "allow tcp from", "not an address" },
		{ "allow tcp nonsense", "word 3, \"nonsense\"" },
		{ "allow from mac 02:00", "word 4, \"02:00\"" },
	};
	struct tw_acl_rule rule;
	char error[200];

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		if (tw_acl_rule_parse(cases[i].rule, &rule, error, sizeof(error)))
			fail_msg("taken: %s", cases[i].rule);
		if (!strstr(error, cases[i].error))
			fail_msg("%s: %s", cases[i].rule, error);
	}
}

static struct tw_acl *acl_of(const char *const *rules, size_t n, bool deny)
{
	struct tw_acl *acl = tw_acl_get("a", (char *const *)(uintptr_t)rules, n, deny);

	assert_non_null(acl);
	return acl;
}

static void the_first_rule_that_fits_decides_and_else_the_default(void **state)
{
	static const char *const rules[] = { "allow tcp to any port 80", "deny tcp", "allow udp" };
	struct tw_key web = packet(6, 1, 80), ssh = packet(6, 1, 22), ping = packet(1, 0, 8);
	struct tw_acl *acl = acl_of(rules, 3, true);

	assert_false(tw_acl_judge(acl, &web, 0).deny);
	assert_int_equal(tw_acl_judge(acl, &ssh, 0).rule, 1);
	assert_true(tw_acl_judge(acl, &ssh, 0).deny);
	assert_int_equal(tw_acl_judge(acl, &ping, 0).rule, 3);
	assert_true(tw_acl_judge(acl, &ping, 0).deny);
	assert_false(tw_acl_judge(acl, &ping, 0).each);
	tw_acl_put(acl);
}

static void rules_on_tcp_flags_judge_each_frame_and_count_rules_go_on(void **state)
{
	static const char *const rules[] = { "count tcp", "allow tcp flags ack", "deny tcp flags syn/syn,ack" };
	enum { SYN = 2, ACK = 16 };
	struct tw_key k = packet(6, 1, 80);
	struct tw_acl *acl = acl_of(rules, 3, false);
	uint64_t *hits = tw_acl_hits(acl, 3);

	assert_true(tw_acl_judge(acl, &k, 0).each);
	assert_false(tw_acl_judge_frame(acl, &k, 0, ACK, hits).deny);
	assert_false(tw_acl_judge_frame(acl, &k, 0, SYN | ACK, hits).deny);
	assert_true(tw_acl_judge_frame(acl, &k, 0, SYN, hits).deny);
	assert_false(tw_acl_judge_frame(acl, &k, 0, 4, hits).deny);
	assert_int_equal(tw_acl_hits_of(acl, 0), 4);
	assert_int_equal(tw_acl_hits_of(acl, 1), 2);
	assert_int_equal(tw_acl_hits_of(acl, 2), 1);
	assert_int_equal(tw_acl_hits_of(acl, 3), 1);
	tw_acl_put(acl);
}

static void an_unchanged_list_is_shared_with_its_hits(void **state)
{
	static const char *const rules[] = { "deny icmp" }, *const others[] = { "deny udp" };
	struct tw_acl *acl = acl_of(rules, 1, false), *again = acl_of(rules, 1, false),
		      *other = acl_of(others, 1, false);

	assert_ptr_equal(acl, again);
	assert_ptr_not_equal(acl, other);
	tw_acl_put(again);
	tw_acl_put(acl);
	tw_acl_put(other);
}

static void headers_that_do_not_end_are_denied_by_a_list_that_looks_behind_them(void **state)
{
	static const char *const rules[] = { "deny tcp" }, *const addresses[] = { "deny from 2001:db8::/32" };
	struct tw_key k = { .flags = TW_FLOW_KEY_IPV6, .protocol = 60 };
	struct tw_acl *acl = acl_of(rules, 1, false), *other = acl_of(addresses, 1, false);

	assert_true(tw_acl_judge(acl, &k, 0).deny);
	assert_false(tw_acl_judge(other, &k, 0).deny);
	tw_acl_put(acl);
	tw_acl_put(other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_rule_fits_what_it_says),
		cmocka_unit_test(an_error_names_the_word),
		cmocka_unit_test(the_first_rule_that_fits_decides_and_else_the_default),
		cmocka_unit_test(rules_on_tcp_flags_judge_each_frame_and_count_rules_go_on),
		cmocka_unit_test(an_unchanged_list_is_shared_with_its_hits),
		cmocka_unit_test(headers_that_do_not_end_are_denied_by_a_list_that_looks_behind_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
