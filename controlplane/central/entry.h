/* SPDX-License-Identifier: Apache-2.0 */
/*
 * entry.h - what one entry of the controller's spool says: a host's batch as it was taken, judged and joined.
 *
 * Records that pass are exported. Records that are held wait for the rest of their flow; one that passes later with the key of
 * one that is held has it in it. So what is held, and what each host has sent, follows from the entries alone, and a controller
 * that is killed goes on where it was.
 *
 * Orders   most significant octet first. Records are batches of flowexport/batch.h, each with its size in front.
 * Threads  any; pure.
 */
#ifndef TW_CONTROLPLANE_CENTRAL_ENTRY_H
#define TW_CONTROLPLANE_CENTRAL_ENTRY_H

#include <stddef.h>
#include <stdint.h>

#include "flowexport/batch.h"
#include "flowexport/origin.h"

enum { TW_ENTRY_PASSED_MAX = 2, TW_ENTRY_HOST_SIZE = 64 };

struct tw_record_totals {
	uint64_t records, packets, octets;
	uint64_t ignored_packets, ignored_octets; /* by the host's metering process */
};

struct tw_octets {
	const uint8_t *data;
	size_t size;
};

struct tw_central_entry {
	uint64_t ordinal;              /* records passed by all entries before */
	char host[TW_ENTRY_HOST_SIZE]; /* empty: records that were held and wait no longer */
	struct tw_flow_origin origin;
	uint64_t epoch, sequence;      /* of the batch; see struct tw_batch_head */
	struct tw_record_totals after; /* of the host's epoch, this batch and what was lost before it included */
	struct tw_record_totals lost;  /* between the host's batch before and this one */
	uint32_t n_passed;             /* records */
	struct tw_octets held;         /* size 0 = none */
	struct tw_octets passed[TW_ENTRY_PASSED_MAX];
};

/** @return octets written; 0 = it does not fit into room */
size_t tw_entry_write(uint8_t *out, size_t room, const struct tw_central_entry *entry);
/** Points into data. @return 0 or -EBADMSG */
int tw_entry_read(const uint8_t *data, size_t size, struct tw_central_entry *entry);

#endif
