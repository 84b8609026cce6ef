/* SPDX-License-Identifier: Apache-2.0 */
/* geneve.c - Geneve headers; see geneve.h. Pure. */
#include "dataplane/geneve.h"

#include <string.h>

#include "common/octets.h"

enum {
	BASE_OCTETS = 8,
	OPTION_OCTETS = TW_GENEVE_HEADER - BASE_OCTETS,
	CRITICAL = 0x40, /* an option that must be understood is there */
	PROTOCOL_ETHERNET = 0x6558,
	OPTION_CLASS = 0xff54,
	OPTION_TYPE = 0x81,
	OPTION_WORDS = OPTION_OCTETS / 4 - 1, /* behind the option's own header */
};

void tw_geneve_write(const struct tw_geneve *h, uint8_t *out)
{
	const uint8_t fixed[] = { OPTION_OCTETS / 4,
				  CRITICAL,
				  PROTOCOL_ETHERNET >> 8,
				  PROTOCOL_ETHERNET & 0xff,
				  (uint8_t)(h->tag >> 16),
				  (uint8_t)(h->tag >> 8),
				  (uint8_t)h->tag,
				  0,
				  OPTION_CLASS >> 8,
				  OPTION_CLASS & 0xff,
				  OPTION_TYPE,
				  OPTION_WORDS };
	const uint8_t number[] = { (uint8_t)(h->sequence >> 24), (uint8_t)(h->sequence >> 16),
				   (uint8_t)(h->sequence >> 8), (uint8_t)h->sequence };

	memcpy(out, fixed, sizeof(fixed));
	memcpy(out + sizeof(fixed), h->key, TW_GENEVE_KEY);
	memcpy(out + sizeof(fixed) + TW_GENEVE_KEY, number, sizeof(number));
}

bool tw_geneve_read(const uint8_t *data, size_t size, struct tw_geneve *h)
{
	/* What receivers must ignore (RFC 8926, 3.4) is not looked at: reserved bits. */
	if (size < TW_GENEVE_HEADER + TW_GENEVE_FRAME_LEAST || data[0] != OPTION_OCTETS / 4 ||
	    (data[1] & 0xc0) != CRITICAL || tw_be16(data + 2) != PROTOCOL_ETHERNET ||
	    tw_be16(data + BASE_OCTETS) != OPTION_CLASS || data[10] != OPTION_TYPE || (data[11] & 0x1f) != OPTION_WORDS)
		return false;
	h->tag = (uint32_t)data[4] << 16 | tw_be16(data + 5);
	memcpy(h->key, data + 12, TW_GENEVE_KEY);
	h->sequence = (uint32_t)tw_be16(data + 20) << 16 | tw_be16(data + 22);
	return true;
}

bool tw_geneve_same_key(const uint8_t a[static TW_GENEVE_KEY], const uint8_t b[static TW_GENEVE_KEY])
{
	uint8_t differs = 0;

	for (unsigned i = 0; i < TW_GENEVE_KEY; i++)
		differs |= a[i] ^ b[i];
	return differs == 0;
}
