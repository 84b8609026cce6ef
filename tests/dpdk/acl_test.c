/* SPDX-License-Identifier: Apache-2.0 */
/* acl_test.c - rte_acl finds what going through the rules one by one finds; lists at work in a switch. See ringswitch.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dataplane/acl.h"
#include "tests/support/ringswitch.h"

enum { N = 300, ROUNDS = 3000 };

static void random_rule(char *text, size_t size)
{
	static const char *const actions[] = { "allow", "deny", "allow", "deny", "count" };
	static const char *const protocols[] = {
		"tcp", "udp", "any", "icmp", "icmp6", "ip4", "ip6", "proto 47", "arp"
	};
	const char *protocol = protocols[rand() % 9];
	bool ports = protocol[0] == 't' || protocol[0] == 'u';
	int used = snprintf(text, size, "%s %s", actions[rand() % 5], protocol);

	if (ports && rand() % 2)
		used += snprintf(text + used, size - (size_t)used, " from 10.0.%d.0/%d", rand() % 4 & ~1, 23);
	if (ports && rand() % 2)
		used += snprintf(text + used, size - (size_t)used, " to any port %d-%d", 10 + rand() % 20,
				 30 + rand() % 9);
	else if (rand() % 3 == 0)
		used += snprintf(text + used, size - (size_t)used, " to mac 02:00:00:00:00:%02x", rand() % 4);
	if (protocol[0] == 't' && rand() % 4 == 0)
		used += snprintf(text + used, size - (size_t)used, " flags syn/syn,ack");
	if (protocol[0] == 'i' && protocol[1] == 'c' && rand() % 2)
		used += snprintf(text + used, size - (size_t)used, " type %d", rand() % 3);
	if (rand() % 2)
		snprintf(text + used, size - (size_t)used, " vlan %d-%d", rand() % 8, 8 + rand() % 4);
}

static struct tw_key random_key(void)
{
	static const uint8_t protocols[] = { 6, 17, 1, 58, 47, 132 };
	struct tw_key k = { .src_mac = { 2, 0, 0, 0, 0, (uint8_t)(rand() % 4) },
			    .dst_mac = { 2, 0, 0, 0, 0, (uint8_t)(rand() % 4) } };

	if (rand() % 8 == 0) {
		memcpy(k.ethertype, "\x08\x06", 2);
		return k;
	}
	k.protocol = protocols[rand() % 6];
	k.flags = rand() % 3 ? TW_FLOW_KEY_IPV4 : TW_FLOW_KEY_IPV6;
	if (k.flags & TW_FLOW_KEY_IPV4)
		memcpy(k.src_ip4, (const uint8_t[4]){ 10, 0, (uint8_t)(rand() % 4), (uint8_t)rand() }, 4);
	else
		memcpy(k.src_ip6, (const uint8_t[2]){ 0x20, 1 }, 2);
	if (rand() % 10 == 0) {
		k.flags |= TW_FLOW_KEY_FRAGMENT;
	} else if (k.protocol == 1 || k.protocol == 58) {
		if ((k.protocol == 1) == !(k.flags & TW_FLOW_KEY_IPV6))
			k.flags |= TW_FLOW_KEY_ICMP;
		k.dst_port[0] = (uint8_t)(rand() % 3);
	} else if (k.protocol != 47) {
		k.src_port[1] = (uint8_t)(rand() % 50);
		k.dst_port[1] = (uint8_t)(rand() % 50);
	}
	return k;
}

static void compare(const struct tw_acl *fast, const struct tw_acl *slow)
{
	for (int i = 0; i < ROUNDS; i++) {
		struct tw_key k = random_key();
		uint16_t vlan = (uint16_t)(rand() % 14);
		uint8_t flags = (uint8_t)(rand() % 32);
		struct tw_acl_verdict a = tw_acl_judge(fast, &k, vlan), b = tw_acl_linear(slow, &k, vlan);

		if (a.rule != b.rule || a.deny != b.deny || a.each != b.each)
			fail_msg("rule %u, one by one %u", a.rule, b.rule);
		a = tw_acl_judge_frame(fast, &k, vlan, flags, NULL);
		b = tw_acl_judge_frame(slow, &k, vlan, flags, NULL);
		if (a.rule != b.rule || a.deny != b.deny)
			fail_msg("frame: rule %u, one by one %u", a.rule, b.rule);
	}
}

/* Short lists too: in a long one the general rules leave nothing to those behind them. */
static void rte_acl_and_one_by_one_agree_on_random_rules(void **state)
{
	static char text[N][128];
	char *rules[N];

	srand(3);
	for (size_t n = 1; n <= N; n += n / 2 + 1) {
		struct tw_acl *fast, *slow;

		for (size_t i = 0; i < n; i++) {
			random_rule(text[i], sizeof(text[i]));
			rules[i] = text[i];
		}
		fast = tw_acl_get("fast", rules, n, n & 1);
		slow = tw_acl_get("slow", rules, n, n & 1);
		assert_non_null(fast);
		assert_non_null(slow);
		tw_acl_compile(fast);
		assert_non_null(fast->by_key);
		compare(fast, slow);
		tw_acl_put(fast);
		tw_acl_put(slow);
	}
}

