/* SPDX-License-Identifier: Apache-2.0 */
/* badguest_front.c - a vhost-user front-end without manners; see badguest_front.h. */
#include "tests/support/badguest_front.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/support/frame.h"

enum { PATIENCE_MS = 15000, VERSION = 1, FDS = 16 };

void bg_die(const char *what)
{
	fprintf(stderr, "%s: %s\n", what, strerror(errno));
	exit(1);
}

static void share_memory(struct bg *b)
{
	b->memfd = memfd_create("badguest", MFD_CLOEXEC);
	if (b->memfd < 0 || ftruncate(b->memfd, BG_MEMORY))
		bg_die("memory");
	b->memory = mmap(NULL, BG_MEMORY, PROT_READ | PROT_WRITE, MAP_SHARED, b->memfd, 0);
	if (b->memory == MAP_FAILED)
		bg_die("map");
	for (unsigned i = 0; i < 2; i++) {
		uint8_t *base = b->memory + i * 0x10000;

		b->ring[i].desc = (struct bg_desc *)(void *)base;
		b->ring[i].avail = (uint16_t *)(void *)(base + 0x4000);
		b->ring[i].used = (uint16_t *)(void *)(base + 0x8000);
		b->ring[i].kick = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
		b->ring[i].call = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	}
}

void bg_connect(struct bg *b, const char *path)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };

	memset(b, 0, sizeof(*b));
	b->num = 256;
	/* VERSION_1, protocol features, indirect, mergeable buffers, the switch may have checksums and TCP segments to do */
	b->features = UINT64_C(1) << 32 | UINT64_C(1) << 30 | UINT64_C(1) << 28 | 1 << 15 | 1 << 11 | 1 << 0;
	snprintf(to.sun_path, sizeof(to.sun_path), "%s", path);
	b->socket = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	for (int ms = 0; connect(b->socket, (struct sockaddr *)&to, sizeof(to)); ms += 20) {
		if (ms > PATIENCE_MS)
			bg_die(path);
		usleep(20000);
	}
	share_memory(b);
}

void bg_hang_up(struct bg *b)
{
	close(b->socket);
	close(b->memfd);
	munmap(b->memory, BG_MEMORY);
	for (unsigned i = 0; i < 2; i++) {
		close(b->ring[i].kick);
		close(b->ring[i].call);
	}
}

/* --- messages --- */

bool bg_say(struct bg *b, uint32_t request, uint32_t flags, const void *payload, uint32_t size, const int *fds,
	    unsigned n)
{
	uint32_t head[3] = { request, flags | VERSION, size };
	struct iovec part[2] = { { head, sizeof(head) }, { (void *)(uintptr_t)payload, payload ? size : 0 } };
	union {
		char room[CMSG_SPACE(FDS * sizeof(int))];
		struct cmsghdr align;
	} control = { 0 };
	struct msghdr message = { .msg_iov = part, .msg_iovlen = 2 };

	if (n) {
		struct cmsghdr *c = &control.align;

		message.msg_control = control.room;
		message.msg_controllen = CMSG_SPACE(n * sizeof(int));
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(n * sizeof(int));
		memcpy(CMSG_DATA(c), fds, n * sizeof(int));
	}
	return sendmsg(b->socket, &message, MSG_NOSIGNAL) > 0;
}

bool bg_say_u64(struct bg *b, uint32_t request, uint64_t value)
{
	return bg_say(b, request, 0, &value, sizeof(value), NULL, 0);
}

bool bg_say_state(struct bg *b, uint32_t request, uint32_t index, uint32_t num)
{
	const uint32_t state[2] = { index, num };

	return bg_say(b, request, 0, state, sizeof(state), NULL, 0);
}

bool bg_say_fd(struct bg *b, uint32_t request, uint32_t index, int fd)
{
	const uint64_t value = index;

	return bg_say(b, request, 0, &value, sizeof(value), &fd, 1);
}

