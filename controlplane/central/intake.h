/* SPDX-License-Identifier: Apache-2.0 */
/*
 * intake.h - takes batches of flow records from hosts: each once, judged, joined, into the controller's spool.
 *
 *   batch ── had it? ── lost before it? ── second sightings out ── joined with what waits ── held or passed ──▶ spool
 *
 * Once     a host numbers its batches by epoch and sequence, both rising; one that is not beyond the last one taken came again.
 * Whole    an entry of the spool is all that a batch led to, written by one call. The host forgets the batch after that. What
 *          the entries of segments that are gone have said is in FOLDER/marks.
 * Shared   no host has more of the spool than is fair (shares.h); what is beyond that waits on the host.
 * Trust    every octet is hostile. A batch says nothing of who sent it: host and observation domain are the controller's word.
 *          Of which ports its records are is not looked at: records come late, and ports move.
 *
 * Threads  its owner's. Time is an argument.
 */
#ifndef TW_CONTROLPLANE_CENTRAL_INTAKE_H
#define TW_CONTROLPLANE_CENTRAL_INTAKE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/spool.h"
#include "controlplane/central/directory.h"
#include "controlplane/central/entry.h"

struct tw_intake;

/* Since the intake was created. */
struct tw_intake_host {
	char name[TW_ENTRY_HOST_SIZE];
	uint64_t records, missing_records, missing_packets, duplicates, second_sightings, joined, refused;
	uint64_t unwanted;    /* records that no exporter wants (any more) */
	uint64_t kept_octets; /* in the controller's spool, now */
	uint64_t put_off;     /* batches that were not taken, as the host has its share of the spool; they come again */
	uint64_t waiting_octets, heard_ms;
};

/**
 * Open the spool and find what is in it.
 * @return NULL with errno set
 */
struct tw_intake *tw_intake_create(const char *folder, const struct tw_spool_limits *limits, uint64_t now_ms);
/** Accepts NULL. */
void tw_intake_destroy(struct tw_intake *intake);

/** Who is who from now on; borrowed until the next call. */
void tw_intake_know(struct tw_intake *intake, const struct tw_directory *directory);

/** Records that hosts kept by earlier revisions of the model are wanted by no exporter: they are counted, and not kept. */
void tw_intake_want(struct tw_intake *intake, uint64_t since);

/**
 * Take a batch.
 * @param address of the host, `size` octets of it: 4, 16, or 0 = not known
 * @return 0 the host may forget it: it is in the spool, was so before, or is none; -ENOENT there is no such host; -EAGAIN the
 *         spool cannot be written: try again later; -EDQUOT the host has its share: later
 */
int tw_intake_push(struct tw_intake *intake, const char *host, const uint8_t *address, size_t address_size,
		   const uint8_t *batch, size_t size, uint64_t now_ms);
/** What the host said waits in its own spool. */
void tw_intake_note_waiting(struct tw_intake *intake, const char *host, uint64_t octets, uint64_t now_ms);

/**
 * Time passes: records that have waited for the rest of their flow go, segments that nobody needs any more, too.
 * @param needed what the exporters have not read yet begins here
 */
void tw_intake_tick(struct tw_intake *intake, struct tw_spool_position needed, uint64_t now_ms);

/** Octets of the spool that a host may have at most, at present. */
uint64_t tw_intake_share(const struct tw_intake *intake);
/**
 * Has a host been put off that has no more than its part of the spool? That is so where the records of all wait for an exporter whose
 * collector is away. Asking forgets it.
 */
bool tw_intake_wants_room(struct tw_intake *intake);
/** The oldest records go, whether exported or not. */
void tw_intake_make_room(struct tw_intake *intake);

/** Records passed so far, in all: the ordinal of the next one. */
uint64_t tw_intake_ordinal(const struct tw_intake *intake);
struct tw_spool_position tw_intake_end(const struct tw_intake *intake);
size_t tw_intake_held(const struct tw_intake *intake);
void tw_intake_spool_stats(const struct tw_intake *intake, struct tw_spool_stats *stats);
/** @param out room for `most` @return how many there are */
size_t tw_intake_hosts(const struct tw_intake *intake, struct tw_intake_host *out, size_t most);

#endif