static void a_list_of_a_thousand_rules_gets_its_tables(void **state)
{
	static char text[TW_ACL_RULES_MAX][128];
	char *rules[TW_ACL_RULES_MAX];
	struct tw_acl *acl;

	for (size_t i = 0; i < TW_ACL_RULES_MAX; i++) {
		snprintf(text[i], sizeof(text[i]), "%s tcp from 10.%zu.%zu.0/24 to any port %zu",
			 i % 2 ? "allow" : "deny", i / 200, i % 200, 1 + i);
		rules[i] = text[i];
	}
	acl = tw_acl_get("large", rules, TW_ACL_RULES_MAX, false);
	assert_non_null(acl);
	tw_acl_compile(acl);
	assert_non_null(acl->by_key);
	tw_acl_put(acl);
}

static void what_a_list_denies_is_dropped_and_counted_by_port_and_rule(void **state)
{
	const struct test_frame ssh = { .from = 1, .to = 2, .protocol = 6, .sport = 9, .dport = 22, .payload = 22 };
	const struct test_frame web = { .from = 1, .to = 2, .protocol = 6, .sport = 9, .dport = 80, .payload = 22 };
	const struct test_frame all = { .from = 1, .to = TF_EVERYBODY, .protocol = 17, .dport = 7, .payload = 22 };

	rs.acl_rules[0] = "deny tcp to any port 22";
	rs.acl_rules[1] = "deny udp to any port 7";
	rs.port[1].acl_in = rs.port[2].acl_out = true;
	rs_publish();
	rs_send(1, &ssh);
	rs_send(1, &ssh);
	rs_send(1, &web);
	rs_send(1, &web);
	rs_run();
	rs_expect(2, &web);
	rs_expect(2, &web);
	rs_expect_silence();
	rs_expect_drops("1.acl_ingress=2");
	rs.port[1].acl_in = false;
	rs.port[4].here = false;
	rs_publish();
	rs_send(1, &ssh);
	rs_send(1, &all);
	rs_run();
	rs_expect(5, &all);
	rte_pktmbuf_free(rs_take(RS_UP));
	rs_expect_silence();
	rs_expect_drops("1.acl_ingress=2 2.acl_egress=2");
}

static void rules_on_tcp_flags_judge_each_frame_of_a_flow(void **state)
{
	struct test_frame f = {
		.from = 1, .to = 2, .protocol = 6, .sport = 9, .dport = 22, .payload = 22, .tcp_flags = 16
	};
	struct test_frame syn = f;

	syn.tcp_flags = 2;
	rs.acl_rules[0] = "deny tcp flags syn/syn,ack";
	rs.port[1].acl_in = true;
	rs_publish();
	rs_send(1, &f);
	rs_send(1, &syn);
	rs_send(1, &f);
	rs_run();
	rs_expect(2, &f);
	rs_expect(2, &f);
	rs_expect_silence();
	rs_expect_drops("1.acl_ingress=1");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rte_acl_and_one_by_one_agree_on_random_rules),
		cmocka_unit_test(a_list_of_a_thousand_rules_gets_its_tables),
		cmocka_unit_test_setup_teardown(what_a_list_denies_is_dropped_and_counted_by_port_and_rule, rs_setup,
						rs_teardown),
		cmocka_unit_test_setup_teardown(rules_on_tcp_flags_judge_each_frame_of_a_flow, rs_setup, rs_teardown),
	};

	return cmocka_run_group_tests(tests, rs_group_setup, NULL);
}
