/* SPDX-License-Identifier: Apache-2.0 */
/*
 * geneve_fuzz.c - any octets as a datagram from another host: what is accepted is a whole header and a frame, and is written
 * again as it was but for the bits that receivers ignore. The data is a heap copy of its exact size.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/geneve.h"

static void hold(bool claim)
{
	if (!claim)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size ? size : 1), again[TW_GENEVE_HEADER];
	struct tw_geneve header = { .tag = UINT32_MAX };

	if (size)
		memcpy(copy, data, size);
	if (tw_geneve_read(copy, size, &header)) {
		hold(size >= TW_GENEVE_HEADER + TW_GENEVE_FRAME_LEAST && header.tag <= 0xffffff);
		tw_geneve_write(&header, again);
		copy[1] &= 0xc0;
		copy[7] = 0;
		copy[11] &= 0x1f;
		hold(memcmp(copy, again, sizeof(again)) == 0);
	} else {
		hold(header.tag == UINT32_MAX);
	}
	free(copy);
	return 0;
}
