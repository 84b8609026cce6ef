/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mirror_copy.h - a frame that a mirror wants is copied and sent on its way; between mirror_tap.c and mirror_copy.c alone.
 *
 * Threads  the worker.
 */
#ifndef TW_DATAPLANE_MIRROR_COPY_H
#define TW_DATAPLANE_MIRROR_COPY_H

#include "dataplane/mirror_tap.h"
#include "dataplane/worker.h"

/* A frame where a mirror sees it. */
struct tw_sight {
	struct rte_mbuf *m;
	const struct tw_key *key;         /* as it came in; NULL = not known */
	const struct tw_verdict *verdict; /* what becomes of it; NULL = it is behind that */
	uint32_t number;                  /* as struct tw_mirror_tag */
	unsigned behind;                  /* as tw_tap_in() */
	uint16_t slot;
	uint16_t vlan; /* it is judged in */
	bool egress;
	bool stays;   /* nobody will change its octets any more */
	uint8_t drop; /* as struct tw_mirror_tag */
};

/** The number that a tag has for a slot. */
static inline uint32_t tw_copy_number(const struct tw_snapshot *s, uint16_t slot)
{
	return s->slot[slot].uplink ? TW_TAP_UPLINK + slot : s->slot[slot].number;
}

/** Is there a destination that keeps up? If not the frame is counted as shed. */
bool tw_copy_has_way(struct tw_worker *w, const struct tw_snapshot *s, uint64_t bit);

/** To the mirror thread, one copy for all of `mask`. */
void tw_copy_to_thread(struct tw_worker *w, const struct tw_snapshot *s, uint64_t mask, const struct tw_sight *sight);

/** To a port or an RSPAN VLAN. */
void tw_copy_send(struct tw_worker *w, const struct tw_snapshot *s, unsigned bit, const struct tw_sight *sight);

#endif
