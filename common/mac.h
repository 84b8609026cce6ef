/* SPDX-License-Identifier: Apache-2.0 */
/* mac.h - MAC addresses and UUIDs as text, for people and for JSON, and MACs as numbers. Pure; any thread. */
#ifndef TW_COMMON_MAC_H
#define TW_COMMON_MAC_H

#include <stdbool.h>
#include <stdint.h>

enum { TW_MAC_LEN = 6, TW_MAC_TEXT = 18, TW_UUID_LEN = 16, TW_UUID_TEXT = 37 };

/** "02:00:00:0a:0b:0c" or with '-'; anything else, also trailing text, is refused. */
bool tw_mac_parse(const char *text, uint8_t mac[static TW_MAC_LEN]);
char *tw_mac_format(const uint8_t mac[static TW_MAC_LEN], char text[static TW_MAC_TEXT]);
/** As a number: 48 bits, first octet highest. */
static inline uint64_t tw_mac_word(const uint8_t mac[6])
{
	return (uint64_t)mac[0] << 40 | (uint64_t)mac[1] << 32 | (uint64_t)mac[2] << 24 | (uint64_t)mac[3] << 16 |
	       (uint64_t)mac[4] << 8 | mac[5];
}

static inline void tw_mac_of_word(uint64_t word, uint8_t mac[6])
{
	for (int i = 0; i < 6; i++)
		mac[i] = (uint8_t)(word >> (40 - 8 * i));
}

/** RFC 4122 text, lower or upper case. */
bool tw_uuid_parse(const char *text, uint8_t uuid[static TW_UUID_LEN]);
char *tw_uuid_format(const uint8_t uuid[static TW_UUID_LEN], char text[static TW_UUID_TEXT]);
/** A random UUID (version 4, RFC 4122 section 4.4). */
void tw_uuid_random(uint8_t uuid[static TW_UUID_LEN]);

#endif
