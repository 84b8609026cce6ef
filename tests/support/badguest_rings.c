/* SPDX-License-Identifier: Apache-2.0 */
/* badguest_rings.c - descriptors, rings and headers that lie: what each turn offers; see badguest.h. One thread. */
#include <stdlib.h>

#include "tests/support/badguest.h"

/* --- descriptors: what each bg_turn offers for sending --- */

static uint32_t a_frame(unsigned to)
{
	return bg_frame(&bg_device, BG_BUFFERS, to, 22);
}

static void outside(void)
{
	bg_put(&bg_device, 1, 0, UINT64_C(1) << 40, 64, 0, 0);
}

static void wrapping(void)
{
	bg_put(&bg_device, 1, 0, UINT64_MAX - 31, 64, 0, 0);
}

static void across_the_end(void)
{
	bg_put(&bg_device, 1, 0, BG_MEMORY - 20, 64, 0, 0);
}

static void of_no_length(void)
{
	bg_put(&bg_device, 1, 0, BG_BUFFERS, 0, 0, 0);
}

static void shorter_than_a_header(void)
{
	bg_put(&bg_device, 1, 0, BG_BUFFERS, 1 + bg_turn % BG_HEADER, 0, 0);
}

static void of_a_runt(void)
{
	a_frame(1);
	bg_put(&bg_device, 1, 0, BG_BUFFERS, BG_HEADER + 1 + bg_turn % 13, 0, 0);
}

static void endless(void)
{
	bg_put(&bg_device, 1, 0, BG_BUFFERS, UINT32_MAX, 0, 0);
}

static void larger_than_any_frame(void)
{
	a_frame(BG_EVERYBODY);
	for (uint16_t i = 0; i < 4; i++)
		bg_put(&bg_device, 1, i, BG_BUFFERS, 0x10000, i < 3 ? BG_NEXT : 0, (uint16_t)(i + 1));
}

static void in_a_loop(void)
{
	bg_put(&bg_device, 1, 0, BG_BUFFERS, a_frame(1), BG_NEXT, 1);
	bg_put(&bg_device, 1, 1, BG_BUFFERS, 64, BG_NEXT, 0);
}

static void of_all_descriptors(void)
{
	a_frame(1);
	for (uint16_t i = 0; i < bg_device.num; i++)
		bg_put(&bg_device, 1, i, BG_BUFFERS + i, 1, i + 1 < bg_device.num ? BG_NEXT : 0, (uint16_t)(i + 1));
}

static void beyond_the_ring(void)
{
	bg_put(&bg_device, 1, 0, BG_BUFFERS, a_frame(1), BG_NEXT, (uint16_t)(bg_device.num + bg_turn));
}

static void for_writing(void)
{
	bg_put(&bg_device, 1, 0, BG_BUFFERS, a_frame(1), BG_WRITE, 0);
}

static struct bg_desc *table(void)
{
	return (struct bg_desc *)(void *)(bg_device.memory + BG_TABLE);
}

static void indirect_outside(void)
{
	bg_put(&bg_device, 1, 0, BG_MEMORY - 8, 160, BG_INDIRECT, 0);
}

static void indirect_of_odd_length(void)
{
	table()[0] = (struct bg_desc){ BG_BUFFERS, a_frame(1), 0, 0 };
	bg_put(&bg_device, 1, 0, BG_TABLE, 1 + bg_turn % 40, BG_INDIRECT, 0);
}

static void indirect_endless(void)
{
	bg_put(&bg_device, 1, 0, BG_TABLE, UINT32_MAX & ~15u, BG_INDIRECT, 0);
}

static void indirect_in_indirect(void)
{
	table()[0] = (struct bg_desc){ BG_TABLE, 16, BG_INDIRECT, 0 };
	bg_put(&bg_device, 1, 0, BG_TABLE, 16, BG_INDIRECT, 0);
}

static void indirect_in_a_loop(void)
{
	table()[0] = (struct bg_desc){ BG_BUFFERS, a_frame(1), BG_NEXT, 1 };
	table()[1] = (struct bg_desc){ BG_BUFFERS, 64, BG_NEXT, 0 };
	bg_put(&bg_device, 1, 0, BG_TABLE, 32, BG_INDIRECT, 0);
}

