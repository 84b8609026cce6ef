/* SPDX-License-Identifier: Apache-2.0 */
/* mirror_filter.c - a tcpdump expression becomes machine code; see mirror_filter.h. */
#define ALLOW_EXPERIMENTAL_API /* rte_bpf_convert(), since 21.11 */
#include "dataplane/mirror_filter.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <pcap/pcap.h>
#include <rte_bpf.h>
#include <rte_errno.h>
#include <rte_malloc.h>
#include <rte_mbuf.h>

enum { SNAPLEN = 65535, OPTIMISE = 1 };

static bool compile(const char *text, struct bpf_program *program, char error[static 256])
{
	pcap_t *pcap = pcap_open_dead(DLT_EN10MB, SNAPLEN);
	bool compiled = pcap && pcap_compile(pcap, program, text, OPTIMISE, PCAP_NETMASK_UNKNOWN) == 0;

	if (!compiled)
		snprintf(error, 256, "%s", pcap ? pcap_geterr(pcap) : "out of memory");
	if (pcap)
		pcap_close(pcap);
	return compiled;
}

/* As the machine runs it. */
static bool load(struct tw_mirror_filter *f, const struct bpf_program *program, char error[static 256])
{
	struct rte_bpf_prm *prm = rte_bpf_convert(program);
	struct rte_bpf_jit jit = { 0 };
	struct rte_bpf *bpf = prm ? rte_bpf_load(prm) : NULL;

	if (!bpf)
		snprintf(error, 256, "the expression cannot be made a program: %s", rte_strerror(rte_errno));
	rte_free(prm);
	if (!bpf)
		return false;
	if (rte_bpf_get_jit(bpf, &jit) == 0)
		f->code = jit.func;
	f->bpf = bpf;
	return true;
}

struct tw_mirror_filter *tw_mirror_filter_create(const char *text, char error[static 256])
{
	size_t size = strlen(text) + 1;
	struct tw_mirror_filter *f = calloc(1, sizeof(*f) + size);
	struct bpf_program program;

	if (!f) {
		snprintf(error, 256, "out of memory");
		return NULL;
	}
	if (!compile(text, &program, error)) {
		free(f);
		return NULL;
	}
	f->refs = 1;
	memcpy(f->text, text, size);
	f->classic = program.bf_insns; /* freed by put */
	f->n_classic = program.bf_len;
	if (load(f, &program, error))
		return f;
	tw_mirror_filter_put(f);
	return NULL;
}

struct tw_mirror_filter *tw_mirror_filter_get(struct tw_mirror_filter *f)
{
	if (f)
		f->refs++;
	return f;
}

void tw_mirror_filter_put(struct tw_mirror_filter *f)
{
	struct bpf_program program;

	if (!f || --f->refs)
		return;
	program = (struct bpf_program){ .bf_len = (unsigned)f->n_classic,
					.bf_insns = (struct bpf_insn *)(uintptr_t)f->classic };
	pcap_freecode(&program);
	rte_bpf_destroy((struct rte_bpf *)(uintptr_t)f->bpf);
	free(f);
}

bool tw_mirror_filter_takes(const struct tw_mirror_filter *f, struct rte_mbuf *m)
{
	return f->code ? f->code(m) != 0 : rte_bpf_exec(f->bpf, m) != 0;
}
