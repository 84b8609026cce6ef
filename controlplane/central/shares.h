/* SPDX-License-Identifier: Apache-2.0 */
/*
 * shares.h - what part of the controller's spool each host has, so that none fills it for the others.
 *
 * Fair     a host may add as long as it has no more than what is still free. So one host alone gets half of the spool, n hosts that
 *          all push what they can get 1/(n + 1) each, and as much is free at any time for one that comes later: the spool is
 *          never full, and nobody's records are pushed out by another's. What is not taken waits on its host, in a spool that
 *          is that host's alone. (Choudhury and Hahne, "Dynamic Queue Length Thresholds for Shared-Memory Packet
 *          Switches", 1998, with a factor of 1.)
 * Counted  by segments, as they come and go: what is in one that is not released yet still counts.
 *
 * Threads  its owner's.
 */
#ifndef TW_CONTROLPLANE_CENTRAL_SHARES_H
#define TW_CONTROLPLANE_CENTRAL_SHARES_H

#include <stdbool.h>
#include <stdint.h>

struct tw_shares;

/** Ends the program without memory. @param limit octets that all of them may have */
struct tw_shares *tw_shares_create(uint64_t limit);
void tw_shares_destroy(struct tw_shares *shares); /* accepts NULL */

/** @return number of a new host, from 1; what is of no host has number 0 */
unsigned tw_shares_join(struct tw_shares *shares);
/** An entry was written. Segments' numbers do not fall. */
void tw_shares_add(struct tw_shares *shares, unsigned host, uint64_t segment, uint64_t octets);
/** Segments before this one are gone. */
void tw_shares_release(struct tw_shares *shares, uint64_t segment);

bool tw_shares_allow(const struct tw_shares *shares, unsigned host, uint64_t octets);
/** Octets that a host has. */
uint64_t tw_shares_of(const struct tw_shares *shares, unsigned host);
/** Octets that nobody has: what a host may have at most, at present. */
uint64_t tw_shares_free(const struct tw_shares *shares);
/** Has it no more than all hosts would if they had the same? */
bool tw_shares_is_modest(const struct tw_shares *shares, unsigned host);

#endif
