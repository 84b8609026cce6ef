/* SPDX-License-Identifier: Apache-2.0 */
/*
 * badguest_iommu.c - a guest behind an IOMMU whose translations make no sense, or are too many, or never come; see badguest.h.
 *
 * One that is shut out comes again: what it does goes on. Its memory is at addresses 0 and BG_USER both, for descriptors and rings.
 * One thread.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/support/badguest.h"

enum { PAGE = 4096, UPDATE = 2, INVALIDATE = 3, FAR = 1 << 28, TABLE = 2000, EVERY = 16 };

static bool iotlb(uint64_t type, uint64_t iova, uint64_t size, uint64_t user)
{
	const uint64_t message[4] = { iova, size, user, type << 8 | 3 };

	return bg_say(&bg_device, BG_IOTLB_MSG, 0, message, sizeof(message), NULL, 0);
}

static void make_channel(struct bg *b)
{
	int pair[2];

	if (b->channel)
		close(b->channel);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair))
		bg_die("channel");
	b->channel = pair[0];
	if (!bg_say(b, BG_SET_BACKEND_FD, 0, NULL, 0, &pair[1], 1))
		bg_die("channel");
	close(pair[1]);
}

static void begin(void)
{
	bg_device.features |= UINT64_C(1) << 33;
	bg_device.protocol = 1 << 3 | 1 << 5;
	bg_begin(&bg_device);
	make_channel(&bg_device);
}

void bg_iommu_start(void)
{
	begin();
	for (unsigned i = 0; i < 2; i++)
		bg_set_up_ring(&bg_device, i);
	iotlb(UPDATE, 0, BG_MEMORY, BG_USER);
	iotlb(UPDATE, BG_USER, BG_MEMORY, BG_USER);
}

/* Shut out, it is back at once. */
static void be_there(void)
{
	int channel = bg_device.channel;

	if (!bg_is_shut_out(&bg_device, 0))
		return;
	bg_hang_up(&bg_device);
	bg_connect(&bg_device, bg_path);
	bg_device.channel = channel;
	bg_iommu_start();
	bg_device.ring[1].avail[0] = 1;
}

static void a_frame_at(uint64_t iova)
{
	bg_put(&bg_device, 1, 0, iova, bg_frame(&bg_device, BG_BUFFERS, 1, 22), 0, 0);
}

static void never_answers(void)
{
	be_there();
	for (unsigned i = 0; i < EVERY; i++) {
		a_frame_at((uint64_t)FAR + (uint64_t)(bg_turn * EVERY + i) * PAGE);
		usleep(20);
	}
}

/* More than there is room for, again and again, and what it sends is at the end of the list. */
static void fills_the_table(void)
{
	be_there();
	for (unsigned i = 0; i < EVERY; i++)
		iotlb(UPDATE, FAR + (uint64_t)(bg_turn * EVERY + i) % TABLE * PAGE, PAGE, BG_USER + BG_BUFFERS);
	a_frame_at(FAR + (uint64_t)(bg_turn * EVERY) % TABLE * PAGE);
}

/* Frames of as many pieces as there can be, each looked for in a full list. */
static void sends_in_pieces_behind_a_full_table(void)
{
	be_there();
	if (bg_turn % TABLE < TABLE / EVERY)
		for (unsigned i = 0; i < EVERY; i++)
			iotlb(UPDATE, FAR + (uint64_t)(bg_turn % TABLE * EVERY + i) * PAGE, PAGE, BG_USER + BG_BUFFERS);
	bg_frame(&bg_device, BG_BUFFERS, 1, 200);
	for (uint16_t i = 0; i < bg_device.num; i++)
		bg_put(&bg_device, 1, i, FAR + (uint64_t)(TABLE - EVERY - 300 + i) * PAGE, 1,
		       i + 1 < bg_device.num ? BG_NEXT : 0, (uint16_t)(i + 1));
}

static void invalidates_in_a_storm(void)
{
	be_there();
	for (unsigned i = 0; i < EVERY; i++) {
		iotlb(INVALIDATE, 0, i % 2 ? UINT64_MAX : FAR, 0);
		iotlb(UPDATE, 0, BG_MEMORY, BG_USER);
		iotlb(UPDATE, BG_USER, BG_MEMORY, BG_USER);
	}
	a_frame_at(BG_BUFFERS);
}

