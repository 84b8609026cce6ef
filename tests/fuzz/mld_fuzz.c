/* SPDX-License-Identifier: Apache-2.0 */
/* mld_fuzz.c - any octets as an IPv6 packet with MLD: what is accepted can be walked and acted upon. See mcast_fuzz.h. */
#include "dataplane/mld.h"
#include "tests/fuzz/mcast_fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	return mcast_fuzz(tw_mld_parse, data, size);
}
