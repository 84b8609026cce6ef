/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mirror_foresee.h - what a filter will say of every frame of a flow, as far as the flow's key tells.
 *
 * Why      most filters ask for addresses, protocols and ports, and these are the same in all frames of a flow. What can be
 *          answered when the flow is decided need not be asked of each frame: a filter that rejects a flow costs it nothing.
 * How      the classic BPF program runs on the key as if it were a frame of which only some octets are known. When it wants
 *          to know more - a length, a TCP flag, payload, the tag's own ethertype - the answer is "ask each frame".
 * Place    the worker, on a flow's first frame and after each change. Pure.
 * Spec     McCanne and Jacobson, "The BSD Packet Filter" (1993); the instructions of pcap/bpf.h.
 */
#ifndef TW_DATAPLANE_MIRROR_FORESEE_H
#define TW_DATAPLANE_MIRROR_FORESEE_H

#include <stddef.h>

#include "dataplane/key.h"

struct bpf_insn;

enum tw_foreseen { TW_FORESEEN_NO, TW_FORESEEN_YES, TW_FORESEEN_NOT };

/**
 * @param code a program that bpf_validate() accepts: it ends
 * @param key  as the frame is where the filter sees it: with the tag it has there
 * @return NO, YES: every frame of the flow; NOT: frames may differ
 */
enum tw_foreseen tw_mirror_foresee(const struct bpf_insn *code, size_t n, const struct tw_key *key);

#endif
