/* SPDX-License-Identifier: Apache-2.0 */
/*
 * clock.c - real and virtual time; see clock.h.
 *
 * Threads  reading: any. Setting the virtual clock: tests, before other threads start.
 */
#include "common/clock.h"

#include <time.h>

static uint64_t virtual_mono, virtual_real; /* ns; both 0 = off */

static uint64_t read_clock(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

uint64_t tw_clock_mono_ns(void)
{
	return virtual_mono ? virtual_mono : read_clock(CLOCK_MONOTONIC);
}

uint64_t tw_clock_real_ns(void)
{
	return virtual_real ? virtual_real : read_clock(CLOCK_REALTIME);
}

void tw_clock_set_virtual(uint64_t mono_ns, uint64_t real_ns)
{
	virtual_mono = mono_ns;
	virtual_real = real_ns;
}

void tw_clock_warp(uint64_t ns)
{
	virtual_mono += ns;
	virtual_real += ns;
}
