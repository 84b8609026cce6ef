/* SPDX-License-Identifier: Apache-2.0 */
/*
 * clock.h - the time, from one place, so that tests can warp it.
 *
 * Control threads. Workers read the TSC themselves (dataplane/worker.h) and convert with a base taken from here.
 */
#ifndef TW_COMMON_CLOCK_H
#define TW_COMMON_CLOCK_H

#include <stdint.h>

uint64_t tw_clock_mono_ns(void); /* CLOCK_MONOTONIC, or the virtual clock */
uint64_t tw_clock_real_ns(void); /* CLOCK_REALTIME (Unix epoch), or the virtual clock */
static inline uint64_t tw_clock_mono_ms(void)
{
	return tw_clock_mono_ns() / 1000000;
}
static inline uint64_t tw_clock_real_ms(void)
{
	return tw_clock_real_ns() / 1000000;
}

/** Tests only: stop both clocks at these values until changed again. Both 0 = the real clocks again. */
void tw_clock_set_virtual(uint64_t mono_ns, uint64_t real_ns);
/** Tests only: move both virtual clocks on. */
void tw_clock_warp(uint64_t ns);

#endif
