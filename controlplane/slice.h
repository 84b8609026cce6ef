/* SPDX-License-Identifier: Apache-2.0 */
/*
 * slice.h - what one host needs to know of the model, and nothing beyond.
 *
 * A host's slice: itself; the ports it serves (bound to it, or of a VM that migrates from or to it); every other bound
 * port that shares a VLAN with one of those (an identity: its switch must know whose MAC that is); mirrors that have a
 * source there, that copy for a port it serves, or whose copies travel in a VLAN, and the ports they copy for, wherever
 * those are bound; the networks of all these; all exporters; migrations that it is an end of. Its peers are the hosts at
 * their other ends, those of the ports its mirrors copy for, and all of them where copies may come in for one of its own.
 * Mirrors and exporters that are disabled are in nobody's slice.
 *
 * Threads: the controller's one thread. Everything in a slice is borrowed from the model.
 */
#ifndef TW_CONTROLPLANE_SLICE_H
#define TW_CONTROLPLANE_SLICE_H

#include "controlplane/model.h"

/* What slices of one revision have in common: where each bound port is, and its VLANs. */
struct tw_slicer;

/** @param model  borrowed; the slicer is good until the next tw_model_apply() */
struct tw_slicer *tw_slicer_create(const struct tw_model *model);
void tw_slicer_destroy(struct tw_slicer *slicer);

/**
 * Fill a reply's objects and observation domain with a host's slice; the rest is as tw__watch_reply__init() left it.
 * @param host  name of a host in the model
 * @note Takes time in proportion to the bound ports, for each host; the slicer may go before the slice.
 */
void tw_slice_build(const struct tw_slicer *slicer, const char *host, Tw__WatchReply *slice);
/** Free what tw_slice_build() allocated; the objects stay the model's. */
void tw_slice_release(Tw__WatchReply *slice);

/**
 * Has the host to do with the mirror? slice_mirrors.c
 * @param local the ports it serves
 */
bool tw_slice_wants_mirror(const Tw__Mirror *mirror, const char *host, Tw__Port *const *local, size_t n_local);

/** Does it copy for one of these ports, so that copies may come in from any host? slice_mirrors.c */
bool tw_slice_mirror_comes_in(const Tw__Mirror *mirror, Tw__Port *const *local, size_t n_local);

/**
 * A number that differs between slices that differ. Objects are never edited in place and every version of one has a
 * revision of its own, so which objects, in which revisions, is the content.
 */
uint64_t tw_slice_hash(const Tw__WatchReply *slice);

#endif
