/* SPDX-License-Identifier: Apache-2.0 */
/* badguest_messages.c - what a front-end says and shares that makes no sense; see badguest.h. One thread. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "tests/support/badguest.h"

enum { SHUT_OUT_MS = 10000 };

/* --- messages: each by itself on a connection of its own, which must be ended --- */

static void begin_again(void)
{
	if (bg_device.memory)
		bg_hang_up(&bg_device);
	bg_connect(&bg_device, bg_path);
	bg_begin(&bg_device);
}

void bg_must_be_shut_out(const char *what)
{
	if (!bg_is_shut_out(&bg_device, SHUT_OUT_MS)) {
		printf("not ok served on after %s\n", what);
		exit(1);
	}
}

static void says_half_a_head(void)
{
	begin_again();
	if (write(bg_device.socket, "\1\0\0\0\1", 5) != 5)
		bg_die("half a head");
	bg_must_be_shut_out("half a head");
}

static void says_half_a_message(void)
{
	begin_again();
	bg_say(&bg_device, BG_SET_FEATURES, 0, NULL, 8, NULL, 0);
	bg_must_be_shut_out("half a message");
}

static void does_not_listen(void)
{
	begin_again();
	fcntl(bg_device.socket, F_SETFL, O_NONBLOCK);
	for (int i = 0; i < 100000 && bg_say(&bg_device, BG_GET_FEATURES, 0, NULL, 0, NULL, 0); i++)
		;
}

static void says_wrong_lengths(void)
{
	static const uint32_t requests[] = { BG_SET_FEATURES,   BG_SET_MEM_TABLE,  BG_SET_VRING_NUM,
					     BG_SET_VRING_ADDR, BG_SET_VRING_KICK, BG_SET_LOG_BASE };
	uint8_t zeros[8192] = { 0 };

	for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
		begin_again();
		bg_say(&bg_device, requests[i], 0, zeros, 3, NULL, 0);
		bg_must_be_shut_out("a message too short");
		begin_again();
		bg_say(&bg_device, requests[i], 0, zeros, sizeof(zeros), NULL, 0);
		bg_must_be_shut_out("a message too long");
	}
}

static void says_what_nobody_knows(void)
{
	static const uint32_t requests[] = { 0, 23, 26, 28, 41, 1000, UINT32_MAX };
	const uint64_t nothing = 0;

	for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
		begin_again();
		bg_say(&bg_device, requests[i], 0, &nothing, sizeof(nothing), NULL, 0);
		bg_must_be_shut_out("a request that is none");
	}
}

static void sends_too_few_or_many_descriptors(void)
{
	const uint64_t table[5] = { 1, 0, BG_MEMORY, BG_USER, 0 };
	int fds[12];

	for (unsigned i = 0; i < 12; i++)
		fds[i] = bg_device.memfd;
	begin_again();
	bg_say(&bg_device, BG_SET_MEM_TABLE, 0, table, sizeof(table), NULL, 0);
	bg_must_be_shut_out("memory without a file");
	begin_again();
	for (unsigned i = 0; i < 12; i++)
		fds[i] = bg_device.memfd;
	bg_say(&bg_device, BG_SET_MEM_TABLE, 0, table, sizeof(table), fds, 5);
	bg_must_be_shut_out("memory with files too many");
	begin_again();
	for (unsigned i = 0; i < 12; i++)
		fds[i] = bg_device.memfd;
	bg_say(&bg_device, BG_SET_FEATURES, 0, &bg_device.features, 8, fds, 12);
	bg_must_be_shut_out("features with files");
}

static void asks_for_in_flight_areas(void)
{
	const uint64_t most[3] = { 0, 0, 0xffffffff };

	begin_again();
	bg_say(&bg_device, BG_GET_INFLIGHT_FD, 0, most, 20, NULL, 0);
	bg_must_be_shut_out("the largest in-flight area");
	begin_again();
	bg_start(&bg_device);
	bg_say(&bg_device, BG_SET_INFLIGHT_FD, 0, (const uint64_t[3]){ 4096, 0, 0x010000ff }, 20, &bg_device.memfd, 1);
	if (bg_is_shut_out(&bg_device, 200))
		begin_again();
}

static void talks_of_an_iommu(void)
{
	const uint64_t update[4] = { 0, 4096, BG_USER, 0x0203 };

	begin_again();
	bg_start(&bg_device);
	bg_say(&bg_device, BG_IOTLB_MSG, 0, update, sizeof(update), NULL, 0);
	bg_must_be_shut_out("an IOTLB message");
}

static void grows_a_ring_in_use(void)
{
	begin_again();
	bg_start(&bg_device);
	bg_say_state(&bg_device, BG_SET_VRING_NUM, 1, 4096);
	bg_must_be_shut_out("a ring that grows");
}