bool bg_say_memory(struct bg *b, int fd, uint64_t size)
{
	const uint64_t table[5] = { 1, 0, size, BG_USER, 0 };

	return bg_say(b, BG_SET_MEM_TABLE, 0, table, sizeof(table), &fd, 1);
}

bool bg_say_addr(struct bg *b, uint32_t index, uint64_t desc, uint64_t avail, uint64_t used)
{
	const uint64_t addr[5] = { index, desc, used, avail, 0 };

	return bg_say(b, BG_SET_VRING_ADDR, 0, addr, sizeof(addr), NULL, 0);
}

bool bg_hear(struct bg *b)
{
	struct pollfd p = { .fd = b->socket, .events = POLLIN };
	char room[512];

	return poll(&p, 1, 5000) > 0 && recv(b->socket, room, sizeof(room), 0) > 0;
}

bool bg_is_shut_out(struct bg *b, int ms)
{
	struct pollfd p = { .fd = b->socket, .events = POLLIN };
	char room[512];
	ssize_t n;

	while (poll(&p, 1, ms) > 0) {
		n = recv(b->socket, room, sizeof(room), MSG_DONTWAIT);
		if (n == 0 || (n < 0 && errno != EAGAIN))
			return true;
	}
	return false;
}

/* --- a device --- */

void bg_begin(struct bg *b)
{
	if (!bg_say(b, BG_GET_FEATURES, 0, NULL, 0, NULL, 0) || !bg_hear(b) ||
	    !bg_say(b, BG_GET_PROTOCOL_FEATURES, 0, NULL, 0, NULL, 0) || !bg_hear(b) ||
	    !bg_say_u64(b, BG_SET_PROTOCOL_FEATURES, b->protocol) || !bg_say(b, BG_SET_OWNER, 0, NULL, 0, NULL, 0) ||
	    !bg_say_u64(b, BG_SET_FEATURES, b->features) || !bg_say_memory(b, b->memfd, BG_MEMORY))
		bg_die("hello");
}

void bg_set_up_ring(struct bg *b, unsigned i)
{
	uint64_t base = BG_USER + i * 0x10000u;

	if (!bg_say_state(b, BG_SET_VRING_NUM, i, b->num) || !bg_say_state(b, BG_SET_VRING_BASE, i, 0) ||
	    !bg_say_addr(b, i, base, base + 0x4000, base + 0x8000) ||
	    !bg_say_fd(b, BG_SET_VRING_KICK, i, b->ring[i].kick) ||
	    !bg_say_fd(b, BG_SET_VRING_CALL, i, b->ring[i].call) || !bg_say_state(b, BG_SET_VRING_ENABLE, i, 1))
		bg_die("ring");
}

void bg_start(struct bg *b)
{
	bg_begin(b);
	bg_set_up_ring(b, 0);
	bg_set_up_ring(b, 1);
}

void bg_put(struct bg *b, unsigned ring, unsigned i, uint64_t addr, uint32_t len, uint16_t flags, uint16_t next)
{
	b->ring[ring].desc[i] = (struct bg_desc){ addr, len, flags, next };
}

void bg_offer(struct bg *b, unsigned ring, uint16_t head)
{
	uint16_t *avail = b->ring[ring].avail, at = avail[1];

	avail[2 + at % b->num] = head;
	__atomic_store_n(&avail[1], (uint16_t)(at + 1), __ATOMIC_RELEASE);
}

uint32_t bg_frame(struct bg *b, uint64_t at, unsigned to, unsigned payload)
{
	const struct test_frame f = {
		.from = 3, .to = (uint8_t)to, .protocol = 17, .sport = 3, .dport = 3, .payload = payload
	};

	memset(b->memory + at, 0, BG_HEADER);
	return BG_HEADER + (uint32_t)test_frame_write(&f, b->memory + at + BG_HEADER);
}
