/* SPDX-License-Identifier: Apache-2.0 */
/* pump_parts.h - what pump.c and pump_fate.c share of a pump: its parts, and what is known of what it sent. Only these two include it. */
#ifndef TW_CONTROLPLANE_CENTRAL_PUMP_PARTS_H
#define TW_CONTROLPLANE_CENTRAL_PUMP_PARTS_H

#include "controlplane/central/entry.h"
#include "controlplane/central/pairs.h"
#include "controlplane/central/pump.h"

enum { TRAIL = 256 /* entries between what was read and what has arrived */ };

/* An entry that has been read, and which of its records the exporter was given. */
struct read_entry {
	struct tw_spool_position at;
	uint64_t ordinal;                                                    /* of its first record */
	uint64_t fed;                                                        /* records given to the exporter before */
	uint32_t n;                                                          /* of this one */
	uint64_t given[TW_ENTRY_PASSED_MAX * TW_BATCH_RECORDS_MAX / 64 + 1]; /* bit by bit */
};

/* Of all its collectors. */
struct counts {
	uint64_t delivered, returned;
	bool is_away; /* none takes records */
};

struct tw_pump {
	uint64_t number;
	struct tw_central_pump config;
	struct tw_exporter *exporter;
	struct tw_cursors *cursors;
	struct tw_spool_reader *reader;
	struct tw_cursor next; /* what is read next */
	struct tw_cursor kept; /* what is read again after a restart */
	uint64_t fed;          /* records given to the exporter since its counts were `base` */
	struct counts sum, base;
	struct read_entry trail[TRAIL];
	unsigned first, n_trail;
	uint64_t lost;     /* given up by the spool */
	uint64_t observed; /* ordinal: records before have been told to the exporter as observed; not of biflows */
	struct tw_spool_position noted; /* losses of entries up to this one have been told */
	uint64_t now_ms, allowance, allowed_ms;
	struct tw_pairs *pairs; /* of an exporter of biflows: what is fed. NULL: records are, as they are read */
	bool ends;              /* no record waits for its other direction any more */
	bool gives_up;
	uint64_t given_up; /* records, in the present part */
};

/* Since `base`. */
static inline uint64_t delivered(const struct tw_pump *pump)
{
	return pump->sum.delivered - pump->base.delivered;
}

static inline uint64_t returned(const struct tw_pump *pump)
{
	return pump->sum.returned - pump->base.returned;
}

static inline bool is_datagram(const struct tw_pump *pump)
{
	return pump->config.targets[0].transport == TW_TRANSPORT_UDP;
}

static inline uint64_t in_flight(const struct tw_pump *pump)
{
	uint64_t settled = delivered(pump) + returned(pump);

	return settled < pump->fed ? pump->fed - settled : 0;
}

/* ---- pump_fate.c ---- */

/** Hear what became of what was sent: the cursor follows, or all goes back to what did not arrive. */
void tw_pump_follow(struct tw_pump *pump);
/** Of biflows: the cursor stays at the oldest record that is in hand. */
void tw_pump_keep_first(struct tw_pump *pump);

#endif
