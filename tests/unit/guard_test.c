/* SPDX-License-Identifier: Apache-2.0 */
/*
 * guard_test.c - what each guard lets through and what it refuses: frames as hexadecimal text, parsed as a worker does.
 *
 * The port has the MAC 02:00:00:00:00:01 and the addresses 10.0.0.1, 10.0.1.0/24 and 2001:db8::1. In a frame's text M is the
 * port's MAC, N another's, B broadcast; P and S are the port's addresses, Q and T others, L the port's own link-local address,
 * K another, U the unspecified one, G a group.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dataplane/guard.h"
#include "dataplane/parse.h"

static struct tw_slot port;

static int setup(void **state)
{
	static const char *const texts[] = { "10.0.0.1", "10.0.1.0/24", "2001:db8::1" };
	struct tw_addresses *a = calloc(1, sizeof(*a) + 3 * sizeof(a->prefix[0]));

	assert_non_null(a);
	for (; a->n < 3; a->n++)
		assert_true(tw_prefix_parse(texts[a->n], &a->prefix[a->n]));
	port = (struct tw_slot){ .mac = { 2, 0, 0, 0, 0, 1 }, .addresses = a };
	return 0;
}

static int teardown(void **state)
{
	free((void *)(uintptr_t)port.addresses);
	return 0;
}

static const char *word_of(char c)
{
	switch (c) {
	case 'M':
		return "020000000001";
	case 'N':
		return "020000000002";
	case 'B':
		return "ffffffffffff";
	case 'P':
		return "0a000001"; /* 10.0.0.1 */
	case 'Q':
		return "0a000002";
	case 'S':
		return "20010db8000000000000000000000001";
	case 'T':
		return "20010db8000000000000000000000002";
	case 'L':
		return "fe800000000000000000 00fffe000001";
	case 'K':
		return "fe800000000000000000000000000002";
	case 'U':
		return "00000000000000000000000000000000";
	case 'G':
		return "ff020000000000000000000000000001";
	default:
		return NULL;
	}
}

static unsigned digit(char c)
{
	return (unsigned)(c <= '9' ? c - '0' : c - 'a' + 10);
}

static size_t put(const char *text, uint8_t *out)
{
	size_t n = 0;

	for (; *text; text++) {
		const char *word = word_of(*text);

		if (*text == ' ')
			continue;
		if (word) {
			n += put(word, out + n);
			continue;
		}
		out[n++] = (uint8_t)(digit(text[0]) << 4 | digit(text[1]));
		text++;
	}
	return n;
}

/* What becomes of the frame, on a heap copy of its exact size: a sanitizer sees one octet too far. */
static enum tw_drop fate(unsigned guards, const char *text)
{
	uint8_t bytes[512], *frame;
	size_t n = put(text, bytes);
	enum tw_drop reason;
	struct tw_meta meta;
	struct tw_key key;
	bool inspect = false;

	frame = malloc(n);
	assert_non_null(frame);
	memcpy(frame, bytes, n);
	assert_true(tw_parse(frame, (uint32_t)n, (uint32_t)n, 0, &key, &meta));
	port.guards = (uint8_t)guards;
	reason = tw_guard_judge(&port, &key, &inspect);
	if (reason == TW_DROPS && inspect)
		reason = tw_guard_inspect(&port, &key, frame, (uint32_t)n, meta.l2_len);
	free(frame);
	return reason;
}

/* IPv4 and IPv6 headers: protocol, source, destination follow each other; lengths are those of the cases. */
#define ETH4              "B M 0800 "
#define IP4(len, proto)   ETH4 "4500 00" len " 0000 0000 40 " proto " 0000 "
#define ETH6              "B M 86dd "
#define IP6(len, next)    ETH6 "60000000 00" len " " next " ff "
#define UDP(sport, dport) sport " " dport " 0008 0000"
#define DHCP_ASK          "0044 0043 0008 0000"
#define ARP(op, sha, spa) "B M 0806 0001 0800 06 04 " op " " sha " " spa " 000000000000 Q"
#define ND(type)          " " type " 00 0000 00000000 "
#define ALL               0x7f