static void starts_rings_without_size(void)
{
	begin_again();
	bg_start(&bg_device);
	bg_say_state(&bg_device, BG_GET_VRING_BASE, 1, 0);
	bg_hear(&bg_device);
	bg_say_fd(&bg_device, BG_SET_VRING_KICK, 1, bg_device.ring[1].kick);
	bg_must_be_shut_out("a ring that ended and has no size");
}

static void says_wrong_sizes_and_indices(void)
{
	static const struct {
		uint32_t request, index, num;
	} cases[] = { { BG_SET_VRING_NUM, 0, 0 },          { BG_SET_VRING_NUM, 0, 300 },
		      { BG_SET_VRING_NUM, 0, 65536 },      { BG_SET_VRING_NUM, 200, 4096 },
		      { BG_SET_VRING_NUM, 1u << 31, 256 }, { BG_SET_VRING_BASE, 0, 5 },
		      { BG_SET_VRING_ENABLE, 256, 1 },     { BG_GET_VRING_BASE, 256, 0 } };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		begin_again();
		bg_say_state(&bg_device, cases[i].request, cases[i].index, cases[i].num);
		bg_must_be_shut_out("a size or index that cannot be");
	}
}

static void turns_split_rings_into_packed_ones(void)
{
	begin_again();
	bg_set_up_ring(&bg_device, 0);
	bg_say_u64(&bg_device, BG_SET_FEATURES, bg_device.features | UINT64_C(1) << 34);
	bg_must_be_shut_out("rings of another kind");
	begin_again();
	bg_say_u64(&bg_device, BG_SET_FEATURES, bg_device.features | UINT64_C(1) << 34);
	bg_say_state(&bg_device, BG_SET_VRING_NUM, 0, 16);
	bg_say_state(&bg_device, BG_SET_VRING_BASE, 0, 0x7000);
	bg_must_be_shut_out("a packed ring's index beyond its end");
}

static void puts_rings_outside_memory(void)
{
	begin_again();
	for (unsigned i = 0; i < 2; i++) {
		uint64_t base = i ? BG_USER + BG_MEMORY - 8 : 0;

		bg_say_state(&bg_device, BG_SET_VRING_NUM, i, bg_device.num);
		bg_say_state(&bg_device, BG_SET_VRING_BASE, i, 0);
		bg_say_addr(&bg_device, i, base, base, base);
		bg_say_fd(&bg_device, BG_SET_VRING_KICK, i, bg_device.ring[i].kick);
		bg_say_fd(&bg_device, BG_SET_VRING_CALL, i, bg_device.ring[i].call);
		bg_say_state(&bg_device, BG_SET_VRING_ENABLE, i, 1);
	}
}

static void puts_rings_over_each_other(void)
{
	begin_again();
	for (unsigned i = 0; i < 2; i++) {
		bg_say_state(&bg_device, BG_SET_VRING_NUM, i, bg_device.num);
		bg_say_state(&bg_device, BG_SET_VRING_BASE, i, 0);
		bg_say_addr(&bg_device, i, BG_USER, BG_USER, BG_USER);
		bg_say_fd(&bg_device, BG_SET_VRING_KICK, i, bg_device.ring[i].kick);
		bg_say_fd(&bg_device, BG_SET_VRING_CALL, i, bg_device.ring[i].call);
		bg_say_state(&bg_device, BG_SET_VRING_ENABLE, i, 1);
	}
	for (unsigned i = 0; i < 0x4000; i++)
		bg_device.memory[i] = (uint8_t)rand();
}

static void calls_that_make_one_wait(void)
{
	int ends[2], full = eventfd(0, EFD_CLOEXEC);
	uint8_t octets[4096] = { 0 };

	if (pipe2(ends, O_NONBLOCK) || eventfd_write(full, UINT64_MAX - 1))
		bg_die("pipe");
	while (write(ends[1], octets, sizeof(octets)) > 0)
		;
	fcntl(ends[1], F_SETFL, 0);
	begin_again();
	bg_start(&bg_device);
	bg_say_fd(&bg_device, BG_SET_VRING_CALL, 1, ends[1]);
	bg_must_be_shut_out("a pipe for an eventfd");
	begin_again();
	bg_start(&bg_device);
	bg_say_fd(&bg_device, BG_SET_VRING_CALL, 1,
		  full); /* made not to wait: frames sent are told of, and nothing happens */
	bg_put(&bg_device, 1, 0, BG_BUFFERS, bg_frame(&bg_device, BG_BUFFERS, BG_EVERYBODY, 22), 0, 0);
	for (unsigned i = 0; i < 32; i++)
		bg_offer(&bg_device, 1, 0);
}

