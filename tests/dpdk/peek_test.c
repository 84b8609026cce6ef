/* SPDX-License-Identifier: Apache-2.0 */
/*
 * peek_test.c - silent guests are left alone until they write, and a guest that changes its memory meanwhile harms nobody.
 *
 * The guest is this file: it speaks vhost-user itself, so that it can do what no driver would. See dataplane/peek.h.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <linux/virtio_config.h>
#include <linux/virtio_ring.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <rte_eal.h>
#include <rte_errno.h>

#include "common/clock.h"
#include "dataplane/peek.h"
#include "dataplane/vhost.h"

enum { RINGS = 2, SIZE = 16, FROM_GUEST = 1, PATIENCE_MS = 30000, GUEST_ADDRESS = 0x10000000 };
enum { MEMORY = 1 << 20, RING_ROOM = 0x10000, AVAIL = 0x4000, USED = 0x8000, SWAPS = 300 };

/* vhost-user messages, as QEMU's docs/interop/vhost-user.rst has them. */
enum {
	GET_FEATURES = 1,
	SET_FEATURES,
	SET_OWNER,
	SET_MEM_TABLE = 5,
	SET_VRING_NUM = 8,
	SET_VRING_ADDR,
	SET_VRING_BASE
};
enum { SET_VRING_KICK = 12, SET_VRING_CALL };

struct message {
	uint32_t request, flags, size;
	union {
		uint64_t u64;
		struct {
			uint32_t index, num;
		} state;
		struct {
			uint32_t index, flags;
			uint64_t desc, used, avail, log;
		} address;
		struct {
			uint32_t n, padding;
			uint64_t guest_address, size, user_address, offset;
		} memory;
	};
} __attribute__((packed));

static struct {
	char folder[32], path[64];
	struct tw_vhost *vhost;
	int socket;
	uint8_t *memory;
	struct tw_vhost_state state;
	struct tw_poll poll;
} t;

/* --- the guest --- */

static void say(struct message m, size_t size, int fd)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(int))];
	} control = { .header = {
			      .cmsg_len = CMSG_LEN(sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS } };
	struct iovec v = { .iov_base = &m, .iov_len = offsetof(struct message, u64) + size };
	struct msghdr h = { .msg_iov = &v, .msg_iovlen = 1 };

	m.flags = 1;
	m.size = (uint32_t)size;
	if (fd >= 0) {
		memcpy(CMSG_DATA(&control.header), &fd, sizeof(fd));
		h.msg_control = control.room;
		h.msg_controllen = sizeof(control.room);
	}
	assert_int_equal(sendmsg(t.socket, &h, 0), v.iov_len);
	if (fd >= 0)
		close(fd);
}

/* All that was said before has been heard. */
static uint64_t ask_features(void)
{
	struct message m = { 0 };

	say((struct message){ .request = GET_FEATURES }, 0, -1);
	assert_int_equal(recv(t.socket, &m, offsetof(struct message, u64) + sizeof(m.u64), MSG_WAITALL),
			 offsetof(struct message, u64) + sizeof(m.u64));
	return m.u64;
}

/* Other memory at the same address; how much must differ, or rte_vhost keeps the former one. */
static void give_memory(size_t size)
{
	int fd = memfd_create("guest", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, (off_t)size), 0);
	if (t.memory)
		munmap(t.memory, MEMORY);
	t.memory = mmap(NULL, MEMORY, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	assert_ptr_not_equal(t.memory, MAP_FAILED);
	say((struct message){ .request = SET_MEM_TABLE,
			      .memory = { .n = 1, .size = size, .user_address = GUEST_ADDRESS } },
	    sizeof(((struct message *)0)->memory), fd);
}

static void start_ring(uint32_t i)
{
	const uint64_t at = GUEST_ADDRESS + i * (uint64_t)RING_ROOM;
	struct message m = { .request = SET_VRING_ADDR,
			     .address = { .index = i, .desc = at, .used = at + USED, .avail = at + AVAIL } };

	say((struct message){ .request = SET_VRING_NUM, .state = { i, SIZE } }, sizeof(m.state), -1);
	say((struct message){ .request = SET_VRING_BASE, .state = { i, 0 } }, sizeof(m.state), -1);
	say(m, sizeof(m.address), -1);
	say((struct message){ .request = SET_VRING_CALL, .u64 = i }, sizeof(m.u64), eventfd(0, EFD_CLOEXEC));
	say((struct message){ .request = SET_VRING_KICK, .u64 = i }, sizeof(m.u64), eventfd(0, EFD_CLOEXEC));
}

static void guest_writes(void)
{
	struct vring_avail *avail = (struct vring_avail *)(void *)(t.memory + FROM_GUEST * RING_ROOM + AVAIL);

	__atomic_store_n(&avail->idx, avail->idx + 1, __ATOMIC_RELEASE);
}

static void start_guest(uint64_t features)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	uint64_t deadline = tw_clock_mono_ms() + PATIENCE_MS;

	strcpy(to.sun_path, t.path);
	t.socket = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(connect(t.socket, (struct sockaddr *)&to, sizeof(to)), 0);
	assert_int_equal(ask_features() & features, features);
	say((struct message){ .request = SET_OWNER }, 0, -1);
	say((struct message){ .request = SET_FEATURES, .u64 = features }, sizeof(uint64_t), -1);
	give_memory(MEMORY);
	for (uint32_t i = 0; i < RINGS; i++)
		start_ring(i);
	ask_features();
	for (; !t.state.running || !t.state.queues.polls; usleep(1000)) {
		if (tw_clock_mono_ms() >= deadline)
			fail_msg("no link: vid=%d running=%d rings=%#x", t.state.vid, t.state.running,
				 t.state.queues.polls);
		tw_vhost_take(t.vhost, &t.state);
	}
}

