/* SPDX-License-Identifier: Apache-2.0 */
/* tsc.c - the time-stamp counter's frequency, measured; see tsc.h. */
#include "dataplane/tsc.h"

#include <time.h>

#include <rte_cycles.h>

enum { TRIES = 8, LEAST_NS = 100 * 1000 * 1000, NS = 1000 * 1000 * 1000 };

/* One moment on both clocks. */
struct moment {
	uint64_t tsc, ns;
};

static struct moment at_start;

static uint64_t read_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * NS + (uint64_t)t.tv_nsec;
}

/* The closest of several: between two readings the kernel may have taken the processor away. */
static struct moment read_both(void)
{
	struct moment best = { 0 };
	uint64_t shortest = UINT64_MAX;

	for (int i = 0; i < TRIES; i++) {
		uint64_t before = rte_rdtsc_precise(), ns = read_ns(), after = rte_rdtsc_precise();

		if (after - before >= shortest)
			continue;
		shortest = after - before;
		best = (struct moment){ .tsc = before + shortest / 2, .ns = ns };
	}
	return best;
}

static void __attribute__((constructor)) note_start(void)
{
	at_start = read_both();
}

uint64_t tw_tsc_hz(void)
{
	static uint64_t hz;
	struct timespec missing = { 0 };
	struct moment now;
	uint64_t passed;

	if (hz)
		return hz;
	passed = read_ns() - at_start.ns;
	if (passed < LEAST_NS) {
		missing.tv_nsec = (long)(LEAST_NS - passed);
		nanosleep(&missing, NULL);
	}
	now = read_both();
	hz = (uint64_t)((unsigned __int128)(now.tsc - at_start.tsc) * NS / (now.ns - at_start.ns));
	return hz;
}
