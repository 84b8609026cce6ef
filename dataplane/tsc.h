/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tsc.h - how fast the time-stamp counter goes.
 *
 * DPDK's own figure is rounded to 10 MHz: up to 0.2 % off, which is two minutes a day in the times of records. This one is
 * measured against CLOCK_MONOTONIC from the program's start to the first call, at least 0.1 s: to a few millionths.
 * Threads  the first call by one thread, before others make theirs. It may sleep for what is missing of those 0.1 s.
 */
#ifndef TW_DATAPLANE_TSC_H
#define TW_DATAPLANE_TSC_H

#include <stdint.h>

/** Ticks a second; the same for the life of the program. */
uint64_t tw_tsc_hz(void);

#endif