/* --- the worker --- */

static void empty_polls(int n)
{
	for (int i = 0; i < n; i++)
		tw_peek_empty(0, &t.poll, t.state.vid, FROM_GUEST);
}

static bool due(void)
{
	return tw_peek_due(0, &t.poll, 1);
}

/* A reply comes before rte_vhost is through with the message it answers. */
static void becomes_silent(void)
{
	uint64_t deadline = tw_clock_mono_ms() + PATIENCE_MS;

	do {
		if (tw_clock_mono_ms() >= deadline)
			fail_msg("never silent: vid=%d empty=%u known=%d changes=%u seen=%u", t.poll.vid, t.poll.empty,
				 t.poll.avail != NULL, t.poll.changes, t.poll.seen);
		empty_polls(1);
	} while (due());
}

/* --- tests --- */

static int group_setup(void **state)
{
	static char name[] = "peek_test", no_huge[] = "--no-huge", no_pci[] = "--no-pci", no_shconf[] = "--no-shconf",
		    no_telemetry[] = "--no-telemetry", m[] = "-m", mib[] = "64", quiet[] = "--log-level=4";
	char *args[] = { name, no_huge, no_pci, no_shconf, no_telemetry, m, mib, quiet };

	if (rte_eal_init(sizeof(args) / sizeof(args[0]), args) < 0) {
		print_error("EAL: %s\n", rte_strerror(rte_errno));
		return -1;
	}
	return tw_vhost_init() < 0;
}

static int setup(void **state)
{
	memset(&t, 0, sizeof(t));
	strcpy(t.folder, "/tmp/tw-peek.XXXXXX");
	if (!mkdtemp(t.folder))
		return -1;
	snprintf(t.path, sizeof(t.path), "%s/guest", t.folder);
	return tw_vhost_open(t.path, true, false, &t, &t.vhost);
}

static int teardown(void **state)
{
	close(t.socket);
	tw_vhost_close(t.vhost);
	munmap(t.memory, MEMORY);
	unlink(t.path);
	return rmdir(t.folder);
}

static void a_silent_guest_is_polled_again_once_it_writes(void **state)
{
	start_guest(UINT64_C(1) << VIRTIO_F_VERSION_1);
	empty_polls(TW_PEEK_AFTER - 1);
	assert_true(due());
	becomes_silent();
	assert_false(due());
	guest_writes();
	assert_true(due());
}

/* It may have written before it was taken for silent, where a poll could not take what was there. */
static void a_guest_with_frames_that_were_not_taken_is_not_silent(void **state)
{
	start_guest(UINT64_C(1) << VIRTIO_F_VERSION_1);
	guest_writes();
	empty_polls(TW_PEEK_AFTER);
	assert_true(due());
}

static void each_message_of_a_silent_guest_has_it_polled(void **state)
{
	start_guest(UINT64_C(1) << VIRTIO_F_VERSION_1);
	becomes_silent();
	ask_features();
	assert_true(due());
	becomes_silent();
}

static void a_packed_ring_is_polled_each_round(void **state)
{
	start_guest(UINT64_C(1) << VIRTIO_F_VERSION_1 | UINT64_C(1) << VIRTIO_F_RING_PACKED);
	empty_polls(3 * TW_PEEK_AFTER);
	assert_true(due());
}

static _Atomic bool stop;

static void *look_all_the_time(void *arg)
{
	_Atomic uint64_t *silent = arg;

	while (!atomic_load(&stop)) {
		if (due())
			empty_polls(1);
		else
			atomic_fetch_add(silent, 1);
	}
	return NULL;
}

/* A look at memory that is gone would end this test by a signal. */
static void a_guest_may_take_its_memory_away_while_its_ring_is_looked_at(void **state)
{
	_Atomic uint64_t silent = 0;
	pthread_t worker;

	start_guest(UINT64_C(1) << VIRTIO_F_VERSION_1);
	atomic_store(&stop, false);
	assert_int_equal(pthread_create(&worker, NULL, look_all_the_time, &silent), 0);
	for (int i = 0; i < SWAPS || silent == 0; i++) {
		give_memory(i % 2 ? MEMORY : 2 * MEMORY);
		ask_features();
	}
	atomic_store(&stop, true);
	pthread_join(worker, NULL);
	becomes_silent();
	guest_writes();
	assert_true(due());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_silent_guest_is_polled_again_once_it_writes, setup, teardown),
		cmocka_unit_test_setup_teardown(a_guest_with_frames_that_were_not_taken_is_not_silent, setup, teardown),
		cmocka_unit_test_setup_teardown(each_message_of_a_silent_guest_has_it_polled, setup, teardown),
		cmocka_unit_test_setup_teardown(a_packed_ring_is_polled_each_round, setup, teardown),
		cmocka_unit_test_setup_teardown(a_guest_may_take_its_memory_away_while_its_ring_is_looked_at, setup,
						teardown),
	};

	return cmocka_run_group_tests(tests, group_setup, NULL);
}