static const struct {
	const char *claim;
	unsigned guards;
	const char *frame;
	enum tw_drop reason;
} cases[] = {
	/* source guard, IPv4 */
	{ "its own address", TW_GUARD_SOURCE, IP4("1c", "11") "P Q" UDP("1000", "0035"), TW_DROPS },
	{ "an address of its prefix", TW_GUARD_SOURCE, IP4("1c", "11") "0a0001fe Q" UDP("1000", "0035"), TW_DROPS },
	{ "another's address", TW_GUARD_SOURCE, IP4("1c", "11") "Q P" UDP("1000", "0035"), TW_DROP_SOURCE_GUARD },
	{ "another's address in a priority tag", TW_GUARD_SOURCE,
	  "B M 8100 0000 0800 4500 001c 0000 0000 40 11 0000 Q P" UDP("1000", "0035"), TW_DROP_SOURCE_GUARD },
	{ "0.0.0.0 to ask a DHCP server", TW_GUARD_SOURCE, IP4("1c", "11") "00000000 ffffffff" DHCP_ASK, TW_DROPS },
	{ "0.0.0.0 to report groups", TW_GUARD_SOURCE, IP4("1c", "02") "00000000 e0000016 2200 0000 0000 0000",
	  TW_DROPS },
	{ "0.0.0.0 for anything else", TW_GUARD_SOURCE, IP4("1c", "11") "00000000 ffffffff" UDP("0044", "0035"),
	  TW_DROP_SOURCE_GUARD },
	{ "a later fragment from another's address", TW_GUARD_SOURCE,
	  ETH4 "4500 001c 0000 0001 40 11 0000 Q P 0044 0043 0000 0000", TW_DROP_SOURCE_GUARD },
	{ "what says it is IPv4 and is not", TW_GUARD_SOURCE, ETH4 "1500 001c 0000 0000 40 11 0000 P Q",
	  TW_DROP_SOURCE_GUARD },
	{ "what is not IP is not its business", TW_GUARD_SOURCE, "B M 88b5 0000", TW_DROPS },
	{ "without the guard", TW_GUARD_ARP, IP4("1c", "11") "Q P" UDP("1000", "0035"), TW_DROPS },
	/* source guard, IPv6 */
	{ "its own IPv6 address", TW_GUARD_SOURCE, IP6("08", "11") "S T" UDP("1000", "0035"), TW_DROPS },
	{ "another's IPv6 address", TW_GUARD_SOURCE, IP6("08", "11") "T S" UDP("1000", "0035"), TW_DROP_SOURCE_GUARD },
	{ "its own link-local address", TW_GUARD_SOURCE, IP6("08", "11") "L G" UDP("1000", "0035"), TW_DROPS },
	{ "another link-local address", TW_GUARD_SOURCE, IP6("08", "11") "K G" UDP("1000", "0035"),
	  TW_DROP_SOURCE_GUARD },
	{ "link-local to ask a DHCPv6 server", TW_GUARD_SOURCE, IP6("08", "11") "K G" UDP("0222", "0223"), TW_DROPS },
	{ "detection of duplicates", TW_GUARD_SOURCE, IP6("18", "3a") "U G" ND("87") "S", TW_DROPS },
	{ "an answer from nobody", TW_GUARD_SOURCE, IP6("18", "3a") "U G" ND("88") "S", TW_DROP_SOURCE_GUARD },
	{ "a group report from nobody, RFC 3590", TW_GUARD_SOURCE, IP6("08", "3a") "U G" ND("8f"), TW_DROPS },
	{ "what says it is IPv6 and is not", TW_GUARD_SOURCE, ETH6 "40000000 0000 11 ff", TW_DROP_SOURCE_GUARD },
	/* ARP */
	{ "ask, as it is", TW_GUARD_ARP, ARP("0001", "M", "P"), TW_DROPS },
	{ "answer, as it is", TW_GUARD_ARP, ARP("0002", "M", "0a000199"), TW_DROPS },
	{ "a probe", TW_GUARD_ARP, ARP("0001", "M", "00000000"), TW_DROPS },
	{ "an answer from 0.0.0.0", TW_GUARD_ARP, ARP("0002", "M", "00000000"), TW_DROP_ARP_INSPECT },
	{ "another's MAC", TW_GUARD_ARP, ARP("0002", "N", "P"), TW_DROP_ARP_INSPECT },
	{ "another's address", TW_GUARD_ARP, ARP("0002", "M", "Q"), TW_DROP_ARP_INSPECT },
	{ "another's address in a question", TW_GUARD_ARP, ARP("0001", "M", "Q"), TW_DROP_ARP_INSPECT },
	{ "an operation nobody knows", TW_GUARD_ARP, ARP("0003", "M", "P"), TW_DROP_ARP_INSPECT },
	{ "cut off", TW_GUARD_ARP, "B M 0806 0001 0800 06 04 0001 M P 0000", TW_DROP_ARP_INSPECT },
	{ "of another network", TW_GUARD_ARP, "B M 0806 0006 0800 06 04 0001 M P 000000000000 Q", TW_DROP_ARP_INSPECT },
	{ "without the guard", TW_GUARD_SOURCE, ARP("0002", "N", "Q"), TW_DROPS },
	/* neighbour discovery */
	{ "asks from its address", TW_GUARD_ND, IP6("20", "3a") "S G" ND("87") "T 01 01 M", TW_DROPS },
	{ "asks with another's MAC", TW_GUARD_ND, IP6("20", "3a") "S G" ND("87") "T 01 01 N", TW_DROP_ND_INSPECT },
	{ "asks from another's address", TW_GUARD_ND, IP6("20", "3a") "T G" ND("87") "S 01 01 M", TW_DROP_ND_INSPECT },
	{ "asks from another's link-local address", TW_GUARD_ND, IP6("20", "3a") "K G" ND("87") "S 01 01 M",
	  TW_DROP_ND_INSPECT },
	{ "detects duplicates", TW_GUARD_ND, IP6("18", "3a") "U G" ND("87") "S", TW_DROPS },
	{ "detects duplicates and names a MAC", TW_GUARD_ND, IP6("20", "3a") "U G" ND("87") "S 01 01 M",
	  TW_DROP_ND_INSPECT },
	{ "answers for itself", TW_GUARD_ND, IP6("20", "3a") "S G" ND("88") "S 02 01 M", TW_DROPS },
	{ "answers for its link-local address", TW_GUARD_ND, IP6("20", "3a") "L G" ND("88") "L 02 01 M", TW_DROPS },
	{ "answers for another", TW_GUARD_ND, IP6("20", "3a") "S G" ND("88") "T 02 01 M", TW_DROP_ND_INSPECT },
	{ "answers with another's MAC", TW_GUARD_ND, IP6("20", "3a") "S G" ND("88") "S 02 01 N", TW_DROP_ND_INSPECT },
	{ "an option of no length", TW_GUARD_ND, IP6("20", "3a") "S G" ND("88") "S 02 00 M", TW_DROP_ND_INSPECT },
	{ "an option cut off", TW_GUARD_ND, IP6("1c", "3a") "S G" ND("88") "S 02 01 0200", TW_DROP_ND_INSPECT },
	{ "cut off", TW_GUARD_ND, IP6("0c", "3a") "S G" ND("88") "2001 0db8", TW_DROP_ND_INSPECT },
	{ "says to be longer than it is", TW_GUARD_ND, IP6("28", "3a") "S G" ND("88") "S 02 01 M", TW_DROP_ND_INSPECT },
	{ "behind an extension header", TW_GUARD_ND, IP6("28", "00") "S G 3a00 0104 00000000" ND("88") "T 02 01 M",
	  TW_DROP_ND_INSPECT },
	{ "itself behind an extension header", TW_GUARD_ND,
	  IP6("28", "00") "S G 3a00 0104 00000000" ND("88") "S 02 01 M", TW_DROPS },
	{ "in a fragment, RFC 6980", TW_GUARD_ND, IP6("28", "2c") "S G 3a00 0000 00000000" ND("88") "S 02 01 M",
	  TW_DROP_ND_INSPECT },
	{ "asks for routers", TW_GUARD_ND, IP6("10", "3a") "L G" ND("85") "01 01 M", TW_DROPS },
	{ "a ping is not inspected", TW_GUARD_ND, IP6("08", "3a") "T G" ND("80"), TW_DROPS },
	/* DHCP, DHCPv6 */
	{ "asks", TW_GUARD_DHCP, IP4("1c", "11") "00000000 ffffffff" DHCP_ASK, TW_DROPS },
	{ "answers", TW_GUARD_DHCP, IP4("1c", "11") "P ffffffff" UDP("0043", "0044"), TW_DROP_DHCP_GUARD },
	{ "answers from another port", TW_GUARD_DHCP, IP4("1c", "11") "P ffffffff" UDP("1043", "0044"),
	  TW_DROP_DHCP_GUARD },
	{ "relays", TW_GUARD_DHCP, IP4("1c", "11") "P Q" UDP("0043", "0043"), TW_DROP_DHCP_GUARD },
	{ "TCP of that port", TW_GUARD_DHCP, IP4("1c", "06") "P Q" UDP("0043", "0044"), TW_DROPS },
	{ "asks by IPv6", TW_GUARD_DHCP6, IP6("08", "11") "L G" UDP("0222", "0223"), TW_DROPS },
	{ "answers by IPv6", TW_GUARD_DHCP6, IP6("08", "11") "L G" UDP("0223", "0222"), TW_DROP_DHCP6_GUARD },
	{ "answers behind an extension header", TW_GUARD_DHCP6,
	  IP6("10", "3c") "L G 1100 0104 00000000" UDP("0223", "0222"), TW_DROP_DHCP6_GUARD },
	{ "a chain that does not end", TW_GUARD_DHCP6, IP6("08", "3c") "L G 3cff 0104 00000000", TW_DROP_DHCP6_GUARD },
	/* RA guard */
	{ "advertises itself", TW_GUARD_RA, IP6("10", "3a") "L G" ND("86") "0000000000000000", TW_DROP_RA_GUARD },
	{ "redirects", TW_GUARD_RA, IP6("28", "3a") "L G" ND("89") "S T", TW_DROP_RA_GUARD },
	{ "asks for routers", TW_GUARD_RA, IP6("08", "3a") "L G" ND("85"), TW_DROPS },
	{ "advertises behind two extension headers", TW_GUARD_RA,
	  IP6("20", "00") "L G 3c00 0104 00000000 3a00 0104 00000000" ND("86") "0000000000000000", TW_DROP_RA_GUARD },
	{ "advertises in a fragment", TW_GUARD_RA, IP6("18", "2c") "L G 3a00 0001 00000000" ND("86") "0000000000000000",
	  TW_DROP_RA_GUARD },
	{ "a first fragment without the header", TW_GUARD_RA,
	  IP6("10", "2c") "L G 3c00 0001 00000000 3a01 0104 00000000", TW_DROP_RA_GUARD },
	{ "a first fragment that ends before the type", TW_GUARD_RA, IP6("08", "2c") "L G 3a00 0001 00000000",
	  TW_DROP_RA_GUARD },
	{ "a later fragment is nothing alone", TW_GUARD_RA, IP6("10", "2c") "L G 3a00 0009 00000000 8600 0000 00000000",
	  TW_DROPS },
	{ "advertises where it may", TW_GUARD_SOURCE, IP6("10", "3a") "L G" ND("86") "0000000000000000", TW_DROPS },
	/* what hides */
	{ "two tags, CVE-2021-27853", TW_GUARD_RA, "B M 8100 0000 8100 0000 86dd 6000", TW_DROP_GUARD_HIDDEN },
	{ "a service tag does not hide", TW_GUARD_SOURCE, "B M 88a8 0000 0800 4500", TW_DROP_SOURCE_GUARD },
	{ "IPv6 in SNAP, CVE-2021-27861", TW_GUARD_RA, "B M 0010 aaaa03 000000 86dd 6000", TW_DROP_GUARD_HIDDEN },
	{ "ARP in SNAP", TW_GUARD_ARP, "B M 0024 aaaa03 000000 0806 0001", TW_DROP_GUARD_HIDDEN },
	{ "other LLC passes", ALL, "B M 0003 fefe03 83", TW_DROPS },
	/* bridges */
	{ "spans a tree", TW_GUARD_BPDU, "0180c2000000 M 0026 424203 00000000", TW_DROP_BPDU_GUARD },
	{ "spans a tree a VLAN", TW_GUARD_BPDU, "01000ccccccd M 0032 aaaa03 00000c 010b", TW_DROP_BPDU_GUARD },
	{ "other groups pass", TW_GUARD_BPDU, "01005e000001 M 88b5 00", TW_DROPS },
};