/* --- rings --- */

static void index_jumps(void)
{
	bg_put(&bg_device, 1, 0, BG_BUFFERS, a_frame(1), 0, 0);
	bg_device.ring[1].avail[1] = (uint16_t)(bg_device.ring[1].avail[1] + 0x8000 + bg_turn);
}

static void heads_beyond_the_ring(void)
{
	for (unsigned i = 0; i < bg_device.num; i++)
		bg_device.ring[1].avail[2 + i] = (uint16_t)(bg_device.num + i * 251);
}

static void random_rings(void)
{
	uint8_t *rings = bg_device.memory;

	for (unsigned i = 0; i < 512; i++)
		rings[(unsigned)rand() % 0x30000] = (uint8_t)rand();
}

/* Nothing a frame could be put into: a frame for this guest meets it. */
static void nothing_to_receive_into(void)
{
	for (uint16_t i = 0; i < 8; i++) {
		bg_put(&bg_device, 0, i, bg_turn % 2 ? UINT64_C(1) << 40 : BG_BUFFERS, bg_turn % 3, BG_WRITE, 0);
		bg_offer(&bg_device, 0, i);
	}
}

static void receive_buffers_in_a_loop(void)
{
	bg_put(&bg_device, 0, 0, BG_BUFFERS, 1, BG_WRITE | BG_NEXT, 1);
	bg_put(&bg_device, 0, 1, BG_BUFFERS, 1, BG_WRITE | BG_NEXT, 0);
	bg_offer(&bg_device, 0, 0);
}

static void receives_into_its_own_rings(void)
{
	for (uint16_t i = 0; i < 64; i++) {
		bg_put(&bg_device, 0, i, i * 64u, 2048, BG_WRITE, 0);
		bg_offer(&bg_device, 0, i);
	}
}

/* --- headers --- */

static void headers_that_lie(void)
{
	static const uint8_t to[] = { 1, 4, BG_EVERYBODY, 20 };
	uint32_t len = bg_frame(&bg_device, BG_BUFFERS, to[bg_turn % 4], (unsigned)rand() % 3000);
	uint8_t *h = bg_device.memory + BG_BUFFERS;

	for (unsigned i = 0; i < BG_HEADER; i++)
		h[i] = (uint8_t)(rand() % 3 ? rand() : 0);
	h[0] = 1;                                         /* a checksum is to be done */
	h[1] = (uint8_t[]){ 0, 1, 3, 4, 5 }[bg_turn % 5]; /* how it is to be cut */
	if (bg_turn % 3 == 0)
		h[6] = 34, h[7] = 0, h[8] = 6, h[9] = 0; /* where UDP has it */
	if (bg_turn % 7 == 0)
		h[BG_HEADER + 23] = 6;
	bg_put(&bg_device, 1, 0, BG_BUFFERS, len, 0, 0);
}

static void frames_for_others(void)
{
	static const uint8_t to[] = { 1, 2, BG_EVERYBODY };
	uint32_t len = bg_frame(&bg_device, BG_BUFFERS, to[bg_turn % 3], 22);

	bg_put(&bg_device, 1, 0, BG_BUFFERS, len, 0, 0);
}

const struct bg_threat bg_ring_threats[] = {
#define THREAT(name)        \
	{                   \
#name, name \
	}
	THREAT(outside),
	THREAT(wrapping),
	THREAT(across_the_end),
	THREAT(of_no_length),
	THREAT(shorter_than_a_header),
	THREAT(of_a_runt),
	THREAT(endless),
	THREAT(larger_than_any_frame),
	THREAT(in_a_loop),
	THREAT(of_all_descriptors),
	THREAT(beyond_the_ring),
	THREAT(for_writing),
	THREAT(indirect_outside),
	THREAT(indirect_of_odd_length),
	THREAT(indirect_endless),
	THREAT(indirect_in_indirect),
	THREAT(indirect_in_a_loop),
	THREAT(index_jumps),
	THREAT(heads_beyond_the_ring),
	THREAT(random_rings),
	THREAT(nothing_to_receive_into),
	THREAT(receive_buffers_in_a_loop),
	THREAT(receives_into_its_own_rings),
	THREAT(headers_that_lie),
	THREAT(frames_for_others),
	{ NULL, NULL },
};
