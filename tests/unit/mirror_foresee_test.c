/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mirror_foresee_test.c - what a filter is foreseen to say of a flow is what libpcap says of each of its frames; and the filters
 * that people write are foreseen. No EAL.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <pcap/pcap.h>

#include "dataplane/mirror_foresee.h"
#include "dataplane/parse.h"

enum { FRAME_MAX = 200 };

struct frame {
	const char *name;
	size_t len;
	uint8_t octets[FRAME_MAX];
};

#define MACS 2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1
#define IPV4(proto, frag_hi, frag_lo) \
	0x08, 0x00, 0x45, 0xb8, 0x00, 0x40, 0x12, 0x34, frag_hi, frag_lo, 0x40, proto, 0, 0, 10, 0, 0, 1, 10, 0, 0, 5
#define IPV4_OPTIONS(proto) \
	0x08, 0x00, 0x46, 0, 0x00, 0x40, 0x12, 0x34, 0, 0, 0x40, proto, 0, 0, 10, 0, 0, 1, 10, 0, 0, 5, 1, 1, 1, 0
#define IPV6(next)                                                                                                   \
	0x86, 0xdd, 0x60, 0, 0, 5, 0, 40, next, 64, 0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0x20, 1, \
		0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2
#define PORTS(src, dst) (src) >> 8, (src)&0xff, (dst) >> 8, (dst)&0xff
#define TCP             0, 0, 0, 1, 0, 0, 0, 2, 0x50, 0x12, 0xff, 0xff, 0, 0, 0, 0

static const struct frame frames[] = {
	{ "tcp 443", 74, { MACS, IPV4(6, 0x40, 0), PORTS(40000, 443), TCP } },
	{ "tcp 443 with options", 80, { MACS, IPV4_OPTIONS(6), PORTS(40000, 443), TCP } },
	{ "udp 53", 74, { MACS, IPV4(17, 0, 0), PORTS(5353, 53), 0, 44, 0, 0 } },
	{ "first fragment", 74, { MACS, IPV4(17, 0x20, 0), PORTS(5353, 53), 0, 44, 0, 0 } },
	{ "fragment", 74, { MACS, IPV4(17, 0x20, 0x64), PORTS(5353, 53), 0, 44, 0, 0 } },
	{ "icmp", 74, { MACS, IPV4(1, 0, 0), 8, 0, 0, 0 } },
	{ "tagged tcp 443", 78, { MACS, 0x81, 0, 0x60, 10, IPV4(6, 0x40, 0), PORTS(40000, 443), TCP } },
	{ "service tagged tcp 443", 78, { MACS, 0x88, 0xa8, 0, 20, IPV4(6, 0x40, 0), PORTS(40000, 443), TCP } },
	{ "two tags", 82, { MACS, 0x88, 0xa8, 0, 20, 0x81, 0, 0, 10, IPV4(6, 0x40, 0), PORTS(40000, 443), TCP } },
	{ "ipv6 tcp 443", 94, { MACS, IPV6(6), PORTS(40000, 443), TCP } },
	{ "ipv6 with hops", 94, { MACS, IPV6(0), 6, 0, 1, 4, 0, 0, 0, 0, PORTS(40000, 443), TCP } },
	{ "arp", 60, { MACS, 0x08, 0x06, 0, 1, 8, 0, 6, 4, 0, 1 } },
	{ "not ipv4 though it says so", 60, { MACS, 0x08, 0x00, 0x25 } },
	{ "short tcp", 36, { MACS, IPV4(6, 0, 0), 1, 187 } },
};

static const char *const filters[] = {
	"tcp port 443",
	"udp",
	"ip",
	"ip6",
	"arp",
	"icmp",
	"vlan",
	"vlan 10",
	"vlan 10 and tcp port 443",
	"not vlan",
	"host 10.0.0.5",
	"tcp port 443 and host 10.0.0.5",
	"src net 10.0.0.0/24 and not dst port 53",
	"ip6 host 2001:db8::2",
	"ether src 02:00:00:00:00:01",
	"ether multicast",
	"portrange 50-60",
	"tcp[tcpflags] & (tcp-syn|tcp-fin) != 0",
	"ip[1] = 0xb8",
	"ip[6] & 0x40 != 0",
	"ip[8] < 70",
	"ip proto 17",
	"len > 70",
	"greater 80",
	"ether[20:2] = 0x4000",
	"ether[23] = 6",
	"ether proto 0x0806",
	"icmp[icmptype] = icmp-echo",
	"ip[0] & 0xf != 5",
	"tcp src port 40000 or udp dst port 53",
	"ip broadcast or ip multicast",
	"tcp[13] & 2 != 0 and port 443",
	"(ip[2:2] - ((ip[0] & 0xf) << 2)) > 20",
};

static struct bpf_program compile(const char *text)
{
	pcap_t *pcap = pcap_open_dead(DLT_EN10MB, 65535);
	struct bpf_program program;
	int rc = pcap_compile(pcap, &program, text, 1, 0xffffff00);

	if (rc)
		print_error("%s: %s\n", text, pcap_geterr(pcap));
	assert_int_equal(rc, 0);
	pcap_close(pcap);
	return program;
}

static enum tw_foreseen foresee(const struct bpf_program *program, const struct frame *f)
{
	struct tw_key key;
	struct tw_meta meta;

	assert_true(tw_parse_any(f->octets, (uint32_t)f->len, (uint32_t)f->len, 0, &key, &meta));
	return tw_mirror_foresee(program->bf_insns, program->bf_len, &key);
}

