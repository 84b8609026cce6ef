/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mirror_filter_fuzz.c - any classic BPF program and any frame: what is foreseen of the frame's flow is what libpcap's own
 *                        interpreter says of the frame.
 *
 * Input    octet: which of the filters below; from 128 on a program of its own, so many instructions of 8 octets (which of the
 *          codes below, jt, jf, one unused; k in host order). Then the frame.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <pcap/pcap.h>

#include "dataplane/mirror_foresee.h"
#include "dataplane/parse.h"

enum { OWN = 128, INSN_OCTETS = 8, FRAME_MAX = 2048 };

static const char *const texts[] = {
	"tcp port 443",
	"udp and net 10.0.0.0/8",
	"vlan 10 and icmp",
	"ip6 host 2001:db8::2",
	"not arp",
	"tcp[tcpflags] & 2 != 0",
	"len > 100",
	"ip[6:2] & 0x1fff = 0",
	"portrange 1-1024",
	"ether multicast",
	"ether[20:2] = 0x4000",
	"vlan and tcp dst port 80",
	"ip proto 17 or ip6",
	"icmp[0] = 8",
	"ip[0] & 0xf != 5",
	"(ip[2:2] - 20) > 40",
	"src host 10.0.0.1",
	"ether host 2:0:0:0:0:1",
	"less 64 or greater 1000",
	"tcp src port 22 and not dst net 10",
};
/* All there are: libpcap's interpreter ends the program at any other, though bpf_validate() lets some pass. */
static const uint16_t codes[] = {
	BPF_LD | BPF_W | BPF_ABS,
	BPF_LD | BPF_H | BPF_ABS,
	BPF_LD | BPF_B | BPF_ABS,
	BPF_LD | BPF_W | BPF_LEN,
	BPF_LD | BPF_W | BPF_IND,
	BPF_LD | BPF_H | BPF_IND,
	BPF_LD | BPF_B | BPF_IND,
	BPF_LDX | BPF_B | BPF_MSH,
	BPF_LD | BPF_IMM,
	BPF_LDX | BPF_IMM,
	BPF_LD | BPF_MEM,
	BPF_LDX | BPF_MEM,
	BPF_ST,
	BPF_STX,
	BPF_JMP | BPF_JA,
	BPF_JMP | BPF_JGT | BPF_K,
	BPF_JMP | BPF_JGE | BPF_K,
	BPF_JMP | BPF_JEQ | BPF_K,
	BPF_JMP | BPF_JSET | BPF_K,
	BPF_JMP | BPF_JGT | BPF_X,
	BPF_JMP | BPF_JGE | BPF_X,
	BPF_JMP | BPF_JEQ | BPF_X,
	BPF_JMP | BPF_JSET | BPF_X,
	BPF_ALU | BPF_ADD | BPF_X,
	BPF_ALU | BPF_SUB | BPF_X,
	BPF_ALU | BPF_MUL | BPF_X,
	BPF_ALU | BPF_AND | BPF_X,
	BPF_ALU | BPF_OR | BPF_X,
	BPF_ALU | BPF_XOR | BPF_X,
	BPF_ALU | BPF_ADD | BPF_K,
	BPF_ALU | BPF_SUB | BPF_K,
	BPF_ALU | BPF_MUL | BPF_K,
	BPF_ALU | BPF_DIV | BPF_K,
	BPF_ALU | BPF_MOD | BPF_K,
	BPF_ALU | BPF_AND | BPF_K,
	BPF_ALU | BPF_OR | BPF_K,
	BPF_ALU | BPF_XOR | BPF_K,
	BPF_ALU | BPF_LSH | BPF_K,
	BPF_ALU | BPF_RSH | BPF_K,
	BPF_ALU | BPF_NEG,
	BPF_MISC | BPF_TAX,
	BPF_MISC | BPF_TXA,
	BPF_RET | BPF_K,
	BPF_RET | BPF_A,
};

static struct bpf_program programs[sizeof(texts) / sizeof(texts[0])];

static void compile_all(void)
{
	pcap_t *pcap = pcap_open_dead(DLT_EN10MB, 65535);

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (pcap_compile(pcap, &programs[i], texts[i], 1, PCAP_NETMASK_UNKNOWN))
			abort();
	pcap_close(pcap);
}

/* @return octets taken, 0: not a program */
static size_t read_program(const uint8_t *data, size_t size, struct bpf_insn *code, size_t n)
{
	if (n == 0 || size < n * INSN_OCTETS)
		return 0;
	for (size_t i = 0; i < n; i++, data += INSN_OCTETS) {
		code[i] = (struct bpf_insn){ .code = codes[data[0] % (sizeof(codes) / sizeof(codes[0]))],
					     .jt = data[1],
					     .jf = data[2] };
		memcpy(&code[i].k, data + 4, sizeof(code[i].k));
	}
	return bpf_validate(code, (int)n) ? n * INSN_OCTETS : 0;
}

static void compare(const struct bpf_insn *code, size_t n, const uint8_t *frame, size_t len)
{
	struct tw_key key;
	struct tw_meta meta;
	enum tw_foreseen said;

	if (len > FRAME_MAX || !tw_parse_any(frame, (uint32_t)len, (uint32_t)len, 0, &key, &meta))
		return;
	said = tw_mirror_foresee(code, n, &key);
	if (said != TW_FORESEEN_NOT &&
	    (said == TW_FORESEEN_YES) != (bpf_filter(code, frame, (unsigned)len, (unsigned)len) != 0))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct bpf_insn code[256];
	size_t which, n, taken;

	if (!programs[0].bf_insns)
		compile_all();
	if (size == 0)
		return 0;
	which = data[0];
	if (which < OWN) {
		which %= sizeof(texts) / sizeof(texts[0]);
		compare(programs[which].bf_insns, programs[which].bf_len, data + 1, size - 1);
		return 0;
	}
	n = which - OWN;
	taken = read_program(data + 1, size - 1, code, n);
	if (taken)
		compare(code, n, data + 1 + taken, size - 1 - taken);
	return 0;
}