static void overlaps_its_entries(void)
{
	be_there();
	for (unsigned i = 0; i < EVERY; i++)
		iotlb(UPDATE, FAR + (uint64_t)rand() % 100000, 1 + (uint64_t)rand() % 100000,
		      BG_USER + (uint64_t)rand() % (BG_MEMORY - 100001));
	iotlb(INVALIDATE, FAR + (uint64_t)rand() % 100000, (uint64_t)rand() % 10000, 0);
	a_frame_at(FAR + (uint64_t)rand() % 100000);
}

/* Two pages that follow each other in its addresses: the last one of its memory, and another. */
static void crosses_the_end_of_its_memory(void)
{
	be_there();
	iotlb(UPDATE, FAR, PAGE, BG_USER + BG_MEMORY - PAGE);
	for (unsigned i = 1; i < EVERY; i++)
		iotlb(UPDATE, FAR + (uint64_t)i * PAGE, PAGE, BG_USER + (uint64_t)i * PAGE);
	bg_frame(&bg_device, BG_MEMORY - PAGE, 4, 22);
	bg_put(&bg_device, 1, 0, FAR, (EVERY - 1) * PAGE, 0, 0);
}

const struct bg_threat bg_iommu_threats[] = {
	{ "never_answers", never_answers },
	{ "fills_the_table", fills_the_table },
	{ "sends_in_pieces_behind_a_full_table", sends_in_pieces_behind_a_full_table },
	{ "invalidates_in_a_storm", invalidates_in_a_storm },
	{ "overlaps_its_entries", overlaps_its_entries },
	{ "crosses_the_end_of_its_memory", crosses_the_end_of_its_memory },
	{ NULL, NULL },
};

/* --- once, each by itself --- */

static void begin_again(void)
{
	if (bg_device.memory)
		bg_hang_up(&bg_device);
	bg_connect(&bg_device, bg_path);
	begin();
}

static void translates_outside_its_memory(void)
{
	static const struct {
		uint64_t iova, size, user;
	} cases[] = { { 0, BG_MEMORY + 1, BG_USER }, { 0, PAGE, BG_USER - 1 },    { 0, UINT64_MAX, BG_USER },
		      { UINT64_MAX, 1, BG_USER },    { 0, PAGE, UINT64_MAX - 8 }, { 0, 0, BG_USER } };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		begin_again();
		iotlb(UPDATE, cases[i].iova, cases[i].size, cases[i].user);
		bg_must_be_shut_out("an entry outside its memory");
	}
	begin_again();
	iotlb(1, 0, PAGE, BG_USER);
	bg_must_be_shut_out("a miss, which is not for it to say");
}

static void gives_channels_that_are_none(void)
{
	int ends[2];

	if (pipe2(ends, O_NONBLOCK))
		bg_die("pipe");
	begin_again();
	bg_say(&bg_device, BG_SET_BACKEND_FD, 0, NULL, 0, &ends[1], 1);
	bg_must_be_shut_out("a second channel");
	bg_hang_up(&bg_device);
	bg_connect(&bg_device, bg_path);
	bg_device.features |= UINT64_C(1) << 33;
	bg_device.protocol = 1 << 3 | 1 << 5;
	bg_begin(&bg_device);
	bg_say(&bg_device, BG_SET_BACKEND_FD, 0, NULL, 0, &ends[1], 1);
	bg_must_be_shut_out("a pipe for a channel");
	bg_hang_up(&bg_device);
	bg_connect(&bg_device, bg_path);
	bg_device.features |= UINT64_C(1) << 33;
	bg_device.protocol = 1 << 3 | 1 << 5;
	bg_begin(&bg_device);
	bg_set_up_ring(&bg_device, 0);
	bg_must_be_shut_out("no channel at all");
}

const struct bg_threat bg_iommu_messages[] = {
	{ "translates_outside_its_memory", translates_outside_its_memory },
	{ "gives_channels_that_are_none", gives_channels_that_are_none },
	{ NULL, NULL },
};
