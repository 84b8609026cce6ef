/* SPDX-License-Identifier: Apache-2.0 */
/* mac_fuzz.c - MAC addresses and UUIDs as text from anyone: refused or read, never read past. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/mac.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t mac[TW_MAC_LEN], uuid[TW_UUID_LEN];
	char text[TW_UUID_TEXT], *in = strndup((const char *)data, size);

	if (in && tw_mac_parse(in, mac) && !tw_mac_parse(tw_mac_format(mac, text), mac))
		abort();
	if (in && tw_uuid_parse(in, uuid) && !tw_uuid_parse(tw_uuid_format(uuid, text), uuid))
		abort();
	free(in);
	return 0;
}