static void what_is_foreseen_is_what_libpcap_says_of_the_frame(void **state)
{
	unsigned known = 0;

	for (size_t i = 0; i < sizeof(filters) / sizeof(filters[0]); i++) {
		struct bpf_program program = compile(filters[i]);

		for (size_t k = 0; k < sizeof(frames) / sizeof(frames[0]); k++) {
			const struct frame *f = &frames[k];
			bool takes = bpf_filter(program.bf_insns, f->octets, (unsigned)f->len, (unsigned)f->len) != 0;
			enum tw_foreseen said = foresee(&program, f);

			if (said == TW_FORESEEN_NOT)
				continue;
			known++;
			if (takes != (said == TW_FORESEEN_YES))
				print_error("'%s' of a frame '%s'\n", filters[i], f->name);
			assert_int_equal(said, takes ? TW_FORESEEN_YES : TW_FORESEEN_NO);
		}
		pcap_freecode(&program);
	}
	assert_in_range(known, 250, sizeof(filters) / sizeof(filters[0]) * sizeof(frames) / sizeof(frames[0]));
}

static const struct {
	const char *filter, *frame;
	enum tw_foreseen want;
} cases[] = {
	{ "tcp port 443", "tcp 443", TW_FORESEEN_YES },
	{ "tcp port 443", "tcp 443 with options", TW_FORESEEN_YES },
	{ "tcp port 443", "udp 53", TW_FORESEEN_NO },
	{ "tcp port 443", "fragment", TW_FORESEEN_NO },
	{ "tcp port 443", "arp", TW_FORESEEN_NO },
	{ "tcp port 443", "tagged tcp 443", TW_FORESEEN_NO }, /* as with tcpdump */
	{ "udp port 53", "first fragment", TW_FORESEEN_YES },
	{ "udp port 53", "fragment", TW_FORESEEN_NO },
	{ "host 10.0.0.5", "icmp", TW_FORESEEN_YES },
	{ "host 10.0.0.6", "ipv6 tcp 443", TW_FORESEEN_NO },
	{ "ip6 host 2001:db8::2", "ipv6 tcp 443", TW_FORESEEN_YES },
	{ "vlan 10", "tcp 443", TW_FORESEEN_NO },
	/* What differs from frame to frame */
	{ "len > 70", "tcp 443", TW_FORESEEN_NOT },
	{ "ip[8] < 70", "tcp 443", TW_FORESEEN_NOT },
	{ "tcp[tcpflags] & tcp-syn != 0", "tcp 443", TW_FORESEEN_NOT },
	{ "tcp[tcpflags] & tcp-syn != 0", "udp 53", TW_FORESEEN_NO },
	{ "tcp port 443", "ipv6 with hops", TW_FORESEEN_NOT },
	{ "tcp port 443", "short tcp", TW_FORESEEN_NOT },
	{ "vlan", "tagged tcp 443", TW_FORESEEN_NOT },
};

static void the_filters_that_people_write_are_foreseen(void **state)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct bpf_program program = compile(cases[i].filter);
		const struct frame *f = frames;
		enum tw_foreseen said;

		while (strcmp(f->name, cases[i].frame) != 0)
			f++;
		said = foresee(&program, f);
		if (said != cases[i].want)
			print_error("'%s' of a frame '%s'\n", cases[i].filter, f->name);
		assert_int_equal(said, cases[i].want);
		pcap_freecode(&program);
	}
}

static void a_program_that_leaves_its_bounds_is_asked_of_each_frame(void **state)
{
	static const struct bpf_insn divide[] = { BPF_STMT(BPF_LD | BPF_IMM, 1), BPF_STMT(BPF_ALU | BPF_DIV | BPF_X, 0),
						  BPF_STMT(BPF_RET | BPF_A, 0) };
	static const struct bpf_insn shift[] = { BPF_STMT(BPF_LD | BPF_IMM, 1), BPF_STMT(BPF_ALU | BPF_LSH | BPF_K, 40),
						 BPF_STMT(BPF_RET | BPF_A, 0) };
	static const struct bpf_insn endless[] = { BPF_STMT(BPF_LD | BPF_IMM, 1) };
	/* A frame that ends before what is read is rejected there, whatever comes behind. */
	static const struct bpf_insn far[] = { BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 5000), BPF_STMT(BPF_RET | BPF_K, 1) };
	static const struct bpf_insn wraps[] = { BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, 14),
						 BPF_STMT(BPF_LD | BPF_H | BPF_IND, UINT32_MAX),
						 BPF_STMT(BPF_RET | BPF_K, 1) };
	const struct tw_key key = { .in = 1 }, tcp = { .flags = TW_FLOW_KEY_IPV4, .protocol = 6 };

	assert_int_equal(tw_mirror_foresee(far, 2, &key), TW_FORESEEN_NOT);
	assert_int_equal(tw_mirror_foresee(wraps, 3, &tcp), TW_FORESEEN_NOT);
	assert_int_equal(tw_mirror_foresee(divide, 3, &key), TW_FORESEEN_NOT);
	assert_int_equal(tw_mirror_foresee(shift, 3, &key), TW_FORESEEN_NOT);
	assert_int_equal(tw_mirror_foresee(endless, 1, &key), TW_FORESEEN_NOT);
	assert_int_equal(tw_mirror_foresee(endless, 0, &key), TW_FORESEEN_NOT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_foreseen_is_what_libpcap_says_of_the_frame),
		cmocka_unit_test(the_filters_that_people_write_are_foreseen),
		cmocka_unit_test(a_program_that_leaves_its_bounds_is_asked_of_each_frame),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
