/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mirror_sequence.h - what got lost between two hosts, by the numbers of the copies that did come.
 *
 * Threads  pure; the caller's.
 */
#ifndef TW_DATAPLANE_MIRROR_SEQUENCE_H
#define TW_DATAPLANE_MIRROR_SEQUENCE_H

#include <stdbool.h>
#include <stdint.h>

enum {
	TW_SEQUENCE_LATE = 1024,     /* so far behind a copy is late; further, the sender has begun anew */
	TW_SEQUENCE_AHEAD = 1 << 20, /* further ahead, too */
};

/* Of one sender. */
struct tw_sequence {
	bool known;
	uint32_t next;
};

/** A copy with this number has come. @param lost so far @return lost now: one less if this one had been missed */
static inline uint64_t tw_sequence_lost(struct tw_sequence *s, uint32_t number, uint64_t lost)
{
	const int32_t ahead = (int32_t)(number - s->next);

	if (s->known && ahead < 0 && ahead >= -TW_SEQUENCE_LATE)
		return lost ? lost - 1 : 0;
	if (s->known && ahead > 0 && ahead <= TW_SEQUENCE_AHEAD)
		lost += (uint32_t)ahead;
	s->known = true;
	s->next = number + 1;
	return lost;
}

#endif
