/* SPDX-License-Identifier: Apache-2.0 */
/* queues.c - which of a guest's queues are in use; see queues.h. Pure. */
#include "dataplane/queues.h"

#include <string.h>

void tw_queues_of_rings(uint32_t rings, struct tw_queues *queues)
{
	memset(queues, 0, sizeof(*queues));
	for (unsigned q = 0; q < TW_QUEUES_MAX; q++) {
		if (rings >> 2 * q & 1)
			queues->number[queues->n++] = (uint8_t)q;
		if (rings >> (2 * q + 1) & 1)
			queues->polls |= UINT32_C(1) << q;
	}
}
