/* SPDX-License-Identifier: Apache-2.0 */
/* igmp_fuzz.c - any octets as an IPv4 packet with IGMP: what is accepted can be walked and acted upon. See mcast_fuzz.h. */
#include "dataplane/igmp.h"
#include "tests/fuzz/mcast_fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	return mcast_fuzz(tw_igmp_parse, data, size);
}
