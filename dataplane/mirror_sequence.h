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
	TW_SEQUENCE_WINDOW = 64,     /* so far behind it is known which numbers did not come */
};

/* Of one sender. */
struct tw_sequence {
	bool known;
	uint32_t next;
	uint64_t missed; /* bit i: number next - 1 - i, which is counted as lost */
};

static inline void tw_sequence_go_on(struct tw_sequence *s, uint32_t skipped)
{
	if (skipped >= TW_SEQUENCE_WINDOW - 1)
		s->missed = ~UINT64_C(1);
	else
		s->missed = s->missed << (skipped + 1) | ((UINT64_C(1) << skipped) - 1) << 1;
}

/**
 * A copy with this number has come.
 * @param lost so far, of all senders
 * @return lost now: one less if this one had been missed, and is not too late for that to be known
 */
static inline uint64_t tw_sequence_lost(struct tw_sequence *s, uint32_t number, uint64_t lost)
{
	const int32_t ahead = (int32_t)(number - s->next);

	if (s->known && ahead < 0 && ahead >= -TW_SEQUENCE_LATE) {
		uint64_t bit = ahead >= -TW_SEQUENCE_WINDOW ? UINT64_C(1) << (-ahead - 1) : 0;

		lost -= (s->missed & bit) != 0;
		s->missed &= ~bit;
		return lost;
	}
	if (s->known && ahead >= 0 && ahead <= TW_SEQUENCE_AHEAD) {
		lost += (uint32_t)ahead;
		tw_sequence_go_on(s, (uint32_t)ahead);
	} else {
		s->missed = 0;
	}
	s->known = true;
	s->next = number + 1;
	return lost;
}

#endif