static void each_guard_refuses_what_it_is_for_and_nothing_else(void **state)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		enum tw_drop reason = fate(cases[i].guards, cases[i].frame);
		const char *name = tw_drop_name(reason);

		if (reason != cases[i].reason)
			fail_msg("case %zu, guards %#x, %s: %s", i, cases[i].guards, cases[i].claim,
				 name ? name : "passes");
		/* Nothing else on the list refuses what one guard refuses, and no guard what none is on for. */
		assert_int_equal(fate(0, cases[i].frame), TW_DROPS);
	}
}

static void a_port_without_addresses_may_only_ask_for_one(void **state)
{
	const struct tw_addresses *kept = port.addresses;

	port.addresses = NULL;
	assert_int_equal(fate(TW_GUARD_SOURCE, IP4("1c", "11") "P Q" UDP("1000", "0035")), TW_DROP_SOURCE_GUARD);
	assert_int_equal(fate(TW_GUARD_SOURCE, IP4("1c", "11") "00000000 ffffffff" DHCP_ASK), TW_DROPS);
	assert_int_equal(fate(TW_GUARD_ARP, ARP("0001", "M", "P")), TW_DROP_ARP_INSPECT);
	assert_int_equal(fate(TW_GUARD_ARP, ARP("0001", "M", "00000000")), TW_DROPS);
	port.addresses = kept;
}

