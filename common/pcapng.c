/* SPDX-License-Identifier: Apache-2.0 */
/* pcapng.c - capture file blocks; see pcapng.h. Pure; any thread. */
#include "common/pcapng.h"

#include <string.h>

enum {
	SECTION = 0x0a0d0d0a,
	INTERFACE = 1,
	STATISTICS = 5,
	MAGIC = 0x1a2b3c4d,
	LINKTYPE_ETHERNET = 1,
	OPT_END = 0,
	OPT_COMMENT = 1,
	SHB_HARDWARE = 2,
	SHB_OS = 3,
	SHB_APPLICATION = 4,
	IF_NAME = 2,
	IF_DESCRIPTION = 3,
	IF_MAC = 6,
	IF_TSRESOL = 9,
	TSRESOL_NS = 9,
	IF_FILTER = 11,
	FILTER_IS_TEXT = 0,
	EPB_FLAGS = 2,
	ISB_START = 2,
	ISB_END = 3,
	ISB_RECEIVED = 4,
	ISB_DROPPED = 5,
	PACKET_HEAD = 28,
	PACKET_TAIL = 8 + 4 + 4, /* flags option, end option, total length */
	OPTION_HEAD = 4,
	STRING_MAX = 256,
	FILTER_MAX = 2048,
};

/* A block being written. `at` goes on past `size`, so that the end knows what would have been needed. */
struct block {
	uint8_t *buf;
	size_t size, at;
};

static void put(struct block *b, const void *data, size_t n)
{
	if (b->at + n <= b->size)
		memcpy(b->buf + b->at, data, n);
	b->at += n;
}

static void put16(struct block *b, uint16_t v)
{
	const uint8_t le[2] = { (uint8_t)v, (uint8_t)(v >> 8) };

	put(b, le, sizeof(le));
}

static void put32(struct block *b, uint32_t v)
{
	put16(b, (uint16_t)v);
	put16(b, (uint16_t)(v >> 16));
}

/* Times are two words, the high one first, whatever the byte order (clause 4.3). */
static void put_time(struct block *b, uint64_t ns)
{
	put32(b, (uint32_t)(ns >> 32));
	put32(b, (uint32_t)ns);
}

static void pad(struct block *b)
{
	static const uint8_t zero[4];

	put(b, zero, (4 - b->at % 4) % 4);
}

static void option(struct block *b, uint16_t code, const void *value, size_t n)
{
	put16(b, code);
	put16(b, (uint16_t)n);
	put(b, value, n);
	pad(b);
}

static void option_string(struct block *b, uint16_t code, const char *value)
{
	size_t n = value ? strnlen(value, STRING_MAX) : 0;

	if (n > 0)
		option(b, code, value, n);
}

static void option_filter(struct block *b, const char *text)
{
	uint8_t value[1 + FILTER_MAX] = { FILTER_IS_TEXT };
	size_t n = text ? strnlen(text, FILTER_MAX) : 0;

	if (n == 0)
		return;
	memcpy(value + 1, text, n);
	option(b, IF_FILTER, value, 1 + n);
}

static void option_time(struct block *b, uint16_t code, uint64_t ns)
{
	put16(b, code);
	put16(b, 8);
	put_time(b, ns);
}

static void option_count(struct block *b, uint16_t code, uint64_t v)
{
	put16(b, code);
	put16(b, 8);
	put32(b, (uint32_t)v);
	put32(b, (uint32_t)(v >> 32));
}

static struct block begin(uint8_t *buf, size_t size, uint32_t type)
{
	struct block b = { .buf = buf, .size = size };

	put32(&b, type);
	put32(&b, 0); /* total length, known at the end */
	return b;
}

static size_t end(struct block *b)
{
	uint32_t total = (uint32_t)(b->at + 4 + 4);
	struct block head = { .buf = b->buf, .size = b->size, .at = 4 };

	put32(b, OPT_END);
	put32(b, total);
	if (b->at > b->size)
		return 0;
	put32(&head, total);
	return total;
}

size_t tw_pcapng_section(uint8_t *buf, size_t size, const struct tw_pcapng_section *s)
{
	struct block b = begin(buf, size, SECTION);

	put32(&b, MAGIC);
	put16(&b, 1); /* version 1.0 */
	put16(&b, 0);
	put32(&b, UINT32_MAX); /* length of the section: not known */
	put32(&b, UINT32_MAX);
	option_string(&b, OPT_COMMENT, s->comment);
	option_string(&b, SHB_HARDWARE, s->hardware);
	option_string(&b, SHB_OS, s->os);
	option_string(&b, SHB_APPLICATION, s->application);
	return end(&b);
}

size_t tw_pcapng_interface(uint8_t *buf, size_t size, const struct tw_pcapng_interface *i)
{
	const uint8_t tsresol = TSRESOL_NS;
	struct block b = begin(buf, size, INTERFACE);

	put16(&b, LINKTYPE_ETHERNET);
	put16(&b, 0);
	put32(&b, i->snaplen);
	option_string(&b, OPT_COMMENT, i->comment);
	option_string(&b, IF_NAME, i->name);
	option_string(&b, IF_DESCRIPTION, i->description);
	if (i->mac)
		option(&b, IF_MAC, i->mac, 6);
	option(&b, IF_TSRESOL, &tsresol, 1);
	option_filter(&b, i->filter);
	return end(&b);
}

size_t tw_pcapng_statistics(uint8_t *buf, size_t size, const struct tw_pcapng_statistics *s)
{
	struct block b = begin(buf, size, STATISTICS);

	put32(&b, s->interface);
	put_time(&b, s->ns);
	option_string(&b, OPT_COMMENT, s->comment);
	option_time(&b, ISB_START, s->start_ns);
	option_time(&b, ISB_END, s->end_ns);
	option_count(&b, ISB_RECEIVED, s->received);
	option_count(&b, ISB_DROPPED, s->dropped);
	return end(&b);
}

static size_t padded(size_t n)
{
	return (n + 3) & ~(size_t)3;
}

size_t tw_pcapng_packet_size(const struct tw_pcapng_packet *p)
{
	size_t comment = p->comment ? strnlen(p->comment, STRING_MAX) : 0;

	return PACKET_HEAD + padded(p->captured) + PACKET_TAIL + (comment ? OPTION_HEAD + padded(comment) : 0);
}

uint8_t *tw_pcapng_packet(uint8_t *buf, const struct tw_pcapng_packet *p)
{
	size_t total = tw_pcapng_packet_size(p);
	struct block b = begin(buf, total, TW_PCAPNG_PACKET);

	b.at = 4;
	put32(&b, (uint32_t)total);
	put32(&b, p->interface);
	put_time(&b, p->ns);
	put32(&b, p->captured);
	put32(&b, p->original);
	b.at += p->captured;
	pad(&b);
	option_string(&b, OPT_COMMENT, p->comment);
	put16(&b, EPB_FLAGS);
	put16(&b, 4);
	put32(&b, p->direction);
	put32(&b, OPT_END);
	put32(&b, (uint32_t)total);
	return buf + PACKET_HEAD;
}
