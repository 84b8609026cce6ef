/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mem.h - memory that must be had.
 *
 * The controller may be killed at any moment without loss (store.h), so running out of memory ends it: a supervisor
 * starts it again, and no path is written for half a change. Any thread.
 */
#ifndef TW_CONTROLPLANE_MEM_H
#define TW_CONTROLPLANE_MEM_H

#include <stdio.h>
#include <stdlib.h>

/** Pass an allocation through: `char *s = tw_need(strdup(x));`. Ends the program if it failed. */
static inline void *tw_need(void *memory)
{
	if (!memory) {
		fputs("tw-controller: out of memory\n", stderr);
		abort();
	}
	return memory;
}

#endif
