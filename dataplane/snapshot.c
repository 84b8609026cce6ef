/* SPDX-License-Identifier: Apache-2.0 */
/* snapshot.c - look-ups in a snapshot; see snapshot.h. Pure, any thread. snapshot_build.c makes snapshots. */
#include "dataplane/snapshot.h"

#include <string.h>

bool tw_slot_has_mac(const struct tw_slot *s, const uint8_t mac[6])
{
	const uint64_t wanted = tw_mac_word(mac);
	uint32_t low = 0, high = s->macs ? s->macs->n : 0;

	if (memcmp(s->mac, mac, 6) == 0)
		return true;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (s->macs->mac[middle] == wanted)
			return true;
		if (s->macs->mac[middle] < wanted)
			low = middle + 1;
		else
			high = middle;
	}
	return false;
}

const struct tw_identity *tw_snapshot_identity(const struct tw_snapshot *s, const uint8_t mac[6])
{
	const uint64_t wanted = tw_mac_word(mac);
	const struct tw_identity *base = s->identities;

	/* By hand for the sake of inlining: a decision makes two of these. */
	for (uint32_t n = s->n_identities; n > 0; n /= 2) {
		const struct tw_identity *middle = base + n / 2;

		if (middle->mac == wanted)
			return middle;
		if (middle->mac < wanted) {
			base = middle + 1;
			n--;
		}
	}
	return NULL;
}
