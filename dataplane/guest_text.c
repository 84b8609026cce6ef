/* SPDX-License-Identifier: Apache-2.0 */
/* guest_text.c - what a guest and the switch have agreed upon; see guest_text.h. Bits: virtio 1.2 sections 5.1.3, 6. */
#include "dataplane/guest_text.h"

#include <linux/virtio_config.h>
#include <linux/virtio_net.h>
#include <linux/virtio_ring.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct word {
	unsigned bit;
	const char *name;
};

static const struct word leaves[] = {
	{ VIRTIO_NET_F_CSUM, "checksums" },    { VIRTIO_NET_F_HOST_TSO4, "TSO4" }, { VIRTIO_NET_F_HOST_TSO6, "TSO6" },
	{ VIRTIO_NET_F_HOST_ECN, "with ECN" }, { VIRTIO_NET_F_HOST_UFO, "UFO" },
};
static const struct word takes[] = {
	{ VIRTIO_NET_F_GUEST_CSUM, "checksums" }, { VIRTIO_NET_F_GUEST_TSO4, "TSO4" },
	{ VIRTIO_NET_F_GUEST_TSO6, "TSO6" },      { VIRTIO_NET_F_GUEST_ECN, "with ECN" },
	{ VIRTIO_NET_F_GUEST_UFO, "UFO" },
};
static const struct word others[] = {
	{ VIRTIO_RING_F_INDIRECT_DESC, "indirect descriptors" },
	{ VIRTIO_RING_F_EVENT_IDX, "event index" },
	{ VIRTIO_F_IN_ORDER, "in order" },
	{ VIRTIO_F_ACCESS_PLATFORM, "IOMMU" },
};

static bool has(const struct tw_vhost_state *guest, unsigned bit)
{
	return guest->features >> bit & 1;
}

static void __attribute__((format(printf, 2, 3))) add(char *text, const char *fmt, ...)
{
	size_t used = strlen(text);
	va_list args;

	va_start(args, fmt);
	vsnprintf(text + used, TW_GUEST_TEXT - used, fmt, args);
	va_end(args);
}

static void add_words(char *text, const struct tw_vhost_state *guest, const char *about, const struct word *words,
		      size_t n)
{
	const char *separator = about;

	for (size_t i = 0; i < n; i++)
		if (has(guest, words[i].bit)) {
			add(text, "%s%s", separator, words[i].name);
			separator = ", ";
		}
}

#define ADD_WORDS(text, guest, about, words) add_words(text, guest, about, words, sizeof(words) / sizeof((words)[0]))

void tw_guest_text(const struct tw_vhost_state *guest, char text[static TW_GUEST_TEXT])
{
	text[0] = '\0';
	add(text, "%s rings of %u, %u queue pair%s, %s", has(guest, VIRTIO_F_RING_PACKED) ? "packed" : "split",
	    guest->ring_size, guest->queues.n, guest->queues.n == 1 ? "" : "s",
	    has(guest, VIRTIO_NET_F_MRG_RXBUF) ? "mergeable buffers" : "a buffer a frame");
	ADD_WORDS(text, guest, ", ", others);
	if (guest->mtu)
		add(text, ", MTU %u", guest->mtu);
	ADD_WORDS(text, guest, "; it leaves to others: ", leaves);
	ADD_WORDS(text, guest, "; it takes unfinished: ", takes);
}
