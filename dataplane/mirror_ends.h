/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mirror_ends.h - whose copies from other hosts are taken: the mirrors that have their port here, the hosts of the switch, keys.
 *
 * Attack   whoever can send to the tunnel's address would have frames of his own in the analyser. So a datagram is a copy only
 *          with the tag of an end, from the address of a host of the switch, and with the mirror's key. What has a tag and no right
 *          is counted at the end, all else in sum.
 * Sizing   64 ends; for each the numbers of the copies of each host, 16 octets.
 * Threads  the caller's, under its lock (mirror_arrive.c). Pure but for memory.
 */
#ifndef TW_DATAPLANE_MIRROR_ENDS_H
#define TW_DATAPLANE_MIRROR_ENDS_H

#include <sys/socket.h>

#include "dataplane/geneve.h"
#include "dataplane/mirror_sequence.h"
#include "dataplane/snapshot.h"
#include "proto/switch.pb-c.h"

/* A mirror that copies for a port here. */
struct tw_end {
	bool used, is_new; /* is_new: whoever finds it so makes it false */
	char mirror[64];
	uint32_t tag, number; /* number: of the port */
	uint16_t slot;
	uint8_t key[TW_GENEVE_KEY];
	struct tw_sequence *heard; /* [n_peers] */
	uint64_t refused, lost;
	uint64_t full, failed, memory; /* the caller's */
};

struct tw_peer_address {
	uint8_t octets[16]; /* IPv4 as IPv6 has it */
};

/* Zeroed = nothing is taken. */
struct tw_ends {
	struct tw_end end[TW_MIRRORS_MAX];
	struct tw_peer_address *peers; /* sorted */
	size_t n_peers;
	uint64_t refused; /* that were no end's */
};

/**
 * Take what this says, and nothing else. An end that was there goes on: its counters, the numbers it waits for.
 * @param tunnel checked; NULL = none. Not kept
 * @param slots  of the ports of tunnel->ends[]; TW_SLOT_NONE: it is not here
 */
void tw_ends_configure(struct tw_ends *ends, const Tw__Tunnel *tunnel, const uint16_t *slots);
void tw_ends_release(struct tw_ends *ends);

/**
 * @param from an IPv4 or IPv6 address
 * @param data a datagram's payload; the frame begins at TW_GENEVE_HEADER
 * @return whose it is; NULL: refused, and counted
 */
struct tw_end *tw_ends_accept(struct tw_ends *ends, const struct sockaddr_storage *from, const uint8_t *data,
			      size_t size);

#endif
