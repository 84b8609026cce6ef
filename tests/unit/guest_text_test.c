/* SPDX-License-Identifier: Apache-2.0 */
/* guest_text_test.c - what was negotiated, in words. */
#include <linux/virtio_config.h>
#include <linux/virtio_net.h>
#include <linux/virtio_ring.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "dataplane/guest_text.h"

#define BIT(n) (UINT64_C(1) << (n))

static void a_guest_with_nothing_is_told_in_few_words(void **state)
{
	const struct tw_vhost_state guest = { .running = true, .ring_size = 256, .queues = { .n = 1 } };
	char text[TW_GUEST_TEXT];

	tw_guest_text(&guest, text);
	assert_string_equal(text, "split rings of 256, 1 queue pair, a buffer a frame");
}

static void what_it_leaves_and_what_it_takes_are_told_apart(void **state)
{
	const struct tw_vhost_state guest = {
		.ring_size = 1024,
		.queues = { .n = 4 },
		.mtu = 9000,
		.features = BIT(VIRTIO_F_RING_PACKED) | BIT(VIRTIO_NET_F_MRG_RXBUF) | BIT(VIRTIO_RING_F_INDIRECT_DESC) |
			    BIT(VIRTIO_NET_F_CSUM) | BIT(VIRTIO_NET_F_HOST_TSO4) | BIT(VIRTIO_NET_F_HOST_UFO) |
			    BIT(VIRTIO_NET_F_GUEST_CSUM) | BIT(VIRTIO_NET_F_GUEST_TSO6),
	};
	char text[TW_GUEST_TEXT];

	tw_guest_text(&guest, text);
	assert_string_equal(text,
			    "packed rings of 1024, 4 queue pairs, mergeable buffers, indirect descriptors, MTU 9000; "
			    "it leaves to others: checksums, TSO4, UFO; it takes unfinished: checksums, TSO6");
}

static void everything_at_once_has_room(void **state)
{
	const struct tw_vhost_state guest = {
		.ring_size = 32768, .queues = { .n = 16 }, .mtu = 65535, .features = UINT64_MAX
	};
	char text[TW_GUEST_TEXT];

	tw_guest_text(&guest, text);
	assert_true(strlen(text) < TW_GUEST_TEXT - 1);
	assert_string_equal(strrchr(text, ','), ", UFO");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_guest_with_nothing_is_told_in_few_words),
		cmocka_unit_test(what_it_leaves_and_what_it_takes_are_told_apart),
		cmocka_unit_test(everything_at_once_has_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
