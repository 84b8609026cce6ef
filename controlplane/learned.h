/* SPDX-License-Identifier: Apache-2.0 */
/*
 * learned.h - MACs that hosts' switches have learned behind their ports: what each host says, whom we believe, and what the others
 * are told, so that each knows whose a frame by its uplink is (docs/mac.md).
 *
 * Believed  a host is, of a port that it serves and that learns in that VLAN, up to the port's limit; never of a MAC that is a
 *           port's own or static. If two hosts say they have a MAC, the one that said it last is; four such moves without ten quiet
 *           seconds between them are a flap, and the MAC stays for half a minute where it was before the first. So a host that
 *           lies, or is deceived by its guests, takes no more from others than a guest can take from guests of its own host. (What
 *           EVPN does of MACs that move: RFC 7432 section 15.)
 * Bounds    at most TW_LEARNED_MAX in all; in one message TW_LEARNED_PAGE.
 * Lives     in memory. A host that is silent for TW_LEARNED_SILENT_MS has none any more. A controller that has just begun, whom
 *           not every host has said what it has, lets nobody forget what the one before said: for TW_LEARNED_START_MS.
 * Threads   the controller's one thread.
 */
#ifndef TW_CONTROLPLANE_LEARNED_H
#define TW_CONTROLPLANE_LEARNED_H

#include <stdint.h>
#include <sys/queue.h>

#include "controlplane/kind.h"

enum {
	TW_LEARNED_MAX = 262144,
	TW_LEARNED_PAGE = 16384,
	TW_LEARNED_SILENT_MS = 300000,
	TW_LEARNED_START_MS = 5000,
};

struct tw_controller;
struct tw_host;
struct tw_learned;
struct tw_learned_page;

LIST_HEAD(tw_claim_list, tw_claim);

/* Of a host, in its struct tw_host: what it has said. */
struct tw_claims {
	struct tw_claim_list list;
	uint64_t origin, known; /* up to which change, of which start of its switch */
	bool begun;             /* from the beginning, and the rest is still to come */
	uint32_t told_from;     /* how often it has had to be told all anew: its VLANs were others */
	uint64_t vlans;         /* hash of those */
};

struct tw_learned *tw_learned_create(void);
void tw_learned_destroy(struct tw_learned *learned); /* every host's claims have ended. Accepts NULL */

/** The model is another one. */
void tw_learned_update(struct tw_controller *ctl);
/** The host is about to go. */
void tw_learned_end(struct tw_controller *ctl, struct tw_host *host);

/**
 * A Report: take what the host says, and fill in the answer.
 * @return what the answer is made of: free() it when that is sent; NULL = nothing
 */
struct tw_learned_page *tw_learned_report(struct tw_controller *ctl, struct tw_host *host, const Tw__Report *report,
					  Tw__Ack *ack);

/** How many MACs are believed to be behind ports. */
uint32_t tw_learned_count(const struct tw_learned *learned);

#endif
