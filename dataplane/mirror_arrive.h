/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mirror_arrive.h - copies that other hosts' mirrors have made for ports of this one come in by the host's own network.
 *
 * Place    a UDP socket at the host's tunnel address, while there is an end of a tunnel here; a thread takes datagrams from it,
 *          checks each, and gives its frame to the worker that sends for the port (mirror_deliver.h).
 * Hostile  until checked: only Geneve as geneve.h writes it, with the tag of a mirror that has its port here, from the address of a
 *          host of the switch, with the mirror's key. All else is counted and freed.
 * Bounded  by the socket's buffer, and by a ring for each worker; what finds no room is counted, as are numbers that do not come.
 * Threads  main calls everything here. The thread holds the lock while it handles what a burst has brought, main while it tells
 *          it something new.
 */
#ifndef TW_DATAPLANE_MIRROR_ARRIVE_H
#define TW_DATAPLANE_MIRROR_ARRIVE_H

#include "dataplane/mirror_deliver.h"
#include "dataplane/snapshot.h"
#include "proto/switch.pb-c.h"

struct tw_arrivals;

struct tw_arrival_stats {
	char mirror[64];
	uint32_t number; /* of the port */
	uint64_t sent, octets, full, absent, failed;
	uint64_t memory;  /* no buffer */
	uint64_t refused; /* from nobody known, or with another key */
	uint64_t lost;    /* numbers that did not come */
	char error[128];  /* nothing can come in; empty = it can */
};

/**
 * @param workers kept; each has a ring `arrivals`, whose one producer is the thread
 * @param arrived [TW_MIRRORS_MAX], the workers'
 * @return NULL, the reason is logged
 */
struct tw_arrivals *tw_arrivals_create(struct tw_worker *const *workers, unsigned n_workers,
				       struct tw_arrived *arrived);
/** End the thread. Accepts NULL. */
void tw_arrivals_destroy(struct tw_arrivals *arrivals);

/**
 * Take in what this says, and nothing else. An end that was there goes on: its counters, the numbers it waits for.
 * @param tunnel checked; NULL = none. Not kept
 * @param slots  of the ports of tunnel->ends[]; TW_SLOT_NONE: it is not here
 */
void tw_arrivals_configure(struct tw_arrivals *arrivals, const Tw__Tunnel *tunnel, const uint16_t *slots);

/** @return number of ends described */
size_t tw_arrivals_get_stats(struct tw_arrivals *arrivals, struct tw_arrival_stats stats[TW_MIRRORS_MAX]);

/** Datagrams that were no mirror's. */
uint64_t tw_arrivals_refused(struct tw_arrivals *arrivals);

#endif