static void prefixes_are_what_they_say(void **state)
{
	static const char *const good[] = { "10.0.0.1", "0.0.0.0/0", "10.0.0.0/8", "::/0", "2001:db8::/32", "::1" };
	static const char *const bad[] = {
		"",       "10.0.0.1/33",    "10.0.0.1/24", "10.0.0.0/",   "10.0.0.0/08", "10.0.0.0/-1",
		"::/129", "2001:db8::1/64", "10.0.0",      "10.0.0.0/8 ", " ::1",        "a"
	};
	const uint8_t inside[4] = { 10, 0, 0, 129 }, outside[4] = { 10, 0, 0, 127 };
	char text[TW_PREFIX_TEXT];
	struct tw_prefix p;

	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		assert_true(tw_prefix_parse(good[i], &p));
		assert_string_equal(tw_prefix_format(&p, text), good[i]);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		if (tw_prefix_parse(bad[i], &p))
			fail_msg("%s is taken", bad[i]);
	assert_true(tw_prefix_parse("10.0.0.128/25", &p));
	assert_true(tw_prefix_has(&p, 4, inside));
	assert_false(tw_prefix_has(&p, 4, outside));
	assert_false(tw_prefix_has(&p, 6, inside));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(each_guard_refuses_what_it_is_for_and_nothing_else, setup, teardown),
		cmocka_unit_test_setup_teardown(a_port_without_addresses_may_only_ask_for_one, setup, teardown),
		cmocka_unit_test(prefixes_are_what_they_say),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
