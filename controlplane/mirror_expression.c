/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mirror_expression.c - compiles a tcpdump expression as the switches do; see mirror_expression.h.
 *
 * libpcap asks the resolver for what it takes for a name ("host web"), which would hold the controller up for as long as a
 * name server likes, and would mean another machine on each host that asks. Its two functions that do so are therefore
 * replaced in this program: a name is unknown, and libpcap's own message says so.
 */
#include "controlplane/mirror_expression.h"

#include <ctype.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <pcap/pcap.h>

#include <pcap/namedb.h> /* needs both */

#include "proto/link/check_value.h"

enum { SNAPLEN = 65535, OPTIMISE = 1, INSTRUCTIONS_MOST = 4096 /* BPF_MAXINSNS */, TRIALS_MOST = 64 };

struct addrinfo *pcap_nametoaddrinfo(const char *name)
{
	return NULL;
}

bpf_u_int32 pcap_nametonetaddr(const char *name)
{
	return 0;
}

/* Switches run programs that are sure to end: "ip protochain" makes a loop. */
static bool has_loop(const struct bpf_program *program)
{
	for (unsigned i = 0; i < program->bf_len; i++) {
		const struct bpf_insn *insn = &program->bf_insns[i];

		if (BPF_CLASS(insn->code) == BPF_JMP && BPF_OP(insn->code) == BPF_JA && insn->k >= program->bf_len)
			return true;
	}
	return false;
}

/* "inbound", "ifindex": a Linux kernel answers these, from beside the frame. */
static bool asks_kernel(const struct bpf_program *program)
{
	for (unsigned i = 0; i < program->bf_len; i++) {
		const struct bpf_insn *insn = &program->bf_insns[i];

		if (BPF_CLASS(insn->code) == BPF_LD && BPF_MODE(insn->code) == BPF_ABS && insn->k > INT32_MAX)
			return true;
	}
	return false;
}

static bool judge(const struct bpf_program *program, struct tw_error *err)
{
	if (has_loop(program))
		return tw_error_set(err, TW_E_INVALID, "mirror.filter",
				    "it needs a program with a loop, which switches do not run");
	if (asks_kernel(program))
		return tw_error_set(
			err, TW_E_INVALID, "mirror.filter",
			"it asks for what a frame does not tell (as inbound and ifindex do); a mirror has a "
			"direction");
	return program->bf_len <= INSTRUCTIONS_MOST ||
	       tw_error_set(err, TW_E_INVALID, "mirror.filter",
			    "it makes a program of %u instructions, and switches run %d at most", program->bf_len,
			    INSTRUCTIONS_MOST);
}

/* Parentheses that the first n octets leave open. */
static size_t left_open(const char *text, size_t n)
{
	size_t open = 0;

	for (size_t i = 0; i < n; i++) {
		open += text[i] == '(';
		open -= text[i] == ')' && open > 0;
	}
	return open;
}

/* Are the first n octets an expression, once their parentheses are closed? @param trial room for text twice */
static bool is_whole(pcap_t *pcap, const char *text, size_t n, char *trial)
{
	size_t open = left_open(text, n);
	struct bpf_program program;

	memcpy(trial, text, n);
	memset(trial + n, ')', open);
	trial[n + open] = '\0';
	if (pcap_compile(pcap, &program, trial, 0, PCAP_NETMASK_UNKNOWN))
		return false;
	pcap_freecode(&program);
	return true;
}

/* libpcap does not say where it stopped: behind the longest beginning, of whole words, that is an expression. */
static const char *find_place(pcap_t *pcap, const char *text)
{
	size_t n = strlen(text);
	char *trial = malloc(2 * n + 1);
	unsigned tries = 0;

	while (trial && n > 0 && tries++ < TRIALS_MOST && !is_whole(pcap, text, n, trial)) {
		while (n > 0 && !isspace((unsigned char)text[n - 1]))
			n--;
		while (n > 0 && isspace((unsigned char)text[n - 1]))
			n--;
	}
	if (!trial || tries > TRIALS_MOST)
		n = 0;
	free(trial);
	return text + n + strspn(text + n, " \t");
}

static void refuse(pcap_t *pcap, const char *text, struct tw_error *err)
{
	char why[PCAP_ERRBUF_SIZE], shown[TW_SHOWN_SIZE];
	const char *place;

	snprintf(why, sizeof(why), "%s", pcap_geterr(pcap));
	place = find_place(pcap, text);
	if (*place)
		tw_error_set(err, TW_E_INVALID, "mirror.filter", "%.120s; not understood from character %zu on: %s",
			     why, (size_t)(place - text) + 1, tw_shown(place, shown));
	else
		tw_error_set(err, TW_E_INVALID, "mirror.filter", "%.120s%s", why,
			     left_open(text, strlen(text)) ? "; a ')' is missing at its end" : "");
}

bool tw_mirror_expression_check(const char *text, struct tw_error *err)
{
	struct bpf_program program;
	pcap_t *pcap;
	bool good;

	if (!*text)
		return true;
	pcap = pcap_open_dead(DLT_EN10MB, SNAPLEN);
	if (!pcap)
		return tw_error_set(err, TW_E_INTERNAL, "mirror.filter", "out of memory");
	if (pcap_compile(pcap, &program, text, OPTIMISE, PCAP_NETMASK_UNKNOWN)) {
		refuse(pcap, text, err);
		pcap_close(pcap);
		return false;
	}
	good = judge(&program, err);
	pcap_freecode(&program);
	pcap_close(pcap);
	return good;
}
