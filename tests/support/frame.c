/* SPDX-License-Identifier: Apache-2.0 */
/* frame.c - test frames; see frame.h. RFC 791, 768, 9293, 8200; checksums RFC 1071. */
#include "tests/support/frame.h"

#include <string.h>

enum { ETHER = 14, TAG = 4, IPV4 = 20, IPV6 = 40, TCP = 20, UDP = 8 };

static void put16(uint8_t *p, size_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static void put32(uint8_t *p, uint32_t v)
{
	put16(p, v >> 16);
	put16(p + 2, v & 0xffff);
}

static uint32_t add_up(uint32_t sum, const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		sum += i % 2 ? p[i] : (uint32_t)p[i] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

size_t test_frame_l3(const struct test_frame *f)
{
	return ETHER + (f->tagged ? TAG : 0);
}

size_t test_frame_l4(const struct test_frame *f)
{
	return test_frame_l3(f) + (f->protocol == 0 ? 0 : f->ip6 ? IPV6 : IPV4);
}

size_t test_frame_payload(const struct test_frame *f)
{
	return test_frame_l4(f) + (f->protocol == 6 ? TCP : f->protocol == 17 ? UDP : 0);
}

static void write_mac(uint8_t *p, uint8_t who)
{
	memset(p, who == TF_EVERYBODY ? 0xff : 0, 6);
	if (who != TF_EVERYBODY) {
		p[0] = 2;
		p[5] = who;
	}
}

static uint8_t *write_ether(const struct test_frame *f, uint8_t *p)
{
	write_mac(p, f->to);
	write_mac(p + 6, f->from);
	p += 12;
	if (f->tagged) {
		put16(p, 0x8100);
		put16(p + 2, f->tci);
		p += TAG;
	}
	put16(p, f->protocol == 0 ? TF_ETHERTYPE : f->ip6 ? 0x86dd : 0x0800);
	return p + 2;
}

static void write_ipv4(const struct test_frame *f, uint8_t *p, size_t l4_len)
{
	p[0] = 0x45;
	put16(p + 2, IPV4 + l4_len);
	put16(p + 4, f->ip_id);
	p[8] = f->ttl ? f->ttl : 64;
	p[9] = f->protocol;
	p[12] = p[16] = 10;
	p[15] = f->from;
	p[19] = f->to;
	put16(p + 10, ~add_up(0, p, IPV4) & 0xffff);
}

static void write_ipv6(const struct test_frame *f, uint8_t *p, size_t l4_len)
{
	p[0] = 0x60;
	put16(p + 4, l4_len);
	p[6] = f->protocol;
	p[7] = f->ttl ? f->ttl : 64;
	put32(p + 8, 0x20010db8);
	put32(p + 24, 0x20010db8);
	p[23] = f->from;
	p[39] = f->to;
}

/* @return the checksum its field must hold. @param ip the IP header, @param p the layer-4 header */
static uint16_t l4_sum(const uint8_t *ip, bool v6, uint8_t protocol, const uint8_t *p, size_t len)
{
	size_t field = protocol == 6 ? 16 : 6;
	uint32_t sum = add_up(protocol + (uint32_t)len, v6 ? ip + 8 : ip + 12, v6 ? 32 : 8);

	sum = add_up(sum, p, field);
	sum = ~add_up(sum, p + field + 2, len - field - 2) & 0xffff;
	return (uint16_t)(sum == 0 && protocol == 17 ? 0xffff : sum);
}

static void write_l4(const struct test_frame *f, uint8_t *p, size_t len)
{
	put16(p, f->sport);
	put16(p + 2, f->dport);
	if (f->protocol == 17) {
		put16(p + 4, len);
		return;
	}
	put32(p + 4, f->seq);
	put32(p + 8, 0x01020304);
	p[12] = TCP / 4 << 4;
	p[13] = f->tcp_flags;
	put16(p + 14, 0x2000);
}

struct test_frame test_frame_udp(unsigned from, unsigned to)
{
	return (struct test_frame){
		.from = (uint8_t)from, .to = (uint8_t)to, .protocol = 17, .sport = 1000, .dport = 2000, .payload = 22
	};
}

struct test_frame test_frame_tagged(struct test_frame f, uint16_t tci)
{
	f.tagged = true;
	f.tci = tci;
	return f;
}

size_t test_frame_write(const struct test_frame *f, uint8_t *out)
{
	size_t l4 = test_frame_l4(f), payload = test_frame_payload(f), len = payload + f->payload;
	uint8_t *ip;

	memset(out, 0, payload);
	/* Each octet says where in the stream it is, so that a piece out of place shows. */
	for (uint32_t i = 0; i < f->payload; i++)
		out[payload + i] = (uint8_t)((f->seq + i) * 7 + ((f->seq + i) >> 8));
	ip = write_ether(f, out);
	if (f->protocol == 0)
		return len;
	if (f->ip6)
		write_ipv6(f, ip, len - l4);
	else
		write_ipv4(f, ip, len - l4);
	write_l4(f, out + l4, len - l4);
	put16(out + l4 + (f->protocol == 6 ? 16 : 6), l4_sum(ip, f->ip6, f->protocol, out + l4, len - l4));
	return len;
}

static size_t get16(const uint8_t *p)
{
	return (size_t)p[0] << 8 | p[1];
}

bool test_frame_sums_hold(const uint8_t *frame, size_t len)
{
	const uint8_t *ip = frame + ETHER + (get16(frame + 12) == 0x8100 ? TAG : 0), *l4;
	bool v6 = ip[0] >> 4 == 6;
	uint8_t protocol = v6 ? ip[6] : ip[9];
	size_t l4_len = v6 ? get16(ip + 4) : get16(ip + 2) - (ip[0] & 15) * 4u;

	l4 = v6 ? ip + IPV6 : ip + (ip[0] & 15) * 4u;
	if (l4 + l4_len > frame + len || (protocol != 6 && protocol != 17))
		return false;
	if (!v6 && add_up(0, ip, (ip[0] & 15) * 4u) != 0xffff)
		return false;
	return get16(l4 + (protocol == 6 ? 16 : 6)) == l4_sum(ip, v6, protocol, l4, l4_len);
}
