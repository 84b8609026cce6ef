/* SPDX-License-Identifier: Apache-2.0 */
/* mcast_frame.c - frames with IGMP and MLD messages; see mcast_frame.h. */
#include "tests/support/mcast_frame.h"

#include <arpa/inet.h>
#include <assert.h>
#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static size_t put_group(uint8_t *out, char digit, bool ip6)
{
	const uint8_t n = (uint8_t)(digit - '0');

	if (ip6)
		memcpy(out, (const uint8_t[16]){ 0xff, 0x0e, [15] = n }, 16);
	else
		memcpy(out, (const uint8_t[4]){ 239, 1, 1, n }, 4);
	return ip6 ? 16 : 4;
}

static size_t put_body(uint8_t *out, const char *text, bool ip6)
{
	size_t n = 0;

	for (; *text; text++) {
		if (isspace((unsigned char)*text))
			continue;
		if (*text == 'G') {
			n += put_group(out + n, *++text, ip6);
			continue;
		}
		out[n++] = (uint8_t)strtoul((const char[3]){ text[0], text[1] }, NULL, 16);
		text++;
	}
	assert(n < MF_MAX - 80);
	return n;
}

static void put16(uint8_t *p, size_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static uint32_t add(uint32_t sum, const uint8_t *p, size_t len)
{
	for (size_t i = 0; i < len; i += 2)
		sum += (uint32_t)(p[i] << 8 | (i + 1 < len ? p[i + 1] : 0));
	return sum;
}

static void put_sum(uint8_t *at, uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	put16(at, ~sum & 0xffff);
}

void mcast_frame_sums(uint8_t *frame)
{
	uint8_t *ip = frame + MF_L3, *p;
	size_t len;

	if (ip[0] >> 4 == 4) {
		p = ip + (ip[0] & 15) * 4;
		len = (size_t)(ip[2] << 8 | ip[3]) - (size_t)(p - ip);
		put16(ip + 10, 0);
		put_sum(ip + 10, add(0, ip, (size_t)(p - ip)));
		put16(p + 2, 0);
		put_sum(p + 2, add(0, p, len));
		return;
	}
	p = ip + MF_IP6;
	len = (size_t)(ip[4] << 8 | ip[5]) - 8;
	put16(p + 2, 0);
	put_sum(p + 2, add(add((uint32_t)len + 58, ip + 8, 32), p, len));
}

static void put_macs(uint8_t *out, uint8_t who, const uint8_t dst[6])
{
	memcpy(out, dst, 6);
	memcpy(out + 6, (const uint8_t[6]){ 2, 0, 0, 0, 0, who }, 6);
}

size_t mcast_frame_igmp(uint8_t *out, uint8_t who, const char *to, const char *body)
{
	uint8_t *ip = out + MF_L3;
	size_t len;

	memset(out, 0, 60);
	len = put_body(ip + MF_IP4, body, false);
	assert(inet_pton(AF_INET, to, ip + 16) == 1);
	put_macs(out, who, (const uint8_t[6]){ 0x01, 0x00, 0x5e, ip[17] & 0x7f, ip[18], ip[19] });
	put16(out + 12, 0x0800);
	ip[0] = 0x45;
	put16(ip + 2, MF_IP4 + len);
	ip[8] = 1;
	ip[9] = 2;
	memcpy(ip + 12, (const uint8_t[4]){ who ? 10 : 0, 0, 0, who }, 4);
	mcast_frame_sums(out);
	return MF_L3 + MF_IP4 + len < 60 ? 60 : MF_L3 + MF_IP4 + len;
}

size_t mcast_frame_mld(uint8_t *out, uint8_t who, const char *to, const char *body)
{
	static const uint8_t alert[8] = { 58, 0, 5, 2, 0, 0, 1, 0 };
	uint8_t *ip = out + MF_L3;
	size_t len;

	memset(out, 0, 80);
	len = put_body(ip + MF_IP6, body, true);
	assert(inet_pton(AF_INET6, to, ip + 24) == 1);
	put_macs(out, who, (const uint8_t[6]){ 0x33, 0x33, ip[36], ip[37], ip[38], ip[39] });
	put16(out + 12, 0x86dd);
	ip[0] = 0x60;
	put16(ip + 4, 8 + len);
	ip[7] = 1;
	if (who)
		memcpy(ip + 8, (const uint8_t[16]){ 0xfe, 0x80, [15] = who }, 16);
	memcpy(ip + 40, alert, sizeof(alert));
	mcast_frame_sums(out);
	return MF_L3 + MF_IP6 + len;
}
