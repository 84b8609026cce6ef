/* SPDX-License-Identifier: Apache-2.0 */
/* mac.c - MAC addresses and UUIDs as text; see mac.h. Pure but for tw_uuid_random(), which asks the kernel. */
#include "common/mac.h"

#include <stdio.h>
#include <string.h>
#include <sys/random.h>

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool hex_octet(const char *text, uint8_t *octet)
{
	int hi = hex_digit(text[0]), lo = hi < 0 ? -1 : hex_digit(text[1]);

	if (lo < 0)
		return false;
	*octet = (uint8_t)(hi << 4 | lo);
	return true;
}

bool tw_mac_parse(const char *text, uint8_t mac[static TW_MAC_LEN])
{
	uint8_t out[TW_MAC_LEN];

	if (strlen(text) != TW_MAC_TEXT - 1)
		return false;
	for (int i = 0; i < TW_MAC_LEN; i++, text += 3)
		if (!hex_octet(text, &out[i]) || (i < TW_MAC_LEN - 1 && text[2] != ':' && text[2] != '-'))
			return false;
	memcpy(mac, out, sizeof(out));
	return true;
}

char *tw_mac_format(const uint8_t mac[static TW_MAC_LEN], char text[static TW_MAC_TEXT])
{
	snprintf(text, TW_MAC_TEXT, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3], mac[4], mac[5]);
	return text;
}

static bool uuid_dash_before(int octet)
{
	return octet == 4 || octet == 6 || octet == 8 || octet == 10;
}

bool tw_uuid_parse(const char *text, uint8_t uuid[static TW_UUID_LEN])
{
	uint8_t out[TW_UUID_LEN];

	if (strlen(text) != TW_UUID_TEXT - 1)
		return false;
	for (int i = 0; i < TW_UUID_LEN; i++, text += 2) {
		if (uuid_dash_before(i) && *text++ != '-')
			return false;
		if (!hex_octet(text, &out[i]))
			return false;
	}
	memcpy(uuid, out, sizeof(out));
	return true;
}

char *tw_uuid_format(const uint8_t uuid[static TW_UUID_LEN], char text[static TW_UUID_TEXT])
{
	char *out = text;

	for (int i = 0; i < TW_UUID_LEN; i++) {
		if (uuid_dash_before(i))
			*out++ = '-';
		snprintf(out, 3, "%02x", uuid[i]);
		out += 2;
	}
	return text;
}

void tw_uuid_random(uint8_t uuid[static TW_UUID_LEN])
{
	/* 16 octets never come short (getrandom(2)); before the pool is ready the call waits. */
	while (getrandom(uuid, TW_UUID_LEN, 0) != TW_UUID_LEN)
		;
	uuid[6] = (uint8_t)((uuid[6] & 0x0f) | 0x40);
	uuid[8] = (uint8_t)((uuid[8] & 0x3f) | 0x80);
}
