/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sampling.h - which packets the metering process counts: each, or one in so many, in the 16 bits that version 5's header has for
 *              it: mode, then interval.
 *
 * Systematic  the last packet of every N.
 * Random      one packet of every N, any with equal chance (random n-out-of-N of RFC 5475, n = 1).
 *
 * Threads  plain values.
 * Spec     RFC 5475 sections 5.1, 5.2.1; Cisco, "NetFlow Export Datagram Format" (version 5); RFC 5477 (as IPFIX tells it).
 */
#ifndef TW_FLOWEXPORT_SAMPLING_H
#define TW_FLOWEXPORT_SAMPLING_H

#include <stdbool.h>
#include <stdint.h>

enum {
	TW_SAMPLE_ALL = 0, /* every packet is counted */
	TW_SAMPLE_MAX = 16383,
	TW_SAMPLE_SYSTEMATIC = 1 << 14,
	TW_SAMPLE_RANDOM = 2 << 14,
};

/** One packet of `interval`; 0 and 1 are every packet. */
static inline uint16_t tw_sampling(uint32_t interval, bool random)
{
	if (interval <= 1)
		return TW_SAMPLE_ALL;
	return (uint16_t)((interval > TW_SAMPLE_MAX ? TW_SAMPLE_MAX : interval) |
			  (random ? TW_SAMPLE_RANDOM : TW_SAMPLE_SYSTEMATIC));
}

/** One packet of so many; 1 = every packet. */
static inline uint32_t tw_sampling_interval(uint16_t sampling)
{
	return sampling == TW_SAMPLE_ALL ? 1 : sampling & TW_SAMPLE_MAX;
}

static inline bool tw_sampling_is_random(uint16_t sampling)
{
	return sampling & TW_SAMPLE_RANDOM;
}

#endif
