/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mirror_copy.h - a frame that a mirror wants is copied and sent on its way; between mirror_tap.c and mirror_copy.c alone.
 *
 * Threads  the worker.
 */
#ifndef TW_DATAPLANE_MIRROR_COPY_H
#define TW_DATAPLANE_MIRROR_COPY_H

#include "dataplane/mirror_rule.h"
#include "dataplane/mirror_tap.h"
#include "dataplane/offload.h"
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

/** Octets to keep of a frame for a port or an RSPAN VLAN: all of one that is cut, where it leaves, into frames of at most rule->keep. */
static inline uint32_t tw_copy_keep(const struct tw_mirror_rule *rule, const struct rte_mbuf *m)
{
	return m->ol_flags & TW_OFFLOAD_CUT && m->l2_len + tw_offload_largest_cut(m) <= rule->keep ? UINT32_MAX
												   : rule->keep;
}

/** Octets that a mirror gets of a frame, in one copy or in those of its parts. */
static inline uint64_t tw_copy_octets(const struct tw_mirror_rule *rule, const struct rte_mbuf *m)
{
	uint64_t keep = tw_copy_keep(rule, m);

	if (keep < m->pkt_len && rule->wire_size && m->ol_flags & TW_OFFLOAD_CUT)
		keep *= m->pkt_len / (m->l2_len + tw_offload_largest_cut(m)) + 1;
	return keep < m->pkt_len ? keep : m->pkt_len;
}

/** Is there a destination that keeps up? If not the frame is counted as shed. */
bool tw_copy_has_way(struct tw_worker *w, const struct tw_snapshot *s, uint64_t bit);

/** To the mirror thread, one copy for all of `mask`. */
void tw_copy_to_thread(struct tw_worker *w, const struct tw_snapshot *s, uint64_t mask, const struct tw_sight *sight);

/** To a port or an RSPAN VLAN. */
void tw_copy_send(struct tw_worker *w, const struct tw_snapshot *s, unsigned bit, const struct tw_sight *sight);

#endif