static void says_anything(void)
{
	srand(7);
	for (int connection = 0; connection < 40; connection++) {
		begin_again();
		if (connection % 2)
			bg_start(&bg_device);
		for (int i = 0; i < 30; i++) {
			uint64_t payload[40];
			uint32_t size = (uint32_t)rand() % sizeof(payload);
			int fds[4] = { bg_device.memfd, bg_device.ring[0].call, bg_device.ring[1].kick,
				       bg_device.memfd };

			for (unsigned n = 0; n < 40; n++)
				payload[n] =
					rand() % 4 ? (uint64_t)rand() % 4 : (uint64_t)rand() << 33 | (uint64_t)rand();
			if (!bg_say(&bg_device, (uint32_t)rand() % 42, (uint32_t)rand() % 16, payload, size, fds,
				    (unsigned)rand() % 5))
				break;
		}
	}
}

/* --- memory --- */

static void cuts_its_memory(void)
{
	begin_again();
	bg_start(&bg_device);
	bg_put(&bg_device, 1, 0, BG_BUFFERS, bg_frame(&bg_device, BG_BUFFERS, BG_EVERYBODY, 22), 0, 0);
	for (unsigned i = 0; i < 1000; i++) {
		bg_offer(&bg_device, 1, 0);
		usleep(i < 10 ? 1000 : 10);
	}
	if (ftruncate(bg_device.memfd, 0))
		bg_die("ftruncate");
	bg_must_be_shut_out("memory that went");
}

static void shares_less_than_it_says(void)
{
	begin_again();
	bg_say_memory(&bg_device, bg_device.memfd, 1u << 30);
	bg_must_be_shut_out("memory beyond its file");
}

static void shares_a_file_on_disk(void)
{
	char name[] = "/var/tmp/badguest.XXXXXX";
	int fd = mkstemp(name);

	if (fd < 0 || unlink(name) || ftruncate(fd, BG_MEMORY))
		bg_die(name);
	begin_again();
	bg_say_memory(&bg_device, fd, BG_MEMORY / 2);
	bg_must_be_shut_out("a file on disk");
}

static void takes_its_memory_back_in_use(void)
{
	begin_again();
	bg_start(&bg_device);
	bg_put(&bg_device, 1, 0, BG_BUFFERS, bg_frame(&bg_device, BG_BUFFERS, BG_EVERYBODY, 22), 0, 0);
	for (unsigned i = 0; i < 100; i++)
		bg_offer(&bg_device, 1, 0);
	bg_say_memory(&bg_device, bg_device.ring[0].call, BG_MEMORY / 2); /* an eventfd cannot be mapped */
	bg_must_be_shut_out("memory that is none");
}

/* --- connections --- */

static void comes_and_goes(void)
{
	for (int i = 0; i < 300; i++) {
		bg_connect(&bg_device, bg_path);
		if (i % 3)
			bg_begin(&bg_device);
		if (i % 3 == 2)
			bg_start(&bg_device);
		bg_hang_up(&bg_device);
		bg_device.memory = NULL;
	}
}

static void flaps_its_link(void)
{
	for (int i = 0; i < 1000; i++) {
		bg_connect(&bg_device, bg_path);
		bg_begin(&bg_device);
		bg_start(&bg_device);
		usleep(1000); /* long enough for the switch to see it */
		bg_hang_up(&bg_device);
		bg_device.memory = NULL;
	}
}

static void comes_twice(void)
{
	static struct bg first;

	begin_again();
	bg_start(&bg_device);
	first = bg_device;
	bg_device.memory = NULL;
	bg_connect(&bg_device, bg_path);
	bg_must_be_shut_out("a second connection");
	bg_device = first;
	if (bg_is_shut_out(&bg_device, 100)) {
		puts("not ok the first connection went");
		exit(1);
	}
}

static void turns_its_rings_on_and_off(void)
{
	begin_again();
	bg_start(&bg_device);
	for (unsigned i = 0; i < 2000; i++)
		if (!bg_say_state(&bg_device, BG_SET_VRING_ENABLE, i / 2 % 2, i % 2))
			bg_die("enable");
}

const struct bg_threat bg_message_threats[] = {
#define THREAT(name)        \
	{                   \
#name, name \
	}
	THREAT(says_half_a_head),
	THREAT(says_half_a_message),
	THREAT(does_not_listen),
	THREAT(says_wrong_lengths),
	THREAT(says_what_nobody_knows),
	THREAT(sends_too_few_or_many_descriptors),
	THREAT(asks_for_in_flight_areas),
	THREAT(talks_of_an_iommu),
	THREAT(grows_a_ring_in_use),
	THREAT(starts_rings_without_size),
	THREAT(says_wrong_sizes_and_indices),
	THREAT(turns_split_rings_into_packed_ones),
	THREAT(puts_rings_outside_memory),
	THREAT(puts_rings_over_each_other),
	THREAT(calls_that_make_one_wait),
	THREAT(says_anything),
	THREAT(cuts_its_memory),
	THREAT(shares_less_than_it_says),
	THREAT(shares_a_file_on_disk),
	THREAT(takes_its_memory_back_in_use),
	THREAT(comes_and_goes),
	THREAT(flaps_its_link),
	THREAT(comes_twice),
	THREAT(turns_its_rings_on_and_off),
	{ NULL, NULL },
};
