/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mirror_filter.h - a tcpdump expression, ready to be asked of frames.
 *
 * How      libpcap compiles the text, rte_bpf turns the program into eBPF and that into the machine's own code; the classic
 *          program is kept for mirror_foresee.h.
 * What it sees  the frame as the source's own link carries it: an access port's has no tag, a trunk's may have. As with
 *          tcpdump, "tcp port 443" means untagged frames; "vlan and tcp port 443" those with a tag.
 * Threads  create, get and put: main (the count of references is not atomic). Asked by workers, which change nothing.
 */
#ifndef TW_DATAPLANE_MIRROR_FILTER_H
#define TW_DATAPLANE_MIRROR_FILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dataplane/mirror_foresee.h"

struct rte_bpf;
struct rte_mbuf;

struct tw_mirror_filter {
	uint64_t (*code)(void *mbuf); /* NULL: this machine has no compiler for it, bpf is interpreted */
	const struct rte_bpf *bpf;
	const struct bpf_insn *classic;
	size_t n_classic;
	unsigned refs;
	char text[];
};

/**
 * @param text  not empty
 * @param error out, on failure: one sentence, libpcap's where it is about the expression
 * @return with one reference, or NULL. Needs EAL
 */
struct tw_mirror_filter *tw_mirror_filter_create(const char *text, char error[static 256]);
struct tw_mirror_filter *tw_mirror_filter_get(struct tw_mirror_filter *filter); /* accepts NULL */
void tw_mirror_filter_put(struct tw_mirror_filter *filter);                     /* accepts NULL */

/** Does it want this frame? */
bool tw_mirror_filter_takes(const struct tw_mirror_filter *filter, struct rte_mbuf *m);

#endif
