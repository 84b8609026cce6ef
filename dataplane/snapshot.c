/* SPDX-License-Identifier: Apache-2.0 */
/* snapshot.c - look-ups in a snapshot; see snapshot.h. Pure, any thread. snapshot_build.c makes snapshots. */
#include "dataplane/snapshot.h"

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
